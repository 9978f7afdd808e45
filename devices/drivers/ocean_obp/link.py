"""One question and its answer over USB or RS-232, for several threads at once.

Whoever waits for an answer may find somebody else reading the wire, and gets the answer from him:
answers are told apart by the host's number ("regarding"). Writing has a lock of its own, held only
while one frame goes out, so that a command to stop is on the wire at once while a spectrum is
awaited.
"""

from __future__ import annotations

import contextlib
import math
import threading
from dataclasses import dataclass
from typing import cast

from devices.drivers.ocean_obp.configuration import SPEEDS
from devices.drivers.ocean_obp.messages import LAYOUTS, Code, Value, pack, unpack
from devices.drivers.ocean_obp.models import ObpModel
from devices.drivers.ocean_obp.protocol import (
    DEFERRED,
    SMALLEST_FRAME,
    Decoder,
    Flag,
    Message,
    ObpRefusedError,
    encode,
)
from devices.drivers.ocean_obp.wires import ANSWER_S, QUIET_S, ObpWire, SerialWire, usb_wire
from devices.errors import (
    AnswerError,
    BadAnswerError,
    DeviceError,
    RefusedError,
    TransportTimeoutError,
)
from devices.timing import Timing
from devices.transports.base import ByteStream, UsbPort

PROBE_S = 0.5
DAMAGE_GRACE_S = 0.3
READ_SLICE_S = 0.25
BAUD_SETTLE_S = 0.1
CHECKSUM_TRIES = 2
HOME_TRIES = 3
BITS_PER_BYTE = 10


@dataclass(frozen=True, slots=True)
class Ticket:
    """A question that was sent and may be answered.

    Parameters
    ----------
    code : Code
        What was asked.
    regarding : int
        The host's number, which its answer carries.
    before : tuple of int
        What was wrong on the wire until then: its answer may be spoilt while another one is read.
    """

    code: Code
    regarding: int
    before: tuple[int, int, int]


