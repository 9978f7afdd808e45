"""One spectrum from the replicates of an entry, and how far they lie apart at every point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from matching.errors import SpectrumError
from matching.pipeline import is_saturated
from matching.repeats import gain
from matching.spectrum import MIN_POINTS, FloatArray, Spectrum, Step

VERSION = 1  # of the recipe below
HUBER = 1.5  # robust standard deviations from which on a replicate counts less
ROBUST = 1.4826  # standard deviation of normal noise over its median absolute deviation


@dataclass(frozen=True, eq=False, slots=True)
class Consensus:
    """What replicates have in common.

    Parameters
    ----------
    spectrum : Spectrum
        Their robust mean, on the axis of the first where all were measured.
    spread : ndarray, shape (n,)
        Standard deviation of the replicates about it, in the same unit, at every point.
    recipe : str
        How it was made, one sentence.
    """

    spectrum: Spectrum
    spread: FloatArray
    recipe: str


def consensus(spectra: Sequence[Spectrum]) -> Consensus:
    """Combine replicates: measurements of one sample or material, each on its own axis.

    They are brought to the part of the first one's axis that all cover (linear interpolation),
    to one height and offset (these differ with focus and background), and averaged point by point
    by Huber's mean: what one of three or more alone has, a cosmic ray above all, counts little, and
    shows in the spread. Of two nothing tells which one is right: it shows in the spread only.

    Parameters
    ----------
    spectra : sequence of Spectrum
        Two or more, of one laser line and technique.

    Raises
    ------
    SpectrumError
        When there are fewer than two, they were not measured alike, cover no common range, or one
        has nothing in common with the others.
    """
    _check_alike(spectra)
    first = spectra[0]
    low = max(one.raman_shift_cm1[0] for one in spectra)
    high = min(one.raman_shift_cm1[-1] for one in spectra)
    axis = first.raman_shift_cm1
    axis = axis[(axis >= low) & (axis <= high)]
    if axis.size < MIN_POINTS:
        raise SpectrumError("the replicates cover no common range", "", "leave out the odd one")
    rows = np.array([np.interp(axis, one.raman_shift_cm1, one.intensity) for one in spectra])
    alike = _levelled(rows)
    mean = _huber_mean(alike)
    spread = np.sqrt(((alike - mean) ** 2).sum(axis=0) / (len(spectra) - 1))
    recipe = (
        f"consensus {VERSION} of {len(spectra)} spectra: axis of the first, {axis[0]:.1f} to "
        f"{axis[-1]:.1f} cm-1, others interpolated linearly; brought to one height by the weighted "
        f"median of the ratios of their flanks and to one offset by the median difference; Huber "
        f"mean, {HUBER:g} robust standard deviations; spread: standard deviation"
    )
    acquisition = replace(
        first.acquisition,
        averages=None,
        saturated=any(is_saturated(one) for one in spectra),
        emulated=any(one.acquisition.emulated for one in spectra),
    )
    step = Step("consensus of replicates", (("recipe", recipe),))
    made = Spectrum(axis, mean, first.laser_nm, first.technique, acquisition, (step,))
    return Consensus(made, spread, recipe)


def _check_alike(spectra: Sequence[Spectrum]) -> None:
    if len(spectra) < 2:
        raise SpectrumError("there is only one spectrum", "", "give at least two replicates")
    first = spectra[0]
    if any((s.laser_nm, s.technique) != (first.laser_nm, first.technique) for s in spectra):
        raise SpectrumError(
            "the replicates differ in laser line or technique", "", "make an entry of each"
        )


def _levelled(rows: FloatArray) -> FloatArray:
    """Return rows (k, n) at one height and offset: those of the middle one of them."""
    about = rows - rows.mean(axis=1, keepdims=True)
    size = np.sqrt((about**2).sum(axis=1, keepdims=True))
    if not (size > 0).all():
        raise SpectrumError("a replicate is flat", "", "leave it out")
    typical = np.median(about / size, axis=0)
    gains = np.array([gain(row, typical) for row in rows])
    if not (gains > 0).all():
        odd = int(np.argmin(gains)) + 1
        raise SpectrumError(
            f"replicate {odd} has nothing in common with the others", "", "leave it out"
        )
    unit = rows / gains[:, None]
    unit = unit - np.median(unit - typical, axis=1, keepdims=True)
    offset = np.median(rows - gains[:, None] * unit)
    return np.asarray(unit * np.median(gains) + offset)


def _huber_mean(rows: FloatArray) -> FloatArray:
    """Return Huber's mean of rows (k, n) at every point, one step from the median."""
    middle = np.median(rows, axis=0)
    off = np.abs(rows - middle)
    scale = ROBUST * np.median(off, axis=0)
    scale = np.maximum(scale, max(float(np.median(scale)), 1e-300))
    weight = np.minimum(1.0, HUBER * scale / np.maximum(off, 1e-300))
    return np.asarray((weight * rows).sum(axis=0) / weight.sum(axis=0))
