"""What a bundle says of itself, and the one way to read it: everything checked, nothing written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from library.errors import LibraryError
from library.signing import PublicKey, canonical, key_id
from spectra_app.errors import RecordError
from spectra_app.records.bundles.archive import AGAIN, FOLDER, FROM_MAKER, PAYLOAD, unpacked
from spectra_app.records.bundles.bag import PURPOSE, Statement, check_bag, check_seal, sha256
from spectra_app.records.bundles.errors import BundleAlteredError, BundleContentError
from spectra_app.records.bundles.extract import Extract, Row, check_extract
from spectra_app.records.bundles.kinds import Imported
from spectra_app.records.kinds import KINDS, Case, Item
from spectra_app.records.ledger.head import key_public_pem
from spectra_app.records.ledger.named_evidence import hashes_in
from spectra_app.records.ledger.record import Record, body_of, read_body

CASE, STATION_KEY, SIGNERS, FILES = PAYLOAD[1], PAYLOAD[4], "data/signers/", "data/files/"
LIBRARIES = "data/libraries/"


def plain_bytes(value: msgspec.Struct) -> bytes:
    """Return a structure of plain values as canonical JSON."""
    return canonical(json.loads(msgspec.json.encode(value)))


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes into ``case.json``."""


class Person(Struct, frozen=True, kw_only=True):
    """A user whom the records name by an identifier."""

    id: str
    name: str
    role: str


class StationFacts(Struct, frozen=True, kw_only=True):
    """Who made the bundle: id of its key, the key's 32 bytes in hex, and what it calls itself."""

    key: str
    public: str
    name: str = ""
    organisation: str = ""
    code: str = ""


class Listed(Struct, frozen=True, kw_only=True):
    """A file of evidence: where it lies, what it is, and its name."""

    path: str
    what: str
    name: str


class Unwritten(Struct, frozen=True, kw_only=True):
    """A scan that could not be written in an open format, and why; its original is there."""

    scan: str
    why: str


class LibraryUsed(Struct, frozen=True, kw_only=True):
    """A library that results were searched in.

    Parameters
    ----------
    sha256 : str
        Hash over its entries: so results name it.
    name, version, licence, entries, size : str, str, str, int, int
        As it says of itself, and the bytes of its file; empty and 0 when it is not known any more.
    where : str
        Where somebody else gets it.
    path, file_sha256 : str
        Its file in this bundle, empty when it is not in it, and the SHA-256 of the file.
    """

    sha256: str
    name: str = ""
    version: str = ""
    licence: str = ""
    entries: int = 0
    size: int = 0
    where: str = ""
    path: str = ""
    file_sha256: str = ""


class Asked(Struct, frozen=True, kw_only=True):
    """A question: its id, the item, who is asked (and the key that must answer), and what."""

    id: str
    item: str
    laboratory: str
    station: str = ""
    text: str


class Answered(Struct, frozen=True, kw_only=True):
    """An answer; see `spectra_app.services.bundles.answering.Finding`.

    `question` is the SHA-256 of the manifest of the question's bundle, `asked` the question's id.
    """

    question: str
    asked: str
    state: Literal["confirmed", "refuted", "other"]
    found: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    techniques: tuple[str, ...]
    examined_by: str
    reference: str = ""
    remarks: str = ""
    answered_at: str
    attached: tuple[str, ...] = ()


