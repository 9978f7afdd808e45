"""The memory (EEPROM) of a Wasatch Photonics analyser: pages of 64 bytes to one frozen record.

All numbers little-endian; which fields there are depends on the format version in the last byte of
page 0. Source: the vendor's open Wasatch.PY and Wasatch.NET (MIT), after the vendor's ENG-0034.
Nothing is mended: `memory_checks.parse` makes a finding of what is blank or makes no sense, and the
values that the driver may rely on (`laser_wavelength_nm`, `axis_nm`, `pixels` and so on) are then
None or empty.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from devices.drivers.wasatch.opcodes import LONGEST_INTEGRATION_MS, PAGE_BYTES
from devices.errors import BadAnswerError

FEWEST_PAGES = 8
BAD_PIXEL_PLACES = 15
Coefficients = tuple[float, ...]

INVERT_X = 0x0001
HORIZONTAL_BINNING = 0x0002
GEN_15 = 0x0004
CUTOFF_FILTER = 0x0008
HARDWARE_EVEN_ODD = 0x0010
LASER_TEC = 0x0020
INTERLOCK_FEEDBACK = 0x0040
SHUTTER = 0x0080
INTERLOCK_EXCLUDED = 0x0400
FEATURES = (
    "invert_x", "horizontal_binning", "gen_1.5", "cutoff_filter", "hardware_even_odd", "laser_tec",
    "interlock_feedback", "shutter", "disable_ble_power", "disable_laser_armed_led",
    "interlock_excluded", "laser_timeout_after_count", "oem",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """Where a field lies.

    Parameters
    ----------
    name : str
        Field of `Eeprom`.
    page, offset : int
        Where it starts.
    code : str
        A code of `struct` (with a count it is a tuple), or ``s`` with a length for text.
    since, until : int
        First and last format version that has it.
    """

    name: str
    page: int
    offset: int
    code: str
    since: int = 0
    until: int = 255

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return struct.calcsize("<" + self.code)


LAYOUT = (
    Field("model", 0, 0, "16s"),
    Field("serial", 0, 16, "16s"),
    Field("baud", 0, 32, "I"),
    Field("has_cooling", 0, 36, "B"),
    Field("has_battery", 0, 37, "B"),
    Field("has_laser", 0, 38, "B"),
    Field("feature_mask", 0, 39, "H", since=9),
    Field("excitation_whole_nm", 0, 39, "H", until=8),
    Field("slit_um", 0, 41, "H"),
    Field("startup_integration_ms", 0, 43, "H", since=3),
    Field("startup_temperature_c", 0, 45, "h", since=3),
    Field("startup_trigger", 0, 47, "B", since=3),
    Field("gain", 0, 48, "f", since=3),
    Field("offset", 0, 52, "h", since=3),
    Field("gain_odd", 0, 54, "f", since=3),
    Field("offset_odd", 0, 58, "h", since=3),
    Field("laser_tec_setpoint", 0, 60, "H", since=16),
    Field("format", 0, 63, "B"),
    Field("wavelength_nm", 1, 0, "4f"),
    Field("celsius_to_dac", 1, 16, "3f"),
    Field("highest_temperature_c", 1, 28, "h"),
    Field("lowest_temperature_c", 1, 30, "h"),
    Field("adc_to_celsius", 1, 32, "3f"),
    Field("thermistor_r298", 1, 44, "h"),
    Field("thermistor_beta", 1, 46, "h"),
    Field("calibration_date", 1, 48, "12s"),
    Field("calibrated_by", 1, 60, "3s"),
    Field("detector", 2, 0, "16s"),
    Field("active_pixels", 2, 16, "H"),
    Field("laser_warm_up_s", 2, 18, "B", since=10),
    Field("active_rows", 2, 19, "H"),
    Field("wavelength_c4", 2, 21, "f", since=8),
    Field("lowest_integration_short_ms", 2, 21, "H", until=4),
    Field("highest_integration_short_ms", 2, 23, "H", until=4),
    Field("actual_pixels", 2, 25, "H"),
    Field("roi_horizontal", 2, 27, "2H"),
    Field("roi_vertical", 2, 31, "6H"),
    Field("linearity", 2, 43, "5f"),
    Field("highest_laser_temperature_c", 3, 11, "b", since=18),
    Field("laser_power", 3, 12, "4f"),
    Field("highest_power_mw", 3, 28, "f"),
    Field("lowest_power_mw", 3, 32, "f"),
    Field("excitation_nm", 3, 36, "f", since=4),
    Field("lowest_integration_ms", 3, 40, "I", since=5),
    Field("highest_integration_ms", 3, 44, "I", since=5),
    Field("resolution_cm1", 3, 48, "f", since=7),
    Field("laser_watchdog_s", 3, 52, "H", since=15),
    Field("light_source", 3, 54, "B", since=15),
    Field("power_timeout_s", 3, 55, "H", since=16),
    Field("detector_timeout_s", 3, 57, "H", since=16),
    Field("binning_mode", 3, 59, "B", since=16),
    Field("startup_averages", 3, 60, "B", since=18),
    Field("attenuator", 3, 61, "B", since=18),
    Field("user_text", 4, 0, "63s"),
    Field("bad_pixel_places", 5, 0, "15h"),
    Field("product_configuration", 5, 30, "16s", since=5),
    Field("subformat", 5, 63, "B", since=7),
)
INTENSITY_LAYOUT = (  # subformats 1 and 5
    Field("intensity_order", 6, 0, "B"),
    Field("intensity_log10", 6, 1, "6f"),
)
UNTETHERED_LAYOUT = (Field("untethered", 7, 0, "BHBBHBB"),)  # subformat 3
PASSWORD_LAYOUT = (Field("laser_password", 8, 0, "15s"),)  # XS units, format 18 and later


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the memory that cannot be relied on: a stable code, and words."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Eeprom:
    """What the memory holds, as it stands there; the field's place is in `LAYOUT`.

    Units are in the names; coefficients are lowest order first. Fields that the format version
    does not have keep the value given here. `findings` says what cannot be relied on.
    """

    format: int = 0
    model: str = ""
    serial: str = ""
    baud: int = 0
    has_cooling: int = 0
    has_battery: int = 0
    has_laser: int = 0
    feature_mask: int = 0
    excitation_whole_nm: int = 0
    slit_um: int = 0
    startup_integration_ms: int = 0
    startup_temperature_c: int = 0
    startup_trigger: int = 0
    gain: float = 0.0
    offset: int = 0
    gain_odd: float = 0.0
    offset_odd: int = 0
    laser_tec_setpoint: int = 0
    wavelength_nm: Coefficients = (0.0, 0.0, 0.0, 0.0)
    wavelength_c4: float = 0.0
    celsius_to_dac: Coefficients = (0.0, 0.0, 0.0)
    highest_temperature_c: int = 0
    lowest_temperature_c: int = 0
    adc_to_celsius: Coefficients = (0.0, 0.0, 0.0)
    thermistor_r298: int = 0
    thermistor_beta: int = 0
    calibration_date: str = ""
    calibrated_by: str = ""
    detector: str = ""
    active_pixels: int = 0
    laser_warm_up_s: int = 0
    active_rows: int = 0
    lowest_integration_short_ms: int = 0
    highest_integration_short_ms: int = 0
    actual_pixels: int = 0
    roi_horizontal: tuple[int, ...] = (0, 0)
    roi_vertical: tuple[int, ...] = (0, 0, 0, 0, 0, 0)
    linearity: Coefficients = (0.0, 0.0, 0.0, 0.0, 0.0)
    highest_laser_temperature_c: int = 0
    laser_power: Coefficients = (0.0, 0.0, 0.0, 0.0)
    highest_power_mw: float = 0.0
    lowest_power_mw: float = 0.0
    excitation_nm: float = 0.0
    lowest_integration_ms: int = 0
    highest_integration_ms: int = 0
    resolution_cm1: float = 0.0
    laser_watchdog_s: int = 0
    light_source: int = 0
    power_timeout_s: int = 0
    detector_timeout_s: int = 0
    binning_mode: int = 0
    startup_averages: int = 0
    attenuator: int = 0
    user_text: str = ""
    bad_pixel_places: tuple[int, ...] = (-1,) * BAD_PIXEL_PLACES
    product_configuration: str = ""
    subformat: int = 0
    intensity_order: int = 0
    intensity_log10: Coefficients = (0.0,) * 6
    untethered: tuple[int, ...] = (0,) * 7
    laser_password: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def doubts(self) -> frozenset[str]:
        """Codes of all findings."""
        return frozenset(finding.code for finding in self.findings)

    @property
    def blank(self) -> bool:
        """Whether nothing was ever written to it."""
        return "blank" in self.doubts

    @property
    def stated_excitation_nm(self) -> float:
        """The excitation wavelength as it stands there."""
        return self.excitation_nm if self.format >= 4 else float(self.excitation_whole_nm)

    @property
    def laser_wavelength_nm(self) -> float | None:
        """The excitation wavelength in nm, or None when it makes no sense."""
        return None if self.doubts & {"blank", "excitation"} else self.stated_excitation_nm

    @property
    def stated_axis_nm(self) -> Coefficients:
        """The wavelength polynomial as it stands there, five coefficients."""
        return (*self.wavelength_nm, self.wavelength_c4)

    @property
    def axis_nm(self) -> Coefficients:
        """The wavelength polynomial in nm over pixels from 0, or empty when it makes no sense."""
        unsure = self.doubts & {"blank", "axis", "axis_falls", "pixels"}
        return () if unsure else self.stated_axis_nm

    @property
    def pixels(self) -> int | None:
        """How many pixels a spectrum has, or None when it makes no sense."""
        return None if self.doubts & {"blank", "pixels"} else self.active_pixels

    @property
    def integration_limits_ms(self) -> tuple[int, int]:
        """Shortest and longest exposure; those of the protocol where the memory makes no sense."""
        if self.doubts & {"blank", "integration_limits"}:
            return 1, LONGEST_INTEGRATION_MS
        if self.format >= 5:
            return self.lowest_integration_ms, self.highest_integration_ms
        return self.lowest_integration_short_ms, self.highest_integration_short_ms

    @property
    def bad_pixels(self) -> tuple[int, ...]:
        """Pixels that are not to be used, rising; those outside the detector are left out."""
        if self.doubts & {"blank", "pixels"}:
            return ()
        return tuple(
            sorted({place for place in self.bad_pixel_places if 0 <= place < self.active_pixels})
        )

    def has(self, feature: int) -> bool:
        """Return whether a bit of the feature mask is set, in formats that have one."""
        return not self.blank and self.format >= 9 and bool(self.feature_mask & feature)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that are set."""
        return tuple(name for bit, name in enumerate(FEATURES) if self.has(1 << bit))


