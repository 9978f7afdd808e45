"""Names of substances and people, compared without what people write differently."""

from __future__ import annotations


def folded(name: str) -> str:
    """Return a name without case, blanks and punctuation; two names equal so are the same."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
