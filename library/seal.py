"""A seal over the structure of a library file, checked before HDF5 parses a byte of it.

One flipped byte in HDF5's own structures can make the HDF5 library loop for ever. So the file
begins with a block that HDF5 leaves to the user (its user block): a line of JSON with the size of
the file, where the large data lie, and the SHA-256 of everything else. The large data are covered
by the hashes inside the file, which are checked when they are asked for: hashing gigabytes takes
too long. Everything else is checked here, because one flipped bit in a flag, or in the sums and
search rows of all but very large libraries, would silently keep a reference from being found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from library.errors import LibraryDamagedError, LibraryError

BLOCK = 4096  # bytes of the user block
LARGE = 8 * 2**20  # bytes from which a dataset is left to the hashes inside the file
AT_ONCE = 2**18  # bytes read and hashed together: they stay in the processor's own memory
CHECKED = frozenset({"/entries/records"})  # has a hash that is checked whenever a file is opened
MAGIC = b"Spectra library\n"
HDF5 = b"\x89HDF\r\n\x1a\n"
REMEDY = "restore it from its release or a backup, or build it again"


def seal(path: Path) -> None:
    """Write the seal of a closed HDF5 file with a user block of `BLOCK` bytes and flat groups."""
    import h5py

    with h5py.File(path, "r") as file:
        groups = [file[name] for name in file]
        items = [group[name] for group in groups for name in group]
        left = [d for d in items if d.nbytes >= LARGE or d.name in CHECKED]
        ranges = sorted((int(d.id.get_offset()), int(d.nbytes)) for d in left)
    size = path.stat().st_size
    digest = _structure_hash(path, size, ranges)
    content = json.dumps({"size": size, "data": ranges, "sha256": digest}, sort_keys=True)
    with path.open("r+b") as file:
        file.write((MAGIC + content.encode()).ljust(BLOCK - 1, b" ") + b"\n")


def check(path: Path) -> None:
    """Check the seal of a library file.

    Raises
    ------
    LibraryError
        When the file is not a library at all.
    LibraryDamagedError
        When its structure is not the one that was sealed.
    """
    if path.exists() and not path.is_file():
        raise LibraryError("this is a folder or a device, not a library", str(path), "give a file")
    with path.open("rb") as file:
        block = file.read(BLOCK)
    if not block.startswith(MAGIC):
        kind = "HDF5 but not a Spectra library" if block.startswith(HDF5) else "not a library"
        raise LibraryError(
            f"the file is {kind}", str(path), "give a file made by 'spectra library build'"
        )
    try:
        content = json.loads(block[len(MAGIC) :])
        ranges = [(int(offset), int(size)) for offset, size in content["data"]]
        size, stated = int(content["size"]), str(content["sha256"])
        sound = path.stat().st_size == size and _structure_hash(path, size, ranges) == stated
    except (ValueError, KeyError, TypeError) as error:
        raise LibraryDamagedError("its seal cannot be read", str(path), REMEDY) from error
    if not sound:
        raise LibraryDamagedError(
            "its structure is not the one that was written (cut short or altered)",
            str(path),
            REMEDY,
        )


def is_library(path: Path) -> bool:
    """Tell whether a file begins as a library does."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _structure_hash(path: Path, size: int, ranges: Sequence[tuple[int, int]]) -> str:
    """Hash what lies between the data ranges; they must be in order and inside the file."""
    digest = hashlib.sha256(json.dumps([size, *map(list, ranges)]).encode())
    place, buffer = BLOCK, memoryview(bytearray(AT_ONCE))
    with path.open("rb", buffering=0) as file:
        for offset, length in [*ranges, (size, 0)]:
            if not place <= offset <= size or length < 0:
                raise ValueError("the data ranges are not in order")
            file.seek(place)
            while place < offset and (read := file.readinto(buffer[: offset - place])):
                digest.update(buffer[:read])
                place += read
            place = offset + length
    return digest.hexdigest()
