"""Two stations for the tests of bundles: prepared once, and copied for each test.

Preparing them takes many small transactions, each of which waits for the disk.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from devices.frame import RawFrame
from spectra_app.records.passwords import Cost, Passwords
from spectra_app.services import users
from spectra_app.services.bundles.answers import Finding, answer_question
from spectra_app.services.bundles.exporting import ask_laboratory
from spectra_app.services.bundles.importing import import_bundle
from spectra_app.services.cases import items, opening, papers, scans
from spectra_app.services.cases.scans import Taken
from spectra_app.services.office import open_office

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody
QUICK = Passwords(Cost(passes=1, memory_kib=8, lanes=1))
FRAME = RawFrame(
    counts=np.linspace(1000.0, 2000.0, 64) + 100.0 * np.sin(np.arange(64.0)),
    dark=None, wavelength_coefficients_nm=[790.0, 2.5], laser_nm=785.0,
    integration_time_ms=100.0, averages=3, laser_power="100 %", serial="X1", model="M",
    firmware="1", detector="D", temperature_c=None, saturation_counts=65535.0,
    clock="2026-11-22T07:00:00Z", emulated=False,
)  # fmt: skip


class EarlyClock:
    """A clock of the hours before those of the tests."""

    def __init__(self):
        self.now = datetime(2026, 11, 22, 8, tzinfo=UTC)

    def __call__(self):
        self.now += timedelta(milliseconds=1)
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def people(office, first, others):
    """Make users with PASSWORD; return the session of the first and those of the others."""
    users.set_up_first_supervisor(office, *first, PASSWORD)
    boss = users.log_in(office, first[0], PASSWORD)
    made = []
    for login, name, role in others:
        users.add_user(office, boss, login, name, role=role, temporary=PASSWORD + "!")
        session = users.log_in(office, login, PASSWORD + "!")
        users.change_password(office, session, PASSWORD + "!", PASSWORD)
        made.append(session)
    return boss, made


def fill(office, officer, scan_text, samples):
    """Open a case with a scan of a file, one of an analyser, and the rest; return case and item."""
    about = opening.About(mode="mail", origin="NL", persons=("A. Sender",))
    case = opening.open_new_case(office, officer, "Parcel <1>", about).id
    item = items.add_item(office, officer, case, items.Description("white powder", seal="S 100")).id
    for source, data, name in (
        ("file", scan_text("lactose").encode(), "/media/scans/lactose.csv"),
        ("device", FRAME.to_bytes(), "analyser X1"),
    ):
        found = samples.match()
        kept = office.evidence.put(data, kind="scan", name=name, clock=office.clock).sha256
        record = replace(found.record, sha256=kept, file=name, spectrum=None)
        scan = scans.add_scan(office, officer, replace(found, record=record), Taken(source=source))
        scans.file_scan(office, officer, scan.id, item)
    papers.add_photo(office, officer, b"\x89PNG\r\n\x1a\n picture", "a photo.png", item=item)
    papers.add_note(office, officer, "Smells of <vinegar>", case=case)
    return case, item


@pytest.fixture(scope="session")
def prepared(tmp_path_factory, scan_text, samples):
    """Return the folder of the two stations, and the number of the case and of its item."""
    folder, clock = tmp_path_factory.mktemp("stations"), EarlyClock()
    with open_office(folder / "data", clock, passwords=QUICK) as office:
        others = [("officer", "The officer", "officer"), ("technician", "The tech", "technician")]
        boss, made = people(office, ("supervisor", "Sue Per"), others)
        opening.set_station(office, boss, "Mail centre", code="MC1")
        about = fill(office, made[0], scan_text, samples)
    with open_office(folder / "laboratory", clock, passwords=QUICK) as lab:
        people(lab, ("head", "Head of Lab"), [("chemist", "A. Chemist", "technician")])
    return folder, about


@pytest.fixture
def office(tmp_path, office_clock, prepared):
    """Return the office of a mail centre of its own."""
    shutil.copytree(prepared[0] / "data", tmp_path / "data")
    with open_office(tmp_path / "data", office_clock, passwords=QUICK) as opened:
        yield opened


@pytest.fixture
def logged_in(office):
    """Return a session of officer and supervisor in `office`."""
    return {role: users.log_in(office, role, PASSWORD) for role in ("officer", "supervisor")}


@pytest.fixture
def technician(office):
    """Return the session of the technician in `office`, who asks laboratories."""
    return users.log_in(office, "technician", PASSWORD)


@pytest.fixture
def filled_case(prepared):
    """Return number and item of the case in `office`."""
    return prepared[1]


@pytest.fixture
def laboratory(tmp_path, office_clock, prepared):
    """Return another office with its own ledger, key and users, and the session of a technician."""
    shutil.copytree(prepared[0] / "laboratory", tmp_path / "laboratory")
    with open_office(tmp_path / "laboratory", office_clock, passwords=QUICK) as opened:
        yield opened, users.log_in(opened, "chemist", PASSWORD)


@pytest.fixture(scope="session")
def sealed_case(prepared, tmp_path_factory):
    """Return the bytes of the case's bundle, and the station's key; made once."""
    from spectra_app.services.bundles.exporting import export_case

    folder = tmp_path_factory.mktemp("sealed")
    shutil.copytree(prepared[0] / "data", folder / "data")
    with open_office(folder / "data", EarlyClock(), passwords=QUICK) as office:
        session = users.log_in(office, "supervisor", PASSWORD)
        export_case(office, session, prepared[1][0], folder / "case.bundle")
        return (folder / "case.bundle").read_bytes(), office.ledger.key


@pytest.fixture
def found_there():
    """Return what the laboratory finds."""
    return Finding(
        "confirmed", ("GC-MS", "FTIR"), "A. Chemist", ("amphetamine",), ("12 %",), "L 77"
    )


@pytest.fixture
def asked(office, technician, filled_case, tmp_path):
    """Return the bundle of a question about the item."""
    target = tmp_path / "question.bundle"
    ask_laboratory(office, technician, filled_case[1], target,
                   laboratory="State laboratory", text="Which salt is it?")  # fmt: skip
    return target


@pytest.fixture
def answered(office, laboratory, asked, found_there, tmp_path):
    """Return the bundle of the laboratory's answer."""
    lab, chemist = laboratory
    taken = import_bundle(lab, chemist, asked, office.ledger.key.id).imported
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7 the laboratory's report")
    target = tmp_path / "answer.bundle"
    answer_question(lab, chemist, taken.id, found_there, target, attached=[tmp_path / "report.pdf"])
    return target


@pytest.fixture
def two(office, logged_in, laboratory, filled_case, tmp_path):
    """Return both stations with who acts there, the case, and a folder."""
    return SimpleNamespace(
        office=office, officer=logged_in["officer"], supervisor=logged_in["supervisor"],
        lab=laboratory[0], chemist=laboratory[1], case=filled_case[0], item=filled_case[1],
        folder=tmp_path,
    )  # fmt: skip


@pytest.fixture
def third(tmp_path, office_clock, quick_passwords):
    """Return one more office, and the session of its supervisor."""
    with open_office(tmp_path / "third", office_clock, passwords=quick_passwords) as opened:
        users.set_up_first_supervisor(opened, "boss", "Boss", PASSWORD)
        yield opened, users.log_in(opened, "boss", PASSWORD)
