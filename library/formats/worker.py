"""The process that third-party readers run in; `guarded` starts it, feeds it and ends it.

It reads requests from standard input and answers on standard output (see `wire`). It ends when its
input is closed, which is also what the end of the parent does to it, however the parent ended; and
it ends by itself when one file takes longer than the request allows, in case nobody is left to
stop it. Where the system can limit memory (``RLIMIT_AS``, not on Windows) it may use a fixed room
plus a multiple of the file's size.
"""

from __future__ import annotations

import importlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import IO

from library.formats import wire
from matching.spectrum import FloatArray

try:
    import resource as _resource
except ImportError:  # Windows
    _limits: ModuleType | None = None
else:
    _limits = _resource

ROOM_BYTES = 400_000_000
ROOM_PER_FILE_BYTE = 12  # the file, its float64 copy of 16-bit counts, and the answer
UNKNOWN_BASE_BYTES = 1_000_000_000
GRACE_S = 2  # the parent stops a slow reader first; this is for when there is no parent
MEMORY_EXIT = 77

Result = tuple[dict[str, object], list[FloatArray]]
Operation = Callable[[bytes], Result]
Message = tuple[dict[str, object], bytes]


class RefusedError(Exception):
    """A reader's own refusal, with a sentence for a person; `code` names the error to raise."""

    def __init__(self, what: str, code: str = "damaged") -> None:
        super().__init__(what)
        self.code = code


class MemoryLimit:
    """The most memory this process may take: what it has after its imports, and room for a file."""

    def __init__(self) -> None:
        self._base = _memory_in_use()

    def allow(self, file_bytes: int) -> None:
        """Set the limit for a file of `file_bytes` bytes, where the system has limits."""
        if _limits is None:
            return
        wanted = self._base + ROOM_BYTES + ROOM_PER_FILE_BYTE * file_bytes
        for name in ("RLIMIT_AS", "RLIMIT_DATA"):
            kind = getattr(_limits, name, None)
            if kind is None:
                continue
            try:
                ceiling = _limits.getrlimit(kind)[1]
                room = wanted if ceiling == _limits.RLIM_INFINITY else min(wanted, ceiling)
                _limits.setrlimit(kind, (room, ceiling))
            except (ValueError, OSError):  # this system knows the name only
                continue


def _memory_in_use() -> int:
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return UNKNOWN_BASE_BYTES


def main(module: str) -> None:
    """Answer requests for the readers in `module` until standard input is closed."""
    answers = _own_output()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    if _limits is not None:
        _limits.setrlimit(_limits.RLIMIT_CORE, (0, 0))
    operations: Mapping[str, Operation] = importlib.import_module(module).OPERATIONS
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(inbox, MemoryLimit()), daemon=True)
    listener.start()
    wire.send(answers, {"state": "ready"})
    while True:
        content, data = inbox.get()
        _end_after(content.get("seconds"))
        reply, arrays = _answer(operations, str(content.get("operation")), data)
        _end_after(None)
        sizes, body = wire.pack(arrays)
        wire.send(answers, {**reply, "sizes": sizes}, body)


def _own_output() -> IO[bytes]:
    """Take standard output for the answers; what a reader prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _listen(inbox: queue.SimpleQueue[Message], memory: MemoryLimit) -> None:
    """Hand on every request; end the process when the input ends, even in the middle of a file."""
    try:
        with os.fdopen(0, "rb", buffering=0, closefd=False) as requests:
            while True:
                inbox.put(wire.receive(requests, memory.allow))
    except MemoryError:
        os._exit(MEMORY_EXIT)
    except (wire.WireError, OSError):
        os._exit(0)


def _end_after(seconds: object) -> None:
    if hasattr(signal, "setitimer"):  # SIGALRM ends the process, whatever a reader is doing
        limit = float(seconds) + GRACE_S if isinstance(seconds, int | float) else 0.0
        signal.setitimer(signal.ITIMER_REAL, limit)


def _answer(operations: Mapping[str, Operation], name: str, data: bytes) -> Result:
    try:
        content, arrays = operations[name](data)
        if sum(array.size for array in arrays) > wire.MAX_VALUES:
            raise RefusedError(f"it holds more than {wire.MAX_VALUES:,} numbers", "too_large")
    except MemoryError:
        os._exit(MEMORY_EXIT)  # what is left of the heap is not worth trusting
    except RefusedError as error:
        return {"state": "refused", "code": error.code, "what": str(error)}, []
    except Exception as error:  # noqa: BLE001  a foreign reader may raise anything
        return {"state": "failed", "what": f"{type(error).__name__}: {error}"[:300]}, []
    return {"state": "done", "content": content}, arrays


if __name__ == "__main__":
    main(sys.argv[1])
