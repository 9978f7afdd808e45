"""What a library found out about itself when it was built, kept with it as one table of JSON.

Findings hold for the rule they were made by (its hash is kept with them). Under another policy, and
for a library without the table, they are made again from the references.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from library.layout import Array
from matching.confusion import ConfusedPair, References, confused_pairs, rule_hash
from matching.policy import Policy

if TYPE_CHECKING:
    from library.store import Library

TABLE = "findings/table"  # dataset
TABLE_HASH = "findings_sha256"  # attribute, itself covered by the hash over the whole file


def references(library: Library) -> References:
    """Return the references of a library as they are compared with each other."""
    return References(library.matrix, library.noise, library.comparable, library.sers)


def made(
    refs: References,
    policy: Policy,
    progress: Callable[[float], None] = lambda _share: None,
) -> Array:
    """Return the table of findings of a library under a policy, uint8 (bytes of JSON)."""
    pairs = confused_pairs(refs, policy, progress=progress)
    content = {
        "confusion": {
            "rule": rule_hash(policy),
            "pairs": [[p.row, p.other, p.correlation, p.evidence] for p in pairs],
        }
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
