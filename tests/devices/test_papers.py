"""Papers of an instrument: read strictly, used by the instrument they belong to, or refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.bwtek.configuration import BwtekConfiguration
from devices.drivers.ocean_obp.configuration import ObpConfiguration, parse_configuration
from devices.emulators import ocean_obp
from devices.emulators.stream import EmulatedStream
from devices.errors import ConfigurationError
from devices.families import FAMILIES, family
from devices.sample import Sample
from devices.timing import SteppedTime


def test_every_line_of_the_file_is_optional():
    assert parse_configuration(b"{}", "x") == ObpConfiguration()
    data = b'{"pixel_origin": 0, "laser_nm": 785.3, "detector_c": -15, "session_baud": 115200}'
    assert parse_configuration(data, "x") == ObpConfiguration(0, 785.3, -15, 115200)


def test_a_byte_order_mark_of_an_editor_is_no_trouble():
    assert parse_configuration(b'\xef\xbb\xbf{"detector_c": -15}', "x").detector_c == -15


@pytest.mark.parametrize(
    "content",
    [b"[]", b"", b"null", b'{"pixel_origin": 1.5}', b'{"laser_nm": "785"}', b'{"baud": 1}',
     b'{"detector_c": NaN}', b'{"session_baud": 9}', b'{"session_baud": 115201}',
     b'{"session_baud": 9600.0}', b'{"detector_c": -15, "detector_c": 15}',
     b'{"laser_nm": 1e9}', b'{"detector_c": true}',
     b"{" + b" " * 20_000 + b"}", b"\xff\xfe{}"],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused_by_name(content):
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(content, "mine.json")
    assert caught.value.where == "mine.json"
    assert caught.value.remedy


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_any_json_is_read_or_refused(content):
    try:
        made = parse_configuration(json.dumps(content).encode(), "x")
    except ConfigurationError:
        return
    assert isinstance(made, ObpConfiguration)


def test_an_ocean_spectrometer_gets_what_its_station_wrote_down():
    clock = SteppedTime()
    row = family("ocean-qepro")
    model = ocean_obp.emulator(Sample(), 1, model="qepro", wire="serial")
    wanted = ObpConfiguration(pixel_origin=0, detector_c=-15.0, session_baud=115_200)
    stream = EmulatedStream(model, clock.timing(), baud=9_600)
    detector, _laser = row.code().open_parts(stream, clock.timing(), wanted)
    assert stream.baud == 115_200
    assert detector.facts.axis.pixel_origin == 0
    assert detector.tec().setpoint_c == pytest.approx(-15.0)
    detector.close()


@pytest.mark.parametrize(
    ("model", "papers", "what"),
    [
        ("ocean-qepro", ObpConfiguration(laser_nm=785.3), "built-in laser"),
        ("ocean-sts", ObpConfiguration(detector_c=-15.0), "cooled"),
    ],
)
def test_what_the_model_does_not_have_is_refused_not_left_out(model, papers, what):
    with pytest.raises(ConfigurationError, match=what):
        family(model).code().open_parts(None, SteppedTime().timing(), papers)


@pytest.mark.parametrize("row", [row for row in FAMILIES if row.code], ids=lambda row: row.name)
def test_the_papers_of_another_instrument_are_refused(row):
    other = BwtekConfiguration() if "bwtek" not in row.name else ObpConfiguration()
    with pytest.raises(ConfigurationError, match="another kind"):
        row.code().open_parts(None, SteppedTime().timing(), other)
