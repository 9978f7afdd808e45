"""A library file as it is held open: a small one in memory, a large one mapped and watched.

A file that is mapped can be taken from under a reader: cut short or written over where it lies, or
gone with its drive. The system then ends the program (SIGBUS), or the reader sees another content
in the middle of its work. Programs that write a library put a new file in the place of the old one,
which is harmless; a copy over it, or a drive that is pulled out, is not. So small files are read
whole, and of large ones it is asked before and after each use whether they are still as they were.
"""

from __future__ import annotations

import mmap
import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from library.errors import LibraryChangedError
from library.layout import Array

IN_MEMORY = 64 * 2**20  # bytes of a file up to which it is read: some hundredths of a second


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


class Held:
    """An open file whose arrays are taken; `was` is its state when it was opened.

    Raises
    ------
    OSError
        When it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._end = weakref.finalize(self, os.close, self._handle)
        self.was = _state(os.fstat(self._handle))
        self.mapped = self.was.size > IN_MEMORY

    def array(self, dtype: np.dtype[Any], offset: int, shape: tuple[int, ...]) -> Array:
        """Return the numbers at `offset`, read or mapped; they cannot be written.

        Raises
        ------
        OSError
            When the file does not hold them.
        """
        count = int(np.prod(shape, dtype=np.int64))
        if offset + count * dtype.itemsize > self.was.size:
            raise OSError("the file is truncated")
        with open(self._handle, "rb", buffering=0, closefd=False) as file:
            if self.mapped:
                return np.memmap(file, dtype, mode="r", offset=offset, shape=shape)
            file.seek(offset)
            array = np.fromfile(file, dtype, count)
        if array.size != count:
            raise OSError("the file is truncated")
        array.flags.writeable = False
        return array.reshape(shape)

    def all_taken(self) -> None:
        """Let go of a file that was read: nothing that happens to it matters any more."""
        if not self.mapped:
            self.close()

    def check(self) -> None:
        """Check that a mapped file is still as it was; a file let go of is not looked at.

        Raises
        ------
        LibraryChangedError
            When somebody wrote to it, or it cannot be asked.
        """
        if not self._end.alive:
            return
        try:
            now = _state(os.fstat(self._handle))
        except OSError:
            now = None
        if now != self.was:
            raise changed(self._path)

    def close(self) -> None:
        """Let go of the file; arrays taken from it stay."""
        self._end()


def letting_go(array: Array) -> Callable[[], object]:
    """Return what makes a mapped array take no memory until it is read again; else nothing to do.

    Only this process forgets: the system keeps the file in its memory as long as there is room.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        return partial(base.madvise, mmap.MADV_DONTNEED)
    return lambda: None


def changed(path: Path) -> LibraryChangedError:
    """Return the error to raise over a file that somebody wrote to while it was open."""
    return LibraryChangedError(
        "the library was written over, cut short or unplugged while it was in use",
        str(path),
        "restore it if it is not what you put there, then open it again and repeat the last scans",
    )
