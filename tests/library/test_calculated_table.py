"""The shipped table of calculated lines: whole, marked, quick, and of no use as a reference."""

from __future__ import annotations

import json
import shutil
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

import resources
from library.calculated.plan import jobs
from library.calculated_lines import (
    FOLDER,
    STRUCTURES,
    CalculatedEntry,
    CalculatedTable,
    calculated_table,
    failures,
    how_often,
    read_calculated,
    with_own,
)
from library.errors import LibraryDamagedError
from library.formula import mass_of
from library.substances import substances
from matching.pipeline import prepare
from matching.spectrum import Spectrum


@pytest.fixture(scope="module")
def table() -> CalculatedTable:
    return calculated_table()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(resources.path(FOLDER), tmp_path / "calculated"))


def test_every_row_belongs_to_the_queue_and_says_how_it_came_about(table) -> None:
    queue = {job.inchikey for job in jobs()}
    known = {one.inchikey: one for one in substances()}
    factors = json.loads((resources.path(FOLDER) / "factors.json").read_text(encoding="utf-8"))
    assert len({entry.inchikey for entry in table.entries}) == len(table) > 100
    for entry in table.entries:
        assert entry.inchikey in queue
        assert entry.kind == "calculated"
        assert entry.method.startswith("GFN2-xTB; tblite ")
        assert entry.seed
        assert entry.factors == factors["folds"].get(entry.inchikey, "all")
        assert entry.shifts.size == entry.activities.size == entry.depolarisations.size
        assert 50 <= entry.shifts[0] <= entry.shifts[-1] <= 4000
        assert entry.depolarisations.max() <= 0.75
        assert entry.gradient < 1e-3
        if entry.key:
            assert known[entry.inchikey].key == entry.key
            assert known[entry.inchikey].family == entry.family


def test_a_structure_is_calculated_or_its_failure_says_why(table) -> None:
    failed = failures()
    assert all(failed.values())
    assert set(failed) & {entry.inchikey for entry in table.entries} == set()


def test_every_candidate_can_be_narrowed_and_drawn(table) -> None:
    assert [entry.name for entry in table.entries if mass_of(entry.formula) is None] == []
    assert [entry.name for entry in table.entries if entry.drawing is None] == []


def test_a_station_s_own_structure_brings_its_formula_and_drawing(table, tmp_path) -> None:
    folder = resources.path(FOLDER)
    header, row = (folder / "lines-00.csv").read_text(encoding="utf-8").splitlines()[:2]
    old, key = row.split(",")[:2]
    other = "AAAAAAAAAAAAAA-UHFFFAOYSA-N"
    row = row.replace(f"{old},{key},", f"{other},,", 1)
    (tmp_path / "lines-own.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    assert with_own(table, tmp_path).entries[-1].formula == ""
    drawn = 'inchikey,formula,atoms,bonds\n{0},C2H6O,"0,0,C3 87,50,C2 173,0,O1",0-1 1-2\n'
    (tmp_path / STRUCTURES).write_text(drawn.format(other), encoding="utf-8")
    own = with_own(table, tmp_path).entries[-1]
    assert (own.inchikey, own.key, own.formula) == (other, "", "C2H6O")
    assert [atom.element for atom in own.drawing.atoms] == ["C", "C", "O"]
    (tmp_path / STRUCTURES).write_text(f"inchikey\n{other}\n", encoding="utf-8")
    with pytest.raises(LibraryDamagedError):
        with_own(table, tmp_path)


def test_how_often_the_right_one_stood_far_up_is_said_with_the_table() -> None:
    often = how_often()
    assert often.scans >= 45
    assert often.candidates <= len(calculated_table())  # printed anew when the table has grown
    assert often.by_chance[10] < often.first[10] <= often.first[50] <= often.scans


def test_factors_are_small_and_no_molecule_fits_its_own() -> None:
    said = json.loads((resources.path(FOLDER) / "factors.json").read_text(encoding="utf-8"))
    assert set(said["folds"].values()) == set(said["sets"]) - {"all"}
    for values in said["sets"].values():
        assert list(values) == said["classes"]
        assert max(map(abs, values.values())) <= 0.5


def test_an_entry_cannot_be_changed(table) -> None:
    entry = table.entries[0]
    with pytest.raises(FrozenInstanceError):
        entry.kind = "measured"
    with pytest.raises(ValueError, match="read-only"):
        entry.shifts[0] = 1.0


def _as_measured(entry: CalculatedEntry) -> Spectrum:
    axis = np.arange(300.0, 1900.0, 2.0)
    heights = entry.activities / entry.shifts
    bands = np.exp(-(((axis[:, None] - entry.shifts) / 6) ** 2)) @ heights
    return Spectrum(axis, 1000 * bands / bands.max(), 785.0)


def test_all_candidates_are_put_in_order_each_once(table) -> None:
    for at in (0, len(table) // 2, len(table) - 1):
        entry = table.entries[at]
        found = table.ranked(prepare(_as_measured(entry)))
        assert [one.rank for one in found] == list(range(1, len(table) + 1))
        assert {id(one.entry) for one in found} == {id(one) for one in table.entries}
        values = [one.similarity for one in found]
        assert values == sorted(values, reverse=True)
        assert next(one.rank for one in found if one.entry is entry) <= 5


def test_the_same_files_have_the_same_digest(table, copy: Path) -> None:
    again = read_calculated(copy)
    assert again.sha256 == table.sha256
    block = sorted(copy.glob("lines-*.csv"))[0]
    block.write_bytes(block.read_bytes().replace(b"GFN2", b"GFN1", 1))
    assert read_calculated(copy).sha256 != table.sha256


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"inchikey,key", b"inchi,key"),
        (b",MMFF94,1,", b",MMFF94,one,"),
        (b"shifts,activities", b"shifts,shifts2"),
        (b".1 ", b".1x "),
    ],
)
def test_a_damaged_block_is_refused(copy: Path, old: bytes, new: bytes) -> None:
    block = sorted(copy.glob("lines-*.csv"))[0]
    data = block.read_bytes()
    assert old in data
    block.write_bytes(data.replace(old, new, 1))
    with pytest.raises(LibraryDamagedError, match=r"lines-\d\d\.csv"):
        read_calculated(copy)


def test_an_empty_folder_suggests_nothing(tmp_path: Path, table) -> None:
    empty = read_calculated(tmp_path)
    assert len(empty) == 0
    assert empty.ranked(prepare(_as_measured(table.entries[0]))) == ()
