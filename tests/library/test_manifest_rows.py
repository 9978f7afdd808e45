"""Manifests: every bad row is named with its line; nothing in a row is lost or guessed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.entry import KINDS, ROLES
from library.errors import ManifestError, SeveralFaultsError
from library.manifest import KNOWN, read_manifest


@pytest.fixture
def manifest(tmp_path):
    """Return a function that writes a manifest and reads it."""
    path = tmp_path / "manifest.csv"

    def read(text, encoding="utf-8"):
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return read_manifest(path)

    return read


def test_columns_are_stripped_and_paths_are_relative_to_the_manifest(manifest, tmp_path):
    (row,) = manifest("file,name,group\n sub/a.csv , Acetone , ketones \n")
    assert row.path == tmp_path / "sub" / "a.csv"
    assert row.get("name") == "Acetone"
    assert row.get("group") == "ketones"
    assert row.get("cas") == ""


def test_columns_the_program_does_not_know_are_kept(manifest):
    (row,) = manifest("file,name,Seizure no.,batch\na.csv,Acetone,2026/17,\n")
    assert row.extra == {"Seizure no.": "2026/17"}
    assert not KNOWN & set(row.extra)


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_write_is_read(manifest, start, end):
    (row,) = manifest(start + f'file,name{end}"a,b.csv","Methyl ""ketone"""{end}')
    assert row.path.name == "a,b.csv"
    assert row.get("name") == 'Methyl "ketone"'


def test_names_in_any_script_are_kept(manifest):
    (row,) = manifest("file,name\na.csv,β-Ketoamphetamin كوكايين\n")
    assert row.get("name") == "β-Ketoamphetamin كوكايين"


@pytest.mark.parametrize(("text", "value"), [("unknown", None), ("", None), ("785.032", 785.032)])
def test_the_laser_line_may_be_unknown_but_is_never_guessed(manifest, text, value):
    (row,) = manifest(f"file,laser_nm\na.csv,{text}\n")
    assert row.laser_nm == value


BAD_ROWS = {
    "laser word": ("laser_nm", "red", "laser_nm"),
    "laser zero": ("laser_nm", "0", "nanometres"),
    "laser in metres": ("laser_nm", "785e-9", "nanometres"),
    "laser with unit": ("laser_nm", "785 nm", "nanometres"),
    "laser NaN": ("laser_nm", "nan", "nanometres"),
    "laser infinite": ("laser_nm", "inf", "nanometres"),
    "Unknown": ("laser_nm", "Unknown", "'unknown'"),
    "kind": ("kind", "guessed", "measured"),
    "role": ("role", "poison", "container"),
    "technique": ("technique", "IR", "SERS"),
    "CAS check digit": ("cas", "58-08-3", "check digit"),
    "no CAS number": ("cas", "C8H10N4O2", "no CAS number"),
    "purity above one": ("purity", "100.5 %", "more than 100 %"),
    "purity of a lot": ("purity", "990", "more than 100 %"),
    "InChIKey cut off": ("inchikey", "XSQUKJJJFZCRTK", "no InChIKey"),
    "InChIKey in small letters": ("inchikey", "xsqukjjjfzcrtk-uhfffaoysa-n", "no InChIKey"),
    "no fraction": ("composition", "acetone", "fraction"),
    "fraction of nothing": ("composition", ":0.5", "fraction"),
    "fraction above one": ("composition", "acetone:1.5", "fraction"),
    "fraction zero": ("composition", "acetone:0", "fraction"),
    "fraction negative": ("composition", "acetone:-0.5", "fraction"),
    "fraction NaN": ("composition", "acetone:nan", "fraction"),
    "per cent": ("composition", "acetone:50%", "fraction"),
    "second part": ("composition", "acetone:0.5+ethanol", "fraction"),
    "empty file": ("file", "  ", "name the spectrum file"),
}


