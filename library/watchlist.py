"""A station's own list of substances to watch: CSV or JSON, kept with its reasons.

It adds to the official lists and never takes anything away. A list that cannot be read is refused
whole: a watched substance must not get lost in silence.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from library.errors import WatchListError
from library.substances import Found, Substances, fold, substances

WatchLevel = Literal["controlled", "precursor", "hazard"]
LEVELS: tuple[str, ...] = get_args(WatchLevel)

COLUMNS = ("name", "synonyms", "inchikey", "cas", "reason", "alarm", "from", "until", "who")
NEEDED = ("name", "reason", "alarm", "from", "who")
LARGEST_BYTES = 4_000_000
REMEDY = f"give each row {', '.join(NEEDED)}; known columns are {', '.join(COLUMNS)}"


@dataclass(frozen=True, slots=True)
class Watched:
    """One substance that a station watches.

    Parameters
    ----------
    name, synonyms, inchikey, cas : str
        What it goes by; synonyms are separated by ``"; "``.
    reason, who : str
        Why it is watched, and who put it on the list.
    alarm : {"controlled", "precursor", "hazard"}
        The level at which it is shown at least.
    since, until : datetime.date
        First day it is watched, and the last one; None when it has no end.
    """

    name: str
    synonyms: tuple[str, ...]
    inchikey: str
    cas: str
    reason: str
    who: str
    alarm: WatchLevel
    since: date
    until: date | None

    def on(self, day: date) -> bool:
        """Tell whether it is watched on a day."""
        return self.since <= day and (self.until is None or day <= self.until)

    def keys(self, table: Substances | None = None) -> frozenset[str]:
        """Return everything by which it is recognised, for `match_keys`."""
        names = (self.name, *self.synonyms)
        found = _found(table, self.inchikey, self.cas, self.name)
        return _keys(names, self.inchikey, self.cas, found)


def match_keys(
    name: str, inchikey: str, cas: str, found: Iterable[Found] | None = None
) -> frozenset[str]:
    """Return everything by which an entry is recognised: names, identifiers, known substances.

    `found` is what the substance table knows it as; looked up when it is not given.
    """
    known = _found(None, inchikey, cas, name) if found is None else found
    return _keys((name,), inchikey, cas, known)


def _found(table: Substances | None, inchikey: str, cas: str, name: str) -> tuple[Found, ...]:
    return (table or substances()).find(inchikey=inchikey, cas=cas, name=name)


def _keys(names: Iterable[str], inchikey: str, cas: str, found: Iterable[Found]) -> frozenset[str]:
    keys = {f"name:{fold(name)}" for name in names if fold(name)}
    keys |= {f"key:{hit.substance.key}" for hit in found}
    if inchikey:
        keys.add(f"inchikey:{inchikey.strip().upper()}")
    if cas:
        keys.add(f"cas:{cas.strip()}")
    return frozenset(keys)


def read_watch_list(path: Path) -> tuple[Watched, ...]:
    """Return the substances of a watch list; JSON by its ending, otherwise CSV.

    Raises
    ------
    WatchListError
        When the file cannot be read, or a row lacks something or is wrong; with its line.
    FileNotFoundError
        When there is no such file.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise WatchListError(f"it is larger than {LARGEST_BYTES:,} bytes", str(path), REMEDY)
        text = path.read_text(encoding="utf-8-sig")
        rows = _json_rows(text) if path.suffix.lower() == ".json" else _csv_rows(text)
        return tuple(_watched(row) for row in _numbered(rows))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, csv.Error, RecursionError) as error:
        raise WatchListError(f"it cannot be used ({error})", str(path), REMEDY) from error


def _numbered(rows: Iterable[tuple[str, Mapping[str, str]]]) -> Iterable[Mapping[str, str]]:
    for place, row in rows:
        unknown = [column for column in row if column not in COLUMNS]
        missing = [column for column in NEEDED if not row.get(column, "").strip()]
        if unknown:
            raise ValueError(f"{place}: unknown column {unknown[0]!r}")
        if missing:
            raise ValueError(f"{place}: no {missing[0]!r}")
        yield {**row, "place": place}


def _csv_rows(text: str) -> Iterable[tuple[str, Mapping[str, str]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    header = [cell.strip().casefold() for cell in next(reader, [])]
    if len(set(header)) != len(header):
        raise ValueError("line 1: a column is given twice")
    if lacking := [column for column in NEEDED if column not in header]:
        raise ValueError(f"line 1: no column {lacking[0]!r}")
    for cells in reader:
        if any(cell.strip() for cell in cells):
            if len(cells) != len(header):
                raise ValueError(
                    f"line {reader.line_num}: {len(cells)} cells for {len(header)} columns"
                )
            yield f"line {reader.line_num}", dict(zip(header, cells, strict=True))


def _json_rows(text: str) -> Iterable[tuple[str, Mapping[str, str]]]:
    content = json.loads(text, object_pairs_hook=_once)
    rows = content.get("watch") if isinstance(content, dict) else content
    if not isinstance(rows, list):
        raise TypeError("a list of substances is needed")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not all(isinstance(v, str) for v in row.values()):
            raise ValueError(f"entry {number}: an object of texts is needed")
        yield f"entry {number}", row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a name is given twice in one object")
    return dict(pairs)


def _watched(row: Mapping[str, str]) -> Watched:
    cells = {column: row.get(column, "").strip() for column in COLUMNS}
    place = row["place"]
    if cells["alarm"] not in LEVELS:
        raise ValueError(f"{place}: alarm {cells['alarm']!r} is none of {', '.join(LEVELS)}")
    if cells["cas"]:
        from stdnum import casrn

        if not casrn.is_valid(cells["cas"]):
            raise ValueError(f"{place}: the check digit of CAS number {cells['cas']!r} is wrong")
    try:
        since = date.fromisoformat(cells["from"])
        until = date.fromisoformat(cells["until"]) if cells["until"] else None
    except ValueError as error:
        raise ValueError(f"{place}: a date as 2026-11-22 is needed ({error})") from error
    return Watched(
        cells["name"],
        tuple(name for name in cells["synonyms"].split("; ") if name),
        cells["inchikey"],
        cells["cas"],
        cells["reason"],
        cells["who"],
        cells["alarm"],  # type: ignore[arg-type]  # checked above
        since,
        until,
    )
