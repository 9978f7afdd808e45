"""The abscissae of a JCAMP-DX table ``(X++(Y..Y))``: even steps, tested against every line.

FIRSTX, LASTX, DELTAX and NPOINTS say what the axis is; each line repeats its own abscissa, rounded.
The header is believed only where the lines agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from library.errors import DamagedFileError
from library.formats.text import EXPORT_AGAIN, clip
from matching.spectrum import FloatArray

UNSCALED = "The abscissae of the lines are not divided by XFACTOR; FIRSTX and LASTX were used."
LOST_STEP = 1.5  # times the usual step: between such lines points are missing


@dataclass(frozen=True, slots=True)
class Header:
    """What a block says of its table; None where it does not.

    Parameters
    ----------
    first_x, last_x, delta_x : float or None
        Abscissae, scaled.
    first_y : float or None
        First ordinate, scaled.
    points : int or None
        Number of points.
    factor_x, factor_y : float
        What the numbers of the table are multiplied by.
    """

    first_x: float | None = None
    last_x: float | None = None
    delta_x: float | None = None
    first_y: float | None = None
    points: int | None = None
    factor_x: float = 1.0
    factor_y: float = 1.0


@dataclass(frozen=True, eq=False, slots=True)
class Axis:
    """Abscissae of a table, shape (n,), whether points are missing, and what must be said."""

    x: FloatArray
    incomplete: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class _Lines:
    """Of each line the index of its first ordinate, its abscissa scaled, and how it is rounded."""

    index: FloatArray
    x: FloatArray
    rounding: FloatArray

    def agree(self, axis: FloatArray, steps: float) -> bool:
        """Tell whether an axis meets the abscissa of every line, to so many of its steps."""
        known = axis[self.index.astype(np.int64)]
        step = abs(float(axis[1] - axis[0])) if axis.size > 1 else 0.0
        allowed = 1.01 * (self.rounding + steps * step) + 1e-9 * np.abs(known)
        return bool((np.abs(known - self.x) <= allowed).all())


def even_axis(starts: list[tuple[int, str, int]], count: int, header: Header) -> Axis:
    """Return the axis of `count` ordinates whose lines begin at `starts`.

    Parameters
    ----------
    starts : list of (int, str, int)
        Index of the first ordinate of a line, its abscissa as written, its line number.
    count : int
        Number of ordinates.
    header : Header
        What the block says.

    Raises
    ------
    DamagedFileError
        The lines contradict each other, or nothing tells the step.
    """
    if header.first_x is not None and header.first_x == header.last_x and count > 1:
        raise _contradiction(f"FIRSTX and LASTX are both {header.first_x:g}")
    lines = _scaled(starts, header.factor_x)
    if not np.isfinite(lines.x).all():
        raise _contradiction("an abscissa is too large")
    agreed = _agreed(lines, header, count)
    if agreed is not None and _is_whole(agreed, lines, header):
        return Axis(agreed)
    if header.factor_x != 1.0 and None not in {header.first_x, header.last_x} and count > 1:
        stated = _proposed(header, lines, count)[0]
        if _scaled(starts, 1.0).agree(stated, 0.5):
            return Axis(stated, notes=(UNSCALED,))
    return _uneven(lines, header, count) if agreed is None else _judged(agreed, lines, header)


def _agreed(lines: _Lines, header: Header, count: int) -> FloatArray | None:
    """Return the first even axis that agrees with the abscissae of all lines."""
    proposed = _proposed(header, lines, count)
    # Some programs write the abscissa of the point before or after: believed where nothing is lost
    for steps in (0.5, 1.0) if header.points in {None, count} else (0.5,):
        for axis in proposed:
            if lines.agree(axis, steps):
                return axis
    return None


def _is_whole(axis: FloatArray, lines: _Lines, header: Header) -> bool:
    """Tell whether an axis is also what the header says of its ends and its points."""
    return header.points in {None, axis.size} and _ends_agree(axis, lines, header)


def _scaled(starts: list[tuple[int, str, int]], factor: float) -> _Lines:
    index = np.array([at for at, _, _ in starts], dtype=np.float64)
    x = np.array([float(text) for _, text, _ in starts], dtype=np.float64) * factor
    rounding = np.array([_last_place(text) for _, text, _ in starts], dtype=np.float64)
    return _Lines(index, x, rounding * abs(factor))


def _last_place(text: str) -> float:
    """Return the unit of the last digit of a number as written."""
    mantissa, _, exponent = text.lower().partition("e")
    _, _, decimals = mantissa.partition(".")
    return float(f"1e{int(exponent or 0) - len(decimals)}")


def _proposed(header: Header, lines: _Lines, count: int) -> list[FloatArray]:
    """Return the even axes that the header and the lines suggest, the best known first."""
    first = header.first_x if header.first_x is not None else float(lines.x[0])
    ordinal = np.arange(count, dtype=np.float64)
    proposed = []
    if header.last_x is not None and count > 1:
        proposed.append(np.linspace(first, header.last_x, count))
    if header.delta_x:
        proposed += [first + step * ordinal for step in (header.delta_x, -header.delta_x)]
    reach = lines.index[-1] - lines.index[0]
    if reach > 0:
        step = float((lines.x[-1] - lines.x[0]) / reach)
        proposed += [start + step * ordinal for start in (first, float(lines.x[0])) if step]
    if count == 1:
        proposed.append(np.array([first]))
    return proposed


def _judged(axis: FloatArray, lines: _Lines, header: Header) -> Axis:
    """Say what of the header an axis that agrees with all lines contradicts."""
    count = axis.size
    ends = _ends_agree(axis, lines, header)
    if header.points is None or header.points == count:
        raise _contradiction("FIRSTX and LASTX are not the ends of the table's abscissae")
    notes = [
        f"The header declares {header.points} points; the file holds {count}, whose abscissae "
        "agree with each other."
    ]
    if not ends:
        notes.append(
            f"FIRSTX and LASTX are not the ends of the axis, {axis[0]:g} and {axis[-1]:g}."
        )
    short = count < header.points and (header.last_x is None or not ends)
    return Axis(axis, short, tuple(notes))


def _ends_agree(axis: FloatArray, lines: _Lines, header: Header) -> bool:
    """Tell whether an axis has the ends that the header states, to a step and a half."""
    step = float(np.median(np.abs(np.diff(axis)))) if axis.size > 1 else 0.0
    allowed = 1.01 * (1.5 * step + float(lines.rounding.max()))
    ends = ((header.first_x, axis[0]), (header.last_x, axis[-1]))
    return all(stated is None or abs(stated - value) <= allowed for stated, value in ends)


def _uneven(lines: _Lines, header: Header, count: int) -> Axis:
    """Return the axis that the lines state where no even one agrees with them."""
    steps, reach = np.diff(lines.x), np.diff(lines.index)
    if steps.size == 0 or (reach <= 0).any() or not ((steps > 0).all() or (steps < 0).all()):
        raise _contradiction("the abscissae of the lines and the header contradict each other")
    ordinal = np.arange(count, dtype=np.float64)
    x = np.interp(ordinal, lines.index, lines.x)
    per_point = steps / reach
    usual = float(np.median(per_point))
    after = ordinal > lines.index[-1]
    x[after] = lines.x[-1] + usual * (ordinal[after] - lines.index[-1])
    gaps = int((np.abs(per_point) > LOST_STEP * abs(usual)).sum())
    missing = header.points is not None and count < header.points
    if gaps and missing:
        raise _contradiction(
            f"lines are missing: the table holds {count} of {header.points} points and its "
            f"abscissae jump at {gaps} places"
        )
    if header.points in {None, count} and not _ends_agree(x, lines, header):
        raise _contradiction("FIRSTX and LASTX are not the ends of the table's abscissae")
    notes = ["The steps of the axis are not even: the abscissae of the lines were used."]
    if header.points not in {None, count}:
        notes.append(f"The header declares {header.points} points; the file holds {count}.")
    return Axis(x, missing, tuple(notes))


def _contradiction(what: str) -> DamagedFileError:
    return DamagedFileError(clip(what, 200), "in the data table", EXPORT_AGAIN)
