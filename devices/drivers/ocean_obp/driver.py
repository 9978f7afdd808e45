"""Ocean Binary Protocol spectrometers as a detector, and as a laser where one is built in."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass

import numpy as np

from devices.drivers.ocean_obp.configuration import ObpConfiguration
from devices.drivers.ocean_obp.link import ObpLink, Ticket
from devices.drivers.ocean_obp.memory import DETECTOR_SENSOR, read_facts
from devices.drivers.ocean_obp.messages import Code
from devices.drivers.ocean_obp.models import ObpModel, model_row
from devices.drivers.ocean_obp.protocol import SCAN_INTERRUPTED, UNKNOWN_MESSAGE, ObpRefusedError
from devices.drivers.ocean_obp.spectrum import Metadata, check_fresh, unpack_spectrum
from devices.errors import (
    AbortedError,
    BadAnswerError,
    ConfigurationError,
    DeviceError,
    LaserError,
    SettingsError,
    StaleDataError,
)
from devices.frame import FloatArray
from devices.parts import (
    DetectorFacts,
    DetectorPart,
    Exposure,
    LaserFacts,
    LaserPart,
    LaserReading,
)
from devices.timing import Timing
from devices.transports.base import ByteStream, UsbPort

COLDEST_C, HOTTEST_C = -100.0, 120.0
INTENSITY_TOLERANCE = 0.005
LIGHT_AFTER_S = 1.0  # assumed: the protocol does not tell when an enabled laser begins to emit
LASER_FOR_ON = "take its laser for on: turn its key or pull its power"
_LASER = (0, 0)  # module and source: a Ventana has one of each


@dataclass(frozen=True, slots=True)
class TecReading:
    """The thermo-electric cooler as it says it is.

    Parameters
    ----------
    enabled : bool
        Whether it cools.
    setpoint_c, temperature_c : float
        Temperature wanted and measured, in degrees Celsius.
    stable : bool
        Within 1 degree of the one wanted, and drifting less than 0.1 degree in 10 s.
    """

    enabled: bool
    setpoint_c: float
    temperature_c: float
    stable: bool


class ObpDetector:
    """The detector: one exposure at a time, each a fresh one.

    A buffered model goes by the recipe abort, clear, acquire, get; anything else may hand out a
    spectrum of before the last change. The others start an exposure when a spectrum is asked for,
    so that `start` asks and `fetch` awaits the answer; other questions pass meanwhile, as far as
    the instrument answers them then (not verified on instruments).
    """

    def __init__(self, link: ObpLink, model: ObpModel, facts: DetectorFacts) -> None:
        self._link, self._model, self._facts = link, model, facts
        self._integration_us = 0
        self._ticket: Ticket | None = None
        self._last: Metadata | None = None
        self._last_counts: FloatArray | None = None
        self._cancelled = False

    @property
    def facts(self) -> DetectorFacts:
        """What it is; known after closing too."""
        return self._facts

    def set_integration_time(self, milliseconds: float) -> float:
        """Set the time of one exposure, read it back and return what it really is.

        Raises
        ------
        SettingsError
            When it is outside the limits.
        BadAnswerError
            When the instrument acknowledges it and keeps another.
        """
        limits = self._facts.integration_time_ms
        if not limits.hold(milliseconds):
            raise SettingsError(
                f"{milliseconds:g} ms is outside {limits.lowest:g} to {limits.highest:g} ms",
                "integration time",
                "choose a time within the limits",
            )
        wanted = round(milliseconds * 1000.0)
        self._link.set(Code.SET_INTEGRATION_TIME, wanted)
        real = int(self._link.number(Code.GET_INTEGRATION_TIME))
        if real != wanted:
            raise BadAnswerError(
                f"the instrument keeps {real} us after {wanted} us were set",
                "integration time",
                "try again",
            )
        self._integration_us = real
        return real / 1000.0

    def start(self) -> None:
        """Throw away what lies unread in the instrument, and start one fresh exposure."""
        self._cancelled = False
        self._forget_ticket()
        if not self._integration_us:
            self._integration_us = int(self._link.number(Code.GET_INTEGRATION_TIME))
        _tolerated(self._link, Code.ABORT)
        _tolerated(self._link, Code.CLEAR_BUFFER)
        if not self._model.buffered:
            self._ticket = self._link.send(self._model.spectrum)
            return
        left = int(self._link.number(Code.GET_BUFFERED_COUNT))
        if left:
            raise StaleDataError(
                f"{left} spectra are in the buffer after it was cleared", "buffer", "try again"
            )
        self._link.set(Code.ACQUIRE)

    def fetch(self, timeout_s: float) -> Exposure:
        """Return the exposure that was started; called when its time is over."""
        ticket, self._ticket = self._ticket, None
        if ticket is None:
            ticket = self._link.send(self._model.spectrum)
        try:
            payload = self._link.receive(ticket, timeout_s)
        except ObpRefusedError as error:
            if self._cancelled and error.number == SCAN_INTERRUPTED:
                raise AbortedError("the exposure was ended", self._facts.model, "") from error
            raise
        counts, metadata = unpack_spectrum(self._model, payload)
        self._check(counts, metadata)
        self._last, self._last_counts = metadata, counts
        return Exposure(counts, self._exposure_facts(metadata))

    def cancel(self) -> None:
        """End the running exposure so that the next `start` gives a fresh one."""
        self._cancelled = True
        _tolerated(self._link, Code.ABORT)
        self._forget_ticket()

    def temperature_c(self) -> float | None:
        """Return the temperature of the detector in degrees Celsius, read now; None without."""
        if not self._facts.reads_temperature:
            return None
        if self._model.cooled:
            return _sane_c(self._link.number(Code.GET_TEC_TEMPERATURE))
        return _sane_c(self._link.number(Code.GET_TEMPERATURE, DETECTOR_SENSOR))

    def tec(self) -> TecReading | None:
        """Return the state of the cooler, read now; None without one."""
        if not self._model.cooled or not self._facts.reads_temperature:
            return None
        ask = self._link.number
        return TecReading(
            enabled=bool(ask(Code.GET_TEC_ENABLED)),
            setpoint_c=ask(Code.GET_TEC_SETPOINT),
            temperature_c=_sane_c(ask(Code.GET_TEC_TEMPERATURE)),
            stable=bool(ask(Code.GET_TEC_STABLE)),
        )

    def cool_to(self, celsius: float) -> TecReading | None:
        """Switch the cooler on with that set point, and return what it says then."""
        self._link.set(Code.SET_TEC_SETPOINT, celsius)
        self._link.set(Code.SET_TEC_ENABLED, 1)
        return self.tec()

    def close(self) -> None:
        """Let it go; closing again does nothing."""
        _leave(self._link, self._model)

    def _forget_ticket(self) -> None:
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            self._link.forget(ticket)

    def _check(self, counts: FloatArray, metadata: Metadata | None) -> None:
        if metadata is not None:
            check_fresh(metadata, self._integration_us, self._last)
        seen = counts[slice(*self._model.active)]
        lowest = float(seen.min())
        if lowest >= self._model.saturation:
            return
        if lowest == float(seen.max()):
            raise BadAnswerError(
                f"the spectrum is flat: all pixels read {lowest:g}",
                "spectrum",
                "measure again; when it repeats, the instrument needs service",
            )
        if self._last_counts is not None and np.array_equal(counts, self._last_counts):
            raise StaleDataError(
                "the same counts came as the last time", "spectrum", "measure again"
            )

    def _exposure_facts(self, metadata: Metadata | None) -> tuple[tuple[str, str], ...]:
        facts: list[tuple[str, str]] = []
        if metadata is not None:
            facts += [
                ("spectrum count", str(metadata.count)),
                ("instrument clock us", str(metadata.tick_us)),
                ("integration time us", str(metadata.integration_us)),
                ("trigger mode", str(metadata.trigger)),
            ]
        if self._model.cooled and self._facts.reads_temperature:
            stable = self._link.number(Code.GET_TEC_STABLE)
            facts.append(("detector temperature stable", "yes" if stable else "no"))
        return tuple(facts)


class ObpLaser:
    """A laser that is switched as a light source of the spectrometer.

    The protocol says whether it is enabled and how strong, and nothing of interlock or emission:
    those are None in a `LaserReading`, and enabled is taken for firing.
    """

    def __init__(self, link: ObpLink, facts: LaserFacts) -> None:
        self._link, self._facts = link, facts
        self._open = True

    @property
    def facts(self) -> LaserFacts:
        """What it is; known after closing too."""
        return self._facts

    def switch_on(self, power_percent: float) -> None:
        """Set the power, read it back, then enable it."""
        limits = self._facts.power_percent
        if not limits.hold(power_percent):
            raise SettingsError(
                f"{power_percent:g} % is outside {limits.lowest:g} to {limits.highest:g} %",
                "laser power",
                "choose a power within the limits",
            )
        wanted = power_percent / 100.0
        self._link.set(Code.SET_LIGHT_INTENSITY, *_LASER, wanted)
        kept = self._link.number(Code.GET_LIGHT_INTENSITY, *_LASER)
        if not abs(kept - wanted) <= INTENSITY_TOLERANCE:
            raise LaserError(
                f"the laser keeps an intensity of {kept:g} after {wanted:g} was set",
                "laser power",
                "do not fire it; switch the instrument off and on",
            )
        self._link.set(Code.SET_LIGHT_ENABLED, *_LASER, 1)

    def switch_off(self) -> None:
        """Send the command that switches it off; whether it did is for `read` to say."""
        self._link.set(Code.SET_LIGHT_ENABLED, *_LASER, 0)

    def read(self) -> LaserReading:
        """Ask it now; nothing is remembered from before."""
        enabled = self._link.number(Code.GET_LIGHT_ENABLED, *_LASER)
        if enabled not in (0, 1):
            raise BadAnswerError(f"the laser says {enabled:g} for on or off", "laser", "ask again")
        intensity = self._link.number(Code.GET_LIGHT_INTENSITY, *_LASER)
        return LaserReading(
            bool(enabled), None, None, facts=(("laser intensity", f"{intensity:g}"),)
        )

    def refresh_watchdog(self) -> None:
        """Do nothing: it has no watchdog."""

    def close(self) -> None:
        """Let it go; it is told to be off once more while the wire is there."""
        if self._open and not self._link.closed and not self._link.silent:
            # The caller has switched it off and verified that; this one is a second try.
            with contextlib.suppress(DeviceError):
                self.switch_off()
        self._open = False


def open_parts(
    wire: UsbPort | ByteStream,
    timing: Timing,
    *,
    model: str = "qepro",
    configuration: ObpConfiguration | None = None,
) -> tuple[DetectorPart, LaserPart | None]:
    """Open an instrument over an open wire.

    Parameters
    ----------
    wire : UsbPort or ByteStream
        The same protocol runs over both.
    timing : Timing
        Clock.
    model : str
        A key of `devices.drivers.ocean_obp.models.MODELS`. Over RS-232 the instrument does not
        say what it is.
    configuration : ObpConfiguration, optional
        What the station wrote down about this instrument.

    Raises
    ------
    ConfigurationError
        When the configuration is about what this model does not have.
    WrongDeviceError
        When the USB product id is that of another model.
    DeviceError
        When it does not answer as the protocol says; the wire is closed then.
    """
    row, wanted = model_row(model), configuration or ObpConfiguration()
    _check_fits(wanted, row)
    link = ObpLink(wire, row, timing)
    try:
        _quieten(link, row)
        if wanted.session_baud is not None:
            link.raise_baud(wanted.session_baud)
        origin = row.wavelength_origin if wanted.pixel_origin is None else wanted.pixel_origin
        facts = read_facts(link, row, origin)
        detector = ObpDetector(link, row, facts)
        if wanted.detector_c is not None:
            detector.cool_to(wanted.detector_c)
    except BaseException as error:
        if row.laser_nm is not None and not _seen_off(link) and isinstance(error, DeviceError):
            error.remedy = f"{LASER_FOR_ON}; {error.remedy}".removesuffix("; ")
        _leave(link, row)
        raise
    return detector, None if row.laser_nm is None else ObpLaser(
        link, _laser(facts, row, wanted.laser_nm)
    )


def _check_fits(wanted: ObpConfiguration, row: ObpModel) -> None:
    """Refuse what would be left out in silence."""
    if wanted.laser_nm is not None and row.laser_nm is None:
        raise ConfigurationError(
            f"laser_nm is the line of a built-in laser; a {row.name} has none",
            "",
            "take it out of the papers; give the line of a laser beside it with --laser-nm",
        )
    if wanted.detector_c is not None and not row.cooled:
        raise ConfigurationError(
            f"detector_c is for a cooled detector; that of a {row.name} is not",
            "",
            "take it out of the papers",
        )


def _leave(link: ObpLink, row: ObpModel) -> None:
    """Switch off what may shine and stop what may be running, as far as it listens; then let go.

    One that has just not answered is not asked again: its laser is a person's to see to now.
    """
    if link.closed or link.silent:
        link.close()
        return
    try:
        if row.laser_nm is not None:
            link.set(Code.SET_LIGHT_ENABLED, *_LASER, 0)
        _tolerated(link, Code.ABORT)
    except DeviceError:
        # It is gone or deaf: the laser's state was the caller's to verify, and is unknown now.
        pass
    finally:
        link.close()


def _seen_off(link: ObpLink) -> bool:
    """Switch the laser off; return whether it was read back as off."""
    try:
        link.set(Code.SET_LIGHT_ENABLED, *_LASER, 0)
        return link.number(Code.GET_LIGHT_ENABLED, *_LASER) == 0
    except DeviceError:
        return False


def _quieten(link: ObpLink, row: ObpModel) -> None:
    """Find it, switch off what may shine, and stop what may be running."""
    link.find()
    if row.laser_nm is not None:
        link.set(Code.SET_LIGHT_ENABLED, *_LASER, 0)
    # A laser of another make may hang on the lamp line.
    _tolerated(link, Code.SET_LAMP, 0)
    link.set(Code.SET_TRIGGER_MODE, 0)
    _tolerated(link, Code.ABORT)


def _laser(facts: DetectorFacts, row: ObpModel, laser_nm: float | None) -> LaserFacts:
    said = "configuration of the station" if laser_nm is not None else "nominal, of the model"
    return LaserFacts(
        model=f"laser of {facts.model}",
        serial=facts.serial,
        firmware=facts.firmware,
        wavelength_nm=row.laser_nm if laser_nm is None else laser_nm,
        warm_up_s=LIGHT_AFTER_S,
        facts=(
            ("excitation wavelength from", said),
            ("interlock", "the protocol does not tell"),
            ("emission", f"the protocol does not tell; awaited for {LIGHT_AFTER_S:g} s"),
        ),
    )


def _tolerated(link: ObpLink, code: Code, *values: int) -> None:
    """Send a command that not every model knows."""
    try:
        link.set(code, *values)
    except ObpRefusedError as error:
        if error.number != UNKNOWN_MESSAGE:
            raise


def _sane_c(celsius: float) -> float:
    if not math.isfinite(celsius) or not COLDEST_C <= celsius <= HOTTEST_C:
        raise BadAnswerError(
            f"{celsius:g} degrees is no temperature of a detector", "temperature", "ask again"
        )
    return celsius
