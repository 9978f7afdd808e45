"""What our driver sends beside what the vendor's sends: the differences are few and have names."""

import dataclasses
import json

import pytest

from devices.drivers.wasatch.opcodes import PAGES
from devices.emulators.wasatch import MODELS

E2, EF, FIRING = ["IN", 0xE2, 0, 0, 1], ["IN", 0xEF, 0, 0, 64], ["IN", 0xFF, 0x0D, 0, 64]
LASER_OFF = ("OUT", 0xBE, 0)
BATTERY, WATCHDOG_BACK = ["IN", 0xFF, 0x13, 0, 64], ["IN", 0xFF, 0x17, 0, 64]
POWER_BACK = [["IN", op, 0, 0, 64] for op in (0xE3, 0xCB, 0xDC)]

OFF_FIRST = "the laser is switched off before anything else"
OFF_CHECKED = "and asked, uncached, whether it is"
SHORT_WATCHDOG = "the watchdog is set to 5 s, not 10 s"
WATCHDOG_READ = "the watchdog is read back"
WATCHDOG_AGAIN = "and set again before the laser is enabled"
MEMORY_AGAIN = "each page of the memory is read twice"
TIME_LEFT = "how long an exposure of an earlier session may run is asked"
TIME_READ = "the integration time is read back"
ENABLED_ASKED = "an ARM unit, too, is asked whether its laser is enabled"
INTERLOCK_ASKED = "the interlock is asked before the laser is enabled"
POWER_READ = "the laser power is read back"
CHARGE_ASKED = "the battery is asked"
OFF_AT_END = "the laser is switched off at the end"


def _session(made):
    """The session of the golden trace: dark at 150 ms, half the laser, one spectrum."""
    made.detector.set_integration_time(150)
    _expose(made)
    made.laser.read()
    made.detector.temperature_c()
    made.laser.switch_on(50.0)
    made.time.step(0.3)
    _expose(made)
    made.laser.read()
    made.detector.temperature_c()
    made.laser.switch_off()
    return [entry for entry in made.port.trace if entry[0] != "BULK"]


def _expose(made):
    made.detector.start()
    made.time.step(0.15)
    made.detector.fetch(1.0)


def _name(entry, before, golden_next):
    """The name of something that we send and the vendor does not."""
    head = tuple(entry[:3])
    if head == LASER_OFF:
        return OFF_FIRST if golden_next == ["IN", 0xC0, 0, 0, 64] else OFF_AT_END
    if entry[:3] in (["OUT", 0xFF, 0x18], ["IN", 0xFF, 1]):
        return WATCHDOG_AGAIN if entry[0] == "OUT" else _again(entry, before)
    if entry == ["IN", 0xBF, 0, 0, 64]:
        return TIME_READ if before[1] == 0xB2 else TIME_LEFT
    fixed = [(WATCHDOG_BACK, WATCHDOG_READ), (BATTERY, CHARGE_ASKED)]
    fixed += [(one, POWER_READ) for one in POWER_BACK]
    for known, name in fixed:
        if entry == known:
            return name
    if entry in [E2, EF, FIRING] and golden_next[1] in {0xD8, 0x8B}:
        return OFF_CHECKED
    if entry == EF and golden_next[1] == 0xC7:
        return INTERLOCK_ASKED
    if entry == E2 and golden_next == EF:
        return ENABLED_ASKED
    return f"NOT NAMED {entry} before {golden_next}"


def _again(entry, before):
    return MEMORY_AGAIN if entry == before else f"NOT NAMED {entry}"


def _differences(golden, ours):
    names, left, before = [], list(golden), None
    for entry in ours:
        following = left[0] if left else ["end", -1]
        if entry == following:
            left.pop(0)
        elif entry[:3] == following[:3] == ["OUT", 0xFF, 0x18]:
            left.pop(0)
            names.append(SHORT_WATCHDOG if entry[3] == 5 else f"NOT NAMED {entry}")
        else:
            names.append(_name(entry, before, following))
        before = entry
    assert left == [], "the vendor sends these, we do not"
    return names


def _golden(shared_data, product):
    return json.loads((shared_data / f"golden/wasatch_{product}.json").read_text())


def _unit(name, **memory):
    row = MODELS[name]
    return dataclasses.replace(row, memory=dataclasses.replace(row.memory, **memory))


def test_fx2_session_differs_by_name_only(on_wasatch, shared_data):
    made = on_wasatch(_unit("wasatch-785", roi_vertical=(0, 63, 0, 0, 0, 0)))
    names = _differences(_golden(shared_data, 1000), _session(made))
    assert names == [
        OFF_FIRST,
        *[MEMORY_AGAIN] * PAGES,
        *[OFF_CHECKED] * 3,
        TIME_LEFT,
        TIME_READ,
        INTERLOCK_ASKED,
        *[POWER_READ] * 3,
        OFF_AT_END,
    ]


def test_arm_session_differs_by_name_only(on_wasatch, shared_data):
    made = on_wasatch(_unit("wasatch-785-xs", roi_vertical=(0, 63, 0, 0, 0, 0), has_battery=0))
    names = _differences(_golden(shared_data, 4000), _session(made))
    assert names == [
        OFF_FIRST,
        *[MEMORY_AGAIN] * PAGES,
        *[OFF_CHECKED] * 3,
        SHORT_WATCHDOG,
        WATCHDOG_READ,
        TIME_LEFT,
        TIME_READ,
        ENABLED_ASKED,
        INTERLOCK_ASKED,
        WATCHDOG_AGAIN,
        *[POWER_READ] * 3,
        ENABLED_ASKED,
        OFF_AT_END,
    ]


def test_the_golden_session_ends_with_the_laser_on_and_ours_does_not(on_wasatch, shared_data):
    for product, name in ((1000, "wasatch-785"), (4000, "wasatch-785-xs")):
        vendor = [entry for entry in _golden(shared_data, product) if entry[1] == 0xBE]
        assert [entry[2] for entry in vendor] == [1]
        made = on_wasatch(name)
        assert [entry[2] for entry in _session(made) if entry[1] == 0xBE][-1] == 0
        assert not made.unit.laser_firing


@pytest.mark.parametrize("name", ["wasatch-785", "wasatch-785-xs"])
def test_nothing_dangerous_is_sent(on_wasatch, name):
    made = on_wasatch(name)
    _session(made)
    out = [entry for entry in made.port.trace if entry[0] == "OUT"]
    assert not [entry for entry in out if entry[1] in {0xA2, 0xFE}]
    assert not [entry for entry in out if entry[1:3] == [0xFF, 0x02]]
    assert made.unit.memory_writes == 0
    assert made.unit.unknown == {}
    data = {entry[4] for entry in out if entry[1] not in {0xD2, 0xC7, 0xDB, 0xC6}}
    assert data == ({"00" * 8} if made.unit.model.arm else {""})
