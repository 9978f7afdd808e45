"""The spectra opened so far: one row each; those that are ticked are drawn together.

A row is a scan, whether identified, refused, stopped or under way, or a reference of a library.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QLabel, QListWidget, QListWidgetItem, QVBoxLayout

from matching.errors import SpectraError
from matching.spectrum import Spectrum
from spectra_app.services.identify import Identified
from spectra_app.services.scanning import Scanned
from spectra_app.ui.look import Look
from spectra_app.ui.phrases import item_summary, item_title, percent, title_words
from spectra_app.ui.shapes import shape_icon
from spectra_app.ui.theme import icon
from spectra_app.ui.troubles import in_brief

State = Literal["working", "done", "failed", "stopped", "reference"]
ROW_CHARACTERS = 60
_ENTRY = Qt.ItemDataRole.UserRole
_TICK = Qt.ItemDataRole.CheckStateRole
_WAS = Qt.ItemDataRole.UserRole + 1


def identified_of(result: Scanned | tuple[Identified, ...]) -> tuple[Identified, ...]:
    """Return what was identified in a scan that was measured, or in a file."""
    return (result.found,) if isinstance(result, Scanned) else result


@dataclass(eq=False, slots=True)
class ScanEntry:
    """One row: what it is called, how it stands, and what came of it.

    `title` is the name of a file, or of the sample or analyser where `scanning`, that is, where an
    analyser measures it; `fraction` is the share of the work done (0-1) or None; `started_s` a
    monotonic clock. A `reference` has no verdict; `spectrum` is what is drawn of it, `words` its
    kind.
    """

    title: str
    state: State = "working"
    emulated: bool = False
    scanning: bool = False
    identified: Identified | None = None
    error: SpectraError | None = None
    details: str = ""
    fraction: float | None = None
    words: str = ""
    spectrum: Spectrum | None = None
    started_s: float = field(default_factory=time.monotonic)

    @property
    def drawable(self) -> Spectrum | None:
        """What can be drawn of it."""
        return self.identified.query if self.identified is not None else self.spectrum

    def shown_title(self, look: Look) -> str:
        """Return the first line of the row."""
        if not self.scanning:
            return title_words(self.title, look.texts)
        key = "title.emulated" if self.emulated else "title.scan_by"
        return look.say(key, name=self.title)

    def summary(self, look: Look) -> str:
        """Return the second line of the row."""
        if self.identified is not None:
            return item_summary(self.identified.record, look.texts)
        if self.state == "reference":
            return look.say("examine.reference_row", kind=look.word("kind", self.words))
        if self.state == "failed" and self.error is not None:
            return look.say("scans.refused_why", words=in_brief(self.error, look.texts))
        if self.state in {"failed", "stopped"}:
            return look.say("scans.refused" if self.state == "failed" else "scans.stopped")
        if self.fraction is None:
            return look.say("scans.working")
        return look.say("scans.working_done", done=percent(self.fraction))


def done_entry(identified: Identified) -> ScanEntry:
    """Return the row of an identified scan."""
    record = identified.record
    title, emulated = item_title(record), record.emulated
    return ScanEntry(title, "done", emulated=emulated, identified=identified)


class _Rows(QListWidget):
    """Rows with a tick; Ctrl and a click tick a row without choosing it."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tick the row under the pointer when Ctrl is held."""
        held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        item = self.itemAt(event.position().toPoint())
        if held and item is not None and event.button() == Qt.MouseButton.LeftButton:
            ticked = item.checkState() == Qt.CheckState.Checked
            if item.flags() & Qt.ItemFlag.ItemIsUserCheckable:
                item.setCheckState(Qt.CheckState.Unchecked if ticked else Qt.CheckState.Checked)
            return
        super().mousePressEvent(event)


