"""Control lists of a station: pack and sign them, install them, go back with a reason, history.

The lists in use lie in the data folder as the signed file they came in, whole. What is done to them
is written to a journal that only grows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import resources
from library.control import ControlLists, control_lists, parse_lists
from library.errors import (
    ExpiredError,
    LibraryDamagedError,
    LibraryError,
    ListPackError,
    RollbackError,
)
from library.files import write_whole
from library.listpack import LARGEST_FILE, NAME, SUFFIX, TABLES, ListPack, pack, unpack
from library.signing import SigningKey, canonical, parse_canonical
from library.substances import FOLDER as SHIPPED
from library.trust import Statement, Trust
from library.trust_store import load_trust, save_trust
from library.trusted_keys import CONTROL_LIST, stamp
from matching.errors import SpectraError
from spectra_app import __version__
from spectra_app.errors import SettingsError
from spectra_app.records.journal import Act, Journal
from spectra_app.services.station import Station
from spectra_app.settings import data_folder, made, station_settings

FOLDER = "control-lists"
CURRENT = "current.json"
BEGUN, DONE, BACK = "install begun", "installed", "went back"
KEEP_OUT = "restore the data folder, or install the lists again with 'spectra lists install'"


@dataclass(frozen=True, eq=False, slots=True)
class InUse:
    """The lists in use: the lists, the hash that names them, and where they come from.

    `edition` is that of the installed file, or the date to which the newest of the shipped lists
    was read; `path` is None for the shipped ones.
    """

    lists: ControlLists
    sha256: str
    edition: date
    title: str
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What installing changes in one list: how far it was read before and after; None if absent."""

    instrument: str
    before: date | None
    after: date | None

    @property
    def goes_back(self) -> bool:
        """True when the list gets lost, or was read less far than before."""
        return self.before is not None and (self.after is None or self.after < self.before)

    @property
    def words(self) -> str:
        """The change in words."""
        if self.after is None:
            return f"{self.instrument}: NO LONGER THERE (was read to {self.before})"
        if self.before is None:
            return f"{self.instrument}: new, read to {self.after}"
        if self.goes_back:
            return f"{self.instrument}: GOES BACK from {self.before} to {self.after}"
        return f"{self.instrument}: read to {self.before}, now to {self.after}"


@dataclass(frozen=True, eq=False, slots=True)
class Checked:
    """A file of control lists found to be genuine, and what installing it would change."""

    pack: ListPack
    data: bytes
    statement: Statement
    changes: tuple[Change, ...]
    older_than: date | None

    @property
    def goes_back(self) -> tuple[str, ...]:
        """What goes back: the edition, or single lists; a reason is needed then."""
        back = [one.words for one in self.changes if one.goes_back]
        if self.older_than:
            edition = self.pack.edition
            back.insert(0, f"edition {edition} is older than {self.older_than}, seen here before")
        return tuple(back)


# --- In use ----------------------------------------------------------------------------------


