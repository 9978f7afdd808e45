"""A draft library on its way out: review, about, signatures, package; left and resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableView,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from spectra_app.services.curation import Person
from spectra_app.services.keys import open_private
from spectra_app.services.office import Office, Session
from spectra_app.services.releasing import UNCHECKED, Released, Wanted
from spectra_app.services.reviewing import (
    Review,
    draft_copy,
    keep_release,
    kept_release,
    mark_released,
    mark_reviewed,
    review_of,
)
from spectra_app.services.station import now_utc
from spectra_app.services.station_release import release_here
from spectra_app.services.users import log_in, log_out
from spectra_app.ui.fitted import ElidedLabel
from spectra_app.ui.flat_model import dress_table
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL
from spectra_app.ui.tables import copyable
from spectra_app.ui.technician.area import Bench
from spectra_app.ui.technician.bench_page import BenchPage, Tell
from spectra_app.ui.technician.finding_model import ROW
from spectra_app.ui.technician.import_forms import NEW_DRAFT
from spectra_app.ui.technician.release_forms import AboutForm, SignForm
from spectra_app.ui.technician.review_model import WIDTHS, ReviewModel
from spectra_app.ui.technician.wizard import StepFrame

NEW_PACKAGE = "library.spectralib"
STEPS = ("review", "about", "sign", "package")
Told = dict[str, str]


class ReleasePage(BenchPage):
    """The wizard of reviews and releases.

    Parameters
    ----------
    look : Look
        Language and theme.
    bench : Bench
        What the technician's pages work with.
    """

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench)
        self.review: Review | None = None
        self.copy, self.about_library = QPushButton(), ElidedLabel()
        self.model, self.table = ReviewModel(look, self), QTableView()
        self.hint, self.counts = QLabel(), QLabel()
        self.reviewed, self.released = QPushButton(), QPushButton()
        self.about, self.sign = AboutForm(look), SignForm(look)
        self.make, self.result = QPushButton(), QTextBrowser()
        self.frame = StepFrame(look, [f"library.release_step_{name}" for name in STEPS])
        self.done: Released | None = None
        self._seen = -1
        self._lay_out()
        self._connect()
        self.keeper = copyable(self.table, look, bench.lane, self._file_name)
        self.frame.show_step(0, 0)
        look.tell(self.retell)

    def _lay_out(self) -> None:
        self.copy.setObjectName("segment")
        self.top.addWidget(self.copy)
        self.about_library.setObjectName("muted")
        self.column.addWidget(self.about_library)
        self.table.setModel(self.model)
        dress_table(self.table, ROW, WIDTHS, wide=3)
        self.table.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.hint.setWordWrap(True)
        self.hint.setObjectName("hint")
        first = QWidget()
        column = QVBoxLayout(first)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.hint)
        column.addWidget(self.counts)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        for button in (self.reviewed, self.released):
            button.setMinimumHeight(TALL)
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        last = QWidget()
        end = QVBoxLayout(last)
        end.setContentsMargins(0, 0, 0, 0)
        self.make.setObjectName("primary")
        self.make.setMinimumHeight(TALL)
        beside = QHBoxLayout()
        beside.addWidget(self.make)
        beside.addStretch(1)
        end.addLayout(beside)
        end.addWidget(self.result, 1)
        for page in (first, self.about, self.sign, last):
            self.frame.stack.addWidget(page)
        self.column.addWidget(self.frame, 1)

    def _connect(self) -> None:
        self.frame.wanted.connect(self.go_to)
        self.copy.clicked.connect(self._ask_copy)
        self.reviewed.clicked.connect(lambda: self._mark(mark_reviewed))
        self.released.clicked.connect(lambda: self._mark(mark_released))
        self.about.changed.connect(self._keep)
        self.sign.changed.connect(self._show_buttons)
        self.make.clicked.connect(self._ask_package)
        self.bench.shelf.changed.connect(self._on_shelf)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("library.release_title"))
        self.copy.setText(say("library.draft_copy"))
        self.copy.setToolTip(say("library.draft_copy_hint"))
        self.hint.setText(say("library.release_hint"))
        self.reviewed.setText(say("library.mark_reviewed"))
        self.released.setText(say("library.mark_released"))
        self.make.setText(say("library.release_make"))
        self.table.setAccessibleName(say("library.release_title"))
        self.model.retell()
        self._tell_library()
        self._tell_result()

    def _tell_library(self) -> None:
        say, review = self.look_of.say, self.review
        self._show_buttons()
        if review is None:
            return
        key = "library.release_own" if review.own else "library.release_draft"
        self.about_library.set_text(say(key, name=review.info.name, file=review.path.name))
        words = [
            say("library.count_of", count=count, status=say(f"library.status_{status}"))
            for status, count in review.counts.items()
            if status != "withdrawn"
        ]
        checked = say("library.checked" if review.check is not None else "library.not_checked")
        self.counts.setText("  ·  ".join((*words, checked)))

    def _show_buttons(self) -> None:
        own = self.review is None or self.review.own
        for button in (self.reviewed, self.released):
            button.setEnabled(not own)
        self.make.setEnabled(not own and self.sign.complete and self.done is None)

    def _file_name(self) -> str:
        return self.review.info.name if self.review is not None else ""

    # --- which library ----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read how far the library is, when something was changed."""
        if self._seen != self.bench.shelf.news:
            self._read()

    @Slot()
    def _on_shelf(self) -> None:
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        path, self._seen = self.bench.shelf.path, self.bench.shelf.news

        def work(tell: Tell) -> tuple[Review, Told]:
            review = review_of(path, tell)
            return review, kept_release(review.path)

        self.run("Reading how far a library is", work, self._take)

    def _take(self, read: tuple[Review, Told]) -> None:
        same = self.review is not None and self.review.path == read[0].path
        self.review = read[0]
        self.model.show_rows(self.review.rows)
        if not same:
            self.done = None
            self.about.put(read[1])
            self.frame.reached = 0
            step = int(read[1].get("step", "0"))
            self.go_to(min(step, 2) if not self.review.own else 0)
        self._tell_library()
        self._tell_result()

    @Slot()
    def _ask_copy(self) -> None:
        say, path = self.look_of.say, self.bench.shelf.path
        name, _kind = QFileDialog.getSaveFileName(
            self, say("library.draft_copy"), NEW_DRAFT, say("library.file_kind")
        )
        if name:
            target = Path(name if Path(name).suffix else f"{name}.h5")
            self.run("Copying the library", lambda _tell: draft_copy(path, target), self._copied)

    def _copied(self, path: Path) -> None:
        self.bench.shelf.take(path)

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
        self.frame.stack.setCurrentIndex(step)
        self._keep()
        self._show_buttons()
        self._tell_result()

    def _lacks(self, step: int) -> str:
        say, review = self.look_of.say, self.review
        if step >= 1 and (review is None or review.own):
            return say("library.release_needs_draft")
        if step >= 1 and review is not None and not review.counts["released"]:
            return say("library.release_nothing")
        return say("library.release_unsigned") if step >= 3 and not self.sign.complete else ""

    @Slot()
    def _keep(self) -> None:
        if self.review is None or self.review.own:
            return
        path = self.review.path
        told = {**self.about.told(), "step": str(self.frame.now)}
        self.run("Keeping the release", lambda _tell: keep_release(path, told), lambda _none: None)

    def _mark(self, act: Callable[[Path | None, Sequence[str], Person], None]) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        path, person = self.bench.shelf.path, Person(self.person, at)
        chosen = self.table.selectionModel().selectedRows()
        entries = [self.model.rows[index.row()].entry for index in chosen]

        def then(_none: object) -> None:
            self.bench.shelf.touch()

        self.run("Marking entries", lambda _tell: act(path, entries, person), then)

    # --- the package ------------------------------------------------------------------------------

    @Slot()
    def _ask_package(self) -> None:
        say = self.look_of.say
        name, _kind = QFileDialog.getSaveFileName(
            self, say("library.release_make"), NEW_PACKAGE, say("library.package_files")
        )
        if name:
            self.release(Path(name))

    def release(self, out: Path) -> None:
        """Sign and write the package."""
        review, sign, told = self.review, self.sign, self.about.told()
        if review is None:
            return
        wanted = Wanted(told["notes"], int(told["days"]), told["name"], told["version"])
        keys = [
            (Path(sign.text(k)), sign.text(w)) for k, w in (("key", "words"), ("key2", "words2"))
        ]
        given = [(path, words) for path, words in keys if str(path) not in {"", "."}]
        second = sign.text("second"), sign.text("password")
        source = review.path

        def act(office: Office, session: Session, tell: Tell, _stop: Any) -> Released:
            tell(0.05, "")
            opened = [open_private(path, lambda _title, w=words: w) for path, words in given]  # type: ignore[misc]
            other = log_in(office, *second)
            try:
                return release_here(
                    office, session, other, source, out, keys=opened, wanted=wanted, now=now_utc()
                )
            finally:
                log_out(office, other)

        self.make.setEnabled(False)
        self.waiting += 1
        self.say_line(self.look_of.say("library.releasing"))
        self.records.work("Releasing a library", act, self._released)

    def _released(self, job: Job) -> None:
        if not isValid(self):
            return
        self.sign.forget()

        def then(done: Released) -> None:
            self.done = done
            self._tell_result()

        self._ended(job, then)
        self._show_buttons()

    def _tell_result(self) -> None:
        say, put, done = self.look_of.say, self.look_of.texts.put, self.done
        if done is None:
            count = self.review.counts["released"] if self.review is not None else 0
            lines = [say("library.release_plan", count=count)]
        else:
            manifest = done.manifest
            lines = [
                say("library.release_done", file=done.path.name, count=len(manifest["entries"])),
                say(
                    "library.release_number",
                    name=manifest["name"],
                    version=manifest["version"],
                    number=manifest["sequence"],
                    expires=manifest["expires"][:10],
                ),
            ]
            if done.missing and done.missing != UNCHECKED:
                lines.append(say("library.release_missing", why=put(done.missing)))
            elif done.missing:
                lines.append(say("library.release_unchecked"))
            else:
                lines.append(say("library.release_complete"))
            if done.left_out:
                left = self.look_of.texts.many(
                    say("library.count_of", count=n, status=say(f"library.status_{one}"))
                    for one, n in done.left_out.items()
                )
                lines.append(say("library.release_left", left=left))
        self.result.setHtml("".join(f"<p>{escape(line)}</p>" for line in lines))
        self.result.setAccessibleName(self.result.toPlainText())
