"""One page out of a report: choose how much of each list fits, and place the sections."""

from __future__ import annotations

from spectra_app.errors import AppError
from spectra_app.reports import sections
from spectra_app.reports.document import Report
from spectra_app.reports.page import (
    LABEL,
    MARGIN,
    PAGE_HEIGHT,
    RULE,
    WIDTH,
    Block,
    Box,
    Metrics,
    Page,
    paragraph,
    placed,
    stacked,
)
from spectra_app.reports.plot import comparison_plot
from spectra_app.reports.sections import Budget

TOP, BOTTOM = 11.0, 9.0
TALLEST_PLOT = 78.0
LOOSEST_GAP = 4.6

# From everything a page can hold to the least a reader needs.
BUDGETS = (
    Budget(8, 6, 6, 10, 8, 3, 58.0, 2.2),
    Budget(6, 6, 6, 8, 8, 2, 54.0, 2.2),
    Budget(5, 5, 4, 6, 6, 2, 50.0, 2.2),
    Budget(4, 4, 3, 4, 5, 2, 48.0, 2.0),
    Budget(3, 4, 2, 3, 4, 2, 44.0, 2.0),
    Budget(3, 4, 2, 3, 4, 1, 40.0, 1.8),
    Budget(2, 3, 1, 2, 3, 1, 36.0, 1.6),
    Budget(1, 2, 1, 1, 1, 1, 0.0, 1.4),
)


def compose(report: Report, metrics: Metrics) -> Page:
    """Return `report` laid out on one A4 page.

    Lists are shortened step by step until everything fits, the plot takes the room left over, and
    whatever is left out is counted on the page.

    Raises
    ------
    AppError
        Even the shortest form is longer than a page.
    """
    foot = sections.foot(report, metrics)
    room = PAGE_HEIGHT - TOP - BOTTOM - foot.height
    for budget in BUDGETS:
        above, below = _sections(report, metrics, budget)
        count = sum(1 for block in (*above, *below) if block.height)
        spare = room - sum(block.height for block in (*above, *below)) - (count + 1) * budget.gap
        plot = _plot(report, metrics, budget, spare)
        if plot is not None:
            blocks = [block for block in (*above, plot, *below) if block.height]
            looser = budget.gap + (spare - plot.height) / (len(blocks) - 1)
            body = placed(stacked(blocks, min(looser, LOOSEST_GAP)), MARGIN, TOP)
            footing = placed(foot, MARGIN, PAGE_HEIGHT - BOTTOM - foot.height)
            return Page(f"{report.title} {report.report_id}", (*body, *footing))
    raise AppError(
        "the report does not fit on one page",
        report.report_id,
        "shorten the description of the item, or use 'spectra identify --json'",
    )


def _sections(report: Report, metrics: Metrics, budget: Budget) -> tuple[list[Block], list[Block]]:
    """Return what stands above the plot and what stands below it."""
    above = [
        sections.top(report, metrics),
        sections.item_facts(report, metrics, budget),
        sections.marks(report, metrics),
        sections.verdict(report, metrics),
        sections.because(report, metrics, budget),
        sections.components(report, metrics, budget),
    ]
    below = [
        sections.candidates(report, metrics, budget),
        sections.quality_and_hidden(report, metrics, budget),
        sections.method(report, metrics, budget),
        sections.limits(report, metrics),
    ]
    return above, below


def _plot(report: Report, metrics: Metrics, budget: Budget, spare: float) -> Block | None:
    """Return the plot, or the statement in its place; None when `spare` mm do not hold it."""
    if report.comparison is not None and budget.plot:
        if spare < budget.plot:
            return None
        labels = (report.scan_label, report.reference_label)
        height = min(spare, TALLEST_PLOT)
        return comparison_plot(report.comparison, *labels, metrics, height)
    why = "nothing was compared"
    if report.comparison is not None:
        why = "the texts of this record leave no room for it"
    elif report.record.outcome == "refused":
        why = "the input was refused"
    words = paragraph(metrics, f"No spectrum is drawn: {why}.", LABEL, WIDTH - 6.0)
    height = words.height + 3.0
    if spare < height:
        return None
    return Block(height, (Box(0.0, 0.0, WIDTH, height, 1.0, RULE), *placed(words, 3.0, 1.5)))
