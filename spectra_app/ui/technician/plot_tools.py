"""The tools above the plot of several spectra: on which scale, in which unit, what is measured."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
)

from matching.figures import SCALINGS
from spectra_app.ui.look import Look
from spectra_app.ui.technician.curves import Layout, Manner

KEYS = {"clean": "Ctrl+B", "range": "Ctrl+R", "wavelength": "Ctrl+U"}


class PlotTools(QFrame):
    """A row: how the spectra are scaled, cleaned and read. Their layout is chosen elsewhere."""

    changed = Signal()
    range_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.manner = Manner()
        self.clean, self.range, self.wavelength = QPushButton(), QPushButton(), QPushButton()
        self.scaling, self.amount = QComboBox(), QDoubleSpinBox()
        self._amount_word = QLabel()
        self._build()
        look.tell(self.retell)

    @property
    def ranged(self) -> bool:
        """Whether a range is measured."""
        return self.range.isChecked()

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button in (self.clean, self.range, self.wavelength):
            button.setObjectName("tool")
            button.setCheckable(True)
        self.clean.setChecked(self.manner.clean)
        self._amount_word.setBuddy(self.amount)
        for part in (self.scaling, self._amount_word, self.amount):
            row.addWidget(part)
        row.addStretch(1)
        for button in (self.clean, self.range, self.wavelength):
            row.addWidget(button)
        self._fill()
        self._connect()

    def _fill(self) -> None:
        for scaling in SCALINGS:
            self.scaling.addItem("", scaling)
        self.scaling.setCurrentIndex(SCALINGS.index(self.manner.scaling))
        self.amount.setKeyboardTracking(False)
        self.amount.setDecimals(2)
        self.amount.setRange(0.0, 100.0)
        self.amount.setSingleStep(0.05)
        self.amount.setMinimumWidth(64)

    def _connect(self) -> None:
        self.scaling.currentIndexChanged.connect(self._on_tools)
        self.amount.valueChanged.connect(self._on_tools)
        self.clean.toggled.connect(self._on_tools)
        self.wavelength.toggled.connect(self._on_tools)
        self.range.toggled.connect(self.range_wanted)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        named = {"clean": self.clean, "range": self.range, "wavelength": self.wavelength}
        for name, button in named.items():
            button.setText(say(f"examine.tool_{name}"))
            hint = say(f"examine.tool_{name}_hint")
            button.setToolTip(say("bar.hint", hint=hint, press=KEYS[name]))
            button.setShortcut(KEYS[name])  # a new text takes it away
        self.scaling.setAccessibleName(say("examine.scaling"))
        for place, scaling in enumerate(SCALINGS):
            self.scaling.setItemText(place, say(f"examine.scaling_{scaling}"))
        self._show_amount()

    def allow(self, *, wavelengths: bool) -> None:
        """Offer absolute wavelengths where the lasers of all spectra are known."""
        self.wavelength.setEnabled(wavelengths)
        if not wavelengths and self.wavelength.isChecked():
            self.wavelength.setChecked(False)

    def choose(self, layout: Layout) -> None:
        """Draw in a layout."""
        if layout != self.manner.layout:
            self.manner = replace(self.manner, layout=layout)
            self._show_amount()
            self.changed.emit()

    def show_range(self, *, on: bool) -> None:
        """Measure a range, or no more."""
        self.range.setChecked(on)

    @Slot()
    def _on_tools(self) -> None:
        known = replace(
            self.manner,
            scaling=self.scaling.currentData(),
            clean=self.clean.isChecked(),
            unit="wavelength" if self.wavelength.isChecked() else "shift",
        )
        if known.layout == "stack":
            known = replace(known, spread=self.amount.value())
        elif known.layout == "difference":
            known = replace(known, factor=self.amount.value())
        if known != self.manner:
            self.manner = known
            self.changed.emit()

    def _show_amount(self) -> None:
        """Show distance or factor, whichever the layout has."""
        layout, say = self.manner.layout, self._look.say
        shown = layout != "overlay"
        self._amount_word.setVisible(shown)
        self.amount.setVisible(shown)
        if not shown:
            return
        words = say("examine.spread" if layout == "stack" else "examine.factor")
        self._amount_word.setText(words)
        self.amount.setAccessibleName(words)
        blocked = self.amount.blockSignals(True)
        self.amount.setValue(self.manner.spread if layout == "stack" else self.manner.factor)
        self.amount.blockSignals(blocked)
        self.amount.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
