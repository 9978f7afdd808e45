"""Reports as PDF/A, HTML, JSON and CSV, checked by readers of their own."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pypdfium2
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from library.cells import cell, text_of
from spectra_app.reports.builder import build_report
from spectra_app.reports.codes import QUIET, code_block, code_rows
from spectra_app.reports.html import to_html
from spectra_app.reports.texts import LANGUAGES
from spectra_app.reports.tidy_csv import COLUMNS, to_csv


@pytest.fixture
def render_qt(qapp):
    assert qapp is not None
    from spectra_app.reports import render_qt

    return render_qt


@pytest.fixture
def build(samples, full_facts):
    def make(language="en", **changes):
        found = samples.mixture()
        record = replace(found.record, **changes)
        return build_report(record, found.comparisons[0], full_facts, language)

    return make


class Reader(HTMLParser):
    """Collects tags with their attributes, and the text between them."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data + " "


def test_the_pdf_keeps_pdf_a_2b(render_qt, build) -> None:
    data = render_qt.pdf_bytes(build("fr"))
    assert re.match(rb"%PDF-1\.[4-7]\r?\n%[\x80-\xff]{4}", data)
    reader = PdfFileReader(io.BytesIO(data))
    (intent,) = reader.root["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1"
    profile = intent.get_object()["/DestOutputProfile"].get_object()
    assert profile["/N"] == 3
    assert profile.data[36:40] == b"acsp"  # an ICC profile
    data = reader.root["/Metadata"].get_object().data.decode("utf-8")
    packet = ET.fromstring(data)  # noqa: S314  we wrote it
    stated = {node.tag.rpartition("}")[2]: node.text for node in packet.iter() if node.text}
    assert (stated["part"], stated["conformance"]) == ("2", "B")
    assert "Rapport d'un examen Raman" in "".join(packet.itertext())
    assert "/Encrypt" not in reader.trailer


def test_no_page_uses_a_letter_that_its_font_lacks(render_qt, build) -> None:
    """PDF/A-2 forbids the glyph of missing letters (ISO 19005-2, 6.2.11.8), number 0."""
    reader = PdfFileReader(io.BytesIO(render_qt.pdf_bytes(build("ar"))))
    used = set()
    for kid in reader.root["/Pages"]["/Kids"]:
        content = kid.get_object()["/Contents"].get_object().data
        for letters in re.findall(rb"<([0-9A-Fa-f]+)>\s*Tj", content):
            used |= {letters[place : place + 4] for place in range(0, len(letters), 4)}
    assert len(used) > 50
    assert b"0000" not in used


def test_the_title_of_the_pdf_is_that_of_the_report(render_qt, build) -> None:
    report = build()
    document = pypdfium2.PdfDocument(render_qt.pdf_bytes(report))
    assert document.get_metadata_dict()["Title"] == f"{report.title} {report.report_id}"
    document.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_needs_nothing_from_outside_and_runs_nothing(build, language) -> None:
    page = to_html(build(language))
    reader = Reader(page)
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "a", "base"}
    names = {name for _, attributes in reader.tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in {"src", "href"}]
    assert b"url(" not in page
    assert b"http://" not in page
    assert b"default-src 'none'" in page
    (html,) = (attributes for tag, attributes in reader.tags if tag == "html")
    assert html == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}


def test_html_says_every_word_of_the_report(build) -> None:
    report = build()
    text = " ".join(Reader(to_html(report)).text.split())
    document = report.to_json()["document"]
    wanted = [*document["marks"], *document["reasons"], *document["advice"], document["end"]]
    wanted += [section["heading"] for section in document["sections"]]
    wanted += [
        fact["text"]
        for section in document["sections"]
        for part in section["parts"]
        if part["kind"] == "facts"
        for fact in part["facts"]
    ]
    assert [words for words in wanted if " ".join(words.split()) not in text] == []


def test_html_cannot_be_broken_out_of_by_a_name(build) -> None:
    page = to_html(build(file="</dd><script>alert(1)</script>"))
    assert b"<script>" not in page
    assert b"&lt;script&gt;" in page


def test_the_code_holds_the_hash_of_the_result(build) -> None:
    report = build()
    trace = next(section for section in report.sections if section.code == "trace")
    assert trace.parts[1].content == report.facts.result_sha256


def test_a_code_is_drawn_as_the_modules_say_with_its_free_margin() -> None:
    rows = code_rows("ab" * 32)
    block = code_block("ab" * 32, 30.0)
    step = 30.0 / (len(rows) + 2 * QUIET)
    _, *dark = block.items
    drawn = set()
    for box in dark:
        top = round(box.y / step) - QUIET
        left = round(box.x / step) - QUIET
        drawn |= {(top, left + n) for n in range(round(box.width / step))}
    wanted = {(y, x) for y, row in enumerate(rows) for x, module in enumerate(row) if module}
    assert drawn == wanted
    assert min(box.x for box in dark) == pytest.approx(QUIET * step)


def test_the_same_record_gives_the_same_bytes(build) -> None:
    first = build().to_bytes()
    assert first == build().to_bytes()
    assert first == build(timing_ms={"total": 77.0}).to_bytes()
    assert first != build(file="other.csv").to_bytes()
    assert json.loads(first)["schema"] == "spectra-report-1"
    html, table = to_html(build()), to_csv(build())
    assert (html, table) == (to_html(build()), to_csv(build()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_csv_has_a_row_for_every_statement(build, language) -> None:
    report = build(language)
    rows = list(csv.DictReader(io.StringIO(to_csv(report).decode("utf-8-sig"))))
    assert tuple(rows[0]) == COLUMNS
    assert {row["language"] for row in rows} == {language}
    assert {section.code for section in report.sections} <= {row["section"] for row in rows}
    assert any(row["text"] == "Amphetamine sulfate" for row in rows)


@pytest.mark.parametrize(
    "name",
    ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", " =1+1", "\uff1d1+1", "\u22122"],
)
def test_no_spreadsheet_runs_a_name(build, name) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(build(file=name)).decode("utf-8-sig"))))
    (shown,) = (row["text"] for row in rows if row["label"] == "File")
    assert not shown.startswith(("=", "+", "-", "@", "\t"))
    assert shown == cell(text_of(shown))


def test_figures_stay_figures_in_csv(build) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(build()).decode("utf-8-sig"))))
    assert "-1.2" in {row["text"] for row in rows if row["section"] == "candidates"}
