"""Passwords: how they are hashed, and which ones are refused.

Argon2id with the second recommended option of RFC 9106, section 4 (64 MiB, 3 passes, 4 lanes).
Rules of NIST SP 800-63B-3, 5.1.1: length counts and no mixture of signs is asked for, nothing is
cut off, text is normalised (NFKC), and what is common or can be expected here is refused.
"""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from spectra_app.errors import PasswordError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

PASSES, MEMORY_KIB, LANES = 3, 64 * 1024, 4
SALT_BYTES, HASH_BYTES = 16, 32
SHORTEST, LONGEST = 12, 1024  # signs; far beyond the 64 that NIST asks to take


def normal(password: str) -> str:
    """Return a password as it is hashed: NFKC, so that another keyboard types the same one."""
    return unicodedata.normalize("NFKC", password)


def folded_login(login: str) -> str:
    """Return a log-in name as it is stored: without regard to case, width and outer blanks."""
    return unicodedata.normalize("NFKC", login).casefold().strip()


def hash_password(password: str) -> str:
    """Return the hash of a password, with its salt and parameters (PHC string)."""
    return _hasher().hash(normal(password))


def fits(stored: str, password: str) -> bool:
    """Return whether a password is the one that was hashed; any other hash never fits."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(stored, normal(password))
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Return whether a hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(stored)


def hash_for_nobody() -> str:
    """Return the hash that an unknown name is compared with, so that it takes as long."""
    return _nobody()


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
        The user's own names, which may not be the password.

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
    if text.casefold() in {normal(word).casefold() for word in about}:
        raise PasswordError("this password can be guessed", "", "take one without your name")


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher, Type

    return PasswordHasher(PASSES, MEMORY_KIB, LANES, HASH_BYTES, SALT_BYTES, type=Type.ID)


@cache
def _nobody() -> str:
    return hash_password("nobody has this password")
