"""A mapped library takes memory for what is being read, not for all that was read."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

from library.held import letting_go
from matching.pipeline import prepare
from matching.search import ReferenceMatrix, SearchSettings, reference_matrix, search
from matching.spectrum import Spectrum

AXIS_CM1 = np.arange(200.0, 2000.0, 1.0)


def _bands(seed: int) -> Spectrum:
    places = np.random.default_rng(seed).uniform(300.0, 1700.0, 12)
    y = (1.0 / (1.0 + ((AXIS_CM1 - places[:, None]) / 4.0) ** 2)).sum(axis=0)
    return Spectrum(AXIS_CM1, y, laser_nm=785.0)


def _resident_pages(where: str) -> int:
    """Pages of a file that this process holds now, in kilobytes."""
    kept, here = 0, False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if "-" in line.split(" ", 1)[0]:
            here = line.endswith(where)
        elif here and line.startswith("Rss:"):
            kept += int(line.split()[1])
    return kept


def test_what_is_no_mapping_is_left_alone() -> None:
    rows = np.ones((3, 4), dtype=np.float32)
    letting_go(rows)()
    assert rows.sum() == 12.0


@pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED"), reason="this system cannot let go")
def test_a_mapping_that_was_let_go_of_reads_the_same_again(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    np.arange(1_000_000, dtype=np.float32).tofile(path)
    rows = np.memmap(path, np.float32, mode="r", shape=(1000, 1000))
    before = float(rows.sum(dtype=np.float64))
    held = _resident_pages(str(path))
    letting_go(rows[:, 5:])()
    assert held >= 3900
    assert _resident_pages(str(path)) == 0
    assert float(rows.sum(dtype=np.float64)) == before


def test_a_search_that_lets_go_after_each_part_finds_the_same() -> None:
    matrix = reference_matrix([prepare(_bands(seed)) for seed in range(40)], range(40))
    gone: list[int] = []
    told = ReferenceMatrix(
        matrix.rows, matrix.first, matrix.end, matrix.sums, matrix.squares, matrix.substance,
        let_go=lambda: gone.append(1),
    )  # fmt: skip
    query = prepare(_bands(7))
    plain, careful = (search(query, one, SearchSettings(), 5) for one in (matrix, told))
    assert gone
    np.testing.assert_array_equal(plain.row, careful.row)
    np.testing.assert_array_equal(plain.score, careful.score)
    rows = np.array([3, 39, 0])
    np.testing.assert_array_equal(told.picked(rows, 100, 900), matrix.rows[rows, 100:900])
