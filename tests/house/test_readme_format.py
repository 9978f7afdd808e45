"""docs/library-format.md describes the file that is written, and its example runs."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import h5py
import numpy as np
import pytest

from library.entry import Entry, EntryRecord
from library.writing import write_library
from matching.axis import COMMON_GRID
from matching.spectrum import Spectrum

NAMES = ("one made-up substance", "another made-up substance")
ROW = re.compile(r"^\| (`.+?`) \| \((.+?)\) \| (\w+) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def text(checkout: Path) -> str:
    return (checkout / "docs" / "library-format.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of two made-up spectra of different lengths."""
    entries = []
    for number, name in enumerate(NAMES):
        axis = np.arange(300.0, 1500.0 + 100.0 * number)
        bands = 1.0 / (1.0 + ((axis - 800.0 - 90.0 * number) / 5.0) ** 2)
        spectrum = Spectrum(axis, 100.0 * bands, laser_nm=785.0)
        record = EntryRecord(
            f"{number:016x}", name, laser_nm=785.0, content_sha256=spectrum.content_hash
        )
        entries.append(Entry(record, spectrum))
    path = tmp_path_factory.mktemp("format") / "library.h5"
    write_library(path, entries, name="format test")
    return path


def test_the_datasets_are_the_ones_described(text: str, library: Path) -> None:
    with h5py.File(library, "r") as file:
        found: dict[str, tuple[tuple[int, ...], str]] = {}
        file.visititems(
            lambda name, item: (
                found.update({name: (item.shape, str(item.dtype))})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    n = len(NAMES)
    sizes = {"n": n, "n + 1": n + 1, "b": found["entries/records"][0][0]}
    sizes["p"] = found["spectra/intensity"][0][0]
    described = {}
    for names, shape, kind in ROW.findall(text):
        parts = [part.strip() for part in shape.split(",") if part.strip()]
        size = tuple(sizes[part] if part in sizes else int(part) for part in parts)
        described.update(dict.fromkeys(re.findall(r"`(\w+/\w+)`", names), (size, kind)))
    assert described == found


def test_the_datasets_can_be_mapped(library: Path) -> None:
    with h5py.File(library, "r") as file:
        for group in file.values():
            assert all(item.id.get_offset() is not None for item in group.values())


def test_the_attributes_are_the_ones_described(text: str, library: Path) -> None:
    table = text.partition("## Attributes")[2].partition("## Datasets")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    described = {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}
    with h5py.File(library, "r") as file:
        assert described == set(file.attrs)
        grid = [COMMON_GRID.start_cm1, COMMON_GRID.step_cm1, COMMON_GRID.size]
        assert file.attrs["grid"] == str(grid)
        assert f"`{grid}`" in text


def test_the_keys_of_a_record_are_the_ones_described(text: str) -> None:
    table = text.partition("## A record")[2].partition("## Hashes")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    described = {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}
    assert described == {field.name for field in fields(EntryRecord)}


def test_the_example_runs_and_reads_every_spectrum(text: str, library: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=library.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "one made-up substance measured 300.0 1499.0 100.0",
        "another made-up substance measured 300.0 1599.0 100.0",
    ]
