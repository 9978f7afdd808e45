"""What a library has of a control list or family, and what it has not; honest about leads."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QTextBrowser, QVBoxLayout, QWidget

from spectra_app.services.coverage import Coverage
from spectra_app.ui.look import Look
from spectra_app.ui.page import TALL


class CoverageView(QWidget):
    """A list chosen, and how much of it the library holds."""

    wanted = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.found: Coverage | None = None
        self.label, self.lists, self.words = QLabel(), QComboBox(), QTextBrowser()
        self.lists.setMinimumHeight(TALL)
        self.label.setBuddy(self.lists)
        row = QHBoxLayout()
        row.addWidget(self.label)
        row.addWidget(self.lists, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.words, 1)
        self.lists.activated.connect(lambda: self.wanted.emit(self.lists.currentData()))
        look.tell(self.retell)

    def offer(self, names: tuple[str, ...]) -> None:
        """Offer lists to be asked for; those of the law first, then families."""
        chosen = self.lists.currentData()
        self.lists.clear()
        for name in names:
            self.lists.addItem(self._look.texts.put(name), name)
        self.lists.setCurrentIndex(max(0, self.lists.findData(chosen)))

    def show_coverage(self, found: Coverage) -> None:
        """Show how much is held."""
        self.found = found
        self.retell()

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.label.setText(say("library.coverage_of"))
        self.lists.setAccessibleName(say("library.coverage_of"))
        self.words.setHtml(self._html() if self.found is not None else "")
        self.words.setAccessibleName(self.words.toPlainText())

    def _html(self) -> str:
        found, look = self.found, self._look
        if found is None:
            return ""
        say, many = look.say, look.texts.many
        kinds = found.kinds
        wanted = found.wanted
        total, held = len(wanted.items), len(found.held)
        parts = [
            f"<p style='font-size:14pt'><b>"
            f"{escape(say('library.coverage_held', held=held, total=total))}</b></p>",
            f"<p>{escape(say('library.coverage_kinds', **kinds))}</p>",
        ]
        if kinds["reconstructed"] or kinds["calculated"]:
            parts.append(f"<p><b>{escape(say('library.coverage_leads'))}</b></p>")
        if wanted.caution:
            parts.append(f"<p>{escape(look.texts.put(wanted.caution))}</p>")
        measured = [one.item.name for one in found.held if one.kind == "measured"]
        leads = [one.item.name for one in found.held if one.kind != "measured"]
        for key, names in (
            ("library.coverage_measured", measured),
            ("library.coverage_only_lead", leads),
            ("library.coverage_missing", [one.name for one in found.missing]),
            ("library.coverage_unsure", [f"{i.name}: {n}?" for i, n in found.uncertain]),
            ("library.coverage_unreleased", [one.item.name for one in found.not_released]),
        ):
            if names:
                title = escape(say(key, count=len(names)))
                parts.append(f"<p><b>{title}</b><br>{escape(many(names))}</p>")
        rows = [
            say("library.coverage_family", family=name, known=known, held=in_it)
            for name, known, in_it in found.families
        ]
        if rows:
            title = escape(say("library.coverage_classes"))
            items = "".join(f"<li>{escape(row)}</li>" for row in rows)
            parts.append(f"<p><b>{title}</b></p><ul>{items}</ul>")
        return "".join(parts)
