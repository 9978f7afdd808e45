"""The plot: the scan and one reference, overlaid or mirrored, with their peaks; or the raw scan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QPainter,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from matching.spectrum import Spectrum
from spectra_app.records.identification import Comparison
from spectra_app.reports.texts import Said, Texts
from spectra_app.ui.look import Look, behind
from spectra_app.ui.mirroring import never_mirrored, shortened
from spectra_app.ui.theme import BASE_POINTS, Theme, sized

View = Literal["overlaid", "mirrored", "raw"]
VIEWS: tuple[View, ...] = ("overlaid", "mirrored", "raw")
LINE_WIDTH = 1.5
MARKER_GAP = 0.045
LABEL_PIXELS = 22
NARROW_KEY = 660  # pixels
Mark = Literal["matched", "missing", "unexplained"]
SYMBOLS: dict[Mark, str] = {"matched": "o", "missing": "o", "unexplained": "t"}


QualityWords = Callable[[Texts], str]


def no_quality(_texts: Texts) -> str:
    """Say nothing of what a scan is worth."""
    return ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is on the plot: for tests, and for the words a screen reader says.

    `peaks` counts the markers in the order matched, missing, unexplained.
    """

    view: View
    reference: str
    peaks: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Label:
    """A direct label at the left edge, `line` rows from the top; from the bottom when negative."""

    item: pg.TextItem
    text: str
    line: int