class ScanList(QFrame):
    """The list of scans; the row chosen is the one shown, those ticked are drawn together."""

    chosen = Signal(object)
    ticked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look = look
        self.title = QLabel()
        self.title.setObjectName("panelTitle")
        self.title.setContentsMargins(8, 0, 0, 0)
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        self.empty.setObjectName("hint")
        self.empty.setContentsMargins(8, 0, 0, 0)
        self.list = _Rows()
        self.list.setIconSize(QSize(24, 24))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setWordWrap(True)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMinimumWidth(150)
        self.list.currentItemChanged.connect(self._on_item)
        self.list.itemChanged.connect(self._on_changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 12, 6, 6)
        layout.addWidget(self.title)
        layout.addWidget(self.empty)
        layout.addWidget(self.list, 1)
        self.list.hide()
        layout.addStretch(0)
        look.tell(self.retell)
        look.paint(self.refresh_all)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.title.setText(say("scans.title"))
        self.empty.setText(say("scans.empty"))
        self.list.setAccessibleName(say("scans.name"))
        self.refresh_all()

    @property
    def entries(self) -> list[ScanEntry]:
        """All rows, top to bottom."""
        return [self.list.item(row).data(_ENTRY) for row in range(self.list.count())]

    @property
    def current(self) -> ScanEntry | None:
        """The row chosen."""
        item = self.list.currentItem()
        return item.data(_ENTRY) if item is not None else None

    @property
    def together(self) -> list[ScanEntry]:
        """The rows ticked that can be drawn; the row chosen when none is."""
        rows = [self.list.item(row) for row in range(self.list.count())]
        ticked = [one.data(_ENTRY) for one in rows if one.checkState() == Qt.CheckState.Checked]
        drawable = [one for one in ticked if one.drawable is not None]
        if not drawable and self.current is not None and self.current.drawable is not None:
            return [self.current]
        return drawable

    def tick(self, entry: ScanEntry, *, on: bool = True) -> None:
        """Tick a row, or take its tick away."""
        item = self.list.item(self.entries.index(entry))
        if item.flags() & Qt.ItemFlag.ItemIsUserCheckable:
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def refresh_all(self) -> None:
        """Show every row anew."""
        for entry in self.entries:
            self.refresh(entry)

    def add(self, entry: ScanEntry) -> None:
        """Add a row at the end."""
        self._insert(self.list.count(), entry)
        self.empty.hide()
        self.list.show()

    def replace(self, old: ScanEntry, new: list[ScanEntry]) -> None:
        """Put `new` where `old` stood; the choice follows when `old` was the one chosen."""
        row = self.entries.index(old)
        was_current = self.current in {old, None}
        blocked = self.list.blockSignals(True)
        for offset, entry in enumerate(new, start=1):
            self._insert(row + offset, entry)
        self.list.takeItem(row)
        self.list.blockSignals(blocked)
        if was_current and new:
            self.list.setCurrentRow(-1)
            self.list.setCurrentRow(row)

    def clear(self) -> None:
        """Take every row away."""
        blocked = self.list.blockSignals(True)
        self.list.clear()
        self.list.blockSignals(blocked)
        self.list.hide()
        self.empty.show()

    def choose(self, entry: ScanEntry) -> None:
        """Choose a row."""
        self.list.setCurrentRow(self.entries.index(entry))

    def refresh(self, entry: ScanEntry) -> None:
        """Show what changed in a row."""
        self._fill(self.list.item(self.entries.index(entry)), entry)

    def _insert(self, row: int, entry: ScanEntry) -> None:
        item = QListWidgetItem()
        item.setData(_ENTRY, entry)
        self._fill(item, entry)
        self.list.insertItem(row, item)

    def _fill(self, item: QListWidgetItem, entry: ScanEntry) -> None:
        title, summary = entry.shown_title(self._look), entry.summary(self._look)
        item.setText("\n".join(_shortened(text) for text in (title, summary)))
        item.setToolTip(f"{title}\n{summary}")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{title}. {summary}")
        if entry.drawable is not None and item.data(_TICK) is None:
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
        theme = self._look.theme
        if entry.state == "reference":
            picture = icon("library", theme)
        elif entry.identified is not None and entry.identified.record.outcome != "refused":
            record = entry.identified.record
            picture = shape_icon(
                record.alarm, theme.alarm(record.alarm), theme["surface"],
                dashed=record.outcome == "lead",
            )  # fmt: skip
        else:
            picture = icon("working" if entry.state == "working" else "refused", theme)
        item.setIcon(picture)

    @Slot(QListWidgetItem)
    def _on_changed(self, item: QListWidgetItem) -> None:
        """Tell of a tick; other things of a row change as well."""
        state = item.data(_TICK)
        if state is not None and state != item.data(_WAS):
            item.setData(_WAS, state)
            self.ticked.emit()

    @Slot(QListWidgetItem, QListWidgetItem)
    def _on_item(self, current: QListWidgetItem | None, previous: QListWidgetItem | None) -> None:
        del previous
        if current is not None:
            self.chosen.emit(current.data(_ENTRY))


def _shortened(text: str) -> str:
    """Return `text` cut to what a row has room for; the tool tip and the card show all of it."""
    return text if len(text) <= ROW_CHARACTERS else f"{text[: ROW_CHARACTERS - 1].rstrip()}…"
