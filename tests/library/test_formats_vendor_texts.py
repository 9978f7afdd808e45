"""Vendors' text exports: units, laser lines, series, columns and ends, one family after another."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from library.errors import (
    AmbiguousAxisError,
    ColumnMissingError,
    DamagedFileError,
    FileError,
    FileTooLargeError,
    LaserMissingError,
    NotRamanError,
    PartialFileError,
    SplitFileError,
)
from library.formats import ReadResult, Trace, TraceFile, read_bytes, read_traces
from matching.errors import AxisError

Texts = dict[str, list[str]]


def _traces(text: str | bytes, **options: object) -> TraceFile:
    data = text.encode() if isinstance(text, str) else text
    return read_traces(data, where="scan.txt", **options)  # type: ignore[arg-type]


def _raman(text: str | bytes, **options: object) -> ReadResult:
    data = text.encode() if isinstance(text, str) else text
    return read_bytes(data, where="scan.txt", **options)  # type: ignore[arg-type]


def _refused(text: str | bytes, kind: type[FileError], match: str, **options: object) -> None:
    with pytest.raises(kind, match=match) as caught:
        _raman(text, **options)
    assert type(caught.value) is kind
    assert caught.value.where.startswith("scan.txt")
    assert caught.value.remedy


# --- LabSpec -----------------------------------------------------------------------------------


def test_labspec_states_unit_laser_and_acquisition(vendor_texts: Texts) -> None:
    (entry,) = _raman(vendor_texts["LabSpec text"][0]).spectra
    spectrum = entry.spectrum
    assert spectrum.laser_nm == 785.0
    assert spectrum.acquisition.integration_time_ms == 10_000.0
    assert spectrum.acquisition.averages == 2
    assert spectrum.acquisition.detector_temperature_c == -60.1
    assert spectrum.history[-1].name == "axis reversed"
    (trace,) = _traces(vendor_texts["LabSpec text"][0]).traces
    assert trace.shift_cm1 is not None
    assert trace.shift_cm1[0] > trace.shift_cm1[-1]
    assert trace.intensity_unit == "Cnt"


def test_labspec_series_names_each_row_by_its_coordinate(vendor_texts: Texts) -> None:
    result = _raman(vendor_texts["LabSpec text"][1])
    assert [entry.name for entry in result.spectra] == ["Time (s) 1", "Time (s) 2", "Time (s) 3"]
    first, third = (result.spectra[k].spectrum.intensity for k in (0, 2))
    np.testing.assert_allclose(third, 3 * first, rtol=1e-5)


def test_labspec_unit_from_the_spectrometers_position_is_said(vendor_texts: Texts) -> None:
    result = _raman(vendor_texts["LabSpec text"][2])
    assert any("'Spectro (cm-¹)'" in note for note in result.assumptions)
    text = vendor_texts["LabSpec text"][0].replace("#AxisUnit[1]=1/cm\n", "")
    assert any("does not state the unit" in note for note in _raman(text).assumptions)


def test_labspec_axis_in_nm_or_ev_is_no_shift(vendor_texts: Texts) -> None:
    text = vendor_texts["LabSpec text"][0].replace("=1/cm", "=nm")
    assert _traces(text).traces[0].wavelength_nm is not None
    text = vendor_texts["LabSpec text"][0].replace("=1/cm", "=eV")
    _refused(text, AmbiguousAxisError, "'eV'")


def test_labspec_laser_named_by_its_line_is_said(vendor_texts: Texts) -> None:
    text = vendor_texts["LabSpec text"][0].replace("#Laser (nm)=\t785 ", "#Laser=\t532nm_Edge")
    result = _raman(text)
    assert result.spectra[0].spectrum.laser_nm == 532.0
    assert any("'532nm_Edge'" in note for note in result.assumptions)


def test_labspec_series_that_lost_cells_is_damaged(vendor_texts: Texts) -> None:
    text = vendor_texts["LabSpec text"][1]
    _refused(text[:-20], DamagedFileError, "cut off|not a number")
    _refused(text.replace("\n2\t", "\n2\t9\t"), DamagedFileError, "42 columns where 41")
    _refused(text.replace("\n2\t", "\n2\tNaN\t", 1)[:-1], DamagedFileError, "columns where")


# --- WiRE --------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", [1, 2])
def test_wire_maps_are_one_spectrum_for_each_place(vendor_texts: Texts, layout: int) -> None:
    result = _raman(vendor_texts["WiRE text"][layout])
    assert [entry.name for entry in result.spectra] == {
        1: ["X 1, Y 7.5", "X 2, Y 7.5"],
        2: ["coordinate 1 1", "coordinate 1 2"],
    }[layout]
    first, second = (entry.spectrum.intensity for entry in result.spectra)
    np.testing.assert_allclose(second, 2 * first, rtol=1e-5)
    assert any("does not state the unit" in note for note in result.assumptions)


def test_wire_map_with_a_lost_row_is_damaged(vendor_texts: Texts) -> None:
    for layout in (1, 2):
        lines = vendor_texts["WiRE text"][layout].splitlines()
        for at in (20, len(lines) - 20, len(lines) - 1):
            broken = "\n".join([*lines[:at], *lines[at + 1 :]])
            _refused(broken, DamagedFileError, "do not have one axis")


# --- WITec -------------------------------------------------------------------------------------


def test_witec_table_names_every_spectrum(vendor_texts: Texts) -> None:
    result = _raman(vendor_texts["WITec text"][1])
    assert [entry.name for entry in result.spectra] == ["F(0/0)", "F(1/0)"]


def test_witec_in_nm_asks_for_the_laser_line(vendor_texts: Texts) -> None:
    text = vendor_texts["WITec text"][0].replace("rel. 1/cm", "nm")
    _refused(text, LaserMissingError, "laser line")


def test_witec_truematch_reads_every_match_with_its_laser(vendor_texts: Texts) -> None:
    text = vendor_texts["WITec text"][2]
    result = _raman(text)
    assert [(entry.name, entry.index) for entry in result.spectra] == [("a", 1), ("a", 2)]
    assert result.spectra[0].spectrum.laser_nm == 785.0
    _refused(text.replace("Size = 40", "Size = 41"), PartialFileError, "40 points are left")
    _refused(text.replace("Size = 40", "Size = 39"), DamagedFileError, "declares 39 points")


def test_an_axis_without_a_curve_is_damage(vendor_texts: Texts) -> None:
    lines = vendor_texts["WITec text"][0].replace("X-Axis,a", "X-Axis").splitlines()
    lone = "\n".join(line.split(",")[0] for line in lines)
    _refused(lone, DamagedFileError, "no curve")
    andor = "\n".join(f"{k}.5" for k in range(40)) + "\n\nProblem with timings\n"
    _refused(andor, DamagedFileError, "no curve")


def test_one_part_of_a_split_export_is_refused_by_name(vendor_texts: Texts) -> None:
    header = vendor_texts["WITec text"][0].partition("[Data]")[0]
    _refused(header, SplitFileError, "only the header")
    column = "".join(f" {1 + k / 7:.5E}\n" for k in range(60))
    _refused(column, SplitFileError, "one column of numbers")


# --- RRUFF -------------------------------------------------------------------------------------


def test_rruff_is_no_jcamp_and_may_stand_below_web_text(vendor_texts: Texts) -> None:
    plain, web = (_raman(text) for text in vendor_texts["RRUFF text"])
    assert ("RRUFFID", "R060277") in plain.spectra[0].metadata
    assert any(note.startswith("2 lines before the header") for note in web.assumptions)
    text = vendor_texts["RRUFF text"][0].replace("##NAMES", "##RAMAN WAVELENGTH=532\n##NAMES")
    assert _raman(text).spectra[0].spectrum.laser_nm == 532.0


def test_rruff_without_its_end_is_partial_and_diffraction_is_no_raman(vendor_texts: Texts) -> None:
    text = vendor_texts["RRUFF text"][1]
    cut = "\n".join(text.splitlines()[:-4]) + "\n"
    _refused(cut, PartialFileError, "ends early")
    assert _raman(cut, partial=True).spectra[0].marks == {"truncated"}
    text = text.replace("##NAMES", "##X-RAY WAVELENGTH=1.54\n##NAMES")
    _refused(text, NotRamanError, "diffraction")


# --- Ocean Optics ------------------------------------------------------------------------------


def test_ocean_axes_ask_for_the_laser_line(vendor_texts: Texts) -> None:
    for text in vendor_texts["Ocean Optics text"]:
        _refused(text, LaserMissingError, "laser line")
        (entry,) = _raman(text, laser_nm=785.0).spectra
        assert abs(entry.spectrum.range_cm1[0] - 200.0) < 1.0


def test_ocean_localised_and_engineering_numbers_are_the_same_spectrum(vendor_texts: Texts) -> None:
    english, spanish, engineering, _ = (
        _traces(text).traces[0] for text in vendor_texts["Ocean Optics text"]
    )
    np.testing.assert_array_equal(english.intensity, spanish.intensity)
    np.testing.assert_allclose(english.intensity, engineering.intensity, atol=1e-3)
    assert english.acquisition.integration_time_ms == 100.0
    assert english.acquisition.averages == 3


def test_ocean_axis_mode_and_kind_are_believed(vendor_texts: Texts) -> None:
    text = vendor_texts["Ocean Optics text"][2]
    shift = text.replace("Wavelengths", "Raman Shift")
    assert _traces(shift).traces[0].shift_cm1 is not None
    _refused(text.replace("Wavelengths", "Pixels"), AmbiguousAxisError, "pixel")
    _refused(text.replace("a Node", "a_Absorbance Node"), NotRamanError, "absorbance")


def test_ocean_file_with_fewer_rows_than_declared_is_partial(vendor_texts: Texts) -> None:
    text = vendor_texts["Ocean Optics text"][0]
    fewer = "\n".join(text.splitlines()[:-4]) + "\n"
    _refused(fewer, PartialFileError, "37 points are left", laser_nm=785.0)
    assert _traces(fewer).traces[0].marks == {"truncated"}


def test_jaz_columns_are_taken_as_asked(vendor_texts: Texts) -> None:
    text = vendor_texts["Ocean Optics text"][3]
    processed, raw, difference = (
        _traces(text, column=column).traces[0].intensity for column in (None, "raw", "raw-dark")
    )
    np.testing.assert_allclose(processed, 3 * raw, rtol=1e-4)
    np.testing.assert_allclose(difference, raw - 10.0)
    _refused(text.replace("\tP\n", "\tQ\n"), ColumnMissingError, "holds", column="processed")


def test_a_map_of_one_point_is_refused_in_words() -> None:
    with pytest.raises(AxisError, match="1 point"):
        _raman("#X\t#Y\t#Wave\t#Intensity\n1\t7.5\t532.28\t1\n")


# --- Avantes -----------------------------------------------------------------------------------


def test_avantes_takes_the_sample_and_says_what_it_left(vendor_texts: Texts) -> None:
    result = _raman(vendor_texts["Avantes text"][1], laser_nm=785.0)
    assert any("'Sample' was taken, not Dark" in note for note in result.assumptions)
    dark = _raman(vendor_texts["Avantes text"][1], laser_nm=785.0, column="raw-dark")
    np.testing.assert_allclose(
        result.spectra[0].spectrum.intensity - dark.spectra[0].spectrum.intensity, 9.5
    )
    first = _raman(vendor_texts["Avantes text"][0], laser_nm=785.0)
    assert any("NUL" in note for note in first.assumptions)
    assert first.spectra[0].spectrum.acquisition.serial == "1305084U1"


def test_avantes_without_the_units_of_all_columns_says_none(vendor_texts: Texts) -> None:
    whole = vendor_texts["Avantes text"][1]
    units = next(line for line in whole.splitlines() if line.startswith("[nm]"))
    cut = _raman(whole.replace(units, "[nm]"), laser_nm=785.0)
    np.testing.assert_array_equal(
        cut.spectra[0].spectrum.intensity,
        _raman(whole, laser_nm=785.0).spectra[0].spectrum.intensity,
    )


def test_avantes_computed_columns_are_no_raman(vendor_texts: Texts) -> None:
    text = vendor_texts["Avantes text"][1].replace("Sample   ;Dark", "Sample;Transmittance")
    _refused(text, NotRamanError, "Transmittance", laser_nm=785.0)
    text = vendor_texts["Avantes text"][2].replace("Int.", "Mode/Unit-->,Irradiance[x]\nInt.")
    _refused(text, NotRamanError, "Irradiance", laser_nm=785.0)


# --- Andor -------------------------------------------------------------------------------------


def test_andor_facts_after_the_numbers_are_read(vendor_texts: Texts) -> None:
    (entry,) = _raman(vendor_texts["Andor Solis ASCII"][1]).spectra
    assert entry.spectrum.acquisition.integration_time_ms == 500.0
    assert ("remark", "Problem with timings") in entry.metadata
    tracks = _raman(vendor_texts["Andor Solis ASCII"][0]).spectra
    assert [track.name for track in tracks] == ["track 1", "track 2"]


def test_andor_frames_of_an_image_are_no_spectra() -> None:
    rows = "".join(f"{k},{k + 5},{k + 6},\n" for _ in range(3) for k in range(1, 21))
    facts = "\n\nDate and Time: x\nReadout Mode: Image\n"
    found = _traces(rows + facts)
    assert [trace.name for trace in found.traces][::2] == [f"frame {k}, track 1" for k in (1, 2, 3)]
    _refused(rows + facts, NotRamanError, "image")
    _refused(rows.replace("\n7,", "\n8,", 1) + facts, DamagedFileError, "do not have one axis")


# --- ENLIGHTEN in rows and JSON, Open Specy ------------------------------------------------------


def test_dash_rows_make_one_measurement_each(vendor_texts: Texts) -> None:
    text = vendor_texts["ENLIGHTEN rows (Dash) CSV"][0]
    result = _raman(text)
    assert [entry.name for entry in result.spectra] == ["processed (lot 1)", "processed (lot 2)"]
    first, second = (entry.spectrum for entry in result.spectra)
    np.testing.assert_allclose(second.intensity, 2 * first.intensity)
    assert (first.intensity.size, first.laser_nm) == (39, 785.0)
    assert first.acquisition.serial == "WP-1"
    difference = _raman(text, column="raw-dark").spectra[0].spectrum
    np.testing.assert_allclose(difference.intensity[1:], first.intensity, atol=1e-9)


def test_dash_without_an_axis_uses_its_polynomial_and_says_so(vendor_texts: Texts) -> None:
    text = vendor_texts["ENLIGHTEN rows (Dash) CSV"][1]
    (trace,) = _traces(text).traces
    np.testing.assert_array_equal(trace.wavelength_nm, 797.0 + np.arange(40))
    assert any("computed from the coefficients" in note for note in _raman(text).assumptions)
    _refused(text.replace(",797,", ",,"), DamagedFileError, "neither an axis")


def test_dash_lines_that_do_not_fit_are_damage(vendor_texts: Texts) -> None:
    text = vendor_texts["ENLIGHTEN rows (Dash) CSV"][0]
    _refused(text.replace("raw,", "row,", 1), DamagedFileError, "is no raw, dark or reference")
    _refused(text[:-10], DamagedFileError, "pixels, the one before")
    _refused(text.replace(",9,9,9,", ",9,NaN,9,", 1), DamagedFileError, "line 6", column="raw-dark")


def test_enlighten_json_is_the_measurement_of_its_lists(vendor_texts: Texts) -> None:
    text = vendor_texts["ENLIGHTEN JSON"][0]
    result = _raman(text)
    assert result.spectra[0].spectrum.intensity.size == 39
    assert result.spectra[0].spectrum.acquisition.integration_time_ms == 25.0
    _refused(text.replace("[null, ", "["), DamagedFileError, "differ in length")
    _refused(text.replace("[null, ", "[NaN, "), DamagedFileError, "not sound JSON")
    _refused(text.replace("[null, ", '["1", '), DamagedFileError, "not a number")
    _refused(text[:-30], DamagedFileError, "not sound JSON")


def test_open_specy_json_and_rows_are_the_same_spectrum(vendor_texts: Texts) -> None:
    first, second = (_raman(text).spectra[0] for text in vendor_texts["Open Specy"])
    assert first.spectrum.content_hash == second.spectrum.content_hash
    assert ("spectrum_type", "Raman") in second.metadata
    for text in vendor_texts["Open Specy"]:
        _refused(text.replace("Raman", "FTIR"), NotRamanError, "FTIR")


def test_deep_or_large_json_is_refused() -> None:
    start = '{"wavenumber": '
    _refused(start + "[" * 100_000, DamagedFileError, "not sound JSON")
    _refused(start + "[[],[]," * 1_200_000, FileTooLargeError, "of JSON")
    _refused(start + "[" + "9" * 400 + "]}", DamagedFileError, "not a number|no list")


# --- Two columns -------------------------------------------------------------------------------


def test_comments_above_two_columns_are_kept(pair_text: Callable[..., str]) -> None:
    text = "# made by hand\n# Raman Shift (cm-1)\tIntensity\n" + pair_text("\t")
    result = _raman(text)
    assert ("comment", "made by hand") in result.spectra[0].metadata
    assert not any("no header" in note for note in result.assumptions)
    _refused("% FTIR of a film\n" + pair_text("\t"), NotRamanError, "FTIR")


def test_pixels_are_given_as_pixels_and_refused_as_raman() -> None:
    rows = "\n".join(f"{k}.00000e+00,{k % 7}.5e-01" for k in range(40))
    (trace,) = _traces("Pixels #,Intensity (a.u.)\n" + rows).traces
    assert (trace.other_unit, trace.other_axis is not None) == ("pixel", True)
    lying = "Pixel,Intensity\n" + "\n".join(f"{-600 + 9.5 * k},{k % 7}.5" for k in range(40))
    assert not _traces(lying).traces[0].other_unit
    _refused(lying, AmbiguousAxisError, "'pixel' and runs from -600")


def test_missing_intensities_at_the_ends_are_left_out_and_said(
    pair_text: Callable[..., str],
) -> None:
    lines = pair_text(" ").splitlines()
    for at in (0, 1, -1):
        lines[at] = lines[at].split(" ")[0] + " nan"
    result = _raman("\n".join(lines))
    assert result.spectra[0].spectrum.intensity.size == len(lines) - 3
    assert any(note.startswith("3 rows at the ends") for note in result.assumptions)


# --- BWSpec variants ---------------------------------------------------------------------------


def test_bwspec_variants(bwspec_text: Callable[..., str]) -> None:
    plain = _raman(bwspec_text())
    txtr = _raman(bwspec_text().replace("File Version;BWSpec4.11_1", "File Format;TXTR"))
    assert {r.spectra[0].spectrum.content_hash for r in (plain, txtr)} == {
        plain.spectra[0].spectrum.content_hash
    }
    ratio = bwspec_text().replace("File Version;BWSpec", "File Version=BWSpec")
    _refused(ratio, NotRamanError, "response")


# --- Encodings and packing ---------------------------------------------------------------------

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_gives_the_same_spectrum(vendor_texts: Texts, encoding: str) -> None:
    bom = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    text = vendor_texts["LabSpec text"][0]
    result = _raman(bom + text.encode(encoding))
    assert result.spectra[0].spectrum.content_hash == _raman(text).spectra[0].spectrum.content_hash
    assert result.spectra[0].spectrum.acquisition.detector_temperature_c == -60.1
    assert any("Windows-1252" in note for note in result.assumptions) == (encoding == "cp1252")


def test_an_encoding_nobody_can_tell_is_said(vendor_texts: Texts) -> None:
    text = vendor_texts["Ocean Optics text"][0].encode()
    text = text.replace(b"Date", "データ".encode("shift_jis"))
    assert any("encoding cannot be told" in note for note in _traces(text).assumptions)


def test_packed_files_are_read_and_bombs_are_not(vendor_texts: Texts) -> None:
    text = vendor_texts["LabSpec text"][0]
    packed = gzip.compress(text.encode())
    assert any("gzip" in note for note in _raman(packed).assumptions)
    _refused(packed[:-9], DamagedFileError, "gzip")
    _refused(packed[:40] + b"\xff" + packed[41:], DamagedFileError, "gzip")
    _refused(gzip.compress(b"0" * 70_000_000), FileTooLargeError, "unpacks to more")


# --- The real files ----------------------------------------------------------------------------

# The agreed value counts one spectrum where the file holds two, each with its own header.
HOLDS_MORE = {"txt_witec/Witec_TrueMatch.txt": 2}


def _axes(trace: Trace) -> list[np.ndarray]:
    axes = (trace.shift_cm1, trace.wavelength_nm, trace.other_axis)
    return [axis for axis in axes if axis is not None]


def _differences(found: TraceFile, expected: dict, name: str) -> list[str]:
    wrong = []
    if len(found.traces) != HOLDS_MORE.get(name, expected["spectra"]):
        wrong.append(f"{len(found.traces)} spectra")
    for check in expected["check"]:
        trace, limits = found.traces[check["index"]], expected["tolerance"]
        if trace.intensity.size != check["n"]:
            wrong.append(f"{trace.intensity.size} points")
            continue
        x = {int(at): value for at, value in check["x"].items()}
        if not any(
            all(abs(axis[at] - value) <= limits["x_abs"] for at, value in x.items())
            for axis in _axes(trace)
        ):
            wrong.append("axis")
        y = {int(at): value for at, value in check["y"].items()}
        if any(
            abs(trace.intensity[at] - v) > limits["y_rel"] * max(abs(v), 1e-12)
            for at, v in y.items()
        ):
            wrong.append("intensity")
    return wrong


def test_every_real_text_file_has_its_agreed_values(shared_data: Path) -> None:
    folder = shared_data / "formats"
    expected = json.loads((folder / "expected.json").read_text())
    rows = list(csv.DictReader((folder / "manifest.csv").read_text().splitlines()))
    names = [row["file"] for row in rows if row["format"].startswith("txt_")]
    agreed = [name for name in names if expected.get(name, {}).get("check")]
    assert len(agreed) > 80
    wrong = {}
    for name in agreed:
        found = read_traces((folder / name).read_bytes(), where=name)
        wrong[name] = _differences(found, expected[name], name)
    assert {name: what for name, what in wrong.items() if what} == {}


def test_every_other_real_text_file_is_read_or_refused_in_words(shared_data: Path) -> None:
    folder = shared_data / "formats"
    for path in sorted(folder.glob("txt_*/*")):
        try:
            found = read_traces(path.read_bytes(), where=path.name)
        except FileError as error:
            told = (error.what, error.remedy, error.where.startswith(path.name))
            if not all(told):
                pytest.fail(f"{path.name}: {told}")
        else:
            assert found.traces
