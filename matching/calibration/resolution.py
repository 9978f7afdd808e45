"""What an instrument makes of a narrow line: its resolution, after ASTM E2529.

A lamp line has no width of its own to speak of; the calcite band at 1085 cm-1 has 1.3 cm-1, which
is taken off. European Pharmacopoeia 2.2.48 asks 15 cm-1 or better between 1000 and 1100 cm-1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matching.calibration.axis import LineResult

CALCITE_LINE_CM1 = 1085.91
CALCITE_WIDTH_CM1 = 1.3
LEAST_SNR = 20.0
PHARMACOPOEIA_CM1 = 15.0  # Ph. Eur. 2.2.48, at 1000-1100 cm-1


@dataclass(frozen=True, slots=True)
class Resolution:
    """Resolution of an instrument.

    Parameters
    ----------
    fwhm_cm1 : float
        Full width at half maximum that a line without width would have.
    lowest_cm1, highest_cm1 : float
        Narrowest and widest of the lines used.
    lines : int
        How many lines it rests on.
    method : str
        ``"lamp"`` or ``"calcite 1085"``.
    """

    fwhm_cm1: float
    lowest_cm1: float
    highest_cm1: float
    lines: int
    method: str


def resolution_of(rows: Sequence[LineResult]) -> Resolution | None:
    """Return the resolution from the lines of a calcite or lamp scan; None when none is good.

    Calcite is asked first: it is measured through the same optics as a sample. Of a lamp, the
    median of all unsaturated lines that have no neighbour counts.

    Parameters
    ----------
    rows : sequence of LineResult
        What became of the lines, see `matching.calibration.fit.fit_axis`.
    """
    good = [row for row in rows if row.use in {"used", "outlier"} and (row.snr or 0) >= LEAST_SNR]
    for row in good:
        if row.standard == "calcite" and row.expected == CALCITE_LINE_CM1 and row.fwhm_cm1:
            width = without_own_width(row.fwhm_cm1, CALCITE_WIDTH_CM1)
            return Resolution(width, width, width, 1, "calcite 1085")
    widths = [row.fwhm_cm1 for row in good if row.unit != "cm-1" and row.fwhm_cm1]
    if not widths:
        return None
    return Resolution(float(np.median(widths)), min(widths), max(widths), len(widths), "lamp")


def without_own_width(measured_cm1: float, own_cm1: float) -> float:
    """Return the Gaussian width of an instrument that draws a Lorentzian line `measured_cm1` wide.

    All widths are full widths at half maximum. Source: J. J. Olivero and R. L. Longbothum,
    J. Quant. Spectrosc. Radiat. Transfer 17 (1977) 233, solved for the Gaussian part; 0 when the
    line is as narrow as its own width.
    """
    rest = measured_cm1 - 0.5346 * own_cm1
    square = rest**2 - 0.2166 * own_cm1**2
    return float(np.sqrt(square)) if rest > 0 and square > 0 else 0.0
