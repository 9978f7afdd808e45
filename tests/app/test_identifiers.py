"""Numbers of parcels, waybills, containers and seals: read as scanners type them, and checked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra_app.errors import IdentifierError
from spectra_app.records import identifiers
from spectra_app.records.identifiers import Identifier, normalised, parse

DIGITS = "0123456789"


def digits(count):
    return st.text(DIGITS, min_size=count, max_size=count)


def letters(count):
    return st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=count, max_size=count)


S10 = st.builds(
    lambda head, serial, land: head + serial + identifiers.s10_digit(serial) + land,
    letters(2), digits(8), letters(2),
)  # fmt: skip
AWB = st.builds(
    lambda prefix, serial: prefix + serial + identifiers.waybill_digit(serial), digits(3), digits(7)
)
CONTAINER = st.builds(
    lambda owner, kind, serial: (
        owner + kind + serial + identifiers.container_digit(owner + kind + serial)
    ),
    letters(3), st.sampled_from("UJZ"), digits(6),
)  # fmt: skip
SSCC = digits(17).map(lambda serial: serial + identifiers.gs1_digit(serial))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RA473124829FI", "s10:RA473124829FI"),  # the example of Wikipedia and many posts
        ("ra 473 124 829 fi\r\n", "s10:RA473124829FI"),
        ("]C1RA473124829FI", "s10:RA473124829FI"),
        ("]C0RA473124829FI\x1d", "s10:RA473124829FI"),
        ("ＲＡ４７３１２４８２９ＦＩ", "s10:RA473124829FI"),
        ("RA\u0664\u0667\u0663\u0661\u0662\u0664\u0668\u0662\u0669FI", "s10:RA473124829FI"),
        ("020-1234567 5", "awb:02012345675"),
        ("awb:02012345675", "awb:02012345675"),
        ("CSQU 305438 3", "container:CSQU3054383"),  # the example of ISO 6346
        ("seal: ab-123 456", "seal:AB123456"),
        ("AB123456", "seal:AB123456"),
    ],
)
def test_a_number_is_read_as_a_scanner_or_a_person_types_it(text, found):
    assert [one.text for one in parse(text)] == [found]


def test_bare_digits_may_be_a_seal_too():
    assert [one.text for one in parse("02012345675")] == ["awb:02012345675", "seal:02012345675"]
    unit = "106141412345678908"  # the example of the GS1 General Specifications
    assert [one.scheme for one in parse("]C100" + unit)] == ["sscc", "seal"]
    assert [one.value for one in parse("(00)" + unit, "sscc")] == [unit]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("RA473124828FI", "it is 8, and for the other characters it would be 9"),
        ("02012345676", "it would be 5"),
        ("CSQU3054384", "would be 3"),
        ("RA47312482OFI", "seal:|letter stands"),
        ("RA4731Z4829FI", ""),
        ("CSQU3O54383", "it may be CSQU3054383"),
        ("", "no number"),
        ("]C1", "no number"),
        ("AB\x00CD", "no number"),
        ("AB#CD", "no number"),
        ("9" * 201, "too long"),
        ("A" * 31, "3 to 30"),
        ("s10:AB12", "no number of a postal item"),
    ],
)
def test_what_is_wrong_is_said_with_what_it_would_have_to_be(text, says):
    if not says:  # a Z is no mistaken digit: a free number
        assert [one.scheme for one in parse(text)] == ["seal"]
        return
    if "|" in says:  # the letter O gives a check digit that does not fit: a free number
        assert [one.scheme for one in parse(text)] == ["seal"]
        return
    with pytest.raises(IdentifierError, match=says):
        parse(text)


def test_an_unknown_scheme_is_refused():
    with pytest.raises(IdentifierError, match="no scheme"):
        parse("RA473124829FI", "isbn")


@settings(max_examples=20)
@given(st.one_of(S10, AWB, CONTAINER, SSCC))
def test_what_is_made_by_the_rule_is_read_and_shown_and_read_again(value):
    first = parse(value)[0]
    assert first.value == value
    assert parse(first.shown, first.scheme) == (first,)
    assert parse(first.text) == (first,)


def changed(value, place, digit):
    return value[:place] + digit + value[place + 1 :]


def single_errors(value):
    places = [place for place, letter in enumerate(value) if letter in DIGITS]
    return [
        (place, changed(value, place, digit))
        for place in places
        for digit in DIGITS
        if digit != value[place]
    ]


def passes(value, scheme):
    try:
        return parse(value, scheme) == (Identifier(scheme, value),)
    except IdentifierError:
        return False


def s10_sum(value):
    pairs = zip(identifiers.S10_WEIGHTS, value[2:10], strict=True)
    return sum(weight * int(digit) for weight, digit in pairs)


@settings(max_examples=20)
@given(S10)
def test_s10_finds_every_single_wrong_digit_but_where_5_means_two_remainders(value):
    for _, wrong in single_errors(value):
        two = {s10_sum(value) % 11, s10_sum(wrong) % 11} == {0, 6}
        assert passes(wrong, "s10") == (two and value[10] == "5" == wrong[10])


@settings(max_examples=20)
@given(AWB)
def test_a_waybill_finds_every_single_wrong_digit_but_those_seven_apart(value):
    for place, wrong in single_errors(value):
        seven = place >= 3 and place < 10 and abs(int(value[place]) - int(wrong[place])) == 7
        assert passes(wrong, "awb") == (place < 3 or seven)  # the airline's prefix is not checked


@settings(max_examples=20)
@given(CONTAINER)
def test_a_container_finds_every_single_wrong_digit_but_where_0_means_two_remainders(value):
    for _, wrong in single_errors(value):
        assert not passes(wrong, "container") or value[10] == "0" == wrong[10]


@settings(max_examples=20)
@given(SSCC)
def test_gs1_finds_every_single_wrong_digit(value):
    assert not any(passes(wrong, "sscc") for _, wrong in single_errors(value))


ANYTHING = st.text(
    "]C1dQ0 :-/\x00\x1d\r\n\u0664\uff11AEFINORSUZ23459\u00df\u00e9\U0001f600", max_size=24
)


def refused_in_words(text, scheme):
    with pytest.raises(IdentifierError) as caught:
        parse(text, scheme)
    return bool(caught.value.what and caught.value.remedy)


@settings(max_examples=20)
@given(st.one_of(ANYTHING, S10.map(lambda text: text[::-1])), st.sampled_from(["", "s10", "seal"]))
def test_anything_typed_is_read_or_refused_in_words(text, scheme):
    try:
        found = parse(text, scheme)
    except IdentifierError:
        found = ()
    assert found or refused_in_words(text, scheme)
    assert all(one.value == normalised(one.value) for one in found)
