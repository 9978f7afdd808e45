"""The large parts of the window, each imported and made after the window shows, or when asked for.

Scientific modules take seconds to import. They are imported on the lane of library and analyser,
never on the painting thread; widgets are then made one part at a time, in idle moments.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.look import Look
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
    "analyser": ("spectra_app.services.desk", "spectra_app.ui.analyser_desk"),
    "officer": ("pyqtgraph", "spectra_app.ui.officer.flow"),
    "workbench": ("spectra_app.ui.technician.area",),
    "board": ("spectra_app.ui.supervisor.area",),
}
"""Modules behind each part, imported in this order; an area's pages are behind it as well."""
WARM = ("analyser", "officer", "workbench", "board")
READY: set[str] = set()
"""Parts whose modules this process has imported."""
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
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(BETWEEN_MS)
        self._idle.timeout.connect(self._make_next)
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
        if name in READY and self._use_cases.made is not None:
            then()
            return

        def ended(job: Job) -> None:
            if job.error is not None:
                self.failed.emit(job)
            elif not job.stopped:
                then()

        self._lane.submit(Job("Opening", lambda _tell, _stop: self._load(name), ended))

    @property
    def warm(self) -> bool:
        """Whether nothing is left to make in idle moments."""
        return not self._left

    def warm_up(self) -> None:
        """Make the parts that most people need, one after the other, while nobody asks for more."""
        QTimer.singleShot(FIRST_MS, self._go_on)

    def end(self) -> None:
        """Make nothing more."""
        self._left = []
        self._idle.stop()

    @Slot()
    def _go_on(self) -> None:
        """Import what is behind the next part, when nobody waits for the lane."""
        if self._left and self._lane.idle and not self._idle.isActive():
            name = self._left[0]

            def task(_tell: object, stop: Callable[[], bool]) -> bool:
                return self._load(name, stop)

            self._lane.submit(Job("Opening", task, self._on_loaded, background=True))

    def _on_loaded(self, job: Job) -> None:
        if job.error is not None:  # said when the part is asked for
            self._left = []
        elif job.result and self._left:
            self._idle.start()

    @Slot()
    def _make_next(self) -> None:
        name = self._left[0]
        if name == "analyser":
            _ = self.analyser
        else:
            self.area(name)
        self._left.remove(name)
        self._go_on()

    def _load(self, name: str, stop: Callable[[], bool] = lambda: False) -> bool:
        """Import what is behind a part; runs on the lane, and gives up between two modules."""
        for part, modules in BEHIND.items():
            for module in modules:
                if stop():
                    return False
                _import_whole(module)
            READY.add(part)
            if part == name:
                break
        self._use_cases()
        return True


def _import_whole(name: str) -> None:
    """Import a module, and the modules of its pages when it is that of an area."""
    places = getattr(import_module(name), "PAGES", {})
    for module, _kind in places.values():
        import_module(module)
