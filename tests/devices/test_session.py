"""The session: one thread, everything in order, and nothing that waits for it to switch off."""

import subprocess
import sys
import textwrap
import threading

import pytest

from devices.emulators.bench import Faults
from devices.errors import AbortedError, LaserAlarmError, NotConnectedError
from devices.interface import LaserState, Settings
from devices.session import DeviceSession

PATIENCE_S = 30


@pytest.fixture
def open_session(on_bench):
    """Return a started session with its bench; it is closed afterwards, its thread gone."""
    opened = []

    def make(**options):
        analyser, bench, timing = on_bench(**options)
        session = DeviceSession(lambda: analyser, name="analyser of the test")
        assert session.start().result(PATIENCE_S).emulated
        opened.append(session)
        return session, analyser, bench, timing

    yield make
    for session in opened:
        if not session.status.ended:
            session.close()
    assert not [t for t in threading.enumerate() if t.name == "analyser of the test"]


def test_jobs_run_one_after_the_other_in_one_thread(open_session):
    session, *_ = open_session()
    ran = []

    def job(number):
        return lambda _analyser: ran.append((number, threading.current_thread().name))

    futures = [session.submit(job(number)) for number in range(5)]
    for future in futures:
        future.result(PATIENCE_S)
    assert [number for number, _ in ran] == list(range(5))
    assert {name for _, name in ran} == {"analyser of the test"}


def test_a_button_pressed_three_times_is_one_measurement(open_session):
    session, *_ = open_session()
    hold, begun = threading.Event(), threading.Event()

    def wait(_analyser):
        begun.set()
        return hold.wait(PATIENCE_S)

    session.submit(wait)
    assert begun.wait(PATIENCE_S)
    futures = {session.submit(lambda analyser: analyser.acquire(), key="scan") for _ in range(3)}
    hold.set()
    assert len(futures) == 1
    assert futures.pop().result(PATIENCE_S).averages == 3


def test_an_alarm_is_told_while_the_job_that_found_it_still_runs(open_session):
    session, opened, bench, _timing = open_session()
    told = []

    def job(analyser):
        bench.faults = Faults(laser_stuck_on=True)
        bench.laser(on=True)
        with pytest.raises(LaserAlarmError):
            analyser.laser_off()
        told.append(session.status)

    session.submit(job).result(PATIENCE_S)
    assert told[0].busy
    assert told[0].alarm == "it does not switch off"
    bench.faults = Faults()
    opened.acknowledge_alarm()


def test_abort_acts_at_once_and_forgets_what_waits(open_session):
    pressed = []

    def press(_seconds):
        if bench.laser_state() is LaserState.FIRING and not pressed:
            pressed.append(None)
            button = threading.Thread(target=session.abort)
            button.start()
            button.join(PATIENCE_S)
            assert bench.laser_state() is LaserState.OFF  # before the measurement knows of it

    session, _analyser, bench, _timing = open_session(on_sleep=press)
    first = session.submit(lambda analyser: analyser.acquire())
    second = session.submit(lambda analyser: analyser.dark())
    with pytest.raises(AbortedError):
        first.result(PATIENCE_S)
    assert second.cancelled()
    frame = session.submit(lambda analyser: analyser.acquire()).result(PATIENCE_S)
    assert frame.averages == 3


def test_unplugging_ends_the_session_and_says_so(open_session):
    session, *_ = open_session(faults=Faults(unplugged_at_s=1.5))
    with pytest.raises(NotConnectedError, match="laser for on"):
        session.submit(lambda analyser: analyser.acquire()).result(PATIENCE_S)
    with pytest.raises(NotConnectedError, match="does not answer"):
        session.submit(lambda analyser: analyser.acquire()).result(PATIENCE_S)
    assert session.status.alarm
    assert "does not answer" in session.status.ended


def test_whole_exposures_before_the_cable_was_pulled_are_kept(open_session):
    session, *_ = open_session(faults=Faults(unplugged_at_s=2.5))

    def measure(analyser):
        analyser.configure(Settings(integration_time_ms=500.0, averages=10))
        return analyser.acquire()

    with pytest.raises(NotConnectedError) as caught:
        session.submit(measure).result(PATIENCE_S)
    kept = caught.value.measured
    assert kept.averages == 4
    assert "partial" in kept.flags


def test_a_laser_that_cannot_be_switched_off_is_an_alarm_when_closing(open_session):
    session, *_ = open_session(faults=Faults(laser_stuck_on=True))
    with pytest.raises(LaserAlarmError):
        session.submit(lambda analyser: analyser.acquire()).result(PATIENCE_S)
    with pytest.raises(LaserAlarmError, match="MAY BE ON"):
        session.close()
    assert session.status.alarm


def test_what_cannot_be_opened_says_why_and_leaves_no_thread():
    def refuse():
        raise NotConnectedError("there is nothing at this port", "port 7", "plug it in")

    session = DeviceSession(refuse, name="analyser of the test")
    with pytest.raises(NotConnectedError, match="nothing at this port"):
        session.start().result(PATIENCE_S)
    with pytest.raises(NotConnectedError, match="nothing at this port"):
        session.submit(lambda analyser: analyser.acquire()).result(PATIENCE_S)
    session.close()
    assert not [t for t in threading.enumerate() if t.name == "analyser of the test"]


def test_closing_ends_a_running_measurement(open_session):
    measuring = threading.Event()

    def pause(_seconds):
        measuring.set()
        threading.Event().wait(0.001)

    session, _analyser, bench, _timing = open_session(on_sleep=pause)

    def measure(analyser):
        analyser.configure(Settings(integration_time_ms=60_000.0, averages=100))
        return analyser.acquire()

    future = session.submit(measure)
    assert measuring.wait(PATIENCE_S)
    session.close()
    with pytest.raises((AbortedError, NotConnectedError)):
        future.result(PATIENCE_S)
    assert bench.laser_state() is LaserState.OFF


def test_a_program_that_ends_without_closing_switches_the_laser_off_first():
    program = """
        import atexit, threading
        from devices.interface import Settings
        from devices.registry import open_emulated
        from devices.sample import Sample
        from devices.session import DeviceSession

        analyser, bench = open_emulated("emulated-785", sample=Sample())
        atexit.register(lambda: print(bench.laser_state().value))  # runs after the session's own
        session = DeviceSession(lambda: analyser)
        session.start().result(30)
        lit = threading.Event()

        def measure(analyser):
            analyser.configure(Settings(60_000.0, 1, 50.0))
            analyser.acquire(lambda share, _words: share > 0.0 and lit.set())

        session.submit(measure)
        assert lit.wait(30)
        print(bench.laser_state().value)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["firing", "off"], done.stderr
