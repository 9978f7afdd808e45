"""Build the incident sheet as a document: remark, fields of the case, fields of each item."""

from __future__ import annotations

from typing import Any

from spectra_app.reports.figures import clean
from spectra_app.reports.parts import Fact, Facts, Words
from spectra_app.reports.validation import Section, ValidationReport

NOT_RECORDED = "not recorded"


def build_incident_sheet(
    content: dict[str, Any], titles: dict[str, str], *, report_id: str
) -> ValidationReport:
    """Return the sheet of `spectra_app.services.incident` as a document.

    Parameters
    ----------
    content : dict
        The sheet as plain values.
    titles : dict
        Titles of the generic fields by their keys.
    report_id : str
        Identifier, printed on every page.
    """
    case = content["case"]
    emulated = case["sheet.emulated"] == "yes"
    words: tuple[Words, ...] = (
        Words((clean(content["remark"]), content["presumptive"]), strong=True),
    )
    if not content["persons"]:
        left_out = "Names of persons, and free text that may name them, were left out."
        words = (*words, Words((left_out,)))
    sections = [Section("What this is", words), _section("Case", case, titles)]
    sections += [_section(f"Item {row['item.number']}", row, titles) for row in content["items"]]
    if content["mapped"]:
        mapped = content["mapped"]
        title = content["mapping"]["system"]
        sections.append(_section(f"{title}: case", mapped["case"], {}))
        sections += [
            _section(f"{title}: item {number}", row, {})
            for number, row in enumerate(mapped["items"], start=1)
        ]
    return ValidationReport(
        report_id=clean(report_id),
        title="Incident sheet",
        issued_at=clean(case["sheet.made_at"]),
        signature="EMULATED: a demonstration, never evidence"
        if emulated
        else "UNSIGNED: taken from the records of the station; no test report",
        end="End of incident sheet",
        sections=tuple(sections),
        figures=content,
        name="Incident sheet",
    )


def _section(heading: str, values: dict[str, str], titles: dict[str, str]) -> Section:
    facts = tuple(
        Fact(clean(titles.get(key, key)), clean(value) or NOT_RECORDED)
        for key, value in values.items()
    )
    return Section(clean(heading), (Facts(facts),))
