"""Wasatch Photonics FID protocol: the requests, as a table. Source: see `protocol`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

VENDOR_ID = 0x24AA
FX2 = 0x1000
FX2_INGAAS = 0x2000
ARM = 0x4000

SPECTRUM_ENDPOINT = 0x82
SECOND_ENDPOINT = 0x86
SECOND_TIER = 0xFF
BUFFER = bytes(8)
ANSWER_ROOM = 64
PAGE_BYTES = 64
PAGES = 9  # the ninth holds something on XS units only, but all are asked
LONGEST_INTEGRATION_MS = 0xFF_FFFF
PERIOD_US = 1000
FULL_COUNT = 65535
ADC_LASER = 0
DAC_BITS = 0xFFF

REMEDY = "unplug the analyser and plug it in again; if it happens again, have it looked at"


class Op(IntEnum):
    """Requests; a name in brackets of the vendor's list is what it is called there."""

    ACQUIRE = 0xAD
    SET_INTEGRATION = 0xB2
    GET_INTEGRATION = 0xBF
    SET_GAIN = 0xB7
    GET_GAIN = 0xC5
    SET_OFFSET = 0xB6
    GET_OFFSET = 0xC4
    SET_GAIN_ODD = 0x9D
    GET_GAIN_ODD = 0x9F
    SET_OFFSET_ODD = 0x9C
    GET_OFFSET_ODD = 0x9E
    GET_FIRMWARE = 0xC0
    GET_FPGA = 0xB4
    SET_TEC = 0xD6
    GET_TEC = 0xDA
    SET_TEC_SETPOINT = 0xD8
    GET_TEC_SETPOINT = 0xD9
    GET_DETECTOR_TEMPERATURE = 0xD7
    SELECT_ADC = 0xED
    SELECTED_ADC = 0xEE
    READ_ADC = 0xD5
    SET_LASER = 0xBE
    GET_LASER = 0xE2
    SET_MODULATION = 0xBD
    GET_MODULATION = 0xE3
    SET_PERIOD = 0xC7
    GET_PERIOD = 0xCB
    SET_WIDTH = 0xDB
    GET_WIDTH = 0xDC
    SET_DELAY = 0xC6
    GET_DELAY = 0xCA
    CAN_FIRE = 0xEF
    SET_WARNING_DELAY = 0x8A
    GET_WARNING_DELAY = 0x8B
    SET_LASER_TEC_MODE = 0x84
    GET_LASER_TEC_MODE = 0x85
    SET_LASER_TEC_SETPOINT = 0xE7
    GET_LASER_TEC_SETPOINT = 0xE8
    SET_ATTENUATOR = 0x82
    GET_ATTENUATOR = 0x83
    SET_TRIGGER = 0xD2
    GET_TRIGGER = 0xD3
    DATA_READY = 0xD4
    RESET_FPGA = 0xB5
    WRITE_PAGE_FX2 = 0xA2  # never sent
    DFU = 0xFE  # never sent


class Upper(IntEnum):
    """Requests of the second tier: bRequest 0xFF, these in wValue, the argument in wIndex."""

    READ_PAGE = 0x01
    WRITE_PAGE_ARM = 0x02  # never sent
    LINE_LENGTH = 0x03
    COMPILE_OPTIONS = 0x04
    FIRING = 0x0D
    BATTERY = 0x13
    SELECT_LASER = 0x15
    GET_WATCHDOG = 0x17
    SET_WATCHDOG = 0x18
    GET_RAMAN_DELAY = 0x19
    SET_RAMAN_DELAY = 0x20
    START_LINE = 0x21
    STOP_LINE = 0x23
    SET_ROI = 0x25
    AMBIENT_TEMPERATURE = 0x2A


NEVER_SENT = frozenset({Op.WRITE_PAGE_FX2, Op.DFU})


