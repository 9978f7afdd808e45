"""What stands in the place of a verdict while a reference of the library is chosen."""

from __future__ import annotations

from html import escape

from spectra_app.ui.look import Look
from spectra_app.ui.pages import Page
from spectra_app.ui.scans import ScanEntry
from spectra_app.ui.verdict_card import text_label


class ReferencePage(Page):
    """Name and kind of a reference, and that it is none of the scans."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._entry: ScanEntry | None = None
        self.words = text_label()
        self.column.addWidget(self.words)
        self.column.addStretch(1)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        entry = self._entry
        if entry is not None:
            self.title.set_text(entry.shown_title(self._look))
            kind = self._look.word("kind", entry.words)
            self.words.setText(escape(self._look.say("examine.reference_about", kind=kind)))

    def show_reference(self, entry: ScanEntry) -> None:
        """Show a reference."""
        self._entry = entry
        self.retell()
