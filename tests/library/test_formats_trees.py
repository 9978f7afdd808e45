"""LabSpec XML and .l6s, Andor SIF, TriVista and Raman CIF: what is read, and the traps of each."""

from __future__ import annotations

import numpy as np
import pytest

from library.errors import (
    AmbiguousAxisError,
    ColumnMissingError,
    DamagedFileError,
    FileTooLargeError,
    LaserMissingError,
    NotRamanError,
    PartialFileError,
    UnsupportedFormError,
)
from library.formats import read_bytes, read_traces
from library.formats.labspec_l6s import COMPARE
from matching.errors import SpectraError


def one(data, **options):
    result = read_bytes(data, where="f", **options)
    assert len(result.spectra) == 1
    return result.spectra[0].spectrum, result


def cut_is_named_or_marked(data, step):
    """Check that each beginning of `data` is a named error or marked, but for trailing blanks."""
    for end in range(12, len(data.rstrip()) - 1, step):
        try:
            found = read_traces(data[:end], where="f")
        except SpectraError as error:
            if not (error.what and error.remedy):
                pytest.fail(f"{error!r} lacks what or remedy")
        else:
            assert all(trace.marks == {"truncated"} for trace in found.traces), end


# --- LabSpec: one tree, two files ----------------------------------------------------------------


@pytest.fixture(params=["xml", "l6s"])
def labspec(request, made_up):
    """Return a function that makes a LabSpec file of one spectrum, in either form."""
    files = made_up["labspec_tree_files"]

    def make(axis, y, unit="1/cm", **options):
        if request.param == "xml":
            return files.xml(files.tree(axis, unit, **options), [y])
        return files.binary(files.tree(axis, unit, y=y, **options))

    make.form, make.files = request.param, files
    return make


def test_labspec_axis_intensities_and_settings(labspec):
    axis, y = labspec.files.curve()
    spectrum, result = one(labspec(axis, y))
    np.testing.assert_allclose(spectrum.raman_shift_cm1, axis[::-1], rtol=1e-8)
    np.testing.assert_array_equal(spectrum.intensity, y[::-1])
    assert spectrum.laser_nm == 784.48
    assert spectrum.acquisition.integration_time_ms == 8000
    assert spectrum.acquisition.averages == 8
    assert ("Title", "Sample 12") in result.spectra[0].metadata
    assert (COMPARE in result.assumptions) == (labspec.form == "l6s")


@pytest.mark.parametrize("unit", ["1/cm abs", "eV", "THz", ""])
def test_labspec_units_that_are_no_raman_shift_are_not_taken_for_one(labspec, unit):
    axis, y = labspec.files.curve()
    (trace,) = read_traces(labspec(axis, y, unit), where="f").traces
    np.testing.assert_allclose(trace.other_axis, axis, rtol=1e-8)
    assert trace.other_unit == unit
    with pytest.raises(AmbiguousAxisError):
        read_bytes(labspec(axis, y, unit), where="f")


def test_labspec_in_nm_needs_the_laser(labspec):
    axis, y = labspec.files.curve()
    nm = 785.0 + axis / 20
    spectrum, _ = one(labspec(nm, y, "nm"))
    np.testing.assert_allclose(spectrum.raman_shift_cm1, (1e7 / 784.48 - 1e7 / nm)[::-1], rtol=1e-5)
    with pytest.raises(LaserMissingError):
        read_bytes(labspec(nm, y, "nm", laser=None), where="f")


@pytest.mark.parametrize(
    ("laser", "nm"), [(("785", 3.0), 785.0), (("785", 532.1), None), (("Laser 2", 4.0), None)]
)
def test_labspec_laser_is_the_exact_one_only_where_it_is_the_named_one(labspec, laser, nm):
    axis, y = labspec.files.curve()
    spectrum, result = one(labspec(axis, y, laser=laser))
    assert spectrum.laser_nm == nm
    assert any("not taken" in note for note in result.assumptions) == (nm is None)


@pytest.mark.parametrize("change", ["repeated", "zigzag", "shorter", "longer"])
def test_labspec_axes_that_do_not_fit_are_damage(labspec, change):
    axis, y = labspec.files.curve()
    if change == "repeated":
        axis[10] = axis[9]
    elif change == "zigzag":
        axis[[10, 11]] = axis[[11, 10]]
    else:
        axis = axis[:-1] if change == "shorter" else np.append(axis, 1.0)
    with pytest.raises(DamagedFileError):
        read_traces(labspec(axis, y), where="f")


