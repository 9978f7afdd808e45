"""Tables as text and CSV, plots as pictures: by keys and dialogs, checked in what is written."""

from __future__ import annotations

import csv
import errno
import xml.etree.ElementTree as ET

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QStandardItemModel
from PySide6.QtWidgets import QApplication, QFileDialog, QTableView

from spectra_app.errors import AppError
from spectra_app.services import exports
from spectra_app.ui.flat_model import choose_row
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.pages import ProblemDialog
from spectra_app.ui.plot_export import Figure, as_image, as_svg, keep_plot
from spectra_app.ui.start import make_application
from spectra_app.ui.tables import EXPORT_ROLE, copyable, save_csv

ROWS = [("Caffeine", "555.0", "-1.2"), ('=cmd|" /c calc"!A1', "1,5", "+0.4"), ("a\tb\nc", "9", "")]
TITLES = ("Name", "@Position", "Shift")


class Model(QAbstractTableModel):
    """Three columns of text, loaded in pieces when `piece` is given."""

    def __init__(self, rows, piece=None):
        super().__init__()
        self.rows, self.shown = rows, len(rows) if piece is None else 0
        self.piece = piece

    def rowCount(self, _parent=QModelIndex()):  # noqa: B008  Qt's own shape
        return self.shown

    def columnCount(self, _parent=QModelIndex()):  # noqa: B008
        return 3

    def canFetchMore(self, _parent):
        return self.shown < len(self.rows)

    def fetchMore(self, _parent):
        more = min(self.piece, len(self.rows) - self.shown)
        self.beginInsertRows(QModelIndex(), self.shown, self.shown + more - 1)
        self.shown += more
        self.endInsertRows()

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        value = self.rows[index.row()][index.column()]
        if role == EXPORT_ROLE and value == "555.0":
            return "555.0123"
        return value if role == Qt.ItemDataRole.DisplayRole else None

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        across = orientation == Qt.Orientation.Horizontal
        return TITLES[section] if across and role == Qt.ItemDataRole.DisplayRole else None


@pytest.fixture
def look(qtbot):  # noqa: ARG001  an application must be there
    make_application()
    return Look()


@pytest.fixture
def lane(qtbot):
    made = Lane()
    yield made
    assert made.close(5000)
    qtbot.wait(1)


@pytest.fixture
def table(qtbot, look, lane):
    """Return a table that can be copied, shown."""
    view = QTableView()
    qtbot.addWidget(view)
    view.held = Model(ROWS)
    view.setModel(view.held)
    view.keeper = copyable(view, look, lane, lambda: "Peaks: 1/2")
    with qtbot.waitExposed(view):
        view.show()
    return view


def choose(monkeypatch, path, kind=""):
    """Answer the next save dialog; return what it was asked."""
    asked = []

    def answer(_parent, title, proposal, kinds):
        asked.append((title, proposal, kinds))
        chosen = next((one for one in kinds.split(";;") if kind in one), "")
        return str(path), chosen

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    return asked


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def copied(qtbot, view):
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    return QGuiApplication.clipboard().text()


def test_ctrl_c_copies_what_is_selected_with_its_titles(table, qtbot):
    table.selectionModel().select(
        table.model().index(0, 0), table.selectionModel().SelectionFlag.Select
    )
    assert copied(qtbot, table) == "Caffeine"
    table.clearSelection()
    table.selectRow(1)
    table.setColumnHidden(1, True)
    assert copied(qtbot, table) == 'Name\tShift\n\'=cmd|" /c calc"!A1\t+0.4\n'
    table.clearSelection()
    lines = copied(qtbot, table).splitlines()
    assert lines[0] == "Name\t'@Position\tShift"
    assert lines[1] == "Caffeine\t555.0123\t-1.2"
    assert lines[3] == "a b c\t9\t"


def test_the_key_saves_the_whole_table_and_no_cell_is_a_formula(
    table, qtbot, monkeypatch, tmp_path
):
    asked = choose(monkeypatch, tmp_path / "peaks")
    with qtbot.waitSignal(table.keeper.saved) as saved:
        modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        qtbot.keyClick(table, Qt.Key.Key_S, modifiers)
    assert saved.args == [tmp_path / "peaks.csv", 3]
    assert asked[0][1] == "Peaks- 1-2.csv"
    rows = read(tmp_path / "peaks.csv")
    assert rows[0] == ["Name", "'@Position", "Shift"]
    assert rows[1] == ["Caffeine", "555.0123", "-1.2"]
    assert rows[2] == ['\'=cmd|" /c calc"!A1', "1,5", "+0.4"]
    assert rows[3] == ["a\tb\nc", "9", ""]


def test_a_long_table_is_read_in_slices_and_to_its_end(qtbot, look, lane, monkeypatch, tmp_path):
    view = QTableView()
    qtbot.addWidget(view)
    view.held = Model([(str(row), "x", "y") for row in range(8_000)], piece=900)
    view.setModel(view.held)
    choose(monkeypatch, tmp_path / "long.csv")
    save_csv(view, look, lane, "long")
    assert not (tmp_path / "long.csv").exists()  # the window went on before the end
    qtbot.waitUntil((tmp_path / "long.csv").exists, timeout=20_000)
    rows = read(tmp_path / "long.csv")
    assert len(rows) == 8_001
    assert rows[-1] == ["7999", "x", "y"]


