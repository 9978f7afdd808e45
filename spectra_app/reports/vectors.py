"""Printed shapes as SVG, for reports that are read in a browser: no script, nothing fetched."""

from __future__ import annotations

from html import escape

from spectra_app.reports.page import MM_PER_POINT, Block, Box, Item, Path, Style, Text
from spectra_app.reports.texts import without_isolates

# Advance widths of Noto Sans in em, rounded up: enough to place a label beside another.
NARROW, WIDE, USUAL = 0.30, 0.95, 0.60
_NARROW, _WIDE = frozenset(" .,:;'|!ijlIt()[]"), frozenset("mwMW%@×→")


class RoughMetrics:
    """Widths of letters without a font at hand: generous, so that nothing overlaps."""

    def width(self, text: str, style: Style) -> float:
        """Return about the width of `text` in mm, rather more than less."""
        return sum(map(_em, without_isolates(text))) * style.size * MM_PER_POINT

    def printable(self, text: str) -> str:
        """Return `text`: the reader's browser has fonts of its own."""
        return text


def _em(char: str) -> float:
    if char in _NARROW:
        return NARROW
    return WIDE if char in _WIDE else USUAL


def svg(block: Block, width: float, title: str) -> str:
    """Return `block` as an SVG element, `width` mm wide; `title` is what it shows, in words."""
    shapes = "".join(_shape(item) for item in block.items)
    size = f'width="{width:g}mm" height="{block.height:.2f}mm"'
    box = f'viewBox="0 0 {width:g} {block.height:.2f}"'
    return f'<svg {size} {box} role="img"><title>{escape(title)}</title>{shapes}</svg>'


def _shape(item: Item) -> str:
    if isinstance(item, Text):
        return _words(item)
    paint = _paint(item)
    if isinstance(item, Box):
        places = f'x="{item.x:.2f}" y="{item.y:.2f}" rx="{item.radius:.2f}"'
        return f'<rect {places} width="{item.width:.2f}" height="{item.height:.2f}"{paint}/>'
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in item.points)
    return f'<{"polygon" if item.closed else "polyline"} points="{points}"{paint}/>'


def _words(item: Text) -> str:
    weight = ' font-weight="bold"' if item.style.bold else ""
    way = ' direction="rtl" text-anchor="end"' if item.rtl else ' direction="ltr"'
    size = item.style.size * MM_PER_POINT
    place = f'x="{item.x:.2f}" y="{item.y:.2f}" font-size="{size:.2f}" fill="{item.style.colour}"'
    return f"<text {place}{weight}{way}>{escape(item.text)}</text>"


def _paint(item: Path | Box) -> str:
    fill = item.fill or "none"
    if item.colour is None:
        return f' fill="{fill}"'
    dashes = f' stroke-dasharray="{3 * item.stroke:g} {1.6 * item.stroke:g}"' if item.dashed else ""
    return f' fill="{fill}" stroke="{item.colour}" stroke-width="{item.stroke:g}"{dashes}'
