"""The one archive a package can be: four named members, never compressed, in one exact layout.

It is a tar file (POSIX ustar), so that every system can open it by hand; but each byte that is not
content is fixed by the names and sizes of the members. Reading compares with that layout and
unpacks nothing by name, so there is no path to climb, nothing to inflate and no second reading of
the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from library.errors import (
    NotAPackageError,
    PackageBombError,
    PackageLayoutError,
    PackageMembersError,
    PackagePartialError,
    PackagePathError,
    PackageTrailingError,
)

BLOCK = 512
MANIFEST, SIGNATURES, NOTES, LIBRARY = "manifest.json", "signatures.json", "notes.txt", "library.h5"
# In this order, each with the most bytes it may have; ustar itself ends at 8 GiB.
LIMITS = {MANIFEST: 64 * 2**20, SIGNATURES: 64 * 2**10, NOTES: 2**20, LIBRARY: 8**11 - 1}
_HEADER = struct.Struct("100s8s8s8s12s12s8s1s100s6s2s32s32s8s8s155s12x")
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"PK": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf": "7z",
}
AGAIN = "copy or fetch it again"
_FROM_MAKER = "get it again from who released it"


@dataclass(frozen=True, slots=True)
class Member:
    """Where a member lies in the archive, in bytes."""

    offset: int
    size: int


def header(name: str, size: int) -> bytes:
    """Return the 512 bytes that stand before a member."""
    fields = [
        name.encode(),
        b"0000644\0",
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % size,
        b"00000000000\0",
        b"        ",
        b"0",
        b"",
        b"ustar\0",
        b"00",
        b"",
        b"",
        b"0000000\0",
        b"0000000\0",
        b"",
    ]
    block = _HEADER.pack(*fields)
    fields[6] = b"%06o\0 " % sum(block)
    return _HEADER.pack(*fields)


def padding(size: int) -> bytes:
    """Return the zeros that fill a member's last block."""
    return bytes(-size % BLOCK)


END = bytes(2 * BLOCK)


def looks_like_package(path: Path) -> bool:
    """Tell whether a file begins as a package does, even with one byte altered or compressed."""
    with path.open("rb") as file:
        block = file.read(BLOCK)
    begun = block[257:262] == b"ustar" or block.startswith(MANIFEST.encode())
    return begun or block.startswith(tuple(_COMPRESSED))


def scan(path: Path) -> dict[str, Member]:
    """Find the members of a package after checking every byte that is not content.

    Raises
    ------
    PackageError
        A class of its own for each reason.
    """
    if path.exists() and not path.is_file():
        raise NotAPackageError("this is a folder or a device", str(path), "give a package file")
    try:
        with path.open("rb") as file:
            return _Scan(file, path).members()
    except FileNotFoundError as error:
        raise NotAPackageError("there is no such package", str(path), "check the path") from error
    except OSError as error:
        raise NotAPackageError(
            f"the package cannot be read ({error.strerror})", str(path), "choose another file"
        ) from error


class _Scan:
    """One pass over the headers of an archive."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.file, self.where = file, str(path)
        self.size = path.stat().st_size

    def members(self) -> dict[str, Member]:
        self._check_beginning()
        found: dict[str, Member] = {}
        for name in LIMITS:
            found[name] = self._member(name, found)
        self._check_end(found)
        return found

    def _check_beginning(self) -> None:
        block = self.file.read(BLOCK)
        self.file.seek(0)
        for magic, kind in _COMPRESSED.items():
            if block.startswith(magic):
                raise PackageBombError(
                    f"this is a compressed archive ({kind}); a package is never compressed, and "
                    "nothing was unpacked",
                    self.where,
                    _FROM_MAKER,
                )
        whole = block.startswith(MANIFEST.encode()) or block[257:262] == b"ustar"
        begun = len(block) < BLOCK and header(MANIFEST, 0)[:100].startswith(block[:100])
        if not whole and not begun:
            raise NotAPackageError(
                "this is not a package", self.where, "give a file made by 'spectra library release'"
            )

    def _block(self) -> bytes:
        block = self.file.read(BLOCK)
        if len(block) < BLOCK:
            raise PackagePartialError("the package ends early", self.where, AGAIN)
        return block

    def _member(self, wanted: str, found: Mapping[str, Member]) -> Member:
        block = self._block()
        if not any(block):
            raise PackageMembersError(f"{wanted} is missing", self.where, _FROM_MAKER)
        size = self._stated_size(block)
        self._check_name(block, wanted, found)
        if size > LIMITS[wanted]:
            raise PackageBombError(
                f"{wanted} says that it has {size:,} bytes; it may have {LIMITS[wanted]:,}",
                self.where,
                _FROM_MAKER,
            )
        if header(wanted, size) != block:
            raise self._layout(f"the header of {wanted}")
        member = Member(self.file.tell(), size)
        end = member.offset + size + len(padding(size))
        if end > self.size:
            raise PackagePartialError(
                f"the package ends early: {wanted} says that it has {size:,} bytes",
                self.where,
                AGAIN,
            )
        self.file.seek(member.offset + size)
        if any(self.file.read(end - member.offset - size)):
            raise self._layout(f"what fills the last block of {wanted}")
        return member

    def _stated_size(self, block: bytes) -> int:
        text = _HEADER.unpack(block)[4]
        digits = text.rstrip(b"\0 ")
        if digits and digits.strip(b"01234567") == b"":
            return int(digits, 8)
        if text[0] & 0x80:  # the way of GNU tar to state more than 8 GiB
            return int.from_bytes(text[1:], "big")
        raise self._layout("a header")

    def _check_name(self, block: bytes, wanted: str, found: Mapping[str, Member]) -> None:
        fields = _HEADER.unpack(block)
        prefix, name = fields[15].rstrip(b"\0"), fields[0].split(b"\0")[0]
        shown = (prefix + b"/" + name if prefix else name).decode("utf-8", "backslashreplace")
        outside = any(sign in shown for sign in ("/", "\\", ":")) or shown in {"", ".", ".."}
        if outside or fields[7] not in {b"0", b"\0"} or any(fields[8]):
            raise PackagePathError(
                f"the member {shown[:120]!r} is no plain file beside the others",
                self.where,
                "do not unpack it; " + _FROM_MAKER,
            )
        if shown == wanted:
            return
        what = "is given twice" if shown in found else f"stands where {wanted} must be"
        raise PackageMembersError(f"the member {shown[:120]!r} {what}", self.where, _FROM_MAKER)

    def _check_end(self, found: Mapping[str, Member]) -> None:
        block = self._block()
        if any(block):
            if block[257:262] == b"ustar":
                self._check_name(block, "the end", found)
            raise self._layout("its end")
        if any(self._block()):
            raise self._layout("its end")
        if self.file.read(1):
            raise PackageTrailingError(
                "something follows the end of the package", self.where, _FROM_MAKER
            )

    def _layout(self, what: str) -> PackageLayoutError:
        return PackageLayoutError(
            f"{what} is not what a package has there: it was altered", self.where, AGAIN
        )
