"""Tables of alerts and handling advice: what is said of their source, and who may sign them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from library.errors import (
    BadSignatureError,
    LibraryDamagedError,
    ListPackError,
    NoTrustedKeysError,
    RollbackError,
    SamePersonError,
    TooFewSignaturesError,
    WrongPurposeError,
)
from library.notices import Advice, Alert, notices_of, pack, unpack
from library.signing import Signed, canonical
from library.substances import read_table, substances
from library.trusted_keys import LIBRARY
from matching.errors import SpectraError
from spectra_app.records.kinds import Confirmation, Item
from spectra_app.services import notices as service
from spectra_app.services.office import open_office
from spectra_app.services.station import Station
from spectra_app.wording import ADVICE

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
REVIEWED = {"by": "Head of laboratory", "on": "2026-11-20"}


# --- The tables shipped --------------------------------------------------------------------------


def test_every_row_shipped_has_a_source_and_says_that_nobody_reviewed_it():
    for kind in ("alerts", "advice"):
        used = service.shipped(kind)
        assert used.path is None
        for row in used.notices.rows:
            assert len(row.source) > 10
            assert str(row.review) == "not reviewed by anybody"


def test_names_of_the_table_are_substances_that_the_program_knows():
    subclasses = {one.subclass for one in substances()}
    named = {values["name"].casefold() for values in read_table("control.csv")}
    for row in service.shipped("alerts").notices.rows:
        assert isinstance(row, Alert)
        for entry in (*row.all_of, *row.any_of):
            first = entry.split("; ")[0]
            assert substances().by_name(first) or first.casefold() in named, row.id
        assert set(row.subclasses) <= subclasses


def test_no_alert_tells_how_anything_is_made():
    making = re.compile(r"synthes|react|reduc|yield|route|distil|°C|reflux|catalys|step", re.I)
    for row in service.shipped("alerts").notices.rows:
        assert not making.search(f"{row.title} {row.says}"), row.id


def test_the_words_of_advice_are_those_of_the_table():
    rows = [row for row in service.shipped("advice").notices.rows if isinstance(row, Advice)]
    assert {row.code: row.text for row in rows if not row.code.startswith("family:")} == ADVICE
    families = {one.family for one in substances()}
    assert {row.code[7:] for row in rows if row.code.startswith("family:")} <= families


# --- Signed tables -------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path):
    """Return a writer of a table with one reviewed row."""

    def write(edition="2026-11-20", says="Tell the supervisor."):
        row = {"id": "L1", "title": "Ours", "says": says, "within": "item", "source": "our list",
               "all_of": ["cocaine", "caffeine"], "version": 2, "review": REVIEWED}  # fmt: skip
        path = tmp_path / f"{edition}.json"
        path.write_text(json.dumps({"title": "Our alerts", "edition": edition, "rows": [row]}))
        return path

    return write


def signed(table, persons, out, signers=(0, 1)):
    service.pack_file("alerts", table, out, [persons[0][n] for n in signers], now=NOW, days=30)
    return out


def test_a_table_of_two_persons_takes_the_place_of_the_shipped_one(
    trusting, persons, table, tmp_path
):
    file = signed(table(), persons, tmp_path / "a.spectra-notices")
    service.install(file, trusting, NOW)
    used = service.in_use("alerts", trusting.folder)
    assert used.origin == "signed by A, B"
    assert [row.id for row in used.notices.rows] == ["L1"]
    assert str(used.notices.rows[0].review) == "reviewed by Head of laboratory on 2026-11-20"
    assert service.in_use("advice", trusting.folder).path is None
    assert service.journal(trusting.folder).acts()[-1].details["edition"] == "2026-11-20"


def test_an_installed_table_that_is_altered_or_gone_is_never_replaced_in_silence(
    trusting, persons, table, tmp_path
):
    file = signed(table(), persons, tmp_path / "a.spectra-notices")
    service.install(file, trusting, NOW)
    path = service.in_use("alerts", trusting.folder).path
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Tell the supervisor", b"Tell nobody at all."))
    with pytest.raises(LibraryDamagedError):
        service.in_use("alerts", trusting.folder)
    path.unlink()
    with pytest.raises(LibraryDamagedError):
        service.in_use("alerts", trusting.folder)


def test_who_signed_and_how_old_decide(trusting, persons, table, tmp_path):
    alone = signed(table(), persons, tmp_path / "alone.spectra-notices", signers=(0,))
    with pytest.raises((TooFewSignaturesError, SamePersonError)):
        service.install(alone, trusting, NOW)
    service.install(signed(table(), persons, tmp_path / "new.spectra-notices"), trusting, NOW)
    old = signed(table("2026-10-01"), persons, tmp_path / "old.spectra-notices")
    with pytest.raises(RollbackError):
        service.install(old, trusting, NOW)
    service.install(old, trusting, NOW, reason="the new one is wrong", by="A")
    assert service.in_use("alerts", trusting.folder).notices.edition.isoformat() == "2026-10-01"
    with pytest.raises(RollbackError):  # going back once forgets nothing
        service.install(old, trusting, NOW)


def test_what_was_not_signed_as_notices_is_refused(trusting, persons, tmp_path):
    value = json.loads(resources.path("alerts/alerts.json").read_bytes())
    payload = json.loads(pack("alerts", value, created=NOW).payload)
    lists = Signed(canonical({**payload, "name": "control lists"}))
    library = Signed(canonical({**payload, "purpose": LIBRARY}))
    for content in (lists, library):
        one, two = (key.sign(content.payload) for key in persons[0][:2])
        made = content.with_signature(one).with_signature(two)
        path = tmp_path / "x.spectra-notices"
        path.write_bytes(made.to_bytes())
        with pytest.raises((ListPackError, WrongPurposeError)):
            service.install(path, trusting, NOW)


def test_a_changed_letter_breaks_the_signature(trusting, persons, table, tmp_path):
    path = signed(table(), persons, tmp_path / "a.spectra-notices")
    path.write_bytes(path.read_bytes().replace(b"Tell the", b"Tall the"))
    with pytest.raises(BadSignatureError):
        service.verify(path, trusting, NOW)


def test_a_station_without_trusted_keys_installs_nothing(spectra_home, persons, table, tmp_path):
    file = signed(table(), persons, tmp_path / "a.spectra-notices")
    with pytest.raises(NoTrustedKeysError):
        service.install(file, Station(spectra_home), NOW)


ROW = {"id": "X", "title": "t", "says": "s", "within": "item", "source": "x", "version": 1,
       "review": {}, "all_of": ["a", "b"]}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"says": ""}, {"within": "parcel"}, {"all_of": []}, {"at_least": 2}, {"version": True},
     {"review": {"by": "x"}}, {"source": "\u202e"}, {"how": "x"}, {"all_of": "ab"},
     {"any_of": ["c"]}, {"review": {"by": "x", "on": "soon"}}],
)  # fmt: skip
def test_a_row_that_is_wrong_is_refused(change):
    value = {"title": "t", "edition": "2026-01-01", "rows": [ROW]}
    assert notices_of("alerts", value).rows
    with pytest.raises(ListPackError, match="case alerts"):
        notices_of("alerts", {**value, "rows": [{**ROW, **change}]})


def test_a_row_is_there_once():
    with pytest.raises(ListPackError, match="twice"):
        notices_of("alerts", {"title": "t", "edition": "2026-01-01", "rows": [ROW, ROW]})


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: b"{" + text.encode()))
def test_no_bytes_bring_it_down(data):
    with pytest.raises(SpectraError):
        unpack(data)


def test_the_commands(spectra, table):
    code, out, err = spectra("notices", "show", "alerts")
    assert (code, err) == (0, "")
    assert "A001" in out
    assert "not reviewed by anybody" in out
    code, out, _ = spectra("notices", "show", "advice", "--json")
    assert json.loads(out)["origin"] == "shipped with the program, not signed by a laboratory"
    code, _, err = spectra("notices", "install", table(), "--yes")
    assert code in {3, 4}
    assert "not in canonical form" in err


def test_alerts_stand_at_the_end_of_a_case(spectra, used_home, quick_passwords, monkeypatch):
    monkeypatch.setattr("spectra_app.services.office.Passwords", lambda: quick_passwords)
    secret = used_home / "secret"
    secret.write_text("seven green herons wade\n", encoding="utf-8")
    named = ("--name", "Sue Per", "--new-password-file", secret)
    assert spectra("users", "setup", "boss", *named)[0] == 0
    who = ("--user", "boss", "--password-file", secret)
    code, out, _ = spectra("case", "open", "Parcel", *who, "--json")
    assert code == 0
    case = json.loads(out)["id"]
    with open_office(used_home) as office, office.ledger.writing("u1") as writing:
        item = Item(id="I1", case=case, description="tablets")
        writing.put(item, "item added")
        found = ("amphetamine", "caffeine", "theophylline")
        answer = Confirmation(id="L1", case=case, item="I1", state="confirmed", found=found)
        writing.put(answer, "laboratory answered")
    code, out, err = spectra("case", "show", case, *who)
    assert (code, err) == (0, "")
    assert "ALERT A001: Counterfeit Captagon (with theophylline) (found by a laboratory)" in out
    assert "Text not reviewed by anybody" in out
    code, out, _ = spectra("notices", "case", case, *who, "--json")
    assert json.loads(out)["alerts"][0]["items"] == ["I1"]
    damaged = used_home / "notices" / "alerts.spectra-notices"
    damaged.parent.mkdir()
    damaged.write_bytes(b"{}")
    code, out, _ = spectra("case", "show", case, *who)
    assert code == 0
    assert "ALERTS CANNOT BE SHOWN" in out
    sheet = used_home / "s.csv"
    assert spectra("incident", case, "--out", sheet, *who)[0] == 4
    damaged.unlink()
    code, out, err = spectra("incident", case, "--for", "siena", "--out", sheet, *who)
    assert (code, err) == (0, "")
    assert "NOT MAPPED" in out
    assert b"item.laboratory_found,amphetamine | caffeine | theophylline" in sheet.read_bytes()
    outs = (used_home / "y.csv", used_home / "y.pdf")
    code, out, err = spectra("statistics", "seizures", "2026", "--out", *outs, *who)
    assert (code, err) == (0, "")
    assert all(path.exists() for path in outs)
