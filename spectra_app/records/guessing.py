"""Passwords that are guessed first: what is common, counted, repeated, or known about the user.

A password is covered with pieces - common words, the user's names, runs on a keyboard, figures -
and refused when few pieces are enough. Three common words and more are let through: NIST
SP 800-63B-3, 5.1.1.2, asks to refuse what is common or expected, not what could be better.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

import resources

FEW = 5
"""Up to this sum of pieces a password is refused: two words and a year."""
_WORD, _RUN, _KNOWN, _FIGURES, _SIGN = 2, 2, 1, 1, 0
_LEAST_RUN, _LONGEST_WORD, _MOST_FIGURES = 3, 24, 8
_FEWEST_SIGNS = 5  # different ones
_ROWS = (
    *("abcdefghijklmnopqrstuvwxyz", "12345678901234567890", "01234567890123456789"),
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn"),
    *("qwertzuiop", "yxcvbnm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qazwsxedcrfvtgbyhnujm", "zaq12wsxcde34rfv"),
    *("147258369", "159753", "741852963"),
)
_RUNS = "\n".join((*_ROWS, *(row[::-1] for row in _ROWS)))
_AS_LETTERS = str.maketrans("0134578@$!", "oieastbasi")


def is_guessable(password: str, about: Iterable[str] = ()) -> bool:
    """Return whether a password would be among the first tried.

    Parameters
    ----------
    password : str
        In NFKC.
    about : iterable of str
        What is known about the user: names, the station's name.
    """
    text = re.sub(r"\s", "", password.casefold())
    known = {word for words in about for word in re.findall(r"\w{3,}", words.casefold())}
    if len(set(text)) < _FEWEST_SIGNS or _is_repeated(text):
        return True
    prices = dict.fromkeys(common_words(), _WORD) | dict.fromkeys(known, _KNOWN)
    return _pieces(text, prices) <= FEW


@cache
def common_words() -> frozenset[str]:
    """Return the words that came with the program."""
    lines = resources.path("passwords/common.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _is_repeated(text: str) -> bool:
    """Return whether a text is one short piece again and again."""
    period = (text + text).find(text, 1)
    return period <= min(len(text) // 2, 8)


def _pieces(text: str, words: Mapping[str, int]) -> int:
    """Return the smallest sum of pieces that covers the text."""
    letters, whole = text.translate(_AS_LETTERS), 10**6
    least = [0] + [whole] * len(text)
    for start in range(len(text)):
        for length, price in _from(text, letters, start, words):
            least[start + length] = min(least[start + length], least[start] + price)
    return least[-1]


def _from(
    text: str, letters: str, start: int, words: Mapping[str, int]
) -> Iterable[tuple[int, int]]:
    """Yield length and price of each piece that begins at `start`; any letter is one."""
    yield 1, (_SIGN if not text[start].isalnum() else _WORD)
    left = len(text) - start
    for length in range(_LEAST_RUN, min(_LONGEST_WORD, left) + 1):
        piece = text[start : start + length]
        for spelled in (piece, letters[start : start + length]):
            if spelled in words:
                yield length, words[spelled]
        if piece in _RUNS or piece == text[start] * length:
            yield length, _RUN
    for length in range(1, min(_MOST_FIGURES, left) + 1):
        if text[start : start + length].isdigit():
            yield length, _FIGURES
