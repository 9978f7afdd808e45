"""Print how fast a station's ledger is with many scans in it, against the bars of the design.

    python -m benchmarks.ledger_speed [--scans 100000] [--folder DIR] [--json]

The ledger is made up from a seed: cases with items, five scans each, signed entry by entry.
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
from hashlib import sha256
from pathlib import Path
from statistics import median

from benchmarks.__main__ import Figure
from benchmarks.timing import seconds
from spectra_app.records.kinds import Case, Exposure, Item, Scan
from spectra_app.records.ledger.head import station_key
from spectra_app.records.ledger.store import Ledger
from spectra_app.services import users
from spectra_app.services.audit import Checked, verify_folder
from spectra_app.services.cases.listing import CaseFilter, list_cases
from spectra_app.services.office import Office, open_office, utc_now

SEED = 20261122
SCANS_OF_A_CASE = 5
RUNS = 20
OUTCOMES = ("match", "mixture", "lead", "inconclusive", "not_in_library")
ALARMS = ("controlled", "precursor", "hazard", "benign", "unknown")
WORDS = "seven green herons wade"


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
        yield Figure(f"{scans:,} scans written in bulk", seconds(lambda: fill(base, scans)), "s")
    yield from measure(base)


def fill(base: Path, scans: int) -> None:
    """Write a first supervisor, and cases with items and scans."""
    with open_office(base) as office:
        users.set_up_first_supervisor(office, "boss", "B", WORDS)
        dice, number = random.Random(SEED), 0
        while number < scans:
            with office.ledger.writing("u1") as writing:
                for _ in range(200):
                    for record in case_of(dice, number // SCANS_OF_A_CASE):
                        writing.put(record, f"{record.KIND} added")
                    number += SCANS_OF_A_CASE


def case_of(dice: random.Random, number: int) -> Iterator[Case | Item | Scan]:
    """Yield a case, its item and its scans."""
    case = f"AA-{number:06d}"
    day = f"20{20 + number % 6}-{1 + number % 12:02d}-{1 + number % 28:02d}"
    yield Case(
        id=case, title=f"parcel {number}", officer="u1", opened_at=f"{day}T08:00:00Z", mode="mail",
        origin="NL", destination="US", state=dice.choice(("open", "closed")),
    )  # fmt: skip
    yield Item(id=f"{case}-1", case=case, description="powder", received_at=f"{day}T08:01:00Z")
    for one in range(SCANS_OF_A_CASE):
        yield scan_of(dice, f"{case}-s{one}", case, day)


def scan_of(dice: random.Random, id_: str, case: str, day: str) -> Scan:
    """Return a scan as one from a device is."""
    hashes = [sha256(dice.randbytes(8)).hexdigest() for _ in range(7)]
    return Scan(
        id=id_, case=case, item=f"{case}-1", state="filed", source="device", name="scan",
        evidence=tuple(hashes[:2]), original=hashes[0], column="processed", result=hashes[2],
        outcome=dice.choice(OUTCOMES), alarm=dice.choice(ALARMS),
        names=(f"substance {dice.randrange(800)}",), families=("cathinones",),
        library_sha256=hashes[3], policy_sha256=hashes[4], pipeline_sha256=hashes[5],
        control_sha256=hashes[6], program_version="0.1.0", analyser="WP-00001",
        scanned_at=f"{day}T08:02:00Z", scanned_by="u1", exposures=3, filed_at=f"{day}T08:03:00Z",
        filed_by="u1",
    )  # fmt: skip


def measure(base: Path) -> Iterator[Figure]:
    """Yield what a station would wait for."""
    place = base / "station"
    key = station_key(place / "keys")

    def start() -> None:
        with Ledger(place, key, utc_now) as ledger:
            ledger.head()

    yield Figure("start: open, head looked up", median(seconds(start) for _ in range(5)), "s", 1.0)
    with open_office(base) as office:
        session = users.log_in(office, "boss", WORDS)
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


FILTERS = {
    "all": CaseFilter(),
    "by state, officer, month": CaseFilter(
        state="open", officer="u1", first="2022-03-01", last="2022-03-31"
    ),
    "by outcome and alarm of a scan": CaseFilter(outcome="mixture", alarm="hazard"),
    "by the name of a substance": CaseFilter(name="substance 17"),
    "by words": CaseFilter(text="parcel 123"),
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
