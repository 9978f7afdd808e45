"""Identify many files: one line per scan, in input order, continuing where it was stopped."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from library.formats import Column
from library.manifest import read_manifest
from matching.spectrum import Technique
from spectra_app import __version__
from spectra_app.records.durable import locked
from spectra_app.records.identification import Identification
from spectra_app.services.identify import Choice, Identifier, identify_file, shown_path
from spectra_app.services.intake import SUFFIXES
from spectra_app.services.result_rows import (
    BatchError,
    Csv,
    JsonLines,
    lock_of,
    method_of,
    named,
    writer_for,
)


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


@dataclass(frozen=True, slots=True)
class BatchStep:
    """One input done: how many are, of how many, its name, and the records of its scans."""

    done: int
    total: int
    name: str = ""
    records: tuple[Identification, ...] = ()


Source = Path | Sequence[Path]
"""A folder, a manifest, or files that somebody chose."""


def run_batch(
    source: Source,
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
        When there is no input, `out` holds something else or cannot be written, or the scans are
        no longer there: what is done is kept then.
    """
    counts: dict[str, int] = {}
    earlier = total = 0
    for number, step in enumerate(batch_steps(source, out, identifier, column=column, top=top)):
        if number == 0:
            earlier, total = step.done, step.total
        else:
            progress(step.done / step.total, step.name)
        for record in step.records:
            counts[record.outcome] = counts.get(record.outcome, 0) + 1
    progress(1.0, "done")
    return BatchResult(total, earlier, tuple(sorted(counts.items())))


def batch_steps(
    source: Source,
    out: Path,
    identifier: Identifier,
    *,
    column: Column | None = None,
    top: int = 10,
) -> Iterator[BatchStep]:
    """Do a batch input by input; see `run_batch`.

    The first step says how many inputs were done earlier; each other one is written already. To
    stop is to ask for no more: closed, it lets go of the results, and another run goes on there.
    """
    writer = writer_for(out)
    if out.exists() and not (out.is_file() or out.is_char_device()):
        raise BatchError("this is a folder or a device, not a file", str(out), "name a file")
    inputs = batch_inputs(source, out)
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
    with named(out), locked(lock_of(out)):
        done = _continue(out, writer, inputs, now)
        with out.open("a", encoding="utf-8", newline="") as file:
            if done == 0:
                file.write(writer.header())
            yield BatchStep(done, len(inputs))
            for number, item in enumerate(inputs[done:], start=done + 1):
                choice = Choice(column, item.spectrum, item.laser_nm, top, item.technique)
                records = tuple(f.record for f in identify_file(item.path, identifier, choice))
                _still_there(source, item, records)
                file.write("".join(writer.line(record) for record in records))
                file.flush()
                yield BatchStep(number, len(inputs), item.path.name, records)


def _still_there(source: Source, item: _Input, records: Sequence[Identification]) -> None:
    """Refuse to call scans unreadable that are gone with the medium they were on."""
    if any(record.outcome != "refused" for record in records) or item.path.exists():
        return
    place = source if isinstance(source, Path) else item.path.parent
    if not place.exists():
        raise BatchError(
            "the scans are no longer there; what was done is kept",
            str(place),
            "put the medium back or connect the share, then start it again: it goes on there",
        )


def batch_inputs(source: Source, out: Path | None = None) -> list[_Input]:
    """Return the inputs of a folder (its text spectra by name), manifest (its rows), or files.

    The results `out` may lie in the folder: they are no input.
    """
    if not isinstance(source, Path):
        if len(source) == 1 and source[0].is_dir():
            return batch_inputs(source[0], out)
        files = sorted({path for path in source if path != out and not path.is_dir()})
        if not files:
            raise BatchError("there is no scan to identify", "", "choose files or a folder")
        return [_Input(path, None, None) for path in files]
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


def _continue(out: Path, writer: JsonLines | Csv, inputs: list[_Input], now: dict[str, Any]) -> int:
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
