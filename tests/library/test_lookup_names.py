"""Search: every shippable substance by each of its names and numbers; mistakes are said."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.lookup import composition, distance, look_up
from library.substances import substances


def names(text: str) -> set[str]:
    return {hit.substance.name for hit in look_up(text).found}


def test_every_substance_is_found_by_everything_it_goes_by(shared_data: Path) -> None:
    """The source table is the judge, not the program's own copy of it."""
    with (shared_data / "substances" / "substances.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["may_ship"] == "yes"]
    several = ("synonyms", "cas_other", "stereo_alternatives")
    missed = []
    for row in rows:
        known = [row[column] for column in ("id", "name", "systematic_name", "cas", "inchikey")]
        known += [row["inchikey"][:14], *(x for c in several for x in row[c].split("; "))]
        missed += [
            (row["id"], text)
            for text in filter(None, known)
            if row["id"] not in {hit.substance.key for hit in look_up(text).found}
        ]

    assert len(rows) == len(substances()) == 1513
    assert missed == []


def test_every_salt_is_found_by_everything_it_goes_by() -> None:
    missed = [
        (salt.parent, text)
        for salt in substances().salts
        for text in (*salt.names, *salt.cas, salt.inchikey, salt.inchikey[:14])
        if salt not in {hit.salt for hit in look_up(text).found}
    ]

    assert missed == []


def test_every_substance_is_found_by_its_formula() -> None:
    for one in substances():
        assert one.name in names(one.formula), one.formula


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("α‑PVP", "α-PVP"),  # U+2011, as word processors write it
        ("alpha PVP", "α-PVP"),
        ("Δ9−THC", "delta-9-tetrahydrocannabinol"),  # U+2212
        ("Cocaïne", "cocaine"),
        ("AMPHÉTAMINE", "amphetamine"),
        ("  heroin  ", "heroin"),
        ("CAS 50-36-2", "cocaine"),
        ("50‐36‐2", "cocaine"),
        ("InChIKey=ZPUCINDJVBIVPJ-LJISPDSOSA-N", "cocaine"),
        ("zpucindjvbivpj-ljispdsosa-n", "cocaine"),
        ("C₁₇H₂₁NO₄", "cocaine"),
        ("C17H21NO4·HCl", "cocaine"),
        ("HCl", "hydrochloric acid"),
        ("s0059", "cocaine"),
    ],
)
def test_written_as_people_write(asked: str, name: str) -> None:
    assert name in names(asked)


@pytest.mark.parametrize(
    ("asked", "name", "salt"),
    [
        ("cocaine HCl", "cocaine", "hydrochloride"),
        ("Cocaine hydrochloride", "cocaine", "hydrochloride"),
        ("53-21-4", "cocaine", "hydrochloride"),
        ("amphetamine sulphate", "amphetamine", "sulfate"),
        ("C17H21NO4.HCl", "cocaine", "hydrochloride"),
    ],
)
def test_salts_are_found_with_their_parents(asked: str, name: str, salt: str) -> None:
    found = {(hit.substance.name, hit.salt.kind) for hit in look_up(asked).found if hit.salt}

    assert (name, salt) in found


def test_a_salt_that_no_table_holds_is_said_to_be_found_by_its_parent() -> None:
    found = look_up("cocaine nitrate")

    assert {(hit.substance.name, hit.via) for hit in found.found} == {
        ("cocaine", "salt name removed")
    }
    assert "parent" in found.remarks[0]


def test_a_wrong_check_digit_is_said_and_nothing_is_taken_for_it() -> None:
    found = look_up("50-36-3")

    assert found.found == ()
    assert "check digit is wrong" in found.remarks[0]
    assert "it is 2" in found.remarks[0]
    assert "50-36-2" in found.suggestions
    assert "no substance of the table has this CAS" in look_up("100-00-5").remarks[0]


def test_the_first_block_alone_gives_all_of_the_skeleton_and_says_so() -> None:
    found = look_up("KWGRBVOPPLSCSI")

    assert names("KWGRBVOPPLSCSI") == {"ephedrine", "pseudoephedrine"}
    assert "skeleton" in found.remarks[0]
    assert "skeleton" in look_up("GVGLGOZIDCSQPN-UHFFFAOYSA-N").remarks[0]
    assert look_up("AAAAAAAAAAAAAA-BBBBBBBBBB-N").found == ()


def test_an_ambiguous_name_gives_everybody() -> None:
    found = look_up("racemethorphan")

    assert found.substances > 1
    assert "ambiguous" in found.remarks[0]
    assert len(names("C17H21NO4")) > 3


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("fentanyll", "fentanyl"),
        ("fnetanyl", "fentanyl"),
        ("metamfetamin hydrchlorid", "metamfetamin"),
        ("isotonitazenne", "isotonitazene"),
        ("ketamin", "ketamine"),
        ("paracetmol", "paracetamol"),
    ],
)
def test_a_typing_mistake_is_suggested_and_never_taken(wrong: str, right: str) -> None:
    found = look_up(wrong)

    assert found.found == ()
    if " " not in wrong:
        assert right in {name.casefold() for name in found.suggestions}


def test_a_part_of_a_name_is_shown_and_never_taken() -> None:
    found = look_up("tonitaz")

    assert found.found == ()
    assert "Isotonitazene" in found.containing


@pytest.mark.parametrize("text", ["", " ", "-", "?", "xyzzy", "N", "12", "💊", "a" * 3000])
def test_nothing_is_found_for_nothing(text: str) -> None:
    assert look_up(text).found == ()


@given(st.text(max_size=30))
def test_any_text_gives_an_answer(text: str) -> None:
    found = look_up(text)

    assert all(hit.substance.name not in found.suggestions for hit in found.found)


def test_formulas_are_compared_by_composition() -> None:
    assert composition("C2H6O") == composition("OC2H6") == (("C", 2), ("H", 6), ("O", 1))
    assert composition("CuSO4·5H2O") == composition("CuSO9H10")
    assert composition("Co") != composition("CO")
    for text in ("", "XyZ", "C2H6O)", "cocaine", "C-2-", "2", "."):
        assert composition(text) == ()


@given(st.text("abcd", max_size=7), st.text("abcd", max_size=7))
def test_distance_is_symmetric_and_bounded(one: str, other: str) -> None:
    far = distance(one, other, 9)

    assert far == distance(other, one, 9)
    assert (far == 0) == (one == other)
    assert far <= max(len(one), len(other))
    assert distance(one, other, 2) == min(far, 3)
