"""The printed report: judged by the PDF's own text, fonts and places, and by the page as data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import product

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spectra_app.errors import AppError
from spectra_app.records.identification import (
    Candidate,
    Comparison,
    Component,
    ControlStatus,
    HiddenHazard,
    Identification,
    LibraryReference,
    MatchRate,
    Method,
    Quality,
)
from spectra_app.reports import page as paper
from spectra_app.reports.builder import build_report
from spectra_app.reports.facts import ReportFacts
from spectra_app.reports.layout import compose
from spectra_app.wording import ALARMS, alarm_word

LONG = "(2R,3S)-N-[2-(4-methoxyphenyl)-1-methylethyl]-3,4-methylenedioxy-α-pyrrolidinohexanophenone"
HASH = "0123456789abcdef" * 4


@pytest.fixture
def render_qt(qapp):
    assert qapp is not None  # started first: the window's tests share this process
    from spectra_app.reports import render_qt

    return render_qt


@pytest.fixture
def metrics(render_qt):
    return render_qt.QtMetrics()


@pytest.fixture
def context() -> ReportFacts:
    return ReportFacts(
        "SP-2026-000417",
        "2026-11-21T14:05:00+00:00",
        "0.1.0",
        evidence=(HASH,),
        laboratory="Airport North",
        operator="officer 014",
        item="RR 4738 2910 9 CN",
        description="white powder in a clear bag",
    )


@pytest.fixture
def comparison() -> Comparison:
    axis = np.arange(302.0, 1999.0)
    query, reference = (
        sum(h / (1 + ((axis - p) / width) ** 2) for p, h in bands)
        for width, bands in (
            (7.0, ((621, 0.3), (1003, 1.0), (1031, 0.4), (1085, 0.3))),
            (5.0, ((621, 0.3), (1003, 1.0), (1031, 0.4), (1446, 0.2))),
        )
    )
    return Comparison(
        axis,
        query,
        query * 900,
        reference,
        "Amphetamine sulfate",
        "measured",
        (621.0, 1003.0, 1031.0),
        (1446.0,),
        (1085.0,),
    )


@pytest.fixture
def record() -> Identification:
    listing = ControlStatus("UN 1971 Convention", "Schedule II", "2026-10", "B")
    return Identification(
        file="parcel.csv",
        spectrum=None,
        outcome="match",
        reasons=("explains_spectrum",),
        advice=("confirm_second_technique", "send_to_laboratory"),
        components=(
            Component(
                "Amphetamine sulfate",
                "a",
                0.81,
                (0.72, 0.9),
                MatchRate(0.97, 0.913, 59),
                "measured",
                "substance",
                (listing,),
            ),
        ),
        indistinguishable=(),
        candidates=tuple(
            Candidate(n, f"Candidate {n}", f"c{n}", 1 - n / 20, 0.9, 0.1, -0.4) for n in range(1, 7)
        ),
        family=None,
        alarm="controlled",
        quality=Quality(123.0, False, 0.41, (302.0, 1998.0)),
        cannot_exclude=(HiddenHazard("f", "Fentanyl hydrochloride", 0.12),),
        method=Method("11" * 32, "22" * 32, "second derivative", "0.1.0"),
        library=LibraryReference("Bench", "1.0", "33" * 32, 79, ("measured",)),
        sha256=HASH,
    )


@pytest.fixture
def crowded(record) -> Identification:
    """Return more of everything than a page can hold, with names longer than any line."""
    part = replace(record.components[0], name=LONG, control=record.components[0].control * 9)
    return replace(
        record,
        file="x" * 200,
        outcome="mixture",
        reasons=("explains_spectrum", "bands_missing", "candidates_close", "long " * 99) * 2,
        advice=("confirm_second_technique",) * 9,
        components=tuple(replace(part, name=f"{LONG} {n}") for n in range(7)),
        indistinguishable=((LONG, LONG[::-1]),),
        candidates=tuple(replace(record.candidates[0], rank=n, name=LONG) for n in range(60)),
        cannot_exclude=tuple(HiddenHazard("h", f"{LONG} {n}", n / 60) for n in range(50)),
        quality=Quality(3.0, True, 2.0, (100.0, 3500.0), ("a_flag",) * 40),
        assumptions=("laser line assumed to be 785 nm",) * 6,
        emulated=True,
        method=Method("p" * 400, "q" * 400, "metric " * 80, "9.9"),
        library=LibraryReference("library " * 60, "1" * 90, "3" * 64, 9, ("reconstructed",)),
    )


def words(path) -> str:
    document = pypdfium2.PdfDocument(path)
    try:
        pages = (page.get_textpage().get_text_bounded() for page in document)
        return " ".join(" ".join(pages).split())
    finally:
        document.close()


def whole(pages: tuple[paper.Page, ...]) -> str:
    return " ".join(i.text for page in pages for i in page.items if isinstance(i, paper.Text))


def items(pages: tuple[paper.Page, ...], kind: type) -> list:
    return [item for page in pages for item in page.items if isinstance(item, kind)]


def test_the_pdf_holds_every_required_item_as_text(
    render_qt, record, comparison, context, tmp_path
) -> None:
    path = tmp_path / "report.pdf"
    render_qt.render_pdf(build_report(record, comparison, context), path)
    text = words(path)
    assert text.startswith("PRESUMPTIVE: one technique is not an identification")
    required = (
        "Report of a Raman examination",
        "Report SP-2026-000417 · page 1 of 3",
        "CONTROLLED SUBSTANCE",
        "Match with a measured reference",
        "The reference explains the bands of the scan.",
        "Confirm with a second technique before any decision.",
        "81 % (72 % to 90 %)",
        "UN 1971 Convention, Schedule II (list as of 2026-10, source grade B)",
        "share of the Raman signal, not of weight",
        "1 Candidate 1 measured 0.950 90 % 10 % -0.4",
        "second derivative; from 0 to 1, 1 is best",
        "Raman shift (cm⁻¹)",
        "below 12 % Fentanyl hydrochloride",
        "Airport North",
        "officer 014",
        "RR 4738 2910 9 CN",
        "white powder in a clear bag",
        "parcel.csv",
        HASH,
        "11" * 32,
        "22" * 32,
        "33" * 32,
        "relate only to the item tested",
        "SWGDRUG category A",
        "Negative results do not establish identity",
        "UNSIGNED",
        "End of report",
    )
    assert [item for item in required if item not in text] == []


def test_a4_pages_with_title_and_embedded_fonts(
    render_qt, record, comparison, context, tmp_path
) -> None:
    path = tmp_path / "report.pdf"
    render_qt.render_pdf(build_report(record, comparison, context), path)
    document = pypdfium2.PdfDocument(path)
    assert len(document) == 3
    assert document[0].get_size() == pytest.approx((595, 842), abs=1)
    assert document.get_metadata_dict()["Title"] == "Report of a Raman examination SP-2026-000417"
    fonts = [
        pdfium.FPDFTextObj_GetFont(item.raw)
        for page in document
        for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT])
    ]
    assert fonts
    assert all(pdfium.FPDFFont_GetIsEmbedded(font) == 1 for font in fonts)
    document.close()


def test_no_letter_leaves_the_printed_area(
    render_qt, crowded, comparison, context, tmp_path
) -> None:
    path = tmp_path / "report.pdf"
    render_qt.render_pdf(build_report(crowded, comparison, context), path)
    document = pypdfium2.PdfDocument(path)
    texts = [page.get_textpage() for page in document]
    boxes = np.array([text.get_charbox(n) for text in texts for n in range(text.count_chars())])
    margin = (paper.MARGIN - 0.5) / paper.MM_PER_POINT
    width, height = document[0].get_size()
    for text in texts:
        text.close()
    document.close()
    seen = boxes[boxes[:, 2] > boxes[:, 0]]
    assert seen.shape[0] > 1000
    assert seen[:, 0].min() >= margin
    assert seen[:, 2].max() <= width - margin
    assert seen[:, 1].min() > 15
    assert seen[:, 3].max() < height - 15


@pytest.mark.parametrize(
    "level", list(product(sorted(ALARMS), ["match", "lead", "class_only", "refused"])), ids="-".join
)
def test_every_level_is_told_by_word_shape_and_colour(  # noqa: PLR0917  fixtures
    metrics, faults_of, record, comparison, context, level
) -> None:
    alarm, outcome = level
    changed = replace(record, alarm=alarm, outcome=outcome, family="fentanyls", emulated=True)
    pages = compose(build_report(changed, comparison, context), metrics)
    assert faults_of(pages) == []
    style = ALARMS[alarm]
    word = [i for i in items(pages, paper.Text) if alarm_word(changed) in i.text]
    assert word[0].style.colour == style.light
    outlines = [
        item
        for item in (*items(pages, paper.Path), *items(pages, paper.Box))
        if item.colour == style.light
    ]
    assert len(outlines) >= 2  # the card and the shape
    assert {item.dashed for item in outlines} == {outcome == "lead"}


def test_no_two_levels_share_an_outline() -> None:
    from spectra_app.reports.shapes import alarm_shape

    drawn = {alarm_shape(style.shape, 17.0, "#000000", hollow=False) for style in ALARMS.values()}
    assert len(drawn) == len(ALARMS)


def test_long_lists_go_over_pages_and_nothing_overlaps(
    metrics, faults_of, crowded, comparison, context
) -> None:
    pages = compose(build_report(crowded, comparison, context), metrics)
    assert faults_of(pages) == []
    text = whole(pages)
    assert len(pages) > 3
    assert "48 more are in the file of data (JSON) of this report." in text
    assert len(re.findall(r"below \d", text)) == 50  # every hazard, none left out
    for number in range(1, len(pages) + 1):
        assert f"page {number} of {len(pages)}" in text
    assert text.count("End of report SP-2026-000417") == 2  # after the last line, and at the foot


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_text_from_outside_fits_the_page(  # noqa: PLR0917  fixtures
    metrics, faults_of, record, comparison, context, data
) -> None:
    def text(most: int = 300) -> str:
        return data.draw(st.text(max_size=most))

    count = data.draw(st.integers(0, 9))
    part = replace(record.components[0], name=text(), role=text(40))
    changed = replace(
        record,
        file=text(),
        outcome="mixture",
        components=tuple(replace(part, name=text()) for _ in range(count)),
        candidates=tuple(replace(record.candidates[0], name=text()) for _ in range(count)),
        cannot_exclude=tuple(HiddenHazard("h", text(), 0.1) for _ in range(count)),
        error=text(),
        assumptions=(text(),),
        library=replace(record.library, name=text()),
    )
    about = replace(context, laboratory=text(), description=text(), place=text())
    pages = compose(build_report(changed, comparison, about), metrics)
    assert faults_of(pages) == []


def test_a_refused_record_says_why_there_is_no_spectrum(
    render_qt, record, context, tmp_path
) -> None:
    refused = replace(
        record,
        outcome="refused",
        alarm="unknown",
        components=(),
        candidates=(),
        quality=None,
        cannot_exclude=(),
        error="scan.spc: the file is cut short",
    )
    path = tmp_path / "refused.pdf"
    render_qt.render_pdf(build_report(refused, None, context), path)
    text = words(path)
    assert "scan.spc: the file is cut short" in text
    assert "No spectrum is drawn: the input was refused." in text
    assert "No substance is named, so no control status is stated." in text
    assert "A hazardous component may be present unseen." in text


def test_letters_the_font_lacks_are_spelled_out(
    render_qt, record, comparison, context, tmp_path
) -> None:
    path = tmp_path / "report.pdf"
    render_qt.render_pdf(build_report(replace(record, file="中.csv"), comparison, context), path)
    assert "<U+4E2D>.csv" in words(path)


def curves(pages: tuple[paper.Page, ...], colour: str) -> np.ndarray:
    """Return the points of the longest open path of `colour`."""
    paths = [i for i in items(pages, paper.Path) if i.colour == colour]
    return np.array(max(paths, key=lambda path: len(path.points)).points)


def test_scan_points_up_and_reference_down_from_one_line(
    metrics, record, comparison, context
) -> None:
    pages = compose(build_report(record, comparison, context), metrics)
    scan, reference = curves(pages, paper.INK), curves(pages, "#0072B2")
    assert scan[:, 1].max() <= reference[:, 1].min() + 0.01
    assert scan[scan[:, 1].argmin(), 0] == pytest.approx(reference[reference[:, 1].argmax(), 0])
    hollow = [i for i in items(pages, paper.Box) if i.colour == "#0072B2"]
    assert len(hollow) == len(comparison.missing_peaks_cm1) + 1  # one more explains the mark


def test_a_huge_scan_keeps_its_peaks_and_a_gap_stays_a_gap(
    metrics, record, comparison, context
) -> None:
    axis = np.linspace(100.0, 3500.0, 400_000)
    query = np.zeros_like(axis)
    query[123_456] = 1.0  # one sample wide
    reference = np.where((axis > 1000) & (axis < 1100), np.nan, 0.5)
    big = replace(
        comparison, raman_shift_cm1=axis, query=query, query_raw=query, reference=reference
    )
    pages = compose(build_report(record, big, context), metrics)
    scan = curves(pages, paper.INK)
    assert len(scan) < 5000
    assert np.ptp(scan[:, 1]) > 10.0
    parts = [i for i in items(pages, paper.Path) if i.colour == "#0072B2" and len(i.points) > 50]
    assert len(parts) == 2


def test_it_runs_without_display_and_without_an_application(tmp_path) -> None:
    path = tmp_path / "alone.pdf"
    program = """
