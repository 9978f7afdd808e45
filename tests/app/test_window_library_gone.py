"""The technician's library goes while its pages are open and used: said, nothing lost, and back."""

from __future__ import annotations

import os
import shutil

import pytest
from PySide6.QtCore import Qt

import library.held
from spectra_app.services.libraries import open_library

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
