"""`spectra audit`: the chain verified, shown to those who may see it, and its head."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from spectra_app.errors import ForbiddenError
from spectra_app.records.kinds import Scan
from spectra_app.services import audit, audit_entries


@pytest.fixture
def closed(office, logged_in):  # noqa: ARG001  the users are there
    """Return the folder of a closed ledger with users and a scan that names evidence."""
    kept = office.evidence.put(b"counts", kind="frame", name="a", clock=office.clock)
    scan = Scan(id="s1", original=kept.sha256, state="filed", case="c1", scanned_by="u2")
    with office.ledger.writing("u2") as writing:
        writing.put(scan, "scan filed")
    office.ledger.close()
    return office.ledger.folder


def change(folder, statement, trigger=""):
    with closing(sqlite3.connect(folder / "station.db")) as connection, connection:
        query = "SELECT sql FROM sqlite_schema WHERE name = ?"
        sql = connection.execute(query, (trigger,)).fetchone()
        if sql:
            connection.execute(f"DROP TRIGGER {trigger}")
        before = connection.total_changes
        connection.execute(statement)
        assert connection.total_changes > before
        if sql:
            connection.execute(*sql)


def test_a_sound_ledger_holds(spectra, closed):
    evidence = closed.parent / "evidence"
    code, out, err = spectra("audit", "verify", "--folder", closed, "--evidence", evidence)
    assert (code, err) == (0, "")
    assert "the ledger holds" in out
    assert "evidence: 1 pieces" in out
    head = spectra("audit", "head", "--folder", closed)[1].strip()
    code, out, _ = spectra("audit", "verify", "--folder", closed, "--head", head, "--json")
    told = json.loads(out)
    assert code == 0
    assert told["holds"]
    assert f"{told['head']['number']}:{told['head']['sha256']}" == head
    assert told["end"] == told["entries"] == told["head"]["number"]


def test_what_is_broken_is_named_with_exit_code_4(spectra, closed):
    change(closed, "UPDATE revisions SET body = replace(body, 'c1', 'c2') WHERE kind = 'scan'",
           "revisions_stay")  # fmt: skip
    code, out, _ = spectra("audit", "verify", "--folder", closed)
    assert code == 4
    assert "BROKEN at scan s1, revision 1" in out
    assert "DOES NOT HOLD, first at scan s1, revision 1" in out
    code, out, _ = spectra("audit", "verify", "--folder", closed, "--json")
    assert code == 4
    assert json.loads(out)["findings"][0]["code"] == "record_altered"


def test_a_head_on_paper_that_the_chain_does_not_hold(spectra, closed):
    head = spectra("audit", "head", "--folder", closed)[1].strip()
    number, sha256 = head.split(":")
    code, out, _ = spectra(
        "audit", "verify", "--folder", closed, "--head", f"{int(number) + 2}:{sha256}"
    )
    assert code == 4
    assert f"entry {int(number) + 1} to {int(number) + 2}" in out
    assert spectra("audit", "verify", "--folder", closed, "--head", "nonsense")[0] == 2


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM keys WHERE kind = 'scan' AND field = 'case'",
        "UPDATE keys SET value = 'c9' WHERE kind = 'scan' AND field = 'case'",
        "UPDATE words SET text = 'nothing'",
    ],
)
def test_a_scan_that_lists_would_not_show_is_found(spectra, closed, statement):
    change(closed, statement)
    code, out, _ = spectra("audit", "verify", "--folder", closed)
    assert code == 4
    assert "BROKEN at scan s1: lists and searches do not show it as it is (index_altered)" in out


def test_the_index_is_made_anew(office, logged_in):
    with office.ledger.writing("u2") as writing:
        writing.put(Scan(id="s1", case="c1"), "scan added")
        writing.put(Scan(id="s2", case="c1"), "scan added")
        writing.remove_content("scan", "s2", "retention over")
    change(office.ledger.folder, "DELETE FROM keys WHERE kind = 'scan'")
    change(office.ledger.folder, "INSERT INTO keys VALUES ('scan', 'case', 'c1', 's9')")
    assert office.ledger.find(Scan, case="c1") == []
    altered = audit.rebuild_index(office, logged_in["supervisor"])
    assert set(altered) == {"scan s1", "scan s9"}
    assert [one.record.id for one in office.ledger.find(Scan, case="c1")] == ["s1"]
    assert office.ledger.entries()[-1].details == {"records": 2}
    assert audit.verify_folder(office.ledger.folder).holds
    assert audit.rebuild_index(office, logged_in["supervisor"]) == ()


def test_evidence_beside_the_ledger_is_looked_at_unless_somebody_says_not(spectra, closed):
    code, out, _ = spectra("audit", "verify", "--folder", closed, "--ledger-only")
    assert code == 0
    assert "evidence: NOT LOOKED AT" in out
    assert "whether the evidence is there was not asked" in out
    assert "the key is the folder's own" in out
    shutil.rmtree(closed.parent / "evidence")
    (closed.parent / "evidence").mkdir()
    code, out, _ = spectra("audit", "verify", "--folder", closed)
    assert code == 4
    assert "evidence_missing" in out
    key = closed / "keys" / "station.pub"
    out = spectra("audit", "verify", "--folder", closed, "--key", key)[1]
    assert "the folder's own" not in out


def test_lost_evidence_is_named(spectra, closed, tmp_path):
    code, out, _ = spectra("audit", "verify", "--folder", closed, "--evidence", tmp_path / "none")
    assert code == 4
    assert "evidence_missing" in out


def test_without_a_ledger_or_a_key_it_says_so(spectra, closed, tmp_path):
    code, _, err = spectra("audit", "verify", "--folder", tmp_path)
    assert code == 3
    assert "public key cannot be read" in err
    key = closed / "keys" / "station.pub"
    code, _, err = spectra("audit", "verify", "--folder", tmp_path, "--key", key)
    assert code == 3
    assert "there is no ledger" in err
    assert spectra("audit", "head", "--folder", tmp_path)[0] == 3


def test_entries_are_filtered(office, logged_in):
    boss = logged_in["supervisor"]

    def acts(**asked):
        return [
            entry.act for entry in audit_entries.show(office, boss, audit_entries.Asked(**asked))
        ]

    everything = acts()
    assert len(everything) == office.ledger.head().number
    assert set(acts(user="officer")) == set(acts(user="u2")) != set(everything)
    assert acts(user="nobody") == []
    assert set(acts(act="log")) < set(everything)
    assert len(acts(kind="user", id="u2")) < len(acts(kind="user"))
    times = [entry.time for entry in audit_entries.show(office, boss, audit_entries.Asked())]
    day = times[-1][:10]
    assert len(acts(since=day, until=day)) == sum(time.startswith(day) for time in times) > 0
    assert acts(since=times[3], until=times[5]) == everything[3:6]
    assert acts(since="2999") == acts(until="1999") == []
    assert acts(first=3, most=2) == everything[2:4]
    assert acts(about="u2") == acts(id="u2") != []
    assert acts(about="u") == []


def test_who_verifies_here_is_entered_and_only_a_supervisor_sees_the_chain(office, logged_in):
    result = audit.verify_here(office, logged_in["officer"]).result
    assert result.findings == ()
    last = office.ledger.entries()[-1]
    assert (last.act, last.user) == ("ledger verified", "u2")
    assert last.details == {"end": result.end, "findings": 0}
    with pytest.raises(ForbiddenError):
        audit_entries.show(office, logged_in["officer"], audit_entries.Asked())


def test_showing_from_the_command_line(spectra, tmp_path):
    words = tmp_path / "words"
    words.write_text("seven green herons wade\n")
    files = ("--new-password-file", words)
    assert spectra("users", "setup", "sup", "--name", "S", *files)[0] == 0
    who = ("--user", "sup", "--password-file", words)
    code, out, _ = spectra("audit", "show", *who, "--json", "--record", "user:u1")
    assert code == 0
    first = json.loads(out.splitlines()[0])
    assert (first["kind"], first["id"], first["purpose"]) == ("user", "u1", "spectra-audit")
    code, out, _ = spectra("audit", "show", *who, "--from", "2026", "--most", "1")
    assert code == 0
    assert len(out.splitlines()) == 1
    assert spectra("audit", "show", *who, "--from", "yesterday")[0] == 2
    code, out, _ = spectra("audit", "verify", "--json")
    assert code == 0
    assert json.loads(out)["holds"]


def test_backup_and_restore_from_the_command_line(spectra, tmp_path):
    words = tmp_path / "words"
    words.write_text("seven green herons wade\n")
    spectra("users", "setup", "sup", "--name", "S", "--new-password-file", words)
    who = ("--user", "sup", "--password-file", words)
    code, out, err = spectra("audit", "backup", tmp_path / "stick", *who, "--with-key")
    assert (code, err) == (0, "")
    assert "0 pieces of evidence" in out
    code, out, err = spectra(
        "audit", "restore", tmp_path / "stick", "--folder", tmp_path / "new", *who
    )
    assert (code, err) == (0, "")
    code, out, _ = spectra("audit", "verify", "--folder", tmp_path / "new" / "station")
    assert code == 0
    code, _, err = spectra(
        "audit", "restore", tmp_path / "stick", "--folder", tmp_path / "new", *who
    )
    assert code == 3
    assert "not empty" in err
    database = tmp_path / "stick" / "station" / "station.db"
    database.write_bytes(database.read_bytes().replace(b"first supervisor", b"other supervisor"))
    code, _, err = spectra(
        "audit", "restore", tmp_path / "stick", "--folder", tmp_path / "newer", *who
    )
    assert code == 4
    assert "the backup does not hold" in err
