"""Results are computed again from the raw evidence: the same bytes, or what is in the way, said."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

from spectra_app.errors import ForbiddenError, RecordError
from spectra_app.services import environment as surroundings
from spectra_app.services import replay as replaying
from spectra_app.services.agreement import State, close
from spectra_app.services.cases import items, opening, scans
from spectra_app.services.cases.items import Description
from spectra_app.services.cases.scans import Taken
from spectra_app.services.control import control_setup
from spectra_app.services.demo import without_waiting
from spectra_app.services.engine import Engine
from spectra_app.services.hazards import Hazard
from spectra_app.services.identify import Choice, identify_file
from spectra_app.services.limits import with_limits
from spectra_app.services.policies import load_policy
from spectra_app.services.replay import replay
from spectra_app.services.scanning import scan_emulated
from spectra_app.services.session import open_identifier


@pytest.fixture
def identifier(office, used_home, tmp_path):  # noqa: ARG001  holds the starter library
    """Return the starter library and the policy in force, over the evidence of the office."""
    return open_identifier(
        None, evidence=office.evidence.folder, calibrations=tmp_path / "calibration"
    )


@pytest.fixture
def small(office, used_home, small_library, tmp_path):  # noqa: ARG001  a data folder of its own
    """Return the small library, which the station has not installed."""
    return open_identifier(
        small_library, evidence=office.evidence.folder, calibrations=tmp_path / "calibration"
    )


@pytest.fixture
def officer(logged_in):
    return logged_in["officer"]


@pytest.fixture
def take(office, officer, small, tmp_path):
    """Return a function that takes in the scans of a file that holds some text."""

    def taken(text, choice=None, *, watching=False):
        path = tmp_path / "scan.csv"
        path.write_text(text, encoding="utf-8")
        with_it = replace(small, control=control_setup()) if watching else small
        return [scan for scan, _ in scans.scan_file(office, officer, path, with_it, choice)]

    return taken


@pytest.fixture
def file_scan(take, scan_text):
    """Return a scan of a file, taken in."""
    (scan,) = take(scan_text("urea", seed=3), Choice(column="raw-dark", top=3))
    return scan


@pytest.fixture
def device_scan(office, officer, identifier, office_clock):
    """Return an emulated scan, taken in."""
    found = scan_emulated("caffeine", identifier, timing=without_waiting(office_clock)).found
    taken = Taken(source="device", evidence=(found.record.sha256,))
    return scans.add_scan(office, officer, found, taken, library=identifier.engine.library)


@pytest.fixture
def again(office, officer, file_scan, small_library):
    """Return a function that replays a scan, by default that of a file."""

    def replayed(scan=file_scan):
        return only(replay(office, officer, scan.id, libraries=[small_library]))

    return replayed


def only(done):
    (one,) = done.results
    return one


def change(office, scan, **values):
    """Change a scan's record, as nobody who goes through the program could."""
    stored = office.ledger.get(type(scan), scan.id)
    changed = msgspec.structs.replace(stored.record, **values)
    with office.ledger.writing("u1") as writing:
        writing.put(changed, "changed by a test", after=stored.revision)


def damage(office, sha256):
    path = office.evidence.path_of(sha256)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))


def test_a_file_scan_gives_the_same_bytes(office, officer, file_scan, small_library):
    assert file_scan.outcome == "match"
    one = only(replay(office, officer, file_scan.id, libraries=[small_library]))
    assert (one.state, one.compared, one.environment) == (State.SAME_BYTES, "bytes", ())


def test_an_emulated_scan_gives_the_same_bytes(office, officer, device_scan):
    assert device_scan.names
    assert only(replay(office, officer, device_scan.id)).state is State.SAME_BYTES


def test_what_was_asked_of_a_session_and_of_a_refused_file_is_found_again(
    office, officer, take, session_text, small_library
):
    taken = [*take(session_text(["urea", "lactose", "urea"])), *take("no spectrum\n")]
    assert [scan.spectrum for scan in taken] == ["urea#1", "lactose", "urea#2", ""]
    assert taken[-1].outcome == "refused"
    done = replay(office, officer, libraries=[small_library])
    assert [(one.scan, one.state) for one in done.results] == [
        (scan.id, State.SAME_BYTES) for scan in taken
    ]


