"""Benches that do not wait, a clock that stands still, and a sample to look at."""

import dataclasses
import itertools
import threading
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest

from devices.composed import ComposedAnalyser
from devices.emulators.bench import NO_FAULTS, Bench
from devices.emulators.direct import bench_parts
from devices.emulators.stream import EmulatedStream
from devices.emulators.wire import UsbIdentity, UsbStallError
from devices.errors import DeviceError
from devices.frame import RawFrame
from devices.registry import emulated_wires, families, family, open_analyser, open_wires
from devices.sample import Sample
from devices.timing import SteppedTime, Timing

FAMILY_NAMES = families()
NOON = "2026-11-21T12:00:00.000Z"
BANDS = np.array([[620.0, 40.0, 8.0], [1001.0, 100.0, 6.0], [1602.0, 35.0, 9.0]])


def stepped(on_sleep=lambda _seconds: None, utc=lambda: NOON):
    """Return a time that passes only by sleeping; `on_sleep` is told of it first."""
    time = SteppedTime()

    def sleep(seconds):
        on_sleep(seconds)
        time.step(seconds)

    return Timing(lambda: time.now_s, sleep, utc)


@pytest.fixture
def stepped_time():
    """A time that passes only by sleeping, with its time of day."""
    return SteppedTime()


@pytest.fixture
def threads_left():
    """Return the threads that this test has begun and that still run; others are not its own."""
    before = set(threading.enumerate())
    return lambda: [thread for thread in threading.enumerate() if thread not in before]


@pytest.fixture
def noon():
    return NOON


@pytest.fixture
def polystyrene_like():
    """A few strong bands without background; not a claim about any substance."""
    return Sample(bands=BANDS, fluorescence=0.0)


@pytest.fixture
def quiet_model():
    """The 785 nm bench without drift, cosmic rays, dark pattern or warm-up: only the noise."""
    return dataclasses.replace(
        family("emulated-785").bench,
        cosmic_rays_per_s=0.0,
        drift_nm=0.0,
        dark_pattern=0.0,
        start_c=-10.0,
        laser_delay_s=0.0,
    )


@pytest.fixture(params=FAMILY_NAMES)
def make_analyser(request, polystyrene_like):
    """Open an analyser of each registry row, ready to measure and without waiting.

    A real driver joins by adding its row: it then inherits every test that uses this fixture.
    """
    opened = []

    def make(**options):
        on_sleep = options.pop("on_sleep", lambda _seconds: None)
        given = {"sample": polystyrene_like, "seed": 5, "timing": stepped(on_sleep), **options}
        opened.append(open_analyser(request.param, **given))
        return opened[-1]

    yield make
    for analyser in opened:
        analyser.close()


@pytest.fixture
def analyser(make_analyser):
    return make_analyser()


@pytest.fixture
def on_bench(quiet_model, polystyrene_like):
    """An emulated analyser with its bench in reach, for faults that a registry row cannot ask."""

    def make(
        *,
        faults=NO_FAULTS,
        sample=polystyrene_like,
        model=quiet_model,
        on_sleep=lambda _seconds: None,
        utc=lambda: NOON,
    ):
        bench = Bench(model, sample, 3, faults)
        timing = stepped(on_sleep, utc)
        made = ComposedAnalyser(
            *bench_parts(bench, timing, 3), family="emulated-785", emulated=True, timing=timing
        )
        return made, bench, timing

    return make


@pytest.fixture
def frame_with():
    """A sound frame, with the fields given replaced."""

    def make(**changes):
        fields = {
            "counts": np.linspace(900.0, 1400.5, 32),
            "dark": np.full(32, 900.25),
            "wavelength_coefficients_nm": np.array([793.0, 0.09, -5e-6]),
            "laser_nm": 785.0,
            "integration_time_ms": 1000.0,
            "averages": 3,
            "laser_power": "100 %",
            "serial": "EMULATED-TEST",
            "model": "Emulated 785 nm analyser",
            "firmware": "test",
            "detector": "emulated",
            "temperature_c": -10.0,
            "saturation_counts": 65535.0,
            "clock": NOON,
            "emulated": True,
            "flags": (),
        }
        return RawFrame(**{**fields, **changes})

    return make


class TracedUsbPort:
    """A UsbPort that keeps what passes: [direction, request, value, index, length or data]."""

    def __init__(self, port):
        self._port = port
        self.trace = []

    def __getattr__(self, name):
        return getattr(self._port, name)

    def control_out(self, request, value, index, data=b"", timeout_s=1.0):
        self.trace.append(["OUT", int(request), int(value), int(index), data.hex()])
        self._port.control_out(request, value, index, data, timeout_s)

    def control_in(self, request, value, index, length, timeout_s=1.0):
        self.trace.append(["IN", int(request), int(value), int(index), length])
        return self._port.control_in(request, value, index, length, timeout_s)

    def bulk_in(self, endpoint, length, timeout_s):
        self.trace.append(["BULK", endpoint, length])
        return self._port.bulk_in(endpoint, length, timeout_s)


