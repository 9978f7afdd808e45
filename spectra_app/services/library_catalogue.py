"""What a library holds, for somebody who looks through it: rows to search, and one entry whole."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from library.drawings import Drawing, DrawnAtom, DrawnBond, drawings
from library.entry import KINDS, EntryRecord
from library.findings import confused_in, references
from library.info import LibraryInfo
from library.store import Library
from library.substances import Found, Substance, substances
from library.versions import Act
from matching.confusion import LookAlikes
from matching.spectrum import Spectrum
from spectra_app.records.identification import Alarm, ControlAsked, ControlStatus
from spectra_app.services.control import ControlSetup, control_setup, control_status
from spectra_app.services.libraries import library_note, no_progress, open_library
from spectra_app.services.policies import load_policy

__all__ = ["KINDS", "Drawing", "DrawnAtom", "DrawnBond", "EntryRecord"]  # what the window names

REPLACED = "replaced"
"""What stands in the place of a status where a later version is in force."""
_TOLD_EVERY = 500  # entries

Levels = dict[tuple[str, str, str], Alarm]


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One entry in the list.

    Parameters
    ----------
    row : int
        Its place in the library.
    entry, name, family, kind, status, cas, formula : str
        As in its record; family and formula from the substance tables where it states none, and
        ``replaced`` for a version that is not in force any more.
    alarm : str
        Level of its control status on the day asked.
    text : str
        All that a search looks through, plain (see `plain`).
    """

    row: int
    entry: str
    name: str
    family: str
    kind: str
    status: str
    cas: str
    formula: str
    alarm: Alarm
    text: str


@dataclass(frozen=True, eq=False, slots=True)
class Catalogue:
    """A library as a list.

    Parameters
    ----------
    path : Path
        The file.
    info : LibraryInfo
        What it says about itself.
    note : str
        What must be known before an answer from it is trusted.
    asked : ControlAsked
        Which control lists were asked, and to which day they were read.
    rows : tuple of CatalogueRow
        In the order of the names.
    """

    path: Path
    info: LibraryInfo
    note: str
    asked: ControlAsked
    rows: tuple[CatalogueRow, ...]

    @property
    def families(self) -> tuple[str, ...]:
        """All families in it, in order."""
        return tuple(sorted({row.family for row in self.rows if row.family}, key=str.casefold))


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for; empty texts leave out nothing."""

    text: str = ""
    family: str = ""
    kind: str = ""
    alarm: str = ""
    status: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class EntryView:
    """One entry whole.

    Parameters
    ----------
    record : EntryRecord
        What is known about it.
    spectrum : Spectrum
        Checked against the hash in its record.
    substances : tuple of Substance
        Who it is by the substance tables: none when they do not know it, several where a name or
        a skeleton fits several.
    statuses, alarm
        Its listings on the day asked, and the level that they make.
    asked : ControlAsked
        Which control lists were asked.
    alike : tuple of str, or None
        What Raman does not tell from it; None where nobody has worked it out.
    acts : tuple of Act
        What became of it, the oldest first.
    drawing : Drawing or None
        The structure of the substance, where it is known which one it is.
    drawn_for_it : bool
        Whether the drawing is of the entry's own InChIKey; otherwise it is of the parent compound
        by the substance tables.
    """

    record: EntryRecord
    spectrum: Spectrum
    substances: tuple[Substance, ...]
    statuses: tuple[ControlStatus, ...]
    alarm: Alarm
    asked: ControlAsked
    alike: tuple[str, ...] | None
    acts: tuple[Act, ...]
    drawing: Drawing | None = None
    drawn_for_it: bool = False


def plain(text: str) -> str:
    """Return a text without case and accents, for searching."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def catalogue(
    path: Path | None,
    on: date,
    setup: ControlSetup | None = None,
    progress: Callable[[float, str], None] = no_progress,
) -> Catalogue:
    """Return the list of a library.

    Parameters
    ----------
    path : Path or None
        The library; None for the one in use.
    on : datetime.date
        Day for which the control lists are asked.
    setup : ControlSetup, optional
        What the station asks; by default read from its data folder.
    progress : callable (share, words)
        Told how far the work is.

    Raises
    ------
    SpectraError
        When library or control lists cannot be used.
    """
    used = setup or control_setup()
    with open_library(path) as library:
        records = list(library.records())
        force = {row for row, _ in library.records_in_force()}
        levels: Levels = {}
        rows = []
        for row, record in enumerate(records):
            if row % _TOLD_EVERY == 0:
                progress(row / len(records), "reading the entries")
            key = (record.name, record.inchikey, record.cas)
            if key not in levels:  # of many spectra of one substance the lists are asked once
                levels[key] = control_status(record, on, used)[1]
            rows.append(_row(row, record, levels[key], in_force=row in force))
        rows.sort(key=lambda one: (plain(one.name), one.row))
        return Catalogue(
            library.path, library.info, library_note(library.info), used.asked(on), tuple(rows)
        )


