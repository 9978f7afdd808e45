"""How often both components of a sum of two measured scans are found; shares against truth.

    python -m benchmarks.mixture_sums LIB.h5 QUERIES/manifest.csv [--count 400]

Scans are scaled to unit band area, added in proportion, and identified with nothing told about
the number of components. Pairs of one substance are not drawn. Each sum is tried again with each
of its two substances removed from the library: what is named then beside the other is a false
name.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from library.store import Library
from matching.pipeline import prepare
from matching.spectrum import Spectrum
from spectra_app.services.engine import Engine, examine
from spectra_app.services.evaluate import Query, load_queries
from spectra_app.services.policies import load_policy
from spectra_app.services.statistics import rate

PROPORTIONS = (0.7, 0.9)


def sums(
    queries: list[Query], count: int, seed: int
) -> Iterator[tuple[Query, Query, float, Spectrum]]:
    """Yield pairs of queries, the share of the first, and the sum of their scans."""
    rng = np.random.default_rng(seed)
    made = 0
    while made < count:
        one, other = (queries[i] for i in rng.integers(0, len(queries), 2))
        if one.truth & other.truth or one.spectrum is None or other.spectrum is None:
            continue
        if one.spectrum.intensity.size != other.spectrum.intensity.size:
            continue
        share = PROPORTIONS[made % 2]
        made += 1
        scaled = [
            q.intensity / np.clip(prepare(q).bands, 0.0, None).sum()
            for q in (one.spectrum, other.spectrum)
        ]
        total = 1e6 * (share * scaled[0] + (1 - share) * scaled[1])
        yield one, other, share, Spectrum(one.spectrum.raman_shift_cm1, total, laser_nm=785.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--column", default="raw-dark")
    options = parser.parse_args()
    engine = Engine(Library(options.library), load_policy())
    queries = load_queries(options.queries, engine, options.column)
    found = {share: [0, 0, 0, 0] for share in PROPORTIONS}  # both, n, third, any false name
    errors: list[float] = []
    inside = 0
    without = {share: [0, 0] for share in PROPORTIONS}  # false names, n
    substance = engine.library.matrix.substance
    for one, other, share, spectrum in sums(queries, options.count, seed=2026):
        for removed, kept in ((one, other), (other, one)):
            gone = np.isin(substance, list(removed.truth))
            rows = examine(spectrum, engine, without=gone).verdict.named
            without[share][0] += any(int(substance[row]) not in kept.truth for row in rows)
            without[share][1] += 1
        examined = examine(spectrum, engine)
        named = [int(engine.library.matrix.substance[row]) for row in examined.verdict.named]
        hits = [bool(set(named) & one.truth), bool(set(named) & other.truth)]
        row = found[share]
        row[1] += 1
        row[2] += len(named) > 2
        row[3] += any(n not in one.truth | other.truth for n in named)
        if len(named) == 2 and all(hits):
            row[0] += 1
            part = examined.verdict.parts[[n in one.truth for n in named].index(True)]
            errors.append(abs(part.share - share))
            inside += part.interval[0] <= share <= part.interval[1]
    for share, (both, n, third, false) in found.items():
        print(f"{share:.0%}: both found {rate(both, n)}")
        print(f"     third component {rate(third, n)}; a false name {rate(false, n)}")
    for share, (false, n) in without.items():
        print(f"{share:.0%}, one substance left out: a false name {rate(false, n)}")
    print(f"share: median error {np.median(errors):.3f}, interval holds {inside}/{len(errors)}")


if __name__ == "__main__":
    main()
