"""Packages: a library with a signed manifest and release notes, in one file.

The manifest names every other member with its size and hash, so a signature over the manifest is
one over everything. Whether the signatures are to be believed is decided in `library.trust`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from library.archive import (
    AGAIN,
    END,
    LIBRARY,
    MANIFEST,
    NOTES,
    SIGNATURES,
    Member,
    header,
    padding,
    scan,
)
from library.entry import EntryRecord
from library.errors import PackageAlteredError, PackageManifestError
from library.files import write_whole
from library.signing import Signed, canonical, parse_canonical, signatures_of
from library.store import Library
from library.trusted_keys import LIBRARY as PURPOSE

FORMAT = 1
CHUNK = 2**20
_KEYS = {
    "purpose", "format", "name", "version", "sequence", "created", "expires", "minimum_program",
    "pipeline", "library_sha256", "entries", "withdrawn", "members",
}  # fmt: skip
_FROM_MAKER = "get it again from who released it"


@dataclass(frozen=True, slots=True)
class Release:
    """What a release says about itself, beside what follows from the library.

    Parameters
    ----------
    name : str
        Of the line of releases: numbers are compared among releases of one name.
    version : str
        For people.
    sequence : int
        Number in the line, counted up by one; stations refuse a lower one.
    created, expires : str
        See `library.trusted_keys.stamp`.
    minimum_program : str
        The oldest program that can use it.
    withdrawn : tuple of EntryRecord
        Entries that are not in the library any more; each record says why.
    """

    name: str
    version: str
    sequence: int
    created: str
    expires: str
    minimum_program: str
    withdrawn: tuple[EntryRecord, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Package:
    """A package that was read, not yet believed.

    Parameters
    ----------
    path : Path
        The file.
    signed : Signed
        Manifest and signatures.
    notes : str
        Release notes.
    members : dict
        Where each member lies.
    manifest : dict
        Content of the manifest; see `check_manifest`.
    """

    path: Path
    signed: Signed
    notes: str
    members: dict[str, Member]
    manifest: dict[str, Any]

    def library_hash(self) -> str:
        """Return the SHA-256 of the library as it lies in the package."""
        digest = hashlib.sha256()
        with self.path.open("rb") as source:
            for chunk in _chunks(source, self.members[LIBRARY]):
                digest.update(chunk)
        return digest.hexdigest()

    def copy_library(self, target: Path) -> str:
        """Copy the library out, bring it to the disk, and return the SHA-256 of what was copied."""
        digest = hashlib.sha256()
        with self.path.open("rb") as source, target.open("wb") as file:
            for chunk in _chunks(source, self.members[LIBRARY]):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest()


def write_package(target: Path, signed: Signed, notes: str, library: Path | Package) -> None:
    """Write a package whole or not at all.

    Parameters
    ----------
    target : Path
        The file to make or replace.
    signed : Signed
        Manifest, made by `manifest_of`, and signatures.
    notes : str
        Release notes.
    library : Path or Package
        The library's file, or a package that holds it already.
    """
    parts = {MANIFEST: signed.payload, SIGNATURES: signed.signatures_bytes(), NOTES: notes.encode()}

    def write(path: Path) -> None:
        with path.open("wb") as file:
            for name, data in parts.items():
                file.write(header(name, len(data)) + data + padding(len(data)))
            if isinstance(library, Package):
                place = library.members[LIBRARY]
                _write_library(file, library.path, place)
            else:
                _write_library(file, library, Member(0, library.stat().st_size))
            file.write(END)

    write_whole(target, write)


def _write_library(file: BinaryIO, path: Path, place: Member) -> None:
    file.write(header(LIBRARY, place.size))
    with path.open("rb") as source:
        for chunk in _chunks(source, place):
            file.write(chunk)
    file.write(padding(place.size))


def _chunks(source: BinaryIO, place: Member) -> Iterator[bytes]:
    source.seek(place.offset)
    left = place.size
    while left:
        chunk = source.read(min(CHUNK, left))
        if not chunk:
            raise OSError("the file became shorter while it was read")
        left -= len(chunk)
        yield chunk


def read_package(path: Path) -> Package:
    """Read layout, manifest, signatures and notes; the library is left where it is.

    Raises
    ------
    PackageError, TrustError
        A class of its own for each reason; nothing is believed yet.
    """
    members = scan(path)
    with path.open("rb") as file:
        parts = {
            name: b"".join(_chunks(file, members[name])) for name in (MANIFEST, SIGNATURES, NOTES)
        }
    where = str(path)
    signatures = signatures_of(parse_canonical(parts[SIGNATURES], where), where)
    manifest = parse_canonical(parts[MANIFEST], where)
    if not isinstance(manifest, dict):
        raise PackageManifestError("the manifest is none", where, _FROM_MAKER)
    try:
        notes = parts[NOTES].decode()
    except UnicodeDecodeError as error:
        raise PackageAlteredError("the release notes are no text", where, AGAIN) from error
    return Package(path, Signed(parts[MANIFEST], signatures), notes, members, manifest)


def manifest_of(
    release: Release, library: Path, records: Sequence[EntryRecord], pipeline: str, notes: str
) -> bytes:
    """Return the manifest of a release, the bytes that are signed."""
    digest, records_digest = file_hash(library), hashlib.sha256()
    for record in records:
        records_digest.update(record.to_bytes())
    data = notes.encode()
    return canonical(
        {
            "purpose": PURPOSE,
            "format": FORMAT,
            "name": release.name,
            "version": release.version,
            "sequence": release.sequence,
            "created": release.created,
            "expires": release.expires,
            "minimum_program": release.minimum_program,
            "pipeline": pipeline,
            "library_sha256": records_digest.hexdigest(),
            "entries": [_listed(record) for record in records],
            "withdrawn": [
                {"entry": one.entry, "name": one.name, "reason": one.status_reason}
                for one in release.withdrawn
            ],
            "members": [
                {"name": NOTES, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()},
                {"name": LIBRARY, "size": library.stat().st_size, "sha256": digest},
            ],
        }
    )


def _listed(record: EntryRecord) -> dict[str, Any]:
    return {
        "entry": record.entry,
        "name": record.name,
        "status": record.status,
        "version": record.version,
        "sha256": hashlib.sha256(record.to_bytes()).hexdigest(),
    }


def file_hash(path: Path) -> str:
    """Return the SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_manifest(package: Package) -> None:
    """Check that the manifest, believed by now, is one of a package and names its members.

    Raises
    ------
    PackageManifestError, PackageAlteredError
        When it is not, or the release notes are not the ones signed.
    """
    value, where = package.manifest, str(package.path)
    stated = value.get("members")
    sizes = [(name, package.members[name].size) for name in (NOTES, LIBRARY)]
    try:
        if value.keys() != _KEYS or value["format"] != FORMAT or not isinstance(stated, list):
            raise ValueError("other keys")
        hashes = {item["name"]: item["sha256"] for item in stated}
        named = [(item["name"], item["size"]) for item in stated]
    except (ValueError, KeyError, TypeError) as error:
        raise PackageManifestError(
            "the manifest is not one of a package this program knows", where, _FROM_MAKER
        ) from error
    if named != sizes:
        raise PackageAlteredError(
            "the members are not those that were signed (names or sizes differ)", where, _FROM_MAKER
        )
    if hashlib.sha256(package.notes.encode()).hexdigest() != hashes[NOTES]:
        raise PackageAlteredError("the release notes are not the ones signed", where, _FROM_MAKER)


