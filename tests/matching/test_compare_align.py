"""Comparing one reference in detail: alignment, what is left over, what is lacking."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from matching.axis import COMMON_GRID
from matching.compare import Bands, compare, correlation
from matching.evidence import FEATURES, EvidenceModel, evidence, feature_vector, hit_quality
from matching.peaks import find_peaks
from matching.policy import parse_policy

_RAW = resources.path("policies/default.json").read_bytes()
SETTINGS = parse_policy(json.loads(_RAW), _RAW).compare
FIRST = 100
AXIS = COMMON_GRID.values[FIRST : FIRST + 850]  # 300-1998 cm-1
PLACES = (410.0, 560.0, 702.0, 850.0, 1003.0, 1180.0, 1330.0, 1460.0, 1610.0, 1700.0)
HEIGHTS = (300.0, 500.0, 200.0, 900.0, 1000.0, 250.0, 400.0, 650.0, 800.0, 350.0)


@pytest.fixture
def bands(lines):
    """Return a builder of band intensities: widths changed, bands left out or added."""

    def build(*, width=9.0, only=range(10), extra=(), noise=0.0):
        stated = [(PLACES[i], width, HEIGHTS[i]) for i in only]
        values = lines(AXIS, [*stated, *extra])
        values += np.random.default_rng(0).normal(0, noise, AXIS.size)
        return Bands(np.clip(values, 0.0, None), FIRST, noise)

    return build


def test_a_spectrum_agrees_with_itself(bands):
    found = compare(bands(noise=3.0), bands(), 0.0, SETTINGS)
    assert found.shift_cm1 == 0.0
    assert found.width_cm1 == 0.0
    assert found.root_correlation > 0.95
    assert found.unexplained < 0.02
    assert found.missing < 0.02
    assert found.query_bands_matched > 0.97
    assert found.reference_bands_matched > 0.97
    assert found.independent_bands > 5.0


@settings(max_examples=40)
@given(shift=st.floats(-6.5, 6.5), seed=st.integers(0, 99))
def test_an_injected_shift_is_recovered(lines, shift, seed):
    stated = list(zip(PLACES, [9.0] * 10, HEIGHTS, strict=True))
    rng = np.random.default_rng(seed)
    values = lines(AXIS, [(p + shift, w, h) for p, w, h in stated]) + rng.normal(0, 3.0, AXIS.size)
    query = Bands(np.clip(values, 0, None), FIRST, 3.0)
    hint = -round(shift)  # the search tries whole cm-1
    found = compare(query, Bands(lines(AXIS, stated), FIRST), hint, SETTINGS)
    assert found.shift_cm1 == pytest.approx(-shift, abs=0.8)
    assert found.missing < 0.05
    assert found.unexplained < 0.05


@pytest.mark.parametrize(("scan", "reference", "sign"), [(16.0, 8.0, 1), (8.0, 16.0, -1)])
def test_a_difference_in_resolution_is_made_up_on_the_right_side(bands, scan, reference, sign):
    found = compare(bands(width=scan, noise=1.0), bands(width=reference), 0.0, SETTINGS)
    plain = compare(
        bands(width=scan, noise=1.0),
        bands(width=reference),
        0.0,
        replace(SETTINGS, widths_cm1=(0.0,)),
    )
    assert np.sign(found.width_cm1) == sign
    assert found.root_correlation > plain.root_correlation
    assert found.reference_bands_matched > 0.9


def test_bands_of_another_substance_are_unexplained(bands):
    extra = [(480.0, 9.0, 900.0), (945.0, 9.0, 900.0), (1540.0, 9.0, 900.0)]
    alone = compare(bands(noise=2.0), bands(), 0.0, SETTINGS)
    mixed = compare(bands(extra=extra, noise=2.0), bands(), 0.0, SETTINGS)
    area = 900 * 3 / (sum(HEIGHTS) + 900 * 3)
    assert mixed.unexplained > alone.unexplained + 0.4 * area
    assert mixed.query_bands_matched < 0.95
    assert mixed.missing < 0.1


def test_bands_that_the_scan_lacks_are_missing(bands):
    lacking = compare(bands(only=range(7), noise=2.0), bands(), 0.0, SETTINGS)
    assert lacking.missing > 0.15
    assert lacking.reference_bands_matched < 0.9
    assert lacking.query_bands_matched > 0.95


def test_one_strong_band_in_common_is_not_enough(lines, policy):
    # Benzene and sodium sulfate have one strong band each at the same place, and little else.
    rest_a = [(606.0, 9.0, 60.0), (1178.0, 9.0, 70.0), (1585.0, 12.0, 50.0)]
    rest_b = [(450.0, 9.0, 70.0), (630.0, 9.0, 65.0), (1110.0, 9.0, 60.0)]
    strong = (992.0, 9.0, 1000.0)
    noise = np.random.default_rng(0).normal(0, 2.0, AXIS.size)
    query = Bands(np.clip(lines(AXIS, [strong, *rest_a]) + noise, 0, None), FIRST, 2.0)
    same = Bands(lines(AXIS, [strong, *rest_a]), FIRST)
    other = Bands(lines(AXIS, [strong, *rest_b]), FIRST)
    right = compare(query, same, 0.0, policy.compare)
    wrong = compare(query, other, 0.0, policy.compare)
    assert correlation(right.query, wrong.reference) > 0.9  # what a plain search would go by
    assert wrong.independent_bands < 3.0
    assert wrong.reference_bands_matched < 0.7
    assert evidence(wrong, policy.model) < policy.thresholds.name
    assert evidence(right, policy.model) >= policy.thresholds.name


def test_a_scan_of_noise_is_like_nothing(bands, policy):
    noise = np.clip(np.random.default_rng(2).normal(0, 5.0, AXIS.size), 0, None)
    found = compare(Bands(noise, FIRST, 5.0), bands(), 0.0, policy.compare)
    assert evidence(found, policy.model) < policy.thresholds.name


def test_an_empty_scan_gives_numbers_not_failures(bands):
    found = compare(Bands(np.zeros(AXIS.size), FIRST, 1.0), bands(), 0.0, SETTINGS)
    figures = (found.root_correlation, found.unexplained, found.missing, found.independent_bands)
    assert np.isfinite(figures).all()
    other = compare(bands(), Bands(np.zeros(AXIS.size), FIRST), 0.0, SETTINGS)
    assert other.unexplained == 1.0
    assert other.missing == 1.0


def test_a_short_common_range_gives_no_comparison(bands):
    far = Bands(np.ones(300), FIRST + 750)
    assert compare(bands(), far, 0.0, SETTINGS) is None


def test_the_unit_of_intensity_does_not_matter(bands):
    query = bands(noise=3.0)
    one = compare(query, bands(), 0.0, SETTINGS)
    for gain in (1e-6, 1e6):
        scaled = Bands(gain * query.values, FIRST, gain * query.noise)
        other = compare(scaled, bands(), 0.0, SETTINGS)
        assert other.unexplained == pytest.approx(one.unexplained, abs=1e-6)
        assert other.missing == pytest.approx(one.missing, abs=1e-6)
        assert other.root_correlation == pytest.approx(one.root_correlation, abs=1e-6)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), hint=st.floats(-8, 8))
def test_every_share_stays_between_nought_and_one(seed, hint):
    rng = np.random.default_rng(seed)
    query = Bands(rng.random(700) ** 8, int(rng.integers(0, 300)), float(rng.random() * 0.1))
    reference = Bands(rng.random(900) ** 8, int(rng.integers(0, 300)))
    found = compare(query, reference, hint, SETTINGS)
    if found is None:
        return
    for share in (
        found.unexplained,
        found.missing,
        found.query_bands_matched,
        found.reference_bands_matched,
    ):
        assert 0.0 <= share <= 1.0 + 1e-9
    assert -1.0 - 1e-9 <= found.root_correlation <= 1.0 + 1e-9
    assert abs(found.shift_cm1) <= SETTINGS.reach_cm1
    assert found.query.shape == found.reference.shape


# --- Evidence ----------------------------------------------------------------------------------


def test_features_come_in_the_order_of_their_names(comparison):
    assert feature_vector(comparison()).shape == (len(FEATURES),)


BETTER = {
    "root_correlation": (0.5, 0.9),
    "derivative_correlation": (0.5, 0.9),
    "unexplained": (0.5, 0.1),
    "missing": (0.5, 0.1),
    "query_bands_matched": (0.4, 0.9),
    "reference_bands_matched": (0.4, 0.9),
    "independent_bands": (1.5, 6.0),
    "misfit": (5.0, 0.5),
}


@pytest.mark.parametrize("name", BETTER)
def test_a_better_figure_is_never_less_evidence(comparison, policy, name):
    worse, better = (evidence(comparison(**{name: value}), policy.model) for value in BETTER[name])
    assert better >= worse


def test_evidence_rests_on_more_than_one_figure(policy):
    assert sum(weight != 0 for weight in policy.model.weights) >= 5


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0, 1.0 + 1e-12])
def test_figures_at_their_limits_give_a_number(comparison, policy, name, value):
    assert np.isfinite(evidence(comparison(**{name: value}), policy.model))


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_hit_quality_keeps_the_order_between_nought_and_one(one, other):
    a, b = hit_quality(one), hit_quality(other)
    assert 0.0 <= a <= 1.0
    assert (one <= other) <= (a <= b)
    assert hit_quality(0.0) == 0.5


def test_evidence_is_the_weighted_sum(comparison):
    stated = {"query_bands_matched": 2.0, "reference_bands_matched": 3.0}
    model = EvidenceModel(tuple(stated.get(name, 0.0) for name in FEATURES), intercept=-1.0)
    found = comparison(query_bands_matched=0.5, reference_bands_matched=0.25)
    assert evidence(found, model) == pytest.approx(0.75)


# --- Bands as a list ---------------------------------------------------------------------------


def test_bands_are_found_where_they_are_strongest_first(lines):
    stated = [(p, 12.0, h) for p, h in zip(PLACES, HEIGHTS, strict=True)]
    peaks = find_peaks(lines(AXIS, stated), FIRST, 20.0)
    order = np.argsort(HEIGHTS)[::-1]
    np.testing.assert_allclose(peaks.raman_shift_cm1, np.array(PLACES)[order], atol=0.3)
    np.testing.assert_allclose(peaks.height, np.array(HEIGHTS)[order], rtol=0.03)


def test_a_shoulder_below_the_least_prominence_is_no_band(lines):
    values = lines(AXIS, [(1000.0, 20.0, 100.0), (1028.0, 20.0, 60.0)])
    assert find_peaks(values, FIRST, 1.0).index.size == 2
    assert find_peaks(values, FIRST, 55.0).index.size == 1


def test_no_band_in_nothing_and_not_more_than_asked(lines):
    assert find_peaks(np.zeros(200), 0, 1.0).index.size == 0
    comb = lines(AXIS, [(p, 8.0, 100.0 + p) for p in np.arange(320.0, 1980.0, 20.0)])
    assert find_peaks(comb, FIRST, 1.0, most=10).index.size == 10
    assert find_peaks(comb, FIRST, 1.0, most=10).height.min() > 100.0 + 1700.0


# --- Bands that are due ---------------------------------------------------------------------


def lines(places, heights, noise=0.0, seed=0):
    axis = 300.0 + 2.0 * np.arange(800)
    values = sum(
        h * np.exp(-0.5 * ((axis - p) / 6.0) ** 2) for p, h in zip(places, heights, strict=True)
    )
    return np.clip(values + np.random.default_rng(seed).normal(0.0, 1.0, 800) * noise, 0.0, None)


FIVE = (520.0, 760.0, 1001.0, 1310.0, 1602.0)


def test_bands_below_the_noise_limit_count_where_they_are_due(policy):
    reference = Bands(lines(FIVE, (0.2, 0.2, 1.0, 0.2, 0.2)), 100)
    counts = [
        compare(
            Bands(lines(FIVE, (0.2, 0.2, 1.0, 0.2, 0.2), 0.05, seed), 100, 0.05),
            reference,
            0.0,
            policy.compare,
        ).independent_bands
        for seed in range(10)
    ]
    assert min(counts) > 2.0  # none but the first stands out by five times the noise


def test_noise_where_bands_are_due_is_no_confirmation(policy):
    reference = Bands(lines(FIVE, (0.2, 0.2, 1.0, 0.2, 0.2)), 100)
    counts = [
        compare(
            Bands(lines((1001.0,), (1.0,), 0.05, seed), 100, 0.05), reference, 0.0, policy.compare
        ).independent_bands
        for seed in range(40)
    ]
    assert np.mean(np.array(counts) >= policy.thresholds.least_bands) <= 0.2
    assert np.median(counts) < 1.1
