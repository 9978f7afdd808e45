"""Whether each spectrum of a library is a sound measurement, and whether it finds itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from library.entry import EntryRecord
from library.quality import Finding
from library.store import Library
from matching.axis import COMMON_GRID, longest_stretch
from matching.errors import QueryError
from matching.pipeline import Prepared, prepare_many
from matching.policy import Policy
from matching.quality import silent_light, silent_share
from matching.spectrum import FloatArray

AT_ONCE = 512  # spectra cleaned together
SELF = 1e-4  # largest difference between a stored row (unit norm) and the row made again
WEAK_SNR = 30.0
FLUORESCENT = 3.0  # background over strongest band
LOBE = 0.1  # depth of a negative lobe over the strongest band
POINTS_PER_BAND = 2.0  # at least, for bands of the width below
BAND_CM1 = 8.0
LEAST_POINTS = 100
STICKS = 0.7  # share of intensities that are exactly the smallest, in a list of bands
DRAWN = 1e-5  # noise over the strongest band below which nothing was measured
LEAST_RANGE_CM1 = 900.0
SAME_AXIS_CM1 = 1e-3  # axes that differ by less are one
PADDED = 4  # equal points at an end


@dataclass(frozen=True, slots=True)
class SpectrumFacts:
    """Figures of one spectrum as stored, and cleaned.

    Parameters
    ----------
    row : int
        The entry.
    snr, saturated, fluorescence, range_cm1, silent_share
        As in `matching.quality.ScanQuality`.
    silent_light : float
        See `matching.quality.silent_light`.
    self_error : float
        See `self_error`.
    lobe : float
        Depth below zero over the strongest band.
    sticks : float
        Share of intensities that are the smallest one.
    noise : float
        Noise over the strongest band.
    step_cm1, points, gap_cm1 : float, int, float
        Median step, number of points, largest gap (0 for none).
    padded : int
        See `padded_points`.
    axis : bytes
        Hash of the axis: spectra with the same one lie on the same points.
    """

    row: int
    snr: float
    saturated: bool
    fluorescence: float
    range_cm1: tuple[float, float]
    silent_share: float
    silent_light: float
    self_error: float
    lobe: float
    sticks: float
    noise: float
    step_cm1: float
    points: int
    gap_cm1: float
    padded: int
    axis: bytes


def spectra_facts(
    library: Library, records: Sequence[EntryRecord], progress: Callable[[float], None]
) -> Iterator[SpectrumFacts | None]:
    """Yield the figures of every entry in order; None where the spectrum cannot be cleaned."""
    known: _Axis | None = None
    for start in range(0, len(library), AT_ONCE):
        rows = range(start, min(start + AT_ONCE, len(library)))
        spectra = [library.spectrum(row, records[row]) for row in rows]
        for row, spectrum, made in zip(rows, spectra, prepare_many(spectra), strict=True):
            if isinstance(made, QueryError):
                yield None
                continue
            known = _axis(spectrum.raman_shift_cm1, known)
            yield _facts(library, row, spectrum.intensity, known, made)
        progress(rows.stop / len(library))


@dataclass(frozen=True, eq=False, slots=True)
class _Axis:
    """An axis with its median step, largest gap (0 for none) and hash; most spectra share one."""

    values: FloatArray
    step_cm1: float
    gap_cm1: float
    hash: bytes


def _axis(values: FloatArray, known: _Axis | None) -> _Axis:
    if known is not None and np.array_equal(values, known.values):
        return known
    steps = np.diff(values)
    whole = longest_stretch(values) == slice(0, values.size)
    return _Axis(
        values,
        step_cm1=float(np.median(steps)),
        gap_cm1=0.0 if whole else float(steps.max()),
        hash=sha256(np.round(values / SAME_AXIS_CM1).astype(np.int64).tobytes()).digest(),
    )


def _facts(
    library: Library, row: int, intensity: FloatArray, axis: _Axis, made: Prepared
) -> SpectrumFacts:
    light = silent_light(made)
    top = max(float(made.bands.max()), 1e-300)
    return SpectrumFacts(
        row=row,
        snr=made.snr,
        saturated=made.saturated,
        fluorescence=float(np.ptp(made.background)) / top,
        range_cm1=made.range_cm1,
        silent_share=silent_share(made) if light else 0.0,
        silent_light=light,
        self_error=self_error(library, row, made),
        lobe=_lobe(axis.step_cm1, intensity, made, top),
        sticks=float(np.mean(intensity == intensity.min())),
        noise=made.noise / top,
        step_cm1=axis.step_cm1,
        points=int(axis.values.size),
        gap_cm1=axis.gap_cm1,
        padded=padded_points(intensity),
        axis=axis.hash,
    )


def padded_points(intensity: FloatArray) -> int:
    """Return how many equal values stand at one end, where they are not the smallest of all.

    A detector does not give the same value again and again; what moves a spectrum along its axis
    repeats the last one. Cut-off background is zero, the smallest value, and does not count.
    """
    found = 1
    for values in (intensity, intensity[::-1]):
        if values[0] > intensity.min():
            other = np.flatnonzero(values != values[0])
            found = max(found, int(other[0]) if other.size else 1)
    return found


def self_error(library: Library, row: int, made: Prepared) -> float:
    """Return the largest difference between a row of the search matrix and its spectrum's own.

    With the same row a search finds the entry first: no other correlates better than 1.
    """
    root = made.root
    unit = root / max(float(np.sqrt(np.sum(root * root))), 1e-300)
    wanted = np.zeros(COMMON_GRID.size)
    wanted[made.first : made.end] = unit
    return float(np.abs(library.matrix.rows[row] - wanted).max())


def require_self_search(library: Library, count: int = 2) -> None:
    """Check that some entries, chosen by the library's hash, are found by their own spectra.

    The cheap form for every opening; `check` and `verify` look at all.

    Raises
    ------
    LibraryDamagedError
        When the search data of one do not belong to its spectrum.
    """
    first = int(library.info.sha256[:8], 16)
    step = max(len(library) // count, 1)
    for row in {(first + number * step) % len(library) for number in range(count)}:
        made = prepare_many([library.spectrum(row)])[0]
        if isinstance(made, QueryError) or self_error(library, row, made) > SELF:
            name = library.record(row).name
            raise library.damaged(f"the entry {name!r} is not found by its own spectrum")


def _lobe(step_cm1: float, intensity: FloatArray, made: Prepared, top: float) -> float:
    """Return how far a smoothed spectrum sinks below zero, over the strongest band."""
    if intensity.min() >= 0.0:
        return 0.0
    points = max(round(BAND_CM1 / step_cm1), 1)
    smooth = np.convolve(intensity, np.full(points, 1.0 / points), mode="valid")
    return max(-float(smooth.min()) - 3.0 * made.noise, 0.0) / top


def spectra_findings(
    facts: SpectrumFacts | None, row: int, record: EntryRecord, policy: Policy
) -> Iterator[Finding]:
    """Yield what is wrong with one spectrum by its figures."""
    name = f"'{record.name}'"
    if facts is None:
        what = f"{name}: the spectrum cannot be cleaned and is not comparable"
        yield Finding("too_few_points", (row,), what)
        return
    limits, (low, high) = policy.thresholds, facts.range_cm1
    if facts.self_error > SELF:
        what = f"{name} is not found by its own spectrum: the search data are another's"
        yield Finding("does_not_find_itself", (row,), what, facts.self_error, SELF)
    if facts.silent_share > limits.most_silent_share:
        what = f"{name}: {facts.silent_share:.0%} of the band heights lie where none should be"
        limit = limits.most_silent_share
        yield Finding("axis_doubtful", (row,), what, facts.silent_share, limit)
    if high - low < LEAST_RANGE_CM1:
        what = f"{name} covers only {low:.0f}-{high:.0f} cm-1"
        yield Finding("short_range", (row,), what, high - low, LEAST_RANGE_CM1, "cm-1")
    if facts.gap_cm1:
        what = f"{name}: {facts.gap_cm1:.0f} cm-1 of the axis are missing"
        yield Finding("gap", (row,), what, facts.gap_cm1, 20.0, "cm-1")
    if record.kind == "measured":
        yield from _measured(name, row, facts, limits.least_snr)


def _measured(name: str, row: int, facts: SpectrumFacts, least_snr: float) -> Iterator[Finding]:
    """Yield what only a measured spectrum can have wrong."""
    if facts.sticks > STICKS:
        what = f"{name}: {facts.sticks:.0%} of the intensities are the same smallest value"
        yield Finding("not_a_measurement", (row,), what, facts.sticks, STICKS)
    elif facts.noise < DRAWN:
        what = f"{name} has no noise: {facts.noise:.1g} of its strongest band"
        yield Finding("not_a_measurement", (row,), what, facts.noise, DRAWN)
    if facts.padded >= PADDED:
        what = f"{name}: {facts.padded} points at one end of the axis are equal"
        yield Finding("padded", (row,), what, float(facts.padded), float(PADDED), "points")
    density = BAND_CM1 / facts.step_cm1
    if density < POINTS_PER_BAND or facts.points < LEAST_POINTS:
        what = f"{name}: {facts.points} points, one every {facts.step_cm1:.1f} cm-1"
        limit = BAND_CM1 / POINTS_PER_BAND
        yield Finding("too_few_points", (row,), what, facts.step_cm1, limit, "cm-1")
    if facts.saturated:
        yield Finding("saturated", (row,), f"{name}: its strongest band ends in a plateau")
    if facts.snr < least_snr:
        what = f"{name}: signal-to-noise ratio {facts.snr:.0f}"
        yield Finding("too_weak", (row,), what, facts.snr, least_snr)
    elif facts.snr < WEAK_SNR:
        what = f"{name}: signal-to-noise ratio {facts.snr:.0f}"
        yield Finding("weak", (row,), what, facts.snr, WEAK_SNR)
    if facts.fluorescence > FLUORESCENT:
        ratio = facts.fluorescence
        what = f"{name}: the background is {ratio:.1f} times its strongest band"
        yield Finding("fluorescent", (row,), what, ratio, FLUORESCENT)
    if facts.lobe > LOBE:
        what = f"{name}: it falls {facts.lobe:.0%} of its strongest band below zero"
        yield Finding("negative_lobes", (row,), what, facts.lobe, LOBE)
