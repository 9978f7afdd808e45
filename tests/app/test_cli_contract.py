"""The command line other programs call: exit codes, JSON lines, errors in one sentence."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from library.seal import seal
from spectra_app.cli.terminal import below_the_bar, progress_bar

KEYS = {
    "file": str,
    "spectrum": (str, type(None)),
    "outcome": str,
    "reasons": list,
    "advice": list,
    "components": list,
    "indistinguishable": list,
    "candidates": list,
    "family": (str, type(None)),
    "alarm": str,
    "quality": (dict, type(None)),
    "cannot_exclude": list,
    "method": dict,
    "library": dict,
    "timing_ms": dict,
}
OUTCOMES = {
    "match",
    "mixture",
    "lead",
    "class_only",
    "container_only",
    "inconclusive",
    "not_in_library",
    "refused",
}
ALARMS = {"controlled", "precursor", "hazard", "container", "benign", "unknown"}


@contextmanager
def edited(path):
    """Open a library file for writing and seal it again: what a careful forger would do."""
    with h5py.File(path, "r+") as file:
        yield file
    seal(Path(path))


def check_record(record):
    """Check one printed object against the contract."""
    for key, kind in KEYS.items():
        assert isinstance(record[key], kind), key
    assert record["outcome"] in OUTCOMES
    assert record["alarm"] in ALARMS
    assert {"pipeline", "policy", "metric", "version"} <= set(record["method"])
    assert {"name", "version", "sha256"} <= set(record["library"])
    for rank, candidate in enumerate(record["candidates"], start=1):
        names = {"rank", "name", "entry", "score", "explains", "missing", "shift_cm1"}
        assert names <= set(candidate)
        assert candidate["rank"] == rank
        assert 0.0 <= candidate["score"] <= 1.0
    for component in record["components"]:
        names = {"name", "entry", "signal_share", "signal_share_interval", "match_rate", "kind"}
        assert names | {"role", "control"} <= set(component)
    for hazard in record["cannot_exclude"]:
        assert {"entry", "name", "smallest_share", "reason"} <= set(hazard)
        assert (hazard["smallest_share"] is None) == bool(hazard["reason"])
    if record["outcome"] != "refused":
        names = {"snr", "saturated", "fluorescence_ratio", "range_cm1", "flags"}
        assert names <= set(record["quality"])
        times = {"read", "preprocess", "search", "mixture", "total"}
        assert times <= set(record["timing_ms"])
    return record


def records(out):
    """Every line of standard output is one JSON object."""
    return [check_record(json.loads(line)) for line in out.splitlines()]


def one_sentence(err):
    """Return the message on standard error: one line, no traceback."""
    assert err.startswith("spectra: ")
    assert err.count("\n") == 1, err
    assert err.endswith("\n")
    assert "Traceback" not in err
    return err


@pytest.fixture
def scan(tmp_path, scan_text):
    """Return a function that writes a scan and returns its path."""

    def write(name="caffeine", file=None, **options):
        path = tmp_path / (file or f"{name}.csv")
        path.write_text(scan_text(name, **options), encoding="utf-8")
        return path

    return write


# --- identify ----------------------------------------------------------------------------------


def test_a_scan_is_named_and_exit_is_nought(spectra, scan, small_library):
    code, out, err = spectra("identify", scan(), "--library", small_library, "--json")
    (record,) = records(out)
    assert (code, err) == (0, "")
    assert record["outcome"] == "match"
    assert [component["name"] for component in record["components"]] == ["caffeine"]
    assert record["components"][0]["kind"] == "measured"
    assert record["spectrum"] is None


def test_text_output_says_presumptive_before_any_name(spectra, scan, small_library):
    code, out, err = spectra("identify", scan(), "--library", small_library)
    assert (code, err) == (0, "")
    body = out.split("\n", 1)[1]  # the first line is the file as the user gave it
    assert body.index("PRESUMPTIVE") < body.index("caffeine")
    assert "This scan could not have seen: Not known, because" in out
    assert not {"clear", "safe"} & set(out.lower().replace(".", " ").split())


def test_several_files_give_one_line_each_in_order(spectra, scan, small_library):
    names = ["urea", "caffeine", "lactose"]
    paths = [scan(name) for name in names]
    code, out, _ = spectra("identify", *paths, "--library", small_library, "--json")
    found = records(out)
    assert code == 0
    assert [record["file"] for record in found] == [str(path) for path in paths]
    assert [record["components"][0]["name"] for record in found] == names


BAD_FILES = {
    "empty": b"",
    "not numbers": b"To whom it may concern:\nplease find enclosed\n",
    "binary": bytes(range(256)) * 20,
    "cut off": b"ENLIGHTEN Version,4.1.22\nPixel Count,1952\n\nWavenumber,Processed\n300,1\n",
    "flat": b"".join(b"%d;7.0\n" % x for x in range(300, 1800)),
    "axis of pixels": b"".join(b"%d;%d\n" % (x, x * x % 97) for x in range(30)),
}


@pytest.mark.parametrize("data", BAD_FILES.values(), ids=list(BAD_FILES))
def test_a_refused_file_is_told_and_the_others_are_still_done(
    spectra, scan, small_library, tmp_path, data
):
    bad = tmp_path / "bad.csv"
    bad.write_bytes(data)
    code, out, _ = spectra("identify", bad, scan(), "--library", small_library, "--json")
    first, second = records(out)
    assert code == 3
    assert (first["outcome"], second["outcome"]) == ("refused", "match")
    assert first["components"] == []
    assert first["candidates"] == []
    assert str(bad) in first["error"]
    assert ";" in first["error"]  # what was wrong; what to do


def test_a_missing_file_is_refused_by_name(spectra, small_library, tmp_path):
    code, out, _ = spectra("identify", tmp_path / "no.csv", "--library", small_library, "--json")
    (record,) = records(out)
    assert (code, record["outcome"]) == (3, "refused")
    assert "no.csv" in record["error"]


def test_a_folder_is_refused_as_a_scan(spectra, small_library, tmp_path):
    code, out, _ = spectra("identify", tmp_path, "--library", small_library, "--json")
    assert (code, records(out)[0]["outcome"]) == (3, "refused")


def test_a_column_that_is_not_there_is_refused_never_replaced(spectra, scan, small_library):
    path = scan(columns=("Wavenumber", "Processed"))
    for column in ("raw", "raw-dark"):
        arguments = ("--library", small_library, "--json", "--column", column)
        code, out, _ = spectra("identify", path, *arguments)
        (record,) = records(out)
        assert code == 3
        assert record["outcome"] == "refused"
        assert record["reasons"] == ["column_missing"]


def test_raw_less_dark_is_what_was_asked_for(spectra, scan, small_library):
    arguments = ("--library", small_library, "--json", "--column")
    found = {}
    for column in ("processed", "raw", "raw-dark"):
        code, out, _ = spectra("identify", scan(), *arguments, column)
        assert code == 0
        found[column] = records(out)[0]
    assert {record["outcome"] for record in found.values()} == {"match"}
    processed, subtracted = (found[c]["candidates"] for c in ("processed", "raw-dark"))
    assert [c["score"] for c in processed] == [c["score"] for c in subtracted]


def test_top_limits_what_is_listed(spectra, scan, small_library):
    for top in (1, 2, 5):
        arguments = ("--library", small_library, "--json", "--top", top)
        _, out, _ = spectra("identify", scan(), *arguments)
        assert len(records(out)[0]["candidates"]) == top


def test_every_spectrum_of_a_session_is_identified(spectra, session_text, small_library, tmp_path):
    path = tmp_path / "session.csv"
    path.write_text(session_text(["urea", "caffeine", "urea"]), encoding="utf-8")
    code, out, _ = spectra("identify", path, "--library", small_library, "--json")
    found = records(out)
    assert code == 0
    assert [record["spectrum"] for record in found] == ["urea#1", "caffeine", "urea#2"]
    assert [record["components"][0]["name"] for record in found] == ["urea", "caffeine", "urea"]


@pytest.mark.parametrize("name", ["caffeine", "urea#2", "urea#1"])
def test_one_spectrum_of_a_session_can_be_chosen(
    spectra, session_text, small_library, tmp_path, name
):
    path = tmp_path / "session.csv"
    path.write_text(session_text(["urea", "caffeine", "urea"]), encoding="utf-8")
    arguments = ("--library", small_library, "--json", "--spectrum", name)
    code, out, _ = spectra("identify", path, *arguments)
    (record,) = records(out)
    assert code == 0
    assert record["spectrum"] == name


@pytest.mark.parametrize("name", ["cocaine", "urea#3", "urea#0", "caffeine#2", "urea#x"])
def test_a_spectrum_that_is_not_there_is_refused(
    spectra, session_text, small_library, tmp_path, name
):
    path = tmp_path / "session.csv"
    path.write_text(session_text(["urea", "caffeine", "urea"]), encoding="utf-8")
    arguments = ("--library", small_library, "--json", "--spectrum", name)
    code, out, _ = spectra("identify", path, *arguments)
    (record,) = records(out)
    assert code == 3
    assert record["reasons"] == ["spectrum_missing"]


def test_the_same_scan_gives_the_same_record(spectra, scan, small_library):
    path, seen = scan(), []
    for _ in range(2):
        _, out, _ = spectra("identify", path, "--library", small_library, "--json")
        record = records(out)[0]
        del record["timing_ms"]
        seen.append(record)
    assert seen[0] == seen[1]


# --- Report ------------------------------------------------------------------------------------


def test_a_report_is_written_without_a_display(scan, small_library, tmp_path):
    report = tmp_path / "report.pdf"
    environment = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    del environment["QT_QPA_PLATFORM"]
    arguments = ["identify", scan(), "--library", small_library, "--report", report]
    child = subprocess.run(
        [sys.executable, "-m", "spectra_app.app", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert child.returncode == 0, child.stderr
    assert child.stderr == ""
    assert report.read_bytes().startswith(b"%PDF-")


def test_a_report_of_several_scans_is_refused(spectra, scan, small_library, tmp_path):
    report = tmp_path / "report.pdf"
    arguments = ("--library", small_library, "--json", "--report", report)
    code, out, err = spectra("identify", scan("urea"), scan("caffeine"), *arguments)
    assert len(records(out)) == 2  # what was found is not lost
    assert code == 3
    assert "one scan" in one_sentence(err)
    assert not report.exists()


def test_a_report_that_cannot_be_written_is_told(spectra, scan, small_library, tmp_path):
    report = tmp_path / "absent" / "report.pdf"
    arguments = ("--library", small_library, "--json", "--report", report)
    code, out, err = spectra("identify", scan(), *arguments)
    assert code == 3
    assert str(report) in one_sentence(err)
    assert len(records(out)) == 1


# --- Errors and exit codes ---------------------------------------------------------------------

BAD_ARGUMENTS = {
    "unknown command": ["guess"],
    "no file": ["identify"],
    "unknown option": ["identify", "a.csv", "--sure"],
    "unknown column": ["identify", "a.csv", "--column", "best"],
    "top of nought": ["identify", "a.csv", "--top", "0"],
    "top in words": ["identify", "a.csv", "--top", "many"],
    "batch without out": ["batch", "folder"],
    "evaluate with a negative seed": [
        *("evaluate", "--library", "lib.h5", "--queries", "q.csv", "--seed", "-1")
    ],
    "demo with a negative seed": ["demo", "--seed", "-1"],
    "evaluate without queries": ["evaluate", "--library", "lib.h5"],
    "library without action": ["library"],
    "build without out": ["library", "build", "manifest.csv"],
}


@pytest.mark.parametrize("arguments", BAD_ARGUMENTS.values(), ids=list(BAD_ARGUMENTS))
def test_bad_arguments_give_two(spectra, arguments):
    code, out, err = spectra(*arguments)
    assert (code, out) == (2, "")
    assert "usage: spectra" in err


COMMANDS = [
    [],
    ["window"],
    ["demo"],
    ["identify"],
    ["batch"],
    ["evaluate"],
    ["library"],
    ["library", "build"],
    ["library", "info"],
    ["library", "list"],
    ["library", "verify"],
    ["devices"],
    ["devices", "list"],
    ["devices", "info"],
    ["devices", "check"],
    ["devices", "watch"],
    ["devices", "scan"],
    ["devices", "emulate"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(spectra, command):
    code, out, err = spectra(*command, "--help")
    assert (code, err) == (0, "")
    assert "exit code" in out


def test_a_missing_library_is_told_in_one_sentence(spectra, scan, tmp_path):
    code, out, err = spectra("identify", scan(), "--library", tmp_path / "no.h5", "--json")
    assert (code, out) == (3, "")
    told = one_sentence(err)
    assert "no.h5" in told
    assert "check the path" in told


def test_a_file_that_is_no_library_is_told_in_one_sentence(spectra, scan):
    path = scan()
    code, out, err = spectra("identify", path, "--library", path)
    assert (code, out) == (3, "")
    assert path.name in one_sentence(err)


def test_a_library_of_another_clean_up_is_refused(spectra, scan, small_library, tmp_path):
    other = shutil.copy(small_library, tmp_path / "other.h5")
    with edited(other) as file:
        file.attrs["pipeline"] = "0" * 64
    code, out, err = spectra("identify", scan(), "--library", other)
    assert (code, out) == (3, "")
    assert "another clean-up" in one_sentence(err)
    assert "other.h5" in err


def test_a_library_of_a_newer_program_is_refused(spectra, scan, small_library, tmp_path):
    newer = shutil.copy(small_library, tmp_path / "newer.h5")
    with edited(newer) as file:
        file.attrs["schema"] = 99
    code, _, err = spectra("identify", scan(), "--library", newer)
    assert code == 3
    assert "newer Spectra" in one_sentence(err)


# --- library -----------------------------------------------------------------------------------


def test_library_info_and_list_tell_the_same(spectra, small_library):
    code, out, err = spectra("library", "info", small_library, "--json")
    assert (code, err) == (0, "")
    info = json.loads(out)
    code, out, _ = spectra("library", "list", small_library, "--json")
    listed = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert info["entries"] == len(listed) == 6
    assert info["kinds"] == {"measured": 6}
    assert len({record["entry"] for record in listed}) == 6
    for action in ("info", "list"):
        code, out, _ = spectra("library", action, small_library)
        assert code == 0
        assert out.count("\n") >= 2


def test_a_sound_library_verifies_and_a_damaged_one_gives_four(spectra, small_library, tmp_path):
    assert spectra("library", "verify", small_library)[0] == 0
    damaged = shutil.copy(small_library, tmp_path / "damaged.h5")
    with edited(damaged) as file:
        file["spectra/intensity"][777] += 0.5
    code, out, err = spectra("library", "verify", damaged)
    assert (code, out) == (4, "")
    assert "damaged.h5" in one_sentence(err)


def test_a_changed_search_matrix_does_not_verify(spectra, small_library, tmp_path):
    damaged = shutil.copy(small_library, tmp_path / "damaged.h5")
    with edited(damaged) as file:
        file["search/rows"][1] = np.roll(file["search/rows"][1], 30)
    assert spectra("library", "verify", damaged)[0] == 4


def test_words_begin_a_line_below_a_bar_that_was_not_finished(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    show = progress_bar("scan")
    assert below_the_bar() == ""
    show(0.5, "exposing")
    assert [below_the_bar(), below_the_bar()] == ["\n", ""]
    show(1.0, "done")
    assert below_the_bar() == ""


def test_progress_bars_do_not_reach_a_pipe(spectra, small_library, tmp_path):
    folder = small_library.parent
    code, out, err = spectra("library", "build", folder, "--out", tmp_path / "new.h5")
    assert (code, err) == (0, "")
    assert "6 measured" in out


def test_a_reader_that_goes_away_is_no_error(small_library):
    command = [sys.executable, "-m", "spectra_app.app", "library", "list", str(small_library)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.close()
    told = child.stderr.read()
    child.stderr.close()
    assert child.wait(60) == 0
    assert told == b""


def test_hidden_signs_in_a_name_do_not_reach_the_terminal(spectra, tmp_path, scan_text):
    name = "urea\x1b[2K\u202eeniacoc"
    (tmp_path / "one.csv").write_text(scan_text("urea"), encoding="utf-8")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(f"file,name\none.csv,{name}\n", encoding="utf-8")
    library = tmp_path / "lib.h5"
    assert spectra("library", "build", manifest, "--out", library)[0] == 0
    code, out, _ = spectra("library", "list", library)
    assert code == 0
    assert "urea\\u001b[2K\\u202eeniacoc" in out
    _, out, _ = spectra("library", "list", library, "--json")
    assert json.loads(out)["name"] == name
    assert "\x1b" not in out


def test_devices_are_listed(spectra):
    code, out, err = spectra("devices", "list", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert {"wasatch-785-xs", "ocean-qepro", "bwtek-btc110"} <= {
        row["family"] for row in told["families"]
    }
    assert any(note["code"] == "type_a_path" for note in told["notes"])


def test_an_unknown_analyser_or_sample_is_told_in_one_sentence(spectra, small_library):
    for arguments in (["nothing"], ["emulated-785", "--sample", "moon rock"]):
        code, out, err = spectra("devices", "scan", *arguments, "--library", small_library)
        assert (code, out) == (3, "")
        one_sentence(err)


def test_the_version_is_told(spectra):
    code, out, _ = spectra("--version")
    assert code == 0
    assert out.startswith("spectra ")
