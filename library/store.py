"""Reference libraries in one HDF5 file; the schema is described in docs/library-format.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from library.declared import check_attributes, check_datasets
from library.entry import Entry, EntryRecord
from library.errors import (
    EntryMissingError,
    LibraryDamagedError,
    LibraryError,
    LibraryVersionError,
)
from library.findings import TABLE, TABLE_HASH, table_hash
from library.held import Held, changed, state_of
from library.info import FORMAT, SCHEMA_VERSION, LibraryInfo, info_of, matrix_of, records_hash
from library.layout import (
    ALL,
    DATASETS,
    GROUP_NAMES,
    GROUPS,
    JOURNAL,
    LONG,
    WHOLE,
    Array,
    check_layout,
    group_hashes,
    whole_hash,
)
from library.seal import check
from library.versions import Act, in_force
from matching.errors import SpectrumError
from matching.spectrum import FloatArray, Spectrum, Technique

if TYPE_CHECKING:
    import h5py

RESTORE = "restore the library from its release or a backup, or build it again"

_Opened = tuple[Held, LibraryInfo, dict[str, Any], dict[str, Array]]

TRIES = 5  # of opening a library that is being replaced meanwhile

# What h5py and NumPy raise over a file whose structure was damaged.
UNREADABLE = (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, MemoryError)


class Library:
    """A library opened read-only: small ones are read, long arrays of large ones when asked for.

    Use as a context manager. h5py is only used while opening, so that a `Library` may be handed
    to another thread afterwards.

    Raises
    ------
    LibraryError, LibraryDamagedError, LibraryVersionError, LibraryChangedError
        When the file is missing, not a library, inconsistent, of a newer version, or written over
        while it is open.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held, self.info, self._attributes, self._arrays = _open(path)
        self.matrix = matrix_of(self._arrays)
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
        self._held.close()

    def __len__(self) -> int:
        return self.info.entries

    def check_unchanged(self) -> None:
        """Check that nobody wrote over the file since it was opened.

        Raises
        ------
        LibraryChangedError
            When somebody did: what was read of it since may be of two libraries.
        """
        self._held.check()

    def _array(self, name: str) -> Array:
        self.check_unchanged()
        try:
            return self._arrays[name]
        except KeyError as error:
            raise LibraryError("the library was closed", str(self.path), "open it again") from error

    def content(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return all attributes and all datasets, as they are used or not: to write another one."""
        self._array("entries/records")  # says so when the library is closed
        return dict(self._attributes), dict(self._arrays)

    def record(self, row: int) -> EntryRecord:
        """Return the record of an entry by its row."""
        offsets = self._array("entries/record_offsets")
        line = self._array("entries/records")[offsets[row] : offsets[row + 1]].tobytes()
        try:
            return EntryRecord.from_bytes(line)
        except (ValueError, TypeError, AttributeError) as error:
            raise self.damaged(f"the record of entry {row + 1} cannot be read") from error

    def records(self) -> Iterator[EntryRecord]:
        """Yield the records of all entries in order."""
        return (self.record(row) for row in range(len(self)))

    def records_in_force(self) -> Iterator[tuple[int, EntryRecord]]:
        """Yield row and record of every entry that is neither withdrawn nor replaced."""
        records = list(self.records())
        force = in_force(records)
        return ((row, record) for row, record in enumerate(records) if force[row])

    def damaged(self, what: str) -> LibraryDamagedError:
        """Return the error to raise when the library is found not to be sound."""
        return LibraryDamagedError(what, str(self.path), RESTORE)

    def checked_spectrum(self, row: int) -> Spectrum:
        """Return the spectrum of an entry after checking it against the hash in its record.

        Raises
        ------
        LibraryDamagedError
            When it is not the spectrum recorded.
        """
        spectrum, record = self.spectrum(row), self.record(row)
        if spectrum.content_hash != record.content_sha256:
            raise self._not_recorded(row, record)
        return spectrum

    def spectrum(self, row: int, record: EntryRecord | None = None) -> Spectrum:
        """Return the spectrum of an entry on its own axis; its record may be given if at hand."""
        offsets = self._array("spectra/offsets")
        part = slice(int(offsets[row]), int(offsets[row + 1]))
        record = record or self.record(row)
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

    def entry(self, row: int) -> Entry:
        """Return an entry with its replicates, all checked against the hashes of their records."""
        spectrum = self.checked_spectrum(row)
        return Entry(self.record(row), spectrum, self.replicates(row), self.spread(row))

    def replicates(self, row: int) -> tuple[Entry, ...]:
        """Return the measured spectra behind an entry, checked; none when it is a single one.

        Raises
        ------
        LibraryDamagedError
            When one of them is not the spectrum recorded.
        """
        found = []
        for place in self._replicate_places(row):
            ends = self._array("replicates/record_offsets")[place : place + 2]
            line = self._array("replicates/records")[slice(*ends)].tobytes()
            part = slice(*self._array("replicates/offsets")[place : place + 2])
            try:
                record = EntryRecord.from_bytes(line)
                spectrum = Spectrum(
                    self._array("replicates/raman_shift_cm1")[part],
                    self._array("replicates/intensity")[part],
                    laser_nm=record.laser_nm,
                    technique="SERS" if record.technique == "SERS" else "Raman",
                )
            except (ValueError, TypeError, AttributeError, SpectrumError) as error:
                raise self.damaged(f"a replicate of entry {row + 1} cannot be read") from error
            if spectrum.content_hash != record.content_sha256:
                raise self.damaged(f"a replicate of entry {row + 1} is not the one recorded")
            found.append(Entry(record, spectrum))
        return tuple(found)

    def spread(self, row: int) -> FloatArray | None:
        """Return the spread of the replicates at each point of an entry; None for a single one."""
        if not self._replicate_places(row):
            return None
        rows = np.unique(self._array("replicates/entry"))
        sizes = np.diff(self._array("spectra/offsets"))
        start = int(sizes[rows[rows < row]].sum())
        return np.array(self._array("replicates/spread")[start : start + int(sizes[row])])

    def _replicate_places(self, row: int) -> range:
        if "replicates/entry" not in self._arrays:
            return range(0)
        return range(*np.searchsorted(self._arrays["replicates/entry"], [row, row + 1]).tolist())

    def journal(self) -> tuple[Act, ...]:
        """Return every change of status of an entry, in order.

        Raises
        ------
        LibraryDamagedError
            When it cannot be read.
        """
        lines = self._arrays[JOURNAL].tobytes().splitlines() if JOURNAL in self._arrays else []
        try:
            return tuple(Act(**json.loads(line)) for line in lines)
        except (ValueError, TypeError) as error:
            raise self.damaged(f"its journal cannot be read ({error})") from error

    def row_of(self, entry: str) -> int:
        """Return the row of an entry by its identifier, or by the beginning of it alone.

        Raises
        ------
        EntryMissingError
            When there is none, or more than one begins so.
        """
        known = {record.entry: row for row, record in enumerate(self.records())}
        if entry in known:
            return known[entry]
        rows = [row for name, row in known.items() if entry and name.startswith(entry)]
        if len(rows) > 1:
            raise EntryMissingError(
                f"{len(rows)} entries begin with {entry!r}", str(self.path), "give more of it"
            )
        if not rows:
            raise EntryMissingError(
                f"there is no entry {entry!r}", str(self.path), "see 'spectra library list'"
            )
        return rows[0]

    def records_of(self, entries: Iterable[str]) -> tuple[EntryRecord, ...]:
        """Return the records of entries by their whole identifiers; those not there are left out.

        Only these are parsed: that of a large library takes some milliseconds.
        """
        lines, found = self._array("entries/records").tobytes(), []
        offsets = self._array("entries/record_offsets")
        for entry in entries:
            name, place = entry.encode(), -1
            while name and (place := lines.find(name, place + 1)) >= 0:
                record = self.record(int(np.searchsorted(offsets, place, side="right")) - 1)
                if record.entry == entry:
                    found.append(record)
                    break
        return tuple(found)

    def _not_recorded(self, row: int, record: EntryRecord) -> LibraryDamagedError:
        return self.damaged(
            f"the spectrum of entry {row + 1} ({record.name}) is not the one recorded"
        )

    def verify(self) -> None:
        """Check every hash: of each spectrum, of the records, and of the whole file's content.

        Raises
        ------
        LibraryDamagedError
            Naming the first entry that is not what its record says.
        """
        for row in range(len(self)):
            self.checked_spectrum(row)
            self.replicates(row)
        whole = whole_hash(self._attributes, {name: self._array(name) for name in DATASETS})
        records = records_hash([self._array("entries/records")])
        sound = records == self.info.sha256 and whole == self._attributes.get(WHOLE)
        groups = {key: self._attributes[key] for key in GROUPS if key in self._attributes}
        if not sound or group_hashes(self._arrays) != groups:
            raise self.damaged(
                "the records, the search matrix, its index, the journal or the replicates do not "
                "agree with the library's hash"
            )


def _open(path: Path) -> _Opened:
    """Open a library that may be replaced by another one at any moment: all of one of them."""
    for _ in range(TRIES):
        before = state_of(path)
        try:
            found = _opened(path)
        except LibraryError:
            if before == state_of(path):
                raise
            continue
        if before == state_of(path) == found[0].was:
            found[0].all_taken()
            return found
        found[0].close()
    raise changed(path)


def _opened(path: Path) -> _Opened:
    import h5py

    try:
        check(path)
        held = Held(path)
        with h5py.File(path, "r") as file:
            check_attributes(file, path)
            attributes = dict(file.attrs)
            _check_format(path, attributes)
            check_datasets(file, path)
            info = info_of(attributes)
            names = [name for name in (*ALL, TABLE) if name in DATASETS or name in file]
            arrays = {name: _array_of(held, name, file[name]) for name in names}
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
            RESTORE,
        ) from error
    check_layout(path, info.entries, arrays)
    for key, members in GROUPS.items():
        if (key in attributes) == arrays.keys().isdisjoint(members):
            raise LibraryDamagedError(
                f"its {GROUP_NAMES[key]} is missing, or one was added", str(path), RESTORE
            )
    if records_hash([arrays["entries/records"]]) != info.sha256:
        raise LibraryDamagedError(
            "the records do not agree with the library's hash",
            str(path),
            RESTORE,
        )
    _check_findings(path, attributes, arrays)
    return held, info, attributes, arrays


def _check_findings(path: Path, attributes: dict[str, Any], arrays: dict[str, Array]) -> None:
    """Check the table of findings against its hash; a library may have neither."""
    table = arrays.get(TABLE)
    stated = attributes.get(TABLE_HASH)
    if (None if table is None else table_hash(table)) != stated:
        raise LibraryDamagedError(
            "its table of findings is not the one that was written",
            str(path),
            RESTORE,
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


def _array_of(held: Held, name: str, dataset: h5py.Dataset) -> Array:
    """Return the numbers of a dataset; all are contiguous."""
    offset = dataset.id.get_offset()
    if offset is None or dataset.size == 0:
        raise OSError(f"{dataset.name} is empty or not contiguous")
    return held.array(dataset.dtype, int(offset), dataset.shape, long=name in LONG)
