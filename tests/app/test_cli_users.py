"""``spectra users``: passwords from files, one log-in per command, none of it on the screen."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys

import pytest

import resources
from spectra_app.records import passwords
from spectra_app.records.ledger.verify import verify
from spectra_app.services.office import is_begun, open_office

WORDS = "seven green herons wade"
OTHER = "nine slow otters yawning"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(passwords, "RFC_9106", passwords.Cost(1, 8, 1))


@pytest.fixture
def words(tmp_path):
    """Return a builder of files with a password in the first line."""

    def build(text):
        path = tmp_path / f"{abs(hash(text))}.txt"
        path.write_text(text + "\r\n", encoding="utf-8")
        return str(path)

    return build


@pytest.fixture
def station(spectra, words):
    """Set the station up; return a runner that acts as somebody."""
    code, out, err = spectra(
        "users", "setup", "sup", "--name", "Sue Per", "--new-password-file", words(WORDS)
    )
    assert (code, err) == (0, "")
    assert "sup is the first supervisor" in out

    def run(login, *arguments, password=WORDS, new=None):
        files = ["--password-file", words(password)]
        files += ["--new-password-file", words(new)] if new else []
        return spectra("users", *arguments, "--user", login, *files)

    return run


def test_nothing_is_made_before_the_station_is_set_up(spectra, words):
    code, out, err = spectra("users", "list", "--user", "admin", "--password-file", words("admin"))
    assert (code, out) == (3, "")
    assert "no users yet" in err
    assert "spectra users setup" in err
    assert not is_begun()


def test_a_station_is_set_up_once(station, spectra, words):
    code, _out, err = spectra(
        "users", "setup", "mallory", "--name", "M", "--new-password-file", words(OTHER)
    )
    assert code == 3
    assert "set up already" in err
    assert station("mallory", "list", password=OTHER)[0] == 3


def test_a_weak_password_sets_up_nothing(spectra, words):
    code, _out, err = spectra(
        "users", "setup", "sup", "--name", "S", "--new-password-file", words("password2026!")
    )
    assert code == 3
    assert "among the first that are tried" in err
    code, _out, err = spectra("users", "list", "--user", "sup", "--password-file", words(WORDS))
    assert code == 3
    assert "no users yet" in err


def test_users_are_added_listed_locked_and_let_in_again(station):
    assert station("sup", "add", "off", "--name", "O", "--role", "officer", new=OTHER)[0] == 0
    assert station("off", "password", password=OTHER, new=WORDS)[0] == 0
    assert station("sup", "lock", "off", "--why", "left")[0] == 0
    code, _out, err = station("off", "list")
    assert code == 3
    assert "this user is locked" in err
    assert station("sup", "unlock", "off")[0] == 0
    assert station("sup", "role", "off", "technician")[0] == 0
    assert station("sup", "clearance", "off", "given")[0] == 0
    assert station("sup", "rename", "off", "--name", "Olga New")[0] == 0
    assert station("sup", "idle", "5")[0] == 0
    code, out, _err = station("sup", "list", "--json")
    first, second = map(json.loads, out.splitlines())
    assert (code, first["login"], second["login"]) == (0, "sup", "off")
    assert second["name"] == "Olga New"
    assert (second["role"], second["state"], second["cleared"]) == ("technician", "active", True)
    assert "secret" not in out
    assert "argon" not in out
    assert "off" in station("sup", "list")[1]
    with open_office() as office:
        assert office.ledger.entries()[-1].act == "logged out"
        assert not verify(office.ledger.folder, office.ledger.key.public).findings


def test_emergency_access_from_the_command_line(station):
    station("sup", "add", "off", "--name", "O", "--role", "officer", new=OTHER)
    station("off", "password", password=OTHER, new=WORDS)
    code, out, _err = station(
        "off", "emergency", "users.show", "--reason", "the supervisor is ill today"
    )
    assert code == 0
    assert out.startswith("EMERGENCY ACCESS e1 until ")
    code, _out, err = station("off", "list")
    assert code == 0
    assert err.startswith("spectra: EMERGENCY ACCESS runs until ")
    _code, out, err = station("sup", "emergencies", "--json")
    assert '"id": "e1"' in out
    assert "EMERGENCY ACCESS was used (1)" in err
    assert station("sup", "emergencies", "--acknowledge", "e1")[0] == 0
    assert station("off", "list")[0] == 3


def test_thresholds_are_changed_by_two(station, spectra, words, tmp_path):
    code, out, _err = station("sup", "setup-second", "sam", "--name", "Sam", new=WORDS)
    assert (code, out) == (0, "sam is the second supervisor of this station.\n")
    for by, login, role in (("sup", "two", "supervisor"), ("two", "tec", "technician")):
        assert station(by, "add", login, "--name", "N", "--role", role, new=OTHER)[0] == 0
        assert station(login, "password", password=OTHER, new=WORDS)[0] == 0
    policy = tmp_path / "policy.json"
    policy.write_bytes(resources.path("policies/default.json").read_bytes() + b"\n")
    files = ("--password-file", words(WORDS), "--second-password-file", words(WORDS))
    change = ("policy", "change", "--file", policy, "--reason", "validation", "--user", "sup")
    assert "is the first one" in spectra(*change, "--second", "sup", *files)[2]
    assert "less than a day ago" in spectra(*change, "--second", "two", *files)[2]
    assert "less than a day ago" in spectra(*change, "--second", "tec", *files)[2]
    code, out, _err = spectra(*change, "--second", "sam", *files)
    assert (code, out) == (0, "policy version 8 is in force for every scan from now on\n")
    _code, out, _err = spectra("policy", "show", "--json", "--user", "tec", *files[:2])
    shown = json.loads(out)
    assert shown["changed_by"] == ["u1", "u2"]
    assert shown["sha256"] == hashlib.sha256(policy.read_bytes()).hexdigest()
    with open_office() as office:
        acts = [entry.act for entry in office.ledger.entries()]
    assert acts.count("logged in") == acts.count("logged out") == 14


def test_a_password_is_reset(station):
    station("sup", "add", "off", "--name", "O", "--role", "officer", new=OTHER)
    assert station("sup", "reset", "off", new="eleven loud geese marching")[0] == 0
    code, _out, err = station("off", "password", password=OTHER, new=WORDS)
    assert code == 3
    assert "wrong" in err
    code, _out, err = station("sup", "reset", "nobody", new=OTHER)
    assert code == 3
    assert "no such user" in err


def test_without_a_terminal_a_password_needs_a_file(station, spectra):
    assert station("sup", "list")[0] == 0
    code, out, err = spectra("users", "list", "--user", "sup")
    assert (code, out) == (3, "")
    assert "no terminal to ask at" in err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_a_password_that_is_typed_is_not_shown(spectra_home, checkout):
    ours, theirs = os.openpty()
    command = [sys.executable, "main.py", "users", "setup", "sup", "--name", "Sue"]
    running = subprocess.Popen(
        command, cwd=checkout, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown = b""
    for prompt in (b"Password for sup: ", b"Again: "):
        while not shown.endswith(prompt):
            shown += os.read(ours, 1)
        os.write(ours, WORDS.encode() + b"\n")
    with contextlib.suppress(OSError):  # the other end is closed
        while more := os.read(ours, 1024):
            shown += more
    os.close(ours)
    assert running.wait(60) == 0
    assert b"first supervisor" in shown
    assert b"herons" not in shown
    assert is_begun(spectra_home)


def test_a_demonstration_is_set_up_apart(station, spectra, words):
    files = ("--new-password-file", words(OTHER))
    assert spectra("users", "setup", "show", "--name", "S", "--demo", *files)[0] == 0
    assert station("show", "list", password=OTHER)[0] == 3
    code, _out, err = station("show", "list", "--demo", password=OTHER)
    assert (code, err) == (0, "spectra: DEMONSTRATION, not evidence\n")
    assert is_begun(demo=True)


def test_the_table_in_the_document_is_the_one_in_force(spectra, checkout):
    code, out, _err = spectra("users", "roles")
    assert code == 0
    assert f"\n```\n{out}```\n" in (checkout / "docs" / "users.md").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in spectra("users", "roles", "--json")[1].splitlines()]
    assert len(lines) == len(out.splitlines()) - 1
    row = {line["action"]: line for line in lines}["library.release"]
    assert (row["officer"], row["technician"], row["second person"]) == (
        "-", "yes", "technician or supervisor",
    )  # fmt: skip


def test_bytes_that_are_no_text_are_refused_in_words(station, spectra, words, tmp_path):
    assert station("sup", "list")[0] == 0
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for login, file in (("sup", str(tmp_path / "bytes")), ("\udcff", words(WORDS))):
        code, _out, error = spectra("users", "list", "--user", login, "--password-file", file)
        assert (code, "no text (UTF-8)" in error) == (3, True)
