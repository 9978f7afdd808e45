"""Many scans at once: a folder, a list or files, identified one after the other, nothing filed."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from PySide6.QtCore import QModelIndex, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
)

from matching.errors import SpectraError
from spectra_app.services.api import ManyUse
from spectra_app.services.batch import Source
from spectra_app.services.batch_rows import BatchNews
from spectra_app.ui.fitted import ElidedLabel
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.phrases import seconds_left
from spectra_app.ui.stepped import SteppedWork
from spectra_app.ui.tables import copyable
from spectra_app.ui.technician.area import Bench
from spectra_app.ui.technician.batch_model import COLUMNS, BatchModel, Sieve
from spectra_app.ui.technician.bench_page import WorkLine
from spectra_app.ui.technician.column_box import ColumnBox
from spectra_app.wording import ALARMS, OUTCOMES

WIDTHS = {"alarm": 212, "file": 200, "outcome": 180, "names": 190, "score": 104, "snr": 104}
TYPING_MS = 250
ROW = 30


class BatchPage(Page):
    """Chooses scans, runs the batch, and shows its results while they come.

    Parameters
    ----------
    look : Look
        Language and theme.
    bench : Bench
        What the technician's pages work with.
    """

    open_wanted = Signal(object)
    """A file is to be opened in the workbench."""

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench.records)
        self._use: ManyUse | None = bench.use_cases.many
        self.source: Source | None = None
        self.out: Path | None = None
        self._anew = False
        self.work = SteppedWork(bench.lane, self)
        self._first = self._total = self._done = 0
        self._end = ""  # key of what is said of the end of the last batch
        self.folder, self.files, self.listed = QPushButton(), QPushButton(), QPushButton()
        self.change, self.start = QPushButton(), QPushButton()
        self.source_line, self.out_line, self.rule = ElidedLabel(), ElidedLabel(), QLabel()
        self.work_line, self.summary = WorkLine(look), QLabel()
        self.column_box = ColumnBox(look)
        self.alarm, self.outcome, self.text = QComboBox(), QComboBox(), QLineEdit()
        self.labels = {name: QLabel() for name in ("by_alarm", "by_outcome", "by_text")}
        self.model, self.table = BatchModel(look, self), QTableView()
        self.rows = copyable(self.table, look, bench.lane, lambda: look.say("tech.batch"))
        self.save = self.rows.button()
        self.rows.said.connect(self.say_line)
        self._typing = QTimer(self)
        self._lay_out()
        self._connect()
        look.tell(self.retell)

    def _lay_out(self) -> None:
        self.setAcceptDrops(True)
        for button in (self.folder, self.files, self.listed):
            button.setMinimumHeight(TALL)
            self.top.addWidget(button)
        self.start.setObjectName("primary")
        self.start.setMinimumHeight(TALL)
        self.rule.setObjectName("hint")
        self.rule.setWordWrap(True)
        where = QHBoxLayout()
        where.addWidget(self.source_line, 1)
        where.addWidget(self.out_line, 1)
        where.addWidget(self.column_box)
        where.addWidget(self.change)
        where.addWidget(self.start)
        self.column.addLayout(where)
        self.column.addWidget(self.rule)
        self.column.addWidget(self.work_line)
        sieve = QHBoxLayout()
        sieve.setSpacing(8)
        for name, widget in (
            ("by_alarm", self.alarm), ("by_outcome", self.outcome), ("by_text", self.text)
        ):  # fmt: skip
            self.labels[name].setBuddy(widget)
            sieve.addWidget(self.labels[name])
            sieve.addWidget(widget, 1)
        sieve.addWidget(self.save)
        self.column.addLayout(sieve)
        self.column.addWidget(self.table, 1)
        self.column.addWidget(self.summary)
        self.summary.setWordWrap(True)
        for code in ("", *ALARMS):
            self.alarm.addItem("", code)
        for code in ("", *OUTCOMES):
            self.outcome.addItem("", code)
        self._dress_table()

    def _dress_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setAlternatingRowColors(True)
        table.setIconSize(QSize(20, 20))
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW)
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for place, column in enumerate(COLUMNS[:-1]):
            table.setColumnWidth(place, WIDTHS[column])
        header = table.horizontalHeader()
        header.setStretchLastSection(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        table.setSortingEnabled(True)

    def _connect(self) -> None:
        self.folder.clicked.connect(self.ask_folder)
        self.files.clicked.connect(self.ask_files)
        self.listed.clicked.connect(self.ask_list)
        self.change.clicked.connect(self.ask_out)
        self.start.clicked.connect(self.begin)
        self.work_line.stop.clicked.connect(self.work.stop)
        self.work.stepped.connect(self._on_steps)
        self.work.ended.connect(self._on_ended)
        self.work.stopped.connect(self._on_stopped)
        self.work.failed.connect(self._on_failed)
        self.work.changed.connect(self._show_state)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self._sift)
        self.text.textChanged.connect(self._typing.start)
        self.alarm.activated.connect(self._sift)
        self.outcome.activated.connect(self._sift)
        self.table.doubleClicked.connect(self._on_opened)
        self.table.activated.connect(self._on_opened)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("tech.batch"))
        for name in ("folder", "files", "listed", "change"):
            button: QPushButton = getattr(self, name)
            button.setText(say(f"batch.{name}"))
            button.setToolTip(say(f"batch.{name}_hint"))
        self.rule.setText(say("batch.rule"))
        self.table.setAccessibleName(say("tech.batch"))
        for name, label in self.labels.items():
            label.setText(say(f"batch.{name}"))
        self.text.setPlaceholderText(say("batch.text_hint"))
        self.text.setToolTip(say("batch.text_hint"))
        self.alarm.setItemText(0, say("cases.any"))
        self.outcome.setItemText(0, say("cases.any"))
        for place, code in enumerate(ALARMS, start=1):
            self.alarm.setItemText(place, self.look_of.word("alarm", code))
        for place, code in enumerate(OUTCOMES, start=1):
            self.outcome.setItemText(place, self.look_of.word("outcome", code))
        self.model.retell()
        self._show_state()
        if self._end:
            self._say_end(self._end)

    # --- what is chosen -------------------------------------------------------------------------

    @Slot()
    def ask_folder(self) -> None:
        """Ask for a folder of scans."""
        name = QFileDialog.getExistingDirectory(self, self.look_of.say("batch.folder_title"))
        if name:
            self.take(Path(name))

    @Slot()
    def ask_files(self) -> None:
        """Ask for files."""
        say = self.look_of.say
        names, _ = QFileDialog.getOpenFileNames(
            self, say("batch.files_title"), "", say("bench.all_files")
        )
        if names:
            self.take(tuple(Path(name) for name in names))

    @Slot()
    def ask_list(self) -> None:
        """Ask for a manifest."""
        say = self.look_of.say
        name, _ = QFileDialog.getOpenFileName(
            self, say("batch.listed_title"), "", say("batch.kind_csv")
        )
        if name:
            self.take(Path(name))

    @Slot()
    def ask_out(self) -> None:
        """Ask where the results go; a file of an earlier run goes on."""
        say = self.look_of.say
        name, _ = QFileDialog.getSaveFileName(
            self,
            say("batch.out_title"),
            str(self.out or ""),
            say("batch.kinds"),
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if name:
            path = Path(name)
            self.out = path if path.suffix else path.with_name(f"{path.name}.jsonl")
            self._show_state()

    def take(self, source: Source) -> None:
        """Take other scans; the results of the last batch stay until it is started."""
        if self.work.busy or self._use is None:
            return
        self.source, self.out = source, self._use.results_for(source)
        self._first = self._total = self._done = 0
        self._say_end("")
        self._show_state()

    # --- running --------------------------------------------------------------------------------

    @Slot()
    def begin(self) -> None:
        """Run the batch, or go on with it."""
        use, source, out = self._use, self.source, self.out
        column = self.column_box.column
        if use is None or source is None or out is None or self.work.busy:
            return
        self._anew = True
        self._say_end("")
        self.work_line.show_progress(0.0, None)
        self.work.begin(f"Batch of {out.stem}", lambda: use.batch(source, out, column))

    @Slot(object)
    def _on_steps(self, news: list[BatchNews]) -> None:
        if self._anew:
            self._forget()
            self._first = news[0].done
        last = news[-1]
        self._done, self._total = last.done, last.total
        self.model.add([row for step in news for row in step.rows])
        mine, all_mine = self._done - self._first, max(1, self._total - self._first)
        left = seconds_left(time.monotonic() - self.work.began_s, mine / all_mine)
        self.work_line.show_progress(self._done / max(1, self._total), left)
        self._show_summary()

    def _forget(self) -> None:
        """Begin with no rows: not before there are others, for it may fail before the first."""
        self.model.begin()
        self._first = self._total = self._done = 0
        self._anew = False

    @Slot(object)
    def _on_ended(self, _result: object) -> None:
        if self._anew:
            self._forget()
        self._say_end("batch.ended")

    @Slot()
    def _on_stopped(self) -> None:
        self._say_end("batch.stopped")

    @Slot(object, str)
    def _on_failed(self, error: SpectraError, _details: str) -> None:
        self._end = ""
        self.say_trouble(error)

    def _say_end(self, key: str) -> None:
        self._end = key
        values = {"done": self._done, "total": self._total, "where": str(self.out)}
        self.say_line(self.look_of.say(key, **values) if key else "")

    # --- what is shown --------------------------------------------------------------------------

    @Slot()
    def _sift(self) -> None:
        sieve = Sieve(
            self.alarm.currentData() or "",
            self.outcome.currentData() or "",
            self.text.text().strip(),
        )
        self.model.sift(sieve)
        self._show_summary()

    @Slot()
    def _show_state(self) -> None:
        say, busy = self.look_of.say, self.work.busy
        for widget in (self.folder, self.files, self.listed, self.change, self.column_box):
            widget.setEnabled(not busy)
        self.change.setEnabled(not busy and self.source is not None)
        self.start.setEnabled(not busy and self.source is not None)
        unfinished = 0 < self._done < self._total
        self.start.setText(say("batch.go_on" if unfinished and not busy else "batch.start"))
        self.work_line.setVisible(busy)
        self.work_line.stop.setEnabled(busy and not self.work.stopping)
        self.out_line.setVisible(self.source is not None)  # what to do needs the whole line
        if self.source is None:
            self.source_line.set_text(say("batch.none"))
            self.out_line.set_text("")
        else:
            shown = (
                str(self.source)
                if isinstance(self.source, Path)
                else say("batch.count", count=len(self.source))
            )
            self.source_line.set_text(say("batch.source", where=shown))
            self.out_line.set_text(say("batch.out", where=str(self.out)))
        self._show_summary()

    def _show_summary(self) -> None:
        look, model = self.look_of, self.model
        judged = [row for row in model.rows if row.outcome != "refused"]
        counts = Counter((row.alarm, row.outcome == "lead") for row in judged)
        parts = []
        for code, lead in ((code, lead) for code in ALARMS for lead in (False, True)):
            word = look.word("alarm", code)  # a lead is never counted among what was named
            said = look.say("alarm.lead", word=word) if lead else word
            if counts[code, lead]:
                parts.append(look.say("batch.of_level", count=counts[code, lead], word=said))
        if len(judged) < len(model.rows):
            parts.append(look.say("batch.of_refused", count=len(model.rows) - len(judged)))
        head = look.say("batch.shown", shown=model.kept, total=len(model.rows))
        self.summary.setText("  ·  ".join([head, *parts]) if model.rows else "")
        self.save.setEnabled(bool(model.rows))

    @Slot(QModelIndex)
    def _on_opened(self, index: QModelIndex) -> None:
        self.open_wanted.emit(Path(self.model.row(index.row()).file))

    # --- Qt's own events ------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a folder or files of this computer."""
        if not self.work.busy and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the folder or the files dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.take(tuple(paths))
            event.acceptProposedAction()
