"""From files and manifests to library entries: what to read, what each row says, replicates."""

from __future__ import annotations

import csv
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from library.entry import Entry, EntryRecord, entry_id
from library.errors import ManifestError, ManySpectraError, ReplicatesError
from library.formats import Column, NamedSpectrum, read_file, select
from library.manifest import AS_WRITTEN, ManifestRow, read_manifest, refuse
from matching.consensus import consensus
from matching.errors import SpectraError, SpectrumError
from matching.spectrum import Spectrum
from spectra_app.services.guided import station_profiles

SUFFIXES = frozenset(  # which files of a folder are looked at; what they are, their content says
    [
        ".csv",
        ".txt",
        ".tsv",
        ".asc",
        ".dat",
        ".prn",
        ".xy",
        ".jdx",
        ".dx",
        ".jcm",
        ".jcamp",
        ".nxs",
        ".spc",
        ".wdf",
        ".spe",
        ".spa",
        ".wip",
        ".wid",
        ".0",
        ".l6s",
        ".xml",
        ".sif",
        ".tvf",
        ".rod",
        ".cif",
        ".ttt",
        ".trt",
        ".txtr",
    ]
)
MOST = 20  # spectra of one file that are taken unasked: a map has hundreds under one name
IDENTITY = (  # what replicates must agree in; status and version are of the entry they make
    *("name", "group", "inchikey", "cas", "form", "role", "kind", "technique", "laser_nm"),
    *("status", "replaces"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """How files are read.

    Parameters
    ----------
    column : str or None
        Column taken from vendor files.
    partial : bool
        Whether to take what is left of truncated files, marked and never released.
    laser_nm : float or None
        Laser line of what has none in the manifest.
    spectrum : str or None
        Which spectrum to take from files for which the manifest names none.
    all_spectra : bool
        Whether to make an entry of each spectrum of a file that holds more than `MOST`.
    """

    column: Column | None = None
    partial: bool = False
    laser_nm: float | None = None
    spectrum: str | None = None
    all_spectra: bool = False


@dataclass(slots=True)
class Taken:
    """What was taken in.

    Parameters
    ----------
    entries : list of Entry
        In the order of the rows; replicates stand at the first of theirs.
    left_out : list of str
        Why rows were not taken, one sentence each.
    unknown : tuple of str
        Columns of the manifest that the program does not know; they are kept as written.
    """

    entries: list[Entry] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unknown: tuple[str, ...] = ()

    def assumptions(self) -> tuple[str, ...]:
        """Return what reading assumed with the number of spectra it applies to."""
        read = [one for entry in self.entries for one in entry.replicates or (entry,)]
        told = Counter(text for one in read for text in one.record.assumptions)
        return tuple(f"{text} ({times} of {len(read)})" for text, times in told.items())


def taken_in(
    source: Path,
    options: Options,
    keep: Callable[[bytes], str],
    progress: Callable[[float, str], None],
) -> Taken:
    """Read all references of a manifest, a folder or a single file.

    Parameters
    ----------
    source : Path
        Manifest CSV; folder (its ``manifest.csv`` is used when there is one, otherwise the file
        names are the names); or one spectrum file.
    options : Options
        How to read.
    keep : callable (bytes) -> str
        Keeps the bytes of each file and returns their SHA-256.
    progress : callable (share, words)
        Told how far the work is.

    Raises
    ------
    SpectraError
        For every file that cannot be read: a library with silent gaps is worse than none.
    """
    rows, left_out = _rows(source)
    unknown = tuple(dict.fromkeys(column for row in rows for column in row.extra))
    taken = Taken(left_out=left_out, unknown=unknown)
    groups: dict[str, list[int]] = {}
    faults: list[SpectraError] = []
    for number, row in enumerate(rows):
        progress(number / len(rows), row.path.name)
        try:
            read = _read(row, options)
        except SpectraError as error:
            faults.append(error)  # the other files are still looked at
            continue
        for entry in () if faults else _entries_of(*read, options, keep):
            if row.get("replicate"):
                groups.setdefault(row.get("replicate"), []).append(len(taken.entries))
            taken.entries.append(entry)
    refuse(faults, str(source))
    for name, places in groups.items():
        taken.entries[places[0]] = _together([taken.entries[place] for place in places], name)
    gone = {place for places in groups.values() for place in places[1:]}
    taken.entries = [entry for place, entry in enumerate(taken.entries) if place not in gone]
    return taken


def _rows(source: Path) -> tuple[list[ManifestRow], list[str]]:
    if source.is_dir() and (source / "manifest.csv").is_file():
        source = source / "manifest.csv"
    if source.is_dir():
        files = sorted(p for p in source.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES)
        if not files:
            raise ManifestError(
                "the folder holds no spectrum file and no manifest.csv",
                str(source),
                "give a folder with text spectra, or a manifest",
            )
        return [_row_of(path) for path in files], []
    if source.is_file() and not is_manifest(source):
        return [_row_of(source)], []
    rows = read_manifest(source)
    named = [row for row in rows if row.get("name")]
    left = [f"line {r.line}: no name, so it is a query" for r in rows if not r.get("name")]
    if not named:
        raise ManifestError(
            "no row has a name", str(source), "fill in the column 'name' for references"
        )
    return named, left


def is_manifest(path: Path) -> bool:
    """Tell whether a file is meant as a manifest: called ``.csv``, its header names spectra."""
    if path.suffix.lower() != ".csv":
        return False
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        header = next(csv.reader([file.readline(65536)]), [])
    return bool({"file", "name"} & {cell.strip() for cell in header})


def _row_of(path: Path) -> ManifestRow:
    return ManifestRow(path, 0, {"file": _text(path.name), "name": _text(path.stem)})


def _text(name: str) -> str:
    """Return a file name as text; bytes that are no UTF-8 are spelled out."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


@dataclass(frozen=True, eq=False, slots=True)
class _Read:
    """A file's bytes, what of it is taken, and what reading assumed."""

    data: bytes
    chosen: tuple[NamedSpectrum, ...]
    assumptions: tuple[str, ...]


def _read(row: ManifestRow, options: Options) -> tuple[ManifestRow, _Read]:
    """Read the file of a row; return it with the row, whose laser line may be the one given."""
    if options.laser_nm is not None and not row.get("laser_nm"):  # "unknown" stays unknown
        row = replace(row, laser_nm=options.laser_nm)
    data, result = read_file(
        row.path,
        column=options.column,
        laser_nm=row.laser_nm,
        partial=options.partial,
        profiles=station_profiles,
    )
    wanted = row.get("spectrum") or options.spectrum
    chosen = select(result, wanted, where=str(row.path))
    if len(chosen) > MOST and not options.all_spectra:
        raise ManySpectraError(
            f"it holds {len(chosen):,} spectra, and each would be an entry {row.get('name')!r}",
            str(row.path),
            "choose one with --spectrum NAME (in a manifest: column 'spectrum'), or take every one "
            "of them with --all-spectra",
        )
    return row, _Read(data, chosen, result.assumptions)


def _entries_of(
    row: ManifestRow, read: _Read, options: Options, keep: Callable[[bytes], str]
) -> Iterator[Entry]:
    digest = keep(read.data)
    for item in read.chosen:
        yield _entry(row, item, (digest, options.column or "", read.assumptions))


def _entry(
    row: ManifestRow, item: NamedSpectrum, origin: tuple[str, str, tuple[str, ...]]
) -> Entry:
    digest, column, assumptions = origin
    spectrum = _with_facts(item.spectrum, row)
    acquisition = spectrum.acquisition
    as_written: dict[str, Any] = {column: row.get(column) for column in AS_WRITTEN}
    identity = f"{row.get('name')}|{row.get('inchikey')}|{digest}"
    if row.get("replaces"):
        identity += f"|{row.get('replaces')}"
    record = EntryRecord(
        entry=entry_id(identity, spectrum),
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
        replaces=row.get("replaces"),
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


def _together(replicates: Sequence[Entry], name: str) -> Entry:
    """Return one entry of several that were measured of one thing."""
    if len(replicates) == 1:
        return replicates[0]
    where = f"replicate {name!r}"
    records = [entry.record for entry in replicates]
    for key in IDENTITY:
        values = list(dict.fromkeys(str(getattr(record, key)) for record in records))
        if len(values) > 1:
            raise ReplicatesError(
                f"its rows differ in {key}: {', '.join(map(repr, values[:3]))}",
                where,
                "give replicates of one entry one identity, and others another 'replicate'",
            )
    if len({record.content_sha256 for record in records}) < len(records):
        raise ReplicatesError(
            "two of its rows are the same spectrum", where, "name each measurement once"
        )
    try:
        made = consensus([entry.spectrum for entry in replicates])
    except SpectrumError as error:
        raise ReplicatesError(error.what, where, error.remedy) from error
    parts = ",".join(sorted(record.content_sha256 for record in records))
    digest = hashlib.sha256(parts.encode()).hexdigest()
    first = records[0]
    record = replace(
        replace(first, **_shared(records)),
        entry=entry_id(f"{first.name}|{first.inchikey}|{digest}|{first.replaces}", made.spectrum),
        content_sha256=made.spectrum.content_hash,
        replicates=len(records),
        recipe=made.recipe,
        synonyms=tuple(dict.fromkeys(name for r in records for name in r.synonyms)),
        marks=tuple(sorted({mark for r in records for mark in r.marks})),
        assumptions=tuple(dict.fromkeys(text for r in records for text in r.assumptions)),
    )
    return Entry(record, made.spectrum, tuple(replicates), made.spread)


def _shared(records: Sequence[EntryRecord]) -> dict[str, Any]:
    """Return the texts and numbers in which records differ as unknown: each replicate has its."""
    unknown: dict[str, Any] = {}
    for one in fields(EntryRecord):
        values = [getattr(record, one.name) for record in records]
        if any(value != values[0] for value in values):
            if isinstance(values[0], str):
                unknown[one.name] = ""
            elif isinstance(values[0], dict):
                alike = {key for key in values[0] if len({v.get(key) for v in values}) == 1}
                unknown[one.name] = {key: values[0][key] for key in sorted(alike)}
            elif not isinstance(values[0], tuple):
                unknown[one.name] = None
    return unknown


def table_entries(rows: Iterator[tuple[dict[str, str], Spectrum]]) -> list[Entry]:
    """Turn rows of a table that comes with the program into entries (no file behind them)."""
    entries = []
    for texts, spectrum in rows:
        row = ManifestRow(Path(), 0, texts)
        entries.append(_entry(row, NamedSpectrum(None, 1, spectrum), ("", "", ())))
    return entries
