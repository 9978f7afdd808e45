"""USB by pyusb: what is plugged in, and one claimed interface as a `UsbPort`.

`usb` is imported when it is needed: the program starts on a computer without libusb and says what
is missing (`NoBackendError`). Every function takes `backend`, a pyusb backend; an emulated one
goes the same way as libusb.
"""

from __future__ import annotations

import contextlib
import errno
import math
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from devices.errors import (
    AnswerError,
    BadAnswerError,
    DeviceError,
    NotConnectedError,
    PortBusyError,
    StalledError,
)
from devices.timing import REAL_TIME, Timing
from devices.transports.troubles import (
    closed,
    gone,
    no_answer,
    no_usb_library,
    stalled,
    usb_busy,
    usb_denied,
    usb_missing,
)

T = TypeVar("T")

CONFIGURATION = 1
INTERFACE = 0
BUSY_TRIES = 3
BUSY_WAIT_S = 0.2

# libusb's own codes; on some systems the errno is missing or another one.
LIBUSB_NAMES = {
    -1: "gone",  # input/output error: what is left of a device that was pulled out
    -3: "denied",
    -4: "gone",
    -5: "gone",
    -6: "busy",
    -7: "timeout",
    -8: "overflow",
    -9: "stalled",
}
ERRNO_NAMES = {
    errno.ETIMEDOUT: "timeout",
    errno.ENODEV: "gone",
    errno.ENOENT: "gone",
    errno.ENXIO: "gone",
    errno.ESHUTDOWN: "gone",
    errno.EIO: "gone",
    errno.EPROTO: "gone",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EBUSY: "busy",
    errno.EPIPE: "stalled",
    errno.EOVERFLOW: "overflow",
}


@dataclass(frozen=True, slots=True)
class FoundUsb:
    """A USB device that is plugged in.

    Parameters
    ----------
    vendor_id, product_id : int
        USB ids.
    bus, address : int
        Where it is; 0 when the system does not say.
    manufacturer, product, serial : str
        Its strings; empty when it has none, when they were not asked for or may not be read.
    trouble : DeviceError or None
        Why the strings could not be read.
    """

    vendor_id: int
    product_id: int
    bus: int
    address: int
    manufacturer: str = ""
    product: str = ""
    serial: str = ""
    trouble: DeviceError | None = None

    @property
    def name(self) -> str:
        """Ids, bus and address, as a person can find them."""
        return usb_name(self.vendor_id, self.product_id, self.bus, self.address)


def usb_name(vendor_id: int, product_id: int, bus: int = 0, address: int = 0) -> str:
    """Return how a USB device is called in messages."""
    place = f" (bus {bus} address {address})" if bus or address else ""
    return f"USB {vendor_id:04x}:{product_id:04x}{place}"


def find_usb(
    backend: object | None = None,
    *,
    only: Collection[tuple[int, int]] | None = None,
    strings: bool = True,
) -> tuple[FoundUsb, ...]:
    """List what is plugged in; claims nothing, configures nothing, writes nothing.

    Parameters
    ----------
    backend : pyusb backend, optional
        libusb when not given.
    only : collection of (vendor id, product id), optional
        Others are left out, and not opened.
    strings : bool
        Whether to read the names that a device gives itself (needs permission).

    Raises
    ------
    NoBackendError
        Without libusb.
    """
    return tuple(_found(device, strings) for device in _devices(backend, only))


def open_usb(
    vendor_id: int,
    product_id: int,
    *,
    serial: str | None = None,
    backend: object | None = None,
    timing: Timing = REAL_TIME,
    bus: int | None = None,
    address: int | None = None,
) -> PyUsbPort:
    """Open a USB device and claim its first interface.

    Parameters
    ----------
    serial : str, optional
        Serial number; the first device of these ids when not given.
    backend : pyusb backend, optional
        libusb when not given.
    bus, address : int, optional
        Where it is plugged in, to tell two alike apart.

    Raises
    ------
    NoBackendError, PortMissingError, PermissionDeniedError, PortBusyError
        When it cannot be opened.
    """
    trouble: DeviceError | None = None
    for device in _devices(backend, {(vendor_id, product_id)}):
        if bus not in (None, device.bus) or address not in (None, device.address):
            continue
        if serial is not None:
            found = _found(device, True)
            trouble = trouble or found.trouble
            if found.serial != serial:
                continue
        return _opened(device, timing)
    named = f" {serial}" if serial else ""
    raise trouble or usb_missing(usb_name(vendor_id, product_id, bus or 0, address or 0) + named)


