"""Time the start of the window beside that of a bare pyqtgraph window, as whole processes.

    python -m benchmarks.start_up [--runs 9]

Both are started in turn, without a display, with their bytecode on disk as an installed program has
it. The bare window is a `QApplication` with one `pyqtgraph.PlotWidget`, shown and painted. Spectra
is usable when the log-in page of a station is painted and has taken a key. Figures are medians,
from the start of the process; beside the wall-clock time stands that of the process alone. Exit
code 1 when Spectra takes more than 1.3 times as long as the bare window.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.station_filling import WORDS
from spectra_app.records.passwords import Cost, Passwords
from spectra_app.services.office import open_office
from spectra_app.services.users import set_up_first_supervisor

MOST = 1.3
BARE = """
import os, sys, time
from PySide6.QtWidgets import QApplication
import pyqtgraph
app = QApplication([])
window = pyqtgraph.PlotWidget()
window.resize(1366, 768)
window.show()
app.processEvents()
print(time.time(), time.process_time(), flush=True)
os._exit(0)
"""
OURS = """
import os, sys, time
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from spectra_app import app
from spectra_app.ui.entrance import LogInForm

def usable(form):
    QApplication.processEvents()
    key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_S, Qt.KeyboardModifier.NoModifier, "s")
    QApplication.sendEvent(form.name, key)
    if form.isVisible() and form.name.hasFocus() and form.name.text() == "s":
        print(time.time(), time.process_time(), flush=True)
        os._exit(0)
    os._exit(3)

def show_standing(form, standing):
    shown(form, standing)
    if standing.opened:
        QTimer.singleShot(0, lambda: usable(form))

shown, LogInForm.show_standing = LogInForm.show_standing, show_standing
sys.exit(app.main([]))
"""


def main() -> None:
    """Run both in turn and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        make_station(home)
        environment = surroundings(home, Path(folder, "bytecode"))
        for script in (BARE, OURS):  # writes the bytecode
            measure(script, environment)
        pairs = [(measure(BARE, environment), measure(OURS, environment)) for _ in range(runs)]
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    worst = 0.0
    for place, what in enumerate(("wall clock", "time of the process")):
        bare, ours = (median(pair[one][place] for pair in pairs) for one in (0, 1))
        worst = max(worst, ours / bare)
        print(f"{what:20} bare {bare:.3f} s   Spectra {ours:.3f} s   ratio {ours / bare:.2f}")
    sys.exit(worst > MOST)


def make_station(home: Path) -> None:
    """Set up a station with one user, so that the log-in page is what shows."""
    os.environ["SPECTRA_HOME"] = str(home)
    quick = Passwords(Cost(passes=1, memory_kib=8, lanes=1))
    with open_office(passwords=quick) as office:
        set_up_first_supervisor(office, "supervisor", "A supervisor", WORDS)


def surroundings(home: Path, bytecode: Path) -> dict[str, str]:
    """Return the environment of a process that is timed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    root = str(Path(__file__).resolve().parents[1])
    mine = {"PYTHONPATH": root, "PYTHONPYCACHEPREFIX": str(bytecode), "SPECTRA_HOME": str(home)}
    return kept | mine | {"QT_QPA_PLATFORM": "offscreen"}


def measure(script: str, environment: dict[str, str]) -> tuple[float, float]:
    """Return wall-clock time and the process's own until its window was usable, in seconds."""
    begun = time.time()
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    at, own = done.stdout.split()
    return float(at) - begun, float(own)


if __name__ == "__main__":
    main()
