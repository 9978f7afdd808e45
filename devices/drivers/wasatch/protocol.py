"""Wasatch Photonics FID protocol (USB): requests and answers as values, no I/O and no time.

Source: the vendor's open drivers Wasatch.PY and Wasatch.NET (MIT), which follow the vendor's own
documents ENG-0001 (USB) and ENG-0034 (EEPROM). Facts were taken from them, no code. Checked against
Wasatch.PY and emulators only, never against an instrument.

Traps: the detector temperature comes big-endian, the laser thermistor little-endian; the watchdog
is big-endian; 40-bit times travel in wValue, wIndex and the first byte of the data; an ARM board
wants 8 bytes with every request, an FX2 board none but where a buffer is part of the request.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from devices.drivers.wasatch.opcodes import (
    DAC_BITS,
    LONGEST_INTEGRATION_MS,
    MODULATION_OFF,
    MODULATION_ON,
    PAGE_BYTES,
    PERIOD_US,
    REMEDY,
    SECOND_TIER,
    Command,
    Op,
    Question,
    Upper,
)
from devices.errors import BadAnswerError, MemoryContentError, SettingsError


def read_page(page: int) -> Question:
    """Return the question for EEPROM page `page`, 64 bytes."""
    return Question(SECOND_TIER, Upper.READ_PAGE, page, sizes=(PAGE_BYTES,))


def set_integration(milliseconds: int) -> Command:
    """Return the command that sets the time of one exposure, 24 bits.

    Raises
    ------
    SettingsError
        When it does not fit.
    """
    if not 1 <= milliseconds <= LONGEST_INTEGRATION_MS:
        raise SettingsError(
            f"{milliseconds} ms does not fit the 24 bits of the protocol",
            "integration time",
            f"choose 1 to {LONGEST_INTEGRATION_MS} ms",
        )
    return Command(Op.SET_INTEGRATION, milliseconds & 0xFFFF, milliseconds >> 16)


def set_gain(gain: float, *, odd: bool = False) -> Command:
    """Return the command that sets the detector gain of the even or the odd pixels."""
    return Command(Op.SET_GAIN_ODD if odd else Op.SET_GAIN, to_funky_float(gain))


def set_offset(offset: int, *, odd: bool = False) -> Command:
    """Return the command that sets the detector offset of the even or the odd pixels."""
    if not -0x8000 <= offset <= 0x7FFF:
        raise SettingsError(f"offset {offset} does not fit 16 bits", "offset", "choose another")
    return Command(Op.SET_OFFSET_ODD if odd else Op.SET_OFFSET, offset & 0xFFFF)


def set_tec_setpoint(raw: int) -> Command:
    """Return the command that sets the 12-bit set point of the detector's cooler."""
    return Command(Op.SET_TEC_SETPOINT, raw & DAC_BITS)


def set_start_line(line: int) -> Command:
    """Return the command for the first line of the detector that is binned."""
    return Command(SECOND_TIER, Upper.START_LINE, line & 0xFFFF)


def set_stop_line(line: int) -> Command:
    """Return the command for the last line of the detector that is binned, plus 1."""
    return Command(SECOND_TIER, Upper.STOP_LINE, line & 0xFFFF)


def set_watchdog(seconds: int) -> Command:
    """Return the command for the laser watchdog; 0 would switch it off and is refused.

    Raises
    ------
    SettingsError
        For 0 and for what does not fit 16 bits.
    """
    if not 1 <= seconds <= 0xFFFF:
        raise SettingsError(
            f"a watchdog of {seconds} s is not allowed",
            "laser watchdog",
            "choose 1 to 65535 s; it is never switched off",
        )
    return Command(SECOND_TIER, Upper.SET_WATCHDOG, seconds)


def set_time_us(request: Op, microseconds: int) -> Command:
    """Return the command for a 40-bit time: wValue, wIndex, and the top byte in the buffer.

    Raises
    ------
    SettingsError
        When it does not fit.
    """
    if not 0 <= microseconds < 1 << 40:
        raise SettingsError(f"{microseconds} us does not fit 40 bits", "laser modulation", "")
    top = bytes([microseconds >> 32]) + bytes(7)
    return Command(request, microseconds & 0xFFFF, (microseconds >> 16) & 0xFFFF, top)


