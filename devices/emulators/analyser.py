"""The emulated analyser: the bench behind the interface that real drivers implement."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from devices.emulators.bench import Bench
from devices.errors import AbortedError, BusyError, LaserError, NotConnectedError
from devices.frame import DARK, DARK_STALE, PARTIAL, SATURATED, FloatArray, RawFrame
from devices.interface import (
    Analyser,
    AnalyserInfo,
    Capabilities,
    LaserState,
    Limits,
    Progress,
    Settings,
    ShouldStop,
    check_settings,
    never_stop,
    no_progress,
)

SLICE_S = 0.05
LASER_PATIENCE_S = 10.0
OFF_ATTEMPTS = 3
DARK_FITS_WITHIN_K = 1.0
MAY_BE_ON = "remove the power or turn the key, and use the analyser no more until it is checked"


@dataclass(frozen=True, eq=False, slots=True)
class _Exposures:
    """Counts, shape (k, n), whether any pixel clipped, and the time of each exposure in ms."""

    counts: FloatArray
    clipped: bool
    exposure_ms: float
    partial: bool


@dataclass(frozen=True, eq=False, slots=True)
class _Dark:
    counts: FloatArray
    integration_time_ms: float
    averages: int
    temperature_c: float | None


class EmulatedAnalyser(Analyser):
    """An analyser without an instrument; every frame says so.

    Parameters
    ----------
    family : str
        Name of its row in the registry.
    serial, firmware : str
        What it calls itself.
    bench : Bench
        The emulated instrument.
    clock : callable
        Returns the time as ISO 8601 text in UTC.
    sleep : callable
        Waits that many seconds; a test hands in one that does not.
    """

    def __init__(
        self,
        *,
        family: str,
        serial: str,
        firmware: str,
        bench: Bench,
        clock: Callable[[], str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        model = bench.model
        self._info = AnalyserInfo(
            family, model.model, serial, firmware, model.detector, model.laser_nm, emulated=True
        )
        axis = model.axis_cm1
        self._capabilities = Capabilities(
            integration_time_ms=Limits(10.0, 60_000.0, "ms"),
            averages=Limits(1, 100, ""),
            laser_power_percent=Limits(1.0, 100.0, "%"),
            pixels=model.pixels,
            range_cm1=(float(axis[0]), float(axis[-1])),
            saturation_counts=model.saturation_counts,
            reads_temperature=True,
        )
        self._bench, self._clock, self._sleep = bench, clock, sleep
        self._settings = Settings()
        self._dark: _Dark | None = None
        self._measuring = threading.Lock()
        self._wire = threading.RLock()  # the bench, like a cable, takes one command at a time
        self._closed = False

    @property
    def info(self) -> AnalyserInfo:
        """See `Analyser.info`."""
        return self._info

    @property
    def capabilities(self) -> Capabilities:
        """See `Analyser.capabilities`."""
        return self._capabilities

    @property
    def settings(self) -> Settings:
        """See `Analyser.settings`."""
        return self._settings

    @property
    def laser_state(self) -> LaserState:
        """See `Analyser.laser_state`."""
        with self._wire:
            return self._bench.laser_state()

    @property
    def temperature_c(self) -> float | None:
        """See `Analyser.temperature_c`."""
        self._check_open()
        with self._wire:
            return self._bench.temperature_c()

    def configure(self, settings: Settings) -> None:
        """See `Analyser.configure`."""
        with self._alone():
            check_settings(settings, self._capabilities)
            self._settings = settings

    def dark(
        self, progress: Progress = no_progress, should_stop: ShouldStop = never_stop
    ) -> RawFrame:
        """See `Analyser.dark`."""
        with self._alone():
            started = self._clock()
            self.laser_off()
            taken = self._expose(progress, should_stop, laser=False)
            frame = self._frame(taken, started, laser_power="off", flags=(DARK,))
            if not taken.partial:
                self._dark = _Dark(
                    frame.counts, frame.integration_time_ms, frame.averages, frame.temperature_c
                )
            return frame

    def acquire(
        self, progress: Progress = no_progress, should_stop: ShouldStop = never_stop
    ) -> RawFrame:
        """See `Analyser.acquire`."""
        with self._alone():
            started = self._clock()
            try:
                self._fire(progress, should_stop)
                taken = self._expose(progress, should_stop, laser=True)
            finally:
                self._off_after_measuring()
            power = f"{self._settings.laser_power_percent:g} %"
            return self._frame(taken, started, laser_power=power, flags=())

    def laser_off(self) -> None:
        """See `Analyser.laser_off`."""
        with self._wire:
            if self._bench.laser_state() is LaserState.UNKNOWN:
                raise LaserError(
                    "the laser MAY BE ON: the analyser does not answer", self._where, MAY_BE_ON
                )
            for _ in range(OFF_ATTEMPTS):
                self._bench.laser(on=False)
                if self._bench.laser_state() is LaserState.OFF:
                    return
        raise LaserError("the laser MAY BE ON: it does not switch off", self._where, MAY_BE_ON)

    def close(self) -> None:
        """See `Analyser.close`."""
        if self._closed:
            return
        self._closed = True
        self._off_after_measuring()

    @property
    def _where(self) -> str:
        return f"{self._info.model} {self._info.serial}"

    def _check_open(self) -> None:
        if self._closed:
            raise NotConnectedError("the analyser is closed", self._where, "open it again")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._measuring.acquire(blocking=False):
            raise BusyError("a measurement is running", self._where, "wait for it or stop it")
        try:
            self._check_open()
            yield
        finally:
            self._measuring.release()

    def _off_after_measuring(self) -> None:
        """Switch off; an analyser that is gone keeps its own error, its state reads UNKNOWN."""
        if self.laser_state is not LaserState.UNKNOWN:
            self.laser_off()

    def _fire(self, progress: Progress, should_stop: ShouldStop) -> None:
        with self._wire:
            self._check_open()
            self._bench.laser(on=True, power=self._settings.laser_power_percent / 100.0)
        waited = 0.0
        while self.laser_state is not LaserState.FIRING:
            progress(0.0, "emulated analyser: laser warning, then light")
            if should_stop():
                raise self._aborted()
            if self.laser_state is LaserState.OFF or waited >= LASER_PATIENCE_S:
                raise LaserError(
                    "the laser does not fire", self._where, "check the interlock and the key"
                )
            self._pass(SLICE_S)
            waited += SLICE_S

    def _pass(self, dt: float) -> None:
        """Let `dt` seconds pass on the bench and outside."""
        with self._wire:
            self._check_open()
            self._bench.step(dt)
        self._sleep(dt)

    def _expose(self, progress: Progress, should_stop: ShouldStop, *, laser: bool) -> _Exposures:
        """Return what was exposed until all averages are done or the user stopped.

        An exposure that was cut short is used only when there is no whole one, because counts
        of different exposure times cannot be averaged.
        """
        wanted_ms, total = self._settings.integration_time_ms, self._settings.averages
        whole: list[FloatArray] = []
        clipped = False
        for number in range(total):
            share = self._expose_once(progress, should_stop, number, laser=laser)
            if share < 1.0 and whole:
                return _Exposures(np.array(whole), clipped, wanted_ms, partial=True)
            if share <= 0.0:
                raise self._aborted()
            with self._wire:
                counts, full = self._bench.read_out()
            clipped = clipped or bool(full.any())
            whole.append(counts)
            if share < 1.0:
                cut_ms = round(share * wanted_ms, 3)
                return _Exposures(np.array(whole), clipped, cut_ms, partial=True)
        progress(1.0, "emulated analyser: done")
        return _Exposures(np.array(whole), clipped, wanted_ms, partial=False)

    def _expose_once(
        self, progress: Progress, should_stop: ShouldStop, number: int, *, laser: bool
    ) -> float:
        """Expose, and return the share of the exposure that was done before the user stopped."""
        wanted_s, total = self._settings.integration_time_ms / 1000.0, self._settings.averages
        slices = max(1, round(wanted_s / SLICE_S))
        words = f"emulated analyser: {'' if laser else 'dark, '}exposure {number + 1} of {total}"
        with self._wire:
            self._bench.start_exposure()
        for done in range(slices):
            progress((number + done / slices) / total, words)
            if should_stop():
                return done / slices
            self._pass(wanted_s / slices)
            self._check_laser(LaserState.FIRING if laser else LaserState.OFF)
        return 1.0

    def _aborted(self) -> AbortedError:
        return AbortedError("stopped before anything was measured", self._where, "measure again")

    def _check_laser(self, expected: LaserState) -> None:
        state = self.laser_state
        if state not in {expected, LaserState.UNKNOWN}:  # gone: the next command says so
            raise LaserError(
                f"the laser was {state.value} and not {expected.value} during the exposure",
                self._where,
                "the measurement is not valid; check the interlock and measure again",
            )

    def _frame(
        self, taken: _Exposures, started: str, laser_power: str, flags: tuple[str, ...]
    ) -> RawFrame:
        model = self._bench.model
        with self._wire:
            temperature = self._bench.temperature_c()
        milliseconds = taken.exposure_ms
        averages = len(taken.counts)
        marks = [*flags]
        dark = None
        if DARK not in flags:
            dark, stale = self._fitting_dark(milliseconds, averages, temperature)
            marks += [DARK_STALE] if stale else []
        marks += [SATURATED] if taken.clipped else []
        marks += [PARTIAL] if taken.partial else []
        return RawFrame(
            counts=taken.counts.mean(axis=0),
            dark=dark,
            wavelength_coefficients_nm=np.array(model.wavelength_coefficients_nm),
            laser_nm=model.laser_nm,
            integration_time_ms=milliseconds,
            averages=averages,
            laser_power=laser_power,
            serial=self._info.serial,
            model=self._info.model,
            firmware=self._info.firmware,
            detector=self._info.detector,
            temperature_c=temperature,
            saturation_counts=model.saturation_counts,
            clock=started,
            emulated=True,
            flags=tuple(marks),
        )

    def _fitting_dark(
        self, milliseconds: float, averages: int, temperature_c: float
    ) -> tuple[FloatArray | None, bool]:
        """Return the dark if it was measured like this frame, and whether it is too warm or cold.

        A scan that was stopped early may have fewer averages than its dark, never more.
        """
        dark = self._dark
        if dark is None or dark.temperature_c is None:
            return None, False
        if dark.integration_time_ms != milliseconds or dark.averages < averages:
            return None, False
        if abs(dark.temperature_c - temperature_c) > DARK_FITS_WITHIN_K:
            return None, True
        return dark.counts, False
