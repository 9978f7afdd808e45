"""Analysers at this station: what is plugged in, what can be opened, what an open one says."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devices.discovery import Discovery, KnownIds, discover
from devices.errors import DeviceError, LaserAlarmError
from devices.families import FAMILIES, Family, family
from devices.interface import Analyser
from devices.registry import Connection, Keep, open_connected, open_emulated
from devices.serving import serve_family
from devices.timing import REAL_TIME, Timing
from spectra_app.errors import AppError
from spectra_app.services.emulated_samples import emulated_sample
from spectra_app.services.frames import AnalyserError, as_app_error

UNVERIFIED = "drivers were verified against emulators and third-party drivers, not on instruments"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which analyser to open, and how.

    Parameters
    ----------
    family : str
        A row of the registry.
    sample : str or None
        What lies in front of an emulated one; None for a real one.
    seed : int
        Seed of an emulated one.
    connection : Connection
        Where a real one is.
    """

    family: str
    sample: str | None = None
    seed: int = 7
    connection: Connection = field(default_factory=Connection)


def family_row(row: Family) -> dict[str, Any]:
    """Return one family as plain data."""
    return {
        "family": row.name,
        "title": row.title,
        "connected_by": row.wire.value,
        "laser": row.laser.value,
        "laser_nm": row.laser_nm,
        "usb_ids": [f"{vendor:04x}:{product:04x}" for vendor, product in row.usb_ids],
        "emulated_only": row.emulated_only,
        "standing": row.standing,
    }


def family_rows() -> list[dict[str, Any]]:
    """Return the families that can be opened, one plain row each."""
    return [family_row(row) for row in FAMILIES]


def plugged_in(usb_backend: object | None = None) -> Discovery:
    """Return what is plugged in, without writing to anything; see `devices.discovery`."""
    table = [
        KnownIds(vendor, product, row.name) for row in FAMILIES for vendor, product in row.usb_ids
    ]
    return discover(table, usb_backend=usb_backend)


def found_rows(seen: Discovery) -> list[dict[str, object]]:
    """Return what was found as plain data."""
    return [
        {
            "connected_by": one.transport,
            "address": one.address,
            "description": one.description,
            "serial": one.serial,
            "families": list(one.families),
            "trouble": None if one.trouble is None else str(one.trouble),
        }
        for one in seen.found
    ]


def emulated_only(name: str) -> bool:
    """Return whether no real instrument can be behind the family `name`.

    Raises
    ------
    AnalyserError
        When there is no such family.
    """
    try:
        return family(name).emulated_only
    except DeviceError as error:
        raise as_app_error(error) from error


def open_chosen(
    chosen: Chosen, *, timing: Timing = REAL_TIME, keep: Keep = lambda wire: wire
) -> Analyser:
    """Open the analyser that was chosen.

    Raises
    ------
    AnalyserError
        In the driver's words, whatever stands in the way.
    """
    return open_with_bench(chosen, timing=timing, keep=keep)[0]


def open_with_bench(
    chosen: Chosen, *, timing: Timing = REAL_TIME, keep: Keep = lambda wire: wire
) -> tuple[Analyser, Any]:
    """Open the analyser that was chosen; with it the bench of an emulated one, None for a real one.

    Raises as `open_chosen`.
    """
    try:
        if chosen.sample is not None or family(chosen.family).emulated_only:
            sample = emulated_sample(chosen.sample) if chosen.sample else None
            return open_emulated(
                chosen.family, sample=sample, seed=chosen.seed, timing=timing, keep=keep
            )
        return open_connected(chosen.family, chosen.connection, timing=timing, keep=keep), None
    except DeviceError as error:
        raise as_app_error(error) from error


