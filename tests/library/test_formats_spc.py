"""Galactic SPC, built here: every layout gives the same curve; real files are in test_corpus_*."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from library.errors import AmbiguousAxisError, DamagedFileError, NotRamanError, PartialFileError
from library.formats import TraceFile, read_bytes, read_traces
from library.formats.spc_header import plausible
from matching.errors import SpectraError

Build = Callable[..., bytes]


def _traces(data: bytes) -> TraceFile:
    return read_traces(data, where="x.spc")


@pytest.mark.parametrize("layout", ["even", "shared", "own", "old"])
@pytest.mark.parametrize("curves", [1, 3])
@pytest.mark.parametrize("stored", [{}, {"exponent": 12}, {"exponent": 12, "short": True}])
def test_every_layout_and_storage_gives_the_same_ordinates(
    spc_file: Build, layout: str, curves: int, stored: dict[str, int]
) -> None:
    plain = _traces(spc_file("even")).traces[0].intensity
    found = _traces(spc_file(layout, curves=curves, **stored)).traces
    assert len(found) == curves
    ends = [200.0, 790.0] if layout in {"even", "old"} else [200.0, 679.08]
    for trace in found:
        assert trace.shift_cm1 is not None
        assert np.allclose(trace.intensity, plain, atol=0.07, rtol=1e-6)
        assert trace.shift_cm1[[0, -1]] == pytest.approx(ends, abs=1e-4)


@pytest.mark.parametrize("layout", ["even", "shared", "own"])
def test_big_endian_equals_little_endian(spc_file: Build, layout: str) -> None:
    big = _traces(spc_file(layout, order=">", curves=2, exponent=12))
    little = _traces(spc_file(layout, curves=2, exponent=12))
    for one, other in zip(big.traces, little.traces, strict=True):
        assert np.array_equal(one.intensity, other.intensity)


def test_the_exponent_is_the_main_headers_unless_the_file_holds_several(spc_file: Build) -> None:
    right = _traces(spc_file(exponent=12)).traces[0].intensity
    data = bytearray(spc_file(exponent=12))
    data[513] = 14  # the subheader's
    assert np.array_equal(_traces(bytes(data)).traces[0].intensity, right)
    data = bytearray(spc_file(exponent=12, curves=2))
    data[3] = 14  # the main header's
    assert np.array_equal(_traces(bytes(data)).traces[1].intensity, right)


@pytest.mark.parametrize(
    ("log", "laser"),
    [
        ("LASER (NM) = 632.81\n\r", 632.81),
        ("Laser=Laser: 457nm_Raman\r\n", 457.0),
        ("EXCIT_LINE = 532.2\r\n", 532.2),
        ("Laser_Wavelength=785,21\r\n", 785.21),
        ("Laser_Wavenumber= 15800.823\r\nnothing here\r\n", None),
        ("LASER (NM) = 9\r\n", None),
    ],
)
def test_the_laser_line_comes_from_the_log(spc_file: Build, log: str, laser: float | None) -> None:
    assert _traces(spc_file("shared", log=log)).traces[0].laser_nm == laser


@pytest.mark.parametrize("at", range(0, 64, 4))
def test_no_log_block_fails_the_spectrum(spc_file: Build, at: int) -> None:
    sound = spc_file(log="a=b\r\n")
    for value in (0, 1, 2**31, 2**32 - 1):
        data = bytearray(sound)
        struct.pack_into("<I", data, len(sound) - 64 - 5 + at, value)
        assert _traces(bytes(data)).traces[0].intensity.size == 60


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        ({"x": 1, "y": 2}, NotRamanError),
        ({"x": 9}, NotRamanError),
        ({"x": 1}, AmbiguousAxisError),
        ({"x": 0}, AmbiguousAxisError),
    ],
)
def test_what_is_not_raman_is_refused_by_name(
    spc_file: Build, codes: dict[str, int], error: type[SpectraError]
) -> None:
    with pytest.raises(error):
        read_bytes(spc_file(**codes), where="x.spc")


def test_an_axis_of_pixels_is_said_to_be_one(spc_file: Build) -> None:
    trace = _traces(spc_file(x=0, first=1.0, last=60.0)).traces[0]
    assert trace.other_unit == "pixel"


def test_exports_on_an_even_grid_are_marked(spc_file: Build) -> None:
    wire = spc_file(log="Measurement_type=SingleScan\r\nXListType=1\r\n", last=789.3)
    assert "resampled" in _traces(wire).traces[0].marks
    assert "resampled" in _traces(spc_file()).traces[0].marks  # 200, 210, 220 ...
    assert not _traces(spc_file(last=789.3)).traces[0].marks
    assert not _traces(spc_file("shared")).traces[0].marks


@pytest.mark.parametrize("layout", ["even", "shared", "own", "old"])
def test_every_cut_is_an_error_or_marked_and_never_longer_than_the_file(
    spc_file: Build, layout: str
) -> None:
    whole = spc_file(layout, curves=2)
    size = _traces(whole).traces[0].intensity.size
    for length in range(260, len(whole) - 1, 7):
        try:
            found = _traces(whole[:length])
        except SpectraError:
            continue
        if layout == "old" and all(t.intensity.size == size for t in found.traces):
            continue  # old files do not say how many curves they hold
        assert all("truncated" in trace.marks for trace in found.traces)
        with pytest.raises(PartialFileError):
            read_bytes(whole[:length], where="x.spc")


def test_a_directory_cannot_name_one_curve_many_times(spc_file: Build) -> None:
    data = bytearray(spc_file("own", curves=3))
    data[-24:-20] = data[-12:-8]
    with pytest.raises(DamagedFileError, match="overlap"):
        _traces(bytes(data))


def test_floats_behind_an_unfilled_exponent_are_refused(spc_file: Build) -> None:
    data = bytearray(spc_file())
    data[3] = 0
    with pytest.raises(DamagedFileError, match="floating point"):
        _traces(bytes(data))


def test_integers_of_a_flat_curve_are_not_taken_for_floats(spc_file: Build) -> None:
    """A curve between 0.22 and 0.30 of full scale has integers that are sensible floats, too."""
    data = bytearray(spc_file(exponent=12, rows=60))
    data[3] = 0
    flat = np.linspace(0.22, 0.30, 60) * 2.0**32
    data[544 : 544 + 240] = flat.astype("<i4").tobytes()
    assert _traces(bytes(data)).traces[0].intensity == pytest.approx(np.linspace(0.22, 0.30, 60))


REAL = {
    "PST10_iR532_Probe_100_3000msx7.spc": (True, None),
    "nCal_Qontor785_z005H12_100_1x3s.spc": (True, 785.0),
    "raman-sion.spc": (True, 457.0),
    "20170410EDL_L01_cell01_c1.spc": (False, 632.81),
    "Witec-Map.spc": (False, None),
    "NDR0002.SPC": (False, None),
}


@pytest.mark.parametrize("name", REAL)
def test_real_exports_are_marked_and_state_their_laser(name: str, shared_data: Path) -> None:
    path = shared_data / "formats" / "spc" / name
    if not path.is_file():
        pytest.skip("this data folder holds no files of formats")
    resampled, laser = REAL[name]
    for trace in _traces(path.read_bytes()).traces:
        assert ("resampled" in trace.marks) == resampled
        assert trace.laser_nm == laser


def test_a_zip_archive_is_not_taken_for_a_galactic_file(spc_file: Build) -> None:
    data = spc_file(layout="even")
    assert plausible(b"PK\x03\x05" + data[4:])
    assert not plausible(b"PK\x03\x04" + data[4:])
