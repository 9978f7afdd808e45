"""An import of references step by step, on files of many kinds and a library built for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from matching.errors import SpectraError
from spectra_app.services.curation import Person
from spectra_app.services.import_looking import (
    cut_by,
    files_in,
    keep_profile,
    look_at,
    name_from,
    who_is,
)
from spectra_app.services.import_session import (
    ImportState,
    Item,
    bring_in,
    check_target,
    forget_import,
    items_of,
    keep_import,
    kept_import,
    staged,
    trial,
)
from spectra_app.services.libraries import open_library, starter_library

PERSON = Person("The technician", "2026-11-22T12:00:00Z")


@pytest.fixture
def files(tmp_path, scan_text, session_text):
    """Return a folder with two scans, one of them copied under another name, and a bad file."""
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / "caffeine_01.csv").write_text(scan_text("caffeine", seed=3), encoding="utf-8")
    (folder / "lactose.csv").write_text(scan_text("caffeine", seed=4), encoding="utf-8")
    (folder / "letter.txt").write_text("Dear colleague,\nno numbers here\n", encoding="utf-8")
    (folder / "session.csv").write_text(session_text(["urea", "sucrose"]), encoding="utf-8")
    (folder / "notes.pdf").write_bytes(b"%PDF-")
    return folder


def test_files_are_looked_at_and_named(files):
    found = files_in([files])
    assert [path.name for path in found] == [
        "caffeine_01.csv", "lactose.csv", "letter.txt", "session.csv",
    ]  # fmt: skip
    looked = {path.name: look_at(path) for path in found}
    scan = looked["caffeine_01.csv"]
    facts = dict(scan.facts(0))
    assert facts["laser_nm"] == "785 nm"
    assert facts["serial"] == "WP-00000"
    (item,) = items_of(scan)
    assert (item.name, item.cas) == ("caffeine", "58-08-2")
    several = items_of(looked["session.csv"])
    assert [(one.spectrum, one.name) for one in several] == [
        ("urea", "urea"),
        ("sucrose", "sucrose"),
    ]
    (refused,) = items_of(looked["letter.txt"])
    assert not refused.take
    assert refused.why_not
    assert name_from("methamphetamine_785nm_02") == "methamphetamine"
    assert name_from("sample 12 of lane 4") == "sample 12 of lane 4"
    assert who_is("no such thing at all") == ()


def test_a_table_that_no_reader_knows_is_described_once(tmp_path, spectra_home):  # noqa: ARG001
    lines = ["Laboratory of the North; unit 7", "shift;signal"]
    lines += [f"{300 + 2 * k},5;{100 + k % 7},25" for k in range(400)]
    path = tmp_path / "odd.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = look_at(path)
    if before.error is None:
        pytest.fail("a reader knows this table")
    assert before.proposal is not None
    profile = replace(before.proposal.profile, laser_nm=785.0)
    assert cut_by(path, profile).count == 400
    keep_profile(profile)
    after = look_at(path)
    assert after.error is None
    assert after.spectra[0].spectrum.laser_nm == 785.0
    with pytest.raises(SpectraError, match="already"):
        keep_profile(profile)


@pytest.mark.usefixtures("used_home")
def test_a_trial_tells_what_is_wrong_before_anything_enters(files, small_library, tmp_path):
    target = tmp_path / "draft.h5"
    target.write_bytes(small_library.read_bytes())
    before = target.read_bytes()
    items = tuple(item for path in files_in([files]) for item in items_of(look_at(path)))
    state = ImportState(items=items, about=(("licence", "own"),), target=str(target), by="T")
    told = []
    verdicts = trial(state, PERSON, lambda share, words: told.append((share, words)))
    of = {(Path(i.file).name, i.spectrum): v for i, v in zip(state.taken, verdicts, strict=True)}
    assert of["lactose.csv", ""].severity == "contradiction"  # it is caffeine
    assert any("caffeine" in one.what for one in of["lactose.csv", ""].reasons)
    assert of["session.csv", "urea"].severity not in {"contradiction", "error"}
    assert target.read_bytes() == before
    assert told[-1][0] == 1.0
    kept = tuple(
        replace(one, take=False, why_not="its curve is another's")
        if Path(one.file).name == "lactose.csv"
        else one
        for one in items
    )
    done = bring_in(replace(state, items=kept), PERSON)
    assert done.report.taken == 3
    assert {name for name, _why in done.refused} == {"lactose.csv", "letter.txt"}
    with open_library(target) as library:
        new = [record for record in library.records() if record.status_by == PERSON.name]
    assert {record.name for record in new} == {"caffeine", "urea", "sucrose"}
    assert {record.licence for record in new} == {"own"}
    assert not any(str(tmp_path) in record.file for record in new)


def test_a_library_is_made_when_there_is_none(files, tmp_path, used_home):  # noqa: ARG001
    (item,) = items_of(look_at(files / "caffeine_01.csv"))
    state = ImportState(items=(item,), target=str(tmp_path / "mine.h5"))
    done = bring_in(state, PERSON)
    with open_library(done.library) as library:
        assert (library.info.name, len(library)) == ("mine", 1)


def test_an_import_is_left_and_resumed(spectra_home):
    assert kept_import() is None
    state = ImportState(2, (Item("/a/b.csv", name="x"),), (("source", "s"),), "t.h5", "raw", "T")
    keep_import(state)
    assert kept_import() == state
    (spectra_home / "library-imports" / "import.json").write_text("{", encoding="utf-8")
    with pytest.raises(SpectraError, match="cannot be read"):
        kept_import()
    forget_import()
    assert kept_import() is None


def test_nothing_is_added_to_what_is_in_use(used_home, tmp_path):  # noqa: ARG001
    with pytest.raises(SpectraError, match="never changed"):
        check_target(starter_library())
    for name, words in (("a.txt", "ends in"), ("b.h5", "no library")):
        (tmp_path / name).write_text("x", encoding="utf-8")
        with pytest.raises(SpectraError, match=words):
            check_target(tmp_path / name)
    with pytest.raises(SpectraError, match="nothing"), staged(ImportState(), PERSON):
        pass
