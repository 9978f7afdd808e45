"""Emulated spectrometers with Ocean's first USB protocol ("OOI"), on the emulated bench.

They run free as the real ones do: exposures follow each other without a gap, and a request is
answered with the one that ends next, which began before the request. Driver and emulator share the
table of models and nothing else.
"""

from __future__ import annotations

import math
import struct
from collections import Counter, deque
from collections.abc import Mapping
from enum import Enum

import numpy as np

from devices.drivers.ocean_ooi.models import (
    MODELS,
    VENDOR_ID,
    OoiModel,
    Saturation,
    model_named,
)
from devices.emulators.bench import NO_FAULTS, Bench, Faults
from devices.emulators.bench_model import BenchModel, Geometry
from devices.emulators.wire import UsbIdentity, UsbStallError
from devices.errors import UnknownFamilyError
from devices.frame import FloatArray
from devices.sample import Sample

START_UP_US = 100_000
LASER_NM = 785.0
FIRST_NM, LAST_NM, BEND_NM = 792.0, 948.0, -14.0
SATURATED_COUNT = 0.93  # of the highest count: what slot 17 says
VERSIONS = {"USB2000+": 0x1075, "Flame-S": 0x3004}
BLANK_MEMORY = dict.fromkeys(range(19), b"\xff" * 15)
INSANE_MEMORY = {1: b"nan", 2: b"1e999", 3: b"-0.x", 4: b"", 14: b"-7", 17: b"\x00\x00\x00\x00\x01"}
REVERSED_MEMORY = {1: b"948.0", 2: b"-0.08", 3: b"0", 4: b"0"}
_ENDS_AT_ONCE = 1e-9


class Firmware(Enum):
    """What happens to the exposure under way: the published papers and the users disagree."""

    FREE_RUNNING = "a new integration time counts from the next exposure"
    RESTARTING = "a new integration time starts a new exposure"
    BUFFERING = "as free-running, and the last exposure waits for the next request"