def _opened(device: Any, timing: Timing) -> PyUsbPort:
    """Claim the device; when another program has it, wait and try again, three times in all."""
    port = PyUsbPort(device, timing)
    waits_s = [BUSY_WAIT_S * step for step in range(1, BUSY_TRIES)]
    while True:
        try:
            port.claim()
        except DeviceError as error:
            port.close()
            if not waits_s or error.code != PortBusyError.code:
                raise
            timing.sleep(waits_s.pop(0))
        else:
            return port


def _devices(backend: object | None, only: Collection[tuple[int, int]] | None) -> Iterator[Any]:
    try:
        import usb.core
    except ImportError as error:
        raise no_usb_library(str(error)) from error
    try:
        found = list(usb.core.find(find_all=True, backend=backend or _libusb()))
    except usb.core.NoBackendError as error:
        raise no_usb_library() from error
    except (usb.core.USBError, NotImplementedError, OSError) as error:
        raise no_usb_library(f"it does not work: {error}") from error
    yield from (d for d in found if only is None or (d.idVendor, d.idProduct) in only)


def _libusb() -> Any:
    """Return libusb as pyusb finds it: 1.0, or the old 0.1 where only that is installed."""
    try:
        import usb.backend.libusb0
        import usb.backend.libusb1

        backend = usb.backend.libusb1.get_backend() or usb.backend.libusb0.get_backend()
    except (ImportError, OSError, AttributeError) as error:
        raise no_usb_library(str(error)) from error
    if backend is None:
        raise no_usb_library()
    return backend


def _found(device: Any, strings: bool) -> FoundUsb:
    import usb.core
    import usb.util

    place = (int(device.idVendor), int(device.idProduct), device.bus or 0, device.address or 0)
    if not strings:
        return FoundUsb(*place)
    indices = (device.iManufacturer, device.iProduct, device.iSerialNumber)
    try:
        maker, product, serial = (_clean(usb.util.get_string(device, i)) for i in indices)
    except usb.core.USBError as error:
        return FoundUsb(*place, trouble=translated(error, usb_name(*place), "names", 1.0))
    except (ValueError, NotImplementedError):
        # pyusb hides why it could not read the languages: ask again for the reason.
        return FoundUsb(*place, trouble=_why_no_strings(device, usb_name(*place)))
    finally:
        usb.util.dispose_resources(device)
    return FoundUsb(*place, maker, product, serial)


def _clean(text: str | None) -> str:
    return (text or "").strip("\x00 ")


def _why_no_strings(device: Any, name: str) -> DeviceError | None:
    import usb.core
    import usb.util

    try:
        usb.util.get_langids(device)
    except usb.core.USBError as error:
        return translated(error, name, "names", 1.0)
    except (ValueError, NotImplementedError):
        return None
    return None


def translated(error: Any, where: str, doing: str, timeout_s: float) -> DeviceError:
    """Return the error of ours for one of pyusb's."""
    import usb.core

    meaning = ERRNO_NAMES.get(error.errno) or LIBUSB_NAMES.get(error.backend_error_code, "")
    if isinstance(error, usb.core.USBTimeoutError):
        meaning = "timeout"
    made: dict[str, Callable[[], DeviceError]] = {
        "timeout": lambda: no_answer(where, doing, timeout_s),
        "gone": lambda: gone(where),
        "denied": lambda: usb_denied(where),
        "busy": lambda: usb_busy(where),
        "stalled": lambda: stalled(where, doing),
        "overflow": lambda: BadAnswerError(
            f"it sent more than was asked for ({doing})", where, "measure again"
        ),
    }
    if meaning in made:
        return made[meaning]()
    return AnswerError(f"the USB transfer failed ({doing}): {error}", where, "try again")


def _milliseconds(timeout_s: float) -> int:
    """Return a timeout as libusb takes it, where 0 would mean for ever."""
    return max(1, math.ceil(timeout_s * 1000.0))