import sys
from pathlib import Path
from spectra_app.records.identification import Identification, LibraryReference, Method
from spectra_app.reports.builder import build_report
from spectra_app.reports.facts import ReportFacts
from spectra_app.reports.render_qt import render_pdf
record = Identification("a.csv", None, "refused", (), (), (), (), (), None, "unknown", None, (),
                        Method("", "", "", ""), LibraryReference("", "", ""), error="cut short")
context = ReportFacts("SP-1", "2026-11-21", "0.1.0")
render_pdf(build_report(record, None, context), Path(sys.argv[1]))
"""
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    quiet = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env=quiet,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Report SP-1 · page 1 of" in words(path)


def test_a_report_that_cannot_be_written_leaves_nothing_and_says_what_to_do(
    render_qt, record, context, tmp_path
) -> None:
    report = build_report(record, None, context)
    with pytest.raises(AppError) as caught:
        render_qt.render_pdf(report, tmp_path / "absent" / "report.pdf")
    assert caught.value.remedy
    folder = tmp_path / "report.pdf"
    folder.mkdir()  # the place is taken by a folder: written, but cannot be moved there
    with pytest.raises(AppError):
        render_qt.render_pdf(report, folder)
    assert [item.name for item in tmp_path.iterdir()] == ["report.pdf"]


def test_saving_again_replaces_the_file_whole(render_qt, record, context, tmp_path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"older")
    render_qt.render_pdf(build_report(record, None, context), path)
    assert path.read_bytes().startswith(b"%PDF")
    assert [item.name for item in tmp_path.iterdir()] == ["report.pdf"]
