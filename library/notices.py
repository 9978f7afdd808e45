"""Alerts and handling advice as signed data: rows with source, version and state of review.

A file is one line of canonical JSON, the rows inside what is signed (see `library.signing`). It is
signed for the same purpose as control lists, and its name keeps it apart from those: a signature
under advice can never stand under lists. Who may sign is decided in `library.trust`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from library.errors import ListPackError, NotCanonicalError
from library.listpack import sequence_of
from library.signing import Signed, canonical
from library.trusted_keys import CONTROL_LIST, NEVER, instant, stamp

Kind = Literal["alerts", "advice"]
NAMES: Mapping[Kind, str] = {"alerts": "case alerts", "advice": "handling advice"}
SUFFIX = ".spectra-notices"
LARGEST_FILE = 5_000_000
MOST_ROWS = 5_000
UNREVIEWED = "not reviewed by anybody"
_KEYS = {"purpose", "name", "sequence", "edition", "title", "created", "expires", "rows"}


@dataclass(frozen=True, slots=True)
class Review:
    """Who has read a text; nobody, as long as `by` is empty."""

    by: str = ""
    on: str = ""

    def __str__(self) -> str:
        return f"reviewed by {self.by} on {self.on}" if self.by else UNREVIEWED


@dataclass(frozen=True, slots=True)
class Alert:
    """A combination, or a substance, that people who open a case should know of.

    Parameters
    ----------
    id, title, says : str
        Its id, what it is, and what is said when it is met; no word on how anything is made.
    within : {"item", "case"}
        Where its substances must be found together.
    all_of, any_of : tuple of str
        Substances by name that must all be there; substances of which `at_least` must be there.
        Further names of one, which the substance table lacks, stand behind it after ``"; "``; by
        the first it is looked up in control lists.
    subclasses : tuple of str
        Subclasses of the substance table whose members stand in `any_of`, too.
    at_least : int
        How many different ones of `any_of`.
    listed : bool
        Whether one of them at least must be under control, so that two everyday chemicals alone
        are no alert.
    source : str
        Where it is from, and how far that was read.
    version : int
        Of the row.
    review : Review
        Who has read it.
    """

    id: str
    title: str
    says: str
    within: Literal["item", "case"]
    all_of: tuple[str, ...]
    any_of: tuple[str, ...]
    subclasses: tuple[str, ...]
    at_least: int
    listed: bool
    source: str
    version: int
    review: Review


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence on what to do.

    Parameters
    ----------
    code : str
        What it is for: a code of records, or ``family:`` with a family of the substance table.
    language : str
        ISO 639-1.
    text, source : str
        The sentence, and where it is from.
    version : int
        Of the row.
    review : Review
        Who has read it.
    """

    code: str
    language: str
    text: str
    source: str
    version: int
    review: Review


Row: TypeAlias = Alert | Advice


@dataclass(frozen=True, eq=False, slots=True)
class Notices:
    """A table of one kind.

    Parameters
    ----------
    kind : {"alerts", "advice"}
        What its rows are.
    title, edition : str, datetime.date
        What it is called, and its date.
    rows : tuple of Alert or of Advice
        In their order.
    """

    kind: Kind
    title: str
    edition: date
    rows: tuple[Row, ...]


def notices_of(kind: Kind, value: Any, where: str = "") -> Notices:
    """Read a table: an object with ``title``, ``edition`` and ``rows``.

    Raises
    ------
    ListPackError
        When a row lacks something, names it wrongly, or an id or code is there twice.
    """
    try:
        rows = value["rows"]
        if not isinstance(rows, list) or len(rows) > MOST_ROWS:
            raise TypeError("its rows are no list, or too many")
        made = tuple(_alert(row) if kind == "alerts" else _advice(row) for row in rows)
        keys = [_key(row) for row in made]
        if len(set(keys)) != len(keys):
            raise ValueError("a row is there twice")
        return Notices(kind, _text(value["title"]), date.fromisoformat(value["edition"]), made)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ListPackError(
            f"this is no table of {NAMES[kind]} ({error})", where, "see docs/notices.md"
        ) from error


