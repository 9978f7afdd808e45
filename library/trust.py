"""Trust: whether something signed is to be believed, decided without a file, a clock or a screen.

A `Trust` is what a station knows: the list of trusted keys in force (`Root`), what it revoked
itself, the highest versions it has seen, and the latest time. It is frozen; accepting something
gives a new one, to be stored by whoever asked. The model is The Update Framework's: thresholds of
persons, rotation signed by old and new, versions that never go back, dates that end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from library.errors import (
    BadSignatureError,
    ClockError,
    ExpiredError,
    KeyNotValidError,
    KeyRoleError,
    NewerProgramError,
    RevokedKeyError,
    RollbackError,
    RootError,
    SamePersonError,
    TooFewSignaturesError,
    UnknownKeyError,
)
from library.signing import (
    Signed,
    genuine,
    holder,
    shown,
)
from library.trusted_keys import (
    CLOCK_TOLERANCE,
    FROM_WHO_SIGNED,
    ROOT,
    Revocation,
    Root,
    TrustedKey,
    instant,
    signed_content,
    stamp,
)


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
                    "it was altered or put together from two; " + FROM_WHO_SIGNED,
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
                "this list of trusted keys forgets a revoked key", where, FROM_WHO_SIGNED
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
