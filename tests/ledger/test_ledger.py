"""The ledger: what was kept is there with its history, and whatever was altered is located."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections import namedtuple
from contextlib import closing

import pytest

from spectra_app.errors import AlteredError, LedgerError, RecordError
from spectra_app.records.ledger.head import read_head, station_key
from spectra_app.records.ledger.record import Record
from spectra_app.records.ledger.store import DATABASE, HEAD, Ledger
from spectra_app.records.ledger.verify import verify
from spectra_app.records.ledger.writing import ledger_error


class Thing(Record, frozen=True, kw_only=True):
    KIND = "thing"

    name: str
    state: str = "new"
    tags: tuple[str, ...] = ()

    def keys(self):
        return [("state", self.state), *(("tag", tag) for tag in self.tags)]

    def words(self):
        return (self.id, self.name)


@pytest.fixture
def key(tmp_path):
    return station_key(tmp_path / "keys")


@pytest.fixture
def clock():
    times = iter(range(10**6))
    return lambda: f"2026-11-22T10:00:00.{next(times):06d}Z"


@pytest.fixture
def ledger(tmp_path, key, clock):
    with Ledger(tmp_path / "ledger", key, clock) as made:
        yield made


@pytest.fixture
def filled(ledger):
    """A ledger with three things; the first was changed twice."""
    with ledger.writing("anna") as writing:
        writing.put(Thing(id="a", name="white powder", tags=("x", "y")), "thing made")
        writing.put(Thing(id="b", name="grey tablet", tags=("y",)), "thing made")
    with ledger.writing("ben") as writing:
        writing.put(Thing(id="c", name="vial"), "thing made")
        writing.put(
            Thing(id="a", name="white powder", state="seen"), "thing seen", after=1,
            details={"why": "asked"},
        )  # fmt: skip
    with ledger.writing("ben") as writing:
        writing.note("logged in")
        writing.put(Thing(id="a", name="beige powder", state="seen"), "thing renamed", after=2)
    return ledger


def tamper(ledger, *statements):
    """Change the file below the program, its triggers out of the way in the meantime."""
    ledger.close()
    triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
    with closing(sqlite3.connect(ledger.folder / DATABASE)) as connection, connection:
        there = connection.execute(triggers).fetchall()
        for name, _ in there:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount != 0
        for _, sql in there:
            connection.execute(sql)


def found(ledger):
    result = verify(ledger.folder, ledger.key.public)
    return [(finding.code, finding.where) for finding in result.findings]


def test_what_was_put_is_there_with_its_history(worded, filled):
    stored = filled.get(Thing, "a")
    assert (stored.revision, stored.record.name) == (3, "beige powder")
    assert [one.record.state for one in filled.history(Thing, "a")] == ["new", "seen", "seen"]
    assert [one.record.id for one in filled.find(Thing)] == ["b", "c", "a"]
    assert [one.record.id for one in filled.find(Thing, state="new")] == ["b", "c"]
    assert [one.record.id for one in filled.find(Thing, state="new", tag="y")] == ["b"]
    assert filled.find(Thing, tag="x") == []
    assert worded(filled, Thing, "powder") == ["a"]
    assert worded(filled, Thing, "white") == []
    assert worded(filled, Thing, 'TAB "') == ["b"]
    assert worded(filled, Thing, "TAB gr") == ["b"]


def test_the_chain_says_who_did_what_when(filled):
    entries = filled.entries()
    assert [entry.act for entry in entries] == [
        "thing made", "thing made", "thing made", "thing seen", "logged in", "thing renamed",
    ]  # fmt: skip
    assert [entry.user for entry in entries] == ["anna", "anna", "ben", "ben", "ben", "ben"]
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert entries[3].before == entries[0].after
    assert entries[3].details == {"why": "asked"}
    assert entries[1].time == entries[0].time < entries[2].time
    assert filled.head() == read_head(filled.folder / HEAD)
    assert filled.head().number == 6
    assert found(filled) == []


def test_a_transaction_that_fails_leaves_nothing(worded, filled):
    def two_things():
        with filled.writing("ben") as writing:
            writing.put(Thing(id="d", name="fourth"), "thing made")
            writing.put(Thing(id="a", name="stale"), "thing renamed", after=2)

    with pytest.raises(RecordError, match="somebody else"):
        two_things()
    with pytest.raises(RecordError, match="no such record"):
        filled.get(Thing, "d")
    assert len(filled.entries()) == 6
    assert worded(filled, Thing, "fourth") == []
    assert found(filled) == []


def test_it_is_the_same_after_opening_it_again(filled, key, clock):
    before = filled.entries()
    filled.close()
    with Ledger(filled.folder, key, clock) as again:
        assert again.entries() == before
        assert again.get(Thing, "a").record.name == "beige powder"


def test_content_can_be_taken_out_and_the_chain_holds(worded, filled):
    with filled.writing("carol") as writing:
        writing.remove_content("thing", "a", "retention over")
    with pytest.raises(RecordError, match="removed"):
        filled.get(Thing, "a")
    assert filled.history(Thing, "a") == [None, None, None]
    assert worded(filled, Thing, "powder") == []
    assert filled.find(Thing, state="seen") == []
    filled.tidy()
    files = [path for path in filled.folder.iterdir() if path.is_file()]
    assert not [path for path in files if b"beige" in path.read_bytes()]
    assert found(filled) == []


def test_the_program_itself_cannot_change_what_was_written(filled):
    for statement in (
        "UPDATE audit SET line = '' WHERE number = 2",
        "DELETE FROM audit WHERE number = 6",
        "DELETE FROM revisions WHERE id = 'b'",
        "UPDATE revisions SET body = '{}' WHERE id = 'b'",
        "UPDATE revisions SET latest = 1 WHERE id = 'a' AND revision = 1",
        "INSERT INTO audit VALUES (9, '', '', '')",
    ):
        with (
            pytest.raises(LedgerError, match="nothing of this was kept"),
            filled.reading() as open_,
        ):
            open_.execute(statement)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE audit SET line = replace(line, 'ben', 'bob') WHERE number = 3"],
         [("entry_altered", "entry 3"), ("entry_altered", "entry 4")]),
        (["DELETE FROM audit WHERE number = 5"],
         [("entry_missing", "entry 5"), ("entry_altered", "entry 6")]),
        (["DELETE FROM audit WHERE number >= 5"],
         [("record_unknown", "thing a, revision 3"), ("record_altered", "thing a, revision 2"),
          ("chain_cut", "entry 5 to 6")]),
        (["UPDATE audit SET number = 99 WHERE number = 2",
          "UPDATE audit SET number = 2 WHERE number = 3",
          "UPDATE audit SET number = 3 WHERE number = 99"],
         [("entry_moved", "entry 2"), ("entry_moved", "entry 3"), ("entry_altered", "entry 4")]),
        (["UPDATE revisions SET body = replace(body, 'grey', 'blue') WHERE id = 'b'"],
         [("record_altered", "thing b, revision 1")]),
        (["DELETE FROM revisions WHERE id = 'c'"], [("record_missing", "thing c, revision 1")]),
        (["UPDATE revisions SET body = NULL, salt = NULL WHERE id = 'c'"],
         [("record_missing", "thing c, revision 1")]),
        (["INSERT INTO revisions VALUES ('thing', 'z', 1, 1, '00', '{}')"],
         [("record_unknown", "thing z, revision 1")]),
        (["UPDATE revisions SET latest = 0 WHERE id = 'b'"],
         [("record_altered", "thing b, revision 1")]),
    ],
)  # fmt: skip
def test_whatever_is_altered_is_located(filled, statements, expected):
    tamper(filled, *statements)
    assert sorted(found(filled)) == sorted(expected)


def test_entries_that_the_station_did_not_sign_are_found(filled, tmp_path):
    """Somebody with the file but without the key adds an entry that hangs together."""
    other = station_key(tmp_path / "other")
    filled.close()
    with (
        Ledger(filled.folder, other, lambda: "2026-11-22T11:00:00Z") as forged,
        forged.writing("mallory") as writing,
    ):
        writing.note("logged in")
    assert sorted(found(filled)) == [
        ("chain_cut", "entry 7"),
        ("head_false", HEAD),
        ("not_signed", "entry 7"),
        ("not_signed", "entry 8"),
    ]


def test_a_chain_cut_together_with_its_head_shows_against_a_printed_one(filled):
    printed = filled.head()
    tamper(filled, "DELETE FROM audit WHERE number = 6")
    assert ("chain_cut", "entry 6") in found(filled)
    (filled.folder / HEAD).unlink()
    result = verify(filled.folder, filled.key.public, [(printed.number, printed.sha256)])
    assert ("chain_cut", "entry 6") in [(one.code, one.where) for one in result.findings]


def test_a_cut_chain_says_so_itself_when_it_is_opened(filled, key, clock):
    tamper(
        filled, "DELETE FROM audit WHERE number >= 4", "DELETE FROM revisions WHERE revision > 1"
    )
    with Ledger(filled.folder, key, clock) as again:
        last = again.entries()[-1]
    assert last.act == "chain found cut or without its head"
    assert read_head(filled.folder / HEAD).number == 4
    assert last.details == {"head": 6, "end": 3}
    assert found(again) == [("chain_cut", "entry 4"), ("record_altered", "thing a, revision 1")]


def test_a_lost_head_is_found(filled):
    filled.close()
    (filled.folder / HEAD).unlink()
    assert found(filled) == [("head_missing", HEAD)]


def test_a_head_that_stayed_behind_is_brought_up(filled, key, clock):
    """The program ended between the entries and their head."""
    path = filled.folder / HEAD
    with filled.reading() as open_:
        row = open_.execute("SELECT sha256 FROM audit WHERE number = 3").fetchone()
    behind = key.head(3, row[0], "2026-11-22T10:00:00Z").to_bytes()
    path.write_bytes(behind)
    assert found(filled) == []
    assert filled.head().number == read_head(path).number == 6
    path.write_bytes(behind)
    filled.close()
    with Ledger(filled.folder, key, clock) as again:
        assert read_head(path).number == 6
        assert len(again.entries()) == 6


@pytest.mark.parametrize("harm", ["damaged", "gone", "forged"])
def test_a_head_that_is_harmed_is_entered_in_the_chain(filled, key, clock, harm):
    path = filled.folder / HEAD
    filled.close()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b'"number": 6', b'"number": 5')
                         if harm == "forged" else b"{}")  # fmt: skip
    with Ledger(filled.folder, key, clock) as again:
        assert again.entries()[-1].act == "chain found cut or without its head"
        assert again.head().number == 7
    assert found(again) == [("chain_cut", "entry 7")]


def test_a_head_that_is_harmed_while_the_program_runs_does_not_undo_an_act(filled):
    (filled.folder / HEAD).write_bytes(b"{")
    with filled.writing("ben") as writing:
        writing.note("logged out")
    acts = [entry.act for entry in filled.entries(7)]
    assert acts == ["logged out", "chain found cut or without its head"]
    assert read_head(filled.folder / HEAD).number == 8


def test_a_database_that_is_gone_is_refused_and_can_be_put_back(filled, key, clock):
    filled.close()
    whole = (filled.folder / DATABASE).read_bytes()
    (filled.folder / DATABASE).unlink()
    for _ in range(2):
        with pytest.raises(AlteredError, match="had 6 entries, and they are gone"):
            Ledger(filled.folder, key, clock)
    (filled.folder / DATABASE).write_bytes(whole)
    with Ledger(filled.folder, key, clock) as again:
        assert len(again.entries()) == 6
    assert found(again) == []


@pytest.mark.parametrize("left", ["keys/station.pub", "station.db"])
def test_a_key_that_is_gone_is_not_made_anew(tmp_path, left):
    keys = tmp_path / "other" / "keys"
    keys.mkdir(parents=True)
    (tmp_path / "other" / left).write_bytes(b"there was one")
    with pytest.raises(LedgerError, match="private key is gone"):
        station_key(keys)
    assert not (keys / "station.key").exists()


def test_a_database_of_no_version_is_refused(filled, key, clock):
    filled.close()
    with closing(sqlite3.connect(filled.folder / DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 0")
    with pytest.raises(LedgerError, match="version of the ledger's file was altered"):
        Ledger(filled.folder, key, clock)


@pytest.mark.parametrize(("free", "words"), [(0, "disk is full"), (1 << 30, "did not read")])
def test_a_fault_of_the_disk_is_not_called_damage(monkeypatch, tmp_path, free, words):
    room = namedtuple("Room", "free")(free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: room)
    said = ledger_error(sqlite3.OperationalError("disk I/O error"), str(tmp_path)).what
    assert words in said
    assert "damaged" not in said


def test_the_first_head_is_there_before_the_first_entry(ledger):
    assert read_head(ledger.folder / HEAD).number == ledger.head().number == 0
    assert found(ledger) == []


def test_a_stranger_is_refused(tmp_path, key, clock):
    folder = tmp_path / "other"
    folder.mkdir()
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute("CREATE TABLE somebody (else_ TEXT)")
    with pytest.raises(LedgerError, match="no ledger of this program"):
        Ledger(folder, key, clock)
    (folder / DATABASE).write_bytes(b"not a database at all" * 100)
    with pytest.raises(LedgerError, match="damaged"):
        Ledger(folder, key, clock)


def test_two_writers_in_two_connections_make_one_chain(filled, key, clock):
    with Ledger(filled.folder, key, clock) as second:
        for number in range(5):
            for ledger in (filled, second):
                with ledger.writing("both") as writing:
                    writing.note("logged in", {"round": number})
        assert second.entries() == filled.entries()
    assert found(filled) == []
    assert filled.head().number == 16


def test_verifying_while_somebody_writes_finds_nothing(filled):
    stop = threading.Event()

    def write():
        while not stop.is_set():
            with filled.writing("ben") as writing:
                writing.note("logged in")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        results = [verify(filled.folder, filled.key.public) for _ in range(15)]
    finally:
        stop.set()
        writer.join(30)
    assert [result.findings for result in results] == [()] * 15
    assert results[-1].end > results[0].end
