"""The audit chain: what one entry says, and how entries hang together.

An entry is canonical JSON (`library.signing.canonical`). It names the SHA-256 of the entry before
it, so that an entry cannot be changed, removed or moved without every later one showing it, and it
is signed by the station, so that none can be added by somebody else. Of the content of a record
an entry holds a salted hash only: the content can be taken out when the law asks for that, and the
chain still holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from library.signing import canonical, parse_canonical
from matching.errors import SpectraError
from spectra_app.errors import LedgerError

PURPOSE = "spectra-audit"
FIRST = "0" * 64
"""What the first entry names as the one before it."""
SALT_BYTES = 16
VERIFY = "run 'spectra audit verify' and tell the supervisor"
CUT = "chain found cut or without its head"
"""What the program enters when the chain does not reach its head; such a chain never verifies."""

Detail = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One act.

    Parameters
    ----------
    number : int
        From 1, without gaps.
    time : str
        ISO 8601 in UTC.
    user : str
        Identifier of the user; ``"program"`` for what no person asked for.
    act : str
        What was done, for example ``"case opened"``.
    kind, id : str
        Which record it was done to; empty for acts without one, a log-in for example.
    revision : int
        Which revision of the record came into being; 0 for none.
    before, after : str
        Digests of the record before and after (see `content_digest`); empty for none.
    details : mapping
        Reason and circumstances. No personal data: an entry cannot be taken back.
    previous : str
        SHA-256 of the entry before.
    """

    number: int
    time: str
    user: str
    act: str
    kind: str = ""
    id: str = ""
    revision: int = 0
    before: str = ""
    after: str = ""
    details: Mapping[str, Detail] = field(default_factory=dict)
    previous: str = FIRST

    def line(self) -> bytes:
        """Return the bytes that are hashed and signed."""
        return canonical({**asdict(self), "details": dict(self.details), "purpose": PURPOSE})


_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("time", "user", "act", "kind", "id", "before", "after", "previous"), str),
    **dict.fromkeys(("number", "revision"), int),
    "details": dict,
}


def read_entry(line: bytes) -> Entry:
    """Read the bytes of an entry.

    Raises
    ------
    LedgerError
        When they are not an entry.
    """
    try:
        content = parse_canonical(line)
        if content.pop("purpose") != PURPOSE:
            raise ValueError("signed for another purpose")
        if content.keys() != _TYPES.keys():
            raise ValueError("not the fields of an entry")
        if any(type(content[name]) is not kind for name, kind in _TYPES.items()):
            raise ValueError("a field of the wrong type")
        if not all(isinstance(value, Detail) for value in content["details"].values()):
            raise ValueError("details that are not plain")
        return Entry(**content)
    except (SpectraError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise LedgerError(
            f"an entry of the audit chain cannot be read ({error})", "", VERIFY
        ) from error


def digest(line: bytes) -> str:
    """Return the SHA-256 of an entry, hex."""
    return hashlib.sha256(line).hexdigest()


def content_digest(salt: bytes, body: bytes) -> str:
    """Return what an entry holds of a record: SHA-256 of a salt and its canonical JSON.

    Without the salt, which is removed together with the content, short content could be guessed.
    """
    return hashlib.sha256(salt + body).hexdigest()
