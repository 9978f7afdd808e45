"""Open a Wasatch Photonics analyser: what is sent, in which order, and what it says of itself.

The order is that of the vendor's driver (golden traces). What is added is for safety: the laser is
switched off first of all and that is checked, the watchdog of an ARM unit is short and read back,
and the integration time is read back whenever it is set.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress

from devices.drivers.alike import read_alike
from devices.drivers.wasatch import protocol
from devices.drivers.wasatch.detector import WasatchDetector
from devices.drivers.wasatch.eeprom import (
    HARDWARE_EVEN_ODD,
    INTERLOCK_EXCLUDED,
    INTERLOCK_FEEDBACK,
    INVERT_X,
    Eeprom,
)
from devices.drivers.wasatch.laser import WasatchLaser, read_state
from devices.drivers.wasatch.link import Link
from devices.drivers.wasatch.memory_checks import parse
from devices.drivers.wasatch.opcodes import (
    COMPILE_OPTIONS,
    FIRMWARE,
    FPGA,
    FULL_COUNT,
    FX2_INGAAS,
    GAIN,
    LASER_OFF,
    LINE_LENGTH,
    PAGES,
    REMEDY,
    TEC_ON,
    TRIGGER_BY_SOFTWARE,
    VENDOR_ID,
    WARNING_DELAY,
    WATCHDOG,
)
from devices.errors import (
    BadAnswerError,
    DeviceError,
    LaserAlarmError,
    MemoryContentError,
    StalledError,
    WrongDeviceError,
)
from devices.interface import LaserState, Limits
from devices.parts import (
    AxisSource,
    DetectorFacts,
    DetectorPart,
    Facts,
    LaserFacts,
    LaserPart,
    StatedAxis,
)
from devices.timing import Timing
from devices.transports.base import UsbPort

WATCHDOG_S = 5
DEFAULT_INTEGRATION_MS = 100
VENDOR_WARNING_DELAY_S = 3.0  # what the vendor's driver takes when firmware is too old to say
LOWEST_POWER_PERCENT = 0.1
OFF_TRIES = 3
PRODUCTS = (0x1000, 0x2000, 0x4000)
MAY_BE_ON = "leave the beam alone; turn the key or pull the power"


def open_parts(
    port: UsbPort, timing: Timing, *, watchdog_s: int = WATCHDOG_S
) -> tuple[DetectorPart, LaserPart | None]:
    """Return the parts of the analyser at `port`; its laser is off and was seen to be off.

    Parameters
    ----------
    port : UsbPort
        The claimed interface; closed when opening fails, and with the last part that is closed.
    timing : Timing
        Time.
    watchdog_s : int
        Seconds after which an ARM unit switches its laser off when nothing is heard.

    Raises
    ------
    WrongDeviceError
        When it is no analyser of this family.
    LaserAlarmError
        When the laser does not go off.
    MemoryContentError
        When neither memory nor board say how many pixels there are.
    AnswerError, NotConnectedError
        When it does not answer as it should.
    """
    link = Link(port, timing)
    try:
        if port.vendor_id != VENDOR_ID or port.product_id not in PRODUCTS:
            raise WrongDeviceError(
                f"{port.vendor_id:04x}:{port.product_id:04x} is no analyser of this family",
                port.name,
                "choose another family",
            )
        return _opened(link, watchdog_s)
    except BaseException:
        with suppress(DeviceError):
            link.tell(LASER_OFF)
        port.close()
        raise


def _opened(link: Link, watchdog_s: int) -> tuple[DetectorPart, LaserPart | None]:
    link.tell(LASER_OFF)
    firmware = protocol.firmware_text(link.ask(FIRMWARE, "firmware revision"))
    fpga = protocol.fpga_text(link.ask(FPGA, "FPGA revision"))
    pages = [_page(link, page) for page in range(PAGES)]
    memory = parse(pages)
    revisions = f"{firmware}, FPGA {fpga}"
    asks_interlock = link.arm or memory.has(INTERLOCK_FEEDBACK)
    _see_it_off(link, asks_interlock)
    delay_s, laser_said = _warning_delay(link)
    said = _memory_facts(memory, pages, cooled=_cool(link, memory))
    if not link.arm:
        said += _options(link)
    _gain_and_lines(link, memory)
    if link.arm:
        laser_said += _watchdog(link, watchdog_s)
    detector = WasatchDetector(link, memory, _detector_facts(link, memory, revisions, said))
    detector.expect_earlier()
    detector.put_integration_time(_startup_ms(memory, detector.facts.integration_time_ms))
    _check_gain(link, memory)
    if memory.has_laser == 0 and not memory.blank:
        return detector, None
    sure = link.arm and not any(name == "watchdog" for name, _ in laser_said)
    facts = LaserFacts(
        model=memory.model,
        serial=memory.serial,
        firmware=revisions,
        wavelength_nm=memory.laser_wavelength_nm,
        power_percent=Limits(LOWEST_POWER_PERCENT, 100.0, "%"),
        warning_delay_s=delay_s,
        warm_up_s=0.0 if memory.blank else float(memory.laser_warm_up_s),
        watchdog_s=float(watchdog_s) if sure else 0.0,
        facts=(*laser_said, *_power_facts(memory, asks_interlock)),
    )
    return detector, WasatchLaser(
        link, memory, facts, asks_interlock, watchdog_s if link.arm else 0
    )


def _page(link: Link, number: int) -> bytes:
    what = f"memory page {number}"
    return read_alike(lambda: link.ask(protocol.read_page(number), what), what)


def _see_it_off(link: Link, asks_interlock: bool) -> None:
    """Ask whether the laser is off, uncached; switch it off again up to three times."""
    for _ in range(OFF_TRIES):
        if read_state(link, asks_interlock).state is LaserState.OFF:
            return
        link.tell(LASER_OFF)
    if read_state(link, asks_interlock).state is not LaserState.OFF:
        raise LaserAlarmError(
            "the laser MAY BE ON: it does not switch off", link.port.name, MAY_BE_ON
        )


def _warning_delay(link: Link) -> tuple[float, Facts]:
    if not link.arm:
        return 0.0, ()
    try:
        return float(link.ask(WARNING_DELAY, "laser warning delay")[0]), ()
    except StalledError:
        return VENDOR_WARNING_DELAY_S, (("warning_delay", "not told by this firmware"),)


def _watchdog(link: Link, wanted_s: int) -> Facts:
    """Set the watchdog and read it back; return what is to be said when it is not sure."""
    link.tell(protocol.set_watchdog(wanted_s))
    try:
        held = protocol.big(link.ask(WATCHDOG, "laser watchdog"))
    except (StalledError, BadAnswerError):
        return (("watchdog", f"set to {wanted_s} s, which this firmware does not confirm"),)
    if held != wanted_s:
        return (("watchdog", f"set to {wanted_s} s, but the instrument says {held} s"),)
    return ()


def _power_facts(memory: Eeprom, asks_interlock: bool) -> Facts:
    found = [("interlock_feedback", "yes" if asks_interlock else "no")]
    if memory.has(INTERLOCK_EXCLUDED):
        found.append(("interlock", "excluded by the maker"))
    if not memory.blank and "power" not in memory.doubts:
        found.append(("highest_power_mw", f"{memory.highest_power_mw:g}"))
        full = protocol.power_at_percent(
            100.0, memory.laser_power, memory.lowest_power_mw, memory.highest_power_mw
        )
        if full is not None:
            found.append(("power_at_100_percent_mw", f"{full:.1f}"))
    return tuple(found)


def _cool(link: Link, memory: Eeprom) -> bool:
    """Switch the detector's cooler on where the memory says how; return whether that was done."""
    doubtful = memory.blank or "cooler" in memory.doubts
    if link.arm or doubtful or memory.has_cooling != 1:
        return False
    celsius = float(memory.startup_temperature_c)
    low, high = float(memory.lowest_temperature_c), float(memory.highest_temperature_c)
    if not low <= celsius <= high:
        return False
    raw = protocol.tec_setpoint(celsius, memory.celsius_to_dac, low, high)
    link.tell(protocol.set_tec_setpoint(raw))
    link.tell(TEC_ON)
    return True


