"""The incident sheet: what it holds, what it leaves out, and mappings that nobody has invented."""

from __future__ import annotations

import csv
import io
import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra_app.errors import AppError, ForbiddenError, RecordError
from spectra_app.records.kinds import Confirmation
from spectra_app.services.cases.papers import amend
from spectra_app.services.incident import (
    FOLDER,
    SYSTEMS,
    fields_text,
    incident_sheet,
    read_mapping,
)
from spectra_app.services.incident_files import write_sheet

PERSON = "A. Sender"
FILLED = {
    "system": "PICS", "about": "", "version": "1", "source": "made-up list", "filled_in_by": "Us",
    "case": [{"target": "from where", "from": "case.origin"},
             {"target": "who", "from": "case.persons"},
             {"target": "kind", "text": "seizure"}],
    "items": [{"target": "=grams", "from": "item.weight_g"}],
}  # fmt: skip


@pytest.fixture
def case(records):
    made = records.case(
        mode="mail", origin="NL", persons=(PERSON,), circumstances=f"sent by {PERSON}"
    )
    item = records.item(made, weight="1,25", weight_unit="kg", concealment="=book")
    names = ["Amphetamine sulfate", "Caffeine", "Theophylline"]
    records.scan(item, names, outcome="mixture")
    records.answer(item, ["amphetamine"], quantities=("12 %",), laboratory="National laboratory")
    records.whole(["Cocaine"], None, case=made)
    return made


@pytest.fixture
def sheet(office, logged_in, case):
    def asked(system="", **more):
        return incident_sheet(office, logged_in["supervisor"], case.id, system, **more)

    return asked


@pytest.fixture
def fill_in(office):
    def fill(**changes):
        folder = office.folder / FOLDER
        folder.mkdir(exist_ok=True)
        (folder / "pics.json").write_text(json.dumps({**FILLED, **changes}), encoding="utf-8")

    return fill


def test_the_sheet_holds_the_case_and_every_item(sheet, case, office):
    content = sheet().content
    assert content["case"]["case.number"] == case.id
    assert content["case"]["case.mode"] == "mail"
    assert content["case"]["case.items"] == "2"
    number, _, sha256 = content["case"]["sheet.audit_head"].partition(":")
    entry = office.ledger.entries(int(number), 1)[0]
    assert len(sha256) == 64
    assert entry.number == int(number)
    first, second = content["items"]
    assert first["item.weight"] == "1,25 kg"
    assert first["item.weight_g"] == "1250"
    assert first["item.laboratory_found"] == "amphetamine"
    assert first["item.laboratory_quantities"] == "12 %"
    assert first["item.named"] == "Amphetamine sulfate | Caffeine | Theophylline"
    assert (second["item.laboratory_state"], second["item.laboratory_found"]) == ("not sent", "")
    assert content["mapped"] is None


def test_persons_are_left_out_until_they_are_asked_for(sheet, office):
    for made in (sheet(), sheet("pics")):
        assert PERSON not in made.to_bytes().decode() + made.to_csv().decode()
        assert made.content["persons"] is False
    with_them = sheet(persons=True)
    assert with_them.content["case"]["case.persons"] == PERSON
    noted = [one.details for one in office.ledger.entries() if one.act == "incident sheet exported"]
    assert [one["persons"] for one in noted] == [False, False, True]
    assert PERSON not in json.dumps([dict(one) for one in noted])


def test_what_was_amended_stands_beside_what_was_recorded(sheet, office, logged_in, case):
    """No authority is told a figure that the station knows to be wrong."""
    made = sheet().content
    assert made["case"]["case.amended"] == "nothing"
    assert [one["item.amended"] for one in made["items"]] == ["nothing", "nothing"]
    item = made["items"][0]["item.number"]
    say = partial(amend, office, logged_in["officer"], reason="typing")
    say("case", case.id, "BR", field="origin")
    say("case", case.id, f"{PERSON} himself", field="circumstances")
    say("item", item, "2,50", field="weight")
    (answer,) = (one.record for one in office.ledger.find(Confirmation, item=item))
    amend(office, logged_in["technician"], "confirmation", answer.id, "caffeine", reason="theirs",
          field="found")  # fmt: skip
    content = sheet().content
    assert content["case"]["case.origin"] == "NL"
    assert f"case {case.id} origin: 'NL' should say 'BR'" in content["case"]["case.amended"]
    assert f"case {case.id} circumstances: amended" in content["case"]["case.amended"]
    assert f"item {item} weight: '1,25' should say '2,50'" in content["items"][0]["item.amended"]
    assert "'amphetamine' should say 'caffeine'" in content["items"][0]["item.amended"]
    assert content["items"][1]["item.amended"] == "nothing"
    assert PERSON not in json.dumps(content)
    assert f"{PERSON} himself" in sheet(persons=True).content["case"]["case.amended"]
    assert "should say 'BR'" in sheet().to_csv().decode()


