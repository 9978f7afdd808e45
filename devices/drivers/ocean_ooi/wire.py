"""Commands, answers and spectra over a USB interface; keeps the wire in step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from devices.drivers.alike import read_alike
from devices.drivers.ocean_ooi import protocol
from devices.drivers.ocean_ooi.models import OoiModel
from devices.errors import BadAnswerError, DeviceError, TransportTimeoutError
from devices.timing import Timing
from devices.transports.base import UsbPort

T = TypeVar("T")

ANSWER_S = 1.0
SILENCE_S = 0.01  # what was sent is there at once: nothing within this is nothing
EMPTYING_S = 2.0
LONGEST_ANSWER = 64
PACKET = 512


class OoiWire:
    """A claimed interface that speaks this protocol.

    Parameters
    ----------
    port : UsbPort
        The interface.
    timing : Timing
        The time.
    model : OoiModel
        Which endpoints and lengths.
    """

    def __init__(self, port: UsbPort, timing: Timing, model: OoiModel) -> None:
        self._port, self._timing, self.model = port, timing, model
        self.high_speed = True
        self.doubtful = False

    @property
    def name(self) -> str:
        """The port, as a person can find it."""
        return self._port.name

    def send(self, command: bytes) -> None:
        """Send a command that has no answer."""
        try:
            self._port.bulk_out(self.model.out, command, ANSWER_S)
        except DeviceError:
            self.doubtful = True
            raise

    def ask(self, command: bytes, what: str, parse: Callable[[bytes], T]) -> T:
        """Send a command and return what `parse` makes of its answer of up to 64 bytes.

        Raises
        ------
        TransportTimeoutError, NotConnectedError
            When none came.
        BadAnswerError
            When `parse` refuses it; what may follow is read away before the next command.
        """
        self.resynchronise()
        self.send(command)
        try:
            return parse(self._port.bulk_in(self.model.answers, LONGEST_ANSWER, ANSWER_S))
        except TransportTimeoutError as error:
            self.doubtful = True
            raise TransportTimeoutError(
                f"no answer within {ANSWER_S:g} s: {what}",
                self.name,
                "check the cable; unplug the spectrometer and plug it in",
            ) from error
        except DeviceError:
            self.doubtful = True
            raise

    def slot(self, number: int) -> bytes:
        """Return the 15 bytes of a slot of the memory, read twice."""
        what = f"slot {number}"

        def read() -> bytes:
            command = protocol.ask_slot(number)
            return self.ask(command, what, lambda answer: protocol.parse_slot(answer, number))

        return read_alike(read, what)

    def spectrum(self, timeout_s: float) -> bytes:
        """Return the bytes of the spectrum that was asked for.

        Raises
        ------
        TransportTimeoutError
            When nothing came in time.
        BadAnswerError
            When it came short.
        """
        until = self._timing.now() + timeout_s
        split = self.model.data_first and self.high_speed
        taken = b""
        try:
            if split:
                first = protocol.FIRST_PART_BYTES
                taken = self._port.bulk_in(self.model.data_first, first, timeout_s)
                protocol.exact(taken, first, "first part of the spectrum")
            left = self.model.spectrum_bytes - len(taken)
            wait = max(ANSWER_S, until - self._timing.now()) if taken else timeout_s
            # Asking for whole packets ends with the short one, and shows bytes too many.
            room = -(-left // PACKET) * PACKET
            taken += self._port.bulk_in(self.model.data, room, wait)
        except TransportTimeoutError as error:
            self.doubtful = True
            if taken:
                whole = self.model.spectrum_bytes
                raise BadAnswerError(
                    f"{len(taken)} bytes came, {whole} expected", "spectrum", "measure again"
                ) from error
            raise
        except DeviceError:
            self.doubtful = True
            raise
        if len(taken) != self.model.spectrum_bytes:
            self.doubtful = True
        return protocol.exact(taken, self.model.spectrum_bytes, "spectrum")

    def expect_silence(self) -> None:
        """Make sure that nothing follows a spectrum.

        Raises
        ------
        BadAnswerError
            When something does: then it is not known which answer was whose.
        """
        more = self._left_over(self.model.data, self._timing.now() + EMPTYING_S)
        if more:
            self.doubtful = True
            raise BadAnswerError(
                f"{more} bytes came after the spectrum", "spectrum", "measure again"
            )

    def resynchronise(self) -> None:
        """Read away what lies unread after an exchange that went wrong; nothing otherwise."""
        if self.doubtful:
            self.empty()

    def empty(self) -> None:
        """Read away all that lies unread.

        Raises
        ------
        BadAnswerError
            When it does not stop sending.
        """
        until = self._timing.now() + EMPTYING_S
        inward = {self.model.answers, self.model.data, self.model.data_first} - {0}
        for endpoint in sorted(inward):
            self._left_over(endpoint, until)
        self.doubtful = False

    def close(self) -> None:
        """Let the interface go."""
        self._port.close()

    def _left_over(self, endpoint: int, until: float) -> int:
        count = 0
        while True:
            try:
                count += len(self._port.bulk_in(endpoint, 32 * PACKET, SILENCE_S))
            except TransportTimeoutError:
                return count
            if self._timing.now() >= until or count > 1 << 20:
                raise BadAnswerError(
                    f"it does not stop sending: {count} bytes",
                    self.name,
                    "unplug the spectrometer and plug it in",
                )
