from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from library.errors import LibraryDamagedError
from library.substances import Found, fold, read_table, substances

FOLDER = resources.path("control_lists")


def names(found: tuple[Found, ...]) -> set[str]:
    return {hit.substance.name for hit in found}


def test_holds_what_may_be_shipped() -> None:
    assert len(substances()) == 1513
    assert len(read_table("salts.csv")) == 336
    assert all(one.grade in {"A", "B", "C", "D"} for one in substances())


@pytest.mark.parametrize(
    ("asked", "name", "via", "salt"),
    [
        ("cocaine", "cocaine", "name", None),
        ("COCAINE", "cocaine", "name", None),
        ("diacetylmorphine", "heroin", "synonym", None),
        ("acetaminophen", "paracetamol", "synonym", None),
        ("alpha-PVP", "α-PVP", "name", None),
        ("4 CMC", "4-CMC", "name", None),
        ("GBL", "gamma-butyrolactone", "synonym", None),
        ("Cocaine HCl", "cocaine", "name", "hydrochloride"),
        ("heroin hydrochloride", "heroin", "name", "hydrochloride"),
        ("mephedrone hydrochloride", "4-Methylmethcathinone", "salt name removed", None),
        ("ketamine base", "ketamine", "salt name removed", None),
    ],
)
def test_found_by_name(asked: str, name: str, via: str, salt: str | None) -> None:
    (hit,) = substances().by_name(asked)

    assert (hit.substance.name, hit.via) == (name, via)
    assert (hit.salt.kind if hit.salt else None) == salt


@pytest.mark.parametrize("asked", ["", "   ", "-", "sodium phosphate", "ammonium sulfate", "xyzzy"])
def test_what_is_not_in_the_table_is_not_guessed(asked: str) -> None:
    assert substances().by_name(asked) == ()


def test_a_shared_synonym_returns_all_who_share_it() -> None:
    assert len(names(substances().by_name("racemethorphan"))) > 1


def test_preferred_name_beats_a_shared_synonym() -> None:
    assert names(substances().by_name("dextromethorphan")) == {"dextromethorphan"}


def test_found_by_inchikey_and_said_when_only_the_skeleton_fits() -> None:
    table = substances()
    (heroin,) = table.by_inchikey("GVGLGOZIDCSQPN-PVHGPHFFSA-N")
    (skeleton,) = table.by_inchikey("GVGLGOZIDCSQPN-UHFFFAOYSA-N")
    (salt,) = table.by_inchikey("PYHRZPFZZDCOPH-UHFFFAOYSA-N")

    assert (heroin.substance.name, heroin.via) == ("heroin", "InChIKey")
    assert (skeleton.substance.name, skeleton.via) == ("heroin", "connectivity")
    assert salt.substance.name == "amphetamine"
    assert salt.salt is not None
    assert salt.salt.kind == "sulfate"
    assert table.by_inchikey("short") == ()


def test_found_by_cas_with_its_weight() -> None:
    table = substances()

    assert [(hit.substance.name, hit.via) for hit in table.by_cas("561-27-3")] == [
        ("heroin", "CAS")
    ]
    assert table.by_cas("64-18-6")[0].via == "CAS, one source"
    assert table.by_cas("000-00-0") == ()


def test_inchikey_goes_before_name_and_name_before_cas() -> None:
    table = substances()

    both = table.find(inchikey="GVGLGOZIDCSQPN-PVHGPHFFSA-N", name="lactose", cas="50-78-2")
    assert names(both) == {"heroin"}
    assert names(table.find(name="lactose", cas="50-78-2")) == {"lactose"}
    assert names(table.find(name="xyzzy", cas="50-78-2")) == {"aspirin"}
    narrowed = table.find(inchikey="KWGRBVOPPLSCSI-UHFFFAOYSA-N", name="pseudoephedrine")
    assert names(narrowed) == {"pseudoephedrine"}


def test_relatives_share_the_skeleton() -> None:
    table = substances()
    (ephedrine,) = table.by_name("ephedrine")

    assert "pseudoephedrine" in {one.name for one in table.relatives(ephedrine.substance)}


@given(st.text(max_size=40))
def test_folding_is_stable(text: str) -> None:
    once = fold(text)

    assert fold(once) == once or not once.isascii()
    assert substances().by_name(text) is not None


def test_a_damaged_table_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("a,b\n1\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")

    for name in ("short.csv", "empty.csv", "missing.csv"):
        with pytest.raises(LibraryDamagedError, match="cannot be read"):
            read_table(name, tmp_path)


def test_tables_are_small_and_name_their_sources() -> None:
    sources = {row["source"] for row in read_table("sources.csv")}

    for table in FOLDER.glob("*.csv"):
        assert table.stat().st_size < 1_500_000
    for name in ("identities.csv", "salts.csv", "control.csv"):
        for row in read_table(name):
            assert set(row["sources"].split("; ")) - {""} <= sources, row
            assert row["sources"] or row.get("event") == "not read"


def test_tables_are_what_the_source_tables_give(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "substances"

    subprocess.run(
        [sys.executable, str(FOLDER / "make_lists.py"), str(source), str(tmp_path)],
        check=True,
        timeout=60,
    )

    for name in ("identities.csv", "salts.csv", "control.csv", "sources.csv"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_no_identity_that_may_not_be_shipped(shared_data: Path) -> None:
    with (shared_data / "substances" / "substances.csv").open(encoding="utf-8") as handle:
        refused = {row["id"] for row in csv.DictReader(handle) if row["may_ship"] != "yes"}

    assert not refused & {one.key for one in substances()}
