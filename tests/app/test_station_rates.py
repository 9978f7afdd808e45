"""The station's own rates: what is counted, what is judged, and what is never guessed."""

from __future__ import annotations

import json
from datetime import UTC

import pytest
from msgspec.structs import replace

from matching.rates import exact_bounds
from spectra_app.errors import AppError, ForbiddenError
from spectra_app.records.access import User
from spectra_app.records.kinds import Amendment
from spectra_app.services.station_statistics import rates as module
from spectra_app.services.station_statistics.collecting import Period
from spectra_app.services.station_statistics.overview import station_overview
from spectra_app.services.station_statistics.rates import station_rates

NITAZENE = "Isotonitazene"


@pytest.fixture
def rates(office, logged_in):
    def asked(first="", last="", who="technician"):
        return station_rates(office, logged_in[who], Period(first, last, UTC))

    return asked


def pair(found):
    """Return counts by items and by cases."""
    items, cases = found["items"], found["cases"]
    return (items["count"], items["n"]), (cases["count"], cases["n"])


def substance(found, name):
    return next(row for row in found["substances"] if row["substance"] == name)


def outcome(found, name):
    return next(row for row in found["outcomes"] if row["outcome"] == name)


def test_a_station_without_records_says_none_of_none(rates):
    found = rates()
    assert found["counted"]["items"] == found["counted"]["judged"] == 0
    assert found["naming"]["right"]["items"] == {
        "count": 0, "n": 0, "rate": None, "low95": None, "high95": None
    }  # fmt: skip
    assert found["substances"] == []


def test_items_are_counted_however_often_they_were_scanned(records, rates):
    item = records.item(records.case())
    for _ in range(5):
        records.scan(item, ["Cocaine"])
    records.answer(item, ["cocaine"])
    for _ in range(2):
        records.whole(["Cocaine"], ["cocaine hydrochloride"])
    records.whole([], ["cocaine"], outcome="inconclusive")
    found = rates()
    row = substance(found, "cocaine")
    assert pair(row["true_positive"]) == ((3, 4), (3, 4))
    low, high = exact_bounds(3, 4, 0.025)
    assert row["true_positive"]["items"]["low95"] == low
    assert row["true_positive"]["items"]["high95"] == high
    assert pair(found["alarm"]["true_positive"]) == ((3, 4), (3, 4))
    assert pair(outcome(found, "match")["right"]) == ((3, 3), (3, 3))
    missed = outcome(found, "inconclusive")
    assert pair(missed["alarm_substance_found"]) == ((1, 1), (1, 1))
    assert missed["right"] is None


def test_a_salt_and_a_synonym_are_the_substance_and_another_is_not(records, rates):
    records.whole(["Amphetamine sulfate"], ["amphetamine"])
    records.whole(["Paracetamol"], ["acetaminophen"], alarm="benign")
    records.whole(["Amphetamine sulfate"], ["methamphetamine"])
    found = rates()
    assert pair(found["naming"]["right"]) == ((2, 3), (2, 3))
    assert pair(found["naming"]["wrong"]) == ((1, 3), (1, 3))
    row = substance(found, "amphetamine")
    assert pair(row["true_positive"])[0] == (1, 1)
    assert pair(row["false_positive"])[0] == (1, 2)
    assert "Amphetamine sulfate" not in {one["substance"] for one in found["substances"]}
    missed = substance(found, "methamphetamine")
    assert pair(missed["true_positive"])[0] == (0, 1)


def test_isomers_are_one_substance_only_where_a_name_states_none(records, rates):
    records.whole(["Amphetamine"], ["dexamfetamine"])
    records.whole(["Ketamine hydrochloride"], ["esketamine"])
    records.whole(["Pseudoephedrine hydrochloride"], ["ephedrine"])
    records.whole(["Pseudoephedrine hydrochloride"], ["pseudoephedrine"])
    records.whole(["Ephedrine hydrochloride"], ["ephedrine"])
    found = rates()
    assert pair(found["naming"]["right"])[0] == (4, 5)
    assert pair(substance(found, "pseudoephedrine")["true_positive"])[0] == (1, 1)
    assert pair(substance(found, "pseudoephedrine")["false_positive"])[0] == (1, 4)


