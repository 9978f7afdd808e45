"""What a report needs to know beside the identification, in no language: plain frozen records.

An empty text or tuple means "not recorded", and the report says so; nothing is filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spectra_app.records.standing import Silent, Stands, Weight, stands, weight

Standing = Literal["presumptive", "technique", "laboratory"]
Agreement = Literal["agrees", "disagrees", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the analyser stood when it measured.

    Parameters
    ----------
    state : {"ok", "failed", "missing", "expired", "foreign", "unknown"}
        ``foreign``: the scan came in as a file from an analyser this station does not look after.
    kind, checked_at, expires : str
        The record that decides: what was done, when, and until when it counts.
    standard : str
        Material it was checked with.
    record_sha256 : str
        Its hash.
    """

    state: Literal["ok", "failed", "missing", "expired", "foreign", "unknown"] = "unknown"
    kind: str = ""
    checked_at: str = ""
    expires: str = ""
    standard: str = ""
    record_sha256: str = ""


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """A measured rate with its exact two-sided 95 % bounds (Clopper-Pearson).

    Parameters
    ----------
    what : str
        Key of the text that says what was counted, without ``"rate."``.
    count, n : int
        `count` of `n` independent validation substances.
    low95, high95 : float
        Bounds of the rate, 0-1.
    least_score : float or None
        Lower end of the range of scores it was counted in; None for all.
    source, basis : str
        What it was measured with: version of the ``policy`` that decided, or file and hash of a
        ``validation``; with no basis, the source is told in words of its own.
    """

    what: str
    count: int
    n: int
    low95: float
    high95: float
    source: str
    least_score: float | None = None
    basis: Literal["", "policy", "validation"] = ""


@dataclass(frozen=True, slots=True)
class OtherTechnique:
    """A second technique that was applied to the item (SWGDRUG, Part IIIB)."""

    technique: str
    category: Literal["A", "B", "C"]
    found: tuple[str, ...]
    agreement: Agreement
    separate_sampling: bool
    performed_at: str = ""
    performed_by: str = ""
    instrument: str = ""
    remarks: str = ""
    silent: Silent = ""

    @property
    def weight(self) -> Weight:
        """What it weighs for the result of this report."""
        return weight(self.agreement, self.silent)


@dataclass(frozen=True, slots=True)
class ExternalResult:
    """What another laboratory was asked or has found: marked as not of this laboratory.

    `silent`, here and of a technique, says why it cannot confirm what this report names: it was
    amended, or it is about another substance. Empty when it can.
    """

    laboratory: str
    state: Literal["sent", "confirmed", "refuted", "other"]
    reference: str = ""
    method: str = ""
    found: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    sent_at: str = ""
    answered_at: str = ""
    examined_by: str = ""
    remarks: str = ""
    silent: Silent = ""

    @property
    def weight(self) -> Weight:
        """What it weighs for the result of this report."""
        return weight(self.state, self.silent)


