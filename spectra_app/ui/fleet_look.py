"""How an analyser stands, for tables: shape, colour and word together."""

from __future__ import annotations

from PySide6.QtGui import QIcon

from spectra_app.reports.texts import Said
from spectra_app.services.fleet import FleetRow, FleetState
from spectra_app.ui.look import Look
from spectra_app.ui.shapes import shape_icon

LEVELS: dict[FleetState, str] = {
    "ready": "benign",
    "due": "precursor",
    "out": "controlled",
    "never": "unknown",
    "elsewhere": "container",
}
"""The level whose shape and colour a state has: circle, triangle, octagon, diamond, square."""


def state_icon(state: FleetState, look: Look) -> QIcon:
    """Return the shape of a state."""
    level = LEVELS[state]
    return shape_icon(level, look.theme.alarm(level), look.theme["surface"])


def state_word(row: FleetRow, look: Look) -> Said:
    """Return the word of a state; of an emulated analyser with that it is one."""
    word = look.word("fleet_state", row.state)
    return look.say("fleet.emulated", state=word) if row.emulated else word


def moment(time: str) -> str:
    """Return a time to the minute; nothing for never."""
    return time[:16].replace("T", " ")
