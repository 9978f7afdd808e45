"""The choice of the column taken from files that hold several: the vendor's own, or raw counts."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox

from spectra_app.services.many import COLUMNS, TakenColumn
from spectra_app.ui.look import Look


class ColumnBox(QComboBox):
    """What is taken from files with several columns; at first what the file itself says."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        for code in ("", *COLUMNS):
            self.addItem("", code)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        for place, code in enumerate(("file", *COLUMNS)):
            self.setItemText(place, say(f"batch.column_{code}"))
        self.setToolTip(say("batch.column_hint"))
        self.setAccessibleName(say("batch.column"))

    @property
    def column(self) -> TakenColumn | None:
        """The column chosen; None lets the file decide."""
        return self.currentData() or None
