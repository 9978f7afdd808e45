"""Which past results would another library change: identify again from the stored evidence."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, get_args

from library.cells import text_of
from library.formats import Column
from matching.errors import SpectraError
from spectra_app.records.evidence import RECEIVED, EvidenceStore
from spectra_app.records.identification import Asked, Identification
from spectra_app.services.identify import Choice, Identifier, Origin, identify_bytes
from spectra_app.services.result_rows import CSV_COLUMNS, split_names

LONGEST_LINE = 2**24
MOST_RESULTS = 1_000_000
LIBRARY, OTHER = "library", "program, policy, control lists or an earlier library"
Verdict = tuple[str, str, tuple[str, ...]]  # outcome, alarm, names
NO_RESULTS = frozenset({RECEIVED, "journal.jsonl"})  # lines of other kinds that the program writes


@dataclass(frozen=True, slots=True)
class PastResult:
    """A result as it was recorded.

    Parameters
    ----------
    file, spectrum, sha256 : str
        The scan: its file, which spectrum of it, and the hash of the file.
    outcome, alarm : str
        The verdict.
    names : tuple of str
        What was named.
    choice : Choice
        What was asked for.
    where : str
        File and line of the record.
    """

    file: str
    spectrum: str | None
    sha256: str
    outcome: str
    alarm: str
    names: tuple[str, ...]
    choice: Choice
    where: str

    @property
    def verdict(self) -> Verdict:
        """What must stay the same."""
        return self.outcome, self.alarm, self.names


@dataclass(frozen=True, slots=True)
class Recheck:
    """What identifying past scans again gave.

    Parameters
    ----------
    results : int
        Records found.
    changed : tuple of dict
        Those whose verdict would be another one: before, after, and whether the library is why.
    not_done : tuple of dict
        Those that could not be identified again, each with the reason.
    """

    results: int
    changed: tuple[dict[str, Any], ...]
    not_done: tuple[dict[str, str], ...]


def past_results(folder: Path) -> Iterator[PastResult | tuple[str, str]]:
    """Read the results in a folder: what ``spectra batch`` and ``spectra identify --json`` wrote.

    Yields
    ------
    PastResult or tuple
        A record; or where a line is and why it is none.
    """
    paths = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    for path in paths:
        if path.name in NO_RESULTS or not path.is_file():
            continue
        if path.suffix.lower() == ".jsonl":
            yield from _lines(path)
        elif path.suffix.lower() == ".csv":
            yield from _rows(path)
        elif path.suffix.lower() == ".json":
            yield from _whole(path)


def _lines(path: Path) -> Iterator[PastResult | tuple[str, str]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for number in range(1, MOST_RESULTS):
            line = file.readline(LONGEST_LINE)
            if not line:
                return
            yield _past(line, f"{path.name}, line {number}")
    yield path.name, f"only the first {MOST_RESULTS:,} lines were read"


def _whole(path: Path) -> Iterator[PastResult | tuple[str, str]]:
    """Read a file that is one result, over however many lines; other JSON is left out."""
    with path.open(encoding="utf-8", errors="replace") as file:
        text = file.read(LONGEST_LINE)
    if '"outcome"' in text:
        yield _past(text, path.name)


def _rows(path: Path) -> Iterator[PastResult | tuple[str, str]]:
    """Read the rows of a table of results; another table is no result and is left out."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        if file.readline(LONGEST_LINE).strip() != ",".join(CSV_COLUMNS):
            return
        reader = csv.DictReader(file, CSV_COLUMNS)
        for row in reader:
            where = f"{path.name}, line {reader.line_num + 1}"
            try:
                choice = _choice(row["column"], text_of(row["spectrum"]), row["top"])
            except (ValueError, KeyError, TypeError, AttributeError):
                yield where, "this line is no result of Spectra"
                continue
            yield PastResult(
                file=text_of(row["file"]),
                spectrum=choice.spectrum,
                sha256=row["sha256"],
                outcome=row["outcome"],
                alarm=row["alarm"],
                names=tuple(sorted(chain.from_iterable(split_names(text_of(row["names"]))))),
                choice=choice,
                where=where,
            )


