"""The report of one identification as data: every word that is printed, and nothing about layout.

`build_report` turns facts and record into sentences and table cells in one language. Text from
outside (file names, library names) is made printable there: a control or direction character in a
name shows as ``<U+202E>`` instead of changing what a reader sees.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from spectra_app.records.calibration import canonical
from spectra_app.records.identification import Comparison, Identification
from spectra_app.reports.facts import ReportFacts
from spectra_app.reports.parts import Code, Facts, Plot, Table, Words
from spectra_app.reports.texts import Direction, Texts
from spectra_app.wording import Shape

SCHEMA = "spectra-report-1"

Part: TypeAlias = Words | Facts | Table | Plot | Code


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
class Section:
    """A heading with its parts; `code` names it in every language."""

    code: str
    heading: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """An item that ISO/IEC 17025 asks for and that is not recorded.

    Parameters
    ----------
    code : str
        Names the item.
    clause : str
        Of ISO/IEC 17025:2017.
    label : str
        Key of its text.
    what, remedy : str
        In words for whoever wants to issue the report, and what to do.
    """

    code: str
    clause: str
    label: str
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class PlotWords:
    """What is written into the plot."""

    scan: str
    reference: str
    residual: str
    axis: str
    matched: str
    missing: str
    unexplained: str


@dataclass(frozen=True, eq=False, slots=True)
class Report:
    """Everything the pages show, in one language. Texts are final; a renderer only places them.

    `comparison` is what the plot draws, None when there is nothing to draw; `record` and `facts`
    are the machine-readable truth the texts were made from, `texts` the language.
    """

    title: str
    presumptive: str
    marks: tuple[str, ...]
    identity: tuple[str, ...]
    verdict: Verdict
    reasons_title: str
    reasons: tuple[str, ...]
    advice_title: str
    advice: tuple[str, ...]
    sections: tuple[Section, ...]
    signature: str
    end: str
    plot: PlotWords | None
    missing: tuple[Missing, ...]
    comparison: Comparison | None
    record: Identification
    facts: ReportFacts
    texts: Texts

    @property
    def report_id(self) -> str:
        """Unique identifier, on every page."""
        return self.facts.report_id

    @property
    def direction(self) -> Direction:
        """In which direction the report is read."""
        return self.texts.direction

    def page_line(self, number: int, total: int) -> str:
        """Return what identifies page `number` of `total`."""
        return self.texts.say("page", id=self.report_id, number=number, total=total)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain data (``resources/schemas/report-1.schema.json``).

        The same facts, record and language give the same data.
        """
        return {
            "schema": SCHEMA,
            "report_id": self.report_id,
            "language": self.texts.language,
            "direction": self.direction,
            "translation": {
                "version": self.texts.version,
                "source": self.texts.source,
                "review": asdict(self.texts.review),
            },
            "facts": _plain(asdict(self.facts)),
            "record": record_facts(self.record),
            "record_sha256": record_sha256(self.record),
            "comparison": comparison_facts(self.comparison),
            "missing": [asdict(item) for item in self.missing],
            "document": self._document(),
        }

    def _document(self) -> dict[str, Any]:
        """Return every word in the order of reading."""
        return {
            "title": self.title,
            "presumptive": self.presumptive,
            "marks": list(self.marks),
            "identity": list(self.identity),
            "verdict": asdict(self.verdict),
            "reasons_title": self.reasons_title,
            "reasons": list(self.reasons),
            "advice_title": self.advice_title,
            "advice": list(self.advice),
            "sections": [_section(section) for section in self.sections],
            "signature": self.signature,
            "end": self.end,
        }

    def to_bytes(self) -> bytes:
        """Return the JSON form as UTF-8, keys sorted: the bytes to store, hash and sign."""
        text = json.dumps(self.to_json(), sort_keys=True, indent=2, ensure_ascii=False)
        return text.encode("utf-8", "backslashreplace") + b"\n"


def record_facts(record: Identification) -> dict[str, Any]:
    """Return an identification as data without its timing: how long it took is not a finding."""
    out = record.to_json()
    out.pop("timing_ms", None)
    return out


def record_sha256(record: Identification) -> str:
    """Return the SHA-256 of an identification as JSON: sorted keys, no white space, UTF-8."""
    return hashlib.sha256(canonical(record_facts(record))).hexdigest()


def _section(section: Section) -> dict[str, Any]:
    parts = [{"kind": type(part).__name__.lower()} | _plain(asdict(part)) for part in section.parts]
    return {"code": section.code, "heading": section.heading, "parts": parts}


def comparison_facts(comparison: Comparison | None) -> dict[str, Any] | None:
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
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
