"""The life of an entry: versions that replace each other, and the status of each.

An entry never changes. An edit is a new version, an entry of its own that names the one it
`replaces`; both are kept. Of the versions of one entry the newest that is not withdrawn is in
force: only that one is compared with scans. The status says how far a version got; every change of
it is kept in the library's journal, with who, when and why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from library.entry import KINDS, STATUSES, EntryRecord, substance_numbers
from library.errors import EntryStatusError, EntryVersionError

# What a version in this status may become. A withdrawn one comes back as a new version only.
NEXT: Mapping[str, tuple[str, ...]] = {
    "draft": ("reviewed", "withdrawn"),
    "reviewed": ("released", "draft", "withdrawn"),
    "released": ("withdrawn",),
    "withdrawn": (),
}
ORDER = "keep the versions of an entry in order, counted from 1"
STATE_LASER = (
    "state its laser line: 'spectra library edit LIB.h5 ENTRY --set laser_nm=NM' makes a new "
    "version with it, which can be reviewed and released; in a manifest, fill in laser_nm"
)
OWN = frozenset({"entry", "version", "replaces"})  # of a version; an edit cannot set them


@dataclass(frozen=True, slots=True)
class Act:
    """One change of status: which entry, from what to what, by whom, when, why.

    `before` is empty where the entry came into the library with a status that it got elsewhere. An
    edit is the change of its new version from nothing to draft.
    """

    entry: str
    before: str
    after: str
    by: str
    at: str
    reason: str = ""

    def to_bytes(self) -> bytes:
        """Return the act as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode() + b"\n"


def brought(records: Iterable[EntryRecord]) -> tuple[Act, ...]:
    """Return an act for each record that comes into a library with another status than draft."""
    return tuple(
        Act(one.entry, "", one.status, one.status_by, one.status_at, one.status_reason)
        for one in records
        if one.status != "draft"
    )


def blockers(record: EntryRecord) -> tuple[str, ...]:
    """Return why an entry cannot be released, one phrase each; nothing when it can."""
    found = []
    if record.laser_nm is None:
        found.append("its laser line is not known")
    if "truncated" in record.marks:
        found.append("its file ended early: the spectrum is partial")
    if "missing values" in record.marks:
        found.append("values are missing in its spectrum")
    if record.kind == "emulated":
        found.append("it is emulated")
    return tuple(found)


def check_status(record: EntryRecord) -> None:
    """Check that the status of a record is one it may have, and says who and when.

    Raises
    ------
    EntryStatusError
        Naming the entry and what is missing.
    """
    if record.status not in STATUSES:
        raise _status(record, f"{record.status!r} is no status", f"use {', '.join(STATUSES)}")
    if record.status != "draft" and not (record.status_by and record.status_at):
        raise _status(
            record,
            f"who made it {record.status}, and when, is not said",
            "give status_by and status_at, or leave the status empty (draft)",
        )
    if record.status == "withdrawn" and not record.status_reason:
        raise _status(record, "it cannot be withdrawn without a reason", "give the reason")
    stops = blockers(record) if record.status == "released" else ()
    if stops:
        raise _status(record, f"it cannot be released: {'; '.join(stops)}", _way_out(record))


def _way_out(record: EntryRecord) -> str:
    """Return what to do with an entry that cannot be released."""
    if record.kind == "emulated":
        return "withdraw it, and import a measured spectrum"
    if record.marks:
        return "withdraw it, and import the whole file or a new measurement"
    return STATE_LASER


def _status(record: EntryRecord, what: str, remedy: str) -> EntryStatusError:
    return EntryStatusError(what, f"entry {record.entry} ({record.name})", remedy)


def moved_to(record: EntryRecord, act: Act) -> EntryRecord:
    """Return a record with the status an act gives it.

    Raises
    ------
    EntryStatusError
        When the act is not allowed (`NEXT`), or lacks a name, a time or its reason.
    """
    if act.after not in NEXT.get(record.status, ()):
        then = " or ".join(NEXT.get(record.status, ()))
        remedy = f"it may become {then} now" if then else "make a new version of it"
        raise _status(record, f"it is {record.status} and cannot become {act.after}", remedy)
    if record.status == "reviewed" and act.after == "draft" and not act.reason:
        raise _status(record, "it cannot go back to draft without a reason", "give the reason")
    after = replace(
        record,
        status=act.after,
        status_reason=act.reason,
        status_by=act.by,
        status_at=act.at,
    )
    if not (act.by and act.at):
        raise _status(record, "the change has no name or no time", "say who and when")
    check_status(after)
    return after


