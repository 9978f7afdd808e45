"""WDF, SPE and SPA, built here: layouts, traps and refusals; real files are in test_corpus_*."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest

from library.errors import (
    AmbiguousAxisError,
    ColumnMissingError,
    DamagedFileError,
    LaserMissingError,
    NotRamanError,
    PartialFileError,
    UnsupportedFormError,
)
from library.formats import TraceFile, read_bytes, read_traces
from matching.errors import SpectraError

Build = Callable[..., bytes]
BOMB = (
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    "<SpeFormat>&b;</SpeFormat>"
)


def _traces(data: bytes) -> TraceFile:
    return read_traces(data, where="x")


def _patched(data: bytes, at: int, layout: str, *numbers: float) -> bytes:
    changed = bytearray(data)
    struct.pack_into(layout, changed, at, *numbers)
    return bytes(changed)


def _all_cuts(whole: bytes, step: int = 13) -> None:
    """Every cut is a named error, or marked, and no longer than what is there."""
    longest = sum(trace.intensity.size for trace in _traces(whole).traces)
    for length in range(1, len(whole), step):
        try:
            found = _traces(whole[:length])
        except SpectraError:
            continue
        assert sum(trace.intensity.size for trace in found.traces) <= longest
        if all("truncated" in trace.marks for trace in found.traces):
            with pytest.raises(PartialFileError):
                read_bytes(whole[:length], where="x")
        else:
            assert any("lacks" in note for note in found.assumptions)


def test_raw_columns_are_refused_not_replaced(binary_samples: dict[str, list[bytes]]) -> None:
    for group in binary_samples.values():
        for data in group:
            with pytest.raises(ColumnMissingError):
                read_bytes(data, where="x", column="raw")


# --- WDF ---------------------------------------------------------------------------------------


def test_wdf_gives_each_spectrum_its_place_and_the_laser(wdf_file: Build) -> None:
    result = read_bytes(wdf_file(count=3), where="x.wdf")
    assert [entry.name for entry in result.spectra] == ["1", "2", "3"]
    assert [dict(entry.metadata)["X"] for entry in result.spectra] == ["0 um", "1 um", "2 um"]
    assert result.spectra[0].spectrum.laser_nm == pytest.approx(785.0, abs=1e-3)


def test_wdf_axis_in_nm_is_a_wavelength(wdf_file: Build) -> None:
    data = wdf_file(unit=3, axis=800 + 0.7 * np.arange(60), laser_nm=0.0)
    assert _traces(data).traces[0].wavelength_nm is not None
    with pytest.raises(LaserMissingError):
        read_bytes(data, where="x.wdf")
    with pytest.raises(AmbiguousAxisError):
        read_bytes(wdf_file(unit=16), where="x.wdf")


def test_wdf_interrupted_map_gives_what_was_measured(wdf_file: Build) -> None:
    found = _traces(wdf_file(count=2, capacity=5))
    assert len(found.traces) == 2
    assert any("2 of 5" in note for note in found.assumptions)


@pytest.mark.parametrize("size", [0, 1, 15, 2**62, 2**64 - 1])
def test_wdf_block_sizes_neither_hang_nor_allocate(wdf_file: Build, size: int) -> None:
    whole = wdf_file()
    for at in (0, 512, whole.index(b"XLST"), whole.index(b"WXDA")):
        try:
            found = _traces(_patched(whole, at + 8, "<Q", size))
        except DamagedFileError:
            continue
        assert "truncated" in found.traces[0].marks


@pytest.mark.parametrize(
    ("at", "layout", "value"),
    [
        *[(60, "<I", n) for n in (0, 1, 59, 61, 2**31, 2**32 - 1)],
        *[(64, "<Q", n) for n in (0, 1, 3, 2**40, 2**64 - 1)],
        *[(72, "<Q", n) for n in (0, 3, 2**40, 2**64 - 1)],
    ],
)
def test_wdf_counts_that_do_not_fit_are_damage(
    wdf_file: Build, at: int, layout: str, value: int
) -> None:
    with pytest.raises(DamagedFileError):
        _traces(_patched(wdf_file(), at, layout, value))


def test_wdf_images_of_the_detector_are_refused(wdf_file: Build) -> None:
    with pytest.raises(UnsupportedFormError):
        _traces(_patched(wdf_file(), 84, "<I", 256))


def test_wdf_origins_that_do_not_fit_are_left_out(wdf_file: Build) -> None:
    whole = wdf_file()
    found = _traces(_patched(whole, whole.index(b"ORGN") + 16, "<I", 2**32 - 1))
    assert "X" not in dict(found.traces[0].metadata)
    assert any("does not fit" in note for note in found.assumptions)


def test_wdf_cuts(wdf_file: Build) -> None:
    _all_cuts(wdf_file())


@pytest.mark.parametrize("filetime", [0, 1, 2**61, 2**62 - 1, 2**64 - 1])
def test_wdf_times_that_are_none_are_left_out(wdf_file: Build, filetime: int) -> None:
    data = _patched(wdf_file(), 136, "<Q", filetime)
    assert _traces(data).traces[0].acquisition.measured_at is None


def test_wdf_flags_of_saturation_are_kept(wdf_file: Build) -> None:
    whole = bytearray(wdf_file(count=1))
    at = whole.index(b"ORGN") + 20
    struct.pack_into("<II16sQ", whole, at, 17, 0, b"Flags", 1)
    assert _traces(bytes(whole)).traces[0].acquisition.saturated


# --- SPE ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1, 2, 3, 5, 6, 8])
def test_spe_2_reads_every_type_and_its_polynomial(spe_file: Build, code: int) -> None:
    found = _traces(spe_file(version=2.5, code=code, height=2, frames=2))
    assert len(found.traces) == 4
    wavelength = found.traces[3].wavelength_nm
    assert wavelength is not None
    assert wavelength[[0, -1]] == pytest.approx([800.0, 841.3])
    assert found.traces[0].laser_nm == 785.0
    assert found.traces[0].intensity[0] == 100.0


def test_spe_3_reads_wavelengths_and_laser_from_the_footer(spe_file: Build) -> None:
    trace = _traces(spe_file()).traces[0]
    assert trace.wavelength_nm is not None
    assert trace.wavelength_nm[[0, -1]] == pytest.approx([800.0, 841.3])
    assert trace.laser_nm == 785.0


def test_spe_counts_at_the_converters_ceiling_are_saturated(spe_file: Build) -> None:
    sound = spe_file(version=2.5, code=3)
    assert not _traces(sound).traces[0].acquisition.saturated
    assert _traces(_patched(sound, 4160, "<H", 65535)).traces[0].acquisition.saturated


def test_spe_part_of_the_detector_is_not_given_a_guessed_axis(spe_file: Build) -> None:
    data = _patched(spe_file(version=2.5), 1512, "<3H", 5, 64, 1)
    assert _traces(data).traces[0].other_unit == "pixel"
    with pytest.raises(AmbiguousAxisError):
        read_bytes(data, where="x.spe")


@pytest.mark.parametrize(
    "xml",
    [
        BOMB,
        "<SpeFormat>",
        "<a>" * 100_000,
        "<SpeFormat/>",
        '<?xml version="1.0" encoding="utf-7"?><SpeFormat/>',
        '<S><DataBlock type="Frame" count="1" pixelFormat="MonochromeFloating32" stride="x"/></S>',
    ],
)
def test_spe_footers_that_are_bombs_or_nonsense(spe_file: Build, xml: str) -> None:
    with pytest.raises(DamagedFileError):
        _traces(spe_file(xml=xml))


@pytest.mark.parametrize("value", [0, 2, 2**31 - 1, -1])
def test_spe_frames_that_do_not_fit(spe_file: Build, value: int) -> None:
    with pytest.raises(DamagedFileError):
        _traces(_patched(spe_file(), 1446, "<i", value))


def test_spe_2_with_huge_counts_is_marked_or_refused(spe_file: Build) -> None:
    whole = spe_file(version=2.5)
    found = _traces(_patched(whole, 1446, "<i", 2**31 - 1))
    assert "truncated" in found.traces[0].marks
    found = _traces(_patched(whole, 656, "<H", 65535))
    assert "truncated" in found.traces[0].marks


def test_spe_cuts(spe_file: Build) -> None:
    _all_cuts(spe_file(version=2.5, frames=3), 41)
    _all_cuts(spe_file(), 41)


# --- SPA ---------------------------------------------------------------------------------------


def test_spa_is_raman_or_infrared_as_it_says(spa_file: Build) -> None:
    spectrum = read_bytes(spa_file(), where="x.spa").spectra[0].spectrum
    assert spectrum.range_cm1 == pytest.approx((200.0, 790.0))
    assert spectrum.laser_nm == pytest.approx(785.0, abs=1e-3)
    assert ("Camera temperature", "-49 C") in _traces(spa_file()).traces[0].metadata
    infrared = spa_file(x_unit=1, y_unit=17, laser_nm=0.0)
    assert "infrared" in _traces(infrared).traces[0].kind
    with pytest.raises(NotRamanError):
        read_bytes(infrared, where="x.spa")
    with pytest.raises(AmbiguousAxisError):  # absolute wavenumber or shift: it does not say
        read_bytes(spa_file(x_unit=1), where="x.spa")


@pytest.mark.parametrize(
    ("at", "layout", "value"),
    [
        *[(294, "<H", n) for n in (0, 1, 65535)],
        *[(564, "<I", n) for n in (0, 59, 61, 2**31, 2**32 - 1)],
        *[(306, "<I", n) for n in (0, 2**32 - 1)],
        *[(342, "<I", n) for n in (0, 59 * 4, 2**32 - 1)],
    ],
)
def test_spa_counts_that_do_not_fit_are_damage(
    spa_file: Build, at: int, layout: str, value: int
) -> None:
    with pytest.raises(DamagedFileError):
        _traces(_patched(spa_file(), at, layout, value))


def test_spa_cuts(spa_file: Build) -> None:
    _all_cuts(spa_file(), 5)
