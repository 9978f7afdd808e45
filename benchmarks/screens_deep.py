"""Screens that take several steps to come to, on the station of `benchmarks.screens`.

The closer look, the nine steps of a calibration, a validation with its figures, dialogs, a package
that is offered, and last a ledger that somebody altered.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QWidget

from benchmarks.synthetic import write_scan
from benchmarks.window_driving import FIRST, WORDS, Driver
from library.signing import new_key, open_key
from library.trust import Trust
from library.trust_store import save_trust
from library.trusted_keys import TrustedKey, first_root
from spectra_app.records.ledger.store import DATABASE
from spectra_app.services.libraries import build_library
from spectra_app.services.releasing import Wanted, release
from spectra_app.services.station import Station, now_utc

Screen = tuple[str, QWidget]
SEED = 20261122
STEPS = ("standards", "hold", "measure", "lines", "axis", "resolution", "response", "decide")
SINCE = datetime(2025, 10, 18, 10, tzinfo=UTC)
ALTERED = """UPDATE audit SET line = replace(line, '"u2"', '"u3"') WHERE number = 9"""


def technician(driver: Driver, folder: Path) -> Iterator[Screen]:
    """Show what a technician comes to by several steps."""
    driver.log_in("technician")
    driver.click(driver.shell.head.areas["workbench"])
    driver.rest()
    yield from closer(driver)
    yield from calibrate(driver)
    yield from validate(driver, folder)
    driver.log_out()


def supervisor(driver: Driver, folder: Path) -> Iterator[Screen]:
    """Show the dialogs of a supervisor, a package that is offered, and a broken ledger."""
    driver.log_in(FIRST)
    yield from dialogs(driver)
    yield from offered(driver, folder)
    yield from broken(driver, Path(os.environ["SPECTRA_HOME"]))
    driver.log_out()


# --- the technician -------------------------------------------------------------------------------


def closer(driver: Driver) -> Iterator[Screen]:
    """Look closer at a scan of the workbench: its candidates, and its components."""
    bench = driver.shell.workbench
    bench.bar.sample.setCurrentIndex(0)
    bench.scan_emulated()
    driver.rest()
    driver.press(bench, Qt.Key.Key_F7)
    driver.until(lambda: bench.door.closer is not None)
    for view in ("compare", "mixture"):
        driver.rest()
        QTest.qWait(500)
        yield f"closer-{view}", driver.shell
        driver.click(bench.door.closer.tabs["mixture"])
    driver.click(bench.door.closer.back)


def calibrate(driver: Driver) -> Iterator[Screen]:
    """Go through the nine steps with the emulated analyser that is connected."""
    shell = driver.shell
    page: Any = shell.technician.show_page("calibration")
    _rest(driver, page)
    for step in STEPS:
        driver.click(page.next)
        _rest(driver, page)
        if step == "standards":
            page.standards.list.item(0).setCheckState(Qt.CheckState.Checked)
        elif step == "measure":
            driver.click(page.measure.measure["polystyrene"])
            driver.until(lambda: not page._job)  # noqa: SLF001  nobody is told of its end
            _rest(driver, page)
        elif step == "lines":
            driver.until(lambda: page.proposal is not None)
        yield f"calibration-{step}", shell
    driver.press(page.decide.accept, Qt.Key.Key_Space)
    driver.click(page.decide.save)
    driver.until(lambda: page.decide.decided is not None)
    _rest(driver, page)
    yield "calibration-saved", shell


def validate(driver: Driver, folder: Path) -> Iterator[Screen]:
    """Measure how often scans of known substances are named right, and show every figure."""
    page: Any = driver.shell.technician.show_page("evaluate")
    _rest(driver, page)
    page.manifest = known_scans(folder / "known")
    page.begin()
    driver.until(lambda: not page.work.busy)
    for name, tab in page.tabs.items():
        driver.click(tab)
        QTest.qWait(200)
        yield f"evaluate-{name}", driver.shell


def known_scans(folder: Path) -> Path:
    """Write made-up scans with a manifest that says whose they are; return the manifest."""
    folder.mkdir(parents=True)
    rows = ["file,name"]
    for number, name in enumerate(("caffeine", "lactose", "paracetamol", "urea")):
        write_scan(folder / f"{name}.csv", number, SEED)
        rows.append(f"{name}.csv,{name}")
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return manifest


# --- the supervisor -------------------------------------------------------------------------------


def dialogs(driver: Driver) -> Iterator[Screen]:
    """Show About as it is, and the finder of a supervisor."""
    shell = driver.shell
    about = shell.everywhere.about()
    driver.rest()
    yield "about-here", about
    about.close()
    shell.everywhere.find()
    finder = next(one for one in shell.findChildren(QDialog) if one.isVisible())
    yield "find-here", finder
    finder.close()


def offered(driver: Driver, folder: Path) -> Iterator[Screen]:
    """Show a signed package, and what it would change."""
    page: Any = driver.shell.supervisor.show_page("lists")
    _rest(driver, page)
    page.box.look_at(package(folder / "package", Station()))
    driver.until(lambda: page.box.offer is not None)
    _rest(driver, page)
    yield "lists-offered", driver.shell
    driver.click(page.box.buttons["weigh"])
    driver.until(lambda: page.box.impact is not None)
    _rest(driver, page)
    yield "lists-weighed", driver.shell
    page.box.buttons["leave"].click()


def package(folder: Path, station: Station) -> Path:
    """Write a package of made-up entries, signed by two persons whom the station trusts."""
    folder.mkdir(parents=True)
    rows = ["file,name,laser_nm,status,status_by,status_at,status_reason"]
    for number in range(2):
        write_scan(folder / f"{number}.csv", number, SEED)
        rows.append(f"{number}.csv,synthetic {number},785,released,A. Chemist,2026-11-20,new lot")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    build_library(folder, folder / "l.h5", name="Example")
    keys = [open_key(new_key(WORDS, 1)[0], WORDS) for _ in "AB"]
    trusted = [TrustedKey(key.public, name) for key, name in zip(keys, "AB", strict=True)]
    with station.changing():
        save_trust(station.trust_path, Trust(first_root(trusted, SINCE)))
    wanted = Wanted("New lots", version="7")
    path = folder / "one.spkg"
    return release(folder / "l.h5", path, keys, wanted, station=station, now=now_utc()).path


def broken(driver: Driver, home: Path) -> Iterator[Screen]:
    """Alter an entry of the ledger from outside, and show what its verification says."""
    with closing(sqlite3.connect(home / "station" / DATABASE)) as other, other:
        for (name,) in list(other.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")):
            other.execute(f"DROP TRIGGER {name}")
        other.execute(ALTERED)
    page: Any = driver.shell.supervisor.show_page("audit")
    _rest(driver, page)
    page.check.begin()
    driver.until(lambda: page.check.found is not None)
    _rest(driver, page)
    yield "audit-broken", driver.shell


def _rest(driver: Driver, page: Any) -> None:
    driver.until(lambda: not page.waiting)
    driver.rest()
    QTest.qWait(200)
