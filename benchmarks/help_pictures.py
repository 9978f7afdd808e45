"""Take the pictures of the help from the program itself, in every language, without a display.

    python benchmarks/help_pictures.py [--language en ...] [--out resources/help]

A station is set up, an emulated analyser is connected and checked, a sample is scanned and a few
verdicts are laid out by hand for the board; the pictures are small, with few colours.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 620  # pixels of a picture
COLOURS = 128
WORDS = "seven green herons wade"
NUMBER = "RR473829103CN"


def until(condition, seconds=90):
    from PySide6.QtTest import QTest

    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("the window did not come so far")
        QTest.qWait(20)
    QTest.qWait(150)


def keep(widget, path):
    """Write a picture of a widget in the width of the help, in its 128 most frequent colours."""
    import numpy as np
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage

    path.parent.mkdir(parents=True, exist_ok=True)
    whole = widget.grab().toImage()
    if whole.width() > WIDTH:
        whole = whole.scaledToWidth(WIDTH, Qt.TransformationMode.SmoothTransformation)
    whole = whole.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(whole.constBits(), np.uint32).reshape(whole.height(), -1)
    rough, counts = np.unique(flat & 0xFFF8F8F8, return_counts=True)
    table = [int(colour) for colour in rough[np.argsort(-counts)][:COLOURS]]
    if not whole.convertToFormat(QImage.Format.Format_Indexed8, table).save(str(path), "PNG"):
        raise SystemExit(f"{path}: the picture could not be written")
    print(path, path.stat().st_size // 1024, "KB")


def cases_for_the_board(office):
    """Put hand-made cases into the records, all marked as emulated."""
    from spectra_app.records.kinds import Case, IssuedReport, Item, Scan

    rows = (
        (1, "issued", "controlled", ("Amphetamine",)), (2, "issued", "benign", ("Caffeine",)),
        (3, "countersigned", "precursor", ("BMK",)),
    )  # fmt: skip
    with office.ledger.writing("u1") as writing:
        for number, state, alarm, names in rows:
            case, item, scan = (f"AN4-2026-{number:04}{end}" for end in ("", "/1", "/1/S1"))
            day = "2026-11-21T08:30:00Z"
            writing.put(Case(id=case, title="Parcel", officer="u1", opened_at=day), "put")
            writing.put(Item(id=item, case=case, description="powder"), "put")
            writing.put(
                Scan(
                    id=scan, case=case, item=item, state="filed", outcome="match",
                    result="0" * 64, scanned_by="u1", scanned_at=day, alarm=alarm, names=names,
                    emulated=True,
                ),
                "put",
            )  # fmt: skip
            writing.put(
                IssuedReport(
                    id=f"{item}-R1", case=case, item=item, scans=(scan,), state=state,
                    issued_by="u1", issued_at=day,
                    countersigned_at=day if state == "countersigned" else "",
                ),
                "put",
            )  # fmt: skip


def take(language, out):  # noqa: PLR0915  one walk through the program
    """Take all pictures of one language."""
    from PySide6.QtGui import QGuiApplication

    from spectra_app.reports.render_qt import render_pdf
    from spectra_app.services.desk import desk_use_cases
    from spectra_app.services.office import open_office
    from spectra_app.ui.look import Look
    from spectra_app.ui.shell import Shell

    window = Shell(lambda: desk_use_cases(None, render_pdf), open_office, Look(language, "light"))
    window.resize(1024, 700)
    window.show()
    until(lambda: window.parts.warm and window.records.lane.idle and not window.lane.busy)
    window.entrance.first.go_to(1)
    until(lambda: window.entrance.first.step == 1)
    keep(window, out / "entrance.png")
    begin(window)
    window.show_area("officer")
    desk, screen = window.analyser, window.officer
    desk.open_panel()
    until(lambda: not window.lane.busy)
    desk.panel.form.choose("emulated-785", emulated=True)
    desk.panel.form.connect_button.click()
    until(lambda: screen.message.key == "officer.unchecked" and not window.lane.busy)
    keep(desk.panel, out / "analyser.png")
    desk.panel.hide()
    screen.message.action.click()
    until(lambda: screen.message.key == "officer.check_passed")
    screen.item.number.setText(NUMBER)
    screen.item.number.returnPressed.emit()
    until(lambda: screen.message.key == "officer.number_known")
    keep(window, out / "parcel.png")
    screen.scan.click()
    until(lambda: bool(window.flow.parcel.scans) and not window.flow.parcel.waiting)
    keep(screen.card, out / "card.png")
    window.resize(1366, 768)
    window.show_area("workbench")
    window.workbench.scan_emulated()
    until(lambda: not window.lane.busy)
    window.workbench.scans.list.setCurrentRow(0)
    until(lambda: window.lane.idle)
    keep(window, out / "workbench.png")
    window.resize(1024, 700)
    with open_office() as office:
        cases_for_the_board(office)
    window.show_area("board")
    window.supervisor.show_page("board").refresh()
    until(lambda: window.records.lane.idle)
    keep(window, out / "board.png")
    window.close()
    until(lambda: not window.isVisible())
    QGuiApplication.processEvents()


def begin(window):
    """Set the station up as somebody does on the first day."""
    typed = {
        "station": "Airport North, lane 4", "place": "Airport North", "code": "AN4",
        "person": "A. Supervisor", "name": "supervisor", "password": WORDS, "again": WORDS,
    }  # fmt: skip
    for key, text in typed.items():
        window.entrance.first.rows[key][1].setText(text)
    window.entrance.first.go.click()
    until(lambda: window.records.standing.user is not None and window.records.lane.idle)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "help")
    parser.add_argument("--language", nargs="*", default=["en", "fr", "es", "ar"])
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path.insert(0, str(ROOT))
    from spectra_app.ui.start import make_application

    make_application()
    for language in options.language:
        with tempfile.TemporaryDirectory() as home:
            os.environ["SPECTRA_HOME"] = home
            take(language, options.out / language)


if __name__ == "__main__":
    main()
