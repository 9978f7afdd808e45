"""The large parts of the window, each imported and made after the window shows, or when asked for.

Scientific modules take seconds to import. They are imported on the lane of library and analyser;
what is of Qt on the painting thread, a little at a time; then each part is made in an idle moment.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from spectra_app import services
from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.look import LANGUAGES, Look, window_texts
from spectra_app.ui.once import Once
from spectra_app.ui.records_desk import RecordsDesk

if TYPE_CHECKING:
    from spectra_app.services.api import UseCases
    from spectra_app.ui.analyser_desk import AnalyserDesk
    from spectra_app.ui.officer.flow import OfficerFlow
    from spectra_app.ui.officer.screen import OfficerScreen
    from spectra_app.ui.supervisor.area import SupervisorArea
    from spectra_app.ui.technician.area import TechnicianArea

BEHIND = {
    "analyser": (
        (
            "spectra_app.services.desk", "numpy.typing", "cProfile", "pydoc",
            "xml.etree.ElementTree", "multiprocessing.connection", "importlib.resources",
            "decimal", "colorama",
        ),
        (
            "PySide6.QtTest", "PySide6.QtOpenGL", "PySide6.QtOpenGLWidgets", "pyqtgraph",
            "spectra_app.ui.live_plot", "spectra_app.ui.analyser_desk",
        ),
    ),
    "officer": (
        ("spectra_app.services.cases.parcels", "spectra_app.services.cases.papers"),
        ("spectra_app.ui.plot", "spectra_app.ui.officer.screen", "spectra_app.ui.officer.flow"),
    ),
    "workbench": (
        ("spectra_app.services.library_catalogue", "spectra_app.services.check_book"),
        (
            "spectra_app.ui.plot_export", "spectra_app.ui.technician.spectra_plot",
            "spectra_app.ui.technician.examining", "spectra_app.ui.bench_frame",
            "spectra_app.ui.workbench",
            "spectra_app.ui.technician.area", "spectra_app.ui.compare.mixture_view",
            "spectra_app.ui.compare.candidates_view", "spectra_app.ui.compare.closer",
            "spectra_app.ui.finder", "spectra_app.ui.about", "spectra_app.ui.help_window",
        ),
    ),
    "board": (
        ("spectra_app.services.case_reports", "spectra_app.services.cases.board"),
        ("spectra_app.ui.supervisor.area", "spectra_app.ui.supervisor.review_page"),
    ),
}  # fmt: skip
"""Modules behind each part: without Qt, for the lane, and with Qt, for the painting thread.

