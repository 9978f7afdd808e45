"""Distortions do what their names say, repeatably, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import distort
from matching.distort import SUITE, Distortion, band_width_cm1, distorted, summed
from matching.errors import AxisError, QueryError
from matching.peaks import find_peaks
from matching.pipeline import prepare
from matching.spectrum import Spectrum

BANDS = ((480.0, 12.0, 500.0), (820.0, 12.0, 1000.0), (1003.0, 12.0, 700.0), (1450.0, 12.0, 400.0))
BY_NAME = {kind.name: kind for kind in SUITE}


@pytest.fixture(scope="module")
def scan(lines) -> Spectrum:
    """A scan with four bands of 12 cm-1, the strongest 1000 counts, on a raised floor."""
    axis = np.arange(200.0, 2000.0, 1.5)
    noise = np.random.default_rng(4).normal(0.0, 2.0, axis.size)
    return Spectrum(axis, 300.0 + lines(axis, BANDS) + noise, laser_nm=785.0)


def strongest(spectrum: Spectrum) -> float:
    prepared = prepare(spectrum)
    return float(find_peaks(prepared.bands, prepared.first, 100.0).raman_shift_cm1[0])


def test_names_and_streams_are_used_once():
    assert len({kind.name for kind in SUITE}) == len(SUITE)
    assert len({kind.stream for kind in SUITE}) == len(SUITE)


@given(st.sampled_from(SUITE), st.integers(0, 2**31))
@settings(max_examples=60)
def test_the_same_seed_gives_the_same_scan_and_the_source_stays(scan, kind, seed):
    before = scan.content_hash
    one, again = distorted(scan, kind, seed), distorted(scan, kind, seed)
    assert one.content_hash == again.content_hash != before == scan.content_hash
    assert one.history[-1].name == "distorted"
    assert dict(one.history[-1].settings) == {"kind": kind.name, "seed": str(seed)}
    assert one.laser_nm == scan.laser_nm


def test_another_seed_gives_another_scan(scan):
    for kind in SUITE:
        if kind.name.startswith(("width", "saturation")):
            continue  # nothing random in these
        seen = {distorted(scan, kind, seed).content_hash for seed in range(12)}
        assert len(seen) >= 2, kind.name


def test_noise_has_the_stated_size(scan):
    added = distorted(scan, distort.NOISE, 3).intensity - scan.intensity
    assert added.std() == pytest.approx(0.05 * 1000.0, rel=0.1)
    assert abs(added.mean()) < 5.0


@pytest.mark.parametrize(("kind", "times"), [(distort.FLUORESCENCE_2, 2), (BY_NAME["slope x3"], 3)])
def test_backgrounds_have_the_stated_height_and_are_smooth(scan, kind, times):
    added = distorted(scan, kind, 5).intensity - scan.intensity
    assert added.max() == pytest.approx(times * 1000.0, rel=0.1)
    assert added.min() >= -1e-9
    assert np.abs(np.diff(added, 2)).max() < 0.001 * added.max()


@given(st.integers(0, 500))
@settings(max_examples=20)
def test_an_axis_error_moves_bands_by_what_it_says(scan, seed):
    for kind, most in ((distort.AXIS_2, 2.0), (distort.AXIS_4, 4.0)):
        moved = strongest(distorted(scan, kind, seed)) - strongest(scan)
        assert abs(moved) == pytest.approx(most, abs=0.4)
    stretched = distorted(scan, BY_NAME["stretch 4 cm-1"], seed).raman_shift_cm1
    error = stretched - scan.raman_shift_cm1
    assert abs(error[0]) == pytest.approx(4.0)
    assert error[-1] == pytest.approx(-error[0])
    assert np.abs(error).min() < 0.01


def test_bands_become_twice_as_wide(scan):
    before = band_width_cm1(prepare(scan))
    after = band_width_cm1(prepare(distorted(scan, distort.WIDTH_2, 1)))
    assert before == pytest.approx(12.0, rel=0.15)
    assert after / before == pytest.approx(2.0, rel=0.15)
    assert distorted(scan, distort.WIDTH_2, 1, 6.0).intensity.max() > (
        distorted(scan, distort.WIDTH_2, 1, 24.0).intensity.max()
    )


def test_a_scan_without_bands_has_a_usual_width(prepared):
    assert band_width_cm1(prepared(np.zeros(400))) == distort.USUAL_WIDTH_CM1


def test_a_short_range_is_a_piece_of_the_scan(scan):
    kind = BY_NAME["range 900 cm-1"]
    for seed in range(10):
        piece = distorted(scan, kind, seed)
        low, high = piece.range_cm1
        assert 898.0 <= high - low <= 900.0
        assert low >= 300.0
        assert high <= 1800.0
        inside = (scan.raman_shift_cm1 >= low) & (scan.raman_shift_cm1 <= high)
        np.testing.assert_array_equal(piece.intensity, scan.intensity[inside])
    tiny = Distortion("tiny", 99, kept_cm1=10.0)
    assert distorted(scan, tiny, 1).intensity.size == scan.intensity.size


def test_saturation_and_spikes_are_seen_by_the_clean_up(scan):
    for seed in range(5):
        assert prepare(distorted(scan, BY_NAME["saturation"], seed)).saturated
        assert prepare(distorted(scan, BY_NAME["spikes"], seed)).spikes >= 1
    assert not prepare(scan).saturated


def test_a_flat_scan_cannot_be_distorted():
    flat = Spectrum(np.arange(200.0, 2000.0, 2.0), np.full(900, 7.0))
    with pytest.raises(QueryError):
        distorted(flat, distort.NOISE, 1)


# --- Sums ---------------------------------------------------------------------------------------


@given(st.floats(0.05, 0.95))
@settings(max_examples=25)
def test_a_sum_holds_the_stated_shares_of_the_signal(lines, share):
    axis = np.arange(200.0, 2000.0, 1.5)
    one = Spectrum(axis, 50.0 + 3.0 * lines(axis, [(600.0, 12.0, 500.0)]), laser_nm=785.0)
    other = Spectrum(axis, 20.0 + lines(axis, [(1200.0, 12.0, 900.0)]), laser_nm=785.0)
    bands = prepare(summed(one, other, share)).bands
    grid = prepare(one)
    middle = round((900.0 - grid.range_cm1[0]) / 2.0)
    found = bands[:middle].sum() / bands.sum()
    assert found == pytest.approx(share, abs=0.02)


def test_scans_on_different_axes_are_summed_where_both_were_measured(scan, lines):
    axis = np.arange(350.0, 1600.0, 2.0)
    other = Spectrum(axis, 10.0 + lines(axis, [(700.0, 15.0, 300.0)]))
    low, high = summed(scan, other, 0.5).range_cm1
    assert 350.0 <= low < 352.0
    assert 1596.0 <= high <= 1598.0
    far = Spectrum(np.arange(1990.0, 3000.0, 2.0), lines(np.arange(1990.0, 3000.0, 2.0), BANDS) + 1)
    with pytest.raises((AxisError, QueryError)):
        summed(scan, far, 0.5)
