"""The corrected Raman shift axis: laser line and dispersion, told apart, from reference lines.

Two things go wrong with an axis. The laser line drifts: every Raman shift is then off by the same
number of wavenumbers. The dispersion changes (a knock, heat, another pixel taken for the first):
the wavelength of a pixel is then off by an amount that varies along the detector. A lamp shows the
second alone, because its lines do not depend on the laser; a Raman standard shows the sum. With
both, each is found; with a Raman standard alone, no more than a constant and a scale are claimed.

Everything is reckoned in vacuum: lamp lines are converted from standard air, the stated axis too
where its medium is air. Raman shifts are differences of vacuum wavenumbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from matching.calibration.standards import Standard, vacuum_nm
from matching.errors import SpectraError
from matching.spectrum import FloatArray, frozen_array

if TYPE_CHECKING:  # scipy is not needed to apply a correction
    from matching.calibration.lines import FoundLine

Medium = Literal["air", "vacuum"]
Use = Literal["used", "saturated", "blended", "not_found", "outlier", "outside_range", "too_wide"]


class CalibrationError(SpectraError):
    """A calibration cannot be made or applied with what was given."""

    code = "calibration"


@dataclass(frozen=True, eq=False, slots=True)
class StatedAxis:
    """The axis as the instrument states it.

    Parameters
    ----------
    raman_shift_cm1 : array_like, shape (n,)
        Raman shift of each point, rising.
    laser_nm : float
        Excitation wavelength that goes with it, in nm.
    medium : {"air", "vacuum"}
        What wavelengths and laser line are stated in. Vendors fit tables of lamp lines, which are
        in air above 200 nm; the polynomial in an instrument is so in air unless it says otherwise.
    first_pixel : int
        Number of the detector pixel of the first point; pixels count from 0.
    """

    raman_shift_cm1: FloatArray
    laser_nm: float
    medium: Medium = "air"
    first_pixel: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "raman_shift_cm1", frozen_array(self.raman_shift_cm1))

    @property
    def pixels(self) -> FloatArray:
        """Detector pixel of each point, shape (n,)."""
        return self.first_pixel + np.arange(self.raman_shift_cm1.size, dtype=np.float64)

    @property
    def laser_cm1(self) -> float:
        """Wavenumber of the stated laser line in vacuum, cm-1."""
        return float(1e7 / self._vacuum(np.array([self.laser_nm]))[0])

    def wavenumber_cm1(self) -> FloatArray:
        """Absolute wavenumber of each point in vacuum, cm-1, shape (n,), falling."""
        stated_nm = 1e7 / (1e7 / self.laser_nm - self.raman_shift_cm1)
        return np.asarray(1e7 / self._vacuum(stated_nm))

    def _vacuum(self, nm: FloatArray) -> FloatArray:
        return vacuum_nm(nm) if self.medium == "air" else nm


@dataclass(frozen=True, slots=True)
class Correction:
    """What turns the stated axis into the corrected one.

    ``nm' = nm + sum(dispersion_nm[k] * u**k)`` with ``u = (pixel - middle_pixel) / half_pixels``,
    wavelengths in vacuum, pixels counted from 0; ``shift' = laser + laser_error - 1e7 / nm'``;
    then ``shift'' = shift' + scale * (shift' - scale_about_cm1)``.

    Parameters
    ----------
    dispersion_nm : tuple of float
        Correction of the wavelength, lowest order first; empty when no lamp was measured.
    laser_error_cm1 : float
        True laser wavenumber less the stated one (constant in cm-1); 0 without a Raman standard.
    scale, scale_about_cm1 : float
        Stretch left over when there was only a Raman standard; 0 otherwise.
    middle_pixel, half_pixels : float
        Origin and unit of `u`.
    reckoned_in_vacuum : bool
        False where only a Raman standard was measured: the stated shifts are then corrected as
        they stand, whatever medium they were reckoned in.
    """

    dispersion_nm: tuple[float, ...] = ()
    laser_error_cm1: float = 0.0
    scale: float = 0.0
    scale_about_cm1: float = 0.0
    middle_pixel: float = 0.0
    half_pixels: float = 1.0
    reckoned_in_vacuum: bool = True

    def shifts(self, stated: StatedAxis, pixel: ArrayLike | None = None) -> FloatArray:
        """Return corrected Raman shifts in cm-1 at detector pixels (default: every point).

        Parameters
        ----------
        stated : StatedAxis
            The axis to correct.
        pixel : array_like, shape (k,), optional
            Detector pixels, fractions allowed, inside the stated axis.
        """
        at = stated.pixels if pixel is None else np.asarray(pixel, dtype=np.float64)
        if not self.reckoned_in_vacuum:
            shift = np.interp(at, stated.pixels, stated.raman_shift_cm1) + self.laser_error_cm1
        else:
            nm = 1e7 / np.interp(at, stated.pixels, stated.wavenumber_cm1())
            if self.dispersion_nm:
                u = (at - self.middle_pixel) / self.half_pixels
                nm = nm + np.polynomial.polynomial.polyval(u, self.dispersion_nm)
            shift = stated.laser_cm1 + self.laser_error_cm1 - 1e7 / nm
        return np.asarray(shift + self.scale * (shift - self.scale_about_cm1))


NO_CORRECTION = Correction(reckoned_in_vacuum=False)


@dataclass(frozen=True, slots=True)
class Measured:
    """One scan of a standard or lamp, on the axis that is calibrated.

    Parameters
    ----------
    standard : Standard
        What was measured.
    lines : tuple of FoundLine
        What was found in the scan; its points count from 0.
    first_point : int
        Which point of the stated axis its first point is: exports leave out what has no axis.
    """

    standard: Standard
    lines: tuple[FoundLine, ...]
    first_point: int = 0


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one expected line.

    Parameters
    ----------
    standard : str
        Material or lamp.
    expected : float
        As in the table: cm-1, or nm in air for a lamp.
    unit : str
        ``"cm-1"`` or ``"nm (air)"``.
    use : str
        ``"used"``, or why not.
    pixel : float or None
        Where it was found, detector pixels from 0.
    found : float or None
        Where it was found by the stated axis, unit of `expected`.
    before_cm1, after_cm1 : float or None
        Found less expected in cm-1, by the stated and by the corrected axis.
    snr, fwhm_cm1 : float or None
        Of the line found.
    """

    standard: str
    expected: float
    unit: str
    use: Use
    pixel: float | None = None
    found: float | None = None
    before_cm1: float | None = None
    after_cm1: float | None = None
    snr: float | None = None
    fwhm_cm1: float | None = None


