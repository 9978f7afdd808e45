"""The validation report and the other outputs of `spectra evaluate`, on a small library."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from matching.distort import SUITE
from spectra_app.errors import AppError
from spectra_app.reports import page as paper
from spectra_app.reports.charts import Chart, Series, chart_block, rounded_up, steps
from spectra_app.reports.parts import Column, Table, Words
from spectra_app.reports.validation import Section
from spectra_app.reports.validation_builder import build_validation_report
from spectra_app.reports.validation_layout import compose_validation
from spectra_app.reports.validation_words import both, bounds, share
from spectra_app.services.evaluate import EvaluationError, Plan, evaluation
from spectra_app.services.statistics import rate

KNOWN = ("acetone", "caffeine", "lactose", "urea")


@pytest.fixture(scope="session")
def queries(tmp_path_factory, scan_text):
    """Return a manifest: four known scans of one unit, one unknown, one that lacks its file."""
    folder = tmp_path_factory.mktemp("queries")
    rows = ["file,name,serial"]
    for seed, name in enumerate((*KNOWN, "cocaine"), start=30):
        (folder / f"{name}.csv").write_text(scan_text(name, seed=seed), encoding="utf-8")
        rows.append(f"{name}.csv,{name},WP-1")
    rows.append("absent.csv,urea,WP-2")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "manifest.csv"


@pytest.fixture
def engine(small_library, tmp_path):
    from spectra_app.services.session import open_identifier

    return open_identifier(small_library, evidence=tmp_path / "evidence").engine


PLAN = Plan(leave_out=True, distort=True, seeds=1, sums=4, folds=2)


@pytest.fixture(scope="session")
def whole(small_library, queries, tmp_path_factory):
    """Return one evaluation with everything in it."""
    from spectra_app.services.session import open_identifier

    evidence = tmp_path_factory.mktemp("evidence")
    engine = open_identifier(small_library, evidence=evidence).engine
    told: list[float] = []
    found = evaluation(
        queries,
        engine,
        PLAN,
        performed_at="2026-11-22T08:00:00+00:00",
        progress=lambda so_far, _words: told.append(so_far),
    )
    return found, told


@pytest.fixture
def metrics(qapp):
    assert qapp is not None
    from spectra_app.reports import render_qt

    return render_qt.QtMetrics()


@pytest.fixture
def report(whole):
    return build_validation_report(
        whole[0].figures, report_id="SV-2026-11-22-TEST", issued_at="2026-11-22T09:00:00+00:00"
    )


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --- The whole evaluation -----------------------------------------------------------------------


def test_progress_rises_and_ends_once(whole):
    told = whole[1]
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert told.count(1.0) == 1


def test_distortions_harm_as_they_should_and_what_must_be_flagged_is(whole):
    found = {row["name"]: row for row in whole[0].figures["distortions"]}
    assert list(found) == [kind.name for kind in SUITE]
    for kind in SUITE:
        assert found[kind.name]["n"] == 5
    for name in ("saturation", "spikes"):
        assert found[name]["flagged"]["rate"] == 1.0
        assert found[name]["named_wrong"]["count"] == 0
    assert found["saturation"]["named_right"]["count"] == 0  # a saturated scan is not named


def test_the_same_seed_gives_the_same_figures(whole, queries, engine):
    plan = replace(PLAN, distort=False)
    again = evaluation(queries, engine, plan, performed_at="2026-11-22T08:00:00+00:00").figures
    wanted = {k: v for k, v in whole[0].figures.items() if k not in {"distortions", "plan"}}
    assert {k: v for k, v in again.items() if k != "plan"} == wanted


def test_thresholds_without_leaving_out_are_refused(queries, engine):
    with pytest.raises(EvaluationError, match="--leave-out"):
        evaluation(queries, engine, Plan(folds=5))


def test_the_command_writes_what_the_figures_can_be_recounted_from(
    spectra, small_library, queries, tmp_path
):
    out, pdf = tmp_path / "out", tmp_path / "report.pdf"
    options = ("--leave-out", "--sums", 2, "--folds", 2, "--out", out, "--report", pdf, "--json")
    code, text, err = spectra(
        "evaluate", "--library", small_library, "--queries", queries, *options
    )
    assert (code, err) == (0, "")
    figures = json.loads(text)
    assert json.loads((out / "figures.json").read_text(encoding="utf-8")) == figures
    rows = rows_of(out / "answers.csv")
    assert len(rows) == figures["n"] == 6
    known = [row for row in rows if row["in_library"] == "1"]
    assert sum(int(row["named_right"]) for row in known) == figures["named_right"]["count"]
    assert sum(int(row["named_wrong"]) for row in rows) == figures["named_wrong"]["count"]
    assert sum(row["outcome"] == "refused" for row in rows) == figures["refused"]["count"] == 1
    named = [row for row in rows if row["left_out_named"]]
    assert len(named) == figures["false_naming"]["count"]
    assert [row["error"] != "" for row in rows] == [False] * 5 + [True]
    assert len(rows_of(out / "sums.csv")) == sum(row["n"] for row in figures["sums"]) == 2
    assert not (out / "distorted.csv").exists()
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert sorted(path.name for path in out.iterdir()) == [
        "answers.csv", "figures.json", "sums.csv",
    ]  # fmt: skip


def test_the_text_form_names_every_part(spectra, small_library, queries):
    arguments = ("--leave-out", "--sums", 2, "--folds", 2)
    code, text, err = spectra(
        "evaluate", "--library", small_library, "--queries", queries, *arguments
    )
    assert (code, err) == (0, "")
    for words in (
        "on WP-1:", "on WP-2:", "expected calibration error", "threshold from other substances",
        "sums 70% and 30%", "refused: absent.csv", "with the substance left out",
    ):  # fmt: skip
        assert words in text


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--report", "report.txt"), (2, "end the name in .pdf or .json")),
        (("--folds", "1"), (2, "two folds or more")),
        (("--seeds", "0"), (2, "above zero")),
        (("--folds", "5"), (3, "--leave-out")),
    ],
)
def test_what_cannot_be_done_is_said(spectra, small_library, queries, options, wanted):
    found = spectra("evaluate", "--library", small_library, "--queries", queries, *options)
    assert (found[0], found[1]) == (wanted[0], "")
    assert wanted[1] in found[2]


def test_a_folder_that_cannot_be_made_is_refused_before_the_work(
    spectra, small_library, queries, tmp_path
):
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    code, out, err = spectra(
        "evaluate", "--library", small_library, "--queries", queries, "--out", tmp_path / "taken"
    )
    assert (code, out) == (3, "")
    assert "taken" in err
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


def test_a_report_without_a_folder_is_refused_before_the_work(
    spectra, small_library, queries, tmp_path
):
    path = tmp_path / "absent" / "report.pdf"
    code, out, err = spectra(
        "evaluate", "--library", small_library, "--queries", queries, "--report", path
    )
    assert (code, out) == (3, "")
    assert "folder for the report does not exist" in err


def test_scans_of_unknown_substances_alone_make_a_report_too(
    spectra, small_library, queries, tmp_path
):
    manifest = queries.with_name("unknown.csv")
    manifest.write_text("file,name\ncocaine.csv,cocaine\n", encoding="utf-8")
    options = ("--leave-out", "--folds", 2, "--report", tmp_path / "report.pdf", "--json")
    code, out, err = spectra(
        "evaluate", "--library", small_library, "--queries", manifest, *options
    )
    assert (code, err) == (0, "")
    figures = json.loads(out)
    assert (figures["out_of_library"], figures["top1"]["rate"]) == (1, None)
    assert (tmp_path / "report.pdf").is_file()


def interrupted(child):
    """Press Ctrl-C until it is heard: Python may lose one while it clears away an object."""
    for _ in range(6):
        child.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.communicate(timeout=20)
    pytest.fail("Ctrl-C was not heard")


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is another signal there")
def test_ctrl_c_ends_the_work_and_leaves_no_half_written_file(small_library, queries, tmp_path):
    out = tmp_path / "out"
    code = "import sys; from spectra_app.app import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["evaluate", "--library", small_library, "--queries", queries]
    arguments += ["--distort", "--seeds", "5000", "--out", out, "--report", tmp_path / "r.pdf"]
    child = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not out.exists() and child.poll() is None:
            time.sleep(0.05)
        text, err = interrupted(child)
    finally:
        child.kill()
        child.communicate()
    assert (child.returncode, text) == (2, "")
    assert err.endswith("spectra: stopped\n")
    assert list(out.iterdir()) == []
    assert not (tmp_path / "r.pdf").exists()


# --- The report as data -------------------------------------------------------------------------


def test_rates_are_printed_with_bounds_rounded_outwards():
    item = rate(57, 59).to_json()
    assert both(item).replace("\u00a0", " ") == "57 of 59 (88.2 to 99.6 %)"
    assert bounds(rate(0, 10).to_json()) == "0.0 to 30.9 %"
    assert bounds(rate(10, 10).to_json()) == "69.1 to 100.0 %"
    assert both(None) == share(None) == bounds(rate(0, 0).to_json()) == "-"


def test_the_report_holds_every_part_and_says_what_it_does_not_show(report):
    headings = [section.heading for section in report.sections]
    for wanted in (
        "What was found", "What was tested", "Instrument by instrument", "Distorted scans",
        "Sums of two scans", "Every failure", "What was taken for what",
        "Substance by substance", "What this does not show", "Review",
    ):  # fmt: skip
        assert wanted in headings
    plain = report.to_json()
    assert json.loads(report.to_bytes()) == json.loads(json.dumps(plain))
    assert report.to_bytes() == report.to_bytes()
    assert plain["figures"]["n"] == 6
    text = json.dumps(plain["sections"], ensure_ascii=False)
    for value in (
        report.figures["library"]["sha256"], report.figures["method"]["policy"],
        report.figures["method"]["pipeline"], report.figures["queries"]["manifest_sha256"],
        report.figures["queries"]["data_sha256"], "Only 5 substances were tested",
    ):  # fmt: skip
        assert value in text


def test_what_was_not_measured_is_said(queries, engine):
    figures = evaluation(queries, engine, Plan()).figures
    report = build_validation_report(figures, report_id="x", issued_at="2026-11-22")
    text = json.dumps(report.to_json()["sections"])
    assert "was NOT measured" in text
    assert "Distorted scans" not in [section.heading for section in report.sections]


# --- Pages --------------------------------------------------------------------------------------


def box(item):
    """Return what the letters of `item` may cover: left, top, right, bottom in mm."""
    size = item.style.size * paper.MM_PER_POINT
    return item.x, item.y - 0.74 * size, item.x + item.width, item.y + 0.22 * size


def faults(page):
    """Return every text that leaves the page's margins or touches another text."""
    shown = [item for item in page.items if isinstance(item, paper.Text) and item.text.strip()]
    right, bottom = paper.PAGE_WIDTH - paper.MARGIN, paper.PAGE_HEIGHT - 8.0
    out = [
        f"outside: {item.text}"
        for item in shown
        if not (box(item)[0] >= paper.MARGIN - 0.01 and box(item)[2] <= right + 0.01)
        or not (box(item)[1] >= 8.0 and box(item)[3] <= bottom)
    ]
    for one, other in combinations(shown, 2):
        a, b = box(one), box(other)
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] - 0.05 and b[1] < a[3] - 0.05:
            out.append(f"overlap: {one.text} / {other.text}")
    return out


