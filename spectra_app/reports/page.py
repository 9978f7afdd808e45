"""A printed page as data: what stands where, in millimetres from the top left, Qt-free.

The layout is computed with the widths a `Metrics` reports, so it can be tested for overlap and
overflow without a printer, and a renderer only has to draw the items in order.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
MARGIN = 16.0
WIDTH = PAGE_WIDTH - 2 * MARGIN

INK, GREY, RULE, PANEL, WHITE = "#1A1A1A", "#55595E", "#C4C9CE", "#F3F5F7", "#FFFFFF"
ACCENT = "#1F3A5F"

MM_PER_POINT = 25.4 / 72.0
LINE_EM = 1.29
BASELINE_EM = 0.99
# Isolates of text that is read from left to right, from right to left, and their end: none of
# them has a width (Unicode Annex 9).
LEFT_TO_RIGHT, RIGHT_TO_LEFT, CLOSES = "\u2066", "\u2067", "\u2069"
LONGEST_TEXT = 4000
SHORTENED = " … (shortened)"


@dataclass(frozen=True, slots=True)
class Style:
    """How text looks: size in points, weight, colour."""

    size: float
    bold: bool = False
    colour: str = INK

    @property
    def line(self) -> float:
        """Height of one line in mm."""
        return self.size * MM_PER_POINT * LINE_EM

    @property
    def baseline(self) -> float:
        """Distance from the top of a line to its baseline in mm."""
        return self.size * MM_PER_POINT * BASELINE_EM


TITLE = Style(15.0, bold=True, colour=ACCENT)
SECTION = Style(10.5, bold=True, colour=ACCENT)
BODY = Style(8.4)
STRONG = Style(8.4, bold=True)
LABEL = Style(8.4, colour=GREY)
NOTE = Style(7.2, colour=GREY)
HEAD = Style(7.6, bold=True, colour=GREY)


class Metrics(Protocol):
    """What the layout has to know about the font."""

    def width(self, text: str, style: Style) -> float:
        """Return the width of `text` in mm."""
        ...

    def printable(self, text: str) -> str:
        """Return `text` with every character the font lacks spelled out."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A run of text; `y` is its baseline, `width` its measured width in mm.

    `rtl` tells that it is part of a text that is read from right to left; `x` is its left edge all
    the same.
    """

    x: float
    y: float
    text: str
    style: Style
    width: float
    rtl: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """A line through `points`, closed and filled on demand; `stroke` is its width in mm."""

    points: tuple[tuple[float, float], ...]
    colour: str | None = INK
    fill: str | None = None
    stroke: float = 0.2
    dashed: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with rounded corners of `radius` mm; an ellipse when the radius is half."""

    x: float
    y: float
    width: float
    height: float
    radius: float = 0.0
    colour: str | None = None
    fill: str | None = None
    stroke: float = 0.2
    dashed: bool = False


Item: TypeAlias = Text | Path | Box


