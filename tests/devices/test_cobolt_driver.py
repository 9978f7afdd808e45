"""The Cobolt laser against its emulator: read back, off at once, never on out of a fault."""

import dataclasses
import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.bwtek.driver import open_parts
from devices.drivers.cobolt import protocol
from devices.drivers.cobolt.driver import CoboltConfiguration, open_laser
from devices.emulators import bwtek, cobolt
from devices.emulators.faults import SERIAL_KINDS, FaultKind, WireFault
from devices.emulators.stream import EmulatedStream
from devices.errors import (
    AbortedError,
    BadAnswerError,
    ConfigurationError,
    DeviceError,
    InterlockError,
    LaserError,
    NotConnectedError,
    RefusedError,
    SettingsError,
    TransportTimeoutError,
    WrongDeviceError,
)
from devices.interface import LaserState
from devices.timing import SteppedTime


class Heard:
    """A model that remembers what it was told, and when."""

    def __init__(self, model):
        self._model, self.words = model, []

    def __getattr__(self, name):
        return getattr(self._model, name)

    def receive(self, data, at_s):
        self.words.append((at_s, data.decode("latin-1")))
        self._model.receive(data, at_s)


class Setup:
    def __init__(self, model="08-NLD-785", papers=None, paced=True, **options):
        self.time = SteppedTime()
        self.timing = self.time.timing()
        self.emulator = cobolt.emulator(model=model, **options)
        self.bench = self.emulator.bench
        self.heard = Heard(self.emulator)
        self.stream = EmulatedStream(self.heard, self.timing, paced=paced)
        oem = options.get("oem", True)
        self.papers = papers or cobolt.configuration(model, oem=oem)

    def open(self):
        self.laser = open_laser(self.stream, self.timing, configuration=self.papers)
        return self.laser

    def fire(self, percent=50.0):
        self.laser.switch_on(percent)
        self.time.step(1.0)
        return self.laser.read()

    def fail(self, **faults):
        self.bench.faults = dataclasses.replace(self.bench.faults, **faults)

    def said(self):
        """What was sent since the last time, command by command."""
        words = "".join(text for _, text in self.heard.words).split("\r")[:-1]
        self.heard.words.clear()
        return words


@pytest.fixture
def setup():
    made = Setup()
    made.open()
    made.said()
    return made


@pytest.mark.parametrize("model", list(cobolt.MODELS))
def test_it_says_what_it_is_and_is_off_first(model) -> None:
    setup = Setup(model)
    laser = setup.open()
    assert setup.said()[0] == "l0"
    assert laser.facts.serial.startswith("EMULATED")
    assert laser.facts.wavelength_nm == 785.0
    assert laser.facts.watchdog_s == 0.0
    assert ("laser hours", "12.50") in laser.facts.facts
    assert laser.read().state is LaserState.OFF
    laser.close()
    with pytest.raises(NotConnectedError):
        laser.read()


@pytest.mark.parametrize("model", list(cobolt.MODELS))
def test_on_and_off_are_read_back(model) -> None:
    setup = Setup(model)
    laser = setup.open()
    laser.switch_on(50.0)
    assert laser.read().state is LaserState.REQUESTED  # before the light comes
    setup.time.step(1.0)
    reading = laser.read()
    half_mw = 500.0 * setup.emulator.row.max_power_w
    assert reading.state is LaserState.FIRING
    assert reading.facts == (("laser power read", f"{half_mw:.1f} mW"),)
    laser.switch_off()
    assert laser.read().state is LaserState.OFF
    laser.refresh_watchdog()


def test_the_power_is_watts_on_the_wire(setup) -> None:
    setup.laser.switch_on(80.0)
    assert setup.said() == ["ilk?", "f?", "p 0.0800", "p?", "cp", "l1"]
    assert protocol.set_power(0.1) == "p 0.1000"
    assert protocol.milliamperes(0.06, protocol.Generation.G04) == 60.0
    assert protocol.milliamperes(60.0, protocol.Generation.G08) == 60.0


def test_diode_currents_are_milliamperes_whatever_the_wire_says() -> None:
    for model in cobolt.MODELS:
        setup = Setup(model)
        setup.emulator.turn_key(True)
        facts = dict(setup.open().facts.facts)
        assert facts["laser current when connected"] == "0 mA"
        setup.emulator.receive(b"l1\ri?\r", setup.time.now_s)
        said = setup.emulator.send(setup.time.now_s)
        assert said == (b"OK\r\n0.2000\r\n" if model.startswith("04") else b"OK\r\n200.0\r\n")


