"""One generic incident sheet of a case, and its mapping onto the fields of another system.

The field lists of PICS, IONICS, the early-warning advisory and SIENA are not public, so the
mappings shipped are empty and the sheet says so. A member authority fills one in. Names of persons
and free text that may name them are in the sheet only when asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import resources
from spectra_app.errors import AppError
from spectra_app.records.kinds import Amendment, Case
from spectra_app.services.case_alerts import guidance_of
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.cases.standing import Findings, amended_in, stands_of_item
from spectra_app.services.cases.station_known import station_of
from spectra_app.services.incident_amended import case_amended, item_amended
from spectra_app.services.office import Office, Session
from spectra_app.services.station_statistics.collecting import ItemFacts, collect_case
from spectra_app.services.station_statistics.tables import csv_bytes, grams, joined, plain

FOLDER = "incident-mappings"
SYSTEMS = ("pics", "ionics", "early-warning", "siena")
EMPTY = (
    "NOT MAPPED: the field list of {system} is not public, and no authority has filled in its "
    "mapping here. These are the generic fields."
)
NO_SYSTEM = "Generic fields, mapped onto no system."
LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class SheetField:
    """A generic field: key, title, what it means, and whether it may name persons."""

    key: str
    title: str
    meaning: str
    personal: bool = False


CASE_FIELDS = (
    SheetField("station.name", "Station", "Station."),
    SheetField("station.organisation", "Organisation", "Organisation of the station."),
    SheetField("station.address", "Address", "Address of the station."),
    SheetField("station.contact", "Contact", "How the station is reached.", personal=True),
    SheetField("case.number", "Case", "Number of the case here."),
    SheetField("case.reference", "Own number", "The organisation's own number."),
    SheetField("case.title", "Title", "In a few words; may name persons.", personal=True),
    SheetField("case.event_at", "Happened", "When it happened, ISO 8601 in UTC."),
    SheetField("case.opened_at", "Registered", "When it was registered, ISO 8601 in UTC."),
    SheetField("case.mode", "Mode of transport", "How it travelled."),
    SheetField("case.origin", "Origin", "Country or place of origin."),
    SheetField("case.destination", "Destination", "Country or place of destination."),
    SheetField(
        "case.circumstances", "Circumstances", "What happened; may name persons.", personal=True
    ),
    SheetField("case.persons", "Persons", "Sender, addressee, traveller.", personal=True),
    SheetField("case.items", "Items", "How many items."),
    SheetField("case.alerts", "Alerts", "Alerts met, by their titles."),
    SheetField(
        "case.amended",
        "Amended",
        "Corrections of what is said of the case; the other fields say what stood there first.",
    ),
    SheetField("sheet.made_at", "Sheet made", "When the sheet was made, ISO 8601 in UTC."),
    SheetField(
        "sheet.audit_head",
        "Audit chain",
        "Number and SHA-256 of the last entry of the audit chain.",
    ),
    SheetField("sheet.emulated", "Demonstration", "yes for a demonstration: no evidence."),
)
ITEM_FIELDS = (
    SheetField("item.number", "Item", "Number of the item here."),
    SheetField("item.description", "Description", "What it is."),
    SheetField("item.identifiers", "Identifiers", "Numbers of parcel, waybill, container."),
    SheetField("item.form", "Form", "Powder, tablet, liquid..."),
    SheetField("item.concealment", "Concealment", "How it was hidden."),
    SheetField("item.packages", "Packages", "Packages; empty where not counted."),
    SheetField("item.sampled", "Packages examined", "Packages examined; empty where not counted."),
    SheetField("item.weight", "Weight", "Weight as recorded, with its unit."),
    SheetField("item.weight_g", "Weight in grams", "Weight in grams; empty when it is no weight."),
    SheetField("item.weight_how", "How weighed", "Gross or net, how measured."),
    SheetField("item.named", "Named (PRESUMPTIVE)", "What scans named: PRESUMPTIVE."),
    SheetField(
        "item.stands",
        "How the item stands",
        "presumptive, second technique, contradicted, sent, confirmed or refuted: whether all that "
        "scans named was found by another technique or a laboratory.",
    ),
    SheetField("item.outcomes", "Outcomes of scans", "Outcomes of its scans."),
    SheetField(
        "item.laboratory_state", "Laboratory: state", "not sent, sent, confirmed, refuted..."
    ),
    SheetField("item.laboratory", "Laboratory", "Which laboratory."),
    SheetField("item.laboratory_found", "Laboratory: found", "What it found."),
    SheetField(
        "item.laboratory_quantities",
        "Laboratory: quantities",
        "Quantities, in the order of what it found.",
    ),
    SheetField(
        "item.second_techniques",
        "Other techniques",
        "Other techniques, SWGDRUG category, agreement.",
    ),
    SheetField(
        "item.amended",
        "Amended",
        "Corrections of what is said of the item, its scans and findings; the other fields say "
        "what stood there first.",
    ),
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """One field of the other system: its name there, and a generic field or a fixed text."""

    target: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which generic field goes where in another system.

    Parameters
    ----------
    system, version, source, filled_in_by : str
        Which system, which version of the mapping, after which field list, by which authority.
    case, items : tuple of Mapped
        Fields once for the case, and for each item.
    sha256 : str
        Of the file.
    """

    system: str
    version: str
    source: str
    filled_in_by: str
    case: tuple[Mapped, ...]
    items: tuple[Mapped, ...]
    sha256: str

    @property
    def empty(self) -> bool:
        """Whether nobody has filled it in."""
        return not (self.case or self.items)


