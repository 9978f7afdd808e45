"""``spectra case``: what is done to items and scans."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra_app.cli.arguments import column_choice, laser_line
from spectra_app.cli.case_changes import item_options
from spectra_app.cli.cases import scan_line
from spectra_app.cli.casework import action, plain, told
from spectra_app.cli.terminal import print_json
from spectra_app.cli.who import signed_in
from spectra_app.errors import EXIT_OK, EXIT_REFUSED, AppError

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.records.kinds import Item, Scan
    from spectra_app.services.office import Office, Session

KEEP_LIBRARY = (
    "The station keeps no copy of {file}: unless it is installed here, keep that file, or nobody "
    "can compute this result again or look at its references ('case replay', 'case export')."
)


def add(actions: Commands) -> None:
    """Add the actions about items and scans."""
    _item(actions)
    _scans(actions)
    handing = action(actions, "hand-over", "record that an item went to somebody else", hand_over)
    handing.add_argument("item", metavar="ITEM")
    handing.add_argument("--to", required=True, metavar="NAME", help="log-in name, or outside:NAME")
    handing.add_argument("--from", dest="giver", default="", metavar="NAME", help="who has it")
    handing.add_argument("--at", default="", metavar="TIME", help="default: now")
    handing.add_argument("--purpose", default="", metavar="TEXT")
    handing.add_argument("--place", default="", metavar="TEXT")
    handing.add_argument("--seal-before", default="", metavar="NUMBER")
    handing.add_argument("--seal-after", default="", metavar="NUMBER")
    handing.add_argument("--seal-broken", action="store_true", help="it was not whole")
    noting = action(actions, "note", "add a note", note)
    noting.add_argument("about", metavar="CASE|ITEM|SCAN")
    noting.add_argument("text", metavar="TEXT")
    picture = action(actions, "photo", "add a photo", photo)
    picture.add_argument("about", metavar="CASE|ITEM")
    picture.add_argument("file", type=Path, metavar="FILE")
    picture.add_argument("--caption", default="", metavar="TEXT")
    _findings(actions)


def _item(actions: Commands) -> None:
    adding = action(actions, "add-item", "add an item to a case", add_item)
    adding.add_argument("case", metavar="CASE")
    adding.add_argument("description", metavar="DESCRIPTION")
    adding.add_argument("--received-from", default="", metavar="TEXT", help="from whom")
    adding.add_argument("--received-at", default="", metavar="TIME", help="when; default: now")
    adding.add_argument("--seal", default="", metavar="NUMBER", help="of the seal it is under")
    item_options(adding)


def _scans(actions: Commands) -> None:
    adding = action(actions, "add-scan", "identify a file and take its scans in", add_scan)
    adding.add_argument("file", type=Path, metavar="FILE")
    adding.add_argument("--item", default="", metavar="ITEM", help="file them there at once")
    adding.add_argument("--library", type=Path, metavar="LIB.h5", help="default: the installed one")
    column_choice(adding)
    adding.add_argument("--spectrum", metavar="NAME", help="which spectrum of a file: NAME, NAME#k")
    adding.add_argument("--laser-nm", type=laser_line, metavar="NM", help="if the file lacks it")
    listing = action(actions, "scans", "list scans", scans)
    listing.add_argument("--state", default="", choices=("unfiled", "filed", "discarded"))
    listing.add_argument("--item", default="", metavar="ITEM")
    filing = action(actions, "file", "file a scan under an item", file_)
    filing.add_argument("scan", metavar="SCAN")
    filing.add_argument("item", metavar="ITEM")
    filing.add_argument("--why", default="", metavar="TEXT", help="when it was filed elsewhere")
    discarding = action(actions, "discard", "say that an unfiled scan belongs to nothing", discard)
    discarding.add_argument("scan", metavar="SCAN")
    discarding.add_argument("--why", required=True, metavar="TEXT")


def _findings(actions: Commands) -> None:
    second = action(actions, "second", "record a second technique", technique)
    second.add_argument("item", metavar="ITEM")
    second.add_argument("technique", metavar="TECHNIQUE", help="FTIR, GC-MS, colour test ...")
    second.add_argument("--category", required=True, choices=("A", "B", "C"), help="SWGDRUG")
    second.add_argument("--sampling", required=True, choices=("separate", "same"))
    second.add_argument(
        "--agreement", required=True, choices=("agrees", "disagrees", "inconclusive")
    )
    second.add_argument("--found", action="append", default=[], metavar="NAME")
    second.add_argument("--scan", default="", metavar="SCAN", help="what it was compared with")
    second.add_argument("--instrument", default="", metavar="TEXT")
    second.add_argument("--done-at", default="", metavar="TIME", help="default: now")
    second.add_argument("--remarks", default="", metavar="TEXT")
    answering = action(
        actions, "confirm", "send an item to the laboratory, or record its answer", confirm
    )
    answering.add_argument("item", metavar="ITEM")
    what = answering.add_mutually_exclusive_group(required=True)
    what.add_argument("--send", metavar="LABORATORY", help="hand it over to the laboratory")
    what.add_argument("--confirmed", action="store_true", help="they confirm; name it with --found")
    what.add_argument(
        "--refuted", action="store_true", help="they found something else, or nothing"
    )
    answering.add_argument("--found", action="append", default=[], metavar="NAME")
    answering.add_argument("--quantity", action="append", default=[], metavar="TEXT")
    answering.add_argument("--reference", default="", metavar="NUMBER", help="theirs")
    answering.add_argument("--method", default="", metavar="TEXT")
    answering.add_argument("--answered-at", default="", metavar="TIME", help="default: now")
    answering.add_argument("--remarks", default="", metavar="TEXT")


def add_item(options: argparse.Namespace) -> int:
    """Add an item."""
    from spectra_app.services.cases import items

    about = items.Description(
        options.description,
        condition=options.condition,
        identifiers=tuple(options.identifiers or ()),
        received_at=options.received_at,
        received_from=options.received_from,
        packages=options.packages,
        sampled=options.sampled,
        sampling=options.sampling,
        weight=options.weight,
        weight_unit=options.weight_unit,
        weight_how=options.weight_how,
        form=options.form,
        concealment=options.concealment,
        seal=options.seal,
    )
    with signed_in(options) as (office, session):
        made = items.add_item(office, session, options.case, about)
        also = _also_numbered(office, session, made)
    numbers = f", {', '.join(made.identifiers)}" if made.identifiers else ""
    lines = [f"Item {made.id}: {made.description}{numbers}", *also]
    return told(options, made, "\n".join(lines))


def _also_numbered(office: Office, session: Session, item: Item) -> list[str]:
    """Say which other cases hold the same number: one parcel must not be counted as two unseen."""
    from spectra_app.services.cases.listing import CaseFilter, list_cases

    lines = []
    for number in item.identifiers:
        rows = list_cases(office, session, CaseFilter(identifier=number)).rows
        others = [f"{row.case.id} ({row.case.state})" for row in rows if row.case.id != item.case]
        if others:
            lines.append(f"  {number} is also in {', '.join(others)}: look whether it is the same")
    return lines


def add_scan(options: argparse.Namespace) -> int:
    """Identify a file and take its scans in."""
    from spectra_app.cli.verdict import verdict_text
    from spectra_app.services.cases.scans import check_place, scan_file
    from spectra_app.services.identify import Choice
    from spectra_app.services.session import open_identifier

    choice = Choice(
        column=options.column, spectrum=options.spectrum, laser_nm=options.laser_nm,
    )  # fmt: skip
    with signed_in(options) as (office, session):
        if options.item:
            check_place(office, session, options.item)
        identifier = open_identifier(options.library, evidence=office.evidence.folder)
        taken = scan_file(office, session, options.file, identifier, choice)
        if not taken:
            raise AppError(
                "the file cannot be read, so there is no scan", str(options.file), "check the path"
            )
        made = [scan for scan, _ in taken]
        if options.item:
            made = [_filed(office, session, scan.id, options.item) for scan in made]
    if options.json:
        print_json(plain(made))
    for scan, found in zip(made, (one for _, one in taken), strict=True):
        if not options.json:
            print(f"Scan {scan.id}, {scan.state} {scan.item}".rstrip())
            print(verdict_text(found.record))
    if options.library is not None and not options.json:
        print(KEEP_LIBRARY.format(file=options.library))
    return EXIT_REFUSED if any(scan.outcome == "refused" for scan in made) else EXIT_OK


def _filed(office: Office, session: Session, scan: str, item: str) -> Scan:
    """File a scan that was just taken in; when that fails, say where it is."""
    from matching.errors import SpectraError
    from spectra_app.services.cases.scans import file_scan

    try:
        return file_scan(office, session, scan, item)
    except SpectraError as error:
        error.remedy += f"; scan {scan} was taken in: 'spectra case file {scan} ITEM' files it"
        raise


def scans(options: argparse.Namespace) -> int:
    """List scans."""
    from spectra_app.services.cases.scans import list_scans

    with signed_in(options) as (office, session):
        found = list_scans(office, session, state=options.state, item=options.item)
    lines = [f"{scan_line(scan)}  {scan.state} {scan.item}".rstrip() for scan in found]
    return told(options, found, "\n".join(lines) or "There are none.")


def file_(options: argparse.Namespace) -> int:
    """File a scan."""
    from spectra_app.services.cases.scans import file_scan

    with signed_in(options) as (office, session):
        made = file_scan(office, session, options.scan, options.item, options.why)
    return told(options, made, f"Scan {made.id} is filed under {made.item}")


def discard(options: argparse.Namespace) -> int:
    """Discard a scan."""
    from spectra_app.services.cases.scans import discard_scan

    with signed_in(options) as (office, session):
        made = discard_scan(office, session, options.scan, options.why)
    return told(options, made, f"Scan {made.id} is discarded; the supervisor sees it")


def hand_over(options: argparse.Namespace) -> int:
    """Hand an item over."""
    from spectra_app.services.cases import items
    from spectra_app.services.cases.history import logins

    handing = items.Handing(
        options.to,
        giver=options.giver,
        handed_at=options.at,
        purpose=options.purpose,
        place=options.place,
        seal_before=options.seal_before,
        seal_after=options.seal_after,
        seal_intact=not options.seal_broken,
    )
    with signed_in(options) as (office, session):
        made = items.hand_over(office, session, options.item, handing)
        who = logins(office, session).get(made.receiver, made.receiver)
    return told(options, made, f"Item {made.item} is with {who} since {made.handed_at}")


def note(options: argparse.Namespace) -> int:
    """Add a note."""
    from spectra_app.services.cases.papers import add_note

    with signed_in(options) as (office, session):
        about = _about(office, session, options.about)
        made = add_note(office, session, options.text, **about)
    return told(options, made, f"Note {made.id} added")


def photo(options: argparse.Namespace) -> int:
    """Add a photo."""
    from spectra_app.services.cases.papers import add_photo

    with signed_in(options) as (office, session):
        about = _about(office, session, options.about)
        if "scan" in about:
            raise AppError(
                "a photo belongs to a case or an item", options.about, "name the scan's item"
            )
        data = options.file.read_bytes()
        name = options.file.name
        made = add_photo(office, session, data, name, caption=options.caption, **about)
    return told(options, made, f"Photo {made.id} added: {made.evidence}")


def technique(options: argparse.Namespace) -> int:
    """Record a second technique."""
    from spectra_app.services.cases import findings

    about = findings.Technique(
        options.technique,
        options.category,
        options.sampling,
        options.agreement,
        tuple(options.found),
        scan=options.scan,
        instrument=options.instrument,
        remarks=options.remarks,
        done_at=options.done_at,
    )
    with signed_in(options) as (office, session):
        made = findings.record_second_technique(office, session, options.item, about)
        stands = findings.standing_of_item(office, session, options.item)
    return told(options, made, f"{made.technique} recorded; item {made.item}: {stands}")


def confirm(options: argparse.Namespace) -> int:
    """Send an item to the laboratory, or record its answer."""
    from spectra_app.services.cases import findings

    with signed_in(options) as (office, session):
        if options.send:
            made = findings.send_to_laboratory(office, session, options.item, options.send)
        else:
            answer = findings.LaboratoryAnswer(
                "confirmed" if options.confirmed else "refuted",
                tuple(options.found),
                quantities=tuple(options.quantity),
                reference=options.reference,
                method=options.method,
                remarks=options.remarks,
                answered_at=options.answered_at,
            )
            made = findings.record_answer(office, session, options.item, answer)
    return told(options, made, f"Item {made.item}: {made.state} {', '.join(made.found)}".rstrip())


def _about(office: Office, session: Session, text: str) -> dict[str, Any]:
    """Return what somebody means by a case number, an item's or a scan's."""
    from spectra_app.services.cases.listing import what_is

    return {what_is(office, session, text): text}
