"""How much a measured spectrum looks like calculated lines: for an order, never for a name.

Calculated frequencies are wrong by 10-20 cm-1 and intensities are rough. So bands are broadened
beyond that, a low power of the intensity counts (where bands are matters, how high they are
hardly), and the correlation of the two only puts candidates in order: right and wrong ones have the
same values. Width, power and range were chosen by cross-validation over molecules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from matching.axis import COMMON_GRID
from matching.errors import QueryError
from matching.pipeline import Prepared
from matching.spectrum import FloatArray

LOW, HIGH = 400.0, 1750.0  # cm-1; what is compared
SIGMA = 14.0  # cm-1; standard deviation of the broadening
POWER = 0.3
LEAST_CM1 = 600.0  # less in common orders nothing
LASER_CM1 = 1e7 / 785.0  # calculated heights are those at 785 nm
THERMAL_CM1 = 207.2  # kT at 298 K

_GRID = COMMON_GRID.values
_FIRST, _END = (int(np.searchsorted(_GRID, value)) for value in (LOW, HIGH + 1e-6))
_MARGIN = int(4 * SIGMA / COMMON_GRID.step_cm1)  # lines beyond the ends reach in


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """Broadened calculated spectra of n candidates, float32 array of shape (n, cells)."""

    rows: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class QueryProfile:
    """A broadened measured spectrum: values of mean 0 and length 1, from cell `first` on."""

    values: FloatArray
    first: int


def scattered(shifts: FloatArray, activities: FloatArray) -> FloatArray:
    """Return relative heights of Raman lines at 785 nm and 298 K.

    Parameters
    ----------
    shifts, activities : float arrays of one shape
        cm-1, above 0; A4/u.

    References
    ----------
    D. A. Long, The Raman Effect (2002), section 5.4: Stokes scattering counted as power.
    """
    occupied = 1 - np.exp(-shifts / THERMAL_CM1)
    return np.asarray(activities * (1 - shifts / LASER_CM1) ** 4 / (shifts * occupied))


def calculated_profiles(
    owners: NDArray[np.int64], shifts: FloatArray, activities: FloatArray, count: int
) -> Profiles:
    """Return the broadened spectra of `count` candidates from all their lines.

    Parameters
    ----------
    owners : int array, shape (m,)
        To which candidate each line belongs.
    shifts, activities : float arrays, shape (m,)
        cm-1 and A4/u.
    """
    start, cells = _FIRST - _MARGIN, _END - _FIRST + 2 * _MARGIN
    place = (shifts - _GRID[start]) / COMMON_GRID.step_cm1
    inside = (place >= 0) & (place < cells - 1)
    place, owners = place[inside], owners[inside]
    height = scattered(shifts[inside], activities[inside])
    cell = place.astype(np.int64)
    part = place - cell
    flat = np.zeros(count * cells)
    for moved, share in ((0, 1 - part), (1, part)):
        flat += np.bincount(owners * cells + cell + moved, height * share, flat.size)
    rows = _broadened(flat.reshape(count, cells))[:, _MARGIN : cells - _MARGIN]
    return Profiles(_powered(rows).astype(np.float32))


def query_profile(prepared: Prepared) -> QueryProfile:
    """Return what of a measured spectrum is compared.

    Raises
    ------
    QueryError
        When the spectrum covers too little of the range that is compared.
    """
    first, end = max(prepared.first, _FIRST), min(prepared.end, _END)
    if (end - first) * COMMON_GRID.step_cm1 < LEAST_CM1:
        low, high = prepared.range_cm1
        raise QueryError(
            f"the scan covers {low:.0f}-{high:.0f} cm-1, less than {LEAST_CM1:.0f} cm-1 "
            f"of {LOW:.0f}-{HIGH:.0f} cm-1",
            "calculated suggestions",
            "measure a wider range",
        )
    bands = np.maximum(prepared.bands, 0.0)[None]
    noise = prepared.noise / max(float(bands.max()), 1e-300)
    values = _powered(_broadened(bands), noise)[0, first - prepared.first : end - prepared.first]
    values = values - values.mean()
    return QueryProfile(values / max(float(np.linalg.norm(values)), 1e-300), first - _FIRST)


def similarities(query: QueryProfile, profiles: Profiles) -> FloatArray:
    """Return the correlation of a measured spectrum with every candidate, shape (n,)."""
    rows = profiles.rows[:, query.first : query.first + query.values.size].astype(np.float64)
    rows = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1)
    return np.asarray((rows @ query.values) / np.maximum(lengths, 1e-300))


def _broadened(rows: FloatArray) -> FloatArray:
    sigma = SIGMA / COMMON_GRID.step_cm1
    return np.asarray(gaussian_filter1d(rows, sigma, axis=1, mode="constant", truncate=4.0))


def _powered(rows: FloatArray, softness: float = 0.0) -> FloatArray:
    """Return a low power of the intensity, each row's largest being 1.

    `softness` (of the largest) keeps what is below it from being raised to the size of bands.
    """
    top = np.maximum(rows.max(axis=1, keepdims=True), 1e-300)
    return np.asarray((np.maximum(rows / top, 0.0) + softness) ** POWER - softness**POWER)
