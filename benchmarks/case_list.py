"""Time the list of cases, taking in a scan, and the start, with many scans in the ledger.

    python -m benchmarks.case_list [--cases 20000] [--marked 0.01] [--folder DIR] [--brief]

Five scans a case, each taken in, with its exposures, and filed. `--folder` keeps the station for
the next run; otherwise it goes into a temporary folder and is removed. Lists are asked for by a
user who is cleared for restricted lists and one who is not, with and without such lists. Beside the
wall-clock time stands that of this process alone, for computers that have other work.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.station_filling import SUPERVISOR, WORDS, TimedPasswords, fill
from spectra_app.records.access import User
from spectra_app.records.passwords import Cost, Passwords
from spectra_app.services import users
from spectra_app.services.cases.listing import CaseFilter, list_cases
from spectra_app.services.cases.scans import Taken, add_scan, scan_file
from spectra_app.services.control import RESTRICTED_FOLDER
from spectra_app.services.logging_in import keep_password
from spectra_app.services.office import Office, Session, open_office
from spectra_app.services.session import open_identifier

QUICK = Passwords(Cost(passes=1, memory_kib=8, lanes=1))
RUNS = 7
LISTED = {"no list": (), "a rare name is listed": ("Substance 74",), "cocaine is": ("Cocaine",)}
FILTERS = {
    "none": CaseFilter(),
    "state": CaseFilter(state="open"),
    "officer": CaseFilter(officer="u3"),
    "state, officer, outcome": CaseFilter(state="closed", officer="u3", outcome="match"),
    "an outcome that none has": CaseFilter(outcome="refused"),
    "alarm": CaseFilter(alarm="controlled"),
    "a frequent name": CaseFilter(name="cocaine"),
    "a rare name": CaseFilter(name="Substance 73"),
    "number of an item": CaseFilter(identifier="00000077"),
    "days, outcome": CaseFilter(first="2026-03-01", last="2026-03-31", outcome="lead"),
    "rare words": CaseFilter(text="Person 777"),
    "words in every item": CaseFilter(text="powder"),
    "words in a third of the scans": CaseFilter(text="cocaine"),
    "words in every tenth case": CaseFilter(text="courier wet"),
    "words, nobody's": CaseFilter(officer="u99", text="cocaine"),
}


def main() -> None:
    """Fill a station when there is none yet, and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--marked", type=float, default=0.01, help="share of restricted scans")
    parser.add_argument("--folder", type=Path, help="kept for the next run")
    parser.add_argument("--brief", action="store_true", help="only what is over half the bar")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        base = options.folder or Path(temporary)
        if not (base / "station").exists():
            begun = time.perf_counter()
            fill(base, options.cases, marked=options.marked)
            print(f"filled in {time.perf_counter() - begun:.0f} s")
        start(base)
        with open_office(base, passwords=QUICK) as office:
            print(f"{office.ledger.head().number:,} entries; median of {RUNS}, wall and own, in ms")
            lists(office, base / RESTRICTED_FOLDER, brief=options.brief)
            taking_in(office, base)


def start(base: Path) -> None:
    """Print how long it takes until somebody is logged in: the first time, and then."""
    for which in ("after the fill", "again", "again"):
        passwords = TimedPasswords()
        own, begun = time.process_time(), time.perf_counter()
        with open_office(base, passwords=passwords) as office:
            opened = time.perf_counter() - begun
            users.log_in(office, SUPERVISOR, WORDS)
            whole = time.perf_counter() - begun - passwords.took_s
            own = time.process_time() - own
            begun = time.perf_counter()
            office.ledger.check_whole()
            check = time.perf_counter() - begun
        print(
            f"start, {which}: opened in {opened:.3f} s, opened and logged in without Argon2 in "
            f"{whole:.3f} s (Argon2 {passwords.took_s:.3f} s; own time of all {own:.3f} s); "
            f"chain read as a whole, before something goes out, {check:.3f} s"
        )


def lists(office: Office, home: Path, *, brief: bool) -> None:
    """Print how long each filter takes, for each user, with each restricted list."""
    home.mkdir(exist_ok=True)
    path = home / "closed.csv"
    for what, names in LISTED.items():
        rows = [f"{name},closed,station,hazard,2026-01-01\n" for name in names]
        path.write_text("name,reason,who,alarm,from\n" + "".join(rows))
        if not names:
            path.unlink()
        for cleared in (True, False) if not names else (False,):
            session = user_of(office, cleared=cleared)
            print(f" {'cleared' if cleared else 'not cleared'}, {what}")
            for name, asked in FILTERS.items():
                act = lambda asked=asked, session=session: list_cases(office, session, asked)  # noqa: E731
                timed(name, act, brief=brief)
    path.unlink(missing_ok=True)


def user_of(office: Office, *, cleared: bool) -> Session:
    """Return the session of a user, who is made when missing."""
    login = "cleared" if cleared else "uncleared"
    if not office.ledger.find(User, login=login):
        user = User(id=f"u{login}", login=login, name=login, role="supervisor", cleared=cleared)
        keep = keep_password(office, None, user, WORDS)
        with office.ledger.writing("u1") as writing:
            keep(writing, "user added")
    return users.log_in(office, login, WORDS)


def taking_in(office: Office, base: Path) -> None:
    """Print how long it takes to keep a scan, its result and its record."""
    session = user_of(office, cleared=False)
    path = base / "scan.csv"
    noise = "".join(f"{at},{100 + at * 7919 % 13}\n" for at in range(200, 2200, 2))
    path.write_text("Raman shift (cm-1),Intensity\n" + noise)
    identifier = open_identifier(None, evidence=office.evidence.folder)
    ((_, found),) = scan_file(office, session, path, identifier)
    timed("a scan taken in", lambda: add_scan(office, session, found, Taken("device", exposures=3)))


def timed(name: str, work: Callable[[], object], *, brief: bool = False) -> None:
    """Print the median of the runs in milliseconds, wall-clock and of this process."""
    walls, owns = [], []
    for _ in range(RUNS):
        own, begun = time.process_time(), time.perf_counter()
        work()
        walls.append(1e3 * (time.perf_counter() - begun))
        owns.append(1e3 * (time.process_time() - own))
    wall, own = statistics.median(walls), statistics.median(owns)
    if not brief or own > 50:
        print(f"  {name:32} {wall:7.1f} {own:7.1f}", flush=True)


if __name__ == "__main__":
    main()