def layout(version: int, subformat: int, *, with_password: bool) -> tuple[Field, ...]:
    """Return the fields of a memory of format `version`."""
    chosen = [field for field in LAYOUT if field.since <= version <= field.until]
    if version >= 7 and subformat in {1, 5}:
        chosen += INTENSITY_LAYOUT
    if version >= 7 and subformat == 3:
        chosen += UNTETHERED_LAYOUT
    if version >= 18 and with_password:
        chosen += PASSWORD_LAYOUT
    return tuple(chosen)


def decode(pages: Sequence[bytes]) -> Eeprom:
    """Return what `pages` (at least 8, of 64 bytes) hold, nothing judged but whether it is blank.

    Raises
    ------
    BadAnswerError
        When there are too few pages or one is not 64 bytes: that is the wire, not the memory.
    """
    if len(pages) < FEWEST_PAGES or any(len(page) != PAGE_BYTES for page in pages):
        sizes = ", ".join(str(len(page)) for page in pages)
        raise BadAnswerError(
            f"pages of {sizes} bytes came, at least {FEWEST_PAGES} of {PAGE_BYTES} expected",
            "memory",
            "unplug the analyser and plug it in again",
        )
    if all(byte == 0xFF for page in pages[:FEWEST_PAGES] for byte in page):
        words = "the memory was never written to: no serial number, no axis, no laser wavelength"
        return Eeprom(format=0xFF, findings=(Finding("blank", words),))
    version, subformat = pages[0][63], pages[5][63]
    # A password page of an FX2 unit is nothing: reading past the memory gives 0xFF.
    written = len(pages) > FEWEST_PAGES and set(pages[FEWEST_PAGES]) != {0xFF}
    values: dict[str, Any] = {
        field.name: _read(pages[field.page], field)
        for field in layout(version, subformat, with_password=written)
    }
    return Eeprom(**values)


def _read(page: bytes, field: Field) -> object:
    values = struct.unpack_from("<" + field.code, page, field.offset)
    if field.code.endswith("s"):
        return text_of(values[0])
    return values[0] if len(values) == 1 else values


def text_of(raw: bytes) -> str:
    """Return text up to the first NUL; bytes that are no printable ASCII become ``"?"``.

    A field of nothing but 0xFF is not written, so empty.
    """
    if set(raw) <= {0xFF}:
        return ""
    kept = raw.split(b"\0", 1)[0]
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in kept).strip()
