"""The raw frame: what an analyser said, before anybody interpreted it.

`RawFrame.to_bytes` is what evidence keeps. The form is canonical (JSON, UTF-8, sorted keys, no
white space, shortest floats that read back exactly), so the same measurement has the same SHA-256
on every machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from devices.errors import FrameError

FloatArray = NDArray[np.float64]

FORMAT = "spectra.raw-frame"
VERSION = 2
MIN_PIXELS = 16
MAX_PIXELS = 100_000
MAX_BYTES = 8_000_000

SATURATED = "saturated"
PARTIAL = "partial"
DARK = "dark"
DARK_STALE = "dark_stale"
TRIAL = "trial"
COSMIC_RAYS = "cosmic_rays"

_FLAG = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
AXIS_SOURCES = ("instrument", "configuration", "none")
# What version 2 added. Frames of version 1 lie in evidence stores and are read as they are.
_ADDED = frozenset(
    {"wavelength_pixel_origin", "axis_source", "active_pixels", "bad_pixels", "facts"}
)
_ARRAYS = frozenset({"counts", "dark", "wavelength_coefficients_nm"})
_OPTIONAL = frozenset({"dark", "temperature_c", "wavelength_coefficients_nm", "laser_nm"})
_REMEDY = "take the frame from the evidence store again, or measure again"


@dataclass(frozen=True, eq=False, slots=True)
class RawFrame:
    """One measurement as the analyser gave it; arrays are copied and read-only.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Detector counts per exposure (the mean of the exposures), ``16 <= n <= 100_000``, finite.
        Dark and offset are still in them.
    dark : array_like, shape (n,), or None
        Counts with the laser off at the same integration time, averaging and temperature.
    wavelength_coefficients_nm : array_like, shape (k,), or None
        Polynomial of the instrument's own axis, lowest order first: nm over the pixels counted
        from `wavelength_pixel_origin`. None when it states no axis.
    laser_nm : float or None
        Excitation wavelength in nm as the instrument states it; None when it states none.
    integration_time_ms : float
        Time of one exposure in milliseconds, as it really was.
    averages : int
        Number of exposures in the mean, as it really was.
    laser_power : str
        Power as the instrument states it, with its unit (``"100 %"``); ``"off"`` for a dark.
    serial, model, firmware, detector : str
        What the instrument calls itself; empty when it does not say.
    temperature_c : float or None
        Detector temperature in degrees Celsius at the end of the measurement.
    saturation_counts : float
        Count at which the detector or its converter saturates.
    clock : str
        Start of the measurement, ISO 8601 in UTC, from the clock that was handed in.
    emulated : bool
        True when no real instrument produced the counts.
    flags : tuple of str
        ``"saturated"`` (in at least one exposure), ``"partial"`` (stopped early), ``"dark"``
        (laser off), ``"dark_stale"`` (a dark was there but no longer fits the temperature),
        ``"trial"`` (taken to find the integration time), ``"cosmic_rays"`` (single exposures
        differ by spikes; the counts hold them still).
    wavelength_pixel_origin : int
        Index in `counts` of the pixel where the variable of the polynomial is 0.
    axis_source : str
        ``"instrument"`` (read from its memory), ``"configuration"`` (written down by the station)
        or ``"none"``.
    active_pixels : tuple of int or None
        First pixel that sees light and one past the last; None for all of them.
    bad_pixels : tuple of int
        Indices of pixels that the instrument says are not to be used, rising.
    facts : tuple of (str, str)
        What else the instrument said, name and value, in its order.

    Raises
    ------
    FrameError
        When a field makes no sense.
    """

    counts: FloatArray
    dark: FloatArray | None
    wavelength_coefficients_nm: FloatArray | None
    laser_nm: float | None
    integration_time_ms: float
    averages: int
    laser_power: str
    serial: str
    model: str
    firmware: str
    detector: str
    temperature_c: float | None
    saturation_counts: float
    clock: str
    emulated: bool
    flags: tuple[str, ...] = ()
    wavelength_pixel_origin: int = 0
    axis_source: str = "instrument"
    active_pixels: tuple[int, int] | None = None
    bad_pixels: tuple[int, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name in sorted(_ARRAYS):
            value = getattr(self, name)
            if value is not None or name not in _OPTIONAL:
                object.__setattr__(self, name, _frozen_array(value, name))
        for name in ("laser_nm", "integration_time_ms", "saturation_counts", "temperature_c"):
            value = getattr(self, name)
            if value is not None or name not in _OPTIONAL:
                object.__setattr__(self, name, _number(value, name))
        object.__setattr__(self, "flags", tuple(self.flags))
        _settle_pixels(self)
        _check_arrays(self)
        _check_pixels(self)
        _check_numbers(self)
        _check_words(self)

    @property
    def pixels(self) -> int:
        """Number of detector pixels."""
        return int(self.counts.size)

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the canonical bytes: the name of this frame in the evidence store."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @property
    def active(self) -> slice:
        """The pixels that see light, as a slice of `counts`."""
        first, end = self.active_pixels or (0, self.pixels)
        return slice(first, end)

    def raman_shift_cm1(self) -> FloatArray:
        """Return the Raman shift of each active pixel in cm-1, see `raman_shift_axis`.

        Raises
        ------
        FrameError
            When the instrument states no axis or no excitation wavelength, or none that can be.
        """
        if self.wavelength_coefficients_nm is None or self.laser_nm is None:
            missing = "excitation wavelength" if self.laser_nm is None else "wavelength axis"
            raise FrameError(
                f"the analyser states no {missing}",
                "wavelength_coefficients_nm" if self.laser_nm is not None else "laser_nm",
                "calibrate the analyser",
            )
        first, end = self.active_pixels or (0, self.pixels)
        return raman_shift_axis(
            self.wavelength_coefficients_nm,
            end - first,
            self.laser_nm,
            first=first - self.wavelength_pixel_origin,
        )

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the frame."""
        return _bytes_of(self, VERSION)

    @classmethod
    def from_bytes(cls, data: bytes) -> RawFrame:
        """Return the frame kept in `data`.

        Raises
        ------
        FrameError
            When `data` is not exactly what `to_bytes` writes: truncated, changed, of a newer
            version, with missing, additional, repeated or impossible fields.
        """
        content = _parse(data)
        if content.pop("format", None) != FORMAT:
            raise FrameError("this is not a raw frame", "format", _REMEDY)
        version = content.pop("version", None)
        if type(version) is not int or not 1 <= version <= VERSION:
            raise FrameError(
                f"version {version!r} of the frame format is not known (known: 1 to {VERSION})",
                "version",
                "open it with a newer version of the program",
            )
        _check_fields(content, _field_names(version))
        frame = cls(**content)
        # One measurement, one hash: a second spelling of the same values is not accepted.
        if _bytes_of(frame, version) != data:
            raise FrameError("the frame is not in canonical form", "", _REMEDY)
        return frame

    def __copy__(self) -> RawFrame:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> RawFrame:
        return self


