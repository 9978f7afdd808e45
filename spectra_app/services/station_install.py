"""A signed file is looked at, weighed and installed by a user of a station: entered in its ledger.

The keys say who released it, two persons at least; the station asks its own supervisor besides, who
sees first what changes and which of the station's past results would be others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from library import listpack
from library import notices as tables
from library.control import ControlLists
from library.errors import RollbackError
from spectra_app.errors import InstalledError
from spectra_app.records.ledger.chain import Detail
from spectra_app.services import changes, installing, lists, notices
from spectra_app.services.installing import Checked
from spectra_app.services.libraries import no_progress
from spectra_app.services.office import Office, Session
from spectra_app.services.recheck_cases import Rechecked, recheck_scans
from spectra_app.services.station import Active, Station

Kind = Literal["library", "lists", "notices"]
Progress = Callable[[float, str], None]
ENDINGS: dict[str, Kind] = {listpack.SUFFIX: "lists", tables.SUFFIX: "notices"}
"""Kinds of files that are known by their names; packages are known by what they hold."""


@dataclass(frozen=True, eq=False, slots=True)
class Offer:
    """A signed file that was found to be genuine, and what installing it would change.

    Parameters
    ----------
    kind : str
        ``library``, ``lists`` or ``notices``.
    path : Path
        The file.
    title, edition : str
        What it is.
    signers : tuple of str
        Who signed it.
    until : str
        Until when it may be installed, ISO 8601.
    in_use : str
        What is in use now.
    notes : str
        What its makers say.
    report : dict
        Of a library: what differs, as `changes.of_install` tells it; empty for others.
    listed : tuple of Change
        Of control lists: what changes in each; empty for others.
    goes_back : tuple of str
        What would be older than now: a reason is needed.
    """

    kind: Kind
    path: Path
    title: str
    edition: str
    signers: tuple[str, ...]
    until: str
    in_use: str = ""
    notes: str = ""
    report: dict[str, Any] | None = None
    listed: tuple[lists.Change, ...] = ()
    goes_back: tuple[str, ...] = ()


def propose(
    office: Office,
    session: Session,
    path: Path,
    progress: Progress = no_progress,
    kind: Kind | None = None,
) -> Offer:
    """Check a signed file and say what installing it would change; nothing is installed.

    Parameters
    ----------
    path : Path
        The file.
    progress : callable
        Told how far it is, 0 to 1, and with what.
    kind : str, optional
        What it must be; by default what its name says.

    Raises
    ------
    ForbiddenError
        When this user may not.
    SpectraError
        When it is not to be trusted, with a class of its own for each reason.
    """
    office.require(session, "package.install")
    progress(0.0, "checking signatures and hashes")
    station, now = _station(office), _now(office)
    kind = kind or ENDINGS.get(path.suffix.lower(), "library")
    if kind == "library":
        with installing.checked(path, station, now, beside=station.installed) as found:
            progress(0.5, "comparing with the library in use")
            report = changes.of_install(found, station, None, progress)
        edition = f"{report['version']} ({report['sequence']})"
        told = {"until": report["expires"][:10], "notes": report["notes"]}
        return Offer(kind, path, report["name"], edition, tuple(report["signers"]),
                        in_use=report["in_use"], report=report, **told)  # fmt: skip
    if kind == "lists":
        checked = lists.verify(path, station, now)
        manifest = checked.pack.manifest
        used = lists.in_use(station.folder)
        signers = tuple(key.title for key in checked.statement.signers)
        return Offer(
            kind, path, manifest["title"], manifest["edition"], signers, manifest["expires"][:10],
            in_use=f"{used.title}, {used.edition}", listed=checked.changes,
            goes_back=checked.goes_back,
        )  # fmt: skip
    try:
        (table, statement), back = notices.verify(path, station, now), ""
    except RollbackError as error:
        (table, statement), back = notices.verify(path, station, now, older=True), error.what
    present = notices.in_use(table.kind, station.folder).notices
    signers = tuple(key.title for key in statement.signers)
    return Offer(kind, path, table.title, table.edition.isoformat(), signers,
                    str(statement.value.get("expires", ""))[:10],
                    in_use=f"{present.title}, {present.edition}",
                    goes_back=(back,) if back else ())  # fmt: skip


def weigh(
    office: Office, session: Session, offer: Offer, progress: Progress = no_progress
) -> Rechecked:
    """Identify the station's past scans again with what is proposed; what would be others.

    Raises
    ------
    ForbiddenError
        When this user may not.
    SpectraError
        When the file is not to be trusted any more.
    """
    office.require(session, "package.install")
    station = _station(office)
    if offer.kind == "library":
        found = installing.checked(offer.path, station, _now(office), beside=station.installed)
        with found as checked:
            return recheck_scans(office, session, library=checked.library, progress=progress)
    proposed: tuple[ControlLists, str] | None = None
    if offer.kind == "lists":
        verified = lists.verify(offer.path, station, _now(office))
        proposed = verified.pack.lists(), hashlib.sha256(verified.data).hexdigest()
    return recheck_scans(office, session, lists=proposed, progress=progress)


def install_here(
    office: Office, session: Session, offer: Offer, *, reason: str = "", changed: int = -1
) -> None:
    """Install what was proposed, and enter who did it.

    Parameters
    ----------
    reason : str
        Why something older is installed, or why the past results were not looked at.
    changed : int
        How many past results would be others; -1 when nobody has looked.

    Raises
    ------
    ForbiddenError
        When this user may not.
    InstalledError
        When nobody has looked at past results, and nobody says why.
    SpectraError
        When the file is not to be trusted any more; nothing was changed then.
    """
    me = office.require(session, "package.install")
    if offer.kind != "notices":
        _check_looked(changed, reason, str(offer.path))
    station, now = _station(office), _now(office)
    if offer.kind == "library":
        with installing.checked(offer.path, station, now, beside=station.installed) as found:
            installing.install(found, station, now)
    elif offer.kind == "lists":
        lists.install(offer.path, station, now, reason=reason, by=me.name)
    else:
        notices.install(offer.path, station, now, reason=reason, by=me.name)
    details: dict[str, Detail] = {
        "package": offer.kind,
        "edition": offer.edition,
        "changed": changed if changed >= 0 else None,
        "reason": reason,
    }
    with office.ledger.writing(me.id) as writing:
        writing.note("package installed", details)


def may_install(office: Office, session: Session) -> None:
    """Ask, before anything is shown, whether this user installs here.

    Raises
    ------
    ForbiddenError
        When not.
    """
    office.require(session, "package.install")


def install_shown(
    office: Office, session: Session, found: Checked, *, looked_at: int, reason: str
) -> Active:
    """Install a library whose changes were shown, and enter who did it.

    Parameters
    ----------
    found : Checked
        The package.
    looked_at : int
        How many past results would be others; -1 when nobody has looked.
    reason : str
        Why nobody has.

    Raises
    ------
    ForbiddenError, InstalledError, SpectraError
        As `install_here`.
    """
    me = office.require(session, "package.install")
    _check_looked(looked_at, reason, str(found.package.path))
    active = installing.install(found, _station(office), _now(office))
    details: dict[str, Detail] = {
        "package": "library",
        "edition": f"{active.version} ({active.sequence})",
        "changed": looked_at if looked_at >= 0 else None,
        "reason": reason,
    }
    with office.ledger.writing(me.id) as writing:
        writing.note("package installed", details)
    return active


def _check_looked(changed: int, reason: str, where: str) -> None:
    if changed < 0 and not reason.strip():
        raise InstalledError(
            "which past results would change was not looked at", where,
            "work it out first, or say why not (--reason)",
        )  # fmt: skip


def refuse_here(office: Office, session: Session, offer: Offer, reason: str) -> None:
    """Enter that something proposed is not installed, and why.

    Raises
    ------
    ForbiddenError
        When this user may not.
    InstalledError
        When there is no reason.
    """
    me = office.require(session, "package.install")
    if not reason.strip():
        raise InstalledError("refusing needs a reason", str(offer.path), "say why")
    details: dict[str, Detail] = {"package": offer.kind, "edition": offer.edition}
    with office.ledger.writing(me.id) as writing:
        writing.note("package refused", {**details, "reason": reason.strip()})


def earlier_here(office: Office, session: Session) -> list[Active]:
    """Return the libraries that were in use before, the latest first.

    Raises
    ------
    ForbiddenError
        When this user may not.
    """
    office.require(session, "package.install")
    return installing.earlier(_station(office))


def roll_back_here(office: Office, session: Session, reason: str, to: int = 0) -> Active:
    """As `rolled_back_here`; returns the library alone."""
    office.require(session, "package.install")
    return rolled_back_here(office, session, reason, to)[0]


def rolled_back_here(
    office: Office, session: Session, reason: str, to: int = 0
) -> tuple[Active, list[str]]:
    """Go back to a library that was in use before, and enter who did it and why.

    Returns the library, and what must be known about it.

    Parameters
    ----------
    reason : str
        Why.
    to : int
        Number of the release; 0 for the one before the present one.

    Raises
    ------
    ForbiddenError
        When this user may not.
    InstalledError
        When there is no reason, or no such library.
    SpectraError
        When that library is not sound any more.
    """
    me = office.require(session, "package.install")
    if not reason.strip():
        raise InstalledError("going back needs a reason", "", "say why")
    station = _station(office)
    active, notes = installing.roll_back(
        station, to=to, reason=reason.strip(), by=me.name, now=_now(office)
    )
    details: dict[str, Detail] = {"edition": f"{active.version} ({active.sequence})"}
    with office.ledger.writing(me.id) as writing:
        writing.note("library rolled back", {**details, "reason": reason.strip()})
    return active, notes


def _station(office: Office) -> Station:
    """Return the station with its folders made."""
    station = Station(office.folder)
    with station.changing():
        return station


def _now(office: Office) -> datetime:
    return datetime.fromisoformat(office.clock())