def test_commands_are_a_tenth_of_a_second_apart(setup) -> None:
    setup.fire()
    setup.laser.read()
    times = [at_s for at_s, _ in setup.heard.words]
    assert min(b - a for a, b in itertools.pairwise(times)) >= 0.0999


def test_off_waits_for_nothing(setup) -> None:
    setup.fire()
    setup.said()
    asked_s = setup.time.now_s
    setup.laser.switch_off()
    sent_s, words = setup.heard.words[0]
    assert words == "l0\r"
    assert sent_s - asked_s < 0.01


@pytest.mark.parametrize("percent", [0.0, 0.99, 100.1, -5.0, float("nan")])
def test_powers_outside_the_limits_are_refused_before_anything_is_sent(setup, percent) -> None:
    with pytest.raises(SettingsError):
        setup.laser.switch_on(percent)
    assert setup.said() == []


def test_without_its_rated_power_it_is_never_switched_on() -> None:
    setup = Setup(papers=CoboltConfiguration())
    laser = setup.open()
    setup.said()
    with pytest.raises(ConfigurationError, match="rated power"):
        laser.switch_on(50.0)
    assert setup.said() == []
    assert laser.facts.wavelength_nm == 785.0  # the nominal one of its model number
    laser.switch_off()
    assert laser.read().state is LaserState.OFF


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_power_w": 100.0},  # milliwatts taken for watts
        {"max_power_w": 0.0},
        {"max_power_w": float("nan")},
        {"wavelength_nm": 7.85},
        {"start_s": -1.0},
    ],
)
def test_papers_that_cannot_be_are_refused(wrong) -> None:
    with pytest.raises(ConfigurationError):
        CoboltConfiguration(**wrong)


@pytest.mark.parametrize("oem", [True, False])
def test_an_interlock_trip_is_never_cleared_and_never_started_out_of(oem) -> None:
    setup = Setup(oem=oem)
    laser = setup.open()
    setup.fire()
    setup.fail(interlock_open_at_s=0.0)
    reading = laser.read()
    assert (reading.firing, reading.can_fire) == (False, False)
    assert reading.fault == "interlock error"
    setup.said()
    with pytest.raises(InterlockError, match="is open"):
        laser.switch_on(50.0)
    setup.fail(interlock_open_at_s=None)  # closed again
    setup.time.step(60.0)
    reading = laser.read()
    assert reading.state is LaserState.OFF
    assert reading.can_fire is False
    with pytest.raises(InterlockError, match="was opened"):
        laser.switch_on(50.0)
    assert {"cf", "@cob1", "l1"}.isdisjoint(setup.said())
    setup.emulator.turn_key(False)
    setup.emulator.turn_key(True)  # a person did that
    assert laser.read().state is LaserState.OFF
    assert setup.fire().state is LaserState.FIRING


@pytest.mark.parametrize(("oem", "start"), [(True, "@cob1"), (False, "l1")])
def test_in_autostart_the_plain_switch_is_refused(oem, start) -> None:
    setup = Setup(oem=oem, autostart=True)
    assert setup.bench.laser_enabled  # it started by itself
    laser = setup.open()
    assert laser.read().state is LaserState.OFF
    setup.said()
    if oem:
        assert setup.fire().state is LaserState.FIRING
    else:
        with pytest.raises(RefusedError, match="autostart"):
            laser.switch_on(50.0)
        assert laser.read().state is LaserState.OFF
    assert start in setup.said()


def test_a_key_that_is_off_refuses() -> None:
    setup = Setup(oem=False)
    laser = setup.open()
    setup.emulator.turn_key(False)
    with pytest.raises(RefusedError, match="key"):
        laser.switch_on(50.0)
    assert laser.read().state is LaserState.OFF


def test_a_stuck_laser_is_told_from_an_obedient_one(setup) -> None:
    setup.fire()
    setup.fail(laser_stuck_on=True)
    setup.laser.switch_off()  # it answers OK
    assert setup.laser.read().state is LaserState.FIRING


def test_enabled_without_light_is_not_firing(setup) -> None:
    setup.fail(laser_never_fires=True)
    assert setup.fire().state is LaserState.REQUESTED


def test_light_without_being_enabled_is_firing() -> None:
    class Lying(Heard):
        def receive(self, data, at_s):
            super().receive(b"?\r" if data == b"l?\r" else data, at_s)

        def send(self, at_s):
            return self._model.send(at_s).replace(b"OK\r\n", b"0\r\n" if self.lie else b"OK\r\n")

    setup = Setup()
    setup.open()
    setup.fire()
    lying = Lying(setup.emulator)
    lying.lie = True
    setup.stream._model = lying
    reading = setup.laser.read()
    assert (reading.enabled, reading.state) == (False, LaserState.FIRING)


