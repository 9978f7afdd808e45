"""The plot of several spectra: overlaid, stacked or subtracted, with a cross-hair and a range."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from matching.errors import QueryError
from matching.figures import range_figures, shift_cm1
from spectra_app.reports.texts import Said
from spectra_app.ui.fitted import ElidedLabel
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.mirroring import never_mirrored, shortened
from spectra_app.ui.plot import LABEL_PIXELS, LINE_WIDTH
from spectra_app.ui.plot_export import Figure, PlotKeeper
from spectra_app.ui.technician.curves import (
    Curve,
    Manner,
    Shown,
    curves_of,
    lasers_known,
    points_of,
    value_at,
)
from spectra_app.ui.technician.plot_tools import PlotTools
from spectra_app.ui.theme import BASE_POINTS, sized

NEAR = 12.0  # cm-1 from a mark within which a click means it
MOST_LABELS = 10
STEP = 0.1  # of what is shown, for one press of an arrow key


class SpectraPlot(QFrame):
    """A panel with the plot, its tools above it, and what is read off it below it.

    Parameters
    ----------
    look : Look
        Language and theme.
    lane : Lane
        Where files are written.
    """

    mark_chosen = Signal(float)

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__()
        self.setObjectName("panel")
        pg.setConfigOptions(antialias=True)
        self._look = look
        self._shown: tuple[Shown, ...] = ()
        self._message = "examine.nothing_shown"
        self._marks: tuple[float, ...] = ()
        self._chosen: float | None = None
        self._kept: tuple[object, ...] = ()
        self.curves: list[Curve] = []
        self._labels: list[pg.TextItem] = []
        self.tools = PlotTools(look)
        self.reading = ElidedLabel()
        self.measured, self.note = QLabel(), QLabel()
        self.widget = pg.PlotWidget(enableMenu=False)
        self._cross = pg.InfiniteLine(angle=90, movable=False)
        self._range = pg.LinearRegionItem(values=(950.0, 1050.0), movable=True)
        self._between, self._unit = (950.0, 1050.0), "shift"  # of the range, in cm-1
        figure = Figure(self.widget, self.repaint_all, self.title, self.caption)
        self.keeper = PlotKeeper(figure, look, lane)
        self._build()
        look.tell(self.retell)
        look.paint(self.repaint_all)

    # --- building -------------------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 4)
        column.setSpacing(4)
        column.addWidget(self.tools)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.note)
        row.addWidget(self.reading, 1)
        self.note.setObjectName("hint")
        self.reading.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        self.measured.setWordWrap(True)
        column.addLayout(row)
        column.addWidget(self.widget, 1)
        column.addWidget(self.measured)
        item = self.widget.getPlotItem()
        never_mirrored(self.widget)
        item.hideButtons()
        item.getAxis("left").setStyle(showValues=True)
        item.vb.sigRangeChanged.connect(self._place_labels)
        self.widget.setMinimumHeight(150)
        self.widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.widget.scene().sigMouseMoved.connect(self._on_moved)
        self.widget.scene().sigMouseClicked.connect(self._on_clicked)
        self._range.sigRegionChanged.connect(self._measure)
        self.tools.changed.connect(self.redraw)
        self.tools.range_wanted.connect(self._measure)
        self._add_keys()

    def _add_keys(self) -> None:
        keys = {
            "Home": self.show_whole, "+": partial(self.zoom, 0.7), "-": partial(self.zoom, 1 / 0.7),
            "Left": partial(self.pan, -STEP), "Right": partial(self.pan, STEP),
        }  # fmt: skip
        for key, act in keys.items():
            shortcut = QShortcut(QKeySequence(key), self.widget)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(act)

    # --- texts and colours ----------------------------------------------------------------------

    def retell(self) -> None:
        """Say all texts."""
        self.widget.setToolTip("")
        self._name_axes()
        self.redraw()

    def repaint_all(self) -> None:
        """Paint everything in the colours of the theme."""
        theme = self._look.theme
        self.widget.setBackground(theme["surface"])
        self._name_axes()
        item = self.widget.getPlotItem()
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setPen(pg.mkPen(theme["grid"]))
            axis.setTextPen(pg.mkPen(theme["text"]))
            axis.setTickFont(self.font())
        self._cross.setPen(pg.mkPen(theme["grid"], style=Qt.PenStyle.DotLine))
        tint = QColor(theme["accent"])
        tint.setAlpha(40)
        self._range.setBrush(tint)
        for line in self._range.lines:
            line.setPen(pg.mkPen(theme["accent"], width=LINE_WIDTH))
        self.redraw()

    def _name_axes(self) -> None:
        say, item, theme = self._look.say, self.widget.getPlotItem(), self._look.theme
        nm = self.tools.manner.unit == "wavelength"
        item.setLabel(
            "bottom",
            say("examine.axis_nm" if nm else "figure.axis"),
            color=theme["text"],
            **{"font-size": "11pt"},
        )
        scaling = self.tools.manner.scaling
        item.setLabel(
            "left",
            say(f"examine.axis_{scaling}"),
            color=theme["muted"],
            **{"font-size": "10pt"},
        )

    def title(self) -> str:
        """Return what is drawn, for the picture and its file."""
        names = [one.name for one in self._shown[:3]]
        more = len(self._shown) - len(names)
        words = " · ".join(names) + (f" + {more}" if more > 0 else "")
        return words or self._look.say("tech.examine")

    def caption(self) -> str:
        """Return what a picture must say besides: that the clean-up is a preview's."""
        return self.note.text() if self.tools.manner.clean else ""

    # --- what is shown --------------------------------------------------------------------------

    def show_spectra(self, shown: Sequence[Shown]) -> None:
        """Draw these spectra; what is seen of the axis stays when they are the same ones."""
        self._shown = tuple(shown)
        self.tools.allow(wavelengths=lasers_known(self._shown))
        self.redraw()

    def show_marks(self, positions_cm1: Sequence[float], chosen: float | None = None) -> None:
        """Mark the peaks of the first spectrum, one of them as chosen."""
        self._marks, self._chosen = tuple(positions_cm1), chosen
        self.redraw()

    def say_note(self, words: str) -> None:
        """Say above the plot what is preview."""
        self.note.setText(words)
        self.note.setVisible(bool(words))

    @Slot()
    def redraw(self) -> None:
        """Draw everything again; the range shown stays while the same spectra are drawn alike."""
        plot, manner = self.widget.getPlotItem(), self.tools.manner
        plot.clear()
        self._labels = []
        self.curves, self._message = self._curves(manner)
        self._name_axes()
        for line in self.curves:
            self._draw(line)
        self._draw_marks()
        shape = (tuple(one.key for one in self._shown), manner.layout, manner.unit)
        if shape != self._kept or not self.curves:
            self._kept = shape
            self.show_whole()
        else:
            self._fit_height()
        self._carry_range()
        plot.addItem(self._cross, ignoreBounds=True)
        self._cross.hide()
        if self.curves:
            self._add_labels()
        else:
            self._draw_message()
        if self.tools.ranged and self.curves:
            plot.addItem(self._range, ignoreBounds=True)
        self._measure()
        names = self._look.texts.many(line.name for line in self.curves)
        words = "; ".join(names) if self.curves else self._look.say(self._message)
        self.widget.setAccessibleName(words)

    def _curves(self, manner: Manner) -> tuple[list[Curve], str]:
        if not self._shown:
            return [], "examine.nothing_shown"
        if manner.layout == "difference" and len(self._shown) < 2:
            return [], "examine.need_two"
        try:
            return curves_of(self._shown, manner), ""
        except QueryError:
            return [], "examine.no_common"

    def _draw(self, line: Curve) -> None:
        colour = QColor(self._look.theme.series(line.place))
        if line.faint:
            colour.setAlpha(110)
        pen = pg.mkPen(colour, width=LINE_WIDTH)
        curve = self.widget.plot(line.x, line.y, pen=pen, connect="finite")
        curve.setDownsampling(auto=True, method="peak")
        curve.setClipToView(True)

    def _draw_message(self) -> None:
        self.widget.setRange(xRange=(0, 1), yRange=(0, 1), padding=0)
        text = pg.TextItem(
            self._look.say(self._message), color=self._look.theme["muted"], anchor=(0.5, 0.5)
        )
        text.setFont(self.font())
        text.setPos(0.5, 0.5)
        self.widget.addItem(text)

    def _draw_marks(self) -> None:
        """Draw a triangle above each peak of the first spectrum that the table lists."""
        if not self._marks or not self.curves or self.tools.manner.layout == "difference":
            return
        line, theme = self.curves[0], self._look.theme
        x = np.array([self._across(one) for one in self._marks])
        y = np.interp(x, line.x, line.y)
        chosen = [one == self._chosen for one in self._marks]
        full, hollow = QColor(theme["unexplained"]), QColor(theme["surface"])
        brushes = [full if one else hollow for one in chosen]
        self.widget.plot(
            x, y, pen=None, symbol="t", symbolSize=[13 if one else 8 for one in chosen],
            symbolPen=pg.mkPen(theme["unexplained"]), symbolBrush=brushes,
        )  # fmt: skip

    def _across(self, raman_shift: float) -> float:
        """Return where a Raman shift of the first spectrum lies on the axis shown."""
        laser = self._shown[0].spectrum.laser_nm if self._shown else None
        if self.tools.manner.unit == "wavelength" and laser is not None:
            return 1e7 / (1e7 / laser - raman_shift)
        return raman_shift

    def _back(self, x: float) -> float:
        """Return the Raman shift of a place on the axis shown."""
        laser = self._shown[0].spectrum.laser_nm if self._shown else None
        if self.tools.manner.unit == "wavelength" and laser is not None and x > 0:
            return float(shift_cm1(np.array([x]), laser)[0])
        return x

    # --- seeing a part of it --------------------------------------------------------------------

    @Slot()
    def show_whole(self) -> None:
        """Show the whole of all spectra."""
        if not self.curves:
            return
        low = min(float(line.x[0]) for line in self.curves)
        high = max(float(line.x[-1]) for line in self.curves)
        box = self.widget.getPlotItem().vb
        room = 0.02 * (high - low)
        box.setLimits(xMin=low - room, xMax=high + room)
        box.setXRange(low, high, padding=0.01)
        self._fit_height()

    def zoom(self, factor: float) -> None:
        """Show `factor` times as much of the axis, about its middle."""
        self.widget.getPlotItem().vb.scaleBy((factor, 1.0))
        self._fit_height()

    def pan(self, share: float) -> None:
        """Move along the axis by a share of what is seen."""
        box = self.widget.getPlotItem().vb
        (left, right), _ = box.viewRange()
        box.translateBy(x=share * (right - left))

    def _fit_height(self) -> None:
        """Show all of the curves' heights within what is seen of the axis, labels above them."""
        box = self.widget.getPlotItem().vb
        (left, right), _ = box.viewRange()
        seen = [line.y[(line.x >= left) & (line.x <= right)] for line in self.curves]
        seen = [values[np.isfinite(values)] for values in seen]
        seen = [values for values in seen if values.size]
        if not seen:
            return
        low, high = min(float(v.min()) for v in seen), max(float(v.max()) for v in seen)
        lines = 0 if self.tools.manner.layout == "stack" else self._lines()
        above = (lines + 0.6) * LABEL_PIXELS
        unit = ((high - low) or 1.0) / max(40.0, box.height() - above)
        box.setYRange(low - 6 * unit, high + above * unit, padding=0)

    def _lines(self) -> int:
        """Return how many lines the names take: in columns where there are many."""
        height = self.widget.getPlotItem().vb.height()
        return min(len(self._named()), max(1, int(0.3 * height / LABEL_PIXELS)))

    # --- labels ---------------------------------------------------------------------------------

    def _named(self) -> list[Curve]:
        return self.curves[:MOST_LABELS]

    def _add_labels(self) -> None:
        for line in self._named():
            label = pg.TextItem("", color=self._look.theme.series(line.place), anchor=(0.0, 0.0))
            label.setFont(sized(self.font(), BASE_POINTS, bold=not line.faint))
            self.widget.addItem(label, ignoreBounds=True)
            self._labels.append(label)
        self._place_labels()

    @Slot()
    def _place_labels(self) -> None:
        """Keep the names at the left: in a column at the top, or on their curves in a stack."""
        if not self._labels:
            return
        box = self.widget.getPlotItem().vb
        (left, right), (low, high) = box.viewRange()
        line_height = LABEL_PIXELS * (high - low) / max(1.0, box.height())
        metrics = QFontMetrics(sized(self.font(), BASE_POINTS, bold=True))
        lines = max(1, self._lines())
        columns = -(-len(self._labels) // lines)
        stacked = self.tools.manner.layout == "stack"
        room = max(40, int(box.width() / (1 if stacked else columns)) - 24)
        for place, (line, label) in enumerate(zip(self._named(), self._labels, strict=True)):
            label.setText(shortened(line.name, metrics, room))
            column, row = divmod(place, lines)
            x = left + (0.005 + column / columns) * (right - left)
            y = high - row * line_height
            if stacked:
                part = line.y[(line.x >= right - 0.15 * (right - left)) & (line.x <= right)]
                x, y = (
                    right,
                    (float(np.median(part)) if part.size else line.offset) + 1.2 * line_height,
                )
                label.setAnchor((1.0, 0.0))
            label.setPos(x, min(y, high))

    # --- reading off ----------------------------------------------------------------------------

    @Slot(QPointF)
    def _on_moved(self, at: QPointF) -> None:
        """Read the first spectrum off where the pointer is."""
        box = self.widget.getPlotItem().vb
        inside = box.sceneBoundingRect().contains(at)
        self._cross.setVisible(inside and bool(self.curves))
        if not inside or not self.curves:
            self.reading.set_text("")
            return
        x = float(box.mapSceneToView(at).x())
        self._cross.setPos(x)
        self.reading.set_text(self.read(x))

    def read(self, x: float) -> Said:
        """Return what the curves say at a place of the axis, the first one's value in words."""
        line = self.curves[-1] if self.tools.manner.layout == "difference" else self.curves[0]
        value = value_at(line, x)
        unit = "examine.at_nm" if self.tools.manner.unit == "wavelength" else "examine.at_shift"
        place = self._look.say(unit, at=f"{x:.1f}")
        if value is None:
            return place
        return self._look.say("examine.reading", place=place, value=f"{value:.4g}", name=line.name)

    @Slot(object)
    def _on_clicked(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        """Choose the mark that was clicked on."""
        if not self._marks or not self._shown:
            return
        at = self._back(float(self.widget.getPlotItem().vb.mapSceneToView(event.scenePos()).x()))
        nearest = min(self._marks, key=lambda one: abs(one - at))
        if abs(nearest - at) <= NEAR:
            self.mark_chosen.emit(nearest)

    def choose_range(self, low_cm1: float, high_cm1: float) -> None:
        """Measure between two Raman shifts."""
        self.tools.show_range(on=True)
        self._range.setRegion(sorted((self._across(low_cm1), self._across(high_cm1))))

    @Slot()
    def _measure(self) -> None:
        """Say area, centroid and width of what the range holds of the spectrum drawn first."""
        on = self.tools.ranged and bool(self.curves)
        there = self._range.scene() is not None
        if on and not there:
            self.widget.addItem(self._range, ignoreBounds=True)
            self._centre_range()
        elif there and not on:
            self.widget.removeItem(self._range)
        self.measured.setVisible(on)
        if on:
            low, high = sorted(self._back(float(x)) for x in self._range.getRegion())
            self._between = low, high
            self.measured.setText(self._figures())

    def _carry_range(self) -> None:
        """Keep the range at its Raman shifts when the axis shown becomes another one."""
        if self.tools.manner.unit != self._unit:
            self._unit = self.tools.manner.unit
            low, high = self._between
            self._range.blockSignals(True)
            self._range.setRegion(sorted((self._across(low), self._across(high))))
            self._range.blockSignals(False)

    def _centre_range(self) -> None:
        (left, right), _ = self.widget.getPlotItem().vb.viewRange()
        low, high = self._range.getRegion()
        if high < left or low > right or high - low > right - left:
            middle, tenth = (left + right) / 2, (right - left) / 20
            self._range.setRegion((middle - tenth, middle + tenth))

    def _figures(self) -> Said:
        say = self._look.say
        low, high = self._between
        axis, values = points_of(self._shown[0], clean=self.tools.manner.clean)
        if self.tools.manner.layout == "difference":
            line = self.curves[-1]
            axis, values = np.array([self._back(float(x)) for x in line.x]), line.y
        try:
            found = range_figures(axis, values, low, high)
        except QueryError:
            return say("examine.range_small")
        unknown = say("examine.not_known")

        def shown(value: float | None) -> str:
            return f"{value:.1f}" if value is not None else str(unknown)

        return say(
            "examine.range_figures",
            low=f"{found.low_cm1:.0f}", high=f"{found.high_cm1:.0f}", area=f"{found.area:.4g}",
            net=f"{found.net_area:.4g}", centroid=shown(found.centroid_cm1),
            width=shown(found.fwhm_cm1), top=f"{found.top_cm1:.1f}",
        )  # fmt: skip

    def sizeHint(self) -> QSize:
        """Take what there is."""
        return QSize(520, 420)
