"""Families: switched on only when leaving whole substances out shows that the pattern holds."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from matching.coarse import CELL, CELLS, cell_centres_cm1, coarse_root
from matching.family import (
    FamilyCheck,
    FamilySettings,
    carries,
    check_family,
    covers,
    exemplars,
    families_of,
)
from matching.rates import exact_bounds

SPAN = np.arange(300.0, 1900.0, 2.0)
FIRST = 100  # grid index of 300 cm-1
COMMON = (620.0, 1004.0, 1190.0, 1450.0)


@pytest.fixture(scope="session")
def settings(policy) -> FamilySettings:
    return policy.family


@pytest.fixture(scope="session")
def drawn(lines):
    """A made-up substance: the family's bands (if any), bands of its own, a little noise."""

    def draw(seed: int, common=(), own: int = 8) -> np.ndarray:
        random = np.random.default_rng(seed)
        bands = [(p + random.normal(0, 2), 9.0, random.lognormal(0, 0.3)) for p in common]
        places = random.uniform(350, 1850, own)
        bands += [(p, 9.0, random.lognormal(-0.5, 0.5)) for p in places]
        return np.sqrt(np.clip(lines(SPAN, bands) + random.normal(0, 0.003, SPAN.size), 0, None))

    return draw


@pytest.fixture(scope="session")
def known(drawn, settings):
    """Return a builder: so many members (substances 0, 1, ...), two references each, and others."""

    @cache
    def build(members: int, others: int, common=COMMON):
        roots = [drawn(1000 + i % members, common) for i in range(2 * members)]
        roots += [drawn(2000 + i) for i in range(others)]
        cells = np.array([coarse_root(root, FIRST) for root in roots])
        numbers = [*(i % members for i in range(2 * members)), *range(members, members + others)]
        covered = np.ones(len(roots), dtype=bool)
        return exemplars(cells, covered, np.array(numbers), settings)

    return build


def test_a_common_pattern_is_found_and_switched_on(known, settings) -> None:
    found = check_family("made-up", np.arange(10), known(10, 80), settings)
    assert found.on
    assert (found.members, found.others) == (10, 80)
    assert found.found >= 9
    assert found.false == 0
    assert found.false_high95 == pytest.approx(exact_bounds(0, 80, 0.05)[1])
    assert found.found_low95 == pytest.approx(exact_bounds(found.found, 10, 0.05)[0])
    for place in COMMON:
        assert min(abs(place - band) for band in found.bands_cm1) <= 8.0


@pytest.mark.parametrize(
    ("made", "reasons"),
    [
        ((7, 80, COMMON), {"few_members"}),
        ((10, 30, COMMON), {"others_taken"}),  # 30 others prove no rate below 9.5 %
        ((10, 80, ()), {"no_shared_bands", "members_missed"}),
        ((10, 0, COMMON), {"few_members"}),
    ],
)
def test_without_proof_a_family_is_off(known, settings, made, reasons) -> None:
    found = check_family("made-up", np.arange(made[0]), known(*made), settings)
    assert not found.on
    assert found.model is None
    assert found.reason in reasons


def test_a_family_of_unlike_substances_taken_from_the_others_is_off(known, settings) -> None:
    for start in range(0, 40, 8):
        found = check_family("unlike", np.arange(10 + start, 18 + start), known(10, 80), settings)
        assert not found.on


def test_leaving_out_is_a_fit_without_the_substance(known, settings) -> None:
    """The running sums equal building everything again from the rows that are left."""
    data, members = known(8, 22), np.arange(8)
    loose = replace(settings, most_false=1.0, least_found=0.0, least_members=2.0)
    found = check_family("made-up", members, data, loose)
    hits, false = 0, 0
    for number in np.unique(data.substance):
        rest = data.substance != number
        kept = type(data)(data.light[rest], data.substance[rest])
        model = check_family("rest", members, kept, loose).model
        answers = [] if model is None else carries(data.light[~rest], model, settings)
        if number in members:
            hits += len(answers) > 0 and all(answers)
        else:
            false += any(answers)
    assert (found.found, found.false) == (hits, false)


def test_a_scan_is_told_by_the_families_that_are_on_and_no_other(known, drawn, settings) -> None:
    on = check_family("on", np.arange(10), known(10, 80), settings)
    off = FamilyCheck("off", 3, 80, 0, 0, None, None, "few_members", (), None)
    told = [families_of(drawn(s, COMMON), FIRST, [off, on], settings) for s in range(40, 60)]
    assert sum(answer == ("on",) for answer in told) >= 18
    strangers = [families_of(drawn(s), FIRST, [off, on], settings) for s in range(60, 120)]
    assert sum(bool(answer) for answer in strangers) <= 1
    random = np.random.default_rng(3)
    noise = np.sqrt(np.clip(random.normal(0, 1, SPAN.size), 0, None))
    assert families_of(noise, FIRST, [on], settings) == ()
    assert families_of(np.zeros(SPAN.size), FIRST, [on], settings) == ()


def test_a_scan_that_does_not_cover_the_range_is_not_told(known, drawn, settings) -> None:
    on = check_family("on", np.arange(10), known(10, 80), settings)
    whole = next(
        d for d in (drawn(s, COMMON) for s in range(40, 60)) if told(d, FIRST, on, settings)
    )
    assert not told(whole[80:], FIRST + 80, on, settings)
    assert not told(whole[:600], FIRST, on, settings)
    assert covers(np.array([FIRST, FIRST + 80]), np.array([900, 900]), settings).tolist() == [
        True,
        False,
    ]


def told(root: np.ndarray, first: int, check: FamilyCheck, settings: FamilySettings) -> bool:
    return bool(families_of(root, first, [check], settings))


def test_the_bounds_are_the_exact_ones() -> None:
    assert exact_bounds(0, 59, 0.05)[1] == pytest.approx(1 - 0.05 ** (1 / 59))
    assert exact_bounds(0, 59, 0.05)[1] < 0.05 < exact_bounds(0, 58, 0.05)[1]
    assert exact_bounds(8, 8, 0.05)[0] == pytest.approx(0.05 ** (1 / 8))
    assert exact_bounds(0, 8, 0.05)[0] == 0.0
    assert exact_bounds(8, 8, 0.05)[1] == 1.0


def test_cells_lie_where_they_say(lines) -> None:
    centres = cell_centres_cm1()
    assert centres.shape == (CELLS,)
    root = lines(SPAN, [(1000.0, 9.0, 1.0)])
    cells = coarse_root(root, FIRST)
    assert abs(centres[int(np.argmax(cells))] - 1000.0) <= CELL
    assert not cells[: FIRST // CELL].any()


def test_any_setting_changes_the_rule(settings) -> None:
    assert replace(settings, ridge=0.04).hash != settings.hash
    assert replace(settings).hash == settings.hash