def test_a_false_alarm_and_a_silent_miss_show(records, rates):
    records.whole(["Cocaine"], ["sucrose"])
    records.whole(["Sucrose"], ["sucrose"], alarm="benign")
    records.whole(["Sucrose"], ["sucrose", NITAZENE], alarm="benign")
    found = rates()
    assert pair(found["alarm"]["false_positive"]) == ((1, 2), (1, 2))
    assert pair(found["alarm"]["true_positive"]) == ((0, 1), (0, 1))
    assert pair(substance(found, NITAZENE)["true_positive"])[0] == (0, 1)


def test_a_case_is_right_only_when_all_of_it_was(records, rates):
    case = records.case()
    for names in (["Cocaine"], ["Cocaine"], ["Heroin"]):
        records.whole(names, ["cocaine"], case=case)
    records.whole(["Cocaine"], ["cocaine"])
    found = rates()
    assert pair(found["naming"]["right"]) == ((3, 4), (1, 2))
    assert pair(found["naming"]["wrong"]) == ((1, 4), (1, 2))
    assert pair(substance(found, "heroin")["false_positive"]) == ((1, 4), (1, 2))


def test_what_is_not_confirmed_is_counted_and_never_guessed(records, rates):
    records.whole(["Cocaine"], ["cocaine"])
    records.whole(["Cocaine"], None)
    waiting = records.whole(["Cocaine"], None)
    records.answer(waiting, state="sent")
    torn = records.whole(["Cocaine"], ["cocaine"])
    records.answer(torn, state="refuted")
    amended = records.whole(["Cocaine"], None)
    answer = records.answer(amended, ["cocaine"])
    records.put(
        Amendment(id="A1", case=amended.case, of_kind="confirmation", of_id=answer.id,
                  of_revision=1, amended="heroin", reason="wrong item")
    )  # fmt: skip
    records.scan(None, ["Cocaine"])
    records.scan(None, ["Cocaine"], state="discarded")
    found = rates()
    counted = found["counted"]
    assert (counted["items"], counted["judged"]) == (5, 1)
    states = ("not_sent", "sent_no_answer", "contradictory", "amended")
    assert [counted[name] for name in states] == [1, 1, 1, 1]
    assert (counted["scans_unfiled"], counted["scans_discarded"]) == (1, 1)
    row = substance(found, "cocaine")
    assert pair(row["true_positive"])[0] == (1, 1)
    assert row["named_not_confirmed"] == outcome(found, "match")["not_confirmed"] == 4


def test_a_laboratory_that_only_refutes_shows_a_false_positive_and_nothing_else(records, rates):
    records.whole(["Cocaine"], [])
    records.whole(["Heroin"], ["heroin"])
    records.whole([], [], outcome="not_in_library")
    found = rates()
    assert found["counted"]["refuted_not_stated"] == 2
    assert pair(substance(found, "cocaine")["false_positive"])[0] == (1, 2)
    assert pair(substance(found, "heroin")["false_positive"])[0] == (0, 0)
    assert pair(found["alarm"]["false_positive"])[0] == (1, 1)
    assert found["alarm"]["not_judged"] == 1


def test_packaging_and_unmentioned_cutting_agents_are_not_judged(records, rates):
    records.whole(["Cocaine", "Caffeine", "Polyethylene"], ["cocaine"], outcome="mixture")
    records.whole(["Caffeine"], ["cocaine"], alarm="benign")
    found = rates()
    assert pair(found["naming"]["right"])[0] == (1, 1)
    assert [row["substance"] for row in found["substances"]] == ["cocaine"]
    assert pair(substance(found, "cocaine")["true_positive"])[0] == (1, 2)


def test_a_set_that_raman_does_not_tell_apart_is_right_up_to_three_names(records, rates):
    three = ("Cocaine", "Heroin", "Ketamine")
    records.whole(["Heroin"], ["ketamine"], alike=[three])
    records.whole(["Heroin"], ["ketamine"], alike=[(*three, "MDMA")])
    found = rates()
    assert pair(found["naming"]["right"])[0] == (1, 2)
    assert pair(found["naming"]["wrong"])[0] == (0, 2)  # it holds what is there
    assert pair(substance(found, "heroin")["false_positive"])[0] == (0, 2)