class PyUsbPort:
    """A claimed USB interface; made by `open_usb`.

    Transfers of several threads run side by side. Closing while one runs takes effect when it is
    over, because libusb must not lose a handle that is in use; nothing new is let in meanwhile.
    """

    def __init__(self, device: Any, timing: Timing) -> None:
        import usb.core

        self._failure: type[Exception] = usb.core.USBError  # looked up once, not in each transfer
        self._device = device
        self._timing = timing
        self._name = usb_name(
            int(device.idVendor), int(device.idProduct), device.bus or 0, device.address or 0
        )
        self._lock = threading.Lock()
        self._users = 0
        self._closed = False

    @property
    def name(self) -> str:
        """Ids, bus and address."""
        return self._name

    @property
    def vendor_id(self) -> int:
        """USB vendor id."""
        return int(self._device.idVendor)

    @property
    def product_id(self) -> int:
        """USB product id."""
        return int(self._device.idProduct)

    def claim(self) -> None:
        """Set the configuration and claim the interface; called once, by `open_usb`."""
        import usb.core
        import usb.util

        self._closed = False
        try:
            with contextlib.suppress(NotImplementedError):  # other systems know no kernel drivers
                if self._device.is_kernel_driver_active(INTERFACE):
                    self._device.detach_kernel_driver(INTERFACE)
            self._device.set_configuration(CONFIGURATION)
            usb.util.claim_interface(self._device, INTERFACE)
        except usb.core.USBError as error:
            raise translated(error, self._name, "opening", 1.0) from error
        except ValueError as error:
            raise NotConnectedError(
                f"its USB descriptors make no sense ({error})", self._name, "plug it in again"
            ) from error

    def control_out(
        self, request: int, value: int, index: int, data: bytes = b"", timeout_s: float = 1.0
    ) -> None:
        """Send a vendor request to the device (bmRequestType 0x40)."""
        doing = f"control out {request:02x} {value:04x}"
        sent = self._transfer(
            lambda: self._device.ctrl_transfer(
                0x40, request, value, index, data, _milliseconds(timeout_s)
            ),
            doing,
            timeout_s,
        )
        self._all_sent(int(sent), len(data), doing)

    def control_in(
        self, request: int, value: int, index: int, length: int, timeout_s: float = 1.0
    ) -> bytes:
        """Ask by a vendor request (bmRequestType 0xC0); the answer may be shorter than `length`."""
        answer = self._transfer(
            lambda: self._device.ctrl_transfer(
                0xC0, request, value, index, length, _milliseconds(timeout_s)
            ),
            f"control in {request:02x} {value:04x}",
            timeout_s,
        )
        return bytes(answer)

    def bulk_out(self, endpoint: int, data: bytes, timeout_s: float = 1.0) -> None:
        """Send `data` to `endpoint`."""
        doing = f"bulk out {endpoint:02x}"
        sent = self._transfer(
            lambda: self._device.write(endpoint, data, _milliseconds(timeout_s)),
            doing,
            timeout_s,
            endpoint,
        )
        self._all_sent(int(sent), len(data), doing)

    def bulk_in(self, endpoint: int, length: int, timeout_s: float) -> bytes:
        """Return up to `length` bytes of one transfer from `endpoint`."""
        answer = self._transfer(
            lambda: self._device.read(endpoint, length, _milliseconds(timeout_s)),
            f"bulk in {endpoint:02x}",
            timeout_s,
            endpoint,
        )
        return bytes(answer)

    def close(self) -> None:
        """Let the interface go; closing again does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            free = self._users == 0
        if free:
            self._let_go()

    def _transfer(
        self, work: Callable[[], T], doing: str, timeout_s: float, endpoint: int | None = None
    ) -> T:
        with self._lock:
            if self._closed:
                raise closed(self._name)
            self._users += 1
        try:
            return work()
        except self._failure as error:
            made = translated(error, self._name, doing, timeout_s)
            if endpoint is not None and isinstance(made, StalledError):
                self._clear_halt(endpoint)
            raise made from error
        except ValueError as error:  # pyusb: no such endpoint
            raise AnswerError(
                f"this device has no such endpoint ({doing}: {error})",
                self._name,
                "it is another model than was chosen",
            ) from error
        finally:
            if self._left():
                self._let_go()

    def _left(self) -> bool:
        """Count a transfer as over; tell whether it was the last one of a closed port."""
        with self._lock:
            self._users -= 1
            return self._closed and self._users == 0

    def _all_sent(self, sent: int, length: int, doing: str) -> None:
        if sent != length:
            raise BadAnswerError(
                f"only {sent} of {length} bytes were sent ({doing})", self._name, "try again"
            )

    def _clear_halt(self, endpoint: int) -> None:
        """Make a stalled endpoint usable again, so that the next command can work."""
        import usb.core

        with contextlib.suppress(usb.core.USBError, NotImplementedError):
            self._device.clear_halt(endpoint)

    def _let_go(self) -> None:
        import usb.core
        import usb.util

        with contextlib.suppress(usb.core.USBError, NotImplementedError):
            usb.util.dispose_resources(self._device)