@dataclass(frozen=True, eq=False, slots=True)
class Sheet:
    """An incident sheet as plain values: generic fields, and those of the other system."""

    content: dict[str, Any]

    def to_bytes(self) -> bytes:
        """Return the sheet as JSON, the same bytes for the same content."""
        text = json.dumps(self.content, sort_keys=True, indent=1, ensure_ascii=False)
        return text.encode("utf-8", "backslashreplace") + b"\n"

    def to_csv(self) -> bytes:
        """Return one row for each field: of the other system where it is mapped, else generic."""
        mapped = self.content["mapped"]
        shown = mapped or {"case": self.content["case"], "items": self.content["items"]}
        rows = [("", "remark", self.content["remark"])]
        rows += [("", key, value) for key, value in shown["case"].items()]
        for number, item in enumerate(shown["items"], start=1):
            rows += [(str(number), key, value) for key, value in item.items()]
        return csv_bytes(("item", "field", "value"), rows)


def read_mapping(system: str, folder: Path) -> Mapping:
    """Return the mapping of a system: the one in the data folder, else the empty one shipped.

    Raises
    ------
    AppError
        When there is no such system, or its mapping cannot be used.
    """
    if system not in SYSTEMS:
        raise AppError(f"there is no mapping {system!r}", "--for", f"use {', '.join(SYSTEMS)}")
    own = folder / FOLDER / f"{system}.json"
    path = own if own.exists() else resources.path(f"incident/{system}.json")
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        data = path.read_bytes()
        return _mapping(json.loads(data), hashlib.sha256(data).hexdigest())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AppError(
            f"the mapping cannot be used ({error})", str(path), "see docs/incident-sheet.md"
        ) from error


def _mapping(value: Any, sha256: str) -> Mapping:
    case = _mapped(value["case"], CASE_FIELDS)
    items = _mapped(value["items"], ITEM_FIELDS)
    system, version, source, by = (
        str(value[name]) for name in ("system", "version", "source", "filled_in_by")
    )
    made = Mapping(system, version, source, by, case, items, sha256)
    if not made.empty and not (made.source.strip() and made.filled_in_by.strip()):
        raise ValueError("it does not say after which field list it was filled in, and by whom")
    return made


def _mapped(rows: Any, fields: Sequence[SheetField]) -> tuple[Mapped, ...]:
    known = {field.key for field in fields}
    made = []
    for row in rows:
        if row.keys() not in ({"target", "from"}, {"target", "text"}):
            raise ValueError("a field has 'target', and either 'from' or 'text'")
        one = Mapped(str(row["target"]), str(row.get("from", "")), str(row.get("text", "")))
        if "from" in row and one.source not in known:
            raise ValueError(f"there is no generic field {one.source[:40]!r} there")
        made.append(one)
    targets = [one.target for one in made]
    if len(set(targets)) != len(targets):
        raise ValueError("a target is there twice")
    return tuple(made)


def incident_sheet(
    office: Office, session: Session, case: str, system: str = "", *, persons: bool = False
) -> Sheet:
    """Return the sheet of a case, of what this user may see; it is written into the chain.

    Parameters
    ----------
    system : str
        One of `SYSTEMS` to map it onto; empty for the generic fields alone.
    persons : bool
        Whether names of persons and free text that may name them are to be in it.

    Raises
    ------
    RecordError
        When there is no such case.
    AppError
        When the mapping cannot be used.
    """
    me = office.require(session, "incident.export")
    sight = sight_of(office, me)
    office.ledger.check_whole()
    kept = sight.shown(office.ledger.get(Case, case).record)
    items = collect_case(office.ledger, sight, case)
    mapping = read_mapping(system, office.folder) if system else None
    on = (kept.event_at or kept.opened_at or office.clock())[:10]
    alerts = guidance_of(items, office.evidence, office.folder, on)
    found = [one.record for one in office.ledger.find(Amendment, case=case)]
    amended = sight.seen(sorted(found, key=lambda one: (one.made_at, one.id)))
    values = _case_values(office, kept, len(items), [one.alert.title for one in alerts.alerts])
    values["case.amended"] = case_amended(amended, case, persons=persons) or "nothing"
    fields = {
        field.key: values[field.key] for field in CASE_FIELDS if persons or not field.personal
    }
    rows = [
        _item_values(one)
        | {"item.amended": item_amended(amended, one, persons=persons) or "nothing"}
        for one in items
    ]
    sheet = Sheet(_content(fields, rows, mapping, persons=persons))
    with office.ledger.writing(me.id) as writing:
        sha256 = hashlib.sha256(sheet.to_bytes()).hexdigest()
        writing.note(
            "incident sheet exported",
            {"case": case, "for": system, "persons": persons, "sha256": sha256},
        )
    return sheet


