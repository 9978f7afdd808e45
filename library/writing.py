"""Writing reference libraries; the schema is described in docs/library-format.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from library.content import Datasets, counts_of, datasets_of, joined, of_records, with_records
from library.entry import Entry, EntryRecord
from library.errors import LibraryError
from library.files import write_whole
from library.findings import TABLE, TABLE_HASH, Known, confused_in, made, table_hash
from library.held import pieces_of
from library.indexed import INDEX_ROWS, grown_index, index_datasets
from library.info import FORMAT, SCHEMA_VERSION, LibraryInfo, info_of, matrix_of, records_hash
from library.layout import (
    ALL,
    DATASETS,
    INDEX_DATASETS,
    JOURNAL,
    WHOLE,
    Array,
    Parts,
    group_hashes,
    parts_of,
    shape_of,
    whole_hash,
)
from library.seal import BLOCK, seal
from library.store import Library
from library.versions import Act, check_status, check_versions
from matching.axis import COMMON_GRID
from matching.confusion import References
from matching.index import SCAN_BELOW
from matching.pipeline import DEFAULT_PIPELINE, PipelineSettings
from matching.policy import Policy

STORED = frozenset(ALL) - frozenset(INDEX_DATASETS)
SEARCHED = [n for n in DATASETS if n.startswith("search/")]  # what references are compared by
SEARCHED += ["entries/substance", "entries/comparable", "entries/sers"]


def write_library(
    target: Path,
    entries: Sequence[Entry],
    *,
    name: str,
    version: str = "1",
    licence: str = "",
    pipeline: PipelineSettings = DEFAULT_PIPELINE,
    acts: Sequence[Act] = (),
    policy: Policy | None = None,
    indexed_from: int = SCAN_BELOW,
) -> LibraryInfo:
    """Write a library: temporary file, flushed and synced, then renamed.

    Parameters
    ----------
    target : Path
        The HDF5 file to make or replace.
    entries : sequence of Entry
        The references, in the order they are kept.
    name, version, licence : str
        What the library says about itself.
    pipeline : PipelineSettings
        Clean-up of the search matrix.
    acts : sequence of Act
        Lines of the journal.
    policy : Policy, optional
        Rule of the findings stored with the library (which references Raman does not tell apart,
        which families may answer); without it they are made when they are asked for.
    indexed_from : int
        Number of entries from which on a search index is stored, too; fewer are read as fast.

    Raises
    ------
    LibraryError
        When there is no entry, two entries are identical, or the disk refuses.
    """
    _check_entries(entries, target)
    records = [entry.record for entry in entries]
    about: dict[str, Any] = {
        "name": name,
        "version": version,
        "licence": licence,
        "pipeline": pipeline.hash,
    }
    datasets = datasets_of(entries, pipeline) | _journal(acts) | of_records(records)
    index: Datasets = {}
    if len(entries) >= indexed_from:
        index = _parts(index_datasets(_array(datasets, "search/rows")))
        about[INDEX_ROWS] = len(entries)
    table = _findings(datasets, records, policy)
    return _written(target, about, records, datasets | index, table)


def extend_library(
    library: Library,
    entries: Sequence[Entry] = (),
    *,
    target: Path | None = None,
    changed: Mapping[int, EntryRecord] | None = None,
    acts: Sequence[Act] = (),
    pipeline: PipelineSettings = DEFAULT_PIPELINE,
    policy: Policy | None = None,
    indexed_from: int = SCAN_BELOW,
) -> LibraryInfo:
    """Write a library again with further entries or statuses; its spectra are copied, not cleaned.

    For the same content the bytes are those of a library built at once, but for the search index:
    further entries are projected on its directions until these no longer fit them.

    Parameters
    ----------
    library : Library
        The library as it is, open.
    entries : sequence of Entry
        Entries to add, after those that are there.
    target : Path, optional
        The file to write; the library's own when left out.
    changed : mapping of int to EntryRecord, optional
        Records to write in place of those of some rows: their status may differ, nothing else.
    acts : sequence of Act
        Lines added to the journal.
    pipeline, policy, indexed_from
        As `write_library`.

    Raises
    ------
    LibraryError
        When entries are identical or do not fit the library, or the disk refuses.
    """
    target = target or library.path
    attributes, old = library.content()
    if attributes["pipeline"] != pipeline.hash:
        raise LibraryError(
            "the library was made with another clean-up than this program uses",
            str(library.path),
            "build it again with this program",
        )
    records = [(changed or {}).get(row, record) for row, record in enumerate(library.records())]
    records += [entry.record for entry in entries]
    _check_records(records, target)
    for entry in entries:
        _check_record(entry, target)
    datasets = joined(old, datasets_of(entries, pipeline)) if entries else _parts(old)
    if changed or library.info.schema != SCHEMA_VERSION:
        datasets = with_records(datasets, records)
    datasets |= _journal(acts, parts_of(old[JOURNAL]) if JOURNAL in old else ())
    datasets |= of_records(records)
    about = {key: str(attributes[key]) for key in ("name", "version", "licence", "pipeline")}
    index, made_from = _index(library, datasets, indexed_from)
    kept = {name: parts for name, parts in datasets.items() if name in STORED}
    table = _findings(kept, records, policy, library)
    more = {INDEX_ROWS: made_from} if index else {}
    return _written(target, about | more, records, kept | index, table)


def _journal(acts: Sequence[Act], before: Parts = ()) -> Datasets:
    """Return the journal with further lines; nothing where it has none."""
    text = b"".join(act.to_bytes() for act in acts)
    parts = (*before, *([np.frombuffer(text, dtype=np.uint8)] if text else []))
    return {JOURNAL: parts} if parts else {}


def _index(library: Library, datasets: Datasets, indexed_from: int) -> tuple[Datasets, int]:
    """Return the index of a library that grew, and how many rows gave its directions."""
    attributes, old = library.content()
    count = sum(part.size for part in datasets["search/noise"])
    if count < indexed_from:
        return {}, 0
    if library.matrix.index is not None:
        made_from = int(attributes.get(INDEX_ROWS, len(library)))
        more = datasets["search/rows"][1:]
        rows = np.concatenate(more) if more else old["search/rows"][:0]
        grown = grown_index(old, made_from, rows)
        if grown is not None:
            return grown, made_from
    return _parts(index_datasets(_array(datasets, "search/rows"))), count


def _written(
    target: Path,
    about: Mapping[str, Any],
    records: Sequence[EntryRecord],
    datasets: Datasets,
    table: Array | None,
) -> LibraryInfo:
    """Write a library whole or not at all."""
    attributes = {
        "format": FORMAT,
        "schema": SCHEMA_VERSION,
        "name": about["name"],
        "version": about["version"],
        "licence": about["licence"],
        **counts_of(records),
        "pipeline": about["pipeline"],
        "sha256": records_hash(datasets["entries/records"]),
        "grid": json.dumps([COMMON_GRID.start_cm1, COMMON_GRID.step_cm1, COMMON_GRID.size]),
        **{key: about[key] for key in (INDEX_ROWS,) if key in about},
        **group_hashes(datasets),
    }
    if table is not None:
        attributes[TABLE_HASH] = table_hash(table)
    attributes[WHOLE] = whole_hash(attributes, datasets)
    ordered = {name: datasets[name] for name in ALL if name in datasets}
    if table is not None:
        ordered[TABLE] = (table,)
    write_whole(target, lambda path: _write_hdf5(path, attributes, ordered))
    return info_of(attributes)


def _parts(arrays: Mapping[str, Array]) -> Datasets:
    return {name: parts_of(array) for name, array in arrays.items()}


def _array(datasets: Datasets, name: str) -> Array:
    parts = datasets[name]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _check_entries(entries: Sequence[Entry], target: Path) -> None:
    if not entries:
        raise LibraryError("there is no entry to write", str(target), "give at least one spectrum")
    _check_records([entry.record for entry in entries], target)
    for entry in entries:
        _check_record(entry, target)


def _check_records(records: Sequence[EntryRecord], target: Path) -> None:
    repeated = [k for k, n in Counter(record.entry for record in records).items() if n > 1]
    if repeated:
        names = [record.name for record in records if record.entry == repeated[0]]
        raise LibraryError(
            f"the same spectrum is given twice under the name {names[0]!r}",
            str(target),
            "remove one of the two rows",
        )
    check_versions(records)
    for record in records:
        check_status(record)


def _check_record(entry: Entry, target: Path) -> None:
    record, spectrum = entry.record, entry.spectrum
    stated = (record.content_sha256, record.laser_nm, record.technique)
    if stated != (spectrum.content_hash, spectrum.laser_nm, spectrum.technique):
        raise LibraryError(
            f"the record of {record.name!r} does not describe its spectrum",
            str(target),
            "make the record from the spectrum that is written",
        )


def _findings(
    datasets: Datasets,
    records: Sequence[EntryRecord],
    policy: Policy | None,
    before: Library | None = None,
) -> Array | None:
    """Return the table of findings; of a library that grew only what is new is looked for."""
    if policy is None:
        return None
    pairs = confused_in(before, policy) if before else None
    known = None
    if before is not None and pairs is not None:
        known = Known(pairs, before.matrix.substance, before.comparable)
    return made(_references(datasets), records, policy, known=known)


def _references(datasets: Datasets) -> References:
    """Return the references as they are compared with each other."""
    arrays = {name: _array(datasets, name) for name in SEARCHED}
    return References(
        matrix_of(arrays),
        arrays["search/noise"],
        arrays["entries/comparable"] != 0,
        arrays["entries/sers"] != 0,
    )


def _write_hdf5(path: Path, attributes: Mapping[str, Any], datasets: Datasets) -> None:
    import h5py

    with h5py.File(path, "w", libver=("v110", "v110"), userblock_size=BLOCK) as file:
        for key, value in attributes.items():
            file.attrs[key] = value
        for key, parts in datasets.items():  # contiguous: parts can be read without HDF5
            made = file.create_dataset(key, shape_of(parts), parts[0].dtype, track_times=False)
            place = 0
            for piece in (piece for part in parts for piece in pieces_of(part)):
                made[place : place + piece.shape[0]] = piece
                place += piece.shape[0]
        file.flush()
    seal(path)
