"""A plot as a picture for print: SVG or PNG, light whatever the screen's theme, with its title.

The plot is drawn again in the colours of the light theme and at one size, painted into the picture,
and put back as it was, without the screen showing any of that. The file is written on a lane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QColor,
    QFont,
    QGuiApplication,
    QImage,
    QImageWriter,
    QPainter,
    QPen,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QPushButton

from spectra_app.reports.texts import without_isolates
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.saving import ask_path, save_bytes
from spectra_app.ui.theme import load_theme, sized

SIZE = QSize(1000, 600)
"""Of the plot in the picture, in pixels of 1/96 inch; the title stands above it."""
MARGIN, TITLE_ROOM, NOTE_ROOM = 16, 30, 22
PNG_SCALE = 2
DPI = 96
FALLBACK = "sans-serif"


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot as it goes into a file.

    Parameters
    ----------
    widget : pyqtgraph.PlotWidget
        The plot.
    repaint : callable ()
        Draws the plot in the colours of ``look.theme``: what its panel gave to ``look.paint``.
    title : callable () -> str
        The line above the plot; also offered as the file's name.
    note : callable () -> str
        A smaller line below the title: what is preview, emulated, or not calibrated.
    """

    widget: pg.PlotWidget
    repaint: Callable[[], None]
    title: Callable[[], str]
    note: Callable[[], str] = str


def keep_plot(figure: Figure, look: Look, lane: Lane) -> PlotKeeper:
    """Give a plot actions that save it (Ctrl+Shift+P) and copy it as a picture."""
    return PlotKeeper(figure, look, lane)


class PlotKeeper(QObject):
    """Saves and copies one plot; belongs to it. `said` tells in words what was saved."""

    saved = Signal(object)
    said = Signal(str)

    def __init__(self, figure: Figure, look: Look, lane: Lane) -> None:
        super().__init__(figure.widget)
        self._figure, self._look, self._lane = figure, look, lane
        self.save, self.copy = QAction(self), QAction(self)
        self.save.setShortcut("Ctrl+Shift+P")
        self.save.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.save.triggered.connect(self.ask_picture)
        self.copy.triggered.connect(self.copy_picture)
        self._buttons: list[QPushButton] = []
        for action in (self.save, self.copy):
            figure.widget.addAction(action)
        figure.widget.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.save.setText(say("examine.save_picture"))
        self.copy.setText(say("examine.copy_picture"))
        for button in self._buttons:
            button.setText(self.save.text())
            button.setToolTip(say("examine.save_picture_hint"))

    def button(self) -> QPushButton:
        """Return a new button that saves the plot."""
        button = QPushButton()
        button.clicked.connect(self.ask_picture)
        self._buttons.append(button)
        self.retell()
        return button

    @Slot()
    def ask_picture(self) -> None:
        """Ask where to save the picture, and as what."""
        say = self._look.say
        kinds = {".svg": say("examine.kind_svg"), ".png": say("examine.kind_png")}
        title = say("examine.save_picture_title")
        path = ask_path(self._figure.widget, title, self._figure.title(), kinds)
        if path is not None:
            self.write_picture(path)

    def write_picture(self, path: Path) -> None:
        """Write the picture: PNG where the name says so, else SVG."""

        def saved(at: Path) -> None:
            self.saved.emit(at)
            self.said.emit(self._look.say("examine.saved", path=str(at)))

        if path.suffix.lower() == ".png":
            image = as_image(self._figure, self._look)
            make: Callable[[], bytes] = lambda: png_bytes(image)  # noqa: E731 - packing is slow
        else:
            drawn = as_svg(self._figure, self._look)
            make = lambda: drawn  # noqa: E731
        save_bytes(self._figure.widget, self._look, self._lane, path, make=make, saved=saved)

    @Slot()
    def copy_picture(self) -> None:
        """Copy the plot as a picture."""
        QGuiApplication.clipboard().setImage(as_image(self._figure, self._look))


