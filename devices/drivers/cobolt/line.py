"""The line to a Cobolt laser: one command at a time, a tenth of a second apart - but off at once.

Answers come in the order of the commands and carry no name, so every command that was written is
owed one line. The command that switches off is written without waiting for anything, also between
another command and its answer; whoever reads then gives each line to the command it is owed to.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

from devices.drivers.cobolt import protocol
from devices.errors import (
    AbortedError,
    BadAnswerError,
    RefusedError,
    TransportTimeoutError,
)
from devices.timing import Timing
from devices.transports.base import ByteStream

ANSWER_S: Final = 1.0
QUIET_S: Final = 0.1
SLICE_S: Final = 0.05
MOST_NOISE: Final = 4096
OFF: Final = "l0"
_END: Final = re.compile(rb"[\r\n]")


@dataclass(slots=True, eq=False)
class _Owed:
    """A command that was written, and its line of answer when that has come."""

    words: str
    line: bytes | None = None


class CoboltLine:
    """Commands over a stream, from any thread.

    Parameters
    ----------
    stream : ByteStream
        The port, at 115200 baud.
    timing : Timing
        Its time.
    """

    def __init__(self, stream: ByteStream, timing: Timing) -> None:
        self._stream, self._timing = stream, timing
        self._turn = threading.Lock()  # who reads, and who may write anything but off
        self._writing = threading.Lock()  # held for one write only
        self._owed: deque[_Owed] = deque()
        self._buffer = bytearray()
        self._out_of_step = True  # what lies on a line that was just opened answers nobody
        self._written_s = -protocol.SPACING_S
        self._offs = 0

    @property
    def where(self) -> str:
        """The port, for messages."""
        return self._stream.name

    @property
    def offs(self) -> int:
        """How often it was switched off; see `ask`."""
        return self._offs

    def ask(self, words: str, *, unless_off_since: int | None = None) -> str:
        """Send `words` and return the answer.

        Parameters
        ----------
        words : str
            The command.
        unless_off_since : int or None
            Value of `offs` when the caller began; the command is not sent when the laser was
            switched off since, so that nothing overtakes that.

        Raises
        ------
        TransportTimeoutError, BadAnswerError, RefusedError
            When it is not answered, not readably, or with ``Syntax error``.
        AbortedError
            When the laser was switched off meanwhile.
        """
        with self._turn:
            doubtful = self._out_of_step
            self._settle()
            line = self._exchange(words, unless_off_since)
            if doubtful and words.endswith("?") and protocol.is_refusal(line):
                # What was left of a command that did not arrive whole stood before this one.
                line = self._exchange(words, unless_off_since)
        return protocol.text_of(line, words, self.where)

    def off(self) -> None:
        """Send the command that switches off at once, before anything queued; then see it taken.

        Answered by anything but ``OK`` it is sent once more: half a command that stood before it
        in the controller would have spoilt it.

        Raises
        ------
        TransportTimeoutError, BadAnswerError, RefusedError
            When it is not answered by ``OK``; it was sent nevertheless.
        """
        try:
            self._off()
        except (BadAnswerError, RefusedError):
            self._wait_for_spacing()
            self._off()

    def close(self) -> None:
        """Let the port go."""
        self._stream.close()

    def _off(self) -> None:
        owed = self._write(OFF, None, off=True)
        with self._turn:
            line = self._line_for(owed)
        protocol.check_ok(protocol.text_of(line, OFF, self.where), OFF, self.where)

    def _exchange(self, words: str, unless_off_since: int | None) -> bytes:
        self._wait_for_spacing()
        return self._line_for(self._write(words, unless_off_since))

    def _write(self, words: str, unless_off_since: int | None, *, off: bool = False) -> _Owed:
        owed = _Owed(words)
        with self._writing:
            if off:
                self._offs += 1
            elif unless_off_since is not None and unless_off_since != self._offs:
                raise AbortedError(
                    "the laser was switched off", self.where, "start the measurement again"
                )
            self._stream.write(protocol.command(words))
            self._owed.append(owed)
            self._written_s = self._timing.now()
        return owed

    def _wait_for_spacing(self) -> None:
        while (left := self._written_s + protocol.SPACING_S - self._timing.now()) > 1e-9:
            self._timing.sleep(min(left, SLICE_S))

    def _settle(self) -> None:
        """Throw away what answers nothing: noise, or the answer to a command that was given up."""
        with self._writing:
            if self._owed:
                return
            if not self._out_of_step and not (self._buffer + self._stream.discard()).strip():
                self._buffer.clear()
                return
            self._buffer.clear()
            self._stream.discard()
        thrown = 0
        while thrown < MOST_NOISE and (piece := self._stream.read(MOST_NOISE, QUIET_S)):
            thrown += len(piece)
            if self._owed:  # the laser was switched off meanwhile: its answer is in here
                self._buffer += piece
                break
        self._out_of_step = False

    def _line_for(self, owed: _Owed) -> bytes:
        """Read until `owed` has its line, handing out on the way what others are owed."""
        until = self._timing.now() + ANSWER_S
        while owed.line is None:
            line = self._next_line(until)
            if line is None:
                self._give_up(owed)
            with self._writing:
                if self._owed:
                    self._owed.popleft().line = line
        return owed.line

    def _next_line(self, until: float) -> bytes | None:
        """Return the next line that is not empty, without its end; None when time is over."""
        while True:
            end = _END.search(self._buffer)
            if end is not None:
                line = bytes(self._buffer[: end.start()])
                del self._buffer[: end.end()]
                if line.strip():
                    return line
                continue
            left = until - self._timing.now()
            if left <= 0 or len(self._buffer) > protocol.LONGEST_ANSWER:
                return None
            self._buffer += self._stream.read(protocol.LONGEST_ANSWER, min(SLICE_S, left))

    def _give_up(self, owed: _Owed) -> None:
        with self._writing:
            self._owed.clear()
        came, self._out_of_step = len(self._buffer), True
        self._buffer.clear()
        if came:
            raise BadAnswerError(
                f"{came} bytes came in answer to {owed.words!r}, but not the end of the line",
                self.where,
                "check the cable of the laser",
            )
        raise TransportTimeoutError(
            f"the laser does not answer {owed.words!r}",
            self.where,
            "take it for on: turn its key or pull its power, then check cable and speed",
        )
