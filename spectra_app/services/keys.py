"""Keys of a laboratory and of a station: make, list, trust, revoke, rotate."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from library.errors import KeyFileError, NoTrustedKeysError, RootError
from library.files import write_whole
from library.signing import PublicKey, Signed, SigningKey, holder, new_key, open_key
from library.trust import Trust
from library.trust_store import load_trust, save_trust
from library.trusted_keys import ROOT, Revocation, Root, TrustedKey, first_root, stamp
from matching.errors import SpectraError
from spectra_app.services.installing import installed_signed
from spectra_app.services.station import Station

__all__ = ["PublicKey", "Signed", "Trust"]  # what the command line names in its types

Passphrase = Callable[[str], str]
SHORTEST_ID = 8


def make_key(target: Path, person: str, passphrase: Passphrase) -> PublicKey:
    """Make a key pair: the private key at `target`, encrypted, and the public one beside it.

    Raises
    ------
    KeyFileError
        When a file is there already, or name or passphrase are not usable.
    """
    public_path = target.with_suffix(".pub")
    for path in (target, public_path):
        if path.exists():
            raise KeyFileError(
                "this file is there already, and a key is never replaced",
                str(path),
                "choose another name",
            )
    if not holder(person) or len(person) > 200:
        raise KeyFileError("the person has no usable name", "--person", "give the full name")
    pem, public = new_key(passphrase(f"Passphrase for the new key of {person}"))
    key = PublicKey(person.strip(), public)
    _write_new(target, pem, 0o600)
    _write_new(public_path, key.to_text().encode(), 0o644)
    return key


def _write_new(path: Path, data: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, mode), "wb") as file:  # noqa: PTH123  the mode from the start
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def open_private(path: Path, passphrase: Passphrase) -> SigningKey:
    """Open a private key file.

    Raises
    ------
    KeyFileError
        When it cannot be read or opened.
    """
    return open_key(_read(path), passphrase(f"Passphrase for {path.name}"), str(path))


def _read(path: Path, most: int = 2**20) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise KeyFileError(
            f"the file cannot be read ({error.strerror})", str(path), "check the path"
        ) from error


def read_public(path: Path) -> PublicKey:
    """Read a public key file."""
    return PublicKey.from_text(_read(path).decode("utf-8", "replace"), str(path))


def known_trust(station: Station) -> Trust | None:
    """Return what the station trusts, or None while it trusts nobody."""
    try:
        return load_trust(station.trust_path)
    except NoTrustedKeysError:
        return None


def key_rows(station: Station) -> list[dict[str, Any]]:
    """Return the keys of a station, trusted and revoked, as rows."""
    trust = load_trust(station.trust_path)
    gone = {one.key: one for one in trust.root.revoked} | {
        one.key: one for one in trust.revoked_here
    }
    rows: list[dict[str, Any]] = []
    for key in trust.root.keys:
        revoked = gone.pop(key.id, None)
        rows.append({"key": key.id, **key.to_json(), "revoked": revoked and revoked.to_json()})
    rows += [{"key": one.key, "person": None, "revoked": one.to_json()} for one in gone.values()]
    return rows


def proposed(paths: Sequence[Path], station: Station, now: datetime) -> Trust:
    """Return the trust a station would have after taking in public keys or a signed list.

    Public keys are for the first time only; after that the holders of trusted keys decide.

    Raises
    ------
    SpectraError
        When the files are neither, or may not be taken in.
    """
    old = known_trust(station)
    where = str(paths[0])
    if len(paths) == 1 and (data := _read(paths[0], 2**22)).startswith(b"{"):
        signed = Signed.from_bytes(data.removesuffix(b"\n"), where)
        if old:
            return old.rotated(signed, now=now, where=where)
        return _first(signed, now, where)
    keys = [read_public(path) for path in paths]
    if old:
        raise RootError(
            "this station has trusted keys already, and their holders decide about others",
            where,
            "make a new list with 'spectra library keys rotate' and take that in",
        )
    return Trust(first_root([TrustedKey(key.public, key.person) for key in keys], now))


def _first(signed: Signed, now: datetime, where: str) -> Trust:
    """Return the trust under a list that is the first on this station: its own holders signed."""
    root = Root.from_payload(signed.payload, where)
    trust = Trust(root)
    mine = tuple(one for one in signed.signatures if root.key(one.key))
    trust.check(Signed(signed.payload, mine), purpose=ROOT, now=now, where=where)
    return trust


def take_in(paths: Sequence[Path], agreed: Trust, station: Station, now: datetime) -> None:
    """Store the trust that the files give, which is the one somebody agreed to.

    It is made again from what the station knows now: what was revoked or seen while somebody was
    on the telephone stays so.

    Raises
    ------
    SpectraError
        As `proposed`, or when the list is not the one agreed to any more.
    """
    with station.changing():
        trust = proposed(paths, station, now)
        if trust.root != agreed.root:
            raise RootError("the list changed while it was shown", str(paths[0]), "look again")
        details = {
            "version": trust.root.version,
            "keys": [{"key": key.id, "person": key.person} for key in trust.root.keys],
        }
        station.journal.add(stamp(now), "trusted keys", details)
        save_trust(station.trust_path, trust)


def find_key(trust: Trust, wanted: str) -> str:
    """Return the id of the key that `wanted` begins, blanks left out.

    Raises
    ------
    KeyFileError
        When there is none, several, or too few digits.
    """
    short = wanted.replace(" ", "").lower()
    found = [key.id for key in trust.root.keys if key.id.startswith(short)]
    if len(short) < SHORTEST_ID or len(found) != 1:
        raise KeyFileError(
            f"{len(found)} trusted keys begin with {wanted!r}",
            "",
            f"give {SHORTEST_ID} digits or more, as 'spectra library keys list' shows them",
        )
    return found[0]


def revoke_here(wanted: str, station: Station, *, reason: str, by: str, now: datetime) -> str:
    """Stop believing a key on this station at once, and note who asked and why."""
    with station.changing():
        trust = load_trust(station.trust_path)
        key = find_key(trust, wanted)
        station.journal.add(stamp(now), "key revoked", {"key": key, "reason": reason, "by": by})
        save_trust(station.trust_path, trust.revoked(Revocation(key, stamp(now), reason)))
    return key


def in_use(key: str, station: Station) -> bool:
    """Tell whether the library in use was signed with a key."""
    active = station.active()
    if active is None:
        return False
    signed = installed_signed(station.installed / active.folder)
    return any(one.key == key for one in signed.signatures)


def next_root(
    station: Station, *, add: Sequence[PublicKey] = (), drop: Sequence[str] = (), now: datetime
) -> Signed:
    """Return the list of trusted keys that follows the one in force, for its holders to sign.

    Where none is in force yet, it is the first. A key that is dropped stays in the list with an
    end, so that what it signed before still stands.
    """
    added = [TrustedKey(key.public, key.person) for key in add]
    trust = known_trust(station)
    if trust is None:
        return Signed(first_root(added, now).payload())
    ended = {find_key(trust, wanted) for wanted in drop}
    kept = [
        replace(key, valid_until=stamp(now)) if key.id in ended else key for key in trust.root.keys
    ]
    return Signed(_following(trust.root, (*kept, *added), (), now).payload())


def revoking_root(wanted: str, station: Station, *, reason: str, now: datetime) -> Signed:
    """Return the list that follows the one in force and revokes a key, for its holders to sign."""
    trust = load_trust(station.trust_path)
    key = find_key(trust, wanted)
    kept = tuple(one for one in trust.root.keys if one.id != key)
    return Signed(
        _following(trust.root, kept, (Revocation(key, stamp(now), reason),), now).payload()
    )


def _following(
    root: Root, keys: tuple[TrustedKey, ...], revoked: tuple[Revocation, ...], now: datetime
) -> Root:
    return replace(
        root,
        version=root.version + 1,
        created=stamp(now),
        keys=keys,
        revoked=(*root.revoked, *revoked),
    )


def sign_root(target: Path, signed: Signed, keys: Sequence[SigningKey]) -> Signed:
    """Sign a list of trusted keys and write it; the same file is signed again elsewhere."""
    for key in keys:
        signed = signed.with_signature(key.sign(signed.payload))
    data = signed.to_bytes() + b"\n"

    def write(path: Path) -> None:
        path.write_bytes(data)

    write_whole(target, write)
    return signed


def read_root(path: Path) -> Signed:
    """Read a list of trusted keys with the signatures it has so far."""
    signed = Signed.from_bytes(_read(path, 2**22).removesuffix(b"\n"), str(path))
    Root.from_payload(signed.payload, str(path))
    return signed


def still_missing(signed: Signed, station: Station, now: datetime) -> str:
    """Return why the list could not be taken in yet, or an empty text when it could."""
    trust = known_trust(station)
    try:
        if trust:
            trust.rotated(signed, now=now)
        else:
            _first(signed, now, "")
    except SpectraError as error:
        return error.what
    return ""
