"""Texts in tables: nothing begins a formula, and everything reads back exactly."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from library.cells import cell, csv_line, text_of
from library.formats.exported import Origin
from library.formats.reading import read_traces
from library.formats.records import Trace
from library.formats.writing.csv_file import written

EVIL = st.text(
    alphabet=st.sampled_from("'=+-@ \t\r\n\u202e\u200b\xa0,;\"a1\uff1d\x00\\"), max_size=8
)


@given(st.one_of(EVIL, st.text()))
def test_a_cell_begins_no_formula_and_reads_back(text):
    made = cell(text)
    assert text_of(made) == text
    assert not re.match(r"[\s\x00-\x20\u200b\u202e\xa0]*[=+\-@\uff1d]", made)


@pytest.mark.parametrize("text", ["caffeine", "'quoted", "1-butanol", "a=b", "", "(+)-a"])
def test_ordinary_names_stay_as_they_are(text):
    assert cell(text) == text


@given(EVIL, EVIL)
@example("", " -")
@example(" +", "\t-")
def test_an_export_split_at_commas_or_semicolons_has_no_formula_and_says_the_same(name, value):
    trace = Trace(
        intensity=np.array([1.0, 2.0, 5.0]),
        shift_cm1=np.array([100.0, 101.0, 103.5]),
        name=name,
        metadata=(("=key", value), ("k", f"x,{value};{value}")),
    )
    data = written([trace], Origin(f"{value}.txt", "0" * 64, name, "Spectra", (f"n,{value}",)))
    lines = data.decode().splitlines()
    for mark in ",;\t":
        head = io.StringIO("\n".join(line for line in lines if line.startswith("#")))
        for row in csv.reader(head, delimiter=mark):
            assert not [part for part in row if part.lstrip()[:1] in set("=+-@")]
    record = next(line for line in lines if line.startswith("# record: "))
    assert json.loads(record.removeprefix("# record: "))["name"] == name
    back = read_traces(data, where="export").traces[0]
    assert back.metadata[: len(trace.metadata)] == trace.metadata


@given(st.lists(st.text(), min_size=1))
def test_a_line_of_a_table_is_read_back_as_one_row(cells):
    (row,) = csv.reader(io.StringIO(csv_line(cells)), strict=True)
    assert row == cells


def test_a_lone_carriage_return_begins_no_row():
    assert csv_line(["a\r=1+1", 2]) == '"a\r=1+1",2\n'
