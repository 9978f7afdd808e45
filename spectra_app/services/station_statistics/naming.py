"""Which substance a name means: names of scans and of laboratories are compared by that.

Names are compared by the substance that the program's table knows them as, so that a salt or a
synonym is the same substance; a name that the table lacks is compared folded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from library.control import control_lists
from library.substances import SALT_WORDS, Found, Substance, fold, substances

_PARTED = re.compile(r"[;\n]|,\s")
NO_STEREO = "UHFFFAOY"  # how the second block of an InChIKey begins where no isomer is stated


@lru_cache(maxsize=4096)
def keys_of(name: str) -> frozenset[str]:
    """Return which substances a name may mean: keys of the table, else the folded name.

    A name that states no stereochemistry (amphetamine) holds the isomers of the table
    (dexamfetamine); two that state another are two substances (ephedrine, pseudoephedrine). A salt
    of what only the control lists know is that substance, too.
    """
    meant = {hit.substance for hit in _certain(substances().by_name(name))}
    found = {one.key for one in meant}.union(*(_isomers(one) for one in meant))
    return frozenset(found) or frozenset({f"name:{fold(control_lists().parent_of(name) or name)}"})


def _certain(hits: Sequence[Found]) -> list[Found]:
    """Return the hits without salts of which only the skeleton fits, where others fit wholly."""
    sure = [hit for hit in hits if hit.salt is None or hit.salt.stereo_certain]
    return sure or list(hits)


def _isomers(substance: Substance) -> set[str]:
    if NO_STEREO not in substance.inchikey:
        return set()
    return {one.key for one in substances().relatives(substance)}


def names_in(text: str) -> tuple[str, ...]:
    """Return the names in a text that a person typed; a comma within one parts nothing.

    >>> names_in("3,4-Methylenedioxymethamphetamine; caffeine, lactose")
    ('3,4-Methylenedioxymethamphetamine', 'caffeine', 'lactose')
    """
    return tuple(name.strip() for name in _PARTED.split(text) if name.strip())


@lru_cache(maxsize=4096)
def title_of(name: str) -> str:
    """Return the name by which a substance is listed: that of its parent, if it means just one."""
    for asked in (name, SALT_WORDS.sub("", name.strip())):
        found = {hit.substance.name for hit in _certain(substances().by_name(asked))}
        if len(found) == 1:
            return found.pop()
    return name.strip()


def keys_of_all(names: Iterable[str]) -> frozenset[str]:
    """Return which substances several names may mean."""
    return frozenset().union(*(keys_of(name) for name in names))


def is_cutting_agent(name: str, role: str = "") -> bool:
    """Return whether a name is that of a cutting agent, by its role or the substance table."""
    classes = {hit.substance.class_ for hit in substances().by_name(name)}
    return role == "cutting agent" or (
        bool(classes) and all(one.startswith("cutting agent") for one in classes)
    )


def is_known(name: str) -> bool:
    """Return whether the table of substances or a control list knows this name."""
    if substances().by_name(name):
        return True
    lists = control_lists()
    return lists.holds_name(name) or bool(lists.parent_of(name))
