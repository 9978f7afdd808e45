"""The one door that opens analysers: real ones at a port, emulated ones at an emulated wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from devices.composed import ComposedAnalyser
from devices.emulators.bench import NO_FAULTS, Bench, Faults
from devices.emulators.direct import bench_parts
from devices.emulators.faults import WireFault
from devices.errors import DeviceError, SampleError, SettingsError
from devices.families import (
    EMULATED_PAPERS,
    FAMILIES,
    Code,
    Family,
    LaserKind,
    Wire,
    families,
    family,
)
from devices.interface import Analyser
from devices.laser import LaserGuard
from devices.parts import DetectorPart, LaserPart
from devices.sample import Sample
from devices.timing import REAL_TIME, Timing

__all__ = [
    "FAMILIES",
    "Connection",
    "EmulatedWires",
    "Family",
    "emulated_wires",
    "families",
    "family",
    "open_analyser",
    "open_connected",
    "open_emulated",
    "open_wires",
]

MAX_SEED = 2**63 - 1
LASER_BAUD = 115_200
Keep = Callable[[Any], Any]
"""Wraps a wire, for example to record what passes over it."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a real analyser is.

    Parameters
    ----------
    port : str
        Serial port; empty for USB.
    usb_serial : str or None
        Serial number, when several alike are plugged in.
    laser_port : str
        Serial port of the laser of a modular analyser; empty for none.
    laser_configuration : CoboltConfiguration or None
        What the papers of that laser say (rated power, wavelength, key); without them it is read
        and switched off, but never on.
    configuration : object
        What the station wrote down about an instrument that cannot say it itself.
    usb_backend : object
        A pyusb backend; libusb when None.
    """

    port: str = ""
    usb_serial: str | None = None
    laser_port: str = ""
    laser_configuration: Any = None
    configuration: object = None
    usb_backend: object = None


@dataclass(eq=False, slots=True)
class EmulatedWires:
    """An emulated analyser's wires, in reach for faults and for other programs' drivers.

    Parameters
    ----------
    bench : Bench
        The instrument itself: its sample and its own faults.
    models : list
        The emulated instruments, the spectrometer first.
    usb : EmulatedUsbBackend or None
        The pyusb backend that it is plugged into.
    streams : list of EmulatedStream
        Its serial lines, the spectrometer first.
    """

    bench: Bench
    models: list[Any] = field(default_factory=list)
    usb: Any = None
    streams: list[Any] = field(default_factory=list)


def open_analyser(
    name: str,
    *,
    sample: Sample | None = None,
    seed: int = 0,
    timing: Timing = REAL_TIME,
    faults: Faults = NO_FAULTS,
    keep: Keep = lambda wire: wire,
) -> Analyser:
    """Open an emulated analyser of the family `name`.

    Parameters
    ----------
    name : str
        One of `families`.
    sample : Sample or None
        What it has in front of it; needed, as it measures nothing real.
    seed : int
        Seed of its noise, 0 to 2**63 - 1.
    timing : Timing
        Time; one that is stepped makes it measure without waiting.
    faults : Faults
        What goes wrong inside it.
    keep : callable
        Wraps each wire.

    Raises
    ------
    UnknownFamilyError
        When there is no such family.
    SampleError, SettingsError
        When the sample is missing or impossible, or the seed is.
    """
    return open_emulated(name, sample=sample, seed=seed, timing=timing, faults=faults, keep=keep)[0]


def open_emulated(
    name: str,
    *,
    sample: Sample | None,
    seed: int = 0,
    timing: Timing = REAL_TIME,
    faults: Faults = NO_FAULTS,
    keep: Keep = lambda wire: wire,
) -> tuple[Analyser, Bench]:
    """Open an emulated analyser as `open_analyser` does; return it and the bench behind it.

    The bench takes other samples while the analyser stays open.
    """
    row = family(name)
    if sample is None:
        raise SampleError(
            "an emulated analyser has nothing to measure", row.title, "choose a sample"
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise SettingsError(f"the seed {seed!r} is not possible", row.title, "choose 0 or above")
    if row.bench is not None:
        bench = Bench(row.bench, sample, seed, faults)
        parts = bench_parts(bench, timing, seed)
        return ComposedAnalyser(*parts, family=row.name, emulated=True, timing=timing), bench
    wires = emulated_wires(name, sample=sample, seed=seed, timing=timing, faults=faults)
    return open_wires(name, wires, timing=timing, keep=keep), wires.bench


def emulated_wires(
    name: str,
    *,
    sample: Sample,
    seed: int = 0,
    timing: Timing = REAL_TIME,
    faults: Faults = NO_FAULTS,
    serial: bool = False,
    wire_faults: Sequence[WireFault] = (),
) -> EmulatedWires:
    """Return an emulated analyser of the family `name` at its wires, with no driver at them yet.

    Parameters
    ----------
    serial : bool
        Whether a spectrometer that has both speaks over its serial line.
    wire_faults : sequence of WireFault
        What the spectrometer's cable does.
    """
    row = family(name)
    code = _code(row)
    serial = serial or row.wire is Wire.SERIAL
    model = code.emulator(sample, seed, faults, serial=serial, bench=None)
    wires = EmulatedWires(model.bench, [model])
    if serial:
        from devices.emulators.stream import EmulatedStream

        wires.streams.append(EmulatedStream(model, timing, faults=wire_faults))
    else:
        from devices.emulators.usb_backend import EmulatedUsbBackend

        wires.usb = EmulatedUsbBackend([model], timing, faults=wire_faults)
    if row.laser is LaserKind.PAIRED:
        from devices.emulators.cobolt import emulator as laser_emulator
        from devices.emulators.stream import EmulatedStream

        laser = laser_emulator(bench=model.bench)
        wires.models.append(laser)
        wires.streams.append(EmulatedStream(laser, timing))
    return wires


def open_wires(
    name: str, wires: EmulatedWires, *, timing: Timing = REAL_TIME, keep: Keep = lambda wire: wire
) -> Analyser:
    """Open the analyser at emulated wires, by the driver that opens a real one."""
    row = family(name)
    paired = row.laser is LaserKind.PAIRED
    papers = Connection(configuration=EMULATED_PAPERS)
    if paired:
        from devices.emulators.cobolt import configuration

        papers = replace(papers, laser_configuration=configuration())

    def main() -> Any:
        if wires.usb is not None:
            return keep(_usb_port(row, Connection(usb_backend=wires.usb), timing))
        return keep(wires.streams[0])

    try:
        laser = keep(wires.streams[-1]) if paired else None
        return _composed(row, main, laser, papers, timing, emulated=True)
    except BaseException:
        for stream in wires.streams:
            stream.close()
        raise


def open_connected(
    name: str,
    connection: Connection,
    *,
    timing: Timing = REAL_TIME,
    keep: Keep = lambda wire: wire,
) -> Analyser:
    """Open a real analyser of the family `name`.

    Parameters
    ----------
    name : str
        One of `families`.
    connection : Connection
        Where it is. Ports are never searched by writing to them.
    timing : Timing
        Time.
    keep : callable
        Wraps each wire.

    Raises
    ------
    UnknownFamilyError, SettingsError
        When there is no such family, or no real instrument can be behind it, or a port is missing.
    OpenError, AnswerError, LaserAlarmError
        When it cannot be opened, does not answer as it should, or its laser is not off.
    """
    row = family(name)
    _code(row)
    _refuse_other_ports(row, connection)
    laser = None
    if row.laser is LaserKind.PAIRED and connection.laser_port:
        laser = keep(_serial(connection.laser_port, LASER_BAUD))

    def main() -> Any:
        return keep(
            _serial(connection.port) if connection.port else _usb_port(row, connection, timing)
        )

    return _composed(row, main, laser, connection, timing, emulated=False)


def _refuse_other_ports(row: Family, connection: Connection) -> None:
    """Refuse a port that the family does not have, rather than leave it out unsaid."""
    if row.wire is Wire.SERIAL and not connection.port:
        raise SettingsError("no serial port is named", row.title, "name its port")
    if row.wire is Wire.USB and connection.port:
        raise SettingsError(
            "it is connected by USB and has no serial port",
            row.title,
            "name no port; if something else is on this port, choose its family",
        )
    if row.laser is not LaserKind.PAIRED and connection.laser_port:
        raise SettingsError(
            "its laser is its own; no other laser is paired with it",
            row.title,
            "name no laser port",
        )


def _composed(
    row: Family,
    open_main: Callable[[], Any],
    laser_wire: Any,
    connection: Connection,
    timing: Timing,
    *,
    emulated: bool,
) -> Analyser:
    """Open the parts; `open_main` opens the wire of the spectrometer."""
    main: Any = None
    detector: DetectorPart | None = None
    laser: LaserPart | None = None
    try:
        if laser_wire is not None:  # first, so that it is off also when there is no spectrometer
            laser = _cobolt(laser_wire, timing, connection.laser_configuration)
            _see_it_off(laser, timing)
        main = open_main()
        detector, own = _code(row).open_parts(main, timing, connection.configuration)
        if own is not None:
            _see_it_off(own, timing)
    except BaseException:
        for part in (laser, laser_wire, main):
            if part is not None:
                part.close()
        raise
    return ComposedAnalyser(
        detector, laser or own, family=row.name, emulated=emulated, timing=timing
    )


def _see_it_off(laser: LaserPart, timing: Timing) -> None:
    """Switch off and read back: a command may be acknowledged and have arrived as another one."""
    LaserGuard(laser, timing, laser.facts.model).off()


def _cobolt(wire: Any, timing: Timing, papers: Any) -> LaserPart:
    from devices.drivers.cobolt.driver import open_laser

    return open_laser(wire, timing, configuration=papers)


def _code(row: Family) -> Code:
    if row.code is None:
        raise SettingsError(
            "no instrument can be behind it", row.title, "choose another family of analysers"
        )
    return row.code()


def _usb_port(row: Family, connection: Connection, timing: Timing) -> Any:
    from devices.transports.usb import open_usb

    error: DeviceError | None = None
    for vendor_id, product_id in row.usb_ids:
        try:
            return open_usb(
                vendor_id,
                product_id,
                serial=connection.usb_serial,
                backend=connection.usb_backend,
                timing=timing,
            )
        except DeviceError as trouble:
            error = trouble
    raise error or SettingsError("no serial port is named", row.title, "name its port")


def _serial(port: str, baud: int = 9600) -> Any:
    from devices.transports.serial_port import open_serial

    return open_serial(port, baud)
