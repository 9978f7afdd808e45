"""An issued report shown again: every word as it was issued, its spectra only when they agree."""

from __future__ import annotations

import json

import pytest

from spectra_app.errors import RecordError
from spectra_app.reports.builder import build_report
from spectra_app.reports.layout import compose
from spectra_app.reports.reading import read_report, was_drawn


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", ["match", "lead", "mixture", "not_in_library", "inconclusive"])
def test_a_report_read_back_prints_the_same_pages(qapp, samples, full_facts, name, language):
    from spectra_app.reports.render_qt import QtMetrics

    assert qapp is not None
    found = samples.ALL[name]()
    drawn = found.comparisons[0] if found.comparisons else None
    issued = build_report(found.record, drawn, full_facts, language)
    again = read_report(issued.to_bytes(), drawn)
    assert again.to_bytes() == issued.to_bytes()
    assert compose(again, QtMetrics()) == compose(issued, QtMetrics())
    assert was_drawn(issued.to_bytes()) == (drawn is not None)


def test_other_spectra_are_not_drawn_into_it(samples, full_facts):
    found, other = samples.match(), samples.lead()
    issued = build_report(found.record, found.comparisons[0], full_facts).to_bytes()
    assert read_report(issued, other.comparisons[0]).comparison is None
    assert read_report(issued, None).plot is None
    assert read_report(issued, found.comparisons[0]).comparison is not None


@pytest.mark.parametrize("change", [{}, {"document": 7}, {"facts": {}}, None])
def test_what_is_no_report_is_refused_in_words(samples, full_facts, change):
    found = samples.match()
    content = json.loads(build_report(found.record, None, full_facts).to_bytes())
    changed = b"[]" if change is None else json.dumps(change and {**content, **change}).encode()
    with pytest.raises(RecordError, match="cannot be read"):
        read_report(changed)
