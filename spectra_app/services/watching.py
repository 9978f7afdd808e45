"""Watch the folders that closed handhelds export into: keep each file, identify it, tell it.

Each arrived file is kept as evidence before anything reads it, and identified from the very bytes
that were hashed. What was dealt with is remembered after every poll, so that a restart goes on.
Where the evidence or the results cannot be written nothing more is taken in until they can.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devices.timing import REAL_TIME, Timing
from devices.watched import POLL_EVERY_S, Arrived, Note, NoteKind, WatchedFolder, WatchSettings
from devices.watched_memory import EMPTY_MEMORY, WatchMemory
from library.errors import EmptyFileError, FileError, FileTooLargeError
from library.formats.profile import Profile, to_json
from matching.errors import SpectraError
from spectra_app.records.identification import Asked
from spectra_app.services.guided import same_start, station_profiles
from spectra_app.services.identify import (
    Choice,
    Identified,
    Identifier,
    Origin,
    identify_bytes,
    refused,
    shown_path,
)
from spectra_app.services.result_rows import ResultsFile
from spectra_app.services.watched_folders import Remembered, WatchedPlace, WatchError
from spectra_app.settings import data_folder

SETTINGS = WatchSettings(sub_folders=True)
MOST_STILL_S = 600.0  # how long `once` waits for files that are still being written
SLICE_S = 0.25
TROUBLE = "trouble"
REMEDIES = {
    NoteKind.EMPTY: "if it stays so, export it again",
    NoteKind.TOO_LARGE: "look what it is, and give it to 'spectra identify'",
    NoteKind.UNREADABLE: "ask for the right to read it; it is taken as soon as it can be read",
    NoteKind.FOLDER_GONE: "put the medium back or connect the share; it goes on by itself",
    NoteKind.FOLDER_UNREADABLE: "ask for the right to read it; it goes on by itself",
    NoteKind.NOT_A_FILE: "copy the file itself into the folder",
    NoteKind.TOO_MANY: "archive older files; what is beyond the limit is not looked at",
}
REFUSALS: dict[NoteKind, type[FileError]] = {  # of files whose bytes were not taken: rows, too
    NoteKind.TOO_LARGE: FileTooLargeError,
    NoteKind.UNREADABLE: FileError,
    NoteKind.NOT_A_FILE: FileError,
}


@dataclass(frozen=True, eq=False, slots=True)
class Received:
    """A file that arrived, was kept, and identified unless the same bytes came before.

    Parameters
    ----------
    place : WatchedPlace
        The folder it came from.
    file, sha256 : str
        Its path as text, and the hash of what is kept as evidence.
    size : int
        Bytes.
    modified, seen : str
        Time of its last change (seconds since 1970), and when it was taken (ISO 8601 in UTC).
    duplicate_of : str
        Path of the first file with the same bytes; `found` is empty then.
    found : tuple of Identified
        One for each spectrum; one refused one when the file cannot be read.
    """

    place: WatchedPlace
    file: str
    sha256: str
    size: int
    modified: str
    seen: str
    duplicate_of: str
    found: tuple[Identified, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What a person should know of a folder, said once: `code` tells what, `words` in words."""

    place: WatchedPlace
    code: str
    file: str
    words: str


Tell = Callable[[Received | Said], None]


@dataclass(slots=True)
class _Job:
    """What a poll found and was not dealt with yet, and how far it came."""

    what: Arrived | Note
    kept: bool = False
    found: tuple[Identified, ...] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Means:
    """What watching needs: identification, where results go, who is told, what is read.

    `out` may be None; `choice` says which column and how many candidates.
    """

    identifier: Identifier
    tell: Tell
    out: ResultsFile | None = None
    choice: Choice = field(default_factory=Choice)
    timing: Timing = REAL_TIME


