from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.control import alarm_level, assess, control_lists, lists_to, status
from library.errors import LibraryError
from library.status import answer
from library.substances import substances

TODAY = date(2026, 11, 21)


def day(text: str) -> date:
    return date.fromisoformat(text)


def in_force(name: str, on: str, jurisdiction: str | None) -> set[tuple[str, str]]:
    listings = assess(day(on), name=name, jurisdiction=jurisdiction).listings
    return {(one.instrument, one.schedule) for one in listings if one.counts}


# Before and after an event; facts and dates as in the source tables.
@pytest.mark.parametrize(
    ("name", "jurisdiction", "on", "listed"),
    [
        ("mephedrone", "UN", "2014-12-31", set()),
        ("mephedrone", "UN", "2016-01-01", {("UN 1971", "Schedule II")}),
        ("U-47700", "UN", "2016-12-31", set()),
        ("AH-7921", "UN", "2014-12-31", set()),
        ("acetic anhydride", "UN", "1987-12-31", set()),
        ("acetic anhydride", "UN", "1995-06-01", {("UN 1988", "Table II")}),
        ("acetic anhydride", "UN", "2002-01-01", {("UN 1988", "Table I")}),
        ("phenylacetic acid", "UN", "2009-12-31", {("UN 1988", "Table II")}),
        ("phenylacetic acid", "UN", "2011-01-01", {("UN 1988", "Table I")}),
        ("potassium permanganate", "UN", "2000-12-31", {("UN 1988", "Table II")}),
        ("potassium permanganate", "UN", "2002-01-01", {("UN 1988", "Table I")}),
        ("1-boc-4-piperidone", "UN", "2024-12-02", set()),
        ("1-boc-4-piperidone", "UN", "2024-12-03", {("UN 1988", "Table I")}),
        ("4-piperidone", "UN", "2024-12-02", set()),
        ("4-piperidone", "UN", "2024-12-03", {("UN 1988", "Table I")}),
        ("propylhexedrine", "UN", "1990-12-31", {("UN 1971", "Schedule IV")}),
        ("propylhexedrine", "UN", "1992-01-01", set()),
        ("dronabinol", "UN", "1985-01-01", {("UN 1971", "Schedule I")}),
        ("dronabinol", "UN", "1992-01-01", {("UN 1971", "Schedule II")}),
        ("MDMA", "UN", "1986-02-10", set()),
        ("MDMA", "UN", "1986-02-11", {("UN 1971", "Schedule I")}),
        ("2C-B", "UN", "2001-03-19", set()),
        ("2C-B", "UN", "2001-03-20", {("UN 1971", "Schedule II")}),
        ("ketamine", "UN", "2026-11-21", set()),
        ("caffeine", "UN", "2026-11-21", set()),
    ],
)
def test_listings_start_and_end_with_their_events(
    name: str, jurisdiction: str, on: str, listed: set[tuple[str, str]]
) -> None:
    assert in_force(name, on, jurisdiction) == listed


@pytest.mark.parametrize(
    ("name", "on", "alarm"),
    [
        ("isotonitazene", "2020-12-31", "hazard"),
        ("isotonitazene", "2022-01-01", "controlled"),
        ("etonitazepipne", "2024-12-31", "hazard"),
        ("etonitazepipne", "2026-01-01", "controlled"),
        ("fentanyl", "2026-11-21", "controlled"),
        ("heroin", "2026-11-21", "controlled"),
        ("cocaine hydrochloride", "2026-11-21", "controlled"),
        ("amphetamine sulphate", "2026-11-21", "controlled"),
        ("ephedrine", "2026-11-21", "precursor"),
        ("acetone", "2026-11-21", "precursor"),
        ("alpha-phenylacetoacetamide", "2026-11-21", "precursor"),
        ("bromazolam", "2026-11-21", "hazard"),
        ("gamma-butyrolactone", "2026-11-21", "hazard"),
        ("ketamine", "2026-11-21", "hazard"),
        ("lactose", "2026-11-21", "benign"),
        ("caffeine", "2026-11-21", "benign"),
        ("indole", "2026-11-21", "benign"),
        ("no such substance", "2026-11-21", "unknown"),
    ],
)
def test_alarm_level_by_international_lists(name: str, on: str, alarm: str) -> None:
    assert assess(day(on), name=name, jurisdiction="UN").alarm == alarm


def test_in_the_year_of_a_decision_the_listing_stands_and_says_that_its_day_is_not_known() -> None:
    listings = assess(date(2021, 6, 1), name="isotonitazene", jurisdiction="UN").listings

    assert {one.state for one in listings} == {"only the year is known"}
    assert all(one.counts for one in listings)


def test_before_the_oldest_text_read_a_listing_says_that_its_start_was_not_read() -> None:
    listings = assess(date(2010, 1, 1), name="cocaine", jurisdiction="CA").listings

    assert {one.instrument for one in listings if one.state == "start not read"} >= {"CA CDSA"}


def test_a_recommendation_is_shown_and_is_no_listing() -> None:
    (listing,) = assess(TODAY, name="bromazolam", jurisdiction="UN").listings

    assert listing.state == "recommended"
    assert not listing.counts