def test_labspec_cut_anywhere(labspec):
    axis, y = labspec.files.curve(20)
    cut_is_named_or_marked(labspec(axis, y), 13)


def test_labspec_has_no_raw_column(labspec):
    axis, y = labspec.files.curve()
    with pytest.raises(ColumnMissingError):
        read_bytes(labspec(axis, y), where="f", column="raw")


def test_labspec_xml_rows_are_spectra_in_their_order(made_up):
    files = made_up["labspec_tree_files"]
    axis, y = files.curve()
    data = files.xml(
        files.tree(axis, places=[np.arange(2.0), np.arange(3.0)]), [y + k for k in range(6)]
    )
    result = read_bytes(data, where="f")
    assert [entry.index for entry in result.spectra] == [1, 2, 3, 4, 5, 6]
    for k, entry in enumerate(result.spectra):
        np.testing.assert_array_equal(entry.spectrum.intensity, (y + k)[::-1])
    fewer = files.xml(files.tree(axis, places=[np.arange(3.0)]), [y, y])
    assert any("3 places" in note for note in read_bytes(fewer, where="f").assumptions)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('Size="40">', 'Size="41">', "states 41 numbers and holds 40"),
        ('ID="0x7D6CD4DB" Size="40">\n<LSX_Row', 'ID="0x7D6CD4DB" Size="80">\n<LSX_Row', "matrix"),
        ("20 20", "20 nan", "no number"),
        ("20 20", "20 1e999", "not finite"),
        ("20 20", "20 2_0", "no number"),
        ("20 20", "20 0x14", "no number"),
        ('ID="0x6D707974"', 'ID="typm"', "whole number"),
        ("Spectr", "Intens", "2 axes of intensity and 0 spectral"),
        ("LSX_Matrix", "LSX_Matrox", "tree and a matrix"),
    ],
)
def test_labspec_xml_that_cannot_be_is_damage(made_up, old, new, match):
    files = made_up["labspec_tree_files"]
    axis, y = files.curve()
    text = files.xml(files.tree(axis), [y]).decode()
    assert old in text
    with pytest.raises(DamagedFileError, match=match):
        read_traces(text.replace(old, new).encode(), where="f")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_labspec_xml_bombs_are_refused_before_they_go_off(made_up, encoding):
    files = made_up["labspec_tree_files"]
    axis, y = files.curve()
    entities = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{"&" + chr(97 + n) + ";" * 1}{("&" + chr(97 + n) + ";") * 9}">'
        for n in range(12)
    )
    head = f'<?xml version="1.0"?>\n<!DOCTYPE LSX_Data [{entities}]>\n'
    text = files.xml(files.tree(axis), [y], head=head).decode().replace("Sample 12", "&m;")
    with pytest.raises(SpectraError):
        read_traces(text.encode(encoding), where="f")


def test_labspec_xml_nested_ten_thousand_deep_is_damage(made_up):
    files = made_up["labspec_tree_files"]
    axis, y = files.curve()
    deep = '<LSX Format="9" ID="0x1">' * 10_000 + "</LSX>" * 10_000
    text = files.xml(files.tree(axis), [y]).decode().replace("</LSX_Tree>", deep + "</LSX_Tree>")
    with pytest.raises(DamagedFileError, match="nested"):
        read_traces(text.encode(), where="f")


def test_labspec_xml_of_a_million_elements_is_damage(made_up):
    files = made_up["labspec_tree_files"]
    axis, y = files.curve()
    text = files.xml(files.tree(axis), [y]).decode()
    many = text.replace("</LSX_Tree>", "<a/>" * 400_000 + "</LSX_Tree>")
    with pytest.raises(DamagedFileError, match="300,000 elements"):
        read_traces(many.encode(), where="f")


def test_l6s_maps_and_series_are_refused_by_name(made_up):
    files = made_up["labspec_tree_files"]
    axis, y = files.curve()
    for data in (
        files.binary(files.tree(axis, y=y, places=[np.arange(3.0)])),
        files.binary(files.tree(axis, y=np.tile(y, 3))),
    ):
        with pytest.raises(UnsupportedFormError, match="series or a map"):
            read_traces(data, where="f")


