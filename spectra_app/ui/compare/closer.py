"""Looking closer at one result: its verdict on one line, candidates, and the mixture."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
)

from matching.errors import SpectraError
from spectra_app.reports.findings import verdict
from spectra_app.services.api import StudyUse
from spectra_app.services.comparing import Study
from spectra_app.services.identify import Identified
from spectra_app.ui.compare.candidates_view import CompareView
from spectra_app.ui.compare.mixture_view import MixtureView
from spectra_app.ui.fitted import ElidedLabel
from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.look import Look
from spectra_app.ui.shapes import shape_icon
from spectra_app.ui.theme import sized
from spectra_app.ui.troubles import told

VIEWS = ("compare", "mixture")
KEYS = {"compare": "Ctrl+7", "mixture": "Ctrl+8"}


class Closer(QFrame):
    """Two views of one result; what they need is asked of the lane when first shown.

    Parameters
    ----------
    look : Look
        Language and theme.
    lane : Lane
        Of library and analyser.
    use : StudyUse
        What can be asked.
    """

    left = Signal()

    def __init__(self, look: Look, lane: Lane, use: StudyUse) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look, self._lane, self._use = look, lane, use
        self._found: Identified | None = None
        self._study: Study | None = None
        self._asked: Identified | None = None
        self.shape, self.headline, self.presumptive = QLabel(), ElidedLabel(), QLabel()
        self.back, self.tabs = QPushButton(), {name: QPushButton() for name in VIEWS}
        self.compare, self.mixture = CompareView(look, lane), MixtureView(look, lane)
        self.stack = QStackedWidget()
        self._lay_out()
        self.back.clicked.connect(self.left)
        self.compare.pair_wanted.connect(self._ask_pair)
        self.mixture.trial_wanted.connect(self._ask_trial)
        look.tell(self.retell)
        look.paint(self._paint_shape)

    def _lay_out(self) -> None:
        row, group = QHBoxLayout(), QButtonGroup(self)
        row.setSpacing(8)
        self.headline.setFont(sized(self.headline.font(), 13, bold=True))
        self.presumptive.setObjectName("muted")
        for widget in (self.shape, self.headline, self.presumptive):
            row.addWidget(widget, 1 if widget is self.headline else 0)
        for name, tab in self.tabs.items():
            tab.setObjectName("segment")
            tab.setCheckable(True)
            tab.clicked.connect(lambda _c=False, name=name: self.show_view(name))
            group.addButton(tab)
            row.addWidget(tab)
        self.back.setObjectName("segment")
        row.addWidget(self.back)
        self.stack.addWidget(self.compare)
        self.stack.addWidget(self.mixture)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.addLayout(row)
        column.addWidget(self.stack, 1)
        self.tabs["compare"].setChecked(True)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        for name, tab in self.tabs.items():
            tab.setText(say(f"compare.{name}"))
            hint = say(f"compare.{name}_hint")
            tab.setToolTip(say("bar.hint", hint=hint, press=KEYS[name]))
            tab.setShortcut(KEYS[name])
        self.back.setText(say("compare.leave"))
        self.back.setToolTip(say("compare.leave_hint"))
        self.presumptive.setText(say("compare.presumptive"))
        if self._found is not None:
            self.headline.set_text(verdict(self._found.record, self._look.texts).headline)

    def _paint_shape(self) -> None:
        if self._found is None:
            return
        record, theme = self._found.record, self._look.theme
        picture = shape_icon(
            record.alarm, theme.alarm(record.alarm), theme["surface"],
            dashed=record.outcome == "lead",
        )  # fmt: skip
        self.shape.setPixmap(picture.pixmap(QSize(26, 26)))
        self.shape.setAccessibleName(self._look.word("alarm", record.alarm))

    def show_view(self, name: str) -> None:
        """Show the candidates or the mixture."""
        self.tabs[name].setChecked(True)
        self.stack.setCurrentWidget(self.compare if name == "compare" else self.mixture)
        self._ask_study()

    def show_found(self, found: Identified) -> None:
        """Show a result; what was found out about it already is kept while it is shown."""
        if self._found is not None and self._found.query is found.query:
            self._found = found  # the same scan, of which more became known
            return
        self._found, self._study, self._asked = found, None, None
        self.retell()
        self._paint_shape()
        self.compare.show_found(found, None)
        self.mixture.show_study(None)
        if self.isVisible():
            self._ask_study()

    def forget(self) -> None:
        """Wait for nothing any more."""
        self._found = self._study = self._asked = None

    # --- what is asked --------------------------------------------------------------------------

    def _ask_study(self) -> None:
        found = self._found
        if found is None or found.query is None or self._asked is found:
            return
        self._asked, study = found, self._use.study
        self._lane.submit(
            Job(
                f"Looking closer at {found.record.file}",
                lambda _tell, _stop: study(found),
                lambda job: self._on_study(found, job),
            )
        )

    def _on_study(self, found: Identified, job: Job) -> None:
        if self._asked is not found:
            return
        if job.error is not None:
            self._asked = None
            self._say(job.error)
        elif job.result is not None:
            self._study = job.result
            self.compare.show_study(job.result)
            self.mixture.show_study(job.result)

    @Slot(int, int)
    def _ask_pair(self, one: int, other: int) -> None:
        study, ask = self._study, self._use.pair
        if study is None:
            return

        def then(job: Job) -> None:
            if study is not self._study:
                return
            if job.error is not None:
                self._say(job.error)
            elif job.result is not None and (
                self.compare.upper.currentData(),
                self.compare.place,
            ) == (one, other):
                self.compare.show_pair(job.result)

        task = Job("Comparing two candidates", lambda _t, _s: ask(study, one, other), then)
        self._lane.submit(task)

    @Slot(object)
    def _ask_trial(self, entries: tuple[str, ...]) -> None:
        study, ask = self._study, self._use.trial
        if study is None:
            return

        def then(job: Job) -> None:
            if study is not self._study:
                return
            wanted = tuple(entry for entry, on in self.mixture.chosen.items() if on)
            if wanted != entries:
                return
            if job.error is not None:
                self.mixture.show_trouble(str(told(job.error, self._look.texts)))
            elif job.result is not None:
                self.mixture.show_trial(job.result)

        self._lane.submit(Job("Fitting components", lambda _t, _s: ask(study, entries), then))

    def _say(self, error: SpectraError) -> None:
        words = str(told(error, self._look.texts))
        self.compare.show_trouble(words)
        self.mixture.show_trouble(words)
