"""What every command shows: progress on standard error, JSON on standard output.

Nothing heavy is imported here: the parser needs this module, too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

WIDTH = 30


def progress_bar(title: str) -> Callable[[float, str], None]:
    """Return a progress callable that draws a bar on standard error, on a terminal only."""
    if not sys.stderr.isatty():
        return lambda _share, _words: None

    def show(share: float, words: str) -> None:
        filled = round(WIDTH * min(max(share, 0.0), 1.0))
        bar = "#" * filled + "." * (WIDTH - filled)
        end = "\n" if share >= 1.0 else ""
        sys.stderr.write(f"\r{title} [{bar}] {share:4.0%} {words[:40]:40}{end}")
        sys.stderr.flush()

    return show


def print_json(value: Any) -> None:
    """Print one JSON value on a line of its own."""
    print(json.dumps(value, ensure_ascii=False))
