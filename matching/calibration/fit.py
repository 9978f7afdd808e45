"""From found lines to a corrected axis: assigning, rejecting, and fitting what the lines carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from matching.calibration.assign import REACH_CM1, RIVAL, assign
from matching.calibration.axis import (
    NO_CORRECTION,
    AxisFit,
    AxisLimits,
    Correction,
    LineResult,
    Measured,
    StatedAxis,
    Use,
)
from matching.calibration.lines import FoundLine
from matching.calibration.standards import Line, Standard, positions
from matching.spectrum import FloatArray

NARROW_CM1 = 40.0  # wider than any line of a standard: humps of the background


@dataclass(frozen=True, eq=False, slots=True)
class _Pair:
    """An expected and a found line that belong together."""

    standard: Standard
    line: Line
    expected: float  # cm-1; for a lamp the absolute wavenumber in vacuum
    found: FoundLine
    pixel: float  # detector pixel


@dataclass(frozen=True, eq=False, slots=True)
class _Matched:
    """Pairs to fit, results of lines that were not paired, and refusals met on the way.

    `narrow` holds, for each Raman standard, pixel and height of the narrow lines near its own.
    """

    pairs: list[_Pair] = field(default_factory=list)
    unpaired: list[LineResult] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    narrow: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


def fit_axis(
    stated: StatedAxis, measured: Sequence[Measured], limits: AxisLimits | None = None
) -> AxisFit:
    """Calibrate an axis with lamps, Raman standards, or both.

    Lines are assigned scan by scan (`assign`), lines that disagree with all others are rejected
    robustly, and the number of dispersion terms is what leaving one line out at a time supports.

    Parameters
    ----------
    stated : StatedAxis
        The instrument's own axis.
    measured : sequence of Measured
        Scans of standards on it.
    limits : AxisLimits, optional
        What the result must meet.
    """
    wanted = limits or AxisLimits()
    matched = _Matched()
    for scan in measured:
        _match(stated, scan, matched)
    return _Fit(stated, wanted, matched).result()


# --- Assigning ----------------------------------------------------------------------------------


def _match(stated: StatedAxis, scan: Measured, matched: _Matched) -> None:
    """Assign the lines of one scan; what cannot be used is told with its reason."""
    standard = scan.standard
    lamp = standard.kind == "lamp"
    axis = stated.raman_shift_cm1
    at = positions(standard)
    expected = stated.laser_cm1 - 1e7 / at if lamp else at
    stated_shift = stated.laser_cm1 - stated.wavenumber_cm1() if lamp else axis
    pixels = np.array([line.pixel + scan.first_point for line in scan.lines])
    found = np.interp(pixels, np.arange(axis.size), stated_shift)
    strengths = np.array([line.strength for line in standard.lines])
    usable = (expected > stated_shift[0] - 20.0) & (expected < stated_shift[-1] + 20.0)
    blended = _blended(expected, strengths, _width_cm1(scan.lines, stated_shift), lamp=lamp)
    chosen = np.flatnonzero(usable)
    if not lamp:
        matched.narrow[standard.name] = _narrow(stated, scan, at)
    result = assign(
        expected[chosen], found, _expected_weight(strengths[chosen]), _found_weight(scan.lines)
    )
    paired = {int(chosen[i]): j for i, j in result.pairs}
    if len(paired) > 1 and result.rival > RIVAL:
        matched.refusals.append(f"{standard.name}: the lines can be read in more than one way")
    for number, line in enumerate(standard.lines):
        if not usable[number]:
            matched.unpaired.append(_unpaired(standard, line, "outside_range"))
        elif number not in paired:
            matched.unpaired.append(_unpaired(standard, line, "not_found"))
        else:
            taken = scan.lines[paired[number]]
            pair = _Pair(
                standard,
                line,
                float(1e7 / at[number] if lamp else at[number]),
                taken,
                stated.first_pixel + scan.first_point + taken.pixel,
            )
            use = _fitness(taken, scan.lines, blended=bool(blended[number]), lamp=lamp)
            if use == "used":
                matched.pairs.append(pair)
            else:
                matched.unpaired.append(_told(stated, pair, use, None))


def _narrow(stated: StatedAxis, scan: Measured, at: FloatArray) -> list[tuple[float, float]]:
    """Return detector pixel and height of the narrow lines near those of a Raman standard."""
    axis, points = stated.raman_shift_cm1, np.arange(stated.raman_shift_cm1.size)
    pixels = np.array([line.pixel + scan.first_point for line in scan.lines])
    found = np.interp(pixels, points, axis)
    step = np.interp(pixels, points, np.gradient(axis))
    near = (found > at[0] - REACH_CM1) & (found < at[-1] + REACH_CM1)
    return [
        (stated.first_pixel + float(pixel), line.height)
        for line, pixel, width, close in zip(scan.lines, pixels, step, near, strict=True)
        if close and line.fwhm_px * width < NARROW_CM1
    ]


def _fitness(line: FoundLine, lines: Sequence[FoundLine], *, blended: bool, lamp: bool) -> Use:
    if line.saturated:
        return "saturated"
    if blended:
        return "blended"
    usual = float(np.median([one.fwhm_px for one in lines]))
    if lamp and line.fwhm_px > 2.0 * usual:  # all lines of a lamp are as wide as the slit
        return "too_wide"
    return "used"


def _expected_weight(strengths: FloatArray) -> FloatArray:
    """How much a line would be missed: strong ones more; all alike where strengths are unknown."""
    return np.asarray(np.where(strengths > 0, np.clip(strengths, 1e-3, 1.0) ** 0.25, 0.6))


def _found_weight(lines: Sequence[FoundLine]) -> FloatArray:
    """How sure a found line is: from its signal-to-noise ratio and its height among the others."""
    snr = np.array([line.snr for line in lines])
    if not snr.size:
        return snr
    share = np.clip(snr / max(float(snr.max()), 1e-12), 1e-3, 1.0) ** 0.25
    return np.asarray(share * np.clip(snr / 20.0, 0.3, 1.0))


def _width_cm1(lines: Sequence[FoundLine], shift: FloatArray) -> float:
    if not lines:
        return 0.0
    step = float(np.median(np.diff(shift)))
    strong = sorted(lines, key=lambda line: -line.snr)[:8]
    return float(np.median([line.fwhm_px for line in strong])) * step


def _blended(
    expected: FloatArray, strengths: FloatArray, width_cm1: float, *, lamp: bool
) -> NDArray[np.bool_]:
    """Return which lines a neighbour shifts that the instrument does not resolve."""
    if not lamp:
        return np.zeros(expected.size, dtype=bool)
    near = np.abs(expected[:, None] - expected[None, :]) < 1.5 * width_cm1
    np.fill_diagonal(near, val=False)
    return np.asarray((near & (strengths[None, :] > 0.05 * strengths[:, None])).any(axis=1))


def _unpaired(standard: Standard, line: Line, use: Use) -> LineResult:
    return LineResult(standard.name, line.position, _unit(standard), use)


def _unit(standard: Standard) -> str:
    return "nm (air)" if standard.kind == "lamp" else "cm-1"


def _told(stated: StatedAxis, pair: _Pair, use: Use, correction: Correction | None) -> LineResult:
    """Return the row of a line that was found."""
    lamp = pair.standard.kind == "lamp"
    before = _residual(stated, pair, None)
    step = float(np.interp(pair.pixel, stated.pixels, np.gradient(stated.raman_shift_cm1)))
    shift = float(np.interp(pair.pixel, stated.pixels, stated.raman_shift_cm1))
    found = pair.line.position + before * pair.line.position**2 / 1e7 if lamp else shift
    return LineResult(
        standard=pair.standard.name,
        expected=pair.line.position,
        unit=_unit(pair.standard),
        use=use,
        pixel=pair.pixel,
        found=found,
        before_cm1=before,
        after_cm1=None if correction is None else _residual(stated, pair, correction),
        snr=pair.found.snr,
        fwhm_cm1=pair.found.fwhm_px * step,
    )


def _residual(stated: StatedAxis, pair: _Pair, correction: Correction | None) -> float:
    """Return found less expected as a Raman shift in cm-1, by the stated or corrected axis."""
    lamp = pair.standard.kind == "lamp"
    if correction is None or (lamp and not correction.reckoned_in_vacuum):
        if not lamp:
            at = np.interp(pair.pixel, stated.pixels, stated.raman_shift_cm1)
            return float(at - pair.expected)
        return float(pair.expected - np.interp(pair.pixel, stated.pixels, stated.wavenumber_cm1()))
    shift = float(correction.shifts(stated, [pair.pixel])[0])
    if lamp:
        return float(pair.expected - (stated.laser_cm1 + correction.laser_error_cm1 - shift))
    return shift - pair.expected


# --- Fitting ------------------------------------------------------------------------------------


class _Fit:
    """The fit of matched pairs: a weighted linear problem, solved anew for every set of lines.

    Unknowns are corrections in cm-1 at each line, linear in the coefficients: a dispersion of
    `terms` coefficients in u (through nm, so multiplied by 1e7 / nm squared), and with Raman lines
    a constant. With Raman lines alone the constant and, if it earns its place, a scale.
    """

    def __init__(self, stated: StatedAxis, limits: AxisLimits, matched: _Matched) -> None:
        self.stated, self.limits, self.matched = stated, limits, matched
        self.pairs = sorted(matched.pairs, key=lambda pair: pair.pixel)
        lamp = [pair.standard.kind == "lamp" for pair in self.pairs]
        self.lamp = np.array(lamp, dtype=bool)
        self.pixel = np.array([pair.pixel for pair in self.pairs])
        self.middle = stated.first_pixel + 0.5 * (stated.raman_shift_cm1.size - 1)
        self.half = 0.5 * (stated.raman_shift_cm1.size - 1)
        self.vacuum = bool(self.lamp.any())
        self.plain = Correction(
            middle_pixel=self.middle, half_pixels=self.half, reckoned_in_vacuum=self.vacuum
        )
        self.before = np.array([_residual(stated, pair, self.plain) for pair in self.pairs])
        self.weight = 1.0 / np.array([self._uncertainty(pair) for pair in self.pairs])

    def result(self) -> AxisFit:
        refusals = list(self.matched.refusals)
        used = np.ones(self.pixel.size, dtype=bool)
        raman, lamp = int((~self.lamp).sum()), int(self.lamp.sum())
        limits = self.limits
        if raman and raman < limits.least_raman and not lamp:
            refusals.append(
                f"only {raman} of the Raman lines can be used, {limits.least_raman} needed"
            )
        if lamp and lamp < limits.least_lamp:
            refusals.append(
                f"only {lamp} of the lamp lines can be used, {limits.least_lamp} needed"
            )
        if not raman and not lamp:
            refusals.append("no line of any standard was found")
        if refusals:
            return self._told(used, NO_CORRECTION, refusals)
        terms = self._terms(used)
        used = self._kept(terms, used)
        terms = self._terms(used)
        correction = self._correction(terms, used)
        return self._told(
            used, correction, self._checked(correction, used), self._left_out(terms, used)
        )

    def _uncertainty(self, pair: _Pair) -> float:
        """Return how sure a line is, in cm-1, to weight it: a wide band is known less well."""
        step = float(
            np.interp(pair.pixel, self.stated.pixels, np.gradient(self.stated.raman_shift_cm1))
        )
        table = 0.01 if pair.standard.kind == "lamp" else 0.5
        own = min(pair.found.sigma_px, 2.0) * step
        return float(np.sqrt(table**2 + own**2 + (0.03 * pair.found.fwhm_px * step) ** 2))

    def _design(self, terms: int) -> FloatArray:
        """Columns of the problem in cm-1: dispersion terms, then the constant of the laser."""
        u = (self.pixel - self.middle) / self.half
        columns: list[FloatArray] = []
        if self.vacuum:
            nm = 1e7 / np.interp(self.pixel, self.stated.pixels, self.stated.wavenumber_cm1())
            columns += [1e7 / nm**2 * u**k for k in range(terms)]
            if not self.lamp.all():
                columns.append((~self.lamp).astype(np.float64))
        else:
            columns.append(np.ones(self.pixel.size))
            if terms > 1:
                columns.append(self._expected() - self._about())
        return np.stack(columns, axis=1)

    def _expected(self) -> FloatArray:
        return np.array([pair.expected for pair in self.pairs])

    def _about(self) -> float:
        return float(np.average(self._expected(), weights=self.weight**2))

    def _solve(self, terms: int, used: NDArray[np.bool_]) -> FloatArray:
        weight = self.weight[used]
        design = self._design(terms)[used] * weight[:, None]
        return np.asarray(np.linalg.lstsq(design, -self.before[used] * weight, rcond=None)[0])

    def _most_terms(self, used: NDArray[np.bool_]) -> int:
        count = int((self.lamp & used).sum()) if self.vacuum else int(used.sum())
        # a term needs two lines of its own, and Raman lines alone carry no more than a scale
        most = max(1, count // 2)
        return min(most, self.limits.most_terms if self.vacuum else 2)

    def _left_out(self, terms: int, used: NDArray[np.bool_]) -> float | None:
        """Root mean square error of each used line when it is left out (by the hat matrix)."""
        design, weight = self._design(terms)[used], self.weight[used]
        if design.shape[0] <= design.shape[1]:
            return None
        residual = self.before[used] + design @ self._solve(terms, used)
        weighted = design * weight[:, None]
        hat = np.einsum("ij,ji->i", weighted, np.linalg.pinv(weighted))
        left_out = residual / np.clip(1.0 - hat, 1e-3, None)
        return float(np.sqrt(np.average(left_out**2, weights=weight**2)))

    def _terms(self, used: NDArray[np.bool_]) -> int:
        """Return how many terms: each must earn its place when lines are left out."""
        chosen, least = 1, self._left_out(1, used)
        for terms in range(2, self._most_terms(used) + 1):
            error = self._left_out(terms, used)
            if error is None or least is None:
                break
            if error < self.limits.gain * least:
                chosen, least = terms, error
        return chosen

    def _kept(self, terms: int, used: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Reject, worst first, lines that disagree with the others far beyond their spread."""
        kept = used.copy()
        least = self.limits.least_lamp if self.vacuum else self.limits.least_raman
        while int(kept.sum()) > max(least, 3):
            most = max(terms, self._terms(kept))
            residual = self.before + self._design(most) @ self._solve(most, kept)
            spread = 1.4826 * float(np.median(np.abs(residual[kept])))
            worst = int(np.argmax(np.abs(residual) * kept))
            if abs(residual[worst]) <= max(4.0 * spread, 0.75):
                break
            kept[worst] = False
        return kept

    def _correction(self, terms: int, used: NDArray[np.bool_]) -> Correction:
        found = self._solve(terms, used)
        if not self.vacuum:
            scale = float(found[1]) if found.size > 1 else 0.0
            return replace(
                self.plain,
                laser_error_cm1=float(found[0]),
                scale=scale,
                scale_about_cm1=self._about() if scale else 0.0,
            )
        laser = 0.0 if self.lamp.all() else float(found[-1])
        dispersion = tuple(float(value) for value in found[:terms])
        return replace(self.plain, dispersion_nm=dispersion, laser_error_cm1=laser)

    def _checked(self, correction: Correction, used: NDArray[np.bool_]) -> list[str]:
        limits, refusals = self.limits, []
        axis = correction.shifts(self.stated)
        if not np.isfinite(axis).all() or (np.diff(axis) <= 0).any():
            refusals.append("the corrected axis would not rise from pixel to pixel")
        if 2 * int(used.sum()) < used.size:
            refusals.append("most lines contradict each other")
        after = np.array([_residual(self.stated, pair, correction) for pair in self.pairs])[used]
        rms, worst = float(np.sqrt(np.mean(after**2))), float(np.max(np.abs(after)))
        if rms > limits.most_rms_cm1:
            refusals.append(
                f"the residuals are {rms:.2f} cm-1 rms, {limits.most_rms_cm1:g} allowed"
            )
        if worst > limits.most_line_cm1:
            refusals.append(f"a line is {worst:.2f} cm-1 off, {limits.most_line_cm1:g} allowed")
        return refusals

    def _unlike(self, rows: list[LineResult]) -> list[str]:
        """Say of which Raman standards a scan is not: too few of the lines, or of the light.

        Where its lines were found but stand elsewhere than those of another standard say, either
        may be at fault, and that is what is said.
        """
        said = []
        for name, narrow in self.matched.narrow.items():
            own = [row for row in rows if row.standard == name and row.use != "outside_range"]
            good, share = _explained(own, narrow, {"used", "saturated"})
            if self._like(good, share, own):
                continue
            with_others = _explained(own, narrow, {"used", "saturated", "outlier"})
            others = {row.standard for row in rows if row.use == "used"} - {name}
            if others and self._like(*with_others, own):
                said.append(
                    f"the lines of {name} do not agree with those of {', '.join(sorted(others))}: "
                    f"{good} of {len(own)} fit one axis; leave one standard out, or measure again"
                )
            else:
                said.append(
                    f"the scan does not look like {name}: {good} of {len(own)} lines agree, "
                    f"with {share:.0%} of the height of all narrow lines"
                )
        return said

    def _like(self, good: int, share: float, own: list[LineResult]) -> bool:
        limits = self.limits
        return good >= limits.least_found * len(own) and share >= limits.least_explained

    def _told(
        self,
        used: NDArray[np.bool_],
        correction: Correction,
        refusals: list[str],
        left_out: float | None = None,
    ) -> AxisFit:
        shown = correction if correction is not NO_CORRECTION else None
        rows = [
            _told(self.stated, pair, "used" if keep else "outlier", shown)
            for pair, keep in zip(self.pairs, used.tolist(), strict=True)
        ]
        good = [row for row in rows if row.use == "used"]
        unlike = self._unlike([*rows, *self.matched.unpaired])
        refusals = [*refusals, *unlike]
        every = sorted([*rows, *self.matched.unpaired], key=lambda r: (r.standard, r.expected))
        places = sorted(row.pixel for row in good if row.pixel is not None)
        span = None
        if places:
            ends = correction.shifts(self.stated, [places[0], places[-1]])
            span = (float(ends[0]), float(ends[1]))
        return AxisFit(
            correction=NO_CORRECTION if refusals else correction,
            lines=tuple(every),
            refusals=tuple(refusals),
            before_rms_cm1=_rms([row.before_cm1 for row in good]),
            after_rms_cm1=_rms([row.after_cm1 for row in good]),
            left_out_rms_cm1=left_out,
            range_cm1=span,
            unlike=tuple(unlike),
        )


def _explained(
    own: list[LineResult], narrow: list[tuple[float, float]], uses: set[str]
) -> tuple[int, float]:
    """Return how many lines are in use, and their share of the height of all narrow lines."""
    good = [row for row in own if row.use in uses]
    pixels = np.array([row.pixel for row in good], dtype=np.float64)
    total = sum(height for _, height in narrow)
    mine = sum(h for at, h in narrow if (np.abs(pixels - at) < 1e-6).any())
    return len(good), float(mine / total) if total else 1.0


def _rms(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.sqrt(np.mean(np.square(known)))) if known else None