@dataclass(frozen=True, slots=True)
class Command:
    """A request without an answer (bmRequestType 0x40)."""

    request: int
    value: int = 0
    index: int = 0
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Question:
    """A request with an answer (bmRequestType 0xC0).

    Parameters
    ----------
    request, value, index : int
        The request.
    room : int
        wLength; the device answers shorter.
    sizes : tuple of int
        Lengths that an answer may have; any other is no answer.
    """

    request: int
    value: int = 0
    index: int = 0
    room: int = ANSWER_ROOM
    sizes: tuple[int, ...] = (1,)


FIRMWARE = Question(Op.GET_FIRMWARE, sizes=(4,))
FPGA = Question(Op.GET_FPGA, room=7, sizes=(7,))
COMPILE_OPTIONS = Question(SECOND_TIER, Upper.COMPILE_OPTIONS, sizes=(3,))
LINE_LENGTH = Question(SECOND_TIER, Upper.LINE_LENGTH, sizes=(2,))
INTEGRATION = Question(Op.GET_INTEGRATION, sizes=(3,))
GAIN = Question(Op.GET_GAIN, sizes=(2,))
GAIN_ODD = Question(Op.GET_GAIN_ODD, sizes=(2,))
OFFSET = Question(Op.GET_OFFSET, sizes=(2,))
OFFSET_ODD = Question(Op.GET_OFFSET_ODD, sizes=(2,))
TEC = Question(Op.GET_TEC, sizes=(1,))
TEC_SETPOINT = Question(Op.GET_TEC_SETPOINT, sizes=(2,))
DETECTOR_TEMPERATURE = Question(Op.GET_DETECTOR_TEMPERATURE, room=2, sizes=(2,))
SELECTED_ADC = Question(Op.SELECTED_ADC, sizes=(1,))
ADC = Question(Op.READ_ADC, room=2, sizes=(2,))
LASER_ENABLED = Question(Op.GET_LASER, room=1, sizes=(1,))
MODULATION = Question(Op.GET_MODULATION, sizes=(1,))
PERIOD = Question(Op.GET_PERIOD, sizes=(5,))
WIDTH = Question(Op.GET_WIDTH, sizes=(5,))
DELAY = Question(Op.GET_DELAY, sizes=(5,))
CAN_FIRE = Question(Op.CAN_FIRE)
FIRING = Question(SECOND_TIER, Upper.FIRING)
WATCHDOG = Question(SECOND_TIER, Upper.GET_WATCHDOG, sizes=(2,))
WARNING_DELAY = Question(Op.GET_WARNING_DELAY)
LASER_TEC_MODE = Question(Op.GET_LASER_TEC_MODE, room=1)
LASER_TEC_SETPOINT = Question(Op.GET_LASER_TEC_SETPOINT, sizes=(2,))
ATTENUATOR = Question(Op.GET_ATTENUATOR)
TRIGGER = Question(Op.GET_TRIGGER)
RAMAN_DELAY = Question(SECOND_TIER, Upper.GET_RAMAN_DELAY, sizes=(2,))
BATTERY = Question(SECOND_TIER, Upper.BATTERY, sizes=(3, 5))  # five since ARM firmware 1.0.65.1
AMBIENT_TEMPERATURE = Question(SECOND_TIER, Upper.AMBIENT_TEMPERATURE)
DATA_READY = Question(Op.DATA_READY)

ACQUIRE = Command(Op.ACQUIRE)
LASER_OFF = Command(Op.SET_LASER, 0)
LASER_ON = Command(Op.SET_LASER, 1)
TEC_ON = Command(Op.SET_TEC, 1)
TRIGGER_BY_SOFTWARE = Command(Op.SET_TRIGGER, 0, 0, BUFFER)
MODULATION_OFF = Command(Op.SET_MODULATION, 0)
MODULATION_ON = Command(Op.SET_MODULATION, 1)
SELECT_LASER_ADC = Command(Op.SELECT_ADC, ADC_LASER)
