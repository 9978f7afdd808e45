"""``spectra case``: cases opened, listed, shown, closed; what is overdue; the supervisor's list."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import day, positive
from spectra_app.cli.case_changes import case_options
from spectra_app.cli.case_report import report_lines
from spectra_app.cli.casework import action, plain, told
from spectra_app.cli.terminal import print_json
from spectra_app.cli.who import second_options, second_signed_in, signed_in
from spectra_app.errors import EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.records.kinds import Scan
    from spectra_app.services.cases.listing import CaseFile, CaseRow, ItemFile
    from spectra_app.services.office import Office, Session

EXERCISE = "EMULATED: an exercise, no evidence"
OPEN_STILL = (
    "the item is not confirmed: it is not all that scans named, was amended, or is contradicted"
)


def add(actions: Commands) -> None:
    """Add the actions about whole cases."""
    opening = action(actions, "open", "open a case", open_)
    opening.add_argument("title", metavar="TITLE", help="in a few words")
    case_options(opening)
    opening.add_argument("--exercise", action="store_true", help="for emulated scans; no evidence")
    _listing(actions)
    showing = action(actions, "show", "show a case with all that belongs to it", show)
    showing.add_argument("case", metavar="CASE")
    closing = action(actions, "close", "close a case", close)
    closing.add_argument("case", metavar="CASE")
    closing.add_argument("--as", dest="closing", required=True, metavar="TEXT", help="as what")
    again = action(actions, "reopen", "open a closed case again", reopen)
    again.add_argument("case", metavar="CASE")
    again.add_argument("--why", required=True, metavar="TEXT")
    action(actions, "overdue", "list what is late, by the station's due times", overdue)
    _supervising(actions)


def _listing(actions: Commands) -> None:
    listing = action(actions, "list", "list cases, the newest first", list_)
    listing.add_argument("--state", default="", choices=("open", "closed"))
    listing.add_argument("--officer", default="", metavar="ID", help="who opened it: u2")
    listing.add_argument("--from", dest="first", type=day, metavar="YYYY-MM-DD")
    listing.add_argument("--to", dest="last", type=day, metavar="YYYY-MM-DD")
    listing.add_argument("--outcome", default="", metavar="OUTCOME", help="of one of its scans")
    listing.add_argument("--alarm", default="", metavar="ALARM", help="of one of its scans")
    listing.add_argument("--name", default="", metavar="SUBSTANCE", help="or how it begins")
    listing.add_argument("--number", default="", metavar="NUMBER", help="of an item, or a seal")
    listing.add_argument("--text", default="", metavar="WORDS", help="in anything of the case")
    listing.add_argument("--most", type=positive, default=100, metavar="N")


def _supervising(actions: Commands) -> None:
    seeing = action(
        actions, "oversight", "list unfiled, discarded and repeated scans, lasers used for none",
        oversight,
    )  # fmt: skip
    seeing.add_argument("--from", dest="first", type=day, metavar="YYYY-MM-DD")
    naming = action(actions, "station", "say who the station is, for numbers and reports", station)
    naming.add_argument("name", metavar="NAME")
    for name in ("organisation", "address", "contact"):
        naming.add_argument(f"--{name}", metavar="TEXT", help="default: as it was")
    naming.add_argument("--code", metavar="CODE", help="case numbers begin with it")
    keeping = action(actions, "retention", "list what has to be removed by now", retention)
    keeping.set_defaults(apply=False)
    removing = action(
        actions, "retention-apply", "remove it: an act of two, and it cannot be undone", retention
    )
    second_options(removing)
    removing.set_defaults(apply=True)
    action(actions, "retention-finish", "finish a removal that was interrupted", finish_retention)
    setting = action(actions, "periods", "show or set due times or periods of retention", periods)
    setting.add_argument("policy", choices=("due_times", "retention"))
    setting.add_argument("--set", dest="file", type=Path, metavar="FILE.json", help="needs --why")
    setting.add_argument("--why", default="", metavar="TEXT")
    setting.add_argument("--second", metavar="NAME", help="log-in name of the second person")
    setting.add_argument("--second-password-file", type=Path, metavar="FILE")


def open_(options: argparse.Namespace) -> int:
    """Open a case."""
    from spectra_app.services.cases.opening import About, open_new_case

    about = About(
        reference=options.reference,
        event_at=options.event_at,
        mode=options.mode,
        origin=options.origin,
        destination=options.destination,
        persons=tuple(options.persons or ()),
        circumstances=options.circumstances,
        emulated=options.exercise,
    )
    with signed_in(options) as (office, session):
        made = open_new_case(office, session, options.title, about)
    return told(options, made, f"Case {made.id} is open")


def list_(options: argparse.Namespace) -> int:
    """List cases."""
    from spectra_app.services.cases.listing import CaseFilter, list_cases

    wanted = CaseFilter(
        state=options.state,
        officer=options.officer,
        first=options.first.isoformat() if options.first else "",
        last=options.last.isoformat() if options.last else "",
        outcome=options.outcome,
        alarm=options.alarm,
        name=options.name,
        identifier=options.number,
        text=options.text,
        most=options.most,
    )
    with signed_in(options) as (office, session):
        found = list_cases(office, session, wanted)
    if options.json:
        print_json(plain(found))
        return EXIT_OK
    for row in found.rows:
        print(_row(row))
    if not found.rows:
        print("No case fits.")
    if found.more:
        print(f"... and more: these are the newest {options.most} (--most)")
    if found.cut:
        print("The words stand in very many records: only the newest were looked at.")
    return EXIT_OK


def show(options: argparse.Namespace) -> int:
    """Show a case."""
    from spectra_app.services.cases.history import logins
    from spectra_app.services.cases.listing import show_case

    with signed_in(options) as (office, session):
        found = show_case(office, session, options.case)
        names = logins(office, session)
        alerts = [] if options.json else _alert_lines(office, session, options.case)
    return told(options, found, "\n".join((*_case_lines(found, names), *alerts)))


def _alert_lines(office: Office, session: Session, case: str) -> list[str]:
    """Return alerts and advice; that they cannot be had hides no case."""
    from matching.errors import SpectraError
    from spectra_app.services.case_alerts import case_guidance

    try:
        return case_guidance(office, session, case).lines()
    except SpectraError as error:
        return [f"ALERTS CANNOT BE SHOWN: {error}"]


def close(options: argparse.Namespace) -> int:
    """Close a case."""
    from spectra_app.services.cases.opening import close_case

    with signed_in(options) as (office, session):
        made = close_case(office, session, options.case, options.closing)
    return told(options, made, f"Case {made.id} is closed")


def reopen(options: argparse.Namespace) -> int:
    """Open a closed case again."""
    from spectra_app.services.cases.opening import reopen_case

    with signed_in(options) as (office, session):
        made = reopen_case(office, session, options.case, options.why)
    return told(options, made, f"Case {made.id} is open again")


def overdue(options: argparse.Namespace) -> int:
    """List what is late."""
    from spectra_app.services.cases.due import list_overdue

    with signed_in(options) as (office, session):
        found = list_overdue(office, session)
    lines = [
        f"{one.hours_late:6} h late  {one.kind} {one.id}  {one.rule}: {one.words}"
        f" (due {one.due}, {one.user}){', done late' if one.done else ''}"
        for one in found
    ]
    return told(options, found, "\n".join(lines) or "Nothing is overdue.")


def oversight(options: argparse.Namespace) -> int:
    """Show the supervisor's list."""
    from spectra_app.services.cases.oversight import oversee

    since = options.first.isoformat() if options.first else ""
    with signed_in(options) as (office, session):
        found = oversee(office, session, since)
    if options.json:
        print_json(plain(found))
        return EXIT_OK
    for title, scans in (
        ("Unfiled", found.unfiled),
        ("Discarded", found.discarded),
        ("Made while nobody was logged in", found.unattended),
    ):
        print(f"{title}: {len(scans)}")
        for scan in scans:
            print(f"  {scan_line(scan)}" + (f"  ({scan.reason})" if scan.reason else ""))
    print(f"Scanned again with another verdict: {len(found.repeated)}")
    for again in found.repeated:
        print(f"  item {again.item}: {' / '.join(again.verdicts)}")
    print(f"Lasers used for no scan: {len(found.without_scan)}")
    for fired in found.without_scan:
        print(f"  {fired.at}  {fired.analyser or 'analyser not known'}  {fired.purpose}, "
              f"{fired.count} exposures, {fired.by}")  # fmt: skip
    counted = "not available, no analyser used here has one" if found.gaps is None else None
    print(f"An analyser's own counter differs: {counted or len(found.gaps or ())}")
    for gap in found.gaps or ():
        print(f"  {gap.analyser}  it counted {gap.counted} exposures, {gap.recorded} are recorded")
    print(f"Emergency access that nobody acknowledged: {len(found.emergencies)}")
    print(f"Removals of evidence that were interrupted: {len(found.removals)}")
    return EXIT_OK


