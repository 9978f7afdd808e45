"""The physics of the emulated bench, judged by statistics and against simple arithmetic."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.emulators.bench import Bench
from devices.emulators.physics import (
    add_cosmic_rays,
    blur,
    dark_rate,
    digitise,
    natural_curve,
    sample_light,
)
from devices.errors import SampleError, SettingsError, UnknownFamilyError
from devices.interface import LaserState, Settings
from devices.registry import FAMILIES, family, open_analyser
from devices.sample import Sample

FLAT = Sample(curve=np.ones_like, fluorescence=0.0)


def exposures(bench, seconds, repeats):
    """Return the counts of `repeats` exposures, shape (repeats, n)."""
    taken = []
    for _ in range(repeats):
        bench.begin(seconds)
        bench.advance_to(bench.exposure_ends_s)
        taken.append(bench.taken()[0])
    return np.array(taken)


def test_shot_noise_variance_is_the_mean_in_electrons(quiet_model):
    bench = Bench(quiet_model, FLAT, seed=1)
    bench.laser(on=True)
    counts = exposures(bench, 0.5, 300)
    gain, read = quiet_model.electrons_per_count, quiet_model.read_noise_e
    mean_e = (counts.mean(axis=0) - quiet_model.offset_counts) * gain
    variance_e = counts.var(axis=0, ddof=1) * gain**2 - read**2 - gain**2 / 12
    bright = mean_e > 5_000
    assert bright.sum() > 1_000
    ratio = (variance_e[bright] / mean_e[bright]).mean()
    # 300 exposures of over 1,000 pixels: the mean ratio is known to about 0.3 %
    assert ratio == pytest.approx(1.0, abs=0.02)


def test_read_noise_and_offset_in_the_dark(quiet_model):
    model = dataclasses.replace(quiet_model, dark_e_per_s=0.0)
    counts = exposures(Bench(model, FLAT, seed=2), 0.01, 200)
    assert counts.mean() == pytest.approx(model.offset_counts, abs=0.1)
    expected = np.sqrt((model.read_noise_e / model.electrons_per_count) ** 2 + 1 / 12)
    assert counts.std() == pytest.approx(expected, rel=0.01)
    assert (counts == np.round(counts)).all()


def test_averaging_lowers_the_noise_as_its_square_root(quiet_model):
    counts = exposures(Bench(quiet_model, FLAT, seed=3), 0.1, 320)
    one, sixteen = counts.std(), counts.reshape(20, 16, -1).mean(axis=1).std()
    assert one / sixteen == pytest.approx(4.0, rel=0.03)


def test_dark_current_doubles_every_seven_degrees(quiet_model):
    assert dark_rate(quiet_model, -3.0) == pytest.approx(2 * dark_rate(quiet_model, -10.0))
    for setpoint in (-10.0, 11.0):
        model = dataclasses.replace(quiet_model, setpoint_c=setpoint, start_c=setpoint)
        counts = exposures(Bench(model, FLAT, seed=4), 10.0, 5)
        signal = (counts.mean() - model.offset_counts) * model.electrons_per_count
        assert signal == pytest.approx(10.0 * dark_rate(model, setpoint), rel=0.02)


def test_dark_pattern_is_the_same_in_every_exposure(quiet_model):
    model = dataclasses.replace(quiet_model, dark_pattern=0.3, setpoint_c=20.0, start_c=20.0)
    first, second = exposures(Bench(model, FLAT, seed=5), 5.0, 2)
    assert np.corrcoef(first, second)[0, 1] > 0.9


def test_detector_cools_to_its_setpoint(quiet_model):
    model = dataclasses.replace(quiet_model, start_c=20.0, cooling_time_s=10.0)
    bench = Bench(model, FLAT, seed=6)
    bench.advance_to(10.0)
    assert bench.temperature_c() == pytest.approx(-10.0 + 30.0 / np.e, abs=0.01)
    bench.advance_to(210.0)
    assert bench.temperature_c() == -10.0


def test_saturation_is_flagged_although_the_mean_is_below_the_ceiling(on_bench, polystyrene_like):
    bright = dataclasses.replace(polystyrene_like, strength=30.0)
    analyser, _bench, _timing = on_bench(sample=bright)
    analyser.configure(Settings(integration_time_ms=1000.0, averages=4))
    frame = analyser.acquire()
    assert frame.flags == ("saturated",)
    assert frame.counts.max() == frame.saturation_counts == 65535.0
    # exposures that clip only now and then: their mean is below the ceiling and still not true
    near = []
    for milliseconds in np.arange(140.0, 150.0, 0.25):
        analyser.configure(Settings(float(milliseconds), averages=8))
        near.append(analyser.acquire())
    below = [frame for frame in near if frame.counts.max() < frame.saturation_counts]
    assert any("saturated" in frame.flags for frame in below)
    assert all("saturated" in frame.flags for frame in near if frame not in below)
    analyser.configure(Settings(integration_time_ms=50.0, averages=4))
    assert analyser.acquire().flags == ()


def test_saturation_of_the_first_exposure_only_is_kept(on_bench):
    """A sample that bleaches: the first of many exposures clips, the last ones do not."""
    bleaching = Sample(fluorescence=6.0, bleaching_time_s=2.0)
    analyser, _bench, _timing = on_bench(sample=bleaching)
    analyser.configure(Settings(integration_time_ms=1000.0, averages=10))
    frame = analyser.acquire()
    assert "saturated" in frame.flags
    assert frame.counts.max() < 0.9 * frame.saturation_counts
    assert analyser.acquire().flags == ()


def test_converter_clips_at_both_ends_and_says_which(quiet_model):
    electrons = np.array([-1e6] * 16 + [0.0] * 16 + [1e9] * 16)
    counts, clipped = digitise(np.random.default_rng(0), quiet_model, electrons)
    assert (counts[:16] == 0.0).all()
    assert (counts[32:] == 65535.0).all()
    np.testing.assert_array_equal(clipped, [False] * 32 + [True] * 16)


def test_cosmic_rays_come_at_their_rate_and_are_narrow():
    rng = np.random.default_rng(7)
    hits, widths = 0, []
    for _ in range(2_000):
        electrons = np.zeros(500)
        now = add_cosmic_rays(rng, electrons, 0.5)
        hits += now
        if now == 1:
            hit = np.flatnonzero(electrons)
            widths.append(hit[-1] - hit[0] + 1)
            assert 1_900 <= electrons.sum() <= 41_000
    assert hits == pytest.approx(1_000, abs=4 * np.sqrt(1_000))
    assert set(widths) <= {1, 2, 3}
    assert len(set(widths)) == 3


def test_cosmic_rays_are_in_long_exposures(quiet_model):
    model = dataclasses.replace(quiet_model, cosmic_rays_per_s=0.5)
    counts = exposures(Bench(model, FLAT, seed=8), 10.0, 3)
    spikes = counts > np.median(counts) + 300
    assert 3 <= spikes.sum() <= 90
    assert not (spikes[0] & spikes[1]).any()


def test_fluorescence_bleaches_and_the_bands_stay(quiet_model, polystyrene_like):
    dull = dataclasses.replace(polystyrene_like, fluorescence=2.0, bleaching_time_s=20.0)
    light = sample_light(quiet_model, dull)
    total = sum(light.over_exposure(dose, 0.5) for dose in np.arange(0, 40, 0.5))
    np.testing.assert_allclose(total, light.over_exposure(0.0, 40.0), rtol=1e-9)
    bench = Bench(quiet_model, dull, seed=9)
    bench.laser(on=True)
    counts = exposures(bench, 1.0, 100)
    axis = quiet_model.axis_cm1
    away, band = np.argmin(abs(axis - 1300)), np.argmin(abs(axis - 1001))
    first, last = counts[:5].mean(axis=0), counts[-5:].mean(axis=0)
    assert last[away] < 0.55 * first[away]
    heights = [spectrum[band] - spectrum[away] for spectrum in (first, last)]
    assert heights[1] > 0.8 * heights[0]


def test_no_light_no_bleaching(quiet_model):
    bench = Bench(quiet_model, Sample(fluorescence=1.0), seed=9)
    bench.advance_to(100.0)
    assert bench.light_dose_s == 0.0


def test_glass_is_a_broad_hump_near_1370(quiet_model):
    light = sample_light(quiet_model, Sample(glass=1.0, fluorescence=0.0))
    at = light.grid_cm1[np.argmax(light.steady)]
    assert at == pytest.approx(1370.0, abs=15.0)
    above = light.grid_cm1[light.steady > light.steady.max() / 2]
    assert 250 < above[-1] - above[0] < 400


def test_efficiency_falls_towards_long_shifts_and_the_filter_cuts_the_laser(quiet_model):
    light = sample_light(quiet_model, FLAT)
    at = {shift: np.argmin(abs(light.grid_cm1 - shift)) for shift in (60, 500, 1500, 2300)}
    assert light.steady[at[60]] < 0.01 * light.steady[at[500]]
    assert light.steady[at[500]] > light.steady[at[1500]] > light.steady[at[2300]]
    assert light.steady[at[2300]] < 0.85 * light.steady[at[500]]


def test_bands_are_as_wide_as_the_instrument_makes_them():
    for row in (row for row in FAMILIES if row.bench is not None):
        narrow = Sample(bands=[[1000.0, 1.0, 1.0]], fluorescence=0.0)
        light = sample_light(row.bench, narrow)
        above = light.grid_cm1[light.steady > light.steady.max() / 2]
        width = above[-1] - above[0]
        # Voigt: 0.53 w_L + sqrt(0.217 w_L^2 + w_G^2); Olivero and Longbothum, JQSRT 17 (1977) 233
        expected = 0.5346 + np.sqrt(0.2166 + row.bench.resolution_cm1**2)
        assert width == pytest.approx(expected, abs=1.0)


@given(st.floats(2.0, 60.0), st.integers(300, 700))
def test_blur_keeps_area_and_place(fwhm, at):
    curve = np.zeros(1_000)
    curve[at] = 3.0
    out = blur(curve, fwhm)
    assert out.shape == curve.shape
    assert out.sum() == pytest.approx(3.0)
    assert np.sum(out * np.arange(1_000)) / 3.0 == pytest.approx(at)


def test_the_axis_wanders_a_little_and_the_stated_one_does_not(quiet_model, polystyrene_like):
    model = dataclasses.replace(quiet_model, drift_nm=0.05, drift_time_s=10.0)
    bench = Bench(model, polystyrene_like, seed=10)
    bench.laser(on=True)
    window = slice(*np.searchsorted(model.axis_cm1, (970, 1030)))
    axis, centres = model.axis_cm1[window], []
    for counts in exposures(bench, 5.0, 60):
        signal = np.clip(counts[window] - 1500.0, 0.0, None)
        centres.append(np.sum(axis * signal) / signal.sum())
    # 0.05 nm are 0.67 cm-1 there
    assert 0.3 < np.std(centres) < 1.2
    assert abs(np.mean(centres) - 1001.0) < 1.0


def test_wandering_does_not_depend_on_how_long_the_computer_has_been_running(
    quiet_model, polystyrene_like
):
    model = dataclasses.replace(quiet_model, drift_nm=0.5, drift_time_s=10.0)
    seen = []
    for start_s in (0.0, 53_000.0):
        bench = Bench(model, polystyrene_like, seed=10)
        bench.advance_to(start_s)
        bench.laser(on=True)
        bench.advance_to(start_s + 30.0)
        seen.append(exposures(bench, 5.0, 2))
    window = slice(*np.searchsorted(model.axis_cm1, (970, 1030)))
    axis = model.axis_cm1[window]
    bands = [counts[:, window] - counts[:, window].min() for counts in seen]
    centres = [(axis * band).sum(axis=1) / band.sum(axis=1) for band in bands]
    # 0.5 nm are 6.7 cm-1 there
    np.testing.assert_allclose(centres[0], centres[1], atol=0.3)


def test_curve_and_bands_give_the_same_light(quiet_model, polystyrene_like):
    as_curve = Sample(curve=lambda axis: natural_curve(polystyrene_like, axis), fluorescence=0.0)
    np.testing.assert_allclose(
        sample_light(quiet_model, as_curve).steady,
        sample_light(quiet_model, polystyrene_like).steady,
    )


def test_power_scales_the_signal(on_bench):
    heights = []
    for percent in (100.0, 25.0):
        analyser, _bench, _timing = on_bench()
        analyser.configure(Settings(1000.0, 4, percent))
        analyser.dark()
        frame = analyser.acquire()
        heights.append((frame.counts - frame.dark).max())
    assert heights[0] / heights[1] == pytest.approx(4.0, rel=0.03)


def test_laser_waits_its_warning_time(quiet_model):
    model = dataclasses.replace(quiet_model, laser_delay_s=1.0)
    bench = Bench(model, FLAT, seed=1)
    assert bench.laser_state() is LaserState.OFF
    bench.laser(on=True)
    bench.advance_to(0.5)
    assert bench.laser_state() is LaserState.REQUESTED
    assert bench.light_dose_s == 0.0
    bench.advance_to(1.0)
    assert bench.laser_state() is LaserState.FIRING
    bench.laser(on=False)
    assert bench.laser_state() is LaserState.OFF


@pytest.mark.parametrize(
    "fields",
    [
        {"bands": [[1000.0, 1.0]]},
        {"bands": [[1000.0, 1.0, 0.1]]},
        {"bands": [[1000.0, -1.0, 8.0]]},
        {"bands": [[np.nan, 1.0, 8.0]]},
        {"bands": "none"},
        {"bands": [[1000.0, 1.0, 8.0]], "curve": np.ones_like},
        {"strength": -1.0},
        {"strength": np.inf},
        {"fluorescence": np.nan},
        {"bleaching_time_s": 0.0},
        {"glass": 1e9},
    ],
)
def test_impossible_samples_are_refused(fields):
    with pytest.raises(SampleError) as caught:
        Sample(**fields)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("curve", "says"),
    [
        (lambda axis: axis[:-1], "finite over the axis"),
        (lambda axis: np.full_like(axis, np.nan), "finite"),
        (lambda axis: axis - 1000.0, "negative"),
        (lambda _axis: "flat", "numbers"),
    ],
)
def test_impossible_curves_are_refused(curve, says):
    with pytest.raises(SampleError, match=says):
        open_analyser("emulated-785", sample=Sample(curve=curve))


def test_an_empty_sample_shows_nothing_but_noise(on_bench):
    analyser, _bench, _timing = on_bench(sample=Sample(fluorescence=0.0))
    analyser.dark()
    frame = analyser.acquire()
    assert abs((frame.counts - frame.dark).mean()) < 0.5


def test_registry_refuses_what_it_does_not_know():
    with pytest.raises(UnknownFamilyError, match="emulated-785"):
        open_analyser("tricorder", sample=Sample())
    with pytest.raises(SampleError, match="nothing to measure"):
        open_analyser("emulated-785")
    for seed in (-1, 2**63, 1.5, True):
        with pytest.raises(SettingsError, match="seed"):
            open_analyser("emulated-785", sample=Sample(), seed=seed)


def test_registry_rows_are_different_and_benches_are_marked():
    assert len({row.name for row in FAMILIES}) == len(FAMILIES)
    for row in FAMILIES:
        assert family(row.name) is row
        if row.bench is not None:
            assert "emulated" in row.name
            assert "Emulated" in row.title
            assert "emulated" in row.bench.detector
