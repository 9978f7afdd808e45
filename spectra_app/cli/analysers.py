"""`spectra devices`: list, info, scan, emulate; `watch` is in `watching`."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra_app.cli import watching
from spectra_app.cli.arguments import laser_line, new, positive, seed
from spectra_app.cli.laser_book import laser_book, measurer_options
from spectra_app.cli.stopping import ended_politely
from spectra_app.cli.terminal import below_the_bar, print_json, progress_bar, spelled_out
from spectra_app.errors import EXIT_ARGUMENTS, EXIT_OK, EXIT_REFUSED, AppError

LASER_ALARM = "*** THE LASER MAY BE ON: USE THE KEY OR PULL THE POWER, NOW ***"
_LABELS = {  # what a person reads, and the unit
    "serial": ("serial number", ""),
    "laser_nm": ("laser wavelength", " nm"),
    "range_cm1": ("Raman shift", " cm-1"),
    "integration_time_ms": ("integration time", " ms"),
    "saturation_counts": ("saturates at", " counts"),
    "switches_laser": ("program switches laser", ""),
    "temperature_c": ("detector temperature", " C"),
}
_OF_LASER = ("laser_power_w", "laser_nm", "laser_oem")
_REAL = ("port", "serial", "papers", "laser_port", *_OF_LASER)

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.services.cases.laser_book import LaserBook
    from spectra_app.services.devices import Chosen
    from spectra_app.services.identify import Identifier
    from spectra_app.services.measuring import Wanted
    from spectra_app.services.scanning import Scanned


def add(commands: Commands) -> None:
    """Add the command and its actions."""
    devices = new(
        commands,
        "devices",
        "list analysers, scan with them, and watch folders of exported files",
    )
    actions = devices.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = new(
        actions,
        "list",
        "list what is plugged in (nothing is sent to any port) and the families that can be opened",
    )
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)
    info = new(actions, "info", "open an analyser and print what it says of itself")
    _choice(info)
    info.add_argument("--json", action="store_true", help="print JSON")
    info.set_defaults(run=_info)
    _check_arguments(actions)
    _scan_arguments(actions)
    _emulate_arguments(actions)
    watching.add(actions)


def _choice(command: argparse.ArgumentParser) -> None:
    command.add_argument("family", metavar="FAMILY", help="see 'spectra devices list'")
    command.add_argument("--port", metavar="PORT", default="", help="its serial port")
    command.add_argument(
        "--laser-port", metavar="PORT", default="", help="serial port of the laser beside it"
    )
    command.add_argument(
        "--laser-power-w", type=float, metavar="W", help="rated power of that laser, by its papers"
    )
    command.add_argument(
        "--laser-nm", type=laser_line, metavar="NM", help="wavelength of that laser, by its papers"
    )
    command.add_argument(
        "--laser-oem", action="store_true", help="that laser is an OEM model, without a key"
    )
    command.add_argument(
        "--serial", metavar="NUMBER", help="which one, when several are plugged in"
    )
    command.add_argument(
        "--papers",
        type=Path,
        metavar="FILE",
        help="parameter file of an instrument that cannot state its axis (B&W Tek), or a JSON file "
        "with what the station knows of an Ocean one (pixel_origin, laser_nm, detector_c, "
        "session_baud)",
    )
    command.add_argument(
        "--emulated", action="store_true", help="an emulated one; everything is marked so"
    )
    command.add_argument("--sample", metavar="NAME", help="what lies under the emulated laser")
    command.add_argument("--seed", type=seed, default=7, help="seed of the emulated noise")


def _check_arguments(actions: Commands) -> None:
    check = new(actions, "check", "check the axis of an analyser with polystyrene in front of it")
    _choice(check)
    check.add_argument("--operator", default="", metavar="NAME", help="who checks it")
    check.add_argument("--json", action="store_true", help="print JSON")
    measurer_options(check)
    check.set_defaults(run=_check)


def _emulate_arguments(actions: Commands) -> None:
    emulate = new(
        actions,
        "emulate",
        "serve an emulated instrument on a pseudo-terminal, for other programs, until Ctrl-C",
    )
    emulate.add_argument("family", metavar="FAMILY", help="one with a serial line, or 'cobolt'")
    emulate.add_argument("--sample", metavar="NAME", help="what lies in front of it")
    emulate.add_argument("--seed", type=seed, default=7, help="seed of the emulated noise")
    emulate.add_argument("--link", type=Path, metavar="PATH", help="a stable name for the port")
    emulate.add_argument(
        "--with-laser", action="store_true", help="serve the laser beside it too, as one analyser"
    )
    emulate.add_argument(
        "--laser-link", type=Path, metavar="PATH", help="a stable name for the laser's port"
    )
    emulate.add_argument(
        "--unpaced", action="store_true", help="answer at once, not at the speed of the line"
    )
    emulate.set_defaults(run=_emulate)


def chosen_of(options: argparse.Namespace) -> Chosen:
    """Return the analyser that the arguments name."""
    from spectra_app.services.devices import Chosen, emulated_only, real_one
    from spectra_app.services.emulated_samples import SHOWN_FIRST

    wanted = options.emulated or options.sample is not None
    real = [name for name in _REAL if getattr(options, name) not in {None, "", False}]
    if real and (wanted or emulated_only(options.family)):
        raise AppError(
            f"--{real[0].replace('_', '-')} is for a real instrument, but an emulated one is asked"
            " for",
            options.family,
            "leave out one of the two (--sample and the families 'emulated-...' mean emulated)",
        )
    if wanted or emulated_only(options.family):
        return Chosen(options.family, options.sample or SHOWN_FIRST[0], options.seed)
    lone = [name for name in _OF_LASER if getattr(options, name) and not options.laser_port]
    if lone:
        raise AppError(
            f"--{lone[0].replace('_', '-')} describes a laser, but no laser is named",
            options.family,
            "name its port with --laser-port",
        )
    return real_one(
        options.family,
        port=options.port,
        usb_serial=options.serial,
        laser_port=options.laser_port,
        laser_power_w=options.laser_power_w,
        laser_nm=options.laser_nm,
        laser_oem=options.laser_oem,
        papers=options.papers,
    )


def _list(options: argparse.Namespace) -> int:
    from spectra_app.services import devices

    seen = devices.plugged_in()
    found = devices.found_rows(seen)
    rows: list[dict[str, Any]] = devices.family_rows()
    if options.json:
        notes = [{"code": note.code, "text": note.text} for note in seen.notes]
        print_json({"found": found, "notes": notes, "families": rows})
        return EXIT_OK
    print("Plugged in:" if found else "Plugged in: nothing that is known.")
    for one in found:
        print(_found_line(one))
    for note in seen.notes:
        print(f"  Note: {note.text}")
    print("\nFamilies (those that can be real also as --emulated):")
    for row in rows:
        ids = " ".join(row["usb_ids"]) or "-"
        by = "emulated only" if row["emulated_only"] else row["connected_by"]
        print(f"  {row['family']:24} {by:14} {ids:10} {row['title']}")
    print(f"\nHonest limit: {devices.UNVERIFIED}.")
    return EXIT_OK


def _found_line(one: dict[str, Any]) -> str:
    families = " or ".join(one["families"]) or "unknown: say which it is"
    serial = f", serial number {one['serial']}" if one["serial"] else ""
    trouble = f"\n    {one['trouble']}" if one["trouble"] else ""
    return f"  {one['address']}  {one['description']}{serial}  ({families}){trouble}"


def _info(options: argparse.Namespace) -> int:
    from spectra_app.services import devices

    with devices.opened(chosen_of(options), alarmed=_alarmed) as analyser:
        told = devices.described(analyser)
    if options.json:
        print_json(told)
        return EXIT_OK
    facts: Any = told.pop("facts")
    for name, value in told.items():
        label, unit = _LABELS.get(name, (name.replace("_", " "), ""))
        print(f"{label:22} {_told(name, value, unit)}")
    print("It also says:" if facts else "It says nothing else.")
    for name, value in facts.items():
        print(f"  {name:32} {value}")
    return EXIT_OK


def _told(name: str, value: Any, unit: str) -> str:
    if value in (None, ""):
        return "none" if name == "alarm" else "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " to ".join(f"{one:.10g}" for one in value) + unit
    return f"{value:.10g}{unit}" if isinstance(value, float) else f"{value}{unit}"


def _emulate(options: argparse.Namespace) -> int:
    from spectra_app.services import devices
    from spectra_app.services.emulated_samples import SHOWN_FIRST

    def announce(path: str) -> None:
        print(f"EMULATED {options.family} at {path} (Ctrl-C ends it)", flush=True)

    def announce_laser(path: str) -> None:
        print(f"EMULATED laser beside it at {path}", flush=True)

    with_laser = options.with_laser or options.laser_link is not None
    devices.serve_emulator(
        options.family,
        announce,
        laser_link=options.laser_link,
        announce_laser=announce_laser if with_laser else None,
        sample=options.sample or SHOWN_FIRST[0],
        seed=options.seed,
        link=options.link,
        paced=not options.unpaced,
    )
    return EXIT_OK


def _scan_arguments(actions: Commands) -> None:
    scan = new(actions, "scan", "scan a sample with an analyser and identify it")
    _choice(scan)
    scan.add_argument(
        "--library", type=Path, metavar="LIB.h5", help="default: the installed library"
    )
    scan.add_argument(
        "--integration-ms", type=float, metavar="MS", help="time of one exposure; else it is found"
    )
    scan.add_argument("--averages", type=positive, metavar="N", help="exposures; else chosen")
    scan.add_argument(
        "--power", type=float, default=100.0, metavar="PERCENT", help="laser power, never raised"
    )
    scan.add_argument(
        "--budget", type=float, default=30.0, metavar="S", help="time for what the program chooses"
    )
    scan.add_argument(
        "--delay", type=float, default=0.0, metavar="S", help="countdown before the laser fires"
    )
    scan.add_argument(
        "--gentle",
        action="store_true",
        help="dark or suspected energetic sample: least power, countdown; it protects nobody",
    )
    scan.add_argument(
        "--whole", action="store_true", help="measure to the end even when the verdict is safe"
    )
    scan.add_argument(
        "--keep-wires", action="store_true", help="keep every byte on the wires as evidence"
    )
    scan.add_argument("--json", action="store_true", help="print JSON")
    measurer_options(scan)
    scan.set_defaults(run=_scan)


def _lit_by(options: argparse.Namespace) -> Chosen:
    """Return the analyser that the arguments name, whose laser can be fired."""
    chosen = chosen_of(options)
    if options.laser_port and options.laser_power_w is None:
        raise AppError(
            "the rated power of the laser is not known, so its power cannot be set",
            options.laser_port,
            "give --laser-power-w, in W, from the papers of the laser (0.1 is 100 mW)",
        )
    return chosen


def _check(options: argparse.Namespace) -> int:
    from spectra_app.cli.calibrating import told_check
    from spectra_app.services.frames import AnalyserError
    from spectra_app.services.measuring import check_chosen
    from spectra_app.services.session import open_identifier

    chosen = _lit_by(options)
    if chosen.sample is not None and options.sample is None:
        chosen = replace(chosen, sample="polystyrene")
    with laser_book(options) as book, ended_politely(_stopping) as stopped:
        identifier = open_identifier(None)
        try:
            record = check_chosen(
                chosen,
                identifier,
                operator=options.operator,
                progress=progress_bar("check"),
                should_stop=stopped,
                alarmed=_alarmed,
            )
        except (AnalyserError, KeyboardInterrupt) as error:
            _enter_failed(book, error, identifier, emulated=chosen.sample is not None)
            raise
        if book is not None:
            book.checked(record)
    return told_check(options, record)


def _scan(options: argparse.Namespace) -> int:
    from spectra_app.cli.verdict import verdict_text
    from spectra_app.services.frames import AnalyserError
    from spectra_app.services.measuring import scan_chosen
    from spectra_app.services.session import open_identifier

    chosen = _lit_by(options)
    with laser_book(options) as book, ended_politely(_stopping) as stopped:
        identifier = open_identifier(options.library)
        try:
            scanned = scan_chosen(
                chosen,
                identifier,
                _wanted(options),
                progress=progress_bar("scan"),
                should_stop=stopped,
                tell=lambda warning: _say(f"Warning: {warning}"),
                alarmed=_alarmed,
            )
            if book is not None:
                _enter(book, scanned, identifier)
        except (AnalyserError, KeyboardInterrupt) as error:
            _enter_failed(book, error, identifier, emulated=chosen.sample is not None)
            raise
        found = scanned.found
    if options.json:
        print_json(found.record.to_json())
    else:
        print(verdict_text(found.record))
    if stopped():
        return EXIT_ARGUMENTS
    return EXIT_REFUSED if found.record.outcome == "refused" else EXIT_OK


def _enter(book: LaserBook, scanned: Scanned, identifier: Identifier) -> None:
    """Enter a scan; one whose entry was interrupted is entered as evidence by `_enter_failed`."""
    from spectra_app.services.measured import HurriedError

    try:
        entered = book.scanned(scanned, identifier.engine.library)
    except KeyboardInterrupt as error:
        raise HurriedError(scanned.evidence, identifier) from error
    _say(f"Entered as scan {entered.id}, not filed yet")


def _enter_failed(
    book: LaserBook | None, error: BaseException, identifier: Identifier, *, emulated: bool
) -> None:
    """Say what was kept of a scan that failed, and enter what the laser did for it."""
    from spectra_app.services.frames import kept_by

    kept = kept_by(error)
    if kept and not isinstance(error, KeyboardInterrupt):  # that one says so itself
        _say(f"Kept as evidence all the same: {len(kept)} files in {identifier.evidence.folder}")
    if book is not None:
        book.failed(error, emulated=emulated)


def _wanted(options: argparse.Namespace) -> Wanted:
    from spectra_app.services.measuring import Wanted

    return Wanted(
        integration_time_ms=options.integration_ms,
        averages=options.averages,
        power_percent=options.power,
        gentle=options.gentle,
        delay_s=options.delay,
        budget_s=options.budget,
        early=not options.whole,
        keep_wires=options.keep_wires,
    )


def _say(words: str) -> None:
    """Say it beside the result; nobody may be there to read it (a closed terminal)."""
    with suppress(OSError):
        print(f"{below_the_bar()}{words}", file=sys.stderr, flush=True)


def _stopping() -> None:
    _say("Stopping: the laser is switched off, what was measured is kept ...")


def _alarmed(words: str) -> None:
    """Say at once, and so that nobody reads over it, that the laser may be on."""
    _say(f"{LASER_ALARM}\n{spelled_out(words)}")