def _content(
    fields: dict[str, str], rows: list[dict[str, str]], mapping: Mapping | None, *, persons: bool
) -> dict[str, Any]:
    remark, mapped, about = NO_SYSTEM, None, None
    if mapping is not None:
        about = {
            name: getattr(mapping, name)
            for name in ("system", "version", "source", "filled_in_by", "sha256")
        }
        remark = EMPTY.format(system=mapping.system)
    if mapping is not None and not mapping.empty:
        remark = (
            f"Mapped onto {mapping.system} by {mapping.filled_in_by}, after {mapping.source}. "
            "The program has not checked that field list."
        )
        mapped = {
            "case": _apply(mapping.case, fields),
            "items": [_apply(mapping.items, row) for row in rows],
        }
    used = {one.source for one in (*mapping.case, *mapping.items)} if mapping else set()
    every = [field.key for field in (*CASE_FIELDS, *ITEM_FIELDS)]
    return {
        "sheet": 1,
        "remark": remark,
        "presumptive": "What scans named is PRESUMPTIVE until a laboratory has confirmed it.",
        "persons": persons,
        "mapping": about,
        "case": fields,
        "items": rows,
        "mapped": mapped,
        "not_mapped": [key for key in every if key not in used] if mapped else [],
    }


def _apply(mapping: Sequence[Mapped], values: dict[str, str]) -> dict[str, str]:
    """Return the fields of the other system; one that was left out here is empty there."""
    return {one.target: values.get(one.source, "") if one.source else one.text for one in mapping}


def _case_values(office: Office, case: Case, items: int, alerts: list[str]) -> dict[str, str]:
    stored, head = station_of(office.ledger), office.ledger.head()
    station = stored.record if stored else None
    values = {
        f"station.{name}": str(getattr(station, name)) if station else ""
        for name in ("name", "organisation", "address", "contact")
    }
    names = ("reference", "title", "event_at", "opened_at", "mode", "origin", "destination",
             "circumstances")  # fmt: skip
    return values | {
        "case.number": case.id,
        **{f"case.{name}": str(getattr(case, name)) for name in names},
        "case.persons": joined(case.persons),
        "case.items": str(items),
        "case.alerts": joined(alerts) or "none",
        "sheet.made_at": office.clock(),
        "sheet.audit_head": f"{head.number}:{head.sha256}" if head else "",
        "sheet.emulated": "yes" if case.emulated or office.demo else "no",
    }


def _item_values(facts: ItemFacts) -> dict[str, str]:
    item, answered = facts.item, [one for one in facts.answers if one.state != "sent"]
    values = {
        "number": item.id,
        "description": item.description,
        "identifiers": joined(item.identifiers),
        "form": item.form,
        "concealment": item.concealment,
        "packages": str(item.packages or ""),
        "sampled": str(item.sampled or ""),
        "weight": f"{item.weight} {item.weight_unit}".strip() if item.weight else "",
        "weight_g": plain(grams(item.weight, item.weight_unit)),
        "weight_how": item.weight_how,
        "named": joined(facts.named),
        "stands": stands_of_item(
            facts.scans, Findings(facts.techniques, facts.answers, amended_in(facts.amendments))
        ),
        "outcomes": joined(dict.fromkeys(one.outcome for one in facts.scans)),
        "laboratory_state": facts.state,
        "laboratory": joined(dict.fromkeys(one.laboratory for one in facts.answers)),
        "laboratory_found": joined(name for one in answered for name in one.found),
        "laboratory_quantities": joined(q for one in answered for q in one.quantities),
        "second_techniques": joined(
            f"{one.technique} ({one.category}, {one.agreement})" for one in facts.techniques
        ),
    }
    return {f"item.{name}": value for name, value in values.items()}


def fields_text() -> str:
    """Return the list of generic fields as Markdown: the end of ``docs/incident-sheet.md``."""
    rows = (
        f"| `{field.key}` | {field.meaning}{' Only with `--with-persons`.' * field.personal} |\n"
        for field in (*CASE_FIELDS, *ITEM_FIELDS)
    )
    return "## Generic fields\n\n| field | meaning |\n|---|---|\n" + "".join(rows)
