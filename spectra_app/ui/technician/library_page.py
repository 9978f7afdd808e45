"""The library browser: every entry found as one types, and all that is known of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QItemSelection, QMetaMethod, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.check_book import SEVERITIES, KeptCheck, kept_check
from spectra_app.services.coverage import (
    families_to_cover,
    library_coverage,
    lists_to_cover,
)
from spectra_app.services.curation import Person
from spectra_app.services.library_catalogue import (
    KINDS,
    Catalogue,
    CatalogueRow,
    EntryView,
    Sought,
    catalogue,
    entry_view,
)
from spectra_app.services.reviewing import is_own, save_edits, withdraw
from spectra_app.ui.fitted import ElidedLabel
from spectra_app.ui.flat_model import choose_row, dress_table
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL
from spectra_app.ui.plot_export import Figure, keep_plot
from spectra_app.ui.tables import copyable
from spectra_app.ui.technician.area import Bench
from spectra_app.ui.technician.bench_page import BenchPage, Tell
from spectra_app.ui.technician.coverage_view import CoverageView
from spectra_app.ui.technician.editor_panel import EditorPanel
from spectra_app.ui.technician.entry_panel import EntryPanel
from spectra_app.ui.technician.library_model import WIDTHS, LibraryModel
from spectra_app.wording import ALARMS

ROW = 32
FILTERS = ("family", "kind", "alarm", "finding")
FINDINGS = (*SEVERITIES, "none")
LEVELS = tuple(level for level in ALARMS if level != "container")


class LibraryPage(BenchPage):
    """Entries of the library in use, or of a library file.

    Parameters
    ----------
    look : Look
        Language and theme.
    bench : Bench
        What the technician's pages work with.
    """

    examine_wanted = Signal(object, str, str)
    """A reference is to be laid over a scan: its spectrum, its name, its kind."""

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench)
        self.found: Catalogue | None = None
        self.check: KeptCheck | None = None
        self.search, self.count, self.about = QLineEdit(), QLabel(), ElidedLabel()
        self.filters = {name: QComboBox() for name in FILTERS}
        self.model, self.table = LibraryModel(look, self), QTableView()
        self.entry, self.views = EntryPanel(look), QStackedWidget()
        self.in_use, self.open, self.examine = QPushButton(), QPushButton(), QPushButton()
        self.editor, self.coverage = EditorPanel(look), CoverageView(look)
        self.edit, self.cover, self.beside = QPushButton(), QPushButton(), QStackedWidget()
        self._seen = -1
        self._wanted_row: CatalogueRow | None = None
        self._lay_out()
        self._connect()
        self.keeper = copyable(self.table, look, bench.lane, self._file_name)
        plot = Figure(self.entry.plot.widget, self.entry.plot.redraw, self._plot_title)
        self.plot_keeper = keep_plot(plot, look, bench.lane)
        look.tell(self.retell)

    # --- made once --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        for button in (self.edit, self.cover):
            button.setCheckable(True)
        for button in (self.edit, self.cover, self.in_use, self.open):
            button.setObjectName("segment")
            self.top.addWidget(button)
        self.about.setObjectName("muted")
        self.column.addWidget(self.about)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.count)
        column.addWidget(self.table, 1)
        shown = QWidget()
        beside = QVBoxLayout(shown)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.entry, 1)
        beside.addWidget(self.examine)
        right = self.beside
        right.addWidget(shown)
        right.addWidget(self.editor)
        split = QSplitter()
        split.addWidget(left)
        split.addWidget(right)
        split.setChildrenCollapsible(False)
        split.setSizes([560, 440])
        browse = QWidget()
        whole = QVBoxLayout(browse)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(self._filter_row())
        whole.addWidget(split, 1)
        self.views.addWidget(browse)
        self.views.addWidget(self.coverage)
        self.column.addWidget(self.views, 1)
        self._dress_table()

    def _filter_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.search.setClearButtonEnabled(True)
        row.addWidget(self.search, 2)
        for box in self.filters.values():
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(10)
            row.addWidget(box, 2)
        for widget in (self.search, *self.filters.values()):
            widget.setMinimumHeight(TALL)
        return row

    def _dress_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        dress_table(table, ROW, WIDTHS, icon_px=20)

    def _connect(self) -> None:
        self.search.textChanged.connect(self.look_up)
        self.search.returnPressed.connect(self._to_table)
        for box in self.filters.values():
            box.activated.connect(self.look_up)
        self.table.selectionModel().selectionChanged.connect(self._on_chosen)
        self.in_use.clicked.connect(lambda: self.bench.shelf.take(None))
        self.open.clicked.connect(self._ask_file)
        self.examine.clicked.connect(self._examine)
        self.edit.toggled.connect(lambda on: self.beside.setCurrentIndex(int(on)))
        self.cover.toggled.connect(self._on_cover)
        self.coverage.wanted.connect(self._cover)
        self.editor.save_wanted.connect(self._save)
        self.editor.withdraw_wanted.connect(self._withdraw)
        self.editor.add_wanted.connect(self.bench.shelf.ask_for_more)
        self.bench.shelf.changed.connect(self._on_shelf)
        for keys, act in (("Ctrl+F", self._to_search), ("Ctrl+O", self._ask_file)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def _file_name(self) -> str:
        return self.found.info.name if self.found is not None else ""

    def _plot_title(self) -> str:
        return " · ".join(curve.name for curve in self.entry.plot.curves)

    # --- words ------------------------------------------------------------------------------------

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("library.title"))
        self.in_use.setText(say("library.in_use"))
        self.open.setText(say("library.open"))
        self.open.setToolTip(say("library.open_hint"))
        self.examine.setText(say("library.examine"))
        self.examine.setToolTip(say("library.examine_hint"))
        self.edit.setText(say("library.edit"))
        self.cover.setText(say("library.coverage"))
        self.cover.setToolTip(say("library.coverage_hint"))
        self.search.setPlaceholderText(say("library.search"))
        self.search.setAccessibleName(say("library.search_name"))
        self.search.setToolTip(say("library.search_hint"))
        self.table.setAccessibleName(say("library.title"))
        self.model.retell()
        self._retell_filters()
        self._retell_library()
        self.table.viewport().update()

    def _retell_filters(self) -> None:
        say = self.look_of.say
        families = self.found.families if self.found is not None else ()
        offered = {
            "family": [(family, self.look_of.texts.put(family)) for family in families],
            "kind": [(kind, self.look_of.word("kind", kind)) for kind in KINDS],
            "alarm": [(level, say(f"library.level_{level}")) for level in LEVELS],
            "finding": [(code, say(f"library.severity_{code}")) for code in FINDINGS],
        }
        for name, box in self.filters.items():
            chosen = box.currentData() or ""
            box.clear()
            box.addItem(say(f"library.any_{name}"), "")
            for code, words in offered[name]:
                box.addItem(words, code)
            box.setCurrentIndex(max(0, box.findData(chosen)))
            box.setAccessibleName(say(f"library.by_{name}"))
            box.setToolTip(say(f"library.by_{name}"))

    def _retell_library(self) -> None:
        say, found = self.look_of.say, self.found
        self.examine.setEnabled(self.entry.view is not None)
        used = QMetaMethod.fromSignal(self.examine_wanted)
        self.examine.setVisible(self.isSignalConnected(used))
        own = is_own(self.bench.shelf.path)
        self.edit.setEnabled(not own)
        self.edit.setToolTip(say("library.edit_own" if own else "library.edit_hint"))
        if found is None:
            self.about.set_text("")
            self.count.setText("")
            return
        key = "library.about_in_use" if self.bench.shelf.path is None else "library.about_file"
        info = found.info
        self.about.set_text(
            say(
                key,
                name=info.name,
                version=info.version,
                entries=f"{info.entries:,}",
                substances=f"{info.substances:,}",
                file=found.path.name,
            )
        )
        self.about.setToolTip(self.look_of.texts.put(found.note))
        self.count.setText(
            say("library.shown", shown=f"{len(self.model.rows):,}", total=f"{len(found.rows):,}")
        )

    # --- which library ----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the library, the first time and when it was changed."""
        if self._seen != self.bench.shelf.news:
            self._read()

    @Slot()
    def _on_shelf(self) -> None:
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        path, self._seen = self.bench.shelf.path, self.bench.shelf.news
        self.run("Reading the library", partial_read(path), self._take)

    def _take(self, read: tuple[Catalogue, KeptCheck | None]) -> None:
        before, old = self._wanted_row, self.found
        same = old is not None and old.path == read[0].path
        self.found, self.check = read
        self.model.take(self.found.rows, self.check.marks() if self.check is not None else {})
        if not same:
            self.edit.setChecked(False)
            left = self.editor.turn_to(read[0].path)
            if left and old is not None:  # never dropped without a word
                self.say_line(
                    self.look_of.say("library.edits_left", count=left, file=old.path.name)
                )
            self.search.clear()
            self._wanted_row = None
            self.entry.show_entry(None, None)
        self.retell()
        self.look_up()
        wanted, self.bench.shelf.wanted = self.bench.shelf.wanted, ""
        self.show_entry(wanted or (before.entry if same and before else ""))

    @Slot()
    def _ask_file(self) -> None:
        say = self.look_of.say
        path, _kind = QFileDialog.getOpenFileName(
            self, say("library.open_title"), "", say("library.file_kind")
        )
        if path:
            self.bench.shelf.take(Path(path))

    # --- looking for entries ----------------------------------------------------------------------

    @Slot()
    def look_up(self) -> None:
        """Show the entries that fit what is typed and chosen."""
        chosen = {name: box.currentData() or "" for name, box in self.filters.items()}
        finding = chosen.pop("finding")
        self.model.find(Sought(self.search.text(), **chosen), finding)
        self._retell_library()
        self.show_entry(self._wanted_row.entry if self._wanted_row is not None else "")
        if finding and self.check is None and self.found is not None:
            self.say_line(self.look_of.say("library.not_checked"))

    @Slot()
    def _to_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    @Slot()
    def _to_table(self) -> None:
        if self.model.rows:
            self.table.setFocus()
            choose_row(self.table, 0)

    def show_entry(self, entry: str) -> None:
        """Choose an entry in the table where it is shown."""
        place = self.model.place_of(entry) if entry else -1
        if place >= 0:
            choose_row(self.table, place)
            self.table.scrollTo(self.model.index(place, 0))

    @Slot(QItemSelection, QItemSelection)
    def _on_chosen(self, chosen: QItemSelection, _before: QItemSelection) -> None:
        lines = chosen.indexes()
        if not lines or self.found is None:
            return
        row = self.model.rows[lines[0].row()]
        shown = self.entry.view
        if row is self._wanted_row and shown is not None and shown.record.entry == row.entry:
            return
        self._wanted_row = row
        path, today = self.found.path, datetime.now(UTC).date()
        if any(job.title == "Reading an entry" for job in self._jobs):
            return  # the newest choice is read when that has ended

        def work(_tell: Tell) -> tuple[CatalogueRow, EntryView]:
            return row, entry_view(path, row.row, row.entry, today)

        self.run("Reading an entry", work, self._take_entry)

    def _take_entry(self, read: tuple[CatalogueRow, EntryView]) -> None:
        row, view = read
        if self._wanted_row is not None and row is not self._wanted_row:
            self._read_again()
            return
        findings = None
        if self.check is not None:
            findings = [one for one in self.check.findings if row.entry in dict(one.entries)]
        self.entry.show_entry(view, findings)
        self.editor.show_entry(view.record)
        self._retell_library()

    def _read_again(self) -> None:
        """Read the entry that was chosen while another one was read."""
        chosen = self.table.selectionModel().selection()
        self._on_chosen(chosen, QItemSelection())

    # --- editing ----------------------------------------------------------------------------------

    def _who(self) -> Person:
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return Person(self.person, now)

    @Slot(object, str)
    def _save(self, changes: dict[str, dict[str, str]], reason: str) -> None:
        path, person = self.bench.shelf.path, self._who()

        def then(versions: dict[str, str]) -> None:
            self.editor.was_saved(versions)
            shown = self._wanted_row
            now = versions.get(shown.entry, shown.entry) if shown is not None else ""
            self.bench.shelf.wanted = now
            self.bench.shelf.touch()

        work = partial(save_edits, path, changes, person, reason)
        self.run("Saving edits", lambda _tell: work(), then)

    @Slot(str, str)
    def _withdraw(self, entry: str, reason: str) -> None:
        path, person = self.bench.shelf.path, self._who()

        def then(_none: object) -> None:
            self.editor.reason.clear()
            self.bench.shelf.touch()

        work = partial(withdraw, path, entry, person, reason)
        self.run("Withdrawing an entry", lambda _tell: work(), then)

    # --- coverage ---------------------------------------------------------------------------------

    @Slot(bool)
    def _on_cover(self, on: bool) -> None:
        self.views.setCurrentIndex(int(on))
        if on and not self.coverage.lists.count():
            self.run("Looking for lists", lambda _tell: _lists(), self._offer)
        elif on:
            self._cover(self.coverage.lists.currentData())

    def _offer(self, names: tuple[str, ...]) -> None:
        self.coverage.offer(names)
        if names:
            self._cover(names[0])

    @Slot(str)
    def _cover(self, name: str) -> None:
        path, today = self.bench.shelf.path, datetime.now(UTC).date()
        work = partial(library_coverage, path, name, today)
        self.run("Comparing with a list", lambda _tell: work(), self.coverage.show_coverage)

    @Slot()
    def _examine(self) -> None:
        view = self.entry.view
        if view is not None:
            self.examine_wanted.emit(view.spectrum, view.record.name, view.record.kind)


def _lists() -> tuple[str, ...]:
    return (*lists_to_cover(), *families_to_cover())


def partial_read(path: Path | None) -> Callable[[Tell], tuple[Catalogue, KeptCheck | None]]:
    """Return the work of reading a library and what the last check of it found."""

    def work(tell: Tell) -> tuple[Catalogue, KeptCheck | None]:
        found = catalogue(path, datetime.now(UTC).date(), progress=tell)
        return found, kept_check(found.info.sha256)

    return work
