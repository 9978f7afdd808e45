"""Rows of results: one line per scan, as JSON objects or as a table, written and read back."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from library.cells import cell, csv_line, text_of
from spectra_app.errors import AppError
from spectra_app.records.durable import USUAL, append_line, locked
from spectra_app.records.identification import Identification
from spectra_app.settings import data_folder, made

PLUS, OR = " + ", " or "
CSV_COLUMNS = (
    "file",
    "spectrum",
    "outcome",
    "names",
    "alarm",
    "best_candidate",
    "best_score",
    "explains",
    "missing",
    "shift_cm1",
    "snr",
    "reasons",
    "advice",
    "error",
    "sha256",
    "column",
    "top",
    "library_sha256",
    "policy",
    "pipeline",
    "version",
)


class BatchError(AppError):
    """The batch cannot be run or continued."""

    code = "batch"


class JsonLines:
    """One JSON object per line, as ``spectra identify --json`` prints it."""

    def header(self) -> str:
        """Return what stands above the first row."""
        return ""

    def line(self, record: Identification) -> str:
        """Return the row of a record."""
        return json.dumps(record.to_json(), ensure_ascii=False) + "\n"

    def begins(self, text: str) -> bool:
        """Tell whether a torn first line may be one of ours."""
        start = '{"file": '
        return text.startswith(start) or start.startswith(text)

    def read(self, text: str) -> Iterator[dict[str, Any]]:
        """Give for each whole row where it ends and what tells it from others."""
        # Not splitlines: names may hold what it takes for the end of a line (U+0085, U+2028).
        for number, line in enumerate(text.split("\n")[:-1], start=1):
            record = json.loads(line)
            yield {
                "end": number,
                "file": record["file"],
                "spectrum": record["spectrum"] or "",
                "sha256": record["sha256"],
                **method_of(record["library"]["sha256"], {**record["method"], **record["asked"]}),
            }


class Csv:
    """One row per scan with the columns of `CSV_COLUMNS`; texts as `cell` writes them."""

    def header(self) -> str:
        """Return what stands above the first row."""
        return ",".join(CSV_COLUMNS) + "\n"

    def line(self, record: Identification) -> str:
        """Return the row of a record."""
        best = record.candidates[0] if record.candidates else None
        fields = {
            "file": cell(record.file),
            "spectrum": record.spectrum and cell(record.spectrum),
            "outcome": record.outcome,
            "names": cell(
                joined_names([one.name for one in record.components], record.indistinguishable)
            ),
            "alarm": record.alarm,
            "best_candidate": best and cell(best.name),
            "best_score": best and f"{best.score:.4f}",
            "explains": best and f"{best.explains:.4f}",
            "missing": best and f"{best.missing:.4f}",
            "shift_cm1": best and f"{best.shift_cm1:.1f}",
            "snr": record.quality and f"{record.quality.snr:.1f}",
            "reasons": " ".join(record.reasons),
            "advice": " ".join(record.advice),
            "error": record.error and cell(record.error),
            "sha256": record.sha256,
            "column": record.asked.column,
            "top": record.asked.top,
            "library_sha256": record.library.sha256,
            "policy": record.method.policy,
            "pipeline": record.method.pipeline,
            "version": record.method.version,
        }
        return csv_line(fields[name] for name in CSV_COLUMNS)

    def begins(self, text: str) -> bool:
        """Tell whether a torn first line may be one of ours."""
        return self.header().startswith(text)

    def read(self, text: str) -> Iterator[dict[str, Any]]:
        """Give for each whole row where it ends and what tells it from others."""
        reader = csv.DictReader(io.StringIO(text), strict=True)
        if text and tuple(reader.fieldnames or ()) != CSV_COLUMNS:
            raise ValueError("other columns")
        while True:
            try:
                row = next(reader, None)
            except csv.Error:
                if reader.reader.line_num < text.count("\n"):
                    raise
                return  # cut inside a quoted line break
            if row is None:
                return
            if None in row.values() or None in row:
                raise ValueError("a row is cut")
            yield {
                "end": reader.line_num,
                "file": text_of(row["file"]),
                "spectrum": text_of(row["spectrum"]),
                "sha256": row["sha256"],
                **method_of(row["library_sha256"], row),
            }


def method_of(library: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return what must agree for a batch to be continued."""
    return {
        "library": library,
        "policy": fields["policy"],
        "pipeline": fields["pipeline"],
        "version": fields["version"],
        "column": fields["column"] or "",
        "top": str(fields["top"]),
    }


