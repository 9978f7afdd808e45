"""The signed head of the chain: how far it reached when it was last written to.

It lies beside the database and is printed on every report: without it, entries cut off at the end
would leave a chain that still holds. The station's key signs every entry and every head.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from library.signing import canonical, key_id
from matching.errors import SpectraError
from spectra_app.errors import LedgerError
from spectra_app.records.durable import locked, make_folders, replace_whole, sync_folder, write_once

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PURPOSE = "spectra-audit-head"
_KEYS = {"number", "sha256", "time", "key", "signature"}
_KEY = "give the file station.pub that was noted down with its key id"
_LONGEST = 4096  # bytes; a head has about 400


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry that was acknowledged.

    Parameters
    ----------
    number : int
        Its number.
    sha256 : str
        Its hash.
    time : str
        Its time, ISO 8601 in UTC.
    key : str
        Id of the station's key (`library.signing.key_id`).
    signature : str
        Ed25519 signature, base64, over `payload`.
    """

    number: int
    sha256: str
    time: str
    key: str
    signature: str

    def payload(self) -> bytes:
        """Return the bytes that are signed."""
        return canonical(
            {
                "purpose": PURPOSE,
                "number": self.number,
                "sha256": self.sha256,
                "time": self.time,
                "key": self.key,
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Return what the head's file holds."""
        return {name: getattr(self, name) for name in sorted(_KEYS)}

    def to_bytes(self) -> bytes:
        """Return the head's file: one form only, so that any changed byte shows."""
        return json.dumps(self.to_json(), sort_keys=True).encode() + b"\n"

    def __str__(self) -> str:
        """Return it as reports print it and ``--head`` takes it."""
        return f"{self.number}:{self.sha256}"


class StationKey:
    """The key that signs a station's chain.

    It lies unencrypted in the station's own folder, because the program signs without a person: it
    proves which station wrote, not who. Who may read that folder could write a new chain; heads on
    paper and in bundles elsewhere are what shows that.
    """

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public: bytes = private.public_key().public_bytes_raw()
        self.id = key_id(self.public)

    def sign(self, data: bytes) -> str:
        """Return the signature of `data`, base64."""
        return base64.b64encode(self._private.sign(data)).decode("ascii")

    def head(self, number: int, sha256: str, time: str) -> Head:
        """Return a signed head."""
        unsigned = Head(number, sha256, time, self.id, "")
        return Head(number, sha256, time, self.id, self.sign(unsigned.payload()))

    def made(self, head: Head) -> bool:
        """Return whether this station signed that head."""
        return head == self.head(head.number, head.sha256, head.time)  # Ed25519 has no dice


def station_key(folder: Path) -> StationKey:
    """Return the station's key, made the first time, with its public half beside it.

    Raises
    ------
    LedgerError
        When the file is no such key, or is gone: with another key no chain is gone on with.
    OSError
        When the system refuses.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = folder / "station.key"
    make_folders(folder)
    if not path.exists():
        with locked(folder / "station.lock"):
            if not path.exists():
                _check_none_before(path)
                secret = Ed25519PrivateKey.generate().private_bytes_raw().hex()
                write_once(path, secret.encode(), 0o400)
                sync_folder(folder)
    try:
        key = StationKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text())))
    except ValueError as error:
        raise LedgerError(
            "the station's key cannot be read", str(path), "restore it from a backup"
        ) from error
    public = folder / "station.pub"
    if not public.exists():
        write_once(public, key_public_pem(key.public))
        sync_folder(folder)
    return key


def _check_none_before(path: Path) -> None:
    """Refuse to make a key where there was one: its public half, or a ledger, is there."""
    rest = path.with_suffix(".pub"), path.parent.parent / "station.db"
    if any(one.is_file() and one.stat().st_size for one in rest):
        raise LedgerError(
            "the station's private key is gone",
            str(path),
            "put back the copy that is kept in the safe; another key cannot go on with this chain",
        )


def key_public_pem(public: bytes) -> bytes:
    """Return a public key in the usual text form (SubjectPublicKeyInfo, PEM)."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def read_public(path: Path) -> bytes:
    """Return the 32 bytes of a station's public key from its file.

    Raises
    ------
    LedgerError
        When it cannot be read or is another kind of key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise LedgerError("the station's public key cannot be read", str(path), _KEY) from error
    if not isinstance(key, Ed25519PublicKey):
        raise LedgerError("this is not the public key of a station", str(path), _KEY)
    return key.public_bytes_raw()


def read_head(path: Path) -> Head | None:
    """Return the head that was written last; None when there is none.

    Raises
    ------
    LedgerError
        When the file is damaged.
    """
    try:
        if not path.is_file() and path.exists():
            raise ValueError("not a file")
        with path.open("rb") as file:
            data = file.read(_LONGEST)
        content = json.loads(data)
        if content.keys() != _KEYS or type(content["number"]) is not int:
            raise ValueError("not a head")
        head = Head(**content)
        if not all(type(getattr(head, name)) is str for name in _KEYS - {"number"}):
            raise ValueError("not a head")
        head.payload()
        if head.to_bytes() != data:
            raise ValueError("not in the form in which it was written")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, SpectraError) as error:
        raise LedgerError(
            f"the head of the audit chain cannot be read ({error})",
            str(path),
            "compare the number and hash on the last printed report with 'spectra audit verify'",
        ) from error
    return head


def write_head(path: Path, head: Head, *, lower: bool = False) -> None:
    """Put a head into its file, unless a later one is there; on the disk when this returns.

    With `lower` it takes the place of a later or damaged one: for when the chain says so itself.

    Raises
    ------
    LedgerError
        When the one that is there is damaged.
    OSError
        When the system refuses; the one that was there stays.
    """
    with locked(path.with_suffix(".lock")):
        if not lower:
            there = read_head(path)
            if there is not None and there.number >= head.number:
                return
        replace_whole(path, head.to_bytes())
        sync_folder(path.parent)
