"""A scan of polystyrene that is too weak or saturated says nothing of the axis, either way."""

import dataclasses

import pytest

from devices.acquisition.course import Kept
from devices.acquisition.plan import fixed_plan
from devices.acquisition.runner import run
from devices.interface import Settings
from devices.registry import open_analyser
from devices.timing import SteppedTime
from spectra_app.services.calibration import Circumstances, check_axis, scan_of_frame
from spectra_app.services.calibrations import Calibrations
from spectra_app.services.checking import polystyrene_sample
from spectra_app.services.scanning import emulated_sample

WEAK, GOOD, FULL = 30.0, 400.0, 30_000.0  # ms
NOW = Circumstances("2026-11-22T10:00:00Z")
LATER = Circumstances("2026-11-22T10:05:00Z")


@pytest.fixture
def checked(tmp_path):
    """Check an emulated analyser with a scan of so many ms; `moved` nm make its axis wrong."""
    kept = Calibrations(tmp_path / "records")

    def check(milliseconds, how=NOW, *, moved=0.0, sample=None):
        time = SteppedTime().timing()
        plan = fixed_plan(Settings(milliseconds, 1))
        with open_analyser(
            "wasatch-785", sample=sample or polystyrene_sample(), seed=3, timing=time
        ) as analyser:
            plan = dataclasses.replace(plan, retry_saturated=False)
            frame = run(analyser, plan, time, Kept()).frame
        coefficients = frame.wavelength_coefficients_nm.copy()
        coefficients[0] += moved
        frame = dataclasses.replace(frame, wavelength_coefficients_nm=coefficients)
        record = check_axis(scan_of_frame(frame, "polystyrene", "x"), kept, how)
        return record, kept.standing(record.serial, LATER.time), kept

    return check


@pytest.mark.parametrize(("milliseconds", "why"), [(WEAK, "too weak"), (FULL, "saturated")])
def test_a_poor_scan_does_not_pass_and_claims_no_wrong_axis(checked, milliseconds, why):
    record, standing, kept = checked(milliseconds)
    assert not record.passed
    assert record.result["judged"] is False
    assert record.result["offset_cm1"] is None
    assert len(record.reasons) == 1
    assert why in record.reasons[0]
    assert kept.records(record.serial) == (record,)
    assert standing.state == "missing"
    assert why in standing.words
    assert "failed" not in standing.words


@pytest.mark.parametrize("milliseconds", [WEAK, FULL])
def test_a_poor_scan_leaves_the_last_judgement_in_force(checked, milliseconds):
    assert checked(GOOD)[1].state == "ok"
    assert checked(milliseconds, LATER)[1].state == "ok"


def test_a_poor_scan_does_not_lift_a_failure(checked):
    assert checked(GOOD, moved=0.4)[1].state == "failed"
    assert checked(WEAK, LATER)[1].state == "failed"


def test_lines_that_are_off_are_a_failure_in_a_saturated_scan_too(checked):
    record, standing, _ = checked(5000.0, moved=0.2)
    assert "saturated" in {line["use"] for line in record.lines}
    assert record.result["judged"] is True
    assert standing.state == "failed"


def test_another_sample_is_a_failure_and_not_a_poor_scan(checked):
    record, standing, _ = checked(1000.0, sample=emulated_sample("caffeine"))
    assert "does not look like polystyrene" in record.reasons[0]
    assert standing.state == "failed"
