"""Writing that survives: files that appear whole or not at all, lines that are added whole.

The pieces under the evidence store. What a function here has returned from is on the disk, as far
as the system tells the truth about flushing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spectra_app.errors import EvidenceError

READ_ONLY = 0o400  # what is kept here names people: nobody else's account reads it
PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
USUAL = 0o666  # what the umask leaves of it: for files that somebody asked for
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})  # some network drives


def write_once(path: Path, data: bytes, mode: int = READ_ONLY) -> bool:
    """Bring `data` to the disk and then to its name, without ever replacing what is there.

    The file is read-only, for its owner, or has another `mode`. Returns whether this call gave the
    name; False when another writer was faster: compare what is there then. A writer that is killed
    leaves at most a hidden file that ends in ``.tmp``. The folder must exist; flush it with
    `sync_folder` afterwards.

    Raises
    ------
    OSError
        When the system refuses.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    # Windows does not remove read-only files: there the mode is set at the end.
    handle = os.open(temporary, flags, 0o600 if sys.platform == "win32" else mode)
    try:
        try:
            _write_all(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
        first = _publish(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    if sys.platform == "win32" and first:
        path.chmod(mode)
    return first


def try_to_write(folder: Path, data: bytes) -> None:
    """Bring `data` to the disk in `folder`, then take it away again.

    Raises
    ------
    OSError
        When the system refuses.
    """
    probe = folder / f".room.{secrets.token_hex(8)}.tmp"
    try:
        with probe.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    finally:
        probe.unlink(missing_ok=True)


def replace_whole(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write a file that people may replace: under a hidden name, then moved into place.

    A reader meets the old file or the new one, never half of it. It is its owner's alone, or has
    what the umask leaves of another `mode`.

    Raises
    ------
    OSError
        When the system refuses; what was there stays.
    """
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _publish(temporary: Path, path: Path) -> bool:
    """Give the finished file its name unless that is taken; return whether it was given."""
    try:
        if sys.platform == "win32":
            temporary.rename(path)  # refuses to replace
        else:
            os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        # A file system without hard links (memory stick): at worst equals replace equals.
        temporary.replace(path)
    return True


def append_line(path: Path, line: bytes, mode: int = PRIVATE) -> None:
    """Add `line`, which ends with a line feed, whole; on failure nothing of it stays.

    A file that is made for it is its owner's alone, or has what the umask leaves of `mode`.

    A last line that was torn by a power cut is left as it is, on a line of its own. Callers hold
    a lock (see `locked`), because the end of the file is looked at before it is written.

    Raises
    ------
    OSError
        When the system refuses.
    """
    existed = path.exists()
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, mode)
    try:
        size = os.fstat(handle).st_size
        torn = False
        if size:
            os.lseek(handle, -1, os.SEEK_END)
            torn = os.read(handle, 1) != b"\n"
        try:
            _write_all(handle, b"\n" + line if torn else line)
            os.fsync(handle)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)
    if not existed:
        sync_folder(path.parent)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def make_folders(folder: Path) -> None:
    """Make `folder` with what is above it, its owner's alone; flush each new name to the disk."""
    if folder.is_dir() or folder == folder.parent:
        return
    make_folders(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=PRIVATE_FOLDER)
    sync_folder(folder.parent)


def private_file(path: Path) -> None:
    """Make an empty file that is its owner's alone, unless there is one: for what others write.

    Raises
    ------
    OSError
        When the system refuses.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))


def sync_folder(folder: Path) -> None:
    """Flush the names in `folder` to the disk, where the system can do that."""
    if sys.platform == "win32":  # folders cannot be flushed there; NTFS keeps a journal
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock file `path`; the system lets it go when the process ends, however it ends.

    Who does not `wait` for another holder gets an OSError instead.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield  # closing lets go
    finally:
        os.close(handle)


@contextmanager
def named_errors(path: Path, outcome: str) -> Iterator[None]:
    """Put what the operating system refused into words: an EvidenceError that ends in `outcome`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _FULL:
            what, remedy = "the disk is full", "free some space and try again"
        elif error.errno in _FORBIDDEN:
            what = "the evidence folder may not be used"
            remedy = "ask for the permission to write there, or choose another folder"
        else:
            what = "the evidence folder does not work"
            remedy = "check the disk or the network drive, or choose another folder"
        raise EvidenceError(f"{what} ({reason}); {outcome}", str(path), remedy) from error
