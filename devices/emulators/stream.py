"""A serial line in this process: an emulated instrument as a `ByteStream`, for tests and shows."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from devices.emulators.faults import FaultKind, FaultLine, WireFault, damaged, garbled, split_answer
from devices.emulators.wire import SerialModel
from devices.timing import Timing
from devices.transports.troubles import closed, gone, no_answer

SLICE_S = 0.05  # a reader looks again that often, for what another thread may have sent
SHORTEST_S = 0.001
HELD_BACK_S = 0.02  # what a short read leaves comes that much later
WRITE_TIMEOUT_S = 1.0
EVERYTHING = 1 << 30


@dataclass(slots=True)
class _Parcel:
    """Bytes on their way: the first is there at `from_s`, each next one `each_s` later."""

    from_s: float
    each_s: float
    data: bytes

    def arrived(self, at_s: float) -> int:
        """Return how many of the bytes are there at `at_s`."""
        if at_s < self.from_s:
            return 0
        if self.each_s <= 0.0:
            return len(self.data)
        return min(len(self.data), int((at_s - self.from_s) / self.each_s + 1e-9) + 1)


class Line:
    """One direction of a serial line: bytes put in at one end come out when their time has come.

    Parameters
    ----------
    paced : bool
        Whether a byte takes ten bits of time at the speed that it was sent with.
    """

    def __init__(self, *, paced: bool) -> None:
        self._paced = paced
        self._parcels: deque[_Parcel] = deque()
        self._free_s = 0.0

    def put(self, data: bytes, at_s: float, baud: int, delay_s: float = 0.0) -> None:
        """Send `data` at second `at_s`; nothing overtakes what was sent before."""
        if not data:
            return
        each_s = 10.0 / baud if self._paced else 0.0
        from_s = max(self._free_s, at_s + delay_s) + each_s
        self._parcels.append(_Parcel(from_s, each_s, data))
        self._free_s = from_s + each_s * (len(data) - 1)

    def take(self, most: int, at_s: float) -> bytes:
        """Return up to `most` bytes that are there at `at_s`."""
        taken = bytearray()
        while self._parcels and len(taken) < most:
            first = self._parcels[0]
            there = min(first.arrived(at_s), most - len(taken))
            if there == 0:
                break
            taken += first.data[:there]
            first.data = first.data[there:]
            first.from_s += there * first.each_s
            if not first.data:
                self._parcels.popleft()
        return bytes(taken)

    def next_s(self) -> float | None:
        """Return when the next byte is there, or None when there is none."""
        return self._parcels[0].from_s if self._parcels else None

    def clear(self) -> None:
        """Lose all that is on its way."""
        self._parcels.clear()


class EmulatedStream:
    """A `ByteStream` with an emulated instrument at its other end.

    Parameters
    ----------
    model : SerialModel
        The instrument.
    timing : Timing
        Its time and the host's.
    faults : iterable of WireFault
        What the cable does; see `faults` to change it later.
    baud : int, optional
        Speed that the host opened the port with; the instrument's own when not given.
    paced : bool
        Whether bytes take their time at that speed.
    name : str
        The port's name.
    """

    def __init__(
        self,
        model: SerialModel,
        timing: Timing,
        *,
        faults: Iterable[WireFault] = (),
        baud: int | None = None,
        paced: bool = False,
        name: str = "emulated serial line",
    ) -> None:
        self.faults = FaultLine(faults)
        self._model = model
        self._timing = timing
        self._baud = baud if baud is not None else model.baud
        self._name = name
        self._lock = threading.RLock()
        self._to_model = Line(paced=paced)
        self._to_host = Line(paced=paced)
        self._last_answer = b""
        self._unplugged = False
        self._closed = False

    @property
    def name(self) -> str:
        """The port, as a person knows it."""
        return self._name

    @property
    def baud(self) -> int:
        """Speed of the host's side in bits per second."""
        return self._baud

    def write(self, data: bytes) -> None:
        """Send all of `data` to the instrument."""
        with self._lock:
            self._look_alive()
            fault, step = self.faults.step("write")
            kind = fault.kind if fault else None
            if kind is FaultKind.UNPLUG:
                self.unplug()
                raise gone(self._name)
            if kind is not FaultKind.TIMEOUT:
                self._send(data, fault, step)
                return
        self._timing.sleep(WRITE_TIMEOUT_S)
        raise no_answer(self._name, f"writing {len(data)} bytes", WRITE_TIMEOUT_S)

    def read(self, most: int, timeout_s: float) -> bytes:
        """Return 1 to `most` bytes as soon as there are any, or ``b""`` after `timeout_s`."""
        until = self._timing.now() + timeout_s
        while True:
            with self._lock:
                self._look_alive()
                self._pump()
                self._look_alive()
                now = self._timing.now()
                taken = self._to_host.take(most, now)
                wait_s = min(until, self.next_s()) - now
            if taken or now >= until:
                return taken
            self._timing.sleep(min(max(wait_s, SHORTEST_S), SLICE_S))

    def discard(self) -> bytes:
        """Take what has arrived and was not read, and return it."""
        with self._lock:
            self._look_alive()
            self._pump()
            return self._to_host.take(EVERYTHING, self._timing.now())

    def set_baud(self, baud: int) -> None:
        """Change the speed of the host's side."""
        with self._lock:
            self._look_alive()
            self._baud = baud

    def close(self) -> None:
        """Let the port go; closing again does nothing."""
        with self._lock:
            self._closed = True

    def unplug(self) -> None:
        """Pull the cable: this stream is dead for good, as a port of the system would be."""
        with self._lock:
            self._unplugged = True
            self._to_host.clear()

    def next_s(self) -> float:
        """Return the second at which something may arrive without being asked for."""
        with self._lock:
            coming = (self._to_host.next_s(), self._to_model.next_s(), self._model.next_s())
            now = self._timing.now()
            return min((second for second in coming if second is not None), default=now + SLICE_S)

    def _look_alive(self) -> None:
        if self._closed:
            raise closed(self._name)
        if self._unplugged:
            raise gone(self._name)

    def _send(self, data: bytes, fault: WireFault | None, step: int) -> None:
        """Put what the host says on the line, with the fault that is due."""
        late_s = 0.0
        if fault is not None:
            late_s = fault.seconds if fault.kind is FaultKind.SLOW else 0.0
            data = b"" if fault.kind is FaultKind.SILENT else damaged(fault, data, step)
        if self._baud != self._model.baud:
            data = garbled(data, step * 1_000_003 + self._baud + self._model.baud)
        self._to_model.put(data, self._timing.now(), self._baud, late_s)
        self._pump()

    def _pump(self) -> None:
        """Carry what is due, in both directions."""
        now = self._timing.now()
        arrived = self._to_model.take(EVERYTHING, now)
        if arrived:
            self._model.receive(arrived, now)
        speed = self._model.baud
        said = self._model.send(now)
        if said:
            self._carry(said, now, speed)

    def _carry(self, said: bytes, now: float, speed: int) -> None:
        """Put what the instrument said on the line, with the fault that is due."""
        fault, step = self.faults.step("read")
        if fault is not None and fault.kind is FaultKind.UNPLUG:
            self.unplug()
            return
        now_part, later_part, late_s = said, b"", 0.0
        if fault is not None:
            now_part, later_part = split_answer(fault, said, self._last_answer, step)
            late_s = fault.seconds if fault.kind is FaultKind.SLOW else 0.0
        self._last_answer = said
        if self._baud != speed:
            now_part = garbled(now_part, step * 1_000_003 + self._baud + speed)
        self._to_host.put(now_part, now, speed, late_s)
        self._to_host.put(later_part, now, speed, HELD_BACK_S)
