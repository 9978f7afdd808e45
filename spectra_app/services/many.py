"""Batches and evaluations for a window: step by step, on a library opened for them alone.

The library in use may be changed meanwhile; what has begun goes on with the one it began with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeAlias, get_args

from library.formats import Column
from spectra_app.services.api import ManyUse
from spectra_app.services.batch import Source, batch_steps
from spectra_app.services.batch_rows import BatchNews, read_batch, row_of
from spectra_app.services.evaluate import Evaluation, Plan, evaluation_steps, write_outputs
from spectra_app.services.evaluate.queries import Steps
from spectra_app.services.reporting import AnyRenderer, write_validation_report
from spectra_app.services.result_rows import named
from spectra_app.services.session import open_identifier, utc_now
from spectra_app.settings import data_folder, made

TakenColumn: TypeAlias = Column
"""What is taken from files that hold several columns."""
COLUMNS: tuple[TakenColumn, ...] = get_args(Column)
_NO_NAME = re.compile(r"[^\w.-]+")


def many_use(library: Callable[[], Path | None], render: AnyRenderer) -> ManyUse:
    """Return what a window can ask about many scans.

    Parameters
    ----------
    library : callable () -> Path or None
        The library in use; None for the installed one.
    render : callable (report, path)
        Writes a report as PDF.
    """

    def batch(
        source: Source, out: Path, column: Column | None = None
    ) -> Generator[BatchNews, None, None]:
        with named(out):
            made(out.parent)
        identifier = open_identifier(library())
        try:
            steps = batch_steps(source, out, identifier, column=column)
            first = next(steps)
            earlier = read_batch(out) if first.done else ()
            yield BatchNews(first.done, first.total, "", earlier)
            for step in steps:
                rows = tuple(map(row_of, step.records))
                yield BatchNews(step.done, step.total, step.name, rows)
        finally:
            identifier.engine.library.close()

    def evaluate(
        manifest: Path, chosen: Path | None, plan: Plan, column: Column | None = None
    ) -> Steps[Evaluation]:
        yield 0.0, manifest.name
        identifier = open_identifier(chosen or library())
        try:
            return (
                yield from evaluation_steps(
                    manifest, identifier.engine, plan, column=column, performed_at=utc_now()
                )
            )
        finally:
            identifier.engine.library.close()

    def write_validation(found: Evaluation, path: Path) -> None:
        write_validation_report(found.figures, path, utc_now(), render)

    return ManyUse(results_for, batch, evaluate, write_outputs, write_validation)


def results_for(source: Source) -> Path:
    """Return where the results of a batch go unless somebody says otherwise: a fresh file."""
    if isinstance(source, Path):
        name = (source.stem if source.suffix else source.name) or "scans"
    else:
        name = f"{len(source)}-files"
    shown = _NO_NAME.sub("-", name).strip("-.")[:40] or "scans"
    now = utc_now()[:19].replace(":", "").replace("T", "-")
    return data_folder() / "batches" / f"{shown}-{now}.jsonl"
