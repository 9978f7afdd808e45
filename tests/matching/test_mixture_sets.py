"""Mixtures: components found, counted, shared out; one component stays one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matching.axis import COMMON_GRID
from matching.mixture import Hints, accepted, explain, nameable, peeled
from matching.pool import Target, best_of_each, pool_scores
from matching.rates import RateBin, monotone_bins, rate_of
from matching.search import reference_matrix
from matching.setfit import steady_gain
from matching.weights import error_weights, highpass

FIRST = 100
AXIS = COMMON_GRID.values[FIRST : FIRST + 900]


@pytest.fixture
def references(prepared):
    """Return 40 references of eight seeded bands each, and their matrix."""
    rng = np.random.default_rng(5)
    made = []
    for _ in range(40):
        places, heights = rng.uniform(350, 2050, 8), rng.uniform(0.2, 1.0, 8)
        shape = np.exp(-0.5 * ((AXIS[:, None] - places) / 5.0) ** 2) @ heights
        made.append(prepared(shape / shape.sum(), FIRST))
    return made, reference_matrix(made, range(40))


def scan_of(references, parts, noise=1e-6, shift=0):
    """Return a scan: a weighted sum of references (unit area each), noise and shift in points."""
    made, _ = references
    total = sum(share * np.roll(made[row].bands, shift) for row, share in parts.items())
    rng = np.random.default_rng(1)
    bands = total + rng.normal(0, noise, total.size)
    return replace(made[0], bands=bands, noise=noise, snr=float(bands.max() / noise))


def sets_of(references, policy, scan, allowed=None, **hints):
    everything = np.ones(40, dtype=bool) if allowed is None else allowed
    return explain(scan, references[1], policy.mixture, allowed=everything, hints=Hints(**hints))


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_both_components_of_a_sum_are_found_with_their_shares(references, policy, share):
    scan = scan_of(references, {3: share, 17: 1 - share}, noise=2e-5)
    fit = accepted(sets_of(references, policy, scan), policy.mixture)
    assert {part.row for part in fit.parts} == {3, 17}
    assert nameable(fit, policy.mixture)
    found = {part.row: part for part in fit.parts}
    assert found[3].share == pytest.approx(share, abs=0.03)
    low, high = found[3].interval
    assert 0 < low < share < high < 1
    assert sum(part.share for part in fit.parts) == pytest.approx(1.0)


def test_three_components_are_found_and_no_fourth(references, policy):
    scan = scan_of(references, {3: 0.5, 17: 0.3, 30: 0.2}, noise=2e-5)
    fit = accepted(sets_of(references, policy, scan), policy.mixture)
    assert {part.row for part in fit.parts} == {3, 17, 30}


@pytest.mark.parametrize("row", range(0, 40, 7))
def test_one_component_stays_one(references, policy, row):
    scan = scan_of(references, {row: 1.0}, noise=5e-5)
    fit = accepted(sets_of(references, policy, scan), policy.mixture)
    assert [part.row for part in fit.parts] == [row]
    assert fit.misfit < 1.5
    assert not nameable(fit, policy.mixture)


def test_components_shifted_on_the_axis_are_found(references, policy):
    scan = scan_of(references, {8: 0.6, 21: 0.4}, noise=2e-5, shift=2)
    fit = accepted(sets_of(references, policy, scan), policy.mixture)
    assert {part.row for part in fit.parts} == {8, 21}
    assert all(part.shift_cm1 == pytest.approx(4.0, abs=0.6) for part in fit.parts)


def test_a_set_holds_a_substance_once(references, policy):
    made, _ = references
    doubled = reference_matrix([*made, made[3]], [*range(40), 3])
    scan = scan_of(references, {3: 1.0}, noise=2e-5)
    allowed = np.ones(41, dtype=bool)
    for fit in explain(scan, doubled, policy.mixture, allowed=allowed):
        numbers = [int(doubled.substance[part.row]) for part in fit.parts]
        assert len(numbers) == len(set(numbers))


def test_a_component_that_is_not_allowed_is_not_named_in_its_place(references, policy):
    scan = scan_of(references, {3: 0.6, 17: 0.4}, noise=2e-5)
    allowed = np.ones(40, dtype=bool)
    allowed[17] = False
    fit = accepted(sets_of(references, policy, scan, allowed), policy.mixture)
    assert not nameable(fit, policy.mixture)


def test_nothing_allowed_gives_no_set(references, policy):
    scan = scan_of(references, {3: 1.0})
    assert sets_of(references, policy, scan, np.zeros(40, dtype=bool)) == []
    assert accepted([], policy.mixture) is None


def test_the_pool_of_a_large_library_gives_the_answer_of_the_whole(references, policy):
    scan = scan_of(references, {3: 0.85, 17: 0.15}, noise=2e-5)
    small = replace(policy.mixture, pool=12.0)
    whole = explain(scan, references[1], policy.mixture, allowed=np.ones(40, dtype=bool))
    pooled = explain(
        scan, references[1], small, allowed=np.ones(40, dtype=bool), hints=Hints(0.0, (3, 5))
    )
    assert [p.row for p in accepted(pooled, small).parts] == [
        p.row for p in accepted(whole, policy.mixture).parts
    ]


def test_what_a_seed_leaves_brings_the_minor_component_to_the_top(references, policy):
    scan = scan_of(references, {3: 0.9, 17: 0.1}, noise=1e-6)
    errors = policy.mixture.errors
    sharp = highpass(scan.bands, errors.highpass_cm1)
    weight = error_weights(sharp, scan.noise, errors)
    target = Target(sharp, weight, FIRST, 6.0, errors.highpass_cm1)
    scores = pool_scores(target, references[1].rows, (3,))
    assert int(scores[:, 1].argmax()) == 17
    rows = best_of_each(scores, np.arange(40), 10)
    assert {3, 17} <= set(rows.tolist())
    assert rows.tolist() == sorted(rows.tolist())


def test_a_smooth_background_does_not_survive_the_highpass():
    line = 3.0 + 0.01 * np.arange(600)
    assert np.abs(highpass(line, 60.0)[100:-100]).max() < 1e-9


def test_weights_fall_with_noise_and_near_strong_bands(policy):
    scan = np.zeros(200)
    scan[100] = 10.0
    quiet = error_weights(scan, 0.1, policy.mixture.errors)
    noisy = error_weights(scan, 1.0, policy.mixture.errors)
    assert (noisy < quiet).all()
    assert quiet[100] < quiet[10]
    assert np.isfinite(error_weights(np.zeros(50), 0.0, policy.mixture.errors)).all()


def test_a_gain_that_rests_on_one_band_is_not_steady():
    smaller, larger = np.ones(600), np.ones(600)
    smaller[300] = 1000.0  # one point explains everything
    assert steady_gain(smaller, larger) == pytest.approx(0.0)
    assert steady_gain(2 * np.ones(600), np.ones(600)) == pytest.approx(0.5)


# --- Rates ---------------------------------------------------------------------------------------


def test_pooled_rates_rise_with_the_evidence_and_keep_every_answer():
    rng = np.random.default_rng(2)
    scores = rng.normal(0, 3, 400)
    right = rng.random(400) < 1 / (1 + np.exp(-scores))
    pools = monotone_bins(scores.tolist(), right.tolist(), [1.0] * 400, 10)
    shares = [good / total for _, good, total in pools]
    assert shares == sorted(shares)
    assert sum(total for _, _, total in pools) == 400
    assert sum(good for _, good, _ in pools) == right.sum()
    assert min(total for _, _, total in pools) >= 10


def test_the_rate_of_evidence_is_that_of_its_range():
    bins = (RateBin(0.0, 1, 4, 0.0), RateBin(2.0, 9, 10, 0.55))
    assert rate_of(-0.1, bins) is None
    assert rate_of(1.9, bins) is bins[0]
    assert rate_of(50.0, bins) is bins[1]
    assert bins[1].rate == 0.9


def test_the_shipped_rates_have_exact_bounds_and_do_not_fall(policy):
    from spectra_app.services.statistics import rate

    assert len(policy.rates) >= 5
    for item in policy.rates:
        assert item.low95 == pytest.approx(rate(item.right, item.n).low95, abs=1e-4)
    assert policy.rates[-1].rate > 0.95
    assert policy.rates[0].rate < 0.05


def test_what_is_peeled_off_leaves_the_other_component(references, policy):
    scan = scan_of(references, {3: 0.7, 17: 0.3}, noise=2e-5)
    fit = accepted(sets_of(references, policy, scan), policy.mixture)
    major = [part for part in fit.parts if part.row == 3]
    left, noise = peeled(scan, major, references[1], policy.mixture.errors.model_error)
    other = references[0][17].bands
    assert np.corrcoef(left, other)[0, 1] > 0.9
    assert noise > scan.noise
    assert (left >= 0).all()
    untouched, same = peeled(scan, [], references[1], 0.12)
    np.testing.assert_allclose(untouched, np.clip(scan.bands, 0, None))
    assert same == scan.noise
