"""The policy in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import resources
from matching.policy import Policy, PolicyError, parse_policy


def load_policy(path: Path | None = None) -> Policy:
    """Read a policy file; without a path the one that came with the program.

    Raises
    ------
    matching.policy.PolicyError
        When the file is missing or incomplete.
    """
    source = path or resources.path("policies/default.json")
    try:
        raw = source.read_bytes()
        content = json.loads(raw, object_pairs_hook=_each_once)
    except (OSError, ValueError, RecursionError) as error:
        raise PolicyError(
            f"the policy file cannot be read ({error})", str(source), "restore the policy file"
        ) from error
    return parse_policy(content, raw)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a section; of a setting given twice, nobody could say which one is in force."""
    section = dict(pairs)
    if len(section) != len(pairs):
        raise ValueError("a setting is given twice")
    return section
