"""A spectrometer with Ocean's first USB protocol as a detector part.

It runs free: exposures follow each other, and a request is answered with the one that ends next,
or with one that was kept; either began before the request. Users know it as a stale first spectrum
(python-seabreeze issues 38, 110, 177, 298). So between measurements it is left on its shortest
integration time ("parked"). `start` sets the time wanted and asks until an answer does not come at
once: that exposure began after `start`, the others are thrown away. It is parked again while that
exposure runs, so that the one behind it is short too; on firmware that starts anew with each new
time, which shows at once, it is parked after reading out instead.
"""

from __future__ import annotations

from devices.drivers.ocean_ooi import protocol
from devices.drivers.ocean_ooi.memory import FPGA_FACT, read_memory
from devices.drivers.ocean_ooi.models import (
    MODELS,
    VENDOR_ID,
    OoiModel,
    model_named,
    model_of_product,
)
from devices.drivers.ocean_ooi.protocol import Status
from devices.drivers.ocean_ooi.wire import OoiWire
from devices.errors import (
    AnswerError,
    BadAnswerError,
    BusyError,
    DeviceError,
    NotConnectedError,
    RefusedError,
    SettingsError,
    StaleDataError,
    TransportTimeoutError,
    WrongDeviceError,
)
from devices.frame import FloatArray
from devices.interface import Limits
from devices.parts import DetectorFacts, DetectorPart, Exposure, Facts, LaserPart
from devices.timing import Timing
from devices.transports.base import UsbPort

INITIALISING_S = 0.1
AT_ONCE_S = 0.1  # an answer within this and the shortest exposure is older than its request
MOST_STALE = 5
LATE_S = 0.5
PATIENCE_S = 10.0
START_UP_MS = 100.0


