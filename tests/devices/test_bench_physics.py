"""Samples, lamps, packaging, pixels and flaws of the emulated bench, where they must show."""

import dataclasses

import numpy as np
import pytest

from devices.emulators.bench import Bench
from devices.emulators.bench_model import Flaws, Geometry, Truth
from devices.emulators.physics import blur, fringes, line_shape, sample_light, wavenumber_cm1
from devices.emulators.samples import (
    ARGON,
    BROWN_GLASS,
    CALCITE,
    CLEAR_BAG,
    CYCLOHEXANE,
    NEON,
    POLYSTYRENE,
    SILICON,
    SRM_2241,
    SRM_2241_RANGE_CM1,
    srm_2241_curve,
)
from devices.errors import SampleError
from devices.sample import Packaging, Sample

QE_PRO = Geometry(active=(10, 1034), dark=((4, 10), (1034, 1040)), origin=10)
USB2000_PLUS = Geometry(active=(21, 2048), dark=((6, 21),))
USB4000 = Geometry(active=(22, 3670), dark=((5, 16),))
MAYA_PRO = Geometry(active=(10, 2058), dark=((0, 4), (2064, 2068)))
FLAT = Sample(curve=np.ones_like, fluorescence=0.0)


def counts_of(model, sample, seconds=1.0, *, laser=True, seed=1, start_s=0.0):
    """Return the counts of one exposure."""
    bench = Bench(model, sample, seed)
    bench.advance_to(start_s)
    if laser:
        bench.laser(on=True)
    bench.begin(seconds)
    bench.advance_to(start_s + seconds)
    return bench.taken()[0]


def peak_near(axis, counts, at, reach):
    """Return the highest point near `at`, by a parabola through its logarithms."""
    inside = np.flatnonzero(np.abs(axis - at) < reach)
    top = inside[np.argmax(counts[inside])]
    low, mid, high = np.log(counts[top - 1 : top + 2] - counts.min() + 1.0)
    share = 0.5 * (low - high) / (low - 2.0 * mid + high)
    return float(np.interp(top + share, np.arange(axis.size), axis))


@pytest.fixture
def fine_model(quiet_model):
    """Sharp and almost without noise: for positions."""
    return dataclasses.replace(
        quiet_model,
        resolution_cm1=5.0,
        read_noise_e=2.0,
        signal_e_per_s=200_000.0,
        electrons_per_count=10.0,
    )


@pytest.fixture
def dark_free(quiet_model):
    return dataclasses.replace(quiet_model, dark_e_per_s=0.0, read_noise_e=0.0)


def shifts_of(model):
    """Return the Raman shifts of the pixels as they really are but for drift."""
    return wavenumber_cm1(model.true_laser_nm) - wavenumber_cm1(model.true_nm)


ALONE = {
    "neon": (NEON, (837.7607, 849.5359, 859.1259, 885.3867, 914.8672)),
    "argon": (ARGON, (826.4522, 840.8210, 852.1442, 866.7944, 912.2967)),
}


@pytest.mark.parametrize("lamp", ALONE)
def test_lamp_lines_are_at_their_wavelengths_and_need_no_laser(fine_model, lamp):
    sample, lines = ALONE[lamp]
    nm = fine_model.true_nm
    counts = counts_of(fine_model, sample, laser=False)
    found = [peak_near(nm, counts, line, 0.4) for line in lines]
    np.testing.assert_allclose(found, lines, atol=0.008)
    np.testing.assert_array_equal(counts, counts_of(fine_model, sample, laser=True))


STANDARDS = {
    "polystyrene": (POLYSTYRENE, (620.9, 1001.4, 1031.8, 1602.3)),
    "cyclohexane": (CYCLOHEXANE, (801.3, 1028.3, 1157.6, 1266.4, 1444.4)),
    "calcite": (CALCITE, (281.26, 711.95, 1085.91)),
    "silicon": (SILICON, (520.45,)),
}


@pytest.mark.parametrize("name", STANDARDS)
def test_standards_are_at_their_shifts(fine_model, name):
    sample, bands = STANDARDS[name]
    counts = counts_of(fine_model, sample)
    axis = shifts_of(fine_model)
    found = [peak_near(axis, counts, band, 4.0) for band in bands]
    np.testing.assert_allclose(found, bands, atol=0.35)


