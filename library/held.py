"""A library file as it is held open: a small one in memory, a large one read as it is asked for.

A file can be taken from under its reader: cut short or written over where it lies, or gone with its
drive. No part of it is therefore mapped into memory, where the system ends the program (SIGBUS)
when a page cannot be had any more: small files are read whole, and of large ones the long arrays
are read piece by piece with calls that fail in words. That a piece is still of the file that was
opened is asked before and after each use.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from library.errors import LibraryChangedError

Array = NDArray[Any]

IN_MEMORY = 64 * 2**20  # bytes of a file up to which it is read: some hundredths of a second
ANYWHERE = hasattr(os, "preadv")  # Windows has one place in a file for all threads
PIECE = 4 * 2**20  # bytes of a stored array that are read in one go, when all of it is wanted


@dataclass(frozen=True, slots=True)
class State:
    """What tells a file from another one, and from itself after somebody wrote to it."""

    device: int
    number: int
    size: int
    written_ns: int


def _state(status: os.stat_result) -> State:
    return State(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def state_of(path: Path) -> State | None:
    """Return the state of the file that is at `path` now; None when there is none."""
    try:
        return _state(path.stat())
    except OSError:
        return None


class Source:
    """A file that stays open as long as anything reads from it; several threads may.

    Raises
    ------
    OSError
        When it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._one_at_a_time = threading.Lock()
        weakref.finalize(self, os.close, self._handle)

    def state(self) -> State:
        """Return the state of the file now."""
        return _state(os.fstat(self._handle))

    def read(self, offset: int, array: Array) -> None:
        """Fill an array with the bytes at `offset`.

        Raises
        ------
        LibraryChangedError
            When the file or its drive no longer gives them.
        """
        left = array.reshape(-1).view(np.uint8).data
        while left:
            try:
                count = self._some(offset, left)
            except OSError as error:
                raise changed(self._path) from error
            if not count:
                raise changed(self._path)
            offset, left = offset + count, left[count:]

    def _some(self, offset: int, left: memoryview) -> int:
        """Read at most as much as there is room for, and return how much that was."""
        if ANYWHERE:
            return os.preadv(self._handle, [left], offset)
        with self._one_at_a_time, open(self._handle, "rb", buffering=0, closefd=False) as file:
            file.seek(offset)
            return file.readinto(left) or 0


class Stored:
    """An array that stays in its file: what is asked for is read, and nothing is kept.

    It gives slices and rows as NumPy does and turns into an array where one is needed
    (``np.asarray``); there all of it is read.
    """

    def __init__(
        self, source: Source, dtype: np.dtype[Any], offset: int, shape: tuple[int, ...]
    ) -> None:
        self._source, self._offset = source, offset
        self.dtype, self.shape, self.ndim = dtype, shape, len(shape)
        self.size = int(np.prod(shape, dtype=np.int64))
        self.nbytes = self.size * dtype.itemsize
        self._row = dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))  # bytes

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("an array in a file can only be read as a copy")
        whole = self._between(0, self.shape[0])
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> Any:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if not isinstance(columns, slice) or columns.step not in {None, 1}:
            return np.asarray(self)[key]
        if isinstance(rows, slice) and rows.step in {None, 1}:
            start, stop, _ = rows.indices(self.shape[0])
            block = self._between(start, max(start, stop))
            return block[:, columns] if self.ndim > 1 else block
        if isinstance(rows, int | np.integer):
            return self._picked([int(rows)], columns)[0]
        return self._picked(rows, columns)

    def pieces(self) -> Iterator[Array]:
        """Yield the array in pieces along its first axis, none of them large."""
        step = max(PIECE // self._row, 1)
        for start in range(0, self.shape[0], step):
            yield self._between(start, min(start + step, self.shape[0]))

    def _between(self, start: int, stop: int) -> Array:
        """Read rows that lie together."""
        block = np.empty((stop - start, *self.shape[1:]), dtype=self.dtype)
        self._source.read(self._offset + start * self._row, block)
        block.flags.writeable = False
        return block

    def _picked(self, rows: Any, columns: slice) -> Array:
        """Read rows here and there, of each no more than is wanted."""
        numbers = np.arange(self.shape[0])[rows]  # as NumPy takes them: negative ones, masks
        first, end, _ = columns.indices(self._row // self.dtype.itemsize)
        shape = (numbers.size, max(end - first, 0)) if self.ndim > 1 else (numbers.size, 1)
        block = np.empty(shape, dtype=self.dtype)
        begin = self._offset + first * self.dtype.itemsize
        for place, row in enumerate(numbers.tolist()):
            self._source.read(begin + row * self._row, block[place])
        block.flags.writeable = False
        return block if self.ndim > 1 else block[:, 0]


class Held:
    """An open file whose arrays are taken; `was` is its state when it was opened.

    Raises
    ------
    OSError
        When it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._source: Source | None = Source(path)
        self.was = self._source.state()
        self.large = self.was.size > IN_MEMORY

    def array(
        self, dtype: np.dtype[Any], offset: int, shape: tuple[int, ...], *, long: bool = False
    ) -> Array:
        """Return the numbers at `offset`, which cannot be written.

        The `long` ones of a large file stay there (`Stored`): they are used piece by piece.

        Raises
        ------
        OSError
            When the file does not hold them.
        LibraryChangedError
            When it holds them no longer.
        """
        source = self._source
        count = int(np.prod(shape, dtype=np.int64))
        if source is None or offset + count * dtype.itemsize > self.was.size:
            raise OSError("the file is truncated")
        if long and self.large:
            return cast("Array", Stored(source, dtype, offset, shape))  # used as an array is
        array = np.empty(shape, dtype)
        source.read(offset, array)
        array.flags.writeable = False
        return array

    def all_taken(self) -> None:
        """Let go of a file that was read: nothing that happens to it matters any more."""
        if not self.large:
            self.close()

    def check(self) -> None:
        """Check that a large file is still as it was; a file let go of is not looked at.

        Raises
        ------
        LibraryChangedError
            When somebody wrote to it, or it cannot be asked.
        """
        if self._source is None:
            return
        try:
            now = self._source.state()
        except OSError:
            now = None
        if now != self.was:
            raise changed(self._path)

    def close(self) -> None:
        """Let go of the file; arrays taken from it stay, and keep it open as long as they do."""
        self._source = None


def pieces_of(array: object) -> Iterator[Any]:
    """Yield an array in pieces along its first axis: one that stays in its file is never whole."""
    if isinstance(array, Stored):
        yield from array.pieces()
    else:
        yield array


def changed(path: Path) -> LibraryChangedError:
    """Return the error to raise over a file that somebody wrote to while it was open."""
    return LibraryChangedError(
        "the library was written over, cut short or unplugged while it was in use",
        str(path),
        "restore it if it is not what you put there, then open it again and repeat the last scans",
    )
