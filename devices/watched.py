"""A watched folder: the way in for every analyser that only exports files.

Polled, without events of the operating system, so that it works on network shares and memory
cards. A file is taken when it holds something and two polls in a row found its size and time
unchanged: at the third look at the earliest. Nothing in the folder is ever opened for writing,
renamed or removed. What was taken can be saved and restored, so that a restart takes nothing twice
and misses nothing that came meanwhile. After a restart, and when the folder was away, what looks
like a file that was taken is read once more: another memory card holds other bytes under the same
name, size and time, when its instrument has no clock.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from devices.timing import REAL_TIME, Timing
from devices.watched_memory import EMPTY_MEMORY, Look, SeenFile, WatchMemory

MOST_BYTES = 64 * 1024 * 1024
MOST_FILES = 100_000
DEEPEST = 16
STILL_POLLS = 2
POLL_EVERY_S = 2.5  # memory cards resolve two seconds: no rewriting escapes who looks more seldom
PIECE = 1 << 20
MOST_AT_ONCE = 256 * 1024 * 1024  # bytes taken by one poll, so that a full card fits into memory
CHECKED_AT_ONCE = 16 * 1024 * 1024  # bytes read again by one poll, so that new files need not wait


class NoteKind(Enum):
    """What a note is about."""

    DUPLICATE = "the same bytes came before"
    CHANGED = "a file that was taken before holds something else now"
    EMPTY = "empty; it is taken when it holds something"
    TOO_LARGE = "larger than the limit"
    UNREADABLE = "cannot be read"
    CHANGED_WHILE_READ = "changed while it was read; it is looked at again"
    VANISHED = "went away before it was complete"
    FOLDER_GONE = "the folder cannot be reached"
    FOLDER_BACK = "the folder is back"
    FOLDER_UNREADABLE = "a sub-folder cannot be read"
    NOT_A_FILE = "a link or device, not a plain file"
    TOO_MANY = "more files than the limit"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A complete file.

    Parameters
    ----------
    path : Path
        Where it was found.
    sha256 : str
        Hash of `data`, in hexadecimal.
    data : bytes
        What it holds, read once.
    size : int
        Bytes.
    modified : str
        Time of its last change by the file system, seconds since 1970 with nine decimals.
    seen : str
        Time of day when it was taken, ISO 8601 in UTC.
    duplicate_of : str
        Path of the first file with the same bytes; empty for new bytes.
    """

    path: Path
    sha256: str
    data: bytes
    size: int
    modified: str
    seen: str
    duplicate_of: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know; said once until it is over."""

    kind: NoteKind
    path: Path
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll found, in the order of the paths."""

    arrived: tuple[Arrived, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How a folder is watched.

    Parameters
    ----------
    sub_folders : bool
        Whether folders inside it are looked into.
    most_bytes, most_files : int
        Larger files are left, and no more files are looked at.
    endings : tuple of str
        Endings of names that count, with the dot, in any case; empty for all.
    """

    sub_folders: bool = False
    most_bytes: int = MOST_BYTES
    most_files: int = MOST_FILES
    endings: tuple[str, ...] = ()


DEFAULTS = WatchSettings()


@dataclass(slots=True)
class _Waiting:
    """A file that was seen and not taken yet."""

    look: Look
    still: int = 0


@dataclass(slots=True)
class _Finding:
    """What one poll collects."""

    looks: dict[str, Look] = field(default_factory=dict)
    taken_bytes: int = 0
    checked_bytes: int = 0
    deferred: bool = False
    unreadable: set[str] = field(default_factory=set)
    arrived: list[Arrived] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


class WatchedFolder:
    """A folder that is polled by its owner; no thread, no timer.

    Parameters
    ----------
    folder : Path
        The folder; it need not exist yet.
    settings : WatchSettings
        How it is watched.
    timing : Timing
        The time of day written into what arrives.
    memory : WatchMemory
        What was seen by an earlier watcher of the same folder.
    """

    def __init__(
        self,
        folder: Path,
        settings: WatchSettings = DEFAULTS,
        *,
        timing: Timing = REAL_TIME,
        memory: WatchMemory = EMPTY_MEMORY,
    ) -> None:
        self._folder, self._settings, self._timing = folder, settings, timing
        self._taken: dict[str, SeenFile] = {file.path: file for file in memory.files}
        self._first: dict[str, str] = dict(memory.first_paths)
        self._doubtful = set(self._taken)  # to be read once more
        self._waiting: dict[str, _Waiting] = {}
        self._deferred = False
        self._said: set[tuple[NoteKind, str, str]] = set()
        self._gone = False

    @property
    def memory(self) -> WatchMemory:
        """What was taken so far; give it to the next watcher of this folder."""
        files = tuple(self._taken[path] for path in sorted(self._taken))
        return WatchMemory(files, tuple(sorted(self._first.items())))

    @property
    def waiting(self) -> tuple[Path, ...]:
        """Files that were seen and are not complete yet."""
        return tuple(self._folder / name for name in sorted(self._waiting))

    @property
    def settled(self) -> bool:
        """Whether more polls find nothing, unless something in the folder changes."""
        still = all(one.still >= STILL_POLLS for one in self._waiting.values())
        return still and not self._deferred and not self._gone

    def poll(self) -> Poll:
        """Look once and return what is complete since the last look. Never raises for a file."""
        found = _Finding()
        try:
            self._list(found)
        except OSError as error:
            self._lose_folder(found, error)
            return Poll(notes=tuple(found.notes))
        if self._gone:
            self._gone = False
            self._said = {said for said in self._said if said[0] is not NoteKind.FOLDER_GONE}
            found.notes.append(Note(NoteKind.FOLDER_BACK, self._folder))
        self._miss(found)
        for name in sorted(found.looks, key=lambda name: (name in self._doubtful, name)):
            self._consider(name, found)
        self._deferred = found.deferred
        return Poll(tuple(found.arrived), tuple(found.notes))

    # --- listing -------------------------------------------------------------------------------

    def _list(self, found: _Finding) -> None:
        """Find all plain files; raises OSError when the folder itself cannot be listed."""
        most = self._settings.most_files
        for count, (entry, name) in enumerate(self._entries(self._folder, "", 0, found)):
            if count >= most:
                self._say(found, NoteKind.TOO_MANY, self._folder, str(most))
                return
            self._look(entry, name, found)

    def _entries(
        self, folder: Path, inside: str, depth: int, found: _Finding
    ) -> Iterator[tuple[os.DirEntry[str], str]]:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        for entry in entries:
            name = inside + entry.name
            if not _is_folder(entry):
                yield entry, name
            elif self._settings.sub_folders and depth < DEEPEST:
                try:
                    yield from self._entries(Path(entry.path), name + "/", depth + 1, found)
                    self._over(NoteKind.FOLDER_UNREADABLE, name)
                except OSError as error:
                    found.unreadable.add(name + "/")
                    self._say(found, NoteKind.FOLDER_UNREADABLE, self._folder / name, _why(error))

    def _look(self, entry: os.DirEntry[str], name: str, found: _Finding) -> None:
        endings = self._settings.endings
        if endings and not name.casefold().endswith(tuple(end.casefold() for end in endings)):
            return
        try:
            facts = Path(entry.path).lstat()
        except FileNotFoundError:
            return
        except OSError as error:
            found.unreadable.add(name)
            self._say(found, NoteKind.UNREADABLE, self._folder / name, _why(error))
            return
        if stat.S_ISREG(facts.st_mode):
            found.looks[name] = _look_of(facts)
        else:
            self._say(found, NoteKind.NOT_A_FILE, self._folder / name)

    # --- taking --------------------------------------------------------------------------------

    def _consider(self, name: str, found: _Finding) -> None:
        """Take a file when it stood still for long enough."""
        look = found.looks[name]
        taken = self._taken.get(name)
        same = taken is not None and taken.look == look
        if same and name not in self._doubtful:
            self._waiting.pop(name, None)
            return
        waiting = self._waiting.get(name)
        if waiting is None or waiting.look != look:
            self._waiting[name] = _Waiting(look)
            return
        waiting.still += 1
        if waiting.still < STILL_POLLS:
            return
        if look.size == 0:
            self._say(found, NoteKind.EMPTY, self._folder / name)
            return
        if look.size > self._settings.most_bytes:
            self._say(found, NoteKind.TOO_LARGE, self._folder / name, f"{look.size} bytes")
            return
        if _fits(look.size, found, same=same):
            self._take(name, look, found)
        else:
            found.deferred = True

    def _take(self, name: str, look: Look, found: _Finding) -> None:
        path = self._folder / name
        try:
            data, after = _read(path, look.size)
        except FileNotFoundError:
            return  # the next poll sees that it is gone
        except OSError as error:
            self._say(found, NoteKind.UNREADABLE, path, _why(error))
            return
        if after != look or len(data) != look.size:
            self._waiting[name] = _Waiting(after)
            found.notes.append(Note(NoteKind.CHANGED_WHILE_READ, path))
            return
        self._over(NoteKind.UNREADABLE, name)
        self._over(NoteKind.EMPTY, name)
        self._doubtful.discard(name)
        del self._waiting[name]
        self._keep(name, look, data, found)

    def _keep(self, name: str, look: Look, data: bytes, found: _Finding) -> None:
        """Remember a complete file and hand it over, unless nothing but its time has changed."""
        path, sha256 = self._folder / name, hashlib.sha256(data).hexdigest()
        before, self._taken[name] = self._taken.get(name), SeenFile(name, look, sha256)
        if before is not None and before.sha256 == sha256:
            return
        if before is not None:
            found.notes.append(Note(NoteKind.CHANGED, path, before.sha256))
        duplicate_of = ""
        if sha256 in self._first:
            duplicate_of = str(self._folder / self._first[sha256])
            found.notes.append(Note(NoteKind.DUPLICATE, path, duplicate_of))
        self._first.setdefault(sha256, name)
        modified = f"{look.modified_ns // 10**9}.{look.modified_ns % 10**9:09d}"
        found.arrived.append(
            Arrived(path, sha256, data, look.size, modified, self._timing.utc(), duplicate_of)
        )

    # --- losing --------------------------------------------------------------------------------

    def _lose_folder(self, found: _Finding, error: OSError) -> None:
        """Say that the folder is gone; what stood still has to stand still anew."""
        self._gone = True
        self._waiting.clear()
        self._doubtful = set(self._taken)
        self._say(found, NoteKind.FOLDER_GONE, self._folder, _why(error))

    def _miss(self, found: _Finding) -> None:
        """Forget what is not there any more, except where it could not be looked for."""
        hidden = tuple(found.unreadable)
        for name in [name for name in self._waiting if name not in found.looks]:
            look, taken = self._waiting.pop(name).look, self._taken.get(name)
            was_taken = taken is not None and taken.look == look
            if not was_taken and not name.startswith(hidden):
                found.notes.append(Note(NoteKind.VANISHED, self._folder / name))

    def _say(self, found: _Finding, kind: NoteKind, path: Path, detail: str = "") -> None:
        key = (kind, str(path), detail)
        if key not in self._said:
            self._said.add(key)
            found.notes.append(Note(kind, path, detail))

    def _over(self, kind: NoteKind, name: str) -> None:
        path = str(self._folder / name)
        self._said = {said for said in self._said if said[:2] != (kind, path)}


def _fits(size: int, found: _Finding, *, same: bool) -> bool:
    """Tell whether one poll may read a file of that size too; the first one it always may."""
    if same:
        found.checked_bytes += size
        return found.checked_bytes == size or found.checked_bytes <= CHECKED_AT_ONCE
    found.taken_bytes += size
    return found.taken_bytes == size or found.taken_bytes <= MOST_AT_ONCE


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _look_of(facts: os.stat_result) -> Look:
    return Look(facts.st_size, facts.st_mtime_ns)


def _read(path: Path, size: int) -> tuple[bytes, Look]:
    """Return at most one byte more than `size`, and how the file looks after reading."""
    taken = bytearray()
    with open(path, "rb", opener=_open_plain) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is not a plain file any more")
        while len(taken) <= size:
            piece = file.read(min(PIECE, size + 1 - len(taken)))
            if not piece:
                break
            taken += piece
        inside = _look_of(os.fstat(file.fileno()))
    outside = _look_of(path.lstat())
    return bytes(taken), inside if inside == outside else replace(outside, modified_ns=-1)


def _open_plain(path: str, flags: int) -> int:
    """Open for reading; what was swapped for a link is not followed, a pipe does not block."""
    safe = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags | safe)


def _why(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