@pytest.mark.parametrize("size", [2**32 - 1, 2**31, 10_000])
def test_l6s_counts_are_checked_against_the_file(made_up, size):
    files = made_up["labspec_tree_files"]
    axis, y = files.curve()
    data = bytearray(files.binary(files.tree(axis, y=y)))
    for at in range(0x4C + 20, 0x4C + 400, 4):
        changed = bytes(data[:at]) + size.to_bytes(4, "little") + bytes(data[at + 4 :])
        try:
            read_traces(changed, where="f")
        except SpectraError as error:
            if not error.remedy:
                pytest.fail(f"{error!r} lacks a remedy")


# --- Andor SIF -----------------------------------------------------------------------------------


def test_sif_axis_is_the_calibration_over_pixels_from_one(made_up):
    sif = made_up["andor_sif"]
    (trace,) = read_traces(sif.sif(sif.frames()), where="f").traces
    pixel = np.arange(1, 65)
    np.testing.assert_allclose(trace.wavelength_nm, 803.5 + 0.25 * pixel - 1e-5 * pixel**2)
    np.testing.assert_array_equal(trace.intensity, sif.frames()[0, 0])
    assert trace.acquisition.integration_time_ms == pytest.approx(100)
    assert trace.acquisition.averages == 500
    assert trace.acquisition.detector_temperature_c == -50
    assert trace.acquisition.measured_at == "2017-09-08 13:03:52 UTC"
    assert trace.laser_nm is None
    assert one(sif.sif(sif.frames()), laser_nm=785.0)[0].laser_nm == 785.0


@pytest.mark.parametrize(
    ("version", "flag"), [(65559, b""), (65567, b"0\n"), (65567, b"1\n  17\n 5\n  6\n")]
)
def test_sif_frames_are_spectra_whatever_stands_before_them(made_up, version, flag):
    sif = made_up["andor_sif"]
    found = read_traces(sif.sif(sif.frames(3), version=version, flag=flag), where="f").traces
    assert [dict(trace.metadata)["frame"] for trace in found] == ["1", "2", "3"]
    for k, trace in enumerate(found):
        np.testing.assert_array_equal(trace.intensity, sif.frames(3)[k, 0])
        assert trace.marks == frozenset()


def test_sif_rows_of_an_image_and_of_tracks(made_up):
    sif = made_up["andor_sif"]
    frames = sif.frames(2, 4, 32)
    whole = sif.sif(frames, calibration="0 1 0 0", names=("Pixel number", "Counts", "Pixel number"))
    found = read_traces(whole, where="f").traces
    assert [trace.other_unit for trace in found] == ["pixel"] * 8
    np.testing.assert_array_equal(found[5].intensity, frames[1, 1])
    tracks = sif.sif(frames, parts=[(2, 1, 1), (20, 11, 5)])
    np.testing.assert_array_equal(read_traces(tracks, where="f").traces[6].intensity, frames[1, 2])


def test_sif_other_axes_are_not_guessed(made_up):
    sif = made_up["andor_sif"]
    data = sif.sif(sif.frames(), names=("Raman Shift", "Counts", "Pixel number"))
    assert read_traces(data, where="f").traces[0].other_unit == "Raman Shift"
    with pytest.raises(AmbiguousAxisError, match="Raman Shift"):
        read_bytes(data, where="f")


