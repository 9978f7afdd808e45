"""The page of calculated suggestions by clicks and keys, on a filed scan that nothing explains."""

from __future__ import annotations

import csv
import os

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton

from library.calculated_lines import calculated_table
from spectra_app.records.kinds import Note
from spectra_app.services.cases import items, opening, scans
from spectra_app.services.office import open_office
from spectra_app.services.own_structures import can_calculate
from spectra_app.services.session import open_identifier
from spectra_app.services.suggestions import LONGEST, SHORTEST
from spectra_app.services.users import log_in
from spectra_app.ui.look import LANGUAGES
from spectra_app.ui.shell import AREAS_OF
from spectra_app.ui.structure import structure_picture
from spectra_app.ui.tables import EXPORT_ROLE
from spectra_app.ui.technician.area import PAGES

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def entry():
    """Return a nitazene of the table."""
    return next(one for one in calculated_table().entries if "nitazene" in one.family)


@pytest.fixture
def scan_file(entry, tmp_path):
    """Return a scan that looks like what was calculated."""
    axis = np.arange(300.0, 1900.0, 2.0)
    bands = np.exp(-(((axis[:, None] - entry.shifts - 6) / 6) ** 2)) @ (
        entry.activities / entry.shifts
    )
    noise = np.random.default_rng(3).normal(0, 1.5, axis.size)
    values = 1000 * bands / bands.max() + 50 + noise
    path = tmp_path / "grey powder.csv"
    lines = [f"{x:g},{y:.2f}" for x, y in zip(axis, values, strict=True)]
    path.write_text("Raman shift (cm-1),Intensity\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def filed(used_home, staffed, quick_passwords, small_library, scan_file):
    """Return the number of a scan that is filed as not in the library."""
    os.link(small_library, used_home / "libraries" / "small.h5")
    with open_office(used_home, passwords=quick_passwords) as office:
        me = log_in(office, "officer", staffed)
        case = opening.open_new_case(office, me, "Parcel", opening.About(mode="mail")).id
        item = items.add_item(office, me, case, items.Description("grey powder")).id
        identifier = open_identifier(small_library, evidence=office.evidence.folder)
        ((scan, found),) = scans.scan_file(office, me, scan_file, identifier)
        identifier.engine.library.close()
        assert found.record.outcome == "not_in_library"
        scans.file_scan(office, me, scan.id, item)
    return scan.id


@pytest.fixture
def page(filed, at_bench, qtbot):  # noqa: ARG001  it is filed before the window opens
    made = at_bench("suggestions", (1024, 768))
    rest(made, qtbot)
    return made


def rest(page, qtbot):
    def at_rest():
        return not page.waiting and page.working.job is None and page.records.lane.idle

    qtbot.waitUntil(at_rest, timeout=LONG_MS)


def notes(page, qtbot):
    """Return the notes of all cases."""
    found = []

    def act(office, _session):
        return [one.record for one in office.ledger.find(Note)]

    page.ask("looking", act, found.append)
    rest(page, qtbot)
    return found[0]


def texts_seen(page):
    """Return every text that a person sees on the page."""
    words = [one.text() for one in page.findChildren(QLabel) if one.isVisible()]
    words += [one.text() for one in page.findChildren(QPushButton) if one.isVisible()]
    model = page.candidates.table.model()
    for row in range(model.rowCount()):
        words += [model.index(row, column).data() for column in range(model.columnCount())]
    return words


def test_a_list_is_opened_on_the_record_and_marked_wherever_it_goes(page, qtbot, entry, tmp_path):
    # What it is not, how good it was, and what opening leaves are said before there is any list.
    choice, candidates = page.choice, page.candidates
    assert "NOT EVIDENCE" in page.mark.text()
    for words in ("nothing in the list was measured", "conformer", "among the first 10 for"):
        assert words in choice.limits.text()
    assert "note of the case" in choice.disclosed.text()
    assert choice.disclosed.isVisible()
    assert not choice.open.isEnabled()
    assert notes(page, qtbot) == []

    choice.table.selectRow(0)
    qtbot.mouseClick(choice.open, LEFT)
    rest(page, qtbot)
    (note,) = notes(page, qtbot)
    made = candidates.made
    assert SHORTEST <= len(made.shown) <= LONGEST
    assert entry.name in [one.name for one in made.shown]
    assert note.evidence
    assert not [one for one in made.shown if one.name in note.text]
    assert candidates.structure.isVisible()
    assert [words for words in texts_seen(page) if "%" in words] == []
    assert page.mark.isVisible()

    # Copies and files.
    candidates.table.setFocus()
    qtbot.keyClick(candidates.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    _header, row = QGuiApplication.clipboard().text().splitlines()
    assert made.shown[0].name in row
    assert "calculated – not evidence" in row
    path = tmp_path / "list.csv"
    candidates.table.keeper._read(lambda rows: candidates.table.keeper.write_csv(path, rows))
    qtbot.waitUntil(path.exists, timeout=LONG_MS)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(made.shown)
    assert {one["What it is"] for one in rows} == {"calculated – not evidence"}
    assert "not evidence" in candidates.file_name()
    qtbot.mouseClick(candidates.copy, LEFT)
    image = QGuiApplication.clipboard().image()
    drawing = candidates.chosen.drawing
    bare = structure_picture(drawing, "", "", page.font())
    assert image.copy(0, 0, image.width(), 60) != bare.copy(0, 0, bare.width(), 60)

    # Narrowing opens it anew, which is in the record, too.
    candidates.narrowing.fields["having"].setText("Xx")
    qtbot.mouseClick(candidates.narrowing.go, LEFT)
    rest(page, qtbot)
    assert "no element" in page.line.text()
    assert len(notes(page, qtbot)) == 1
    candidates.narrowing.fields["having"].setText("N, O")
    candidates.narrowing.family.setCurrentText(entry.family)
    qtbot.mouseClick(candidates.narrowing.go, LEFT)
    rest(page, qtbot)
    assert {one.family for one in candidates.made.shown} == {entry.family}
    assert len(notes(page, qtbot)) == 2

    for language in LANGUAGES:
        page.look_of.speak(language)
        say, model = page.look_of.say, candidates.table.model()
        candidates.show_list(candidates.made, "a file")
        assert candidates.chosen is candidates.made.shown[0]
        assert page.mark.text() == say("calculated.banner")
        assert candidates.mark.text() == say("calculated.mark")
        assert model.index(0, 1).data(EXPORT_ROLE) == say("calculated.mark")
    page.look_of.speak("en")
    qtbot.mouseClick(page.other, LEFT)
    rest(page, qtbot)
    assert choice.table.model().index(0, 5).data() == "2"
    assert candidates.made is None


def test_a_structure_is_added_only_where_it_can_be_calculated(at_bench, qtbot):
    page = at_bench("suggestions", (1024, 768))
    rest(page, qtbot)
    assert "No filed scan" in page.choice.choose.text()
    assert not page.choice.open.isVisible()
    adding = page.adding
    qtbot.mouseClick(page.add, LEFT)
    if not can_calculate():
        assert adding.missing.isVisible()
        assert "pip install .[calculate]" in adding.missing.text()
        assert not adding.structure.isEnabled()
    adding.begin(can=True)
    assert not adding.missing.isVisible()
    qtbot.keyClicks(adding.structure, "no such thing")
    qtbot.mouseClick(adding.go, LEFT)
    assert adding.working.isVisible()
    assert "s so far" in adding.line.text()
    assert not adding.go.isEnabled()
    qtbot.waitUntil(lambda: adding.working.job is None, timeout=LONG_MS)
    expected = "neither a SMILES" if can_calculate() else "not installed"
    assert expected in adding.line.text()
    assert adding.go.isEnabled()


def test_an_officer_has_no_such_page():
    assert "workbench" not in AREAS_OF["officer"]
    assert "suggestions" in PAGES
