"""Print how fast spectra are cleaned, in units of pybaselines' arPLS alone, beside the bars.

    python -m benchmarks.preprocess_speed [--spectra 1000] [--runs 9]

The spectra are made up: random bands on a curved background with counting noise, 1,024 points.
pybaselines fits its baseline to the same points with its usual stiffness (1e5) and tolerance;
a second figure, without a bar, stops it at a tolerance of 0.01 or 25 iterations. Times are the
fastest of all runs in turn: what else the computer does only ever adds. Exit code 1 when a bar is
missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthetic import AXIS_CM1, band_spectrum
from benchmarks.timing import seconds
from matching.pipeline import Prepared, prepare, prepare_many
from matching.spectrum import Spectrum

POINTS = 1024
STIFFNESS = 1e5
ONE_MOST = 2.0  # the whole clean-up of one spectrum, in arPLS runs of pybaselines
BATCH_MOST = 0.5  # of a loop over pybaselines' arPLS


def made_up(count: int, seed: int) -> list[Spectrum]:
    """Return `count` spectra of one instrument from a seed."""
    axis = np.linspace(AXIS_CM1[0], AXIS_CM1[-1], POINTS)
    share = (axis - axis[0]) / np.ptp(axis)
    spectra = []
    for number in range(count):
        random = np.random.default_rng((seed, number))
        clean = np.interp(axis, AXIS_CM1, band_spectrum(seed, number))
        level = random.uniform(0.0, 10_000.0) * np.exp(-2.0 * (share - random.uniform(0, 1)) ** 2)
        counts = random.poisson(2000.0 * clean / clean.max() + level + 300.0)
        spectra.append(Spectrum(axis, counts.astype(np.float64), laser_nm=785.0))
    return spectra


def fastest(work: Sequence[Callable[[], Any]], runs: int) -> list[float]:
    """Return the shortest time of each piece of work in seconds, all done in turn `runs` times."""
    for one in work:
        one()
    times = [[seconds(one) for one in work] for _ in range(runs)]
    return [min(column) for column in zip(*times, strict=True)]


def measure(spectra: list[Spectrum], runs: int) -> list[tuple[str, float, float | None]]:
    """Return (what, ratio, bar) for one spectrum and for all of them together."""
    from pybaselines import Baseline

    fitter = Baseline(spectra[0].raman_shift_cm1)
    one = spectra[0].intensity

    def early(values: NDArray[np.float64]) -> None:
        fitter.arpls(values, lam=STIFFNESS, tol=0.01, max_iter=25)

    usual, stopped, ours = fastest(
        [
            lambda: fitter.arpls(one, lam=STIFFNESS),
            lambda: early(one),
            lambda: prepare(spectra[0]),
        ],
        20 * runs,
    )
    usual_loop, stopped_loop, batch = fastest(
        [
            lambda: [fitter.arpls(each.intensity, lam=STIFFNESS) for each in spectra],
            lambda: [early(each.intensity) for each in spectra],
            lambda: prepare_many(spectra),
        ],
        max(1, runs // 3),
    )
    print(f"one spectrum {ours * 1e3:.2f} ms, {len(spectra)} together {batch * 1e3:.0f} ms")
    return [
        ("prepare / arPLS of pybaselines", ours / usual, ONE_MOST),
        ("prepare / the same, stopped early", ours / stopped, None),
        ("prepare_many / loop over arPLS", batch / usual_loop, BATCH_MOST),
        ("prepare_many / the same, stopped early", batch / stopped_loop, None),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spectra", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    spectra = made_up(options.spectra, seed=20261121)
    together = prepare_many(spectra)
    for spectrum, found in zip(spectra[:20], together, strict=False):  # a fast wrong answer is none
        alone = prepare(spectrum)
        if not isinstance(found, Prepared) or not np.allclose(
            found.bands, alone.bands, rtol=0, atol=1e-9 * np.ptp(alone.bands)
        ):
            raise SystemExit("the batch does not give what prepare gives")
    missed = False
    for what, ratio, bar in measure(spectra, options.runs):
        over = bar is not None and ratio > bar
        missed |= over
        said = "" if bar is None else f"   (at most {bar:g} x){'   MISSED' if over else ''}"
        print(f"  {what:48} {ratio:6.3f} x{said}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
