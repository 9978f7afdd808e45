"""Print how fast the exact index is, as ratios to one plain scan of the same matrix in one run.

    python -m benchmarks.search_speed [--sizes 20000,100000,1000000] [--runs 7]

The plain scan is ``matrix @ query`` with `argpartition` for the ten best, float32, 1,024 channels.
The libraries are made up (random bands from a seed, half of them at places that many spectra
share). Every answer is compared with a full scan in float64 before anything is timed. Run it on a
quiet computer; the number of BLAS threads is what OPENBLAS_NUM_THREADS says. Exits 1 when a bar is
missed, 2 when an answer is wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import seconds, side_by_side
from matching.axis import COMMON_GRID
from matching.index import Index, build_index
from matching.nearest import Nearest, nearest, nearest_batch
from matching.pipeline import Prepared
from matching.search import ReferenceMatrix, SearchSettings, prefix_sums, search

Rows = NDArray[np.float32]

SEED = 20261122
CHANNELS = 1024
TOP = 10
BARS = ((1_000_000, 8.0), (100_000, 6.0), (20_000, 3.0))  # entries, times as fast as a plain scan
SLOWEST = 1.25  # times a plain scan, for any query
SHIFTS = 9
BATCH_QUERIES = 512
OF_PEAK = 0.6
KINDS = {  # parts of the sum, noise as a share of the strongest band; the last is hopeless
    "clean": (1, 0.01),
    "mixture of two": (2, 0.01),
    "mixture of three": (3, 0.01),
    "noisy (10 %)": (1, 0.1),
    "hopeless (50 %)": (1, 0.5),
}
BARRED = ("clean", "mixture of two", "mixture of three")


@dataclass(frozen=True, slots=True)
class Line:
    """One figure beside its bar; `good` is None without a bar."""

    what: str
    said: str
    good: bool | None = None


def templates() -> tuple[Rows, NDArray[np.float64]]:
    """Return Lorentzian bands, shape (1500, CHANNELS), and how often each is used."""
    random = np.random.default_rng(SEED)
    axis = np.linspace(200.0, 2000.0, CHANNELS)
    place, width = random.uniform(220.0, 1980.0, 1500), random.lognormal(np.log(5.0), 0.3, 1500)
    shared = random.uniform(250.0, 1800.0, 60)
    near = np.exp(-(((place[:, None] - shared) / 6.0) ** 2)).sum(axis=1)
    bands = 1.0 / (1.0 + ((axis - place[:, None]) / width[:, None]) ** 2)
    return bands.astype(np.float32), 0.5 / 1500 + 0.5 * near / near.sum()


def unit(rows: Rows) -> Rows:
    """Return rows about their mean, of length 1."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def library(size: int) -> Rows:
    """Return made-up spectra of 8 to 30 bands, float32 (size, CHANNELS), each of length 1."""
    random = np.random.default_rng((SEED, size))
    bands, often = templates()
    rows = np.empty((size, CHANNELS), dtype=np.float32)
    for start in range(0, size, 4096):
        count = min(4096, size - start)
        height = np.zeros((count, bands.shape[0]), dtype=np.float32)
        chosen = random.choice(bands.shape[0], (count, 30), p=often)
        used = np.arange(30) < random.integers(8, 31, (count, 1))
        height[np.arange(count)[:, None], chosen] = random.lognormal(0.0, 0.8, chosen.shape) * used
        rows[start : start + count] = unit(height @ bands)
    return rows


def queries(rows: Rows, kind: str, count: int) -> Rows:
    """Return noisy sums of library spectra, shape (count, CHANNELS)."""
    random = np.random.default_rng((SEED, len(kind), rows.shape[0]))
    parts, noise = KINDS[kind]
    chosen = random.integers(0, rows.shape[0], (count, parts))
    made = np.einsum("qp,qpc->qc", random.uniform(0.3, 1.0, chosen.shape), rows[chosen])
    made += noise * made.max(axis=1, keepdims=True) * random.standard_normal(made.shape)
    return unit(made.astype(np.float32))


