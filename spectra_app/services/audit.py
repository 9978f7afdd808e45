"""The audit chain verified, and its head; its entries are in `audit_entries`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from library.signing import key_id
from spectra_app.errors import LedgerError, RecordError
from spectra_app.records import demo, emergency, kinds, thresholds
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds.removal import BEGUN, Removal
from spectra_app.records.ledger.head import Head, read_public
from spectra_app.records.ledger.index import check_index, differing, kinds_of_records
from spectra_app.records.ledger.kept_calibrations import FOLDER as CALIBRATIONS
from spectra_app.records.ledger.kept_calibrations import check_calibrations, kept_calibrations
from spectra_app.records.ledger.named_evidence import check_evidence, named_evidence
from spectra_app.records.ledger.store import DATABASE
from spectra_app.records.ledger.verify import Progress, Verified, unwatched, verify
from spectra_app.records.swapped import swapped_passwords
from spectra_app.settings import data_folder

if TYPE_CHECKING:
    from spectra_app.services.office import Office, Session

HOLDING_KINDS = (demo, emergency, kinds, thresholds)
"""Modules imported for the kinds of record that they hold."""
VERIFIED = "ledger verified"
"""What is entered when somebody verified the chain."""
PUBLIC = Path("keys") / "station.pub"
EVIDENCE = "evidence"
_UNFINISHED = """
SELECT count(*) FROM revisions WHERE kind = ? AND latest = 1 AND body ->> 'state' = ?
"""
IN_CHAIN, IN_INDEX = 0.8, 0.95
"""How much of a verification is done after the chain, and after the index of its records."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a verification found.

    Parameters
    ----------
    folder : Path
        What was verified.
    key : str
        Id of the key that entries and head had to be signed with.
    result : Verified
        Counts and findings; evidence is among them when it was asked for.
    evidence : int or None
        How many pieces of evidence records name; None when it was not looked at.
    unfinished : int
        Removals by retention that were interrupted: evidence that had to go may be there still.
    """

    folder: Path
    key: str
    result: Verified
    evidence: int | None = None
    unfinished: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.result.findings


def station_folder() -> Path:
    """Return the folder of this station's ledger."""
    return data_folder() / "station"


def evidence_beside(folder: Path) -> Path | None:
    """Return where the evidence of a ledger lies: beside it, in a station and in a backup."""
    beside = folder.absolute().parent / EVIDENCE
    return beside if beside.is_dir() else None


def verify_folder(
    folder: Path,
    heads: Iterable[tuple[int, str]] = (),
    *,
    key: Path | None = None,
    evidence: Path | None = None,
    calibrations: Path | None = None,
) -> Checked:
    """Verify the ledger in a folder, which may be anybody's copy: nobody needs to log in for that.

    The index by which lists find records is compared with them, too, and password hashes with what
    the users' records say of them.

    Parameters
    ----------
    folder : Path
        With ``station.db`` and ``head.json``.
    heads : iterable of (int, str)
        Number and SHA-256 from printed reports.
    key : Path, optional
        The station's public key; by default the one in the folder.
    evidence : Path, optional
        Where the evidence is that records name; it is not looked at by default.
    calibrations : Path, optional
        Where the calibration files are; by default beside the folder, if it is a station's own.

    Raises
    ------
    LedgerError
        When there is no ledger, or no key.
    """
    public = read_public(key or folder / PUBLIC)
    place = _calibrations(folder, calibrations)
    return _verified(folder, public, heads, evidence=evidence, calibrations=place)


