"""The mark of a demonstration: on every entry of its ledger, and on the ledger itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from spectra_app.errors import DemoError
from spectra_app.records.ledger.chain import Entry
from spectra_app.records.ledger.record import Record
from spectra_app.records.ledger.store import PROGRAM, Ledger
from spectra_app.records.ledger.writing import Writing

DEMO = "demo"
APART = "keep demonstration and evidence apart"


class DemoMark(Record, frozen=True, kw_only=True):
    """Stands first in the ledger of a demonstration; what is copied elsewhere takes it along."""

    KIND: ClassVar[str] = "demonstration"


class DemoLedger(Ledger):
    """A ledger whose every entry says that it is a demonstration."""

    @contextmanager
    def writing(self, user: str) -> Iterator[Writing]:
        """Write as `user`, see `Ledger.writing`."""
        with super().writing(user) as writing:
            writing.marks = {DEMO: True}
            yield writing


def check_mark(ledger: Ledger) -> None:
    """Refuse a demonstration that is opened as the real thing, and the other way round.

    Raises
    ------
    DemoError
        When the ledger is not of the kind it was opened as.
    """
    marked, demo = bool(ledger.find(DemoMark)), isinstance(ledger, DemoLedger)
    if marked and not demo:
        raise DemoError("this is a demonstration, not evidence", str(ledger.folder), APART)
    if marked or not demo:
        return
    if ledger.entries(count=1):
        raise DemoError("this is evidence, not a demonstration", str(ledger.folder), APART)
    with ledger.writing(PROGRAM) as writing:
        writing.put(DemoMark(id=DEMO), "demonstration begun")


def is_demo(entries: Iterable[Entry]) -> bool:
    """Return whether any of these entries was written in a demonstration."""
    return any(entry.details.get(DEMO) for entry in entries)
