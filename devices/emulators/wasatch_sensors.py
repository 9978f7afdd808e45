"""What the converters of an emulated Wasatch Photonics analyser read at a temperature."""

from __future__ import annotations

import math

from devices.drivers.wasatch.opcodes import DAC_BITS
from devices.drivers.wasatch.protocol import ARM_LASER_CELSIUS, polynomial


def laser_raw(celsius: float, *, arm: bool) -> int:
    """Return the 12 bits of the laser's thermometer (see `protocol.laser_celsius`)."""
    if arm:
        return round(solved(ARM_LASER_CELSIUS, celsius, 0.0, float(DAC_BITS)))
    ohms = 10000.0 * math.exp(3977.0 / (celsius + 273.0) - 3977.0 / 298.0)
    return round(4096.0 * ohms / (21450.0 + ohms))


def detector_raw(celsius: float, coefficients: tuple[float, ...]) -> int:
    """Return the 12 bits of the detector's thermometer with that calibration."""
    return round(solved(coefficients, celsius, 0.0, float(DAC_BITS)))


def solved(coefficients: tuple[float, ...], wanted: float, low: float, high: float) -> float:
    """Return where a monotonic polynomial takes the value `wanted`; the nearer end outside."""
    falls = polynomial(coefficients, low) > polynomial(coefficients, high)
    for _ in range(50):
        middle = 0.5 * (low + high)
        if (polynomial(coefficients, middle) < wanted) != falls:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
