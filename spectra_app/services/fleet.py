"""How the analysers of a station stand: checks, ages, charts, and what was measured in doubt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from matching.calibration.check import control_chart
from spectra_app.errors import JournalError
from spectra_app.records.bundles.kinds import ImportedRecord
from spectra_app.records.calibration import CalibrationRecord
from spectra_app.records.journal import Journal
from spectra_app.records.kinds import Scan
from spectra_app.services.calibrations import CalibrationPolicy, Calibrations, Standing
from spectra_app.services.cases.seeing import sight_of
from spectra_app.services.office import Office, Session

FOLDER = "calibration"
DUE_H = {"check": 4.0, "axis": 30 * 24.0}  # so long before the end a check or an axis is due
FleetState = Literal["ready", "due", "out", "never", "elsewhere"]
Quantity = Literal["offset", "line", "axis", "resolution", "width", "signal", "power"]
QUANTITIES: tuple[Quantity, ...] = (
    "offset", "line", "axis", "resolution", "width", "signal", "power",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FleetRow:
    """One analyser.

    Parameters
    ----------
    serial, model : str
        As its records and scans state them; the model is empty where nothing does.
    emulated : bool
        Whether no instrument is behind it.
    state : {"ready", "due", "out", "never", "elsewhere"}
        To be relied on; the same, but soon not any more; failed or too old; never checked with a
        standard; known from another station's bundle only.
    words : str
        The same in a sentence.
    checked_at, axis_at, due_at : str
        Last check, last axis calibration that holds, and when the first of them ends; ISO 8601 in
        UTC, empty for never.
    passed : bool or None
        Whether that check passed; None when it judged nothing, or there was none.
    offset_cm1 : float or None
        Of that check.
    records : int
        How many calibrations and checks there are.
    """

    serial: str
    model: str
    emulated: bool
    state: FleetState
    words: str
    checked_at: str = ""
    axis_at: str = ""
    due_at: str = ""
    passed: bool | None = None
    offset_cm1: float | None = None
    records: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a chart: when, how much, the record's SHA-256, and what speaks against it.

    `judged` is ``"in"``, ``"out"`` (of the limits that the policy sets) or ``"warning"`` (a run
    rule speaks: `rules` are their numbers, see `matching.calibration.check`).
    """

    time: str
    value: float
    record: str
    judged: Literal["in", "warning", "out"]
    rules: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlChart:
    """One quantity of an analyser over time.

    Parameters
    ----------
    quantity : str
        ``"offset"`` of the lines of a check, its worst ``"line"``, residual of the ``"axis"``
        calibrations, ``"resolution"``, and of the checks ``"width"`` of the strongest band,
        ``"signal"`` and laser ``"power"``.
    unit : str
        ``"cm-1"``, ``"counts/s"``, ``"%"`` or ``"mW"``.
    points : tuple of Point
        By time.
    lower, upper : float or None
        Limits of the policy.
    centre, low, high : float or None
        Of the control chart (mean and three standard deviations of the first checks); None with
        fewer than eight.
    since : str
        From when on the control chart counts; empty for from the first point on.
    """

    quantity: Quantity
    unit: str
    points: tuple[Point, ...]
    lower: float | None = None
    upper: float | None = None
    centre: float | None = None
    low: float | None = None
    high: float | None = None
    since: str = ""


@dataclass(frozen=True, slots=True)
class DoubtfulScan:
    """A scan that was made while its analyser did not stand: which, when, and how it stood."""

    scan: str
    case: str
    scanned_at: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class InstrumentHistory:
    """All that is known of one analyser.

    `hidden` counts the doubtful scans that this person may not see.
    """

    row: FleetRow
    charts: tuple[ControlChart, ...]
    doubtful: tuple[DoubtfulScan, ...]
    scans: int
    hidden: int = 0


def fleet(office: Office, session: Session) -> list[FleetRow]:
    """Return how every analyser stands of which the station has records, by serial number."""
    office.require(session, "fleet.show")
    kept, now = Calibrations(office.folder / FOLDER), office.clock()
    own = set(_own(kept))
    scanned = _scanned(office)
    rows = [_row(kept, one, now, emulated=scanned.get(one, False)) for one in own | set(scanned)]
    elsewhere = set(_elsewhere(office)) - own - set(scanned)
    words = "known from a bundle of another station: its checks are kept there"
    rows += [FleetRow(one, "", emulated=False, state="elsewhere", words=words) for one in elsewhere]
    return sorted(rows, key=lambda row: row.serial)


