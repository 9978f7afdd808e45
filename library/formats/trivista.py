"""S&I TriVista .tvf: XML with the axis as an array and the frames as lists of numbers."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from library.errors import UnsupportedFormError
from library.formats.checks import check_curve
from library.formats.octets import check_curves, check_points, damaged, refuse_other_columns
from library.formats.records import Metadata, Parsed, Request, Source, Trace
from library.formats.text import clip, number
from library.formats.xml_tree import parse_xml
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "TriVista"
MARKS = (b"<XmlMain", b"TriVista")
HEAD_BYTES = 2000
NANOMETRE = "nanometer"
_NOT_NUMERIC = re.compile(r"[^0-9eE+\-.]")
KEPT = ("RecordTime", "Label", "DataLabel", "DocType", "ModeName")


def sniff(source: Source) -> bool:
    """Tell whether the first element and the program's name are there."""
    head = source.data[:HEAD_BYTES]
    return all(mark in head for mark in MARKS)


def parse(source: Source, request: Request) -> Parsed:
    """Read every frame, and every row of a frame, as a spectrum of its own."""
    refuse_other_columns(request, NAME)
    top = parse_xml(source.data, "content")
    documents = top.findall("Documents/Document")
    if not documents:
        raise damaged("it holds no document")
    traces: list[Trace] = []
    notes: list[str] = []
    for document in documents:
        found, laser_unknown = _document(document)
        traces += found
        check_curves(len(traces))
        if laser_unknown:
            notes.append(f"The laser line is given as {laser_unknown!r}, which is none: not taken.")
        if document.find("Childs/Document") is not None:
            notes.append("Documents inside a document were not read.")
    return Parsed(tuple(traces), tuple(dict.fromkeys(notes)))


def _document(document: Element) -> tuple[list[Trace], str]:
    """Return the spectra of a document, and a laser line that is none."""
    calibration = document.find("xDim/Calibration")
    if calibration is None:
        raise damaged("a document has no axis")
    axis, unit = _axis(calibration), calibration.get("Unit", "")
    stated = calibration.get("LaserWave", "")
    laser = number(stated) if stated else None
    unusable = stated if laser != 0 and (laser is None or not 150 <= laser <= 2500) else ""
    base: dict[str, Any] = {
        **_placed(axis, unit),
        "intensity_unit": document.get("DataLabel", ""),
        "laser_nm": laser if laser and not unusable else None,
        "acquisition": Acquisition(measured_at=document.get("RecordTime") or None),
        "history": (Step("intensities read", (("label", document.get("Label", "")),)),),
    }
    rows = [row for frame in document.findall("Data/Frame") for row in _rows(frame)]
    if not rows:
        raise damaged("a document holds no frame")
    about = _metadata(document)
    traces = []
    for at, row in enumerate(rows, 1):
        check_curve(axis, row, f"frame {at}")
        place = (("spectrum", f"{at} of {len(rows)}"),) if len(rows) > 1 else ()
        name = (document.get("Label") or "spectrum") if len(rows) > 1 else None
        traces.append(Trace(intensity=row, name=name, metadata=(*place, *about), **base))
    return traces, unusable if stated else ""


def _placed(axis: FloatArray, unit: str) -> dict[str, Any]:
    if unit.lower() == NANOMETRE:
        return {"wavelength_nm": axis}
    return {"other_axis": axis, "other_unit": clip(unit)}


def _axis(calibration: Element) -> FloatArray:
    """Return the axis, ``count|value|value...``."""
    if calibration.get("Type") != "ValueArray":
        raise UnsupportedFormError(
            f"its axis is a {clip(calibration.get('Type', 'curve without a name'))!r}",
            "",
            "export the spectrum as text from TriVista",
        )
    count, *cells = calibration.get("ValueArray", "").split("|")
    if not re.fullmatch(r"[0-9]{1,9}", count) or int(count) != len(cells):
        raise damaged(f"its axis states {clip(count)!r} values and holds {len(cells)}")
    return _numbers(cells, "axis")


def _rows(frame: Element) -> list[FloatArray]:
    """Return the rows of one frame, as its stated width and height cut them."""
    width, height = _count(frame, "xDim"), _count(frame, "yDim")
    cells = (frame.text or "").strip().removesuffix(";").split(";")
    if len(cells) != width * height:
        raise damaged(f"a frame states {width} x {height} values and holds {len(cells)}")
    return list(_numbers(cells, "frame").reshape(height, width))


def _count(frame: Element, name: str) -> int:
    text = frame.get(name, "")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise damaged(f"a frame's {name} is {clip(text)!r}")
    return check_points(int(text))


def _numbers(cells: list[str], what: str) -> FloatArray:
    for cell in cells:
        if not cell.strip() or _NOT_NUMERIC.search(cell.strip()):
            raise damaged(f"{clip(cell)!r} in its {what} is not a number")
    try:
        values = np.array([float(cell) for cell in cells], dtype=np.float64)
    except ValueError as error:
        raise damaged(f"its {what} holds something that is no number ({error})") from error
    if not np.isfinite(values).all():
        raise damaged(f"its {what} holds a number that is not finite")
    return values


def _metadata(document: Element) -> Metadata:
    return tuple((key, value) for key in KEPT if (value := document.get(key)))
