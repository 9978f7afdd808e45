"""Build libraries, describe them, and make the starter library on first use."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from library.entry import Entry, EntryRecord, entry_id
from library.errors import LibraryDamagedError, LibraryError, ManifestError
from library.formats import Column, NamedSpectrum, read_file, select
from library.info import SCHEMA_VERSION, LibraryInfo
from library.layout import DATASETS
from library.manifest import AS_WRITTEN, ManifestRow, read_manifest
from library.seal import is_library
from library.starter import starter_entries, starter_note, starter_sha256
from library.store import Library
from library.substances import substances
from library.writing import write_library
from matching.confusion import rule_hash
from matching.pipeline import DEFAULT_PIPELINE
from matching.spectrum import Spectrum
from spectra_app.errors import InstalledError
from spectra_app.services.policies import load_policy
from spectra_app.services.station import ASK_AGAIN, Station
from spectra_app.settings import data_folder, made

SUFFIXES = frozenset({".csv", ".txt", ".tsv", ".asc", ".dat", ".prn", ".xy"})


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
    """

    info: LibraryInfo
    left_out: tuple[str, ...]
    assumptions: tuple[str, ...]
    unrecognised: tuple[str, ...]


def no_progress(share: float, words: str) -> None:
    """Ignore progress."""


def build_library(
    source: Path,
    target: Path,
    *,
    name: str = "",
    licence: str = "",
    column: Column | None = None,
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
    column : str or None
        Column taken from vendor files.
    progress : callable (share, words)
        Told how far the work is.

    Raises
    ------
    SpectraError
        For the first file that cannot be read: a library with silent gaps is worse than none.
    """
    rows, left_out = _rows(source)
    _check_target(target)
    entries: list[Entry] = []
    notes: dict[str, int] = {}
    for number, row in enumerate(rows):
        progress(number / len(rows), row.path.name)
        for entry in _entries_of(row, column):
            entries.append(entry)
            for sentence in entry.record.assumptions:
                notes[sentence] = notes.get(sentence, 0) + 1
    progress(1.0, "writing")
    title = name or (source.parent.name if source.is_file() else source.name)
    info = write_library(target, entries, name=title, licence=licence, policy=load_policy())
    assumptions = tuple(f"{text} ({count} of {len(entries)})" for text, count in notes.items())
    return BuildReport(info, tuple(left_out), assumptions, unrecognised(entries))


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


def _rows(source: Path) -> tuple[list[ManifestRow], list[str]]:
    if source.is_dir() and (source / "manifest.csv").is_file():
        source = source / "manifest.csv"
    if not source.is_dir():
        rows = read_manifest(source)
        named = [row for row in rows if row.get("name")]
        left = [f"line {r.line}: no name, so it is a query" for r in rows if not r.get("name")]
        if not named:
            raise ManifestError(
                "no row has a name", str(source), "fill in the column 'name' for references"
            )
        return named, left
    files = sorted(p for p in source.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES)
    if not files:
        raise ManifestError(
            "the folder holds no spectrum file and no manifest.csv",
            str(source),
            "give a folder with text spectra, or a manifest",
        )
    rows = [
        ManifestRow(path, 0, {"file": _text(path.name), "name": _text(path.stem)}) for path in files
    ]
    return rows, []


def _text(name: str) -> str:
    """Return a file name as text; bytes that are no UTF-8 are spelled out."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


def _entries_of(row: ManifestRow, column: Column | None) -> Iterator[Entry]:
    data, result = read_file(row.path, column=column, laser_nm=row.laser_nm)
    chosen = select(result, row.get("spectrum") or None, where=str(row.path))
    digest = hashlib.sha256(data).hexdigest()
    for item in chosen:
        yield _entry(row, item, (digest, column or "", result.assumptions))


def _entry(
    row: ManifestRow, item: NamedSpectrum, origin: tuple[str, str, tuple[str, ...]]
) -> Entry:
    digest, column, assumptions = origin
    spectrum = _with_facts(item.spectrum, row)
    acquisition = spectrum.acquisition
    as_written: dict[str, Any] = {column: row.get(column) for column in AS_WRITTEN}
    record = EntryRecord(
        entry=entry_id(f"{row.get('name')}|{row.get('inchikey')}|{digest}", spectrum),
        name=row.get("name"),
        synonyms=row.synonyms,
        category=row.get("class"),
        role=row.get("role") or "substance",
        kind=row.get("kind") or "measured",
        technique=spectrum.technique,
        laser_nm=spectrum.laser_nm,
        resolution_cm1=row.resolution_cm1,
        serial=row.get("serial") or acquisition.serial or "",
        instrument=row.get("instrument") or acquisition.instrument or "",
        file=row.get("file"),
        file_sha256=digest,
        spectrum=item.name or "",
        column=column,
        content_sha256=spectrum.content_hash,
        status=row.get("status") or "draft",
        marks=tuple(sorted(item.marks)),
        assumptions=assumptions,
        metadata=row.extra,
        **as_written,
    )
    return Entry(record, spectrum)


def _with_facts(spectrum: Spectrum, row: ManifestRow) -> Spectrum:
    return Spectrum(
        spectrum.raman_shift_cm1,
        spectrum.intensity,
        laser_nm=row.laser_nm if row.laser_nm is not None else spectrum.laser_nm,
        technique="SERS" if row.get("technique") == "SERS" else spectrum.technique,
        acquisition=spectrum.acquisition,
        history=spectrum.history,
    )


def table_entries(rows: Iterator[tuple[dict[str, str], Spectrum]]) -> list[Entry]:
    """Turn rows of a table that comes with the program into entries (no file behind them)."""
    entries = []
    for fields, spectrum in rows:
        row = ManifestRow(Path(), 0, fields)
        entries.append(_entry(row, NamedSpectrum(None, 1, spectrum), ("", "", ())))
    return entries


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


def _open_installed() -> Library:
    """Open the library that was installed last; the starter library while none was.

    An installed library that is missing or altered is never replaced by another one in silence.
    """
    station = Station()
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


def open_library(path: Path | None = None) -> Library:
    """Open a library read-only; without a path the installed one, or else the starter library.

    Raises
    ------
    LibraryError, InstalledError
        When it is missing, damaged, newer than the program, or made with another clean-up.
    """
    library = Library(path) if path else _open_installed()
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
