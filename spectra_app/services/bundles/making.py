"""Make a bundle: collect, describe, sign, and put it into a file whole or not at all."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import resources
from library.files import clear_leftovers, write_whole
from library.signing import PublicKey, SigningKey, parse_canonical
from spectra_app.errors import RecordError
from spectra_app.records.access import User
from spectra_app.records.bundles.archive import PAYLOAD, packed
from spectra_app.records.bundles.bag import MANIFEST, Kind, sealed
from spectra_app.records.bundles.content import (
    CASE,
    SIGNERS,
    STATION_KEY,
    Answered,
    Asked,
    Content,
    LibraryUsed,
    Listed,
    Person,
    StationFacts,
    folder_of,
)
from spectra_app.records.bundles.errors import BundleError
from spectra_app.records.bundles.extract import HEAD, extract_files
from spectra_app.records.durable import PRIVATE
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import Station
from spectra_app.records.ledger.head import key_public_pem
from spectra_app.records.ledger.record import Record
from spectra_app.records.ledger.store import Ledger
from spectra_app.services.bundles.collecting import (
    Collected,
    evidence_files,
    people_in,
    sorted_ids,
)
from spectra_app.services.bundles.open_formats import PROGRAM, spectra_files
from spectra_app.services.bundles.pages import facts, index, readme
from spectra_app.services.keys import open_private, read_public

VERIFIERS = ("verify_bundle.py", "verify_ledger.py")
STATION = "station"


@dataclass(frozen=True, eq=False, slots=True)
class Signer:
    """A person who signs: the opened private key, and the public one with the person's name."""

    key: SigningKey
    public: PublicKey


@dataclass(frozen=True, eq=False, slots=True)
class Order:
    """What to make a bundle of.

    Parameters
    ----------
    kind, case, title : str
        What it is and which case it is about.
    by : User
        Who exports it.
    held : Collected
        Records; evidence that they name goes in, too.
    signers : sequence of Signer
        Persons who sign besides the station.
    demo, emulated : bool
        A demonstration, an exercise.
    question, answer : Asked, Answered or None
        For bundles of these kinds.
    attached : sequence of (Listed, mapping)
        Files besides those that records name, see `collecting.attachment`.
    libraries : (sequence of LibraryUsed, mapping)
        What results were searched in, see `libraries.libraries_of`.
    """

    kind: Kind
    case: str
    title: str
    by: User
    held: Collected
    signers: Sequence[Signer] = ()
    demo: bool = False
    emulated: bool = False
    question: Asked | None = None
    answer: Answered | None = None
    attached: Sequence[tuple[Listed, Mapping[str, bytes]]] = ()
    libraries: tuple[Sequence[LibraryUsed], Mapping[str, bytes]] = ((), MappingProxyType({}))


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """A bundle in memory: its folder, its files, and the hash of its manifest."""

    folder: str
    files: Mapping[str, bytes]
    content: Content
    manifest: str

    def to_bytes(self) -> bytes:
        """Return the whole archive."""
        return b"".join(packed(self.folder, self.files))


def open_signer(path: Path, passphrase: Callable[[str], str]) -> Signer:
    """Open a person's private key; the public one lies beside it.

    Raises
    ------
    KeyFileError
        When one of the two cannot be read or opened.
    BundleError
        When they are not a pair.
    """
    public = read_public(path.with_suffix(".pub"))
    key = open_private(path, passphrase)
    if key.id != public.id:
        raise BundleError(
            "the public key beside it is another one", str(path), "give the pair that was made"
        )
    return Signer(key, public)


def make(
    connection: sqlite3.Connection, ledger: Ledger, store: EvidenceStore, order: Order
) -> Made:
    """Return a bundle: the same order on the same records gives the same bytes.

    `connection` is lent by `Ledger.reading`, and is still within it: all of it is of one moment.

    Raises
    ------
    EvidenceError
        When evidence is not there, or damaged.
    BundleSizeError
        When it would be larger than a bundle may be; told when it is packed.
    """
    records = order.held.records
    of_case = [one for one in records if order.kind != "answer"]
    listed, evidence = evidence_files(store, of_case)
    for more, data in order.attached:
        listed, evidence = (*listed, more), {**evidence, **data}
    spectra, unwritten = spectra_files(store, order.held.scans())
    extract = extract_files(connection, sorted_ids(records), ledger.key)
    content = Content(
        kind=order.kind,
        case=order.case,
        title=order.title,
        station=station_facts(ledger),
        exported_by=Person(id=order.by.id, name=order.by.name, role=order.by.role),
        people=people_in(ledger, records),
        files=tuple(sorted(listed, key=lambda one: one.path)),
        left_out=order.held.left_out,
        unwritten=unwritten,
        libraries=tuple(order.libraries[0]),
        demo=order.demo,
        emulated=order.emulated,
        state_of=parse_canonical(extract[HEAD])["time"],
        program=PROGRAM,
        question=order.question,
        answer=order.answer,
    )
    payload = {**extract, **evidence, **spectra, **_plain_files(content, records, spectra, ledger)}
    payload |= order.libraries[1]
    payload |= {f"{SIGNERS}{one.public.id}.pub": one.public.to_text().encode()
                for one in order.signers}  # fmt: skip
    files = sealed(
        payload,
        facts(content),
        kind=order.kind,
        case=order.case,
        key=ledger.key,
        persons=[one.key for one in order.signers],
    )
    manifest = hashlib.sha256(files[MANIFEST]).hexdigest()
    return Made(folder_of(order.kind, order.case), files, content, manifest)


def _plain_files(
    content: Content, records: Sequence[Record], spectra: Mapping[str, bytes], ledger: Ledger
) -> dict[str, bytes]:
    names = [name.removeprefix("data/") for name in spectra]
    made = (readme(content), content.to_bytes(), index(content, records, names))
    programs = {f"data/verifier/{name}": resources.path(f"verifier/{name}").read_bytes()
                for name in VERIFIERS}  # fmt: skip
    key = {STATION_KEY: key_public_pem(ledger.key.public)}
    return {**dict(zip((PAYLOAD[0], CASE, PAYLOAD[2]), made, strict=True)), **key, **programs}


def station_facts(ledger: Ledger) -> StationFacts:
    """Return what this station says of itself."""
    key, public = ledger.key.id, ledger.key.public.hex()
    try:
        station = ledger.get(Station, STATION).record
    except RecordError:
        return StationFacts(key=key, public=public)
    return StationFacts(
        key=key,
        public=public,
        name=station.name,
        organisation=station.organisation,
        code=station.code,
    )


def check_target(target: Path) -> None:
    """Refuse to replace what is there; done before anything is entered.

    Raises
    ------
    BundleError
        When something is there already, or the folder is not.
    """
    if target.exists() or target.is_symlink():
        raise BundleError(
            "this file is there already, and is not replaced", str(target), "choose another name"
        )
    if not target.parent.is_dir():
        raise BundleError("there is no such folder", str(target.parent), "make it first")


def write_bundle(target: Path, made: bytes) -> None:
    """Write a bundle whole or not at all.

    Raises
    ------
    LibraryError
        When the disk is full, or the folder cannot be written.
    """
    clear_leftovers(target)
    write_whole(target, lambda path: _put(path, made), PRIVATE)  # it names people


def _put(path: Path, data: bytes) -> None:
    path.write_bytes(data)
