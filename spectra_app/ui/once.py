"""Something that is made when it is first asked for, and only once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Something that is made once, by whichever thread asks for it first.

    Parameters
    ----------
    make : callable () -> T
        Makes it.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._lock = make, threading.Lock()
        self.made: T | None = None

    def __call__(self) -> T:
        """Return it, made now when it was not asked for before."""
        with self._lock:
            if self.made is None:
                self.made = self._make()
            return self.made
