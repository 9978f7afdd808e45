"""From the columns of a file to a `Spectrum`: laser line, axis, direction, order."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from library.errors import (
    AmbiguousAxisError,
    DamagedFileError,
    LaserMissingError,
    NotRamanError,
    PartialFileError,
)
from library.formats.records import Mark, Metadata, Request, Trace
from library.formats.text import clip, number
from matching.errors import AxisError
from matching.pipeline import has_plateau
from matching.spectrum import MIN_POINTS, FloatArray, Spectrum, Step

CONVERTER_CEILING = 65535.0  # of a 16-bit converter, in counts

LARGEST_SHIFT_CM1 = 6000.0  # hydrogen, the stiffest bond, is at 4161 cm-1; FT-Raman goes to -4000
AXES_AGREE_CM1 = 2.0
LASERS_AGREE_NM = 0.5
MOST_REPEATED = 0.02  # of the points; more is no overlap of windows
GAP_FACTOR = 3.5  # a grating's own steps vary by 2.5 from end to end
MARK_STEPS: dict[Mark, str] = {
    "truncated": "rest of a truncated file",
    "resampled": "resampled by the exporting program",
    "missing values": "unknown intensities left out",
}


def assemble(trace: Trace, request: Request) -> tuple[Spectrum, tuple[str, ...]]:
    """Return the Raman spectrum of `trace` and what had to be assumed.

    Raises
    ------
    NotRamanError
        The file says that it is something else.
    PartialFileError
        The file ends early and the request does not take what is left.
    LaserMissingError
        The only axis is a wavelength and nobody states the laser line.
    AxisError, AmbiguousAxisError, SpectrumError
        The axis or the intensities are not those of a spectrum.
    """
    _check_kind(trace)
    if "truncated" in trace.marks and not request.partial:
        raise PartialFileError(
            f"the file ends early; {trace.intensity.size} points are left of the spectrum",
            "",
            "copy or export the file again, or ask for the part that is left",
        )
    laser, notes = _laser(trace.laser_nm, request.laser_nm)
    shift, history = trace.shift_cm1, list(trace.history)
    if shift is None:
        shift = _converted(trace, laser)
        notes.append(
            f"The wavelength axis was converted to Raman shift with the laser line {laser:g} nm."
        )
        history.append(Step("wavelength converted to Raman shift", (("laser_nm", f"{laser:g}"),)))
    else:
        notes += _cross_check(trace, trace.laser_nm or laser)
    shift, intensity, more = _known(trace, shift)
    where = trace.first_line if intensity.size == trace.intensity.size else None
    shift, intensity, steps = _averaged(shift, intensity, notes)
    history += steps
    _check_order(shift, where)
    if shift[0] > shift[-1]:
        shift, intensity = shift[::-1], intensity[::-1]
        notes.append("The axis runs from high to low Raman shift; its order was reversed.")
        history.append(Step("axis reversed"))
    _check_range(shift)
    notes += [*more, *_gaps(shift)]
    history += [Step(text) for mark, text in MARK_STEPS.items() if mark in trace.marks]
    spectrum = Spectrum(shift, intensity, laser, trace.technique, trace.acquisition, tuple(history))
    return spectrum, tuple(notes)


def _check_kind(trace: Trace) -> None:
    if trace.kind:
        raise NotRamanError(f"the file says: {clip(trace.kind)}", "", "give a Raman spectrum")
    if trace.shift_cm1 is None and trace.wavelength_nm is None and trace.other_axis is not None:
        unit = f"in {clip(trace.other_unit)!r}" if trace.other_unit else "without a unit"
        raise AmbiguousAxisError(
            trace.doubt or f"the file's axis is {unit}, neither a Raman shift nor a wavelength",
            "",
            "export it with the Raman shift in cm-1, or with a row of names that states the unit",
        )


def _known(trace: Trace, shift: FloatArray) -> tuple[FloatArray, FloatArray, list[str]]:
    """Return axis and intensities without the points whose intensity the file does not know."""
    if "missing values" not in trace.marks:
        return shift, trace.intensity, []
    known = ~np.isnan(trace.intensity)
    note = f"{int((~known).sum())} points whose intensity the file marks as unknown were left out."
    return shift[known], trace.intensity[known], [note]


def _laser(stated: float | None, given: float | None) -> tuple[float | None, list[str]]:
    if given is None:
        return stated, []
    if stated is not None and abs(stated - given) > LASERS_AGREE_NM:
        return given, [f"The laser line {given:g} nm was given; the file states {stated:g} nm."]
    return given, []


def _converted(trace: Trace, laser: float | None) -> FloatArray:
    wavelength = trace.wavelength_nm
    if wavelength is None:
        raise AmbiguousAxisError(
            "no Raman shift and no wavelength axis is named in the file",
            "",
            "export it with the Raman shift (wavenumber) column",
        )
    if laser is None:
        raise LaserMissingError(
            "the axis is a wavelength and the file does not state the laser line",
            "",
            "state the laser wavelength in nm, or export with the Raman shift column",
        )
    outside = (wavelength < 150.0) | (wavelength > 5000.0)
    if outside.any():
        at = int(np.argmax(outside))
        raise AxisError(
            f"{wavelength[at]:g} nm is no wavelength of a Raman spectrum",
            _place(trace.first_line, at),
            "check that the right column is the axis",
        )
    return np.asarray(1e7 / laser - 1e7 / wavelength, dtype=np.float64)


def _cross_check(trace: Trace, laser: float | None) -> list[str]:
    wavelength, shift = trace.wavelength_nm, trace.shift_cm1
    if wavelength is None or shift is None or laser is None or laser <= 0:
        return []
    with np.errstate(divide="ignore", over="ignore"):
        apart = np.abs(1e7 / laser - 1e7 / wavelength - shift)
    worst = float(np.max(apart, initial=0.0))
    if worst <= AXES_AGREE_CM1:
        return []
    return [
        f"The file's Raman shift and wavelength axes disagree by up to {worst:.4g} cm-1 for the "
        f"laser line {laser:g} nm; the Raman shift axis was used."
    ]


def _averaged(
    shift: FloatArray, intensity: FloatArray, notes: list[str]
) -> tuple[FloatArray, FloatArray, tuple[Step, ...]]:
    """Return axis and intensities with pairs of one axis value averaged, and say so in `notes`.

    Where two windows of an extended scan overlap, their points interleave, and a few axis values
    are the same to the file's digits. Anything else (an axis out of order, a row that stands twice,
    three of a value, more than `MOST_REPEATED` of the points) is left for `_check_order` to refuse.
    """
    if shift.shape != intensity.shape:
        return shift, intensity, ()  # Spectrum says so better
    before, after = shift[:-1], shift[1:]
    same = before == after
    repeats = int(same.sum())
    one_way = bool((before <= after).all() or (before >= after).all())
    if not repeats or not one_way or repeats > MOST_REPEATED * shift.size:
        return shift, intensity, ()
    if (same[1:] & same[:-1]).any() or (intensity[:-1] == intensity[1:])[same].any():
        return shift, intensity, ()
    first = np.flatnonzero(same)
    mean = intensity.copy()
    mean[first] = 0.5 * intensity[first] + 0.5 * intensity[first + 1]
    kept = np.concatenate(([True], ~same))
    notes.append(
        f"Axis values that stand twice with different intensities, as where two windows of an "
        f"extended scan overlap: {repeats}; each such pair of points was averaged."
    )
    step = Step("points of one axis value averaged", (("pairs", str(repeats)),))
    return shift[kept], mean[kept], (step,)


def _check_order(shift: FloatArray, first_line: int | None) -> None:
    """Raise AxisError, with the place, unless the axis is strictly monotonic."""
    if shift.size < MIN_POINTS:
        return  # Spectrum says so better
    steps = np.diff(shift)
    descending = int((steps < 0).sum()) > steps.size // 2
    wrong = steps >= 0 if descending else steps <= 0
    if not wrong.any():
        return
    at = int(np.argmax(wrong))
    kind = "repeated" if steps[at] == 0 else "out of order"
    raise AxisError(
        f"the axis value {shift[at + 1]:g} is {kind} (before it: {shift[at]:g})",
        _place(first_line, at + 1),
        "check that the right column is the axis, or export the file again",
    )


def _place(first_line: int | None, at: int) -> str:
    return f"point {at + 1}" if first_line is None else f"line {first_line + at}"


def _check_range(shift: FloatArray) -> None:
    if shift.size and max(abs(float(shift[0])), abs(float(shift[-1]))) > LARGEST_SHIFT_CM1:
        raise AmbiguousAxisError(
            f"the axis runs from {shift[0]:g} to {shift[-1]:g}, which is no Raman shift in cm-1",
            "",
            "export it with a Raman shift axis in cm-1 (not absolute wavenumbers)",
        )


def counts_saturated(raw: FloatArray) -> bool:
    """Tell whether raw counts, shape (n,), show that the detector was at its limit.

    A count at the ceiling of a 16-bit converter is enough, and so is a plateau. Dark subtraction
    and processing hide both, so readers ask this of the raw column whatever column is taken.
    """
    return bool(raw.max() >= CONVERTER_CEILING) or has_plateau(raw)


def _gaps(shift: FloatArray) -> list[str]:
    steps = np.diff(shift)
    if steps.size < MIN_POINTS - 1:
        return []
    at = int(np.argmax(steps))
    if steps[at] <= GAP_FACTOR * float(np.median(steps)):
        return []
    return [
        f"The axis has a gap between {shift[at]:g} and {shift[at + 1]:g} cm-1; "
        "only the longer piece is compared."
    ]


@dataclass(frozen=True, slots=True)
class Facts:
    """Metadata looked up by key; what cannot be used is said, not swallowed."""

    metadata: Metadata
    notes: list[str] = field(default_factory=list)

    def text(self, *keys: str) -> str | None:
        """Return the first non-blank value of `keys`, or None."""
        known = dict(self.metadata)
        return next((known[key] for key in keys if known.get(key)), None)

    def number(self, key: str) -> float | None:
        """Return the number under `key`, or None."""
        text = self.text(key)
        if text is None:
            return None
        value = number(text)
        if value is None:
            self.notes.append(f"The header's {key!r} is {clip(text)!r}, not a number: not taken.")
        return value

    def count(self, key: str) -> int | None:
        """Return the whole number >= 1 under `key`, or None."""
        value = self.number(key)
        if value is None:
            return None
        if value != int(value) or not 1 <= value <= 1e9:
            self.notes.append(f"The header's {key!r} is {value:g}, not a count: not taken.")
            return None
        return int(value)

    def positive(self, key: str) -> float | None:
        """Return the number > 0 under `key`, or None; 0 is how instruments say 'not known'."""
        value = self.number(key)
        if value is not None and value < 0:
            raise DamagedFileError(
                f"the header states {value:g}", f"{key!r} in the header", "correct the header"
            )
        return value or None
