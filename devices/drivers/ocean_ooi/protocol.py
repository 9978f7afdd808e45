"""The OOI protocol: bytes to values and back. No port, no time.

Source: USB2000+ and USB4000 OEM data sheets, Flame user manual 225-00000-000-11 pages 67 to 105.
A command is one opcode and its argument on a bulk endpoint, numbers least significant byte first;
answers carry no length, checksum or sequence, so each length, echo and the sync byte is checked.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.drivers.ocean_ooi.models import OoiModel, Saturation
from devices.errors import BadAnswerError
from devices.frame import FloatArray

SYNC = 0x69
SLOT_BYTES = 17
STATUS_BYTES = 16
REGISTER_BYTES = 3
BOARD_BYTES = 3
COOLER_BYTES = 2
FIRMWARE_REGISTER = 0x04
HIGH_SPEED = 0x80
FULL_SPEED = 0x00
FLAME_ECHO = 0xFE  # a Flame echoes this instead of the register's number
DEGREES_PER_STEP = 0.003906
FIRST_PART_BYTES = 2048

SERIAL_SLOT = 0
WAVELENGTH_SLOTS = (1, 2, 3, 4)
STRAY_LIGHT_SLOT = 5
NONLINEARITY_SLOTS = tuple(range(6, 14))
ORDER_SLOT = 14
BENCH_SLOT = 15
CONFIGURATION_SLOT = 16
SATURATION_SLOT = 17
SLOTS = tuple(range(18))

INITIALISE = b"\x01"
REQUEST_SPECTRUM = b"\x09"
ASK_STATUS = b"\xfe"
ASK_BOARD_TEMPERATURE = b"\x6c"
ASK_COOLER_TEMPERATURE = b"\x72"
LAMP_LINE_LOW = b"\x03\x00\x00"
FREE_RUNNING = b"\x0a\x00\x00"

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_REMEDY = "measure again; when it happens again, unplug the spectrometer and plug it in"


def set_integration_time(steps: int) -> bytes:
    """Return the command that sets the integration time, in steps of the model."""
    return struct.pack("<BI", 0x02, steps)


def ask_slot(slot: int) -> bytes:
    """Return the command that asks for a slot of the memory."""
    return bytes((0x05, slot))


def ask_register(register: int) -> bytes:
    """Return the command that asks for a register of the FPGA."""
    return bytes((0x6B, register))


def exact(data: bytes, length: int, what: str) -> bytes:
    """Return `data`, or refuse it when it does not have `length` bytes.

    Raises
    ------
    BadAnswerError
        Says how many of how many bytes came.
    """
    if len(data) != length:
        raise BadAnswerError(f"{len(data)} bytes came, {length} expected", what, _REMEDY)
    return data


@dataclass(frozen=True, slots=True)
class Status:
    """The answer to FE.

    Parameters
    ----------
    pixels : int
        Counts in a spectrum.
    integration_us : int
        Integration time in microseconds.
    lamp, trigger, acquisition, packets, power, packet_count : int
        As sent.
    high_speed : bool
        USB at 480 Mbit/s, otherwise 12.
    """

    pixels: int
    integration_us: int
    lamp: int
    trigger: int
    acquisition: int
    packets: int
    power: int
    packet_count: int
    high_speed: bool


def parse_status(data: bytes) -> Status:
    """Take the answer to FE apart.

    Raises
    ------
    BadAnswerError
        When it is not 16 bytes or the speed is neither of the two there are.
    """
    exact(data, STATUS_BYTES, "status")
    pixels, integration, lamp, trigger, acquisition, packets, power, count = struct.unpack_from(
        "<HI6B", data
    )
    if data[14] not in (FULL_SPEED, HIGH_SPEED):
        raise BadAnswerError(f"USB speed 0x{data[14]:02x} does not exist", "status", _REMEDY)
    return Status(
        pixels,
        integration,
        lamp,
        trigger,
        acquisition,
        packets,
        power,
        count,
        high_speed=data[14] == HIGH_SPEED,
    )


def parse_slot(data: bytes, slot: int) -> bytes:
    """Return the 15 bytes of a slot.

    Raises
    ------
    BadAnswerError
        When the length or the echo is wrong.
    """
    exact(data, SLOT_BYTES, f"slot {slot}")
    if data[:2] != bytes((0x05, slot)):
        raise BadAnswerError(f"the answer starts {data[:2].hex()}", f"slot {slot}", _REMEDY)
    return data[2:]


def slot_text(content: bytes) -> str | None:
    """Return the text of a slot: up to the first NUL; None when blank or not printable ASCII."""
    text = content.partition(b"\x00")[0]
    if not text or not all(0x20 <= byte < 0x7F for byte in text):
        return None
    return text.decode("ascii").strip() or None


def slot_number(content: bytes) -> float | None:
    """Return the number in a slot; None when blank, not a number, or not finite."""
    text = slot_text(content)
    if text is None or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def saturation_of(content: bytes, model: OoiModel) -> float | None:
    """Return the count of a full pixel that slot 17 states.

    None when the model stores none, the slot is blank, or the figure is not in the upper half of
    what the converter can give.
    """
    if model.saturation is Saturation.NOWHERE or set(content) <= {0xFF}:
        return None
    start = 0 if model.saturation is Saturation.FIRST else 4
    size = 4 if model.saturation is Saturation.WIDE else 2
    value = int.from_bytes(content[start : start + size], "little")
    return float(value) if model.full_count / 2 < value <= model.full_count else None


def parse_register(data: bytes, register: int) -> int:
    """Return the value of an FPGA register.

    Raises
    ------
    BadAnswerError
        When the length or the echo is wrong.
    """
    exact(data, REGISTER_BYTES, f"register {register}")
    if data[0] not in (register, FLAME_ECHO):
        raise BadAnswerError(
            f"the answer is about register {data[0]}", f"register {register}", _REMEDY
        )
    return int.from_bytes(data[1:], "little")


def firmware_text(register: int) -> str:
    """Return the FPGA version of register 04: one, two and one hexadecimal digits."""
    return f"{register >> 12:X}.{register >> 4 & 0xFF:02X}.{register & 0xF:X}"


def is_flame(register: int) -> bool:
    """Return whether the FPGA version is that of a Flame: major 3 or above."""
    return register >> 12 >= 3


def board_temperature(data: bytes) -> float:
    """Return the temperature of the circuit board in degrees Celsius from the answer to 6C."""
    exact(data, BOARD_BYTES, "board temperature")
    return _possible(struct.unpack_from("<h", data, 1)[0] * DEGREES_PER_STEP, "board temperature")


def cooler_temperature(data: bytes) -> float:
    """Return the temperature of the detector in degrees Celsius from the answer to 72."""
    exact(data, COOLER_BYTES, "detector temperature")
    return _possible(struct.unpack("<h", data)[0] / 10.0, "detector temperature")


def _possible(degrees: float, what: str) -> float:
    if not -60.0 <= degrees <= 100.0:
        raise BadAnswerError(f"{degrees:g} degrees Celsius is not possible", what, _REMEDY)
    return degrees


def parse_spectrum(data: bytes, model: OoiModel) -> FloatArray:
    """Return the counts of a spectrum, shape (pixels,), as the converter gave them.

    Raises
    ------
    BadAnswerError
        When the length is wrong, the sync byte is not 0x69, a count is higher than the converter
        can give, or all counts are equal.
    """
    exact(data, model.spectrum_bytes, "spectrum")
    if model.has_sync and data[-1] != SYNC:
        raise BadAnswerError(
            f"the spectrum ends with 0x{data[-1]:02x}, not 0x{SYNC:02x}: bytes are missing or "
            "too many",
            "spectrum",
            _REMEDY,
        )
    words = _words(data[: 2 * model.pixels], model) ^ np.uint16(model.inverted_bits)
    if (words == words[0]).all():
        raise BadAnswerError(f"flat: all pixels are {int(words[0])}", "spectrum", _REMEDY)
    bits = model.full_count.bit_length()
    if int(words.max()) >> bits:
        raise BadAnswerError(
            f"a count of {int(words.max())} from a converter of {bits} bits", "spectrum", _REMEDY
        )
    return words.astype(np.float64)


def repeats(data: bytes, before: bytes) -> bool:
    """Return whether a part of a spectrum is that of the one before, to the bit.

    A part is what comes from an endpoint of its own. One of a single value, such as all full, is
    no sign.
    """
    parts = (slice(0, FIRST_PART_BYTES), slice(FIRST_PART_BYTES, None))
    return any(data[part] == before[part] and len(set(data[part][:-1:2])) > 1 for part in parts)


def _words(data: bytes, model: OoiModel) -> NDArray[np.uint16]:
    if not model.interleaved:
        return np.frombuffer(data, dtype="<u2").astype(np.uint16)
    halves = np.frombuffer(data, dtype=np.uint8).reshape(-1, 2, 64).astype(np.uint16)
    return (halves[:, 0] + (halves[:, 1] & 0x0F) * 256).ravel().astype(np.uint16)


def stated_axis(contents: tuple[bytes, ...], pixels: int, origin: int) -> tuple[float, ...] | None:
    """Return the wavelength polynomial in nm of slots 1 to 4, or None when it makes no sense.

    It makes sense when all four are numbers and the wavelengths are positive, below 10 um, and
    rise from the first pixel to the last.
    """
    numbers = [slot_number(content) for content in contents]
    known = tuple(number for number in numbers if number is not None)
    if len(known) != len(WAVELENGTH_SLOTS):
        return None
    with np.errstate(all="ignore"):
        axis = np.polynomial.polynomial.polyval(np.arange(pixels) - float(origin), known)
        sane = np.isfinite(axis).all() and (axis > 0).all() and (axis < 10_000).all()
        rises = bool((np.diff(axis) > 0).all())
    return known if sane and rises else None
