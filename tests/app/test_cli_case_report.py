"""``spectra case report``: from a file to a signed report, as somebody types it."""

from __future__ import annotations

import json

import pypdfium2
import pytest

from spectra_app.records import passwords

WORDS = "seven green herons wade"
TOLD = ("--place", "Hall B", "--customer", "Airport customs", "--customer-contact", "Gate B",
        "--sampled-at", "2026-11-22T10:00:00Z", "--deviations", "none")  # fmt: skip


@pytest.fixture
def sue(spectra, tmp_path, monkeypatch):
    """Set a station up; return what types ``spectra case ...`` as its supervisor."""
    monkeypatch.setattr(passwords, "RFC_9106", passwords.Cost(1, 8, 1))
    own = tmp_path / "own.txt"
    own.write_text(WORDS + "\n")
    spectra("users", "setup", "sue", "--name", "Sue Per", "--new-password-file", own)

    def typed(*arguments):
        return spectra("case", *arguments, "--user", "sue", "--password-file", own)

    return typed


@pytest.fixture
def item(sue, scan_text, small_library, tmp_path):
    """Return an item with one filed scan."""
    assert sue("station", "Customs laboratory", "--address", "Airport Road 12")[0] == 0
    case = json.loads(sue("open", "Parcel", "--json")[1])["id"]
    added = ("--condition", "sealed", "--packages", 12, "--sampled", 4, "--sampling", "at random")
    item = json.loads(sue("add-item", case, "white powder", *added, "--json")[1])["id"]
    path = tmp_path / "caffeine.csv"
    path.write_text(scan_text("caffeine"), encoding="utf-8")
    code, out, error = sue("add-scan", path, "--item", item, "--library", small_library)
    assert (code, error) == (0, "")
    assert f"The station keeps no copy of {small_library}" in out
    return item


def test_a_report_is_issued_in_every_form_and_language(
    sue, item, small_library, tmp_path, qapp
) -> None:
    assert qapp is not None
    forms = [word for form in ("pdf", "html", "json", "csv") for word in ("--format", form)]
    code, out, error = sue("report", item, "--out", tmp_path, "--lang", "ar", "--json",
                           "--library", small_library, *forms, *TOLD)  # fmt: skip
    assert (code, error) == (0, "")
    told = json.loads(out)
    assert told["report"] == f"{item}-R1"
    assert told["missing"] == []
    files = {path.suffix: path for path in tmp_path.glob("*R1.ar.*")}
    assert sorted(map(str, files.values())) == sorted(told["files"])
    document = json.loads(files[".json"].read_bytes())
    assert (document["language"], document["comparison"]["reference_name"]) == ("ar", "caffeine")
    pdf = pypdfium2.PdfDocument(files[".pdf"])
    assert "Customs laboratory" in pdf[0].get_textpage().get_text_bounded()
    pdf.close()
    assert b'dir="rtl"' in files[".html"].read_bytes()


def test_a_report_that_lacks_something_is_refused_and_says_what(sue, item, tmp_path, qapp) -> None:
    assert qapp is not None
    code, out, _ = sue("report", item, "--out", tmp_path / "out", *TOLD[:-2])
    assert code == 3
    assert "deviations from the method (ISO/IEC 17025, 7.8.2.1 n)" in out
    assert "--deviations" in out
    assert list((tmp_path / "out").iterdir()) == []


def test_a_preview_says_what_is_missing_and_issues_nothing(sue, item, tmp_path, qapp) -> None:
    assert qapp is not None
    code, out, _ = sue("report", item, "--out", tmp_path, "--preview", "--json")
    assert code == 0
    assert "authorised_by" in json.loads(out)["missing"]
    case = json.loads(sue("show", item[:-3], "--json")[1])
    assert case["reports"] == []


def test_what_an_item_lacks_in_a_closed_case_has_a_way_out(sue, tmp_path, scan_text) -> None:
    """A closed case takes no change: the remedy says who opens it again."""
    sue("station", "Customs laboratory", "--address", "Airport Road 12")
    case = json.loads(sue("open", "Parcel", "--json")[1])["id"]
    item = json.loads(sue("add-item", case, "powder", "--condition", "torn", "--json")[1])["id"]
    path = tmp_path / "caffeine.csv"
    path.write_text(scan_text("caffeine"), encoding="utf-8")
    assert sue("add-scan", path, "--item", item)[0] == 0
    assert sue("close", case, "--as", "done")[0] == 0
    code, out, _ = sue("report", item, "--out", tmp_path, *TOLD)
    assert code == 3
    assert "a supervisor opens a closed case again first" in out
    assert sue("change-item", item, "--sampling", "all")[0] == 3
    assert sue("reopen", case, "--why", "sampling")[0] == 0
    assert sue("change-item", item, "--sampling", "all")[0] == 0
    assert sue("report", item, "--out", tmp_path, *TOLD)[0] == 0


def test_nothing_filed_is_told(sue, item, tmp_path) -> None:
    code, _, error = sue("report", f"{item}9", "--out", tmp_path)
    assert code == 3
    assert "nothing is filed there" in error


def test_an_issued_report_is_written_again_and_the_list_says_which_one_counts(
    sue, item, tmp_path, qapp
) -> None:
    """A lost file is no lost report; a report that was replaced is never shown like a good one."""
    assert qapp is not None
    assert sue("report", item, "--out", tmp_path, *TOLD)[0] == 0
    first = (tmp_path / f"{item}-R1.en.pdf").read_bytes()
    code, out, error = sue("issued", f"{item}-R1", "--out", tmp_path / "again")
    assert (code, error) == (0, "")
    assert f"{item}-R1.en.pdf" in out
    assert (tmp_path / "again" / f"{item}-R1.en.pdf").read_bytes() == first
    data = json.loads((tmp_path / "again" / f"{item}-R1.en.json").read_bytes())
    assert data["report_id"] == f"{item}-R1"
    amends = ("--amends", f"{item}-R1", "--why", "another customer")
    assert sue("report", item, "--out", tmp_path, *amends, *TOLD)[0] == 0
    shown = sue("show", item[:-3])[1]
    (old,) = (line for line in shown.splitlines() if f"report {item}-R1 " in line)
    (new,) = (line for line in shown.splitlines() if f"report {item}-R2 " in line)
    assert old.endswith(f"(en, unsigned); REPLACED by {item}-R2")
    assert new.endswith(f"in place of {item}-R1 (another customer)")
    code, _, error = sue("report", item, "--out", tmp_path, *amends, *TOLD)
    assert code == 3
    assert f"another report took its place already: {item}-R2" in error
