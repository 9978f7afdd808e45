"""Bundles that were taken in, and the stations they came from: what a user may see of them."""

from __future__ import annotations

from msgspec.structs import replace

from spectra_app.records.bundles.content import Bundle, read_bundle
from spectra_app.records.bundles.kinds import Imported, ImportedRecord, KnownStation
from spectra_app.services.cases.keeping import sound, stated
from spectra_app.services.cases.seeing import sight_of, visible
from spectra_app.services.office import Office, Session


def list_imports(office: Office, session: Session, content: str = "") -> list[Imported]:
    """Return what was taken in, oldest first, without what this user may not see."""
    me = office.require(session, "case.list")
    asked = {"content": content} if content else {}
    found = [one.record for one in office.ledger.find(Imported, **asked)]
    return list(sight_of(office, me).seen(found))


def imported_records(office: Office, session: Session, imported: str) -> list[ImportedRecord]:
    """Return the records of a bundle that was taken in.

    Raises
    ------
    RecordError
        When there is none that this user may see.
    """
    me = office.require(session, "case.show")
    visible(office, me, Imported, imported)
    return [one.record for one in office.ledger.find(ImportedRecord, bundle=imported)]


def imported_bundle(office: Office, session: Session, imported: str) -> Bundle:
    """Return a bundle that was taken in, read and checked again from the evidence store.

    Raises
    ------
    RecordError, EvidenceError, BundleError
        When there is none that this user may see, or it is damaged.
    """
    me = office.require(session, "case.show")
    record = visible(office, me, Imported, imported).record
    return read_bundle(office.evidence.get(record.evidence[0]), imported)


def list_stations(office: Office, session: Session) -> list[KnownStation]:
    """Return the stations whose keys somebody here agreed to, revoked ones too."""
    office.require(session, "station.show")
    return [one.record for one in office.ledger.find(KnownStation)]


def revoke_station(office: Office, session: Session, key: str, why: str) -> KnownStation:
    """Believe no bundle of a station any more; what was taken in stays, and is not changed.

    Raises
    ------
    RecordError
        When there is no such station.
    """
    me = office.require(session, "station.change")
    with office.ledger.writing(me.id) as writing:
        stored = office.ledger.get(KnownStation, key)
        changed = replace(stored.record, state="revoked", reason=stated("the reason", why))
        writing.put(sound(changed), "station's key revoked", after=stored.revision)
    return changed
