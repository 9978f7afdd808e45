"""Calibrating step by step: measured on an emulated analyser, looked at, fitted, decided on."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from devices.composed import ComposedAnalyser
from devices.emulators.bench import Bench
from devices.emulators.bench_model import Truth
from devices.emulators.direct import bench_parts
from devices.families import family
from matching.calibration.axis import CalibrationError
from spectra_app.errors import ForbiddenError
from spectra_app.records.kinds import Exposure
from spectra_app.records.kinds.calibration import KeptCalibration
from spectra_app.services import calibration_desk as calibrating
from spectra_app.services.calibration_desk import Draft
from spectra_app.services.calibrations import Calibrations
from spectra_app.services.demo import without_waiting
from spectra_app.services.emulated_samples import emulated_sample
from spectra_app.services.frames import StoppedError
from spectra_app.services.identify import Identifier
from spectra_app.services.instrument import Instrument
from spectra_app.services.instrument_choice import Wish, emulated_choices
from spectra_app.services.session import open_identifier
from spectra_app.services.standard_scans import measure_standard

OFF_NM = 0.25  # the axis is off by so much: 4 cm-1


class Station:
    """An emulated analyser whose axis is off, and what measures with it without waiting."""

    def __init__(self, office, identifier):
        self.office, self.identifier = office, identifier
        self.bench = None
        ready = threading.Event()
        self.instrument = Instrument(
            lambda *_k: None, lambda _s: None, open_it=self.open_it,
            timing=without_waiting(office.clock),
        )  # fmt: skip
        self.instrument.listen(
            lambda: self.instrument.state.phase == "ready" and ready.set(), lambda: None
        )
        chosen = next(one for one in emulated_choices() if one.family == "emulated-785")
        self.instrument.connect(Wish(chosen, "caffeine"))
        assert ready.wait(20)

    def open_it(self, chosen, *, timing):
        model = replace(family(chosen.family).bench, truth=Truth(laser_error_nm=OFF_NM))
        self.bench = Bench(model, emulated_sample("caffeine"), 7)
        parts = bench_parts(self.bench, timing, 7)
        analyser = ComposedAnalyser(*parts, family=chosen.family, emulated=True, timing=timing)
        return analyser, self.bench

    def measure(self, name, *, until=2.0):
        """Measure, and stop once the share done has passed `until`."""
        told = [0.0]
        return measure_standard(
            self.instrument, name, self.identifier, lambda share, _words: told.append(share),
            lambda: told[-1] > until,
        )  # fmt: skip

    def take(self, session, name, draft, *, called=""):
        frame = self.measure(name)
        return calibrating.take_frame(
            self.office, session, frame.sha256, called or name, replace(draft, serial=frame.serial)
        )


@pytest.fixture
def technician(logged_in):
    return logged_in["technician"]


@pytest.fixture
def station(office, small_library, spectra_home):  # noqa: ARG001  a data folder of its own
    engine = open_identifier(small_library).engine
    made = Station(office, Identifier(engine, office.evidence, office.clock))
    yield made
    made.instrument.close()
    made.instrument.join()


def test_an_axis_that_is_off_is_found_looked_at_and_taken_into_use(office, technician, station):
    draft = Draft(standards=("polystyrene", "neon"))
    for name in draft.standards:
        taken = station.take(technician, name, draft)
        assert taken.looked.verdict == "good"
        assert taken.looked.used > 5
        draft = replace(draft.with_scan(taken.held), serial=taken.serial, model=taken.model)
    proposal = calibrating.propose(office, technician, draft)
    axis, resolution = proposal.records
    assert proposal.holds
    assert axis.result["correction"]["laser_error_cm1"] == pytest.approx(-4.06, abs=0.3)
    assert abs(proposal.moved_cm1).max() == pytest.approx(4.06, abs=0.8)
    assert resolution.kind == "resolution"
    assert resolution.passed
    assert Calibrations(office.folder / "calibration").serials() == ()  # nothing counts yet
    decided = calibrating.decide(office, technician, proposal)
    assert decided.by == "The technician"
    kept = Calibrations(office.folder / "calibration")
    assert kept.latest(draft.serial, "axis").operator == "technician"
    assert kept.standing(draft.serial, office.clock()).state == "ok"
    entered = office.ledger.find(KeptCalibration)
    assert [one.record.of_kind for one in entered] == ["axis", "resolution"]
    assert {one.record.purpose for one in office.ledger.find(Exposure)} == {"calibration"}


def test_a_scan_of_something_else_or_a_full_detector_is_not_usable(technician, station):
    wrong = station.take(technician, "cyclohexane", Draft(), called="polystyrene")
    assert wrong.looked.verdict == "unlike"
    assert not wrong.looked.usable
    station.bench.faults = replace(station.bench.faults, saturated=True)
    full = station.take(technician, "polystyrene", Draft())
    assert full.looked.verdict == "saturated"


def test_what_a_person_rejects_is_kept_and_leaves_what_is_in_force(office, technician, station):
    taken = station.take(technician, "polystyrene", Draft())
    draft = Draft(serial=taken.serial, scans=(taken.held,))
    proposal = calibrating.propose(office, technician, draft)
    assert proposal.holds
    decided = calibrating.decide(office, technician, proposal, rejected="the lamp was cold")
    assert [one.passed for one in decided.records] == [False]
    assert decided.records[0].reasons == ("rejected by technician: the lamp was cold",)
    kept = Calibrations(office.folder / "calibration")
    assert kept.latest(draft.serial, "axis") is None
    assert len(kept.records(draft.serial)) == 1


def test_a_lamp_is_measured_without_the_laser_and_leaves_no_dark(office, station):
    lamp = station.measure("neon")
    assert "dark" in lamp.flags
    assert lamp.laser_power == "off"
    settings = station.instrument.measure(lambda analyser, _bench, _before: analyser.settings)
    again = station.instrument.measure(
        lambda analyser, _bench, _before: (
            analyser.configure(replace(settings, averages=1)), analyser.acquire(),
        )[1]
    )  # fmt: skip
    assert again.dark is None  # the lamp's light is not taken off the scans that follow
    assert office.evidence.get(lamp.sha256) == lamp.to_bytes()
    with pytest.raises(StoppedError, match="does not count"):
        station.measure("neon", until=0.6)


def test_a_response_rests_on_the_certificate_of_the_glass(office, technician, station):
    taken = station.take(technician, "polystyrene", Draft())
    glass = station.take(technician, "SRM 2241", Draft())
    assert glass.looked is None
    draft = Draft(serial=taken.serial, scans=(taken.held,), glass="SRM 2241",
                  glass_scan=glass.held)  # fmt: skip
    response = calibrating.propose(office, technician, draft).of_kind("response")
    assert response.passed
    assert min(response.result["factor"]) > 0
    with pytest.raises(CalibrationError, match="532 nm"):
        calibrating.propose(office, technician, replace(draft, glass="SRM 2242a"))


def test_a_draft_is_found_again_with_its_scans(office, logged_in, technician, station):
    taken = station.take(technician, "polystyrene", Draft())
    draft = Draft(serial="X", standards=("polystyrene", "neon"), step="measure").with_scan(
        taken.held
    )
    calibrating.keep_draft(office, technician, draft)
    assert calibrating.draft_of(office, technician) == draft
    assert calibrating.draft_of(office, logged_in["supervisor"]) is None  # of another person
    (again,) = calibrating.look_again(office, technician, draft)
    assert again.looked.used == taken.looked.used
    calibrating.keep_draft(office, technician, None)
    assert calibrating.draft_of(office, technician) is None
    with pytest.raises(ForbiddenError):
        calibrating.draft_of(office, logged_in["officer"])


def test_real_scans_of_files_are_looked_at_alike(office, technician, shared_data):
    folder = shared_data / "spectra" / "calibration" / "horiba-785"
    if not folder.is_dir():
        pytest.skip("the real calibration scans are not there")
    (path,) = list(folder.glob("*[Pp]olystyrene*"))[:1] or list(folder.glob("*PS*"))[:1]
    draft = Draft(serial="HORIBA", laser_nm=785.0, by_file=True)
    taken = calibrating.take_file(office, technician, path, "polystyrene", draft)
    assert office.evidence.get(taken.held.sha256) == path.read_bytes()
    assert taken.looked.expected > 5


def test_a_scan_of_something_else_is_no_lamp(office, technician, shared_data):
    folder = shared_data / "spectra" / "calibration"
    if not folder.is_dir():
        pytest.skip("the real calibration scans are not there")
    draft = Draft(serial="S-1", laser_nm=785.0, by_file=True)

    def verdict(name, lamp):
        taken = calibrating.take_file(office, technician, folder / name, lamp, draft)
        return taken.looked.verdict

    assert verdict("horiba-785/NeonSNQ043_iR785_OP01.txt", "neon") == "good"
    assert verdict("horiba-785/NeonSNQ043_iR785_OP01.txt", "argon") == "unlike"
    assert verdict("bwtek-785/PST02_iRPlus785_Z020_100_1300ms.txt", "neon") == "unlike"
    assert verdict("horiba-785/sCAL10_iR785_OP01_4000msx4.txt", "neon") == "unlike"
