"""A station's trust as bytes: what `library.trust.Trust` is between two runs of the program."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from library.errors import NoTrustedKeysError, TrustStoreError
from library.files import write_whole
from library.signing import canonical, parse_canonical
from library.trust import Seen, Trust
from library.trusted_keys import Revocation, Root, instant
from matching.errors import SpectraError

_KEYS = {"root", "revoked_here", "highest", "latest"}


def to_bytes(trust: Trust) -> bytes:
    """Return a trust as canonical JSON with its own hash, so that damage shows."""
    value = {
        "root": trust.root.payload().decode(),
        "revoked_here": [one.to_json() for one in trust.revoked_here],
        "highest": [asdict(one) for one in trust.highest],
        "latest": trust.latest,
    }
    return canonical({"sha256": _hash(value), "trust": value}) + b"\n"


def from_bytes(data: bytes, where: str = "") -> Trust:
    """Read what `to_bytes` wrote.

    Raises
    ------
    TrustStoreError
        When it is anything else.
    """
    try:
        content = parse_canonical(data.removesuffix(b"\n"), where)
        value = content["trust"]
        if content["sha256"] != _hash(value) or value.keys() != _KEYS:
            raise ValueError("its hash differs")
        instant(value["latest"], where)
        return Trust(
            root=Root.from_payload(value["root"].encode(), where),
            revoked_here=tuple(Revocation(**one) for one in value["revoked_here"]),
            highest=tuple(Seen(**one) for one in value["highest"]),
            latest=value["latest"],
        )
    except (SpectraError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrustStoreError(
            "this station's record of trusted keys was altered or is damaged",
            where,
            "restore it from a backup, or remove it and take in the trusted keys again",
        ) from error


def _hash(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def load_trust(path: Path) -> Trust:
    """Read a station's trust.

    Raises
    ------
    NoTrustedKeysError
        When there is none yet.
    TrustStoreError
        When it cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NoTrustedKeysError(
            "this station trusts no key yet",
            str(path),
            "take in the public keys with 'spectra library keys trust'",
        ) from error
    except OSError as error:
        raise TrustStoreError(
            f"this station's record of trusted keys cannot be read ({error.strerror})",
            str(path),
            "give read permission or restore it from a backup",
        ) from error
    return from_bytes(data, str(path))


def save_trust(path: Path, trust: Trust) -> None:
    """Write a station's trust, whole or not at all."""
    data = to_bytes(trust)
    write_whole(path, lambda temporary: _write(temporary, data))


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
