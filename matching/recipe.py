"""A clean-up as a list of steps that a person can change, to look at a spectrum in another way.

A verdict is made with `matching.pipeline` and the policy's settings, never with a recipe.
`as_identified` gives the recipe that does exactly what the pipeline does, and both use the same
functions; from there steps are switched off, changed, moved and added.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from matching.axis import COMMON_GRID, longest_stretch, onto_grid
from matching.errors import QueryError
from matching.figures import scaled_alike
from matching.pipeline import (
    BASELINES,
    DEFAULT_PIPELINE,
    PipelineSettings,
    smoothed_noise,
    smoothing_width_cm1,
)
from matching.preprocess.despike import find_spikes, pixel_noise, repair
from matching.preprocess.scale import gaussian_broadened, second_derivative
from matching.spectrum import MIN_POINTS, FloatArray, Spectrum

MOST_STEPS = 20
LEAST_LEFT = 48  # points of the common axis, so that a baseline has something to rest on


@dataclass(frozen=True, slots=True)
class Parameter:
    """A setting of a step: default, range, unit (empty for a bare number) and decimals shown.

    `log` is for those that a person sets by their decimal logarithm.
    """

    default: float
    low: float
    high: float
    unit: str = ""
    decimals: int = 0
    log: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """What a step does.

    Parameters
    ----------
    parameters : mapping of str to Parameter
        Its settings by name.
    pixels : bool
        Works on the detector's own pixels: stands before the common axis.
    fixed : bool
        Is always done, and once.
    after : str
        Kind of step that must have been done before; empty for none.
    """

    parameters: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}))
    pixels: bool = False
    fixed: bool = False
    after: str = ""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "despike": Kind({"threshold": Parameter(10.0, 3.0, 100.0, "σ", 1)}, pixels=True),
        "grid": Kind(fixed=True),
        "crop": Kind(
            {"from": Parameter(200.0, 100.0, 3600.0, "cm⁻¹"),
             "to": Parameter(2000.0, 140.0, 3698.0, "cm⁻¹")}
        ),
        "arpls": Kind(
            {"stiffness": Parameter(1e4, 10.0, 1e9, "", 1, log=True),
             "cells": Parameter(4.0, 1.0, 10.0),
             "iterations": Parameter(10.0, 1.0, 50.0)}
        ),
        "snip": Kind(
            {"half_width": Parameter(50.0, 4.0, 400.0, "cm⁻¹"),
             "cells": Parameter(4.0, 1.0, 10.0)}
        ),
        "adaptive": Kind(
            {"below_snr": Parameter(150.0, 10.0, 10_000.0),
             "most": Parameter(12.0, 0.0, 60.0, "cm⁻¹", 1)},
            after="baseline",
        ),
        "smooth": Kind({"fwhm": Parameter(6.0, 0.0, 60.0, "cm⁻¹", 1)}),
        "derivative": Kind({"window": Parameter(18.0, 10.0, 82.0, "cm⁻¹")}),
        "scale_max": Kind(),
        "scale_area": Kind(),
        "snv": Kind(),
    }
)  # fmt: skip
BASELINE_KINDS = ("arpls", "snip")


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """One step: its kind, whether it is done, and its settings by name (those left out: default).

    `values` are pairs of name and value, in the order of the kind's parameters.
    """

    kind: str
    on: bool = True
    values: tuple[tuple[str, float], ...] = ()

    def value(self, name: str) -> float:
        """Return a setting."""
        return dict(self.values).get(name, KINDS[self.kind].parameters[name].default)

    def with_value(self, name: str, value: float) -> RecipeStep:
        """Return the step with another value of a setting, cut to its range."""
        known = KINDS[self.kind].parameters[name]
        values = {one: self.value(one) for one in KINDS[self.kind].parameters}
        values[name] = min(max(value, known.low), known.high)
        return replace(self, values=tuple(values.items()))


Recipe = tuple[RecipeStep, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Cooked:
    """A spectrum after a recipe.

    Parameters
    ----------
    first : int
        Grid index of the first point.
    before : array, shape (m,)
        On the same axis, cosmic rays still in it: what came in, averaged over grid cells.
    values : array, shape (m,)
        The result.
    baseline : array of shape (m,) or None
        What was taken off as background, when nothing but that changed the level of the curve.
    noise : float
        One standard deviation of the noise of `values`, estimated.
    spikes : int
        Pixels repaired.
    smoothed_cm1 : float
        Widths (FWHM) of all smoothing together, in cm-1.
    upright : bool
        False for a derivative: its maxima are no heights above a baseline.
    """

    first: int
    before: FloatArray
    values: FloatArray
    baseline: FloatArray | None
    noise: float
    spikes: int
    smoothed_cm1: float
    upright: bool = True

    @property
    def raman_shift_cm1(self) -> FloatArray:
        """The axis in cm-1, shape (m,)."""
        return COMMON_GRID.values[self.first : self.first + self.values.size]


def as_identified(settings: PipelineSettings = DEFAULT_PIPELINE) -> Recipe:
    """Return the recipe that does what `prepare` does with these settings."""
    baseline = (
        RecipeStep(
            "arpls",
            values=(
                ("stiffness", settings.baseline_stiffness),
                ("cells", float(settings.baseline_cells)),
                ("iterations", float(settings.baseline_iterations)),
            ),
        )
        if settings.baseline == "arpls"
        else RecipeStep(
            "snip",
            values=(
                ("half_width", settings.snip_half_width_cm1),
                ("cells", float(settings.baseline_cells)),
            ),
        )
    )
    smoothing = (
        ("below_snr", settings.smooth_below_snr), ("most", settings.most_smoothing_cm1),
    )  # fmt: skip
    return (
        RecipeStep("despike", values=(("threshold", settings.spike_threshold),)),
        RecipeStep("grid"),
        baseline,
        RecipeStep("adaptive", values=smoothing),
    )


def trouble(recipe: Recipe) -> str:
    """Return the code of what makes a recipe senseless; empty when it can be done.

    ``many``, ``grid`` (the common axis is missing, off or twice), ``pixels`` (a step on the
    detector's pixels behind it, or another one before it), ``baseline`` (a step that measures
    heights before any baseline is off the spectrum).
    """
    kinds = [step.kind for step in recipe]
    if len(recipe) > MOST_STEPS:
        return "many"
    if kinds.count("grid") != 1 or not recipe[kinds.index("grid")].on:
        return "grid"
    at = kinds.index("grid")
    if any(KINDS[kind].pixels != (place < at) for place, kind in enumerate(kinds) if place != at):
        return "pixels"
    done = False
    for step in recipe:
        done = done or (step.on and step.kind in BASELINE_KINDS)
        if step.on and KINDS[step.kind].after == "baseline" and not done:
            return "baseline"
    return ""


def moved(recipe: Recipe, place: int, by: int) -> Recipe | None:
    """Return the recipe with a step moved, or None where it may not stand."""
    target = place + by
    if not 0 <= target < len(recipe):
        return None
    steps = list(recipe)
    steps.insert(target, steps.pop(place))
    result = tuple(steps)
    return result if not trouble(result) else None


def cook(spectrum: Spectrum, recipe: Recipe) -> Cooked:
    """Do the steps of a recipe, in order.

    Raises
    ------
    QueryError
        When the recipe is senseless (`trouble`), or the spectrum cannot be cleaned like that: too
        little of the common axis is covered or left.
    """
    if code := trouble(recipe):
        raise QueryError(
            f"the steps cannot be done in this order ({code})", "", "put the steps in order"
        )
    whole = longest_stretch(spectrum.raman_shift_cm1)
    axis, raw = spectrum.raman_shift_cm1[whole], spectrum.intensity[whole].copy()
    if axis.size < MIN_POINTS:
        raise QueryError("the axis has gaps and no long piece", "", "measure the whole range")
    before, first, _ = onto_grid(axis, raw, COMMON_GRID)
    spikes = 0
    for step in recipe:
        if step.on and step.kind == "despike":
            mask = find_spikes(raw, step.value("threshold"))
            raw, spikes = repair(raw, mask), spikes + int(mask.sum())
    values, _, _ = onto_grid(axis, raw, COMMON_GRID)
    pixels = COMMON_GRID.step_cm1 / float(np.median(np.diff(axis)))
    noise = pixel_noise(raw) / math.sqrt(max(1.0, pixels))
    state = Cooked(first, before, values, None, noise, spikes, 0.0)
    for step in recipe:
        if step.on and step.kind in _DO:
            state = _DO[step.kind](state, step)
    return state


def _crop(state: Cooked, step: RecipeStep) -> Cooked:
    low, high = sorted((step.value("from"), step.value("to")))
    axis = state.raman_shift_cm1
    inside = np.flatnonzero((axis >= low) & (axis <= high))
    if inside.size < LEAST_LEFT:
        raise QueryError(
            f"nothing is left between {low:.0f} and {high:.0f} cm-1", "", "choose a wider range"
        )
    part = slice(int(inside[0]), int(inside[-1]) + 1)
    return replace(
        state,
        first=state.first + part.start,
        before=state.before[part],
        values=state.values[part],
        baseline=None if state.baseline is None else state.baseline[part],
    )


def _baseline(state: Cooked, step: RecipeStep) -> Cooked:
    settings = PipelineSettings(baseline="snip" if step.kind == "snip" else "arpls")
    if step.kind == "snip":
        settings = replace(settings, snip_half_width_cm1=step.value("half_width"))
    else:
        settings = replace(
            settings,
            baseline_stiffness=step.value("stiffness"),
            baseline_iterations=round(step.value("iterations")),
        )
    settings = replace(settings, baseline_cells=round(step.value("cells")))
    (line,) = BASELINES[settings.baseline](state.values[None], settings)
    bands = state.values - line
    below = line if state.baseline is None else state.baseline + line
    return replace(state, values=bands, baseline=below, noise=max(state.noise, pixel_noise(bands)))


def _adaptive(state: Cooked, step: RecipeStep) -> Cooked:
    top = max(float(np.partition(state.values, -3)[-3]), 0.0)
    settings = PipelineSettings(
        smooth_below_snr=step.value("below_snr"), most_smoothing_cm1=step.value("most")
    )
    return _smoothed(state, smoothing_width_cm1(top / state.noise, settings))


def _smoothed(state: Cooked, width_cm1: float) -> Cooked:
    points = width_cm1 / COMMON_GRID.step_cm1
    return replace(
        state,
        values=gaussian_broadened(state.values, points),
        noise=state.noise * smoothed_noise(points),
        smoothed_cm1=math.hypot(state.smoothed_cm1, width_cm1),
    )


def _derivative(state: Cooked, step: RecipeStep) -> Cooked:
    window = 2 * round(step.value("window") / (2 * COMMON_GRID.step_cm1)) + 1
    values = second_derivative(state.values, window) / COMMON_GRID.step_cm1**2
    noise = pixel_noise(values) if np.ptp(values) > 0 else state.noise
    return replace(state, values=values, baseline=None, noise=noise, upright=False)


def _rescaled(state: Cooked, step: RecipeStep) -> Cooked:
    scaling = {"scale_max": "max", "scale_area": "area", "snv": "snv"}[step.kind]
    values = scaled_alike(state.raman_shift_cm1, state.values, scaling)  # type: ignore[arg-type]
    before, after = float(np.ptp(state.values)), float(np.ptp(values))
    factor = after / before if before > 0 else 1.0
    return replace(state, values=values, baseline=None, noise=state.noise * factor)


_DO: Mapping[str, Callable[[Cooked, RecipeStep], Cooked]] = MappingProxyType(
    {
        "crop": _crop,
        "arpls": _baseline,
        "snip": _baseline,
        "adaptive": _adaptive,
        "smooth": lambda state, step: _smoothed(state, step.value("fwhm")),
        "derivative": _derivative,
        "scale_max": _rescaled,
        "scale_area": _rescaled,
        "snv": _rescaled,
    }
)
