"""What a watched folder remembers: a frozen record, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from devices.errors import MemoryContentError

VERSION = 1
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Look:
    """How a file looks from outside: its size in bytes and the time of its last change in ns."""

    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file that was taken: its path inside the folder (with /), its look then, its hash."""

    path: str
    look: Look
    sha256: str


@dataclass(frozen=True, slots=True)
class WatchMemory:
    """What was taken.

    Parameters
    ----------
    files : tuple of SeenFile
        By path.
    first_paths : tuple of (str, str)
        For each hash that ever came the path that it came from first, also when that is gone.
    """

    files: tuple[SeenFile, ...] = ()
    first_paths: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> str:
        """Return it as JSON."""
        files = [[f.path, f.look.size, f.look.modified_ns, f.sha256] for f in self.files]
        return json.dumps(
            {"version": VERSION, "files": files, "first_paths": [list(p) for p in self.first_paths]}
        )

    def without(self, files: Collection[tuple[str, str]]) -> WatchMemory:
        """Return it as if some files, each a path and a hash, had not been taken."""
        return WatchMemory(
            tuple(one for one in self.files if (one.path, one.sha256) not in files),
            tuple((sha, path) for sha, path in self.first_paths if (path, sha) not in files),
        )

    @classmethod
    def from_json(cls, text: str) -> WatchMemory:
        """Return what `to_json` wrote.

        Raises
        ------
        MemoryContentError
            When it is something else: taking everything again must be a person's decision.
        """
        try:
            given = json.loads(text)
            if given["version"] != VERSION:
                raise ValueError(f"version {given['version']!r}")
            files = tuple(_seen(*row) for row in given["files"])
            first = tuple((_hash(sha256), _text(path)) for sha256, path in given["first_paths"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise MemoryContentError(
                f"the record of what was taken is damaged ({error})",
                "watched folder",
                "restore it from a backup, or start anew and let all files be taken again",
            ) from error
        return cls(files, first)


EMPTY_MEMORY = WatchMemory()


def _seen(path: Any, size: Any, modified_ns: Any, sha256: Any) -> SeenFile:
    if not all(isinstance(number, int) for number in (size, modified_ns)) or size < 0:
        raise ValueError("a size or time is no whole number")
    return SeenFile(_text(path), Look(size, modified_ns), _hash(sha256))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a path is no text")
    return value


def _hash(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 64 or not set(value) <= _HEX:
        raise ValueError("a hash is none")
    return value
