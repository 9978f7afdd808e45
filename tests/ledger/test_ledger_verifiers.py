"""Both verifiers of the ledger, the program's and the expert's, find and locate the same."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spectra_app.records.ledger.head import station_key
from spectra_app.records.ledger.index import kinds_of_records
from spectra_app.records.ledger.named_evidence import FIELDS
from spectra_app.records.ledger.schema import STEPS
from spectra_app.records.ledger.store import DATABASE, HEAD, Ledger
from spectra_app.records.ledger.verify import verify

# Flipped bytes; a thousand and more in the long form.
FLIPS = max(80, int(os.environ.get("SPECTRA_FUZZ") or 0) // 10)


def test_both_say_that_a_sound_ledger_holds(station, expert, copied, told):
    copy = copied()
    assert told(copy, [station.printed]) == []
    before = {path: path.read_bytes() for path in station.folder.rglob("*") if path.is_file()}
    chain, findings = expert.check(
        station.folder, Ed25519PublicKey.from_public_bytes(station.public), (), station.evidence
    )
    assert (chain.entries, chain.rows, len(chain.named), findings) == (14, 10, 1, [])
    assert before == {p: p.read_bytes() for p in station.folder.rglob("*") if p.is_file()}


# --- Tampering: (copy, number of an entry, dice) -> a place that must be named --------------------

_ROW = "SELECT {} FROM revisions WHERE {} IS NOT NULL ORDER BY rowid LIMIT 1 OFFSET ?"
_PLACE = "SELECT kind || ' ' || id || ', revision ' || revision FROM revisions WHERE rowid = ?"


def _flip_text(dice, text):
    """Flip one bit of one byte of a text such that it stays text."""
    data = bytearray(text.encode())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(5)
    return data.decode("utf-8", "surrogateescape").replace("\x00", "\x01")


def _flip_in_entry(column):
    def tamper(copy, number, dice):
        text = copy.value(f"SELECT {column} FROM audit WHERE number = ?", number)  # noqa: S608
        update = f"UPDATE audit SET {column} = ? WHERE number = ?"  # noqa: S608
        copy.change((update, _flip_text(dice, text), number))
        return f"entry {number}"

    return tamper


def _flip_in_revision(column):
    def tamper(copy, number, dice):
        row = copy.value(_ROW.format("rowid", column), number % 9)
        text, place = copy.value(_ROW.format(column, column), number % 9), copy.value(_PLACE, row)
        update = f"UPDATE revisions SET {column} = ? WHERE rowid = ?"  # noqa: S608
        copy.change((update, _flip_text(dice, text), row))
        return place

    return tamper


def _flip_in_head(copy, _number, dice):
    data = bytearray(copy.head.read_bytes())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    copy.head.write_bytes(bytes(data))
    return HEAD


def _remove_entry(copy, number, _dice):
    copy.change(("DELETE FROM audit WHERE number = ?", number))
    return f"entry {number}"


def _cut_tail(copy, number, _dice):
    copy.change(("DELETE FROM audit WHERE number >= ?", number))
    return f"entry {number}" if number == 14 else f"entry {number} to 14"


def _swap_entries(copy, number, dice):
    other = dice.choice([one for one in range(1, 15) if one != number])
    copy.change(
        ("UPDATE audit SET number = 99 WHERE number = ?", number),
        ("UPDATE audit SET number = ? WHERE number = ?", number, other),
        ("UPDATE audit SET number = ? WHERE number = 99", other),
    )
    return f"entry {min(number, other)}"


def _remove_row(copy, number, _dice):
    row = copy.value(_ROW.format("rowid", "id"), number % 9)
    place = copy.value(_PLACE, row)
    copy.change(("DELETE FROM revisions WHERE rowid = ?", row))
    return place


def _swap_bodies(copy, number, _dice):
    copy.change(
        ("CREATE TEMP TABLE t AS SELECT id, salt, body FROM revisions WHERE id IN ('t3', 't4')",),
        ("UPDATE revisions SET (salt, body) = (SELECT salt, body FROM temp.t"
         " WHERE t.id <> revisions.id) WHERE id IN ('t3', 't4')",),
    )  # fmt: skip
    return f"thing t{3 + number % 2}, revision 1"


def _flag(copy, number, _dice):
    copy.change(
        ("UPDATE revisions SET latest = 0 WHERE id = 't1'",),
        ("UPDATE revisions SET latest = 1 WHERE id = 't1' AND revision = ?", 1 + number % 2),
    )
    return "thing t1, revision 3"


def _put_back(copy, _number, _dice):
    """Content that was removed is there again: whoever had a copy put it back."""
    copy.change(("UPDATE revisions SET salt = '00', body = '{}' WHERE id = 't2' AND revision = 1",))
    return "thing t2, revision 1"


def _take_out(copy, _number, _dice):
    copy.change(("UPDATE revisions SET salt = NULL, body = NULL WHERE id = 's1'",))
    return "scan s1, revision 1"


def _invent_record(copy, _number, _dice):
    copy.change(("INSERT INTO revisions VALUES ('thing', 'new', 1, 1, '00', '{}')",))
    return "thing new, revision 1"


def _invent_entry(copy, _number, _dice):
    """An entry that hangs together, with another key's signature."""
    line = json.loads(copy.value("SELECT line FROM audit WHERE number = 14"))
    line |= {
        "number": 15,
        "previous": copy.value("SELECT sha256 FROM audit WHERE number = 14"),
    }
    data = json.dumps(line, sort_keys=True, separators=(",", ":"))
    digest = copy.value("SELECT sha256 FROM audit WHERE number = 1")
    copy.change(("INSERT INTO audit VALUES (15, ?, ?, ?)", data, digest,
                    base64.b64encode(bytes(64)).decode()))  # fmt: skip
    return "entry 15"


