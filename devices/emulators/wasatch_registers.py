"""What an emulated Wasatch Photonics analyser merely keeps: settings that are set and read back.

Each row is a setting of the board that does nothing to the light. Requests of the second tier
(bRequest 0xFF) have the argument in wIndex, all others in wValue.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.drivers.wasatch.opcodes import Op, Upper


@dataclass(frozen=True, slots=True)
class Register:
    """A setting: the requests that set and get it, its size and its value when switched on.

    Parameters
    ----------
    set_by, got_by : int or None
        Requests; those of the second tier are 0xFF00 and what stands in wValue.
    size : int
        Bytes of the answer.
    start : int
        Value when switched on.
    high_byte_first : bool
        Order of the bytes in the answer.
    arm_only : bool
        Whether an FX2 board refuses it.
    fx2_only : bool
        Whether an ARM board refuses it.
    """

    set_by: int | None
    got_by: int | None
    size: int = 1
    start: int = 0
    high_byte_first: bool = False
    arm_only: bool = False
    fx2_only: bool = False


TIER = 0xFF00
REGISTERS = (
    Register(Op.SET_OFFSET, Op.GET_OFFSET, 2),
    Register(Op.SET_GAIN_ODD, Op.GET_GAIN_ODD, 2, 0x01E6),
    Register(Op.SET_OFFSET_ODD, Op.GET_OFFSET_ODD, 2),
    Register(Op.SET_LASER_TEC_MODE, Op.GET_LASER_TEC_MODE, arm_only=True),
    Register(Op.SET_LASER_TEC_SETPOINT, Op.GET_LASER_TEC_SETPOINT, 2, 800, arm_only=True),
    Register(Op.SET_ATTENUATOR, Op.GET_ATTENUATOR, 1, arm_only=True),
    Register(Op.SET_TRIGGER, Op.GET_TRIGGER, fx2_only=True),
    Register(TIER | Upper.SELECT_LASER, None),
    Register(TIER | Upper.SET_RAMAN_DELAY, TIER | Upper.GET_RAMAN_DELAY, 2, 0, True, arm_only=True),
    Register(TIER | Upper.START_LINE, TIER | 0x22, 2, arm_only=True),
    Register(TIER | Upper.STOP_LINE, TIER | 0x24, 2, 1080, arm_only=True),
    Register(TIER | Upper.SET_ROI, TIER | 0x26, 2, arm_only=True),
    # Beyond the table of the protocol notes: other programs ask for these.
    Register(0xDD, 0xDE),  # modulation linked to integration
    Register(0xEB, 0xEC),  # high gain (InGaAs), area scan (silicon)
    Register(0x8E, None),  # detector time-out
    Register(0x90, None),  # I2C poke
    Register(0xAA, 0xAB, 3),  # trigger delay
    Register(0xA6, None),  # area scan: lines
    Register(0xA8, None),  # area scan: interval
    Register(0x22, None),  # accessories
    Register(0x30, 0x31),  # shutter
    Register(0x32, 0x33),  # lamp
    Register(0x36, 0x37),  # fan
    Register(None, 0xD1, 2),  # sensing threshold
    Register(None, 0xCF),
    Register(None, 0xE1),  # trigger output
    Register(None, 0xCC),
    Register(None, 0xCD),
    Register(None, 0xE4, 2),  # frames
    Register(None, 0xB3, 2),  # FPGA configuration register
    Register(TIER | 0x16, None, arm_only=True),  # Raman mode
    Register(None, TIER | 0x08, 1, 1),  # has a laser
    Register(None, TIER | 0x09, 1, 0),  # laser control
    Register(TIER | 0x62, TIER | 0x63, 2, 1, arm_only=True),  # averages
)
SETTERS = {row.set_by: row for row in REGISTERS if row.set_by is not None}
GETTERS = {row.got_by: row for row in REGISTERS if row.got_by is not None}
TIMES = {Op.SET_PERIOD: Op.GET_PERIOD, Op.SET_WIDTH: Op.GET_WIDTH, Op.SET_DELAY: Op.GET_DELAY}
"""Requests with 40 bits, and how they are read back."""


def key_of(request: int, value: int) -> int:
    """Return what a request is found by in the tables here."""
    return TIER | value if request == 0xFF else request
