"""Many references compared at once: the same as an obvious comparison, one after the other."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from library.formats import read_file
from library.manifest import read_manifest
from matching.agreement import BAND_WIDTH_CM1
from matching.axis import COMMON_GRID, shifted
from matching.compare import Bands, Comparison, compare, compare_many, correlation
from matching.peaks import Peaks, find_peaks, find_peaks_many
from matching.pipeline import prepare
from matching.preprocess.scale import gaussian_broadened, gaussian_widths, second_derivative
from matching.response import fit_response
from matching.search import reference_matrix, search
from matching.weights import error_weights, highpass

FIGURES = tuple(f.name for f in fields(Comparison) if f.type in ("float", "int"))
STEP = COMMON_GRID.step_cm1

# --- The obvious way: one width, one shift, one band at a time ----------------------------------


def soft(values, softness):
    return np.sqrt(values + softness) - np.sqrt(softness)


def obvious_correlations(scan, moved, softness):
    roots = [soft(x, c) for x, c in zip((scan, moved), softness, strict=True)]
    root = float(correlation(*roots))
    return root, float(correlation(*(second_derivative(values) for values in roots)))


def obvious_softness(query, reference, settings, window):
    """Return the softness of the scan's and the reference's roots, each in its own unit."""
    start, stop = window
    heights = [x.values[start - x.first : stop - x.first].max() for x in (query, reference)]
    softness = settings.softening * query.noise
    return softness, softness * heights[1] / max(heights[0], 1e-300)


def obvious_alignment(query, reference, around, settings, window):
    """Return (merit, width, shift, correlations, scan, reference) of the best alignment."""
    reach, best, (start, stop) = settings.reach_cm1, None, window
    softness = obvious_softness(query, reference, settings, window)
    centre = float(np.clip(around, -reach, reach))

    def at(width, shift):
        scan = gaussian_broadened(query.values, max(-width, 0.0) / STEP)
        scan = np.clip(scan[start - query.first : stop - query.first], 0.0, None)
        wide = gaussian_broadened(reference.values, max(width, 0.0) / STEP)
        moved = shifted(wide, np.array([-shift]), STEP)[0]
        moved = np.clip(moved[start - reference.first : stop - reference.first], 0.0, None)
        root, derivative = obvious_correlations(scan, moved, softness)
        merit = root + 0.5 * derivative - 0.004 * abs(shift) - 0.001 * abs(width)
        return merit, width, shift, root, derivative, scan, moved

    for width in settings.widths_cm1:
        tried = at(width, centre)
        best = tried if best is None or tried[0] > best[0] else best
    width, best = best[1], None
    for fine in settings.fine_cm1:
        tried = at(width, float(np.clip(centre + fine, -reach, reach)))
        best = tried if best is None or tried[0] > best[0] else best
    return best


def obvious_prominence(values, top):
    left = top
    while left > 0 and values[left - 1] <= values[top]:
        left -= 1
    right = top
    while right < len(values) - 1 and values[right + 1] <= values[top]:
        right += 1
    return values[top] - max(min(values[left : top + 1]), min(values[top : right + 1]))


def obvious_peaks(values, first, least):
    """Return (index, position, prominence) of each band, strongest first."""
    found, values = [], values.tolist()
    for i in range(1, len(values) - 1):
        low, top, high = values[i - 1 : i + 2]
        if top > low and top >= high and top >= least:
            found.append((-top, i))
    rows = []
    for _, i in sorted(found)[:240]:
        prominence = obvious_prominence(values, i)
        if prominence >= least:
            low, top, high = values[i - 1 : i + 2]
            curve = low - 2 * top + high
            offset = 0.5 * (low - high) / curve if curve < 0 else 0.0
            position = COMMON_GRID.start_cm1 + STEP * (first + i + offset)
            rows.append((i, position, prominence))
    return rows[:60]


def obvious_matches(bands, others, tolerance):
    return [
        np.exp(-0.5 * (min(abs(b[1] - o[1]) for o in others) / tolerance) ** 2) if others else 0.0
        for b in bands
    ]


def obvious_share(bands, matches):
    weight = [np.sqrt(b[2]) for b in bands]
    return np.dot(weight, matches) / sum(weight) if sum(weight) > 0 else 1.0


def obvious_uncovered(query, start, stop):
    grid = COMMON_GRID.values[query.first : query.end]
    half = STEP / 2
    here = (grid - half >= 300.0 - 1e-6) & (grid + half <= 1850.0 + 1e-6)
    inside = here & (np.arange(query.first, query.end) >= start)
    inside &= np.arange(query.first, query.end) < stop
    light = np.clip(query.values - 3 * query.noise, 0.0, None)
    return max(1 - light[inside].sum() / light[here].sum(), 0) if light[here].sum() > 0 else 0.0


def obvious_lists(query, scan, fitted, start, settings):
    least = [max(settings.least_band * x.max(), 5 * query.noise, 1e-300) for x in (scan, fitted)]
    return tuple(obvious_peaks(x, start, y) for x, y in zip((scan, fitted), least, strict=True))


def as_peaks(rows):
    index, place, prominence = (np.array([row[k] for row in rows]) for k in range(3))
    return Peaks(index, place, prominence, prominence)


def obvious_response(query, scan, fitted, start, settings):
    found, expected = obvious_lists(query, scan, fitted, start, settings)
    if not (found and expected):
        return None
    tolerance = settings.band_tolerance_cm1
    lists = (as_peaks(found), as_peaks(expected))
    return fit_response(*lists, query.noise, tolerance, settings.response)


def obvious_confirmed(scan, fitted, start, settings):
    """Return the roots of the bands of a scaled reference that a scan confirms."""
    seen, due = (
        gaussian_broadened(highpass(x, settings.errors.highpass_cm1), BAND_WIDTH_CM1 / STEP)
        for x in (scan, fitted)
    )
    spread = 1.4826 * np.median(np.abs(seen - np.median(seen)))
    reach = round(settings.band_tolerance_cm1 / STEP)
    roots = []
    for i, _, _ in obvious_peaks(fitted, start, max(settings.least_band * fitted.max(), 1e-300)):
        top = seen[max(i - reach, 0) : i + reach + 1].max()
        sure = min(max(top / max(spread, 1e-300) / 2 - 1, 0), 1)
        roots.append(np.sqrt(max(min(top, due[i]), 0) * sure))
    return np.array(roots)


def obvious_remains(query, scan, moved, start, settings):
    """Return the figures of what remains of a scan and a reference after alignment."""
    power = moved.sum()  # of squared roots
    fitted = moved * (np.sqrt(scan * moved).sum() / power) ** 2 if power > 0 else 0 * moved
    found, expected = obvious_lists(query, scan, fitted, start, settings)
    near = obvious_matches(found, expected, settings.band_tolerance_cm1)
    far = obvious_matches(expected, found, settings.band_tolerance_cm1)
    roots = obvious_confirmed(scan, fitted, start, settings)
    sharp, light = (highpass(x, settings.errors.highpass_cm1) for x in (scan, moved))
    weight = error_weights(sharp, query.noise, settings.errors)
    norm = (weight * light * light).sum()
    amount = max((weight * light * sharp).sum() / norm, 0.0) if norm > 0 else 0.0
    noise, tolerance = 3 * query.noise, settings.intensity_tolerance
    present = np.clip(sharp - noise, 0, None).sum()
    seen, due = (
        np.clip(sharp, 0, None),
        np.clip(highpass(fitted, settings.errors.highpass_cm1), 0, None),
    )
    beyond = np.clip(seen - tolerance * due - noise, 0, None).sum()
    lacking = np.clip(due - tolerance * seen - noise, 0, None).sum()
    return {
        "unexplained": beyond / present if present > 0 else 1.0,
        "missing": lacking / due.sum() if due.sum() > 0 else 1.0,
        "query_bands_matched": obvious_share(found, near),
        "reference_bands_matched": obvious_share(expected, far),
        "independent_bands": roots.sum() ** 2 / (roots**2).sum() if roots.any() else 0.0,
        "misfit": (weight * (sharp - amount * light) ** 2).mean(),
        "contrast": (weight * sharp**2).mean(),
        "fitted": fitted,
    }


def obvious(query, reference, around, settings):
    """Return the figures of a comparison by name; None when too little is common."""
    margin = int(np.ceil((settings.reach_cm1 + 2.0) / STEP))
    start = max(query.first, reference.first) + margin
    stop = min(query.end, reference.end) - margin
    if (stop - start) * STEP < 300.0:
        return None
    _, width, shift, root, derivative, scan, moved = obvious_alignment(
        query, reference, around, settings, (start, stop)
    )
    plain = obvious_remains(query, scan, moved, start, settings)
    response = obvious_response(query, scan, plain.pop("fitted"), start, settings)
    if response is not None:
        with_it = moved * response.factor(COMMON_GRID.values[start:stop])
        answered = obvious_remains(query, scan, with_it, start, settings)
        answered.pop("fitted")
        if answered["misfit"] < settings.response.least_use * plain["misfit"]:
            softness = obvious_softness(query, reference, settings, (start, stop))
            root, derivative = obvious_correlations(scan, with_it, softness)
            plain = answered
    return plain | {
        "root_correlation": root,
        "derivative_correlation": derivative,
        "uncovered": obvious_uncovered(query, start, stop),
        "shift_cm1": shift,
        "width_cm1": width,
        "overlap_cm1": (stop - start) * STEP,
        "first": start,
    }


def assert_as_obvious(query, references, hints, settings):
    made = compare_many(query, references, hints, settings)
    for found, reference, hint in zip(made, references, hints, strict=True):
        stated = obvious(query, reference, hint, settings)
        if stated is None:
            assert found is None
            continue
        assert (found.width_cm1, found.shift_cm1) == (stated["width_cm1"], stated["shift_cm1"])
        assert set(FIGURES) == set(stated)
        for name in FIGURES:
            assert getattr(found, name) == pytest.approx(stated[name], rel=1e-9, abs=1e-11), name


# --- Fast is obvious -----------------------------------------------------------------------------


def some_bands(rng, size, first, noise=0.0):
    """Return bands at random places on a random stretch of the grid."""
    place = np.arange(size)[:, None]
    count = int(rng.integers(3, 25))
    width = rng.uniform(1.5, 8.0, count)
    values = np.exp(-0.5 * ((place - rng.uniform(0, size, count)) / width) ** 2)
    values = values @ rng.lognormal(0.0, 1.0, count) + 0.01 * rng.random(size)
    return Bands(np.clip(values + rng.normal(0, noise, size), 0.0, None), first, noise)


def some_references(rng, query):
    """Return references: a broadened and moved copy of the scan, and others, some on its axis."""
    wide = np.roll(gaussian_broadened(query.values, rng.uniform(0.1, 8.0)), rng.integers(-3, 4))
    made = [Bands(wide, query.first)]
    for _ in range(9):
        apart = rng.random() < 0.3
        size = int(rng.integers(120, 1100)) if apart else query.values.size
        first = int(rng.integers(0, 400)) if apart else query.first
        made.append(some_bands(rng, size, first))
    return made, rng.uniform(-9.0, 9.0, len(made)).tolist()


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), noise=st.sampled_from([0.0, 0.02, 0.3]))
def test_the_batch_says_what_the_obvious_comparison_says(seed, noise, policy):
    rng = np.random.default_rng(seed)
    query = some_bands(rng, int(rng.integers(250, 1000)), int(rng.integers(0, 300)), noise)
    assert_as_obvious(query, *some_references(rng, query), policy.compare)


@pytest.mark.parametrize("which", ["scan", "reference"])
def test_nothing_at_all_compares_as_the_obvious_way_says(which, policy):
    something = some_bands(np.random.default_rng(1), 700, 100, 0.02)
    nothing = Bands(np.zeros(700), 100, 0.02)
    query, reference = (nothing, something) if which == "scan" else (something, nothing)
    assert_as_obvious(query, [reference], [1.0], policy.compare)


def test_measured_scans_compare_as_the_obvious_way_says(shared_data, policy):
    spectra = shared_data / "spectra"
    references = [
        prepare(read_file(row.path)[1].spectra[0].spectrum)
        for row in read_manifest(spectra / "reference-785xs" / "manifest.csv")
    ]
    matrix = reference_matrix(references, range(len(references)))
    known = [Bands(np.clip(p.bands, 0.0, None), p.first, p.noise) for p in references]
    scans = list(read_manifest(spectra / "queries-785x" / "manifest.csv"))[::6]
    for row in scans:
        _, result = read_file(row.path, column="raw-dark", laser_nm=row.laser_nm)
        scan = prepare(result.spectra[0].spectrum)
        hits = search(scan, matrix, policy.search, 8)
        query = Bands(np.clip(scan.bands, 0.0, None), scan.first, scan.noise)
        chosen = [known[number] for number in hits.row.tolist()]
        assert_as_obvious(query, chosen, hits.shift_cm1.tolist(), policy.compare)
    assert len(scans) >= 8


# --- A replayed comparison is the same, bit for bit ------------------------------------------


def assert_identical(one, other):
    for field in fields(Comparison):
        a, b = getattr(one, field.name), getattr(other, field.name)
        pairs = [(a, b)]
        if isinstance(a, Peaks):
            pairs = [(getattr(a, f.name), getattr(b, f.name)) for f in fields(Peaks)]
        for x, y in pairs:
            np.testing.assert_array_equal(x, y, err_msg=field.name)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_neither_the_others_nor_their_order_change_a_comparison(seed, policy):
    rng = np.random.default_rng(seed)
    query = some_bands(rng, 800, 100, 0.02)
    references, hints = some_references(rng, query)
    order = rng.permutation(len(references)).tolist()
    whole = compare_many(query, references, hints, policy.compare)
    mixed = compare_many(
        query, [references[i] for i in order], [hints[i] for i in order], policy.compare
    )
    for place, number in enumerate(order):
        alone = compare(query, references[number], hints[number], policy.compare)
        assert (alone is None) == (whole[number] is None) == (mixed[place] is None)
        if alone is not None:
            assert_identical(alone, whole[number])
            assert_identical(alone, mixed[place])


def test_no_reference_gives_no_comparison(policy):
    assert compare_many(Bands(np.ones(500), 0), [], [], policy.compare) == []


# --- The parts of it -----------------------------------------------------------------------------


@given(
    rows=st.lists(st.lists(st.integers(0, 6), min_size=24, max_size=24), min_size=1, max_size=5),
    least=st.floats(0.0, 4.0),
)
def test_bands_of_many_rows_are_those_of_an_obvious_search(rows, least):
    values = np.array(rows, dtype=np.float64)  # small whole numbers: plateaus and equal heights
    many = find_peaks_many(values, 7, np.full(len(rows), least))
    for row, peaks in zip(values, many, strict=True):
        stated = obvious_peaks(row, 7, least)
        assert peaks.index.tolist() == [i for i, _, _ in stated]
        assert peaks.prominence.tolist() == [p for _, _, p in stated]
        np.testing.assert_allclose(peaks.raman_shift_cm1, [x for _, x, _ in stated])
        alone = find_peaks(row, 7, least)
        np.testing.assert_array_equal(alone.index, peaks.index)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 99),
    size=st.integers(16, 1200),
    widths=st.lists(st.just(0.0) | st.floats(0.1, 40.0), min_size=1, max_size=4),
)
def test_rows_broadened_together_are_the_rows_broadened_by_themselves(seed, size, widths):
    rows = np.random.default_rng(seed).random((3, size)) ** 4
    many = gaussian_widths(rows, tuple(widths))
    assert many.shape == (3, len(widths), size)
    for number, row in enumerate(rows):
        np.testing.assert_array_equal(gaussian_widths(row, tuple(widths)), many[number])
        for place, width in enumerate(widths):
            sigma = max(width, 0.1) / np.sqrt(8 * np.log(2))
            half = max(1, int(np.ceil(4 * sigma)))
            kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
            padded = np.pad(row, half, mode="edge")
            plain = np.convolve(padded, kernel / kernel.sum(), mode="valid")
            np.testing.assert_allclose(many[number, place], plain, rtol=0, atol=1e-12)


def test_where_no_band_is_in_reach_broadening_leaves_nothing():
    row = np.zeros(600)
    row[300] = 1e6
    wide = gaussian_widths(row, (4.0, 20.0))
    for values, reach in zip(wide, (7, 34), strict=True):
        assert np.flatnonzero(values).tolist() == list(range(300 - reach, 301 + reach))
        assert values.sum() == pytest.approx(1e6, rel=1e-12)
