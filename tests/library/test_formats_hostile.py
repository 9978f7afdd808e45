"""Bad input: a named error with file, place and remedy, never a guess."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.errors import (
    AmbiguousAxisError,
    ColumnMissingError,
    DamagedFileError,
    EmptyFileError,
    FileError,
    FileTooLargeError,
    LaserMissingError,
    NotRamanError,
    UnknownFormatError,
)
from library.formats import read_bytes
from matching.errors import AxisError, IntensityError, SpectraError

Build = Callable[..., str]
LONG_LINE = 300_000 if os.environ.get("SPECTRA_FUZZ") else 100_000


def _refused(text: str | bytes, kind: type[SpectraError], match: str, **options: object) -> str:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(kind, match=match) as caught:
        read_bytes(data, where="scan.csv", **options)  # type: ignore[arg-type]
    error = caught.value
    assert type(error) is kind
    assert error.what
    assert error.where.startswith("scan.csv")
    assert error.remedy
    return error.where


def _swap(text: str, line: int, old: str, new: str) -> str:
    """Replace `old` in the `line`-th line counted from the end (1 = last)."""
    lines = text.splitlines()
    assert old in lines[-line]
    lines[-line] = lines[-line].replace(old, new, 1)
    return "\n".join(lines) + "\n"


def _cell(text: str, line: int, column: int, new: str, separator: str = ",") -> str:
    lines = text.splitlines()
    cells = lines[-line].split(separator)
    cells[column] = new
    lines[-line] = separator.join(cells)
    return "\n".join(lines) + "\n"


# --- Nothing, noise, other things --------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b" \r\n\t\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1a"])
def test_empty(data: bytes) -> None:
    _refused(data, EmptyFileError, "empty")


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 20,
        b"\x00" * 500,
        b"\xff" * 500,
        b"\xfe\xff\xd8\x00\x00",
    ],
)
def test_binary(data: bytes) -> None:
    _refused(data, UnknownFormatError, "no reader recognises")


@pytest.mark.parametrize(
    "text",
    [
        "Dear colleague,\nsee the attached file.\n",
        "##NAMES= x\n##JCAMP-DX= 4.24\n",
        "5\n6\n7\n",
        "#Anything=\t1\nabc\t5\n",
        "file,name\na.csv,b\n",
        '{"x": [1]}',
    ],
)
def test_other_text(text: str) -> None:
    _refused(text, UnknownFormatError, "no reader recognises")


def test_far_too_large_text_is_refused_before_it_is_cut_up() -> None:
    _refused("1,2\n" * 1_100_000, FileTooLargeError, "1,100,000 lines")
    _refused(b"1 2\n" * 9_000_000, FileTooLargeError, "36,000,000 bytes")
    wide = "Integration Time,1\nPixel,Wavenumber," + ",".join(f"n{i}" for i in range(200_000))
    _refused(wide + "\n0,1\n" * 40, FileTooLargeError, "200,002 columns")


@pytest.mark.fuzz
@pytest.mark.timeout(60)  # a second in all; a pattern that goes over a line again takes an hour
@pytest.mark.parametrize("filler", ["9", " ", ",", ";", "\t", '"', ".", "1,2 ", "9 9,", "a", "1e"])
def test_a_very_long_line(samples: dict[str, list[bytes]], filler: str) -> None:
    long = (filler * LONG_LINE)[:LONG_LINE].encode()
    for group in samples.values():
        lines = group[0].splitlines(keepends=True)
        for at in (0, len(lines) // 2, len(lines) - 1):
            for row in (long + b"\n", lines[at].strip() + long + b"\n", long + lines[at]):
                changed = b"".join([*lines[:at], row, *lines[at + 1 :]])
                try:
                    read_bytes(changed, where="long")
                except SpectraError as error:
                    if len(str(error)) > 1000:
                        pytest.fail("the message repeats the line")


# --- Damage ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad", ["NaN", "nan", "inf", "-inf", "1e999", "1_000", "0x1F", "١٢", "", "1 2", "--5"]
)
def test_what_is_no_number_is_named_with_its_line(enlighten_text: Build, bad: str) -> None:
    text = _cell(enlighten_text(), 10, 3, bad)
    line = len(text.splitlines()) - 9
    assert f"line {line}" in _refused(text, DamagedFileError, "not a number")


@pytest.mark.parametrize("bad", ["NaN", "inf", "1e999", "NA", "x"])
def test_no_number_in_two_columns(pair_text: Build, bad: str) -> None:
    where = _refused(_cell(pair_text(), 10, 1, bad), DamagedFileError, "not a number")
    assert "line 51" in where


def test_na_in_the_middle_is_damage(enlighten_text: Build) -> None:
    _refused(_cell(enlighten_text(), 10, 3, "NA"), DamagedFileError, "missing in the middle")


def test_all_na_is_damage(enlighten_text: Build) -> None:
    _refused(enlighten_text(na=60), DamagedFileError, "holds no value")


def test_bwspec_blank_axis_in_the_middle_is_damage(bwspec_text: Build) -> None:
    text = _cell(bwspec_text(), 30, 3, "   ", ";")
    _refused(text, DamagedFileError, "missing in the middle")


@pytest.mark.parametrize("keep", [0.4, 0.55, 0.7, 0.9, 0.97, 0.995])
def test_truncated_files_are_refused(samples: dict[str, list[bytes]], keep: float) -> None:
    """Cut anywhere, a file with a header is refused, or (cut in its header) not recognised."""
    for name in ("ENLIGHTEN CSV", "BWSpec text", "ENLIGHTEN session CSV"):
        data = samples[name][0]
        cut = data[: int(len(data) * keep)]
        with pytest.raises(SpectraError):
            read_bytes(cut, where="cut")


def test_every_cut_inside_the_last_line_is_refused(
    enlighten_text: Build, bwspec_text: Build
) -> None:
    for text in (enlighten_text(), bwspec_text().replace("\r\n", "\n")):
        last = len(text.splitlines()[-1])
        for missing in range(2, last):
            _refused(text[:-missing], DamagedFileError, "cut off|pixel")


def test_rows_lost_at_the_end_or_in_the_middle(enlighten_text: Build, bwspec_text: Build) -> None:
    for build in (enlighten_text, bwspec_text):
        lines = build().splitlines()
        _refused("\n".join(lines[:-5]) + "\n", DamagedFileError, "cut off|declares")
        del lines[-20]
        _refused("\n".join(lines) + "\n", DamagedFileError, "rows are missing")


def test_a_blank_line_between_the_rows(pair_text: Build) -> None:
    lines = pair_text().splitlines()
    lines.insert(30, "")
    assert "line 31" in _refused("\n".join(lines), DamagedFileError, "blank line")


@pytest.mark.parametrize("declared", ["1000000000", "1e18", "-5", "0", "many", "60.5"])
def test_absurd_declared_points(
    enlighten_text: Build, bwspec_text: Build, named_session_text: Build, declared: str
) -> None:
    text = enlighten_text(header={"Pixel Count": declared})
    _refused(text, DamagedFileError, "header declares")
    text = bwspec_text().replace("pixel_num;60", f"pixel_num;{declared}")
    _refused(text, DamagedFileError, "header declares")
    text = named_session_text().replace("Pixel Count,40", f"Pixel Count,{declared}")
    _refused(text, DamagedFileError, "header declares")


def test_an_incomplete_session_column_is_named(old_session_text: Build) -> None:
    where = _refused(_cell(old_session_text(), 12, 3, ""), DamagedFileError, "not a number")
    assert "Urea" in where
    text = _swap(old_session_text(), 12, ",", ",9,")
    _refused(text, DamagedFileError, "6 columns where 5")


def test_a_session_that_mixes_names_and_kinds_is_refused(enlighten_text: Build) -> None:
    text = enlighten_text().replace(",Raw,Dark", ",Rxw,Dark")
    _refused(text, DamagedFileError, "mix samples and kinds")


def test_a_session_column_that_is_an_axis_or_a_number_is_refused(named_session_text: Build) -> None:
    text = named_session_text().replace(",Wavenumber,", ",W3venumber,")
    assert "W3venumber" in _refused(text, DamagedFileError, "as an axis does")
    _refused(named_session_text(("100.00", "x")), DamagedFileError, "a number for a name")


def test_fewer_rows_than_pixels_only_where_the_file_says_cropped(enlighten_text: Build) -> None:
    columns = ("Wavenumber", "Processed")
    _refused(
        enlighten_text(columns, header={"Pixel Count": "90"}), DamagedFileError, "60 of the 90"
    )
    cropped = enlighten_text(columns, header={"Pixel Count": "90", "Cropped": "True"})
    result = read_bytes(cropped.encode(), where="scan.csv")
    assert "The header declares 90 pixels; the file holds 60 rows." in result.assumptions


# --- Axis --------------------------------------------------------------------------------------


def test_unsorted_and_repeated_axis_name_the_line(pair_text: Build) -> None:
    lines = pair_text().splitlines()
    swapped = [*lines[:20], lines[21], lines[20], *lines[22:]]
    assert "line 22" in _refused("\n".join(swapped), AxisError, "out of order")
    assert "line 22" in _refused("\n".join([*lines[:21], *lines[20:]]), AxisError, "repeated")


def _with_repeats(text: str, at: range, change: float) -> str:
    """Put a second row after each of some rows: the same axis value, another intensity."""
    rows = []
    for k, line in enumerate(text.splitlines()):
        axis, value = line.split(",")
        rows += [line, f"{axis},{float(value) + change:.3f}"] if k in at else [line]
    return "\n".join(rows)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_few_points_of_two_windows_are_averaged_and_said(pair_text: Build, reverse: bool) -> None:
    plain = pair_text(rows=200)
    text = _with_repeats(plain, range(40, 121, 40), 10.0)
    if reverse:
        text = "\n".join(reversed(text.splitlines()))
    result = read_bytes(text.encode(), where="scan.txt")
    spectrum = result.spectra[0].spectrum
    once = read_bytes(plain.encode(), where="scan.txt").spectra[0].spectrum
    expected = once.intensity.copy()
    expected[[40, 80, 120]] += 5.0
    np.testing.assert_array_equal(spectrum.raman_shift_cm1, once.raman_shift_cm1)
    np.testing.assert_allclose(spectrum.intensity, expected, atol=1e-9)
    assert any("stand twice" in note and ": 3;" in note for note in result.assumptions)
    assert ("pairs", "3") in [setting for step in spectrum.history for setting in step.settings]


def test_repeats_that_are_no_overlap_are_refused(pair_text: Build) -> None:
    plain = pair_text(rows=200)
    _refused(_with_repeats(plain, range(100, 101), 0.0), AxisError, "repeated")
    _refused(_with_repeats(plain, range(40, 60, 4), 10.0), AxisError, "repeated")
    lines = _with_repeats(plain, range(100, 101), 10.0).splitlines()
    three = [*lines[:102], f"{lines[100].split(',')[0]},7.5", *lines[102:]]
    _refused("\n".join(three), AxisError, "repeated")
    lines[30], lines[31] = lines[31], lines[30]
    _refused("\n".join(lines), AxisError, "out of order")


@pytest.mark.parametrize("rows", [1, 2, 15])
def test_too_few_points(pair_text: Build, enlighten_text: Build, rows: int) -> None:
    _refused(pair_text(rows=rows), AxisError, f"{rows} point")
    _refused(enlighten_text(rows=rows, na=0), AxisError, f"{rows} point")


def test_wavelength_axis_without_a_laser_line(enlighten_text: Build) -> None:
    for stated in ("", "0.0"):
        text = enlighten_text(("Wavelength", "Processed"), header={"Laser Wavelength": stated})
        _refused(text, LaserMissingError, "laser line")
    rows = "\n".join(f"{790 + i}\t{i}" for i in range(40))
    _refused("Wavelength (nm)\tCounts\n" + rows, LaserMissingError, "laser line")


@pytest.mark.parametrize(
    ("low", "high", "points"),
    [(300, 700, 1994), (790, 1090, 2048), (535, 648, 1024), (1070, 1700, 512)],
)
def test_a_range_that_may_be_nanometres_is_not_guessed(
    low: float, high: float, points: int
) -> None:
    step = (high - low) / (points - 1)
    text = "\n".join(f"{low + i * step:.4f},{i % 50}.5" for i in range(points))
    _refused(text, AmbiguousAxisError, "cm-1 or nm")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("Pixel,Intensity\n" + "\n".join(f"{i}.5,{i}" for i in range(40)), "pixel"),
        ("\n".join(f"{i},{i % 9}.5" for i in range(40)), "pixel numbers"),
        ("\n".join(f"{9000 + 10 * i},{i % 9}.5" for i in range(40)), "no Raman shift"),
        ("Energy (nm) wavenumber;Counts\n" + "\n".join(f"{i}.5;{i}" for i in range(40)), "neither"),
    ],
)
def test_axes_that_are_no_raman_shift(text: str, match: str) -> None:
    _refused(text, AmbiguousAxisError, match)


# --- Columns and kinds -------------------------------------------------------------------------


def test_a_column_asked_for_is_never_replaced(enlighten_text: Build, pair_text: Build) -> None:
    text = enlighten_text(("Pixel", "Wavenumber", "Raw"))
    _refused(text, ColumnMissingError, "holds raw", column="raw-dark")
    _refused(text, ColumnMissingError, "'processed' is not in the file", column="processed")
    text = enlighten_text(("Wavenumber", "Processed"))
    _refused(text, ColumnMissingError, "holds processed", column="raw")
    _refused(pair_text(), ColumnMissingError, "one intensity column", column="raw")


def test_sessions_hold_what_they_hold(old_session_text: Build, named_session_text: Build) -> None:
    for text in (old_session_text(), named_session_text()):
        _refused(text, ColumnMissingError, "holds processed", column="raw-dark")


def test_bwspec_without_the_column(bwspec_text: Build) -> None:
    text = bwspec_text().replace("Raw data #1", "Rxw data #1")
    _refused(text, ColumnMissingError, "Raw data #1", column="raw")


def test_a_dark_alone_is_no_spectrum(enlighten_text: Build) -> None:
    _refused(enlighten_text(("Wavenumber", "Dark")), ColumnMissingError, "holds dark")


@pytest.mark.parametrize("technique", ["Absorbance", "Transmission", "Reflectance"])
def test_another_technique_is_refused(enlighten_text: Build, technique: str) -> None:
    _refused(enlighten_text(header={"Technique": technique}), NotRamanError, technique)


def test_absorbance_in_two_columns_is_refused() -> None:
    rows = "\n".join(f"{100 + 9 * i};{i}.5" for i in range(40))
    _refused("Wavenumber (cm-1);Absorbance\n" + rows, NotRamanError, "Absorbance")


def test_an_intensity_no_detector_gives(pair_text: Build) -> None:
    _refused(_cell(pair_text(), 10, 1, "1e200"), IntensityError, "not a measurement")


# --- Decimal commas ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "{x},36, {y},795",  # comma for both purposes
        "{x},5,{y},2",
        "{x},{y},2",
        "{x},5 {y}.2,1",
        "{x},{y},2,3,4",
    ],
)
def test_a_comma_for_two_purposes_is_refused(line: str) -> None:
    text = "\n".join(line.format(x=176 + 30 * i, y=900 + i) for i in range(40))
    with pytest.raises(FileError):
        read_bytes(text.encode(), where="scan.txt")


def test_one_column_with_decimal_commas_is_not_two_columns() -> None:
    """'-105,146' may be one number: leading zeros of the fractions give it away."""
    text = "\n".join(f"{-105 + 5 * i},{(i * 37) % 1000:03d}" for i in range(200))
    _refused(text, AmbiguousAxisError, "one number with a decimal comma")
    _refused("\n".join(f"{100 + 30 * i},5" for i in range(40)), AmbiguousAxisError, "one number")


def test_marks_between_thousands_are_not_decimals() -> None:
    text = "\n".join(f"{150 + 31 * i};{1 + i % 9},{(i * 137) % 1000:03d}" for i in range(27))
    _refused(text, AmbiguousAxisError, "between thousands")
    text = "\n".join(f"{150 + 31 * i}.5;1,234.5" for i in range(27))
    _refused(text, AmbiguousAxisError, "point and a comma")


@pytest.mark.parametrize(
    ("line", "x", "y"),
    [
        ("{a};5,3", 100.0, 5.3),
        ("{a},5;3,2", 100.5, 3.2),
        ("{a},5\t3,25", 100.5, 3.25),
        ("{a},25 7", 100.25, 7.0),
    ],
)
def test_decimal_commas_are_read_where_they_are_certain(line: str, x: float, y: float) -> None:
    text = "\n".join(line.format(a=100 + 40 * i) for i in range(40))
    spectrum = read_bytes(text.encode(), where="scan.txt").spectra[0].spectrum
    assert (spectrum.raman_shift_cm1[0], spectrum.intensity[0]) == (x, y)


def test_bwspec_with_point_and_comma_is_refused(bwspec_text: Build) -> None:
    _refused(_swap(bwspec_text(), 10, ",", "."), DamagedFileError, "points and decimal commas")


def test_bwspec_comma_file_with_a_lost_digit_is_refused(bwspec_text: Build) -> None:
    text = bwspec_text().replace(";", ",")
    _refused(_swap(text, 30, ",0000", ""), DamagedFileError, "cannot be told apart")


# --- Anything at all ---------------------------------------------------------------------------


@given(st.binary(max_size=400))
def test_random_bytes_are_a_named_error(data: bytes) -> None:
    with pytest.raises(SpectraError) as caught:
        read_bytes(data, where="noise")
    assert caught.value.what
    assert caught.value.where.startswith("noise")
    assert caught.value.remedy


@given(st.text(alphabet="0123456789+-.,;eE \t\r\nNAa#", max_size=400))
def test_number_soup_is_a_named_error_or_a_spectrum(text: str) -> None:
    try:
        result = read_bytes(text.encode(), where="soup")
    except SpectraError as error:
        told = (error.what, error.where, error.remedy)
        if not all(told):
            pytest.fail(f"an error without {told}")
    else:
        assert result.spectra
        assert result.assumptions


@pytest.mark.parametrize("sign", [b"#", b"%", b"//", b"!", b"# "])
def test_a_line_of_comment_signs_takes_no_memory_for_each_of_them(sign):
    data = sign * (4_000_000 // len(sign))
    tracemalloc.start()
    try:
        with pytest.raises(SpectraError):
            read_bytes(data, where="signs")
        assert tracemalloc.get_traced_memory()[1] < 30 * len(data)
    finally:
        tracemalloc.stop()