def library_file_hash(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 that a manifest, checked, states for the file of the library."""
    return str(next(one["sha256"] for one in manifest["members"] if one["name"] == LIBRARY))


def check_copied(package: Package, sha256: str) -> None:
    """Check the hash of the library that was copied out.

    Raises
    ------
    PackageAlteredError
        When it is not the one that was signed.
    """
    if sha256 != library_file_hash(package.manifest):
        raise PackageAlteredError(
            "the library in the package is not the one that was signed", str(package.path), AGAIN
        )


def check_library(package: Package, library: Library) -> None:
    """Check that the library holds the entries the manifest lists, all of them released.

    Raises
    ------
    PackageManifestError
        When it does not.
    LibraryDamagedError
        When it is not sound in itself.
    """
    library.verify()
    value = package.manifest
    stated = (value["entries"], value["pipeline"], value["library_sha256"])
    listed = [_listed(record) for record in library.records()]
    if stated != (listed, library.info.pipeline, library.info.sha256):
        raise PackageManifestError(
            "the manifest does not describe the library in the package",
            str(package.path),
            _FROM_MAKER,
        )
    if any(item["status"] != "released" for item in listed):
        raise PackageManifestError(
            "the package holds entries that were not released", str(package.path), _FROM_MAKER
        )


def unpack(package: Package, target: Path) -> None:
    """Copy the library to `target` and check it there; a faulty one is removed.

    Raises
    ------
    PackageError, LibraryError
        When it is not the one signed, not sound, or not as the manifest says.
    """
    try:
        check_copied(package, package.copy_library(target))
        with Library(target) as library:
            check_library(package, library)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
