"""Work that is ended in order: by Ctrl-C, a request to terminate, or a terminal that was closed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# Ctrl-C, a request to terminate, a closed terminal, Ctrl-\ and Ctrl-Z (which would halt the program
# with the laser on), a closed console (Windows)
_WAYS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP", "SIGBREAK")


@contextmanager
def ended_politely(told: Callable[[], None] = lambda: None) -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether the work was asked to end; `told` hears it at once.

    Without this a request to terminate would end the program on the spot, and a laser that fires
    would go on. What is under work ends first; a second request does not wait for that, but lets
    everything be closed. More of them are ignored: they would interrupt the switching off. A
    request that the parent process has ignored (nohup) stays ignored, and none arrives outside the
    main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) == 1:
            told()
        elif len(asked) == 2:
            raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in _WAYS if hasattr(signal, name)]
    taken = [one for one in numbers if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in taken}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
