"""From exposures to a raw frame: pure, with every check that counts have to pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from devices.errors import BadAnswerError
from devices.frame import DARK, DARK_STALE, PARTIAL, SATURATED, TRIAL, FloatArray, RawFrame
from devices.interface import AnalyserInfo
from devices.parts import AxisSource, DetectorFacts, Exposure, Facts

DARK_FITS_WITHIN_K = 1.0
DARK_FITS_WITHIN = timedelta(minutes=10)  # of a detector that cannot say how warm it is


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """One checked exposure: counts, shape (n,), whether a pixel was full, and its facts."""

    counts: FloatArray
    full: bool
    facts: Facts


@dataclass(frozen=True, eq=False, slots=True)
class Exposures:
    """Whole exposures of one integration time; `partial` when fewer than were asked for.

    A `trial` was taken to find the integration time.
    """

    taken: tuple[Measured, ...]
    integration_time_ms: float
    dark: bool
    partial: bool
    trial: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class KeptDark:
    """The dark that later frames may use, and how it was measured."""

    counts: FloatArray
    integration_time_ms: float
    averages: int
    temperature_c: float | None
    clock: str

    def fits(self, milliseconds: float, averages: int) -> bool:
        """Return whether it was measured like that.

        A scan that was stopped early may have fewer averages than its dark, never more.
        """
        return self.integration_time_ms == milliseconds and self.averages >= averages

    def stale(self, temperature_c: float | None, clock: str) -> bool:
        """Return whether the detector has moved by more than 1 K, or cannot say any more.

        Without a thermometer age stands in for it: `clock` is when the frame was measured.
        """
        if self.temperature_c is None:
            age = datetime.fromisoformat(clock) - datetime.fromisoformat(self.clock)
            return abs(age) > DARK_FITS_WITHIN
        return temperature_c is None or abs(self.temperature_c - temperature_c) > DARK_FITS_WITHIN_K


def kept_dark(frame: RawFrame) -> KeptDark:
    """Return the frame of a dark as one to be kept."""
    return KeptDark(
        frame.counts, frame.integration_time_ms, frame.averages, frame.temperature_c, frame.clock
    )


def with_dark(frame: RawFrame, dark: RawFrame) -> RawFrame:
    """Return `frame` with a dark that was measured after it, when that fits by the same rules."""
    kept = kept_dark(dark)
    if PARTIAL in dark.flags or not kept.fits(frame.integration_time_ms, frame.averages):
        return frame
    flags = tuple(flag for flag in frame.flags if flag != DARK_STALE)
    if kept.stale(frame.temperature_c, frame.clock):
        return replace(frame, dark=None, flags=(*flags, DARK_STALE))
    return replace(frame, dark=dark.counts, flags=flags)


def checked_exposure(exposure: Exposure, facts: DetectorFacts, where: str) -> Measured:
    """Return `exposure`, or refuse it.

    Raises
    ------
    BadAnswerError
        When the number of counts is not the detector's, a count is not finite, or all active
        pixels are equal and not full: no detector with noise gives that.
    """
    counts = np.asarray(exposure.counts, dtype=np.float64)
    remedy = "measure again; have the analyser checked when it happens again"
    if counts.shape != (facts.pixels,):
        raise BadAnswerError(
            f"{counts.size} of {facts.pixels} counts came", where, "check the cable, measure again"
        )
    if not np.isfinite(counts).all():
        raise BadAnswerError("a count is not a number", where, remedy)
    first, end = facts.active_pixels
    active = counts[first:end]
    if active.min() == active.max() < facts.saturation_counts:
        raise BadAnswerError(
            f"all pixels have the same count ({active[0]:g}): these are no measured data",
            where,
            remedy,
        )
    return Measured(counts, bool((active >= facts.saturation_counts).any()), exposure.facts)


def frame_of(
    taken: Exposures,
    info: AnalyserInfo,
    facts: DetectorFacts,
    *,
    started: str,
    laser_power: str,
    temperature_c: float | None,
    dark: KeptDark | None,
) -> RawFrame:
    """Return the raw frame of `taken`, with the dark when it still fits."""
    averages = len(taken.taken)
    flags = [DARK] if taken.dark else []
    used = dark if dark and dark.fits(taken.integration_time_ms, averages) else None
    if used is not None and used.stale(temperature_c, started):
        flags.append(DARK_STALE)
        used = None
    flags += [SATURATED] if any(one.full for one in taken.taken) else []
    flags += [PARTIAL] if taken.partial else []
    flags += [TRIAL] if taken.trial else []
    axis = facts.axis
    return RawFrame(
        counts=np.mean([one.counts for one in taken.taken], axis=0),
        dark=None if used is None else used.counts,
        wavelength_coefficients_nm=np.array(axis.coefficients_nm) if axis.coefficients_nm else None,
        laser_nm=info.laser_nm,
        integration_time_ms=taken.integration_time_ms,
        averages=averages,
        laser_power=laser_power,
        serial=info.serial,
        model=info.model,
        firmware=info.firmware,
        detector=info.detector,
        temperature_c=temperature_c,
        saturation_counts=facts.saturation_counts,
        clock=started,
        emulated=info.emulated,
        flags=tuple(flags),
        wavelength_pixel_origin=axis.pixel_origin,
        axis_source=axis.source.value if axis.coefficients_nm else AxisSource.NONE.value,
        active_pixels=facts.active_pixels,
        bad_pixels=facts.bad_pixels,
        facts=(*info.facts, *taken.taken[-1].facts),
    )
