"""Alerts and handling advice of a station: those installed, or shipped; packed, signed, installed.

Shipped ones come with the program and carry no signature of their own; a laboratory that has
reviewed them, or has others, signs its table by two persons and installs it. What is installed
takes the place of the shipped table of its kind, whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import resources
from library.errors import LibraryDamagedError, ListPackError, RollbackError
from library.files import write_whole
from library.notices import (
    LARGEST_FILE,
    NAMES,
    SUFFIX,
    Alert,
    Kind,
    Notices,
    notices_of,
    pack,
    unpack,
)
from library.signing import Signed, SigningKey
from library.trust import Statement, Trust
from library.trust_store import load_trust, save_trust
from library.trusted_keys import CONTROL_LIST, stamp
from matching.errors import SpectraError
from spectra_app import __version__
from spectra_app.records.journal import Journal
from spectra_app.services.station import Station
from spectra_app.settings import data_folder, made

FOLDER = "notices"
INSTALLED = "installed"
KEEP_OUT = "restore the data folder, or install the table again with 'spectra notices install'"


@dataclass(frozen=True, eq=False, slots=True)
class InUse:
    """A table in use, the hash that names it, who signed it, and its file when installed."""

    notices: Notices
    sha256: str
    signers: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def origin(self) -> str:
        """Where it comes from, in words."""
        if self.path is None:
            return "shipped with the program, not signed by a laboratory"
        return f"signed by {', '.join(self.signers)}"

    def to_json(self) -> dict[str, Any]:
        """Return the table with its origin as plain values."""
        return {
            "kind": self.notices.kind,
            "title": self.notices.title,
            "edition": self.notices.edition.isoformat(),
            "sha256": self.sha256,
            "origin": self.origin,
            "rows": [asdict(row) for row in self.notices.rows],
        }

    def lines(self) -> list[str]:
        """Return the table for people: every row with its source and review."""
        notices = self.notices
        told = [f"{notices.title}, edition {notices.edition} ({self.origin})"]
        told.append(f"sha256 {self.sha256}")
        for row in notices.rows:
            if isinstance(row, Alert):
                said = f"{row.id}: {row.title}"
            else:
                said = f"{row.code} ({row.language}): {row.text}"
            told += [said, f"  version {row.version}, {row.review}. Source: {row.source}"]
        return told


def in_use(kind: Kind, folder: Path | None = None) -> InUse:
    """Return the table in use: the one installed, otherwise the one shipped.

    Raises
    ------
    LibraryDamagedError
        When an installed table is missing, altered or not to be trusted any more: the shipped one
        never takes its place in silence.
    """
    home = folder or data_folder()
    path = _path(kind, home)
    said = [act for act in journal(home).acts() if act.details.get("kind") == kind]
    if not said and not path.exists():
        return shipped(kind)
    try:
        data = path.read_bytes()
        signed, notices = unpack(data, str(path))
        trust = load_trust(Station(home).trust_path)
        statement = trust.check_kept(signed, purpose=CONTROL_LIST, where=str(path))
    except (OSError, SpectraError) as error:
        raise LibraryDamagedError(
            f"the installed {NAMES[kind]} cannot be used ({error})", str(path), KEEP_OUT
        ) from error
    sha256 = hashlib.sha256(data).hexdigest()
    if notices.kind != kind or not said or said[-1].details["sha256"] != sha256:
        raise LibraryDamagedError(
            f"the installed {NAMES[kind]} are not those that were installed", str(path), KEEP_OUT
        )
    return InUse(notices, sha256, tuple(sorted(key.person for key in statement.signers)), path)


def shipped(kind: Kind) -> InUse:
    """Return the table shipped with the program."""
    path = resources.path(f"{kind}/{kind}.json")
    data = path.read_bytes()
    return InUse(notices_of(kind, json.loads(data), str(path)), hashlib.sha256(data).hexdigest())


def pack_file(
    kind: Kind, table: Path, out: Path, keys: Sequence[SigningKey], *, now: datetime, days: int
) -> Signed:
    """Write a signed file of a table (JSON with title, edition and rows).

    Raises
    ------
    ListPackError
        When the table cannot be read, or is none.
    """
    try:
        value = json.loads(table.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ListPackError(
            f"the table cannot be read ({error})", str(table), "give a table as JSON"
        ) from error
    signed = pack(kind, value, created=now, expires=now + timedelta(days=days))
    return _sign(signed, out, keys)


def cosign(path: Path, key: SigningKey) -> Signed:
    """Add one more signature to a file."""
    return _sign(unpack(_read(path), str(path))[0], path, [key])


def _sign(signed: Signed, out: Path, keys: Sequence[SigningKey]) -> Signed:
    for key in keys:
        signed = signed.with_signature(key.sign(signed.payload))
    data = signed.to_bytes() + b"\n"
    write_whole(out, lambda place: _fill(place, data))
    return signed


def signed_lines(notices: Notices, statement: Statement) -> list[str]:
    """Return what a signed table is, for people."""
    signers = ", ".join(key.title for key in statement.signers)
    count = f"{len(notices.rows)} {notices.kind}"
    return [f"{notices.title}, edition {notices.edition}: {count}", f"  signed by {signers}"]


def verify(
    path: Path, station: Station, now: datetime, *, older: bool = False
) -> tuple[Notices, Statement]:
    """Check a file: form, signatures, persons, edition, dates; its edition may be `older`.

    Raises
    ------
    SpectraError
        A class of its own for each reason.
    """
    signed, notices = unpack(_read(path), str(path))
    trust = load_trust(station.trust_path)
    return notices, (_of_any_age(trust, notices) if older else trust).check(
        signed, purpose=CONTROL_LIST, now=now, program=__version__, where=str(path)
    )


def _of_any_age(trust: Trust, notices: Notices) -> Trust:
    """Return what is trusted without the memory of the newest edition of a table."""
    others = (one for one in trust.highest if one.name != NAMES[notices.kind])
    return replace(trust, highest=tuple(others))


def install(
    path: Path, station: Station, now: datetime, *, reason: str = "", by: str = ""
) -> tuple[Notices, Statement]:
    """Install a table in the place of the one in use.

    Raises
    ------
    RollbackError
        When an installed one is newer and no reason is given.
    SpectraError
        When the file is not to be trusted; nothing was changed then.
    """
    with station.changing():
        data = _read(path)
        signed, notices = unpack(data, str(path))
        trust = load_trust(station.trust_path)
        why = reason.strip() and by.strip()
        kept = _of_any_age(trust, notices) if why else trust  # somebody answers for an older one
        try:
            statement = kept.check(
                signed, purpose=CONTROL_LIST, now=now, program=__version__, where=str(path)
            )
        except RollbackError as error:
            raise RollbackError(
                error.what, str(path), "get the newest, or say why with --reason and --by"
            ) from error
        target = _path(notices.kind, station.folder)
        made(target.parent)
        details = {
            "kind": notices.kind,
            "edition": notices.edition.isoformat(),
            "title": notices.title,
            "sha256": hashlib.sha256(data).hexdigest(),
            "signers": [key.title for key in statement.signers],
            "reason": reason,
            "by": by,
        }
        journal(station.folder).add(stamp(now), INSTALLED, details)
        write_whole(target, lambda place: _fill(place, data))
        number = statement.seen.sequence
        if all(one.sequence <= number for one in trust.highest if one.name == statement.seen.name):
            save_trust(station.trust_path, trust.seen(statement))
    return notices, statement


def journal(folder: Path | None = None) -> Journal:
    """Return the journal of what was installed."""
    return Journal((folder or data_folder()) / FOLDER / "journal.jsonl")


def _path(kind: Kind, folder: Path) -> Path:
    return folder / FOLDER / f"{kind}{SUFFIX}"


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ListPackError("the file is too large for notices", str(path), "")
        return path.read_bytes()
    except OSError as error:
        raise ListPackError(
            f"the file cannot be read ({error.strerror})", str(path), f"give a {SUFFIX} file"
        ) from error


def _fill(place: Path, data: bytes) -> None:
    place.write_bytes(data)
