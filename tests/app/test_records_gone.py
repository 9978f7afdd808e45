"""The file of the records goes away in mid-use: nothing is said to be kept that is not."""

from __future__ import annotations

import os
import shutil

import pytest

from spectra_app.errors import LedgerError
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
