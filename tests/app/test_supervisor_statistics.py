"""Statistics in the window: every share with its counts and bounds; the report of a year."""

from __future__ import annotations

import csv

import pytest
from PySide6.QtCore import Qt

from spectra_app.errors import AppError
from spectra_app.services.office import open_office
from spectra_app.services.station_statistics.collecting import Period
from spectra_app.services.station_statistics.overview import station_overview
from spectra_app.services.station_statistics.seizures import yearly_seizures
from spectra_app.ui.supervisor.charts import Share

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def year(spectra_home, staffed, quick_passwords, records_of):
    """Fill a station with a year: one confirmed, one refuted, one lead, two without an answer."""
    with open_office(spectra_home, passwords=quick_passwords) as office:
        made = records_of(office)
        mail = {"mode": "mail", "origin": "NL"}
        made.whole(["Cocaine"], ["cocaine"], case=made.case(**mail), analyser="X1")
        made.whole(["Heroin"], ["caffeine"], case=made.case(**mail), analyser="X1")
        made.whole(["MDMA"], None, case=made.case(mode="sea"), outcome="lead", analyser="X2")
        late = made.case(mode="sea", opened_at="2026-09-01T08:00:00Z")
        for names in (["Cocaine"], ["=1+1"]):
            made.whole(names, None, case=late, scanned_at="2026-09-01T09:00:00Z")
    return staffed


@pytest.fixture
def page(qtbot, supervising, year):
    found = supervising(year, "statistics")
    qtbot.waitUntil(lambda: found.found is not None, timeout=LONG_MS)
    return found


def shown(page):
    model = page.tables.currentWidget().model()
    columns = range(model.columnCount())
    return {
        model.index(row, 0).data(): [model.index(row, one).data() for one in columns]
        for row in range(model.rowCount())
    }


def show(page, dimension):
    page.by.setCurrentIndex(page.by.findData(dimension))
    return shown(page)


def test_figures_by_every_dimension_never_a_bare_percentage(page):
    rows = show(page, "substance")
    assert rows["cocaine"][1:4] == ["1 of 2: 50 % (1.2 % to 99 %)", "2", "2"]
    assert show(page, "mode")["mail"][2] == "2"
    assert show(page, "origin")["not recorded"][2] == "3"
    assert show(page, "instrument")["X1"][2] == "2"
    assert show(page, "person") == {"The officer": shown(page)["The officer"]}
    assert "Match with a measured reference" in show(page, "outcome")
    months = show(page, "month")
    assert (months["2026-03"][2], months["2026-09"][2]) == ("3", "2")
    assert months["2026-09"][1].startswith("0 of 2: 0 %")
    assert "confirmed by a laboratory: 2 of 5" in page.words.text()
    bars = {bar.label: bar.counts for bar in page.chart._rows}
    assert bars["2026-09"] == (0, 2, 0, 0)
    assert len(page.chart._parts) == 4


def test_right_and_wrong_by_the_laboratory_with_bounds(page):
    rows = show(page, "rates")
    assert rows["Names that were wrong"][1].startswith("1 of 2: 50 %")
    assert "Judged by a laboratory: 2 of 5 items" in page.words.text()
    shares = page.chart._rows
    assert all(isinstance(one, Share) and one.low <= one.rate <= one.high for one in shares)
    page.fields["holds"].setText("wrong")
    assert set(shown(page)) == {one for one in rows if "wrong" in one}


def test_a_period_is_counted_and_a_day_that_is_none_is_refused(page, qtbot):
    qtbot.keyClicks(page.fields["first"], "2026-09-01")
    qtbot.keyClick(page.fields["first"], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.working.job is None, timeout=LONG_MS)
    assert page.found["total"]["items"] == 2
    page.fields["first"].setText("2026-13-01")
    qtbot.mouseClick(page.again, LEFT)
    qtbot.waitUntil(lambda: "no day" in page.line.text(), timeout=LONG_MS)
    assert page.found["total"]["items"] == 2


def test_the_table_is_saved_as_csv_that_computes_nothing(page, qtbot, tmp_path, monkeypatch):
    target = tmp_path / "t.csv"
    monkeypatch.setattr("spectra_app.ui.tables.ask_path", lambda *_: target)
    show(page, "substance")
    qtbot.mouseClick(page.save, LEFT)
    qtbot.waitUntil(target.exists, timeout=LONG_MS)
    qtbot.waitUntil(lambda: page.records.lane.idle, timeout=LONG_MS)
    rows = list(csv.reader(target.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0][0] == "Value"
    assert "'=1+1" in [row[0] for row in rows]


def test_the_report_of_a_year_is_shown_as_it_prints_and_saved(page, qtbot, tmp_path):
    qtbot.mouseClick(page.yearly, LEFT)
    assert "English only" in page.year.words.text()
    page.year.year.setValue(2026)
    qtbot.mouseClick(page.year.make, LEFT)
    qtbot.waitUntil(page.year.save.isEnabled, timeout=LONG_MS)
    assert "Seizures of the year 2026" in page.year.sheets.sheets[0].accessibleDescription()
    target = tmp_path / "year.pdf"
    page.year.save_to(target)
    qtbot.waitUntil(lambda: "Saved" in page.year.words.text(), timeout=LONG_MS)
    assert target.read_bytes().startswith(b"%PDF")


def test_it_is_counted_as_the_yearly_report_counts(office, logged_in, records):
    records.whole(["Cocaine"], ["cocaine"])
    records.whole(["Heroin"], None)
    year = yearly_seizures(office, logged_in["supervisor"], 2026)
    seen = station_overview(office, logged_in["technician"], Period("2026-01-01", "2026-12-31"))
    assert seen["total"] == year["total"]
    for name, rows in year["tables"].items():
        mine = [{key: row[key] for key in row if key != "share"} for row in seen["tables"][name]]
        assert mine == rows
    assert [row["value"] for row in seen["tables"]["person"]] == ["u2"]  # a technician: no names
    with pytest.raises(AppError):
        station_overview(office, logged_in["technician"], Period("2026-02-01", "2026-01-01"))
