"""Words of reports: none is left in English in another language, no last page is nearly empty."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date

import pytest

import resources
from library.control import control_lists
from library.substances import substances
from spectra_app.records.identification import ControlStatus, HiddenHazard
from spectra_app.reports import page as paper
from spectra_app.reports import phrases
from spectra_app.reports.builder import build_report
from spectra_app.reports.facts import Change, OtherScan, OtherTechnique
from spectra_app.reports.findings import in_force_since
from spectra_app.reports.flow import LEAST_LAST, Piece, spread
from spectra_app.reports.layout import compose
from spectra_app.reports.page import Block, Box
from spectra_app.reports.texts import LANGUAGES, load_texts, without_isolates

OTHERS = tuple(language for language in LANGUAGES if language != "en")
SHA = "ab" * 32


def test_no_listing_is_in_force_since_in_force():
    path = resources.path("control_lists/control.csv")
    with path.open(encoding="utf-8", newline="") as file:
        texts = {row["date_text"] for row in csv.DictReader(file)} - {""}
    assert len(texts) > 20
    assert in_force_since("in force 1988-10-12") == "1988-10-12"
    assert in_force_since("2024 (in force 2024-12-03)") == "2024-12-03"
    assert in_force_since("consolidated treaty text") == ""
    assert in_force_since("64th ed.") == ""
    for text in texts:
        since = in_force_since(text)
        assert since == "" or since[:4].isdigit()


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_a_listing_stands_is_said_in_the_language_of_the_report(language):
    texts, lists = load_texts(language), control_lists()
    every = [*substances()][::3]
    found = {one.scope for who in every for one in lists.status(who, date(2026, 1, 1)) if one.scope}
    salts = substances().by_name("amphetamine sulfate")
    found |= {one.scope for one in lists.status(salts, date(2026, 1, 1)) if one.scope}
    assert len(found) > 3
    for scope in found:
        said = without_isolates(phrases.scope(scope, texts))
        assert (said == scope) is (language == "en")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-22T08:05:15.123Z", "2026-11-22 08:05:15 UTC"),
        ("2026-11-22T09:05:15+01:00", "2026-11-22 08:05:15 UTC"),
        ("2019-03-04 19:36:49", "2019-03-04 19:36:49"),
        ("2019-03-04 19_36_49", "2019-03-04 19_36_49"),
        ("2026-11-22", "2026-11-22"),
        ("", ""),
    ],
)
def test_times_are_printed_for_reading(text, said):
    assert phrases.moment(text) == said


@pytest.fixture
def rich(samples, full_facts):
    """Return a record and facts that make the report say as much as it can."""
    found = samples.mixture()
    listing = ControlStatus(
        "UN 1971", "Schedule II", "2026-10", "B", since="in force 1988-10-12",
        scope="asked for a salt or hydrate of amphetamine; the list includes salts",
    )  # fmt: skip
    part = replace(found.record.components[0], control=(listing,))
    record = replace(
        found.record,
        components=(part, *found.record.components[1:]),
        cannot_exclude=(HiddenHazard("", "any nitazene", None, "no_measured_reference"),),
        method=replace(found.record.method, metric="hit quality 0-1 (1 best): logistic evidence"),
        control_on="1970-01-01",
        control_also="2026-11-22",
    )
    rates = tuple(replace(one, source="8", basis="policy") for one in full_facts.rates)
    facts = replace(
        full_facts,
        rates=rates,
        techniques=(OtherTechnique("FTIR", "A", ("X",), "agrees", True, silent="other names"),),
        changes=(Change("item I-1", "condition", "a", "b", "c", "2026-11-22T10:00:00Z", "u2"),),
        other_scans=(OtherScan("S-1", "2026-11-22T10:00:00Z", "match", "controlled", ("X",)),),
    )
    return record, found.comparisons[0], facts


@pytest.mark.parametrize("language", OTHERS)
def test_no_word_of_the_program_is_left_in_english(rich, language):
    record, comparison, facts = rich
    document = build_report(record, comparison, facts, language).to_json()["document"]
    said = without_isolates(json.dumps(document, ensure_ascii=False))
    english = (
        "hit quality", "policy version", "any nitazene", "asked for a salt", "item I-1",
        "; condition", "in force", "seal:", "s10:", "agrees", "counts.",
    )  # fmt: skip
    assert [word for word in english if word in said] == []
    assert "The English report" not in json.dumps(load_texts("en").texts["mark.unreviewed"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sample", ["match", "mixture", "lead", "refused_record", "benign"])
def test_no_last_page_is_nearly_empty(qapp, samples, full_facts, language, sample):
    assert qapp is not None
    from spectra_app.reports.render_qt import QtMetrics

    found = samples.ALL[sample]()
    comparison = found.comparisons[0] if found.comparisons else None
    pages = compose(build_report(found.record, comparison, full_facts, language), QtMetrics())
    body = paper.PAGE_HEIGHT - 30.0  # above what identifies the page
    lowest = max(i.y for i in pages[-1].items if isinstance(i, paper.Text) and i.y < body)
    assert lowest > 0.25 * body


def piece(height, *, gap=4.0, begins=False, keep=False):
    block = Block(height, (Box(0.0, 0.0, 10.0, height, 0.0),))
    return Piece(block, gap, keep=keep, begins=begins)


def test_a_nearly_empty_last_page_is_saved_or_takes_over_a_section():
    closed = [piece(20.0) for _ in range(5)]  # 116 mm in all, 108 with smaller gaps
    assert len(spread(closed, 111.0)) == 1
    apart = [piece(40.0, begins=True), piece(40.0, begins=True), piece(15.0, begins=True)]
    pages = spread(apart, 90.0)
    assert [len(page.items) for page in pages] == [1, 2]
    whole = [piece(40.0, begins=True), piece(40.0, begins=True)]
    assert len(spread(whole, 90.0)) == 1
    assert LEAST_LAST < 0.5