def test_a_full_disk_is_said_and_the_old_file_stays(table, qtbot, monkeypatch, tmp_path):
    target = tmp_path / "kept.csv"
    target.write_text("old", encoding="utf-8")

    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exports, "replace_whole", full)  # no disk can be filled here
    choose(monkeypatch, target)
    table.keeper.save.trigger()
    qtbot.waitUntil(lambda: table.findChild(ProblemDialog) is not None)
    dialog = table.findChild(ProblemDialog)
    assert "The disk is full: nothing was written" in dialog.page.what.text()
    assert "make room" in dialog.page.remedy.text().lower()
    assert target.read_text(encoding="utf-8") == "old"
    dialog.close()


def test_a_folder_or_a_missing_place_is_refused(tmp_path):
    with pytest.raises(AppError, match="not a file"):
        exports.write_file(tmp_path, b"x")
    with pytest.raises(AppError, match="could not be written"):
        exports.write_file(tmp_path / "no" / "where.csv", b"x")


# --- plots ---------------------------------------------------------------------------------------


class Panel:
    """A plot as the window's panels make them: drawn in the colours of the theme."""

    def __init__(self, look):
        self.look, self.widget, self.themes = look, pg.PlotWidget(), []
        self.widget.setMenuEnabled(False)
        look.paint(self.repaint_all)

    def repaint_all(self):
        theme = self.look.theme
        self.themes.append(theme.name)
        self.widget.clear()
        self.widget.setBackground(theme["surface"])
        item = self.widget.getPlotItem()
        item.setLabel("bottom", "Raman shift / cm⁻¹", color=theme["text"])
        axis = np.linspace(200, 2000, 600)
        self.widget.plot(axis, np.sin(axis / 90), pen=pg.mkPen(theme["reference"], width=1.5))

    def words(self):
        return "EMULATED, for practice"


@pytest.fixture
def panel(qtbot, look, lane):
    look.dress("dark")
    made = Panel(look)
    qtbot.addWidget(made.widget)
    made.widget.resize(420, 260)
    with qtbot.waitExposed(made.widget):
        made.widget.show()
    made.figure = Figure(made.widget, made.repaint_all, lambda: "Caffeine <1>", made.words)
    made.keeper = keep_plot(made.figure, look, lane)
    return made


def test_the_drawing_is_light_and_says_title_axis_and_note(panel, look):
    panel.widget.getPlotItem().setXRange(500, 700, padding=0)
    (left, right), _ = panel.widget.getPlotItem().vb.viewRange()
    root = ET.fromstring(as_svg(panel.figure, look))  # noqa: S314  our own
    words = [
        "".join(one.itertext()).strip() for one in root.iter("{http://www.w3.org/2000/svg}text")
    ]
    assert "Caffeine <1>" in words
    assert "EMULATED, for practice" in words
    assert any("Raman shift" in one for one in words)
    assert {"540", "560"} <= set(words)
    drawn = ET.tostring(root, encoding="unicode").lower()
    assert "#0072b2" in drawn  # the light theme's reference, not the dark one's
    assert "#56b4e9" not in drawn
    assert "sans-serif" in drawn
    assert panel.themes[-2:] == ["light", "dark"]
    assert look.theme.name == "dark"
    assert panel.widget.size().width() == 420
    assert panel.widget.getPlotItem().vb.viewRange()[0] == pytest.approx([left, right])


def test_the_image_is_white_and_of_one_size(panel, look):
    image = as_image(panel.figure, look)
    assert (image.width(), image.height()) == (2064, 1368)
    assert image.pixelColor(3, 3) == QColor("#FFFFFF")
    line = QColor("#0072B2")
    pixels = {image.pixelColor(x, y).name() for x in range(400, 500) for y in range(200, 1300, 2)}
    assert line.name() in pixels


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_key_saves_the_picture_as_the_kind_chosen(panel, qtbot, monkeypatch, tmp_path, kind):
    keeper, suffix = panel.keeper, f".{kind}"
    choose(monkeypatch, tmp_path / "scan 1.2", kind)  # 1.2 is no suffix that is known
    panel.widget.setFocus()
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    with qtbot.waitSignal(keeper.saved) as saved:
        qtbot.keyClick(panel.widget, Qt.Key.Key_P, modifiers)
    path = tmp_path / f"scan 1.2{suffix}"
    assert saved.args == [path]
    if kind == "png":
        assert QImage(str(path)).width() == 2064
    else:
        assert path.read_bytes().startswith(b"<?xml")
    keeper.copy.trigger()
    assert QApplication.clipboard().image().width() == 2064


def test_a_row_is_chosen_in_a_mirrored_table_too(qtbot):
    table = QTableView()
    table.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    table.setModel(QStandardItemModel(3, 2))
    table.horizontalHeader().setStretchLastSection(True)
    qtbot.addWidget(table)
    table.show()
    choose_row(table, 2)
    assert table.currentIndex().row() == 2
