"""Release a library: a signed package of the entries that may go out, and its second signature."""

from __future__ import annotations

import glob
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from library.difference import earlier_versions
from library.entry import EntryRecord
from library.errors import SamePersonError
from library.package import (
    Package,
    Release,
    check_copied,
    check_manifest,
    manifest_of,
    read_package,
    write_package,
)
from library.signing import Signed, SigningKey
from library.store import Library
from library.trusted_keys import LIBRARY, signed_content, stamp
from library.versions import blockers
from library.writing import write_library
from matching.errors import SpectraError
from spectra_app import __version__
from spectra_app.errors import ReleaseError
from spectra_app.services.keys import known_trust
from spectra_app.services.libraries import open_library
from spectra_app.services.policies import load_policy
from spectra_app.services.station import Station

DAYS = 365
RELEASED = "release"
UNCHECKED = "this computer trusts no keys ('spectra library keys trust')"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person who releases says about it.

    Parameters
    ----------
    notes : str
        Release notes, for the stations.
    days : int
        After so many days stations refuse to install it.
    name, version : str
        Name of the line of releases and version; by default the library's own.
    sequence : int
        Number in the line; 0 for one more than this computer has seen.
    """

    notes: str = ""
    days: int = DAYS
    name: str = ""
    version: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Released:
    """What was written.

    Parameters
    ----------
    path : Path
        The package.
    manifest : dict
        What was signed.
    left_out : dict of str to int
        How many entries of each status were not taken.
    missing : str
        Why no station would take it in yet; empty when it is complete.
    """

    path: Path
    manifest: dict[str, Any]
    left_out: dict[str, int]
    missing: str


def release(
    source: Path,
    out: Path,
    keys: Sequence[SigningKey],
    wanted: Wanted,
    *,
    station: Station,
    now: datetime,
) -> Released:
    """Write a package of the released entries of a library, signed with one key or two.

    Raises
    ------
    ReleaseError
        When nothing is released, or a released entry must not go out.
    SamePersonError
        When the two keys are one.
    SpectraError
        When the library is damaged or the package cannot be written.
    """
    _check_keys(keys)
    with open_library(source) as library, _scratch(out) as scratch:
        library.verify()
        records = list(library.records())
        rows = releasable(records, str(source))
        file = _file_of(library, records, rows, scratch)
        kept = [records[row] for row in rows]
        with station.changing():  # no two releases get one number
            about = _about(library, records, wanted, station, now)
            payload = manifest_of(about, file, kept, library.info.pipeline, wanted.notes)
            _note(station, about, payload, keys)
        signed = Signed(payload)
        for key in keys:
            signed = signed.with_signature(key.sign(payload))
        write_package(out, signed, wanted.notes, file)
    taken = set(rows)
    left = [record.status for row, record in enumerate(records) if row not in taken]
    left_out = {status: left.count(status) for status in dict.fromkeys(left)}
    package = read_package(out)
    return Released(out, package.manifest, left_out, missing(package, station, now))


def _about(
    library: Library,
    records: Sequence[EntryRecord],
    wanted: Wanted,
    station: Station,
    now: datetime,
) -> Release:
    """Return what a release says about itself; whoever asks holds the station."""
    line = wanted.name or library.info.name
    try:
        expires = stamp(now + timedelta(days=wanted.days))
    except OverflowError as error:
        raise ReleaseError(
            f"{wanted.days} days from now is no date", "--expires", "give fewer days"
        ) from error
    return Release(
        name=line,
        version=wanted.version or library.info.version,
        sequence=wanted.sequence or _next_number(station, line),
        created=stamp(now),
        expires=expires,
        minimum_program=__version__,
        withdrawn=tuple(record for record in records if record.status == "withdrawn"),
    )


@contextmanager
def _scratch(out: Path) -> Iterator[Path]:
    """Give a folder beside the package, and remove what a release that was killed left there."""
    prefix = f".{out.name[:40]}.release-"
    for old in out.parent.glob(f"{glob.escape(prefix)}*"):
        shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=out.parent) as folder:
        yield Path(folder)


def _check_keys(keys: Sequence[SigningKey]) -> None:
    if len({key.id for key in keys}) != len(keys):
        raise SamePersonError(
            "both keys are the same one", "--cosign", "another person must sign, with another key"
        )


def releasable(records: Sequence[EntryRecord], where: str) -> list[int]:
    """Return the rows that may go out: released, and not replaced by a later version.

    Raises
    ------
    ReleaseError
        When there is none, or one of them lacks what a release needs.
    """
    released = [record for record in records if record.status == "released"]
    earlier = earlier_versions(records)
    replaced = {entry for record in released for entry in earlier(record)}
    rows = [
        row
        for row, record in enumerate(records)
        if record.status == "released" and record.entry not in replaced
    ]
    if not rows:
        raise ReleaseError(
            "no entry has the status released",
            where,
            "review and release entries first; drafts never go out",
        )
    kept = [records[row] for row in rows]
    faults = [f"{r.name} ({r.entry}): {why}" for r in kept if (why := "; ".join(blockers(r)))]
    if faults:
        more = f" and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise ReleaseError(
            f"{len(faults)} released entries must not go out: {'; '.join(faults[:5])}{more}",
            where,
            "complete them in a new version, or withdraw them",
        )
    return rows


def _file_of(
    library: Library, records: Sequence[EntryRecord], rows: Sequence[int], scratch: Path
) -> Path:
    """Return the file to pack: a copy of the library, or one without what stays behind.

    A copy, because somebody may put another version in the library's place meanwhile.
    """
    target = scratch / "library.h5"
    if len(rows) == len(records):
        shutil.copyfile(library.path, target)
        with Library(target) as copied:
            copied.verify()
            if copied.info != library.info:
                raise ReleaseError(
                    "the library was changed while it was released",
                    str(library.path),
                    "look at it and release it again",
                )
        return target
    write_library(
        target,
        [library.entry(row) for row in rows],
        name=library.info.name,
        version=library.info.version,
        licence=library.info.licence,
        policy=load_policy(),
    )
    return target


def _next_number(station: Station, line: str) -> int:
    """Return the number after the highest that this computer released or installed."""
    numbers = [
        act.details["sequence"]
        for act in station.journal.acts()
        if act.act == RELEASED and act.details["name"] == line
    ]
    trust = known_trust(station)
    numbers += [s.sequence for s in (trust.highest if trust else ()) if s.name == line]
    return max(numbers, default=0) + 1


def _note(station: Station, about: Release, payload: bytes, keys: Sequence[SigningKey]) -> None:
    details = {
        "name": about.name,
        "version": about.version,
        "sequence": about.sequence,
        "expires": about.expires,
        "manifest_sha256": Signed(payload).sha256,
        "keys": [key.id for key in keys],
    }
    station.journal.add(about.created, RELEASED, details)


def missing(package: Package, station: Station, now: datetime) -> str:
    """Return why a station would not take a package in yet, or an empty text."""
    trust = known_trust(station)
    if trust is None:
        if len(package.signed.signatures) > 1:
            return UNCHECKED
        return "one person signed; another must sign it with 'spectra library cosign'"
    try:
        trust.check(package.signed, purpose=LIBRARY, now=now, program=__version__)
    except SpectraError as error:
        return error.what
    return ""


def checked_so_far(path: Path, station: Station, now: datetime) -> Package:
    """Read a package that is not complete yet, and check all that can be checked before signing.

    Raises
    ------
    PackageError, TrustError
        When it is not sound, or a signature in it is not one of a trusted key.
    """
    package = read_package(path)
    trust = known_trust(station)
    if trust is None:
        signed_content(package.signed.payload, LIBRARY, str(path))
    else:
        trust.signers_checked(package.signed, purpose=LIBRARY, now=now, where=str(path))
    check_manifest(package)
    check_copied(package, package.library_hash())
    return package


def cosign(package: Package, key: SigningKey, *, station: Station, now: datetime) -> str:
    """Add a signature to a package that was checked; return what is still missing.

    Raises
    ------
    SamePersonError
        When this key signed it already.
    """
    if any(one.key == key.id for one in package.signed.signatures):
        raise SamePersonError(
            "this key signed it already", str(package.path), "another person must sign"
        )
    signed = package.signed.with_signature(key.sign(package.signed.payload))
    write_package(package.path, signed, package.notes, package)
    return missing(read_package(package.path), station, now)