def texts(page):
    return [item.text for item in page.items if isinstance(item, paper.Text)]


def check_pages(pages, report_id):
    for number, page in enumerate(pages, start=1):
        assert faults(page) == []
        words = texts(page)
        assert f"Validation report {report_id} · page {number} of {len(pages)}" in words
        last = "End of report" if number == len(pages) else f"continued on page {number + 1}"
        assert last in words
    assert sum(words == "End of report" for page in pages for words in texts(page)) == 2


def test_pages_are_numbered_end_clearly_and_nothing_overlaps(report, metrics):
    check_pages(compose_validation(report, metrics), report.report_id)


def test_long_tables_repeat_their_head_and_lose_no_row(report, metrics):
    columns = (Column("Scan", 100.0), Column("Count", 40.0, "right"))
    rows = tuple((f"row {number} " + "long name " * (number % 17), "1") for number in range(220))
    section = Section("A long one", (Words(("before",)), Table(columns, rows, "a note")))
    pages = compose_validation(replace(report, sections=(section,)), metrics)
    check_pages(pages, report.report_id)
    assert len(pages) >= 4
    assert all("Scan" in texts(page) for page in pages)
    shown = " ".join(words for page in pages for words in texts(page))
    assert all(f"row {number} " in shown + " " for number in range(220))
    assert "a note" in texts(pages[-1])


