"""Policies: the one that came with the program, and the one in force at this station."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import resources
from matching.policy import Policy, PolicyError, parse_policy
from spectra_app.settings import data_folder, station_database


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
    except OSError as error:
        raise _unreadable(error, str(source)) from error
    return read_policy(raw, str(source))


def policy_in_force(folder: Path | None = None) -> Policy:
    """Return the policy that this station uses: the shipped one, unless two persons changed it.

    Parameters
    ----------
    folder : Path, optional
        The data folder; by default the program's own.

    Raises
    ------
    LedgerError, EvidenceError
        When it was changed and cannot be read: another one is never taken in its place.
    """
    database = station_database(folder)
    if not database.exists():
        return load_policy()
    # The ledger takes its time to import: only where there is one.
    from spectra_app.services.thresholds import changed_policy

    return changed_policy(database, (folder or data_folder()) / "evidence") or load_policy()


def read_policy(raw: bytes, where: str) -> Policy:
    """Read the bytes of a policy file; raise as `load_policy`."""
    try:
        content = json.loads(raw, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise _unreadable(error, where) from error
    return parse_policy(content, raw)


def _unreadable(error: Exception, where: str) -> PolicyError:
    return PolicyError(
        f"the policy file cannot be read ({error})", where, "restore the policy file"
    )


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a section; of a setting given twice, nobody could say which one is in force."""
    section = dict(pairs)
    if len(section) != len(pairs):
        raise ValueError("a setting is given twice")
    return section