def test_where_two_were_found_one_name_is_right_and_not_all_of_it(records, rates):
    both = ["cocaine", NITAZENE]
    records.whole(["Cocaine"], both)
    records.whole(["Isotonitazene", "Cocaine hydrochloride"], both, outcome="mixture")
    records.whole(["Cocaine", "Heroin"], ["cocaine", "caffeine"], outcome="mixture")
    found = rates()
    assert pair(found["naming"]["right"])[0] == (2, 3)
    assert pair(found["naming"]["wrong"])[0] == (1, 3)
    assert pair(found["naming"]["all_named"])[0] == (2, 3)
    assert pair(substance(found, NITAZENE)["true_positive"])[0] == (1, 2)
    assert pair(substance(found, NITAZENE)["false_positive"])[0] == (0, 1)
    assert pair(substance(found, "cocaine")["true_positive"])[0] == (3, 3)
    assert pair(substance(found, "caffeine")["true_positive"])[0] == (0, 1)


def test_an_answer_that_neither_confirms_nor_refutes_judges_nothing(records, rates):
    records.answer(records.whole(["Cocaine"], None), ["baking soda"], state="other")
    both = records.whole(["Cocaine"], None)
    records.answer(both, state="other")
    records.answer(both, ["cocaine"])
    found = rates()
    assert (found["counted"]["neither"], found["counted"]["sent_no_answer"]) == (1, 0)
    assert pair(found["naming"]["right"])[0] == (1, 1)


def test_answers_that_share_no_substance_contradict_each_other(records, rates):
    torn = records.whole(["Cocaine"], ["cocaine hydrochloride"])
    records.answer(torn, ["heroin"])
    agreed = records.whole(["Cocaine"], ["cocaine"])
    records.answer(agreed, ["cocaine", "caffeine"])
    found = rates()["counted"]
    assert (found["contradictory"], found["judged"]) == (1, 1)


def test_scans_from_after_the_answer_test_nothing(records, rates):
    item = records.item(records.case())
    records.scan(item, [], outcome="inconclusive", scanned_at="2026-03-04T09:00:00Z")
    records.scan(item, ["Cocaine"], scanned_at="2026-03-06T09:00:00Z")
    records.answer(item, ["cocaine"], answered_at="2026-03-05T09:00:00Z")
    late = records.item(records.case())
    records.scan(late, ["Cocaine"], scanned_at="2026-03-06T09:00:00Z")
    records.answer(late, ["cocaine"], answered_at="2026-03-05T09:00:00Z")
    found = rates()
    assert found["counted"]["judged"] == found["counted"]["scanned_after_answer"] == 1
    assert pair(substance(found, "cocaine")["true_positive"])[0] == (0, 1)
    assert pair(found["alarm"]["true_positive"])[0] == (0, 1)
    assert outcome(found, "match")["not_confirmed"] == 1


def test_a_word_of_the_laboratory_that_no_table_knows_is_not_taken_for_another(records, rates):
    records.whole(["Cocaine"], ["Cocain (Base), 45 %"])
    records.answer(records.whole(["Heroin"], None), ["washing powder"], state="refuted")
    found = rates()
    assert found["not_known"] == ["Cocain (Base), 45 %"]
    assert found["counted"]["found_not_known"] == 1
    assert pair(found["naming"]["wrong"])[0] == (1, 1)  # what is refuted is not there
    assert "cocaine" not in {one["substance"] for one in found["substances"]}


def test_an_item_with_a_result_that_cannot_be_read_is_no_miss(records, rates, office):
    item = records.item(records.case())
    path = office.evidence.path_of(records.scan(item, ["Cocaine"]).result)
    records.answer(item, ["cocaine"])
    path.chmod(0o600)
    path.write_bytes(b"{}")
    found = rates()
    assert found["substances"] == []
    assert pair(found["alarm"]["true_positive"])[0] == (1, 1)  # the record holds the alarm


