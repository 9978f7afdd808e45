"""Write a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from library.errors import LibraryError

SUFFIX = ".part"  # of a file that is being written


def _prefix(target: Path) -> str:
    return f".{target.name[:40]}."


def clear_leftovers(target: Path) -> None:
    """Remove what writers of `target` left when they were killed; nobody may be writing it."""
    for path in target.parent.glob(f"{_escaped(_prefix(target))}????????{SUFFIX}"):
        path.unlink(missing_ok=True)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def write_whole(target: Path, write: Callable[[Path], None], mode: int = 0o644) -> None:
    """Let `write` fill a temporary file beside `target`, sync it and rename it into place.

    A crash or power cut leaves the old file or the new one, never a part. Everybody may read it,
    unless `mode` says something else.

    Raises
    ------
    LibraryError
        When the folder cannot be written, the disk is full, or `target` is a device or a folder;
        what was there is untouched.
    """
    if target.exists() and not target.is_file():
        raise LibraryError(
            "this is a folder or a device, not a file", str(target), "give the name of a file"
        )
    try:
        handle, name = tempfile.mkstemp(SUFFIX, _prefix(target), target.parent)
    except OSError as error:
        raise LibraryError(
            f"the folder cannot be written ({error.strerror})",
            str(target.parent),
            "choose another folder or ask for write permission",
        ) from error
    temporary = Path(name)
    os.close(handle)
    try:
        write(temporary)
        temporary.chmod(mode)
        _sync(temporary)
        temporary.replace(target)
        _sync(target.parent)
    except (OSError, RuntimeError) as error:  # h5py raises RuntimeError when closing fails
        reason = (getattr(error, "strerror", None) or str(error)).partition("\n")[0]
        raise LibraryError(
            f"the file could not be written ({reason})",
            str(target),
            "free some space or choose another disk; nothing was changed",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows has no handle on a folder to sync
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
