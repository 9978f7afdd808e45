"""The queue of the long run, what it keeps, and modes of a molecule worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from library.calculated.modes import normal_modes, raman_lines
from library.calculated.optimise import minimise
from library.calculated.plan import PRECURSOR_LIST, jobs
from library.calculated.work import Raw, default_folder, keep, keep_record, read, record_of
from library.substances import read_table, substances


def test_the_queue_holds_every_structure_once_precursors_and_nitazenes_first() -> None:
    queue = jobs()
    assert len({job.inchikey for job in queue}) == len(queue) >= 1526
    family = {one.inchikey: one.family for one in substances()}
    nitazenes = [i for i, job in enumerate(queue) if "nitazene" in family.get(job.inchikey, "")]
    assert max(nitazenes) < 200
    rows = read_table("control.csv")
    listed = {row["key"] for row in rows if row["instrument"] == PRECURSOR_LIST}
    keys = {one.inchikey: one.key for one in substances()}
    early = {keys.get(job.inchikey, "") for job in queue if job.rank <= 2}
    assert listed & set(keys.values()) <= early
    assert len(early) < 200
    ranks = [(job.rank, job.size) for job in queue]
    assert ranks == sorted(ranks)


def _raw(inchikey: str = "AAA") -> Raw:
    rng = np.random.default_rng(3)
    hessian = rng.normal(size=(2, 6, 6)).astype(np.float32).astype(float)
    return Raw(
        {"inchikey": inchikey, "seed": 3},
        np.array([6, 8]),
        rng.normal(size=(2, 2, 3)),
        hessian + hessian.transpose(0, 2, 1),
        rng.normal(size=(2, 6, 6)),
    )


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    raw = _raw()
    assert record_of(tmp_path, "AAA") is None
    keep(tmp_path, raw)
    back = read(tmp_path, "AAA")
    assert back.record == raw.record
    assert np.array_equal(back.numbers, raw.numbers)
    assert np.array_equal(back.geometries, raw.geometries)
    assert np.allclose(back.hessians, raw.hessians, rtol=1e-6)
    assert np.allclose(back.tensors, raw.tensors, rtol=1e-6)
    first = (tmp_path / "AAA.npz").read_bytes()
    keep(tmp_path, raw)
    assert (tmp_path / "AAA.npz").read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["AAA.json", "AAA.npz"]


def test_a_failure_is_kept_with_its_reason(tmp_path: Path) -> None:
    keep_record(tmp_path, {"inchikey": "BBB", "failed": "not organic"})
    assert record_of(tmp_path, "BBB") == {"inchikey": "BBB", "failed": "not organic"}


def test_raw_results_stay_in_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert default_folder() == Path("/cache/spectra/calculated")


def test_a_diatomic_has_one_line_at_the_textbook_place() -> None:
    """Nu = sqrt(k / mu) / 2 pi c; carbon monoxide, k = 1902 N/m: 2170 cm-1."""
    k = 1902 / 1556.893
    along = np.zeros(6)
    along[2], along[5] = -1, 1
    geometry = np.array([[0.0, 0, 0], [0, 0, 2.132]])
    modes = normal_modes(np.array([6, 8]), geometry, k * np.outer(along, along))
    assert modes.wavenumbers == pytest.approx([2170], abs=2)
    tensors = np.zeros((6, 6))
    tensors[2], tensors[5] = [-1, -1, -4, 0, 0, 0], [1, 1, 4, 0, 0, 0]
    lines = raman_lines(modes, tensors)
    mean, spread = 2.0, 9.0  # of the tensor (1, 1, 4)
    assert lines.depolarisations == pytest.approx([3 * spread / (45 * mean**2 + 4 * spread)])
    size = (45 * mean**2 + 7 * spread) * 0.529177**4 / (12.011 * 15.999 / 28.010)
    assert lines.activities == pytest.approx([size], rel=1e-4)


def test_lines_do_not_depend_on_how_the_molecule_lies() -> None:
    raw = _raw()
    turn, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    whole = np.kron(np.eye(2), turn)
    numbers, place, stiff = raw.numbers, raw.geometries[0], raw.hessians[0]
    here = normal_modes(numbers, place, stiff)
    there = normal_modes(numbers, place @ turn.T + 5, whole @ stiff @ whole.T)
    assert there.wavenumbers == pytest.approx(here.wavenumbers)


@pytest.mark.parametrize("start", [[-1.2, 1.0, 0.0], [2.0, -1.0, 0.3]])
def test_the_walk_ends_in_the_valley(start: list[float]) -> None:
    """Rosenbrock's curved valley, its minimum at (1, 1), and a stiff third direction."""

    def surface(x):
        a, b, c = 1 - x[0], x[1] - x[0] ** 2, x[2]
        slope = np.array([-2 * a - 400 * x[0] * b, 200 * b, 20 * c])
        return a**2 + 100 * b**2 + 10 * c**2, slope

    found = minimise(surface, np.array([start]), 100 * np.eye(3))
    assert found.converged
    assert found.geometry == pytest.approx(np.array([[1, 1, 0]]), abs=1e-4)
    assert found.steps < 150
