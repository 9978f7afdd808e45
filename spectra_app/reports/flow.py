"""The flow of blocks over pages: what stays together, what is repeated, where pages break."""

from __future__ import annotations

from dataclasses import dataclass

from spectra_app.reports.page import Block, Item, placed

ROW_GAP = 0.25  # between the rows of a table, mm


@dataclass(frozen=True, slots=True)
class Piece:
    """A block in the flow of pages.

    `gap` is the distance in mm to what stands above; `keep` holds it on the page of the next
    block; `head` is repeated above it when it begins a page.
    """

    block: Block
    gap: float
    keep: bool = False
    head: Block | None = None


def paginated(flow: list[Piece], room: float) -> list[Block]:
    """Return the pages of a flow, each with `room` mm of height."""
    pages: list[list[Item]] = [[]]
    top = 0.0
    for place, item in enumerate(flow):
        needed = _needed(flow, place, room)
        gap = item.gap if pages[-1] else 0.0
        if pages[-1] and top + gap + needed > room:
            pages.append([])
            top, gap = 0.0, 0.0
            if item.head is not None:
                pages[-1] += item.head.items
                top, gap = item.head.height, ROW_GAP
        pages[-1] += placed(item.block, 0.0, top + gap)
        top += gap + item.block.height
    return [Block(room, tuple(items)) for items in pages]


def _needed(flow: list[Piece], place: int, room: float) -> float:
    """Return the height of a block with what it must stay together with, as far as a page holds."""
    height = flow[place].block.height
    while flow[place].keep and place + 1 < len(flow):
        place += 1
        taller = height + flow[place].gap + flow[place].block.height
        if taller > room:
            break
        height = taller
    return height
