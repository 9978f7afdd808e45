"""What is in force and until when; a signed file looked at, weighed, installed or refused."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QDialog

from library.trust_store import save_trust
from spectra_app.services import users
from spectra_app.services.audit_entries import Asked, show
from spectra_app.services.cases import scans
from spectra_app.services.cases.scans import Taken
from spectra_app.services.demo import without_waiting
from spectra_app.services.in_force import state_on
from spectra_app.services.libraries import build_library
from spectra_app.services.office import open_office
from spectra_app.services.releasing import Wanted, release
from spectra_app.services.scanning import scan_emulated
from spectra_app.services.session import open_identifier
from spectra_app.services.station import Station, now_utc

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def released(tmp_path_factory, scan_text, persons):
    """Return a package of two released substances, signed by two persons."""
    folder = tmp_path_factory.mktemp("released")
    rows = ["file,name,laser_nm,status,status_by,status_at,status_reason"]
    for name in ("urea", "caffeine"):
        (folder / f"{name}.csv").write_text(scan_text(name, seed=9), encoding="utf-8")
        rows.append(f"{name}.csv,{name},785,released,A. Chemist,2026-11-20,new lot")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    build_library(folder, folder / "l.h5", name="Example")
    keys, trust = persons
    station = Station(folder / "laboratory")
    with station.changing():
        save_trust(station.trust_path, trust)
    wanted = Wanted("New lots", version="7")
    done = release(
        folder / "l.h5", folder / "one.spkg", keys[:2], wanted, station=station, now=now_utc()
    )
    return done.path


@pytest.fixture
def scanned(used_home, staffed, quick_passwords, trusting):  # noqa: ARG001  its trust is stored
    """Return the password of a station that trusts two persons and has one scan."""
    with open_office(used_home, passwords=quick_passwords) as office:
        officer = users.log_in(office, "officer", staffed)
        identifier = open_identifier(
            None, evidence=office.evidence.folder, calibrations=used_home / "calibration"
        )
        found = scan_emulated("caffeine", identifier, timing=without_waiting(office.clock)).found
        taken = Taken(source="device", evidence=(found.record.sha256,))
        scan = scans.add_scan(office, officer, found, taken, library=identifier.engine.library)
    return SimpleNamespace(words=staffed, scan=scan.id)


@pytest.fixture
def page(qtbot, supervising, scanned):
    found = supervising(scanned.words, "lists")
    qtbot.waitUntil(lambda: found.found is not None, timeout=LONG_MS)
    return found


@pytest.fixture
def offered(page, qtbot, released):
    """Return the page with the package dropped on it and checked."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(released))])
    none = Qt.KeyboardModifier.NoModifier
    page.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, LEFT, none))
    qtbot.waitUntil(lambda: page.box.offer is not None, timeout=LONG_MS)
    return page


def texts(page):
    return [" / ".join(row.cells) for row in page.model.rows]


def why(page, qtbot, words):
    dialog = next(one for one in page.findChildren(QDialog) if one.isVisible())
    qtbot.mouseClick(dialog.go, LEFT)
    assert dialog.isVisible()  # nothing is done without a reason
    qtbot.keyClicks(dialog.reason, words)
    qtbot.mouseClick(dialog.go, LEFT)


def acts(folder, quick_passwords, words):
    with open_office(folder, passwords=quick_passwords) as office:
        boss = users.log_in(office, "supervisor", words)
        return {one.act: dict(one.details) for one in show(office, boss, Asked(user="u1"))}


def test_what_is_in_force_is_told_with_its_edition_and_how_it_stands(page):
    said = texts(page)
    assert any("Starter library" in one for one in said)
    assert any(one.startswith("in force / Trusted key / A") for one in said)
    assert sum("Control list" in one for one in said) > 3
    assert any("Thresholds" in one for one in said)
    assert not page.back.isVisible()
    assert not page.box.isVisible()
    levels = {row.cells[0]: row.level for row in page.model.rows}
    assert levels["in force"] == "benign"


def test_ends_soon_is_a_month_before_and_past_after_the_last_day():
    today = datetime(2026, 11, 22, tzinfo=UTC).date()
    ends = {days: state_on(today, today + timedelta(days=days)) for days in (-1, 0, 30, 31)}
    assert ends == {-1: "bad", 0: "soon", 30: "soon", 31: "good"}
    assert state_on(today, None) == "open"


def test_a_package_is_weighed_then_installed_then_taken_back(
    offered, qtbot, scanned, used_home, quick_passwords
):
    box = offered.box
    said = box.state.words.text()
    assert all(f"{name} (key " in said for name in "AB")  # in the order of their keys
    assert "Example, 7 (1)" in box.words.text()
    assert "2 added" in box.changes.item(0).text()
    assert any("caffeine" in box.changes.item(n).text() for n in range(box.changes.count()))
    assert "NOT KNOWN" in box.result.words.text()
    qtbot.mouseClick(box.buttons["weigh"], LEFT)
    assert not box.buttons["install"].isEnabled()
    qtbot.waitUntil(lambda: box.impact is not None, timeout=LONG_MS)
    assert "of 1 past results would change" in box.result.words.text()
    assert scanned.scan in [row.cells[1] for row in box.model.rows]
    if folder := os.environ.get("SPECTRA_SHOW"):
        offered.grab().save(f"{folder}/lists_impact.png")
    qtbot.mouseClick(box.buttons["install"], LEFT)
    qtbot.waitUntil(lambda: "Installed: Example" in offered.line.text(), timeout=LONG_MS)
    assert not box.isVisible()
    assert any("Example" in one and "signed by two" in one for one in texts(offered))
    done = acts(used_home, quick_passwords, scanned.words)["package installed"]
    assert (done["edition"], done["changed"]) == ("7 (1)", len(box.model.rows))


def test_without_knowing_it_is_installed_or_refused_with_a_reason_only(
    offered, qtbot, scanned, used_home, quick_passwords
):
    box = offered.box
    qtbot.mouseClick(box.buttons["refuse"], LEFT)
    why(box, qtbot, "not reviewed here")
    qtbot.waitUntil(lambda: "Not installed" in offered.line.text(), timeout=LONG_MS)
    assert any("Starter library" in one for one in texts(offered))
    box.look_at(Station(used_home).folder / "absent.spkg")
    qtbot.waitUntil(lambda: bool(box._trouble), timeout=LONG_MS)
    assert not box.buttons["install"].isVisible()
    entered = acts(used_home, quick_passwords, scanned.words)
    assert entered["package refused"]["reason"] == "not reviewed here"
    assert "package installed" not in entered
