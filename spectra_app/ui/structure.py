"""A structure drawn from stored coordinates: bonds, stereo, atoms with hydrogens and charges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from spectra_app.services.library_catalogue import Drawing, DrawnAtom, DrawnBond
from spectra_app.ui.flat_model import Index
from spectra_app.ui.look import Look
from spectra_app.ui.theme import sized

PICTURE, EDGE, SHARP = QSize(520, 420), 16, 2  # of a picture in a file, in pixels
LONGEST_BOND = 38.0  # pixels
SHORTEST_BOND = 9.0
MARGIN = 1.0  # bond lengths around the atoms, for labels
GAP = 0.17  # between the two lines of a double bond, in bond lengths
WEDGE = 0.14  # half the wide end of a wedge
TRIM = 0.13  # what the second line of a double bond is shorter at each end
HASHES, WAVES = 6, 4
LETTER = 0.46  # height of letters in bond lengths
SMALL = 0.72  # of subscripts and charges, against letters
SMALLEST_LETTER = 7.5  # pixels


@dataclass(frozen=True, slots=True)
class _Run:
    """A piece of a label: its text, and 0 for the line, -1 below, 1 above."""

    text: str
    level: int


class StructureView(QWidget):
    """The drawing of one substance; nothing at all when there is none.

    Parameters
    ----------
    look : Look
        Language and theme.
    """

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.drawing: Drawing | None = None
        self.setMinimumSize(120, 110)
        look.paint(self.update)
        self.setVisible(False)

    def show_drawing(self, drawing: Drawing | None, name: str, formula: str) -> None:
        """Show a drawing; name and formula are what a screen reader says."""
        self.drawing = drawing
        say = self._look.say
        words = say("library.structure_of", name=name, formula=formula or say("library.not_known"))
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setVisible(drawing is not None)
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size it would like."""
        return QSize(190, 150)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it as large as there is room."""
        del event
        if self.drawing is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        theme = self._look.theme
        ink, ground = QColor(theme["text"]), QColor(theme["surface"])
        draw_structure(painter, QRectF(self.rect()), self.drawing, ink, ground)
        painter.end()


class StructureCells(QStyledItemDelegate):
    """Draws structures in a column of a table, those that are seen only, on ground of their own.

    Parameters
    ----------
    look : Look
        Theme.
    table : QTableView
        Whose rows `drawings` are of, from the first on.
    """

    def __init__(self, look: Look, table: QTableView) -> None:
        super().__init__(table)
        self._look = look
        self.drawings: Sequence[Drawing | None] = ()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the structure of a row over its ground."""
        super().paint(painter, option, index)
        drawing = self.drawings[index.row()] if index.row() < len(self.drawings) else None
        if drawing is None:
            return
        theme, box = self._look.theme, QRectF(option.rect).adjusted(3, 3, -3, -3)
        ink, ground = QColor(theme["text"]), QColor(theme["surface"])
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(box, ground)
        draw_structure(painter, box, drawing, ink, ground)
        painter.restore()


def structure_picture(drawing: Drawing, title: str, note: str, font: QFont) -> QImage:
    """Return a structure for print, black on white, its title and what it is above it."""
    image = QImage(PICTURE * SHARP, QImage.Format.Format_RGB32)
    ink, ground = QColor(Qt.GlobalColor.black), QColor(Qt.GlobalColor.white)
    image.fill(ground)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(SHARP, SHARP)
    painter.setPen(ink)
    wide, top = PICTURE.width() - 2 * EDGE, float(EDGE)
    for words, points in ((note, 13.0), (title, 11.0)):
        painter.setFont(sized(font, points, bold=True))
        box = QRectF(EDGE, top, wide, PICTURE.height())
        flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
        taken = painter.boundingRect(box, flags, words)
        painter.drawText(taken, flags, words)
        top = taken.bottom() + EDGE / 2
    painter.setFont(font)
    draw_structure(
        painter, QRectF(EDGE, top, wide, PICTURE.height() - top - EDGE), drawing, ink, ground
    )
    painter.end()
    return image


def draw_structure(
    painter: QPainter, box: QRectF, drawing: Drawing, ink: QColor, ground: QColor
) -> float:
    """Draw a structure into `box`; return the length of a bond in pixels."""
    left, bottom, right, top = drawing.box
    wide, high = right - left + 2 * MARGIN, top - bottom + 2 * MARGIN
    unit = min(LONGEST_BOND, box.width() / wide, box.height() / high)
    middle = QPointF((left + right) / 2, (bottom + top) / 2)

    def place(atom: DrawnAtom) -> QPointF:
        return box.center() + QPointF(atom.x - middle.x(), middle.y() - atom.y) * unit

    places = [place(atom) for atom in drawing.atoms]
    pen = QPen(ink, max(1.2, unit / 20))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setBrush(ink)
    for bond in drawing.bonds:
        painter.setPen(pen)
        _draw_bond(painter, places[bond.begin], places[bond.end], bond, unit)
    font = QFont(painter.font())
    font.setPixelSize(max(round(SMALLEST_LETTER), round(LETTER * unit)))
    for atom, at in zip(drawing.atoms, places, strict=True):
        if atom.label or atom.charge:
            _draw_label(painter, atom, at, font, (ink, ground))
    return unit