def test_any_name_from_outside_fits(report, metrics):
    long = "N-[2-(4-methoxyphenyl)-1-methylethyl]-3,4-methylenedioxy" * 5
    for name in (long, "\u202egnirts \x07 中文", "a" * 900):
        figures = json.loads(json.dumps(report.figures))
        for row in (*figures["substances"], *figures["missed"], *figures["refused_queries"]):
            row.update({k: name for k in ("substance", "query", "truth", "error") if k in row})
        figures["library"]["name"] = name
        figures["instruments"] = {name: figures["instruments"]["WP-1"]}
        hostile = build_validation_report(figures, report_id="x" * 30, issued_at="2026-11-22")
        check_pages(compose_validation(hostile, metrics), "x" * 30)


def test_the_pdf_is_text_and_vectors_with_embedded_fonts(report, metrics, tmp_path):
    from spectra_app.reports.render_qt import render_pdf

    path = tmp_path / "validation.pdf"
    render_pdf(report, path)
    document = pypdfium2.PdfDocument(path)
    try:
        assert len(document) == len(compose_validation(report, metrics))
        words = ""
        for page in document:
            words += " ".join(page.get_textpage().get_text_bounded().split()) + " "
            assert list(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE])) == []
            for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
                font = pdfium.FPDFTextObj_GetFont(item.raw)
                assert pdfium.FPDFFont_GetIsEmbedded(font) == 1
    finally:
        document.close()
    for wanted in (
        report.figures["library"]["sha256"], "Reliability of the stated rates",
        "Detection error trade-off", "UNSIGNED", "SV-2026-11-22-TEST", "End of report",
    ):  # fmt: skip
        assert wanted in words


