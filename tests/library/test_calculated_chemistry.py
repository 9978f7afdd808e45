"""The chemistry behind calculated lines, where the extra `calculate` is installed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, when tblite is loaded
pytest.importorskip("rdkit", reason="the extra `calculate` is not installed")
pytest.importorskip("tblite", reason="the extra `calculate` is not installed")

from library.calculated.derivatives import PAIRS
from library.calculated.errors import CalculationError
from library.calculated.modes import normal_modes, raman_lines
from library.calculated.molecule import calculate, tensors_at
from library.calculated.plan import Job
from library.calculated.quantum import TIGHT, Surface
from library.calculated.run import Setting, one, run
from library.calculated.work import read, record_of

SEED = 7


def _dipole(numbers, geometry, field):
    surface = Surface(numbers, geometry, list(field), TIGHT)
    surface(geometry)
    return np.array(surface._last.get("dipole"))


def _polarisability(numbers, geometry):
    field = 0.002
    columns = [
        (_dipole(numbers, geometry, axis * field) - _dipole(numbers, geometry, -axis * field))
        / (2 * field)
        for axis in np.eye(3)
    ]
    return np.array(columns)


@pytest.mark.parametrize("smiles", ["c1ccccc1", "CC#N"])
def test_tensors_agree_with_direct_differences(smiles: str) -> None:
    """13 gradients in fields say the same as polarisabilities at displaced geometries."""
    made = calculate(smiles, "", SEED)
    geometry, step = made.conformers[0].geometry, 0.01
    direct = np.empty_like(made.conformers[0].tensors)
    for i in range(geometry.size):
        move = np.zeros(geometry.size)
        move[i] = step
        move = move.reshape(-1, 3)
        change = _polarisability(made.numbers, geometry + move)
        change -= _polarisability(made.numbers, geometry - move)
        direct[i] = [change[a, b] / (2 * step) for a, b in PAIRS]
    fast = tensors_at(made.numbers, geometry)
    assert np.abs(fast - direct).max() < 0.005 * np.abs(direct).max()


def test_benzene_has_the_symmetry_and_the_known_error() -> None:
    made = calculate("c1ccccc1", "UHOVQNZJYSORNB-UHFFFAOYSA-N", SEED)
    (found,) = made.conformers
    modes = normal_modes(made.numbers, found.geometry, found.hessian)
    lines = raman_lines(modes, found.tensors)
    assert len(modes.wavenumbers) == 30
    low = lines.shifts < 2000
    strongest = np.argmax(lines.activities * low)
    # Ring breathing, measured at 992 cm-1: the method's gross error, as the study found it.
    assert lines.shifts[strongest] == pytest.approx(1067, abs=2)
    assert lines.depolarisations[strongest] < 0.15
    assert lines.depolarisations.max() < 0.7501
    active = low & (lines.activities > 1.0)
    assert np.sum(active) == 9  # the breathing mode and four pairs of e2g and e1g
    assert made.record["conformers"][0]["imaginary"] == ()


def test_a_run_gives_the_same_bytes_again_and_goes_on_where_it_was(tmp_path: Path) -> None:
    queue = [
        Job(0, 3, "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "ethanol", "CCO"),
        Job(0, 1, "XLYOFNOQVPJJNP-UHFFFAOYSA-N", "water", "O"),
    ]
    said: list[str] = []
    for folder in ("a", "b"):
        counts = run(queue, Setting(tmp_path / folder, processes=2), said.append)
        assert counts == {"done before": 0, "done": 1, "failed": 1}
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(names) == 3
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert said[1].endswith("ethanol: done")
    assert said[2].endswith("water: not organic: no carbon")
    assert run(queue, Setting(tmp_path / "a"), said.append)["done before"] == 2
    assert run(queue, Setting(tmp_path / "a", again=True), said.append)["failed"] == 1
    raw = read(tmp_path / "a", queue[0].inchikey)
    assert raw.hessians.shape == (1, 27, 27)
    assert np.array_equal(raw.hessians, raw.hessians.transpose(0, 2, 1))


def test_a_molecule_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    job = Job(0, 3, "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "ethanol", "CCO")
    assert run([job], Setting(tmp_path, seconds=0.01), str)["failed"] == 1
    record = record_of(tmp_path, job.inchikey)
    assert record is not None
    assert record["failed"] == "not finished within 0 s"


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("C1CC", "cannot be read"),
        ("CCN.Cl", "more than one part"),
        ("C[N+](C)(C)C", "not neutral"),
        ("O", "no carbon"),
        ("C[Hg]C", "elements left out: Hg"),
        ("C[CH2]", "radical"),
    ],
)
def test_what_cannot_be_calculated_says_why(tmp_path: Path, smiles: str, reason: str) -> None:
    with pytest.raises(CalculationError, match=reason):
        calculate(smiles, "", SEED)
    assert reason in one(tmp_path, smiles, "KEY", SEED, 1)
    assert '"failed"' in (tmp_path / "KEY.json").read_text()
    with pytest.raises(CalculationError, match="no result"):
        read(tmp_path, "KEY")


def test_a_structure_must_be_the_one_of_its_key() -> None:
    with pytest.raises(CalculationError, match="not the structure"):
        calculate("CCO", "UHOVQNZJYSORNB-UHFFFAOYSA-N", SEED)
