"""Recipes: the one "as identified" is the pipeline itself; others are refused or stay finite."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.axis import COMMON_GRID
from matching.errors import QueryError
from matching.peak_table import assigned, peak_table, reference_bands_cm1
from matching.pipeline import PipelineSettings, prepare
from matching.recipe import KINDS, RecipeStep, as_identified, cook, moved, trouble
from matching.spectrum import Spectrum

AXIS = np.linspace(180.0, 2100.0, 1100)
BANDS = ((555.0, 1.0, 10.0), (1003.0, 0.6, 14.0), (1327.0, 0.8, 12.0))


def scan(seed=1, noise=0.01, spike=True):
    values = 3.0 * np.exp(-AXIS / 700)
    for centre, height, width in BANDS:
        values += height / (1 + ((AXIS - centre) / (width / 2)) ** 2)
    values += np.random.default_rng(seed).normal(0.0, noise, AXIS.size)
    if spike:
        values[700] += 4.0
    return Spectrum(AXIS, 1000 * values, 785.0)


@pytest.mark.parametrize("baseline", ["arpls", "snip"])
@pytest.mark.parametrize("noise", [0.001, 0.08])
def test_as_identified_is_what_the_pipeline_does(baseline, noise):
    use = PipelineSettings(baseline=baseline, baseline_stiffness=3.2e4, most_smoothing_cm1=9.0)
    made, cooked = prepare(scan(noise=noise), use), cook(scan(noise=noise), as_identified(use))
    assert cooked.values == pytest.approx(made.bands, rel=1e-12, abs=1e-9)
    assert cooked.baseline == pytest.approx(made.background, rel=1e-12, abs=1e-9)
    assert (cooked.first, cooked.spikes) == (made.first, made.spikes)
    assert cooked.noise == pytest.approx(made.noise, rel=1e-12)
    assert cooked.smoothed_cm1 == made.smoothed_cm1
    assert (noise > 0.05) == (made.smoothed_cm1 > 0)


SCAN = scan()


def off(recipe, kind):
    return tuple(replace(one, on=one.on and one.kind != kind) for one in recipe)


def test_a_step_that_is_off_is_not_done():
    quiet = scan(noise=0.001)
    whole = cook(quiet, as_identified())
    bare = cook(quiet, off(off(as_identified(), "arpls"), "adaptive"))
    assert bare.baseline is None
    assert bare.values == pytest.approx(whole.values + whole.baseline, rel=1e-3)
    assert np.abs(cook(quiet, off(as_identified(), "despike")).values - whole.values).max() > 500
    assert np.abs(bare.before - bare.values).max() > 500  # before still has its cosmic ray


def test_steps_stand_only_where_they_make_sense():
    recipe = as_identified()
    assert [step.kind for step in recipe] == ["despike", "grid", "arpls", "adaptive"]
    assert moved(recipe, 0, 1) is None
    assert moved(recipe, 3, -1) is None
    assert moved(recipe, 0, -1) is None
    longer = (*recipe, RecipeStep("smooth"))
    assert [step.kind for step in moved(longer, 4, -2)] == [
        "despike", "grid", "smooth", "arpls", "adaptive",
    ]  # fmt: skip
    assert trouble(off(recipe, "arpls")) == "baseline"
    assert trouble(off(recipe, "grid")) == "grid"
    assert trouble((*recipe, RecipeStep("despike"))) == "pixels"
    assert trouble((*recipe, *[RecipeStep("smooth")] * 20)) == "many"
    with pytest.raises(QueryError, match="order"):
        cook(scan(), off(recipe, "arpls"))


def test_a_value_is_cut_to_its_range():
    step = RecipeStep("smooth").with_value("fwhm", 1e9)
    assert step.value("fwhm") == KINDS["smooth"].parameters["fwhm"].high
    assert step.with_value("fwhm", 4.0).value("fwhm") == 4.0


def steps_after_the_grid():
    kinds = [name for name, kind in KINDS.items() if not kind.pixels and not kind.fixed]

    def filled(kind, shares):
        known = KINDS[kind].parameters.items()
        pairs = zip(known, shares, strict=False)
        return RecipeStep(
            kind, values=tuple((n, p.low + share * (p.high - p.low)) for (n, p), share in pairs)
        )

    shares = st.lists(st.floats(0, 1), min_size=3, max_size=3)
    return st.lists(st.builds(filled, st.sampled_from(kinds), shares), max_size=5)


@settings(max_examples=40, deadline=None)
@given(steps_after_the_grid(), st.floats(3.0, 100.0))
def test_any_recipe_is_refused_or_gives_finite_figures(steps, threshold):
    recipe = (RecipeStep("despike", values=(("threshold", threshold),)), RecipeStep("grid"), *steps)
    cooked = None
    with contextlib.suppress(QueryError):
        cooked = cook(SCAN, recipe)
    if cooked is None:
        return
    assert np.isfinite(cooked.values).all()
    assert cooked.values.size == cooked.before.size == cooked.raman_shift_cm1.size >= 48
    assert cooked.noise >= 0


def test_the_peak_table_gives_textbook_figures():
    cooked = cook(scan(noise=0.002), as_identified())
    rows = peak_table(cooked.values, cooked.first, cooked.noise)
    strong = [row for row in rows if row.height > 300]
    assert [row.position_cm1 for row in strong] == pytest.approx([555, 1003, 1327], abs=1.0)
    for row, (_centre, height, width) in zip(strong, BANDS, strict=True):
        assert row.height == pytest.approx(1000 * height, rel=0.1)
        assert row.fwhm_cm1 == pytest.approx(width, rel=0.15)
        assert row.prominence <= row.height + 3 * cooked.noise
        assert row.snr == pytest.approx(row.height / cooked.noise)
        assert row.area == pytest.approx(1000 * height * width * np.pi / 2, rel=0.2)
    assert peak_table(np.zeros(200), 0, 1.0) == []


def test_a_peak_is_given_the_nearest_band_and_none_that_is_far():
    references = [("Caffeine", np.array([555.0, 1327.0])), ("Glass", np.array([]))]
    found = assigned(556.5, references, 8.0)
    assert (found.name, found.band_cm1) == ("Caffeine", 555.0)
    assert found.distance_cm1 == pytest.approx(1.5)
    assert assigned(1003.0, references, 8.0) is None
    closer = [*references, ("Sugar", np.array([556.0]))]
    assert assigned(556.5, closer, 8.0).name == "Sugar"


def test_a_reference_has_its_bands_with_gaps_or_without():
    grid = COMMON_GRID.values[100:900]
    values = sum(h / (1 + ((grid - c) / (w / 2)) ** 2) for c, h, w in BANDS)
    values[:3] = np.nan
    assert reference_bands_cm1(grid, values) == pytest.approx([555, 1003, 1327], abs=1.0)
    assert reference_bands_cm1(grid, np.full(grid.size, np.nan)).size == 0
    assert reference_bands_cm1(grid, np.zeros(grid.size)).size == 0
