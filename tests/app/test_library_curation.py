"""Keeping a library by the command line: import, versions, status, replicates, originals."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from library.locking import writing_to
from library.originals import folder_of
from library.store import Library
from matching.pipeline import prepare
from matching.search import SearchSettings, search

BY = ("--by", "A. Technician", "--at", "2026-11-22T08:00:00+00:00")
NAMES = ("urea", "caffeine", "lactose", "glycine", "sucrose")


@pytest.fixture
def folder(tmp_path, scan_text):
    """A folder with scans of made-up substances, three of urea, and no manifest yet."""
    made = tmp_path / "scans"
    made.mkdir()
    for name in NAMES:
        (made / f"{name}.csv").write_text(scan_text(name), encoding="utf-8")
    for number in (2, 3):
        text = scan_text("urea", seed=number)
        (made / f"urea-{number}.csv").write_text(text, encoding="utf-8")
    (made / "bare.csv").write_text(
        "\n".join(f"{200 + 4 * i},{100 + (i * 37) % 11 + 900 * (i == 90)}" for i in range(300)),
        encoding="utf-8",
    )
    return made


@pytest.fixture
def library(folder, tmp_path, spectra):
    """A library of three entries made by the command line."""
    rows = "".join(f"{name}.csv,{name}\n" for name in NAMES[:3])
    (folder / "first.csv").write_text("file,name\n" + rows, encoding="utf-8")
    path = tmp_path / "lib.h5"
    assert spectra("library", "build", folder / "first.csv", "--out", path, "--name", "L")[0] == 0
    return path


def records(path):
    with Library(path) as opened:
        opened.verify()
        return list(opened.records())


def manifest(folder, text):
    path = folder / "more.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_importing_gives_the_library_that_building_at_once_gives(
    library, folder, tmp_path, spectra
):
    more = manifest(folder, "file,name\nglycine.csv,glycine\nsucrose.csv,sucrose\n")
    code, out, _ = spectra("library", "import", library, more)
    assert code == 0
    assert "added 2 to" in out
    assert "5 measured (5 substances)" in out
    rows = "".join(f"{name}.csv,{name}\n" for name in NAMES)
    (folder / "all.csv").write_text("file,name\n" + rows, encoding="utf-8")
    spectra("library", "build", folder / "all.csv", "--out", tmp_path / "all.h5", "--name", "L")
    assert library.read_bytes() == (tmp_path / "all.h5").read_bytes()


def test_a_single_file_is_imported_under_its_name(library, folder, spectra):
    assert spectra("library", "import", library, folder / "glycine.csv")[0] == 0
    assert [record.name for record in records(library)] == [*NAMES[:3], "glycine"]


def test_an_import_done_twice_adds_nothing_and_says_so(library, folder, spectra):
    spectra("library", "import", library, folder / "glycine.csv")
    before = library.read_bytes()
    code, out, _ = spectra("library", "import", library, folder / "glycine.csv")
    assert code == 0
    assert "nothing to add" in out
    assert "1 of 1 entries are in the library already" in out
    assert library.read_bytes() == before


def test_a_file_that_cannot_be_read_leaves_the_library_as_it_was(library, folder, spectra):
    before = library.read_bytes()
    (folder / "odd.csv").write_text("nothing of use\n", encoding="utf-8")
    more = manifest(folder, "file,name\nglycine.csv,glycine\nodd.csv,odd\n")
    code, _, err = spectra("library", "import", library, more)
    assert code == 3
    assert "odd.csv" in err
    assert library.read_bytes() == before


def test_two_writers_do_not_meet(library, folder, spectra, monkeypatch):
    monkeypatch.setattr("library.locking.WAIT_S", 0.2)
    with writing_to(library):
        from library.errors import LibraryBusyError

        with pytest.raises(LibraryBusyError, match="another program"), writing_to(library, 0.1):
            pass
    assert spectra("library", "import", library, folder / "glycine.csv")[0] == 0
    assert not list(library.parent.glob(".lib.h5*"))  # neither lock nor half files are left


# --- Versions and status -----------------------------------------------------------------------


def best(path, entry):
    """Return the row that a scan of an entry finds among those compared with scans."""
    with Library(path) as opened:
        scan = prepare(opened.spectrum(opened.row_of(entry)))
        hits = search(scan, opened.matrix, SearchSettings(), 1, opened.comparable)
        return int(hits.row[0])


def test_an_edit_is_a_new_version_and_the_old_one_is_kept(library, spectra):
    old = records(library)[1]
    code, out, _ = spectra(
        "library", "edit", library, old.entry, "--set", "name=theophylline",
        "--set", "synonyms=Theo; TP", *BY, "--reason", "label was wrong",
    )  # fmt: skip
    assert code == 0
    assert "version 2 of theophylline" in out
    found = records(library)
    assert found[1] == old
    new = found[3]
    assert (new.name, new.version, new.replaces) == ("theophylline", 2, old.entry)
    assert (new.status, new.status_by) == ("draft", "A. Technician")
    assert new.status_reason == "label was wrong"
    assert new.synonyms == ("Theo", "TP")
    assert new.content_sha256 == old.content_sha256
    assert new.entry != old.entry
    assert best(library, old.entry) == 3
    with Library(library) as opened:
        assert opened.comparable.tolist() == [True, False, True, True]
        assert opened.info.substances == 3
        assert opened.info.entries == 4


def test_a_name_that_was_wrong_does_not_join_two_substances(library, spectra):
    wrong = records(library)[1]
    spectra("library", "edit", library, wrong.entry, "--set", "group=urea", *BY, "--reason", "slip")
    with Library(library) as opened:
        assert opened.info.substances == 2
    second = records(library)[3]
    spectra("library", "edit", library, second.entry, "--set", "group=", *BY, "--reason", "undo")
    with Library(library) as opened:
        assert opened.info.substances == 3
        numbers = opened.matrix.substance[opened.comparable]
        assert len(set(numbers.tolist())) == 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("entry=0", "cannot be edited"),
        ("content_sha256=0", "cannot be edited"),
        ("laser_nm=532", "laser line is known (785 nm)"),
        ("kind=guessed", "use one of: measured"),
        ("name=", "name is empty"),
        ("name=caffeine", "like the old one"),
    ],
)
def test_an_edit_that_cannot_be_is_refused(library, spectra, change, told):
    before = library.read_bytes()
    entry = records(library)[1].entry
    code, _, err = spectra(
        "library", "edit", library, entry, "--set", change, *BY, "--reason", "try"
    )
    assert code == 3
    assert told in err
    assert library.read_bytes() == before


def test_calculated_never_becomes_measured(library, folder, spectra):
    more = manifest(folder, "file,name,kind\nglycine.csv,glycine,calculated\n")
    spectra("library", "import", library, more)
    entry = records(library)[3].entry
    code, _, err = spectra(
        "library", "edit", library, entry, "--set", "kind=measured", *BY, "--reason", "try"
    )
    assert (code, "calculated and cannot become measured" in err) == (3, True)
    more = manifest(folder, f"file,name,replaces\nsucrose.csv,glycine,{entry}\n")
    code, _, err = spectra("library", "import", library, more)
    assert (code, "calculated and cannot become measured" in err) == (3, True)


def test_a_new_measurement_may_replace_an_old_one_by_manifest(library, folder, spectra):
    old = records(library)[0]
    more = manifest(folder, f"file,name,replaces\nurea-2.csv,urea,{old.entry}\n")
    assert spectra("library", "import", library, more)[0] == 0
    new = records(library)[3]
    assert (new.version, new.replaces) == (2, old.entry)
    more = manifest(folder, f"file,name,replaces\nurea-3.csv,urea,{old.entry}\n")
    code, _, err = spectra("library", "import", library, more)
    assert (code, f"replaced by {new.entry} already" in err) == (3, True)
    more = manifest(folder, "file,name,replaces\nurea-3.csv,urea,nonsense\n")
    code, _, err = spectra("library", "import", library, more)
    assert (code, "not in the library" in err) == (3, True)


def move(spectra, library, entry, to, *more):
    return spectra("library", "status", library, entry, "--to", to, *BY, *more)


def test_an_entry_goes_from_draft_to_release_to_withdrawal_and_the_journal_tells(library, spectra):
    entry = records(library)[0].entry
    assert move(spectra, library, entry, "released")[0] == 3  # not before it was reviewed
    assert move(spectra, library, entry, "reviewed")[0] == 0
    assert move(spectra, library, entry, "released")[0] == 0
    assert "without a reason" in move(spectra, library, entry, "withdrawn")[2]
    assert move(spectra, library, entry, "withdrawn", "--reason", "wrong bottle")[0] == 0
    assert "cannot become draft" in move(spectra, library, entry, "draft")[2]
    found = records(library)[0]
    assert (found.status, found.status_reason) == ("withdrawn", "wrong bottle")
    _, out, _ = spectra("library", "history", library, "--json")
    acts = [json.loads(line) for line in out.splitlines()]
    assert [(act["before"], act["after"]) for act in acts] == [
        ("draft", "reviewed"), ("reviewed", "released"), ("released", "withdrawn"),
    ]  # fmt: skip
    assert {act["by"] for act in acts} == {"A. Technician"}
    with Library(library) as opened:
        assert opened.comparable.tolist() == [False, True, True]
        assert opened.info.kinds == (("measured", 2),)


def test_withdrawing_an_entry_does_not_bring_an_older_version_back(library, spectra):
    old = records(library)[0]
    spectra("library", "edit", library, old.entry, "--set", "lot=7", *BY, "--reason", "lot")
    new = records(library)[3]
    move(spectra, library, new.entry, "withdrawn", "--reason", "contaminated")
    assert [r.status for r in records(library)] == ["withdrawn", "draft", "draft", "withdrawn"]
    with Library(library) as opened:
        assert opened.comparable.tolist() == [False, True, True, False]


def test_an_unknown_laser_line_is_allowed_and_never_released(library, folder, spectra):
    assert spectra("library", "import", library, folder / "bare.csv")[0] == 0
    entry = records(library)[3]
    assert entry.laser_nm is None
    move(spectra, library, entry.entry, "reviewed")
    code, _, err = move(spectra, library, entry.entry, "released")
    assert code == 3
    assert "its laser line is not known" in err
    assert "--set laser_nm=NM" in err
    assert records(library)[3].status == "reviewed"


def edit(spectra, library, entry, *fields):
    sets = [part for field in fields for part in ("--set", field)]
    return spectra("library", "edit", library, entry, *sets, *BY, "--reason", "asked the maker")


def test_an_unknown_laser_line_is_stated_afterwards_and_then_released(library, folder, spectra):
    spectra("library", "import", library, folder / "bare.csv")
    old = records(library)[3]
    code, _, err = edit(spectra, library, old.entry, "laser_nm=785", "resolution_cm1=6.5")
    assert code == 0, err
    new = records(library)[4]
    assert (new.laser_nm, new.resolution_cm1, new.version) == (785.0, 6.5, 2)
    assert new.content_sha256 != old.content_sha256
    with Library(library) as opened:
        before, after = opened.spectrum(3), opened.spectrum(4)
    np.testing.assert_array_equal(before.raman_shift_cm1, after.raman_shift_cm1)
    np.testing.assert_array_equal(before.intensity, after.intensity)
    told = spectra("library", "history", library)[1]
    assert "asked the maker (laser line: unknown -> 785 nm)" in told
    assert move(spectra, library, new.entry, "reviewed")[0] == 0
    assert move(spectra, library, new.entry, "released")[0] == 0
    code, _, err = edit(spectra, library, new.entry, "laser_nm=532")
    assert (code, "import the file again" in err) == (3, True)


def test_a_laser_line_is_stated_for_the_replicates_too(library, folder, spectra):
    text = (folder / "bare.csv").read_text(encoding="utf-8")
    (folder / "bare-2.csv").write_text(text.replace("100\n", "101\n"), encoding="utf-8")
    rows = "file,name,replicate\nbare.csv,bare,A\nbare-2.csv,bare,A\n"
    spectra("library", "import", library, manifest(folder, rows))
    entry = records(library)[3].entry
    code, _, err = edit(spectra, library, entry, "laser_nm=532.1")
    assert code == 0, err
    assert records(library)[4].laser_nm == 532.1
    with Library(library) as opened:
        assert [part.record.laser_nm for part in opened.replicates(4)] == [532.1, 532.1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("laser_nm=", "no laser line is given"),
        ("laser_nm=red", "the wavelength in nanometres"),
        ("resolution_cm1=-3", "the full width at half maximum"),
    ],
)
def test_a_number_that_is_none_is_refused(library, folder, spectra, change, told):
    spectra("library", "import", library, folder / "bare.csv")
    code, _, err = edit(spectra, library, records(library)[3].entry, change)
    assert (code, told in err) == (3, True)
    assert len(records(library)) == 4


def test_a_manifest_cannot_release_what_may_not_be_released(library, folder, spectra):
    text = "file,name,status,status_by,status_at\nbare.csv,bare,released,A,2026\n"
    code, _, err = spectra("library", "import", library, manifest(folder, text))
    assert code == 3
    assert "cannot be released" in err


def test_a_status_brought_along_is_in_the_journal_whether_built_or_imported(
    library, folder, tmp_path, spectra
):
    head, told = "file,name,status,status_by,status_at\n", "reviewed,B. Reviewer,2026-11-01"
    assert spectra("library", "history", library)[1] == ""
    text = f"{head}glycine.csv,glycine,{told}\nsucrose.csv,sucrose,,,\n"
    assert spectra("library", "import", library, manifest(folder, text))[0] == 0
    built = tmp_path / "built.h5"
    spectra("library", "build", manifest(folder, text), "--out", built)
    for path in (library, built):
        _, out, _ = spectra("library", "history", path, "--json")
        (act,) = map(json.loads, out.splitlines())
        assert (act["before"], act["after"], act["by"]) == ("", "reviewed", "B. Reviewer")
        assert act["entry"] == next(r.entry for r in records(path) if r.name == "glycine")
    assert "brought along -> reviewed" in spectra("library", "history", built)[1]


def test_all_drafts_are_reviewed_at_once_and_info_counts(library, spectra):
    old = records(library)[0]
    edit(spectra, library, old.entry, "lot=7")  # the draft it replaces is not looked at again
    code, out, err = spectra(
        "library", "status", library, "--from", "draft", "--to", "reviewed", *BY
    )
    assert code == 0, err
    assert "3 reviewed" in out
    assert [one.status for one in records(library)] == ["draft", *["reviewed"] * 3]
    first = records(library)[1].entry
    move(spectra, library, first[:7], "withdrawn", "--reason", "wrong bottle")
    told = spectra("library", "info", library)[1]
    assert "entries: 0 draft, 2 reviewed, 0 released, 1 withdrawn, 1 replaced" in told
    again = spectra("library", "status", library, "--from", "draft", "--to", "reviewed", *BY)
    assert (again[0], "no entry in force is draft" in again[2]) == (3, True)
    assert spectra("library", "status", library, "--to", "reviewed", *BY)[0] == 2


def test_a_shortened_identifier_must_say_which(library, folder, spectra):
    rows = "file,name\n" + "".join(f"urea.csv,urea {number}\n" for number in range(17))
    spectra("library", "import", library, manifest(folder, rows))
    starts = [record.entry[0] for record in records(library)]
    twice = next(one for one in starts if starts.count(one) > 1)  # 20 entries, 16 digits
    code, _, err = move(spectra, library, twice, "reviewed")
    assert (code, f"entries begin with '{twice}'" in err) == (3, True)
    assert "no entry 'x'" in move(spectra, library, "x", "reviewed")[2]
    assert {record.status for record in records(library)} == {"draft"}


# --- Replicates and originals --------------------------------------------------------------------


def test_replicates_are_one_entry_and_all_are_kept(library, folder, spectra):
    text = "file,name,lot,replicate,operator\n"
    for number, file in enumerate(("glycine.csv", "urea.csv", "urea-2.csv", "urea-3.csv")):
        key = "" if number == 0 else "A"
        text += f"{file},{'glycine' if number == 0 else 'carbamide'},17,{key},{number}\n"
    assert spectra("library", "import", library, manifest(folder, text))[0] == 0
    found = records(library)
    assert [r.name for r in found[3:]] == ["glycine", "carbamide"]
    made = found[4]
    assert made.replicates == 3
    assert made.recipe.startswith("consensus 1 of 3 spectra")
    assert (made.lot, made.operator) == ("17", "")  # what differs stays with the replicates
    with Library(library) as opened:
        assert opened.replicates(3) == ()
        assert opened.spread(3) is None
        parts, spread, mean = opened.replicates(4), opened.spread(4), opened.spectrum(4)
        assert [part.record.operator for part in parts] == ["1", "2", "3"]
        assert spread.shape == mean.intensity.shape
        assert 0.0 < np.median(spread) < 0.05 * np.ptp(mean.intensity)


def test_damage_to_a_replicate_is_found(library, folder, spectra):
    text = "file,name,replicate\nurea.csv,carbamide,A\nurea-2.csv,carbamide,A\n"
    spectra("library", "import", library, manifest(folder, text))
    import h5py

    from library.seal import seal

    with h5py.File(library, "r+") as file:
        file["replicates/intensity"][5] += 1.0
    seal(library)
    code, _, err = spectra("library", "verify", library)
    assert code == 4
    assert "replicate of entry 4" in err


def test_replicates_of_two_names_are_refused(library, folder, spectra):
    text = "file,name,replicate\nurea.csv,urea,A\nglycine.csv,glycine,A\n"
    code, _, err = spectra("library", "import", library, manifest(folder, text))
    assert code == 3
    assert "differ in name: 'urea', 'glycine'" in err


def test_one_measurement_given_twice_is_not_two_replicates(library, folder, spectra):
    text = "file,name,replicate\nurea.csv,carbamide,A\nurea.csv,carbamide,A\n"
    code, _, err = spectra("library", "import", library, manifest(folder, text))
    assert code == 3
    assert "two of its rows are the same spectrum" in err


def test_replicates_of_which_one_replaces_an_entry_are_refused(library, folder, spectra):
    old = records(library)[0].entry
    text = f"file,name,replicate,replaces\nurea-2.csv,urea,A,{old}\nurea-3.csv,urea,A,\n"
    code, _, err = spectra("library", "import", library, manifest(folder, text))
    assert code == 3
    assert "differ in replaces" in err


def test_the_files_of_an_entry_come_back_byte_for_byte(library, folder, tmp_path, spectra):
    text = "file,name,replicate\nurea-3.csv,carbamide,A\nurea-2.csv,carbamide,A\n"
    spectra("library", "import", library, manifest(folder, text))
    for row, files in ((0, ["urea.csv"]), (3, ["urea-3.csv", "urea-2.csv"])):
        entry = records(library)[row].entry
        out = tmp_path / f"out-{row}"
        code, _, err = spectra("library", "export", library, entry, "--out", out)
        assert code == 0, err
        assert sorted(p.read_bytes() for p in out.iterdir()) == sorted(
            (folder / file).read_bytes() for file in files
        )


def test_originals_that_are_gone_or_altered_are_named(library, folder, tmp_path, spectra):
    entry = records(library)[0].entry
    (archive,) = folder_of(library).glob("*.zip")
    data = bytearray(archive.read_bytes())
    data[200] ^= 255
    archive.write_bytes(data)
    code, _, err = spectra("library", "export", library, entry, "--out", tmp_path / "out")
    assert (code, "not the one that was imported" in err) == (3, True)
    archive.unlink()
    code, _, err = spectra("library", "export", library, entry, "--out", tmp_path / "out")
    assert (code, "not kept with this library" in err) == (3, True)
    digest = hashlib.sha256((folder / "urea.csv").read_bytes()).hexdigest()
    assert digest[:16] in err


# --- Migration -----------------------------------------------------------------------------------


@pytest.fixture
def first_layout(tmp_path):
    stored = Path(__file__).parents[1] / "library" / "data" / "library-schema-1.h5.gz"
    path = tmp_path / "schema-1.h5"
    path.write_bytes(gzip.decompress(stored.read_bytes()))
    return path


def test_a_library_of_schema_1_is_migrated_to_another_file(first_layout, tmp_path, spectra):
    before = first_layout.read_bytes()
    code, out, err = spectra("library", "migrate", first_layout, "--out", tmp_path / "new.h5")
    assert code == 0, err
    assert "layout 2" in out
    assert first_layout.read_bytes() == before
    assert records(tmp_path / "new.h5") == records(first_layout)
    with Library(tmp_path / "new.h5") as new, Library(first_layout) as old:
        assert new.info.schema == 2
        assert new.info.sha256 == old.info.sha256
        np.testing.assert_array_equal(new.matrix.rows, old.matrix.rows)
        for row in range(3):
            assert new.spectrum(row).content_hash == old.spectrum(row).content_hash
    code, _, err = spectra("library", "migrate", first_layout, "--out", tmp_path / "new.h5")
    assert (code, "already" in err) == (3, True)


def test_a_migrated_library_takes_its_original_files_along(library, tmp_path, spectra):
    assert spectra("library", "migrate", library, "--out", tmp_path / "moved.h5")[0] == 0
    entry = records(library)[0].entry
    out = tmp_path / "files"
    assert spectra("library", "export", tmp_path / "moved.h5", entry, "--out", out)[0] == 0
    assert len(list(out.iterdir())) == 1


def test_withdrawing_a_draft_lets_the_released_version_stand_again(library, spectra):
    old = records(library)[0].entry
    move(spectra, library, old, "reviewed")
    move(spectra, library, old, "released")
    spectra("library", "edit", library, old, "--set", "lot=7", *BY, "--reason", "read again")
    new = records(library)[3].entry
    assert move(spectra, library, new, "withdrawn", "--reason", "wrong lot")[0] == 0
    assert [r.status for r in records(library)] == ["released", "draft", "draft", "withdrawn"]
    with Library(library) as opened:
        assert opened.comparable.tolist() == [True, True, True, False]


def test_a_library_of_schema_1_is_migrated_when_entries_are_added(first_layout, folder, spectra):
    old = records(first_layout)
    assert spectra("library", "import", first_layout, folder / "urea.csv")[0] == 0
    found = records(first_layout)
    assert found[:3] == old
    assert found[3].name == "urea"


def test_who_edited_and_why_is_still_told_after_the_next_change_of_status(library, spectra):
    old = records(library)[0].entry
    spectra("library", "edit", library, old, "--set", "lot=7", *BY, "--reason", "read again")
    new = records(library)[3].entry
    move(spectra, library, new, "reviewed")
    assert records(library)[3].status_reason == ""
    _, out, _ = spectra("library", "history", library)
    assert f"{new}  new version -> draft  A. Technician: read again" in out


@pytest.mark.parametrize("text", ["lot", "=7"])
def test_a_field_without_a_text_is_a_bad_argument(library, spectra, text):
    entry = records(library)[0].entry
    code, _, err = spectra("library", "edit", library, entry, "--set", text, *BY, "--reason", "x")
    assert code == 2
    assert "is not FIELD=TEXT" in err


def test_an_edit_takes_no_cas_number_with_a_wrong_digit(library, spectra):
    entry = records(library)[0].entry
    wrong = ("--set", "cas=57-13-7", *BY, "--reason", "x")
    code, _, err = spectra("library", "edit", library, entry, *wrong)
    assert code == 3
    assert "check digit" in err
    assert len(records(library)) == 3


def test_an_original_with_the_longest_name_there_is_comes_back(tmp_path, spectra, scan_text):
    folder = tmp_path / "files"
    folder.mkdir()
    text = scan_text("urea", seed=3)
    (folder / f"{'n' * 251}.csv").write_text(text, encoding="utf-8")
    library, out = tmp_path / "l.h5", tmp_path / "out"
    assert spectra("library", "build", folder, "--out", library)[0] == 0
    with Library(library) as opened:
        entry = opened.record(0).entry
    code, _, err = spectra("library", "export", library, entry, "--out", out)
    assert code == 0, err
    (written,) = out.iterdir()
    assert written.read_text(encoding="utf-8") == text
    assert written.name.endswith("nnn.csv")
