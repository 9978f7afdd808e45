"""Readers of the file formats spectra come in, chosen by content.

A format is one module with `sniff` and `parse`, and one row in `reading.READERS`.
"""

from library.formats.reading import READERS, load, read_bytes, read_file, select
from library.formats.records import Column, NamedSpectrum, Reader, ReadResult

__all__ = [
    "READERS",
    "Column",
    "NamedSpectrum",
    "ReadResult",
    "Reader",
    "load",
    "read_bytes",
    "read_file",
    "select",
]
