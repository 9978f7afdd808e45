"""The officer's screen on emulated analysers, by real keys and clicks: number, scan, file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from devices.registry import emulated_wires, open_wires
from spectra_app.records.kinds import Exposure, Item, Scan
from spectra_app.reports.render_qt import render_pdf
from spectra_app.services.desk import desk_use_cases
from spectra_app.services.emulated_samples import EMPTY_VIAL, emulated_sample
from spectra_app.services.office import open_office
from spectra_app.ui.officer.flow import graver

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
NUMBER, WRONG = "RR473829103CN", "RR473829109CN"


class Place:
    """An officer, logged in, before a window with an emulated analyser on wires in reach."""

    def __init__(self, qtbot, make_shell, words, time):
        self.qtbot, self.wires, self.time = qtbot, [], time
        self.shell = make_shell(desk_use_cases(None, render_pdf, open_it=self.open_it), (1024, 768))
        form = self.shell.entrance.log_in
        form.name.setText("officer")
        qtbot.keyClicks(form.password, words)
        qtbot.keyClick(form.password, Qt.Key.Key_Return)
        self.screen, self.item = self.shell.officer, self.shell.officer.item
        self.until(lambda: self.shell.pages.currentWidget() is self.screen)

    def open_it(self, chosen, *, timing):
        del timing  # is that of the window, in which exposures take their time
        here = self.time.timing
        wires = emulated_wires(chosen.family, sample=emulated_sample(chosen.sample), timing=here)
        self.wires.append(wires)
        return open_wires(chosen.family, wires, timing=here), wires.bench

    def until(self, condition):
        self.qtbot.waitUntil(condition, timeout=LONG_MS)

    def connect(self, *, check=False):
        desk = self.shell.analyser
        self.qtbot.mouseClick(self.shell.head.analyser, LEFT)
        self.until(lambda: not self.shell.lane.busy)
        desk.panel.form.choose("wasatch-785", emulated=True)
        self.qtbot.mouseClick(desk.panel.form.connect_button, LEFT)
        self.until(desk.panel.check.isEnabled)
        if check:
            self.qtbot.mouseClick(desk.panel.check, LEFT)
            self.until(lambda: desk.state.calibration == "ok" and not self.shell.lane.busy)
        desk.panel.hide()
        self.shell.activateWindow()
        self.until(self.shell.isActiveWindow)

    def number(self, text=NUMBER):
        """Do what a barcode scanner does: type, then Enter."""
        self.item.number.setFocus()
        self.qtbot.keyClicks(self.item.number, text)
        self.qtbot.keyClick(self.item.number, Qt.Key.Key_Return)

    def begin_scan(self):
        self.time.waits = True
        self.qtbot.mouseClick(self.screen.scan, LEFT)
        self.until(lambda: self.wires[-1].bench.laser_firing)

    def rest(self):
        self.until(
            lambda: (
                not self.shell.lane.busy
                and self.shell.records.lane.idle
                and self.screen.scan.isVisible()
            )
        )

    @property
    def message(self):
        return self.screen.message.title.text


@pytest.fixture
def place(qtbot, make_shell, used_home, staffed, passing_time):  # noqa: ARG001  folder
    made = Place(qtbot, make_shell, staffed, passing_time)
    yield made
    for wires in made.wires:
        wires.bench.faults = replace(wires.bench.faults, laser_stuck_on=False)


def records(kind, quick_passwords):
    with open_office(passwords=quick_passwords) as office:
        return [stored.record for stored in office.ledger.find(kind)]


def test_without_an_analyser_the_first_thing_offered_is_to_connect_one(place, qtbot):
    assert place.message == "No analyser connected"
    qtbot.mouseClick(place.screen.message.action, LEFT)
    place.until(place.shell.analyser.panel.isVisible)
    place.until(lambda: not place.shell.lane.busy)


def test_a_number_whose_check_digit_is_wrong_is_not_taken(place):
    place.number(WRONG)
    assert place.item.parcel is None
    assert "check digit" in place.item.sign.text()
    assert place.item.sign.objectName() == "problem"
    place.item.number.clear()
    place.number()
    assert place.item.parcel.number.value == NUMBER
    assert "RR 473 829 103 CN" in place.item.sign.text()


def test_three_actions_from_an_empty_field_to_a_filed_verdict(place, qtbot, quick_passwords):
    place.connect(check=True)
    actions = 0
    place.number()  # the barcode scanner
    actions += 1
    qtbot.mouseClick(place.screen.scan, LEFT)
    actions += 1
    place.until(lambda: place.screen.pages.currentWidget() is place.screen.card)
    place.until(place.screen.file.isEnabled)
    qtbot.mouseClick(place.screen.file, LEFT)
    actions += 1
    place.until(lambda: place.message.startswith("Filed under"))
    assert actions == 3
    assert place.item.number.text() == ""
    (scan,) = records(Scan, quick_passwords)
    (item,) = records(Item, quick_passwords)
    assert (scan.state, scan.item, scan.scanned_by, scan.emulated) == ("filed", item.id, "u2", True)
    assert item.identifiers == (f"s10:{NUMBER}",)
    assert [one.purpose for one in records(Exposure, quick_passwords)] == ["check", "scan"]


def test_stop_switches_the_laser_off_and_nothing_is_filed(place, qtbot, quick_passwords):
    place.connect()
    place.number()
    place.begin_scan()
    qtbot.keyClick(place.screen, Qt.Key.Key_Escape)
    place.until(lambda: not place.wires[-1].bench.laser_firing)
    place.rest()
    assert place.message == "Stopped"
    assert not place.screen.file.isEnabled()
    assert records(Scan, quick_passwords) == []
    (fired,) = records(Exposure, quick_passwords)
    assert (fired.purpose, fired.by) == ("aborted", "u2")


def test_unplugged_in_mid_scan_the_window_goes_on_and_says_what_to_do(place, qtbot):
    place.connect()
    place.number()
    place.begin_scan()
    place.wires[-1].usb.unplug()
    alarm = place.shell.analyser.alarm
    place.until(alarm.isVisible)
    place.rest()
    assert place.message == "The scan failed"
    place.until(lambda: place.shell.analyser.state.gone)
    place.wires[-1].bench.laser(False, 0.0)  # the person pulls its power

    def lifted():
        if alarm.isVisible():
            qtbot.mouseClick(alarm.seen, LEFT)
            qtbot.wait(200)
        return not alarm.isVisible() and not place.shell.analyser.state.alarm

    place.until(lifted)
    assert place.item.number.text() == NUMBER
    assert place.screen.isEnabled()


def test_the_language_changes_in_mid_scan_and_the_scan_goes_on(place, quick_passwords):
    place.connect()
    place.number()
    place.begin_scan()
    scanning = place.message
    place.shell.look.speak("ar")
    assert place.message != scanning or place.shell.look.say("area.officer") == "Parcel"
    assert place.shell.layoutDirection() == Qt.LayoutDirection.RightToLeft
    assert place.item.number.layoutDirection() == Qt.LayoutDirection.LeftToRight
    screen = place.screen
    place.until(lambda: screen.drawn.currentWidget() is screen.live and screen.live.drawn > 0)
    assert screen.live.curve.xData[0] >= 0.0  # a Raman shift
    place.until(lambda: screen.pages.currentWidget() is screen.card)
    place.rest()
    assert screen.drawn.currentWidget() is screen.plot
    assert len(records(Scan, quick_passwords)) == 1
    place.shell.look.speak("en")
    assert place.screen.scan.text() == "SCAN (F5)"


def test_declared_goods_are_compared_and_a_second_look_counts_to_the_same_parcel(
    place, qtbot, quick_passwords
):
    place.connect(check=True)
    place.item.declared.setText("vitamin C")
    place.number()
    qtbot.mouseClick(place.screen.scan, LEFT)
    place.until(place.screen.file.isEnabled)
    assert place.item.found.isVisible()
    assert "DECLARED GOODS" in place.item.found.text()
    qtbot.mouseClick(place.screen.again["other_spot"], LEFT)
    place.until(lambda: len(place.shell.flow.parcel.scans) == 2)
    place.rest()
    qtbot.keyClick(place.screen, Qt.Key.Key_F9)
    place.until(lambda: place.message.startswith("Filed under"))
    found = records(Scan, quick_passwords)
    assert [scan.state for scan in found] == ["filed", "filed"]
    assert len({scan.item for scan in found}) == 1


def test_goods_declared_after_the_scan_are_compared_with_it(place, qtbot):
    """The papers are often read last; what was said of other words is not left standing."""
    place.connect(check=True)
    place.number()
    qtbot.mouseClick(place.screen.scan, LEFT)
    place.until(place.screen.file.isEnabled)
    assert not place.item.found.isVisible()
    place.item.declared.setFocus()
    qtbot.keyClicks(place.item.declared, "vitamin C")
    place.until(lambda: "vitamin C" in place.item.found.text())
    place.item.declared.selectAll()
    qtbot.keyClicks(place.item.declared, "p")
    assert not place.item.found.isVisible()
    qtbot.keyClicks(place.item.declared, "otassium chloride")
    place.until(lambda: "potassium chloride" in place.item.found.text())
    place.shell.look.speak("fr")
    assert place.item.found.text().startswith("MARCHANDISES")
    place.item.declared.clear()
    assert not place.item.found.isVisible()


def test_another_number_over_scans_that_wait_is_pointed_out(place, qtbot, quick_passwords):
    place.connect(check=True)
    place.number()
    qtbot.mouseClick(place.screen.scan, LEFT)
    place.until(place.screen.file.isEnabled)
    assert place.item.sign.objectName() == "hint"
    place.item.number.selectAll()
    place.number("CP123456785DE")
    assert place.item.sign.objectName() == "problem"
    assert "RR 473 829 103 CN" in place.item.sign.text()
    place.item.number.selectAll()
    place.number()
    assert place.item.sign.objectName() == "hint"
    qtbot.keyClick(place.screen, Qt.Key.Key_F9)
    place.until(lambda: place.message.startswith("Filed under"))
    place.number("CP123456785DE")  # the next parcel
    assert place.item.sign.objectName() == "hint"
    (item,) = records(Item, quick_passwords)
    assert item.identifiers == (f"s10:{NUMBER}",)


def test_keys_stay_at_the_scan_and_a_verdict_is_forgotten_with_its_parcel(place, qtbot):
    """Space on what has the keys stops a scan; afterwards it neither files nor scans."""
    place.connect(check=True)
    place.number()
    assert place.screen.scan.hasFocus()
    place.begin_scan()
    assert place.screen.stop.hasFocus()
    place.until(place.screen.file.isEnabled)
    assert place.screen.card.middle.hasFocus()
    assert place.screen.card.accessibleName()
    qtbot.keyClick(place.screen, Qt.Key.Key_F9)
    place.until(lambda: place.message.startswith("Filed under"))
    assert place.item.number.hasFocus()
    card = place.screen.card
    assert card.accessibleName() == card.headline.accessibleName() == card.why.text() == ""
    assert "reference" not in place.screen.plot.widget.accessibleName()


def test_a_graver_scan_of_the_same_parcel_stays_in_sight(place, qtbot):
    """After a second look that shows less, nobody takes that for the whole parcel."""
    place.connect(check=True)
    place.number()
    qtbot.mouseClick(place.screen.scan, LEFT)
    place.until(place.screen.file.isEnabled)
    (scan,) = place.shell.flow.parcel.scans
    assert not place.item.graver.isVisible()
    assert scan.alarm == "controlled"
    assert graver([scan], "controlled") is None
    assert graver([scan], "benign") is scan
    under = place.shell.analyser.panel.form.sample
    under.setCurrentIndex(under.findText(EMPTY_VIAL))
    assert under.currentText() == EMPTY_VIAL
    qtbot.mouseClick(place.screen.again["packaging"], LEFT)
    place.until(lambda: len(place.shell.flow.parcel.scans) == 2)
    place.rest()
    assert place.shell.flow.parcel.scans[1].alarm != scan.alarm
    assert place.item.graver.isVisible()
    assert "CONTROLLED SUBSTANCE. amphetamine sulfate" in place.item.graver.text()
    place.shell.look.speak("fr")
    assert "SUBSTANCE CONTRÔLÉE" in place.item.graver.text()
    qtbot.keyClick(place.screen, Qt.Key.Key_F9)
    place.until(lambda: not place.shell.flow.parcel.scans)
    assert not place.item.graver.isVisible()


def test_a_barcode_is_read_wherever_the_keys_are(place, qtbot):
    """A scanner types into whatever has the keys; the first letter begins another number."""
    place.connect(check=True)
    place.number()
    assert place.screen.scan.hasFocus()
    qtbot.keyClicks(place.screen.scan, "C")
    assert place.item.number.hasFocus()
    qtbot.keyClicks(place.item.number, "P123456785DE\r")
    assert place.item.number.text() == "CP123456785DE"
    assert place.item.parcel is not None
    place.begin_scan()
    qtbot.keyClicks(place.screen.stop, "R")
    assert place.item.number.text() == "CP123456785DE"
    place.until(place.screen.file.isEnabled)
    qtbot.keyClicks(place.screen.card.middle, "R")
    assert place.item.number.text() == "R"
