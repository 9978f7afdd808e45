"""XML without its dangers: no document type, no entities, a limited depth."""

from __future__ import annotations

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from library.formats.octets import damaged

MAX_DEPTH = 200
MAX_ELEMENTS = 300_000  # a map of 100,000 spectra has as many rows; an element costs 500 bytes


def parse_xml(raw: bytes, what: str) -> Element:
    """Return the root element of `raw`.

    A document type is where entity bombs and outside references are declared; no instrument's
    file needs one, so it is refused as soon as it begins.

    Raises
    ------
    DamagedFileError
        It is not well-formed, cut off, too deep, too long, or declares a document type.
    """
    builder, depth, count = TreeBuilder(), 0, 0
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if count > MAX_ELEMENTS:
            raise damaged(f"its {what} has more than {MAX_ELEMENTS:,} elements")
        if depth > MAX_DEPTH:
            raise damaged(f"its {what} has elements nested {MAX_DEPTH} deep and more")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def doctype(*_: object) -> None:
        raise damaged(f"its {what} declares a document type, as XML bombs do")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise damaged(f"its {what} is not well-formed XML ({error})") from error
    return builder.close()


def local(element: Element) -> str:
    """Return the name of `element` without its namespace."""
    return str(element.tag).rpartition(" ")[2]


def below(element: Element, name: str) -> list[Element]:
    """Return all descendants of `element` called `name` in any namespace, in order."""
    return [child for child in element.iter() if local(child) == name]