def _options(link: Link) -> Facts:
    try:
        options = protocol.compile_options(link.ask(COMPILE_OPTIONS, "FPGA options"))
    except StalledError:
        return ()
    return (("fpga_options", repr(options)),)


def _gain_and_lines(link: Link, memory: Eeprom) -> None:
    """Bring gain, offset, trigger and the binned lines to what the memory says."""
    if _sends_gain(memory):
        link.tell(protocol.set_gain(memory.gain))
        link.tell(protocol.set_offset(memory.offset))
        if link.port.product_id == FX2_INGAAS and 0.0 < memory.gain_odd < 256.0:
            link.tell(protocol.set_gain(memory.gain_odd, odd=True))
            link.tell(protocol.set_offset(memory.offset_odd, odd=True))
    if not link.arm:
        link.tell(TRIGGER_BY_SOFTWARE)
        return
    start, stop = memory.roi_vertical[:2]
    if not memory.blank and start < stop:
        link.tell(protocol.set_start_line(start))
        link.tell(protocol.set_stop_line(stop))


def _sends_gain(memory: Eeprom) -> bool:
    return memory.format >= 4 and not memory.doubts & {"blank", "gain", "format"}


def _check_gain(link: Link, memory: Eeprom) -> None:
    try:
        held = protocol.little(link.ask(GAIN, "detector gain"))
    except StalledError:
        return
    sent = protocol.to_funky_float(memory.gain) if _sends_gain(memory) else held
    if held != sent:
        raise BadAnswerError(
            f"asked for a gain of {memory.gain:g}, the instrument holds "
            f"{protocol.from_funky_float(held):g}",
            f"{link.port.name}: detector gain",
            REMEDY,
        )


