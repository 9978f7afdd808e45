"""The archive of a bundle: a tar file (POSIX ustar) in one exact layout, never compressed.

Every byte that is not content is fixed by the names and sizes of the members, and compared; names
are of the few forms a bundle has. Nothing is unpacked by name, so there is no path to climb, no
link to follow and nothing to inflate. What a tar program unpacks is one folder, a bag (RFC 8493).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from library.archive import BLOCK, END, header, padding
from spectra_app.records.bundles.errors import (
    BundleLayoutError,
    BundleMembersError,
    BundlePartialError,
    BundlePathError,
    BundleSizeError,
    BundleTrailingError,
    NotABundleError,
)

TAGS = (
    "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "statement.json", "signatures.json",
    "tagmanifest-sha256.txt",
)  # fmt: skip
PAYLOAD = (
    "data/README.txt", "data/case.json", "data/index.html", "data/records.jsonl",
    "data/station.pub", "data/audit/entries.jsonl", "data/audit/extent.json",
    "data/audit/head.json", "data/audit/links.txt",
)  # fmt: skip
"""What every bundle has; `OTHERS` are the forms of what it may have besides."""
ENDINGS = (
    r"(?:csv|tsv|txt|asc|dat|prn|log|jdx|dx|jcm|json|xml|spc|spa|sp|wdf|wip|wxd|ngs|l6s|sif|spe|h5"
    r"|hdf5|nxs|png|jpg|jpeg|tif|tiff|bmp|heic|pdf|bin|[0-9]{1,4})"
)
"""Of evidence: what a double click shows; nothing in a bundle is run by one."""
OTHERS = re.compile(
    r"data/(?:files/[0-9a-f]{64}\." + ENDINGS + r"|signers/[0-9a-f]{64}\.pub"
    r"|libraries/[0-9a-f]{64}\.h5|spectra/[A-Za-z0-9-]{1,40}\.(?:jdx|nxs)|verifier/[a-z_]{1,30}\.py)"
)
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,17}")
MOST_BYTES = 2**29
"""Of a whole bundle: it is read and checked in memory, before anything of it is written."""
MOST_MEMBERS = 50_000
MIB = 2**20
MOST_OF = {
    **dict.fromkeys(TAGS, MIB), "manifest-sha256.txt": 8 * MIB,
    "data/README.txt": 16 * MIB, "data/index.html": 16 * MIB, "data/case.json": 16 * MIB,
    "data/records.jsonl": 64 * MIB, "data/station.pub": MIB, "data/audit/entries.jsonl": 64 * MIB,
    "data/audit/extent.json": 16 * MIB, "data/audit/head.json": MIB,
    "data/audit/links.txt": 128 * MIB,
}  # fmt: skip
"""Of what is parsed, in bytes: a few bytes of JSON can take a hundred times as many in memory."""
MOST_LINES = 200_000
"""Of records and of entries in a bundle."""
AGAIN = "copy or fetch it again"
FROM_MAKER = "get it again from who exported it"
_COMPRESSED = {
    b"\x1f\x8b": "gzip", b"PK": "zip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7z",
}  # fmt: skip


def in_order(names: Mapping[str, bytes]) -> list[str]:
    """Return the names of members in the order of the archive: tag files, then the payload."""
    return [*TAGS, *sorted(name for name in names if name not in TAGS)]


def packed(folder: str, files: Mapping[str, bytes]) -> Iterator[bytes]:
    """Yield the pieces of the archive.

    Parameters
    ----------
    folder : str
        Name of the one folder in it.
    files : mapping of str to bytes
        Content by name below that folder.

    Raises
    ------
    BundleSizeError
        When it would be larger than a bundle may be.
    """
    for name, data in files.items():
        if too_large(name, data):
            raise BundleSizeError(
                f"{name} would be larger than a bundle may have it",
                folder,
                "export the case in parts: as questions about its items",
            )
    size = sum(2 * BLOCK + len(data) for data in files.values()) + len(END)
    if size > MOST_BYTES or len(files) > MOST_MEMBERS:
        raise BundleSizeError(
            f"the bundle would have {size:,} bytes in {len(files):,} files; it may have "
            f"{MOST_BYTES:,} in {MOST_MEMBERS:,}",
            folder,
            "export the case in parts: as questions about its items",
        )
    for name in in_order(files):
        data = files[name]
        yield header(f"{folder}/{name}", len(data))
        yield data
        yield padding(len(data))
    yield END


def too_large(name: str, data: bytes) -> bool:
    """Return whether a member is more than is read: in bytes, or in lines."""
    lines = data.count(b"\n") if name.endswith(".jsonl") and name in PAYLOAD else 0
    return len(data) > MOST_OF.get(name, len(data)) or lines > MOST_LINES


def read_whole(path: Path) -> bytes:
    """Return the content of a file that may be a bundle.

    Raises
    ------
    NotABundleError, BundleSizeError
        When it is no plain file, cannot be read, or is larger than a bundle may be.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | _NONBLOCK)
        with open(handle, "rb") as file:  # noqa: PTH123  asked what it is before it is read
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise NotABundleError("this is no plain file", str(path), "give a bundle file")
            if found.st_size > MOST_BYTES:
                raise BundleSizeError(
                    f"the file has {found.st_size:,} bytes; a bundle has {MOST_BYTES:,} at most",
                    str(path),
                    FROM_MAKER,
                )
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotABundleError(
            f"the file cannot be read ({error.strerror})", str(path), "check the path"
        ) from error


