"""Ocean Binary Protocol: every wrong answer is named, and nothing of it stays."""

import pytest

from devices.drivers.ocean_obp.link import ObpLink
from devices.drivers.ocean_obp.messages import Code
from devices.drivers.ocean_obp.models import model_row
from devices.drivers.ocean_obp.protocol import Flag, Message, encode
from devices.errors import (
    BadAnswerError,
    RefusedError,
    TransportTimeoutError,
)
from devices.timing import SteppedTime

usb_backend = pytest.importorskip("devices.emulators.usb_backend")


class _Scripted:
    """A serial line that answers every question with what a function makes of it."""

    name, baud = "scripted", 115_200

    def __init__(self, clock, answer):
        self._clock, self._answer, self._coming = clock, answer, b""

    def write(self, data):
        self._coming += self._answer(data)

    def read(self, most, timeout_s):
        taken, self._coming = self._coming[:most], self._coming[most:]
        if not taken:
            self._clock.step(timeout_s)
        return taken

    def discard(self):
        taken, self._coming = self._coming, b""
        return taken

    def set_baud(self, baud):
        self.baud = baud

    def close(self):
        pass


def _reply(data, **changes):
    asked = int.from_bytes(data[8:12], "little"), int.from_bytes(data[12:16], "little")
    fields = {"kind": asked[0], "payload": b"\x05", "flags": Flag.RESPONSE, "regarding": asked[1]}
    return encode(Message(**{**fields, **changes}))


def _cut(data):
    return _reply(data)[:40]


def _footer(data):
    return _reply(data)[:-1] + b"\x00"


ANSWERS = {
    "silence": (lambda _data: b"", TransportTimeoutError, "no answer"),
    "another kind": (lambda d: _reply(d, kind=0x80), BadAnswerError, "of type 0x80"),
    "another question": (lambda d: _reply(d, regarding=99), BadAnswerError, "other questions"),
    "cut short": (_cut, BadAnswerError, "24 bytes are missing"),
    "garbage": (lambda _data: b"?" * 90, BadAnswerError, "90 were garbage"),
    "footer": (_footer, BadAnswerError, "footer"),
    "too long": (lambda d: _reply(d, payload=b"\x05\x06"), BadAnswerError, "2 bytes came where 1"),
    "no": (
        lambda d: _reply(d, payload=b"", flags=Flag.NACK, error=7),
        RefusedError,
        "device not ready",
    ),
    "exception": (
        lambda d: _reply(d, payload=b"", flags=Flag.EXCEPTION, error=13),
        RefusedError,
        "internal device error",
    ),
    "acknowledged only": (lambda d: _reply(d, flags=Flag.ACK), BadAnswerError, "flagged 0x2"),
    "our own echo": (lambda d: d, BadAnswerError, "flagged 0x0"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_wrong_answer_is_named_and_nothing_of_it_stays(name):
    answer, kind, words = ANSWERS[name]
    clock, good = SteppedTime(), []
    wire = _Scripted(clock, lambda data: _reply(data) if good else answer(data))
    link = ObpLink(wire, model_row("qepro"), clock.timing())
    with pytest.raises(kind, match=words):
        link.get(Code.GET_IDLE)
    good.append(True)
    assert link.get(Code.GET_IDLE) == (5,)


def test_garbage_before_an_answer_and_a_late_one_do_no_harm():
    clock = SteppedTime()
    wire = _Scripted(clock, lambda d: b"\xc1noise" + _reply(d, regarding=77) + _reply(d))
    link = ObpLink(wire, model_row("qepro"), clock.timing())
    assert [link.get(Code.GET_IDLE) for _ in range(3)] == [(5,)] * 3


def test_a_deferred_answer_is_waited_for():
    def deferred(data):
        return _reply(data, payload=b"", flags=Flag.NACK, error=255) + _reply(data)

    clock = SteppedTime()
    link = ObpLink(_Scripted(clock, deferred), model_row("qepro"), clock.timing())
    assert link.get(Code.GET_IDLE) == (5,)


def test_an_answer_without_the_checksum_that_was_agreed_is_refused():
    clock = SteppedTime()
    link = ObpLink(_Scripted(clock, _reply), model_row("qepro"), clock.timing())
    link.checksum = True
    with pytest.raises(BadAnswerError, match="no checksum"):
        link.get(Code.GET_IDLE)
