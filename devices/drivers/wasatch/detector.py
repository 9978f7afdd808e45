"""The detector of a Wasatch Photonics analyser."""

from __future__ import annotations

import math
import threading
from contextlib import suppress

import numpy as np

from devices.drivers.wasatch import protocol
from devices.drivers.wasatch.eeprom import INVERT_X, Eeprom
from devices.drivers.wasatch.link import Link
from devices.drivers.wasatch.opcodes import (
    AMBIENT_TEMPERATURE,
    DATA_READY,
    DETECTOR_TEMPERATURE,
    FULL_COUNT,
    INTEGRATION,
)
from devices.errors import (
    BadAnswerError,
    SettingsError,
    StaleDataError,
    StalledError,
    TransportTimeoutError,
)
from devices.parts import DetectorFacts, Exposure

SLICE_S = 0.2
EARLIER_MARGIN_S = 0.1  # for reading out
USER = "detector"


class WasatchDetector:
    """A `devices.parts.DetectorPart`: one exposure at a time, counts as they came.

    Counts of a unit whose memory says so are turned round, so that the pixel numbers are those of
    the wavelength polynomial; bad pixels are named in the facts and left as they are.

    An XS unit gives the first spectrum after a change of the integration time with the old one:
    it is taken and thrown away when the time is set, which is before the laser is switched on.
    So is an exposure that was cancelled: the board cannot break one off.
    """

    def __init__(self, link: Link, memory: Eeprom, facts: DetectorFacts) -> None:
        self._link = link
        self._memory = memory
        self._facts = facts
        self._integration_ms = 0
        self._throw_away = link.arm
        self._had_one = False
        self._due_s: float | None = None  # when an exposure that nobody fetched is over
        self._before = b""
        self._late = False  # an exposure was given up; it may still come
        self._earlier_until_s = -math.inf  # until then one of an earlier session may come
        self._cancelled = threading.Event()
        link.join(USER)

    @property
    def facts(self) -> DetectorFacts:
        """See `DetectorPart.facts`."""
        return self._facts

    def set_integration_time(self, milliseconds: float) -> float:
        """See `DetectorPart.set_integration_time`; whole milliseconds."""
        self._cancelled.clear()
        limits = self._facts.integration_time_ms
        whole = round(milliseconds) if math.isfinite(milliseconds) else -1
        if not (limits.hold(milliseconds) and limits.hold(whole)):
            raise SettingsError(
                f"{milliseconds:g} ms is outside {limits.lowest:g} to {limits.highest:g} ms",
                "integration time",
                "choose a value inside these limits",
            )
        self._let_earlier_pass()
        self._let_pass()
        self.put_integration_time(whole)
        if self._throw_away or self._late:
            self._take_throw_away()
        return float(whole)

    def expect_earlier(self) -> None:
        """Ask how long an exposure lasts that an earlier session may have left running."""
        held_ms = protocol.little(self._link.ask(INTEGRATION, "integration time"))
        seconds = min(held_ms, self._facts.integration_time_ms.highest) / 1000.0
        self._earlier_until_s = self._link.timing.now() + seconds + EARLIER_MARGIN_S

    def put_integration_time(self, milliseconds: int) -> None:
        """Set the time of one exposure and read it back.

        Raises
        ------
        BadAnswerError
            When the instrument holds another one.
        """
        self._link.tell(protocol.set_integration(milliseconds))
        held = protocol.little(self._link.ask(INTEGRATION, "integration time"))
        if held != milliseconds:
            self._integration_ms = 0
            raise BadAnswerError(
                f"asked for {milliseconds} ms, the instrument holds {held} ms",
                f"{self._link.port.name}: integration time",
                "set it again",
            )
        if milliseconds != self._integration_ms:
            self._throw_away = self._link.arm
        self._integration_ms = milliseconds

    def start(self) -> None:
        """See `DetectorPart.start`."""
        self._cancelled.clear()
        self._let_earlier_pass()
        self._let_pass()
        if self._throw_away or self._late:
            self._take_throw_away()
        self._link.drain(self._facts.pixels)
        self._begin()

    def fetch(self, timeout_s: float) -> Exposure:
        """See `DetectorPart.fetch`."""
        if self._due_s is None:
            raise BadAnswerError("no exposure was started", self._link.port.name, "start one")
        try:
            raw = self._link.spectrum(self._facts.pixels, timeout_s)
        except BadAnswerError:
            self._due_s = None
            raise
        self._due_s = None
        self._had_one = True
        self._check(raw)
        counts = np.frombuffer(raw, dtype="<u2").astype(np.float64)
        if self._memory.has(INVERT_X):
            counts = counts[::-1].copy()
        return Exposure(counts)

    def cancel(self) -> None:
        """See `DetectorPart.cancel`: the board cannot, so the next start lets it pass first."""
        self._cancelled.set()

    def data_ready(self) -> bool:
        """Return whether the instrument says that a spectrum lies ready, asked now."""
        return self._link.ask(DATA_READY, "data ready")[0] != 0

    def temperature_c(self) -> float | None:
        """See `DetectorPart.temperature_c`."""
        if not self._facts.reads_temperature:
            return None
        answer = self._link.ask(DETECTOR_TEMPERATURE, "detector temperature")
        return protocol.detector_celsius(answer, self._memory.adc_to_celsius)

    def ambient_c(self) -> float | None:
        """Return the temperature inside the housing in degrees Celsius, or None without a sensor.

        ARM boards only.
        """
        if not self._link.arm:
            return None
        try:
            return float(self._link.ask(AMBIENT_TEMPERATURE, "ambient temperature")[0])
        except StalledError:
            return None

    def close(self) -> None:
        """See `DetectorPart.close`."""
        self._cancelled.set()
        self._link.leave(USER)

    def _begin(self) -> None:
        self._link.acquire()
        self._due_s = self._link.timing.now() + self._integration_ms / 1000.0

    def _check(self, raw: bytes) -> None:
        counts = np.frombuffer(raw, dtype="<u2")
        where = f"{self._link.port.name}: spectrum"
        if (counts == FULL_COUNT).all():
            return  # every pixel is full: true, and flagged as saturated
        if (counts == counts[0]).all():
            raise BadAnswerError(
                f"flat: all {counts.size} pixels read {int(counts[0])}",
                where,
                "wait until the detector is steady, then measure again",
            )
        if self._repeats(raw):
            raise StaleDataError(
                "the same counts as the exposure before, in every pixel of an endpoint",
                where,
                "measure again",
            )
        self._before = raw

    def _repeats(self, raw: bytes) -> bool:
        """Return whether what one endpoint gave is what it gave before; one value is no sign."""
        start = 0
        for _endpoint, size in self._link.endpoints(self._facts.pixels):
            part = raw[start : start + size]
            if part == self._before[start : start + size] and part != part[:2] * (size // 2):
                return True
            start += size
        return False

    def _take_throw_away(self) -> None:
        """Take one spectrum and forget it; when cancelled, it is still to be done."""
        self._let_pass()
        self._link.drain(self._facts.pixels)
        self._begin()
        if not self._let_pass():
            return
        if self._late:  # what came may have been the late one: let this one come, too
            self._link.timing.sleep(self._integration_ms / 1000.0)
            self._late = False
        self._throw_away = False
        self._had_one = True

    def _let_earlier_pass(self) -> None:
        """Wait for what an earlier session may have started, and throw it away."""
        now = self._link.timing.now
        while (left_s := self._earlier_until_s - now()) > 0 and not self._cancelled.is_set():
            with suppress(TransportTimeoutError, BadAnswerError):
                self._link.spectrum(self._facts.pixels, min(SLICE_S, left_s))

    def _let_pass(self) -> bool:
        """Wait for an exposure that nobody wants and forget it; return whether it came.

        Without it the next spectrum would be the last one's. Ends early when cancelled.

        Raises
        ------
        TransportTimeoutError
            When it does not come in twice the time that it should take.
        """
        if self._due_s is None:
            return True
        now = self._link.timing.now
        first = not self._had_one
        most = protocol.first_spectrum_timeout_s(
            self._integration_ms, arm=self._link.arm, first=first
        )
        until = max(now(), self._due_s) + most
        while not self._cancelled.is_set():
            try:  # remembered: the next exposure must not be this one given again
                self._before = self._link.spectrum(self._facts.pixels, SLICE_S)
            except TransportTimeoutError:
                if now() >= until:
                    self._due_s = None
                    self._late = True
                    raise
                continue
            except BadAnswerError:  # a piece of it: the rest has been thrown away, too
                break
            break
        else:
            return False
        self._due_s = None
        return True
