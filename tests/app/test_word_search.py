"""Words are found in exactly what a user may see: the fast search against one that reads all."""

from __future__ import annotations

import random
import re

import pytest

from spectra_app.records.access import User
from spectra_app.records.kinds import Case, Custody, Item, Note, Photo, Scan, SecondTechnique
from spectra_app.records.ledger.record import text_of
from spectra_app.services.cases.listing import CaseFilter, list_cases
from spectra_app.services.cases.seeing import sight_of

NAMES = ("Zorbium", "Xylium", "Quobarb hydrochloride", "Urea", "Lactose")
TEXTS = (
    "grey powder", "grey zor-bium powder", "Quobarb HCl, grey", "grey; smells of urea", "lactose?",
    "wet letter", "XYLIUM", "powder like lactose",
)  # fmt: skip
WORDS = ("grey", "powder", "letter wet", "zorbium", "urea", "lactose", "Xyl", "hcl", "anna")
LISTS = {
    "none": (),
    "one": ("Zorbium",),
    "several": ("Zorbium", "Quobarb hydrochloride", "lactose", "abc"),
}


def case_of(number, chance):
    """Yield a case with what belongs to it."""
    case, say = f"C-{number}", lambda: chance.choice(TEXTS)
    yield Case(id=case, title=say(), opened_at="2026-11-22T10:00:00Z", persons=("Anna",))
    yield Item(id=f"{case}-01", case=case, description=say())
    yield Custody(
        id=f"H{number}", case=case, item=f"{case}-01", number=1, giver=say(), receiver="Ben",
        handed_at="2026-11-22T10:00:00Z",
    )  # fmt: skip
    scans = [
        Scan(
            id=f"S{number}-{place}", case=case, item=f"{case}-01", state="filed",
            outcome="match", alarm="unknown",
            names=tuple(chance.sample(NAMES, chance.choice((0, 1, 1, 2)))), name=say(),
            restricted=chance.random() < 0.2,
        )
        for place in range(chance.randrange(3))
    ]  # fmt: skip
    yield from scans
    about = chance.choice(("", *(scan.id for scan in scans)))
    yield Note(id=f"N{number}", case=case, scan=about, text=say())
    yield Photo(id=f"P{number}", case=case, evidence="e", name="p.png", caption=say())
    yield SecondTechnique(
        id=f"T{number}", case=case, item=f"{case}-01", technique="FTIR", category="A",
        sampling="separate", agreement="agrees", remarks=say(),
        found=tuple(chance.sample(NAMES, 1)), restricted=chance.random() < 0.1,
    )  # fmt: skip


@pytest.fixture
def filled(office, logged_in):
    chance = random.Random(5)
    with office.ledger.writing("u1") as writing:
        for number in range(40):
            for record in case_of(number, chance):
                writing.put(record, "put")
    return logged_in["officer"]


def by_reading_all(office, user, words):
    """Return the cases of which one record that may be seen holds all words."""
    sight, wanted = sight_of(office, user), re.findall(r"\w+", words.casefold())
    found = set()
    for kind in (Case, Item, Custody, Scan, Note, Photo, SecondTechnique):
        for stored in office.ledger.find(kind):
            record = stored.record
            if not sight.sees(record):
                continue
            there = re.findall(r"\w+", text_of(sight.shown(record)).casefold())
            if all(any(word.startswith(one) for word in there) for one in wanted):
                found.add(record.id if kind is Case else record.case)
    return found


@pytest.mark.parametrize("listed", LISTS)
def test_words_are_found_in_what_may_be_seen_and_nowhere_else(office, filled, listed):
    if LISTS[listed]:
        rows = [f"{name},closed,station,hazard,2026-01-01" for name in LISTS[listed]]
        (office.folder / "restricted-lists").mkdir()
        (office.folder / "restricted-lists" / "closed.csv").write_text(
            "\n".join(["name,reason,who,alarm,from", *rows]) + "\n", encoding="utf-8"
        )
    (user,) = (one.record for one in office.ledger.find(User, login="officer"))
    some = 0
    for words in WORDS:
        found = {row.case.id for row in list_cases(office, filled, CaseFilter(text=words)).rows}
        assert found == by_reading_all(office, user, words), words
        some += len(found)
    assert some > 40
