"""What an emulated instrument is to a wire: bytes in, bytes out, at a given second.

An emulator of a family is one of these two, pure: no thread, no port, no sleeping. It owns a
`Bench` and lets it step to the second that it is called with. Faults of cables are not its
business (`devices.emulators.faults` does those to any wire), faults of the instrument are
(`devices.emulators.bench.Faults`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class SerialModel(Protocol):
    """An instrument on a serial line."""

    @property
    def baud(self) -> int:
        """Speed that it listens and speaks at now; at any other only garbage passes."""

    def receive(self, data: bytes, at_s: float) -> None:
        """Take what the host sent, at second `at_s`."""

    def send(self, at_s: float) -> bytes:
        """Return what it has to say by second `at_s`, and forget it."""

    def next_s(self) -> float | None:
        """Return when it will say more without being asked (end of an exposure), or None."""


@dataclass(frozen=True, slots=True)
class UsbIdentity:
    """What it says when it is plugged in.

    Parameters
    ----------
    vendor_id, product_id : int
        USB ids.
    manufacturer, product, serial : str
        String descriptors; empty for none.
    endpoints_out, endpoints_in : tuple of int
        Addresses of its bulk endpoints.
    packet_size : int
        Largest packet of an endpoint.
    """

    vendor_id: int
    product_id: int
    manufacturer: str = ""
    product: str = ""
    serial: str = ""
    endpoints_out: tuple[int, ...] = ()
    endpoints_in: tuple[int, ...] = ()
    packet_size: int = 512


class UsbModel(Protocol):
    """An instrument on USB."""

    @property
    def identity(self) -> UsbIdentity:
        """What it says when it is plugged in."""

    def control_in(self, request: int, value: int, index: int, length: int, at_s: float) -> bytes:
        """Answer a vendor request, shorter than `length` when that is all; raises UsbStallError."""

    def control_out(self, request: int, value: int, index: int, data: bytes, at_s: float) -> None:
        """Take a vendor request; raises UsbStallError when it knows none such."""

    def bulk_out(self, endpoint: int, data: bytes, at_s: float) -> None:
        """Take what the host sent to `endpoint`."""

    def bulk_in(self, endpoint: int, length: int, at_s: float) -> bytes | None:
        """Return up to `length` bytes of `endpoint`, or None when nothing is there yet."""

    def next_s(self, endpoint: int) -> float | None:
        """Return when `endpoint` will have bytes without being asked, or None."""


class UsbStallError(Exception):
    """The instrument refuses a request (a stalled endpoint)."""
