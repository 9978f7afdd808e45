"""`spectra devices`: what the person at the terminal is told when the laser may be on."""

import threading
import time

import numpy as np
import pytest

from devices.emulators import ocean_obp
from devices.emulators.faults import FaultKind, WireFault
from devices.emulators.pty import PtyWire
from devices.errors import DeviceError, LaserAlarmError
from devices.interface import LaserState
from devices.laser import MAY_BE_ON
from devices.sample import Sample
from devices.timing import SteppedTime
from spectra_app.cli.analysers import LASER_ALARM
from spectra_app.services.devices import Chosen, opened
from spectra_app.services.frames import AnalyserError

PATIENCE_S = 60.0


@pytest.fixture
def ventana():
    """Serve an emulated analyser at a pseudo-terminal, and pull its cable when it fires."""
    sample = Sample(bands=np.array([[1001.0, 100.0, 6.0]]), fluorescence=0.0)
    model = ocean_obp.emulator(sample, 1, model="ventana-785", wire="serial")
    over = threading.Event()

    with PtyWire(model, paced=False) as wire:

        def pull():
            until = time.monotonic() + PATIENCE_S
            while model.bench.laser_state() is not LaserState.FIRING:
                if over.wait(0.02) or time.monotonic() > until:
                    return
            wire.faults.arm(WireFault(FaultKind.UNPLUG, lasting=True))

        watching = threading.Thread(target=pull)
        watching.start()
        yield wire.path
        over.set()
        watching.join(PATIENCE_S)


def test_the_alarm_is_said_once_and_unmistakably(spectra, small_library, ventana):
    code, out, err = spectra(
        *("devices", "scan", "ocean-ventana-785", "--port", ventana, "--library", small_library),
        *("--integration-ms", "200", "--averages", "50", "--whole"),
    )
    assert (code, out) == (3, "")
    assert err.splitlines().count(LASER_ALARM) == 1
    assert err.index(LASER_ALARM) < err.index("spectra: ")
    assert "Traceback" not in err


def test_the_service_tells_before_the_error_and_names_the_analyser():
    clock, wires, said = SteppedTime(), [], []

    def keep(wire):
        wires.append(wire)
        return wire

    def use():
        chosen = Chosen("ocean-ventana-785", "caffeine")
        with opened(chosen, timing=clock.timing(), keep=keep, alarmed=said.append) as analyser:
            wires[0].close()
            try:
                analyser.laser_off()
            except DeviceError:
                assert len(said) == 1
                raise AnalyserError("nothing came", "", "try again") from None

    with pytest.raises(AnalyserError, match="nothing came"):
        use()
    assert len(said) == 1
    assert "EMULATED-VEN01" in said[0]


def test_a_laser_that_does_not_go_off_on_opening_is_told_like_any_other(monkeypatch):
    def stuck(*_arguments, **_options):
        raise LaserAlarmError("the laser MAY BE ON: it does not switch off", "785", MAY_BE_ON)

    monkeypatch.setattr("spectra_app.services.devices.open_connected", stuck)
    said = []
    with (
        pytest.raises(AnalyserError, match="MAY BE ON"),
        opened(Chosen("wasatch-785"), alarmed=said.append),
    ):
        pass
    assert len(said) == 1
    assert "it does not switch off" in said[0]
