"""Stopping at any moment, with every family: the laser goes off before anything else happens.

The measuring thread is held where it is (asleep in a wait of its own or of the wire, or about to
ask something) until the command that switches the laser off is on the wire: so it needs no help
from that thread, holds no lock that would be in the way, and comes before the next read of data.
"""

import random
import threading

import pytest

from devices.drivers.ocean_obp.messages import Code
from devices.drivers.ocean_obp.protocol import Decoder
from devices.drivers.wasatch.opcodes import LASER_OFF
from devices.errors import AbortedError, LaserError
from devices.families import FAMILIES, LaserKind, Wire
from devices.interface import LaserState, Settings

REQUESTS = 13  # per row: more than 200 over all
PATIENCE_S = 30.0
SETTINGS = Settings(integration_time_ms=150.0, averages=2)
ROWS = [
    (row.name, serial)
    for row in FAMILIES
    if row.wire is not Wire.NONE
    for serial in ((False, True) if row.wire is Wire.EITHER else (False,))
]


def _obp_off(data):
    return any(
        message.kind == Code.SET_LIGHT_ENABLED and message.payload[-1] == 0
        for message in Decoder(4096).feed(data)
    )


class Tap:
    """A wire that tells of each transfer before it passes."""

    def __init__(self, wire, moment, sent):
        self._wire, self._moment, self._sent = wire, moment, sent

    def __getattr__(self, name):
        return getattr(self._wire, name)


class UsbTap(Tap):
    def control_out(self, request, value, index, data=b"", timeout_s=1.0):
        self._wire.control_out(request, value, index, data, timeout_s)
        self._sent("off" if (request, value) == (LASER_OFF.request, LASER_OFF.value) else "out")

    def control_in(self, *setup, **options):
        self._moment("control in")
        return self._wire.control_in(*setup, **options)

    def bulk_out(self, endpoint, data, timeout_s=1.0):
        self._wire.bulk_out(endpoint, data, timeout_s)
        self._sent("off" if _obp_off(data) else "out")

    def bulk_in(self, endpoint, length, timeout_s):
        self._moment("read")
        return self._wire.bulk_in(endpoint, length, timeout_s)


class SerialTap(Tap):
    def write(self, data):
        self._wire.write(data)
        self._sent("off" if data == b"l0\r" or _obp_off(data) else "out")

    def read(self, most, timeout_s):
        self._moment("read")
        return self._wire.read(most, timeout_s)


class Button:
    """Presses "stop" at moment `at` of a measurement, from a thread of its own."""

    def __init__(self):
        self.analyser = self.thread = None
        self.log, self.over = [], True
        self._off, self._measuring = threading.Event(), threading.current_thread()

    def arm(self, at):
        """Press at moment `at` of the measurement that comes; 0 for never, to count them."""
        self.at, self.moments, self.over = at, 0, False
        self.log, self.trouble, self.thread = [], [], None

    def moment(self, what):
        mine = threading.current_thread() is self._measuring
        if mine and not self.over and self.thread is None:
            self.moments += 1
            if self.moments == self.at:
                self._press()
        self.log.append(what)

    def sent(self, what):
        self.log.append(what)
        if what == "off":
            self._off.set()

    def _press(self):
        self._off.clear()
        self.log.append("pressed")
        self.thread = threading.Thread(target=self._abort)
        self.thread.start()
        assert self._off.wait(PATIENCE_S), "the laser is not switched off until something else ends"

    def _abort(self):
        try:
            self.analyser.abort()
        except Exception as error:  # noqa: BLE001 - told in the test's own thread
            self.trouble.append(error)


def _opened(rig):
    """Open it with a button in reach."""
    button = Button()

    def tapped(wire):
        kind = SerialTap if hasattr(wire, "write") else UsbTap
        return kind(wire, button.moment, button.sent)

    button.analyser = rig.open(keep=tapped)
    button.analyser.configure(SETTINGS)
    rig.on_sleep = lambda: button.moment("sleep")
    return button


def _measured(rig, button, at=0):
    """Measure with the button pressed at moment `at`; return what became of that."""
    button.arm(at)
    try:
        rig.measure(button.analyser.acquire)
    except (AbortedError, LaserError) as error:
        return error
    finally:
        button.over = True
        if button.thread is not None:
            button.thread.join(PATIENCE_S)
    return None


def _pressed(rig, button, at):
    """Stop a measurement; the one after it is whole."""
    outcome = _measured(rig, button, at)
    assert not button.trouble
    assert not button.thread.is_alive()
    after = button.log[button.log.index("pressed") + 1 :]
    assert next(what for what in after if what in {"off", "read"}) == "off"
    assert rig.bench.laser_state() is LaserState.OFF
    assert button.analyser.laser_state is LaserState.OFF
    assert button.analyser.alarm is None
    assert _measured(rig, button) is None
    return outcome


@pytest.mark.parametrize(("name", "serial"), ROWS)
def test_stop_switches_the_laser_off_before_the_next_read(rig, threads_left, name, serial):
    first, bed = rig(name, serial=serial), rig(name, serial=serial)
    counting, button = _opened(first), _opened(bed)
    assert _measured(first, counting) is None
    counting.analyser.close()
    dice, moments, outcomes = random.Random(f"{name} {serial}"), counting.moments, []
    for _ in range(REQUESTS):
        outcomes.append(_pressed(bed, button, dice.randint(1, moments)))
        moments = min(moments, button.moments)  # a whole measurement may take fewer than the first
    button.analyser.close()
    assert any(isinstance(outcome, AbortedError) for outcome in outcomes)
    assert threads_left() == []


def test_there_are_enough_requests():
    assert REQUESTS * len(ROWS) >= 200
    assert {row.laser for row in FAMILIES if row.wire is not Wire.NONE} == set(LaserKind)
