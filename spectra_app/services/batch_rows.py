"""Results of a batch as rows to look at: a few figures of each scan, also from a results file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from library.cells import text_of
from spectra_app.records.identification import Identification
from spectra_app.services.result_rows import BatchError, joined_names, named


@dataclass(frozen=True, slots=True)
class BatchRow:
    """What a table tells of one scan.

    Parameters
    ----------
    file, spectrum : str
        As in the record.
    alarm, outcome : str
        Codes.
    names : str
        What is named, joined: a mixture with "+", what Raman does not tell apart with "or".
    best : str
        The nearest reference; not a verdict.
    score : float or None
        Its hit quality, 0 to 1; None without one.
    snr : float or None
        Signal to noise of the strongest band.
    reasons, advice : tuple of str
        Codes.
    error : str
        Why it was refused.
    """

    file: str
    spectrum: str
    alarm: str
    outcome: str
    names: str
    best: str
    score: float | None
    snr: float | None
    reasons: tuple[str, ...]
    advice: tuple[str, ...]
    error: str


@dataclass(frozen=True, slots=True)
class BatchNews:
    """What a batch did since: how many inputs are done, of how many, and the rows of their scans.

    The first news hold the rows that an earlier run had written.
    """

    done: int
    total: int
    name: str
    rows: tuple[BatchRow, ...]


def row_of(record: Identification) -> BatchRow:
    """Return the row of a record."""
    best = record.candidates[0] if record.candidates else None
    return BatchRow(
        file=record.file,
        spectrum=record.spectrum or "",
        alarm=record.alarm,
        outcome=record.outcome,
        names=joined_names([part.name for part in record.components], record.indistinguishable),
        best=best.name if best else "",
        score=best.score if best else None,
        snr=record.quality.snr if record.quality else None,
        reasons=record.reasons,
        advice=record.advice,
        error=record.error or "",
    )


def read_batch(out: Path, most: int | None = None) -> tuple[BatchRow, ...]:
    """Return the rows of a results file, the first `most`; a torn last line is left out.

    Raises
    ------
    BatchError
        When the file cannot be read or holds something else.
    """
    with named(out):
        text = out.read_text(encoding="utf-8", errors="replace")
    whole = text[: text.rfind("\n") + 1]
    read = _from_csv if out.suffix.lower() == ".csv" else _from_json
    rows: list[BatchRow] = []
    try:
        for row in read(whole):
            if most is not None and len(rows) == most:
                break
            rows.append(row)
    except (ValueError, KeyError, TypeError, IndexError, csv.Error) as error:
        raise BatchError(
            "the file holds something else than results", str(out), "choose another file"
        ) from error
    return tuple(rows)


def _from_json(text: str) -> Iterator[BatchRow]:
    for line in text.split("\n")[:-1]:  # names may hold what splitlines takes for an end
        found: dict[str, Any] = json.loads(line)
        best = found["candidates"][0] if found["candidates"] else None
        yield BatchRow(
            file=found["file"],
            spectrum=found["spectrum"] or "",
            alarm=found["alarm"],
            outcome=found["outcome"],
            names=joined_names(
                [part["name"] for part in found["components"]],
                found.get("indistinguishable", ()),
            ),
            best=best["name"] if best else "",
            score=best["score"] if best else None,
            snr=found["quality"]["snr"] if found["quality"] else None,
            reasons=tuple(found["reasons"]),
            advice=tuple(found["advice"]),
            error=found.get("error") or "",
        )


def _from_csv(text: str) -> Iterator[BatchRow]:
    for found in csv.DictReader(io.StringIO(text), strict=True):
        yield BatchRow(
            file=text_of(found["file"]),
            spectrum=text_of(found["spectrum"]),
            alarm=found["alarm"],
            outcome=found["outcome"],
            names=text_of(found["names"]),
            best=text_of(found["best_candidate"]),
            score=float(found["best_score"]) if found["best_score"] else None,
            snr=float(found["snr"]) if found["snr"] else None,
            reasons=tuple(found["reasons"].split()),
            advice=tuple(found["advice"].split()),
            error=text_of(found["error"]),
        )
