"""What differs between libraries, what contradicts, and what may be released."""

from __future__ import annotations

from dataclasses import replace

import pytest

from library.difference import SPECTRUM, difference
from library.entry import EntryRecord
from library.errors import MergeConflictError, MergeDecisionError
from library.merging import (
    BOTH,
    IDENTITY,
    NAMES,
    SAME_ID,
    SPECTRA,
    VERSIONS,
    conflicts,
    decided,
    kept,
)
from library.versions import check_versions
from spectra_app.errors import ReleaseError
from spectra_app.services.releasing import releasable

ONE = EntryRecord("1" * 16, "urea", laser_nm=785.0, content_sha256="aa", status="released")
TWO = replace(ONE, entry="2" * 16, name="caffeine", content_sha256="bb")


def test_nothing_differs_from_itself():
    assert difference([ONE, TWO], [TWO, ONE]) == ()


def test_added_withdrawn_and_changed_by_substance():
    gone = replace(TWO, status="withdrawn", status_reason="old lot")
    edited = replace(ONE, entry="3" * 16, version=2, replaces=ONE.entry, purity="99 %")
    found = difference([ONE, TWO], [gone, ONE, edited, replace(ONE, entry="4" * 16, name="borax")])
    assert [one.substance for one in found] == ["borax", "caffeine", "urea"]
    borax, caffeine, urea = found
    assert [record.entry for record in borax.added] == ["4" * 16]
    assert [record.status_reason for record in caffeine.withdrawn] == ["old lot"]
    (change,) = urea.changed
    assert (change.was, change.entry) == (ONE.entry, edited.entry)
    assert change.what == {"purity": ("", "99 %"), "version": (1, 2)}
    assert urea.to_json()["changed"][0]["what"]["purity"] == ("", "99 %")


def test_a_version_in_between_that_was_left_behind_does_not_hide_a_change():
    second = replace(ONE, entry="3" * 16, version=2, replaces=ONE.entry, status="reviewed")
    third = replace(second, entry="4" * 16, version=3, replaces=second.entry, content_sha256="cc")
    (found,) = difference([ONE], [ONE, second, third])
    assert found.changed[0].what[SPECTRUM] == ("aa", "cc")
    assert not found.added
    assert not found.withdrawn


def test_an_entry_that_is_simply_missing_counts_as_withdrawn():
    (found,) = difference([ONE, TWO], [ONE])
    assert found.withdrawn == (TWO,)


def kinds(*libraries):
    return [one.kind for one in conflicts(libraries)]


def test_what_two_laboratories_hold_alike_is_no_conflict():
    assert kinds([ONE, TWO], [TWO], [ONE]) == []
    held = kept([[ONE, TWO], [TWO]], (), {})
    assert [(one.library, one.record) for one in held] == [(1, ONE), (1, TWO)]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (replace(ONE, purity="99 %"), [SAME_ID]),
        (replace(ONE, entry="3" * 16, content_sha256="cc"), [SPECTRA]),
        (replace(ONE, entry="3" * 16, name="borax"), [NAMES]),
        (replace(ONE, entry="3" * 16, inchikey="B"), [IDENTITY]),
        (replace(ONE, entry="3" * 16, inchikey="B", content_sha256="cc"), [IDENTITY, SPECTRA]),
        (replace(ONE, entry="3" * 16, content_sha256="cc", technique="SERS"), []),
    ],
)
def test_each_contradiction_is_found(other, expected):
    mine = replace(ONE, inchikey="A") if other.inchikey else ONE
    assert kinds([mine, TWO], [other]) == expected
    assert kinds([mine, other]) == []  # within one library it is not for the merge to say


def test_nothing_is_decided_by_itself():
    libraries = [[ONE], [replace(ONE, entry="3" * 16, content_sha256="cc")]]
    (found,) = conflicts(libraries)
    with pytest.raises(MergeConflictError):
        decided([found], {})
    with pytest.raises(MergeDecisionError):
        decided([found], {found.key: "3"})
    with pytest.raises(MergeDecisionError):
        decided([found], {"other": "1"})
    for choice, entries in (("1", [ONE.entry]), ("2", ["3" * 16]), (BOTH, [ONE.entry, "3" * 16])):
        choices = decided([found], {SPECTRA: choice})
        assert [one.record.entry for one in kept(libraries, [found], choices)] == entries
    assert decided([found], {SPECTRA: "1", found.key: "2"}) == {found.key: "2"}


def test_entries_edited_apart_are_a_conflict_with_all_that_follows():
    mine = replace(ONE, entry="3" * 16, version=2, replaces=ONE.entry, lot="1")
    theirs = replace(ONE, entry="4" * 16, version=2, replaces=ONE.entry, purity="99 %")
    later = replace(theirs, entry="5" * 16, version=3, replaces=theirs.entry, lot="2")
    libraries = [[ONE, mine], [ONE, theirs, later]]
    (found,) = conflicts(libraries)
    assert found.kind == VERSIONS
    assert found.choices == ("1", "2")
    assert "lot: 1 / " in found.differs
    for choice, entries in (("1", [ONE, mine]), ("2", [ONE, theirs, later])):
        left = [one.record for one in kept(libraries, [found], {found.key: choice})]
        assert left == entries
        check_versions(left)
    assert kinds([ONE, mine], [ONE]) == kinds([ONE, mine], [ONE, mine]) == []
    assert kinds([ONE, mine], [ONE, replace(theirs, status="withdrawn")]) == []


def test_a_decision_holds_for_what_it_was_made_about_only():
    (first,) = conflicts([[ONE], [replace(ONE, entry="3" * 16, content_sha256="cc")]])
    (later,) = conflicts([[ONE], [replace(ONE, entry="4" * 16, content_sha256="dd")]])
    assert first.key != later.key


def test_only_the_last_released_version_goes_out():
    draft = replace(ONE, entry="3" * 16, version=2, replaces=ONE.entry, status="draft")
    last = replace(draft, entry="4" * 16, version=3, replaces=draft.entry, status="released")
    assert releasable([ONE, draft], "") == [0]
    assert releasable([ONE, draft, last], "") == [2]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"laser_nm": None}, "laser line"),
        ({"marks": ("truncated",)}, "partial"),
        ({"marks": ("missing values",)}, "missing"),
        ({"kind": "emulated"}, "emulated"),
    ],
)
def test_a_released_entry_that_must_not_go_out_stops_the_release(fault, words):
    with pytest.raises(ReleaseError, match=words):
        releasable([TWO, replace(ONE, **fault)], "lib.h5")
