"""The list of cases in the window: loaded piece by piece, filtered, opened, by clicks and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt

from spectra_app.records.kinds import Case, Item, Scan
from spectra_app.services.office import open_office
from spectra_app.ui.supervisor.cases_model import PIECE

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
MANY = 2 * PIECE + 30


@pytest.fixture
def many(spectra_home, staffed, quick_passwords):
    """Put many cases into the records of a station, most of them opened on one day."""
    with (
        open_office(spectra_home, passwords=quick_passwords) as office,
        office.ledger.writing("u2") as writing,
    ):
        for number in range(MANY):
            day = 20 if number < 2 * PIECE else 21
            case = f"C-{number:04}"
            opened = f"2026-11-{day}T08:00:00Z"
            state = "closed" if number == 7 else "open"
            writing.put(
                Case(id=case, title="Parcel", officer="u2", opened_at=opened, state=state), "put"
            )
        item = Item(id="C-0003-01", case="C-0003", description="blue tablets")
        scan = Scan(
            id="S-1", case="C-0003", item=item.id, state="filed", outcome="match",
            alarm="controlled", names=("Heroin",), scanned_at="2026-11-20T09:00:00Z",
        )  # fmt: skip
        for record in (item, scan):
            writing.put(record, "put")
    return staffed


@pytest.fixture
def page(qtbot, supervising, many):
    """Return the page of cases with its first rows."""
    found = supervising(many, "cases")
    qtbot.waitUntil(lambda: found.model.rowCount() == PIECE, timeout=LONG_MS)
    return found


def test_more_cases_come_when_somebody_scrolls_each_of_them_once(page, qtbot):
    root = QModelIndex()
    while page.model.canFetchMore(root) or page.waiting:
        page.table.scrollToBottom()
        page.model.fetchMore(root)
        qtbot.waitUntil(lambda: not page.waiting, timeout=LONG_MS)
    shown = [row.case.id for row in page.model.rows]
    assert len(shown) == len(set(shown)) == MANY
    assert [row.case.opened_at for row in page.model.rows] == sorted(
        (row.case.opened_at for row in page.model.rows), reverse=True
    )


def test_cases_are_found_by_what_is_typed_and_chosen_and_opened(page, qtbot):
    def found():
        qtbot.waitUntil(lambda: not page.waiting, timeout=LONG_MS)
        return [row.case.id for row in page.model.rows]

    qtbot.keyClicks(page.fields["name"], "hero")
    qtbot.keyClick(page.fields["name"], Qt.Key.Key_Return)
    assert found() == ["C-0003"]
    cells = [page.model.index(0, column).data() for column in range(page.model.columnCount())]
    assert cells[0] == "CONTROLLED SUBSTANCE"
    assert "Heroin" in cells
    page.fields["name"].clear()
    assert page.model.rows[0].scans == 1
    page.state.setFocus()
    qtbot.keyClick(page.state, Qt.Key.Key_End)
    qtbot.mouseClick(page.search, LEFT)
    assert found() == ["C-0007"]
    assert page.model.index(0, 0).data() == "No scan"  # which is no verdict
    page.state.setCurrentIndex(0)
    qtbot.keyClicks(page.fields["text"], "zebra")
    qtbot.mouseClick(page.search, LEFT)
    assert found() == []
    assert page.none.isVisible()
    page.fields["text"].setText("blue tabl")
    qtbot.mouseClick(page.search, LEFT)
    assert found() == ["C-0003"]
    page.table.setCurrentIndex(page.model.index(0, 0))
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    area = page.window().supervisor
    review = area.made["review"]
    qtbot.waitUntil(lambda: not review.waiting, timeout=LONG_MS)
    assert area.stack.currentWidget() is review
    qtbot.keyClick(review, Qt.Key.Key_Escape)
    assert area.stack.currentWidget() is page
    assert [row.case.id for row in page.model.rows] == ["C-0003"]
