"""Signed files on the command line: once a station has users, its supervisor alone installs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

import resources
from library.listpack import TABLES
from spectra_app.services import lists, notices
from spectra_app.services.office import open_office

NOW = datetime.now(UTC)  # the program asks the computer's clock
EDITIONS = [str(NOW.date() - timedelta(days=days)) for days in (1, 9)]


def _control_lists(folder, keys):
    for name in TABLES:
        (folder / name).write_bytes(resources.path(f"control_lists/{name}").read_bytes())
    path, edition = folder / "one.spectra-lists", date.fromisoformat(EDITIONS[0])
    lists.pack_folder(folder, path, keys, edition=edition, title="T", now=NOW, days=99)
    return path


def _alerts(folder, keys, edition):
    table, path = folder / f"{edition}.json", folder / f"{edition}.spectra-notices"
    row = {"id": "L1", "title": "Ours", "says": "Ask.", "within": "item", "source": "our list",
           "all_of": ["cocaine", "caffeine"], "version": 1, "review": {}}  # fmt: skip
    table.write_text(json.dumps({"title": "Our alerts", "edition": edition, "rows": [row]}))
    notices.pack_file("alerts", table, path, keys, now=NOW, days=30)
    return path


@pytest.fixture
def as_role(spectra, trusting, staffed, tmp_path):  # noqa: ARG001  in this order
    """Return what runs a command as one of the station's people; as nobody for ''."""
    words = tmp_path / "password"
    words.write_text(staffed, encoding="utf-8")

    def run(role, *command):
        who = ("--user", role, "--password-file", words) if role else ()
        return spectra(*command, "--yes", *who)

    return run


def test_who_may_not_installs_neither_lists_nor_notices(as_role, persons, tmp_path):
    keys = persons[0][:2]
    files = {
        "lists": _control_lists(tmp_path, keys),
        "notices": _alerts(tmp_path, keys, "2026-01-01"),
    }
    for role, said in (
        ("", "this station has users"), ("officer", "may not"), ("technician", "may not")
    ):  # fmt: skip
        for command, file in files.items():
            code, out, err = as_role(role, command, "install", file)
            assert (code, said in err, out) == (3, True, ""), (role, command, err)
    assert lists.in_use().path is None
    assert notices.in_use("alerts").path is None


def test_what_a_supervisor_installs_is_entered_in_the_ledger(as_role, persons, tmp_path):
    keys = persons[0][:2]
    file, (new, old) = _control_lists(tmp_path, keys), EDITIONS
    code, _, err = as_role("supervisor", "lists", "install", file)
    assert (code, "was not looked at" in err, "--reason" in err) == (4, True, True), err
    assert lists.in_use().path is None
    assert as_role("supervisor", "lists", "install", file, "--reason", "none yet")[0] == 0
    assert str(lists.in_use().edition) == new
    assert as_role("supervisor", "notices", "install", _alerts(tmp_path, keys, new))[0] == 0
    older = _alerts(tmp_path, keys, old)
    code, _, err = as_role("supervisor", "notices", "install", older)
    assert (code, "say why" in err) == (4, True), err
    code, out, err = as_role("supervisor", "notices", "install", older, "--reason", "an error")
    assert (code, "installed" in out) == (0, True), err
    assert str(notices.in_use("alerts").notices.edition) == old
    with open_office() as office:
        told = [one for one in office.ledger.entries() if one.act == "package installed"]
    found = [(one.user, one.details["package"], one.details["reason"]) for one in told]
    assert found == [
        ("u1", "lists", "none yet"),
        ("u1", "notices", ""),
        ("u1", "notices", "an error"),
    ]
