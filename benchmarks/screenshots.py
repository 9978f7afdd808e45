"""Take pictures of the window in its states, light and dark, in two sizes, without a display.

    python benchmarks/screenshots.py --out DIR [--readme] [--state NAME ...]

Without --readme the verdicts are hand-made samples that show the layout of every outcome; nobody
measured them. With --readme the program itself is set up and scans emulated samples, and only the
pictures of the README are written.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = ((1366, 768), (1920, 1080))
STATION = {
    "station": "Airport North, lane 4", "place": "Airport North", "code": "AN4",
    "person": "A. Officer", "name": "officer", "password": "seven green herons wade",
    "again": "seven green herons wade",
}  # fmt: skip
NOTE = (
    "128 materials, reconstructed from published band positions; none was measured by this "
    "program.\nIt gives leads only, never a match and never evidence.\nNot in it, so it cannot "
    "name them: cocaine, heroin, MDMA, ketamine, fentanyl and its relatives, nitazenes, "
    "cathinones, synthetic cannabinoids, BMK, PMK."
)


def load_samples():
    path = ROOT / "tests" / "app" / "window_samples.py"
    spec = importlib.util.spec_from_file_location("window_samples", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sample_use_cases(samples, release):
    """Return use cases that answer with hand-made verdicts; a scan stands still half-way."""
    from matching.errors import SpectrumError
    from spectra_app.services.desk import desk_use_cases

    def identify(path):
        if path.stem not in samples.ALL:
            raise SpectrumError(
                "the axis is not increasing after point 812 (1402.5 -> 1401.9 cm-1)",
                f"{path.name}, line 831",
                "check that the right column is taken as the Raman shift axis",
            )
        return (samples.ALL[path.stem](),)

    def scan(_name, tell, _stop):
        tell(0.4, "Exposure 2 of 5, 1000 ms each; the laser is emulated")
        release.wait(30)
        return samples.long_name()

    return replace(
        desk_use_cases(None, lambda _what, _where: None),
        identify_file=identify,
        scan_emulated=scan,
        emulated_samples=("Paracetamol tablet", "Caffeine and lactose", "Acetone"),
        library_title=lambda: "Starter library 1.0 - 128 reconstructed entries",
        library_note=lambda: NOTE,
        work_out_limits=None,
    )


def show(app, use_cases, theme, size):
    """Return the window as somebody sees it who only looks around."""
    from spectra_app.services.office import open_office
    from spectra_app.ui.look import Look
    from spectra_app.ui.shell import Shell

    window = Shell(lambda: use_cases, open_office, Look("en", theme))
    window.resize(*size)
    window.show()
    wait_until_idle(app, window)
    window.entrance.around.click()
    return window


def end(app, window):
    window.close()
    while window.isVisible():
        settle(app, 0.1)
    window.deleteLater()
    settle(app, 0.1)


def settle(app, seconds=0.4):
    """Let the window work and paint for a moment."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
    app.processEvents()


def wait_until_idle(app, window):
    while window.lane.busy or not window.records.lane.idle:
        settle(app, 0.1)
    settle(app, 0.1)


def picture(window, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not window.grab().save(str(path), "PNG"):
        raise SystemExit(f"{path}: the picture could not be written")
    print(path, path.stat().st_size // 1024, "KB")


def take(app, state, theme, size, out):
    from PySide6.QtGui import QCursor

    release = threading.Event()
    samples = load_samples()
    window = show(app, sample_use_cases(samples, release), theme, size)
    bench = window.workbench
    if state == "scanning":
        bench.scan_emulated()
        settle(app, 0.6)
    elif state != "empty":
        others = [name for name in ("lead", "inconclusive", "mixture") if name != state]
        bench.open_files([Path(f"{name}.csv") for name in [state, *others]])
        wait_until_idle(app, window)
    QCursor.setPos(size[0] - 3, size[1] - 3)
    settle(app, 0.2)
    picture(window, out / f"{state}-{theme}-{size[0]}x{size[1]}.png")
    release.set()
    end(app, window)


def readme(app, out):
    """Take the pictures of the workbench in the README, with an empty data folder."""
    from PySide6.QtGui import QCursor

    from spectra_app.reports.render_qt import render_pdf
    from spectra_app.services.desk import desk_use_cases

    for theme in ("light", "dark"):
        with tempfile.TemporaryDirectory() as home:
            os.environ["SPECTRA_HOME"] = home
            window = show(app, desk_use_cases(None, render_pdf), theme, SIZES[0])
            bench = window.workbench
            for sample in (0, 2, 4):
                wait_until_idle(app, window)
                bench.bar.sample.setCurrentIndex(sample)
                bench.scan_emulated()
            wait_until_idle(app, window)
            bench.scans.list.setCurrentRow(0)
            QCursor.setPos(SIZES[0][0] - 3, SIZES[0][1] - 3)
            settle(app)
            picture(window, out / f"window-{theme}.png")
            end(app, window)


def parcel(app, out):
    """Take the picture of the officer's screen: an emulated parcel, from set-up to verdict."""
    from spectra_app.reports.render_qt import render_pdf
    from spectra_app.services.desk import desk_use_cases
    from spectra_app.services.office import open_office
    from spectra_app.ui.look import Look
    from spectra_app.ui.shell import Shell

    with tempfile.TemporaryDirectory() as home:
        os.environ["SPECTRA_HOME"] = home
        window = Shell(lambda: desk_use_cases(None, render_pdf), open_office, Look("en", "light"))
        window.resize(*SIZES[0])
        window.show()
        wait_until_idle(app, window)
        for key, text in STATION.items():
            window.entrance.first.rows[key][1].setText(text)
        window.entrance.first.go.click()
        wait_until_idle(app, window)
        desk, screen = window.analyser, window.officer
        desk.open_panel()
        wait_until_idle(app, window)
        desk.panel.form.choose("emulated-785", emulated=True)
        desk.panel.form.connect_button.click()
        wait_for(app, lambda: screen.message.key == "officer.unchecked")
        desk.panel.hide()
        screen.message.action.click()
        wait_for(app, lambda: screen.message.key == "officer.check_passed")
        screen.item.number.setText("RR473829103CN")
        screen.item.declared.setText("vitamin C")
        screen.item.number.returnPressed.emit()
        screen.scan.click()
        wait_for(app, lambda: bool(window.flow.parcel.scans) and not window.flow.parcel.waiting)
        settle(app)
        picture(window, out / "parcel-light.png")
        end(app, window)


def wait_for(app, condition, seconds=120.0):
    ends = time.monotonic() + seconds
    while not condition():
        settle(app, 0.05)
        if time.monotonic() > ends:
            raise SystemExit("it did not happen")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--readme", action="store_true", help="only the README's pictures")
    parser.add_argument("--state", nargs="*", help="only these states")
    parser.add_argument("--small", action="store_true", help="only 1366x768")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path.insert(0, str(ROOT))
    from spectra_app.ui.start import make_application

    app = make_application()
    if options.readme:
        parcel(app, options.out)
        readme(app, options.out)
        return
    home = tempfile.TemporaryDirectory()
    os.environ["SPECTRA_HOME"] = home.name
    states = options.state or ["empty", "scanning", "error", *load_samples().ALL]
    for state in states:
        for theme in ("light", "dark"):
            for size in SIZES[:1] if options.small else SIZES:
                take(app, state, theme, size, options.out)


if __name__ == "__main__":
    main()
