"""Scales on which spectra are compared: square root and derivative."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from matching.spectrum import FloatArray

FWHM_PER_SIGMA = 2.3548200450309493  # full width at half maximum of a Gaussian: sqrt(8 ln 2)
TRANSFORM_ROUNDING = 1e-14  # of the largest value: less than this is rounding


def square_root(intensity: FloatArray) -> FloatArray:
    """Return the square root of the positive part, any shape.

    Counts are Poisson distributed, so the square root has constant variance; it also tempers
    what differs most between instruments, the relative intensity of strong bands.
    """
    return np.asarray(np.sqrt(np.maximum(intensity, 0.0)))


def soft_root(intensity: FloatArray, softness: FloatArray | float) -> FloatArray:
    """Return ``sqrt(x + c) - sqrt(c)`` of the positive part x, shape of `intensity`.

    With c of a few noise units it is the square root for bands and linear within the noise, where
    the square root would blow noise up to the size of bands; c = 0 is the square root. It
    stabilises the variance of counts with readout noise (compare the generalised transform of
    Anscombe; Murtagh, Starck and Bijaoui, Astron. Astrophys. Suppl. 112 (1995) 179).

    Parameters
    ----------
    intensity : array, any shape
        Intensity above the baseline.
    softness : array or float
        c, in the unit of `intensity`, broadcast to it.
    """
    return np.asarray(np.sqrt(np.clip(intensity, 0.0, None) + softness) - np.sqrt(softness))


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
    half = window // 2
    out = np.zeros(values.shape)
    if values.size == 0 or values.shape[-1] < window:
        return out
    # All rows end to end in one call; where the window spans two rows lie the points left zero.
    flat = out.reshape(-1)
    np.negative(np.convolve(values.reshape(-1), kernel, mode="valid"), out=flat[half:-half])
    out[..., :half] = 0.0
    out[..., -half:] = 0.0
    return out


def gaussian_broadened(rows: FloatArray, fwhm_points: float) -> FloatArray:
    """Return rows convolved with a Gaussian of unit area, same shape as `rows`.

    Parameters
    ----------
    rows : array, shape (..., m)
        Values on an even grid, extended by their end values.
    fwhm_points : float
        Full width at half maximum in grid points; 0 returns a copy.
    """
    return gaussian_widths(rows, (fwhm_points,))[..., 0, :]


def gaussian_widths(rows: FloatArray, fwhm_points: tuple[float, ...]) -> FloatArray:
    """Return rows convolved with Gaussians of several widths; the rows are transformed once.

    A row comes out the same, bit for bit, however many rows are given with it. Where nothing is in
    reach, the result is zero and not the transform's rounding, which differs between processors
    and which a square root would blow up to a hundred-millionth of the strongest band.

    Parameters
    ----------
    rows : array, shape (..., m)
        Values on an even grid, extended by their end values.
    fwhm_points : tuple of float, length w
        Full widths at half maximum in grid points; 0 gives the row itself.

    Returns
    -------
    array, shape (..., w, m)
    """
    points = rows.shape[-1]
    wide = [(place, width) for place, width in enumerate(fwhm_points) if width > 0]
    out = np.empty((*rows.shape[:-1], len(fwhm_points), points))
    for place, width in enumerate(fwhm_points):
        if width <= 0:
            out[..., place, :] = rows
    if wide:
        pad = max(gaussian_reach(width) for _, width in wide)
        length = _transform_length(points + 2 * pad)
        padded = np.zeros((*rows.shape[:-1], length))
        padded[..., :pad] = rows[..., :1]
        padded[..., pad : pad + points] = rows
        padded[..., pad + points : 2 * pad + points] = rows[..., -1:]
        transform = np.fft.rfft(padded, axis=-1)
        kernels = np.array([_gaussian_transform(width, length) for _, width in wide])
        smooth = np.fft.irfft(transform[..., None, :] * kernels, n=length, axis=-1)
        smooth = smooth[..., pad : pad + points]
        rounding = TRANSFORM_ROUNDING * np.abs(rows).max(axis=-1)[..., None, None]
        smooth *= np.abs(smooth) > rounding
        out[..., [place for place, _ in wide], :] = smooth
    return out


def _transform_length(least: int) -> int:
    """Return a length of at least `least` whose Fourier transform is fast: 8 to 16 times 2^k."""
    unit = 1 << max((least - 1).bit_length() - 4, 0)
    return -(-least // unit) * unit


def gaussian_reach(fwhm_points: float) -> int:
    """Return how far, in points to either side, `gaussian_broadened` looks.

    A Gaussian is cut off at four standard deviations.
    """
    if fwhm_points <= 0:
        return 0
    return max(1, int(np.ceil(4 * fwhm_points / FWHM_PER_SIGMA)))


@lru_cache(maxsize=64)
def _gaussian_transform(fwhm_points: float, length: int) -> FloatArray:
    """Return the transform of a Gaussian centred on point 0 of `length`: real, as it is even."""
    sigma, half = fwhm_points / FWHM_PER_SIGMA, gaussian_reach(fwhm_points)
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    circle = np.zeros(length)
    circle[: half + 1] = kernel[half:]
    circle[length - half :] = kernel[:half]
    transform: FloatArray = np.fft.rfft(circle).real.copy()
    transform.flags.writeable = False
    return transform
