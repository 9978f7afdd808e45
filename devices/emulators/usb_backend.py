"""Emulated USB: a pyusb backend with emulated instruments plugged in, for any driver over pyusb.

Everything that libusb would do is answered as it would: descriptors, strings, claiming, transfers,
and its errors with errno and libusb code. Load this module late: it imports pyusb.
"""

from __future__ import annotations

import errno
import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import usb.backend
import usb.core

from devices.emulators.faults import FaultKind, FaultLine, WireFault, damaged, split_answer
from devices.emulators.usb_descriptors import (
    ConfigurationDescriptor,
    DeviceDescriptor,
    EndpointDescriptor,
    InterfaceDescriptor,
    descriptor_bytes,
    endpoints,
    texts,
)
from devices.emulators.wire import UsbModel, UsbStallError
from devices.timing import Timing

SLICE_S = 0.05
SHORTEST_S = 0.001
LONGEST_S = 60.0  # what "wait for ever" (timeout 0) means here: nothing hangs


@dataclass(frozen=True, slots=True)
class _Failure:
    errno: int
    code: int
    words: str


FAILURES = {
    "timeout": _Failure(errno.ETIMEDOUT, -7, "Operation timed out"),
    "gone": _Failure(errno.ENODEV, -4, "No such device (it may have been disconnected)"),
    "denied": _Failure(errno.EACCES, -3, "Access denied (insufficient permissions)"),
    "busy": _Failure(errno.EBUSY, -6, "Resource busy"),
    "stalled": _Failure(errno.EPIPE, -9, "Pipe error"),
    "overflow": _Failure(errno.EOVERFLOW, -8, "Overflow"),
    "missing": _Failure(errno.ENOENT, -5, "Entity not found"),
}


def failure(name: str) -> usb.core.USBError:
    """Return pyusb's exception for one of `FAILURES`."""
    made = FAILURES[name]
    kind = usb.core.USBTimeoutError if name == "timeout" else usb.core.USBError
    return kind(made.words, made.code, made.errno)


@dataclass(eq=False, slots=True)
class _Plugged:
    """A device while it is plugged in: a new one each time."""

    model: UsbModel
    address: int
    slot: int
    present: bool = True
    configuration: int = 1
    claimed: dict[int, _Handle] = field(default_factory=dict)
    left: dict[int, bytes] = field(default_factory=dict)
    last: dict[str, bytes] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass(eq=False, slots=True)
class _Handle:
    device: _Plugged
    open: bool = True


