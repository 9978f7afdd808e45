"""What is kept of a fault of the program, and what a hard crash leaves: no names, no folders."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from spectra_app.services.faults import (
    FOLDER,
    MOST,
    crashes_left,
    fault_text,
    hard_crashes_kept,
    keep_fault,
)

WHEN = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
CRASH = """
import os, signal, sys
from pathlib import Path
from spectra_app.services.faults import hard_crashes_kept
with hard_crashes_kept(Path(sys.argv[1])):
    print("ready", flush=True)
    if sys.argv[2] == "wait":
        sys.stdin.read()
    if sys.argv[2] in ("end", "wait"):
        sys.exit(0)
    os.kill(os.getpid(), getattr(signal, sys.argv[2]))
"""


WORDS = ("Jane Doe, password hunter22222", "parcel RR473829103CN", "a note about Jane Doe")


def fault():
    first, second, note = WORDS
    try:
        try:
            raise KeyError(first)
        except KeyError as inner:
            raise ValueError(second) from inner
    except ValueError as outer:
        outer.add_note(note)
        return outer


def test_kinds_places_and_versions_are_kept_and_no_words_of_the_fault():
    text = fault_text(fault(), WHEN)
    assert "ValueError" in text
    assert "because of\nbuiltins.KeyError" in text
    assert "in fault" in text
    assert "PySide6_Essentials 6." in text
    assert [word for word in WORDS if word in text] == []
    assert str(sys.prefix) not in text


def test_a_fault_in_a_circle_ends():
    one, other = ValueError(), KeyError()
    one.__context__, other.__context__ = other, one
    assert fault_text(one, WHEN).count("ValueError") == 1


def test_kept_for_the_owner_alone_and_only_the_newest(tmp_path):
    paths = [keep_fault(fault(), tmp_path) for _ in range(MOST + 3)]
    left = sorted((tmp_path / FOLDER).iterdir())
    assert left == sorted(paths)[-MOST:]
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in left} == {0o600}


def test_a_disk_that_refuses_is_no_second_fault(tmp_path, capsys):
    (tmp_path / FOLDER).write_text("no folder")
    assert keep_fault(fault(), tmp_path) is None
    with hard_crashes_kept(tmp_path):
        pass
    assert "could not be kept" in capsys.readouterr().err


def crash(folder, how):
    return subprocess.run(
        [sys.executable, "-c", CRASH, str(folder), how], capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_a_hard_crash_is_found_once_and_names_no_folder_above_the_program(tmp_path):
    assert crash(tmp_path, "SIGSEGV").returncode == -signal.SIGSEGV
    (path,) = crashes_left(tmp_path)
    text = path.read_text()
    assert "Segmentation fault" in text
    assert "python CPython" in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert crashes_left(tmp_path) == ()
    assert [one.name for one in (tmp_path / FOLDER).iterdir()] == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("how", ["end", "SIGKILL"])
def test_an_orderly_end_and_a_power_cut_leave_nothing_to_show(tmp_path, how):
    crash(tmp_path, how)
    assert crashes_left(tmp_path) == ()
    assert not list((tmp_path / FOLDER).glob("*.txt"))


def test_a_program_that_still_runs_is_left_alone(tmp_path):
    command = [sys.executable, "-c", CRASH, str(tmp_path), "wait"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        (path,) = (tmp_path / FOLDER).glob("*.txt")
        with path.open("a") as file:
            file.write("Fatal Python error")
        assert crashes_left(tmp_path) == ()
        assert path.exists()
        process.stdin.close()
    assert not path.exists()