@contextmanager
def opened(
    chosen: Chosen,
    *,
    timing: Timing = REAL_TIME,
    keep: Keep = lambda wire: wire,
    alarmed: Callable[[str], None] = lambda _words: None,
) -> Iterator[Analyser]:
    """Open the analyser that was chosen; afterwards let it go, its laser off.

    `alarmed` is called at the moment that its laser has to be taken for on, with which analyser it
    is and why: the error that follows may take seconds to come.

    Raises
    ------
    AnalyserError
        In the driver's words. A laser that cannot be confirmed to be off at the end comes before
        whatever ended the use, which it then names.
    """
    try:
        analyser = open_chosen(chosen, timing=timing, keep=keep)
    except AnalyserError as error:
        if isinstance(error.__cause__, LaserAlarmError):
            alarmed(str(error.__cause__))
        raise
    name = f"{analyser.info.model} {analyser.info.serial}".strip()
    analyser.when_alarmed(lambda reason: alarmed(f"{name}: {reason}"))
    first: AnalyserError | None = None
    try:
        with analyser:
            try:
                yield analyser
            except AnalyserError as error:
                first = error
                raise
    except DeviceError as error:
        if first is not None and first.what == error.what:
            raise first from error
        alarm = as_app_error(error)
        alarm.lit = True  # as far as anybody knows
        if first is not None:
            alarm.kept = first.kept
            alarm.remedy += f"; before that: {first}"
        raise alarm from error


def real_one(
    name: str,
    *,
    port: str = "",
    usb_serial: str | None = None,
    laser_port: str = "",
    laser_power_w: float | None = None,
    laser_nm: float | None = None,
    laser_oem: bool = False,
    papers: Path | None = None,
) -> Chosen:
    """Return the choice of a real analyser; see `devices.registry.Connection`.

    Raises
    ------
    AnalyserError
        When its papers, or those of its laser, make no sense.
    """
    laser = laser_papers(laser_power_w, laser_nm, oem=laser_oem) if laser_port else None
    configuration = None if papers is None else read_papers(papers)
    return Chosen(name, connection=Connection(port, usb_serial, laser_port, laser, configuration))


def read_papers(path: Path) -> object:
    """Return the configuration record of an instrument.

    From its maker's parameter file (B&W Tek), or what the station wrote down as JSON (Ocean OBP).

    Raises
    ------
    AnalyserError
        When the file is no such file, or does not make sense.
    """
    from devices.drivers.bwtek.configuration import MAX_BYTES, parse_parameters
    from devices.drivers.ocean_obp.configuration import parse_configuration

    if path.exists() and not path.is_file():  # a folder, or what never ends or never answers
        raise AppError("this is no file", str(path), "choose the parameter file")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        begins = data.removeprefix(BOM_UTF8).lstrip()[:1]
        read = parse_configuration if begins == b"{" else parse_parameters
        return read(data, path.name)
    except DeviceError as error:
        raise as_app_error(error) from error
    except OSError as error:
        raise AppError(f"the file cannot be read ({error})", str(path), "check the path") from error


def laser_papers(power_w: float | None, laser_nm: float | None, *, oem: bool) -> object:
    """Return what the papers of a laser with its own port say.

    Raises
    ------
    AnalyserError
        When a figure is not possible.
    """
    from devices.drivers.cobolt.driver import CoboltConfiguration

    try:
        return CoboltConfiguration(power_w, laser_nm, oem, source="papers of the laser")
    except DeviceError as error:
        raise as_app_error(error) from error


def described(analyser: Analyser) -> dict[str, object]:
    """Return what an open analyser says of itself and its state now, as plain data.

    Raises
    ------
    AnalyserError
        When it stops answering.
    """
    info, can = analyser.info, analyser.capabilities
    try:
        temperature, laser = analyser.temperature_c, analyser.laser_state
    except DeviceError as error:
        raise as_app_error(error) from error
    integration = can.integration_time_ms
    return {
        "family": info.family,
        "emulated": info.emulated,
        "model": info.model,
        "serial": info.serial,
        "firmware": info.firmware,
        "detector": info.detector,
        "laser_nm": info.laser_nm,
        "pixels": can.pixels,
        "range_cm1": None if can.range_cm1 is None else [round(end, 1) for end in can.range_cm1],
        "integration_time_ms": [integration.lowest, integration.highest],
        "saturation_counts": can.saturation_counts,
        "switches_laser": can.switches_laser,
        "laser_state": laser.value,
        "temperature_c": temperature,
        "alarm": analyser.alarm,
        "facts": dict(info.facts),
    }


def serve_emulator(name: str, announce: Callable[[str], None], *, sample: str, **how: Any) -> None:
    """Serve an emulated instrument with a named sample before it until it is interrupted.

    `how` is what `devices.serving.serve_family` takes besides.

    Raises
    ------
    AnalyserError
        When there is no such family, or it has no serial line, or no port can be made.
    """
    try:
        serve_family(name, announce, sample=emulated_sample(sample), **how)
    except DeviceError as error:
        raise as_app_error(error) from error
