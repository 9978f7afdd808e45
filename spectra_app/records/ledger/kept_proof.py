"""What a long chain says of every record, kept for the next run of the program: signed, no truth.

It lies beside the database, holds digests only (as the chain does), and is believed when the
station signed it and the chain still holds the entry that it reaches to. Without it, or when
anything is wrong with it, the chain is read from its first entry.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from library.signing import canonical
from spectra_app.records.durable import replace_whole
from spectra_app.records.ledger.proof import Proof

PURPOSE = "spectra-audit-proof"
KEPT = "proof.kept"
_SIGNATURE = 88  # signs of an Ed25519 signature in base64
_LINE = "SELECT CAST(line AS BLOB) FROM audit WHERE number = ?"


class _Kept(msgspec.Struct, frozen=True):
    number: int
    sha256: str
    digests: dict[str, dict[str, bytes]]


def keep(proof: Proof, path: Path, sign: Callable[[bytes], str]) -> None:
    """Write what a chain says, as far as it was read; a refusal of the system is no error."""
    digests = {kind: dict(many) for kind, many in proof.digests.items()}
    data = msgspec.msgpack.encode(_Kept(proof.number, proof.sha256, digests))
    with suppress(OSError):
        replace_whole(path, sign(_payload(data)).encode() + data)


def take(
    proof: Proof, path: Path, sign: Callable[[bytes], str], connection: sqlite3.Connection
) -> None:
    """Let a proof begin with what was kept, if that is this station's and of this chain."""
    try:
        data = path.read_bytes()
    except OSError:
        return
    signature, data = data[:_SIGNATURE], data[_SIGNATURE:]
    if signature != sign(_payload(data)).encode():  # Ed25519 has no dice
        return
    try:
        kept = msgspec.msgpack.decode(data, type=_Kept)
    except msgspec.DecodeError:
        return  # of another version of the program
    row = connection.execute(_LINE, (kept.number,)).fetchone()
    if row is not None and hashlib.sha256(row[0]).hexdigest() == kept.sha256:
        proof.take_kept(kept.number, kept.sha256, kept.digests)


def _payload(data: bytes) -> bytes:
    return canonical({"purpose": PURPOSE, "sha256": hashlib.sha256(data).hexdigest()})