class ObpLink:
    """The wire to one instrument.

    Parameters
    ----------
    wire : UsbPort or ByteStream
        An open one.
    model : ObpModel
        Whose end points and longest answer count.
    timing : Timing
        Clock.

    Raises
    ------
    WrongDeviceError
        When the USB product id is that of another model.
    """

    def __init__(self, wire: UsbPort | ByteStream, model: ObpModel, timing: Timing) -> None:
        self._stream: ByteStream | None = None
        self._wire: ObpWire
        if hasattr(wire, "bulk_out"):
            self._wire = usb_wire(cast("UsbPort", wire), model)
        else:
            self._stream = wire
            self._wire = SerialWire(wire)
        self.name = wire.name
        self.timing = timing
        self.checksum = False
        self._longest = SMALLEST_FRAME + model.spectrum_bytes
        self._decoder = Decoder(max(model.spectrum_bytes, 4096))
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._arrived = threading.Condition()
        self._answers: dict[int, Message | None] = {}
        self._next = 1
        self._strays = 0
        self._heard_s = -math.inf
        self.silent = False  # whether nothing at all came in answer to the last question
        self._home_baud: int | None = None
        self.closed = False

    # -- questions --------------------------------------------------------------------------------

    def get(self, code: Code, *arguments: Value, timeout_s: float = ANSWER_S) -> tuple[Value, ...]:
        """Ask `code` and return its values.

        Raises
        ------
        RefusedError
            With the protocol's own error name.
        TransportTimeoutError, BadAnswerError, NotConnectedError
            When no answer or no sound one came.
        """
        payload = self.receive(self.send(code, *arguments), timeout_s)
        try:
            return unpack(LAYOUTS[code].answer or "", payload)
        except BadAnswerError as error:
            raise BadAnswerError(error.what, _named(code), "try again") from error

    def number(self, code: Code, *arguments: Value) -> float:
        """Ask `code` and return its one number."""
        value = self.get(code, *arguments)[0]
        if isinstance(value, bytes):
            raise BadAnswerError("text came where a number belongs", _named(code), "try again")
        return value

    def set(self, code: Code, *values: Value) -> None:
        """Command `code` and wait for its acknowledgement; raises as `get` does."""
        payload = self.receive(self.send(code, *values), ANSWER_S)
        if payload:
            raise BadAnswerError("an acknowledgement with contents", _named(code), "try again")

    def send(self, code: Code, *values: Value) -> Ticket:
        """Put one message on the wire at once and return the ticket for its answer."""
        layout = LAYOUTS[code]
        flags = Flag.NONE if layout.answer is not None else Flag.ACK_REQUESTED
        with self._writing:
            ticket = Ticket(code, self._next, self._troubles())
            self._next = self._next % 0xFFFF_FFFF + 1
            self._answers[ticket.regarding] = None
            frame = Message(
                code,
                pack(layout.takes, *values),
                flags,
                regarding=ticket.regarding,
                checksum=self.checksum,
            )
            try:
                self._wire.write(encode(frame))
            except DeviceError:
                self.forget(ticket)
                raise
        return ticket

    def forget(self, ticket: Ticket) -> None:
        """Do not wait for that answer any more; when it comes it is thrown away."""
        with self._arrived:
            self._answers.pop(ticket.regarding, None)

    def receive(self, ticket: Ticket, timeout_s: float) -> bytes:
        """Return the payload of the answer to `ticket`; raises as `get` does."""
        begun = self.timing.now()
        limit = begun + timeout_s + self._transfer_s()
        try:
            while True:
                answer = self._taken(ticket)
                if answer is not None:
                    return self._checked(ticket, answer)
                # A line that is busy is worth waiting for, one that is silent is not.
                until = min(limit, max(begun, self._heard_s) + timeout_s)
                if self.timing.now() >= until:
                    self.silent = self._heard_s < begun
                    raise self._nothing(ticket, timeout_s)
                if self._reading.acquire(blocking=False):
                    try:
                        if self._answers.get(ticket.regarding) is None:
                            limit = min(limit, self._pump(until))
                    finally:
                        self._reading.release()
                else:
                    with self._arrived:
                        self._arrived.wait(QUIET_S)
        finally:
            self.forget(ticket)

    def _pump(self, until: float) -> float:
        """Read once and hand out what came; return until when at most it is worth waiting."""
        left = until - self.timing.now()
        damaged = self._decoder.damaged
        data = self._wire.read(self._decoder.wanted, max(0.0, min(left, READ_SLICE_S)))
        if data:
            self._heard_s, self.silent = self.timing.now(), False
        for message in self._decoder.feed(data):
            self._hand_out(message)
        return self.timing.now() + DAMAGE_GRACE_S if self._decoder.damaged > damaged else math.inf

    def _hand_out(self, message: Message) -> None:
        if message.refused and message.error == DEFERRED:
            return
        with self._arrived:
            if message.regarding in self._answers:
                self._answers[message.regarding] = message
            else:
                self._strays += 1
            self._arrived.notify_all()

    def _taken(self, ticket: Ticket) -> Message | None:
        with self._arrived:
            return self._answers.get(ticket.regarding)

    def _checked(self, ticket: Ticket, answer: Message) -> bytes:
        where = _named(ticket.code)
        if answer.kind != ticket.code:
            what = f"the answer is of type {answer.kind:#x} instead of {ticket.code:#x}"
            raise BadAnswerError(what, where, "try again")
        if answer.refused:
            raise ObpRefusedError(
                f"the instrument refused it: error {answer.error}, {answer.error_name}",
                where,
                "see whether the right model is chosen and the instrument is ready",
                number=answer.error,
            )
        if self.checksum and not answer.checksum:
            raise BadAnswerError("the answer has no checksum", where, "try again")
        wanted = Flag.ACK if LAYOUTS[ticket.code].answer is None else Flag.RESPONSE
        if not answer.flags & wanted or answer.flags & Flag.ACK_REQUESTED:
            raise BadAnswerError(f"it is flagged {int(answer.flags):#x}", where, "try again")
        return answer.payload

    def _troubles(self) -> tuple[int, int, int]:
        return self._decoder.damaged, self._decoder.skipped, self._strays

    def _nothing(self, ticket: Ticket, timeout_s: float) -> DeviceError:
        """Make the error for an answer that did not come, and start the wire afresh."""
        damaged, skipped, strays = (
            now - then for now, then in zip(self._troubles(), ticket.before, strict=True)
        )
        missing, damage = self._decoder.wanted, self._decoder.damage
        last = damage[-1].what if damage else ""
        self.resynchronise()
        where, remedy = _named(ticket.code), "check the cable, then try again"
        if damaged:
            return BadAnswerError(f"a damaged answer came: {last}", where, remedy)
        if missing != SMALLEST_FRAME or skipped:
            what = f"no whole answer came: {missing} bytes are missing, {skipped} were garbage"
            return BadAnswerError(what, where, remedy)
        if strays:
            return BadAnswerError("only answers to other questions came", where, remedy)
        return TransportTimeoutError(f"no answer within {timeout_s:g} s", where, remedy)

    def resynchronise(self) -> None:
        """Throw away what lies unread, so that the next answer is a new one."""
        if self._reading.acquire(blocking=False):
            try:
                self._wire.drain()
                self._decoder.reset()
            finally:
                self._reading.release()

    def _transfer_s(self) -> float:
        """Return how long the longest answer may keep a serial line busy before ours comes."""
        if self._stream is None:
            return 0.0
        return BITS_PER_BYTE * (self._longest + 4 * SMALLEST_FRAME) / self._stream.baud

    # -- opening and speed ------------------------------------------------------------------------

    def find(self) -> None:
        """Find out how it is to be spoken to, asking nothing but its serial number.

        On a serial line the speed that is set is tried first, then all that a session may have had
        that could not put it back. The checksum is used when the instrument answers with one.

        Raises
        ------
        BadAnswerError, TransportTimeoutError
            When it answers at no speed; the speed is then as it was.
        """
        self.resynchronise()
        if self._stream is not None:
            self._find_baud(self._stream)
        self.checksum = self._takes_checksums()

    def _find_baud(self, stream: ByteStream) -> None:
        first, errors = stream.baud, []
        for baud in dict.fromkeys((first, *SPEEDS)):
            if stream.baud != baud:
                stream.set_baud(baud)
                self.timing.sleep(BAUD_SETTLE_S)
                self.resynchronise()
            try:
                self.get(Code.GET_SERIAL_NUMBER, timeout_s=PROBE_S)
            except RefusedError:
                return
            except (BadAnswerError, TransportTimeoutError) as error:
                errors.append(error)
            else:
                return
        stream.set_baud(first)
        tried = ", ".join(map(str, dict.fromkeys((first, *SPEEDS))))
        garbled = any(isinstance(error, BadAnswerError) for error in errors)
        kind = BadAnswerError if garbled else TransportTimeoutError
        what = "what comes cannot be read" if garbled else "nothing answers"
        raise kind(
            f"{what} at {tried} baud",
            self.name,
            "check that the instrument is on, the cable, the port, and the speed it is set to",
        ) from errors[-1]

    def _takes_checksums(self) -> bool:
        """Ask with a checksum; damage on the way is no refusal, so that it is asked twice."""
        self.checksum = True
        try:
            for _ in range(CHECKSUM_TRIES):
                with contextlib.suppress(BadAnswerError, TransportTimeoutError):
                    self.get(Code.GET_SERIAL_NUMBER, timeout_s=PROBE_S)
                    return True
        except RefusedError:
            pass
        finally:
            self.checksum = False
        return False

    def raise_baud(self, baud: int) -> bool:
        """Speak at `baud` until `close`; return False when that does not work, at the old speed.

        The setting is never saved in the instrument, and `close` puts the old speed back.
        """
        stream = self._stream
        if stream is None or stream.baud == baud:
            return stream is not None
        home = stream.baud
        try:
            self.set(Code.SET_BAUD, baud)
        except RefusedError:
            return False
        self._home_baud = home
        self._change_to(stream, baud)
        with contextlib.suppress(BadAnswerError, TransportTimeoutError):
            if self.get(Code.GET_BAUD) == (baud,):
                return True
        self._go_home(stream, home)
        return False

    def _go_home(self, stream: ByteStream, home: int) -> None:
        """Call the instrument back from a speed at which only it may understand."""
        away = stream.baud
        for _ in range(HOME_TRIES):
            self._change_to(stream, away)
            with contextlib.suppress(AnswerError):
                self.set(Code.SET_BAUD, home)
            self._change_to(stream, home)
            with contextlib.suppress(AnswerError):
                self.get(Code.GET_BAUD)
                self._home_baud = None
                return
        raise BadAnswerError(
            "it changed its speed and cannot be called back",
            self.name,
            "switch the instrument off and on, and keep the usual speed",
        )

    def _change_to(self, stream: ByteStream, baud: int) -> None:
        stream.set_baud(baud)
        self.timing.sleep(BAUD_SETTLE_S)
        self.resynchronise()

    @property
    def baud(self) -> int | None:
        """Speed of the serial line; None on USB."""
        return None if self._stream is None else self._stream.baud

    def close(self) -> None:
        """Put the speed back, unless nobody listens, and let the wire go; once is enough."""
        if self.closed:
            return
        self.closed = True
        try:
            if self._stream is not None and self._home_baud is not None and not self.silent:
                self.set(Code.SET_BAUD, self._home_baud)
        except DeviceError:
            # It is gone or deaf; the next opening tries this speed too.
            pass
        finally:
            self._wire.close()


def _named(code: Code) -> str:
    return code.name.lower().replace("_", " ")
