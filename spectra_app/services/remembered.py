"""What the window remembers on this computer: language, colours, places, files opened last.

It stands in ``window.json`` of the data folder, which is its owner's alone. Nothing of it decides
a verdict; a file that cannot be read means that the window begins as on its first day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from spectra_app.records.durable import replace_whole
from spectra_app.settings import data_folder, made

FILE = "window.json"
MOST_RECENT = 10
LARGEST = 1_000_000  # bytes; a file of any other size was not written here


@dataclass(frozen=True, slots=True)
class OfPerson:
    """What one person left: language, colours, area and page, files opened (the newest first)."""

    language: str = ""
    theme: str = ""
    area: str = ""
    page: str = ""
    recent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered on this computer.

    Parameters
    ----------
    language, theme : str
        As last used here, by whomever; empty when nothing is known.
    layout : mapping of str to str
        Places of windows and their parts by name, in words of the window system.
    people : mapping of str to OfPerson
        By the identifier of the user.
    first_run : mapping of str to str
        What was typed while the station was being set up; never a password.
    sound : bool
        Whether a verdict is heard as well as seen.
    damaged : bool
        The file was there and could not be read; it is not written.
    """

    language: str = ""
    theme: str = ""
    layout: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, OfPerson] = field(default_factory=dict)
    first_run: Mapping[str, str] = field(default_factory=dict)
    sound: bool = False
    damaged: bool = False

    def of(self, person: str) -> OfPerson:
        """Return what a person left; nothing when the person is new here."""
        return self.people.get(person, OfPerson())

    def with_person(self, person: str, **values: Any) -> Remembered:
        """Return this with some values of a person replaced."""
        return replace(self, people={**self.people, person: replace(self.of(person), **values)})

    def with_recent(self, person: str, paths: list[str]) -> Remembered:
        """Return this with files opened by a person put first, each once, at most ten."""
        newest = dict.fromkeys([*reversed(paths), *self.of(person).recent])
        return self.with_person(person, recent=tuple(newest)[:MOST_RECENT])


def remembered(folder: Path | None = None) -> Remembered:
    """Return what is remembered; the defaults when there is nothing, or nothing that can be read.

    Parameters
    ----------
    folder : Path, optional
        The data folder; by default the program's own.
    """
    path = (folder or data_folder()) / FILE
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        return _parsed(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Remembered()
    except (OSError, ValueError, TypeError, RecursionError):
        return Remembered(damaged=True)


def remember(what: Remembered, folder: Path | None = None) -> None:
    """Write what is to be remembered: whole or not at all, for the owner alone.

    Raises
    ------
    OSError, SettingsError
        When the disk refuses; what was there stays.
    """
    content = {**asdict(what)}
    del content["damaged"]
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    replace_whole(made(folder or data_folder()) / FILE, text.encode())


def _parsed(content: Any) -> Remembered:
    if not isinstance(content, dict):
        raise ValueError("it holds no settings")
    people = {key: _person(value) for key, value in _mapping(content, "people").items()}
    return Remembered(
        _text(content, "language"),
        _text(content, "theme"),
        _texts(content, "layout"),
        people,
        _texts(content, "first_run"),
        content.get("sound") is True,
    )


def _person(content: Any) -> OfPerson:
    if not isinstance(content, dict):
        raise ValueError("a person is no mapping")
    recent = content.get("recent", [])
    if not isinstance(recent, list) or not all(isinstance(one, str) for one in recent):
        raise ValueError("the files are no list of names")
    language, theme, area, page = (
        _text(content, key) for key in ("language", "theme", "area", "page")
    )
    return OfPerson(language, theme, area, page, tuple(recent[:MOST_RECENT]))


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")
    return value


def _mapping(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{key} is no mapping")
    return value


def _texts(content: Mapping[str, Any], key: str) -> dict[str, str]:
    return {name: _text({name: value}, name) for name, value in _mapping(content, key).items()}
