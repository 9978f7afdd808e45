"""Which analyser: the list, and the fields that the chosen line needs."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from spectra_app.services.instrument_choice import AnalyserChoice, Choices, Wish
from spectra_app.services.instrument_state import InstrumentState
from spectra_app.ui.look import Look


class AnalyserForm(QWidget):
    """Line of the list, ports and papers, and the buttons to connect and to look again."""

    connect_wanted = Signal(object)
    disconnect_wanted = Signal()
    look_wanted = Signal()

    def __init__(self, samples: tuple[str, ...], look: Look) -> None:
        super().__init__()
        self._look, self._ready = look, False
        self._choices = Choices(())
        self.list, self.sample = QComboBox(), QComboBox()
        self.port, self.laser_port = QComboBox(), QComboBox()
        self.power, self.wavelength, self.papers = QLineEdit(), QLineEdit(), QLineEdit()
        self.browse, self.connect_button = QPushButton(), QPushButton()
        self.disconnect_button, self.look = QPushButton(), QPushButton()
        self.trouble = QLabel()
        self._words = {
            key: QLabel()
            for key in ("sample", "port", "laser_port", "power", "wavelength", "papers")
        }
        self.sample.addItems(list(samples))
        self._form = QFormLayout()
        self._build()
        look.tell(self.retell)

    def _build(self) -> None:
        self.trouble.setWordWrap(True)
        for box in (self.list, self.sample, self.port, self.laser_port):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setMinimumHeight(34)
        for box in (self.port, self.laser_port):
            box.setEditable(True)
        self._build_rows()
        self._build_column()

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.list.setAccessibleName(say("form.analyser"))
        edits = (
            ("port", self.port.lineEdit()), ("laser_port", self.laser_port.lineEdit()),
            ("power", self.power), ("wavelength", self.wavelength), ("papers", self.papers),
        )  # fmt: skip
        for key, edit in edits:
            if edit is not None:
                edit.setPlaceholderText(say(f"form.{key}_hint"))
        for key, label in self._words.items():
            label.setText(say(f"form.{key}"))
        for field in (self.power, self.wavelength):
            field.setToolTip(say("form.laser_hint"))
        self.browse.setText(say("form.browse"))
        self.connect_button.setText(say("form.switch" if self._ready else "form.connect"))
        self.disconnect_button.setText(say("form.disconnect"))
        self.look.setText(say("form.look"))
        for row, one in enumerate(self._choices.rows):
            self.list.setItemText(row, self._row(one))
        self._show_trouble()

    def _row(self, one: AnalyserChoice) -> str:
        """Return what a line of the list says."""
        say = self._look.say
        if one.emulated:
            return say("form.row_emulated", name=self._look.word("analyser_model", one.name))
        if one.usb_serial:
            return say("analyser.line", model=one.name, serial=one.usb_serial)
        return say("form.row_port", name=one.name) if one.asks_port else one.title

    def _show_trouble(self) -> None:
        choice = self.choice
        words = self._look.texts.put(choice.trouble) if choice is not None else ""
        self.trouble.setText(words)
        self.trouble.setVisible(bool(words))
        self.list.setToolTip(self.list.currentText())

    def _build_rows(self) -> None:
        papers = QWidget()
        row = QHBoxLayout(papers)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.papers, 1)
        row.addWidget(self.browse)
        self._papers_row = papers
        form = self._form
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        fields: tuple[QWidget, ...] = (
            self.sample, self.port, self.laser_port, self.power, self.wavelength, papers,
        )  # fmt: skip
        for label, field in zip(self._words.values(), fields, strict=True):
            label.setBuddy(field)
            form.addRow(label, field)

    def _build_column(self) -> None:
        buttons = QHBoxLayout()
        self.connect_button.setObjectName("primary")
        for button in (self.connect_button, self.disconnect_button, self.look):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        self.browse.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.list, self.trouble):
            column.addWidget(widget)
        column.addLayout(self._form)
        column.addLayout(buttons)
        self.list.currentIndexChanged.connect(self._on_choice)
        self.connect_button.clicked.connect(self._on_connect)
        self.disconnect_button.clicked.connect(self.disconnect_wanted)
        self.look.clicked.connect(self.look_wanted)
        self.browse.clicked.connect(self._on_browse)

    @property
    def choice(self) -> AnalyserChoice | None:
        """The line chosen."""
        row = self.list.currentIndex()
        return self._choices.rows[row] if 0 <= row < len(self._choices.rows) else None

    def choose(self, family: str, *, emulated: bool) -> None:
        """Choose the first line of a family."""
        for row, one in enumerate(self._choices.rows):
            if one.family == family and one.emulated == emulated:
                self.list.setCurrentIndex(row)
                return

    def show_choices(self, choices: Choices) -> None:
        """Show another list; the line chosen stays chosen where it is still there."""
        chosen = self.choice
        self._choices = choices
        self.list.clear()
        self.list.addItems([self._row(one) for one in choices.rows])
        for box in (self.port, self.laser_port):
            typed = box.currentText()
            box.clear()
            box.addItems(list(choices.ports))
            box.setCurrentText(typed)
        if chosen in choices.rows:
            self.list.setCurrentIndex(choices.rows.index(chosen))
        self.list.setToolTip("\n".join(choices.notes))

    def show_state(self, state: InstrumentState) -> None:
        """Let be pressed what can be."""
        free = state.phase in {"none", "ready"}
        self.list.setEnabled(free)
        self.connect_button.setEnabled(free and self.choice is not None)
        self._ready = state.phase == "ready"
        self.connect_button.setText(
            self._look.say("form.switch" if self._ready else "form.connect")
        )
        self.disconnect_button.setEnabled(state.phase == "ready")
        self.look.setEnabled(free)

    @Slot()
    def _on_choice(self) -> None:
        choice = self.choice
        if choice is None:
            return
        form = self._form
        form.setRowVisible(self.sample, choice.emulated)
        form.setRowVisible(self.port, choice.asks_port)
        for field in (self.laser_port, self.power, self.wavelength):
            form.setRowVisible(field, choice.asks_laser)
        form.setRowVisible(self._papers_row, choice.asks_papers)
        self._show_trouble()

    @Slot()
    def _on_connect(self) -> None:
        choice = self.choice
        if choice is not None:
            self.connect_wanted.emit(
                Wish(
                    choice,
                    self.sample.currentText(),
                    self.port.currentText(),
                    self.laser_port.currentText(),
                    _number(self.power),
                    _number(self.wavelength),
                    self.papers.text().strip(),
                )
            )

    @Slot()
    def _on_browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self._look.say("form.browse_title"))
        if name:
            self.papers.setText(name)


def _number(field: QLineEdit) -> float | None:
    """Return the number typed; None for nothing, not-a-number for what is none: it is refused."""
    text = field.text().strip().replace(",", ".")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return float("nan")
