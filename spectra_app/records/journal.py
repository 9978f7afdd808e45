"""A journal of acts: one line each, chained by hashes, so that a changed or lost line shows."""

from __future__ import annotations

import getpass
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra_app.errors import JournalError
from spectra_app.records.durable import append_line, locked, make_folders

FIRST = "0" * 64
_KEYS = {"number", "time", "act", "user", "details", "previous"}


@dataclass(frozen=True, slots=True)
class Act:
    """One line of a journal.

    Parameters
    ----------
    number : int
        From 1.
    time : str
        ISO 8601 in UTC.
    act : str
        What was done.
    user : str
        Who was logged in to the computer.
    details : dict
        What it was done to, why, and who asked.
    sha256 : str
        Hash of the line; the next one names it.
    """

    number: int
    time: str
    act: str
    user: str
    details: dict[str, Any]
    sha256: str


class Journal:
    """A file of acts.

    Parameters
    ----------
    path : Path
        The file; it is made by the first `add`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, time: str, act: str, details: dict[str, Any]) -> Act:
        """Add an act; when this returns, it is on the disk.

        Raises
        ------
        JournalError
            When the chain before it is broken.
        OSError
            When the system refuses.
        """
        make_folders(self.path.parent)
        with locked(self.path.with_suffix(".lock")):
            acts = self.acts()
            previous = acts[-1].sha256 if acts else FIRST
            content = {
                "number": len(acts) + 1,
                "time": time,
                "act": act,
                "user": _user(),
                "details": details,
                "previous": previous,
            }
            line = json.dumps(content, ensure_ascii=True, sort_keys=True).encode()
            append_line(self.path, line + b"\n")
        return _act(content, line)

    def acts(self) -> list[Act]:
        """Return all acts after checking the chain.

        Raises
        ------
        JournalError
            Naming the first line that is not the one written.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        acts: list[Act] = []
        for number, line in enumerate(data.split(b"\n"), start=1):
            content = _content(line)
            if content is None:
                continue  # torn while it was written, so nobody relied on it: none follows on it
            act = _act(content, line)
            previous, count = (acts[-1].sha256, len(acts)) if acts else (FIRST, 0)
            if (content["previous"], act.number) != (previous, count + 1):
                raise JournalError(
                    f"line {number} does not follow the one before it: a line was altered, or "
                    "lines are missing",
                    str(self.path),
                    "keep the file as it is, tell the supervisor, and compare it with a backup",
                )
            acts.append(act)
        return acts

    def ends_broken(self) -> bool:
        """Return whether the last line is not a whole one: torn by a power cut, or altered.

        `acts` passes over it. Who relies on the newest act has to ask this first.
        """
        try:
            data = self.path.read_bytes().rstrip(b"\n")
        except FileNotFoundError:
            return False
        return bool(data) and _content(data.rpartition(b"\n")[2]) is None


def _content(line: bytes) -> dict[str, Any] | None:
    """Return what a line says; None when it is not a whole one."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and content.keys() == _KEYS else None


def _act(content: dict[str, Any], line: bytes) -> Act:
    return Act(
        number=content["number"],
        time=content["time"],
        act=content["act"],
        user=content["user"],
        details=content["details"],
        sha256=hashlib.sha256(line).hexdigest(),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""  # some systems give no name to a service
