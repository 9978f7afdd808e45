"""Findings kept in a library file: the same as made anew, checked, and not needed to open it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

import resources
from library.entry import Entry, EntryRecord
from library.errors import LibraryDamagedError
from library.findings import TABLE, TABLE_HASH, confused_in, confusion_of
from library.seal import seal
from library.store import Library
from library.writing import write_library
from matching.policy import parse_policy
from matching.spectrum import Spectrum

AXIS = np.arange(300.0, 1900.0)


@pytest.fixture(scope="module")
def policy():
    raw = resources.path("policies/default.json").read_bytes()
    return parse_policy(json.loads(raw), raw)


def entry(name: str, seed: int, noise: int) -> Entry:
    """Return an entry with the bands of `seed` and noise of its own."""
    random = np.random.default_rng(seed)
    places, heights = random.uniform(350, 1850, 12), random.lognormal(0, 0.6, 12)
    bands = (heights[:, None] / (1 + ((AXIS - places[:, None]) / 4.5) ** 2)).sum(axis=0)
    values = 1000 * bands + np.random.default_rng(noise).normal(0, 2, AXIS.size)
    spectrum = Spectrum(AXIS, values, laser_nm=785.0)
    record = EntryRecord(
        f"{seed:08x}{noise:08x}", name, laser_nm=785.0, content_sha256=spectrum.content_hash
    )
    return Entry(record, spectrum)


@pytest.fixture
def entries() -> list[Entry]:
    return [entry("one", 1, 1), entry("two", 2, 2), entry("twin of one", 1, 3)]


@pytest.fixture
def stored(tmp_path: Path, entries, policy) -> Path:
    path = tmp_path / "stored.h5"
    write_library(path, entries, name="With findings", policy=policy)
    return path


def test_what_is_stored_is_what_would_be_found_now(stored, tmp_path, entries, policy) -> None:
    plain = tmp_path / "plain.h5"
    write_library(plain, entries, name="Without")
    with Library(stored) as with_table, Library(plain) as without:
        with_table.verify()
        without.verify()
        assert without.findings is None
        assert confused_in(without, policy) is None
        known = confused_in(with_table, policy)
        assert known == confusion_of(without, policy) == confusion_of(with_table, policy)
        assert [(pair.row, pair.other) for pair in known or ()] == [(0, 2)]
        assert with_table.info.sha256 == without.info.sha256  # the same references


def test_another_rule_makes_the_findings_anew(stored, policy) -> None:
    strict = replace(policy, thresholds=replace(policy.thresholds, name=99.0, same_spectrum=1.1))
    with Library(stored) as library:
        assert confused_in(library, strict) is None
        assert confusion_of(library, strict) == ()


def test_a_library_without_any_pair_says_so(tmp_path, entries, policy) -> None:
    path = tmp_path / "none.h5"
    write_library(path, entries[:2], name="No pair", policy=policy)
    with Library(path) as library:
        assert confused_in(library, policy) == ()


@pytest.mark.parametrize("damage", ["a byte", "the hash", "the table"])
def test_a_table_that_is_not_the_one_written_is_refused(stored, damage: str) -> None:
    with h5py.File(stored, "r+") as file:
        if damage == "a byte":
            file[TABLE][3] = file[TABLE][3] ^ 1
        elif damage == "the hash":
            del file.attrs[TABLE_HASH]
        else:
            del file[TABLE]
    seal(stored)
    with pytest.raises(LibraryDamagedError, match="findings"):
        Library(stored)


@pytest.mark.parametrize(
    "pairs", [[[0, 9, 1.0, 1.0]], [[2, 0, 1.0, 1.0]], [[0, 1]], [["a", 1, 1, 1]], 5, None]
)
def test_pairs_that_make_no_sense_are_named_damage(stored, policy, pairs) -> None:
    with Library(stored) as library:
        content = json.loads(library.findings.tobytes())
        content["confusion"]["pairs"] = pairs
        library.findings = np.frombuffer(json.dumps(content).encode(), dtype=np.uint8)
        with pytest.raises(LibraryDamagedError, match=r"findings|confusion sets"):
            confused_in(library, policy)
