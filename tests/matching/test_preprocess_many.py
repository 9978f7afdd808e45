"""A batch is cleaned as each spectrum alone would be, and a bad one stands for itself only."""

from __future__ import annotations

import csv
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from library.formats import read_file
from matching.errors import QueryError
from matching.pipeline import Prepared, prepare, prepare_many
from matching.spectrum import Acquisition, Spectrum

AXES = (
    np.linspace(180.0, 2400.0, 900),
    np.linspace(180.0, 2400.0, 900) + 3.3,
    np.arange(400.0, 1800.0, 1.0),
    np.linspace(150.0, 3300.0, 512),
)


def assert_same(one: Prepared, other: Prepared) -> None:
    """Fail unless all fields of two cleaned scans are equal to 1e-9 of the scan."""
    for field in fields(Prepared):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 * np.ptp(one.bands))
        elif isinstance(a, float):
            assert a == pytest.approx(b, rel=1e-9, abs=1e-9)
        else:
            assert a == b, field.name


@pytest.fixture(scope="module")
def made_up(lines):
    """Return a function that makes a spectrum with bands, background, noise and perhaps a hit."""

    def build(seed: int) -> Spectrum:
        rng = np.random.default_rng(seed)
        axis = AXES[seed % len(AXES)]
        bands = [
            (rng.uniform(*axis[[0, -1]]), rng.uniform(8, 30), 10 ** rng.uniform(1, 4))
            for _ in range(8)
        ]
        y = lines(axis, bands) + 10 ** rng.uniform(0, 4) * np.exp(-axis / 800.0)
        y += rng.normal(0, rng.uniform(0.1, 20.0), axis.size)
        if seed % 3 == 0:
            y[rng.integers(5, axis.size - 5)] += 5e4
        saturated = bool(seed % 5 == 0)
        return Spectrum(axis, y, 785.0, acquisition=Acquisition(saturated=saturated))

    return build


@settings(max_examples=12)
@given(start=st.integers(0, 10_000), count=st.integers(1, 40))
def test_a_batch_equals_each_spectrum_alone(made_up, start, count):
    spectra = [made_up(start + i) for i in range(count)]
    together = prepare_many(spectra)
    assert len(together) == count
    for spectrum, found in zip(spectra, together, strict=True):
        assert isinstance(found, Prepared)
        assert_same(found, prepare(spectrum))


def test_real_scans_of_several_axes_are_cleaned_alike_alone_and_together(shared_data):
    spectra = []
    for name, column in (("queries-785x", "raw-dark"), ("reference-785xs", None)):
        folder = shared_data / "spectra" / name
        with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
            paths = [folder / row["file"] for row in csv.DictReader(file)]
        results = [read_file(path, column=column)[1] for path in paths]
        spectra += [result.spectra[0].spectrum for result in results]
    assert len(spectra) > 100
    for spectrum, found in zip(spectra, prepare_many(spectra), strict=True):
        assert isinstance(found, Prepared)
        assert_same(found, prepare(spectrum))


def test_each_bad_spectrum_has_its_error_in_its_place(made_up):
    axis = AXES[0]
    flat = Spectrum(axis, np.full(axis.size, 3.0))
    outside = Spectrum(np.linspace(4000.0, 5000.0, 300), np.random.default_rng(0).normal(size=300))
    pieces = np.concatenate([start + np.arange(8.0) for start in (300.0, 600.0, 900.0)])
    gapped = Spectrum(pieces, np.arange(24.0) % 3)
    good = [made_up(4 * i) for i in range(14)]
    together = prepare_many([flat, *good, outside, gapped])
    for found, words in zip(
        (together[0], *together[-2:]), ("equal", "too little", "gap"), strict=True
    ):
        assert isinstance(found, QueryError)
        assert words in str(found)
        assert found.remedy
    for spectrum, found in zip(good, together[1:-2], strict=True):
        assert_same(found, prepare(spectrum))


def test_nothing_gives_nothing():
    assert prepare_many([]) == []


def test_repaired_pixels_are_kept_and_are_those_that_were_hit(lines):
    axis = np.concatenate((np.arange(10.0, 60.0, 2.0), np.arange(300.0, 2000.0, 1.5)))
    y = lines(axis, [(900.0, 10.0, 500.0)])
    y += np.random.default_rng(2).normal(0, 2.0, axis.size)
    y[[400, 800]] += 3000.0
    made = prepare(Spectrum(axis, y))  # the short piece before the gap is not compared
    assert set(made.spike_pixels) >= {400, 800}
    assert made.spikes == len(made.spike_pixels) <= 6
