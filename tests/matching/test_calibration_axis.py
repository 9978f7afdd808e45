"""Calibration of the axis: injected errors found again, and never a reading that is not there."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.calibration.assign import assign
from matching.calibration.axis import AxisLimits, Measured, StatedAxis
from matching.calibration.fit import fit_axis
from matching.calibration.lines import find_lines
from matching.calibration.standards import (
    ARGON,
    CALCITE,
    CYCLOHEXANE,
    NEON,
    POLYSTYRENE,
    SILICON,
    STANDARDS,
    positions,
    together,
    vacuum_nm,
)

PIXELS = np.arange(1024, dtype=float)
LASER_NM = 785.0
TRUE = (801.9, 0.1412, -5.95e-6, -8.2e-9)  # of a real instrument's size; nm in air
TERMS = (1e-2, 1e-4, 1e-7)


def axis_of(coefficients, laser_nm=LASER_NM):
    nm = vacuum_nm(np.polynomial.polynomial.polyval(PIXELS, coefficients))
    laser = vacuum_nm(np.array([laser_nm]))[0]
    return 1e7 / laser - 1e7 / nm


def stated_of(coefficients, laser_nm=LASER_NM):
    nm = np.polynomial.polynomial.polyval(PIXELS, coefficients)
    return StatedAxis(1e7 / laser_nm - 1e7 / nm, laser_nm)


def scan_of(standard, true_shift, laser_cm1, seed, *, width_px=3.0, slope=2.0):
    """Counts of a standard on the true axis: shot noise, a sloping background, a curved one."""
    at = positions(standard)
    lamp = standard.kind == "lamp"
    shifts = laser_cm1 - 1e7 / at if lamp else at
    strengths = [line.strength or 0.5 for line in standard.lines]
    y = 500.0 + slope * PIXELS + 3000.0 * np.exp(-(((PIXELS - 300.0) / 400.0) ** 2))
    for shift, strength in zip(shifts, strengths, strict=True):
        if true_shift[0] < shift < true_shift[-1]:
            centre = np.interp(shift, true_shift, PIXELS)
            y = y + 20000.0 * strength * np.exp(
                -0.5 * ((PIXELS - centre) / (width_px / 2.355)) ** 2
            )
    rng = np.random.default_rng(seed)
    return rng.poisson(y).astype(float) + rng.normal(0.0, 5.0, y.size)


def measured(standard, true_shift, laser_cm1, seed=1, **options):
    return Measured(standard, find_lines(scan_of(standard, true_shift, laser_cm1, seed, **options)))


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


@pytest.mark.parametrize("seed", range(4))
def test_laser_drift_and_dispersion_are_found_apart(seed):
    """Both injected at once: the axis comes back to 0.5 cm-1, and each part by itself."""
    rng = np.random.default_rng(seed)
    drift_cm1 = rng.uniform(-8.0, 8.0)
    u = (PIXELS - 511.5) / 511.5
    error = (
        0.25 * rng.uniform(-1, 1) + 0.15 * rng.uniform(-1, 1) * u + 0.1 * rng.uniform(-1, 1) * u**2
    )
    nm = vacuum_nm(np.polynomial.polynomial.polyval(PIXELS, TRUE)) + error
    laser = 1e7 / vacuum_nm(np.array([LASER_NM]))[0] + drift_cm1
    true = laser - 1e7 / nm
    fit = fit_axis(
        stated_of(TRUE),
        [measured(ARGON, true, laser, seed), measured(POLYSTYRENE, true, laser, seed + 50)],
    )
    assert fit.refusals == ()
    assert fit.correction.laser_error_cm1 == pytest.approx(drift_cm1, abs=0.4)
    inside = (true > fit.range_cm1[0]) & (true < fit.range_cm1[1])
    corrected = fit.correction.shifts(stated_of(TRUE))
    assert rms((corrected - true)[inside]) < 0.5
    assert fit.after_rms_cm1 < 0.5


@pytest.mark.parametrize("drift_cm1", [-25.0, -4.0, 2.6, 12.0, 28.0])
def test_a_raman_standard_alone_gives_the_constant(drift_cm1):
    true = axis_of(TRUE) + drift_cm1
    laser = 1e7 / vacuum_nm(np.array([LASER_NM]))[0] + drift_cm1
    fit = fit_axis(stated_of(TRUE), [measured(POLYSTYRENE, true, laser)])
    assert fit.refusals == ()
    assert fit.correction.dispersion_nm == ()
    inside = (true > fit.range_cm1[0]) & (true < fit.range_cm1[1])
    assert rms((fit.correction.shifts(stated_of(TRUE)) - true)[inside]) < 0.5
    # 0.27 cm-1 per 1,000 is what air against vacuum makes of the stated shifts
    assert fit.correction.laser_error_cm1 == pytest.approx(drift_cm1, abs=0.7)


def test_a_lamp_alone_says_nothing_of_the_laser():
    true = axis_of(TRUE)
    laser = 1e7 / vacuum_nm(np.array([LASER_NM]))[0]
    moved = (TRUE[0] + 0.2, *TRUE[1:])
    fit = fit_axis(stated_of(moved), [measured(NEON, true, laser)])
    assert fit.refusals == ()
    assert fit.correction.laser_error_cm1 == 0.0
    assert fit.correction.dispersion_nm[0] == pytest.approx(-0.2, abs=0.02)
    assert rms(fit.correction.shifts(stated_of(moved)) - true) < 0.5


def test_terms_are_only_as_many_as_lines_carry():
    true = axis_of(TRUE)
    laser = 1e7 / vacuum_nm(np.array([LASER_NM]))[0]
    fit = fit_axis(stated_of(TRUE), [measured(ARGON, true, laser)])
    assert len(fit.correction.dispersion_nm) <= 2
    fit = fit_axis(stated_of(TRUE), [measured(POLYSTYRENE, true, laser)])
    assert abs(fit.correction.scale) < 1e-3


def test_the_pixel_origin_is_explicit():
    """The same detector, its first 100 pixels not exported: the same correction."""
    true = axis_of(TRUE)
    laser = 1e7 / vacuum_nm(np.array([LASER_NM]))[0]
    moved = (TRUE[0] + 0.15, TRUE[1] * 1.001, *TRUE[2:])
    counts = scan_of(ARGON, true, laser, 3)
    stated = stated_of(moved)
    cut = StatedAxis(stated.raman_shift_cm1[100:], LASER_NM, first_pixel=100)
    whole = fit_axis(stated, [Measured(ARGON, find_lines(counts))])
    part = fit_axis(cut, [Measured(ARGON, find_lines(counts[100:]))])
    assert whole.holds
    assert part.holds
    pixels = [row.pixel for row in part.lines if row.use == "used"]
    first = {round(row.expected, 3): row.pixel for row in whole.lines}
    assert pixels == pytest.approx(
        [first[round(row.expected, 3)] for row in part.lines if row.use == "used"], abs=0.05
    )
    both = whole.correction.shifts(stated, [400.0, 800.0])
    assert part.correction.shifts(cut, [400.0, 800.0]) == pytest.approx(both, abs=0.1)
    # a scan that begins later on the same axis
    later = fit_axis(stated, [Measured(ARGON, find_lines(counts[100:]), first_point=100)])
    assert later.correction.shifts(stated, [400.0, 800.0]) == pytest.approx(both, abs=0.1)


def test_a_line_that_is_wrong_is_rejected_with_its_reason():
    true = axis_of(TRUE)
    laser = 1e7 / vacuum_nm(np.array([LASER_NM]))[0]
    counts = scan_of(CYCLOHEXANE, true, laser, 5)
    centre = np.interp(1266.4, true, PIXELS)
    width = np.abs(PIXELS - centre) < 8
    counts[width] = np.interp(PIXELS[width], PIXELS[~width], counts[~width])
    moved = np.interp(1266.4 + 5.0, true, PIXELS)
    counts += 9000.0 * np.exp(-0.5 * ((PIXELS - moved) / 1.3) ** 2)
    fit = fit_axis(stated_of(TRUE), [Measured(CYCLOHEXANE, find_lines(counts))])
    row = next(row for row in fit.lines if row.expected == 1266.4)
    assert row.use in {"outlier", "not_found"}
    assert fit.holds
    assert fit.after_rms_cm1 < 0.6


def test_saturated_lines_are_not_used():
    true = axis_of(TRUE)
    laser = 1e7 / vacuum_nm(np.array([LASER_NM]))[0]
    counts = np.minimum(scan_of(POLYSTYRENE, true, laser, 6), 9000.0)
    fit = fit_axis(
        stated_of(TRUE), [Measured(POLYSTYRENE, find_lines(counts, saturation_counts=9000.0))]
    )
    uses = {row.expected: row.use for row in fit.lines}
    assert uses[1001.4] == "saturated"
    assert fit.holds


def test_refused_with_too_few_lines_and_with_nothing():
    true = axis_of(TRUE)
    laser = 1e7 / vacuum_nm(np.array([LASER_NM]))[0]
    fit = fit_axis(stated_of(TRUE), [measured(SILICON, true, laser)])
    assert not fit.holds
    assert "only 1" in fit.refusals[0]
    empty = fit_axis(stated_of(TRUE), [Measured(POLYSTYRENE, ())])
    assert not empty.holds
    assert {row.use for row in empty.lines} <= {"not_found", "outside_range"}


def test_noise_alone_is_never_a_calibration():
    for seed in range(10):
        counts = np.random.default_rng(seed).normal(1000.0, 30.0, 1024)
        fit = fit_axis(stated_of(TRUE), [Measured(POLYSTYRENE, find_lines(counts))])
        assert not fit.holds


@pytest.mark.parametrize("other", ["cyclohexane", "naphthalene", "4-acetamidophenol"])
def test_another_material_is_not_taken_for_polystyrene(other):
    true = axis_of(TRUE)
    laser = 1e7 / vacuum_nm(np.array([LASER_NM]))[0]
    counts = scan_of(STANDARDS[other], true, laser, 8)
    fit = fit_axis(stated_of(TRUE), [Measured(POLYSTYRENE, find_lines(counts))])
    assert not fit.holds


def test_standards_that_disagree_are_not_taken_for_other_materials():
    """Calcite measured after the axis moved is calcite still: its lines stand elsewhere."""
    true, laser = axis_of(TRUE), 1e7 / vacuum_nm(np.array([LASER_NM]))[0]
    moved = measured(CALCITE, true + 3.0, laser)
    both = [measured(one, true, laser) for one in (POLYSTYRENE, NEON)]
    fit = fit_axis(stated_of(TRUE), [*both, moved])
    (said,) = fit.unlike
    assert said.startswith("the lines of calcite do not agree with those of neon, polystyrene: ")
    assert "does not look like" not in said
    assert not fit.holds


def test_residuals_too_large_are_refused():
    true = axis_of(TRUE)
    laser = 1e7 / vacuum_nm(np.array([LASER_NM]))[0]
    fit = fit_axis(
        stated_of(TRUE),
        [measured(POLYSTYRENE, true, laser)],
        AxisLimits(most_rms_cm1=0.001),
    )
    assert any("rms" in reason for reason in fit.refusals)


def test_two_standards_in_one_scan_never_share_a_line():
    """Polystyrene and cyclohexane both have a line near 1030: one found line serves one of them."""
    both = together(POLYSTYRENE, CYCLOHEXANE)
    true = axis_of(TRUE)
    laser = 1e7 / vacuum_nm(np.array([LASER_NM]))[0]
    fit = fit_axis(stated_of(TRUE), [measured(both, true, laser)])
    pixels = [row.pixel for row in fit.lines if row.pixel is not None]
    assert len(set(pixels)) == len(pixels)


@given(
    st.lists(st.floats(0.0, 3000.0), min_size=1, max_size=12, unique=True),
    st.lists(st.floats(0.0, 3000.0), min_size=0, max_size=20, unique=True),
)
def test_assignment_is_in_order_and_one_to_one(expected, found):
    left, right = np.sort(np.array(expected)), np.sort(np.array(found))
    result = assign(left, right, np.ones(left.size), np.ones(right.size))
    rows, columns = [i for i, _ in result.pairs], [j for _, j in result.pairs]
    assert all(a < b for a, b in pairwise(rows))
    assert all(a < b for a, b in pairwise(columns))


@given(st.floats(-28.0, 28.0), st.floats(-0.004, 0.004))
def test_assignment_tolerates_offset_and_stretch(offset, stretch):
    at = positions(POLYSTYRENE)
    moved = at.mean() + offset + (at - at.mean()) * (1.0 + stretch)
    ones = np.ones(at.size)
    assert assign(at, moved, ones, ones).pairs == tuple((i, i) for i in range(at.size))


def test_air_and_vacuum():
    """Neon 703.24131 nm in air is 703.43523 nm in vacuum; argon 763.5106 is 763.7208."""
    assert vacuum_nm(np.array([703.24131]))[0] == pytest.approx(703.43523, abs=3e-4)
    assert vacuum_nm(np.array([763.5106]))[0] == pytest.approx(763.7208, abs=3e-4)


def test_tables_rise_and_hold_what_the_standard_says():
    for standard in STANDARDS.values():
        at = positions(standard)
        assert (np.diff(at) > 0).all()
        assert standard.source
        assert all(line.sources >= 1 for line in standard.lines)
    assert positions(CALCITE)[3] == 1085.91
    assert "benzonitrile" in STANDARDS
    assert positions(STANDARDS["benzonitrile"])[0] == 548.5  # the contradictory first is left out
    assert len(POLYSTYRENE.lines) == 11
    assert len(STANDARDS["4-acetamidophenol"].lines) == 24
