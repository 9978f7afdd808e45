"""The window for measuring: which analyser, how it stands, live view, scan, stop."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QHideEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.connected import GENTLE_COUNTDOWN_S, GENTLE_WARNING
from spectra_app.services.instrument_state import InstrumentState, PlanName, ScanWish
from spectra_app.ui.analyser_form import AnalyserForm
from spectra_app.ui.laser_sign import LaserSign
from spectra_app.ui.live_plot import EMPTY, LivePlot
from spectra_app.ui.phrases import EMULATED, analyser_line, percent, sentence
from spectra_app.ui.theme import Theme, banner_style, sized
from spectra_app.ui.verdict_card import text_label
from spectra_app.wording import ATTENDED_NOTE, CALIBRATION_DO, DELAYED_NOTE, LIVE_NOTE, NO_LIVE

PLANS: tuple[tuple[PlanName, str], ...] = (
    ("auto", "Automatic exposure"),
    ("quick", "Short scan, 3 × 0.4 s"),
    ("gentle", "Gentle: dark or energetic sample"),
)
NO_WAIT = "no wait"
MOST_DELAY_S = 600


class AnalyserPanel(QDialog):
    """See the module. It shows a state and sends wishes; it never waits for an analyser."""

    scan_wanted = Signal(object)
    live_wanted = Signal()
    check_wanted = Signal()
    stop_wanted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget, samples: tuple[str, ...], theme: Theme) -> None:
        super().__init__(parent)
        self.setWindowTitle("Measure with an analyser")
        self._theme, self._state = theme, InstrumentState()
        self._working = False
        self._failed = ""
        self.form, self.plot = AnalyserForm(samples), LivePlot(theme)
        self.banner, self.sign = QLabel(EMULATED), LaserSign(34, 15.0)
        self.line, self.calibration = text_label(), text_label()
        self.check = QPushButton("Check with polystyrene")
        self.trouble, self.note = text_label(), text_label("hint")
        self.plan, self.delay = QComboBox(), QSpinBox()
        self.stage, self.bar = QLabel(), QProgressBar()
        self.live, self.scan = QPushButton("Live view (F4)"), QPushButton("SCAN (F5)")
        self.stop = QPushButton("STOP (Esc)")
        self._build()
        self.set_theme(theme)
        self.show_state(self._state)

    def _build(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        for widget in (
            self.banner, _heading("1  Analyser"), self.form, self.line, self.calibration,
            self.check, _heading("2  How to scan"), self.plan,
        ):  # fmt: skip
            column.addWidget(widget)
        self._build_delay(column)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(left)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedWidth(390)
        body = QHBoxLayout()
        body.addWidget(area)
        body.addLayout(self._build_right(), 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, 10, 10, 10)
        outer.addLayout(body)
        self.banner.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.resize(1000, 690)

    def _build_delay(self, column: QVBoxLayout) -> None:
        self.plan.setAccessibleName("How to scan")
        self.plan.setMinimumHeight(34)
        self.plan.addItems([words for _name, words in PLANS])
        row = QHBoxLayout()
        words = QLabel("Walk away: wait before the laser")
        words.setBuddy(self.delay)
        self.delay.setRange(0, MOST_DELAY_S)
        self.delay.setSingleStep(10)
        self.delay.setSuffix(" s")
        self.delay.setSpecialValueText(NO_WAIT)
        self.delay.setMinimumHeight(34)
        self.delay.setAccessibleName("Seconds to wait, laser off, before the scan")
        row.addWidget(words, 1)
        row.addWidget(self.delay)
        column.addLayout(row)
        self.plan.currentIndexChanged.connect(self._on_other_plan)
        self.delay.valueChanged.connect(self._on_plan)

    def _build_right(self) -> QVBoxLayout:
        right = QVBoxLayout()
        right.setSpacing(8)
        self.stage.setFont(sized(self.stage.font(), 17, bold=True))
        self.stage.setStyleSheet("font-size: 17pt; font-weight: 700;")
        self.stage.setWordWrap(True)
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the scan")
        self.scan.setObjectName("primary")
        self.stop.setObjectName("primary")
        for widget in (self.sign, self.plot, self.stage, self.bar, self.trouble, self.note):
            right.addWidget(widget, 1 if widget is self.plot else 0)
        buttons = QHBoxLayout()
        for button, key in ((self.live, "F4"), (self.scan, "F5"), (self.stop, "")):
            button.setMinimumHeight(68)
            button.setAutoDefault(False)
            button.setShortcut(key)
            buttons.addWidget(button, 1 if button is self.live else 2)
        self.check.setAutoDefault(False)
        right.addLayout(buttons)
        self.live.clicked.connect(self.live_wanted)
        self.scan.clicked.connect(self._on_scan)
        self.stop.clicked.connect(self.stop_wanted)
        self.check.clicked.connect(self.check_wanted)
        return right

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.banner.setStyleSheet(banner_style(theme))
        self.plot.set_theme(theme)
        self.sign.show_state(self._state.laser, theme)
        red = theme.alarm("controlled")
        self.trouble.setStyleSheet(f"color: {red}; font-weight: 700;")
        self.stop.setStyleSheet(
            f"QPushButton {{ background: {red}; border-color: {red}; color: {theme['surface']};"
            " font-weight: 700; font-size: 15pt; }"
        )

    def show_state(self, state: InstrumentState) -> None:
        """Show how the analyser is, and let be pressed what can be."""
        self._state = state
        ready = state.phase == "ready" and not self._working and not state.alarm
        busy = state.busy or self._working
        self.banner.setVisible(state.emulated)
        self.line.setText(f"<b>{escape(analyser_line(state))}</b>")
        self.sign.show_state(state.laser, self._theme)
        self.sign.setVisible(state.connected)
        wrong = state.connected and state.calibration not in {"", "ok"}
        words = state.calibration_words[:1].upper() + state.calibration_words[1:]
        self.calibration.setText(
            escape(f"{words}. {CALIBRATION_DO}" if wrong else f"{words}." if words else "")
        )
        self.calibration.setVisible(state.connected and bool(words))
        self.check.setVisible(state.connected)
        self.form.show_state(state)
        for widget in (self.live, self.scan, self.check):
            widget.setEnabled(ready)
        self.plan.setEnabled(not busy)
        self.delay.setEnabled(not busy)
        self.scan.setVisible(not busy)
        self.live.setVisible(not busy)
        self.stop.setVisible(busy)
        self.stop.setEnabled(not state.stopping)
        self.stop.setText("Stopping…" if state.stopping else "STOP (Esc)")
        if state.phase in {"connecting", "live"}:
            self._failed = ""
        failed = self._failed or (sentence(state.trouble) if state.trouble is not None else "")
        self.trouble.setText(escape(failed))
        self.trouble.setVisible(bool(failed))
        self.plot.show_words({"live": LIVE_NOTE, "none": EMPTY}.get(state.phase, NO_LIVE))
        if state.phase != "live":
            self.plot.clear()
        if not self._working:
            self._show_stage(state)
        self._on_plan()

    def _show_stage(self, state: InstrumentState) -> None:
        words = {
            "none": "Choose an analyser and connect it.",
            "connecting": "Connecting…",
            "ready": "Ready.",
            "live": "Live view.",
            "closing": "Letting the analyser go, laser off…",
        }.get(state.phase, "")
        self.stage.setText(words)
        self.bar.setVisible(False)

    def begin(self, words: str) -> None:
        """Show that a scan or check was asked for."""
        self._working, self._failed = True, ""
        self.stage.setText(words)
        self.bar.setVisible(True)
        self.bar.setRange(0, 0)
        self.show_state(self._state)

    def show_progress(self, fraction: float, words: str) -> None:
        """Show how far it is."""
        self.bar.setRange(0, 100)
        self.bar.setValue(round(100 * fraction))
        text = words.removeprefix("emulated analyser: ")
        self.stage.setText(text[:1].upper() + text[1:])
        self.bar.setAccessibleDescription(f"{percent(fraction)}: {text}")

    def end(self, words: str = "", failed: str = "") -> None:
        """Show that it is over, and what failed."""
        self._working, self._failed = False, failed
        self.show_state(self._state)
        if words:
            self.stage.setText(words)

    @property
    def wish(self) -> ScanWish:
        """How the scan is wanted."""
        plan = PLANS[self.plan.currentIndex()][0]
        return ScanWish(plan, float(self.delay.value()), self.form.sample.currentText())

    @Slot()
    def _on_scan(self) -> None:
        self.scan_wanted.emit(self.wish)

    @Slot()
    def _on_other_plan(self) -> None:
        """Begin with the wait that the plan needs: a gentle scan never fires at once."""
        gentle = self.wish.plan == "gentle"
        self.delay.setSpecialValueText("" if gentle else NO_WAIT)
        self.delay.setMinimum(int(GENTLE_COUNTDOWN_S) if gentle else 0)
        self.delay.setValue(self.delay.minimum())
        self._on_plan()

    @Slot()
    def _on_plan(self) -> None:
        wish = self.wish
        gentle = wish.plan == "gentle"
        if gentle:
            words = f"{GENTLE_WARNING} {DELAYED_NOTE}"
        else:
            words = DELAYED_NOTE if wish.delay_s > 0.0 else ATTENDED_NOTE
        colour = self._theme.alarm("hazard") if gentle else self._theme["muted"]
        self.note.setStyleSheet(f"color: {colour}; font-weight: {700 if gentle else 400};")
        self.note.setText(escape(words))

    def changeEvent(self, event: QEvent) -> None:
        """Switch the laser off when something else gets the attention."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.left.emit()

    def reject(self) -> None:
        """Stop first; only a panel at rest is closed by Esc."""
        if self._state.busy or self._working:
            self.stop_wanted.emit()
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop and close: a closed panel never leaves the laser on, not even a delayed scan's."""
        self.stop_wanted.emit()
        event.accept()

    def hideEvent(self, event: QHideEvent) -> None:
        """Hiding is leaving."""
        self.left.emit()
        super().hideEvent(event)


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    label.setObjectName("section")
    return label
