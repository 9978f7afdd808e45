"""A draft library on its way out: review by a second person, release of entries, withdrawal.

What is in use or was installed is never changed; a draft copy of it can be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from library.entry import STATUSES
from library.info import LibraryInfo
from library.versions import blockers
from spectra_app.errors import AppError
from spectra_app.records.durable import replace_whole
from spectra_app.services.check_book import KeptCheck, carry_over, kept_check
from spectra_app.services.curation import Person, edit_entry, migrate, set_status
from spectra_app.services.libraries import no_progress, open_library
from spectra_app.settings import data_folder, made

ALARMS = ("contradiction", "error")


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """An entry in force on its way out.

    Parameters
    ----------
    entry, name, kind, status : str
        As in its record.
    by, at : str
        Who gave it this status, and when.
    version : int
        Its version.
    open : tuple of str
        Alarms of the last check that nobody accepted.
    stops : tuple of str
        Why it cannot be released at all.
    """

    entry: str
    name: str
    kind: str
    status: str
    by: str
    at: str
    version: int
    open: tuple[str, ...]
    stops: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Review:
    """How far a library is: its entries in force, and the last check of it (None: none)."""

    path: Path
    info: LibraryInfo
    rows: tuple[ReviewRow, ...]
    check: KeptCheck | None
    own: bool

    @property
    def counts(self) -> dict[str, int]:
        """How many entries have each status."""
        return {one: sum(row.status == one for row in self.rows) for one in STATUSES}


def is_own(path: Path | None) -> bool:
    """Tell whether a library is the program's own: in use, installed, or the starter library."""
    if path is None:
        return True
    return (data_folder() / "libraries").absolute() in path.absolute().parents


def check_draft(path: Path | None) -> Path:
    """Return the path of a library that may be changed.

    Raises
    ------
    AppError
        When it is in use or was installed.
    """
    if path is None or is_own(path):
        raise AppError(
            "the library in use is never changed",
            str(path or ""),
            "make a draft copy of it, or open a draft library",
        )
    return path


def draft_copy(path: Path | None, target: Path) -> Path:
    """Write a copy of a library that may be changed, with its original files.

    Raises
    ------
    LibraryError
        When the target is there already, or the library cannot be read.
    AppError
        When the target lies among the program's own libraries.
    """
    check_draft(target)
    with open_library(path) as library:
        source = library.path
    migrate(source, target)
    return target


def review_of(path: Path | None, progress: Callable[[float, str], None] = no_progress) -> Review:
    """Return how far a library is.

    Raises
    ------
    SpectraError
        When it cannot be read.
    """
    progress(0.1, "reading the entries")
    with open_library(path) as library:
        info, records = library.info, [record for _, record in library.records_in_force()]
        file = library.path
    check = kept_check(info.sha256)
    alarms: dict[str, list[str]] = {}
    for finding in check.findings if check is not None else ():
        if finding.severity in ALARMS and finding.accepted is None:
            for entry, _name in finding.entries:
                alarms.setdefault(entry, []).append(finding.what)
    rows = tuple(
        ReviewRow(
            one.entry,
            one.name,
            one.kind,
            one.status,
            one.status_by,
            one.status_at,
            one.version,
            tuple(alarms.get(one.entry, ())),
            blockers(one),
        )
        for one in records
    )
    return Review(file, info, rows, check, is_own(path))


def mark_reviewed(path: Path | None, entries: Sequence[str], person: Person) -> None:
    """Note that a second person has reviewed drafts.

    Raises
    ------
    AppError
        When nobody checked the library as it is, an entry has an open alarm, or this person made
        one of the drafts.
    SpectraError
        As `curation.set_status`.
    """
    draft = check_draft(path)
    found = {row.entry: row for row in review_of(draft).rows}
    chosen = [found[entry] for entry in entries if entry in found]
    mine = [row.name for row in chosen if row.by and row.by == person.name]
    if mine:
        raise AppError(
            f"{person.name} made these drafts: {'; '.join(mine[:5])}",
            str(draft),
            "another person must review them",
        )
    _move(draft, chosen, "reviewed", person)


def mark_released(path: Path | None, entries: Sequence[str], person: Person) -> None:
    """Release reviewed entries, so that the next package takes them along.

    Raises
    ------
    AppError, SpectraError
        As `mark_reviewed`; the person who reviewed may release.
    """
    draft = check_draft(path)
    found = {row.entry: row for row in review_of(draft).rows}
    chosen = [found[entry] for entry in entries if entry in found]
    _move(draft, chosen, "released", person)


def withdraw(path: Path | None, entry: str, person: Person, reason: str) -> None:
    """Withdraw an entry of a draft library, with the reason.

    Raises
    ------
    AppError, SpectraError
        As `curation.set_status`.
    """
    draft = check_draft(path)
    before = _hash(draft)
    info = set_status(draft, [entry], "withdrawn", person, reason.strip())
    carry_over(before, info.sha256, (entry,))


def save_edits(
    path: Path | None, edits: Mapping[str, Mapping[str, str]], person: Person, reason: str
) -> dict[str, str]:
    """Make a new version of each entry that was edited; return the new identifiers by the old.

    Raises
    ------
    AppError
        When the library is in use or installed.
    SpectraError
        As `curation.edit_entry`; entries saved before the one that is refused stay saved.
    """
    draft = check_draft(path)
    return {
        entry: edit_entry(draft, entry, texts, person, reason.strip()).entry
        for entry, texts in edits.items()
    }


def _move(path: Path, rows: Sequence[ReviewRow], status: str, person: Person) -> None:
    _check_alarms(path, rows)
    before = _hash(path)
    info = set_status(path, [row.entry for row in rows], status, person)
    carry_over(before, info.sha256)


def _hash(path: Path) -> str:
    with open_library(path) as library:
        return library.info.sha256


def kept_release(path: Path, folder: Path | None = None) -> dict[str, str]:
    """Return what was said about a release of a library that was left; empty when nothing was."""
    try:
        content = json.loads(_release_file(path, folder).read_bytes())
        return {str(key): str(text) for key, text in content.items()}
    except (OSError, ValueError, AttributeError):
        return {}  # it is asked again


def keep_release(path: Path, told: Mapping[str, str], folder: Path | None = None) -> None:
    """Keep what was said about a release, to go on with it later; no passphrase is among it.

    Raises
    ------
    AppError
        When the disk refuses.
    """
    file = _release_file(path, folder)
    try:
        replace_whole(file, json.dumps(dict(told), ensure_ascii=False, indent=1).encode() + b"\n")
    except OSError as error:
        raise AppError(
            f"the release cannot be kept ({error.strerror})", str(file), "make room on the disk"
        ) from error


def _release_file(path: Path, folder: Path | None) -> Path:
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    return made((folder or data_folder()) / "library-releases") / f"{name}.json"


def _check_alarms(path: Path, rows: Sequence[ReviewRow]) -> None:
    if not rows:
        raise AppError("no entry is chosen", str(path), "choose entries in the table")
    if review_of(path).check is None:
        raise AppError(
            "this library was not checked as it is now", str(path), "check it first (page Quality)"
        )
    alarmed = [row.name for row in rows if row.open]
    if alarmed:
        raise AppError(
            f"findings are open on: {'; '.join(alarmed[:5])}",
            str(path),
            "accept each with a reason, or withdraw or mend the entry",
        )