def _startup_ms(memory: Eeprom, limits: Limits) -> int:
    if not memory.blank and limits.hold(memory.startup_integration_ms):
        return memory.startup_integration_ms
    return max(DEFAULT_INTEGRATION_MS, int(limits.lowest))


def _detector_facts(link: Link, memory: Eeprom, revisions: str, said: Facts) -> DetectorFacts:
    pixels = memory.pixels or _line_length(link)
    low, high = memory.integration_limits_ms
    axis = StatedAxis()
    if memory.axis_nm:
        axis = StatedAxis(memory.axis_nm, 0, AxisSource.INSTRUMENT)
    first, last = memory.roi_horizontal
    sane = not memory.blank and 0 <= first < last < pixels
    thermometer = not memory.blank and "temperature" not in memory.doubts and not link.arm
    return DetectorFacts(
        model=memory.model,
        serial=memory.serial,
        firmware=revisions,
        detector=memory.detector,
        pixels=pixels,
        active_pixels=(first, last + 1) if sane else (0, pixels),
        integration_time_ms=Limits(float(low), float(high), "ms"),
        saturation_counts=float(FULL_COUNT),
        axis=axis,
        reads_temperature=thermometer,
        bad_pixels=memory.bad_pixels,
        facts=said,
    )


def _line_length(link: Link) -> int:
    """Ask the board how many pixels it sends, for a memory that does not say it."""
    try:
        pixels = protocol.little(link.ask(LINE_LENGTH, "line length"))
    except StalledError:
        pixels = 0
    if not 16 <= pixels <= 8192:
        raise MemoryContentError(
            "neither its memory nor its board say how many pixels it has",
            link.port.name,
            "send it to the maker; it cannot be used",
        )
    return pixels


def _memory_facts(memory: Eeprom, pages: list[bytes], *, cooled: bool) -> Facts:
    digest = hashlib.sha256(b"".join(pages)).hexdigest()
    found = [("memory_format", str(memory.format)), ("memory_sha256", digest)]
    found += [(f"memory_{doubt.code}", doubt.words) for doubt in memory.findings]
    if memory.blank:
        return tuple(found)
    found += [
        ("calibration_date", memory.calibration_date),
        ("calibrated_by", memory.calibrated_by),
        ("slit_um", str(memory.slit_um)),
        ("resolution_cm1", f"{memory.resolution_cm1:g}"),
        ("features", ", ".join(memory.features)),
        ("configuration", memory.product_configuration),
        ("cooler", "on" if cooled else "not switched on"),
        ("turned_round", "yes" if memory.has(INVERT_X) else "no"),
    ]
    if memory.subformat in {1, 5}:
        found.append(("intensity_log10", repr(memory.intensity_log10)))
    if memory.gain != memory.gain_odd and not memory.has(HARDWARE_EVEN_ODD):
        found.append(("odd_pixels", "gain and offset of odd pixels are not evened out"))
    return tuple(item for item in found if item[1])
