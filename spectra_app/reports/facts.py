"""What a report needs to know beside the identification, in no language: plain frozen records.

An empty text or tuple means "not recorded", and the report says so; nothing is filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    source : str
        What it was measured with: policy or validation, by name and hash.
    """

    what: str
    count: int
    n: int
    low95: float
    high95: float
    source: str
    least_score: float | None = None


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
    speaks: bool = True


@dataclass(frozen=True, slots=True)
class ExternalResult:
    """What another laboratory was asked or has found: marked as not of this laboratory.

    `speaks`, here and of a technique, says whether it stands as it was recorded and is about what
    this report names: another substance confirmed, or an answer that was amended, confirms nothing.
    """

    laboratory: str
    state: Literal["sent", "confirmed", "refuted", "other"]
    reference: str = ""
    method: str = ""
    found: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    sent_at: str = ""
    answered_at: str = ""
    remarks: str = ""
    speaks: bool = True


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
    customer : str
        Who asked for it.
    case, case_reference, item : str
        Numbers of case and item.
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
    case: str = ""
    case_reference: str = ""
    item: str = ""
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
    amends: str = ""
    amends_reason: str = ""
    evaluation: Evaluation | None = None
    certificate: Certificate | None = None
    demo: bool = False
    restricted: bool = False

    @property
    def standing(self) -> Standing:
        """How the result stands: presumptive until something else agrees (SWGDRUG).

        The last answer of a laboratory counts before everything else; a technique that agrees
        counts only while none contradicts.
        """
        answers = [result for result in self.external if result.state != "sent"]
        if answers:
            last = answers[-1]
            confirmed = last.state == "confirmed" and last.speaks
            return "laboratory" if confirmed else "presumptive"
        agrees = any(one.agreement == "agrees" and one.speaks for one in self.techniques)
        disagrees = any(one.agreement == "disagrees" for one in self.techniques)
        return "technique" if agrees and not disagrees else "presumptive"


NO_DEVIATIONS = "none"