def test_sif_cut_anywhere(made_up):
    sif = made_up["andor_sif"]
    cut_is_named_or_marked(sif.sif(sif.frames(2), trailer=b"0\n0\n0\n0\n<?xml ?>\nSIFX"), 7)
    cut = sif.sif(sif.frames())[:-60]
    with pytest.raises(PartialFileError):
        read_bytes(cut, where="f", laser_nm=785.0)
    assert one(cut, laser_nm=785.0, partial=True)[0].intensity.size == 51


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b"65541 1 1 64 1 1 1 64 64", b"65541 1 1 64 1 999999999 1 999999999 1", DamagedFileError),
        (b"65541 1 1 64 1 1 1 64 64", b"65541 1 1 64 1 0 1 0 64", DamagedFileError),
        (b"65541 1 1 64 1 1 1 64 64", b"65541 1 1 64 1 1 999999999 64 64", DamagedFileError),
        (b"65538 1 1 64 1 1 1 0", b"65538 1 1 64 1 0 0 0", DamagedFileError),
        (b"65538 1 1 64 1 1 1 0", b"65538 1 1 999999999 1 1 1 0", DamagedFileError),
        (b"803.5 0.25 -1e-05 0", b"803.5 0 0 0", DamagedFileError),
        (b"803.5 0.25 -1e-05 0", b"1e999 0.25 0 0", DamagedFileError),
        (b"803.5 0.25 -1e-05 0", b"text", DamagedFileError),
        (b"10\nWavelength", b"11\nWavelength", DamagedFileError),
        (b"         0\n0\n", b"         x\n0\n", DamagedFileError),
    ],
)
def test_sif_headers_that_cannot_be(made_up, old, new, error):
    sif = made_up["andor_sif"]
    data = sif.sif(sif.frames())
    assert data.count(old) == 1
    with pytest.raises(error) as caught:
        read_traces(data.replace(old, new), where="f")
    assert caught.value.remedy


def test_sif_agrees_with_its_text_export(shared_data):
    folder = shared_data / "formats" / "sif"
    if not (folder / "raman1.asc").is_file():
        pytest.skip("this data folder has no Andor files")
    (trace,) = read_traces((folder / "raman1.sif").read_bytes(), where="f").traces
    lines = (folder / "raman1.asc").read_text(encoding="latin-1").splitlines()
    rows = [line.split() for line in lines if line[:1].isdigit() and len(line.split()) == 2]
    twin = np.array(rows, dtype=float)
    np.testing.assert_allclose(trace.wavelength_nm, twin[:, 0], atol=2e-5)
    np.testing.assert_allclose(trace.intensity, twin[:, 1], rtol=1e-5)


def test_l6s_agrees_with_its_text_export(shared_data):
    folder = shared_data / "formats" / "l6s"
    if not folder.is_dir():
        pytest.skip("this data folder has no LabSpec files")
    for path in folder.glob("*.l6s"):
        (binary,) = read_traces(path.read_bytes(), where="f").traces
        (text,) = read_traces(path.with_suffix(".txt").read_bytes(), where="f").traces
        np.testing.assert_allclose(binary.shift_cm1, text.shift_cm1, atol=0.006)
        np.testing.assert_allclose(binary.intensity, text.intensity, atol=0.006)


# --- TriVista ------------------------------------------------------------------------------------


def test_trivista_frames_and_rows(made_up):
    tvf = made_up["trivista_tvf"]
    axis, frames = tvf.curves(2, 3)
    found = read_traces(tvf.tvf(axis, frames), where="f").traces
    assert len(found) == 6
    for k, trace in enumerate(found):
        np.testing.assert_array_equal(trace.wavelength_nm, axis)
        np.testing.assert_array_equal(trace.intensity, frames[k // 3, k % 3])
        assert trace.laser_nm == 785.0
    assert found[0].acquisition.measured_at == "09/29/2016 12:51:30"


def test_trivista_laser_of_zero_is_not_known_and_another_is_said(made_up):
    tvf = made_up["trivista_tvf"]
    with pytest.raises(LaserMissingError):
        read_bytes(tvf.tvf(*tvf.curves(), laser="0.000"), where="f")
    found = read_traces(tvf.tvf(*tvf.curves(), laser="12"), where="f")
    assert found.traces[0].laser_nm is None
    assert any("12" in note for note in found.assumptions)


def test_trivista_other_units_and_axes_are_not_guessed(made_up):
    tvf = made_up["trivista_tvf"]
    (trace,) = read_traces(tvf.tvf(*tvf.curves(), unit="RelativeWavenumber"), where="f").traces
    assert trace.other_unit == "RelativeWavenumber"
    with pytest.raises(UnsupportedFormError):
        read_traces(tvf.tvf(*tvf.curves(), kind="Polynomial"), where="f")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('xDim="40"', 'xDim="41"'),
        ('xDim="40"', 'xDim="999999999"'),
        ('yDim="1"', 'yDim="0"'),
        ('ValueArray="40|', 'ValueArray="41|'),
        ('ValueArray="40|800.0|', 'ValueArray="40|nan|'),
        ('ValueArray="40|800.0|', 'ValueArray="40|900.0|'),
        (">50;", ">inf;"),
        (">50;", ">5_0;"),
        (">50;", ">;"),
        ("<Frame", "<Fram"),
        ("<Documents", "<Document"),
        ("<!--", '<!DOCTYPE x [<!ENTITY a "b">]><!--'),
    ],
)
def test_trivista_that_cannot_be_is_damage(made_up, old, new):
    tvf = made_up["trivista_tvf"]
    text = tvf.tvf(*tvf.curves()).decode()
    assert old in text
    with pytest.raises(DamagedFileError) as caught:
        read_traces(text.replace(old, new).encode(), where="f")
    assert caught.value.remedy


