"""The modular analyser: an OOI spectrometer on USB and a Cobolt laser on a serial line."""

import dataclasses

import numpy as np
import pytest

from devices.composed import ComposedAnalyser
from devices.drivers.cobolt.driver import open_laser
from devices.drivers.ocean_ooi.driver import open_parts
from devices.drivers.ocean_ooi.models import VENDOR_ID
from devices.emulators import cobolt, ocean_ooi
from devices.emulators.stream import EmulatedStream
from devices.emulators.usb_backend import EmulatedUsbBackend
from devices.errors import AbortedError, NotConnectedError
from devices.interface import LaserState, Settings
from devices.timing import SteppedTime
from devices.transports.usb import open_usb

LASER = "08-NLD-785"


class Modular:
    def __init__(self, sample, firmware):
        self.time = SteppedTime()
        timing = self.time.timing()
        model = ocean_ooi.emulator(sample, 5, firmware=firmware)
        self.bench = model.bench
        self.backend = EmulatedUsbBackend([model], timing)
        port = open_usb(VENDOR_ID, 0x101E, backend=self.backend, timing=timing)
        detector, _ = open_parts(port, timing)
        wire = EmulatedStream(cobolt.emulator(bench=self.bench, model=LASER), timing, paced=True)
        laser = open_laser(wire, timing, configuration=cobolt.configuration(LASER))
        self.analyser = ComposedAnalyser(
            detector, laser, family="ooi-cobolt", emulated=True, timing=timing
        )
        self.analyser.configure(Settings(1000.0, 2, 80.0))


@pytest.fixture(params=ocean_ooi.Firmware, ids=lambda kind: kind.name)
def modular(request, polystyrene_like):
    made = Modular(dataclasses.replace(polystyrene_like, strength=0.5), request.param)
    with made.analyser:
        yield made


def assert_measured(analyser):
    dark = analyser.dark()
    frame = analyser.acquire()
    assert analyser.laser_state is LaserState.OFF
    assert frame.averages == 2
    assert frame.dark is not None
    assert frame.serial == "EMULATED-00001 with laser EMULATED-08-0001"
    first, end = frame.active_pixels
    light = (frame.counts - dark.counts)[first:end]
    shifts = frame.raman_shift_cm1()
    assert shifts[int(np.argmax(light))] == pytest.approx(1001.0, abs=8.0)
    assert np.percentile(dark.counts, 99) < 2_200  # no light of an exposure before
    return light.max()


def test_dark_and_light_are_measured_and_the_laser_ends_off(modular):
    first = assert_measured(modular.analyser)
    assert assert_measured(modular.analyser) == pytest.approx(first, rel=0.05)


@pytest.mark.parametrize("asked", [1, 3, 12, 25, 40])
def test_after_a_stop_at_any_moment_the_next_scan_is_whole(modular, asked):
    analyser, questions = modular.analyser, []

    def stop():
        questions.append(None)
        return len(questions) > asked

    try:
        analyser.acquire(should_stop=stop)
    except AbortedError:
        assert analyser.laser_state is LaserState.OFF
    assert not modular.bench.laser_enabled
    assert assert_measured(analyser) > 2_000


def test_a_spectrometer_that_is_pulled_out_leaves_the_laser_off(modular):
    def progress(share, _words):
        if share > 0.3:
            modular.backend.unplug()

    with pytest.raises(NotConnectedError):
        modular.analyser.acquire(progress)
    assert not modular.bench.laser_enabled
    assert modular.analyser.laser_state is LaserState.OFF
