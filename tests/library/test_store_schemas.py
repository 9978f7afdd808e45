"""Libraries of every earlier layout open, verify and search; the stored files are made-up."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from library.info import SCHEMA_VERSION
from library.store import Library
from matching.pipeline import prepare
from matching.search import SearchSettings, search

DATA = Path(__file__).parent / "data"


@pytest.fixture
def first(tmp_path):
    """A library written by the program of schema 1: three made-up spectra."""
    path = tmp_path / "schema-1.h5"
    path.write_bytes(gzip.decompress((DATA / "library-schema-1.h5.gz").read_bytes()))
    return path


def test_a_library_of_schema_1_opens_verifies_and_is_searched(first):
    with Library(first) as library:
        library.verify()
        assert library.info.schema == 1 < SCHEMA_VERSION
        assert library.comparable.tolist() == [True, False, True]
        for row in range(3):
            hits = search(prepare(library.spectrum(row)), library.matrix, SearchSettings(), 3)
            assert hits.row[0] == row
            assert np.isfinite(hits.score).all()


def test_what_schema_1_did_not_know_is_empty_not_guessed(first):
    with Library(first) as library:
        record = library.record(2)
    assert record.name == "made-up substance 3"
    assert record.metadata == {"Seizure": "β"}
    assert record.laser_nm is None
    assert (record.status, record.version, record.replaces) == ("draft", 1, "")
    assert (record.replicates, record.recipe, record.marks) == (1, "", ())
    assert (record.synonyms, record.lot, record.resolution_cm1) == ((), "", None)


def test_a_record_of_schema_1_has_the_same_bytes_today(first):
    with Library(first) as library:
        lines = library.content()[1]["entries/records"].tobytes()
        assert b"".join(record.to_bytes() for record in library.records()) == lines
