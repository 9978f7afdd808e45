"""What is said of cases and items is changed, amended, and never lost."""

from __future__ import annotations

import pytest

from spectra_app.errors import CaseError
from spectra_app.records.kinds import Case, Item
from spectra_app.services.cases import items, opening


def last_of(office):
    return list(office.ledger.entries())[-1]


def test_only_what_was_typed_of_an_item_is_changed(office, officer, item):
    before = office.ledger.get(Item, item).record
    changed = items.change_item(office, officer, item, {"condition": "sealed, undamaged"})
    assert (before.condition, changed.condition) == ("", "sealed, undamaged")
    assert changed.identifiers == before.identifiers
    assert changed.received_at == before.received_at
    assert [one.condition for one in (s.record for s in office.ledger.history(Item, item))] == [
        "", "sealed, undamaged",
    ]  # fmt: skip
    assert last_of(office).details == {"fields": "condition"}  # names, never what they say


def test_how_an_item_was_received_is_amended_not_changed(office, officer, item):
    for field in ("received_at", "received_from", "seal", "received_by"):
        with pytest.raises(CaseError, match=r"is not changed.*spectra case amend"):
            items.change_item(office, officer, item, {field: "x"})


def test_what_cannot_stand_is_refused_on_a_change_too(office, officer, case, item):
    for changes, says in [
        ({"packages": 3, "sampled": 4}, "4 of 3 packages"),
        ({"weight": "much"}, "no number"),
        ({"description": " "}, "is missing"),
        ({"description": "white powder"}, "says that already"),
    ]:
        with pytest.raises(CaseError, match=says):
            items.change_item(office, officer, item, changes)
    for said, says in [
        ({"title": ""}, "is missing"),
        ({"emulated": True}, "is not changed"),
        ({"state": "closed"}, "is not changed"),
        ({"mode": "mail"}, "says that already"),
    ]:
        with pytest.raises(CaseError, match=says):
            opening.change_case(office, officer, case, said)
    assert [len(office.ledger.history(Item, item)), len(office.ledger.history(Case, case))] == [
        1, 1,
    ]  # fmt: skip
