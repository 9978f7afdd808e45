"""Trusted keys: who may sign what, from when to when, and which keys were revoked.

The list of them (`Root`) is itself signed, as everything else that stations believe; whether a
signed thing is to be believed is decided in `library.trust`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from library.errors import (
    NotCanonicalError,
    RootError,
    WrongPurposeError,
)
from library.signing import (
    canonical,
    holder,
    key_id,
    parse_canonical,
    shown,
)

ROOT = "spectra trusted keys"
LIBRARY = "spectra library release"
CONTROL_LIST = "spectra control list"
PURPOSES = (ROOT, LIBRARY, CONTROL_LIST)
PERSONS = 2  # who must sign, whatever it is: nobody releases alone
NEVER = "9999-12-31T23:59:59Z"
CLOCK_TOLERANCE = timedelta(days=1)
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
FROM_WHO_SIGNED = "get it again from who signed it"


def stamp(moment: datetime) -> str:
    """Return a time as text, UTC to the second, as it is signed."""
    return moment.astimezone(UTC).strftime(_INSTANT)


def instant(text: object, where: str = "") -> datetime:
    """Read a time written by `stamp`.

    Raises
    ------
    NotCanonicalError
        When it has another form.
    """
    try:
        moment = datetime.strptime(str(text), _INSTANT).replace(tzinfo=UTC)
    except ValueError as error:
        raise NotCanonicalError(f"{str(text)[:40]!r} is not a time", where, FROM_WHO_SIGNED) from (
            error
        )
    if stamp(moment) != text:
        raise NotCanonicalError(f"{str(text)[:40]!r} is not a time", where, FROM_WHO_SIGNED)
    return moment


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key that may sign for some purposes during some time.

    Parameters
    ----------
    public : bytes
        The 32 public bytes.
    person : str
        Who holds it; two keys of one person count as one signature.
    purposes : tuple of str
        What it may sign.
    valid_from, valid_until : str
        When it may sign, see `stamp`.
    """

    public: bytes
    person: str
    purposes: tuple[str, ...] = PURPOSES
    valid_from: str = "1970-01-01T00:00:00Z"
    valid_until: str = NEVER

    @property
    def id(self) -> str:
        """Id of the key, see `library.signing.key_id`."""
        return key_id(self.public)

    @property
    def title(self) -> str:
        """Person and key for people."""
        return f"{self.person} (key {shown(self.id)})"

    def valid_at(self, moment: datetime) -> bool:
        """Tell whether the key may sign at a time."""
        return instant(self.valid_from) <= moment <= instant(self.valid_until)

    def to_json(self) -> dict[str, Any]:
        """Return the key as it is signed in a root."""
        return {
            "public_key": self.public.hex(),
            "person": self.person,
            "purposes": list(self.purposes),
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
        }


