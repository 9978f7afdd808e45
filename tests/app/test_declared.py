"""Goods as declared against what a scan says: agreement is never claimed lightly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spectra_app.services.declared import check_declared


@pytest.fixture
def check(samples):
    """Return a function that compares a made-up verdict with declared words."""

    def run(name, text, **changes):
        record = replace(samples.ALL[name]().record, **changes)
        return check_declared(record, text)

    return run


@pytest.mark.parametrize("text", ["", "  ", " ; , "])
def test_nothing_declared_is_nothing_compared(check, text):
    assert check("benign", text).agreement == "nothing declared"


@pytest.mark.parametrize("text", ["caffeine", "CAFFEINE ", "1,3,7-trimethylxanthine"])
def test_one_clear_verdict_of_what_was_declared_agrees(check, text):
    assert check("benign", text).agreement == "agrees"


def test_what_was_declared_and_is_not_named_leaves_it_open(check):
    said = check("benign", "caffeine and lactose")
    assert (said.agreement, said.declared) == ("open", ("caffeine", "lactose"))


@pytest.mark.parametrize("name", ["match", "mixture", "lead", "hazard"])
def test_anything_grave_does_not_agree_whatever_was_declared(check, name):
    everything = "amphetamine sulfate, lactose, nitazenes"
    assert check(name, everything).agreement == "does not agree"


def test_what_was_named_and_not_declared_is_told(check):
    said = check("benign", "sugar; flour")
    assert (said.agreement, said.beside) == ("does not agree", ("Caffeine",))


@pytest.mark.parametrize("kind", ["reconstructed", "calculated", "emulated"])
def test_no_reference_that_was_not_measured_makes_goods_agree(check, samples, kind):
    part = samples.part("Caffeine", kind=kind)
    assert check("benign", "caffeine", components=(part,)).agreement == "open"


@pytest.mark.parametrize("name", ["not_in_library", "inconclusive", "refused_record", "container"])
def test_no_verdict_and_mere_packaging_leave_it_open(check, name):
    assert check(name, "caffeine, polyethylene").agreement == "open"


def test_what_raman_cannot_tell_apart_counts_as_any_of_it(check, samples):
    said = check(
        "benign",
        "theophylline",
        components=(samples.part("Caffeine"),),
        indistinguishable=(("Caffeine", "Theophylline"),),
    )
    assert said.agreement == "agrees"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("sugar,flour/salt", ("sugar", "flour", "salt")),
        ("3,4-methylenedioxyphenol, sugar", ("3,4-methylenedioxyphenol", "sugar")),
        ("N,N-dimethylformamide + (+)-limonene", ("N,N-dimethylformamide", "(+)-limonene")),
        ("Sugar AND spice with salt", ("Sugar", "spice", "salt")),
    ],
)
def test_words_are_taken_apart_but_names_are_not(check, text, parts):
    assert check("benign", text).declared == parts
