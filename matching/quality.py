"""What a scan is worth before any reference is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.axis import COMMON_GRID
from matching.peaks import find_peaks
from matching.pipeline import Prepared
from matching.preprocess.resolution import resolution_cm1

SILENT_CM1 = (1850.0, 2650.0)  # hardly any molecule has a band here, see `silent_share`
NITRILES_CM1 = (2080.0, 2280.0)


@dataclass(frozen=True, slots=True)
class ScanQuality:
    """Figures of one scan.

    Parameters
    ----------
    snr : float
        Height of the strongest band over the noise of one grid point (one standard deviation).
    saturated : bool
        The detector was at its limit.
    fluorescence_ratio : float
        Range of the background over the height of the strongest band.
    range_cm1 : tuple of float
        Covered range in cm-1.
    bands : int
        Bands found at five times the noise and 3 % of the strongest.
    silent_share : float
        Share of the band heights between 1850 and 2650 cm-1, see `silent_share`.
    spikes : int
        Pixels repaired as cosmic rays.
    resolution_cm1 : float or None
        Width (FWHM, cm-1) of the narrowest reliable bands; None when it is not known.
    """

    snr: float
    saturated: bool
    fluorescence_ratio: float
    range_cm1: tuple[float, float]
    bands: int
    silent_share: float
    spikes: int
    resolution_cm1: float | None = None


def scan_quality(prepared: Prepared) -> ScanQuality:
    """Measure the quality of a cleaned scan; see `ScanQuality` for the figures."""
    top = float(np.sort(prepared.bands)[-3])
    height = max(top, 1e-300)
    peaks = find_peaks(prepared.bands, prepared.first, max(5 * prepared.noise, 0.03 * height))
    return ScanQuality(
        snr=prepared.snr,
        saturated=prepared.saturated,
        fluorescence_ratio=float(np.ptp(prepared.background)) / height,
        range_cm1=prepared.range_cm1,
        bands=int(peaks.index.size),
        silent_share=silent_share(prepared),
        spikes=prepared.spikes,
        resolution_cm1=resolution_cm1(prepared.bands, prepared.noise, prepared.smoothed_cm1),
    )


def silent_share(prepared: Prepared) -> float:
    """Return the share of band height in the silent region; 0 with fewer than two bands there.

    Between 1850 and 2650 cm-1 only triple bonds, cumulated double bonds and a few hydrides
    (S-H, B-H, P-H) show, one or two bands at most (Socrates, Infrared and Raman Characteristic
    Group Frequencies, 3rd ed., ch. 1). Several bands there mean that the Raman shift axis is
    wrong, whatever the substance. Bands at 2080-2280 cm-1 (nitriles, alkynes, azides,
    isocyanates) are not counted.
    """
    height = max(float(np.sort(prepared.bands)[-3]), 1e-300)
    least = max(10 * prepared.noise, 0.05 * height)
    peaks = find_peaks(prepared.bands, prepared.first, least)
    place = peaks.raman_shift_cm1
    silent = (place > SILENT_CM1[0]) & (place < SILENT_CM1[1])
    silent &= (place < NITRILES_CM1[0]) | (place > NITRILES_CM1[1])
    total = float(peaks.prominence.sum())
    if int(silent.sum()) < 2 or total <= 0:
        return 0.0
    return float(peaks.prominence[silent].sum()) / total


def silent_light(prepared: Prepared) -> float:
    """Return the share of light in the silent region, by square roots of what is above noise.

    Unlike `silent_share` it counts single and weak bands, and nitriles: by itself it shows little,
    together with other evidence that an axis runs backwards.
    """
    least = max(3.0 * prepared.noise, 0.01 * float(prepared.bands.max()))
    light = np.sqrt(np.clip(prepared.bands - least, 0.0, None))
    place = COMMON_GRID.values[prepared.first : prepared.end]
    silent = (place > SILENT_CM1[0]) & (place < SILENT_CM1[1])
    total = float(light.sum())
    return float(light[silent].sum()) / total if total > 0 else 0.0
