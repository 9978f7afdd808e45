"""The technician's workspace in every view, for the measure of all pages."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from spectra_app.ui.scans import done_entry
from spectra_app.ui.technician.curves import LAYOUTS


def examine_pages(shell, samples):
    """Show every view of two spectra, the clean-up with each of its steps, and the peaks."""
    bench = shell.workbench
    shell.pages.setCurrentWidget(shell.technician)
    shell.technician.stack.setCurrentWidget(bench)
    entries = [done_entry(samples.ALL[name]()) for name in ("match", "mixture")]
    for entry in entries:
        bench.scans.add(entry)
    bench.scans.choose(entries[0])
    for entry in bench.scans.entries:
        bench.scans.tick(entry, on=entry in entries)
    settle(bench)
    for layout in LAYOUTS:
        bench.centre.show_view(layout)
        yield f"examine {layout}", shell
    bench.centre.several.choose_range(980, 1040)
    yield "examine range", shell
    bench.arrangement.docks["cleanup"].come()
    bench.arrangement.docks["peaks"].come()
    settle(bench)
    panel = bench.examination.panel
    for kind in ("crop", "snip", "smooth", "derivative"):
        panel._on_add(kind)
        settle(bench)
        yield f"examine clean-up {kind}", shell
    panel.edits.begin(panel.preset("identified"))
    entry = bench.show_reference("Caffeine", entries[0].drawable, "reconstructed")
    bench.scans.choose(entry)
    bench.arrangement.docks["verdict"].come()
    settle(bench)
    yield "examine reference", shell
    bench.centre.several.tools.show_range(on=False)
    bench.centre.show_view("compared")
    bench.scans.choose(entries[0])


def settle(bench):
    """Wait until everything is worked out."""
    while not bench.examination.sums.idle:
        QApplication.processEvents()
