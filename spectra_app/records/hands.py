"""Whose hands a password went through: who gave it, who gave that one's, and so on."""

from __future__ import annotations

from spectra_app.records.access import HANDS_S, User
from spectra_app.records.ledger.store import Ledger
from spectra_app.records.sessions import seconds


def hands_of(ledger: Ledger, user: User, now: str) -> frozenset[str]:
    """Return who may know a user's password: the user, who gave it, who gave that one's before.

    A hand that gave its password more than `HANDS_S` before the next one in the row, or before
    now, counts no more. A password that was set up, and never given, is in its user's hands only.

    Parameters
    ----------
    now : str
        ISO 8601 in UTC.
    """
    known, hand, at = {user.id}, user, now
    while hand.given_by and seconds(hand.given_at, at) < HANDS_S:
        giver, at = hand.given_by, hand.given_at
        if giver in known:
            break
        known.add(giver)
        before = _as_it_was(ledger, giver, at)
        if before is None:
            break
        hand = before
    return frozenset(known)


def _as_it_was(ledger: Ledger, user: str, at: str) -> User | None:
    """Return a user as far as passwords are concerned at a time: one given later tells nothing."""
    history = (one.record for one in reversed(ledger.history(User, user)) if one is not None)
    return next((one for one in history if one.given_at <= at), None)
