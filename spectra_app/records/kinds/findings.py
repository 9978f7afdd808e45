"""What else was found out about an item: second techniques, and the laboratory's answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from spectra_app.records.ledger.record import Record


class SecondTechnique(Record, frozen=True, kw_only=True):
    """Another technique applied to an item (SWGDRUG, Part IIIB).

    Parameters
    ----------
    technique : str
        Its name: FTIR, GC, colour test...
    category : str
        SWGDRUG: A structural information, B chemical or physical characteristics, C general.
    sampling : str
        Whether it was done on a sampling of its own, as SWGDRUG asks where possible.
    agreement : str
        Whether it agrees with what Raman named.
    found : tuple of str
        What it found.
    scan : str
        The scan that it was compared with.
    evidence : tuple of str
        Hashes of its own data, where they are kept.
    restricted : bool
        Whether it may speak of a restricted list: hidden from users who are not cleared.
    """

    KIND = "second_technique"

    case: str
    item: str
    technique: str
    category: Literal["A", "B", "C"]
    sampling: Literal["separate", "same"]
    agreement: Literal["agrees", "disagrees", "inconclusive"]
    found: tuple[str, ...] = ()
    scan: str = ""
    instrument: str = ""
    remarks: str = ""
    evidence: tuple[str, ...] = ()
    done_at: str = ""
    done_by: str = ""
    restricted: bool = False

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by case, item, scan, category."""
        for field in ("case", "item", "scan", "category", "agreement"):
            if getattr(self, field):
                yield field, getattr(self, field)
        if self.restricted:
            yield "restricted", "yes"

    def words(self) -> Iterable[str]:
        """Search technique and findings; the case comes first, for its list."""
        if self.restricted:
            return (self.id,)
        return (self.case, self.technique, self.remarks, *self.found)


class Confirmation(Record, frozen=True, kw_only=True):
    """How an item stands with the laboratory: sent, then confirmed or refuted, or neither.

    An item without such a record is presumptive, and so it stays when the laboratory could say
    neither (``other``).

    Parameters
    ----------
    laboratory, reference : str
        Who examines it, under which number of theirs.
    found : tuple of str
        What they found; nothing of ours when refuted.
    quantities : tuple of str
        As they state them, in the order of `found`.
    method, examined_by : str
        By what, and by whom.
    sent_at, answered_at : str
        ISO 8601 in UTC.
    evidence : tuple of str
        Hashes of their report.
    restricted : bool
        Whether it may speak of a restricted list: hidden from users who are not cleared.
    """

    KIND = "confirmation"

    case: str
    item: str
    state: Literal["sent", "confirmed", "refuted", "other"] = "sent"
    scans: tuple[str, ...] = ()
    laboratory: str = ""
    reference: str = ""
    found: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    method: str = ""
    examined_by: str = ""
    remarks: str = ""
    sent_at: str = ""
    sent_by: str = ""
    answered_at: str = ""
    answered_by: str = ""
    evidence: tuple[str, ...] = ()
    restricted: bool = False

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by case, item, state, laboratory's number."""
        for field in ("case", "item", "state", "reference"):
            if getattr(self, field):
                yield field, getattr(self, field)
        if self.restricted:
            yield "restricted", "yes"
        for scan in self.scans:
            yield "scan", scan

    def words(self) -> Iterable[str]:
        """Search laboratory, its number and findings; the case comes first, for its list."""
        if self.restricted:
            return (self.id,)
        return (self.case, self.laboratory, self.reference, self.remarks, *self.found)
