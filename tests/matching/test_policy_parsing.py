"""A policy is read whole or not at all: nothing is guessed."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json

import pytest

import resources
from matching.policy import PolicyError, parse_policy
from spectra_app.services.policies import load_policy

RAW = resources.path("policies/default.json").read_bytes()


@pytest.fixture
def content() -> dict:
    return json.loads(RAW)


def test_the_shipped_policy_is_sound_and_carries_the_hash_of_its_bytes():
    policy = load_policy()
    assert policy.hash == hashlib.sha256(RAW).hexdigest()
    assert policy.version == json.loads(RAW)["version"]
    limits = policy.thresholds
    assert limits.name > limits.resemblance
    assert limits.rival > 0
    assert 0 < limits.same_spectrum <= 1
    assert 0 < limits.most_unexplained < 1
    assert limits.least_snr > 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        limits.name = -99.0


def paths(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*path, key))
    else:
        yield path


REQUIRED = [p for p in paths(json.loads(RAW)) if p[-1] not in {"fitted_on"}]


@pytest.mark.parametrize("path", REQUIRED, ids=".".join)
def test_no_setting_may_be_missing(content, path):
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    with pytest.raises(PolicyError) as caught:
        parse_policy(content, b"")
    assert caught.value.remedy


@pytest.mark.parametrize("path", [p for p in REQUIRED if p != ("version",)], ids=".".join)
@pytest.mark.parametrize("value", ["high", None, {}])
def test_no_setting_may_be_anything_but_a_number(content, path, value):
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(PolicyError):
        parse_policy(content, b"")


@pytest.mark.parametrize("group", ["search", "compare", "thresholds"])
def test_a_setting_the_program_does_not_know_is_refused(content, group):
    content[group]["extra"] = 1.0
    with pytest.raises(PolicyError, match="extra"):
        parse_policy(content, b"")


def test_weights_in_another_order_are_refused(content):
    weights = content["evidence"]["weights"]
    content["evidence"]["weights"] = dict(reversed(weights.items()))
    with pytest.raises(PolicyError, match="in this order"):
        parse_policy(content, b"")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("path", [("thresholds", "name"), ("search", "reach_cm1")], ids=".".join)
def test_a_threshold_that_no_number_reaches_is_refused(content, path, value):
    changed = copy.deepcopy(content)
    changed[path[0]][path[1]] = value
    with pytest.raises(PolicyError):
        parse_policy(changed, b"")


ODD = [
    ("candidates", 0),
    ("candidates", -3),
    ("candidates", 2.5),
    ("candidates", True),
    ("thresholds.name", "1.6"),
    ("thresholds.name", [1.6]),
    ("thresholds.name", True),
    ("search.reach_cm1", -8.0),
    ("errors.model_error", -0.1),
    ("response.most", -1.0),
    ("mixture.pool", -1),
    ("compare.fine_cm1", 3),
    ("compare.widths_cm1", []),
    ("compare.widths_cm1", "123"),
]


@pytest.mark.parametrize(("where", "value"), ODD, ids=[f"{k}={v!r}" for k, v in ODD])
def test_a_value_that_only_looks_like_a_number_is_refused(content, where, value):
    inner, (*sections, key) = content, where.split(".")
    for section in sections:
        inner = inner[section]
    inner[key] = value
    with pytest.raises(PolicyError):
        parse_policy(content, b"")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'{"version": 1}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_file_that_is_no_policy_is_named(tmp_path, raw):
    path = tmp_path / "policy.json"
    path.write_bytes(raw)
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert caught.value.where
    assert caught.value.remedy


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PolicyError, match=r"absent\.json"):
        load_policy(tmp_path / "absent.json")


def test_a_setting_given_twice_is_refused(tmp_path):
    path = tmp_path / "policy.json"
    path.write_bytes(RAW.replace(b'"name":', b'"name": -99.0, "name":'))
    with pytest.raises(PolicyError, match="twice"):
        load_policy(path)
