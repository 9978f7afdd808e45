"""Faults of cables, for any emulated wire: what goes wrong, at which step of an exchange.

A wire counts its transfers from 0, both directions in one row, from the moment the faults were
armed; so a test that runs an exchange once without a fault knows from `steps` how many there are
and what each one is, and then walks a fault through all of them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from random import Random

STEPS_KEPT = 10_000


class FaultKind(Enum):
    """What a cable, or what sits at its ends, does to a transfer."""

    SILENT = "silent"  # lost without a sign: an answer never comes, a command never arrives
    SLOW = "slow"  # comes, but later by `seconds`
    TRUNCATED = "truncated"  # the last `count` bytes are lost
    EXTRA = "extra"  # `count` bytes of garbage follow
    BIT_FLIP = "bit flip"  # one bit is wrong
    GARBLE = "garble"  # every byte is wrong
    REPEATED = "repeated"  # an answer comes again in place of the one that is due
    SHORT = "short"  # the last `count` bytes come only with the next read
    TIMEOUT = "timeout"  # nothing passes, and the host is told so when its time is over
    STALL = "stall"  # USB: the endpoint refuses
    UNPLUG = "unplug"  # gone, until it is plugged in again


SERIAL_KINDS = tuple(kind for kind in FaultKind if kind is not FaultKind.STALL)
USB_KINDS = tuple(FaultKind)
SERIAL_STEPS = ("write", "read")
USB_STEPS = ("control_out", "control_in", "bulk_out", "bulk_in")


@dataclass(frozen=True, slots=True)
class WireFault:
    """One fault of a cable.

    Parameters
    ----------
    kind : FaultKind
        What goes wrong.
    at : int
        Transfer at which it happens, counted from 0 when the faults were armed.
    lasting : bool
        Whether every later transfer has it too.
    on : tuple of str
        Kinds of transfers that are counted (`SERIAL_STEPS`, `USB_STEPS`); empty for all.
    seconds : float
        Delay of `SLOW`.
    count : int
        Bytes that are lost, added or held back.
    seed : int
        Of the chance that picks bits and garbage.
    """

    kind: FaultKind
    at: int = 0
    lasting: bool = False
    on: tuple[str, ...] = ()
    seconds: float = 0.5
    count: int = 1
    seed: int = 0

    def due(self, step: int) -> bool:
        """Tell whether it happens at this transfer."""
        return step == self.at or (self.lasting and step > self.at)


def garbled(data: bytes, seed: int) -> bytes:
    """Return as many bytes, none of them right; the same for the same seed."""
    chance = Random(seed)
    return bytes(byte ^ chance.randint(1, 255) for byte in data)


def damaged(fault: WireFault, data: bytes, step: int) -> bytes:
    """Return what `fault` leaves of `data`; kinds that do not change bytes return it as it is."""
    seed = fault.seed * 1_000_003 + step
    if fault.kind is FaultKind.GARBLE:
        return garbled(data, seed)
    if fault.kind is FaultKind.TRUNCATED:
        return data[: max(0, len(data) - fault.count)]
    if fault.kind is FaultKind.EXTRA:
        return data + Random(seed).randbytes(fault.count)
    if fault.kind is FaultKind.BIT_FLIP and data:
        bit = Random(seed).randrange(8 * len(data))
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << (bit % 8)
        return bytes(flipped)
    return data


def split_answer(
    fault: WireFault, answer: bytes, previous: bytes, step: int
) -> tuple[bytes, bytes]:
    """Return what `fault` lets through of an answer now, and what only with the next read.

    Parameters
    ----------
    previous : bytes
        The answer before this one, for `FaultKind.REPEATED`.
    """
    if fault.kind in (FaultKind.SILENT, FaultKind.TIMEOUT, FaultKind.STALL):
        return b"", b""
    if fault.kind is FaultKind.REPEATED:
        return previous, b""
    if fault.kind is FaultKind.SHORT:
        keep = max(0, len(answer) - fault.count)
        return answer[:keep], answer[keep:]
    return damaged(fault, answer, step), b""


class FaultLine:
    """Counts the transfers of a wire and says which fault is due. Safe to use from two threads.

    Parameters
    ----------
    faults : iterable of WireFault
        What goes wrong; replaced by `arm`.
    """

    def __init__(self, faults: Iterable[WireFault] = ()) -> None:
        self._lock = threading.Lock()
        self._faults: tuple[WireFault, ...] = ()
        self._counted: list[int] = []
        self._steps: deque[str] = deque(maxlen=STEPS_KEPT)
        self._total = 0
        self.arm(*faults)

    def arm(self, *faults: WireFault) -> None:
        """Replace the faults and count from 0 again; with none, all is well again."""
        with self._lock:
            self._faults = faults
            self._counted = [0] * len(faults)
            self._steps.clear()
            self._total = 0

    @property
    def steps(self) -> tuple[str, ...]:
        """Kinds of the transfers since the faults were armed (the last 10,000)."""
        with self._lock:
            return tuple(self._steps)

    @property
    def total(self) -> int:
        """Number of transfers since the faults were armed."""
        with self._lock:
            return self._total

    def step(self, kind: str) -> tuple[WireFault | None, int]:
        """Count a transfer; return the fault that is due, if any, and the transfer's number."""
        with self._lock:
            number = self._total
            self._total += 1
            self._steps.append(kind)
            due = None
            for place, fault in enumerate(self._faults):
                if fault.on and kind not in fault.on:
                    continue
                if fault.due(self._counted[place]) and due is None:
                    due = fault
                self._counted[place] += 1
            return due, number
