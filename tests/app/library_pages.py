"""The technician's pages of libraries, one after the other, for the measuring walk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from matching.errors import SpectraError
from matching.spectrum import Spectrum
from spectra_app.records.identification import ControlAsked, ControlStatus
from spectra_app.services.check_book import KeptCheck, KeptFinding
from spectra_app.services.import_looking import Looked
from spectra_app.services.import_session import Item, Reason, Verdict
from spectra_app.services.library_catalogue import CatalogueRow, EntryRecord, EntryView
from spectra_app.ui.curves import Curve
from spectra_app.ui.technician.area import PAGES
from spectra_app.ui.technician.import_model import Row

AXIS = np.arange(300.0, 1800.0, 2.0)
WAVE = 2.0 + np.sin(AXIS / 40.0)


def page_of(shell, name):
    page = shell.technician.page(name, PAGES[name])
    shell.pages.setCurrentWidget(shell.technician)
    shell.technician.row.show()
    shell.technician.stack.setCurrentWidget(page)
    return page


def entry_view():
    record = EntryRecord(
        "0" * 16, "methamphetamine hydrochloride", cas="51-57-0", family="a family"
    )
    status = ControlStatus("UN 1971", "Schedule II", "2025", "A", edition="2025", read_to="2025-03")
    asked = ControlAsked(("UN", "EU"), "2025-03-01")
    spectrum = Spectrum(AXIS, WAVE, laser_nm=785.0)
    return EntryView(record, spectrum, (), (status,), "controlled", asked, None, ())


def library_pages(shell):
    """Show every page and step of the library's part; give its name and the window."""
    page = page_of(shell, "library")
    rows = [
        CatalogueRow(n, f"{n:016}", "a name", "a family", "measured", "draft", "", "", level, "")
        for n, level in enumerate(("controlled", "precursor", "hazard", "unknown", "benign"))
    ]
    page.model.take(tuple(rows), {})
    page.look_up()
    yield "library nothing chosen", shell
    page.entry.show_entry(entry_view(), ())
    page.work_line.show_progress(0.4, 12)
    yield "library entry", shell
    page.work_line.hide()
    page.editor.show_entry(entry_view().record)
    page.beside.setCurrentIndex(1)
    yield "library editor", shell
    page.beside.setCurrentIndex(0)
    page.views.setCurrentIndex(1)
    yield "library coverage", shell
    page.views.setCurrentIndex(0)
    yield from import_steps(shell)
    page = page_of(shell, "quality")
    finding = KeptFinding("c", "contradiction", "what", "cause", "remedy", (("0" * 16, "a"),))
    page.check = KeptCheck("", "2026-11-22T12:00:00Z", (), (finding,))
    page._filter()
    page.chosen = finding
    page.right.show()
    page._tell_finding()
    page.plot.show_curves([Curve("one", AXIS, WAVE), Curve("other", AXIS, WAVE)])
    yield "quality", shell
    page = page_of(shell, "release")
    for step in range(4):
        page.frame.show_step(step, 3)
        page.frame.stack.setCurrentIndex(step)
        yield f"release {step}", shell


def import_steps(shell):
    page = page_of(shell, "import")
    wrong = SpectraError("the laser line is not stated", "a.csv", "give it")
    page.table.model.take(
        [
            Row(
                Item("/a/b.csv", name="caffeine"),
                verdict=Verdict("contradiction", (Reason("weak", "why"),)),
            ),
            Row(Item("/a/c.csv", name="x"), Looked(Path("c.csv"), error=wrong), who=()),
        ]
    )
    page.table.show_looked(Looked(Path("c.csv"), error=wrong), 0)
    for step in range(5):
        page.frame.show_step(step, 4)
        page._show_step(step)
        yield f"import {step}", shell
    page.table.model.take([])
