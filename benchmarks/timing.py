"""Times measured side by side, so that what else the computer does touches both alike."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any


def seconds(work: Callable[[], Any]) -> float:
    """Return the wall-clock time of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def side_by_side(work: Sequence[Callable[[], Any]], runs: int) -> list[float]:
    """Return the median time of each piece of work in seconds.

    All are done once untimed (caches, files in memory), then in turn, `runs` times.
    """
    for one in work:
        one()
    times = [[seconds(one) for one in work] for _ in range(runs)]
    return [median(column) for column in zip(*times, strict=True)]


def process(command: Sequence[str], environment: Mapping[str, str]) -> Callable[[], None]:
    """Return work that runs a whole process and raises when its exit code is not 0."""

    def run() -> None:
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)

    return run
