"""Which entries of a library are hazards, and what of them one scan leaves open.

Hazards are the families the policy names (fentanyls and nitazenes) and what the station adds in its
settings, see `spectra_app.settings.station_hazards`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from library.entry import EntryRecord
from library.names import folded
from library.store import Library
from library.substances import Found, substances
from matching.decision import quality_bar
from matching.spectrum import Spectrum
from spectra_app.records.identification import HiddenHazard
from spectra_app.services.engine import Engine, Examined, may_be_found


@dataclass(frozen=True, slots=True)
class Hazard:
    """A hazard that every verdict speaks of.

    Parameters
    ----------
    name : str
        Name of the entry, of the station's list, or of the whole family ("any nitazene").
    entry : str
        Identifier of the library's entry; empty when the library has none.
    row : int or None
        Its row; None when the library has no entry.
    measured : bool
        The entry is a measured one: only for those can a limit be stated.
    """

    name: str
    entry: str = ""
    row: int | None = None
    measured: bool = False


def find_hazards(
    library: Library, families: Sequence[str], station: Sequence[str]
) -> tuple[Hazard, ...]:
    """Return the hazards of a library in its order, then what it lacks.

    Lacking is a family without a measured entry, and a name of the station without any entry.

    Parameters
    ----------
    library : Library
        The library in use.
    families : sequence of str
        Words that mark a family, for example ``nitazene``: looked for in an entry's family and
        class, and in the family of the substance it is recognised as.
    station : sequence of str
        Names, InChIKeys or CAS numbers that the station adds.
    """
    wanted = {name: _asked_keys(name) for name in station}
    found: list[Hazard] = []
    met: set[str] = set()
    for row, record in library.records_in_force():
        if record.role in {"container", "mixture"}:
            continue
        known = substances().find(inchikey=record.inchikey, cas=record.cas, name=record.name)
        whole = [f"any {word}" for word in families if _of_family(record, known, word)]
        keys = _keys(record, known)
        own = [name for name, asked in wanted.items() if asked & keys]
        if whole or own:
            measured = record.kind == "measured"
            found.append(Hazard(record.name, record.entry, row, measured))
            met.update(own, whole if measured else ())
    missing = [*(f"any {word}" for word in families), *station]
    return (*found, *(Hazard(name) for name in dict.fromkeys(missing) if name not in met))


def _of_family(record: EntryRecord, known: Sequence[Found], word: str) -> bool:
    """Tell whether an entry says so itself, or is recognised as a substance of that family."""
    told = f"{record.family}\n{record.category}".casefold()
    families = (hit.substance.family.casefold() for hit in known)
    return word.casefold() in told or any(word.casefold() in family for family in families)


def _keys(record: EntryRecord, known: Sequence[Found]) -> frozenset[str]:
    """Return everything an entry goes by: name, group, identifiers, substances of the tables."""
    own = (folded(record.name), folded(record.group), record.inchikey.upper(), record.cas)
    return frozenset(key for key in (*own, *(hit.substance.key for hit in known)) if key)


def _asked_keys(text: str) -> frozenset[str]:
    """Return what a station's word may mean: a name, an InChIKey or a CAS number."""
    known = substances().find(inchikey=text, cas=text, name=text)
    own = (folded(text), text.upper(), text)
    return frozenset(key for key in (*own, *(hit.substance.key for hit in known)) if key)


def hidden_hazards(
    hazards: Iterable[Hazard],
    spectrum: Spectrum,
    examined: Examined,
    engine: Engine,
    *,
    axis_doubtful: bool,
) -> tuple[HiddenHazard, ...]:
    """Return what one scan leaves open before any limit is computed, each with its reason.

    Parameters
    ----------
    hazards : iterable of Hazard
        Of the library in use.
    spectrum, examined : Spectrum, Examined
        The scan and what was found.
    engine : Engine
        Library and policy.
    axis_doubtful : bool
        The axis is in doubt for reasons outside this scan.
    """
    limits = engine.policy.thresholds
    barred = quality_bar(examined.quality, limits, axis_doubtful=axis_doubtful) is not None
    named = named_substances(examined, engine.library)
    allowed = may_be_found(spectrum, engine.library, None)
    hidden = []
    for hazard in hazards:
        if hazard.row is not None and int(engine.library.matrix.substance[hazard.row]) in named:
            reason = "named"
        elif hazard.row is None or not hazard.measured:
            reason = "no_measured_reference"
        elif barred:
            reason = "scan_unusable"
        else:
            reason = "not_computed" if allowed[hazard.row] else "not_comparable"
        hidden.append(HiddenHazard(hazard.entry, hazard.name, None, reason))
    return tuple(hidden)


def named_substances(examined: Examined, library: Library) -> frozenset[int]:
    """Return the numbers of all substances whose names an officer sees in the verdict."""
    verdict = examined.verdict
    rows = {*verdict.named, *(row for rows in verdict.sets for row in rows)}
    return frozenset(int(library.matrix.substance[row]) for row in rows)
