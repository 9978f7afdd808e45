"""The shapes of the alarm levels, so that none is told by its colour alone."""

from __future__ import annotations

import math

from spectra_app.reports.page import WHITE, Box, Item, Path
from spectra_app.wording import Shape

Points = tuple[tuple[float, float], ...]


def alarm_shape(shape: Shape, size: float, colour: str, hollow: bool) -> tuple[Item, ...]:
    """Return the items of `shape` in a square of `size` mm; a lead is hollow and dashed."""
    fill, stroke = (WHITE if hollow else colour), 0.7
    if shape == "circle":
        return (Box(0, 0, size, size, size / 2, colour, fill, stroke, hollow),)
    if shape == "rounded_square":  # an outline at every level, see the table of alarm levels
        inset = size * 0.06
        side = size - 2 * inset
        return (Box(inset, inset, side, side, size * 0.2, colour, WHITE, 1.4, hollow),)
    outline = Path(_outline(shape, size), colour, fill, stroke, dashed=hollow, closed=True)
    if shape != "barred_triangle":
        return (outline,)
    bar = (size * 0.3, size * 0.62, size * 0.4, size * 0.12)
    return (outline, Box(*bar, fill=colour if hollow else WHITE))


def _outline(shape: Shape, size: float) -> Points:
    half = size / 2
    if shape == "octagon":
        angles = [math.radians(22.5 + 45 * n) for n in range(8)]
        reach = half / math.cos(math.radians(22.5))
        return tuple((half + reach * math.cos(a), half + reach * math.sin(a)) for a in angles)
    if shape == "diamond":
        return ((half, 0.0), (size, half), (half, size), (0.0, half))
    return ((half, size * 0.04), (size, size * 0.93), (0.0, size * 0.93))
