"""Validation in the window: run, stopped, every rate with its counts and bounds, report written."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from spectra_app.reports.texts import without_isolates
from spectra_app.services.evaluate import Plan, evaluation
from spectra_app.services.evaluate.curves import curve
from spectra_app.services.many import many_use
from spectra_app.services.session import open_identifier
from spectra_app.ui.technician.evaluate_figures import PLOTS
from spectra_app.ui.technician.evaluate_sheets import SHEETS

LEFT = Qt.MouseButton.LeftButton
NAMES = ("acetone", "caffeine", "lactose", "urea")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory, scan_text):
    """Return eight scans of four substances on two instruments, and one that cannot be read."""
    folder = tmp_path_factory.mktemp("known")
    rows = ["file,name,serial"]
    for name in NAMES:
        for unit in (1, 2):
            file = f"{name}-{unit}.csv"
            (folder / file).write_text(scan_text(name, seed=10 + unit), encoding="utf-8")
            rows.append(f"{file},{name},unit {unit}")
    (folder / "broken.csv").write_bytes(b"nothing\n")
    rows.append("broken.csv,urea,unit 1")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "manifest.csv"


@pytest.fixture(scope="module")
def measured(manifest, small_library, tmp_path_factory):
    engine = open_identifier(small_library, evidence=tmp_path_factory.mktemp("evidence")).engine
    return evaluation(manifest, engine, Plan(leave_out=True, folds=2))


@pytest.fixture
def out(tmp_path, manifest):
    return tmp_path, manifest


@pytest.fixture
def page(desk, at_bench, small_library):
    written = []
    many = many_use(lambda: small_library, lambda report, path: written.append((report, path)))
    desk.use_cases = replace(desk.use_cases, many=many)
    shown = at_bench("evaluate", (1024, 768))
    shown.written = written
    return shown


def test_a_run_shows_counts_with_bounds_and_is_written(page, measured, qtbot, monkeypatch, out):
    assert not page.start.isEnabled()
    folder, manifest = out
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(manifest), ""))
    qtbot.mouseClick(page.scans, LEFT)
    qtbot.mouseClick(page.start, LEFT)
    assert page.work.busy
    assert not page.start.isEnabled()
    qtbot.waitUntil(lambda: not page.work.busy, timeout=60_000)
    assert page.line.text() == "Measured on 9 scans."
    same = measured.figures
    for key in ("named_right", "named_wrong", "false_naming", "refused", "by_substance"):
        assert page.found.figures[key] == same[key]
    first = page.model.index(0, 1).data()
    assert re.fullmatch(r"8 of 9 \(95 %: [\d.]+–[\d.]+ %\)", first)
    qtbot.mouseClick(page.tabs["failures"], LEFT)
    assert "refused" in page.model.index(page.model.rowCount() - 1, 0).data()
    qtbot.mouseClick(page.tabs["curves"], LEFT)
    assert page.body.currentWidget() is page.plot
    assert len(page.plot.drawing.bars) == 2
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(folder / "v.pdf"), "")
    )
    qtbot.mouseClick(page.report, LEFT)
    qtbot.waitUntil(lambda: "v.pdf" in page.line.text())
    assert page.written[0][0].figures["n"] == 9
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a: str(folder / "all"))
    qtbot.mouseClick(page.answers, LEFT)
    qtbot.waitUntil(lambda: "all" in page.line.text())
    assert json.loads((folder / "all" / "figures.json").read_text("utf-8"))["n"] == 9


def test_a_run_is_stopped_and_wrong_scans_are_told(page, manifest, tmp_path, qtbot, monkeypatch):
    monkeypatch.setattr("spectra_app.ui.stepped.SLICE_S", 0.0)
    page.manifest = manifest
    page._show_state()
    page.work.stepped.connect(lambda _steps: page.work.stop())
    qtbot.mouseClick(page.start, LEFT)
    qtbot.waitUntil(lambda: not page.work.busy, timeout=60_000)
    assert "Stopped" in page.line.text()
    assert page.found is None
    page.manifest = tmp_path / "gone.csv"
    page.work.stepped.disconnect()
    page.work.stepped.connect(page._on_steps)
    qtbot.mouseClick(page.start, LEFT)
    qtbot.waitUntil(lambda: not page.work.busy, timeout=60_000)
    assert "gone.csv" in page.line.text() or "file" in page.line.text()
    assert page.line.objectName() == "problem"


def test_no_rate_stands_without_its_counts(page, measured):
    page.found = measured
    for language in ("en", "ar"):
        page.look_of.speak(language)
        for name, make in SHEETS.items():
            sheet = make(measured.figures, page.look_of.texts)
            assert all(len(row) == len(sheet.columns) for row in sheet.rows), name
            shares = [cell for row in sheet.rows for cell in row[1:] if "%" in cell]
            plain = [without_isolates(cell) for cell in shares]
            assert all(re.match(r"\d+ \S+ \d+ \(95 %: ", cell) for cell in plain), name
            page.show_view(name)
            assert page.model.rowCount() == len(sheet.rows)
    page.look_of.speak("en")


def test_every_plot_has_its_bounds_and_says_of_how_many(page, measured):
    page.found = measured
    for name in PLOTS:
        page.show_view(name)
        drawing = page.plot.drawing
        assert drawing.traces, name
        assert drawing.spoken
        assert name == "scores" or re.search(r"\d", page.note.text())
        for bars in drawing.bars:
            assert np.all(bars.low <= bars.y + 1e-12)
            assert np.all(bars.y <= bars.high + 1e-12)
    page.found = None
    page.show_view("curves")
    assert not page.plot.drawing.traces


def test_the_curve_is_the_trade_off_with_exact_counts(measured):
    points = curve(measured.figures)
    known = measured.figures["calibration"]["left_in"]
    assert {one.missed.n for one in points} == {known}
    assert [one.missed.count for one in points] == sorted(one.missed.count for one in points)
    assert all(one.missed.low95 <= one.missed.rate <= one.missed.high95 for one in points)
    assert len(curve(measured.figures, most=3)) == 3
