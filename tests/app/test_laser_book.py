"""Every exposure is in the station's book: of the window, of the live view, of calibrations."""

from __future__ import annotations

import shutil
import threading
import time

import numpy as np
import pytest

from devices.frame import RawFrame
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import Exposure, Scan
from spectra_app.services import users
from spectra_app.services.cases.exposures import Fired, record_exposure
from spectra_app.services.cases.laser_book import LaserBook, station_book
from spectra_app.services.cases.oversight import oversee
from spectra_app.services.desk import desk_use_cases
from spectra_app.services.devices import open_with_bench
from spectra_app.services.frames import AnalyserError, StoppedError
from spectra_app.services.instrument_choice import Wish, emulated_choices
from spectra_app.services.instrument_state import ScanWish
from spectra_app.services.office import open_office

PATIENCE_S = 60.0


def until(condition):
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.005)


def entered(kind):
    with open_office() as office:
        return [one.record for one in office.ledger.find(kind)]


@pytest.fixture
def begun(used_home, quick_passwords):  # noqa: ARG001  the folder is made for the program
    """Set a station up in this test's own data folder."""
    with open_office(passwords=quick_passwords) as office:
        users.set_up_first_supervisor(office, "sue", "Sue Per", "seven green herons wade")


@pytest.fixture
def frame():
    return RawFrame(
        counts=np.linspace(1000.0, 2000.0, 64), dark=None, wavelength_coefficients_nm=[790.0, 2.5],
        laser_nm=785.0, integration_time_ms=100.0, averages=4, laser_power="100 %", serial="E1",
        model="M", firmware="1", detector="D", temperature_c=None, saturation_counts=65535.0,
        clock="2026-11-22T07:00:00Z", emulated=True,
    )  # fmt: skip


@pytest.fixture
def cases(passing_time):
    """Return the window's use cases; the analyser is let go afterwards."""
    before = set(threading.enumerate())

    def open_it(chosen, *, timing):
        del timing  # is that of the window, in which exposures take their time
        return open_with_bench(chosen, timing=passing_time.timing)

    made = desk_use_cases(None, lambda _report, _path: None, open_it=open_it)
    yield made
    instrument = made.analyser.instrument
    instrument.close()
    until(lambda: instrument.state.phase == "closed")
    instrument.join()
    until(lambda: set(threading.enumerate()) <= before)


@pytest.mark.usefixtures("begun")
def test_what_is_measured_in_the_window_is_in_the_book(cases):
    found = cases.scan_emulated("caffeine", lambda *_: None, lambda: False)
    instrument = cases.analyser.instrument
    choice = next(one for one in emulated_choices() if one.family == "emulated-785-handheld")
    instrument.connect(Wish(choice, sample="caffeine"))
    until(lambda: instrument.state.phase == "ready")
    cases.analyser.check(lambda *_: None, lambda: False)
    cases.analyser.scan(ScanWish("quick", sample="caffeine"), lambda *_: None, lambda: False)
    shown = []
    instrument.listen(lambda: None, lambda: shown.append(instrument.newest.take().number))
    instrument.start_live()
    until(lambda: len(shown) > 2)
    instrument.stop()
    until(lambda: instrument.state.phase == "ready")
    first, second = entered(Scan)
    assert (first.original, first.source, first.state) == (found.record.sha256, "device", "unfiled")
    assert {first.scanned_by, second.scanned_by} == {"program"}  # nobody is logged in there
    book = entered(Exposure)
    assert [one.purpose for one in book] == ["scan", "check", "scan", "live"]
    assert [one.scan for one in book] == [first.id, "", second.id, ""]
    assert book[2].count == 3
    assert book[-1].count >= max(shown)
    assert all(one.emulated and one.count and one.analyser for one in book)


def test_where_no_station_was_set_up_there_is_no_book(spectra_home):
    with station_book() as book:
        assert book is None
    assert not (spectra_home / "station").exists()


@pytest.mark.usefixtures("begun")
def test_a_calibration_is_entered_and_no_exposure_counted_twice(spectra, used_home, tmp_path):
    code, _, error = spectra("devices", "scan", "emulated-785-handheld", "--sample", "polystyrene",
                             "--averages", "2", "--integration-ms", "400")  # fmt: skip
    assert "Entered as scan" in error
    (scan,) = entered(Scan)
    path = EvidenceStore(used_home / "evidence").path_of(scan.original)
    copy = tmp_path / "polystyrene.frame.json"
    shutil.copyfile(path, copy)
    code, out, _ = spectra("calibrate", "check", copy)
    assert code in {0, 4}
    assert "record " in out
    *_, fired = entered(Exposure)
    assert (fired.purpose, fired.count, fired.evidence) == ("calibration", 0, (scan.original,))
    with open_office() as office:
        last = list(office.ledger.entries())[-1]
    assert last.details["record"] == out.split("record ")[1].strip()  # the chain holds its hash


def test_a_calibration_with_a_frame_from_elsewhere_counts_its_exposures(office, logged_in, frame):
    class Made:
        serial, emulated, sha256 = "E1", True, "0" * 64

    book = LaserBook(office, logged_in["technician"])
    done = book.calibrated(Made(), [("neon.frame.json", frame.to_bytes())])
    again = book.calibrated(Made(), [("neon.frame.json", frame.to_bytes())])
    assert (done.count, again.count, done.by) == (frame.averages, 0, "u3")


def test_what_was_stopped_or_failed_is_entered_as_far_as_it_was_kept(office, logged_in):
    book = LaserBook(office, logged_in["officer"])
    for error, kept in [
        (StoppedError("stopped", "", ""), True),
        (AnalyserError("broken", "", ""), True),
        (AnalyserError("not there", "", ""), False),
        (KeyboardInterrupt(), False),
    ]:
        if kept:
            put = office.evidence.put(b"log", kind="log", name="log", clock=office.clock)
            error.kept = (put.sha256,)
        book.failed(error, emulated=True)
    found = [one.record.purpose for one in office.ledger.find(Exposure)]
    assert found == ["aborted", "failed", "aborted"]


def test_a_counter_that_no_analyser_has_is_not_available_rather_than_right(office, logged_in):
    record_exposure(office, logged_in["officer"], Fired("E1", "aborted", count=2))
    assert oversee(office, logged_in["supervisor"]).gaps is None
    record_exposure(office, logged_in["officer"], Fired("E1", "aborted", count=2, counter=7))
    assert oversee(office, logged_in["supervisor"]).gaps == ()
