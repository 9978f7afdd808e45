"""The report as data keeps its published JSON Schema."""

from __future__ import annotations

import copy
import json
import re

import pytest

import resources
from spectra_app.reports.builder import build_report
from spectra_app.reports.facts import (
    Certificate,
    Change,
    Evaluation,
    ExternalResult,
    OtherTechnique,
)
from spectra_app.reports.texts import LANGUAGES

KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
    "integer": int,
}
KNOWN = {
    "$ref", "$schema", "$id", "$defs", "title", "description", "type", "properties", "required",
    "additionalProperties", "items", "prefixItems", "minItems", "maxItems", "anyOf", "enum",
    "pattern", "minLength",
}  # fmt: skip


@pytest.fixture(scope="module")
def schema():
    return json.loads(resources.path("schemas/report-1.schema.json").read_bytes())


def faults(value, rule, root, where="report") -> list[str]:
    """Return where `value` breaks `rule`: a small JSON Schema validator of what is used here."""
    assert set(rule) <= KNOWN, set(rule) - KNOWN
    if "$ref" in rule:
        rule = root["$defs"][rule["$ref"].rpartition("/")[2]]
    if "anyOf" in rule:
        tried = [faults(value, one, root, where) for one in rule["anyOf"]]
        return [] if [] in tried else [f"{where}: none of {len(tried)} forms"]
    if "enum" in rule and value not in rule["enum"]:
        return [f"{where}: {value!r} is not allowed"]
    kinds = rule.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return [f"{where}: {type(value).__name__} instead of {kinds}"]
    if isinstance(value, dict):
        return _object_faults(value, rule, root, where)
    if isinstance(value, list):
        return _array_faults(value, rule, root, where)
    if isinstance(value, str):
        bad = len(value) < rule.get("minLength", 0)
        bad = bad or not re.search(rule.get("pattern", ""), value)
        return [f"{where}: {value!r}"] if bad else []
    return []


def _is(value, kind) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, KINDS[kind])


def _object_faults(value, rule, root, where) -> list[str]:
    known = rule.get("properties", {})
    out = [f"{where}: lacks {name}" for name in rule.get("required", []) if name not in value]
    if rule.get("additionalProperties") is False:
        out += [f"{where}: unknown {name}" for name in value if name not in known]
    for name, item in value.items():
        if name in known:
            out += faults(item, known[name], root, f"{where}.{name}")
    return out


def _array_faults(value, rule, root, where) -> list[str]:
    first = rule.get("prefixItems", [])
    out = []
    if not rule.get("minItems", 0) <= len(value) <= rule.get("maxItems", len(value)):
        out.append(f"{where}: {len(value)} items")
    for place, item in enumerate(value):
        each = first[place] if place < len(first) else rule.get("items", {})
        if isinstance(each, dict):
            out += faults(item, each, root, f"{where}[{place}]")
    return out


@pytest.fixture
def rich(full_facts):
    """Return facts with something of everything."""
    from dataclasses import replace

    return replace(
        full_facts,
        techniques=(OtherTechnique("FTIR", "A", ("x",), "agrees", separate_sampling=True),),
        external=(ExternalResult("Institute", "confirmed", found=("x",), quantities=("63 %",)),),
        changes=(Change("item 1", "", "", "new", "why", "2026-11-22", "u2"),),
        amends="R1",
        amends_reason="why",
        evaluation=Evaluation("a", "b", "200", "strong", ((">100", "strong"),), "59 of ours"),
        certificate=Certificate("CN=x", "CN=y", "4D", "2046-01-01", "0" * 64),
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sample", ["match", "mixture", "refused_record", "inconclusive"])
def test_reports_keep_their_schema(  # noqa: PLR0917  fixtures
    samples, schema, rich, full_facts, language, sample
) -> None:
    found = samples.ALL[sample]()
    comparison = found.comparisons[0] if found.comparisons else None
    for facts in (full_facts, rich):
        report = build_report(found.record, comparison, facts, language)
        content = json.loads(report.to_bytes())
        assert faults(content, schema, schema) == []


def test_what_breaks_the_schema_is_found(samples, schema, rich) -> None:
    content = json.loads(build_report(samples.match().record, None, rich).to_bytes())
    broken = []
    for name in content:
        less = copy.deepcopy(content)
        del less[name]
        broken.append(less)
    for path, value in (
        (("facts", "laboratory"), 7),
        (("facts", "rates", 0, "n"), "58"),
        (("record", "outcome"), "certain"),
        (("document", "sections", 0, "parts", 0, "kind"), "poem"),
        (("record_sha256",), "abc"),
        (("language",), "de"),
        (("facts", "extra"), ""),
    ):
        wrong = copy.deepcopy(content)
        place = wrong
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        broken.append(wrong)
    assert faults(content, schema, schema) == []
    assert [number for number, one in enumerate(broken) if not faults(one, schema, schema)] == []
