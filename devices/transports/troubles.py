"""Errors of cables in words, the same for every transport, real or emulated."""

from __future__ import annotations

from devices.errors import (
    NoBackendError,
    NotConnectedError,
    PermissionDeniedError,
    PortBusyError,
    PortMissingError,
    StalledError,
    TransportTimeoutError,
)

RULES_FILE = "60-spectra-analysers.rules"
RELOAD_RULES = "sudo udevadm control --reload && sudo udevadm trigger"


def gone(where: str) -> NotConnectedError:
    """Return the error of a device that was there and no longer is."""
    return NotConnectedError(
        "the device went away (unplugged, switched off or hung up)",
        where,
        "check cable and power, and if its laser may be on use its key or pull its power; "
        "then connect again",
    )


def closed(where: str) -> NotConnectedError:
    """Return the error of using a port after it was let go."""
    return NotConnectedError("the port is closed", where, "connect again")


def no_answer(where: str, doing: str, timeout_s: float) -> TransportTimeoutError:
    """Return the error of nothing happening within `timeout_s` seconds."""
    return TransportTimeoutError(
        f"no answer within {timeout_s:g} s ({doing})",
        where,
        "check that the instrument is switched on and try again; when it stays silent, "
        "switch it off and on",
    )


def stalled(where: str, doing: str) -> StalledError:
    """Return the error of a request that the device refuses on the wire."""
    return StalledError(
        f"the instrument refused the request on the wire ({doing})",
        where,
        "this firmware may not know the request; when it goes on, unplug and plug in again",
    )


def serial_port_missing(port: str) -> PortMissingError:
    """Return the error of a serial port that does not exist."""
    return PortMissingError(
        "there is no such serial port", port, "plug the instrument in, or choose another port"
    )


def serial_port_denied(port: str) -> PermissionDeniedError:
    """Return the error of a serial port that this user may not open."""
    return PermissionDeniedError(
        "this user may not open the serial port",
        port,
        "on Linux add the user to the group that owns the port (dialout, on Arch uucp): "
        "sudo usermod -aG dialout $USER, then log out and in again",
    )


def serial_port_busy(port: str) -> PortBusyError:
    """Return the error of a serial port that another program has."""
    return PortBusyError(
        "another program uses the serial port",
        port,
        "close it (another window of this program, the maker's software, a terminal program, "
        "ModemManager) and try again",
    )


def usb_missing(where: str) -> PortMissingError:
    """Return the error of a USB device that is not plugged in."""
    return PortMissingError(
        "there is no such USB device", where, "plug the instrument in and switch it on"
    )


def usb_denied(where: str) -> PermissionDeniedError:
    """Return the error of a USB device that this user may not open."""
    return PermissionDeniedError(
        "this user may not open the USB device",
        where,
        f"on Linux copy {RULES_FILE} (shipped with the program under resources/udev) to "
        f"/etc/udev/rules.d, run: {RELOAD_RULES}, then plug the instrument in again",
    )


def usb_busy(where: str) -> PortBusyError:
    """Return the error of a USB device that another program has claimed."""
    return PortBusyError(
        "another program uses the USB device",
        where,
        "close it (another window of this program, the maker's software) and try again",
    )


def no_usb_library(why: str = "") -> NoBackendError:
    """Return the error of a computer without libusb."""
    detail = f" ({why})" if why else ""
    return NoBackendError(
        f"USB support library not found{detail}",
        "libusb 1.0",
        "install it: on Debian and Ubuntu the package libusb-1.0-0, on Fedora libusb1, on Arch "
        "libusb, on macOS with Homebrew libusb; on Windows put libusb-1.0.dll beside Python and "
        "give the instrument the WinUSB driver. Serial instruments work without it",
    )
