"""What a scan is worth: saturation, noise, fluorescence, bands where no molecule has any."""

from __future__ import annotations

import numpy as np
import pytest

from matching.pipeline import is_saturated, prepare
from matching.quality import scan_quality
from matching.spectrum import Acquisition, Spectrum

AXIS = np.arange(300.0, 2500.0, 1.2)
PLACES = (520.0, 702.0, 1003.0, 1210.0, 1455.0, 1601.0)


@pytest.fixture
def scan(lines):
    """Return a builder of scans with bands, a background and noise."""

    def build(places=PLACES, height=1000.0, noise=5.0, background=0.0, **facts):
        y = lines(AXIS, [(place, 9.0, height) for place in places])
        y += background * np.exp(-(((AXIS - 1400.0) / 900.0) ** 2))
        y += np.random.default_rng(11).normal(500.0, noise, AXIS.size)
        return Spectrum(AXIS, y, 785.0, acquisition=Acquisition(**facts))

    return build


def clipped(spectrum: Spectrum, at: float) -> Spectrum:
    return Spectrum(AXIS, np.minimum(spectrum.intensity, at), 785.0)


def test_a_sound_scan_is_not_saturated(scan):
    assert not is_saturated(scan())
    assert not scan_quality(prepare(scan())).saturated


def test_a_plateau_at_the_top_is_saturation(scan):
    assert is_saturated(clipped(scan(), 1200.0))


def test_the_source_is_believed_when_it_says_saturated(scan):
    assert is_saturated(scan(saturated=True))


@pytest.mark.parametrize(("limit", "expected"), [(1000.0, True), (65535.0, False), (None, False)])
def test_the_stated_limit_of_the_detector_counts(scan, limit, expected):
    assert is_saturated(scan(saturation_counts=limit)) is expected


def test_a_few_equal_counts_of_a_dim_scan_are_no_saturation():
    y = np.random.default_rng(0).poisson(2.0, AXIS.size).astype(float)
    y[100:103] = y.max() + 1
    assert not is_saturated(Spectrum(AXIS, y))


def test_signal_to_noise_is_the_ratio_put_in(scan):
    strong, weak = (scan_quality(prepare(scan(noise=noise))).snr for noise in (5.0, 50.0))
    assert strong == pytest.approx(1000.0 / 5.0 * np.sqrt(2.0 / 1.2), rel=0.35)
    assert strong / weak == pytest.approx(10.0, rel=0.35)


def test_noise_alone_has_little_signal(scan, policy):
    quality = scan_quality(prepare(scan(places=(), noise=20.0)))
    assert quality.snr < policy.thresholds.least_snr
    assert quality.bands <= 2


def test_fluorescence_is_the_background_over_the_strongest_band(scan):
    none, some, much = (
        scan_quality(prepare(scan(background=level))).fluorescence_ratio for level in (0, 2e3, 2e4)
    )
    assert none < 0.3
    assert some < much
    assert much > 8.0


def test_bands_are_counted(scan):
    assert scan_quality(prepare(scan())).bands == len(PLACES)


def test_bands_where_no_molecule_has_any_put_the_axis_in_doubt(scan, policy):
    limit = policy.thresholds.most_silent_share
    moved = tuple(place + 700.0 for place in PLACES)
    assert scan_quality(prepare(scan(places=moved))).silent_share > limit
    assert scan_quality(prepare(scan())).silent_share == 0.0


@pytest.mark.parametrize("place", [2100.0, 2230.0, 2265.0])
def test_nitriles_alkynes_and_azides_do_not(scan, place):
    quality = scan_quality(prepare(scan(places=(*PLACES, place, place - 15.0))))
    assert quality.silent_share == 0.0


def test_one_band_of_a_hydride_does_not(scan):
    assert scan_quality(prepare(scan(places=(*PLACES, 2390.0)))).silent_share == 0.0


def test_the_range_is_what_was_covered(scan):
    made = prepare(scan())
    low, high = scan_quality(made).range_cm1
    assert 300.0 <= low < 304.0
    assert 2494.0 < high <= 2500.0
    assert made.end - made.first == (high - low) / 2.0 + 1
