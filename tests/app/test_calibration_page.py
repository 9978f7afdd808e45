"""The calibration wizard and the live page, by clicks and keys, on an emulated analyser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from devices.composed import ComposedAnalyser
from devices.emulators.bench import Bench
from devices.emulators.bench_model import Truth
from devices.emulators.direct import bench_parts
from devices.families import family
from spectra_app.services.calibrations import Calibrations
from spectra_app.services.demo import without_waiting
from spectra_app.services.desk import Desk, analyser_use, keep_evidence, live_book, standing_now
from spectra_app.services.emulated_samples import emulated_sample
from spectra_app.services.identify import utc_now
from spectra_app.services.instrument import Instrument
from spectra_app.services.instrument_choice import Wish, emulated_choices

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


class Wizard:
    """A window whose analyser is 4 cm-1 off and measures without waiting."""

    def __init__(self, qtbot, desk, make_shell, password):
        self.qtbot, self.bench, self.password = qtbot, None, password
        real = Desk(None, lambda *_a: None)
        instrument = Instrument(
            keep_evidence, standing_now, open_it=self.open_it, timing=without_waiting(utc_now),
            book=live_book(real.measurer),
        )  # fmt: skip
        use = analyser_use(real, instrument)
        cases = replace(desk.use_cases, analyser=use, measurer=real.measurer)
        self.shell = make_shell(cases, (1024, 768))
        self.enter()

    def open_it(self, chosen, *, timing):
        model = replace(family(chosen.family).bench, truth=Truth(laser_error_nm=0.25))
        self.bench = Bench(model, emulated_sample("caffeine"), 7)
        parts = bench_parts(self.bench, timing, 7)
        return ComposedAnalyser(*parts, family=chosen.family, emulated=True, timing=timing), None

    def until(self, condition):
        self.qtbot.waitUntil(condition, timeout=LONG_MS)

    def enter(self):
        form = self.shell.entrance.log_in
        form.name.setText("technician")
        self.qtbot.keyClicks(form.password, self.password)
        self.qtbot.keyClick(form.password, Qt.Key.Key_Return)
        self.until(lambda: self.shell.records.standing.user is not None)
        self.until(lambda: self.shell.parts.warm)

    def connect(self):
        chosen = next(one for one in emulated_choices() if one.family == "emulated-785")
        self.shell.analyser.instrument.connect(Wish(chosen, "caffeine"))
        self.until(lambda: self.shell.analyser.state.phase == "ready")

    def page(self, name):
        self.qtbot.mouseClick(self.shell.head.areas["workbench"], LEFT)
        self.qtbot.mouseClick(self.shell.technician.tabs[name], LEFT)
        page = self.shell.technician.made[name]
        self.rest(page)
        return page

    def rest(self, page):
        self.until(lambda: not page.waiting and self.shell.records.lane.idle)
        self.until(lambda: not self.shell.lane.busy)

    def click(self, button):
        assert button.isVisible()
        assert button.isEnabled()
        self.qtbot.mouseClick(button, LEFT)


@pytest.fixture
def wizard(qtbot, desk, make_shell, staffed, used_home):  # noqa: ARG001  the library is there
    return Wizard(qtbot, desk, make_shell, staffed)


def test_an_analyser_is_calibrated_from_the_first_step_to_the_ledger(wizard, spectra_home):
    wizard.connect()
    page = wizard.page("calibration")
    wizard.click(page.next)
    assert not page.next.isEnabled()  # nothing is chosen yet
    assert "one line, at 520." in page.standards.list.item(8).text()
    page.standards.list.item(0).setCheckState(Qt.CheckState.Checked)
    assert "constant" in page.standards.advice.text()
    wizard.click(page.next)
    wizard.click(page.next)
    wizard.rest(page)
    assert page.current == "measure"
    assert not page.next.isEnabled()
    wizard.bench.faults = replace(wizard.bench.faults, saturated=True)
    wizard.click(page.measure.measure["polystyrene"])
    wizard.until(lambda: page._job is None)
    wizard.rest(page)
    assert page.measure.said["polystyrene"].text().startswith("REFUSED: the detector was full")
    assert not page.next.isEnabled()
    wizard.bench.faults = replace(wizard.bench.faults, saturated=False)
    lying = wizard.bench.sample
    wizard.click(page.measure.measure["polystyrene"])
    wizard.until(lambda: page._job is None)
    wizard.rest(page)
    # what lies there is caffeine: no bench was handed over to put the standard in its place
    assert wizard.bench.sample is lying
    assert "does not look like Polystyrene" in page.measure.said["polystyrene"].text()
    from spectra_app.services.checking import polystyrene_sample

    wizard.bench.sample = polystyrene_sample()
    wizard.click(page.measure.measure["polystyrene"])
    wizard.until(lambda: page._job is None)
    wizard.rest(page)
    assert page.measure.said["polystyrene"].text().startswith("GOOD")
    wizard.click(page.next)
    wizard.until(lambda: page.proposal is not None)
    assert "lines are used" in page.lines.words.text()
    assert len(page.lines.table.rows.rows) == 8
    wizard.click(page.next)
    assert "Laser line: -4" in page.axis.words.text()
    wizard.click(page.back)
    wizard.click(page.next)  # nothing is lost, nothing is reckoned again
    assert page.proposal is not None
    for _step in range(3):
        wizard.click(page.next)
    assert page.current == "decide"
    assert not page.decide.save.isEnabled()
    wizard.qtbot.keyClick(page.decide.accept, Qt.Key.Key_Space)
    wizard.click(page.decide.save)
    wizard.until(lambda: page.decide.decided is not None)
    wizard.rest(page)
    assert "Saved by The technician" in page.decide.saved.text()
    (record,) = Calibrations(spectra_home / "calibration").records(page.draft.serial)
    assert (record.kind, record.passed, record.operator) == ("axis", True, "technician")
    wizard.until(lambda: wizard.shell.analyser.state.calibration == "ok")


def test_it_is_left_and_gone_on_with_by_files_and_rejected(wizard, tmp_path, shared_data):
    folder = shared_data / "spectra" / "calibration" / "horiba-785"
    if not folder.is_dir():
        pytest.skip("the real calibration scans are not there")
    page = wizard.page("calibration")
    wizard.qtbot.keyClick(page.analyser.files, Qt.Key.Key_Space)
    page.analyser.laser.setValue(785.0)
    wizard.qtbot.keyClicks(page.analyser.serial, "HORIBA-1")
    wizard.click(page.next)
    page.standards.list.item(0).setCheckState(Qt.CheckState.Checked)
    wizard.click(page.next)
    wizard.click(page.next)
    page.take_path(tmp_path / "missing.csv", "polystyrene")
    wizard.rest(page)
    assert "no such file" in page.line.text()
    (path,) = folder.glob("PST*")
    page.take_path(path, "polystyrene")
    wizard.rest(page)
    assert "lines" in page.measure.said["polystyrene"].text()
    wizard.shell.records.log_out(lambda _job: None)
    wizard.until(lambda: wizard.shell.records.standing.user is None)
    wizard.enter()
    page = wizard.page("calibration")
    assert "earlier" in page.line.text()
    assert (page.current, page.draft.serial) == ("measure", "HORIBA-1")
    assert page.draft.scan_of("polystyrene").source == path.name
    wizard.click(page.tabs["lines"])
    wizard.until(lambda: page.proposal is not None)
    wizard.click(page.tabs["decide"])
    wizard.qtbot.keyClick(page.decide.reject, Qt.Key.Key_Space)
    wizard.qtbot.keyClicks(page.decide.reason, "an old scan")
    wizard.click(page.decide.save)
    wizard.until(lambda: page.decide.decided is not None)
    assert "an old scan" in page.decide.summary.text()
    assert "does not hold" in page.decide.saved.text()


def test_the_live_page_shows_what_the_detector_sees_until_it_is_left(wizard):
    wizard.connect()
    page = wizard.page("live")
    page.time.setValue(100)
    wizard.click(page.take_dark)
    wizard.until(lambda: page.dark is not None)
    wizard.rest(page)
    page.averages.setValue(3)
    wizard.click(page.start)
    wizard.until(lambda: page.frame is not None and len(page._last) == 3)
    assert page.figures["band"][1].text().startswith("S/N")
    assert page.figures["level"][1].text().endswith("%")
    wizard.click(page.freeze)
    number = page.frame.number
    wizard.qtbot.wait(60)
    assert page.frame.number == number
    wizard.qtbot.mouseClick(wizard.shell.technician.tabs["charts"], LEFT)
    wizard.until(lambda: wizard.shell.analyser.state.phase == "ready")
    assert not wizard.bench.laser_firing
    wizard.shell.analyser.instrument.disconnect()
    wizard.until(lambda: wizard.shell.analyser.state.phase == "none")
    page = wizard.page("live")
    assert page.figures["detector"][1].text() == "–"  # not what it was when it was there