@pytest.mark.parametrize(("column", "value", "told"), BAD_ROWS.values(), ids=list(BAD_ROWS))
def test_a_bad_row_is_named_with_its_line_and_a_remedy(manifest, tmp_path, column, value, told):
    columns = list(dict.fromkeys(["file", column]))
    good = ",".join("a.csv" if name == "file" else "" for name in columns)
    bad = ",".join(value if name == column else "b.csv" for name in columns)
    with pytest.raises(ManifestError) as caught:
        manifest("\n".join([",".join(columns), good, bad, good]) + "\n")
    assert caught.value.where == f"{tmp_path / 'manifest.csv'}, line 3"
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "text", ["99.5 %", ">= 98", "99,9 %", "100", "98.0-102.0 %", "980 mg/g", "USP"]
)
def test_a_purity_is_kept_as_written(manifest, text):
    (row,) = manifest(f'file,purity\na.csv,"{text}"\n')
    assert row.get("purity") == text


def test_all_bad_rows_are_named_at_once(manifest):
    with pytest.raises(SeveralFaultsError) as caught:
        manifest("file,laser_nm\na.csv,red\nb.csv,785\nc.csv,785 nm\n")
    assert "line 2: laser_nm is 'red'" in str(caught.value)
    assert "line 4: laser_nm is '785 nm'" in str(caught.value)


def test_the_line_is_right_after_a_quoted_line_break(manifest):
    with pytest.raises(ManifestError, match="line 4"):
        manifest('file,remark,laser_nm\na.csv,"two\nlines",785\nb.csv,,red\n')


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no column 'file'"),
        ("name,group\nAcetone,1\n", "no column 'file'"),
        ("File\na.csv\n", "no column 'file'"),
        ("file,name\na.csv,one,two\n", "line 2: more fields"),
        (b"file\n\xff\xfe\n", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_manifest_is_refused_in_words(manifest, text, told):
    with pytest.raises(ManifestError, match=told) as caught:
        manifest(text)
    assert caught.value.remedy


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(ManifestError, match=r"absent\.csv") as caught:
        read_manifest(tmp_path / "absent.csv")
    assert caught.value.remedy


@pytest.mark.parametrize(("column", "values"), [("kind", KINDS), ("role", ROLES)])
def test_every_value_that_is_documented_is_taken(manifest, column, values):
    rows = manifest(f"file,{column}\n" + "".join(f"a.csv,{value}\n" for value in values))
    assert tuple(row.get(column) for row in rows) == tuple(values)


part_names = st.text(
    st.characters(exclude_characters="+", exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")),
    min_size=1,
)
parts = st.lists(
    st.tuples(part_names, st.floats(0.0, 1.0, exclude_min=True)), min_size=1, max_size=5
)


@given(parts)
def test_any_composition_that_is_written_is_read_back(tmp_path_factory, composition):
    path = tmp_path_factory.getbasetemp() / "composition.csv"
    buffer = io.StringIO()
    text = "+".join(f"{name}:{fraction!r}" for name, fraction in composition)
    csv.writer(buffer).writerows([["file", "composition"], ["a.csv", text]])
    path.write_bytes(buffer.getvalue().encode())
    (row,) = read_manifest(path)
    assert row.composition == tuple(composition)


@given(st.text(max_size=60))
def test_any_composition_text_is_read_or_refused_by_name(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["file", "composition"], ["a.csv", text]])
    path.write_bytes(buffer.getvalue().encode(errors="surrogateescape"))
    try:
        (row,) = read_manifest(path)
    except ManifestError:
        return
    assert all(name and 0.0 < fraction <= 1.0 for name, fraction in row.composition)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_manifest_or_a_named_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "bytes.csv"
    path.write_bytes(b"file,laser_nm,composition\n" + data)
    try:
        rows = read_manifest(path)
    except (ManifestError, SeveralFaultsError) as error:
        assert str(path) in str(error)  # noqa: PT017  either outcome is sound
        return
    assert all(row.get("file") for row in rows)


def test_the_real_manifests_are_read(shared_data):
    for folder, rows in {
        "reference-785xs": 79,
        "queries-785x": 59,
        "customs-analyser": 24,
    }.items():
        assert len(read_manifest(shared_data / "spectra" / folder / "manifest.csv")) == rows
