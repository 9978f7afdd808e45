"""What is plugged in, without opening a serial port and without writing to anything.

Serial ports are only listed; USB devices are asked for the names that they carry. What stands in
the way (no permission, no libusb) is a note with its remedy, never an exception: the list is shown
all the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from devices.errors import DeviceError
from devices.transports.troubles import serial_port_denied
from devices.transports.usb import find_usb

TYPE_A_PATH = (
    "Pseudo-terminals (emulated instruments) and ports behind some converters are not listed: "
    "type the path of the port."
)


@dataclass(frozen=True, slots=True)
class KnownIds:
    """A row of the table of instruments.

    Parameters
    ----------
    vendor_id, product_id : int
        USB ids.
    family : str
        Family of analysers that has them.
    """

    vendor_id: int
    product_id: int
    family: str


@dataclass(frozen=True, slots=True)
class Found:
    """A serial port, or a USB device of a known family.

    Parameters
    ----------
    transport : str
        ``"serial"`` or ``"usb"``.
    address : str
        Serial: the port to open. USB: ids, bus and address, to be shown.
    vendor_id, product_id : int or None
        USB ids; None for a port that is not on USB.
    bus, bus_address : int
        Where a USB device is; 0 for serial ports.
    description : str
        What the system or the device calls it.
    serial : str
        Its serial number; empty when not known.
    families : tuple of str
        Families that have these ids. Empty for a serial port that could be anything: nothing is
        sent to find out, the operator says what it is.
    trouble : DeviceError or None
        What stands in the way of opening it, with the remedy.
    """

    transport: str
    address: str
    vendor_id: int | None = None
    product_id: int | None = None
    bus: int = 0
    bus_address: int = 0
    description: str = ""
    serial: str = ""
    families: tuple[str, ...] = ()
    trouble: DeviceError | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader of the list should know: a stable code, and words with the remedy."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, and what to know about it."""

    found: tuple[Found, ...]
    notes: tuple[Note, ...]


def discover(
    table: Iterable[KnownIds],
    *,
    usb_backend: object | None = None,
    ports: Callable[[], Iterable[Any]] | None = None,
    may_open: Callable[[str], bool] | None = None,
) -> Discovery:
    """List serial ports and known USB devices.

    Parameters
    ----------
    table : iterable of KnownIds
        Instruments; other USB devices are not listed.
    usb_backend : pyusb backend, optional
        libusb when not given.
    ports : callable, optional
        Returns serial ports as pyserial's ``comports`` does, which is used when not given.
    may_open : callable, optional
        Tells whether this user may read and write a path; the system's answer when not given.
    """
    rows = tuple(table)
    serial, serial_notes = _serial_ports(rows, ports, may_open or _may_open)
    usb, usb_notes = _usb_devices(rows, usb_backend)
    notes = (*usb_notes, *serial_notes, Note("type_a_path", TYPE_A_PATH))
    return Discovery(usb + serial, notes)


def _families(rows: Sequence[KnownIds], vendor_id: int, product_id: int) -> tuple[str, ...]:
    return tuple(
        row.family for row in rows if (row.vendor_id, row.product_id) == (vendor_id, product_id)
    )


def _may_open(path: str) -> bool:
    return os.name == "nt" or os.access(path, os.R_OK | os.W_OK)


def _comports() -> Iterable[Any]:
    from serial.tools.list_ports import comports

    return comports()


def _serial_ports(
    rows: Sequence[KnownIds],
    ports: Callable[[], Iterable[Any]] | None,
    may_open: Callable[[str], bool],
) -> tuple[tuple[Found, ...], tuple[Note, ...]]:
    try:
        listed = sorted((ports or _comports)(), key=lambda port: str(port.device))
    except (ImportError, OSError) as error:
        text = f"Serial ports cannot be listed ({error}): type the path of the port."
        return (), (Note("no_serial_list", text),)
    return tuple(_serial_port(rows, port, may_open) for port in listed), ()


def _serial_port(rows: Sequence[KnownIds], port: Any, may_open: Callable[[str], bool]) -> Found:
    ids = (port.vid, port.pid)
    description = "" if port.description in (None, "n/a") else str(port.description)
    return Found(
        transport="serial",
        address=str(port.device),
        vendor_id=port.vid,
        product_id=port.pid,
        description=description,
        serial=str(port.serial_number or ""),
        families=() if None in ids else _families(rows, *ids),
        trouble=None if may_open(str(port.device)) else serial_port_denied(str(port.device)),
    )


def _usb_devices(
    rows: Sequence[KnownIds], backend: object | None
) -> tuple[tuple[Found, ...], tuple[Note, ...]]:
    known = {(row.vendor_id, row.product_id) for row in rows}
    try:
        devices = find_usb(backend, only=known)
    except DeviceError as error:
        return (), (Note(error.code, str(error)),)
    found = tuple(
        Found(
            transport="usb",
            address=device.name,
            vendor_id=device.vendor_id,
            product_id=device.product_id,
            bus=device.bus,
            bus_address=device.address,
            description=" ".join(filter(None, (device.manufacturer, device.product))),
            serial=device.serial,
            families=_families(rows, device.vendor_id, device.product_id),
            trouble=device.trouble,
        )
        for device in devices
    )
    return found, ()
