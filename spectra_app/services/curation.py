"""Keep a library: add entries, make new versions, move them from draft to release, migrate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from library import originals
from library.entry import KINDS, ROLES, Entry, EntryRecord
from library.errors import (
    EntryMissingError,
    EntryStatusError,
    EntryVersionError,
    LibraryError,
    OriginalMissingError,
)
from library.files import write_whole
from library.info import LibraryInfo
from library.locking import writing_to
from library.manifest import NUMBERS, check_texts, known_number
from library.seal import is_library
from library.versions import NEXT, OWN, Act, brought, moved_to, new_version
from library.writing import extend_library
from spectra_app.services.intake import Options, taken_in
from spectra_app.services.libraries import BuildReport, no_progress, open_library, reported
from spectra_app.services.policies import load_policy

LONGEST_NAME = 60  # letters of a file name kept by an export: 240 bytes at most, with its ending

# What an edit may set: what a person knows. The spectrum and what was read with it stay; a laser
# line is stated where none was known (`_stated`).
FIXED = OWN | {"status", "status_reason", "status_by", "status_at", "technique", "recipe"}
FIXED |= {"file", "file_sha256", "spectrum", "column", "content_sha256"}
EDITABLE = (
    frozenset(one.name for one in fields(EntryRecord) if isinstance(one.default, str)) - FIXED
) | {"name", "synonyms", *NUMBERS}
CONVERTED = "converted to Raman shift"  # in what reading assumed of a wavelength axis


@dataclass(frozen=True, slots=True)
class Person:
    """Who does something to a library, and when (ISO 8601, as it is to be kept)."""

    name: str
    at: str


def append_entries(
    path: Path,
    source: Path,
    *,
    options: Options | None = None,
    progress: Callable[[float, str], None] = no_progress,
) -> BuildReport:
    """Add the references of a manifest, folder or file to a library that is there.

    The library is written anew beside the old one and renamed; what it holds is copied, not
    cleaned again. A row whose column ``replaces`` names an entry becomes its next version. Entries
    that are there already are left out and told, so that an import that was interrupted can be
    done again.

    Parameters
    ----------
    path : Path
        The library.
    source : Path
        As `build_library`; or one spectrum file.
    options : Options
        How files are read.
    progress : callable (share, words)
        Told how far the work is.

    Raises
    ------
    SpectraError
        For every file that cannot be read, or when the library cannot be written; it is then
        as it was.
    """
    with writing_to(path):
        open_library(path).close()  # before any file is read
        with originals.keeping(path) as kept:
            taken = taken_in(source, options or Options(), kept.add, progress)
        progress(1.0, "writing")
        with open_library(path) as library:
            records = {record.entry: record for record in library.records()}
            found = [_numbered(entry, records, path) for entry in taken.entries]
            fresh = [entry for entry in found if entry.record.entry not in records]
            there = len(found) - len(fresh)
            if there:
                taken.left_out.append(f"{there} of {len(found)} entries are in the library already")
            info = library.info
            if fresh:
                acts = brought(entry.record for entry in fresh)
                info = extend_library(library, fresh, acts=acts, policy=load_policy())
    taken.entries = fresh
    return reported(info, taken)


def _numbered(entry: Entry, records: Mapping[str, EntryRecord], path: Path) -> Entry:
    """Return an entry as the next version of the one it replaces, if it does."""
    record = entry.record
    if not record.replaces:
        return entry
    old = records.get(record.replaces)
    if old is None:
        raise EntryVersionError(
            f"{record.name!r} replaces {record.replaces}, which is not in the library",
            str(path),
            "name the entry that it is a new version of ('spectra library list')",
        )
    return replace(entry, record=replace(record, version=old.version + 1))


def set_status(
    path: Path, entries: Sequence[str], status: str, person: Person, reason: str = ""
) -> LibraryInfo:
    """Move entries to another status and note who did it, when and why in the journal.

    Withdrawing a released version withdraws the versions before it, too: none of them comes back
    unnoticed. Of a version that was never released, only it and older ones of its own sort are
    withdrawn: the released version that it would have replaced stands again.

    Raises
    ------
    EntryStatusError
        When the status is not allowed (see `library.versions.NEXT`), for example the release of an
        entry with an unknown laser line; nothing is changed then.
    EntryMissingError
        When there is no such entry.
    """
    if status not in NEXT:
        raise EntryStatusError(f"{status!r} is no status", str(path), f"use {', '.join(NEXT)}")
    with writing_to(path), open_library(path) as library:
        records = list(library.records())
        rows = {record.entry: row for row, record in enumerate(records)}
        wanted = list(dict.fromkeys(library.row_of(entry) for entry in entries))
        if status == "withdrawn":
            wanted = _with_older(wanted, records, rows)
        changed, acts = {}, []
        for row in wanted:
            before = records[row]
            act = Act(before.entry, before.status, status, person.name, person.at, reason)
            changed[row] = moved_to(before, act)
            acts.append(act)
        return extend_library(library, changed=changed, acts=acts, policy=load_policy())


def entries_with(path: Path, status: str) -> list[str]:
    """Return the identifiers of the entries in force that have a status.

    Raises
    ------
    EntryMissingError
        When none has it.
    """
    with open_library(path) as library:
        found = [one.entry for _, one in library.records_in_force() if one.status == status]
    if not found:
        raise EntryMissingError(
            f"no entry in force is {status}", str(path), "see 'spectra library list'"
        )
    return found


def _with_older(
    wanted: Sequence[int], records: Sequence[EntryRecord], rows: Mapping[str, int]
) -> list[int]:
    """Return rows with the older versions that go with them (see `set_status`)."""
    found = dict.fromkeys(wanted)
    for row in wanted:
        released = records[row].status == "released"
        older = rows.get(records[row].replaces)
        while older is not None:
            if records[older].status == "released" and not released:
                break
            if records[older].status != "withdrawn":
                found[older] = None
            older = rows.get(records[older].replaces)
    return list(found)


def edit_entry(
    path: Path, entry: str, changes: Mapping[str, str], person: Person, reason: str
) -> EntryRecord:
    """Make a new version of an entry with other texts; its curve is the same. Return its record.

    An unknown laser line may be stated, of the entry and the replicates behind it.

    Raises
    ------
    EntryVersionError
        When a field cannot be edited, nothing would change, the entry is not the newest version, or
        its laser line is known.
    EntryMissingError
        When there is no such entry.
    ManifestError
        When the CAS number or InChIKey is none, or a number is not one that the field can hold.
    """
    where = f"entry {entry}"
    odd = sorted(changes.keys() - EDITABLE)
    if odd:
        known = ", ".join(sorted(EDITABLE))
        raise EntryVersionError(f"{odd[0]!r} cannot be edited", where, f"use one of: {known}")
    _check_choices(changes, where)
    check_texts(changes, where)
    if not (person.name and person.at and reason):
        raise EntryVersionError("the edit has no name, time or reason", where, "say who and why")
    with writing_to(path), open_library(path) as library:
        old = library.entry(library.row_of(entry))
        stated = _stated(old, changes, where)
        why = reason
        if "laser_nm" in changes:
            why = f"{reason} (laser line: unknown -> {stated.record.laser_nm:g} nm)"
        told: dict[str, Any] = {"status": "draft", "status_reason": why, "status_by": person.name}
        edited = replace(stated.record, **_texts(changes), **told, status_at=person.at)
        made = replace(stated, record=new_version(old.record, edited))
        # In the journal, because the next change of status takes the place of these words.
        act = Act(made.record.entry, "", "draft", person.name, person.at, why)
        extend_library(library, [made], acts=[act], policy=load_policy())
    return made.record


def _texts(changes: Mapping[str, str]) -> dict[str, Any]:
    """Return the texts of an edit as the fields of a record hold them."""
    texts: dict[str, Any] = {key: text for key, text in changes.items() if key not in NUMBERS}
    if "synonyms" in changes:
        names = (part.strip() for part in changes["synonyms"].split(";"))
        texts["synonyms"] = tuple(filter(None, names))
    return texts


def _stated(old: Entry, changes: Mapping[str, str], where: str) -> Entry:
    """Return an entry with the numbers of an edit."""
    found = old
    if "resolution_cm1" in changes:
        width = known_number(changes, "resolution_cm1", where)
        found = replace(old, record=replace(old.record, resolution_cm1=width))
    if "laser_nm" in changes:
        laser = known_number(changes, "laser_nm", where)
        _check_laser(old.record, laser, where)
        found = _with_laser(found, laser)
    return found


def _check_laser(record: EntryRecord, laser: float | None, where: str) -> None:
    """Raise EntryVersionError unless a laser line may be stated that the file did not state."""
    if laser is None:
        raise EntryVersionError(
            "no laser line is given", where, "give the wavelength in nanometres: laser_nm=785"
        )
    converted = any(CONVERTED in text for text in record.assumptions)
    if record.laser_nm is not None or converted:
        # The shifts of a converted axis are only right for the line it was converted with.
        known = f"{record.laser_nm:g} nm" if record.laser_nm is not None else "that of its axis"
        raise EntryVersionError(
            f"its laser line is known ({known}) and cannot be edited",
            where,
            "if it is wrong, import the file again by a manifest with the right laser_nm and this "
            "entry in the column 'replaces'",
        )


def _with_laser(entry: Entry, laser: float | None) -> Entry:
    """Return an entry and the replicates behind it with a laser line; the curves are the same."""
    spectrum = replace(entry.spectrum, laser_nm=laser)
    record = replace(entry.record, laser_nm=laser, content_sha256=spectrum.content_hash)
    parts = tuple(_with_laser(one, laser) for one in entry.replicates)
    return replace(entry, record=record, spectrum=spectrum, replicates=parts)


def _check_choices(changes: Mapping[str, str], where: str) -> None:
    for key, allowed in (("kind", KINDS), ("role", ROLES)):
        if key in changes and changes[key] not in allowed:
            raise EntryVersionError(
                f"{key} is {changes[key]!r}", where, f"use one of: {', '.join(allowed)}"
            )
    if "name" in changes and not changes["name"].strip():
        raise EntryVersionError("the name is empty", where, "give a name")


def migrate(path: Path, target: Path) -> LibraryInfo:
    """Write a library of an older layout in the layout of this program, to another file.

    Its original files are copied along.

    Raises
    ------
    LibraryError
        When `target` is there already, or the library cannot be read or was cleaned otherwise.
    """
    if target.exists():
        kind = "a library" if target.is_file() and is_library(target) else "a file"
        raise LibraryError(
            f"there is {kind} of this name already", str(target), "give another name for --out"
        )
    with writing_to(target), open_library(path) as library:
        library.verify()
        originals.copied(path, target)
        return extend_library(library, target=target, policy=load_policy())


def export_originals(path: Path, entry: str, folder: Path) -> tuple[Path, ...]:
    """Write the files that an entry was made from, byte for byte, into a folder.

    Raises
    ------
    OriginalMissingError
        When a file is not kept with the library or is not the one that was imported.
    EntryMissingError
        When there is no such entry.
    LibraryError
        When its spectrum was calculated: a file of it could be taken for a reference.
    """
    with open_library(path) as library:
        whole = library.entry(library.row_of(entry))
    if whole.record.kind == "calculated":
        raise LibraryError(
            "its spectrum was calculated, and is no reference to be given out",
            f"entry {entry}",
            "measure the substance",
        )
    records = [one.record for one in whole.replicates] or [whole.record]
    files = {record.file_sha256: Path(record.file).name for record in records}
    if not all(files):
        raise OriginalMissingError(
            "no file was imported for this entry", f"entry {entry}", "see its source"
        )
    content = {digest: originals.original(path, digest) for digest in files}
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for digest, data in content.items():
        name = files[digest].replace("\0", "")[-LONGEST_NAME:] or "original"
        target = folder / f"{digest[:12]}-{name}"
        if target.exists():
            raise LibraryError("this file is there already", str(target), "choose another folder")
        write_whole(target, partial(_write, data))
        written.append(target)
    return tuple(written)


def _write(data: bytes, path: Path) -> None:
    path.write_bytes(data)
