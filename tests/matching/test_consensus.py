"""A consensus shows what replicates share, and its spread where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from matching.consensus import consensus
from matching.errors import SpectrumError
from matching.spectrum import Spectrum

AXIS = np.arange(200.0, 1800.0, 2.0)


def bands(axis):
    return sum(
        h / (1.0 + ((axis - p) / 6.0) ** 2) for p, h in ((500, 900), (820, 400), (1300, 700))
    )


def replicate(seed, gain=1.0, offset=0.0, noise=2.0, *, axis=AXIS, laser=785.0):
    rng = np.random.default_rng(seed)
    return Spectrum(axis, gain * bands(axis) + offset + rng.normal(0, noise, axis.size), laser)


def test_height_and_offset_of_the_replicates_do_not_matter():
    parts = [replicate(1), replicate(2, 3.0, 400.0), replicate(3, 0.4, -20.0, 0.8)]
    made = consensus(parts)
    shape = np.corrcoef(made.spectrum.intensity, bands(AXIS))[0, 1]
    assert shape > 0.9999
    assert made.spread.max() < 12.0  # noise of a few counts, bands of hundreds
    np.testing.assert_allclose(np.ptp(made.spectrum.intensity), np.ptp(bands(AXIS)), rtol=0.05)
    assert "3 spectra" in made.recipe
    assert made.spectrum.history[-1].name == "consensus of replicates"


def test_two_replicates_alike_in_height_give_their_mean_and_their_spread():
    one = replicate(1, noise=0.0)
    rng = np.random.default_rng(5)
    other = Spectrum(AXIS, one.intensity + rng.normal(0.0, 3.0, AXIS.size), 785.0)
    made = consensus([one, other])
    np.testing.assert_allclose(
        made.spectrum.intensity, (one.intensity + other.intensity) / 2, atol=2
    )
    assert np.sqrt(np.mean(made.spread**2)) == pytest.approx(3.0 / np.sqrt(2), rel=0.1)


def test_a_hit_in_one_replicate_shows_in_the_spread_and_hardly_in_the_consensus():
    parts = [replicate(seed) for seed in range(5)]
    hit = parts[0].intensity.copy()
    hit[350] += 5000.0
    made = consensus([Spectrum(AXIS, hit, 785.0), *parts[1:]])
    clean = consensus(parts)
    assert abs(made.spectrum.intensity[350] - clean.spectrum.intensity[350]) < 10.0
    assert made.spread[350] > 1000.0
    assert made.spread[200] < 10.0


def test_only_the_range_that_all_cover_is_kept_on_the_axis_of_the_first():
    other = np.arange(350.3, 1600.0, 1.7)
    made = consensus([replicate(1), replicate(2, axis=other)])
    axis = made.spectrum.raman_shift_cm1
    assert axis[0] == 352.0
    assert axis[-1] <= 1600.0
    assert np.isin(axis, AXIS).all()


def test_the_order_of_replicates_on_one_axis_does_not_matter():
    parts = [replicate(seed, 1.0 + seed) for seed in range(4)]
    one, other = consensus(parts), consensus([parts[0], *parts[:0:-1]])
    np.testing.assert_allclose(one.spectrum.intensity, other.spectrum.intensity, rtol=1e-9)
    np.testing.assert_allclose(one.spread, other.spread, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([replicate(1)], "only one"),
        ([replicate(1), replicate(2, laser=532.0)], "laser line"),
        ([replicate(1), replicate(2, axis=np.arange(2000.0, 2500.0, 2.0))], "no common range"),
        ([replicate(1), Spectrum(AXIS, np.full(AXIS.size, 5.0), 785.0)], "flat"),
        ([replicate(1), replicate(2, -1.0, 2000.0), replicate(3)], "nothing in common"),
    ],
)
def test_what_is_no_replicate_is_refused(parts, told):
    with pytest.raises(SpectrumError, match=told):
        consensus(parts)
