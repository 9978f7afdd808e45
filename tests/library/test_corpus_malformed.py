"""The broken files of the shared corpus: each a named error, or a partial result marked so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from library.errors import FileError, PartialFileError
from library.formats import read_bytes, read_traces
from matching.errors import SpectraError

GUARDED = ("opus", "wip")  # a refusal ends the third-party worker: not asked twice


def _check_error(error: SpectraError, name: str) -> None:
    assert isinstance(error, FileError)
    assert error.where.startswith(name)
    assert error.remedy
    assert len(str(error)) < 1200


def _folder() -> Path:
    named = os.environ.get("SPECTRA_DATA")
    data = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    return data / "formats"


def _names() -> list[str]:
    listed = _folder() / "malformed" / "malformed.json"
    if not listed.is_file():
        return ["no corpus here"]
    return sorted(row["path"] for row in json.loads(listed.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", _names())
def test_broken_file(name: str, shared_data: Path) -> None:  # noqa: ARG001
    folder = name.split("/")[1]
    data = (_folder() / name).read_bytes()
    try:
        found = read_traces(data, where=name)
    except SpectraError as error:
        _check_error(error, name)
        if folder not in GUARDED:
            with pytest.raises(type(error)):
                read_bytes(data, where=name)
        return
    assert all("truncated" in trace.marks for trace in found.traces), found.assumptions
    assert sum(trace.intensity.size for trace in found.traces) <= len(data)
    assert all(np.isfinite(trace.intensity).all() for trace in found.traces)
    with pytest.raises(SpectraError) as caught:
        read_bytes(data, where=name)
    if caught.type is not PartialFileError:  # what it is of is said before that it is cut
        assert caught.value.code in {"not_raman", "ambiguous_axis"}


def test_all_broken_files_are_asked(shared_data: Path) -> None:
    if not (shared_data / "formats").is_dir():
        pytest.skip("this data folder holds no files of formats")
    assert len(_names()) == 157
