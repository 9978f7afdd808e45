"""Kill -9 and power cuts: no acknowledged entry is lost, the library can always be read.

The short form runs with the suite, the long one with ``make fuzz`` (SPECTRA_FUZZ).
"""

from __future__ import annotations

import os
import time
from collections import Counter

import numpy as np
import pytest

from library.entry import Entry, EntryRecord, entry_id
from library.store import Library
from library.writing import write_library
from matching.spectrum import Spectrum

unix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and signals")
LONG = "SPECTRA_FUZZ" in os.environ
KILLS = 1000 if LONG else 40


def reference(number):
    rng = np.random.default_rng(number)
    axis = np.arange(300.0, 1100.0, 4.0)
    y = rng.normal(100.0, 1.0, axis.size)
    for place in rng.uniform(350, 1050, 6):
        y += rng.uniform(50, 900) * np.exp(-(((axis - place) / 8.0) ** 2))
    spectrum, name = Spectrum(axis, y, 785.0), f"made-up substance {number}"
    digest = spectrum.content_hash
    return Entry(
        EntryRecord(entry_id(name, spectrum), name, laser_nm=785.0, content_sha256=digest), spectrum
    )


@pytest.fixture(scope="module")
def entries():
    return [reference(number) for number in range(9)]


def names(path):
    """Return the names in a library after checking every hash of it."""
    with Library(path) as library:
        library.verify()
        return [record.name for record in library.records()]


@unix
@pytest.mark.fuzz
def test_a_build_killed_at_any_moment_keeps_what_was_there(tmp_path, entries, killed):
    target = tmp_path / "lib.h5"
    write_library(target, entries[:3], name="old")
    begun = time.perf_counter()
    write_library(tmp_path / "scratch.h5", entries, name="new")
    whole = time.perf_counter() - begun
    found = Counter()
    for moment in np.random.default_rng(1).uniform(0.0, 1.4 * whole, KILLS // 2):

        def build(acknowledge):
            write_library(target, entries, name="new")
            acknowledge("new")

        told = killed(build, moment)
        count = len(names(target))
        assert count in ({9} if told else {3, 9})
        found[count] += 1
        if count == 9:
            write_library(target, entries[:3], name="old")
    assert found[3]  # the kills came early enough to mean something


@pytest.mark.fuzz
def test_a_power_cut_during_a_build_leaves_the_old_library_or_the_new(
    tmp_path, entries, power_cuts
):
    work = tmp_path / "work"
    work.mkdir()
    write_library(work / "lib.h5", entries[:3], name="old")

    def build(acknowledge):
        write_library(work / "lib.h5", entries, name="new")
        acknowledge("new")

    cuts = power_cuts(work, build, 25 if LONG else 6)
    found = Counter()
    for number, cut in enumerate(cuts):
        restored = cut.restore(tmp_path / f"after-{number}")
        count = len(names(restored / "lib.h5"))
        assert count in ({9} if cut.acknowledged else {3, 9}), cut.before
        found[count] += 1
    assert found[3]
    assert found[9]
