"""The flow of blocks over pages: what stays together, what is repeated, where pages break."""

from __future__ import annotations

from dataclasses import dataclass, replace

from spectra_app.reports.page import Block, Item, placed

ROW_GAP = 0.25  # between the rows of a table, mm
TIGHT = (1.0, 0.8, 0.6)  # of every gap: closer where that saves a nearly empty page
LEAST_LAST = 0.3  # of a page: a last one that holds less takes over the section before


@dataclass(frozen=True, slots=True)
class Piece:
    """A block in the flow of pages.

    `gap` is the distance in mm to what stands above; `keep` holds it on the page of the next
    block; `head` is repeated above it when it begins a page. `begins` marks the head of a section:
    a page may be broken before it.
    """

    block: Block
    gap: float
    keep: bool = False
    head: Block | None = None
    begins: bool = False
    breaks: bool = False


def spread(flow: list[Piece], room: float) -> list[Block]:
    """Return the pages of a flow, of which the last is not nearly empty where that can be helped.

    Gaps are closed a little when that saves the page; otherwise the last page takes over whole
    sections from the one before.
    """
    pages, filled = _laid(flow, room)
    if len(pages) < 2 or filled >= LEAST_LAST * room:
        return pages
    for factor in TIGHT[1:]:
        closer = [replace(piece, gap=piece.gap * factor) for piece in flow]
        fewer, _ = _laid(closer, room)
        if len(fewer) < len(pages):
            return fewer
    for place in range(len(flow) - 1, 0, -1):
        if flow[place].begins:
            moved = [*flow[:place], replace(flow[place], breaks=True), *flow[place + 1 :]]
            other, fill = _laid(moved, room)
            if len(other) > len(pages):
                break
            if fill >= LEAST_LAST * room:
                return other
    return pages


def _laid(flow: list[Piece], room: float) -> tuple[list[Block], float]:
    """Return the pages of a flow, and how much of the last one is filled, in mm."""
    pages: list[list[Item]] = [[]]
    top = 0.0
    for place, item in enumerate(flow):
        needed = _needed(flow, place, room)
        gap = item.gap if pages[-1] else 0.0
        if pages[-1] and (item.breaks or top + gap + needed > room):
            pages.append([])
            top, gap = 0.0, 0.0
            if item.head is not None:
                pages[-1] += item.head.items
                top, gap = item.head.height, ROW_GAP
        pages[-1] += placed(item.block, 0.0, top + gap)
        top += gap + item.block.height
    return [Block(room, tuple(items)) for items in pages], top


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