@pytest.fixture
def on_wasatch(polystyrene_like):
    """Plug in an emulated Wasatch unit without cosmic rays; time stands still until one waits."""
    from devices.drivers.wasatch.driver import open_parts
    from devices.emulators.usb_backend import EmulatedUsbBackend
    from devices.emulators.wasatch import MODELS, emulator
    from devices.timing import SteppedTime
    from devices.transports.usb import open_usb

    def make(model="wasatch-785", *, open_it=True, change=None, sample=polystyrene_like, **options):
        time = SteppedTime()
        row = MODELS[model] if isinstance(model, str) else model
        calm = dataclasses.replace(row.bench, cosmic_rays_per_s=0.0)
        unit = emulator(sample, 7, model=dataclasses.replace(row, bench=calm))
        if change is not None:
            change(unit)
        backend = EmulatedUsbBackend([unit], time.timing())

        def port():
            product = unit.model.product_id
            opened = open_usb(0x24AA, product, backend=backend, timing=time.timing())
            return TracedUsbPort(opened)

        made = SimpleNamespace(
            unit=unit, bench=unit.bench, time=time, backend=backend, plug_in=port, port=port()
        )
        if open_it:
            made.detector, made.laser = open_parts(made.port, time.timing(), **options)
        return made

    return make


class ShoutingSerial:
    """Answers every line in capitals at once; ``wait\\r`` says ``READY`` `pause_s` later."""

    def __init__(self, baud: int = 9600) -> None:
        self.baud = baud
        self.pause_s = 2.0
        self.heard = b""
        self._line = b""
        self._said = b""
        self._due: float | None = None

    def receive(self, data: bytes, at_s: float) -> None:
        self.heard += data
        self._line += data
        while b"\r" in self._line:
            line, _, self._line = self._line.partition(b"\r")
            if line == b"wait":
                self._due = at_s + self.pause_s
            else:
                self._said += line.upper() + b"\r"

    def send(self, at_s: float) -> bytes:
        if self._due is not None and at_s >= self._due:
            self._due = None
            self._said += b"READY\r"
        said, self._said = self._said, b""
        return said

    def next_s(self) -> float | None:
        return self._due


class CountingUsb:
    """Control in repeats its setup; a control out starts 8 bytes that are there 3 s later."""

    def __init__(self, serial: str = "EMULATED-1", product_id: int = 0x1000) -> None:
        self.identity = UsbIdentity(
            0x24AA, product_id, "Maker", "Analyser", serial, (0x01,), (0x82, 0x86)
        )
        self.taken: list[tuple[object, ...]] = []
        self._due: float | None = None
        self._queue = b""

    def control_in(self, request: int, value: int, index: int, length: int, at_s: float) -> bytes:
        self.taken.append(("in", request, value, index, length, at_s))
        if request == 0x99:
            raise UsbStallError
        return bytes([request, value & 0xFF, index & 0xFF])

    def control_out(self, request: int, value: int, index: int, data: bytes, at_s: float) -> None:
        self.taken.append(("out", request, value, index, data))
        if request == 0x99:
            raise UsbStallError
        self._due = at_s + 3.0

    def bulk_out(self, endpoint: int, data: bytes, _at_s: float) -> None:
        self.taken.append(("bulk", endpoint, data))
        self._queue += data

    def bulk_in(self, endpoint: int, length: int, at_s: float) -> bytes | None:
        if self._due is not None and at_s >= self._due:
            self._due = None
            self._queue += b"SPECTRUM"
        if endpoint != 0x82 or not self._queue:
            return None
        given, self._queue = self._queue[:length], self._queue[length:]
        return given

    def next_s(self, endpoint: int) -> float | None:
        return self._due if endpoint == 0x82 else None


@pytest.fixture
def serial_model():
    return ShoutingSerial()


@pytest.fixture
def usb_model():
    return CountingUsb()


@pytest.fixture
def make_usb_model():
    return CountingUsb


@pytest.fixture
def wire_time():
    """A time that only moves when somebody waits."""
    return SteppedTime()


Given = namedtuple("Given", "counts began_s seconds lit_s")


