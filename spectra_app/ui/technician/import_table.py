"""The table of an import with the curve and the facts of the spectrum that is chosen."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTableView,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.import_looking import Looked
from spectra_app.ui.curves import Curve, CurvePlot
from spectra_app.ui.flat_model import choose_row
from spectra_app.ui.look import Look
from spectra_app.ui.technician.import_model import COLUMNS, ImportModel, lacks_laser

WIDTHS = {
    "take": 100, "spectrum": 190, "format": 130, "laser": 90, "range": 120, "remark": 200,
    "name": 170, "cas": 100, "inchikey": 240, "who": 220, "verdict": 120, "why": 320,
}  # fmt: skip
INTENSITIES = ("", "processed", "raw", "raw-dark")
LASERS = (150.0, 2500.0)
USUAL_NM = 785.0
WIDE = 1000  # pixels: where the reasons of the check leave room for the plot


class ImportTable(QWidget):
    """What is to be imported, at the steps that show it."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.model, self.view = ImportModel(look, self), QTableView()
        self.hint, self.facts, self.plot = QLabel(), QTextBrowser(), CurvePlot(look, 120)
        self.files, self.folder, self.again = QPushButton(), QPushButton(), QPushButton()
        self.right = QFrame()
        self.intensities, self.laser = QComboBox(), QDoubleSpinBox()
        self.state_laser, self.state_all = QPushButton(), QPushButton()
        self.describe = QPushButton()
        self.looked: Looked | None = None
        self._place = 0
        self._lay_out()
        look.tell(self.retell)
        self.show_step("files")

    def _lay_out(self) -> None:
        self.hint.setWordWrap(True)
        self.hint.setObjectName("hint")
        for code in INTENSITIES:
            self.intensities.addItem("", code)
        self.laser.setRange(*LASERS)
        self.laser.setDecimals(2)
        self.laser.setValue(USUAL_NM)
        self.laser.setSuffix(" nm")
        self.facts.setFrameShape(QFrame.Shape.NoFrame)
        top = QHBoxLayout()
        for widget in (self.files, self.folder, self.intensities, self.again):
            top.addWidget(widget)
        top.addStretch(1)
        self._dress()
        left, beside = QWidget(), QVBoxLayout()
        beside.setContentsMargins(0, 0, 0, 0)
        left.setLayout(beside)
        beside.addWidget(self.view, 1)
        right = self.right
        right.setObjectName("panel")
        panel = QVBoxLayout(right)
        panel.addWidget(self.plot, 2)
        panel.addWidget(self.facts, 3)
        row = QHBoxLayout()
        row.addWidget(self.laser)
        row.addWidget(self.state_laser, 1)
        panel.addLayout(row)
        panel.addWidget(self.state_all)
        panel.addWidget(self.describe)
        split = QSplitter()
        split.addWidget(left)
        split.addWidget(right)
        split.setChildrenCollapsible(False)
        split.setSizes([520, 280])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self.hint)
        column.addWidget(split, 1)

    def _dress(self) -> None:
        view = self.view
        view.setModel(self.model)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setTabKeyNavigation(False)
        view.setWordWrap(True)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(36)
        view.horizontalHeader().setStretchLastSection(True)
        view.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeading)

    def show_step(self, step: str) -> None:
        """Show the columns of a step, and what can be done at it."""
        chosen = self.chosen()
        self.model.show_step(step)
        for place, column in enumerate(COLUMNS[step]):
            self.view.setColumnWidth(place, WIDTHS[column])
        for widget in (self.files, self.folder, self.intensities):
            widget.setVisible(step == "files")
        self.again.setVisible(step == "check")
        self.right.setVisible(step != "check" or self.width() >= WIDE)  # the reasons need the width
        if 0 <= chosen < len(self.model.rows):
            choose_row(self.view, chosen)
        self.fit_rows()
        self.retell()

    def fit_rows(self) -> None:
        """Make the lines as high as what was found about them needs."""
        if self.model.step == "check":
            self.view.resizeRowsToContents()
        else:
            self.view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
            for place in range(len(self.model.rows)):
                self.view.setRowHeight(place, 36)

    def chosen(self) -> int:
        """Return the line that is chosen; -1 for none."""
        rows = self.view.selectionModel().selectedRows() if self.view.selectionModel() else []
        return rows[0].row() if rows else -1

    def show_looked(self, looked: Looked | None, place: int) -> None:
        """Show the curve and the facts of a spectrum."""
        self.looked, self._place = looked, place
        curves = []
        if looked is not None and place < len(looked.spectra):
            one = looked.spectra[place]
            name = one.name or looked.path.name
            curves = [Curve(name, one.spectrum.raman_shift_cm1, one.spectrum.intensity)]
        self.plot.show_curves(curves)
        stated = self.model.rows[self.chosen()].item.laser_nm if self.chosen() >= 0 else ""
        if stated:
            self.laser.setValue(float(stated))
        self._tell_facts()

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.files.setText(say("library.import_files"))
        self.folder.setText(say("library.import_folder"))
        self.again.setText(say("library.import_again"))
        self.state_laser.setText(say("library.import_state_laser"))
        self.laser.setAccessibleName(say("library.field_laser_nm"))
        self.describe.setText(say("library.import_describe"))
        for place, code in enumerate(INTENSITIES):
            self.intensities.setItemText(place, say(f"library.column_of_{code or 'own'}"))
        self.intensities.setAccessibleName(say("library.import_intensities"))
        self.intensities.setToolTip(say("library.import_intensities"))
        self.hint.setText(say(f"library.import_hint_{self.model.step}"))
        self.view.setAccessibleName(say("library.import_title"))
        self.model.retell()
        self._tell_facts()
        self.view.viewport().update()

    def _tell_facts(self) -> None:
        looked, say = self.looked, self._look.say
        place = self.chosen()
        laser = looked is not None and place >= 0 and lacks_laser(self.model.rows[place])
        for widget in (self.laser, self.state_laser):
            widget.setVisible(laser)
        others = self.without_laser()
        self.state_all.setText(say("library.import_state_all", count=len(others)))
        self.state_all.setVisible(laser and len(others) > 1)
        self.describe.setVisible(looked is not None and looked.proposal is not None)
        self.facts.setVisible(looked is not None)
        self.facts.setAccessibleName(say("library.facts"))
        if looked is not None:
            self.facts.setHtml(self._facts_of(looked))

    def without_laser(self) -> set[str]:
        """Return the files whose laser line nobody has stated yet."""
        rows = self.model.rows
        return {one.item.file for one in rows if lacks_laser(one) and not one.item.laser_nm}

    def _facts_of(self, looked: Looked) -> str:
        say, put = self._look.say, self._look.texts.put
        if looked.error is not None:
            error = looked.error
            parts = [say("library.import_unread"), put(error.what), put(error.remedy)]
            return "".join(f"<p>{escape(part)}</p>" for part in parts if part)
        rows = []
        for code, text in looked.facts(self._place):
            if code == "told":
                rows.append(f"<tr><td colspan='2'>{escape(put(text))}</td></tr>")
            elif text:
                name, told = escape(say(f"library.fact_{code}")), escape(put(text))
                rows.append(f"<tr><td style='padding-right:10px'>{name}</td><td>{told}</td></tr>")
        return f"<table>{''.join(rows)}</table>"
