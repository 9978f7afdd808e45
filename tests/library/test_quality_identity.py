"""Identifiers of entries against each other and the substance tables."""

from __future__ import annotations

import pytest

from library.entry import EntryRecord
from library.quality_identity import abbreviates, identity, identity_findings, spelled_alike

CAFFEINE = "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
ACETONE = "CSCPPACGZOOCGX-UHFFFAOYSA-N"


def record(name, **fields):
    return EntryRecord(entry=f"id-{name}", name=name, laser_nm=785.0, **fields)


def codes(*records, force=None):
    return [finding.code for finding in identity_findings(records, force) if finding.alarm]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (record("caffeine", cas="58-08-3"), "cas_check_digit"),
        (record("caffeine", inchikey=CAFFEINE[:-2]), "inchikey_form"),
        (record("caffeine", inchikey=ACETONE), "identifiers_disagree"),
        (record("caffeine", cas="67-64-1"), "identifiers_disagree"),
        (record("caffeine", inchikey=CAFFEINE, cas="67-64-1"), "identifiers_disagree"),
        (record("caffeine", formula="C3H6O"), "identifiers_disagree"),
    ],
)
def test_a_wrong_identifier_is_an_alarm(wrong, code):
    assert codes(wrong) == [code]


def test_right_identifiers_salts_and_synonyms_are_left_in_peace():
    right = (
        record("caffeine", inchikey=CAFFEINE, cas="58-08-2", formula="C8H10N4O2"),
        record("heroin hydrochloride", cas="1502-95-0"),
        record("diamorphine", inchikey="GVGLGOZIDCSQPN-PVHGPHFFSA-N"),
        record("methyl ethyl ketone", inchikey="ZWEHNKRNPOVVGH-UHFFFAOYSA-N"),
    )
    assert codes(*right) == []


def test_one_name_with_two_structures_is_an_alarm_two_names_of_one_are_not():
    twice = record("unheard of", inchikey=CAFFEINE), record("Unheard-of", inchikey=ACETONE)
    assert "one_name_two_structures" in codes(*twice)
    names = [record("one", inchikey=ACETONE), record("other", inchikey=ACETONE)]
    found = {finding.code: finding for finding in identity_findings(names)}
    assert found["one_substance_two_names"].rows == (0, 1)
    assert not found["one_substance_two_names"].alarm


def test_names_exchanged_against_their_groups_are_an_alarm_members_of_a_group_are_not():
    assert codes(record("one", group="other"), record("other", group="one")) == ["names_swapped"]
    oils = record("sesame oil", group="oils"), record("linseed oil", group="oils")
    assert codes(*oils, record("oils", group="oils")) == []


def test_what_is_not_in_force_is_not_looked_at():
    wrong = record("caffeine", cas="58-08-3")
    assert codes(wrong, force=[False]) == []


def test_synonyms_have_a_key_in_common_and_strangers_none():
    acetone = identity(record("acetone"))
    assert identity(record("propan-2-one", inchikey=ACETONE)) & acetone
    assert not identity(record("caffeine")) & acetone


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("PET", "polyethylene terephthalate", False),
        ("thiamine HCl", "thiamine hydrochloride", True),
        ("metamizol mg", "metamizole", True),
        ("caffeine", "glucose", False),
        ("THF", "toluene", False),
        ("", "toluene", False),
    ],
)
def test_spellings(one, other, alike):
    assert spelled_alike(one, other) is spelled_alike(other, one) is alike


def test_abbreviations():
    assert abbreviates("PET", "polyethylene terephthalate")
    assert abbreviates("dimethyl sulfoxide", "DMSO")
    assert not abbreviates("THF", "toluene")
    assert not abbreviates("", "toluene")
