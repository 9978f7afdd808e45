"""The fault matrix of exchanges: every family, every kind of fault, at every transfer.

Each case is a whole session (open, dark, measure, laser off, close) with one fault in it, of the
cable or inside the instrument. It ends with sound frames or with an error out of `ALLOWED` or
`INSIDE`. A frame holds what the bench exposed and nothing else; the laser is off, or said not to
be; the analyser goes on, or can be connected again.

SPECTRA_FUZZ (`make fuzz`) takes every transfer instead of a few, and chance in several ways.
"""

import contextlib
import os
import random
from types import SimpleNamespace

import pytest

from devices.emulators.faults import SERIAL_KINDS, USB_KINDS, FaultKind, WireFault
from devices.errors import (
    BadAnswerError,
    BatteryError,
    BusyError,
    DeviceError,
    LaserAlarmError,
    LaserError,
    NotConnectedError,
    RefusedError,
    StaleDataError,
    StalledError,
    TransportTimeoutError,
    WrongDeviceError,
)
from devices.families import FAMILIES, LaserKind, Wire
from devices.frame import DARK_STALE, PARTIAL
from devices.interface import LaserState, Settings

SETTINGS = Settings(integration_time_ms=60.0, averages=2)
PATIENCE_S = 20.0  # emulated, beyond a session without a fault
FUZZ = int(os.environ.get("SPECTRA_FUZZ") or 0)
STRIDE = (1 if FUZZ >= 10_000 else 40) if FUZZ else 0  # the build machine has an hour and a half
CHANCES = 2 if STRIDE == 1 else 1
BY_CHANCE = {FaultKind.BIT_FLIP, FaultKind.GARBLE, FaultKind.EXTRA}
COUNTS = (1, 3, 7, 40)
LONGEST_EXPOSURE_S = 700.0
TRIES = 4  # measurements until one works again

K = FaultKind
NOTHING, NO_ANSWER, BAD = (), (TransportTimeoutError,), (BadAnswerError,)
NO_SOUND_ANSWER = (TransportTimeoutError, BadAnswerError)
# What a command becomes when it is lost or spoilt: unanswered, refused, or seen by reading back
# what it should have set. `WrongDeviceError` comes while opening only, see `_allowed`.
NOT_OBEYED = (*NO_SOUND_ANSWER, RefusedError, LaserError)
MISREAD = (*NO_SOUND_ANSWER, RefusedError, StaleDataError, LaserError, BatteryError)
ALLOWED = {
    (K.SILENT, "out"): NOT_OBEYED,
    (K.SILENT, "in"): NO_SOUND_ANSWER,
    (K.SLOW, "out"): NO_ANSWER,
    (K.SLOW, "in"): NO_ANSWER,
    (K.TRUNCATED, "out"): (*NOT_OBEYED, StalledError),
    (K.TRUNCATED, "in"): NO_SOUND_ANSWER,
    (K.EXTRA, "out"): (*NO_SOUND_ANSWER, RefusedError),
    (K.EXTRA, "in"): BAD,
    (K.BIT_FLIP, "out"): NOT_OBEYED,
    (K.BIT_FLIP, "in"): MISREAD,
    (K.GARBLE, "out"): NOT_OBEYED,
    (K.GARBLE, "in"): MISREAD,
    (K.REPEATED, "out"): NOTHING,
    (K.REPEATED, "in"): (*NO_SOUND_ANSWER, RefusedError, StaleDataError, LaserError),
    (K.SHORT, "out"): (BadAnswerError, StalledError),
    (K.SHORT, "in"): BAD,
    (K.TIMEOUT, "out"): NO_ANSWER,
    (K.TIMEOUT, "in"): NO_SOUND_ANSWER,
    (K.STALL, "out"): (StalledError,),
    (K.STALL, "in"): (StalledError,),
    (K.UNPLUG, "out"): (NotConnectedError, LaserAlarmError),
    (K.UNPLUG, "in"): (NotConnectedError, LaserAlarmError),
}
# What fails inside at a moment, or from a moment on.
INSIDE = {
    "unplugged_at_s": (NotConnectedError, TransportTimeoutError, LaserAlarmError),
    "interlock_open_at_s": (LaserError,),
    "laser_stuck_on": (LaserAlarmError,),
    "laser_never_fires": (LaserError,),
    "laser_drops_out_at_s": (LaserError,),
    "watchdog_fires_at_s": (LaserError,),
    "hangs_at_s": NO_ANSWER,
    "stale_frame": (StaleDataError,),
    "flat_frame": BAD,
    "saturated": NOTHING,
}
GONE = "unplugged_at_s"
# Its protocol tells of the laser only whether it is enabled: neither interlock nor emission.
SAYS_NOTHING_OF_LIGHT = "ocean-ventana-785"
LIGHT = {"interlock_open_at_s", "laser_never_fires", "laser_drops_out_at_s"}
SPOILT = (K.TRUNCATED, K.EXTRA, K.BIT_FLIP, K.GARBLE, K.REPEATED, K.SLOW)

