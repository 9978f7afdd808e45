"""The memory of Wasatch units: real contents, packed ones, blank, insane and random ones."""

import ast
import dataclasses
import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.wasatch.eeprom import LAYOUT, Eeprom
from devices.drivers.wasatch.memory_checks import parse
from devices.emulators.wasatch_models import MODELS, pack
from devices.errors import BadAnswerError

NAMES = {  # the vendor's names and ours, where the value is the same
    "active_pixels_horizontal": "active_pixels",
    "active_pixels_vertical": "active_rows",
    "actual_horizontal": "actual_pixels",
    "avg_resolution": "resolution_cm1",
    "baud_rate": "baud",
    "calibrated_by": "calibrated_by",
    "calibration_date": "calibration_date",
    "detector": "detector",
    "detector_gain_odd": "gain_odd",
    "detector_offset": "offset",
    "detector_offset_odd": "offset_odd",
    "format": "format",
    "laser_warmup_sec": "laser_warm_up_s",
    "max_integration_time_ms": "highest_integration_ms",
    "max_laser_power_mW": "highest_power_mw",
    "max_temp_degC": "highest_temperature_c",
    "min_integration_time_ms": "lowest_integration_ms",
    "min_laser_power_mW": "lowest_power_mw",
    "min_temp_degC": "lowest_temperature_c",
    "product_configuration": "product_configuration",
    "slit_size_um": "slit_um",
    "startup_integration_time_ms": "startup_integration_ms",
    "startup_temp_degC": "startup_temperature_c",
    "startup_triggering_scheme": "startup_trigger",
    "subformat": "subformat",
    "tec_beta": "thermistor_beta",
    "tec_r298": "thermistor_r298",
    "user_text": "user_text",
    "excitation_nm_float": "excitation_nm",
    "has_battery": "has_battery",
}
LISTS = {
    "adc_to_degC_coeffs": "adc_to_celsius",
    "degC_to_dac_coeffs": "celsius_to_dac",
    "laser_power_coeffs": "laser_power",
    "linearity_coeffs": "linearity",
    "wavelength_coeffs": "stated_axis_nm",
    "bad_pixels": "bad_pixels",
}


def _f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


@pytest.fixture
def sig_785(shared_data):
    path = shared_data / "devices/SiG_785/eeprom/EEPROM-EM-9c65d19f4c.json"
    return json.loads(path.read_text())


def _pages(text):
    calls = ast.parse(text, mode="eval").body.elts  # [array('B', [..]), ..]
    return [bytes(ast.literal_eval(call.args[1])) for call in calls]


def test_bytes_of_a_real_memory(sig_785):
    memory = parse(_pages(sig_785["buffers"]))
    for theirs, ours in NAMES.items():
        assert getattr(memory, ours) == sig_785[theirs], theirs
    for theirs, ours in LISTS.items():
        assert list(getattr(memory, ours)) == sig_785[theirs], theirs
    assert memory.laser_wavelength_nm == 785.0
    assert memory.pixels == 1952
    assert memory.axis_nm[0] == pytest.approx(773.599)
    assert memory.untethered == (0, 0, 0, 10, 500, 90, 4)


def test_what_was_edited_in_that_file_is_not_in_its_bytes(sig_785):
    """Model, serial number, gain and features of the file were changed after the dump was taken."""
    memory = parse(_pages(sig_785["buffers"]))
    assert (memory.model, memory.serial, memory.gain) == ("WP", "EM", 1.0)
    assert memory.feature_mask == 0
    assert sig_785["model"] == "SiG-785"