def test_trivista_cut_anywhere(made_up):
    tvf = made_up["trivista_tvf"]
    cut_is_named_or_marked(tvf.tvf(*tvf.curves()), 31)


# --- Raman CIF -----------------------------------------------------------------------------------


def rod_of(made_up, **options):
    cif = made_up["raman_cif"]
    return cif.rod(*cif.curve(), **options).encode()


def test_cif_spectrum_laser_and_remarks(made_up):
    spectrum, result = one(rod_of(made_up))
    axis, y = made_up["raman_cif"].curve()
    np.testing.assert_allclose(spectrum.raman_shift_cm1, axis)
    np.testing.assert_array_equal(spectrum.intensity, y)
    assert spectrum.laser_nm == 532.0
    assert spectrum.acquisition.integration_time_ms == 300_000
    assert spectrum.acquisition.laser_power == "60 mW"
    metadata = dict(result.spectra[0].metadata)
    assert metadata["_chemical_name_mineral"] == "Quartz"
    assert metadata["_publ_section_title"] == "A title with loop_ and _tags 'in it"


def test_cif_says_what_was_taken_away_before(made_up):
    extra = "_raman_measurement.baseline_correction yes\n"
    assert "baseline correction" in [s.name for s in one(rod_of(made_up, extra=extra))[0].history]


@pytest.mark.parametrize("laser", ["?", ".", "12", "argon"])
def test_cif_a_laser_that_is_none_is_not_known(made_up, laser):
    assert one(rod_of(made_up, laser=laser))[0].laser_nm is None


def test_cif_a_calculated_spectrum_is_no_measured_one(made_up):
    with pytest.raises(NotRamanError, match="theoretical"):
        read_bytes(rod_of(made_up, method="theoretical"), where="f")


def test_cif_uncertainties_and_unknown_intensities(made_up):
    rows = [f"{100 + k} {5 + k}({k})" for k in range(1, 20)]
    assert one(rod_of(made_up, rows=rows))[0].intensity[0] == 6
    rows[4] = "105 ?"
    (trace,) = read_traces(rod_of(made_up, rows=rows), where="f").traces
    assert trace.marks == {"missing values"}
    assert np.isnan(trace.intensity).sum() == 1
    assert one(rod_of(made_up, rows=rows))[0].intensity.size == 18


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (["1 2", "2 3", "3"], "not whole"),
        (["1 2", "x 3"], "not a number"),
        (["1 2", "? 3"], "not a number"),
        (["1 2", "2 1,5"], "not a number"),
        (["1 2", "2 1e999"], "not a number"),
        (["1 2", "2 _3"], "value is missing"),
        (["1 2", "1 3"], "one way"),
        (["1 ?", "2 ?"], "no intensity is known"),
        ([], "no intensities"),
        (["1 2", ";"], "no end"),
    ],
)
def test_cif_that_cannot_be_is_damage(made_up, rows, match):
    with pytest.raises(DamagedFileError, match=match) as caught:
        read_traces(rod_of(made_up, rows=rows), where="f")
    assert caught.value.remedy


def test_cif_without_a_spectrum_is_damage():
    with pytest.raises(DamagedFileError, match="no loop"):
        read_traces(b"data_1\n_raman_determination.method experimental\n", where="f")


def test_a_signal_of_too_many_numbers_is_refused(made_up, monkeypatch):
    monkeypatch.setattr("library.formats.sif.MAX_VALUES", 100)
    sif = made_up["andor_sif"]
    with pytest.raises(FileTooLargeError):
        read_traces(sif.sif(sif.frames(2)), where="f")
