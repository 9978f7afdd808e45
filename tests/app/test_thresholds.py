"""Thresholds are changed by two persons, and every scan afterwards uses what they put in force."""

from __future__ import annotations

import importlib
import json
import pkgutil

import pytest

import resources
from matching.policy import PolicyError
from spectra_app import records
from spectra_app.errors import EvidenceError, ForbiddenError, RecordError
from spectra_app.records.ledger.record import Record
from spectra_app.services import users
from spectra_app.services.audit import verify_folder
from spectra_app.services.policies import load_policy, policy_in_force
from spectra_app.services.session import open_identifier
from spectra_app.services.thresholds import change_policy, show_policy

WORDS = "seven green herons wade"
REASON = "validation of 22 November"


@pytest.fixture
def stricter(tmp_path):
    """Return a policy file with another threshold."""
    content = json.loads(resources.path("policies/default.json").read_bytes())
    content["version"] = "8-station"
    content["thresholds"]["least_bands"] += 1
    path = tmp_path / "stricter.json"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def second(office, logged_in):
    return lambda: users.log_in(office, "technician", WORDS) if logged_in else None


def test_two_persons_put_a_policy_in_force(office, logged_in, second, stricter):
    boss, shipped = logged_in["supervisor"], load_policy()
    assert show_policy(office, boss) is None
    assert policy_in_force(office.folder).hash == shipped.hash
    change = change_policy(office, boss, second(), stricter, REASON)
    assert (change.changed_by, change.agreed_by, change.version) == ("u1", "u3", "8-station")
    now = policy_in_force(office.folder)
    assert (now.version, now.hash) == ("8-station", change.document)
    assert now.thresholds.least_bands == shipped.thresholds.least_bands + 1
    assert office.evidence.get(change.document) == stricter.read_bytes()
    assert show_policy(office, logged_in["officer"]) == change
    last = office.ledger.entries()[-1]
    assert (last.act, last.user, dict(last.details)) == (
        "policy changed", "u1", {"policy": change.document, "agreed": "u3"},
    )  # fmt: skip
    change_policy(office, boss, second(), None, "back to what was shipped")
    assert policy_in_force(office.folder).hash == shipped.hash
    kept = verify_folder(office.ledger.folder, evidence=office.evidence.folder)
    assert (kept.holds, kept.evidence) == (True, 1)


def test_every_kind_of_record_has_a_name_of_its_own():
    """Two kinds of one name would read each other's records."""
    for found in pkgutil.walk_packages(records.__path__, records.__name__ + "."):
        importlib.import_module(found.name)
    kinds = [one.KIND for one in subclasses(Record) if one.__module__.startswith("spectra_app.")]
    assert len(kinds) > 10
    assert all(kinds)
    assert len(kinds) == len(set(kinds))


def subclasses(kind):
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def test_one_person_alone_changes_nothing(office, logged_in, stricter):
    boss, again = logged_in["supervisor"], users.log_in(office, "supervisor", WORDS)
    for first, second in ((boss, again), (logged_in["officer"], again), (boss, None)):
        with pytest.raises(ForbiddenError):
            change_policy(office, first, second, stricter, REASON)
    assert show_policy(office, boss) is None
    assert not office.evidence.received().receipts


def test_what_is_no_policy_or_no_change_is_refused(office, logged_in, second, stricter, tmp_path):
    boss, broken = logged_in["supervisor"], tmp_path / "broken.json"
    broken.write_text(stricter.read_text().replace("least_bands", "most_bands"))
    for path, reason, error in (
        (broken, REASON, PolicyError),
        (stricter, "  ", RecordError),
        (None, REASON, RecordError),
    ):
        with pytest.raises(error):
            change_policy(office, boss, second(), path, reason)
    assert policy_in_force(office.folder).hash == load_policy().hash


def test_a_policy_that_was_altered_is_not_replaced_by_another(office, logged_in, second, stricter):
    change = change_policy(office, logged_in["supervisor"], second(), stricter, REASON)
    kept = office.evidence.path_of(change.document)
    kept.chmod(0o644)
    kept.write_text(kept.read_text().replace("8-station", "8-stationx"))
    with pytest.raises(EvidenceError):
        policy_in_force(office.folder)


@pytest.fixture
def home(used_home, office, monkeypatch):
    """Let the program use the data folder of `office`, with a starter library in it."""
    (office.folder / "libraries").symlink_to(used_home / "libraries")
    monkeypatch.setenv("SPECTRA_HOME", str(office.folder))


@pytest.mark.usefixtures("home")
def test_identification_uses_it_without_a_log_in(office, logged_in, second, stricter):
    assert open_identifier(None).engine.policy.hash == load_policy().hash
    change = change_policy(office, logged_in["supervisor"], second(), stricter, REASON)
    assert open_identifier(None).engine.policy.hash == change.document
