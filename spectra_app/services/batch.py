"""Identify many files: one line per scan, in input order, continuing where it was stopped."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from library.formats import Column
from library.manifest import read_manifest
from matching.spectrum import Technique
from spectra_app import __version__
from spectra_app.errors import AppError
from spectra_app.records.durable import locked
from spectra_app.records.identification import Identification
from spectra_app.services.identify import Choice, Identifier, identify_file, shown_path
from spectra_app.services.intake import SUFFIXES
from spectra_app.settings import data_folder, made

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


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a batch did: inputs taken, inputs done earlier, and how often each outcome came."""

    inputs: int
    earlier: int
    outcomes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Input:
    path: Path
    spectrum: str | None
    laser_nm: float | None
    technique: Technique | None = None


def run_batch(
    source: Path,
    out: Path,
    identifier: Identifier,
    *,
    column: Column | None = None,
    top: int = 10,
    progress: Callable[[float, str], None] = lambda _share, _words: None,
) -> BatchResult:
    """Identify all inputs of a folder or manifest and write one line per scan.

    A bad file gives a line with outcome ``refused`` and the work goes on. When `out` exists from
    an interrupted run with the same library, policy and clean-up, its lines are kept and the
    rest is added; a torn last line is done again.

    Raises
    ------
    BatchError
        When there is no input, or `out` holds something else or cannot be written.
    """
    writer = _writer_for(out)
    inputs = batch_inputs(source, out)
    counts: dict[str, int] = {}
    engine = identifier.engine
    now = method_of(
        engine.library.info.sha256,
        {
            "policy": engine.policy.hash,
            "pipeline": engine.pipeline.hash,
            "version": __version__,
            "column": column,
            "top": top,
        },
    )
    with _named(out), locked(_lock_of(out)):
        done = _continue(out, writer, inputs, now)
        with out.open("a", encoding="utf-8", newline="") as file:
            if done == 0:
                file.write(writer.header())
            for number, item in enumerate(inputs[done:], start=done):
                progress(number / len(inputs), item.path.name)
                choice = Choice(column, item.spectrum, item.laser_nm, top, item.technique)
                records = [found.record for found in identify_file(item.path, identifier, choice)]
                for record in records:
                    counts[record.outcome] = counts.get(record.outcome, 0) + 1
                file.write("".join(writer.line(record) for record in records))
                file.flush()
    progress(1.0, "done")
    return BatchResult(len(inputs), done, tuple(sorted(counts.items())))


def _lock_of(out: Path) -> Path:
    """Return the lock file of a results file: a second batch waits, then continues."""
    key = hashlib.sha256(os.fsencode(out.resolve())).hexdigest()[:24]
    return made(data_folder() / "locks") / f"batch-{key}"