@dataclass(frozen=True, slots=True)
class AxisLimits:
    """What a calibration must meet, and how many terms it may have.

    Parameters
    ----------
    least_raman, least_lamp : int
        Fewest lines used of Raman standards and of lamps.
    most_rms_cm1, most_line_cm1 : float
        Largest root mean square and largest single residual after correction.
    most_terms : int
        Most coefficients of the dispersion.
    gain : float
        A further term must lower the leave-one-line-out error to this share of it.
    least_found, least_explained : float
        A scan is taken for its Raman standard only when so large a share of the expected lines is
        found and agrees, and these make up so large a share of the height of all narrow lines: a
        few lines of another material always agree with something.
    """

    least_raman: int = 3
    least_lamp: int = 4
    most_rms_cm1: float = 1.0
    most_line_cm1: float = 3.0
    most_terms: int = 4
    gain: float = 0.9
    least_found: float = 0.7
    least_explained: float = 0.75


@dataclass(frozen=True, slots=True)
class AxisFit:
    """Result of a calibration of the axis; stored whole, also when it was refused.

    Parameters
    ----------
    correction : Correction
        What to apply; no correction when `refusals` is not empty.
    lines : tuple of LineResult
        Every expected line.
    refusals : tuple of str
        Why the calibration is refused; empty when it holds.
    before_rms_cm1, after_rms_cm1 : float or None
        Root mean square residual of the lines used.
    left_out_rms_cm1 : float or None
        The same with each line left out in turn: what the axis is worth between lines.
    range_cm1 : tuple of float or None
        From the first to the last line used, by the corrected axis: outside is extrapolated.
    unlike : tuple of str
        Those of the refusals that say a scan is not of the material it is said to be.
    """

    correction: Correction
    lines: tuple[LineResult, ...]
    refusals: tuple[str, ...]
    before_rms_cm1: float | None = None
    after_rms_cm1: float | None = None
    left_out_rms_cm1: float | None = None
    range_cm1: tuple[float, float] | None = None
    unlike: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the correction may be used."""
        return not self.refusals
