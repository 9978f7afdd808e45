"""What this program is: versions, hashes, licences, places, and that it uses no network."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from spectra_app.ui.fitted import WrappedLabel
from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.look import Look
from spectra_app.ui.theme import program_icon, sized
from spectra_app.ui.troubles import told

if TYPE_CHECKING:
    from spectra_app.services.about import About, Facts

PARTS = ("versions", "program", "library", "policy", "lists", "licences", "folder")


class AboutDialog(QDialog):
    """Gathered on the lane of the library; until then it says that it is looking.

    Parameters
    ----------
    parent : QWidget
        The window.
    look : Look
        Language and theme.
    gather : callable () -> About or None
        Asked on the lane; None when there is nothing to say.
    lane : Lane
        Where it is asked.
    """

    def __init__(
        self, parent: QWidget, look: Look, gather: Callable[[], About | None], lane: Lane
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._look = look
        self._about: About | None = None
        self._trouble = ""
        self.sign, self.title, self.line = QLabel(), QLabel(), WrappedLabel()
        self.offline, self.offline_why = QLabel(), WrappedLabel()
        self.text = QTextBrowser()
        self.copy, self.close_button = QPushButton(), QPushButton()
        self._build()
        look.tell(self.retell)
        look.paint(self.retell)
        lane.submit(Job("About", lambda _tell, _stop: gather(), self._on_gathered))

    def _build(self) -> None:
        self.resize(680, 620)
        self.sign.setPixmap(program_icon().pixmap(64, 64))
        self.title.setFont(sized(self.title.font(), 20, bold=True))
        self.offline.setFont(sized(self.offline.font(), 13, bold=True))
        self.text.setOpenLinks(False)
        head, words = QHBoxLayout(), QVBoxLayout()
        words.addWidget(self.title)
        words.addWidget(self.line)
        head.addWidget(self.sign)
        head.addLayout(words, 1)
        panel = QFrame()
        panel.setObjectName("panel")
        inside = QVBoxLayout(panel)
        inside.addWidget(self.offline)
        inside.addWidget(self.offline_why)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(panel)
        column.addWidget(self.text, 1)
        column.addLayout(buttons)
        self.copy.setEnabled(False)
        self.copy.clicked.connect(self._copy)
        self.close_button.clicked.connect(self.close)
        self.close_button.setDefault(True)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.setWindowTitle(say("about.title"))
        self.title.setText(say("about.name"))
        self.line.setText(say("about.line"))
        self.offline.setText(say("about.offline"))
        self.offline_why.setText(say("about.offline_why"))
        self.copy.setText(say("problem.copy"))
        self.close_button.setText(say("text.close"))
        self.text.setAccessibleName(say("about.title"))
        if self._about is None:
            self.text.setPlainText(self._trouble or say("about.looking"))
            return
        way = self._look.texts.direction
        parts = (
            f"<h3 dir='{way}'>{escape(say(f'about.{part}'))}</h3>{self._table(rows)}"
            for part, rows in self._rows(self._about).items()
        )
        self.text.setHtml("".join(parts))

    def _rows(self, about: About) -> dict[str, Facts]:
        facts: dict[str, Facts] = dict.fromkeys(PARTS, ())
        facts["program"] = (("sha256", about.program_sha256),)
        facts["folder"] = (("", str(about.folder)),)
        for part in ("versions", "library", "policy", "lists", "licences"):
            facts[part] = getattr(about, part)
        return facts

    def _table(self, rows: Facts) -> str:
        """Return rows as a table; Qt mirrors what stands in its cells, but not their order."""
        put, muted = self._look.texts.put, self._look.theme["muted"]
        rtl = self._look.texts.direction == "rtl"
        lines = []
        for name, value in rows:
            style = f"color:{muted};padding-right:12px"
            key = f"<td style='{style}'>{escape(put(self._named(name)))}</td>"
            cells = (key, f"<td>{escape(put(value))}</td>")
            lines.append(f"<tr>{''.join(reversed(cells) if rtl else cells)}</tr>")
        width = " width='100%'" if rtl else ""
        return f"<table{width} dir='{self._look.texts.direction}'>{''.join(lines)}</table>"

    def _named(self, name: str) -> str:
        return self._look.word("about_fact", name)

    def _on_gathered(self, job: Job) -> None:
        if not isValid(self):  # closed meanwhile
            return
        if job.error is not None:
            self._trouble = str(told(job.error, self._look.texts))
        else:
            self._about = job.result
            self.copy.setEnabled(job.result is not None)
        self.retell()

    @Slot()
    def _copy(self) -> None:
        if self._about is None:
            return
        lines = [self.windowTitle(), ""]
        for part, rows in self._rows(self._about).items():
            lines.append(self._look.say(f"about.{part}"))
            lines += [f"  {name}  {value}".rstrip() for name, value in rows]
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")
        self.copy.setText(self._look.say("problem.copied"))
        self.copy.setFocus(Qt.FocusReason.OtherFocusReason)