LINES = [
    (row.name, serial, line)
    for row in FAMILIES
    if row.wire is not Wire.NONE
    for serial in ((False, True) if row.wire is Wire.EITHER else (False,))
    for line in range(2 if row.laser is LaserKind.PAIRED else 1)
]
COLUMNS = [
    (*line, kind)
    for line in LINES
    for kind in (SERIAL_KINDS if line[1] or line[2] or line[0].startswith("bwtek") else USB_KINDS)
]
INSIDE_COLUMNS = [
    (name, serial, fault)
    for name, serial, line in LINES
    if not line
    for fault in INSIDE
    if name != SAYS_NOTHING_OF_LIGHT or fault not in LIGHT
]


def _name(column):
    name, serial, line, kind = column
    return f"{name}{' serial' if serial else ''}{', laser' if line else ''}-{kind.value}"


def _inside_name(column):
    name, serial, fault = column
    return f"{name}{' serial' if serial else ''}-{fault}"


def _session(rig):
    """Open, measure and close; return how far it came and with what error."""
    came = SimpleNamespace(stage="open", analyser=None, error=None)
    try:
        came.analyser = analyser = rig.open()
        analyser.configure(SETTINGS)
        came.stage = "dark"
        dark = rig.measure(analyser.dark)
        came.stage = "acquire"
        frame = rig.measure(analyser.acquire)
        assert (frame.averages, PARTIAL in frame.flags) == (2, False)
        if DARK_STALE not in frame.flags:  # the temperature could not be read
            assert (frame.dark == dark.counts).all()
        came.stage = "laser off"
        analyser.laser_off()
        came.stage = "close"
        analyser.close()
        came.stage = "done"
    except DeviceError as error:
        came.error = error
    return came


@pytest.fixture(scope="module")
def lengths():
    """Keep how many transfers of which kind a session without a fault has, and how long it is."""
    return {}


def _length(lengths, rig, name, serial):
    if (name, serial) not in lengths:
        sound = rig(name, serial=serial)
        began_s = sound.time.now_s
        came = _session(sound)
        assert came.stage == "done", came.error
        steps = [line.steps for line in sound.lines]
        lengths[name, serial] = (steps, sound.time.now_s - began_s)
    return lengths[name, serial]


