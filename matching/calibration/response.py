"""Relative intensity after ASTM E2911: what a luminescent glass of known shape makes of it.

``corrected = measured * certified(x) / glass_measured(x)``, inside the certified range only. The
coefficients below are those published for the NIST standard reference materials and have a single
source each: a laboratory enters the certificate that came with its own glass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from matching.calibration.axis import CalibrationError
from matching.spectrum import FloatArray, frozen_array

Formula = Literal["polynomial", "lognormal"]
SMOOTHED_CM1 = 40.0
LEAST_SHARE = 0.02  # of the highest count: the detector sees next to nothing there
COUNTS = {"polynomial": (2, 8), "lognormal": (6, 6)}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certified luminescence of a glass.

    Parameters
    ----------
    name : str
        ``"SRM 2241"``.
    laser_nm : float
        Excitation it is certified for.
    formula : {"polynomial", "lognormal"}
        Of ``x`` in cm-1: ``A0 + A1 x + ...``; or ``H exp(-ln2 / (ln r)^2 *
        [ln((x - x0) (r^2 - 1) / (w r) + 1)]^2) + m x + b``.
    coefficients : tuple of float
        ``A0, A1, ...``; or ``H, w, r, x0, m, b``.
    range_cm1 : tuple of float or None
        Where it is certified; None when our source does not say: then it cannot be used before
        the laboratory enters the range on its certificate.
    certificate_id, expires : str
        Number of the laboratory's own certificate and its last day (ISO 8601); empty for the
        coefficients that come with the program.
    """

    name: str
    laser_nm: float
    formula: Formula
    coefficients: tuple[float, ...]
    range_cm1: tuple[float, float] | None
    certificate_id: str = ""
    expires: str = ""

    def __post_init__(self) -> None:
        least, most = COUNTS.get(self.formula, (1, 0))
        sound = least <= len(self.coefficients) <= most
        if not sound or not np.isfinite(self.coefficients).all():
            raise CalibrationError(
                f"{len(self.coefficients)} coefficients do not make a {self.formula!r} certificate",
                self.name,
                "enter the formula and all coefficients as they stand on the certificate",
            )


SRM_2241 = Certificate(
    "SRM 2241",
    785.0,
    "polynomial",
    (9.71937e-2, 2.28325e-4, -5.86762e-8, 2.16023e-10, -9.77171e-14, 1.15596e-17),
    (200.0, 3500.0),
)
SRM_2244 = Certificate(
    "SRM 2244",
    1064.0,
    "polynomial",
    (0.405953, 5.20345e-4, 5.30390e-7, -6.84463e-10, 2.10286e-13, -2.05741e-17),
    (100.0, 3500.0),
)
SRM_2242A = Certificate(
    "SRM 2242a",
    532.0,
    "lognormal",
    (0.99747, 3100.6, 1.1573, 2972.1, -3.7168e-6, 0.012864),
    (150.0, 4000.0),
)
SRM_2246A = Certificate(
    "SRM 2246a",
    830.0,
    "lognormal",
    (1.0178, 3082.3, 0.98252, 2353.1, -1.1825e-7, -0.0175),
    (110.0, 3000.0),
)
SRM_2245 = Certificate(
    "SRM 2245",
    633.0,
    "lognormal",
    (0.95071, 1657.7, 0.95207, 1960.0, 1.8981e-5, 0.011698),
    None,
)
CERTIFICATES: dict[str, Certificate] = {
    item.name: item for item in (SRM_2241, SRM_2242A, SRM_2244, SRM_2245, SRM_2246A)
}


def certified(certificate: Certificate, raman_shift_cm1: FloatArray) -> FloatArray:
    """Return the certified relative intensity, shape (n,); NaN outside the certified range.

    Raises
    ------
    CalibrationError
        When the range is not known, or the formula gives no positive value inside it.
    """
    if certificate.range_cm1 is None:
        raise CalibrationError(
            "the certified range of this glass is not known here",
            certificate.name,
            "enter the certificate that came with your glass, with its range",
        )
    x = np.asarray(raman_shift_cm1, dtype=np.float64)
    inside = (x >= certificate.range_cm1[0]) & (x <= certificate.range_cm1[1])
    values = np.full(x.shape, np.nan)
    formula = _polynomial if certificate.formula == "polynomial" else _lognormal
    values[inside] = formula(certificate.coefficients, x[inside])
    if not (np.isfinite(values[inside]) & (values[inside] > 0)).all():
        raise CalibrationError(
            "the certificate gives no positive intensity inside its own range",
            certificate.name,
            "compare the coefficients with the paper certificate",
        )
    return values


