"""The file of the records goes away in mid-use: nothing is said to be kept that is not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from spectra_app.errors import LedgerError
from spectra_app.records.kinds import Case
from spectra_app.records.ledger.store import DATABASE
from spectra_app.services.cases import opening

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody touch an open file")
ABOUT = opening.About(mode="mail")


@pytest.mark.parametrize("exchanged", [False, True])
def test_nothing_is_written_into_a_file_that_was_deleted_or_exchanged(
    office, officer, tmp_path, exchanged
):
    opening.open_new_case(office, officer, "one", ABOUT)
    file, kept = office.ledger.folder / DATABASE, tmp_path / "kept.db"
    file.rename(kept)
    if exchanged:
        shutil.copyfile(kept, file)
    with pytest.raises(LedgerError, match="taken away or exchanged"):
        opening.open_new_case(office, officer, "two", ABOUT)
    kept.replace(file)
    assert opening.open_new_case(office, officer, "three", ABOUT).title == "three"


def test_what_is_being_written_when_the_file_goes_is_told_as_not_kept(office, officer, tmp_path):
    case = opening.open_new_case(office, officer, "one", ABOUT)
    file, kept = office.ledger.folder / DATABASE, tmp_path / "kept.db"
    before = len(office.ledger.entries())

    def write():
        with office.ledger.writing("u2") as writing:
            writing.note("looked", {"case": case.id})
            file.rename(kept)

    with pytest.raises(LedgerError, match="nothing of"):
        write()
    kept.replace(file)
    assert len(office.ledger.entries()) == before


linux = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="tells no open files")


@linux
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_disk_that_was_pulled_out_and_put_back_is_used_again(
    office, officer, tmp_path, break_disk, elsewhere
):
    kept = [opening.open_new_case(office, officer, name, ABOUT).id for name in ("one", "two")]
    folder, away = office.ledger.folder, tmp_path / "away"
    break_disk(folder)
    folder.rename(away)
    for _again in range(2):
        with pytest.raises(LedgerError, match=r"taken away|disk") as told:
            opening.open_new_case(office, officer, "three", ABOUT)
        assert "back" in told.value.remedy or "taken out" in told.value.remedy
    assert not folder.exists()
    if elsewhere:  # as another disk would have it: new files with the same content
        shutil.copytree(away, folder)
    else:
        away.rename(folder)
    kept.append(opening.open_new_case(office, officer, "three", ABOUT).id)
    assert [stored.record.id for stored in office.ledger.find(Case)] == kept
    office.ledger.check_whole()


@linux
def test_another_disk_in_its_place_is_refused(office, officer, tmp_path, break_disk):
    opening.open_new_case(office, officer, "one", ABOUT)
    folder, early = office.ledger.folder, tmp_path / "early"
    shutil.copytree(folder, early)
    opening.open_new_case(office, officer, "two", ABOUT)
    break_disk(folder)
    folder.rename(tmp_path / "away")
    early.rename(folder)
    for _again in range(2):
        with pytest.raises(LedgerError, match="does not hold entry"):
            opening.open_new_case(office, officer, "three", ABOUT)