def _remove_head(copy, _number, _dice):
    copy.head.unlink()
    return HEAD


def _forge_head(copy, number, _dice):
    head = json.loads(copy.head.read_bytes())
    head["number"] = number
    copy.head.write_bytes(json.dumps(head, sort_keys=True).encode() + b"\n")
    return HEAD if number != 14 else None


def _drop_trigger(copy, _number, _dice):
    copy.run("DROP TRIGGER revisions_keep")
    return DATABASE


TAMPERINGS = (
    *(_flip_in_entry(column) for column in ("line", "sha256", "signature")),
    *(_flip_in_revision(column) for column in ("salt", "body", "kind", "id")),
    _flip_in_head, _remove_entry, _cut_tail, _swap_entries, _remove_row, _swap_bodies, _flag,
    _put_back, _take_out, _invent_record, _invent_entry, _remove_head, _forge_head, _drop_trigger,
)  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERINGS)
@pytest.mark.parametrize("number", [1, 14])
def test_each_kind_of_tampering_is_located_by_both(station, copied, told, tamper, number):
    copy = copied()
    place = tamper(copy, number, random.Random(number))
    found = told(copy, [station.printed])
    assert (place in {where for _, where in found}) if place else found == []


@settings(
    max_examples=25 if FLIPS < 1000 else 1000,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.sampled_from(TAMPERINGS), st.integers(1, 14)), min_size=1, max_size=4),
       st.randoms(use_true_random=False))  # fmt: skip
def test_several_tamperings_at_once_are_told_alike(station, copied, told, plan, dice):
    copy = copied()
    before, places = (copy.rows(), copy.head.read_bytes()), []
    for tamper, number in plan:
        try:
            places.append(tamper(copy, number, dice))
        except (TypeError, AssertionError, sqlite3.Error, OSError, ValueError):
            continue  # what it would change is gone already
    after = copy.rows(), copy.head.read_bytes() if copy.head.exists() else b""
    found = told(copy, [station.printed])
    assert found or after == before
    if len(plan) == 1 and places != [None]:
        assert places[0] in {where for _, where in found}


def test_an_older_head_shows_only_together_with_a_cut_and_a_printed_one(station, copied, told):
    copy = copied()
    copy.head.write_bytes(station.older)
    assert told(copy) == []  # behind, as after a power cut
    copy.change(("DELETE FROM audit WHERE number > 5",),
           ("DELETE FROM revisions WHERE revision > 1 OR kind = 'scan'",),
           ("UPDATE revisions SET latest = 1",))  # fmt: skip
    redacted = [("record_missing", "thing t2, revision 1")]
    assert told(copy) == redacted
    assert told(copy, [station.printed]) == [
        *redacted, ("chain_cut", "entry 6 to 14"),
    ]  # fmt: skip


@pytest.mark.fuzz
def test_a_byte_flipped_anywhere_is_told_or_changed_nothing(copied, told):
    copy = copied()
    sound, before = copy.database.read_bytes(), copy.rows()
    dice, silent = random.Random(20261122), 0
    for place in dice.sample(range(len(sound)), min(FLIPS, len(sound))):
        for name in (DATABASE + "-wal", DATABASE + "-shm"):
            (copy.folder / name).unlink(missing_ok=True)
        data = bytearray(sound)
        data[place] ^= dice.choice((1 << dice.randrange(8), dice.randrange(1, 256)))
        copy.database.write_bytes(bytes(data))
        if not told(copy):
            silent += 1
            assert copy.rows() == before, place
    assert silent < FLIPS


