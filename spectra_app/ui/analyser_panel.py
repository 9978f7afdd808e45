"""The window for measuring: which analyser, how it stands, live view, scan, stop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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

from spectra_app.reports.texts import Texts
from spectra_app.services.connected import GENTLE_COUNTDOWN_S
from spectra_app.services.instrument_state import InstrumentState, PlanName, ScanWish
from spectra_app.ui.analyser_form import AnalyserForm
from spectra_app.ui.laser_sign import LaserSign
from spectra_app.ui.live_plot import LivePlot
from spectra_app.ui.look import Look
from spectra_app.ui.phrases import (
    analyser_line,
    calibration_line,
    percent,
    step_words,
)
from spectra_app.ui.theme import banner_style, sized
from spectra_app.ui.troubles import begun, told
from spectra_app.ui.verdict_card import text_label

PLANS: tuple[PlanName, ...] = ("auto", "quick", "gentle")
STAGES = {
    "none": "panel.choose",
    "connecting": "panel.connecting",
    "ready": "panel.ready",
    "live": "panel.live_on",
    "closing": "analyser.closing",
}
MOST_DELAY_S = 600


Said = Callable[[Texts], str]
"""Says something in a language."""


class AnalyserPanel(QDialog):
    """See the module. It shows a state and sends wishes; it never waits for an analyser."""

    scan_wanted = Signal(object)
    live_wanted = Signal()
    check_wanted = Signal()
    stop_wanted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget, samples: tuple[str, ...], look: Look) -> None:
        super().__init__(parent)
        self._look, self._state = look, InstrumentState()
        self._working = False
        self._failed: Said = say_nothing
        self._stage: Said = say_nothing
        self.form, self.plot = AnalyserForm(samples, look), LivePlot(look)
        self.banner, self.sign = QLabel(), LaserSign(look, 34, 15.0)
        self.line, self.calibration = text_label(), text_label()
        self.check, self.wait = QPushButton(), QLabel()
        self.headings = (_heading(), _heading())
        self.trouble, self.note = text_label(), text_label("hint")
        self.plan, self.delay = QComboBox(), QSpinBox()
        self.stage, self.bar = QLabel(), QProgressBar()
        self.live, self.scan, self.stop = QPushButton(), QPushButton(), QPushButton()
        self._build()
        look.tell(self.retell)
        look.paint(self.repaint_parts)

    def _build(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        for widget in (
            self.banner, self.headings[0], self.form, self.line, self.calibration,
            self.check, self.headings[1], self.plan,
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
        self.plan.setMinimumHeight(34)
        self.plan.addItems(list(PLANS))
        row = QHBoxLayout()
        self.wait.setWordWrap(True)
        self.wait.setBuddy(self.delay)
        self.delay.setRange(0, MOST_DELAY_S)
        self.delay.setSingleStep(10)
        self.delay.setMinimumHeight(34)
        row.addWidget(self.wait, 1)
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
        self.scan.setObjectName("primary")
        self.stop.setObjectName("primary")
        for widget in (self.sign, self.plot, self.stage, self.bar, self.trouble, self.note):
            right.addWidget(widget, 1 if widget is self.plot else 0)
        buttons = QHBoxLayout()
        for button in (self.live, self.scan, self.stop):
            button.setMinimumHeight(68)
            button.setAutoDefault(False)
            buttons.addWidget(button, 1 if button is self.live else 2)
        self.check.setAutoDefault(False)
        right.addLayout(buttons)
        self.live.clicked.connect(self.live_wanted)
        self.scan.clicked.connect(self._on_scan)
        self.stop.clicked.connect(self.stop_wanted)
        self.check.clicked.connect(self.check_wanted)
        return right

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.setWindowTitle(say("panel.title"))
        self.banner.setText(say("card.emulated"))
        for label, key in zip(self.headings, ("panel.analyser", "panel.how"), strict=True):
            label.setText(say(key))
        self.plan.setAccessibleName(say("panel.how_name"))
        for row, plan in enumerate(PLANS):
            self.plan.setItemText(row, say(f"panel.{plan}"))
        self.wait.setText(say("panel.walk_away"))
        self.delay.setSuffix(say("panel.seconds"))
        self.delay.setAccessibleName(say("panel.wait_name"))
        self.bar.setAccessibleName(say("panel.progress"))
        self.check.setText(say("panel.check"))
        for button, key in ((self.live, "F4"), (self.scan, "F5")):
            button.setText(say("panel.live" if button is self.live else "panel.scan"))
            button.setShortcut(key)  # a new text takes it away
        self._say_no_wait()
        self.show_state(self._state)
        if self._working:
            self.stage.setText(self._stage(self._look.texts))

    def _say_no_wait(self) -> None:
        gentle = self.wish.plan == "gentle"
        self.delay.setSpecialValueText("" if gentle else self._look.say("panel.no_wait"))

    def repaint_parts(self) -> None:
        """Paint what the style sheet does not."""
        theme = self._look.theme
        self._on_plan()
        self.banner.setStyleSheet(banner_style(theme))
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
        texts = self._look.texts
        self.line.setText(f"<b>{escape(analyser_line(state, texts))}</b>")
        self.sign.show_state(state.laser)
        self.sign.setVisible(state.connected)
        words = calibration_line(state, texts)
        self.calibration.setText(escape(words))
        self.calibration.setToolTip(texts.put(begun(state.calibration_words)))
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
        self.stop.setText(self._look.say("panel.stopping" if state.stopping else "panel.stop"))
        if state.phase in {"connecting", "live"}:
            self._failed = say_nothing
        trouble = state.trouble
        failed = self._failed(texts) or (str(told(trouble, texts)) if trouble is not None else "")
        self.trouble.setText(escape(failed))
        self.trouble.setVisible(bool(failed))
        notes = {"live": "panel.live_note", "none": "panel.empty"}
        self.plot.show_words(notes.get(state.phase, "panel.no_live"))
        if state.phase != "live":
            self.plot.clear()
        if not self._working:
            self._show_stage(state)
        self._on_plan()

    def _show_stage(self, state: InstrumentState) -> None:
        key = STAGES.get(state.phase, "")
        self.stage.setText(self._look.say(key) if key else "")
        self.bar.setVisible(False)

    def begin(self, key: str) -> None:
        """Show that a scan or check was asked for, in the text `key`."""
        self._working, self._failed = True, say_nothing
        self._stage = partial(_say, key)
        self.stage.setText(self._look.say(key))
        self.bar.setVisible(True)
        self.bar.setRange(0, 0)
        self.show_state(self._state)

    def show_progress(self, fraction: float, words: str) -> None:
        """Show how far it is."""
        self.bar.setRange(0, 100)
        self.bar.setValue(round(100 * fraction))
        self._stage = partial(_step, words)
        text = self._stage(self._look.texts)
        self.stage.setText(text)
        self.bar.setAccessibleDescription(f"{percent(fraction)}: {text}")

    def end(self, words: str = "", failed: Said | None = None) -> None:
        """Show that it is over, and what failed: said anew when the language changes."""
        self._working, self._failed = False, failed or say_nothing
        self.show_state(self._state)
        if words:
            self.stage.setText(words)

    @property
    def wish(self) -> ScanWish:
        """How the scan is wanted."""
        plan = PLANS[max(0, self.plan.currentIndex())]
        return ScanWish(plan, float(self.delay.value()), self.form.sample.currentText())

    @Slot()
    def _on_scan(self) -> None:
        self.scan_wanted.emit(self.wish)

    @Slot()
    def _on_other_plan(self) -> None:
        """Begin with the wait that the plan needs: a gentle scan never fires at once."""
        gentle = self.wish.plan == "gentle"
        self._say_no_wait()
        self.delay.setMinimum(int(GENTLE_COUNTDOWN_S) if gentle else 0)
        self.delay.setValue(self.delay.minimum())
        self._on_plan()

    @Slot()
    def _on_plan(self) -> None:
        wish = self.wish
        gentle = wish.plan == "gentle"
        say, theme = self._look.say, self._look.theme
        words: str = say("panel.delayed" if gentle or wish.delay_s > 0.0 else "panel.attended")
        if gentle:
            words = f"{say('panel.warning')} {words}"
        colour = theme.alarm("hazard") if gentle else theme["muted"]
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


def say_nothing(_texts: Texts) -> str:
    """Say nothing, in any language."""
    return ""


def _say(key: str, texts: Texts) -> str:
    return texts.say(key)


def _step(words: str, texts: Texts) -> str:
    return begun(step_words(words, texts))


def _heading() -> QLabel:
    label = QLabel()
    label.setObjectName("section")
    return label
