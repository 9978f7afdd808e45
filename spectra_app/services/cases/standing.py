"""How a scan and an item stand: findings weighed by names and amendments, for everything that asks.

`spectra case show`, `case second`, reports, bundles and the incident sheet all say what this says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spectra_app.records.kinds import Amendment, Confirmation, Item, Scan, SecondTechnique
from spectra_app.records.ledger.record import Record
from spectra_app.records.ledger.store import Ledger
from spectra_app.records.standing import Silent, Stands, Weight, stands, weight
from spectra_app.services.cases.seeing import Sight
from spectra_app.services.station_statistics.judging import NAMING
from spectra_app.services.station_statistics.naming import keys_of, keys_of_all

DECIDING = frozenset(
    {"", "state", "agreement", "found", "technique", "category", "scan", "scans", "item", "case",
     "outcome", "names", "families", "result"}
)  # fmt: skip
GRAVEST: tuple[Stands, ...] = (
    "contradicted", "refuted", "presumptive", "sent", "second technique", "confirmed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Findings:
    """What else was found of an item, oldest first, and the keys of what was amended.

    `amended` holds ``kind:id`` of each record of which something was corrected that decides.
    """

    techniques: tuple[SecondTechnique, ...] = ()
    answers: tuple[Confirmation, ...] = ()
    amended: frozenset[str] = frozenset()


def amended_in(amendments: Iterable[Amendment]) -> frozenset[str]:
    """Return the keys of records of which something was corrected that decides."""
    return frozenset(f"{one.of_kind}:{one.of_id}" for one in amendments if one.field in DECIDING)


def findings_of(ledger: Ledger, item: str, sight: Sight) -> Findings:
    """Return what else was found of an item, as far as somebody may see it."""
    case = ledger.get(Item, item).record.case
    techniques = (one.record for one in ledger.find(SecondTechnique, item=item))
    answers = (one.record for one in ledger.find(Confirmation, item=item))
    return Findings(
        sight.seen(techniques),
        sight.seen(answers),
        amended_in(one.record for one in ledger.find(Amendment, case=case)),
    )


def silence(
    finding: SecondTechnique | Confirmation, scan: Scan | None, findings: Findings
) -> Silent:
    """Return why a finding cannot speak for what a scan named; empty when it can.

    It and the scan stand as they were recorded, it is no second Raman scan (SWGDRUG asks for
    another technique), and it holds every substance that the scan named, by whatever name.
    """
    if _key(finding) in findings.amended:
        return "amended"
    if scan is not None and _key(scan) in findings.amended:
        return "result amended"
    compared = False
    if isinstance(finding, SecondTechnique):
        if "raman" in finding.technique.casefold():
            return "same technique"
        compared = scan is not None and finding.scan == scan.id and not finding.found
    if scan is None or not names_something(scan):
        return "nothing named"
    found = keys_of_all(finding.found)
    return "" if compared or all(found & keys_of(name) for name in scan.names) else "other names"


def names_something(scan: Scan) -> bool:
    """Return whether a scan named substances: what findings are compared with."""
    return scan.outcome in NAMING and bool(scan.names)


def about(scan: Scan, findings: Findings) -> Findings:
    """Return the findings without those that were compared with another scan of the item."""
    return Findings(
        tuple(one for one in findings.techniques if one.scan in {"", scan.id}),
        findings.answers,
        findings.amended,
    )


def stands_of_scan(scan: Scan | None, findings: Findings) -> Stands:
    """Return how one scan stands; None for an item of which no scan named anything."""
    asked = findings if scan is None else about(scan, findings)
    techniques: list[Weight] = [
        weight(one.agreement, silence(one, scan, findings)) for one in asked.techniques
    ]
    answers: list[Weight] = [
        weight(one.state, silence(one, scan, findings)) for one in asked.answers
    ]
    return stands(techniques, answers)


def stands_of_item(scans: Sequence[Scan], findings: Findings) -> Stands:
    """Return how an item stands: as that of its filed scans does of which least may be said."""
    named = [scan for scan in scans if scan.state == "filed" and names_something(scan)]
    found = {stands_of_scan(scan, findings) for scan in named} or {stands_of_scan(None, findings)}
    return next(one for one in GRAVEST if one in found)


def _key(record: Record) -> str:
    return f"{record.KIND}:{record.id}"
