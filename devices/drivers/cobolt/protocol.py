"""Words of the Cobolt 04/06/08 command line, and back: pure, without a port.

Follows `DEVICE-PROTOCOLS.md` section 4.4. A command ends with CR; an answer with CR or CR LF. The
controller never talks unasked, is case-sensitive and wants one space before an argument. Powers
are watts on the wire, whatever other programs show.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from devices.errors import BadAnswerError, RefusedError

BAUD: Final = 115_200
SPACING_S: Final = 0.1
OK: Final = "OK"
REFUSED: Final = b"syntax error"
LONGEST_ANSWER: Final = 160
HIGHEST_W: Final = 20.0  # more than any of these lasers has: an answer above is garbage
FAULTS: Final = {
    1: "temperature error",
    3: "interlock error",
    4: "constant power time out",
}
INTERLOCK_FAULT: Final = 3
MODES: Final = {
    0: "off",
    1: "waiting for the key",
    2: "continuous",
    3: "on/off modulation",
    4: "modulation",
    5: "fault",
    6: "aborted",
}
_MODEL = re.compile(r"(\d{4})-(0[468])-")
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d{0,9})?(?:[eE][+-]?\d{1,2})?\Z", re.ASCII)
_REMEDY = "check the cable of the laser, then connect again"


class Generation(Enum):
    """Which of the controllers it has."""

    G04 = "04"
    G06 = "06"
    G08 = "08"


def command(words: str) -> bytes:
    """Return the bytes of a command."""
    return words.encode("ascii") + b"\r"


def set_power(watts: float) -> str:
    """Return the command that sets the power, in watts as the wire wants it."""
    return f"p {watts:.4f}"


def is_refusal(line: bytes) -> bool:
    """Return whether an answer is ``Syntax error``."""
    return line.strip().lower().startswith(REFUSED)


def text_of(line: bytes, words: str, where: str) -> str:
    """Return the answer `line` (without its end) as text.

    Raises
    ------
    RefusedError
        When it is ``Syntax error``: the laser understood nothing of it, or does not allow it.
    BadAnswerError
        When it is not readable.
    """
    readable = all(0x20 <= byte < 0x7F for byte in line)
    if not readable or not line.strip():
        raise BadAnswerError(f"the laser answered {line[:24]!r} to {words!r}", where, _REMEDY)
    text = line.decode("ascii").strip()
    if is_refusal(line):
        why = text.partition(":")[2].strip()
        raise RefusedError(
            f"the laser refuses {words!r}{f' ({why})' if why else ''}",
            where,
            "check its key, its interlock and its start mode",
        )
    return text


def check_ok(text: str, words: str, where: str) -> None:
    """Raise BadAnswerError unless the answer to a command is ``OK``."""
    if text != OK:
        raise _bad(text, words, where)


def flag(text: str, words: str, where: str) -> bool:
    """Return the answer ``0`` or ``1`` as what it says; raises BadAnswerError for another."""
    if text not in ("0", "1"):
        raise _bad(text, words, where)
    return text == "1"


def number(text: str, words: str, where: str) -> float:
    """Return the number in an answer; raises BadAnswerError when there is none."""
    if not _NUMBER.match(text):
        raise _bad(text, words, where)
    return float(text)


def watts(text: str, words: str, where: str) -> float:
    """Return the power in an answer, in watts; raises BadAnswerError when it cannot be."""
    value = number(text, words, where)
    if not -0.1 <= value <= HIGHEST_W:  # a photodiode without light may read a little below zero
        raise _bad(text, words, where)
    return value


def code(text: str, words: str, where: str) -> int:
    """Return the whole number in an answer; raises BadAnswerError when it is none of two digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 2):
        raise _bad(text, words, where)
    return int(text)


def milliamperes(value: float, generation: Generation) -> float:
    """Return a diode current in mA: the 04 gives amperes, 06 and 08 give milliamperes."""
    return 1000.0 * value if generation is Generation.G04 else value


def model_number(text: str) -> tuple[Generation, float] | None:
    """Return what ``glm?`` says (``0785-08-...``): generation, nominal wavelength in nm."""
    match = _MODEL.match(text)
    return (Generation(match[2]), float(match[1])) if match else None


def _bad(text: str, words: str, where: str) -> BadAnswerError:
    return BadAnswerError(f"the laser answered {text[:40]!r} to {words!r}", where, _REMEDY)
