"""Detection limits on real scans: what is stated holds for fresh spikes; poor scans state nothing.

The long form, fifty cases, is ``python -m benchmarks.detection_limits``.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from matching.compare import Bands
from matching.pipeline import prepare
from matching.spiking import Alignment, Variation, spiker
from spectra_app.services.engine import examine
from spectra_app.services.identify import Choice, identify_file
from spectra_app.services.libraries import build_library
from spectra_app.services.limits import Case, with_limits
from spectra_app.services.session import open_identifier

FRESH = 1_000_000
CASES = (
    ("queries-785x/ethanol.csv", None, "ketoprofen"),
    ("queries-785x/tert-butyl-methyl-ether.csv", None, "sodium sulfate"),
    ("fleet-2019/wp-00391-785nm.csv", "Isopropanol", "caffeine"),
)


@pytest.fixture(scope="module")
def reference(shared_data, tmp_path_factory):
    """Return a library of the real reference set."""
    path = tmp_path_factory.mktemp("reference") / "785xs.h5"
    build_library(shared_data / "spectra" / "reference-785xs", path)
    return path


@pytest.fixture
def station(reference, spectra_home):
    """Return a function that opens the library at a station with one more hazard."""

    def opened(hazard):
        words = json.dumps({"hazards": [hazard]})
        (spectra_home / "station.json").write_text(words, encoding="utf-8")
        return open_identifier(reference)

    return opened


@pytest.mark.parametrize(("file", "name", "hazard"), CASES)
def test_a_fresh_spike_is_found_at_the_stated_share(station, shared_data, file, name, hazard):
    identifier = station(hazard)
    column = "raw-dark" if file.startswith("queries") else None
    found = identify_file(shared_data / "spectra" / file, identifier, Choice(column, name))[0]
    stated = with_limits(found, identifier).record.cannot_exclude[0]
    assert stated.name == hazard
    assert 0.01 < stated.smallest_share <= 0.3
    case = Case(found.query, examine(found.query, identifier.engine), identifier.engine)
    row = identifier.hazards[0].row
    made = case.spiker(row)
    seeds = [case.seed(stated.entry, FRESH + number) for number in range(10)]
    assert sum(case.seen(made.spiked(stated.smallest_share, seed), row) for seed in seeds) >= 9
    assert not any(case.seen(made.spiked(0.005, seed), row) for seed in seeds[:2])
    identifier.engine.library.close()


def test_the_same_substance_measured_elsewhere_is_found_at_the_stated_share(station, shared_data):
    """Another instrument's own scan of the hazard is put in, instead of the library's reference."""
    identifier = station("sodium sulfate")
    folder, choice = shared_data / "spectra" / "queries-785x", Choice("raw-dark")
    (found,) = identify_file(folder / "tert-butyl-methyl-ether.csv", identifier, choice)
    (other,) = identify_file(folder / "sodium-sulfate.csv", identifier, choice)
    stated = with_limits(found, identifier).record.cannot_exclude[0]
    case = Case(found.query, examine(found.query, identifier.engine), identifier.engine)
    prepared = prepare(other.query)
    light = Bands(np.clip(prepared.bands, 0.0, None), prepared.first, prepared.noise)
    as_it_is = Variation(intensity=0.0, distance_cm1=28.0, response=0.0, axis_cm1=0.0)
    made = spiker(found.query, case.examined.prepared, light, Alignment(), as_it_is)
    spiked = made.spiked(stated.smallest_share, (FRESH,))
    assert case.seen(spiked, identifier.hazards[0].row)
    identifier.engine.library.close()


def test_a_scan_on_a_wrong_axis_excludes_nothing(station, shared_data):
    identifier = station("caffeine")
    path = shared_data / "spectra" / "fleet-2019" / "wp-00368-532nm-axis-wrong.csv"
    for found in identify_file(path, identifier)[:3]:
        told = {item.name: item for item in found.record.cannot_exclude}
        assert told["caffeine"].smallest_share is None
        assert told["caffeine"].reason == "scan_unusable"
        assert with_limits(found, identifier) is found
    identifier.engine.library.close()
