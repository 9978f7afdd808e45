"""The smooth sensitivity between two instruments, fitted on common bands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matching.compare import Bands, compare
from matching.mixture import levelled
from matching.peaks import Peaks
from matching.pipeline import Prepared
from matching.preprocess.scale import soft_root, square_root
from matching.response import Response, ResponseSettings, fit_response

SETTINGS = ResponseSettings(slope=0.7, curvature=0.7, band_error=0.5, most=4.5, least_use=0.95)
PLACES = np.array([420.0, 610.0, 790.0, 1001.0, 1160.0, 1310.0, 1455.0, 1602.0, 1735.0])


def peaks(places, heights):
    order = np.argsort(-np.asarray(heights))
    height = np.asarray(heights)[order]
    index = np.round((places[order] - 100.0) / 2.0).astype(np.int64)
    return Peaks(index, places[order], height, height)


def test_a_sensitivity_that_falls_along_the_axis_is_found_in_part():
    truth = np.exp(-0.8 * (PLACES - 1000.0) / 1000.0)
    found = fit_response(peaks(PLACES, truth), peaks(PLACES, np.ones(9)), 1e-3, 4.0, SETTINGS)
    assert found.range_cm1 == (420.0, 1735.0)
    assert -0.8 < found.slope < -0.4  # the prior holds it back


def test_many_bands_overcome_the_prior():
    places = np.linspace(300.0, 1800.0, 50)
    truth = np.exp(-0.8 * (places - 1000.0) / 1000.0)
    found = fit_response(peaks(places, truth), peaks(places, np.ones(50)), 1e-3, 4.0, SETTINGS)
    assert found.slope == pytest.approx(-0.8, abs=0.1)
    assert found.curvature == pytest.approx(0.0, abs=0.1)


def test_one_odd_band_hardly_moves_it():
    heights = np.ones(9)
    heights[8] = 8.0
    found = fit_response(peaks(PLACES, heights), peaks(PLACES, np.ones(9)), 1e-3, 4.0, SETTINGS)
    assert np.abs(np.log(found.factor(PLACES))).max() < 0.6 * np.log(8.0)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_common_bands_say_nothing(count):
    scan, reference = peaks(PLACES, np.ones(9)), peaks(PLACES[:count], np.ones(count))
    assert fit_response(scan, reference, 1e-3, 4.0, SETTINGS) is None


def test_bands_at_other_places_are_not_common():
    scan, reference = peaks(PLACES, np.ones(9)), peaks(PLACES + 30.0, np.ones(9))
    assert fit_response(scan, reference, 1e-3, 4.0, SETTINGS) is None


def test_the_factor_is_bounded_and_constant_beyond_the_bands():
    response = Response(9.0, 3.0, (500.0, 1500.0), 4.5)
    factor = response.factor(np.array([100.0, 500.0, 1000.0, 1500.0, 3000.0]))
    np.testing.assert_allclose(factor, [1 / 4.5, 1 / 4.5, 1.0, 4.5, 4.5])


def spectrum(heights):
    axis = 300.0 + 2.0 * np.arange(800)
    return (heights * np.exp(-0.5 * ((axis[:, None] - PLACES) / 5.0) ** 2)).sum(axis=1), axis


def test_a_comparison_tells_the_response_it_used(policy):
    rng = np.random.default_rng(3)
    heights = rng.uniform(0.3, 1.0, 9)
    reference, axis = spectrum(heights)
    scan = reference * np.exp(-1.2 * (axis - 1000.0) / 1000.0)
    found = compare(Bands(scan, 100, 1e-3), Bands(reference, 100), 0.0, policy.compare)
    assert found.response is not None
    assert found.response.slope < -0.4
    without = replace(policy.compare, response=replace(policy.compare.response, least_use=0.0))
    plain = compare(Bands(scan, 100, 1e-3), Bands(reference, 100), 0.0, without)
    assert plain.response is None
    assert found.misfit < plain.misfit
    assert found.root_correlation > plain.root_correlation


def test_the_same_spectrum_needs_no_response(policy):
    reference, _ = spectrum(np.ones(9))
    found = compare(Bands(reference, 100, 1e-3), Bands(reference, 100), 0.0, policy.compare)
    assert found.response is None


def test_other_band_heights_are_not_explained_away(policy):
    rng = np.random.default_rng(11)
    for _ in range(10):
        reference, _ = spectrum(rng.lognormal(0.0, 1.0, 9))
        scan, _ = spectrum(rng.lognormal(0.0, 1.0, 9))
        found = compare(Bands(scan, 100, 1e-3), Bands(reference, 100), 0.0, policy.compare)
        assert found.misfit > 1.0


def test_a_levelled_scan_is_freed_of_the_response():
    bands, axis = spectrum(np.ones(9))
    response = Response(-1.0, 0.2, (400.0, 1700.0), 4.5)
    scan = Prepared(
        bands=bands * response.factor(axis),
        background=np.zeros(800),
        first=100,
        end=900,
        noise=1.0,
        snr=100.0,
        spikes=0,
        saturated=False,
    )
    np.testing.assert_allclose(levelled(scan, response).bands, bands, atol=1e-12)
    assert levelled(scan, None) is scan


def test_a_soft_root_is_the_root_for_bands_and_linear_within_the_noise():
    values = np.array([-1.0, 0.0, 0.01, 1e4])
    np.testing.assert_array_equal(soft_root(values, 0.0), square_root(values))
    soft = soft_root(values, 1.0)
    assert soft[0] == soft[1] == 0.0
    assert soft[2] == pytest.approx(0.005, rel=0.01)
    assert soft[3] == pytest.approx(99.0, rel=0.01)