def _field_names(version: int) -> set[str]:
    names = {item.name for item in fields(RawFrame)}
    return names - _ADDED if version == 1 else names


def _bytes_of(frame: RawFrame, version: int) -> bytes:
    content: dict[str, Any] = {"format": FORMAT, "version": version}
    for name in _field_names(version):
        value = getattr(frame, name)
        content[name] = value.tolist() if isinstance(value, np.ndarray) else value
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def wavelength_axis(coefficients_nm: ArrayLike, pixels: int, *, first: int = 0) -> FloatArray:
    """Return the wavelength in nm of `pixels` pixels from `first` on, shape (pixels,).

    Parameters
    ----------
    coefficients_nm : array_like, shape (k,)
        Polynomial coefficients, lowest order first.
    pixels : int
        Number of pixels.
    first : int
        Value of the polynomial's variable at the first of them.
    """
    coefficients = np.asarray(coefficients_nm, dtype=np.float64)
    variable = np.arange(first, first + pixels, dtype=np.float64)
    return np.asarray(np.polynomial.polynomial.polyval(variable, coefficients), dtype=np.float64)


def raman_shift_axis(
    coefficients_nm: ArrayLike, pixels: int, laser_nm: float, *, first: int = 0
) -> FloatArray:
    """Return the Raman shift of each pixel in cm-1, shape (pixels,), strictly increasing.

    The shift is ``1e7 / laser_nm - 1e7 / wavelength_nm``.

    Raises
    ------
    FrameError
        When the polynomial does not give positive wavelengths that rise with the pixel: such a
        calibration cannot be trusted, and turning or clipping it would hide that.
    """
    with np.errstate(all="ignore"):
        nm = wavelength_axis(coefficients_nm, pixels, first=first)
        shift = 1e7 / laser_nm - 1e7 / nm
    if not (np.isfinite(nm).all() and np.isfinite(shift).all() and (nm > 0).all()):
        raise FrameError(
            "the wavelength coefficients do not give wavelengths",
            "wavelength_coefficients_nm",
            "calibrate the analyser",
        )
    if not (np.diff(shift) > 0).all():
        raise FrameError(
            "the wavelengths do not rise from pixel to pixel",
            "wavelength_coefficients_nm",
            "calibrate the analyser",
        )
    return shift


