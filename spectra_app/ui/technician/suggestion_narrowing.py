"""What else is known of a substance: the fields that narrow a calculated list."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QPushButton, QWidget

from spectra_app.services.known_besides import KnownBesides
from spectra_app.ui.look import Look

FIELDS = ("mass", "formula", "having", "lacking")


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed and chose; see `spectra_app.services.known_besides`."""

    mass: str = ""
    formula: str = ""
    having: str = ""
    lacking: str = ""
    family: str = ""


class Narrowing(QWidget):
    """Fields in one row, and the buttons that open the list anew with them."""

    wanted = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.fields = {name: QLineEdit() for name in FIELDS}
        self.family, self.go, self.whole = QComboBox(), QPushButton(), QPushButton()
        self.labels = {name: QLabel() for name in (*FIELDS, "family")}
        self.family.addItem("", "")
        self.family.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.family.setMinimumContentsLength(14)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for place, (name, widget) in enumerate({**self.fields, "family": self.family}.items()):
            self.labels[name].setBuddy(widget)
            grid.addWidget(self.labels[name], 0, place)
            grid.addWidget(widget, 1, place)
        grid.addWidget(self.go, 1, len(FIELDS) + 1)
        grid.addWidget(self.whole, 1, len(FIELDS) + 2)
        for edit in self.fields.values():
            edit.returnPressed.connect(self._on_go)
        self.go.clicked.connect(self._on_go)
        self.whole.clicked.connect(self._on_whole)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        for name, label in self.labels.items():
            label.setText(say(f"calculated.by_{name}"))
        for name, widget in {**self.fields, "family": self.family}.items():
            widget.setAccessibleName(say(f"calculated.by_{name}"))
            widget.setToolTip(say(f"calculated.hint_{name}"))
        self.go.setText(say("calculated.narrow"))
        self.whole.setText(say("calculated.whole"))
        for button in (self.go, self.whole):
            button.setToolTip(say("calculated.narrow_hint"))
        self.family.setItemText(0, say("calculated.any_family"))

    def show_besides(self, besides: KnownBesides, families: tuple[str, ...]) -> None:
        """Show by what the list at hand was narrowed."""
        mass = "" if besides.mass is None else f"{besides.mass:g}"
        having, lacking = (" ".join(one) for one in (besides.with_elements,
                                                     besides.without_elements))  # fmt: skip
        for name, text in zip(FIELDS, (mass, besides.formula, having, lacking), strict=True):
            self.fields[name].setText(text)
        while self.family.count() > 1:
            self.family.removeItem(1)
        for name in families:
            self.family.addItem(name, name)
        self.family.setCurrentIndex(max(0, self.family.findData(besides.family)))

    @Slot()
    def _on_go(self) -> None:
        typed = {name: edit.text() for name, edit in self.fields.items()}
        self.wanted.emit(Typed(**typed, family=self.family.currentData() or ""))

    @Slot()
    def _on_whole(self) -> None:
        self.wanted.emit(Typed())
