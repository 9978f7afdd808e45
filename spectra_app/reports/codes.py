"""QR codes as shapes (ISO/IEC 18004), so that they print sharp at any size."""

from __future__ import annotations

from spectra_app.reports.page import INK, WHITE, Block, Box, Item

QUIET = 4  # modules that the standard asks to leave free on every side


def code_rows(content: str) -> tuple[tuple[bool, ...], ...]:
    """Return the modules of the code for `content`, True where it is dark, without its margin."""
    import segno

    matrix = segno.make(content, error="m", micro=False).matrix
    return tuple(tuple(bool(module) for module in row) for row in matrix)


def dark_runs(row: tuple[bool, ...]) -> list[tuple[int, int]]:
    """Return where dark modules stand beside each other: first one and how many."""
    runs: list[tuple[int, int]] = []
    for place, dark in enumerate(row):
        if not dark:
            continue
        if runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((place, 1))
    return runs


def code_block(content: str, size: float) -> Block:
    """Return the code for `content` in a square of `size` mm, its margin included."""
    rows = code_rows(content)
    step = size / (len(rows) + 2 * QUIET)
    items: list[Item] = [Box(0.0, 0.0, size, size, fill=WHITE)]
    for number, row in enumerate(rows):
        for first, count in dark_runs(row):
            corner = ((QUIET + first) * step, (QUIET + number) * step)
            items.append(Box(*corner, count * step, step, fill=INK))
    return Block(size, tuple(items))
