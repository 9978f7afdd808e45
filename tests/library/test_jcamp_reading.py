"""JCAMP-DX files: agreed values, what a whole file says, and what is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from library.errors import (
    AmbiguousAxisError,
    ColumnMissingError,
    DamagedFileError,
    FileTooLargeError,
    NotRamanError,
    PartialFileError,
    UnsupportedFormError,
)
from library.formats import read_bytes, read_traces
from matching.errors import SpectraError

# An article's example with most of its lines left out: 106 of 2400 points, whose places in the
# file are known, are spread evenly by the one program that gave the expected abscissae.
INCOMPLETE = "jcamp/jcamp2001_example.txt"


def axis_of(trace):
    axes = (trace.shift_cm1, trace.wavelength_nm, trace.other_axis)
    return next(axis for axis in axes if axis is not None)


# --- Real files ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def expected(shared_data):
    text = (shared_data / "formats" / "expected.json").read_text(encoding="utf-8")
    return {name: row for name, row in json.loads(text).items() if name.startswith("jcamp/")}


def test_agreed_values_and_which_are_raman(shared_data, expected):
    agreed = {name: row for name, row in expected.items() if row["agreed_by"]}
    assert len(agreed) > 70
    raman = []
    for name, row in agreed.items():
        if name == INCOMPLETE:
            continue
        data = (shared_data / "formats" / name).read_bytes()
        traces = read_traces(data, where=name).traces
        assert len(traces) == row["spectra"], name
        raman += [name for trace in traces if trace.shift_cm1 is not None and not trace.kind]
        for check in row["check"]:
            trace = traces[check["index"]]
            assert trace.intensity.size == check["n"], name
            for values, known, within in (
                (axis_of(trace), check["x"], {"abs": row["tolerance"]["x_abs"], "rel": 0}),
                (trace.intensity, check["y"], {"rel": row["tolerance"]["y_rel"], "abs": 1e-9}),
            ):
                at = [int(index) for index in known]
                assert values[at] == pytest.approx(list(known.values()), **within), name
            assert np.nansum(trace.intensity) == pytest.approx(check["ysum"], rel=2e-5), name
    assert sorted(raman) == ["jcamp/adamantan.jdx", "jcamp/tannic_acid.jdx"]
    for name in raman:
        data = (shared_data / "formats" / name).read_bytes()
        assert len(read_bytes(data, where=name).spectra) == 1


@pytest.mark.parametrize(
    ("name", "kind", "match"),
    [
        ("TESTNTUP.DX", UnsupportedFormError, "NTUPLES"),
        ("o10.jdx", UnsupportedFormError, "NMR SPECTRUM.*real and imaginary"),
        ("reim.jdx", UnsupportedFormError, "RE IM.*NTUPLES"),
        ("ISAS_CDX.DX", UnsupportedFormError, "chemical structure"),
        ("simple.jdx", DamagedFileError, "no data table"),
        ("xyinc2.jdx", DamagedFileError, "contradict"),
        ("jcamp2001_example.txt", DamagedFileError, "106 of 2400 points"),
    ],
)
def test_refused_with_the_reason(shared_data, name, kind, match):
    data = (shared_data / "formats" / "jcamp" / name).read_bytes()
    with pytest.raises(kind, match=match):
        read_traces(data, where=name)


def test_broken_files_are_named_errors_or_marked(shared_data):
    marked = []
    for path in sorted((shared_data / "formats" / "malformed" / "jcamp").iterdir()):
        try:
            traces = read_traces(path.read_bytes(), where=path.name).traces
        except SpectraError as error:
            told = (error.where.startswith(path.name), error.what, error.remedy)
            if not all(told):
                pytest.fail(f"{path.name}: an error without {told}")
            continue
        assert all("truncated" in trace.marks for trace in traces), path.name
        marked.append(path.stem)
    assert marked == ["trunc25", "trunc5", "trunc50", "trunc75", "trunc99"]


# --- Whole files ---------------------------------------------------------------------------------

HEAD = {
    "TITLE": "Caffeine",
    "JCAMP-DX": "4.24",
    "DATA TYPE": "RAMAN SPECTRUM",
    "XUNITS": "1/CM",
    "YUNITS": "ARBITRARY UNITS",
    "XFACTOR": "1",
    "YFACTOR": "0.5",
    "FIRSTX": "100",
    "LASTX": "119",
    "NPOINTS": "20",
}


@pytest.fixture
def jcamp():
    """Return a builder of files of 20 points, 100 to 119, ordinates 10, 12, 14 ..."""

    def build(table=None, form="(X++(Y..Y))", end="##END=\n", label="XYDATA", **changes):
        head = HEAD | {name.replace("_", " "): value for name, value in changes.items()}
        rows = [f"{100 + i} {10 + 2 * i} {12 + 2 * i} {14 + 2 * i} {16 + 2 * i}" for i in R4]
        lines = [f"##{name}= {value}" for name, value in head.items() if value is not None]
        return "\n".join([*lines, f"##{label}= {form}", *(table or rows), end]).encode()

    return build


R4 = range(0, 20, 4)
Y = np.arange(5.0, 25.0)
PAIRS = [f"{100 + i}, {10 + 2 * i}" for i in range(20)]


def read(data, **options):
    return read_bytes(data, where="file.jdx", **options)


def refused(data, kind, match, **options):
    with pytest.raises(kind, match=match) as caught:
        read(data, **options)
    assert caught.value.where.startswith("file.jdx")
    assert caught.value.remedy


def test_a_raman_spectrum_and_what_was_concluded(jcamp):
    result = read(jcamp())
    spectrum = result.spectra[0].spectrum
    assert np.array_equal(spectrum.raman_shift_cm1, np.arange(100.0, 120.0))
    assert np.array_equal(spectrum.intensity, Y)
    assert result.spectra[0].name is None
    assert ("TITLE", "Caffeine") in result.spectra[0].metadata
    assert any("taken as Raman shift" in text for text in result.assumptions)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\r\r\n"])
def test_line_ends_do_not_matter(jcamp, end):
    data = jcamp().replace(b"\n", end.encode())
    assert np.array_equal(read(data).spectra[0].spectrum.intensity, Y)


def test_labels_are_equal_whatever_their_spelling(jcamp):
    text = jcamp().decode().replace("##FIRSTX=", "  ##first_X =").replace("##NPOINTS", "##N-Points")
    text = text.replace("##DATA TYPE=", "##DataType=").replace("##XYDATA=", "## XY/DATA =")
    assert np.array_equal(read(text.encode()).spectra[0].spectrum.intensity, Y)


def test_comments_are_no_data_and_are_kept(jcamp):
    text = jcamp(YFACTOR="0.5 $$ half").decode().replace("\n104 ", "\n$$ 1 2 3\n104 ")
    text = text.replace("\n108", " $$ so far\n108") + "\x1a"
    found = read(text.encode()).spectra[0]
    assert np.array_equal(found.spectrum.intensity, Y)
    assert [value for key, value in found.metadata if key == "$$"] == ["half", "1 2 3", "so far"]


def test_bytes_of_any_code_page_are_read(jcamp):
    for owner in (b"M\x9f\x81ller", b"5 \xb5m", "5 µm".encode()):
        data = jcamp().replace(b"##XUNITS", b"##OWNER= " + owner + b"\n##XUNITS")
        assert np.array_equal(read(data).spectra[0].spectrum.intensity, Y)


@pytest.mark.parametrize("form", ["(XY..XY)", "( XY..XY )"])
@pytest.mark.parametrize("label", ["XYDATA", "XYPOINTS"])
def test_pairs(jcamp, form, label):
    found = read(jcamp(PAIRS, form, label=label)).spectra[0].spectrum
    assert np.array_equal(found.raman_shift_cm1, np.arange(100.0, 120.0))
    assert np.array_equal(found.intensity, Y)


def test_decimal_commas_are_read_where_the_header_has_them(jcamp):
    rows = [f"{100 + i},25, {10 + 2 * i},5" for i in range(20)]
    head = {"FIRSTX": "100,25", "LASTX": "119,25", "YFACTOR": "1.0"}
    found = read(jcamp(rows, "(XY..XY)", label="XYPOINTS", **head)).spectra[0].spectrum
    assert found.raman_shift_cm1[0] == 100.25
    assert found.intensity[-1] == 48.5
    refused(jcamp(rows, "(XY..XY)"), AmbiguousAxisError, "cannot be told apart")
    refused(jcamp(PAIRS, FIRSTX="1,100", LASTX="1,119"), AmbiguousAxisError, "thousands")
    mixed = [*rows[:-1], "119,25, 48.5"]
    refused(jcamp(mixed, "(XY..XY)", **head), DamagedFileError, "points and decimal commas")


def test_unknown_ordinates_are_marked_and_left_out(jcamp):
    for data in (
        jcamp([PAIRS[0], "101, ?", *PAIRS[2:]], "(XY..XY)"),
        jcamp(["100 10 ? 14 16", *jcamp().decode().split("\n")[12:16]]),
    ):
        trace = read_traces(data, where="f").traces[0]
        assert trace.marks == {"missing values"}
        assert math.isnan(trace.intensity[1])
        found = read(data).spectra[0]
        assert found.spectrum.raman_shift_cm1[1] == 102.0
        assert found.marks == {"missing values"}


def test_blocks_in_a_link_have_names(jcamp):
    one, two = jcamp().decode(), jcamp(TITLE="Urea", YFACTOR="2").decode()
    text = f"##TITLE= both\n##DATA TYPE= LINK\n##OWNER= we\n##BLOCKS= 2\n{one}{two}{two}##END=\n"
    result = read(text.encode())
    assert [(item.name, item.index) for item in result.spectra] == [
        ("Caffeine", 1),
        ("Urea", 1),
        ("Urea", 2),
    ]
    assert np.array_equal(result.spectra[2].spectrum.intensity, 4 * Y)
    assert ("OWNER", "we") in result.spectra[0].metadata


def test_a_block_that_is_not_read_is_said(jcamp):
    other = "##TITLE= pages\n##DATA TYPE= RAMAN SPECTRUM\n##NTUPLES= x\n##PAGE= N=1\n##END=\n"
    result = read(jcamp() + other.encode())
    assert any("'pages'" in text and "not read" in text for text in result.assumptions)


@pytest.mark.parametrize(
    ("kind", "match"),
    [("INFRARED SPECTRUM", "INFRARED"), ("NMR SPECTRUM", "NMR"), ("MASS SPECTRUM", "MASS")],
)
def test_other_kinds_are_not_raman(jcamp, kind, match):
    refused(jcamp(DATA_TYPE=kind), NotRamanError, match)
    assert read_traces(jcamp(DATA_TYPE=kind), where="f").traces[0].other_unit == "1/CM"


def test_a_table_of_peaks_is_no_spectrum(jcamp):
    refused(jcamp(PAIRS, "(XY..XY)", label="PEAK TABLE"), NotRamanError, "table of peaks")


def test_wavenumbers_without_a_kind_are_not_taken_for_raman_shifts(jcamp):
    refused(jcamp(DATA_TYPE=None), AmbiguousAxisError, "1/CM")
    found = read(jcamp(DATA_TYPE=None, XUNITS="Raman shift (cm-1)"))
    assert found.spectra[0].spectrum.raman_shift_cm1[0] == 100.0


def test_nanometres_need_the_laser_line(jcamp):
    data = jcamp(XUNITS="NANOMETERS", FIRSTX="800", LASTX="819", XFACTOR="1")
    data = data.replace(b"\n10", b"\n80").replace(b"\n11", b"\n81")
    assert read_traces(data, where="f").traces[0].wavelength_nm[0] == 800.0
    stated = data.replace(b"##XUNITS", b"##$LASER WAVELENGTH= 785 nm\n##XUNITS")
    assert read(stated).spectra[0].spectrum.laser_nm == 785.0


def test_sers_is_kept_apart(jcamp):
    data = jcamp(DATA_TYPE="SURFACE ENHANCED RAMAN SPECTRUM")
    assert read(data).spectra[0].spectrum.technique == "SERS"


def test_a_file_cut_anywhere_is_refused_or_marked(jcamp):
    whole = jcamp(PAIRS, "(XY..XY)")
    complete = whole.index(b"##END")
    for keep in range(whole.index(b"100, 10") + 8, complete - 1):
        cut = whole[:keep]
        with pytest.raises(SpectraError):
            read(cut)
        trace = read_traces(cut, where="cut").traces[0]
        assert trace.marks == {"truncated"}
        assert np.array_equal(trace.intensity, Y[: trace.intensity.size])
    with pytest.raises(PartialFileError):
        read(whole[: complete - 20])
    assert "The file ends without ##END=." in read(whole[:complete]).assumptions


def test_a_wrong_number_of_points_is_said_where_the_abscissae_agree(jcamp):
    result = read(jcamp(NPOINTS="25"))
    assert any("declares 25 points; the file holds 20" in text for text in result.assumptions)
    result = read(jcamp(NPOINTS="18"))
    assert np.array_equal(result.spectra[0].spectrum.raman_shift_cm1, np.arange(100.0, 120.0))
    refused(jcamp(NPOINTS="25", LASTX="124"), PartialFileError, "ends early")
    refused(jcamp(NPOINTS="25", FIRSTX="95", LASTX=None), PartialFileError, "ends early")


def test_lines_lost_in_the_middle_are_damage(jcamp):
    lines = jcamp().decode().split("\n")
    del lines[12]
    refused("\n".join(lines).encode(), DamagedFileError, "lines are missing")


def test_pairs_written_as_an_even_table_keep_their_own_abscissae(jcamp):
    rows = [f"{100 + i + 0.02 * i * i:.2f} {10 + 2 * i}" for i in range(20)]
    found = read(jcamp(rows, LASTX="126.22")).spectra[0].spectrum
    assert found.raman_shift_cm1[10] == 112.0


def test_a_header_that_contradicts_all_lines_is_damage(jcamp):
    refused(jcamp(FIRSTX="200", LASTX="219"), DamagedFileError, "not the ends")
    refused(jcamp(LASTX="138"), DamagedFileError, "not the ends")
    rows = [f"{100 + i + 0.02 * i * i:.2f} {10 + 2 * i}" for i in range(20)]
    refused(jcamp(rows, LASTX="150"), DamagedFileError, "not the ends")
    refused(jcamp(["1E+99999 1 2", "2 3"]), DamagedFileError, "too large")


def test_abscissae_not_divided_by_the_factor_are_noticed(jcamp):
    result = read(jcamp(XFACTOR="0.5"))
    assert np.array_equal(result.spectra[0].spectrum.raman_shift_cm1, np.arange(100.0, 120.0))
    assert any("not divided by XFACTOR" in text for text in result.assumptions)


def test_data_may_follow_the_form_on_its_line(jcamp):
    data = jcamp().replace(b"(X++(Y..Y))\n100", b"(X++(Y..Y)) 100")
    assert np.array_equal(read(data).spectra[0].spectrum.intensity, Y)
    data = jcamp(PAIRS, "\n(XY..XY)")
    assert np.array_equal(read(data).spectra[0].spectrum.intensity, Y)


def test_an_altered_difference_is_found_by_its_check(jcamp):
    rows = ["100A0KKK", "103A6KKK", "106B2KKK", "109B8KKKKKKKKKK"]
    assert np.array_equal(read(jcamp(rows)).spectra[0].spectrum.intensity, Y)
    rows[1] = "103A6KLK"
    refused(jcamp(rows), DamagedFileError, "check of the ordinates fails")
    trace = read_traces(jcamp(rows, DATA_TYPE="INFRARED SPECTRUM"), where="f")
    assert any("do not agree" in text for text in trace.assumptions)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"NPOINTS": "1000000000000"}, "NPOINTS"),
        ({"NPOINTS": "-5"}, "NPOINTS"),
        ({"NPOINTS": "many"}, "NPOINTS"),
        ({"YFACTOR": "0"}, "YFACTOR"),
        ({"XFACTOR": "x"}, "XFACTOR"),
        ({"LASTX": "100"}, "FIRSTX and LASTX"),
        ({"YFACTOR": "1e308"}, "too large"),
    ],
)
def test_headers_no_table_has(jcamp, changes, match):
    refused(jcamp(**changes), DamagedFileError, match)


def test_other_damage(jcamp):
    refused(jcamp(["100A1S100000000"]), FileTooLargeError, "1,000,000 ordinates")
    refused(jcamp(["100A1!x&*"]), DamagedFileError, "no ordinate")
    refused(jcamp([""]), DamagedFileError, "empty")
    refused(jcamp(["100, 1, 2"], "(XY..XY)"), DamagedFileError, "half a pair")
    refused(b"##TITLE= a\n" * 20, DamagedFileError, "blocks lie inside")
    refused(jcamp(), ColumnMissingError, "one ordinate", column="raw")


@pytest.mark.timeout(60)  # seconds; a pattern that goes over a line again takes hours
@pytest.mark.parametrize("filler", ["9", " ", "##", "$$", "=", "A", "J", "S", "\t#", "1,", "9, 9"])
def test_long_lines_take_no_longer_than_their_length(jcamp, filler):
    long = filler * (200_000 // len(filler))
    for data in (
        jcamp([f"100 {long}"]),
        jcamp([f"100, {long}"], "(XY..XY)"),
        jcamp(OWNER=long),
        jcamp().replace(b"##OWNER", long.encode() + b"\n##OWNER"),
        long.encode() + jcamp(),
    ):
        try:
            read(data)
        except SpectraError as error:
            if len(str(error)) > 1000:
                pytest.fail("the message repeats the line")
