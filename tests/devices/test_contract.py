"""The contract of every analyser: each registry row inherits all of it."""

import contextlib
import threading

import numpy as np
import pytest

from devices.errors import AbortedError, BusyError, DeviceError, NotConnectedError, SettingsError
from devices.families import LaserKind
from devices.frame import RawFrame
from devices.interface import LaserState, Settings
from devices.registry import family

SHORT = Settings(integration_time_ms=200.0, averages=2)


def test_says_what_it_is(analyser):
    info = analyser.info
    assert info.model
    assert info.serial
    assert family(info.family)
    if info.emulated:
        assert "emulated" in info.model.lower()
        assert "EMULATED" in info.serial


def test_frame_repeats_what_the_device_says(analyser, noon):
    analyser.configure(SHORT)
    frame = analyser.acquire()
    info, can = analyser.info, analyser.capabilities
    assert (frame.model, frame.serial, frame.firmware, frame.detector) == (
        info.model,
        info.serial,
        info.firmware,
        info.detector,
    )
    assert frame.emulated is info.emulated
    assert frame.laser_nm == info.laser_nm
    assert frame.pixels == can.pixels
    assert frame.saturation_counts == can.saturation_counts
    assert (frame.integration_time_ms, frame.averages) == (200.0, 2)
    assert frame.clock == noon
    assert frame.laser_power == "100 %"
    axis = frame.raman_shift_cm1()
    assert (axis[0], axis[-1]) == pytest.approx(can.range_cm1)
    assert (np.diff(axis) > 0).all()
    assert RawFrame.from_bytes(frame.to_bytes()).sha256 == frame.sha256


def test_laser_is_on_only_while_exposing(make_analyser):
    seen = set()
    analyser = make_analyser()
    assert analyser.laser_state is LaserState.OFF
    analyser.configure(SHORT)
    analyser.acquire(progress=lambda _share, _words: seen.add(analyser.laser_state))
    assert LaserState.FIRING in seen
    assert analyser.laser_state is LaserState.OFF


def test_dark_keeps_the_laser_off_and_is_attached(analyser):
    seen = set()
    analyser.configure(SHORT)
    dark = analyser.dark(progress=lambda _share, _words: seen.add(analyser.laser_state))
    assert seen == {LaserState.OFF}
    assert "dark" in dark.flags
    assert dark.dark is None
    assert dark.laser_power == "off"
    frame = analyser.acquire()
    np.testing.assert_array_equal(frame.dark, dark.counts)
    assert "dark" not in frame.flags


def test_dark_of_other_settings_is_never_attached(analyser):
    analyser.configure(SHORT)
    analyser.dark()
    analyser.configure(Settings(integration_time_ms=300.0, averages=2))
    assert analyser.acquire().dark is None
    analyser.configure(Settings(integration_time_ms=200.0, averages=3))
    assert analyser.acquire().dark is None


def test_signal_stands_above_the_dark_where_the_band_is(analyser):
    analyser.configure(Settings(integration_time_ms=500.0, averages=2))
    analyser.dark()
    frame = analyser.acquire()
    signal = (frame.counts - frame.dark)[frame.active]
    strongest = frame.raman_shift_cm1()[np.argmax(signal)]
    assert strongest == pytest.approx(1001.0, abs=8.0)
    assert signal.max() > 50 * np.std((frame.dark - np.median(frame.dark))[frame.active])


def test_progress_rises_to_one(analyser):
    shares = []
    analyser.configure(SHORT)
    analyser.acquire(progress=lambda share, words: shares.append((share, words)))
    values = [share for share, _words in shares]
    assert values == sorted(values)
    assert values[0] == 0.0
    assert values[-1] == 1.0
    if analyser.info.emulated:
        assert all("emulated" in words for _share, words in shares)


def test_progress_and_stop_are_asked_often(make_analyser):
    """Ten times a second, or as often as a laser on a slow line lets anybody speak between."""
    passed = [0.0]
    asked = []

    def on_sleep(seconds):
        passed[0] += seconds

    analyser = make_analyser(on_sleep=on_sleep)
    analyser.configure(Settings(integration_time_ms=4000.0, averages=1))
    analyser.acquire(should_stop=lambda: bool(asked.append(passed[0])))
    exposing = np.diff([moment for moment in asked if moment > passed[0] - 3.5])
    assert exposing.max() < 0.5
    assert len(exposing) >= 15