@contextmanager
def _named(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BatchError(
            f"the results cannot be written ({error.strerror or error})",
            str(out),
            "choose another place or free some space, then run it again to continue",
        ) from error


def batch_inputs(source: Path, out: Path | None = None) -> list[_Input]:
    """Return the inputs of a folder (its text spectra by name) or manifest (its rows).

    The results `out` may lie in the folder: they are no input.
    """
    if source.is_dir() and (source / "manifest.csv").is_file():
        source = source / "manifest.csv"
    if source.is_dir():
        left_out = {(source / "manifest.csv").resolve(), *([out.resolve()] if out else [])}
        paths = sorted(p for p in source.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES)
        inputs = [_Input(path, None, None) for path in paths if path.resolve() not in left_out]
    else:
        inputs = [
            _Input(
                row.path,
                row.get("spectrum") or None,
                row.laser_nm,
                "SERS" if row.get("technique") == "SERS" else None,
            )
            for row in read_manifest(source)
        ]
    if not inputs:
        raise BatchError("there is no scan to identify", str(source), "check the folder")
    return inputs


class _JsonLines:
    """One JSON object per line, as ``spectra identify --json`` prints it."""

    def header(self) -> str:
        return ""

    def line(self, record: Identification) -> str:
        return json.dumps(record.to_json(), ensure_ascii=False) + "\n"

    def begins(self, text: str) -> bool:
        """Tell whether a torn first line may be one of ours."""
        start = '{"file": '
        return text.startswith(start) or start.startswith(text)

    def read(self, text: str) -> Iterator[dict[str, Any]]:
        # Not splitlines: names may hold what it takes for the end of a line (U+0085, U+2028).
        for number, line in enumerate(text.split("\n")[:-1], start=1):
            record = json.loads(line)
            yield {
                "end": number,
                "file": record["file"],
                "spectrum": record["spectrum"] or "",
                **method_of(record["library"]["sha256"], {**record["method"], **record["asked"]}),
            }


class _Csv:
    """One row per scan with the columns of `CSV_COLUMNS`."""

    def header(self) -> str:
        return ",".join(CSV_COLUMNS) + "\n"

    def line(self, record: Identification) -> str:
        best = record.candidates[0] if record.candidates else None
        fields = {
            "file": record.file,
            "spectrum": record.spectrum,
            "outcome": record.outcome,
            "names": " + ".join(component.name for component in record.components),
            "alarm": record.alarm,
            "best_candidate": best and best.name,
            "best_score": best and f"{best.score:.4f}",
            "explains": best and f"{best.explains:.4f}",
            "missing": best and f"{best.missing:.4f}",
            "shift_cm1": best and f"{best.shift_cm1:.1f}",
            "snr": record.quality and f"{record.quality.snr:.1f}",
            "reasons": " ".join(record.reasons),
            "advice": " ".join(record.advice),
            "error": record.error,
            "sha256": record.sha256,
            "column": record.asked.column,
            "top": record.asked.top,
            "library_sha256": record.library.sha256,
            "policy": record.method.policy,
            "pipeline": record.method.pipeline,
            "version": record.method.version,
        }
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(fields[name] for name in CSV_COLUMNS)
        return buffer.getvalue()

    def begins(self, text: str) -> bool:
        """Tell whether a torn first line may be one of ours."""
        return self.header().startswith(text)

    def read(self, text: str) -> Iterator[dict[str, Any]]:
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
                "file": row["file"],
                "spectrum": row["spectrum"],
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


def _writer_for(out: Path) -> _JsonLines | _Csv:
    if out.suffix.lower() == ".jsonl":
        return _JsonLines()
    if out.suffix.lower() == ".csv":
        return _Csv()
    raise BatchError(
        f"results cannot be written as {out.suffix!r}", str(out), "end the name in .jsonl or .csv"
    )


def _continue(
    out: Path, writer: _JsonLines | _Csv, inputs: list[_Input], now: dict[str, Any]
) -> int:
    """Cut `out` back to its last whole input and return how many inputs are done."""
    if not out.exists() or not out.stat().st_size:
        return 0
    data = out.read_bytes()
    whole = data.rfind(b"\n") + 1
    if not whole and not writer.begins(data.decode("utf-8", errors="replace")):
        raise _other_results(out)
    try:
        lines = list(writer.read(data[:whole].decode("utf-8")))
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise _other_results(out) from error
    if any({key: line[key] for key in now} != now for line in lines):
        raise _other_results(out)
    firsts = _first_lines(lines, inputs, out)
    done = max(len(firsts) - 1, 0)  # the last input may have been cut short: do it again
    last = lines[firsts[done] - 1]["end"] if done else 0
    with out.open("r+b") as file:
        file.truncate(sum(len(line) + 1 for line in data.split(b"\n")[:last]))
    return done


def _first_lines(lines: list[dict[str, Any]], inputs: list[_Input], out: Path) -> list[int]:
    """Return where the lines of each input begin; they must be the first inputs, in order."""
    firsts: list[int] = []
    for number, line in enumerate(lines):
        current = inputs[len(firsts) - 1] if firsts else None
        again = current is not None and line["spectrum"] == lines[firsts[-1]]["spectrum"]
        several = current is not None and current.spectrum is None and not again
        if current and several and line["file"] == shown_path(current.path):
            continue
        if len(firsts) == len(inputs) or line["file"] != shown_path(inputs[len(firsts)].path):
            raise _other_results(out)
        firsts.append(number)
    return firsts


def _other_results(out: Path) -> BatchError:
    return BatchError(
        "the file holds results of other inputs, other options, another library or another version",
        str(out),
        "choose a new name; nothing was overwritten",
    )
