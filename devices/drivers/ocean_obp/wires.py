"""The two kinds of cable under the Ocean Binary Protocol, made alike."""

from __future__ import annotations

from typing import Protocol

from devices.drivers.ocean_obp.models import VENDOR_ID, ObpModel
from devices.drivers.ocean_obp.protocol import SMALLEST_FRAME
from devices.errors import TransportTimeoutError, WrongDeviceError
from devices.transports.base import ByteStream, UsbPort

ANSWER_S = 1.0
QUIET_S = 0.02
MOST_DRAINED = 64


class ObpWire(Protocol):
    """What the link needs of a cable."""

    def write(self, data: bytes) -> None:
        """Send `data`."""

    def read(self, most: int, timeout_s: float) -> bytes:
        """Return up to `most` bytes, or none after `timeout_s`."""

    def drain(self) -> None:
        """Throw away what lies unread."""

    def close(self) -> None:
        """Let it go."""


class UsbWire:
    """A pair of bulk end points; reads ask for the header first and then for exactly the rest."""

    def __init__(self, port: UsbPort, endpoints: tuple[int, int]) -> None:
        self._port = port
        self._out, self._in = endpoints

    def write(self, data: bytes) -> None:
        """Send `data`."""
        self._port.bulk_out(self._out, data, ANSWER_S)

    def read(self, most: int, timeout_s: float) -> bytes:
        """Return up to `most` bytes, or none after `timeout_s`."""
        try:
            return self._port.bulk_in(self._in, most, timeout_s)
        except TransportTimeoutError:
            return b""

    def drain(self) -> None:
        """Throw away what lies unread."""
        for _ in range(MOST_DRAINED):
            if not self.read(4096, QUIET_S):
                return

    def close(self) -> None:
        """Let it go."""
        self._port.close()


class SerialWire:
    """A serial line."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        """Send `data`."""
        self._stream.write(data)

    def read(self, most: int, timeout_s: float) -> bytes:
        """Return up to `most` bytes, or none after `timeout_s`."""
        return self._stream.read(most, timeout_s)

    def drain(self) -> None:
        """Throw away what lies unread."""
        for _ in range(MOST_DRAINED):
            self._stream.discard()
            if not self._stream.read(SMALLEST_FRAME, QUIET_S):
                return

    def close(self) -> None:
        """Let it go."""
        self._stream.close()


def usb_wire(port: UsbPort, model: ObpModel) -> UsbWire:
    """Return the first pair of end points of `model`.

    Raises
    ------
    WrongDeviceError
        When the USB ids are those of another model.
    """
    if (port.vendor_id, port.product_id) != (VENDOR_ID, model.product_id):
        raise WrongDeviceError(
            f"the device is {port.vendor_id:04x}:{port.product_id:04x}, a {model.name} is "
            f"{VENDOR_ID:04x}:{model.product_id:04x}",
            port.name,
            "choose the model that is plugged in",
        )
    return UsbWire(port, model.endpoints[0])
