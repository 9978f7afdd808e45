"""Made-up LabSpec trees, for its XML and its binary files alike."""

from __future__ import annotations

import struct

import numpy as np

AXES, AXIS_LIST = 0x7A74D9D6, 0x7B697861
TYPE, UNIT, NUMBERS, TITLE = 0x6D707974, 0x7C696E75, 0x7D6CD4DB, 0x6C7469D9
SETTINGS, ACQUISITION = 0x6C62D4D9, 0x08716361
LABEL, VALUE, EXACT = 0x6D6D616E, 0x7D6C61DB, 0x08736F70


def curve(points=40):
    """Return a descending axis and intensities that float32 holds exactly."""
    axis = np.float32(np.linspace(1800.0, 300.0, points)).astype(float)
    return axis, np.round(500 * np.exp(-(((axis - 1000) / 80.0) ** 2))) + 20.0


def setting(number, label, value, exact=None):
    """Return one setting: its label, its value, and the exact number behind it."""
    exact = [] if exact is None else [(EXACT, float(exact))]
    return (number, [(LABEL, label), (VALUE, value), *exact])


def tree(axis, unit="1/cm", *, y=None, laser=("785", 784.48), places=(), settings=()):
    """Return a tree of (code, content): text, int, float, array or list of such."""
    intensity = [(TYPE, "Intens"), (UNIT, "Cnt"), *([] if y is None else [(NUMBERS, y)])]
    spectral = [(NUMBERS, axis), (TYPE, "Spectr"), (UNIT, unit)]
    more = [(2 + at, [(NUMBERS, place), (TYPE, "XA")]) for at, place in enumerate(places)]
    known = [setting(1, "Acq. time (s)", 8.0), setting(2, "Accumulations", 8), *settings]
    if laser is not None:
        known.append(setting(3, "Laser (nm)", *laser))
    axes = [(AXES, [(AXIS_LIST, [(0, intensity), (1, spectral), *more])])]
    return [(TITLE, "Sample 12"), *axes, (SETTINGS, [(ACQUISITION, known)])]


def xml(nodes, rows, *, head='<?xml version="1.0" encoding="UTF-8"?>\n'):
    """Return LabSpec's XML of a tree and rows of intensities."""
    total = sum(len(row) for row in rows)
    cells = "".join(
        f'<LSX_Row Format="6" Index="{at}" Size="{len(row)}">\n{_listed(row)}\n</LSX_Row>\n'
        for at, row in enumerate(rows)
    )
    text = (
        f'{head}<LSX_Data>\n<LSX_Tree Format="9" ID="0x1" Size="{len(nodes)}">\n'
        + "".join(map(_element, nodes))
        + f'</LSX_Tree>\n<LSX_Matrix Format="6" ID="0x7D6CD4DB" Size="{total}">\n{cells}'
        + "</LSX_Matrix>\n</LSX_Data>\n"
    )
    return text.encode()


def _listed(values):
    return " ".join(f"{value:.9g}" for value in values)


def _element(node):
    code, content = node
    form, size, inner = _written(content)
    return f'<LSX Format="{form}" ID="{code:#X}"{size}>{inner}</LSX>\n'.replace("0X", "0x")


def _written(content):
    if isinstance(content, list):
        return 9, f' Size="{len(content)}"', "\n" + "".join(map(_element, content))
    if isinstance(content, np.ndarray):
        return 6, f' Size="{len(content)}"', f"\n{_listed(content)}\n"
    if isinstance(content, str):
        return 7, "", content.replace("&", "&amp;").replace("<", "&lt;")
    return (4 if isinstance(content, int) else 5), "", str(content)


def binary(nodes):
    """Return LabSpec's .l6s of a tree, each content behind the records of its siblings."""
    return b"LabSpec6".ljust(0x4C, b"\0") + _record(0x1009, 0x3A14, len(nodes)) + _below(nodes)


def _record(form, code, size, pointer=0):
    return struct.pack("<6I", form, 0, code, 0, pointer, size)


def _inline(form, code, raw):
    return struct.pack("<4I", form, 0, code, 0) + raw.ljust(8, b"\0")


def _below(nodes):
    records, contents = b"", b""
    for at, (code, content) in enumerate(nodes):
        if isinstance(content, list):
            records += _record(0x1009, code, len(content))
            contents += _below(content)
        elif isinstance(content, np.ndarray):
            records += _record(0x1006, code, len(content))
            contents += np.float32(content).tobytes()
        elif isinstance(content, int):
            records += _inline(4, code, struct.pack("<i", content))
        elif isinstance(content, float):
            records += _inline(5, code, struct.pack("<d", content))
        else:
            raw = content.encode("latin-1") + b"\0"
            if len(raw) <= 8:
                records += _inline(7, code, raw)
            else:
                unique = hash((code, content, at)) & 0x7FFFFFFF | 1
                records += _record(0x1007, code, len(raw), unique)
                contents += raw
    return records + contents


def by_reader():
    """Return sound Raman files by the name of their reader."""
    axis, y = curve()
    return {
        "LabSpec XML": [
            xml(tree(axis), [y]),
            xml(tree(785.0 + axis / 20, "nm", places=[np.arange(3.0)]), [y, y + 1, y + 2]),
        ],
        "LabSpec 6 file": [binary(tree(axis, y=y)), binary(tree(785.0 + axis / 20, "nm", y=y))],
    }