class OceanOoi:
    """One emulated spectrometer; a `UsbModel`.

    Parameters
    ----------
    row : OoiModel
        Which one.
    bench : Bench
        The physics; may be shared with an emulated laser.
    slots : mapping of int to bytes
        What its memory holds, up to 15 bytes each.
    firmware : Firmware
        How it treats the exposure under way.
    version : int
        FPGA version; from 0x3000 it is a Flame and echoes registers as one.
    high_speed : bool
        USB at 480 Mbit/s, otherwise 12.
    """

    def __init__(
        self,
        row: OoiModel,
        bench: Bench,
        slots: Mapping[int, bytes],
        *,
        firmware: Firmware = Firmware.FREE_RUNNING,
        version: int = 0x1075,
        high_speed: bool = True,
    ) -> None:
        self.row, self.bench, self.firmware = row, bench, firmware
        self.slots = {slot: content[:15].ljust(15, b"\x00") for slot, content in slots.items()}
        self.version, self.high_speed = version, high_speed
        self.unknown: Counter[int] = Counter()
        self.registers: dict[int, int] = {}
        self.lamp = self.trigger = 0
        self.integration_us = START_UP_US
        self._waiting: dict[int, deque[bytes]] = {}
        self._wanted = 0
        self._kept: FloatArray | None = None

    @property
    def identity(self) -> UsbIdentity:
        """What it says when it is plugged in."""
        row = self.row
        more = (0x86,) if row.out == 0x01 and row.has_sync else ()
        return UsbIdentity(
            VENDOR_ID,
            row.product_id,
            "emulated",
            f"{row.name} (emulated)",
            "",
            (row.out,),
            (row.data, *more, row.answers),
            512 if self.high_speed else 64,
        )

    def control_in(self, request: int, value: int, index: int, length: int, at_s: float) -> bytes:
        """Refuse: it knows no vendor requests."""
        self._live(at_s)
        raise UsbStallError(f"vendor request {request:#04x} {value:#x} {index:#x}, {length} bytes")

    def control_out(self, request: int, value: int, index: int, data: bytes, at_s: float) -> None:
        """Refuse: it knows no vendor requests."""
        self._live(at_s)
        raise UsbStallError(f"vendor request {request:#04x} {value:#x} {index:#x} {data.hex()}")

    def bulk_out(self, endpoint: int, data: bytes, at_s: float) -> None:
        """Take a command; one that it does not know is ignored and counted in `unknown`."""
        self._live(at_s)
        if endpoint != self.row.out:
            raise UsbStallError(f"endpoint {endpoint:#04x}")
        if not (data and self._obey(data[0], data[1:])):
            self.unknown[data[0] if data else -1] += 1
        self._live(at_s)

    def bulk_in(self, endpoint: int, length: int, at_s: float) -> bytes | None:
        """Return up to `length` bytes of the answer that is first in line on `endpoint`."""
        self._live(at_s)
        if endpoint not in self.identity.endpoints_in:
            raise UsbStallError(f"endpoint {endpoint:#04x}")
        line = self._waiting.get(endpoint)
        if not line:
            return None
        first = line.popleft()
        if len(first) > length:
            line.appendleft(first[length:])
        return first[:length]

    def next_s(self, endpoint: int) -> float | None:
        """Return when the spectrum that was asked for ends."""
        if not self._wanted or endpoint == self.row.answers:
            return None
        return self.bench.exposure_ends_s

    # --- commands ------------------------------------------------------------------------------

    def _obey(self, opcode: int, argument: bytes) -> bool:
        if opcode in (0x02, 0x03, 0x06, 0x0A, 0x6A, 0x71, 0x73):
            return self._set(opcode, argument)
        if opcode in (0x05, 0x6B, 0x6C, 0x72, 0xFE):
            answer = self._answer(opcode, argument)
            if answer is None:
                return False
            self._queue(self.row.answers, answer)
        elif opcode == 0x09:
            self._request()
        elif opcode == 0x01:
            self.lamp = self.trigger = 0
            self._expose_for(START_UP_US)
        else:
            return False
        return True

    def _set(self, opcode: int, argument: bytes) -> bool:
        if opcode == 0x06:
            return self._write_slot(argument)
        if opcode == 0x6A:
            return self._write_register(argument)
        if opcode in (0x71, 0x73):
            return self._cool(opcode, argument)
        if len(argument) not in (2, 4):
            return False
        number = int.from_bytes(argument, "little")
        if opcode == 0x02:
            return self._expose_for(number * self.row.step_us)
        if opcode == 0x03:
            self.lamp = number
        else:
            self.trigger = number
        return True

    def _expose_for(self, microseconds: int) -> bool:
        if not self.row.shortest_us <= microseconds <= self.row.longest_us:
            return False
        self.integration_us = microseconds
        if self.firmware is Firmware.RESTARTING:
            self.bench.begin(microseconds * 1e-6)
        return True

    def _write_slot(self, argument: bytes) -> bool:
        if not argument:
            return False
        self.slots[argument[0]] = argument[1:16].ljust(15, b"\x00")
        return True

    def _write_register(self, argument: bytes) -> bool:
        if len(argument) != 3 or not self.row.has_registers:
            return False
        self.registers[argument[0]] = int.from_bytes(argument[1:], "little")
        return True

    def _cool(self, opcode: int, argument: bytes) -> bool:
        if len(argument) != 2 or not self.row.is_cooled:
            return False
        if opcode == 0x73:
            self.bench.cool_to(struct.unpack("<h", argument)[0] / 10.0)
        elif not argument[0]:
            self.bench.cool_to(None)
        return True

    def _answer(self, opcode: int, argument: bytes) -> bytes | None:
        row = self.row
        if opcode == 0x05 and len(argument) == 1:
            return bytes((0x05, argument[0])) + self.slots.get(argument[0], b"\xff" * 15)
        if opcode == 0x6B and len(argument) == 1 and row.has_registers:
            value = self.version if argument[0] == 0x04 else self.registers.get(argument[0], 0)
            echo = 0xFE if self.version >= 0x3000 else argument[0]
            return struct.pack("<BH", echo, value)
        if opcode == 0x6C and row.has_board_sensor:
            return struct.pack("<Bh", 0x08, round(self.bench.temperature_c() / 0.003906))
        if opcode == 0x72 and row.is_cooled:
            return struct.pack("<h", round(self.bench.temperature_c() * 10))
        return self._status() if opcode == 0xFE and row.has_status else None

    def _status(self) -> bytes:
        packets = self.row.spectrum_bytes // (512 if self.high_speed else 64)  # without the sync
        ready = any(self._waiting.get(end) for end in (self.row.data, self.row.data_first))
        state = 4 if ready else 2 if self._wanted else 0  # as PyHardwareLibrary found them to be
        head = struct.pack("<HI", self.row.pixels, self.integration_us)
        tail = (self.lamp & 1, self.trigger & 0xFF, state, packets & 0xFF, 1, 0)
        return head + bytes(tail) + bytes((0, 0, 0x80 if self.high_speed else 0, 0))

    # --- exposures -----------------------------------------------------------------------------

    def _request(self) -> None:
        if self._kept is not None:
            self._deliver(self._kept)
            self._kept = None
        else:
            self._wanted += 1

    def _live(self, at_s: float) -> None:
        """Let time pass: one exposure after the other; those nobody asked for are not computed."""
        bench = self.bench
        bench.check_plugged()
        while True:
            ends_s = bench.exposure_ends_s
            if self.trigger:  # it waits for a pulse that never comes
                bench.cancel()
                bench.advance_to(at_s)
                break
            if ends_s is None and bench.exposing:  # hangs
                bench.advance_to(at_s)
                break
            if ends_s is not None and ends_s > at_s:
                bench.advance_to(at_s)
                break
            if ends_s is not None:
                bench.advance_to(ends_s)
                self._finish()
            self._expose_next(at_s)
        bench.check_plugged()

    def _finish(self) -> None:
        if not self._wanted and self.firmware is not Firmware.BUFFERING:
            self.bench.cancel()
            return
        taken = self.bench.taken()
        if taken is None:
            return
        if self._wanted:
            self._wanted -= 1
            self._deliver(taken[0])
        else:
            self._kept = taken[0]

    def _expose_next(self, at_s: float) -> None:
        bench, seconds = self.bench, self.integration_us * 1e-6
        if not self._wanted:
            # The last of those that pass unseen is kept by a buffering one.
            seen = 1 if self.firmware is Firmware.BUFFERING else 0
            unseen = math.floor((at_s - bench.time_s) / seconds) - seen
            bench.advance_to(bench.time_s + max(0, unseen) * seconds)
        bench.begin(max(seconds, _ENDS_AT_ONCE))

    def _deliver(self, counts: FloatArray) -> None:
        data = self._encoded(counts)
        split = 2048 if self.row.data_first and self.high_speed else 0
        if split:
            self._queue(self.row.data_first, data[:split])
        self._queue(self.row.data, data[split:])

    def _encoded(self, counts: FloatArray) -> bytes:
        words = counts.astype(np.uint16) ^ np.uint16(self.row.inverted_bits)
        data = words.astype("<u2").tobytes()
        if self.row.interleaved:
            pairs = np.frombuffer(data, dtype=np.uint8).reshape(-1, 64, 2)
            data = pairs.transpose(0, 2, 1).tobytes()
        return data + (b"\x69" if self.row.has_sync else b"")

    def _queue(self, endpoint: int, data: bytes) -> None:
        self._waiting.setdefault(endpoint, deque()).append(data)


