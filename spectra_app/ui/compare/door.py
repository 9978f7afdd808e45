"""The way from the workbench to the closer look at a scan, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QTimer, Slot
from PySide6.QtWidgets import QStackedWidget

from spectra_app.services.api import StudyUse
from spectra_app.services.identify import Identified
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.technician.docks import Arrangement

if TYPE_CHECKING:
    from spectra_app.ui.compare.closer import Closer

STAYS = "scans"  # the panel that is there beside the closer look


class CloserDoor(QObject):
    """Puts the closer look in the place of verdict and plots; it is made when first wanted.

    Parameters
    ----------
    middle : QStackedWidget
        Where the closer look stands, in the place of the plots.
    arrangement : Arrangement
        The panels that give way to it.
    look, lane
        As for every part.
    use : StudyUse or None
        What can be asked; without, there is no closer look.
    """

    def __init__(
        self,
        middle: QStackedWidget,
        arrangement: Arrangement,
        look: Look,
        lane: Lane,
        use: StudyUse | None,
    ) -> None:
        super().__init__(middle)
        self._middle, self._arrangement = middle, arrangement
        self._look, self._lane, self._use = look, lane, use
        self.before = QByteArray()
        self.closer: Closer | None = None
        self._wanted: tuple[Identified, str] | None = None
        self._moment = QTimer(self)
        self._moment.setSingleShot(True)
        self._moment.timeout.connect(self._show)

    @property
    def opened(self) -> bool:
        """Whether the closer look is what is shown."""
        return self.closer is not None and self._middle.currentWidget() is self.closer

    def open(self, found: Identified, view: str = "compare") -> None:
        """Look closer at a result."""
        if self._use is None or found.query is None:
            return
        self._wanted = (found, view)
        if self.closer is not None:
            self._show()
            return
        from spectra_app.ui.compare.closer import Closer

        self.closer = Closer(self._look, self._lane, self._use)
        self.closer.left.connect(self.leave)
        self._middle.addWidget(self.closer)
        self._look.wear(self.closer)
        self.closer.show_found(found)
        self._moment.start()  # making it takes long enough for one turn

    @Slot()
    def _show(self) -> None:
        """Show what is wanted; told before it is seen, so that it is drawn once."""
        if self._wanted is None or self.closer is None:
            return
        (found, view), self._wanted = self._wanted, None
        if not self.opened:
            self.before = self._arrangement.alone(STAYS)
        self.closer.show_found(found)
        self._middle.setCurrentWidget(self.closer)
        self.closer.show_view(view)

    def follow(self, found: Identified | None) -> None:
        """Look at another result where the closer look is open; leave it where there is none."""
        self._wanted = None
        if not self.opened or self.closer is None:
            return
        if found is None or found.query is None:
            self.leave()
        else:
            self.closer.show_found(found)

    def forget(self) -> None:
        """Close the closer look and what it knows; the next one is made anew."""
        self._wanted = None
        self.leave()
        closer, self.closer = self.closer, None
        if closer is not None:
            closer.forget()
            self._middle.removeWidget(closer)
            closer.deleteLater()

    @Slot()
    def leave(self) -> None:
        """Show verdict and plots again."""
        if self.opened:
            self._middle.setCurrentIndex(0)
            self._arrangement.take(self.before)
