"""Reports: the facts of a record, and the renderer that is handed in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matching.evidence import hit_quality
from matching.policy import Policy
from matching.rates import exact_bounds
from spectra_app import __version__
from spectra_app.errors import AppError
from spectra_app.records.durable import USUAL, replace_whole
from spectra_app.records.identification import Comparison, Identification
from spectra_app.reports.builder import build_report
from spectra_app.reports.document import Report
from spectra_app.reports.facts import Calibration, ErrorRate, ReportFacts
from spectra_app.reports.validation import ValidationReport
from spectra_app.reports.validation_builder import build_validation_report
from spectra_app.services.identify import Identified
from spectra_app.services.policies import policy_in_force

VALIDATED = (
    "named_right",
    "named_wrong",
    "not_named",
    "false_naming",
)  # what decides is counted by substance
MOST_SUBSTANCES = 1_000_000
Renderer = Callable[[Report, Path], None]
AnyRenderer = Callable[[Report | ValidationReport, Path], None]


def report_of(found: Identified, issued_at: str, language: str = "en") -> Report:
    """Return the report of an identification that belongs to no case, as data.

    It says of everything that ISO/IEC 17025 asks for and nobody recorded that it is not recorded.

    Parameters
    ----------
    found : Identified
        The record and its drawing.
    issued_at : str
        Time of issue, ISO 8601; also part of the report's id.
    language : str
        Of the report.
    """
    record = found.record
    key = f"{record.sha256}|{record.file}|{record.spectrum}|{issued_at}"
    facts = ReportFacts(
        report_id=f"SP-{issued_at[:10]}-{hashlib.sha256(key.encode()).hexdigest()[:8].upper()}",
        issued_at=issued_at,
        program_version=__version__,
        performed_at=measured_at(found) or "",
        measured_at=measured_at(found) or "",
        evidence=tuple(sha for sha in (record.sha256,) if sha),
        analyser=analyser_of(found),
        calibration=calibration_of(record),
        rates=policy_rates(record, policy_in_force()),
    )
    return build_report(record, best_comparison(found), facts, language)


def measured_at(found: Identified) -> str | None:
    """Return when the scan was measured, as its source states it."""
    return found.query.acquisition.measured_at if found.query else None


def analyser_of(found: Identified) -> str:
    """Return model and serial number of the analyser, as far as the source states them."""
    if found.query is None:
        return ""
    about = found.query.acquisition
    laser = f"{found.query.laser_nm:g} nm" if found.query.laser_nm else ""
    return ", ".join(text for text in (about.instrument, about.serial, laser) if text)


def calibration_of(record: Identification) -> Calibration:
    """Return what a record itself says of its analyser."""
    if "calibration_missing" in record.reasons:
        return Calibration("missing")
    if "calibration_failed" in record.reasons:
        return Calibration("failed")
    return Calibration("expired" if "calibration_expired" in record.reasons else "unknown")


def policy_rates(record: Identification, policy: Policy) -> tuple[ErrorRate, ...]:
    """Return the rates that the policy of a record was validated with; none of another policy."""
    if not record.method.policy or policy.hash != record.method.policy:
        return ()
    out = []
    for one in policy.rates:
        low, high = exact_bounds(one.right, one.n, 0.025)
        score = hit_quality(one.least)
        version = str(policy.version)
        out.append(ErrorRate("right", one.right, one.n, low, high, version, score, basis="policy"))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Validation:
    """The file of an evaluation, as it was given: its name and its bytes."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.data).hexdigest()


def validation_rates(record: Identification, given: Validation) -> tuple[ErrorRate, ...]:
    """Return the rates of an evaluation by substance; they are those of its library and policy.

    Only its counts are taken: the bounds are computed from them again.

    Raises
    ------
    AppError
        When it was made with another library or policy, or is no evaluation.
    """
    try:
        figures = json.loads(given.data)
        made = (figures["library"]["sha256"], figures["method"]["policy"])
        by_substance, day = figures["by_substance"], str(figures["performed_at"])[:10]
        counted = {code: by_substance[code] for code in VALIDATED if by_substance.get(code)}
        counts = {code: _counts(one["count"], one["n"]) for code, one in counted.items()}
        source = f"{given.name}, {day}, SHA-256 {given.sha256}"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AppError(
            f"these are no figures of an evaluation ({error})",
            given.name,
            "give figures.json of 'spectra evaluate'",
        ) from error
    if made != (record.library.sha256, record.method.policy):
        raise AppError(
            "the validation was made with another library or policy than this result",
            given.name,
            "validate with the library and policy in use, or leave it out",
        )
    return tuple(
        ErrorRate(code, count, n, *exact_bounds(count, n, 0.025), source, basis="validation")
        for code, (count, n) in counts.items()
        if n
    )


def _counts(count: Any, n: Any) -> tuple[int, int]:
    """Return `count` of `n`, when they can be that."""
    if type(count) is not int or type(n) is not int or not 0 <= count <= n <= MOST_SUBSTANCES:
        raise ValueError(f"{str(count)[:20]} of {str(n)[:20]} was not counted")
    return count, n


def best_comparison(found: Identified) -> Comparison | None:
    """Return the drawing of the named reference, or of the best candidate when none is named."""
    named = {component.entry for component in found.record.components[:1]}
    for candidate, comparison in zip(found.record.candidates, found.comparisons, strict=True):
        if candidate.entry in named:
            return comparison
    return found.comparisons[0] if found.comparisons else None


def write_report(
    found: Identified, path: Path, issued_at: str, render: Renderer, language: str = "en"
) -> None:
    """Write the PDF of one identification with the renderer handed in."""
    render(report_of(found, issued_at, language), path)


def write_validation_report(
    figures: dict[str, Any],
    path: Path,
    issued_at: str,
    render: Callable[[ValidationReport, Path], None],
) -> None:
    """Write the report of an evaluation: as JSON when `path` says so, otherwise as PDF.

    Its identifier is made from the time of issue and the figures.
    """
    key = json.dumps([issued_at, figures], sort_keys=True).encode()
    number = hashlib.sha256(key).hexdigest()[:8].upper()
    report = build_validation_report(
        figures, report_id=f"SV-{issued_at[:10]}-{number}", issued_at=issued_at
    )
    if path.suffix.lower() == ".json":
        replace_whole(path, report.to_bytes(), USUAL)
    else:
        render(report, path)
