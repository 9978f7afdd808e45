"""The line to a BTC100-S or BTC110-S: speed, commands, collecting a scan, finding back after noise.

Only the commands of the protocol are ever written, and only to the port that a person chose.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from devices.drivers.bwtek import protocol
from devices.errors import (
    AbortedError,
    AnswerError,
    BadAnswerError,
    TransportTimeoutError,
    WrongDeviceError,
)
from devices.timing import Timing
from devices.transports.base import ByteStream, read_exactly

FAST: Final = 115_200
AT_POWER_UP: Final = 9_600
ANSWER_S: Final = 1.0
HAIL_S: Final = 0.3
HAILS: Final = 3  # the first may end what noise began in the instrument's command buffer
SILENT_HAILS: Final = 2
QUIET_S: Final = 0.15
AFTER_BAUD_S: Final = 0.1
TRAILING_S: Final = 0.03
SLICE_S: Final = 0.1
SLOWEST_LINE: Final = 1.5  # allowed over the time that the bytes take at this speed


class Line:
    """Commands and scans over a stream. Commands come from one thread; `interrupt` from any.

    Parameters
    ----------
    stream : ByteStream
        The port.
    timing : Timing
        Its time.
    """

    def __init__(self, stream: ByteStream, timing: Timing) -> None:
        self._stream, self._timing = stream, timing
        self._writing = threading.Lock()
        self._interrupted = threading.Event()
        self.in_step = False  # whether what comes next can only answer what is sent next

    @property
    def where(self) -> str:
        """The port, for messages."""
        return self._stream.name

    @property
    def baud(self) -> int:
        """Speed that is set now."""
        return self._stream.baud

    def bytes_s(self, count: int) -> float:
        """Return the longest time that `count` bytes may take: ten bits each, and half more."""
        return SLOWEST_LINE * count * 10.0 / self._stream.baud

    def find(self) -> None:
        """Find the speed of the instrument: 115200, then 9600 as after power-up; then go to 115200.

        Raises
        ------
        TransportTimeoutError
            When nothing answers at either speed.
        WrongDeviceError
            When something answers, but not as this instrument does.
        """
        noise = b""
        for baud in (FAST, AT_POWER_UP):
            self._stream.set_baud(baud)
            found, heard = self._hail()
            noise += heard
            if found:
                self._hurry()
                self.in_step = True
                return
        if noise:
            raise WrongDeviceError(
                f"something answers ({noise[:16]!r}), but not a BTC100-S or BTC110-S at {FAST} or "
                f"{AT_POWER_UP} baud",
                self.where,
                "check which port it is plugged into, or switch it off and on",
            )
        raise TransportTimeoutError(
            f"nothing answers at {FAST} or {AT_POWER_UP} baud",
            self.where,
            "check power and cable; switch the spectrometer off and on",
        )

    def command(self, letter: str, number: int | None = None) -> None:
        """Send a command and check its echo and ACK, to the byte.

        Raises
        ------
        TransportTimeoutError, RefusedError, BadAnswerError
            When it is not answered so; what lies on the line is thrown away before the next one.
        """
        sent = protocol.command(letter, number)
        wanted = protocol.answer_to(sent)
        self._begin(sent)
        timeout_s = ANSWER_S + self.bytes_s(len(wanted))
        came = read_exactly(self._stream, len(wanted), timeout_s, self._timing)
        protocol.check_answer(sent, came, self.where)
        self.in_step = True

    def collect(
        self, whole: Callable[[bytes], int | None], timeout_s: float, what: str, most: int
    ) -> bytes:
        """Return the bytes of a scan as soon as `whole` says how many there are of them.

        Raises
        ------
        TransportTimeoutError, BadAnswerError
            When nothing, too little or too much comes until `timeout_s` is over.
        AbortedError
            When it was interrupted.
        """
        came = bytearray()
        until = self._timing.now() + timeout_s
        self.in_step, in_step = False, self.in_step
        while (length := whole(bytes(came))) is None:
            if self._interrupted.is_set():
                raise AbortedError("the exposure was stopped", self.where)
            left = until - self._timing.now()
            if left <= 0:
                self._missing(len(came), what)
            came += self._stream.read(max(1, most - len(came)), min(SLICE_S, left))
        surplus = len(came) - length + len(self._stream.read(1, TRAILING_S))
        if surplus:
            raise BadAnswerError(
                f"more bytes came than the {length} of {what}", self.where, protocol.WIRE_REMEDY
            )
        self.in_step = in_step
        return bytes(came)

    def interrupt(self) -> None:
        """Reset the instrument, so that a running scan ends; from any thread, without waiting."""
        self._interrupted.set()
        with self._writing:
            self._stream.write(protocol.command("Q"))

    def resynchronise(self, patience_s: float) -> None:
        """Wait until the line is quiet and the instrument answers again, at most `patience_s`.

        Raises
        ------
        TransportTimeoutError
            When it does not.
        """
        until = self._timing.now() + patience_s
        while True:
            self._interrupted.clear()
            found, _heard = self._hail()
            if found:
                self.in_step = True
                return
            if self._timing.now() >= until:
                break
        self.find()  # a reset may have set the speed of power-up

    def close(self) -> None:
        """Let the port go."""
        self._stream.close()

    def _hail(self) -> tuple[bool, bytes]:
        """Return whether the instrument answers at this speed, and what else was heard."""
        sent = protocol.command("a")
        wanted = protocol.answer_to(sent)
        noise = bytearray()
        for number in range(HAILS):
            if number >= SILENT_HAILS and not noise:
                break
            noise += self._drain()
            with self._writing:
                self._stream.write(sent)
            came = read_exactly(self._stream, len(wanted), HAIL_S, self._timing)
            if came == wanted and not self._stream.read(1, TRAILING_S):
                return True, b""
            noise += came
        return False, bytes(noise)

    def _drain(self) -> bytes:
        """Throw away what comes until the line is quiet, at most the time of the longest scan."""
        thrown = bytearray(self._stream.discard())
        until = self._timing.now() + 1.0 + self.bytes_s(protocol.ASCII_BYTES)
        while self._timing.now() < until and len(thrown) < 10 * protocol.ASCII_BYTES:
            piece = self._stream.read(protocol.ASCII_BYTES, QUIET_S)
            if not piece:
                break
            thrown += piece
        return bytes(thrown)

    def _hurry(self) -> None:
        """Change to 115200 baud; stay at the speed found when that does not work."""
        before = self._stream.baud
        if before == FAST:
            return
        sent = protocol.command("K", protocol.BAUD_CODES[FAST])
        with self._writing:
            self._stream.write(sent)
        came = read_exactly(self._stream, len(protocol.answer_to(sent)), HAIL_S, self._timing)
        try:
            protocol.check_baud_answer(sent, came, self.where)
        except AnswerError:
            changed = False  # asked below at both speeds: its answer may have been garbled
        else:
            changed = True
        for baud in (FAST, before) if changed else (before, FAST):
            self._stream.set_baud(baud)
            self._timing.sleep(AFTER_BAUD_S)
            if self._hail()[0]:
                return
        raise TransportTimeoutError(
            f"the spectrometer is silent after the change to {FAST} baud",
            self.where,
            "switch it off and on, then connect again",
        )

    def _begin(self, sent: bytes) -> None:
        """Write a command; a line with something unread on it is out of step and says so."""
        self.in_step = False
        stale = self._stream.discard()
        if stale:
            raise BadAnswerError(
                f"{len(stale)} bytes came that nobody had asked for",
                self.where,
                protocol.WIRE_REMEDY,
            )
        with self._writing:
            self._stream.write(sent)

    def _missing(self, came: int, what: str) -> None:
        if not came:
            raise TransportTimeoutError(
                f"nothing of {what} came in time", self.where, "check power and cable"
            )
        raise BadAnswerError(
            f"only {came} bytes of {what} came in time", self.where, protocol.WIRE_REMEDY
        )