def plain(rows: Rows, query: Rows) -> NDArray[np.int64]:
    """Return the ten best rows as a plain scan finds them."""
    scores = rows @ query
    best = np.argpartition(scores, scores.size - TOP)[-TOP:]
    return np.asarray(best[np.argsort(-scores[best])])


def check(rows: Rows, found: Nearest, several: Rows) -> None:
    """Compare an answer with a full scan in float64 (multiply and sum).

    Raises
    ------
    SystemExit
        When a row, a score or the order differs: a fast wrong answer is worth nothing.
    """
    wide = np.atleast_2d(several).astype(np.float64)
    best = np.empty(rows.shape[0])
    for start in range(0, rows.shape[0], 1024):
        block = rows[start : start + 1024].astype(np.float64)
        scores = [(block * query).sum(axis=1) for query in wide]
        best[start : start + 1024] = np.max(scores, axis=0)
    order = np.lexsort((np.arange(best.size), -best))[:TOP]
    if not (np.array_equal(found.row, order) and np.array_equal(found.score, best[order])):
        sys.stderr.write("the index and a full scan in float64 do not agree\n")
        raise SystemExit(2)


def moved(query: Rows) -> Rows:
    """Return a query at nine shifts, shape (9, CHANNELS)."""
    return np.stack([np.roll(query, step) for step in range(-(SHIFTS // 2), SHIFTS // 2 + 1)])


def compared(
    rows: Rows, index: Index, several: Rows, shape: Callable[[Rows], Rows], runs: int
) -> tuple[list[float], float]:
    """Return for each query how many times as fast as a plain scan it is, and the scan in s."""
    ratios, scans = [], []
    for number, query in enumerate(several):
        asked = shape(query)
        if number < (len(several) if rows.shape[0] <= 100_000 else 1):
            check(rows, nearest(asked, rows, index, TOP), asked)
        scan, own = side_by_side(
            [lambda q=query: plain(rows, q), lambda q=asked: nearest(q, rows, index, TOP)], runs
        )
        ratios.append(scan / own)
        scans.append(scan)
    return ratios, median(scans)


def one_by_one(rows: Rows, index: Index, bar: float, runs: int) -> Iterator[Line]:
    """Yield the figures of single queries."""
    worst = []
    for kind in KINDS:
        ratios, scan = compared(rows, index, queries(rows, kind, 6), lambda query: query, runs)
        middle, said = median(ratios), f"{median(ratios):5.2f}x (plain scan {scan * 1e3:.2f} ms)"
        worst.append(middle)
        if kind in BARRED:
            yield Line(kind, f"{said}, at least {bar:g}x", middle >= bar)
        else:
            yield Line(kind, said)
    slowest = 1.0 / min(worst)
    said = f"{slowest:5.2f} plain scans, at most {SLOWEST:g}"
    yield Line("slowest kind of query", said, slowest <= SLOWEST)


def with_shifts(rows: Rows, index: Index, runs: int) -> Line:
    """Return the figure of the search over nine shifts, best of shifts."""
    several = np.concatenate([queries(rows, kind, 3) for kind in BARRED])
    ratios, _ = compared(rows, index, several, moved, runs)
    scans, barred = 1.0 / median(ratios), rows.shape[0] == 100_000
    said = f"{scans:5.2f} plain scans" + (", at most 1" if barred else "")
    return Line(f"{SHIFTS} shifts, best of shifts", said, scans <= 1.0 if barred else None)


def batch(rows: Rows, index: Index, runs: int) -> Line:
    """Return what share of the peak of a float32 matrix product the batch search reaches."""
    several = queries(rows, "mixture of two", BATCH_QUERIES)
    found, score = nearest_batch(several, rows, index, TOP)
    for place in range(0, BATCH_QUERIES, 256):
        check(rows, Nearest(found[place], score[place], found[place]), several[place])
    square = np.random.default_rng(SEED).random((2048, 2048), dtype=np.float32)
    peak, own = side_by_side(
        [lambda: square @ square, lambda: nearest_batch(several, rows, index, TOP)], min(runs, 3)
    )
    share = (BATCH_QUERIES * rows.size / own) / (2048**3 / peak)
    rate = 2.0 * 2048**3 / peak / 1e9
    said = f"{share:5.0%} of {rate:.0f} GFLOP/s, at least {OF_PEAK:.0%}"
    return Line(f"batch of {BATCH_QUERIES}", said, share >= OF_PEAK)


def own_search(rows: Rows, runs: int) -> Line:
    """Return the program's own search (17 shifts, overlap, substances) in plain scans."""
    wide = np.zeros((rows.shape[0], COMMON_GRID.size), dtype=np.float32)
    wide[:, 50 : 50 + CHANNELS] = np.sqrt(rows - rows.min(axis=1, keepdims=True))
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    size = rows.shape[0]
    first, end = np.full(size, 50), np.full(size, 50 + CHANNELS)
    matrix = ReferenceMatrix(wide, first, end, *prefix_sums(wide), np.arange(size))
    indexed = replace(matrix, index=build_index(wide), windows=matrix.windows)
    bands = (wide[17, 50 : 50 + CHANNELS] + 0.5 * wide[18, 50 : 50 + CHANNELS]).astype(float) ** 2
    scan = Prepared(bands, 0.0 * bands, 50, 50 + CHANNELS, 1e-6, 1e6, 0, saturated=False)
    hits = [search(scan, one, SearchSettings(), 12) for one in (matrix, indexed)]
    if not all(
        np.array_equal(getattr(hits[0], name), getattr(hits[1], name))
        for name in ("row", "score", "shift_cm1")
    ):
        raise SystemExit(2)
    vector = wide[17].copy()
    product, scanned, pruned = side_by_side(
        [
            lambda: plain(wide, vector),
            lambda: search(scan, matrix, SearchSettings(), 12),
            lambda: search(scan, indexed, SearchSettings(), 12),
        ],
        runs,
    )
    said = (
        f"{pruned / product:5.2f} plain scans of 1,800 points ({scanned / product:.2f} unindexed)"
    )
    return Line("the program's search, 17 shifts", said)


def peak_memory() -> str:
    """Return the most memory this process has had, where the system tells."""
    if os.name == "nt":
        return "not known"
    import resource

    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB"


def measure(size: int, runs: int) -> Iterator[Line]:
    """Yield all figures of one library."""
    rows = library(size)
    begun = time.perf_counter()
    index = build_index(rows)
    built = time.perf_counter() - begun
    share = (index.basis.nbytes + index.first.nbytes + index.second.nbytes) / rows.nbytes
    yield Line("index", f"built in {built:.1f} s, {share:.0%} of the matrix in size")
    bar = next((bar for least, bar in BARS if size >= least), 1.0)
    yield from one_by_one(rows, index, bar, runs)
    yield with_shifts(rows, index, runs)
    yield batch(rows, index, runs)
    if size <= 100_000:
        yield own_search(rows, runs)
    yield Line("most memory so far", peak_memory())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search_speed", description=__doc__)
    parser.add_argument("--sizes", default="20000,100000", help="entries, comma separated")
    parser.add_argument("--runs", type=int, default=7, help="runs of which the median is taken")
    options = parser.parse_args()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "all")
    print(f"{os.cpu_count()} cores, BLAS threads: {threads}{load}; NumPy {np.__version__}")
    seconds(lambda: np.ones((512, 512), dtype=np.float32) @ np.ones((512, 512), dtype=np.float32))
    missed = 0
    for size in (int(text) for text in options.sizes.split(",")):
        print(f"{size:,} entries of {CHANNELS:,} channels")
        for line in measure(size, options.runs):
            missed += line.good is False
            print(f"  {line.what:34} {line.said}{'   MISSED' if line.good is False else ''}")
            sys.stdout.flush()
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
