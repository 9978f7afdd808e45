"""An instrument that falls silent: the alarm comes at once, and letting go asks no more of it."""

import dataclasses

import pytest

from devices.acquisition.course import Kept
from devices.acquisition.plan import fixed_plan
from devices.acquisition.runner import run
from devices.drivers.ocean_obp.configuration import ObpConfiguration
from devices.drivers.ocean_obp.driver import open_parts
from devices.drivers.ocean_obp.messages import Code
from devices.drivers.ocean_obp.protocol import decode
from devices.emulators.direct import bench_parts
from devices.emulators.faults import FaultKind, WireFault
from devices.errors import DeviceError, LaserAlarmError, RefusedError
from devices.interface import LaserState, Settings
from devices.laser import OFF_ATTEMPTS, LaserGuard
from devices.registry import emulated_wires, open_wires
from devices.timing import SteppedTime

SILENT = WireFault(FaultKind.SILENT, lasting=True)
WAYS = [
    ("ocean-ventana-785", "serial"),
    ("ocean-ventana-785", "usb"),
    ("wasatch-785", "usb"),
    ("ocean-qepro", "serial"),
    ("bwtek-btc110", "serial"),
    ("ocean-usb2000plus", "usb"),
]


class Told:
    """A wire that notes what is sent over it."""

    def __init__(self, wire, log):
        self._wire, self._log = wire, log

    def __getattr__(self, name):
        found = getattr(self._wire, name)
        if name not in {"write", "bulk_out", "control_out", "control_in"}:
            return found

        def passed(*arguments, **options):
            self._log.append(arguments)
            return found(*arguments, **options)

        return passed


@dataclasses.dataclass
class Silenced:
    """What happened: alarms, when the error came, when all was closed (s after the silence)."""

    alarms: list
    failed_s: float
    closed_s: float
    written_after_alarm: list


@pytest.fixture
def silenced(polystyrene_like):
    def scan(name, wire):
        clock, alarms, written, since, before = SteppedTime(), [], [], [], []
        wires = emulated_wires(
            name, sample=polystyrene_like, timing=clock.timing(), serial=wire == "serial"
        )
        analyser = open_wires(
            name, wires, timing=clock.timing(), keep=lambda one: Told(one, written)
        )

        def alarmed(reason):
            alarms.append((clock.now_s - since[0], reason))
            before.append(len(written))

        analyser.when_alarmed(alarmed)

        def progress(_share, words):
            if "exposure 2" in words and not since:
                since.append(clock.now_s)
                assert wires.bench.laser_state() is LaserState.FIRING
                for one in (*wires.streams, *([wires.usb] if wires.usb else [])):
                    one.faults.arm(SILENT)

        plan = fixed_plan(Settings(1000.0, 3, 100.0))
        kept, failed = Kept(), []

        def use():
            with analyser:
                try:
                    run(analyser, plan, clock.timing(), kept, progress=progress)
                finally:
                    failed.append(clock.now_s - since[0])

        with pytest.raises(LaserAlarmError, match="MAY BE ON"):
            use()
        assert [frame.averages for frame in kept.frames] == [1]
        return Silenced(alarms, failed[0], clock.now_s - since[0], written[before[0] :])

    return scan


@pytest.mark.parametrize(("name", "wire"), WAYS)
def test_the_alarm_is_told_once_and_at_once_and_closing_does_not_keep_anybody(silenced, name, wire):
    happened = silenced(name, wire)
    assert len(happened.alarms) == 1
    assert happened.alarms[0][0] <= 5.0
    assert happened.failed_s == pytest.approx(happened.alarms[0][0])
    assert happened.closed_s <= 7.0


@pytest.mark.parametrize("wire", ["serial", "usb"])
def test_after_the_alarm_laser_off_is_sent_once_more_and_nothing_else_is_asked(silenced, wire):
    sent = silenced("ocean-ventana-785", wire).written_after_alarm
    frames = [next(one for one in written if isinstance(one, bytes)) for written in sent]
    assert [decode(frame).kind for frame in frames] == [Code.SET_LIGHT_ENABLED]


class Stuck:
    """A laser that never goes off."""

    def __init__(self, real):
        self._real, self.offs = real, 0

    def __getattr__(self, name):
        return getattr(self._real, name)

    def switch_off(self):
        self.offs += 1


def test_leaving_under_an_alarm_is_one_try_and_three_without(on_bench):
    _, bench, timing = on_bench()
    bench.laser(on=True)
    laser = Stuck(bench_parts(bench, timing, 1)[1])
    guard = LaserGuard(laser, timing, "the analyser")
    alarms = []
    guard.tell = alarms.append
    with pytest.raises(LaserAlarmError):
        guard.leave()
    assert laser.offs == OFF_ATTEMPTS
    with pytest.raises(LaserAlarmError):
        guard.leave()
    assert laser.offs == OFF_ATTEMPTS + 1
    assert [alarm.reason for alarm in alarms] == ["it does not switch off"]


@pytest.mark.parametrize(
    ("name", "wire", "may_shine"),
    [
        ("ocean-ventana-785", "serial", True),
        ("ocean-ventana-785", "usb", True),
        ("ocean-sts", "serial", False),
    ],
)
def test_opening_without_an_answer_says_what_that_means_for_the_laser(
    polystyrene_like, name, wire, may_shine
):
    clock = SteppedTime()
    wires = emulated_wires(
        name, sample=polystyrene_like, timing=clock.timing(), serial=wire == "serial"
    )
    main = wires.usb or wires.streams[0]
    main.faults.arm(SILENT)
    with pytest.raises(DeviceError) as caught:
        open_wires(name, wires, timing=clock.timing())
    said = str(caught.value)
    assert ("take its laser for on: turn its key or pull its power" in said) is may_shine
    assert "check" in said


def test_opening_that_fails_with_the_laser_seen_off_raises_no_alarm(polystyrene_like):
    clock = SteppedTime()
    wires = emulated_wires(
        "ocean-ventana-785", sample=polystyrene_like, timing=clock.timing(), serial=True
    )
    with pytest.raises(RefusedError) as caught:
        open_parts(
            wires.streams[0],
            clock.timing(),
            model="ventana-785",
            configuration=ObpConfiguration(detector_c=-99.0),
        )
    assert "for on" not in str(caught.value)
    assert wires.bench.laser_state() is LaserState.OFF