def test_days_other_stations_and_emulated_ones(records, rates):
    records.whole(["Cocaine"], ["cocaine"], scanned_at="2025-12-31T23:59:59Z")
    records.whole(["Cocaine"], ["cocaine"], scanned_at="2026-01-01T00:00:00Z")
    records.whole(["Cocaine"], ["heroin"], case=records.case(station="f" * 64))
    records.whole(["Cocaine"], ["heroin"], case=records.case(emulated=True))
    assert rates()["counted"]["items"] == 2
    found = rates("2026-01-01", "2026-12-31")
    assert found["counted"]["items"] == 1
    assert found["counted"]["of_other_stations"] == 1
    assert found["counted"]["emulated_or_real"] == 1


def test_a_damaged_result_is_counted_as_unreadable(records, rates, office):
    item = records.whole(["Cocaine"], ["cocaine"])
    path = office.evidence.path_of(office.ledger.find(type(records.scan(item)))[0].record.result)
    path.chmod(0o600)
    path.write_bytes(b"{}")
    assert rates()["counted"]["results_unreadable"] == 1


def test_restricted_hits_do_not_show_to_who_is_not_cleared(records, rates, office):
    folder = office.folder / "restricted-lists"
    folder.mkdir()
    (folder / "quiet.csv").write_text(
        "name,reason,who,alarm,from\nBenzene,quiet,office,hazard,2020-01-01\n", encoding="utf-8"
    )
    records.whole(["Cocaine"], ["cocaine"])
    without = rates()
    records.whole(["Benzene"], ["benzene"], restricted=True)
    records.whole(["Cocaine"], ["benzene"])
    records.whole(["Heroin"], ["heroin"], restricted=True)
    still = rates()
    assert {**still, "made_at": ""} == {**without, "made_at": ""}
    stored = office.ledger.get(User, "u3")
    with office.ledger.writing("u1") as writing:
        writing.put(replace(stored.record, cleared=True), "cleared", after=stored.revision)
    assert rates()["counted"]["items"] == 4
    (folder / "quiet.csv").write_text("damaged", encoding="utf-8")
    assert rates(who="supervisor")["counted"]["items"] == 0


def test_officers_may_not_see_it(rates):
    with pytest.raises(ForbiddenError):
        rates(who="officer")


def test_the_command_prints_the_same(spectra, used_home, quick_passwords, monkeypatch, tmp_path):
    monkeypatch.setattr("spectra_app.services.office.Passwords", lambda: quick_passwords)
    secret = tmp_path / "secret"
    secret.write_text("seven green herons wade\n", encoding="utf-8")
    code, _, err = spectra(
        "users", "setup", "boss", "--name", "Sue Per", "--new-password-file", secret
    )
    assert (code, err) == (0, "")
    who = ("--user", "boss", "--password-file", secret)
    code, out, err = spectra("statistics", "rates", "--from", "2026-01-01", "--json", *who)
    assert (code, err) == (0, "")
    assert json.loads(out)["period"] == {"from": "2026-01-01", "to": ""}
    code, out, _ = spectra("statistics", "rates", *who)
    assert code == 0
    assert "0 items of 0 cases" in out
    assert "named" not in out.partition("How it was counted")[0].partition("By substance")[2]
    assert used_home.exists()


def test_the_comparison_with_the_laboratory_tells_how_far_it_is_and_stops_when_asked(
    office, logged_in, records, monkeypatch
):
    monkeypatch.setattr(module, "AT_ONCE", 1)
    for number in range(4):
        records.whole([f"Made-up substance {number}"], ["cocaine"])
    told = []

    def progress(share, words):
        told.append((share, words))
        if stop_at is not None and share >= stop_at:
            raise AppError("the work was stopped", "", "start it again")

    stop_at, session = None, logged_in["supervisor"]
    station_overview(office, session, Period(zone=UTC), progress)
    shares = [share for share, _words in told]
    compared = [share for share, words in told if "laboratory" in words]
    assert shares == sorted(shares)
    # every item, every outcome and every substance is a place to stop at
    assert len(set(compared)) >= 4 + len(module.OUTCOMES) + 5
    for stop_at in (0.55, 0.72, 0.9):
        told.clear()
        with pytest.raises(AppError, match="stopped"):
            station_overview(office, session, Period(zone=UTC), progress)
        assert told[-1][0] < stop_at + 0.1
