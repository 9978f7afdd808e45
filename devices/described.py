"""What an analyser made of a detector and a laser is, and can do, by what both parts state."""

from __future__ import annotations

import numpy as np

from devices.errors import FrameError
from devices.frame import raman_shift_axis
from devices.interface import AnalyserInfo, Capabilities, Limits
from devices.parts import DetectorFacts, DetectorPart, LaserPart

MAX_AVERAGES = 100
EMULATED = "EMULATED"  # every emulator's serial number begins so


def info_of(
    detector: DetectorPart, laser: LaserPart | None, family: str, emulated: bool
) -> AnalyserInfo:
    """Return what the analyser is: of the detector, and of a laser in a housing of its own."""
    own = detector.facts
    facts, model, serial, wavelength = own.facts, own.model, own.serial, None
    if laser is not None:
        wavelength = laser.facts.wavelength_nm
        if laser.facts.serial != own.serial:  # a laser of its own, in its own housing
            model = f"{own.model} with {laser.facts.model}"
            if own.serial and laser.facts.serial:  # another laser makes it another analyser
                serial = f"{own.serial} with laser {laser.facts.serial}"
            facts = (*facts, ("laser model", laser.facts.model))
            facts = (*facts, ("laser serial number", laser.facts.serial))
        facts = (*facts, *laser.facts.facts)
    serials = (own.serial, laser.facts.serial if laser is not None else "")
    # One that another program serves at a port: nothing but its own word tells that it is one.
    emulated = emulated or any(one.startswith(EMULATED) for one in serials)
    if emulated and "emulated" not in model.lower():
        model = f"{model}, emulated"
    return AnalyserInfo(
        family, model, serial, own.firmware, own.detector, wavelength, emulated, facts
    )


def capabilities_of(facts: DetectorFacts, laser: LaserPart | None) -> Capabilities:
    """Return what can be set and measured with both."""
    return Capabilities(
        integration_time_ms=facts.integration_time_ms,
        averages=Limits(1, MAX_AVERAGES, ""),
        laser_power_percent=laser.facts.power_percent if laser else Limits(0.0, 100.0, "%"),
        pixels=facts.pixels,
        range_cm1=_range(facts, laser.facts.wavelength_nm if laser else None),
        saturation_counts=facts.saturation_counts,
        reads_temperature=facts.reads_temperature,
        switches_laser=laser is not None,
    )


def _range(facts: DetectorFacts, laser_nm: float | None) -> tuple[float, float] | None:
    """Return the range of the stated axis; None for one that is not there or cannot be."""
    if laser_nm is None or not facts.axis.coefficients_nm:
        return None
    first, end = facts.active_pixels
    try:
        axis = raman_shift_axis(
            np.array(facts.axis.coefficients_nm),
            end - first,
            laser_nm,
            first=first - facts.axis.pixel_origin,
        )
    except FrameError:
        return None
    return float(axis[0]), float(axis[-1])
