"""What a review asks of the services, on the records' lane."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra_app.errors import ForbiddenError
from spectra_app.records.access import ACTIVE, Role, User
from spectra_app.records.kinds import IssuedReport
from spectra_app.records.ledger.chain import Entry
from spectra_app.reports.document import Report
from spectra_app.reports.saving import write_whole
from spectra_app.services.audit_entries import Asked, show
from spectra_app.services.case_reports import countersign_report, report_file
from spectra_app.services.cases.board import Card
from spectra_app.services.cases.listing import show_case
from spectra_app.services.office import Office, Session
from spectra_app.services.report_again import ShownAgain, report_again, report_to_come
from spectra_app.services.users import list_users, log_in, log_out
from spectra_app.ui.supervisor.sheets import PICTURE


@dataclass(frozen=True, eq=False, slots=True)
class Reviewed:
    """What a review shows: the report, its pages as pictures, who is who, what was entered.

    `drawn` is what the pages show: the report, or a preview of it in another language.
    """

    shown: ShownAgain
    pages: tuple[tuple[Any, str], ...]
    people: dict[str, User]
    entries: tuple[Entry, ...]
    drawn: Report | None = None


def review(
    office: Office, session: Session, *, card: Card, language: str, preview: str
) -> Reviewed:
    """Return what is known of a card; `preview` is the language of a preview, empty for none."""
    from spectra_app.reports.render_qt import pictures_of

    report = card.report or _newest_report(office, session, card)
    if report:
        shown = report_again(office, session, report)
    else:
        shown = report_to_come(office, session, card.item or card.case, language)
    drawn = shown.report
    if preview and shown.scans:
        drawn = report_to_come(office, session, shown.scans[0], preview).report
    pages = pictures_of(drawn, PICTURE) if drawn is not None else ()
    about = dict.fromkeys((card.case, card.item, report, *shown.scans))
    found = {
        entry.number: entry
        for id_ in about
        if id_
        for entry in show(office, session, Asked(id=id_))
    }
    people = {user.id: user for user in list_users(office, session)}
    entries = tuple(found[number] for number in sorted(found))
    return Reviewed(shown, pages, people, entries, drawn)


def _newest_report(office: Office, session: Session, card: Card) -> str:
    """Return the report to show where a card names none: of its item, or of its case."""
    reports = show_case(office, session, card.case).reports
    mine = [one for one in reports if card.item in {"", one.item}]
    return max(mine, key=lambda one: one.issued_at).id if mine else ""


def countersign(
    office: Office, session: Session, *, report: str, login: str, password: str
) -> IssuedReport:
    """Have a second person sign, who is logged in for that only."""
    second = log_in(office, login, password)
    try:
        return countersign_report(office, session, second, report)
    finally:
        with suppress(ForbiddenError):  # it has ended by itself
            log_out(office, second)


def save(office: Office, session: Session, *, found: Reviewed, path: Path) -> Path:
    """Save what is shown as PDF: the file as it was issued, or the preview."""
    from spectra_app.reports.render_qt import render_pdf

    issued = found.shown.issued
    if found.drawn is not None and found.drawn is not found.shown.report:
        render_pdf(found.drawn, path)
    elif issued is not None:
        write_whole(report_file(office, session, issued.id), path)
    elif found.drawn is not None:
        render_pdf(found.drawn, path)
    return path


def may_sign(found: Reviewed, me: str) -> bool:
    """Tell whether anybody but the one who is logged in and the one who issued could sign."""
    issued = found.shown.issued
    apart = {me, issued.issued_by if issued is not None else ""}
    return any(
        user.role == Role.SUPERVISOR
        and user.state == ACTIVE
        and not user.must_change
        and user.id not in apart
        for user in found.people.values()
    )
