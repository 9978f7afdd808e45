"""Resolution, relative intensity, daily check and control chart."""

from __future__ import annotations

import numpy as np
import pytest

from matching.calibration.axis import CalibrationError, LineResult
from matching.calibration.check import CheckLimits, check_offsets, control_chart, run_rules
from matching.calibration.resolution import resolution_of, without_own_width
from matching.calibration.response import (
    CERTIFICATES,
    Certificate,
    certified,
    corrected,
    response_curve,
)

# --- Relative intensity -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "at", "by_hand"),
    [
        (
            "SRM 2241",
            1000.0,
            9.71937e-2 + 2.28325e-1 - 5.86762e-2 + 2.16023e-1 - 9.77171e-2 + 1.15596e-2,
        ),
        (
            "SRM 2244",
            2000.0,
            0.405953 + 1.04069 + 2.12156 - 5.475704 + 3.364576 - 0.6583712,
        ),
        ("SRM 2242a", 2972.1, 0.99747 - 3.7168e-6 * 2972.1 + 0.012864),
        ("SRM 2246a", 2353.1, 1.0178 - 1.1825e-7 * 2353.1 - 0.0175),
    ],
)
def test_the_published_coefficients_give_the_published_curves(name, at, by_hand):
    assert certified(CERTIFICATES[name], np.array([at]))[0] == pytest.approx(by_hand, rel=1e-9)


def test_certified_curves_are_scaled_to_about_one_at_their_highest():
    for certificate in CERTIFICATES.values():
        if certificate.range_cm1 is not None:
            x = np.linspace(*certificate.range_cm1, 2000)
            assert float(np.max(certified(certificate, x))) == pytest.approx(1.0, abs=0.03)


def test_half_the_height_at_half_the_width():
    """At x0 + w r / (r + 1) a lognormal has fallen to half: the definition of its width."""
    height, width, skew, centre, slope, base = CERTIFICATES["SRM 2242a"].coefficients
    for at in (centre + width * skew / (skew + 1.0), centre - width / (skew + 1.0)):
        if 150.0 <= at <= 4000.0:
            value = certified(CERTIFICATES["SRM 2242a"], np.array([at]))[0]
            assert value - slope * at - base == pytest.approx(height / 2, rel=1e-3)


def test_nothing_outside_the_certified_range():
    values = certified(CERTIFICATES["SRM 2241"], np.array([199.0, 200.0, 3500.0, 3501.0]))
    assert np.isnan(values).tolist() == [True, False, False, True]


def test_a_glass_without_a_known_range_is_refused():
    with pytest.raises(CalibrationError, match="range"):
        certified(CERTIFICATES["SRM 2245"], np.array([1000.0]))


def test_a_certificate_must_make_sense():
    with pytest.raises(CalibrationError):
        Certificate("own", 785.0, "lognormal", (1.0, 2.0), (200.0, 3000.0))
    with pytest.raises(CalibrationError):
        Certificate("own", 785.0, "polynomial", (1.0, float("nan")), (200.0, 3000.0))
    own = Certificate("own", 785.0, "polynomial", (-1.0, 0.0), (200.0, 3000.0))
    with pytest.raises(CalibrationError, match="positive"):
        certified(own, np.array([300.0]))


def test_the_curve_undoes_the_instrument():
    x = np.arange(100.0, 2200.0, 2.0)
    sensitivity = np.exp(-(((x - 600.0) / 900.0) ** 2))
    glass = CERTIFICATES["SRM 2241"]
    shape = np.nan_to_num(certified(glass, x), nan=0.1)
    counts = 40000.0 * shape * sensitivity
    counts += np.random.default_rng(1).normal(0.0, 30.0, x.size)
    curve = response_curve(glass, x, counts)
    assert curve.raman_shift_cm1[0] >= 200.0
    true = 1000.0 + 500.0 * np.cos(x / 150.0)
    axis, fixed = corrected(curve, x, true * sensitivity)
    ratio = fixed / np.interp(axis, x, true)
    assert float(np.std(ratio / ratio.mean())) < 0.02


def test_a_dark_glass_is_refused():
    x = np.arange(100.0, 2200.0, 2.0)
    with pytest.raises(CalibrationError):
        response_curve(CERTIFICATES["SRM 2241"], x, np.zeros(x.size))


# --- Resolution -------------------------------------------------------------------------------


