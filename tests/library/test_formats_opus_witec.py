"""Bruker OPUS and WITec projects: what comes out of the worker, and what is made of it."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from library.errors import (
    DamagedFileError,
    LaserMissingError,
    NotRamanError,
    PartialFileError,
    ReaderAnswerError,
)
from library.formats import guarded, opus, read_bytes, read_traces, witec
from matching.errors import SpectraError


def one(data, **options):
    result = read_bytes(data, where="f", **options)
    assert len(result.spectra) == 1
    return result.spectra[0].spectrum, result


def left_of(data):
    """Return the curves that can be read, or none after an error that says what to do."""
    try:
        return read_traces(data, where="f").traces
    except SpectraError as error:
        if not (error.what and error.remedy):
            pytest.fail(f"{error!r} lacks what or remedy")
        return ()


# --- OPUS ----------------------------------------------------------------------------------------


def test_the_raman_block_is_taken_and_the_others_are_said(made_up):
    opus_file = made_up["opus_file"]
    axis, y = opus_file.curve()
    spectrum, result = one(opus_file.raman())
    np.testing.assert_allclose(spectrum.raman_shift_cm1, axis[::-1], atol=1e-9)
    np.testing.assert_array_equal(spectrum.intensity, y[::-1])
    assert spectrum.laser_nm == pytest.approx(1e7 / 9394.9)
    assert spectrum.acquisition.instrument == "VERTEX 70"
    assert spectrum.acquisition.laser_power == "500 mW"
    assert spectrum.acquisition.averages == 50
    assert spectrum.acquisition.measured_at == "04/07/2023 16:59:10"
    assert any("single-channel" in note for note in result.assumptions)


def test_all_curves_but_the_interferogram_come_out_raman_first(made_up):
    found = read_traces(made_up["opus_file"].raman(), where="f").traces
    assert [trace.name for trace in found] == ["ra", "sm"]
    assert [trace.kind for trace in found] == ["", "single-channel sample spectrum"]
    assert found[0].other_axis is None
    assert found[1].shift_cm1 is None
    assert found[1].other_unit == "1/cm"
    assert found[1].laser_nm is None


def test_an_infrared_file_is_read_but_is_no_raman_spectrum(made_up):
    opus_file = made_up["opus_file"]
    axis, y = opus_file.curve(50)
    data = opus_file.file(opus_file.data(opus_file.ABSORBANCE, axis, y))
    (trace,) = read_traces(data, where="f").traces
    np.testing.assert_array_equal(trace.intensity, y)
    assert trace.kind == "Absorbance spectrum"
    with pytest.raises(NotRamanError, match="Absorbance"):
        read_bytes(data, where="f")


def test_only_an_interferogram_is_no_spectrum(made_up):
    opus_file = made_up["opus_file"]
    wave = np.arange(100.0)
    data = opus_file.file(opus_file.data(opus_file.INTERFEROGRAM, wave, np.cos(wave), DXU="PNT"))
    with pytest.raises(DamagedFileError, match="no spectrum"):
        read_traces(data, where="f")


def test_the_helium_neon_laser_is_not_the_raman_laser(made_up):
    opus_file = made_up["opus_file"]
    axis, y = opus_file.curve()
    data = opus_file.file([*opus_file.data(10, axis, y), *opus_file.instrument(RLW=0.0)])
    spectrum, _ = one(data)
    assert spectrum.laser_nm is None
    data = opus_file.file([*opus_file.data(10, axis, y), *opus_file.instrument(RLW=1.0)])
    spectrum, result = one(data)
    assert spectrum.laser_nm is None
    assert any("not taken" in note for note in result.assumptions)


def test_two_blocks_of_one_kind_are_both_there(made_up):
    opus_file = made_up["opus_file"]
    axis, y = opus_file.curve()
    data = opus_file.file([*opus_file.data(10, axis, y), *opus_file.data(10, axis, 2 * y)])
    found = read_traces(data, where="f").traces
    assert sorted(trace.intensity.max() for trace in found) == [y.max(), 2 * y.max()]
    assert len({trace.name for trace in found}) == 2


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"NPT": -5}, "states -5 points"),
        ({"NPT": 2**31 - 1}, "points"),
        ({"NPT": 250}, "no spectrum"),
        ({"FXV": 100.0, "LXV": 100.0}, "one way"),
        ({"FXV": float("nan")}, "no numbers"),
        ({"CSF": float("inf")}, "no numbers"),
    ],
)
def test_an_opus_block_that_cannot_be_is_damage(made_up, change, match):
    opus_file = made_up["opus_file"]
    axis, y = opus_file.curve()
    with pytest.raises(DamagedFileError, match=match) as caught:
        read_traces(opus_file.file(opus_file.data(10, axis, y, **change)), where="f")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("at", "value"), [(12, 2**31 - 16), (12, -1), (16, 0), (20, 2**31 - 1), (20, 3)]
)
def test_an_opus_list_of_blocks_that_cannot_be_is_damage(made_up, at, value):
    data = bytearray(made_up["opus_file"].raman())
    data[at : at + 4] = struct.pack("<i", value)
    with pytest.raises(DamagedFileError):
        read_traces(bytes(data), where="f")


def test_an_opus_file_cut_in_its_last_block_is_partial(made_up):
    data = made_up["opus_file"].raman()[:-8]
    assert read_traces(data, where="f").traces[0].marks == {"truncated"}
    with pytest.raises(PartialFileError):
        read_bytes(data, where="f")
    assert one(data, partial=True)[1].spectra[0].marks == {"truncated"}


def test_an_opus_file_cut_anywhere_is_a_named_error_or_marked(made_up):
    data = made_up["opus_file"].raman(64)
    for end in range(4, len(data), 97):
        assert all(trace.marks == {"truncated"} for trace in left_of(data[:end]))


# --- WITec ---------------------------------------------------------------------------------------


def test_each_point_of_a_map_is_a_spectrum_with_its_place(made_up):
    project = made_up["witec_project"]
    curves = project.curves(3, 2)
    result = read_bytes(project.project(project.graph(curves, dtype="<u2")), where="f")
    assert [entry.index for entry in result.spectra] == [1, 2, 3, 4, 5, 6]
    assert {entry.name for entry in result.spectra} == {"Scan 1"}
    for at, entry in enumerate(result.spectra):
        x, y = divmod(at, 2)
        assert ("point", f"x {x}, y {y}") in entry.metadata
        np.testing.assert_array_equal(entry.spectrum.intensity, curves[x, y])
        np.testing.assert_allclose(entry.spectrum.raman_shift_cm1, project.shift(), atol=1e-9)
        assert entry.spectrum.laser_nm == 785.0


@pytest.mark.parametrize("dtype", ["<f4", "<u2", "<i4", "<f8"])
def test_every_type_of_number(made_up, dtype):
    project = made_up["witec_project"]
    spectrum, _ = one(project.project(project.graph(project.curves(), dtype=dtype)))
    np.testing.assert_array_equal(spectrum.intensity, project.curves()[0, 0])


def test_an_axis_in_nm_or_in_energy_is_given_in_nm(made_up):
    project = made_up["witec_project"]
    pixel = np.arange(128)
    for unit in (project.NANOMETRE, project.ENERGY):
        data = project.project(project.graph(project.curves()), unit=unit)
        (trace,) = read_traces(data, where="f").traces
        np.testing.assert_allclose(trace.wavelength_nm, 795.0 + 0.9 * pixel - 1e-4 * pixel**2)
        spectrum, _ = one(data)
        np.testing.assert_allclose(spectrum.raman_shift_cm1, project.shift(), atol=1e-9)


def test_a_wavelength_axis_without_a_laser_line_asks_for_it(made_up):
    project = made_up["witec_project"]
    data = project.project(project.graph(project.curves()), unit=project.NANOMETRE, laser=0.0)
    with pytest.raises(LaserMissingError):
        read_bytes(data, where="f")
    assert one(data, laser_nm=785.0)[0].laser_nm == 785.0


def test_lines_that_were_never_measured_are_left_out_and_said(made_up):
    project = made_up["witec_project"]
    graph = project.graph(project.curves(3, 2), valid=[True, False])
    result = read_bytes(project.project(graph), where="f")
    assert len(result.spectra) == 3
    assert any(note.startswith("3 points of the graph 'Scan 1'") for note in result.assumptions)


def test_a_graph_over_time_is_no_spectrum_but_the_others_are_read(made_up):
    project = made_up["witec_project"]
    graphs = (
        project.graph(project.curves(), "Scan 1"),
        project.graph(project.curves(), "Trace 1", axis_id=4, unit_id=0),
    )
    data = project.project(*graphs)
    found = read_traces(data, where="f").traces
    assert [(trace.name, trace.kind) for trace in found] == [
        ("Scan 1", ""),
        ("Trace 1", "a curve over s"),
    ]
    _, result = one(data)
    assert any("1 x a curve over s" in note for note in result.assumptions)


def test_a_graph_that_cannot_be_read_is_said_and_the_others_are_read(made_up):
    project = made_up["witec_project"]
    sort, caption, (tag,) = project.graph(project.curves(), "Broken")
    broken = project.tree("TDGraph", *(part for part in tag[2] if part[0] != "SizeX"))
    data = project.project(project.graph(project.curves()), (sort, caption, [broken]))
    _, result = one(data)
    assert any("'Broken' was left out" in note for note in result.assumptions)
    with pytest.raises(DamagedFileError, match="Broken"):
        read_bytes(project.project((sort, caption, [broken])), where="f")


def test_the_text_beside_a_graph_says_how_it_was_measured(made_up):
    project = made_up["witec_project"]
    remark = "General:\nIntegration Time [s]:\t1.5\nNumber Of Accumulations:\t4\nDate:\tMonday\n"
    spectrum, _ = one(project.project(project.graph(project.curves()), remark=remark))
    assert spectrum.acquisition.integration_time_ms == 1500
    assert spectrum.acquisition.averages == 4
    assert spectrum.acquisition.measured_at == "Monday"


def test_a_project_cut_anywhere_is_a_named_error_or_marked(made_up):
    project = made_up["witec_project"]
    data = project.project(project.graph(project.curves(2, 1)))
    for end in range(8, len(data), 61):
        assert all(trace.marks == {"truncated"} for trace in left_of(data[:end]))


@pytest.mark.parametrize("place", [8, 0, -40, 2**40, 2**63])
def test_a_tag_that_points_back_or_out_is_damage_at_once(made_up, place):
    """witio follows such a place in a circle without end; the worker is not even asked."""
    project = made_up["witec_project"]
    data = project.project(project.graph(project.curves()))
    at = data.index(b"SizeY") + 5 + 4
    start = int.from_bytes(data[at : at + 8], "little")
    for changed in (place, max(0, start - 40)):
        raw = changed % 2**64
        broken = data[: at + 8] + raw.to_bytes(8, "little") + data[at + 16 :]
        with pytest.raises(DamagedFileError, match="outside"):
            read_traces(broken, where="f")
    assert guarded.ask("witec", data).content["graphs"]


def test_a_project_of_too_many_or_too_deep_tags_is_damage(made_up, monkeypatch):
    project = made_up["witec_project"]
    deep = project.integer("a", 1)
    for _ in range(150):
        deep = project.tree("a", deep)
    with pytest.raises(DamagedFileError, match="more parts"):
        read_traces(b"WIT_PRCT" + project.write(deep, 8), where="f")
    monkeypatch.setattr(witec, "MAX_TAGS", 20)
    with pytest.raises(DamagedFileError, match="more parts"):
        read_traces(project.samples()[0], where="f")


# --- The parent checks what it is given ----------------------------------------------------------


ANSWERS = (
    ({}, ()),
    ({"blocks": 1, "graphs": 1}, ()),
    ({"blocks": [{}], "graphs": [{}], "parameters": {}, "texts": [], "left_out": []}, ()),
    ({"blocks": [{}], "graphs": [{}], "parameters": {}, "texts": [], "left_out": []}, (2,)),
    ({"blocks": [[1]], "graphs": [[1]], "parameters": {}, "texts": [1], "left_out": [1]}, (2,)),
    ({"blocks": [], "graphs": [], "parameters": 4, "texts": 3, "left_out": 3}, ()),
)


@pytest.mark.parametrize(("content", "sizes"), ANSWERS)
@pytest.mark.parametrize("reader", [opus, witec])
def test_an_incomplete_answer_is_refused(made_up, monkeypatch, reader, content, sizes):
    answer = guarded.Answer(content, tuple(np.arange(5.0) for n in sizes for _ in range(n)))
    monkeypatch.setattr(guarded, "ask", lambda *_: answer)
    module = made_up["opus_file" if reader is opus else "witec_project"]
    with pytest.raises(ReaderAnswerError):
        read_traces(module.samples()[0], where="f")
