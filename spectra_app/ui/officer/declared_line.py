"""The line that says whether the scan agrees with the goods declared, as they are typed now."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from matching.errors import SpectraError
from spectra_app.records.identification import Identification
from spectra_app.services.declared import DeclaredCheck, check_declared
from spectra_app.services.office import Office, Session
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.officer.item_line import ItemLine
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.troubles import told

PAUSE_MS = 400
"""How long nothing is typed before it is compared again."""


class DeclaredLine(QObject):
    """Compares the scan that is shown with what stands in the field of the declared goods.

    Papers are often read after the scan: what was said of other words is taken away with the first
    letter that changes, and asked again when the typing rests.
    """

    def __init__(self, item: ItemLine, records: RecordsDesk, look: Look) -> None:
        super().__init__(item)
        self._item, self._records, self._look = item, records, look
        self._record: Identification | None = None
        self._said: DeclaredCheck | None = None
        self._error: SpectraError | None = None
        self._asked = 0
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._again)
        item.declared.textChanged.connect(self._on_text)
        look.tell(self.retell)

    def clear(self) -> None:
        """Say nothing: no scan is shown."""
        self._record = None
        self._forget()

    def compare(self, record: Identification, then: Callable[[], object]) -> None:
        """Say what `record` says of the declared goods; `then` is called when that is known."""
        self._record = record
        self._forget()
        asked, declared = self._asked, self._item.declared.text().strip()

        def act(_office: Office, _session: Session) -> DeclaredCheck:
            return check_declared(record, declared)

        def ended(job: Job) -> None:
            if asked == self._asked:
                self._said, self._error = job.result, job.error
                self.retell()
            then()

        self._records.ask("Comparing with what was declared", act, ended)

    def retell(self) -> None:
        """Say all texts."""
        words = ""
        if self._error is not None:
            why = str(told(self._error, self._look.texts))
            words = self._look.say("officer.declared_failed", words=why)
        elif self._said is not None and self._said.agreement != "nothing declared":
            words = self._words(self._said)
        self._item.show_declared(words)

    def _words(self, said: DeclaredCheck) -> str:
        key = said.agreement.replace(" ", "_")
        key = f"{key}_beside" if said.beside and said.agreement == "does not agree" else key
        declared = self._look.texts.many(said.declared)
        beside = self._look.texts.many(said.beside)
        words: str = self._look.say(f"officer.declared_{key}", declared=declared, beside=beside)
        return words

    def _forget(self) -> None:
        self._asked += 1
        self._said = self._error = None
        self._pause.stop()
        self.retell()

    @Slot()
    def _on_text(self) -> None:
        if self._record is not None:
            self._forget()
            self._pause.start()

    @Slot()
    def _again(self) -> None:
        if self._record is not None:
            self.compare(self._record, lambda: None)
