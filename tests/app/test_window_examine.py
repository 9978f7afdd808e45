"""The technician's workspace: several spectra, a clean-up to try, peaks; by clicks and keys."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QFileDialog, QTabBar, QWidget

from library.formats import load, read_traces
from matching.pipeline import prepare
from matching.recipe import as_identified
from matching.spectrum import Spectrum
from spectra_app.services.preview import load_recipe
from spectra_app.ui.analyser_desk import AnalyserDesk
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.start import make_application
from spectra_app.ui.workbench import Workbench

KEY, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def bench(desk, qtbot):
    """Return a workbench of its own with three scans, the first one chosen."""
    make_application()
    lane, owner, look, cases = Lane(), QWidget(), Look(), desk.use_cases
    analyser = AnalyserDesk(cases.analyser, lane, owner, cases.emulated_samples, look)
    opened = Workbench(cases, lane, analyser, look)
    for widget in (owner, opened):
        qtbot.addWidget(widget)
    opened.resize(1366, 768)
    with qtbot.waitExposed(opened):
        opened.show()
    opened.open_files([Path("match.csv"), Path("mixture.csv"), Path("benign.csv")])
    qtbot.waitUntil(lambda: not lane.busy)
    yield opened
    opened.end()
    analyser.close(lambda: None)
    assert lane.close(5000)
    look.speak("en")


@pytest.fixture
def settle(bench, qtbot):
    """Return what waits until everything is worked out."""
    return lambda: qtbot.waitUntil(lambda: bench.examination.sums.idle and not bench.lane.busy)


@pytest.fixture
def together(bench, settle, qtbot):
    """Return the workbench with its first two scans ticked by Ctrl and a click."""
    rows = bench.scans.list
    for row in (0, 1):
        at = rows.visualItemRect(rows.item(row)).center()
        qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, CTRL, at)
    settle()
    return bench


@pytest.fixture
def panel(together, settle, qtbot):
    """Return the panel of the clean-up, brought up by its key."""
    qtbot.keyClick(together, KEY.Key_3, Qt.KeyboardModifier.AltModifier)
    settle()
    return together.arrangement.docks["cleanup"].inside


@pytest.fixture
def peaks(together, settle, qtbot):
    """Return the table of peaks, brought up by its key."""
    qtbot.keyClick(together, KEY.Key_5, Qt.KeyboardModifier.AltModifier)
    settle()
    return together.arrangement.docks["peaks"].inside


def answer(monkeypatch, path, dialog="getSaveFileName"):
    monkeypatch.setattr(QFileDialog, dialog, lambda *_asked: (str(path), ""))


def names(bench):
    return [line.name for line in bench.centre.several.curves]


# --- several spectra -----------------------------------------------------------------------------


def test_nothing_of_it_is_made_before_it_is_wanted(bench):
    assert bench.centre._several is None
    assert bench.arrangement.docks["cleanup"].inside is None
    assert bench.arrangement.docks["peaks"].inside is None
    assert bench.examination.sums._lane is None


def test_ctrl_click_ticks_scans_and_draws_them_together(together):
    assert together.centre.view == "overlay"
    assert len(names(together)) == 2
    assert together.scans.list.currentRow() == 0
    assert together.card.isVisible()
    plot = together.centre.several
    assert max(float(line.y.max()) for line in plot.curves) == pytest.approx(1.0)
    assert "Preview" in plot.note.text()
    together.scans.tick(together.scans.entries[1], on=False)
    assert len(together.scans.together) == 1


def test_keys_change_the_view(together, settle, qtbot):
    plot = together.centre.several
    qtbot.keyClick(together, KEY.Key_5, CTRL)
    qtbot.waitUntil(lambda: together.centre.view == "stack")
    upper, lower = plot.curves
    assert upper.offset > 0 == lower.offset
    qtbot.keyClick(together, KEY.Key_6, CTRL)
    qtbot.waitUntil(lambda: together.centre.view == "difference")
    assert plot.curves[-1].name == " − ".join(names(together)[:2])
    plot.tools.amount.setValue(0.0)
    assert np.allclose(plot.curves[-1].y, plot.curves[0].y)
    together.scans.tick(together.scans.entries[1], on=False)
    settle()
    assert "Tick two" in plot.widget.accessibleName()
    qtbot.keyClick(together, KEY.Key_0, CTRL)
    qtbot.waitUntil(together.plot.isVisible)


def test_every_scale_and_the_wavelength_are_drawn(together, settle):
    plot = together.centre.several
    for place, name in enumerate(("none", "area", "max", "snv")):
        plot.tools.scaling.setCurrentIndex(place)
        assert plot.tools.manner.scaling == name
        assert np.isfinite(plot.curves[0].y).all()
    assert plot.curves[0].y.mean() == pytest.approx(0.0, abs=1e-9)
    known = all(one.spectrum.laser_nm is not None for one in plot._shown)
    assert plot.tools.wavelength.isEnabled() == known
    for entry in together.scans.entries:
        entry.identified = replace(
            entry.identified, query=replace(entry.identified.query, laser_nm=785.0)
        )
    together.examination.work()
    settle()
    plot.tools.wavelength.click()
    shifts = plot._shown[0].cooked.raman_shift_cm1
    assert plot.curves[0].x[0] == pytest.approx(1e7 / (1e7 / 785.0 - shifts[0]))
    assert "nm" in plot.widget.getPlotItem().getAxis("bottom").labelText


def test_home_shows_the_whole_and_the_pointer_reads(together, qtbot):
    plot = together.centre.several
    box = plot.widget.getPlotItem().vb
    whole = box.viewRange()[0]
    plot.widget.setFocus()
    qtbot.keyClick(plot.widget, KEY.Key_Plus)
    qtbot.keyClick(plot.widget, KEY.Key_Right)
    assert box.viewRange()[0][1] - box.viewRange()[0][0] < 0.8 * (whole[1] - whole[0])
    qtbot.keyClick(plot.widget, KEY.Key_Home)
    assert box.viewRange()[0] == pytest.approx(whole, abs=1.0)
    scene = box.mapViewToScene(QPointF(1003.0, 0.5))
    plot._on_moved(scene)
    assert "1003.0 cm⁻¹" in plot.reading.text()


def test_a_range_gives_area_centroid_and_width(together):
    plot = together.centre.several
    plot.tools.range.click()
    plot.choose_range(1040, 980)
    assert plot.measured.isVisible()
    assert "980–1040" in plot.measured.text().replace("\u2068", "").replace("\u2069", "")
    plot.choose_range(1000, 1001)
    assert "too few" in plot.measured.text()
    plot.tools.range.click()
    assert not plot.measured.isVisible()


def test_a_range_stays_at_its_raman_shifts_on_another_axis(together, settle):
    plot = together.centre.several
    for entry in together.scans.entries:
        entry.identified = replace(
            entry.identified, query=replace(entry.identified.query, laser_nm=785.0)
        )
    together.examination.work()
    settle()
    plot.choose_range(980, 1040)
    said = plot.measured.text()
    plot.tools.wavelength.click()
    low, high = plot._range.getRegion()
    assert 1e7 / 785.0 - 1e7 / low == pytest.approx(980.0, abs=0.01)
    assert 1e7 / 785.0 - 1e7 / high == pytest.approx(1040.0, abs=0.01)
    assert plot.measured.text() == said
    plot.tools.wavelength.click()
    assert plot._range.getRegion() == pytest.approx((980.0, 1040.0), abs=0.01)
    assert plot.measured.text() == said


def test_a_reference_is_drawn_beside_and_has_no_verdict(bench, settle):
    axis = np.linspace(200.0, 2000.0, 1200)
    reference = Spectrum(axis, 10 + 900 / (1 + ((axis - 1003) / 6) ** 2), 785.0)
    entry = bench.show_reference("Amphetamine", reference, "reconstructed")
    settle()
    assert names(bench)[-1] == "Amphetamine"
    assert len(names(bench)) == 2
    row = bench.scans.entries.index(entry)
    assert "reconstructed" in bench.scans.list.item(row).text()
    bench.scans.choose(entry)
    settle()
    assert bench.pages.currentWidget() is bench.reference
    assert "no verdict" in bench.reference.words.text()
    assert not bench.bar.report.isEnabled()


def test_a_picture_of_the_plot_is_saved(together, qtbot, monkeypatch, tmp_path):
    answer(monkeypatch, tmp_path / "both.svg")
    with qtbot.waitSignal(together.centre.several.keeper.saved):
        together.centre.saved.trigger()
    text = (tmp_path / "both.svg").read_text(encoding="utf-8")
    assert "no verdict is made with this clean-up" in text


# --- the clean-up --------------------------------------------------------------------------------


def test_the_panel_begins_with_what_the_scan_was_identified_with(panel, together):
    assert panel.edits.recipe == as_identified()
    assert panel.presets.currentText() == "As identified"
    assert "changes no verdict" in panel.note.text()
    shown = together.examination.shown[0]
    made = prepare(shown.spectrum)
    assert np.allclose(shown.cooked.values, made.bands)


def test_edits_change_the_preview_and_never_the_record(panel, together, settle, qtbot):
    found = together.scans.current.identified
    record, raw = found.record, found.query.intensity.copy()
    before = together.examination.shown[0].cooked.values
    panel._on_add("smooth")
    panel.form.boxes["fwhm"].setValue(30.0)
    settle()
    after = together.examination.shown[0].cooked.values
    assert after.max() < 0.9 * before.max()
    assert together.scans.current.identified.record is record
    assert np.array_equal(found.query.intensity, raw)
    assert panel.presets.currentIndex() == -1
    panel.undo.trigger()
    panel.undo.trigger()
    settle()
    assert panel.edits.recipe == as_identified()
    assert np.allclose(together.examination.shown[0].cooked.values, before)
    qtbot.keyClick(together, KEY.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert [step.kind for step in panel.edits.recipe][-1] == "smooth"
    qtbot.keyClick(together, KEY.Key_Z, CTRL)
    assert panel.edits.recipe == as_identified()


def test_turning_a_figure_is_one_edit(panel):
    panel.steps.setCurrentRow(2)
    for value in (4.2, 5.0, 6.0):
        panel.form.boxes["stiffness"].setValue(value)
    assert panel.edits.stack.count() == 1
    assert panel.edits.recipe[2].value("stiffness") == pytest.approx(1e6)


def test_what_makes_no_sense_is_put_back_and_said(panel):
    panel.steps.item(2).setCheckState(Qt.CheckState.Unchecked)
    assert panel.edits.recipe == as_identified()
    assert panel.steps.item(2).checkState() == Qt.CheckState.Checked
    assert "needs a baseline" in panel.trouble.text()
    panel.steps.setCurrentRow(0)
    assert not panel.up.isEnabled()
    assert not panel.down.isEnabled()


def test_before_and_after_are_one_switch(panel, together, qtbot):
    plot = together.centre.several
    panel.before.click()
    assert not plot.tools.clean.isChecked()
    assert plot.curves[0].x.size == together.scans.current.identified.query.intensity.size
    assert plot.note.text() == ""
    qtbot.keyClick(together, KEY.Key_B, CTRL)
    qtbot.waitUntil(plot.tools.clean.isChecked)
    assert not panel.before.isChecked()


def test_steps_are_kept_in_a_file(panel, settle, monkeypatch, tmp_path):
    panel._on_add("derivative")
    answer(monkeypatch, tmp_path / "mine.json")
    panel.save.trigger()
    settle()
    assert load_recipe(tmp_path / "mine.json") == ("mine", panel.edits.recipe)
    panel.presets.activated.emit(0)
    assert panel.edits.recipe == as_identified()
    answer(monkeypatch, tmp_path / "mine.json", "getOpenFileName")
    panel.load.trigger()
    settle()
    assert panel.edits.recipe[-1].kind == "derivative"


def test_the_cleaned_spectrum_is_saved_with_its_history(
    panel, together, settle, monkeypatch, tmp_path
):
    answer(monkeypatch, tmp_path / "clean.jdx")
    together.examination.save.trigger()
    settle()
    (trace,) = read_traces(load(tmp_path / "clean.jdx"), where="clean").traces
    assert np.allclose(trace.intensity, together.examination.shown[0].cooked.values)
    assert trace.history[0].name == "preview: despike"
    assert "clean.jdx" in panel.done.text()


def test_of_many_wishes_only_the_newest_is_worked_out(panel, together, settle):
    sums = together.examination.sums
    panel._on_add("smooth")
    before = sums.dropped
    for width in range(1, 30):
        panel.form.boxes["fwhm"].setValue(float(width))
    settle()
    assert sums.dropped - before >= 20
    assert together.examination.shown[0].cooked.smoothed_cm1 >= 29.0


# --- peaks ---------------------------------------------------------------------------------------


def test_peaks_are_listed_with_the_nearest_band_of_the_candidate(peaks):
    found = {round(peak.row.position_cm1): peak for peak in peaks.model.peaks}
    near = min(found, key=lambda at: abs(at - 1003))
    assert abs(near - 1003) <= 2
    assert found[near].nearest.name == "Amphetamine sulfate"
    assert abs(found[near].nearest.distance_cm1) < 3
    assert "parcel" in peaks.what.text()


def test_table_and_plot_choose_each_others_peaks(peaks, together, qtbot):
    plot = together.centre.several
    peaks.table.selectRow(1)
    assert plot._chosen == peaks.model.peaks[1].row.position_cm1
    other = peaks.model.peaks[3].row.position_cm1
    box = plot.widget.getPlotItem().vb
    at = plot.widget.mapFromScene(box.mapViewToScene(QPointF(other, 0.5)))
    qtbot.mouseClick(plot.widget.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at.x(), at.y()))
    assert peaks.chosen_cm1() == pytest.approx(other)


def test_peaks_are_saved_as_csv(peaks, qtbot, monkeypatch, tmp_path):
    answer(monkeypatch, tmp_path / "peaks.csv")
    with qtbot.waitSignal(peaks.keeper.saved):
        qtbot.mouseClick(peaks.save, Qt.MouseButton.LeftButton)
    with (tmp_path / "peaks.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:2] == ["Raman shift cm⁻¹", "Height"]
    assert len(rows) == 1 + len(peaks.model.peaks)
    assert float(rows[1][0]) == pytest.approx(peaks.model.peaks[0].row.position_cm1, abs=1e-3)


# --- panels --------------------------------------------------------------------------------------


def test_panels_are_closed_brought_back_and_remembered(bench, qtbot):
    docks = bench.arrangement.docks
    usual = bench.saveState()
    docks["verdict"].close()
    docks["candidates"].close()
    closed = bench.saveState()
    assert bench.restoreState(usual)
    assert docks["verdict"].isVisible()
    assert bench.restoreState(closed)
    assert not docks["verdict"].isVisible()
    qtbot.keyClick(bench, KEY.Key_2, Qt.KeyboardModifier.AltModifier)
    assert docks["verdict"].isVisible()
    bench.arrangement.reset.trigger()
    assert docks["candidates"].isVisible()
    assert not bench.restoreState(b"nonsense")
    assert docks["candidates"].isVisible()


def test_lists_are_at_the_right_where_people_read_from_the_right(bench, qtbot):
    docks = bench.arrangement.docks
    for language, scans, verdict in (("ar", "Right", "Left"), ("en", "Left", "Right")):
        bench.look.speak(language)
        qtbot.waitUntil(lambda side=scans: side in bench.dockWidgetArea(docks["scans"]).name)
        assert verdict in bench.dockWidgetArea(docks["verdict"]).name
        assert bench.tabifiedDockWidgets(docks["verdict"]) == [docks["cleanup"]]

    def bars():
        return [bar for bar in bench.findChildren(QTabBar) if bar.isVisible() and bar.count()]

    qtbot.waitUntil(lambda: len(bars()) == 2)


def test_what_the_library_page_sends_is_drawn_in_the_workbench(shell, qtbot):
    shell.entrance.around.click()
    axis = np.linspace(200.0, 2000.0, 1200)
    sent = Spectrum(axis, 10 + 900 / (1 + ((axis - 555) / 6) ** 2), 785.0)
    shell.technician.lay_over(sent, "Caffeine", "measured")
    qtbot.waitUntil(lambda: shell.workbench.examination.sums.idle)
    assert [line.name for line in shell.workbench.centre.several.curves] == ["Caffeine"]
    assert shell.workbench.reference.isVisible()
