"""What every command shows: progress on standard error, JSON on standard output.

Nothing heavy is imported here: the parser needs this module, too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TextIO

WIDTH = 30
# Control signs, those that turn the direction of writing and those that nobody sees, but for the
# ends of lines and tabs: in a name out of a foreign file they could redraw what a terminal shows.
_HIDDEN = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0x061C,
    *range(0x200B, 0x2010),
    0x2028,
    0x2029,
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
)
_SHOWN = {sign: f"\\u{sign:04x}" for sign in _HIDDEN if chr(sign) not in "\n\t"}


def spelled_out(text: str) -> str:
    """Return text with its hidden signs spelled out as JSON spells them."""
    return text.translate(_SHOWN)


class PlainOutput:
    """A text stream that spells out hidden signs; everything else is the stream's below."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write `text`, see `spelled_out`."""
        self._stream.write(spelled_out(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Bar:
    """Whether the last line on the terminal is a bar that was not finished."""

    unfinished = False


def below_the_bar() -> str:
    """Return what to write before words on standard error, so that they begin a line."""
    open_line, _Bar.unfinished = _Bar.unfinished, False
    return "\n" if open_line else ""


def progress_bar(title: str) -> Callable[[float, str], None]:
    """Return a progress callable that draws a bar on standard error, on a terminal only."""
    if not sys.stderr.isatty():
        return lambda _share, _words: None

    def show(share: float, words: str) -> None:
        filled = round(WIDTH * min(max(share, 0.0), 1.0))
        bar = "#" * filled + "." * (WIDTH - filled)
        end = "\n" if share >= 1.0 else ""
        _Bar.unfinished = not end
        sys.stderr.write(f"\r{title} [{bar}] {share:4.0%} {words[:40]:40}{end}")
        sys.stderr.flush()

    return show


def print_json(value: Any) -> None:
    """Print one JSON value on a line of its own."""
    print(json.dumps(value, ensure_ascii=False))
