"""Raw frames: read-only, canonical bytes, and a reader that takes nothing else."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import FrameError
from devices.frame import RawFrame, raman_shift_axis, wavelength_axis

finite = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=1e-6, max_value=1e12)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
flags = st.lists(st.sampled_from(["saturated", "partial", "dark", "dark_stale"]), unique=True)


@st.composite
def frames(draw):
    pixels = draw(st.integers(16, 40))
    column = st.lists(finite, min_size=pixels, max_size=pixels)
    return RawFrame(
        counts=draw(column),
        dark=draw(st.none() | column),
        wavelength_coefficients_nm=draw(st.lists(finite, min_size=2, max_size=8)),
        laser_nm=draw(positive),
        integration_time_ms=draw(positive),
        averages=draw(st.integers(1, 1000)),
        laser_power=draw(words),
        serial=draw(words),
        model=draw(words),
        firmware=draw(words),
        detector=draw(words),
        temperature_c=draw(st.none() | finite),
        saturation_counts=draw(positive),
        clock=draw(st.datetimes().map(lambda moment: moment.isoformat() + "Z")),
        emulated=draw(st.booleans()),
        flags=tuple(draw(flags)),
    )


@given(frames())
def test_round_trip_is_exact(frame):
    data = frame.to_bytes()
    again = RawFrame.from_bytes(data)
    assert again.to_bytes() == data
    assert again.counts.tobytes() == frame.counts.tobytes()
    assert (again.dark is None) == (frame.dark is None)
    assert again.flags == frame.flags
    assert again.clock == frame.clock


@given(st.binary(max_size=200))
def test_any_bytes_give_a_frame_error(data):
    with pytest.raises(FrameError):
        RawFrame.from_bytes(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.data())
def test_any_field_replaced_is_refused_or_canonical(data):
    content = json.loads(data.draw(frames()).to_bytes())
    name = data.draw(st.sampled_from(sorted(content)))
    content[name] = data.draw(json_values)
    spelt = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    changed = spelt.encode("utf-8", "surrogatepass")
    try:
        frame = RawFrame.from_bytes(changed)
    except FrameError:
        return
    assert frame.to_bytes() == changed


@given(st.data())
def test_any_byte_flipped_never_escapes_as_another_error(data):
    original = bytearray(data.draw(frames()).to_bytes())
    at = data.draw(st.integers(0, len(original) - 1))
    original[at] ^= data.draw(st.integers(1, 255))
    try:
        frame = RawFrame.from_bytes(bytes(original))
    except FrameError:
        return
    assert frame.to_bytes() == bytes(original)


def test_truncation_at_every_byte_is_noticed(frame_with):
    data = frame_with().to_bytes()
    for size in range(len(data)):
        with pytest.raises(FrameError):
            RawFrame.from_bytes(data[:size])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b'"averages":3', b'"averages":3,"averages":3', "twice"),
        (b'"averages":3', b'"averages": 3', "canonical"),
        (b'"averages":3', b'"averages":3.0', "not a count"),
        (b'"averages":3', b'"averages":true', "not a count"),
        (b'"averages":3,', b"", "missing"),
        (b'"averages":3', b'"averages":3,"colour":"red"', "not known"),
        (b'"laser_nm":785.0', b'"laser_nm":785', "canonical"),
        (b'"laser_nm":785.0', b'"laser_nm":NaN', "NaN"),
        (b'"laser_nm":785.0', b'"laser_nm":1e999', "finite"),
        (b'"laser_nm":785.0', b'"laser_nm":0.0', "above zero"),
        (b'"emulated":true', b'"emulated":1', "neither"),
        (b'"version":2', b'"version":3', "newer version"),
        (b'"version":2', b'"version":true', "newer version"),
        (b'"version":2', b'"version":1', "not known"),
        (b'"active_pixels":null', b'"active_pixels":[0,33]', "active pixels"),
        (b'"active_pixels":null', b'"active_pixels":[0,8]', "active pixels"),
        (b'"active_pixels":null', b'"active_pixels":[0.0,32]', "whole number"),
        (b'"active_pixels":null', b'"active_pixels":7', "make no sense"),
        (b'"bad_pixels":[]', b'"bad_pixels":[4,3]', "bad pixels"),
        (b'"bad_pixels":[]', b'"bad_pixels":[32]', "bad pixels"),
        (b'"bad_pixels":[]', b'"bad_pixels":"3"', "not a list"),
        (b'"facts":[]', b'"facts":[["slit"]]', "make no sense"),
        (b'"facts":[]', b'"facts":[["slit",50]]', "not text"),
        (b'"axis_source":"instrument"', b'"axis_source":"guess"', "not known"),
        (b'"axis_source":"instrument"', b'"axis_source":"none"', "contradict"),
        (b"spectra.raw-frame", b"spectra.something", "not a raw frame"),
        (b"900.0,", b"null,", "list of numbers"),
        (b'"counts":[900.0', b'"counts":[[900.0]', "list of numbers"),
        (b'"serial":"EMULATED-TEST"', b'"serial":"\\ud800"', "not text"),
        (b"T12:00:00.000Z", b"T12:00:00.000", "UTC"),
        (b"T12:00:00.000Z", b"T12:00:00.000+01:00", "UTC"),
        (b'"flags":[]', b'"flags":["dark","dark"]', "flags"),
        (b'"flags":[]', b'"flags":{}', "flags"),
    ],
)
def test_what_is_wrong_is_said(frame_with, old, new, says):
    data = frame_with().to_bytes()
    assert data.count(old) >= 1
    with pytest.raises(FrameError, match=says) as caught:
        RawFrame.from_bytes(data.replace(old, new, 1))
    assert caught.value.remedy


def test_deep_nesting_and_huge_numbers_are_refused():
    for data in (b"[" * 100_000, b'{"averages":' + b"9" * 10_000 + b"}", b" " * 8_000_001):
        with pytest.raises(FrameError):
            RawFrame.from_bytes(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": np.zeros(15)},
        {"counts": np.zeros((4, 8))},
        {"counts": np.full(32, np.nan)},
        {"counts": ["a"] * 32},
        {"dark": np.zeros(31)},
        {"wavelength_coefficients_nm": [785.0]},
        {"wavelength_coefficients_nm": [np.inf, 1.0]},
        {"counts": None},
        {"wavelength_coefficients_nm": None},
        {"laser_nm": 10**400},
        {"laser_nm": True},
        {"temperature_c": float("nan")},
        {"integration_time_ms": -1.0},
        {"averages": 0},
        {"serial": None},
        {"clock": "yesterday"},
        {"flags": ("Saturated!",)},
        {"flags": (3,)},
    ],
)
def test_impossible_fields_are_refused(frame_with, changes):
    with pytest.raises(FrameError):
        frame_with(**changes)


def test_arrays_are_copied_and_cannot_be_changed(frame_with):
    given_counts = np.full(32, 5.0)
    frame = frame_with(counts=given_counts)
    given_counts[0] = 99.0
    assert frame.counts[0] == 5.0
    for array in (frame.counts, frame.dark, copy.deepcopy(frame).counts):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True


def test_axis_follows_the_polynomial_and_the_laser():
    np.testing.assert_allclose(wavelength_axis([800.0, 0.5, 0.01], 3), [800.0, 800.51, 801.04])
    axis = raman_shift_axis([800.0, 0.5], 20, 785.0)
    assert axis[0] == pytest.approx(1e7 / 785.0 - 1e7 / 800.0)
    assert axis[19] == pytest.approx(1e7 / 785.0 - 1e7 / 809.5)


@pytest.mark.parametrize(
    "coefficients",
    [(800.0, -0.1), (0.0, 0.0), (-10.0, 1.0), (800.0, 0.1, -0.01), (1e308, 1e308), (0.0, 1.0)],
)
def test_an_axis_that_cannot_be_trusted_is_refused(frame_with, coefficients):
    frame = frame_with(wavelength_coefficients_nm=coefficients)
    with pytest.raises(FrameError, match="wavelengths"):
        frame.raman_shift_cm1()


def test_frames_of_version_1_are_read_as_they_were(frame_with):
    content = json.loads(frame_with().to_bytes())
    for name in ("wavelength_pixel_origin", "axis_source", "active_pixels", "bad_pixels", "facts"):
        del content[name]
    content["version"] = 1
    old = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    frame = RawFrame.from_bytes(old)
    assert frame.to_bytes() == frame_with().to_bytes()
    with pytest.raises(FrameError, match="canonical"):
        RawFrame.from_bytes(old.replace(b'"version":1', b'"version": 1'))


def test_the_axis_belongs_to_the_active_pixels_and_counts_from_its_origin(frame_with):
    plain = frame_with()
    framed = frame_with(active_pixels=(6, 30), wavelength_pixel_origin=6)
    np.testing.assert_array_equal(framed.raman_shift_cm1(), plain.raman_shift_cm1()[:24])
    other = frame_with(active_pixels=(6, 30))
    np.testing.assert_array_equal(other.raman_shift_cm1(), plain.raman_shift_cm1()[6:30])
    assert framed.counts[framed.active].size == 24


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"laser_nm": None}, "excitation wavelength"),
        ({"wavelength_coefficients_nm": None, "axis_source": "none"}, "wavelength axis"),
    ],
)
def test_an_analyser_that_states_no_axis_gives_a_frame_but_no_shift(frame_with, changes, says):
    frame = frame_with(**changes)
    assert RawFrame.from_bytes(frame.to_bytes()).sha256 == frame.sha256
    with pytest.raises(FrameError, match=says) as caught:
        frame.raman_shift_cm1()
    assert "calibrate" in caught.value.remedy
