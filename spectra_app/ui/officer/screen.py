"""The officer's screen as widgets: what lies here, the spectrum, the verdict, the large buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from matching.errors import SpectraError
from spectra_app.services.cases.sent_back import SentBack
from spectra_app.services.identify import Identified
from spectra_app.services.instrument_state import InstrumentState
from spectra_app.services.live import LiveFrame
from spectra_app.ui.fitted import FittedLabel
from spectra_app.ui.laser_sign import LaserSign
from spectra_app.ui.live_plot import LivePlot
from spectra_app.ui.look import Look
from spectra_app.ui.officer.item_line import ItemLine
from spectra_app.ui.plot import SpectrumPlot, no_quality
from spectra_app.ui.standard_picture import HoldPicture, way_of
from spectra_app.ui.theme import banner_style
from spectra_app.ui.troubles import told
from spectra_app.ui.verdict_card import VerdictCard, text_label

SCAN_TALL, TALL = 76, 57  # pixels: 20 and 15 mm at 96 dpi
HALVES = (47, 53)
HELD = frozenset({"officer.unchecked", "officer.checking", "officer.check_unjudged"})
"""With these words a picture shows how the polystyrene standard is held."""
BACK_SHOWN = 3
SECOND_LOOKS = ("other_spot", "packaging", "longer")


class Message(QFrame):
    """What is going on, or what to do, in large type, with an action where there is one."""

    acted = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._key, self._values, self._action = "officer.begin", dict[str, object](), ""
        self._error: SpectraError | None = None
        self._back: tuple[SentBack, ...] = ()
        self.setObjectName("panel")
        self.emulated = QLabel()
        self.emulated.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.emulated.setWordWrap(True)
        self.title, self.text = FittedLabel(22, 14, 3), text_label()
        self.sign, self.bar = LaserSign(look, 40, 17.0), QProgressBar()
        self.bar.setTextVisible(False)
        self.left, self.action = text_label("hint"), QPushButton()
        self.back = text_label("problem")
        self.back.setTextFormat(Qt.TextFormat.PlainText)  # a person's words are in it
        self.hold = HoldPicture(look, way_of("polystyrene"))
        self.action.setObjectName("primary")
        self.action.setMinimumHeight(TALL)
        self.action.clicked.connect(lambda: self.acted.emit(self._action))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(14)
        for widget in (
            self.emulated, self.title, self.sign, self.bar, self.left, self.text, self.hold,
            self.action, self.back,
        ):  # fmt: skip
            column.addWidget(widget)
        column.addStretch(1)
        look.tell(self.retell)
        look.paint(self._paint_parts)
        self.show_words("officer.begin")

    @property
    def key(self) -> str:
        """Which words are shown."""
        return self._key

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.emulated.setText(say("card.emulated"))
        self.title.set_text(say(f"{self._key}.title", **self._values))
        if self._error is not None:
            self.text.setText(str(told(self._error, self._look.texts)))
        else:
            self.text.setText(say(f"{self._key}.text", **self._values))
        self.bar.setAccessibleName(say("officer.progress"))
        self.hold.setAccessibleName(say("officer.unchecked.text"))
        self._tell_back()
        self.action.setVisible(bool(self._action))
        if self._action:
            self.action.setText(say(f"officer.act_{self._action}"))

    def show_words(
        self,
        key: str,
        *,
        action: str = "",
        error: SpectraError | None = None,
        emulated: bool = False,
        **values: object,
    ) -> None:
        """Show the words under `key`; `action` names the button, `error` replaces the text."""
        self._key, self._values, self._action, self._error = key, values, action, error
        self.emulated.setVisible(emulated)
        self.hold.setVisible(key in HELD)
        for widget in (self.bar, self.left, self.sign):
            widget.hide()
        self.retell()

    def show_back(self, back: tuple[SentBack, ...]) -> None:
        """Show which reports of this person were sent back, and why, until others take over."""
        self._back = back
        self._tell_back()

    def _tell_back(self) -> None:
        say, put = self._look.say, self._look.texts.put
        lines = [
            say("officer.sent_back", report=put(one.report), why=put(one.why))
            for one in self._back[:BACK_SHOWN]
        ]
        if len(self._back) > BACK_SHOWN:
            lines.append(say("officer.sent_back_more", count=len(self._back) - BACK_SHOWN))
        self.back.setText("\n".join(lines))
        self.back.setVisible(bool(lines))

    def offer(self, action: str) -> None:
        """Put another button below the same words; empty for none."""
        if action != self._action:
            self._action = action
            self.retell()

    def show_progress(self, fraction: float, left: str) -> None:
        """Show how far it is (0 to 1), and how much time is left, in words."""
        self.bar.setRange(0, 100)
        self.bar.setValue(round(100 * min(1.0, max(0.0, fraction))))
        self.bar.show()
        self.left.setText(left)
        self.left.setVisible(bool(left))

    def show_laser(self, state: str) -> None:
        """Show the laser large, while it matters."""
        self.sign.show_state(state)
        self.sign.show()

    def _paint_parts(self) -> None:
        self.emulated.setStyleSheet(banner_style(self._look.theme))


class OfficerScreen(QWidget):
    """All of the screen; what the buttons do is in `spectra_app.ui.officer.flow`."""

    scan_wanted = Signal()
    stop_wanted = Signal()
    again_wanted = Signal(str)
    file_wanted = Signal()
    why_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.item, self.plot = ItemLine(look), SpectrumPlot(look)
        self.live, self.drawn = LivePlot(look, "officer.live", counted=False), QStackedWidget()
        self.plot.show_message("bench.no_spectrum")
        self.card, self.message = VerdictCard(look), Message(look)
        self.pages, self.halves = QStackedWidget(), QSplitter(Qt.Orientation.Horizontal)
        self.scan, self.stop, self.file = QPushButton(), QPushButton(), QPushButton()
        self.why = QPushButton()
        self.again = {name: QPushButton() for name in SECOND_LOOKS}
        self._build()
        self._connect()
        look.tell(self.retell)
        self.show_ready(scannable=False, fileable=False)

    def _build(self) -> None:
        for page in (self.message, self.card):
            self.pages.addWidget(page)
        for plot in (self.plot, self.live):
            self.drawn.addWidget(plot)
        self.halves.addWidget(self.drawn)
        self.halves.addWidget(self.pages)
        self.halves.setChildrenCollapsible(False)
        self.halves.setContentsMargins(0, 0, 1, 0)  # mirrored, Qt puts the first one pixel too far
        self.halves.setSizes([HALVES[0] * 10, HALVES[1] * 10])
        for index, part in enumerate(HALVES):
            self.halves.setStretchFactor(index, part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, 8, 10, 10)
        outer.setSpacing(8)
        outer.addWidget(self.item)
        outer.addWidget(self.halves, 1)
        outer.addLayout(self._build_buttons())

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self.scan, self.stop, self.file):
            button.setMinimumHeight(SCAN_TALL)
            button.setObjectName("primary")
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.stop.setObjectName("danger")
        row.addWidget(self.scan, 3)
        row.addWidget(self.stop, 3)
        for button in (*self.again.values(), self.why):
            button.setMinimumHeight(SCAN_TALL)
            row.addWidget(button, 2)
        row.addWidget(self.file, 3)
        self.stop.hide()
        return row

    def _connect(self) -> None:
        self.scan.clicked.connect(self.scan_wanted)
        self.stop.clicked.connect(self.stop_wanted)
        self.file.clicked.connect(self.file_wanted)
        self.why.clicked.connect(self.why_wanted)
        for name, button in self.again.items():
            button.clicked.connect(lambda _checked=False, name=name: self.again_wanted.emit(name))

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.scan.setText(say("officer.scan"))
        self.scan.setShortcut("F5")
        self.stop.setText(say("officer.stop"))
        self.stop.setShortcut("Esc")
        self.file.setText(say("officer.file"))
        self.file.setShortcut("F9")
        self.why.setText(say("officer.why"))
        for name, button in self.again.items():
            button.setText(say(f"officer.{name}"))

    def show_ready(self, *, scannable: bool, fileable: bool) -> None:
        """Offer what can be done now."""
        self.drawn.setCurrentWidget(self.plot)
        self.live.clear()
        self.scan.show()
        self.scan.setEnabled(scannable)
        self.file.setEnabled(fileable)
        for button in self.again.values():
            button.setEnabled(scannable and fileable)
        if self.stop.hasFocus():  # where a key pressed to stop, but late, does nothing
            self._keep_focus()
        self.stop.hide()

    def show_busy(self, *, stoppable: bool) -> None:
        """Put STOP in the place of SCAN."""
        keys_here = any(one.hasFocus() for one in (self.scan, self.file, *self.again.values()))
        self.stop.show()
        self.stop.setEnabled(stoppable)
        if keys_here and stoppable:
            self.stop.setFocus()
        for button in (self.file, *self.again.values()):
            button.setEnabled(False)
        self.scan.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give what a barcode scanner types to the number, wherever the keys are.

        The first letter takes the place of the number before it, as if the field had been touched;
        while a scan runs, a number belongs to no parcel yet and is left alone.
        """
        one = Qt.KeyboardModifier
        held = event.modifiers() & (one.ControlModifier | one.AltModifier | one.MetaModifier)
        typed = event.text().strip()
        if typed.isprintable() and typed and not held and self.stop.isHidden():
            self.item.begin_typing(event)
            return
        super().keyPressEvent(event)

    def _keep_focus(self) -> None:
        """Give the keys to the verdict, to be read; to the number where there is none."""
        verdict = self.pages.currentWidget() is self.card
        (self.card.middle if verdict else self.item.number).setFocus()

    def show_message(self, key: str, **said: object) -> None:
        """Show words in the place of a verdict; see `Message.show_words`."""
        self.message.show_words(key, **said)  # type: ignore[arg-type]
        self.pages.setCurrentWidget(self.message)
        self.why.setEnabled(False)

    def show_found(self, found: Identified) -> None:
        """Show a verdict and its spectrum."""
        record = found.record
        self.card.show_record(record)
        self.pages.setCurrentWidget(self.card)
        self.why.setEnabled(True)
        best = found.comparisons[0] if found.comparisons else None
        self.plot.show_spectrum(found.query, best, no_quality, emulated=record.emulated)

    def show_live(self, frame: LiveFrame) -> None:
        """Show what is being measured, while it is."""
        if self.stop.isVisible():
            self.drawn.setCurrentWidget(self.live)
            self.live.show_frame(frame)

    def show_laser(self, state: InstrumentState) -> None:
        """Show the state of the laser beside the progress of a scan."""
        if self.stop.isVisible() and self.pages.currentWidget() is self.message:
            self.message.show_laser(state.laser)