@dataclass(frozen=True, slots=True)
class OtherScan:
    """Another scan of the same item, and what it found."""

    scan: str
    scanned_at: str
    outcome: str
    alarm: str
    names: tuple[str, ...] = ()
    family: str = ""
    emulated: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One correction of what this report, or one before it, says."""

    of: str
    field: str
    original: str
    amended: str
    reason: str
    made_at: str
    made_by: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A likelihood ratio on the laboratory's own validated scale (ENFSI guideline, 2015).

    Parameters
    ----------
    proposition, alternative : str
        The two competing propositions, at one level.
    ratio : str
        The likelihood ratio as it is stated, never above what the validation supports.
    words : str
        Verbal equivalent on the scale.
    scale : tuple of (str, str)
        The whole scale: range of the ratio, words.
    validation : str
        What it was validated with: substances, date, hash.
    """

    proposition: str
    alternative: str
    ratio: str
    words: str
    scale: tuple[tuple[str, str], ...]
    validation: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """Whose certificate signs the file."""

    subject: str
    issuer: str
    serial: str
    not_after: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Everything ISO/IEC 17025:2017, 7.8.2.1 asks of a report, as far as it is recorded.

    Parameters
    ----------
    report_id, issued_at, program_version : str
        Unique id, time of issue (ISO 8601) and version of this program.
    issued : bool
        Whether it is issued under a case; otherwise it is a print-out, and says so.
    laboratory, address, place : str
        Name and address of the laboratory, and where the work was done.
    customer, customer_contact : str
        Who asked for it, and how that customer is reached.
    case, case_reference, item, scan : str
        Numbers of case, item and scan.
    identifiers : tuple of str
        Numbers on the item: postal, air waybill, container, seal.
    description, condition : str
        Of the item, as it was received.
    received_at, sampled_at, performed_at, measured_at : str
        ISO 8601; the last as the source of the scan states it.
    packages, sampled, sampling : int, int, str
        n of N packages were examined, and how they were chosen; 0 where not counted.
    weight : str
        As it was weighed, with unit and how.
    operator, authorised_by, countersigned_by : str
        Who did it, who authorises the report, and who countersigned.
    deviations : str
        Deviations from the method; the word for none is `NO_DEVIATIONS`.
    analyser, calibration
        Model and serial number, and how it stood.
    evidence : tuple of str
        SHA-256 of all that is kept of the scan.
    result_sha256 : str
        SHA-256 of the identification as canonical JSON without its timing.
    audit_head : str
        ``number:sha256`` of the last entry of the station's audit chain.
    station_key : str
        Id of the key that signs that chain.
    rates : tuple of ErrorRate
        Measured error rates of the decision rule.
    techniques, external, changes
        Second techniques, results of others, corrections.
    other_scans : tuple of OtherScan
        The other scans of the item, as far as a reader of this report may see them.
    besides : tuple of str
        What other techniques or laboratories found in the item and this scan did not name.
    amends, amends_reason : str
        The report this one takes the place of, and why.
    evaluation : Evaluation or None
        Off until the station has validated.
    certificate : Certificate or None
        Signs the file; None leaves it unsigned.
    demo, restricted : bool
        Demonstration, never evidence; quotes restricted lists.
    """

    report_id: str
    issued_at: str
    program_version: str
    issued: bool = False
    laboratory: str = ""
    address: str = ""
    place: str = ""
    customer: str = ""
    customer_contact: str = ""
    case: str = ""
    case_reference: str = ""
    item: str = ""
    scan: str = ""
    identifiers: tuple[str, ...] = ()
    description: str = ""
    condition: str = ""
    received_at: str = ""
    sampled_at: str = ""
    performed_at: str = ""
    measured_at: str = ""
    packages: int = 0
    sampled: int = 0
    sampling: str = ""
    weight: str = ""
    operator: str = ""
    authorised_by: str = ""
    countersigned_by: str = ""
    deviations: str = ""
    analyser: str = ""
    calibration: Calibration = Calibration()
    evidence: tuple[str, ...] = ()
    result_sha256: str = ""
    audit_head: str = ""
    station_key: str = ""
    rates: tuple[ErrorRate, ...] = ()
    techniques: tuple[OtherTechnique, ...] = ()
    external: tuple[ExternalResult, ...] = ()
    changes: tuple[Change, ...] = ()
    other_scans: tuple[OtherScan, ...] = ()
    besides: tuple[str, ...] = ()
    amends: str = ""
    amends_reason: str = ""
    evaluation: Evaluation | None = None
    certificate: Certificate | None = None
    demo: bool = False
    restricted: bool = False

    @property
    def stands(self) -> Stands:
        """How the result stands, by the rule of `spectra_app.records.standing`."""
        return stands(
            [one.weight for one in self.techniques], [one.weight for one in self.external]
        )

    @property
    def standing(self) -> Standing:
        """What a report says of it: presumptive until something else agrees (SWGDRUG)."""
        return _STANDINGS.get(self.stands, "presumptive")

    @property
    def contradicted(self) -> bool:
        """Whether something speaks against the result, or did and was only amended."""
        weights = [one.weight for one in self.techniques]
        weights += [one.weight for one in self.external]
        if {"against", "apart"} & set(weights):
            return True
        return "doubt" in weights and self.standing == "presumptive"


_STANDINGS: dict[Stands, Standing] = {"confirmed": "laboratory", "second technique": "technique"}

NO_DEVIATIONS = "none"
