"""What an emulated analyser is given to measure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from devices.errors import SampleError

FloatArray = NDArray[np.float64]
Curve = Callable[[FloatArray], FloatArray]

MIN_FWHM_CM1 = 1.0
MAX_FWHM_CM1 = 500.0


def _no_bands() -> FloatArray:
    return np.empty((0, 3), dtype=np.float64)


def _no_lines() -> FloatArray:
    return np.empty((0, 2), dtype=np.float64)


@dataclass(frozen=True, eq=False, slots=True)
class Packaging:
    """What is between the analyser and the sample; laser and light pass it both ways.

    Parameters
    ----------
    bands : array_like, shape (n, 3)
        Its own Raman bands, as those of a `Sample`.
    strength : float
        Height of its strongest band; 1 is a strong scatterer, as for a `Sample`.
    transmission : float
        Share of the sample's light that is left, 0 to 1, both ways together.
    fluorescence, glass : float
        Its own backgrounds, as those of a `Sample`; nothing of it bleaches.

    Raises
    ------
    SampleError
        When a figure is not possible.
    """

    bands: FloatArray = field(default_factory=_no_bands)
    strength: float = 0.0
    transmission: float = 1.0
    fluorescence: float = 0.0
    glass: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "bands", _checked_bands(self.bands))
        _check_figures(
            self,
            (
                ("strength", 0.0, 1000.0),
                ("transmission", 0.0, 1.0),
                ("fluorescence", 0.0, 1000.0),
                ("glass", 0.0, 1000.0),
            ),
        )


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """A sample by its Raman bands or by a curve, with the background that comes with it.

    The strongest point of the Raman signal is scaled to `strength`; all backgrounds are given
    relative to a strength of 1, so that they stay when the signal gets weak.

    Parameters
    ----------
    bands : array_like, shape (n, 3)
        Per band the position in cm-1, the relative height (any scale, above zero) and the full
        width at half maximum in cm-1 (1 to 500); drawn as Lorentzians. May be empty: a sample
        without Raman signal.
    curve : callable or None
        Instead of bands: intensity (finite, not negative) over a Raman shift axis in cm-1.
    strength : float
        Height of the strongest band; 1 is a strong scatterer, 0.01 a weak one; at most 1000.
    fluorescence : float
        Broad background when fresh, at its highest point.
    bleaching_time_s : float
        Time under the laser after which the part that bleaches has fallen to 1/e.
    glass : float
        Height of the luminescence hump of glass near 1370 cm-1 at 785 nm (fixed in wavelength).
    lines_nm : array_like, shape (k, 2)
        A lamp: wavelength in nm and relative height (above zero) of each line; the strongest one
        is scaled to `strength`. It shines without a laser.
    absorbs : bool
        Whether it is dark and heats up under a strong laser.
    packaging : Packaging
        What it is in.

    Raises
    ------
    SampleError
        When a figure is not possible.
    """

    bands: FloatArray = field(default_factory=_no_bands)
    curve: Curve | None = None
    strength: float = 1.0
    fluorescence: float = 0.2
    bleaching_time_s: float = 60.0
    glass: float = 0.0
    lines_nm: FloatArray = field(default_factory=_no_lines)
    absorbs: bool = False
    packaging: Packaging = field(default_factory=Packaging)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bands", _checked_bands(self.bands))
        object.__setattr__(self, "lines_nm", _checked_lines(self.lines_nm))
        if self.bands.size and self.curve is not None:
            raise SampleError("both bands and a curve are given", "sample", "give one of them")
        _check_figures(
            self,
            (
                ("strength", 0.0, 1000.0),
                ("fluorescence", 0.0, 1000.0),
                ("bleaching_time_s", 1e-3, 1e6),
                ("glass", 0.0, 1000.0),
            ),
        )


def _check_figures(thing: object, limits: tuple[tuple[str, float, float], ...]) -> None:
    for name, lowest, highest in limits:
        value = getattr(thing, name)
        if not (math.isfinite(value) and lowest <= value <= highest):
            raise SampleError(
                f"{name} is {value!r}, outside {lowest:g} to {highest:g}",
                "sample",
                "choose a value inside these limits",
            )


def _checked_lines(values: object) -> FloatArray:
    remedy = "give one row of wavelength and height for each line"
    try:
        lines = np.array(values, dtype=np.float64, copy=True)
    except (TypeError, ValueError) as error:
        raise SampleError("the lines are not numbers", "sample", remedy) from error
    if not lines.size:
        return _no_lines()
    if lines.ndim != 2 or lines.shape[1] != 2:
        raise SampleError(f"lines of shape {lines.shape}, (k, 2) expected", "sample", remedy)
    if not np.isfinite(lines).all() or (lines <= 0).any():
        raise SampleError("a line is not possible", "sample", remedy)
    return np.frombuffer(lines.tobytes(), dtype=np.float64).reshape(lines.shape)


def _checked_bands(values: object) -> FloatArray:
    remedy = "give one row of position, height and width for each band"
    try:
        bands = np.array(values, dtype=np.float64, copy=True)
    except (TypeError, ValueError) as error:
        raise SampleError("the bands are not numbers", "sample", remedy) from error
    if not bands.size:
        return _no_bands()
    if bands.ndim != 2 or bands.shape[1] != 3:
        raise SampleError(f"bands of shape {bands.shape}, (n, 3) expected", "sample", remedy)
    if not np.isfinite(bands).all() or (bands[:, 1] <= 0).any():
        raise SampleError("a band position or height is not possible", "sample", remedy)
    if ((bands[:, 2] < MIN_FWHM_CM1) | (bands[:, 2] > MAX_FWHM_CM1)).any():
        raise SampleError(
            f"a band width is outside {MIN_FWHM_CM1:g} to {MAX_FWHM_CM1:g} cm-1", "sample", remedy
        )
    return np.frombuffer(bands.tobytes(), dtype=np.float64).reshape(bands.shape)
