"""Trust: whether something signed is to be believed, decided without a file, a clock or a screen.

A `Trust` is what a station knows: the list of trusted keys in force (`Root`), what it revoked
itself, the highest versions it has seen, and the latest time. It is frozen; accepting something
gives a new one, to be stored by whoever asked. The model is The Update Framework's: thresholds of
persons, rotation signed by old and new, versions that never go back, dates that end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from library.errors import (
    BadSignatureError,
    ClockError,
    ExpiredError,
    KeyNotValidError,
    KeyRoleError,
    NewerProgramError,
    NotCanonicalError,
    RevokedKeyError,
    RollbackError,
    RootError,
    SamePersonError,
    TooFewSignaturesError,
    UnknownKeyError,
    WrongPurposeError,
)
from library.signing import (
    Signed,
    canonical,
    genuine,
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
_FROM_WHO_SIGNED = "get it again from who signed it"


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
        raise NotCanonicalError(f"{str(text)[:40]!r} is not a time", where, _FROM_WHO_SIGNED) from (
            error
        )
    if stamp(moment) != text:
        raise NotCanonicalError(f"{str(text)[:40]!r} is not a time", where, _FROM_WHO_SIGNED)
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
            raise RootError(
                "this is not a list of trusted keys", where, _FROM_WHO_SIGNED
            ) from error
        except RootError as error:
            raise error.at(where) from error
        if root.payload() != payload:
            raise RootError("this is not a list of trusted keys", where, _FROM_WHO_SIGNED)
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


@dataclass(frozen=True, slots=True)
class Seen:
    """The highest version of something that this station took in, and which content that was."""

    purpose: str
    name: str
    sequence: int
    sha256: str


@dataclass(frozen=True, eq=False, slots=True)
class Statement:
    """Something signed that was found to be genuine.

    Parameters
    ----------
    value : mapping
        The content that was signed.
    sha256 : str
        Hash of its bytes.
    signers : tuple of TrustedKey
        Who signed, each a different person or not; see `Trust.check`.
    """

    value: Mapping[str, Any]
    sha256: str
    signers: tuple[TrustedKey, ...]

    @property
    def seen(self) -> Seen:
        """What a station remembers when it takes this in."""
        return Seen(self.value["purpose"], self.value["name"], self.value["sequence"], self.sha256)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a station believes.

    Parameters
    ----------
    root : Root
        Trusted keys in force.
    revoked_here : tuple of Revocation
        Keys this station revoked by itself, at once and without waiting for a new root.
    highest : tuple of Seen
        The highest version seen of each thing.
    latest : str
        The latest time at which something taken in was made.
    """

    root: Root
    revoked_here: tuple[Revocation, ...] = ()
    highest: tuple[Seen, ...] = ()
    latest: str = field(default="1970-01-01T00:00:00Z")

    def check(
        self, signed: Signed, *, purpose: str, now: datetime, program: str = "", where: str = ""
    ) -> Statement:
        """Check something signed: form, purpose, signatures, persons, version, dates.

        Parameters
        ----------
        signed : Signed
            Content and signatures.
        purpose : str
            What it must be for.
        now : datetime
            The time, with its zone.
        program : str
            Version of this program, compared with ``minimum_program`` of the content.
        where : str
            What is checked, for messages.

        Raises
        ------
        TrustError
            A class of its own for each reason.
        """
        statement = self.signers_checked(signed, purpose=purpose, now=now, where=where)
        self._check_persons(statement, where)
        _check_program(statement.value, program, where)
        self._check_version(statement, where)
        self._check_dates(statement.value, now, where)
        return statement

    def signers_checked(
        self, signed: Signed, *, purpose: str, now: datetime, where: str = ""
    ) -> Statement:
        """Check form, purpose and each signature, but not yet how many persons signed."""
        value = signed_content(signed.payload, purpose, where)
        _check_once(signed, where)
        made = instant(value["created"], where)
        signers = [self._signer(one.key, purpose, (made, now), where) for one in signed.signatures]
        for one, key in zip(signed.signatures, signers, strict=True):
            if not genuine(signed.payload, one, key.public):
                raise BadSignatureError(
                    f"the signature of {key.title} is not one over this content",
                    where,
                    "it was altered or put together from two; " + _FROM_WHO_SIGNED,
                )
        return Statement(value, signed.sha256, tuple(signers))

    def check_kept(self, signed: Signed, *, purpose: str, where: str = "") -> Statement:
        """Check again what was taken in earlier: its age and number do not count any more.

        A key that ended since then still stands for what it signed before; a revoked one does not.
        """
        made = instant(signed_content(signed.payload, purpose, where)["created"], where)
        statement = self.signers_checked(signed, purpose=purpose, now=made, where=where)
        self._check_persons(statement, where)
        return statement

    def seen(self, statement: Statement) -> Trust:
        """Return the trust after taking a statement in."""
        new = statement.seen
        others = [one for one in self.highest if (one.purpose, one.name) != (new.purpose, new.name)]
        latest = max(self.latest, statement.value["created"])
        return replace(self, highest=(*others, new), latest=latest)

    def revoked(self, revocation: Revocation) -> Trust:
        """Return the trust after this station revoked a key by itself."""
        others = tuple(one for one in self.revoked_here if one.key != revocation.key)
        return replace(self, revoked_here=(*others, revocation))

    def rotated(self, signed: Signed, *, now: datetime, where: str = "") -> Trust:
        """Return the trust under a new root, which holders of the old and of the new one signed.

        Raises
        ------
        TrustError
            When it does not follow the root in force, or too few persons of either signed.
        """
        new = Root.from_payload(signed.payload, where)
        if new.version <= self.root.version:
            raise RollbackError(
                f"this list of trusted keys is version {new.version}, in force is "
                f"{self.root.version}",
                where,
                "get the newest list",
            )
        if new.version != self.root.version + 1:
            raise RootError(
                f"this list of trusted keys is version {new.version}, in force is "
                f"{self.root.version}: one in between is missing",
                where,
                "take the lists in one after the other",
            )
        kept = {one.key for one in new.revoked}
        if not {one.key for one in self.root.revoked} <= kept:
            raise RootError(
                "this list of trusted keys forgets a revoked key", where, _FROM_WHO_SIGNED
            )
        _check_once(signed, where)
        for trust in (self, replace(self, root=new)):
            trust._check_persons(trust._among(signed, self, now, where), where)  # noqa: SLF001
        self._check_dates(signed_content(signed.payload, ROOT, where), now, where)
        return replace(self, root=new, latest=max(self.latest, new.created))

    def _among(self, signed: Signed, old: Trust, now: datetime, where: str) -> Statement:
        """Check the signatures by keys of this root; every other one must be by the old root."""
        mine = tuple(one for one in signed.signatures if self._in_force(one.key, now))
        for one in signed.signatures:
            revoked = self is old and one.key in self._gone()
            stranger = self is not old and one not in mine and not old._in_force(one.key, now)
            if revoked or stranger:
                self._signer(one.key, ROOT, (now,), where)
        return self.signers_checked(
            Signed(signed.payload, mine), purpose=ROOT, now=now, where=where
        )

    def _in_force(self, wanted: str, now: datetime) -> bool:
        """Tell whether a key may sign at a time, whatever it may sign."""
        key = self.root.key(wanted)
        return key is not None and wanted not in self._gone() and key.valid_at(now)

    def _gone(self) -> set[str]:
        return {one.key for one in (*self.root.revoked, *self.revoked_here)}

    def _signer(
        self, wanted: str, purpose: str, times: Sequence[datetime], where: str
    ) -> TrustedKey:
        for one in (*self.root.revoked, *self.revoked_here):
            if one.key == wanted:
                raise RevokedKeyError(
                    f"key {shown(wanted)} was revoked on {one.since[:10]} ({one.reason})",
                    where,
                    "ask for a release that is signed with other keys",
                )
        key = self.root.key(wanted)
        if key is None:
            raise UnknownKeyError(
                f"it is signed with key {shown(wanted)}, which this station does not trust",
                where,
                "ask who sent it; trusted keys are in 'spectra library keys list'",
            )
        if purpose not in key.purposes:
            raise KeyRoleError(
                f"{key.title} may not sign a {purpose!r}",
                where,
                "ask for one that is signed by persons who may",
            )
        if not all(key.valid_at(moment) for moment in times):
            raise KeyNotValidError(
                f"{key.title} is valid from {key.valid_from[:10]} to {key.valid_until[:10]} only",
                where,
                "ask for one that is signed with a key in force, or check this computer's date",
            )
        return key

    def _check_persons(self, statement: Statement, where: str) -> None:
        purpose = statement.value["purpose"]
        needed = self.root.persons_needed(purpose)
        persons = {holder(key.person): key.person for key in statement.signers}
        if len(persons) >= needed:
            return
        names = ", ".join(persons.values()) or "nobody"
        if len(statement.signers) > len(persons):
            raise SamePersonError(
                f"{len(statement.signers)} signatures, but all are by {names}; {needed} different "
                "persons must sign",
                where,
                "ask another person to sign it with 'spectra library cosign'",
            )
        raise TooFewSignaturesError(
            f"signed by {names} only; {needed} different persons must sign",
            where,
            "ask another person to sign it with 'spectra library cosign'",
        )

    def _check_version(self, statement: Statement, where: str) -> None:
        new = statement.seen
        for old in self.highest:
            if (old.purpose, old.name) != (new.purpose, new.name):
                continue
            if new.sequence < old.sequence:
                raise RollbackError(
                    f"{new.name!r} number {new.sequence} is older than number {old.sequence}, "
                    "which this station has seen",
                    where,
                    "get the newest; to go back on purpose use 'spectra library rollback'",
                )
            if new.sequence == old.sequence and new.sha256 != old.sha256:
                raise RollbackError(
                    f"this station has seen another {new.name!r} with the same number "
                    f"{new.sequence}",
                    where,
                    "ask who signed them; a number is used once",
                )

    def _check_dates(self, value: Mapping[str, Any], now: datetime, where: str) -> None:
        latest = max(instant(self.latest), instant(value["created"], where))
        if now + CLOCK_TOLERANCE < latest:
            raise ClockError(
                f"this computer's clock says {stamp(now)}, but what it was given was made at "
                f"{stamp(latest)}",
                where,
                "set the clock of this computer",
            )
        if instant(value["expires"], where) <= now:
            raise ExpiredError(
                f"it expired on {value['expires'][:10]}; a newer one may be held back from you",
                where,
                "get the newest, or check this computer's date",
            )


