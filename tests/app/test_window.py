"""What a user does with the window, by real clicks, keys and drops."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pyqtgraph import PlotDataItem
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QToolButton

from spectra_app.ui.faults import Faults
from spectra_app.ui.pages import ProblemDialog, TextDialog


@pytest.fixture
def opened(window, qtbot):
    """Return a function that opens files in the window and waits for the answers."""

    def run(*names):
        window.open_files([Path(name) for name in names])
        qtbot.waitUntil(lambda: not window.lane.busy)
        return window

    return run


def test_an_empty_window_says_what_to_do_first_and_what_the_library_is(window):
    assert window.pages.currentWidget() is window.start
    assert "Open a scan" in window.start.title.text
    assert "leads only" in window.start.note.text()
    assert "Starter library 1.0" in window.library.text()
    assert not window.bar.report.isEnabled()


def test_the_verdict_shows_level_name_reason_advice_and_blind_spot(opened):
    card = opened("match.csv").card
    assert "PRESUMPTIVE" in card.presumptive.text()
    assert card.word.text == "CONTROLLED SUBSTANCE"
    assert card.headline.text == "Amphetamine sulfate"
    assert "explains the bands" in card.why.text()
    assert "gloves" in card.next.text()
    assert "Schedule II" in card.components.text()
    assert card.listing.isVisible()
    assert card.listing.text() == "1971 Convention, Schedule II"
    assert "Fentanyl below 12 %" in card.hidden.text()
    assert "not known" in card.hidden.text()
    assert "Isotonitazene" in card.hidden.text()
    assert not card.lead.isVisible()
    assert not card.emulated.isVisible()


def test_nothing_is_said_of_a_listing_where_none_was_found(opened):
    card = opened("benign.csv").card
    assert card.headline.text == "Caffeine"
    assert not card.listing.isVisible()


def test_a_lead_says_lead(opened):
    window = opened("lead.csv")
    assert window.card.lead.isVisible()
    assert window.card.lead.text() == "LEAD"
    assert "never evidence" in window.card.outcome.text()
    assert "Assumed: the excitation" in window.card.why.text()
    assert "reconstructed, not measured" in window.plot._labels[1].text


def test_what_was_emulated_says_so_everywhere(opened):
    window = opened("long_name.csv")
    assert window.card.emulated.isVisible()
    assert any("EMULATED" in label.text for label in window.plot._labels)
    assert "EMULATED" in window.scans.list.item(0).text()
    assert window.candidates.model.index(0, 2).data() == "EMULATED"


@pytest.mark.parametrize(
    "name", ["mixture", "not_in_library", "inconclusive", "refused_record", "hazard", "container"]
)
def test_every_outcome_is_presumptive_and_tells_its_blind_spot(opened, name):
    card = opened(f"{name}.csv").card
    assert card.isVisible()
    assert "PRESUMPTIVE" in card.presumptive.text()
    assert "could not have seen" in card.hidden.text()
    assert "clear</b>" not in card.hidden.text()


def test_a_mixture_shows_shares_of_the_signal_and_never_of_the_weight(opened):
    text = opened("mixture.csv").card.components.text()
    assert "64 % of the Raman signal (between 58 % and 70 %)" in text
    assert "never of the weight" in text
    assert "Lactose: no listing found" in text


def test_a_file_with_several_spectra_gives_one_row_each(opened):
    window = opened("several.csv", "mixture.csv")
    assert [entry.state for entry in window.scans.entries] == ["done"] * 4
    assert window.scans.list.currentRow() == 0
    window.scans.list.setCurrentRow(2)
    assert window.card.headline.text == "Not in this library"


def test_the_work_is_done_on_one_other_thread(opened, desk):
    opened("match.csv", "lead.csv")
    assert len(desk.threads) == 1
    assert threading.main_thread() not in desk.threads


def test_arrow_keys_in_the_candidates_change_the_plot(opened, qtbot):
    window = opened("match.csv")
    assert window.plot.drawn.reference == "Amphetamine sulfate"
    assert window.plot.drawn.peaks == (8, 0, 0)
    table = window.candidates.table
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert window.plot.drawn.reference == "Paracetamol"
    assert window.plot.drawn.peaks[1] > 0
    rectangle = table.visualRect(window.candidates.model.index(2, 1))
    qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=rectangle.center() + QPoint(1, 1)
    )
    assert window.plot.drawn.reference == "Caffeine"


def test_candidates_copy_as_a_table_with_their_header(opened, qtbot):
    window = opened("match.csv")
    qtbot.keyClick(window.candidates.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].startswith("#\tReference\tKind\tScore 0–1")
    assert lines[1].split("\t")[:5] == ["1", "Amphetamine sulfate", "measured", "0.980", "97 %"]


def test_every_column_explains_its_scale(opened):
    model = opened("match.csv").candidates.model
    tips = [
        model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        for column in range(model.columnCount())
    ]
    assert all(tips)
    assert "0 to 1" in tips[3]
    assert "not the probability" in tips[3]
    assert "weighted cosine" in tips[3]


def test_the_views_draw_what_they_say(opened, qtbot):
    window = opened("match.csv")
    curves = {}
    for view, button in window.plot.buttons.items():
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert window.plot.drawn.view == view
        items = window.plot.widget.getPlotItem().listDataItems()
        lines = [item for item in items if isinstance(item, PlotDataItem) and item.opts["pen"]]
        curves[view] = [line.getOriginalDataset()[1] for line in lines]
    assert curves["overlaid"][0].max() == pytest.approx(1.0, abs=0.02)
    assert curves["mirrored"][0].min() == pytest.approx(-1.0, abs=0.02)
    assert len(curves["raw"]) == 1
    assert curves["raw"][0].max() > 4000


@pytest.mark.filterwarnings("ignore:Function. 'QDragEnterEvent")  # newer Qt has a second form
def test_a_spectrum_pasted_from_a_spreadsheet_is_opened_like_a_file(window, qtbot):
    asked = []
    window.opened.connect(asked.extend)
    clipboard = QGuiApplication.clipboard()
    for text in ("one line is no spectrum", "shift\tcounts\n100\t7\n102\t9\n"):
        clipboard.setText(text)
        qtbot.keyClick(window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    (name,) = asked
    assert Path(name).read_text(encoding="utf-8") == text
    assert window.scans.entries[-1].title == "pasted-1.txt"


def test_what_is_no_spectrum_is_not_pasted_in_silence(window, qtbot):
    QGuiApplication.clipboard().setText("hello")
    qtbot.keyClick(window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert "nothing to paste" in window.statusBar().currentMessage()
    assert window.scans.entries == []


def test_a_dropped_file_is_opened(window, qtbot):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("match.csv"), QUrl("https://example.org/x.csv")])
    pressed = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
    key = Qt.KeyboardModifier.NoModifier
    over = window.plot.widget.viewport()
    QGuiApplication.sendEvent(over, QDragEnterEvent(QPoint(20, 20), *pressed, key))
    QGuiApplication.sendEvent(over, QDropEvent(QPointF(20, 20), *pressed, key))
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.card)
    assert len(window.scans.entries) == 1


def test_ctrl_o_asks_for_files_and_opens_them(window, qtbot, monkeypatch, desk):
    answer = (["match.csv", "lead.csv"], "")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args: answer)
    qtbot.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(desk.asked) == 2 and not window.lane.busy)
    assert window.card.headline.text == "Amphetamine sulfate"


def test_a_refused_file_says_what_where_and_what_to_do_and_the_window_goes_on(opened, qtbot):
    window = opened("notes.docx")
    page = window.problem
    assert window.pages.currentWidget() is page
    assert "It holds no numbers" in page.what.text()
    assert "notes.docx" in page.where.text()
    assert "Export it again" in page.remedy.text()
    assert "Refused: it holds no numbers" in window.scans.list.item(0).text()
    qtbot.mouseClick(page.copy, Qt.MouseButton.LeftButton)
    assert "notes.docx" in QGuiApplication.clipboard().text()
    assert "Traceback" in QGuiApplication.clipboard().text()
    opened("match.csv")
    window.scans.list.setCurrentRow(1)
    assert window.pages.currentWidget() is window.card


def test_a_bug_in_the_work_is_shown_and_not_taken_for_an_answer(opened):
    window = opened("crash.csv")
    assert window.pages.currentWidget() is window.problem
    assert "does not know" in window.problem.what.text()
    assert "KeyError" in window.problem.details.toPlainText()


def test_f5_scans_with_progress_and_the_result_is_marked_emulated(window, qtbot, desk):
    window.bar.sample.setCurrentIndex(1)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.work)
    qtbot.waitUntil(lambda: desk.asked == ["Caffeine"])
    assert window.work.banner.text().startswith("EMULATED")
    qtbot.waitUntil(lambda: window.work.bar.value() == 25)
    qtbot.waitUntil(window.bar.stop.isVisible)
    desk.gate.set()
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.card)
    assert window.card.emulated.isVisible()
    assert window.bar.scan.isVisible()


def test_stop_stops_the_scan_and_what_waits(window, qtbot, desk):
    window.scan_emulated()
    window.open_files([Path("match.csv")])
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.work)
    qtbot.mouseClick(window.work.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.lane.busy)
    assert [entry.state for entry in window.scans.entries] == ["stopped", "stopped"]
    assert desk.asked == ["Paracetamol"]
    assert window.problem.title.text == "Stopped"


def test_the_report_is_saved_where_asked(opened, qtbot, monkeypatch, tmp_path, desk):
    window = opened("match.csv")
    target = str(tmp_path / "parcel")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (target, ""))
    qtbot.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(desk.reports) and not window.lane.busy)
    assert (tmp_path / "parcel.pdf").read_bytes() == b"%PDF-parcel-0147.csv"
    assert "parcel.pdf" in window.statusBar().currentMessage()


def test_a_report_that_cannot_be_saved_says_why(opened, qtbot, monkeypatch, tmp_path):
    window = opened("match.csv")
    target = str(tmp_path / "full" / "x.pdf")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (target, ""))
    window.bar.report.trigger()
    qtbot.waitUntil(lambda: bool(window.findChildren(ProblemDialog)))
    dialog = window.findChildren(ProblemDialog)[0]
    assert "disk is full" in dialog.page.what.text()
    qtbot.mouseClick(dialog.page.open, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    assert window.pages.currentWidget() is window.card


@pytest.mark.parametrize(("name", "opens"), [("Customs.h5", True), ("x.pdf", False)])
def test_another_library_is_opened_or_refused_in_words(window, qtbot, monkeypatch, name, opens):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (name, ""))
    qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.lane.busy)
    dialogs = window.findChildren(ProblemDialog)
    assert ("Customs 2.0" in window.library.text()) is opens
    assert bool(dialogs) is not opens
    for dialog in dialogs:
        assert "not a library" in dialog.page.what.text()
        dialog.accept()


def test_a_long_list_of_blind_spots_can_be_read_whole(opened, qtbot, samples):
    window = opened("long_name.csv")
    window.card.all_hidden_wanted.emit()
    qtbot.waitUntil(lambda: bool(window.findChildren(TextDialog)))
    dialog = window.findChildren(TextDialog)[0]
    hidden = samples.long_name().record.cannot_exclude
    assert all(hazard.name in dialog.text.toPlainText() for hazard in hidden)
    dialog.accept()


def test_every_action_has_icon_words_and_key(window):
    bar = window.bar
    for action in (bar.open, bar.scan, bar.stop, bar.report, bar.library):
        assert not action.icon().isNull()
        assert action.text()
        assert not action.shortcut().isEmpty()
        assert isinstance(bar.widgetForAction(action), QToolButton)
    assert window.candidates.table.accessibleName()
    assert window.scans.list.accessibleName()
    assert window.bar.sample.accessibleName()


def test_a_fault_of_the_window_itself_is_shown_with_details_to_copy(window, qtbot, capsys):
    faults = Faults(window.window(), window.look)
    try:
        raise ZeroDivisionError("of the painting")
    except ZeroDivisionError as fault:
        faults.hear(fault)
    qtbot.waitUntil(lambda: bool(window.window().findChildren(ProblemDialog)))
    dialog = window.window().findChildren(ProblemDialog)[0]
    assert "of the painting" in dialog.page.what.text()
    assert "Traceback" in dialog.page.details.toPlainText()
    assert "ZeroDivisionError" in capsys.readouterr().err
    dialog.accept()


def test_a_refused_record_says_why_in_the_list_and_on_the_card(opened):
    window = opened("refused_record.csv")
    assert "Refused: the axis is not increasing" in window.scans.list.item(0).text()
    assert "The axis is not increasing after point 12" in window.card.why.text()
    assert "Nothing to draw." in window.plot.widget.accessibleName()
