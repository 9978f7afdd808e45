"""Counts, rates and bounds as a validation report prints them."""

from __future__ import annotations

import math
from typing import Any


def share(item: dict[str, Any] | None) -> str:
    """Return a rate as per cent with one decimal, "-" without one."""
    if item is None or item["rate"] is None:
        return "-"
    return f"{100 * item['rate']:.1f} %"


def counted(item: dict[str, Any] | None) -> str:
    """Return a count as "57 of 59", "-" without one."""
    return "-" if item is None or not item["n"] else f"{item['count']} of {item['n']}"


def bounds(item: dict[str, Any] | None) -> str:
    """Return the exact bounds of a rate, rounded outwards."""
    if item is None or item["rate"] is None:
        return "-"
    low = math.floor(round(1000 * item["low95"], 6)) / 10
    high = math.ceil(round(1000 * item["high95"], 6)) / 10
    return f"{low:.1f} to {high:.1f} %"


def both(item: dict[str, Any] | None) -> str:
    """Return a count with its bounds; a line may break before the bracket only."""
    if item is None or not item["n"]:
        return "-"
    unbroken = (text.replace(" ", "\u00a0") for text in (counted(item), f"({bounds(item)})"))
    return " ".join(unbroken)


def mean(value: float | None) -> str:
    """Return a macro average as per cent."""
    return "-" if value is None else f"{100 * value:.1f} %"
