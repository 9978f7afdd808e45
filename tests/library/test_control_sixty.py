"""Hand-picked rows of the source tables, as facts: how each listing stands before and after.

Each fact was read off ``control_status.csv`` by a person, and says what the program has to answer
on a day before and on a day after the decision. Where the source gives a year only, the days lie in
the years around it, and within the year the answer says that the day is not known.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from library.control import COUNTED
from library.lookup import look_up
from library.status import answer

LATER, LISTED = "not yet in force", "in force"
UNREAD, YEAR, ENDED = "start not read", "only the year is known", "ended"
SUPPLEMENT = "non-medical narcotic/psychotropic supplementary list"
CATALOGUE = "narcotic drugs catalogue (2013 ed.)"
UNSPLIT = "listed (Schedule I, II or IV; number not split in the source)"
UNNUMBERED = "(schedule number not in the text read)"
WHO = "(recommended; schedule number and adoption not in the text read)"
EU = "EU 273/2004 + 111/2005"
CN = "CN national lists"


class Fact(NamedTuple):
    """One row: what is asked, where, and how it stands on two days."""

    row: str
    asked: str
    instrument: str
    schedule: str
    before: str
    then: str
    after: str
    now: str
    grade: str
    conflict: str = ""


FACTS = [
    # 1961: the old consolidated text, decisions of CND with their year, the Yellow List
    Fact("C0114", "acetorphine", "UN 1961", "Schedule I",
         "1980-01-01", UNREAD, "2026-11-22", LISTED, "B-baseline"),
    Fact("C0215", "codeine", "UN 1961", "Schedule II",
         "1980-01-01", UNREAD, "2026-11-22", LISTED, "B-baseline"),
    Fact("C0218", "ethylmorphine", "UN 1961", "Schedule II",
         "1980-01-01", UNREAD, "2026-11-22", LISTED, "B-baseline", "differs"),
    Fact("C0225", "alpha-methylfentanyl", "UN 1961", "Schedule IV (in addition to I)",
         "1980-01-01", UNREAD, "2026-11-22", LISTED, "B-baseline"),
    Fact("C0236", "2-methyl-AP-237", "UN 1961", UNSPLIT,
         "2022-12-31", LATER, "2026-11-22", LISTED, "B"),
    Fact("C0427", "AH-7921", "UN 1961", "Schedule I",
         "2014-12-31", LATER, "2016-01-01", LISTED, "B"),
    Fact("C0439", "MT-45", "UN 1961", "Schedule I",
         "2015-12-31", LATER, "2016-06-30", YEAR, "B"),
    Fact("C0440", "acetylfentanyl", "UN 1961", "Schedule I and IV",
         "2015-12-31", LATER, "2017-01-01", LISTED, "B"),
    Fact("C0447", "U-47700", "UN 1961", "Schedule I",
         "2016-12-31", LATER, "2018-01-01", LISTED, "A"),
    Fact("C0448", "butyrfentanyl", "UN 1961", "Schedule I",
         "2016-12-31", LATER, "2017-07-01", YEAR, "A"),
    Fact("C0457", "carfentanil", "UN 1961", "Schedule I and IV",
         "2017-12-31", LATER, "2019-01-01", LISTED, "A"),
    Fact("C0459", "furanylfentanyl", "UN 1961", "Schedule I",
         "2017-12-31", LATER, "2019-01-01", LISTED, "A"),
    Fact("C0469", "cyclopropylfentanyl", "UN 1961", "Schedule I",
         "2018-12-31", LATER, "2020-01-01", LISTED, "A"),
    Fact("C0479", "valerylfentanyl", "UN 1961", "Schedule I",
         "2019-12-31", LATER, "2021-01-01", LISTED, "A"),
    Fact("C0490", "isotonitazene", "UN 1961", "Schedule I",
         "2020-12-31", LATER, "2022-01-01", LISTED, "B"),
    Fact("C0498", "brorphine", "UN 1961", "Schedule I",
         "2021-12-31", LATER, "2023-01-01", LISTED, "B"),
    Fact("C0499", "metonitazene", "UN 1961", "Schedule I",
         "2021-12-31", LATER, "2022-03-01", YEAR, "B"),
    Fact("C0503", "etonitazepyne", "UN 1961", "Schedule I",
         "2022-12-31", LATER, "2024-01-01", LISTED, "A"),
    Fact("C0508", "butonitazene", "UN 1961", "Schedule I",
         "2023-12-31", LATER, "2025-01-01", LISTED, "B"),
    Fact("C0516", "etonitazepipne", "UN 1961", "Schedule I",
         "2024-12-31", LATER, "2026-01-01", LISTED, "A"),
    # 1971: the schedules of 1988, later decisions, what is only recommended, contradictions
    Fact("C0002", "cathinone", "UN 1971", "Schedule I",
         "1985-01-01", UNREAD, "1988-10-12", LISTED, "B-baseline"),
    Fact("C0022", "amphetamine sulfate", "UN 1971", "Schedule II",
         "1985-01-01", UNREAD, "1988-10-12", LISTED, "B-baseline"),
    Fact("C0043", "alprazolam", "UN 1971", "Schedule IV",
         "1985-01-01", UNREAD, "1988-10-12", LISTED, "B-baseline"),
    Fact("C0066", "flunitrazepam", "UN 1971", "Schedule IV",
         "1985-01-01", UNREAD, "2026-11-22", LISTED, "B-baseline", "differs"),
    Fact("C0102", "flunitrazepam", "UN 1971", "Schedule III",
         "1985-01-01", UNREAD, "2026-11-22", LISTED, "C", "differs: 1988 baseline says IV"),
    Fact("C0092", "propylhexedrine", "UN 1971", "Schedule IV",
         "1990-12-31", LISTED, "1992-01-01", ENDED, "B-baseline", "outdated"),
    Fact("C0109", "MDMA hydrochloride", "UN 1971", "Schedule I",
         "1986-02-10", LATER, "1986-02-11", LISTED, "C"),
    Fact("C0110", "2C-B", "UN 1971", "Schedule II",
         "2001-03-19", LATER, "2001-03-20", LISTED, "B"),
    Fact("C0111", "4-MTA", "UN 1971", "Schedule I",
         "2000-12-31", LATER, "2026-11-22", "recommended", "B"),
    Fact("C0112", "GHB", "UN 1971", "Schedule IV",
         "2000-12-31", LATER, "2002-01-01", LISTED, "C", "possible later transfer"),
    Fact("C0432", "JWH-018", "UN 1971", "Schedule II",
         "2014-12-31", LATER, "2016-01-01", LISTED, "C"),
    Fact("C0437", "GBL", "UN 1971", "(recommended Schedule I)",
         "2014-12-31", LATER, "2026-11-22", "recommended", "C", "differs"),
    Fact("C0441", "α-PVP", "UN 1971", UNNUMBERED,
         "2015-12-31", LATER, "2017-01-01", LISTED, "D"),
    Fact("C0451", "pentedrone", "UN 1971", "Schedule II",
         "2016-12-31", LATER, "2018-01-01", LISTED, "A"),
    Fact("C0464", "5F-ADB", "UN 1971", "Schedule II",
         "2017-12-31", LATER, "2019-01-01", LISTED, "A"),
    Fact("C0480", "DOC", "UN 1971", "Schedule I",
         "2019-12-31", LATER, "2021-01-01", LISTED, "A", "differs"),
    Fact("C0488", "flualprazolam", "UN 1971", "Schedule IV",
         "2019-12-31", LATER, "2020-12-31", LISTED, "A", "differs"),
    Fact("C0489", "etizolam", "UN 1971", "Schedule IV",
         "2019-12-31", LATER, "2021-01-01", LISTED, "A"),
    Fact("C0494", "clonazolam", "UN 1971", WHO,
         "2020-12-31", LATER, "2026-11-22", "recommended", "D"),
    Fact("C0506", "3-MMC", "UN 1971", "Schedule II",
         "2022-12-31", LATER, "2024-01-01", LISTED, "A"),
    Fact("C0512", "bromazolam", "UN 1971", WHO,
         "2023-12-31", LATER, "2026-11-22", "recommended", "D"),
    Fact("C0519", "carisoprodol", "UN 1971", "Schedule IV",
         "2024-12-31", LATER, "2026-01-01", LISTED, "B"),
    # 1988: tables, moves between them, esters, what a source says is not listed
    Fact("C0369", "acetic anhydride", "UN 1988", "Table II",
         "1995-06-01", LISTED, "2002-01-01", ENDED, "A"),
    Fact("C0369", "acetic anhydride", "UN 1988", "Table I",
         "2000-12-31", LATER, "2002-01-01", LISTED, "A"),
    Fact("C0371", "ephedrine hydrochloride", "UN 1988", "Table I",
         "1987-12-31", LATER, "1989-01-01", LISTED, "A"),
    Fact("C0373", "norephedrine", "UN 1988", "Table I",
         "1999-12-31", LATER, "2001-01-01", LISTED, "B"),
    Fact("C0378", "phenylacetic acid", "UN 1988", "Table I",
         "2009-12-31", LATER, "2011-01-01", LISTED, "A"),
    Fact("C0380", "alpha-phenylacetoacetamide", "UN 1988", "Table I",
         "2018-12-31", LATER, "2020-01-01", LISTED, "B"),
    Fact("C0394", "norfentanyl", "UN 1988", "Table I",
         "2021-12-31", LATER, "2023-01-01", LISTED, "B"),
    Fact("C0395", "4-piperidone", "UN 1988", "Table I",
         "2024-12-02", LATER, "2024-12-03", LISTED, "A"),
    Fact("C0413", "P-2-P methyl glycidic acid ethyl ester", "UN 1988", "Table I",
         "2024-12-02", LATER, "2024-12-03", LISTED, "B"),
    Fact("C0401", "hydrochloric acid", "UN 1988", "Table II",
         "1991-12-31", LATER, "1993-01-01", LISTED, "B"),
    Fact("C0411", "gamma-butyrolactone", "UN 1988", "not in Table I/II",
         "2020-01-01", "stated not listed", "2026-11-22", "stated not listed", "C", "differs"),
    # European Union: categories with their regulation, or with no date at all
    Fact("C0522", "ephedrine", EU, "Category 1",
         "2010-01-01", UNREAD, "2026-11-22", LISTED, "B"),
    Fact("C0538", "chloroephedrine", EU, "Category 1",
         "2015-12-31", LATER, "2017-01-01", LISTED, "A"),
    Fact("C0540", "4-anilino-N-phenethylpiperidine", EU, "Category 1",
         "2017-12-31", LATER, "2019-01-01", LISTED, "A"),
    Fact("C0542", "PMK", EU, "Category 1",
         "2015-01-01", UNREAD, "2026-11-22", LISTED, "B"),
    Fact("C0545", "alpha-phenylacetoacetamide", EU, "Category 1",
         "2019-12-31", LATER, "2021-01-01", LISTED, "B"),
    Fact("C0551", "norfentanyl", EU, "Category 1",
         "2022-12-31", LATER, "2024-01-01", LISTED, "A"),
    Fact("C0557", "4-piperidone", EU, "Category 1",
         "2024-12-31", LATER, "2026-01-01", LISTED, "A"),
    Fact("C0559", "acetic anhydride", EU, "Subcategory 2A",
         "2010-01-01", UNREAD, "2026-11-22", LISTED, "B"),
    Fact("C0563", "potassium permanganate", EU, "Subcategory 2B",
         "2010-01-01", UNREAD, "2026-11-22", LISTED, "B", "differs"),
    Fact("C0568", "acetone", EU, "Category 3",
         "2010-01-01", UNREAD, "2026-11-22", LISTED, "B"),
    Fact("C0570", "ephedrine", EU, "Category 4",
         "2010-01-01", "preparation", "2026-11-22", "preparation", "B"),
    # China: catalogue, supplementary list with days, classes by definition
    Fact("C0575", "acetyl-alpha-methylfentanyl", CN, CATALOGUE,
         "2015-01-01", UNREAD, "2026-11-22", LISTED, "B"),
    Fact("C0844", "25B-NBOMe", CN, SUPPLEMENT,
         "2015-09-30", LATER, "2015-10-01", LISTED, "B"),
    Fact("C0934", "α-PVP", CN, SUPPLEMENT,
         "2015-09-30", LATER, "2015-10-01", LISTED, "B"),
    Fact("C1077", "isotonitazene", CN, "class-wide control",
         "2025-06-30", LATER, "2025-07-01", "class definition", "B"),
    Fact("C1076", "JWH-018", CN, "class-wide control",
         "2021-06-30", LATER, "2021-07-01", "class definition", "B"),
    # Canada: dates are of the version of the text; exceptions and a class
    Fact("C1528", "codeine", "CA CDSA", "Schedule I",
         "2010-01-01", UNREAD, "2018-04-04", LISTED, "A"),
    Fact("C1717", "nabilone", "CA CDSA", "Schedule II",
         "2010-01-01", UNREAD, "2018-10-17", LISTED, "A"),
    Fact("C1750", "methylphenidate", "CA CDSA", "Schedule III",
         "2010-01-01", UNREAD, "2017-12-13", LISTED, "A"),
    Fact("C1942", "acetic anhydride", "CA CDSA", "Schedule VI",
         "2010-01-01", UNREAD, "2017-12-27", LISTED, "A"),
    Fact("C1847", "bromazolam", "CA CDSA", "Schedule IV",
         "2010-01-01", "class definition", "2026-11-22", "class definition", "A"),
    # Germany: annexes without dates, German spellings; United States: one rule
    Fact("C1079", "acetyldihydrocodeine", "DE BtMG", "Anlage I",
         "2015-01-01", UNREAD, "2026-11-22", LISTED, "A"),
    Fact("C1249", "AB-PINACA", "DE BtMG", "Anlage II",
         "2015-01-01", UNREAD, "2026-11-22", LISTED, "A"),
    Fact("C1490", "methadone hydrochloride", "DE BtMG", "Anlage III",
         "2015-01-01", UNREAD, "2026-11-22", LISTED, "A"),
    Fact("C1994", "P-2-P methyl glycidic acid", "US CSA", "List I chemical",
         "2026-05-03", LATER, "2026-05-04", LISTED, "B"),
]  # fmt: skip


def listing(fact: Fact, on: str):
    """Return how the program says the row stands, or None when it says nothing of it."""
    found = answer(date.fromisoformat(on), name=fact.asked, jurisdiction=fact.instrument)
    (one,) = found.answers
    wanted = [
        item for item in one.listings if item.schedule == fact.schedule and item.grade == fact.grade
    ]
    states = {item.state for item in wanted}
    assert len(states) <= 1, states
    return (wanted[0] if wanted else None), one


def test_the_facts_cover_every_instrument_grade_and_kind() -> None:
    assert len(FACTS) >= 60
    assert {fact.instrument for fact in FACTS} == {
        "UN 1961", "UN 1971", "UN 1988", EU, CN, "CA CDSA", "DE BtMG", "US CSA",
    }  # fmt: skip
    assert {fact.grade for fact in FACTS} == {"A", "B", "B-baseline", "C", "D"}
    assert sum(bool(fact.conflict) for fact in FACTS) >= 8
    assert sum("hydrochloride" in fact.asked or "sulfate" in fact.asked for fact in FACTS) >= 4


@pytest.mark.parametrize("fact", FACTS, ids=[f"{f.row} {f.asked}" for f in FACTS])
def test_before_and_after(fact: Fact) -> None:
    before, old = listing(fact, fact.before)
    after, new = listing(fact, fact.after)

    assert before is not None
    assert after is not None
    assert (before.state, after.state) == (fact.then, fact.now)
    assert before.counts == (fact.then in COUNTED)
    assert after.counts == (fact.now in COUNTED)
    assert after.conflict.startswith(fact.conflict)
    assert bool(after.conflict) == bool(fact.conflict)
    assert after.edition
    assert after.sources
    for one in (old, new):
        told = " ".join(one.sentences)
        assert one.listed or f"no listing found in lists to {one.origin.read_to}" in told
        assert "not controlled" not in told


def test_the_facts_are_those_of_the_source_table(shared_data: Path) -> None:
    with (shared_data / "substances" / "control_status.csv").open(encoding="utf-8") as file:
        rows = {row["row_id"]: row for row in csv.DictReader(file)}
    for fact in FACTS:
        row = rows[fact.row]
        moved = row["event_date"].startswith("Table II")
        assert row["instrument"] == fact.instrument
        assert row["grade"] == fact.grade
        assert row["schedule"] == fact.schedule or moved, fact
        assert row["conflict"].startswith(fact.conflict)


@pytest.mark.parametrize(
    ("asked", "instrument", "told"),
    [
        ("ephedrine hydrochloride", "UN 1988", "the list includes salts"),
        ("amphetamine sulfate", "UN 1971", "what the list says of salts was not read"),
        ("ephedrine", EU, "the list names a preparation"),
        ("isotonitazene", CN, "a whole class by definition"),
        ("acetylmethadol", "UN 1961", "the list names an isomer"),
    ],
)
def test_what_is_not_quite_what_the_list_names_is_said(asked, instrument, told) -> None:
    found = answer(date(2026, 11, 22), name=asked, jurisdiction=instrument)

    assert told in " ".join(" ".join(one.sentences) for one in found.answers)


def test_a_list_past_its_age_limit_says_so_and_a_young_one_does_not() -> None:
    found = answer(date(2026, 11, 22), name="cocaine", jurisdiction="DE")
    old = {one.origin.instrument for one in found.answers if one.past_age}

    assert old == {"UN 1971", EU, "DE BtMG"}
    for one in found.answers:
        assert any("age limit" in text for text in one.sentences) == one.past_age
    early = answer(date(2021, 11, 8), name="cocaine", jurisdiction="DE")
    assert not any(one.past_age for one in early.answers)


def test_nothing_found_is_never_said_to_be_uncontrolled() -> None:
    found = answer(date(2026, 11, 22), name="no such substance", jurisdiction="DE")

    assert found.summary.startswith("no listing found in lists to 2021-11-08")
    assert "does not mean uncontrolled" in found.summary
    assert found.alarm == "unknown"
    assert not look_up("no such substance").found