def _packed(fields):
    """A memory with the fields of one of the vendor's files."""
    return Eeprom(
        format=14,
        model=fields["Model"][:16],
        serial=fields["Serial"],
        baud=fields["BaudRate"],
        has_cooling=int(fields["IncCooling"]),
        has_battery=int(fields["IncBattery"]),
        has_laser=int(fields["IncLaser"]),
        slit_um=fields["SlitWidth"],
        startup_integration_ms=fields["StartupIntTimeMS"],
        startup_temperature_c=fields["StartupTempC"],
        gain=_f32(fields["DetectorGain"]),
        offset=fields["DetectorOffset"],
        gain_odd=_f32(fields["DetectorGainOdd"]),
        wavelength_nm=tuple(_f32(value) for value in fields["WavecalCoeffs"][:4]),
        wavelength_c4=_f32(fields["WavecalCoeffs"][4]),
        celsius_to_dac=tuple(_f32(value) for value in fields["TempToDACCoeffs"]),
        adc_to_celsius=tuple(_f32(value) for value in fields["ADCToTempCoeffs"]),
        highest_temperature_c=fields["DetectorTempMax"],
        lowest_temperature_c=fields["DetectorTempMin"],
        thermistor_beta=fields["ThermistorBeta"],
        thermistor_r298=fields["ThermistorResAt298K"],
        calibration_date=fields["CalibrationDate"],
        calibrated_by=fields["CalibrationBy"],
        detector=fields["DetectorName"],
        actual_pixels=fields["ActualPixelsHoriz"],
        active_pixels=fields["ActivePixelsHoriz"],
        active_rows=fields["ActivePixelsVert"],
        lowest_integration_ms=fields["MinIntegrationTimeMS"],
        highest_integration_ms=fields["MaxIntegrationTimeMS"],
        roi_horizontal=(fields["ROIHorizStart"], fields["ROIHorizEnd"]),
        laser_power=tuple(_f32(value) for value in fields["LaserPowerCoeffs"]),
        highest_power_mw=fields["MaxLaserPowerMW"],
        lowest_power_mw=fields["MinLaserPowerMW"],
        excitation_nm=_f32(fields["ExcitationWavelengthNM"]),
        resolution_cm1=_f32(fields["AvgResolution"]),
        bad_pixel_places=tuple(fields["BadPixels"]),
        user_text=fields["UserText"],
        product_configuration=fields["ProductConfig"],
        subformat=1,
        intensity_order=fields["RelIntCorrOrder"],
        intensity_log10=tuple(_f32(value) for value in fields["RelIntCorrCoeffs"]),
        laser_warm_up_s=fields.get("LaserWarmupS", 0),
    )


@pytest.mark.parametrize("serial", ["WP-00887", "WP-00904", "WP-00913"])
def test_published_fields_packed_and_parsed(serial, shared_data):
    path = shared_data / f"devices/{serial}/eeprom/{serial}-mock.json"
    fields = json.loads(path.read_text())["EEPROM"]
    memory = _packed(fields)
    parsed = parse(pack(memory)[:9])
    assert parsed == memory
    assert parsed.findings == ()
    assert parsed.laser_wavelength_nm == pytest.approx(fields["ExcitationWavelengthNM"], abs=1e-4)
    assert parsed.axis_nm == pytest.approx(fields["WavecalCoeffs"])
    assert parsed.bad_pixels == ((203,) if serial == "WP-00904" else ())


def test_fields_of_all_formats_come_back():
    for version in range(1, 20):
        for field in LAYOUT:
            if not field.since <= version <= field.until or field.name == "format":
                continue
            memory = dataclasses.replace(Eeprom(format=version), **{field.name: _sample(field)})
            parsed = parse(pack(memory)[:9])
            assert getattr(parsed, field.name) == getattr(memory, field.name), (version, field)


def _sample(field):
    if field.code.endswith("s"):
        return "Ab1"
    count, kind = field.code[:-1], field.code[-1]
    one = 1.5 if kind == "f" else 3
    return (one,) * int(count) if count else one


def test_old_formats_have_other_places():
    old = Eeprom(
        format=3, excitation_whole_nm=785, lowest_integration_short_ms=3,
        highest_integration_short_ms=60_000, active_pixels=1024,
        wavelength_nm=(800.0, 0.1, 0.0, 0.0),
    )  # fmt: skip
    parsed = parse(pack(old)[:8])
    assert parsed.laser_wavelength_nm == 785.0
    assert parsed.integration_limits_ms == (3, 60_000)
    assert parsed.axis_nm == pytest.approx((800.0, 0.1, 0.0, 0.0, 0.0))


def test_ninth_page_is_read_on_xs_units():
    name, word = "laser_password", "quiet"
    memory = dataclasses.replace(MODELS["wasatch-785-xs"].memory, format=18, **{name: word})
    assert getattr(parse(pack(memory)[:9]), name) == word