@pytest.mark.parametrize("system", SYSTEMS)
def test_mappings_are_shipped_empty_and_the_sheet_says_so(sheet, system, tmp_path):
    assert read_mapping(system, tmp_path).empty
    content = sheet(system).content
    assert content["remark"].startswith("NOT MAPPED: the field list of")
    assert content["mapped"] is None


def test_a_mapping_that_an_authority_filled_in_is_used(sheet, fill_in):
    fill_in()
    made = sheet("pics")
    mapped = made.content["mapped"]
    assert mapped["case"] == {"from where": "NL", "who": "", "kind": "seizure"}
    assert mapped["items"] == [{"=grams": "1250"}, {"=grams": ""}]
    assert "by Us, after made-up list" in made.content["remark"]
    assert "case.mode" in made.content["not_mapped"]
    assert "case.origin" not in made.content["not_mapped"]
    rows = list(csv.reader(io.StringIO(made.to_csv().decode(), newline="")))
    assert ["1", "'=grams", "1250"] in rows
    assert sheet("pics", persons=True).content["mapped"]["case"]["who"] == PERSON


@pytest.mark.parametrize(
    "change",
    [{"case": [{"target": "x", "from": "case.nothing"}]}, {"filled_in_by": ""}, {"source": " "},
     {"case": [{"target": "x"}]}, {"items": [{"target": "x", "from": "case.origin"}]},
     {"case": [{"target": "x", "text": "1"}, {"target": "x", "text": "2"}]}, {"case": "x"},
     {"case": [{"target": "x", "from": "case.origin", "text": "y"}]}, {"items": None}],
)  # fmt: skip
def test_a_mapping_that_cannot_be_right_is_refused(sheet, fill_in, change):
    fill_in(**change)
    with pytest.raises(AppError, match="mapping cannot be used"):
        sheet("pics")


@given(data=st.binary(max_size=200))
def test_no_bytes_of_a_mapping_bring_it_down(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    (folder / FOLDER).mkdir()
    (folder / FOLDER / "pics.json").write_bytes(data)
    with pytest.raises(AppError):
        read_mapping("pics", folder)


def test_restricted_findings_are_not_on_the_sheet_of_who_is_not_cleared(sheet, records, case):
    records.whole(["Benzene"], None, case=case, restricted=True)
    made = sheet()
    assert b"enzene" not in made.to_bytes() + made.to_csv()


def test_only_supervisors_and_only_of_cases_that_are_there(office, logged_in, case):
    for role in ("officer", "technician"):
        with pytest.raises(ForbiddenError):
            incident_sheet(office, logged_in[role], case.id)
    with pytest.raises(RecordError):
        incident_sheet(office, logged_in["supervisor"], "none")
    with pytest.raises(AppError, match="no mapping"):
        incident_sheet(office, logged_in["supervisor"], case.id, "interpol")


def test_the_document_shows_what_the_data_say(sheet, tmp_path, fill_in):
    from spectra_app.reports.render_qt import render_pdf

    pdfium = pytest.importorskip("pypdfium2")
    fill_in()
    made = sheet("pics")
    for ending in ("pdf", "csv", "json"):
        write_sheet(made, tmp_path / f"sheet.{ending}", render_pdf)
    document = pdfium.PdfDocument(tmp_path / "sheet.pdf")
    text = " ".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    text = " ".join(text.split())
    for said in ("Incident sheet",
                 "PRESUMPTIVE until a laboratory has confirmed it", "PICS: item 1",
                 "Mapped onto PICS by Us", "Counterfeit Captagon", "1,25 kg", "not recorded",
                 "End of incident sheet", "were left out"):  # fmt: skip
        assert said in text, said
    assert json.loads((tmp_path / "sheet.json").read_bytes()) == made.content
    assert (tmp_path / "sheet.csv").read_bytes() == made.to_csv()


def test_the_document_lists_the_fields_of_the_program(checkout):
    text = (checkout / "docs" / "incident-sheet.md").read_text(encoding="utf-8")
    assert text.endswith(fields_text())
    assert "not public" in text