@pytest.mark.fuzz
def test_a_byte_flipped_in_the_log_is_told_or_changed_nothing(copied, told, tmp_path):
    """The program ended without closing: its last transactions are in the write-ahead log only."""
    copy, log = copied(), DATABASE + "-wal"
    key = station_key(copy.folder / "keys")
    with Ledger(copy.folder, key, lambda: "2026-11-22T11:00:00Z") as ledger:
        for number in range(6):
            with ledger.writing("u1") as writing:
                writing.note("logged in", {"number": number})
        for name in (DATABASE, log, HEAD):
            shutil.copyfile(copy.folder / name, tmp_path / name)
    sound, dice, counts = (tmp_path / log).read_bytes(), random.Random(20261122), []
    for place in [0, *dice.sample(range(len(sound)), min(FLIPS // 4, len(sound)))]:
        (copy.folder / (DATABASE + "-shm")).unlink(missing_ok=True)
        for name in (DATABASE, HEAD):
            shutil.copyfile(tmp_path / name, copy.folder / name)
        data = bytearray(sound)
        data[place] ^= 1 << dice.randrange(8)
        (copy.folder / log).write_bytes(bytes(data))
        found = told(copy)
        counts.append(len(copy.rows()[0]))
        assert found or counts[-1] == 20, place
        assert {code for code, _ in found} <= {"chain_cut"}
    assert min(counts) == 14


# --- The script as it is run ----------------------------------------------------------------------


def run(script, *arguments):
    command = [sys.executable, *map(str, (script, *arguments))]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_script_runs_alone_and_says_what_it_checked(station, script, copied, tmp_path):
    number, sha256 = station.printed
    sound = run(
        script, station.folder, "--head", f"{number}:{sha256}", "--evidence", station.evidence
    )
    assert sound.returncode == 0, sound.stderr
    assert f"the last is {number}:{sha256}" in sound.stdout
    assert "The ledger holds" in sound.stdout
    assert "1 pieces" in sound.stdout
    assert "the folder's own\n" in sound.stdout
    assert "could have written another chain" in sound.stdout
    copy = copied()
    copy.change(("UPDATE revisions SET body = replace(body, 'powder', 'sugar') WHERE id = 't3'",))
    broken = run(script, copy.folder, "--key", station.folder / "keys" / "station.pub")
    assert broken.returncode == 4
    assert "BROKEN  thing t3, revision 1" in broken.stdout
    assert "the folder's own" not in broken.stdout
    assert run(script, tmp_path).returncode == 2


def test_evidence_that_is_gone_or_changed_is_named(station, expert, tmp_path):
    key = Ed25519PublicKey.from_public_bytes(station.public)
    chain, _ = expert.check(station.folder, key, (), station.evidence)
    (hash_,) = chain.named
    evidence = tmp_path / "evidence"
    shutil.copytree(station.evidence, evidence)
    path = evidence / hash_[:2] / hash_[2:4] / hash_
    path.chmod(0o600)
    path.write_bytes(b"other counts")
    assert expert.check(station.folder, key, (), evidence)[1] == [
        ("evidence_altered", hash_, "scan s1, revision 1 names it")
    ]
    path.unlink()
    assert expert.check(station.folder, key, (), evidence)[1] == [
        ("evidence_missing", hash_, "scan s1, revision 1 names it")
    ]


def test_the_script_knows_the_schema_and_every_field_that_names_evidence(expert):
    with closing(sqlite3.connect(":memory:")) as connection:
        for version, step in enumerate(STEPS, start=1):
            connection.executescript(step)
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute(f"PRAGMA application_id = {expert.APPLICATION}")
            connection.text_factory = bytes
            assert list(expert.check_file(connection)) == []
    fields = {name for kind in kinds_of_records().values() for name in kind.__struct_fields__}
    assert set(expert.NAMING_EVIDENCE) == set(FIELDS) <= fields


def test_the_script_shares_no_code_and_stays_readable(script):
    text = script.read_text(encoding="utf-8")
    assert "spectra_app" not in text
    assert "import library" not in text
    assert len(text.splitlines()) < 450


def test_it_is_said_where_the_clock_was_set_back(tmp_path):
    times = iter(
        ("10:00:00", "10:00:00", "09:59:30", "08:00:00", "08:00:01", "no time", "11:00:00")
    )
    folder = tmp_path / "station"
    key = station_key(folder / "keys")
    with Ledger(folder, key, lambda: f"2026-11-22T{next(times)}.000Z") as ledger:
        for _ in range(7):
            with ledger.writing("u1") as writing:
                writing.note("logged in")
    result = verify(folder, key.public)
    assert (result.findings, result.clock_back) == ((), (4,))