def test_off_from_another_thread_is_overtaken_by_nothing(setup) -> None:
    """Whenever it is switched off, no command to fire follows, and the laser ends up off."""
    ends = set()
    for after in range(1, 8):
        setup.said()
        helper = None
        counted = []

        def count(data, at_s, inner=setup.heard._model.receive, counted=counted, after=after):
            nonlocal helper
            counted.append(data)
            if len(counted) == after:
                helper = threading.Thread(target=setup.laser.switch_off)
                helper.start()
                until = threading.Event()
                for _ in range(200):  # the stream's lock is held here: only the write may wait
                    if setup.laser._line.offs:
                        break
                    until.wait(0.001)
            inner(data, at_s)

        setup.emulator.receive = count
        try:
            setup.laser.switch_on(50.0)
        except AbortedError:
            ends.add("aborted")
        else:
            ends.add("done")
        del setup.emulator.receive
        if helper is not None:
            helper.join(5.0)
            assert not helper.is_alive()
            said = setup.said()
            assert "l0" in said
            assert "l1" not in said[said.index("l0") :]
            setup.time.step(2.0)
            assert setup.laser.read().state is LaserState.OFF
        setup.laser.switch_off()
    assert "aborted" in ends


class Parrot:
    baud = 115_200

    def __init__(self, answer):
        self.answer, self.out = answer, b""

    def receive(self, _data, _at_s):
        self.out += self.answer

    def send(self, _at_s):
        said, self.out = self.out, b""
        return said

    def next_s(self):
        return None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", TransportTimeoutError),
        (b"Syntax error\r\n", WrongDeviceError),
        (b"ACK\r\n", WrongDeviceError),
        (b"\xff\xfe\r\n", WrongDeviceError),
        (b"OK\r\n", WrongDeviceError),
        (b"OK", WrongDeviceError),
        (b"x" * 500, WrongDeviceError),
    ],
)
def test_strangers_and_silence_are_named(answer, error) -> None:
    timing = SteppedTime().timing()
    with pytest.raises(error):
        open_laser(EmulatedStream(Parrot(answer), timing), timing)


@pytest.mark.parametrize("end", [b"\r", b"\r\n", b"\n"])
def test_answers_may_end_as_the_manual_or_as_the_vendor_says(end) -> None:
    class Ending(Heard):
        def send(self, at_s):
            return self._model.send(at_s).replace(b"\r\n", end)

    setup = Setup()
    setup.stream._model = Ending(setup.emulator)
    setup.open()
    assert setup.fire().state is LaserState.FIRING


def outcome(act):
    try:
        return act(), None
    except DeviceError as error:
        return None, error


