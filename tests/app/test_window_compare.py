"""Looking closer in the workbench: candidates, two against each other, and components on trial."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from spectra_app.services.desk import desk_use_cases


@pytest.fixture
def files(tmp_path, scan_text):
    """Return a file with 60 % of one made-up substance and 40 % of another, and one of a third."""

    def rows(name, seed):
        lines = scan_text(name, seed=seed).splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("Wavenumber"))
        return lines[: start + 1], np.array([x.split(",") for x in lines[start + 1 :]], float)

    head, values = rows("caffeine", 3)
    values[:, 1] = 0.6 * values[:, 1] + 0.4 * rows("lactose", 4)[1][:, 1]
    text = [",".join(f"{value:.2f}" for value in row) for row in values]
    path = tmp_path / "mixed.csv"
    path.write_text("\n".join([*head, *text]) + "\n", encoding="utf-8")
    single = tmp_path / "single.csv"
    single.write_text(scan_text("urea", seed=5), encoding="utf-8")
    return [path, single]


@pytest.fixture
def bench(make_shell, small_library, files, qtbot):
    """Return a workbench with a scan of a mixture and one of a single substance."""
    shell = make_shell(desk_use_cases(small_library, lambda *_asked: None))
    shell.entrance.around.click()
    shell.workbench.open_files(files)
    qtbot.waitUntil(lambda: not shell.lane.busy, timeout=60_000)
    return shell.workbench


@pytest.fixture
def closer(bench, qtbot):
    qtbot.keyClick(bench.window(), Qt.Key.Key_F7)
    qtbot.waitUntil(lambda: bench.door.opened and not bench.lane.busy, timeout=60_000)
    return bench.door.closer


def row(view, place):
    model = view.model
    return {name: model.index(place, n).data() for n, name in enumerate(model.columns)}


def test_the_closer_look_tells_what_is_named_and_what_each_candidate_lacks(bench, closer, qtbot):
    view, record = closer.compare, bench.scans.entries[0].identified.record
    assert not bench.pages.isVisible()
    assert "PRESUMPTIVE" in closer.presumptive.text()
    assert row(view, 0)["score"] == f"{record.candidates[0].score:.3f}"
    assert row(view, 0)["peaks_missing"].startswith("0 of ")
    assert row(view, 0)["control"]
    assert "is named" in view.why.text()
    assert "needed together" in view.why.text()
    view.table.setFocus()
    qtbot.keyClick(view.table, Qt.Key.Key_Down)
    qtbot.mouseClick(view.forth, Qt.MouseButton.LeftButton)
    assert view.place == 2
    assert f"Why {record.candidates[2].name} is not named" in view.why.text()
    assert "NOT MET" in view.why.text()
    assert record.candidates[2].name in view.plot.drawing.spoken
    qtbot.keyClick(bench.window(), Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: view.place == 1)


def test_the_residual_below_is_the_difference_of_what_is_above_it(closer):
    above, below, left = closer.compare.plot.drawing.traces
    floor = closer.compare.plot.drawing.floors[1]
    assert np.allclose(left.y - floor, above.y + below.y)
    marks = {one.mark: len(one.x) for one in closer.compare.plot.drawing.marks}
    assert marks["matched"] > 5


def test_two_candidates_stand_against_each_other_and_a_scan_comes_back(bench, closer, qtbot):
    view = closer.compare
    view.upper.setFocus()
    qtbot.keyClick(view.upper, Qt.Key.Key_Down)
    view.upper.activated.emit(view.upper.currentIndex())
    qtbot.mouseClick(view.forth, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bench.lane.busy)
    names = [one.name for one in bench.scans.entries[0].identified.record.candidates]
    assert "tells" in view.told.text()
    assert all(name in view.plot.drawing.spoken for name in names[:2])
    view.upper.setCurrentIndex(0)
    view.upper.activated.emit(0)
    assert view.plot.drawing.spoken.startswith("This scan above")


def test_a_component_dropped_on_trial_changes_residual_and_figures_and_says_trial(
    bench, closer, qtbot
):
    view = closer.mixture
    qtbot.mouseClick(closer.tabs["mixture"], Qt.MouseButton.LeftButton)
    assert view.banner.isHidden()
    assert "the verdict" in view.told.text()
    assert "never of the weight" in view.intro.text()
    assert "cannot exclude" in view.limits.text()
    before = np.abs(view.plot.drawing.traces[-1].y - view.plot.drawing.floors[-1]).max()
    first, second = view.boxes.values()
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton, pos=second.rect().center() / 6)
    second.click() if second.isChecked() else None
    qtbot.waitUntil(lambda: not bench.lane.busy)
    assert view.banner.isVisible()
    assert "TRIAL" in view.banner.text()
    assert np.abs(view.plot.drawing.traces[-1].y - view.plot.drawing.floors[-1]).max() > 2 * before
    assert "with the program" in view.figures.text()
    first.click()
    assert "at least one" in view.told.text()
    assert not view.plot.drawing.traces
    qtbot.mouseClick(view.reset, Qt.MouseButton.LeftButton)
    assert view.banner.isHidden()
    assert all(box.isChecked() for box in view.boxes.values())


def test_a_candidate_added_on_trial_is_told_when_the_scan_gives_it_nothing(bench, closer, qtbot):
    closer.tabs["mixture"].click()
    view = closer.mixture
    qtbot.mouseClick(view.add, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bench.lane.busy)
    assert len(view.boxes) == 3
    assert view.banner.isVisible()
    added = list(view.chosen)[-1]
    gone = view._shown.nothing
    shares = {part.entry: part.share for part in view._shown.parts}
    assert gone or shares[added] < 0.1


def test_another_scan_is_followed_and_the_verdict_comes_back(bench, closer, qtbot):
    bench.scans.list.setCurrentRow(1)
    qtbot.waitUntil(lambda: not bench.lane.busy)
    assert closer.headline.toolTip() == "urea"
    assert "No second component" in closer.mixture.told.text()
    bench.look.speak("ar")
    assert closer.compare.place == 0
    bench.look.speak("en")
    qtbot.mouseClick(closer.back, Qt.MouseButton.LeftButton)
    assert bench.pages.isVisible()
    assert not closer.isVisible()


def test_a_result_of_another_library_says_what_to_do(bench, closer, starter_file, qtbot):
    bench.use_cases.open_library(starter_file)
    bench.door.leave()
    bench.scans.list.setCurrentRow(1)
    bench.look_closer()
    qtbot.waitUntil(lambda: not bench.lane.busy)
    assert "another library" in closer.compare.told.text()
    assert "open the scan again" in closer.compare.told.text().lower()
