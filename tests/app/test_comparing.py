"""A result looked at more closely: the figures of its record, its gates, trials of components."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matching.gates import all_passed
from spectra_app.services import comparing
from spectra_app.services.identify import identify_file
from spectra_app.services.session import open_identifier


def columns(text):
    """Return the numbers of an ENLIGHTEN file below its header."""
    lines = text.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("Wavenumber"))
    return lines[: start + 1], np.array([line.split(",") for line in lines[start + 1 :]], float)


@pytest.fixture(scope="module")
def identifier(small_library, tmp_path_factory):
    return open_identifier(small_library, evidence=tmp_path_factory.mktemp("evidence"))


@pytest.fixture(scope="module")
def identified(identifier, scan_text, tmp_path_factory):
    """Return a function that identifies a sum of made-up substances."""
    folder = tmp_path_factory.mktemp("scans")

    def run(**shares):
        head, values = columns(scan_text("caffeine"))
        values[:, 1] = sum(
            share * columns(scan_text(name, seed=3))[1][:, 1] for name, share in shares.items()
        )
        path = folder / f"{'-'.join(shares)}.csv"
        rows = [",".join(f"{value:.2f}" for value in row) for row in values]
        path.write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")
        return identify_file(path, identifier)[0]

    return run


@pytest.fixture(scope="module")
def single(identified):
    return identified(caffeine=1.0)


@pytest.fixture(scope="module")
def mixed(identified):
    return identified(caffeine=0.6, lactose=0.4)


@pytest.fixture(scope="module")
def studied(mixed, identifier):
    return comparing.study(mixed, identifier)


def entry(studied, name):
    """Return the entry of a candidate or component by its name."""
    named = {part.name: part.entry for part in studied.fitted.parts}
    return named.get(name) or next(
        one.entry for one in studied.found.record.candidates if one.name == name
    )


def test_what_is_named_passed_every_gate_and_what_is_not_failed_one(single, identifier):
    found = comparing.study(single, identifier)
    assert single.record.outcome == "match"
    first, *others = found.candidates
    assert first.named
    assert all_passed((*found.scan_gates, *first.gates))
    assert not any(one.named for one in others)
    assert not any(all_passed(one.gates) for one in others)


def test_the_shares_are_those_of_the_record_and_add_up_to_what_is_drawn(mixed, studied):
    fitted = studied.fitted
    assert mixed.record.outcome == "mixture"
    assert [(p.entry, p.share, p.interval) for p in fitted.parts] == [
        (p.entry, p.signal_share, p.signal_share_interval) for p in mixed.record.components
    ]
    assert fitted.total == pytest.approx(sum(part.values for part in fitted.parts), abs=1e-12)
    assert fitted.scan.max() == pytest.approx(1.0)
    assert np.abs(fitted.residual).max() < 0.1
    assert all_passed(fitted.gates)
    assert not fitted.trial


def test_without_a_component_more_is_left_and_the_trial_says_that_it_is_one(studied, identifier):
    engine = identifier.engine
    alone = comparing.trial(studied, [entry(studied, "caffeine")], engine)
    assert alone.trial
    assert [part.name for part in alone.parts] == ["caffeine"]
    assert alone.misfit > 5 * studied.fitted.misfit
    assert np.abs(alone.residual).max() > 3 * np.abs(studied.fitted.residual).max()


def test_the_components_of_the_verdict_give_its_own_fit_in_any_order(studied, identifier):
    entries = [part.entry for part in studied.fitted.parts]
    assert comparing.trial(studied, entries[::-1], identifier.engine) is studied.fitted


def test_a_component_that_the_scan_has_not_is_told_by_name(studied, identifier):
    entries = [entry(studied, name) for name in ("caffeine", "lactose", "urea")]
    found = comparing.trial(studied, entries, identifier.engine)
    named = {part.name: part.share for part in found.parts}
    assert {"caffeine", "lactose"} <= set(named)
    assert found.nothing == ("urea",) or named["urea"] < 0.05
    assert sum(named.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(("entries", "said"), [((), "no component"), (("0" * 12,), "not compared")])
def test_what_cannot_be_tried_is_refused(studied, identifier, entries, said):
    with pytest.raises(comparing.StudyError, match=said):
        comparing.trial(studied, entries, identifier.engine)


def test_two_candidates_are_compared_on_their_own_axis(single, identifier):
    studied = comparing.study(single, identifier)
    pair = comparing.pair(studied, 0, 1, identifier.engine)
    assert pair.name == single.record.candidates[0].name
    assert pair.drawn.reference_name == single.record.candidates[1].name
    assert not pair.alike
    assert not pair.same
    assert pair.drawn.query.max() == pytest.approx(1.0) == pair.drawn.reference.max()
    both = len(pair.drawn.matched_peaks_cm1)
    assert both + len(pair.drawn.unexplained_peaks_cm1) >= 8
    itself = comparing.pair(studied, 0, 0, identifier.engine)
    assert itself.same
    assert not itself.drawn.missing_peaks_cm1


def test_a_result_of_other_figures_or_another_library_is_not_looked_at(single, identifier):
    record = single.record
    first = replace(record.candidates[0], score=record.candidates[0].score - 1e-6)
    forged = replace(record, candidates=(first, *record.candidates[1:]))
    with pytest.raises(comparing.StudyError, match="other figures"):
        comparing.study(replace(single, record=forged), identifier)
    other = replace(record, library=replace(record.library, sha256="0" * 64))
    with pytest.raises(comparing.StudyError, match="another library"):
        comparing.study(replace(single, record=other), identifier)
    with pytest.raises(comparing.StudyError, match="no spectrum"):
        comparing.study(replace(single, query=None), identifier)


def test_listings_of_a_candidate_are_those_of_the_day_of_the_record(single, identifier):
    record = single.record
    facts = comparing.study(single, identifier).candidates[0]
    part = record.components[0]
    assert facts.control == (*part.control, *part.control_also)
    assert facts.rate == part.match_rate
