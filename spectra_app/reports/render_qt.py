"""Reports on paper: the one module of the reports that knows Qt. It measures and it draws.

The page itself is computed in `layout`; a PDF is painted into memory, checked, and moved into
place whole, so that a reader never meets half a report.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path as FilePath

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPen,
    QPolygonF,
    QRawFont,
)

from spectra_app.errors import DisplayError
from spectra_app.reports.document import Report
from spectra_app.reports.fonts_qt import load_families, load_fonts
from spectra_app.reports.layout import compose
from spectra_app.reports.page import (
    CLOSES,
    LEFT_TO_RIGHT,
    MM_PER_POINT,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RIGHT_TO_LEFT,
    Box,
    Item,
    Page,
    Path,
    Style,
    Text,
)
from spectra_app.reports.saving import write_whole
from spectra_app.reports.validation import ValidationReport
from spectra_app.reports.validation_layout import compose_validation
from spectra_app.reports.xmp import xmp_metadata

_UNSEEN = {LEFT_TO_RIGHT, RIGHT_TO_LEFT, CLOSES}
DPI = 1200
DOTS_PER_MM = DPI / 25.4
# Measured text may be a rounding wider when painted by the PDF engine.
WIDTH_RESERVE = 1.002


def render_pdf(report: Report | ValidationReport, path: FilePath) -> None:
    """Write `report` as a PDF/A-2b of A4 pages with embedded fonts, whole or not at all.

    Raises
    ------
    DisplayError
        Qt cannot draw here, or a font is missing.
    AppError
        The file cannot be written.
    """
    write_whole(pdf_bytes(report), path)


def pdf_bytes(report: Report | ValidationReport) -> bytes:
    """Return `report` as a PDF/A-2b.

    Raises
    ------
    DisplayError
        Qt cannot draw here, or a font is missing.
    """
    load_fonts()
    metrics = QtMetrics()
    if isinstance(report, ValidationReport):
        return _pdf_bytes(compose_validation(report, metrics), "en")
    return _pdf_bytes(compose(report, metrics), report.texts.language)


class QtMetrics:
    """The widths of the shipped fonts in mm, at the resolution of the PDF."""

    def __init__(self) -> None:
        load_fonts()
        self._fonts: dict[tuple[float, bool], QFontMetricsF] = {}
        self._raw = [QRawFont.fromFont(QFont(family)) for family in load_families()]

    def width(self, text: str, style: Style) -> float:
        """Return the width of `text` in mm."""
        key = (style.size, style.bold)
        if key not in self._fonts:
            self._fonts[key] = QFontMetricsF(font_of(style))
        return self._fonts[key].horizontalAdvance(text) / DOTS_PER_MM * WIDTH_RESERVE

    def printable(self, text: str) -> str:
        """Return `text` with characters the font lacks spelled out, as ``<U+4E2D>``."""
        return "".join(
            char if char in _UNSEEN or self._has(char) else _spelled(char) for char in text
        )

    def _has(self, char: str) -> bool:
        return char.isspace() or any(font.supportsCharacter(ord(char)) for font in self._raw)


def _spelled(char: str) -> str:
    return f"<U+{ord(char):04X}>"


@lru_cache(maxsize=64)
def font_of(style: Style) -> QFont:
    """Return the font of `style`, sized in dots of the PDF, without ligatures or hinting.

    Ligatures would make "fi" one letter for whoever searches or copies the text. The font
    is shared: do not change it.
    """
    font = QFont(list(load_families()))
    font.setPixelSize(round(style.size * MM_PER_POINT * DOTS_PER_MM))
    font.setBold(style.bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    for feature in ("liga", "clig", "dlig"):
        font.setFeature(QFont.Tag(feature), 0)
    return font


def _pdf_bytes(pages: tuple[Page, ...], language: str) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(DPI)
    writer.setTitle(pages[0].title)
    writer.setCreator("Spectra")
    writer.setPdfVersion(QPagedPaintDevice.PdfVersion.PdfVersion_A1b)
    writer.setDocumentXmpMetadata(QByteArray(xmp_metadata(pages[0].title, language)))
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
            paint_page(painter, page)
    finally:
        finished = painter.end()
    buffer.close()
    written = bytes(data.data())
    if not finished or not written.rstrip().endswith(b"%%EOF"):
        raise DisplayError("the PDF is incomplete and was not kept", "report", "try again")
    return written


def paint_page(painter: QPainter, page: Page) -> None:
    """Paint a page in dots of the PDF (`DOTS_PER_MM`) from the painter's origin."""
    for item in page.items:
        _draw(painter, item)


def pictures_of(report: Report | ValidationReport, width: int) -> tuple[tuple[QImage, str], ...]:
    """Return each page as the PDF has it, `width` pixels wide, and its words.

    Raises
    ------
    DisplayError
        Qt cannot draw here, or a font is missing.
    """
    load_fonts()
    made, metrics = [], QtMetrics()
    pages = (
        compose_validation(report, metrics)
        if isinstance(report, ValidationReport)
        else compose(report, metrics)
    )
    for page in pages:
        image = QImage(width, round(width * PAGE_HEIGHT / PAGE_WIDTH), QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = width / (PAGE_WIDTH * DOTS_PER_MM)
        painter.scale(scale, scale)
        paint_page(painter, page)
        painter.end()
        said = " ".join(item.text for item in page.items if isinstance(item, Text))
        made.append((image, said))
    return tuple(made)


def _draw(painter: QPainter, item: Item) -> None:
    if isinstance(item, Text):
        painter.setFont(font_of(item.style))
        painter.setPen(QColor(item.style.colour))
        way = Qt.LayoutDirection.RightToLeft if item.rtl else Qt.LayoutDirection.LeftToRight
        painter.setLayoutDirection(way)
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