def _frozen_array(values: ArrayLike, name: str) -> FloatArray:
    try:
        fresh = np.array(values, dtype=np.float64, copy=True, order="C")
    except (TypeError, ValueError, OverflowError) as error:
        raise FrameError(f"{name} is not a list of numbers", name, _REMEDY) from error
    if fresh.ndim != 1 or not fresh.size or not np.isfinite(fresh).all():
        raise FrameError(f"{name} is not a list of finite numbers", name, _REMEDY)
    # Built on immutable bytes, so that nobody can make it writeable again.
    return np.frombuffer(fresh.tobytes(), dtype=np.float64)


def _number(value: object, name: str) -> float:
    number = math.nan
    if isinstance(value, float | int | np.floating) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # a whole number beyond any float
            number = float(value)
    if not math.isfinite(number):
        raise FrameError(f"{name} is not a finite number", name, _REMEDY)
    return number


def _check_arrays(frame: RawFrame) -> None:
    if not MIN_PIXELS <= frame.counts.size <= MAX_PIXELS:
        raise FrameError(
            f"{frame.counts.size} pixel(s); a frame has {MIN_PIXELS} to {MAX_PIXELS:,}",
            "counts",
            _REMEDY,
        )
    if frame.dark is not None and frame.dark.shape != frame.counts.shape:
        raise FrameError(
            f"the dark has {frame.dark.size} pixels, the counts {frame.counts.size}",
            "dark",
            "measure the dark again",
        )
    coefficients = frame.wavelength_coefficients_nm
    if coefficients is not None and not 2 <= coefficients.size <= 8:
        raise FrameError(
            f"{coefficients.size} wavelength coefficient(s), 2 to 8 expected",
            "wavelength_coefficients_nm",
            "calibrate the analyser",
        )


def _settle_pixels(frame: RawFrame) -> None:
    """Give the pixel lists their own shape, whatever lists they came as."""
    try:
        if frame.active_pixels is not None:
            first, end = frame.active_pixels
            object.__setattr__(frame, "active_pixels", (first, end))
        object.__setattr__(frame, "bad_pixels", tuple(frame.bad_pixels))
        pairs = tuple((name, value) for name, value in frame.facts)
        object.__setattr__(frame, "facts", pairs)
    except (TypeError, ValueError) as error:
        raise FrameError("the lists of pixels or facts make no sense", "pixels", _REMEDY) from error


