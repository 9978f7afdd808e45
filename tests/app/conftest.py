"""Windows for the tests: real widgets, hand-made answers."""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from devices.timing import Timing, utc_now
from library.signing import new_key, open_key
from library.trust import Trust
from library.trust_store import save_trust
from library.trusted_keys import TrustedKey, first_root
from matching.errors import SpectrumError
from spectra_app.records.access import User
from spectra_app.records.passwords import Cost, Passwords
from spectra_app.services import users
from spectra_app.services.api import AnalyserUse, UseCases
from spectra_app.services.cases import items, opening, scans
from spectra_app.services.instrument import Instrument
from spectra_app.services.instrument_choice import Choices, emulated_choices
from spectra_app.services.instrument_state import CheckResult
from spectra_app.services.logging_in import keep_password
from spectra_app.services.office import open_office
from spectra_app.services.scanning import Scanned
from spectra_app.services.station import Station


@pytest.fixture(scope="session")
def samples():
    """Return hand-made verdicts of every kind."""
    path = Path(__file__).parent / "window_samples.py"
    spec = importlib.util.spec_from_file_location("window_samples", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class PassingTime:
    """Time that passes at once where somebody waits for it; as it does, while `waits` is set."""

    def __init__(self):
        self.waits, self._skipped_s = False, 0.0
        self.timing = Timing(self._now, self._sleep, utc_now)

    def _now(self):
        return time.monotonic() + self._skipped_s

    def _sleep(self, seconds):
        if self.waits:
            time.sleep(seconds)
        else:
            self._skipped_s += max(0.0, seconds)


@pytest.fixture
def passing_time():
    """Return the time of emulated analysers whose exposures nobody has to wait for."""
    return PassingTime()


class Desk:
    """Use cases that answer at once, what they were asked, and a gate for slow work.

    A file is answered by its stem (``match.csv``); ``several`` holds three spectra, ``slow``
    waits for the gate, ``crash`` has a bug, any other name is refused. A scan tells its progress
    and waits for the gate or for the wish to stop.
    """

    def __init__(self, samples):
        self.samples = samples
        self.asked, self.reports, self.threads = [], [], set()
        self.gate = threading.Event()
        self.use_cases = UseCases(
            identify_file=self.identify,
            scan_emulated=self.scan,
            emulated_samples=("Paracetamol", "Caffeine"),
            write_report=self.write_report,
            library_title=lambda: "Starter library 1.0",
            library_note=lambda: "Reconstructed; gives leads only.",
            open_library=self.open_library,
            analyser=AnalyserUse(
                Instrument(lambda *_kept: None, lambda _serial: None),
                look=lambda: Choices(emulated_choices()),
                scan=lambda wish, tell, stop: Scanned(self.scan(wish.sample, tell, stop), None, ()),
                check=lambda _tell, _stop: CheckResult(True, (), 0.1),
            ),
        )

    def identify(self, path):
        self.asked.append(path)
        self.threads.add(threading.current_thread())
        if path.stem == "slow":
            self.gate.wait(30)
            return (self.samples.match(),)
        if path.stem == "several":
            names = ("match", "lead", "not_in_library")
            return tuple(self.samples.ALL[name]() for name in names)
        if path.stem == "crash":
            raise KeyError("laser")
        if path.stem not in self.samples.ALL:
            raise SpectrumError("it holds no numbers", path.name, "export it again")
        return (self.samples.ALL[path.stem](),)

    def scan(self, name, tell, should_stop):
        self.asked.append(name)
        tell(0.25, "exposure 1 of 4")
        while not self.gate.wait(0.01):
            if should_stop():
                raise SpectrumError("the scan was stopped", name, "scan again")
        return self.samples.long_name()

    def write_report(self, identified, path):
        if path.parent.name == "full":
            raise SpectrumError("the disk is full", str(path), "make room")
        path.write_bytes(b"%PDF-" + identified.record.file.encode())
        self.reports.append(path)

    def open_library(self, path):
        if path.suffix != ".h5":
            raise SpectrumError("this is not a library", path.name, "choose another file")
        return f"{path.stem} 2.0"


@pytest.fixture
def desk(samples):
    """Return a desk whose gate is open when the test has ended."""
    result = Desk(samples)
    yield result
    result.gate.set()


@pytest.fixture
def make_shell(qtbot, spectra_home, quick_passwords):  # noqa: ARG001  the folder is the program's
    """Return what shows a window over use cases, idle; its records are in this test's data folder.

    It is closed after the test, the analyser and both lanes with it.
    """
    from spectra_app.ui.look import Look
    from spectra_app.ui.shell import Shell
    from spectra_app.ui.start import make_application

    made = []

    def make(use_cases, size=(1366, 768)):
        make_application()
        office = partial(open_office, passwords=quick_passwords)
        shown = Shell(lambda: use_cases, office, Look())
        made.append(shown)
        shown.resize(*size)
        with qtbot.waitExposed(shown):
            shown.show()
        qtbot.waitUntil(
            lambda: shown.records.lane.idle and shown.parts.warm and not shown.lane.busy,
            timeout=60_000,
        )
        return shown

    yield make
    for shown in made:
        shown.close()
        qtbot.waitUntil(lambda shown=shown: not shown.isVisible(), timeout=60_000)
        shown.look.speak("en")
        shown.deleteLater()


@pytest.fixture
def shell(desk, make_shell):
    """Return a window over `desk`, in a station that nobody has set up yet."""
    yield make_shell(desk.use_cases)
    desk.gate.set()


@pytest.fixture
def window(shell):
    """Return the workbench of a window in which somebody only looks around."""
    shell.entrance.around.click()
    return shell.workbench


# --- Scans on disk, and a small library, for services and command line --------------------------

SUBSTANCES = ("acetone", "caffeine", "lactose", "paracetamol", "urea", "sucrose")


def _scan_lines(name: str, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Axis in cm-1 and intensities of a made-up substance: ten bands that its name decides."""
    rng = np.random.default_rng(sum(name.encode()) * 31)
    axis = np.round(np.arange(300.0, 1800.0, 2.0), 2)
    y = np.full(axis.size, 300.0)
    for place in rng.choice(np.arange(360.0, 1740.0, 25.0), 10, replace=False):
        y += rng.uniform(200.0, 2000.0) * np.exp(-(((axis - place) / 6.0) ** 2))
    return axis, y + np.random.default_rng(seed).normal(0.0, noise, axis.size)


@pytest.fixture(scope="session")
def scan_text():
    """Return a builder of ENLIGHTEN files: one made-up substance, with Processed, Raw and Dark."""

    def build(name, *, seed=1, noise=2.0, columns=("Wavenumber", "Processed", "Raw", "Dark")):
        axis, y = _scan_lines(name, noise, seed)
        values = {"Wavenumber": axis, "Processed": y, "Raw": y + 900.0, "Dark": 900.0 + 0.0 * y}
        header = {
            "ENLIGHTEN Version": "4.1.22",
            "Serial Number": "WP-00000",
            "Integration Time": "500",
            "Laser Wavelength": "785.0",
            "Pixel Count": axis.size,
        }
        lines = [f"{key},{value}" for key, value in header.items()]
        lines += ["", ",".join(columns)]
        lines += [",".join(f"{values[c][i]:.2f}" for c in columns) for i in range(axis.size)]
        return "\n".join(lines) + "\n"

    return build


@pytest.fixture(scope="session")
def session_text():
    """Return a builder of ENLIGHTEN sessions: several made-up substances in one file."""

    def build(names):
        made = [_scan_lines(name, 2.0, seed) for seed, name in enumerate(names, start=50)]
        lines = [
            "Integration Time,200",
            "Timestamp,2019-03-04 19_36_49",
            "Laser Wavelength,785.0",
            f"Pixel Count,{made[0][0].size}",
            "",
            ",".join(["Pixel", "Wavelength", "Wavenumber", *names]),
        ]
        for i, x in enumerate(made[0][0]):
            wavelength = 1e7 / (1e7 / 785.0 - x)
            values = ",".join(f"{y[i]:.2f}" for _, y in made)
            lines.append(f"{i},{wavelength:.2f},{x:.2f},{values}")
        return "\n".join(lines) + "\n"

    return build


@pytest.fixture(scope="session")
def small_library(tmp_path_factory, scan_text):
    """Return a library of six made-up substances, built by the program itself."""
    from spectra_app.services.libraries import build_library

    folder = tmp_path_factory.mktemp("references")
    rows = ["file,name,class"]
    for name in SUBSTANCES:
        (folder / f"{name}.csv").write_text(scan_text(name, seed=9), encoding="utf-8")
        rows.append(f"{name}.csv,{name},made up")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    build_library(folder, folder / "small.h5", name="Small")
    return folder / "small.h5"


@pytest.fixture(scope="session")
def starter_file(tmp_path_factory):
    """Return the starter library, made once by the program itself; only to be read."""
    from spectra_app.services.libraries import starter_library

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPECTRA_HOME", str(tmp_path_factory.mktemp("starter")))
        return starter_library()


@pytest.fixture
def used_home(spectra_home, starter_file):
    """Return a data folder of this test alone in which the program has made its starter library."""
    folder = spectra_home / "libraries"
    folder.mkdir()
    os.link(starter_file, folder / starter_file.name)
    return spectra_home


@pytest.fixture
def spectra(capfd, used_home):  # noqa: ARG001  the folder is made for the program
    """Return a function that runs the command line in this process, with its own data folder.

    Gives exit code, standard output and standard error.
    """
    from spectra_app.app import main

    def run(*arguments):
        capfd.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = left.code
        out, err = capfd.readouterr()
        return code, out, err

    return run


# --- Signed files, and a station that trusts who signs them ---------------------------------------


@pytest.fixture(scope="session")
def persons():
    """Return three opened keys, and the trust in the first two, of persons "A" and "B"."""
    made = [new_key(PASSWORD, 1) for _ in range(3)]
    opened = [open_key(pem, PASSWORD) for pem, _ in made]
    trusted = [TrustedKey(key.public, name) for key, name in zip(opened, "AB", strict=False)]
    return opened, Trust(first_root(trusted, datetime(2025, 10, 18, 10, tzinfo=UTC)))


@pytest.fixture
def trusting(spectra_home, persons):
    """Return a station whose trust is in the keys of `persons`."""
    made = Station(spectra_home)
    with made.changing():
        save_trust(made.trust_path, persons[1])
    return made


# --- An office with a user of each role, logged in -----------------------------------------------

PASSWORD = "seven green herons wade"  # noqa: S105  of nobody
STAFF = ("officer", "technician")


class OfficeClock:
    """A clock that goes on by a millisecond each time, and by more when told to."""

    def __init__(self):
        self.now = datetime(2026, 11, 22, 10, tzinfo=UTC)

    def __call__(self):
        self.now += timedelta(milliseconds=1)
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def skip(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def office_clock():
    return OfficeClock()


@pytest.fixture
def quick_passwords():
    """Return hashing at the lowest cost there is, for tests only."""
    return Passwords(Cost(passes=1, memory_kib=8, lanes=1))


@pytest.fixture
def office(tmp_path, office_clock, quick_passwords):
    """Return an empty office of its own."""
    with open_office(tmp_path / "data", office_clock, passwords=quick_passwords) as opened:
        yield opened


def add_staff(office):
    """Add a first supervisor, and a user of each other role."""
    users.set_up_first_supervisor(office, "supervisor", "Sue Per", PASSWORD)
    made = [
        User(id=f"u{number}", login=role, name=f"The {role}", role=role)
        for number, role in enumerate(STAFF, 2)
    ]
    keep = [keep_password(office, None, user, PASSWORD) for user in made]
    with office.ledger.writing("u1") as writing:
        for one in keep:
            one(writing, "user added")


@pytest.fixture
def logged_in(office):
    """Return a session of each role (``logged_in["officer"]``) in `office`; passwords are PASSWORD.

    Log-in names are the roles; ids are u1 (supervisor), u2 (officer), u3 (technician). Their
    passwords are their own: as they are some days after `users.add_user`, in fewer steps.
    """
    add_staff(office)
    return {role: users.log_in(office, role, PASSWORD) for role in ("supervisor", *STAFF)}


@pytest.fixture
def staffed(spectra_home, quick_passwords):
    """Set up a station with the users of `logged_in` in the data folder; return PASSWORD."""
    with open_office(spectra_home, passwords=quick_passwords) as opened:
        add_staff(opened)
    return PASSWORD


@pytest.fixture(scope="session")
def records_of():
    """Return what makes, of an office, what puts records of a made-up station into its ledger."""
    path = Path(__file__).parent / "station_records.py"
    spec = importlib.util.spec_from_file_location("station_records", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Records


@pytest.fixture
def records(office, logged_in, records_of):  # noqa: ARG001  the users are there
    """Return what puts records of a made-up station into the ledger of `office`."""
    return records_of(office)


# --- A case with an item, and scans for it --------------------------------------------------------


@pytest.fixture
def break_disk(tmp_path):
    """Return what makes the open files of a ledger fail, as on a disk that was pulled out."""

    def broken(folder):
        names = {str(folder / name) for name in ("station.db", "station.db-wal")}
        failing = os.open(tmp_path, os.O_RDONLY)  # a folder cannot be read or written as a file
        for place in Path("/proc/self/fd").iterdir():
            try:
                ours = str(place.readlink()) in names
            except OSError:
                continue
            if ours:
                os.dup2(failing, int(place.name))
        os.close(failing)

    return broken


@pytest.fixture
def officer(logged_in):
    return logged_in["officer"]


@pytest.fixture
def take(office, samples):
    """Return a function that takes in a made-up verdict as a scan of its own."""

    def taken(session, name="match", **changes):
        found = samples.ALL[name]()
        sha256 = office.evidence.put(
            f"{name} {office.clock()}".encode(), kind="frame", name="f", clock=office.clock
        ).sha256
        record = replace(found.record, sha256=sha256, **changes)
        return scans.add_scan(office, session, replace(found, record=record))

    return taken


@pytest.fixture
def case(office, officer):
    return opening.open_new_case(
        office, officer, "Parcel", opening.About(mode="mail", origin="NL")
    ).id


@pytest.fixture
def item(office, officer, case):
    about = items.Description("white powder", identifiers=("RA473124829FI",), seal="S 100")
    return items.add_item(office, officer, case, about).id


# --- Reports ------------------------------------------------------------------------------------


@pytest.fixture
def full_facts():
    """Return the facts of a report that lacks nothing."""
    from spectra_app.reports.facts import Calibration, ErrorRate, ReportFacts

    sha = "0123456789abcdef" * 4
    source = "policy version 8, validation substances of its rates"
    return ReportFacts(
        "AN-20261122-007/1-R1",
        "2026-11-22T10:05:00Z",
        "0.1.0",
        issued=True,
        laboratory="Customs Laboratory North",
        address="Airport Road 12, 12345 Northtown",
        place="Mobile unit 3, cargo hall B",
        customer="Airport Customs, Office 4",
        customer_contact="Terminal 1, telephone 4471",
        case="AN-20261122-007",
        case_reference="ZK/2026/1881",
        item="AN-20261122-007/1",
        identifiers=("s10:RR473829109CN", "seal:A-00917"),
        description="white powder in a clear bag",
        condition="sealed, undamaged",
        received_at="2026-11-22T08:10:00Z",
        sampled_at="2026-11-22T08:40:00Z",
        performed_at="2026-11-22T08:44:12Z",
        packages=12,
        sampled=4,
        sampling="chosen at random",
        weight="412.3 g (gross, balance B2)",
        operator="officer 014",
        authorised_by="supervisor 02",
        countersigned_by="supervisor 05",
        deviations="none",
        analyser="XL-785, WP-00417, 785 nm",
        calibration=Calibration(
            "ok", "check", "2026-11-22T06:00:00Z", "2026-11-23T06:00:00Z", "polystyrene", sha
        ),
        evidence=(sha, sha[::-1]),
        result_sha256=sha,
        audit_head=f"18422:{sha}",
        station_key="station key",
        rates=(
            ErrorRate("right", 58, 58, 0.9384, 1.0, source, 0.967),
            ErrorRate("named_wrong", 0, 59, 0.0, 0.0607, "validation of 2026-11-20"),
        ),
    )


@pytest.fixture
def faults_of():
    """Return a check of laid out pages: every text that leaves the margins or touches another."""
    from itertools import combinations

    from spectra_app.reports import page as paper

    def box(item):
        size = item.style.size * paper.MM_PER_POINT
        return item.x, item.y - 0.74 * size, item.x + item.width, item.y + 0.22 * size

    def outside(found):
        right, bottom = paper.PAGE_WIDTH - paper.MARGIN, paper.PAGE_HEIGHT - 8.0
        across = found[0] < paper.MARGIN - 0.01 or found[2] > right + 0.01
        return across or found[1] < 8.0 or found[3] > bottom

    def check(pages):
        faults = []
        for number, page in enumerate(pages, start=1):
            shown = [i for i in page.items if isinstance(i, paper.Text) and i.text.strip()]
            faults += [f"page {number} outside: {i.text}" for i in shown if outside(box(i))]
            for one, other in combinations(shown, 2):
                a, b = box(one), box(other)
                crossing = a[0] < b[2] and b[0] < a[2]
                if crossing and a[1] < b[3] - 0.05 and b[1] < a[3] - 0.05:
                    faults.append(f"page {number} overlap: {one.text} / {other.text}")
        return faults

    return check


# --- The supervisor's area ------------------------------------------------------------------------


@pytest.fixture
def supervising(qtbot, desk, make_shell):
    """Return what logs the supervisor in by keys, shows a page, and returns it."""
    from PySide6.QtCore import Qt

    def shown(words, page):
        shell = make_shell(desk.use_cases, (1024, 768))
        form = shell.entrance.log_in
        form.name.setText("supervisor")
        qtbot.keyClicks(form.password, words)
        qtbot.keyClick(form.password, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: "board" in shell.supervisor.made, timeout=60_000)
        qtbot.mouseClick(shell.supervisor.tabs[page], Qt.MouseButton.LeftButton)
        return shell.supervisor.made[page]

    return shown


@pytest.fixture
def at_bench(qtbot, desk, make_shell, staffed, used_home):  # noqa: ARG001  the station is there
    """Return what logs the technician in, shows a page of the technician's, and returns it."""
    from PySide6.QtCore import Qt

    def shown(page, size=(1366, 768)):
        shell = make_shell(desk.use_cases, size)
        form = shell.entrance.log_in
        form.name.setText("technician")
        qtbot.keyClicks(form.password, staffed)
        qtbot.keyClick(form.password, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: shell.records.standing.user is not None, timeout=60_000)
        shell.show_area("workbench")
        qtbot.mouseClick(shell.technician.tabs[page], Qt.MouseButton.LeftButton)
        return shell.technician.made[page]

    return shown
