"""Kill -9 and power cuts while releasing and installing: the old state or the new one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

from library.entry import Entry, EntryRecord, entry_id
from library.package import read_package
from library.signing import new_key, open_key
from library.store import Library
from library.trust import Trust
from library.trust_store import load_trust, save_trust
from library.trusted_keys import LIBRARY, TrustedKey, first_root
from library.writing import write_library
from matching.spectrum import Spectrum
from spectra_app.services.installing import check_installed, checked, install
from spectra_app.services.releasing import Wanted, release
from spectra_app.services.station import Station

unix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and signals")
LONG = int(os.environ.get("SPECTRA_FUZZ") or 0) >= 10_000  # `make fuzz` as it is
KILLS = 300 if LONG else 10
NOW = datetime.now(UTC).replace(microsecond=0)  # the command takes the computer's own clock
WORDS = "correct horse battery staple"
COMMAND = "import sys; from spectra_app.app import main; sys.exit(main(sys.argv[1:]))"


def reference(number):
    axis = np.arange(300.0, 900.0, 4.0)
    bands = np.random.default_rng(number).uniform(350, 850, 5)
    y = 100 + sum(500 * np.exp(-(((axis - place) / 8.0) ** 2)) for place in bands)
    spectrum, name = Spectrum(axis, y, 785.0), f"made-up substance {number}"
    record = EntryRecord(
        entry_id(name, spectrum),
        name,
        laser_nm=785.0,
        content_sha256=spectrum.content_hash,
        status="released",
        status_by="A. Chemist",
        status_at="2026-11-20",
    )
    return Entry(record, spectrum)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Return a folder with a station that has the first of two packages installed, and both."""
    folder = tmp_path_factory.mktemp("two")
    keys = [open_key(new_key(WORDS, iterations=1000)[0], WORDS) for _ in range(2)]
    trusted = [TrustedKey(key.public, f"Person {n}") for n, key in enumerate(keys)]
    station = Station(folder / "station")
    with station.changing():
        save_trust(station.trust_path, Trust(first_root(trusted, NOW)))
    laboratory = Station(folder / "laboratory")
    for number in (1, 2):
        path = folder / f"{number}.h5"
        write_library(path, [reference(n) for n in range(number + 1)], name="Example")
        out = folder / f"{number}.spkg"
        release(path, out, keys, Wanted("notes"), station=laboratory, now=NOW)
    put(folder / "1.spkg", station)
    return folder, keys


def put(package, station):
    with station.changing():
        pass
    with checked(package, station, NOW, beside=station.installed) as found:
        return install(found, station, NOW)


def state(station):
    """Return the number in use after checking everything that a station checks."""
    statement, _ = check_installed(station, NOW)
    seen = {one.sequence for one in load_trust(station.trust_path).highest}
    active = station.active()
    assert max(seen) >= active.sequence
    with Library(station.library_path(active)) as library:
        library.verify()
        assert len(library) == active.sequence + 1
    return statement.value["sequence"]


@unix
@pytest.mark.fuzz
@pytest.mark.timeout(900)
def test_an_install_killed_at_any_moment_leaves_the_old_library_or_the_new(tmp_path, two, killed):
    folder, _ = two
    begun = time.perf_counter()
    put(folder / "2.spkg", Station(shutil.copytree(folder / "station", tmp_path / "scratch")))
    whole = time.perf_counter() - begun
    found = Counter()
    for number, moment in enumerate(np.random.default_rng(2).uniform(0.0, 1.4 * whole, KILLS)):
        station = Station(shutil.copytree(folder / "station", tmp_path / str(number)))

        def work(acknowledge, station=station):
            put(folder / "2.spkg", station)
            acknowledge("installed")

        told = killed(work, moment)
        now = state(station)
        assert now in ({2} if told else {1, 2})
        found[now] += 1
        put(folder / "2.spkg", station)  # whatever was left behind does not stand in the way
        assert state(station) == 2
        assert len(list(station.installed.iterdir())) == 2
        shutil.rmtree(station.folder)
    assert found[1]