def instrument_history(office: Office, session: Session, serial: str) -> InstrumentHistory:
    """Return charts of one analyser, and the scans that it made while it did not stand.

    Raises
    ------
    JournalError
        When its calibration records were altered.
    """
    me = office.require(session, "fleet.show")
    kept, now = Calibrations(office.folder / FOLDER), office.clock()
    records = kept.records(serial)
    scans = [one.record for one in office.ledger.find(Scan, analyser=serial)]
    emulated = any(one.emulated for one in scans)
    doubtful = list(_doubtful(kept, records, serial, scans))
    seen = {one.id for one in sight_of(office, me).seen(scans)}
    shown = tuple(one for one in doubtful if one.scan in seen)
    return InstrumentHistory(
        row=_row(kept, serial, now, emulated=emulated),
        charts=charts_of(records, kept.policy),
        doubtful=shown,
        scans=len(scans),
        hidden=len(doubtful) - len(shown),
    )


# --- How it stands ------------------------------------------------------------------------------


def _own(kept: Calibrations) -> Iterable[str]:
    """Yield the analysers with calibration records; one whose file is damaged by its file."""
    for path in sorted(kept.folder.glob("*.jsonl")):
        try:
            acts = Journal(path).acts()
            yield str(acts[0].details["record"]["serial"])
        except (JournalError, LookupError, TypeError):
            yield path.stem


def _scanned(office: Office) -> dict[str, bool]:
    """Return the analysers that measured here, and whether they are emulated."""
    scans = (one.record for one in office.ledger.find(Scan))
    return {one.analyser: one.emulated for one in scans if one.analyser and one.source == "device"}


def _elsewhere(office: Office) -> Iterable[str]:
    """Yield the serial numbers in records that came with bundles."""
    for stored in office.ledger.find(ImportedRecord):
        if stored.record.of_kind == Scan.KIND:
            serial = json.loads(stored.record.body).get("analyser")
            if isinstance(serial, str) and serial:
                yield serial


def _row(kept: Calibrations, serial: str, now: str, *, emulated: bool) -> FleetRow:
    standing = kept.standing(serial, now)
    try:
        records = kept.records(serial)
    except JournalError:
        return FleetRow(serial, "", emulated=emulated, state="out", words=standing.words)
    checks = [one for one in records if one.kind == "check"]
    axes = [one for one in records if one.kind == "axis" and one.passed]
    last = checks[-1] if checks else None
    ends = ends_of(records, kept.policy)
    judged = last is not None and bool(last.result.get("judged", True))
    return FleetRow(
        serial=serial,
        model=next((one.model for one in reversed(records) if one.model), ""),
        emulated=emulated or any(one.emulated for one in records),
        state=_state(standing, ends, now),
        words=standing.words,
        checked_at=last.time if last else "",
        axis_at=axes[-1].time if axes else "",
        due_at=min(ends.values()).isoformat() if ends else "",
        passed=last.passed if last is not None and judged else None,
        offset_cm1=last.result.get("offset_cm1") if last else None,
        records=len(records),
    )


def ends_of(records: Sequence[CalibrationRecord], policy: CalibrationPolicy) -> dict[str, datetime]:
    """Return until when the last check and the last axis calibration count, those that hold."""
    ends = {}
    for kind, hours in policy.valid_hours.items():
        held = [one for one in records if one.kind == kind and one.passed]
        if held and kind in DUE_H:
            by_age = _moment(held[-1].time) + timedelta(hours=hours)
            ends[kind] = min(by_age, _moment(held[-1].expires))
    return ends


def _state(standing: Standing, ends: dict[str, datetime], now: str) -> FleetState:
    if standing.state == "missing":
        return "never"
    if standing.state != "ok":
        return "out"
    soon = any(end - _moment(now) < timedelta(hours=DUE_H[kind]) for kind, end in ends.items())
    return "due" if soon else "ready"


def _doubtful(
    kept: Calibrations,
    records: Sequence[CalibrationRecord],
    serial: str,
    scans: Iterable[Scan],
) -> Iterable[DoubtfulScan]:
    """Yield the scans that were measured here while the analyser did not stand, oldest first."""
    before: list[CalibrationRecord] = []
    rest = list(records)
    for scan in sorted((one for one in scans if one.source == "device"), key=_when):
        while rest and _moment(rest[0].time) <= _moment(scan.scanned_at):
            before.append(rest.pop(0))
        stood = kept.judged(tuple(before), serial, scan.scanned_at)
        if stood.reason is not None:
            yield DoubtfulScan(scan.id, scan.case, scan.scanned_at, stood.state, stood.words)


