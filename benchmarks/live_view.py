"""Print how often the live view draws, and how long the window's input had to wait meanwhile.

    python -m benchmarks.live_view [--seconds 10] [--family emulated-785]

The whole way is measured: an emulated analyser of 2,048 points, its session's thread, the newest
frame, the queued signal, the panel's plot, painted off the screen. Input is an event that another
thread posts to the panel every 10 ms, as a key or the mouse would be.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from itertools import pairwise
from statistics import median

MOST_INTERVAL_MS = 50.0
MOST_WAIT_MS = 100.0


def watch(panel, times, waits, done):
    """Note when the plot was painted, and how long posted events waited."""
    from PySide6.QtCore import QCoreApplication, QEvent, QObject

    kind = QEvent.Type(QEvent.registerEventType())

    class Stamped(QEvent):
        def __init__(self):
            super().__init__(kind)
            self.posted = time.perf_counter()

    class Watcher(QObject):
        def __init__(self):
            super().__init__()
            self.drawn = 0

        def eventFilter(self, _watched, event):  # noqa: N802 - the name is of Qt
            if event.type() == QEvent.Type.Paint and panel.plot.drawn != self.drawn:
                self.drawn = panel.plot.drawn
                times.append(time.perf_counter())
            return False

        def event(self, event):
            if event.type() == kind:
                waits.append(time.perf_counter() - event.posted)
                return True
            return super().event(event)

    watcher = Watcher()
    panel.plot.widget.viewport().installEventFilter(watcher)

    def post():
        while not done.wait(0.01):
            QCoreApplication.postEvent(watcher, Stamped())

    threading.Thread(target=post, name="input", daemon=True).start()
    return watcher


def wait_for(condition, seconds=60.0):
    from PySide6.QtCore import QCoreApplication, QEventLoop

    ends = time.monotonic() + seconds
    while not condition():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        if time.monotonic() > ends:
            raise SystemExit("it did not happen")


def measure(family, seconds):
    """Return the frame numbers shown, the intervals and the waits (seconds)."""
    from spectra_app.reports.render_qt import render_pdf
    from spectra_app.services.desk import desk_use_cases
    from spectra_app.services.office import open_office
    from spectra_app.ui.look import Look
    from spectra_app.ui.shell import Shell
    from spectra_app.ui.start import make_application

    app = make_application()
    window = Shell(lambda: desk_use_cases(None, render_pdf), open_office, Look())
    window.resize(1024, 768)
    window.show()
    window.analyser.open_panel()
    panel, desk = window.analyser.panel, window.analyser
    wait_for(lambda: not window.lane.busy)
    panel.form.choose(family, emulated=True)
    panel.form.connect_button.click()
    wait_for(lambda: panel.scan.isEnabled() and desk.state.phase == "ready")
    times, waits, done = [], [], threading.Event()
    panel.live.click()
    wait_for(lambda: panel.plot.drawn > 5)
    points = panel.plot.curve.getData()[0].size
    first = panel.plot.number
    watcher = watch(panel, times, waits, done)
    ends = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > ends, seconds + 60.0)
    done.set()
    shown, made = len(times), panel.plot.number - first
    window.close()
    wait_for(lambda: not window.isVisible())
    del watcher, app
    return points, shown, made, [b - a for a, b in pairwise(times)], waits


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--family", default="emulated-785")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["SPECTRA_HOME"] = home
        points, shown, made, intervals, waits = measure(options.family, options.seconds)
    if not intervals or not waits:
        raise SystemExit("nothing was drawn")
    interval, longest = 1000.0 * median(intervals), 1000.0 * max(waits)
    print(f"points drawn per frame      {points:8d}  (downsampling off)")
    print(f"frames measured, drawn      {made:8d} {shown}")
    print(f"interval between frames     {interval:8.1f} ms median, {MOST_INTERVAL_MS:g} wanted")
    print(f"longest interval            {1000.0 * max(intervals):8.1f} ms")
    print(f"input waited, median        {1000.0 * median(waits):8.2f} ms")
    print(f"input waited, longest       {longest:8.1f} ms, {MOST_WAIT_MS:g} allowed")
    return 0 if interval <= MOST_INTERVAL_MS and longest <= MOST_WAIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
