"""Every analyser of the station: how it stands, charts, what it measured in doubt, its laser."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QTabWidget, QVBoxLayout, QWidget

from spectra_app.records.kinds import Exposure
from spectra_app.services import fleet as fleet_service
from spectra_app.services.cases.exposures import list_exposures
from spectra_app.services.fleet import DoubtfulScan, FleetRow, InstrumentHistory
from spectra_app.services.office import Office, Session
from spectra_app.ui.control_chart import ChartView
from spectra_app.ui.flat_model import choose_row
from spectra_app.ui.fleet_look import moment, state_icon, state_word
from spectra_app.ui.look import Look
from spectra_app.ui.page import Page
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.row_table import Cell, Rows, RowTable

COLUMNS = ("serial", "model", "state", "checked", "result", "axis", "due")
DOUBTFUL = ("scan", "case", "time", "stood", "why")
BOOK = ("time", "purpose", "count", "scan", "by")
TABS = ("charts", "doubtful", "laser")

History = tuple[InstrumentHistory, list[Exposure]]


class FleetPage(Page):
    """The table of analysers, and the one that is chosen."""

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__(look, records)
        self.fleet: list[FleetRow] = []
        self.history: History | None = None
        lane = records.lane
        self.table = RowTable(look, lane, lambda: look.say("super.fleet"))
        self.chart = ChartView(look, lane)
        self.doubtful = RowTable(look, lane, lambda: look.say("fleet.doubtful"))
        self.book = RowTable(look, lane, lambda: look.say("fleet.laser"))
        self.tabs = QTabWidget()
        self.top.addWidget(self.table.keeper.button())
        self.said = QLabel(), QLabel()
        sheets = zip((self.doubtful, self.book), self.said, strict=True)
        for view in (self.chart, *(_with_button(table, said) for table, said in sheets)):
            self.tabs.addTab(view, "")
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(self.tabs)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        self.table.setMinimumHeight(120)
        self.column.addWidget(split, 1)
        self.table.chosen.connect(self._on_chosen)
        self.tabs.setVisible(False)
        look.tell(self.retell)
        look.paint(self._fill)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("super.fleet"))
        self.table.setAccessibleName(say("super.fleet"))
        self.doubtful.setAccessibleName(say("fleet.doubtful"))
        self.book.setAccessibleName(say("fleet.laser"))
        self._fill()
        self._fill_history()

    @Slot()
    def refresh(self) -> None:
        """Look again how the analysers stand."""
        self.ask("Looking how the analysers stand", fleet_service.fleet, self._show)

    @property
    def chosen(self) -> FleetRow | None:
        """The analyser that is chosen."""
        row = self.table.currentIndex().row()
        return self.fleet[row] if 0 <= row < len(self.fleet) else None

    def _show(self, rows: list[FleetRow]) -> None:
        self.fleet = rows
        self._fill()
        if not rows:
            self.say_line(self.look_of.say("fleet.none"))
        elif self.chosen is None:
            choose_row(self.table, 0)
        else:
            self._on_chosen(self.table.currentIndex().row())

    def _fill(self) -> None:
        look = self.look_of
        rows = [[self._cell(row, name) for name in COLUMNS] for row in self.fleet]
        self.table.fill([look.say(f"fleet.{name}") for name in COLUMNS], rows)

    def _cell(self, row: FleetRow, name: str) -> Cell:
        look, put = self.look_of, self.look_of.texts.put
        if name == "state":
            return Cell(state_word(row, look), None, state_icon(row.state, look), put(row.words))
        if name == "result":
            return Cell(self._result(row), row.offset_cm1)
        if name == "model" and row.model:
            return Cell(look.word("analyser_model", row.model))
        shown = {
            "serial": row.serial, "model": "", "checked": moment(row.checked_at),
            "axis": row.axis_at[:10], "due": moment(row.due_at),
        }[name]  # fmt: skip
        return Cell(put(shown or look.say("fleet.unknown" if name == "model" else "fleet.never")))

    def _result(self, row: FleetRow) -> str:
        if not row.checked_at:
            return ""
        code = {True: "passed", False: "failed", None: "not_judged"}[row.passed]
        word = self.look_of.word("fleet_result", code)
        offset = "" if row.offset_cm1 is None else f"{row.offset_cm1:+.2f} cm⁻¹"
        return self.look_of.say("fleet.result_of", word=word, offset=offset) if offset else word

    # --- the one that is chosen -----------------------------------------------------------------

    @Slot(int)
    def _on_chosen(self, _row: int) -> None:
        chosen = self.chosen
        if chosen is None:
            return

        def act(office: Office, session: Session) -> History:
            found = fleet_service.instrument_history(office, session, chosen.serial)
            return found, list_exposures(office, session, chosen.serial)

        self.ask("Looking up the history of an analyser", act, self._show_history)

    def _show_history(self, found: History) -> None:
        if self.chosen is None or found[0].row.serial != self.chosen.serial:
            return
        self.history = found
        self.tabs.setVisible(True)
        self._fill_history()

    def _fill_history(self) -> None:
        say = self.look_of.say
        self._name_tabs()
        if self.history is None:
            return
        found, book = self.history
        row = found.row
        self.chart.show_charts(row.serial, found.charts, emulated=row.emulated)
        self.doubtful.fill(
            [say(f"fleet.{name}") for name in DOUBTFUL], Rows(found.doubtful, self._doubtful_cells)
        )
        self.book.fill([say(f"fleet.{name}") for name in BOOK], Rows(book[::-1], self._book_cells))

    def _doubtful_cells(self, one: DoubtfulScan) -> tuple[Cell, ...]:
        look, put = self.look_of, self.look_of.texts.put
        return (
            Cell(put(one.scan)), Cell(put(one.case)), Cell(put(moment(one.scanned_at))),
            Cell(look.word("stands", one.state)), Cell(put(one.words)),
        )  # fmt: skip

    def _book_cells(self, one: Exposure) -> tuple[Cell, ...]:
        look, put = self.look_of, self.look_of.texts.put
        return (
            Cell(put(moment(one.at)), one.at), Cell(look.word("purpose", one.purpose)),
            Cell(put(str(one.count)), one.count), Cell(put(one.scan)), Cell(put(one.by)),
        )  # fmt: skip

    def _name_tabs(self) -> None:
        say = self.look_of.say
        found, book = self.history or (None, [])
        doubtful = len(found.doubtful) + found.hidden if found else 0
        used = sum(one.count for one in book)
        words = (
            say("fleet.charts"),
            say("fleet.doubtful_count", count=doubtful),
            say("fleet.laser_count", count=used),
        )
        for place, text in enumerate(words):
            self.tabs.setTabText(place, text)
        hidden = say("fleet.hidden", count=found.hidden) if found and found.hidden else ""
        self.said[0].setText(f"{say('fleet.doubtful_words')} {hidden}".strip())
        self.said[1].setText(say("fleet.laser_words"))


def _with_button(table: RowTable, said: QLabel) -> QWidget:
    """Return a table with what is said of it, and the button that saves it."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(8, 8, 8, 8)
    button = table.keeper.button()
    button.setObjectName("segment")
    said.setWordWrap(True)
    said.setObjectName("muted")
    row = QHBoxLayout()
    row.addWidget(said, 1)
    row.addWidget(button)
    column.addLayout(row)
    column.addWidget(table, 1)
    return page
