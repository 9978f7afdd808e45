"""What all services about cases share: sound records, open cases, numbers, times."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from library.errors import LibraryError
from spectra_app.errors import CaseError
from spectra_app.records.kinds import Case, Item
from spectra_app.records.ledger.record import R, Stored, body_of
from spectra_app.records.ledger.store import Ledger

LONGEST_BODY = 1_000_000  # bytes of one record
AMEND = "correct it with 'spectra case amend': it stays, and the correction stands beside it"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def sound(record: R) -> R:
    """Return a record that can be read back as it is; ask before it is put.

    Raises
    ------
    CaseError
        When a text, a choice or the length of it cannot be kept.
    """
    kind = type(record)
    try:
        body = body_of(record)
        again = msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, LibraryError, UnicodeError, TypeError, ValueError) as error:
        raise CaseError(
            f"this cannot be kept ({error})", f"{kind.KIND} {record.id}", "correct it"
        ) from error
    if again != record or len(body) > LONGEST_BODY or _CONTROLS.search(_texts(record)):
        raise CaseError(
            "this cannot be kept: it is too long, or holds characters that cannot be printed",
            f"{kind.KIND} {record.id}",
            "correct it",
        )
    return record


def _texts(record: R) -> str:
    found: list[str] = []
    for field in type(record).__struct_fields__:
        value = getattr(record, field)
        found += [value] if isinstance(value, str) else []
        found += [part for part in value if isinstance(part, str)] if type(value) is tuple else []
    return "\n".join(found)


def stated(what: str, text: str) -> str:
    """Return a text that must be there, without blanks around it.

    Raises
    ------
    CaseError
        When it is empty.
    """
    plain = text.strip()
    if not plain:
        raise CaseError(f"{what} is missing", "", "state it")
    return plain


def chosen(what: str, text: str, among: tuple[str, ...]) -> str:
    """Return one of several words.

    Raises
    ------
    CaseError
        When it is none of them.
    """
    if text not in among:
        raise CaseError(f"{what} cannot be {text[:40]!r}", "", f"use one of {', '.join(among)}")
    return text


def moment(what: str, text: str, now: str) -> str:
    """Return a time that a person stated, ISO 8601 in UTC; `now` when nothing was stated.

    A time without a zone is refused: nobody could say later which one was meant.

    Raises
    ------
    CaseError
        When it cannot be read or lies in the future.
    """
    if not text:
        return now
    try:
        read = datetime.fromisoformat(text)
        if read.utcoffset() is None:
            raise ValueError("without a time zone")
    except ValueError as error:
        raise CaseError(
            f"{what} cannot be read as a time: {text[:40]!r} ({error})",
            "",
            "write it as 2026-11-22T10:15:00Z, or with another zone (+01:00)",
        ) from error
    if read > datetime.fromisoformat(now):
        raise CaseError(f"{what} lies in the future", text, "check the time, and the clock")
    written = read.astimezone(UTC).isoformat(timespec="seconds")
    return written.replace("+00:00", "Z")


def open_case(ledger: Ledger, case: str) -> Stored[Case]:
    """Return a case that may be added to.

    Raises
    ------
    RecordError
        When there is none.
    CaseError
        When it is closed.
    """
    stored = ledger.get(Case, case)
    if stored.record.state != "open":
        raise CaseError("the case is closed", case, "have it opened again, or open another case")
    return stored


def open_item(ledger: Ledger, item: str) -> Stored[Item]:
    """Return an item of an open case; raises as `open_case`."""
    stored = ledger.get(Item, item)
    open_case(ledger, stored.record.case)
    return stored


def changed_only(record: R, known: Mapping[str, Any]) -> R:
    """Return a record that says something else.

    Raises
    ------
    CaseError
        When it says that already.
    """
    changed = msgspec.structs.replace(record, **known)
    if changed == record:
        raise CaseError("it says that already", f"{record.KIND} {record.id}", "state what changed")
    return changed


def changed_fields(before: R, after: R) -> list[str]:
    """Return the fields that say something else: names only, for the chain."""
    return [
        name
        for name in type(before).__struct_fields__
        if getattr(before, name) != getattr(after, name)
    ]


def place(ledger: Ledger, case: str, item: str) -> tuple[str, str]:
    """Return case and item that something is about; the item's case counts.

    Raises
    ------
    CaseError
        When neither is named, or the item belongs to another case.
    """
    if item:
        found = open_item(ledger, item).record
        if case and case != found.case:
            raise CaseError("the item belongs to another case", item, f"name case {found.case}")
        return found.case, item
    return open_case(ledger, stated("the case", case)).record.id, ""


def short_id(letter: str, time: str, *parts: str) -> str:
    """Return an identifier by day and content: ``S-20261122-3f9a01c7d2``.

    Raises no error for the same content at the same instant: the ledger refuses the second.
    """
    day = re.sub(r"[^0-9]", "", time[:10])
    said = hashlib.sha256("\x1f".join((time, *parts)).encode("utf-8", "surrogatepass"))
    return f"{letter}-{day}-{said.hexdigest()[:10]}"
