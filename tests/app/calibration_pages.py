"""Pages of calibration, live view, charts and analysers for the measuring walk."""

from __future__ import annotations

from PySide6.QtCore import Qt

from spectra_app.services.fleet import ControlChart, FleetRow, InstrumentHistory, Point
from spectra_app.services.instrument_state import InstrumentState
from spectra_app.ui.supervisor.fleet_page import FleetPage
from spectra_app.ui.technician.area import Bench
from spectra_app.ui.technician.calibration_page import STEPS, CalibrationPage
from spectra_app.ui.technician.charts_page import ChartsPage
from spectra_app.ui.technician.live_page import LivePage

READY = InstrumentState(
    phase="ready", model="WP-785X-ER", serial="WP-01990", emulated=True, laser="off",
    temperature_c=-14.9, calibration="missing",
)  # fmt: skip
TIMES = [f"2026-11-{day:02}T08:00:00+00:00" for day in range(1, 13)]
ROWS = [
    FleetRow(f"WP-{number}", "WP-785X-ER", number == 1, state, "", TIMES[0], "", TIMES[5], True)
    for number, state in enumerate(("ready", "due", "out", "never", "elsewhere"))
]  # fmt: skip
POINTS = tuple(
    Point(time, 0.1 * number, "0" * 64, "out" if number > 10 else "warning", (1, 2))
    for number, time in enumerate(TIMES)
)
CHART = ControlChart("offset", "cm-1", POINTS, -1.5, 1.5, 0.1, -0.3, 0.5, TIMES[0])


def calibration_pages(shell):
    """Yield name and window of each page."""
    bench = Bench(shell._use_cases(), shell.lane, shell.analyser, shell.records)
    wizard = _shown(shell, CalibrationPage(shell.look, bench))
    for row in (0, 10):
        wizard.standards.list.item(row).setCheckState(Qt.CheckState.Checked)
    for name in STEPS:
        wizard.stack.setCurrentIndex(STEPS.index(name))
        wizard.measure.show_state(READY)
        wizard.analyser.show_state(READY)
        yield f"calibration {name}", shell
    wizard.stack.setCurrentWidget(wizard.measure)
    wizard.measure.begin("polystyrene")
    yield "calibration measuring", shell
    live = _shown(shell, LivePage(shell.look, bench))
    for state in (InstrumentState(), READY):
        live.show_state(state)
        yield f"live {state.phase}", shell
    charts = _shown(shell, ChartsPage(shell.look, bench))
    charts._show(ROWS)
    charts.chart.show_charts("WP-0", (CHART,), emulated=True)
    yield "charts", shell
    fleet = _shown(shell, FleetPage(shell.look, shell.records))
    fleet.fleet = ROWS
    fleet._fill()
    fleet.tabs.setVisible(True)
    fleet.history = InstrumentHistory(ROWS[0], (CHART,), (), 5, 1), []
    fleet._fill_history()
    for tab in range(fleet.tabs.count()):
        fleet.tabs.setCurrentIndex(tab)
        yield f"fleet {tab}", shell
    for page in (wizard, live, charts, fleet):
        shell.pages.removeWidget(page)
        page.deleteLater()


def _shown(shell, page):
    shell.pages.addWidget(page)
    shell.look.wear(page)
    shell.pages.setCurrentWidget(page)
    return page
