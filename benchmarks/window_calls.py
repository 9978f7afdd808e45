"""Time what the window does on the painting thread, while it is used by clicks and keys.

    python -m benchmarks.window_calls [--station DIR] [--library FILE] [--cases N] [--wall]

Every event that Qt delivers is one call: a click, a key, a painting, an answer that came from a
lane. The window runs without a display on an emulated analyser; with a library of 20,000 made-up
entries; and on a filled station (`benchmarks.station_filling`; ``--station`` names one that is
there, which is copied first). Printed are the longest calls of each flow: wall clock, and the time
of the thread alone, which other work of the computer does not change. Exit code 1 when a call takes
more than 100 ms, or 50 ms while scrolling, by the time of the thread (``--wall``: by the clock).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSlider, QApplication, QStyle, QStyleOptionSlider, QTableView

from benchmarks.library_speed import SEED, build
from benchmarks.station_filling import SUPERVISOR, fill
from benchmarks.synthetic import write_scan
from benchmarks.window_driving import Driver, make_people, window
from spectra_app.ui.start import make_application

MOST_MS, SCROLLING_MS = 100.0, 50.0
LONGEST = 3
PARCEL = "RR473829103CN"
SCANS = 4
PAGE_S = 15.0  # that a page is looked at: what it asks of a large station may go on meanwhile


@dataclass(frozen=True, slots=True)
class Call:
    """One call: wall clock and time of the thread in ms, and what it was."""

    wall_ms: float
    own_ms: float
    what: str


@dataclass(eq=False, slots=True)
class Flow:
    """What somebody does, how long a call of it may take in ms, and the calls it took."""

    name: str
    most_ms: float
    calls: list[Call] = field(default_factory=list)


class Timed(QApplication):
    """An application that times every event it delivers."""

    def __init__(self) -> None:
        super().__init__(["spectra"])
        self.flow = Flow("before", MOST_MS)
        self.flows: list[Flow] = []
        self.deep, self.painting = False, threading.get_ident()

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        """Deliver an event; those that are sent meanwhile are part of it."""
        if self.deep or threading.get_ident() != self.painting:
            return super().notify(receiver, event)
        with self.timed(f"{type(event).__name__} {event.type().name} to {type(receiver).__name__}"):
            return super().notify(receiver, event)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Time what is done within as one call."""
        self.deep = True
        wall, own = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self.deep = False
            took = time.perf_counter() - wall, time.thread_time() - own
            self.flow.calls.append(Call(took[0] * 1e3, took[1] * 1e3, what))

    @contextmanager
    def doing(self, name: str, most_ms: float = MOST_MS) -> Iterator[None]:
        """Collect the calls of a flow."""
        self.flow = Flow(name, most_ms)
        self.flows.append(self.flow)
        try:
            yield
        finally:
            self.flow = Flow("between", MOST_MS)

    def call(self, what: str, act: Callable[[], object]) -> None:
        """Time something that a menu would do."""
        with self.timed(what):
            act()


def officer(app: Timed, driver: Driver) -> None:
    """Go from the log-in to a filed verdict."""
    shell = driver.shell
    with app.doing("start, until all parts are made"):
        driver.until(lambda: shell.parts.warm)
        driver.rest()
    with app.doing("officer logs in"):
        driver.log_in("officer")
    with app.doing("analyser connected and checked"):
        driver.connect_emulated("emulated-785", "Caffeine")
    screen = shell.officer
    with app.doing("parcel: number, scan, file"):
        screen.item.number.setFocus()
        driver.type(screen.item.number, PARCEL)
        driver.press(screen.item.number, Qt.Key.Key_Return)
        driver.click(screen.scan)
        driver.until(lambda: screen.pages.currentWidget() is screen.card)
        driver.click(screen.file)
        driver.until(lambda: screen.message.key == "officer.filed")
        driver.rest()
    with app.doing("language and theme at the officer's screen"):
        looks(app, driver)
    with app.doing("lock, unlock, log out"):
        app.call("lock", shell.lock.trigger)
        driver.until(lambda: shell.pages.currentWidget() is shell.entrance)
        driver.log_out()


def looks(app: Timed, driver: Driver) -> None:
    """Speak every language and wear every theme once."""
    for language in ("fr", "es", "ar", "en"):
        app.call(f"speak {language}", lambda one=language: driver.shell.look.speak(one))
        QTest.qWait(20)
    for theme in ("dark", "contrast", "light"):
        app.call(f"dress {theme}", lambda one=theme: driver.shell.look.dress(one))
        QTest.qWait(20)


def technician(app: Timed, driver: Driver, scans: list[Path]) -> None:
    """Open several files in the workbench, and every page."""
    shell = driver.shell
    driver.log_in("technician")
    with app.doing("workbench shown"):
        driver.click(shell.head.areas["workbench"])
        driver.rest()
    bench = shell.workbench
    with app.doing("several files opened, each looked at"):
        app.call("open files", lambda: bench.open_files(scans))
        driver.until(lambda: bench.pages.currentWidget() is bench.card)
        driver.rest()
        for _ in range(len(scans) - 1):
            driver.press(bench.scans.list, Qt.Key.Key_Down)
            QTest.qWait(50)
        driver.until(lambda: shell.lane.idle)
    with app.doing("closer look, its plot saved"):
        closer(app, driver, scans[0].parent)
    with app.doing("finder, about, help"):
        everywhere(app, driver)
    with app.doing("language and theme at the workbench"):
        looks(app, driver)
    for name, tab in shell.technician.tabs.items():
        with app.doing(f"technician's page {name}"):
            driver.click(tab)
            driver.look(PAGE_S)
    with app.doing("library of 20,000 entries scrolled", SCROLLING_MS):
        driver.click(shell.technician.tabs["library"])
        driver.rest()
        scrolled(driver, shell.technician.made["library"].findChild(QTableView))
    with app.doing("language and theme at the library"):
        looks(app, driver)


