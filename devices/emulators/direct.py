"""The bench as parts without a wire: what a driver would read, without a protocol between.

Drivers over their emulated wires are compared with this one.
"""

from __future__ import annotations

import threading

from devices.emulators.bench import Bench
from devices.emulators.bench_model import BenchModel
from devices.errors import NotConnectedError, TransportTimeoutError
from devices.interface import LaserState, Limits
from devices.parts import (
    AxisSource,
    DetectorFacts,
    Exposure,
    LaserFacts,
    LaserReading,
    StatedAxis,
)
from devices.timing import Timing

VERSION = "emulator 2"


def serial_of(model: BenchModel) -> str:
    """Return the serial number of the bench that stands for no product; one for each row."""
    return f"EMULATED-{model.pixels}"


class _OnBench:
    """What both parts share: the bench, its lock (a cable takes one command at a time), time."""

    def __init__(self, bench: Bench, timing: Timing, lock: threading.RLock) -> None:
        self._bench, self._timing, self._lock = bench, timing, lock
        self._closed = False

    def close(self) -> None:
        """Let it go."""
        self._closed = True

    def _reach(self) -> Bench:
        """Return the bench as it is now."""
        if self._closed:
            raise NotConnectedError(
                "the analyser is closed", self._bench.model.model, "open it again"
            )
        self._bench.advance_to(self._timing.now())
        return self._bench


class BenchDetector(_OnBench):
    """The detector of a bench (a `DetectorPart`)."""

    def __init__(self, bench: Bench, timing: Timing, lock: threading.RLock, seed: int) -> None:
        super().__init__(bench, timing, lock)
        model = bench.model
        self._integration_s = 1.0
        self.facts = DetectorFacts(
            model=model.model,
            serial=serial_of(model),
            firmware=f"{VERSION}, seed {seed}",
            detector=model.detector,
            pixels=model.pixels,
            active_pixels=(0, model.pixels),
            integration_time_ms=Limits(10.0, 60_000.0, "ms"),
            saturation_counts=model.saturation_counts,
            axis=StatedAxis(tuple(model.wavelength_coefficients_nm), 0, AxisSource.INSTRUMENT),
            reads_temperature=True,
        )

    def set_integration_time(self, milliseconds: float) -> float:
        """See `DetectorPart.set_integration_time`."""
        with self._lock:
            self._reach()
            self._integration_s = milliseconds / 1000.0
        return milliseconds

    def start(self) -> None:
        """See `DetectorPart.start`."""
        with self._lock:
            self._reach().begin(self._integration_s)

    def fetch(self, timeout_s: float) -> Exposure:
        """See `DetectorPart.fetch`."""
        until = self._timing.now() + timeout_s
        while True:
            with self._lock:
                taken = self._reach().taken()
            if taken is not None:
                return Exposure(taken[0])
            if self._timing.now() >= until:
                raise TransportTimeoutError("no exposure came", self.facts.model, "measure again")
            self._timing.sleep(0.01)

    def cancel(self) -> None:
        """See `DetectorPart.cancel`."""

    def temperature_c(self) -> float | None:
        """See `DetectorPart.temperature_c`."""
        with self._lock:
            return self._reach().temperature_c()


class BenchLaser(_OnBench):
    """The laser of a bench (a `LaserPart`)."""

    def __init__(self, bench: Bench, timing: Timing, lock: threading.RLock) -> None:
        super().__init__(bench, timing, lock)
        model = bench.model
        self.facts = LaserFacts(
            model=model.model,
            serial=serial_of(model),
            firmware=VERSION,
            wavelength_nm=model.laser_nm,
            warning_delay_s=model.laser_delay_s,
        )

    def switch_on(self, power_percent: float) -> None:
        """See `LaserPart.switch_on`."""
        with self._lock:
            self._reach().laser(on=True, power=power_percent / 100.0)

    def switch_off(self) -> None:
        """See `LaserPart.switch_off`."""
        with self._lock:
            self._reach().laser(on=False)

    def read(self) -> LaserReading:
        """See `LaserPart.read`."""
        with self._lock:
            bench = self._reach()
            state = bench.laser_state()
            if state is LaserState.UNKNOWN:
                raise NotConnectedError(
                    "the analyser does not answer",
                    self.facts.model,
                    "take the laser for on: remove the power or turn the key, then reconnect",
                )
            return LaserReading(
                enabled=state is not LaserState.OFF,
                can_fire=bench.interlock_closed(),
                firing=state is LaserState.FIRING,
            )

    def refresh_watchdog(self) -> None:
        """See `LaserPart.refresh_watchdog`."""


def bench_parts(bench: Bench, timing: Timing, seed: int) -> tuple[BenchDetector, BenchLaser]:
    """Return the parts of `bench`; one lock, as if they shared a cable."""
    lock = threading.RLock()
    return BenchDetector(bench, timing, lock, seed), BenchLaser(bench, timing, lock)
