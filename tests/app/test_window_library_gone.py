"""The technician's library goes while its pages are open and used: said, nothing lost, and back."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

import library.held
from spectra_app.services.batch_rows import read_batch
from spectra_app.services.libraries import open_library
from spectra_app.services.many import many_use

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody touch an open file")
LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


def settle(qtbot, page):
    qtbot.waitUntil(lambda: not page.waiting and not page.bench.lane.busy, timeout=LONG_MS)


def drawn(page, row, qtbot):
    """Show an entry of the list and return what is shown then, and what is said."""
    page.show_entry(page.model.rows[row].entry)
    settle(qtbot, page)
    return page.entry.view.record.name, page.line.text()


def test_entries_and_edits_survive_a_library_that_goes_and_comes_back(
    qtbot, at_bench, small_library, tmp_path, monkeypatch
):
    monkeypatch.setattr(library.held, "IN_MEMORY", 0)
    target = shutil.copyfile(small_library, tmp_path / "draft.h5")
    page = at_bench("library")
    settle(qtbot, page)
    page.bench.shelf.take(target)
    qtbot.waitUntil(lambda: len(page.model.rows) == 6, timeout=LONG_MS)
    settle(qtbot, page)
    qtbot.mouseClick(page.edit, LEFT)
    assert drawn(page, 0, qtbot) == ("acetone", "")
    editor, edit = page.editor, page.editor.edits["licence"]
    edit.setFocus()
    qtbot.keyClicks(edit, "own")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    qtbot.keyClicks(editor.reason, "read from the bottle")
    page.window().look.speak("fr")
    os.truncate(target, 5000)
    assert "La bibliothèque ne peut pas être utilisée" in drawn(page, 2, qtbot)[1]
    target.unlink()
    assert "La bibliothèque" in drawn(page, 0, qtbot)[1]
    qtbot.mouseClick(editor.save, LEFT)
    settle(qtbot, page)
    assert "La bibliothèque ne peut pas être utilisée" in page.line.text()
    assert [list(changed.values()) for changed in editor.changes.values()] == [["own"]]
    shutil.copyfile(small_library, target)
    assert drawn(page, 2, qtbot) == ("lactose", "")
    drawn(page, 0, qtbot)
    assert editor.reason.text() == "read from the bottle"
    qtbot.mouseClick(editor.save, LEFT)
    settle(qtbot, page)
    assert editor.changes == {}
    with open_library(target) as kept:
        found = {record.name: record.licence for _, record in kept.records_in_force()}
    assert (found["acetone"], page.window().isVisible()) == ("own", True)


@pytest.fixture
def scans(tmp_path, scan_text, monkeypatch):
    """Return a folder with four scans, which every dialog chooses."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("acetone", "caffeine", "lactose", "urea"):
        (folder / f"{name}.csv").write_text(scan_text(name), encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_asked: str(folder))
    return folder


@pytest.fixture
def used(small_library, desk, tmp_path, monkeypatch):
    """Return the library of the window, large as it were, on a drive of its own."""
    monkeypatch.setattr(library.held, "IN_MEMORY", 0)
    target = shutil.copyfile(small_library, tmp_path / "used.h5")
    desk.use_cases = replace(desk.use_cases, many=many_use(lambda: target, lambda *_asked: None))
    return target


@pytest.mark.usefixtures("scans")
def test_a_batch_whose_library_goes_stops_and_goes_on_when_it_is_back(
    qtbot, used, at_bench, small_library, monkeypatch
):
    monkeypatch.setattr("spectra_app.ui.stepped.SLICE_S", 0.0)
    page = at_bench("batch")
    qtbot.mouseClick(page.folder, LEFT)
    seen = []

    def cut(news):
        seen.extend(news)
        if len(seen) == 2:
            os.truncate(used, 5000)

    page.work.stepped.connect(cut)
    run(qtbot, page)
    assert "cut short or unplugged while it was in use" in page.line.text()
    done = [row.outcome for row in read_batch(page.out)]
    assert 0 < len(done) < 4
    assert set(done) == {"match"}
    used.unlink()
    page.window().look.speak("fr")
    run(qtbot, page)
    assert "La bibliothèque ne peut pas être utilisée" in page.line.text()
    assert page.model.rowCount() == len(done)
    assert page.start.text() == "Poursuivre"
    shutil.copyfile(small_library, used)
    run(qtbot, page)
    assert [row.outcome for row in read_batch(page.out)] == 4 * ["match"]
    assert page.model.rowCount() == 4


def run(qtbot, page):
    qtbot.mouseClick(page.start, LEFT)
    qtbot.waitUntil(lambda: not page.work.busy, timeout=LONG_MS)
