"""The vendors' text families with exact signatures, in the order they are asked."""

from __future__ import annotations

from functools import partial

from library.formats import (
    andor,
    avantes,
    bwspec,
    dash,
    enlighten,
    enlighten_json,
    keyed,
    labspec,
    ocean,
    openspecy,
    perkinelmer,
    rruff,
    session,
    wire_text,
    witec_text,
)
from library.formats.records import Reader

TEXT_READERS: tuple[Reader, ...] = (
    Reader(bwspec.NAME, bwspec.sniff, bwspec.parse),
    Reader(dash.NAME, dash.sniff, dash.parse),
    Reader(enlighten_json.NAME, enlighten_json.sniff, enlighten_json.parse),
    Reader(openspecy.NAME, openspecy.sniff, openspecy.parse),
    Reader(session.NAME, session.sniff, session.parse),
    Reader(enlighten.NAME, enlighten.sniff, enlighten.parse),
    Reader(labspec.NAME, labspec.sniff, labspec.parse),
    Reader(wire_text.NAME, wire_text.sniff, wire_text.parse),
    Reader(witec_text.NAME, witec_text.sniff, witec_text.parse),
    Reader(rruff.NAME, rruff.sniff, rruff.parse),
    Reader(ocean.NAME, ocean.sniff, ocean.parse),
    Reader(avantes.NAME, avantes.sniff, avantes.parse),
    Reader(andor.NAME, andor.sniff, andor.parse),
    *(
        Reader(layout.name, partial(keyed.sniff, layout), partial(keyed.parse, layout))
        for layout in keyed.LAYOUTS
    ),
    Reader(perkinelmer.NAME, perkinelmer.sniff, perkinelmer.parse),
)
