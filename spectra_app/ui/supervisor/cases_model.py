"""The list of cases as a table that is loaded piece by piece while somebody scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QWidget

from spectra_app.services.cases.listing import CaseFilter, CaseList, CaseRow
from spectra_app.ui.flat_model import FlatModel, Index
from spectra_app.ui.look import Look
from spectra_app.ui.shapes import shape_icon

PIECE = 100  # rows
COLUMNS = ("alarm", "case", "opened", "state", "names", "title")


def next_piece(asked: CaseFilter, rows: Sequence[CaseRow]) -> CaseFilter:
    """Return the filter that gives the rows after `rows`, with those of their last day again.

    The list has no page numbers: what is opened meanwhile would move every row. It begins again at
    the day that was reached, and what is there already is left out by `CaseModel.take`.
    """
    if not rows:
        return replace(asked, most=PIECE)
    day = rows[-1].case.opened_at[:10]
    of_day = takewhile(lambda row: row.case.opened_at[:10] == day, reversed(rows))
    again = sum(1 for _row in of_day)
    return replace(asked, last=day, most=PIECE + again)


class CaseModel(FlatModel):
    """Rows of cases; asks for more when the last ones are seen."""

    wanted = Signal(object)
    rows: list[CaseRow]

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(look, [f"cases.{name}" for name in COLUMNS], parent)
        self.asked, self.rows, self.more = CaseFilter(), [], False
        self._known: set[str] = set()
        self._waiting = False
        self._shapes: dict[tuple[str, str, bool], QIcon] = {}

    def begin(self, asked: CaseFilter) -> None:
        """Forget all rows and ask for the first ones that fit."""
        self.beginResetModel()
        self.asked, self.rows, self.more, self._known = asked, [], False, set()
        self.endResetModel()
        self._ask()

    def take(self, asked: CaseFilter, found: CaseList) -> None:
        """Add rows that were asked for, unless something else was asked for since."""
        if not self._waiting or asked != next_piece(self.asked, self.rows):
            return
        self._waiting, self.more = False, found.more
        new = [row for row in found.rows if row.case.id not in self._known]
        if new:
            first = len(self.rows)
            self.beginInsertRows(QModelIndex(), first, first + len(new) - 1)
            self.rows += new
            self._known.update(row.case.id for row in new)
            self.endInsertRows()

    def give_up(self) -> None:
        """Wait no longer: the records refused."""
        self._waiting = False

    def canFetchMore(self, parent: Index) -> bool:
        """Tell whether there are more rows to ask for."""
        return not parent.isValid() and self.more and not self._waiting

    def fetchMore(self, parent: Index) -> None:
        """Ask for the next rows."""
        if self.canFetchMore(parent):
            self._ask()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what stands in a cell; the level is a shape and a word."""
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and column == "alarm":
            return self._shape(row)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return self._said(row, column)
        return None

    def _said(self, row: CaseRow, column: str) -> str:
        look, case = self._look, row.case
        texts = {
            "alarm": self._level(row),
            "case": look.texts.put(case.id),
            "opened": look.texts.put(case.opened_at[:10]),
            "state": look.say(f"cases.{case.state}"),
            "names": look.texts.many(row.names),
            "title": look.texts.put(case.title),
        }
        if column == "title" and case.emulated:
            return f"{look.say('board.emulated')} {texts['title']}"
        return texts[column]

    def _level(self, row: CaseRow) -> str:
        """Return the word of the level; a case without a scan has none."""
        look = self._look
        if not row.scans:
            return look.say("cases.no_scan")
        word = look.word("alarm", row.alarm)
        if row.alarm == "unknown" and row.names:
            word = look.say("alarm.status_unknown")
        return look.say("alarm.lead", word=word) if _is_lead(row) else word

    def _shape(self, row: CaseRow) -> QIcon | None:
        """Return the shape of the level, drawn once for each theme."""
        theme, lead = self._look.theme, _is_lead(row)
        if not row.scans:
            return None
        key = (theme.name, row.alarm, lead)
        if key not in self._shapes:
            colours = theme.alarm(row.alarm), theme["surface"]
            self._shapes[key] = shape_icon(row.alarm, *colours, dashed=lead)
        return self._shapes[key]

    def _ask(self) -> None:
        self._waiting = True
        self.wanted.emit(next_piece(self.asked, self.rows))


def _is_lead(row: CaseRow) -> bool:
    return set(row.outcomes) == {"lead"}
