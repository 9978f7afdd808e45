"""Windows for the tests: real widgets, hand-made answers."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path

import pytest

from matching.errors import SpectrumError
from spectra_app.services.api import UseCases


@pytest.fixture(scope="session")
def samples():
    """Return hand-made verdicts of every kind."""
    path = Path(__file__).parent / "window_samples.py"
    spec = importlib.util.spec_from_file_location("window_samples", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Desk:
    """Use cases that answer at once, what they were asked, and a gate for slow work.

    A file is answered by its stem (``match.csv``); ``several`` holds three spectra, ``slow``
    waits for the gate, ``crash`` has a bug, any other name is refused. A scan tells its progress
    and waits for the gate or for the wish to stop.
    """

    def __init__(self, samples):
        self.samples = samples
        self.asked, self.reports, self.threads = [], [], set()
        self.gate = threading.Event()
        self.use_cases = UseCases(
            identify_file=self.identify,
            scan_emulated=self.scan,
            emulated_samples=("Paracetamol", "Caffeine"),
            write_report=self.write_report,
            library_title=lambda: "Starter library 1.0",
            library_note=lambda: "Reconstructed; gives leads only.",
            open_library=self.open_library,
        )

    def identify(self, path):
        self.asked.append(path)
        self.threads.add(threading.current_thread())
        if path.stem == "slow":
            self.gate.wait(30)
            return (self.samples.match(),)
        if path.stem == "several":
            names = ("match", "lead", "not_in_library")
            return tuple(self.samples.ALL[name]() for name in names)
        if path.stem == "crash":
            raise KeyError("laser")
        if path.stem not in self.samples.ALL:
            raise SpectrumError("it holds no numbers", path.name, "export it again")
        return (self.samples.ALL[path.stem](),)

    def scan(self, name, tell, should_stop):
        self.asked.append(name)
        tell(0.25, "exposure 1 of 4")
        while not self.gate.wait(0.01):
            if should_stop():
                raise SpectrumError("the scan was stopped", name, "scan again")
        return self.samples.long_name()

    def write_report(self, identified, path):
        if path.parent.name == "full":
            raise SpectrumError("the disk is full", str(path), "make room")
        path.write_bytes(b"%PDF-" + identified.record.file.encode())
        self.reports.append(path)

    def open_library(self, path):
        if path.suffix != ".h5":
            raise SpectrumError("this is not a library", path.name, "choose another file")
        return f"{path.stem} 2.0"


@pytest.fixture
def desk(samples):
    """Return a desk whose gate is open when the test has ended."""
    result = Desk(samples)
    yield result
    result.gate.set()


@pytest.fixture
def window(desk, qtbot):
    """Return a shown window over `desk`, idle, closed again after the test."""
    from spectra_app.ui.app_window import AppWindow
    from spectra_app.ui.start import make_application

    make_application()
    shown = AppWindow(desk.use_cases)
    shown.resize(1366, 768)
    qtbot.addWidget(shown, before_close_func=lambda _window: desk.gate.set())
    with qtbot.waitExposed(shown):
        shown.show()
    qtbot.waitUntil(lambda: not shown.lane.busy)
    return shown