@dataclass(frozen=True, slots=True)
class Revocation:
    """A key that is not believed any more, whenever it signed; since when, and why."""

    key: str
    since: str
    reason: str

    def to_json(self) -> dict[str, str]:
        """Return the revocation as it is signed or stored."""
        return {"key": self.key, "since": self.since, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Root:
    """The list of trusted keys, itself signed by the holders of the one before and of this one.

    Parameters
    ----------
    version : int
        1 for the first; the next is one more.
    created : str
        When it was made, see `stamp`.
    keys : tuple of TrustedKey
        Keys in force.
    thresholds : tuple of (str, int)
        For each purpose, how many persons must sign; never fewer than two.
    revoked : tuple of Revocation
        Keys never to be believed again.
    """

    version: int
    created: str
    keys: tuple[TrustedKey, ...]
    thresholds: tuple[tuple[str, int], ...] = tuple((purpose, PERSONS) for purpose in PURPOSES)
    revoked: tuple[Revocation, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a list that nobody could sign under, or one person alone."""
        nameless = [key.id for key in self.keys if not holder(key.person)]
        if nameless:
            raise RootError(
                f"key {shown(nameless[0])} is held by nobody: its person has no usable name",
                "",
                "make a key that names its person",
            )
        ids = [key.id for key in self.keys]
        if len(set(ids)) != len(ids):
            raise RootError("a key is in the list of trusted keys twice", "", "name each key once")
        if set(ids) & {one.key for one in self.revoked}:
            raise RootError("a revoked key is among the trusted keys", "", "leave it out")
        needed = dict(self.thresholds)
        if needed.keys() != set(PURPOSES) or min(needed.values()) < PERSONS:
            raise RootError(
                f"the list must ask for {PERSONS} persons or more for each purpose",
                "",
                "make it with 'spectra library keys rotate'",
            )
        for purpose, count in self.thresholds:
            holders = {
                holder(key.person)
                for key in self.keys
                if purpose in key.purposes and key.valid_until > self.created
            }
            if len(holders) < count:
                raise RootError(
                    f"a {purpose!r} needs signatures of {count} persons; the list holds keys of "
                    f"{len(holders)}",
                    "",
                    "give the public keys of more persons",
                )

    def persons_needed(self, purpose: str) -> int:
        """Return how many persons must sign for a purpose."""
        return dict(self.thresholds)[purpose]

    def key(self, wanted: str) -> TrustedKey | None:
        """Return the trusted key of an id."""
        return next((key for key in self.keys if key.id == wanted), None)

    def payload(self) -> bytes:
        """Return what is signed."""
        return canonical(
            {
                "purpose": ROOT,
                "name": "root",
                "sequence": self.version,
                "created": self.created,
                "expires": NEVER,
                "keys": [key.to_json() for key in sorted(self.keys, key=lambda key: key.id)],
                "thresholds": dict(self.thresholds),
                "revoked": [one.to_json() for one in self.revoked],
            }
        )

    @classmethod
    def from_payload(cls, payload: bytes, where: str = "") -> Root:
        """Read what `payload` made.

        Raises
        ------
        NotCanonicalError, WrongPurposeError, RootError
            When it is something else.
        """
        value = signed_content(payload, ROOT, where)
        try:
            keys = tuple(_key_of(item, where) for item in value["keys"])
            thresholds = tuple(sorted((str(k), int(n)) for k, n in value["thresholds"].items()))
            revoked = tuple(Revocation(**item) for item in value["revoked"])
            root = cls(value["sequence"], value["created"], keys, thresholds, revoked)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RootError("this is not a list of trusted keys", where, FROM_WHO_SIGNED) from error
        except RootError as error:
            raise error.at(where) from error
        if root.payload() != payload:
            raise RootError("this is not a list of trusted keys", where, FROM_WHO_SIGNED)
        return root


def _key_of(item: Mapping[str, Any], where: str) -> TrustedKey:
    key = TrustedKey(
        bytes.fromhex(item["public_key"]),
        str(item["person"]),
        tuple(str(one) for one in item["purposes"]),
        item["valid_from"],
        item["valid_until"],
    )
    instant(key.valid_from, where)
    instant(key.valid_until, where)
    if len(key.public) != 32 or not holder(key.person) or not set(key.purposes) <= set(PURPOSES):
        raise ValueError("this is not a key")
    return key


def signed_content(payload: bytes, purpose: str, where: str = "") -> dict[str, Any]:
    """Return the content of something signed after checking what all of them have.

    Raises
    ------
    NotCanonicalError, WrongPurposeError
        When it lacks that, or is for another purpose. No signature is looked at.
    """
    value = parse_canonical(payload, where)
    if not isinstance(value, dict) or not isinstance(value.get("purpose"), str):
        raise NotCanonicalError("what was signed says no purpose", where, FROM_WHO_SIGNED)
    if value["purpose"] != purpose:
        raise WrongPurposeError(
            f"it is signed as {value['purpose'][:60]!r}, not as {purpose!r}",
            where,
            "give a file of the right kind",
        )
    name, sequence = value.get("name"), value.get("sequence")
    if not isinstance(name, str) or not name or type(sequence) is not int or sequence < 1:
        raise NotCanonicalError("what was signed has no name or no number", where, FROM_WHO_SIGNED)
    instant(value.get("created"), where)
    instant(value.get("expires"), where)
    return value


def first_root(keys: Iterable[TrustedKey], now: datetime) -> Root:
    """Return the first list of trusted keys; who may make it is for the caller to decide."""
    return Root(1, stamp(now), tuple(keys))
