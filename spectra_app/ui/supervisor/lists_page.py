"""What the station goes by, until when, and how something newer is installed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget

from spectra_app.services.in_force import SIGNED, InForce, in_force
from spectra_app.services.office import Office, Session
from spectra_app.services.station import Active
from spectra_app.services.station_install import earlier_here, roll_back_here
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.supervisor.install_box import InstallBox
from spectra_app.ui.supervisor.marks import LEVEL_OF
from spectra_app.ui.supervisor.reason import Reason
from spectra_app.ui.supervisor.rows_model import Row, RowsModel, plain_table
from spectra_app.ui.tables import copyable

COLUMNS = tuple(f"lists.{name}" for name in ("state", "kind", "name", "edition", "until", "source"))
WIDTHS = (170, 170, 240, 130, 110)  # pixels


@dataclass(frozen=True, slots=True)
class Found:
    """What is in force, and what the station could go back to."""

    rows: tuple[InForce, ...]
    earlier: tuple[Active, ...]


class ListsPage(Page):
    """The table of what is in force, and below it the file that is looked at."""

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__(look, records)
        self.setAcceptDrops(True)
        self.found: Found | None = None
        self.choose, self.back, self.again = QPushButton(), QPushButton(), QPushButton()
        for button in (self.choose, self.back, self.again):
            button.setMinimumHeight(TALL)
            self.top.addWidget(button)
        self.hint = QLabel()
        self.hint.setObjectName("hint")
        self.hint.setWordWrap(True)
        self.model = RowsModel(look, COLUMNS, self)
        self.table, self.box = plain_table(self.model, WIDTHS), InstallBox(look, records)
        copyable(self.table, look, records.lane, lambda: "in-force")
        self.column.addWidget(self.hint)
        both = QSplitter(Qt.Orientation.Vertical)
        both.setChildrenCollapsible(False)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        both.addWidget(upper)
        both.addWidget(self.box)
        both.setSizes([140, 480])
        self.column.addWidget(both, 1)
        self.back.hide()
        self.again.clicked.connect(self.refresh)
        self.choose.clicked.connect(self._on_choose)
        self.back.clicked.connect(self._on_back)
        self.box.ended.connect(self._on_ended)
        for keys, slot in (("F5", self.refresh), ("Ctrl+O", self._on_choose)):
            short = QShortcut(QKeySequence(keys), self)
            short.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            short.activated.connect(slot)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("super.lists"))
        self.choose.setText(say("lists.choose"))
        self.back.setText(say("lists.go_back"))
        self.again.setText(say("super.refresh"))
        self.hint.setText(say("lists.hint"))
        self.table.setAccessibleName(say("super.lists"))
        if self.found is not None:
            self._show(self.found)

    @Slot()
    def refresh(self) -> None:
        """Look again at what is in force."""
        if not self.waiting:
            self.ask("Looking up what is in force", _found, self._show)

    def _show(self, found: Found) -> None:
        self.found = found
        self.model.show_rows([self._row(one) for one in found.rows])
        self.back.setVisible(bool(found.earlier))

    def _row(self, one: InForce) -> Row:
        look = self.look_of
        say, put = look.say, look.texts.put
        name = put(one.name) if one.name else say(f"lists.none_{one.kind}")
        source = say("lists.by_two") if one.source == SIGNED else put(one.source)
        if not one.source and one.kind not in {"key", "watched"}:
            source = say("lists.shipped")
        tip = put(one.trouble)
        standing, kind = say(f"lists.is_{_standing(one)}"), say(f"lists.of_{one.kind}")
        cells = (standing, kind, name, put(one.edition), put(one.until), tip or source)
        return Row(cells, LEVEL_OF[one.state], tip)

    # --- installing -----------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look at the file that was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.box.look_at(paths[0])

    @Slot()
    def _on_choose(self) -> None:
        say = self.look_of.say
        path, _kind = QFileDialog.getOpenFileName(self, say("lists.choose_title"))
        if path:
            self.box.look_at(Path(path))

    @Slot(str)
    def _on_ended(self, words: str) -> None:
        self.ask("Looking up what is in force", _found, partial(self._show_after, words))

    def _show_after(self, words: str, found: Found) -> None:
        self._show(found)
        self.say_line(words)

    @Slot()
    def _on_back(self) -> None:
        if self.found is None or not self.found.earlier:
            return
        target = self.found.earlier[0]
        name = f"{target.name}, {target.version} ({target.sequence})"
        dialog = Reason(self, self.look_of, "lists.rollback", {"name": name})
        dialog.given.connect(partial(self._go_back, target.sequence))
        dialog.open()

    def _go_back(self, to: int, reason: str) -> None:
        def act(office: Office, session: Session) -> Active:
            return roll_back_here(office, session, reason, to)

        def done(active: Active) -> None:
            self._on_ended(self.look_of.say("lists.gone_back", name=active.name))

        self.ask("Going back to an earlier library", act, done)


def _standing(one: InForce) -> str:
    """Return the code of the words for how something stands."""
    if one.trouble:
        return "revoked" if one.kind == "key" and one.name else "trouble"
    return f"open_{one.kind}" if one.state == "open" else one.state


def _found(office: Office, session: Session) -> Found:
    return Found(in_force(office, session), tuple(earlier_here(office, session)))