def _choice(column: str | None, spectrum: str | None, top: object) -> Choice:
    """Return what was asked for, as it stands in a record."""
    known: dict[str, Column] = {name: name for name in get_args(Column)}
    return Choice(known[column] if column else None, spectrum or None, None, int(str(top)))


def _past(line: str, where: str) -> PastResult | tuple[str, str]:
    try:
        record = json.loads(line)
        asked = record["asked"]
        return PastResult(
            file=str(record["file"]),
            spectrum=record["spectrum"],
            sha256=str(record["sha256"]),
            outcome=str(record["outcome"]),
            alarm=str(record["alarm"]),
            names=tuple(sorted(str(one["name"]) for one in record["components"])),
            choice=_choice(asked["column"], record["spectrum"], asked["top"]),
            where=where,
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return where, "this line is no result of Spectra"


def recheck(
    folder: Path,
    new: Identifier,
    old: Identifier | None,
    *,
    store: EvidenceStore,
    progress: Callable[[float, str], None],
) -> Recheck:
    """Identify every past scan again with another library.

    Parameters
    ----------
    folder : Path
        The results, and below it the scans where the evidence store does not hold them.
    new, old : Identifier
        With the library to be installed, and with the one in use: only where this one still gives
        the recorded verdict is the library the reason for another one.
    store : EvidenceStore
        Where the scans were kept; nothing is added to it.
    progress : callable (share, words)
        Told how far the work is.
    """
    found = list(past_results(folder))
    changed: list[dict[str, Any]] = []
    not_done: list[dict[str, str]] = []
    for number, past in enumerate(found):
        progress(number / len(found), "identifying past scans again")
        if isinstance(past, tuple):
            not_done.append({"where": past[0], "why": past[1]})
            continue
        data = evidence_of(past, folder, store)
        if data is None:
            why = "the scan is neither among the evidence nor beside the results"
            not_done.append({"where": past.where, "file": past.file, "why": why})
            continue
        after = verdict(past, data, new)
        if after[0] == "refused" != past.outcome:
            why = "the scan is refused now: the laser line or technique given with it is not known"
            not_done.append({"where": past.where, "file": past.file, "why": why})
        elif after != past.verdict:
            same = old is not None and verdict(past, data, old) == past.verdict
            changed.append(change(past, after, LIBRARY if same else OTHER))
    progress(1.0, "done")
    return Recheck(len(found), tuple(changed), tuple(not_done))


def evidence_of(past: PastResult, folder: Path, store: EvidenceStore) -> bytes | None:
    """Return the very bytes that were identified, or None where they are not to be had."""
    try:
        return store.get(past.sha256)
    except SpectraError:
        pass  # looked for beside the results instead
    root = folder.parent if folder.is_file() else folder
    name = Path(past.file)
    for path in (root / name.name, root / name, name):
        try:
            data = path.read_bytes()
        except (OSError, ValueError):
            continue
        if sha256(data).hexdigest() == past.sha256:
            return data
    return None


def verdict(past: PastResult, data: bytes, identifier: Identifier) -> Verdict:
    """Return the verdict on a past scan with another library."""
    origin = Origin(past.file, past.sha256, asked=Asked(past.choice.column, past.choice.top))
    found = identify_bytes(data, origin, identifier, past.choice, time.perf_counter())
    return verdict_of(found[0].record)


def verdict_of(record: Identification) -> Verdict:
    """Return the verdict of a record."""
    return record.outcome, record.alarm, tuple(sorted(one.name for one in record.components))


def change(past: PastResult, after: Verdict, because: str) -> dict[str, Any]:
    """Return what another verdict changes about a past result, and why it is another."""
    before = {"outcome": past.outcome, "alarm": past.alarm, "names": list(past.names)}
    now = {"outcome": after[0], "alarm": after[1], "names": list(after[2])}
    return {
        "where": past.where,
        "file": past.file,
        "spectrum": past.spectrum,
        "before": before,
        "after": now,
        "because": because,
    }