class OoiDetector:
    """A spectrometer of this family; a `DetectorPart`.

    Parameters
    ----------
    wire : OoiWire
        The wire, nothing of which was read yet.
    timing : Timing
        The time.

    Raises
    ------
    AnswerError, NotConnectedError
        When it does not answer as its protocol says.
    """

    def __init__(self, wire: OoiWire, timing: Timing) -> None:
        self._wire, self._timing, self._model = wire, timing, wire.model
        self._parked = -(-self._model.shortest_us // self._model.step_us)
        self._set_steps = self._steps = self._parked
        self._restarts = False
        self._asked_s: float | None = None
        self._longest_s = 0.0
        self._settled_s = timing.now()
        self._stopped = self._closed = False
        self._last = b""
        self._temperature: float | None = None
        wire.empty()
        self._initialise()
        self.facts = self._read_facts()
        self._steps = max(self._parked, round(START_UP_MS * 1000.0 / self._model.step_us))

    def set_integration_time(self, milliseconds: float) -> float:
        """Choose the time of one exposure and return what it will be, in milliseconds.

        Waits out what is still under way, as after `cancel`: this is called before the laser is
        lit. `start` sends the time and reads it back: sent now, it would run a stale exposure of
        this length.

        Raises
        ------
        SettingsError
            When it is outside the limits.
        BusyError
            When a long exposure of somebody else is under way.
        """
        self._open()
        limits = self.facts.integration_time_ms
        if not limits.hold(milliseconds):
            raise SettingsError(
                f"{milliseconds!r} ms is outside {limits.lowest:g} to {limits.highest:g} ms",
                "integration time",
                "choose a value inside these limits",
            )
        self._settle()
        self._steps = max(self._parked, round(milliseconds * 1000.0 / self._model.step_us))
        return self._steps * self._model.step_us / 1000.0

    def start(self) -> None:
        """Throw away what is unread or stale, and start a fresh exposure.

        Takes a few short exposures.

        Raises
        ------
        RefusedError
            When the instrument reads back another integration time.
        BusyError
            When a long exposure of somebody else is under way.
        StaleDataError
            When each answer comes sooner than its exposure can have lasted.
        """
        self._open()
        self._settle()
        self._temperature = self._read_temperature()
        self._expose(self._steps)
        self._ask_for_fresh()
        if self._restarts or self._is_short():
            return
        self._expose(self._parked)
        if self._comes_at_once():
            # It started anew with the new time: from now on it is parked after reading out.
            self._restarts = True
            self._expose(self._steps)
            self._ask_for_fresh()

    def fetch(self, timeout_s: float) -> Exposure:
        """Return the exposure that was started.

        Raises
        ------
        StaleDataError
            When none was started or it was stopped, when it is the same as the one before, or when
            the instrument says another integration time than the one that was set.
        TransportTimeoutError, BadAnswerError
            When it does not come, or not whole.
        """
        self._open()
        if self._asked_s is None or self._stopped:
            raise StaleDataError(
                "no exposure is running", self._model.name, "start the measurement again"
            )
        counts = self._read(timeout_s)
        self._wire.expect_silence()
        self._settled_s = self._timing.now()
        said: Facts = ()
        if self._model.has_status:
            status = self._check_status(StaleDataError)
            said = (("acquisition status", str(status.acquisition)),)
        self._expose(self._parked)
        if self._temperature is not None:
            said = (*said, ("temperature before the exposure", f"{self._temperature:.2f} C"))
        return Exposure(counts, said)

    def cancel(self) -> None:
        """Mark the running exposure as stopped; there is no command that would end it."""
        self._stopped = True

    def temperature_c(self) -> float | None:
        """Return the temperature of the detector, or of the board beside it, in degrees Celsius.

        While an exposure runs the instrument is left alone: it is the one read just before.
        """
        self._open()
        if self._asked_s is None:
            self._temperature = self._read_temperature()
        return self._temperature

    def close(self) -> None:
        """Leave the lamp line low and let the port go; closing again does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            self._wire.send(protocol.LAMP_LINE_LOW)
        except DeviceError:
            self._wire.doubtful = True  # gone already, or about to be
        finally:
            self._wire.close()

    # --- details -------------------------------------------------------------------------------

    def _open(self) -> None:
        if self._closed:
            raise NotConnectedError(
                "the spectrometer was closed", self._model.name, "connect it again"
            )

    def _seconds(self, steps: int) -> float:
        return steps * self._model.step_us * 1e-6

    def _window_s(self) -> float:
        return self._seconds(self._parked) + AT_ONCE_S

    def _is_short(self) -> bool:
        """Return whether the exposure is too short to tell by the clock which one it is.

        Two looks of one window each have to fit into it.
        """
        return self._seconds(self._steps) <= 3.0 * self._window_s()

    def _initialise(self) -> None:
        """Begin the session; what another program left running is waited out by `start`."""
        if self._model.has_status:
            left = self._status(WrongDeviceError)
            self._wire.high_speed = left.high_speed
            self._settled_s = self._timing.now() + left.integration_us * 1e-6
        self._wire.send(protocol.INITIALISE)
        self._timing.sleep(INITIALISING_S)
        self._run_freely()
        self._expose(self._parked)

    def _run_freely(self) -> None:
        self._wire.send(protocol.LAMP_LINE_LOW)
        self._wire.send(protocol.FREE_RUNNING)

    def _expose(self, steps: int) -> None:
        """Set the integration time from the next exposure on, and read it back."""
        before, self._set_steps = self._set_steps, steps
        if steps < before and not self._restarts:
            until = self._timing.now() + self._seconds(before)
            self._settled_s = max(self._settled_s, until)
        self._wire.send(protocol.set_integration_time(steps))
        if self._model.has_status:
            self._check_status(RefusedError)

    def _ask_for_fresh(self) -> None:
        """Ask until the answer does not come at once."""
        self._longest_s = self._seconds(self._steps)
        for thrown_away in range(MOST_STALE):
            self._wire.send(protocol.REQUEST_SPECTRUM)
            self._asked_s = self._timing.now()
            if (self._is_short() and thrown_away == 2) or not self._comes_at_once():
                return
        self._expose(self._parked)
        raise StaleDataError(
            f"{MOST_STALE} spectra came sooner than an exposure lasts",
            self._model.name,
            "unplug the spectrometer, plug it in and measure again",
        )

    def _comes_at_once(self) -> bool:
        """Read and throw away an answer that is too soon to be fresh; False when none is."""
        extra_s = self._seconds(self._steps) if self._is_short() else 0.0
        try:
            self._read(self._window_s() + extra_s)
        except TransportTimeoutError:
            if self._is_short():
                raise
            self._wire.doubtful = False  # nothing came, as it should be
            return False
        return True

    def _settle(self) -> None:
        """Wait out an exposure that was not fetched or is still under way."""
        if self._wire.doubtful:  # it may wait for a trigger: its status tells half of the mode
            self._run_freely()
        self._wire.resynchronise()
        if self._set_steps != self._parked:
            self._expose(self._parked)
        late_s = self._settled_s
        if self._asked_s is not None:
            late_s = max(late_s, self._asked_s + self._longest_s)
        left_s = max(0.0, late_s - self._timing.now())
        if self._asked_s is None and left_s > 0.0:
            self._wire.send(protocol.REQUEST_SPECTRUM)
            self._asked_s = self._timing.now()
        if self._asked_s is not None:
            self._wait_out(left_s)
        self._settled_s = self._timing.now()
        self._stopped = False
        self._wire.resynchronise()

    def _wait_out(self, left_s: float) -> None:
        """Read away the answer of an exposure that lasts `left_s` more at the longest."""
        patience_s = max(self._longest_s, PATIENCE_S)
        try:
            self._read(min(left_s, patience_s) + self._window_s() + LATE_S)
        except AnswerError as error:
            self._wire.doubtful = True
            if left_s > patience_s and isinstance(error, TransportTimeoutError):
                raise BusyError(
                    f"an exposure that was not asked for runs, {left_s - patience_s:.0f} s more "
                    "at the longest",
                    self._model.name,
                    "wait, or unplug the spectrometer and plug it in",
                ) from error
        self._asked_s = None
        self._wire.empty()

    def _read(self, timeout_s: float) -> FloatArray:
        data = self._wire.spectrum(timeout_s)
        self._asked_s = None
        try:
            counts = protocol.parse_spectrum(data, self._model)
        except BadAnswerError:
            self._wire.doubtful = True
            raise
        before, self._last = self._last, data
        if protocol.repeats(data, before):
            self._wire.doubtful = True
            raise StaleDataError(
                "the spectrum, or one part of it, is bit for bit the one before",
                self._model.name,
                "measure again",
            )
        return counts

    def _status(self, wrong: type[DeviceError] = BadAnswerError) -> Status:
        status = self._wire.ask(protocol.ASK_STATUS, "status", protocol.parse_status)
        if status.pixels != self._model.pixels:
            raise wrong(
                f"it says {status.pixels} pixels, a {self._model.name} has {self._model.pixels}",
                self._wire.name,
                "check which model is connected",
            )
        return status

    def _check_status(self, wrong: type[AnswerError]) -> Status:
        """Read the status; raise `wrong` when it says otherwise than was set.

        That is another integration time, waiting for a trigger, or a lamp line that is not low.
        """
        status = self._status()
        wanted_us = self._set_steps * self._model.step_us
        if status.integration_us != wanted_us:
            self._wire.doubtful = True
            running_s = self._timing.now() + status.integration_us * 1e-6
            self._settled_s = max(self._settled_s, running_s)
            # It exposes with that one, again and again, until `_settle` sends another.
            self._set_steps = -(-status.integration_us // self._model.step_us)
            raise wrong(
                f"the integration time is {status.integration_us} us, {wanted_us} us was set",
                self._model.name,
                "measure again; when it happens again, unplug the spectrometer and plug it in",
            )
        if status.trigger or status.lamp:
            self._run_freely()  # a command of before did not arrive as it was sent
            raise wrong(
                f"it is in trigger mode {status.trigger}, its lamp line at {status.lamp}",
                self._model.name,
                "measure again; when it happens again, unplug the spectrometer and plug it in",
            )
        return status

    def _read_temperature(self) -> float | None:
        if self._model.is_cooled:
            return self._wire.ask(
                protocol.ASK_COOLER_TEMPERATURE,
                "detector temperature",
                protocol.cooler_temperature,
            )
        if self._model.has_board_sensor:
            return self._wire.ask(
                protocol.ASK_BOARD_TEMPERATURE, "board temperature", protocol.board_temperature
            )
        return None

    def _read_facts(self) -> DetectorFacts:
        wire, model = self._wire, self._model
        firmware, name = "", model.name
        if model.has_registers:
            register = wire.ask(
                protocol.ask_register(protocol.FIRMWARE_REGISTER),
                "FPGA version",
                lambda answer: protocol.parse_register(answer, protocol.FIRMWARE_REGISTER),
            )
            firmware = protocol.firmware_text(register)
            if protocol.is_flame(register):
                name = {"USB2000+": "Flame-S", "USB4000": "Flame-T"}.get(name, name)
        memory = read_memory(model, wire.slot)
        low, high = model.shortest_us / 1000.0, model.longest_us / 1000.0
        kind = "cooled" if model.is_cooled else "uncooled"
        sensor = "detector" if model.is_cooled else "circuit board"
        sees = model.is_cooled or model.has_board_sensor
        return DetectorFacts(
            model=name,
            serial=memory.serial,
            firmware=f"FPGA {firmware}" if firmware else "",
            detector=f"{kind} array, {model.pixels} pixels",
            pixels=model.pixels,
            active_pixels=model.active_pixels,
            integration_time_ms=Limits(low, high, "ms"),
            saturation_counts=memory.saturation_counts,
            axis=memory.axis,
            reads_temperature=sees,
            facts=(
                *memory.facts,
                ("temperature sensor", sensor if sees else "none"),
                ("integration time", FPGA_FACT if model.has_status else "cannot be read back"),
                ("USB", "480 Mbit/s" if wire.high_speed else "12 Mbit/s"),
            ),
        )


def open_parts(
    wire: UsbPort, timing: Timing, *, model: str | None = None
) -> tuple[DetectorPart, LaserPart | None]:
    """Open a spectrometer on a claimed USB interface.

    Parameters
    ----------
    wire : UsbPort
        The interface; closed again when opening fails.
    timing : Timing
        The time.
    model : str or None
        Name of the row that it must be; by its product id when None.

    Returns
    -------
    detector, None
        It has no laser.

    Raises
    ------
    WrongDeviceError
        When it is another instrument, or not of this family.
    AnswerError, NotConnectedError
        When it does not answer as its protocol says.
    """
    try:
        return OoiDetector(OoiWire(wire, timing, _row(wire, model)), timing), None
    except BaseException:
        wire.close()
        raise


def _row(port: UsbPort, name: str | None) -> OoiModel:
    by_id = model_of_product(port.product_id) if port.vendor_id == VENDOR_ID else None
    asked = model_named(_SAME_AS.get(name.casefold(), name)) if name is not None else by_id
    if by_id is None or asked is not by_id:
        raise WrongDeviceError(
            f"USB device {port.vendor_id:04x}:{port.product_id:04x} is not "
            + (f"a {name}" if name is not None else "a spectrometer of this family"),
            port.name,
            f"connect one of {', '.join(row.name for row in MODELS)}",
        )
    return by_id


_SAME_AS = {"flame-s": "USB2000+", "flame-t": "USB4000"}