def in_use(folder: Path | None = None) -> InUse:
    """Return the lists in use: those installed, otherwise those shipped.

    Raises
    ------
    LibraryDamagedError
        When installed lists are missing or altered: shipped ones never take their place in silence.
    """
    home = (folder or data_folder()) / FOLDER
    pointer = home / CURRENT
    if not pointer.exists():
        return _shipped()
    try:
        stated = parse_canonical(pointer.read_bytes(), str(pointer))
        path, sha256 = home / Path(stated["file"]).name, stated["sha256"]
        data = path.read_bytes()
    except (OSError, KeyError, TypeError, ValueError, SpectraError) as error:
        raise LibraryDamagedError(
            f"the installed control lists cannot be read ({error})", str(pointer), KEEP_OUT
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise LibraryDamagedError(
            "the installed control lists are not those that were installed", str(path), KEEP_OUT
        )
    found, lists = _read(data)
    return InUse(lists, sha256, found.edition, found.manifest["title"], path)


@lru_cache(maxsize=2)
def _read(data: bytes) -> tuple[ListPack, ControlLists]:
    found = unpack(data)
    return found, found.lists()


def _shipped() -> InUse:
    lists = control_lists()
    digest = hashlib.sha256()
    for name in TABLES[:2]:
        digest.update(resources.path(f"{SHIPPED}/{name}").read_bytes())
    newest = max(one.read_to for one in lists.lists.values())
    return InUse(lists, digest.hexdigest(), newest, "lists shipped with the program")


@lru_cache(maxsize=4)
def tables_of(sha256: str, folder: Path | None = None) -> bytes | None:
    """Return control lists by the hash that results name, as bytes that `tables_in` reads.

    They are looked for among those that this station has installed, now or before, and those
    shipped; None when they are not there.
    """
    home = (folder or data_folder()) / FOLDER
    for path in sorted(home.glob(f"*{SUFFIX}")):
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() == sha256:
            return data
    if sha256 != _shipped().sha256:
        return None
    tables = {name: resources.path(f"{SHIPPED}/{name}").read_bytes().decode() for name in TABLES}
    return canonical(tables)


def tables_in(data: bytes, sha256: str) -> ControlLists:
    """Return the control lists in what `tables_of` gave for a hash.

    Raises
    ------
    LibraryDamagedError, ListPackError
        When they are not those of that hash.
    """
    if hashlib.sha256(data).hexdigest() == sha256:
        return _read(data)[1]
    tables = {name: text.encode() for name, text in parse_canonical(data).items()}
    if hashlib.sha256(b"".join(tables[name] for name in TABLES[:2])).hexdigest() != sha256:
        raise LibraryDamagedError("these are not the control lists named", sha256, KEEP_OUT)
    return parse_lists(*(tables[name] for name in TABLES))


# --- Making ----------------------------------------------------------------------------------


def pack_folder(
    folder: Path,
    out: Path,
    keys: Sequence[SigningKey],
    *,
    edition: date,
    title: str,
    now: datetime,
    days: int = 365,
) -> ListPack:
    """Write a signed file of the three tables of a folder.

    Raises
    ------
    ListPackError, LibraryDamagedError
        When a table is missing or the tables do not fit together.
    """
    try:
        tables = {name: (folder / name).read_bytes() for name in TABLES}
    except OSError as error:
        raise ListPackError(
            f"a table cannot be read ({error.strerror})",
            str(error.filename),
            f"give a folder with {', '.join(TABLES)}",
        ) from error
    expires = now + timedelta(days=days)
    made_now = pack(tables, edition=edition, title=title, created=now, expires=expires)
    return _signed(made_now, out, keys)


def cosign(path: Path, key: SigningKey) -> ListPack:
    """Add one more signature to a file of control lists."""
    return _signed(read_pack(path)[0], path, [key])


def _signed(found: ListPack, out: Path, keys: Sequence[SigningKey]) -> ListPack:
    signed = found.signed
    for key in keys:
        signed = signed.with_signature(key.sign(signed.payload))
    done = replace(found, signed=signed)
    write_whole(out, _write(done.to_bytes()))
    return done


def _write(data: bytes) -> Callable[[Path], None]:
    def write(place: Path) -> None:
        place.write_bytes(data)

    return write


# --- Checking and installing -----------------------------------------------------------------


def read_pack(path: Path) -> tuple[ListPack, bytes]:
    """Return a file of control lists and its bytes; signatures are not checked.

    Raises
    ------
    ListPackError, TrustError, LibraryDamagedError
        When it is none, is cut off, or was altered.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ListPackError("the file is too large for control lists", str(path), "")
        data = path.read_bytes()
    except OSError as error:
        raise ListPackError(
            f"the file cannot be read ({error.strerror})", str(path), f"give a {SUFFIX} file"
        ) from error
    return unpack(data, str(path)), data


def verify(path: Path, station: Station, now: datetime, *, installed: bool = False) -> Checked:
    """Check a file of control lists: form, hashes, signatures, persons, dates.

    That it is older than what the station has seen is not refused here but said, see `Checked`.
    Lists that are `installed` already may be past the date until which they could be installed.

    Raises
    ------
    SpectraError
        A class of its own for each reason.
    """
    found, data = read_pack(path)
    trust = load_trust(station.trust_path)
    believed = _forgetting(trust, found)
    about: dict[str, Any] = {"purpose": CONTROL_LIST, "now": now, "where": str(path)}
    try:
        statement = believed.check(found.signed, program=__version__, **about)
    except ExpiredError:
        if not installed:
            raise
        statement = believed.signers_checked(found.signed, **about)
    before = in_use(station.folder)
    seen = [one.sequence for one in trust.highest if one.purpose == CONTROL_LIST]
    newest = max((before.edition, *(_edition_of(number) for number in seen)))
    older = newest if found.edition < newest else None
    return Checked(found, data, statement, changes(before.lists, found.lists()), older)


def _forgetting(trust: Trust, found: ListPack) -> Trust:
    """Return a trust that takes an older edition; another one of the same date is still refused."""
    number = found.manifest["sequence"]
    kept = (
        one
        for one in trust.highest
        if (one.purpose, one.name) != (CONTROL_LIST, NAME) or one.sequence == number
    )
    return replace(trust, highest=tuple(kept))


def _edition_of(sequence: int) -> date:
    return date(sequence // 10_000, sequence // 100 % 100, sequence % 100)


def changes(old: ControlLists, new: ControlLists) -> tuple[Change, ...]:
    """Return what changes, list by list."""

    def read_to(lists: ControlLists, name: str) -> date | None:
        return lists.lists[name].read_to if name in lists.lists else None

    names = dict.fromkeys((*old.lists, *new.lists))
    return tuple(Change(name, read_to(old, name), read_to(new, name)) for name in names)


def install(
    path: Path, station: Station, now: datetime, *, reason: str = "", by: str = ""
) -> Checked:
    """Install control lists; what was in use stays in the folder.

    Parameters
    ----------
    path : Path
        A signed file of control lists.
    station : Station
        Where, and whose trust decides.
    now : datetime.datetime
        The time, with its zone.
    reason, by : str
        Why something older is installed, and who asked for it.

    Raises
    ------
    RollbackError
        When the edition is older than one seen before, or a list goes back or gets lost, and no
        reason is given.
    SettingsError
        When the station's jurisdictions could not be answered any more.
    SpectraError
        When the file is not to be trusted; nothing was changed then.
    """
    with station.changing():
        found = verify(path, station, now)
        back = found.goes_back
        if back and not (reason.strip() and by.strip()):
            raise RollbackError(
                "; ".join(back), str(path), "get the newest, or say why with --reason and --by"
            )
        _answerable(found.pack.lists(), station.folder)
        sha256 = hashlib.sha256(found.data).hexdigest()
        home = made(station.folder / FOLDER)
        target = home / f"{found.pack.edition}-{sha256[:12]}{SUFFIX}"
        details = _details(found, target.name, sha256, in_use(station.folder)) | {
            "reason": reason,
            "by": by,
            "goes_back": list(back),
        }
        write_whole(target, _write(found.data))
        journal(station.folder).add(stamp(now), BEGUN, details)
        _remember(found, station)
        pointer = canonical({"file": target.name, "sha256": sha256})
        write_whole(home / CURRENT, _write(pointer))
        journal(station.folder).add(stamp(now), BACK if back else DONE, details)
    return found


def _remember(found: Checked, station: Station) -> None:
    """Store what was seen, so that an older edition shows as one; going back forgets nothing."""
    trust = load_trust(station.trust_path)
    number = found.statement.seen.sequence
    if all(one.sequence <= number for one in trust.highest if one.purpose == CONTROL_LIST):
        save_trust(station.trust_path, trust.seen(found.statement))


def _details(found: Checked, file: str, sha256: str, before: InUse) -> dict[str, Any]:
    return {
        "edition": found.pack.edition.isoformat(),
        "title": found.pack.manifest["title"],
        "file": file,
        "sha256": sha256,
        "signers": [key.title for key in found.statement.signers],
        "replaced": before.sha256,
        "replaced_edition": before.edition.isoformat(),
    }


def _answerable(lists: ControlLists, home: Path) -> None:
    try:
        lists.asked(station_settings(home).jurisdictions or ("EU",))
    except LibraryError as error:
        raise SettingsError(
            f"these lists do not answer what the station asks ({error.what})",
            str(home / "station.json"),
            "choose other jurisdictions first, or get lists that hold them",
        ) from error


def journal(folder: Path | None = None) -> Journal:
    """Return the journal of what was installed."""
    return Journal((folder or data_folder()) / FOLDER / "journal.jsonl")


def history(folder: Path | None = None) -> list[Act]:
    """Return everything that was done to the control lists, oldest first.

    Raises
    ------
    JournalError
        Naming the first line that is not the one that was written.
    """
    return journal(folder).acts()
