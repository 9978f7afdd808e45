"""Text and figures as they are printed: nothing that misleads the eye."""

from __future__ import annotations

import math
import unicodedata
from typing import Literal

# Control, format (bidirectional overrides), unassigned, private use, surrogate, line breaks.
UNPRINTABLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
Rounding = Literal["nearest", "up", "down"]


def clean(text: str) -> str:
    """Return `text` with every character that does not print, or redirects print, spelled out."""
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable():  # nearly always: then there is nothing to spell out
        return composed
    return "".join(
        char if unicodedata.category(char) not in UNPRINTABLE else f"<U+{ord(char):04X}>"
        for char in composed
    )


def figure(value: float, form: str) -> str:
    """Return `value` in the format `form`, or "not known" when not finite."""
    if not math.isfinite(value):
        return "not known"
    return format(value, form)


def percent(value: float | None, rounding: Rounding = "nearest") -> str:
    """Return a share as per cent: whole from 10 on, one decimal below, "not known" without one.

    Bounds are rounded to their cautious side with `rounding`.
    """
    if value is None or not math.isfinite(value):
        return "not known"
    share = round(100.0 * value, 9)  # 0.07 * 100 is 7.000000000000001
    scale = 1.0 if abs(share) >= 10.0 or share == 0.0 else 10.0
    if rounding == "up":
        whole = math.ceil(share * scale)
    elif rounding == "down":
        whole = math.floor(share * scale)
    else:
        whole = round(share * scale)
    return figure(whole / scale, ".0f" if scale == 1.0 else ".1f") + " %"
