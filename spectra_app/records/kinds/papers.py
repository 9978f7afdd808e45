"""What is written about a case: photos, notes, amendments, issued reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from spectra_app.records.ledger.record import Record


class Photo(Record, frozen=True, kw_only=True):
    """A picture; its bytes are evidence.

    Parameters
    ----------
    evidence : str
        SHA-256 of the file.
    name, caption : str
        Name of the file and what it shows.
    taken_at : str
        As stated, ISO 8601; empty when not known.
    """

    KIND = "photo"

    case: str
    item: str = ""
    evidence: str
    name: str = ""
    caption: str = ""
    taken_at: str = ""
    added_at: str = ""
    added_by: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by case, item, hash."""
        return (("case", self.case), ("item", self.item), ("evidence", self.evidence))

    def words(self) -> Iterable[str]:
        """Search name and caption; the case comes first, for its list."""
        return (self.case, self.name, self.caption)


class Note(Record, frozen=True, kw_only=True):
    """A remark of a user; never changed.

    Parameters
    ----------
    evidence : str
        SHA-256 of what was kept with it; empty where nothing was.
    """

    KIND = "note"

    case: str
    item: str = ""
    scan: str = ""
    text: str
    evidence: str = ""
    written_at: str = ""
    written_by: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by case, item, scan."""
        return (("case", self.case), ("item", self.item), ("scan", self.scan))

    def words(self) -> Iterable[str]:
        """Search the text; the case comes first, for its list."""
        return (self.case, self.text)


class Amendment(Record, frozen=True, kw_only=True):
    """A correction of a record; the original stays as it was.

    Parameters
    ----------
    of_kind, of_id, of_revision : str, str, int
        Which record, as it then was.
    field : str
        What of it; empty for the whole.
    original, amended : str
        What stood there and what should stand there.
    reason : str
        Why.
    """

    KIND = "amendment"

    case: str
    of_kind: str
    of_id: str
    of_revision: int
    field: str = ""
    original: str = ""
    amended: str
    reason: str
    made_at: str = ""
    made_by: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by case and by what is amended."""
        return (("case", self.case), ("of", f"{self.of_kind}:{self.of_id}"))

    def words(self) -> Iterable[str]:
        """Search the corrected text and the reason; the case comes first, for its list."""
        return (self.case, self.amended, self.reason)


class IssuedReport(Record, frozen=True, kw_only=True):
    """A report that left the station.

    Parameters
    ----------
    case, item, scans : str, str, tuple of str
        What it is about.
    document : str
        SHA-256 of the report as data (JSON): the truth.
    files : tuple of str
        ``kind:sha256`` of what was made of it, ``pdf:...``, and of the figures of a validation that
        it quotes, ``validation:...``.
    amends : str
        Id of the report that it takes the place of; that one stays.
    reason : str
        Why it was amended.
    head : str
        ``number:sha256`` of the audit chain when it was issued.
    signed : str
        Whose certificate signed it; empty for unsigned.
    restricted : bool
        Whether it quotes restricted lists.
    """

    KIND = "report"

    case: str
    item: str = ""
    scans: tuple[str, ...] = ()
    state: Literal["issued", "countersigned"] = "issued"
    language: str = "en"
    document: str = ""
    files: tuple[str, ...] = ()
    amends: str = ""
    reason: str = ""
    head: str = ""
    signed: str = ""
    issued_at: str = ""
    issued_by: str = ""
    countersigned_at: str = ""
    countersigned_by: str = ""
    restricted: bool = False
    emulated: bool = False

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by case, item, scan, state, and by the report that it amends."""
        for field in ("case", "item", "state", "amends", "document"):
            if getattr(self, field):
                yield field, getattr(self, field)
        for scan in self.scans:
            yield "scan", scan
