"""Editing a draft library, and what a library covers, by clicks and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from spectra_app.services.libraries import open_library

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(qtbot, at_bench, small_library, tmp_path):
    """Return the page with a draft library of six substances."""
    target = tmp_path / "draft.h5"
    target.write_bytes(small_library.read_bytes())
    found = at_bench("library")
    settle(qtbot, found)
    assert not found.edit.isEnabled()  # of the library in use
    found.bench.shelf.take(target)
    qtbot.waitUntil(lambda: len(found.model.rows) == 6, timeout=LONG_MS)
    settle(qtbot, found)
    return found


def settle(qtbot, page):
    qtbot.waitUntil(lambda: not page.waiting and not page.bench.lane.busy, timeout=LONG_MS)


def kept(page, entry_name):
    with open_library(page.bench.shelf.path) as library:
        return [r for _, r in library.records_in_force() if r.name == entry_name]


def type_into(qtbot, edit, text):
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


def test_edits_are_undone_redone_and_saved_as_new_versions(page, qtbot):
    qtbot.mouseClick(page.edit, LEFT)
    page.show_entry(page.model.rows[0].entry)
    settle(qtbot, page)
    editor = page.editor
    assert editor.edits["name"].text() == "acetone"
    type_into(qtbot, editor.edits["licence"], "own")
    type_into(qtbot, editor.edits["synonyms"], "propanone; dimethyl ketone")
    assert len(next(iter(editor.changes.values()))) == 2
    qtbot.mouseClick(editor.undo, LEFT)
    assert editor.edits["synonyms"].text() == ""
    qtbot.mouseClick(editor.redo, LEFT)
    assert editor.edits["synonyms"].text() == "propanone; dimethyl ketone"
    assert not editor.save.isEnabled()  # not without a reason
    qtbot.keyClicks(editor.reason, "read from the bottle")
    qtbot.mouseClick(editor.save, LEFT)
    settle(qtbot, page)
    (one,) = kept(page, "acetone")
    assert (one.version, one.licence, one.synonyms) == (2, "own", ("propanone", "dimethyl ketone"))
    assert (one.status, one.status_by) == ("draft", "The technician")
    assert editor.changes == {}
    settle(qtbot, page)
    qtbot.mouseClick(editor.undo, LEFT)  # also what was saved, as another version
    assert list(editor.changes) == [one.entry]
    qtbot.keyClicks(editor.reason, "was wrong")
    qtbot.mouseClick(editor.save, LEFT)
    settle(qtbot, page)
    (one,) = kept(page, "acetone")
    assert (one.version, one.licence, one.synonyms) == (3, "own", ())


def test_undo_and_redo_have_their_keys_in_the_fields_too(page, qtbot):
    qtbot.mouseClick(page.edit, LEFT)
    page.show_entry(page.model.rows[0].entry)
    settle(qtbot, page)
    edits, key, ctrl = page.editor.edits, Qt.Key, Qt.KeyboardModifier.ControlModifier
    type_into(qtbot, edits["licence"], "own")
    edits["lot"].setFocus()
    qtbot.keyClick(edits["lot"], key.Key_Z, ctrl)
    assert (edits["licence"].text(), page.editor.changes) == ("", {})
    qtbot.keyClick(edits["lot"], key.Key_Z, ctrl | Qt.KeyboardModifier.ShiftModifier)
    assert edits["licence"].text() == "own"
    qtbot.keyClicks(edits["lot"], "47")
    qtbot.keyClick(edits["lot"], key.Key_Z, ctrl)  # of what is being typed, the field's own
    assert (edits["lot"].text(), edits["licence"].text()) == ("", "own")


def test_what_was_not_saved_is_told_and_there_again(page, qtbot):
    draft = page.bench.shelf.path
    qtbot.mouseClick(page.edit, LEFT)
    page.show_entry(page.model.rows[0].entry)
    settle(qtbot, page)
    type_into(qtbot, page.editor.edits["licence"], "own")
    qtbot.mouseClick(page.in_use, LEFT)
    settle(qtbot, page)
    assert "Not saved: 1 changes in" in page.line.text()
    assert page.editor.changes == {}
    page.bench.shelf.take(draft)
    settle(qtbot, page)
    qtbot.mouseClick(page.edit, LEFT)
    page.show_entry(page.model.rows[0].entry)
    settle(qtbot, page)
    assert page.editor.edits["licence"].text() == "own"
    qtbot.keyClicks(page.editor.reason, "read from the bottle")
    qtbot.mouseClick(page.editor.save, LEFT)
    settle(qtbot, page)
    assert kept(page, "acetone")[0].licence == "own"


def test_a_wrong_number_is_refused_and_a_spectrum_withdrawn(page, qtbot):
    qtbot.mouseClick(page.edit, LEFT)
    page.show_entry(page.model.rows[1].entry)
    settle(qtbot, page)
    editor = page.editor
    type_into(qtbot, editor.edits["cas"], "58-08-3")
    qtbot.keyClicks(editor.reason, "typed")
    qtbot.mouseClick(editor.save, LEFT)
    settle(qtbot, page)
    assert "CAS" in page.line.text()
    assert kept(page, "caffeine")[0].version == 1
    qtbot.mouseClick(editor.undo, LEFT)
    editor.reason.setText("a dirty window")
    qtbot.mouseClick(editor.withdraw, LEFT)
    settle(qtbot, page)
    assert kept(page, "caffeine") == []


def test_what_a_list_lacks_is_told(page, qtbot):
    qtbot.mouseClick(page.in_use, LEFT)
    settle(qtbot, page)
    qtbot.mouseClick(page.cover, LEFT)
    settle(qtbot, page)
    view = page.coverage
    place = view.lists.findData("UN 1988 Table I")
    assert place >= 0
    view.lists.setCurrentIndex(place)
    view.lists.activated.emit(place)
    settle(qtbot, page)
    said = view.words.toPlainText()
    assert "are in this library" in said
    assert "can only give a lead" in said
    assert "Missing: cannot be named" in said
    families = [view.lists.itemData(n) for n in range(view.lists.count())]
    assert any(name.startswith("family ") for name in families)
    page.look_of.speak("fr")
    assert "Manquantes" in view.words.toPlainText()
