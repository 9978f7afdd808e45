"""``spectra convert``: the file's own curves, unchanged, and what is said about them."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from library.formats import read_traces

FORMATS = ("jdx", "csv", "nxs")


@pytest.fixture
def scan(tmp_path, scan_text):
    path = tmp_path / "scan.csv"
    path.write_text(scan_text("urea"), encoding="utf-8")
    return path


@pytest.fixture
def jcamp(tmp_path):
    """Return a builder of JCAMP-DX files of 20 points, descending, of any kind."""

    def build(name="in.jdx", kind="INFRARED SPECTRUM", unit="1/CM", points=20, table=None):
        rows = table or [f"{400 - i * 2.5}, {i * i - 7.25}" for i in range(20)]
        head = f"##TITLE= a\n##DATA TYPE= {kind}\n##XUNITS= {unit}\n##YUNITS= TRANSMITTANCE\n"
        text = head + f"##NPOINTS= {points}\n##XYPOINTS= (XY..XY)\n" + "\n".join(rows)
        path = tmp_path / name
        path.write_text(text + "\n##END=\n", encoding="ascii")
        return path

    return build


def curve(path, **options):
    trace = read_traces(path.read_bytes(), where=str(path), **options).traces[0]
    axes = (trace.shift_cm1, trace.wavelength_nm, trace.other_axis)
    return trace, next(axis for axis in axes if axis is not None)


@pytest.mark.parametrize("to", FORMATS)
def test_a_scan_is_converted_and_comes_back(spectra, scan, tmp_path, to):
    out = tmp_path / f"out.{to}"
    code, printed, said = spectra("convert", scan, "--to", to, "--out", out)
    assert code == 0, said
    assert str(out) in printed
    assert "750 points" in printed
    assert "Raman shift (cm-1)" in printed
    (before, x), (after, again) = curve(scan), curve(out)
    assert np.array_equal(again, x)
    assert np.array_equal(after.intensity, before.intensity)
    assert after.laser_nm == 785.0
    assert dict(after.metadata)["source file"] == "scan.csv"
    digest = hashlib.sha256(scan.read_bytes()).hexdigest()
    assert dict(after.metadata)["source SHA-256"] == digest


@pytest.mark.parametrize("to", FORMATS)
def test_any_kind_keeps_its_order_and_its_unit(spectra, jcamp, tmp_path, to):
    source, out = jcamp(), tmp_path / f"out.{to}"
    code, printed, _ = spectra("convert", source, "--to", to, "--out", out)
    assert code == 0
    assert "INFRARED SPECTRUM" in printed
    assert "1/CM" in printed
    trace, x = curve(out)
    assert list(x) == [400 - i * 2.5 for i in range(20)]
    assert (trace.kind, trace.other_unit) == ("INFRARED SPECTRUM", "1/CM")


def test_what_was_assumed_goes_to_standard_error(spectra, jcamp, tmp_path):
    rows = [f"{400 - i * 2.5}, {'?' if i == 3 else i}" for i in range(20)]
    source = jcamp(kind="RAMAN SPECTRUM", table=rows)
    code, printed, said = spectra("convert", source, "--to", "csv", "--out", tmp_path / "o.csv")
    assert code == 0
    assert "taken as Raman shift" in said
    assert "not known; they are written as missing" in said
    assert "laser line is not known" in said
    assert "laser" not in printed


def test_a_laser_line_is_written_beside_and_converts_nothing(spectra, scan, tmp_path):
    out = tmp_path / "o.nxs"
    code, _, said = spectra("convert", scan, "--to", "nxs", "--out", out, "--laser-nm", "532")
    assert code == 0
    assert "532 nm was given" in said
    assert "states the laser line 785 nm" in said
    trace, x = curve(out)
    assert trace.laser_nm == 532.0
    assert np.array_equal(x, curve(scan)[1])
    code, _, said = spectra("convert", scan, "--to", "nxs", "--out", out, "--laser-nm", "5")
    assert code == 3
    assert "150-2500 nm" in said


def test_the_column_asked_for_is_written(spectra, scan, tmp_path):
    out = tmp_path / "o.csv"
    assert spectra("convert", scan, "--to", "csv", "--out", out, "--column", "raw")[0] == 0
    assert np.array_equal(curve(out)[0].intensity, curve(scan, column="raw")[0].intensity)
    jdx = tmp_path / "x.jdx"
    assert spectra("convert", out, "--to", "jdx", "--out", jdx, "--column", "raw")[0] == 3


def test_several_spectra(spectra, session_text, tmp_path):
    source = tmp_path / "session.csv"
    source.write_text(session_text(["urea", "lactose", "urea"]), encoding="utf-8")
    out = tmp_path / "all.jdx"
    code, printed, _ = spectra("convert", source, "--to", "jdx", "--out", out)
    assert code == 0
    assert printed.count("751 points") + printed.count("750 points") == 3
    names = [trace.name for trace in read_traces(out.read_bytes(), where="all").traces]
    assert names == ["urea", "lactose", "urea"]
    one = tmp_path / "one.csv"
    code, _, said = spectra("convert", source, "--to", "csv", "--out", one)
    assert code == 3
    assert "--spectrum" in said
    assert not one.exists()
    for name, at in (("lactose", 1), ("urea#2", 2)):
        assert spectra("convert", out, "--to", "csv", "--out", one, "--spectrum", name)[0] == 0
        wanted = read_traces(source.read_bytes(), where="s").traces[at]
        assert np.array_equal(curve(one)[0].intensity, wanted.intensity)
    for name in ("urea", "urea#3", "urea#0", "glucose"):
        code, _, said = spectra("convert", out, "--to", "csv", "--out", one, "--spectrum", name)
        assert code == 3
        assert "urea#1; lactose; urea#2" in said


def test_a_truncated_file_is_converted_only_on_request_and_stays_marked(spectra, jcamp, tmp_path):
    source, out = jcamp(points=50), tmp_path / "o.csv"
    code, _, said = spectra("convert", source, "--to", "csv", "--out", out)
    assert code == 3
    assert "--partial" in said
    assert not out.exists()
    code, _, said = spectra("convert", source, "--to", "csv", "--out", out, "--partial")
    assert code == 0
    assert "not the whole spectrum" in said
    assert "truncated" in curve(out)[0].marks


def test_no_file_but_an_export_is_replaced(spectra, scan, tmp_path):
    foreign = tmp_path / "mine.csv"
    foreign.write_text("x,y\n1,2\n", encoding="utf-8")
    for target in (foreign, scan, tmp_path):
        before = target.read_bytes() if target.is_file() else None
        code, printed, said = spectra("convert", scan, "--to", "csv", "--out", target)
        assert (code, printed) == (3, "")
        assert str(target) in said
        assert before is None or target.read_bytes() == before
    out = tmp_path / "o.csv"
    for _ in range(2):
        assert spectra("convert", scan, "--to", "csv", "--out", out)[0] == 0
    assert spectra("convert", out, "--to", "csv", "--out", out)[0] == 3


def test_refusals_and_bad_arguments(spectra, tmp_path):
    out = tmp_path / "o.csv"
    noise = tmp_path / "noise.bin"
    noise.write_bytes(bytes(range(256)))
    for source in (noise, tmp_path / "nothing.spc"):
        code, _, said = spectra("convert", source, "--to", "csv", "--out", out)
        assert code == 3
        assert source.name in said
    for arguments in ((), ("--to", "csv"), ("--to", "xlsx", "--out", out), ("--out", out)):
        assert spectra("convert", noise, *arguments)[0] == 2
    assert not out.exists()


def test_a_folder_that_is_not_there_is_named(spectra, scan, tmp_path):
    code, _, said = spectra("convert", scan, "--to", "csv", "--out", tmp_path / "no" / "o.csv")
    assert code == 3
    assert "no" in said
    assert len(said.strip().splitlines()) == 1


def test_the_help_of_convert_imports_nothing_heavy(spectra_home, checkout):  # noqa: ARG001
    code = (
        "import sys\nfrom spectra_app.app import main\n"
        "try:\n    main(['convert', '--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numpy', 'h5py', 'scipy', 'PySide6'} & set(sys.modules)), file=sys.stderr)"
    )

    run = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert run.stderr.strip() == "[]"


def test_exports_in_a_folder_are_taken_into_a_library(spectra, scan, tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    for to in FORMATS:
        assert spectra("convert", scan, "--to", to, "--out", folder / f"{to} scan.{to}")[0] == 0
    code, printed, said = spectra("library", "build", folder, "--out", tmp_path / "lib.h5")
    assert code == 0, said
    assert "3 measured (3 substances)" in printed
