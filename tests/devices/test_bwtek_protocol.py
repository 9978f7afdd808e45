"""Bytes of the B&W Tek line: golden ones from its papers, and codecs against obvious ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.bwtek import protocol
from devices.drivers.bwtek.configuration import BwtekConfiguration, parse_parameters
from devices.emulators.bwtek import delta_coded
from devices.errors import (
    BadAnswerError,
    ConfigurationError,
    RefusedError,
    TransportTimeoutError,
)
from devices.parts import AxisSource

COUNTS = st.integers(0, 65_535)
# Close neighbours as a detector gives them, with jumps between.
SCANS = st.lists(st.one_of(st.integers(1000, 1100), COUNTS), min_size=1, max_size=60)
PAPER = (
    "File Version;BWSpec4.11_1\r\nmodel;BTC110-S\r\nc code;RUW\r\ncoefs_a0;769,442641318084\r\n"
    "coefs_a1;0,150837541487052\r\ncoefs_a2;-4,21236584275246E-06\r\n"
    "coefs_a3;-7,19457279026531E-10\r\npixel_num;2048\r\nlaser_wavelength;784,82\r\nPixel;Dark\r\n"
)


def obvious(data):
    values, at = [], 0
    while at < len(data):
        if data[at] == 0x80:
            values.append(data[at + 1] * 256 + data[at + 2])
            at += 3
        else:
            values.append(values[-1] + (data[at] - 256 if data[at] > 127 else data[at]))
            at += 1
    return values


def ascii_scan(counts):
    return b"".join(b"%05d\r\n" % count for count in counts) + b"\0"


def test_the_answer_to_a_is_the_one_in_the_papers() -> None:
    assert protocol.command("a") == b"a\n"
    assert protocol.answer_to(b"a\n") == bytes.fromhex("610d0a41434b0d0a")
    assert protocol.command("I", 250) == b"I250\n"
    assert protocol.command("K", protocol.BAUD_CODES[115_200]) == b"K0\n"
    assert protocol.BAUD_CODES[9_600] == 3


@pytest.mark.parametrize("came", [b"K0\r\nACK\r\n", b"K0\r\nACK\r", b"K0\r\nACK\r\xfb"])
def test_a_change_of_speed_is_answered_by_nine_bytes_or_eight(came) -> None:
    protocol.check_baud_answer(b"K0\n", came, "port")


@pytest.mark.parametrize("came", [b"K0\r\nACK", b"K0\r\n", b"", b"K0\r\nACK\r\n\n", b"K1\r\nACK\r"])
def test_any_other_answer_to_a_change_of_speed_is_refused(came) -> None:
    with pytest.raises((BadAnswerError, RefusedError, TransportTimeoutError)):
        protocol.check_baud_answer(b"K0\n", came, "port")


def test_every_truncation_of_an_answer_has_a_name() -> None:
    whole = protocol.answer_to(b"I250\n")
    protocol.check_answer(b"I250\n", whole, "port")
    for length in range(len(whole)):
        error = {0: TransportTimeoutError, 6: RefusedError}.get(length, BadAnswerError)
        with pytest.raises(error):
            protocol.check_answer(b"I250\n", whole[:length], "port")


@given(st.integers(0, 9), st.integers(0, 7))
def test_one_wrong_bit_in_an_answer_is_refused(place, bit) -> None:
    came = bytearray(protocol.answer_to(b"A1\n"))
    came[place % len(came)] ^= 1 << bit
    with pytest.raises(BadAnswerError):
        protocol.check_answer(b"A1\n", bytes(came), "port")


def test_the_bytes_in_the_papers_decode_to_the_counts_in_the_papers() -> None:
    # The beginning of a real scan as its owner printed it.
    data = b"\x80\x051\x13\x01\xf6\xfe\xe8-\xf3\xd5\xdd( \xef\xe5"
    assert protocol.values_from_binary(data, "port", 14).tolist() == obvious(data)
    assert obvious(data)[:6] == [1329, 1348, 1349, 1339, 1337, 1313]


@given(SCANS)
def test_fast_and_obvious_decoding_are_one(values) -> None:
    data = delta_coded(values)
    decoded = protocol.values_from_binary(data, "port", len(values)).tolist()
    assert decoded == obvious(data) == values
    assert protocol.binary_length(data, len(values)) == len(data)
    assert protocol.binary_length(data + b"\x80\x80\x80more", len(values)) == len(data)


@given(SCANS, st.data())
def test_every_truncated_binary_scan_is_short(values, chosen) -> None:
    data = delta_coded(values)
    cut = chosen.draw(st.integers(0, len(data) - 1))
    assert protocol.binary_length(data[:cut], len(values)) is None
    with pytest.raises(BadAnswerError, match=f"of {len(values)} values"):
        protocol.values_from_binary(data[:cut], "port", len(values))


@given(st.binary(max_size=80), st.integers(0, 30))
def test_no_bytes_break_the_binary_decoder(data, values) -> None:
    length = protocol.binary_length(data, values)
    assert length is None or length <= len(data)
    try:
        decoded = protocol.values_from_binary(data, "port", values)
    except BadAnswerError:
        return
    assert decoded.tolist() == obvious(data)
    assert all(0 <= v <= 65_535 for v in decoded)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x05\x01", "difference to nothing"),
        (b"\x80\x00\x05\xfa", "is -1"),
        (b"\x80\xff\xff\x01", "is 65536"),
        (b"\x80\x00\x05\x80\x00", "1 of 2 values of a binary scan came and 2 more"),
    ],
)
def test_impossible_binary_scans_are_refused(data, words) -> None:
    with pytest.raises(BadAnswerError, match=words):
        protocol.values_from_binary(data, "port", 2)


def test_an_ascii_scan_is_14336_bytes_and_a_nul() -> None:
    counts = np.random.default_rng(1).integers(0, 65_536, 2048)
    data = ascii_scan(counts)
    assert len(data) == protocol.ASCII_BYTES == 14_337
    assert (protocol.counts_from_ascii(data, "port") == counts).all()


@pytest.mark.parametrize("at", [0, 3, 5, 6, 7, 9_000, 14_335, 14_336])
@pytest.mark.parametrize("byte", [b"x", b" ", b"-", b"\xff"])
def test_one_wrong_byte_in_an_ascii_scan_is_refused(at, byte) -> None:
    data = bytearray(ascii_scan([1234] * 2048))
    data[at : at + 1] = byte
    with pytest.raises(BadAnswerError):
        protocol.counts_from_ascii(bytes(data), "port")


def test_short_long_and_too_high_ascii_scans_are_refused() -> None:
    data = ascii_scan([65_535] * 2048)
    for cut in (0, 1, 7, 14_335, 14_336):
        with pytest.raises(BadAnswerError, match=f"{cut} of 14337 bytes"):
            protocol.counts_from_ascii(data[:cut], "port")
    with pytest.raises(BadAnswerError, match="14338 of"):
        protocol.counts_from_ascii(data + b"\0", "port")
    with pytest.raises(BadAnswerError, match="value 2047 of a scan is 65536"):
        protocol.counts_from_ascii(data[:-8] + b"65536\r\n\0", "port")


@pytest.mark.parametrize("skip", [0, 1])
@given(seed=st.integers(0, 1000), structure=st.floats(20.0, 5000.0), level=st.floats(-300, 300))
def test_structure_shows_which_values_are_the_pixels(skip, seed, structure, level) -> None:
    rng = np.random.default_rng(seed)
    scene = 5000.0 + np.cumsum(rng.normal(0.0, structure, 2048)) * 0.05
    scene += rng.normal(0.0, structure, 2048)
    reference = np.round(scene + rng.normal(0.0, 8.0, 2048)).astype(np.int64)
    pixels = np.round(scene + level + rng.normal(0.0, 8.0, 2048)).astype(np.int64)
    values = np.insert(pixels, 0 if skip else 2048, 1100)
    assert protocol.align(values, reference) == skip


@given(st.integers(0, 10_000))
def test_a_scene_without_structure_decides_nothing(seed) -> None:
    rng = np.random.default_rng(seed)
    reference = np.round(rng.normal(1100.0, 8.0, 2048)).astype(np.int64)
    values = np.round(rng.normal(1100.0, 8.0, 2049)).astype(np.int64)
    assert protocol.align(values, reference) is None
    assert protocol.align(np.full(2049, 7), np.full(2048, 7)) is None


def test_papers_with_a_decimal_comma_and_with_a_point_say_the_same() -> None:
    comma = parse_parameters(b"\xef\xbb\xbf" + PAPER.encode(), "scan.txt", serial="S1")
    point = PAPER.replace(",", ".").replace(";", "=").replace("Pixel=Dark\r\n", "")
    assert comma.coefficients_nm == parse_parameters(point.encode(), "para").coefficients_nm
    assert comma.coefficients_nm[1] == 0.150837541487052
    assert (comma.laser_nm, comma.model, comma.serial) == (784.82, "BTC110-S", "S1")
    assert comma.axis.source is AxisSource.CONFIGURATION
    assert comma.axis.pixel_origin == 0


def test_what_papers_do_not_know_is_not_stated() -> None:
    unknown = parse_parameters(PAPER.replace("784,82", "0").encode(), "para")
    assert unknown.laser_nm is None
    assert BwtekConfiguration().axis.source is AxisSource.NONE


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("coefs_a2;", "coefs_x2;", "coefs_a2 is missing"),
        ("coefs_a1;0,15", "coefs_a1;0,1,5", "no number"),
        ("coefs_a1;0,15", "coefs_a1;nan", "no number"),
        ("coefs_a1;0,15", "coefs_a1;-0,15", "does not rise"),
        ("coefs_a0;769", "coefs_a0;-769", "does not rise"),
        ("coefs_a0;769", "coefs_a0;1e999", "no number"),
        ("E-06", "E+99", "does not rise"),
        ("pixel_num;2048", "pixel_num;512", "512"),
        ("pixel_num;2048", "xaxis_data_reverse;1", "turns the order"),
        ("pixel_num;2048", "coefs_a0;769,4", "given twice"),
        ("784,82", "7", "not possible"),
        ("784,82", "green", "no number"),
    ],
)
def test_papers_that_make_no_sense_are_refused(old, new, words) -> None:
    assert old in PAPER
    with pytest.raises(ConfigurationError, match=words):
        parse_parameters(PAPER.replace(old, new).encode(), "para")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_papers(data) -> None:
    with pytest.raises(ConfigurationError):
        parse_parameters(data, "para")


def test_heads_of_real_exports_are_papers(shared_data) -> None:
    folder = shared_data / "spectra" / "calibration" / "bwtek-785"
    read = [parse_parameters(path.read_bytes(), path.name) for path in folder.glob("*.txt")]
    assert read
    assert all(paper.laser_nm == pytest.approx(785.0, abs=0.5) for paper in read)
    assert all(paper.serial == "" or paper.model.startswith("BTC") for paper in read)
