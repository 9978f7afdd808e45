"""Print how long it takes to try every pair of a library's references on one scan.

    python -m benchmarks.pair_speed [--entries 1656] [--runs 9]

1,656 references make 1.37 million pairs. A few pairs are checked against a solver before anything
is timed: a fast wrong answer is worth nothing. The references are random bands from a seed.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from scipy.optimize import nnls

from benchmarks.synthetic import band_spectrum
from benchmarks.timing import side_by_side
from matching.pairs import best_pairs, entry_mixtures, pair_residuals

SEED = 20261122
MOST_MS_PER_MILLION = 100.0  # "tens of milliseconds", with room for a busy computer


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pair_speed", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--entries", type=int, default=1656, help="references")
    parser.add_argument("--runs", type=int, default=9, help="runs of which the median is taken")
    options = parser.parse_args()
    rows = np.array([band_spectrum(SEED, number) for number in range(options.entries)])
    random = np.random.default_rng(SEED)
    scan = 0.7 * rows[3] + 0.3 * rows[11] + 0.01 * random.random(rows.shape[1])
    gram, power = rows @ rows.T, float(scan @ scan)
    left = pair_residuals(gram, rows @ scan, power)
    for one, other in random.integers(0, options.entries, (50, 2)).tolist():
        _, rest = nnls(rows[sorted({one, other})].T, scan)
        if abs(left[one, other] - rest**2 / power) > 1e-9:
            raise SystemExit(f"the pair {one}, {other} is not what the solver finds")
    best, every, whole = side_by_side(
        [
            lambda: best_pairs(gram, rows @ scan, power, 10),
            lambda: pair_residuals(gram, rows @ scan, power),
            lambda: rows @ rows.T,
        ],
        options.runs,
    )
    first = best_pairs(gram, rows @ scan, power, 1)[0]
    if {first.first, first.second} != {3, 11}:
        raise SystemExit("the best pair is not the one the scan was made of")
    ways = {"most_left": 0.02, "least_gain": 0.5, "least_share": 0.05}
    (search,) = side_by_side(
        [lambda: list(entry_mixtures(rows, np.arange(options.entries), **ways))], 1
    )
    pairs = options.entries * (options.entries - 1) // 2
    per_million = best * 1e9 / pairs
    print(f"{options.entries:,} references, {pairs:,} pairs, median of {options.runs} runs")
    print(f"  Gram matrix, once for a library            {whole * 1e3:9.1f} ms")
    print(f"  ten best pairs of a scan                   {best * 1e3:9.1f} ms")
    print(f"  the residual of every pair, kept           {every * 1e3:9.1f} ms")
    missed = per_million > MOST_MS_PER_MILLION
    bar = f"(at most {MOST_MS_PER_MILLION:g} ms){'   MISSED' if missed else ''}"
    print(f"  ten best pairs, per million pairs          {per_million:9.1f} ms   {bar}")
    print(f"  every entry against every pair of others   {search * 1e3:9.1f} ms")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