class Content(Struct, frozen=True, kw_only=True):
    """``case.json``.

    Parameters
    ----------
    kind : {"case", "question", "answer"}
        What the bundle is.
    case, title : str
        Number and title of the case.
    station, exported_by : StationFacts, Person
        Who made it.
    people : tuple of Person
        Users whom the records name.
    files : tuple of Listed
        Evidence.
    left_out : int
        Records that this person may not see, and that are not in it.
    unwritten : tuple of Unwritten
        Scans that are there as their original only.
    libraries : tuple of LibraryUsed
        What the results were searched in.
    demo, emulated : bool
        A demonstration, an exercise: no evidence.
    state_of : str
        Time of the last entry: what came after it is not in it.
    program : str
        Name and version of the program.
    """

    purpose: str = PURPOSE
    kind: Literal["case", "question", "answer"]
    case: str
    title: str = ""
    station: StationFacts
    exported_by: Person
    people: tuple[Person, ...] = ()
    files: tuple[Listed, ...] = ()
    left_out: int = 0
    unwritten: tuple[Unwritten, ...] = ()
    libraries: tuple[LibraryUsed, ...] = ()
    demo: bool = False
    emulated: bool = False
    state_of: str
    program: str
    question: Asked | None = None
    answer: Answered | None = None

    def to_bytes(self) -> bytes:
        """Return the file: canonical JSON."""
        return plain_bytes(self)


@dataclass(frozen=True, eq=False, slots=True)
class Bundle:
    """A bundle that holds together; whether its station is believed is asked elsewhere.

    Parameters
    ----------
    statement : Statement
        What was signed; `Statement.manifest` is the bundle's name.
    content : Content
        What it says of itself.
    extract : Extract
        Records and what the chain says about them.
    records : tuple of (Row, Record)
        The newest revision of each record.
    persons : tuple of PublicKey
        Who signed besides the station.
    files : mapping of str to bytes
        Everything, by name.
    """

    statement: Statement
    content: Content
    extract: Extract
    records: tuple[tuple[Row, Record], ...]
    persons: tuple[PublicKey, ...]
    files: Mapping[str, bytes]

    @property
    def public(self) -> bytes:
        """The 32 bytes of the station's key."""
        return bytes.fromhex(self.content.station.public)


def folder_of(kind: str, case: str) -> str:
    """Return the name of the folder in a bundle: the case's number where it fits."""
    if kind == "case" and FOLDER.fullmatch(case):
        return case
    return f"{kind}-{hashlib.sha256(case.encode()).hexdigest()[:8]}"


def evidence_of(record: Record) -> Iterator[str]:
    """Yield the hashes of the evidence that a record names."""
    return hashes_in(json.loads(body_of(record)))


def read_bundle(data: bytes, where: str = "") -> Bundle:
    """Read a bundle and check everything that can be checked without knowing its station.

    Raises
    ------
    BundleError
        A class of its own for each reason; the first is named.
    """
    folder, files = unpacked(data, where)
    check_bag(files, where)
    content = _content(files[CASE], where)
    public = _public(content, files, where)
    persons = tuple(_persons(files, where))
    publics = {content.station.key: public, **{one.id: one.public for one in persons}}
    statement = check_seal(files, publics, where)
    said = (content.kind, content.case, content.station.key)
    if said != (statement.kind, statement.case, statement.station):
        raise _wrong("what it says is not what was signed", where)
    if folder != folder_of(content.kind, content.case):
        raise _wrong(f"its folder {folder!r} is not named after its case", where)
    extract = check_extract(files, public, where)
    records = tuple(_newest(extract.rows, where))
    _check_kind(content, records, where)
    _check_evidence(content, files, [record for _, record in records], where)
    _check_libraries(content, files, where)
    return Bundle(statement, content, extract, records, persons, files)


def _wrong(what: str, where: str) -> BundleContentError:
    return BundleContentError(what, where, "do not believe it; " + FROM_MAKER)


def _content(data: bytes, where: str) -> Content:
    try:
        content = msgspec.json.decode(data, type=Content)
        if content.to_bytes() != data or content.purpose != PURPOSE:
            raise ValueError("it is not in the one form that it has")
    except (msgspec.MsgspecError, LibraryError, ValueError, RecursionError) as error:
        raise _wrong(f"{CASE} cannot be read ({str(error)[:120]})", where) from error
    return content


def _public(content: Content, files: Mapping[str, bytes], where: str) -> bytes:
    try:
        public = bytes.fromhex(content.station.public)
        same = key_id(public) == content.station.key and public.hex() == content.station.public
        if not same or key_public_pem(public) != files[STATION_KEY]:
            raise ValueError("it is another one")
    except ValueError as error:
        raise _wrong(f"the key of its station cannot be read ({error})", where) from error
    return public


