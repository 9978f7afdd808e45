"""Reports in four languages: complete texts, letters that are joined, names that keep their way."""

from __future__ import annotations

import json
import string
import unicodedata
from dataclasses import replace

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from spectra_app.errors import AppError
from spectra_app.reports import page as paper
from spectra_app.reports.builder import build_report
from spectra_app.reports.layout import compose
from spectra_app.reports.texts import LANGUAGES, load_texts, without_isolates

OTHERS = tuple(language for language in LANGUAGES if language != "en")
ISOLATES = {paper.LEFT_TO_RIGHT, paper.RIGHT_TO_LEFT, paper.CLOSES}


@pytest.fixture
def render_qt(qapp):
    assert qapp is not None
    from spectra_app.reports import render_qt

    return render_qt


def placeholders(template: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name)


def pages_of(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_there_with_the_same_values(language) -> None:
    english, other = load_texts("en").texts, load_texts(language).texts
    assert sorted(english) == sorted(other)
    wrong = [key for key in english if placeholders(english[key]) != placeholders(other[key])]
    assert wrong == []
    same = {key for key in english if english[key] == other[key] and len(english[key].split()) > 3}
    assert same == set()  # no sentence was left in English


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_say_where_they_come_from_and_who_has_read_them(language) -> None:
    raw = json.loads(resources.path(f"i18n/report/{language}.json").read_text(encoding="utf-8"))
    assert raw["source"]
    assert raw["version"]
    assert raw["review"]["state"] in {"original", "unreviewed", "reviewed"}
    if raw["review"]["state"] == "reviewed":
        assert raw["review"]["by"]
        assert raw["review"]["on"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_isolates_are_closed_in_every_text(language) -> None:
    for key, text in load_texts(language).texts.items():
        opened = sum(text.count(char) for char in (paper.LEFT_TO_RIGHT, paper.RIGHT_TO_LEFT))
        assert opened == text.count(paper.CLOSES), key


def test_arabic_texts_are_written_without_vowel_marks() -> None:
    """Readers of PDFs guess the place of marks among letters, and tear words apart there."""
    marked = [
        key
        for key, text in load_texts("ar").texts.items()
        if any(unicodedata.category(char) == "Mn" for char in text)
    ]
    assert marked == []


def test_a_language_without_texts_is_refused() -> None:
    with pytest.raises(AppError, match="no report texts in 'de'") as caught:
        load_texts("de")
    assert "en, fr, es, ar" in caught.value.remedy


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sample", ["mixture", "lead", "refused_record", "long_name", "benign"])
def test_no_letter_overlaps_or_leaves_the_page(  # noqa: PLR0917  fixtures
    render_qt, samples, faults_of, full_facts, language, sample
) -> None:
    found = samples.ALL[sample]()
    comparison = found.comparisons[0] if found.comparisons else None
    report = build_report(found.record, comparison, full_facts, language)
    assert faults_of(compose(report, render_qt.QtMetrics())) == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_nobody_has_read_says_so_on_the_report(samples, full_facts, language) -> None:
    texts = load_texts(language)
    report = build_report(samples.match().record, None, full_facts, language)
    mark = texts.say("mark.unreviewed", version=texts.version)
    assert (mark in report.marks) == (texts.review.state == "unreviewed")
    assert not build_report(samples.match().record, None, full_facts, "en").marks


def test_arabic_is_read_from_the_right_with_names_that_keep_their_way(
    render_qt, samples, full_facts
) -> None:
    found = samples.mixture()
    report = build_report(found.record, found.comparisons[0], full_facts, "ar")
    data = render_qt.pdf_bytes(report)
    text = " ".join(" ".join(pages_of(data)).split())
    for name in ("Amphetamine sulfate", "Lactose", full_facts.report_id, "SWGDRUG", "SHA-256"):
        assert name in text
    texts = load_texts("ar")
    for key in ("limit.item", "limit.isomers", "heading.limits", "other.none"):
        assert without_isolates(texts.say(key)) in text  # base letters, in the order of reading
    assert not [char for char in text if "\ufb50" <= char <= "\ufefe"]  # no drawn shapes
    pages = compose(report, render_qt.QtMetrics())
    right = paper.PAGE_WIDTH - paper.MARGIN
    title = next(i for i in pages[0].items if isinstance(i, paper.Text) and i.text == report.title)
    assert title.x + title.width == pytest.approx(right, abs=0.01)
    assert all(i.rtl for page in pages for i in page.items if isinstance(i, paper.Text))


def test_arabic_letters_are_joined_in_the_picture(render_qt) -> None:
    """A word is narrower than its letters alone: they take their joined shapes."""
    metrics, style = render_qt.QtMetrics(), paper.Style(12.0)
    word = "المختبر"
    apart = sum(metrics.width(letter, style) for letter in word)
    assert metrics.width(word, style) < 0.85 * apart


def test_spectra_keep_their_direction_in_arabic(render_qt, samples, full_facts) -> None:
    found = samples.match()

    def curve(language):
        report = build_report(found.record, found.comparisons[0], full_facts, language)
        paths = [
            item
            for page in compose(report, render_qt.QtMetrics())
            for item in page.items
            if isinstance(item, paper.Path) and len(item.points) > 100
        ]
        return np.array(paths[0].points)

    assert np.allclose(curve("ar")[:, 0], curve("en")[:, 0])


def test_every_font_is_embedded_in_arabic_too(render_qt, samples, full_facts) -> None:
    report = build_report(samples.match().record, None, full_facts, "ar")
    document = pypdfium2.PdfDocument(render_qt.pdf_bytes(report))
    fonts = [
        pdfium.FPDFTextObj_GetFont(item.raw)
        for page in document
        for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT])
    ]
    assert len(fonts) > 50
    assert all(pdfium.FPDFFont_GetIsEmbedded(font) == 1 for font in fonts)
    document.close()


def test_an_isolate_that_goes_over_lines_is_closed_and_opened_again(render_qt) -> None:
    texts = load_texts("ar")
    text = texts.say("reason.error", words="the file is cut short " * 20)
    lines = paper.wrap(render_qt.QtMetrics(), text, paper.BODY, 60.0)
    assert len(lines) > 5
    assert all(line.startswith(paper.LEFT_TO_RIGHT) for line in lines[2:])
    assert all(line.count(paper.LEFT_TO_RIGHT) == line.count(paper.CLOSES) for line in lines)


@given(st.text())
def test_text_from_outside_never_brings_its_own_isolates(text: str) -> None:
    for language in ("en", "ar"):
        said = load_texts(language).say("item.sampling_counted", sampled=1, packages=2, plan=text)
        opened = said.count(paper.LEFT_TO_RIGHT) + said.count(paper.RIGHT_TO_LEFT)
        assert opened == said.count(paper.CLOSES)
        inside = without_isolates(said)
        assert not {unicodedata.category(char) for char in inside} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_an_arabic_name_in_an_english_report_does_not_turn_its_neighbours(
    samples, full_facts
) -> None:
    facts = replace(full_facts, customer="جمارك المطار", operator="officer 7")
    item = build_report(samples.match().record, None, facts).sections[0].parts[0]
    shown = {fact.label: fact.text for fact in item.facts}
    assert shown["Customer"] == f"{paper.RIGHT_TO_LEFT}جمارك المطار{paper.CLOSES}"
    assert shown["Examined by"] == "officer 7"
