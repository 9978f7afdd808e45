"""Made-up spectra for timing: random bands from a seed. They are no substance and never shipped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from library.entry import Entry, EntryRecord
from library.writing import write_library
from matching.spectrum import Acquisition, Spectrum

AXIS_CM1 = np.arange(200.0, 2200.0, 1.0)
WIDTH_CM1 = 8.0  # full width at half maximum
SOURCE = "SYNTHETIC: random bands made for timing, no substance"


def band_spectrum(seed: int, number: int) -> NDArray[np.float64]:
    """Return intensities on `AXIS_CM1`, shape (2000,): 8 to 30 Lorentzian bands, no background.

    None above 1780 cm-1: bands where molecules have none would put the axis in doubt.
    """
    random = np.random.default_rng((seed, number))
    count = int(random.integers(8, 31))
    place = random.uniform(230.0, 1780.0, count)[:, None]
    height = random.lognormal(0.0, 0.8, count)[:, None]
    half = 0.5 * WIDTH_CM1
    return (height / (1.0 + ((AXIS_CM1 - place) / half) ** 2)).sum(axis=0)


def entries(count: int, seed: int) -> Iterator[Entry]:
    """Yield `count` entries of kind ``emulated``; the first ones are the same for every count."""
    for number in range(count):
        spectrum = Spectrum(
            AXIS_CM1,
            band_spectrum(seed, number),
            laser_nm=785.0,
            acquisition=Acquisition(emulated=True),
        )
        digest = spectrum.content_hash
        record = EntryRecord(
            entry=hashlib.sha256(f"synthetic {number} {digest}".encode()).hexdigest()[:16],
            name=f"synthetic {number:05}",
            kind="reconstructed",
            laser_nm=785.0,
            source=SOURCE,
            content_sha256=digest,
        )
        yield Entry(record, spectrum)


def write_synthetic_library(target: Path, count: int, seed: int) -> None:
    """Write a library of `count` made-up entries the way every library is written."""
    write_library(target, list(entries(count, seed)), name=SOURCE)


def write_scan(target: Path, number: int, seed: int) -> None:
    """Write a noisy scan of entry `number` on a curved background as two-column text."""
    random = np.random.default_rng((seed, number, 1))
    clean = band_spectrum(seed, number)
    share = (AXIS_CM1 - AXIS_CM1[0]) / np.ptp(AXIS_CM1)
    counts = 2000.0 * clean / clean.max() + 1500.0 * np.exp(-2.0 * share) + 300.0
    counts = random.poisson(counts).astype(np.float64)
    lines = [f"{x:.1f},{y:.1f}" for x, y in zip(AXIS_CM1, counts, strict=True)]
    text = "\n".join(["Raman shift (cm-1),Intensity", *lines]) + "\n"
    target.write_text(text, encoding="utf-8")
