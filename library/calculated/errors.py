"""What goes wrong while a molecule is calculated."""

from __future__ import annotations


class CalculationError(Exception):
    """A molecule cannot be calculated; the text says why, in a few words."""
