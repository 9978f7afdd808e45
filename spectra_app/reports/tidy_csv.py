"""The report as CSV: one row for each statement, so that a spreadsheet can filter it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from library.cells import cell
from spectra_app.reports.document import Part, Report
from spectra_app.reports.parts import Code, Facts, Plot, Words
from spectra_app.reports.texts import without_isolates

COLUMNS = ("report_id", "language", "section", "row", "label", "text")

Row = tuple[str, int, str, str]


def to_csv(report: Report) -> bytes:
    """Return the report as CSV, UTF-8 with its mark so that spreadsheets read the letters right.

    The columns are `COLUMNS`; `section` is the same in every language, `row` counts within it.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for section, number, label, text in _rows(report):
        cells = (report.report_id, report.texts.language, section, str(number), label, text)
        writer.writerow([_guarded(without_isolates(text)) for text in cells])
    return out.getvalue().encode("utf-8-sig", "backslashreplace")


def _guarded(text: str) -> str:
    """Return a cell that no spreadsheet runs (`library.cells`): figures stay as they are."""
    return text if _is_number(text) else cell(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rows(report: Report) -> Iterator[Row]:
    answer = report.verdict
    yield "verdict", 1, "", report.presumptive
    for number, text in enumerate((answer.word, answer.headline, answer.outcome), start=2):
        yield "verdict", number, "", text
    lists = {"marks": report.marks, "reasons": report.reasons, "advice": report.advice}
    for code, texts in lists.items():
        for number, text in enumerate(texts, start=1):
            yield code, number, "", text
    for section in report.sections:
        said = (pair for part in section.parts for pair in _said(part))
        for number, (label, text) in enumerate(said, start=1):
            yield section.code, number, label, text
    yield "end", 1, "", report.signature
    yield "end", 2, "", report.end


def _said(part: Part) -> Iterator[tuple[str, str]]:
    """Return label and text of every statement; a table gives one for each cell."""
    if isinstance(part, Words):
        yield from (("", text) for text in part.texts)
    elif isinstance(part, Facts):
        yield from ((fact.label, fact.text) for fact in part.facts)
    elif isinstance(part, Plot):
        yield "", part.note
    elif isinstance(part, Code):
        yield part.content, part.note
    else:
        for row in part.rows:
            yield from zip((column.title for column in part.columns), row, strict=True)
        if part.note:
            yield "", part.note