class FolderWatch:
    """One watched folder with what is open of it; made by `opened`."""

    def __init__(
        self, place: WatchedPlace, means: Means, remembered: Remembered, memory: WatchMemory
    ) -> None:
        clock = means.identifier.clock
        timing = Timing(means.timing.now, means.timing.sleep, clock)
        self._watcher = WatchedFolder(place.folder, SETTINGS, timing=timing, memory=memory)
        self.place, self._means, self._remembered = place, means, remembered
        self._jobs: deque[_Job] = deque()
        self._unsaved = False
        self._empty: set[Path] = set()
        self.gone = ""
        self.unreadable = False

    @property
    def settled(self) -> bool:
        """Whether all that lies there was dealt with, or the folder is away."""
        return not self._jobs and (bool(self.gone) or self._watcher.settled)

    @property
    def waiting(self) -> tuple[Path, ...]:
        """Files that are not complete yet."""
        return self._watcher.waiting

    def poll(self) -> int:
        """Look once, deal with what is complete, and return how much that was.

        What fails is gone on with at the next poll, before the folder is looked at again.

        Raises
        ------
        SpectraError
            When evidence, results or what is remembered cannot be written.
        """
        if not self._jobs:
            found = self._watcher.poll()
            self._jobs.extend(_Job(note) for note in found.notes)
            self._jobs.extend(_Job(arrived) for arrived in found.arrived)
        count = len(self._jobs)
        try:
            while self._jobs:
                self._deal(self._jobs[0])
                self._jobs.popleft()
        finally:
            self._save()
        return count

    def refuse_empty(self) -> None:
        """Write a refused row for each file that still holds nothing: nobody waits for it."""
        for path in sorted(self._empty.intersection(self.waiting)):
            error = EmptyFileError("the file is empty", str(path), "export or copy it again")
            self._write(self._refused(path, error))

    def _deal(self, job: _Job) -> None:
        if isinstance(job.what, Note):
            self._note(job.what)
        else:
            self._unsaved = True
            self._arrived(job, job.what)

    def _arrived(self, job: _Job, arrived: Arrived) -> None:
        name = shown_path(arrived.path)
        identifier = self._means.identifier
        if not job.kept:
            identifier.keep(arrived.data, kind="imported file", name=name)
            job.kept = True
        if job.found is None:
            job.found = () if arrived.duplicate_of else self._identify(arrived)
        self._write(job.found)
        self._means.tell(
            Received(
                place=self.place,
                file=name,
                sha256=arrived.sha256,
                size=arrived.size,
                modified=arrived.modified,
                seen=arrived.seen,
                duplicate_of=arrived.duplicate_of and shown_path(Path(arrived.duplicate_of)),
                found=job.found,
            )
        )

    def _identify(self, arrived: Arrived) -> tuple[Identified, ...]:
        choice, identifier = self._means.choice, self._means.identifier
        origin = self._origin(arrived.path, arrived.sha256)
        begun = time.perf_counter()
        try:
            return identify_bytes(
                arrived.data, origin, identifier, choice, begun, profiles=self._profiles
            )
        except SpectraError as error:
            return (refused(origin, None, identifier, error),)
        except Exception as error:  # noqa: BLE001 - told in the row: one file must not end the rest
            words = f"the program met something it does not know ({type(error).__name__}: {error})"
            told = WatchError(words, origin.file, "send the file to who maintains the program")
            return (refused(origin, None, identifier, told),)

    def _origin(self, path: Path, sha256: str) -> Origin:
        name, choice = self.place.instrument, self._means.choice
        said = (f"Taken for a scan of {name}, in whose folder it lay.",) if name else ()
        return Origin(shown_path(path), sha256, said, asked=Asked(choice.column, choice.top))

    def _profiles(self) -> Sequence[Profile]:
        own = self.place.profile
        others = station_profiles()
        if own is None:
            return others
        return (own, *(one for one in others if not same_start(own, one)))

    def _note(self, note: Note) -> None:
        if note.kind is NoteKind.DUPLICATE:
            return  # the file itself says it
        file, why = shown_path(note.path), f" ({note.detail})" if note.detail else ""
        if note.kind in {NoteKind.FOLDER_GONE, NoteKind.FOLDER_BACK}:
            self.gone = note.detail if note.kind is NoteKind.FOLDER_GONE else ""
        if note.kind is NoteKind.EMPTY:
            self._empty.add(note.path)
        self.unreadable = self.unreadable or note.kind is NoteKind.FOLDER_UNREADABLE
        remedy = REMEDIES.get(note.kind, "")
        if note.kind in REFUSALS:
            error = REFUSALS[note.kind](f"{note.kind.value}{why}", file, remedy)
            self._write(self._refused(note.path, error))
        words = f"{note.kind.value}{why}" + (f"; {remedy}" if remedy else "")
        self._means.tell(Said(self.place, note.kind.name.lower(), file, words))

    def _refused(self, path: Path, error: SpectraError) -> tuple[Identified, ...]:
        return (refused(self._origin(path, ""), None, self._means.identifier, error),)

    def _write(self, found: tuple[Identified, ...]) -> None:
        if self._means.out is not None:
            self._means.out.add([one.record for one in found])

    def _save(self) -> None:
        """Remember what was dealt with; what is still open is taken again after a restart."""
        if not self._unsaved:
            return
        arrived = [job.what for job in self._jobs if isinstance(job.what, Arrived)]
        still_open = {
            (one.path.relative_to(self.place.folder).as_posix(), one.sha256) for one in arrived
        }
        self._remembered.save(self._watcher.memory.without(still_open))
        self._unsaved = bool(still_open)


