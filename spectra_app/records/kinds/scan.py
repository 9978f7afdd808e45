"""Scans and what the laser did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from spectra_app.records.ledger.record import Record

SEPARATOR = "\x1f"  # between the parts of a key of several


class Scan(Record, frozen=True, kw_only=True):
    """One scan and what the program said of it.

    Parameters
    ----------
    case, item : str
        Where it was filed; empty until then.
    source : str
        Measured here, or read from a file.
    evidence : tuple of str
        SHA-256 of everything kept of it: frames, darks, log, wires, file.
    original : str
        SHA-256 of the frame or file that was identified.
    spectrum, column, laser_nm, technique : str
        What was asked for: which spectrum of a file, which column, laser line in nm and technique
        where the file lacks them.
    top : int
        How many candidates were asked for.
    result : str
        SHA-256 of the identification as canonical JSON without its timing.
    outcome, alarm, names, families : str, str, tuple of str, tuple of str
        Of that identification; packaging is named only where nothing else was seen.
    meant : tuple of str
        What else it may mean: keys (`library.watchlist.match_keys`) of names that Raman does not
        tell from these, and of the entries' own identifiers.
    library_sha256, policy_sha256, pipeline_sha256, control_sha256, program_version : str
        What produced it.
    made_with : tuple of str
        SHA-256 of the circumstances from which the result can be computed again, then of what they
        name: see `spectra_app.services.circumstances`; none when they were not kept.
    analyser : str
        Serial number; empty when the file does not state it.
    scanned_at, scanned_by : str
        When it came into being here (ISO 8601 in UTC), and the user.
    exposures : int
        How many times the laser was used for it; 0 for files.
    restricted : bool
        Whether it touches a restricted list: hidden from users who are not cleared.
    filed_at, filed_by, reason : str
        When and by whom it was filed or discarded, and why discarded.
    """

    KIND = "scan"

    case: str = ""
    item: str = ""
    state: Literal["unfiled", "filed", "discarded"] = "unfiled"
    source: Literal["device", "file"] = "file"
    name: str = ""
    evidence: tuple[str, ...] = ()
    original: str = ""
    spectrum: str = ""
    column: str = ""
    laser_nm: str = ""
    technique: str = ""
    top: int = 10
    result: str = ""
    outcome: str = ""
    alarm: str = ""
    names: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    meant: tuple[str, ...] = ()
    library_sha256: str = ""
    policy_sha256: str = ""
    pipeline_sha256: str = ""
    control_sha256: str = ""
    program_version: str = ""
    made_with: tuple[str, ...] = ()
    analyser: str = ""
    scanned_at: str = ""
    scanned_by: str = ""
    emulated: bool = False
    exposures: int = 0
    restricted: bool = False
    filed_at: str = ""
    filed_by: str = ""
    reason: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by what lists are filtered by.

        The list of cases asks which of them hold a scan with some outcome, alarm or name:
        ``shown_outcome`` and so on hold that and the case in one value, ``hidden_outcome`` those of
        restricted scans, so that the question is one walk through the index.
        """
        yield "state", self.state
        yield "day", self.scanned_at[:10]
        yield "restricted", "yes" if self.restricted else "no"
        for field in ("case", "item", "outcome", "alarm", "analyser", "original"):
            if getattr(self, field):
                yield field, getattr(self, field)
        yield "user", self.scanned_by
        if self.case and self.state == "filed":
            seen = "hidden" if self.restricted else "shown"
            yield f"{seen}_outcome", self.outcome + SEPARATOR + self.case
            yield f"{seen}_verdict", SEPARATOR.join((self.item, self.outcome, *sorted(self.names)))
            yield f"{seen}_alarm", self.alarm + SEPARATOR + self.case
            for name in (*self.names, *self.families):
                yield f"{seen}_name", name.casefold() + SEPARATOR + self.case
            for key in self.meant:
                yield "means", key + SEPARATOR + self.case

    def words(self) -> Iterable[str]:
        """Search number and names; the case comes first, for its list.

        A restricted scan is found by its number only: the index of words knows no clearance.
        """
        if self.restricted:
            return (self.id,)
        return (self.case, self.id, self.name, *self.names, *self.families)


class Exposure(Record, frozen=True, kw_only=True):
    """What the laser of an analyser did in one go: for a scan, or for what became none.

    Parameters
    ----------
    analyser : str
        Serial number.
    scan : str
        The scan; empty for what became none.
    purpose : str
        What it was for.
    count : int
        Exposures.
    counter : int
        The analyser's own counter afterwards; -1 where it has none.
    evidence : tuple of str
        What was kept of it when it became no scan.
    at, by : str
        When (ISO 8601 in UTC) and by which user.
    """

    KIND = "exposure"

    analyser: str
    scan: str = ""
    purpose: Literal["scan", "aborted", "failed", "check", "calibration", "live"] = "scan"
    count: int = 0
    counter: int = -1
    evidence: tuple[str, ...] = ()
    emulated: bool = False
    at: str = ""
    by: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by analyser, scan, purpose, day, user, and by what was kept of it."""
        for sha256 in self.evidence:
            yield "evidence", sha256
        yield "analyser", self.analyser
        yield "scan", self.scan
        yield "purpose", self.purpose
        yield "day", self.at[:10]
        yield "user", self.by
