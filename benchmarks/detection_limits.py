"""Whether stated detection limits hold: spikes at the stated share, in scans of real instruments.

    python -m benchmarks.detection_limits ../shared/data LIB.h5 [--cases 50] [--again 20]

`LIB.h5` is a library built of ``spectra/reference-785xs``. Eight ordinary substances of it are
treated as hazards, as a station may by its settings. Scans of three other instruments are drawn by
seed; the limit of one of the eight in each is computed as the program does; then spikes with
fresh seeds at the stated share show how often it is found. Where the same substance was measured
on the instrument of ``queries-785x`` too, that measurement is put in at the stated share as well:
it is reported by itself, for a limit speaks of spikes of the library's own reference.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from library.store import Library
from matching.compare import Bands
from matching.limits import smallest_share
from matching.pipeline import prepare
from matching.spectrum import Spectrum
from matching.spiking import Alignment, Variation, spiker
from spectra_app.services.engine import Engine, examine
from spectra_app.services.evaluate import Query, load_queries
from spectra_app.services.hazards import find_hazards, named_substances
from spectra_app.services.limits import Case
from spectra_app.services.policies import load_policy
from spectra_app.services.statistics import Rate, rate

HAZARDS = (
    "acetaminophen",
    "caffeine",
    "ibuprofen",
    "melamine",
    "benzene",
    "ketoprofen",
    "arginine",
    "sodium sulfate",
)
SETS = (("queries-785x", "raw-dark"), ("customs-analyser", None), ("fleet-2019", None))
FRESH = 1_000_000  # numbers of spikes that no limit was made of


@dataclass(frozen=True, eq=False, slots=True)
class Limit:
    """One case: where, which hazard, the share stated, and how many fresh spikes were found."""

    label: str
    hazard: str
    share: float | None
    found: int
    again: int
    other: bool | None
    seconds: float


def queries_of(data: Path, engine: Engine) -> list[Query]:
    """Return the readable scans of the three sets."""
    found = []
    for folder, column in SETS:
        queries = load_queries(data / "spectra" / folder / "manifest.csv", engine, column)
        found += [query for query in queries if query.spectrum is not None]
    return found


def cases(queries: list[Query], engine: Engine, seed: int) -> Iterator[tuple[Query, Case, int]]:
    """Yield scans with a hazard's row, drawn by seed: usable scans that do not show the hazard."""
    rng = np.random.default_rng(seed)
    rows = [h.row for h in find_hazards(engine.library, (), HAZARDS) if h.row is not None]
    names = {engine.library.record(row).name for row in rows}
    print(f"hazards: {', '.join(sorted(names))}")
    drawn: set[tuple[int, int]] = set()
    while True:
        place, row = int(rng.integers(len(queries))), rows[int(rng.integers(len(rows)))]
        query = queries[place]
        substance = int(engine.library.matrix.substance[row])
        if (place, row) in drawn or query.axis_doubtful or substance in query.truth:
            continue
        drawn.add((place, row))
        if query.spectrum is None:
            continue
        examined = examine(query.spectrum, engine)
        unusable = {"saturated", "axis_doubtful", "weak_signal", "fluorescent"}
        if unusable & set(examined.verdict.reasons):
            continue
        if substance not in named_substances(examined, engine.library):
            yield query, Case(query.spectrum, examined, engine), row


def tried(query: Query, case: Case, row: int, again: int, other: Spectrum | None) -> Limit:
    """Compute the limit of one case and try it with fresh spikes."""
    record = case.engine.library.record(row)
    made = case.spiker(row)
    begun = time.perf_counter()
    share = None
    if made is not None:
        share = smallest_share(
            lambda part, spike: case.seen(made.spiked(part, case.seed(record.entry, spike)), row),
            case.engine.policy.limits,
        )
    seconds = time.perf_counter() - begun
    found, elsewhere = 0, None
    if made is not None and share is not None:
        seeds = [case.seed(record.entry, FRESH + number) for number in range(again)]
        found = sum(case.seen(made.spiked(share, seed), row) for seed in seeds)
        elsewhere = None if other is None else _other_seen(case, row, other, share)
    return Limit(query.label, record.name, share, found, again, elsewhere, seconds)


def _other_seen(case: Case, row: int, other: Spectrum, share: float) -> bool | None:
    """Put another measurement of the substance into the scan, as it is, and see if it is named.

    Such a scan holds glass and fluorescence besides the substance, so as much of it is put in as
    makes the substance's own bands, by the reference fitted to it, the share.
    """
    prepared = prepare(other)
    number = case.engine.library.matrix.substance[row]
    found = examine(other, case.engine).scored
    own = next((item.comparison for item in found if item.substance == number), None)
    if own is None:
        return None
    pure = min(float(own.reference.sum()) / max(float(own.query.sum()), 1e-300), 1.0)
    bands = Bands(np.clip(prepared.bands, 0.0, None), prepared.first, prepared.noise)
    as_it_is = Variation(0.0, 28.0, 0.0, 0.0)
    made = spiker(case.spectrum, case.examined.prepared, bands, Alignment(), as_it_is)
    return (
        None if made is None else case.seen(made.spiked(min(share / pure, 0.95), (FRESH, row)), row)
    )


def others(queries: list[Query]) -> dict[int, Spectrum]:
    """Return for each substance its scan of ``queries-785x`` (the first of the queries)."""
    found: dict[int, Spectrum] = {}
    for query in queries:
        if query.spectrum is not None and query.instrument == queries[0].instrument:
            for substance in query.truth:
                found.setdefault(substance, query.spectrum)
    return found


def line(limit: Limit) -> str:
    """Return one case as a line."""
    share = "not revealed" if limit.share is None else f"{limit.share:12.1%}"
    fresh = "" if limit.share is None else f"{limit.found}/{limit.again}"
    other = {None: "", True: "yes", False: "no"}[limit.other]
    return (
        f"{limit.label[:34]:34} {limit.hazard[:16]:16} {share} {fresh:>7} {other:>5} "
        f"{limit.seconds:6.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("library", type=Path)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--again", type=int, default=20)
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    engine = Engine(Library(options.library), load_policy())
    queries = queries_of(options.data, engine)
    elsewhere = others(queries)
    print(f"{'scan':34} {'hazard':16} {'stated share':>12} {'fresh':>7} other")
    limits: list[Limit] = []
    for query, case, row in cases(queries, engine, options.seed):
        substance = int(engine.library.matrix.substance[row])
        limits.append(tried(query, case, row, options.again, elsewhere.get(substance)))
        print(line(limits[-1]), flush=True)
        if len(limits) == options.cases:
            break
    report(limits)


def report(limits: list[Limit]) -> None:
    """Print the figures of all cases."""
    stated = [limit for limit in limits if limit.share is not None]
    shares = [limit.share for limit in stated if limit.share is not None]
    print(f"a share is stated for {rate(len(stated), len(limits))}")
    print(f"stated shares: median {np.median(shares):.1%}, {min(shares):.1%} to {max(shares):.1%}")
    total: Rate = rate(sum(x.found for x in stated), sum(x.again for x in stated))
    print(f"fresh spikes found at the stated share: {total} (must hold: 90 to 100 %)")
    good = rate(sum(x.found >= 0.9 * x.again for x in stated), len(stated))
    print(f"cases with at least 90 % of the fresh spikes found: {good}")
    other = [x.other for x in stated if x.other is not None]
    print(f"another measurement of the substance at that share: {rate(sum(other), len(other))}")
    print(f"time of one limit: median {np.median([x.seconds for x in limits]):.1f} s")


if __name__ == "__main__":
    main()
