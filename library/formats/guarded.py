"""Third-party readers, run in a process of their own with a limit on time and memory.

The worker is started with the first file that needs one, kept for the next, stopped when it fails,
and ends with this process. One file at a time; callers in several threads wait for each other.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import library
from library.errors import (
    DamagedFileError,
    FileTooLargeError,
    ReaderAnswerError,
    ReaderCrashedError,
    ReaderError,
    ReaderMemoryError,
    ReaderStartError,
    ReaderTimeoutError,
)
from library.formats import wire
from library.formats.text import EXPORT_AGAIN
from library.formats.worker import MEMORY_EXIT
from matching.errors import SpectraError
from matching.spectrum import FloatArray

READERS = "library.formats.thirdparty"
START_S = 60.0  # imports from a slow disk; no file waits for this twice
SECONDS = 1.5
SECONDS_PER_MEGABYTE = 0.5
END_S = 1.0
OTHER_EXPORT = "export the spectrum in another form (text, JCAMP-DX or SPC) from the program"
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from library.formats.worker import main; main(sys.argv[2])"
)


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """What a reader found: an object as JSON has them, and float64 arrays."""

    content: dict[str, object]
    arrays: tuple[FloatArray, ...]


def ask(operation: str, data: bytes) -> Answer:
    """Return what the third-party reader `operation` makes of the file `data`.

    Raises
    ------
    DamagedFileError
        The reader refuses the file.
    FileTooLargeError
        It holds more numbers than are taken.
    ReaderStartError, ReaderTimeoutError, ReaderMemoryError, ReaderCrashedError, ReaderAnswerError
        The reader gave no usable answer; the next file gets a fresh one.
    """
    return _guard.ask(operation, data)


def close() -> None:
    """End the worker, if there is one; the next file starts another."""
    _guard.close()


class Guard:
    """One worker process for the readers in `module`, started when needed.

    Parameters
    ----------
    module : str
        Module whose ``OPERATIONS`` names the readers.
    path : sequence of str
        Folders in which the worker looks for modules before those of this process.
    seconds : float
        Time for a small file; larger ones get more.
    """

    def __init__(
        self, module: str = READERS, path: Sequence[str] = (), seconds: float = SECONDS
    ) -> None:
        self._module = module
        self._path = tuple(path)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        """The worker's process, or None while there is none."""
        return self._process.pid if self._process else None

    def ask(self, operation: str, data: bytes) -> Answer:
        """Return what `operation` makes of `data`; raise as the module's `ask`."""
        with self._lock:
            used = self._process is not None
            try:
                return self._ask(operation, data)
            except ReaderCrashedError:
                if not used:
                    raise
            return self._ask(operation, data)  # the worker may have died before this file

    def _ask(self, operation: str, data: bytes) -> Answer:
        process = self._started()
        seconds = self._seconds + SECONDS_PER_MEGABYTE * len(data) / 1e6
        request = {"operation": operation, "seconds": seconds}
        sound = False
        try:
            answer = checked(*self._exchange(process, seconds, request, data))
            sound = True
        except (DamagedFileError, FileTooLargeError):
            sound = True
            raise
        finally:
            if not sound:  # also after Ctrl-C: a late answer must not meet the next file
                self._stop()
        return answer

    def close(self) -> None:
        """End the worker by closing its input; kill it if it does not go."""
        with self._lock:
            self._stop(gently=True)

    def forget(self) -> None:
        """Drop the worker without ending it: in a forked child it belongs to the parent."""
        self._lock = threading.Lock()
        process, self._process = self._process, None
        if process is not None:
            _close_pipes(process)
            process.returncode = 0  # not ours to wait for

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        self._process = process = _start(self._module, self._path)
        try:
            content, _ = self._exchange(process, START_S, None, b"")
        except ReaderError as error:
            self._stop()
            raise _no_start(error.what) from error
        if content.get("state") != "ready":
            self._stop()
            raise _no_start("its first message is not the expected one")
        return process

    def _exchange(
        self,
        process: subprocess.Popen[bytes],
        seconds: float,
        request: dict[str, object] | None,
        data: bytes,
    ) -> tuple[dict[str, object], bytes]:
        """Send `request` (None at the start) and wait for the answer for at most `seconds`."""
        got: list[tuple[dict[str, object], bytes] | Exception] = []

        def talk() -> None:
            try:
                if request is not None and process.stdin is not None:
                    wire.send(process.stdin, request, (data,))
                if process.stdout is not None:
                    got.append(wire.receive(process.stdout))
            except (wire.WireError, OSError, ValueError) as error:
                got.append(error)

        thread = threading.Thread(target=talk, name="third-party reader", daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            process.kill()  # which ends the thread's waiting, too
            thread.join()
            raise _too_slow(seconds)
        answer = got[0] if got else wire.WireError("no answer")
        if not isinstance(answer, Exception):
            return answer
        if isinstance(answer, wire.WireError) and not answer.ended:
            raise _garbage(str(answer)) from answer
        raise _ended(process) from answer

    def _stop(self, *, gently: bool = False) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if not gently:
            process.kill()
        _close_pipes(process)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _start(module: str, path: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a worker that sees the modules this process sees, and none of the current folder's."""
    home = str(Path(library.__file__).resolve().parent.parent)
    folders = [*path, home, *(entry for entry in sys.path if Path(entry).is_absolute())]
    command = [sys.executable, *_interpreter_options(), "-c", _BOOT, json.dumps(folders), module]
    try:
        return subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(home).anchor,  # the user's folder stays free to be moved or unplugged
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, ValueError) as error:
        raise _no_start(str(error)) from error


def _interpreter_options() -> list[str]:
    if sys.flags.isolated:
        return ["-I"]
    options = {"-E": sys.flags.ignore_environment, "-s": sys.flags.no_user_site}
    return ["-P", *(option for option, wanted in options.items() if wanted)]


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def checked(content: dict[str, object], body: bytes) -> Answer:
    """Return what the worker's message holds; raise what it says, or that it says nothing."""
    state, what = content.get("state"), str(content.get("what"))[:400]
    if state == "done":
        found = content.get("content")
        if not isinstance(found, dict):
            raise _garbage("there is no content")
        try:
            return Answer(found, wire.unpack(content.get("sizes"), body))
        except wire.WireError as error:
            raise _garbage(str(error)) from error
    if state == "refused" and content.get("code") == "too_large":
        raise FileTooLargeError(
            what, "", "export the spectra that are wanted as files of their own"
        )
    if state == "refused":
        raise DamagedFileError(what, "", EXPORT_AGAIN)
    if state == "failed":
        raise DamagedFileError(f"the reader cannot make sense of it ({what})", "", EXPORT_AGAIN)
    raise _garbage("its state is unknown")


def _no_start(why: str) -> SpectraError:
    return ReaderStartError(
        f"the reader for this format cannot be started ({why})",
        "",
        "install the program again, or " + OTHER_EXPORT,
    )


def _too_slow(seconds: float) -> SpectraError:
    return ReaderTimeoutError(
        f"the reader for this format took longer than {seconds:.1f} s and was stopped",
        "",
        OTHER_EXPORT,
    )


def _garbage(why: str) -> SpectraError:
    return ReaderAnswerError(
        f"the reader for this format gave an answer that is none: {why}", "", OTHER_EXPORT
    )


def _ended(process: subprocess.Popen[bytes]) -> SpectraError:
    try:
        code = process.wait(END_S)
    except subprocess.TimeoutExpired:
        return _garbage("it closed its output")
    if code == MEMORY_EXIT:
        return ReaderMemoryError(
            "the reader for this format asked for more memory than a file of this size may take",
            "",
            OTHER_EXPORT,
        )
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return ReaderCrashedError(
        f"the reader for this format ended in the middle of the file ({how})", "", OTHER_EXPORT
    )


_guard = Guard()
atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_guard.forget)
