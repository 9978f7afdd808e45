"""Scales on which spectra are compared: square root and derivative."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from matching.spectrum import FloatArray


def square_root(intensity: FloatArray) -> FloatArray:
    """Return the square root of the positive part, any shape.

    Counts are Poisson distributed, so the square root has constant variance; it also tempers
    what differs most between instruments, the relative intensity of strong bands.
    """
    return np.sqrt(np.clip(intensity, 0.0, None))


@lru_cache(maxsize=8)
def savgol_kernel(window: int, degree: int, derivative: int) -> FloatArray:
    """Return Savitzky-Golay weights, shape (window,), for use with ``np.convolve``.

    Savitzky and Golay, Anal. Chem. 36 (1964) 1627: least squares polynomial of `degree` over an
    odd `window` of points, its `derivative` at the middle, for unit spacing.
    """
    half = window // 2
    powers = np.vander(np.arange(-half, half + 1, dtype=np.float64), degree + 1, increasing=True)
    weights = np.linalg.pinv(powers)[derivative]
    factorial = float(np.prod(np.arange(1, derivative + 1)))
    kernel: FloatArray = (factorial * weights)[::-1].copy()
    kernel.flags.writeable = False
    return kernel


def second_derivative(values: FloatArray, window: int = 9, degree: int = 3) -> FloatArray:
    """Return the negative second derivative along the last axis, same shape as `values`.

    Negative, so that a band shows as a maximum. The first and last ``window // 2`` points,
    where the polynomial has no full support, are zero.
    """
    kernel = savgol_kernel(window, degree, 2)
    rows = np.atleast_2d(values)
    half = window // 2
    out = np.zeros_like(rows, dtype=np.float64)
    for row, source in zip(out, rows, strict=True):
        row[half : source.size - half] = -np.convolve(source, kernel, mode="valid")
    return out.reshape(values.shape)


def gaussian_broadened(rows: FloatArray, fwhm_points: float) -> FloatArray:
    """Return rows convolved with a Gaussian of unit area, same shape as `rows`.

    Parameters
    ----------
    rows : array, shape (..., m)
        Values on an even grid, extended by their end values.
    fwhm_points : float
        Full width at half maximum in grid points; 0 returns a copy.
    """
    if fwhm_points <= 0:
        return np.array(rows, dtype=np.float64)
    sigma = fwhm_points / 2.3548200450309493
    half = max(1, int(np.ceil(4 * sigma)))
    size = rows.shape[-1] + 2 * half
    length = 1 << (size - 1).bit_length()
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    pad = [(0, 0)] * (rows.ndim - 1) + [(half, half)]
    spectrum = np.fft.rfft(np.pad(rows, pad, mode="edge"), n=length, axis=-1)
    wide = np.fft.irfft(spectrum * np.fft.rfft(kernel, n=length), n=length, axis=-1)
    return np.asarray(wide[..., 2 * half : 2 * half + rows.shape[-1]], dtype=np.float64)
