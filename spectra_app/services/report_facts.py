"""What is recorded of a filed scan, its item and its case, as a report needs it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from matching.errors import SpectraError
from spectra_app import __version__
from spectra_app.errors import CaseError, RecordError
from spectra_app.records.access import User
from spectra_app.records.calibration import CalibrationRecord
from spectra_app.records.identification import Identification
from spectra_app.records.identified import read_identification
from spectra_app.records.kinds import Amendment, Case, Item, Scan
from spectra_app.reports.facts import (
    Calibration,
    Change,
    ErrorRate,
    ExternalResult,
    OtherScan,
    OtherTechnique,
    ReportFacts,
)
from spectra_app.services.calibrations import Calibrations
from spectra_app.services.cases.keeping import moment
from spectra_app.services.cases.seeing import Sight, everything, uncleared_sight
from spectra_app.services.cases.standing import (
    Findings,
    about,
    besides,
    findings_of,
    silence,
    stands_of_scan,
)
from spectra_app.services.cases.station_known import station_of
from spectra_app.services.office import Office
from spectra_app.services.policies import policy_in_force, read_policy
from spectra_app.services.reporting import (
    Validation,
    calibration_of,
    policy_rates,
    validation_rates,
)
from spectra_app.services.station_statistics.naming import names_in

SETTLED = frozenset({"second technique", "confirmed"})


@dataclass(frozen=True, eq=False, slots=True)
class Wanted:
    """What a report is told beside what is recorded of the case.

    Parameters
    ----------
    language : str
        Of the report.
    place, customer, customer_contact, sampled_at, deviations : str
        See `spectra_app.reports.facts.ReportFacts`.
    validation : Validation or None
        Of an evaluation (``spectra evaluate``) with the same library and policy.
    amends, reason : str
        Report that this one takes the place of, and why.
    """

    language: str = "en"
    place: str = ""
    customer: str = ""
    customer_contact: str = ""
    sampled_at: str = ""
    deviations: str = ""
    validation: Validation | None = None
    amends: str = ""
    reason: str = ""


def facts_of_scan(
    office: Office, me: User | None, scan: Scan, wanted: Wanted
) -> tuple[Identification, ReportFacts]:
    """Return what is recorded of a scan, its item and its case; nothing is filled in."""
    office.ledger.check_whole()
    record = read_identification(office.evidence.get(scan.result))
    made = _made_with(office, scan)
    head = office.ledger.head()
    sight = _eyes(office, scan)
    facts = ReportFacts(
        report_id=scan.id,
        issued_at=office.clock(),
        program_version=__version__,
        issued=me is not None,
        operator=_name(office, scan.scanned_by),
        authorised_by=me.name if me else "",
        performed_at=scan.scanned_at,
        measured_at=_measured_at(scan, record),
        place=wanted.place,
        customer=wanted.customer,
        customer_contact=wanted.customer_contact,
        sampled_at=_sampled_at(wanted.sampled_at, scan, office.clock()),
        deviations=wanted.deviations,
        analyser=scan.analyser,
        calibration=_calibration(office, scan, record, made),
        evidence=scan.evidence,
        result_sha256=scan.result,
        audit_head=f"{head.number}:{head.sha256}" if head else "",
        station_key=office.ledger.key.id,
        rates=_rates(office, record, made, wanted),
        amends=wanted.amends,
        amends_reason=wanted.reason,
        demo=office.demo or scan.emulated,
        restricted=sight.cleared,
    )
    facts = _of_station(office, facts)
    return record, _of_item(office, scan, facts, sight) if scan.item else facts


def _sampled_at(text: str, scan: Scan, now: str) -> str:
    """Return when it was sampled, which is not after it was scanned; empty when nobody said.

    Raises
    ------
    CaseError
        When it cannot be read, or is later than that.
    """
    if not text.strip():
        return ""
    sampled = moment("when it was sampled", text.strip(), now)
    if sampled[:19] > scan.scanned_at[:19]:
        raise CaseError(
            "it would have been sampled after it was scanned",
            f"{sampled}, scanned {scan.scanned_at}",
            "check the time, and its zone",
        )
    return sampled


def _measured_at(scan: Scan, record: Identification) -> str:
    """Return when a scan was measured: here, or on the day that its file states.

    A control status is asked for that day, and for the day of the examination without one.
    """
    if scan.source == "device":
        return scan.scanned_at
    return record.control_on if record.control_on != scan.scanned_at[:10] else ""


def _of_station(office: Office, facts: ReportFacts) -> ReportFacts:
    stored = station_of(office.ledger)
    if stored is None:
        return facts
    station = stored.record
    name = ", ".join(text for text in (station.name, station.organisation) if text)
    return replace(facts, laboratory=name, address=station.address)


def _eyes(office: Office, scan: Scan) -> Sight:
    """Return the sight of those who may read the report of a scan: whoever may see the scan.

    Where a finding that they may not see is against what the others say, only who is cleared: a
    report never says that something is confirmed because a contradiction is hidden.
    """
    blind, whole = uncleared_sight(office), everything(office)
    if not blind.sees(scan):
        return whole
    said, known = (
        stands_of_scan(scan, findings_of(office.ledger, scan.item, sight)) if scan.item else ""
        for sight in (blind, whole)
    )
    return whole if said in SETTLED and known not in SETTLED else blind


def _of_item(office: Office, scan: Scan, facts: ReportFacts, sight: Sight) -> ReportFacts:
    item = sight.shown(office.ledger.get(Item, scan.item).record)
    case = sight.shown(office.ledger.get(Case, scan.case).record)
    found = findings_of(office.ledger, scan.item, sight)
    changes = _changes(office, scan, found, sight)
    weighed = " ".join(text for text in (item.weight, item.weight_unit) if text)
    how = f" ({item.weight_how})" if item.weight_how and weighed else ""
    return replace(
        facts,
        case=case.id,
        case_reference=case.reference,
        item=item.id,
        scan=scan.id,
        identifiers=item.identifiers,
        description=item.description,
        condition=item.condition,
        received_at=item.received_at,
        packages=item.packages,
        sampled=item.sampled,
        sampling=item.sampling,
        weight=weighed + how,
        techniques=_techniques(office, scan, found),
        external=_external(scan, found),
        changes=changes,
        other_scans=_other_scans(office, scan, sight),
        besides=besides(scan, found, _corrected(changes)),
        demo=facts.demo or case.emulated,
    )


def _name(office: Office, user: str) -> str:
    """Return the name of a user as it stands on reports; empty for nobody."""
    try:
        return office.ledger.get(User, user).record.name
    except RecordError:
        return ""


def _techniques(office: Office, scan: Scan, found: Findings) -> tuple[OtherTechnique, ...]:
    return tuple(
        OtherTechnique(
            technique=one.technique,
            category=one.category,
            found=one.found,
            agreement=one.agreement,
            separate_sampling=one.sampling == "separate",
            performed_at=one.done_at,
            performed_by=_name(office, one.done_by),
            instrument=one.instrument,
            remarks=one.remarks,
            silent=silence(one, scan, found),
        )
        for one in about(scan, found).techniques
    )


def _external(scan: Scan, found: Findings) -> tuple[ExternalResult, ...]:
    names = (
        "laboratory", "state", "reference", "method", "found", "quantities", "sent_at",
        "answered_at", "examined_by", "remarks",
    )  # fmt: skip
    return tuple(
        ExternalResult(
            **{name: getattr(one, name) for name in names}, silent=silence(one, scan, found)
        )
        for one in found.answers
    )


def _other_scans(office: Office, scan: Scan, sight: Sight) -> tuple[OtherScan, ...]:
    """Return the other scans of the item that whoever may see this report may see."""
    found = (one.record for one in office.ledger.find(Scan, item=scan.item, state="filed"))
    return tuple(
        OtherScan(
            one.id,
            one.scanned_at,
            one.outcome,
            one.alarm,
            one.names,
            "; ".join(one.families),
            one.emulated,
        )
        for one in found
        if one.id != scan.id and sight.sees(one)
    )


def _changes(office: Office, scan: Scan, said: Findings, sight: Sight) -> tuple[Change, ...]:
    """Return the corrections of scan, item, case and what others found, as they were entered."""
    findings = [f"{one.KIND}:{one.id}" for one in (*said.techniques, *said.answers)]
    keys = (f"scan:{scan.id}", f"item:{scan.item}", f"case:{scan.case}", *findings)
    found = [one.record for key in keys for one in office.ledger.find(Amendment, of=key)]
    return tuple(
        Change(
            of=f"{one.of_kind} {one.of_id}",
            field=one.field,
            original=one.original,
            amended=one.amended,
            reason=one.reason,
            made_at=one.made_at,
            made_by=_name(office, one.made_by),
        )
        for one in sight.seen(found)
    )


def _corrected(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Return what others found, as it was corrected."""
    return tuple(name for one in changes if one.field == "found" for name in names_in(one.amended))


