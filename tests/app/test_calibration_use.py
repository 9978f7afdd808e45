"""What identification and the command line make of calibrations."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from devices.frame import RawFrame
from matching.decision import Verdict, without_calibration
from spectra_app.services.calibrations import Calibrations, Standing
from spectra_app.services.demo import without_waiting
from spectra_app.services.identify import Origin, identify_file, identify_spectrum, utc_now
from spectra_app.services.scanning import calibrated, scan_emulated
from spectra_app.services.session import open_identifier
from spectra_app.wording import ADVICE, REASONS

CODES = ("calibration_missing", "calibration_failed", "calibration_expired")


def test_every_code_has_words():
    assert set(CODES) <= set(REASONS)
    assert "calibrate" in ADVICE


@pytest.mark.parametrize("outcome", ["match", "mixture", "lead", "class_only", "not_in_library"])
def test_nothing_is_named_or_called_unknown_without_calibration(outcome):
    verdict = Verdict(outcome, ("x",), ("handle_as_hazardous", "y"), (1,), families=("nitazene",))
    barred = without_calibration(verdict, CODES[0])
    assert barred.outcome == "inconclusive"
    assert barred.named == ()
    assert barred.families == ()
    assert barred.reasons == (CODES[0],)
    assert barred.advice[:2] == ("calibrate", "handle_as_hazardous")


def test_what_is_wrong_with_the_scan_is_still_told():
    barred = without_calibration(
        Verdict("inconclusive", ("saturated",), ("scan_shorter",)), CODES[1]
    )
    assert barred.reasons == (CODES[1], "saturated")
    assert barred.advice == ("calibrate", "scan_shorter")


@pytest.fixture
def identifier(spectra_home, small_library, tmp_path):  # noqa: ARG001  a data folder of its own
    return open_identifier(small_library, calibrations=tmp_path / "calibration")


def test_an_emulated_scan_makes_its_own_check_first(identifier):
    found = scan_emulated("caffeine", identifier, timing=without_waiting(utc_now)).found
    assert not set(CODES) & set(found.record.reasons)
    kept = identifier.calibrations
    (serial,) = kept.serials()
    first = kept.records(serial)
    assert {record.kind for record in first} == {"check"}
    assert first[-1].passed
    assert all(record.emulated for record in first)
    assert identifier.evidence.get(kept.records(serial)[0].measured[0].sha256)
    scan_emulated("caffeine", identifier, timing=without_waiting(utc_now), seed=8)
    assert kept.records(serial) == first


@pytest.mark.parametrize("state", ["missing", "failed", "expired"])
def test_a_scan_of_an_analyser_that_does_not_stand_is_blocked(
    identifier, scan_text, tmp_path, state
):
    path = tmp_path / "caffeine.csv"
    path.write_text(scan_text("caffeine"), encoding="utf-8")
    (named,) = identify_file(path, identifier)
    assert named.record.outcome == "match"
    origin = Origin("scan", "", calibration=Standing(state, "words"))
    blocked = identify_spectrum(named.query, origin, identifier, 10).record
    assert blocked.outcome == "inconclusive"
    assert blocked.components == ()
    assert blocked.reasons == (f"calibration_{state}",)
    assert blocked.candidates  # what it resembles may be looked at
    standing = identify_spectrum(
        named.query, Origin("scan", "", calibration=Standing("ok", "")), identifier, 10
    )
    assert standing.record.outcome == "match"


def test_an_imported_file_is_marked_only(identifier, scan_text, tmp_path, monkeypatch):
    path = tmp_path / "caffeine.csv"
    path.write_text(scan_text("caffeine"), encoding="utf-8")
    (before,) = identify_file(path, identifier)
    assert not set(CODES) & set(before.record.reasons)  # nothing is known of this analyser here
    failed = Standing("failed", "analyser WP-00000 failed its check", "0" * 64)
    monkeypatch.setattr(Calibrations, "standing", lambda *_: failed)
    (marked,) = identify_file(path, identifier)
    assert marked.record.outcome == before.record.outcome == "match"
    assert marked.record.reasons[-1] == "calibration_failed"
    assert "failed its check" in marked.record.assumptions[-1]


def test_an_axis_other_than_the_one_calibrated_is_a_failure(identifier, scan_text, tmp_path):
    from spectra_app.services.calibration import Circumstances, calibrate_axis, scan_of_file

    path = tmp_path / "a.csv"
    path.write_text(scan_text("caffeine"), encoding="utf-8")
    (found,) = identify_file(path, identifier)
    scan = scan_of_file(path, "polystyrene")
    record = calibrate_axis([scan], identifier.calibrations, Circumstances(utc_now()))
    assert not record.passed  # made-up caffeine is no polystyrene
    spectrum, standing = calibrated(found.query, identifier)
    assert spectrum is found.query
    assert standing.state == "missing"
    assert calibrated(found.query, replace(identifier, calibrations=None))[1] is None


def test_a_scan_says_by_which_record_its_axis_is(identifier):
    """An emulated analyser whose laser is off is calibrated, scanned, and its record cited."""
    from spectra_app.services.calibration import Circumstances, calibrate_axis, scan_of_frame

    kept = identifier.calibrations
    scan_emulated("caffeine", identifier, timing=without_waiting(utc_now))
    checked = kept.records(kept.serials()[0])[-1]
    frame = RawFrame.from_bytes(identifier.evidence.get(checked.measured[0].sha256))
    record = calibrate_axis([scan_of_frame(frame, "polystyrene")], kept, Circumstances(utc_now()))
    assert record.passed
    found = scan_emulated("caffeine", identifier, timing=without_waiting(utc_now)).found.record
    assert any(record.sha256[:16] in text for text in found.assumptions)
    assert not set(CODES) & set(found.reasons)


# --- The command line -----------------------------------------------------------------------------


@pytest.fixture
def real(shared_data):
    return shared_data / "spectra" / "calibration" / "bwtek-785"


def test_the_whole_way_on_the_command_line(spectra, real):
    polystyrene = real / "PST02_iRPlus785_Z020_100_1300ms.txt"
    on = ("--serial", "BW-785", "--operator", "A. Technician")
    code, out, err = spectra(
        "calibrate", "axis", "--with", "polystyrene", polystyrene,
        "--with", "neon", real / "Ne_785nm_x20_50ms.txt", *on,
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "PASSED" in out
    assert "laser line" in out
    code, out, _ = spectra("calibrate", "check", polystyrene, *on, "--json")
    record = json.loads(out)
    assert code == 0
    assert record["passed"]
    assert abs(record["result"]["offset_cm1"]) < 0.6
    calcite = real / "sCAL02_iRPlus785_Z020_100_2400ms.txt"
    code, out, _ = spectra("calibrate", "resolution", calcite, *on)
    assert code == 0
    assert "calcite 1085" in out
    glass = real / "NISTSRM2241_BW785_100x_25sx5.txt"
    code, out, _ = spectra("calibrate", "response", glass, "--glass", "SRM 2241", *on)
    assert code == 0
    code, out, _ = spectra("calibrate", "show", "BW-785")
    assert code == 0
    assert out.startswith("BW-785: OK")
    code, out, _ = spectra("calibrate", "show", "--json")
    assert json.loads(out)["standing"] == "ok"


def test_a_wrong_standard_fails_with_exit_code_4_and_is_kept(spectra, real):
    calcite = real / "sCAL02_iRPlus785_Z020_100_2400ms.txt"
    code, out, _ = spectra("calibrate", "check", calcite, "--serial", "BW-785")
    assert code == 4
    assert "FAILED" in out
    code, out, _ = spectra("calibrate", "show", "BW-785")
    assert code == 4
    assert "FAILED" in out


def test_refused_in_one_sentence(spectra, real, tmp_path):
    polystyrene = real / "PST02_iRPlus785_Z020_100_1300ms.txt"
    code, _, err = spectra("calibrate", "check", polystyrene)
    assert code == 3
    assert "--serial" in err
    code, _, err = spectra(
        "calibrate", "check", polystyrene, "--standard", "water", "--serial", "x"
    )
    assert code == 3
    assert "choose one of" in err
    code, _, err = spectra("calibrate", "check", tmp_path / "none.txt", "--serial", "x")
    assert code == 3
    assert err.count("\n") == 1
    assert spectra("calibrate")[0] == 2
    assert spectra("calibrate", "show") == (0, "", "")
