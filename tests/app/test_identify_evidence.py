"""Bytes are evidence before anything reads them; only measured references give a match."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from library.entry import Entry, EntryRecord, entry_id
from library.writing import write_library
from matching.spectrum import Acquisition, Spectrum
from spectra_app.errors import EvidenceError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.services.identify import Origin, identify_file, identify_spectrum
from spectra_app.services.session import open_identifier

AXIS = np.arange(300.0, 1800.0, 1.7)
PLACES = (420.0, 540.0, 655.0, 780.0, 910.0, 1060.0, 1190.0, 1330.0, 1460.0, 1620.0)


def spectrum(seed=0, *, places=PLACES, noise=2.0, **facts):
    rng = np.random.default_rng(77)
    y = np.full(AXIS.size, 300.0)
    for place in places:
        y += rng.uniform(300, 2000) * np.exp(-(((AXIS - place) / 6.0) ** 2))
    y += np.random.default_rng(seed).normal(0, noise, AXIS.size)
    return Spectrum(AXIS, y, 785.0, **facts)


@pytest.fixture
def with_library(tmp_path):
    """Return a builder of identifiers over (name, kind, role) entries, one spectrum for all."""

    def build(*wanted, technique="Raman", spectra=None):
        entries = []
        for number, (name, kind, role) in enumerate(wanted):
            reference = spectra[number] if spectra else spectrum(number + 100)
            reference = Spectrum(AXIS, reference.intensity, 785.0, technique=technique)
            record = EntryRecord(
                entry=entry_id(f"{number}{name}", reference),
                name=name,
                kind=kind,
                role=role,
                technique=technique,
                content_sha256=reference.content_hash,
                laser_nm=785.0,
            )
            entries.append(Entry(record, reference))
        path = tmp_path / "library.h5"
        write_library(path, entries, name="L")
        return open_identifier(path, evidence=tmp_path / "evidence")

    return build


def verdict(identifier, scan=None):
    return identify_spectrum(scan or spectrum(), Origin("scan", ""), identifier, 10).record


# --- Evidence ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sound", [True, False])
def test_the_bytes_of_every_file_are_in_the_store_unchanged(
    with_library, scan_text, tmp_path, sound
):
    data = scan_text("urea").encode() if sound else b"\x00damaged \xff file"
    path = tmp_path / "scan.csv"
    path.write_bytes(data)
    identifier = with_library(("urea", "measured", "substance"))
    (found,) = identify_file(path, identifier)
    assert (found.record.outcome == "refused") is not sound
    assert found.record.sha256 == hashlib.sha256(data).hexdigest()
    store = EvidenceStore(tmp_path / "evidence")
    assert store.get(found.record.sha256) == data
    (receipt,) = store.received().receipts
    assert (receipt.sha256, receipt.name) == (found.record.sha256, "scan.csv")
    assert store.verify().intact


def test_nothing_is_read_when_the_evidence_cannot_be_kept(
    with_library, scan_text, tmp_path, monkeypatch
):
    path = tmp_path / "scan.csv"
    path.write_text(scan_text("urea"), encoding="utf-8")
    identifier = with_library(("urea", "measured", "substance"))
    read = []
    monkeypatch.setattr(
        "spectra_app.services.identify.read_bytes", lambda *_a, **_k: read.append(1)
    )
    (tmp_path / "evidence").rmdir()
    (tmp_path / "evidence").write_text("a file where the folder was", encoding="utf-8")
    with pytest.raises(EvidenceError):
        identify_file(path, identifier)
    assert read == []


def test_the_file_itself_is_left_alone(with_library, scan_text, tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text(scan_text("urea"), encoding="utf-8")
    path.chmod(0o444)
    before = path.read_bytes(), path.stat().st_mtime_ns
    identify_file(path, with_library(("urea", "measured", "substance")))
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


# --- What a reference may be used for ----------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "role", "outcome"),
    [
        ("measured", "substance", "match"),
        ("reconstructed", "substance", "lead"),
        ("reconstructed", "container", "lead"),
        ("measured", "container", "container_only"),
        ("measured", "cutting agent", "match"),
    ],
)
def test_the_kind_of_the_reference_decides_what_may_be_said(with_library, kind, role, outcome):
    record = verdict(with_library(("A", kind, role)))
    assert record.outcome == outcome
    assert record.components[0].kind == kind


@pytest.mark.parametrize(("kind", "role"), [("calculated", "substance"), ("measured", "mixture")])
def test_calculated_spectra_and_mixtures_name_nothing(with_library, kind, role):
    record = verdict(with_library(("A", kind, role)))
    assert record.outcome not in {"match", "mixture", "lead"}
    assert record.components == ()


def test_a_calculated_twin_does_not_hide_a_measured_reference(with_library):
    record = verdict(
        with_library(*[("B", "calculated", "substance")] * 1, ("A", "measured", "substance"))
    )
    assert record.outcome == "match"
    assert [c.name for c in record.components] == ["A"]


def test_many_mixtures_do_not_crowd_out_the_substance(with_library):
    mixtures = [(f"M{i}", "measured", "mixture") for i in range(20)]
    record = verdict(with_library(*mixtures, ("A", "measured", "substance")))
    assert [c.name for c in record.components] == ["A"]


def test_a_library_of_reconstructed_entries_gives_leads_only(with_library):
    places = [PLACES, tuple(p + 33.0 for p in PLACES), tuple(p - 47.0 for p in PLACES)]
    references = [spectrum(i, places=p) for i, p in enumerate(places)]
    names = [(f"S{i}", "reconstructed", "substance") for i in range(3)]
    identifier = with_library(*names, spectra=references)
    outcomes = set()
    for seed, wanted in enumerate(places):
        for noise in (1.0, 20.0, 200.0):
            outcomes.add(verdict(identifier, spectrum(seed, places=wanted, noise=noise)).outcome)
        half = spectrum(seed, places=wanted).intensity + references[seed - 1].intensity
        outcomes.add(verdict(identifier, Spectrum(AXIS, half, 785.0)).outcome)
    assert "lead" in outcomes
    assert not outcomes & {"match", "mixture"}


def test_surface_enhanced_and_ordinary_spectra_never_meet(with_library):
    ordinary = with_library(("A", "measured", "substance"))
    assert verdict(ordinary, spectrum(technique="SERS")).components == ()
    enhanced = with_library(("A", "measured", "substance"), technique="SERS")
    assert verdict(enhanced).components == ()
    assert verdict(enhanced, spectrum(technique="SERS")).components[0].name == "A"


def test_a_saturated_scan_is_not_named(with_library):
    scan = spectrum(acquisition=Acquisition(saturated=True))
    record = verdict(with_library(("A", "measured", "substance")), scan)
    assert (record.outcome, record.components) == ("inconclusive", ())
    assert record.quality.saturated


def test_an_unknown_substance_is_not_given_a_name(with_library):
    other = spectrum(places=tuple(p + 31.0 for p in PLACES[::2]))
    record = verdict(with_library(("A", "measured", "substance")), other)
    assert record.components == ()
    assert record.outcome in {"not_in_library", "inconclusive"}


def test_the_record_is_plain_json_without_odd_numbers(with_library):
    record = verdict(with_library(("A", "measured", "substance")))
    text = json.dumps(record.to_json(), allow_nan=False)
    assert json.loads(text)["components"][0]["name"] == "A"
