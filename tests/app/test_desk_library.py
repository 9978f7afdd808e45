"""The library in use is written over or its drive is gone: it comes back, and no scan is lost."""

from __future__ import annotations

import os
import shutil

import pytest

import library.held
from devices.timing import SteppedTime
from library.errors import LibraryChangedError, LibraryError
from spectra_app.errors import AppError
from spectra_app.records.kinds import Exposure, Scan
from spectra_app.services.desk import Desk
from spectra_app.services.libraries import build_library
from spectra_app.services.office import open_office
from spectra_app.services.scanning import UnidentifiedError, scan_emulated

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody touch an open file")
SAMPLE = "Caffeine"


class Drive:
    """A library on a drive that can be pulled out, spoilt and put back."""

    def __init__(self, path, original, desk):
        self.path, self.original, self.desk = path, original, desk

    def cut(self):
        os.truncate(self.path, 5000)

    def put_back(self):
        shutil.copyfile(self.original, self.path)

    def scan(self, then=lambda: None):
        """Scan; `then` happens when all is measured and before it is identified."""

        def progress(_share, words):
            if words == "identifying":
                then()

        asked, timing = self.desk.identifier, SteppedTime().timing()
        return self.desk.entered(
            lambda: scan_emulated(SAMPLE, asked, progress=progress, timing=timing),
            self.desk.in_use,
            emulated=True,
        )


@pytest.fixture
def drive(small_library, tmp_path, spectra_home, monkeypatch):  # noqa: ARG001  evidence goes there
    monkeypatch.setattr(library.held, "IN_MEMORY", 0)
    path = tmp_path / "drive.h5"
    shutil.copyfile(small_library, path)
    made = Drive(path, small_library, Desk(path, lambda _report, _path: None))
    assert made.desk.title()
    yield made
    made.put_back()
    made.desk.identifier.engine.library.close()


@pytest.fixture
def file(tmp_path, scan_text):
    path = tmp_path / "scan.csv"
    path.write_text(scan_text("benzolane", seed=3), encoding="utf-8")
    return path


def test_a_library_that_is_back_is_used_again_without_anybody_opening_it(drive, file):
    drive.cut()
    with pytest.raises(LibraryError):
        drive.desk.identify(file)
    drive.path.unlink()
    with pytest.raises(LibraryError):
        drive.desk.identify(file)
    drive.put_back()
    (found,) = drive.desk.identify(file)
    assert found.record.outcome


def test_another_library_in_its_place_is_never_used_in_silence(drive, file, tmp_path, scan_text):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "otherine.csv").write_text(scan_text("benzolane", seed=5))
    build_library(tmp_path / "other", tmp_path / "other.h5", name="Other")
    shutil.copyfile(tmp_path / "other.h5", drive.path)
    for _again in range(2):
        with pytest.raises(LibraryChangedError, match="another library"):
            drive.desk.identify(file)
    assert drive.desk.open(drive.path).startswith("Other")
    assert drive.desk.identify(file)
    drive.put_back()
    drive.desk.open(drive.path)
    assert drive.desk.title().startswith("Small")


def test_a_scan_whose_library_was_gone_is_kept_and_identified_afterwards(drive, staffed):
    with pytest.raises(UnidentifiedError, match="kept and not identified") as caught:
        drive.scan(drive.cut)
    assert caught.value.kept
    with pytest.raises(UnidentifiedError):
        drive.desk.identify_kept()
    drive.put_back()
    scanned = drive.desk.identify_kept()
    assert scanned.evidence == caught.value.kept
    assert scanned.found.record.sha256 == scanned.frame.sha256
    with pytest.raises(AppError, match="no scan waits"):
        drive.desk.identify_kept()
    with open_office() as office:
        (scan,) = (stored.record for stored in office.ledger.find(Scan))
        fired = [stored.record for stored in office.ledger.find(Exposure)]
    assert scan == scanned.entered
    exposures = [(one.purpose, one.count) for one in fired]
    assert exposures == [("failed", exposures[0][1]), ("scan", 0)]
    assert exposures[0][1] > 0
    assert staffed


def test_a_library_written_over_with_the_same_content_costs_no_scan(drive):
    scanned = drive.scan(drive.put_back)
    assert scanned.found.record.sha256 == scanned.frame.sha256
    with pytest.raises(AppError, match="no scan waits"):
        drive.desk.identify_kept()


def test_no_laser_fires_while_the_library_is_gone(drive):
    drive.cut()
    told = []
    with pytest.raises(LibraryError):
        drive.desk.scan(SAMPLE, lambda *said: told.append(said), lambda: False)
    assert told == []
