"""Calibrations at a station are in its ledger: last lines taken away are told, and come back."""

from __future__ import annotations

import importlib.util
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import resources
from spectra_app.errors import JournalError
from spectra_app.records.calibration import CalibrationRecord, MeasuredWith
from spectra_app.records.kinds.calibration import KeptCalibration
from spectra_app.services import audit, users
from spectra_app.services.backups import make_backup, restore
from spectra_app.services.calibrations import (
    CalibrationPolicy,
    Calibrations,
    load_calibration_policy,
)

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody


def record(minute, *, passed=True, measured="0" * 64, serial="X1"):
    """Return the record of a daily check."""
    return CalibrationRecord(
        kind="check", serial=serial, model="M", time=f"2026-11-22T08:{minute:02}:00+00:00",
        expires="2026-11-23T08:00:00+00:00", operator="A. Technician", program="1", policy="1",
        policy_sha256="0" * 64, passed=passed, reasons=() if passed else ("off by 3 cm-1",),
        measured=(MeasuredWith("polystyrene", "a scan", measured),), lines=(),
        result={"judged": True, "offset_cm1": 0.1, "axis_record": None},
        axis={"laser_nm": 785.0},
    )  # fmt: skip


@pytest.fixture
def policy() -> CalibrationPolicy:
    return load_calibration_policy()


@pytest.fixture
def kept(office, logged_in, policy):  # noqa: ARG001  a station that was set up
    """Return the calibrations of the station, with a passed check and then one that failed."""
    found = Calibrations(office.folder / "calibration", policy)
    scan = office.evidence.put(b"a scan", kind="raw frame", name="s", clock=office.clock).sha256
    found.add(record(1, measured=scan))
    found.add(record(2, passed=False))
    return found


@pytest.fixture
def both(office, kept):
    """Return a function that gives what both verifiers say of ledger, evidence, calibrations."""
    path = resources.path("verifier/verify_ledger.py")
    spec = importlib.util.spec_from_file_location("verify_ledger_calibrations", path)
    expert = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(expert)
    key = Ed25519PublicKey.from_public_bytes(office.ledger.key.public)

    def look():
        ledger, evidence = office.ledger.folder, office.evidence.folder
        ours = audit.verify_folder(ledger, evidence=evidence, calibrations=kept.folder)
        _, theirs = expert.check(ledger, key, (), evidence, kept.folder)
        own = [(one.code, one.where) for one in ours.result.findings]
        assert own == [(code, place) for code, place, _ in theirs]
        return own

    return look


def file_of(kept):
    (path,) = kept.folder.glob("*.jsonl")
    return path


def test_every_calibration_is_entered_with_what_it_rests_on(office, kept, both):
    first, second = (one.record for one in office.ledger.find(KeptCalibration))
    assert (first.line, first.passed, second.line, second.passed) == (1, True, 2, False)
    assert (first.record, second.record) == tuple(one.sha256 for one in kept.records("X1"))
    assert first.evidence[1:] == tuple(
        one.sha256 for one in kept.records("X1")[0].measured
    )  # the scan is kept as long as this
    assert second.evidence == (second.sha256,)
    lines = file_of(kept).read_bytes().splitlines()
    assert [office.evidence.get(one.sha256) for one in (first, second)] == lines
    assert [one.act for one in office.ledger.entries()].count("calibration recorded") == 2
    assert both() == []


def test_a_last_line_that_was_taken_away_is_told(kept, both):
    path, now = file_of(kept), "2026-11-22T09:00:00+00:00"
    assert kept.standing("X1", now).state == "failed"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    assert kept.standing("X1", now).state == "ok"  # by the file alone nobody can tell
    assert both() == [("calibration_missing", f"calibration {path.name}, line 2")]
    with pytest.raises(JournalError, match="a calibration is missing"):
        kept.add(record(3))
    path.unlink()
    assert [code for code, _ in both()] == ["calibration_missing"] * 2


def test_the_stations_own_ledger_is_looked_at_with_its_calibrations(
    kept, spectra, office, used_home
):
    for name in ("station", "evidence", "calibration"):
        shutil.copytree(office.folder / name, used_home / name, dirs_exist_ok=True)
    assert spectra("audit", "verify")[0] == 0
    (used_home / "calibration" / file_of(kept).name).unlink()
    code, out, _ = spectra("audit", "verify")
    assert code == 4
    assert "line 2: it was written and is not there as it was (calibration_missing)" in out


def test_what_was_not_entered_is_entered_with_the_next(office, kept, both, policy):
    """Ended between file and ledger, or calibrated before the station was set up."""
    elsewhere = Calibrations(office.folder / "elsewhere", policy)
    elsewhere.add(record(1, serial="X2"))
    shutil.copy(file_of(elsewhere), kept.folder)
    kept.add(record(2, serial="X2"))
    there = office.ledger.find(KeptCalibration, file="X2.jsonl") or office.ledger.find(
        KeptCalibration, file=file_of(elsewhere).name
    )
    assert [one.record.line for one in there] == [1, 2]
    assert both() == []


def test_without_a_station_nothing_is_made(tmp_path, policy):
    alone = Calibrations(tmp_path / "calibration", policy)
    alone.add(record(1))
    assert [path.name for path in tmp_path.iterdir()] == ["calibration"]


def test_a_restored_station_has_its_calibrations(office, logged_in, kept, tmp_path):
    make_backup(office, logged_in["supervisor"], tmp_path / "backup", with_key=True)
    restore(
        tmp_path / "backup", tmp_path / "new",
        lambda opened: users.log_in(opened, "supervisor", PASSWORD),
        clock=office.clock, passwords=office.passwords,
    )  # fmt: skip
    again = Calibrations(tmp_path / "new" / "calibration", kept.policy)
    assert again.records("X1") == kept.records("X1")
    assert file_of(again).read_bytes() == file_of(kept).read_bytes()
    checked = audit.verify_folder(tmp_path / "new" / "station", calibrations=again.folder)
    assert checked.holds
