"""Whether a result that was computed again is the one that was kept, and where it first differs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from spectra_app.records.identification import Identification
from spectra_app.services.cases.scans import result_bytes
from spectra_app.services.circumstances import leaves

WITHIN = 1e-9  # of a score; of figures above 1, relative
OF_THE_PROGRAM = frozenset({"method.version"})
NOT_THERE = "not there"


class State(StrEnum):
    """How a replay ended."""

    SAME_BYTES = "same bytes"
    SAME_FIGURES = "same verdict, figures within 1e-9"
    DIFFERS = "differs"
    DAMAGED = "evidence missing or damaged"
    IMPOSSIBLE = "cannot be replayed"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two results differ first, and what stands there, as JSON."""

    path: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a comparison gave: how, by which rule, and the first difference where they differ."""

    state: State
    compared: str
    difference: Difference | None = None


def agreement(
    kept: bytes, figures: Mapping[str, str], record: Identification, changes: Mapping[str, str]
) -> Agreement:
    """Compare a kept result with the same computed again.

    Parameters
    ----------
    kept : bytes
        The result as it was kept, JSON in one form.
    figures : mapping of str to str
        Its fractions, exactly, by where they stand.
    record : Identification
        The same, computed again.
    changes : mapping of str to str
        What is different in what it was computed with; in the same environment the bytes have to
        be the same, elsewhere the verdict, the order and the figures within `WITHIN`.
    """
    if result_bytes(record) == kept:
        return Agreement(State.SAME_BYTES, "bytes")
    before = dict(leaves(json.loads(kept)))
    if not changes:
        now = record.to_json()
        del now["timing_ms"]
        first = next(_plain_differences(before, dict(leaves(now))), None)
        return Agreement(State.DIFFERS, "bytes", first or Difference("", "", ""))
    exact = record.to_exact_json()
    del exact["timing_ms"]
    found = _differences(before, figures, dict(leaves(exact)), other_program="program" in changes)
    difference = next(found, None)
    state = State.SAME_FIGURES if difference is None else State.DIFFERS
    return Agreement(state, f"figures within {WITHIN:g}", difference)


def _plain_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for path in _paths(before, now):
        if before.get(path, NOT_THERE) != now.get(path, NOT_THERE):
            yield _difference(path, before, now)


def _differences(
    before: Mapping[str, Any],
    figures: Mapping[str, str],
    exact: Mapping[str, Any],
    *,
    other_program: bool,
) -> Iterator[Difference]:
    for path in _paths(before, exact):
        if other_program and (path in OF_THE_PROGRAM or path not in before):
            continue
        if path in figures:
            if not close(figures[path], exact.get(path)):
                yield _difference(path, figures, exact)
        elif before.get(path, NOT_THERE) != exact.get(path, NOT_THERE):
            yield _difference(path, before, exact)


def _paths(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield all places, in the order of the record."""
    yield from now
    yield from (path for path in before if path not in now)


def _difference(path: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Difference:
    return Difference(path, _shown(before, path), _shown(now, path))


def _shown(values: Mapping[str, Any], path: str) -> str:
    return json.dumps(values[path], ensure_ascii=False) if path in values else NOT_THERE


def close(before: str, now: object) -> bool:
    """Tell whether two figures, written exactly, are the same within `WITHIN`."""
    if before == now:
        return True
    if not isinstance(now, str):
        return False
    one, other = float(before), float(now)
    return math.isclose(one, other, rel_tol=WITHIN, abs_tol=WITHIN)
