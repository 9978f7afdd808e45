"""The same result on another kernel of the linear algebra, to a billionth, and another library."""

from __future__ import annotations

import csv
import json
import os
import platform
import subprocess
import sys

import pytest

from library.cells import text_of
from spectra_app.errors import ForbiddenError, ReplayError
from spectra_app.services import recheck_cases
from spectra_app.services.agreement import WITHIN
from spectra_app.services.cases import scans
from spectra_app.services.cases.scans import Taken
from spectra_app.services.demo import without_waiting
from spectra_app.services.libraries import build_library
from spectra_app.services.recheck_cases import DOWN, NAMES, NOT_DONE, UP, kind_of, recheck_scans
from spectra_app.services.scanning import scan_emulated
from spectra_app.services.session import open_identifier
from spectra_app.settings import data_folder

CHILD = """
import json, sys
from pathlib import Path
from spectra_app.records.kinds import Scan
from spectra_app.services.circumstances import leaves
from spectra_app.services.office import open_office
from spectra_app.services.replay import changed, computed_again, replay_scan
from spectra_app.services.workshop import Workshop

with open_office(Path(sys.argv[1])) as office, Workshop(office.evidence) as workshop:
    for stored in office.ledger.find(Scan):
        scan = stored.record
        made = workshop.made_with(scan)
        exact = dict(leaves(computed_again(scan, made, workshop).record.to_exact_json()))
        figures = [(float(exact[path]), float(text)) for path, text in made.figures.items()]
        far = [abs(now - then) / max(1, abs(then)) for now, then in figures]
        one = replay_scan(scan, workshop)
        print(json.dumps([one.state, one.environment, max(far), len(far), str(one.difference)]))
"""


@pytest.fixture
def identifier(office, used_home, tmp_path):  # noqa: ARG001  holds the starter library
    return open_identifier(
        None, evidence=office.evidence.folder, calibrations=tmp_path / "calibration"
    )


def test_on_another_kernel_the_figures_are_the_same_to_a_billionth(
    office, logged_in, identifier, office_clock
):
    found = scan_emulated("caffeine", identifier, timing=without_waiting(office_clock)).found
    taken = Taken(source="device", evidence=(found.record.sha256,))
    scans.add_scan(office, logged_in["officer"], found, taken)
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(office.folder)],
        env={**os.environ, "OPENBLAS_CORETYPE": "Nehalem"},
        capture_output=True,
        text=True,
        timeout=280,  # a hang, not a busy machine
        check=False,
    )
    assert child.returncode == 0, child.stderr
    state, environment, far, figures, difference = json.loads(child.stdout)
    assert state in {"same bytes", "same verdict, figures within 1e-9"}, difference
    assert far <= WITHIN
    assert figures > 20
    if platform.machine() == "x86_64":
        assert any("Nehalem" in words for words in environment)


# --- Which verdicts would be others now ----------------------------------------------------------

OLD = {"urea": "urea", "lactose": "lactose", "ephedrine": "ephedrine"}
NEW = {"urea": "urea", "lactose": "maltose", "acetone": "acetone"}


@pytest.fixture(scope="module")
def libraries(tmp_path_factory, scan_text):
    """Return two libraries: of other substances, and with another name for one of them."""
    made = []
    for number, names in enumerate((OLD, NEW)):
        folder = tmp_path_factory.mktemp(f"library{number}")
        for stem in names:
            (folder / f"{stem}.csv").write_text(scan_text(stem, seed=9), encoding="utf-8")
        rows = [f"{stem}.csv,{name}" for stem, name in names.items()]
        (folder / "manifest.csv").write_text(
            "\n".join(["file,name", *rows]) + "\n", encoding="utf-8"
        )
        build_library(folder, folder / "made.h5", name=f"Library {number}")
        made.append(folder / "made.h5")
    return made


@pytest.fixture
def past(office, logged_in, used_home, libraries, scan_text):
    """Return the scans of four substances, taken in with the old library, by substance."""
    (used_home / "libraries" / "old.h5").write_bytes(libraries[0].read_bytes())
    identifier = open_identifier(libraries[0], evidence=office.evidence.folder)
    taken = {}
    for name in ("urea", "lactose", "acetone", "ephedrine"):
        path = office.folder / f"{name}.csv"
        path.write_text(scan_text(name, seed=3), encoding="utf-8")
        ((taken[name], _),) = scans.scan_file(office, logged_in["officer"], path, identifier)
    assert taken["ephedrine"].alarm == "precursor"
    assert taken["acetone"].names == ()
    return taken


def ids(found):
    return [one["scan"] for one in found]


