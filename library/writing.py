"""Writing reference libraries; the schema is described in docs/library-format.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from library.entry import Entry, EntryRecord, substance_numbers
from library.errors import LibraryError
from library.files import write_whole
from library.findings import TABLE, TABLE_HASH, made, table_hash
from library.indexed import INDEX_HASH, index_datasets, index_hash
from library.info import FORMAT, SCHEMA_VERSION, LibraryInfo, info_of, library_hash, matrix_of
from library.layout import WHOLE, Array, whole_hash
from library.seal import BLOCK, seal
from matching.axis import COMMON_GRID
from matching.confusion import References
from matching.errors import QueryError
from matching.index import SCAN_BELOW
from matching.pipeline import DEFAULT_PIPELINE, PipelineSettings, Prepared, prepare_many
from matching.policy import Policy
from matching.search import reference_matrix
from matching.spectrum import Spectrum


def write_library(
    target: Path,
    entries: Sequence[Entry],
    *,
    name: str,
    version: str = "1",
    licence: str = "",
    pipeline: PipelineSettings = DEFAULT_PIPELINE,
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
    datasets = _datasets(entries, pipeline)
    attributes = {
        "format": FORMAT,
        "schema": SCHEMA_VERSION,
        "name": name,
        "version": version,
        "licence": licence,
        "entries": len(entries),
        "substances": int(datasets["entries/substance"].max()) + 1,
        "kinds": json.dumps(dict(sorted(Counter(e.record.kind for e in entries).items()))),
        "pipeline": pipeline.hash,
        "sha256": library_hash(e.record for e in entries),
        "grid": json.dumps([COMMON_GRID.start_cm1, COMMON_GRID.step_cm1, COMMON_GRID.size]),
    }
    table = _findings(entries, datasets, policy) if policy else None
    if table is not None:
        attributes[TABLE_HASH] = table_hash(table)
    index = index_datasets(datasets["search/rows"]) if len(entries) >= indexed_from else {}
    if index:
        attributes[INDEX_HASH] = index_hash(index)
    attributes[WHOLE] = whole_hash(attributes, datasets)
    datasets |= index
    if table is not None:
        datasets[TABLE] = table
    write_whole(target, lambda path: _write_hdf5(path, attributes, datasets))
    return info_of(attributes)


def _check_entries(entries: Sequence[Entry], target: Path) -> None:
    if not entries:
        raise LibraryError("there is no entry to write", str(target), "give at least one spectrum")
    repeated = [k for k, n in Counter(e.record.entry for e in entries).items() if n > 1]
    if repeated:
        names = [e.record.name for e in entries if e.record.entry == repeated[0]]
        raise LibraryError(
            f"the same spectrum is given twice under the name {names[0]!r}",
            str(target),
            "remove one of the two rows",
        )
    for entry in entries:
        _check_record(entry, target)


def _check_record(entry: Entry, target: Path) -> None:
    record, spectrum = entry.record, entry.spectrum
    stated = (record.content_sha256, record.laser_nm, record.technique)
    if stated != (spectrum.content_hash, spectrum.laser_nm, spectrum.technique):
        raise LibraryError(
            f"the record of {record.name!r} does not describe its spectrum",
            str(target),
            "make the record from the spectrum that is written",
        )


def _datasets(entries: Sequence[Entry], pipeline: PipelineSettings) -> dict[str, Array]:
    lines = [entry.record.to_bytes() for entry in entries]
    prepared = _prepared([entry.spectrum for entry in entries], pipeline)
    substance = substance_numbers([entry.record for entry in entries])
    matrix = reference_matrix(prepared, substance)
    spectra = [entry.spectrum for entry in entries]
    return {
        "entries/records": np.frombuffer(b"".join(lines), dtype=np.uint8),
        "entries/record_offsets": _offsets([len(line) for line in lines]),
        "entries/substance": matrix.substance,
        "entries/sers": np.array([s.technique == "SERS" for s in spectra], dtype=np.uint8),
        "entries/comparable": np.array([_comparable(e.record) for e in entries], dtype=np.uint8),
        "entries/emulated": np.array([e.record.kind == "emulated" for e in entries], np.uint8),
        "spectra/raman_shift_cm1": np.concatenate([s.raman_shift_cm1 for s in spectra]),
        "spectra/intensity": np.concatenate([s.intensity for s in spectra]),
        "spectra/offsets": _offsets([s.intensity.size for s in spectra]),
        "search/rows": matrix.rows,
        "search/first": matrix.first,
        "search/end": matrix.end,
        "search/sums": matrix.sums,
        "search/squares": matrix.squares,
        "search/noise": np.array(
            [p.noise / max(float(np.linalg.norm(p.root)) ** 2, 1e-300) for p in prepared]
        ),
    }


def _findings(entries: Sequence[Entry], datasets: Mapping[str, Array], policy: Policy) -> Array:
    return made(_references(datasets), [entry.record for entry in entries], policy)


def _references(datasets: Mapping[str, Array]) -> References:
    """Return the references as they are compared with each other."""
    return References(
        matrix_of(datasets),
        datasets["search/noise"],
        datasets["entries/comparable"] != 0,
        datasets["entries/sers"] != 0,
    )


def _prepared(spectra: Sequence[Spectrum], pipeline: PipelineSettings) -> list[Prepared]:
    made = prepare_many(spectra, pipeline)
    for one in made:
        if isinstance(one, QueryError):
            raise one
    return [one for one in made if isinstance(one, Prepared)]


def _comparable(record: EntryRecord) -> bool:
    """Tell whether scans are compared with an entry: not with mixtures or calculated spectra."""
    return record.role != "mixture" and record.kind != "calculated"


def _offsets(lengths: Sequence[int]) -> Array:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def _write_hdf5(path: Path, attributes: dict[str, Any], datasets: dict[str, Array]) -> None:
    import h5py

    with h5py.File(path, "w", libver=("v110", "v110"), userblock_size=BLOCK) as file:
        for key, value in attributes.items():
            file.attrs[key] = value
        for key, value in datasets.items():
            file.create_dataset(key, data=value, track_times=False)  # contiguous: memory-mappable
        file.flush()
    seal(path)
