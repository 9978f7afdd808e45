"""How long a whole identification takes, in units of one plain scan of the library.

    python -m benchmarks.identify_speed [--entries 20000] [--runs 15] [--folder DIR]

One plain scan is ``matrix.rows @ vector`` with the library's own search matrix (float32, 1,800
points per entry), timed in turn with the identifications, so that what else the computer does
touches both alike. Scans: noisy made-up spectra of single entries and sums of two (70 : 30), which
go through the same mixture search. Exit code 1 when a bar is missed or an answer is wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.synthetic import AXIS_CM1, band_spectrum, write_synthetic_library
from benchmarks.timing import seconds
from library.store import Library
from matching.axis import COMMON_GRID
from matching.pipeline import DEFAULT_PIPELINE
from matching.spectrum import Spectrum
from spectra_app.services.engine import Engine, examine
from spectra_app.services.policies import load_policy

SEED = 20261121
MOST_WHOLE = 120.0  # plain scans: clean-up, search, comparison, mixtures, decision
MOST_WITHOUT_MIXTURES = 10.0
SCANNED = ((17,), (4711,), (123, 9876), (3141, 2718))  # entries in each scan, the larger first
SHARES = (0.7, 0.3)


@dataclass(frozen=True, slots=True)
class Timed:
    """Median times of one scan: a plain scan of the library and each step, in milliseconds."""

    what: str
    plain: float
    steps: dict[str, float]

    @property
    def whole(self) -> float:
        """All steps, in plain scans."""
        return sum(self.steps.values()) / self.plain

    @property
    def without_mixtures(self) -> float:
        """All steps but the search for mixtures (with either baseline), in plain scans."""
        mixtures = self.steps["mixture"] + self.steps.get("second_mixture", 0.0)
        return self.whole - mixtures / self.plain


def scan_of(entries: Sequence[int]) -> Spectrum:
    """Return a noisy scan of one or two entries on a curved background."""
    random = np.random.default_rng((SEED, *entries))
    parts = [band_spectrum(SEED, number) for number in entries]
    shares = SHARES if len(parts) > 1 else (1.0,)
    clean = sum(s * p / p.sum() for s, p in zip(shares, parts, strict=True))
    away = (AXIS_CM1 - AXIS_CM1[0]) / np.ptp(AXIS_CM1)
    counts = 9000.0 * clean / np.max(clean) + 1500.0 * np.exp(-2.0 * away) + 300.0
    return Spectrum(AXIS_CM1, random.poisson(counts).astype(np.float64), laser_nm=785.0)


def timed(engine: Engine, entries: Sequence[int], runs: int) -> Timed:
    """Identify one scan again and again, a plain scan of the library before each.

    Raises
    ------
    SystemExit
        When the largest component is not the best reference: a fast wrong answer is worth nothing.
    """
    scan, rows = scan_of(entries), np.asarray(engine.library.matrix.rows)
    vector = np.ones(COMMON_GRID.size, dtype=np.float32)
    first = examine(scan, engine)
    if first.scored[0].row != entries[0]:
        raise SystemExit(f"entry {first.scored[0].row} came first, the scan is of {entries}")
    plain, steps = [], []
    for _ in range(runs):
        plain.append(seconds(lambda: rows @ vector) * 1e3)
        steps.append(examine(scan, engine).timing_ms)
    middle = {step: median(one[step] for one in steps) for step in steps[0]}
    return Timed(" + ".join(map(str, entries)), median(plain), middle)


def allocated(engine: Engine, entries: Sequence[int]) -> float:
    """Return the most memory an identification allocates at a time, in MB."""
    scan = scan_of(entries)
    tracemalloc.start()
    examine(scan, engine)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=15, help="runs of which the median is taken")
    parser.add_argument("--folder", type=Path, help="keep the made-up library here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spectra-benchmark-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"synthetic-{options.entries}-{SEED}-{DEFAULT_PIPELINE.hash[:12]}.h5"
        if not path.exists():
            sys.stderr.write(f"making {options.entries:,} made-up entries: {path.name}\n")
            write_synthetic_library(path, options.entries, SEED)
        with Library(path) as library:
            engine = Engine(library, load_policy())
            known = [e for e in SCANNED if max(e) < options.entries]
            results = [timed(engine, entries, options.runs) for entries in known]
            memory = max(allocated(engine, entries) for entries in known)
            size = library.matrix.rows.nbytes / 1e6
    return report(results, options.entries, memory, size)


def report(results: Sequence[Timed], entries: int, memory: float, size: float) -> int:
    """Print every scan's figures beside the bars; return 1 when one is missed."""
    print(f"{entries:,} made-up entries; median of runs in turn with plain scans of the library")
    for one in results:
        steps = ", ".join(f"{step} {ms:.1f}" for step, ms in one.steps.items())
        print(f"  scan of {one.what}: plain scan {one.plain:.2f} ms; {steps} ms")
        print(
            f"    whole {one.whole:.1f} plain scans (at most {MOST_WHOLE:g}); "
            f"without mixtures {one.without_mixtures:.1f} (at most {MOST_WITHOUT_MIXTURES:g})"
        )
    print(f"  most memory allocated at a time: {memory:.0f} MB; rows in the file: {size:.0f} MB")
    missed = [
        one.what
        for one in results
        if one.whole > MOST_WHOLE or one.without_mixtures > MOST_WITHOUT_MIXTURES
    ]
    if missed:
        print(f"  MISSED: {', '.join(missed)}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
