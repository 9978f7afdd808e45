"""What a long chain says is kept for the next run: believed when it is the station's own."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing

import pytest

from spectra_app.errors import AlteredError
from spectra_app.records.kinds import Note
from spectra_app.records.ledger import store
from spectra_app.records.ledger.head import station_key
from spectra_app.records.ledger.kept_proof import KEPT, keep
from spectra_app.records.ledger.proof import Proof
from spectra_app.records.ledger.store import DATABASE, Ledger

BODY = "UPDATE revisions SET body = replace(body, 'note 3', 'note 4') WHERE id = 'N3'"
ENTRY = """UPDATE audit SET line = replace(line, '"N2"', '"N9"') WHERE line ->> 'id' = 'N2'"""


@pytest.fixture
def key(tmp_path):
    return station_key(tmp_path / "station" / "keys")


@pytest.fixture
def opened(tmp_path, key, monkeypatch):
    """Return what opens a ledger of eight notes, of which one has a second revision, anew."""
    monkeypatch.setattr(store, "KEEP_AFTER", 5)
    folder = tmp_path / "station"
    with Ledger(folder, key, lambda: "2026-11-22T10:00:00.000Z") as ledger:
        with ledger.writing("u1") as writing:
            for number in range(8):
                writing.put(Note(id=f"N{number}", case="C", text=f"note {number}"), "note added")
            writing.put(Note(id="N5", case="C", text="note 5b"), "changed", after=1)
            writing.remove_content(Note.KIND, "N1", "retention")
        assert ledger.get(Note, "N0")
    ledgers = []

    def open_again():
        ledgers.append(Ledger(folder, key, lambda: "2026-11-22T11:00:00.000Z"))
        return ledgers[-1]

    yield open_again
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def sql(tmp_path):
    """Return what changes the database in another way, past every trigger."""

    def run(statement):
        with closing(sqlite3.connect(tmp_path / "station" / DATABASE)) as other, other:
            for (name,) in other.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
                other.execute(f"DROP TRIGGER {name}")
            assert other.execute(statement).rowcount > 0

    return run


def said(ledger):
    return [(one.record.id, one.record.text, one.revision) for one in ledger.find(Note)]


def test_the_next_run_begins_with_it_and_says_the_same(opened, tmp_path):
    path = tmp_path / "station" / KEPT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    ledger = opened()
    there = said(ledger)
    assert len(there) == 7
    assert ("N5", "note 5b", 2) in there
    assert [one and one.record.text for one in ledger.history(Note, "N5")] == ["note 5", "note 5b"]
    with ledger.writing("u1") as writing:
        writing.put(Note(id="N8", case="C", text="note 8"), "note added")
        assert ledger.get(Note, "N8").revision == 1
    assert len(said(ledger)) == 8
    ledger.check_whole()
    assert path.read_bytes() == before  # one entry is not worth it
    path.unlink()
    assert said(opened()) == said(ledger)


def test_it_grows_with_the_chain(opened, tmp_path):
    path = tmp_path / "station" / KEPT
    before, ledger = path.read_bytes(), opened()
    with ledger.writing("u1") as writing:
        for number in range(10, 16):
            writing.put(Note(id=f"N{number}", case="C", text="more"), "note added")
    assert len(said(ledger)) == 13
    assert path.read_bytes() != before
    assert said(opened()) == said(ledger)


def test_a_short_chain_is_not_kept(tmp_path, key):
    with Ledger(tmp_path / "station", key, lambda: "2026-11-22T10:00:00.000Z") as ledger:
        with ledger.writing("u1") as writing:
            writing.put(Note(id="N1", case="C", text="x"), "note added")
        assert ledger.get(Note, "N1")
    assert not (tmp_path / "station" / KEPT).exists()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (BODY, "note N3: revision 1 is not what"),
        ("DELETE FROM revisions WHERE id = 'N3'", "note N3: it is gone"),
        ("UPDATE revisions SET body = NULL, salt = NULL WHERE id = 'N3'", "its content is gone"),
    ],
)
def test_what_was_changed_since_is_told(opened, sql, statement, says):
    sql(statement)
    ledger = opened()
    with pytest.raises(AlteredError, match=says):
        ledger.get(Note, "N3")
    with pytest.raises(AlteredError):
        ledger.find(Note)
    assert ledger.get(Note, "N2").record.text == "note 2"


def test_entries_before_it_are_read_again_before_something_goes_out(opened, sql):
    sql(ENTRY)
    ledger = opened()
    assert ledger.get(Note, "N2").record.text == "note 2"  # as the chain said when it was whole
    for _ in range(2):
        with pytest.raises(AlteredError, match="altered at entry 3"):
            ledger.check_whole()


def test_entries_that_are_gone_are_told_too(opened, sql):
    ledger = opened()
    assert ledger.get(Note, "N2")
    sql("DELETE FROM audit WHERE number >= 9")
    with pytest.raises(AlteredError, match="altered at entry 9"):
        ledger.check_whole()


def harmed(data):
    place = len(data) // 2
    return {
        "a byte": data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :],
        "signature": b"A" + data[1:] if data[:1] != b"A" else b"B" + data[1:],
        "cut": data[:place],
        "empty": b"",
    }


@pytest.mark.parametrize("harm", ["a byte", "signature", "cut", "empty"])
def test_a_harmed_one_is_not_believed(opened, sql, tmp_path, harm):
    path = tmp_path / "station" / KEPT
    path.write_bytes(harmed(path.read_bytes())[harm])
    sql(ENTRY)
    ledger = opened()
    with pytest.raises(AlteredError, match="note N2"):  # read from the chain, which lacks it
        ledger.get(Note, "N2")


def test_one_of_another_station_or_chain_is_not_believed(opened, sql, tmp_path, key):
    path = tmp_path / "station" / KEPT
    sql(ENTRY)
    with closing(sqlite3.connect(tmp_path / "station" / DATABASE)) as connection:
        for signer, sha256 in ((station_key(tmp_path / "other"), None), (key, "0" * 64)):
            proof = Proof(lambda _line, _signature: True)
            proof.read_on(connection)
            proof.sha256 = sha256 or proof.sha256
            proof.digests["note"]["N2"] = proof.digests["note"]["N9"]
            keep(proof, path, signer.sign)
            with pytest.raises(AlteredError, match="note N2"):
                opened().get(Note, "N2")
