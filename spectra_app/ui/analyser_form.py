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

LASER_HINT = "On the papers of the laser; without them it is never switched on."


class AnalyserForm(QWidget):
    """Line of the list, ports and papers, and the buttons to connect and to look again."""

    connect_wanted = Signal(object)
    disconnect_wanted = Signal()
    look_wanted = Signal()

    def __init__(self, samples: tuple[str, ...]) -> None:
        super().__init__()
        self._choices = Choices(())
        self.list, self.sample = QComboBox(), QComboBox()
        self.port, self.laser_port = QComboBox(), QComboBox()
        self.power, self.wavelength, self.papers = QLineEdit(), QLineEdit(), QLineEdit()
        self.browse = QPushButton("Choose…")
        self.connect_button = QPushButton("Connect")
        self.disconnect_button = QPushButton("Disconnect")
        self.look = QPushButton("Look again")
        self.trouble = QLabel()
        self.sample.addItems(list(samples))
        self._form = QFormLayout()
        self._build()

    def _build(self) -> None:
        self.list.setAccessibleName("Analyser")
        self.trouble.setWordWrap(True)
        for box in (self.list, self.sample, self.port, self.laser_port):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setMinimumHeight(34)
        for box, hint in ((self.port, "/dev/ttyUSB0 or COM3"), (self.laser_port, "its own port")):
            box.setEditable(True)
            edit = box.lineEdit()
            if edit is not None:
                edit.setPlaceholderText(hint)
        self.power.setPlaceholderText("mW, by its papers")
        self.wavelength.setPlaceholderText("nm, by its papers")
        self.power.setToolTip(LASER_HINT)
        self.wavelength.setToolTip(LASER_HINT)
        self.papers.setPlaceholderText("parameter file of its maker")
        self._build_rows()
        self._build_column()

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
        for words, field in (
            ("Sample", self.sample),
            ("Port", self.port),
            ("Laser port", self.laser_port),
            ("Laser power", self.power),
            ("Wavelength", self.wavelength),
            ("Papers", papers),
        ):
            form.addRow(words, field)

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
        self.list.addItems([one.title for one in choices.rows])
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
        self.connect_button.setText("Switch to it" if state.phase == "ready" else "Connect")
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
        self.list.setToolTip(choice.title)
        self.trouble.setText(choice.trouble)
        self.trouble.setVisible(bool(choice.trouble))

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
        name, _ = QFileDialog.getOpenFileName(self, "Parameter file of the analyser")
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
