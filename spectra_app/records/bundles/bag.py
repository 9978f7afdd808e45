"""The bag (RFC 8493) and its seal: manifests over every file, a signature over the manifests.

What is signed is `statement.json`, canonical JSON that names the hashes of `manifest-sha256.txt`,
`bag-info.txt` and `bagit.txt`, so one signature is over everything. The statement says its own
purpose: what the same key signs elsewhere never fits.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from library.signing import (
    Signature,
    SigningKey,
    canonical,
    genuine,
    key_id,
    parse_canonical,
    signatures_of,
)
from matching.errors import SpectraError
from spectra_app.records.bundles.archive import AGAIN, FROM_MAKER, TAGS
from spectra_app.records.bundles.errors import (
    BundleAlteredError,
    BundleBagError,
    BundleMembersError,
    BundleSignatureError,
)
from spectra_app.records.ledger.head import StationKey

PURPOSE = "spectra case bundle"
FORMAT = 1
BAGIT, INFO, MANIFEST, STATEMENT, SIGNATURES, TAG_MANIFEST = TAGS
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
Kind = Literal["case", "question", "answer"]
_STATED = {
    "purpose", "format", "kind", "case", "station", "manifest_sha256", "bag_info_sha256",
    "bagit_sha256",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed, beside the hashes.

    Parameters
    ----------
    kind : {"case", "question", "answer"}
        What the bundle is.
    case : str
        Number of the case, at the station that made it or that asked.
    station : str
        Id of the key of the station that made it.
    manifest : str
        SHA-256 of its manifest: the bundle's own name.
    signers : tuple of str
        Ids of all keys that signed, the station's among them.
    """

    kind: str
    case: str
    station: str
    manifest: str
    signers: tuple[str, ...]


def sha256(data: bytes) -> str:
    """Return the SHA-256 of some bytes, hex."""
    return hashlib.sha256(data).hexdigest()


def bag_info(lines: Sequence[tuple[str, str]], payload: Mapping[str, bytes]) -> bytes:
    """Return ``bag-info.txt``: one label a line, with the size of the payload."""
    said = [*lines, ("Payload-Oxum", oxum(payload))]
    return "".join(f"{label}: {' '.join(text.split())}\n" for label, text in said).encode()


