"""Names, targets and libraries as the world has them: odd, occupied, altered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from library.entry import Entry, EntryRecord, entry_id
from library.errors import LibraryDamagedError
from library.seal import seal
from library.store import Library
from library.writing import write_library
from matching.spectrum import Acquisition, Spectrum
from spectra_app.services.control import control_status
from spectra_app.services.engine import Engine, examine
from spectra_app.services.identify import control_days
from spectra_app.services.policies import load_policy

unix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX file names and pipes")
AXIS = np.arange(300.0, 1900.0, 1.0)


def drawn(places, seed=0, axis=AXIS):
    rng = np.random.default_rng(seed)
    y = 100.0 + rng.normal(0, 1.0, axis.size)
    for number, place in enumerate(places):
        y += (900.0 - 60.0 * number) * np.exp(-0.5 * ((axis - place) / 5.0) ** 2)
    return y


def entry(name, places, *, axis=AXIS, seed=1, **fields):
    spectrum = Spectrum(axis, drawn(places, seed, axis), 785.0)
    record = EntryRecord(
        entry=entry_id(name, spectrum),
        name=name,
        laser_nm=785.0,
        content_sha256=spectrum.content_hash,
        **fields,
    )
    return Entry(record, spectrum)


ONE = (420.0, 560.0, 700.0, 880.0, 1003.0, 1200.0, 1450.0, 1600.0)
TWO = (380.0, 640.0, 760.0, 930.0, 1100.0, 1290.0, 1390.0, 1700.0)
OTHERS = [(350.0 + 13 * i, 500.0 + 29 * i, 800.0 + 31 * i, 1300.0 + 17 * i) for i in range(8)]


def engine_of(tmp_path, *entries):
    path = tmp_path / "lib.h5"
    more = [entry(f"other {i}", places) for i, places in enumerate(OTHERS)]
    write_library(path, [*entries, *more], name="Test")
    return Engine(Library(path), load_policy())


def names(engine, examined):
    return [engine.library.record(row).name for row in examined.verdict.named]


# --- Verdicts -----------------------------------------------------------------------------------


def test_bands_where_the_reference_was_not_measured_bar_its_name(tmp_path):
    short = np.arange(300.0, 1100.0, 1.0)
    engine = engine_of(tmp_path, entry("short", ONE[:5], axis=short))
    scan = Spectrum(AXIS, drawn((*ONE[:5], 1250.0, 1400.0, 1550.0), 5), 785.0)
    verdict = examine(scan, engine).verdict
    assert verdict.named == ()
    assert "bands_uncovered" in verdict.reasons
    clean = Spectrum(AXIS, drawn(ONE[:5], 5), 785.0)
    assert names(engine, examine(clean, engine)) == ["short"]


def test_a_name_that_the_second_baseline_does_not_confirm_is_not_given(tmp_path):
    engine = engine_of(tmp_path, entry("one", ONE))
    scan = Spectrum(AXIS, drawn(ONE, 3), 785.0)
    assert names(engine, examine(scan, engine)) == ["one"]
    limits = replace(engine.policy.thresholds, second_slack=-1e3)  # nothing has such evidence
    stricter = replace(engine, policy=replace(engine.policy, thresholds=limits))
    verdict = examine(scan, stricter).verdict
    assert (verdict.outcome, verdict.reasons) == ("inconclusive", ("baseline_sensitive",))
    assert verdict.named == ()


def test_many_entries_of_one_substance_do_not_hide_its_look_alike(tmp_path):
    repeated = [entry("one", ONE, seed=seed) for seed in range(20, 35)]
    engine = engine_of(tmp_path, *repeated, entry("twin", ONE, seed=40))
    verdict = examine(Spectrum(AXIS, drawn(ONE, 3), 785.0), engine).verdict
    assert verdict.outcome == "match"
    assert {engine.library.record(row).name for row in verdict.sets[0]} == {"one", "twin"}


def test_a_component_of_a_mixture_is_named_with_its_look_alike(tmp_path):
    engine = engine_of(tmp_path, entry("one", ONE), entry("twin", ONE, seed=40), entry("two", TWO))
    scan = Spectrum(AXIS, 0.6 * drawn(ONE, 3) + 0.4 * drawn(TWO, 4), 785.0)
    verdict = examine(scan, engine).verdict
    assert verdict.outcome == "mixture"
    assert "indistinguishable" in verdict.reasons
    (rows,) = verdict.sets
    assert {engine.library.record(row).name for row in rows} == {"one", "twin"}


def test_an_emulated_reference_names_no_real_scan(tmp_path):
    engine = engine_of(tmp_path, entry("one", ONE, kind="emulated"))
    real = Spectrum(AXIS, drawn(ONE, 3), 785.0)
    emulated = Spectrum(AXIS, drawn(ONE, 3), 785.0, acquisition=Acquisition(emulated=True))
    assert examine(real, engine).verdict.named == ()
    assert names(engine, examine(emulated, engine)) == ["one"]


def test_nothing_is_compared_across_a_gap(tmp_path):
    engine = engine_of(tmp_path, entry("one", ONE))
    kept = (AXIS < 500) | (AXIS > 700)
    scan = Spectrum(AXIS[kept], drawn(ONE, 3)[kept], 785.0)
    examined = examine(scan, engine)
    assert examined.quality.range_cm1[0] > 700


@pytest.mark.parametrize("what", ["spectra/intensity", "search/rows"])
def test_a_forged_and_resealed_library_names_nothing(tmp_path, what):
    import h5py

    engine = engine_of(tmp_path, entry("one", ONE), entry("two", TWO))
    engine.library.close()
    with h5py.File(engine.library.path, "r+") as file:
        data = file[what][...]
        if what == "search/rows":
            data[[0, 1]] = data[[1, 0]]
        else:
            data[: AXIS.size] = drawn(TWO, 9)
        file[what][...] = data
    seal(engine.library.path)
    forged = Engine(Library(engine.library.path), engine.policy)
    for _ in range(2):  # what was found damaged stays damaged
        with pytest.raises(LibraryDamagedError):
            examine(Spectrum(AXIS, drawn(ONE, 3), 785.0), forged)


def test_an_entry_is_checked_when_first_named_and_by_every_engine(tmp_path):
    engine = engine_of(tmp_path, entry("one", ONE), entry("two", TWO))
    scan = Spectrum(AXIS, drawn(ONE, 3), 785.0)
    assert engine.sound == set()
    assert names(engine, examine(scan, engine)) == ["one"]
    assert engine.sound == {0}
    assert names(engine, examine(scan, engine)) == ["one"]
    assert Engine(engine.library, engine.policy).sound == set()


# --- Names and targets --------------------------------------------------------------------------


@unix
def test_a_name_that_is_no_utf8_costs_neither_batch_nor_verdict(
    spectra, small_library, scan_text, tmp_path
):
    folder = tmp_path / "scans"
    folder.mkdir()
    odd = os.fsencode(folder) + b"/caf\xe9.csv"
    with open(odd, "w", encoding="utf-8") as file:  # noqa: PTH123  a path in bytes
        file.write(scan_text("caffeine"))
    (folder / "urea.csv").write_text(scan_text("urea"), encoding="utf-8")
    out = tmp_path / "out.jsonl"
    code, _, err = spectra("batch", folder, "--library", small_library, "--out", out)
    assert (code, err) == (0, "")
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [r["outcome"] for r in records] == ["match", "match"]
    assert records[0]["file"].endswith("caf\\xe9.csv")
    code, _, _ = spectra("library", "build", folder, "--out", tmp_path / "odd.h5")
    assert code == 0


def test_output_in_another_encoding_keeps_the_verdict(small_library, scan_text, tmp_path):
    path = tmp_path / "Käse-µ.csv"
    path.write_text(scan_text("caffeine"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "spectra_app.app", "identify", path, "--library", small_library],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"caffeine" in done.stdout


@unix
def test_a_file_name_cannot_forge_a_verdict_line(spectra, small_library, scan_text, tmp_path):
    path = tmp_path / "x\n  BENIGN: nothing\x1b[2J.csv"
    path.write_text(scan_text("caffeine"), encoding="utf-8")
    code, out, _ = spectra("identify", path, "--library", small_library)
    assert code == 0
    assert "\n  BENIGN" not in out
    assert "\x1b" not in out


def test_a_build_never_replaces_a_scan(spectra, scan_text, tmp_path):
    path = tmp_path / "caffeine.csv"
    path.write_text(scan_text("caffeine"), encoding="utf-8")
    before = path.read_bytes()
    code, _, err = spectra("library", "build", tmp_path, "--out", path)
    assert code == 3
    assert "not a library" in err
    assert path.read_bytes() == before


@unix
@pytest.mark.parametrize("where", ["library", "manifest"])
def test_a_pipe_is_refused_instead_of_waited_for(spectra, scan_text, tmp_path, where):
    pipe, scan = tmp_path / "pipe", tmp_path / "scan.csv"
    os.mkfifo(pipe)
    scan.write_text(scan_text("caffeine"), encoding="utf-8")
    command = {
        "library": ("identify", scan, "--library", pipe),
        "manifest": ("library", "build", pipe, "--out", tmp_path / "x.h5"),
    }[where]
    code, _, err = spectra(*command)
    assert code == 3
    assert "device" in err


def test_two_batches_on_one_file_do_not_mix(small_library, scan_text, tmp_path, spectra_home):
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(6):
        text = scan_text("caffeine", seed=number)
        (folder / f"{number}.csv").write_text(text, encoding="utf-8")
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "spectra_app.app", "batch", folder, "--out", out]
    command += ["--library", small_library]
    environment = {**os.environ, "SPECTRA_HOME": str(spectra_home)}
    running = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    files = [json.loads(line)["file"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert files == [str(folder / f"{number}.csv") for number in range(6)]


def test_an_evaluation_without_a_readable_query_fails(spectra, small_library, tmp_path):
    manifest = tmp_path / "queries.csv"
    manifest.write_text("file,name\nabsent.csv,caffeine\n", encoding="utf-8")
    code, _, err = spectra("evaluate", "--library", small_library, "--queries", manifest)
    assert code == 3
    assert "absent.csv" in err


# --- The date of the control status -------------------------------------------------------------


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ("2026-11-21 09:31:00.186764", ["2026-11-21"]),
        ("2019-03-04 19_36_49", ["2019-03-04", "2026-11-21"]),
        ("1970-01-01T00:00:00", ["1970-01-01", "2026-11-21"]),
        (None, ["2026-11-21"]),
        ("20.02.2025", ["2026-11-21"]),
        ("2099-01-01", ["2026-11-21"]),
    ],
)
def test_the_control_status_is_asked_for_the_day_of_the_scan_and_of_the_examination(
    measured, expected
):
    days = control_days(measured, "2026-11-21T10:00:00.000Z")
    assert [day.isoformat() for day in days] == expected


def test_a_substance_scanned_before_its_listing_is_told_by_the_lists_of_that_day():
    record = EntryRecord(entry="x", name="4-piperidone")
    before, _ = control_status(record, date(2020, 1, 1))
    after, _ = control_status(record, date(2026, 1, 1))
    assert len(before) < len(after)


def test_a_clock_of_1970_hides_no_listing(spectra, small_library, scan_text, tmp_path):
    """The lists are asked for the day of the examination too, both are told, the graver counts."""
    path = tmp_path / "acetone.csv"
    text = scan_text("acetone").replace("Pixel Count", "Timestamp,1970-01-01 00:00:12\nPixel Count")
    path.write_text(text, encoding="utf-8")
    code, out, _ = spectra("identify", path, "--library", small_library, "--json")
    found = json.loads(out)
    (part,) = found["components"]
    assert (code, found["control_on"], found["alarm"]) == (0, "1970-01-01", "precursor")
    assert found["control_also"] > "2026-01-01"
    lists = [{one["instrument"] for one in part[day]} for day in ("control", "control_also")]
    assert "UN 1988" in lists[1] - lists[0]
    told = spectra("identify", path, "--library", small_library)[1]
    assert "Control status of acetone on 1970-01-01: EU " in told
    assert f"Control status of acetone on {found['control_also']}: UN 1988" in told
    assert "the alarm level is that of the graver answer" in told


def test_a_report_tells_both_days_and_a_clock_that_cannot_be_right(samples, full_facts):
    from spectra_app.reports.builder import build_report

    record = samples.match().record
    part = record.components[0]
    unlisted = replace(part, control=(), control_also=part.control)
    two = replace(
        record, components=(unlisted,), control_on="1970-01-01", control_also="2026-11-22"
    )
    document = build_report(two, None, full_facts).to_json()
    said = json.dumps(document["document"], ensure_ascii=False)
    assert "on 1970-01-01: no listing found" in said
    assert "on 2026-11-22: 1971 Convention, Schedule II" in said
    assert "cannot be right" in said
    one = build_report(record, None, full_facts).to_json()
    assert "control_also" not in one["record"]
    assert "control_also" not in one["record"]["components"][0]
