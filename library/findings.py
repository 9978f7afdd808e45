"""What a library found out about itself when it was built, kept with it as one table of JSON.

Findings hold for the rule they were made by (its hash is kept with them). Under another policy, and
for a library without the table, they are made again from the references.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from library.entry import EntryRecord
from library.families import families_from_json, families_to_json, find_families
from library.layout import Array
from matching.confusion import ConfusedPair, References, confused_pairs, rule_hash
from matching.family import FamilyCheck
from matching.policy import Policy

if TYPE_CHECKING:
    from library.store import Library

TABLE = "findings/table"  # dataset
TABLE_HASH = "findings_sha256"  # attribute, itself covered by the hash over the whole file


def references(library: Library) -> References:
    """Return the references of a library as they are compared with each other."""
    return References(library.matrix, library.noise, library.comparable, library.sers)


@dataclass(frozen=True, eq=False, slots=True)
class Known:
    """Confused pairs of a library before entries were added or changed, and what it held then.

    `substance` and `comparable`, shape (n,), are those of the library as it was.
    """

    pairs: tuple[ConfusedPair, ...]
    substance: Array
    comparable: NDArray[np.bool_]

    def completed(
        self, refs: References, policy: Policy, progress: Callable[[float], None]
    ) -> tuple[ConfusedPair, ...]:
        """Return the pairs of the library as it is now, of which these are the first entries."""
        rows, now = self._affected(refs), refs.matrix.substance
        again = set(rows.tolist())
        kept = [
            pair
            for pair in self.pairs
            if not {pair.row, pair.other} & again
            and now[pair.row] != now[pair.other]
            and refs.comparable[pair.row]
            and refs.comparable[pair.other]
        ]
        fresh = confused_pairs(refs, policy, rows=rows.tolist(), progress=progress)
        return tuple(sorted((*kept, *fresh), key=lambda pair: (pair.row, pair.other)))

    def _affected(self, refs: References) -> NDArray[np.int64]:
        """Return rows that may have new partners: new ones, revived ones, substances parted."""
        count = self.substance.size
        changed = np.ones(refs.matrix.size, dtype=np.bool_)
        changed[:count] = refs.comparable[:count] & ~self.comparable
        both = np.stack((self.substance, refs.matrix.substance[:count]))[:, self.comparable]
        numbers, times = np.unique(np.unique(both, axis=1)[0], return_counts=True)
        changed[:count] |= np.isin(self.substance, numbers[times > 1])
        return np.flatnonzero(changed & refs.comparable)


def made(
    refs: References,
    records: Sequence[EntryRecord],
    policy: Policy,
    progress: Callable[[float], None] = lambda _share: None,
    known: Known | None = None,
) -> Array:
    """Return the table of findings of a library under a policy, uint8 (bytes of JSON).

    Parameters
    ----------
    refs, records : References and sequence of EntryRecord
        The library's references and what is known of them.
    policy : Policy
        The rule.
    progress : callable (share)
        Told how much is done, 0 to 1.
    known : Known, optional
        Pairs found before some entries were added or changed: only the others are looked for.
    """
    if known is None:
        pairs = confused_pairs(refs, policy, progress=progress)
    else:
        pairs = known.completed(refs, policy, progress)
    content = {
        "confusion": {
            "rule": rule_hash(policy),
            "pairs": [[p.row, p.other, p.correlation, p.evidence] for p in pairs],
        },
        "families": {
            "rule": policy.family.hash,
            "checks": families_to_json(find_families(refs, records, policy.family)),
        },
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return np.frombuffer(text.encode() + b"\n", dtype=np.uint8)


def table_hash(table: Array) -> str:
    """Return the SHA-256 (hex) of the table's bytes."""
    return hashlib.sha256(table.tobytes()).hexdigest()


def confused_in(library: Library, policy: Policy) -> tuple[ConfusedPair, ...] | None:
    """Return the confused pairs stored with a library; None when they are not by this rule.

    Raises
    ------
    LibraryDamagedError
        When the table cannot be read or names entries that are not there.
    """
    found = _part(library, "confusion")
    if found is None or found.get("rule") != rule_hash(policy):
        return None
    try:
        pairs = tuple(
            ConfusedPair(int(a), int(b), float(c), float(e)) for a, b, c, e in found["pairs"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise library.damaged(f"its table of findings cannot be read ({error})") from error
    if not all(0 <= pair.row < pair.other < len(library) for pair in pairs):
        raise library.damaged("its confusion sets name entries that are not there")
    return pairs


def confusion_of(library: Library, policy: Policy) -> tuple[ConfusedPair, ...]:
    """Return all confused pairs of a library: the stored ones, otherwise found now."""
    known = confused_in(library, policy)
    return confused_pairs(references(library), policy) if known is None else known


class Families:
    """The families of a library, checked under a policy when they are first asked for.

    Parameters
    ----------
    library : Library
        The library.
    policy : Policy
        The policy in force; the checks stored with the library are taken when they are by its rule.
    """

    def __init__(self, library: Library, policy: Policy) -> None:
        self._library, self._settings = library, policy.family
        self._known: tuple[FamilyCheck, ...] | None = None

    def checks(self, without: NDArray[np.bool_] | None = None) -> tuple[FamilyCheck, ...]:
        """Return the checks, or those of the library without some entries, shape (n,).

        Raises
        ------
        LibraryDamagedError
            When the stored checks cannot be read.
        """
        if without is not None:
            return self._found(without)
        if self._known is None:
            self._known = self._stored()
        if self._known is None:
            self._known = self._found(None)
        return self._known

    def _found(self, without: NDArray[np.bool_] | None) -> tuple[FamilyCheck, ...]:
        records = tuple(self._library.records())
        return find_families(references(self._library), records, self._settings, without)

    def _stored(self) -> tuple[FamilyCheck, ...] | None:
        found = _part(self._library, "families")
        if found is None or found.get("rule") != self._settings.hash:
            return None
        low, high = self._settings.cells
        try:
            checks = families_from_json(found["checks"])
            models = [item.model for item in checks if item.model is not None]
            if any(len(model.weights) != high - low for model in models):
                raise ValueError("a pattern is not as long as its range")
        except (KeyError, TypeError, ValueError) as error:
            raise self._library.damaged(
                f"its table of findings cannot be read ({error})"
            ) from error
        return checks


def _part(library: Library, name: str) -> dict[str, Any] | None:
    """Return one part of the table, None when the library has none."""
    table = library.findings
    if table is None:
        return None
    try:
        part = json.loads(table.tobytes()).get(name)
    except (ValueError, AttributeError) as error:
        raise library.damaged(f"its table of findings cannot be read ({error})") from error
    return part if isinstance(part, dict) else None