def _row(place: int, record: EntryRecord, alarm: Alarm, *, in_force: bool) -> CatalogueRow:
    found = who(record)
    family, formula = _family(record, found), record.formula or _shared(o.formula for o in found)
    names = [record.name, *record.synonyms]
    for one in found:
        names += [one.name, *one.synonyms]
    marks = [record.entry, record.cas, record.inchikey, formula, record.group]
    gone = not in_force and record.status != "withdrawn"
    return CatalogueRow(
        place,
        record.entry,
        record.name,
        family,
        record.kind,
        REPLACED if gone else record.status,
        record.cas or _shared(o.cas for o in found),
        formula,
        alarm,
        plain("\n".join(filter(None, (*dict.fromkeys(names), *marks)))),
    )


def library_hash(path: Path | None) -> tuple[str, str]:
    """Return name and hash of a library; None for the one in use."""
    with open_library(path) as library:
        return library.info.name, library.info.sha256


def who(record: EntryRecord) -> tuple[Substance, ...]:
    """Return which substances of the tables an entry may be."""
    found: tuple[Found, ...] = substances().find(
        inchikey=record.inchikey, cas=record.cas, name=record.name
    )
    return tuple({hit.substance.key: hit.substance for hit in found}.values())


def _family(record: EntryRecord, found: Collection[Substance]) -> str:
    return record.family or _shared(one.family for one in found) or record.category


def _shared(texts: Iterable[str]) -> str:
    """Return the one text that all agree in, or nothing."""
    several = set(texts)
    return several.pop() if len(several) == 1 else ""


def sought(
    rows: Sequence[CatalogueRow],
    wanted: Sought,
    marked: Mapping[str, str] | None = None,
    finding: str = "",
) -> list[CatalogueRow]:
    """Return the rows that fit; every word of the text must be in what is searched.

    Rows whose own name begins with the text come first. `marked` gives the worst severity that a
    check found for an entry; `finding` is the severity looked for, or ``none``.
    """
    words = plain(wanted.text).split()
    found = list(rows)
    for word in words:  # one pass for each: this runs at every key
        found = [row for row in found if word in row.text]
    for key in ("family", "kind", "alarm", "status"):
        if value := getattr(wanted, key):
            found = [row for row in found if getattr(row, key) == value]
    if finding:
        known = marked or {}
        found = [row for row in found if known.get(row.entry, "none") == finding]
    if words:
        start = plain(wanted.text).strip()
        found.sort(key=lambda row: not row.text.startswith(start))
    return found


def entry_view(
    path: Path | None, place: int, entry: str, on: date, setup: ControlSetup | None = None
) -> EntryView:
    """Return one entry whole.

    Parameters
    ----------
    path : Path or None
        The library; None for the one in use.
    place : int
        Row of the entry, as a catalogue said.
    entry : str
        Its identifier: when another one stands there now, it is looked for.
    on : datetime.date
        Day for which the control lists are asked.
    setup : ControlSetup, optional
        What the station asks; by default read from its data folder.

    Raises
    ------
    SpectraError
        When the library cannot be used or the entry is not in it.
    """
    used = setup or control_setup()
    with open_library(path) as library:
        row = place
        if not 0 <= row < len(library) or library.record(row).entry != entry:
            row = library.row_of(entry)
        record = library.record(row)
        statuses, alarm = control_status(record, on, used)
        found, own = who(record), drawings().by_inchikey(record.inchikey)
        parent = drawings().get(found[0].key) if len(found) == 1 else None
        return EntryView(
            record,
            library.checked_spectrum(row),
            found,
            statuses,
            alarm,
            used.asked(on),
            _alike(library, row),
            tuple(act for act in library.journal() if act.entry == record.entry),
            own or parent,
            own is not None,
        )


def _alike(library: Library, row: int) -> tuple[str, ...] | None:
    """Return the names that Raman does not tell from an entry, as far as they are stored."""
    policy = load_policy()
    pairs = confused_in(library, policy)
    if pairs is None:
        return None
    mine = [pair for pair in pairs if row in (pair.row, pair.other)]
    look_alikes = LookAlikes(references(library), policy, mine)
    others = look_alikes.of(row, np.ones(len(library), dtype=bool))
    return tuple(dict.fromkeys(library.record(other).name for other in others))
