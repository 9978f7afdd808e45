"""The calculated list: candidates with their structures in order, marked in every row."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from spectra_app.services.suggestions import Suggested, SuggestionList
from spectra_app.ui.fitted import FittedLabel, WrappedLabel
from spectra_app.ui.flat_model import choose_row
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.plot_export import png_bytes
from spectra_app.ui.row_table import Cell, RowTable
from spectra_app.ui.saving import ask_path, save_bytes
from spectra_app.ui.shapes import shape_icon
from spectra_app.ui.structure import StructureCells, StructureView, structure_picture
from spectra_app.ui.technician.suggestion_narrowing import Narrowing

COLUMNS = ("rank", "kind", "structure", "name", "family", "control", "formula", "mass")
WIDTHS = (44, 80, 104, 128, 88, 118, 96, 74)  # pixels
ROW = 66
BESIDE = 220


class CandidateList(QWidget):
    """What narrows the list, the list, and the structure of the candidate that is chosen."""

    narrowed = Signal(object)
    said = Signal(str)

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__()
        self._look, self._lane = look, lane
        self.made: SuggestionList | None = None
        self.file = ""
        self.about, self.narrowing = WrappedLabel(), Narrowing(look)
        self.table = RowTable(look, lane, self.file_name)
        self.name, self.facts, self.mark = FittedLabel(13, 10, 3), WrappedLabel(), WrappedLabel()
        self.drawn = StructureCells(look, self.table)
        self.structure, self.copy, self.save = StructureView(look), QPushButton(), QPushButton()
        self.csv = self.table.keeper.button()
        self._lay_out()
        self.table.chosen.connect(self._on_chosen)
        self.table.keeper.said.connect(self.said)
        self.narrowing.wanted.connect(self.narrowed)
        self.copy.clicked.connect(self.copy_structure)
        self.save.clicked.connect(self.ask_picture)
        look.tell(self.retell)
        look.paint(self._fill)

    def _lay_out(self) -> None:
        self.table.setItemDelegateForColumn(COLUMNS.index("structure"), self.drawn)
        self.table.verticalHeader().setDefaultSectionSize(ROW)
        self.mark.setObjectName("problem")
        panel = QFrame()
        panel.setObjectName("panel")
        panel.setFixedWidth(BESIDE)
        beside = QVBoxLayout(panel)
        beside.setSpacing(6)
        beside.addWidget(self.name)
        beside.addWidget(self.mark)
        beside.addWidget(self.structure, 1)
        beside.addWidget(self.facts)
        beside.addWidget(self.copy)
        beside.addWidget(self.save)
        row = QHBoxLayout()
        row.addWidget(self.table, 1)
        row.addWidget(panel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.about)
        column.addWidget(self.narrowing)
        column.addLayout(row, 1)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.mark.setText(say("calculated.mark"))
        self.copy.setText(say("calculated.copy_structure"))
        self.save.setText(say("calculated.save_structure"))
        self.table.setAccessibleName(say("calculated.banner"))
        self._fill()

    def file_name(self) -> str:
        """Return what files of this list are called: the mark is in the name."""
        scan = self.made.scan if self.made is not None else ""
        return str(self._look.say("calculated.file_name", scan=scan))

    def show_list(self, made: SuggestionList, file: str) -> None:
        """Show a list that was opened for a scan, which came from a file of that name."""
        self.made, self.file = made, file
        self.narrowing.show_besides(made.besides, made.families)
        self._fill()
        if made.shown:
            choose_row(self.table, 0)
        self._on_chosen()

    def _fill(self) -> None:
        say, made = self._look.say, self.made
        if made is None:
            return
        words = say(
            "calculated.of_scan",
            scan=made.scan,
            file=self.file,
            shown=len(made.shown),
            fitting=made.fitting,
            candidates=made.candidates,
        )
        none = "" if made.shown else f" {say('calculated.none_fit')}"
        self.about.setText(f"{words}{none}")
        titles = [str(say(f"calculated.column_{name}")) for name in COLUMNS]
        self.drawn.drawings = [one.drawing for one in made.shown]
        self.table.fill(titles, [self._cells(one) for one in made.shown])
        for column, width in enumerate(WIDTHS):
            self.table.setColumnWidth(column, width)
        self._on_chosen()

    def _cells(self, one: Suggested) -> list[Cell]:
        look, put = self._look, self._look.texts.put
        level = str(look.say(f"library.level_{one.alarm}"))
        listed = "; ".join(f"{say.instrument} {say.schedule}" for say in one.control)
        colours = look.theme.alarm(one.alarm), look.theme["surface"]
        icon = shape_icon(one.alarm, *colours, dashed=True, side=22)
        control = f"{level} ({listed})" if listed else level
        mark = str(look.say("calculated.mark"))
        return [
            Cell(str(one.rank)),
            Cell(str(look.word("kind", one.kind)), mark, tip=mark),
            Cell("", tip=one.name),
            Cell(str(put(one.name))),
            Cell(str(put(one.family))),
            Cell(level, control, icon, control),
            Cell(str(put(one.formula))),
            Cell(_mass(one).removesuffix(" u")),
        ]

    @property
    def chosen(self) -> Suggested | None:
        """The candidate that is chosen."""
        at = self.table.currentIndex().row()
        shown = self.made.shown if self.made is not None else ()
        return shown[at] if 0 <= at < len(shown) else None

    @Slot()
    def _on_chosen(self) -> None:
        one, say = self.chosen, self._look.say
        for widget in (self.name, self.mark, self.facts):
            widget.setVisible(one is not None)
        for button in (self.copy, self.save):
            button.setEnabled(one is not None and one.drawing is not None)
        if one is None:
            self.structure.show_drawing(None, "", "")
            return
        self.name.set_text(one.name)
        self.structure.show_drawing(one.drawing, one.name, one.formula)
        lines = [one.family, " \u00b7 ".join(filter(None, (one.formula, _mass(one))))]
        lines += [f"{each.instrument}: {each.schedule}" for each in one.control]
        lines = [str(self._look.texts.put(line)) for line in lines if line]
        self.facts.setText("\n".join([*lines, str(say(f"library.level_{one.alarm}"))]))

    def _picture(self) -> tuple[str, str]:
        one, say = self.chosen, self._look.say
        name, formula = (one.name, one.formula) if one is not None else ("", "")
        return f"{name} {formula}".strip(), str(say("calculated.banner"))

    @Slot()
    def copy_structure(self) -> None:
        """Copy the structure as a picture, its mark in it."""
        one = self.chosen
        if one is not None and one.drawing is not None:
            image = structure_picture(one.drawing, *self._picture(), self.font())
            QGuiApplication.clipboard().setImage(image)

    @Slot()
    def ask_picture(self) -> None:
        """Ask where to save the structure as a picture."""
        say, one = self._look.say, self.chosen
        if one is None or one.drawing is None:
            return
        name = f"{one.name} - {self.file_name()}"
        kinds = {".png": say("examine.kind_png")}
        path = ask_path(self, say("calculated.save_structure"), name, kinds)
        if path is not None:
            self.write_picture(path)

    def write_picture(self, path: Path) -> None:
        """Write the structure as PNG, its mark in it."""
        one = self.chosen
        if one is None or one.drawing is None:
            return
        image = structure_picture(one.drawing, *self._picture(), self.font())

        def saved(at: Path) -> None:
            self.said.emit(self._look.say("examine.saved", path=str(at)))

        save_bytes(self, self._look, self._lane, path, make=lambda: png_bytes(image), saved=saved)


def _mass(one: Suggested) -> str:
    return "" if one.mass is None else f"{one.mass:.1f} u"
