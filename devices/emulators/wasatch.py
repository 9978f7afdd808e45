"""Emulated Wasatch Photonics analysers on USB: FX2 (silicon and InGaAs) and ARM (XS).

Answers every request of the protocol notes (section 1.2), set and get; what the real board does not
know is refused (stalled) and counted in `unknown`. Answers have the short lengths of the board.
Two habits that the notes leave open are assumptions: setting the watchdog, as switching the laser
on, starts its time anew; and a board refuses a request that lacks the buffer it has to bring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from devices.drivers.wasatch import protocol
from devices.drivers.wasatch.eeprom import Eeprom
from devices.drivers.wasatch.opcodes import (
    ADC_LASER,
    DAC_BITS,
    PAGE_BYTES,
    SECOND_ENDPOINT,
    SECOND_TIER,
    SPECTRUM_ENDPOINT,
    VENDOR_ID,
    Op,
    Upper,
)
from devices.emulators.bench import NO_FAULTS, Bench, Faults
from devices.emulators.wasatch_models import (
    MEMORY_PAGES,
    MODELS,
    PARTS,
    WasatchModel,
    pack,
)
from devices.emulators.wasatch_registers import GETTERS, SETTERS, TIMES, key_of
from devices.emulators.wasatch_sensors import detector_raw, laser_raw, solved
from devices.emulators.wire import UsbIdentity, UsbStallError
from devices.interface import LaserState
from devices.sample import Sample

__all__ = ["MODELS", "EmulatedWasatch", "WasatchModel", "emulator", "pack"]

FIRST_PAGE_ADDRESS = 0x3C00
SPLIT_PIXELS = 2048
HALF_BYTES = 2048
LASER_COLD_C, LASER_WARM_C = 25.0, 31.0
FX2_OPTIONS = 0x1080  # area scan, laser inside, 1 ms steps
XS_CAN_FIRE = 0x08
AMBIENT_C = 24


def emulator(
    sample: Sample,
    seed: int,
    *,
    model: str | WasatchModel = "wasatch-785",
    faults: Faults = NO_FAULTS,
) -> EmulatedWasatch:
    """Return an emulated analyser with `sample` in front of it.

    Parameters
    ----------
    sample : Sample
        What is measured.
    seed : int
        Seed of its noise.
    model : str or WasatchModel
        A name out of `MODELS`, or a model of one's own.
    faults : Faults
        What goes wrong inside it.
    """
    return EmulatedWasatch(MODELS[model] if isinstance(model, str) else model, sample, seed, faults)


class EmulatedWasatch:
    """One emulated analyser, a `devices.emulators.wire.UsbModel`.

    Parameters
    ----------
    model : WasatchModel
        What it is.
    sample : Sample
        What is measured.
    seed : int
        Seed of its noise.
    faults : Faults
        What goes wrong inside it.
    """

    def __init__(
        self, model: WasatchModel, sample: Sample, seed: int, faults: Faults = NO_FAULTS
    ) -> None:
        self.model = model
        self.bench = Bench(model.bench, sample, seed, faults)
        self.pages = list(pack(model.memory))
        self.unknown: Counter[tuple[str, int, int]] = Counter()
        self.memory_writes = 0
        self.battery_percent = model.battery_percent
        self.charging = False
        self._kept: dict[int, int] = {row.got_by or 0: row.start for row in GETTERS.values()}
        self._times = {Op.GET_PERIOD: 1000, Op.GET_WIDTH: 0, Op.GET_DELAY: 0}
        self._integration_ms = 10
        self._exposed_ms = 10  # the time that the sensor really runs with
        self._gain = 0x01E6
        self._modulated = False
        self._watchdog_s = 0
        self._warning_delay_s = int(model.bench.laser_delay_s)
        # It has been under power for a while, and cooled: a board keeps that between programs.
        self._tec, self._tec_setpoint = self._cooled_already()
        self._adc, self._adc_before = ADC_LASER, ADC_LASER
        self._waiting = 0  # exposures asked for while one is running
        self._fifo = {endpoint: bytearray() for endpoint in self.identity.endpoints_in}
        self._gone = False
        self._getters = self._table_of_getters()
        self._setters = self._table_of_setters()

    @property
    def identity(self) -> UsbIdentity:
        """What it says when it is plugged in."""
        return UsbIdentity(
            VENDOR_ID,
            self.model.product_id,
            "Wasatch Photonics (emulated)",
            "Emulated Raman analyser",
            self.model.memory.serial if self.model.memory else "",
            endpoints_in=(SPECTRUM_ENDPOINT, SECOND_ENDPOINT),
        )

    @property
    def laser_firing(self) -> bool:
        """Whether light comes out."""
        return self.bench.laser_state() is LaserState.FIRING

    def control_in(self, request: int, value: int, index: int, length: int, at_s: float) -> bytes:
        """Answer a vendor request, shorter than `length` when that is all; raises UsbStallError."""
        self._move(at_s)
        key = key_of(request, value)
        if not self._gone:
            if key in self._getters:
                return self._getters[key](index)[:length]
            row = GETTERS.get(key)
            if row is not None and not (row.fx2_only if self.model.arm else row.arm_only):
                order = "big" if row.high_byte_first else "little"
                return self._kept[key].to_bytes(row.size, order)[:length]  # type: ignore[arg-type]
        self._refuse("in", request, value)
        return b""

    def control_out(self, request: int, value: int, index: int, data: bytes, at_s: float) -> None:
        """Take a vendor request; raises UsbStallError when it knows none such."""
        self._move(at_s)
        key = key_of(request, value)
        if self._gone or (self.model.arm and not data) or (request in TIMES and len(data) < 8):
            self._refuse("out", request, value)
        argument = index if request == SECOND_TIER else value
        row = SETTERS.get(key)
        if request in TIMES:
            self._times[TIMES[Op(request)]] = value | index << 16 | data[0] << 32
            self._shine()
        elif key in self._setters:
            self._setters[key](argument, index, data)
        elif row is not None and not (row.fx2_only if self.model.arm else row.arm_only):
            if row.got_by is not None:
                self._kept[row.got_by] = argument & (1 << 8 * row.size) - 1
        else:
            self._refuse("out", request, value)

    def bulk_out(self, endpoint: int, data: bytes, at_s: float) -> None:  # noqa: ARG002
        """Refuse: the board takes nothing in bulk."""
        self._move(at_s)
        self._refuse("bulk", endpoint, 0)

    def bulk_in(self, endpoint: int, length: int, at_s: float) -> bytes | None:
        """Return up to `length` bytes of `endpoint`, or None when nothing is there yet."""
        self._move(at_s)
        if endpoint not in self._fifo or self._gone:
            self._refuse("bulk", endpoint, 0)
        lying = self._fifo[endpoint]
        if not lying:
            return None
        taken = bytes(lying[:length])
        del lying[:length]
        return taken

    def next_s(self, endpoint: int) -> float | None:
        """Return when `endpoint` will have bytes without being asked, or None."""
        return self.bench.exposure_ends_s if endpoint in self._fifo else None

    def _refuse(self, way: str, request: int, value: int) -> None:
        self.unknown[way, request, value] += 1
        raise UsbStallError(f"{way} {request:#04x} {value:#06x}")

    def _move(self, at_s: float) -> None:
        """Let time pass; exposures that are over go to the endpoints, those that wait begin."""
        while (ends := self.bench.exposure_ends_s) is not None and ends <= at_s:
            self.bench.advance_to(ends)
            taken = self.bench.taken()
            if taken is None:
                break
            self._send(taken[0])
            if self._waiting:
                self._waiting -= 1
                self._expose()
        self.bench.advance_to(at_s)
        self.bench.check_plugged()  # nothing answers without power

    def _send(self, counts: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
        ordered = counts[::-1] if self.model.wired_backwards else counts
        sent = ordered.astype("<u2").tobytes()
        if counts.size == SPLIT_PIXELS and not self.model.arm:
            self._fifo[SPECTRUM_ENDPOINT] += sent[:HALF_BYTES]
            self._fifo[SECOND_ENDPOINT] += sent[HALF_BYTES:]
        else:
            self._fifo[SPECTRUM_ENDPOINT] += sent

    def _expose(self) -> None:
        """Begin an exposure; the free-running sensor of an XS unit takes a new time one late."""
        milliseconds = self._exposed_ms if self.model.arm else self._integration_ms
        self._exposed_ms = self._integration_ms
        self.bench.begin(milliseconds / 1000.0)

    def _acquire(self, _argument: int, _index: int, _data: bytes) -> None:
        if self.bench.exposing:
            self._waiting += 1
        else:
            self._expose()

    def _shine(self) -> None:
        """Bring the power of a laser that is on to what modulation says."""
        if self.bench.laser_enabled:
            self.bench.laser(True, self._power())

    def _power(self) -> float:
        period, width = self._times[Op.GET_PERIOD], self._times[Op.GET_WIDTH]
        if not self._modulated:
            return 1.0
        return min(1.0, width / period) if period else 0.0

    def _switch_laser(self, on: int, _index: int, _data: bytes) -> None:
        self.bench.laser(bool(on), self._power())

    def _modulate(self, on: int, _index: int, _data: bytes) -> None:
        self._modulated = bool(on)
        self._shine()

    def _set_watchdog(self, seconds: int, _index: int, _data: bytes) -> None:
        self._watchdog_s = seconds
        self.bench.watchdog(float(seconds))

    def _set_warning_delay(self, seconds: int, _index: int, _data: bytes) -> None:
        self._warning_delay_s = seconds & 0xFF
        self.bench.warning_delay(float(self._warning_delay_s))

    def _set_integration(self, low: int, high: int, _data: bytes) -> None:
        self._integration_ms = low | (high & 0xFF) << 16

    def _set_gain(self, raw: int, _index: int, _data: bytes) -> None:
        self._gain = raw

    def _select_adc(self, number: int, _index: int, _data: bytes) -> None:
        self._adc_before, self._adc = self._adc, number & 0xFF

    def _set_tec(self, on: int, _index: int, _data: bytes) -> None:
        self._tec = int(bool(on))
        self._cool()

    def _set_tec_setpoint(self, raw: int, _index: int, _data: bytes) -> None:
        self._tec_setpoint = raw & DAC_BITS
        self._cool()

    def _cooled_already(self) -> tuple[int, int]:
        if self.model.arm:
            return 0, 0
        parts = self._true_memory()
        raw = protocol.polynomial(parts.celsius_to_dac, self.model.bench.setpoint_c)
        return 1, max(0, min(DAC_BITS, round(raw)))

    def _cool(self) -> None:
        memory = self._true_memory()
        wanted = solved(memory.celsius_to_dac, self._tec_setpoint, -60.0, 60.0)
        self.bench.cool_to(wanted if self._tec else None)

    def _true_memory(self) -> Eeprom:
        """Return what its parts are calibrated to, also where the memory lost it."""
        return self.model.memory or PARTS

    def _reset(self, _argument: int, _index: int, _data: bytes) -> None:
        self.bench.cancel()
        self._waiting = 0
        for lying in self._fifo.values():
            lying.clear()

    def _write_page(self, number: int, data: bytes) -> None:
        if not 0 <= number < MEMORY_PAGES or len(data) != PAGE_BYTES:
            self._refuse("out", Op.WRITE_PAGE_FX2, number)
        self.pages[number] = bytes(data)
        self.memory_writes += 1

    def _write_page_fx2(self, address: int, _index: int, data: bytes) -> None:
        self._write_page((address - FIRST_PAGE_ADDRESS) // PAGE_BYTES, data)

    def _write_page_arm(self, number: int, _index: int, data: bytes) -> None:
        self._write_page(number, data)

    def _leave(self, _argument: int, _index: int, _data: bytes) -> None:
        """Firmware update: it becomes another device and answers nothing any more."""
        self._gone = True

    def _read_page(self, number: int) -> bytes:
        if number >= len(self.pages):
            self._refuse("in", SECOND_TIER, Upper.READ_PAGE)
        return self.pages[number]

    def _detector_temperature(self, _index: int) -> bytes:
        celsius = self.bench.temperature_c()
        return detector_raw(celsius, self._true_memory().adc_to_celsius).to_bytes(2, "big")

    def _read_adc(self, _index: int) -> bytes:
        """Read the converter; the first reading after a change is still of the one before."""
        shown, self._adc_before = self._adc_before, self._adc
        firing = self.laser_firing
        if shown != ADC_LASER:
            return (2000 if firing else 12).to_bytes(2, "little")
        raw = laser_raw(LASER_WARM_C if firing else LASER_COLD_C, arm=self.model.arm)
        return raw.to_bytes(2, "little")

    def _battery(self, _index: int) -> bytes:
        percent = self.battery_percent
        if percent is None:
            self._refuse("in", SECOND_TIER, Upper.BATTERY)
            return b""
        return bytes([int(percent % 1.0 * 256), int(percent), int(self.charging)])

    def _can_fire(self, _index: int) -> bytes:
        closed = self.bench.interlock_closed() and not self.bench.interlock_tripped
        return bytes([(XS_CAN_FIRE if self.model.arm else 1) if closed else 0])

    def _data_ready(self, _index: int) -> bytes:
        return bytes([int(bool(self._fifo[SPECTRUM_ENDPOINT]))])

    def _table_of_getters(self) -> dict[int, Callable[[int], bytes]]:
        tier = 0xFF00
        table: dict[int, Callable[[int], bytes]] = {
            Op.GET_FIRMWARE: lambda _: bytes(reversed(self.model.firmware)),
            Op.GET_FPGA: lambda _: self.model.fpga.encode("ascii")[:7].ljust(7, b"\0"),
            Op.GET_INTEGRATION: lambda _: self._integration_ms.to_bytes(3, "little"),
            Op.GET_GAIN: lambda _: self._gain.to_bytes(2, "little"),
            Op.GET_TEC: lambda _: bytes([self._tec]),
            Op.GET_TEC_SETPOINT: lambda _: self._tec_setpoint.to_bytes(2, "little"),
            Op.GET_DETECTOR_TEMPERATURE: self._detector_temperature,
            Op.SELECTED_ADC: lambda _: bytes([self._adc]),
            Op.READ_ADC: self._read_adc,
            Op.GET_LASER: lambda _: bytes([int(self.bench.laser_enabled)]),
            Op.GET_MODULATION: lambda _: bytes([int(self._modulated)]),
            Op.CAN_FIRE: self._can_fire,
            Op.DATA_READY: self._data_ready,
            0xDF: lambda _: (self._integration_ms * 1000 & 0xFFFFFF).to_bytes(3, "little"),
            tier | Upper.READ_PAGE: self._read_page,
            tier | Upper.LINE_LENGTH: lambda _: self.model.bench.pixels.to_bytes(2, "little"),
            tier | Upper.COMPILE_OPTIONS: lambda _: self._options(),
            tier | Upper.FIRING: lambda _: bytes([int(self.laser_firing)]),
            tier | Upper.AMBIENT_TEMPERATURE: lambda _: bytes([AMBIENT_C]),
        }
        for got_by in TIMES.values():
            table[got_by] = self._time_getter(got_by)
        if self.model.arm:
            table |= {
                Op.GET_WARNING_DELAY: lambda _: bytes([self._warning_delay_s]),
                tier | Upper.BATTERY: self._battery,
                tier | Upper.GET_WATCHDOG: lambda _: self._watchdog_s.to_bytes(2, "big"),
                tier | 0x2C: lambda _: b"EMULATED-MCU",
                tier | 0x2D: lambda _: b"emulated".ljust(32, b"\0"),
                tier | 0x78: lambda _: bytes([1, 7, 1, 1, 244]),
                0x81: lambda _: bytes(64),  # firmware log, empty
            }
        return table

    def _table_of_setters(self) -> dict[int, Callable[[int, int, bytes], None]]:
        table: dict[int, Callable[[int, int, bytes], None]] = {
            Op.ACQUIRE: self._acquire,
            Op.SET_INTEGRATION: self._set_integration,
            Op.SET_GAIN: self._set_gain,
            Op.SET_TEC: self._set_tec,
            Op.SET_TEC_SETPOINT: self._set_tec_setpoint,
            Op.SELECT_ADC: self._select_adc,
            Op.SET_LASER: self._switch_laser,
            Op.SET_MODULATION: self._modulate,
            Op.RESET_FPGA: self._reset,
            Op.DFU: self._leave,
        }
        if self.model.arm:
            table[0xFF00 | Upper.SET_WATCHDOG] = self._set_watchdog
            table[0xFF00 | Upper.WRITE_PAGE_ARM] = self._write_page_arm
            table[Op.SET_WARNING_DELAY] = self._set_warning_delay
        else:
            table[Op.WRITE_PAGE_FX2] = self._write_page_fx2
        return table

    def _time_getter(self, request: Op) -> Callable[[int], bytes]:
        return lambda _: self._times[request].to_bytes(5, "little")

    def _options(self) -> bytes:
        return b"\xff\xff\xff" if self.model.arm else FX2_OPTIONS.to_bytes(3, "little")