def test_laser_error_shifts_all_bands_alike_and_leaves_lamps(fine_model):
    # 0.16 nm at 785 nm are 2.6 cm-1
    model = dataclasses.replace(fine_model, truth=Truth(laser_error_nm=-0.16))
    axis, bands = shifts_of(fine_model), STANDARDS["polystyrene"][1]
    sound, moved = counts_of(fine_model, POLYSTYRENE), counts_of(model, POLYSTYRENE)
    shifts = [peak_near(axis, moved, b - 2.6, 4.0) - peak_near(axis, sound, b, 4.0) for b in bands]
    expected = wavenumber_cm1(model.laser_nm) - wavenumber_cm1(model.true_laser_nm)
    assert expected == pytest.approx(-2.6, abs=0.01)
    np.testing.assert_allclose(shifts, expected, atol=0.4)  # weak bands are noisy
    assert np.mean(shifts) == pytest.approx(expected, abs=0.15)
    lamp = counts_of(model, NEON, laser=False)
    nm = model.true_nm
    for line in ALONE["neon"][1]:
        assert peak_near(nm, lamp, line, 0.4) == pytest.approx(line, abs=0.008)


def test_dispersion_error_shifts_lamps_and_bands_along_the_axis(fine_model):
    error_nm = (0.05, 2e-4)
    model = dataclasses.replace(fine_model, truth=Truth(dispersion_error_nm=error_nm))
    lamp = counts_of(model, NEON, laser=False)
    stated = fine_model.true_nm  # the model without an error is what this one states
    for line in ALONE["neon"][1]:
        pixel = float(np.interp(line, model.true_nm, np.arange(model.pixels)))
        found = peak_near(stated, lamp, line - 0.05 - 2e-4 * pixel, 0.4)
        assert found == pytest.approx(line - error_nm[0] - error_nm[1] * pixel, abs=0.008)
    assert model.axis_cm1 == pytest.approx(fine_model.axis_cm1)


def test_room_moves_laser_and_axis_apart(fine_model):
    quarter_s = 21_600.0
    truth = Truth(laser_nm_per_k=0.06, axis_nm_per_k=0.01, room_swing_k=4.0)
    model = dataclasses.replace(fine_model, truth=truth)
    nm, axis = model.true_nm, shifts_of(model)
    lamp = counts_of(model, NEON, laser=False, start_s=quarter_s)
    assert peak_near(nm, lamp, 837.72, 0.4) == pytest.approx(837.7607 - 0.04, abs=0.008)
    warm = counts_of(model, POLYSTYRENE, start_s=quarter_s)
    cold = counts_of(model, POLYSTYRENE)
    # the laser moves by +0.24 nm, its lines with it; the pixels by +0.04 nm
    line_cm1 = wavenumber_cm1(785.24) - 1001.4
    line_nm = np.interp(-line_cm1, -wavenumber_cm1(nm), nm) - 0.04
    expected = wavenumber_cm1(785.0) - wavenumber_cm1(line_nm)
    assert peak_near(axis, cold, 1001.4, 4.0) == pytest.approx(1001.4, abs=0.2)
    assert peak_near(axis, warm, expected, 4.0) == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize(
    ("air_nm", "vacuum_nm"),
    [(841.71597, 841.94727), (849.53595, 849.76937), (868.19208, 868.43054)],
)
def test_wavenumbers_are_those_of_vacuum(air_nm, vacuum_nm):
    """Air and vacuum wavelengths of neon lines: Sansonetti and others, J. Res. NIST 2004."""
    assert 1e7 / wavenumber_cm1(air_nm) == pytest.approx(vacuum_nm, abs=1e-5)


def test_relative_intensity_glass_follows_its_certificate(dark_free):
    counts = counts_of(dark_free, SRM_2241, seconds=1.0, seed=4) - dark_free.offset_counts
    flat = counts_of(dark_free, FLAT, seconds=1.0, seed=5) - dark_free.offset_counts
    axis = dark_free.axis_cm1
    inside = (axis > 400) & (axis < 2200)
    ratio = (counts / flat)[inside]
    expected = srm_2241_curve(axis[inside])
    scale = np.median(ratio / expected)
    np.testing.assert_allclose(ratio, scale * expected, rtol=0.1)
    assert abs((ratio / expected / scale - 1.0).mean()) < 0.003


def test_srm_2241_goes_on_as_at_the_ends_of_its_certificate():
    low, high = SRM_2241_RANGE_CM1
    ends = srm_2241_curve(np.array([0.0, low, high, 5_000.0]))
    assert ends[0] == ends[1] > 0
    assert ends[2] == ends[3] > 0


