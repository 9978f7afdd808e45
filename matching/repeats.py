"""Repeated scans of one sample: what only one of them saw is a cosmic ray."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from matching.errors import SpectrumError
from matching.pipeline import is_saturated
from matching.preprocess.despike import row_noise
from matching.spectrum import FloatArray, Spectrum, Step

UNEVEN = 0.2  # of a band's height: repeats may differ so much where they do not drift evenly
DRIFT_PIXELS = 31  # what is wider than half of this is drift (bleaching, focus), not a hit


@dataclass(frozen=True, eq=False, slots=True)
class Merged:
    """Repeated scans made into one.

    Parameters
    ----------
    spectrum : Spectrum
        The mean over the scans, pixels with a cosmic ray left out; its history names them.
    mask : array of bool, shape (k, n)
        True where scan k was hit.
    """

    spectrum: Spectrum
    mask: NDArray[np.bool_]


def merge_repeats(spectra: Sequence[Spectrum], threshold: float = 6.0) -> Merged:
    """Combine repeated scans of one sample, cosmic rays found by disagreement.

    A scan is compared at every pixel with the others (the lower middle one of them, which one hit
    cannot raise). What stands more than `threshold` noise units above it is a hit, once slow
    differences (drift, bleaching) are taken off; the noise grows with the square root of the light
    as counting makes it, and on a band a fifth of its height is allowed for, as bands do not always
    fade evenly. Sharp lines are in all scans and stay, however narrow they are.

    Parameters
    ----------
    spectra : sequence of Spectrum
        Two or more scans on the same axis, excitation and technique.
    threshold : float
        Height of a hit in units of the noise of the difference of two scans.

    Returns
    -------
    Merged

    Raises
    ------
    SpectrumError
        When there are fewer than two scans or they were not measured alike.
    """
    _check_alike(spectra)
    rows = np.array([one.intensity for one in spectra])
    mask = _hits(rows, threshold)
    good = ~mask
    counted = good.sum(axis=0)
    mean = np.where(good, rows, 0.0).sum(axis=0) / np.maximum(counted, 1)
    merged = np.where(counted > 0, mean, rows.min(axis=0))
    first = spectra[0]
    averages = [one.acquisition.averages for one in spectra]
    known = [n for n in averages if n is not None]
    acquisition = replace(
        first.acquisition,
        averages=sum(known) if len(known) == len(averages) else None,
        saturated=any(is_saturated(one) for one in spectra),
        emulated=any(one.acquisition.emulated for one in spectra),
    )
    hit = [f"{i + 1}: {_listed(row)}" for i, row in enumerate(mask) if row.any()]
    step = Step(
        "repeats merged",
        (
            ("scans", str(len(spectra))),
            ("threshold", f"{threshold:g}"),
            ("pixels hit", "; ".join(hit) or "none"),
        ),
    )
    return Merged(replace(first, acquisition=acquisition).after(step, merged), mask)


def _check_alike(spectra: Sequence[Spectrum]) -> None:
    """Raise SpectrumError unless there are two or more scans, measured alike."""
    if len(spectra) < 2:
        raise SpectrumError(
            "there is only one scan, so nothing can be compared", "", "measure at least twice"
        )
    first = spectra[0]
    for one in spectra[1:]:
        if not np.array_equal(one.raman_shift_cm1, first.raman_shift_cm1):
            raise SpectrumError(
                "the scans have different Raman shift axes", "", "merge scans of one calibration"
            )
        if (one.laser_nm, one.technique) != (first.laser_nm, first.technique):
            raise SpectrumError(
                "the scans differ in excitation or technique", "", "merge scans measured alike"
            )


def _hits(rows: FloatArray, threshold: float) -> NDArray[np.bool_]:
    """Mark the pixels of each row, shape (k, n), that stand above what the other rows say."""
    mask = np.zeros(rows.shape, dtype=np.bool_)
    for i, row in enumerate(rows):
        others = np.sort(np.delete(rows, i, axis=0), axis=0)
        expected = others[(len(others) - 1) // 2]
        excess = row - gain(row, expected) * expected
        excess = excess - _around(excess, DRIFT_PIXELS, np.median)
        light = expected - expected.min()
        typical = max(float(np.median(light)), 1e-300)
        noise = float(row_noise(excess)) * np.sqrt(np.maximum(light / typical, 1.0))
        band = np.maximum(expected - _around(expected, DRIFT_PIXELS, np.median), 0.0)
        mask[i] = excess > threshold * noise + UNEVEN * _around(band, 5, np.max)
    return mask


def _around(values: FloatArray, width: int, what: Callable[..., FloatArray]) -> FloatArray:
    """Return the median (or what is asked) of the pixels around each one, shape (n,)."""
    half = min(width, values.size - 1) // 2
    windows = sliding_window_view(np.pad(values, half, mode="reflect"), 2 * half + 1)
    return np.asarray(what(windows, axis=1))


def gain(row: FloatArray, expected: FloatArray) -> float:
    """Return the factor between two scans of one sample, from the steps of their flanks.

    The weighted median over pixels: what both scans do counts, a hit is a step of one of them, an
    offset has none.
    """
    steps, other = row[2:] - row[:-2], expected[2:] - expected[:-2]
    weight = np.abs(steps * other)
    if not weight.any():
        return 1.0
    ratio = steps / np.where(other == 0.0, 1.0, other)
    order = np.argsort(ratio)
    reached = np.cumsum(weight[order])
    return float(ratio[order][np.searchsorted(reached, 0.5 * reached[-1])])


def _listed(row: NDArray[np.bool_]) -> str:
    return " ".join(str(i) for i in np.flatnonzero(row).tolist())
