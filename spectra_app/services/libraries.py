"""Build libraries, describe them, and make the starter library on first use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from library.entry import Entry
from library.errors import EntryVersionError, LibraryDamagedError, LibraryError
from library.info import SCHEMA_VERSION, LibraryInfo
from library.layout import DATASETS
from library.locking import writing_to
from library.originals import keeping
from library.seal import is_library
from library.starter import starter_entries, starter_note, starter_sha256
from library.store import Library
from library.substances import substances
from library.versions import brought
from library.writing import write_library
from matching.confusion import rule_hash
from matching.pipeline import DEFAULT_PIPELINE
from spectra_app.errors import InstalledError
from spectra_app.services.intake import Options, Taken, table_entries, taken_in
from spectra_app.services.policies import load_policy
from spectra_app.services.station import ASK_AGAIN, Station
from spectra_app.settings import data_folder, made


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build took in and what it left out.

    Parameters
    ----------
    info : LibraryInfo
        The library written.
    left_out : tuple of str
        Why rows were not taken, one sentence each.
    assumptions : tuple of str
        What reading assumed, each sentence once, with the number of files it applies to.
    unrecognised : tuple of str
        Names that the substance tables do not know: their control status will not be known.
    taken : int
        How many entries were taken in.
    unknown : tuple of str
        Columns of the manifest that the program does not know, kept as written.
    """

    info: LibraryInfo
    left_out: tuple[str, ...]
    assumptions: tuple[str, ...]
    unrecognised: tuple[str, ...]
    taken: int
    unknown: tuple[str, ...] = ()


def no_progress(share: float, words: str) -> None:
    """Ignore progress."""


def build_library(
    source: Path,
    target: Path,
    *,
    name: str = "",
    licence: str = "",
    options: Options | None = None,
    progress: Callable[[float, str], None] = no_progress,
) -> BuildReport:
    """Build a library from a manifest, or from a folder whose file names are the names.

    Parameters
    ----------
    source : Path
        Manifest CSV, or a folder (its ``manifest.csv`` is used when there is one).
    target : Path
        The HDF5 file to write.
    name, licence : str
        What the library says about itself; the name defaults to the source's folder.
    options : Options
        How files are read.
    progress : callable (share, words)
        Told how far the work is.

    Raises
    ------
    SpectraError
        For every file that cannot be read: a library with silent gaps is worse than none.
    """
    _check_target(target)
    with writing_to(target):
        with keeping(target) as originals:
            taken = taken_in(source, options or Options(), originals.add, progress)
        progress(1.0, "writing")
        title = name or (source.parent.name if source.is_file() else source.name)
        entries = first_versions(taken.entries, str(source))
        info = write_library(
            target,
            entries,
            name=title,
            licence=licence,
            acts=brought(entry.record for entry in entries),
            policy=load_policy(),
        )
    return reported(info, taken)


def first_versions(entries: Sequence[Entry], where: str) -> Sequence[Entry]:
    """Return the entries of a new library; none of them can replace another."""
    for entry in entries:
        if entry.record.replaces:
            raise EntryVersionError(
                f"{entry.record.name!r} replaces {entry.record.replaces}, but the library is new",
                where,
                "add new versions with 'spectra library import', or leave 'replaces' empty",
            )
    return entries


def reported(info: LibraryInfo, taken: Taken) -> BuildReport:
    """Return what is to be said about what was taken in."""
    return BuildReport(
        info,
        tuple(taken.left_out),
        taken.assumptions(),
        unrecognised(taken.entries),
        len(taken.entries),
        taken.unknown,
    )


def unrecognised(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the names of entries that the substance tables do not know, each once."""
    known, records = substances(), [entry.record for entry in entries]
    found = [bool(known.find(inchikey=r.inchikey, cas=r.cas, name=r.name)) for r in records]
    missing = (r.name for r, hit in zip(records, found, strict=True) if not hit)
    return tuple(dict.fromkeys(missing))


def _check_target(target: Path) -> None:
    """Refuse to replace a file that is not a library, an input above all."""
    if target.is_file() and target.stat().st_size and not is_library(target):
        raise LibraryError(
            "this file is there already and is not a library",
            str(target),
            "choose another name; nothing was changed",
        )


def starter_library() -> Path:
    """Return the starter library in the data folder, made from the shipped table when missing.

    The file name carries a hash of table, clean-up, layout and rule of the findings, so that a new
    table or program makes a new library.
    """
    policy = load_policy()
    rules = rule_hash(policy) + policy.family.hash
    made_with = f"{starter_sha256()}{DEFAULT_PIPELINE.hash}{SCHEMA_VERSION}{DATASETS}{rules}"
    stamp = hashlib.sha256(made_with.encode()).hexdigest()[:12]
    target = made(data_folder() / "libraries") / f"starter-{stamp}.h5"
    if not target.is_file():
        write_library(
            target,
            table_entries(starter_entries()),
            name="Starter library (reconstructed from published bands)",
            version=starter_sha256()[:12],
            licence="facts from published tables; see the source of each entry",
            policy=policy,
        )
    return target


def _open_starter() -> Library:
    """Open the starter library; one that is damaged is made again from the shipped table."""
    try:
        return Library(starter_library())
    except LibraryDamagedError:
        starter_library().unlink()
        return Library(starter_library())


def _open_installed(folder: Path | None) -> Library:
    """Open the library that was installed last; the starter library while none was.

    An installed library that is missing or altered is never replaced by another one in silence.
    """
    station = Station(folder)
    active = station.active()
    if active is None:
        return _open_starter()
    library = Library(station.library_path(active))
    if library.info.sha256 != active.library_sha256:
        library.close()
        raise InstalledError(
            "this is not the library that was installed", str(library.path), ASK_AGAIN
        )
    return library


def open_library(path: Path | None = None, folder: Path | None = None) -> Library:
    """Open a library read-only; without a path the installed one, or else the starter library.

    `folder` is the data folder of the station that has installed it; by default the program's own.

    Raises
    ------
    LibraryError, InstalledError
        When it is missing, damaged, newer than the program, or made with another clean-up.
    """
    library = Library(path) if path else _open_installed(folder)
    if library.info.pipeline != DEFAULT_PIPELINE.hash:
        library.close()
        raise LibraryError(
            "the library was made with another clean-up than this program uses",
            str(library.path),
            "build it again with this program" if path else ASK_AGAIN,
        )
    return library


def library_title(info: LibraryInfo) -> str:
    """Return name, version and size of a library on one line."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in info.kinds)
    return f"{info.name}, version {info.version}: {kinds} ({info.substances:,} substances)"


def library_note(info: LibraryInfo) -> str:
    """Return what a reader must know before trusting an answer from a library."""
    kinds = dict(info.kinds)
    if info.version == starter_sha256()[:12]:
        return starter_note()
    parts = [f"{info.entries:,} spectra of {info.substances:,} substances."]
    if kinds.get("reconstructed"):
        parts.append(f"{kinds['reconstructed']:,} are reconstructed and can only give a lead.")
    if kinds.get("emulated"):
        parts.append(f"{kinds['emulated']:,} are emulated and no evidence of anything.")
    parts.append("A substance that is not in it cannot be named.")
    return " ".join(parts)
