"""Passwords: how they are hashed, and which ones are refused.

Argon2id with the second recommended option of RFC 9106, section 4 (64 MiB, 3 passes, 4 lanes).
Rules of NIST SP 800-63B-3, 5.1.1: length counts and no mixture of signs is asked for, nothing is
cut off, text is normalised (NFKC), and what is common or can be expected here is refused.
"""

from __future__ import annotations

import hashlib
import unicodedata
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from secrets import token_bytes
from typing import TYPE_CHECKING

from spectra_app.errors import PasswordError
from spectra_app.records.guessing import is_guessable

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SALT_BYTES, HASH_BYTES = 16, 32
SHORTEST, LONGEST = 12, 1024  # signs; far beyond the 64 that NIST asks to take


@dataclass(frozen=True, slots=True)
class Cost:
    """What Argon2id spends on one hash.

    Parameters
    ----------
    passes : int
        Over the memory.
    memory_kib : int
        KiB.
    lanes : int
        Computed side by side.
    """

    passes: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4


RFC_9106 = Cost()
"""The second recommended option: for where 2 GiB for one log-in are too much."""


class Passwords:
    """Hashes passwords and compares them."""

    def __init__(self, cost: Cost | None = None) -> None:
        self._cost = cost or RFC_9106

    def hash(self, password: str) -> str:
        """Return the hash of a password, with its salt and parameters (PHC string)."""
        return self._hasher.hash(normal(password))

    def fits(self, stored: str, password: str) -> bool:
        """Return whether a password is the one that was hashed; what is no hash never fits."""
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._hasher.verify(stored, normal(password))
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, stored: str) -> bool:
        """Return whether a hash was made at another cost."""
        return self._hasher.check_needs_rehash(stored)

    @cached_property
    def of_nobody(self) -> str:
        """What an unknown name's password is compared with, so that it takes as long.

        It is the hash of nothing: made up, because making one would take as long again.
        """
        cost = self._cost
        figures = f"m={cost.memory_kib},t={cost.passes},p={cost.lanes}"
        salt, made_up = (
            b64encode(token_bytes(size)).decode().rstrip("=") for size in (SALT_BYTES, HASH_BYTES)
        )
        return f"$argon2id$v=19${figures}${salt}${made_up}"

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher, Type

        cost = self._cost
        return PasswordHasher(
            cost.passes, cost.memory_kib, cost.lanes, HASH_BYTES, SALT_BYTES, type=Type.ID
        )


def normal(password: str) -> str:
    """Return a password as it is hashed: NFKC, so that another keyboard types the same one."""
    return unicodedata.normalize("NFKC", password)


def folded_login(login: str) -> str:
    """Return a log-in name as it is stored: without regard to case, width and outer blanks."""
    return unicodedata.normalize("NFKC", login).casefold().strip()


def secret_digest(stored: str) -> str:
    """Return what the record of a user says about its password hash."""
    return hashlib.sha256(stored.encode()).hexdigest()


def check_password(password: str, *about: str) -> None:
    """Refuse a password that is too short, or easily guessed.

    Parameters
    ----------
    password : str
        As it was typed.
    *about : str
        What is known about the user: names.

    Raises
    ------
    PasswordError
        Says why, and what to do.
    """
    text = normal(password)
    if len(text) < SHORTEST:
        raise PasswordError(
            f"a password has at least {SHORTEST} signs", "", "take a sentence that only you know"
        )
    if len(text) > LONGEST:
        raise PasswordError(f"a password has at most {LONGEST} signs", "", "take a shorter one")
    if is_guessable(text, [normal(words) for words in about]):
        raise PasswordError(
            "this password is among the first that are tried",
            "",
            "take a sentence, or at least three words that do not belong together",
        )