def _draw_bond(
    painter: QPainter, begin: QPointF, end: QPointF, bond: DrawnBond, unit: float
) -> None:
    along = end - begin
    length = math.hypot(along.x(), along.y()) or 1.0
    # On the screen y points down: left of the way from begin to end is this way.
    left = QPointF(along.y(), -along.x()) / length * unit
    if bond.stereo == "wedge":
        side = left * WEDGE
        painter.drawPolygon(QPolygonF([begin, end + side, end - side]))
    elif bond.stereo == "hash":
        for step in range(1, HASHES + 1):
            share = step / HASHES
            at, side = begin + along * share, left * (WEDGE * share)
            painter.drawLine(at + side, at - side)
    elif bond.stereo == "wavy":
        _draw_wave(painter, begin, along, left)
    elif bond.stereo == "crossed":
        side = left * (GAP / 2)
        painter.drawLine(begin + side, end - side)
        painter.drawLine(begin - side, end + side)
    elif bond.order == 0:
        _draw_dotted(painter, begin, end)
    else:
        _draw_lines(painter, (begin, end), bond, left)


def _draw_lines(
    painter: QPainter, ends: tuple[QPointF, QPointF], bond: DrawnBond, left: QPointF
) -> None:
    """Draw one to three lines; the second of a double bond stands on its side, or both beside."""
    begin, end = ends
    if bond.order == 2 and bond.side == 0:
        for sign in (0.5, -0.5):
            painter.drawLine(begin + left * (GAP * sign), end + left * (GAP * sign))
        return
    painter.drawLine(begin, end)
    if bond.order == 2:
        side, trim = left * (GAP * bond.side), (end - begin) * TRIM
        painter.drawLine(begin + side + trim, end + side - trim)
    elif bond.order == 3:
        for sign in (1.0, -1.0):
            painter.drawLine(begin + left * (GAP * sign), end + left * (GAP * sign))


def _draw_wave(painter: QPainter, begin: QPointF, along: QPointF, left: QPointF) -> None:
    path = QPainterPath(begin)
    for step in range(WAVES):
        bulge = begin + along * ((step + 0.5) / WAVES) + left * (WEDGE * (-1) ** step * 1.6)
        path.quadTo(bulge, begin + along * ((step + 1) / WAVES))
    brush = painter.brush()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.setBrush(brush)


def _draw_dotted(painter: QPainter, begin: QPointF, end: QPointF) -> None:
    pen = QPen(painter.pen())
    pen.setStyle(Qt.PenStyle.DotLine)
    painter.setPen(pen)
    painter.drawLine(begin, end)


def label_runs(atom: DrawnAtom) -> tuple[_Run, ...]:
    """Return the pieces of an atom's label: digits stand low, the charge high."""
    runs = [_Run(char, -1 if char.isdigit() else 0) for char in atom.label or atom.element]
    if atom.charge:
        count = abs(atom.charge)
        sign = "+" if atom.charge > 0 else "\N{MINUS SIGN}"
        runs.append(_Run(f"{count if count > 1 else ''}{sign}", 1))
    return tuple(runs)


def _draw_label(
    painter: QPainter, atom: DrawnAtom, at: QPointF, font: QFont, colours: tuple[QColor, QColor]
) -> None:
    """Write a label so that its element's letters stand at the atom, on ground of its own."""
    small = QFont(font)
    small.setPixelSize(max(6, round(font.pixelSize() * SMALL)))
    large_metrics, small_metrics = QFontMetricsF(font), QFontMetricsF(small)
    runs = label_runs(atom)
    wide = [
        (small_metrics if run.level else large_metrics).horizontalAdvance(run.text) for run in runs
    ]
    element = large_metrics.horizontalAdvance(atom.element)
    charge = wide[-1] if atom.charge else 0.0
    whole = sum(wide)
    before = whole - charge - element if atom.hydrogens_left else 0.0
    x = at.x() - before - element / 2
    rise = large_metrics.capHeight() / 2
    ink, ground = colours
    box = QRectF(x - 1.5, at.y() - rise - 2.5, whole - charge + 3.0, 2 * rise + 5.0)
    painter.fillRect(box, ground)
    painter.setPen(ink)
    for run, width in zip(runs, wide, strict=True):
        painter.setFont(small if run.level else font)
        drop = {-1: 0.35, 0: 0.0, 1: -0.75}[run.level] * rise
        painter.drawText(QPointF(x, at.y() + rise + drop), run.text)
        x += width
