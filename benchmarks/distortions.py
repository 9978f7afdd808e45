"""Seeded distortions of measured scans: what another instrument or a worse day would do to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching.pipeline import prepare
from matching.preprocess.scale import gaussian_broadened
from matching.spectrum import Spectrum

KINDS = (
    "noise 5 %",
    "fluorescence x2",
    "fluorescence x5",
    "axis 2 cm-1",
    "axis 4 cm-1",
    "width x2",
    "combination",
)
SCAN_WIDTH_CM1 = 14.0  # FWHM of a sharp band of the scans distorted (queries-785x)


def distorted(spectrum: Spectrum, kind: str, seed: int) -> Spectrum:
    """Return a distorted copy of a scan; the same seed gives the same copy.

    Parameters
    ----------
    spectrum : Spectrum
        A scan as measured, background included.
    kind : str
        One of `KINDS`. The combination is 5 % noise, fluorescence twice the strongest band, an
        axis off by 2 cm-1 and bands twice as wide.
    seed : int
        Seed of noise, sign of the axis error, and place and width of the fluorescence.
    """
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    prepared = prepare(spectrum)
    top = float(np.sort(prepared.bands)[-3])
    axis, intensity = spectrum.raman_shift_cm1, spectrum.intensity
    both = kind == "combination"
    if kind.startswith("fluorescence") or both:
        height = top * (5.0 if kind.endswith("x5") else 2.0)
        place = (axis - axis[0]) / (axis[-1] - axis[0])
        centre, width = rng.uniform(0.1, 0.9), rng.uniform(0.25, 0.6)
        intensity = intensity + height * np.exp(-0.5 * ((place - centre) / width) ** 2)
    if kind.startswith("axis") or both:
        axis = axis + rng.choice([-1.0, 1.0]) * (4.0 if "4" in kind else 2.0)
    if kind == "width x2" or both:
        pixel = float(np.median(np.diff(axis)))
        intensity = gaussian_broadened(intensity, SCAN_WIDTH_CM1 * np.sqrt(3.0) / pixel)
    if kind == "noise 5 %" or both:
        intensity = intensity + rng.normal(0.0, 0.05 * top, intensity.size)
    return replace(spectrum, raman_shift_cm1=axis, intensity=intensity)
