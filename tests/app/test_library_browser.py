"""The library browser by clicks and keys, on a library built by the program itself."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from library.drawings import Drawing, DrawnAtom, DrawnBond, drawings
from library.substances import substances
from spectra_app.services.check_book import accept, check_and_keep, kept_check
from spectra_app.services.curation import Person
from spectra_app.services.library_catalogue import Sought, catalogue, entry_view, plain, sought
from spectra_app.ui.structure import draw_structure, label_runs

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
DAY = date(2026, 11, 22)
NOW = "2026-11-22T12:00:00Z"


@pytest.fixture
def page(qtbot, at_bench):
    """Return the page with the starter library in it."""
    found = at_bench("library")
    qtbot.waitUntil(lambda: bool(found.model.rows) and not found.waiting, timeout=LONG_MS)
    return found


def shown(page):
    return [page.model.index(row, 0).data() for row in range(page.model.rowCount())]


def test_entries_are_found_as_one_types_by_every_name_they_have(page, qtbot):
    whole = len(page.model.rows)
    assert page.count.text() == f"{whole} of {whole} entries"
    for typed, name in (
        ("PARACET", "paracetamol"),
        ("acetaminophen", "paracetamol"),  # a synonym of the tables
        ("103-90-2", "paracetamol"),
        ("RZVAJINKPMORJF", "paracetamol"),
        ("C8H9NO2", "paracetamol"),
    ):
        page.search.clear()
        qtbot.keyClicks(page.search, typed)
        assert name in shown(page), typed
        assert 0 < len(page.model.rows) < whole
    page.search.setText("PARACÉTAMOL")
    assert "paracetamol" in shown(page)
    page.search.setText("no such thing")
    assert shown(page) == []
    qtbot.keyClick(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)


def test_filters_leave_what_was_chosen(page):
    box = page.filters["alarm"]
    box.setCurrentIndex(box.findData("precursor"))
    box.activated.emit(box.currentIndex())
    assert {row.alarm for row in page.model.rows} == {"precursor"}
    assert page.model.index(0, 1).data() == "Precursor"
    family = page.filters["family"]
    family.setCurrentIndex(1)
    family.activated.emit(1)
    assert {row.family for row in page.model.rows} <= {family.currentData()}
    kind = page.filters["kind"]
    kind.setCurrentIndex(kind.findData("measured"))
    kind.activated.emit(1)
    assert shown(page) == []


def test_an_entry_is_shown_with_curve_structure_and_provenance(page, qtbot):
    qtbot.keyClicks(page.search, "amphetamine")
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.entry.view is not None and not page.waiting, timeout=LONG_MS)
    facts = page.entry.facts.toPlainText()
    assert page.entry.level.text() == "Controlled · spectrum reconstructed"
    for words in (
        "Schedule II", "read to", "Not measured: it can only give a lead", "Licence",
        "was not checked", "Nobody has reviewed it",
    ):  # fmt: skip
        assert words in facts, words
    assert page.entry.structure.isVisible()
    assert page.entry.structure.accessibleName() == "Structure of amphetamine, formula C9H13N"
    assert "not of a salt" in page.entry.drawn.text()
    assert len(page.entry.plot.curves) == 1
    sent = []
    page.examine_wanted.connect(lambda *what: sent.append(what))
    qtbot.mouseClick(page.examine, LEFT)
    assert sent[0][1:] == ("amphetamine sulfate", "reconstructed")
    page.look_of.speak("ar")
    assert "amphetamine sulfate" in page.entry.plot.curves[0].name
    assert "Schedule II" in page.entry.facts.toPlainText()


def test_another_library_is_looked_at_and_left_again(page, qtbot, small_library):
    page.bench.shelf.take(small_library)
    qtbot.waitUntil(lambda: len(page.model.rows) == 6 and not page.waiting, timeout=LONG_MS)
    assert page.about.toolTip()
    assert "Not in use" in page.about.accessibleName()
    qtbot.mouseClick(page.in_use, LEFT)
    qtbot.waitUntil(lambda: len(page.model.rows) > 6 and not page.waiting, timeout=LONG_MS)
    page.bench.shelf.take(small_library.with_name("gone.h5"))
    qtbot.waitUntil(lambda: not page.waiting, timeout=LONG_MS)
    assert "no such library" in page.line.text()


# --- The services below ---------------------------------------------------------------------------


def test_a_search_knows_neither_accents_nor_capitals(small_library):
    assert plain("Éphédrine ÅNGSTRÖM") == "ephedrine angstrom"
    found = catalogue(small_library, DAY)
    assert [row.name for row in found.rows][:2] == ["acetone", "caffeine"]
    assert [row.name for row in sought(found.rows, Sought("propanone"))] == ["acetone"]
    one = next(row for row in found.rows if row.name == "urea")
    view = entry_view(small_library, 0, one.entry, DAY)  # another one stands in that row
    assert view.record.name == "urea"
    assert view.record.kind == "measured"


def test_what_a_check_found_is_kept_and_accepted_with_a_name(small_library, spectra_home):
    found = check_and_keep(small_library, NOW)
    assert found.findings
    assert kept_check(found.sha256).marks() == found.marks()
    assert kept_check("0" * 64) is None
    one = found.findings[0]
    accept(one, Person("The technician", NOW), "looked at")
    again = kept_check(found.sha256)
    assert [f.accepted.reason for f in again.findings if f.accepted] == ["looked at"]
    open_now = [f for f in again.findings if f.accepted is None]
    assert set(again.marks()) == {entry for f in open_now for entry, _name in f.entries}
    assert (spectra_home / "library-checks" / "accepted.jsonl").is_file()


# --- Structures -----------------------------------------------------------------------------------


def test_labels_have_low_digits_and_high_charges():
    ammonium = DrawnAtom("N", 0, 0, 1, 3, "H3N", hydrogens_left=True)
    assert [(run.text, run.level) for run in label_runs(ammonium)] == [
        ("H", 0), ("3", -1), ("N", 0), ("+", 1),
    ]  # fmt: skip
    oxide = DrawnAtom("O", 0, 0, -2, 0, "O", hydrogens_left=False)
    assert label_runs(oxide)[-1].text == "2\N{MINUS SIGN}"


def ink_of(drawing):
    picture = QImage(200, 160, QImage.Format.Format_RGB32)
    picture.fill(QColor("white"))
    painter = QPainter(picture)
    draw_structure(painter, QRectF(0, 0, 200, 160), drawing, QColor("black"), QColor("white"))
    painter.end()
    dark = [
        (x, y) for x in range(200) for y in range(160) if picture.pixelColor(x, y).lightness() < 128
    ]
    return picture, dark


@pytest.mark.parametrize("stereo", ["", "wedge", "hash", "wavy", "crossed"])
def test_every_kind_of_bond_leaves_its_own_ink(qapp, stereo):  # noqa: ARG001
    atoms = (
        DrawnAtom("C", 0, 0, 0, 3, "", hydrogens_left=False),
        DrawnAtom("C", 1, 0, 0, 3, "", hydrogens_left=False),
    )
    single = Drawing("k", "", atoms, (DrawnBond(0, 1, 1, False, "", 0),))
    order = 2 if stereo == "crossed" else 1
    other = Drawing("k", "", atoms, (DrawnBond(0, 1, order, False, stereo, 0),))
    plain_ink, own = ink_of(single)[1], ink_of(other)[1]
    assert plain_ink
    assert (own == plain_ink) == (stereo == "")


def test_a_large_structure_stays_inside_its_box(qapp):  # noqa: ARG001
    (found,) = substances().find(name="fentanyl")
    _picture, dark = ink_of(drawings().get(found.substance.key))
    assert len(dark) > 300
    assert min(x for x, _y in dark) > 0
    assert max(x for x, _y in dark) < 199
    assert max(y for _x, y in dark) < 159
