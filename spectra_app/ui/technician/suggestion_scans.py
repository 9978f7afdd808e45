"""Which scan a calculated list is opened for: what the list is not, and what opening it leaves."""

from __future__ import annotations

from pathlib import PureWindowsPath

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from spectra_app.services.suggestions import Openable, SuggestionDesk
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL
from spectra_app.ui.row_table import Cell, RowTable

LIMITS = ("alone", "pure", "gas", "absent")
COLUMNS = ("file", "scan", "case", "item", "when", "opened")


class ScanChoice(QWidget):
    """Limits first, then the scans, then what opening leaves behind, then the one button."""

    wanted = Signal(object)
    """The list is to be opened for this scan."""

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__()
        self._look = look
        self.desk: SuggestionDesk | None = None
        self.what, self.limits, self.disclosed = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self.choose, self.open = QLabel(), QPushButton()
        self.table = RowTable(look, lane, lambda: look.say("calculated.title"))
        self.open.setObjectName("primary")
        self.open.setMinimumHeight(TALL)
        self.choose.setObjectName("section")
        self.choose.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.what, self.limits, self.choose):
            column.addWidget(widget)
        column.addWidget(self.table, 1)
        column.addWidget(self.disclosed)
        column.addWidget(self.open)
        column.addStretch(0)  # what is said stays at the top where there is no table
        self.table.chosen.connect(self._on_chosen)
        self.open.clicked.connect(self._on_open)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.what.setText(say("calculated.what"))
        self.disclosed.setText(say("calculated.disclosed"))
        self.open.setText(say("calculated.open"))
        self.table.setAccessibleName(say("calculated.choose"))
        self.limits.setText("\n".join(f"\u2022 {words}" for words in self._limits()))
        self._fill()

    def _limits(self) -> list[str]:
        say, desk = self._look.say, self.desk
        words = [str(say(f"calculated.limit_{name}")) for name in LIMITS]
        return words if desk is None else [*words, how_often_words(desk, self._look)]

    def show_desk(self, desk: SuggestionDesk) -> None:
        """Show the scans that there are."""
        self.desk = desk
        self.retell()

    def _fill(self) -> None:
        say = self._look.say
        scans = self.desk.scans if self.desk is not None else ()
        none = self.desk is not None and not scans
        self.choose.setText(say("calculated.no_scans" if none else "calculated.choose"))
        for widget in (self.table, self.disclosed, self.open):
            widget.setVisible(not none)
        titles = [str(say(f"calculated.column_{name}")) for name in COLUMNS]
        self.table.fill(titles, [_cells(one, self._look) for one in scans])
        self._on_chosen()

    @property
    def chosen(self) -> Openable | None:
        """The scan that is chosen."""
        at = self.table.currentIndex().row()
        scans = self.desk.scans if self.desk is not None else ()
        return scans[at] if 0 <= at < len(scans) else None

    @Slot()
    def _on_chosen(self) -> None:
        self.open.setEnabled(self.chosen is not None)

    @Slot()
    def _on_open(self) -> None:
        if self.chosen is not None:
            self.wanted.emit(self.chosen)


def how_often_words(desk: SuggestionDesk, look: Look) -> str:
    """Return how often the right one stood far up, in counts: no candidate gets a percentage."""
    often = desk.how_often
    words = look.say(
        "calculated.limit_often",
        scans=often.scans,
        candidates=often.candidates,
        ten=often.first[10],
        fifty=often.first[50],
        ten_chance=often.by_chance[10],
        fifty_chance=often.by_chance[50],
    )
    if desk.candidates <= often.candidates:
        return str(words)
    return f"{words} {look.say('calculated.limit_more', now=desk.candidates)}"


def _cells(one: Openable, look: Look) -> list[Cell]:
    when = one.scanned_at[:16].replace("T", " ")
    texts = (PureWindowsPath(one.name).name, one.scan, one.case, one.item, when, str(one.opened))
    shown = [str(look.texts.put(text)) for text in texts]
    return [Cell(text, tip=one.name if place == 0 else "") for place, text in enumerate(shown)]
