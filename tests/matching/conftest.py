"""Synthetic spectra for the tests of the matching core: stated bands, noise that repeats."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
import pytest

import resources
from matching.axis import COMMON_GRID
from matching.compare import Comparison
from matching.peaks import Peaks
from matching.pipeline import Prepared
from matching.policy import Policy, parse_policy
from matching.search import ReferenceMatrix, reference_matrix

Band = tuple[float, float, float]  # place and width (FWHM) in cm-1, height


@pytest.fixture(scope="session")
def policy() -> Policy:
    """Return the policy that comes with the program."""
    raw = resources.path("policies/default.json").read_bytes()
    return parse_policy(json.loads(raw), raw)


@pytest.fixture(scope="session")
def lines() -> Callable[[np.ndarray, Sequence[Band]], np.ndarray]:
    """Return a function that draws Gaussian bands on an axis."""

    def draw(axis: np.ndarray, bands: Sequence[Band]) -> np.ndarray:
        total = np.zeros(axis.size)
        for place, width, height in bands:
            total += height * np.exp(-4 * np.log(2) * ((axis - place) / width) ** 2)
        return total

    return draw


@pytest.fixture(scope="session")
def prepared() -> Callable[..., Prepared]:
    """Return a builder of cleaned scans from band intensities on the grid."""

    def build(bands: np.ndarray, first: int = 0, noise: float = 1e-6) -> Prepared:
        values = np.asarray(bands, dtype=np.float64)
        end = first + values.size
        assert end <= COMMON_GRID.size
        snr = max(float(values.max(initial=0.0)), 0.0) / noise
        return Prepared(
            bands=values,
            background=np.zeros(values.size),
            first=first,
            end=end,
            noise=noise,
            snr=snr,
            spikes=0,
            saturated=False,
        )

    return build


@pytest.fixture(scope="session")
def comparison() -> Callable[..., Comparison]:
    """Return a builder of comparisons: a perfect one unless said otherwise."""
    empty = np.zeros(0)
    peaks = Peaks(np.zeros(0, dtype=np.int64), empty, empty, empty)

    def build(**changes: float) -> Comparison:
        figures = {
            "root_correlation": 0.99,
            "derivative_correlation": 0.98,
            "unexplained": 0.01,
            "missing": 0.01,
            "query_bands_matched": 1.0,
            "reference_bands_matched": 1.0,
            "independent_bands": 6.0,
            "misfit": 0.5,
            "contrast": 50.0,
            "uncovered": 0.0,
            "shift_cm1": 0.0,
            "width_cm1": 0.0,
            "overlap_cm1": 1500.0,
            **changes,
        }
        return Comparison(
            **figures,
            first=0,
            query=empty,
            reference=empty,
            query_peaks=peaks,
            reference_peaks=peaks,
        )

    return build


@pytest.fixture(scope="session")
def matrix_of() -> Callable[..., ReferenceMatrix]:
    """Return a builder of search matrices in which every reference is a substance of its own."""
    return lambda items: reference_matrix(items, range(len(items)))
