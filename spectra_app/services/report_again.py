"""A report shown again as it was issued, with its spectra drawn again, for who is to sign it."""

from __future__ import annotations

from dataclasses import dataclass

from spectra_app.records.kinds import IssuedReport, Scan
from spectra_app.reports.document import Report
from spectra_app.reports.reading import read_report, was_drawn
from spectra_app.services.case_reports import preview_report, reportable_scans, show_report
from spectra_app.services.cases.seeing import visible
from spectra_app.services.office import Office, Session
from spectra_app.services.redrawing import redraw
from spectra_app.services.report_facts import Wanted
from spectra_app.services.workshop import Workshop


@dataclass(frozen=True, eq=False, slots=True)
class ShownAgain:
    """A report as it will print.

    Parameters
    ----------
    report : Report or None
        None when nothing is filed there.
    issued : IssuedReport or None
        Its record; None for a preview.
    scans : tuple of str
        What it rests on.
    not_drawn : bool
        Whether the report that was issued shows spectra that cannot be drawn again here.
    """

    report: Report | None
    issued: IssuedReport | None = None
    scans: tuple[str, ...] = ()
    not_drawn: bool = False


def report_again(office: Office, session: Session, report: str) -> ShownAgain:
    """Return an issued report, every word as it was issued.

    Raises
    ------
    RecordError, EvidenceError
        When there is no such report that this user may see, or its content is damaged.
    """
    me = office.require(session, "report.show")
    record, content = show_report(office, session, report)
    scan = visible(office, me, Scan, record.scans[0]).record
    with Workshop(office.evidence, (), office.folder) as workshop:
        made = read_report(content, redraw(scan, workshop))
    lacks = was_drawn(content) and made.comparison is None
    return ShownAgain(made, record, record.scans, lacks)


def report_to_come(office: Office, session: Session, what: str, language: str = "en") -> ShownAgain:
    """Return the newest report that could be issued of an item or case: what it lacks, too."""
    office.require(session, "report.preview")
    scans = reportable_scans(office, session, what)
    if not scans:
        return ShownAgain(None)
    newest = max(scans, key=lambda one: one.scanned_at)
    wanted = Wanted(language=language)
    return ShownAgain(preview_report(office, session, newest.id, wanted), None, (newest.id,))
