"""The yearly report of seizures and the table of scans: what they count and never say."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.cells import text_of
from spectra_app.errors import AppError, ForbiddenError
from spectra_app.records.kinds import Amendment
from spectra_app.reports.seizures_builder import build_seizures_report
from spectra_app.services.station_statistics.collecting import Period
from spectra_app.services.station_statistics.scan_table import (
    FIELDS,
    dictionary_text,
    export_scans,
)
from spectra_app.services.station_statistics.seizures import BASES, seizures_csv, yearly_seizures
from spectra_app.services.station_statistics.tables import csv_bytes, grams, plain
from spectra_app.services.station_statistics.writing import write_seizures


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"))))


@pytest.fixture
def a_year(records):
    """Make a year: three confirmed, one presumptive, one lead, one refuted, one unnamed."""
    mail = {"mode": "mail", "origin": "NL", "destination": "FI"}
    case = records.case(**mail, persons=("A. Sender",))
    for weight, unit in (("1,5", "kg"), ("250", "mg")):
        item = records.item(
            case, weight=weight, weight_unit=unit, concealment="book", form="powder"
        )
        records.scan(item, ["Cocaine", "Caffeine"], outcome="mixture")
        records.answer(item, ["cocaine hydrochloride", "caffeine"])
    swapped = records.item(records.case(**mail, event_at="2026-02-01T00:00:00Z"))
    records.scan(swapped, ["Heroin"])
    records.answer(swapped, ["ketamine"], state="refuted")
    records.whole(["Cocaine"], None, case=records.case(mode="air cargo", origin="BR"))
    records.whole(["MDMA"], None, outcome="lead", case=records.case(mode="sea"))
    records.whole(["MDMA"], [], case=records.case(mode="sea"))
    records.item(records.case(mode="=cmd|' /C calc'!A0"), weight="3", weight_unit="pieces")
    records.whole(["Cocaine"], ["cocaine"], case=records.case(opened_at="2025-12-31T23:00:00Z"))
    records.whole(["Cocaine"], ["cocaine"], case=records.case(station="a" * 64))


@pytest.fixture
def figures(office, logged_in, a_year):  # noqa: ARG001
    return yearly_seizures(office, logged_in["supervisor"], 2026, UTC)


@pytest.fixture
def of_year(office, logged_in):
    def made(zone=UTC, year=2026):
        return yearly_seizures(office, logged_in["supervisor"], year, zone)

    return made


def row(figures, dimension, value):
    return next(one for one in figures["tables"][dimension] if one["value"] == value)


def months_of(figures):
    return {one["value"]: one["items"] for one in figures["tables"]["month"] if one["items"]}


def test_items_of_the_year_are_counted_by_what_is_known_of_them(figures):
    total = figures["total"]
    assert (total["items"], total["cases"]) == (7, 6)
    assert [total[basis] for basis in BASES] == [3, 1, 1, 0, 1, 0, 1]
    assert (total["weight_g"], total["items_without_weight"]) == ("1500.25", 5)
    assert figures["of_other_stations"] == 1
    assert not figures["complete"]
    cocaine = row(figures, "substance", "cocaine")
    assert (cocaine["items"], cocaine["confirmed"], cocaine["presumptive"]) == (3, 2, 1)
    assert cocaine["alarm"] == "controlled"
    assert row(figures, "substance", "ketamine")["confirmed"] == 1
    assert "heroin" not in {one["value"] for one in figures["tables"]["substance"]}
    assert row(figures, "cutting agent", "caffeine")["items"] == 2
    assert row(figures, "mode", "mail")["items"] == 3
    assert row(figures, "origin", "not recorded")["items"] == 3
    assert row(figures, "concealment", "book")["weight_g"] == "1500.25"
    assert months_of(figures) == {"2026-02": 1, "2026-03": 6}
    assert [one["value"] for one in figures["tables"]["month"]] == [  # the clock says November
        f"2026-{month:02}" for month in range(1, 12)
    ]


def test_every_dimension_holds_each_item_once_but_for_substances(figures):
    for name, table in figures["tables"].items():
        for one in table:
            assert sum(one[part] for part in BASES) == one["items"]
        if name not in {"substance", "family", "cutting agent"}:
            assert sum(one["items"] for one in table) == figures["total"]["items"], name


def bases_of(one):
    return {basis: one[basis] for basis in BASES if one[basis]}


def test_a_lead_is_never_dropped_beside_a_firm_name(records, of_year):
    item = records.item(records.case())
    records.scan(item, ["Caffeine"], alarm="benign")
    records.scan(item, ["Cocaine"], outcome="lead")
    both = records.item(records.case())
    records.scan(both, ["Ketamine"])
    records.scan(both, ["Heroin", "Ketamine hydrochloride"], outcome="lead")
    figures = of_year()
    assert bases_of(row(figures, "substance", "cocaine")) == {"lead": 1}
    assert row(figures, "substance", "cocaine")["alarm"] == "controlled"
    assert bases_of(row(figures, "substance", "heroin")) == {"lead": 1}
    assert bases_of(row(figures, "substance", "ketamine")) == {"presumptive": 1}
    assert bases_of(row(figures, "cutting agent", "caffeine")) == {"presumptive": 1}
    assert bases_of(figures["total"]) == {"presumptive": 1, "lead": 1}  # each item once
    records.answer(item, ["caffeine"])  # what the laboratory says goes before
    assert [one["value"] for one in of_year()["tables"]["substance"]] == ["heroin", "ketamine"]


def test_a_family_without_a_name_is_counted_as_such(records, of_year):
    item = records.item(records.case())
    records.scan(item, ["Lactose"], alarm="benign")
    records.scan(item, outcome="class_only", families=("nitazene",), alarm="controlled")
    figures = of_year()
    assert bases_of(figures["total"]) == {"family": 1}
    assert bases_of(row(figures, "family", "nitazene")) == {"family": 1}
    records.answer(item, ["isotonitazene"])
    figures = of_year()
    assert figures["tables"]["family"] == []
    assert bases_of(figures["total"]) == {"confirmed": 1}


def test_what_is_unsettled_stays_in_the_table_of_substances(records, of_year):
    item = records.whole(["Cocaine"], ["cocaine"])
    records.answer(item, state="refuted")
    assert bases_of(row(of_year(), "substance", "cocaine")) == {"unsettled": 1}


def test_a_result_that_cannot_be_read_loses_no_name(records, of_year, office):
    scan = records.scan(records.item(records.case()), ["Cocaine"])
    path = office.evidence.path_of(scan.result)
    path.chmod(0o600)
    path.write_bytes(b"{}")
    figures = of_year()
    assert figures["results_unreadable"] == 1
    assert bases_of(row(figures, "substance", "cocaine")) == {"presumptive": 1}


def test_the_year_begins_and_ends_by_local_time(records, of_year):
    records.whole(["Cocaine"], None, case=records.case(event_at="2025-12-31T22:30:00Z"))
    records.whole(["Heroin"], None, case=records.case(event_at="2025-12-31T21:59:59Z"))
    records.whole(["Ketamine"], None, case=records.case(event_at="2026-02-28T22:00:00Z"))
    east = of_year(timezone(timedelta(hours=2)))
    assert [one["value"] for one in east["tables"]["substance"]] == ["cocaine", "ketamine"]
    assert months_of(east) == {"2026-01": 1, "2026-03": 1}
    assert east["time_zone"] == "UTC+02:00"
    assert of_year(UTC, 2025)["total"]["items"] == 2
    west = of_year(timezone(-timedelta(hours=5)))
    assert months_of(west) == {"2026-02": 1}


def test_weights_volumes_and_pieces_are_never_added_to_each_other(records, of_year):
    case = records.case()
    for weight, unit in (("1,5", "kg"), ("999", "mg"), ("2", "l"), ("250", "ml"), ("40", "pieces"),
                         ("", ""), ("0", "g")):  # fmt: skip
        records.item(case, weight=weight, weight_unit=unit)
    figures = of_year()
    total = figures["total"]
    assert (total["weight_g"], total["volume_ml"], total["pieces"]) == ("1500.999", "2250", "40")
    assert (total["cases"], total["items"], total["items_without_weight"]) == (1, 7, 4)
    assert [(one["value"], one["items"]) for one in figures["tables"]["weight"]] == [
        ("under 1 g", 2), ("1 g to under 10 g", 0), ("10 g to under 100 g", 0),
        ("100 g to under 1 kg", 0), ("1 kg to under 10 kg", 1), ("10 kg to under 100 kg", 0),
        ("100 kg and more", 0), ("volume or pieces", 3), ("not recorded", 1),
    ]  # fmt: skip


def test_amendments_of_items_and_cases_are_told(records, of_year):
    item = records.item(records.case(), weight="3", weight_unit="g")
    records.put(
        Amendment(id="A1", case=item.case, of_kind="item", of_id=item.id, of_revision=1,
                  field="weight", original="3", amended="30", reason="misread")
    )  # fmt: skip
    figures = of_year()
    assert (figures["items_amended"], figures["total"]["weight_g"]) == (1, "3")


def test_a_year_without_items_has_a_total_of_nothing(of_year, tmp_path):
    from spectra_app.reports.render_qt import render_pdf

    figures = of_year()
    assert figures["total"]["items"] == 0
    assert [name for name, table in figures["tables"].items() if table] == ["month"]
    rows = rows_of(seizures_csv(figures))
    assert [one["dimension"] for one in rows] == ["total", *["month"] * 11]
    assert {one["items"] for one in rows} == {"0"}
    assert {one["weight_g"] for one in rows} == {""}  # nothing was weighed: no sum of nothing
    write_seizures(figures, tmp_path / "empty.pdf", render_pdf)
    assert (tmp_path / "empty.pdf").read_bytes().startswith(b"%PDF")


def test_the_table_is_no_program_for_a_spreadsheet(figures):
    content = seizures_csv(figures)
    assert b"\n2026,mode,'=cmd|" in content
    rows = rows_of(content)
    assert rows[0]["dimension"] == "total"
    assert rows[0]["items"] == "7"
    assert all(one["year"] == "2026" for one in rows)


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_what_is_written_into_cells_comes_back_and_is_no_formula(cells):
    rows = list(csv.reader(io.StringIO(csv_bytes(["a", "b"], cells).decode(), newline="")))
    kept = [[value.encode("utf-8", "backslashreplace").decode() for value in row] for row in cells]
    assert [[text_of(value) for value in one] for one in rows[1:] if one] == kept
    assert not any(value.startswith(("=", "+", "-", "@", "\t=")) for one in rows for value in one)


def test_no_person_is_named(figures, office, logged_in):
    table = export_scans(office, logged_in["supervisor"])
    for content in (seizures_csv(figures), json.dumps(figures).encode(), table):
        assert b"A. Sender" not in content


def test_what_was_exported_is_written_into_the_chain(figures, office, logged_in):
    export_scans(office, logged_in["supervisor"], Period("2030-01-01"))
    said = {one.act: dict(one.details) for one in office.ledger.entries()[-3:]}
    assert said["yearly seizures exported"]["year"] == figures["year"]
    assert said["table of scans exported"]["rows"] == 0
    assert len(said["table of scans exported"]["sha256"]) == 64


def test_a_year_to_come_and_who_may_not(office, logged_in):
    with pytest.raises(AppError, match="no seizures of this year"):
        yearly_seizures(office, logged_in["supervisor"], 2027)
    for role in ("officer", "technician"):
        with pytest.raises(ForbiddenError):
            yearly_seizures(office, logged_in[role], 2026)
        with pytest.raises(ForbiddenError):
            export_scans(office, logged_in[role])


def test_the_table_has_one_row_for_each_scan(office, logged_in, records, a_year):  # noqa: ARG001
    records.scan(None, ["=Cocaine"], state="discarded", scanned_at="2026-05-01T00:00:00Z")
    rows = rows_of(export_scans(office, logged_in["supervisor"]))
    assert len(rows) == len(office.ledger.find(type(records.scan(None)))) - 1
    assert tuple(rows[0]) == tuple(one.name for one in FIELDS)
    last = rows[-1]
    assert (last["state"], last["item"], last["names"]) == ("discarded", "", "'=Cocaine")
    mixture = next(one for one in rows if one["weight_g"] == "1500")
    assert mixture["names"] == "Cocaine | Caffeine"
    assert mixture["laboratory"] == "confirmed"
    assert mixture["laboratory_found"] == "cocaine hydrochloride | caffeine"
    assert (mixture["mode"], mixture["origin"], mixture["concealment"]) == ("mail", "NL", "book")
    later = rows_of(export_scans(office, logged_in["supervisor"], Period("2026-05-01")))
    assert [one["scan"] for one in later] == [last["scan"]]


def test_restricted_scans_are_in_no_table_of_who_is_not_cleared(office, logged_in, records):
    records.whole(["Cocaine"], ["cocaine"])
    records.whole(["Benzene"], ["benzene"], restricted=True)
    records.scan(None, ["Toluene"], restricted=True)
    content = export_scans(office, logged_in["supervisor"])
    figures = yearly_seizures(office, logged_in["supervisor"], 2026)
    assert len(rows_of(content)) == figures["total"]["items"] == 1
    for name in (b"enzene", b"oluene"):
        assert name not in content + json.dumps(figures).encode()


def test_the_data_dictionary_is_that_of_the_program(checkout):
    written = checkout / "docs" / "data-dictionary.md"
    assert written.read_text(encoding="utf-8") == dictionary_text()
    assert len({one.name for one in FIELDS}) == len(FIELDS)


@pytest.mark.parametrize(
    ("weight", "unit", "in_grams"),
    [("1,5", "kg", "1500"), ("0.250", "g", "0.25"), ("100", "mg", "0.1"), ("3", "pieces", ""),
     ("", "g", ""), ("x", "g", ""), ("NaN", "g", ""), ("100", "g", "100")],
)  # fmt: skip
def test_weights(weight, unit, in_grams):
    assert plain(grams(weight, unit)) == in_grams


@pytest.mark.parametrize(
    ("grams", "shown"),
    [("", "-"), ("0", "0 g"), ("0.0005", "0.5 mg"), ("12.3456", "12.346 g"), ("1000", "1 kg"),
     ("2001002011527.535", "2001002.012 t"), ("120", "120 g")],
)  # fmt: skip
def test_weights_are_shown_in_the_unit_that_suits_them(figures, grams, shown):
    figures["total"]["weight_g"] = grams
    facts = build_seizures_report(figures, report_id="x").sections[0].parts[1].facts
    assert next(one.text for one in facts if one.label == "Weight of whole items") == shown


def test_the_report_says_what_is_not_confirmed(figures, tmp_path):
    from spectra_app.reports.render_qt import render_pdf

    pdfium = pytest.importorskip("pypdfium2")
    paths = [tmp_path / f"year.{ending}" for ending in ("pdf", "csv", "json")]
    for path in paths:
        write_seizures(figures, path, render_pdf)
    document = pdfium.PdfDocument(paths[0])
    pages = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    text = " ".join(" ".join(pages).split())
    for said in ("Seizures of the year 2026", "PRESUMPTIVE results are no identifications",
                 "The year is not over", "By substance", "cocaine", "Items by month", "1.5 kg",
                 "Confirmed by a laboratory", "End of report"):  # fmt: skip
        assert said in text, said
    assert "Validation report" not in text
    assert all("Seizures report SZ-2026-" in page for page in pages)
    assert paths[1].read_bytes() == seizures_csv(figures)
    assert json.loads(paths[2].read_bytes())["figures"] == figures
    assert build_seizures_report({**figures, "demonstration": True}, report_id="x").signature == (
        "EMULATED: a demonstration, never evidence"
    )
