"""Find an action by words: what stands in the window now, and what its areas and menus offer.

Nothing is listed twice: the actions are those of the tabs, menus, bars and buttons themselves, so
that only what the present person may do now is found, under the name that it has on the screen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.look import Look
from spectra_app.ui.theme import sized

_SAME = str.maketrans({"ى": "ي", "ة": "ه", "ـ": "", "’": "'", "œ": "oe", "æ": "ae"})
_STEPS = {
    Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Something that can be done now.

    Parameters
    ----------
    words : str
        What it is called on the screen.
    where : str
        The menu or area it stands in; may be empty.
    press : str
        Its key in the words of the computer; may be empty.
    run : callable () -> object
        Does it.
    """

    words: str
    where: str
    press: str
    run: Callable[[], object]


def folded(text: str) -> str:
    """Return `text` without case, accents, vowel signs and signs of direction, for comparing."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in apart if unicodedata.category(c) not in {"Mn", "Cf"})
    return kept.translate(_SAME)


def fitting(choices: Iterable[Choice], typed: str) -> list[Choice]:
    """Return the choices that hold every typed word, in any order; names that begin so first."""
    words = folded(typed).split()
    found = []
    for place, choice in enumerate(choices):
        name, where = folded(choice.words), folded(choice.where)
        if all(word in name or word in where for word in words):
            begins = sum(any(part.startswith(word) for part in name.split()) for word in words)
            found.append((-begins, place, choice))
    return [choice for *_, choice in sorted(found, key=lambda one: one[:2])]


def of_menu(menu: QMenu, where: str = "") -> Iterator[Choice]:
    """Yield what a menu and its own menus offer now."""
    for action in menu.actions():
        inner = action.menu()
        if isinstance(inner, QMenu) and action.isVisible():
            yield from of_menu(inner, plain(inner.title()))
        elif not action.isSeparator():
            yield from of_actions([action], where)


def of_actions(actions: Iterable[QAction], where: str = "") -> Iterator[Choice]:
    """Yield the actions that can be used now."""
    for action in actions:
        if action.isEnabled() and action.isVisible() and plain(action.text()):
            press = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            yield Choice(plain(action.text()), where, press, action.trigger)


def of_page(page: QWidget, where: str = "") -> Iterator[Choice]:
    """Yield the buttons and actions that are seen in a page and can be used now."""
    for widget in page.findChildren(QWidget):
        if not widget.isVisible():
            continue
        yield from of_actions(widget.actions(), where)
        if isinstance(widget, QAbstractButton) and widget.isEnabled() and not _stands_for(widget):
            press = widget.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            if plain(widget.text()):
                yield Choice(plain(widget.text()), where, press, widget.click)


def _stands_for(button: QAbstractButton) -> bool:
    """Tell whether a button only stands for an action or a menu, which is found by itself."""
    if isinstance(button, QToolButton):
        return button.defaultAction() is not None
    return isinstance(button, QPushButton) and button.menu() is not None


def plain(text: str) -> str:
    """Return the text of a button or action without its mnemonic."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").strip()


def each_once(choices: Iterable[Choice]) -> list[Choice]:
    """Return the choices with different names; of the same name the first."""
    seen: dict[tuple[str, str], Choice] = {}
    for choice in choices:
        seen.setdefault((choice.words, choice.where), choice)
    return list(seen.values())


class Finder(QDialog):
    """A field, and under it what fits; Enter does the one chosen.

    Parameters
    ----------
    parent : QWidget
        The window.
    look : Look
        Language and theme.
    choices : list of Choice
        What can be done now.
    """

    def __init__(self, parent: QWidget, look: Look, choices: list[Choice]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._look, self._choices, self._window = look, choices, parent
        self._shown: list[Choice] = []
        self.field, self.list, self.none = QLineEdit(), QListWidget(), WrappedLabel()
        self.field.setMinimumHeight(44)
        self.field.setFont(sized(self.field.font(), 13))
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._on_typed)
        self.field.returnPressed.connect(self._on_enter)
        self.list.itemActivated.connect(self._on_enter)
        self.list.itemClicked.connect(self._on_enter)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        column.addWidget(self.none)
        self.resize(560, 420)
        look.tell(self.retell)
        self._on_typed("")

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.setWindowTitle(say("find.title"))
        self.field.setPlaceholderText(say("find.hint"))
        self.field.setAccessibleName(say("find.title"))
        self.list.setAccessibleName(say("find.list"))
        self.none.setText(say("find.none"))

    @property
    def names(self) -> list[str]:
        """Return what is listed now."""
        return [choice.words for choice in self._shown]

    @Slot(str)
    def _on_typed(self, typed: str) -> None:
        self._shown = fitting(self._choices, typed)
        self.list.clear()
        for choice in self._shown:
            named = self._look.say("find.row", where=choice.where, words=choice.words)
            row = named if choice.where else choice.words
            press = self._look.texts.put(choice.press)
            self.list.addItem(
                QListWidgetItem(self._look.say("find.key", row=row, press=press) if press else row)
            )
        self.list.setCurrentRow(0)
        self.list.setVisible(bool(self._shown))
        self.none.setVisible(not self._shown)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move in the list with the arrows while the field keeps the keyboard."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = _STEPS.get(Qt.Key(event.key()))
            if step is not None and self._shown:
                row = min(max(self.list.currentRow() + step, 0), len(self._shown) - 1)
                self.list.setCurrentRow(row)
                return True
        return super().eventFilter(watched, event)

    @Slot()
    def _on_enter(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._shown):
            run = self._shown[row].run
            self.accept()
            QTimer.singleShot(0, self._window, run)
