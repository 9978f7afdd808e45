"""Calibrate and check an analyser: from scans of standards to a stored record.

The functions take scans (spectra of files or raw frames), never devices: whoever measures hands
them over.
"""

from __future__ import annotations

import getpass
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from devices.errors import DeviceError
from devices.frame import RawFrame
from library.formats import Column, load, read_bytes, select
from matching.calibration.axis import (
    AxisFit,
    CalibrationError,
    Measured,
    Medium,
    StatedAxis,
)
from matching.calibration.check import check_offsets, why_not_judged
from matching.calibration.fit import fit_axis
from matching.calibration.lines import find_lines
from matching.calibration.resolution import resolution_of
from matching.calibration.response import CERTIFICATES, Certificate, response_curve
from matching.calibration.standards import STANDARDS, Standard
from matching.preprocess.despike import find_spikes, repair
from matching.spectrum import Spectrum
from spectra_app import __version__
from spectra_app.records.calibration import CalibrationRecord, Kind, MeasuredWith
from spectra_app.services.calibrations import (
    CalibrationPolicy,
    Calibrations,
    expiry,
    place_on,
)
from spectra_app.services.frames import spectrum_of_frame
from spectra_app.services.guided import station_profiles

ANY_LASER_NM = 785.0  # where only Raman shifts are compared, the laser line does not enter
FRAME_SUFFIX = ".frame.json"


