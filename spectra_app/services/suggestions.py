"""Calculated suggestions for the laboratory: what to test first when nothing explains a scan.

Not evidence. The list opens only for a filed scan whose verdict is "not in library": the measured
verdict then stands in the ledger and cannot follow the list. Opening it is written into the ledger
and as a note into the case, so that every bundle of the case discloses it; the note names nobody's
candidate, because officers read notes: what was shown is kept beside it as evidence, under its
mark. Similarity is for the order and is not given out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Literal

from library.calculated_lines import CalculatedTable, HowOften, Suggestion, how_often
from library.drawings import Drawing
from library.entry import EntryRecord
from library.formula import mass_of
from matching.errors import SpectraError
from matching.pipeline import prepare
from spectra_app.errors import CaseError
from spectra_app.records.identification import Alarm, ControlStatus
from spectra_app.records.kinds import Note, Scan
from spectra_app.services.agreement import agreement
from spectra_app.services.cases.keeping import open_item, short_id, sound
from spectra_app.services.cases.scans import result_bytes
from spectra_app.services.cases.seeing import sight_of, visible
from spectra_app.services.control import ControlSetup, control_setup, control_status
from spectra_app.services.identify import Identified
from spectra_app.services.known_besides import KnownBesides, fits
from spectra_app.services.office import Office, Session
from spectra_app.services.own_structures import can_calculate, own_table
from spectra_app.services.replay import AGREES, changed, computed_again
from spectra_app.services.workshop import Workshop

HEADING = "calculated suggestions for the laboratory - not evidence"
CAUTION = (
    "the order comes from spectra calculated from structures alone; nothing in it was measured",
    "the right substance is often not the first, and may not be among the candidates at all",
    "a list for an unknown that is not among them looks just as good: confirm by GC-MS or NMR",
)
OPENS_FOR = "not_in_library"
SHORTEST, LONGEST = 10, 50
MARGIN = 0.10  # of similarity below the first: so far down the order says little
SHOWN = "calculated suggestions"
"""The kind of evidence that holds what was shown."""
FORMAT = "spectra-calculated-suggestions-1"
MOST_LISTED = 300


@dataclass(frozen=True, slots=True)
class Suggested:
    """One candidate of the list; `rank` is its place among all candidates, `mass` is in u."""

    rank: int
    name: str
    inchikey: str
    family: str
    formula: str
    mass: float | None
    control: tuple[ControlStatus, ...]
    alarm: Alarm
    drawing: Drawing | None
    kind: Literal["calculated"] = "calculated"


@dataclass(frozen=True, slots=True)
class SuggestionList:
    """What the laboratory is shown.

    Parameters
    ----------
    heading, caution : str, tuple of str
        What it is, and what it is not: shown first, always.
    scan : str
        The scan.
    candidates, fitting : int
        How many structures were put in order, and how many of them fit what else is known.
    besides : KnownBesides
        What else is known.
    shown : tuple of Suggested
        Those to test first, in order.
    families : tuple of str
        The families of all candidates.
    how_often : HowOften
        How often the right one stood far up where it was known.
    table_sha256 : str
        The table of calculated lines.
    """

    heading: str
    caution: tuple[str, ...]
    scan: str
    candidates: int
    fitting: int
    besides: KnownBesides
    shown: tuple[Suggested, ...]
    families: tuple[str, ...]
    how_often: HowOften
    table_sha256: str
    kind: Literal["calculated"] = "calculated"

    def to_bytes(self) -> bytes:
        """Return what is kept of it: JSON, its mark first in it and in every candidate."""
        content = {
            "format": FORMAT,
            "kind": self.kind,
            "mark": self.heading,
            "caution": self.caution,
            "scan": self.scan,
            "table_sha256": self.table_sha256,
            "candidates": self.candidates,
            "fitting": self.fitting,
            "known_besides": asdict(self.besides),
            "shown": [_plain(one) for one in self.shown],
        }
        return json.dumps(content, indent=1, ensure_ascii=False).encode("utf-8")


@dataclass(frozen=True, slots=True)
class Openable:
    """A filed scan that nothing measured explains; `opened` counts how often a list was shown."""

    scan: str
    name: str
    case: str
    item: str
    scanned_at: str
    opened: int


@dataclass(frozen=True, slots=True)
class SuggestionDesk:
    """What is there before a list is opened.

    Parameters
    ----------
    scans : tuple of Openable
        For which the list can be opened, newest first, `MOST_LISTED` at most.
    candidates : int
        How many structures are put in order.
    how_often : HowOften
        How often the right one stood far up where it was known.
    can_add : bool
        Whether structures can be calculated on this computer.
    """

    scans: tuple[Openable, ...]
    candidates: int
    how_often: HowOften
    can_add: bool


def suggestion_desk(office: Office, session: Session) -> SuggestionDesk:
    """Return the scans for which a list can be opened, and how good such lists are."""
    me = office.require(session, "suggestions.open")
    sight, ledger = sight_of(office, me), office.ledger
    found = [one.record for one in ledger.find(Scan, outcome=OPENS_FOR, state="filed")]
    seen = sorted(filter(sight.sees, found), key=lambda scan: scan.scanned_at, reverse=True)
    scans = tuple(
        Openable(
            scan=one.id,
            name=one.name,
            case=one.case,
            item=one.item,
            scanned_at=one.scanned_at,
            opened=sum(bool(note.record.evidence) for note in ledger.find(Note, scan=one.id)),
        )
        for one in seen[:MOST_LISTED]
    )
    return SuggestionDesk(scans, len(own_table(office.folder)), how_often(), can_calculate())


def scan_again(
    office: Office,
    session: Session,
    scan: str,
    progress: Callable[[float, str], None] = lambda _share, _words: None,
) -> Identified:
    """Compute a filed scan again from its evidence, for `open_suggestions`; nothing is opened.

    Parameters
    ----------
    scan : str
        Its number.
    progress : callable (share, words)
        Called before and after; how far it is cannot be told. What it raises ends the work.

    Raises
    ------
    CaseError
        When its verdict is not locked, or is another one, or its case is closed.
    EvidenceError, ReplayError
        When what it came from is missing or damaged.
    """
    me = office.require(session, "suggestions.open")
    record = visible(office, me, Scan, scan).record
    _check_locked(record)
    open_item(office.ledger, record.item)
    progress(0.0, "computing the scan again")
    with Workshop(office.evidence, (), office.folder) as workshop:
        found = computed_again(record, workshop.made_with(record), workshop)
    progress(0.0, "putting the candidates in order")
    return found


def open_suggestions(
    office: Office,
    session: Session,
    scan: str,
    found: Identified,
    besides: KnownBesides | None = None,
    *,
    control: ControlSetup | None = None,
    table: CalculatedTable | None = None,
) -> SuggestionList:
    """Open the list for a filed scan, and record that it was opened.

    Parameters
    ----------
    scan : str
        Its number.
    found : Identified
        The same scan as it was identified, or computed again: its result must be the recorded one.
    besides : KnownBesides, optional
        What else is known.
    control : ControlSetup, optional
        The lists that are asked; by default the station's.
    table : CalculatedTable, optional
        The candidates; by default the shipped ones and those that the station added.

    Raises
    ------
    CaseError
        When the verdict is not locked, is another one, or is not that of `found`.
    QueryError
        When the scan covers too little.
    """
    me = office.require(session, "suggestions.open")
    against = own_table(office.folder) if table is None else table
    _check_locked(visible(office, me, Scan, scan).record)
    lists = control_setup(office.folder) if control is None else control
    made = suggest(found, scan, besides or KnownBesides(), lists, against)
    with office.ledger.writing(me.id) as writing:
        record = visible(office, me, Scan, scan).record
        _check_locked(record)
        _check_same(office, record, found)
        open_item(office.ledger, record.item)
        kept = office.evidence.put(
            made.to_bytes(), kind=SHOWN, name=f"{scan}-calculated.json", clock=office.clock
        ).sha256
        note = _note(record, made, kept, (me.id, office.clock()))
        details: dict[str, str | int | bool | None] = {
            "scan": scan,
            "table": against.sha256,
            "shown": len(made.shown),
            "list": kept,
        }
        writing.put(sound(note), "calculated suggestions opened", details=details)
    return made


def suggest(
    found: Identified,
    scan: str,
    besides: KnownBesides,
    control: ControlSetup | None,
    table: CalculatedTable,
) -> SuggestionList:
    """Return the list for a scan; nothing is recorded (see `open_suggestions`)."""
    if found.query is None:
        raise CaseError("there is no spectrum", scan, "scan it again")
    order = table.ranked(prepare(found.query))
    fitting = [one for one in order if fits(one.entry.formula, one.entry.family, besides)]
    on = date.fromisoformat(found.record.control_on) if found.record.control_on else date.min
    return SuggestionList(
        heading=HEADING,
        caution=CAUTION,
        scan=scan,
        candidates=len(order),
        fitting=len(fitting),
        besides=besides,
        shown=tuple(_suggested(one, on, control) for one in fitting[: _length(fitting)]),
        families=tuple(sorted({one.family for one in table.entries} - {""}, key=str.casefold)),
        how_often=how_often(),
        table_sha256=table.sha256,
    )


def _note(record: Scan, made: SuggestionList, kept: str, by: tuple[str, str]) -> Note:
    """Return the note of an opening by a user at a time; it names no candidate."""
    text = (
        f"Calculated suggestions for the laboratory - not evidence - were opened for scan "
        f"{record.id} after its verdict was locked (table {made.table_sha256}, "
        f"{made.candidates} candidates, {len(made.shown)} shown)"
    )
    user, now = by
    return Note(
        id=short_id("N", now, user, text, record.item),
        case=record.case,
        item=record.item,
        scan=record.id,
        text=text,
        evidence=kept,
        written_at=now,
        written_by=user,
    )


def _check_locked(record: Scan) -> None:
    if record.state != "filed":
        raise CaseError(
            "the verdict is not locked: the scan is not filed", record.id, "file it under an item"
        )
    if record.outcome != OPENS_FOR:
        raise CaseError(
            "calculated suggestions are for a good spectrum that no measured reference explains",
            record.id,
            "work with the verdict that there is",
        )


def _check_same(office: Office, record: Scan, found: Identified) -> None:
    """Refuse another spectrum than the recorded one; another computer may round differently."""
    kept = office.evidence.get(record.result)
    if result_bytes(found.record) == kept:
        return
    with suppress(SpectraError), Workshop(office.evidence, (), office.folder) as workshop:
        made = workshop.made_with(record)
        changes = changed(made.set_up.environment)
        if agreement(kept, made.figures, found.record, changes).state in AGREES:
            return
    raise CaseError(
        "the spectrum at hand is not that of the recorded verdict",
        record.id,
        "compute the scan again from its evidence",
    )


def _length(order: Sequence[Suggestion]) -> int:
    """Return how many are shown: more where those further down are hardly less like the scan."""
    if not order:
        return 0
    close = sum(one.similarity >= order[0].similarity - MARGIN for one in order)
    return min(max(close, SHORTEST), LONGEST)


def _suggested(one: Suggestion, on: date, control: ControlSetup | None) -> Suggested:
    entry = one.entry
    asked = EntryRecord(entry="", name=entry.name, inchikey=entry.inchikey, kind=entry.kind)
    statuses, alarm = control_status(asked, on, control)
    return Suggested(
        rank=one.rank,
        name=entry.name,
        inchikey=entry.inchikey,
        family=entry.family,
        formula=entry.formula,
        mass=mass_of(entry.formula),
        control=statuses,
        alarm=alarm,
        drawing=entry.drawing,
    )


def _plain(one: Suggested) -> dict[str, object]:
    """Return a candidate as JSON, its mark first."""
    said = asdict(replace(one, drawing=None))
    del said["drawing"]
    return {"kind": said.pop("kind"), **said}
