"""Alerts and handling advice of a case: when they are met, and when not."""

from __future__ import annotations

import json

import pytest

from spectra_app.errors import ForbiddenError, RecordError
from spectra_app.records.kinds import SecondTechnique
from spectra_app.services.case_alerts import case_guidance
from spectra_app.services.notices import shipped

NITAZENES = "family:nitazene (2-benzylbenzimidazole opioid)"
CAPTAGON = ["Amphetamine sulfate", "Caffeine", "Theophylline"]


@pytest.fixture
def guidance(office, logged_in):
    return lambda case, who="officer": case_guidance(office, logged_in[who], case.id)


def met(found):
    return [(one.alert.id, one.rests_on) for one in found.alerts]


# --- What is met ---------------------------------------------------------------------------------


def test_counterfeit_captagon_is_met_in_one_item(records, guidance):
    case = records.case()
    for name in CAPTAGON:  # spread over items it is no tablet
        records.whole([name], None, case=case)
    assert met(guidance(case)) == []
    item = records.whole(CAPTAGON, None, case=case, outcome="mixture")
    found = guidance(case)
    assert met(found) == [("A001", "scans")]
    alert = found.alerts[0]
    assert alert.items == (item.id,)
    assert set(alert.substances) == {"amphetamine", "theophylline"}
    records.answer(item, ["amphetamine"])  # laboratories seldom list what it was cut with
    assert met(guidance(case)) == [("A001", "scans")]
    records.answer(item, ["caffeine", "amphetamine", "theophylline"])
    assert met(guidance(case)) == [("A001", "laboratory")]


def test_what_the_laboratory_refuted_raises_no_alert(records, guidance):
    case = records.case()
    item = records.whole(CAPTAGON, None, case=case, outcome="mixture")
    records.answer(item, ["caffeine"], state="refuted")
    assert met(guidance(case)) == []


def test_answers_that_contradict_each_other_still_warn(records, guidance):
    case = records.case()
    item = records.whole(CAPTAGON, None, case=case, outcome="mixture")
    records.answer(item, ["caffeine"], state="refuted")
    records.answer(item, ["amphetamine"])
    assert met(guidance(case)) == [("A001", "scans")]


@pytest.mark.parametrize(
    ("names", "alerts"),
    [
        (["Safrole", "Piperonal"], ["A102"]),
        (["Safrole", "Safrole"], []),
        (["Safrole", "Norfentanyl"], []),
        (["Norfentanyl", "4-Piperidone"], ["A101"]),
        (["Ephedrine", "Pseudoephedrine hydrochloride"], ["A103"]),
        (["Vanillin", "Eugenol"], []),  # of one family, and neither is under control
        (["Vanillin", "Safrole"], ["A102"]),
        (["Ergometrine", "Lysergic acid"], ["A104"]),
    ],
)
def test_precursors_of_one_family_in_one_case(records, guidance, names, alerts):
    case = records.case()
    for name in names:
        records.whole([name], None, case=case)
    found = guidance(case)
    assert [one.alert.id for one in found.alerts] == alerts
    assert all(len(one.items) == 2 for one in found.alerts)


def test_advice_for_a_family_says_that_nobody_has_reviewed_it(records, guidance):
    case = records.case()
    records.whole(["Isotonitazene"], None, case=case)
    found = guidance(case)
    assert [one.code for one in found.advice] == [NITAZENES]
    text = "\n".join(found.lines())
    assert "not reviewed by anybody" in text
    assert "Source: NIOSH" in text
    assert found.to_json()["advice"][0]["review"] == "not reviewed by anybody"
    assert all("not signed by a laboratory" in origin for _, _, origin in found.tables)


def test_restricted_findings_make_no_alert_for_who_is_not_cleared(records, guidance, office):
    folder = office.folder / "restricted-lists"
    folder.mkdir()
    (folder / "quiet.csv").write_text(
        "name,reason,who,alarm,from\nSafrole,quiet,office,hazard,2020-01-01\n", encoding="utf-8"
    )
    case = records.case()
    records.whole(["Safrole"], None, case=case, restricted=True)
    records.whole(["Piperonal"], ["piperonal", "safrole"], case=case)
    records.whole(["Isotonitazene"], None, case=case)
    found = guidance(case)
    assert met(found) == []
    assert [one.code for one in found.advice] == [NITAZENES]
    assert "afrole" not in json.dumps(found.to_json())


def test_who_may_see_it(office, logged_in, records):
    with pytest.raises(ForbiddenError):
        case_guidance(office, None, records.case().id)
    with pytest.raises(RecordError, match="no such record"):
        case_guidance(office, logged_in["officer"], "none")


# --- Every alert of the table, by names as scans and laboratories give them ----------------------


