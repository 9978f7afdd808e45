"""Reference libraries in one HDF5 file; the schema is described in docs/library-format.md."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from library.declared import check_attributes, check_datasets
from library.entry import EntryRecord
from library.errors import LibraryDamagedError, LibraryError, LibraryVersionError
from library.findings import TABLE, TABLE_HASH, table_hash
from library.indexed import INDEX_HASH, index_as_stated, index_hash
from library.info import FORMAT, SCHEMA_VERSION, LibraryInfo, info_of, matrix_of
from library.layout import DATASETS, INDEX_DATASETS, WHOLE, Array, check_layout, whole_hash
from library.seal import check
from matching.errors import SpectrumError
from matching.spectrum import Spectrum, Technique

if TYPE_CHECKING:
    import h5py

RESTORE = "restore the library from its release or a backup, or build it again"

# What h5py and NumPy raise over a file whose structure was damaged.
UNREADABLE = (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, MemoryError)


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
            raise self.damaged(f"the record of entry {row + 1} cannot be read") from error

    def records(self) -> Iterator[EntryRecord]:
        """Yield the records of all entries in order."""
        return (self.record(row) for row in range(len(self)))

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
        whole = whole_hash(self._attributes, {name: self._array(name) for name in DATASETS})
        records = hashlib.sha256(self._array("entries/records").data).hexdigest()
        sound = records == self.info.sha256 and whole == self._attributes.get(WHOLE)
        if not sound or index_hash(self._arrays) != self._attributes.get(INDEX_HASH):
            raise self.damaged(
                "the records, the search matrix or its index do not agree with the library's hash"
            )


def _open(path: Path) -> tuple[LibraryInfo, dict[str, Any], dict[str, Array]]:
    import h5py

    try:
        check(path)
        with h5py.File(path, "r") as file:
            check_attributes(file, path)
            attributes = dict(file.attrs)
            _check_format(path, attributes)
            check_datasets(file, path)
            info = info_of(attributes)
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
            RESTORE,
        ) from error
    check_layout(path, info.entries, arrays)
    if not index_as_stated(attributes, arrays):
        raise LibraryDamagedError(
            "its search index is missing, or one was added",
            str(path),
            RESTORE,
        )
    if hashlib.sha256(arrays["entries/records"].data).hexdigest() != info.sha256:
        raise LibraryDamagedError(
            "the records do not agree with the library's hash",
            str(path),
            RESTORE,
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


def _mapped(path: Path, dataset: h5py.Dataset) -> Array:
    """Map a dataset into memory; all are contiguous."""
    offset = dataset.id.get_offset()
    if offset is None or dataset.size == 0:
        raise OSError(f"{dataset.name} is empty or not contiguous")
    end = int(offset) + int(dataset.size) * int(dataset.dtype.itemsize)
    if end > path.stat().st_size:
        raise OSError("the file is truncated")
    return np.memmap(path, dataset.dtype, mode="r", offset=int(offset), shape=dataset.shape)
