"""What the window remembers on this computer: written for its owner, damaged means forgotten."""

from __future__ import annotations

import json
import stat
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra_app.errors import SettingsError
from spectra_app.services.remembered import FILE, OfPerson, Remembered, remember, remembered


def test_what_is_remembered_is_read_again(tmp_path):
    what = Remembered(
        "ar", "dark", {"window": "AAEC"}, {"u1": OfPerson("fr", "light", "board", "cases")},
        {"station": "Mail centre"},
    ).with_recent("u1", ["/a/one.csv", "/a/two.csv"])  # fmt: skip
    remember(what, tmp_path)
    assert remembered(tmp_path) == what
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_the_first_day_remembers_nothing_and_is_no_damage(tmp_path):
    assert remembered(tmp_path) == Remembered()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"language": 3}', '{"people": {"u": []}}', '{"layout": {"window": null}}',
     '{"people": {"u": {"recent": "all"}}}', "\x00" * 40, "[" * 100_000],
)  # fmt: skip
def test_a_damaged_file_means_defaults_and_says_so(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    found = remembered(tmp_path)
    assert found == Remembered(damaged=True)
    remember(Remembered("es"), tmp_path)
    assert remembered(tmp_path) == Remembered("es")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_whatever_json_stands_there_never_stops_the_window(content):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        wrapped = {"people": content, "layout": content, "language": content}
        for one in (content, wrapped):
            (Path(folder) / FILE).write_text(json.dumps(one))
            found = remembered(Path(folder))
            assert isinstance(found.language, str)
            assert all(isinstance(person, OfPerson) for person in found.people.values())


def test_ten_files_each_once_the_newest_first():
    what = Remembered()
    for number in range(14):
        what = what.with_recent("u1", [f"/{number % 12}.csv"])
    assert what.of("u1").recent[:3] == ("/1.csv", "/0.csv", "/11.csv")
    assert len(what.of("u1").recent) == 10
    assert what.of("u2").recent == ()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises((SettingsError, OSError)):
        remember(Remembered(), tmp_path / "file" / "below")