def sound_memory(row: OoiModel, serial: str = "EMULATED-00001") -> dict[int, bytes]:
    """Return the memory of a calibrated instrument: 792 to 948 nm over the active pixels."""
    first, end = row.active_pixels
    width = end - 1 - first
    bend = BEND_NM / width**2
    slope = (LAST_NM - FIRST_NM) / width - bend * width
    start = FIRST_NM - (first - row.pixel_origin) * slope
    texts = [serial, f"{start:.7g}", f"{slope:.7g}", f"{bend:.7g}", "0"]
    texts += ["0", "1", "0", "0", "0", "0", "0", "0", "0", "7", "GR 785 25um", "emulated", "", "2"]
    memory = {slot: text.encode("ascii") for slot, text in enumerate(texts)}
    memory[17] = _saturation_content(row)
    return memory


def _saturation_content(row: OoiModel) -> bytes:
    count = round(SATURATED_COUNT * row.full_count)
    if row.saturation is Saturation.NOWHERE:
        return b""
    if row.saturation is Saturation.FIRST:
        return struct.pack("<H", count)
    return bytes(4) + struct.pack("<I" if row.saturation is Saturation.WIDE else "<H", count)


def bench_model(row: OoiModel) -> BenchModel:
    """Return the physics of a row; its axis is what `sound_memory` states."""
    memory = sound_memory(row)
    bits = row.full_count.bit_length()
    stores = row.saturation is not Saturation.NOWHERE
    full = round(SATURATED_COUNT * row.full_count) if stores else row.full_count
    return BenchModel(
        model=f"{row.name} (emulated)",
        detector="emulated silicon array",
        laser_nm=LASER_NM,
        wavelength_coefficients_nm=tuple(float(memory[slot]) for slot in (1, 2, 3, 4)),
        pixels=row.pixels,
        resolution_cm1=12.0,
        electrons_per_count=2.0 * 2 ** (16 - bits),
        offset_counts=1500.0 / 2 ** (16 - bits),
        adc_bits=bits,
        full_counts=float(full),
        geometry=Geometry(row.active_pixels, row.dark_pixels, row.pixel_origin),
        setpoint_c=-10.0 if row.is_cooled else 27.0,
        start_c=-9.5 if row.is_cooled else 25.0,
        cooling_time_s=30.0 if row.is_cooled else 300.0,
    )