PATTERNS = [
    (CAPTAGON, ["A001"]),
    (["Dexamphetamine", "Theophylline monohydrate"], ["A001"]),  # "and/or caffeine"
    (["Amfetamine", "Theophylline anhydrous", "Caffeine anhydrous"], ["A001"]),
    (["Fenetylline"], ["A002"]),
    (["Fenethylline hydrochloride", "Caffeine"], ["A002"]),
    (["Captagon"], ["A002"]),
    (["Cocaine HCl", "Levamisole hydrochloride"], ["A003"]),
    (["Cocaine base", "Tetramisole hydrochloride"], ["A003"]),
    (["Cocaine", "Phenacetin", "Levamisole"], ["A003"]),
    (["Diamorphine hydrochloride", "Acetaminophen"], ["A004"]),
    (["Heroin base", "Paracetamol", "Caffeine"], ["A004"]),
    (["Caffeine", "Quinine"], ["A005"]),
    (["Quinine sulfate dihydrate", "Caffeine citrate"], ["A005"]),
    (["Quinine hydrochloride dihydrate", "1,3,7-trimethylxanthine"], ["A005"]),
    (["4-ANPP", "N-Phenethyl-4-piperidone"], ["A101"]),
    (["4-Piperidone hydrochloride", "1-boc-4-AP"], ["A101"]),
    (["4-Fluoro anilino-1-boc-piperidine", "Norfentanyl"], ["A101"]),
    (["PMK", "Heliotropin"], ["A102"]),
    (["PMK glycidate", "PMK glycidic acid"], ["A102"]),
    (["3,4-MDP-2-P methyl glycidic acid ethyl ester", "Safrole"], ["A102"]),
    (["BMK", "APAAN"], ["A103"]),
    (["MAPA", "APAA"], ["A103"]),
    (["P-2-P methyl glycidic acid", "Ethylamine"], ["A103"]),
    (["Ergotamine tartrate", "Ergometrine maleate"], ["A104"]),
    (["Ergotamine", "Lysergic acid"], ["A104"]),
]
NO_PATTERNS = [
    ["Amphetamine sulfate", "Caffeine"],  # what amphetamine is usually cut with
    ["Caffeine", "Theophylline"],
    ["Methamphetamine hydrochloride", "Theophylline"],
    ["Quinine"],
    ["Cocaine", "Lidocaine"],
    ["Procaine", "Levamisole"],
    ["Morphine", "Paracetamol"],
    ["Pseudoephedrine hydrochloride", "Pseudoephedrine"],  # one substance, twice
    ["P2P", "BMK", "Phenylacetone"],
    ["PMK glycidate", "3,4-MDP-2-P methyl glycidate"],
    ["MAPA", "Methyl alpha-phenylacetoacetate"],
    ["Ergotamine", "Ergotamine tartrate"],
    ["Acetic acid", "Benzaldehyde", "Toluene"],
    ["Sodium sulfate", "Sodium carbonate"],
]


def test_each_alert_is_met_by_the_pattern_of_its_source(records, guidance):
    for names, alerts in PATTERNS:
        case, found = records.case(), records.case()
        records.whole(names, None, case=case, outcome="mixture")
        assert met(guidance(case)) == [(one, "scans") for one in alerts], names
        records.answer(records.item(found), names)
        assert met(guidance(found)) == [(one, "laboratory") for one in alerts], names
    every = {row.id for row in shipped("alerts").notices.rows}
    assert {one for _, alerts in PATTERNS for one in alerts} == every


def test_what_is_no_pattern_raises_no_alert(records, guidance):
    for names in NO_PATTERNS:
        case = records.case()
        records.whole(names, None, case=case, outcome="mixture")
        assert met(guidance(case)) == [], names


def test_a_lead_beside_a_firm_name_raises_the_alert(records, guidance):
    case = records.case()
    item = records.item(case)
    records.scan(item, ["Theophylline", "Caffeine"], outcome="mixture", alarm="benign")
    records.scan(item, ["Amphetamine sulfate"], outcome="lead")
    assert met(guidance(case)) == [("A001", "scans")]


def test_what_a_second_technique_found_counts_until_a_laboratory_has_answered(records, guidance):
    case = records.case()
    item = records.whole(["Amphetamine sulfate"], None, case=case)
    other = SecondTechnique(
        id="T1", case=case.id, item=item.id, technique="FTIR", category="A", sampling="separate",
        agreement="agrees", found=("theophylline",),
    )  # fmt: skip
    records.put(other)
    assert met(guidance(case)) == [("A001", "scans")]
    records.answer(item, state="refuted")
    assert met(guidance(case)) == []


def test_a_damaged_result_does_not_silence_an_alert(records, guidance, office):
    case = records.case()
    item = records.item(case)
    scan = records.scan(item, CAPTAGON, outcome="mixture")
    path = office.evidence.path_of(scan.result)
    path.chmod(0o600)
    path.write_bytes(b"{}")
    assert met(guidance(case)) == [("A001", "scans")]
