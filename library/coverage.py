"""Coverage: how much of a list a library holds, and what is missing.

A substance of the list counts once. A salt, a hydrate or a synonym counts for its parent; an entry
whose stereochemistry cannot be told counts for none of the isomers it may be, and is said apart.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from library.control import COUNTED, ControlLists
from library.difference import current
from library.entry import EntryRecord
from library.errors import LibraryError, ManifestError
from library.substances import Found, fold, substances

KINDS = ("measured", "reconstructed", "calculated")  # best first; emulated entries cover nothing
IN_USE = "released"
NAME_COLUMNS = ("name", "cas", "inchikey")
BOTH = re.compile(r"Schedule (\w+) and (\w+)")
ADDED = re.compile(r"(Schedule \w+) \(in addition to \w+\)")
LARGEST_NAMES = 4_000_000  # bytes of a CSV of names


@dataclass(frozen=True, slots=True)
class Wanted:
    """A substance of a list: its table key (empty when the table lacks it) and its names there."""

    key: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its preferred name, or the first name in the list."""
        known = substances().get(self.key) if self.key else None
        return known.name if known else self.names[0]

    def marks(self) -> frozenset[str]:
        """Return what it is recognised by."""
        names = {f"name:{fold(name)}" for name in self.names}
        return frozenset(names | ({f"key:{self.key}"} if self.key else set()))


@dataclass(frozen=True, slots=True)
class WantedList:
    """A list to be covered.

    Parameters
    ----------
    title, edition, read_to : str
        Which list it is, its edition, and the date to which it was read (blank for own lists).
    items : tuple of Wanted
        Every substance of it once.
    classes : tuple of str
        Structural families that it controls as a whole, by definition.
    caution : str
        Why the list itself may not be relied upon: incomplete, past its age limit; or blank.
    """

    title: str
    edition: str
    read_to: str
    items: tuple[Wanted, ...]
    classes: tuple[str, ...] = ()
    caution: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A substance of the list that the library holds.

    `kind` is that of the best entry, `entries` how many there are, `released` whether the best of
    them may be used: an entry of that kind is released.
    """

    item: Wanted
    kind: str
    entries: int
    released: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a list a library holds.

    Parameters
    ----------
    wanted : WantedList
        The list.
    held : tuple of Held
        What the library holds, each substance once.
    uncertain : tuple of (Wanted, str)
        What an entry may be, with that entry's name: it fits several substances.
    emulated_only : tuple of Wanted
        What only emulated entries show; missing all the same.
    missing : tuple of Wanted
        What it does not hold for certain.
    withdrawn : int
        Entries left out because they are withdrawn or an earlier version.
    families : tuple of (str, int, int)
        For each class of the list: its name, substances of it that the tables know, and held.
    """

    wanted: WantedList
    held: tuple[Held, ...]
    uncertain: tuple[tuple[Wanted, str], ...]
    emulated_only: tuple[Wanted, ...]
    missing: tuple[Wanted, ...]
    withdrawn: int
    families: tuple[tuple[str, int, int], ...]

    @property
    def kinds(self) -> dict[str, int]:
        """How many substances are held by each kind at best."""
        return {kind: sum(one.kind == kind for one in self.held) for kind in KINDS}

    @property
    def not_released(self) -> tuple[Held, ...]:
        """What is held only by entries that are not released."""
        return tuple(one for one in self.held if not one.released)


# --- Lists -----------------------------------------------------------------------------------


def list_names(lists: ControlLists) -> tuple[str, ...]:
    """Return the names under which the control lists and their parts may be asked for."""
    return tuple(dict.fromkeys(name for names in _names(lists).values() for name in names[:1]))