def laser_power(percent: float) -> tuple[Command, ...]:
    """Return the commands that set the power by pulse width; 100 % needs no modulation.

    Raises
    ------
    SettingsError
        Below one pulse step (0.1 %) and above 100 %.
    """
    width = round(percent * PERIOD_US / 100.0) if math.isfinite(percent) else 0
    if not 1 <= width <= PERIOD_US:
        raise SettingsError(
            f"{percent:g} % is outside 0.1 to 100 %", "laser power", "choose a value inside"
        )
    if width == PERIOD_US:
        return (MODULATION_OFF,)
    return (
        set_time_us(Op.SET_PERIOD, PERIOD_US),
        set_time_us(Op.SET_WIDTH, width),
        MODULATION_ON,
    )


def to_funky_float(value: float) -> int:
    """Return a gain as the device takes it: integer part in the high byte, 1/256 in the low.

    Raises
    ------
    SettingsError
        When it is not within 0 to 255.99.
    """
    raw = round(value * 256.0) if math.isfinite(value) else -1
    if not 0 <= raw <= 0xFFFF:
        raise SettingsError(f"a gain of {value!r} does not fit", "detector gain", "")
    return raw


def from_funky_float(raw: int) -> float:
    """Return the gain that `raw` stands for."""
    return (raw >> 8) + (raw & 0xFF) / 256.0


def little(answer: bytes) -> int:
    """Return an unsigned number sent with its lowest byte first."""
    return int.from_bytes(answer, "little")


def big(answer: bytes) -> int:
    """Return an unsigned number sent with its highest byte first."""
    return int.from_bytes(answer, "big")


def signed(answer: bytes) -> int:
    """Return a signed number sent with its lowest byte first."""
    return int.from_bytes(answer, "little", signed=True)


def checked(answer: bytes, question: Question, what: str) -> bytes:
    """Return `answer` when it has a length that `question` allows.

    Raises
    ------
    BadAnswerError
        When it has not.
    """
    if len(answer) not in question.sizes:
        wanted = " or ".join(str(size) for size in question.sizes)
        raise BadAnswerError(f"{len(answer)} of {wanted} bytes came", what, REMEDY)
    return answer


def firmware_text(answer: bytes) -> str:
    """Return the firmware revision: 00 00 00 0A is ``"10.0.0.0"``."""
    return ".".join(str(part) for part in reversed(answer))


def fpga_text(answer: bytes) -> str:
    """Return the FPGA revision, printable characters only."""
    return "".join(chr(byte) for byte in answer if 0x20 <= byte < 0x7F).strip()


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """How the FPGA of an FX2 unit was built."""

    integration_resolution: int
    data_header: int
    cf_select: bool
    laser_type: int
    laser_control: int
    area_scan: bool
    actual_integration: bool
    horizontal_binning: bool


def compile_options(answer: bytes) -> CompileOptions:
    """Return the options in 3 bytes."""
    word = little(answer)
    return CompileOptions(
        word & 0x7,
        word >> 3 & 0x7,
        bool(word & 0x40),
        word >> 7 & 0x3,
        word >> 9 & 0x7,
        bool(word & 0x1000),
        bool(word & 0x2000),
        bool(word & 0x4000),
    )


@dataclass(frozen=True, slots=True)
class Battery:
    """Charge in per cent, and whether it is being charged."""

    percent: float
    charging: bool


def battery(answer: bytes) -> Battery:
    """Return the charge: fraction in 1/256, whole per cent, charging.

    Raises
    ------
    BadAnswerError
        When it is above 100 %.
    """
    percent = answer[1] + answer[0] / 256.0
    if percent > 101.0:
        raise BadAnswerError(f"a charge of {percent:.1f} % is not possible", "battery", REMEDY)
    return Battery(percent, bool(answer[2]))


