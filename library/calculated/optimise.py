"""Walk downhill on an energy surface to a minimum: quasi-Newton steps with a trust radius."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Array], tuple[float, Array]]

LARGEST_GRADIENT = 1e-5  # Hartree/bohr, of the largest component at a minimum
STEPS = 400
SOFTEST = 0.004  # Hartree/bohr2; softer directions of the guess are taken as this stiff
RADIUS = 0.5  # bohr, of the first step
LEAST_RADIUS = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Minimum:
    """Where a walk ended: geometry in bohr, energy in Hartree, largest gradient component."""

    geometry: Array
    energy: float
    gradient: float
    steps: int

    @property
    def converged(self) -> bool:
        """Whether the gradient is small enough."""
        return self.gradient < LARGEST_GRADIENT


def minimise(surface: Function, geometry: Array, stiffness: Array) -> Minimum:
    """Return the minimum below a geometry.

    Parameters
    ----------
    surface : callable
        Energy and flat gradient at a geometry.
    geometry : float array, shape (n, 3)
        Start, in bohr.
    stiffness : float array, shape (3n, 3n)
        A guess of the Hessian, Hartree/bohr2.

    References
    ----------
    J. Nocedal, S. J. Wright, Numerical Optimization, 2nd ed. (2006), chapters 4 and 6 (BFGS with a
    trust radius; the step is scaled back, updates that lose curvature are damped).
    """
    place = geometry.ravel().copy()
    energy, gradient = surface(place)
    hessian = _positive(stiffness)
    radius = RADIUS
    steps = 0
    while steps < STEPS and np.abs(gradient).max() >= LARGEST_GRADIENT and radius >= LEAST_RADIUS:
        steps += 1
        step = np.asarray(-np.linalg.solve(hessian, gradient), dtype=np.float64)
        length = float(np.linalg.norm(step))
        if length > radius:
            step *= radius / length
            length = radius
        expected = float(gradient @ step + step @ hessian @ step / 2)
        new_energy, new_gradient = surface(place + step)
        hessian = _updated(hessian, step, new_gradient - gradient)
        # Below 1e-8 Hartree the energy is noise: there the gradient alone is followed.
        gained = (new_energy - energy) / min(expected, -1e-12)
        noise = abs(expected) < 1e-8
        if gained < 0 and not noise:
            radius = min(radius, length) / 4
            continue
        if gained > 0.75 and length > 0.9 * radius:
            radius = min(2 * radius, 2.0)
        elif gained < 0.25 and not noise:
            radius = max(length / 2, 2 * LEAST_RADIUS)
        place, energy, gradient = place + step, new_energy, new_gradient
    return Minimum(place.reshape(-1, 3), energy, float(np.abs(gradient).max()), steps)


def _positive(stiffness: Array) -> Array:
    """Return the guess with every direction at least `SOFTEST` stiff."""
    values, vectors = np.linalg.eigh(stiffness)
    return np.asarray((vectors * np.maximum(np.abs(values), SOFTEST)) @ vectors.T)


def _updated(hessian: Array, step: Array, change: Array) -> Array:
    """Return the BFGS update, damped after Powell so that it stays positive."""
    along = hessian @ step
    stiff = float(step @ along)
    curve = float(step @ change)
    if curve < 0.2 * stiff:
        weight = 0.8 * stiff / (stiff - curve)
        change = weight * change + (1 - weight) * along
        curve = float(step @ change)
    change_of_hessian = np.outer(change, change) / curve - np.outer(along, along) / stiff
    return np.asarray(hessian + change_of_hessian, dtype=np.float64)