def station(options: argparse.Namespace) -> int:
    """Say who the station is."""
    from spectra_app.services.cases.opening import set_station

    with signed_in(options) as (office, session):
        made = set_station(
            office,
            session,
            options.name,
            organisation=options.organisation,
            address=options.address,
            contact=options.contact,
            code=options.code,
        )
    said = (made.name, made.organisation, made.address, made.contact, f"code {made.code or 'C'}")
    return told(options, made, f"The station is {', '.join(text for text in said if text)}")


def retention(options: argparse.Namespace) -> int:
    """List or remove what has expired."""
    from spectra_app.services.cases.retention import apply_retention, list_expired

    with signed_in(options) as (office, session):
        if options.apply:
            with second_signed_in(office, options) as second:
                found = apply_retention(office, session, second)
        else:
            found = list_expired(office, session)
    title = "removed" if options.apply else "to be removed"
    lines = [f"{one.kind} {one.id}  {one.code} since {one.since}" for one in found]
    count = sum(one.records for one in found)
    return told(options, found, "\n".join([*lines, f"{count} records {title}"]))


def finish_retention(options: argparse.Namespace) -> int:
    """Finish what an interrupted removal has left."""
    from spectra_app.services.cases.retention import finish_retention as finish

    with signed_in(options) as (office, session):
        left = finish(office, session)
    words = (
        "some of it came in again within a day: finish it later" if left else "nothing is left open"
    )
    return told(options, left, words)


