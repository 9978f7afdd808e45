"""Time the list of cases, and taking in a scan, with many scans in the ledger.

Run as ``python -m benchmarks.case_list [cases]``; five scans a case, 20,000 cases by default. All
records go the whole way, into the chain, in one transaction.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from spectra_app.records.kinds import Case, Item, Scan
from spectra_app.records.passwords import Cost, Passwords
from spectra_app.services import users
from spectra_app.services.cases.listing import CaseFilter, list_cases
from spectra_app.services.cases.scans import Taken, add_scan, scan_file
from spectra_app.services.office import open_office
from spectra_app.services.session import open_identifier

WORDS = "seven green herons wade"
QUICK = Passwords(Cost(passes=1, memory_kib=8, lanes=1))
NAMES = (*(f"Substance {number}" for number in range(75)), "Cocaine", "Caffeine", "Heroin")
WEIGHTS = (*(1,) * 75, 40, 40, 20)
FILTERS = {
    "none": CaseFilter(),
    "state": CaseFilter(state="open"),
    "officer": CaseFilter(officer="u3"),
    "state, officer, outcome": CaseFilter(state="closed", officer="u3", outcome="match"),
    "an outcome that none has": CaseFilter(outcome="refused"),
    "alarm": CaseFilter(alarm="controlled"),
    "a frequent name": CaseFilter(name="cocaine"),
    "a rare name": CaseFilter(name="Substance 74"),
    "number of an item": CaseFilter(identifier="00000077"),
    "days, outcome": CaseFilter(first="2026-03-01", last="2026-03-31", outcome="lead"),
    "rare words": CaseFilter(text="Person 777"),
    "words in every item": CaseFilter(text="powder"),
    "words in a third of the scans": CaseFilter(text="cocaine"),
    "words, nobody's": CaseFilter(officer="u99", text="cocaine"),
}


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with (
        tempfile.TemporaryDirectory() as folder,
        open_office(Path(folder), passwords=QUICK) as office,
    ):
        users.set_up_first_supervisor(office, "sue", "Sue", WORDS)
        session = users.log_in(office, "sue", WORDS)
        fill(office, cases)
        print(f"{cases:,} cases, {5 * cases:,} scans; median of 7, in ms")
        for name, asked in FILTERS.items():
            timed(name, lambda asked=asked: list_cases(office, session, asked))
        path = Path(folder) / "scan.csv"
        noise = "".join(f"{at},{100 + at * 7919 % 13}\n" for at in range(200, 2200, 2))
        path.write_text("Raman shift (cm-1),Intensity\n" + noise)
        identifier = open_identifier(None, evidence=office.evidence.folder)
        ((_, found),) = scan_file(office, session, path, identifier)
        timed("a scan taken in", lambda: add_scan(office, session, found, Taken()))


def fill(office, cases: int) -> None:
    """Put cases, items and scans into the ledger: what the chain does not tell of is not read."""
    chance = random.Random(1)
    with office.ledger.writing("u1") as writing:
        for number in range(cases):
            for record in records(number, cases, chance):
                writing.put(record, "made up")


def records(number: int, cases: int, chance: random.Random):
    """Yield a made-up case with an item and five scans."""
    day = f"2026-{1 + number * 12 // cases:02d}-{1 + number % 28:02d}"
    case = f"C-{day.replace('-', '')}-{number:05d}"
    state = "open" if number > 0.9 * cases else "closed"
    about = {"officer": f"u{number % 30}", "opened_at": f"{day}T10:00:00Z"}
    yield Case(
        id=case, title=f"Parcel {number}", state=state, persons=(f"Person {number}",), **about
    )
    seal = (f"seal:{number:08d}",)
    yield Item(id=f"{case}-01", case=case, description="white powder in a bag", identifiers=seal)
    for place in range(5):
        sha256 = f"{chance.getrandbits(256):064x}"
        yield Scan(
            id=f"S-{number}-{place}",
            case=case,
            item=f"{case}-01",
            state="filed",
            original=sha256,
            result=sha256,
            evidence=(sha256,),
            outcome=chance.choice(("match", "mixture", "lead", "inconclusive")),
            alarm=chance.choice(("controlled", "benign", "unknown")),
            names=tuple(chance.choices(NAMES, WEIGHTS)),
            scanned_at=f"{day}T11:00:00Z",
            scanned_by=f"u{number % 30}",
            restricted=chance.random() < 0.01,
        )


def timed(name: str, work) -> None:
    """Print the median of seven runs in milliseconds."""
    times = []
    for _ in range(7):
        begun = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - begun))
    print(f"  {name:32} {statistics.median(times):7.1f}")


if __name__ == "__main__":
    main()
