"""The policy in force."""

from __future__ import annotations

import json
from pathlib import Path

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
        content = json.loads(raw)
    except (OSError, ValueError) as error:
        raise PolicyError(
            f"the policy file cannot be read ({error})", str(source), "restore the policy file"
        ) from error
    return parse_policy(content, raw)
