"""The technician's control charts: one analyser of the station at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QLabel

from spectra_app.services import fleet as fleet_service
from spectra_app.services.fleet import FleetRow, InstrumentHistory
from spectra_app.ui.control_chart import ChartView
from spectra_app.ui.fleet_look import moment, state_icon, state_word
from spectra_app.ui.look import Look
from spectra_app.ui.page import Page

if TYPE_CHECKING:
    from spectra_app.ui.technician.area import Bench


class ChartsPage(Page):
    """Choice of the analyser, how it stands, and its charts."""

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench.records)
        self._bench = bench
        self.fleet: list[FleetRow] = []
        self.asked, self.which, self.stands = QLabel(), QComboBox(), QLabel()
        self.chart = ChartView(look, bench.records.lane)
        self.asked.setBuddy(self.which)
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.top.addWidget(self.asked)
        self.top.addWidget(self.which)
        self.stands.setWordWrap(True)
        self.column.addWidget(self.stands)
        self.column.addWidget(self.chart, 1)
        self.which.currentIndexChanged.connect(self._on_chosen)
        look.tell(self.retell)
        look.paint(self._fill)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("tech.charts"))
        self.asked.setText(say("fleet.analyser"))
        self.which.setAccessibleName(say("fleet.analyser"))
        self._fill()

    @Slot()
    def refresh(self) -> None:
        """Look again which analysers there are."""
        self.ask("Looking how the analysers stand", fleet_service.fleet, self._show)

    def _show(self, rows: list[FleetRow]) -> None:
        self.fleet = [row for row in rows if row.state != "elsewhere"]
        self._fill()
        if not self.fleet:
            self.say_line(self.look_of.say("fleet.none"))
        self._on_chosen()

    def _fill(self) -> None:
        """List the analysers; the one that is connected, or was chosen, first of all."""
        before = self.which.currentData() or self._bench.analyser.state.serial
        self.which.blockSignals(True)
        self.which.clear()
        for row in self.fleet:
            self.which.addItem(state_icon(row.state, self.look_of), row.serial, row.serial)
        at = self.which.findData(before)
        self.which.setCurrentIndex(max(0, at) if self.fleet else -1)
        self.which.blockSignals(False)
        self._say_standing()

    def _say_standing(self) -> None:
        row, say = self.chosen, self.look_of.say
        self.stands.setVisible(row is not None)
        if row is not None:
            due = moment(row.due_at) or say("fleet.never")
            self.stands.setText(say("fleet.line", state=state_word(row, self.look_of), due=due))

    @property
    def chosen(self) -> FleetRow | None:
        """The analyser that is chosen."""
        at = self.which.currentIndex()
        return self.fleet[at] if 0 <= at < len(self.fleet) else None

    @Slot()
    def _on_chosen(self) -> None:
        self._say_standing()
        row = self.chosen
        if row is None:
            self.chart.show_charts("", (), emulated=False)
            return
        self.ask(
            "Looking up the history of an analyser",
            lambda office, session: fleet_service.instrument_history(office, session, row.serial),
            self._show_history,
        )

    def _show_history(self, found: InstrumentHistory) -> None:
        if self.chosen is not None and found.row.serial == self.chosen.serial:
            self.chart.show_charts(found.row.serial, found.charts, emulated=found.row.emulated)
