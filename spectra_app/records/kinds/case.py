"""The station, its cases, and the items that were seized or handed in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from spectra_app.records.ledger.record import Record


class Station(Record, frozen=True, kw_only=True):
    """Where all this is done; one record, named ``"station"``.

    Parameters
    ----------
    name, organisation, address, contact : str
        As they are printed on reports.
    code : str
        Short, of letters and digits: case numbers begin with it.
    """

    KIND = "station"

    name: str
    organisation: str = ""
    address: str = ""
    contact: str = ""
    code: str = ""


class Case(Record, frozen=True, kw_only=True):
    """One matter: a parcel, a traveller, a seizure.

    Parameters
    ----------
    id : str
        The case number: code of the station, day, number of the day.
    title : str
        In a few words.
    reference : str
        The organisation's own number.
    officer : str
        User who opened it.
    event_at, opened_at, closed_at : str
        When it happened, was registered and was closed; ISO 8601 in UTC.
    mode : str
        How it travelled: ``"mail"``, ``"air passenger"``, ``"air cargo"``, ``"sea"``, ``"road"``.
    origin, destination : str
        Countries (ISO 3166, two letters) or places.
    persons : tuple of str
        Sender, addressee, traveller: personal data.
    circumstances : str
        What happened.
    station : str
        Id of the key of the station that a case came from; empty for this station's own.
    closing : str
        Why, or as what, it was closed or opened again.
    emulated : bool
        Whether it is a demonstration: no evidence.
    """

    KIND = "case"

    title: str
    state: Literal["open", "closed"] = "open"
    reference: str = ""
    officer: str = ""
    event_at: str = ""
    opened_at: str = ""
    closed_at: str = ""
    closing: str = ""
    mode: str = ""
    origin: str = ""
    destination: str = ""
    persons: tuple[str, ...] = ()
    circumstances: str = ""
    station: str = ""
    emulated: bool = False

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by state, officer, day, reference, station of origin."""
        yield "state", self.state
        yield "day", self.opened_at[:10]
        for field in ("officer", "reference", "mode", "station"):
            if getattr(self, field):
                yield field, getattr(self, field)

    def words(self) -> Iterable[str]:
        """Search number, title, reference, persons and circumstances."""
        places = (self.origin, self.destination)
        return (self.id, self.title, self.reference, self.circumstances, *places, *self.persons)


class Item(Record, frozen=True, kw_only=True):
    """One thing to be examined.

    Parameters
    ----------
    id : str
        Case number and number within the case.
    case : str
        Id of its case.
    description, condition : str
        What it is and how it was received (17025: description, condition, identification).
    identifiers : tuple of str
        ``scheme:value`` each, see `spectra_app.records.identifiers`.
    received_at, received_from, received_by : str
        When (ISO 8601 in UTC), from whom, and by which user.
    packages, sampled : int
        N and n of the sampling plan: n of N packages were examined; 0 where not counted.
    sampling : str
        The plan: how the n were chosen, and what may be said of the N.
    weight, weight_unit, weight_how : str
        As typed, ``g`` or ``kg``..., and how it was measured (gross or net, which balance).
    form, concealment : str
        Powder, tablet, liquid...; how it was hidden.
    """

    KIND = "item"

    case: str
    description: str
    condition: str = ""
    identifiers: tuple[str, ...] = ()
    received_at: str = ""
    received_from: str = ""
    received_by: str = ""
    packages: int = 0
    sampled: int = 0
    sampling: str = ""
    weight: str = ""
    weight_unit: str = ""
    weight_how: str = ""
    form: str = ""
    concealment: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by case and by identifier, with and without its scheme."""
        yield "case", self.case
        for identifier in self.identifiers:
            yield "identifier", identifier
            yield "identifier", identifier.partition(":")[2] or identifier

    def words(self) -> Iterable[str]:
        """Search number, description, identifiers; the case comes first, for its list."""
        values = (identifier.partition(":")[2] for identifier in self.identifiers)
        return (self.case, self.id, self.description, self.concealment, self.received_from, *values)
