"""The report of one identification as data: every word that is printed, and nothing about layout.

`build_report` turns a record into sentences and table cells; `Report.to_json` is the same for
programs. Text from outside (file names, library names) is made printable here: a control or
direction character in a name shows as ``<U+202E>`` instead of changing what a reader sees.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from spectra_app.records.identification import (
    Comparison,
    Identification,
)
from spectra_app.wording import (
    Shape,
)


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What a report needs beside the record; None is printed as "not set" or "not recorded".

    Parameters
    ----------
    report_id : str
        Unique identifier, printed on the page.
    issued_at : str
        Time of issue, ISO 8601.
    program_version : str
        Version of this program.
    evidence_sha256 : str
        SHA-256 of the stored evidence; empty when none was stored.
    station, operator : str or None
        Laboratory or station, and who did the examination.
    item_id, item_description : str or None
        The item tested and its condition.
    place, customer, received_at, measured_at, sampling : str or None
        Facts that ISO/IEC 17025:2017, 7.8.2.1 asks for.
    control_lists : str or None
        Which control lists were looked up and their edition.
    audit_head : str or None
        Head of the station's audit chain at the time of issue.
    """

    report_id: str
    issued_at: str
    program_version: str
    evidence_sha256: str
    station: str | None = None
    operator: str | None = None
    item_id: str | None = None
    item_description: str | None = None
    place: str | None = None
    customer: str | None = None
    received_at: str | None = None
    measured_at: str | None = None
    sampling: str | None = None
    control_lists: str | None = None
    audit_head: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled statement."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: alarm level as shape, word and colour, and the line in large type."""

    alarm: str
    shape: Shape
    colour: str
    word: str
    headline: str
    outcome: str
    lead: bool


@dataclass(frozen=True, slots=True)
class ComponentLine:
    """A component in words; `control` holds one sentence for each listing found."""

    name: str
    role: str
    kind: str
    share: str
    rate: str
    control: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """A library entry in words, as it compares with the scan."""

    rank: str
    name: str
    kind: str
    score: str
    explains: str
    missing: str
    shift: str


@dataclass(frozen=True, eq=False, slots=True)
class Report:
    """Everything one page shows. Texts are final; a renderer only places them.

    `comparison` is what the plot draws, None when there is nothing to draw; `record` is the
    machine-readable truth the texts were made from.
    """

    report_id: str
    title: str
    presumptive: str
    marks: tuple[str, ...]
    issued_at: str
    signature: str
    page_id: str
    end: str
    verdict: Verdict
    reasons: tuple[str, ...]
    advice: tuple[str, ...]
    item: tuple[Fact, ...]
    components: tuple[ComponentLine, ...]
    components_title: str
    components_note: str
    control_note: str
    candidates: tuple[CandidateLine, ...]
    candidates_note: str
    quality: tuple[Fact, ...]
    hidden: tuple[Fact, ...]
    hidden_note: str
    method: tuple[Fact, ...]
    limits: tuple[str, ...]
    scan_label: str
    reference_label: str
    comparison: Comparison | None
    record: Identification

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain data; the same record and context give the same data."""
        skipped = {"comparison", "record"}
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        out = {name: _plain(value) for name, value in plain.items() if name not in skipped}
        record = self.record.to_json()
        record.pop("timing_ms", None)  # how long it took is no part of what was found
        return out | {"record": record, "comparison": _comparison_facts(self.comparison)}

    def to_bytes(self) -> bytes:
        """Return the JSON form as UTF-8, keys sorted: the bytes to store, hash and sign."""
        text = json.dumps(self.to_json(), sort_keys=True, indent=2, ensure_ascii=False)
        return text.encode("utf-8", "backslashreplace") + b"\n"


def _comparison_facts(comparison: Comparison | None) -> dict[str, Any] | None:
    """Return what the plot marks; the curves follow from evidence, pipeline and library."""
    if comparison is None:
        return None
    return {
        "reference_name": comparison.reference_name,
        "reference_kind": comparison.reference_kind,
        "matched_peaks_cm1": list(comparison.matched_peaks_cm1),
        "missing_peaks_cm1": list(comparison.missing_peaks_cm1),
        "unexplained_peaks_cm1": list(comparison.unexplained_peaks_cm1),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)
    return value
