"""The imported files behind a library, kept beside it byte for byte.

``NAME.h5.originals`` is a folder of ZIP archives, one for each import. A member is a file as it was
imported, named by its SHA-256, so that the evidence of every entry can be shown again. Archives are
written whole, before the library that needs them, and never changed; a library can be used and
passed on without them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from library.errors import LibraryError, OriginalMissingError
from library.files import SUFFIX, write_whole

LARGEST = 200_000_000  # bytes of a file that is read
DATE = (1980, 1, 1, 0, 0, 0)  # the same bytes for the same files
DAMAGED = (  # what the ZIP module raises over an archive that was altered
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def folder_of(library: Path) -> Path:
    """Return the folder with the originals of a library."""
    return library.with_name(f"{library.name}.originals")


class Originals:
    """Files of one import on their way into the folder; see `keeping`."""

    def __init__(self, known: frozenset[str], file: BinaryIO) -> None:
        self.archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self.known = set(known)
        self.digests: list[str] = []

    def add(self, data: bytes) -> str:
        """Keep the bytes of a file, once; return their SHA-256 (hex)."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.known:
            member = zipfile.ZipInfo(digest, DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            self.archive.writestr(member, data, compresslevel=1)
            self.known.add(digest)
            self.digests.append(digest)
        return digest


@contextmanager
def keeping(library: Path) -> Iterator[Originals]:
    """Collect originals in a temporary file; on leaving without an error they are kept.

    Raises
    ------
    LibraryError
        When the folder cannot be written.
    """
    folder = folder_of(library)
    known = frozenset(_members(folder))
    with tempfile.TemporaryFile() as scratch:
        kept = Originals(known, scratch)
        with kept.archive:
            yield kept
        if kept.digests:
            _store(folder, kept.digests, scratch)


def copied(library: Path, target: Path) -> None:
    """Copy the originals of a library for another one beside which there are none of this name.

    Raises
    ------
    LibraryError
        When the folder cannot be written.
    """
    for archive in sorted(set(_members(folder_of(library)).values())):
        folder = _made(folder_of(target))
        write_whole(folder / archive.name, partial(_copy, archive))


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise LibraryError(
            f"the folder of the original files cannot be made ({error.strerror})",
            str(folder),
            "choose another folder or ask for write permission",
        ) from error
    return folder


def _store(folder: Path, digests: list[str], scratch: BinaryIO) -> None:
    name = hashlib.sha256("\n".join(digests).encode()).hexdigest()[:16]
    _made(folder)
    for path in folder.glob(f".*{SUFFIX}"):
        path.unlink(missing_ok=True)

    def copy(target: Path) -> None:
        scratch.seek(0)
        with target.open("wb") as file:
            while block := scratch.read(2**20):
                file.write(block)

    write_whole(folder / f"{name}.zip", copy)
    if os.name != "nt":
        handle = os.open(folder.parent, os.O_RDONLY)
        try:
            os.fsync(handle)  # the folder itself may be new
        finally:
            os.close(handle)


def _members(folder: Path) -> dict[str, Path]:
    """Return which archive holds each digest; an archive that cannot be read holds nothing."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.zip")) if folder.is_dir() else []:
        try:
            with zipfile.ZipFile(path) as archive:
                found |= {name: path for name in archive.namelist() if name not in found}
        except DAMAGED:
            continue  # what is missing then is named when it is asked for, and kept again
    return found


def original(library: Path, digest: str) -> bytes:
    """Return the bytes of an imported file by its SHA-256.

    Raises
    ------
    OriginalMissingError
        When it is not there, or is not the file that was imported.
    """
    folder = folder_of(library)
    path = _members(folder).get(digest)
    if path is None:
        raise OriginalMissingError(
            f"the original file {digest[:16]} is not kept with this library",
            str(folder),
            "copy the folder of originals from where the library was built",
        )
    try:
        with zipfile.ZipFile(path) as archive, archive.open(digest) as member:
            data = member.read(LARGEST + 1)
    except DAMAGED as error:
        raise _altered(digest, path) from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise _altered(digest, path)
    return data


def missing(library: Path, digests: list[str]) -> list[str]:
    """Return those of `digests` whose files are not kept with a library; nothing is read."""
    known = _members(folder_of(library))
    return [digest for digest in digests if digest not in known]


def _altered(digest: str, path: Path) -> OriginalMissingError:
    return OriginalMissingError(
        f"the original file {digest[:16]} is not the one that was imported",
        str(path),
        "restore the folder of originals from a backup",
    )
