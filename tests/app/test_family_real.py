"""Families on real spectra: chemical classes of the reference set, scans of another instrument."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from library.formats import read_file
from spectra_app.app import main
from spectra_app.services.engine import Engine, examine
from spectra_app.services.libraries import build_library, open_library
from spectra_app.services.library_facts import described, description_text
from spectra_app.services.policies import load_policy

# Chemical classes of the reference set: the first shares bands, the second is of one ring system
# but many patterns, the third has too few members here.
CLASSES = {
    "long alkyl chains": (
        "1-butanol|1-pentanol|1-hexanol|1-octen-3-ol|heptane|mineral oil|coconate ester|"
        "coconut oil|linseed oil|sesame oil|polyethylene"
    ),
    "aromatic compounds": (
        "benzene|toluene|benzyl alcohol|polystyrene|acetaminophen|methyl paraben|ibuprofen|"
        "ketoprofen|metamizol mg|pet|4-acetylpyridine"
    ),
    "sugars": "fructose|glucose|lactose|sucrose",
}
LEFT_OUT = "coconut oil"


@pytest.fixture(scope="module")
def library(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real references with families, without one of the members."""
    folder = shared_data / "spectra" / "reference-785xs"
    family = {name: title for title, names in CLASSES.items() for name in names.split("|")}
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["name"] != LEFT_OUT]
    made = tmp_path_factory.mktemp("families")
    with (made / "manifest.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, [*rows[0], "family"])
        writer.writeheader()
        for row in rows:
            file, title = str(folder / row["file"]), family.get(row["name"], "")
            writer.writerow({**row, "file": file, "family": title})
    build_library(made / "manifest.csv", made / "families.h5")
    return made / "families.h5"


def test_only_the_class_whose_members_share_bands_is_switched_on(library: Path) -> None:
    policy = load_policy()
    with open_library(library) as opened:
        facts = described(opened, policy)
    rows = {row["family"]: row for row in facts["families"]}
    chains, rings, sugars = (rows[name] for name in CLASSES)
    assert chains["on"]
    assert chains["false"] == 0
    # C-C stretch, CH2 twist and CH2 scissors of alkyl chains, as every textbook has them
    for place in (1065, 1300, 1445):
        assert min(abs(place - band) for band in chains["bands_cm1"]) <= 8
    assert (rings["on"], rings["reason"]) == (False, "members_missed")
    assert (sugars["on"], sugars["members"]) == (False, 4)
    text = description_text(facts, policy)
    assert "family long alkyl chains: on" in text
    assert "family sugars: off, measured members: 4, needed: 8" in text


def test_a_member_that_is_not_in_the_library_is_told_by_its_family(
    library: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = shared_data / "spectra" / "queries-785x" / "coconut-oil.csv"
    options = ["--library", str(library), "--column", "raw-dark"]
    assert main(["identify", str(file), *options, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["outcome"] == "class_only"
    assert record["family"] == "long alkyl chains"
    assert record["components"] == []
    assert record["alarm"] == "hazard"
    assert record["reasons"][0] == "family_pattern"
    assert "handle_as_hazardous" in record["advice"]
    assert main(["identify", str(file), *options]) == 0
    text = capsys.readouterr().out
    assert "long alkyl chains" in text
    assert "share" in text


def test_scans_of_what_is_not_of_the_family_keep_their_verdict(
    library: Path, shared_data: Path
) -> None:
    with open_library(library) as opened:
        engine = Engine(opened, load_policy())
        for name in ("acetonitrile", "urea", "sodium-sulfate", "caffeine"):
            scan = shared_data / "spectra" / "queries-785x" / f"{name}.csv"
            _, result = read_file(scan, column="raw-dark")
            own = [opened.record(row).name for row in range(len(opened))]
            without = [title == name.replace("-", " ") for title in own]
            assert any(without)
            verdict = examine(result.spectra[0].spectrum, engine, without=np.array(without)).verdict
            assert verdict.outcome in {"not_in_library", "inconclusive"}
            assert verdict.families == ()
