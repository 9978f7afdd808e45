"""Second derivatives by differences of gradients: the Hessian, and the Raman tensors by fields."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEP = 0.01  # bohr
FIELD = 0.002  # Hartree/(e bohr)
PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def hessian(gradient: Callable[[Array], Array], geometry: Array) -> Array:
    """Return the Hessian, Hartree/bohr2, by central differences.

    Parameters
    ----------
    gradient : callable
        Flat gradient (3n,) in Hartree/bohr at a geometry.
    geometry : float array, shape (n, 3)
        Geometry in bohr.
    """
    place = geometry.ravel()
    rows = np.empty((place.size, place.size))
    for i in range(place.size):
        moved = place.copy()
        moved[i] = place[i] + STEP
        up = gradient(moved)
        moved[i] = place[i] - STEP
        rows[i] = (up - gradient(moved)) / (2 * STEP)
    return np.asarray((rows + rows.T) / 2)


def raman_tensors(gradient: Callable[[Array], Array], size: int) -> Array:
    """Return how the polarisability changes with every coordinate, from 13 gradients in fields.

    The mixed third derivative of the energy is the same in whatever order it is taken:
    d(alpha_ij)/dR = -d2(gradient)/dF_i dF_j, so that no polarisability is needed.

    Parameters
    ----------
    gradient : callable
        Flat gradient (size,) in Hartree/bohr in a field of three components, atomic units.
    size : int
        Number of coordinates, three per atom.

    Returns
    -------
    float array, shape (size, 6)
        xx, yy, zz, xy, xz, yz in bohr2.
    """
    axes = np.eye(3) * FIELD
    none = gradient(np.zeros(3))
    up = [gradient(axis) for axis in axes]
    down = [gradient(-axis) for axis in axes]
    tensors = np.empty((size, len(PAIRS)))
    for column, (i, j) in enumerate(PAIRS):
        if i == j:
            bend = up[i] + down[i] - 2 * none
        else:
            both = gradient(axes[i] + axes[j]) + gradient(-axes[i] - axes[j])
            bend = (both - up[i] - down[i] - up[j] - down[j] + 2 * none) / 2
        tensors[:, column] = -bend / FIELD**2
    return tensors
