"""The inside of an emulated Ocean Binary Protocol spectrometer: messages in, messages out.

Acknowledgements and errors are as the QE Pro data sheet says: a command whose acknowledgement was
not asked for is never answered, not even when it is refused; a question always is.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable

from devices.drivers.ocean_obp.messages import LAYOUTS, Code, Value, pack, unpack
from devices.drivers.ocean_obp.models import ObpModel
from devices.drivers.ocean_obp.protocol import (
    NO_SUCH_INFORMATION,
    UNKNOWN_MESSAGE,
    Damage,
    Decoder,
    Flag,
    Message,
    encode,
)
from devices.emulators.bench import Bench
from devices.emulators.ocean_obp_camera import BUFFER_LIMIT, ObpCamera, Wanted
from devices.emulators.ocean_obp_memory import ObpMemory
from devices.errors import BadAnswerError

PAYLOAD_LENGTH, PAYLOAD_DATA = 5, 6
BAUDS = (2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800)
LONGEST_DELAY_US = 335_500
BOOT_S = 7.0
BOARD_C, MICRO_C = 31.5, 38.25
STABLE_C, STABLE_DRIFT_C, STABLE_S = 1.0, 0.1, 10.0
MOST_REQUEST = 1024

_NOW = (Code.GET_RAW_SPECTRUM_NOW, Code.GET_CORRECTED_SPECTRUM_NOW)
_SPECTRA = (Code.GET_BUFFERED_SPECTRUM, *_NOW)
_TEC = range(0x420000, 0x420020)
LONGEST_PAUSE_S = 0.5  # assumed: a damaged length would else swallow all that follows
_LIGHT = range(0x810000, 0x810100)


class RefusalError(Exception):
    """A message is answered with a NACK of this error number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class ObpInstrument:
    """One instrument behind any number of lanes (a serial line, pairs of end points).

    Parameters
    ----------
    model : ObpModel
        Its row.
    memory : ObpMemory
        What it holds: serial number, calibration, texts.
    bench : Bench
        Its detector, and the sample; another emulator may share it for the laser.
    """

    def __init__(self, model: ObpModel, memory: ObpMemory, bench: Bench) -> None:
        self.model, self.memory, self.bench = model, memory, bench
        self.seen: Counter[int] = Counter()
        self.unknown: Counter[int] = Counter()
        self.saves = 0
        self.baud = memory.baud
        self.baud_wanted: int | None = None
        self._decoders: dict[int, Decoder] = {}
        self._heard_s: dict[int, float] = {}
        self._out: dict[int, deque[bytes]] = {}
        self.camera = ObpCamera(model, bench)
        self._gets = self._get_table()
        self._sets = self._set_table()
        self._boot(0.0)

    # -- the wire's side --------------------------------------------------------------------------

    def receive(self, lane: int, data: bytes, at_s: float) -> None:
        """Take bytes of one lane; what it has of a frame is forgotten when the rest tarries."""
        self.advance(at_s)
        decoder = self._decoders.setdefault(lane, Decoder(MOST_REQUEST))
        if at_s - self._heard_s.get(lane, at_s) > LONGEST_PAUSE_S:
            decoder.reset()
        self._heard_s[lane] = at_s
        damaged = decoder.damaged
        messages = decoder.feed(data)
        if self.deaf:
            return
        if decoder.damaged > damaged:
            self._complain(lane, decoder.damage[-1])
        for message in messages:
            self._obey(lane, message)

    def frames(self, lane: int, at_s: float) -> deque[bytes]:
        """Return the frames that wait to go out on `lane`; the caller takes them away."""
        self.advance(at_s)
        return self._out.setdefault(lane, deque())

    def next_s(self) -> float | None:
        """Return when it will say more by itself."""
        return self.camera.next_s()

    @property
    def deaf(self) -> bool:
        """Whether it is starting, or its power is gone."""
        return self.camera.gone or self.bench.time_s < self._up_s

    def advance(self, at_s: float) -> None:
        """Let time pass."""
        self.camera.advance(at_s)

    def trigger(self, at_s: float) -> None:
        """Give a pulse on the external trigger line."""
        self.advance(at_s)
        self.camera.pulse()

    def _boot(self, up_s: float) -> None:
        self._up_s = up_s
        self.camera.boot()
        if self.model.laser_nm is not None:
            self.bench.laser(on=False)
        self._light_power = 1.0
        self._setpoint_c = self.bench.model.setpoint_c
        self._registers: dict[Code, int] = {
            Code.GET_LAMP: 0,
            Code.GET_FLOW_CONTROL: 0,
            Code.GET_TEC_ENABLED: int(self.model.cooled),
        }

    # -- messages ---------------------------------------------------------------------------------

    def _complain(self, lane: int, damage: Damage) -> None:
        """Say that a frame was damaged, when it can have been a frame at all."""
        if damage.kind in LAYOUTS:
            message = Message(damage.kind, b"", Flag(damage.flags & 0x7F), 0, damage.regarding)
            self._refuse(lane, message, damage.error)

    def _obey(self, lane: int, message: Message) -> None:
        self.seen[message.kind] += 1
        try:
            if message.kind not in LAYOUTS or not self._has(message.kind):
                self.unknown[message.kind] += 1
                raise RefusalError(UNKNOWN_MESSAGE)
            code = Code(message.kind)
            values = _values(LAYOUTS[code].takes, message.payload)
            if code in _SPECTRA:
                self.camera.ask(self._wanted(lane, code, message))
            elif (layout := LAYOUTS[code].answer) is not None:
                told = self._told(code, values)
                self._answer(lane, message, pack(layout, *told))
            else:
                self._sets[code](*values)
                self._acknowledge(lane, message)
        except RefusalError as refusal:
            self._refuse(lane, message, refusal.number)

    def _wanted(self, lane: int, code: Code, message: Message) -> Wanted:
        return Wanted(
            code,
            lambda payload: self._answer(lane, message, payload),
            lambda number: self._refuse(lane, message, number),
        )

    def _has(self, kind: int) -> bool:
        if kind == Code.GET_BUFFERED_SPECTRUM:
            return self.model.buffered
        if kind in _TEC:
            return self.model.cooled
        if kind in _LIGHT:
            return self.model.laser_nm is not None
        return kind != Code.REPROGRAM

    def _told(self, code: Code, values: tuple[Value, ...]) -> tuple[Value, ...]:
        if code in self._registers:
            return (self._registers[code],)
        told = self._gets[code](*values)
        return told if isinstance(told, tuple) else (told,)

    def _answer(self, lane: int, request: Message, payload: bytes) -> None:
        acknowledged = Flag.ACK if request.flags & Flag.ACK_REQUESTED else Flag.NONE
        self._say(lane, request, Flag.RESPONSE | acknowledged, payload)

    def _acknowledge(self, lane: int, request: Message) -> None:
        if request.flags & Flag.ACK_REQUESTED:
            self._say(lane, request, Flag.ACK)

    def _refuse(self, lane: int, request: Message, number: int) -> None:
        """Send a NACK; a command whose acknowledgement nobody wants is ignored in silence."""
        layout = LAYOUTS.get(Code(request.kind)) if request.kind in LAYOUTS else None
        asked = layout is None or layout.answer is not None
        if asked or request.flags & Flag.ACK_REQUESTED:
            self._say(lane, request, Flag.NACK, b"", number)

    def _say(
        self, lane: int, request: Message, flags: Flag, payload: bytes = b"", error: int = 0
    ) -> None:
        answer = Message(
            request.kind, payload, flags, error, request.regarding, checksum=request.checksum
        )
        self._out.setdefault(lane, deque()).append(encode(answer))

    # -- what it tells ----------------------------------------------------------------------------

    def _get_table(self) -> dict[Code, Callable[..., Value | tuple[Value, ...]]]:
        memory, model, camera = self.memory, self.model, self.camera
        return {
            Code.GET_HARDWARE_REVISION: lambda: memory.hardware,
            Code.GET_FIRMWARE_REVISION: lambda: memory.firmware,
            Code.GET_FPGA_REVISION: lambda: memory.fpga,
            Code.GET_SERIAL_NUMBER: lambda: memory.serial,
            Code.GET_SERIAL_NUMBER_LENGTH: lambda: 16,
            Code.GET_ALIAS: lambda: memory.alias,
            Code.GET_ALIAS_LENGTH: lambda: 16,
            Code.GET_USER_STRING_COUNT: lambda: len(memory.user_strings),
            Code.GET_USER_STRING_LENGTH: lambda: 16,
            Code.GET_USER_STRING: lambda at: _item(memory.user_strings, at),
            Code.GET_BAUD: lambda: self.baud_wanted or self.baud,
            Code.GET_BUFFER_LIMIT: lambda: BUFFER_LIMIT,
            Code.GET_BUFFERED_COUNT: lambda: len(camera.buffer),
            Code.GET_IDLE: lambda: int(camera.idle),
            Code.GET_BUFFER_SIZE: lambda: camera.buffer_size,
            Code.GET_INTEGRATION_TIME: lambda: camera.integration_us,
            Code.GET_TRIGGER_MODE: lambda: camera.trigger_mode,
            Code.GET_DELAY: lambda: camera.delay_us,
            Code.GET_INTEGRATION_TIME_MIN: lambda: model.integration_us[0],
            Code.GET_INTEGRATION_TIME_MAX: lambda: model.integration_us[1],
            Code.GET_INTEGRATION_TIME_STEP: lambda: 1,
            Code.GET_DELAY_MIN: lambda: 0,
            Code.GET_DELAY_MAX: lambda: LONGEST_DELAY_US,
            Code.GET_DELAY_STEP: lambda: 1,
            Code.GET_WAVELENGTH_COUNT: lambda: len(memory.wavelength),
            Code.GET_WAVELENGTH: lambda at: _item(memory.wavelength, at),
            Code.GET_NONLINEARITY_COUNT: lambda: len(memory.nonlinearity),
            Code.GET_NONLINEARITY: lambda at: _item(memory.nonlinearity, at),
            Code.GET_STRAY_LIGHT_COUNT: lambda: len(memory.stray_light),
            Code.GET_STRAY_LIGHT: lambda at: _item(memory.stray_light, at),
            Code.GET_IRRADIANCE_COUNT: lambda: 0,
            Code.GET_IRRADIANCE: _nothing,
            Code.GET_IRRADIANCE_AREA: _nothing,
            Code.GET_TEMPERATURE_COUNT: lambda: len(self._temperatures()),
            Code.GET_TEMPERATURE: lambda at: _item(self._temperatures(), at),
            Code.GET_TEMPERATURES: self._temperatures,
            Code.GET_TEC_SETPOINT: lambda: self._setpoint_c,
            Code.GET_TEC_STABLE: lambda: int(self._stable()),
            Code.GET_TEC_TEMPERATURE: lambda: self.bench.temperature,
            Code.GET_LIGHT_ENABLED: self._light_enabled,
            Code.GET_LIGHT_INTENSITY: self._light_intensity,
        }

    def _temperatures(self) -> tuple[float, ...]:
        return MICRO_C, BOARD_C, self.bench.temperature

    def _stable(self) -> bool:
        gap = abs(self.bench.temperature - self._setpoint_c)
        drift = gap * (1.0 - math.exp(-STABLE_S / self.bench.model.cooling_time_s))
        return gap < STABLE_C and drift < STABLE_DRIFT_C

    def _light_enabled(self, module: int, source: int) -> int:
        _check(module == 0 and source == 0)
        return int(self.bench.laser_enabled)

    def _light_intensity(self, module: int, source: int) -> float:
        _check(module == 0 and source == 0)
        return self._light_power

    # -- what it is told --------------------------------------------------------------------------

    def _set_table(self) -> dict[Code, Callable[..., None]]:
        memory, camera = self.memory, self.camera
        return {
            Code.RESET: lambda: self._boot(self.bench.time_s + BOOT_S),
            Code.RESET_TO_DEFAULTS: lambda: self._boot(self.bench.time_s + BOOT_S),
            Code.SET_ALIAS: memory.set_alias,
            Code.SET_USER_STRING: self._set_user_string,
            Code.SET_BAUD: self._set_baud,
            Code.SET_FLOW_CONTROL: self._keeper(Code.GET_FLOW_CONTROL),
            Code.SAVE_SERIAL_SETTINGS: self._save,
            Code.CONFIGURE_LED: lambda _value: None,
            Code.ABORT: camera.abort,
            Code.CLEAR_BUFFER: camera.buffer.clear,
            Code.DROP_OLDEST: camera.drop,
            Code.SET_BUFFER_SIZE: self._number("buffer_size", 1, BUFFER_LIMIT),
            Code.ACQUIRE: camera.acquire,
            Code.SET_INTEGRATION_TIME: self._number("integration_us", *self.model.integration_us),
            Code.SET_TRIGGER_MODE: self._set_trigger,
            Code.SET_LAMP: self._keeper(Code.GET_LAMP),
            Code.SET_DELAY: self._number("delay_us", 0, LONGEST_DELAY_US),
            Code.SET_WAVELENGTH: lambda at, value: memory.store("wavelength", at, value),
            Code.SET_NONLINEARITY: lambda at, value: memory.store("nonlinearity", at, value),
            Code.SET_TEC_ENABLED: self._set_tec,
            Code.SET_TEC_SETPOINT: self._set_setpoint,
            Code.SET_LIGHT_ENABLED: self._set_light,
            Code.SET_LIGHT_INTENSITY: self._set_intensity,
        }

    def _keeper(self, register: Code) -> Callable[[int], None]:
        def keep(value: int) -> None:
            _check(value in (0, 1))
            self._registers[register] = value

        return keep

    def _number(self, name: str, lowest: int, highest: int) -> Callable[[int], None]:
        def put(value: int) -> None:
            _check(lowest <= value <= highest)
            setattr(self.camera, name, value)

        return put

    def _set_user_string(self, at: int, text: bytes) -> None:
        _item(self.memory.user_strings, at)
        self.memory.user_strings[at] = text[:16]

    def _set_baud(self, baud: int) -> None:
        _check(baud in BAUDS)
        self.baud_wanted = baud

    def _save(self) -> None:
        self.saves += 1

    def _set_trigger(self, mode: int) -> None:
        _check(0 <= mode <= 3)
        self.camera.set_trigger_mode(mode)

    def _set_tec(self, enabled: int) -> None:
        _check(enabled in (0, 1))
        self._registers[Code.GET_TEC_ENABLED] = enabled
        self.bench.cool_to(self._setpoint_c if enabled else None)

    def _set_setpoint(self, celsius: float) -> None:
        _check(-40.0 <= celsius <= 40.0)
        self._setpoint_c = celsius
        if self._registers[Code.GET_TEC_ENABLED]:
            self.bench.cool_to(celsius)

    def _set_light(self, module: int, source: int, enabled: int) -> None:
        _check(module == 0 and source == 0 and enabled in (0, 1))
        self.bench.laser(bool(enabled), self._light_power)

    def _set_intensity(self, module: int, source: int, intensity: float) -> None:
        _check(module == 0 and source == 0 and 0.0 <= intensity <= 1.0)
        self._light_power = intensity
        if self.bench.laser_enabled:
            self.bench.laser(on=True, power=intensity)


def _check(fits: bool) -> None:
    if not fits:
        raise RefusalError(PAYLOAD_DATA)


def _item(items: list[bytes] | list[float] | tuple[float, ...], at: int) -> Value:
    if at >= len(items):
        raise RefusalError(NO_SUCH_INFORMATION)
    return items[at]


def _nothing() -> Value:
    raise RefusalError(NO_SUCH_INFORMATION)


def _values(layout: str, payload: bytes) -> tuple[Value, ...]:
    try:
        return unpack(layout, payload)
    except BadAnswerError as error:
        raise RefusalError(PAYLOAD_LENGTH) from error
