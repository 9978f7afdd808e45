"""Computing a result again, with progress and a way to stop, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout
from shiboken6 import isValid

from spectra_app.errors import ReplayError
from spectra_app.services.agreement import State
from spectra_app.services.office import Office, Session
from spectra_app.services.replay import AGREES, Replay, replay
from spectra_app.ui.lane import Job, Report
from spectra_app.ui.look import Look
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.troubles import told


class ReplayBox(QFrame):
    """Replay of the scans that a report rests on."""

    def __init__(self, look: Look, records: RecordsDesk) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look, self._records = look, records
        self._scans: tuple[str, ...] = ()
        self._job: Job | None = None
        self._done: list[Replay] = []
        self._words = ""
        self.title, self.said = QLabel(), QLabel()
        self.title.setObjectName("section")
        self.said.setWordWrap(True)
        self.go, self.stop, self.bar = QPushButton(), QPushButton(), QProgressBar()
        row = QHBoxLayout()
        row.addWidget(self.title, 1)
        for widget in (self.go, self.stop):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.addLayout(row)
        column.addWidget(self.bar)
        column.addWidget(self.said)
        self.bar.hide()
        self.stop.hide()
        self.go.clicked.connect(self._on_go)
        self.stop.clicked.connect(self._on_stop)
        records.lane.progressed.connect(self._on_progress)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.title.setText(say("review.replay"))
        self.go.setText(say("review.replay_go"))
        self.stop.setText(say("review.replay_stop"))
        self.bar.setAccessibleName(say("review.replay"))
        self._say()

    def show_scans(self, scans: tuple[str, ...]) -> None:
        """Be about other scans."""
        self._on_stop()
        self._scans, self._done, self._words = scans, [], ""
        self.go.setEnabled(bool(scans))
        self._say()

    def _say(self) -> None:
        words = [self._words] if self._words else []
        agrees = True
        for one in (result for done in self._done for result in done.results):
            agrees = agrees and one.state in AGREES
            words.append(self._look.say(f"replay.{State(one.state).name.lower()}", scan=one.scan))
            if one.difference is not None:
                path, before, now = one.difference.path, one.difference.before, one.difference.now
                words.append(self._look.say("review.differs", path=path, before=before, now=now))
            words.extend(self._look.texts.put(text) for text in (one.why, *one.environment) if text)
        shown = words or [self._look.say("review.replay_none")]
        self.said.setObjectName("hint" if agrees else "problem")
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.said.setText("\n".join(shown))

    @Slot()
    def _on_go(self) -> None:
        scans = self._scans
        self._show_running(running=True)

        def act(
            office: Office, session: Session, tell: Report, stop: Callable[[], bool]
        ) -> list[Replay]:
            def progress(share: float, words: str) -> None:
                tell((len(done) + share) / len(scans), words)
                if stop():
                    raise ReplayError("the replay was stopped", scans[0], "start it again")

            done: list[Replay] = []
            for scan in scans:
                done.append(replay(office, session, scan, progress=progress))  # noqa: PERF401  counted
            return done

        self._job = self._records.work("Computing results again", act, self._on_ended)

    @Slot()
    def _on_stop(self) -> None:
        if self._job is not None:
            self._job.ask_to_stop()

    def _on_ended(self, job: Job) -> None:
        if not isValid(self) or job is not self._job:
            return
        self._job = None
        self._show_running(running=False)
        self._done, self._words = job.result or [], ""
        if job.stopped:
            self._words = self._look.say("review.replay_stopped")
        elif job.error is not None:
            self._words = str(told(job.error, self._look.texts))
        self._say()

    def _show_running(self, *, running: bool) -> None:
        self.bar.setRange(0, 0 if len(self._scans) < 2 else 100)
        for widget, shown in ((self.bar, running), (self.stop, running), (self.go, not running)):
            widget.setVisible(shown)

    @Slot(object, float, str)
    def _on_progress(self, job: Job, share: float, _words: str) -> None:
        if job is self._job:
            self.bar.setValue(round(100 * share))