def pack(
    kind: Kind, value: Mapping[str, Any], *, created: datetime, expires: datetime | None = None
) -> Signed:
    """Return a table ready to be signed.

    Raises
    ------
    ListPackError
        When it is none.
    """
    made = notices_of(kind, value)
    payload = {
        "purpose": CONTROL_LIST,
        "name": NAMES[kind],
        "sequence": sequence_of(made.edition),
        "edition": made.edition.isoformat(),
        "title": made.title,
        "created": stamp(created),
        "expires": stamp(expires) if expires else NEVER,
        "rows": value["rows"],
    }
    return Signed(canonical(payload))


def unpack(data: bytes, where: str = "") -> tuple[Signed, Notices]:
    """Read a file; its form is checked, signatures are not.

    Raises
    ------
    ListPackError
        When it is no such file.
    NotCanonicalError, BadSignatureError
        When it was altered.
    """
    if len(data) > LARGEST_FILE or not data.startswith(b"{"):
        raise ListPackError("this is no file of notices", where, f"give a {SUFFIX} file")
    signed = Signed.from_bytes(data.removesuffix(b"\n"), where)
    value = json.loads(signed.payload)
    kind = next((one for one, name in NAMES.items() if value.get("name") == name), None)
    try:
        if kind is None or value.keys() != _KEYS or value["purpose"] != CONTROL_LIST:
            raise ValueError("its parts are not those of notices")
        made = notices_of(kind, value, where)
        if value["sequence"] != sequence_of(made.edition):
            raise ValueError("its number is not that of its edition")
        instant(value["created"], where)
        instant(value["expires"], where)
    except (ValueError, NotCanonicalError) as error:
        raise ListPackError(
            f"this is no file of notices ({error})", where, f"give a {SUFFIX} file"
        ) from error
    return signed, made


def _key(row: Row) -> tuple[str, ...]:
    return (row.id,) if isinstance(row, Alert) else (row.code, row.language)


def _alert(row: Any) -> Alert:
    made = Alert(
        id=_text(row["id"]),
        title=_text(row["title"]),
        says=_text(row["says"]),
        within=row["within"],
        all_of=_texts(row.get("all_of", [])),
        any_of=_texts(row.get("any_of", [])),
        subclasses=_texts(row.get("subclasses", [])),
        at_least=_whole(row.get("at_least", 0)),
        listed=row.get("listed", False) is True,
        source=_text(row["source"]),
        version=_whole(row["version"]),
        review=_review(row["review"]),
    )
    known = {"id", "title", "says", "within", "all_of", "any_of", "subclasses", "at_least",
             "listed", "source", "version", "review"}  # fmt: skip
    if row.keys() - known or made.within not in {"item", "case"}:
        raise ValueError(f"row {made.id}: a field is not known")
    several = bool(made.any_of or made.subclasses)
    if several != (made.at_least > 0) or not (made.all_of or made.at_least > 1):
        raise ValueError(f"row {made.id}: no substance, or any single one, makes no alert")
    return made


def _advice(row: Any) -> Advice:
    made = Advice(
        code=_text(row["code"]),
        language=_text(row["language"]),
        text=_text(row["text"]),
        source=_text(row["source"]),
        version=_whole(row["version"]),
        review=_review(row["review"]),
    )
    if row.keys() != {"code", "language", "text", "source", "version", "review"}:
        raise ValueError(f"row {made.code}: a field is not known")
    return made


def _review(value: Any) -> Review:
    if value == {}:
        return Review()
    if value.keys() != {"by", "on"}:
        raise ValueError("a review has 'by' and 'on'")
    return Review(_text(value["by"]), date.fromisoformat(value["on"]).isoformat())


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"{str(value)[:40]!r} is no text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("names are no list")
    return tuple(_text(one) for one in value)


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{str(value)[:40]!r} is no whole number")
    return value
