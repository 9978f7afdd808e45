"""What the ledger holds: frozen records of plain values, as canonical JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import msgspec

from library.signing import canonical
from spectra_app.errors import RecordError


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record of the ledger: text, whole numbers, truth values, and tuples of such.

    Figures with fractions (weights, shares) are written as text, the way they were typed.

    Parameters
    ----------
    id : str
        Unique among its kind, for ever.
    """

    KIND: ClassVar[str] = ""

    id: str

    def keys(self) -> Iterable[tuple[str, str]]:
        """Return the fields by which programs look it up, each with its value or values."""
        return ()

    def words(self) -> Iterable[str]:
        """Return the texts by which people look for it."""
        return (self.id,)


R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Stored(Generic[R]):
    """A record as it is in the ledger.

    Parameters
    ----------
    record : Record
        Its content.
    revision : int
        Which revision this is, from 1.
    """

    record: R
    revision: int


def body_of(record: Record) -> bytes:
    """Return a record as canonical JSON."""
    return canonical(json.loads(msgspec.json.encode(record)))


def text_of(record: Record) -> str:
    """Return what the full-text search holds of a record."""
    return "\n".join(word for word in record.words() if word)


def read_body(body: bytes | str, kind: type[R]) -> R:
    """Return the record that canonical JSON holds.

    Raises
    ------
    RecordError
        When it is not of that kind.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise RecordError(
            f"a record of kind {kind.KIND!r} cannot be read ({error})",
            "",
            "run 'spectra audit verify' and tell the supervisor",
        ) from error
