"""``spectra case export|ask|questions|import|imports|answer|stations``: cases leave and come in."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.cli.asking import asker, confirm, passphrase_options
from spectra_app.cli.casework import action, told
from spectra_app.cli.who import signed_in

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.records.bundles.kinds import Imported
    from spectra_app.services.bundles.exporting import Exported
    from spectra_app.services.bundles.importing import Seen
    from spectra_app.services.bundles.making import Signer

STATES = ("confirmed", "refuted", "other")


def add(actions: Commands) -> None:
    """Add the actions."""
    leaving = action(actions, "export", "export a whole case as a sealed bundle", export)
    leaving.add_argument("case", metavar="CASE")
    leaving.add_argument(
        "--without-libraries", action="store_true",
        help="name the libraries of its results, and do not hand them on",
    )  # fmt: skip
    _target(leaving)
    asking = action(actions, "ask", "export an item as a question to a laboratory", ask)
    asking.add_argument("item", metavar="ITEM", help="or a question, to write its file once more")
    asking.add_argument("--laboratory", default="", metavar="NAME")
    asking.add_argument("--question", default="", metavar="TEXT")
    asking.add_argument(
        "--of-key", default="", metavar="KEY", help="id of the key that must answer"
    )
    _target(asking)
    listing = action(actions, "questions", "list what laboratories were asked", questions)
    listing.add_argument("--state", default="", choices=("asked", "answered"))
    taking = action(actions, "import", "check a bundle of another station and take it in", import_)
    taking.add_argument("bundle", type=Path, metavar="FILE")
    taking.add_argument(
        "--trust", default="", metavar="KEY", help="agree to the key of its station: the whole id"
    )
    taking.add_argument("--check", action="store_true", help="only check it; take nothing in")
    showing = action(actions, "imports", "list what was taken in, or show one", imports)
    showing.add_argument("imported", nargs="?", default="", metavar="B-...")
    _answering(actions)
    knowing = action(actions, "stations", "list stations whose keys were agreed to", stations)
    knowing.add_argument(
        "--revoke", default="", metavar="KEY", help="believe it no more: needs --why"
    )
    knowing.add_argument("--why", default="", metavar="TEXT")


def _answering(actions: Commands) -> None:
    answering = action(actions, "answer", "answer a question that was taken in", answer)
    answering.add_argument("imported", metavar="B-...", help="the question")
    answering.add_argument("--state", required=True, choices=STATES)
    answering.add_argument(
        "--found", action="append", default=[], metavar="NAME", help="repeatable"
    )
    answering.add_argument(
        "--quantity", action="append", default=[], metavar="TEXT", help="one for each --found"
    )
    answering.add_argument(
        "--technique", action="append", required=True, metavar="NAME", help="repeatable"
    )
    answering.add_argument("--examiner", required=True, metavar="NAME", help="who examined it")
    answering.add_argument("--reference", default="", metavar="NUMBER", help="your own number")
    answering.add_argument("--remarks", default="", metavar="TEXT")
    answering.add_argument(
        "--attach", type=Path, action="append", default=[], metavar="FILE", help="a report"
    )
    _target(answering)


def _target(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file to make")
    command.add_argument(
        "--key", type=Path, action="append", default=[], metavar="KEY.pem",
        help="a person's key that signs besides the station's; repeatable",
    )  # fmt: skip
    passphrase_options(command)


def export(options: argparse.Namespace) -> int:
    """Export a case."""
    from spectra_app.services.bundles.exporting import export_case

    signers = _signers(options)
    with signed_in(options) as (office, session):
        done = export_case(
            office, session, options.case, options.out, signers,
            libraries=not options.without_libraries,
        )  # fmt: skip
    return _written(options, done)


def ask(options: argparse.Namespace) -> int:
    """Ask a laboratory, or write the file of a question again."""
    from spectra_app.services.bundles.exporting import ask_laboratory, write_question_again

    signers = _signers(options)
    with signed_in(options) as (office, session):
        if options.item.startswith("Q-"):
            done = write_question_again(office, session, options.item, options.out)
        else:
            done = ask_laboratory(
                office,
                session,
                options.item,
                options.out,
                laboratory=options.laboratory,
                text=options.question,
                key=options.of_key,
                signers=signers,
            )
    return _written(options, done)


def answer(options: argparse.Namespace) -> int:
    """Answer a question."""
    from spectra_app.services.bundles.answers import Finding, answer_question

    finding = Finding(
        options.state,
        tuple(options.technique),
        options.examiner,
        found=tuple(options.found),
        quantities=tuple(options.quantity),
        reference=options.reference,
        remarks=options.remarks,
    )
    signers = _signers(options)
    with signed_in(options) as (office, session):
        done = answer_question(
            office,
            session,
            options.imported,
            finding,
            options.out,
            attached=options.attach,
            signers=signers,
        )
    return _written(options, done)


def _signers(options: argparse.Namespace) -> list[Signer]:
    from spectra_app.services.bundles.making import open_signer

    ask_for = asker(options)
    return [open_signer(path, ask_for) for path in options.key]


def _written(options: argparse.Namespace, done: Exported) -> int:
    lines = [f"{done.path}: {done.records} records, manifest {done.manifest}"]
    lines += [f"Question {done.question}"] if done.question else []
    if done.left_out:
        lines.append(
            f"{done.left_out} records were LEFT OUT, because you may not see them; the bundle "
            "says so"
        )
    lines += [f"{one.scan} is there as its original only: {one.why}" for one in done.unwritten]
    return told(options, {**_plain(done), "path": str(done.path)}, "\n".join(lines))


def _plain(done: Exported) -> dict[str, object]:
    return {
        "manifest": done.manifest, "records": done.records, "left_out": done.left_out,
        "unwritten": [{"scan": one.scan, "why": one.why} for one in done.unwritten],
        "question": done.question,
    }  # fmt: skip


def import_(options: argparse.Namespace) -> int:
    """Check a bundle, ask about its station where it is unknown, and take it in."""
    from spectra_app.services.bundles.importing import import_bundle, look_at_bundle

    with signed_in(options) as (office, session):
        seen = look_at_bundle(office, session, options.bundle)
        if options.check or (seen.known == "unknown" and not options.trust and _asked()):
            shown = "\n".join(_seen_lines(seen))
            if options.check:
                key = seen.bundle.content.station.key
                value = {"manifest": seen.bundle.statement.manifest, "station": key,
                         "known": seen.known, "earlier": list(seen.earlier)}  # fmt: skip
                return told(options, value, shown)
            sys.stderr.write(shown + "\n")
            options.yes = False
            confirm("Is that key the station's? Compare it by telephone", options)
            options.trust = seen.bundle.content.station.key
        done = import_bundle(office, session, options.bundle, options.trust)
    lines = _imported_lines(done.imported)
    if done.confirmation is not None:
        one = done.confirmation
        lines.append(f"Item {one.item}: {one.state} {', '.join(one.found)} ({one.id})")
    if seen.earlier:
        before = ", ".join(seen.earlier)
        lines.append(f"This case was taken in from that station before, and both stay: {before}")
    return told(options, done.imported, "\n".join(lines))


def _asked() -> bool:
    return sys.stdin.isatty()


def _seen_lines(seen: Seen) -> Iterable[str]:
    content, statement = seen.bundle.content, seen.bundle.statement
    yield f"{content.kind} {content.case}: {content.title}"
    yield f"made by {content.station.name or 'a station without a name'}, exported by " + (
        f"{content.exported_by.name} ({content.exported_by.role})"
    )
    yield f"key of the station: {statement.station} ({seen.known} here)"
    for name, known in seen.persons:
        yield f"signed by {name}, a key that is {'trusted' if known else 'NOT known'} here"
    yield f"manifest {statement.manifest}; it holds together, nothing was changed"
    if content.left_out:
        yield f"{content.left_out} records were left out at export"


def _imported_lines(one: Imported) -> list[str]:
    lines = [f"{one.id}  {one.content} {one.case}: {one.title}"]
    lines += ["  EMULATED: an exercise, no evidence"] if one.emulated else []
    lines.append(f"  from {one.station_name or 'a station without a name'} (key {one.station})")
    lines.append(
        f"  exported by {one.exported_by}, taken in {one.imported_at} by {one.imported_by}"
    )
    lines += [f"  signed besides by {name}" for name in one.persons]
    lines += [f"  asked about {one.item}: {one.asked}"] if one.asked else []
    lines.append(f"  {one.records} records, {one.left_out} left out")
    return lines


def imports(options: argparse.Namespace) -> int:
    """List what was taken in, or show one with its records."""
    from spectra_app.services.bundles.opening import imported_records, list_imports

    with signed_in(options) as (office, session):
        found = [one for one in list_imports(office, session) if options.imported in {"", one.id}]
        lines = [line for one in found for line in _imported_lines(one)]
        if not options.imported:
            return told(options, found, "\n".join(lines) or "Nothing was taken in.")
        held = imported_records(office, session, options.imported)
    lines += [
        f"  {one.of_kind} {one.of_id}, revision {one.of_revision}: {one.body}" for one in held
    ]
    return told(options, held, "\n".join(lines))


def questions(options: argparse.Namespace) -> int:
    """List questions."""
    from spectra_app.services.bundles.exporting import list_questions

    with signed_in(options) as (office, session):
        found = list_questions(office, session, options.state)
    lines = [
        f"{one.id}  {one.state}  item {one.item} to {one.laboratory}: {one.text}"
        f"{f' ({one.confirmation})' if one.confirmation else ''}"
        for one in found
    ]
    return told(options, found, "\n".join(lines) or "Nothing was asked.")


def stations(options: argparse.Namespace) -> int:
    """List known stations, or revoke one."""
    from spectra_app.services.bundles.opening import list_stations, revoke_station

    with signed_in(options) as (office, session):
        if options.revoke:
            done = revoke_station(office, session, options.revoke, options.why)
            return told(options, done, f"{done.id} is revoked")
        found = list_stations(office, session)
    lines = [f"{one.id}  {one.state}  {one.name}  {one.reason}".rstrip() for one in found]
    return told(options, found, "\n".join(lines) or "No other station is known here.")
