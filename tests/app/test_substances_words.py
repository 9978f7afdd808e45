"""What `spectra substances` says to a person: short, with titles, never "safe"."""

from __future__ import annotations

import re
from datetime import date

import pytest

from library.control import control_lists
from library.substances import read_table
from spectra_app.app import main
from spectra_app.services.control import ControlSetup
from spectra_app.services.substances import find, findings_text

ON = date(2026, 11, 22)


@pytest.fixture
def station() -> ControlSetup:
    return ControlSetup(control_lists(), ("EU", "DE"))


def test_finding_is_short_and_showing_is_whole(station: ControlSetup) -> None:
    found = find("fentanyl", ON, setup=station)
    short, whole = findings_text(found), findings_text(found, whole=True)
    assert "S0028  fentanyl  (C22H28N2O, CAS 437-38-7, found by name)" in short
    assert "UN 1961 Schedule I: listed" in short
    assert short.count("no listing found in") == 1
    assert "UN 1988 (read to 2026-10-01)" in short
    assert len(short.splitlines()) < 12 < len(whole.splitlines())
    assert "grade B, source INCB Yellow List 64th edition" in whole


@pytest.mark.parametrize("whole", [False, True])
def test_a_substance_without_listing_is_never_called_benign(
    station: ControlSetup, whole: bool
) -> None:
    text = findings_text(find("caffeine", ON, setup=station), whole=whole)
    assert "that does not mean uncontrolled" in text
    assert not re.search(r"benign|safe|clear|harmless", text)


def test_no_statement_shows_a_number_or_path_of_a_source() -> None:
    rows = read_table("control.csv")
    lists = control_lists()
    keys = sorted({row["key"] for row in rows if row["key"]})
    told = [one for key in keys for one in lists.status(key, ON)]
    assert len(told) > 1000
    internal = re.compile(r"SRC\d|\.py\b|\.md\b|js/|listed \(.*listed \(")
    for one in told:
        said = f"{one.sources} {one.locator} {one.conflict} {one.note}"
        assert not internal.search(said), said


def test_a_word_is_not_doubled(station: ControlSetup) -> None:
    text = findings_text(find("fentanyl", ON, setup=station), whole=True)
    assert "(Schedule I, II or IV; number not split in the source): listed (64th ed.)" in text
    assert "listed (Schedule" not in text


@pytest.mark.parametrize("text", ["", "  ", "?!"])
def test_nothing_to_look_for_is_an_argument_error(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["substances", "find", text])
    assert stopped.value.code == 2
    assert "nothing to look for" in capsys.readouterr().err


def test_few_names_are_suggested(station: ControlSetup) -> None:
    text = findings_text(find("acid", ON, setup=station))
    (line,) = (line for line in text.splitlines() if line.startswith("Names that hold it"))
    assert line.count(";") == 4
    assert "15 or more others" in line
    assert not find("qwertyuiop", ON, setup=station).looked_up.suggestions
