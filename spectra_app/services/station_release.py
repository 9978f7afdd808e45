"""A library is released, or its release signed, by users of a station: entered in its ledger.

The keys say to other stations who released; the station itself asks its own users besides, so that
who has found a key and its words cannot release alone, and the ledger knows who did.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from library.package import Package, read_package
from library.signing import SigningKey
from spectra_app.records.ledger.chain import Detail
from spectra_app.services import releasing
from spectra_app.services.office import Office, Session
from spectra_app.services.releasing import Released, Wanted
from spectra_app.services.station import Station


def release_here(
    office: Office,
    session: Session,
    second: Session,
    source: Path,
    out: Path,
    *,
    keys: Sequence[SigningKey],
    wanted: Wanted,
    now: datetime,
) -> Released:
    """Release a library at a station that was set up: an act of two persons.

    Raises
    ------
    ForbiddenError
        When one of the two may not, or the second one has not just logged in.
    SpectraError
        As `releasing.release`.
    """
    me = office.require(session, "library.release")
    other = office.require_second(session, second, "library.release")
    done = releasing.release(source, out, keys, wanted, station=Station(office.folder), now=now)
    details: dict[str, Detail] = {
        "second": other.id,
        "sequence": int(done.manifest["sequence"]),
        "manifest": read_package(out).signed.sha256,
        "keys": " ".join(key.id for key in keys),
    }
    with office.ledger.writing(me.id) as writing:
        writing.note("library released", details)
    return done


def cosign_here(
    office: Office, session: Session, package: Package, key: SigningKey, *, now: datetime
) -> str:
    """Sign a release that was checked at a station that was set up; return what is missing still.

    Raises
    ------
    ForbiddenError
        When this user may not.
    SamePersonError
        When this key signed it already.
    """
    me = office.require(session, "library.cosign")
    missing = releasing.cosign(package, key, station=Station(office.folder), now=now)
    details: dict[str, Detail] = {"manifest": package.signed.sha256, "key": key.id}
    with office.ledger.writing(me.id) as writing:
        writing.note("library release signed", details)
    return missing