@dataclass(frozen=True, eq=False, slots=True)
class StandardScan:
    """A scan of a standard, with where it came from.

    Parameters
    ----------
    standard : str
        Name in `matching.calibration.standards.STANDARDS`, or of a glass.
    spectrum : Spectrum
        Counts (dark subtracted where there is one) on the axis that the analyser states.
    source, sha256 : str
        Name of file or scan, and hash of its bytes.
    first_pixel : int
        Detector pixel of its first point, from 0.
    """

    standard: str
    spectrum: Spectrum
    source: str
    sha256: str
    first_pixel: int = 0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who calibrates what, and when.

    Parameters
    ----------
    time : str
        ISO 8601 in UTC.
    operator : str
        Who does it; empty for whoever is logged in.
    serial : str
        Of the analyser; empty to take it from the scans.
    laser_nm : float or None
        Excitation wavelength, where the scans do not state it.
    medium : {"air", "vacuum"}
        What the stated wavelengths are in.
    """

    time: str
    operator: str = ""
    serial: str = ""
    laser_nm: float | None = None
    medium: Medium = "air"


def scan_of_file(
    path: Path,
    standard: str,
    *,
    column: Column | None = None,
    spectrum: str | None = None,
    laser_nm: float | None = None,
) -> StandardScan:
    """Read a scan of a standard from a file of any readable format, or from a kept raw frame.

    Raises
    ------
    SpectraError
        When the file cannot be read.
    CalibrationError
        When it holds several spectra and none was chosen.
    """
    data = load(path)
    return scan_of_bytes(
        data, path.name, standard, column=column, spectrum=spectrum, laser_nm=laser_nm
    )


def scan_of_bytes(
    data: bytes,
    name: str,
    standard: str,
    *,
    column: Column | None = None,
    spectrum: str | None = None,
    laser_nm: float | None = None,
) -> StandardScan:
    """Take a scan of a standard from the content of a file called `name`; see `scan_of_file`."""
    if name.endswith(FRAME_SUFFIX):
        try:
            frame = RawFrame.from_bytes(data)
        except DeviceError as error:
            raise CalibrationError(error.what, name, error.remedy) from error
        return scan_of_frame(frame, standard, name)
    result = read_bytes(
        data, where=name, column=column, laser_nm=laser_nm, profiles=station_profiles
    )
    chosen = select(result, spectrum, where=name)
    if len(chosen) != 1:
        raise CalibrationError(
            f"the file holds {len(chosen)} spectra",
            name,
            "choose one with --spectrum NAME, or export the one to a file of its own",
        )
    digest = hashlib.sha256(data).hexdigest()
    return StandardScan(standard, chosen[0].spectrum, name, digest)


def scan_of_frame(frame: RawFrame, standard: str, label: str = "scan") -> StandardScan:
    """Take a scan of a standard from a raw frame.

    Raises
    ------
    CalibrationError
        When the analyser states no axis at all.
    """
    try:
        spectrum = spectrum_of_frame(frame)
    except DeviceError as error:
        raise CalibrationError(error.what, error.where, error.remedy) from error
    offset = float(np.max(frame.dark)) if frame.dark is not None else 0.0
    limit = max(frame.saturation_counts - offset, 0.0)  # of counts with the dark subtracted
    facts = replace(spectrum.acquisition, saturation_counts=limit)
    first = int(frame.active.start) - frame.wavelength_pixel_origin
    return StandardScan(standard, replace(spectrum, acquisition=facts), label, frame.sha256, first)


def calibrate_axis(
    scans: Sequence[StandardScan], kept: Calibrations, how: Circumstances
) -> CalibrationRecord:
    """Calibrate the axis from scans of lamps, Raman standards, or both, and keep the record.

    A calibration that is refused is kept too, and leaves the axis in force as it was.
    """
    record = axis_record(scans, kept, how)
    kept.add(record)
    return record


def axis_record(
    scans: Sequence[StandardScan], kept: Calibrations, how: Circumstances
) -> CalibrationRecord:
    """Return what `calibrate_axis` would keep, for somebody who looks at it first.

    Raises
    ------
    CalibrationError
        When there is no scan, or the scans do not go together.
    """
    whole = max(scans, key=lambda scan: scan.spectrum.raman_shift_cm1.size, default=None)
    if whole is None:
        raise CalibrationError("no scan of a standard was given", "", "give at least one")
    stated = _stated(whole, scans, how)
    fit = fit_axis(stated, _measured(stated, scans), kept.policy.axis)
    result = _axis_result(fit)
    resolution = resolution_of(fit.lines)
    result["resolution"] = asdict(resolution) if resolution else None
    record = _record("axis", scans, kept.policy, how, stated)
    return replace(
        record,
        passed=fit.holds,
        reasons=fit.refusals,
        lines=tuple(asdict(row) for row in fit.lines),
        result=result,
    )


def check_axis(scan: StandardScan, kept: Calibrations, how: Circumstances) -> CalibrationRecord:
    """Check the axis in use with a standard (daily, with polystyrene), and keep the record.

    The axis in use is the calibrated one, where there is one, else what the analyser states. A scan
    that is too weak or saturated does not pass, and its record says that it judged nothing.
    """
    serial = _serial([scan], how)
    inherited = kept.latest(serial, "axis") if serial.strip() else None
    spectrum = kept.calibrated(scan.spectrum, serial)
    stated = _stated(replace(scan, spectrum=spectrum), [scan], how)
    scans = _measured(stated, [replace(scan, spectrum=spectrum)])
    fit = fit_axis(stated, scans, kept.policy.axis)
    found = check_offsets(fit.lines, kept.policy.check)
    failures = (*fit.unlike, *found.failures)
    full = scan.spectrum.acquisition.saturated is True
    unclear = why_not_judged(found, scans[0].standard, scans[0].lines, full=full)
    if failures and unclear:
        failures = (unclear,)
    record = _record("check", [scan], kept.policy, how, stated)
    record = replace(
        record,
        passed=not failures,
        reasons=failures,
        lines=tuple(asdict(line) for line in found.lines),
        result={
            "judged": not (failures and unclear),
            "offset_cm1": None if failures and unclear else found.offset_cm1,
            "worst_cm1": None if failures and unclear else found.worst_cm1,
            "axis_record": inherited.sha256 if inherited else None,
            **_trend(scan, scans[0], fit),
        },
    )
    kept.add(record)
    return record


def measure_resolution(
    scan: StandardScan, kept: Calibrations, how: Circumstances
) -> CalibrationRecord:
    """Measure the resolution with calcite or a lamp, and keep the record."""
    record = resolution_record(scan, kept, how)
    kept.add(record)
    return record


def resolution_record(
    scan: StandardScan, kept: Calibrations, how: Circumstances
) -> CalibrationRecord:
    """Return what `measure_resolution` would keep."""
    stated = _stated(scan, [scan], how)
    rows = fit_axis(stated, _measured(stated, [scan])).lines
    found = resolution_of(rows)
    reasons: tuple[str, ...] = ()
    if found is None:
        reasons = ("no line is good enough to measure the resolution",)
    elif found.fwhm_cm1 > kept.policy.most_resolution_cm1:
        most = kept.policy.most_resolution_cm1
        reasons = (f"the resolution is {found.fwhm_cm1:.1f} cm-1, {most:g} allowed",)
    return replace(
        _record("resolution", [scan], kept.policy, how, stated),
        passed=not reasons,
        reasons=reasons,
        lines=tuple(asdict(row) for row in rows if row.fwhm_cm1 is not None),
        result=asdict(found) if found else {},
    )


def measure_response(
    scan: StandardScan, certificate: Certificate, kept: Calibrations, how: Circumstances
) -> CalibrationRecord:
    """Measure the relative intensity response with a certified glass, and keep the record.

    Raises
    ------
    CalibrationError
        When the certificate is past its date, is for another laser, or the scan is no good.
    """
    record = response_record(scan, certificate, kept, how)
    kept.add(record)
    return record


def response_record(
    scan: StandardScan, certificate: Certificate, kept: Calibrations, how: Circumstances
) -> CalibrationRecord:
    """Return what `measure_response` would keep; raises as it does."""
    if certificate.expires and certificate.expires[:10] < how.time[:10]:
        raise CalibrationError(
            f"the certificate expired on {certificate.expires}",
            certificate.name,
            "have the glass certified again, or use another",
        )
    laser = scan.spectrum.laser_nm or how.laser_nm
    if laser is None or abs(laser - certificate.laser_nm) > 5.0:
        raise CalibrationError(
            f"the glass is certified for {certificate.laser_nm:g} nm, the scan was excited with "
            f"{'an unknown line' if laser is None else f'{laser:g} nm'}",
            certificate.name,
            "use the glass for this laser, or give --laser-nm",
        )
    serial = _serial([scan], how)
    spectrum = kept.calibrated(scan.spectrum, serial)
    curve = response_curve(certificate, spectrum.raman_shift_cm1, spectrum.intensity)
    stated = _stated(scan, [scan], how)
    return replace(
        _record("response", [scan], kept.policy, how, stated),
        passed=True,
        result={
            "certificate": asdict(certificate),
            "raman_shift_cm1": [round(float(x), 4) for x in curve.raman_shift_cm1],
            "factor": [float(f"{x:.6g}") for x in curve.factor],
            "points_left_out": curve.left_out,
        },
    )


def certificate_of(name: str) -> Certificate:
    """Return a certificate that came with the program.

    Raises
    ------
    CalibrationError
        When there is none of this name.
    """
    if name in CERTIFICATES:
        return CERTIFICATES[name]
    raise CalibrationError(
        f"there is no certificate {name!r}", "", f"choose one of: {', '.join(CERTIFICATES)}"
    )


def certificate_file(path: Path) -> Certificate:
    """Read the certificate that came with a laboratory's own glass (JSON, see the user guide).

    Raises
    ------
    CalibrationError
        When the file is not one.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
        content["coefficients"] = tuple(float(value) for value in content["coefficients"])
        low, high = content["range_cm1"]
        content["range_cm1"] = (float(low), float(high))
        return Certificate(**content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CalibrationError(
            f"the certificate cannot be read ({error})",
            str(path),
            "write name, laser_nm, formula, coefficients, range_cm1, certificate_id and expires",
        ) from error


def standard_of(name: str) -> Standard:
    """Return a standard by its name.

    Raises
    ------
    CalibrationError
        When there is none of this name.
    """
    found = STANDARDS.get(name.casefold())
    if found is None:
        raise CalibrationError(
            f"there is no standard {name!r}", "", f"choose one of: {', '.join(STANDARDS)}"
        )
    return found


def fitted_alone(scan: StandardScan, kept: Calibrations, how: Circumstances) -> AxisFit:
    """Return the fit of one scan by itself, to see what it is worth.

    Raises
    ------
    CalibrationError
        As `axis_record`.
    """
    stated = _stated(scan, [scan], how)
    return fit_axis(stated, _measured(stated, [scan]), kept.policy.axis)


# --- Pieces ---------------------------------------------------------------------------------------


def _stated(whole: StandardScan, scans: Sequence[StandardScan], how: Circumstances) -> StatedAxis:
    lamps = [scan for scan in scans if scan.standard in STANDARDS and _is_lamp(scan.standard)]
    lasers = [scan.spectrum.laser_nm for scan in scans if scan.spectrum.laser_nm is not None]
    laser = how.laser_nm or (lasers[0] if lasers else None)
    if laser is None and lamps:
        raise CalibrationError(
            "a lamp gives wavelengths, and the scan does not state the laser line its Raman "
            "shifts were reckoned with",
            lamps[0].source,
            "give it with --laser-nm",
        )
    return StatedAxis(
        whole.spectrum.raman_shift_cm1, laser or ANY_LASER_NM, how.medium, whole.first_pixel
    )


def _is_lamp(standard: str) -> bool:
    return STANDARDS[standard].kind == "lamp"


def _measured(stated: StatedAxis, scans: Sequence[StandardScan]) -> list[Measured]:
    found = []
    for scan in scans:
        facts = scan.spectrum.acquisition
        intensity = scan.spectrum.intensity
        if standard_of(scan.standard).kind != "lamp":  # a lamp's lines are as sharp as a cosmic ray
            intensity = repair(intensity, find_spikes(intensity))
        lines = find_lines(intensity, saturation_counts=facts.saturation_counts)
        first = place_on(stated, scan.spectrum, scan.source)
        found.append(Measured(standard_of(scan.standard), lines, first))
    return found


def _serial(scans: Sequence[StandardScan], how: Circumstances) -> str:
    found = {scan.spectrum.acquisition.serial or "" for scan in scans} - {""}
    emulated = any(scan.spectrum.acquisition.emulated for scan in scans)
    if how.serial and emulated and how.serial not in found:
        raise CalibrationError(
            "an emulated scan says nothing about a real analyser",
            how.serial,
            "measure the standard with that analyser, or leave --serial out",
        )
    if how.serial:
        found = {how.serial}
    if len(found) > 1:
        raise CalibrationError(
            f"the scans are of several analysers ({', '.join(sorted(found))})",
            "",
            "calibrate each by itself, or give --serial",
        )
    return found.pop() if found else ""


def _axis_result(fit: AxisFit) -> dict[str, Any]:
    used = [row for row in fit.lines if row.use == "used"]
    return {
        "correction": asdict(fit.correction),
        "before_rms_cm1": fit.before_rms_cm1,
        "after_rms_cm1": fit.after_rms_cm1,
        "left_out_rms_cm1": fit.left_out_rms_cm1,
        "range_cm1": list(fit.range_cm1) if fit.range_cm1 else None,
        "raman_lines": sum(row.unit == "cm-1" for row in used),
        "lamp_lines": sum(row.unit != "cm-1" for row in used),
    }


def _trend(scan: StandardScan, measured: Measured, fit: AxisFit) -> dict[str, Any]:
    """Return what a check tells besides, for charts: nothing is judged by it.

    Height of the strongest line in counts per second of exposure, width of the strongest expected
    line as it was found in cm-1, and the laser power as the analyser states it.
    """
    facts = scan.spectrum.acquisition
    heights = [line.height for line in measured.lines if not line.saturated]
    seconds = (facts.integration_time_ms or 0.0) / 1e3
    strongest = max(measured.standard.lines, key=lambda line: line.strength).position
    width = next((row.fwhm_cm1 for row in fit.lines if row.expected == strongest), None)
    return {
        "signal_per_s": max(heights) / seconds if heights and seconds > 0 else None,
        "width_cm1": width,
        "laser_power": facts.laser_power,
    }


def _record(
    kind: Kind,
    scans: Sequence[StandardScan],
    policy: CalibrationPolicy,
    how: Circumstances,
    stated: StatedAxis,
) -> CalibrationRecord:
    facts = scans[0].spectrum.acquisition
    return CalibrationRecord(
        kind=kind,
        serial=_serial(scans, how),
        model=facts.instrument or "",
        time=how.time,
        expires=expiry(policy, kind, how.time),
        operator=how.operator or _user(),
        program=__version__,
        policy=policy.version,
        policy_sha256=policy.sha256,
        passed=False,
        reasons=(),
        measured=tuple(
            MeasuredWith(
                scan.standard,
                scan.source,
                scan.sha256,
                scan.spectrum.acquisition.measured_at or "",
            )
            for scan in scans
        ),
        lines=(),
        result={},
        axis={
            "laser_nm": stated.laser_nm,
            "medium": stated.medium,
            "first_pixel": stated.first_pixel,
            "raman_shift_cm1": [round(float(x), 4) for x in stated.raman_shift_cm1],
        },
        emulated=any(scan.spectrum.acquisition.emulated for scan in scans),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
