"""The supervisor's analysers and the technician's control charts, by clicks and keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from spectra_app.records.calibration import CalibrationRecord
from spectra_app.records.kinds import Exposure, Scan
from spectra_app.services.calibrations import Calibrations
from spectra_app.services.office import open_office

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


def check(hours, offset, *, serial="WP-1", passed=True):
    at = datetime.now(UTC) - timedelta(hours=hours)
    return CalibrationRecord(
        kind="check", serial=serial, model="WP-785", time=at.isoformat(),
        expires=(at + timedelta(hours=24)).isoformat(), operator="t", program="1", policy="1",
        policy_sha256="0" * 64, passed=passed, reasons=() if passed else ("off",), measured=(),
        lines=(), result={"judged": True, "offset_cm1": offset, "axis_record": None},
        axis={"laser_nm": 785.0},
    )  # fmt: skip


@pytest.fixture
def history(staffed, spectra_home, quick_passwords):
    """Fill the station with checks of two analysers, a scan in doubt and a use of a laser."""
    kept = Calibrations()
    for hours in range(20, 9, -1):
        kept.add(check(hours, 0.1))
    kept.add(check(5, 4.0, passed=False))
    kept.add(check(1, 0.2, serial="WP-2"))
    at = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    with (
        open_office(spectra_home, passwords=quick_passwords) as office,
        office.ledger.writing("u2") as writing,
    ):
        for scan in (Scan(id="S-1", source="device", analyser="WP-1", scanned_at=at),):
            writing.put(scan, "scan added")
        writing.put(Exposure(id="X-1", analyser="WP-1", purpose="live", count=7, at=at, by="u2"),
                    "laser used without a scan")  # fmt: skip
    return staffed


def test_a_supervisor_sees_each_analyser_and_what_it_did(qtbot, supervising, history, tmp_path):
    page = supervising(history, "fleet")
    qtbot.waitUntil(lambda: page.history is not None and not page.waiting, timeout=LONG_MS)
    model = page.table.rows
    shown = [[cell.text for cell in row] for row in model.rows]
    assert [row[0] for row in shown] == ["WP-1", "WP-2"]
    assert [row[2] for row in shown] == ["OUT OF CALIBRATION", "READY"]
    assert "FAILED" in shown[0][4]
    assert all(row[2].icon is not None for row in model.rows)
    assert page.chosen.serial == "WP-1"
    points = page.chart.chart.points
    assert (len(points), points[-1].judged) == (12, "out")
    assert "out of limits: 1" in page.chart.words.text()
    assert page.chart.table.rows.rows[0][2].text == "OUT OF LIMITS"
    assert page.tabs.tabText(1).endswith(": 1")
    assert page.doubtful.rows.rows[0][0].text == "S-1"
    assert page.book.rows.rows[0][2].text == "7"
    qtbot.keyClick(page.table, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: page.chart.serial == "WP-2", timeout=LONG_MS)
    assert page.tabs.tabText(1).endswith(": 0")
    page.table.keeper.copy.trigger()
    assert "READY" in QGuiApplication.clipboard().text()
    target = tmp_path / "fleet.csv"
    with qtbot.waitSignal(page.table.keeper.saved, timeout=LONG_MS):
        page.table.keeper._read(lambda rows: page.table.keeper.write_csv(target, rows))
    assert "OUT OF CALIBRATION" in target.read_text(encoding="utf-8-sig")
    picture = tmp_path / "chart.svg"
    with qtbot.waitSignal(page.chart.keeper.saved, timeout=LONG_MS):
        page.chart.keeper.write_picture(picture)
    assert b"Axis offset" in picture.read_bytes()


def test_a_technician_sees_the_charts_of_an_analyser(qtbot, desk, make_shell, history):
    shell = make_shell(desk.use_cases, (1024, 768))
    form = shell.entrance.log_in
    form.name.setText("technician")
    qtbot.keyClicks(form.password, history)
    qtbot.keyClick(form.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shell.records.standing.user is not None, timeout=LONG_MS)
    qtbot.mouseClick(shell.head.areas["workbench"], LEFT)
    qtbot.mouseClick(shell.technician.tabs["charts"], LEFT)
    page = shell.technician.made["charts"]
    qtbot.waitUntil(lambda: page.chart.serial == "WP-1", timeout=LONG_MS)
    assert "OUT OF CALIBRATION" in page.stands.text()
    qtbot.keyClick(page.which, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: page.chart.serial == "WP-2", timeout=LONG_MS)
    assert "READY" in page.stands.text()
    assert page.chart.quantity.currentText() == "Axis offset of the checks"
    shell.look.speak("fr")
    assert page.chart.quantity.currentText() == "Décalage de l’axe aux contrôles"
