"""Reports of scans that are filed under a case: checked, issued, amended, kept with their record.

A report is issued once. The report as data and its file are evidence before the record that names
them is written; what is wrong with a report is put right by another one that names it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from spectra_app.errors import AppError, CaseError, ForbiddenError, RecordError
from spectra_app.records.access import User
from spectra_app.records.identification import Comparison
from spectra_app.records.kinds import IssuedReport, Scan
from spectra_app.reports.builder import build_report
from spectra_app.reports.checker import require_complete
from spectra_app.reports.document import Report
from spectra_app.reports.facts import ReportFacts
from spectra_app.services.cases.seeing import sight_of, visible
from spectra_app.services.office import Office, Session
from spectra_app.services.report_facts import Wanted, facts_of_scan
from spectra_app.services.signing_pdf import PdfSigner

Draw = Callable[[Scan], Comparison | None]
Renderer = Callable[[Report, Path], None]
REPORT, PDF, VALIDATION = "report", "report as PDF", "figures of a validation"


@dataclass(frozen=True, eq=False, slots=True)
class Issued:
    """A report that was issued: its record, its content, its file."""

    record: IssuedReport
    report: Report
    pdf: bytes


def nothing_drawn(_scan: Scan) -> None:
    """Draw no spectra: the report says that there are none."""


def reportable_scans(office: Office, session: Session, what: str) -> tuple[Scan, ...]:
    """Return the scans that a number means: itself, or those filed under an item or a case.

    Only those that this user may see; none for a number that nobody knows.
    """
    me = office.require(session, "report.preview")
    keys = ("item", "case")
    found = [one.record for key in keys for one in office.ledger.find(Scan, **{key: what})]
    with suppress(RecordError):
        found.append(office.ledger.get(Scan, what).record)
    seen = {scan.id: scan for scan in sight_of(office, me).seen(found)}
    return tuple(scan for scan in seen.values() if scan.state == "filed" or scan.id == what)


def preview_report(
    office: Office, session: Session, scan: str, wanted: Wanted, draw: Draw = nothing_drawn
) -> Report:
    """Return a report that is not issued: it says so, and what it lacks.

    Raises
    ------
    RecordError
        When there is no such scan that this user may see.
    ForbiddenError
        When not all that settles it is for this user.
    """
    me = office.require(session, "report.preview")
    found = visible(office, me, Scan, scan).record
    record, facts = facts_of_scan(office, None, found, wanted)
    _check_cleared(me, facts)
    facts = replace(facts, report_id=f"{found.id}-PREVIEW")
    return build_report(record, draw(found), facts, wanted.language)


def issue_report(
    office: Office,
    session: Session,
    scan: str,
    wanted: Wanted,
    render: Renderer,
    *,
    draw: Draw = nothing_drawn,
    signer: PdfSigner | None = None,
    second: Session | None = None,
) -> Issued:
    """Issue the report of a filed scan: complete, kept as evidence, entered into the ledger.

    Parameters
    ----------
    render : callable (Report, Path)
        Writes the PDF.
    draw : callable (Scan) -> Comparison or None
        Gives the spectra to draw.
    signer : PdfSigner, optional
        Signs the file; without one it says that it is unsigned.
    second : Session, optional
        Of the person who countersigns.

    Raises
    ------
    CaseError
        When the scan is not filed, or the report to be amended is not one of its item, or
        another one took its place already.
    IncompleteReportError
        When something that ISO/IEC 17025 asks for is not recorded: which, and what to do.
    SigningError
        When the file cannot be signed; nothing is issued then.
    ForbiddenError
        When one of the two may not see all that the report has to say.
    """
    me = office.require(session, "report.issue")
    if wanted.amends:
        office.require(session, "report.amend")
    if signer is not None:
        office.require(session, "report.sign")
        signer.require_valid(office.clock())
    found = visible(office, me, Scan, scan).record
    if found.state != "filed":
        raise CaseError("this scan is not filed under an item", scan, "file it, then report it")
    other = _second(office, session, second, found) if second else None
    record, facts = facts_of_scan(office, me, found, wanted)
    _check_cleared(me, facts)
    if other is not None:
        _check_cleared(other, facts)
    facts = replace(
        facts,
        report_id=_next_id(office, found, wanted),
        countersigned_by=other.name if other else "",
        certificate=signer.certificate if signer else None,
    )
    report = build_report(record, draw(found), facts, wanted.language)
    require_complete(report)
    pdf = _rendered(report, render)
    if signer is not None:
        pdf = signer.sign(pdf, reason=report.title, place=facts.place, at=facts.issued_at)
    return Issued(_keep(office, me, found, report, pdf, wanted=wanted, other=other), report, pdf)


def show_report(office: Office, session: Session, report: str) -> tuple[IssuedReport, bytes]:
    """Return an issued report with its content as JSON bytes, checked against their hash.

    Raises
    ------
    RecordError, EvidenceError
        When there is no such report that this user may see, or its content is damaged.
    """
    me = office.require(session, "report.show")
    record = visible(office, me, IssuedReport, report).record
    return record, office.evidence.get(record.document)


def report_file(office: Office, session: Session, report: str) -> bytes:
    """Return the PDF of an issued report, byte for byte as it was issued."""
    me = office.require(session, "report.show")
    record = visible(office, me, IssuedReport, report).record
    files = dict(name.split(":", 1) for name in record.files)
    return office.evidence.get(files["pdf"])


def countersign_report(
    office: Office, session: Session, second: Session, report: str
) -> IssuedReport:
    """Record that a second person stands by a report that was issued.

    Raises
    ------
    CaseError
        When it was countersigned already, or the second person is who issued it.
    """
    other = office.require_second(session, second, "report.countersign")
    me = office.sessions.check(session)
    with office.ledger.writing(me) as writing:
        visible(office, office.user(me), IssuedReport, report)
        stored = visible(office, other, IssuedReport, report)
        before = stored.record
        if before.state == "countersigned" or other.id == before.issued_by:
            raise CaseError(
                "it is countersigned, or the second person issued it", report, "ask somebody else"
            )
        office.check_apart(office.user(before.issued_by), other, "report.countersign")
        signed = msgspec.structs.replace(
            before,
            state="countersigned",
            countersigned_at=office.clock(),
            countersigned_by=other.id,
        )
        writing.put(signed, "report countersigned", after=stored.revision)
    return signed


# --- Issuing ------------------------------------------------------------------------------------


def _second(office: Office, session: Session, second: Session, scan: Scan) -> User:
    """Return who countersigns: somebody who may read what is signed."""
    other = office.require_second(session, second, "report.countersign")
    if not sight_of(office, other).sees(scan):
        raise ForbiddenError(
            "the second person may not see this scan", scan.id, "ask somebody who is cleared"
        )
    return other


def _check_cleared(user: User, facts: ReportFacts) -> None:
    """Refuse a report to who may not see a finding that is against the others."""
    if facts.restricted and not user.cleared:
        raise ForbiddenError(
            "not all that this report has to say is for everybody",
            facts.scan,
            "let somebody who is cleared issue it",
        )


def _next_id(office: Office, scan: Scan, wanted: Wanted) -> str:
    """Return the number of the next report of an item, and check the one it amends."""
    before = [one.record for one in office.ledger.find(IssuedReport, item=scan.item)]
    if wanted.amends and wanted.amends not in {one.id for one in before}:
        raise CaseError(
            "this is no report of the item", wanted.amends, "name a report that was issued for it"
        )
    later = [one.id for one in before if wanted.amends and one.amends == wanted.amends]
    if later:
        raise CaseError(
            f"another report took its place already: {later[0]}", wanted.amends, "amend that one"
        )
    return f"{scan.item}-R{len(before) + 1}"


def _rendered(report: Report, render: Renderer) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.pdf"
        render(report, path)
        try:
            return path.read_bytes()
        except OSError as error:
            raise AppError(
                "the report was not written", str(path), "make room, try again"
            ) from error


def _keep(
    office: Office,
    me: User,
    scan: Scan,
    report: Report,
    pdf: bytes,
    *,
    wanted: Wanted,
    other: User | None,
) -> IssuedReport:
    """Keep the report as evidence, then enter it: nothing is issued that is not kept."""
    name = report.report_id.replace("/", "-")
    put = office.evidence.put
    document = put(report.to_bytes(), kind=REPORT, name=f"{name}.json", clock=office.clock)
    file = put(pdf, kind=PDF, name=f"{name}.pdf", clock=office.clock)
    files = [f"pdf:{file.sha256}"]
    if wanted.validation is not None:
        figures = put(
            wanted.validation.data, kind=VALIDATION, name="figures.json", clock=office.clock
        )
        files.append(f"validation:{figures.sha256}")
    facts = report.facts
    record = IssuedReport(
        id=report.report_id,
        case=scan.case,
        item=scan.item,
        scans=(scan.id,),
        state="countersigned" if other else "issued",
        language=report.texts.language,
        document=document.sha256,
        files=tuple(files),
        amends=facts.amends,
        reason=facts.amends_reason,
        head=facts.audit_head,
        signed=facts.certificate.subject if facts.certificate else "",
        issued_at=facts.issued_at,
        issued_by=me.id,
        countersigned_at=facts.issued_at if other else "",
        countersigned_by=other.id if other else "",
        restricted=facts.restricted,
        emulated=facts.demo,
    )
    act = "report amended" if facts.amends else "report issued"
    with office.ledger.writing(me.id) as writing:
        writing.put(record, act, details={"item": scan.item, "scan": scan.id})
    return record
