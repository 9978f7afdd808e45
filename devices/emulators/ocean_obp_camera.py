"""The acquisition of an emulated Ocean Binary Protocol spectrometer: exposures and their buffer.

What the data sheet leaves open is decided so that the published drivers work: after power-up in
normal trigger mode it runs freely, so that a spectrum can be asked for without `ACQUIRE`, and takes
the next one as soon as one is fetched (with the settings of that moment: that one is stale after a
change); after `ABORT` it stands idle until it is told to acquire.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from devices.drivers.ocean_obp.messages import Code
from devices.drivers.ocean_obp.models import ObpModel
from devices.drivers.ocean_obp.protocol import NOT_READY, SCAN_INTERRUPTED
from devices.drivers.ocean_obp.spectrum import Metadata, pack_spectrum
from devices.emulators.bench import Bench
from devices.emulators.bench_faults import past
from devices.frame import FloatArray

BUFFER_LIMIT = 15
_NO_COUNTS = np.empty(0)


@dataclass(frozen=True, eq=False, slots=True)
class _Shot:
    counts: FloatArray
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class _Running:
    integration_us: int
    trigger: int
    for_buffer: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question for a spectrum that waits: its message, and what to do with the outcome."""

    code: Code
    answer: Callable[[bytes], None]
    refuse: Callable[[int], None]


class ObpCamera:
    """Exposures, one after the other, into a first-in-first-out buffer or straight out.

    Parameters
    ----------
    model : ObpModel
        Its row.
    bench : Bench
        Its physics.
    """

    def __init__(self, model: ObpModel, bench: Bench) -> None:
        self.model, self.bench = model, bench
        self.buffer: deque[_Shot] = deque()
        self._spectra = 0
        self._last: _Shot | None = None
        self._last_taken: FloatArray = _NO_COUNTS
        self._waiting: deque[Wanted] = deque()
        self.boot()

    def boot(self) -> None:
        """Start as after power-up."""
        self._running: _Running | None = None
        self._free, self._armed = True, False
        self.integration_us = max(100_000, self.model.integration_us[0])
        self.trigger_mode, self.delay_us, self.buffer_size = 0, 0, BUFFER_LIMIT
        self._waiting.clear()
        self.buffer.clear()
        self.bench.cancel()

    @property
    def idle(self) -> bool:
        """Whether nothing is exposed and no trigger awaited."""
        return self._running is None and not self._armed

    @property
    def gone(self) -> bool:
        """Whether the instrument has lost its power."""
        return past(self.bench.faults.unplugged_at_s, self.bench.time_s)

    def next_s(self) -> float | None:
        """Return when somebody who waits may get a spectrum."""
        return self.bench.exposure_ends_s if self._waiting and self._running else None

    def advance(self, at_s: float) -> None:
        """Let time pass, with all exposures that end in it."""
        while self._running and (ends := self.bench.exposure_ends_s) is not None and ends <= at_s:
            self.bench.advance_to(ends)
            if self.gone:
                break
            self._finish()
            self.serve()
        self.bench.advance_to(at_s)

    def ask(self, wanted: Wanted) -> None:
        """Take a question for a spectrum; it is answered when there is one."""
        self._waiting.append(wanted)
        self.serve()

    def acquire(self) -> None:
        """Put one spectrum into the buffer."""
        self._free = False
        if self.trigger_mode:
            self._armed = True
        elif self._running is None:
            self._begin(for_buffer=True)

    def abort(self) -> None:
        """Stop; who waits is told so."""
        self.bench.cancel()
        self._running, self._free, self._armed = None, False, False
        while self._waiting:
            self._waiting.popleft().refuse(SCAN_INTERRUPTED)

    def set_trigger_mode(self, mode: int) -> None:
        """Run freely in mode 0, or wait for pulses."""
        self.trigger_mode = mode
        self._free, self._armed = mode == 0, mode != 0

    def pulse(self) -> None:
        """Give a pulse on the external trigger line."""
        if self._armed and self._running is None:
            self._armed = False
            self._begin(for_buffer=True)

    def drop(self, count: int) -> None:
        """Forget the oldest spectra."""
        for _ in range(min(count, len(self.buffer))):
            self.buffer.popleft()

    def serve(self) -> None:
        """Answer who waits, or begin the exposure that he needs."""
        while self._waiting and self._running is None:
            wanted = self._waiting[0]
            if wanted.code is not Code.GET_BUFFERED_SPECTRUM:
                self._begin(for_buffer=False)
            elif self.buffer:
                shot = self.buffer.popleft()
                self._waiting.popleft().answer(
                    pack_spectrum(self.model, shot.counts, shot.metadata)
                )
                self._run_on()
            elif self._armed:
                return
            elif self._free:
                self._begin(for_buffer=True)
            else:
                self._waiting.popleft().refuse(NOT_READY)

    def _run_on(self) -> None:
        if self._free and not self.buffer:
            self._begin(for_buffer=True)

    def _begin(self, *, for_buffer: bool) -> None:
        self._running = _Running(self.integration_us, self.trigger_mode, for_buffer)
        self.bench.begin((self.integration_us + self.delay_us) / 1e6)

    def _finish(self) -> None:
        """Put the exposure that is over where it belongs."""
        running, taken = self._running, self.bench.taken()
        if running is None or taken is None:
            self._running = None
            return
        self._running = None
        shot = self._developed(taken[0], running)
        if running.for_buffer:
            self.buffer.append(shot)
            while len(self.buffer) > self.buffer_size:
                self.buffer.popleft()
        elif self._waiting:
            wanted = self._waiting.popleft()
            active = slice(*self.model.active)
            corrected = wanted.code is Code.GET_CORRECTED_SPECTRUM_NOW
            counts = shot.counts[active] if corrected else shot.counts
            wanted.answer(pack_spectrum(self.model, counts))

    def _developed(self, taken: FloatArray, running: _Running) -> _Shot:
        if self._last is not None and taken is self._last_taken:
            return self._last  # the bench's stale frame, with the metadata that it had
        self._spectra += 1
        tick_us = round(self.bench.time_s * 1e6)
        told = Metadata(self._spectra, tick_us, running.integration_us, running.trigger)
        self._last, self._last_taken = _Shot(taken, told), taken
        return self._last
