"""What the spectra of one instrument have in common below their bands.

Detector, filters and interpolation leave a faint pattern along the axis that is the same in every
spectrum of a session, whatever the sample. A spectrum whose intensities run against the axis
carries it the wrong way round.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from matching.preprocess.scale import FWHM_PER_SIGMA, gaussian_broadened
from matching.spectrum import FloatArray

Float32Array = NDArray[np.float32]
SMOOTH_POINTS = 6.0 * FWHM_PER_SIGMA  # what is broader (FWHM, points) is taken off
BAND = 6.0  # in units of the noise floor: more is a band and is left out
CLIPPED = 2.0  # in the same units: no single point may decide
LEAST_SPECTRA = 10  # of one axis, to know their pattern
CLEAR = 0.9  # share of spectra that must lead, for the session to have a pattern


def pattern(intensity: FloatArray) -> Float32Array:
    """Return what is left of one spectrum, shape (m,), without bands: centred, unit norm."""
    smooth = gaussian_broadened(intensity[None, :], SMOOTH_POINTS)[0]
    sharp = intensity - smooth
    floor = 1.4826 * float(np.median(np.abs(sharp)))
    if not floor > 0.0:
        return np.zeros(intensity.size, dtype=np.float32)
    units = sharp / floor
    kept = np.where(np.abs(units) < BAND, np.clip(units, -CLIPPED, CLIPPED), 0.0)
    kept -= kept.mean()
    return np.asarray(kept / max(float(np.linalg.norm(kept)), 1e-300), dtype=np.float32)


def uprightness(spectra: Iterable[FloatArray]) -> FloatArray | None:
    """Return how much better each spectrum fits the others' pattern as it is than reversed.

    Parameters
    ----------
    spectra : iterable of array, each shape (m,)
        Intensities of spectra on one axis.

    Returns
    -------
    array, shape (n,), or None
        Correlation with the sum of the others' patterns less that of the reversed spectrum: above
        zero for a spectrum that lies the right way round. None when there are too few spectra or
        they have no pattern in common.
    """
    rows = np.array([pattern(one) for one in spectra])
    if rows.shape[0] < LEAST_SPECTRA:
        return None
    back = rows[:, ::-1]
    total = rows.sum(axis=0, dtype=np.float64)
    own, turned = np.einsum("nm,nm->n", rows, rows), np.einsum("nm,nm->n", back, rows)
    power = total @ total - 2.0 * (rows @ total) + own
    norms = np.sqrt(np.maximum(power, 1e-300))
    lead = np.asarray((rows @ total - own - back @ total + turned) / norms, dtype=np.float64)
    return lead if float(np.mean(lead > 0.0)) >= CLEAR else None
