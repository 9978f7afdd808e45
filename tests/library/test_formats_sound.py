"""Sound files of every text family: what is read, and that every assumption is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.errors import FileError, SpectrumChoiceError
from library.formats import READERS, Column, ReadResult, read_bytes, read_file, read_traces, select

Build = Callable[..., str]


def _one(text: str | bytes, **options: object) -> ReadResult:
    data = text.encode() if isinstance(text, str) else text
    return read_bytes(data, where="scan.csv", **options)  # type: ignore[arg-type]


# --- Recognising -------------------------------------------------------------------------------


def test_every_reader_has_samples_and_reads_them(samples: dict[str, list[bytes]]) -> None:
    assert set(samples) == {reader.name for reader in READERS}
    for name, group in samples.items():
        for data in group:
            found = read_traces(data, where="sample")
            assert found.format == name
            if not any(trace.kind for trace in found.traces):
                laser = 785.0  # for those whose axis is in nm without it
                assert read_bytes(data, where="sample", laser_nm=laser).format == name


def test_no_sample_is_claimed_by_two_readers(
    samples: dict[str, list[bytes]], recognise: Callable[[bytes], list[str]]
) -> None:
    for name, group in samples.items():
        for data in group:
            found = recognise(data)
            assert found[0] == name
            # Rows of numbers without a header look like two columns, which are asked last.
            assert set(found[1:]) <= {"two columns of numbers"}


# --- ENLIGHTEN ---------------------------------------------------------------------------------


def test_default_is_the_vendors_processed_column_without_the_na_rows(enlighten_text: Build) -> None:
    result = _one(enlighten_text(rows=60, na=3))
    spectrum = result.spectra[0].spectrum
    assert spectrum.raman_shift_cm1.size == 57
    assert any(
        note.startswith("3 rows outside the region of interest") for note in result.assumptions
    )
    assert spectrum.laser_nm == 785.0
    assert spectrum.acquisition.integration_time_ms == 752
    assert spectrum.acquisition.averages == 2
    assert spectrum.acquisition.laser_power == "100 %"
    assert spectrum.acquisition.serial == "WP-00000"
    assert ("Label", "x") not in result.spectra[0].metadata
    assert ("Detector", "S16011") in result.spectra[0].metadata


def test_raw_and_raw_minus_dark_keep_all_rows(enlighten_text: Build) -> None:
    text = enlighten_text(rows=60, na=3)
    raw = _one(text, column="raw").spectra[0].spectrum
    difference = _one(text, column="raw-dark").spectra[0].spectrum
    dark = np.array([990 + i % 7 for i in range(60)], dtype=float)
    np.testing.assert_allclose(difference.intensity, raw.intensity - dark)
    assert raw.raman_shift_cm1.size == difference.raman_shift_cm1.size == 60
    assert difference.history[-1].name == "dark subtracted"


@pytest.mark.parametrize("column", ["processed", "raw", "raw-dark"])
def test_saturated_raw_counts_are_seen_whatever_column_is_taken(
    enlighten_text: Build, column: str
) -> None:
    lines = enlighten_text(rows=60, na=3).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("Pixel,"))
    raw = lines[at].split(",").index("Raw")
    for number in range(at + 31, at + 34):
        cells = lines[number].split(",")
        cells[raw] = "60000"
        lines[number] = ",".join(cells)
    assert not _one(enlighten_text(rows=60, na=3)).spectra[0].spectrum.acquisition.saturated
    found = _one("\n".join(lines) + "\n", column=column).spectra[0].spectrum
    assert found.acquisition.saturated


@pytest.mark.parametrize("column", ["processed", "raw", "raw-dark"])
def test_saturated_raw_counts_of_bwspec_are_seen(bwspec_text: Build, column: str) -> None:
    lines = bwspec_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("Pixel;"))
    cells = lines[at + 31].split(";")
    cells[lines[at].split(";").index("Raw data #1")] = "65535,0000"
    lines[at + 31] = ";".join(cells)
    assert not _one(bwspec_text()).spectra[0].spectrum.acquisition.saturated
    found = _one("\r\n".join(lines) + "\r\n", column=column).spectra[0].spectrum
    assert found.acquisition.saturated


def test_without_processed_raw_minus_dark_is_used_and_said(enlighten_text: Build) -> None:
    result = _one(enlighten_text(("Pixel", "Wavenumber", "Raw", "Dark")))
    assert any("no processed column; raw minus dark" in note for note in result.assumptions)
    only_raw = _one(enlighten_text(("Wavenumber", "Raw")))
    assert any("no processed column; raw is used" in note for note in only_raw.assumptions)


def test_wavelength_axis_is_converted_with_the_laser_line_and_said(enlighten_text: Build) -> None:
    result = _one(enlighten_text(("Wavelength", "Processed"), na=0))
    exact = _one(enlighten_text(("Wavenumber", "Processed"), na=0))
    np.testing.assert_allclose(
        result.spectra[0].spectrum.raman_shift_cm1,
        exact.spectra[0].spectrum.raman_shift_cm1,
        atol=0.1,
    )
    assert any(
        "converted to Raman shift with the laser line 785 nm" in n for n in result.assumptions
    )
    given_line = _one(enlighten_text(("Wavelength", "Processed"), na=0), laser_nm=784.0)
    moved = (
        given_line.spectra[0].spectrum.raman_shift_cm1 - exact.spectra[0].spectrum.raman_shift_cm1
    )
    np.testing.assert_allclose(moved, 1e7 / 784.0 - 1e7 / 785.0, atol=0.1)
    assert any("784 nm was given; the file states 785 nm" in n for n in given_line.assumptions)


def test_disagreeing_axes_are_said(enlighten_text: Build) -> None:
    text = enlighten_text().replace("Laser Wavelength,785.0", "Laser Wavelength,784.0")
    assert any("axes disagree by up to" in note for note in _one(text).assumptions)


def test_a_descending_axis_is_reversed_and_recorded(pair_text: Build) -> None:
    lines = pair_text().splitlines()
    result = _one("\n".join(reversed(lines)))
    up = _one("\n".join(lines))
    assert result.spectra[0].spectrum.content_hash == up.spectra[0].spectrum.content_hash
    assert result.spectra[0].spectrum.history[-1].name == "axis reversed"
    assert any("order was reversed" in note for note in result.assumptions)


# --- Sessions ----------------------------------------------------------------------------------


def test_old_session_numbers_repeated_names_and_keeps_each_header(old_session_text: Build) -> None:
    result = _one(old_session_text(("Sugar", "Urea", "Sugar")))
    assert [(entry.name, entry.index) for entry in result.spectra] == [
        ("Sugar", 1), ("Urea", 1), ("Sugar", 2),
    ]  # fmt: skip
    times = [entry.spectrum.acquisition.integration_time_ms for entry in result.spectra]
    assert times == [100, 200, 300]
    third, first = result.spectra[2].spectrum, result.spectra[0].spectrum
    np.testing.assert_allclose(third.intensity, 3 * first.intensity, atol=0.03)


def test_named_session_says_that_kind_and_header_are_not_known(named_session_text: Build) -> None:
    result = _one(named_session_text())
    assert [entry.name for entry in result.spectra] == ["12:00 Benzene", "12:05 #7 blend"]
    assert any("no kind of data" in note for note in result.assumptions)
    assert any("describes one of the spectra" in note for note in result.assumptions)
    assert result.spectra[0].spectrum.acquisition.integration_time_ms is None
    assert result.spectra[0].spectrum.laser_nm == 785.0


@pytest.mark.parametrize(
    ("asked", "got"),
    [("Sugar#1", 0), ("Sugar#2", 2), ("Urea", 1), ("Urea#1", 1)],
)
def test_select_by_name_and_number(old_session_text: Build, asked: str, got: int) -> None:
    result = _one(old_session_text())
    assert select(result, asked, where="s") == (result.spectra[got],)


def test_select_takes_a_name_that_holds_a_hash_sign(named_session_text: Build) -> None:
    result = _one(named_session_text(("Lot#2", "Lot")))
    assert select(result, "Lot#2", where="s") == (result.spectra[0],)
    assert select(result, "Lot", where="s") == (result.spectra[1],)
    assert select(result, None, where="s") == result.spectra


@pytest.mark.parametrize("asked", ["Sugar", "Sugar#3", "Sugar#0", "sugar#1", "", "#1"])
def test_select_refuses_and_lists_the_choices(old_session_text: Build, asked: str) -> None:
    with pytest.raises(SpectrumChoiceError, match="Sugar#1; Urea; Sugar#2") as caught:
        select(_one(old_session_text()), asked, where="file.csv")
    assert caught.value.where == "file.csv"


def test_select_by_name_in_a_file_without_names(pair_text: Build) -> None:
    with pytest.raises(SpectrumChoiceError, match="without a name"):
        select(_one(pair_text()), "x", where="file.csv")


# --- BWSpec ------------------------------------------------------------------------------------


def test_bwspec_point_comma_and_comma_for_everything_agree(bwspec_text: Build) -> None:
    comma = _one(bwspec_text(","))
    point = _one(bwspec_text("."))
    both = _one(bwspec_text(",").replace(";", ","))
    hashes = {r.spectra[0].spectrum.content_hash for r in (comma, point, both)}
    assert len(hashes) == 1
    assert any("pairs were rejoined" in note for note in both.assumptions)
    spectrum = comma.spectra[0].spectrum
    assert spectrum.raman_shift_cm1.size == 52
    assert any(note.startswith("8 pixels outside") for note in comma.assumptions)
    assert (spectrum.laser_nm, spectrum.acquisition.averages) == (785.0, 2)


def test_bwspec_raw_minus_dark_is_the_vendors_dark_subtracted(bwspec_text: Build) -> None:
    text = bwspec_text()
    ours = _one(text, column="raw-dark").spectra[0].spectrum
    theirs = _one(text).spectra[0].spectrum
    np.testing.assert_allclose(ours.intensity, theirs.intensity, atol=2e-4)
    assert ours.history != theirs.history


# --- Two columns -------------------------------------------------------------------------------

_AXES = st.integers(16, 60).flatmap(
    lambda n: st.tuples(
        st.floats(1, 150, allow_nan=False),
        st.lists(st.floats(0.5, 60, allow_nan=False), min_size=n, max_size=n),
        st.lists(st.floats(-1e5, 1e6, allow_nan=False), min_size=n, max_size=n),
    )
)


@given(
    _AXES,
    st.sampled_from([(",", "."), (", ", "."), ("\t", "."), ("\t", ","), (";", "."), (";", ","),
                     ("; ", ","), (" ", "."), ("   ", "."), (" ", ",")]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["ascii", "utf-8-sig", "utf-16", "cp1252"]),
)  # fmt: skip
def test_two_columns_round_trip(
    axis: tuple[float, list[float], list[float]], style: tuple[str, str], end: str, encoding: str
) -> None:
    separator, decimal = style
    x = np.round(axis[0] + np.cumsum(axis[1]), 2)
    y = np.round(np.array(axis[2]), 4)
    text = end.join(
        f"{a:.2f}{separator}{b:.4f}".replace(".", decimal) for a, b in zip(x, y, strict=True)
    )
    result = _one(text.encode(encoding))
    spectrum = result.spectra[0].spectrum
    np.testing.assert_array_equal(spectrum.raman_shift_cm1, x)
    np.testing.assert_array_equal(spectrum.intensity, y)
    assert any("taken as Raman shift" in note for note in result.assumptions)


def test_a_row_of_names_settles_the_unit() -> None:
    x = np.linspace(790.0, 1000.0, 50)
    rows = "\n".join(f"{v:.3f}\t{i}" for i, v in enumerate(x))
    nm = _one("Wavelength (nm)\tCounts\n" + rows, laser_nm=785.0).spectra[0].spectrum
    np.testing.assert_allclose(nm.raman_shift_cm1, 1e7 / 785 - 1e7 / np.round(x, 3))
    assert nm.history[-1].name == "wavelength converted to Raman shift"
    cm1 = _one("Raman Shift (cm-1)\tCounts\n" + rows).spectra[0].spectrum
    np.testing.assert_allclose(cm1.raman_shift_cm1, np.round(x, 3))


def test_umlauts_of_windows_are_read_and_said(enlighten_text: Build) -> None:
    text = enlighten_text(header={"Label": "Gefrierbeutel, weiß"})
    result = _one(text.encode("cp1252"))
    assert ("Label", "Gefrierbeutel, weiß") in result.spectra[0].metadata
    assert any("Windows-1252" in note for note in result.assumptions)
    assert result.spectra[0].spectrum.content_hash == _one(text).spectra[0].spectrum.content_hash


# --- Files -------------------------------------------------------------------------------------


def test_read_file_gives_the_bytes_as_they_are(tmp_path: Path, pair_text: Build) -> None:
    path = tmp_path / "scan.xyz"
    path.write_bytes(pair_text().encode())
    data, result = read_file(path)
    assert data == path.read_bytes()
    assert result.format == "two columns of numbers"


def test_read_file_refuses_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file") as caught:
        read_file(tmp_path / "absent.csv")
    assert str(tmp_path) in caught.value.where
    with pytest.raises(FileError, match="not an ordinary file"):
        read_file(tmp_path)


def test_read_file_refuses_200_mb_without_reading_them(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    with path.open("wb") as file:
        file.truncate(200_000_001)
    with pytest.raises(FileError, match="200,000,001 bytes") as caught:
        read_file(path)
    assert caught.value.code == "file_too_large"


# --- Real files --------------------------------------------------------------------------------


REAL = {
    ("reference-785xs", None): (79, {(2002, 302.0, 2303.0), (1804, 500.0, 2303.0)}),
    ("queries-785x", None): (59, {(2001, 246.16, 3591.03)}),
    ("queries-785x", "raw-dark"): (59, {(2048, 132.25, 3591.03)}),
    ("customs-analyser/pure", None): (20, {(1601, 152.045, 2749.598)}),
    ("customs-analyser/mixtures", None): (4, {(1526, 152.288, 2749.974)}),
    ("calibration/horiba-785", None): (4, {(1006, 120.387, 3199.64)}),
    ("calibration/bwtek-532", None): (5, {(1860, -32.96, 4010.28), (1801, 145.99, 4010.28)}),
    ("calibration/bwtek-785", "raw-dark"): (6, {(2048, -254.65, 3257.58), (1743, -42.14, 3000.64)}),
}


@pytest.mark.parametrize(("folder", "column"), REAL)
def test_real_files(shared_data: Path, folder: str, column: Column | None) -> None:
    files, expected = REAL[folder, column]
    paths = sorted(p for p in (shared_data / "spectra" / folder).glob("*.[ct][sx][vt]"))
    paths = [path for path in paths if path.name != "manifest.csv"]
    assert len(paths) == files
    found = set()
    for path in paths:
        spectrum = read_file(path, column=column)[1].spectra[0].spectrum
        low, high = spectrum.range_cm1
        found.add((spectrum.raman_shift_cm1.size, round(low, 3), round(high, 3)))
    assert found == expected


def test_real_sessions_hold_every_spectrum_of_the_manifest(shared_data: Path) -> None:
    folder = shared_data / "spectra" / "fleet-2019"
    expected = {
        "wp-00391-785nm.csv": 23,
        "wp-00169-830nm.csv": 24,
        "wp-00368-532nm-axis-wrong.csv": 17,
    }
    rows = [line.split(",")[:2] for line in (folder / "manifest.csv").read_text().splitlines()[1:]]
    results = {name: read_file(folder / name)[1] for name in expected}
    assert {name: len(result.spectra) for name, result in results.items()} == expected
    for name, spectrum in rows:
        assert len(select(results[name], spectrum, where=name)) == 1


def test_real_values_are_those_of_the_file(shared_data: Path) -> None:
    """Caffeine read once more by the plainest means: last two cells of each line."""
    path = shared_data / "spectra" / "reference-785xs" / "caffeine.csv"
    lines = path.read_text().splitlines()
    rows = [line.split(",") for line in lines[lines.index("Pixel,Wavenumber,Processed") + 1 :]]
    spectrum = read_file(path)[1].spectra[0].spectrum
    np.testing.assert_array_equal(spectrum.raman_shift_cm1, [float(row[1]) for row in rows])
    np.testing.assert_array_equal(spectrum.intensity, [float(row[2]) for row in rows])
