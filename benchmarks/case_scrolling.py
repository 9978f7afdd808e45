"""Time the painting thread while somebody scrolls through a long list of cases.

    python -m benchmarks.case_scrolling [--cases 100000] [--folder DIR]

A station is filled with cases, every fifth with a scan, and the window shows its list without a
display. One goes to its end again and again until all rows are loaded, then jumps about with the
scroll bar, then leafs by keys. What is timed is the painting thread from the key to the picture:
its own time and, in brackets, that of the clock, for computers that have other work. Exit code 1
when an interaction takes it more than 50 ms of its own. `--folder` keeps the station.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from spectra_app.records.kinds import Case, Scan
from spectra_app.services.office import Office

MOST_MS = 50.0
AT_ONCE = 2_000  # cases in one transaction
EVERY = 5  # how many cases one scan is for
TRIES = 200
SIZE = (1366, 768)
Times = list[tuple[float, float]]


def fill(office: Office, count: int) -> None:
    """Put cases into the records of a station, thirty a day."""
    for first in range(0, count, AT_ONCE):
        with office.ledger.writing("u2") as writing:
            for number in range(first, min(count, first + AT_ONCE)):
                day = number // 30
                when = f"{2010 + day // 336}-{1 + day // 28 % 12:02}-{1 + day % 28:02}T08:00:00Z"
                case = f"C-{number:06}"
                record = Case(id=case, title="Parcel", officer="u2", opened_at=when)
                writing.put(record, "case opened")
                if number % EVERY == 0:
                    scan = Scan(
                        id=f"S-{number}", case=case, item=f"{case}-01", state="filed",
                        outcome="match", alarm="controlled", names=("Heroin",), scanned_at=when,
                    )  # fmt: skip
                    writing.put(scan, "scan added")


def timed(act: Callable[[], object], settle: Callable[[], object]) -> tuple[float, float]:
    """Return the painting thread's own time and the clock's of one interaction, in ms."""
    own, clock = time.thread_time(), time.perf_counter()
    act()
    settle()
    return 1e3 * (time.thread_time() - own), 1e3 * (time.perf_counter() - clock)


def told(what: str, times: Times) -> float:
    """Print how long interactions took, and return the longest."""
    own, clock = ([one[place] for one in times] for place in (0, 1))
    middle = sorted(own)[len(own) // 2]
    print(
        f"{what:28} {len(times):5} times: median {middle:5.1f} ms, at most {max(own):5.1f} ms "
        f"({max(clock):.0f} ms by the clock)"
    )
    sys.stdout.flush()
    return max(own)


def measure(home: Path, count: int) -> int:
    """Fill a station when there is none, scroll through its list, and print the times."""
    from PySide6.QtCore import QModelIndex, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from benchmarks.window_driving import FIRST, make_people, station, window
    from spectra_app.ui.start import make_application

    if not (home / "station").exists():
        make_people(home)
        with station(home) as office:
            fill(office, count)
    app = make_application()
    with window(app, home, size=SIZE) as driver:
        driver.log_in(FIRST)
        page = driver.shell.supervisor.show_page("cases")
        driver.until(lambda: page.model.rows and driver.shell.parts.warm)
        table, model, root = page.table, page.model, QModelIndex()
        bar, settle = table.verticalScrollBar(), QApplication.processEvents
        loading: Times = []
        while model.canFetchMore(root) or page.waiting:
            loading.append(timed(table.scrollToBottom, settle))
            driver.until(lambda: not page.waiting)
        rows = len(model.rows)
        print(f"{rows} rows are loaded")
        chance = random.Random(7)
        jumps = [chance.randint(0, bar.maximum()) for _ in range(TRIES)]
        jumping = [timed(lambda place=place: bar.setValue(place), settle) for place in jumps]
        bar.setValue(bar.maximum() // 2)
        table.setCurrentIndex(model.index(rows // 2, 0))
        leafing = [
            timed(lambda: QTest.keyClick(table, Qt.Key.Key_PageDown), settle) for _ in range(TRIES)
        ]
        worst = max(
            told("to the end while loading", loading),
            told("jumps of the scroll bar", jumping),
            told("pages by key", leafing),
        )
    return int(worst > MOST_MS or rows < count)


def main() -> int:
    """Measure; exit code 1 when something takes too long."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="kept for the next run")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        return measure(options.folder, options.cases)
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder), options.cases)


if __name__ == "__main__":
    sys.exit(main())
