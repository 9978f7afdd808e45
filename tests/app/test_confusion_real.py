"""Confusion sets of real libraries, and the verdicts and listings that come from them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from library.formats import read_file
from spectra_app.app import main
from spectra_app.services.engine import Engine, examine
from spectra_app.services.libraries import build_library, open_library
from spectra_app.services.library_facts import confusion_names
from spectra_app.services.policies import load_policy


@pytest.fixture(scope="module")
def ungrouped(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real references as if nobody had said which names are one substance."""
    folder = shared_data / "spectra" / "reference-785xs"
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as handle:
        rows = [
            {"file": str(folder / row["file"]), "name": row["name"], "laser_nm": row["laser_nm"]}
            for row in csv.DictReader(handle)
        ]
    made = tmp_path_factory.mktemp("ungrouped")
    with (made / "manifest.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, ["file", "name", "laser_nm"])
        writer.writeheader()
        writer.writerows(rows)
    build_library(made / "manifest.csv", made / "ungrouped.h5")
    return made / "ungrouped.h5"


def test_real_sets_are_found_and_different_substances_are_not(ungrouped: Path) -> None:
    """Two vegetable oils and two bottles of citric acid; not benzene and sodium sulfate."""
    with open_library(ungrouped) as library:
        sets = [set(names) for names in confusion_names(library, load_policy())]
    assert {"linseed oil", "sesame oil"} in sets
    assert {"citric acid", "citric acid anhydrate"} in sets
    for one, other in (
        ("benzene", "sodium sulfate"),
        ("citric acid", "citric acid monohydrate"),
        ("heptane", "mineral oil"),
    ):
        assert not [names for names in sets if {one, other} <= names]
    assert all(len(names) <= 3 for names in sets)
    assert len(sets) <= 5


def test_an_oil_that_is_not_in_the_library_is_never_told_from_its_likes(
    ungrouped: Path, shared_data: Path
) -> None:
    """A scan of sunflower oil fits both oils: the set is named or nothing, never one of them."""
    file = shared_data / "spectra" / "queries-785x" / "sunflower-oil.csv"
    _, result = read_file(file, column="raw-dark")
    oils = {"linseed oil", "sesame oil"}
    with open_library(ungrouped) as library:
        engine = Engine(library, load_policy())
        examined = examine(result.spectra[0].spectrum, engine)
        best, second = (item.row for item in examined.scored[:2])
        assert {library.record(row).name for row in (best, second)} == oils
        assert engine.look_alikes.alike(best, second)
        assert "candidates_close" not in examined.verdict.reasons
        assert {library.record(row).name for row in examined.verdict.named} in (oils, set())

        strict = replace(engine.policy.thresholds, rival=0.5)  # the stored sets no longer hold
        told_apart = Engine(library, replace(engine.policy, thresholds=strict))
        assert not told_apart.look_alikes.alike(best, second)


def test_the_command_line_tells_the_sets(ungrouped: Path, capsys) -> None:
    assert main(["library", "info", str(ungrouped)]) == 0
    text = capsys.readouterr().out
    assert "sets that Raman does not tell apart" in text
    assert "linseed oil / sesame oil" in text
    assert main(["library", "info", str(ungrouped), "--json"]) == 0
    assert ["linseed oil", "sesame oil"] in json.loads(capsys.readouterr().out)["indistinguishable"]
    assert main(["library", "list", str(ungrouped), "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = {record["name"]: record["indistinguishable"] for record in records}
    assert told["sesame oil"] == ["linseed oil"]
    assert told["benzene"] == []
    assert main(["library", "list", str(ungrouped)]) == 0
    assert "sesame oil (draft)  (not told from linseed oil)" in capsys.readouterr().out