class SpectrumPlot(QFrame):
    """A panel with the plot, the choice of view, and the key to the markers."""

    view_changed = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        pg.setConfigOptions(antialias=True)
        self._look, self._theme = look, look.theme
        self._view: View = "mirrored"
        self._query: Spectrum | None = None
        self._comparison: Comparison | None = None
        self._emulated, self._blank, self._stale = False, True, False
        self._message = ""  # key of a text
        self._quality: QualityWords = no_quality
        self._labels: list[_Label] = []
        self._extent = (0.0, 1.0)
        self.drawn: Drawn | None = None
        self.buttons: dict[View, QPushButton] = {}
        self._keys: dict[View, str] = {}
        self.quality = QLabel()
        self.key = MarkerKey(look)
        self.whole = QPushButton()
        self.widget = pg.PlotWidget(enableMenu=False)
        never_mirrored(self.widget)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._redraw_seen)
        self._build()
        look.tell(self.retell)
        look.paint(self.repaint_all)

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 10)
        layout.setSpacing(6)
        layout.addLayout(self._build_views())
        layout.addWidget(self.widget, 1)
        layout.addWidget(self.key)
        self.quality.setObjectName("muted")
        self.quality.setWordWrap(True)
        layout.addWidget(self.quality)
        item = self.widget.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(x=True, y=False)
        item.getAxis("left").setTicks([[]])
        item.vb.sigRangeChanged.connect(self._place_labels)
        item.vb.sigResized.connect(self._fit_height)
        self.widget.setAcceptDrops(False)
        self.widget.setMinimumHeight(180)

    def _build_views(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        group = QButtonGroup(self)
        for number, view in enumerate(VIEWS, start=1):
            button = QPushButton()
            button.setObjectName("segment")
            button.setCheckable(True)
            button.setChecked(view == self._view)
            self._keys[view] = f"Ctrl+{number}"
            button.setProperty("view", view)
            group.addButton(button)
            row.addWidget(button)
            self.buttons[view] = button
        group.buttonClicked.connect(self._on_view)
        row.addStretch(1)
        self.whole.setObjectName("segment")
        self.whole.clicked.connect(self.redraw)
        row.addWidget(self.whole)
        return row

    @property
    def view(self) -> View:
        """The view chosen."""
        return self._view

    @Slot(object)
    def _on_view(self, button: QPushButton) -> None:
        self._view = button.property("view")
        self.redraw()
        self.view_changed.emit(self._view)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        for view, button in self.buttons.items():
            button.setText(say(f"figure.{view}"))
            button.setToolTip(say(f"figure.{view}_hint"))
            button.setShortcut(self._keys[view])  # a new text takes it away
        self.whole.setText(say("figure.whole"))
        self.whole.setToolTip(say("figure.whole_hint"))
        self._name_axes()
        self._soon.start()  # in a turn of its own, like repainting: each takes long

    def _name_axes(self) -> None:
        say, item, theme = self._look.say, self.widget.getPlotItem(), self._theme
        sizes = ({"font-size": "11pt"}, {"font-size": "10pt"})
        item.setLabel("bottom", say("figure.axis"), color=theme["text"], **sizes[0])
        item.setLabel("left", say("figure.intensity"), color=theme["muted"], **sizes[1])

    def repaint_all(self) -> None:
        """Paint everything in the colours of the theme."""
        self._theme = theme = self._look.theme
        self.widget.setBackground(theme["surface"])
        self._name_axes()
        item = self.widget.getPlotItem()
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setPen(pg.mkPen(theme["grid"]))
            axis.setTextPen(pg.mkPen(theme["text"]))
            axis.setTickFont(self.font())
        self._soon.start()

    def show_message(self, key: str) -> None:
        """Show no spectrum but the text `key`; nothing at all without a key."""
        self._query, self._comparison, self._message = None, None, key
        self._blank = not key
        self.quality.hide()
        self._redraw_seen()

    def show_spectrum(
        self,
        query: Spectrum | None,
        comparison: Comparison | None,
        quality: QualityWords,
        *,
        emulated: bool,
    ) -> None:
        """Show a scan and, where there is one, the reference it is compared with.

        `quality` says in a language what the scan is worth.
        """
        self._quality, self._blank = quality, False
        self._query, self._comparison, self._emulated = query, comparison, emulated
        self._message = "" if query is not None or comparison is not None else "figure.nothing"
        self._redraw_seen()

    @Slot()
    def _redraw_seen(self) -> None:
        """Draw everything again; when it is next shown where another page is shown now."""
        self._stale = behind(self)
        if not self._stale:
            self.redraw()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while another page was shown."""
        super().showEvent(event)
        if self._stale:
            self.redraw()

    @Slot()
    def redraw(self) -> None:
        """Draw everything again, over the whole range."""
        self._soon.stop()
        self._stale = False
        self.widget.clear()
        self._labels = []
        self.drawn = None
        has_axis = not self._message and not self._blank
        quality = self._quality(self._look.texts) if has_axis else ""
        self.quality.setText(quality)
        self.quality.setVisible(bool(quality))
        for name in ("left", "bottom"):
            self.widget.getPlotItem().showAxis(name, has_axis)
        for view, button in self.buttons.items():
            button.setVisible(has_axis)
            button.setEnabled(view == "raw" or self._comparison is not None)
        self.whole.setVisible(has_axis)
        self.key.setVisible(False)
        if not has_axis:
            self._draw_message()
        elif self._comparison is None or self._view == "raw":
            self._draw_raw()
        else:
            self._draw_comparison(self._comparison, -1.0 if self._view == "mirrored" else 1.0)
        if has_axis:
            self._fit_height()

    def _draw_message(self) -> None:
        self.widget.setRange(xRange=(0, 1), yRange=(0, 1), padding=0)
        words = self._look.say(self._message) if self._message else ""
        text = pg.TextItem(words, color=self._theme["muted"], anchor=(0.5, 0.5))
        text.setFont(self.font())
        text.setPos(0.5, 0.5)
        self.widget.addItem(text)
        self.widget.setAccessibleName(words)

    def _draw_raw(self) -> None:
        if self._query is not None:
            axis, values = self._query.raman_shift_cm1, self._query.intensity
        elif self._comparison is not None:
            axis, values = self._comparison.raman_shift_cm1, self._comparison.query_raw
        else:
            return
        self._curve(axis, values, "query")
        self._range(axis, float(np.nanmin(values)), float(np.nanmax(values)))
        self._label(self._look.say("figure.scan_raw", scan=self._scan_name()), "query", 0)
        self._done("", (0, 0, 0))

    def _draw_comparison(self, shown: Comparison, sign: float) -> None:
        axis, query, reference = shown.raman_shift_cm1, shown.query, sign * shown.reference
        self._curve(axis, reference, "reference")
        self._curve(axis, query, "query")
        peaks = self._draw_marks(shown, sign)
        tallest = max(float(np.nanmax(query)), float(np.nanmax(shown.reference)), 0.1)
        kind = self._look.word("figure", f"kind_{shown.reference_kind}")
        name = self._look.say("figure.reference", name=shown.reference_name, kind=kind)
        high = tallest + 3 * MARKER_GAP
        if sign < 0:
            self._range(axis, -high, high)
            self.widget.addLine(y=0, pen=pg.mkPen(self._theme["grid"]))
        else:
            self._range(axis, min(0.0, float(np.nanmin(query))), high)
        self._label(self._scan_name(), "query", 0)
        self._label(name, "reference", -1 if sign < 0 else 1)
        self.key.show_counts(peaks)
        self.key.setVisible(True)
        self._done(shown.reference_name, peaks)

    def _draw_marks(self, shown: Comparison, sign: float) -> tuple[int, int, int]:
        axis = shown.raman_shift_cm1
        tops = np.maximum(shown.query, shown.reference) if sign > 0 else shown.query
        self._marks("matched", shown.matched_peaks_cm1, axis, tops, 1.0)
        self._marks("missing", shown.missing_peaks_cm1, axis, shown.reference, sign)
        self._marks("unexplained", shown.unexplained_peaks_cm1, axis, tops, 1.0)
        return (
            len(shown.matched_peaks_cm1),
            len(shown.missing_peaks_cm1),
            len(shown.unexplained_peaks_cm1),
        )

    def _marks(
        self,
        mark: Mark,
        at_cm1: tuple[float, ...],
        axis: NDArray[np.float64],
        heights: NDArray[np.float64],
        sign: float,
    ) -> None:
        if not at_cm1:
            return
        positions = np.asarray(at_cm1)
        gap = MARKER_GAP * (2.0 if self._view == "mirrored" else 1.0)
        y = sign * (np.interp(positions, axis, np.nan_to_num(heights)) + gap)
        pen, brush = mark_paint(mark, self._theme)
        marks = pg.ScatterPlotItem(positions, y, symbol=SYMBOLS[mark], size=9, pen=pen, brush=brush)
        self.widget.addItem(marks)

    def _curve(self, axis: NDArray[np.float64], values: NDArray[np.float64], colour: str) -> None:
        curve = pg.PlotDataItem(
            axis, values, pen=pg.mkPen(self._theme[colour], width=LINE_WIDTH), connect="finite",
            autoDownsample=True, downsampleMethod="peak",
        )  # fmt: skip
        self.widget.addItem(curve)
        curve.setClipToView(True)  # not before: it looks for its view

    def _range(self, axis: NDArray[np.float64], bottom: float, top: float) -> None:
        low, high = float(axis[0]), float(axis[-1])
        item = self.widget.getPlotItem()
        item.vb.setLimits(xMin=low - 20, xMax=high + 20)
        item.setXRange(low, high, padding=0.01)
        self._extent = (bottom, top if top > bottom else bottom + 1.0)

    @Slot()
    def _fit_height(self) -> None:
        """Leave room for the labels above and below the data, whatever the height in pixels."""
        box = self.widget.getPlotItem().vb
        above = sum(label.line >= 0 for label in self._labels)
        below = len(self._labels) - above
        room = max(40.0, box.height() - (above + below) * LABEL_PIXELS)
        bottom, top = self._extent
        unit = (top - bottom) / room
        if self._labels:
            low, high = bottom - below * LABEL_PIXELS * unit, top + above * LABEL_PIXELS * unit
            box.setYRange(low - 4 * unit, high, padding=0)
        self._place_labels()

    def _scan_name(self) -> Said:
        return self._look.say("figure.scan_emulated" if self._emulated else "figure.scan")

    def _label(self, text: str, colour: str, line: int) -> None:
        anchor = (0.0, 0.0) if line >= 0 else (0.0, 1.0)
        label = pg.TextItem(text, color=self._theme[colour], anchor=anchor)
        label.setFont(sized(self.font(), BASE_POINTS, bold=True))
        self.widget.addItem(label, ignoreBounds=True)
        self._labels.append(_Label(label, text, line))

    @Slot()
    def _place_labels(self) -> None:
        """Keep the labels at the left edge, shortened to the width there is."""
        box = self.widget.getPlotItem().vb
        (left, right), (low, high) = box.viewRange()
        line_height = LABEL_PIXELS * (high - low) / max(1.0, box.height())
        metrics = QFontMetrics(sized(self.font(), BASE_POINTS, bold=True))
        room = max(40, int(box.width()) - 24)
        for label in self._labels:
            label.item.setText(shortened(label.text, metrics, room))
            y = high - label.line * line_height if label.line >= 0 else low
            label.item.setPos(left + 0.005 * (right - left), y)

    def _done(self, reference: str, peaks: tuple[int, int, int]) -> None:
        view: View = "raw" if not reference else self._view
        self.drawn = Drawn(view, reference, peaks)
        matched, missing, unexplained = peaks
        words = self._look.say(
            "figure.spoken_with" if reference else "figure.spoken",
            scan=self._scan_name(),
            view=self._look.say(f"figure.{view}"),
            name=reference,
            matched=matched,
            missing=missing,
            unexplained=unexplained,
        )
        self.widget.setAccessibleName(words)


def mark_paint(mark: Mark, theme: Theme) -> tuple[QPen, QColor]:
    """Return outline and filling of a marker: solid, hollow, or another shape and colour."""
    if mark == "matched":
        return pg.mkPen(theme["reference"]), QColor(theme["reference"])
    if mark == "missing":
        return pg.mkPen(theme["reference"], width=1.8), QColor(theme["surface"])
    return pg.mkPen(theme["unexplained"]), QColor(theme["unexplained"])


class MarkerKey(QFrame):
    """The three markers with their meaning and how many there are."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look, self._title = look, QLabel()
        self._peaks = (0, 0, 0)
        self.setMinimumWidth(1)
        self._pictures: dict[Mark, QLabel] = {}
        self._words: dict[Mark, QLabel] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._title)
        for mark in SYMBOLS:
            picture, words = QLabel(), QLabel()
            row.addSpacing(6)
            row.addWidget(picture)
            row.addWidget(words)
            self._pictures[mark], self._words[mark] = picture, words
        row.addStretch(1)
        look.tell(self.retell)
        look.paint(self.repaint_marks)

    def repaint_marks(self) -> None:
        """Paint the markers in the colours of the theme."""
        for mark, label in self._pictures.items():
            label.setPixmap(_mark_pixmap(mark, self._look.theme))

    def retell(self) -> None:
        """Say all texts."""
        self._title.setText(self._look.say("figure.peaks"))
        self.show_counts(self._peaks)

    def show_counts(self, peaks: tuple[int, int, int]) -> None:
        """Show how many peaks are matched, missing and unexplained."""
        self._peaks = peaks
        wide = "_wide" if self.width() >= NARROW_KEY else ""
        self._title.setVisible(bool(wide))
        keys = ("matched", f"missing{wide}", f"unexplained{wide}")
        for label, key, count in zip(self._words.values(), keys, peaks, strict=True):
            label.setText(self._look.say(f"figure.{key}", count=count))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the short words where the long ones do not fit."""
        super().resizeEvent(event)
        self.show_counts(self._peaks)


def _mark_pixmap(mark: Mark, theme: Theme) -> QPixmap:
    side = 14
    pixmap = QPixmap(QSize(side, side))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen, brush = mark_paint(mark, theme)
    painter.setPen(pen)
    painter.setBrush(brush)
    if SYMBOLS[mark] == "o":
        painter.drawEllipse(QPointF(side / 2, side / 2), 4.5, 4.5)
    else:
        painter.drawPolygon(QPolygonF([QPointF(2, 3), QPointF(12, 3), QPointF(7, 12)]))
    painter.end()
    return pixmap
