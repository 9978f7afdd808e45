"""The records of cases: what is written is read back, and found by what lists ask for."""

from __future__ import annotations

import pytest

from spectra_app.records.kinds import KINDS, Case, Item, Scan
from spectra_app.records.ledger.head import station_key
from spectra_app.records.ledger.record import body_of, read_body
from spectra_app.records.ledger.store import Ledger

NEEDED = {
    "station": {"name": "Mail centre"},
    "case": {"title": "parcel"},
    "item": {"case": "C", "description": "white powder"},
    "custody": {
        "case": "C", "item": "C-1", "number": 1, "giver": "u1", "receiver": "u2", "handed_at": "t",
    },
    "photo": {"case": "C", "evidence": "00"},
    "note": {"case": "C", "text": "seen"},
    "second_technique": {
        "case": "C", "item": "C-1", "technique": "FTIR", "category": "A", "sampling": "separate",
        "agreement": "agrees",
    },
    "confirmation": {"case": "C", "item": "C-1"},
    "amendment": {
        "case": "C", "of_kind": "item", "of_id": "C-1", "of_revision": 1, "amended": "grey",
        "reason": "wrong colour",
    },
    "report": {"case": "C"},
    "exposure": {"analyser": "E1"},
    "policy": {"content": "{}", "reason": "law", "second": "u2"},
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_read_back_as_it_was_written(name):
    record = KINDS[name](id="x", **NEEDED.get(name, {}))
    assert read_body(body_of(record), KINDS[name]) == record
    assert all(isinstance(text, str) for pair in tuple(record.keys()) for text in pair)
    assert all(isinstance(text, str) for text in record.words())


def test_kinds_have_names_of_their_own():
    assert len(KINDS) == 13
    assert all(name == kind.KIND for name, kind in KINDS.items())


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "l", station_key(tmp_path / "k"), lambda: "2026-11-22T10:00:00Z") as one:
        yield one


def test_records_are_found_by_what_lists_ask_for(worded, ledger):
    with ledger.writing("u1") as writing:
        writing.put(Case(id="C", title="parcel from X", opened_at="2026-11-22T09:00:00Z"), "opened")
        writing.put(
            Item(id="C-1", case="C", description="powder", identifiers=("s10:RR123456785XX",)), "a"
        )
        writing.put(
            Scan(id="S", case="C", item="C-1", state="filed", outcome="match", names=("Cocaine",)),
            "scan added",
        )
        writing.put(
            Scan(id="R", case="C", state="filed", outcome="lead", names=("W",), restricted=True),
            "scan added",
        )
    assert [one.record.id for one in ledger.find(Case, state="open", day="2026-11-22")] == ["C"]
    assert [one.record.id for one in ledger.find(Item, identifier="RR123456785XX")] == ["C-1"]
    assert [one.record.id for one in ledger.find(Scan, shown_name="cocaine\x1fC")] == ["S"]
    assert ledger.find(Scan, shown_outcome="lead\x1fC") == []
    assert [one.record.id for one in ledger.find(Scan, hidden_outcome="lead\x1fC")] == ["R"]
    assert worded(ledger, Scan, "coca") == ["S"]