def control_list(name: str, on: date, lists: ControlLists) -> WantedList:
    """Return the substances that a control list, or a part of it, holds on a date.

    Parameters
    ----------
    name : str
        ``"UN 1988 Table I"``, ``"UN 1961"``, ``"EU Category 1"``, ``"DE Anlage I"``, or a part that
        only one list has (``"Table I"``); without regard to case and punctuation.
    on : datetime.date
        Only what is in force on this date counts.
    lists : ControlLists
        The lists in use.

    Raises
    ------
    LibraryError
        When no list has that name, or several have.
    """
    asked = fold(name)
    matches = [part for part, names in _names(lists).items() if asked in map(fold, names)]
    instruments = {pair[0] for part in matches for pair in part}
    if len(instruments) != 1:
        told = "several lists have" if matches else "no list has"
        raise LibraryError(
            f"{told} the name {name!r}", "", f"use one of {'; '.join(list_names(lists))}"
        )
    pairs = frozenset(pair for part in matches for pair in part)
    (instrument,) = instruments
    origin = lists.lists[instrument]
    named: dict[str, list[str]] = {}
    classes: list[str] = []
    for state, row in lists.named_on(on, pairs):
        if state == "class definition":
            classes.append(row["key"])
        elif state in COUNTED:
            named.setdefault(row["key"] or f"name:{fold(row['name'])}", []).append(row["name"])
    items = (
        Wanted("" if key.startswith("name:") else key, tuple(dict.fromkeys(names)))
        for key, names in named.items()
    )
    parts = [schedule for part, schedule in lists.schedules() if (part, schedule) in pairs]
    whole = len(parts) == sum(part == instrument for part, _ in lists.schedules())
    title = instrument if whole else f"{instrument} {' + '.join(parts)}"
    cautions = [f"incomplete: {origin.remarks}"] if origin.complete != "yes" else []
    if origin.past_age(on):
        cautions.append(f"past its age limit of {origin.age_limit_days} days")
    read_to = origin.read_to.isoformat()
    return WantedList(
        title, origin.edition, read_to, _sorted(items), tuple(classes), "; ".join(cautions)
    )


def _names(lists: ControlLists) -> dict[frozenset[tuple[str, str]], list[str]]:
    """Return the names of every list and every part of one, the best name first."""
    found: dict[frozenset[tuple[str, str]], list[str]] = {}
    whole: dict[str, set[tuple[str, str]]] = {}
    for instrument, schedule in lists.schedules():
        whole.setdefault(instrument, set()).add((instrument, schedule))
    jurisdictions = [lists.lists[name].jurisdiction for name in whole]
    for instrument, pairs in whole.items():
        code = lists.lists[instrument].jurisdiction
        titles = [instrument, instrument.removeprefix(f"{code} ")]
        titles += [code] if jurisdictions.count(code) == 1 else []
        found.setdefault(frozenset(pairs), []).extend(titles)
        for pair in sorted(pairs):
            parts = _part_names(pair[1])
            names = [f"{title} {part}" for part in parts for title in titles]
            found.setdefault(frozenset([pair]), []).extend([*names, *parts])
    return found


def _part_names(schedule: str) -> list[str]:
    """Return what a schedule is called: "Schedule I and IV" answers to both of its names."""
    both = BOTH.fullmatch(schedule)
    added = ADDED.fullmatch(schedule)
    names = [f"Schedule {both[1]}", f"Schedule {both[2]}"] if both else []
    return [schedule, *names, *([added[1]] if added else [])]


def family_list(family: str) -> WantedList | None:
    """Return the substances that the tables know of a structural family; None when it is none."""
    asked = fold(family)
    families = {one.family for one in substances() if one.family}
    exact = {name for name in families if fold(name) == asked}
    found = exact or {name for name in families if asked and fold(name).startswith(asked)}
    if len(found) != 1:
        return None
    (name,) = found
    items = (Wanted(one.key, (one.name,)) for one in substances() if one.family == name)
    return WantedList(f"family {name}", "substance tables of the program", "", _sorted(items))


def own_list(title: str, rows: Iterable[Mapping[str, str]]) -> WantedList:
    """Return a list of a laboratory's own: rows with a name, a CAS number or an InChIKey.

    A name that means several substances wants each of them.
    """
    items: dict[str, Wanted] = {}
    for row in rows:
        name, cas, inchikey = (row.get(column, "").strip() for column in NAME_COLUMNS)
        told = name or cas or inchikey
        found = substances().find(inchikey=inchikey, cas=cas, name=name)
        for key in dict.fromkeys(hit.substance.key for hit in found):
            items.setdefault(key, Wanted(key, (told,)))
        if told and not found:
            items.setdefault(f"name:{fold(told)}", Wanted("", (told,)))
    return WantedList(title, "the laboratory's own", "", _sorted(items.values()))


