"""Control lists as one signed file: tables behind a canonical manifest, installed and kept whole.

A file is one line of canonical JSON (manifest and signatures, see `library.signing`), a newline,
and the tables it names, one after the other, each of the size and SHA-256 that the manifest says.
Nothing may follow. Who may sign is decided in `library.trust`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from library.control import ControlLists, parse_lists
from library.errors import LibraryDamagedError, ListPackError, NotCanonicalError
from library.signing import Signed, canonical
from library.trusted_keys import CONTROL_LIST, NEVER, instant, stamp

NAME = "control lists"
SUFFIX = ".spectra-lists"
TABLES = ("lists.csv", "control.csv", "sources.csv")
LARGEST_HEAD = 100_000
LARGEST_TABLE = 50_000_000
LARGEST_FILE = LARGEST_HEAD + len(TABLES) * LARGEST_TABLE
AGAIN = "get it again from who signed it"


@dataclass(frozen=True, eq=False, slots=True)
class ListPack:
    """Control lists with their manifest and signatures.

    Parameters
    ----------
    signed : Signed
        Manifest and signatures.
    tables : mapping of str to bytes
        The tables by name.
    """

    signed: Signed
    tables: Mapping[str, bytes]

    @property
    def manifest(self) -> dict[str, Any]:
        """What was signed."""
        return _manifest(self.signed.payload, "")

    @property
    def edition(self) -> date:
        """Date of the edition."""
        return date.fromisoformat(self.manifest["edition"])

    def lists(self) -> ControlLists:
        """Return the lists in the tables.

        Raises
        ------
        LibraryDamagedError
            When the tables do not fit together.
        """
        return parse_lists(*(self.tables[name] for name in TABLES))

    def to_bytes(self) -> bytes:
        """Return the file."""
        tables = (self.tables[one["name"]] for one in self.manifest["files"])
        return b"".join((self.signed.to_bytes(), b"\n", *tables))


def sequence_of(edition: date) -> int:
    """Return the number under which an edition is compared with others."""
    return int(edition.strftime("%Y%m%d"))


def pack(
    tables: Mapping[str, bytes],
    *,
    edition: date,
    title: str,
    created: datetime,
    expires: datetime | None = None,
) -> ListPack:
    """Put tables together, not yet signed.

    Parameters
    ----------
    tables : mapping of str to bytes
        `TABLES`, each as UTF-8 CSV.
    edition : datetime.date
        Date of the edition; an older one does not replace a newer one.
    title : str
        What it is, for people.
    created, expires : datetime.datetime
        When it was made, and until when it may be installed; None for no end.

    Raises
    ------
    ListPackError, LibraryDamagedError
        When a table is missing or the tables do not fit together.
    """
    if set(tables) != set(TABLES):
        raise ListPackError(
            f"control lists are {', '.join(TABLES)}", "", "give a folder with these three tables"
        )
    files = [
        {"name": name, "size": len(tables[name]), "sha256": _sha256(tables[name])}
        for name in TABLES
    ]
    payload = {
        "purpose": CONTROL_LIST,
        "name": NAME,
        "sequence": sequence_of(edition),
        "edition": edition.isoformat(),
        "title": title,
        "created": stamp(created),
        "expires": stamp(expires) if expires else NEVER,
        "files": files,
    }
    made = ListPack(Signed(canonical(payload)), dict(tables))
    made.lists()
    return made


def unpack(data: bytes, where: str = "") -> ListPack:
    """Read a file; form, sizes and hashes are checked, signatures are not.

    Raises
    ------
    ListPackError
        When it is no such file, is cut off, or holds more than it says.
    NotCanonicalError, BadSignatureError
        When its first line was altered.
    LibraryDamagedError
        When a table is not the one of the manifest.
    """
    head, newline, _ = data[: LARGEST_HEAD + 1].partition(b"\n")
    if not newline or not head.startswith(b"{"):
        raise ListPackError("this is no file of control lists", where, f"give a {SUFFIX} file")
    signed = Signed.from_bytes(head, where)
    manifest = _manifest(signed.payload, where)
    place = len(head) + 1
    if len(data) != place + sum(one["size"] for one in manifest["files"]):
        raise ListPackError("the file is cut off, or something was added at its end", where, AGAIN)
    tables: dict[str, bytes] = {}
    for one in manifest["files"]:
        table = data[place : place + one["size"]]
        place += one["size"]
        if _sha256(table) != one["sha256"]:
            raise LibraryDamagedError(
                f"the table {one['name']} is not the one that was signed", where, AGAIN
            )
        tables[one["name"]] = table
    return ListPack(signed, tables)


def _manifest(payload: bytes, where: str) -> dict[str, Any]:
    """Return the manifest after checking its form."""
    value = json.loads(payload)
    try:
        files = value["files"]
        edition = date.fromisoformat(value["edition"])
        sound = (
            value.keys()
            == {"purpose", "name", "sequence", "edition", "title", "created", "expires", "files"}
            and isinstance(value["title"], str)
            and value["name"] == NAME
            and value["sequence"] == sequence_of(edition)
            and tuple(one["name"] for one in files) == TABLES
            and all(one.keys() == {"name", "size", "sha256"} for one in files)
            and all(type(o["size"]) is int and 0 < o["size"] <= LARGEST_TABLE for o in files)
        )
        instant(value["created"], where)
        instant(value["expires"], where)
    except (KeyError, TypeError, ValueError, AttributeError, NotCanonicalError):
        sound = False
    if not sound:
        raise ListPackError("its manifest is none of control lists", where, f"give a {SUFFIX} file")
    return dict(value)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
