"""Control charts: one quantity of an analyser over time, with limits, and a table of its points.

A point beyond the limits differs by shape, by colour and by a word beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Slot
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QSplitter, QVBoxLayout

from spectra_app.reports.texts import Said
from spectra_app.services.fleet import ControlChart, Point
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.mirroring import never_mirrored
from spectra_app.ui.plot import LINE_WIDTH
from spectra_app.ui.plot_export import Figure, keep_plot
from spectra_app.ui.row_table import Cell, RowTable
from spectra_app.ui.theme import sized

SYMBOLS = {"in": "o", "warning": "t1", "out": "s"}
COLOURS = {"in": "reference", "warning": "unexplained", "out": "danger"}
COLUMNS = ("time", "value", "judged", "why", "record")
ABOVE, BELOW = [(0, 1), (0, 1)], [(0, 0), (0, 0)]  # anchors of the words at a line
LABELLED = 6  # so many points beyond limits have their word beside them; the table has all


class ChartView(QFrame):
    """Choice of the quantity, the chart, and its points as a table.

    Parameters
    ----------
    look : Look
        Language and theme.
    lane : Lane
        Where files are written.
    """

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__()
        self.setObjectName("panel")
        pg.setConfigOptions(antialias=True)
        self._look = look
        self.charts: Sequence[ControlChart] = ()
        self.serial = ""
        self.emulated = False
        self.asked, self.quantity, self.words = QLabel(), QComboBox(), QLabel()
        self.axis = pg.DateAxisItem(utcOffset=0)
        self.widget = pg.PlotWidget(axisItems={"bottom": self.axis}, enableMenu=False)
        never_mirrored(self.widget)
        self.table = RowTable(look, lane, self.title)
        self.figure = Figure(self.widget, self.repaint_all, self.title, self.note)
        self.keeper = keep_plot(self.figure, look, lane)
        self._build()
        look.tell(self.retell)
        look.paint(self.repaint_all)

    def _build(self) -> None:
        top = QHBoxLayout()
        self.asked.setBuddy(self.quantity)
        self.quantity.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.quantity.currentIndexChanged.connect(self.redraw)
        for widget in (self.asked, self.quantity):
            top.addWidget(widget)
        top.addStretch(1)
        self.pictures, self.tables = self.keeper.button(), self.table.keeper.button()
        for button in (self.pictures, self.tables):
            button.setObjectName("segment")
            top.addWidget(button)
        item = self.widget.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(x=True, y=False)
        item.getAxis("left").enableAutoSIPrefix(False)  # a unit times 0.001 is misread
        self.widget.setMinimumHeight(150)
        self.words.setWordWrap(True)
        self.words.setObjectName("muted")
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.widget)
        split.addWidget(self.table)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        self.table.setMinimumHeight(90)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.addLayout(top)
        column.addWidget(self.words)
        column.addWidget(split, 1)

    # --- what is shown --------------------------------------------------------------------------

    def show_charts(self, serial: str, charts: Sequence[ControlChart], *, emulated: bool) -> None:
        """Show the charts of an analyser; the quantity stays chosen where it is there."""
        before = self.quantity.currentData()
        self.serial, self.charts, self.emulated = serial, charts, emulated
        self.quantity.blockSignals(True)
        self.quantity.clear()
        for chart in charts:
            self.quantity.addItem(self._look.word("chart", chart.quantity), chart.quantity)
        self.quantity.setCurrentIndex(max(0, self.quantity.findData(before)) if charts else -1)
        self.quantity.blockSignals(False)
        self.redraw()

    @property
    def chart(self) -> ControlChart | None:
        """The chart that is chosen."""
        at = self.quantity.currentIndex()
        return self.charts[at] if 0 <= at < len(self.charts) else None

    def title(self) -> str:
        """Return what the chart is of."""
        name = self._look.word("chart", self.chart.quantity) if self.chart else ""
        return self._look.say("chart.title", quantity=name, serial=self.serial)

    def note(self) -> str:
        """Return what has to be said with it."""
        return self._look.say("card.emulated") if self.emulated else ""

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.asked.setText(say("chart.quantity"))
        self.quantity.setAccessibleName(say("chart.quantity"))
        self.table.setAccessibleName(say("chart.points"))
        for place, chart in enumerate(self.charts):
            self.quantity.setItemText(place, self._look.word("chart", chart.quantity))
        self.redraw()

    def repaint_all(self) -> None:
        """Paint everything in the colours of the theme."""
        theme, item = self._look.theme, self.widget.getPlotItem()
        self.widget.setBackground(theme["surface"])
        for name in ("left", "bottom"):
            item.getAxis(name).setPen(pg.mkPen(theme["grid"]))
            item.getAxis(name).setTextPen(pg.mkPen(theme["text"]))
        self.redraw()

    @Slot()
    def redraw(self) -> None:
        """Draw the chart that is chosen."""
        chart = self.chart
        self.widget.clear()
        self.widget.setVisible(chart is not None)
        self.quantity.setEnabled(chart is not None)
        self.words.setText(self._said(chart))
        self.widget.setAccessibleName(self.words.text())
        self._fill(chart)
        if chart is not None:
            self._draw(chart)

    def _said(self, chart: ControlChart | None) -> Said:
        say = self._look.say
        if chart is None:
            return say("chart.none")
        out = sum(point.judged == "out" for point in chart.points)
        warned = sum(point.judged == "warning" for point in chart.points)
        said = say("chart.counts", total=len(chart.points), out=out, warned=warned)
        if chart.since:
            since = chart.since[:16].replace("T", " ")
            said = Said(f"{said} {say('chart.since', time=since)}")
        few = chart.centre is None and chart.quantity in {"offset", "width", "signal", "power"}
        return Said(f"{said} {say('chart.few')}") if few else said

    # --- drawing --------------------------------------------------------------------------------

    def _draw(self, chart: ControlChart) -> None:
        theme, item = self._look.theme, self.widget.getPlotItem()
        item.setLabel("left", self._look.word("chart_unit", chart.unit), color=theme["text"])
        item.setLabel("bottom", self._look.say("chart.time"), color=theme["text"])
        times = [_seconds(point.time) for point in chart.points]
        values = [point.value for point in chart.points]
        self.widget.plot(times, values, pen=pg.mkPen(theme["grid"], width=LINE_WIDTH))
        for judged, symbol in SYMBOLS.items():
            at = [place for place, one in enumerate(chart.points) if one.judged == judged]
            colour = theme[COLOURS[judged]]
            fill = theme["surface"] if judged == "warning" else colour
            self.widget.plot(
                [times[one] for one in at], [values[one] for one in at], pen=None, symbol=symbol,
                symbolSize=10 if judged == "in" else 13, symbolPen=pg.mkPen(colour, width=1.8),
                symbolBrush=QColor(fill),
            )  # fmt: skip
        marked = list(zip(times, chart.points, strict=True))
        out = [one for one in marked if one[1].judged == "out"]
        warned = [one for one in marked if one[1].judged == "warning"]
        for time, point in (*out[-LABELLED:], *warned[-1:]):  # a run of warnings needs one word
            self._label(point, time)
        self._lines(chart)
        self._range(chart, times, values)

    def _label(self, point: Point, time: float) -> None:
        theme = self._look.theme
        label = pg.TextItem(
            self._look.word("judged", point.judged), color=theme[COLOURS[point.judged]],
            anchor=(1.0, 1.15),
        )  # fmt: skip
        label.setFont(sized(self.font(), 10, bold=True))
        label.setPos(QPointF(time, point.value))
        self.widget.addItem(label, ignoreBounds=True)

    def _lines(self, chart: ControlChart) -> None:
        say, theme = self._look.say, self._look.theme
        solid, dashed = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine
        rows = (
            (chart.upper, "chart.limit", "danger", solid, ABOVE),
            (chart.lower, "chart.limit", "danger", solid, BELOW),
            (chart.high, "chart.control", "unexplained", dashed, ABOVE),
            (chart.low, "chart.control", "unexplained", dashed, BELOW),
            (chart.centre, "", "grid", dashed, ABOVE),
        )
        for value, key, colour, style, anchors in rows:
            if value is None:
                continue
            pen = QPen(QColor(theme[colour]), LINE_WIDTH, style)
            pen.setCosmetic(True)
            words = say(key, value=f"{value:.3g}") if key else None
            apart = key == "chart.control"  # both kinds of limit may lie close together
            across = [(1 if apart else 0, upright) for _, upright in anchors]
            place = 0.98 if apart else 0.02
            beside = {"position": place, "color": theme[colour], "anchors": across}
            line = pg.InfiniteLine(value, angle=0, pen=pen, label=words, labelOpts=beside)
            self.widget.addItem(line)

    def _range(self, chart: ControlChart, times: Sequence[float], values: Sequence[float]) -> None:
        """Show all points and lines, with room for their words."""
        lines = (chart.upper, chart.lower, chart.high, chart.low)
        every = [*values, *(one for one in lines if one is not None)]
        low, high = min(every), max(every)
        room = 0.22 * ((high - low) or abs(high) or 1.0)
        first, last = min(times), max(times)
        beside = 0.05 * ((last - first) or 86_400.0)
        box = self.widget.getPlotItem().vb
        box.setRange(
            xRange=(first - beside, last + beside), yRange=(low - room, high + room), padding=0
        )

    def _fill(self, chart: ControlChart | None) -> None:
        look = self._look
        titles = [look.say(f"chart.{name}") for name in COLUMNS]
        rows = []
        for point in reversed(chart.points if chart else ()):
            why = "; ".join(look.say(f"chart.rule_{rule}") for rule in point.rules)
            unit = look.word("chart_unit", chart.unit) if chart else ""
            rows.append(
                (
                    Cell(look.texts.put(point.time[:16].replace("T", " ")), point.time),
                    Cell(look.texts.put(f"{point.value:.4g} {unit}"), point.value),
                    Cell(look.word("judged", point.judged)),
                    Cell(why),
                    Cell(look.texts.put(point.record[:12]), point.record),
                )
            )
        self.table.fill(titles, rows)


def _seconds(time: str) -> float:
    moment = datetime.fromisoformat(time)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
