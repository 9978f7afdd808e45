"""An issued report read back from its JSON form, every word as it was issued."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from spectra_app.errors import RecordError
from spectra_app.records.identification import Comparison
from spectra_app.records.identified import read_identification
from spectra_app.reports.builder import plot_words
from spectra_app.reports.document import Missing, Part, Report, Section, Verdict, comparison_facts
from spectra_app.reports.facts import ReportFacts
from spectra_app.reports.parts import Code, Facts, Plot, Table, Words
from spectra_app.reports.texts import load_texts

T = TypeVar("T")
PARTS: dict[str, type[Part]] = {
    "words": Words, "facts": Facts, "table": Table, "plot": Plot, "code": Code,
}  # fmt: skip


def read_report(content: bytes, comparison: Comparison | None = None) -> Report:
    """Return a report from the bytes that are kept of it (`Report.to_bytes`).

    Parameters
    ----------
    content : bytes
        JSON, UTF-8.
    comparison : Comparison or None
        The spectra, drawn again: their curves are not in it. Drawn only when they mark the same
        peaks of the same reference as the report that was issued.

    Raises
    ------
    RecordError
        When it is no report of this version.
    """
    try:
        data = json.loads(content)
        return _report(data, comparison)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordError(
            f"a report cannot be read ({error})", "", "use the version of the program that wrote it"
        ) from error


def was_drawn(content: bytes) -> bool:
    """Tell whether spectra were drawn in the report that was issued."""
    return json.loads(content)["comparison"] is not None


def _report(data: dict[str, Any], comparison: Comparison | None) -> Report:
    document, texts = data["document"], load_texts(data["language"])
    record = read_identification(json.dumps(data["record"]).encode())
    drawn = comparison if comparison_facts(comparison) == data["comparison"] else None
    return Report(
        title=document["title"],
        presumptive=document["presumptive"],
        marks=tuple(document["marks"]),
        identity=tuple(document["identity"]),
        verdict=_made(document["verdict"], Verdict),
        reasons_title=document["reasons_title"],
        reasons=tuple(document["reasons"]),
        advice_title=document["advice_title"],
        advice=tuple(document["advice"]),
        sections=tuple(_section(one) for one in document["sections"]),
        signature=document["signature"],
        end=document["end"],
        plot=plot_words(record, drawn, texts),
        missing=tuple(_made(one, Missing) for one in data["missing"]),
        comparison=drawn,
        record=record,
        facts=_made(data["facts"], ReportFacts),
        texts=texts,
    )


def _made(content: Any, kind: type[T]) -> T:
    return msgspec.convert(content, kind)


def _section(data: dict[str, Any]) -> Section:
    parts = tuple(_made(one, PARTS[one["kind"]]) for one in data["parts"])
    return Section(data["code"], data["heading"], parts)
