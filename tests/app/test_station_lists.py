"""What a station watches itself, which lists it asks, and the slot for restricted lists."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date

import pytest

from library.entry import EntryRecord
from library.errors import WatchListError
from library.watchlist import read_watch_list
from spectra_app.app import main
from spectra_app.cli.verdict import verdict_text
from spectra_app.errors import SettingsError
from spectra_app.services.control import (
    control_setup,
    control_status,
    nobody,
    restricted_lists,
    watch_list,
)
from spectra_app.services.identify import identify_file
from spectra_app.services.session import open_identifier
from spectra_app.services.substances import find, findings_json

DAY = date(2026, 11, 22)
HEADER = "name,synonyms,inchikey,cas,reason,alarm,from,until,who\n"
LACTOSE = "lactose,,,,cut seen in case 12,hazard,2026-11-01,,shift leader\n"


@pytest.fixture
def watch(spectra_home):
    """Return a function that writes the station's watch list."""

    def write(text, name="watch-list.csv"):
        (spectra_home / name).write_text(text, encoding="utf-8")

    return write


def test_a_watched_substance_raises_the_alarm_from_its_day_on(watch, spectra_home):
    watch(HEADER + LACTOSE)
    record = EntryRecord("x", "Lactose monohydrate")
    setup = control_setup()
    before = control_status(record, date(2026, 10, 31), setup)
    found, alarm = control_status(record, DAY, setup)
    assert before == ((), "benign")
    assert alarm == "hazard"
    (one,) = found
    assert (one.instrument, one.schedule) == ("station watch list", "cut seen in case 12")
    assert (one.state, one.sources, one.as_of) == ("watched", "shift leader", "2026-11-01")
    assert control_setup(spectra_home / "elsewhere").watched == ()


def test_watched_by_any_identifier_and_never_lowered(watch):
    watch(
        HEADER
        + "our code 7,,ZPUCINDJVBIVPJ-LJISPDSOSA-N,,x,hazard,2026-01-01,,w\n"
        + "by number,,,58-08-2,x,precursor,2026-01-01,2026-06-30,w\n"
        + "nickname,house name; other,,,x,controlled,2026-01-01,,w\n"
    )
    setup = control_setup()
    found, alarm = control_status(EntryRecord("x", "cocaine"), DAY, setup)
    assert alarm == "controlled"
    assert {one.instrument for one in found} == {"UN 1961", "station watch list"}
    caffeine = EntryRecord("x", "caffeine")
    assert control_status(caffeine, date(2026, 6, 30), setup)[1] == "precursor"
    assert control_status(caffeine, date(2026, 7, 1), setup)[1] == "benign"
    assert control_status(EntryRecord("x", "House-Name"), DAY, setup)[1] == "controlled"


def test_json_says_the_same(watch, tmp_path):
    watch(HEADER + LACTOSE)
    from_csv = watch_list()
    row = {
        "name": "lactose",
        "reason": "cut seen in case 12",
        "alarm": "hazard",
        "from": "2026-11-01",
        "who": "shift leader",
    }
    for content in ([row], {"watch": [row]}):
        path = tmp_path / "one.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        assert [asdict(one) for one in read_watch_list(path)] == [asdict(one) for one in from_csv]


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "lactose,,,,,hazard,2026-11-01,,who\n",
        HEADER + "lactose,,,,why,alarming,2026-11-01,,who\n",
        HEADER + "lactose,,,,why,benign,2026-11-01,,who\n",
        HEADER + "lactose,,,,why,hazard,yesterday,,who\n",
        HEADER + "lactose,,,50-36-3,why,hazard,2026-11-01,,who\n",
        HEADER + "lactose,why,hazard\n",
        "name,name\nx,y\n",
        "name,colour,reason,alarm,from,who\nx,red,y,hazard,2026-01-01,z\n",
        '"unfinished\n',
        "\x00\x01",
    ],
)
def test_a_watch_list_that_cannot_be_used_is_refused_whole(watch, text):
    watch(text)
    with pytest.raises(WatchListError):
        control_setup()


def test_two_watch_lists_are_one_too_many(watch):
    watch(HEADER + LACTOSE)
    watch("[]", "watch-list.json")
    with pytest.raises(SettingsError, match="two watch lists"):
        control_setup()