def periods(options: argparse.Namespace) -> int:
    """Show or set due times or periods of retention."""
    from spectra_app.errors import AppError
    from spectra_app.services.cases.policy import change_periods, show_periods

    with signed_in(options) as (office, session):
        if options.file is None:
            found = show_periods(office, session, options.policy)
        else:
            if not options.second:
                raise AppError("a policy is set by two persons", "", "name the other with --second")
            content = options.file.read_text(encoding="utf-8")
            with second_signed_in(office, options) as second:
                found = change_periods(
                    office, session, second, options.policy, content, reason=options.why
                )
    unit = "hours" if options.policy == "due_times" else "days"
    lines = [
        f"{one.code:15} {one.figure:6} {unit}  {one.words} ({one.source})"
        for one in found.rules.values()
    ]
    return told(options, found, "\n".join([*lines, f"Version {found.version}, {found.sha256}"]))


def scan_line(scan: Scan) -> str:
    """Return a scan on one line."""
    said = ", ".join(scan.names or scan.families) or "no name"
    mark = "  EMULATED" if scan.emulated else ""
    return f"{scan.id}  {scan.scanned_at}  {scan.outcome}: {said} [{_word(scan.alarm)}]{mark}"


def _word(alarm: str) -> str:
    from spectra_app.wording import ALARMS

    return ALARMS[alarm].word if alarm in ALARMS else alarm


def _row(row: CaseRow) -> str:
    names = ", ".join(row.names[:3]) + (" ..." if len(row.names) > 3 else "")
    mark = "  EMULATED" if row.case.emulated else ""
    alarm = _word(row.alarm) if row.scans else ""
    return (
        f"{row.case.id:22} {row.case.state:6} {row.case.opened_at[:16]} {row.case.officer:4} "
        f"{row.items:2} items {row.scans:3} scans  {alarm:20} {row.case.title}"
        f"{f'  ({names})' if names else ''}{mark}"
    )


def _case_lines(found: CaseFile, names: Mapping[str, str]) -> list[str]:
    case, officer = found.case, names.get(found.case.officer, found.case.officer)
    lines = [f"Case {case.id}: {case.title} ({case.state}, opened {case.opened_at} by {officer})"]
    lines += [f"  {EXERCISE}"] if case.emulated else []
    for label, text in (
        ("reference", case.reference), ("happened", case.event_at), ("mode", case.mode),
        ("from", case.origin), ("to", case.destination), ("persons", ", ".join(case.persons)),
        ("circumstances", case.circumstances), ("closed", case.closed_at), ("as", case.closing),
    ):  # fmt: skip
        lines += [f"  {label}: {text}"] if text else []
    for item in found.items:
        lines += _item_lines(item, names)
    lines += [f"  photo {one.name}: {one.caption} ({one.evidence[:16]})" for one in found.photos]
    lines += [
        f"  note {one.written_at} {names.get(one.written_by, one.written_by)}: {one.text}"
        for one in found.notes
    ]
    lines += [
        f"  amended {one.made_at}: {one.of_kind} {one.of_id} {one.field}: {one.original!r} should "
        f"say {one.amended!r} ({one.reason})"
        for one in found.amendments
    ]
    return lines + report_lines(found.reports, names)


def _item_lines(found: ItemFile, names: Mapping[str, str]) -> list[str]:
    item = found.item
    counted = f", {item.sampled} of {item.packages} packages" if item.packages else ""
    weighed = (
        f", {item.weight} {item.weight_unit} {item.weight_how}".rstrip() if item.weight else ""
    )
    marked = f" [{', '.join(item.identifiers)}]" if item.identifiers else ""
    stands = found.stands.upper() if found.stands == "presumptive" else found.stands
    lines = [f"  Item {item.id}: {item.description}{counted}{weighed}{marked}: {stands}"]
    for label, text in (
        ("condition", item.condition), ("sampling", item.sampling), ("form", item.form),
        ("concealment", item.concealment),
    ):  # fmt: skip
        lines += [f"    {label}: {text}"] if text else []
    lines += [f"    scan {scan_line(scan)}" for scan in found.scans]
    lines += [
        f"    with {names.get(one.receiver, one.receiver)} since {one.handed_at}"
        f" (from {names.get(one.giver, one.giver)}"
        f"{f', seal {one.seal_after}' if one.seal_after else ''})"
        for one in found.custody
    ]
    for other in found.techniques:
        what = f", found {', '.join(other.found)}" if other.found else ""
        how = f"category {other.category}, {other.sampling} sampling"
        lines.append(f"    {other.technique} ({how}): {other.agreement}{what}")
    for one in found.confirmations:
        line = f"    {one.laboratory}: {one.state} {', '.join(one.found)}".rstrip()
        settled = one.state != "confirmed" or found.stands == "confirmed"
        lines.append(line if settled else f"{line} ({OPEN_STILL})")
    return lines
