"""Files of other programs: refused by name, with what to export instead."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from library.errors import ForeignFormatError, UnknownFormatError
from library.formats import read_bytes
from library.formats.foreign import FOREIGN

OLE2 = bytes.fromhex("d0cf11e0a1b11ae1")


def wide(text):
    return text.encode("utf-16-le")


def packed(name):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "content " * 20)
    return stream.getvalue()


FILES = {
    "Shimadzu UV": OLE2 + bytes(900) + wide("DataSetGroup") + bytes(500),
    "Excel workbook (.xls)": OLE2 + bytes(900) + wide("Workbook") + bytes(500),
    "OLE2": OLE2 + bytes(900),
    "older Shimadzu": bytes.fromhex("0008020003000500") + bytes(1700),
    "ORTEC": bytes.fromhex("01000100") + bytes(2000),
    "EDAX (FEI)": bytes.fromhex("f6281c3f") + bytes(3000),
    "OpenRAMAN": b"\x01\x02Spectrum Analyzer\x00" + bytes(600),
    "WiRE 2 or 3": b"#WXD" + bytes(400),
    "LabSpec 5": b"NGSNextGen" + bytes(400),
    "OMNIC spectra": b"Spectral Exte File\r\n" + bytes(400),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(400),
    "MATLAB": b"MATLAB 5.0 MAT-file, Platform: PCWIN64" + bytes(400),
    "ProcSpec": packed("ps_1.xml"),
    "Excel workbook (.xlsx)": packed("xl/workbook.xml"),
    "ZIP": packed("notes.txt"),
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(400),
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(400),
    "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(400),
    "TIFF": b"II*\x00" + bytes(400),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(400),
    "SQLite": b"SQLite format 3\x00" + bytes(400),
    "web page": b"<!DOCTYPE html>\n<html><body>a</body></html>\n",
}


@pytest.mark.parametrize("name", FILES)
def test_a_foreign_file_is_named_and_says_what_to_do(name):
    with pytest.raises(ForeignFormatError) as caught:
        read_bytes(FILES[name], where="f")
    assert name in caught.value.what
    assert caught.value.remedy
    assert caught.value.code == "foreign_format"
    assert isinstance(caught.value, UnknownFormatError)


@pytest.mark.parametrize("name", ["PNG", "Shimadzu UV", "PDF"])
def test_a_foreign_file_packed_with_gzip_is_named_too(name):
    with pytest.raises(ForeignFormatError) as caught:
        read_bytes(gzip.compress(FILES[name]), where="f")
    assert name in caught.value.what


@pytest.mark.parametrize(
    "data", [b"\x00" * 500, b"\xff" * 500, bytes(range(256)) * 20, b"a letter"]
)
def test_what_nobody_knows_is_not_named(data):
    with pytest.raises(UnknownFormatError) as caught:
        read_bytes(data, where="f")
    assert type(caught.value) is UnknownFormatError


def test_a_letter_about_a_program_is_no_file_of_it():
    with pytest.raises(UnknownFormatError) as caught:
        read_bytes(b"Dear colleague,\nSpectrum Analyzer gave no file today.\n", where="f")
    assert type(caught.value) is UnknownFormatError


def test_the_table_says_something_in_every_row():
    assert all(row.name and row.remedy and (row.begins or row.holds) for row in FOREIGN)
