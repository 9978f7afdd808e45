"""Every scan of the station as one row of a table, and the dictionary that explains its columns.

``docs/data-dictionary.md`` is `dictionary_text`, and a test holds the two equal. The table holds
no names of persons: users by their id, which says nothing about them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from spectra_app.records.kinds import Scan
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.office import Office, Session
from spectra_app.services.station_statistics.collecting import (
    Collected,
    ItemFacts,
    Period,
    collect,
)
from spectra_app.services.station_statistics.tables import csv_bytes, grams, joined, plain

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Row:
    """A scan with its item, where it was filed under one."""

    scan: Scan
    facts: ItemFacts | None


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the table: name, kind of its values, what it means, and how it is made."""

    name: str
    kind: str
    meaning: str
    value: Callable[[Row], str]


def _yes(value: bool) -> str:
    return YES if value else NO


def _case(name: str) -> Callable[[Row], str]:
    return lambda row: str(getattr(row.facts.case, name)) if row.facts else ""


def _item(name: str) -> Callable[[Row], str]:
    return lambda row: str(getattr(row.facts.item, name)) if row.facts else ""


def _scan(name: str) -> Callable[[Row], str]:
    return lambda row: str(getattr(row.scan, name))


def _weight(row: Row) -> str:
    return plain(grams(row.facts.item.weight, row.facts.item.weight_unit)) if row.facts else ""


_TEXT, _LIST, _TIME, _NUMBER, _HASH, _FLAG = (
    "text",
    "list, parts separated by ` | `",
    "time, ISO 8601 in UTC",
    "number",
    "SHA-256, hexadecimal",
    "`yes` or `no`",
)

FIELDS = (
    Field("scan", _TEXT, "Number of the scan, unique in the station.", _scan("id")),
    Field(
        "state", _TEXT, "`filed` under an item, `unfiled`, or `discarded`.", _scan("state")
    ),
    Field("case", _TEXT, "Number of its case; empty until it is filed.", _scan("case")),
    Field("item", _TEXT, "Number of its item; empty until it is filed.", _scan("item")),
    Field("scanned_at", _TIME, "When the scan came into being here.", _scan("scanned_at")),
    Field("scanned_by", _TEXT, "Id of the user; it says nothing of the person.",
          _scan("scanned_by")),
    Field("source", _TEXT, "`device`: measured here; `file`: read from a file.", _scan("source")),
    Field("analyser", _TEXT, "Serial number of the analyser; empty when not stated.",
          _scan("analyser")),
    Field("emulated", _FLAG, "Whether the scan was emulated: never evidence.",
          lambda row: _yes(row.scan.emulated)),
    Field("exposures", _NUMBER, "How many times the laser was used for it; 0 for files.",
          _scan("exposures")),
    Field("outcome", _TEXT,
          "`match`, `mixture`, `lead` (resembles a reconstructed reference), `class_only` (a "
          "family, no name), `container_only`, `inconclusive`, `not_in_library` or `refused`.",
          _scan("outcome")),
    Field("alarm", _TEXT,
          "`controlled`, `precursor`, `hazard`, `container`, `benign` (no listing found) or "
          "`unknown`; by the lists asked on the day of the scan.", _scan("alarm")),
    Field("names", _LIST, "What the scan named: presumptive, and no names under `class_only`.",
          lambda row: joined(row.scan.names)),
    Field("families", _LIST, "Families under `class_only`.",
          lambda row: joined(row.scan.families)),
    Field("laboratory", _TEXT,
          "`not sent`, `sent` (no answer yet), `neither` (it neither confirms nor refutes), "
          "`confirmed`, `refuted`, `contradictory` or `amended`; of the item, so it is the same "
          "for every scan of it. Empty without item.",
          lambda row: row.facts.state if row.facts else ""),
    Field("laboratory_found", _LIST, "What the laboratory found in the item, as it wrote it.",
          lambda row: joined(row.facts.found) if row.facts else ""),
    Field("second_technique", _LIST,
          "Other techniques applied to the item: technique, SWGDRUG category, agreement.",
          lambda row: joined(
              f"{one.technique} ({one.category}, {one.agreement})" for one in row.facts.techniques
          ) if row.facts else ""),
    Field("mode", _TEXT, "How the case travelled.", _case("mode")),
    Field("origin", _TEXT, "Country or place it came from.", _case("origin")),
    Field("destination", _TEXT, "Country or place it went to.", _case("destination")),
    Field("case_opened_at", _TIME, "When the case was registered.", _case("opened_at")),
    Field("case_of_other_station", _FLAG, "Whether the case was taken in from another station.",
          lambda row: _yes(not row.facts.own) if row.facts else ""),
    Field("form", _TEXT, "Powder, tablet, liquid...", _item("form")),
    Field("concealment", _TEXT, "How the item was hidden.", _item("concealment")),
    Field("packages", _NUMBER, "Packages of the item; 0 where not counted.", _item("packages")),
    Field("sampled", _NUMBER, "Packages examined; 0 where not counted.", _item("sampled")),
    Field("weight_g", _NUMBER,
          "Weight of the item in grams, gross or net as recorded; empty when there is none, or it "
          "is a volume or a count. Of the item: do not add it up over scans.", _weight),
    Field("library_sha256", _HASH, "Library that was searched.", _scan("library_sha256")),
    Field("policy_sha256", _HASH, "Thresholds that decided.", _scan("policy_sha256")),
    Field("pipeline_sha256", _HASH, "Clean-up of the spectrum.", _scan("pipeline_sha256")),
    Field("control_sha256", _HASH, "Control lists that were asked.", _scan("control_sha256")),
    Field("program_version", _TEXT, "Version of the program.", _scan("program_version")),
    Field("result_sha256", _HASH, "The identification as kept in the evidence store.",
          _scan("result")),
    Field("original_sha256", _HASH, "The frame or file that was identified.", _scan("original")),
)  # fmt: skip
"""The columns, in their order."""

