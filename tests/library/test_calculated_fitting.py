"""Factors of force constants, where the extra `calculate` is installed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, when tblite is loaded
pytest.importorskip("rdkit", reason="the extra `calculate` is not installed")
pytest.importorskip("tblite", reason="the extra `calculate` is not installed")

from library.calculated.adding import structure_of
from library.calculated.errors import CalculationError
from library.calculated.fitting import Measured, cross_fit, deal, fit, profiles_of
from library.calculated.internal import CLASSES, NUMBER, coordinates
from library.calculated.plan import Job
from library.calculated.recheck import recheck
from library.calculated.run import Setting, run
from library.calculated.scaling import NO_FACTORS, corrected, reduced
from library.calculated.structure import molecule_of
from library.calculated.table import (
    THERMAL,
    FactorSets,
    all_conformers,
    read_factors,
    write_factors,
    write_table,
)
from library.calculated.work import read
from library.calculated_lines import failures, read_calculated
from matching.suggest import QueryProfile

QUEUE = [
    Job(0, 1, "UHOVQNZJYSORNB-UHFFFAOYSA-N", "benzene", "c1ccccc1"),
    Job(0, 2, "CSCPPACGZOOCGX-UHFFFAOYSA-N", "acetone", "CC(C)=O"),
    Job(0, 3, "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "ethanol", "CCO"),
    Job(0, 4, "WEVYAHXRMPXWCK-UHFFFAOYSA-N", "acetonitrile", "CC#N"),
    Job(0, 5, "XLYOFNOQVPJJNP-UHFFFAOYSA-N", "water", "O"),
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    assert run(QUEUE, Setting(folder, processes=2), str)["done"] == 4
    return folder


@pytest.fixture(scope="module")
def molecules(work: Path):
    return [reduced(read(work, job.inchikey)) for job in QUEUE[:4]]


def test_every_coordinate_is_blind_to_the_molecule_moving_as_a_whole(work: Path) -> None:
    for job in QUEUE[:4]:
        raw = read(work, job.inchikey)
        place = raw.geometries[0]
        ways = [np.tile(axis, (len(place), 1)) for axis in np.eye(3)]
        ways += [np.cross(axis, place) for axis in np.eye(3)]
        for one in coordinates(molecule_of(job.smiles), place, raw.hessians[0]):
            moved = [abs(one.wilson @ way.ravel()) for way in ways]
            assert max(moved) < 1e-6, CLASSES[one.class_]


def test_no_factor_changes_nothing_and_a_factor_moves_its_own_lines(molecules) -> None:
    acetone = molecules[1]
    plain = corrected(acetone, NO_FACTORS)
    softer = list(NO_FACTORS)
    softer[NUMBER["C=O"]] = -0.1
    moved = corrected(acetone, softer)
    stretch = np.argmin(np.abs(plain.shifts - 1750))
    assert 20 < plain.shifts[stretch] - moved.shifts[stretch] < 90
    others = np.abs(plain.shifts - plain.shifts[stretch]) > 100
    assert np.abs(plain.shifts - moved.shifts)[others].max() < 15
    absent = list(NO_FACTORS)
    absent[NUMBER["C-halogen"]] = 0.4
    assert np.array_equal(corrected(acetone, absent).shifts, plain.shifts)


def _spectra(molecules, factors) -> list[Measured]:
    """Spectra as they would be if `factors` were the truth."""
    rows = profiles_of(molecules, factors).rows.astype(float)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return [Measured(number, QueryProfile(row, 0)) for number, row in enumerate(rows)]


def test_a_fit_finds_the_factors_that_made_the_spectra(molecules) -> None:
    truth = list(NO_FACTORS)
    truth[NUMBER["aromatic six-ring breathing"]] = -0.2
    truth[NUMBER["C=O"]] = -0.1
    found = fit(molecules, _spectra(molecules, tuple(truth)))
    assert found[NUMBER["aromatic six-ring breathing"]] == pytest.approx(-0.2, abs=0.1)
    assert found[NUMBER["C=O"]] == pytest.approx(-0.1, abs=0.08)
    assert found[NUMBER["C-halogen"]] == 0.0


def test_a_fold_is_fitted_without_its_spectra(molecules) -> None:
    truth = list(NO_FACTORS)
    truth[NUMBER["aromatic six-ring breathing"]] = -0.2
    _, folds = cross_fit(molecules, _spectra(molecules, tuple(truth)), str)
    without = next(factors for left_out, factors in folds if 0 in left_out)
    assert without[NUMBER["aromatic six-ring breathing"]] == 0.0  # only benzene has such a ring
    assert sorted(i for fold in deal(17) for i in fold) == list(range(17))


def test_the_table_is_written_read_back_and_written_the_same_again(
    work: Path, tmp_path: Path
) -> None:
    values = tuple(round(0.01 * number, 4) for number in range(len(CLASSES)))
    sets = FactorSets({"all": values, "fold 1": NO_FACTORS}, {QUEUE[0].inchikey: "fold 1"})
    write_factors(tmp_path / "factors.json", sets, {"spectra": {}})
    assert read_factors(tmp_path / "factors.json") == sets
    assert write_table(tmp_path, work, QUEUE, sets) == (4, 1)
    table = read_calculated(tmp_path)
    assert [entry.name for entry in table.entries] == [job.name for job in QUEUE[:4]]
    assert [entry.factors for entry in table.entries] == ["fold 1", "all", "all", "all"]
    plain = corrected(reduced(read(work, QUEUE[0].inchikey)), NO_FACTORS)
    assert table.entries[0].shifts == pytest.approx(plain.shifts, abs=0.051)
    assert failures(tmp_path) == {QUEUE[4].inchikey: "not organic: no carbon"}
    first = (tmp_path / "lines-00.csv").read_bytes()
    write_table(tmp_path, work, QUEUE, sets)
    assert (tmp_path / "lines-00.csv").read_bytes() == first


def test_a_sample_calculated_again_is_the_same(work: Path) -> None:
    found = recheck(QUEUE, Setting(work, processes=2), 2, 5, str)
    assert [(one.same_bytes, one.largest_cm1) for one in found] == [(True, 0.0)] * 2


def test_conformers_are_weighted_by_their_populations(tmp_path: Path) -> None:
    job = Job(0, 1, "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "ethanol", "CCO")
    assert run([job], Setting(tmp_path, conformers=2), str)["done"] == 1
    raw = read(tmp_path, job.inchikey)
    energies = [one["energy"] for one in raw.record["conformers"]]
    assert energies == sorted(energies)
    lines = all_conformers(raw, NO_FACTORS)
    each = [corrected(reduced(raw, number), NO_FACTORS) for number in range(2)]
    share = 1 / (1 + np.exp(-(energies[1] - energies[0]) / THERMAL))
    low, high = (one.activities[one.shifts > 50].sum() for one in each)
    assert lines.activities.sum() == pytest.approx(share * low + (1 - share) * high)
    assert np.all(np.diff(lines.shifts) >= 0)


def test_a_structure_is_a_smiles_or_a_name_of_one_substance() -> None:
    assert structure_of("OCC", "drink").inchikey == "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"
    named = structure_of("isotonitazene")
    assert (named.name, "[N+](=O)[O-]" in named.smiles) == ("isotonitazene", True)
    with pytest.raises(CalculationError, match="neither a SMILES nor a name"):
        structure_of("no such thing")
