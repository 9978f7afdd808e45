"""Calibration on real instruments: three with polystyrene and neon, three with stored axes."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from library.formats import read_file
from matching.calibration.axis import Measured, StatedAxis
from matching.calibration.check import CheckLimits, check_offsets
from matching.calibration.fit import fit_axis
from matching.calibration.lines import find_lines
from matching.calibration.resolution import resolution_of
from matching.calibration.standards import (
    ARGON,
    CALCITE,
    CYCLOHEXANE,
    NEON,
    POLYSTYRENE,
    SILICON,
    STANDARDS,
)

SETS = {
    "bwtek-532": (
        532.02,
        "PST10_iR532_Probe_100_3000msx7.txt",
        "NeonSNQ043_iR532_Probe_5msx2.txt",
        "sCAL10_iR532_Probe_100_3200msx4.txt",
        "Sil10_iR532_Probe_100_60000msx2.txt",
    ),
    "bwtek-785": (
        784.82,
        "PST02_iRPlus785_Z020_100_1300ms.txt",
        "Ne_785nm_x20_50ms.txt",
        "sCAL02_iRPlus785_Z020_100_2400ms.txt",
        "S0B02_iRPlus785_Z020_100_12000ms.txt",
    ),
    "horiba-785": (
        785.0,
        "PST10_iR785_OP01_40000msx4.txt",
        "NeonSNQ043_iR785_OP01.txt",
        "sCAL10_iR785_OP01_4000msx4.txt",
        "Sil10_iR785_OP01_6000msx4.txt",
    ),
}


@pytest.fixture(scope="module")
def scan_of(shared_data):
    @cache
    def read(instrument, name):
        path = shared_data / "spectra" / "calibration" / instrument / name
        return read_file(path)[1].spectra[0].spectrum

    return read


@cache  # a spectrum is the same only when it is the same object
def fitted(spectrum, standard, laser_nm):
    lines = find_lines(spectrum.intensity)
    return fit_axis(StatedAxis(spectrum.raman_shift_cm1, laser_nm), [Measured(standard, lines)])


@pytest.mark.parametrize("instrument", SETS)
def test_polystyrene_of_three_instruments(scan_of, instrument):
    laser, polystyrene, *_ = SETS[instrument]
    fit = fitted(scan_of(instrument, polystyrene), POLYSTYRENE, laser)
    assert fit.refusals == ()
    assert fit.after_rms_cm1 < 1.0
    assert fit.after_rms_cm1 < fit.before_rms_cm1
    assert abs(fit.correction.laser_error_cm1) < 2.0
    assert sum(row.use == "used" for row in fit.lines) >= 8


@pytest.mark.parametrize("instrument", SETS)
def test_neon_gives_the_dispersion_to_half_a_wavenumber(scan_of, instrument):
    laser, _, neon, *_ = SETS[instrument]
    fit = fitted(scan_of(instrument, neon), NEON, laser)
    assert fit.refusals == ()
    assert fit.after_rms_cm1 < 0.5
    assert sum(row.use == "used" for row in fit.lines) >= 15


@pytest.mark.parametrize("instrument", ["bwtek-532", "bwtek-785"])
def test_vendors_state_wavelengths_in_air(scan_of, instrument):
    """Air or vacuum is 0.15 to 0.25 nm: the stated axes agree with the lamp in air."""
    laser, _, neon, *_ = SETS[instrument]
    spectrum = scan_of(instrument, neon)
    lines = find_lines(spectrum.intensity)
    offsets = {}
    for medium in ("air", "vacuum"):
        axis = StatedAxis(spectrum.raman_shift_cm1, laser, medium=medium)
        offsets[medium] = fit_axis(axis, [Measured(NEON, lines)]).correction.dispersion_nm[0]
    assert abs(offsets["air"]) < 0.06
    assert abs(offsets["vacuum"]) > 0.1


def left_over(spectrum, standard, strongest, laser, correction):
    row = next(r for r in fitted(spectrum, standard, laser).lines if r.expected == strongest)
    axis = StatedAxis(spectrum.raman_shift_cm1, laser)
    return float(correction.shifts(axis, [row.pixel])[0]) - strongest


@pytest.mark.parametrize("instrument", SETS)
def test_calcite_agrees_with_polystyrene_and_silicon_with_calcite(scan_of, instrument):
    """Each on the axis from the other; months apart, so that only 1 cm-1 can be asked."""
    laser, polystyrene, _, calcite, silicon = SETS[instrument]
    first = fitted(scan_of(instrument, polystyrene), POLYSTYRENE, laser)
    second = fitted(scan_of(instrument, calcite), CALCITE, laser)
    assert first.holds
    assert second.holds
    assert second.after_rms_cm1 < 0.6
    strongest = scan_of(instrument, calcite)
    assert abs(left_over(strongest, CALCITE, 1085.91, laser, first.correction)) < 1.0
    assert (
        abs(left_over(scan_of(instrument, silicon), SILICON, 520.45, laser, second.correction))
        < 1.0
    )


def test_polystyrene_is_read_in_one_way_however_long_the_axis(scan_of):
    """The neon scan shows the whole axis that the polystyrene scan was cut from."""
    long = scan_of("bwtek-785", SETS["bwtek-785"][2]).raman_shift_cm1
    neon = scan_of("bwtek-785", SETS["bwtek-785"][2]).intensity
    short = scan_of("bwtek-785", SETS["bwtek-785"][1])
    first = int(np.argmin(np.abs(long - short.raman_shift_cm1[0])))
    scans = [
        Measured(NEON, find_lines(neon)),
        Measured(POLYSTYRENE, find_lines(short.intensity), first_point=first),
    ]
    fit = fit_axis(StatedAxis(long, 784.82), scans)
    assert fit.refusals == ()
    assert fit.after_rms_cm1 < 0.6
    assert abs(fit.correction.laser_error_cm1) < 1.5


@pytest.mark.parametrize(
    ("instrument", "narrowest", "widest"),
    [("bwtek-532", 4.5, 7.5), ("bwtek-785", 3.0, 6.0), ("horiba-785", 9.0, 14.0)],
)
def test_resolution_from_calcite(scan_of, instrument, narrowest, widest):
    laser, _, _, calcite, _ = SETS[instrument]
    found = resolution_of(fitted(scan_of(instrument, calcite), CALCITE, laser).lines)
    assert narrowest < found.fwhm_cm1 < widest
    assert found.fwhm_cm1 < 15.0


@pytest.fixture(scope="module")
def unit(shared_data):
    """Return a function giving stated axis, lines and memory of a real unit."""

    def read(serial, what, milliseconds):
        path = shared_data / "devices" / serial / "eeprom" / f"{serial}-mock.json"
        content = json.loads(path.read_text("utf-8"))
        memory, scans = content["EEPROM"], content["measurements"]
        nm = np.polynomial.polynomial.polyval(np.arange(1024.0), memory["WavecalCoeffs"])
        laser = memory["ExcitationWavelengthNM"]
        stated = StatedAxis(1e7 / laser - 1e7 / nm, laser)
        dark = np.array(scans["Dark"][milliseconds])
        counts = np.array(scans[what][milliseconds])
        return stated, find_lines(counts - dark, saturation_counts=65535.0), memory

    return read


@pytest.mark.parametrize("milliseconds", ["25", "100"])
def test_a_stored_axis_that_is_4_off_is_caught(unit, milliseconds):
    stated, lines, _ = unit("WP-00887", "Cyclohexane", milliseconds)
    fit = fit_axis(stated, [Measured(CYCLOHEXANE, lines)])
    check = check_offsets(fit.lines, CheckLimits())
    assert not check.passed
    assert check.offset_cm1 == pytest.approx(-4.2, abs=0.3)
    assert fit.holds
    assert fit.after_rms_cm1 < 0.5


@pytest.mark.parametrize("serial", ["WP-00904", "WP-00913"])
def test_stored_axes_that_are_good_pass(unit, serial):
    stated, lines, _ = unit(serial, "Cyclohexane", "100")
    fit = fit_axis(stated, [Measured(CYCLOHEXANE, lines)])
    check = check_offsets(fit.lines, CheckLimits())
    assert check.passed
    assert fit.after_rms_cm1 < 1.0


def test_a_mislabelled_record_is_no_standard(unit):
    """What is said to be 4-acetamidophenol there is something else."""
    stated, lines, _ = unit("WP-00913", "Acetaminophen", "100")
    fit = fit_axis(stated, [Measured(STANDARDS["4-acetamidophenol"], lines)])
    assert fit.unlike
    assert not fit.holds


@pytest.mark.parametrize(
    ("material", "standard"),
    [
        ("benzyl-alcohol", "polystyrene"),
        ("toluene", "polystyrene"),
        ("k2hpo4", "polystyrene"),
        ("k2hpo4", "cyclohexane"),
        ("melamine", "cyclohexane"),
        ("glycerol", "naphthalene"),
        ("toluene", "toluene/acetonitrile 50/50"),
    ],
)
def test_a_few_lines_that_agree_make_no_standard(shared_data, material, standard):
    path = shared_data / "spectra" / "reference-785xs" / f"{material}.csv"
    fit = fitted(read_file(path)[1].spectra[0].spectrum, STANDARDS[standard], 785.0)
    assert fit.unlike


@pytest.mark.parametrize("folder", ["reference-785xs", "queries-785x"])
@pytest.mark.parametrize(
    ("material", "standard"),
    [
        ("polystyrene", "polystyrene"),
        ("cyclohexane", "cyclohexane"),
        ("acetaminophen", "4-acetamidophenol"),
        ("calcium-carbonate", "calcite"),
    ],
)
def test_the_standards_themselves_on_two_more_instruments(shared_data, folder, material, standard):
    path = shared_data / "spectra" / folder / f"{material}.csv"
    fit = fitted(read_file(path)[1].spectra[0].spectrum, STANDARDS[standard], 785.0)
    assert fit.refusals == ()
    assert fit.after_rms_cm1 < 1.0


def test_the_fault_of_that_unit_is_its_laser_line_not_its_dispersion(unit):
    stated, lamp, _ = unit("WP-00887", "Ar", "37")
    _, cyclohexane, _ = unit("WP-00887", "Cyclohexane", "100")
    alone = fit_axis(stated, [Measured(ARGON, lamp)])
    assert alone.holds
    assert alone.before_rms_cm1 < 0.7  # the lamp finds the stored dispersion good
    both = fit_axis(stated, [Measured(ARGON, lamp), Measured(CYCLOHEXANE, cyclohexane)])
    assert both.holds
    assert both.correction.laser_error_cm1 == pytest.approx(3.5, abs=1.0)
    assert both.after_rms_cm1 < 0.8


@pytest.mark.parametrize(
    ("serial", "lamp", "milliseconds"),
    [("WP-00887", "Ar", "37"), ("WP-00904", "Hg", "28"), ("WP-00913", "Ar", "44")],
)
def test_resolution_from_the_lamp_is_what_the_maker_states(unit, serial, lamp, milliseconds):
    stated, lines, memory = unit(serial, lamp, milliseconds)
    found = resolution_of(fit_axis(stated, [Measured(ARGON, lines)]).lines)
    assert found.fwhm_cm1 == pytest.approx(memory["AvgResolution"], rel=0.12)
