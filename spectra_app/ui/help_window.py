"""The help, beside the window: topics, pictures and a search, all from this computer's files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import (
    QAction,
    QColor,
    QImage,
    QKeySequence,
    QPainter,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QStyle,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

import resources
from spectra_app.reports.texts import Texts
from spectra_app.ui.finder import folded
from spectra_app.ui.look import Look
from spectra_app.ui.shapes import draw_shape
from spectra_app.wording import ALARMS

FOLDER = "help"
SIDE = 40  # pixels of a drawn shape
MARGIN = 18  # pixels around a topic
BAR = QStyle.PixelMetric.PM_ScrollBarExtent
_TEXT = re.compile(r"\{([a-z_]+\.[^{}\s]+)\}")
_PICTURE = re.compile(r"[a-z-]+")


@dataclass(frozen=True, slots=True)
class Topic:
    """One page of the help: its name, its title, and its words as Markdown."""

    name: str
    title: str
    text: str


@lru_cache(maxsize=1)
def contents() -> Mapping[str, Any]:
    """Return the order of the topics, and which one belongs to which place of the window."""
    found: Mapping[str, Any] = json.loads(
        resources.path(f"{FOLDER}/contents.json").read_text(encoding="utf-8")
    )
    return found


def topic_for(place: str) -> str:
    """Return the topic of a place (``board.cases``), of what it is part of, or the first one."""
    places = contents()["places"]
    while place:
        if place in places:
            return str(places[place])
        place = place.rpartition(".")[0]
    return str(contents()["topics"][0])


def read_topic(name: str, texts: Texts) -> Topic:
    """Return a topic in the language of `texts`; what the window calls something is filled in.

    Raises
    ------
    KeyError
        When it names a text that the window does not have.
    """
    source = resources.path(f"{FOLDER}/{texts.language}/{name}.md").read_text(encoding="utf-8")
    filled = _TEXT.sub(lambda match: _as_shown(texts.texts[match[1]]), source)
    title, _, text = filled.partition("\n")
    return Topic(name, title.lstrip("# ").strip(), text.strip())


def _as_shown(text: str) -> str:
    return text.replace("{", "").replace("}", "")


@lru_cache(maxsize=1)
def all_topics(language: str, texts: Texts) -> tuple[Topic, ...]:
    """Return all topics of a language in their order."""
    del language  # what tells one set of texts from another
    return tuple(read_topic(name, texts) for name in contents()["topics"])


class Sheet(QTextBrowser):
    """Shows a topic; opens nothing but the help's own pictures, and follows no link by itself."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._topic: Topic | None = None
        self._fitted_to = 0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(50)
        self._later.timeout.connect(self._show_again)
        self.refused: list[str] = []
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Return a picture of the help, or a shape drawn for the theme; nothing else, from nowhere.

        What is asked for besides is kept in `refused`.
        """
        del kind  # pictures are all there is
        text = name.toString() if isinstance(name, QUrl) else str(name)
        if text.startswith("shape:") and text[6:] in ALARMS:
            return self._shape(text[6:])
        if _PICTURE.fullmatch(text):
            path = resources.path(f"{FOLDER}/{self._look.texts.language}/{text}.png")
            if path.is_file():
                return self._fitted(QImage(str(path)))
        self.refused.append(text)
        return None

    def _fitted(self, image: QImage) -> QImage:
        """Return a picture no wider than there is room for; the scroll bar has its place."""
        room = self.width() - 2 * MARGIN - self.style().pixelMetric(BAR) - 8
        if image.width() <= room:
            return image
        return image.scaledToWidth(max(room, 100), Qt.TransformationMode.SmoothTransformation)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the pictures to another width, later: Qt is laying the text out now."""
        super().resizeEvent(event)
        if self.width() != self._fitted_to:  # not the room beside the scroll bar: it comes and goes
            self._later.start()

    @Slot()
    def _show_again(self) -> None:
        if self._topic is not None:
            self.show_topic(self._topic)

    def _shape(self, level: str) -> QImage:
        theme = self._look.theme
        image = QImage(QSize(SIDE, SIDE), QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        draw_shape(
            painter, ALARMS[level].shape, QRectF(2, 2, SIDE - 4, SIDE - 4),
            QColor(theme.alarm(level)), dashed=False, hole=QColor(theme["surface"]),
        )  # fmt: skip
        painter.end()
        return image

    def show_topic(self, topic: Topic) -> None:
        """Show a topic from its beginning."""
        self._topic, self._fitted_to = topic, self.width()
        rtl = self._look.texts.direction == "rtl"
        option = QTextOption(self.document().defaultTextOption())
        option.setTextDirection(
            Qt.LayoutDirection.RightToLeft if rtl else Qt.LayoutDirection.LeftToRight
        )
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().clear()
        first = QTextCursor(self.document())  # Qt begins with the heading shown before
        first.setBlockFormat(QTextBlockFormat())
        first.setCharFormat(QTextCharFormat())
        self.document().setDefaultTextOption(option)
        self.document().setDocumentMargin(MARGIN)
        text = topic.text.replace("![](", f"![{topic.title}](")  # Qt shows none without words
        self.setMarkdown(f"# {topic.title}\n\n{text}")
        self.setAccessibleName(topic.title)


class HelpWindow(QWidget):
    """Contents and search at the side, the topic beside them; the work behind it goes on.

    Parameters
    ----------
    parent : QWidget
        The window; the help closes with it.
    look : Look
        Language and theme.
    """

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._look = look
        self.current, self._earlier = "", list[str]()
        self.field, self.list = QLineEdit(), QListWidget()
        self.back, self.sheet = QPushButton(), Sheet(look)
        self.close_button = QPushButton()
        self._build()
        look.tell(self.retell)
        look.paint(self._repaint)

    def _build(self) -> None:
        self.resize(980, 680)
        side, beside = QWidget(), QWidget()
        left, right, row = QVBoxLayout(side), QVBoxLayout(beside), QHBoxLayout()
        self.field.setMinimumHeight(40)
        self.field.setClearButtonEnabled(True)
        left.addWidget(self.field)
        left.addWidget(self.list, 1)
        row.addWidget(self.back)
        row.addStretch(1)
        row.addWidget(self.close_button)
        right.addLayout(row)
        right.addWidget(self.sheet, 1)
        parts = QSplitter()
        for widget, stretch in ((side, 0), (beside, 1)):
            parts.addWidget(widget)
            parts.setStretchFactor(parts.count() - 1, stretch)
        parts.setSizes([250, 730])
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(parts)
        self.list.setWordWrap(True)
        keys_of = (("Esc", self.close), ("Ctrl+F", self.field.setFocus), ("Alt+Left", self.go_back))
        for keys, run in keys_of:
            action = QAction(self)
            action.setShortcut(QKeySequence(keys))
            action.triggered.connect(run)
            self.addAction(action)
        self.field.textChanged.connect(self._list)
        self.field.returnPressed.connect(self._open_first)
        self.list.currentItemChanged.connect(self._on_chosen)
        self.back.clicked.connect(self.go_back)
        self.close_button.clicked.connect(self.close)
        self.sheet.anchorClicked.connect(self._on_link)

    def retell(self) -> None:
        """Say all texts, the topic shown too."""
        say = self._look.say
        self.setWindowTitle(say("help.title"))
        self.field.setPlaceholderText(say("help.search"))
        self.field.setAccessibleName(say("help.search"))
        self.list.setAccessibleName(say("help.contents"))
        self.back.setText(say("help.back"))
        self.close_button.setText(say("text.close"))
        self.back.setEnabled(bool(self._earlier))
        self._list(self.field.text())
        self._repaint()

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Return all topics in the language shown."""
        return all_topics(self._look.texts.language, self._look.texts)

    def open_at(self, name: str) -> None:
        """Show a topic and come to the front."""
        self.field.clear()
        self.show_topic(name)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_topic(self, name: str, *, remembered: bool = True) -> None:
        """Show a topic; `remembered` lets *Back* return to the one shown before."""
        if remembered and self.current and name != self.current:
            self._earlier.append(self.current)
        self.current = name
        self.back.setEnabled(bool(self._earlier))
        self._repaint()
        self._mark()

    @Slot()
    def go_back(self) -> None:
        """Show the topic that was shown before."""
        if self._earlier:
            self.show_topic(self._earlier.pop(), remembered=False)

    def _repaint(self) -> None:
        for topic in self.topics:
            if topic.name == self.current:
                self.sheet.show_topic(topic)

    @Slot(str)
    def _list(self, typed: str) -> None:
        """List the topics that hold all words typed; those with them in the title first."""
        words = folded(typed).split()
        found = []
        for place, topic in enumerate(self.topics):
            title, text = folded(topic.title), folded(topic.text)
            if all(word in title or word in text for word in words):
                found.append((not all(word in title for word in words), place, topic))
        self.list.blockSignals(True)
        self.list.clear()
        for *_, topic in sorted(found, key=lambda one: one[:2]):
            item = QListWidgetItem(topic.title)
            item.setData(Qt.ItemDataRole.UserRole, topic.name)
            self.list.addItem(item)
        if not found:
            nothing = QListWidgetItem(self._look.say("help.nothing"))
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        self.list.blockSignals(False)
        self._mark()

    def _mark(self) -> None:
        self.list.blockSignals(True)
        for row in range(self.list.count()):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole) == self.current:
                self.list.setCurrentRow(row)
        self.list.blockSignals(False)

    @Slot()
    def _open_first(self) -> None:
        name = self.list.item(0).data(Qt.ItemDataRole.UserRole)
        if name:
            self.show_topic(name)

    @Slot(object, object)
    def _on_chosen(self, item: QListWidgetItem | None, _before: object) -> None:
        name = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if name and name != self.current:
            self.show_topic(name)

    @Slot(QUrl)
    def _on_link(self, link: QUrl) -> None:
        """Follow a link to another topic; no other link is followed."""
        name = link.toString()
        if name in contents()["topics"]:
            self.show_topic(name)
        else:
            self.sheet.refused.append(escape(name))
