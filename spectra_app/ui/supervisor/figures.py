"""Figures of a period as rows of a table and of a chart, in words; no widget here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from spectra_app.reports.figures import percent
from spectra_app.services.station_statistics.seizures import NOT_RECORDED
from spectra_app.ui.look import Look
from spectra_app.ui.supervisor.charts import Bar, Share
from spectra_app.ui.supervisor.rows_model import Row

DIMENSIONS = (
    "substance", "mode", "origin", "destination", "month", "instrument", "person", "outcome",
    "family", "cutting agent", "form", "concealment", "weight",
)  # fmt: skip
RATES = "rates"
COUNTED = ("share", "items", "cases", "confirmed", "presumptive", "lead", "other")
COLUMNS = tuple(f"figures.{name}" for name in ("value", *COUNTED))
RATE_COLUMNS = tuple(f"figures.{name}" for name in ("question", "by_items", "by_cases"))
PARTS = ("confirmed", "presumptive", "lead", "other")
MOST = 14
Rate = dict[str, Any]


def of_share(found: Rate, look: Look) -> str:
    """Return a share with its counts and bounds: never a bare percentage."""
    counts = {"count": f"{found['count']:,}", "n": f"{found['n']:,}"}
    if found["rate"] is None:
        return look.say("figures.none_of", **counts)
    low, high = percent(found["low95"], "down"), percent(found["high95"], "up")
    return look.say("figures.share_of", share=percent(found["rate"]), low=low, high=high, **counts)


def _other(row: dict[str, Any]) -> int:
    counts = (row[name] for name in ("family", "refuted", "unsettled", "unnamed"))
    return sum(int(count) for count in counts)


def parts_of(row: dict[str, Any]) -> tuple[int, ...]:
    """Return the counts of `PARTS`."""
    return (row["confirmed"], row["presumptive"], row["lead"], _other(row))


def value_of(dimension: str, row: dict[str, Any], look: Look) -> str:
    """Return what a row is about."""
    value = str(row["value"])
    if value == NOT_RECORDED:
        return look.say("figures.not_recorded")
    return look.word("outcome" if dimension == "outcome" else "value", value)


def counted_rows(dimension: str, found: dict[str, Any], look: Look) -> list[Row]:
    """Return the rows of a dimension."""
    rows = []
    for row in found["tables"][dimension]:
        counts = (row["items"], row["cases"], *parts_of(row))
        shown = value_of(dimension, row, look)
        cells = (shown, of_share(row["share"], look), *(f"{count:,}" for count in counts))
        level = row["alarm"]
        tip = look.word("alarm", level) if level else ""
        rows.append(Row(cells, level, f"{shown}: {tip}" if tip else ""))
    return rows


def bars_of(dimension: str, rows: list[dict[str, Any]], look: Look) -> list[Bar]:
    """Return the first rows of a dimension as bars."""
    return [
        Bar(value_of(dimension, row, look), parts_of(row), f"{row['items']:,}")
        for row in rows[:MOST]
    ]


def questions_of(rates: dict[str, Any], look: Look) -> Iterator[tuple[str, dict[str, Rate]]]:
    """Yield each question that laboratory answers settle, with its rates by items and by cases."""
    say = look.say
    yield say("figures.alarm_true"), rates["alarm"]["true_positive"]
    yield say("figures.alarm_false"), rates["alarm"]["false_positive"]
    yield say("figures.name_right"), rates["naming"]["right"]
    yield say("figures.name_wrong"), rates["naming"]["wrong"]
    yield say("figures.all_named"), rates["naming"]["all_named"]
    for row in rates["outcomes"]:
        if row["judged"]:
            name = look.word("outcome", row["outcome"])
            yield say("figures.outcome_alarm", name=name), row["alarm_substance_found"]
            if row["right"]:
                yield say("figures.outcome_right", name=name), row["right"]
                yield say("figures.outcome_wrong", name=name), row["wrong"]
    for row in rates["substances"]:
        name = row["substance"]
        yield say("figures.substance_true", name=name), row["true_positive"]
        yield say("figures.substance_false", name=name), row["false_positive"]


def rate_rows(rates: dict[str, Any], look: Look) -> list[Row]:
    """Return the rates as rows."""
    return [
        Row((words, of_share(pair["items"], look), of_share(pair["cases"], look)))
        for words, pair in questions_of(rates, look)
    ]


def shares_of(rates: dict[str, Any], look: Look) -> list[Share]:
    """Return the first rates that rest on anything as shares."""
    found = []
    for words, pair in questions_of(rates, look):
        one = pair["items"]
        if one["rate"] is not None:
            told = of_share(one, look)
            found.append(Share(words, one["rate"], one["low95"], one["high95"], told))
    return found[:MOST]


def counted_words(rates: dict[str, Any], look: Look) -> str:
    """Return what went into the rates, and what did not."""
    names = ("items", "judged", "not_sent", "sent_no_answer", "contradictory", "amended")
    counts = {name: f"{rates['counted'][name]:,}" for name in names}
    return look.say("figures.counted", **counts)
