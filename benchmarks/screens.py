"""Every screen of the program, one after the other, on a station that is made for it.

The first part works with the real services: a station is set up and filled, an emulated analyser
is connected, files are opened, imported and checked. The second part shows states that are rare or
short with hand-made answers: the pages that the tests measure.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from benchmarks.synthetic import write_scan
from benchmarks.window_driving import FIRST, WORDS, Driver, make_people, station
from spectra_app.records.calibration import CalibrationRecord
from spectra_app.records.kinds import Exposure
from spectra_app.reports.render_qt import render_pdf
from spectra_app.services import users
from spectra_app.services.calibrations import Calibrations
from spectra_app.services.case_reports import issue_report
from spectra_app.services.cases import items, opening, scans
from spectra_app.services.cases.items import Description
from spectra_app.services.cases.scans import Taken
from spectra_app.services.demo import without_waiting
from spectra_app.services.office import Office
from spectra_app.services.report_facts import Wanted
from spectra_app.services.scanning import scan_emulated
from spectra_app.services.session import open_identifier

Screen = tuple[str, QWidget]
TESTS = Path(__file__).parents[1] / "tests" / "app"
NUMBER = "RR473829103CN"
FIRST_DAY = {
    "station": "Airport North, lane 4", "place": "Airport North", "code": "AN4",
    "person": "A. Supervisor", "name": FIRST, "password": WORDS, "again": WORDS,
}  # fmt: skip
POWDER = Description(
    "white powder", condition="sealed", identifiers=("awb:02012345675",), packages=2, sampled=1,
    sampling="at random", weight="4.3", weight_unit="g", weight_how="gross",
)  # fmt: skip
TOLD = Wanted("en", "Hall B", "Airport customs", "Gate B", "2026-11-22T08:40:00Z", "none")
SEED, SCANS = 20261122, 3


def of_tests(name: str) -> ModuleType:
    """Return a file of the tests; they are no package."""
    spec = importlib.util.spec_from_file_location(name, TESTS / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(TESTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- the station ----------------------------------------------------------------------------------


def fill(home: Path) -> None:
    """Set up a station with people, a case and its report, statistics, and checks of analysers."""
    make_people(home)
    with station(home) as office:
        officer, boss = (users.log_in(office, who, WORDS) for who in ("officer", FIRST))
        opening.set_station(office, boss, "Airport North", address="Road 12", code="AN4")
        about = opening.About(mode="mail", emulated=True)
        case = opening.open_new_case(office, officer, "Parcel", about).id
        item = items.add_item(office, officer, case, POWDER).id
        identifier = open_identifier(
            None, evidence=office.evidence.folder, calibrations=home / "calibration"
        )
        for sample in ("caffeine", "paracetamol"):
            found = scan_emulated(sample, identifier, timing=without_waiting(office.clock)).found
            taken = Taken(source="device", evidence=(found.record.sha256,))
            scan = scans.add_scan(office, officer, found, taken, library=identifier.engine.library)
            scans.file_scan(office, officer, scan.id, item)
            issue_report(office, officer, scan.id, TOLD, render_pdf)
        made = of_tests("station_records").Records(office)
        for names, truth in (("Cocaine", "cocaine"), ("Heroin", "caffeine"), ("Ketamine", "")):
            made.whole([names], [truth] if truth else None, case=made.case(mode="mail"))
        analysers(office)


def analysers(office: Office) -> None:
    """Put checks of two analysers, and a use of a laser, into the station."""
    kept = Calibrations()
    for hours in range(20, 0, -1):
        kept.add(_check(hours, 0.1 * (hours % 5), "WP-00001", passed=hours != 3))
    kept.add(_check(1, 0.2, "WP-00002", passed=True))
    used = Exposure(
        id="X-1", analyser="WP-00001", purpose="live", count=7, at=office.clock(), by="u2"
    )
    with office.ledger.writing("u2") as writing:
        writing.put(used, "laser used without a scan")


def _check(hours: int, offset: float, serial: str, *, passed: bool) -> CalibrationRecord:
    at = datetime.now(UTC) - timedelta(hours=hours)
    return CalibrationRecord(
        kind="check", serial=serial, model="WP-785", time=at.isoformat(),
        expires=(at + timedelta(hours=24)).isoformat(), operator="technician", program="1",
        policy="1", policy_sha256="0" * 64, passed=passed, reasons=() if passed else ("off",),
        measured=(), lines=(), axis={"laser_nm": 785.0},
        result={
            "judged": True, "offset_cm1": offset if passed else 4.0, "axis_record": None,
            "emulated": True,
        },
    )  # fmt: skip


# --- the real services, in the order of a day -----------------------------------------------------


def first_day(driver: Driver) -> Iterator[Screen]:
    """Show the first run, in an empty folder."""
    shell, form = driver.shell, driver.shell.entrance.first
    for key, text in FIRST_DAY.items():
        form.rows[key][1].setText(text)
    for step in range(4):
        form.go_to(step)
        yield f"first-run-{step + 1}", shell


def officer(driver: Driver) -> Iterator[Screen]:
    """Go from the log-in to a filed verdict."""
    shell, desk = driver.shell, driver.shell.analyser
    yield "log-in", shell
    driver.log_in("officer")
    screen = shell.officer
    yield "officer-nothing-connected", shell
    driver.connect_emulated("emulated-785", "Caffeine")
    desk.open_panel()
    driver.rest()
    yield "analyser-panel", desk.panel
    desk.panel.hide()
    yield "officer-begin", shell
    driver.type(screen.item.number, NUMBER)
    driver.press(screen.item.number, Qt.Key.Key_Return)
    driver.rest()
    yield "officer-ready", shell
    driver.click(screen.scan)
    driver.until(lambda: screen.pages.currentWidget() is screen.card)
    driver.rest()
    yield "officer-verdict", shell
    driver.click(screen.file)
    driver.until(lambda: screen.message.key == "officer.filed")
    driver.rest()
    yield "officer-filed", shell
    shell.lock.trigger()
    driver.until(lambda: shell.pages.currentWidget() is shell.entrance)
    yield "locked", shell
    driver.log_out()


def technician(driver: Driver, folder: Path) -> Iterator[Screen]:
    """Show the workbench with scans, and every page of the technician."""
    shell = driver.shell
    driver.log_in("technician")
    driver.click(shell.head.areas["workbench"])
    driver.rest()
    yield "workbench-empty", shell
    bench = shell.workbench
    for sample in (0, 2, 4):
        bench.bar.sample.setCurrentIndex(sample)
        bench.scan_emulated()
        driver.rest()
    bench.open_files(sorted(folder.glob("*.csv")))
    driver.rest()
    for row in range(2):
        bench.scans.list.setCurrentRow(row)
        driver.rest()
        yield f"workbench-scan-{row + 1}", shell
    yield from technician_pages(driver, folder)
    driver.log_out()


def technician_pages(driver: Driver, folder: Path) -> Iterator[Screen]:
    """Show the pages of the row, each with something to see."""
    area = driver.shell.technician
    for name in area.tabs:
        if name == "examine":
            continue
        page: Any = area.show_page(name)
        _rest(driver, page)
        yield name, driver.shell
        if name == "library":
            page.table.selectRow(3)
            _rest(driver, page)
            yield "library-entry", driver.shell
        elif name == "import":
            page.add_files([folder])
            for step in range(1, 5):
                _rest(driver, page)
                yield f"import-{step}", driver.shell
                page.form.target.setText(str(folder / "draft.h5"))
                page.frame.next.click()
            _rest(driver, page)
            yield "import-5", driver.shell
        elif name == "quality":
            page.start.click()
            _rest(driver, page)
            yield "quality-checked", driver.shell
        elif name == "live":
            page.start.click()
            QTest.qWait(1500)
            yield "live-running", driver.shell
            page.stop.click()
            driver.until(lambda: not driver.shell.lane.busy)
        elif name == "batch":
            page.take(folder)
            page.begin()
            driver.until(lambda one=page: not one.work.busy)
            yield "batch-ended", driver.shell


def _rest(driver: Driver, page: Any) -> None:
    driver.until(lambda: not page.waiting)
    driver.rest()


def supervisor(driver: Driver) -> Iterator[Screen]:
    """Show every page of the supervisor, a review and what opens on the pages."""
    shell, area = driver.shell, driver.shell.supervisor
    driver.log_in(FIRST)
    for name in tuple(area.tabs):
        page: Any = area.show_page(name)
        _rest(driver, page)
        yield name, shell
        if name == "statistics":
            for data in ("rates",):
                page.by.setCurrentIndex(page.by.findData(data))
                yield f"statistics-{data}", shell
            page.yearly.setChecked(True)
            yield "statistics-year", shell
            page.yearly.setChecked(False)
        elif name == "lists":
            page.box.look_at(Path("nothing.spkg"))
            driver.rest()
            yield "lists-refused", shell
            page.box.buttons["leave"].click()
        elif name == "audit":
            page.check.begin()
            driver.until(lambda one=page: one.check.found is not None)
            driver.rest()
            yield "audit-verified", shell
        elif name == "fleet":
            for tab in range(1, page.tabs.count()):
                page.tabs.setCurrentIndex(tab)
                yield f"fleet-{tab}", shell
    area.show_page("board")
    driver.rest()
    column = area.made["board"].columns["review"].list
    column.setCurrentIndex(column.cards.index(0))
    driver.press(column, Qt.Key.Key_Return)
    driver.until(lambda: "review" in area.made)
    _rest(driver, area.made["review"])
    QTest.qWait(300)
    yield "review", shell
    shell.everywhere.help()
    helping = shell.everywhere.help_window
    if helping is not None:
        yield "help-here", helping
        helping.close()
    driver.log_out()


def scans_in(folder: Path) -> Path:
    """Write a few scans into a folder; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(SCANS):
        write_scan(folder / f"scan {number}.csv", 17 + number, SEED)
    return folder


# --- rare states, with hand-made answers ----------------------------------------------------------


def states(driver: Driver) -> Iterator[Screen]:
    """Show the pages that the tests measure."""
    shell = driver.shell
    samples = of_tests("window_samples")
    for name, widget in of_tests("test_window_measured").all_pages(shell, samples):
        yield "state-" + "".join(c if c.isalnum() else "-" for c in name.lower()), widget
