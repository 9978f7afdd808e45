"""Install a package, go back to an earlier one, and check what is installed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from library.archive import LIBRARY as LIBRARY_FILE
from library.archive import MANIFEST, NOTES, SIGNATURES, looks_like_package
from library.package import (
    Package,
    check_manifest,
    file_hash,
    library_file_hash,
    read_package,
    unpack,
)
from library.signing import Signed, parse_canonical, signatures_of
from library.store import Library
from library.trust import Statement, Trust
from library.trust_store import load_trust, save_trust
from library.trusted_keys import LIBRARY, instant, stamp
from matching.pipeline import DEFAULT_PIPELINE
from spectra_app import __version__
from spectra_app.errors import InstalledError
from spectra_app.records.durable import sync_folder
from spectra_app.records.journal import Act
from spectra_app.services.station import ASK_AGAIN, BACK, DONE, Active, Station

__all__ = ["Statement"]  # what the command line names in its types

BEGUN = "install begun"
STAGING = ".staging-"


@dataclass(frozen=True, eq=False, slots=True)
class Checked:
    """A package found to be genuine, complete and sound, with its library unpacked.

    Parameters
    ----------
    package : Package
        The package.
    statement : Statement
        Its manifest and who signed it.
    folder : Path
        Where its members lie; gone when the check ends, unless installed.
    """

    package: Package
    statement: Statement
    folder: Path

    @property
    def library(self) -> Path:
        """The library's file."""
        return self.folder / LIBRARY_FILE


def is_package(path: Path) -> bool:
    """Tell whether a file begins as a package does."""
    return path.is_file() and looks_like_package(path)


