"""Kill -9 and power cuts: no acknowledged entry is lost, the library can always be read.

The short form runs with the suite, the long one with ``make fuzz`` (SPECTRA_FUZZ).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest

from library.entry import Entry, EntryRecord, entry_id
from library.errors import LibraryError
from library.locking import writing_to
from library.originals import original
from library.store import Library
from library.writing import extend_library, write_library
from matching.spectrum import Spectrum
from spectra_app.services.curation import Person, append_entries, set_status

unix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and signals")
pytestmark = [pytest.mark.fuzz, unix]
LONG = int(os.environ.get("SPECTRA_FUZZ") or 0) >= 10_000  # `make fuzz` as it is
KILLS = 1000 if LONG else 24
COMMANDS = 50 if LONG else 1  # through the real command
WAYS = 12 if LONG else 2  # states of the disk at each moment
PERSON = Person("A. Technician", "2026-11-22")


def points(number):
    rng = np.random.default_rng(number)
    axis = np.arange(300.0, 1100.0, 4.0)
    y = rng.normal(100.0, 1.0, axis.size)
    for place in rng.uniform(350, 1050, 6):
        y += rng.uniform(50, 900) * np.exp(-(((axis - place) / 8.0) ** 2))
    return axis, y


def reference(number):
    spectrum, name = Spectrum(*points(number), 785.0), f"made-up substance {number}"
    digest = spectrum.content_hash
    return Entry(
        EntryRecord(entry_id(name, spectrum), name, laser_nm=785.0, content_sha256=digest), spectrum
    )


@pytest.fixture(scope="module")
def entries():
    return [reference(number) for number in range(9)]


@pytest.fixture
def files(tmp_path):
    """Ten spectrum files, named by what they hold."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(10):
        lines = [f"{x:.1f},{y:.3f}" for x, y in zip(*points(100 + number), strict=True)]
        (folder / f"scan-{number}.csv").write_text("\n".join(lines), encoding="utf-8")
    return sorted(folder.iterdir())


def names(path):
    """Return the names in a library after checking every hash of it and every original."""
    with Library(path) as library:
        library.verify()
        found = list(library.records())
    for record in found:
        if record.file_sha256:
            assert original(path, record.file_sha256)
    return [record.name for record in found]