def test_bag_adds_its_bands_and_takes_some_light(dark_free):
    model = dataclasses.replace(dark_free, resolution_cm1=8.0)
    bare, axis = Sample(bands=POLYSTYRENE.bands, fluorescence=0.0), model.axis_cm1
    bagged = dataclasses.replace(bare, packaging=CLEAR_BAG)
    one, other = (counts_of(model, sample, 1.5) - model.offset_counts for sample in (bare, bagged))
    at = {shift: int(np.argmin(abs(axis - shift))) for shift in (1001, 1295, 1250)}
    assert other[at[1001]] / one[at[1001]] == pytest.approx(CLEAR_BAG.transmission, abs=0.06)
    assert other[at[1295]] - other[at[1250]] > 4 * abs(one[at[1295]] - one[at[1250]]) + 100


def test_brown_glass_hides_most_and_shines_by_itself(dark_free):
    bare = Sample(bands=POLYSTYRENE.bands, fluorescence=0.0)
    light = {
        name: sample_light(dark_free, sample).steady
        for name, sample in {
            "bare": bare,
            "bottled": dataclasses.replace(bare, packaging=BROWN_GLASS),
            "empty": Sample(fluorescence=0.0, packaging=BROWN_GLASS),
        }.items()
    }
    np.testing.assert_allclose(
        light["bottled"] - light["empty"], BROWN_GLASS.transmission * light["bare"], atol=1e-6
    )
    assert light["empty"].max() > light["bottled"].max() / 3


@pytest.mark.parametrize(
    "fields",
    [
        {"transmission": 1.5},
        {"transmission": np.nan},
        {"strength": -1.0},
        {"bands": [[1000.0, 1.0]]},
    ],
)
def test_impossible_packaging_is_refused(fields):
    with pytest.raises(SampleError):
        Packaging(**fields)


@pytest.mark.parametrize(
    "lines", ["none", [[800.0]], [[800.0, 0.0]], [[-1.0, 1.0]], [[np.inf, 1.0]]]
)
def test_impossible_lamps_are_refused(lines):
    with pytest.raises(SampleError, match="line"):
        Sample(lines_nm=lines)


@pytest.mark.parametrize(
    ("geometry", "pixels"),
    [(QE_PRO, 1044), (USB2000_PLUS, 2048), (USB4000, 3840), (MAYA_PRO, 2304)],
)
def test_only_active_pixels_see_light_and_only_diodes_have_dark_current(
    quiet_model, geometry, pixels
):
    model = dataclasses.replace(
        quiet_model,
        pixels=pixels,
        geometry=geometry,
        wavelength_coefficients_nm=(800.0, 150.0 / pixels),
        dark_e_per_s=500.0,
    )
    electrons = (counts_of(model, FLAT, 2.0) - model.offset_counts) * model.electrons_per_count
    first, last = geometry.active
    active = np.arange(first, last)
    dark = np.concatenate([np.arange(*span) for span in geometry.dark])
    dummy = np.setdiff1d(np.arange(pixels), np.concatenate([active, dark]))
    assert electrons[active].min() > 5_000
    assert electrons[dark].mean() == pytest.approx(1_000.0, abs=60.0)
    assert abs(electrons[dummy].mean()) < 40.0
    assert set(np.flatnonzero(model.sees_light)) == set(active)


def test_qe_pro_polynomial_counts_from_its_first_active_pixel(quiet_model):
    model = dataclasses.replace(
        quiet_model,
        pixels=1044,
        geometry=QE_PRO,
        wavelength_coefficients_nm=(800.0, 0.15),
        adc_bits=18,
        full_counts=200_000.0,
    )
    assert model.true_nm[10] == pytest.approx(800.0)
    assert model.axis_cm1[10] == pytest.approx(1e7 / 785.0 - 1e7 / 800.0)
    assert model.saturation_counts == 200_000.0
    bench = Bench(model, dataclasses.replace(FLAT, strength=100.0), 1)
    bench.laser(on=True)
    bench.begin(10.0)
    bench.advance_to(10.0)
    counts, clipped = bench.taken()
    assert counts.max() == 200_000.0
    np.testing.assert_array_equal(clipped, counts == 200_000.0)
    assert clipped[10:1034].any()
    assert not clipped[:10].any()


def test_converter_is_the_limit_when_a_pixel_holds_more(quiet_model):
    assert dataclasses.replace(quiet_model, full_counts=1e6).saturation_counts == 65535.0


