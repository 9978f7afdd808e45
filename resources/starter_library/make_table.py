"""Rebuild the four tables of the starter library from the source tables.

Usage: ``python make_table.py SOURCE_FOLDER OUTPUT_FOLDER``, where SOURCE_FOLDER holds
``bands.csv``, ``substances.csv``, ``substance_salts.csv`` and ``sources.csv``. The output depends
on the input alone. The program never imports this file.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path

Row = dict[str, str]

MATERIALS = (
    "name", "group", "inchikey", "cas", "formula", "class", "family", "role",
    "identity_sources", "note",
)  # fmt: skip
BANDS = (
    "material", "band_cm1", "relative", "intensity_class", "laser_nm", "source", "locator",
    "reliability", "form", "kind", "origin", "note",
)  # fmt: skip
SOURCES = ("source", "title", "where", "version", "licence", "range_from_cm1", "range_to_cm1")
MISSING = ("name", "what", "reason", "sources")

# What the transcription calls a material, and what its field calls it.
NAMES = {
    "1,4 bis (2-Methylstryryl) Benzene": "1,4-bis(2-methylstyryl)benzene",
    "50/50 Toluene/Acetonitrile": "toluene/acetonitrile 50/50",
    "Naphthalene": "naphthalene",
    "Sulfur": "sulfur",
}
CONTAINERS = {
    "cellulose",
    "polyethylene",
    "polyethylene terephthalate",
    "polypropylene",
    "polystyrene",
    "polyvinyl chloride",
    "PTFE",
}
MIXTURES = {"toluene/acetonitrile 50/50"}
# Forms that are another substance than the parent: own name, and the parent's identity is not used.
NAMED_FORMS = {
    "sulfate": "{} sulfate",
    "hydrochloride": "{} hydrochloride",
    "monohydrate": "{} monohydrate",
    "sodium hydrogen citrate": "sodium hydrogen citrate",
}
# Facts not to be used, each with the reason.
LEFT_OUT = {
    (
        "benzonitrile",
        "460.9",
    ): "the line is given as 460.9 and as 450.9 in two copies of the standard",
}
# What a user looks for first and does not find: name, kind, substances of the source table, reason.
NO_TABLE = "no published band table could be read"
ABSTRACT = "single statements in abstracts only"
WANTED = (
    ("cocaine", "drug", ("cocaine",), NO_TABLE),
    ("heroin", "drug", ("heroin",), NO_TABLE),
    ("MDMA", "drug", ("MDMA",), NO_TABLE),
    ("methamphetamine", "drug", ("methamphetamine",), ABSTRACT),
    ("ketamine", "drug", ("ketamine",), NO_TABLE),
    (
        "fentanyl and its analogues",
        "drug",
        ("fentanyl", "fentanyl analogues", "thiofentanil (as named in source)"),
        f"{ABSTRACT}, most of them surface-enhanced",
    ),
    ("nitazenes", "drug", ("isotonitazene",), NO_TABLE),
    ("cathinones", "drug", ("Buphedrone",), ABSTRACT),
    ("synthetic cannabinoids", "drug", ("JWH-018",), NO_TABLE),
    ("BMK (P-2-P)", "drug", ("1-phenyl-2-propanone",), NO_TABLE),
    ("PMK", "drug", ("3,4-methylenedioxyphenyl-2-propanone",), NO_TABLE),
    ("APAAN", "drug", ("alpha-phenylacetoacetonitrile",), NO_TABLE),
    (
        "glass",
        "packaging",
        ("glass (soda-lime type)", "glass slide"),
        "at 785 nm a luminescence hump near 1370 cm-1, which is no band, and approximate features",
    ),
    ("water", "packaging", ("water",), f"{ABSTRACT}, and broad components of a fit"),
    ("calcite", "standard", ("calcium carbonate",), "two bands only, from one source"),
    ("air", "standard", ("oxygen", "nitrogen"), NO_TABLE),
)
# Range that a source states for all its spectra; for the others only the bands tell.
RANGES = {"SRC72": ("302", "2303")}


def read(path: Path) -> list[Row]:
    """Return the rows of a CSV table."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def write(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    """Write rows as UTF-8 CSV with one line feed per row."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def usable(row: Row) -> bool:
    """Tell whether a band row may become part of an entry."""
    return (
        row["may_ship"] == "yes"
        and row["kind"] == "normal Raman"
        and row["reliability"] in {"A", "B", "C"}
        and (group_of(row), row["band_cm1"]) not in LEFT_OUT
    )


def group_of(row: Row) -> str:
    """Return the name under which all forms of a material count as one substance."""
    return NAMES.get(row["substance"], row["substance"])


def name_of(row: Row) -> str:
    """Return the name of the material of a row, with the salt or hydrate when it is stated."""
    group = group_of(row)
    return NAMED_FORMS.get(row["salt_or_form"], "{}").format(group)


def salt_of(row: Row, salts: list[Row]) -> Row | None:
    """Return the salt that a row's stated form means, when exactly one is certain."""
    found = [
        salt
        for salt in salts
        if salt["parent_id"] == row["substance_id"]
        and salt["salt"] == row["salt_or_form"]
        and salt["stereo_match"] == "yes"
    ]
    return found[0] if len(found) == 1 else None