@pytest.mark.fuzz
@pytest.mark.timeout(900)
def test_a_power_cut_during_an_install_leaves_the_old_library_or_the_new(tmp_path, two, power_cuts):
    folder, _ = two
    station = Station(shutil.copytree(folder / "station", tmp_path / "station"))

    def work(acknowledge):
        put(folder / "2.spkg", station)
        acknowledge("installed")

    found = Counter()
    cuts = power_cuts(station.folder, work, 8 if LONG else 2)
    for number, cut in enumerate(cuts if LONG else cuts[::7]):
        after = Station(cut.restore(tmp_path / f"after-{number}"))
        now = state(after)
        assert now in ({2} if cut.acknowledged else {1, 2}), cut.before
        found[now] += 1
        put(folder / "2.spkg", after)
        assert state(after) == 2
        shutil.rmtree(after.folder)
    assert found[1]
    assert found[2]


@unix
@pytest.mark.fuzz
@pytest.mark.timeout(900)
def test_a_release_killed_at_any_moment_leaves_no_half_package(tmp_path, two, killed):
    folder, keys = two
    trust = Trust(load_trust(folder / "station" / "trust" / "trust.json").root)
    laboratory, out = Station(tmp_path / "laboratory"), tmp_path / "out.spkg"
    begun = time.perf_counter()
    release(folder / "1.h5", out, keys, Wanted(), station=laboratory, now=NOW)
    whole = time.perf_counter() - begun
    found = Counter()
    last = 1
    for moment in np.random.default_rng(3).uniform(0.0, 1.4 * whole, KILLS):

        def work(acknowledge):
            release(folder / "2.h5", out, keys, Wanted(), station=laboratory, now=NOW)
            acknowledge("released")

        told = killed(work, moment)
        statement = trust.check(read_package(out).signed, purpose=LIBRARY, now=NOW)
        number = statement.value["sequence"]
        assert number > last if told else number >= last  # a number is never used twice
        found[number > last] += 1
        last = number
        numbers = [act.details["sequence"] for act in laboratory.journal.acts()]
        assert numbers == sorted(set(numbers))
    assert found[False]


@pytest.mark.fuzz
def test_a_power_cut_during_a_release_leaves_the_old_package_or_the_new(tmp_path, two, power_cuts):
    folder, keys = two
    trust = Trust(load_trust(folder / "station" / "trust" / "trust.json").root)
    work_folder = tmp_path / "work"
    laboratory, out = Station(work_folder / "laboratory"), work_folder / "out.spkg"
    work_folder.mkdir()
    release(folder / "1.h5", out, keys, Wanted(), station=laboratory, now=NOW)

    def work(acknowledge):
        release(folder / "2.h5", out, keys, Wanted(), station=laboratory, now=NOW)
        acknowledge("released")

    found = Counter()
    for number, cut in enumerate(power_cuts(work_folder, work, 8 if LONG else 2)):
        restored = cut.restore(tmp_path / f"after-{number}")
        signed = read_package(restored / "out.spkg").signed
        now = trust.check(signed, purpose=LIBRARY, now=NOW).value["sequence"]
        assert now in ({2} if cut.acknowledged else {1, 2}), cut.before
        found[now] += 1
        acts = Station(restored / "laboratory").journal.acts()
        assert acts[-1].details["sequence"] >= now
    assert found[1]
    assert found[2]


@unix
@pytest.mark.fuzz
@pytest.mark.timeout(900)
def test_the_command_itself_killed_leaves_the_old_library_or_the_new(tmp_path, two):
    """A new process for every try, killed with what it started."""
    folder, _ = two

    def tried(name, seconds):
        """Return the station, exit code and output of an install that had so many seconds."""
        station = Station(shutil.copytree(folder / "station", tmp_path / name))
        command = [sys.executable, "-c", COMMAND, "library", "install", "2.spkg", "--yes"]
        with subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "SPECTRA_HOME": str(station.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as child:
            try:
                out, err = child.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                out, err = child.communicate()
        assert child.returncode in {0, -signal.SIGKILL}, err.decode()
        return station, child.returncode, out

    begun = time.perf_counter()
    assert tried("whole", 100)[1] == 0
    whole = time.perf_counter() - begun
    found = Counter()
    tries = 50 if LONG else 3
    # The first one is killed before anything can be done, however busy the machine was before.
    for number, share in enumerate((0.02, *np.random.default_rng(4).uniform(0.3, 1.1, tries))):
        begun = time.perf_counter()
        station, code, out = tried(str(number), share * whole)
        if code == 0:
            whole = min(whole, time.perf_counter() - begun)
        now = state(station)
        assert now in ({2} if b"installed:" in out else {1, 2})
        found[now] += 1
        shutil.rmtree(station.folder)
    assert found[1]