@dataclass(frozen=True, slots=True)
class Block:
    """Items that belong together, placed from (0, 0), and the height they take in mm."""

    height: float
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The items of one A4 page in drawing order."""

    title: str
    items: tuple[Item, ...]


def moved(item: Item, dx: float, dy: float) -> Item:
    """Return `item` moved by (`dx`, `dy`) mm."""
    if isinstance(item, Path):
        return replace(item, points=tuple((x + dx, y + dy) for x, y in item.points))
    return replace(item, x=item.x + dx, y=item.y + dy)


def placed(block: Block, dx: float, dy: float) -> tuple[Item, ...]:
    """Return the items of `block` moved to (`dx`, `dy`) mm."""
    return tuple(moved(item, dx, dy) for item in block.items)


def mirrored(block: Block, width: float = WIDTH) -> Block:
    """Return `block` for a page that is read from right to left: its right edge where left was."""
    return Block(block.height, tuple(_mirrored(item, width) for item in block.items))


def _mirrored(item: Item, width: float) -> Item:
    if isinstance(item, Path):
        return replace(item, points=tuple((width - x, y) for x, y in item.points))
    if isinstance(item, Text):
        return replace(item, x=width - item.x - item.width, rtl=True)
    return replace(item, x=width - item.x - item.width)


def read_from_right(block: Block) -> Block:
    """Return `block` with its places kept and its texts read from right to left."""
    items = (replace(i, rtl=True) if isinstance(i, Text) else i for i in block.items)
    return Block(block.height, tuple(items))


def stacked(blocks: list[Block], gap: float = 0.0) -> Block:
    """Return `blocks` one below the other, `gap` mm between those that are not empty."""
    items: list[Item] = []
    top = 0.0
    for block in blocks:
        if not block.height:
            continue
        top += gap if items else 0.0
        items.extend(placed(block, 0.0, top))
        top += block.height
    return Block(top, tuple(items))


def side_by_side(left: Block, right: Block, dx: float) -> Block:
    """Return two blocks beside each other, the right one `dx` mm from the left edge."""
    return Block(max(left.height, right.height), left.items + placed(right, dx, 0.0))


def run(metrics: Metrics, text: str, style: Style, x: float, top: float) -> Text:
    """Return one line of `text` whose line box starts at (`x`, `top`) mm."""
    shown = metrics.printable(text)
    return Text(x, top + style.baseline, shown, style, metrics.width(shown, style))


def aligned_right(block: Block, right: float) -> Block:
    """Return the lines of text of `block` so that each ends at `right` mm."""
    items = (
        replace(item, x=right - item.width) if isinstance(item, Text) else item
        for item in block.items
    )
    return Block(block.height, tuple(items))


def paragraph(
    metrics: Metrics, text: str, style: Style, width: float, max_lines: int = 99
) -> Block:
    """Return `text` wrapped to `width` mm; what does not fit `max_lines` is cut and says so."""
    lines = wrap(metrics, text, style, width, max_lines)
    items = (run(metrics, line, style, 0.0, n * style.line) for n, line in enumerate(lines))
    return Block(len(lines) * style.line, tuple(items))


def wrap(metrics: Metrics, text: str, style: Style, width: float, max_lines: int = 99) -> list[str]:
    """Return the lines of `text` at `width` mm, at most `max_lines`, the last marked when cut."""
    shown = metrics.printable(text[:LONGEST_TEXT]).replace(" %", "\u00a0%")  # stays with its figure
    words = [word for word in shown.split(" ") if word]
    parts = [part for word in words for part in _pieces(metrics, word, style, width)]
    lines: list[str] = []
    for word, glued in parts:
        joined = lines[-1] + ("" if glued else " ") + word if lines else word
        if lines and metrics.width(joined, style) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    lines = _closed([line.replace("\u00a0", " ") for line in lines])
    if len(lines) <= max_lines and len(text) <= LONGEST_TEXT:
        return lines
    return [*lines[: max_lines - 1], _cut(metrics, lines[max_lines - 1 : max_lines], style, width)]


def _closed(lines: list[str]) -> list[str]:
    """Close what is isolated at the end of each line, and open it again on the next."""
    out: list[str] = []
    still_open = ""
    for line in lines:
        text = still_open + line
        still_open = _left_open(text)
        out.append(text + CLOSES * len(still_open))
    return out


def _left_open(text: str) -> str:
    """Return the isolates that begin in `text` and do not end there."""
    opened = ""
    for char in text:
        if char in {LEFT_TO_RIGHT, RIGHT_TO_LEFT}:
            opened += char
        elif char == CLOSES:
            opened = opened[:-1]
    return opened


def _pieces(metrics: Metrics, word: str, style: Style, width: float) -> list[tuple[str, bool]]:
    """Split a word wider than the line, after a hyphen, comma or bracket where there is one."""
    pieces: list[tuple[str, bool]] = []
    rest = word
    while metrics.width(rest, style) > width and len(rest) > 1:
        fit = _longest_prefix(metrics, rest, style, width)
        joint = 1 + max(rest.rfind(mark, 0, fit) for mark in "-,)]/_")
        cut = joint if joint > fit // 2 else fit
        pieces.append((rest[:cut], bool(pieces)))
        rest = rest[cut:]
    pieces.append((rest, bool(pieces)))
    return pieces


def _longest_prefix(metrics: Metrics, text: str, style: Style, width: float) -> int:
    lengths = range(1, len(text) + 1)
    return max(
        1, bisect_right(lengths, width, key=lambda length: metrics.width(text[:length], style))
    )


def _cut(metrics: Metrics, last: list[str], style: Style, width: float) -> str:
    text = last[0] if last else ""
    while text and metrics.width(text + SHORTENED, style) > width:
        text = text[:-1]
    return text + CLOSES * len(_left_open(text)) + SHORTENED