def identity(row: Row, parent: Row | None, salts: list[Row]) -> Row:
    """Return InChIKey, CAS number and formula, blank where they are not certain."""
    blank = {"inchikey": "", "cas": "", "formula": "", "identity_sources": ""}
    if parent is None or parent["may_ship"] != "yes" or parent["note"].startswith("polymer"):
        return blank
    if row["salt_or_form"] in NAMED_FORMS:
        salt = salt_of(row, salts)
        if salt is None:
            return blank
        return {
            "inchikey": salt["inchikey"],
            "cas": salt["cas"],
            "formula": salt["formula"],
            "identity_sources": "SRC01",
        }
    agreed = parent["cas_status"].startswith("agreed")
    return {
        "inchikey": parent["inchikey"],
        "cas": parent["cas"] if agreed else "",
        "formula": parent["formula"],
        "identity_sources": parent["source_ids"],
    }


def role_of(name: str, rows: list[Row], parent: Row | None) -> str:
    """Return container, mixture, standard, cutting agent or substance."""
    if name in CONTAINERS:
        return "container"
    if name in MIXTURES:
        return "mixture"
    if parent is None:
        forms = {row["salt_or_form"] for row in rows}
        standard = all("standard" in form or "calibration" in form for form in forms)
        return "standard" if standard else "substance"
    return "cutting agent" if parent["class"].startswith("cutting agent") else "substance"


def material(name: str, rows: list[Row], parents: dict[str, Row], salts: list[Row]) -> Row:
    """Return the row of one material."""
    first = rows[0]
    parent = parents.get(first["substance_id"])
    if parent is not None and parent["may_ship"] != "yes":
        note = "identity not taken over: single-source identity may not be shipped"
    elif parent is not None and parent["note"].startswith("polymer"):
        note = "polymer: no InChIKey"
    else:
        note = "mixture: not usable as a component" if name in MIXTURES else ""
    shipped = parent is not None and parent["may_ship"] == "yes"
    return {
        "name": name,
        "group": group_of(first),
        **identity(first, parent, salts),
        "class": parent["class"] if parent and shipped else "",
        "family": parent["structural_family"] if parent and shipped else "",
        "role": role_of(name, rows, parent),
        "note": note,
    }


def band(row: Row) -> Row:
    """Return one band in this library's layout."""
    strength = row["intensity_class"].removeprefix("class ")
    return {
        "material": name_of(row),
        "band_cm1": row["band_cm1"],
        "relative": row["rel_intensity_0_100"],
        "intensity_class": "strongest" if strength.startswith("primary") else strength,
        "laser_nm": row["laser_nm"],
        "source": row["source_id"],
        "locator": row["locator"],
        "reliability": row["reliability"],
        "form": row["salt_or_form"],
        "kind": row["kind"],
        "origin": row["row_id"],
        "note": "" if row["note"].startswith("intensity class") else row["note"],
    }


def missing(rows: list[Row]) -> list[Row]:
    """Return what is looked for and has no usable band, with the reason and who was read."""
    found = []
    for name, what, names, reason in WANTED:
        mine = [row for row in rows if row["substance"] in names]
        if not any(usable(row) for row in mine):
            read_in = "; ".join(sorted({row["source_id"] for row in mine}))
            found.append({"name": name, "what": what, "reason": reason, "sources": read_in})
    return found


def source(row: Row) -> Row:
    """Return one source, with the range it states for its spectra."""
    low, high = RANGES.get(row["source_id"], ("", ""))
    return {
        "source": row["source_id"],
        "title": row["title"],
        "where": row["where"],
        "version": row["date_or_version"],
        "licence": row["licence"],
        "range_from_cm1": low,
        "range_to_cm1": high,
    }


def build(tables: Path, out: Path) -> None:
    """Write ``materials.csv``, ``bands.csv``, ``sources.csv`` and ``missing.csv`` into `out`."""
    everything = read(tables / "bands.csv")
    write(out / "missing.csv", MISSING, missing(everything))
    rows = [row for row in everything if usable(row)]
    parents = {row["id"]: row for row in read(tables / "substances.csv")}
    salts = read(tables / "substance_salts.csv")
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(name_of(row), []).append(row)
    names = sorted(by_name, key=str.casefold)
    write(
        out / "materials.csv", MATERIALS, (material(n, by_name[n], parents, salts) for n in names)
    )
    rows.sort(key=lambda r: (name_of(r).casefold(), r["source_id"], r["locator"],
                             r["salt_or_form"], float(r["band_cm1"])))  # fmt: skip
    write(out / "bands.csv", BANDS, map(band, rows))
    used = {row["source_id"] for row in rows}
    kept = [row for row in read(tables / "sources.csv") if row["source_id"] in used]
    write(out / "sources.csv", SOURCES, map(source, kept))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: make_table.py SOURCE_FOLDER OUTPUT_FOLDER")
    build(Path(sys.argv[1]), Path(sys.argv[2]))
