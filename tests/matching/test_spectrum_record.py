"""The spectrum record: copied, read-only, named errors, one identity for one content."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from matching.errors import AxisError, IntensityError, SpectraError, SpectrumError
from matching.spectrum import MAX_POINTS, MIN_POINTS, Acquisition, Spectrum, Step, frozen_array


def spectrum(points: int = 40, **changes) -> Spectrum:
    axis = 200.0 + 5.0 * np.arange(points)
    return Spectrum(axis, np.sin(axis / 50.0) + 2.0, **{"laser_nm": 785.0, **changes})


def test_later_changes_of_the_callers_arrays_do_not_reach_it():
    axis, intensity = 200.0 + 5.0 * np.arange(40), np.ones(40)
    made = Spectrum(axis, intensity)
    axis[0], intensity[3] = -1.0, 99.0
    assert made.raman_shift_cm1[0] == 200.0
    assert made.intensity[3] == 1.0


@pytest.mark.parametrize("name", ["raman_shift_cm1", "intensity"])
def test_its_arrays_cannot_be_written_even_through_their_base(name):
    array = getattr(spectrum(), name)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1.0
    with pytest.raises(ValueError, match=r"(?i)writeable"):
        array.flags.writeable = True
    base = array.base
    while isinstance(base, np.ndarray):
        with pytest.raises(ValueError, match=r"(?i)writeable"):
            base.flags.writeable = True
        base = base.base
    assert isinstance(base, bytes)  # nothing below it can be written


def test_fields_cannot_be_replaced():
    with pytest.raises(dataclasses.FrozenInstanceError):
        spectrum().laser_nm = 532.0


def test_copies_stay_read_only():
    made = spectrum()
    for twin in (copy.copy(made), copy.deepcopy(made), copy.deepcopy([made])[0]):
        assert twin.content_hash == made.content_hash
        with pytest.raises(ValueError, match="read-only"):
            twin.intensity[0] = 5.0


def test_an_empty_array_is_read_only_too():
    assert not frozen_array([]).flags.writeable


def test_equal_content_has_one_hash_and_any_change_another():
    made = spectrum()
    assert made.content_hash == spectrum().content_hash
    step = np.zeros(40)
    step[7] = 1e-12
    others = [
        Spectrum(made.raman_shift_cm1 + step, made.intensity, 785.0),
        Spectrum(made.raman_shift_cm1, made.intensity + step, 785.0),
        Spectrum(made.raman_shift_cm1, made.intensity, 785.1),
        Spectrum(made.raman_shift_cm1, made.intensity, None),
        Spectrum(made.raman_shift_cm1, made.intensity, 785.0, technique="SERS"),
    ]
    assert len({made.content_hash, *(other.content_hash for other in others)}) == 6


def test_the_hash_is_of_the_content_not_of_the_history():
    made = spectrum()
    told = dataclasses.replace(made, history=(Step("looked at"),), acquisition=Acquisition(5.0))
    assert told.content_hash == made.content_hash


def test_the_hash_does_not_change_from_one_program_version_to_the_next():
    # Stored in libraries and reports: a change here means that old evidence no longer verifies.
    made = Spectrum(np.arange(16.0), np.arange(16.0) ** 2, 785.0)
    assert made.content_hash == ("f2b3fe8888840be0fd75037fbb676fedf7d03c3ffca2486dc6efc7c7209853b6")


def test_two_spectra_can_be_compared_and_kept_in_a_set():
    one, other = spectrum(), spectrum()
    assert one != other
    assert one == one  # noqa: PLR0124  identity, as documented
    assert len({one, other, one}) == 2


def test_after_keeps_the_order_of_what_was_done():
    made = spectrum().after(Step("dark subtracted"), np.ones(40)).after(Step("cut"), np.zeros(40))
    assert [step.name for step in made.history] == ["dark subtracted", "cut"]
    assert made.intensity.sum() == 0.0


def broken(points: int = 20, at: int = 3, value: float = np.nan) -> np.ndarray:
    values = 200.0 + 5.0 * np.arange(points)
    values[at] = value
    return values


GOOD = 200.0 + 5.0 * np.arange(20)
AXES = {
    "too short": np.arange(MIN_POINTS - 1.0),
    "empty": np.zeros(0),
    "two-dimensional": np.arange(40.0).reshape(20, 2),
    "NaN": broken(),
    "infinite": broken(value=np.inf),
    "repeated": broken(value=GOOD[2]),
    "falling": GOOD[::-1],
    "one step back": broken(value=0.0),
}
INTENSITIES = {
    "one too few": np.ones(19),
    "one too many": np.ones(21),
    "two-dimensional": np.ones((20, 1)),
    "NaN": broken(),
    "infinite": broken(value=-np.inf),
    "absurd": broken(value=1e31),
}


@pytest.mark.parametrize("axis", AXES.values(), ids=list(AXES))
def test_a_wrong_axis_is_refused_with_a_remedy(axis):
    with pytest.raises(AxisError) as caught:
        Spectrum(axis, np.ones(axis.shape))
    assert caught.value.what
    assert caught.value.remedy


@pytest.mark.parametrize("intensity", INTENSITIES.values(), ids=list(INTENSITIES))
def test_wrong_intensities_are_refused_with_a_remedy(intensity):
    with pytest.raises(IntensityError) as caught:
        Spectrum(GOOD, intensity)
    assert caught.value.what
    assert caught.value.remedy


def test_a_map_is_not_taken_for_a_spectrum():
    axis = np.arange(MAX_POINTS + 1.0)
    with pytest.raises(AxisError, match="points"):
        Spectrum(axis, axis)


def test_the_point_at_fault_is_named():
    with pytest.raises(AxisError, match="after point 3"):
        Spectrum(broken(value=0.0), np.ones(20))
    with pytest.raises(IntensityError, match="point 4"):
        Spectrum(GOOD, broken())


@pytest.mark.parametrize("laser", [0.0, -785.0, 149.9, 2500.1, 785e-9, np.nan, np.inf])
def test_a_laser_line_no_instrument_has_is_refused(laser):
    with pytest.raises(SpectrumError, match="nm"):
        spectrum(laser_nm=laser)


def test_an_unknown_technique_is_refused():
    with pytest.raises(SpectrumError, match="technique"):
        spectrum(technique="infrared")


def test_an_error_says_where_what_and_the_remedy_in_this_order():
    error = SpectraError("the axis is short", "line 3", "export it again").at("scan.csv")
    assert str(error) == "scan.csv: line 3: the axis is short; export it again"
    assert type(AxisError("a", "b", "c").at("d")) is AxisError


@given(
    steps=hnp.arrays(np.float64, st.integers(MIN_POINTS - 1, 80), elements=st.floats(0.01, 50)),
    start=st.floats(-500, 4000),
)
def test_any_rising_axis_is_accepted_and_kept_exactly(steps, start):
    axis = np.concatenate(([start], start + np.cumsum(steps)))
    made = Spectrum(axis, -axis)
    np.testing.assert_array_equal(made.raman_shift_cm1, axis)
    np.testing.assert_array_equal(made.intensity, -axis)
    assert made.range_cm1 == (axis[0], axis[-1])
