"""Finding lines: a tenth of a pixel, on slopes, without cosmic rays, saturation told."""

from __future__ import annotations

import numpy as np
import pytest

from matching.calibration.lines import _jacobian, _model, find_lines, noise_of

X = np.arange(400, dtype=float)


def scan(centre=200.3, fwhm=4.0, *, height=5000.0, slope=0.0, seed=1, noise=10.0):
    y = 800.0 + slope * X + height * np.exp(-0.5 * ((X - centre) / (fwhm / 2.3548)) ** 2)
    return y + np.random.default_rng(seed).normal(0.0, noise, X.size)


@pytest.mark.parametrize("fwhm", [2.0, 3.0, 5.0, 9.0])
@pytest.mark.parametrize("slope", [0.0, 12.0, -25.0])
def test_the_centre_is_found_to_a_part_of_a_pixel_on_any_slope(fwhm, slope):
    for centre in (200.0, 200.27, 200.5, 200.81):
        line = max(find_lines(scan(centre, fwhm, slope=slope)), key=lambda one: one.height)
        assert line.pixel == pytest.approx(centre, abs=0.03)
        assert line.fwhm_px == pytest.approx(fwhm, rel=0.06)
        assert not line.saturated


def test_neighbours_are_told_apart():
    y = scan(200.0, 4.0) + scan(206.0, 4.0, height=2500.0, seed=2) - 800.0
    found = [line for line in find_lines(y) if line.snr > 50]
    assert [line.pixel for line in found] == pytest.approx([200.0, 206.0], abs=0.1)


def test_a_cosmic_ray_is_not_a_line():
    y = scan(height=0.0)
    y[123] += 4000.0
    assert [line for line in find_lines(y) if abs(line.pixel - 123) < 2] == []


def test_clipped_lines_are_marked_with_and_without_a_stated_limit():
    y = np.minimum(scan(fwhm=8.0), 4000.0)
    assert any(line.saturated for line in find_lines(y))
    y = scan(fwhm=8.0)
    assert any(line.saturated for line in find_lines(y, saturation_counts=5500.0))
    assert not any(line.saturated for line in find_lines(y, saturation_counts=65535.0))


def test_weak_lines_need_their_signal_to_noise_ratio():
    assert any(abs(one.pixel - 200.3) < 1 for one in find_lines(scan(height=150.0)))
    assert not any(abs(one.pixel - 200.3) < 1 for one in find_lines(scan(height=20.0)))


def test_a_flat_or_empty_scan_has_no_lines():
    assert find_lines(np.full(100, 7.0)) == ()
    assert find_lines(np.zeros(3)) == ()


def test_noise_is_measured_under_lines_and_slopes():
    assert noise_of(scan(slope=20.0)) == pytest.approx(10.0, rel=0.25)


def test_the_slopes_that_the_fit_is_told_are_those_of_its_model():
    parameters = np.array([0.2, -0.01, 0.9, 20.3, 2.5, 0.4, 26.0, 4.0])
    x, step = np.arange(45.0), 1e-6
    told = _jacobian(parameters, x, 22.0)
    for number, change in enumerate(np.eye(parameters.size) * step):
        apart = _model(parameters + change, x, 22.0) - _model(parameters - change, x, 22.0)
        np.testing.assert_allclose(told[:, number], apart / (2 * step), atol=1e-8)
