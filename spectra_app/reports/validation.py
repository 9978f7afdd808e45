"""A validation report as data: sections of words, facts, tables and charts, in reading order.

The report is made from the figures of an evaluation (`spectra evaluate`) and from nothing else;
`ValidationReport.to_json` holds both. Layout is in `validation_layout`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from spectra_app.reports.bars import BarChart
from spectra_app.reports.charts import Chart
from spectra_app.reports.parts import Facts, Table, Words


@dataclass(frozen=True, slots=True)
class Charts:
    """One or two charts beside each other."""

    charts: tuple[Chart | BarChart, ...]


Part: TypeAlias = Words | Facts | Table | Charts


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered heading with its parts."""

    heading: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False, slots=True)
class ValidationReport:
    """Everything the pages show; texts are final, a renderer only places them.

    Other reports of figures are made of the same parts: `name` is what the foot of a page calls it.
    """

    report_id: str
    title: str
    issued_at: str
    signature: str
    end: str
    sections: tuple[Section, ...]
    figures: dict[str, Any]
    name: str = "Validation report"

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain data, the figures included."""
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}

    def to_bytes(self) -> bytes:
        """Return the JSON form as UTF-8, keys sorted: the bytes to store and hash."""
        text = json.dumps(self.to_json(), sort_keys=True, indent=2, ensure_ascii=False)
        return text.encode("utf-8", "backslashreplace") + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        parts = [{"kind": type(part).__name__.lower(), **asdict(part)} for part in value.parts]
        return {"heading": value.heading, "parts": parts}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
