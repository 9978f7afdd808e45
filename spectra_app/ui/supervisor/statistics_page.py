"""Statistics: what was found in a period and how right it was; the report of a year."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.office import Office, Session
from spectra_app.services.station_statistics.collecting import Period
from spectra_app.services.station_statistics.overview import station_overview
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.supervisor import figures
from spectra_app.ui.supervisor.charts import Chart
from spectra_app.ui.supervisor.rows_model import Row, RowsModel, plain_table
from spectra_app.ui.supervisor.working import Progress, Working
from spectra_app.ui.supervisor.yearly_box import YearlyBox
from spectra_app.ui.tables import copyable

WIDTHS = (150, 252, 64, 64, 92, 104, 64)  # pixels
RATE_WIDTHS = (250, 256)
TYPED = ("first", "last", "holds")


class StatisticsPage(Page):
    """The figures of a period: a chart and a table of one dimension at a time."""

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__(look, records)
        self.found: dict[str, Any] | None = None
        self.yearly = QPushButton()
        self.yearly.setCheckable(True)
        self.again = QPushButton()
        self.by, self.fields = QComboBox(), {name: QLineEdit() for name in TYPED}
        self.labels = {name: QLabel() for name in ("by", *TYPED)}
        self.working, self.words = Working(look, records), QLabel()
        self.chart, self.year = Chart(look), YearlyBox(look, records)
        self.model = RowsModel(look, figures.COLUMNS, self)
        self.rates = RowsModel(look, figures.RATE_COLUMNS, self)
        self.table = plain_table(self.model, WIDTHS)
        self.rate_table = plain_table(self.rates, RATE_WIDTHS)
        self.tables, self.stack = QStackedWidget(), QStackedWidget()
        self.save = QPushButton()
        self.keepers = [
            copyable(table, look, records.lane, lambda: f"statistics-{self.by.currentData()}")
            for table in (self.table, self.rate_table)
        ]
        self._lay_out()
        self._connect()
        look.tell(self.retell)

    def _lay_out(self) -> None:
        for button in (self.save, self.yearly, self.again):
            button.setMinimumHeight(TALL)
            self.top.addWidget(button)
        for name in (*figures.DIMENSIONS, figures.RATES):
            self.by.addItem("", name)
        grid = QGridLayout()
        for place, (name, widget) in enumerate({"by": self.by, **self.fields}.items()):
            widget.setMinimumHeight(TALL)
            self.labels[name].setBuddy(widget)
            grid.addWidget(self.labels[name], 0, place)
            grid.addWidget(widget, 1, place)
            grid.setColumnStretch(place, 1)
        self.words.setWordWrap(True)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.chart)
        for table in (self.table, self.rate_table):
            self.tables.addWidget(table)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.setChildrenCollapsible(False)
        both.addWidget(scroll)
        both.addWidget(self.tables)
        both.setSizes([430, 560])
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(grid)
        column.addWidget(self.working)
        column.addWidget(self.words)
        column.addWidget(both, 1)
        self.stack.addWidget(body)
        self.stack.addWidget(self.year)
        self.column.addWidget(self.stack, 1)

    def _connect(self) -> None:
        for name in ("first", "last"):
            self.fields[name].returnPressed.connect(self.count)
        self.fields["holds"].textChanged.connect(self._show)
        self.by.currentIndexChanged.connect(self._show)
        self.again.clicked.connect(self.count)
        self.save.clicked.connect(self._on_save)
        self.yearly.toggled.connect(lambda on: self.stack.setCurrentIndex(int(on)))
        keys = QShortcut(QKeySequence(Qt.Key.Key_F5), self)
        keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        keys.activated.connect(self.count)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("super.statistics"))
        self.yearly.setText(say("figures.yearly"))
        self.again.setText(say("figures.count"))
        self.save.setText(say("figures.save_table"))
        self.save.setToolTip(say("figures.save_table_hint"))
        for name, label in self.labels.items():
            label.setText(say(f"figures.by_{name}"))
        for name in ("first", "last"):
            self.fields[name].setPlaceholderText(say("audit.time_form"))
        for place in range(self.by.count()):
            self.by.setItemText(place, say(f"figures.of_{self.by.itemData(place)}"))
        for part in (self.table, self.rate_table, self.chart):
            part.setAccessibleName(say("super.statistics"))
        self._show()

    def refresh(self) -> None:
        """Count, the first time; later what was counted stays until it is asked for again."""
        if self.found is None and self.working.job is None:
            self.count()

    @Slot()
    def count(self) -> None:
        """Count the period that was typed."""
        first, last = (self.fields[name].text().strip() for name in ("first", "last"))
        self.say_line("")
        self.working.begin("figures.work", partial(_count, period=Period(first, last)), self._take)

    def _take(self, job: Job) -> None:
        if job.stopped:
            self.say_line(self.look_of.say("figures.stopped"))
        elif job.error is not None:
            self.say_trouble(job.error)
        else:
            self.found = job.result
            self._show()

    @Slot()
    def _show(self) -> None:
        """Show the dimension that was chosen, of the rows that hold what was typed."""
        found, by = self.found, self.by.currentData()
        self.tables.setCurrentIndex(int(by == figures.RATES))
        if found is None:
            return
        self.words.setText(self._about(found, by))
        if by == figures.RATES:
            self.rates.show_rows(self._holding(figures.rate_rows(found["rates"], self.look_of)))
            self.chart.show_shares(figures.shares_of(found["rates"], self.look_of))
            return
        rows = figures.counted_rows(by, found, self.look_of)
        kept = self._holding(rows)
        self.model.show_rows(kept)
        of = [one for one, row in zip(found["tables"][by], rows, strict=True) if row in kept]
        parts = [self.look_of.say(f"figures.{name}") for name in figures.PARTS]
        self.chart.show_bars(parts, figures.bars_of(by, of, self.look_of))

    @Slot()
    def _on_save(self) -> None:
        self.keepers[self.tables.currentIndex()].ask_csv()

    def _holding(self, rows: list[Row]) -> list[Row]:
        wanted = self.fields["holds"].text().strip().casefold()
        return [row for row in rows if wanted in row.cells[0].casefold()]

    def _about(self, found: dict[str, Any], by: str) -> str:
        """Return what was counted: the period, the total with its share, and what is left out."""
        say, period, total = self.look_of.say, found["period"], found["total"]
        days = {"first": period["from"] or say("figures.beginning"),
                "last": period["to"] or say("figures.today")}  # fmt: skip
        share = figures.of_share(found["share"], self.look_of)
        counts = {name: f"{total[name]:,}" for name in ("items", "cases")}
        words: list[str] = [say("figures.total", share=share, **counts, **days)]
        if found["demonstration"]:
            words.insert(0, say("board.emulated"))
        if by == figures.RATES:
            words.append(figures.counted_words(found["rates"], self.look_of))
        if by in {"substance", "instrument", "person", "outcome"}:
            words.append(say("figures.not_added"))
        if not found["cleared"]:
            words.append(say("figures.not_cleared"))
        return " ".join(words)


def _count(office: Office, session: Session, progress: Progress, *, period: Period) -> Any:
    return station_overview(office, session, period, progress)
