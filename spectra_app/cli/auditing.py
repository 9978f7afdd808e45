"""``spectra audit verify|show|head|backup|restore``: the chain checked, shown, kept elsewhere."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.arguments import new, positive
from spectra_app.cli.terminal import print_json, progress_bar
from spectra_app.cli.who import secret_words, signed_in, who_options
from spectra_app.errors import EXIT_INTEGRITY, EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.records.ledger.chain import Entry
    from spectra_app.services.audit import Checked

_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
_TIME = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:.]+Z?)?)?)?")
OWN_KEY = "the key is the folder's own: compare it with the one on printed reports, or give --key"
TOLD = 20  # findings printed; the rest is counted


def add(commands: Commands) -> None:
    """Add the command ``audit`` with its actions."""
    group = new(commands, "audit", "check and show who did what and when")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    _verify(actions)
    showing = new(actions, "show", "show entries of the audit chain")
    who_options(showing)
    showing.add_argument("--by", default="", metavar="USER", help="only what this user did")
    showing.add_argument("--act", default="", metavar="TEXT", help="only acts with this in them")
    for name, dest in (("--from", "since"), ("--to", "until")):
        showing.add_argument(
            name, dest=dest, type=moment, default="", metavar="TIME", help="2026-11, 2026-11-22..."
        )
    showing.add_argument(
        "--record", type=record, default=("", ""), metavar="KIND[:ID]", help="only of this record"
    )
    showing.add_argument("--most", type=positive, default=-1, metavar="N", help="the first N only")
    showing.add_argument("--json", action="store_true", help="print one JSON object per entry")
    showing.set_defaults(run=show)
    heading = new(actions, "head", "print number and hash of the last entry, as reports do")
    heading.add_argument("--folder", type=Path, metavar="FOLDER", help="default: this station's")
    heading.add_argument("--json", action="store_true", help="print one JSON object")
    heading.set_defaults(run=head)
    mending = new(actions, "reindex", "make the index of lists and searches anew from the records")
    who_options(mending)
    mending.set_defaults(run=reindex)
    _backups(actions)


def _backups(actions: Commands) -> None:
    making = new(actions, "backup", "copy ledger and evidence to another disk, and verify the copy")
    making.add_argument("target", type=Path, metavar="TARGET", help="empty, or the last backup")
    who_options(making)
    making.add_argument(
        "--with-key",
        action="store_true",
        help="copy the station's private key, too: keep such a backup like the station itself",
    )
    making.set_defaults(run=backup)
    restoring = new(actions, "restore", "make a station of a backup, in an empty folder only")
    restoring.add_argument("source", type=Path, metavar="BACKUP")
    restoring.add_argument(
        "--folder", type=Path, metavar="FOLDER", help="data folder; default: this program's"
    )
    restoring.add_argument(
        "--key", type=Path, metavar="STATION.key", help="when the backup does not hold it"
    )
    who_options(restoring)
    restoring.set_defaults(run=restore)


def _verify(actions: Commands) -> None:
    checking = new(actions, "verify", "check every entry, every record and the head of the chain")
    checking.add_argument("--folder", type=Path, metavar="FOLDER", help="default: this station's")
    checking.add_argument(
        "--head",
        type=printed_head,
        action="append",
        default=[],
        metavar="NUMBER:SHA256",
        help="from a printed report; may be given more than once",
    )
    checking.add_argument(
        "--key", type=Path, metavar="STATION.pub", help="default: the one in the folder"
    )
    what = checking.add_mutually_exclusive_group()
    what.add_argument(
        "--evidence", type=Path, metavar="FOLDER",
        help="where its evidence is; default: the folder 'evidence' beside it",
    )  # fmt: skip
    what.add_argument(
        "--ledger-only", action="store_true", help="do not look at evidence, which takes longer"
    )
    checking.add_argument(
        "--calibrations", type=Path, metavar="FOLDER", help="default: this station's own"
    )
    checking.add_argument("--json", action="store_true", help="print one JSON object")
    checking.set_defaults(run=verify)


def printed_head(text: str) -> tuple[int, str]:
    """Read a head as reports print it."""
    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError("give a number, a colon and 64 hexadecimal digits")
    return int(found[1]), found[2]


def moment(text: str) -> str:
    """Read a time, or the beginning of one."""
    if text and not _TIME.fullmatch(text):
        raise argparse.ArgumentTypeError("give a time in UTC, or its beginning: 2026-11-22T08:30")
    return text


def record(text: str) -> tuple[str, str]:
    """Read a kind of record, with or without its identifier."""
    kind, _, id_ = text.partition(":")
    return kind, id_


def verify(options: argparse.Namespace) -> int:
    """Verify a ledger; exit code 4 when it does not hold."""
    from spectra_app.services import audit

    folder = options.folder or audit.station_folder()
    evidence = None if options.ledger_only else options.evidence or audit.evidence_beside(folder)
    checked = audit.verify_folder(
        folder, options.head,
        key=options.key, evidence=evidence, calibrations=options.calibrations,
    )  # fmt: skip
    if options.json:
        print_json(audit.to_json(checked))
    else:
        _print(checked, len(options.head))
        if options.key is None:
            print(OWN_KEY)
    return EXIT_OK if checked.holds else EXIT_INTEGRITY


def _print(checked: Checked, printed: int) -> None:
    result = checked.result
    unseen = checked.evidence is None
    looked = "NOT LOOKED AT" if unseen else f"{checked.evidence} pieces"
    print(f"ledger in {checked.folder}, station key {checked.key}")
    print(f"  {result.entries} entries, the last is {result.end}; {result.records} revisions")
    print(f"  printed heads: {printed}; evidence: {looked}")
    if checked.unfinished:
        print("  RETENTION WAS INTERRUPTED: evidence that had to go may be here still; finish it "
              "with 'spectra case retention-finish'")  # fmt: skip
    if back := result.clock_back:
        places = ", ".join(map(str, back[:TOLD])) + (" ..." if len(back) > TOLD else "")
        print(f"  THE CLOCK WAS SET BACK before entry {places}: look at the times around it")
    for one in result.findings[:TOLD]:
        print(f"  BROKEN at {one.where}: {one.text} ({one.code})")
    if len(result.findings) > TOLD:
        print(f"  ... and {len(result.findings) - TOLD} more; --json lists them")
    if checked.holds:
        print("the ledger holds: nothing was changed, removed, added or moved")
        if unseen:
            print("whether the evidence is there was not asked")
    else:
        print(f"THE LEDGER DOES NOT HOLD, first at {result.findings[0].where}: "
              "keep the folder as it is and tell the supervisor")  # fmt: skip


def show(options: argparse.Namespace) -> int:
    """Show entries."""
    from spectra_app.services import audit_entries

    kind, id_ = options.record
    asked = audit_entries.Asked(
        user=options.by, act=options.act, since=options.since, until=options.until,
        kind=kind, id=id_, most=options.most,
    )  # fmt: skip
    with signed_in(options) as (office, session):
        for entry in audit_entries.show(office, session, asked):
            if options.json:
                print_json(audit_entries.entry_json(entry))
            else:
                print(_line(entry))
    return EXIT_OK


def _line(entry: Entry) -> str:
    of = f"  {entry.kind} {entry.id}" if entry.kind else ""
    which = f", revision {entry.revision}" if entry.revision else ""
    said = "; ".join(f"{name}: {value}" for name, value in sorted(entry.details.items()))
    why = f"  ({said})" if said else ""
    return f"{entry.number:6}  {entry.time}  {entry.user:8}  {entry.act}{of}{which}{why}"


def head(options: argparse.Namespace) -> int:
    """Print the head."""
    from spectra_app.services import audit

    found = audit.head_of(options.folder or audit.station_folder())
    if options.json:
        print_json(found.to_json())
    else:
        print(found)
    return EXIT_OK


def reindex(options: argparse.Namespace) -> int:
    """Make the index anew."""
    from spectra_app.services import audit

    with signed_in(options) as (office, session):
        altered = audit.rebuild_index(office, session)
    for name in altered[:TOLD]:
        print(f"made anew: {name}")
    print(f"{len(altered)} records were not found as they are, and are now")
    return EXIT_OK


def backup(options: argparse.Namespace) -> int:
    """Make a backup; exit code 4 when it holds something that is broken."""
    from spectra_app.services.backups import make_backup

    with signed_in(options) as (office, session):
        made = make_backup(
            office, session, options.target,
            with_key=options.with_key, progress=progress_bar("backup"),
        )  # fmt: skip
    print(f"backup in {made.folder}: up to {made.head}, {made.evidence} pieces of evidence, "
          f"{made.copied} of them new")  # fmt: skip
    for one in made.findings[:TOLD]:
        print(f"  BROKEN at {one.where}: {one.text} ({one.code})")
    return EXIT_INTEGRITY if made.findings else EXIT_OK


def restore(options: argparse.Namespace) -> int:
    """Make a station of a backup."""
    from spectra_app.services import backups, users
    from spectra_app.settings import data_folder

    words = secret_words(options, options.password_file, f"Password of {options.user}")
    folder = options.folder or data_folder()
    number = backups.restore(
        options.source, folder, lambda office: users.log_in(office, options.user, words),
        key=options.key,
    )  # fmt: skip
    print(f"restored to {folder}; entry {number} of its chain says from which backup")
    return EXIT_OK
