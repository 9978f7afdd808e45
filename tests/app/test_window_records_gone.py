"""The disk with the records goes while the supervisor's pages are open, and is used when back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from spectra_app.ui.crash import CrashDialog

LONG_MS = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def pages(qtbot, supervising, staffed):
    """Return what opens every page of the supervisor by its tab and has it ask again."""
    window = supervising(staffed, "audit").window()
    area, records = window.supervisor, window.records

    def idle():
        return records.lane.idle and records.beside.idle

    def opened():
        said = {}
        for name, tab in area.tabs.items():
            qtbot.mouseClick(tab, LEFT)
            area.made[name].refresh()
            if name == "audit":
                qtbot.mouseClick(area.made[name].verify, LEFT)
            qtbot.waitUntil(idle, timeout=LONG_MS)
            said[name] = area.made[name].line.text()
        assert window.isVisible()
        assert window.findChildren(CrashDialog) == []
        return said

    opened.records = records
    return opened


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="tells no open files")
def test_the_supervisors_pages_stay_and_go_on_when_the_disk_is_back(
    pages, spectra_home, break_disk
):
    before, folder = pages(), spectra_home / "station"
    break_disk(folder)
    folder.rename(spectra_home / "away")
    gone = pages()
    assert "The ledger's folder is not there" in gone["audit"]
    assert "Put the disk back, then try again" in gone["audit"]
    assert not folder.exists()  # nothing is begun anew in its place
    (spectra_home / "away").rename(folder)
    assert pages() == before
    assert pages.records.standing.user.role == "supervisor"
