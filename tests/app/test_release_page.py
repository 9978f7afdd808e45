"""Review and release of a draft library by clicks and keys, with keys and a second person."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from spectra_app.records.access import User
from spectra_app.services.check_book import check_and_keep
from spectra_app.services.keys import make_key
from spectra_app.services.libraries import build_library
from spectra_app.services.logging_in import keep_password
from spectra_app.services.office import open_office
from spectra_app.services.reviewing import kept_release

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
WORDS = "seven green herons wade"


@pytest.fixture
def draft(tmp_path, scan_text):
    folder = tmp_path / "new"
    folder.mkdir()
    rows = ["file,name,status,status_by,status_at"]
    for name in ("compound A", "compound B"):
        (folder / f"{name}.csv").write_text(scan_text(name, seed=3), encoding="utf-8")
        rows.append(f"{name}.csv,{name},draft,Somebody Else,2026-11-22T12:00:00Z")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    build_library(folder, tmp_path / "draft.h5", name="Draft of the North")
    return tmp_path / "draft.h5"


def settle(qtbot, page):
    def still():
        return not page.waiting and not page.bench.lane.busy and page.records.lane.idle

    qtbot.waitUntil(still, timeout=LONG_MS)


def test_a_library_is_reviewed_and_released(qtbot, at_bench, draft, tmp_path, quick_passwords):
    with open_office(passwords=quick_passwords) as office:
        other = User(id="u9", login="other", name="Other Person", role="technician")
        keep = keep_password(office, None, other, WORDS)
        with office.ledger.writing("u1") as writing:
            keep(writing, "user added")
    page = at_bench("release")
    settle(qtbot, page)
    assert not page.reviewed.isEnabled()  # the library in use is never changed
    qtbot.mouseClick(page.frame.next, LEFT)
    assert "draft" in page.line.text()
    page.bench.shelf.take(draft)
    settle(qtbot, page)
    page.table.selectAll()
    qtbot.mouseClick(page.reviewed, LEFT)
    settle(qtbot, page)
    assert "was not checked" in page.line.text()
    check_and_keep(draft, "2026-11-22T12:30:00Z")
    page.table.selectAll()
    qtbot.mouseClick(page.reviewed, LEFT)
    settle(qtbot, page)
    assert page.model.index(0, 1).data() == "Reviewed"
    assert page.model.index(0, 2).data().startswith("The technician")
    qtbot.mouseClick(page.frame.next, LEFT)
    assert "No entry is released yet" in page.line.text()
    page.table.selectAll()
    qtbot.mouseClick(page.released, LEFT)
    settle(qtbot, page)
    qtbot.mouseClick(page.frame.next, LEFT)
    assert page.frame.now == 1
    qtbot.keyClicks(page.about.version, "2026-11")
    qtbot.keyClicks(page.about.notes, "two compounds")
    qtbot.mouseClick(page.frame.next, LEFT)
    settle(qtbot, page)
    assert kept_release(draft)["notes"] == "two compounds"
    key = tmp_path / "a.pem"
    make_key(key, "The technician", lambda _title: WORDS)
    for name, text in (
        ("key", str(key)), ("words", WORDS), ("second", "other"), ("password", WORDS),
    ):  # fmt: skip
        qtbot.keyClicks(page.sign.edits[name], text)
    qtbot.mouseClick(page.frame.next, LEFT)
    assert page.frame.now == 3
    assert page.make.isEnabled()
    out = tmp_path / "north.spectralib"
    page.release(out)
    settle(qtbot, page)
    assert page.line.text() == ""
    said = page.result.toPlainText()
    assert "Written: north.spectralib, 2 entries." in said
    assert "version 2026-11, number 1" in said
    assert "Not yet complete" in said
    assert out.is_file()
    assert page.sign.text("words") == page.sign.text("password") == ""
