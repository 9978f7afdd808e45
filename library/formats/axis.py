"""What an axis is: the unit a text states, and what may be assumed where none does."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from library.formats.records import Trace
from library.formats.text import clip
from matching.spectrum import MIN_POINTS, FloatArray

LARGEST_ASSUMED_CM1 = 5000.0
# (lowest, highest, largest mean step): visible and near-infrared spectrometers in nm; a Raman
# spectrum starts lower, ends higher or has wider steps.
WAVELENGTH_LIKE = ((180.0, 1200.0, 0.3), (400.0, 1200.0, 1.0), (1000.0, 1800.0, 1.5))
SPECTROMETER_NM = (150.0, 2600.0)  # what silicon and InGaAs detectors see

_SHIFT = re.compile(r"raman[ _]?shift|cm ?(?:\^ ?)?[-⁻−]+ ?[1¹]|cm[⁻-]¹|1/cm|\bwave[ _]?numbers?\b")
_NANOMETRES = re.compile(r"\bnm\b|nano-?met|wave[ _]?length")
_PIXEL = re.compile(r"pixel|\bpx\b")


def unit_of(stated: str) -> str:
    """Return ``cm-1``, ``nm`` or ``pixel`` where `stated` says one of them, otherwise `stated`."""
    plain = stated.strip().lower()
    shift, nanometres = _SHIFT.search(plain), _NANOMETRES.search(plain)
    if shift and not nanometres:
        return "cm-1"
    if nanometres and not shift:
        return "nm"
    return "pixel" if _PIXEL.search(plain) else stated.strip()


def with_axis(trace: Trace, axis: FloatArray, unit: str, doubt: str = "") -> Trace:
    """Return `trace` with `axis`, shape (n,), where its unit (see `unit_of`) puts it."""
    if unit == "cm-1":
        return replace(trace, shift_cm1=axis)
    if unit == "nm":
        return replace(trace, wavelength_nm=axis)
    return replace(trace, other_axis=axis, other_unit=clip(unit), doubt=doubt)


def with_unstated_axis(trace: Trace, axis: FloatArray, note: str) -> tuple[Trace, list[str]]:
    """Return `trace` with an axis whose unit the file does not state, and what was assumed.

    It is taken as Raman shift, with `note`, unless its range may be one of something else.
    """
    doubt = doubt_of(axis)
    if doubt:
        return with_axis(trace, axis, "", doubt), []
    return with_axis(trace, axis, "cm-1"), [note]


def doubt_of(axis: FloatArray) -> str:
    """Return why an axis without a unit, shape (n,), may be no Raman shift, or nothing."""
    if axis.size < MIN_POINTS:
        return ""  # too few points for a spectrum, which is said in its place
    low, high = float(axis.min()), float(axis.max())
    step = (high - low) / (axis.size - 1)
    if max(-low, high) > LARGEST_ASSUMED_CM1:
        return f"the axis runs from {low:g} to {high:g}, which is no Raman shift in cm-1"
    if counts_pixels(axis):
        return f"the axis counts {low:g} to {high:g} by one: pixel numbers, it seems"
    for lowest, highest, widest in WAVELENGTH_LIKE:
        if low >= lowest and high <= highest and step <= widest:
            return f"the axis runs from {low:g} to {high:g} without a unit: it may be cm-1 or nm"
    return ""


def counts_pixels(axis: FloatArray) -> bool:
    """Tell whether `axis`, shape (n,), counts 0, 1, 2... or 1, 2, 3..."""
    return any(np.array_equal(axis, np.arange(first, axis.size + first)) for first in (0, 1))


def even_whole_steps(axis: FloatArray) -> bool:
    """Tell whether `axis`, shape (n,), has one step and whole numbers, as no grating gives them."""
    steps = np.diff(axis)
    return bool(
        steps.size and steps[0] != 0 and (steps == steps[0]).all() and (axis == axis.round()).all()
    )