_NONBLOCK = getattr(os, "O_NONBLOCK", 0)  # a pipe would wait for its other end


def unpacked(data: bytes, where: str = "") -> tuple[str, dict[str, bytes]]:
    """Return the folder and the members of a bundle, after checking every byte around them.

    Raises
    ------
    BundleError
        A class of its own for each reason.
    """
    return _Unpacking(data, where).members()


class _Unpacking:
    """One pass over an archive."""

    def __init__(self, data: bytes, where: str) -> None:
        self.data, self.where, self.at, self.folder = data, where, 0, ""
        self.found: dict[str, bytes] = {}
        self.folded: set[str] = set()

    def members(self) -> tuple[str, dict[str, bytes]]:
        self._check_beginning()
        while any(block := self._take(BLOCK)):
            self._member(block)
        if any(self._take(BLOCK)):
            raise self._layout("its end")
        if self.at < len(self.data):
            raise BundleTrailingError(
                "something follows the end of the bundle", self.where, FROM_MAKER
            )
        missing = [name for name in (*TAGS, *PAYLOAD) if name not in self.found]
        if missing:
            raise BundleMembersError(f"{missing[0]} is missing", self.where, FROM_MAKER)
        return self.folder, self.found

    def _check_beginning(self) -> None:
        begin = self.data[:BLOCK]
        for magic, kind in _COMPRESSED.items():
            if begin.startswith(magic):
                raise BundleSizeError(
                    f"this is a compressed archive ({kind}); a bundle is never compressed, and "
                    "nothing was unpacked",
                    self.where,
                    FROM_MAKER,
                )
        folder, _, first = begin[:100].rstrip(b"\0").partition(b"/")
        tar = begin[257:262] == b"ustar"
        if not tar and first != TAGS[0].encode():
            raise NotABundleError(
                "this is no bundle", self.where, "give a file made by 'spectra case export'"
            )
        name = folder.decode("ascii", "replace")
        self.folder = name if FOLDER.fullmatch(name) else ""

    def _take(self, size: int) -> bytes:
        piece = self.data[self.at : self.at + size]
        if len(piece) < size:
            raise BundlePartialError("the bundle ends early", self.where, AGAIN)
        self.at += size
        return piece

    def _member(self, block: bytes) -> None:
        name = self._name(block)
        self._check_place(name)
        digits = block[124:135]
        if digits.strip(b"01234567") or not digits:
            raise self._layout(f"the header of {name}")
        size = int(digits, 8)
        if header(f"{self.folder}/{name}", size) != block:
            raise self._layout(f"the header of {name}")
        if size > len(self.data) - self.at:
            raise BundlePartialError(
                f"the bundle ends early: {name} says that it has {size:,} bytes", self.where, AGAIN
            )
        if size > MOST_OF.get(name, size):
            raise self._large(name)
        self.found[name] = self._take(size)
        if too_large(name, self.found[name]):
            raise self._large(name)
        self.folded.add(name.casefold())
        if any(self._take(len(padding(size)))):
            raise self._layout(f"what fills the last block of {name}")

    def _name(self, block: bytes) -> str:
        """Return the name of a member below the folder, when it is a plain file there."""
        prefix, name = block[345:500].rstrip(b"\0"), block[:100].split(b"\0")[0]
        whole = prefix + b"/" + name if prefix else name
        shown = whole.decode("ascii", "backslashreplace")
        folder, _, below = shown.partition("/")
        steps = below.split("/")
        plain = re.fullmatch(r"[A-Za-z0-9._/-]+", below) and not {"", ".", ".."} & set(steps)
        if (
            not plain
            or folder != (self.folder or None)
            or block[156:157] != b"0"
            or any(block[157:257])
        ):
            raise BundlePathError(
                f"the member {shown[:120]!r} is no plain file below one folder",
                self.where,
                "do not unpack it; " + FROM_MAKER,
            )
        return below

    def _check_place(self, name: str) -> None:
        """Check that a member belongs into a bundle, and here."""
        count = len(self.found)
        if name.casefold() in self.folded:
            what = "is given twice" if name in self.found else "differs from another by capitals"
        elif name not in TAGS and name not in PAYLOAD and not OTHERS.fullmatch(name):
            what = "does not belong into a bundle"
        elif count < len(TAGS):
            what = "" if name == TAGS[count] else f"stands where {TAGS[count]} must be"
        else:
            last = next(reversed(self.found))
            what = "is out of order" if last not in TAGS and name < last else ""
        if count >= MOST_MEMBERS:
            raise BundleSizeError("the bundle has too many files", self.where, FROM_MAKER)
        if what:
            raise BundleMembersError(f"the member {name[:120]!r} {what}", self.where, FROM_MAKER)

    def _large(self, name: str) -> BundleSizeError:
        return BundleSizeError(
            f"{name} is larger than a bundle may have it; nothing of it was read",
            self.where,
            FROM_MAKER,
        )

    def _layout(self, what: str) -> BundleLayoutError:
        return BundleLayoutError(
            f"{what} is not what a bundle has there: it was altered", self.where, AGAIN
        )
