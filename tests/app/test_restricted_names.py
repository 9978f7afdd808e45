"""Nothing that a service gives to somebody who is not cleared names what is on a restricted list.

The services are found by walking `spectra_app.services`, as in the role matrix: each is called as
every role, and all that comes back (records, texts, files, errors) is searched. Whoever adds one
says here with what it is called, or why it may name anything.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pkgutil
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

import spectra_app.services
from matching.errors import SpectraError
from spectra_app.records.access import Role, User
from spectra_app.records.bundles.kinds import Imported
from spectra_app.records.identifiers import parse
from spectra_app.records.kinds import IssuedReport, Scan
from spectra_app.services import users
from spectra_app.services.audit_entries import Asked
from spectra_app.services.bundles.answers import Finding
from spectra_app.services.bundles.exporting import ask_laboratory
from spectra_app.services.calibration_desk import Draft, Proposal
from spectra_app.services.cases import findings, items, opening, papers, scans
from spectra_app.services.cases.exposures import Fired
from spectra_app.services.cases.findings import LaboratoryAnswer, Technique
from spectra_app.services.cases.items import Description, Handing
from spectra_app.services.cases.listing import CaseFilter, list_cases
from spectra_app.services.cases.opening import About
from spectra_app.services.cases.parcels import ParcelNumber
from spectra_app.services.cases.scans import Taken
from spectra_app.services.logging_in import keep_password
from spectra_app.services.report_facts import Wanted
from spectra_app.services.station_install import Offer

NOTHING_PROPOSED = Proposal((), np.empty(0), np.empty(0))
PASSWORD = "seven green herons wade"  # noqa: S105  of nobody
SECRET = "zorbium"  # noqa: S105  the name on the list, and in what is said of it
OTHERS = {"users", "emergency", "audit", "station_release"}
"""Modules about people, the chain (which holds no content), and keys; its entries are looked at."""
MAY_NAME = {
    "make_backup": "a copy of the whole folder, which who makes it could copy",
    "accept_restored": "gives nothing",
    "scan_file": "who identifies a file sees the verdict, with or without a log-in",
    "look_at_bundle": "reads a file that lies in the caller's hands",
    "import_bundle": "as `look_at_bundle`; what is kept of it is hidden",
    "recheck_scans": "needs a library; see test_replay_elsewhere",
    "change_policy": "a file of thresholds",
    "change_periods": "a file of periods",
    "rebuild_index": "gives kinds and ids",
    "install_shown": "takes a package that was read; gives the edition in force",
}


class Planted:
    """A station in which much speaks of something, and what services are called with there."""

    def __init__(self, office, logged_in, take, samples, folder):
        self.office, self.logged_in, self.folder = office, logged_in, folder
        self.take, self.samples, self.count = take, samples, 0
        self.boss = self._cleared()

    def _cleared(self):
        user = User(id="u9", login="cleared", name="C", role="supervisor", cleared=True)
        keep = keep_password(self.office, None, user, PASSWORD)
        with self.office.ledger.writing("u1") as writing:
            keep(writing, "user added")
        return users.log_in(self.office, "cleared", PASSWORD)

    def list_it(self):
        lists = self.office.folder / "restricted-lists"
        lists.mkdir()
        (lists / "closed.csv").write_text(
            f"name,reason,who,alarm,from\n{SECRET.title()},closed,laboratory,hazard,2026-01-01\n"
        )

    def fill(self):
        office, boss = self.office, self.boss
        about = About(mode="mail", circumstances="They said zorbium.")
        self.case = opening.open_new_case(office, boss, "Letter with Zor-bium", about).id
        self.item = items.add_item(
            office, boss, self.case, Description("like ZORBIUM", identifiers=("seal:ABC123",))
        ).id
        self.other = items.add_item(
            office, boss, self.case, Description("grey powder", condition="sealed")
        ).id
        part = self.samples.match().record.components[0]
        named = {"components": (replace(part, name="Zorbium"),)}
        self.scan, unfiled, gone = (self.take(boss, **named).id for _ in range(3))
        alike = self.take(boss, indistinguishable=((part.name, "Zorbium"),)).id
        self.harmless = self.take(boss).id
        for scan, item in ((self.scan, self.item), (alike, self.item), (self.harmless, self.other)):
            scans.file_scan(office, boss, scan, item)
        scans.discard_scan(office, boss, gone, "it was zorbium")
        self.scans = (self.scan, unfiled, gone, alike, self.harmless)
        found = self.samples.match()
        kept = office.evidence.put(b"frame", kind="f", name="f", clock=office.clock).sha256
        record = replace(found.record, sha256=kept, **named)
        scans.add_scan(office, boss, replace(found, record=record), Taken("device", exposures=1))
        self.notes = [
            papers.add_note(office, boss, "a word that nobody else says: xylograph",
                            scan=self.scan).id,
            papers.add_note(office, boss, "I think of zorbium", case=self.case).id,
        ]  # fmt: skip
        papers.add_photo(office, boss, b"\x89PNG\r\n\x1a\n", "p.png", case=self.case,
                         caption="Zorbium")  # fmt: skip
        for item in (self.item, self.other):
            technique = Technique("FTIR", "A", "separate", "disagrees", ("Zorbium",))
            self.technique = findings.record_second_technique(office, boss, item, technique).id
        self.sent = findings.send_to_laboratory(office, boss, self.item, "State laboratory").id
        answer = LaboratoryAnswer("confirmed", ("Zorbium",), remarks="zorbium, 98 %")
        findings.record_answer(office, boss, self.sent, answer)
        papers.amend(office, boss, "confirmation", self.sent, "Zorbium hydrochloride",
                     field="found", reason="zorbium is a salt")  # fmt: skip
        ask_laboratory(office, boss, self.item, self.folder / "q.bundle", laboratory="L",
                       text="Is it zorbium?")  # fmt: skip
        self._papers()

    def _papers(self):
        put, question = self.office.evidence.put, self._question()
        section = {"code": "other", "parts": [{"words": ["FTIR found Zorbium"]}]}
        files = [
            put(data, kind="r", name="r", clock=self.office.clock).sha256
            for data in (json.dumps({"sections": [section]}).encode(), b"%PDF Zorbium")
        ]
        reports = [
            IssuedReport(
                id=f"{item}-R1", case=self.case, item=item, scans=(scan,), document=files[0],
                files=(f"pdf:{files[1]}",), issued_by="u9", issued_at="2026-11-22T10:00:00Z",
            )
            for item, scan in ((self.item, self.scan), (self.other, self.harmless))
        ]  # fmt: skip
        taken_in = Imported(
            id="B-1", manifest="m", evidence=question.evidence, content="question", station="k",
            case="X", item="X-1", title="zorbium", asked="Is it zorbium?",
        )  # fmt: skip
        with self.office.ledger.writing("u9") as writing:
            for record in (*reports, taken_in):
                writing.put(record, "put")
        self.question = question.id

    def _question(self):
        from spectra_app.records.bundles.kinds import Question

        (stored,) = self.office.ledger.find(Question)
        return stored.record

    def target(self):
        self.count += 1
        return self.folder / f"out-{self.count}"

    def values(self, name):
        """Return what a parameter is tried with; none when it is not known here."""
        told = {
            "case": (self.case,), "item": (self.other, self.item), "scan": self.scans,
            "what": ("", self.case, self.item, self.scan), "report": (f"{self.other}-R1",
            f"{self.item}-R1"), "imported": ("B-1",), "question": (self.question,),
            "confirmation": (self.item, self.sent), "target": (self.target,),
            "path": (self.folder / "q.bundle",), "laboratory": ("Another laboratory",),
            "text": ("what is it?",), "reason": ("a reason",), "why": ("a reason",),
            "closing": ("done",), "title": ("A case",), "name": ("due_times",), "year": (2026,),
            "key": ("0" * 64,), "system": ("",), "persons": (True,), "second": (self.again,),
            "wanted": (Wanted(place="Here", customer="C", deviations="none"),),
            "render": (self.render,), "data": (b"\x89PNG\r\n\x1a\n",), "content": ("",),
            "fired": (Fired("X1", "check", count=1),), "handing": (Handing("technician"),),
            "about": (Description("bag"),),
            "answer": (LaboratoryAnswer("confirmed", ("Caffeine",)),),
            "finding": (Finding("other", ("GC-MS",), "A. Person"),),
            "changes": ({"form": "powder"}, {"origin": "NL"}), "amended": ("x",),
            "parcel": (ParcelNumber(parse("ABC123", "seal")[0]),), "scans": ((),),
            "offer": (Offer("library", self.folder / "q.bundle", "L", "1", (), ""),),
            "found": (self.samples.lead(),), "asked": (Asked(),), "state": ("",),
            "serial": ("X1",), "standard": ("polystyrene",),
            "structure": ("CCO",), "draft": (Draft(),), "sha256": ("0" * 64,),
            "proposal": (NOTHING_PROPOSED,),
        }  # fmt: skip
        return told.get(name, ())

    def again(self):
        return users.log_in(self.office, "cleared", PASSWORD)

    @staticmethod
    def render(report, path):
        path.write_bytes(report.to_bytes())

    def calls(self, name, parameters):
        """Yield the arguments of each call."""
        if name == "list_cases":
            texts = ({}, {"text": "xylograph"}, {"name": "zorb"}, {"outcome": "match"})
            yield from ({"wanted": CaseFilter(**one)} for one in texts)
            return
        if {"kind", "id_"} <= parameters.keys():
            records = (
                ("confirmation", self.sent), ("note", self.notes[0]), ("note", self.notes[1]),
                ("second_technique", self.technique), ("case", self.case), ("item", self.item),
                ("scan", self.scan),
            )  # fmt: skip
            for kind, id_ in records:
                told = {"kind": kind, "id_": id_, "amended": "x", "reason": "y"}
                field = {"confirmation": "found", "note": "text", "second_technique": "found",
                         "case": "circumstances", "item": "description"}.get(kind, "")  # fmt: skip
                told |= {"field": field}
                yield {key: value for key, value in told.items() if key in parameters}
            return
        if name == "what_is":
            yield from ({"id_": one} for one in self.scans)
            return
        every = {one: self.values(one) for one in parameters}
        if name == "record_second_technique":
            every["about"] = (Technique("FTIR", "A", "separate", "inconclusive", ("Caffeine",)),)
        needed = {one for one, p in parameters.items() if p.default is p.empty}
        unknown = {one for one in needed if not every[one]}
        assert not unknown, (
            f"{name} takes {unknown}: say here with what it is called, or in MAY_NAME"
        )
        first = next((one for one in parameters if len(every[one]) > 1), "")
        for value in every.get(first, ("",)):
            told = {one: every[one][0] for one in parameters if one in needed}
            yield {**told, **({first: value} if first else {})}


def services():
    root = spectra_app.services
    for found in pkgutil.walk_packages(root.__path__, root.__name__ + "."):
        module = importlib.import_module(found.name)
        for name, function in vars(module).items():
            ours = inspect.isfunction(function) and function.__module__ == module.__name__
            parameters = inspect.signature(function).parameters if ours else {}
            public = list(parameters)[:2] == ["office", "session"] and not name.startswith("_")
            about_others = found.name.rpartition(".")[2] in OTHERS
            if public and not about_others and name not in MAY_NAME:
                yield name, function, dict(list(parameters.items())[2:])


def said_in(value, seen=()):
    """Yield every text in what a service gave back, in files too."""
    if isinstance(value, str | bytes):
        yield value if isinstance(value, str) else value.decode("latin-1")
    elif isinstance(value, Path):
        yield str(value) + (value.read_bytes().decode("latin-1") if value.is_file() else "")
    elif isinstance(value, dict | list | tuple | set | frozenset):
        for one in value.items() if isinstance(value, dict) else value:
            yield from said_in(one, seen)
    elif id(value) not in seen and isinstance(value, msgspec.Struct):
        yield from said_in([getattr(value, name) for name in value.__struct_fields__], seen)
    elif id(value) not in seen and dataclasses.is_dataclass(value):
        inside = (*seen, id(value))
        for one in dataclasses.fields(value):
            yield from said_in(getattr(value, one.name), inside)


def given(planted, session, function, told):
    """Return all that a call gives, as one text without what a spelling can hide."""
    told = {key: value() if callable(value) and key != "render" else value
            for key, value in told.items()}  # fmt: skip
    try:
        result = function(planted.office, session, **told)
    except SpectraError as error:
        result = str(error)
    except Exception as error:  # noqa: BLE001  it is reported with the function's name
        result = f"{SECRET}: the test called it wrongly: {type(error).__name__}: {error}"
    target = told.get("target")
    text = "\n".join((*said_in(result), *(said_in(target) if target else ())))
    return text.casefold().replace("-", "")


@pytest.fixture
def empty(office, logged_in, take, samples, tmp_path):
    return Planted(office, logged_in, take, samples, tmp_path)


@pytest.fixture(params=["listed before the scan", "listed afterwards"])
def planted(request, empty):
    made = empty
    if request.param == "listed before the scan":
        made.list_it()
        made.fill()
    else:
        made.fill()
        made.list_it()
    return made


READING = (
    *("show", "list", "get", "report", "scan_", "what", "oversee", "station", "yearly", "export"),
    *("incident", "case_", "imported", "history", "replay", "preview", "count"),
)


def test_no_service_names_it_to_who_is_not_cleared(planted):
    reading = sorted(services(), key=lambda one: not one[0].startswith(READING))
    wrong, called, speaking = [], 0, set()
    for name, function, parameters in reading:
        for role in Role:
            session = planted.logged_in[role]
            for told in planted.calls(name, parameters):
                called += 1
                said = given(planted, session, function, told)
                if SECRET in said:
                    place = said.index(SECRET)
                    wrong.append(f"{name} as {role}: {said[max(place - 60, 0) : place + 90]!r}")
        if name.startswith(READING):
            for told in planted.calls(name, parameters):
                if SECRET in given(planted, planted.boss, function, told):
                    speaking.add(name)
    assert wrong == []
    assert called > 200
    assert speaking >= {  # or nothing was there to be hidden
        *("show_case", "list_cases", "list_scans", "get_scan", "scan_result", "oversee"),
        *("show_report", "report_file", "export_case", "export_scans", "incident_sheet"),
        *("station_rates", "station_overview", "yearly_seizures", "preview_report", "list_imports"),
        *("imported_bundle", "list_questions"),
    }


def test_words_and_counts_tell_nothing_either(planted):
    """Words of a note about what is hidden find nothing; nor does a name, or the verdict."""
    officer = planted.logged_in["officer"]
    for asked, found in (("xylograph", 1), ("letter", 1)):
        wanted = CaseFilter(text=asked)
        assert len(list_cases(planted.office, planted.boss, wanted).rows) == found
    assert list_cases(planted.office, officer, CaseFilter(text="xylograph")).rows == ()
    assert list_cases(planted.office, officer, CaseFilter(name="zorb")).rows == ()
    (row,) = list_cases(planted.office, officer).rows
    assert (row.scans, row.case.title) == (1, "[withheld]")


def test_words_are_found_in_steps_as_many_as_there_are_scans(office, records, logged_in):
    """What grows with the square of the restricted scans takes minutes at a large station."""

    def steps(wanted):
        for _ in range(len(office.ledger.find(Scan)), wanted):
            records.scan(parcel, ["Fentanyl"], restricted=True)
        counted = []
        with office.ledger.reading() as connection:
            connection.set_progress_handler(lambda: counted.append(1) and None, 20)
        found = list_cases(office, logged_in["officer"], CaseFilter(text=case.title))
        connection.set_progress_handler(None, 0)
        assert [row.case.id for row in found.rows] == [case.id]
        return len(counted)

    case = records.case()
    parcel = records.item(case)
    few, many = steps(40), steps(160)
    assert many < 8 * few  # four times the scans