def _when(scan: Scan) -> datetime:
    return _moment(scan.scanned_at)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- Charts -------------------------------------------------------------------------------------


def charts_of(
    records: Sequence[CalibrationRecord], policy: CalibrationPolicy
) -> tuple[ControlChart, ...]:
    """Return the charts that there are values for, in the order of `QUANTITIES`."""
    charts = (_chart(quantity, records, policy) for quantity in QUANTITIES)
    return tuple(one for one in charts if one.points)


def _value(record: CalibrationRecord, quantity: Quantity) -> tuple[float, str] | None:
    """Return what a record says of a quantity, with its unit."""
    result, kind = record.result, record.kind
    found: object = None
    unit = "cm-1"
    if kind == "check" and quantity in CHECKED:
        found = result.get(CHECKED[quantity])
        unit = "counts/s" if quantity == "signal" else unit
    elif kind == "check" and quantity == "power":
        return _power(result.get("laser_power"))
    elif kind == "axis" and quantity == "axis":
        found = result.get("after_rms_cm1")
    elif quantity == "resolution":
        source = result if kind == "resolution" else result.get("resolution") or {}
        found = source.get("fwhm_cm1") if kind in {"resolution", "axis"} else None
    return None if not isinstance(found, int | float) else (float(found), unit)


CHECKED = {
    "offset": "offset_cm1", "line": "worst_cm1", "width": "width_cm1", "signal": "signal_per_s",
}  # fmt: skip
"""Names in the result of a check."""
TRENDED = {"offset", "width", "signal", "power"}
"""What is measured often enough for a control chart; of a worst line the sign means nothing."""


def _power(text: object) -> tuple[float, str] | None:
    """Return a laser power as an analyser states it (``"100 %"``, ``"450 mW"``)."""
    number, _, unit = str(text or "").partition(" ")
    try:
        return (float(number), unit) if unit in {"%", "mW"} else None
    except ValueError:
        return None


def _limits(quantity: Quantity, policy: CalibrationPolicy) -> tuple[float | None, float | None]:
    if quantity == "offset":
        return -policy.check.most_mean_cm1, policy.check.most_mean_cm1
    if quantity == "line":
        return -policy.check.most_line_cm1, policy.check.most_line_cm1
    if quantity == "axis":
        return None, policy.axis.most_rms_cm1
    if quantity == "resolution":
        return None, policy.most_resolution_cm1
    return None, None


def _chart(
    quantity: Quantity, records: Sequence[CalibrationRecord], policy: CalibrationPolicy
) -> ControlChart:
    lower, upper = _limits(quantity, policy)
    rows = [(one, _value(one, quantity)) for one in records]
    known = [(one, found) for one, found in rows if found is not None]
    unit = known[-1][1][1] if known else ""
    since = _since(quantity, records)
    fresh = [
        index
        for index, (one, _found) in enumerate(known)
        if not since or _moment(one.time) >= _moment(since)
    ]
    values = [known[index][1][0] for index in fresh]
    chart = control_chart(values, policy.chart_first) if quantity in TRENDED else None
    spoken: dict[int, list[int]] = {}
    for signal in chart.signals if chart else ():
        spoken.setdefault(fresh[signal.point], []).append(signal.rule)
    points = []
    for index, (record, (value, _unit)) in enumerate(known):
        rules = tuple(dict.fromkeys(spoken.get(index, ())))
        over = (upper is not None and value > upper) or (lower is not None and value < lower)
        judged: Literal["in", "warning", "out"] = "out" if over else "warning" if rules else "in"
        points.append(Point(record.time, value, record.sha256, judged, rules))
    return ControlChart(
        quantity,
        unit,
        tuple(points),
        lower,
        upper,
        centre=chart.centre if chart else None,
        low=chart.lower if chart else None,
        high=chart.upper if chart else None,
        since=since,
    )


def _since(quantity: Quantity, records: Sequence[CalibrationRecord]) -> str:
    """Return from when on values belong together: the offsets before are of another axis."""
    axes = [one.time for one in records if one.kind == "axis" and one.passed]
    return axes[-1] if axes and quantity in {"offset", "line"} else ""
