"""Merge several libraries into one; what they contradict each other about, people decide."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from library.errors import LibraryError, MergeDecisionError
from library.files import write_whole
from library.info import LibraryInfo
from library.merging import KINDS, Conflict, Held, conflicts, decided, kept
from library.store import Library
from library.versions import Act
from library.writing import write_library
from spectra_app.services.libraries import open_library
from spectra_app.services.policies import load_policy


@dataclass(frozen=True, eq=False, slots=True)
class Merged:
    """What a merge did.

    Parameters
    ----------
    info : LibraryInfo
        The library written.
    conflicts : tuple of Conflict
        All conflicts.
    choices : dict
        Conflict key -> what was decided.
    left_out : int
        Entries that were not taken, by decision or because another library holds them alike.
    """

    info: LibraryInfo
    conflicts: tuple[Conflict, ...]
    choices: dict[str, str]
    left_out: int


def merge(
    sources: Sequence[Path],
    out: Path,
    *,
    name: str = "",
    licence: str = "",
    decisions: Path | None = None,
    report: Path | None = None,
    progress: Callable[[float, str], None] = lambda _share, _words: None,
) -> Merged:
    """Merge libraries; the report of conflicts is written in any case.

    Parameters
    ----------
    sources : sequence of Path
        Two libraries or more.
    out : Path
        The library to write; a source is never replaced.
    name, licence : str
        What the merged library says about itself.
    decisions : Path, optional
        JSON with a choice for each conflict.
    report : Path, optional
        Where the conflicts are written, ready to be decided.
    progress : callable (share, words)
        Told how far the work is.

    Raises
    ------
    MergeConflictError
        When a conflict has no decision; nothing but the report was written.
    MergeDecisionError
        When the decisions cannot be followed.
    LibraryError
        When a library is damaged or the new one cannot be written.
    """
    if out.resolve() in {path.resolve() for path in sources}:
        raise LibraryError("this is one of the libraries to merge", str(out), "choose another name")
    chosen = _decisions(decisions)
    with ExitStack() as stack:
        opened = [stack.enter_context(open_library(path)) for path in sources]
        for number, library in enumerate(opened):
            progress(number / len(opened), library.path.name)
            library.verify()
        records = [list(library.records()) for library in opened]
        found = conflicts(records)
        if report is not None:
            _write_report(report, sources, found, opened)
        choices = decided(found, chosen, str(decisions or report or out))
        taken = kept(records, found, choices)
        progress(0.9, "writing")
        entries = [opened[held.library - 1].entry(held.row) for held in taken]
        title = name or " + ".join(dict.fromkeys(library.info.name for library in opened))
        terms = licence or "; ".join(
            dict.fromkeys(library.info.licence for library in opened if library.info.licence)
        )
        acts = _journals(opened, taken)
        info = write_library(
            out, entries, name=title, licence=terms, acts=acts, policy=load_policy()
        )
    progress(1.0, "done")
    return Merged(info, found, choices, sum(map(len, records)) - len(taken))


def _journals(opened: Sequence[Library], taken: Sequence[Held]) -> list[Act]:
    """Return what the journals of the libraries say of the entries that were taken from them."""
    mine = {(held.library, held.record.entry) for held in taken}
    return [
        act
        for number, library in enumerate(opened, start=1)
        for act in library.journal()
        if (number, act.entry) in mine
    ]


def _decisions(path: Path | None) -> dict[str, Any]:
    """Read decisions: ``{"decisions": {"<conflict key or kind>": "<choice>"}}``."""
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_each_once)
        given = content["decisions"]
        if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
            raise ValueError("'decisions' is not an object of texts")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise MergeDecisionError(
            f"the decisions cannot be read ({error})",
            str(path),
            'write {"decisions": {"<key of a conflict>": "<one of its choices>"}}',
        ) from error
    return {key: choice for key, choice in given.items() if choice}


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("something is decided twice")
    return dict(pairs)


def _write_report(
    path: Path, sources: Sequence[Path], found: Sequence[Conflict], opened: Sequence[Library]
) -> None:
    content = {
        "libraries": [
            {"number": number, "file": source.name, "sha256": library.info.sha256}
            for number, (source, library) in enumerate(zip(sources, opened, strict=True), start=1)
        ],
        "kinds": list(KINDS),
        "conflicts": [_described(one, opened) for one in found],
        "decisions": {one.key: "" for one in found},
    }
    data = (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()

    def write(temporary: Path) -> None:
        temporary.write_bytes(data)

    write_whole(path, write)


def _described(one: Conflict, opened: Sequence[Library]) -> dict[str, Any]:
    """Return a conflict with how alike the spectra in question are, as a help to decide."""
    return one.to_json() | {"least_alike": _least_alike(one.entries, opened)}


def _least_alike(entries: Sequence[Held], opened: Sequence[Library]) -> float | None:
    """Return the smallest correlation between cleaned spectra of different libraries, 0 to 1."""
    import numpy as np

    least = None
    for place, first in enumerate(entries[:50]):
        for second in entries[place + 1 : 50]:
            if first.library == second.library:
                continue
            one, other = (opened[h.library - 1].matrix for h in (first, second))
            a, b = one.rows[first.row], other.rows[second.row]
            begin = max(one.first[first.row], other.first[second.row])
            end = min(one.end[first.row], other.end[second.row])
            if end - begin < 100:
                continue
            value = float(np.corrcoef(a[begin:end], b[begin:end])[0, 1])
            least = value if least is None else min(least, value)
    return None if least is None else round(least, 4)
