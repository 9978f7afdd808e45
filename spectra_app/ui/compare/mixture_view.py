"""The components of a scan: sum, residual, each one's part; and what if one is dropped or added."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.comparing import Contribution, FittedSet, Study
from spectra_app.ui.compare.drawing import Drawing, LaidPlot
from spectra_app.ui.compare.mirror import fitted
from spectra_app.ui.compare.words import set_lines
from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.lane import Lane
from spectra_app.ui.look import Look
from spectra_app.ui.phrases import percent
from spectra_app.ui.plot_export import Figure, keep_plot
from spectra_app.ui.theme import banner_style
from spectra_app.ui.verdict_words import hidden_lines
from spectra_app.wording import share_down, share_up

SIDE = 300  # pixels


class MixtureView(QWidget):
    """The set that the program fitted, and trials that somebody makes of it."""

    trial_wanted = Signal(object)

    def __init__(self, look: Look, lane: Lane) -> None:
        super().__init__()
        self._look = look
        self._study: Study | None = None
        self._shown: FittedSet | None = None
        self._failed = ""
        self.chosen: dict[str, bool] = {}
        self.boxes: dict[str, QCheckBox] = {}
        self._details: dict[str, QLabel] = {}
        self.plot, self.banner, self.told = LaidPlot(look), QLabel(), WrappedLabel()
        self.intro, self.figures, self.limits = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self.more, self.more_label, self.add = QComboBox(), QLabel(), QPushButton()
        self.reset, self.parts = QPushButton(), QVBoxLayout()
        self.keeper = keep_plot(
            Figure(self.plot.widget, self.plot.repaint_all, self._title, self._note), look, lane
        )
        self.save_plot = self.keeper.button()
        self._lay_out()
        self.add.clicked.connect(self._on_add)
        self.reset.clicked.connect(self.begin)
        look.tell(self.retell)
        look.paint(self._paint_banner)

    def _lay_out(self) -> None:
        side, column = QWidget(), QVBoxLayout()
        side.setObjectName("scrolled")
        side.setLayout(column)
        column.setContentsMargins(8, 0, 12, 0)
        column.setSpacing(6)
        self.banner.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.banner.setWordWrap(True)
        self.intro.setObjectName("hint")
        self.more.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.more_label.setBuddy(self.more)
        for button in (self.add, self.reset, self.save_plot):
            button.setObjectName("segment")
        row = QHBoxLayout()
        row.addWidget(self.more, 1)
        row.addWidget(self.add)
        for widget in (self.banner, self.told, self.intro):
            column.addWidget(widget)
        column.addLayout(self.parts)
        column.addWidget(self.more_label)
        column.addLayout(row)
        column.addWidget(self.reset)
        column.addWidget(self.figures)
        column.addWidget(self.limits)
        column.addWidget(self.save_plot)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(side)
        area.setWidgetResizable(True)
        area.viewport().setAutoFillBackground(False)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFixedWidth(SIDE)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.plot, 1)
        whole.addWidget(area)

    def _paint_banner(self) -> None:
        theme = self._look.theme
        self.banner.setStyleSheet(banner_style(theme))

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.banner.setText(say("set.trial"))
        self.intro.setText(say("set.intro"))
        self.more_label.setText(say("set.more"))
        self.more.setAccessibleName(say("set.more"))
        self.add.setText(say("set.add"))
        self.reset.setText(say("set.reset"))
        self.reset.setToolTip(say("set.reset_hint"))
        self._show()

    # --- what is shown --------------------------------------------------------------------------

    def show_study(self, study: Study | None) -> None:
        """Show the set that the program fitted to a result; nothing without one."""
        self._study = study
        self.begin()

    @Slot()
    def begin(self) -> None:
        """Begin with the program's own set again."""
        self._failed = ""
        self._shown = self._study.fitted if self._study else None
        self.chosen = {part.entry: True for part in (self._shown.parts if self._shown else ())}
        self._show()

    def show_trial(self, shown: FittedSet) -> None:
        """Show what a trial gave."""
        self._shown, self._failed = shown, ""
        self._show()

    def show_trouble(self, words: str) -> None:
        """Say why a trial gave nothing; nothing is drawn then, for it would be of another set."""
        self._shown, self._failed = None, words
        self._show()

    def _show(self) -> None:
        shown = self._shown
        self.plot.show_drawing(fitted(shown, self._look) if shown else Drawing())
        self.banner.setVisible(shown is not None and shown.trial)
        self.told.setText(self._told())
        self.told.setVisible(bool(self.told.text()))
        self._show_parts()
        self._show_more()
        study = self._study
        for widget in (self.intro, self.reset, self.limits, self.more_label, self.more, self.add):
            widget.setVisible(study is not None)
        own = study.fitted if study else None
        lines: list[str] = []
        if shown is not None:
            before = own.misfit if own is not None and shown.trial else None
            lines = set_lines(shown, before, self._look.texts)
        self.figures.setText(_paragraphs(self._look.say("set.figures"), lines))
        self.figures.setVisible(bool(lines))
        if study is not None:
            hidden = hidden_lines(study.found.record, self._look.texts)
            self.limits.setText(_paragraphs(self._look.say("set.limits"), hidden))

    def _told(self) -> str:
        if self._failed:
            return self._failed
        if self._study is None:
            return self._look.say("compare.looking")
        shown, record = self._shown, self._study.found.record
        if shown is None:
            return self._look.say("set.none")
        if shown.trial:
            return ""
        if len(shown.parts) == 1:
            return self._look.say("set.single")
        named = {part.entry for part in record.components}
        key = "set.named" if {part.entry for part in shown.parts} <= named else "set.unnamed"
        return self._look.say(key)

    def _show_parts(self) -> None:
        shown = {part.entry: part for part in (self._shown.parts if self._shown else ())}
        if list(self.boxes) != list(self.chosen):
            self._make_boxes()
        for entry, box in self.boxes.items():
            blocked = box.blockSignals(True)
            box.setChecked(self.chosen[entry])
            box.blockSignals(blocked)
            name = self._name(entry)
            box.setText(box.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, SIDE - 70))
            box.setToolTip(name)
            box.setAccessibleName(name)
            details = self._part_words(entry, shown.get(entry))
            self._details[entry].setText(details)

    def _make_boxes(self) -> None:
        while (item := self.parts.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.boxes, self._details = {}, {}
        for entry in self.chosen:
            box, details = QCheckBox(), WrappedLabel()
            details.setObjectName("hint")
            details.setContentsMargins(26, 0, 0, 4)
            box.toggled.connect(lambda on, entry=entry: self._on_toggled(entry, on))
            self.parts.addWidget(box)
            self.parts.addWidget(details)
            self.boxes[entry], self._details[entry] = box, details

    def _part_words(self, entry: str, part: Contribution | None) -> str:
        say = self._look.say
        if part is None:
            return say("set.got_nothing" if self.chosen[entry] else "set.dropped")
        low, high = part.interval
        kind = self._look.word("kind", part.kind)
        if high >= 1.0 and low >= 1.0:
            return say("set.whole", kind=kind)
        return say(
            "set.share", kind=kind, share=percent(part.share), low=share_down(low),
            high=share_up(high),
        )  # fmt: skip

    def _name(self, entry: str) -> str:
        study = self._study
        if study is None:
            return entry
        known = {part.entry: part.name for part in (study.fitted.parts if study.fitted else ())}
        known |= {one.entry: one.name for one in study.found.record.candidates}
        return known.get(entry, entry)

    def _show_more(self) -> None:
        self.more.clear()
        record = self._study.found.record if self._study else None
        for one in record.candidates if record else ():
            if one.entry not in self.chosen:
                self.more.addItem(one.name, one.entry)
        self.more.setEnabled(self.more.count() > 0)
        self.add.setEnabled(self.more.count() > 0)
        own = self._study.fitted if self._study else None
        mine = {entry for entry, on in self.chosen.items() if on}
        changed = mine != {part.entry for part in (own.parts if own else ())}
        self.reset.setEnabled(changed or len(self.chosen) != len(own.parts if own else ()))

    # --- what is asked --------------------------------------------------------------------------

    def _on_toggled(self, entry: str, on: bool) -> None:
        self.chosen[entry] = on
        self._ask()

    @Slot()
    def _on_add(self) -> None:
        entry = self.more.currentData()
        if entry:
            self.chosen[entry] = True
            self._ask()

    def _ask(self) -> None:
        wanted = tuple(entry for entry, on in self.chosen.items() if on)
        if not wanted:
            self.show_trouble(self._look.say("set.no_component"))
            return
        self.trial_wanted.emit(wanted)

    def _title(self) -> str:
        return self.plot.drawing.spoken or self._look.say("compare.mixture")

    def _note(self) -> str:
        trial = self._shown is not None and self._shown.trial
        return str(self._look.say("set.trial")) if trial else ""


def _paragraphs(heading: str, lines: list[str]) -> str:
    rows = "".join(f"<p style='margin:2px 0 4px 0'>{escape(line)}</p>" for line in lines)
    return f"<p style='margin:6px 0 2px 0'><b>{escape(heading)}</b></p>{rows}"
