"""What the restricted lists of a station hold today, as scans and texts are compared with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from library.substances import fold, substances
from library.watchlist import Watched, match_keys
from matching.errors import SpectraError
from spectra_app.services.control import RESTRICTED_FOLDER, restricted_lists

SHORT = 5  # letters; a shorter name counts only as a word of its own
_LEAST = 3


@dataclass(frozen=True, slots=True)
class Spoken:
    """Names that are looked for in texts: folded ones as any part, short ones as words."""

    folded: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    def in_text(self, text: str) -> bool:
        """Tell whether a text speaks one of them, in whatever spelling."""
        if self.folded:
            plain = fold(text)
            if any(name in plain for name in self.folded):
                return True
        return bool(self.words) and not self.words.isdisjoint(re.findall(r"\w+", text.casefold()))

    def those_in(self, texts: Sequence[str]) -> frozenset[int]:
        """Return the places of the texts that speak one of them, as `in_text` says of each.

        Where nothing does, which is nearly always, many texts are looked through as one.
        """
        folded = [fold(text) for text in texts] if self.folded else []
        every = "\n".join(folded)
        names = [name for name in self.folded if name in every]
        found = {
            at for at, text in enumerate(folded) if names and any(name in text for name in names)
        }
        if self.words:
            every = "\n".join(texts).casefold()
            if not self.words.isdisjoint(re.findall(r"\w+", every)):
                short = Spoken(words=self.words)
                found |= {at for at, text in enumerate(texts) if short.in_text(text)}
        return frozenset(found)

    def __or__(self, other: Spoken) -> Spoken:
        return Spoken(self.folded | other.folded, self.words | other.words)


def spoken(names: Iterable[str]) -> Spoken:
    """Return names as they are looked for in texts; one of less than three letters is not."""
    return _spoken(tuple(names))


@lru_cache(maxsize=4096)
def _spoken(names: tuple[str, ...]) -> Spoken:
    folded = {fold(name) for name in names}
    return Spoken(
        frozenset(name for name in folded if len(name) >= SHORT),
        frozenset(name for name in folded if _LEAST <= len(name) < SHORT),
    )


@dataclass(frozen=True, slots=True)
class ClosedLists:
    """All restricted lists together.

    Parameters
    ----------
    readable : bool
        False when one of them cannot be read: then every name may be on it.
    keys : frozenset of str
        Everything by which what they hold is recognised (`library.watchlist.match_keys`).
    said : Spoken
        All names of it, for texts.
    """

    readable: bool = True
    keys: frozenset[str] = frozenset()
    said: Spoken = Spoken()

    def name(self, names: Iterable[str], meant: Iterable[str] = ()) -> bool:
        """Tell whether one of several names, or keys of what they mean, is on a list."""
        if not self.readable:
            return any(names) or any(meant)
        if not self.keys:
            return False
        if not self.keys.isdisjoint(meant):
            return True
        return any(not self.keys.isdisjoint(keys_of_name(name)) for name in names)


@lru_cache(maxsize=4096)
def keys_of_name(name: str) -> frozenset[str]:
    """Return the keys by which a name is recognised."""
    return match_keys(name, "", "")


def closed_lists(folder: Path) -> ClosedLists:
    """Return what the restricted lists in a data folder hold now, whatever the day.

    They are read by the program, not by the person: nothing of them is shown.
    """
    home = folder / RESTRICTED_FOLDER
    try:
        there = tuple(
            (path.name, path.stat().st_mtime_ns, path.stat().st_size)
            for path in sorted(home.iterdir())
        )
    except FileNotFoundError:
        return ClosedLists()
    except OSError:
        return ClosedLists(readable=False)
    return _read(folder, there)


@lru_cache(maxsize=4)
def _read(folder: Path, _there: tuple[tuple[str, int, int], ...]) -> ClosedLists:
    try:
        lists = restricted_lists(lambda _name: True, folder)
    except (SpectraError, OSError):
        return ClosedLists(readable=False)
    watched = [one for _name, many in lists for one in many]
    names = [name for one in watched for name in _all_names(one)]
    keys = (one.keys() for one in watched)
    return ClosedLists(True, frozenset().union(*keys), spoken(names))


def _all_names(one: Watched) -> Iterable[str]:
    yield from (one.name, *one.synonyms)
    for hit in substances().find(inchikey=one.inchikey, cas=one.cas, name=one.name):
        yield from (hit.substance.name, *hit.substance.synonyms)
