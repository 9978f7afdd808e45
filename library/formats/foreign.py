"""Formats that are known by name but not read: what a file is, and what to export instead.

One table, asked after every reader has declined, so a format that gets a reader needs no change
here. A row is looked for at the file's start and, where given, somewhere in its first part too.
"""

from __future__ import annotations

from dataclasses import dataclass

from library.errors import ForeignFormatError
from library.formats.records import Source

SEARCHED_BYTES = 300_000


@dataclass(frozen=True, slots=True)
class Foreign:
    """One format: how it begins, what it is called, and what to do instead of reading it."""

    begins: bytes
    name: str
    remedy: str
    holds: bytes = b""


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")


SHIMADZU = "export it as text or JCAMP-DX from the Shimadzu program"
TEXT_EXPORT = "export the spectrum as text, JCAMP-DX or SPC from the program that made it"
NO_SPECTRUM = "give the spectrum's own file, not a picture or a document of it"
UNPACK = "unpack it and give the spectrum inside"
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SAVE_CSV = "save the sheet with the spectrum as CSV"

# The first row that fits names the file; a row with more signature stands before one with less.
FOREIGN: tuple[Foreign, ...] = (
    Foreign(
        OLE2,
        "a Shimadzu UV spectrum (.spc of the UVProbe kind, not Galactic SPC)",
        SHIMADZU,
        _wide("DataSetGroup"),
    ),
    Foreign(OLE2, "an Excel workbook (.xls)", SAVE_CSV, _wide("Workbook")),
    Foreign(OLE2, "a compound document (OLE2)", TEXT_EXPORT),
    Foreign(b"\x00\x08\x02\x00", "an older Shimadzu UV spectrum (no Galactic SPC)", SHIMADZU),
    Foreign(b"\x01\x00\x01\x00", "an ORTEC gamma spectrum (no Galactic SPC)", NO_SPECTRUM),
    Foreign(b"\x01\x00\x05\x00", "an ORTEC gamma spectrum (no Galactic SPC)", NO_SPECTRUM),
    Foreign(b"\xf6\x28\x1c\x3f", "an EDAX (FEI) X-ray spectrum (no Galactic SPC)", NO_SPECTRUM),
    Foreign(b"\x33\x33\x33\x3f", "an EDAX (FEI) X-ray spectrum (no Galactic SPC)", NO_SPECTRUM),
    Foreign(
        b"",
        "an OpenRAMAN 'Spectrum Analyzer' file (no Galactic SPC)",
        "export it as CSV from Spectrum Analyzer",
        b"Spectrum Analyzer",
    ),
    Foreign(b"#WXD", "a Renishaw WiRE 2 or 3 file (.wxd)", "save it from WiRE as .wdf or text"),
    Foreign(b"NGSNextGen", "a LabSpec 5 file (.ngs, .ngc)", "save it as text from LabSpec"),
    Foreign(b"Spectral Exte File", "a group of OMNIC spectra (.spg)", "save each as .spa or CSV"),
    Foreign(b"\x89HDF\r\n\x1a\n", "an HDF5 file that is no NeXus Raman file", TEXT_EXPORT),
    Foreign(b"MATLAB 5.0 MAT-file", "a MATLAB file (.mat)", TEXT_EXPORT),
    Foreign(b"\x93NUMPY", "a NumPy array (.npy)", TEXT_EXPORT),
    Foreign(b"SQLite format 3\x00", "a database (SQLite)", TEXT_EXPORT),
    Foreign(
        b"PK\x03\x04",
        "an Ocean Optics ProcSpec file",
        "open it in SpectraSuite or OceanView and save it as text",
        b"ps_",
    ),
    Foreign(b"PK\x03\x04", "an Excel workbook (.xlsx)", SAVE_CSV, b"xl/"),
    Foreign(b"PK\x03\x04", "a Word document (.docx)", NO_SPECTRUM, b"word/"),
    Foreign(b"PK\x03\x04", "a ZIP archive", UNPACK),
    Foreign(b"BZh", "an archive (bzip2)", UNPACK),
    Foreign(b"\xfd7zXZ\x00", "an archive (xz)", UNPACK),
    Foreign(b"7z\xbc\xaf\x27\x1c", "an archive (7z)", UNPACK),
    Foreign(b"Rar!\x1a\x07", "an archive (RAR)", UNPACK),
    Foreign(b"\x1f\x8b", "an archive (gzip)", UNPACK),
    Foreign(b"%PDF-", "a PDF document", NO_SPECTRUM),
    Foreign(b"{\\rtf", "a document (RTF)", NO_SPECTRUM),
    Foreign(b"\x89PNG\r\n\x1a\n", "a picture (PNG)", NO_SPECTRUM),
    Foreign(b"\xff\xd8\xff", "a picture (JPEG)", NO_SPECTRUM),
    Foreign(b"GIF8", "a picture (GIF)", NO_SPECTRUM),
    Foreign(b"II*\x00", "a picture (TIFF)", NO_SPECTRUM),
    Foreign(b"MM\x00*", "a picture (TIFF)", NO_SPECTRUM),
    Foreign(b"BM", "a picture (BMP)", NO_SPECTRUM, b"\x28\x00\x00\x00\x00"),
    Foreign(b"<!DOCTYPE html", "a web page", NO_SPECTRUM),
    Foreign(b"<html", "a web page", NO_SPECTRUM),
    Foreign(b"MZ", "a program", NO_SPECTRUM, b"This program"),
    Foreign(b"\x7fELF", "a program", NO_SPECTRUM),
)


def refusal(source: Source) -> ForeignFormatError | None:
    """Return why a file that no reader recognises is not read, when it is known by name."""
    head = source.data[:SEARCHED_BYTES]
    for foreign in FOREIGN:
        if head.startswith(foreign.begins) and foreign.holds in head and (
            foreign.begins or not source.lines
        ):  # fmt: skip
            return ForeignFormatError(
                f"this is {foreign.name}, which is not read", "", foreign.remedy
            )
    return None