def read_names(path: Path) -> WantedList:
    """Return the list in a CSV file: columns `name`, `cas`, `inchikey`, or one column of names.

    Raises
    ------
    ManifestError
        When the file cannot be read or holds no name.
    """
    try:
        if path.stat().st_size > LARGEST_NAMES:
            raise ValueError(f"it is larger than {LARGEST_NAMES:,} bytes")
        text = path.read_text(encoding="utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if any(row)]
    except (OSError, ValueError, csv.Error) as error:
        raise ManifestError(
            f"the list of names cannot be read ({error})", str(path), "give a CSV file in UTF-8"
        ) from error
    header = [cell.strip().casefold() for cell in rows[0]] if rows else []
    named = any(column in header for column in NAME_COLUMNS)
    found = [dict(zip(header if named else ["name"], row, strict=False)) for row in rows[named:]]
    wanted = own_list(path.name, found)
    if not wanted.items:
        raise ManifestError(
            "the list holds no name", str(path), "write a header 'name' and one name to a line"
        )
    return wanted


def _sorted(items: Iterable[Wanted]) -> tuple[Wanted, ...]:
    return tuple(sorted(items, key=lambda one: (one.name.casefold(), one.key)))


# --- What a library holds --------------------------------------------------------------------


def coverage(wanted: WantedList, records: Sequence[EntryRecord]) -> Coverage:
    """Compare a list with the entries of a library.

    Parameters
    ----------
    wanted : WantedList
        The list.
    records : sequence of EntryRecord
        Every record of the library; withdrawn entries and earlier versions are left out.
    """
    used = current(records)
    certain, doubtful = _entries_by_mark(used)
    held, uncertain, emulated, missing = [], [], [], []
    for item in wanted.items:
        mine = list(
            {one.entry: one for mark in item.marks() for one in certain.get(mark, ())}.values()
        )
        real = [one for one in mine if one.kind in KINDS]
        if real:
            held.append(_held(item, real))
            continue
        missing.append(item)
        if mine:
            emulated.append(item)
        maybe = (one.name for mark in item.marks() for one in doubtful.get(mark, ()))
        uncertain += [(item, name) for name in dict.fromkeys(maybe)]
    return Coverage(
        wanted,
        tuple(held),
        tuple(uncertain),
        tuple(emulated),
        tuple(missing),
        len(records) - len(used),
        tuple(_family(name, certain) for name in wanted.classes),
    )


def _held(item: Wanted, entries: Collection[EntryRecord]) -> Held:
    kind = min((one.kind for one in entries), key=KINDS.index)
    released = any(one.kind == kind and one.status == IN_USE for one in entries)
    return Held(item, kind, len(entries), released)


def _family(name: str, certain: Mapping[str, list[EntryRecord]]) -> tuple[str, int, int]:
    members = [one for one in substances() if one.family == name]
    real = (
        any(entry.kind in KINDS for entry in certain.get(f"key:{one.key}", ())) for one in members
    )
    return name, len(members), sum(real)


def _entries_by_mark(
    records: Iterable[EntryRecord],
) -> tuple[dict[str, list[EntryRecord]], dict[str, list[EntryRecord]]]:
    """Return the entries that are for certain what a mark says, and those that may be it."""
    certain: dict[str, list[EntryRecord]] = {}
    doubtful: dict[str, list[EntryRecord]] = {}
    for record in records:
        found = substances().find(inchikey=record.inchikey, cas=record.cas, name=record.name)
        keys = {hit.substance.key for hit in found}
        sure = len(keys) == 1 and not (record.inchikey and _skeleton_only(found, record))
        for key in keys:
            (certain if sure else doubtful).setdefault(f"key:{key}", []).append(record)
        for name in {fold(record.name), *map(fold, record.synonyms)} - {""}:
            certain.setdefault(f"name:{name}", []).append(record)
    return certain, doubtful


def _skeleton_only(found: Iterable[Found], record: EntryRecord) -> bool:
    """Tell whether an entry's InChIKey fits by its first block only, and its name says no more."""
    named = {hit.substance.key for hit in substances().by_name(record.name)}
    return all(hit.via == "connectivity" and hit.substance.key not in named for hit in found)
