"""What is drawn of several spectra: pure, so that the plot only paints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from matching.figures import Scaling, difference, scaled_alike, stack_offsets, wavelength_nm
from matching.recipe import Cooked
from matching.spectrum import FloatArray, Spectrum

Layout = Literal["overlay", "stack", "difference"]
LAYOUTS: tuple[Layout, ...] = ("overlay", "stack", "difference")
Unit = Literal["shift", "wavelength"]


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """A spectrum that somebody wants to see.

    Parameters
    ----------
    key : object
        Whose it is; its colour goes by its place in the row, not by this.
    name : str
        What it is called.
    spectrum : Spectrum
        As it was read.
    cooked : Cooked or None
        After the clean-up of the preview; None before that is worked out, or when it cannot be.
    place : int
        Where in the list it stands: its colour.
    """

    key: object
    name: str
    spectrum: Spectrum
    cooked: Cooked | None = None
    place: int = 0


@dataclass(frozen=True, slots=True)
class Manner:
    """How spectra are drawn.

    Parameters
    ----------
    layout : {"overlay", "stack", "difference"}
        On one ground, above each other, or the first less `factor` times the second.
    scaling : {"none", "area", "max", "snv"}
        See `matching.figures.scaled_alike`.
    clean : bool
        After the clean-up of the preview instead of as measured.
    spread : float
        Distance of stacked curves, as a share of the largest height.
    factor : float
        Of the second spectrum in a difference.
    unit : {"shift", "wavelength"}
        Raman shift in cm-1, or absolute wavelength in nm.
    """

    layout: Layout = "overlay"
    scaling: Scaling = "max"
    clean: bool = True
    spread: float = 0.8
    factor: float = 1.0
    unit: Unit = "shift"


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """A line of the plot: axis in the unit shown, values with their offset, name and colour."""

    name: str
    x: FloatArray
    y: FloatArray
    place: int
    offset: float = 0.0
    faint: bool = False


def curves_of(shown: Sequence[Shown], manner: Manner) -> list[Curve]:
    """Return the lines that show spectra in a manner.

    Raises
    ------
    QueryError
        When two spectra that are to be subtracted have no range in common.
    """
    rows = [_scaled(one, manner) for one in shown]
    if manner.layout == "difference" and len(rows) > 1:
        (one, first), (other, second) = rows[0], rows[1]
        axis, values = difference(first, second, manner.factor)
        ground = [_line(row, points, manner, faint=True) for row, points in rows[:2]]
        left = _line(one, (axis, values), manner)
        return [*ground, replace(left, name=_less(one, other, manner), place=2)]
    offsets = [0.0] * len(rows)
    if manner.layout == "stack":
        offsets = stack_offsets([points[1] for _, points in rows], manner.spread)
    return [
        replace(_line(row, (points[0], points[1] + up), manner), offset=up)
        for (row, points), up in zip(rows, offsets, strict=True)
    ]


def points_of(one: Shown, *, clean: bool) -> tuple[FloatArray, FloatArray]:
    """Return axis in cm-1 and values of a spectrum, cleaned where that is wanted and known."""
    if clean and one.cooked is not None:
        return one.cooked.raman_shift_cm1, one.cooked.values
    return one.spectrum.raman_shift_cm1, one.spectrum.intensity


def _scaled(one: Shown, manner: Manner) -> tuple[Shown, tuple[FloatArray, FloatArray]]:
    axis, values = points_of(one, clean=manner.clean)
    return one, (axis, scaled_alike(axis, values, manner.scaling))


def _line(
    one: Shown, points: tuple[FloatArray, FloatArray], manner: Manner, *, faint: bool = False
) -> Curve:
    axis, values = points
    laser = one.spectrum.laser_nm
    if manner.unit == "wavelength" and laser is not None:
        axis = wavelength_nm(axis, laser)
    return Curve(one.name, axis, values, one.place, faint=faint)


def _less(one: Shown, other: Shown, manner: Manner) -> str:
    if manner.factor == 1.0:
        return f"{one.name} − {other.name}"
    return f"{one.name} − {manner.factor:g} × {other.name}"


def lasers_known(shown: Sequence[Shown]) -> bool:
    """Tell whether every spectrum can be drawn over its absolute wavelength."""
    return bool(shown) and all(one.spectrum.laser_nm is not None for one in shown)


def value_at(curve: Curve, x: float) -> float | None:
    """Return the value of a curve at a place of its axis, without its offset; None beyond it."""
    if not curve.x[0] <= x <= curve.x[-1]:
        return None
    return float(np.interp(x, curve.x, curve.y)) - curve.offset