def polynomial(coefficients: tuple[float, ...], variable: float) -> float:
    """Return the polynomial with `coefficients`, lowest order first, at `variable`."""
    total = 0.0
    for coefficient in reversed(coefficients):
        total = total * variable + coefficient
    return total


def tec_setpoint(
    celsius: float, coefficients: tuple[float, ...], lowest_c: float, highest_c: float
) -> int:
    """Return the 12-bit value for a detector temperature.

    Raises
    ------
    MemoryContentError
        When the coefficients are not finite.
    SettingsError
        When the temperature is outside what the memory allows.
    """
    if not lowest_c <= celsius <= highest_c:
        raise SettingsError(
            f"{celsius:g} degrees is outside {lowest_c:g} to {highest_c:g}", "detector cooler", ""
        )
    raw = polynomial(coefficients, celsius)
    if not math.isfinite(raw):
        raise MemoryContentError("its cooler is not calibrated", "memory page 1", "")
    return max(0, min(DAC_BITS, round(raw)))


def detector_celsius(answer: bytes, coefficients: tuple[float, ...]) -> float:
    """Return the detector temperature; the two bytes come with the HIGH byte first."""
    return polynomial(coefficients, float(big(answer)))


def laser_celsius(answer: bytes, *, arm: bool) -> float | None:
    """Return the laser temperature; the two bytes come with the LOW byte first, 12 bits count.

    None where the converter is at an end of its scale: no sensor is there. FX2: thermistor with
    beta 3977 and 10 kOhm behind 21.45 kOhm at 2.5 V; ARM: cubic of the vendor's driver.
    """
    raw = little(answer) & DAC_BITS
    if raw in {0, DAC_BITS}:
        return None
    if arm:
        return polynomial(ARM_LASER_CELSIUS, float(raw))
    volts = 2.5 * raw / 4096.0
    ohms = 21450.0 * volts / (2.5 - volts)
    return 3977.0 / (math.log(ohms / 10000.0) + 3977.0 / 298.0) - 273.0


ARM_LASER_CELSIUS = (
    1.5712971947853123,
    1.4453391889061071e-2,
    -1.8534086153440592e-6,
    4.2553356470494626e-10,
)


def percent_of_power(milliwatts: float, coefficients: tuple[float, ...]) -> float:
    """Return the per cent of full power that give `milliwatts`, by the cubic in the memory.

    Raises
    ------
    MemoryContentError
        When the memory holds no such calibration.
    """
    percent = polynomial(coefficients, milliwatts)
    if not any(coefficients[1:]) or not math.isfinite(percent):
        raise MemoryContentError(
            "its laser power is not calibrated", "memory page 3", "use per cent"
        )
    return percent


def power_at_percent(
    percent: float, coefficients: tuple[float, ...], lowest_mw: float, highest_mw: float
) -> float | None:
    """Return the milliwatts at `percent` of full power, or None where the cubic does not say.

    The cubic is turned round by halving its interval: it has to rise from `lowest_mw` to
    `highest_mw`, otherwise nothing is said.
    """
    if not (any(coefficients[1:]) and 0 <= lowest_mw < highest_mw < math.inf):
        return None
    steps = [lowest_mw + (highest_mw - lowest_mw) * k / 64 for k in range(65)]
    values = [polynomial(coefficients, step) for step in steps]
    rising = all(a < b for a, b in itertools.pairwise(values))
    if not rising or not values[0] <= percent <= values[-1]:
        return None
    low, high = lowest_mw, highest_mw
    for _ in range(60):
        middle = 0.5 * (low + high)
        if polynomial(coefficients, middle) < percent:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def first_spectrum_timeout_s(integration_ms: float, *, arm: bool, first: bool) -> float:
    """Return how long a spectrum may take that was asked for just now.

    The vendor's own figures: an ARM unit may have to wake its sensor (20 ms and 8 exposures; 10 s
    more for the first spectrum of all).
    """
    if arm:
        return (8.0 * integration_ms + 520.0) / 1000.0 + (10.0 if first else 0.0)
    return (2.0 * integration_ms + 1000.0) / 1000.0