def writer_for(out: Path) -> JsonLines | Csv:
    """Return the form that the ending of a name stands for."""
    if out.suffix.lower() == ".jsonl":
        return JsonLines()
    if out.suffix.lower() == ".csv":
        return Csv()
    raise BatchError(
        f"results cannot be written as {out.suffix!r}", str(out), "end the name in .jsonl or .csv"
    )


def _lock_of(out: Path) -> Path:
    """Return the lock file of a results file: a second batch waits, then continues."""
    key = hashlib.sha256(os.fsencode(out.resolve())).hexdigest()[:24]
    return made(data_folder() / "locks") / f"batch-{key}"


def joined_names(names: Sequence[str], sets: Sequence[Sequence[str]]) -> str:
    """Return names of components in one text: those of a mixture with "+", of a set with "or".

    Parameters
    ----------
    names : sequence of str
        Of the components of a result.
    sets : sequence of sequence of str
        Names that Raman does not tell apart.
    """
    joined: list[str] = []
    seen: set[str] = set()
    for name in names:
        if name not in seen:
            alike = next((one for one in sets if name in one), (name,))
            either = [name, *(one for one in names if one in alike and one != name)]
            seen.update(either)
            joined.append(OR.join(either))
    return PLUS.join(joined)


def split_names(text: str) -> tuple[tuple[str, ...], ...]:
    """Return what `joined_names` joined: the parts of a mixture, each one name or a set."""
    return tuple(tuple(part.split(OR)) for part in text.split(PLUS) if part)


@contextmanager
def named(out: Path) -> Iterator[None]:
    """Put what the operating system refused of a results file into words: a BatchError."""
    try:
        yield
    except OSError as error:
        raise BatchError(
            f"the results cannot be written ({error.strerror or error})",
            str(out),
            "choose another place or free some space, then run it again to continue",
        ) from error


def lock_of(out: Path) -> Path:
    """Return the lock file of a results file: another writer waits, then continues."""
    key = hashlib.sha256(os.fsencode(out.resolve())).hexdigest()[:24]
    return made(data_folder() / "locks") / f"batch-{key}"


class ResultsFile:
    """A results file that is only added to, over months and restarts.

    A torn last row is taken away when it is opened. A row that is there already (same file,
    spectrum, bytes, library and program) is not added again, so what was interrupted may be redone.

    Parameters
    ----------
    out : Path
        The file, ending in .jsonl or .csv; it is made by the first `add`.

    Raises
    ------
    BatchError
        When it holds something else or cannot be used.
    """

    def __init__(self, out: Path) -> None:
        self.path = out
        self._writer = writer_for(out)
        with named(out), locked(lock_of(out)):
            self._known = self._whole_rows()

    def _whole_rows(self) -> set[tuple[str, ...]]:
        """Return the rows that are there, the file cut back to the last whole one."""
        data = self.path.read_bytes() if self.path.exists() else b""
        whole = data.rfind(b"\n") + 1
        try:
            if not whole and not self._writer.begins(data.decode("utf-8", errors="replace")):
                raise ValueError("its beginning is another")
            rows = list(self._writer.read(data[:whole].decode("utf-8")))
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise BatchError(
                f"the file holds something else than results ({error})",
                str(self.path),
                "choose a new name; nothing was overwritten",
            ) from error
        first = 1 if whole and self._writer.header() else 0
        last = rows[-1]["end"] if rows else first
        kept = sum(len(line) + 1 for line in data.split(b"\n")[:last])
        if kept < len(data):
            with self.path.open("r+b") as file:
                file.truncate(kept)
        return {_key(row) for row in rows}

    def add(self, records: Sequence[Identification]) -> None:
        """Add the rows that are not there yet, all of them or none; then they are on the disk.

        Raises
        ------
        BatchError
            When they cannot be written.
        """
        rows = {_key(_facts(record)): self._writer.line(record) for record in records}
        new = [line for key, line in rows.items() if key not in self._known]
        if not new:
            return
        with named(self.path), locked(lock_of(self.path)):
            empty = not self.path.exists() or not self.path.stat().st_size
            text = (self._writer.header() if empty else "") + "".join(new)
            append_line(self.path, text.encode("utf-8"), USUAL)
        self._known.update(rows)


def _facts(record: Identification) -> dict[str, Any]:
    """Return what a row of `record` says when it is read back."""
    method = {
        "policy": record.method.policy,
        "pipeline": record.method.pipeline,
        "version": record.method.version,
        "column": record.asked.column,
        "top": record.asked.top,
    }
    return {
        "file": record.file,
        "spectrum": record.spectrum or "",
        "sha256": record.sha256,
        **method_of(record.library.sha256, method),
    }


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(value) for name, value in sorted(row.items()) if name != "end")
