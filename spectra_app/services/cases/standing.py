"""How a scan and an item stand: findings weighed by names and amendments, for everything that asks.

`spectra case show`, `case second`, reports, bundles and the incident sheet all say what this says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from spectra_app.records.kinds import Amendment, Confirmation, Item, Scan, SecondTechnique
from spectra_app.records.ledger.record import Record
from spectra_app.records.ledger.store import Ledger
from spectra_app.records.standing import Silent, Stands, Weight, stands, weight
from spectra_app.services.cases.closed_lists import keys_of_name
from spectra_app.services.cases.seeing import Sight
from spectra_app.services.station_statistics.judging import NAMING
from spectra_app.services.station_statistics.naming import (
    is_cutting_agent,
    is_known,
    keys_of,
    keys_of_all,
)

DECIDING = frozenset(
    {"", "state", "agreement", "found", "technique", "category", "scan", "scans", "item", "case",
     "outcome", "names", "families", "result"}
)  # fmt: skip
ANSWERING = frozenset({"state", "agreement"})
HARMLESS = frozenset({"agrees", "inconclusive", "sent", "confirmed", "other"})
GRAVEST: tuple[Stands, ...] = (
    "contradicted", "refuted", "presumptive", "sent", "second technique", "confirmed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Findings:
    """What else was found of an item, oldest first, and the keys of what was amended.

    `amended` holds ``kind:id`` of each record of which something was corrected that decides, and
    whether it was corrected to speak against the result.
    """

    techniques: tuple[SecondTechnique, ...] = ()
    answers: tuple[Confirmation, ...] = ()
    amended: Mapping[str, Silent] = field(default_factory=dict)


def amended_in(amendments: Iterable[Amendment]) -> dict[str, Silent]:
    """Return what of several records was corrected that decides, by ``kind:id``; oldest first.

    Whether a finding agrees is corrected in words of a person: what is none of those that are
    known to be harmless is taken to speak against the result.
    """
    last: dict[str, dict[str, str]] = {}
    for one in amendments:
        if one.field in DECIDING:
            last.setdefault(f"{one.of_kind}:{one.of_id}", {})[one.field] = one.amended
    return {key: _amended(said) for key, said in last.items()}


def _amended(said: Mapping[str, str]) -> Silent:
    words = {text.strip().casefold() for name, text in said.items() if name in ANSWERING}
    return "amended" if words <= HARMLESS else "amended against"


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
        return findings.amended[_key(finding)]
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
    if compared or all(found & keys_of(name) for name in scan.names):
        return ""
    apart = isinstance(finding, Confirmation) and _shares_nothing(finding, scan)
    return "nothing shared" if apart else "other names"


def _shares_nothing(finding: Confirmation, scan: Scan) -> bool:
    """Tell whether a laboratory surely found something else than all that a scan named.

    Not where a word of it is not known, it is what Raman does not tell from what was named, or
    all that was named are cutting agents: laboratories seldom list them.
    """
    if not finding.found or not all(map(is_known, finding.found)):
        return False
    if all(map(is_cutting_agent, scan.names)):
        return False
    return not any(map(partial(means, scan), finding.found))


def means(scan: Scan, name: str) -> bool:
    """Tell whether a name is one that a scan gave, by whatever name, or did not tell from it."""
    named = (*scan.names, *scan.families)
    return bool(keys_of(name) & keys_of_all(named)) or not keys_of_name(name).isdisjoint(scan.meant)


def besides(scan: Scan, findings: Findings, corrected: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what others found in the item and a scan did not name, cutting agents left out.

    A finding of which something was amended is not asked; `corrected` is what then stands there.
    """
    every: tuple[SecondTechnique | Confirmation, ...] = (*findings.techniques, *findings.answers)
    said = (one for one in every if _key(one) not in findings.amended)
    found = (name.strip() for one in said for name in one.found)
    names = dict.fromkeys((*found, *corrected))
    return tuple(
        name for name in names if name and not is_cutting_agent(name) and not means(scan, name)
    )


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
