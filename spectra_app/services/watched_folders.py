"""Folders a station watches: which, of which instrument, and what was taken from each before."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.errors import MemoryContentError
from devices.watched_memory import EMPTY_MEMORY, WatchMemory
from library.formats.profile import Profile, from_json, to_json
from matching.errors import SpectraError
from spectra_app.errors import AppError
from spectra_app.records.durable import locked, replace_whole
from spectra_app.settings import data_folder, made

KEYS = {"folder", "instrument", "profile"}


class WatchError(AppError):
    """A folder cannot be watched, or what came from it cannot be dealt with."""

    code = "watch"


@dataclass(frozen=True, slots=True)
class WatchedPlace:
    """A folder into which one instrument exports.

    Parameters
    ----------
    folder : Path
        Absolute, see `place_of`.
    instrument : str
        What the station calls the instrument; empty when it is not stated.
    profile : Profile or None
        Import profile for its texts, asked before the station's own; None asks those only.
    """

    folder: Path
    instrument: str = ""
    profile: Profile | None = None


def place_of(folder: Path, instrument: str = "", profile: Profile | None = None) -> WatchedPlace:
    """Return a folder as it is watched: resolved, so that it has one name.

    Raises
    ------
    WatchError
        When the profile recognises nothing: it would be taken for any text that lies there.
    """
    if profile is not None and not profile.first_line:
        raise WatchError(
            "the import profile has no first line to recognise files by",
            f"profile {profile.name!r}",
            "state in it how the instrument's files begin ('first_line')",
        )
    return WatchedPlace(folder.resolve(), instrument, profile)


def watched_places() -> tuple[WatchedPlace, ...]:
    """Return the folders that this station watches, in the order they were kept.

    Raises
    ------
    WatchError
        When the setting cannot be read: an instrument must not get lost in silence.
    """
    path = _setting()
    try:
        rows = json.loads(path.read_bytes())["folders"]
        return tuple(_place(row, str(path)) for row in rows)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, RecursionError, SpectraError) as error:
        raise WatchError(
            f"which folders are watched cannot be read ({error})",
            str(path),
            "restore the file from a backup, or remove it and keep the folders again",
        ) from error


def keep_place(place: WatchedPlace) -> None:
    """Keep a folder as one that this station watches; it replaces what was said of it before."""
    with _changing():
        others = [one for one in watched_places() if one.folder != place.folder]
        _write([*others, place])


def forget_place(folder: Path) -> None:
    """Watch a folder no more; what was taken from it stays known.

    Raises
    ------
    WatchError
        When it was not kept.
    """
    with _changing():
        places = watched_places()
        others = [one for one in places if one.folder != folder.resolve()]
        if len(others) == len(places):
            known = ", ".join(str(one.folder) for one in places) or "none"
            raise WatchError("this folder is not kept", str(folder), f"kept are: {known}")
        _write(others)


def _setting() -> Path:
    return data_folder() / "watched" / "folders.json"


@contextmanager
def _changing() -> Iterator[None]:
    made(_setting().parent)
    with _in_words(_setting()), locked(made(data_folder() / "locks") / "watched-folders"):
        yield


def _write(places: list[WatchedPlace]) -> None:
    rows = [
        {
            "folder": str(place.folder),
            "instrument": place.instrument,
            "profile": json.loads(to_json(place.profile)) if place.profile else None,
        }
        for place in places
    ]
    replace_whole(_setting(), (json.dumps({"folders": rows}, indent=1) + "\n").encode())


def _place(row: dict[str, Any], where: str) -> WatchedPlace:
    if set(row) != KEYS or not all(isinstance(row[key], str) for key in ("folder", "instrument")):
        raise ValueError(f"a folder has {', '.join(sorted(KEYS))} and nothing else")
    profile = row["profile"]
    read = None if profile is None else from_json(json.dumps(profile).encode(), where)
    return WatchedPlace(Path(row["folder"]), row["instrument"], read)


class Remembered:
    """What was taken from one folder, kept in the data folder under the folder's identity."""

    def __init__(self, folder: Path) -> None:
        key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]
        self.folder = folder
        self.path = made(data_folder() / "watched") / f"{key}.json"
        self._lock = made(data_folder() / "locks") / f"watched-{key}"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Watch the folder alone; raise WatchError when another program of this station does."""
        with ExitStack() as holding:
            try:
                holding.enter_context(locked(self._lock, wait=False))
            except OSError as error:
                raise WatchError(
                    f"this folder is watched by another program already ({error.strerror})",
                    str(self.folder),
                    "end that one first",
                ) from error
            yield

    def load(self) -> WatchMemory:
        """Return what was taken; nothing when it was never watched.

        Raises
        ------
        WatchError
            When it cannot be read: taking everything again must be a person's decision.
        """
        try:
            return WatchMemory.from_json(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return EMPTY_MEMORY
        except MemoryContentError as error:
            raise WatchError(
                f"{error.what}, for the folder {self.folder}",
                str(self.path),
                "restore it from a backup, or remove it and let all files be taken again",
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise WatchError(
                f"what was taken from {self.folder} cannot be read ({error})",
                str(self.path),
                "check the disk and the rights of the file",
            ) from error

    def save(self, memory: WatchMemory) -> None:
        """Keep what was taken, all of it or nothing; raise WatchError when that fails."""
        with _in_words(self.path):
            replace_whole(self.path, memory.to_json().encode())


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WatchError(
            f"what the station knows of its watched folders cannot be written "
            f"({error.strerror or error})",
            str(path),
            "free some space and check the rights of the data folder; nothing was lost",
        ) from error
