"""The import of references: files, names, library, check, done; it can be left and resumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QItemSelection, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QPushButton

from spectra_app.services.curation import Person
from spectra_app.services.import_looking import Column, Looked, files_in, look_at, who_is
from spectra_app.services.import_session import (
    Imported,
    ImportState,
    Item,
    Verdict,
    bring_in,
    check_target,
    forget_import,
    identified,
    items_of,
    keep_import,
    kept_import,
    trial,
)
from spectra_app.services.library_catalogue import EntryRecord
from spectra_app.ui.flat_model import choose_row
from spectra_app.ui.look import Look
from spectra_app.ui.technician.area import Bench
from spectra_app.ui.technician.bench_page import BenchPage, Tell
from spectra_app.ui.technician.import_forms import DonePanel, TargetForm
from spectra_app.ui.technician.import_model import Row
from spectra_app.ui.technician.import_table import ImportTable
from spectra_app.ui.technician.profile_dialog import ProfileDialog
from spectra_app.ui.technician.wizard import StepFrame

STEPS = ("files", "names", "target", "check", "done")
ALARMS = ("contradiction", "error")
TABLES = {0: "files", 1: "names", 3: "check"}


class ImportPage(BenchPage):
    """The wizard of imports.

    Parameters
    ----------
    look : Look
        Language and theme.
    bench : Bench
        What the technician's pages work with.
    """

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench)
        self.frame = StepFrame(look, [f"library.import_step_{name}" for name in STEPS])
        self.table, self.form, self.end = ImportTable(look), TargetForm(look), DonePanel(look)
        self.begin_anew = QPushButton()
        self.begin_anew.setObjectName("segment")
        self._loaded = self._tried = False
        self._for: EntryRecord | None = None
        self.top.addWidget(self.begin_anew)
        for widget in (self.table, self.form, self.end):
            self.frame.stack.addWidget(widget)
        self.column.addWidget(self.frame, 1)
        self.setAcceptDrops(True)
        self._connect()
        self.frame.show_step(0, 0)
        look.tell(self.retell)

    def _connect(self) -> None:
        table = self.table
        self.frame.wanted.connect(self.go_to)
        self.begin_anew.clicked.connect(self._begin_anew)
        table.files.clicked.connect(self._ask_files)
        table.folder.clicked.connect(self._ask_folder)
        table.again.clicked.connect(self._try)
        table.state_laser.clicked.connect(self._state_laser)
        table.state_all.clicked.connect(lambda: self._state(table.without_laser()))
        table.describe.clicked.connect(self._describe)
        table.intensities.activated.connect(self._read_all_again)
        table.model.typed.connect(self._look_up)
        table.model.chosen.connect(self._keep)
        table.view.selectionModel().selectionChanged.connect(self._on_row)
        self.form.changed.connect(self._keep)
        self.end.add.clicked.connect(self._bring_in)
        self.end.show_it.clicked.connect(self._show_library)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("library.import_title"))
        self.begin_anew.setText(say("library.import_anew"))
        self.begin_anew.setToolTip(say("library.import_anew_hint"))
        self._show_buttons()

    # --- leaving and resuming ---------------------------------------------------------------------

    def refresh(self) -> None:
        """Take up the import that was left, the first time."""
        if not self._loaded:
            self._loaded = True
            self.run(
                "Looking for an import that was left", lambda _tell: kept_import(), self._resume
            )

    def _resume(self, state: ImportState | None) -> None:
        if state is None or self.table.model.rows:
            self._show_buttons()
            return
        box = self.table.intensities
        box.setCurrentIndex(max(0, box.findData(state.column)))
        self.form.put(state.target, dict(state.about))
        self.table.model.take([Row(item) for item in state.items])
        self.go_to(min(state.step, 3))
        self.say_line(self.look_of.say("library.import_resumed", by=state.by))
        self._read_rows()

    def state(self) -> ImportState:
        """Return how far the import is."""
        return ImportState(
            self.frame.now,
            tuple(row.item for row in self.table.model.rows),
            self.form.about(),
            self.form.target.text().strip(),
            self.table.intensities.currentData() or "",
            self.person,
        )

    @Slot()
    def _keep(self) -> None:
        state = self.state()
        self._show_buttons()
        self.run("Keeping the import", lambda _tell: keep_import(state), lambda _none: None)

    @Slot()
    def _begin_anew(self) -> None:
        self.stop_work()
        self._tried = False
        self.table.model.take([])
        self.form.put("", {})
        self.table.show_looked(None, 0)
        self.frame.show_step(0, 0)
        self.frame.reached = 0
        self._show_step(0)
        self.run("Forgetting the import", lambda _tell: forget_import(), lambda _none: None)

    # --- steps ------------------------------------------------------------------------------------

    @Slot(int)
    def go_to(self, step: int) -> None:
        """Go to a step; what is needed before it is said where it lacks."""
        lacks = self._lacks(step)
        if lacks:
            self.say_line(lacks, problem=True)
            return
        self.say_line("")
        self.frame.show_step(step, self.frame.reached)
        self._show_step(step)
        self._keep()
        if step == 1:
            self._look_up_all()
        if step == 3 and not self._tried:
            self._try()

    def _lacks(self, step: int) -> str:
        say, state = self.look_of.say, self.state()
        if step >= 1 and not state.taken:
            return say("library.import_nothing")
        if step >= 2 and any(not item.name for item in state.taken):
            return say("library.import_nameless")
        if step >= 3 and not state.target:
            return say("library.import_no_target")
        return say("library.import_not_tried") if step >= 4 and not self._tried else ""

    def _show_step(self, step: int) -> None:
        if step in TABLES:
            self.table.show_step(TABLES[step])
            self.frame.stack.setCurrentWidget(self.table)
        elif step == 2:
            self.frame.stack.setCurrentWidget(self.form)
        else:
            state = self.state()
            left = len(state.items) - len(state.taken)
            self.end.show_plan(len(state.taken), left, state.target)
            self.frame.stack.setCurrentWidget(self.end)
        self._show_buttons()

    def _show_buttons(self) -> None:
        self.begin_anew.setVisible(bool(self.table.model.rows))
        done = self.end.done is not None and self.frame.now == len(STEPS) - 1
        self.frame.back.setEnabled(self.frame.now > 0 and not done)

    def begin_for(self, record: EntryRecord, target: Path) -> None:
        """Begin with other spectra of the substance of an entry, for its library."""
        self._for = record
        self._loaded = True
        if not self.form.target.text():
            self.form.target.setText(str(target))
        self.go_to(0)
        self._ask_files()

    # --- files ------------------------------------------------------------------------------------

    @Slot()
    def _ask_files(self) -> None:
        paths, _kind = QFileDialog.getOpenFileNames(self, self.look_of.say("library.import_files"))
        self.add_files([Path(path) for path in paths])

    @Slot()
    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.look_of.say("library.import_folder"))
        if folder:
            self.add_files([Path(folder)])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what is dropped."""
        self.add_files([Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()])

    def add_files(self, chosen: Sequence[Path]) -> None:
        """Read files, and those in folders, and show what they are."""
        if not chosen:
            return
        column = self._column()
        known = {row.item.file for row in self.table.model.rows}
        if self.frame.now != 0:
            self.go_to(0)

        def work(tell: Tell) -> list[tuple[Looked, tuple[Item, ...]]]:
            found, paths = [], [path for path in files_in(chosen) if str(path) not in known]
            for place, path in enumerate(paths):
                tell(place / len(paths), path.name)
                looked = look_at(path, column=column)
                found.append((looked, items_of(looked)))
            return found

        self.run("Reading the files", work, self._add)

    def _add(self, found: list[tuple[Looked, tuple[Item, ...]]]) -> None:
        model = self.table.model
        new = [
            Row(_named(item, self._for), looked, place)
            for looked, items in found
            for place, item in enumerate(items)
        ]
        self._for = None
        self._tried = False
        model.take([*model.rows, *new])
        if model.rows:
            choose_row(self.table.view, max(0, len(model.rows) - len(new)))
        self._keep()

    def _column(self) -> Column | None:
        chosen: Column | None = self.table.intensities.currentData() or None
        return chosen

    @Slot()
    def _read_all_again(self) -> None:
        """Read every file anew, for other intensities."""
        self._tried = False
        self._read_rows()

    def _read_rows(self) -> None:
        """Read the files of the rows; a spectrum that is not there any more is left out."""
        rows, column = list(self.table.model.rows), self._column()

        def work(tell: Tell) -> list[Row]:
            looks: dict[tuple[str, str], Looked] = {}
            found = []
            for place, row in enumerate(rows):
                tell(place / max(1, len(rows)), row.item.file)
                laser = row.item.laser_nm
                key = row.item.file, laser
                if key not in looks:
                    stated = float(laser) if laser else None
                    looks[key] = look_at(Path(row.item.file), column=column, laser_nm=stated)
                found.append(_of(row, looks[key]))
            return found

        self.run("Reading the files", work, self._take_rows)

    def _take_rows(self, rows: list[Row]) -> None:
        chosen = self.table.chosen()
        self.table.model.take(rows)
        choose_row(self.table.view, min(max(chosen, 0), len(rows) - 1))
        self._keep()

    @Slot()
    def _state_laser(self) -> None:
        """State the laser line of the file that is shown, and read it again."""
        place = self.table.chosen()
        if place >= 0:
            self._state({self.table.model.rows[place].item.file})

    def _state(self, files: set[str]) -> None:
        """State the laser line of files, and read them again."""
        model, laser = self.table.model, self.table.laser.value()
        for at, row in enumerate(model.rows):
            if row.item.file in files:
                model.put(at, replace(row, item=replace(row.item, laser_nm=f"{laser:g}")))
        self._tried = False
        self._read_rows()

    @Slot()
    def _describe(self) -> None:
        """Say how a table is cut that no reader knows; files like it are read so from then on."""
        place = self.table.chosen()
        looked = self.table.model.rows[place].looked if place >= 0 else None
        if looked is None or looked.proposal is None:
            return
        dialog = ProfileDialog(self, self.look_of, self.bench.lane, looked)
        dialog.kept.connect(self._read_rows)
        dialog.open()

    @Slot(QItemSelection, QItemSelection)
    def _on_row(self, _now: QItemSelection, _before: QItemSelection) -> None:
        place = self.table.chosen()
        row = self.table.model.rows[place] if 0 <= place < len(self.table.model.rows) else None
        self.table.show_looked(row.looked if row else None, row.place if row else 0)

    # --- names ------------------------------------------------------------------------------------

    @Slot(int)
    def _look_up(self, place: int) -> None:
        self._tried = False
        self._find_out([place])

    def _look_up_all(self) -> None:
        self._find_out([at for at, row in enumerate(self.table.model.rows) if row.who is None])

    def _find_out(self, places: list[int]) -> None:
        rows = [(at, self.table.model.rows[at]) for at in places]

        def work(_tell: Tell) -> list[tuple[int, Row, Row]]:
            found = []
            for at, row in rows:
                item = identified(row.item)
                hits = who_is(item.name, item.cas, item.inchikey)
                names = tuple(hit.substance.name for hit in hits)
                found.append((at, row, replace(row, item=item, who=names)))
            return found

        self.run("Looking names up", work, self._take_names)

    def _take_names(self, found: list[tuple[int, Row, Row]]) -> None:
        for at, before, row in found:
            if at < len(self.table.model.rows) and self.table.model.rows[at] is before:
                self.table.model.put(at, row)
        self._keep()

    # --- trying and bringing in -------------------------------------------------------------------

    def _who(self) -> Person:
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return Person(self.person, now)

    @Slot()
    def _try(self) -> None:
        state, person = self.state(), self._who()

        def work(tell: Tell) -> list[Verdict]:
            check_target(Path(state.target))
            return trial(state, person, tell)

        self.run("Checking what is to enter", work, self._judge)

    def _judge(self, verdicts: list[Verdict]) -> None:
        model = self.table.model
        places = [at for at, row in enumerate(model.rows) if row.item.take]
        if len(places) != len(verdicts):  # somebody left one out meanwhile
            return
        for at, verdict in zip(places, verdicts, strict=True):
            row = replace(model.rows[at], verdict=verdict)
            if verdict.severity in ALARMS:  # enters only when a person ticks it
                row = replace(row, item=replace(row.item, take=False, why_not=str(verdict)))
            model.put(at, row)
        self._tried = True
        self.table.fit_rows()
        self._keep()

    @Slot()
    def _bring_in(self) -> None:
        state, person = self.state(), self._who()

        def work(tell: Tell) -> Imported:
            done = bring_in(state, person, tell)
            forget_import()
            return done

        self.end.add.setEnabled(False)
        job = self.run("Adding to the library", work, self._added)
        job.also(lambda _job: self.end.add.setEnabled(True))

    def _added(self, done: Imported) -> None:
        self.table.model.take([])
        self._tried = False
        self.frame.reached = 0
        self.end.show_done(done)
        self.frame.steps.show_step(len(STEPS) - 1, 0)
        self._show_buttons()
        self.bench.shelf.touch()

    @Slot()
    def _show_library(self) -> None:
        if self.end.done is not None:
            self.bench.shelf.take(self.end.done.library)
            self.bench.shelf.shown.emit()


def _named(item: Item, record: EntryRecord | None) -> Item:
    """Return an item of the substance of an entry, where it is for one."""
    if record is None:
        return item
    return replace(item, name=record.name, cas=record.cas, inchikey=record.inchikey)


def _of(row: Row, looked: Looked) -> Row:
    """Return a row with its file read anew; what it is follows the file."""
    names = [_name(looked, place) for place in range(len(looked.spectra))]
    if looked.error is not None or row.item.spectrum not in names:
        if len(looked.spectra) == 1 and looked.error is None:
            names = [row.item.spectrum]
        else:
            why = items_of(looked)[0].why_not
            gone = replace(row.item, take=False, why_not=why or row.item.spectrum)
            return replace(row, item=gone, looked=looked, place=0)
    refused = row.looked is None or row.looked.error is not None
    item = replace(row.item, take=True, why_not="") if refused and row.item.why_not else row.item
    if row.looked is None:  # resumed: what a person left out stays out
        item = row.item
    return replace(row, item=item, looked=looked, place=names.index(row.item.spectrum))


def _name(looked: Looked, place: int) -> str:
    """Return what a spectrum of a file is called in its item."""
    found = items_of(looked)
    return found[place].spectrum if place < len(found) else ""
