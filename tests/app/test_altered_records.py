"""Records that were changed in the database behind the program's back are believed nowhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from spectra_app.cli.main import INTEGRITY_CODES
from spectra_app.errors import AlteredError
from spectra_app.records.access import User
from spectra_app.records.kinds import Note, Scan
from spectra_app.records.ledger.store import DATABASE, Ledger
from spectra_app.services import users
from spectra_app.services.bundles.exporting import export_case
from spectra_app.services.case_reports import preview_report
from spectra_app.services.cases import papers
from spectra_app.services.cases.listing import show_case
from spectra_app.services.incident import incident_sheet
from spectra_app.services.replay import replay
from spectra_app.services.report_facts import Wanted
from spectra_app.services.station_statistics.rates import station_rates
from spectra_app.services.station_statistics.scan_table import export_scans
from spectra_app.services.station_statistics.seizures import yearly_seizures

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody


@pytest.fixture
def sql(office):
    """Return what changes the database in another way, past every trigger."""

    def run(*statements):
        with closing(sqlite3.connect(office.ledger.folder / DATABASE)) as other, other:
            triggers = other.execute(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
            ).fetchall()
            for name, _ in triggers:
                other.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                assert other.execute(statement).rowcount > 0
            for _, text in triggers:
                other.execute(text)

    return run


@pytest.fixture
def again(office, quick_passwords):
    """Return what opens the office's ledger anew, as another run of the program does."""
    del quick_passwords
    return lambda: Ledger(office.ledger.folder, office.ledger.key, office.clock)


ROLE = """UPDATE revisions SET body = replace(body, '"officer"', '"supervisor"')
WHERE kind = 'user' AND id = 'u2'"""
ALTERED = {
    "role": ([ROLE], "revision 2 is not what"),
    "salt": (
        ["UPDATE revisions SET salt = '00' WHERE id = 'u2' AND latest = 1"],
        "revision 2 is not what",
    ),
    "content": (
        ["UPDATE revisions SET body = NULL, salt = NULL WHERE id = 'u2'"],
        "content is gone",
    ),
    "row": (["DELETE FROM revisions WHERE id = 'u2'"], "it is gone"),
    "newest": (
        ["DELETE FROM revisions WHERE id = 'u2' AND revision = 2",
         "UPDATE revisions SET latest = 1 WHERE id = 'u2'"],
        "revision 1 is not what",
    ),
    "put back": (
        ["UPDATE revisions SET latest = 0 WHERE id = 'u2'",
         "UPDATE revisions SET latest = 1 WHERE id = 'u2' AND revision = 1"],
        "revision 1 is not what",
    ),
}  # fmt: skip


def test_somebody_who_made_himself_a_supervisor_is_let_in_nowhere(office, logged_in, sql):
    sql(ROLE)
    with pytest.raises(AlteredError, match="user u2: revision 1 is not what"):
        users.log_in(office, "officer", PASSWORD)
    with pytest.raises(AlteredError, match="restore the last backup"):
        office.require(logged_in["officer"], "case.open")
    assert AlteredError.code in INTEGRITY_CODES
    assert users.log_in(office, "supervisor", PASSWORD)


@pytest.mark.parametrize("altered", ALTERED)
def test_what_the_chain_does_not_say_is_told(office, logged_in, sql, again, altered):
    users.rename_user(office, logged_in["supervisor"], "u2", "Another")
    statements, says = ALTERED[altered]
    sql(*statements)
    for ledger in (office.ledger, again()):
        with pytest.raises(AlteredError, match=says):
            ledger.get(User, "u2")
        with pytest.raises(AlteredError):
            ledger.find(User)
        assert ledger.get(User, "u1").record.login == "supervisor"


def test_a_record_that_was_put_there_is_told(office, logged_in, sql, again):
    assert logged_in
    sql(
        """INSERT INTO revisions (kind, id, revision, latest, salt, body)
        SELECT kind, 'u9', 1, 1, salt, replace(body, 'u2', 'u9') FROM revisions WHERE id = 'u2'"""
    )
    for ledger in (office.ledger, again()):
        with pytest.raises(AlteredError, match="user u9"):
            ledger.get(User, "u9")
        with pytest.raises(AlteredError, match="tells of 3 records of kind 'user', and 4"):
            ledger.find(User)


def test_what_was_removed_by_an_act_or_rolled_back_is_no_alteration(office, logged_in, case):
    note = papers.add_note(office, logged_in["officer"], "a note", case=case)
    with pytest.raises(KeyError), office.ledger.writing("u2") as writing:  # noqa: PT012
        writing.put(Note(id="N9", case=case, text="x"), "note added")
        assert office.ledger.get(Note, "N9").record.text == "x"
        raise KeyError
    assert [one.record.id for one in office.ledger.find(Note)] == [note.id]
    with office.ledger.writing("u1") as writing:
        writing.remove_content(Note.KIND, note.id, "retention")
        assert office.ledger.find(Note) == []
    assert office.ledger.find(Note) == office.ledger.find(Note, case=case) == []
    assert office.ledger.history(Note, note.id) == [None]
    office.ledger.check_whole()


@pytest.fixture
def answered(office, logged_in, records):
    """An item that a laboratory answered; what goes out of it, by name."""
    item = records.whole(["Heroin"], ["heroin"], case=records.case())
    boss = logged_in["supervisor"]
    (scan,) = office.ledger.find(Scan)
    return {
        "case": lambda _target: show_case(office, boss, item.case),
        "report": lambda _target: preview_report(office, boss, scan.record.id, Wanted()),
        "bundle": lambda target: export_case(office, boss, item.case, target),
        "incident": lambda _target: incident_sheet(office, boss, item.case),
        "rates": lambda _target: station_rates(office, boss),
        "table": lambda _target: export_scans(office, boss),
        "year": lambda _target: yearly_seizures(office, boss, 2026),
        "replay": lambda _target: replay(office, boss),
    }


def test_an_altered_answer_or_scan_goes_out_in_nothing(answered, sql, tmp_path):
    sql("UPDATE revisions SET body = replace(body, 'eroin', 'affein') WHERE kind <> 'user'")
    for name, act in answered.items():
        with pytest.raises(AlteredError, match=r"scan S|confirmation L"):
            act(tmp_path / name)
    assert not list(tmp_path.glob("bundle*"))


def test_nothing_goes_out_when_an_entry_was_altered(office, answered, sql, again, tmp_path):
    """Who takes an entry away could hide what it told of: so the whole chain has to hold."""
    sql(
        """UPDATE audit SET line = replace(line, '"confirmation"', '"note"')
        WHERE line ->> 'kind' = 'confirmation'""",
        "DELETE FROM revisions WHERE kind = 'confirmation'",
    )
    with pytest.raises(AlteredError, match="altered at entry"):
        again().check_whole()
    object.__setattr__(office, "ledger", again())
    for name in ("bundle", "incident", "rates", "table", "year", "replay"):
        with pytest.raises(AlteredError, match="altered at entry"):
            answered[name](tmp_path / name)
