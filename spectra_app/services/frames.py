"""From a raw frame to a spectrum, and from a driver's error to one of the program's."""

from __future__ import annotations

import numpy as np

from devices.errors import AbortedError, DeviceError
from devices.frame import RawFrame
from matching.spectrum import Acquisition, FloatArray, Spectrum, Step
from spectra_app.errors import AppError


class AnalyserError(AppError):
    """The analyser could not be used; the words are the driver's own.

    `kept` are the SHA-256 of what had been measured until then, in the evidence store; `lit` is
    whether the laser was asked to fire; `device_code` is the code of the driver's error.
    """

    code = "analyser"
    kept: tuple[str, ...] = ()
    lit: bool = False
    device_code: str = ""


class StoppedError(AnalyserError):
    """It was stopped by the user before there was what he wanted."""

    code = "stopped"


def kept_by(error: BaseException) -> tuple[str, ...]:
    """Return the SHA-256 of what was kept of a measurement that ended with an error."""
    kept: tuple[str, ...] = getattr(error, "kept", ())
    return kept


def as_app_error(error: DeviceError) -> AnalyserError:
    """Return a driver's error as one of the program's, with the same words.

    What was noted with it, such as a laser that may be on, is said first.
    """
    notes = getattr(error, "__notes__", ())
    kind = StoppedError if isinstance(error, AbortedError) else AnalyserError
    made = kind("; ".join((*notes, error.what)), error.where, error.remedy)
    made.device_code = error.code
    return made


def spectrum_of_frame(frame: RawFrame) -> Spectrum:
    """Make a spectrum of a raw frame: dark subtracted when there is one, axis in cm-1."""
    history: tuple[Step, ...] = ()
    intensity = frame.counts
    if frame.dark is not None:
        intensity = frame.counts - frame.dark
        history = (Step("dark subtracted"),)
    bad = [pixel for pixel in frame.bad_pixels if frame.active.start <= pixel < frame.active.stop]
    if bad:
        intensity = _bridged(intensity, bad)
        history = (*history, Step("bad pixels bridged", (("pixels", ", ".join(map(str, bad))),)))
    return Spectrum(
        frame.raman_shift_cm1(),
        intensity[frame.active],
        laser_nm=frame.laser_nm,
        acquisition=Acquisition(
            integration_time_ms=frame.integration_time_ms,
            averages=frame.averages,
            laser_power=frame.laser_power,
            detector_temperature_c=frame.temperature_c,
            instrument=frame.model,
            serial=frame.serial,
            detector=frame.detector,
            measured_at=frame.clock,
            saturation_counts=frame.saturation_counts,
            saturated="saturated" in frame.flags,
            emulated=frame.emulated,
        ),
        history=history,
    )


def _bridged(intensity: FloatArray, bad: list[int]) -> FloatArray:
    """Return `intensity` with the pixels that the instrument calls bad interpolated linearly."""
    good = np.setdiff1d(np.arange(intensity.size), bad)
    bridged = intensity.copy()
    bridged[bad] = np.interp(bad, good, intensity[good])
    return bridged
