"""Quality of a library by clicks and keys: checked, findings settled, on a library of its own."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from matching.errors import SpectraError
from spectra_app.services.check_book import check_and_keep, kept_check
from spectra_app.services.curation import Person
from spectra_app.services.libraries import build_library, open_library, starter_library
from spectra_app.services.reviewing import (
    check_draft,
    draft_copy,
    mark_released,
    mark_reviewed,
    review_of,
    withdraw,
)

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
MAKER = Person("The technician", "2026-11-22T12:00:00Z")
OTHER = Person("Sue Per", "2026-11-22T13:00:00Z")


@pytest.fixture
def draft(tmp_path, scan_text):
    """Return a library of three drafts of the technician; one is a copy under a wrong name."""
    folder = tmp_path / "new"
    folder.mkdir()
    rows = ["file,name,status,status_by,status_at"]
    for file, name, curve, seed in (
        ("a.csv", "caffeine", "caffeine", 3),
        ("b.csv", "lactose", "caffeine", 4),
        ("c.csv", "urea", "urea", 5),
    ):
        (folder / file).write_text(scan_text(curve, seed=seed), encoding="utf-8")
        rows.append(f"{file},{name},draft,{MAKER.name},{MAKER.at}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    build_library(folder, tmp_path / "draft.h5", name="Draft of the North")
    return tmp_path / "draft.h5"


def settle(qtbot, page):
    qtbot.waitUntil(lambda: not page.waiting and not page.bench.lane.busy, timeout=LONG_MS)


def test_a_library_is_checked_and_its_findings_settled(qtbot, at_bench, draft):
    page = at_bench("quality")
    page.bench.shelf.take(draft)
    settle(qtbot, page)
    assert "never checked" in page.about.accessibleName()
    assert page.count.text() == ""  # not "0 findings"
    qtbot.mouseClick(page.start, LEFT)
    settle(qtbot, page)
    assert page.model.rows[0].severity == "contradiction"
    assert page.model.index(0, 0).data() == "Contradiction"
    page.table.selectRow(0)
    settle(qtbot, page)
    assert {curve.name.split(" ")[0] for curve in page.plot.curves} == {"caffeine", "lactose"}
    assert "Likely cause" in page.words.toPlainText()
    assert not page.accept_it.isEnabled()  # not without a reason
    whole = len(page.model.rows)
    note = next(at for at, one in enumerate(page.model.rows) if one.severity == "note")
    page.table.selectRow(note)
    settle(qtbot, page)
    qtbot.keyClicks(page.reason, "known to the laboratory")
    qtbot.mouseClick(page.accept_it, LEFT)
    settle(qtbot, page)
    assert len(page.model.rows) == whole - 1
    page.settled.setCurrentIndex(page.settled.findData("accepted"))
    page.settled.activated.emit(1)
    page.table.selectRow(0)
    assert "accepted by The technician: known to the laboratory" in page.words.toPlainText()
    page.settled.setCurrentIndex(page.settled.findData("open"))
    page.settled.activated.emit(0)
    page.table.selectRow(0)
    settle(qtbot, page)
    wrong = next(at for at in range(2) if "lactose" in page.which.itemText(at))
    page.which.setCurrentIndex(wrong)
    qtbot.keyClicks(page.reason, "a copy of the file of caffeine")
    qtbot.mouseClick(page.withdraw_it, LEFT)
    settle(qtbot, page)
    assert all("lactose" not in dict(one.entries).values() for one in page.model.rows)
    with open_library(draft) as library:
        gone = [r.status_reason for r in library.records() if r.status == "withdrawn"]
    assert gone == ["a copy of the file of caffeine"]


def test_a_second_person_reviews_what_has_no_open_alarm(draft, used_home):  # noqa: ARG001
    before = review_of(draft)
    assert before.counts["draft"] == 3
    entry = {row.name: row.entry for row in before.rows}
    with pytest.raises(SpectraError, match="not checked"):
        mark_reviewed(draft, [entry["urea"]], OTHER)
    check_and_keep(draft, OTHER.at)
    with pytest.raises(SpectraError, match="made these drafts"):
        mark_reviewed(draft, [entry["urea"]], MAKER)
    with pytest.raises(SpectraError, match="findings are open"):
        mark_reviewed(draft, [entry["lactose"]], OTHER)
    withdraw(draft, entry["lactose"], OTHER, "a copy")
    alarms = [row.name for row in review_of(draft).rows if row.open]
    if "urea" in alarms or "caffeine" in alarms:  # published bands may contradict made-up curves
        fine = [row for row in review_of(draft).rows if not row.open]
    else:
        fine = list(review_of(draft).rows)
    assert fine
    mark_reviewed(draft, [row.entry for row in fine], OTHER)
    mark_released(draft, [row.entry for row in fine], OTHER)
    after = review_of(draft)
    assert after.counts["released"] == len(fine)
    assert kept_check(after.info.sha256) is not None  # only statuses changed
    with pytest.raises(SpectraError, match="no entry is chosen"):
        mark_released(draft, [], OTHER)


def test_the_library_in_use_is_only_changed_as_a_copy(tmp_path, used_home):  # noqa: ARG001
    for path in (None, starter_library()):
        with pytest.raises(SpectraError, match="never changed"):
            check_draft(path)
    made = draft_copy(None, tmp_path / "mine.h5")
    with open_library(made) as mine, open_library() as used:
        assert mine.info.sha256 == used.info.sha256
    assert check_draft(made) == made