def test_a_station_chooses_its_jurisdictions(spectra_home):
    record = EntryRecord("x", "ketamine")
    assert control_status(record, DAY, control_setup())[0] == ()
    (spectra_home / "station.json").write_text('{"jurisdictions": ["CN"]}', encoding="utf-8")
    setup = control_setup()
    found, alarm = control_status(record, DAY, setup)
    assert {one.jurisdiction for one in found} == {"CN"}
    assert alarm == "controlled"
    assert setup.asked(DAY).jurisdictions == ("UN", "CN")
    (spectra_home / "station.json").write_text('{"jurisdictions": ["XX"]}', encoding="utf-8")
    with pytest.raises(SettingsError, match="XX"):
        control_setup()


def test_every_record_says_which_lists_were_asked(watch, small_library, scan_text, tmp_path):
    watch(HEADER + "urea,,,,seen as a cut,precursor,2020-01-01,,who\n")
    path = tmp_path / "scan.csv"
    path.write_text(scan_text("urea"), encoding="utf-8")
    identifier = open_identifier(small_library)
    (found,) = identify_file(path, identifier)
    identifier.engine.library.close()
    told = json.loads(json.dumps(found.record.to_json()))
    assert told["control_lists"]["jurisdictions"] == ["UN", "EU"]
    assert told["control_lists"]["watched"] == 1
    assert len(told["control_lists"]["sha256"]) == 64
    assert "UN 1971" in told["control_lists"]["past_age"]
    (component,) = told["components"]
    assert component["control"][0]["instrument"] == "station watch list"
    assert told["alarm"] == "precursor"
    text = verdict_text(found.record)
    assert "seen as a cut" in text
    assert "past their age limit: UN 1971" in text


def test_a_restricted_list_is_neither_shown_nor_opened_without_a_role(spectra_home):
    assert restricted_lists(lambda _name: True) == ()
    folder = spectra_home / "restricted-lists"
    folder.mkdir()
    (folder / "surveillance.csv").write_text("not a list at all", encoding="utf-8")
    assert restricted_lists() == restricted_lists(nobody) == ()
    with pytest.raises(WatchListError):
        restricted_lists(lambda name: name == "surveillance")
    (folder / "surveillance.csv").write_text(
        HEADER + "indole,,,,asked by the authority,precursor,2026-01-01,,authority\n",
        encoding="utf-8",
    )
    without = findings_json(find("indole", DAY))
    shown = findings_json(find("indole", DAY, may_see=lambda _name: True))
    assert without["found"][0]["watched"] == []
    assert [one["list"] for one in shown["found"][0]["watched"]] == ["surveillance"]
    # a record or report never quotes it, whoever looks
    assert control_status(EntryRecord("x", "indole"), DAY, control_setup()) == ((), "benign")


def test_find_and_show_on_the_command_line(spectra_home, capsys):
    assert spectra_home
    assert main(["substances", "find", "50-36-2", "--date", "2026-11-22", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["read_as"] == "CAS number"
    assert told["found"][0]["name"] == "cocaine"
    lists = {one["list"]: one for one in told["found"][0]["control"]["lists"]}
    assert lists["UN 1961"]["listed"]
    assert not lists["UN 1988"]["listed"]
    assert lists["UN 1988"]["sentences"] == ["no listing found in lists to 2026-10-01"]
    assert main(["substances", "find", "50-36-3"]) == 3
    assert "check digit is wrong" in capsys.readouterr().out
    assert main(["substances", "find", "fentanyll"]) == 3
    assert "Similar (not taken for it): fentanyl" in capsys.readouterr().out
    arguments = ("--jurisdiction", "UN 1988", "--date", "2024-12-02")
    assert main(["substances", "show", "4-piperidone", *arguments]) == 0
    assert "NOT yet in force" in capsys.readouterr().out
    assert main(["substances", "show", "racemethorphan"]) == 3
    assert "substances go by this" in capsys.readouterr().err
    assert main(["substances", "find", "x", "--jurisdiction", "XX"]) == 3


def test_coverage_on_the_command_line(small_library, spectra_home, capsys):
    (spectra_home / "names.csv").write_text("name\nurea\nMDMA\n", encoding="utf-8")
    wanted = ("--list", str(spectra_home / "names.csv"))
    assert main(["library", "coverage", str(small_library), *wanted, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["total"], told["held"], told["measured"]) == (2, 1, 1)
    assert told["missing"] == [{"name": "MDMA", "key": "S0074"}]
    table = ("--list", "UN 1988 Table I", "--date", "2026-11-22")
    assert main(["library", "coverage", str(small_library), *table]) == 0
    out = capsys.readouterr().out
    assert out.startswith("you hold 0 of 43 of UN 1988 Table I on 2026-11-22 (measured 0,")
    assert main(["library", "coverage", str(small_library), "--list", "nothing"]) == 3
    assert "UN 1988 Table I" in capsys.readouterr().err