def _persons(files: Mapping[str, bytes], where: str) -> Iterator[PublicKey]:
    for name, data in files.items():
        if name.startswith(SIGNERS):
            try:
                person = PublicKey.from_text(data.decode(), where)
            except (LibraryError, UnicodeDecodeError) as error:
                raise _wrong(f"{name} is no public key", where) from error
            if f"{SIGNERS}{person.id}.pub" != name or person.to_text().encode() != data:
                raise _wrong(f"{name} holds another key", where)
            yield person


def _newest(rows: Iterable[Row], where: str) -> Iterator[tuple[Row, Record]]:
    """Yield the newest revision of each record, read; every revision must be readable."""
    last: dict[tuple[str, str], tuple[Row, Record]] = {}
    known: dict[str, type[Record]] = {**KINDS, Imported.KIND: Imported}
    for row in rows:
        place = f"{where}: {row.kind} {row.id}, revision {row.revision}"
        if row.kind not in known:
            raise _wrong("a record is of no kind that goes into a bundle", place)
        if row.body is None:
            last.pop((row.kind, row.id), None)
            continue
        try:
            record: Record = read_body(row.body, known[row.kind])
        except RecordError as error:
            raise _wrong("a record cannot be read", place) from error
        if record.id != row.id:
            raise _wrong("a record has another number", place)
        last[row.kind, row.id] = (row, record)
    yield from last.values()


def _check_kind(content: Content, records: Iterable[tuple[Row, Record]], where: str) -> None:
    """Check that a case is one case, a question about one item, and an answer to one question."""
    held = [record for _, record in records]
    question, answer = content.question, content.answer
    if content.kind == "answer":
        right = answer is not None and question is None and len(held) == 1
        right = right and isinstance(held[0], Imported)
        if not right or answer is None or getattr(held[0], "manifest", "") != answer.question:
            raise _wrong("it is no answer to one question", where)
        return
    if answer is not None or (question is None) == (content.kind == "question"):
        raise _wrong("it is not what it says it is", where)
    cases = {getattr(one, "case", content.case) or content.case for one in held}
    wanted = Item if question else Case
    about = question.item if question else content.case
    if cases != {content.case} or not any(type(one) is wanted and one.id == about for one in held):
        raise _wrong("its records are not those of what it is about", where)
    if any(isinstance(one, Imported) for one in held):
        raise _wrong("a record is of no kind that goes into a bundle", where)


def _check_evidence(
    content: Content, files: Mapping[str, bytes], records: Iterable[Record], where: str
) -> None:
    there = {name for name in files if name.startswith(FILES)}
    if sorted(there) != [one.path for one in content.files]:
        raise _wrong("its list of evidence is not that of its files", where)
    hashes = {name[len(FILES) :].partition(".")[0]: name for name in there}
    for digest, name in hashes.items():
        if sha256(files[name]) != digest:
            raise BundleAlteredError(f"{name} is not what its hash says", where, AGAIN)
    needed = {one for record in records if type(record) is not Imported
              for one in evidence_of(record)}  # fmt: skip
    needed |= set(content.answer.attached if content.answer else ())
    if len(hashes) != len(there) or hashes.keys() != needed:
        raise _wrong("its evidence is not what its records name", where)


def _check_libraries(content: Content, files: Mapping[str, bytes], where: str) -> None:
    there = {name for name in files if name.startswith(LIBRARIES)}
    named = [one for one in content.libraries if one.path]
    hashes = [one.sha256 for one in content.libraries]
    if hashes != sorted(set(hashes)):
        raise _wrong("it names a library twice, or out of order", where)
    if sorted(there) != sorted(one.path for one in named):
        raise _wrong("its list of libraries is not that of its files", where)
    for one in named:
        data = files[one.path]
        if one.path != f"{LIBRARIES}{one.file_sha256}.h5" or sha256(data) != one.file_sha256:
            raise BundleAlteredError(f"{one.path} is not what its hash says", where, AGAIN)
