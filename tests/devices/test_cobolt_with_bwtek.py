"""The modular analyser: a B&W Tek spectrometer and a Cobolt laser, one sample, two wires."""

import dataclasses
import threading

import numpy as np
import pytest

from devices.composed import ComposedAnalyser
from devices.drivers.bwtek.driver import open_parts
from devices.drivers.cobolt.driver import open_laser
from devices.emulators import bwtek, cobolt
from devices.emulators.stream import EmulatedStream
from devices.errors import AbortedError, DeviceError, InterlockError, LaserAlarmError
from devices.interface import LaserState, Settings
from devices.timing import SteppedTime


class Modular:
    def __init__(self, sample, model="08-NLD-785"):
        self.time = SteppedTime()
        timing = self.time.timing()
        spectrometer = bwtek.emulator(sample, 5)
        self.bench = spectrometer.bench
        self.lamp = cobolt.emulator(bench=self.bench, model=model)
        self.wires = (
            EmulatedStream(spectrometer, timing, paced=True, baud=9600),
            EmulatedStream(self.lamp, timing, paced=True),
        )
        detector, _ = open_parts(self.wires[0], timing, configuration=bwtek.configuration())
        self.laser = open_laser(self.wires[1], timing, configuration=cobolt.configuration(model))
        self.analyser = ComposedAnalyser(
            detector, self.laser, family="bwtek-cobolt", emulated=True, timing=timing
        )
        self.analyser.configure(Settings(500.0, 2, 80.0))

    def fail(self, **faults):
        self.bench.faults = dataclasses.replace(self.bench.faults, **faults)


@pytest.fixture(params=list(cobolt.MODELS))
def modular(request, polystyrene_like):
    made = Modular(polystyrene_like, request.param)
    yield made
    with made.analyser as analyser:
        made.bench.faults = dataclasses.replace(
            made.bench.faults, laser_stuck_on=False, unplugged_at_s=None
        )
        if analyser.laser_state is LaserState.UNKNOWN:
            analyser.laser_off = lambda: None


def test_dark_and_light_are_measured_and_the_laser_ends_off(modular) -> None:
    analyser = modular.analyser
    dark = analyser.dark()
    frame = analyser.acquire()
    assert analyser.laser_state is LaserState.OFF
    assert not modular.bench.laser_enabled
    assert frame.averages == 2
    assert frame.dark is not None
    assert frame.axis_source == "configuration"
    assert frame.serial.startswith("EMULATED")
    shifts = frame.raman_shift_cm1()
    strongest = shifts[int(np.argmax(frame.counts - dark.counts))]
    assert strongest == pytest.approx(1001.0, abs=8.0)


def test_an_interlock_opened_while_measuring_fails_and_stays_off(modular) -> None:
    modular.fail(interlock_open_at_s=modular.time.now_s + 3.0)
    modular.analyser.configure(Settings(5000.0, 1, 80.0))
    with pytest.raises(InterlockError):
        modular.analyser.acquire()
    modular.fail(interlock_open_at_s=None)
    assert modular.analyser.laser_state is LaserState.OFF
    with pytest.raises(InterlockError):  # closed again, but the laser holds the trip
        modular.analyser.acquire()
    assert not modular.bench.laser_enabled


def test_a_stuck_laser_is_an_alarm(polystyrene_like) -> None:
    modular = Modular(polystyrene_like)
    modular.fail(laser_stuck_on=True)
    with pytest.raises(LaserAlarmError):
        modular.analyser.acquire()
    assert modular.analyser.laser_state is not LaserState.OFF


def test_stopping_ends_the_exposure_and_the_next_one_is_fresh(modular) -> None:
    analyser = modular.analyser
    analyser.configure(Settings(5000.0, 2, 80.0))
    begun = modular.time.now_s
    with pytest.raises(AbortedError):
        analyser.acquire(should_stop=lambda: modular.time.now_s > begun + 2.5)
    assert analyser.laser_state is LaserState.OFF
    assert analyser.acquire().averages == 2


@pytest.mark.parametrize("before", ["p 0.0800", "p?", "cp", "l1"])
def test_off_does_not_wait_for_the_commands_that_switch_on(polystyrene_like, before) -> None:
    modular = Modular(polystyrene_like)
    emulator, said, helpers = modular.lamp, [], []
    receive = emulator.receive

    def listen(data, at_s):
        said.append(data.decode())
        if said[-1].startswith(before) and not helpers:
            offs = modular.laser._line.offs
            helpers.append(threading.Thread(target=modular.analyser.laser_off))
            helpers[0].start()
            for _ in range(500):
                if modular.laser._line.offs > offs:
                    break
                threading.Event().wait(0.001)
        receive(data, at_s)

    emulator.receive = listen
    with pytest.raises(DeviceError):
        modular.analyser.acquire()
    helpers[0].join(5.0)
    assert not helpers[0].is_alive()
    at = next(i for i, words in enumerate(said) if words.startswith(before))
    assert said[at + 1] == "l0\r"
    assert "l1\r" not in said[at + 1 :]
    assert modular.analyser.laser_state is LaserState.OFF


@pytest.mark.parametrize("wire", [0, 1])
def test_pulling_either_cable_is_named(polystyrene_like, wire) -> None:
    modular = Modular(polystyrene_like)
    modular.analyser.configure(Settings(5000.0, 1, 80.0))
    begun = modular.time.now_s

    def pull():
        if modular.time.now_s > begun + 4.0:
            modular.wires[wire].unplug()
        return False

    with pytest.raises(DeviceError) as caught:
        modular.analyser.acquire(should_stop=pull)
    assert caught.value.code == "not_connected"
    if wire == 0:  # the laser has a cable of its own: it is switched off and read back
        assert not modular.bench.laser_enabled
        assert modular.analyser.laser_state is LaserState.OFF
        modular.analyser.close()
    else:
        assert modular.analyser.laser_state is LaserState.UNKNOWN
