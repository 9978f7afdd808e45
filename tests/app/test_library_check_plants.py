"""Faults planted into the real references are found, and nothing else is accused.

The long table, every fault many times, is ``python -m benchmarks.library_check``.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from library.entry import Entry
from library.errors import LibraryDamagedError
from library.quality_check import check
from library.quality_context import collection
from library.quality_spectra import require_self_search
from library.store import Library
from library.writing import write_library
from matching.spectrum import Spectrum
from spectra_app.app import main
from spectra_app.services.libraries import build_library, open_library
from spectra_app.services.library_check import check_library
from spectra_app.services.policies import load_policy

SURE = (
    "renamed copy",
    "scaled copy under another name",
    "mirrored axis",
    "swapped pair",
    "axis shifted by 5 cm-1",
    "intensities shifted by 5 cm-1",
    "mixture as a substance",
    "under a neighbour's name",
)


@pytest.fixture(scope="module")
def plants(checkout):
    """Return the faults of the benchmark."""
    path = checkout / "benchmarks" / "library_plants.py"
    spec = importlib.util.spec_from_file_location("planted_faults", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def entries(shared_data, tmp_path_factory):
    """Return the real references as entries."""
    target = tmp_path_factory.mktemp("references") / "references.h5"
    build_library(shared_data / "spectra" / "reference-785xs" / "manifest.csv", target)
    with Library(target) as library:
        return tuple(
            Entry(record, library.spectrum(row)) for row, record in enumerate(library.records())
        )


@pytest.fixture(scope="module")
def published():
    """Return the published bands as a second source."""
    with open_library(None) as starter:
        return collection(starter, "the published bands")


@pytest.fixture
def alarms(published, tmp_path):
    """Return a function that checks a library of entries: code and entries of each alarm."""

    def run(entries, second=()):
        target = tmp_path / "planted.h5"
        write_library(target, entries, name="planted")
        with Library(target) as library:
            found = check(library, load_policy(), [published, *second])
            return [
                (finding.code, {library.record(row).entry for row in finding.rows})
                for finding in found
                if finding.alarm
            ]

    return run


@pytest.mark.parametrize("fault", SURE)
def test_a_planted_fault_is_found_and_nobody_else_accused(fault, plants, entries, alarms):
    plant = plants.FAULTS[fault](entries[:45], np.random.default_rng(2026))
    found = alarms(plant.entries)
    wrong = set(plant.wrong)
    assert any(named & wrong for _, named in found), f"{fault} was not found"
    innocent = [(code, named) for code, named in found if not named & (wrong | {*plant.concerned})]
    assert innocent == []


def test_a_second_library_shows_what_the_first_cannot(entries, alarms, tmp_path, plants):
    """Two alcohols without published bands exchange names: only another library tells."""
    row = {entry.record.name: number for number, entry in enumerate(entries)}
    one, other = row["1-pentanol"], row["icaridin"]
    names = entries[one].record, entries[other].record
    swapped = list(entries)
    swapped[one] = plants.again(plants.identified(names[0], names[1]), entries[one].spectrum)
    swapped[other] = plants.again(plants.identified(names[1], names[0]), entries[other].spectrum)
    assert alarms(swapped) == []
    target = tmp_path / "second.h5"
    rng = np.random.default_rng(5)
    measured = [
        plants.again(entries[n].record, plants.harmed(entries[n].spectrum, rng))
        for n in (one, other)
    ]
    write_library(target, measured, name="second")
    with Library(target) as second:
        found = alarms(swapped, [collection(second, "the second library")])
    wanted = {swapped[one].record.entry, swapped[other].record.entry}
    assert ("names_swapped", wanted) in found


def test_drawn_short_and_padded_spectra_are_no_measurements(entries, alarms):
    source = entries[10]
    axis = source.spectrum.raman_shift_cm1
    sticks = np.zeros(axis.size)
    sticks[::150] = 1000.0 + np.arange(sticks[::150].size)
    padded = source.spectrum.intensity.copy()
    padded[-6:] = padded[-7]
    made = {
        "not_a_measurement": Spectrum(axis, sticks, laser_nm=785.0),
        "padded": Spectrum(axis, padded, laser_nm=785.0),
        "too_few_points": Spectrum(axis[::9], source.spectrum.intensity[::9], laser_nm=785.0),
    }
    for code, spectrum in made.items():
        record = replace(
            source.record, entry=code, content_sha256=spectrum.content_hash, laser_nm=785.0
        )
        found = alarms([Entry(record, spectrum), *entries[20:24]])
        assert (code, {code}) in found


def test_a_known_finding_is_not_told_again(entries, plants, tmp_path, capsys):
    plant = plants.renamed_copy(entries[:12], np.random.default_rng(3))
    target, baseline = tmp_path / "planted.h5", tmp_path / "earlier.json"
    write_library(target, plant.entries, name="planted")
    assert main(["library", "check", str(target), "--json"]) == 0
    baseline.write_text(capsys.readouterr().out, encoding="utf-8")
    assert json.loads(baseline.read_text(encoding="utf-8"))["findings"]
    again = check_library(target, baseline=baseline)
    assert (again.alarms, again.remarks) == ((), ())
    assert again.known
    assert main(["library", "check", str(target), "--baseline", str(target)]) == 3
    assert "earlier report" in capsys.readouterr().err


def test_search_data_of_another_spectrum_are_noticed_at_opening(entries, tmp_path):
    write_library(tmp_path / "sound.h5", entries[:3], name="sound")
    with Library(tmp_path / "sound.h5") as library:
        require_self_search(library, count=3)
        library.matrix = replace(library.matrix, rows=library.matrix.rows[::-1])
        with pytest.raises(LibraryDamagedError, match="not found by its own spectrum"):
            require_self_search(library, count=3)