def new_version(old: EntryRecord, changed: EntryRecord) -> EntryRecord:
    """Return `changed` as the version after `old`, with its own identifier.

    Raises
    ------
    EntryVersionError
        When nothing is different.
    """
    made = replace(changed, version=old.version + 1, replaces=old.entry)
    told = {"status", "status_reason", "status_by", "status_at", *OWN}
    if all(getattr(made, key) == value for key, value in asdict(old).items() if key not in told):
        raise EntryVersionError(
            "the new version is like the old one",
            f"entry {old.entry} ({old.name})",
            "change something",
        )
    content = {key: value for key, value in asdict(made).items() if key != "entry"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return replace(made, entry=hashlib.sha256(text.encode()).hexdigest()[:16])


def in_force(records: Sequence[EntryRecord]) -> list[bool]:
    """Tell of each record whether it is the newest version that is not withdrawn."""
    place = {record.entry: number for number, record in enumerate(records)}
    force = [record.status != "withdrawn" for record in records]
    for number in range(len(records) - 1, -1, -1):  # versions come after what they replace
        older = place.get(records[number].replaces)
        standing = records[number].status != "withdrawn"
        seen = {number}
        while standing and older is not None and older not in seen:
            force[older] = False
            seen.add(older)
            older = place.get(records[older].replaces)
    return force


def numbered(records: Sequence[EntryRecord]) -> tuple[list[int], int]:
    """Return the number of each record's substance, and how many substances are in force.

    What is not in force joins nothing: a name that was wrong must not make two substances one.
    """
    force = in_force(records)
    live = [number for number, standing in enumerate(force) if standing]
    rest = [number for number, standing in enumerate(force) if not standing]
    found = [0] * len(records)
    count = 0
    for rows in (live, rest):
        numbers = substance_numbers([records[row] for row in rows])
        for row, number in zip(rows, numbers, strict=True):
            found[row] = count + number
        if rows is live:
            count = max(numbers, default=-1) + 1
    return found, count


def _may_become(old: str, new: str) -> bool:
    return old == new or (old != "calculated" and KINDS.index(new) > KINDS.index(old))


def check_versions(records: Sequence[EntryRecord]) -> None:
    """Check that versions count up, none gains in kind, and no two replace the same one.

    A kind may only become a weaker one, in the order of `library.entry.KINDS`; what was calculated
    stays so, because an emulated reference can be named and a calculated one never.

    The version that another replaces may be missing: a release leaves old ones behind.

    Raises
    ------
    EntryVersionError
        Naming the entry.
    """
    seen: dict[str, EntryRecord] = {}
    replaced: dict[str, str] = {}
    known = {record.entry for record in records}
    for record in records:
        where = f"entry {record.entry} ({record.name})"
        old = seen.get(record.replaces)
        if old is None and record.replaces in known:
            raise EntryVersionError("it stands before the version that it replaces", where, ORDER)
        least = old.version + 1 if old else 2 if record.replaces else 1
        if record.version < least or ((old or not record.replaces) and record.version != least):
            raise EntryVersionError(f"its version {record.version} is wrong", where, ORDER)
        if old and not _may_become(old.kind, record.kind):
            raise EntryVersionError(
                f"what it replaces is {old.kind} and cannot become {record.kind}",
                where,
                f"import the {record.kind} spectrum as an entry of its own, and withdraw the other",
            )
        if record.replaces and record.status != "withdrawn":
            if record.replaces in replaced:
                raise EntryVersionError(
                    f"{record.replaces} is replaced by {replaced[record.replaces]} already",
                    where,
                    "make a new version of that one",
                )
            replaced[record.replaces] = record.entry
        seen[record.entry] = record
