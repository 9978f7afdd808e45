"""What reports are made of: sections of words, facts and tables, in reading order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled statement."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A table column: heading, width in mm and alignment ("left" is where lines begin)."""

    title: str
    width: float
    align: Literal["left", "right"] = "left"


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences, each a paragraph; `strong` for what must not be overlooked."""

    texts: tuple[str, ...]
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Labelled statements, one below the other; in pairs beside each other when they are short."""

    facts: tuple[Fact, ...]
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; its head is repeated on every page. `note` says how to read it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """Where the spectra are drawn; `note` says how to read them, or why there are none."""

    note: str


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code that holds `content`; `note` says what that is."""

    content: str
    note: str
