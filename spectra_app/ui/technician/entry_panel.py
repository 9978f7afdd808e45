"""One entry of a library: its curve, its structure, and everything known about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QTextBrowser, QVBoxLayout

from spectra_app.services.check_book import KeptFinding
from spectra_app.services.library_catalogue import EntryView
from spectra_app.ui.curves import Curve, CurvePlot
from spectra_app.ui.fitted import FittedLabel
from spectra_app.ui.look import Look
from spectra_app.ui.shapes import shape_icon
from spectra_app.ui.structure import StructureView
from spectra_app.ui.technician.entry_words import entry_html

SHAPE = 26  # pixels


class EntryPanel(QFrame):
    """Shows an entry, or what to do where none is chosen."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._look = look
        self.view: EntryView | None = None
        self._findings: Sequence[KeptFinding] | None = None
        self.name, self.shape, self.level = FittedLabel(16, 11, 2), QLabel(), QLabel()
        self.plot = CurvePlot(look, 130)
        self.facts = QTextBrowser()
        self.facts.setFrameShape(QFrame.Shape.NoFrame)
        self.facts.setOpenLinks(False)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 10, 12, 8)
        self.column.setSpacing(6)
        row = QHBoxLayout()
        row.addWidget(self.shape)
        row.addWidget(self.level, 1)
        self.level.setWordWrap(True)
        self.column.addWidget(self.name)
        self.column.addLayout(row)
        self.column.addWidget(self.plot, 2)
        self.structure, self.drawn = StructureView(look), QLabel()
        self.drawn.setObjectName("hint")
        self.drawn.setWordWrap(True)
        picture = QHBoxLayout()
        picture.addWidget(self.structure, 3)
        picture.addWidget(self.drawn, 1)
        self.column.addLayout(picture)
        self.column.addWidget(self.facts, 3)
        look.tell(self.retell)
        look.paint(self.retell)

    def show_entry(self, view: EntryView | None, findings: Sequence[KeptFinding] | None) -> None:
        """Show an entry with what a check found about it; None where nobody checked."""
        self.view, self._findings = view, findings
        self.retell()

    def _show_curve(self, view: EntryView) -> None:
        """Draw the curve; what was not measured says so."""
        kind = self._look.word("kind", view.record.kind)
        name = self._look.say("figure.reference", name=view.record.name, kind=kind)
        spectrum = view.spectrum
        self.plot.show_curves([Curve(name, spectrum.raman_shift_cm1, spectrum.intensity)])

    def retell(self) -> None:
        """Say all texts."""
        view, look = self.view, self._look
        for widget in (self.shape, self.level, self.plot, self.structure, self.drawn, self.facts):
            widget.setVisible(view is not None)
        self.facts.setAccessibleName(look.say("library.facts"))
        if view is None:
            self.name.set_text(look.say("library.choose"))
            return
        self._show_curve(view)
        self._show_structure(view)
        record = view.record
        self.name.set_text(look.texts.put(record.name))
        colours = look.theme.alarm(view.alarm), look.theme["surface"]
        drawn = shape_icon(view.alarm, *colours, dashed=record.kind != "measured")
        self.shape.setPixmap(drawn.pixmap(SHAPE, SHAPE))
        level = look.say(f"library.level_{view.alarm}")
        kind = look.word("kind", record.kind)
        self.level.setText(look.say("library.level_and_kind", level=level, kind=kind))
        self.facts.setLayoutDirection(look_direction(look))
        self.facts.setHtml(entry_html(view, self._findings, look))

    def _show_structure(self, view: EntryView) -> None:
        """Draw the structure, and say whose it is where it is not the entry's own."""
        say, record = self._look.say, view.record
        parent = view.substances[0] if len(view.substances) == 1 else None
        name, formula = record.name, record.formula
        if parent is not None and not view.drawn_for_it:
            name, formula = parent.name, parent.formula
        self.structure.show_drawing(view.drawing, name, formula)
        words = say("library.structure_of", name=name, formula=formula or "?")
        if view.drawing is None:
            words = say("library.no_structure")
        elif not view.drawn_for_it:
            words = say("library.parent_structure", name=name, formula=formula)
        self.drawn.setText(words)


def look_direction(look: Look) -> Qt.LayoutDirection:
    """Return the direction in which the language is read."""
    right = look.texts.direction == "rtl"
    return Qt.LayoutDirection.RightToLeft if right else Qt.LayoutDirection.LeftToRight