def _check_pixels(frame: RawFrame) -> None:
    first, end = frame.active_pixels or (0, frame.pixels)
    whole = [first, end, frame.wavelength_pixel_origin, *frame.bad_pixels]
    if not all(type(number) is int for number in whole):
        raise FrameError("a pixel is not a whole number", "active_pixels", _REMEDY)
    if not (first >= 0 and first + MIN_PIXELS <= end <= frame.pixels):
        raise FrameError(
            f"active pixels {first} to {end} of {frame.pixels} cannot be", "active_pixels", _REMEDY
        )
    if abs(frame.wavelength_pixel_origin) > MAX_PIXELS:
        raise FrameError("the origin is not a pixel", "wavelength_pixel_origin", _REMEDY)
    bad = frame.bad_pixels
    if list(bad) != sorted(set(bad)) or any(not 0 <= pixel < frame.pixels for pixel in bad):
        raise FrameError("the bad pixels are no rising list of pixels", "bad_pixels", _REMEDY)
    if frame.axis_source not in AXIS_SOURCES:
        raise FrameError(f"axis source {frame.axis_source!r} is not known", "axis_source", _REMEDY)
    if (frame.axis_source == "none") != (frame.wavelength_coefficients_nm is None):
        raise FrameError("axis and its source contradict each other", "axis_source", _REMEDY)
    words = [word for pair in frame.facts for word in pair]
    if not all(isinstance(word, str) and _is_text(word) for word in words):
        raise FrameError("a fact is not text", "facts", _REMEDY)


def _check_numbers(frame: RawFrame) -> None:
    for name in ("laser_nm", "integration_time_ms", "saturation_counts"):
        value = getattr(frame, name)
        if value is not None and value <= 0:
            raise FrameError(f"{name} must be above zero", name, _REMEDY)
    if type(frame.averages) is not int or frame.averages < 1:
        raise FrameError(f"averages is {frame.averages!r}, not a count", "averages", _REMEDY)
    if type(frame.emulated) is not bool:
        raise FrameError("emulated is neither true nor false", "emulated", _REMEDY)


def _check_words(frame: RawFrame) -> None:
    for name in ("laser_power", "serial", "model", "firmware", "detector", "clock"):
        value = getattr(frame, name)
        if not isinstance(value, str) or not _is_text(value):
            raise FrameError(f"{name} is not text", name, _REMEDY)
    if not _is_utc(frame.clock):
        raise FrameError(
            f"{frame.clock!r} is not a time in UTC (2026-11-21T07:52:00Z)", "clock", _REMEDY
        )
    named = all(isinstance(flag, str) and _FLAG.match(flag) for flag in frame.flags)
    if not named or len(set(frame.flags)) != len(frame.flags):
        raise FrameError("the flags are not a list of different names", "flags", _REMEDY)


def _is_text(value: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in value)


def _is_utc(text: str) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text and moment.utcoffset() == timedelta(0)


def _parse(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise FrameError(f"{len(data):,} bytes are too many for a frame", "", _REMEDY)
    try:
        content = json.loads(
            data.decode("utf-8"), object_pairs_hook=_no_repeats, parse_constant=_no_constant
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise FrameError(f"the frame cannot be read ({error})", "", _REMEDY) from error
    if not isinstance(content, dict):
        raise FrameError("this is not a raw frame", "", _REMEDY)
    return content


def _no_repeats(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise FrameError("a field is there twice", "", _REMEDY)
    return content


def _no_constant(name: str) -> NoReturn:
    raise FrameError(f"{name} is not a measurement", "", _REMEDY)


def _check_fields(content: dict[str, Any], expected: set[str]) -> None:
    missing, additional = expected - content.keys(), content.keys() - expected
    if missing:
        raise FrameError("the field is missing", sorted(missing)[0], _REMEDY)
    if additional:
        raise FrameError("the field is not known", sorted(additional)[0][:60], _REMEDY)
    for name in sorted(_ARRAYS):
        value = content[name]
        listed = isinstance(value, list) and all(type(number) is float for number in value)
        if not listed and not (name in _OPTIONAL and value is None):
            raise FrameError(f"{name} is not a list of numbers", name, _REMEDY)
    for name in ("flags", "bad_pixels", "facts"):
        if name in content and not isinstance(content[name], list):
            raise FrameError(f"{name} is not a list", name, _REMEDY)