def _verified(
    folder: Path,
    public: bytes,
    heads: Iterable[tuple[int, str]],
    *,
    evidence: Path | None,
    calibrations: Path | None,
    progress: Progress = unwatched,
) -> Checked:
    def of_chain(share: float, words: str) -> None:
        progress(share * IN_CHAIN, words)

    checked = Checked(folder, key_id(public), verify(folder, public, heads, of_chain))
    if any(one.code in {"file_damaged", "schema_altered"} for one in checked.result.findings):
        return checked  # what such a file says of evidence is worth nothing
    uri = f"{(folder / DATABASE).absolute().as_uri()}?mode=ro"
    found = list(checked.result.findings)
    named: dict[str, str] | None = None
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            progress(IN_CHAIN, "lists and searches")
            found += check_index(connection, kinds_of_records())
            progress(IN_INDEX, "evidence")
            found += swapped_passwords(connection)
            unfinished = connection.execute(_UNFINISHED, (Removal.KIND, BEGUN)).fetchone()[0]
            if calibrations is not None:
                found += check_calibrations(kept_calibrations(connection), calibrations)
            if evidence is not None:
                named = named_evidence(connection)
                found += check_evidence(EvidenceStore(evidence), _counted(named, progress))
    except (sqlite3.Error, RecordError, ValueError, TypeError, AttributeError):
        if checked.holds:
            raise
        return checked  # altered bodies: told already
    looked = None if named is None else len(named)
    result = replace(checked.result, findings=tuple(found))
    return replace(checked, result=result, evidence=looked, unfinished=unfinished)


def _calibrations(folder: Path, given: Path | None) -> Path | None:
    """Return where the calibration files of a ledger are; a copy of a ledger has none beside it."""
    own = station_folder()
    if given is None and folder.resolve() == own.resolve():
        return own.parent / CALIBRATIONS
    return given


def _counted(named: dict[str, str], progress: Progress) -> Iterator[tuple[str, str]]:
    """Yield what is named, and tell how far that has been looked at."""
    for number, one in enumerate(named.items()):
        if number % 100 == 0:
            share = IN_INDEX + (1 - IN_INDEX) * number / len(named)
            progress(share, f"evidence {number} of {len(named)}")
        yield one


def verify_here(
    office: Office,
    session: Session,
    heads: Iterable[tuple[int, str]] = (),
    progress: Progress = unwatched,
) -> Checked:
    """Verify this station's ledger and its evidence, and enter that it was done and how it ended.

    Parameters
    ----------
    heads : iterable of (int, str)
        Number and SHA-256 from printed reports.
    progress : callable (share, words)
        Told how far the work is; what it raises ends the verification, and nothing is entered.

    Raises
    ------
    ForbiddenError
        When this user may not.
    """
    user = office.require(session, "audit.verify")
    checked = _verified(
        office.ledger.folder,
        office.ledger.key.public,
        heads,
        evidence=office.evidence.folder,
        calibrations=office.folder / CALIBRATIONS,
        progress=progress,
    )
    with office.ledger.writing(user.id) as writing:
        details = {"end": checked.result.end, "findings": len(checked.result.findings)}
        writing.note(VERIFIED, details)
    return checked


def rebuild_index(office: Office, session: Session) -> tuple[str, ...]:
    """Make the index of lists and searches anew where it differs; return of which records.

    Raises
    ------
    ForbiddenError
        When this user may not.
    """
    user = office.require(session, "audit.rebuild")
    known = kinds_of_records()
    with office.ledger.reading() as connection:
        altered = list(differing(connection, known))
    if altered:
        with office.ledger.writing(user.id) as writing:
            for kind, id_ in altered:
                writing.reindex(kind, id_, known.get(kind))
            writing.note("index rebuilt", {"records": len(altered)})
    return tuple(f"{kind} {id_}" for kind, id_ in altered)


def head_of(folder: Path) -> Head:
    """Return the head of the ledger in a folder, as it lies there.

    Raises
    ------
    LedgerError
        When there is none, or it is damaged.
    """
    from spectra_app.records.ledger.head import read_head
    from spectra_app.records.ledger.store import HEAD

    head = read_head(folder / HEAD)
    if head is None:
        raise LedgerError("there is no ledger with a head", str(folder), "name another folder")
    return head


def to_json(checked: Checked) -> dict[str, object]:
    """Return a verification as data."""
    result = checked.result
    return {
        "folder": str(checked.folder),
        "key": checked.key,
        "holds": checked.holds,
        "entries": result.entries,
        "end": result.end,
        "records": result.records,
        "evidence": checked.evidence,
        "clock_back": list(result.clock_back),
        "unfinished_removals": checked.unfinished,
        "head": None if result.head is None else result.head.to_json(),
        "findings": [
            {"code": one.code, "where": one.where, "text": one.text} for one in result.findings
        ],
    }
