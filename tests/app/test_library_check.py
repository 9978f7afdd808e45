"""`spectra library check`: a sound library is left in peace, planted faults are found."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from library.formats import read_file
from spectra_app.app import main
from spectra_app.services.libraries import build_library
from spectra_app.services.library_check import CheckReport, check_library, report_lines

Row = tuple[Path, str, str]


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> list[Row]:
    """File, name and group of the real references."""
    folder = shared_data / "spectra" / "reference-785xs"
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as handle:
        return [(folder / r["file"], r["name"], r["group"]) for r in csv.DictReader(handle)]


@pytest.fixture
def checked(tmp_path: Path) -> Callable[[Sequence[Row]], CheckReport]:
    """Build a library of the rows and check it."""

    def check(rows: Sequence[Row]) -> CheckReport:
        manifest = tmp_path / "manifest.csv"
        with manifest.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(("file", "name", "group", "laser_nm"))
            writer.writerows((str(file), name, group, "785") for file, name, group in rows)
        build_library(manifest, tmp_path / "lib.h5")
        return check_library(tmp_path / "lib.h5")

    return check


def test_the_real_references_give_hardly_an_alarm(rows, checked) -> None:
    report = checked(rows)
    assert len(report.records) == 79
    assert len(report.alarms) <= 2
    assert report.remarks, "what is really there is told: one substance under two names"


def test_a_renamed_copy_is_told_with_both_names(rows, checked, tmp_path) -> None:
    source = next(file for file, name, _ in rows if name == "caffeine")
    spectrum = read_file(source)[1].spectra[0].spectrum
    noise = np.random.default_rng(7).normal(size=spectrum.intensity.size)
    copy = 3.0 * (spectrum.intensity + 0.002 * np.ptp(spectrum.intensity) * noise)
    planted = tmp_path / "planted.csv"
    lines = (f"{x:.4f},{y:.4f}" for x, y in zip(spectrum.raman_shift_cm1, copy, strict=True))
    planted.write_text("Raman shift (cm-1),Intensity\n" + "\n".join(lines), encoding="utf-8")
    report = checked([*rows, (planted, "sodium acetate", "sodium acetate")])
    told = [{report.records[row].name for row in finding.rows} for finding in report.alarms]
    assert {"caffeine", "sodium acetate"} in told
    assert "sodium acetate" in "\n".join(report_lines(report))


def test_a_mirrored_axis_is_told(rows, checked, tmp_path) -> None:
    source = next(file for file, name, _ in rows if name == "caffeine")
    spectrum = read_file(source)[1].spectra[0].spectrum
    planted = tmp_path / "planted.csv"
    turned = zip(spectrum.raman_shift_cm1, spectrum.intensity[::-1], strict=True)
    text = "\n".join(f"{x:.4f},{y:.4f}" for x, y in turned)
    planted.write_text("Raman shift (cm-1),Intensity\n" + text, encoding="utf-8")
    others = [row for row in rows if row[1] != "caffeine"]
    report = checked([*others, (planted, "caffeine", "caffeine")])
    told = [{report.records[row].name for row in finding.rows} for finding in report.alarms]
    assert any("caffeine" in names for names in told)


def test_json_names_entries_cause_and_remedy(rows, checked, tmp_path, capsys) -> None:
    checked(rows)
    assert main(["library", "check", str(tmp_path / "lib.h5"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["notes"]
    for one in (*found["findings"], *found["notes"]):
        assert one["likely_cause"]
        assert one["what_to_do"]
        assert all(entry["name"] for entry in one["entries"])