def test_the_json_report_is_written_whole(whole, tmp_path):
    from spectra_app.services.reporting import write_validation_report

    def never(_report, _path):
        raise AppError("the renderer is not asked for JSON", "", "")

    path = tmp_path / "validation.json"
    write_validation_report(whole[0].figures, path, "2026-11-22T09:00:00+00:00", never)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["report_id"].startswith("SV-2026-11-22-")
    assert [file.name for file in tmp_path.iterdir()] == ["validation.json"]


# --- Charts -------------------------------------------------------------------------------------


def test_a_histogram_outline_encloses_its_counts():
    points = steps((0.0, 1.0, 2.0, 4.0), (3.0, 0.0, 5.0))
    assert points[0] == (0.0, 0.0)
    assert points[-1] == (4.0, 0.0)
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))
    assert area == pytest.approx(3.0 * 1 + 0.0 * 1 + 5.0 * 2)


@pytest.mark.parametrize(
    ("value", "end"), [(0, 1), (1, 1), (3, 5), (24, 25), (26, 50), (0.12, 0.2)]
)
def test_an_axis_ends_at_a_round_figure(value, end):
    assert rounded_up(value) == pytest.approx(end)


def test_marks_and_lines_lie_where_the_axes_say(metrics):
    series = (
        Series("line", ((0.0, 0.0), (1.0, 1.0))),
        Series("marks", ((0.5, 0.25),), "#0072B2", "marks", bounds=((0.0, 2.0),)),
    )
    chart = Chart("A chart", "x", "y", (0.0, 1.0), (0.0, 1.0), series)
    items = chart_block(chart, metrics, 80.0, 40.0).items
    (axes,) = [i for i in items if isinstance(i, paper.Box) and i.height == 40.0]
    diagonal = [i for i in items if isinstance(i, paper.Path)]
    ends = ((axes.x, axes.y + 40.0), (axes.x + axes.width, axes.y))
    assert any(np.allclose(item.points, ends) for item in diagonal if len(item.points) == 2)
    (mark,) = [
        i for i in items if isinstance(i, paper.Box) and i.fill == "#0072B2" and i.y > axes.y
    ]
    assert mark.x + mark.width / 2 == pytest.approx(axes.x + axes.width / 2)
    assert mark.y + mark.height / 2 == pytest.approx(axes.y + 30.0)
    whisker = [i for i in diagonal if i.colour == "#0072B2"]
    assert min(y for _, y in whisker[0].points) == pytest.approx(axes.y)  # cut at the frame


def test_a_report_over_a_folder_is_refused_before_the_work(
    spectra, small_library, queries, tmp_path
):
    path = tmp_path / "report.pdf"
    path.mkdir()
    code, out, err = spectra(
        "evaluate", "--library", small_library, "--queries", queries, "--report", path
    )
    assert (code, out) == (3, "")
    assert str(path) in err


def test_figures_are_shown_when_a_file_cannot_be_written(spectra, small_library, queries, tmp_path):
    taken = tmp_path / "out" / "figures.json"
    taken.mkdir(parents=True)
    code, out, err = spectra(
        *("evaluate", "--library", small_library, "--queries", queries, "--json"),
        *("--out", taken.parent),
    )
    assert code == 3
    assert "figures.json" in err
    assert json.loads(out)["n"] > 0
