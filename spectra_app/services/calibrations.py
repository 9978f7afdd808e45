"""The calibrations a station keeps: appended per analyser, chained by hashes, never changed.

One file for each serial number lies under ``calibration/`` of the data folder; each line is an act
of the journal with one record, so that an altered or lost line shows. Where a station was set up,
its ledger holds on to each of them, so that a missing last line shows, too.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

import resources
from matching.calibration.axis import AxisLimits, CalibrationError, Correction, Medium, StatedAxis
from matching.calibration.check import Chart, CheckLimits, control_chart
from matching.spectrum import Spectrum, Step
from spectra_app.errors import JournalError
from spectra_app.records.calibration import CalibrationRecord, Kind, record_of
from spectra_app.records.journal import Journal
from spectra_app.services.calibration_anchor import anchor_of
from spectra_app.settings import data_folder

State = Literal["ok", "failed", "missing", "expired"]
REASON = {  # of a verdict, see `spectra_app.wording`
    "failed": "calibration_failed",
    "missing": "calibration_missing",
    "expired": "calibration_expired",
}
AXIS_CALIBRATED = "axis calibrated"  # name of the step in a spectrum's history
SAME_AXIS_CM1 = 0.02  # vendors round what they export
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}\Z")


@dataclass(frozen=True, slots=True)
class CalibrationPolicy:
    """Limits and ages, with version and hash of the file they were read from.

    `valid_hours` says for each kind of record how long it counts; `chart_first` how many first
    checks give a chart its limits; `most_resolution_cm1` is the widest resolution that passes.
    """

    version: str
    axis: AxisLimits
    check: CheckLimits
    most_resolution_cm1: float
    valid_hours: dict[str, float]
    chart_first: int
    sha256: str


def load_calibration_policy(path: Path | None = None) -> CalibrationPolicy:
    """Read the limits of calibrations; without a path those that came with the program.

    Raises
    ------
    CalibrationError
        When the file is missing or incomplete: limits are never guessed.
    """
    source = path or resources.path("policies/calibration.json")
    try:
        raw = source.read_bytes()
        content: dict[str, Any] = json.loads(raw)
        hours = {str(kind): float(value) for kind, value in content["valid_hours"].items()}
        numbers = [*content["axis"].values(), *content["check"].values(), *hours.values()]
        if set(hours) != {"axis", "check", "resolution", "response"}:
            raise ValueError("valid_hours must name axis, check, resolution and response")
        if not all(float(number) > 0 for number in numbers):
            raise ValueError("a limit is not above zero")
        return CalibrationPolicy(
            version=str(content["version"]),
            axis=AxisLimits(**content["axis"]),
            check=CheckLimits(**content["check"]),
            most_resolution_cm1=float(content["most_resolution_cm1"]),
            valid_hours=hours,
            chart_first=int(content["chart_first"]),
            sha256=hashlib.sha256(raw).hexdigest(),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CalibrationError(
            f"the limits of calibrations cannot be read ({error})",
            str(source),
            "restore the policy file that came with the program",
        ) from error


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an analyser's axis may be relied on now.

    Parameters
    ----------
    state : {"ok", "failed", "missing", "expired"}
        How it stands.
    words : str
        The same in a sentence, with what to do.
    record : str
        Hash of the record that decides; empty when there is none.
    """

    state: State
    words: str
    record: str = ""

    @property
    def reason(self) -> str | None:
        """The code of the reason against a verdict; None when all is well."""
        return REASON.get(self.state)


class AxisKeeper(Protocol):
    """What identifying asks about an analyser; see `Calibrations`."""

    def standing(self, serial: str, now: str) -> Standing:
        """Say whether the axis of an analyser may be relied on."""

    def calibrated(self, spectrum: Spectrum, serial: str) -> Spectrum:
        """Return the spectrum on the corrected axis."""

    def latest(self, serial: str, kind: Kind) -> CalibrationRecord | None:
        """Return the newest record of a kind that holds."""


