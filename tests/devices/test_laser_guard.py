"""The guard of the laser against a laser that lies, lags, sticks, trips and vanishes."""

from dataclasses import dataclass, field

import pytest

from devices.errors import (
    AbortedError,
    InterlockError,
    LaserAlarmError,
    LaserError,
    NotConnectedError,
    RefusedError,
)
from devices.interface import LaserState
from devices.laser import OFF_ATTEMPTS, LaserGuard
from devices.parts import LaserFacts, LaserReading
from devices.timing import SteppedTime

OFF = LaserReading(enabled=False, can_fire=True, firing=False)
FACTS = LaserFacts("scripted", "1", "1", 785.0, warning_delay_s=0.5)


@dataclass
class ScriptedLaser:
    """A laser whose answers are written down; it keeps what it was told, in order."""

    answers: list = field(default_factory=list)
    rest: LaserReading = OFF
    told: list = field(default_factory=list)
    facts: LaserFacts = FACTS

    def switch_on(self, power_percent):
        self.told.append(("on", power_percent))

    def switch_off(self):
        self.told.append("off")

    def read(self):
        answer = self.answers.pop(0) if self.answers else self.rest
        if isinstance(answer, Exception):
            raise answer
        return answer

    def refresh_watchdog(self):
        self.told.append("watchdog")

    def close(self):
        pass


WAITING = LaserReading(enabled=True, can_fire=True, firing=False)
FIRING = LaserReading(enabled=True, can_fire=True, firing=True)
OPEN = LaserReading(enabled=True, can_fire=False, firing=False)
GONE = NotConnectedError("gone", "", "")


def guarded(*answers, rest=OFF):
    laser = ScriptedLaser(list(answers), rest)
    return LaserGuard(laser, SteppedTime().timing(), "the analyser"), laser


def nothing():
    pass


@pytest.mark.parametrize(
    ("enabled", "can_fire", "firing", "state"),
    [
        (False, True, False, LaserState.OFF),
        (True, True, False, LaserState.REQUESTED),
        (True, False, False, LaserState.REQUESTED),
        (True, True, True, LaserState.FIRING),
        (False, True, True, LaserState.FIRING),  # what it emits counts, not what it was told
        (None, None, None, LaserState.UNKNOWN),
        (False, None, None, LaserState.OFF),
        (True, None, None, LaserState.FIRING),  # cannot say: taken for firing
        (True, False, None, LaserState.REQUESTED),
        (None, True, False, LaserState.OFF),
    ],
)
def test_state_is_what_was_read(enabled, can_fire, firing, state):
    assert LaserReading(enabled, can_fire, firing).state is state


def test_an_interlock_that_opens_just_before_the_command_is_named():
    guard, laser = guarded(OFF, OPEN)
    refused = RefusedError("fault", "", "")

    def refuse(_power_percent):
        raise refused

    laser.switch_on = refuse
    with pytest.raises(InterlockError):
        guard.on(guard.permit(), 100.0, nothing)
    with pytest.raises(RefusedError) as caught:  # closed: then it is for another reason
        guard.on(guard.permit(), 100.0, nothing)
    assert caught.value is refused


def test_off_is_proven_by_a_reading_and_sent_once_when_it_works():
    guard, laser = guarded()
    guard.off()
    assert laser.told == ["off"]
    assert guard.alarm is None


def test_off_is_sent_three_times_before_the_alarm():
    guard, laser = guarded(rest=FIRING)
    with pytest.raises(LaserAlarmError, match="MAY BE ON") as caught:
        guard.off()
    assert laser.told == ["off"] * OFF_ATTEMPTS
    assert "remove the power" in caught.value.remedy
    assert guard.alarm is not None
    with pytest.raises(LaserAlarmError):
        guard.permit()


def test_a_laser_that_lags_is_not_an_alarm():
    guard, laser = guarded(FIRING, OFF)
    guard.off()
    assert laser.told == ["off"]


def test_silence_is_unknown_and_an_alarm():
    guard, _laser = guarded(rest=GONE)
    assert guard.state() is LaserState.UNKNOWN
    assert "does not answer" in guard.alarm.reason
    with pytest.raises(LaserAlarmError):
        guard.off()


