"""``spectra formats``: a text nobody reads is described once, and then every command reads it."""

from __future__ import annotations

import json

import pytest

TEXT = "Analyser X9 export\nindex;shift;raw\n" + "".join(
    f"P{k};{200 + 9.3 * k:.2f};{100 + (k * 7) % 50}\n" for k in range(60)
)


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "x9.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def profile(spectra, export, tmp_path):
    """Return a profile as proposed by the program."""
    path = tmp_path / "x9.json"
    code, out, _ = spectra("formats", "preview", export, "--out", path)
    assert code == 0
    assert "to confirm: The file does not name the unit" not in out or "cm-1" in out
    return path


def test_from_unread_to_read_in_three_commands(spectra, export, profile, tmp_path):
    target = tmp_path / "out.csv"
    code, _, err = spectra("convert", export, "--to", "csv", "--out", target)
    assert code == 3
    assert "spectra formats preview" in err
    code, out, _ = spectra("formats", "profile", "add", profile)
    assert (code, out) == (0, "kept the import profile 'x9'\n")
    code, _, err = spectra("convert", export, "--to", "csv", "--out", target)
    assert code == 0
    assert "import profile 'x9'" in err
    assert target.is_file()
    code, out, _ = spectra("formats", "profile", "list", "--json")
    assert json.loads(out)["name"] == "x9"
    code, out, _ = spectra("formats", "list", "--json")
    names = json.loads(out)["formats"]
    assert names[-2:] == ["import profile x9", "two columns of numbers"]
    assert spectra("formats", "profile", "remove", "x9")[0] == 0
    assert spectra("convert", export, "--to", "csv", "--out", tmp_path / "b.csv")[0] == 3


def test_a_preview_shows_rows_and_what_is_wrong(spectra, export, profile):
    code, out, _ = spectra("formats", "preview", export, "--json")
    shown = json.loads(out)
    assert (code, shown["count"], shown["rows"][0]) == (0, 60, ["P0", "200.00", "100"])
    assert shown["problems"] == []
    assert shown["to_confirm"]
    content = json.loads(profile.read_text()) | {"axis": 1}
    profile.write_text(json.dumps(content))
    code, out, _ = spectra("formats", "preview", export, "--profile", profile)
    assert code == 0
    assert "wrong: " in out
    assert "'P0' is not a number" in out


def test_profiles_that_would_collide_or_are_none_are_refused(spectra, profile, tmp_path):
    assert spectra("formats", "profile", "add", profile)[0] == 0
    code, _, err = spectra("formats", "profile", "add", profile)
    assert code == 3
    assert "already" in err
    other = tmp_path / "other.json"
    other.write_text(json.dumps(json.loads(profile.read_text()) | {"name": "other"}))
    code, _, err = spectra("formats", "profile", "add", other)
    assert code == 3
    assert "recognises the same files" in err
    other.write_text("{}")
    assert spectra("formats", "profile", "add", other)[0] == 3
    code, _, err = spectra("formats", "profile", "remove", "Y")
    assert code == 3
    assert "'x9'" in err


def test_a_damaged_profile_is_named_where_a_file_needs_it(spectra, export, spectra_home, tmp_path):
    folder = spectra_home / "import-profiles"
    folder.mkdir()
    (folder / "bad.json").write_text("{")
    code, _, err = spectra("convert", export, "--to", "csv", "--out", tmp_path / "a.csv")
    assert code == 3
    assert "bad.json" in err
    jcamp = tmp_path / "a.jdx"
    rows = "\n".join(f"{100 + k}, {k}.5" for k in range(20))
    jcamp.write_text(
        "##TITLE= x\n##JCAMP-DX= 4.24\n##DATA TYPE= RAMAN SPECTRUM\n##XUNITS= 1/CM\n"
        "##YUNITS= COUNTS\n##XFACTOR= 1\n##YFACTOR= 1\n##NPOINTS= 20\n##FIRSTX= 100\n"
        f"##LASTX= 119\n##XYPOINTS= (XY..XY)\n{rows}\n##END=\n"
    )
    assert spectra("convert", jcamp, "--to", "csv", "--out", tmp_path / "b.csv")[0] == 0
