"""Readers of the file formats spectra come in, chosen by content.

A format is one module with `sniff` and `parse`, and one row in `reading.READERS`.
"""

from library.formats.reading import (
    READERS,
    load,
    read_bytes,
    read_file,
    read_traces,
    select,
    select_traces,
)
from library.formats.records import Column, NamedSpectrum, Reader, ReadResult, Trace, TraceFile

__all__ = [
    "READERS",
    "Column",
    "NamedSpectrum",
    "ReadResult",
    "Reader",
    "Trace",
    "TraceFile",
    "load",
    "read_bytes",
    "read_file",
    "read_traces",
    "select",
    "select_traces",
]