HEAD = """# Data dictionary of the table of scans

Written by `spectra statistics dictionary` and kept equal to the program by a test. The table itself
comes from `spectra statistics scans --out SCANS.csv`.

- One row is one scan, oldest first: filed, unfiled and discarded ones. Scans are not independent of
  each other: several may be of one item, and items of one case are often of one batch.
- UTF-8, comma separated, one header line. A text that a spreadsheet would take for a formula has an
  apostrophe before it; take that away to get the text back.
- What is empty was not recorded. Nothing is filled in. In a list, a `|` within a part is a `/`.
- Scans that touch a restricted list are in the table only when a cleared user makes it.
- No names of persons, addresses or free remarks are in it.

| column | values | meaning |
|---|---|---|
"""


def dictionary_text() -> str:
    """Return the data dictionary as Markdown."""
    rows = (f"| `{one.name}` | {one.kind.replace('|', chr(92) + '|')} | {one.meaning} |\n"
            for one in FIELDS)  # fmt: skip
    return HEAD + "".join(rows)


def scan_rows(found: Collected, period: Period) -> list[list[str]]:
    """Return the cells of every scan within a period, oldest first."""
    items = {one.item.id: one for one in found.items}
    scans = sorted(
        (one for one in found.scans if period.holds(one.scanned_at)),
        key=lambda one: (one.scanned_at, one.id),
    )
    rows = (Row(scan, items.get(scan.item)) for scan in scans)
    return [[field.value(row) for field in FIELDS] for row in rows]


def export_scans(office: Office, session: Session, period: Period | None = None) -> bytes:
    """Return the table of scans as CSV; that it was made is written into the chain."""
    me = office.require(session, "statistics.export")
    found = collect(office.ledger, sight_of(office, me))
    rows = scan_rows(found, period or Period())
    content = csv_bytes([field.name for field in FIELDS], rows)
    with office.ledger.writing(me.id) as writing:
        sha256 = hashlib.sha256(content).hexdigest()
        writing.note("table of scans exported", {"rows": len(rows), "sha256": sha256})
    return content
