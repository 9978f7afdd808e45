"""The libraries that a case's results were searched in: in its bundle, or named exactly.

Who doubts a result has to be able to compute it again, so the library goes with the case where it
is small enough and the station may hand it on; otherwise the bundle says exactly which it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from library.errors import LibraryError
from library.signing import parse_canonical
from library.store import Library
from matching.errors import SpectraError
from spectra_app.errors import InstalledError
from spectra_app.records.bundles.content import LIBRARIES, LibraryUsed
from spectra_app.records.kinds import Scan
from spectra_app.services.installing import installed_signed
from spectra_app.services.workshop import library_files

MOST_BYTES = 64 << 20
"""Of all libraries in one bundle, which is read in memory."""
GONE = "it is not at this station any more: ask who released or built it, by this hash"
STARTER = "the program makes it itself from its own tables; another version makes another one"
OWN = "a file of this station: ask the station for it, by this hash"
TOO_LARGE, KEPT = "too large for a bundle; ", "not handed on by who exported this; "


def libraries_of(
    folder: Path, scans: Iterable[Scan], *, whole: bool
) -> tuple[tuple[LibraryUsed, ...], dict[str, bytes]]:
    """Return what is to be said of the libraries of some scans, and the files that go along.

    Parameters
    ----------
    folder : Path
        The station's data folder.
    scans : iterable of Scan
        Their results name the libraries by the hash of their entries.
    whole : bool
        Whether the files go along where they can.
    """
    wanted = {scan.library_sha256 for scan in scans} - {""}
    found = dict(_found(folder, wanted)) if wanted else {}
    used: list[LibraryUsed] = []
    files: dict[str, bytes] = {}
    for sha256 in sorted(wanted):
        if sha256 not in found:
            used.append(LibraryUsed(sha256=sha256, where=GONE))
            continue
        one, path = found[sha256]
        fits = one.size + sum(map(len, files.values())) <= MOST_BYTES
        if whole and fits:
            data = path.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            name = f"{LIBRARIES}{digest}.h5"
            files[name] = data
            used.append(_with(one, where=one.where, path=name, file_sha256=digest))
        else:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            why = TOO_LARGE if whole else KEPT
            used.append(_with(one, where=why + one.where, path="", file_sha256=digest))
    return tuple(used), files


def _with(one: LibraryUsed, *, where: str, path: str, file_sha256: str) -> LibraryUsed:
    return LibraryUsed(
        sha256=one.sha256, name=one.name, version=one.version, licence=one.licence,
        entries=one.entries, size=one.size, where=where, path=path, file_sha256=file_sha256,
    )  # fmt: skip


def _found(folder: Path, wanted: set[str]) -> Iterator[tuple[str, tuple[LibraryUsed, Path]]]:
    """Yield the libraries of a station that are wanted, by hash, with their files."""
    for path in library_files(folder):
        try:
            with Library(path) as opened:
                info = opened.info
        except (SpectraError, OSError):
            continue  # another one, damaged: the wanted one is not found then, and that is said
        if info.sha256 in wanted:
            about = LibraryUsed(
                sha256=info.sha256,
                name=info.name,
                version=info.version,
                licence=info.licence,
                entries=info.entries,
                size=path.stat().st_size,
                where=_where(path),
            )
            yield info.sha256, (about, path)


def _where(path: Path) -> str:
    """Return where somebody else gets a library."""
    if path.name.startswith("starter-"):
        return STARTER
    try:
        signed = installed_signed(path.parent)
        value = parse_canonical(signed.payload, str(path.parent))
        return (
            f"release number {value['sequence']} of {value['name']}, version {value['version']}: "
            f"the package whose manifest has the SHA-256 {signed.sha256}"
        )
    except (InstalledError, LibraryError, KeyError, TypeError):
        return OWN