def test_blank_memory_states_nothing():
    memory = parse(pack(None)[:9])
    assert memory.blank
    assert memory.doubts == {"blank"}
    assert memory.axis_nm == ()
    assert memory.laser_wavelength_nm is None
    assert memory.pixels is None
    assert memory.bad_pixels == ()
    assert not memory.has(0xFFFF)


GOOD = MODELS["wasatch-785"].memory


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"wavelength_nm": (math.nan,) * 4}, "axis"),
        ({"wavelength_nm": (0.0,) * 4}, "axis"),
        ({"wavelength_nm": (800.0, 1e30, 0.0, 0.0)}, "axis"),
        ({"wavelength_nm": (800.0, 0.1, -1e-3, 0.0)}, "axis"),
        ({"wavelength_nm": (945.0, -0.141, 0.0, 0.0)}, "axis_falls"),
        ({"wavelength_c4": math.inf}, "axis"),
        ({"excitation_nm": 0.0}, "excitation"),
        ({"excitation_nm": math.nan}, "excitation"),
        ({"excitation_nm": -785.0}, "excitation"),
        ({"excitation_nm": 1e9}, "excitation"),
        ({"active_pixels": 0}, "pixels"),
        ({"active_pixels": 65535}, "pixels"),
        ({"lowest_integration_ms": 0}, "integration_limits"),
        ({"highest_integration_ms": 0xFFFFFFFF}, "integration_limits"),
        ({"lowest_integration_ms": 70_000}, "integration_limits"),
        ({"bad_pixel_places": (2000,) + (-1,) * 14}, "bad_pixels"),
        ({"bad_pixel_places": (-7,) + (-1,) * 14}, "bad_pixels"),
        ({"celsius_to_dac": (math.nan,) * 3}, "cooler"),
        ({"lowest_temperature_c": 30}, "cooler"),
        ({"adc_to_celsius": (0.0,) * 3}, "temperature"),
        ({"gain": math.nan}, "gain"),
        ({"laser_power": (math.inf, 0.0, 0.0, 0.0)}, "power"),
        ({"has_laser": 77}, "flags"),
        ({"format": 60}, "format"),
        ({"format": 0}, "format"),
        ({"serial": "\x01\x02"}, "text"),
    ],
)
def test_insane_contents_are_told(changes, code):
    memory = parse(pack(dataclasses.replace(GOOD, **changes))[:9])
    assert code in memory.doubts
    if code in {"axis", "axis_falls", "pixels"}:
        assert memory.axis_nm == ()
    if code == "excitation":
        assert memory.laser_wavelength_nm is None


def test_sound_models_have_no_findings():
    for name in ("wasatch-785", "wasatch-785-xs", "wasatch-785-2048", "wasatch-1064"):
        assert parse(pack(MODELS[name].memory)[:9]).findings == (), name


@pytest.mark.parametrize("pages", [[], [bytes(64)] * 7, [bytes(64)] * 7 + [bytes(63)]])
def test_too_little_is_an_error_of_the_wire(pages):
    with pytest.raises(BadAnswerError):
        parse(pages)


@given(st.lists(st.binary(min_size=64, max_size=64), min_size=8, max_size=9))
def test_random_pages_never_crash_and_never_state_nonsense(pages):
    memory = parse(pages)
    nm = memory.laser_wavelength_nm
    assert nm is None or 200.0 <= nm <= 2000.0
    assert all(math.isfinite(value) for value in memory.axis_nm)
    low, high = memory.integration_limits_ms
    assert 1 <= low < high < 1 << 24
    assert memory.pixels is None or 16 <= memory.pixels <= 8192
    assert all(0 <= place < 8192 for place in memory.bad_pixels)


@given(st.integers(0, 7), st.integers(0, 63), st.integers(0, 255))
def test_one_changed_byte_of_a_good_memory(page, offset, value):
    pages = [bytearray(one) for one in pack(GOOD)[:9]]
    pages[page][offset] = value
    memory = parse([bytes(one) for one in pages])
    assert memory.axis_nm == () or memory.axis_nm[0] > 0
