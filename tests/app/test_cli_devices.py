"""`spectra devices`: what is plugged in, what an analyser says, emulators for other programs."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import pytest
import serial

from devices.emulators import cobolt
from devices.emulators.pty import PtyWire
from devices.families import FAMILIES, Wire
from devices.interface import LaserState
from devices.registry import emulated_wires
from spectra_app.services.emulated_samples import emulated_sample

PATIENCE_S = 60.0
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
        if told.startswith("EMULATED laser"):  # the laser beside it comes first
            told = process.stdout.readline()
        assert told.startswith(f"EMULATED {family} at {link}"), told
        return link, process

    yield serve
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


@pytest.fixture
def port():
    """Serve an emulated instrument in a thread of this process; return its port and its bench."""
    sample = emulated_sample("caffeine")
    with ExitStack() as running:

        def serve(name):
            if name == "cobolt":
                model = cobolt.emulator(sample, 7)
            else:
                model = emulated_wires(name, sample=sample, seed=7, serial=True).models[0]
            return running.enter_context(PtyWire(model, paced=False)).path, model.bench

        yield serve


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
        "--integration-ms", "100", "--averages", "2", "--json",
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
    assert told["emulated"] is False  # it has no serial number to tell by
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert not link.exists()


def test_a_laser_alone_can_be_served_too(served):
    link, _process = served("cobolt")
    assert asked(link, b"l?\r") == b"0"


def test_a_usb_only_family_cannot_be_served_on_a_line(spectra):
    code, _, err = spectra("devices", "emulate", "wasatch-785")
    assert code == 3
    assert "no serial line" in err


def asked(port, command):
    with serial.Serial(str(port), 115200, timeout=5) as line:
        line.write(command)
        return line.read_until(b"\n").strip()


@pytest.mark.parametrize("way", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_scan_that_is_ended_leaves_the_laser_off(spectra, port, small_library, way):
    # SIGTERM and SIGHUP (a closed terminal) used to end the program with the laser on.
    line, _ = port("ocean-sts")
    laser, lit = port("cobolt")
    number, fired = getattr(signal, way), threading.Event()

    def end_when_it_fires():
        until = time.monotonic() + PATIENCE_S
        while not fired.is_set() and time.monotonic() < until:
            if lit.laser_state() is LaserState.FIRING:
                fired.set()
                os.kill(os.getpid(), number)
            time.sleep(0.005)

    before = signal.signal(number, lambda *_: None)  # one that comes too late ends no test run
    end = threading.Thread(target=end_when_it_fires)
    end.start()
    try:
        code, out, err = spectra(
            "devices", "scan", "ocean-sts", "--port", line, "--laser-port", laser,
            "--laser-power-w", "0.1", "--integration-ms", "100", "--averages", "12",
            "--library", small_library,
        )  # fmt: skip
    finally:
        end.join()
        signal.signal(number, before)
    assert fired.is_set()
    assert asked(laser, b"l?\r") == b"0"
    assert "Stopping: the laser is switched off" in err
    assert code == 2
    if out:
        assert "EMULATED: no real instrument" in out
        assert "partial: the scan was stopped early" in out
    else:
        assert "stopped before anything was measured" in err


def test_a_served_instrument_that_says_it_is_emulated_is_marked_so(spectra, port):
    line, _ = port("ocean-sts")
    code, out, _ = spectra("devices", "info", "ocean-sts", "--port", line, "--json")
    assert code == 0
    assert json.loads(out)["emulated"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("wasatch-785-xs", "--port", "/dev/ttyS0"), "has no serial port"),
        (("wasatch-785-xs", "--laser-port", "/dev/ttyS0"), "its laser is its own"),
        (("emulated-785", "--port", "/dev/ttyS0"), "--port is for a real instrument"),
        (("ocean-sts", "--emulated", "--laser-port", "/dev/x"), "--laser-port is for a real"),
        (("ocean-sts", "--port", "/dev/x", "--laser-nm", "785"), "no laser is named"),
        (("ocean-sts", "--sample", "caffeine", "--serial", "A1"), "--serial is for a real"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_opened(spectra, arguments, words):
    code, out, err = spectra("devices", "info", *arguments)
    assert (code, out) == (3, "")
    assert words in err
    assert "Traceback" not in err


def test_the_emulated_analyser_of_the_user_guide_passes_its_check(spectra, small_library):
    code, out, _ = spectra(
        "devices", "scan", "emulated-785", "--sample", "caffeine", "--library", small_library,
        "--integration-ms", "100", "--averages", "1",
    )  # fmt: skip
    assert code == 0
    assert "failed its check" not in out


def test_without_an_axis_nothing_is_measured(spectra, port, small_library):
    line, _ = port("bwtek-btc110")
    code, out, err = spectra(
        "devices", "scan", "bwtek-btc110", "--port", line, "--library", small_library
    )
    assert (code, out) == (3, "")
    assert "nothing was measured" in err
    assert "--papers" in err


def test_what_an_analyser_says_is_in_words_with_units(spectra):
    _, out, _ = spectra("devices", "info", "wasatch-785-xs", "--emulated")
    assert "integration time       10 to 10000 ms" in out
    assert "alarm                  none" in out
    assert "emulated               yes" in out


def test_a_laser_without_its_rated_power_is_asked_for_it_by_name_of_the_option(spectra):
    code, _, err = spectra(
        "devices", "scan", "ocean-sts", "--port", "/dev/x", "--laser-port", "/dev/y"
    )
    assert code == 3
    assert "--laser-power-w" in err


def test_a_pair_at_two_ports_is_checked_and_then_names(spectra, served, tmp_path):
    """The whole way over two real serial ports: scan, refused a name, check, scan again."""
    laser = tmp_path / "port-of-the-laser"
    link, _ = served("ocean-qepro", "--laser-link", laser, "--sample", "polystyrene")
    ports = ["ocean-qepro", "--port", link, "--laser-port", laser, "--laser-power-w", "0.1"]
    pair = [*ports, "--laser-nm", "785", "--laser-oem"]
    fixed = ["--integration-ms", "300", "--averages", "2", "--json"]
    before = json.loads(spectra("devices", "scan", *pair, *fixed)[1])
    assert before["outcome"] == "inconclusive"
    assert "calibration_missing" in before["reasons"]
    code, out, _ = spectra("devices", "check", *pair, "--operator", "test", "--json")
    record = json.loads(out)
    assert (code, record["passed"]) == (0, True)
    assert "with laser EMULATED" in record["serial"]
    after = json.loads(spectra("devices", "scan", *pair, *fixed)[1])
    assert after["outcome"] == "lead"
    assert after["components"][0]["name"] == "polystyrene"


def test_only_a_spectrometer_without_a_laser_is_served_with_one(spectra):
    code, _, err = spectra("devices", "emulate", "ocean-ventana-785", "--with-laser")
    assert code == 3
    assert "no serial line with a laser beside it" in err
