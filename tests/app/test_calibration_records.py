"""Calibration records: kept, chained, standing told, and nothing named on an axis in doubt."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from devices.emulators import samples
from devices.emulators.bench import Bench
from devices.emulators.bench_model import BenchModel, Truth
from devices.frame import RawFrame
from matching.calibration.axis import CalibrationError
from matching.calibration.standards import vacuum_nm
from matching.spectrum import Spectrum
from spectra_app.errors import JournalError
from spectra_app.services.calibration import (
    Circumstances,
    calibrate_axis,
    certificate_file,
    certificate_of,
    check_axis,
    measure_resolution,
    measure_response,
    scan_of_frame,
    standard_of,
)
from spectra_app.services.calibrations import Calibrations, load_calibration_policy

MODEL = BenchModel(
    model="Emulated 785",
    detector="emulated",
    laser_nm=785.0,
    wavelength_coefficients_nm=(793.0, 0.0925, -5.2e-6),
    pixels=2048,
    resolution_cm1=7.0,
    drift_nm=0.0,
    cosmic_rays_per_s=0.0,
)
NOW = "2026-11-22T08:00:00+00:00"
LATER = "2026-11-22T20:00:00+00:00"
TOMORROW = "2026-11-23T09:00:00+00:00"
ON = Circumstances(NOW, operator="A. Technician")


def counts_of(bench, *, laser, seconds):
    begun = bench.time_s
    bench.laser(laser)
    bench.advance_to(begun + 2.0)
    bench.begin(seconds)
    bench.advance_to(begun + 2.0 + seconds + 0.01)
    counts, _clipped = bench.taken()
    return counts


def frame_of(sample, model=MODEL, *, seed=1, seconds=1.0, lamp=False, serial="EMULATED-CAL"):
    counts = counts_of(Bench(model, sample, seed), laser=not lamp, seconds=seconds)
    dark = None if lamp else counts_of(Bench(model, sample, seed + 1), laser=False, seconds=seconds)
    return RawFrame(
        counts=counts,
        dark=dark,
        wavelength_coefficients_nm=np.array(model.wavelength_coefficients_nm),
        laser_nm=model.laser_nm,
        integration_time_ms=seconds * 1e3,
        averages=1,
        laser_power="100 %",
        serial=serial,
        model=model.model,
        firmware="1",
        detector=model.detector,
        temperature_c=-10.0,
        saturation_counts=model.saturation_counts,
        clock="2026-11-22T07:52:00Z",
        emulated=True,
    )


@cache
def scan_of(name, model=MODEL, **options):
    sample = getattr(samples, name.upper())
    frame = frame_of(sample, model, lamp=name in {"neon", "argon"}, **options)
    return scan_of_frame(frame, name)


def truth(model):
    laser = 1e7 / vacuum_nm(np.array([model.true_laser_nm]))[0]
    return laser - 1e7 / vacuum_nm(model.true_nm)


def moved(cm1=0.0, dispersion=()):
    laser = 1e7 / (1e7 / MODEL.laser_nm + cm1)
    return replace(MODEL, truth=Truth(laser - MODEL.laser_nm, dispersion))


@pytest.fixture
def kept(tmp_path):
    return Calibrations(tmp_path / "calibration")


# --- Must hold: drift and dispersion recovered on emulated data -----------------------------------


@pytest.mark.parametrize(
    ("drift_cm1", "dispersion_nm"),
    [
        (0.0, ()),
        (5.0, ()),
        (-7.5, (0.15,)),
        (3.0, (-0.2, 1.5e-4)),
        (-4.0, (0.25, -4e-4, 1.6e-7)),
    ],
)
def test_injected_laser_drift_and_dispersion_come_back_to_half_a_wavenumber(
    kept, drift_cm1, dispersion_nm
):
    model = moved(drift_cm1, dispersion_nm)
    scans = [scan_of("neon", model, seed=3), scan_of("polystyrene", model, seed=5)]
    record = calibrate_axis(scans, kept, ON)
    assert record.reasons == ()
    spectrum = kept.calibrated(scans[1].spectrum, "EMULATED-CAL")
    low, high = record.result["range_cm1"]
    true = truth(model)
    inside = (true > low) & (true < high)
    rms = float(np.sqrt(np.mean((spectrum.raman_shift_cm1 - true)[inside] ** 2)))
    assert rms < 0.5
    assert record.result["correction"]["laser_error_cm1"] == pytest.approx(drift_cm1, abs=0.5)


@pytest.mark.parametrize("drift_cm1", [-4.0, 2.6, 6.0])
def test_polystyrene_alone_brings_laser_drift_back(kept, drift_cm1):
    model = moved(drift_cm1)
    scan = scan_of("polystyrene", model, seed=7)
    record = calibrate_axis([scan], kept, ON)
    assert record.passed
    axis = kept.calibrated(scan.spectrum, "EMULATED-CAL").raman_shift_cm1
    low, high = record.result["range_cm1"]
    true = truth(model)
    inside = (true > low) & (true < high)
    assert float(np.sqrt(np.mean((axis - true)[inside] ** 2))) < 0.5


@pytest.mark.parametrize("drift_cm1", [2.6, -2.6])
def test_a_shift_of_2_6_fails_the_daily_gate(kept, drift_cm1):
    calibrate_axis([scan_of("neon"), scan_of("polystyrene")], kept, ON)
    good = check_axis(scan_of("polystyrene", seed=9), kept, ON)
    assert good.passed
    bad = check_axis(scan_of("polystyrene", moved(drift_cm1), seed=11), kept, ON)
    assert not bad.passed
    # found less expected: the stated laser makes a smaller wavenumber look like a larger shift
    assert bad.result["offset_cm1"] == pytest.approx(-drift_cm1, abs=0.6)
    assert kept.standing("EMULATED-CAL", NOW).state == "failed"


def test_an_error_of_4_in_the_stored_axis_is_caught_without_any_calibration(kept):
    record = check_axis(scan_of("cyclohexane", moved(4.0)), kept, ON)
    assert not record.passed
    assert abs(record.result["offset_cm1"]) == pytest.approx(4.0, abs=0.7)


# --- Records and standing -------------------------------------------------------------------------


def test_a_record_holds_everything_and_reads_back_the_same(kept):
    scan = scan_of("polystyrene")
    record = check_axis(scan, kept, ON)
    (back,) = kept.records("EMULATED-CAL")
    assert back.sha256 == record.sha256
    assert back.measured[0].sha256 == scan.sha256
    assert back.operator == "A. Technician"
    assert back.emulated is True
    assert back.policy_sha256 == load_calibration_policy().sha256
    assert {"expected_cm1", "found_cm1", "offset_cm1", "use", "passed"} <= set(back.lines[0])
    axis = calibrate_axis([scan], kept, ON)
    row = next(row for row in axis.lines if row["use"] == "used")
    assert {"expected", "found", "before_cm1", "after_cm1", "use"} <= set(row)
    assert [one.kind for one in kept.records("EMULATED-CAL")] == ["check", "axis"]


def test_standing_ok_missing_failed_expired(kept):
    serial = "EMULATED-CAL"
    assert kept.standing(serial, NOW).state == "missing"
    assert kept.standing("", NOW).state == "missing"
    check_axis(scan_of("polystyrene"), kept, ON)
    assert kept.standing(serial, LATER).state == "ok"
    assert kept.standing(serial, TOMORROW).state == "expired"
    assert "polystyrene" in kept.standing(serial, TOMORROW).words
    assert (
        kept.standing(serial, "2026-11-20T08:00:00+00:00").state == "expired"
    )  # the clock is wrong
    check_axis(scan_of("polystyrene", moved(3.5)), kept, ON)
    assert kept.standing(serial, LATER).state == "failed"
    check_axis(scan_of("polystyrene"), kept, ON)
    assert kept.standing(serial, LATER).state == "ok"


def test_a_lamp_alone_is_no_check_and_an_axis_with_a_standard_is_one(kept):
    calibrate_axis([scan_of("neon")], kept, ON)
    assert kept.standing("EMULATED-CAL", NOW).state == "missing"
    calibrate_axis([scan_of("neon"), scan_of("polystyrene")], kept, ON)
    assert kept.standing("EMULATED-CAL", NOW).state == "ok"


def test_a_check_on_the_axis_before_a_calibration_does_not_count_for_the_one_after(kept):
    check_axis(scan_of("polystyrene"), kept, ON)
    calibrate_axis([scan_of("neon")], kept, ON)
    standing = kept.standing("EMULATED-CAL", NOW)
    assert standing.state == "missing"
    assert "another axis" in standing.words
    check_axis(scan_of("polystyrene"), kept, ON)
    assert kept.standing("EMULATED-CAL", NOW).state == "ok"


def test_an_old_axis_calibration_expires_even_under_a_fresh_check(kept):
    calibrate_axis([scan_of("polystyrene")], kept, ON)
    later = "2028-01-01T08:00:00+00:00"
    check_axis(scan_of("polystyrene"), kept, replace(ON, time=later))
    assert kept.standing("EMULATED-CAL", later).state == "expired"


def test_a_refused_calibration_is_kept_and_leaves_the_axis_in_force(kept):
    first = calibrate_axis([scan_of("polystyrene")], kept, ON)
    refused = calibrate_axis([scan_of("silicon")], kept, ON)
    assert not refused.passed
    assert kept.latest("EMULATED-CAL", "axis").sha256 == first.sha256
    assert len(kept.records("EMULATED-CAL")) == 2


def test_an_altered_record_is_found(kept, tmp_path):
    check_axis(scan_of("polystyrene", moved(3.5)), kept, ON)
    (path,) = (tmp_path / "calibration").glob("*.jsonl")
    text = path.read_text("utf-8")
    assert '"passed": false' in text
    path.write_text(text.replace('"passed": false', '"passed": true'), encoding="utf-8")
    with pytest.raises(JournalError):
        kept.records("EMULATED-CAL")
    assert kept.standing("EMULATED-CAL", NOW).state == "failed"


@pytest.mark.parametrize("last", [b"x", b"", b"[" * 100_000])
def test_a_failed_check_that_cannot_be_read_any_more_is_not_passed_over(kept, last):
    check_axis(scan_of("polystyrene"), kept, ON)
    check_axis(scan_of("polystyrene", moved(6.0)), kept, ON)
    (path,) = kept.folder.glob("*.jsonl")
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + last + second[len(last) or 1 :])
    assert kept.standing("EMULATED-CAL", LATER).state == "failed"
    check_axis(scan_of("polystyrene"), kept, ON)
    assert kept.standing("EMULATED-CAL", LATER).state == "ok"


def test_serial_numbers_never_share_or_leave_the_folder(kept, tmp_path):
    for serial in ("../../etc", "wp-1", "WP-1", "WP 1", "a" * 300, "ü"):
        scan = scan_of("polystyrene")
        facts = replace(scan.spectrum.acquisition, serial=None, emulated=False)
        real = replace(scan, spectrum=replace(scan.spectrum, acquisition=facts))
        check_axis(real, kept, replace(ON, serial=serial))
        assert len(kept.records(serial)) == 1
    names = [path.name.casefold() for path in (tmp_path / "calibration").glob("*.jsonl")]
    assert len(set(names)) == 6
    assert len(kept.serials()) == 6


def test_an_emulated_scan_says_nothing_about_a_real_analyser(kept):
    with pytest.raises(CalibrationError, match="nothing about a real analyser"):
        check_axis(scan_of("polystyrene"), kept, replace(ON, serial="WP-00904"))


def test_an_axis_that_is_not_the_one_calibrated_is_refused(kept):
    calibrate_axis([scan_of("polystyrene")], kept, ON)
    other = replace(MODEL, wavelength_coefficients_nm=(793.2, 0.0925, -5.2e-6))
    with pytest.raises(CalibrationError, match="not the one calibrated"):
        kept.calibrated(scan_of("cyclohexane", other).spectrum, "EMULATED-CAL")


def test_the_corrected_axis_names_its_record_and_changes_no_intensity(kept):
    scan = scan_of("polystyrene", moved(4.0))
    record = calibrate_axis([scan], kept, ON)
    spectrum = kept.calibrated(scan.spectrum, "EMULATED-CAL")
    assert spectrum.history[-1].name == "axis calibrated"
    assert dict(spectrum.history[-1].settings)["record"] == record.sha256
    assert (spectrum.intensity == scan.spectrum.intensity).all()
    part = Spectrum(scan.spectrum.raman_shift_cm1[200:900], scan.spectrum.intensity[200:900])
    assert kept.calibrated(part, "EMULATED-CAL").raman_shift_cm1 == pytest.approx(
        spectrum.raman_shift_cm1[200:900]
    )


def test_the_chart_begins_anew_with_a_calibration_and_sees_a_jump(kept):
    serial = "EMULATED-CAL"
    for seed in range(9):
        check_axis(scan_of("polystyrene", seed=seed), kept, ON)
    check_axis(scan_of("polystyrene", moved(1.5), seed=30), kept, ON)
    chart = kept.chart(serial)
    assert chart.values.size == 10
    assert 9 in {signal.point for signal in chart.signals}
    calibrate_axis([scan_of("polystyrene")], kept, ON)
    assert kept.chart(serial) is None


# --- Resolution and response ----------------------------------------------------------------------


def test_resolution_by_calcite_is_that_of_the_bench(kept):
    record = measure_resolution(scan_of("calcite"), kept, ON)
    assert record.passed
    assert record.result["fwhm_cm1"] == pytest.approx(MODEL.resolution_cm1, rel=0.12)
    wide = replace(MODEL, resolution_cm1=18.0)
    assert not measure_resolution(scan_of("calcite", wide), kept, ON).passed


def test_response_with_a_glass(kept, tmp_path):
    frame = frame_of(samples.SRM_2241, seconds=0.5)
    scan = scan_of_frame(frame, "SRM 2241")
    record = measure_response(scan, certificate_of("SRM 2241"), kept, ON)
    assert record.passed
    assert record.result["raman_shift_cm1"][0] >= 200.0
    with pytest.raises(CalibrationError, match="certified for 532"):
        measure_response(scan, certificate_of("SRM 2242a"), kept, ON)
    own = {
        "name": "SRM 2241",
        "laser_nm": 785,
        "formula": "polynomial",
        "coefficients": [
            0.0971937,
            2.28325e-4,
            -5.86762e-8,
            2.16023e-10,
            -9.77171e-14,
            1.15596e-17,
        ],
        "range_cm1": [200, 3500],
        "certificate_id": "0815",
        "expires": "2026-01-01",
    }
    path = tmp_path / "own.json"
    path.write_text(json.dumps(own), encoding="utf-8")
    with pytest.raises(CalibrationError, match="expired"):
        measure_response(scan, certificate_file(path), kept, ON)
    path.write_text(json.dumps({**own, "expires": "2027-01-01"}), encoding="utf-8")
    assert measure_response(scan, certificate_file(path), kept, ON).passed
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(CalibrationError, match="cannot be read"):
        certificate_file(path)


def test_unknown_standards_and_glasses_are_refused():
    with pytest.raises(CalibrationError, match="choose one of"):
        standard_of("water")
    with pytest.raises(CalibrationError, match="choose one of"):
        certificate_of("SRM 1")


def test_limits_are_never_guessed(tmp_path):
    path = tmp_path / "policy.json"
    for text in ("", "{}", '{"version": "1"}', "[1]"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(CalibrationError):
            load_calibration_policy(path)