def test_what_is_installed_or_watched_since_changes_nothing(
    office, officer, file_scan, small_library, used_home
):
    """The control lists asked, the date, watch list and profiles are those of then."""
    (used_home / "station.json").write_text('{"jurisdictions": ["UN 1988"]}', encoding="utf-8")
    (used_home / "watch-list.csv").write_text(
        "name,reason,who,alarm,from\nurea,seen often,station,hazard,2020-01-01\n",
        encoding="utf-8",
    )
    assert (
        only(replay(office, officer, file_scan.id, libraries=[small_library])).state
        is State.SAME_BYTES
    )


def test_a_watch_list_is_kept_and_stays_at_the_station(office, again, take, scan_text, used_home):
    (used_home / "watch-list.csv").write_text(
        "name,reason,who,alarm,from\nurea,seen often,station,hazard,2020-01-01\n", encoding="utf-8"
    )
    (scan,) = take(scan_text("urea", seed=4), watching=True)
    assert scan.alarm == "hazard"
    (used_home / "watch-list.csv").unlink()
    assert again(scan).state is State.SAME_BYTES
    kept = [one for one in office.evidence.received().receipts if one.kind == "watch list"]
    assert [one.sha256 in scan.made_with for one in kept] == [False]
    office.evidence.path_of(kept[0].sha256).unlink()
    assert again(scan).state is State.IMPOSSIBLE


def test_the_axis_is_calibrated_as_it_was_then(office, officer, identifier, device_scan):
    """A record that is gone, or another one since, is of no account: the scan keeps its own."""
    (serial,) = identifier.calibrations.serials()
    for path in identifier.calibrations.folder.glob("*.jsonl"):
        path.unlink()
    assert identifier.calibrations.standing(serial, "2026-11-22T12:00:00Z").state == "missing"
    assert only(replay(office, officer, device_scan.id)).state is State.SAME_BYTES


def test_worked_out_limits_are_worked_out_again(office, officer, small, small_library, tmp_path):
    few = json.loads(small.engine.policy.raw)
    few["limits"] |= {"least_share": 0.45}
    (tmp_path / "policy.json").write_text(json.dumps(few), encoding="utf-8")
    engine = Engine(small.engine.library, load_policy(tmp_path / "policy.json"))
    rows = list(engine.library.records_in_force())
    hazards = tuple(Hazard(one.name, one.entry, row, measured=True) for row, one in rows[:2])
    watching = replace(small, hazards=hazards, engine=engine)
    (found,) = identify_file(small_library.parent / "urea.csv", watching)
    worked = with_limits(found, replace(watching, hazards=hazards[:1]))
    assert [one.reason for one in worked.record.cannot_exclude][1] == "not_computed"
    assert worked.record.cannot_exclude[0].reason != "not_computed"
    scan = scans.add_scan(office, officer, worked)
    one = only(replay(office, officer, scan.id, libraries=[small_library]))
    assert one.state is State.SAME_BYTES


def test_all_of_a_case_and_all_there_is(office, officer, take, scan_text, small_library):
    taken = [*take(scan_text("urea")), *take(scan_text("lactose"))]
    case = opening.open_new_case(office, officer, "Parcel").id
    item = items.add_item(office, officer, case, Description("white powder")).id
    scans.file_scan(office, officer, taken[0].id, item)
    done = replay(office, officer, libraries=[small_library])
    assert [one.scan for one in done.results] == [scan.id for scan in taken]
    assert not done.all_seen  # the officer is not cleared
    entry = office.ledger.entries()[-1]
    assert (entry.act, entry.details["same_bytes"]) == ("results replayed", 2)
    of_case = only(replay(office, officer, case, libraries=[small_library]))
    assert of_case.scan == taken[0].id
    with pytest.raises(RecordError):
        replay(office, officer, "no such number")


def test_a_hidden_scan_is_not_replayed_for_who_may_not_see_it(office, officer, file_scan):
    change(office, file_scan, restricted=True)
    assert replay(office, officer).results == ()
    with pytest.raises(RecordError):
        replay(office, officer, file_scan.id)
    with pytest.raises(ForbiddenError):
        replay(office, None, file_scan.id)


# --- What is in the way --------------------------------------------------------------------------


