"""Print how fast a station's ledger is with many scans in it, against the bars of the design.

    python -m benchmarks.ledger_speed [--scans 100000] [--folder DIR] [--json]

The station is made up from a seed (see `station_filling`), its chain signed entry by entry.
`--folder` keeps it for the next run; otherwise it goes into a temporary folder and is removed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.__main__ import Figure
from benchmarks.station_filling import (
    SCANS_OF_A_CASE,
    SEED,
    SUPERVISOR,
    WORDS,
    TimedPasswords,
    fill,
)
from benchmarks.timing import seconds
from spectra_app.records.kinds import Exposure, Scan
from spectra_app.services import users
from spectra_app.services.audit import Checked, verify_folder
from spectra_app.services.cases.listing import CaseFilter, list_cases
from spectra_app.services.office import Office, open_office

RUNS = 20


def main() -> int:
    """Make the ledger, or take the one of an earlier run, and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--scans", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="kept for the next run")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory() as temporary:
        base = options.folder or Path(temporary)
        for figure in figures(base, options.scans):
            missed = missed or figure.missed
            bar = f"  (at most {figure.most:g})" if figure.most is not None else ""
            text = f"{figure.what:48} {figure.value:10.3f} {figure.unit}{bar}"
            print(json.dumps(asdict(figure)) if options.json else text, flush=True)
    return int(missed)


def figures(base: Path, scans: int) -> Iterator[Figure]:
    """Yield each figure when it is measured."""
    if not (base / "station").exists():
        yield Figure(
            f"{scans:,} scans written in bulk",
            seconds(lambda: fill(base, scans // SCANS_OF_A_CASE)),
            "s",
        )
    yield from measure(base)


def measure(base: Path) -> Iterator[Figure]:
    """Yield what a station would wait for."""
    place = base / "station"
    first, *later = [start(base) for _ in range(6)]
    yield Figure("start, the chain read from its first entry", first, "s")
    yield Figure("start: opened and logged in, without Argon2", median(later), "s", 1.0)
    with open_office(base) as office:
        session = users.log_in(office, SUPERVISOR, WORDS)
        dice, begun = random.Random(SEED + 1), office.ledger.head().number
        numbers = iter(range(RUNS))
        times = [
            seconds(lambda: store(office, dice, f"{begun}-{next(numbers)}")) for _ in range(RUNS)
        ]
        yield Figure(
            f"new scan with its frame stored, median of {RUNS}", median(times) * 1e3, "ms", 50
        )
        yield Figure("  the slowest of them", max(times) * 1e3, "ms")
        for what, wanted in FILTERS.items():
            took = median(
                seconds(lambda w=wanted: list_cases(office, session, w)) for _ in range(5)
            )
            yield Figure(f"list of cases, {what}", took * 1e3, "ms", 100)
    size = sum(path.stat().st_size for path in place.iterdir() if path.is_file())
    yield Figure("size of the database", size / 1e6, "MB")
    checked: list[Checked] = []
    took = seconds(lambda: checked.append(verify_folder(place)))
    if not checked[0].holds:
        raise SystemExit(f"the ledger does not hold: {checked[0].result.findings[:3]}")
    yield Figure(f"verify, {checked[0].result.entries:,} entries", took, "s")
    yield Figure("  entries a second", checked[0].result.entries / took, "1/s")


def start(base: Path) -> float:
    """Return the seconds until the first user is logged in, without those of Argon2."""
    passwords, begun = TimedPasswords(), perf_counter()
    with open_office(base, passwords=passwords) as office:
        users.log_in(office, SUPERVISOR, WORDS)
        return perf_counter() - begun - passwords.took_s


FILTERS = {
    "all": CaseFilter(),
    "by state, officer, month": CaseFilter(
        state="closed", officer="u1", first="2026-03-01", last="2026-03-31"
    ),
    "by outcome and alarm of a scan": CaseFilter(outcome="mixture", alarm="controlled"),
    "by the name of a substance": CaseFilter(name="substance 17"),
    "by words": CaseFilter(text="Parcel 123"),
}


def store(office: Office, dice: random.Random, id_: str) -> None:
    """Keep a frame as evidence and the scan with its exposures as records."""
    kept = office.evidence.put(
        dice.randbytes(30_000), kind="raw frame", name=id_, clock=office.clock
    )
    scan = Scan(
        id=id_, original=kept.sha256, evidence=(kept.sha256,), source="device",
        scanned_at=office.clock(), scanned_by="u1", outcome="match", exposures=3,
    )  # fmt: skip
    with office.ledger.writing("u1") as writing:
        writing.put(scan, "scan added")
        writing.put(Exposure(id=id_, analyser="WP-00001", scan=id_, count=3), "laser used")


if __name__ == "__main__":
    sys.exit(main())
