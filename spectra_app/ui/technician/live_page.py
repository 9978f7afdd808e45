"""The instrument live: what it sees now, adjusted while one looks; nothing of it is kept.

The laser is lit by the `AnalyserDesk` alone, at the power for aiming, and is switched off when this
page or the window is left.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
)

from spectra_app.services.instrument_state import InstrumentState
from spectra_app.services.live import LONGEST_LIVE_MS, LiveControls, LiveFrame, band_of
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.lane import Job
from spectra_app.ui.laser_sign import LaserSign
from spectra_app.ui.live_plot import LivePlot
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL, Page
from spectra_app.ui.phrases import analyser_line
from spectra_app.ui.theme import banner_style, sized

if TYPE_CHECKING:
    from spectra_app.ui.technician.area import Bench

BAND_CM1 = (980.0, 1025.0)
"""Where the band is at first: the strongest one of polystyrene."""
SAME_MS = 1.5  # the live view itself alternates by one millisecond
MOST_AVERAGES = 100
BELOW = Qt.ShortcutContext.WidgetWithChildrenShortcut
FIGURES = ("detector", "level", "band", "exposure")
BAND, WIDE = FIGURES.index("band"), 2  # its figure has a range beside it


class LivePage(Page):
    """See the module."""

    def __init__(self, look: Look, bench: Bench) -> None:
        super().__init__(look, bench.records)
        self._desk = bench.analyser
        self.controls = LiveControls()
        self.dark: LiveFrame | None = None
        self.frame: LiveFrame | None = None
        self._last: deque[NDArray[np.float64]] = deque(maxlen=1)
        self._began = False
        self.banner, self.sign, self.stands = QLabel(), LaserSign(look, 30, 14.0), WrappedLabel()
        self.figures = {name: (WrappedLabel(), WrappedLabel()) for name in FIGURES}
        self.plot = LivePlot(look)
        self.region = pg.LinearRegionItem(BAND_CM1)
        self.time, self.averages = QDoubleSpinBox(), QSpinBox()
        self.labels = QLabel(), QLabel()
        self.take_dark, self.subtract, self.freeze = QPushButton(), QCheckBox(), QPushButton()
        self.start, self.stop = QPushButton(), QPushButton()
        self._build()
        self._connect()
        look.tell(self.retell)
        look.paint(self._paint)

    def _build(self) -> None:
        self.banner.setAlignment(Qt.AlignmentFlag.AlignCenter)
        grid = QGridLayout()
        for place, (name, value) in enumerate(self.figures.values()):
            name.setObjectName("muted")
            value.setFont(sized(value.font(), 14, bold=True))
            grid.addWidget(name, 0, place)
            grid.addWidget(value, 1, place)
            grid.setColumnStretch(place, WIDE if place == BAND else 1)
            grid.setColumnMinimumWidth(place, 120)
        self.plot.widget.addItem(self.region)
        row = QHBoxLayout()
        self.time.setRange(1.0, LONGEST_LIVE_MS)
        self.time.setDecimals(0)
        self.time.setValue(self.controls.integration_time_ms)
        self.averages.setRange(1, MOST_AVERAGES)
        self.freeze.setCheckable(True)
        fields = (self.time, self.averages)
        for label, field in zip(self.labels, fields, strict=True):
            label.setBuddy(field)
            row.addWidget(label)
            row.addWidget(field)
        for widget in (self.take_dark, self.subtract, self.freeze):
            row.addWidget(widget)
        row.addStretch(1)
        for tall in (*fields, self.take_dark, self.subtract, self.freeze):
            tall.setMinimumHeight(TALL)
        self.start.setObjectName("primary")
        self.stop.setObjectName("danger")
        for button in (self.start, self.stop):
            button.setMinimumHeight(60)
        for part in (self.banner, self.sign, self.stands):
            self.column.addWidget(part)
        self.column.addLayout(grid)
        self.column.addWidget(self.plot, 1)
        self.column.addLayout(row)
        self.column.addWidget(self.start)
        self.column.addWidget(self.stop)

    def _connect(self) -> None:
        self._desk.shown.connect(self.show_state)
        self._desk.seen.connect(self.show_frame)
        stop = QShortcut(QKeySequence("Esc"), self, context=BELOW)
        stop.activated.connect(self._desk.stop)
        self.start.clicked.connect(self._on_start)
        self.stop.clicked.connect(self._desk.stop)
        self.take_dark.clicked.connect(self._on_dark)
        self.time.valueChanged.connect(self._on_time)
        self.averages.valueChanged.connect(self._on_averages)
        self.subtract.toggled.connect(self._draw)
        self.region.sigRegionChanged.connect(self._say_figures)

    def retell(self) -> None:
        """Say all texts."""
        say = self.look_of.say
        self.title.setText(say("tech.live"))
        self.banner.setText(say("card.emulated"))
        for name, (caption, _value) in self.figures.items():
            caption.setText(say(f"liveview.{name}"))
        for label, field, key in zip(
            self.labels, (self.time, self.averages), ("time", "averages"), strict=True
        ):
            label.setText(say(f"liveview.{key}"))
            field.setAccessibleName(label.text())
        self.take_dark.setText(say("liveview.dark"))
        self.take_dark.setToolTip(say("liveview.dark_hint"))
        self.subtract.setText(say("liveview.subtract"))
        self.freeze.setText(say("liveview.freeze"))
        self.freeze.setShortcut("F8")
        self.start.setText(say("liveview.start"))
        self.stop.setText(say("panel.stop"))
        self.show_state(self._desk.state)

    def _paint(self) -> None:
        self.banner.setStyleSheet(banner_style(self.look_of.theme))

    def refresh(self) -> None:
        """Show the analyser as it is now."""
        self.show_state(self._desk.state)

    # --- what is seen ---------------------------------------------------------------------------

    @Slot(object)
    def show_state(self, state: InstrumentState) -> None:
        """Show the analyser, and let be pressed what can be."""
        live = state.phase == "live"
        self.banner.setVisible(state.emulated and state.connected)
        self.sign.setVisible(state.connected)
        self.sign.show_state(state.laser)
        self.stands.setText(f"{analyser_line(state, self.look_of.texts)}. "
                            f"{self.look_of.say('liveview.words')}")  # fmt: skip
        ready = state.phase == "ready" and not state.alarm
        self.start.setVisible(not state.busy)
        self.start.setEnabled(ready)
        self.take_dark.setEnabled(ready)
        self.stop.setVisible(state.busy)
        self.stop.setEnabled(not state.stopping)
        self.plot.show_words("panel.live_note" if live else "panel.no_live")
        celsius = state.temperature_c if state.connected else None
        shown = "–" if celsius is None else f"{celsius:.1f} °C"
        self.figures["detector"][1].setText(self.look_of.texts.put(shown))
        if state.trouble is not None and not state.busy and self._began:
            self.say_trouble(state.trouble)

    @Slot(object)
    def show_frame(self, frame: LiveFrame) -> None:
        """Show an exposure, unless the picture is frozen."""
        if self.freeze.isChecked() or not self.isVisible():
            return
        before = self.frame
        other = before is None or abs(before.integration_time_ms - frame.integration_time_ms)
        if other is True or other > SAME_MS or frame.number == 1:
            self._last.clear()
        self.frame = frame
        self._last.append(frame.counts)
        self._draw()

    def shown_counts(self) -> NDArray[np.float64]:
        """Return what is drawn: the mean of the last exposures, less the dark where it fits."""
        counts = np.mean(np.stack(list(self._last)), axis=0)
        dark = self.dark
        if self.subtract.isChecked() and dark is not None and self._fits(dark):
            counts = counts - dark.counts
        return np.asarray(counts, dtype=np.float64)

    def _fits(self, dark: LiveFrame) -> bool:
        """Tell whether a dark is one for the exposures that are shown."""
        frame = self.frame
        return (
            frame is not None
            and dark.counts.size == frame.counts.size
            and abs(dark.integration_time_ms - frame.integration_time_ms) <= SAME_MS
        )

    @Slot()
    def _draw(self) -> None:
        if self.frame is None or not self._last:
            return
        frame = self.frame
        counts = self.shown_counts()
        self.plot.show_frame(LiveFrame(frame.axis, counts, frame.in_cm1, frame.number, frame.full))
        self._say_figures()
        dark = self.dark
        if self.subtract.isChecked() and (dark is None or not self._fits(dark)):
            self.say_line(self.look_of.say("liveview.no_dark"))
        elif self.waiting == 0:
            self.say_line("")

    @Slot()
    def _say_figures(self) -> None:
        """Say saturation, the band's signal to noise, and the exposure."""
        frame, look = self.frame, self.look_of
        if frame is None or not self._last:
            return
        key = "full" if frame.full else "share"
        self.figures["level"][1].setText(look.say(f"liveview.{key}", share=f"{frame.level:.0%}"))
        level = self.figures["level"][1]
        level.setObjectName("problem" if frame.full else "")
        level.style().unpolish(level)
        level.style().polish(level)
        low, high = sorted(float(one) for one in self.region.getRegion())
        band = band_of(frame.axis, self.shown_counts(), low, high)
        told = look.say("liveview.no_band")
        if band is not None:
            told = look.say(
                "liveview.snr", snr=f"{band.snr:.0f}", range=f"{low:.0f}–{high:.0f} cm⁻¹"
            )
        self.figures["band"][1].setText(told)
        shown = f"{len(self._last)} × {frame.integration_time_ms:.0f} ms"
        self.figures["exposure"][1].setText(look.texts.put(shown))

    # --- what is asked --------------------------------------------------------------------------

    @Slot()
    def _on_start(self) -> None:
        self._began = True
        self.freeze.setChecked(False)
        self.say_line("")
        self._desk.start_live(self.controls)

    @Slot(float)
    def _on_time(self, milliseconds: float) -> None:
        self.controls.integration_time_ms = milliseconds

    @Slot(int)
    def _on_averages(self, count: int) -> None:
        self._last = deque(self._last, maxlen=count)

    @Slot()
    def _on_dark(self) -> None:
        self._desk.measure_dark(self.controls.integration_time_ms, self._on_dark_taken)

    def _on_dark_taken(self, job: Job) -> None:
        if job.error is not None:
            self.say_trouble(job.error)
        elif job.result is not None:
            self.dark = job.result
            self.subtract.setChecked(True)
            self.say_line(self.look_of.say("liveview.dark_taken"))

    # --- leaving --------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Switch the laser off when something else gets the attention."""
        if event.type() == QEvent.Type.WindowDeactivate:
            self._left()
        return super().event(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Hiding is leaving."""
        self._left()
        super().hideEvent(event)

    def _left(self) -> None:
        if self._desk.state.phase == "live":
            self._desk.left()
