"""One writer at a time: a lock beside a library, let go by the system when its holder dies."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from library.errors import LibraryBusyError, LibraryError
from library.files import clear_leftovers

WAIT_S = 10.0
PAUSE_S = 0.05


@contextmanager
def writing_to(target: Path, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the right to write a library, and remove what a writer that was killed left behind.

    The lock is a file ``.NAME.lock`` in the same folder. Readers need none: they see the old file
    or the new one.

    Raises
    ------
    LibraryBusyError
        When another writer holds it for longer than `wait_s`.
    LibraryError
        When the folder cannot be written.
    """
    path = target.with_name(f".{target.name}.lock")
    handle = _acquired(path, target, time.monotonic() + wait_s)
    try:
        clear_leftovers(target)
        yield
    finally:
        if sys.platform != "win32":  # there an open file cannot be removed, and it does no harm
            path.unlink(missing_ok=True)
        os.close(handle)


def _acquired(path: Path, target: Path, until: float) -> int:
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise LibraryError(
                f"the folder cannot be written ({error.strerror})",
                str(target.parent),
                "choose another folder or ask for write permission",
            ) from error
        if _locked(handle) and _still_there(handle, path):
            return handle
        os.close(handle)
        if time.monotonic() > until:
            raise LibraryBusyError(
                "another program is writing this library",
                str(target),
                "wait until it is done, then try again; nothing was changed",
            )
        time.sleep(PAUSE_S)


def _locked(handle: int) -> bool:
    """Lock an open file; False when somebody else holds it."""
    with suppress(OSError):
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _still_there(handle: int, path: Path) -> bool:
    """Tell whether the file locked is the one at `path`: its last holder removed it otherwise."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
