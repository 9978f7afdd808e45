"""Reference libraries in one HDF5 file; the schema is described in docs/library-format.md."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from library.entry import Entry, EntryRecord, substance_numbers
from library.errors import LibraryDamagedError, LibraryError, LibraryVersionError
from library.files import write_whole
from library.findings import TABLE, TABLE_HASH, made, table_hash
from library.indexed import INDEX_HASH, index_as_stated, index_datasets, index_hash, index_of
from library.layout import DATASETS, INDEX_DATASETS, WHOLE, Array, check_layout, whole_hash
from library.seal import BLOCK, check, seal
from matching.axis import COMMON_GRID
from matching.confusion import References
from matching.errors import QueryError, SpectrumError
from matching.index import SCAN_BELOW
from matching.pipeline import DEFAULT_PIPELINE, PipelineSettings, Prepared, prepare_many
from matching.policy import Policy
from matching.search import ReferenceMatrix, reference_matrix
from matching.spectrum import Spectrum, Technique

if TYPE_CHECKING:
    import h5py

FORMAT = "spectra-library"
SCHEMA_VERSION = 1

# What h5py and NumPy raise over a file whose structure was damaged.
UNREADABLE = (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, MemoryError)


@dataclass(frozen=True, slots=True)
class LibraryInfo:
    """What a library says about itself.

    Parameters
    ----------
    name, version, licence : str
        As given when it was built.
    entries, substances : int
        Number of spectra, and of different substances among them.
    kinds : tuple of (str, int)
        How many entries of each kind.
    pipeline : str
        Hash of the clean-up the search matrix was made with.
    sha256 : str
        Hash over all entries: identity, provenance and spectra.
    schema : int
        Version of the file layout.
    """

    name: str
    version: str
    licence: str
    entries: int
    substances: int
    kinds: tuple[tuple[str, int], ...]
    pipeline: str
    sha256: str
    schema: int


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
    return _info(attributes)


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


def library_hash(records: Iterator[EntryRecord] | Sequence[EntryRecord]) -> str:
    """Return the SHA-256 over all records; each holds the hash of its own spectrum."""
    digest = hashlib.sha256()
    for record in records:
        digest.update(record.to_bytes())
    return digest.hexdigest()


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
        _matrix(datasets),
        datasets["search/noise"],
        datasets["entries/comparable"] != 0,
        datasets["entries/sers"] != 0,
    )


def _matrix(arrays: Mapping[str, Array]) -> ReferenceMatrix:
    return ReferenceMatrix(
        rows=arrays["search/rows"],
        first=arrays["search/first"],
        end=arrays["search/end"],
        sums=arrays["search/sums"],
        squares=arrays["search/squares"],
        substance=arrays["entries/substance"],
        index=index_of(arrays),
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


def _info(attributes: dict[str, Any]) -> LibraryInfo:
    return LibraryInfo(
        name=str(attributes["name"]),
        version=str(attributes["version"]),
        licence=str(attributes["licence"]),
        entries=int(attributes["entries"]),
        substances=int(attributes["substances"]),
        kinds=tuple(sorted(json.loads(attributes["kinds"]).items())),
        pipeline=str(attributes["pipeline"]),
        sha256=str(attributes["sha256"]),
        schema=int(attributes["schema"]),
    )


class Library:
    """A library opened read-only; numeric parts are memory-mapped and read when touched.

    Use as a context manager. h5py is only used while opening, so that a `Library` may be handed
    to another thread afterwards.

    Raises
    ------
    LibraryError, LibraryDamagedError, LibraryVersionError
        When the file is missing, not a library, inconsistent, or of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.info, self._attributes, self._arrays = _open(path)
        self.matrix = _matrix(self._arrays)
        self.findings = self._arrays.get(TABLE)
        self.sers = self._arrays["entries/sers"] != 0
        self.comparable = self._arrays["entries/comparable"] != 0
        self.emulated = self._arrays["entries/emulated"] != 0
        self.noise = self._arrays["search/noise"]

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; arrays already taken from it stay valid."""
        self._arrays = {}

    def __len__(self) -> int:
        return self.info.entries

    def _array(self, name: str) -> Array:
        try:
            return self._arrays[name]
        except KeyError as error:
            raise LibraryError("the library was closed", str(self.path), "open it again") from error

    def record(self, row: int) -> EntryRecord:
        """Return the record of an entry by its row."""
        offsets = self._array("entries/record_offsets")
        line = self._array("entries/records")[offsets[row] : offsets[row + 1]].tobytes()
        try:
            return EntryRecord.from_bytes(line)
        except (ValueError, TypeError, AttributeError) as error:
            raise LibraryDamagedError(
                f"the record of entry {row + 1} cannot be read",
                str(self.path),
                "restore the library from its release or a backup",
            ) from error

    def records(self) -> Iterator[EntryRecord]:
        """Yield the records of all entries in order."""
        return (self.record(row) for row in range(len(self)))

    def damaged(self, what: str) -> LibraryDamagedError:
        """Return the error to raise when the library is found not to be sound."""
        return LibraryDamagedError(
            what, str(self.path), "restore the library from its release or a backup"
        )

    def checked_spectrum(self, row: int) -> Spectrum:
        """Return the spectrum of an entry after checking it against the hash in its record.

        Raises
        ------
        LibraryDamagedError
            When it is not the spectrum recorded.
        """
        spectrum, record = self.spectrum(row), self.record(row)
        if spectrum.content_hash != record.content_sha256:
            raise self.damaged(
                f"the spectrum of entry {row + 1} ({record.name}) is not the one recorded"
            )
        return spectrum

    def spectrum(self, row: int) -> Spectrum:
        """Return the spectrum of an entry on its own axis."""
        offsets = self._array("spectra/offsets")
        part = slice(int(offsets[row]), int(offsets[row + 1]))
        record = self.record(row)
        technique: Technique = "SERS" if record.technique == "SERS" else "Raman"
        try:
            return Spectrum(
                self._array("spectra/raman_shift_cm1")[part],
                self._array("spectra/intensity")[part],
                laser_nm=record.laser_nm,
                technique=technique,
            )
        except (SpectrumError, TypeError) as error:
            raise self._not_recorded(row, record) from error

    def _not_recorded(self, row: int, record: EntryRecord) -> LibraryDamagedError:
        return LibraryDamagedError(
            f"the spectrum of entry {row + 1} ({record.name}) is not the one recorded",
            str(self.path),
            "restore the library from its release or a backup",
        )

    def verify(self) -> None:
        """Check every hash: of each spectrum, of the records, and of the whole file's content.

        Raises
        ------
        LibraryDamagedError
            Naming the first entry that is not what its record says.
        """
        records = list(self.records())
        for row, record in enumerate(records):
            if self.spectrum(row).content_hash != record.content_sha256:
                raise self._not_recorded(row, record)
        whole = whole_hash(self._attributes, {name: self._array(name) for name in DATASETS})
        sound = library_hash(records) == self.info.sha256 and whole == self._attributes.get(WHOLE)
        if not sound or index_hash(self._arrays) != self._attributes.get(INDEX_HASH):
            raise LibraryDamagedError(
                "the records, the search matrix or its index do not agree with the library's hash",
                str(self.path),
                "restore the library from its release or a backup, or build it again",
            )


def _open(path: Path) -> tuple[LibraryInfo, dict[str, Any], dict[str, Array]]:
    import h5py

    try:
        check(path)
        with h5py.File(path, "r") as file:
            attributes = dict(file.attrs)
            _check_format(path, attributes)
            info = _info(attributes)
            kept = [name for name in (TABLE, *INDEX_DATASETS) if name in file]
            arrays = {name: _mapped(path, file[name]) for name in (*DATASETS, *kept)}
    except FileNotFoundError as error:
        raise LibraryError(
            "there is no such library", str(path), "check the path, or build one first"
        ) from error
    except (PermissionError, IsADirectoryError) as error:
        raise LibraryError(
            f"the library cannot be read ({error.strerror})",
            str(path),
            "choose a library file that you may read",
        ) from error
    except UNREADABLE as error:
        raise LibraryDamagedError(
            f"this is not a readable library ({error})",
            str(path),
            "restore it from its release or a backup, or build it again",
        ) from error
    check_layout(path, info.entries, arrays)
    if not index_as_stated(attributes, arrays):
        raise LibraryDamagedError(
            "its search index is missing, or one was added",
            str(path),
            "restore the library from its release or a backup, or build it again",
        )
    if hashlib.sha256(arrays["entries/records"].data).hexdigest() != info.sha256:
        raise LibraryDamagedError(
            "the records do not agree with the library's hash",
            str(path),
            "restore the library from its release or a backup",
        )
    _check_findings(path, attributes, arrays)
    return info, attributes, arrays


def _check_findings(path: Path, attributes: dict[str, Any], arrays: dict[str, Array]) -> None:
    """Check the table of findings against its hash; a library may have neither."""
    table = arrays.get(TABLE)
    stated = attributes.get(TABLE_HASH)
    if (None if table is None else table_hash(table)) != stated:
        raise LibraryDamagedError(
            "its table of findings is not the one that was written",
            str(path),
            "restore the library from its release or a backup, or build it again",
        )


def _check_format(path: Path, attributes: dict[str, Any]) -> None:
    if attributes.get("format") != FORMAT:
        raise LibraryError(
            "the file is HDF5 but not a Spectra library",
            str(path),
            "give a file made by 'spectra library build'",
        )
    if int(attributes.get("schema", 0)) > SCHEMA_VERSION:
        raise LibraryVersionError(
            f"the library has layout {attributes['schema']}, this program knows {SCHEMA_VERSION}",
            str(path),
            "install a newer Spectra",
        )


def _mapped(path: Path, dataset: h5py.Dataset) -> Array:
    """Map a dataset into memory; all are contiguous."""
    offset = dataset.id.get_offset()
    if offset is None or dataset.size == 0:
        raise OSError(f"{dataset.name} is empty or not contiguous")
    end = int(offset) + int(dataset.size) * int(dataset.dtype.itemsize)
    if end > path.stat().st_size:
        raise OSError("the file is truncated")
    return np.memmap(path, dataset.dtype, mode="r", offset=int(offset), shape=dataset.shape)
