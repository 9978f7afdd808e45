"""A page of several steps: all stand at the side, and one that was done can be seen again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL

STEPS_WIDTH = 190  # pixels


class StepList(QListWidget):
    """The steps with their numbers: done, now, and to come."""

    chosen = Signal(int)

    def __init__(self, look: Look, keys: Sequence[str]) -> None:
        super().__init__()
        self._look, self._keys, self._now, self._reached = look, tuple(keys), 0, 0
        self.setFixedWidth(STEPS_WIDTH)
        self.setWordWrap(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for _key in keys:
            self.addItem(QListWidgetItem())
        self.itemClicked.connect(self._on_clicked)
        self.itemActivated.connect(self._on_clicked)
        look.tell(self.retell)

    def show_step(self, now: int, reached: int) -> None:
        """Show which step is now and how many can be gone to."""
        self._now, self._reached = now, reached
        self.retell()

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.setAccessibleName(say("library.steps"))
        for place, key in enumerate(self._keys):
            item = self.item(place)
            name = say("library.step", number=place + 1, name=say(key))
            done = place < self._reached and place != self._now
            item.setText(say("library.step_done", name=name) if done else name)
            open_now = place <= self._reached
            flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
            item.setFlags(flags if open_now else Qt.ItemFlag.NoItemFlags)
        self.setCurrentRow(self._now)

    @Slot(QListWidgetItem)
    def _on_clicked(self, item: QListWidgetItem) -> None:
        place = self.row(item)
        if place <= self._reached and place != self._now:
            self.chosen.emit(place)


class StepFrame(QWidget):
    """Steps at the side, the page of the step beside them, Back and Next below.

    `wanted` is emitted with the step somebody wants to go to.
    """

    wanted = Signal(int)

    def __init__(self, look: Look, keys: Sequence[str]) -> None:
        super().__init__()
        self._look, self._count = look, len(keys)
        self.now = self.reached = 0
        self.steps, self.stack = StepList(look, keys), QStackedWidget()
        self.back, self.next = QPushButton(), QPushButton()
        self.next.setObjectName("primary")
        for button in (self.back, self.next):
            button.setMinimumHeight(TALL)
        buttons = QHBoxLayout()
        buttons.addWidget(self.back)
        buttons.addStretch(1)
        buttons.addWidget(self.next)
        beside = QVBoxLayout()
        beside.addWidget(self.stack, 1)
        beside.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.steps)
        row.addLayout(beside, 1)
        self.steps.chosen.connect(self.wanted)
        self.back.clicked.connect(lambda: self.wanted.emit(self.now - 1))
        self.next.clicked.connect(lambda: self.wanted.emit(self.now + 1))
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        self.back.setText(self._look.say("library.back"))
        self.next.setText(self._look.say("library.next"))

    def show_step(self, now: int, reached: int) -> None:
        """Show a step; steps up to `reached` can be gone to."""
        self.now, self.reached = now, max(now, reached)
        self.steps.show_step(self.now, self.reached)
        self.back.setEnabled(now > 0)
        self.next.setVisible(now < self._count - 1)