@pytest.mark.parametrize("name", ["integration_time_ms", "averages", "laser_power_percent"])
def test_settings_outside_limits_are_refused_and_change_nothing(analyser, name):
    analyser.configure(SHORT)
    limits = getattr(analyser.capabilities, name)
    for value in (limits.lowest - 1, limits.highest + 1, float("nan"), "3", None, True):
        fields = {
            "integration_time_ms": 200.0,
            "averages": 2,
            "laser_power_percent": 50.0,
            name: value,
        }
        with pytest.raises(SettingsError) as caught:
            analyser.configure(Settings(**fields))
        assert caught.value.where == name
        assert caught.value.remedy
    assert analyser.settings == SHORT


def test_averages_are_whole(analyser):
    with pytest.raises(SettingsError, match="whole number"):
        analyser.configure(Settings(averages=2.5))


def test_limits_themselves_are_taken(analyser):
    can = analyser.capabilities
    for end in ("lowest", "highest"):
        settings = Settings(
            getattr(can.integration_time_ms, end),
            int(getattr(can.averages, end)),
            getattr(can.laser_power_percent, end),
        )
        analyser.configure(settings)
        assert analyser.settings == settings


def test_stopped_before_light_gives_no_frame(analyser):
    with pytest.raises(AbortedError):
        analyser.acquire(should_stop=lambda: True)
    assert analyser.laser_state is LaserState.OFF
    assert "partial" not in analyser.acquire().flags


def test_an_exposure_that_was_cut_short_is_never_used(analyser):
    analyser.configure(Settings(integration_time_ms=6000.0, averages=3))
    firing = []

    def stop():
        if analyser.laser_state is LaserState.FIRING:
            firing.append(None)
        return len(firing) > 5

    with pytest.raises(AbortedError):
        analyser.acquire(should_stop=stop)
    assert analyser.laser_state is LaserState.OFF
    assert analyser.acquire().averages == 3


@pytest.mark.parametrize("press", [0.1, 0.45, 0.9])
def test_abort_from_another_thread_ends_it_with_the_laser_off(make_analyser, press):
    analyser = make_analyser()
    analyser.configure(Settings(integration_time_ms=1000.0, averages=3))
    pressed = []

    def progress(share, _words):
        if share >= press and not pressed:
            pressed.append(None)
            button = threading.Thread(target=analyser.abort)
            button.start()
            button.join(30)
            assert analyser.laser_state is LaserState.OFF

    if press < 1 / 3:
        with pytest.raises(AbortedError):
            analyser.acquire(progress)
    else:
        frame = analyser.acquire(progress)
        assert "partial" in frame.flags
        assert frame.averages == int(press * 3)
    assert analyser.laser_state is LaserState.OFF
    assert analyser.acquire().averages == 3


def test_stopped_later_keeps_only_whole_exposures(analyser):
    analyser.configure(Settings(integration_time_ms=1000.0, averages=5))
    analyser.dark()
    reached = []

    def progress(share, _words):
        reached.append(share)

    frame = analyser.acquire(progress, lambda: reached[-1] >= 0.5)
    assert "partial" in frame.flags
    assert (frame.averages, frame.integration_time_ms) == (2, 1000.0)
    assert frame.dark is not None


def test_stopped_between_exposures_keeps_what_is_whole(analyser):
    analyser.configure(Settings(integration_time_ms=1000.0, averages=5))
    reached = []
    frame = analyser.acquire(
        lambda share, _words: reached.append(share), lambda: reached[-1] == 2 / 5
    )
    assert (frame.averages, frame.integration_time_ms) == (2, 1000.0)
    assert frame.flags == ("partial",)


def test_a_stopped_dark_is_not_kept(analyser):
    analyser.configure(Settings(integration_time_ms=1000.0, averages=2))
    reached = []
    partial = analyser.dark(
        lambda share, _words: reached.append(share), lambda: bool(reached) and reached[-1] >= 0.6
    )
    assert set(partial.flags) == {"dark", "partial"}
    assert analyser.acquire().dark is None


