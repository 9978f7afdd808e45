"""Guided import: what a profile says is done, what it does not fit is said, nothing is guessed."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.errors import (
    AmbiguousProfileError,
    ColumnMissingError,
    DamagedFileError,
    LaserMissingError,
    ProfileError,
    UnknownFormatError,
)
from library.formats import READERS, read_bytes, read_traces
from library.formats.guided import guess, preview
from library.formats.profile import Profile, from_json, to_json
from matching.errors import SpectraError

ROWS = [(200.5 + 9.3 * k, 9.0 + k % 3, 100.0 + (k * 7) % 50) for k in range(40)]


def _text(separator: str = "|", decimal: str = ".", tail: str = "") -> str:
    head = ["Analyser X9 export", "Operator: A", "index;shift;dark;raw"]
    rows = [
        separator.join([f"P{k}", *(f"{v:.2f}".replace(".", decimal) for v in row)])
        for k, row in enumerate(ROWS)
    ]
    return "\n".join([*head, *rows]) + "\n" + tail


PROFILE = Profile(
    name="X9",
    unit="cm-1",
    first_line="Analyser X9",
    separator="semicolon",
    decimal=",",
    skip=3,
    axis=2,
    intensity=4,
    dark=3,
    laser_nm=785.0,
)
TEXT = _text(";", ",")


def _read(text, *profiles, **options):
    data = text if isinstance(text, bytes) else text.encode()
    return read_bytes(data, where="x9.txt", profiles=lambda: profiles, **options)


def test_a_profile_reads_what_no_reader_does():
    with pytest.raises(UnknownFormatError, match="no reader recognises") as caught:
        _read(TEXT)
    assert "spectra formats preview" in caught.value.remedy
    result = _read(TEXT, PROFILE)
    (entry,) = result.spectra
    assert result.format == "import profile X9"
    np.testing.assert_allclose(entry.spectrum.raman_shift_cm1, [row[0] for row in ROWS])
    np.testing.assert_allclose(entry.spectrum.intensity, [row[2] - row[1] for row in ROWS])
    assert entry.spectrum.laser_nm == 785.0
    assert any("import profile 'X9'" in note for note in result.assumptions)
    raw = _read(TEXT, PROFILE, column="raw").spectra[0].spectrum
    np.testing.assert_allclose(raw.intensity, [row[2] for row in ROWS])
    with pytest.raises(ColumnMissingError, match="no dark column"):
        _read(TEXT, replace(PROFILE, dark=None), column="raw-dark")


def test_an_unknown_laser_line_is_asked_for():
    rows = "\n".join(f"{790 + k} {k % 7}" for k in range(40))
    profile = Profile("nm", "nm", first_line="Analyser", separator="blanks", skip=1)
    with pytest.raises(LaserMissingError):
        _read("Analyser Y\n" + rows, profile)
    assert _read("Analyser Y\n" + rows, profile, laser_nm=785.0).spectra


def test_no_profile_overrides_a_signature_but_one_wins_over_bare_numbers(samples):
    for reader in READERS[:-1]:
        for data in samples[reader.name]:
            first = data.decode("latin-1").splitlines()[0] if data[:1].isascii() else ""
            start = first.strip()[:20]
            if len(start) < 4 or not any(c.isalpha() for c in start) or not start.isprintable():
                continue
            mine = Profile("mine", "nm", first_line=start)
            found = read_traces(data, where="f", profiles=lambda m=mine: (m,))
            assert found.format == reader.name
    bare = "Raman shift (cm-1);I\n" + "\n".join(f"{200 + 9 * k};{k % 7}" for k in range(40))
    mine = Profile("mine", "cm-1", first_line="Raman shift", separator="semicolon", skip=1)
    assert _read(bare, mine).format == "import profile mine"


def test_two_profiles_for_one_file_are_refused_and_none_is_asked_in_vain():
    with pytest.raises(AmbiguousProfileError, match="'X9', 'other'"):
        _read(TEXT, PROFILE, replace(PROFILE, name="other", first_line="Anal"))
    assert _read(TEXT, PROFILE, replace(PROFILE, name="other", first_line="")).spectra
    assert _read(TEXT, PROFILE, replace(PROFILE, name="o", first_line="analyser X9")).spectra
    jcamp = b"##TITLE= x\n##JCAMP-DX= 4.24\n"
    with pytest.raises(SpectraError, match="x9"):
        read_bytes(jcamp, where="x9.txt", profiles=lambda: pytest.fail("not to be asked"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"skip": 2}, "is not a number|columns where"),
        ({"decimal": "."}, "is not a number"),
        ({"separator": "tab"}, "asks for column 4"),
        ({"axis": 9}, "asks for column 9"),
        ({"marker": "Data"}, "no line begins"),
        ({"skip": 400}, "no row of numbers"),
        ({"end": "P0"}, "no row of numbers"),
        ({"encoding": "utf-16-le"}, "no row of numbers|no text"),
    ],
)
def test_what_does_not_fit_is_said(change, told):
    profile = replace(PROFILE, **change)
    shown = preview(TEXT.encode(), profile)
    assert any(re.search(told, problem) for problem in shown.problems)
    if "encoding" not in change:
        with pytest.raises(DamagedFileError, match=told):
            _read(TEXT, profile)


def test_marker_end_and_blank_lines_bound_the_rows():
    tail = "\n-- end --\nSignature: 1\n"
    text = _text(";", ",", tail)
    for change in ({"end": "-- end"}, {"ends_at_blank": True}):
        profile = replace(PROFILE, skip=0, marker="index;", **change)
        assert _read(text, profile).spectra[0].spectrum.intensity.size == len(ROWS)
    with pytest.raises(DamagedFileError, match="columns where"):
        _read(text, PROFILE)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "cp1252", "utf-8"])
def test_encodings_that_a_file_does_not_show(encoding):
    text = TEXT.replace("Operator: A", "Operator: Ä")
    result = _read(text.encode(encoding), replace(PROFILE, encoding=encoding))
    assert ("line", "Operator: Ä") in result.spectra[0].metadata


def test_a_proposal_is_what_the_file_is_and_says_what_it_cannot_tell():
    rows = "\n".join(f"{k}\t{x:.2f}\t{y:.1f}" for k, (x, _, y) in enumerate(ROWS))
    text = f"Analyser X9\nsample 1\npixel\tRaman shift (cm-1)\tcounts\n{rows}\n\nend of data\n"
    profile, notes = guess(text.encode())
    assert (profile.separator, profile.skip, profile.axis, profile.intensity) == ("tab", 3, 2, 3)
    assert (profile.unit, profile.first_line, profile.ends_at_blank) == (
        "cm-1",
        "Analyser X9",
        True,
    )
    assert any("laser line" in note for note in notes)
    shown = preview(text.encode(), profile)
    assert shown.problems == ()
    assert shown.count == len(ROWS)
    assert shown.names == ("pixel", "Raman shift (cm-1)", "counts")
    _, notes = guess(rows.encode())
    assert any("cm-1 is only proposed" in note for note in notes)
    assert any("nothing recognises" in note for note in notes)
    with pytest.raises(UnknownFormatError):
        guess(b"Dear colleague,\nno numbers here\n")


def test_a_profile_round_trips_and_an_unknown_laser_is_a_word():
    for profile in (PROFILE, replace(PROFILE, laser_nm=None, technique="SERS")):
        text = to_json(profile)
        assert from_json(text.encode(), "p.json") == profile
    assert json.loads(to_json(replace(PROFILE, laser_nm=None)))["laser_nm"] == "unknown"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", ""),
        ("name", 5),
        ("unit", "eV"),
        ("unit", None),
        ("separator", "pipe"),
        ("decimal", ";"),
        ("encoding", "rot13"),
        ("skip", -1),
        ("skip", True),
        ("skip", 1e9),
        ("axis", 0),
        ("axis", 4),
        ("dark", 0.5),
        ("laser_nm", 5),
        ("laser_nm", "785"),
        ("first_line", "X9"),
        ("first_line", "1234567"),
        ("technique", "IR"),
        ("ends_at_blank", "yes"),
        ("end", ["x"]),
        ("script", "rm"),
        ("spectra_profile", 2),
    ],
)
def test_profiles_that_cannot_be_are_refused(key, value):
    content = json.loads(to_json(PROFILE)) | {key: value}
    with pytest.raises(ProfileError) as caught:
        from_json(json.dumps(content).encode(), "p.json")
    assert caught.value.where.startswith("p.json")
    assert caught.value.remedy


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"\xff\xfe", b"[" * 9000, b" " * 30_000, b'{"a":1,"a":2}']
)
def test_files_that_are_no_profile_are_refused(data):
    with pytest.raises(ProfileError, match="no import profile"):
        from_json(data, "p.json")


def test_a_comma_is_not_both():
    with pytest.raises(ProfileError, match="separator and the decimal mark"):
        replace(PROFILE, separator="comma")


@given(st.text(alphabet="0123456789.,;\t AnalyserX9\n-", max_size=300))
def test_any_text_is_read_or_refused_by_name(text):
    data = ("Analyser X9\n" + text).encode()
    shown = preview(data, PROFILE)
    assert shown.head
    try:
        assert _read(data, PROFILE).spectra
    except SpectraError as error:
        told = (error.what, error.where, error.remedy)
        if not all(told):
            pytest.fail(f"an error without {told}")
    try:
        guess(data)
    except SpectraError as error:
        assert error.what  # noqa: PT017  either outcome is sound


@pytest.mark.timeout(60)
@pytest.mark.parametrize("filler", ["9", "9;", "9 ", ",", "P"])
def test_a_line_of_a_million_characters(filler):
    long = (filler * 1_000_000)[:1_000_000]
    lines = TEXT.splitlines()
    for at in (0, 2, 20, len(lines) - 1):
        data = "\n".join([*lines[:at], lines[at] + long, *lines[at + 1 :]]).encode()
        shown = preview(data, PROFILE)
        assert all(len(problem) < 1000 for problem in shown.problems)
        guess(data)
