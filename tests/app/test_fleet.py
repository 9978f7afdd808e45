"""How the analysers of a station stand: rows, charts, and what was measured in doubt."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from spectra_app.errors import ForbiddenError
from spectra_app.records.bundles.kinds import ImportedRecord
from spectra_app.records.calibration import CalibrationRecord
from spectra_app.records.kinds import Scan
from spectra_app.services.calibrations import Calibrations, load_calibration_policy
from spectra_app.services.fleet import charts_of, fleet, instrument_history


@pytest.fixture
def record_at(office_clock):
    """Return what makes a record of a time so many hours before the office's clock."""

    def made(hours, *, kind="check", passed=True, serial="X1", **result):
        at = office_clock.now - timedelta(hours=hours)
        told = {"judged": True, "offset_cm1": 0.1, "axis_record": None} if kind == "check" else {}
        return CalibrationRecord(
            kind=kind, serial=serial, model="M 1", time=at.isoformat(),
            expires=(at + timedelta(hours=24)).isoformat(), operator="t", program="1", policy="1",
            policy_sha256="0" * 64, passed=passed, reasons=() if passed else ("off",), measured=(),
            lines=(), result=told | result, axis={"laser_nm": 785.0},
        )  # fmt: skip

    return made


@pytest.fixture
def kept(office):
    return Calibrations(office.folder / "calibration", load_calibration_policy())


@pytest.fixture
def measured(office):
    """Return what enters scans of an analyser, made so many hours before the office's clock."""

    def made(serial, *hours, **more):
        with office.ledger.writing("u2") as writing:
            for hour in hours:
                at = (office.clock.now - timedelta(hours=hour)).isoformat()
                values = {"source": "device", "analyser": serial, "scanned_at": at, **more}
                writing.put(Scan(id=f"S{serial}{hour}", **values), "scan added")

    return made


def rows_of(office, session):
    return {row.serial: row for row in fleet(office, session)}


def test_every_analyser_says_how_it_stands(office, logged_in, kept, record_at, measured):
    kept.add(record_at(2, serial="GOOD"))
    kept.add(record_at(22, serial="SOON"))
    kept.add(record_at(30, serial="OLD"))
    kept.add(record_at(1, serial="BAD", passed=False, offset_cm1=4.2))
    measured("NEVER", 3)
    measured("FAKE", 3, emulated=True)
    rows = rows_of(office, logged_in["supervisor"])
    assert {serial: row.state for serial, row in rows.items()} == {
        "GOOD": "ready", "SOON": "due", "OLD": "out", "BAD": "out", "NEVER": "never",
        "FAKE": "never",
    }  # fmt: skip
    assert rows["FAKE"].emulated
    assert (rows["BAD"].passed, rows["BAD"].offset_cm1) == (False, 4.2)
    assert rows["GOOD"].due_at == kept.records("GOOD")[0].expires
    with pytest.raises(ForbiddenError):
        fleet(office, logged_in["officer"])


def test_altered_records_stand_in_the_row_of_their_analyser_only(
    office, logged_in, kept, record_at
):
    kept.add(record_at(2, serial="x1"))
    kept.add(record_at(2, serial="x2"))
    path = kept.folder / "x1.jsonl"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"M 1", b"M 2"))
    rows = rows_of(office, logged_in["supervisor"])
    assert {serial: row.state for serial, row in rows.items()} == {"x1": "out", "x2": "ready"}
    assert "cannot be relied on" in rows["x1"].words


def test_what_was_measured_out_of_calibration_is_listed(
    office, logged_in, kept, record_at, measured
):
    kept.add(record_at(40))
    kept.add(record_at(10))
    kept.add(record_at(5, passed=False))
    measured("X1", 50, 30, 12, 8, 2)
    measured("X1", 13, restricted=True)
    found = instrument_history(office, logged_in["technician"], "X1")
    stood = {one.scan: one.state for one in found.doubtful}
    assert stood == {"SX150": "missing", "SX112": "expired", "SX12": "failed"}
    assert (found.scans, found.hidden) == (6, 1)


def test_charts_hold_limits_of_the_policy_and_speak_by_the_run_rules(record_at):
    values = [*[0.1, 0.2, 0.1, 0.0, 0.1] * 4, 0.9, 1.6]
    records = [
        record_at(100 - n, offset_cm1=value, worst_cm1=-2 * value, signal_per_s=1e4 + n,
                  width_cm1=7.0, laser_power="450 mW")
        for n, value in enumerate(values)
    ]  # fmt: skip
    records.append(record_at(50, kind="resolution", fwhm_cm1=16.0))
    charts = {one.quantity: one for one in charts_of(records, load_calibration_policy())}
    assert list(charts) == ["offset", "line", "resolution", "width", "signal", "power"]
    offset = charts["offset"]
    assert [one.judged for one in offset.points] == ["in"] * 20 + ["warning", "out"]
    assert 1 in offset.points[20].rules
    assert (offset.lower, offset.upper) == (-1.5, 1.5)
    assert offset.low < offset.centre < offset.high
    assert [one.judged for one in charts["line"].points][-1] == "out"
    assert charts["line"].centre is None
    assert charts["resolution"].points[0].judged == "out"
    assert charts["power"].unit == "mW"


def test_a_new_axis_begins_the_chart_of_offsets_anew(record_at):
    records = [record_at(100 - n, offset_cm1=1.2) for n in range(9)]
    records += [record_at(80, kind="axis", after_rms_cm1=0.2, raman_lines=8)]
    records += [record_at(70 - n, offset_cm1=0.0) for n in range(7)]
    offset, axis = charts_of(records, load_calibration_policy())
    assert offset.since == records[9].time
    assert offset.centre is None  # seven checks give no limits yet
    assert len(offset.points) == 16
    assert (axis.quantity, axis.upper) == ("axis", 1.0)


def test_analysers_of_bundles_are_known_as_those_of_others(office, logged_in):
    scan = Scan(id="S1", source="device", analyser="THEIRS")
    body = msgspec.json.encode(msgspec.to_builtins(scan)).decode()
    record = ImportedRecord(
        id="B1/scan/S1", bundle="B1", station="k", of_kind="scan", of_id="S1", of_revision=1,
        body=body,
    )  # fmt: skip
    with office.ledger.writing("u1") as writing:
        writing.put(record, "bundle imported")
    (row,) = fleet(office, logged_in["technician"])
    assert (row.serial, row.state) == ("THEIRS", "elsewhere")
    assert not row.checked_at