def _some(column, total):
    """Choose transfers: of opening or of measuring, by turns; both where chance spoils bytes."""
    dice = random.Random(_name(column))
    both = dice.randrange(total // 4), dice.randrange(total // 4, total)
    turn = COLUMNS.index(column) // 3 % 2  # not the kind's own place: each kind gets both
    return both if column[3] in BY_CHANCE else both[turn : turn + 1]


def _faults(column, total):
    """Yield the faults of a column, whose line makes that many transfers."""
    kind = column[3]
    for at in range(0, total, STRIDE) if FUZZ else _some(column, total):
        for chance in range(CHANCES if kind in BY_CHANCE else 1):
            yield WireFault(kind, at, count=COUNTS[(at + chance) % 4], seed=at + 1000 * chance)


def _allowed(kind, step, stage):
    """Return the errors that may come of a fault at such a transfer."""
    direction = "in" if step in {"read", "control_in", "bulk_in"} else "out"
    allowed = ALLOWED[kind, direction]
    return (*allowed, WrongDeviceError) if stage == "open" and kind in SPOILT else allowed


def _undetectable(name, line, kind, step):
    """Return how many pixels may be wrong without a sign: counts that no checksum guards."""
    if line or kind not in {K.BIT_FLIP, K.GARBLE} or step not in {"bulk_in", "read"}:
        return 0
    if name.startswith(("wasatch", "ocean-usb", "ocean-maya", "bwtek")):
        return 1 if kind is K.BIT_FLIP and not name.startswith("bwtek") else 10_000
    return 0


def _laser_is_known(rig, analyser, *, lost):
    """Assert that nothing says OFF while the laser is on, and that it is on only when `lost`."""
    said, real = analyser.laser_state, rig.bench.laser_state()
    assert said is not LaserState.OFF or real is LaserState.OFF
    assert said is not LaserState.UNKNOWN or analyser.alarm
    assert real is LaserState.OFF or (lost and analyser.alarm)


def _goes_on(rig, analyser):
    """Measure again with the analyser as the fault left it; an alarm is seen to by a person."""
    for left in range(TRIES - 1, -1, -1):
        try:
            if analyser.alarm:
                analyser.acknowledge_alarm()
            rig.measure(analyser.acquire)
        except BusyError:  # a spoilt command has begun a long exposure, and nothing ends it
            rig.time.step(LONGEST_EXPOSURE_S)
        except DeviceError:
            if not left:
                raise
        else:
            return


def _after(rig, came, *, lost, gone, mend=lambda: None):
    """Assert what holds after any fault, and leave the analyser closed.

    The laser may be `lost`: on, with an alarm. What is `gone` has to be connected again, all else
    goes on once it was mended.
    """
    analyser, ended = came.analyser, came.stage == "done"
    if analyser is None:
        assert lost or rig.bench.laser_state() is LaserState.OFF
    elif not ended:
        _laser_is_known(rig, analyser, lost=lost)
    if analyser is not None and not ended and gone:
        with contextlib.suppress(LaserAlarmError):
            analyser.close()
        _laser_is_known(rig, analyser, lost=lost)
    mend()
    if analyser is not None and not ended and not gone:
        _goes_on(rig, analyser)
        analyser.close()
        assert rig.bench.laser_state() is LaserState.OFF
    for stream in rig.wires.streams:
        with pytest.raises(NotConnectedError):  # let go
            stream.discard()


def _case(rig, column, fault, step, length_s):
    """Run a session with one fault, and another one with everything plugged in again."""
    name, _serial, line, kind = column
    rig.lines[line].arm(fault)
    rig.most_wrong = _undetectable(name, line, kind, step)
    came = _session(rig)
    note = f"transfer {fault.at} ({step}), {came.stage}: {came.error!r}"
    allowed = _allowed(kind, step, came.stage)
    assert came.error is None or isinstance(came.error, allowed), note
    # What is read of an earlier session's exposure has no checksum, and is waited for.
    most_s = PATIENCE_S + (LONGEST_EXPOSURE_S if kind in BY_CHANCE else 0.0)
    assert rig.time.now_s < length_s + most_s, note
    rig.most_wrong = 0
    _after(rig, came, lost=kind is K.UNPLUG, gone=kind is K.UNPLUG)
    if kind is K.BIT_FLIP:
        rig.time.step(LONGEST_EXPOSURE_S)
    rig.plug()
    again = _session(rig)
    if kind is K.BIT_FLIP and isinstance(again.error, BusyError):
        # A free-running sensor kept the spoilt time, and nothing ends an exposure: it is waited for
        # as the error says. A real one has its power from the plug.
        again.analyser.close()
        rig.time.step(LONGEST_EXPOSURE_S)
        rig.plug()
        again = _session(rig)
    assert again.stage == "done", f"{note}; connected again: {again.error!r}"


def _inside_case(rig, fault, at, length_s):
    """Run a session in which the instrument fails before that transfer, and another one, mended."""
    rig.before(at, lambda: rig.suffer(**{fault: rig.time.now_s if fault.endswith("_s") else True}))
    came = _session(rig)
    note = f"before transfer {at}, {came.stage}: {came.error!r}"
    assert came.error is None or isinstance(came.error, INSIDE[fault]), note
    assert rig.time.now_s < length_s + PATIENCE_S, note
    lost = fault in {GONE, "laser_stuck_on"}
    _after(rig, came, lost=lost, gone=fault == GONE, mend=rig.mend)
    rig.plug()
    again = _session(rig)
    assert again.stage == "done", f"{note}; connected again: {again.error!r}"


@contextlib.contextmanager
def _all_at_once():
    """Tell of all failing cases of a column in the end: a whole column takes a while."""
    wrong = []

    @contextlib.contextmanager
    def trying(note):
        try:
            yield
        except (AssertionError, DeviceError) as error:
            error.add_note(note)
            wrong.append(error)

    yield trying
    if wrong:
        raise ExceptionGroup("cases of the fault matrix", wrong)


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("column", COLUMNS, ids=_name)
def test_a_fault_of_the_cable(rig, lengths, threads_left, column):
    name, serial, line, _kind = column
    steps, length_s = _length(lengths, rig, name, serial)
    with _all_at_once() as trying:
        for fault in _faults(column, len(steps[line])):
            with trying(repr(fault)):
                _case(rig(name, serial=serial), column, fault, steps[line][fault.at], length_s)
    assert threads_left() == []


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("column", INSIDE_COLUMNS, ids=_inside_name)
def test_a_fault_inside(rig, lengths, threads_left, column):
    name, serial, fault = column
    steps, length_s = _length(lengths, rig, name, serial)
    total = sum(len(line) for line in steps)
    some = [random.Random(_inside_name(column)).randrange(total)]
    with _all_at_once() as trying:
        for at in range(0, total, STRIDE) if FUZZ else some:
            with trying(f"before transfer {at}"):
                _inside_case(rig(name, serial=serial), fault, at, length_s)
    assert threads_left() == []


def test_the_matrix_is_large_enough():
    assert {column[:3] for column in COLUMNS} == set(LINES)
    assert sum(len(_some(column, 100)) for column in COLUMNS) >= 330
    for kind in FaultKind:
        chosen = [at for column in COLUMNS if column[3] is kind for at in _some(column, 100)]
        assert min(chosen) < 25 <= max(chosen), kind