def took(work):
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def test_a_build_killed_at_any_moment_keeps_what_was_there(tmp_path, entries, killed):
    target = tmp_path / "lib.h5"
    write_library(target, entries[:3], name="old")
    whole = took(lambda: write_library(tmp_path / "scratch.h5", entries, name="new"))
    found = Counter()
    for moment in np.random.default_rng(1).uniform(0.0, 1.4 * whole, KILLS // 4):

        def build(acknowledge):
            with writing_to(target):
                write_library(target, entries, name="new")
            acknowledge("new")

        told = killed(build, moment)
        count = len(names(target))
        assert count in ({9} if told else {3, 9})
        found[count] += 1
        if count == 9:
            write_library(target, entries[:3], name="old")
    assert found[3]  # the kills came early enough to mean something


def test_entries_added_one_by_one_outlive_every_kill(tmp_path, files, entries, killed):
    target = tmp_path / "lib.h5"
    write_library(target, entries[:3], name="old")
    append_entries(target, files[9])
    moments = np.random.default_rng(2).uniform(0.0, 0.4, 3 * KILLS // 4)
    kept, before, broken = set(names(target)), set(names(target)), 0
    for moment in moments:

        def append(acknowledge):
            for path in files:
                append_entries(target, path)
                acknowledge(path.stem)

        kept |= set(killed(append, moment))
        held = names(target)
        assert kept <= set(held)  # what was acknowledged is there
        assert len(held) == len(set(held))  # and nothing twice
        broken += len(held) < 13
        kept |= set(held)
        if len(held) == 13:  # all are in: begin anew
            write_library(target, entries[:3], name="old")
            append_entries(target, files[9])
            kept = set(before)
    assert broken  # the kills came early enough to mean something
    append_entries(target, files[0])
    assert not list(tmp_path.glob(".lib.h5*"))  # the next writer tidied up


def test_a_status_killed_on_its_way_is_there_with_its_journal_or_not_at_all(
    tmp_path, entries, killed
):
    target = tmp_path / "lib.h5"
    write_library(target, entries, name="old")
    waiting = [entry.record.entry for entry in entries]
    for moment in np.random.default_rng(3).uniform(0.0, 0.2, KILLS // 8):

        def review(acknowledge, waiting=waiting):
            for entry in waiting:
                set_status(target, [entry], "reviewed", PERSON)
                acknowledge(entry)

        told = set(killed(review, moment))
        with Library(target) as library:
            library.verify()
            reviewed = {r.entry for r in library.records() if r.status == "reviewed"}
            assert {act.entry for act in library.journal()} == reviewed
        assert told <= reviewed
        waiting = [entry for entry in waiting if entry not in reviewed]


def test_the_command_killed_at_any_moment_loses_nothing_it_reported(tmp_path, files, entries):
    target = tmp_path / "lib.h5"
    write_library(target, entries[:3], name="old")
    code = "import sys; from spectra_app.app import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "library", "import", str(target)]
    environment = {**os.environ, "SPECTRA_HOME": str(tmp_path / "home")}
    whole = took(lambda: subprocess.run([*command, files[9]], env=environment, check=True))
    kept = {*names(target)}
    for number, moment in enumerate(np.random.default_rng(4).uniform(0.3, 1.1, COMMANDS)):
        path = files[number % 9]
        with subprocess.Popen([*command, path], env=environment, stdout=subprocess.PIPE) as child:
            time.sleep(float(moment) * whole)
            child.kill()
            told = child.communicate()[0].decode()
        if re.search(r"^added 1 ", told):
            kept.add(path.stem)
        held = set(names(target))
        assert kept <= held
        kept = held
        if len(held) == 13:
            write_library(target, entries[:3], name="old")
            kept = {*names(target)}


# --- Power cuts --------------------------------------------------------------------------------


def restored(cuts, folder):
    """Yield each cut with the library as it is found after it."""
    for number, cut in enumerate(cuts):
        yield cut, cut.restore(folder / f"after-{number}") / "lib.h5"


def test_a_power_cut_during_a_build_leaves_the_old_library_or_the_new(
    tmp_path, entries, power_cuts
):
    work = tmp_path / "work"
    work.mkdir()
    write_library(work / "lib.h5", entries[:3], name="old")

    def build(acknowledge):
        with writing_to(work / "lib.h5"):
            write_library(work / "lib.h5", entries, name="new")
        acknowledge("new")

    found = Counter()
    for cut, path in restored(power_cuts(work, build, WAYS), tmp_path):
        count = len(names(path))
        assert count in ({9} if cut.acknowledged else {3, 9}), cut.before
        found[count] += 1
    assert found[3]
    assert found[9]


def test_a_power_cut_while_adding_entries_loses_none_that_was_acknowledged(
    tmp_path, files, entries, power_cuts
):
    work = tmp_path / "work"
    work.mkdir()
    write_library(work / "lib.h5", entries[:3], name="old")

    def append(acknowledge):
        for path in files[: 3 if LONG else 2]:
            append_entries(work / "lib.h5", path)
            acknowledge(path.stem)

    cuts = power_cuts(work, append, WAYS)
    assert len(cuts) >= (200 if LONG else 50)
    for number, (cut, path) in enumerate(restored(cuts, tmp_path)):
        held = names(path)
        assert set(cut.acknowledged) <= set(held), cut.before
        assert 3 + len(cut.acknowledged) <= len(held) <= 4 + len(cut.acknowledged)
        if number % 8 == 0:  # and it can be gone on with
            append_entries(path, files[5])
            assert names(path)[-1] == files[5].stem


def test_the_disk_of_these_tests_does_lose_what_was_not_synced(tmp_path, entries, power_cuts):
    """The same with the syncs left out: otherwise the tests above would prove nothing."""
    work = tmp_path / "work"
    work.mkdir()
    write_library(work / "lib.h5", entries[:3], name="old")

    def careless(acknowledge):
        write_library(tmp_path / "new.h5", entries, name="new")
        (work / "new.part").write_bytes((tmp_path / "new.h5").read_bytes())
        os.replace(work / "new.part", work / "lib.h5")  # noqa: PTH105  what is watched
        acknowledge("new")

    lost = 0
    for cut, path in restored(power_cuts(work, careless, 4), tmp_path):
        try:
            lost += bool(cut.acknowledged) and len(names(path)) != 9
        except LibraryError:
            lost += 1
    assert lost


def test_a_library_open_during_an_append_stays_what_it_was(tmp_path, entries):
    target = tmp_path / "lib.h5"
    write_library(target, entries[:3], name="old")
    with Library(target) as reader:
        with Library(target) as before:
            extend_library(before, entries[3:])
        reader.verify()
        assert len(reader) == 3
    assert len(names(target)) == 9
