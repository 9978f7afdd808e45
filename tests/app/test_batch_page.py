"""Many scans in the window: chosen, run, stopped, gone on with, filtered, sorted, saved, opened."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog

from spectra_app.services.batch import BatchError, run_batch
from spectra_app.services.batch_rows import BatchRow, read_batch, row_of
from spectra_app.services.many import many_use
from spectra_app.services.result_rows import Csv, split_names
from spectra_app.services.session import open_identifier
from spectra_app.ui.technician.batch_model import PIECE, BatchModel, Sieve

LEFT = Qt.MouseButton.LeftButton
NAMES = ("acetone", "caffeine", "lactose", "urea")


@pytest.fixture
def folder(tmp_path, scan_text):
    """Return a folder with four sound scans and one that cannot be read."""
    made = tmp_path / "seizures"
    made.mkdir()
    for name in NAMES:
        (made / f"{name}.csv").write_text(scan_text(name), encoding="utf-8")
    (made / "broken.csv").write_bytes(b"not a spectrum\n")
    return made


@pytest.fixture
def page(desk, at_bench, small_library):
    many = many_use(lambda: small_library, lambda *_asked: None)
    desk.use_cases = replace(desk.use_cases, many=many)
    return at_bench("batch", (1024, 768))


def drop(page, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    page.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier
        )
    )


def run(qtbot, page):
    qtbot.mouseClick(page.start, LEFT)
    qtbot.waitUntil(lambda: not page.work.busy, timeout=60_000)


def column(page, name):
    place = ("alarm", "file", "outcome", "names", "score", "snr", "why").index(name)
    model = page.model
    return [model.index(row, place).data() for row in range(model.rowCount())]


def test_a_folder_is_identified_filtered_sorted_and_opened(page, folder, qtbot):
    assert not page.start.isEnabled()
    assert page.source_line.text().endswith("drop files here.")  # not cut off
    drop(page, folder)
    assert "Nothing is filed" in page.rule.text()
    run(qtbot, page)
    assert "All 5 inputs are done" in page.line.text()
    assert column(page, "file") == ["acetone.csv", "broken.csv", *(f"{n}.csv" for n in NAMES[1:])]
    assert column(page, "alarm")[1] == "REFUSED"
    assert "no reader recognises" in column(page, "why")[1]
    assert "5 of 5 rows" in page.summary.text()
    assert "1 refused" in page.summary.text()
    place = page.outcome.findData("refused")
    page.outcome.setCurrentIndex(place)
    page.outcome.activated.emit(place)
    assert column(page, "file") == ["broken.csv"]
    page.outcome.setCurrentIndex(0)
    page.outcome.activated.emit(0)
    qtbot.keyClicks(page.text, "LACT")
    qtbot.waitUntil(lambda: column(page, "names") == ["lactose"])
    page.text.clear()
    qtbot.waitUntil(lambda: page.model.kept == 5)
    page.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert column(page, "file")[0] == "urea.csv"
    lines = page.out.read_text(encoding="utf-8").splitlines()
    assert [Path(json.loads(line)["file"]).name for line in lines] == sorted(column(page, "file"))
    with qtbot.waitSignal(page.open_wanted) as opened:
        page.table.doubleClicked.emit(page.model.index(0, 1))
    assert opened.args[0].name == "urea.csv"
    bench = page.window().technician
    assert bench.stack.currentWidget() is bench.workbench
    qtbot.waitUntil(lambda: not bench.workbench.lane.busy)
    assert bench.workbench.scans.entries[-1].title.startswith("urea")


def test_a_batch_that_was_stopped_goes_on_where_it_was(page, folder, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    qtbot.mouseClick(page.folder, LEFT)
    monkeypatch.setattr("spectra_app.ui.stepped.SLICE_S", 0.0)
    page.work.stepped.connect(lambda news: asked.extend(step.name for step in news))
    page.work.stepped.connect(lambda _news: len(asked) >= 3 and page.work.stop())
    run(qtbot, page)
    assert "Stopped after 2 of 5" in page.line.text()
    assert page.start.text() == "Go on"
    page.work.stepped.disconnect()
    page.work.stepped.connect(page._on_steps)
    run(qtbot, page)
    assert "All 5 inputs" in page.line.text()
    assert len(page.model.rows) == 5
    assert len(read_batch(page.out)) == 5


def test_work_that_somebody_waits_for_goes_first(page, folder, qtbot, monkeypatch):
    monkeypatch.setattr("spectra_app.ui.stepped.SLICE_S", 0.0)
    done = []
    drop(page, *sorted(folder.iterdir()))
    page.work.stepped.connect(lambda news: done.append(news[-1].done))
    bench = page.window().workbench
    qtbot.mouseClick(page.start, LEFT)
    qtbot.waitUntil(lambda: bool(done), timeout=60_000)
    bench.open_files([Path("match.csv")])
    qtbot.waitUntil(lambda: bench.scans.entries[0].state == "done", timeout=60_000)
    assert done[-1] < 5
    qtbot.waitUntil(lambda: not page.work.busy, timeout=60_000)
    assert done[-1] == 5


def test_a_medium_that_is_gone_is_told_and_what_is_done_is_kept(
    folder, small_library, tmp_path, monkeypatch
):
    identifier = open_identifier(small_library, evidence=tmp_path / "evidence")
    out, away = tmp_path / "out.jsonl", tmp_path / "away"

    def unplug(_share, name):
        if name == "caffeine.csv":
            folder.rename(away)

    with pytest.raises(BatchError, match="no longer there"):
        run_batch(folder, out, identifier, progress=unplug)
    assert [row.outcome for row in read_batch(out)].count("refused") == 1
    away.rename(folder)
    result = run_batch(folder, out, identifier)
    assert result.inputs == len(read_batch(out)) == 5
    monkeypatch.undo()


def test_results_read_back_tell_the_same_from_both_forms(folder, small_library, tmp_path):
    identifier = open_identifier(small_library, evidence=tmp_path / "evidence")
    rows = []
    for name in ("out.jsonl", "out.csv"):
        run_batch(folder, tmp_path / name, identifier)
        rows.append(read_batch(tmp_path / name))
    lines, table = rows
    same = [replace(row, score=None, snr=None) for row in lines]
    assert same == [replace(row, score=None, snr=None) for row in table]
    assert [row.score for row in table] == pytest.approx([row.score for row in lines], abs=1e-4)
    (tmp_path / "other.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(BatchError, match="something else"):
        read_batch(tmp_path / "other.jsonl")


def test_ten_thousand_rows_are_loaded_piece_by_piece(page):
    look = page.look_of
    model = BatchModel(look, page)
    level = ("controlled", "benign", "unknown")
    rows = [
        BatchRow(f"/d/{n:05d}.csv", "", level[n % 3], "match", f"name {n % 7}", "", n / 1e4, 9.0,
                 ("explains_spectrum",), (), "")
        for n in range(10_000)
    ]  # fmt: skip
    model.add(rows)
    assert model.rowCount() == PIECE
    model.fetchMore(model.index(-1, -1))
    assert model.rowCount() == 2 * PIECE
    model.sort(4, Qt.SortOrder.DescendingOrder)
    assert model.index(0, 4).data() == "1.000"
    model.sift(Sieve(alarm="controlled", text="NAME 3"))
    assert model.kept == sum(n % 3 == 0 and n % 7 == 3 for n in range(10_000))
    assert model.index(0, 0).data() == "CONTROLLED SUBSTANCE"


def test_what_raman_does_not_tell_apart_is_one_or_the_other_never_a_mixture(page, samples):
    first, second = samples.part("Benzyl alcohol"), samples.part("Polystyrene")
    third = samples.part("Ethanol")
    record = replace(
        samples.mixture().record,
        components=(first, third, second),
        indistinguishable=(("Benzyl alcohol", "Polystyrene"),),
    )
    row = row_of(record)
    assert row.names == "Benzyl alcohol or Polystyrene + Ethanol"
    line = next(csv.DictReader(io.StringIO(Csv().header() + Csv().line(record))))
    assert line["names"] == row.names
    assert split_names(row.names) == (("Benzyl alcohol", "Polystyrene"), ("Ethanol",))
    model = BatchModel(page.look_of, page)
    model.add([row])
    shown = re.sub("[\u2066-\u2069]", "", model.index(0, 3).data())
    assert shown == "Benzyl alcohol or Polystyrene with Ethanol"


def test_leads_are_counted_apart(page, samples):
    page.model.add([row_of(samples.lead().record), row_of(samples.mixture().record)])
    page._show_summary()
    assert "1 × CONTROLLED SUBSTANCE" in page.summary.text()
    assert "1 × LEAD · CONTROLLED SUBSTANCE" in page.summary.text()