class FaultRig:
    """An emulated analyser of one row at its wires; what its bench hands out is kept.

    Its laser is on from the start, as another program may have left it. `wires`, made by
    `make_wires`, takes the place of a sound instrument's.
    """

    def __init__(self, name, sample, *, serial=False, make_wires=None, seed=3):
        self.name, self.time = name, SteppedTime()
        self.on_sleep = lambda: None
        self.timing = dataclasses.replace(self.time.timing(), sleep=self._sleep)
        if make_wires is not None:
            self.wires = make_wires(self.timing)
        else:
            self.wires = emulated_wires(
                name, sample=sample, seed=seed, timing=self.timing, serial=serial
            )
        self.bench, self.given, self._dose_s = self.wires.bench, [], 0.0
        self._begin, self._taken = self.bench.begin, self.bench.taken
        self.bench.begin, self.bench.taken = self._begun, self._handed_out
        self.most_wrong = self.wrong = 0  # pixels that no checksum guards
        self.bench.laser(on=True)
        self.plug()

    def _sleep(self, seconds):
        self.on_sleep()
        self.time.step(seconds)

    def _begun(self, integration_s):
        self._begin(integration_s)
        self._dose_s = self.bench.light_dose_s

    def _handed_out(self):
        taken = self._taken()
        if taken is not None:
            start_s, end_s = self.bench.taken_window_s
            lit_s = self.bench.light_dose_s - self._dose_s
            self.given.append(Given(taken[0], start_s, end_s - start_s, lit_s))
        return taken

    @property
    def lines(self):
        """The cables: of the spectrometer, then of a laser with a port of its own."""
        usb = [self.wires.usb] if self.wires.usb else []
        return [wire.faults for wire in (*usb, *self.wires.streams)]

    def plug(self):
        """Plug everything in again, and open the ports anew at their usual speed."""
        serial = self.wires.models
        if self.wires.usb:
            self.wires.usb.replug()
            self.wires.usb.faults.arm()
            serial = serial[1:]
        self.wires.streams[:] = [EmulatedStream(m, self.timing, baud=9600) for m in serial]

    def open(self, keep=lambda wire: wire):
        return open_wires(self.name, self.wires, timing=self.timing, keep=keep)

    def suffer(self, **faults):
        """Let the instrument itself fail."""
        self.bench.faults = dataclasses.replace(self.bench.faults, **faults)

    def mend(self):
        """Let everything inside be well again, as a person sees to it: by key, by its own power."""
        powerless = self.bench.faults.unplugged_at_s is not None
        self.bench.faults = NO_FAULTS
        for model in self.wires.models:
            if powerless and hasattr(model, "power_up"):
                model.power_up()
            if hasattr(model, "turn_key"):
                model.turn_key(False)
                model.turn_key(True)

    def before(self, at, call):
        """Do `call` before that transfer, all cables counted in one row from now on."""
        numbers = itertools.count()

        def counted(step):
            def wrapped(kind):
                if next(numbers) == at:
                    call()
                return step(kind)

            return wrapped

        for line in self.lines:
            line.step = counted(line.step)

    def measure(self, call):
        """Measure by `call`; what comes back, also with an error, is checked against the bench."""
        since_s = self.time.now_s
        try:
            frame = call()
        except DeviceError as error:
            if error.measured is not None:
                self.check(error.measured, since_s)
            raise
        self.check(frame, since_s)
        return frame

    def check(self, frame, since_s):
        """Assert that `frame` is the mean of whole exposures since `since_s`, rightly lit."""
        assert frame.counts.size == self.bench.model.pixels
        fresh = [given for given in self.given if given.began_s >= since_s - 1e-9]
        tried = [
            (
                np.count_nonzero(np.mean([given.counts for given in some], axis=0) != frame.counts),
                some,
            )
            for some in itertools.combinations(fresh, frame.averages)
        ]
        assert tried, "fewer exposures were made than are in the frame"
        # Counts that were garbled fit none, full ones fit all: then those of the right length are.
        seconds = frame.integration_time_ms / 1000.0

        def unlike(one):
            wrong, some = one
            other_length = any(abs(given.seconds - seconds) > 1e-6 for given in some)
            return (
                wrong > self.most_wrong,
                self.most_wrong > 0 and other_length,
                wrong,
                other_length,
            )

        wrong, some = min(tried, key=unlike)
        assert wrong <= self.most_wrong, f"{wrong} pixels are not those of the bench"
        self.wrong += wrong
        for given in some:
            assert given.seconds == pytest.approx(frame.integration_time_ms / 1000.0)
            if "dark" in frame.flags:
                assert given.lit_s == 0.0
            else:
                assert given.lit_s >= 0.999 * given.seconds


@pytest.fixture
def rig(polystyrene_like):
    """Put an emulated analyser of a row on a bench with its cables in reach."""

    def make(name, **options):
        return FaultRig(name, polystyrene_like, **options)

    return make
