"""Memories without a checksum: only what two readings in a row agree about is believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from devices.errors import BadAnswerError

T = TypeVar("T")

MOST_READINGS = 4


def read_alike(read: Callable[[], T], what: str) -> T:
    """Read until two readings in a row are equal, and return that.

    A wavelength coefficient with one wrong digit would shift every band: a cable that spoils one
    answer must not do that.

    Parameters
    ----------
    read : callable
        Reads it once.
    what : str
        What is read, for the error.

    Raises
    ------
    BadAnswerError
        When no two in a row of four are equal.
    """
    before = read()
    for _ in range(MOST_READINGS - 1):
        again = read()
        if again == before:
            return again
        before = again
    raise BadAnswerError(
        f"{MOST_READINGS} readings differ", what, "check the cable, then connect again"
    )
