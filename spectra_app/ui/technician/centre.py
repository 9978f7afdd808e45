"""The middle of the workbench: the scan with its candidate, or several spectra together."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.plot import SpectrumPlot
from spectra_app.ui.technician.curves import LAYOUTS
from spectra_app.ui.technician.spectra_plot import SpectraPlot

KEYS = {"compared": "Ctrl+0", "overlay": "Ctrl+4", "stack": "Ctrl+5", "difference": "Ctrl+6"}


class Centre(QWidget):
    """Two plots, one shown, in one of four views; the second is made when it is first wanted.

    Parameters
    ----------
    look : Look
        Language and theme.
    lane : Lane
        Where files are written.
    compared : SpectrumPlot
        The plot of scan and candidate.
    """

    made = Signal(object)
    switched = Signal(str)

    def __init__(self, look: Look, lane: Lane, compared: SpectrumPlot) -> None:
        super().__init__()
        self._look, self._lane = look, lane
        self.compared = compared
        self._several: SpectraPlot | None = None
        self.stack = QStackedWidget()
        self.stack.addWidget(compared)
        self.buttons = {name: QPushButton() for name in KEYS}
        self.whole, self.more = QPushButton(), QToolButton()
        self.saved, self.copied = QAction(self), QAction(self)
        self.view = "compared"
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(3)
        for name, button in self.buttons.items():
            button.setObjectName("tool")
            button.setCheckable(True)
            button.clicked.connect(lambda _c=False, name=name: self.show_view(name))
            group.addButton(button)
            row.addWidget(button)
        row.addStretch(1)
        self.whole.setObjectName("tool")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(QMenu(self.more))
        self.more.menu().addActions([self.saved, self.copied])
        self.whole.clicked.connect(self._on_whole)
        self.saved.triggered.connect(self._on_save)
        self.copied.triggered.connect(self._on_copy)
        for part in (self.whole, self.more):
            row.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 8, 2, 4)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.stack, 1)
        self.show_view(self.view)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        for name, button in self.buttons.items():
            button.setText(say(f"examine.view_{name}"))
            hint = say(f"examine.view_{name}_hint")
            button.setToolTip(say("bar.hint", hint=hint, press=KEYS[name]))
            button.setShortcut(KEYS[name])  # a new text takes it away
        self.whole.setText(say("examine.whole"))
        self.whole.setToolTip(say("examine.whole_hint"))
        self.more.setText(say("examine.more"))
        self.more.setToolTip(say("examine.more_hint"))
        self.saved.setText(say("examine.save_picture"))
        self.copied.setText(say("examine.copy_picture"))

    @property
    def several(self) -> SpectraPlot:
        """The plot of several spectra."""
        if self._several is None:
            self._several = SpectraPlot(self._look, self._lane)
            self.stack.addWidget(self._several)
            self.made.emit(self._several)
        return self._several

    @property
    def shows_several(self) -> bool:
        """Whether several spectra are shown now."""
        return self._several is not None and self.stack.currentWidget() is self._several

    def show_view(self, name: str) -> None:
        """Show the scan with its candidate, or several spectra in one of their layouts."""
        self.view = name
        self.buttons[name].setChecked(True)
        together = name in LAYOUTS
        for part in (self.whole, self.more):
            part.setVisible(together)
        self.stack.setCurrentWidget(self.several if together else self.compared)
        for layout in LAYOUTS:
            if layout == name:
                self.several.tools.choose(layout)
        self.switched.emit(name)

    @Slot()
    def _on_whole(self) -> None:
        self.several.show_whole()

    @Slot()
    def _on_save(self) -> None:
        self.several.keeper.ask_picture()

    @Slot()
    def _on_copy(self) -> None:
        self.several.keeper.copy_picture()
