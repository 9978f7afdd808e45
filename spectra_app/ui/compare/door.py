"""The way from the workbench to the closer look at a scan, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QSplitter, QWidget

from spectra_app.services.api import StudyUse
from spectra_app.services.identify import Identified
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look

if TYPE_CHECKING:
    from spectra_app.ui.compare.closer import Closer


SCANS = 17  # per cent of the width that the list of scans keeps


class CloserDoor(QObject):
    """Puts the closer look in the place of verdict and plots; it is made when first wanted.

    Parameters
    ----------
    columns : QSplitter
        Where the closer look stands.
    others : tuple of QWidget
        What gives way to it.
    look, lane
        As for every part.
    use : StudyUse or None
        What can be asked; without, there is no closer look.
    """

    def __init__(
        self,
        columns: QSplitter,
        others: tuple[QWidget, ...],
        look: Look,
        lane: Lane,
        use: StudyUse | None,
    ) -> None:
        super().__init__(columns)
        self._columns, self._others = columns, others
        self._look, self._lane, self._use = look, lane, use
        self._sizes: list[int] = []
        self.closer: Closer | None = None

    @property
    def opened(self) -> bool:
        """Whether the closer look is what is shown."""
        return self.closer is not None and not self.closer.isHidden()

    def open(self, found: Identified, view: str = "compare") -> None:
        """Look closer at a result."""
        if self._use is None or found.query is None:
            return
        if not self.opened:
            self._sizes = self._columns.sizes()
        if self.closer is None:
            from spectra_app.ui.compare.closer import Closer

            self.closer = Closer(self._look, self._lane, self._use)
            self.closer.left.connect(self.leave)
            self._columns.addWidget(self.closer)
        for one in self._others:
            one.hide()
        self.closer.show()
        width = self._columns.width()
        self._columns.setSizes([width * SCANS // 100, 0, 0, width * (100 - SCANS) // 100])
        self.closer.show_found(found)
        self.closer.show_view(view)

    def follow(self, found: Identified | None) -> None:
        """Look at another result where the closer look is open; leave it where there is none."""
        if not self.opened or self.closer is None:
            return
        if found is None or found.query is None:
            self.leave()
        else:
            self.closer.show_found(found)

    @Slot()
    def leave(self) -> None:
        """Show verdict and plots again."""
        if self.closer is not None and not self.closer.isHidden():
            self.closer.hide()
            for one in self._others:
                one.show()
            self._columns.setSizes(self._sizes)
