"""The messages of the Ocean Binary Protocol: codes, and the layout of what goes in and comes out.

Sources: QE Pro data sheet 891-00000-000-05-201604, pages 22-40; the vendor's list of message types
for the light sources and for "spectrum now". Layouts are `struct` letters, little-endian: B u8,
H u16, I u32, f float32; ``"s"`` is the rest as text or counts.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from devices.errors import BadAnswerError

Value: TypeAlias = int | float | bytes


class Code(IntEnum):
    """Message types. Those that write calibration, save settings or reprogram are never sent."""

    RESET = 0x000
    RESET_TO_DEFAULTS = 0x001
    GET_HARDWARE_REVISION = 0x080
    GET_FIRMWARE_REVISION = 0x090
    GET_FPGA_REVISION = 0x091
    GET_SERIAL_NUMBER = 0x100
    GET_SERIAL_NUMBER_LENGTH = 0x101
    GET_ALIAS = 0x200
    GET_ALIAS_LENGTH = 0x201
    SET_ALIAS = 0x210
    GET_USER_STRING_COUNT = 0x300
    GET_USER_STRING_LENGTH = 0x301
    GET_USER_STRING = 0x302
    SET_USER_STRING = 0x310
    GET_BAUD = 0x800
    GET_FLOW_CONTROL = 0x804
    SET_BAUD = 0x810
    SET_FLOW_CONTROL = 0x814
    SAVE_SERIAL_SETTINGS = 0x8F0
    CONFIGURE_LED = 0x1010
    REPROGRAM = 0xFFF00
    ABORT = 0x100000
    GET_BUFFER_LIMIT = 0x100820
    GET_BUFFER_SIZE = 0x100822
    CLEAR_BUFFER = 0x100830
    DROP_OLDEST = 0x100831
    SET_BUFFER_SIZE = 0x100832
    GET_BUFFERED_COUNT = 0x100900
    ACQUIRE = 0x100902
    GET_IDLE = 0x100908
    GET_BUFFERED_SPECTRUM = 0x100928
    GET_CORRECTED_SPECTRUM_NOW = 0x101000
    GET_RAW_SPECTRUM_NOW = 0x101100
    GET_INTEGRATION_TIME = 0x110000
    GET_INTEGRATION_TIME_MIN = 0x110001
    GET_INTEGRATION_TIME_MAX = 0x110002
    GET_INTEGRATION_TIME_STEP = 0x110003
    SET_INTEGRATION_TIME = 0x110010
    GET_TRIGGER_MODE = 0x110100
    SET_TRIGGER_MODE = 0x110110
    GET_LAMP = 0x110400
    SET_LAMP = 0x110410
    GET_DELAY = 0x110500
    GET_DELAY_MIN = 0x110501
    GET_DELAY_MAX = 0x110502
    GET_DELAY_STEP = 0x110503
    SET_DELAY = 0x110510
    GET_WAVELENGTH_COUNT = 0x180100
    GET_WAVELENGTH = 0x180101
    SET_WAVELENGTH = 0x180111
    GET_NONLINEARITY_COUNT = 0x181100
    GET_NONLINEARITY = 0x181101
    SET_NONLINEARITY = 0x181111
    GET_IRRADIANCE = 0x182001
    GET_IRRADIANCE_COUNT = 0x182002
    GET_IRRADIANCE_AREA = 0x182003
    GET_STRAY_LIGHT_COUNT = 0x183100
    GET_STRAY_LIGHT = 0x183101
    GET_TEMPERATURE_COUNT = 0x400000
    GET_TEMPERATURE = 0x400001
    GET_TEMPERATURES = 0x400002
    GET_TEC_ENABLED = 0x420000
    GET_TEC_SETPOINT = 0x420001
    GET_TEC_STABLE = 0x420003
    GET_TEC_TEMPERATURE = 0x420004
    SET_TEC_ENABLED = 0x420010
    SET_TEC_SETPOINT = 0x420011
    GET_LIGHT_ENABLED = 0x810021
    SET_LIGHT_ENABLED = 0x810031
    GET_LIGHT_INTENSITY = 0x810041
    SET_LIGHT_INTENSITY = 0x810051


@dataclass(frozen=True, slots=True)
class Layout:
    """What a message takes and what it answers; `answer` is None for a command (SET)."""

    takes: str
    answer: str | None


_GETS = {
    "B": (0x080, 0x101, 0x201, 0x300, 0x301, 0x804, 0x100908, 0x110100, 0x110400, 0x180100,
          0x181100, 0x183100, 0x400000, 0x420000, 0x420003),
    "H": (0x090, 0x091),
    "I": (0x800, 0x100820, 0x100822, 0x100900, 0x110000, 0x110001, 0x110002, 0x110003, 0x110500,
          0x110501, 0x110502, 0x110503, 0x182002),
    "f": (0x182003, 0x420001, 0x420004),
    "fff": (0x400002,),
    "s": (0x100, 0x200, 0x100928, 0x101000, 0x101100, 0x182001),
}  # fmt: skip
_SETS = {
    "": (0x000, 0x001, 0x8F0, 0xFFF00, 0x100000, 0x100830, 0x100902),
    "B": (0x814, 0x1010, 0x110110, 0x110410, 0x420010),
    "I": (0x810, 0x100831, 0x100832, 0x110010, 0x110510),
    "f": (0x420011,),
    "s": (0x210,),
    "Bs": (0x310,),
    "Bf": (0x180111, 0x181111),
    "BBB": (0x810031,),
    "BBf": (0x810051,),
}
_OTHERS = {
    Code.GET_USER_STRING: Layout("B", "s"),
    Code.GET_WAVELENGTH: Layout("B", "f"),
    Code.GET_NONLINEARITY: Layout("B", "f"),
    Code.GET_STRAY_LIGHT: Layout("B", "f"),
    Code.GET_TEMPERATURE: Layout("B", "f"),
    Code.GET_LIGHT_ENABLED: Layout("BB", "B"),
    Code.GET_LIGHT_INTENSITY: Layout("BB", "f"),
}

LAYOUTS: dict[Code, Layout] = {
    **{Code(code): Layout("", answer) for answer, codes in _GETS.items() for code in codes},
    **{Code(code): Layout(takes, None) for takes, codes in _SETS.items() for code in codes},
    **_OTHERS,
}


def pack(layout: str, *values: Value) -> bytes:
    """Return `values` as bytes in `layout`."""
    fixed = layout.replace("s", "")
    rest = (value for value in values[len(fixed) :] if isinstance(value, bytes))
    return struct.pack("<" + fixed, *values[: len(fixed)]) + b"".join(rest)


def unpack(layout: str, payload: bytes) -> tuple[Value, ...]:
    """Return the values of `payload`, whose length must be exactly that of `layout`.

    Raises
    ------
    BadAnswerError
        When the length is another.
    """
    fixed = struct.calcsize("<" + layout.replace("s", ""))
    open_ended = layout.endswith("s")
    if len(payload) < fixed or (len(payload) > fixed and not open_ended):
        raise BadAnswerError(f"{len(payload)} bytes came where {fixed} belong")
    values = struct.unpack("<" + layout.replace("s", ""), payload[:fixed])
    return (*values, payload[fixed:]) if open_ended else values
