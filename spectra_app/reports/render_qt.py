"""Reports on paper: the one module of the reports that knows Qt. It measures and it draws.

The page itself is computed in `layout`; a PDF is painted into memory, checked, and moved into
place whole, so that a reader never meets half a report.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from functools import lru_cache
from pathlib import Path as FilePath

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetricsF,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPen,
    QPolygonF,
    QRawFont,
)
from PySide6.QtWidgets import QApplication

import resources
from spectra_app.errors import AppError, DisplayError
from spectra_app.reports.document import Report
from spectra_app.reports.layout import compose
from spectra_app.reports.page import MM_PER_POINT, Box, Item, Page, Path, Style, Text
from spectra_app.reports.validation import ValidationReport
from spectra_app.reports.validation_layout import compose_validation

FONT_FILES = ("fonts/NotoSans-Regular.ttf", "fonts/NotoSans-Bold.ttf")
DPI = 1200
DOTS_PER_MM = DPI / 25.4
# Measured text may be a rounding wider when painted by the PDF engine.
WIDTH_RESERVE = 1.002


def ensure_gui() -> None:
    """Start Qt without a display unless it already runs.

    A QApplication, not a QGuiApplication, so that a window opened later in this process finds the
    kind of application it needs.

    Raises
    ------
    DisplayError
        A Qt application without graphics already runs in this process.
    """
    running = QGuiApplication.instance()
    if running is None:
        _own_application()
    elif not isinstance(running, QGuiApplication):
        raise DisplayError(
            "reports cannot be drawn: Qt was started without graphics in this program",
            "report",
            "start Spectra again and save the report from there",
        )


@lru_cache(maxsize=1)
def _own_application() -> QApplication:
    """Keep the application that was started here alive as long as the process."""
    platform = ["-platform", "offscreen"]  # an unreachable display would end the process
    return QApplication([sys.argv[0] if sys.argv else "spectra", *platform])


def load_fonts() -> str:
    """Load the fonts shipped with the program and return the name of their family.

    Raises
    ------
    DisplayError
        A font file is missing or cannot be read.
    """
    ensure_gui()
    return _load_family()


@lru_cache(maxsize=1)
def _load_family() -> str:
    families = []
    for name in FONT_FILES:
        number = QFontDatabase.addApplicationFont(str(resources.path(name)))
        if number < 0:
            raise DisplayError(
                "a font of the program is missing or damaged",
                FilePath(name).name,
                "install Spectra again",
            )
        families += QFontDatabase.applicationFontFamilies(number)
    return families[0]


def render_pdf(report: Report | ValidationReport, path: FilePath) -> None:
    """Write `report` as an A4 PDF with embedded fonts, whole or not at all.

    The report of an identification is one page, a validation report as many as it needs.

    Raises
    ------
    DisplayError
        Qt cannot draw here, or a font is missing.
    AppError
        The report does not fit on a page, or the file cannot be written.
    """
    family = load_fonts()
    metrics = QtMetrics(family)
    if isinstance(report, ValidationReport):
        pages = compose_validation(report, metrics)
    else:
        pages = (compose(report, metrics),)
    _write_whole(_pdf_bytes(pages, family), path)


class QtMetrics:
    """The widths of the shipped font in mm, at the resolution of the PDF."""

    def __init__(self, family: str) -> None:
        self._family = family
        self._fonts: dict[tuple[float, bool], QFontMetricsF] = {}
        self._raw = QRawFont.fromFont(QFont(family))

    def width(self, text: str, style: Style) -> float:
        """Return the width of `text` in mm."""
        key = (style.size, style.bold)
        if key not in self._fonts:
            self._fonts[key] = QFontMetricsF(font_of(self._family, style))
        return self._fonts[key].horizontalAdvance(text) / DOTS_PER_MM * WIDTH_RESERVE

    def printable(self, text: str) -> str:
        """Return `text` with characters the font lacks spelled out, as ``<U+4E2D>``."""
        return "".join(
            char if char.isspace() or self._raw.supportsCharacter(ord(char)) else _spelled(char)
            for char in text
        )


def _spelled(char: str) -> str:
    return f"<U+{ord(char):04X}>"


@lru_cache(maxsize=64)
def font_of(family: str, style: Style) -> QFont:
    """Return the font of `style`, sized in dots of the PDF, without ligatures or hinting.

    Ligatures would make "fi" one letter for whoever searches or copies the text. The font
    is shared: do not change it.
    """
    font = QFont(family)
    font.setPixelSize(round(style.size * MM_PER_POINT * DOTS_PER_MM))
    font.setBold(style.bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    for feature in ("liga", "clig", "dlig"):
        font.setFeature(QFont.Tag(feature), 0)
    return font


def _pdf_bytes(pages: tuple[Page, ...], family: str) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(DPI)
    writer.setTitle(pages[0].title)
    writer.setCreator("Spectra")
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            QMarginsF(0.0, 0.0, 0.0, 0.0),
        )
    )
    painter = QPainter()
    if not painter.begin(writer):
        raise DisplayError("the PDF could not be started", "report", "try again")
    try:
        for number, page in enumerate(pages):
            if number and not writer.newPage():
                raise DisplayError("a page could not be added", "report", "try again")
            for item in page.items:
                _draw(painter, item, family)
    finally:
        finished = painter.end()
    buffer.close()
    written = bytes(data.data())
    if not finished or not written.rstrip().endswith(b"%%EOF"):
        raise DisplayError("the PDF is incomplete and was not kept", "report", "try again")
    return written


def _draw(painter: QPainter, item: Item, family: str) -> None:
    if isinstance(item, Text):
        painter.setFont(font_of(family, item.style))
        painter.setPen(QColor(item.style.colour))
        painter.drawText(QPointF(item.x * DOTS_PER_MM, item.y * DOTS_PER_MM), item.text)
        return
    painter.setPen(_pen(item))
    painter.setBrush(QColor(item.fill) if item.fill else Qt.BrushStyle.NoBrush)
    if isinstance(item, Box):
        radius = item.radius * DOTS_PER_MM
        corner = (item.x * DOTS_PER_MM, item.y * DOTS_PER_MM)
        area = QRectF(*corner, item.width * DOTS_PER_MM, item.height * DOTS_PER_MM)
        painter.drawRoundedRect(area, radius, radius)
        return
    points = QPolygonF([QPointF(x * DOTS_PER_MM, y * DOTS_PER_MM) for x, y in item.points])
    if item.closed:
        painter.drawPolygon(points)
    else:
        painter.drawPolyline(points)


def _pen(item: Path | Box) -> QPen:
    if item.colour is None:
        return QPen(Qt.PenStyle.NoPen)
    pen = QPen(QColor(item.colour), item.stroke * DOTS_PER_MM)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if item.dashed:
        pen.setDashPattern([3.0, 1.6])
    return pen


def _write_whole(content: bytes, path: FilePath) -> None:
    """Write to a temporary file beside `path` and move it into place, never over a device."""
    if path.exists() and not path.is_file():
        raise AppError(
            "this is a folder or a device, not a file", str(path), "give the name of a file"
        )
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise AppError(
            f"the report could not be written ({error.strerror or error})",
            str(path),
            "choose a folder that exists and that you may write to, with room left on the disk",
        ) from error
