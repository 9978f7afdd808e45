"""The verdict card: what it is, why, what to do next, and what the scan could not have seen."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from spectra_app.records.identification import PRESUMPTIVE, Identification
from spectra_app.ui.fitted import FittedLabel
from spectra_app.ui.phrases import (
    EMULATED,
    found_lines,
    percent,
    spoken_verdict,
)
from spectra_app.ui.shapes import AlarmShape
from spectra_app.ui.theme import BASE_POINTS, VERDICT_POINTS, Theme, banner_style, sized
from spectra_app.wording import (
    advice_texts,
    alarm_word,
    headline,
    hidden_texts,
    outcome_text,
    reason_texts,
)

HIDDEN_SHOWN = 300  # characters
WIDE_CARD = 560  # pixels
WIDE_POINTS = 13.0


def text_label(name: str = "") -> QLabel:
    """Return a label that wraps and whose text can be selected and copied."""
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class VerdictCard(QFrame):
    """One identification as an officer reads it, top to bottom."""

    all_hidden_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._record: Identification | None = None
        self.presumptive, self.emulated = text_label(), QLabel(EMULATED)
        self.shape, self.word = AlarmShape(), FittedLabel(17, 12, 1)
        self.lead, self.outcome = QLabel("LEAD"), text_label("outcome")
        self.headline = FittedLabel(VERDICT_POINTS, 17, 3)
        self.components, self.why, self.next = text_label(), text_label(), text_label()
        self.hidden, self._hidden_text = text_label(), ""
        self.more = QPushButton("Show all of it")
        self._build()
        self._paint_parts()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 16, 22, 14)
        layout.setSpacing(8)
        layout.addWidget(self.presumptive)
        layout.addWidget(self.emulated)
        layout.addLayout(self._build_level())
        layout.addWidget(self.headline)
        layout.addWidget(self._build_middle(), 1)
        layout.addWidget(self._build_footer())
        self.lead.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.emulated.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.more.clicked.connect(self.all_hidden_wanted)

    def _build_level(self) -> QHBoxLayout:
        second = QHBoxLayout()
        second.setSpacing(12)
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
        for label in (self.next, self.components, self.why):
            column.addWidget(label)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumHeight(96)
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

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self._paint_parts()
        if self._record is not None:
            self.show_record(self._record)

    def show_record(self, record: Identification) -> None:
        """Show the verdict of `record`."""
        self._record = record
        is_lead = record.outcome == "lead"
        colour = self._theme.alarm(record.alarm)
        self.shape.show_level(record.alarm, colour, self._theme["surface"], dashed=is_lead)
        self.word.set_text(alarm_word(record))
        self.lead.setVisible(is_lead)
        self.lead.setStyleSheet(
            f"border: 2px dashed {colour}; border-radius: 4px; padding: 2px 12px;"
            "font-weight: 700; font-size: 15pt;"
        )
        self.emulated.setVisible(record.emulated)
        title = headline(record)
        self.headline.set_text(title)
        outcome = outcome_text(record).removeprefix("Lead: ")
        self.outcome.setText(outcome[:1].upper() + outcome[1:])
        self.outcome.setVisible(outcome_text(record) != title)
        self._show_details(record)
        self.setAccessibleName(spoken_verdict(record, alarm_word(record)))
        self.update()

    def _show_details(self, record: Identification) -> None:
        _fill(self.components, "What was found", found_lines(record))
        against = [f"Library: {text}." for text in record.library.notes]
        reasons = [
            *against,
            *reason_texts(record),
            *(f"Assumed: {text}" for text in record.assumptions),
        ]
        _fill(
            self.why,
            "Why",
            [*([record.error[:1].upper() + record.error[1:]] if record.error else []), *reasons],
        )
        _fill(self.next, "What to do next", advice_texts(record))
        hidden = hidden_texts(record)
        text = " ".join(hidden)
        shown = text if len(text) <= HIDDEN_SHOWN else f"{text[:HIDDEN_SHOWN].rstrip(' ,')} …"
        self._hidden_text = shown
        self._show_hidden("")
        self.more.setVisible(shown != text)

    def show_limits_progress(self, fraction: float) -> None:
        """Say that the limits are being worked out, and how much of that is done (0 to 1)."""
        self._show_hidden(f" (working it out, {percent(fraction)} done)")

    def _show_hidden(self, remark: str) -> None:
        title = f"<b>This scan could not have seen</b>{remark}"
        self.hidden.setText(f"{title}<br>{escape(self._hidden_text)}")

    def _paint_parts(self) -> None:
        theme = self._theme
        first, rest = PRESUMPTIVE.split(":", 1)
        self.presumptive.setText(
            f"<b style='font-size:14pt'>{first}</b> &nbsp;"
            f"<span style='color:{theme['muted']}'>{escape(rest.strip())}</span>"
        )
        self.emulated.setStyleSheet(banner_style(theme))
        self.outcome.setFont(sized(self.font(), 12))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use larger text where there is room for it."""
        super().resizeEvent(event)
        font = sized(self.font(), WIDE_POINTS if self.width() >= WIDE_CARD else BASE_POINTS)
        for label in (self.presumptive, self.next, self.components, self.why, self.hidden):
            label.setFont(font)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame in the colour of the level, dashed for a lead."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        level = self._record.alarm if self._record else "unknown"
        pen = QPen(QColor(self._theme.alarm(level)), 4)
        if self._record is not None and self._record.outcome == "lead":
            pen.setDashPattern([3.0, 2.0])
        painter.setPen(pen)
        painter.setBrush(QColor(self._theme["surface"]))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 10, 10)
        painter.end()


def _fill(label: QLabel, title: str, lines: list[str]) -> None:
    """Show `lines` as a list under `title`; an empty list hides the label."""
    items = "".join(f"<li style='margin-bottom:3px'>{escape(line)}</li>" for line in lines)
    label.setText(
        f"<p style='margin:0 0 4px 0'><b>{escape(title)}</b></p>"
        f"<ul style='margin:0 0 0 -22px'>{items}</ul>"
    )
    label.setVisible(bool(lines))