def as_svg(figure: Figure, look: Look) -> bytes:
    """Return a plot as SVG: text stays text, in the program's font with a general one after it."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    size = _whole(figure)
    generator.setOutputDevice(buffer)
    generator.setResolution(DPI)
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(without_isolates(figure.title()))
    generator.setDescription(without_isolates(figure.note()))
    _paint(figure, look, generator)
    family = figure.widget.font().family()
    named = f'font-family="{family}"'.encode()
    return bytes(buffer.data().data()).replace(
        named, f'font-family="{family}, {FALLBACK}"'.encode()
    )


def as_image(figure: Figure, look: Look) -> QImage:
    """Return a plot as an image, at `PNG_SCALE` pixels for each pixel of the plot."""
    size = _whole(figure)
    image = QImage(size * PNG_SCALE, QImage.Format.Format_RGB32)
    _paint(figure, look, image, PNG_SCALE)
    dots = round(DPI * PNG_SCALE / 0.0254)
    image.setDotsPerMeterX(dots)  # afterwards: fonts would be scaled by it as well
    image.setDotsPerMeterY(dots)
    return image


def png_bytes(image: QImage) -> bytes:
    """Return an image packed as PNG."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(data.data())


def _whole(figure: Figure) -> QSize:
    note = NOTE_ROOM if figure.note() else 0
    return SIZE + QSize(2 * MARGIN, 2 * MARGIN + TITLE_ROOM + note)


def _paint(figure: Figure, look: Look, device: Any, scale: int = 1) -> None:
    size, light = _whole(figure), load_theme("light")
    top = size.height() - MARGIN - SIZE.height()
    with _printed(figure, look, scale):
        painter = QPainter(device)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(scale, scale)
        painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(light["surface"]))
        wide = SIZE.width()
        font = figure.widget.font()
        title = QRectF(MARGIN, MARGIN, wide, TITLE_ROOM)
        _write(painter, title, sized(font, 13, bold=True), light["text"], figure.title())
        note = QRectF(MARGIN, MARGIN + TITLE_ROOM - 4, wide, NOTE_ROOM)
        _write(painter, note, sized(font, 10), light["muted"], figure.note())
        figure.widget.render(
            painter, QRectF(MARGIN, top, wide, SIZE.height()), figure.widget.viewport().rect()
        )
        painter.end()


def _write(painter: QPainter, box: QRectF, font: QFont, colour: str, words: str) -> None:
    painter.setFont(font)
    painter.setPen(QColor(colour))
    metrics = painter.fontMetrics()
    fitted = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(box.width()))
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, fitted)


@contextmanager
def _printed(figure: Figure, look: Look, scale: int) -> Iterator[None]:
    """Have the plot drawn light and at the picture's size, the part of it shown staying the same.

    Nothing is painted on the screen meanwhile, and no event is handled.
    """
    widget, before, theme = figure.widget, figure.widget.size(), look.theme
    ranges = widget.getPlotItem().vb.viewRange()
    widget.setUpdatesEnabled(False)
    try:
        look.theme = load_theme("light")
        figure.repaint()
        widget.resize(SIZE)  # afterwards: showing and hiding lays the panel out again
        _show(widget, ranges)
        widget.scene().prepareForPaint()
        with _for_print(widget, scale):
            yield
    finally:
        look.theme = theme
        figure.repaint()
        widget.resize(before)
        _show(widget, ranges)
        widget.setUpdatesEnabled(True)


@contextmanager
def _for_print(widget: pg.PlotWidget, scale: int) -> Iterator[None]:
    """Have markers painted as shapes, not as stored pixels, and lines as wide as the figure is."""
    items = widget.scene().items()
    marked = [one for one in items if hasattr(one, "setExportMode")]
    lines = [(one, one.opts["pen"]) for one in items if isinstance(one, pg.PlotCurveItem)]
    drawn = [(one, QPen(pen)) for one, pen in lines if isinstance(pen, QPen)]
    try:
        for one in marked:
            one.setExportMode(True, {"antialias": True, "resolutionScale": scale})
        for line, pen in drawn:  # a width in pixels is not scaled with the picture
            wide = QPen(pen)
            wide.setWidthF(pen.widthF() * scale)
            line.setPen(wide)
        yield
    finally:
        for one in marked:
            one.setExportMode(False)
        for line, pen in drawn:
            line.setPen(pen)


def _show(widget: pg.PlotWidget, ranges: list[list[float]]) -> None:
    (left, right), (low, high) = ranges
    widget.getPlotItem().vb.setRange(xRange=(left, right), yRange=(low, high), padding=0)
