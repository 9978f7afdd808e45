"""The verdict card: what it is, why, what to do next, and what the scan could not have seen."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from spectra_app.records.identification import Identification
from spectra_app.reports.findings import verdict
from spectra_app.ui.fitted import FittedLabel, WrappedLabel
from spectra_app.ui.look import Look
from spectra_app.ui.phrases import percent
from spectra_app.ui.shapes import AlarmShape
from spectra_app.ui.theme import BASE_POINTS, VERDICT_POINTS, banner_style, sized
from spectra_app.ui.verdict_words import (
    found_lines,
    hidden_lines,
    listings_line,
    next_lines,
    spoken,
    why_lines,
)

HIDDEN_SHOWN = (300, 220, 150, 110, 80, 50)  # characters: the most for which there is room
HIDDEN_PARTS = (0.17, 0.11)  # of the height of the window: beside a short name, a long one
LONG_NAME = 80  # pixels
SIDE = 22  # pixels
MIDDLE_PIXELS = 40
WIDE_CARD, TALL_CARD = 560, 560  # pixels
BESIDE, ROOMY = 460, 660  # pixels: outcome beside LEAD, space between the parts
LOW_POINTS = 21.0
WIDE_POINTS = 13.0


def text_label(name: str = "") -> WrappedLabel:
    """Return a label that wraps and whose text can be selected and copied."""
    label = WrappedLabel()
    label.setObjectName(name)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class VerdictCard(QFrame):
    """One identification as an officer reads it, top to bottom."""

    all_hidden_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._record: Identification | None = None
        self.presumptive, self.emulated = text_label(), WrappedLabel()
        self.shape, self.word = AlarmShape(), FittedLabel(17, 12, 2)
        self.lead, self.outcome = QLabel(), text_label("outcome")
        self.headline, self.listing = FittedLabel(VERDICT_POINTS, 13, 3), text_label("panelTitle")
        self.components, self.why, self.next = text_label(), text_label(), text_label()
        self.hidden, self._hidden_whole, self._remark = text_label(), "", ""
        self.more = QPushButton()
        self._second = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._build()
        look.tell(self.retell)
        look.paint(self._paint_parts)

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SIDE, 16, SIDE, 14)
        layout.setSpacing(8)
        layout.addWidget(self.presumptive)
        layout.addWidget(self.emulated)
        layout.addLayout(self._build_level())
        layout.addWidget(self.headline)
        self.middle = self._build_middle()
        layout.addWidget(self.middle, 1)
        layout.addWidget(self._build_footer())
        self.lead.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.emulated.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.more.clicked.connect(self.all_hidden_wanted)

    def _build_level(self) -> QHBoxLayout:
        second = self._second
        second.setSpacing(6)
        second.addWidget(self.lead)
        second.addWidget(self.outcome, 1)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addStretch(1)
        words.addWidget(self.word)
        words.addLayout(second)
        words.addStretch(1)
        level = QHBoxLayout()
        level.setSpacing(16)
        level.addWidget(self.shape)
        level.addLayout(words, 1)
        return level

    def _build_middle(self) -> QScrollArea:
        inner = QWidget()
        inner.setObjectName("scrolled")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(10)
        for label in (self.listing, self.next, self.components, self.why):
            column.addWidget(label)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumHeight(MIDDLE_PIXELS)
        return area

    def _build_footer(self) -> QWidget:
        footer = QWidget()
        column = QVBoxLayout(footer)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        rule = QFrame()
        rule.setFrameShape(QFrame.Shape.HLine)
        column.addWidget(rule)
        column.addWidget(self.hidden)
        column.addWidget(self.more)
        return footer

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.emulated.setText(say("card.emulated"))
        self.lead.setText(say("card.lead"))
        self.more.setText(say("card.show_all"))
        self._paint_presumptive()
        if self._record is not None:
            self.show_record(self._record)

    def show_record(self, record: Identification) -> None:
        """Show the verdict of `record`."""
        self._record = record
        look, is_lead = self._look, record.outcome == "lead"
        said = verdict(record, look.texts)
        colour = look.theme.alarm(record.alarm)
        self.shape.show_level(record.alarm, colour, look.theme["surface"], dashed=is_lead)
        word = look.word("alarm", record.alarm)
        if record.alarm == "unknown" and record.outcome in {"match", "mixture", "lead"}:
            word = look.say("alarm.status_unknown")
        if record.alarm == "benign" and record.control_lists.lists_to:
            word = look.say("card.lists_to", word=word, date=record.control_lists.lists_to)
        self.word.set_text(word)
        self.lead.setVisible(is_lead)
        self.emulated.setVisible(record.emulated)
        self.headline.set_text(said.headline)
        listings = listings_line(record, look.texts)
        self.listing.setText(listings)
        self.listing.setVisible(bool(listings))
        self.outcome.setText(look.say("card.lead_is") if is_lead else said.outcome)
        self.outcome.setVisible(is_lead or said.outcome != said.headline)
        self._show_details(record)
        self.setAccessibleName(spoken(record, word, said.headline, look.texts))
        self._paint_level()

    def forget(self) -> None:
        """Hold nothing of the verdict that was shown, for who comes next."""
        self._record, self._hidden_whole, self._remark = None, "", ""
        self.headline.set_text("")
        for label in (self.listing, self.components, self.why, self.next, self.hidden):
            label.clear()
        self.setAccessibleName("")

    def _show_details(self, record: Identification) -> None:
        say, texts = self._look.say, self._look.texts
        _fill(self.components, say("card.found"), found_lines(record, texts))
        _fill(self.why, say("card.why"), why_lines(record, texts))
        _fill(self.next, say("card.next"), next_lines(record, texts))
        text = " ".join(hidden_lines(record, texts))
        self._hidden_whole, self._remark = text, ""
        self._show_hidden()

    def show_limits_progress(self, fraction: float) -> None:
        """Say that the limits are being worked out, and how much of that is done (0 to 1)."""
        self._remark = self._look.say("card.working_out", done=percent(fraction))
        self._show_hidden()

    def _show_hidden(self) -> None:
        """Show as much as there is room for; a button shows all of it."""
        text, shown = self._hidden_whole, ""
        title = f"<b>{escape(self._look.say('card.hidden'))}</b> {escape(self._remark)}".rstrip()
        part = HIDDEN_PARTS[self.headline.height() > LONG_NAME]
        room = part * self.window().height()
        for most in HIDDEN_SHOWN:
            shown = text if len(text) <= most else f"{text[:most].rstrip(' ,')} …"
            self.hidden.setText(f"{title}<br>{escape(shown)}")
            if self.hidden.needs(self.width() - 2 * SIDE) <= room:
                break
        self.more.setVisible(shown != text)

    def _paint_parts(self) -> None:
        self._paint_presumptive()
        self.emulated.setStyleSheet(banner_style(self._look.theme))
        self.outcome.setFont(sized(self.font(), 12))
        if self._record is not None:
            self.show_record(self._record)

    def _paint_presumptive(self) -> None:
        first, rest = self._look.say("card.presumptive"), self._look.say("card.presumptive_why")
        self.presumptive.setText(
            f"<b style='font-size:14pt'>{escape(first)}</b> &nbsp;"
            f"<span style='color:{self._look.theme['muted']}'>{escape(rest)}</span>"
        )

    def _paint_level(self) -> None:
        level = self._record.alarm if self._record else "unknown"
        self.lead.setStyleSheet(
            f"border: 2px dashed {self._look.theme.alarm(level)}; border-radius: 4px;"
            "padding: 2px 12px; font-weight: 700; font-size: 15pt;"
        )
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use larger text where there is room for it."""
        super().resizeEvent(event)
        wide = self.width() >= WIDE_CARD
        beside, under = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._second.setDirection(beside if self.width() >= BESIDE else under)
        column = self.layout()
        if column is not None:
            roomy = self.height() >= ROOMY
            column.setSpacing(8 if roomy else 3)
            column.setContentsMargins(SIDE, 16 if roomy else 8, SIDE, 14 if roomy else 8)
        font = sized(self.font(), WIDE_POINTS if wide else BASE_POINTS)
        for label in (self.presumptive, self.next, self.components, self.why, self.hidden):
            label.setFont(font)
        tall = self.height() >= TALL_CARD and self.width() >= BESIDE
        self.headline.set_points(VERDICT_POINTS if tall else LOW_POINTS)
        self._show_hidden()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame in the colour of the level, dashed for a lead."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        level = self._record.alarm if self._record else "unknown"
        pen = QPen(QColor(self._look.theme.alarm(level)), 4)
        if self._record is not None and self._record.outcome == "lead":
            pen.setDashPattern([3.0, 2.0])
        painter.setPen(pen)
        painter.setBrush(QColor(self._look.theme["surface"]))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 10, 10)
        painter.end()


def _fill(label: QLabel, title: str, lines: list[str]) -> None:
    """Show `lines` as a list under `title`; an empty list hides the label."""
    rtl = label.layoutDirection() == Qt.LayoutDirection.RightToLeft
    side, way = ("right", "rtl") if rtl else ("left", "ltr")
    item = f"<li dir='{way}' style='margin-bottom:3px'>"
    items = "".join(f"{item}{escape(line)}</li>" for line in lines)
    label.setText(
        f"<p dir='{way}' style='margin:0 0 4px 0'><b>{escape(title)}</b></p>"
        f"<ul dir='{way}' style='margin-{side}:-22px'>{items}</ul>"
    )
    label.setVisible(bool(lines))
