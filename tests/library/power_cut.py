"""What is left of a folder after a power cut: only what was synced is certain."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np


class Disk:
    """What of a folder has reached the disk, learnt from the calls that sync and rename.

    Only bytes of a file that were there when it was synced survive a power cut for certain, and
    only names that were there when their folder was synced. Everything else may survive or not.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held: list[int] = []  # open files, so that no file number is given away again
        self.seen: set[int] = set()
        self.kept: dict[int, bytes] = {}  # file number -> bytes synced
        self.names: dict[Path, dict[str, int]] = {}  # folder -> names synced
        for path in (folder, *sorted(folder.rglob("*"))):
            self.synced(path)

    def tree(self, folder: Path) -> dict[str, int]:
        found = {}
        for path in sorted(folder.iterdir()):
            status = path.lstat()
            found[path.name] = status.st_ino
            if status.st_ino not in self.seen and path.is_file():
                self.seen.add(status.st_ino)
                self.held.append(os.open(path, os.O_RDONLY))
        return found

    def synced(self, path: Path) -> None:
        if path.is_dir():
            self.names[path] = self.tree(path)
        else:
            self.kept[path.stat().st_ino] = path.read_bytes()

    def state(self, random: np.random.Generator | None) -> dict[Path, bytes | None]:
        """Return one state after a cut now: path -> bytes, None for a folder.

        Without `random` only what is certain; with it, of everything else a random part.
        """
        found: dict[Path, bytes | None] = {}

        def walk(folder: Path) -> None:
            names, now = dict(self.names.get(folder, {})), self.tree(folder)
            for name in sorted(names.keys() | now.keys()):
                if random is not None and random.random() < 0.5:
                    names.pop(name, None)
                    names |= {name: now[name]} if name in now else {}
            for name, number in names.items():
                path = folder / name
                if path.is_dir():
                    found[path.relative_to(self.folder)] = None
                    walk(path)
                else:
                    found[path.relative_to(self.folder)] = self.content(path, number, random)

        walk(self.folder)
        return found

    def content(self, path: Path, number: int, random: np.random.Generator | None) -> bytes:
        kept = self.kept.get(number, b"")
        same = path.is_file() and path.stat().st_ino == number
        if random is None or not same or random.random() < 0.4:
            return kept
        data = bytearray(path.read_bytes())  # what was not synced: cut anywhere, holes of zeros
        if data != kept:
            safe = (
                len(kept) if data.startswith(kept) else 0
            )  # adding to a file harms nothing synced
            del data[int(random.integers(safe, len(data) + 1)) :]
            start = int(random.integers(safe, len(data) + 1))
            data[start : start + 4096] = bytes(len(data[start : start + 4096]))
        return bytes(data)

    def close(self) -> None:
        for handle in self.held:
            os.close(handle)


@dataclass(frozen=True)
class Cut:
    """One state of a disk after a power cut, and what had been acknowledged before it."""

    before: str  # the call that was about to return when the power went
    acknowledged: tuple[str, ...]
    files: Mapping[Path, bytes | None]

    def restore(self, folder: Path) -> Path:
        folder.mkdir()
        for path, data in self.files.items():
            if data is None:
                (folder / path).mkdir()
            else:
                (folder / path).write_bytes(data)
        return folder
