"""Which version is in force, which status an entry may have."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.entry import EntryRecord
from library.errors import EntryStatusError, EntryVersionError
from library.versions import (
    NEXT,
    Act,
    blockers,
    check_status,
    check_versions,
    in_force,
    moved_to,
    new_version,
    numbered,
)

SOUND = EntryRecord("a" * 16, "urea", laser_nm=785.0)


def chains(shape):
    """Return the records of chains: for each version whether it is withdrawn."""
    records = []
    for number, withdrawn in enumerate(shape):
        before = ""
        for version, gone in enumerate(withdrawn, start=1):
            entry = f"{number}-{version}"
            status = "withdrawn" if gone else "draft"
            records.append(
                EntryRecord(
                    entry, f"substance {number}", version=version, replaces=before, status=status
                )
            )
            before = entry
    return records


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=5), max_size=6))
def test_the_newest_version_that_is_not_withdrawn_is_in_force(shape):
    records = chains(shape)
    check_versions(records)
    expected = {
        f"{number}-{max(v for v, gone in enumerate(withdrawn, start=1) if not gone)}"
        for number, withdrawn in enumerate(shape)
        if not all(withdrawn)
    }
    force = in_force(records)
    assert {r.entry for r, standing in zip(records, force, strict=True) if standing} == expected
    numbers, count = numbered(records)
    assert count == len(expected)
    live = {n for n, standing in zip(numbers, force, strict=True) if standing}
    assert live == set(range(count))
    assert all(0 <= number < len(records) for number in numbers)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"laser_nm": None}, "laser line is not known"),
        ({"marks": ("truncated",)}, "the spectrum is partial"),
        ({"marks": ("missing values",)}, "values are missing"),
        ({"kind": "emulated"}, "it is emulated"),
    ],
)
def test_what_is_not_known_or_not_whole_is_never_released(change, told):
    reviewed = replace(SOUND, status="reviewed", status_by="A", status_at="2026", **change)
    check_status(reviewed)
    assert blockers(SOUND) == ()
    with pytest.raises(EntryStatusError, match=told):
        moved_to(reviewed, Act(reviewed.entry, "reviewed", "released", "A", "2026"))
    with pytest.raises(EntryStatusError, match=told):
        check_status(replace(reviewed, status="released"))


@pytest.mark.parametrize("before", NEXT)
@pytest.mark.parametrize("after", [*NEXT, "approved"])
def test_a_status_changes_only_as_the_table_says(before, after):
    record = replace(SOUND, status=before)
    act = Act(SOUND.entry, before, after, "A", "2026", "because")
    if after in NEXT[before]:
        made = moved_to(record, act)
        assert (made.status, made.status_by, made.status_reason) == (after, "A", "because")
    else:
        with pytest.raises(EntryStatusError, match=f"cannot become {after}"):
            moved_to(record, act)


@pytest.mark.parametrize(("by", "at"), [("", "2026"), ("A", "")])
def test_nobody_and_never_change_no_status(by, at):
    with pytest.raises(EntryStatusError):
        moved_to(SOUND, Act(SOUND.entry, "draft", "reviewed", by, at))


def test_a_new_version_has_an_identifier_of_its_own():
    second = new_version(SOUND, replace(SOUND, lot="7"))
    assert (second.version, second.replaces) == (2, SOUND.entry)
    assert len({SOUND.entry, second.entry, new_version(second, SOUND).entry}) == 3
    with pytest.raises(EntryVersionError, match="like the old one"):
        new_version(SOUND, replace(SOUND, status="reviewed"))


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([replace(SOUND, version=2)], "version 2 is wrong"),
        ([replace(SOUND, replaces="b")], "version 1 is wrong"),
        ([replace(SOUND, version=3, replaces="b"), EntryRecord("b", "x")], "stands before"),
        (
            [SOUND, *(EntryRecord(e, "x", version=2, replaces=SOUND.entry) for e in "bc")],
            "replaced by b already",
        ),
        (
            [
                replace(SOUND, kind="reconstructed"),
                EntryRecord("b", "x", version=2, replaces=SOUND.entry),
            ],
            "reconstructed and cannot become measured",
        ),
        (
            [
                replace(SOUND, kind="calculated"),
                EntryRecord("b", "x", version=2, replaces=SOUND.entry, kind="reconstructed"),
            ],
            "calculated and cannot become reconstructed",
        ),
    ],
)
def test_versions_that_do_not_follow_each_other_are_refused(records, told):
    with pytest.raises(EntryVersionError, match=told):
        check_versions(records)


def test_a_release_may_leave_old_versions_behind():
    check_versions([replace(SOUND, version=3, replaces="0" * 16)])
