"""``spectra case report``: the report of a filed scan, issued, signed, in four languages."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.casework import action
from spectra_app.cli.terminal import print_json
from spectra_app.cli.who import second_signed_in, secret_words, signed_in
from spectra_app.errors import (
    EXIT_OK,
    EXIT_REFUSED,
    AppError,
    IncompleteReportError,
    SigningError,
)

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.records.kinds import IssuedReport, Scan
    from spectra_app.reports.document import Report
    from spectra_app.services.case_reports import Draw, Issued
    from spectra_app.services.office import Office, Session
    from spectra_app.services.report_facts import Wanted
    from spectra_app.services.signing_pdf import PdfSigner

LANGUAGES = ("en", "fr", "es", "ar")
FORMATS = ("pdf", "html", "json", "csv")


def add(actions: Commands) -> None:
    """Add the actions about reports."""
    issuing = action(actions, "report", "issue the report of a filed scan", report)
    issuing.add_argument(
        "what", nargs="+", metavar="SCAN|ITEM|CASE", help="every filed scan of it has its report"
    )
    issuing.add_argument("--out", type=Path, required=True, metavar="DIR", help="write files here")
    issuing.add_argument("--lang", default="en", choices=LANGUAGES, help="language of the report")
    issuing.add_argument(
        "--format", action="append", default=[], choices=FORMATS, help="repeatable; default: pdf"
    )
    issuing.add_argument(
        "--preview", action="store_true", help="issue nothing: what is missing is marked"
    )
    _told(issuing)
    _signed(issuing)
    again = action(actions, "issued", "write an issued report again, byte for byte", issued)
    again.add_argument("report", metavar="REPORT")
    again.add_argument("--out", type=Path, required=True, metavar="DIR", help="write files here")
    agreeing = action(actions, "countersign", "stand by a report that another issued", countersign)
    agreeing.add_argument("report", metavar="REPORT")
    agreeing.add_argument("--second", required=True, metavar="NAME", help="who countersigns")
    agreeing.add_argument("--second-password-file", type=Path, metavar="FILE")


def _told(issuing: argparse.ArgumentParser) -> None:
    for name, text in (
        ("place", "where it was examined"),
        ("customer", "who asked for the examination"),
        ("customer-contact", "how the customer is reached: address, telephone"),
        ("sampled-at", "when it was sampled: 2026-11-22T10:15:00Z"),
        ("deviations", "from the method, or 'none'"),
    ):
        issuing.add_argument(f"--{name}", default="", metavar="TEXT", help=text)
    issuing.add_argument(
        "--validation",
        type=Path,
        metavar="figures.json",
        help="error rates of 'spectra evaluate --out' with this library and policy",
    )
    issuing.add_argument(
        "--library",
        type=Path,
        action="append",
        default=[],
        metavar="LIB.h5",
        help="to draw the spectra from, when it is not installed here; repeatable",
    )
    issuing.add_argument("--amends", default="", metavar="REPORT", help="takes its place")
    issuing.add_argument("--why", default="", metavar="TEXT", help="reason of the amendment")


def _signed(issuing: argparse.ArgumentParser) -> None:
    issuing.add_argument(
        "--sign", type=Path, metavar="FILE.p12|.pem", help="sign with this key and certificate"
    )
    issuing.add_argument(
        "--sign-password-file", type=Path, metavar="FILE", help="passphrase of that file"
    )
    issuing.add_argument("--second", metavar="NAME", help="log-in name of who countersigns")
    issuing.add_argument("--second-password-file", type=Path, metavar="FILE")


@dataclass(frozen=True, eq=False, slots=True)
class _Desk:
    """Who issues what, with what."""

    office: Office
    session: Session
    options: argparse.Namespace
    wanted: Wanted
    draw: Draw
    signer: PdfSigner | None


def report(options: argparse.Namespace) -> int:
    """Issue reports, all that can be; exit code 3 when any was refused."""
    from spectra_app.services.case_reports import reportable_scans
    from spectra_app.services.redrawing import redraw
    from spectra_app.services.workshop import Workshop

    signer, wanted = _signer(options), _wanted(options)
    options.out.mkdir(parents=True, exist_ok=True)
    with signed_in(options) as (office, session):
        scans = [one for what in options.what for one in reportable_scans(office, session, what)]
        if not scans:
            raise AppError(
                "nothing is filed there", ", ".join(options.what), "file a scan, then report it"
            )
        with Workshop(office.evidence, options.library, office.folder) as workshop:
            draw = partial(redraw, workshop=workshop)
            desk = _Desk(office, session, options, wanted, draw, signer)
            issued = [_one(desk, scan) for scan in scans]
    return EXIT_OK if all(issued) else EXIT_REFUSED


def _one(desk: _Desk, scan: Scan) -> bool:
    """Issue one report and write its files; return whether it could be issued."""
    from spectra_app.services.case_reports import preview_report

    if desk.options.preview:
        made = preview_report(desk.office, desk.session, scan.id, desk.wanted, desk.draw)
        _written(made, None, desk.options)
        return True
    try:
        issued = _issue(desk, scan)
    except IncompleteReportError as error:
        if desk.options.json:
            print_json({"scan": scan.id, "error": str(error), "code": error.code})
        else:
            print(f"{scan.id}: {error.where}: the report cannot be issued; not recorded:")
            for what, clause, remedy in error.missing:
                print(f"  {what} (ISO/IEC 17025, {clause}): {remedy}")
        return False
    _written(issued.report, issued.pdf, desk.options)
    return True


def _issue(desk: _Desk, scan: Scan) -> Issued:
    from spectra_app.services.case_reports import issue_report

    def issue(second: Session | None) -> Issued:
        render, signer = desk.options.render, desk.signer
        return issue_report(
            desk.office,
            desk.session,
            scan.id,
            desk.wanted,
            render,
            draw=desk.draw,
            signer=signer,
            second=second,
        )

    if not desk.options.second:
        return issue(None)
    with second_signed_in(desk.office, desk.options) as second:
        return issue(second)


def _written(made: Report, pdf: bytes | None, options: argparse.Namespace) -> None:
    """Write the files that were asked for and say where they are."""
    from spectra_app.reports.html import to_html
    from spectra_app.reports.saving import write_whole
    from spectra_app.reports.tidy_csv import to_csv

    stem = f"{made.report_id.replace('/', '-')}.{made.texts.language}"
    contents = {"html": to_html, "json": lambda report: report.to_bytes(), "csv": to_csv}
    files = []
    wanted = options.format or ["pdf"]
    if made.facts.certificate and "pdf" not in wanted:  # the other forms carry no signature
        wanted = ["pdf", *wanted]
    for kind in wanted:
        path = options.out / f"{stem}.{kind}"
        if kind != "pdf":
            write_whole(contents[kind](made), path)
        elif pdf is None:
            options.render(made, path)
        else:
            write_whole(pdf, path)
        files.append(str(path))
    if options.json:
        lacking = [item.code for item in made.missing]
        print_json({"report": made.report_id, "files": files, "missing": lacking})
    else:
        print(f"{made.report_id}: {', '.join(files)}")


def _wanted(options: argparse.Namespace) -> Wanted:
    from spectra_app.services.report_facts import Wanted
    from spectra_app.services.reporting import Validation

    validation = None
    if options.validation:
        try:
            validation = Validation(options.validation.name, options.validation.read_bytes())
        except OSError as error:
            raise AppError(
                f"the validation cannot be read ({error})", str(options.validation), "give its file"
            ) from error
    return Wanted(
        language=options.lang,
        place=options.place,
        customer=options.customer,
        customer_contact=options.customer_contact,
        sampled_at=options.sampled_at,
        deviations=options.deviations,
        validation=validation,
        amends=options.amends,
        reason=options.why,
    )


def _signer(options: argparse.Namespace) -> PdfSigner | None:
    """Return who signs; the passphrase is asked for only when the file has one."""
    from spectra_app.services.signing_pdf import load_signer

    if options.sign is None:
        return None
    if options.sign_password_file is None:
        with contextlib.suppress(SigningError):
            return load_signer(options.sign, None)
    title = f"Passphrase of {options.sign.name}"
    words = secret_words(options, options.sign_password_file, title)
    return load_signer(options.sign, words.encode())


def issued(options: argparse.Namespace) -> int:
    """Write the PDF and the data of an issued report again, checked against their hashes."""
    from spectra_app.reports.saving import write_whole
    from spectra_app.services.case_reports import report_file, show_report

    with signed_in(options) as (office, session):
        record, data = show_report(office, session, options.report)
        pdf = report_file(office, session, options.report)
    options.out.mkdir(parents=True, exist_ok=True)
    stem = f"{record.id.replace('/', '-')}.{record.language}"
    files = []
    for kind, content in (("pdf", pdf), ("json", data)):
        path = options.out / f"{stem}.{kind}"
        write_whole(content, path)
        files.append(str(path))
    if options.json:
        print_json({"report": record.id, "files": files})
    else:
        print(f"{record.id}: {', '.join(files)}")
    return EXIT_OK


def countersign(options: argparse.Namespace) -> int:
    """Countersign a report."""
    from spectra_app.services.case_reports import countersign_report

    with (
        signed_in(options) as (office, session),
        second_signed_in(office, options) as second,
    ):
        record = countersign_report(office, session, second, options.report)
    if options.json:
        print_json({"report": record.id, "state": record.state, "by": record.countersigned_by})
    else:
        print(f"{record.id} is countersigned by {record.countersigned_by}")
    return EXIT_OK


def report_lines(reports: Iterable[IssuedReport], names: Mapping[str, str]) -> list[str]:
    """Return each report in the order of issue: of which scan, and whether it still counts."""
    issued = sorted(reports, key=lambda one: (one.issued_at, one.id))
    replaced = {one.amends: one.id for one in issued if one.amends}
    lines = []
    for one in issued:
        signed = f"signed by {one.signed}" if one.signed else "unsigned"
        by = names.get(one.countersigned_by, one.countersigned_by)
        line = (
            f"  report {one.id} issued {one.issued_at} of {', '.join(one.scans)} "
            f"({one.language}, {signed}{f', countersigned by {by}' if by else ''})"
        )
        line += f", in place of {one.amends} ({one.reason})" if one.amends else ""
        line += f"; REPLACED by {replaced[one.id]}" if one.id in replaced else ""
        lines.append(line)
    return lines
