"""Print how fast analysers are stopped and read: real time, emulated instruments.

    python -m benchmarks.devices [--aborts 200]

An abort is asked for at random moments of a measurement, by another thread; the time is taken until
the laser's off command is on the emulated USB wire, and until the laser reads off. The bar is that
of the issue: 100 ms. Hours of scans with faults are in tests/devices/test_soak.py
(`SPECTRA_FUZZ=24 python -m pytest tests/devices/test_soak.py -k day -s`).
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

from devices.errors import DeviceError
from devices.interface import Analyser, Settings
from devices.registry import open_analyser
from devices.sample import Sample
from devices.timing import REAL_TIME, SteppedTime

SEED = 20261122
BAR_MS = 100.0
LASER_ENABLE = 0xBE
LONGEST_S = 1.2
SAMPLE = Sample(bands=[[1001.0, 100.0, 8.0]], strength=0.3)


class StampedPort:
    """A USB port that notes when the command that switches the laser off is sent."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.off_at: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def control_out(self, request: int, value: int, *more: Any, **named: Any) -> Any:
        """Pass it on; laser enable with value 0 is laser off."""
        if request == LASER_ENABLE and value == 0:
            self.off_at.append(time.perf_counter())
        return self._port.control_out(request, value, *more, **named)


@dataclass(frozen=True, slots=True)
class Stop:
    """One abort: milliseconds until the command was on the wire, and until the laser read off."""

    to_wire_ms: float
    to_read_off_ms: float


def stopped(analyser: Analyser, port: StampedPort, after_s: float) -> Stop:
    """Measure in a thread, abort after `after_s`, and return how long that took."""

    def measure() -> None:
        with contextlib.suppress(DeviceError):
            analyser.acquire()

    worker = threading.Thread(target=measure)
    port.off_at.clear()
    worker.start()
    time.sleep(after_s)
    asked = time.perf_counter()
    analyser.abort()
    confirmed = time.perf_counter()
    worker.join()
    first = next(at for at in port.off_at if at >= asked)
    return Stop(1e3 * (first - asked), 1e3 * (confirmed - asked))


def aborts(number: int) -> list[Stop]:
    """Abort that many measurements at random moments."""
    dice, ports = random.Random(SEED), list[StampedPort]()

    def keep(wire: Any) -> Any:
        ports.append(StampedPort(wire))
        return ports[-1]

    analyser = open_analyser("wasatch-785", sample=SAMPLE, timing=REAL_TIME, keep=keep)
    with analyser:
        analyser.configure(Settings(300.0, 20))
        return [stopped(analyser, ports[0], dice.uniform(0.0, LONGEST_S)) for _ in range(number)]


def frames_per_second() -> tuple[float, float]:
    """Return exposures a second of 2,048 points: at 10 ms in real time, and without waiting."""
    rates = []
    for timing in (REAL_TIME, SteppedTime().timing()):
        with open_analyser("emulated-785", sample=SAMPLE, timing=timing) as analyser:
            analyser.configure(Settings(10.0, 100))
            begun = time.perf_counter()
            frame = analyser.acquire()
            rates.append(frame.averages / (time.perf_counter() - begun))
    return rates[0], rates[1]


def main() -> int:
    """Print the figures; 1 when the bar is missed."""
    options = argparse.ArgumentParser(description="Analysers: stopping and reading.")
    options.add_argument("--aborts", type=int, default=200)
    number = options.parse_args().aborts
    stops = aborts(number)
    worst = max(stop.to_wire_ms for stop in stops)
    for words, values in (
        ("abort to laser-off on the wire", [stop.to_wire_ms for stop in stops]),
        ("abort to laser read off", [stop.to_read_off_ms for stop in stops]),
    ):
        middle = statistics.median(values)
        print(f"{words}: median {middle:.2f} ms, worst {max(values):.2f} ms of {number}")
    real, stepped = frames_per_second()
    print(f"frames of 2,048 points at 10 ms: {real:.0f} a second; without waiting {stepped:.0f}")
    print(f"bar {BAR_MS:g} ms: {'met' if worst <= BAR_MS else 'MISSED'}")
    return int(worst > BAR_MS)


if __name__ == "__main__":
    sys.exit(main())
