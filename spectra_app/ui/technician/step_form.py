"""The settings of one clean-up step: a figure with unit and range each."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QFormLayout, QFrame, QLabel

from matching.recipe import KINDS, RecipeStep
from spectra_app.ui.look import Look


class StepForm(QFrame):
    """The figures of the step chosen; says what each may be."""

    wanted = Signal(str, float)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.boxes: dict[str, QDoubleSpinBox] = {}
        self._step: RecipeStep | None = None

    def show_step(self, step: RecipeStep | None) -> None:
        """Show the figures of a step; the boxes stay while it is of the same kind."""
        known = self._step is not None and step is not None and self._step.kind == step.kind
        self._step = step
        if not known:
            self._build()
        if step is None:
            return
        for name, box in self.boxes.items():
            blocked = box.blockSignals(True)
            box.setValue(_shown(step, name))
            box.blockSignals(blocked)
        self.setEnabled(step.on)

    def retell(self) -> None:
        """Say all texts."""
        self._build()
        self.show_step(self._step)

    def _build(self) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        self.boxes = {}
        if self._step is None:
            return
        say = self._look.say
        for name, parameter in KINDS[self._step.kind].parameters.items():
            box = QDoubleSpinBox()
            box.setKeyboardTracking(False)
            box.setDecimals(parameter.decimals)
            low, high = parameter.low, parameter.high
            if parameter.log:
                low, high = math.log10(low), math.log10(high)
            box.setRange(low, high)
            box.setSingleStep(0.1 if parameter.decimals else max(1.0, round((high - low) / 100)))
            box.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
            box.setSuffix(f" {parameter.unit}" if parameter.unit else "")
            words = say(f"examine.setting_{self._step.kind}_{name}")
            box.setAccessibleName(words)
            box.setToolTip(
                say("examine.setting_range", low=f"{low:g}", high=f"{high:g}", unit=parameter.unit)
            )
            box.valueChanged.connect(partial(self._on_value, name))
            label = QLabel(words)
            label.setWordWrap(True)
            label.setBuddy(box)
            self._form.addRow(label, box)
            self.boxes[name] = box

    def _on_value(self, name: str, value: float) -> None:
        step = self._step
        if step is not None:
            log = KINDS[step.kind].parameters[name].log
            self.wanted.emit(name, 10.0**value if log else value)


def _shown(step: RecipeStep, name: str) -> float:
    value = step.value(name)
    return math.log10(value) if KINDS[step.kind].parameters[name].log else value
