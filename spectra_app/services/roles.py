"""The table of roles in words, for people: who may do what."""

from __future__ import annotations

from spectra_app.records.access import ACTIONS, CLEARED, EMERGENCY, SECOND, Role

HEADER = ("action", *(role.value for role in Role), "second person", "beside the role")


def roles_table() -> list[tuple[str, ...]]:
    """Return one line for each action of the table, in its order; the first one is the header."""
    return [HEADER, *(_line(action) for action in ACTIONS)]


def _line(action: str) -> tuple[str, ...]:
    may = ("yes" if role in ACTIONS[action] else "-" for role in Role)
    second = " or ".join(role.value for role in Role if role in SECOND.get(action, ()))
    beside = ["must be cleared"] * (action in CLEARED) + ["by emergency"] * (action in EMERGENCY)
    return (action, *may, second or "-", ", ".join(beside) or "-")