class EmulatedUsbBackend(usb.backend.IBackend):  # type: ignore[misc]  # pyusb is untyped
    """A pyusb backend with emulated instruments plugged in.

    Parameters
    ----------
    models : sequence of UsbModel
        The instruments.
    timing : Timing
        Their time and the host's.
    faults : iterable of WireFault
        What the cables do; see `faults` to change it later. Only vendor requests and bulk
        transfers are counted.
    """

    def __init__(
        self, models: Sequence[UsbModel], timing: Timing, *, faults: Iterable[WireFault] = ()
    ) -> None:
        super().__init__()
        self.faults = FaultLine(faults)
        self._models = tuple(models)
        self._timing = timing
        self._refused: dict[int, str] = {}
        self._next_address = len(self._models) + 1
        self._plugged: list[_Plugged | None] = [
            _Plugged(model, slot + 1, slot) for slot, model in enumerate(self._models)
        ]

    # Hands on the cable.

    def unplug(self, slot: int = 0) -> None:
        """Pull the instrument out: handles that are open are dead for good."""
        device = self._plugged[slot]
        if device is not None:
            device.present = False
        self._plugged[slot] = None

    def replug(self, slot: int = 0) -> None:
        """Plug it in again, under a new address; nothing happens when it is plugged in."""
        if self._plugged[slot] is None:
            self._plugged[slot] = _Plugged(self._models[slot], self._next_address, slot)
            self._next_address += 1

    def refuse(self, why: str, slot: int = 0) -> None:
        """Refuse to open it: ``"denied"`` (EACCES), ``"busy"`` (EBUSY), or ``""`` for no more."""
        if why not in ("", "denied", "busy"):
            raise ValueError(why)
        self._refused[slot] = why

    # What pyusb asks about devices.

    def enumerate_devices(self) -> list[_Plugged]:
        """Return what is plugged in."""
        return [device for device in self._plugged if device is not None]

    def get_parent(self, _dev: _Plugged) -> None:
        """Return no hub: there is none."""
        return

    def get_device_descriptor(self, dev: _Plugged) -> DeviceDescriptor:
        """Return ids and where the strings are."""
        identity = dev.model.identity
        manufacturer, product, serial = texts(identity)
        return DeviceDescriptor(
            idVendor=identity.vendor_id,
            idProduct=identity.product_id,
            iManufacturer=1 if manufacturer else 0,
            iProduct=2 if product else 0,
            iSerialNumber=3 if serial else 0,
            address=dev.address,
        )

    def get_configuration_descriptor(self, dev: _Plugged, config: int) -> ConfigurationDescriptor:
        """Return the only configuration."""
        if config != 0:
            raise IndexError(f"no configuration {config}")
        return ConfigurationDescriptor(18 + 7 * len(endpoints(dev.model.identity)))

    def get_interface_descriptor(
        self, dev: _Plugged, intf: int, alt: int, config: int
    ) -> InterfaceDescriptor:
        """Return the only interface."""
        self.get_configuration_descriptor(dev, config)
        if intf != 0 or alt != 0:
            raise IndexError(f"no interface {intf}, setting {alt}")
        return InterfaceDescriptor(len(endpoints(dev.model.identity)))

    def get_endpoint_descriptor(
        self, dev: _Plugged, ep: int, intf: int, alt: int, config: int
    ) -> EndpointDescriptor:
        """Return a bulk endpoint by its place."""
        self.get_interface_descriptor(dev, intf, alt, config)
        identity = dev.model.identity
        if not 0 <= ep < len(endpoints(identity)):
            raise IndexError(f"no endpoint {ep}")
        return EndpointDescriptor(endpoints(identity)[ep], identity.packet_size)

    # Opening and claiming.

    def open_device(self, dev: _Plugged) -> _Handle:
        """Open a device."""
        if self._refused.get(dev.slot) == "denied":
            raise failure("denied")
        if not dev.present:
            raise failure("gone")
        return _Handle(dev)

    def close_device(self, dev_handle: _Handle) -> None:
        """Close a handle; what it had claimed is free."""
        dev_handle.open = False
        claimed = dev_handle.device.claimed
        for number in [n for n, owner in claimed.items() if owner is dev_handle]:
            del claimed[number]

    def set_configuration(self, dev_handle: _Handle, config_value: int) -> None:
        """Set the only configuration, unless somebody else has an interface."""
        device = self._alive(dev_handle)
        self._not_taken(dev_handle)
        if config_value not in (0, 1):
            raise failure("missing")
        device.configuration = config_value

    def get_configuration(self, dev_handle: _Handle) -> int:
        """Return the configuration that is set."""
        return self._alive(dev_handle).configuration

    def set_interface_altsetting(self, dev_handle: _Handle, intf: int, altsetting: int) -> None:
        """Accept the only setting."""
        self._alive(dev_handle)
        if intf != 0 or altsetting != 0:
            raise failure("missing")

    def claim_interface(self, dev_handle: _Handle, intf: int) -> None:
        """Claim the only interface, unless somebody else has it."""
        device = self._alive(dev_handle)
        self._not_taken(dev_handle)
        if intf != 0:
            raise failure("missing")
        device.claimed[intf] = dev_handle

    def release_interface(self, dev_handle: _Handle, intf: int) -> None:
        """Let an interface go."""
        device = self._alive(dev_handle)
        if device.claimed.get(intf) is not dev_handle:
            raise failure("missing")
        del device.claimed[intf]

    def clear_halt(self, dev_handle: _Handle, _ep: int) -> None:
        """Clear a stalled endpoint."""
        self._alive(dev_handle)

    def reset_device(self, dev_handle: _Handle) -> None:
        """Reset the port; what was left of a read is lost."""
        self._alive(dev_handle).left.clear()

    def is_kernel_driver_active(self, dev_handle: _Handle, _intf: int) -> bool:
        """Tell that no driver of the system has it."""
        self._alive(dev_handle)
        return False

    def detach_kernel_driver(self, dev_handle: _Handle, _intf: int) -> None:
        """Refuse: there is none."""
        self._alive(dev_handle)
        raise failure("missing")

    def attach_kernel_driver(self, dev_handle: _Handle, _intf: int) -> None:
        """Refuse: there is none."""
        self._alive(dev_handle)
        raise failure("missing")

    # Transfers.

    def ctrl_transfer(  # noqa: PLR0917 (pyusb passes by place)
        self,
        dev_handle: _Handle,
        bmRequestType: int,  # noqa: N803
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: N803
        data: array[int],
        timeout: int,
    ) -> int:
        """Do a control transfer: standard ones are answered here, vendor's by the instrument."""
        device = self._alive(dev_handle)
        inward = bool(bmRequestType & 0x80)
        length = len(data) * data.itemsize
        kind = bmRequestType & 0x60
        if kind == 0x40 and inward:
            setup = (bRequest, wValue, wIndex, length)
            return _fill(data, self._asked(device, setup, timeout))
        if kind == 0x40:
            return self._out(
                device,
                "control_out",
                timeout,
                data.tobytes(),
                lambda sent: device.model.control_out(
                    bRequest, wValue, wIndex, sent, self._timing.now()
                ),
            )
        if kind != 0x00:
            raise failure("stalled")
        return _standard(device, inward, bRequest, wValue, data)

    def bulk_write(
        self, dev_handle: _Handle, ep: int, _intf: int, data: array[int], timeout: int
    ) -> int:
        """Send to an endpoint."""
        device = self._alive(dev_handle)
        if ep not in device.model.identity.endpoints_out:
            raise failure("missing")
        return self._out(
            device,
            "bulk_out",
            timeout,
            data.tobytes(),
            lambda sent: device.model.bulk_out(ep, sent, self._timing.now()),
        )

    def bulk_read(
        self, dev_handle: _Handle, ep: int, _intf: int, buff: array[int], timeout: int
    ) -> int:
        """Read one transfer of an endpoint."""
        device = self._alive(dev_handle)
        if ep not in device.model.identity.endpoints_in:
            raise failure("missing")
        length = len(buff) * buff.itemsize
        with device.lock:
            left = device.left.pop(ep, b"")
        if not left:
            left = self._read(device, ep, length, timeout)
        if len(left) > length:
            device.left[ep] = left[length:]
        return _fill(buff, left[:length])

    def _asked(self, device: _Plugged, setup: tuple[int, int, int, int], timeout: int) -> bytes:
        """Return the instrument's answer to a vendor request, as the cable leaves it."""
        limit_s = _limit_s(timeout)
        fault, step = self.faults.step("control_in")
        self._strike(device, fault, limit_s)
        with device.lock:
            try:
                answer = device.model.control_in(*setup, self._timing.now())
            except UsbStallError as error:
                raise failure("stalled") from error
        length = setup[3]
        previous = device.last.get("control_in", b"")
        device.last["control_in"] = answer
        now_part, _ = self._damaged(fault, answer[:length], previous, (step, limit_s))
        return now_part[:length]

    def _read(self, device: _Plugged, endpoint: int, length: int, timeout: int) -> bytes:
        """Wait for bytes of an endpoint and return them, as the cable leaves them."""
        limit_s = _limit_s(timeout)
        fault, step = self.faults.step("bulk_in")
        self._strike(device, fault, limit_s)
        until = self._timing.now() + limit_s
        while True:
            if not device.present:
                raise failure("gone")
            now = self._timing.now()
            with device.lock:
                data = device.model.bulk_in(endpoint, length, now)
                next_s = device.model.next_s(endpoint)
            if data is not None:
                break
            if now >= until:
                raise failure("timeout")
            due = min(until, next_s if next_s is not None else until) - now
            self._timing.sleep(min(max(due, SHORTEST_S), SLICE_S))
        previous = device.last.get(f"bulk_in {endpoint}", b"")
        device.last[f"bulk_in {endpoint}"] = data
        kept, later = self._damaged(fault, data, previous, (step, limit_s))
        if later:
            device.left[endpoint] = later
        return kept

    def _damaged(
        self, fault: WireFault | None, answer: bytes, previous: bytes, step: tuple[int, float]
    ) -> tuple[bytes, bytes]:
        """Return what comes now of an answer, and what with the next read."""
        number, limit_s = step
        if fault is None:
            return answer, b""
        if fault.kind is FaultKind.SILENT:
            self._timing.sleep(limit_s)
            raise failure("timeout")
        return split_answer(fault, answer, previous, number)

    def _out(
        self,
        device: _Plugged,
        kind: str,
        timeout: int,
        data: bytes,
        deliver: Callable[[bytes], None],
    ) -> int:
        """Bring bytes to the instrument, as the cable leaves them; return how many were taken."""
        fault, step = self.faults.step(kind)
        self._strike(device, fault, _limit_s(timeout))
        taken, sent = len(data), data
        if fault is not None and fault.kind is FaultKind.SILENT:
            return taken
        if fault is not None and fault.kind is FaultKind.SHORT:
            sent = data[: max(0, taken - fault.count)]
            taken = len(sent)
        elif fault is not None:
            sent = damaged(fault, data, step)
        with device.lock:
            try:
                deliver(sent)
            except UsbStallError as error:
                raise failure("stalled") from error
        return taken

    def _strike(self, device: _Plugged, fault: WireFault | None, limit_s: float) -> None:
        """Do what a fault does before anything passes."""
        if fault is None:
            return
        if fault.kind is FaultKind.UNPLUG:
            self.unplug(device.slot)
            raise failure("gone")
        if fault.kind is FaultKind.STALL:
            raise failure("stalled")
        if fault.kind is FaultKind.TIMEOUT:
            self._timing.sleep(limit_s)
            raise failure("timeout")
        if fault.kind is FaultKind.SLOW:
            self._timing.sleep(min(fault.seconds, limit_s))
            if fault.seconds >= limit_s:
                raise failure("timeout")

    def _alive(self, handle: _Handle) -> _Plugged:
        if not handle.open or not handle.device.present:
            raise failure("gone")
        return handle.device

    def _not_taken(self, handle: _Handle) -> None:
        others = [owner for owner in handle.device.claimed.values() if owner is not handle]
        if others or self._refused.get(handle.device.slot) == "busy":
            raise failure("busy")


def _limit_s(timeout: int) -> float:
    return timeout / 1000.0 if timeout else LONGEST_S


def _fill(buffer: array[int], answer: bytes) -> int:
    """Put an answer into the caller's array, and return how long it is."""
    memoryview(buffer).cast("B")[: len(answer)] = answer
    return len(answer)


def _standard(device: _Plugged, inward: bool, request: int, value: int, data: array[int]) -> int:
    """Answer a standard request: what every USB device can."""
    if not inward:
        if request == 0x09:
            device.configuration = value & 0xFF
        return len(data) * data.itemsize
    answer = b""
    if request == 0x06:
        answer = descriptor_bytes(device.model.identity, value >> 8, value & 0xFF) or b""
    elif request == 0x08:
        answer = bytes([device.configuration])
    elif request in (0x00, 0x0A):
        answer = bytes(2 if request == 0x00 else 1)
    if not answer:
        raise failure("stalled")
    return _fill(data, answer[: len(data) * data.itemsize])
