"""Every real file of the shared corpus: its agreed values, or the right refusal by name.

Driven by ``manifest.csv`` and ``expected.json`` (points, x and y at a few indices, and who agreed).
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from library.errors import FileError
from library.formats import Trace, TraceFile, read_bytes, read_traces
from matching.errors import SpectraError

# Single files with a value of one reader only, which ours refuses: file -> (code, why).
REFUSED: dict[str, tuple[str, str]] = {
    "jcamp/jcamp2001_example.txt": (
        "damaged_file",
        "an example in print with lines left out: 106 of 2400 points, abscissae jump",
    ),
}

# Files in which the readers that agree saw only the first curve: file -> (curves, why).
MORE: dict[str, tuple[int, str]] = {
    "txt_witec/Witec_TrueMatch.txt": (2, "two blocks [SpectrumData]: 'Particle 916' and '4681'"),
}


def _folder() -> Path:
    named = os.environ.get("SPECTRA_DATA")
    data = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    return data / "formats"


@cache
def _rows() -> dict[str, dict[str, str]]:
    manifest = _folder() / "manifest.csv"
    if not manifest.is_file():
        return {}
    with manifest.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


@cache
def _expected() -> dict[str, dict[str, Any]]:
    path = _folder() / "expected.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _content(name: str) -> bytes:
    data = (_folder() / name).read_bytes()
    # A few texts were packed for the corpus; what is inside is the instrument's file.
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def _named(kind: str) -> list[str]:
    """Return files with agreed curves, agreed blocks, none to give, or nothing agreed."""
    chosen = []
    for name in sorted(_rows()):
        entry = _expected().get(name, {})
        found = (
            "curves"
            if "check" in entry
            else "blocks"
            if "blocks" in entry
            else "refused"
            if entry.get("spectra") == 0
            else "open"
        )
        if found == kind:
            chosen.append(name)
    return chosen or ["no corpus here"]


def _axes(trace: Trace) -> list[np.ndarray]:
    axes = (trace.shift_cm1, trace.wavelength_nm, trace.other_axis)
    return [axis for axis in axes if axis is not None]


def _off(found: np.ndarray, points: dict[str, float], absolute: float, relative: float) -> str:
    """Return the first point that differs, or empty."""
    for index, value in points.items():
        limit = absolute + relative * abs(value)
        if not abs(float(found[int(index)]) - value) <= limit:
            return f"[{index}] is {found[int(index)]!r}, agreed {value!r}"
    return ""


def _difference(trace: Trace, check: dict[str, Any], tolerance: dict[str, float]) -> str:
    """Return how `trace` differs from what was agreed, or empty."""
    if trace.intensity.size != check["n"]:
        return f"{trace.intensity.size} points, agreed {check['n']}"
    largest = max(map(abs, check["y"].values()), default=0.0)
    y = _off(trace.intensity, check["y"], 1e-9 * largest, tolerance["y_rel"])
    if y:
        return f"y{y}"
    offs = [_off(axis, check["x"], tolerance["x_abs"], 0.0) for axis in _axes(trace)]
    if "" not in offs:
        return f"x{offs[0]}" if offs else "no axis"
    agreed, found = check.get("ysum"), float(trace.intensity.sum())
    size = float(np.abs(trace.intensity).sum())
    if agreed is not None and abs(found - agreed) > 10 * tolerance["y_rel"] * size:
        return f"the sum is {found!r}, agreed {agreed!r}"
    return ""


def _check_traces(found: TraceFile) -> None:
    """What every curve must be, whoever read it."""
    assert found.traces
    assert all(note.strip() for note in found.assumptions)
    for trace in found.traces:
        assert trace.intensity.ndim == 1
        assert trace.intensity.size
        assert _axes(trace)
        assert all(axis.shape == trace.intensity.shape for axis in _axes(trace))
        assert all(np.isfinite(axis).all() for axis in _axes(trace))
        unknown = ~np.isfinite(trace.intensity)
        assert not unknown.any() or "missing values" in trace.marks


def _check_error(error: SpectraError, name: str) -> None:
    assert error.what
    assert error.where.startswith(name)
    assert error.remedy
    assert len(str(error)) < 1200


def _check_spectra(data: bytes, name: str) -> None:
    """`read_bytes` gives sound Raman spectra, or an error with what, where and remedy."""
    try:
        result = read_bytes(data, where=name)
    except SpectraError as error:
        _check_error(error, name)
        return
    assert result.spectra
    for entry in result.spectra:
        axis = entry.spectrum.raman_shift_cm1
        assert (np.diff(axis) > 0).all()
        assert np.isfinite(entry.spectrum.intensity).all()
        assert entry.spectrum.history


@pytest.mark.parametrize("name", _named("curves"))
def test_agreed_curves(name: str, shared_data: Path) -> None:  # noqa: ARG001
    entry, data = _expected()[name], _content(name)
    if name in REFUSED:
        with pytest.raises(FileError) as caught:
            read_traces(data, where=name)
        assert caught.value.code == REFUSED[name][0]
        return
    found = read_traces(data, where=name)
    _check_traces(found)
    assert len(found.traces) == MORE.get(name, (entry["spectra"], ""))[0]
    for check in entry["check"]:
        off = _difference(found.traces[check["index"]], check, entry["tolerance"])
        assert not off, f"curve {check['index']}: {off}"
    _check_spectra(data, name)


@pytest.mark.parametrize("name", _named("blocks"))
def test_agreed_blocks(name: str, shared_data: Path) -> None:  # noqa: ARG001
    """OPUS files hold several blocks: the one taken first, and any other given, are agreed ones."""
    data = _content(name)
    tolerance = {"x_abs": 0.002, "y_rel": 1e-6}
    found = read_traces(data, where=name)
    _check_traces(found)
    for trace in found.traces:
        offs = [_difference(trace, block, tolerance) for block in _expected()[name]["blocks"]]
        assert "" in offs, f"{trace.name}: {offs}"
    _check_spectra(data, name)


@pytest.mark.parametrize("name", _named("refused"))
def test_other_programs_files_are_refused(name: str, shared_data: Path) -> None:  # noqa: ARG001
    with pytest.raises(FileError) as caught:
        read_bytes(_content(name), where=name)
    assert caught.value.code in {"foreign_format", "not_raman", "unsupported_form"}


@pytest.mark.parametrize("name", _named("open"))
def test_files_without_agreed_values(name: str, shared_data: Path) -> None:  # noqa: ARG001
    """Nobody agrees on their values: sound curves, or a refusal by name."""
    data = _content(name)
    try:
        _check_traces(read_traces(data, where=name))
    except SpectraError as error:
        _check_error(error, name)
    _check_spectra(data, name)


def test_the_corpus_is_the_one_meant(shared_data: Path) -> None:
    """A corpus that shrank, or lost its agreed values, would pass everything above."""
    if not (shared_data / "formats").is_dir():
        pytest.skip("this data folder holds no files of formats")
    assert len(_rows()) >= 300
    assert len(_named("curves")) >= 250
    assert len(_named("blocks")) >= 10
    assert all((_folder() / name).is_file() for name in _rows())
