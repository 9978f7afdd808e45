"""Backups: made while the station goes on, and restored into an empty folder only."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spectra_app.errors import BrokenBackupError, LedgerError
from spectra_app.records.durable import make_folders, sync_folder
from spectra_app.records.ledger.backup import (
    PUBLIC,
    SECRET,
    STATION,
    Backup,
    Progress,
    back_up,
    copy_back,
    look_at,
)
from spectra_app.records.ledger.chain import Detail
from spectra_app.records.ledger.head import read_public, station_key
from spectra_app.records.ledger.kept_calibrations import FOLDER as CALIBRATIONS
from spectra_app.records.ledger.kept_calibrations import kept_calibrations, write_back
from spectra_app.records.ledger.writing import ledger_error
from spectra_app.services.office import Office, Session, open_office, utc_now


def make_backup(
    office: Office,
    session: Session,
    target: Path,
    *,
    with_key: bool = False,
    progress: Progress = lambda _share, _text: None,
) -> Backup:
    """Make a backup of this station, or bring the last one up to date; verified when this returns.

    Raises
    ------
    ForbiddenError
        When this user may not.
    LedgerError, EvidenceError
        When it cannot be written, or the target holds something else.
    """
    user = office.require(session, "backup.make")
    made = back_up(office.ledger, office.evidence, target, with_key=with_key, progress=progress)
    details: dict[str, Detail] = {
        "head": str(made.head), "evidence": made.evidence, "findings": len(made.findings),
        "with_key": with_key,
    }  # fmt: skip
    with office.ledger.writing(user.id) as writing:
        writing.note("backup made", details)
    return made


def restore(
    source: Path,
    folder: Path,
    enter: Callable[[Office], Session],
    *,
    key: Path | None = None,
    clock: Callable[[], str] = utc_now,
    **how: Any,
) -> int:
    """Make a station of a backup, in an empty folder; return the number of its new entry.

    It appears there whole, or not at all, and only after a supervisor of that station has logged
    in. The new ledger says in its first entry from which backup it comes.

    Parameters
    ----------
    source : Path
        The backup.
    folder : Path
        The data folder of the new station; empty, or not there yet.
    enter : callable
        Logs somebody in at the restored office.
    key : Path, optional
        The station's private key, when the backup does not hold it.
    clock : callable
        Returns the time, ISO 8601 in UTC.
    **how
        Handed to `open_office`.

    Raises
    ------
    BrokenBackupError
        When the backup does not hold.
    LedgerError, EvidenceError
        When it is none, the folder is not empty, or the system refuses.
    ForbiddenError
        When this user may not.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LedgerError("this folder is not empty", str(folder), "name an empty or a new folder")
    _, manifest, findings = look_at(source)
    if findings:
        raise BrokenBackupError(
            f"the backup does not hold: {findings[0].text} ({findings[0].code})",
            findings[0].where, "take another backup, and tell the supervisor",
        )  # fmt: skip
    secret = key or source / STATION / SECRET
    part = folder.with_name(f".{folder.name}.restoring")
    try:
        if not secret.is_file():
            raise LedgerError(
                "the backup does not hold the station's private key", str(secret),
                "give the file station.key that is kept apart from the backups",
            )  # fmt: skip
        shutil.rmtree(part, ignore_errors=True)
        copy_back(source, part, secret)
        if station_key((part / STATION / PUBLIC).parent).public != read_public(
            part / STATION / PUBLIC
        ):
            raise LedgerError("this is the key of another station", str(secret), "give its own")
        with open_office(part, clock, **how) as office:
            number = accept_restored(office, enter(office), manifest)
            _write_calibrations_back(office)
        make_folders(folder.parent)
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise ledger_error(error, str(folder)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return number


def _write_calibrations_back(office: Office) -> None:
    """Write the files of calibrations, which a backup holds as evidence."""
    with office.ledger.reading() as connection:
        kept = kept_calibrations(connection)
    lines = [(one, office.evidence.get(one.sha256)) for one in kept]
    if lines:
        folder = office.folder / CALIBRATIONS
        make_folders(folder)
        write_back(lines, folder)
        sync_folder(folder)


def accept_restored(office: Office, session: Session, manifest: dict[str, Any]) -> int:
    """Enter in a restored ledger where it comes from; return the number of that entry.

    Raises
    ------
    ForbiddenError
        When this user may not.
    """
    user = office.require(session, "backup.restore")
    details: dict[str, Detail] = {name: str(manifest[name]) for name in ("head", "made_at")}
    with office.ledger.writing(user.id) as writing:
        writing.note("restored from a backup", details)
    return office.ledger.head().number
