"""Check a library: what is wrong in it, the likely cause, and what to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from library.entry import EntryRecord
from library.errors import LibraryError
from library.info import LibraryInfo
from library.quality import SEVERITIES, Finding
from library.quality_check import check
from library.quality_context import collection
from spectra_app.services.libraries import no_progress, open_library
from spectra_app.services.policies import load_policy

Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.

    Parameters
    ----------
    info : LibraryInfo
        The library checked.
    records : tuple of EntryRecord
        Its entries: findings name their rows.
    findings : tuple of Finding
        The worst first.
    known : tuple of Finding
        Those that an earlier report (`baseline`) lists, too; not among `findings`.
    sources : tuple of str
        What it was compared with beside itself.
    """

    info: LibraryInfo
    records: tuple[EntryRecord, ...]
    findings: tuple[Finding, ...]
    known: tuple[Finding, ...]
    sources: tuple[str, ...]

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """Findings that make an entry untrustworthy."""
        return tuple(finding for finding in self.findings if finding.alarm)

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """All other findings."""
        return tuple(finding for finding in self.findings if not finding.alarm)

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings of each severity, the worst first."""
        counted: Counter[str] = Counter(finding.severity for finding in self.findings)
        return {severity: counted[severity] for severity in SEVERITIES}


def check_library(
    path: Path | None,
    *,
    against: Sequence[Path] = (),
    published: bool = True,
    baseline: Path | None = None,
    progress: Callable[[float, str], None] = no_progress,
) -> CheckReport:
    """Check a library, by itself and against second sources.

    Parameters
    ----------
    path : Path or None
        The library; the starter library when left out.
    against : sequence of Path
        Other libraries that say what substances look like.
    published : bool
        Whether the published bands that come with the program are asked, too.
    baseline : Path, optional
        An earlier report (``--json``): what it lists is not reported again.
    progress : callable (share, words)
        Told how far the work is.

    Raises
    ------
    LibraryError
        When a library or the earlier report cannot be read.
    """
    seen = _listed(baseline) if baseline else frozenset()
    policy = load_policy()
    with ExitStack() as stack:
        library = stack.enter_context(open_library(path))
        others = [stack.enter_context(open_library(other)) for other in against]
        second = [collection(other, f"'{other.info.name}'") for other in others]
        if published and path is not None:
            starter = stack.enter_context(open_library(None))
            second.append(collection(starter, "the published bands"))
        found = check(library, policy, second, progress)
        records = tuple(library.records())
        info = library.info
    new = tuple(finding for finding in found if _key(finding, records) not in seen)
    known = tuple(finding for finding in found if _key(finding, records) in seen)
    return CheckReport(info, records, new, known, tuple(one.title for one in second))


def _key(finding: Finding, records: Sequence[EntryRecord]) -> Key:
    """Return what tells that a finding is one of an earlier report."""
    return finding.code, tuple(sorted(records[row].entry for row in finding.rows))


def _listed(path: Path) -> Collection[Key]:
    try:
        report = json.loads(path.read_bytes())
        listed = [*report["findings"], *report["notes"]]
        return frozenset(
            (str(one["code"]), tuple(sorted(str(entry["entry"]) for entry in one["entries"])))
            for one in listed
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LibraryError(
            "the earlier report cannot be read", str(path), "give what 'check --json' printed"
        ) from error


def report_json(report: CheckReport) -> dict[str, Any]:
    """Return a report as plain values: ``findings`` are the alarms, ``notes`` the others."""
    return {
        "library": {
            "name": report.info.name,
            "version": report.info.version,
            "sha256": report.info.sha256,
            "entries": report.info.entries,
        },
        "compared_with": list(report.sources),
        "counts": report.counts,
        "findings": [finding_json(finding, report.records) for finding in report.alarms],
        "notes": [finding_json(finding, report.records) for finding in report.remarks],
        "known": [finding_json(finding, report.records) for finding in report.known],
    }


def finding_json(finding: Finding, records: Sequence[EntryRecord]) -> dict[str, Any]:
    """Return a finding as plain values, its entries by identifier, name and file."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "what": finding.what,
        "likely_cause": finding.issue.cause,
        "what_to_do": finding.issue.remedy,
        "figure": finding.figure,
        "limit": finding.limit,
        "unit": finding.unit,
        "entries": [
            {"entry": records[row].entry, "name": records[row].name, "file": records[row].file}
            for row in finding.rows
        ],
        "others": list(finding.others),
    }


def report_lines(report: CheckReport) -> Iterator[str]:
    """Yield a report as text: a summary, alarms in full, then remarks on one line each."""
    sources = ", ".join(("itself", *report.sources))
    yield f"{report.info.entries:,} entries compared with {sources}"
    counts = ", ".join(f"{number} {severity}" for severity, number in report.counts.items())
    known = f"; {len(report.known)} more were known before" if report.known else ""
    yield f"findings: {counts}{known}"
    if not report.alarms:
        yield "no entry was found to contradict its name, its axis or its identifiers"
    for finding in report.alarms:
        yield ""
        yield f"{finding.severity.upper()}  {finding.what}"
        yield f"    likely cause: {finding.issue.cause}"
        yield f"    what to do:   {finding.issue.remedy}"
        yield f"    entries:      {_entries(finding, report.records)}"
    if report.remarks:
        yield ""
    for finding in report.remarks:
        yield f"{finding.severity}: {finding.what}; {finding.issue.remedy}"


def _entries(finding: Finding, records: Sequence[EntryRecord], most: int = 4) -> str:
    shown = [f"{records[row].entry} {records[row].file}".strip() for row in finding.rows[:most]]
    more = len(finding.rows) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
