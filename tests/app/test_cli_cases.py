"""``spectra case``: a case from the seizure to its end, as somebody types it."""

from __future__ import annotations

import json
from functools import partial

import pytest

from spectra_app.records import passwords
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import Exposure
from spectra_app.records.ledger.verify import verify
from spectra_app.services.office import open_office

WORDS = "seven green herons wade"


@pytest.fixture
def station(spectra, tmp_path, monkeypatch):
    """Set a station up with a user of each role; return what types a command as one of them."""
    monkeypatch.setattr(passwords, "RFC_9106", passwords.Cost(1, 8, 1))
    given, own = tmp_path / "given.txt", tmp_path / "own.txt"
    given.write_text(WORDS + "!\n")
    own.write_text(WORDS + "\n")
    spectra("users", "setup", "sue", "--name", "Sue Per", "--new-password-file", own)

    def typed(user, *arguments):
        return spectra(*arguments, "--user", user, "--password-file", own)

    typed("sue", "users", "setup-second", "sam", "--name", "sam", "--new-password-file", own)
    for login, role in (("ola", "officer"), ("tom", "technician")):
        typed("sue", "users", "add", login, "--name", login, "--role", role,
              "--new-password-file", given)  # fmt: skip
        code, _, error = spectra("users", "password", "--user", login, "--password-file", given,
                                 "--new-password-file", own)  # fmt: skip
        assert (code, error) == (0, "")
    return typed


@pytest.fixture
def ola(station):
    """Return what types ``spectra case ...`` as the officer and gives the JSON."""

    def typed(*arguments):
        code, out, error = station("ola", "case", *arguments, "--json")
        assert (code, error) == (0, "")
        return json.loads(out)

    return typed


def test_a_number_that_is_in_another_case_already_is_told(station, ola) -> None:
    """One parcel must not become two without anybody noticing."""
    first, second = (ola("open", title, "--mode", "mail")["id"] for title in ("a", "b"))
    add = partial(station, "ola", "case", "add-item")
    ola("add-item", first, "powder", "--number", "RA473124829FI")
    code, out, error = add(second, "powder", "--number", "ra 473 124 829 fi")
    assert (code, error) == (0, "")
    assert f"s10:RA473124829FI is also in {first} (open)" in out
    _, out, _ = add(second, "another", "--number", "020-12345675")
    assert "is also in" not in out


@pytest.fixture
def scan_file(tmp_path):
    """A scan with three bands that nothing explains."""
    lines = ["Raman shift (cm-1),Intensity"]
    for shift in range(200, 2201, 2):
        bands = sum(
            900.0 / (1 + ((shift - centre) / 6.0) ** 2) for centre in (431.0, 933.0, 1511.0)
        )
        lines.append(f"{shift},{100 + bands + (shift * 7919 % 13) / 4:.3f}")
    path = tmp_path / "scan.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_case_from_the_seizure_to_its_end(station, ola, scan_file):
    assert station("sue", "case", "station", "Mail centre", "--code", "mc")[0] == 0
    case = ola("open", "Parcel", "--mode", "mail", "--person", "A. Sender")["id"]
    assert case.startswith("MC-")
    item = ola("add-item", case, "powder", "--number", "RA473124829FI", "--seal", "100")["id"]
    (scan,) = ola("add-scan", scan_file, "--laser-nm", "785")
    assert (scan["state"], scan["source"]) == ("unfiled", "file")
    assert [one["id"] for one in ola("scans", "--state", "unfiled")] == [scan["id"]]
    assert ola("file", scan["id"], item)["case"] == case
    assert ola("hand-over", item, "--to", "tom", "--seal-after", "101")["receiver"] == "u4"
    assert (
        ola("change-item", item, "--condition", "torn", "--weight", "1", "--weight-unit", "g")[
            "condition"
        ]
        == "torn"
    )
    assert ola("change", case, "--person", "B. Other", "--origin", "NL")["persons"] == ["B. Other"]
    ola("note", item, "smells of nothing")
    ola("amend", "item", item, "white powder", "--field", "description", "--why", "looked again")
    second = station(
        "tom", "case", "second", item, "FTIR", "--category", "A", "--sampling", "separate",
        "--agreement", "inconclusive",
    )  # fmt: skip
    assert (second[0], second[1]) == (0, f"FTIR recorded; item {item}: presumptive\n")
    assert station("tom", "case", "confirm", item, "--send", "State laboratory")[0] == 0
    answer = station("tom", "case", "confirm", item, "--refuted", "--found", "Starch")
    assert answer[1] == f"Item {item}: refuted Starch\n"
    shown = ola("show", case)
    (of_item,) = shown["items"]
    assert of_item["stands"] == "refuted"
    assert [one["receiver"] for one in of_item["custody"]] == [
        "u3", "u4", "outside:State laboratory",
    ]  # fmt: skip
    assert [one["id"] for one in of_item["scans"]] == [scan["id"]]
    text = station("ola", "case", "show", case)[1]
    for words in ("Parcel", "refuted", "FTIR (category A", "should say 'white powder'", "nothing"):
        assert words in text
    (row,) = ola("list", "--number", "ra 473 124 829 fi")["rows"]
    assert (row["case"]["id"], row["items"], row["scans"]) == (case, 1, 1)
    assert ola("list", "--state", "closed")["rows"] == []
    assert ola("overdue") == []
    ola("close", case, "--as", "no drug")
    code, out, error = station("ola", "case", "note", case, "late")
    assert (code, out) == (3, "")
    assert "the case is closed" in error
    assert station("sue", "case", "reopen", case, "--why", "more came")[0] == 0
    with open_office() as office:
        assert verify(office.ledger.folder, office.ledger.key.public).findings == ()


