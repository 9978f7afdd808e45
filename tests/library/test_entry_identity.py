"""Entries: what counts as the same substance, and records that survive being written."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.entry import EntryRecord, entry_id, identity_keys, substance_numbers
from library.names import folded
from matching.spectrum import Spectrum


def record(name, group="", inchikey="", **more):
    return EntryRecord(entry=name, name=name, group=group, inchikey=inchikey, **more)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (record("2-Butanone"), record("2 butanone")),
        (record("Acetone", group="g"), record("Propanone", group="G")),
        (record("Aspirin", inchikey="ABC-X"), record("ASA", inchikey="abc-x")),
        (record("glucose hydrate", group="glucose"), record("Glucose")),
    ],
)
def test_one_key_in_common_makes_one_substance(one, other):
    assert substance_numbers([one, other]) == [0, 0]


def test_chains_count_and_nothing_else_is_joined():
    chain = [
        record("A", group="g1"),
        record("unrelated", inchikey="ZZZ"),
        record("B", group="g1", inchikey="K"),
        record("C", inchikey="K"),
        record("other"),
    ]
    assert substance_numbers(chain) == [0, 1, 0, 0, 2]


def test_entries_without_group_and_inchikey_are_not_one_substance():
    assert substance_numbers([record("A"), record("B"), record("C")]) == [0, 1, 2]


def test_a_name_that_folds_to_nothing_is_no_key():
    assert identity_keys("--", "", "") == frozenset()
    assert substance_numbers([record("--"), record("()")]) == [0, 1]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABCDEF"), st.sampled_from(["", *"uvw"]), st.sampled_from(["", *"KLM"])
        ),
        max_size=12,
    )
)
def test_numbers_are_the_connected_parts(items):
    records = [record(name, group=group, inchikey=key) for name, group, key in items]
    numbers = substance_numbers(records)
    keys = [identity_keys(r.name, r.group, r.inchikey) for r in records]
    groups = [{i} for i in range(len(records))]
    for i in range(len(records)):  # the obvious way: merge until nothing changes
        for j in range(len(records)):
            if keys[i] & keys[j] and groups[i] is not groups[j]:
                groups[i] |= groups[j]
                for member in groups[i]:
                    groups[member] = groups[i]
    for i in range(len(records)):
        for j in range(len(records)):
            assert (numbers[i] == numbers[j]) == (j in groups[i])
    assert sorted(set(numbers)) == list(range(len(set(numbers))))


@given(st.text("abcxyz0189", min_size=1), st.lists(st.sampled_from(" -_,()[]'."), max_size=5))
def test_case_blanks_and_punctuation_do_not_make_another_substance(name, marks):
    spelt = "".join(marks) + "".join(marks).join(name.upper()) + "".join(marks)
    assert folded(spelt) == folded(name) == name


TEXT = st.text(st.characters(exclude_categories=("Cs",)))


@given(
    name=TEXT,
    source=TEXT,
    laser=st.none() | st.floats(150, 2500),
    notes=st.lists(TEXT),
    metadata=st.dictionaries(TEXT, TEXT),
)
def test_records_come_back_as_they_were_on_one_line(name, source, laser, notes, metadata):
    made = record(name, source=source, laser_nm=laser, assumptions=tuple(notes), metadata=metadata)
    line = made.to_bytes()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert EntryRecord.from_bytes(line) == made
    assert EntryRecord.from_bytes(line).to_bytes() == line


def test_fields_of_a_later_version_are_left_out_not_fatal():
    line = record("Acetone").to_bytes().replace(b'"cas"', b'"later": 1, "cas"')
    assert EntryRecord.from_bytes(line) == record("Acetone")


def test_the_identifier_depends_on_identity_and_spectrum():
    axis = np.arange(200.0, 300.0)
    one, other = Spectrum(axis, axis), Spectrum(axis, axis + 1)
    ids = {entry_id("a", one), entry_id("a", other), entry_id("b", one)}
    assert len(ids) == 3
    assert all(len(item) == 16 for item in ids)
    assert entry_id("a", one) == entry_id("a", Spectrum(axis, axis))


def test_a_record_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        record("Acetone").name = "Other"


@pytest.mark.parametrize(
    "field",
    [
        '"name": 5',
        '"name": null',
        '"laser_nm": "785"',
        '"laser_nm": NaN',
        '"version": 1e999',
        '"version": true',
        '"synonyms": [1]',
        '"metadata": [1]',
        '"metadata": {"a": 1}',
        '"synonyms": ' + "[" * 100_000,
    ],
)
def test_a_record_with_a_field_of_another_type_is_none(field):
    line = '{"entry": "a", "name": "b", ' + field + "}"
    with pytest.raises((ValueError, TypeError)):
        EntryRecord.from_bytes(line.encode())