@pytest.mark.parametrize("name", ["naloxone", "papaverine", "dextromethorphan", "olanzapine"])
def test_what_the_canadian_act_leaves_out_is_not_listed(name: str) -> None:
    listings = assess(TODAY, name=name, jurisdiction="CA").listings

    assert [one.state for one in listings if one.instrument == "CA CDSA"] == ["excluded"]
    assert not any(one.counts for one in listings)


def test_what_the_act_leaves_out_of_one_schedule_and_names_in_another_is_listed() -> None:
    listings = assess(TODAY, name="flunitrazepam", jurisdiction="CA").listings

    assert {(one.schedule, one.state) for one in listings if one.instrument == "CA CDSA"} == {
        ("Schedule I", "in force"),
        ("Schedule IV", "excluded"),
    }


def test_a_class_definition_makes_a_hazard_but_no_listing() -> None:
    table = substances()
    unlisted = [
        one
        for one in table
        if one.family.startswith("nitazene") and not any(x.counts for x in status(one, TODAY))
    ]

    assert unlisted
    for one in unlisted:
        assert "class definition" in {listing.state for listing in status(one, TODAY, "CN")}
        assert alarm_level(status(one, TODAY, "CN"), one) == "hazard"


def test_no_fentanyl_or_nitazene_is_ever_benign() -> None:
    for one in substances():
        if one.family.startswith(("nitazene", "fentanyl")):
            for jurisdiction in (None, "UN", "EU", "CA", "DE", "US"):
                assert alarm_level(status(one, TODAY, jurisdiction), one) not in {
                    "benign",
                    "unknown",
                }


def test_conflicts_between_sources_are_both_shown() -> None:
    listings = assess(TODAY, name="flunitrazepam", jurisdiction="UN").listings

    assert {one.schedule for one in listings} == {"Schedule III", "Schedule IV"}
    assert all(one.conflict.startswith("differs") for one in listings)


def test_every_listing_says_list_edition_grade_and_source() -> None:
    for one in substances():
        for listing in status(one, TODAY):
            assert listing.instrument
            assert listing.edition
            assert listing.grade
            assert listing.sources or listing.state == "not read"


def test_stereoisomers_found_by_skeleton_are_all_considered() -> None:
    found = assess(TODAY, inchikey="KWGRBVOPPLSCSI-UHFFFAOYSA-N", jurisdiction="UN")

    assert {hit.substance.name for hit in found.found} == {"ephedrine", "pseudoephedrine"}
    assert {hit.via for hit in found.found} == {"connectivity"}
    assert found.alarm == "precursor"


def test_a_plant_is_found_by_its_name_and_does_not_colour_its_compound() -> None:
    assert ("UN 1961", "Schedule I") in in_force("cannabis", "2026-11-21", "UN")
    assert in_force("dronabinol", "2026-11-21", "UN") == {("UN 1971", "Schedule II")}


def test_a_state_of_the_union_has_three_layers_of_lists() -> None:
    lists = control_lists()

    assert {one.jurisdiction for one in lists.asked("DE")} == {"UN", "EU", "DE"}
    assert {one.jurisdiction for one in lists.asked("CA")} == {"UN", "CA"}


def test_lists_to_is_the_oldest_of_the_lists_asked() -> None:
    assert lists_to("UN") == date(2025, 3, 1)
    assert lists_to("DE") == date(2021, 11, 8)
    assert lists_to() == date(2021, 11, 8)


def test_an_unknown_jurisdiction_is_refused() -> None:
    with pytest.raises(LibraryError, match="XX"):
        status("cocaine", TODAY, "XX")


def test_confidential_lists_are_not_quoted() -> None:
    for name in ("benzaldehyde", "nitroethane", "methylamine", "gamma-butyrolactone"):
        for listing in assess(TODAY, name=name).listings:
            assert "surveillance" not in (listing.note + listing.schedule + listing.instrument)
            assert "voluntary" not in listing.instrument


@given(st.dates(date(1950, 1, 1), date(2040, 1, 1)), st.sampled_from(["heroin", "BMK", "x", ""]))
def test_any_date_and_name_gives_an_answer(on: date, name: str) -> None:
    found = assess(on, name=name)

    assert found.alarm in {"controlled", "precursor", "hazard", "benign", "unknown"}


def test_a_listing_that_came_later_is_told_with_no_listing_found() -> None:
    said = answer(date(2019, 1, 1), name="isotonitazene", jurisdiction="UN").summary
    assert said.startswith("no listing found in lists to ")
    assert "listed only after 2019-01-01: " in said
    assert "UN 1961 Schedule I (2021)" in said
    assert "listed only" not in answer(date(2019, 1, 1), name="caffeine").summary


def test_a_salt_of_what_only_the_lists_know_is_listed() -> None:
    found = assess(TODAY, name="Ergotamine tartrate", jurisdiction="UN")  # the table lacks it
    assert found.alarm == "precursor"
    assert [one.schedule for one in found.listings] == ["Table I"]
    assert "asked for a salt or hydrate of Ergotamine; the list includes salts" in (
        found.listings[0].scope
    )
    for name in ("Sodium sulfate", "Potassium nitrate", "Lithium citrate", "Unheard-of tartrate"):
        scopes = " ".join(one.scope for one in assess(TODAY, name=name).listings)
        assert "asked for a salt or hydrate" not in scopes, name