@pytest.mark.parametrize("where", ["progress", "should_stop"])
@pytest.mark.parametrize("state", [LaserState.REQUESTED, LaserState.FIRING])
def test_laser_is_off_after_an_error_of_the_caller(analyser, where, state):
    reached = []

    def fail(*_arguments):
        if analyser.laser_state is state:
            reached.append(state)
            raise RuntimeError("the window is gone")
        return False

    with contextlib.suppress(RuntimeError):
        analyser.acquire(**{where: fail})
    # A laser without a warning delay is never seen waiting.
    assert reached == [state] or (not reached and state is LaserState.REQUESTED)
    assert analyser.laser_state is LaserState.OFF
    assert analyser.acquire().counts.size


def test_laser_is_off_after_a_keyboard_interrupt(make_analyser):
    waits, opened = [], []

    def interrupted(seconds):
        waits.append(seconds)
        if len(waits) == 15:
            raise KeyboardInterrupt

    analyser = make_analyser(on_sleep=lambda seconds: opened and interrupted(seconds))
    opened.append(None)
    with pytest.raises(KeyboardInterrupt):
        analyser.acquire()
    assert analyser.laser_state is LaserState.OFF


def test_laser_off_stops_a_running_measurement(analyser):
    def press(share, _words):
        if share > 0.3:
            analyser.laser_off()

    with pytest.raises(DeviceError, match="laser"):
        analyser.acquire(press)
    assert analyser.laser_state is LaserState.OFF


def test_one_measurement_at_a_time(analyser):
    refused = []

    def other(share, _words):
        if not refused and share > 0:
            for call in (analyser.acquire, analyser.dark, lambda: analyser.configure(SHORT)):
                with pytest.raises(BusyError):
                    call()
                refused.append(call)

    frame = analyser.acquire(other)
    assert len(refused) == 3
    assert frame.averages == 3


def test_closing_from_another_thread_ends_the_measurement_with_the_laser_off(make_analyser):
    measuring, outcome = threading.Event(), []
    analyser = make_analyser()

    def progress(share, _words):
        if share > 0.2 and not measuring.is_set():
            measuring.set()
            closer.join(timeout=30)

    def measure():
        try:
            outcome.append(analyser.acquire(progress))
        except NotConnectedError as error:
            outcome.append(error)

    def close():
        assert measuring.wait(30)
        analyser.close()

    closer = threading.Thread(target=close)
    worker = threading.Thread(target=measure)
    closer.start()
    worker.start()
    worker.join(30)
    assert isinstance(outcome[0], NotConnectedError)
    assert analyser.laser_state is LaserState.OFF


def test_closing_twice_and_using_it_afterwards(analyser):
    analyser.close()
    analyser.close()
    assert analyser.laser_state is LaserState.OFF
    assert analyser.info.model
    for call in (analyser.acquire, analyser.dark, lambda: analyser.configure(SHORT)):
        with pytest.raises(NotConnectedError, match="closed"):
            call()
    with pytest.raises(NotConnectedError):
        _ = analyser.temperature_c


def test_with_block_closes_on_error(make_analyser):
    with pytest.raises(ZeroDivisionError), make_analyser() as analyser:
        _ = 1 / 0
    with pytest.raises(NotConnectedError):
        analyser.acquire()


def test_temperature_is_a_number_where_promised(analyser):
    if analyser.capabilities.reads_temperature:
        assert np.isfinite(analyser.temperature_c)
        assert analyser.acquire().temperature_c is not None
    else:
        assert analyser.temperature_c is None


def test_same_seed_same_bytes(make_analyser):
    def session(seed):
        with make_analyser(seed=seed) as analyser:
            if not analyser.info.emulated:
                pytest.skip("a real instrument does not repeat its noise")
            analyser.configure(SHORT)
            return analyser.dark().to_bytes(), analyser.acquire().to_bytes()

    assert session(11) == session(11)
    assert session(11)[1] != session(12)[1]


def test_looking_at_state_does_not_change_the_noise(make_analyser):
    def session(look):
        with make_analyser() as analyser:
            if family(analyser.info.family).laser is LaserKind.PAIRED:
                pytest.skip("a look over a serial line takes time, and time changes the light")
            analyser.configure(SHORT)
            watch = (lambda *_: (analyser.temperature_c, analyser.laser_state)) if look else None
            return analyser.acquire(*([watch] if watch else [])).sha256

    assert session(look=True) == session(look=False)
