"""`spectra devices`: what is plugged in, what an analyser says, emulators for other programs."""

import json
import os
import signal
import subprocess
import sys

import pytest

from devices.families import FAMILIES, Wire

WIRED = [row.name for row in FAMILIES if row.wire is not Wire.NONE]


@pytest.fixture
def served(spectra_home, tmp_path):  # noqa: ARG001 (the data folder of the child)
    """Serve an emulated instrument as another process, and return its port."""
    running = []

    def serve(family, *arguments):
        link = tmp_path / f"port-{family}"
        command = [sys.executable, "-m", "spectra_app.app", "devices", "emulate", family]
        process = subprocess.Popen(
            [*command, "--link", str(link), "--unpaced", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ.copy(),
        )
        running.append(process)
        told = process.stdout.readline()
        assert told.startswith(f"EMULATED {family} at {link}"), told
        return link, process

    yield serve
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


@pytest.mark.parametrize("family", WIRED)
def test_an_emulated_analyser_says_what_it_is_and_that_it_is_emulated(spectra, family):
    code, out, err = spectra("devices", "info", family, "--emulated", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["family"] == family
    assert told["emulated"] is True
    assert "EMULATED" in told["serial"]
    assert told["laser_state"] == "off"
    assert told["range_cm1"][1] > 1500


def test_a_real_one_that_is_not_there_is_one_sentence(spectra):
    code, out, err = spectra("devices", "info", "bwtek-btc110", "--port", "/dev/no-such-port")
    assert (code, out) == (3, "")
    assert "/dev/no-such-port" in err
    code, _, err = spectra("devices", "info", "bwtek-btc110")
    assert code == 3
    assert "name its port" in err


def test_a_scan_with_an_emulated_real_family_is_marked_everywhere(spectra, small_library):
    code, out, _ = spectra(
        "devices", "scan", "wasatch-785-xs", "--sample", "caffeine", "--library", small_library,
        "--json",
    )  # fmt: skip
    record = json.loads(out)
    assert code == 0
    assert record["emulated"] is True
    assert "Wasatch" in record["file"] or "emulated" in record["file"]


def test_an_emulator_in_another_process_is_found_at_its_port_and_ends_politely(spectra, served):
    link, process = served("bwtek-btc110")
    code, out, err = spectra("devices", "info", "bwtek-btc110", "--port", link, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["pixels"] == 2048
    assert told["laser_state"] == "not controlled"
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert not link.exists()


def test_a_laser_alone_can_be_served_too(served):
    link, _process = served("cobolt")
    import serial

    with serial.Serial(str(link), 115200, timeout=5) as port:
        port.write(b"l?\r")
        assert port.read_until(b"\n").strip() == b"0"


def test_a_usb_only_family_cannot_be_served_on_a_line(spectra):
    code, _, err = spectra("devices", "emulate", "wasatch-785")
    assert code == 3
    assert "no serial line" in err