def closer(app: Timed, driver: Driver, folder: Path) -> None:
    """Look closer at a scan, at candidates and mixture, and save the plot both ways."""
    bench = driver.shell.workbench
    app.call("look closer", bench.look_closer)
    driver.rest()
    shown = bench.door.closer
    if shown is None:
        raise ValueError("there is no closer look: the scan has no result")
    app.call("mixture", lambda: shown.show_view("mixture"))
    driver.rest()
    app.call("candidates", lambda: shown.show_view("compare"))
    driver.rest()
    for name in ("plot.svg", "plot.png"):
        path = folder / name
        app.call(f"save {name}", lambda at=path: shown.compare.keeper.write_picture(at))
        driver.rest()
    app.call("leave", bench.door.leave)
    driver.rest()


def everywhere(app: Timed, driver: Driver) -> None:
    """Open what can be opened from everywhere, each twice, and close it again."""
    ways = driver.shell.everywhere
    for name, way in (("find", ways.find), ("about", ways.about), ("help", ways.help)) * 2:
        app.call(name, way)
        driver.rest()
        QTest.qWait(50)
        others = [one for one in QApplication.topLevelWidgets() if one.isVisible()]
        for other in others:
            if other is not driver.shell:
                app.call(f"close {type(other).__name__}", other.close)


def supervisor(app: Timed, driver: Driver) -> None:
    """See the board, every page, the list of cases, and a review."""
    shell = driver.shell
    driver.until(lambda: shell.parts.warm)
    with app.doing("supervisor logs in, board"):
        driver.log_in(SUPERVISOR)
        driver.rest()
    with app.doing("supervisor's page cases"):
        driver.click(shell.supervisor.tabs["cases"])
        driver.rest()
    table = shell.supervisor.made["cases"].table
    with app.doing("list of cases scrolled", SCROLLING_MS):
        scrolled(driver, table)
    print(f"{table.model().rowCount():,} cases loaded")
    with app.doing("language and theme at the list of cases"):
        looks(app, driver)
    with app.doing("a case opened for review"):
        driver.press(table, Qt.Key.Key_Return)
        driver.look(PAGE_S)
    for name, tab in shell.supervisor.tabs.items():
        with app.doing(f"supervisor's page {name}"):
            driver.click(tab)
            driver.look(PAGE_S)


def scrolled(driver: Driver, table: QTableView) -> None:
    """Page down, drag the handle to the end again and again, and go back with Home."""
    table.setFocus()
    for _ in range(60):
        driver.press(table, Qt.Key.Key_PageDown)
        QTest.qWait(10)
    bar = table.verticalScrollBar()
    for _ in range(40):
        option = QStyleOptionSlider()
        bar.initStyleOption(option)
        handle = bar.style().subControlRect(
            QStyle.ComplexControl.CC_ScrollBar, option, QStyle.SubControl.SC_ScrollBarSlider, bar
        )
        if bar.value() < bar.maximum():
            QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=handle.center())
            for step in range(1, 5):
                place = handle.center()
                place.setY(place.y() + (bar.height() - place.y()) * step // 4)
                QTest.mouseMove(bar, place)
                QTest.qWait(5)
            QTest.mouseRelease(bar, Qt.MouseButton.LeftButton)
        bar.triggerAction(QAbstractSlider.SliderAction.SliderToMaximum)
        driver.rest()
    driver.press(table, Qt.Key.Key_Home)
    QTest.qWait(50)
    driver.press(table, Qt.Key.Key_End)
    QTest.qWait(50)


def told(flows: list[Flow], *, wall: bool) -> bool:
    """Print the longest calls of each flow; tell whether all are short enough."""
    good = True
    for flow in flows:
        longest = sorted(flow.calls, key=lambda one: -(one.wall_ms if wall else one.own_ms))
        for call in longest[:LONGEST]:
            missed = (call.wall_ms if wall else call.own_ms) > flow.most_ms
            good &= not missed
            print(
                f"{flow.name:48} {call.own_ms:7.1f} ms ({call.wall_ms:7.1f} by the clock)  "
                f"{call.what}{'   TOO LONG' if missed else ''}"
            )
    return good


def main() -> int:
    """Make what is needed, do it all, and print the longest calls."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--station", type=Path, help="a filled station; it is copied")
    parser.add_argument("--library", type=Path, help="a large library")
    parser.add_argument("--entries", type=int, default=20_000, help="of the library that is made")
    parser.add_argument("--cases", type=int, default=20_000, help="of the station that is filled")
    parser.add_argument("--wall", action="store_true", help="judge by the clock")
    options = parser.parse_args()
    app = Timed()
    make_application()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        library = options.library or folder / "library.h5"
        if not library.is_file():
            build(library, options.entries)
        scans = [folder / f"scan {number}.csv" for number in range(SCANS)]
        for number, scan in enumerate(scans):
            write_scan(scan, 17 + number, SEED)
        make_people(folder / "home")
        try:
            with window(app, folder / "home", library) as driver:
                officer(app, driver)
                technician(app, driver, scans)
            station = folder / "station"
            if options.station:
                shutil.copytree(options.station, station)
            else:
                fill(station, options.cases)
            with window(app, station, library) as driver:
                supervisor(app, driver)
        finally:
            good = told(app.flows, wall=options.wall)
    sys.stdout.flush()
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
