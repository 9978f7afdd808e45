"""What in the memory (EEPROM) of a Wasatch Photonics analyser cannot be relied on.

Nothing is mended and nothing guessed: each doubt is a finding with a code and words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from devices.drivers.wasatch.eeprom import Eeprom, Finding, decode
from devices.drivers.wasatch.opcodes import LONGEST_INTEGRATION_MS

NEWEST_KNOWN_FORMAT = 19
MAX_PIXELS = 8192


def parse(pages: Sequence[bytes]) -> Eeprom:
    """Return what `pages` (at least 8, of 64 bytes) hold, with what cannot be relied on.

    Raises
    ------
    BadAnswerError
        When there are too few pages or one is not 64 bytes: that is the wire, not the memory.
    """
    memory = decode(pages)
    return memory if memory.blank else replace(memory, findings=tuple(_findings(memory, pages)))


def _findings(memory: Eeprom, pages: Sequence[bytes]) -> list[Finding]:
    found = [
        Finding("page_blank", f"page {number} was never written to")
        for number in range(4)
        if set(pages[number]) == {0xFF}
    ]
    for check in (_check_head, _check_pixels, _check_axis, _check_ranges, _check_polynomials):
        found += check(memory)
    return found


def _check_head(memory: Eeprom) -> list[Finding]:
    found = []
    if memory.format in {0, 0xFF}:
        found.append(Finding("format", f"format version {memory.format} is none"))
    elif memory.format > NEWEST_KNOWN_FORMAT:
        words = f"format version {memory.format} is newer than {NEWEST_KNOWN_FORMAT}"
        found.append(Finding("format", f"{words}, and read as that"))
    found += [
        Finding("text", f"{name} is not all printable text")
        for name in ("model", "serial", "detector", "calibration_date", "calibrated_by")
        if "?" in getattr(memory, name)
    ]
    found += [
        Finding("flags", f"{name} is {getattr(memory, name)}, neither yes nor no")
        for name in ("has_cooling", "has_battery", "has_laser")
        if getattr(memory, name) not in {0, 1}
    ]
    return found


def _check_pixels(memory: Eeprom) -> list[Finding]:
    found = []
    if not 16 <= memory.active_pixels <= MAX_PIXELS:
        return [Finding("pixels", f"{memory.active_pixels} pixels are not possible")]
    outside = [place for place in memory.bad_pixel_places if place >= memory.active_pixels]
    outside += [place for place in memory.bad_pixel_places if place < -1]
    if outside:
        found.append(Finding("bad_pixels", f"bad pixels outside the detector: {outside}"))
    return found


def _check_axis(memory: Eeprom) -> list[Finding]:
    stated = memory.stated_axis_nm
    if not all(math.isfinite(value) for value in stated) or not any(stated[1:]):
        return [Finding("axis", f"the wavelength coefficients {stated} make no sense")]
    pixel = np.arange(max(2, min(memory.active_pixels, MAX_PIXELS)), dtype=np.float64)
    with np.errstate(all="ignore"):
        nm = np.polynomial.polynomial.polyval(pixel, stated)
    if not (np.isfinite(nm).all() and nm.min() >= 150.0 and nm.max() <= 5000.0):
        return [Finding("axis", "the wavelength coefficients give no wavelengths of light")]
    steps = np.diff(nm)
    if (steps < 0).all():
        return [Finding("axis_falls", "the wavelength falls from pixel to pixel")]
    if not (steps > 0).all():
        return [Finding("axis", "the wavelength does not rise from pixel to pixel")]
    return []


def _check_ranges(memory: Eeprom) -> list[Finding]:
    found = []
    laser = memory.stated_excitation_nm
    if not (math.isfinite(laser) and 200.0 <= laser <= 2000.0):
        found.append(Finding("excitation", f"an excitation of {laser:g} nm makes no sense"))
    if memory.format >= 5:
        low, high = memory.lowest_integration_ms, memory.highest_integration_ms
    else:
        low, high = memory.lowest_integration_short_ms, memory.highest_integration_short_ms
    if not 1 <= low < high <= LONGEST_INTEGRATION_MS:
        words = f"integration times of {low} to {high} ms make no sense"
        found.append(Finding("integration_limits", words))
    if memory.format >= 3:
        gain = memory.gain
        if not (math.isfinite(gain) and 0.0 < gain < 256.0):
            found.append(Finding("gain", f"a detector gain of {gain:g} makes no sense"))
    if memory.lowest_temperature_c > memory.highest_temperature_c:
        found.append(Finding("cooler", "the lowest detector temperature is above the highest"))
    return found


def _check_polynomials(memory: Eeprom) -> list[Finding]:
    found = []
    for code, words, values in (
        ("cooler", "the cooler is not calibrated", memory.celsius_to_dac),
        ("temperature", "the detector's thermometer is not calibrated", memory.adc_to_celsius),
        ("power", "the laser power is not finite", (*memory.laser_power, memory.highest_power_mw)),
    ):
        unusable = not all(math.isfinite(value) for value in values)
        if unusable or (code != "power" and not any(values[1:])):
            found.append(Finding(code, words))
    return found
