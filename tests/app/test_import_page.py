"""The import of references by clicks and keys: from files to drafts, left and resumed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from spectra_app.services.libraries import open_library
from spectra_app.ui.technician.import_model import COLUMNS
from spectra_app.ui.technician.profile_dialog import ProfileDialog

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def stick(tmp_path, scan_text):
    """Return a folder: two good scans, one of them under a wrong name, a letter, an odd table."""
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / "caffeine_01.csv").write_text(scan_text("caffeine", seed=3), encoding="utf-8")
    (folder / "lactose.csv").write_text(scan_text("urea", seed=4), encoding="utf-8")
    (folder / "letter.txt").write_text("Dear colleague,\nno numbers\n", encoding="utf-8")
    rows = "\n".join(f"{300 + 2 * k},5;{100 + k % 7},25" for k in range(400))
    (folder / "odd.txt").write_text(f"Laboratory North; unit 7\nshift;signal\n{rows}\n", "utf-8")
    return folder


def settle(qtbot, page):
    qtbot.waitUntil(lambda: not page.waiting and not page.bench.lane.busy, timeout=LONG_MS)


def names(page):
    return [Path(row.item.file).name for row in page.table.model.rows]


def cells(page, line):
    model = page.table.model
    return [model.index(line, place).data() for place in range(model.columnCount())]


def test_files_become_drafts_step_by_step(qtbot, at_bench, stick, small_library, tmp_path):
    target = tmp_path / "draft.h5"
    target.write_bytes(small_library.read_bytes())
    page = at_bench("import")
    settle(qtbot, page)
    qtbot.mouseClick(page.frame.next, LEFT)
    assert page.line.text() == "Nothing is chosen to enter yet."
    page.add_files([stick])
    settle(qtbot, page)
    assert names(page) == ["caffeine_01.csv", "lactose.csv", "letter.txt", "odd.txt"]
    assert cells(page, 0)[2:5] == ["ENLIGHTEN CSV", "785 nm", "300–1798 cm⁻¹"]
    assert "recognises" in cells(page, 2)[5]
    page.table.view.selectRow(0)
    assert "WP-00000" in page.table.facts.toPlainText()
    assert page.table.plot.curves
    qtbot.mouseClick(page.frame.next, LEFT)  # to the names
    settle(qtbot, page)
    assert cells(page, 0)[1:3] == ["caffeine", "58-08-2"]
    place = page.table.model.index(1, COLUMNS["names"].index("name"))
    assert page.table.model.setData(place, "powder from lane 4")
    settle(qtbot, page)
    assert cells(page, 1)[2] == ""  # the CAS number was that of lactose
    assert "not known" in cells(page, 1)[4]
    assert page.table.model.setData(place, "lactose")
    settle(qtbot, page)
    qtbot.mouseClick(page.frame.next, LEFT)  # to library and source
    qtbot.mouseClick(page.frame.next, LEFT)
    assert page.line.text() == "Choose the library they are for."
    qtbot.keyClicks(page.form.target, str(target))
    qtbot.keyClicks(page.form.fields["licence"], "own measurement")
    qtbot.mouseClick(page.frame.next, LEFT)  # to the check
    settle(qtbot, page)
    found = {name: cells(page, line) for line, name in enumerate(names(page))}
    assert found["lactose.csv"][2] == "Contradiction"  # it is urea, which the library holds
    assert found["lactose.csv"][0] == "left out"
    assert "urea" in found["lactose.csv"][3]
    with open_library(target) as library:
        assert len(library) == 6
    qtbot.mouseClick(page.frame.next, LEFT)
    assert "1 spectra enter draft.h5 as drafts; 3 are left out." in page.end.words.toPlainText()
    qtbot.mouseClick(page.end.add, LEFT)
    settle(qtbot, page)
    said = page.end.words.toPlainText()
    assert "draft.h5 holds 7 entries now" in said
    assert "letter.txt" in said
    with open_library(target) as library:
        new = list(library.records())[-1]
    assert (new.name, new.status, new.licence) == ("caffeine", "draft", "own measurement")
    assert new.status_by == "The technician"
    qtbot.mouseClick(page.end.show_it, LEFT)
    area = page.window().technician
    shown = area.made["library"]
    qtbot.waitUntil(lambda: len(shown.model.rows) == 7 and not shown.waiting, timeout=LONG_MS)
    assert area.stack.currentWidget() is shown


def test_a_laser_line_is_stated_for_all_files_at_once_and_mended_for_one(qtbot, at_bench, tmp_path):
    rows = "\n".join(f"{300 + 2 * k}\t{100 + k % 7}" for k in range(400))
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(f"{rows}\n", encoding="utf-8")
    page = at_bench("import")
    page.add_files([tmp_path / name for name in ("a.txt", "b.txt", "c.txt")])
    settle(qtbot, page)
    assert [cells(page, line)[3] for line in range(3)] == ["not known"] * 3
    page.table.laser.setValue(532.0)
    assert "all 3 files" in page.table.state_all.text()
    qtbot.mouseClick(page.table.state_all, LEFT)
    settle(qtbot, page)
    assert [cells(page, line)[3] for line in range(3)] == ["532 nm"] * 3
    assert not page.table.state_all.isVisible()
    page.table.view.selectRow(1)
    assert page.table.laser.value() == 532.0
    page.table.laser.setValue(785.0)
    qtbot.mouseClick(page.table.state_laser, LEFT)  # a slip can be mended
    settle(qtbot, page)
    assert [cells(page, line)[3] for line in range(3)] == ["532 nm", "785 nm", "532 nm"]


def test_a_table_is_described_and_an_import_left_is_taken_up(qtbot, at_bench, stick):
    page = at_bench("import")
    page.add_files([stick / "odd.txt", stick / "caffeine_01.csv"])
    settle(qtbot, page)
    page.table.view.selectRow(0)
    assert not page.table.model.rows[0].item.take
    qtbot.mouseClick(page.table.describe, LEFT)
    dialog = next(one for one in page.children() if isinstance(one, ProfileDialog))
    assert "400 rows, axis from 300.5 to 1098.5" in dialog.words.text()
    dialog.axis.setValue(2)
    assert "columns are the same" in dialog.words.text()
    assert not dialog.keep.isEnabled()
    dialog.intensity.setValue(1)
    qtbot.waitUntil(lambda: "rises nor falls" in dialog.words.text(), timeout=LONG_MS)
    assert not dialog.keep.isEnabled()
    dialog.axis.setValue(1)
    dialog.intensity.setValue(2)
    dialog.laser.setValue(785.0)
    qtbot.waitUntil(dialog.keep.isEnabled, timeout=LONG_MS)
    qtbot.mouseClick(dialog.keep, LEFT)
    qtbot.waitUntil(lambda: page.table.model.rows[0].item.take, timeout=LONG_MS)
    settle(qtbot, page)
    assert cells(page, 0)[3] == "785 nm"
    qtbot.mouseClick(page.frame.next, LEFT)
    settle(qtbot, page)
    area = page.window().technician
    page.records.log_out(lambda _job: None)
    qtbot.waitUntil(lambda: not area.made, timeout=LONG_MS)
    form = area.window().entrance.log_in
    form.name.setText("technician")
    form.password.setText("seven green herons wade")
    qtbot.keyClick(form.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.records.standing.user is not None, timeout=LONG_MS)
    area.window().show_area("workbench")
    again = area.show_page("import")
    qtbot.waitUntil(lambda: len(again.table.model.rows) == 2, timeout=LONG_MS)
    settle(qtbot, again)
    assert again.frame.now == 1
    assert again.table.model.rows[0].looked is not None
    qtbot.mouseClick(again.begin_anew, LEFT)
    settle(qtbot, again)
    assert again.table.model.rows == []
    assert again.frame.now == 0
