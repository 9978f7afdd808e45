"""`spectra devices` ended from outside, fallen silent, asked for what cannot be: plain words."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from devices.emulators import ocean_obp
from devices.emulators.pty import PtyWire
from devices.errors import TransportTimeoutError
from devices.interface import LaserState
from devices.sample import Sample
from devices.timing import SteppedTime
from spectra_app.cli.stopping import ended_politely
from spectra_app.cli.terminal import spelled_out
from spectra_app.services.devices import Chosen, opened
from spectra_app.services.frames import AnalyserError

PATIENCE_S = 60.0


@pytest.fixture
def ventana():
    """Serve an emulated analyser whose laser can be looked at, at a pseudo-terminal."""
    sample = Sample(bands=np.array([[1001.0, 100.0, 6.0]]), fluorescence=0.0)
    model = ocean_obp.emulator(sample, 1, model="ventana-785", wire="serial")
    with PtyWire(model, paced=False) as wire:
        yield model.bench, wire.path


def wait_for_light(bench, process):
    until = time.monotonic() + PATIENCE_S
    while bench.laser_state() is not LaserState.FIRING:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "the laser never fired"
        time.sleep(0.02)


# SIGINT again and again: whoever is impatient must not interrupt the switching off
@pytest.mark.parametrize(
    "requests",
    [["SIGTERM"], ["SIGHUP"], ["SIGTSTP"], ["SIGINT", "SIGINT", "SIGTERM", "SIGINT"]],
    ids="-".join,
)
def test_a_scan_that_is_ended_leaves_the_laser_off(ventana, small_library, spectra_home, requests):
    bench, port = ventana
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "spectra_app.app", "devices", "scan", "ocean-ventana-785"),
            *("--port", port, "--integration-ms", "200", "--averages", "100", "--whole"),
            *("--library", str(small_library)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"SPECTRA_HOME": str(spectra_home)},
    )
    try:
        wait_for_light(bench, process)
        for name in requests:
            process.send_signal(getattr(signal, name))
            time.sleep(0.01)
        _, said = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.communicate()
    assert bench.laser_state() is LaserState.OFF
    assert "Traceback" not in said


class Mute:
    """A wire on which nothing is answered any more once `silent` is set."""

    silent = False

    def __init__(self, wire):
        self._wire = wire

    def __getattr__(self, name):
        found = getattr(self._wire, name)
        if not callable(found) or name == "close":
            return found

        def carried(*arguments, **options):
            if self.silent:
                raise TransportTimeoutError("no answer within 1 s", "", "check the cable")
            return found(*arguments, **options)

        return carried


@pytest.mark.parametrize("family", ["ocean-ventana-785", "wasatch-785", "ocean-usb2000plus"])
@pytest.mark.parametrize("failed_before", [False, True])
def test_a_silent_analyser_is_let_go_with_an_alarm_in_words(family, failed_before):
    wires = []

    def keep(wire):
        wires.append(Mute(wire))
        return wires[-1]

    chosen = Chosen(family, "caffeine")

    def use():
        with opened(chosen, timing=SteppedTime().timing(), keep=keep):
            for wire in wires:
                wire.silent = True
            if failed_before:
                raise AnalyserError("nothing came", "", "try again")

    with pytest.raises(AnalyserError, match="MAY BE ON") as caught:
        use()
    assert ("nothing came" in str(caught.value)) is failed_before


def test_the_first_request_asks_the_second_ends_and_more_change_nothing():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def use():
        with ended_politely() as stopped:
            signal.raise_signal(signal.SIGTSTP)
            seen.append(stopped())
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGHUP)

    with pytest.raises(KeyboardInterrupt):
        use()
    assert seen == [True]
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_the_parent_has_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with ended_politely() as stopped:
            signal.raise_signal(signal.SIGHUP)
            assert not stopped()
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("wasatch-785", "--port", "/dev/null"), "has no serial port"),
        (("ocean-ventana-785", "--port", "/dev/null", "--laser-port", "/dev/null"), "its own"),
        (("bwtek-btc110", "--port", "/dev/null", "--papers", "/dev/zero"), "no file"),
        (("bwtek-btc110", "--port", "/dev/null", "--papers", "/"), "no file"),
    ],
)
def test_ports_and_papers_that_cannot_be_are_one_sentence(spectra, arguments, words):
    code, out, err = spectra("devices", "info", *arguments)
    assert (code, out) == (3, "")
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("wish", [("--budget", "nan"), ("--budget", "-1"),
                                  ("--integration-ms", "0")])  # fmt: skip
def test_times_that_cannot_be_are_refused(spectra, small_library, wish):
    code, out, err = spectra(
        *("devices", "scan", "wasatch-785", "--sample", "caffeine"),
        *("--library", small_library, *wish),
    )
    assert (code, out) == (3, "")
    assert "; choose " in err.splitlines()[-1]
    assert "Traceback" not in err


@pytest.mark.parametrize("sign", [0x200F, 0x200E, 0x061C, 0x202E, 0xFEFF, 0x200B, 0x1B, 0x9B])
def test_signs_that_turn_or_hide_text_are_spelled_out(sign):
    assert spelled_out(f"a{chr(sign)}b") == f"a\\u{sign:04x}b"