def _made_with(office: Office, scan: Scan) -> dict[str, Any]:
    """Return what is kept of the circumstances of a result; nothing for older scans."""
    if not scan.made_with:
        return {}
    content = json.loads(office.evidence.get(scan.made_with[0]))
    return content if isinstance(content, dict) else {}


def _calibration(
    office: Office, scan: Scan, record: Identification, made: dict[str, Any]
) -> Calibration:
    """Return how the analyser stood when it measured, as it was recorded then."""
    standing = made.get("standing")
    if not standing:
        known = calibration_of(record)
        foreign = known.state == "unknown" and scan.source == "file"
        return Calibration("foreign") if foreign else known
    decided = _decided(office, scan.analyser, standing["record"])
    if decided is None:
        return Calibration(standing["state"], record_sha256=standing["record"])
    return Calibration(
        standing["state"],
        decided.kind,
        decided.time,
        decided.expires,
        ", ".join(dict.fromkeys(one.standard for one in decided.measured)),
        standing["record"],
    )


def _decided(office: Office, serial: str, sha256: str) -> CalibrationRecord | None:
    if not serial or not sha256:
        return None
    records = Calibrations(office.folder / "calibration").records(serial)
    return next((one for one in records if one.sha256 == sha256), None)


def _rates(
    office: Office, record: Identification, made: dict[str, Any], wanted: Wanted
) -> tuple[ErrorRate, ...]:
    """Return the rates of the policy that decided, and those of a validation that was given."""
    kept = str(made.get("policy") or "")
    try:
        policy = (
            read_policy(office.evidence.get(kept), kept) if kept else policy_in_force(office.folder)
        )
        rates = policy_rates(record, policy)
    except SpectraError:
        rates = ()  # then the report says that none is recorded
    return rates + (validation_rates(record, wanted.validation) if wanted.validation else ())
