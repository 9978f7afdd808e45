"""What ISO/IEC 17025:2017 asks of a report, item by item, and which of it is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spectra_app.errors import IncompleteReportError
from spectra_app.records.identification import Identification
from spectra_app.reports.document import Missing, Report
from spectra_app.reports.facts import ReportFacts

Present = Callable[[ReportFacts, Identification], bool]


@dataclass(frozen=True, slots=True)
class Required:
    """An item, where it is asked for, and how to tell that it is recorded."""

    code: str
    clause: str
    label: str
    what: str
    remedy: str
    present: Present

    def as_missing(self) -> Missing:
        """Return it as an item that is not there."""
        return Missing(self.code, self.clause, self.label, self.what, self.remedy)


def _fact(code: str, clause: str, what: str, remedy: str) -> Required:
    """Return an item that is a text of the facts with the same name."""
    return Required(
        code, clause, f"item.{code}", what, remedy, lambda facts, _: bool(getattr(facts, code))
    )


_STATION = "a supervisor enters it with 'spectra case station'"
_ITEM = "enter it with 'spectra case change-item'; a supervisor opens a closed case again first"
_SCAN = "file a scan that was identified by this program"

# Title, page numbers, the clear end, "relates only to the items tested" and the marking of external
# results are printed by the program itself, and asked for by the test of the PDF's own text.
REQUIRED: tuple[Required, ...] = (
    _fact("laboratory", "7.8.2.1 b", "name of the laboratory", _STATION),
    _fact("address", "7.8.2.1 b", "address of the laboratory", _STATION),
    _fact("place", "7.8.2.1 c", "place of the examination", "give it with --place"),
    _fact("customer", "7.8.2.1 e", "name of the customer", "give it with --customer"),
    _fact(
        "customer_contact",
        "7.8.2.1 e",
        "contact information of the customer",
        "give it with --customer-contact",
    ),
    _fact("item", "7.8.2.1 g", "identification of the item", "file the scan under an item"),
    _fact("description", "7.8.2.1 g", "description of the item", _ITEM),
    _fact("condition", "7.8.2.1 g", "condition of the item", _ITEM),
    _fact("received_at", "7.8.2.1 h", "date of receipt", _ITEM),
    _fact("sampled_at", "7.8.2.1 h", "date of sampling", "give it with --sampled-at"),
    _fact("performed_at", "7.8.2.1 i", "date of the examination", _SCAN),
    _fact("issued_at", "7.8.2.1 j", "date of issue", "issue the report again"),
    _fact("sampling", "7.8.2.1 k", "sampling plan", _ITEM),
    _fact("operator", "7.5.1", "who did the examination", _SCAN),
    _fact("authorised_by", "7.8.2.1 o", "person authorising the report", "issue it as a user"),
    Required(
        "deviations",
        "7.8.2.1 n",
        "method.deviations",
        "deviations from the method",
        "give them with --deviations, or 'none'",
        lambda facts, _: bool(facts.deviations),
    ),
    Required(
        "method",
        "7.8.2.1 f",
        "missing.method",
        "hashes of clean-up and policy",
        _SCAN,
        lambda _, record: bool(record.method.pipeline and record.method.policy),
    ),
    Required(
        "rates",
        "7.8.6.1",
        "missing.rates",
        "measured error rates of the decision rule",
        "use the policy that the scan was judged by, or give the figures of a validation",
        lambda facts, _: bool(facts.rates),
    ),
    Required(
        "evidence",
        "7.5.1",
        "missing.evidence",
        "hash of the evidence",
        _SCAN,
        lambda facts, _: bool(facts.evidence),
    ),
    Required(
        "audit_head",
        "7.5.2",
        "trace.audit",
        "head of the audit chain",
        "issue the report at a station that was set up",
        lambda facts, _: bool(facts.audit_head),
    ),
)
_OF_AMENDMENT = Required(
    "amends_reason",
    "7.8.8.1",
    "change.reason",
    "reason of the amendment",
    "say why the report is issued again",
    lambda facts, _: bool(facts.amends_reason),
)


def missing_facts(facts: ReportFacts, record: Identification) -> tuple[Missing, ...]:
    """Return the required items that are not recorded, in the order of the standard."""
    asked = (*REQUIRED, _OF_AMENDMENT) if facts.amends else REQUIRED
    return tuple(item.as_missing() for item in asked if not item.present(facts, record))


def missing_items(report: Report) -> tuple[Missing, ...]:
    """Return the required items that a report lacks; empty when it may be issued."""
    return missing_facts(report.facts, report.record)


def require_complete(report: Report) -> None:
    """Refuse a report that lacks a required item.

    Raises
    ------
    IncompleteReportError
        Which items, and what to do about each.
    """
    missing = missing_items(report)
    if missing:
        error = IncompleteReportError(
            "the report cannot be issued, because these are not recorded: "
            + "; ".join(f"{item.what} (ISO/IEC 17025, {item.clause})" for item in missing),
            report.report_id,
            "; ".join(dict.fromkeys(f"{item.what}: {item.remedy}" for item in missing)),
        )
        error.missing = tuple((item.what, item.clause, item.remedy) for item in missing)
        raise error
