"""Data shipped with the program: fonts, icons, styles, tables. Nothing here computes."""

from __future__ import annotations

from pathlib import Path


def path(name: str) -> Path:
    """Return the path of the resource `name`, given relative to this folder with ``/``."""
    return Path(__file__).parent.joinpath(*name.split("/"))