def oxum(payload: Mapping[str, bytes]) -> str:
    """Return bytes and number of files of a payload, as RFC 8493, 2.2.2, writes them."""
    return f"{sum(map(len, payload.values()))}.{len(payload)}"


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Return a manifest: hash and name of each file, sorted by name."""
    return "".join(f"{sha256(files[name])}  {name}\n" for name in sorted(files)).encode()


def sealed(
    payload: Mapping[str, bytes],
    info: Sequence[tuple[str, str]],
    *,
    kind: Kind,
    case: str,
    key: StationKey,
    persons: Sequence[SigningKey] = (),
) -> dict[str, bytes]:
    """Return all files of a bag, signed by the station and by persons.

    Parameters
    ----------
    payload : mapping of str to bytes
        Files below ``data``.
    info : sequence of (str, str)
        Lines of ``bag-info.txt``.
    kind, case : str
        See `Statement`.
    key : StationKey
        The station's key.
    persons : sequence of SigningKey
        Keys of persons.
    """
    tags = {BAGIT: DECLARATION, INFO: bag_info(info, payload), MANIFEST: manifest(payload)}
    stated = {
        "purpose": PURPOSE, "format": FORMAT, "kind": kind, "case": case, "station": key.id,
        **_hashes(tags),
    }  # fmt: skip
    statement = canonical(stated)
    signatures = [Signature(key.id, base64.b64decode(key.sign(statement)))]
    signatures += [person.sign(statement) for person in persons]
    signatures.sort(key=lambda one: one.key)
    tags[STATEMENT] = statement
    tags[SIGNATURES] = canonical([one.to_json() for one in signatures])
    tags[TAG_MANIFEST] = manifest(tags)
    return {**tags, **payload}


def check_bag(files: Mapping[str, bytes], where: str) -> None:
    """Check tag files and manifests against every file of a bag.

    Raises
    ------
    BundleBagError, BundleAlteredError, BundleMembersError
        When something is not as a bag of this program has it.
    """
    payload = {name: data for name, data in files.items() if name not in TAGS}
    _check_manifest(files, MANIFEST, payload, where)
    tags = {name: files[name] for name in TAGS if name != TAG_MANIFEST}
    _check_manifest(files, TAG_MANIFEST, tags, where)
    if files[BAGIT] != DECLARATION:
        raise BundleBagError(f"{BAGIT} is not that of a bag, version 1.0", where, FROM_MAKER)
    try:
        lines = files[INFO].decode().splitlines()
    except UnicodeDecodeError as error:
        raise BundleBagError(f"{INFO} is no text", where, FROM_MAKER) from error
    if f"Payload-Oxum: {oxum(payload)}" not in lines:
        raise BundleBagError(f"{INFO} states another size of the payload", where, FROM_MAKER)


def _check_manifest(
    files: Mapping[str, bytes], name: str, listed: Mapping[str, bytes], where: str
) -> None:
    """Check one manifest, and say which file is not the one that it names."""
    if files[name] == manifest(listed):
        return
    said: dict[str, str] = {}
    for line in files[name].splitlines():
        digest, _, listing = line.partition(b"  ")
        said[listing.decode("utf-8", "replace")] = digest.decode("ascii", "replace")
    for path in sorted(said.keys() | listed.keys()):
        if path not in listed:
            raise BundleMembersError(
                f"{name} names {path[:120]!r}, which is not there", where, FROM_MAKER
            )
        if path not in said:
            raise BundleMembersError(f"{path} is there and not in {name}", where, FROM_MAKER)
        if said[path] != sha256(listed[path]):
            raise BundleAlteredError(f"{path} is not the file that {name} names", where, AGAIN)
    raise BundleBagError(f"{name} is not written as a manifest is", where, FROM_MAKER)


def check_seal(files: Mapping[str, bytes], publics: Mapping[str, bytes], where: str) -> Statement:
    """Check the statement and every signature over it.

    Parameters
    ----------
    files : mapping of str to bytes
        The bag, its manifests checked.
    publics : mapping of str to bytes
        Public keys by their id: of the station and of persons.
    where : str
        For messages.

    Raises
    ------
    BundleSignatureError
        When the statement is about something else, a signature is not over it, the station's is
        missing, or a key of none is there.
    """
    value: Any
    try:
        value = parse_canonical(files[STATEMENT], where)
        signatures = signatures_of(parse_canonical(files[SIGNATURES], where), where)
    except SpectraError as error:
        raise BundleSignatureError(error.what, where, FROM_MAKER) from error
    if not isinstance(value, dict) or value.keys() != _STATED:
        raise BundleSignatureError("what was signed is no statement", where, FROM_MAKER)
    if (value["purpose"], value["format"]) != (PURPOSE, FORMAT):
        raise BundleSignatureError(
            "it was signed for another purpose, or by a newer program", where, FROM_MAKER
        )
    if {name: value[name] for name in _hashes(files)} != _hashes(files):
        raise BundleSignatureError(
            "the signature is over another content", where, "do not believe it; " + FROM_MAKER
        )
    keys = tuple(one.key for one in signatures)
    if value["station"] not in keys or set(keys) != set(publics) or len(set(keys)) != len(keys):
        raise BundleSignatureError(
            "the signatures are not those of its station and persons", where, FROM_MAKER
        )
    for one in signatures:
        public = publics[one.key]
        if key_id(public) != one.key or not genuine(files[STATEMENT], one, public):
            raise BundleSignatureError(
                f"the signature of key {one.key} is not one over this bundle",
                where,
                "do not believe it; " + FROM_MAKER,
            )
    if not all(isinstance(value[name], str) for name in ("kind", "case", "station")):
        raise BundleSignatureError("what was signed is no statement", where, FROM_MAKER)
    return Statement(value["kind"], value["case"], value["station"], sha256(files[MANIFEST]), keys)


def _hashes(tags: Mapping[str, bytes]) -> dict[str, str]:
    named = {"manifest_sha256": MANIFEST, "bag_info_sha256": INFO, "bagit_sha256": BAGIT}
    return {name: sha256(tags[tag]) for name, tag in named.items()}
