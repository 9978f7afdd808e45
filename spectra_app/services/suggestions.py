"""Calculated suggestions for the laboratory: what to test first when nothing explains a scan.

Not evidence. The list opens only for a filed scan whose verdict is "not in library": the measured
verdict then stands in the ledger and cannot follow the list. Opening it is written into the ledger
and as a note into the case, so that every bundle of the case discloses it; the note names nobody's
candidate, because officers read notes. Similarity is for the order and is not given out.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from library.calculated_lines import CalculatedTable, Suggestion, calculated_table, with_own
from library.drawings import Drawing, drawings
from library.entry import EntryRecord
from library.formula import elements_of, mass_of
from library.substances import substances
from matching.pipeline import prepare
from resources import path
from spectra_app.errors import AppError, CaseError
from spectra_app.records.identification import Alarm, ControlStatus
from spectra_app.records.kinds import Note, Scan
from spectra_app.services.cases.keeping import open_item, short_id, sound
from spectra_app.services.cases.scans import result_bytes
from spectra_app.services.cases.seeing import visible
from spectra_app.services.control import ControlSetup, control_status
from spectra_app.services.identify import Identified
from spectra_app.services.office import Office, Session

HEADING = "calculated suggestions for the laboratory - not evidence"
CAUTION = (
    "the order comes from spectra calculated from structures alone; nothing in it was measured",
    "the right substance is often not the first, and may not be among the candidates at all",
    "a list for an unknown that is not among them looks just as good: confirm by GC-MS or NMR",
)
OPENS_FOR = "not_in_library"
SHORTEST, LONGEST = 10, 50
MARGIN = 0.10  # of similarity below the first: so far down the order says little
OWN_FOLDER = "calculated"  # below the station's data folder
MASS_WITHIN = 0.7  # u; a nominal mass is enough


class CalculatedError(AppError):
    """A structure cannot be calculated here."""

    code = "calculated"


@dataclass(frozen=True, slots=True)
class KnownBesides:
    """What else is known of the substance; what is left blank narrows nothing.

    Parameters
    ----------
    mass : float or None
        Molecular mass of the free base or acid, in u.
    formula, family : str
        Its formula; its structural family as the tables name it.
    with_elements, without_elements : tuple of str
        Chemical symbols that it holds, and that it does not.
    """

    mass: float | None = None
    formula: str = ""
    family: str = ""
    with_elements: tuple[str, ...] = ()
    without_elements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggested:
    """One candidate of the list; `rank` is its place among all candidates."""

    rank: int
    name: str
    inchikey: str
    family: str
    formula: str
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
    shown : tuple of Suggested
        Those to test first, in order.
    table_sha256 : str
        The table of calculated lines.
    """

    heading: str
    caution: tuple[str, ...]
    scan: str
    candidates: int
    fitting: int
    shown: tuple[Suggested, ...]
    table_sha256: str
    kind: Literal["calculated"] = "calculated"


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
        The station's lists.
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
    with office.ledger.writing(me.id) as writing:
        record = visible(office, me, Scan, scan).record
        _check_locked(record, found)
        open_item(office.ledger, record.item)
        made = suggest(found, scan, besides or KnownBesides(), control, against)
        now = office.clock()
        text = (
            f"Calculated suggestions were opened for scan {scan} after its verdict was locked "
            f"(table {against.sha256}, {made.candidates} candidates, {len(made.shown)} shown)"
        )
        note = Note(
            id=short_id("N", now, me.id, text, record.item),
            case=record.case,
            item=record.item,
            scan=scan,
            text=text,
            written_at=now,
            written_by=me.id,
        )
        details: dict[str, str | int | bool | None] = {
            "scan": scan,
            "table": against.sha256,
            "shown": len(made.shown),
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
    fitting = [one for one in order if fits(_formula(one), one.entry.family, besides)]
    on = date.fromisoformat(found.record.control_on) if found.record.control_on else date.min
    return SuggestionList(
        heading=HEADING,
        caution=CAUTION,
        scan=scan,
        candidates=len(order),
        fitting=len(fitting),
        shown=tuple(_suggested(one, on, control) for one in fitting[: _length(fitting)]),
        table_sha256=table.sha256,
    )


def fits(formula: str, family: str, besides: KnownBesides) -> bool:
    """Tell whether a candidate agrees with what else is known; without its formula it does not."""
    counts, wanted = elements_of(formula), elements_of(besides.formula)
    if besides.family and besides.family != family:
        return False
    if besides.formula and counts != wanted:
        return False
    if set(besides.with_elements) - counts.keys():
        return False
    if besides.without_elements and (not counts or set(besides.without_elements) & counts.keys()):
        return False
    mass = mass_of(formula)
    return besides.mass is None or (mass is not None and abs(mass - besides.mass) <= MASS_WITHIN)


def _check_locked(record: Scan, found: Identified) -> None:
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
    if hashlib.sha256(result_bytes(found.record)).hexdigest() != record.result:
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


def _formula(one: Suggestion) -> str:
    substance = substances().get(one.entry.key)
    return substance.formula if substance else ""


def _suggested(one: Suggestion, on: date, control: ControlSetup | None) -> Suggested:
    entry = one.entry
    asked = EntryRecord(entry="", name=entry.name, inchikey=entry.inchikey, kind=entry.kind)
    statuses, alarm = control_status(asked, on, control)
    return Suggested(
        rank=one.rank,
        name=entry.name,
        inchikey=entry.inchikey,
        family=entry.family,
        formula=_formula(one),
        control=statuses,
        alarm=alarm,
        drawing=drawings().get(entry.key),
    )


# --- Structures of the station's own --------------------------------------------------------------


def own_table(folder: Path) -> CalculatedTable:
    """Return the shipped candidates with those that were added to the station's data folder."""
    return with_own(calculated_table(), folder / OWN_FOLDER)


def add_structure(
    office: Office,
    session: Session,
    structure: str,
    *,
    name: str = "",
    python: str = sys.executable,
) -> str:
    """Calculate a structure that the tables lack, and add it to the station's own candidates.

    A child process does it, in a minute or a few: the program itself never loads what calculates.

    Parameters
    ----------
    structure : str
        A SMILES, or a name in the tables of substances.
    name : str, optional
        What it is called.
    python : str
        The interpreter in which the extra ``calculate`` is installed.

    Returns
    -------
    str
        InChIKey of what was added.

    Raises
    ------
    CalculatedError
        When the extra is not installed, or the structure cannot be calculated.
    """
    office.require(session, "suggestions.open")
    folder = office.folder / OWN_FOLDER
    command = [python, "-m", "library.calculated", "add", "--out", str(folder)]
    command += ["--work", str(folder / "work"), "--name", name]
    command += ["--factors", str(path("calculated/factors.json")), "--", structure]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode == 0:
        return str(json.loads(ended.stdout.splitlines()[-1])["inchikey"])
    if "ModuleNotFoundError" in ended.stderr:
        raise CalculatedError(
            "what calculates spectra is not installed",
            structure,
            "have the extra 'calculate' installed: pip install .[calculate]",
        )
    said = (ended.stderr.strip().splitlines() or ["it was stopped"])[-1]
    raise CalculatedError(
        said.removeprefix(f"{structure}: "), structure, "check the structure, or give its SMILES"
    )
