"""Measure identification on scans of known substance: run, look at figures, save, report."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from matching.errors import SpectraError
from spectra_app.services.api import ManyUse
from spectra_app.services.evaluate import Evaluation, Plan
from spectra_app.ui.compare.drawing import Drawing, LaidPlot
from spectra_app.ui.fitted import ElidedLabel
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.phrases import seconds_left
from spectra_app.ui.plot_export import Figure, keep_plot
from spectra_app.ui.saving import ask_path
from spectra_app.ui.stepped import SteppedWork
from spectra_app.ui.tables import copyable
from spectra_app.ui.technician.area import Bench
from spectra_app.ui.technician.bench_page import WorkLine
from spectra_app.ui.technician.column_box import ColumnBox
from spectra_app.ui.technician.evaluate_figures import PLOTS
from spectra_app.ui.technician.evaluate_sheets import SHEETS, SheetModel, widths

VIEWS = (
    "overall", "curves", "tradeoff", "scores", "reliability", "ranks", "by_substance",
    "by_instrument", "confusion", "failures", "more",
)  # fmt: skip
ROW = 28
MOST_SUMS = 1000


class EvaluatePage(Page):
    """Chooses scans and library, runs the evaluation, and shows what was found.

    Parameters
    ----------
    look : Look
        Language and theme.
    bench : Bench
        What the technician's pages work with.
    """

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench.records)
        self._use: ManyUse | None = bench.use_cases.many
        self._lane = bench.lane
        self.manifest: Path | None = None
        self.library: Path | None = None
        self.found: Evaluation | None = None
        self._end = ""  # key of what is said of the end of the last run
        self.view = VIEWS[0]
        self.work = SteppedWork(bench.lane, self)
        self.scans, self.other, self.start = QPushButton(), QPushButton(), QPushButton()
        self.scans_line, self.library_line = ElidedLabel(), ElidedLabel()
        self.leave_out, self.distort = QCheckBox(), QCheckBox()
        self.sums, self.sums_label, self.column_box = QSpinBox(), QLabel(), ColumnBox(look)
        self.work_line, self.note = WorkLine(look), QLabel()
        self.tabs = {name: QPushButton() for name in VIEWS}
        self.model, self.table, self.plot = SheetModel(look, self), QTableView(), LaidPlot(look)
        self.body = QStackedWidget()
        self.answers, self.report = QPushButton(), QPushButton()
        self.keeper = keep_plot(
            Figure(self.plot.widget, self.plot.repaint_all, self._name, self.note.text),
            look,
            bench.lane,
        )
        self.rows = copyable(self.table, look, bench.lane, self._name)
        self.save_plot, self.save_table = self.keeper.button(), self.rows.button()
        self._lay_out()
        self._connect()
        look.tell(self.retell)

    def _lay_out(self) -> None:
        for button in (self.scans, self.other):
            button.setMinimumHeight(TALL)
            self.top.addWidget(button)
        self.start.setObjectName("primary")
        self.start.setMinimumHeight(TALL)
        self.leave_out.setChecked(True)
        self.sums.setRange(0, MOST_SUMS)
        self.sums.setSingleStep(10)
        self.sums_label.setBuddy(self.sums)
        chosen, plan = QHBoxLayout(), QHBoxLayout()
        chosen.addWidget(self.scans_line, 1)
        chosen.addWidget(self.library_line, 1)
        chosen.addWidget(self.column_box)
        plan.setSpacing(14)
        for widget in (self.leave_out, self.distort, self.sums_label, self.sums):
            plan.addWidget(widget)
        plan.addStretch(1)
        plan.addWidget(self.start)
        self.column.addLayout(chosen)
        self.column.addLayout(plan)
        self.column.addWidget(self.work_line)
        self.column.addLayout(self._tab_rows())
        self.body.addWidget(self.table)
        self.body.addWidget(self.plot)
        self.column.addWidget(self.body, 1)
        self.note.setObjectName("hint")
        self.note.setWordWrap(True)
        self.column.addWidget(self.note)
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self.save_plot, self.save_table, self.answers, self.report):
            row.addWidget(button)
        self.column.addLayout(row)
        self._dress_table()

    def _tab_rows(self) -> QVBoxLayout:
        """Return the tabs in two rows: figures first, then what is listed."""
        group, rows = QButtonGroup(self), QVBoxLayout()
        rows.setSpacing(4)
        lines = [QHBoxLayout(), QHBoxLayout()]
        for place, (name, tab) in enumerate(self.tabs.items()):
            tab.setObjectName("segment")
            tab.setCheckable(True)
            tab.setChecked(name == self.view)
            tab.clicked.connect(lambda _c=False, name=name: self.show_view(name))
            group.addButton(tab)
            lines[place > 5].addWidget(tab)
        for line in lines:
            line.setSpacing(4)
            line.addStretch(1)
            rows.addLayout(line)
        return rows

    def _dress_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setAlternatingRowColors(True)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        )

    def _connect(self) -> None:
        self.scans.clicked.connect(self.ask_scans)
        self.other.clicked.connect(self.ask_library)
        self.start.clicked.connect(self.begin)
        self.answers.clicked.connect(self.ask_answers)
        self.report.clicked.connect(self.ask_report)
        self.work_line.stop.clicked.connect(self.work.stop)
        self.work.stepped.connect(self._on_steps)
        self.work.ended.connect(self._on_ended)
        self.work.stopped.connect(self._on_stopped)
        self.work.failed.connect(self._on_failed)
        self.work.changed.connect(self._show_state)
        self.keeper.said.connect(self.say_line)
        self.rows.said.connect(self.say_line)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("tech.evaluate"))
        for name in ("scans", "other", "start", "answers", "report", "leave_out", "distort"):
            widget: QPushButton | QCheckBox = getattr(self, name)
            widget.setText(say(f"evaluate.do_{name}"))
            widget.setToolTip(say(f"evaluate.do_{name}_hint"))
        self.sums_label.setText(say("evaluate.do_sums"))
        self.sums.setToolTip(say("evaluate.do_sums_hint"))
        self.sums.setAccessibleName(say("evaluate.do_sums"))
        for name, tab in self.tabs.items():
            tab.setText(say(f"evaluate.tab_{name}"))
        self._show_state()
        self.show_view(self.view)
        if self._end:
            self._say_end(self._end)

    # --- what is chosen -------------------------------------------------------------------------

    @Slot()
    def ask_scans(self) -> None:
        """Ask for the manifest of the scans."""
        say = self.look_of.say
        name, _ = QFileDialog.getOpenFileName(
            self, say("evaluate.do_scans"), "", say("batch.kind_csv")
        )
        if name:
            self.manifest = Path(name)
            self._show_state()

    @Slot()
    def ask_library(self) -> None:
        """Ask for a library; given up, the one in use is taken again."""
        say = self.look_of.say
        kinds = f"{say('bench.libraries')};;{say('bench.all_files')}"
        name, _ = QFileDialog.getOpenFileName(self, say("evaluate.do_other"), "", kinds)
        self.library = Path(name) if name else None
        self._show_state()

    @property
    def plan(self) -> Plan:
        """What is to be measured."""
        return Plan(
            leave_out=self.leave_out.isChecked(),
            distort=self.distort.isChecked(),
            sums=self.sums.value(),
            folds=5 if self.leave_out.isChecked() else 0,
        )

    # --- running --------------------------------------------------------------------------------

    @Slot()
    def begin(self) -> None:
        """Run the evaluation."""
        use, manifest, library, plan = self._use, self.manifest, self.library, self.plan
        column = self.column_box.column
        if use is not None and manifest is not None and not self.work.busy:
            self._say_end("")
            self.work_line.show_progress(0.0, None)
            make = use.evaluate
            self.work.begin(
                f"Evaluating {manifest.name}", lambda: make(manifest, library, plan, column)
            )

    @Slot(object)
    def _on_steps(self, steps: list[tuple[float, str]]) -> None:
        fraction = steps[-1][0]
        left = seconds_left(time.monotonic() - self.work.began_s, fraction)
        self.work_line.show_progress(fraction, left)

    @Slot(object)
    def _on_ended(self, found: Evaluation) -> None:
        self.found = found
        self._say_end("evaluate.ended")
        self._show_state()
        self.show_view(self.view)

    @Slot()
    def _on_stopped(self) -> None:
        self._say_end("evaluate.stopped")

    @Slot(object, str)
    def _on_failed(self, error: SpectraError, _details: str) -> None:
        self._end = ""
        self.say_trouble(error)

    def _say_end(self, key: str) -> None:
        self._end = key
        n = self.found.figures["n"] if self.found is not None else 0
        self.say_line(self.look_of.say(key, n=n) if key else "")

    # --- what is shown --------------------------------------------------------------------------

    def _name(self) -> str:
        say = self.look_of.say
        return f"{say('tech.evaluate')} - {say(f'evaluate.tab_{self.view}')}"

    def show_view(self, name: str) -> None:
        """Show one of the tables or plots."""
        self.view = name
        self.tabs[name].setChecked(True)
        plotted = name in PLOTS
        self.body.setCurrentWidget(self.plot if plotted else self.table)
        self.save_plot.setVisible(plotted)
        self.save_table.setVisible(not plotted)
        look, found = self.look_of, self.found
        if found is None:
            self.plot.show_drawing(Drawing())
            self.note.setText(look.say("evaluate.nothing"))
        elif plotted:
            drawing, note = PLOTS[name](found.figures, look)
            self.plot.show_drawing(drawing)
            self.note.setText(note)
        else:
            self._show_sheet(name)
            self.note.setText(look.say("evaluate.bounds_note"))

    def _show_sheet(self, name: str) -> None:
        if self.found is None:
            return
        sheet = SHEETS[name](self.found.figures, self.look_of.texts)
        self.model.show_sheet(sheet)
        self.table.setAccessibleName(self._name())
        for place, width in enumerate(widths(sheet.columns)[:-1]):
            self.table.setColumnWidth(place, width)

    @Slot()
    def _show_state(self) -> None:
        say, busy = self.look_of.say, self.work.busy
        chosen: tuple[QWidget, ...] = (
            self.scans, self.other, self.leave_out, self.distort, self.sums, self.column_box,
        )  # fmt: skip
        for widget in chosen:
            widget.setEnabled(not busy)
        self.start.setEnabled(not busy and self.manifest is not None)
        self.work_line.setVisible(busy)
        self.work_line.stop.setEnabled(busy and not self.work.stopping)
        for button in (self.answers, self.report, self.save_plot, self.save_table):
            button.setEnabled(self.found is not None and not busy)
        manifest, library = self.manifest, self.library
        self.library_line.setVisible(bool(manifest or library))  # what to do needs the whole line
        self.scans_line.set_text(
            say("evaluate.with_scans", where=str(manifest)) if manifest else say("evaluate.choose")
        )
        self.library_line.set_text(
            say("evaluate.with_library", where=str(library)) if library else say("evaluate.in_use")
        )

    # --- what is written ------------------------------------------------------------------------

    @Slot()
    def ask_answers(self) -> None:
        """Ask for a folder, and write every answer and the figures into it."""
        use, found = self._use, self.found
        name = QFileDialog.getExistingDirectory(self, self.look_of.say("evaluate.do_answers"))
        if name and use is not None and found is not None:
            write = use.write_evaluation
            self._write(lambda: write(found, Path(name))[0].parent)

    @Slot()
    def ask_report(self) -> None:
        """Ask where to save the validation report, and write it."""
        use, found, say = self._use, self.found, self.look_of.say
        kinds = {".pdf": say("evaluate.pdf")}
        path = ask_path(self, say("evaluate.do_report"), say("evaluate.report_name"), kinds)
        if path is not None and use is not None and found is not None:
            self.write_report(path)

    def write_report(self, path: Path) -> None:
        """Write the validation report."""
        use, found = self._use, self.found
        if use is not None and found is not None:
            write = use.write_validation

            def act() -> Path:
                write(found, path)
                return path

            self._write(act)

    def _write(self, act: Callable[[], Path]) -> None:
        self._say_end("evaluate.writing")
        self.waiting += 1

        def told(path: Path) -> None:
            self._end = ""
            self.say_line(self.look_of.say("evaluate.written", path=str(path)))

        title = "Writing an evaluation"
        self._lane.submit(
            Job(title, lambda _tell, _stop: act(), lambda job: self._ended(job, told))
        )
