"""What the memory of a spectrometer says, and whether it makes sense."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devices.drivers.ocean_ooi import protocol
from devices.drivers.ocean_ooi.models import OoiModel, Saturation
from devices.parts import AxisSource, Facts, StatedAxis

FPGA_FACT = "read back before and after each exposure"
_BLANK = "blank or unreadable"


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory as far as it makes sense.

    Parameters
    ----------
    serial : str
        Serial number; empty when blank.
    axis : StatedAxis
        Wavelengths, or none.
    saturation_counts : float
        Count of a full pixel.
    facts : Facts
        All slots in words, and what makes no sense.
    """

    serial: str
    axis: StatedAxis
    saturation_counts: float
    facts: Facts


def read_memory(model: OoiModel, slot: Callable[[int], bytes]) -> Memory:
    """Read all slots with `slot` and say what they mean; nothing is guessed."""
    contents = tuple(slot(number) for number in protocol.SLOTS)
    serial = protocol.slot_text(contents[protocol.SERIAL_SLOT]) or ""
    stated = protocol.stated_axis(
        tuple(contents[number] for number in protocol.WAVELENGTH_SLOTS),
        model.pixels,
        model.pixel_origin,
    )
    facts: list[tuple[str, str]] = [] if serial else [("serial number", _BLANK)]
    facts += _axis_facts(contents, stated)
    facts += _correction_facts(contents)
    saturation = protocol.saturation_of(contents[protocol.SATURATION_SLOT], model)
    facts += _saturation_facts(contents, model, saturation)
    axis = StatedAxis(stated or (), model.pixel_origin, AxisSource.INSTRUMENT)
    if stated is None:
        axis = StatedAxis((), model.pixel_origin, AxisSource.NONE)
    return Memory(serial, axis, saturation or float(model.full_count), tuple(facts))


def _axis_facts(contents: tuple[bytes, ...], stated: tuple[float, ...] | None) -> Facts:
    if stated is not None:
        return ()
    shown = ", ".join(_shown(contents[number]) for number in protocol.WAVELENGTH_SLOTS)
    return (("wavelength calibration", f"makes no sense, not used: {shown}"),)


def _correction_facts(contents: tuple[bytes, ...]) -> Facts:
    facts = []
    order = protocol.slot_number(contents[protocol.ORDER_SLOT])
    curve = [protocol.slot_number(contents[number]) for number in protocol.NONLINEARITY_SLOTS]
    if order is not None and order == int(order) and 0 <= order < len(curve):
        known = curve[: int(order) + 1]
        shown = ", ".join(_BLANK if value is None else f"{value:.9g}" for value in known)
        facts.append(("non-linearity, not applied", shown))
    else:
        facts.append(("non-linearity", _BLANK))
    stray = protocol.slot_number(contents[protocol.STRAY_LIGHT_SLOT])
    facts.append(("stray light, not applied", _BLANK if stray is None else f"{stray:.9g}"))
    bench = protocol.slot_text(contents[protocol.BENCH_SLOT])
    facts.append(("optical bench", bench or _BLANK))
    configuration = protocol.slot_text(contents[protocol.CONFIGURATION_SLOT])
    facts.append(("configuration", configuration or _BLANK))
    return tuple(facts)


def _saturation_facts(
    contents: tuple[bytes, ...], model: OoiModel, saturation: float | None
) -> Facts:
    covered = ", ".join(f"{first} to {end - 1}" for first, end in model.dark_pixels)
    facts = [("covered pixels", covered or "none")]
    if saturation is not None:
        gain = model.full_count / saturation
        facts.append(("saturation by its memory", f"{saturation:.0f} counts"))
        facts.append(("gain scaling, not applied", f"{gain:.6f}"))
    elif model.saturation is not Saturation.NOWHERE:
        shown = contents[protocol.SATURATION_SLOT].hex()
        facts.append(("saturation by its memory", f"makes no sense, not used: {shown}"))
    return tuple(facts)


def _shown(content: bytes) -> str:
    text = protocol.slot_text(content)
    return repr(text) if text is not None else f"0x{content.hex()}"