What is of Qt is never imported on the lane: its classes come into being when they are first named,
and two threads at that end the program. An area's pages are behind it as well, and what a part
imports stands before it where it takes long: each module is one step.
"""
WARM = ("analyser", "officer", "workbench", "board")
READY: set[str] = set()
"""Parts whose modules this process has imported."""
SLICE_S = 0.015
"""How long the painting thread imports before it looks at what else there is to do."""
QT = ("QtCore", "QtGui", "QtWidgets")
FIRST_MS, BETWEEN_MS = 200, 30
"""Pauses before and between what is made in idle moments, so that painting and typing go before."""


class Parts(QObject):
    """The parts of one window.

    Parameters
    ----------
    window : QWidget
        The window that the analyser's panel belongs to.
    use_cases : Once of UseCases
        What can be asked of library and analyser.
    lane : Lane
        Of library and analyser; modules are imported there.
    records : RecordsDesk
        Runs acts of services on the records.
    look : Look
        Language and theme.
    """

    made = Signal(str)
    failed = Signal(object)

    def __init__(
        self,
        window: QWidget,
        use_cases: Once[UseCases],
        lane: Lane,
        records: RecordsDesk,
        look: Look,
    ) -> None:
        super().__init__(window)
        self._window, self._use_cases, self._lane = window, use_cases, lane
        self._records, self._look = records, look
        self._parts: dict[str, Any] = {}
        self._left = list(WARM)
        self._wanted: dict[str, list[Callable[[], object]]] = {}
        self._steps: Iterator[bool] | None = None
        self._loading = False
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self._step)
        lane.ended.connect(self._go_on)

    # --- the parts ------------------------------------------------------------------------------

    @property
    def analyser(self) -> AnalyserDesk:
        """Panel, alarm and instrument."""
        return self._part("analyser", self._make_analyser)

    @property
    def officer(self) -> OfficerScreen:
        """The officer's screen, with what it does."""
        return self._part("officer", self._make_officer).screen

    @property
    def flow(self) -> OfficerFlow:
        """What the officer's screen does."""
        return self._part("officer", self._make_officer)

    @property
    def technician(self) -> TechnicianArea:
        """The technician's pages, the workbench first."""
        return self._part("workbench", self._make_technician)

    @property
    def supervisor(self) -> SupervisorArea:
        """The supervisor's pages."""
        return self._part("board", self._make_supervisor)

    def area(self, name: str) -> QWidget:
        """Return the page of an area of work."""
        if name == "officer":
            return self.officer
        return self.technician if name == "workbench" else self.supervisor

    def has(self, name: str) -> bool:
        """Tell whether a part was made."""
        return name in self._parts

    def _part(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._parts:
            self._parts[name] = make()
            self.made.emit(name)
        return self._parts[name]

    def _make_analyser(self) -> AnalyserDesk:
        from spectra_app.ui.analyser_desk import AnalyserDesk

        cases = self._use_cases()
        if cases.analyser is None:
            raise ValueError("the window needs the use of an analyser")
        samples = cases.emulated_samples
        return AnalyserDesk(cases.analyser, self._lane, self._window, samples, self._look)

    def _make_officer(self) -> OfficerFlow:
        from spectra_app.ui.officer.flow import OfficerFlow
        from spectra_app.ui.officer.screen import OfficerScreen

        screen = OfficerScreen(self._look)
        return OfficerFlow(screen, self.analyser, self._records, self._look)

    def _make_technician(self) -> TechnicianArea:
        from spectra_app.ui.technician.area import Bench, TechnicianArea

        bench = Bench(self._use_cases(), self._lane, self.analyser, self._records)
        return TechnicianArea(self._look, bench)

    def _make_supervisor(self) -> SupervisorArea:
        from spectra_app.ui.supervisor.area import SupervisorArea

        return SupervisorArea(self._look, self._records)

    # --- getting ready --------------------------------------------------------------------------

    def prepare(self, name: str, then: Callable[[], object]) -> None:
        """Call `then` when a part can be made without keeping the window waiting; mostly now."""
        ready = name in READY and self._use_cases.made is not None
        if name in self._parts or ready:
            then()
            return
        self._wanted.setdefault(name, []).append(then)
        first = [one for one in dict.fromkeys(("analyser", name)) if one not in self._parts]
        self._left = [*first, *(one for one in self._left if one not in first)]
        self._go_on()

    @property
    def warm(self) -> bool:
        """Whether nothing is left to make in idle moments."""
        return not self._left

    def warm_up(self) -> None:
        """Make the parts that most people need, one after the other, in idle moments."""
        QTimer.singleShot(0 if READY.issuperset(WARM) else FIRST_MS, self._go_on)

    def end(self) -> None:
        """Make nothing more."""
        self._left, self._steps = [], None
        self._wanted.clear()
        self._idle.stop()

    @Slot()
    def _go_on(self) -> None:
        """Import what is behind the next part: first on the lane, when nobody waits for it."""
        free = self._lane.idle or bool(self._wanted)
        if not self._left or not free or self._loading or self._steps is not None:
            return
        name, self._loading = self._left[0], True

        def task(_tell: object, stop: Callable[[], bool]) -> bool:
            return self._load(name, stop)

        def ended(job: Job) -> None:
            self._on_loaded(name, job)

        self._lane.submit(Job("Opening", task, ended, background=not self._wanted))

    def _on_loaded(self, name: str, job: Job) -> None:
        self._loading = False
        if job.error is not None:
            if self._wanted:
                self.failed.emit(job)
            self.end()
        elif job.result and name in self._left:
            self._steps = self._steps_to(name)
            self._idle.start(0 if name in READY else BETWEEN_MS)

    @Slot()
    def _step(self) -> None:
        """Import on this thread for a moment; make the part once all behind it is there."""
        if self._steps is None:
            return
        ends = time.monotonic() + SLICE_S
        for long in self._steps:
            if long or time.monotonic() > ends:
                self._idle.start(0)
                return
        self._steps = None
        self._go_on()

    def _steps_to(self, name: str) -> Iterator[bool]:
        """Import what is behind a part, then make it; yield whether what follows takes long."""
        if name not in READY:
            gc.disable()  # a look at all there is takes as long as several modules
            try:
                yield from self._imported(name)
            finally:
                gc.freeze()  # modules stay: nobody need look at them again
                gc.enable()
            READY.add(name)
            yield True
        self._make(name)

    def _make(self, name: str) -> None:
        if name == "analyser":
            _ = self.analyser
        else:
            self.area(name)
        self._left.remove(name)
        for then in self._wanted.pop(name, []):
            then()

    def _load(self, name: str, stop: Callable[[], bool]) -> bool:
        """Import what is behind a part and is not of Qt; gives up between two modules."""
        modules = BEHIND[name][0] + (_services() if name == "workbench" else ())
        for module in modules:
            if stop():
                return False
            import_module(module)
        for language in LANGUAGES:
            window_texts(language)  # read here, not when somebody chooses one
        self._use_cases()
        return True

    def _imported(self, name: str) -> Iterator[bool]:
        """Import what is behind a part and is of Qt, step by step; yield as `_steps_to` does."""
        for module in map(import_module, (f"PySide6.{one}" for one in QT)):
            for attribute in dir(module):
                getattr(module, attribute)
                yield False
        for place in BEHIND[name][1]:
            yield True
            pages = getattr(import_module(place), "PAGES", {})
            for page, _kind in pages.values():
                yield False
                import_module(page)


def _services() -> tuple[str, ...]:
    """Return every service: the technician's and supervisor's pages together use most of them."""
    found = walk_packages(services.__path__, f"{services.__name__}.")
    return tuple(one.name for one in found)
