"""Candidates against the scan one by one, or two against each other: mirrored, with a residual."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from spectra_app.records.identification import Comparison
from spectra_app.services.comparing import Pair, Study
from spectra_app.services.identify import Identified
from spectra_app.ui.candidates import CandidateModel
from spectra_app.ui.compare.drawing import Drawing, LaidPlot
from spectra_app.ui.compare.mirror import mirrored
from spectra_app.ui.compare.words import candidate_lines
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.plot import MarkerKey
from spectra_app.ui.plot_export import Figure, keep_plot
from spectra_app.ui.shapes import shape_icon
from spectra_app.ui.tables import copyable
from spectra_app.ui.verdict_words import rate_line

COLUMNS = (
    "rank", "reference", "score", "rate", "shift", "explains", "peaks_missing", "kind", "control",
)  # fmt: skip
WIDTHS = {
    "rank": 34,
    "reference": 190,
    "score": 84,
    "rate": 124,
    "shift": 84,
    "explains": 78,
    "peaks_missing": 132,
    "kind": 104,
}  # pixels
WHY_WIDTH = 250
TABLE_HEIGHT = 172
SCAN = -1  # the place of the scan among what can go up
NOTHING = "–"
_Index = QModelIndex | QPersistentModelIndex


class ComparedModel(CandidateModel):
    """The candidates with what was found by looking closer; until then with what the record has."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, COLUMNS)
        self._found: Identified | None = None
        self._study: Study | None = None

    def show_found(self, found: Identified | None, study: Study | None) -> None:
        """Show the candidates of a result."""
        self._found, self._study = found, study
        record = found.record if found else None
        metric = record.method.metric if record else ""
        self.show_candidates(record.candidates if record else (), metric)

    def show_study(self, study: Study) -> None:
        """Add what was found by looking closer; what is chosen stays."""
        self._study = study
        self.retell()

    def said(self, row: int, column: str) -> str:
        """Return the text of one cell."""
        if column == "peaks_missing":
            return self._missing(row)
        if column == "rate":
            return self._rate(row)
        if column == "control":
            return self._control(row)
        return super().said(row, column)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what stands in a cell; the level of a listing is a shape too."""
        study = self._study if self.columns[index.column()] == "control" else None
        if role == Qt.ItemDataRole.DecorationRole and study is not None:
            facts, theme = study.candidates[index.row()], self._look.theme
            if facts.control:
                return shape_icon(facts.level, theme.alarm(facts.level), theme["surface"])
        return super().data(index, role)

    def _missing(self, row: int) -> str:
        drawn = self._found.comparisons if self._found else ()
        if row >= len(drawn):
            return NOTHING
        shown = drawn[row]
        missing, matched = len(shown.missing_peaks_cm1), len(shown.matched_peaks_cm1)
        return str(self._look.say("compare.of", count=missing, total=missing + matched))

    def _rate(self, row: int) -> str:
        if self._found is None:
            return NOTHING
        entry = self._rows[row].entry
        rates = [c.match_rate for c in self._found.record.components if c.entry == entry]
        return str(rate_line(rates[0], self._look.texts)) if rates and rates[0] else NOTHING

    def _control(self, row: int) -> str:
        if self._study is None:
            return "…"
        listed = self._study.candidates[row].control
        if not listed:
            return str(self._look.say("compare.no_listing"))
        first = self._look.texts.put(f"{listed[0].instrument}, {listed[0].schedule}")
        more = len(listed) - 1
        return str(self._look.say("compare.and_more", first=first, count=more)) if more else first


class CompareView(QWidget):
    """Mirror plot, candidates, and why the chosen one was named or not."""

    pair_wanted = Signal(int, int)

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__()
        self._look = look
        self._found: Identified | None = None
        self._study: Study | None = None
        self._pair: Pair | None = None
        self.upper, self.upper_label = QComboBox(), QLabel()
        self.back, self.forth = QPushButton(), QPushButton()
        self.told, self.key = QLabel(), MarkerKey(look)
        self.plot, self.why = LaidPlot(look), WrappedLabel()
        self.model, self.table = ComparedModel(look), QTableView()
        self.keeper = keep_plot(
            Figure(self.plot.widget, self.plot.repaint_all, self._title), look, lane
        )
        self.rows = copyable(self.table, look, lane, lambda: look.say("compare.table_name"))
        self.save_plot, self.save_table = self.keeper.button(), self.rows.button()
        self._lay_out()
        self.upper.activated.connect(self._on_chosen)
        self.back.clicked.connect(lambda: self.step(-1))
        self.forth.clicked.connect(lambda: self.step(1))
        self.table.selectionModel().currentRowChanged.connect(self._on_chosen)
        look.tell(self.retell)

    def _lay_out(self) -> None:
        self.upper_label.setBuddy(self.upper)
        self.upper.setMinimumWidth(170)
        self.upper.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        bar = QHBoxLayout()
        bar.setSpacing(6)
        for widget in (self.upper_label, self.upper, self.back, self.forth):
            bar.addWidget(widget, 1 if widget is self.upper else 0)
        bar.addWidget(self.save_plot)
        bar.addWidget(self.save_table)
        for button in (self.back, self.forth, self.save_plot, self.save_table):
            button.setObjectName("segment")
        self.told.setObjectName("hint")
        self.told.setWordWrap(True)
        self.why.setTextFormat(Qt.TextFormat.RichText)
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.why.setContentsMargins(8, 4, 8, 4)
        self.why.setObjectName("scrolled")
        area = QScrollArea()
        area.setWidget(self.why)
        area.viewport().setAutoFillBackground(False)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFixedWidth(WHY_WIDTH)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self.plot, 1)
        left.addWidget(self.key)
        grid.addLayout(bar, 0, 0, 1, 2)
        grid.addWidget(self.told, 1, 0, 1, 2)
        grid.addLayout(left, 2, 0)
        grid.addWidget(area, 2, 1)
        grid.addWidget(self.table, 3, 0, 1, 2)
        grid.setRowStretch(2, 1)
        self._dress_table()

    def _dress_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setFixedHeight(TABLE_HEIGHT)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(28)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        for place, column in enumerate(COLUMNS[:-1]):
            table.setColumnWidth(place, WIDTHS[column])
        header.setStretchLastSection(True)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.upper_label.setText(say("compare.upper"))
        self.upper.setAccessibleName(say("compare.upper"))
        self.upper.setToolTip(say("compare.upper_hint"))
        for button, name, press in (
            (self.back, "back", "Alt+Up"), (self.forth, "forth", "Alt+Down")
        ):  # fmt: skip
            button.setText(say(f"compare.{name}"))
            button.setToolTip(say("bar.hint", hint=say(f"compare.{name}_hint"), press=press))
            button.setShortcut(press)
        self.table.setAccessibleName(say("compare.table_name"))
        self.model.retell()
        self._fill_upper()
        self._show()

    # --- what is shown --------------------------------------------------------------------------

    def show_found(self, found: Identified | None, study: Study | None) -> None:
        """Show a result, the first candidate chosen, against the scan."""
        self._found, self._study, self._pair = found, study, None
        blocked = self.table.selectionModel().blockSignals(True)
        self.model.show_found(found, study)
        self.table.setCurrentIndex(self.model.index(0, 1))
        self.table.selectionModel().blockSignals(blocked)
        self._fill_upper()
        self.upper.setCurrentIndex(0)
        self._show()

    def show_study(self, study: Study) -> None:
        """Add what was found by looking closer."""
        self._study = study
        self.model.show_study(study)
        self._show()

    def show_pair(self, pair: Pair) -> None:
        """Show two candidates against each other."""
        self._pair = pair
        self._show()

    def show_trouble(self, words: str) -> None:
        """Say what went wrong; what is shown already stays."""
        self.told.setText(words)
        self.told.setVisible(True)

    @property
    def place(self) -> int:
        """The place of the candidate chosen, from 0; -1 without one."""
        return self.table.currentIndex().row()

    def step(self, by: int) -> None:
        """Choose the next or the previous candidate."""
        last = self.model.rowCount() - 1
        if last >= 0:
            self.table.setCurrentIndex(self.model.index(min(max(self.place + by, 0), last), 1))

    @Slot()
    def _on_chosen(self) -> None:
        self._pair = None
        up = self.upper.currentData()
        self._show()
        if up is not None and up != SCAN and self.place >= 0 and self._study is not None:
            self.pair_wanted.emit(up, self.place)

    def _fill_upper(self) -> None:
        at = max(self.upper.currentIndex(), 0)
        self.upper.clear()
        self.upper.addItem(self._look.say("compare.this_scan"), SCAN)
        for number, one in enumerate(self._found.record.candidates if self._found else ()):
            self.upper.addItem(f"{one.rank}  {one.name}", number)
        self.upper.setCurrentIndex(min(at, self.upper.count() - 1))

    def _title(self) -> str:
        return self.plot.drawing.spoken or self._look.say("compare.compare")

    def _shown(self) -> tuple[Comparison, str, str] | None:
        """Return what is drawn, and what stands above and below."""
        look, found, place = self._look, self._found, self.place
        if found is None or not 0 <= place < len(found.comparisons):
            return None
        drawn = found.comparisons[place] if self._pair is None else self._pair.drawn
        lower = look.say(
            "figure.reference",
            name=drawn.reference_name,
            kind=look.word("figure", f"kind_{drawn.reference_kind}"),
        )
        if self._pair is not None:
            kind = look.word("figure", f"kind_{self._pair.kind}")
            return drawn, look.say("figure.reference", name=self._pair.name, kind=kind), lower
        emulated = found.record.emulated
        return drawn, look.say("figure.scan_emulated" if emulated else "figure.scan"), lower

    def _show(self) -> None:
        shown = self._shown()
        self.key.setVisible(shown is not None and self._pair is None)
        if shown is None:
            self.plot.show_drawing(Drawing())
        else:
            self.plot.show_drawing(mirrored(*shown, self._look))
            peaks = shown[0]
            self.key.show_counts(
                (
                    len(peaks.matched_peaks_cm1),
                    len(peaks.missing_peaks_cm1),
                    len(peaks.unexplained_peaks_cm1),
                )
            )
        self._tell()
        self.why.setText(self._why())

    def _tell(self) -> None:
        say, pair = self._look.say, self._pair
        words: str = ""
        if self._found is not None and not self._found.record.candidates:
            words = say("compare.nothing")
        elif pair is not None:
            alike = "same" if pair.same else "alike" if pair.alike else "told_apart"
            peaks = say(
                "compare.pair_peaks",
                matched=len(pair.drawn.matched_peaks_cm1),
                missing=len(pair.drawn.missing_peaks_cm1),
                unexplained=len(pair.drawn.unexplained_peaks_cm1),
            )
            told = say(f"compare.{alike}", one=pair.name, other=pair.drawn.reference_name)
            words = f"{peaks} {told}"
        self.told.setText(words)
        self.told.setVisible(bool(words))

    def _why(self) -> str:
        if self._found is None or self.place < 0:
            return ""
        if self._study is None:
            return escape(self._look.say("compare.looking"))
        parts = []
        for heading, lines in candidate_lines(self._study, self.place, self._look.texts):
            rows = "".join(f"<p style='margin:2px 0 4px 0'>{escape(line)}</p>" for line in lines)
            parts.append(f"<p style='margin:6px 0 2px 0'><b>{escape(heading)}</b></p>{rows}")
        return "".join(parts)
