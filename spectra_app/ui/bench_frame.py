"""The frame of the workbench: its parts, where they stand, and how they are put elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt, QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from spectra_app.records.identification import Comparison
from spectra_app.services.api import UseCases
from spectra_app.ui.actions import ActionBar
from spectra_app.ui.candidates import CandidatePanel
from spectra_app.ui.compare.door import CloserDoor
from spectra_app.ui.fitted import ElidedLabel
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.memory import part_named
from spectra_app.ui.pages import ProblemPage, StartPage, WorkPage
from spectra_app.ui.plot import SpectrumPlot
from spectra_app.ui.scans import ScanList
from spectra_app.ui.technician.centre import Centre
from spectra_app.ui.technician.docks import Arrangement, Dock
from spectra_app.ui.technician.examining import Examination
from spectra_app.ui.technician.reference_page import ReferencePage
from spectra_app.ui.verdict_card import VerdictCard

SIDES = {"scans": 17, "verdict": 34}
"""Shares of the width in per cent; the plots have the rest."""
BELOW = 33
CARD = 372  # pixels
"""Share of the height of the tables in per cent."""
LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
PANELS = {
    "scans": (LEFT, "Alt+1"), "verdict": (RIGHT, "Alt+2"), "cleanup": (RIGHT, "Alt+3"),
    "candidates": (BOTTOM, "Alt+4"), "peaks": (BOTTOM, "Alt+5"),
}  # fmt: skip
"""Where each panel is usually, and its key."""


class BenchFrame(QMainWindow):
    """Plots in the middle; scans, verdict, clean-up and tables in panels around them.

    Parameters
    ----------
    use_cases : UseCases
        What the window can ask for; called on the work lane only.
    lane : Lane
        Of library and analyser, shared with the rest of the window.
    look : Look
        Language and theme.
    """

    def __init__(self, use_cases: UseCases, lane: Lane, look: Look) -> None:
        super().__init__()
        self.use_cases, self.lane, self.look = use_cases, lane, look
        self._arranged = False
        self.bar = ActionBar(use_cases.emulated_samples, look)
        self.scans = ScanList(look)
        self.start, self.work = StartPage(look), WorkPage(look)
        self.card, self.problem = VerdictCard(look), ProblemPage(look)
        self.plot, self.candidates = SpectrumPlot(look), CandidatePanel(look)
        self.pages, self.reference = QStackedWidget(), ReferencePage(look)
        self.centre = Centre(lane=lane, look=look, compared=self.plot)
        self.arrangement, self.middle = Arrangement(self, look), QStackedWidget()
        self.door = CloserDoor(self.middle, self.arrangement, look, lane, use_cases.study)
        self.examination = Examination(
            look, lane, scans=self.scans, centre=self.centre, comparison=self.comparison
        )
        self.library, self.offline = ElidedLabel(), QLabel()
        self._facing = QTimer(self)
        self._facing.setSingleShot(True)
        self._facing.timeout.connect(self._face)
        self._build()
        self._build_panels()
        self._build_status()
        self._wear()

    def _build(self) -> None:
        self.setAcceptDrops(True)
        self.addToolBar(self.bar)
        for page in (self.start, self.work, self.card, self.problem, self.reference):
            self.pages.addWidget(page)
        self.setCentralWidget(self.middle)
        self.middle.addWidget(self.centre)
        part_named(self, "bench.panels")
        self.candidates.closer.setVisible(self.use_cases.study is not None)

    def _build_panels(self) -> None:
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for corner in (Qt.Corner.BottomLeftCorner, Qt.Corner.TopLeftCorner):
            self.setCorner(corner, LEFT)
        for corner in (Qt.Corner.BottomRightCorner, Qt.Corner.TopRightCorner):
            self.setCorner(corner, RIGHT)
        inside = {
            "scans": lambda: self.scans, "verdict": lambda: self.pages,
            "candidates": lambda: self.candidates,
            "cleanup": self.examination.make_panel, "peaks": self.examination.make_table,
        }  # fmt: skip
        for name, (area, key) in PANELS.items():
            self.arrangement.add(Dock(name, self.look, key, inside[name]), area)
        for name in ("scans", "verdict", "candidates"):
            self.arrangement.docks[name].fill()
        for name in ("verdict", "candidates", "peaks"):
            nothing = QWidget()  # its tab says it
            QVBoxLayout(nothing).setContentsMargins(0, 0, 0, 0)  # else its height is none at all
            self.arrangement.docks[name].setTitleBarWidget(nothing)
        self.setDockOptions(self.dockOptions() | QMainWindow.DockOption.GroupedDragging)
        self.scans.title.hide()  # the panel's own title says it
        self.pages.setMinimumWidth(CARD)  # of a page behind, Qt would ask for more

    def _build_status(self) -> None:
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.library, 1)
        self.statusBar().addPermanentWidget(self.arrangement.button)
        self.statusBar().addPermanentWidget(self.offline)

    def _wear(self) -> None:
        """Style part by part: what is hidden waits, and no part takes long."""
        for part in (self.bar, self.centre, self.statusBar(), *self.arrangement.docks.values()):
            self.look.wear(part)
        self.look.wear_beside(self)
        self.look.turn_to(self)

    def _arrange(self) -> None:
        """Lay panels that share a place over each other, verdict and candidates in front."""
        docks = self.arrangement.docks
        for front, behind in (("verdict", "cleanup"), ("candidates", "peaks")):
            self.tabifyDockWidget(docks[front], docks[behind])
            docks[front].raise_()
        self.arrangement.face(self.look.texts.direction)

    def _divide(self) -> None:
        """Give each panel its share of the window."""
        docks = [self.arrangement.docks[name] for name in SIDES]
        widths = [self.width() * share // 100 for share in SIDES.values()]
        self.resizeDocks(docks, widths, Qt.Orientation.Horizontal)
        below = self.arrangement.docks["candidates"]
        self.resizeDocks([below], [self.height() * BELOW // 100], Qt.Orientation.Vertical)

    def retell(self) -> None:
        """Say all texts."""
        self.offline.setText(self.look.say("bench.offline"))
        if self._arranged:
            self._facing.start()

    @Slot()
    def _face(self) -> None:
        """Lay the panels out for the direction of reading, in a turn of its own: it takes long."""
        if self.arrangement.face(self.look.texts.direction):
            self._divide()

    def comparison(self) -> Comparison | None:
        """Return the candidate chosen, as it compares with the scan chosen."""
        entry, row = self.scans.current, max(self.candidates.table.currentIndex().row(), 0)
        if entry is None or entry.identified is None:
            return None
        comparisons = entry.identified.comparisons
        return comparisons[row] if row < len(comparisons) else None

    # --- Qt's own events and questions ----------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Lay the panels out the first time: before, Qt leaves tabs behind that belong to none."""
        super().showEvent(event)
        if not self._arranged:
            self._arranged = True
            self._arrange()
            self._divide()
            self.arrangement.finish()
        self.start.open.setFocus()

    def saveState(self, version: int | None = None) -> QByteArray:
        """Return where the panels are; while the closer look is open, where they were before."""
        del version  # is the arrangement's own
        return self.door.before if self.door.opened else self.arrangement.state()

    def restoreState(
        self, state: QByteArray | bytes | bytearray | memoryview[int], version: int | None = None
    ) -> bool:
        """Put the panels where they were; False when the state is of another window."""
        del version
        return self._arranged and self.arrangement.take(QByteArray(state))