def test_a_library_that_is_gone_is_said(office, officer, file_scan):
    one = only(replay(office, officer, file_scan.id))
    assert one.state is State.IMPOSSIBLE
    assert file_scan.library_sha256[:16] in one.why
    assert "--library" in one.why
    assert office.ledger.entries()[-1].details["state"] == State.IMPOSSIBLE.value


def test_a_scan_from_before_this_was_kept_is_said(office, officer, file_scan):
    change(office, file_scan, made_with=())
    one = only(replay(office, officer, file_scan.id))
    assert one.state is State.IMPOSSIBLE
    assert "was not kept" in one.why


@pytest.mark.parametrize("which", ["original", "policy_sha256", "result", "made_with"])
def test_damaged_or_missing_evidence_is_found(office, again, file_scan, which):
    value = getattr(file_scan, which)
    sha256 = value if isinstance(value, str) else value[0]
    damage(office, sha256)
    one = again()
    assert one.state is State.DAMAGED
    assert sha256 in one.why
    office.evidence.path_of(sha256).unlink()
    one = again()
    assert one.state is State.DAMAGED
    assert "no evidence of this hash" in one.why


def test_another_policy_than_the_one_recorded_is_found(office, again, file_scan):
    """Bytes that fit their hash, but are not those that the scan's record names."""
    raw = office.evidence.get(file_scan.policy_sha256).replace(b'"name"', b'"name" ')
    other = office.evidence.put(raw, kind="policy", name="p", clock=office.clock).sha256
    content = json.loads(office.evidence.get(file_scan.made_with[0]))
    content["policy"] = other
    data = json.dumps(content).encode()
    put = office.evidence.put(data, kind="circumstances", name="c", clock=office.clock)
    change(office, file_scan, made_with=(put.sha256,))
    one = again()
    assert one.state is State.IMPOSSIBLE
    assert "does not fit" in one.why


def test_a_result_that_was_another_differs_and_where_is_said(office, again, file_scan):
    kept = json.loads(office.evidence.get(file_scan.result))
    kept["candidates"][1]["score"] += 1e-6
    data = json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()
    put = office.evidence.put(data, kind="identification", name="r", clock=office.clock)
    change(office, file_scan, result=put.sha256)
    one = again()
    assert (one.state, one.compared) == (State.DIFFERS, "bytes")
    assert one.difference.path == "candidates[1].score"
    assert one.difference.before != one.difference.now


def test_elsewhere_the_figures_count(office, again, file_scan, monkeypatch):
    elsewhere = {**surroundings.environment(), "blas of numpy": "another", "program": "9.9"}
    monkeypatch.setattr(replaying, "environment", lambda: elsewhere)
    assert again().state is State.SAME_BYTES
    content = json.loads(office.evidence.get(file_scan.made_with[0]))
    kept = json.loads(office.evidence.get(file_scan.result))
    kept["candidates"][0]["score"] += 1e-6  # as if rounded the other way
    kept["method"]["version"] = "0.0"
    for by, state in ((1e-10, State.SAME_FIGURES), (1e-8, State.DIFFERS)):
        exact = float(content["figures"]["candidates[0].score"])
        content["figures"]["candidates[0].score"] = repr(exact + by)
        puts = [
            office.evidence.put(json.dumps(one).encode(), kind="k", name="n", clock=office.clock)
            for one in (kept, content)
        ]
        change(office, file_scan, result=puts[0].sha256, made_with=(puts[1].sha256,))
        one = again()
        assert (one.state, one.compared) == (state, "figures within 1e-09")
        assert any("blas of numpy" in words for words in one.environment)
    assert one.difference.path == "candidates[0].score"
    kept["outcome"] = "inconclusive"
    data = json.dumps(kept).encode()
    put = office.evidence.put(data, kind="k", name="n", clock=office.clock)
    change(office, file_scan, result=put.sha256)
    assert again().difference.path == "outcome"


def test_figures_are_the_same_within_a_billionth():
    assert close("0.5", repr(0.5 + 9e-10))
    assert not close("0.5", repr(0.5 + 2e-9))
    assert close("1000.0", repr(1000.0 + 9e-7))
    assert close("nan", "nan")
    assert not close("0.5", "nan")
    assert not close("0.5", None)