class Calibrations:
    """Records of calibration by serial number.

    Parameters
    ----------
    folder : Path, optional
        Where they lie; by default ``calibration`` in the program's data folder.
    policy : CalibrationPolicy, optional
        Limits and ages; by default those that came with the program.
    """

    def __init__(self, folder: Path | None = None, policy: CalibrationPolicy | None = None) -> None:
        self.folder = folder or data_folder() / "calibration"
        self.policy = policy or load_calibration_policy()

    def add(self, record: CalibrationRecord) -> None:
        """Append a record; when this returns, it is on the disk.

        Raises
        ------
        CalibrationError
            When it names no analyser.
        JournalError
            When the chain before it is broken, or calibrations that the station's ledger names
            are missing.
        LedgerError
            When the ledger cannot be written: the record is there, and is entered with the next.
        """
        if not record.serial.strip():
            raise CalibrationError(
                "the scan does not say which analyser it is from",
                "",
                "give the serial number (--serial)",
            )
        details = {"sha256": record.sha256, "record": record.content()}
        journal = self._journal(record.serial)
        with anchor_of(self.folder) as anchor:
            anchor.check(journal.path)
            journal.add(record.time, f"calibration {record.kind}", details)
            anchor.hold(journal.path)

    def records(self, serial: str) -> tuple[CalibrationRecord, ...]:
        """Return the records of an analyser, the oldest first.

        Raises
        ------
        JournalError
            When a record was altered, or the chain is broken.
        """
        journal = self._journal(serial)
        found = []
        for act in journal.acts():
            try:
                record = record_of(act.details["record"])
                sound = record.sha256 == act.details["sha256"] and record.serial == serial
            except (ValueError, KeyError, TypeError) as error:
                raise self._altered(journal.path, act.number, str(error)) from error
            if not sound:
                raise self._altered(journal.path, act.number, "its hash differs")
            found.append(record)
        return tuple(found)

    def serials(self) -> tuple[str, ...]:
        """Return the serial numbers of analysers with records."""
        found = []
        for path in sorted(self.folder.glob("*.jsonl")):
            acts = Journal(path).acts()
            try:
                found += [str(act.details["record"]["serial"]) for act in acts[:1]]
            except (KeyError, TypeError) as error:
                raise self._altered(path, 1, "it names no analyser") from error
        return tuple(sorted(found))

    def latest(self, serial: str, kind: Kind) -> CalibrationRecord | None:
        """Return the newest record of a kind that holds; None when there is none."""
        held = [one for one in self.records(serial) if one.kind == kind and one.passed]
        return held[-1] if held else None

    def standing(self, serial: str, now: str) -> Standing:
        """Say whether the axis of an analyser may be relied on at `now` (ISO 8601, UTC).

        The newest check that could judge the axis decides (a weak or saturated scan speaks neither
        way); an axis calibrated with a Raman standard counts as one. An axis
        calibration that is past its age speaks against the analyser even when a check is fresh.
        """
        try:
            records = self.records(serial) if serial.strip() else ()
            if serial.strip() and self._journal(serial).ends_broken():
                said = "has a last record that cannot be read, and it may be of a failed check"
                return Standing("failed", _words(serial, said))
        except JournalError as error:
            return Standing("failed", f"the calibration records cannot be relied on: {error}")
        return self.judged(records, serial, now)

    def judged(self, records: tuple[CalibrationRecord, ...], serial: str, now: str) -> Standing:
        """Say how an analyser with these records, the oldest first, stands at a time."""
        checks = [one for one in records if _is_check(one)]
        if not checks:
            said = "was never checked with a standard"
            unclear = [one for one in records if one.kind == "check"]
            if unclear:
                said += f" that could be judged ({'; '.join(unclear[-1].reasons)})"
            return Standing("missing", _words(serial, said))
        last = checks[-1]
        if not last.passed:
            said = f"failed its check on {_day(last.time)} ({'; '.join(last.reasons)})"
            return Standing("failed", _words(serial, said), last.sha256)
        axes = [one for one in records if one.kind == "axis" and one.passed]
        judged = last.sha256 if last.kind == "axis" else last.result.get("axis_record")
        if judged != (axes[-1].sha256 if axes else None):
            said = f"was last checked on {_day(last.time)}, on another axis than that in force"
            return Standing("missing", _words(serial, said), last.sha256)
        valid = self.policy.valid_hours["check"]
        until = min(_moment(last.expires), _moment(last.time) + timedelta(hours=valid))
        if _moment(now) > until:
            said = f"was last checked on {_day(last.time)}, which counted until {_day(str(until))}"
            return Standing("expired", _words(serial, said), last.sha256)
        if _moment(now) < _moment(last.time) - timedelta(hours=1):
            said = f"was checked on {_day(last.time)}, which lies in the future: the clock is wrong"
            return Standing("expired", _words(serial, said), last.sha256)
        if axes and _moment(now) > _moment(axes[-1].expires):
            said = f"had its axis calibrated on {_day(axes[-1].time)}, too long ago"
            return Standing("expired", _words(serial, said), axes[-1].sha256)
        return Standing("ok", f"analyser {serial}: checked on {_day(last.time)}", last.sha256)

    def chart(self, serial: str) -> Chart | None:
        """Return the control chart over the checks of an analyser; None with too few of them.

        It begins anew with every axis calibration that holds: the offsets before are of another
        axis.
        """
        values: list[float] = []
        for record in self.records(serial):
            if record.kind == "axis" and record.passed:
                values = []
            elif record.kind == "check" and record.result.get("offset_cm1") is not None:
                values.append(float(record.result["offset_cm1"]))
        return control_chart(values, self.policy.chart_first)

    def calibrated(self, spectrum: Spectrum, serial: str) -> Spectrum:
        """Return the spectrum on the corrected axis, or as it is when no axis was calibrated.

        Raises
        ------
        CalibrationError
            When the axis it states is not the one that was calibrated: the correction would put
            bands where they are not.
        JournalError
            When the records were altered.
        """
        record = self.latest(serial, "axis") if serial.strip() else None
        return spectrum if record is None else on_corrected_axis(spectrum, record)

    def _journal(self, serial: str) -> Journal:
        name = serial
        if not _SAFE.match(serial) or serial != serial.lower():
            # names that a file system would take for one, or not take at all
            digest = hashlib.sha256(serial.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            name = re.sub(r"[^A-Za-z0-9_-]", "_", serial)[:40] + "-" + digest
        return Journal(self.folder / f"{name}.jsonl")

    @staticmethod
    def _altered(path: Path, number: int, why: str) -> JournalError:
        return JournalError(
            f"calibration record {number} is not the one that was written ({why})",
            str(path),
            "keep the file as it is, tell the supervisor, and compare it with a backup",
        )


def on_corrected_axis(spectrum: Spectrum, record: CalibrationRecord) -> Spectrum:
    """Return the spectrum on the axis a record gives, with a step that names the record.

    Raises
    ------
    CalibrationError
        When the axis it states is not the one that was calibrated.
    """
    stated = stated_of(record)
    first = place_on(stated, spectrum, record.serial)
    values = dict(record.result["correction"])
    values["dispersion_nm"] = tuple(values["dispersion_nm"])
    corrected = Correction(**values).shifts(stated)
    axis = corrected[first : first + spectrum.raman_shift_cm1.size]
    step = Step(AXIS_CALIBRATED, (("record", record.sha256),))
    return Spectrum(
        axis,
        spectrum.intensity,
        laser_nm=spectrum.laser_nm,
        technique=spectrum.technique,
        acquisition=spectrum.acquisition,
        history=(*spectrum.history, step),
    )


def stated_of(record: CalibrationRecord) -> StatedAxis:
    """Return the stated axis that a record was made on."""
    medium: Medium = "air" if record.axis["medium"] == "air" else "vacuum"
    shifts = np.array(record.axis["raman_shift_cm1"], dtype=np.float64)
    first = int(record.axis["first_pixel"])
    return StatedAxis(shifts, float(record.axis["laser_nm"]), medium, first)


def place_on(stated: StatedAxis, spectrum: Spectrum, where: str) -> int:
    """Return which point of a stated axis is a spectrum's first one.

    Raises
    ------
    CalibrationError
        When the spectrum is not a part of that axis.
    """
    axis, own = stated.raman_shift_cm1, spectrum.raman_shift_cm1
    first = int(np.argmin(np.abs(axis - own[0])))
    part = axis[first : first + own.size]
    if part.size != own.size or float(np.max(np.abs(part - own))) > SAME_AXIS_CM1:
        raise CalibrationError(
            f"the scan states an axis ({own[0]:.1f}-{own[-1]:.1f} cm-1, {own.size} points) that is "
            "not the one calibrated",
            where,
            "calibrate again: the axis stored in the analyser was changed, or the export is "
            "resampled",
        )
    return first


def expiry(policy: CalibrationPolicy, kind: Kind, time: str) -> str:
    """Return until when a record of a kind made at `time` counts, ISO 8601 in UTC."""
    return (_moment(time) + timedelta(hours=policy.valid_hours[kind])).isoformat()


def _is_check(record: CalibrationRecord) -> bool:
    if record.kind == "axis":
        return record.passed and bool(record.result.get("raman_lines"))
    return record.kind == "check" and bool(record.result.get("judged", True))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _day(text: str) -> str:
    return text[:16].replace("T", " ")


def _words(serial: str, said: str) -> str:
    name = serial if serial.strip() else "without a serial number"
    return f"analyser {name} {said}: check it with the polystyrene standard"
