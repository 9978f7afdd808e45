"""Noise and model error: how far a scan may differ from the right reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from matching.axis import COMMON_GRID
from matching.preprocess.scale import gaussian_broadened
from matching.spectrum import FloatArray


@dataclass(frozen=True, slots=True)
class ErrorSettings:
    """The error model.

    Parameters
    ----------
    highpass_cm1 : float
        Width (FWHM) of the Gaussian whose mean is taken off, in cm-1.
    model_error : float
        Share of the local band height by which instruments differ (one standard deviation).
    floor : float
        Smallest error, as a share of the strongest band.
    neighbourhood_cm1 : float
        Distance over which the local band height is taken, in cm-1.
    """

    highpass_cm1: float
    model_error: float
    floor: float
    neighbourhood_cm1: float


def highpass(values: FloatArray, width_cm1: float) -> FloatArray:
    """Return values less their Gaussian mean over `width_cm1`, same shape (rows on the grid).

    Linear, so that the high-pass of a mixture is the mixture of high-passes; a smooth background
    does not survive it.
    """
    smooth = gaussian_broadened(values, width_cm1 / COMMON_GRID.step_cm1)
    return np.asarray(values - smooth)


def error_weights(query: FloatArray, noise: float, settings: ErrorSettings) -> FloatArray:
    """Return inverse variances of a high-passed scan, shape (m,).

    The variance adds noise, a share of the local band height (the same substance on two
    instruments differs in band shape and relative intensity) and a floor.
    """
    reach = round(settings.neighbourhood_cm1 / COMMON_GRID.step_cm1)
    padded = np.pad(np.abs(query), reach, mode="edge")
    local = sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    least = settings.floor * float(np.abs(query).max())
    variance = noise**2 + (settings.model_error * local) ** 2 + least**2
    return np.asarray(1.0 / np.maximum(variance, 1e-300))
