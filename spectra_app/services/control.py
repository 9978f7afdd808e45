"""What the control lists and the station's own watch list say about a substance on a date.

A station chooses its jurisdictions in `station.json`; the lists are those installed, or shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from library.control import ControlLists, Listing, assess, control_lists
from library.entry import EntryRecord
from library.errors import LibraryError
from library.status import past_age
from library.substances import Found
from library.watchlist import Watched, match_keys, read_watch_list
from spectra_app.errors import SettingsError
from spectra_app.records.identification import ALARM_ORDER, Alarm, ControlAsked, ControlStatus
from spectra_app.services.lists import in_use
from spectra_app.settings import data_folder, station_settings

JURISDICTIONS = ("EU",)  # asks the UN's lists and the EU's, when a station has chosen nothing
WATCH_LIST = "station watch list"
WATCH_FILES = ("watch-list.csv", "watch-list.json")
RESTRICTED_FOLDER = "restricted-lists"

MaySee = Callable[[str], bool]


@dataclass(frozen=True, eq=False, slots=True)
class ControlSetup:
    """What a station asks: its jurisdictions, the lists in use, and what it watches itself.

    Parameters
    ----------
    lists : ControlLists
        The lists installed, or those shipped.
    jurisdictions : tuple of str
        Codes or names of lists, see `library.control.ControlLists.asked`.
    watched : tuple of Watched
        The station's own watch list.
    sha256 : str
        Hash over the tables of the lists in use, for the record of every result.
    """

    lists: ControlLists
    jurisdictions: tuple[str, ...] = JURISDICTIONS
    watched: tuple[Watched, ...] = ()
    sha256: str = ""
    keys: tuple[frozenset[str], ...] = field(default=(), repr=False)

    def asked(self, on: date) -> ControlAsked:
        """Return what a record says about the lists that were asked on a date."""
        lists = self.lists.asked(self.jurisdictions)
        return ControlAsked(
            tuple(dict.fromkeys(one.jurisdiction for one in lists)),
            min(one.read_to for one in lists).isoformat(),
            tuple(one.instrument for one in past_age(on, self.jurisdictions, self.lists)),
            self.sha256,
            len(self.watched),
        )


def control_setup(folder: Path | None = None) -> ControlSetup:
    """Return what this station asks, read from its data folder.

    Raises
    ------
    SettingsError, WatchListError, LibraryError
        When settings, watch list or lists are there and cannot be used.
    """
    home = folder or data_folder()
    jurisdictions = station_settings(home).jurisdictions or JURISDICTIONS
    used = in_use(home)
    try:
        used.lists.asked(jurisdictions)
    except LibraryError as error:
        raise SettingsError(error.what, str(home / "station.json"), error.remedy) from error
    watched = watch_list(home)
    keys = tuple(one.keys() for one in watched)
    return ControlSetup(used.lists, jurisdictions, watched, used.sha256, keys)


def watch_list(folder: Path | None = None) -> tuple[Watched, ...]:
    """Return the station's own watch list; empty when it has none.

    Raises
    ------
    WatchListError
        When it cannot be used.
    SettingsError
        When there are two.
    """
    home = folder or data_folder()
    there = [home / name for name in WATCH_FILES if (home / name).exists()]
    if len(there) > 1:
        raise SettingsError(
            "there are two watch lists, and which one counts cannot be told",
            str(home),
            f"keep one of {' and '.join(WATCH_FILES)}",
        )
    return read_watch_list(there[0]) if there else ()


def nobody(_name: str) -> bool:
    """Let no one see a restricted list: what holds until users and roles exist."""
    return False


def restricted_lists(
    may_see: MaySee = nobody, folder: Path | None = None
) -> tuple[tuple[str, tuple[Watched, ...]], ...]:
    """Return the restricted lists that the person at the station may see: none without a role.

    The program ships none. A laboratory that holds one puts it, in the form of a watch list, into
    the folder ``restricted-lists`` of the data folder. A list the person may not see is not opened,
    and nothing tells whether it is there. Restricted lists are never asked by `control_status`, so
    that no record or report quotes them.

    Parameters
    ----------
    may_see : callable (name of the list) -> bool
        The role check.
    folder : Path, optional
        The data folder.
    """
    home = (folder or data_folder()) / RESTRICTED_FOLDER
    paths = sorted(home.glob("*.csv")) + sorted(home.glob("*.json")) if home.is_dir() else []
    return tuple((path.stem, read_watch_list(path)) for path in paths if may_see(path.stem))


def watched_as(
    watched: Iterable[Watched], on: date, name: str, inchikey: str, cas: str
) -> tuple[Watched, ...]:
    """Return the items of a watch list that a name or identifier means, watched on a day."""
    keys = match_keys(name, inchikey, cas)
    return tuple(one for one in watched if one.on(on) and one.keys() & keys)


def control_status(
    record: EntryRecord, on: date, setup: ControlSetup | None = None
) -> tuple[tuple[ControlStatus, ...], Alarm]:
    """Return the listings of a substance in force on a date, and its alarm level.

    Parameters
    ----------
    record : EntryRecord
        The library entry.
    on : datetime.date
        Day of the scan.
    setup : ControlSetup, optional
        What the station asks; by default the shipped lists of the UN and the EU.
    """
    asked = setup or ControlSetup(control_lists())
    assessment = assess(
        on,
        name=record.name,
        inchikey=record.inchikey,
        cas=record.cas,
        jurisdiction=asked.jurisdictions,
        lists=asked.lists,
    )
    statuses = [_status(item, asked.lists) for item in assessment.listings if item.counts]
    own = _watched_here(record, assessment.found, on, asked)
    statuses += [_watch_status(one) for one in own]
    return tuple(statuses), highest((assessment.alarm, *(one.alarm for one in own)))


def _watched_here(
    record: EntryRecord, found: tuple[Found, ...], on: date, setup: ControlSetup
) -> list[Watched]:
    if not setup.watched:
        return []
    keys = match_keys(record.name, record.inchikey, record.cas, found)
    pairs = zip(setup.watched, setup.keys, strict=True)
    return [one for one, known in pairs if one.on(on) and known & keys]


def _status(item: Listing, lists: ControlLists) -> ControlStatus:
    return ControlStatus(
        item.instrument,
        item.schedule,
        item.as_of or item.edition,
        item.grade,
        jurisdiction=item.jurisdiction,
        state=item.state,
        since=item.since,
        edition=item.edition,
        read_to=lists.lists[item.instrument].read_to.isoformat(),
        sources=item.sources,
        conflict=item.conflict,
        scope=item.scope,
    )


def _watch_status(one: Watched) -> ControlStatus:
    return ControlStatus(
        WATCH_LIST,
        one.reason,
        one.since.isoformat(),
        "station",
        jurisdiction="station",
        state="watched",
        since=one.since.isoformat(),
        sources=one.who,
    )


def highest(levels: Iterable[Alarm]) -> Alarm:
    """Return the most serious of several alarm levels; ``unknown`` when there is none."""
    return min(levels, key=ALARM_ORDER.index, default="unknown")
