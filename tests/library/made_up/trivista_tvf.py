"""TriVista files: XML with an axis, and frames as lists of numbers."""

from __future__ import annotations

import numpy as np


def tvf(axis, frames, *, unit="Nanometer", laser="785.000", label="Intensity", kind="ValueArray"):
    """Return a file of `frames`, shape (frames, rows, width)."""
    values = "|".join([str(len(axis)), *(repr(float(value)) for value in axis)])
    rows = "".join(
        f'<Frame xDim="{frame.shape[1]}" yDim="{frame.shape[0]}" TimeStamp="0" Type="Number">'
        + ";".join(f"{value:g}" for value in frame.ravel())
        + "</Frame>\n"
        for frame in frames
    )
    text = (
        "<!--TriVista-File. (c) S&I GmbH, all rights reserved. -->\n"
        '<XmlMain Version="1.0.1" DateTime="06/27/2022 18:17:03">\n<Hardware Version="2" />\n'
        f'<Documents Count="1">\n<Document Label="{label}" DataLabel="Counts" DocType="Spectra" '
        f'RecordTime="09/29/2016 12:51:30">\n<xDim Length="{len(axis)}"><Calibration '
        f'Unit="{unit}" Type="{kind}" LaserWave="{laser}" ValueArray="{values}" /></xDim>\n'
        f'<Data DataType="Double">\n{rows}</Data>\n<Childs Count="0" />\n</Document>\n'
        "</Documents>\n</XmlMain>\n"
    )
    return b"\xef\xbb\xbf" + text.encode()


def curves(count=1, rows=1, width=40):
    """Return an axis in nm, and counts of the shape (count, rows, width)."""
    axis = 800.0 + 0.5 * np.arange(width)
    band = np.round(700 * np.exp(-(((axis - 810) / 2.0) ** 2)))
    return axis, 50.0 + band + np.arange(count * rows).reshape(count, rows, 1)


def by_reader():
    """Return sound Raman files by the name of their reader."""
    return {"TriVista": [tvf(*curves()), tvf(*curves(3))]}
