"""What one scan could not have seen: which hazards are asked about, and what is said of each."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import h5py
import numpy as np
import pytest

from library.errors import LibraryDamagedError
from library.seal import seal
from library.store import Library
from spectra_app.cli.verdict import verdict_text
from spectra_app.errors import SettingsError
from spectra_app.records.identification import HiddenHazard
from spectra_app.reports.facts import ReportFacts
from spectra_app.reports.parts import Facts
from spectra_app.services.hazards import find_hazards
from spectra_app.services.identify import identify_file
from spectra_app.services.libraries import build_library
from spectra_app.services.limits import pending, unasked, with_limits
from spectra_app.services.policies import load_policy
from spectra_app.services.session import open_identifier
from spectra_app.settings import station_hazards
from spectra_app.wording import HIDDEN, HIDDEN_SHORT, hidden_texts

SUBSTANCES = ("caffeine", "lactose", "paracetamol", "urea", "sucrose", "acetone")
MARKS = {
    "urea": "class,fentanyl analogue",
    "sucrose": "family,Nitazene (2-benzylbenzimidazole opioid)",
}


@pytest.fixture(scope="module")
def hazard_library(tmp_path_factory, scan_text):
    """Return six made-up substances: one called a fentanyl, one a reconstructed nitazene."""
    folder = tmp_path_factory.mktemp("hazards")
    rows = ["file,name,class,family,kind"]
    for name in SUBSTANCES:
        (folder / f"{name}.csv").write_text(scan_text(name, seed=9), encoding="utf-8")
        column, mark = MARKS.get(name, "class,made up").split(",")
        fields = {"class": "", "family": "", column: mark}
        kind = "reconstructed" if name == "sucrose" else "measured"
        rows.append(f"{name}.csv,{name},{fields['class']},{fields['family']},{kind}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    build_library(folder, folder / "hazards.h5", name="Hazards")
    return folder / "hazards.h5"


@pytest.fixture
def scan(tmp_path, scan_text):
    """Return a function that writes a scan and returns its path."""

    def write(name="caffeine", **options):
        path = tmp_path / f"{name}.csv"
        path.write_text(scan_text(name, **options), encoding="utf-8")
        return path

    return write


def by_name(record):
    """Return share and reason of each hazard of a record by its name."""
    return {item.name: (item.smallest_share, item.reason) for item in record.cannot_exclude}


# --- which hazards --------------------------------------------------------------------------------


def test_hazards_are_known_by_family_class_and_the_station_s_own_names(hazard_library):
    with Library(hazard_library) as library:
        found = find_hazards(library, ("fentanyl", "nitazene"), ("50-70-4", "Acetone", "xylazine"))
        names = [record.name for record in library.records()]
    by_name = {hazard.name: hazard for hazard in found}
    assert list(by_name) == ["urea", "sucrose", "acetone", "any nitazene", "50-70-4", "xylazine"]
    assert by_name["urea"].measured
    assert names[by_name["urea"].row] == "urea"
    assert not by_name["sucrose"].measured  # reconstructed: the family has no measured entry
    assert by_name["any nitazene"].row is None
    assert by_name["xylazine"].entry == ""


def test_with_the_starter_library_everything_is_not_known(spectra_home, scan):
    (spectra_home / "station.json").write_text('{"hazards": ["caffeine"]}', encoding="utf-8")
    starter = open_identifier(None)
    assert not any(hazard.measured for hazard in starter.hazards)
    (found,) = identify_file(scan("lactose"), starter)
    assert set(by_name(found.record).values()) == {(None, "no_measured_reference")}
    assert {"any fentanyl", "any nitazene", "caffeine"} <= set(by_name(found.record))
    assert with_limits(found, starter) is found
    starter.engine.library.close()


@pytest.mark.parametrize(
    "text", ["58-08-2", "RYYVLZVUVIJVGH-UHFFFAOYSA-N", "1,3,7-trimethylxanthine"]
)
def test_a_station_may_name_a_substance_by_any_identifier_of_the_tables(hazard_library, text):
    with Library(hazard_library) as library:
        (found,) = find_hazards(library, (), (text,))
    assert (found.name, found.measured) == ("caffeine", True)


def test_a_substance_of_the_tables_is_a_hazard_by_its_family(tmp_path, scan_text):
    (tmp_path / "a.csv").write_text(scan_text("urea"), encoding="utf-8")
    (tmp_path / "manifest.csv").write_text("file,name\na.csv,isotonitazene\n", encoding="utf-8")
    build_library(tmp_path / "manifest.csv", tmp_path / "one.h5")
    with Library(tmp_path / "one.h5") as library:
        found = find_hazards(library, ("fentanyl", "nitazene"), ())
    assert [(h.name, h.measured) for h in found] == [
        ("isotonitazene", True),
        ("any fentanyl", False),
    ]


def test_a_station_without_a_list_adds_nothing(tmp_path):
    assert station_hazards(tmp_path) == ()
    (tmp_path / "station.json").write_text('{"hazards": [" xylazine ", "urea"]}', encoding="utf-8")
    assert station_hazards(tmp_path) == ("xylazine", "urea")


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"hazards": "urea"}', '{"hazards": [1]}', "\xff", "[" * 100_000),
        *('{"hazards": ["urea"], "hazards": []}', '{"hazards": [], "hazard": ["urea"]}'),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_in_words(tmp_path, text):
    (tmp_path / "station.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError, match="station's settings") as refused:
        station_hazards(tmp_path)
    assert "hazards" in refused.value.remedy


# --- the limits of a scan -------------------------------------------------------------------------


@pytest.fixture
def identifier(hazard_library, spectra_home):
    """Return an identifier at a station that adds lactose, caffeine and xylazine."""
    words = {"hazards": ["lactose", "caffeine", "xylazine"]}
    (spectra_home / "station.json").write_text(json.dumps(words), encoding="utf-8")
    opened = open_identifier(hazard_library)
    yield opened
    opened.engine.library.close()


def test_every_verdict_lists_the_hazards_and_says_why_there_is_no_limit(identifier, scan):
    (found,) = identify_file(scan(), identifier)
    assert by_name(found.record) == {
        "caffeine": (None, "named"),
        "lactose": (None, "not_computed"),
        "urea": (None, "not_computed"),
        "sucrose": (None, "no_measured_reference"),
        "any nitazene": (None, "no_measured_reference"),
        "xylazine": (None, "no_measured_reference"),
    }
    assert [h.name for h in pending(found, identifier)] == ["lactose", "urea"]
    assert unasked(found, identifier)


def test_limits_are_shares_that_repeat_and_go_on_where_they_were_stopped(identifier, scan):
    (found,) = identify_file(scan(), identifier)
    told = []
    whole = with_limits(
        found, identifier, progress=lambda share, words: told.append((share, words))
    )
    shares = {name: share for name, (share, reason) in by_name(whole.record).items() if not reason}
    assert set(shares) == {"lactose", "urea"}
    assert all(0.01 <= share <= 0.3 for share in shares.values())
    assert not pending(whole, identifier)
    assert whole.record.timing_ms["limits"] > 0
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1][0] == 1.0
    assert {"lactose", "urea"} <= {words for _, words in told}

    asked = iter([False] * 40)
    part = with_limits(found, identifier, should_stop=lambda: next(asked, True))
    assert by_name(part.record)["urea"] == (None, "not_computed")
    again = with_limits(part, identifier)
    assert again.record.cannot_exclude == whole.record.cannot_exclude
    assert with_limits(again, identifier) is again


def test_a_saturated_scan_excludes_nothing(identifier, scan):
    path = scan()
    lines = path.read_text(encoding="utf-8").splitlines()
    fields = [line.split(",") for line in lines]
    body = next(n for n, line in enumerate(fields) if line[0] == "Wavenumber") + 1
    cut = [",".join([x[0], str(min(float(x[1]), 900.0)), *x[2:]]) for x in fields[body:]]
    path.write_text("\n".join([*lines[:body], *cut]) + "\n", encoding="utf-8")
    (found,) = identify_file(path, identifier)
    assert found.record.reasons == ("saturated",)
    assert by_name(found.record)["urea"] == (None, "scan_unusable")
    assert with_limits(found, identifier) is found
    assert "excludes nothing" in hidden_texts(found.record)[0]


def test_a_scan_of_another_technique_has_no_limit(identifier, scan):
    from spectra_app.services.identify import Choice

    (found,) = identify_file(scan(), identifier, Choice(technique="SERS"))
    assert by_name(found.record)["urea"] == (None, "not_comparable")


def test_a_result_of_another_library_is_left_alone(identifier, scan, small_library):
    (found,) = identify_file(scan(), identifier)
    other = open_identifier(small_library)
    assert with_limits(found, other) is found
    other.engine.library.close()


@pytest.fixture
def station(spectra_home):
    """Return the data folder of a station that adds lactose."""
    (spectra_home / "station.json").write_text('{"hazards": ["lactose"]}', encoding="utf-8")
    return spectra_home


def test_the_command_line_works_out_few_limits_unasked(spectra, scan, small_library, station):
    assert station.is_dir()
    code, out, err = spectra("identify", scan(), "--library", small_library, "--json")
    assert (code, err) == (0, "")
    (lactose, *others) = json.loads(out)["cannot_exclude"]
    assert lactose["name"] == "lactose"
    assert 0.01 <= lactose["smallest_share"] <= 0.3
    assert [item["name"] for item in others] == ["any fentanyl", "any nitazene"]
    _, out, _ = spectra(
        "identify", scan(), "--library", small_library, "--limits", "none", "--json"
    )
    assert json.loads(out)["cannot_exclude"][0]["reason"] == "not_computed"


def test_a_damaged_list_of_the_station_stops_the_program(spectra, scan, small_library, station):
    (station / "station.json").write_text("{", encoding="utf-8")
    code, out, err = spectra("identify", scan(), "--library", small_library)
    assert (code, out) == (3, "")
    assert "station.json" in err


# --- words ----------------------------------------------------------------------------------------

FENTANYL = HiddenHazard("f", "Fentanyl", 0.0701, "")
WORSE = HiddenHazard("g", "Fentanyl", 0.11, "")
BLIND = HiddenHazard("h", "Carfentanil", None, "not_revealed")
SEEN = HiddenHazard("s", "Etonitazene", None, "named")
NONE = HiddenHazard("", "any nitazene", None, "no_measured_reference")


def test_a_limit_is_rounded_up_and_the_worst_entry_of_a_name_counts(samples):
    record = samples.match().record
    texts = hidden_texts(replace(record, cannot_exclude=(FENTANYL, BLIND, SEEN, NONE)))
    assert texts[0] == "Fentanyl below 8 % of the Raman signal (not of the weight)."
    assert "Carfentanil" in texts[1]
    assert "half" in texts[1]
    assert "any nitazene" in texts[2]
    assert texts[-1] == "Any other substance: not known."
    assert "Etonitazene" not in " ".join(texts)
    worse = hidden_texts(replace(record, cannot_exclude=(FENTANYL, WORSE)))
    assert worse[0].startswith("Fentanyl below 11 %")
    missed = replace(WORSE, smallest_share=None, reason="not_revealed")
    assert "Fentanyl below 8 %" not in " ".join(
        hidden_texts(replace(record, cannot_exclude=(FENTANYL, missed)))
    )


def test_every_reason_has_words_and_none_promises_anything(samples):
    record = samples.match().record
    for reason in (*HIDDEN, "named"):
        one = HiddenHazard("x", "Fentanyl", None, reason)
        changed = replace(record, cannot_exclude=(one,))
        for text in (" ".join(hidden_texts(changed)), verdict_text(changed)):
            assert reason not in text
            assert not re.search(r"\b(clear|safe|free of|excluded|absent|none)\b", text.lower())
            assert "not known" in text.lower()
    assert set(HIDDEN_SHORT) == set(HIDDEN)
    assert load_policy().limits.most_share == 0.5  # the words say half of the signal


def parts_of(report):
    return next(section.parts for section in report.sections if section.code == "hidden")


def test_the_report_says_why_no_limit_is_stated(samples):
    from spectra_app.reports.builder import build_report

    other = replace(NONE, name="xylazine")
    record = replace(samples.match().record, cannot_exclude=(FENTANYL, BLIND, SEEN, NONE, other))
    context = ReportFacts("SP-1", "2026-11-22T10:00:00.000Z", "0")
    report = build_report(record, None, context)
    listed, _ = parts_of(report)
    assert isinstance(listed, Facts)
    assert [(fact.label, fact.text) for fact in listed.facts] == [
        ("not known", "any nitazene; xylazine (no measured reference)"),
        ("not known", "Carfentanil (may be hidden even as half of the signal)"),
        ("below 8 %", "Fentanyl"),
    ]
    blind = build_report(replace(record, cannot_exclude=(NONE,)), None, context)
    note = parts_of(blind)[-1].texts[0]
    assert "may be present unseen" in note
    assert "95 %" not in note


def test_no_limit_is_stated_for_a_hazard_whose_search_row_was_altered(
    hazard_library, scan, tmp_path
):
    altered = tmp_path / "altered.h5"
    altered.write_bytes(hazard_library.read_bytes())
    with h5py.File(altered, "r+") as file:
        rows = file["search/rows"]
        rows[SUBSTANCES.index("urea")] = np.roll(rows[SUBSTANCES.index("urea")], 40)
    seal(altered)
    identifier = open_identifier(altered)
    (found,) = identify_file(scan("lactose"), identifier)
    with pytest.raises(LibraryDamagedError, match="search row"):
        with_limits(found, identifier)