def row(expected, before=0.0, *, use="used", width=8.0, standard="polystyrene", unit="cm-1"):
    return LineResult(
        standard, expected, unit, use, 100.0, expected + before, before, 0.0, 99, width
    )


def test_the_own_width_of_calcite_is_taken_off():
    # Voigt profile of a 7 cm-1 Gaussian and a 1.3 cm-1 Lorentzian
    wide = 0.5346 * 1.3 + np.sqrt(0.2166 * 1.3**2 + 49.0)
    assert without_own_width(wide, 1.3) == pytest.approx(7.0)
    assert without_own_width(1.2, 1.3) == 0.0
    found = resolution_of([row(1085.91, width=wide, standard="calcite")])
    assert found.method == "calcite 1085"
    assert found.fwhm_cm1 == pytest.approx(7.0)


def test_lamp_lines_give_the_resolution_saturated_ones_do_not():
    rows = [row(700.0 + n, width=w, unit="nm (air)") for n, w in enumerate((6.0, 6.2, 6.4))]
    rows.append(row(800.0, width=30.0, use="saturated", unit="nm (air)"))
    assert resolution_of(rows).fwhm_cm1 == pytest.approx(6.2)
    assert resolution_of([row(1001.4)]) is None


# --- Daily check and control chart ------------------------------------------------------------

LINES = (620.9, 795.8, 1001.4, 1031.8, 1602.3)


def test_a_shift_of_2_6_fails_the_daily_gate_and_a_small_one_does_not():
    good = check_offsets([row(x, 0.4) for x in LINES], CheckLimits())
    assert good.passed
    assert good.offset_cm1 == pytest.approx(0.4)
    bad = check_offsets([row(x, 2.6) for x in LINES], CheckLimits())
    assert not bad.passed
    assert "+2.60" in bad.failures[0]


def test_wide_bands_are_shown_and_do_not_count():
    rows = [row(x, 0.2) for x in LINES] + [row(2904.5, 4.0, width=35.0)]
    found = check_offsets(rows, CheckLimits())
    assert found.passed
    assert found.lines[-1].use == "wide_band"
    assert found.lines[-1].passed is None


def test_a_single_line_and_too_few_lines_fail():
    rows = [row(x, 0.0) for x in LINES[:-1]] + [row(1602.3, 3.4, use="outlier")]
    assert not check_offsets(rows, CheckLimits()).passed
    assert not check_offsets([row(x) for x in LINES[:3]], CheckLimits()).passed
    assert not check_offsets([], CheckLimits()).passed


def test_a_chart_needs_eight_checks_and_takes_sigma_from_moving_ranges():
    assert control_chart([0.1] * 7) is None
    values = [0.0, 0.2, -0.1, 0.1, 0.3, 0.0, -0.2, 0.1]
    chart = control_chart(values)
    assert chart.sigma == pytest.approx(np.mean(np.abs(np.diff(values))) / 1.128)
    assert chart.centre == pytest.approx(np.mean(values))
    assert chart.upper - chart.lower == pytest.approx(6 * chart.sigma)


@pytest.mark.parametrize(
    ("scores", "rule"),
    [
        ([0.0, 0.0, 3.1], 1),
        ([2.1, 0.0, 2.2], 2),
        ([1.1, 1.2, 0.0, 1.3, 1.4], 4 - 1),
        ([0.1] * 8, 4),
        ([-2.1, 0.0, -2.2], 2),
    ],
)
def test_run_rules_speak_when_the_last_point_completes_a_run(scores, rule):
    assert rule in {signal.rule for signal in run_rules(np.array(scores))}


@pytest.mark.parametrize(
    "scores", [[2.9, 0.0, -2.9], [2.1, 0.0, -2.2], [1.1, -1.2, 1.3, -1.4, 1.5], [0.1] * 7]
)
def test_run_rules_keep_silent_otherwise(scores):
    assert run_rules(np.array(scores)) == ()


def test_a_slow_drift_is_seen_long_before_the_gate():
    rng = np.random.default_rng(3)
    values = [*rng.normal(0.0, 0.1, 20), *(0.04 * n + rng.normal(0.0, 0.1) for n in range(25))]
    chart = control_chart(values)
    first = min(signal.point for signal in chart.signals)
    assert 20 <= first < 40
    assert values[first] < 1.0
