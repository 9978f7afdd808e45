"""What an Ocean Binary Protocol instrument tells of itself, read once when it is opened.

Its memory may be blank or hold nonsense: then a fact says so, and no axis is stated.
"""

from __future__ import annotations

import math

import numpy as np

from devices.drivers.ocean_obp.link import ObpLink
from devices.drivers.ocean_obp.messages import Code
from devices.drivers.ocean_obp.models import ObpModel
from devices.drivers.ocean_obp.protocol import ObpRefusedError, bcd_text
from devices.interface import Limits
from devices.parts import AxisSource, DetectorFacts, StatedAxis

MOST_COEFFICIENTS = 16
MOST_TEXT = 64
SHORTEST_NM, LONGEST_NM = 150.0, 2_600.0
DETECTOR_SENSOR = 2

Told = list[tuple[str, str]]


def read_facts(link: ObpLink, model: ObpModel, origin: int) -> DetectorFacts:
    """Ask the instrument what it is.

    Parameters
    ----------
    link : ObpLink
        To it.
    model : ObpModel
        Its row.
    origin : int
        Index of the pixel where the wavelength polynomial's variable is 0.
    """
    told: Told = []
    serial = _text(link, Code.GET_SERIAL_NUMBER, "serial number", told)
    firmware = _revision(link, Code.GET_FIRMWARE_REVISION)
    _note(told, "FPGA revision", _revision(link, Code.GET_FPGA_REVISION))
    _note(told, "alias", _text(link, Code.GET_ALIAS, "alias", told))
    axis = _axis(link, model, origin, told)
    for name, count, each in (
        ("non-linearity", Code.GET_NONLINEARITY_COUNT, Code.GET_NONLINEARITY),
        ("stray light", Code.GET_STRAY_LIGHT_COUNT, Code.GET_STRAY_LIGHT),
    ):
        values = _coefficients(link, count, each)
        _note(told, f"{name} coefficients", _listed(values))
        if not all(map(math.isfinite, values)):
            told.append((f"{name} warning", "blank or no numbers: not to be used"))
    reads_temperature = _sensors(link, model, told)
    told.append(("checksums", "MD5" if link.checksum else "none: damage in transit goes unseen"))
    if link.baud is not None:
        told.append(("baud", str(link.baud)))
    if model.electric_dark:
        ranges = ", ".join(f"{first}-{last - 1}" for first, last in model.electric_dark)
        told.append(("covered pixels", ranges))
    low, high = model.integration_us
    return DetectorFacts(
        model=f"Ocean {model.name}",
        serial=serial,
        firmware=firmware,
        detector="",
        pixels=model.pixels,
        active_pixels=model.active,
        integration_time_ms=Limits(low / 1000.0, high / 1000.0, "ms"),
        saturation_counts=float(model.saturation),
        axis=axis,
        reads_temperature=reads_temperature,
        facts=tuple(told),
    )


def _axis(link: ObpLink, model: ObpModel, origin: int, told: Told) -> StatedAxis:
    """Return the axis as the instrument states it, or none when it makes no sense."""
    values = _coefficients(link, Code.GET_WAVELENGTH_COUNT, Code.GET_WAVELENGTH)
    told.append(("wavelength coefficients", _listed(values)))
    why = _no_axis(values, model, origin)
    if why:
        told.append(("wavelength warning", why))
        return StatedAxis()
    from_sheet = origin == model.wavelength_origin
    source = "data sheet: the calibration refers to the active pixels"
    told.append(
        (
            "wavelength origin",
            f"pixel {origin} ({source if from_sheet else 'configuration of the station'})",
        )
    )
    return StatedAxis(values, origin, AxisSource.INSTRUMENT)


def _no_axis(values: tuple[float, ...], model: ObpModel, origin: int) -> str:
    if len(values) < 2 or not all(map(math.isfinite, values)):
        return "blank or no numbers: it states no axis"
    pixels = np.arange(*model.active, dtype=np.float64) - origin
    with np.errstate(over="ignore", invalid="ignore"):
        nm = np.polynomial.polynomial.polyval(pixels, values)
        rising = bool((np.diff(nm) > 0.0).all())
    if not rising:
        return "the wavelength does not rise over the detector: it states no axis"
    if nm[0] < SHORTEST_NM or nm[-1] > LONGEST_NM:
        return f"{nm[0]:g} to {nm[-1]:g} nm is no spectrometer's range: it states no axis"
    return ""


def _coefficients(link: ObpLink, count: Code, each: Code) -> tuple[float, ...]:
    try:
        many = int(link.number(count))
        many = many if many <= MOST_COEFFICIENTS else 0
        return tuple(link.number(each, at) for at in range(many))
    except ObpRefusedError:
        return ()


def _sensors(link: ObpLink, model: ObpModel, told: Told) -> bool:
    """Note the state of the cooler; return whether the detector's temperature can be read."""
    try:
        if not model.cooled:
            return int(link.number(Code.GET_TEMPERATURE_COUNT)) > DETECTOR_SENSOR
        link.number(Code.GET_TEC_TEMPERATURE)
        told.append(("cooler", "on" if link.number(Code.GET_TEC_ENABLED) else "off"))
        told.append(("cooler set point C", f"{link.number(Code.GET_TEC_SETPOINT):g}"))
    except ObpRefusedError:
        # Not every housing has a cooler or a sensor at the detector.
        return False
    return True


def _text(link: ObpLink, code: Code, name: str, told: Told) -> str:
    """Return a text, empty when the memory is blank or holds no text."""
    try:
        raw = link.get(code)[0]
    except ObpRefusedError:
        return ""
    text = (raw if isinstance(raw, bytes) else b"").split(b"\0")[0][:MOST_TEXT]
    if not text.isascii() or not text.decode("ascii", "replace").isprintable():
        told.append((f"{name} warning", f"blank or no text: {text.hex()}"))
        return ""
    return text.decode("ascii").strip()


def _revision(link: ObpLink, code: Code) -> str:
    try:
        return bcd_text(int(link.number(code)))
    except ObpRefusedError:
        return ""


def _listed(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.9g}" for value in values)


def _note(told: Told, name: str, text: str) -> None:
    if text:
        told.append((name, text))