def test_exactly_the_changed_verdicts_are_listed_alarms_first(office, logged_in, past, libraries):
    before = [stored.record for stored in office.ledger.find(scans.Scan)]
    done = recheck_scans(office, logged_in["technician"], library=libraries[1])
    assert (done.scans, done.not_done) == (4, ())
    assert ids(done.changed) == [past[name].id for name in ("acetone", "ephedrine", "lactose")]
    assert [one["change"] for one in done.changed] == [UP, DOWN, NAMES]
    assert {one["because"] for one in done.changed} == {"library"}
    assert done.changed[0]["after"] == {
        "outcome": "match", "alarm": "precursor", "names": ["acetone"]
    }  # fmt: skip
    assert [stored.record for stored in office.ledger.find(scans.Scan)] == before
    entry = office.ledger.entries()[-1]
    assert (entry.act, entry.details["changed"]) == ("past scans identified again", 3)
    assert list((office.ledger.folder / "rechecks").glob("*.jsonl")) == []
    with pytest.raises(ForbiddenError):
        recheck_scans(office, logged_in["officer"], library=libraries[1])


def test_the_control_lists_are_those_of_the_station_itself(office, logged_in, past, libraries):
    """The program's own data folder has no watch list; this station has."""
    assert office.folder != data_folder()
    (office.folder / "watch-list.csv").write_text(
        "name,reason,who,alarm,from\nurea,seen often,station,hazard,2020-01-01\n", encoding="utf-8"
    )
    done = recheck_scans(office, logged_in["technician"], library=libraries[0])
    assert [(one["scan"], one["change"]) for one in done.changed] == [(past["urea"].id, UP)]


def test_another_policy_is_told_from_another_library(office, logged_in, past, libraries, tmp_path):
    stricter = json.loads(office.evidence.get(past["urea"].policy_sha256))
    stricter["thresholds"]["name"] = 1e6
    (tmp_path / "policy.json").write_text(json.dumps(stricter), encoding="utf-8")
    done = recheck_scans(
        office, logged_in["technician"], library=libraries[0], policy=tmp_path / "policy.json"
    )
    assert set(ids(done.changed)) == {past[name].id for name in ("urea", "lactose", "ephedrine")}
    assert {one["because"] for one in done.changed} == {"policy"}
    down = [one["scan"] for one in done.changed if one["change"] == DOWN]
    assert down == [past["ephedrine"].id]


def test_stopped_work_goes_on_where_it_was(office, logged_in, past, libraries):
    def stop(share, _words):
        if share >= 0.5:
            raise KeyboardInterrupt

    technician = logged_in["technician"]
    with pytest.raises(KeyboardInterrupt):
        recheck_scans(office, technician, library=libraries[1], progress=stop)
    (notes,) = (office.ledger.folder / "rechecks").glob("*.jsonl")
    notes.write_bytes(notes.read_bytes() + b'{"scan": "torn')
    done = recheck_scans(office, technician, library=libraries[1])
    assert (done.earlier, len(done.changed)) == (2, 3)
    assert recheck_scans(office, technician, library=libraries[1]).earlier == 0
    assert len(past) == done.scans


def test_what_cannot_be_identified_again_is_listed(office, logged_in, past, libraries, tmp_path):
    path = office.evidence.path_of(past["urea"].original)
    path.unlink()
    done = recheck_scans(office, logged_in["technician"], library=libraries[1])
    assert ids(done.not_done) == [past["urea"].id]
    assert "no evidence of this hash" in done.not_done[0]["why"]
    recheck_cases.write_table(done, tmp_path / "changes.csv")
    with (tmp_path / "changes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["change"] for row in rows] == [UP, DOWN, NAMES, NOT_DONE]
    assert text_of(rows[0]["after_names"]) == "acetone"
    assert rows[3]["scan"] == past["urea"].id


def test_names_of_restricted_lists_are_for_who_may_see_them(office, logged_in, past, libraries):
    folder = office.folder / "restricted-lists"
    folder.mkdir()
    (folder / "closed.csv").write_text(
        "name,reason,who,alarm,from\nacetone,closed list,laboratory,hazard,2020-01-01\n",
        encoding="utf-8",
    )
    done = recheck_scans(office, logged_in["technician"], library=libraries[1])
    assert not done.all_seen
    assert past["acetone"].id not in ids(done.changed)
    assert len(done.changed) == 2


def test_alarms_count_before_names_and_names_before_outcomes():
    def one(outcome, alarm, *names):
        return {"outcome": outcome, "alarm": alarm, "names": list(names)}

    match = one("match", "precursor", "x")
    assert kind_of({"before": match, "after": one("match", "controlled", "y")}) == UP
    assert kind_of({"before": match, "after": one("match", "benign", "y")}) == DOWN
    assert kind_of({"before": match, "after": one("match", "precursor", "y")}) == NAMES
    assert kind_of({"before": match, "after": one("lead", "precursor", "x")}) == "other outcome"


def test_the_same_is_not_done_twice_at_once(office, logged_in, past, libraries):
    technician = logged_in["technician"]

    def again(_share, _words):
        recheck_scans(office, technician, library=libraries[1])

    with pytest.raises(ReplayError, match="being done already"):
        recheck_scans(office, technician, library=libraries[1], progress=again)
    assert len(past) == 4
