"""``spectra calibrate``: arguments and what they do."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra_app.cli.arguments import column_choice, laser_line, new
from spectra_app.cli.laser_book import laser_book, measurer_options
from spectra_app.cli.terminal import print_json
from spectra_app.errors import EXIT_INTEGRITY, EXIT_OK

if TYPE_CHECKING:
    from spectra_app.cli.arguments import Commands
    from spectra_app.records.calibration import CalibrationRecord
    from spectra_app.services.calibration import Circumstances, StandardScan
    from spectra_app.services.calibrations import Calibrations

SCANS = "a file of any readable format, or a kept raw frame (.frame.json)"


def add(commands: Commands) -> None:
    """Add the command and its actions; each knows what runs it."""
    calibrate = new(
        commands, "calibrate", "calibrate or check an analyser with standards and lamps"
    )
    actions = calibrate.add_subparsers(dest="action", metavar="ACTION", required=True)
    axis = new(actions, "axis", "calibrate the Raman shift axis with lamps, standards, or both")
    axis.add_argument(
        "--with",
        dest="scans",
        nargs=2,
        action="append",
        required=True,
        metavar=("STANDARD", "FILE"),
        help=f"a scan of a standard or lamp (repeatable): {SCANS}",
    )
    _common(axis)
    axis.set_defaults(run=_axis)
    check = new(actions, "check", "check the axis in use with a standard, daily")
    check.add_argument("file", type=Path, metavar="FILE", help=SCANS)
    check.add_argument("--standard", default="polystyrene", help="default: polystyrene")
    _common(check)
    check.set_defaults(run=_check)
    width = new(actions, "resolution", "measure the resolution with calcite or a lamp")
    width.add_argument("file", type=Path, metavar="FILE", help=SCANS)
    width.add_argument("--standard", default="calcite", help="calcite (default), neon or argon")
    _common(width)
    width.set_defaults(run=_resolution)
    response = new(actions, "response", "measure the intensity response with a certified glass")
    response.add_argument("file", type=Path, metavar="FILE", help=SCANS)
    glass = response.add_mutually_exclusive_group(required=True)
    glass.add_argument("--glass", metavar="NAME", help='published coefficients, as "SRM 2241"')
    glass.add_argument(
        "--certificate", type=Path, metavar="FILE.json", help="the certificate of your own glass"
    )
    _common(response)
    response.set_defaults(run=_response)
    show = new(actions, "show", "show how analysers stand, their records and control charts")
    show.add_argument("serial", nargs="?", metavar="SERIAL", help="default: all")
    show.add_argument("--json", action="store_true", help="print one JSON object per line")
    show.set_defaults(run=_show)


def _common(action: argparse.ArgumentParser) -> None:
    action.add_argument("--serial", default="", help="serial number, if the scans do not say it")
    action.add_argument("--laser-nm", type=laser_line, metavar="NM", help="excitation wavelength")
    action.add_argument(
        "--medium",
        choices=("air", "vacuum"),
        default="air",
        help="what the analyser's own wavelengths are in (default: air, as vendors do)",
    )
    action.add_argument("--operator", default="", help="who does it (default: who is logged in)")
    action.add_argument("--spectrum", metavar="NAME", help="which spectrum of a file")
    column_choice(action)
    action.add_argument("--json", action="store_true", help="print the record as JSON")
    measurer_options(action)


def _how(options: argparse.Namespace) -> Circumstances:
    from spectra_app.services.calibration import Circumstances
    from spectra_app.services.identify import utc_now

    return Circumstances(
        utc_now(), options.operator, options.serial, options.laser_nm, options.medium
    )


def _kept() -> Calibrations:
    from spectra_app.services.calibrations import Calibrations

    return Calibrations()


def _scan(options: argparse.Namespace, path: Path, standard: str) -> StandardScan:
    from spectra_app.services.calibration import scan_of_file

    return scan_of_file(
        path,
        standard,
        column=options.column,
        spectrum=options.spectrum,
        laser_nm=options.laser_nm,
    )


def _entered(
    options: argparse.Namespace, paths: Sequence[Path], make: Callable[[], CalibrationRecord]
) -> CalibrationRecord:
    """Make a record, and enter it with its scans where a station was set up."""
    with laser_book(options) as book:
        record = make()
        if book is not None:
            book.calibrated(record, [(path.name, path.read_bytes()) for path in paths])
    return record


def _axis(options: argparse.Namespace) -> int:
    from spectra_app.services.calibration import calibrate_axis, standard_of

    scans = [
        _scan(options, Path(name), standard_of(standard).name) for standard, name in options.scans
    ]
    paths = [Path(name) for _, name in options.scans]
    record = _entered(options, paths, lambda: calibrate_axis(scans, _kept(), _how(options)))
    lines = [_axis_row(row) for row in record.lines if row["use"] != "outside_range"]
    return _told(options, record, [*lines, *_axis_words(record)])


def _axis_row(row: dict[str, Any]) -> str:
    if row["pixel"] is None:
        return f"{row['standard']:20} {row['expected']:10.3f} {row['unit']:9} {row['use']}"
    after = "" if row["after_cm1"] is None else f"{row['after_cm1']:+7.2f}"
    return (
        f"{row['standard']:20} {row['expected']:10.3f} {row['unit']:9} pixel {row['pixel']:8.2f} "
        f"{row['before_cm1']:+7.2f} -> {after or '      -'} cm-1  {row['use']}"
    )


def _axis_words(record: CalibrationRecord) -> list[str]:
    result = record.result
    said = []
    if result["before_rms_cm1"] is not None and result["after_rms_cm1"] is not None:
        said.append(
            f"residuals {result['before_rms_cm1']:.2f} -> {result['after_rms_cm1']:.2f} cm-1 rms "
            f"({result['raman_lines']} Raman lines, {result['lamp_lines']} lamp lines)"
        )
    correction = result["correction"]
    if record.passed:
        said.append(f"laser line: {correction['laser_error_cm1']:+.2f} cm-1 of what is stated")
        if correction["dispersion_nm"]:
            terms = ", ".join(f"{value:+.4f}" for value in correction["dispersion_nm"])
            said.append(f"dispersion: {terms} nm (terms in the scaled pixel)")
    if result["resolution"]:
        said.append(f"resolution: {result['resolution']['fwhm_cm1']:.1f} cm-1")
    return said


def _check(options: argparse.Namespace) -> int:
    from spectra_app.services.calibration import check_axis, standard_of

    scan = _scan(options, options.file, standard_of(options.standard).name)
    made = _entered(options, [options.file], lambda: check_axis(scan, _kept(), _how(options)))
    return told_check(options, made)


def told_check(options: argparse.Namespace, record: CalibrationRecord) -> int:
    """Print the record of a check and return the exit code: 4 when it does not hold."""
    lines = [
        f"{row['expected_cm1']:8.1f} {row['offset_cm1']:+7.2f} cm-1  {row['use']}"
        for row in record.lines
        if row["offset_cm1"] is not None
    ]
    if record.result["offset_cm1"] is not None:
        lines.append(f"offset {record.result['offset_cm1']:+.2f} cm-1")
    return _told(options, record, lines)


def _resolution(options: argparse.Namespace) -> int:
    from spectra_app.services.calibration import measure_resolution, standard_of

    scan = _scan(options, options.file, standard_of(options.standard).name)
    paths = [options.file]
    record = _entered(options, paths, lambda: measure_resolution(scan, _kept(), _how(options)))
    lines = []
    if record.result:
        lines.append(
            f"resolution {record.result['fwhm_cm1']:.1f} cm-1 ({record.result['method']}, "
            f"{record.result['lines']} line(s))"
        )
    return _told(options, record, lines)


def _response(options: argparse.Namespace) -> int:
    from spectra_app.services import calibration

    certificate = (
        calibration.certificate_file(options.certificate)
        if options.certificate
        else calibration.certificate_of(options.glass)
    )
    scan = _scan(options, options.file, certificate.name)
    record = _entered(
        options,
        [options.file],
        lambda: calibration.measure_response(scan, certificate, _kept(), _how(options)),
    )
    shifts, factors = record.result["raman_shift_cm1"], record.result["factor"]
    number = certificate.certificate_id or "published coefficients, not your own certificate"
    lines = [
        f"{certificate.name} ({number}; expires {certificate.expires or 'not stated'})",
        f"factors {min(factors):.3g} to {max(factors):.3g} "
        f"over {shifts[0]:.0f}-{shifts[-1]:.0f} cm-1",
    ]
    return _told(options, record, lines)


def _told(options: argparse.Namespace, record: CalibrationRecord, lines: list[str]) -> int:
    """Print a record and return the exit code: 4 when it does not hold."""
    if options.json:
        print_json({"sha256": record.sha256, **record.content()})
    else:
        mark = " [EMULATED]" if record.emulated else ""
        print(f"{record.kind} of analyser {record.serial} {record.model}{mark}")
        for line in lines:
            print(f"  {line}")
        if record.passed:
            print(f"PASSED, counts until {record.expires[:16].replace('T', ' ')} UTC")
        else:
            print(_against(record))
        print(f"record {record.sha256}")
    return EXIT_OK if record.passed else EXIT_INTEGRITY


def _against(record: CalibrationRecord) -> str:
    """Say why a record does not hold; a scan that was too poor judged nothing."""
    judged = record.result.get("judged", True)
    return f"{'FAILED' if judged else 'NOT JUDGED'}: {'; '.join(record.reasons)}"


def _show(options: argparse.Namespace) -> int:
    from spectra_app.services.identify import utc_now

    kept, now = _kept(), utc_now()
    worst = EXIT_OK
    for serial in [options.serial] if options.serial else kept.serials():
        standing = kept.standing(serial, now)
        records = kept.records(serial)
        chart = kept.chart(serial)
        if options.serial and standing.reason is not None:
            worst = EXIT_INTEGRITY
        if options.json:
            print_json(
                {
                    "serial": serial,
                    "standing": standing.state,
                    "words": standing.words,
                    "records": [
                        {"sha256": one.sha256, "kind": one.kind, "time": one.time}
                        | {"passed": one.passed, "expires": one.expires, "operator": one.operator}
                        for one in records
                    ],
                    "chart": _chart(chart),
                }
            )
            continue
        print(f"{serial}: {standing.state.upper()} ({standing.words})")
        for one in records:
            verdict = "passed" if one.passed else _against(one)
            print(f"  {one.time[:16].replace('T', ' ')} {one.kind:10} {one.operator}: {verdict}")
        if chart is not None:
            print(
                f"  control chart of {chart.values.size} checks: centre {chart.centre:+.2f}, "
                f"limits {chart.lower:+.2f} to {chart.upper:+.2f} cm-1"
            )
            for signal in chart.signals[-5:]:
                print(f"    check {signal.point + 1}: {signal.words}")
    return worst


def _chart(chart: Any) -> dict[str, Any] | None:
    if chart is None:
        return None
    return {
        "centre_cm1": chart.centre,
        "sigma_cm1": chart.sigma,
        "lower_cm1": chart.lower,
        "upper_cm1": chart.upper,
        "signals": [
            {"check": s.point + 1, "rule": s.rule, "words": s.words} for s in chart.signals
        ],
    }
