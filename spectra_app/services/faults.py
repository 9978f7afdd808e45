"""Faults of the program itself: what is kept of them, without saying anything about people.

A fault is kept as a text in ``crashes`` of the data folder: versions, kind of the fault and where
in the program it happened. Its own words are left out, because they may hold names, numbers of
parcels or file names; so are all folders of this computer. Nothing is ever sent.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from spectra_app.errors import SettingsError
from spectra_app.records.durable import PRIVATE, locked, replace_whole
from spectra_app.services.environment import versions
from spectra_app.settings import data_folder, made

FOLDER = "crashes"
MOST = 20  # files kept; the oldest go first
LARGEST = 200_000  # characters
RUNNING = "running-"
MARK = "--- running ---"

Trace = TracebackType | None


def fault_text(fault: BaseException, when: datetime) -> str:
    """Return what may be kept of a fault: time, versions, kinds and places, and no other words."""
    lines = [*_header(when), ""]
    seen: set[int] = set()
    one: BaseException | None = fault
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        lines.append(f"{type(one).__module__}.{type(one).__qualname__} (its words are not kept)")
        for frame in traceback.extract_tb(one.__traceback__):
            lines.append(f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}")
            lines.extend([f"    {frame.line}"] if frame.line else [])
        one = one.__cause__ or one.__context__
        lines.extend(["because of"] if one is not None and id(one) not in seen else [])
    return "\n".join(lines)[:LARGEST] + "\n"


def keep_fault(fault: BaseException, folder: Path | None = None) -> Path | None:
    """Write what may be kept of a fault, for the owner alone; None when the disk refuses."""
    now = datetime.now(UTC)
    return _kept(fault_text(fault, now), now, folder)


@contextmanager
def hard_crashes_kept(folder: Path | None = None) -> Iterator[None]:
    """Have the system's own fatal faults written down while this lasts; an orderly end leaves none.

    Where the disk refuses, they go to standard error: the program starts all the same.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(_written_down((folder or data_folder()) / FOLDER))
        except (OSError, SettingsError) as error:
            sys.stderr.write(f"a hard crash could not be kept: {error}\n")
        yield


@contextmanager
def _written_down(place: Path) -> Iterator[None]:
    path = made(place) / f"{RUNNING}{os.getpid()}.txt"
    with locked(path.with_suffix(".lock"), wait=False):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, PRIVATE)
        try:
            header = "\n".join([*_header(datetime.now(UTC)), MARK, ""])
            os.write(handle, header.encode())
            faulthandler.enable(handle, all_threads=True)
            yield
        finally:
            faulthandler.disable()
            os.close(handle)
            path.unlink(missing_ok=True)
    path.with_suffix(".lock").unlink(missing_ok=True)


def crashes_left(folder: Path | None = None) -> tuple[Path, ...]:
    """Return what hard crashes left since the last time this was asked, tidied up and kept."""
    place = (folder or data_folder()) / FOLDER
    found = []
    for path in sorted(place.glob(f"{RUNNING}*.txt")):
        lock = path.with_suffix(".lock")
        try:
            with locked(lock, wait=False):
                text = path.read_bytes().decode(errors="replace")
                when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                header, _, dump = text.partition(MARK)
                kept = _kept(f"{header}{_tidy(dump)}", when, folder) if dump.strip() else None
                path.unlink()
        except OSError:  # the program that writes it still runs
            continue
        lock.unlink(missing_ok=True)
        found += [kept] if kept is not None else []
    return tuple(found)


def _header(when: datetime) -> list[str]:
    facts = [f"{name} {value}" for name, value in versions().items()]
    return [f"Spectra, {when.isoformat(timespec='seconds')}", *facts]


def _kept(text: str, when: datetime, folder: Path | None) -> Path | None:
    name = f"crash-{when.strftime('%Y%m%dT%H%M%S.%f')}-{os.getpid()}.txt"
    try:
        place = made((folder or data_folder()) / FOLDER)
        replace_whole(place / name, text[:LARGEST].encode(errors="replace"))
        for old in sorted(place.glob("crash-*.txt"))[:-MOST]:
            old.unlink(missing_ok=True)
    except (OSError, SettingsError) as error:
        sys.stderr.write(f"the fault could not be kept: {error}\n")
        return None
    return place / name


def _tidy(dump: str) -> str:
    """Return what the system wrote of a crash, with the names of files shortened."""
    lines = []
    for line in dump.splitlines():
        start, quote, rest = line.partition('File "')
        name, end, tail = rest.partition('"')
        lines.append(f"{start}{quote}{_short(name)}{end}{tail}" if quote else line)
    return "\n".join(lines) + "\n"


def _short(name: str) -> str:
    """Return the name of a source file without the folders above the package, which name people."""
    parts = Path(name).parts
    roots = {"site-packages", "dist-packages", f"python3.{sys.version_info[1]}"}
    for place in range(len(parts) - 1, 0, -1):
        if parts[place - 1] in roots:
            return "/".join(parts[place:])
    own = [p for p in parts if p in {"spectra_app", "library", "devices", "matching", "resources"}]
    return "/".join(parts[parts.index(own[0]) :]) if own else Path(name).name