@contextmanager
def checked(
    path: Path, station: Station, now: datetime, *, beside: Path | None = None
) -> Iterator[Checked]:
    """Check a package entirely: trust first, then hashes, and only then the HDF5 file in it.

    Parameters
    ----------
    path : Path
        The package.
    station : Station
        Whose trust decides.
    now : datetime
        The time.
    beside : Path, optional
        Folder in which to unpack; by default the system's for temporary files.

    Raises
    ------
    PackageError, TrustError, LibraryError
        A class of its own for each reason; nothing stays behind.
    """
    package = read_package(path)
    trust = load_trust(station.trust_path)
    statement = trust.check(
        package.signed, purpose=LIBRARY, now=now, program=__version__, where=str(path)
    )
    check_manifest(package)
    folder = Path(tempfile.mkdtemp(prefix=STAGING, dir=beside))
    try:
        unpack(package, folder / LIBRARY_FILE)
        _check_pipeline(package)
        yield Checked(package, statement, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_pipeline(package: Package) -> None:
    if package.manifest["pipeline"] != DEFAULT_PIPELINE.hash:
        raise InstalledError(
            "the library in it was made with another clean-up than this program uses",
            str(package.path),
            "ask for a release made with this version of the program",
        )


def install(found: Checked, station: Station, now: datetime) -> Active:
    """Make the library of a checked package the one in use.

    A crash at any moment leaves the old library in use or the new one. What was seen is remembered
    before the library is used, so that nothing older can be put in its place afterwards.

    Raises
    ------
    SpectraError
        When the trust changed meanwhile, or the disk refuses.
    """
    with station.changing():
        _sweep(station, found.folder)
        trust = load_trust(station.trust_path)
        statement = trust.check(found.package.signed, purpose=LIBRARY, now=now, program=__version__)
        folder = _moved(found, station, statement)
        details = _details(statement)
        act = station.journal.add(stamp(now), BEGUN, details)
        save_trust(station.trust_path, trust.seen(statement))
        active = _active(statement, folder, act)
        station.activate(active)
        station.journal.add(stamp(now), DONE, details)
    return active


def _sweep(station: Station, keep: Path) -> None:
    """Remove what installs that were killed left behind."""
    for path in station.installed.glob(f"{STAGING}*"):
        if path != keep:
            shutil.rmtree(path, ignore_errors=True)


def _moved(found: Checked, station: Station, statement: Statement) -> str:
    """Bring the members of a package to their folder among the installed ones."""
    package, folder = found.package, found.folder
    for name, data in (
        (MANIFEST, package.signed.payload),
        (SIGNATURES, package.signed.signatures_bytes()),
        (NOTES, package.notes.encode()),
    ):
        with (folder / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    sync_folder(folder)
    name = f"{statement.value['sequence']:06d}-{statement.sha256[:16]}"
    target = station.installed / name
    if target.is_dir():  # the same package again: its files replace themselves
        for path in folder.iterdir():
            path.replace(target / path.name)
    else:
        folder.replace(target)
    sync_folder(target)
    sync_folder(station.installed)
    return name


def _details(statement: Statement) -> dict[str, Any]:
    value = statement.value
    return {
        "name": value["name"],
        "version": value["version"],
        "sequence": value["sequence"],
        "manifest_sha256": statement.sha256,
        "library_sha256": value["library_sha256"],
        "signers": [key.title for key in statement.signers],
    }


def _active(statement: Statement, folder: str, act: Act) -> Active:
    value = statement.value
    return Active(
        folder=folder,
        name=value["name"],
        version=value["version"],
        sequence=value["sequence"],
        expires=value["expires"],
        library_sha256=value["library_sha256"],
        manifest_sha256=statement.sha256,
        journal=act.sha256,
    )


def installed_signed(folder: Path) -> Signed:
    """Return manifest and signatures of an installed library."""
    try:
        payload = (folder / MANIFEST).read_bytes()
        signatures = parse_canonical((folder / SIGNATURES).read_bytes(), str(folder))
    except OSError as error:
        raise InstalledError(
            f"an installed library cannot be read ({error.strerror})", str(folder), ASK_AGAIN
        ) from error
    return Signed(payload, signatures_of(signatures, str(folder)))


def recheck(folder: Path, trust: Trust, now: datetime) -> tuple[Statement, list[str]]:
    """Check an installed library again: signatures and every hash.

    Returns
    -------
    tuple
        Its statement, and notes on its age.

    Raises
    ------
    SpectraError
        When it is not the one that was signed, or a key was revoked meanwhile.
    """
    statement = trust.check_kept(installed_signed(folder), purpose=LIBRARY, where=str(folder))
    with Library(folder / LIBRARY_FILE) as library:
        library.verify()
        # The hashes inside a file can be made anew by whoever alters it; the signed one cannot.
        if file_hash(library.path) != library_file_hash(statement.value):
            raise InstalledError(
                "the installed library is not the one that was signed", str(folder), ASK_AGAIN
            )
    return statement, _age(statement.value, trust, now)


def _age(value: Mapping[str, Any], trust: Trust, now: datetime) -> list[str]:
    newer = [
        one.sequence
        for one in trust.highest
        if (one.purpose, one.name) == (LIBRARY, value["name"]) and one.sequence > value["sequence"]
    ]
    notes = [f"this station has seen number {number}, which is newer" for number in newer]
    if instant(value["expires"]) <= now:
        notes.append(f"it expired on {value['expires'][:10]}: ask for a newer release")
    return notes


def _in_use(station: Station) -> Active | None:
    """Return the library in use; None also where nobody can tell, which going back must mend."""
    try:
        return station.active()
    except InstalledError:
        return None


def earlier(station: Station) -> list[Active]:
    """Return the libraries that were in use before the present one, latest first, each once."""
    active = _in_use(station)
    found: dict[str, Active] = {}
    for act in reversed(station.journal.acts()):
        if act.act not in {DONE, BACK} or act.details["manifest_sha256"] in found:
            continue
        digest = act.details["manifest_sha256"]
        folder = station.installed / f"{act.details['sequence']:06d}-{digest[:16]}"
        if folder.is_dir() and not (active and active.manifest_sha256 == digest):
            value = parse_canonical(installed_signed(folder).payload, str(folder))
            found[digest] = Active(
                folder=folder.name,
                name=value["name"],
                version=value["version"],
                sequence=value["sequence"],
                expires=value["expires"],
                library_sha256=value["library_sha256"],
                manifest_sha256=digest,
                journal=act.sha256,
            )
    return list(found.values())


def roll_back(
    station: Station, *, to: int = 0, reason: str, by: str, now: datetime
) -> tuple[Active, list[str]]:
    """Go back to a library that was in use before, and note who asked and why.

    Parameters
    ----------
    station : Station
        The station.
    to : int
        Number of the release; 0 for the one before the present one.
    reason, by : str
        Why, and who asked.
    now : datetime
        The time.

    Returns
    -------
    tuple
        The library now in use, and notes on its age.

    Raises
    ------
    InstalledError
        When there is nothing to go back to.
    SpectraError
        When that library is not sound any more or a key under it was revoked.
    """
    with station.changing():
        choices = [one for one in earlier(station) if not to or one.sequence == to]
        if not choices:
            raise InstalledError(
                "there is no earlier library to go back to"
                if not to
                else f"no library number {to} was in use here",
                str(station.installed),
                "install a package instead",
            )
        chosen = choices[0]
        trust = load_trust(station.trust_path)
        statement, notes = recheck(station.installed / chosen.folder, trust, now)
        present = _in_use(station)
        details = _details(statement) | {
            "reason": reason,
            "by": by,
            "from": present.sequence if present else 0,
        }
        act = station.journal.add(stamp(now), BACK, details)
        active = _active(statement, chosen.folder, act)
        station.activate(active)
    return active, notes


def check_installed(station: Station, now: datetime) -> tuple[Statement, list[str]]:
    """Check the library in use, its signatures, and the journal of installs.

    Returns
    -------
    tuple
        Its statement, and notes: what is past its date, or was begun and not finished.

    Raises
    ------
    SpectraError
        When something is not as it was.
    """
    active = station.active()
    if active is None:
        raise InstalledError(
            "no package is installed", str(station.pointer), "install one, or name a library file"
        )
    acts = station.journal.acts()
    if active.journal not in {act.sha256 for act in acts}:
        raise InstalledError(
            "the journal does not hold the act that chose the library in use: lines are missing",
            str(station.journal.path),
            "tell the supervisor, and compare the journal with a backup",
        )
    trust = load_trust(station.trust_path)
    statement, notes = recheck(station.installed / active.folder, trust, now)
    if statement.sha256 != active.manifest_sha256:
        raise InstalledError(
            "the library in use is not the one that was installed", str(station.pointer), ASK_AGAIN
        )
    if acts[-1].act == BEGUN:
        notes.append("the last install was begun and not finished: install the package again")
    return statement, notes
