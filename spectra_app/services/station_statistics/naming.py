"""Which substance a name means: names of scans and of laboratories are compared by that.

Names are compared by the substance that the program's table knows them as, so that a salt or a
synonym is the same substance; a name that the table lacks is compared folded.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from library.control import control_lists
from library.substances import SALT_WORDS, fold, substances


@lru_cache(maxsize=4096)
def keys_of(name: str) -> frozenset[str]:
    """Return which substances a name may mean: keys of the table, else the folded name.

    A salt of what only the control lists know is that substance, too.
    """
    found = {hit.substance.key for hit in substances().by_name(name)}
    return frozenset(found) or frozenset({f"name:{fold(control_lists().parent_of(name) or name)}"})


@lru_cache(maxsize=4096)
def title_of(name: str) -> str:
    """Return the name by which a substance is listed: that of its parent, if it means just one."""
    for asked in (name, SALT_WORDS.sub("", name.strip())):
        found = {hit.substance.name for hit in substances().by_name(asked)}
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
