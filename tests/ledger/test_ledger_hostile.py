"""Files that were made to do harm: both verifiers end, locate what they can, and never say fine."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from contextlib import closing

import pytest

from spectra_app.errors import LedgerError
from spectra_app.records.ledger.head import station_key
from spectra_app.records.ledger.store import DATABASE, HEAD, Ledger


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE audit RENAME TO old", "CREATE VIEW audit AS SELECT * FROM old"],
        ["DROP TABLE audit",
         "CREATE VIEW audit (number, line, sha256, signature) AS WITH RECURSIVE n(i) AS"
         " (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, i, i, i FROM n"],
        ["DROP TABLE revisions"],
        ["CREATE TRIGGER audit_more AFTER INSERT ON keys BEGIN DELETE FROM keys; END"],
        ["CREATE INDEX more ON revisions (hex(body))"],
        ["PRAGMA user_version = 7"],
        ["PRAGMA user_version = 0"],
        ["PRAGMA application_id = 1"],
        ["DROP TABLE words"],
        ["ALTER TABLE audit ADD COLUMN more TEXT"],
    ],
)  # fmt: skip
def test_another_schema_is_never_fine(copied, told, statements):
    copy = copied()
    copy.run(*statements)
    found = told(copy)
    assert found
    assert {where for _, where in found} == {DATABASE}


def test_a_schema_that_is_no_text_is_told_in_words(copied, told, station):
    """SQLite quotes it in its message, in bytes that are no UTF-8."""
    copy = copied()
    data = copy.database.read_bytes()
    copy.database.write_bytes(data.replace(b"CREATE TABLE audit", b"CREATE T\x9bBLE audit"))
    assert told(copy) == [("file_damaged", DATABASE)]
    with pytest.raises(LedgerError, match="nothing of this was kept"):
        Ledger(copy.folder, station_key(station.folder / "keys"), lambda: "")


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE audit SET line = CAST(x'ff00fe' AS TEXT) WHERE number = 3", "entry 3"),
        ("UPDATE audit SET line = '[' || hex(zeroblob(9000)) || ']' WHERE number = 3", "entry 3"),
        ("UPDATE audit SET line = replace(hex(zeroblob(9000)), '0', '[') WHERE number = 3",
         "entry 3"),
        ("UPDATE audit SET signature = '' WHERE number = 3", "entry 3"),
        ("UPDATE audit SET number = 9223372036854775807 WHERE number = 14",
         "entry 14 to 9223372036854775806"),
        ("UPDATE audit SET number = 15 WHERE number = 14", "entry 15"),
        ("UPDATE revisions SET salt = upper(salt) WHERE id = 't1'", "thing t1, revision 1"),
        ("UPDATE revisions SET salt = salt || ' ' WHERE id = 't1'", "thing t1, revision 2"),
        ("UPDATE revisions SET revision = 9223372036854775807 WHERE id = 't3'",
         "thing t3, revision 9223372036854775807"),
        ("UPDATE revisions SET id = CAST(x'ff0a' AS TEXT) WHERE id = 't3'",
         "thing \N{REPLACEMENT CHARACTER}\n, revision 1"),
    ],
)  # fmt: skip
def test_strange_values_are_located(copied, told, statement, place):
    copy = copied()
    copy.change((statement,))
    assert place in {where for _, where in told(copy)}


def test_signed_lines_of_another_shape_break_neither(station, expert, copied, told):
    """Even the station's own key cannot make an entry that a verifier trips over."""
    key = station_key(station.folder / "keys")
    line = json.loads(copied().value("SELECT line FROM audit WHERE number = 14"))
    shapes = [
        [], 1, None, "text", {}, {**line, "revision": "1"}, {**line, "revision": True},
        {**line, "number": None}, {**line, "details": []}, {**line, "details": {"a": {}}},
        {**line, "details": {"a": 1.5}}, {**line, "kind": None}, {**line, "more": 1},
        {**line, "purpose": "spectra-audit-head"}, {**line, "user": "\ud800"},
        {**line, "number": 10**30}, {**line, "revision": -3},
    ]  # fmt: skip
    for shape in shapes:
        copy = copied()
        text = json.dumps(shape, sort_keys=True, separators=(",", ":"))
        copy.change(("UPDATE audit SET line = ?, sha256 = ?, signature = ? WHERE number = 14",
                        text, expert.sha256(text.encode()), key.sign(text.encode())))  # fmt: skip
        assert ("chain_cut", "entry 14") in told(copy)


def test_pages_that_name_each_other_end(copied, told):
    """A tree whose branches all lead to one page below has more rows than can be counted."""
    copy = copied()
    with closing(sqlite3.connect(copy.database)) as connection:
        root = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'audit'"
        ).fetchone()
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        count = connection.execute("PRAGMA page_count").fetchone()[0]
    data = bytearray(copy.database.read_bytes())
    cells = 300
    for depth in range(12):  # each page points 300 times to the next one
        number = root[0] if depth == 0 else count + depth
        below = count + depth + 1
        page = bytearray(size)
        page[0] = 5
        page[3:5], page[5:7] = cells.to_bytes(2, "big"), (size - 5 * cells).to_bytes(2, "big")
        page[8:12] = below.to_bytes(4, "big")
        for cell in range(cells):
            start = size - 5 * (cell + 1)
            page[12 + 2 * cell : 14 + 2 * cell] = start.to_bytes(2, "big")
            page[start : start + 5] = below.to_bytes(4, "big") + bytes([cell % 128])
        if len(data) < number * size:
            data.extend(bytes(number * size - len(data)))
        data[(number - 1) * size : number * size] = page
    data.extend(bytes([13, 0, 0, 0, 0, 0, 0, 0]) + bytes(size - 8))
    data[28:32] = (len(data) // size).to_bytes(4, "big")
    copy.database.write_bytes(bytes(data))
    assert ("file_damaged", DATABASE) in told(copy)


@pytest.mark.parametrize(
    "data", [b"", b"not a database" * 100, b"SQLite format 3\x00" + bytes(4080)]
)
def test_what_is_no_database_is_never_fine(copied, told, data):
    copy = copied()
    copy.database.write_bytes(data)
    assert ("file_damaged", DATABASE) in told(copy)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of POSIX")
def test_a_pipe_in_place_of_the_head_is_not_waited_for(copied, told):
    copy = copied()
    copy.head.unlink()
    os.mkfifo(copy.head)
    assert told(copy) == [("head_false", HEAD)]
