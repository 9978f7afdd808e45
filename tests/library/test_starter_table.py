from __future__ import annotations

import csv
import subprocess
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

import resources
from library.errors import LibraryDamagedError
from library.starter import (
    TABLES,
    starter_materials,
    starter_missing,
    starter_note,
    starter_sha256,
)

FOLDER = resources.path("starter_library")


@cache
def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_holds_128_materials_in_160_records() -> None:
    materials = starter_materials()

    assert len({material.group for material in materials}) == 128
    assert len(materials) == 160
    # 2,772 source rows may be shipped; one contradictory line of benzonitrile is left out
    assert sum(len(material.bands) for material in materials) == 2771


def test_every_band_names_source_place_and_reliability() -> None:
    sources = {row["source"]: row for row in rows("sources.csv")}

    for row in rows("bands.csv"):
        assert row["source"] in sources
        assert row["locator"]
        assert row["origin"]
        assert row["form"]
        assert row["reliability"] in {"A", "B", "C"}
        assert row["kind"] == "normal Raman"
        assert bool(row["relative"]) != bool(row["intensity_class"])
    assert all(source["licence"] and source["where"] for source in sources.values())


@pytest.mark.parametrize("source", ["SRC74", "SRC75", "SRC76", "SRC77", "SRC78", "SRC79", "SRC83"])
def test_sources_that_may_not_be_shipped_are_absent(source: str) -> None:
    assert source not in {row["source"] for row in rows("bands.csv")}


@pytest.mark.parametrize(
    "drug",
    ["cocaine", "heroin", "mdma", "ketamine", "fentanyl", "nitazene", "cathinone", "alanine"],
)
def test_what_is_said_to_be_missing_is_missing(drug: str) -> None:
    assert not [row["name"] for row in rows("materials.csv") if drug in row["name"].casefold()]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("polystyrene", "container"),
        ("polyethylene", "container"),
        ("polypropylene", "container"),
        ("polyvinyl chloride", "container"),
        ("PTFE", "container"),
        ("cellulose", "container"),
        ("polyethylene terephthalate", "container"),
        ("toluene/acetonitrile 50/50", "mixture"),
        ("lactose", "cutting agent"),
        ("paracetamol", "cutting agent"),
        ("amphetamine sulfate", "substance"),
        ("acetone", "substance"),
        ("1,4-bis(2-methylstyryl)benzene", "standard"),
    ],
)
def test_roles(name: str, role: str) -> None:
    assert {row["name"]: row["role"] for row in rows("materials.csv")}[name] == role


def test_identity_is_blank_where_it_is_not_certain() -> None:
    known = {row["name"]: row for row in rows("materials.csv")}

    assert known["amphetamine sulfate"]["inchikey"] == "PYHRZPFZZDCOPH-UHFFFAOYSA-N"  # the salt's
    assert known["polyethylene"]["inchikey"] == ""  # the table has the monomer's
    assert known["ephedrine hydrochloride"]["inchikey"] == ""  # three stereo forms in the table
    assert known["metamizole"]["inchikey"] == ""  # single-source identity, not to be shipped
    assert known["isobutanol"]["cas"] == "78-83-1"
    assert known["formic acid"]["cas"] == ""  # CAS number from one source only


def test_sources_and_lasers_are_never_merged() -> None:
    origins = defaultdict(set)
    for row in rows("bands.csv"):
        origin = (row["source"], row["locator"], row["laser_nm"])
        origins[row["material"], row["locator"]].add(origin)
    for material in starter_materials():
        assert len(origins[material.name, material.locator]) == 1
    assert len({m.laser_nm for m in starter_materials() if m.name == "borax"}) == 2


def test_tables_are_what_the_source_tables_give(shared_data: Path, tmp_path: Path) -> None:
    script = FOLDER / "make_table.py"

    subprocess.run(
        [sys.executable, str(script), str(shared_data / "substances"), str(tmp_path)],
        check=True,
        timeout=60,
    )

    for name in (*TABLES, "missing.csv"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_hash_changes_with_the_tables_only() -> None:
    first = starter_sha256()
    starter_sha256.cache_clear()

    assert starter_sha256() == first
    assert len(first) == 64


def test_damaged_tables_are_refused_in_words(tmp_path: Path) -> None:
    for name in TABLES:
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    lines = (tmp_path / "materials.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "materials.csv").write_text("\n".join(lines[:20]), encoding="utf-8")

    with pytest.raises(LibraryDamagedError, match="do not fit together"):
        starter_materials(tmp_path)
    with pytest.raises(LibraryDamagedError, match="cannot be read"):
        starter_materials(tmp_path / "nowhere")


def test_what_is_missing_is_listed_with_its_reason_and_is_on_the_first_page() -> None:
    lacking = starter_missing()
    held = {material.name.casefold() for material in starter_materials()}

    assert {"cocaine", "heroin", "nitazenes", "glass", "water"} <= {one.name for one in lacking}
    for one in lacking:
        assert one.reason
        assert one.name.casefold() not in held
        assert one.name in starter_note()
    assert {one.what for one in lacking} == {"drug", "packaging", "standard"}
