"""Work that is ended in order: by Ctrl-C, a request to terminate, or a terminal that was closed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_WAYS = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


@contextmanager
def ended_politely(told: Callable[[], None] = lambda: None) -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether the work was asked to end; `told` hears it at once.

    Without this a request to terminate would end the program on the spot, and a laser that fires
    would go on. What is under work ends first; a second request does not wait for that, but lets
    everything be closed.
    """
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        told()

    numbers = [getattr(signal, name) for name in _WAYS if hasattr(signal, name)]
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