def _check_once(signed: Signed, where: str) -> None:
    ids = [one.key for one in signed.signatures]
    if len(set(ids)) != len(ids):
        raise SamePersonError(
            "the same key signed twice", where, "another person must sign, with another key"
        )


def signed_content(payload: bytes, purpose: str, where: str = "") -> dict[str, Any]:
    """Return the content of something signed after checking what all of them have.

    Raises
    ------
    NotCanonicalError, WrongPurposeError
        When it lacks that, or is for another purpose. No signature is looked at.
    """
    value = parse_canonical(payload, where)
    if not isinstance(value, dict) or not isinstance(value.get("purpose"), str):
        raise NotCanonicalError("what was signed says no purpose", where, _FROM_WHO_SIGNED)
    if value["purpose"] != purpose:
        raise WrongPurposeError(
            f"it is signed as {value['purpose'][:60]!r}, not as {purpose!r}",
            where,
            "give a file of the right kind",
        )
    name, sequence = value.get("name"), value.get("sequence")
    if not isinstance(name, str) or not name or type(sequence) is not int or sequence < 1:
        raise NotCanonicalError("what was signed has no name or no number", where, _FROM_WHO_SIGNED)
    instant(value.get("created"), where)
    instant(value.get("expires"), where)
    return value


def _check_program(value: Mapping[str, Any], program: str, where: str) -> None:
    wanted = value.get("minimum_program")
    if wanted is None or not program:
        return
    if not isinstance(wanted, str) or _numbers(wanted) > _numbers(program):
        raise NewerProgramError(
            f"it needs Spectra {str(wanted)[:20]} or later, this is {program}",
            where,
            "install a newer Spectra first",
        )


def _numbers(version: str) -> list[int]:
    """Return the numbers of a version, for comparison; nothing readable counts as the highest."""
    found = re.fullmatch(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[^0-9].*)?", version)
    return [int(number) for number in found.groups()] if found else [10**9]


def first_root(keys: Iterable[TrustedKey], now: datetime) -> Root:
    """Return the first list of trusted keys; who may make it is for the caller to decide."""
    return Root(1, stamp(now), tuple(keys))
