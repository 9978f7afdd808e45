"""The coverage meter: substances counted once, by the best entry, and nothing counted by guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from library.control import control_lists
from library.coverage import control_list, coverage, family_list, list_names, own_list, read_names
from library.entry import EntryRecord
from library.errors import LibraryError, ManifestError

TODAY = date(2026, 11, 22)


def entry(name, number=0, **fields):
    return EntryRecord(entry=f"{name}-{number}", name=name, **fields)


def table(name, on=TODAY):
    return control_list(name, on, control_lists())


def names(items):
    return {item.name.casefold() for item in items}


def test_table_one_holds_what_it_held_on_the_date():
    today, before = table("UN 1988 Table I"), table("UN 1988 Table I", date(2024, 12, 2))
    assert len(today.items) == 43
    assert "4-piperidone" in names(today.items) - names(before.items)
    assert {"ephedrine", "safrole", "potassium permanganate"} <= names(before.items)
    assert "acetic anhydride" in names(table("UN 1988 Table II", date(1995, 1, 1)).items)
    assert "acetic anhydride" not in names(table("UN 1988 Table II").items)


def test_kinds_and_releases_are_counted_apart_and_salts_by_their_parent():
    records = [
        entry("ephedrine hydrochloride", status="released"),
        entry("Ephedrine HCl", 1, kind="reconstructed"),
        entry("piperonal", kind="reconstructed"),
        entry("safrole", kind="calculated", status="released"),
        entry("isosafrole", kind="emulated"),
        entry("BMK"),
        entry("lactose"),
    ]
    found = coverage(table("UN 1988 Table I"), records)
    held = {one.item.name.casefold(): (one.kind, one.entries, one.released) for one in found.held}
    assert held == {
        "ephedrine": ("measured", 2, True),
        "piperonal": ("reconstructed", 1, False),
        "safrole": ("calculated", 1, True),
        "1-phenyl-2-propanone": ("measured", 1, False),
    }
    assert found.kinds == {"measured": 2, "reconstructed": 1, "calculated": 1}
    assert names(one.item for one in found.not_released) == {"piperonal", "1-phenyl-2-propanone"}
    assert names(found.emulated_only) == {"isosafrole"}
    assert len(found.missing) == 43 - 4
    assert "isosafrole" in names(found.missing)


def test_withdrawn_entries_and_earlier_versions_cover_nothing():
    old = entry("safrole", kind="measured")
    new = replace(entry("safrole", 1), kind="calculated", replaces=old.entry, version=2)
    gone = entry("piperonal", status="withdrawn")
    found = coverage(table("UN 1988 Table I"), [old, new, gone])
    assert [(one.item.name, one.kind) for one in found.held] == [("safrole", "calculated")]
    assert found.withdrawn == 2


def test_an_entry_of_unknown_stereochemistry_is_counted_for_no_isomer():
    record = entry("a powder", inchikey="KWGRBVOPPLSCSI-UHFFFAOYSA-N")
    found = coverage(table("UN 1988 Table I"), [record])
    assert found.held == ()
    assert names(item for item, _ in found.uncertain) == {"ephedrine", "pseudoephedrine"}


def test_what_only_a_list_names_is_held_by_its_name():
    found = coverage(table("UN 1988 Table I"), [entry("alpha-Phenylacetoacetamide")])
    assert names(one.item for one in found.held) == {"alpha-phenylacetoacetamide"}


@pytest.mark.parametrize(
    ("name", "title", "holds"),
    [
        ("table i", "UN 1988 Table I", "ephedrine"),
        ("1988 Table II", "UN 1988 Table II", "toluene"),
        ("UN 1961", "UN 1961", "fentanyl"),
        ("UN 1961 Schedule IV", "UN 1961 Schedule IV (in addition", "heroin"),
        ("un-1971 schedule i", "UN 1971 Schedule I", "mdma"),
        ("EU Category 1", "EU 273/2004 + 111/2005 Category 1", "ephedrine"),
        ("DE Anlage I", "DE BtMG Anlage I", "heroin"),
        ("CA", "CA CDSA", "cocaine"),
        ("CN national lists", "CN national lists", "ketamine"),
    ],
)
def test_lists_go_by_short_names(name, title, holds):
    found = table(name)
    assert found.title.startswith(title)
    assert holds in names(found.items)


def test_every_name_that_is_offered_gives_a_list():
    for name in list_names(control_lists()):
        found = table(name)
        assert found.items or found.classes or "Category 4" in name, name
        assert all("recommended" not in one for one in name.split())


def test_schedules_of_several_lists_are_not_guessed():
    with pytest.raises(LibraryError, match="several lists have"):
        table("Schedule I")
    with pytest.raises(LibraryError, match="no list has") as refused:
        table("Table VII")
    assert "UN 1988 Table I" in refused.value.remedy


def test_recommended_is_not_on_the_list_and_a_class_is_counted_by_family():
    assert "bromazolam" not in names(table("UN 1971").items)
    found = coverage(table("CN"), [entry("isotonitazene")])
    families = {name: held for name, _, held in found.families}
    assert families["nitazene (2-benzylbenzimidazole opioid)"] == 1
    assert "age limit" in found.wanted.caution


def test_a_family_of_the_tables_is_a_list_too():
    found = family_list("nitazene")
    assert found is not None
    assert "isotonitazene" in names(found.items)
    assert family_list("no such family") is None


def test_a_csv_of_names(tmp_path):
    path = tmp_path / "wanted.csv"
    path.write_text("name,cas\nMDMA,\n,50-36-2\nour own compound,\nMDMA,\n", encoding="utf-8")
    wanted = read_names(path)
    assert names(wanted.items) == {"mdma", "cocaine", "our own compound"}
    found = coverage(wanted, [entry("Our own Compound"), entry("cocaine hydrochloride")])
    assert names(found.missing) == {"mdma"}
    path.write_text("MDMA\nketamine\n", encoding="utf-8")
    assert names(read_names(path).items) == {"mdma", "ketamine"}
    for text in (b"", b"name\n", b"\xff\xfe\x00"):
        path.write_bytes(text)
        with pytest.raises(ManifestError):
            read_names(path)
    with pytest.raises(ManifestError):
        read_names(tmp_path / "none.csv")


def test_an_ambiguous_name_wants_everybody():
    assert len(own_list("x", [{"name": "racemethorphan"}]).items) > 1


def test_an_entry_whose_newer_version_was_withdrawn_still_covers():
    old = entry("safrole", status="released")
    newer = entry("safrole", 1, version=2, replaces=old.entry, status="withdrawn")
    found = coverage(table("UN 1988 Table I"), [old, newer])
    assert names(one.item for one in found.held) == {"safrole"}
    assert found.withdrawn == 1