@pytest.mark.parametrize("kind", SERIAL_KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("firing", [True, False])
def test_no_fault_of_the_cable_makes_a_firing_laser_read_as_off(kind, firing) -> None:
    whole = Setup()
    whole.open()
    whole.fire()
    whole.stream.faults.arm()
    whole.laser.read()
    for at in range(whole.stream.faults.total):
        for seed in range(2):
            setup = Setup()
            setup.open()
            if firing:
                setup.fire()
            setup.stream.faults.arm(WireFault(kind, at, seed=seed, count=2))
            reading, error = outcome(setup.laser.read)
            if reading is not None and firing:
                assert reading.state is not LaserState.OFF
            assert error is None or error.what
            setup.stream.faults.arm()
            if kind is not FaultKind.UNPLUG:
                reading, error = outcome(setup.laser.read)
                if error is not None:  # what is left in the controller may cost one command
                    reading = setup.laser.read()
                assert (reading.state is LaserState.FIRING) == firing


@pytest.mark.parametrize("kind", SERIAL_KINDS, ids=lambda kind: kind.name)
def test_a_fault_at_any_step_of_switching_on_and_off_ends_off(kind) -> None:
    whole = Setup()
    whole.open()
    whole.stream.faults.arm()
    whole.laser.switch_on(50.0)
    whole.laser.switch_off()
    for at in range(whole.stream.faults.total):
        setup = Setup()
        setup.open()
        setup.stream.faults.arm(WireFault(kind, at, seed=at, count=2))
        for act in (lambda s=setup: s.laser.switch_on(50.0), setup.laser.switch_off):
            _none, error = outcome(act)
            assert error is None or error.what
        setup.stream.faults.arm()
        if kind is FaultKind.UNPLUG:
            with pytest.raises(NotConnectedError):
                setup.laser.read()
            continue
        setup.laser.switch_off()
        assert setup.laser.read().state is LaserState.OFF


@given(st.text(max_size=12))
def test_no_text_breaks_the_readers_of_answers(text) -> None:
    for reader in (protocol.flag, protocol.number, protocol.watts, protocol.code):
        try:
            value = reader(text, "pa?", "port")
        except BadAnswerError:
            continue
        assert value == float(text)


@given(st.binary(max_size=12))
def test_no_line_breaks_the_reader_of_lines(line) -> None:
    try:
        text = protocol.text_of(line, "l?", "port")
    except (BadAnswerError, RefusedError):
        return
    assert text.encode("ascii") == line.strip(b" ")


@pytest.mark.parametrize("words", ["Syntax error", "Syntax error: illegal command", "syntax error"])
def test_a_syntax_error_is_a_refusal_with_its_reason(words) -> None:
    with pytest.raises(RefusedError, match="refuses 'cf'"):
        protocol.text_of(words.encode(), "cf", "port")


def test_the_emulator_answers_every_command_of_the_manual_and_of_the_vendors_program() -> None:
    emulator = cobolt.emulator()

    def ask(words):
        emulator.receive(words.encode() + b"\r", 0.0)
        said = emulator.send(0.0)
        assert said.endswith(b"\r\n")
        return said[:-2].decode()

    asked = {"?": "OK", "gfv?": "2.1.0 emulated", "sn?": "EMULATED-08-0001", "hrs?": "12.50"}
    asked |= {"glm?": "0785-08-01-0100-EMULATED", "ilk?": "0", "f?": "0", "l?": "0", "leds?": "1"}
    asked |= {"gom?": "0", "gam?": "1", "@cobas?": "0", "p?": "0.1000", "pa?": "0.0000"}
    asked |= {"i?": "0.0", "glc?": "0", "gdmes?": "0", "games?": "0", "rtec4t?": "25.000"}
    assert {words: ask(words) for words in asked} == asked
    sets = ("p 0.08", "cp", "ci", "em", "cf", "slc 0.1", "sdmes 1", "sames 0", "eoom", "xoom")
    sets += ("slmp 50", "salis 1", "smc 90", "slth 10", "stec4t 26.5", "@cobasdr 1", "@cob1")
    assert {ask(words) for words in sets} == {"OK"}
    assert [ask(words) for words in ("l?", "gom?", "p?", "glc?", "gtec4t?", "leds?")] == [
        "1",
        "4",
        "0.0800",
        "0.1",
        "26.5",
        "3",
    ]
    assert ask("l0") == "OK"
    assert ask("l?") == "0"
    for wrong in ("L0", "p", "p  0.1", "p 9", "p nan", "p 1e-2", "xyz", "", "@cobas 2", "l0 "):
        assert ask(wrong).startswith("Syntax error:")
    assert ask("@cobas 1") == "OK"
    assert ask("l1").startswith("Syntax error:")
    assert ask("\nl?") == "0"  # a program that ends its commands with CR LF


def test_the_oldest_has_neither_model_number_nor_modes() -> None:
    emulator = cobolt.emulator(model="04-01-785")
    for words in ("glm?", "gom?", "gam?", "cp", "gmc?", "smc 1"):
        emulator.receive(words.encode() + b"\r", 0.0)
        assert emulator.send(0.0).startswith(b"Syntax error:")
    emulator.receive(b"gfv?\r", 0.0)
    assert b"." not in emulator.send(0.0)


def test_spectrometer_and_laser_share_one_bench(polystyrene_like) -> None:
    time = SteppedTime()
    timing = time.timing()
    spectrometer = bwtek.emulator(polystyrene_like, 5)
    lamp = cobolt.emulator(bench=spectrometer.bench)
    detector, _ = open_parts(
        EmulatedStream(spectrometer, timing), timing, configuration=bwtek.configuration()
    )
    laser = open_laser(EmulatedStream(lamp, timing), timing, configuration=cobolt.configuration())

    def scan():
        detector.set_integration_time(200.0)
        detector.start()
        time.step(0.2)
        return detector.fetch(1.0).counts

    dark = scan()
    laser.switch_on(100.0)
    time.step(1.0)
    assert laser.read().state is LaserState.FIRING
    bright = scan()
    laser.switch_off()
    assert (bright - dark).max() > 500.0
    assert abs((scan() - dark).mean()) < 20.0


def test_a_fault_of_the_laser_is_named_before_it_is_switched_on(setup) -> None:
    inner = setup.emulator._answers
    inner["f?"] = lambda: "1"
    with pytest.raises(LaserError, match="temperature"):
        setup.laser.switch_on(50.0)
    inner["f?"] = lambda: "7"
    assert setup.laser.read().fault == "fault 7"
