"""The width of an instrument's lines, on made-up bands of known width and on real scans."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from library.formats import read_file
from matching.pipeline import prepare
from matching.preprocess.resolution import resolution_cm1
from matching.quality import scan_quality
from matching.spectrum import Spectrum

AXIS = np.arange(250.0, 2300.0, 1.1)


def made(lines, bands, noise: float = 1.0, seed: int = 0) -> Spectrum:
    y = lines(AXIS, bands) + 2000.0 * np.exp(-AXIS / 900.0)
    return Spectrum(AXIS, y + np.random.default_rng(seed).normal(0, noise, AXIS.size), 785.0)


@settings(max_examples=25)
@given(width=st.floats(5.0, 25.0), seed=st.integers(0, 500), count=st.integers(1, 6))
def test_the_width_put_in_is_found(lines, width, seed, count):
    rng = np.random.default_rng(seed)
    places = 400.0 + 300.0 * np.arange(count) + rng.uniform(-50, 50, count)
    bands = [(place, width, rng.uniform(500, 3000)) for place in places]
    found = scan_quality(prepare(made(lines, bands, seed=seed))).resolution_cm1
    assert found == pytest.approx(width, rel=0.15, abs=0.5)


def test_smoothing_of_a_noisy_scan_is_taken_off_again(lines):
    bands = [(600.0, 15.0, 900.0), (1000.0, 15.0, 1000.0), (1500.0, 15.0, 800.0)]
    cleaned = prepare(made(lines, bands, noise=12.0))
    assert cleaned.smoothed_cm1 > 1.0
    assert scan_quality(cleaned).resolution_cm1 == pytest.approx(15.0, rel=0.2)


def test_overlapping_bands_do_not_count(lines):
    bands = [(600.0, 8.0, 900.0), (1000.0, 30.0, 1000.0), (1018.0, 30.0, 990.0)]
    assert scan_quality(prepare(made(lines, bands))).resolution_cm1 == pytest.approx(8.0, rel=0.15)


def test_it_is_not_known_when_no_band_is_good_enough(lines):
    assert scan_quality(prepare(made(lines, []))).resolution_cm1 is None
    assert scan_quality(prepare(made(lines, [(900.0, 10.0, 60.0)], 8.0))).resolution_cm1 is None
    wide = [(900.0, 8.0, 900.0)]
    cleaned = prepare(made(lines, wide))
    assert resolution_cm1(cleaned.bands, cleaned.noise, smoothed_cm1=7.9) is None
    assert resolution_cm1(np.zeros(50), 1.0) is None


@pytest.mark.parametrize(
    ("name", "column", "least", "most"),
    [("reference-785xs", None, 6.0, 12.0), ("queries-785x", "raw-dark", 11.0, 18.0)],
)
def test_two_real_units_are_told_apart(shared_data, name, column, least, most):
    folder = shared_data / "spectra" / name
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        paths = [folder / row["file"] for row in csv.DictReader(file)][::3]
    scans = [read_file(path, column=column)[1].spectra[0].spectrum for path in paths]
    found = [scan_quality(prepare(scan)).resolution_cm1 for scan in scans]
    known = [width for width in found if width is not None]
    assert len(known) > 0.8 * len(found)
    assert least < np.quantile(known, 0.25) < most
