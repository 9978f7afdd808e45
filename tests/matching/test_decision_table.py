"""Every way a verdict can come about, one row each."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.decision import Mixture, Scored, Verdict, baseline_sensitive, survives
from matching.decision import decide as decide_rows
from matching.quality import ScanQuality
from matching.setfit import Part, SetFit
from spectra_app.wording import ADVICE, OUTCOMES, REASONS

GOOD = ScanQuality(
    snr=200.0,
    saturated=False,
    fluorescence_ratio=0.5,
    range_cm1=(300.0, 2000.0),
    bands=9,
    silent_share=0.0,
    spikes=0,
)
NAMING = {"match", "mixture", "lead"}


@pytest.fixture
def limits(policy):
    return policy.thresholds


@pytest.fixture
def scored(comparison, limits):
    """Return a builder: substance, evidence above the naming limit, kind, role, figures."""

    def build(substance, above=3.0, kind="measured", role="substance", **figures):
        found = comparison(**figures)
        return Scored(substance, substance, kind, role, limits.name + above, found)

    return build


def decide(entries, *rest, **options):
    """Number the entries by their place, so that a row and a position are the same thing."""
    placed = [dataclasses.replace(entry, row=row) for row, entry in enumerate(entries)]
    return decide_rows(placed, *rest, **options)


def same(_one: int, _other: int) -> bool:
    return True


def different(_one: int, _other: int) -> bool:
    return False


def test_one_measured_reference_that_explains_everything_is_a_match(scored, policy):
    verdict = decide([scored(1), scored(2, -9.0)], GOOD, policy, different)
    assert verdict.outcome == "match"
    assert verdict.named == (0,)
    assert verdict.reasons == ("explains_spectrum",)
    assert not verdict.sets
    assert "confirm_second_technique" in verdict.advice


BARS = {
    "saturated": ({"saturated": True}, "saturated"),
    "bands where molecules have none": ({"silent_share": 0.9}, "axis_doubtful"),
    "weak": ({"snr": 0.5}, "weak_signal"),
    "weak under fluorescence": ({"snr": 0.5, "fluorescence_ratio": 500.0}, "fluorescent"),
    "saturated comes before weak": ({"saturated": True, "snr": 0.1}, "saturated"),
    "axis comes before weak": ({"silent_share": 0.9, "snr": 0.1}, "axis_doubtful"),
}


@pytest.mark.parametrize(("figures", "reason"), BARS.values(), ids=list(BARS))
def test_a_bad_scan_is_never_named_however_good_the_fit(scored, policy, figures, reason):
    quality = dataclasses.replace(GOOD, **figures)
    verdict = decide([scored(1, 50.0)], quality, policy, different)
    assert verdict.outcome == "inconclusive"
    assert verdict.reasons == (reason,)
    assert verdict.named == ()
    assert verdict.advice


def test_an_axis_in_doubt_from_outside_bars_a_name(scored, policy):
    verdict = decide([scored(1, 50.0)], GOOD, policy, different, axis_doubtful=True)
    assert (verdict.outcome, verdict.reasons, verdict.named) == (
        "inconclusive",
        ("axis_doubtful",),
        (),
    )


def test_nothing_comparable_is_inconclusive_not_unknown(policy):
    verdict = decide([], GOOD, policy, different)
    assert (verdict.outcome, verdict.reasons) == ("inconclusive", ("nothing_comparable",))


def test_a_good_scan_that_resembles_nothing_is_not_in_the_library(scored, policy, limits):
    far = scored(1, limits.resemblance - limits.name - 1.0)
    verdict = decide([far], GOOD, policy, different)
    assert verdict.outcome == "not_in_library"
    assert verdict.reasons == ("no_similar_reference",)
    assert "handle_as_hazardous" in verdict.advice
    assert "send_to_laboratory" in verdict.advice


def test_under_fluorescence_nothing_is_said_about_the_library(scored, policy, limits):
    far = scored(1, limits.resemblance - limits.name - 1.0)
    quality = dataclasses.replace(GOOD, fluorescence_ratio=limits.most_fluorescence + 1)
    verdict = decide([far], quality, policy, different)
    assert (verdict.outcome, verdict.reasons) == ("inconclusive", ("fluorescent",))


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"unexplained": 0.4, "missing": 0.1}, "bands_unexplained"),
        ({"unexplained": 0.1, "missing": 0.4}, "bands_missing"),
    ],
)
def test_a_resemblance_is_told_with_what_speaks_against_it(scored, policy, limits, figures, reason):
    near = scored(1, (limits.resemblance - limits.name) / 2, **figures)
    verdict = decide([near], GOOD, policy, different)
    assert verdict.outcome == "inconclusive"
    assert verdict.reasons == ("resemblance_only", reason)
    assert verdict.named == ()


@pytest.mark.parametrize("figures", [{"unexplained": 0.99}, {"overlap_cm1": 100.0}])
def test_high_evidence_alone_does_not_name(scored, policy, figures):
    verdict = decide([scored(1, 9.0, **figures)], GOOD, policy, different)
    assert verdict.outcome == "inconclusive"
    assert verdict.named == ()


def test_the_limits_themselves_name(scored, policy, limits):
    exact = scored(
        1, 0.0, unexplained=limits.most_unexplained, overlap_cm1=limits.least_overlap_cm1
    )
    quality = dataclasses.replace(GOOD, snr=limits.least_snr, silent_share=limits.most_silent_share)
    assert decide([exact], quality, policy, different).outcome == "match"


def test_two_substances_with_one_spectrum_are_named_as_a_set(scored, policy):
    verdict = decide([scored(1, 3.0), scored(2, 2.5)], GOOD, policy, same)
    assert verdict.outcome == "match"
    assert verdict.named == (0, 1)
    assert verdict.sets == (verdict.named,)
    assert "indistinguishable" in verdict.reasons


def test_two_different_spectra_that_both_fit_are_too_close(scored, policy):
    verdict = decide([scored(1, 3.0), scored(2, 2.5)], GOOD, policy, different)
    assert (verdict.outcome, verdict.reasons, verdict.named) == (
        "inconclusive",
        ("candidates_close",),
        (),
    )


def test_a_rival_outside_the_rival_distance_does_not_matter(scored, policy, limits):
    rival = scored(2, 3.0 - limits.rival - 0.01)
    assert decide([scored(1, 3.0), rival], GOOD, policy, different).outcome == "match"


def test_a_rival_just_below_the_naming_limit_still_counts(scored, policy, limits):
    close = [scored(1, limits.name + 0.1), scored(2, limits.name - 0.05)]
    assert decide(close, GOOD, policy, different).reasons == ("candidates_close",)
    assert decide(close, GOOD, policy, same).named == (0, 1)


def test_a_set_of_more_than_three_names_nothing(scored, policy):
    many = [scored(number, 3.0 - number / 10) for number in range(4)]
    assert decide(many[:3], GOOD, policy, same).named == (0, 1, 2)
    assert decide(many, GOOD, policy, same).outcome == "inconclusive"


def test_more_entries_of_one_substance_are_one_name(scored, policy):
    entries = [scored(1, 3.0), scored(1, 2.9), scored(1, 2.8), scored(1, 2.7), scored(1, 2.6)]
    verdict = decide(entries, GOOD, policy, different)
    assert verdict.outcome == "match"
    assert verdict.named == (0,)
    assert not verdict.sets


def test_a_reconstructed_reference_gives_a_lead_only(scored, policy):
    verdict = decide([scored(1, kind="reconstructed")], GOOD, policy, different)
    assert verdict.outcome == "lead"
    assert "reference_reconstructed" in verdict.reasons
    assert "measure_reference" in verdict.advice


def test_one_reconstructed_member_makes_the_whole_set_a_lead(scored, policy):
    verdict = decide([scored(1), scored(2, 2.9, "reconstructed")], GOOD, policy, same)
    assert verdict.outcome == "lead"
    assert verdict.named == (0, 1)


def test_a_measured_entry_stands_for_its_substance_when_it_fits_too(scored, policy):
    entries = [scored(1, 3.0, "reconstructed"), scored(1, 0.5, "measured")]
    verdict = decide(entries, GOOD, policy, different)
    assert verdict.outcome == "match"
    assert verdict.named == (1,)


def test_a_measured_entry_that_does_not_fit_does_not_make_it_a_match(scored, policy):
    entries = [scored(1, 3.0, "reconstructed"), scored(1, -4.0, "measured")]
    verdict = decide(entries, GOOD, policy, different)
    assert verdict.outcome == "lead"
    assert verdict.named == (0,)


def test_an_emulated_reference_is_told(scored, policy):
    verdict = decide([scored(1, kind="emulated")], GOOD, policy, different)
    assert "reference_emulated" in verdict.reasons


def test_a_calculated_reference_is_never_named(scored, policy):
    verdict = decide([scored(1, 9.0, "calculated")], GOOD, policy, different)
    assert verdict.outcome not in NAMING
    assert verdict.named == ()


def test_packaging_alone_is_told_as_packaging(scored, policy):
    verdict = decide([scored(1, role="container")], GOOD, policy, different)
    assert verdict.outcome == "container_only"
    assert "scan_other_spot" in verdict.advice


def test_packaging_that_may_be_a_substance_is_not_waved_through(scored, policy):
    entries = [scored(1, role="container"), scored(2, 2.9)]
    verdict = decide(entries, GOOD, policy, same)
    assert verdict.outcome == "match"
    assert set(verdict.named) == {0, 1}


@settings(max_examples=200)
@given(data=st.data())
def test_no_scan_whatever_breaks_the_promises(comparison, policy, data):
    limits = policy.thresholds
    draw = data.draw
    entries = [
        Scored(
            row,
            draw(st.integers(0, 3)),
            draw(st.sampled_from(["measured", "reconstructed", "calculated", "emulated"])),
            draw(st.sampled_from(["substance", "container", "cutting agent"])),
            draw(st.floats(-10, 10)),
            comparison(
                unexplained=draw(st.floats(0, 1)),
                missing=draw(st.floats(0, 1)),
                overlap_cm1=draw(st.floats(300, 3000)),
            ),
        )
        for row in range(draw(st.integers(0, 6)))
    ]
    entries.sort(key=lambda item: -item.evidence)
    quality = ScanQuality(
        snr=draw(st.floats(0, 1000)),
        saturated=draw(st.booleans()),
        fluorescence_ratio=draw(st.floats(0, 100)),
        range_cm1=(300.0, 2000.0),
        bands=3,
        silent_share=draw(st.floats(0, 0.2)),
        spikes=0,
    )
    alike = draw(st.sampled_from([same, different]))
    verdict = decide(entries, quality, policy, alike)

    assert verdict.outcome in OUTCOMES
    assert verdict.reasons
    assert set(verdict.reasons) <= set(REASONS)
    assert verdict.advice
    assert set(verdict.advice) <= set(ADVICE)
    named = [entries[position] for position in verdict.named]
    assert bool(named) == (verdict.outcome in {*NAMING, "container_only"})
    assert len({item.substance for item in named}) == len(named) <= 3
    for item in named:
        assert item.kind != "calculated"
    stands = [
        item.evidence >= limits.name and item.comparison.unexplained <= limits.most_unexplained
        for item in named
    ]
    assert not named or stands[0]  # the others of a set are named because Raman sees no difference
    if verdict.outcome == "match":
        assert not any(item.kind == "reconstructed" for item in named)
    for one, other in itertools.combinations(range(len(named)), 2):
        assert alike(one, other)
    if quality.saturated or quality.snr < limits.least_snr:
        assert verdict.outcome == "inconclusive"


def asked() -> tuple[str, ...]:
    return ("nitazene", "fentanyl analogue")


def never() -> tuple[str, ...]:
    raise AssertionError("the families were asked although something else is to be said")


@pytest.mark.parametrize(
    ("above", "reason"), [(-9.0, "no_similar_reference"), (-1.0, "resemblance_only")]
)
def test_a_good_scan_of_an_unknown_is_told_by_its_family(scored, policy, above, reason):
    verdict = decide([scored(1, above)], GOOD, policy, different, families=asked)
    assert verdict.outcome == "class_only"
    assert verdict.reasons[:2] == ("family_pattern", reason)
    assert verdict.families == ("nitazene", "fentanyl analogue")
    assert verdict.named == ()
    assert "handle_as_hazardous" in verdict.advice
    plain = decide([scored(1, above)], GOOD, policy, different)
    assert plain.outcome != "class_only"
    assert plain == decide([scored(1, above)], GOOD, policy, different, families=tuple)


def test_no_family_is_told_of_a_named_a_bad_or_a_doubtful_scan(scored, policy):
    weak = dataclasses.replace(GOOD, snr=policy.family.least_snr - 1)
    bright = dataclasses.replace(GOOD, fluorescence_ratio=policy.thresholds.most_fluorescence + 1)
    unlike = [scored(1, -9.0)]
    assert decide([scored(1)], GOOD, policy, different, families=never).outcome == "match"
    assert decide(unlike, weak, policy, different, families=never).outcome == "not_in_library"
    assert decide(unlike, bright, policy, different, families=never).reasons == ("fluorescent",)
    close = [scored(1, 3.0), scored(2, 2.5)]
    assert decide(close, GOOD, policy, different, families=never).outcome == "inconclusive"
    assert decide([], GOOD, policy, different, families=never).outcome == "inconclusive"
    doubtful = decide(unlike, GOOD, policy, different, axis_doubtful=True, families=never)
    assert doubtful.reasons == ("axis_doubtful",)


# --- A verdict must stand with another baseline -------------------------------------------------


def substance(row):
    return row // 10  # rows 10 to 19 are entries of substance 1


def naming(*rows, sets=(), families=()):
    return Verdict("match", (), (), rows, sets=sets, families=families)


@pytest.mark.parametrize(
    ("verdict", "other", "stands"),
    [
        (naming(10), naming(10), True),
        (naming(10), naming(13), True),  # another entry of the substance
        (naming(10), naming(20), False),
        (naming(10), naming(), False),
        (naming(10, 20), naming(20, 10), True),
        (naming(10, 20), naming(10), False),
        (naming(10), naming(10, 20), False),
        (naming(10), naming(20, 10, sets=((20, 10),)), True),  # told apart by one only
        (naming(10, 20, sets=((10, 20),)), naming(30, sets=()), False),
        (naming(10, 30, sets=((10, 20), (30, 20))), naming(20, 90), False),  # 90 is new
        (naming(20, 90), naming(10, 30, sets=((10, 20), (30, 20))), False),
        (naming(10, 30, sets=((10, 20), (30, 20))), naming(20, 30), True),
        (naming(families=("a",)), naming(families=("a",)), True),
        (naming(families=("a",)), naming(), False),
    ],
)
def test_a_verdict_stands_when_another_baseline_names_the_same(verdict, other, stands):
    assert survives(verdict, other, substance) is stands


def test_doubt_about_the_baseline_does_not_take_a_warning_back():
    told = Verdict("class_only", ("family_pattern",), ("handle_as_hazardous",), families=("a",))
    assert "handle_as_hazardous" in baseline_sensitive(told).advice
    doubted = baseline_sensitive(naming(10))
    assert (doubted.outcome, doubted.reasons) == ("inconclusive", ("baseline_sensitive",))
    assert doubted.named == ()
    assert "handle_as_hazardous" not in doubted.advice
    assert set(doubted.advice) <= set(ADVICE)


def test_components_found_on_a_short_piece_of_the_axis_are_not_named(scored, policy):
    def told(points):
        parts = tuple(Part(row, 1.0, 0.0, 0.5, (0.3, 0.7)) for row in (0, 10))
        fit = SetFit(parts, 0.5, 0.6, 0.5, np.zeros(points))
        mixture = Mixture(fit, ("measured",) * 2, ("substance",) * 2, (5.0, 5.0), ((), ()))
        return decide([scored(1)], GOOD, policy, different, mixture)

    enough = int(policy.thresholds.least_overlap_cm1 / 2.0)
    assert told(enough).outcome == "mixture"
    assert told(enough - 1).named == ()


def test_what_raman_does_not_tell_apart_is_named_as_a_set_however_far_behind(scored, policy):
    entries = [scored(1, 8.0), scored(2, 0.1), scored(3, -9.0)]
    verdict = decide(entries, GOOD, policy, lambda a, b: {a, b} == {0, 1})
    assert verdict.named == (0, 1)
    assert verdict.sets == ((0, 1),)


def test_a_broad_signal_that_the_reference_lacks_bars_its_name(scored, policy, limits):
    least = limits.least_root_correlation
    assert decide([scored(1, root_correlation=least)], GOOD, policy, different).named == (0,)
    verdict = decide([scored(1, root_correlation=least - 0.01)], GOOD, policy, different)
    assert verdict.named == ()
    assert "background_unexplained" in verdict.reasons