MODEL_NAMES = (*(row.name for row in MODELS), "Flame-S")


def emulator(
    sample: Sample,
    seed: int,
    *,
    model: str = "USB2000+",
    faults: Faults = NO_FAULTS,
    memory: Mapping[int, bytes] | None = None,
    firmware: Firmware = Firmware.FREE_RUNNING,
    high_speed: bool = True,
    bench: Bench | None = None,
) -> OceanOoi:
    """Return an emulated spectrometer.

    Parameters
    ----------
    sample : Sample
        What is measured.
    seed : int
        Seed of all chance.
    model : str
        One of `MODEL_NAMES`.
    faults : Faults
        What goes wrong inside it.
    memory : mapping of int to bytes or None
        Slots that hold something else than in a sound instrument.
    firmware : Firmware
        How it treats the exposure under way.
    high_speed : bool
        USB at 480 Mbit/s, otherwise 12.
    bench : Bench or None
        A bench that an emulated laser has too; with the pixels of the model.

    Raises
    ------
    UnknownFamilyError
        When there is no such model.
    """
    row = model_named("USB2000+" if model == "Flame-S" else model)
    if row is None:
        raise UnknownFamilyError(
            f"no model is called {model!r}", "", f"choose one of {', '.join(MODEL_NAMES)}"
        )
    return OceanOoi(
        row,
        bench or Bench(bench_model(row), sample, seed, faults),
        {**sound_memory(row), **(memory or {})},
        firmware=firmware,
        version=VERSIONS.get(model, 0x1075),
        high_speed=high_speed,
    )