@contextmanager
def opened(place: WatchedPlace, means: Means, *, again: bool = False) -> Iterator[FolderWatch]:
    """Hold a folder, so that nobody else of this station watches it.

    With `again` nothing counts as taken before, and what was remembered is not even read.

    Raises
    ------
    SpectraError
        When another program watches it, what was taken from it cannot be read, an import profile
        of the station cannot be read, or the program's own files lie in the folder.
    """
    _apart(place.folder, means)
    station_profiles()  # a damaged one would refuse every file
    remembered = Remembered(place.folder)
    with remembered.held():
        if place.profile is not None:
            _keep_profile(place, place.profile, means.identifier)
        memory = EMPTY_MEMORY if again else remembered.load()
        yield FolderWatch(place, means, remembered, memory)


def _keep_profile(place: WatchedPlace, profile: Profile, identifier: Identifier) -> None:
    """Keep the folder's profile as evidence: what read a file must be there to be looked at."""
    name = f"{profile.name}, for {shown_path(place.folder)}"
    identifier.keep(to_json(profile).encode(), kind="import profile", name=name)


def _apart(folder: Path, means: Means) -> None:
    """Refuse a folder in which the program would write."""
    own = [data_folder(), means.identifier.evidence.folder]
    if means.out is not None:
        own.append(means.out.path)
    for path in own:
        if path.resolve().is_relative_to(folder):
            raise WatchError(
                f"the program's own {path.name!r} lies in the folder to be watched",
                str(folder),
                "nothing is written into a watched folder: choose another place for it",
            )


def watch(
    places: Sequence[WatchedPlace],
    means: Means,
    *,
    every_s: float = POLL_EVERY_S,
    once: bool = False,
    again: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Watch folders until it is stopped; nothing in them is changed.

    A folder that is away is waited for, and so is a disk that is full: both are said once.

    Parameters
    ----------
    places : sequence of WatchedPlace
        Each with its instrument and import profile.
    means : Means
        Where what arrives goes.
    every_s : float
        Seconds between two looks.
    once : bool
        End when everything that lies there was dealt with.
    again : bool
        Take everything that lies there, whatever was taken before.
    should_stop : callable () -> bool
        Asked at least four times a second while nothing is done.

    Returns
    -------
    bool
        Whether all folders could be read whole; only of use with `once`.

    Raises
    ------
    SpectraError
        See `opened`; with `once` also when something cannot be written, a folder cannot be
        reached, or a file is still being written after ten minutes.
    """
    with ExitStack() as held:
        watches = [held.enter_context(opened(place, means, again=again)) for place in places]
        if once:
            return _to_the_end(watches, means.timing, every_s)
        troubles: dict[Path, str] = {}
        while not should_stop():
            for one in watches:
                _poll(one, means.tell, troubles)
            _pause(means.timing, every_s, should_stop)
        return True


def _poll(one: FolderWatch, tell: Tell, troubles: dict[Path, str]) -> None:
    """Poll; a trouble is said once, until it is over or is another one."""
    folder = one.place.folder
    try:
        one.poll()
        if troubles.pop(folder, ""):
            tell(Said(one.place, TROUBLE, shown_path(folder), "it works again"))
    except SpectraError as error:
        if troubles.get(folder) != str(error):
            troubles[folder] = str(error)
            tell(Said(one.place, TROUBLE, shown_path(folder), f"{error}; it is tried again"))


def _pause(timing: Timing, seconds: float, should_stop: Callable[[], bool]) -> None:
    end = timing.now() + seconds
    while (left := end - timing.now()) > 0 and not should_stop():
        timing.sleep(min(left, SLICE_S))


def _to_the_end(watches: Sequence[FolderWatch], timing: Timing, every_s: float) -> bool:
    last = timing.now()
    while True:
        if sum(one.poll() for one in watches):
            last = timing.now()
        if all(one.settled for one in watches):
            break
        if timing.now() - last > MOST_STILL_S:
            names = ", ".join(path.name for one in watches for path in one.waiting[:5])
            raise WatchError(
                f"still being written after {MOST_STILL_S / 60:.0f} minutes: {names}",
                ", ".join(str(one.place.folder) for one in watches),
                "the others were dealt with; run it again when the export has ended",
            )
        timing.sleep(every_s)
    for one in watches:
        one.refuse_empty()
    away = [one for one in watches if one.gone]
    if away:
        raise WatchError(
            f"the folder cannot be reached ({away[0].gone})",
            ", ".join(str(one.place.folder) for one in away),
            "check the path, or put the medium back",
        )
    return not any(one.unreadable for one in watches)
