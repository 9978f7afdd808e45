"""The closer look, the batch and the validation in every state, for the measure of all pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from matching.gates import Gate
from spectra_app.services.api import StudyUse
from spectra_app.services.batch_rows import row_of
from spectra_app.services.comparing import CandidateFacts, Contribution, FittedSet, Pair, Study
from spectra_app.services.evaluate import Answer, Evaluation, Query, Result, summary
from spectra_app.services.evaluate.calibration import calibration, detection
from spectra_app.services.policies import load_policy
from spectra_app.ui.technician.area import PAGES
from spectra_app.ui.technician.evaluate_page import VIEWS

GATES = (
    Gate("evidence", 0.87, 1.6), Gate("bands", 4.8, 1.25),
    Gate("unexplained", 0.33, 0.35, at_least=False), Gate("correlation", 0.7, 0.75),
    Gate("uncovered", 0.02, 0.3, at_least=False), Gate("overlap_cm1", 1400.0, 400.0),
)  # fmt: skip


def study_of(found):
    """Return a hand-made study of a hand-made verdict."""
    shown = found.comparisons[0]
    record = found.record
    parts = tuple(
        Contribution(c.entry, c.name, "measured", c.role, 0.5, (0.41, 0.58), 2.5, shown.query / 2)
        for c in record.components
    )
    total = np.asarray(sum(part.values for part in parts))
    fitted = FittedSet(shown.raman_shift_cm1, shown.query, total, parts, 1.03, GATES[:2])
    facts = tuple(
        CandidateFacts(c.entry, "substance", False, None, record.components[0].control,
                       "controlled", GATES)
        for c in record.candidates
    )  # fmt: skip
    return Study(found, None, facts, (Gate("snr", 4.0, 8.0),), fitted)


def closer_pages(shell, samples):
    """Show the closer look at a mixture: candidates, a pair, the set, a trial, trouble."""
    bench, found = shell.workbench, samples.ALL["mixture"]()
    study = study_of(found)
    shell.technician.stack.setCurrentWidget(bench)
    bench.door._use = StudyUse(lambda _f: study, lambda *_: None, lambda *_: study.fitted)
    bench.door.open(found)
    closer = bench.door.closer
    closer.compare.show_study(study)
    closer.mixture.show_study(study)
    yield "closer candidates", shell
    pair = Pair("Amphetamine sulfate", "measured", found.comparisons[1], alike=True, same=False)
    closer.compare.show_pair(pair)
    yield "closer pair", shell
    closer.show_view("mixture")
    yield "closer mixture", shell
    closer.mixture.show_trial(replace(study.fitted, trial=True, nothing=("Paracetamol",)))
    yield "closer trial", shell
    bench.door.leave()


def batch_pages(shell, samples):
    """Show the batch page before, while, and after it runs."""
    page = shell.technician.page("batch", PAGES["batch"])
    shell.technician.stack.setCurrentWidget(page)
    yield "batch empty", shell
    page.source, page.out = Path("/media/stick/seizures"), Path("/data/batches/seizures.jsonl")
    page.model.begin()
    page.model.add([row_of(make().record) for make in samples.ALL.values()])
    page._done, page._total = 3, 9
    page._show_state()
    page.work_line.show_progress(0.33, 480)
    yield "batch running", shell
    page.work_line.hide()
    page._say_end("batch.stopped")
    yield "batch stopped", shell


def evaluation_of():
    """Return figures of two scans."""
    results = [
        Result(
            Query("a.csv", None, frozenset({1}), True, 1, "caffeine", "unit 1"),
            Answer("match", (1,), (), (1, 2), 0.9, evidence=3.0, stated=0.97),
            Answer("not_in_library", (), (), (2,), 0.1, evidence=-3.0),
        ),
        Result(
            Query("b.csv", None, frozenset({2}), True, 1, "urea", "unit 2"),
            Answer("match", (1,), (), (1, 2), 0.8, evidence=2.0),
            Answer("match", (1,), (), (1,), 0.8, evidence=2.0),
        ),
    ]
    policy = load_policy()
    figures = {
        **summary(results, {1: "caffeine", 2: "urea"}),
        "calibration": calibration(results, policy),
        "detection": detection(results, policy),
    }
    return Evaluation(figures, {}, results, [], [])


def evaluate_pages(shell):
    """Show the validation page without figures, and every view of some."""
    page = shell.technician.page("evaluate", PAGES["evaluate"])
    shell.technician.stack.setCurrentWidget(page)
    page.found = None
    page.show_view(VIEWS[0])
    yield "evaluate empty", shell
    page.found, page.manifest = evaluation_of(), Path("/data/known scans/manifest.csv")
    page._show_state()
    page._say_end("evaluate.ended")
    for name in VIEWS:
        page.show_view(name)
        yield f"evaluate {name}", shell


def compare_pages(shell, samples):
    """Show all of them."""
    shell.pages.setCurrentWidget(shell.technician)
    yield from closer_pages(shell, samples)
    yield from batch_pages(shell, samples)
    yield from evaluate_pages(shell)
    shell.technician.stack.setCurrentWidget(shell.workbench)
