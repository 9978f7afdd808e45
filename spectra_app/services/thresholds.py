"""Thresholds: changed at a station by an act of two persons, and then used for every scan."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from matching.policy import Policy
from spectra_app.errors import LedgerError, RecordError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.ledger.record import read_body
from spectra_app.records.thresholds import IN_FORCE, SHIPPED, PolicyChange
from spectra_app.services.office import Office, Session
from spectra_app.services.policies import load_policy, read_policy

POLICY = "policy"
_CHANGE = "SELECT body FROM revisions WHERE kind = ? AND id = ? AND latest = 1"


def change_policy(
    office: Office, session: Session, second: Session, path: Path | None, reason: str
) -> PolicyChange:
    """Put a policy file in force at this station, or the shipped one again.

    Parameters
    ----------
    second : Session
        Of the second person, see `Office.require_second`.
    path : Path or None
        The file; None for the policy that came with the program.
    reason : str
        Why.

    Raises
    ------
    PolicyError
        When the file is no complete policy.
    RecordError
        When there is no reason, or nothing would change.
    """
    other = office.require_second(session, second, "policy.change")
    me = office.sessions.check(session)
    if not reason.strip():
        raise RecordError("a change of thresholds needs a reason", "", "say why")
    raw = b"" if path is None else path.read_bytes()
    policy = read_policy(raw, str(path)) if path is not None else load_policy()
    found = office.ledger.find(PolicyChange)
    document = "" if path is None else policy.hash
    if (found[0].record.document if found else "") == document:
        raise RecordError("this policy is in force already", policy.version, "nothing to change")
    if path is not None:
        office.evidence.put(raw, kind=POLICY, name=path.name, clock=office.clock)
    change = PolicyChange(
        id=IN_FORCE,
        document=document,
        version=policy.version,
        reason=reason.strip(),
        changed_by=me,
        agreed_by=other.id,
    )
    details = {"policy": document or SHIPPED, "agreed": other.id}
    with office.ledger.writing(me) as writing:
        after = found[0].revision if found else 0
        writing.put(change, "policy changed", after=after, details=details)
    return change


def show_policy(office: Office, session: Session) -> PolicyChange | None:
    """Return the change that is in force; None while the shipped policy was never changed."""
    office.require(session, "policy.show")
    found = office.ledger.find(PolicyChange)
    return found[0].record if found else None


def changed_policy(path: Path, evidence: Path) -> Policy | None:
    """Return the policy that two persons put in force; None while it is the shipped one.

    Needs no log-in, and opens the ledger only to read.

    Parameters
    ----------
    path, evidence : Path
        The ledger's database, and the folder of the evidence.

    Raises
    ------
    LedgerError, EvidenceError
        When it was changed and cannot be read: another one is never taken in its place.
    """
    document = _changed(path)
    if not document:
        return None
    return read_policy(EvidenceStore(evidence).get(document), document)


def _changed(path: Path) -> str:
    """Return the hash of the policy in force; empty for the shipped one."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as reading:
            row = reading.execute(_CHANGE, (PolicyChange.KIND, IN_FORCE)).fetchone()
    except sqlite3.Error as error:
        raise LedgerError(
            f"the policy in force cannot be read ({error})",
            str(path),
            "run 'spectra audit verify' and tell the supervisor",
        ) from error
    return read_body(row[0], PolicyChange).document if row is not None else ""