def test_hot_and_dead_pixels_whatever_the_memory_lists(dark_free):
    flaws = Flaws(hot_pixels=(5, 700), dead_pixels=(900,), listed_pixels=(700, 12))
    model = dataclasses.replace(dark_free, dark_e_per_s=5.0, flaws=flaws)
    dark = counts_of(model, FLAT, 5.0, laser=False)
    assert set(np.flatnonzero(dark > np.median(dark) + 1_000)) == {5, 700}
    lit = counts_of(model, FLAT, 5.0)
    assert lit[900] < 0.1 * lit[899]


def test_even_and_odd_pixels_and_the_fixed_pattern_stay(quiet_model):
    flaws = Flaws(offset_pattern_counts=20.0, even_odd_counts=30.0)
    model = dataclasses.replace(quiet_model, flaws=flaws)
    first = counts_of(model, FLAT, 0.01, laser=False)
    bench = Bench(model, FLAT, 1)
    bench.begin(0.01)
    bench.begin(0.01)
    bench.advance_to(1.0)
    second = bench.taken()[0]
    assert first[::2].mean() - first[1::2].mean() == pytest.approx(30.0, abs=4.0)
    assert np.corrcoef(first, second)[0, 1] > 0.9


def test_response_pattern_grows_with_the_light(dark_free):
    model = dataclasses.replace(dark_free, flaws=Flaws(response_pattern=0.05))
    flat = dataclasses.replace(FLAT, strength=10.0)
    even, uneven = (counts_of(m, flat, 0.1) - m.offset_counts for m in (dark_free, model))
    bright = even > 5_000
    assert (uneven / even)[bright].std() == pytest.approx(0.05, rel=0.2)


def test_etalon_fringes_have_their_period_and_grow_towards_long_wavelengths(quiet_model):
    flaws = Flaws(etalon_depth=0.3, etalon_period_cm1=90.0)
    model = dataclasses.replace(quiet_model, flaws=flaws)
    nm = 1e7 / np.arange(1e7 / 960.0, 1e7 / 790.0, 0.5)
    ripple = fringes(model, nm) - 1.0
    deep = (nm > 900) & (nm < 950)
    shallow = nm < 800
    assert np.ptp(ripple[deep]) == pytest.approx(0.6, rel=0.1)
    assert np.ptp(ripple[shallow]) < 0.15
    tops = np.flatnonzero((ripple[1:-1] > ripple[:-2]) & (ripple[1:-1] >= ripple[2:]) & deep[1:-1])
    np.testing.assert_allclose(np.diff(1e7 / nm[1:-1][tops]), 90.0, atol=1.5)
    assert (fringes(quiet_model, nm) == 1.0).all()


def test_wings_are_where_a_gaussian_has_none():
    offset = np.array([0.0, 0.5, 5.0])
    np.testing.assert_allclose(line_shape(offset, 1.0), [1.0, 0.5, 0.0], atol=1e-9)
    np.testing.assert_allclose(line_shape(offset, 1.0, 1.0), [1.0, 0.5, 1.0 / 101.0])
    curve = np.zeros(2_001)
    curve[1_000] = 1.0
    blurred = blur(curve, 9.0, wings=0.2)
    assert blurred.sum() == pytest.approx(1.0)
    above = np.flatnonzero(blurred > blurred.max() / 2)
    assert above[-1] - above[0] == 8  # the last ones inside 4.5 to both sides
    assert blurred[1_000 + 40] > 1e-3 * blurred[1_000]


@pytest.mark.parametrize("seconds", [0.2, 1.0, 4.0])
def test_photon_transfer_curve_is_a_line_of_the_gain(quiet_model, seconds):
    """Variance over mean of pairs of frames, the fixed pattern gone: 1 / gain in counts."""
    model = dataclasses.replace(quiet_model, flaws=Flaws(response_pattern=0.02))
    bench = Bench(model, FLAT, 9)
    bench.laser(on=True)
    frames = []
    for _ in range(40):
        bench.begin(seconds)
        bench.advance_to(bench.time_s + seconds)
        frames.append(bench.taken()[0])
    pairs = np.array(frames).reshape(20, 2, -1)
    mean = pairs.mean(axis=(0, 1)) - model.offset_counts
    variance = ((pairs[:, 0] - pairs[:, 1]) ** 2).mean(axis=0) / 2
    read = (model.read_noise_e / model.electrons_per_count) ** 2 + 1 / 12
    bright = mean > 1_000
    assert bright.sum() > 500
    gain = (mean[bright].mean()) / (variance[bright].mean() - read)
    assert gain == pytest.approx(model.electrons_per_count, rel=0.04)