def test_an_alarm_stays_until_a_person_has_seen_to_it_and_it_reads_off():
    guard, laser = guarded(rest=FIRING)
    with pytest.raises(LaserAlarmError):
        guard.off()
    with pytest.raises(LaserAlarmError):
        guard.acknowledge()
    laser.rest = OFF
    with pytest.raises(LaserAlarmError):
        guard.off()  # off now, but nobody has looked yet
    assert guard.state() is LaserState.UNKNOWN
    guard.acknowledge()
    assert guard.alarm is None
    assert guard.state() is LaserState.OFF


def test_it_fires_after_its_warning_and_the_watchdog_is_fed_while_a_person_waits():
    guard, laser = guarded(OFF, WAITING, WAITING, FIRING)
    guard.on(guard.permit(), 50.0, nothing)
    assert laser.told == [("on", 50.0), "watchdog", "watchdog"]


def test_a_laser_that_never_fires_is_given_up():
    guard, _laser = guarded(OFF, rest=WAITING)
    with pytest.raises(LaserError, match="does not fire"):
        guard.on(guard.permit(), 50.0, nothing)


def test_an_open_interlock_means_the_command_is_not_even_sent():
    guard, laser = guarded(OPEN)
    with pytest.raises(InterlockError, match="is open"):
        guard.on(guard.permit(), 50.0, nothing)
    assert laser.told == []


@pytest.mark.parametrize("reading", [OPEN, WAITING, OFF])
def test_a_laser_that_stops_spoils_the_exposure(reading):
    guard, _laser = guarded(reading)
    with pytest.raises(LaserError, match="not valid"):
        guard.check_firing(guard.permit())


def test_a_laser_that_fires_by_itself_is_switched_off_and_said():
    guard, laser = guarded(FIRING, OFF)
    with pytest.raises(LaserAlarmError, match="although it had been switched off"):
        guard.check_off()
    assert laser.told == ["off"]
    assert guard.alarm is not None


def test_switched_off_by_somebody_else_it_is_not_switched_on_by_an_older_wish():
    guard, laser = guarded()
    permit = guard.permit()
    guard.off()
    with pytest.raises(AbortedError):
        guard.on(permit, 50.0, nothing)
    assert laser.told == ["off"]


def test_a_fault_that_the_laser_reports_is_told():
    guard, laser = guarded(LaserReading(False, True, False, fault="temperature"))
    with pytest.raises(LaserError, match="temperature"):
        guard.on(guard.permit(), 50.0, nothing)
    assert laser.told == []


def test_a_driver_that_breaks_down_proves_nothing_and_is_an_alarm():
    guard, laser = guarded(rest=ValueError("no number"))
    with pytest.raises(LaserAlarmError, match="the driver failed"):
        guard.off()
    assert laser.told == ["off"] * OFF_ATTEMPTS


def test_the_alarm_stays_on_while_it_is_being_acknowledged():
    guard, laser = guarded(rest=GONE)
    assert guard.state() is LaserState.UNKNOWN
    seen = []

    def read():
        seen.append(guard.alarm)
        raise KeyboardInterrupt

    laser.read = read
    with pytest.raises(KeyboardInterrupt):
        guard.acknowledge()
    assert seen[0] is not None
    assert guard.alarm is seen[0]


def test_an_alarm_that_comes_while_another_is_acknowledged_is_not_lifted_with_it():
    guard, laser = guarded(rest=GONE)
    assert guard.state() is LaserState.UNKNOWN
    laser.rest = OFF
    guard.acknowledge()
    assert guard.alarm is None

    def read():
        guard.raise_alarm("seen by the other thread")
        return OFF

    laser.read = read
    with pytest.raises(LaserAlarmError, match="other thread"):
        guard.acknowledge()
    assert guard.alarm.reason == "seen by the other thread"


def test_once_the_end_has_begun_no_permit_lights_anything():
    guard, laser = guarded()
    guard.leave()
    with pytest.raises(AbortedError):
        guard.on(guard.permit(), 50.0, nothing)
    assert laser.told == ["off"]
