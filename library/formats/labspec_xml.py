"""Horiba LabSpec XML: the program's own tree, with the numbers as text, one row per spectrum."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import numpy as np

from library.formats.labspec_tree import Node, Value, parsed
from library.formats.octets import check_curves, damaged, refuse_other_columns
from library.formats.records import Parsed, Request, Source
from library.formats.text import clip, number
from library.formats.xml_tree import parse_xml
from matching.spectrum import FloatArray

NAME = "LabSpec XML"
ROOT = b"<LSX_Data"
HEAD_BYTES = 2000
INTEGER, REAL, ARRAY, TEXT, WIDE_TEXT, NODE = 4, 5, 6, 7, 8, 9
_NOT_NUMERIC = re.compile(r"[^0-9eE+\-.\s]")


def sniff(source: Source) -> bool:
    """Tell whether the first element is LabSpec's."""
    return ROOT in source.data[:HEAD_BYTES]


def parse(source: Source, request: Request) -> Parsed:
    """Read the spectrum, or every spectrum of a series or map, in the order of its rows."""
    refuse_other_columns(request, NAME)
    top = parse_xml(source.data, "content")
    tree, matrix = top.find("LSX_Tree"), top.find("LSX_Matrix")
    if top.tag != "LSX_Data" or tree is None or matrix is None:
        raise damaged("it is not made of a tree and a matrix, as LabSpec's XML is")
    found = matrix.findall("LSX_Row")
    check_curves(len(found))
    rows = [_numbers(row) for row in found]
    stated = _integer(matrix.get("Size", ""))
    if stated != sum(len(row) for row in rows):
        raise damaged(f"its matrix states {stated} numbers and holds {sum(map(len, rows))}")
    return parsed(_node(tree), rows)


def _node(element: Element) -> Node:
    """Return `element` and all below it; a damaged node is damage, not a gap."""
    code, form = _integer(element.get("ID", "")), _integer(element.get("Format", ""))
    if form == NODE:
        return Node(code, children=tuple(_node(child) for child in element))
    return Node(code, _value(form, element))


def _value(form: int, element: Element) -> Value:
    text = (element.text or "").strip()
    if form == ARRAY:
        return _numbers(element)
    if form == INTEGER:
        return _integer(text) if text else None
    if form == REAL:
        value = number(text)
        if text and value is None:
            raise damaged(f"{clip(text)!r} is not a number")
        return value
    return text if form in {TEXT, WIDE_TEXT} else None


def _integer(text: str) -> int:
    """Return the whole number in `text`, decimal or 0x."""
    if re.fullmatch(r"-?[0-9]{1,12}|0x[0-9A-Fa-f]{1,8}", text):
        return int(text, 0) if text.startswith("0x") else int(text)
    raise damaged(f"{clip(text)!r} is not a whole number")


def _numbers(element: Element) -> FloatArray:
    text, stated = element.text or "", _integer(element.get("Size", ""))
    cells = text.split()
    if len(cells) != stated:
        raise damaged(f"an array states {stated} numbers and holds {len(cells)}")
    if _NOT_NUMERIC.search(text):
        raise damaged("an array holds something that is no number")
    try:
        values = np.array([float(cell) for cell in cells], dtype=np.float64)
    except ValueError as error:
        raise damaged(f"an array holds something that is no number ({error})") from error
    if not np.isfinite(values).all():
        raise damaged("an array holds a number that is not finite")
    return values
