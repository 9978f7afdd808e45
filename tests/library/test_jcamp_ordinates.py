"""JCAMP-DX ordinates and pairs: every form comes back, and any line is decoded or refused."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.errors import (
    DamagedFileError,
    FileError,
    UnsupportedFormError,
)
from library.formats.jcamp_asdf import (
    _Decoder,
    _plain_ordinates,
    decode_ordinates,
    decode_pairs,
)

SQZ = "@ABCDEFGHI", "@abcdefghi"
DIF = "%JKLMNOPQR", "%jklmnopqr"
DUP = " STUVWXYZs"


def letters(table, value):
    text = str(abs(value))
    return table[value < 0][int(text[0])] + text[1:]


def repeated(items):
    """Write runs of the same item as the item and a DUP."""
    out, at = [], 0
    while at < len(items):
        run = 1
        while at + run < len(items) and items[at + run] == items[at]:
            run += 1
        out.append(items[at] + (letters((DUP, DUP), run) if run > 1 else ""))
        at += run
    return "".join(out)


def encoded(values, form, width):
    """Encode whole numbers in one of the forms, `width` ordinates to a line, from x = 0 by 1."""
    lines, last = [], None
    for start in range(0, len(values), width):
        row = values[start : start + width]
        if form == "AFFN":
            lines.append(f"{start} " + " ".join(map(str, row)))
        elif form == "PAC":
            lines.append(f"{start}" + "".join(f"{value:+d}" for value in row))
        elif form == "SQZ":
            lines.append(f"{start}" + "".join(letters(SQZ, value) for value in row))
        elif form == "SQZDUP":
            lines.append(f"{start}" + repeated([letters(SQZ, value) for value in row]))
        else:  # DIF, DIFDUP: the check first, where the line before ended in a difference
            row = row if last is None else [last, *row]
            steps = [letters(DIF, b - a) for a, b in pairwise(row)]
            at = start if last is None else start - 1
            body = repeated(steps) if form == "DIFDUP" else "".join(steps)
            lines.append(f"{at}{letters(SQZ, row[0])}{body}")
            last = row[-1] if len(row) > 1 else None
    return lines


FORMS = ("AFFN", "PAC", "SQZ", "SQZDUP", "DIF", "DIFDUP")
WHOLE = st.integers(-(10**12), 10**12) | st.integers(-3, 3)


def numbered(lines):
    return list(enumerate(lines, 1))


@given(values=st.lists(WHOLE, min_size=1, max_size=80), width=st.integers(1, 20))
def test_decoding_undoes_encoding_in_every_form(values, width):
    for form in FORMS:
        found = decode_ordinates(numbered(encoded(values, form, width)))
        assert found.values == values, form
        assert found.failed == []


PLAIN = st.text(alphabet="0123456789.- ", max_size=30)


@given(st.lists(PLAIN, max_size=5))
def test_the_fast_way_equals_the_slow_one(lines):
    rows = [(number, line) for number, line in numbered(lines) if line.strip()]
    fast, slow = _plain_ordinates(rows), _Decoder()
    if fast is None:
        return
    for number, line in rows:
        slow.take(number, line)
    assert (fast.values, fast.starts) == (slow.found.values, slow.found.starts)


@given(st.lists(st.sampled_from(FORMS), min_size=1, max_size=6), st.data())
def test_forms_may_change_from_line_to_line(forms, data):
    values, lines = [], []
    for form in forms:
        row = data.draw(st.lists(WHOLE, min_size=1, max_size=12))
        line = encoded(row, form, len(row))[0]
        begins = lines and lines[-1][1] in {"DIF", "DIFDUP"} and lines[-1][2] > 1
        head = f"7{letters(SQZ, values[-1])}\n" if begins else ""  # its check stands alone
        lines.append((head + line, form, len(row)))
        values += row
    text = "\n".join(line for line, _, _ in lines).split("\n")
    found = decode_ordinates(numbered(text))
    assert (found.values, found.failed) == (values, [])


@given(
    st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9) | st.just(math.nan)), min_size=1)
)
def test_pairs_are_read_as_written(pairs):
    lines = [f"{x!r}, {'?' if math.isnan(y) else repr(y)}" for x, y in pairs]
    assert np.array_equal(decode_pairs(numbered(lines)), np.array(pairs), equal_nan=True)


@given(st.text(alphabet="0123456789+-.?,;@AEIaei%JRjrSTs !eE \t", max_size=60))
def test_any_line_is_decoded_or_refused(line):
    for decode in (decode_ordinates, decode_pairs):
        try:
            decode([(1, line)])
        except FileError as error:
            if error.where != "line 1":
                pytest.fail(f"an error without its line: {error}")


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("4400E839J4", [5839.0, 5853.0]),  # E after the abscissa is the digit 5 of SQZ
        ("4400 1E-3 2.5e+1", [1e-3, 25.0]),
        ("1B2T?K", None),
        ("1 ? ? 5", [math.nan, math.nan, 5.0]),
        ("1?3", [math.nan, 3.0]),
        ("1?T 5", [math.nan, math.nan, 5.0]),
        ("4@VKT%TLkj", [0, 0, 0, 0, 2, 4, 4, 4, 7, 5, 4]),
        ("1A2.5J1.5", [12.5, 24.0]),
        ("1 1.2.3", None),
        ("1 2 S", [2.0]),
        ("1TT", None),
        ("1J", None),
        ("1", None),
        ("A1B2", None),
        ("1 nan", None),
        ("1 0x10", None),
    ],
)
def test_single_lines(line, values):
    if values is None:
        with pytest.raises(DamagedFileError, match=r"ordinate|abscissa"):
            decode_ordinates([(1, line)])
    else:
        found = decode_ordinates([(1, line)]).values
        assert np.array_equal(found, values, equal_nan=True)


@pytest.mark.parametrize("line", ["100 1.5E2 7", "100 7 15E2", "100.5 1.5e2"])
def test_an_exponent_without_sign_is_not_two_ordinates(line):
    with pytest.raises(UnsupportedFormError, match="exponent or two ordinates"):
        decode_ordinates([(1, line)])


@pytest.mark.parametrize(
    ("line", "values"), [("100 1.5E+2 7", [150, 7]), ("100.5E2E3", [52, 53]), ("100 7 E2", [7, 52])]
)
def test_signed_exponents_and_squeezed_digits_stay_what_they_are(line, values):
    assert decode_ordinates([(1, line)]).values == values


def test_a_check_that_fails_keeps_the_running_value():
    found = decode_ordinates([(1, "1A0J1"), (2, "2A0J"), (3, "3A2J")])
    assert found.values == [10, 21, 22, 23]
    assert found.failed == [(2, 11.0), (3, 10.0)]
