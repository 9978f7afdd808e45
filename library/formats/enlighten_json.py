"""Wasatch ENLIGHTEN JSON: 'metadata', 'spectrometerSettings' with the axes, 'spectrum'."""

from __future__ import annotations

from library.errors import DamagedFileError
from library.formats import enlighten
from library.formats.assemble import Facts
from library.formats.json_text import cells, head, part, read_object
from library.formats.records import Metadata, Parsed, Request, Source
from library.formats.table import Table
from library.formats.text import EXPORT_AGAIN, clip

NAME = "ENLIGHTEN JSON"
AXES = {"wavelengths": "wavelength", "wavenumbers": "wavenumber"}


def sniff(source: Source) -> bool:
    """Tell whether an object begins with ENLIGHTEN's metadata."""
    text = head(source)
    return '"ENLIGHTEN Version"' in text and '"metadata"' in text


def parse(source: Source, request: Request) -> Parsed:
    """Read the one measurement of the file."""
    found = read_object(source)
    settings, spectrum = part(found, "spectrometerSettings"), part(found, "spectrum")
    columns = {
        name: cells(settings[key], key)
        for key, name in AXES.items()
        if settings.get(key) is not None
    }
    for key, value in spectrum.items():
        name = AXES.get(key.lower(), key.lower())
        if value is not None and name in (*enlighten.AXES, *enlighten.KINDS):
            columns[name] = cells(value, key)
    lengths = {len(column) for column in columns.values()}
    if not {"wavelength", "wavenumber"} & set(columns) or len(lengths) != 1 or lengths == {0}:
        raise DamagedFileError(
            "the axis is missing, or the lists of the measurement differ in length",
            clip(", ".join(f"{name} {len(column)}" for name, column in columns.items()), 80),
            EXPORT_AGAIN,
        )
    names = list(columns)
    table = Table(tuple(names), tuple(columns.values()), 1, across=True)
    trace, notes = enlighten.measurement(table, names, Facts(_metadata(found)), request)
    return Parsed((trace,), tuple(notes))


def _metadata(found: dict[str, object]) -> Metadata:
    facts = part(found, "metadata").items()
    plain = str | int | float | bool
    return tuple(
        (key, str(value)[:1000] if isinstance(value, plain) else "") for key, value in facts
    )
