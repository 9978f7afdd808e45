"""The figures of an evaluation as tables: every rate as counts, with its exact 95 % bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from spectra_app.reports.texts import Texts
from spectra_app.ui.look import Look

Index = QModelIndex | QPersistentModelIndex
Figures = dict[str, Any]
NOTHING = "–"
OVERALL = (
    "top1", "top3", "named_right", "named_wrong", "lead", "false_naming", "inconclusive",
    "not_in_library", "class_only", "container_only", "refused",
)  # fmt: skip
FAILURES = (("wrong", "wrong"), ("false_names", "false"), ("missed", "missed"),
            ("refused_queries", "refused"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: codes of its columns (their titles are `evaluate.<column>`) and rows of texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def counted(item: Figures | None, texts: Texts) -> str:
    """Return a rate as counts with its bounds, rounded outwards; never a bare percentage."""
    if item is None or not item.get("n") or item["rate"] is None:
        return NOTHING
    low = math.floor(round(1000 * item["low95"], 6)) / 10
    high = math.ceil(round(1000 * item["high95"], 6)) / 10
    bounds = texts.put(f"{low:.1f}–{high:.1f} %")
    return texts.say("evaluate.counted", count=item["count"], n=item["n"], bounds=bounds)


def overall(figures: Figures, texts: Texts) -> Sheet:
    """Return the rates over all scans, and over independent substances."""
    substances = figures["by_substance"]
    rows = [
        (
            texts.say(f"evaluate.rate_{key}"),
            counted(figures.get(key), texts),
            counted(substances.get(key), texts),
        )
        for key in OVERALL
        if key in figures
    ]
    for key, share in (("recall_at_5pct_false_naming", "5 %"), ("recall_at_0", "0 %")):
        item = figures.get(f"{key}_detail")
        if item is not None:
            words = texts.say("evaluate.recall", share=share, score=f"{item['score']:.3f}")
            rows.append((words, counted(item, texts), NOTHING))
    return Sheet(("what", "scans", "substances"), tuple(rows))


def by_substance(figures: Figures, texts: Texts) -> Sheet:
    """Return one row for each substance, those with trouble first."""
    columns = ("substance", "instruments", "top1", "named_right", "named_wrong", "false_naming")
    rows = tuple(
        (
            texts.put(one["substance"]),
            texts.many(one["instruments"]),
            *(counted(one.get(key), texts) for key in columns[2:]),
        )
        for one in figures["substances"]
    )
    return Sheet(columns, rows)


def by_instrument(figures: Figures, texts: Texts) -> Sheet:
    """Return one row for each instrument."""
    columns = ("instrument", "n", "top1", "named_right", "named_wrong", "false_naming")
    rows = tuple(
        (
            texts.put(name),
            str(one["n"]),
            *(counted(one.get(key), texts) for key in columns[2:]),
        )
        for name, one in figures["instruments"].items()
    )
    return Sheet(columns, rows)


def confusion(figures: Figures, texts: Texts) -> Sheet:
    """Return what was named for each truth, and which wrong substance came nearest."""
    nearest = {one["truth"]: one for one in reversed(figures["confusion"]["best_wrong"])}
    rows = []
    for one in figures["confusion"]["named"]:
        other = nearest.get(one["truth"])
        score = other["highest_score"] if other else None
        rows.append(
            (
                texts.put(one["truth"]),
                _said(one["named"], texts),
                str(one["count"]),
                texts.put(other["candidate"]) if other else NOTHING,
                NOTHING if score is None else f"{score:.3f}",
            )
        )
    return Sheet(("truth", "said", "count", "nearest_wrong", "score"), tuple(rows))


def _said(named: str, texts: Texts) -> str:
    """Return what was named; where nothing was, the outcome in brackets as words."""
    if named.startswith("(") and named.endswith(")"):
        return f"({texts.word('outcome', named[1:-1])})"
    return texts.put(named)


def failures(figures: Figures, texts: Texts) -> Sheet:
    """Return every scan that was named wrong, missed or refused."""
    rows = []
    for key, kind in FAILURES:
        for one in figures.get(key, ()):
            part = "part" if kind == "wrong" and one["true_but_not_all"] else kind
            why = texts.many(one["named"]) if one["named"] else _why(one, texts)
            score = NOTHING if "error" in one else f"{one['score']:.3f}"
            rows.append(
                (
                    texts.say(f"evaluate.fail_{part}"),
                    texts.put(one["query"]),
                    texts.put(one["truth"]),
                    why,
                    texts.put(one["best_candidate"] or NOTHING),
                    score,
                )
            )
    return Sheet(("failure", "query", "truth", "said", "best", "score"), tuple(rows))


def _why(one: Figures, texts: Texts) -> str:
    if "error" in one:
        return texts.put(one["error"])
    return " ".join((f"({texts.word('outcome', one['outcome'])})",
                     *(texts.word("reason", code) for code in one["reasons"])))  # fmt: skip


def more(figures: Figures, texts: Texts) -> Sheet:
    """Return distorted scans, sums and thresholds set without the scans, where measured."""
    columns = ("what", "scans", "named_right", "named_wrong", "false_naming")
    rows: list[tuple[str, ...]] = [
        (
            texts.say("evaluate.distorted", name=one["name"]),
            str(one["n"]),
            *(counted(one.get(key), texts) for key in columns[2:]),
        )
        for one in figures.get("distortions", ())
    ]
    rows += [
        (
            texts.say("evaluate.sum", share=f"{100 * one['share']:.0f}"),
            str(one["n"]),
            counted(one["both_found"], texts),
            counted(one["false_name"], texts),
            counted(one.get("false_name_left_out"), texts),
        )
        for one in figures.get("sums", ())
        if one["n"]
    ]
    held = figures.get("held_out", {})
    rows += [
        (
            texts.say(f"evaluate.held_{key}", share=f"{100 * one['share']:.0f} %"),
            str(one["named_right"]["n"]),
            counted(one["named_right"], texts),
            NOTHING,
            counted(one["false_naming"], texts),
        )
        for key in ("by_substance", "by_instrument")
        for one in held.get(key, ())
    ]
    return Sheet(columns, tuple(rows))


SHEETS: dict[str, Callable[[Figures, Texts], Sheet]] = {
    "overall": overall,
    "by_substance": by_substance,
    "by_instrument": by_instrument,
    "confusion": confusion,
    "failures": failures,
    "more": more,
}


class SheetModel(QAbstractTableModel):
    """A sheet as a table model."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.sheet = Sheet((), ())

    def show_sheet(self, sheet: Sheet) -> None:
        """Show another sheet."""
        self.beginResetModel()
        self.sheet = sheet
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Return the number of rows."""
        return 0 if parent is not None and parent.isValid() else len(self.sheet.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(self.sheet.columns)

    def headerData(
        self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column."""
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return str(self._look.say(f"evaluate.{self.sheet.columns[section]}"))
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell."""
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return str(self.sheet.rows[index.row()][index.column()])
        return None


def widths(columns: Sequence[str]) -> list[int]:
    """Return how wide columns are, in pixels."""
    wide = {"what": 400, "substance": 190, "said": 260, "query": 220, "truth": 170, "scans": 250,
            "substances": 250, "instruments": 150, "nearest_wrong": 180, "best": 160}  # fmt: skip
    narrow = {"count": 80, "score": 80, "n": 80}
    return [wide.get(one, narrow.get(one, 236)) for one in columns]
