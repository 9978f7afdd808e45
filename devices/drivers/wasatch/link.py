"""The wire of a Wasatch Photonics analyser: commands, questions and spectra over a USB port."""

from __future__ import annotations

import threading

from devices.drivers.wasatch.opcodes import (
    ACQUIRE,
    ARM,
    BUFFER,
    NEVER_SENT,
    REMEDY,
    SECOND_ENDPOINT,
    SECOND_TIER,
    SPECTRUM_ENDPOINT,
    Command,
    Question,
    Upper,
)
from devices.drivers.wasatch.protocol import checked
from devices.errors import BadAnswerError, SettingsError, TransportTimeoutError
from devices.timing import Timing
from devices.transports.base import UsbPort

SPLIT_PIXELS = 2048
HALF_BYTES = 2048
GAP_S = 0.3  # between two pieces of one spectrum
QUIET_S = 0.002  # an endpoint that is silent so long is empty
DRAIN_BYTES = 4096
DRAIN_READS = 64
FORBIDDEN_UPPER = frozenset({Upper.WRITE_PAGE_ARM})


class Link:
    """One analyser's wire, shared by its detector and its laser.

    Control transfers take no lock here, so that a command to the laser never waits for counts.

    Parameters
    ----------
    port : UsbPort
        The claimed interface.
    timing : Timing
        Time.
    """

    def __init__(self, port: UsbPort, timing: Timing) -> None:
        self.port = port
        self.timing = timing
        self.arm = port.product_id == ARM
        self._users: set[str] = set()
        self._adc = threading.Lock()

    @property
    def adc_lock(self) -> threading.Lock:
        """Held while one of two converters is chosen and read."""
        return self._adc

    def tell(self, command: Command) -> None:
        """Send a command; an ARM board wants 8 bytes with each.

        Raises
        ------
        SettingsError
            For what is never sent: writing the memory, and firmware update.
        """
        upper = command.request == SECOND_TIER and command.value in FORBIDDEN_UPPER
        if command.request in NEVER_SENT or upper:
            raise SettingsError(
                f"request {command.request:#04x} is never sent", self.port.name, "leave it"
            )
        data = command.data or (BUFFER if self.arm else b"")
        self.port.control_out(command.request, command.value, command.index, data)

    def ask(self, question: Question, what: str) -> bytes:
        """Return the answer to `question`, of a length that it may have.

        Raises
        ------
        BadAnswerError
            When it has another length.
        """
        answer = self.port.control_in(
            question.request, question.value, question.index, question.room
        )
        return checked(answer, question, f"{self.port.name}: {what}")

    def acquire(self) -> None:
        """Start one exposure."""
        self.tell(ACQUIRE)

    def endpoints(self, pixels: int) -> tuple[tuple[int, int], ...]:
        """Return where a spectrum comes from, as (endpoint, bytes)."""
        if pixels == SPLIT_PIXELS and not self.arm:
            return (SPECTRUM_ENDPOINT, HALF_BYTES), (SECOND_ENDPOINT, HALF_BYTES)
        return ((SPECTRUM_ENDPOINT, 2 * pixels),)

    def spectrum(self, pixels: int, timeout_s: float) -> bytes:
        """Return one spectrum, two bytes for each of `pixels`, and nothing besides.

        Raises
        ------
        TransportTimeoutError
            When nothing came within `timeout_s`.
        BadAnswerError
            When it came short, or with bytes too many; what lay there has been thrown away then.
        """
        taken = bytearray()
        for endpoint, size in self.endpoints(pixels):
            try:
                piece = self._all_of(endpoint, size, GAP_S if taken else timeout_s)
            except TransportTimeoutError:
                if not taken:
                    raise
                break
            taken += piece
            if len(piece) != size:
                break
        wanted = 2 * pixels
        extra = self.drain(pixels)
        if len(taken) != wanted or extra:
            count = f"{len(taken) + extra} of {wanted} bytes came"
            raise BadAnswerError(count, f"{self.port.name}: spectrum", REMEDY)
        return bytes(taken)

    def drain(self, pixels: int) -> int:
        """Throw away what lies unread, and return how many bytes that were."""
        thrown = 0
        for endpoint, _ in self.endpoints(pixels):
            for _turn in range(DRAIN_READS):
                try:
                    piece = self.port.bulk_in(endpoint, DRAIN_BYTES, QUIET_S)
                except TransportTimeoutError:
                    break
                thrown += len(piece)
                if not piece:
                    break
        return thrown

    def _all_of(self, endpoint: int, size: int, timeout_s: float) -> bytes:
        taken = bytearray(self.port.bulk_in(endpoint, size, timeout_s))
        while taken and len(taken) < size:
            try:
                piece = self.port.bulk_in(endpoint, size - len(taken), GAP_S)
            except TransportTimeoutError:
                break
            if not piece:
                break
            taken += piece
        return bytes(taken)

    def join(self, user: str) -> None:
        """Note that `user` needs the wire."""
        self._users.add(user)

    def leave(self, user: str) -> None:
        """Note that `user` does not need it any more; with the last one it is closed."""
        self._users.discard(user)
        if not self._users:
            self.port.close()
