"""The spectrum: one frozen record that everything above passes around."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matching.errors import AxisError, IntensityError, SpectrumError

FloatArray = NDArray[np.float64]
Technique = Literal["Raman", "SERS"]

MIN_POINTS = 16
MAX_POINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done to a spectrum, in the order it was done.

    Parameters
    ----------
    name : str
        Name of the step, for example ``"dark subtracted"``.
    settings : tuple of (str, str)
        What it was done with.
    """

    name: str
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Acquisition:
    """Facts about how a spectrum was measured; ``None`` where the source did not say.

    Parameters
    ----------
    integration_time_ms : float or None
        Integration time of one exposure in milliseconds.
    averages : int or None
        Number of exposures averaged.
    laser_power : str or None
        Power as the source states it, with its unit (``"100 %"``, ``"45 mW"``).
    detector_temperature_c : float or None
        Detector temperature in degrees Celsius.
    instrument, serial, detector : str or None
        Model, serial number and detector type.
    measured_at : str or None
        Time of measurement as the source states it.
    saturation_counts : float or None
        Count at which the detector saturates, when known.
    saturated : bool
        True when the source says, or its raw counts show, that the detector was at its limit.
    emulated : bool
        True when no real instrument produced the data.
    """

    integration_time_ms: float | None = None
    averages: int | None = None
    laser_power: str | None = None
    detector_temperature_c: float | None = None
    instrument: str | None = None
    serial: str | None = None
    detector: str | None = None
    measured_at: str | None = None
    saturation_counts: float | None = None
    saturated: bool = False
    emulated: bool = False


def frozen_array(values: ArrayLike) -> FloatArray:
    """Return a read-only float64 copy of `values` (a view of it cannot be made writeable)."""
    fresh = np.array(values, dtype=np.float64, copy=True, order="C")
    if not fresh.size:
        fresh.flags.writeable = False
        return fresh
    return np.frombuffer(fresh.tobytes(), dtype=np.float64).reshape(fresh.shape)


@dataclass(frozen=True, eq=False, slots=True)
class Spectrum:
    """A Raman spectrum; arrays are copied and read-only, identity is the content hash.

    Parameters
    ----------
    raman_shift_cm1 : array_like, shape (n,)
        Raman shift in cm-1, finite and strictly increasing, ``16 <= n <= 1_000_000``.
    intensity : array_like, shape (n,)
        Intensity in counts or arbitrary units, finite.
    laser_nm : float or None
        Excitation wavelength in nm; None when the source does not say.
    technique : {"Raman", "SERS"}
        The two are never compared with each other.
    acquisition : Acquisition
        How it was measured.
    history : tuple of Step
        What was done to it since it left the instrument.

    Raises
    ------
    AxisError, IntensityError, SpectrumError
        When the arrays are not a spectrum.
    """

    raman_shift_cm1: FloatArray
    intensity: FloatArray
    laser_nm: float | None = None
    technique: Technique = "Raman"
    acquisition: Acquisition = field(default_factory=Acquisition)
    history: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        axis, intensity = frozen_array(self.raman_shift_cm1), frozen_array(self.intensity)
        check_axis(axis)
        check_intensity(intensity, axis.size)
        if self.laser_nm is not None and not 150.0 <= self.laser_nm <= 2500.0:
            raise SpectrumError(
                f"the excitation wavelength {self.laser_nm:g} nm is outside 150-2500 nm",
                "",
                "state the laser line in nanometres",
            )
        if self.technique not in {"Raman", "SERS"}:
            raise SpectrumError(
                f"unknown technique {self.technique!r}", "", "use 'Raman' or 'SERS'"
            )
        object.__setattr__(self, "raman_shift_cm1", axis)
        object.__setattr__(self, "intensity", intensity)

    @property
    def range_cm1(self) -> tuple[float, float]:
        """First and last Raman shift in cm-1."""
        return float(self.raman_shift_cm1[0]), float(self.raman_shift_cm1[-1])

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over axis, intensity, laser line and technique."""
        digest = hashlib.sha256()
        digest.update(self.raman_shift_cm1.astype("<f8").tobytes())
        digest.update(self.intensity.astype("<f8").tobytes())
        digest.update(f"{self.laser_nm!r}|{self.technique}".encode())
        return digest.hexdigest()

    def after(self, step: Step, intensity: ArrayLike) -> Spectrum:
        """Return this spectrum with new intensities and `step` added to its history."""
        return replace(self, intensity=frozen_array(intensity), history=(*self.history, step))

    def __copy__(self) -> Spectrum:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Spectrum:
        return self


def check_axis(axis: FloatArray) -> None:
    """Raise AxisError unless `axis`, shape (n,), is finite and strictly increasing in cm-1."""
    if axis.ndim != 1 or axis.size < MIN_POINTS:
        raise AxisError(
            f"the axis has {axis.size} point(s); a spectrum needs at least {MIN_POINTS}",
            "",
            "export the whole spectrum from the instrument's software again",
        )
    if axis.size > MAX_POINTS:
        raise AxisError(
            f"the axis has {axis.size:,} points; at most {MAX_POINTS:,} are read",
            "",
            "check that the file holds one spectrum and not a map",
        )
    if not np.isfinite(axis).all():
        raise AxisError("the axis holds values that are not numbers", "", "export it again")
    steps = np.diff(axis)
    if (steps <= 0).any():
        at = int(np.argmax(steps <= 0))
        kind = "repeated" if steps[at] == 0 else "not increasing"
        raise AxisError(
            f"the axis is {kind} after point {at + 1} ({axis[at]:g} -> {axis[at + 1]:g} cm-1)",
            "",
            "check that the right column is taken as the Raman shift axis",
        )


def check_intensity(intensity: FloatArray, points: int) -> None:
    """Raise IntensityError unless `intensity` is finite and has shape (points,)."""
    if intensity.shape != (points,):
        raise IntensityError(
            f"{points} axis points but intensities of shape {intensity.shape}",
            "",
            "check that no row was lost",
        )
    finite = np.isfinite(intensity)
    if not finite.all():
        at = int(np.argmin(finite))
        raise IntensityError(
            f"the intensity of point {at + 1} is not a number", "", "measure or export it again"
        )
    largest = float(np.max(np.abs(intensity)))
    if largest > 1e30 or 0.0 < largest < 1e-30:
        raise IntensityError(
            f"an intensity of {largest:g} is not a measurement", "", "check the column chosen"
        )