def test_what_is_refused_says_why_and_keeps_nothing(station, ola, scan_file, tmp_path):
    case = ola("open", "Parcel")["id"]
    for arguments, says in [
        (("add-item", case, "x", "--number", "RA473124828FI"), "would be 9"),
        (("show", "C-1"), "no such record"),
        (("oversight",), "may not do that; ask somebody who may: supervisor"),
        (("add-scan", str(tmp_path / "none.csv")), "cannot be read"),
        (("add-scan", scan_file, "--item", "C-1-01"), "no such record"),
        (("note", "X-1", "x"), "no such record"),
        (("periods", "due_times", "--set", str(tmp_path / "p.json")), "two persons"),
    ]:
        code, out, error = station("ola", "case", *arguments)
        assert (code, out) == (3, "")
        assert says in error
    assert ola("show", case)["items"] == []
    assert ola("scans") == []
    (scan,) = ola("add-scan", scan_file, "--laser-nm", "785")
    code, _, error = station("ola", "case", "photo", scan["id"], scan_file)
    assert (code, "belongs to a case or an item" in error) == (3, True)
    assert station("ola", "case", "open")[0] == 2


def test_policies_and_retention_are_for_two(station, ola, tmp_path):
    ola("open", "Parcel")
    mine = tmp_path / "periods.json"
    mine.write_text(
        '{"version": "7", "classes": [{"code": "closed_case", "words": "w", "days": 30,'
        ' "source": "law"}]}'
    )
    second = ("--second", "sam", "--second-password-file", tmp_path / "own.txt")
    changed = station("sue", "case", "periods", "retention", "--set", mine, "--why", "law", *second)
    assert changed[0] == 0
    assert "closed_case         30 days  w (law)\nVersion 7" in changed[1]
    assert station("sue", "case", "retention")[1] == "0 records to be removed\n"
    assert station("sue", "case", "retention-apply", *second)[1] == "0 records removed\n"
    assert station("ola", "case", "retention")[0] == 3


def test_what_an_analyser_does_is_entered_once_a_station_is_set_up(spectra, station, ola):
    code, out, error = station(
        "ola", "devices", "scan", "emulated-785-handheld", "--sample", "caffeine", "--averages",
        "1", "--integration-ms", "20", "--json",
    )  # fmt: skip
    assert code == 0
    assert json.loads(out)["emulated"] is True
    (mine,) = ola("scans", "--state", "unfiled")
    assert f"Entered as scan {mine['id']}" in error
    assert (mine["source"], mine["scanned_by"], mine["exposures"]) == ("device", "u3", 1)
    assert spectra("devices", "check", "emulated-785-handheld")[0] == 0  # nobody is logged in
    with open_office() as office:
        fired = [one.record for one in office.ledger.find(Exposure)]
    assert [(one.purpose, one.scan, one.by) for one in fired] == [
        ("scan", mine["id"], "u3"), ("check", "", "program"),
    ]  # fmt: skip
    assert all(one.emulated and one.count and one.analyser for one in fired)
    text = station("sue", "case", "oversight")[1]
    assert "Unfiled: 1\n" in text
    assert "Lasers used for no scan: 1\n" in text


def test_results_are_computed_again(station, ola, scan_file, used_home, tmp_path):
    (scan,) = ola("add-scan", scan_file, "--laser-nm", "785")
    assert ola("replay", scan["id"])["state"] == "same_bytes"
    code, out, _ = station("ola", "case", "replay", "--all")
    assert (code, "1 scans: same bytes 1" in out) == (0, True)
    code, out, error = station("tom", "case", "recheck", "--out", tmp_path / "changes.csv")
    assert (code, error) == (0, "")
    assert "0 of 1 verdicts would be others" in out
    assert (tmp_path / "changes.csv").read_text(encoding="utf-8").startswith("change,scan,case")
    assert station("ola", "case", "recheck")[0] == 3
    assert station("ola", "case", "replay")[0] == 2
    path = EvidenceStore(used_home / "evidence").path_of(scan["original"])
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"1")
    code, out, _ = station("ola", "case", "replay", scan["id"])
    assert code == 4
    assert "evidence missing or damaged" in out
