"""Which analysers a person can choose from: those found, those at a typed port, emulated ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devices.discovery import Discovery
from devices.families import FAMILIES, Family, LaserKind, Wire
from spectra_app.errors import AppError
from spectra_app.services.devices import Chosen, real_one


@dataclass(frozen=True, slots=True)
class AnalyserChoice:
    """One line of the list of analysers.

    Parameters
    ----------
    family : str
        A row of the registry.
    title : str
        What the line says.
    emulated : bool
        Whether no instrument is behind it.
    usb_serial : str
        Serial number of one that is plugged in; empty when not known.
    asks_port, asks_laser, asks_papers : bool
        Whether a person has to name its serial port, the port of the laser beside it, and its
        maker's parameter file.
    name : str
        The title without what else it says.
    trouble : str
        What stands in the way of opening it, with the remedy; mostly nothing.
    """

    family: str
    title: str
    emulated: bool
    usb_serial: str = ""
    asks_port: bool = False
    asks_laser: bool = False
    asks_papers: bool = False
    trouble: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """The list, the serial ports there are, and what to know about the search."""

    rows: tuple[AnalyserChoice, ...]
    ports: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person chose and typed.

    Parameters
    ----------
    choice : AnalyserChoice
        The line chosen.
    sample : str
        What lies in front of an emulated one.
    port, laser_port : str
        Serial ports as typed.
    laser_power_mw, laser_nm : float or None
        What the papers of the laser say; without them it is never switched on.
    papers : str
        Path of the maker's parameter file; empty for none.
    """

    choice: AnalyserChoice
    sample: str = ""
    port: str = ""
    laser_port: str = ""
    laser_power_mw: float | None = None
    laser_nm: float | None = None
    papers: str = ""


def choices_of(seen: Discovery) -> Choices:
    """Return what can be chosen: what was found first, emulated ones last."""
    rows = [
        _real(row, f"{row.title}, serial number {one.serial or 'not known'}", one.serial,
              str(one.trouble or ""))
        for one in seen.found
        for row in FAMILIES
        if one.transport == "usb" and row.name in one.families
    ]  # fmt: skip
    rows += [
        _real(row, f"{row.title}, at a serial port", port=True)
        for row in FAMILIES
        if row.wire in {Wire.SERIAL, Wire.EITHER}
    ]
    ports = tuple(one.address for one in seen.found if one.transport == "serial")
    return Choices((*rows, *emulated_choices()), ports, tuple(note.text for note in seen.notes))


def emulated_choices() -> tuple[AnalyserChoice, ...]:
    """Return the emulated analysers; they can be chosen before anything was looked for."""
    return tuple(
        AnalyserChoice(row.name, f"EMULATED: {name}", emulated=True, name=name)
        for row, name in ((row, row.title.removeprefix("Emulated ")) for row in FAMILIES)
    )


def _real(
    row: Family, title: str, serial: str = "", trouble: str = "", *, port: bool = False
) -> AnalyserChoice:
    return AnalyserChoice(
        row.name,
        title,
        emulated=False,
        usb_serial=serial,
        asks_port=port,
        asks_laser=row.laser is LaserKind.PAIRED,
        asks_papers=row.wire is Wire.SERIAL,
        trouble=trouble,
        name=row.title,
    )


def chosen_by(wish: Wish) -> Chosen:
    """Return what has to be opened.

    Raises
    ------
    AppError
        When a port is missing, or papers make no sense.
    """
    choice = wish.choice
    if choice.emulated:
        return Chosen(choice.family, wish.sample)
    if choice.asks_port and not wish.port.strip():
        raise AppError(
            "no serial port is named", choice.title, "type its port, for example /dev/ttyUSB0"
        )
    return real_one(
        choice.family,
        port=wish.port.strip() if choice.asks_port else "",
        usb_serial=choice.usb_serial or None,
        laser_port=wish.laser_port.strip() if choice.asks_laser else "",
        laser_power_w=None if wish.laser_power_mw is None else wish.laser_power_mw / 1000.0,
        laser_nm=wish.laser_nm,
        papers=Path(wish.papers) if choice.asks_papers and wish.papers else None,
    )
