"""What a station keeps names people: under the usual umask nobody else's account can read it."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from spectra_app.records.durable import USUAL, append_line, replace_whole
from spectra_app.services.backups import make_backup
from spectra_app.services.bundles.exporting import export_case
from spectra_app.settings import made

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


@pytest.fixture(autouse=True)
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder):
    """Return what below a folder, itself among it, has any right for others."""
    paths = [folder, *folder.rglob("*")]
    return [str(path) for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]


@pytest.mark.usefixtures("item")
def test_ledger_keys_evidence_and_backups_are_the_owners_alone(
    office, logged_in, case, take, tmp_path
):
    take(logged_in["officer"])
    assert len(list(office.folder.rglob("*"))) > 10
    assert open_to_others(office.folder) == []
    make_backup(office, logged_in["supervisor"], tmp_path / "stick" / "backup", with_key=True)
    assert len(list((tmp_path / "stick").rglob("*"))) > 10
    assert open_to_others(tmp_path / "stick") == []
    export_case(office, logged_in["supervisor"], case, tmp_path / "case.bundle")
    assert stat.S_IMODE((tmp_path / "case.bundle").stat().st_mode) == 0o600


def test_what_somebody_asked_for_is_as_usual(tmp_path):
    append_line(tmp_path / "rows.csv", b"1\n", USUAL)
    replace_whole(tmp_path / "figures.json", b"{}", USUAL)
    made(tmp_path / "results" / "of today", shown=True)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {
        "rows.csv": 0o644, "figures.json": 0o644, "results": 0o755, "of today": 0o755,
    }  # fmt: skip
    made(tmp_path / "own" / "below")
    assert open_to_others(tmp_path / "own") == []