def _polynomial(coefficients: tuple[float, ...], x: FloatArray) -> FloatArray:
    return np.asarray(np.polynomial.polynomial.polyval(x, coefficients))


def _lognormal(coefficients: tuple[float, ...], x: FloatArray) -> FloatArray:
    height, width, skew, centre, slope, base = coefficients
    with np.errstate(invalid="ignore", divide="ignore"):
        inner = np.log((x - centre) * (skew**2 - 1.0) / (width * skew) + 1.0)
        peak = height * np.exp(-np.log(2.0) / np.log(skew) ** 2 * inner**2)
    return np.asarray(peak + slope * x + base)


@dataclass(frozen=True, eq=False, slots=True)
class ResponseCurve:
    """Factors that turn measured into relative intensities, inside the certified range.

    Parameters
    ----------
    raman_shift_cm1, factor : array, shape (k,)
        Raman shift, and what to multiply a measured intensity with; the median factor is 1.
    certificate : str
        Of the glass.
    left_out : int
        Points of the range left out at its ends, because the detector saw too little there.
    """

    raman_shift_cm1: FloatArray
    factor: FloatArray
    certificate: str
    left_out: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "raman_shift_cm1", frozen_array(self.raman_shift_cm1))
        object.__setattr__(self, "factor", frozen_array(self.factor))


def response_curve(
    certificate: Certificate, raman_shift_cm1: FloatArray, glass: FloatArray
) -> ResponseCurve:
    """Return the correction curve from a scan of the glass.

    The luminescence is broad: the scan is smoothed over 40 cm-1 (Savitzky-Golay), so that its
    noise does not become a pattern in every corrected scan.

    Parameters
    ----------
    certificate : Certificate
        Of the glass measured.
    raman_shift_cm1, glass : array, shape (n,)
        Calibrated axis, and counts with the dark subtracted.

    Raises
    ------
    CalibrationError
        When too little of the certified range was measured, or the scan is no luminescence.
    """
    from scipy.signal import savgol_filter  # large: only for who measures a glass

    wanted = certified(certificate, raman_shift_cm1)
    step = float(np.median(np.diff(raman_shift_cm1)))
    window = int(min(max(5, round(SMOOTHED_CM1 / step)), glass.size // 4)) | 1
    smooth = savgol_filter(glass, window, 2) if window > 3 else np.asarray(glass)
    inside = np.isfinite(wanted)
    bright = smooth > LEAST_SHARE * float(np.max(smooth[inside], initial=0.0))
    good = inside & bright
    places = np.flatnonzero(good)
    if places.size < 16 or not good[places[0] : places[-1] + 1].all():
        raise CalibrationError(
            "the scan of the glass has too little light inside the certified range",
            certificate.name,
            "measure longer, focus on the frosted side, and subtract a dark",
        )
    factor = wanted[good] / smooth[good]
    left_out = int(inside.sum() - good.sum())
    return ResponseCurve(
        raman_shift_cm1[good], factor / float(np.median(factor)), certificate.name, left_out
    )


def corrected(
    curve: ResponseCurve, raman_shift_cm1: FloatArray, intensity: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return axis and corrected intensity of the points inside the curve's range, both (k,).

    Nothing is extrapolated: points outside are left out.

    Raises
    ------
    CalibrationError
        When fewer than 16 points are inside.
    """
    low, high = float(curve.raman_shift_cm1[0]), float(curve.raman_shift_cm1[-1])
    inside = (raman_shift_cm1 >= low) & (raman_shift_cm1 <= high)
    if int(inside.sum()) < 16:
        raise CalibrationError(
            f"the scan has hardly a point between {low:.0f} and {high:.0f} cm-1",
            curve.certificate,
            "use the curve only for scans of the same instrument",
        )
    axis = raman_shift_cm1[inside]
    factor = np.interp(axis, curve.raman_shift_cm1, curve.factor)
    return axis, np.asarray(intensity[inside] * factor)
