"""Which entries belong to which family, and that only measured ones count."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import resources
from library.entry import Entry, EntryRecord
from library.errors import LibraryDamagedError
from library.families import families_from_json, families_to_json, family_of
from library.findings import Families
from library.store import Library
from library.writing import write_library
from matching.policy import parse_policy
from matching.spectrum import Spectrum

AXIS = np.arange(300.0, 1900.0)
COMMON = (620.0, 1004.0, 1190.0, 1450.0)


@pytest.fixture(scope="module")
def policy():
    raw = resources.path("policies/default.json").read_bytes()
    return parse_policy(json.loads(raw), raw)


def entry(number: int, family: str = "", kind: str = "measured", laser_nm: float = 785.0) -> Entry:
    random = np.random.default_rng(number)
    places = [*(COMMON if family else ()), *random.uniform(350, 1850, 8)]
    heights = random.lognormal(0, 0.3, len(places))
    bands = sum(h / (1 + ((AXIS - p) / 4.5) ** 2) for p, h in zip(places, heights, strict=True))
    values = 1000 * bands + random.normal(0, 2, AXIS.size)
    spectrum = Spectrum(AXIS, values, laser_nm=laser_nm)
    record = EntryRecord(
        f"{number:016x}",
        f"made-up {number}",
        family=family,
        kind=kind,
        laser_nm=laser_nm,
        content_sha256=spectrum.content_hash,
    )
    return Entry(record, spectrum)


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    members = [entry(number, "Made-up" if number % 2 else "made-up") for number in range(9)]
    expected = [entry(number, "expected", "reconstructed") for number in range(100, 110)]
    return [*members, *expected, *(entry(number) for number in range(200, 262))]


@pytest.fixture(scope="module")
def stored(entries, policy, tmp_path_factory):
    path = tmp_path_factory.mktemp("families") / "stored.h5"
    write_library(path, entries, name="Families", policy=policy)
    return path


def test_the_table_of_families_is_stored_and_equals_one_made_now(
    stored, entries, policy, tmp_path
) -> None:
    write_library(tmp_path / "plain.h5", entries, name="Plain")
    with Library(stored) as library, Library(tmp_path / "plain.h5") as plain:
        checks = Families(library, policy).checks()
        assert checks == Families(plain, policy).checks()
    by_name = {check.family.casefold(): check for check in checks}
    assert by_name["made-up"].on
    assert (by_name["made-up"].members, by_name["made-up"].others) == (9, 62)
    assert (by_name["expected"].reason, by_name["expected"].members) == ("few_members", 0)


def test_leaving_entries_out_or_another_rule_checks_anew(stored, policy) -> None:
    stricter = replace(policy, family=replace(policy.family, least_members=10.0))
    with Library(stored) as library:
        (check,) = (c for c in Families(library, stricter).checks() if c.family != "expected")
        assert (check.on, check.reason) == (False, "few_members")
        without = np.arange(len(library)) < 2
        (check,) = (c for c in Families(library, policy).checks(without) if c.family != "expected")
        assert (check.on, check.members) == (False, 7)


def test_a_check_survives_being_written(stored, policy) -> None:
    with Library(stored) as library:
        checks = Families(library, policy).checks()
    text = json.dumps(families_to_json(checks))
    assert families_from_json(json.loads(text)) == checks


@pytest.mark.parametrize("damage", ["bands", "weights", "model", "reason"])
def test_a_pattern_that_cannot_be_is_named_damage(stored, policy, damage: str) -> None:
    with Library(stored) as library:
        content = json.loads(library.findings.tobytes())
        (row,) = (c for c in content["families"]["checks"] if c["model"])
        if damage == "bands":
            row["model"]["bands"] = [9999]
        elif damage == "weights":
            row["model"]["weights"] = row["model"]["weights"][:-1]
        elif damage == "model":
            row["model"] = 5
        else:
            del row["reason"]
        library.findings = np.frombuffer(json.dumps(content).encode(), dtype=np.uint8)
        with pytest.raises(LibraryDamagedError, match="findings"):
            Families(library, policy).checks()


@pytest.mark.parametrize(
    ("fields", "family"),
    [
        ({"name": "anything", "family": "as the station says"}, "as the station says"),
        ({"name": "Isotonitazene"}, "nitazene (2-benzylbenzimidazole opioid)"),
        ({"name": "fentanyl"}, "fentanyl analogue"),
        ({"name": "no such substance"}, ""),
        ({"name": "ethanol"}, ""),
    ],
)
def test_the_family_is_the_records_or_the_substances(fields, family: str) -> None:
    assert family_of(EntryRecord("0", **fields)) == family
