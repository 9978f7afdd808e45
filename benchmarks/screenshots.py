"""Take pictures of every screen, in all languages, themes and sizes, without a display.

    python benchmarks/screenshots.py [--out screenshots] [--only WORD ...] [--singles]
    python benchmarks/screenshots.py --readme [--out docs/images]

Every screen (`benchmarks.screens`) is written as a picture of its own in English, light, 1366x768
and in Arabic, dark, 1024x768; all other languages, themes and sizes stand on contact sheets, and
so does a scale of 200 %, which a process of its own takes. Screens whose name begins with "state-"
show hand-made answers that nobody measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = ((1366, 768), (1024, 768), (1920, 1080))
LANGUAGES, THEMES = ("en", "fr", "es", "ar"), ("light", "dark", "contrast")
SINGLE = (("en", "light", SIZES[0]), ("ar", "dark", SIZES[1]))
SCALED = "2"
DRESSING_S = 0.12  # until all of a window is painted in another theme
COLUMNS, ROWS, THUMB = 6, 6, (340, 255)
STATION = {
    "station": "Airport North, lane 4", "place": "Airport North", "code": "AN4",
    "person": "A. Officer", "name": "officer", "password": "seven green herons wade",
    "again": "seven green herons wade",
}  # fmt: skip


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


def settle(_app, seconds=0.4):
    """Let the window work and paint for a moment."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
    settle_now()


def wait_until_idle(app, window):
    while window.lane.busy or not window.records.lane.idle:
        settle(app, 0.1)
    settle(app, 0.1)


def picture(window, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not window.grab().save(str(path), "PNG"):
        raise SystemExit(f"{path}: the picture could not be written")
    print(path, path.stat().st_size // 1024, "KB")


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
        window.show_area("officer")  # a supervisor begins at the board
        wait_for(app, lambda: window.pages.currentWidget() is window.officer)
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


# --- every screen ---------------------------------------------------------------------------------


class Album:
    """Takes each screen in every form, keeps the singles and lays out the others on sheets.

    Parameters
    ----------
    out : Path
        Folder for the pictures.
    forms : sequence of (str, str, (int, int))
        Languages, themes and sizes.
    only : sequence of str
        Words of which a name has to hold one; all are taken when there is none.
    """

    def __init__(self, out, forms, only=()):
        self.out, self.forms, self.only = out, forms, only
        self.sheets = {form: [] for form in forms if form not in SINGLE}

    def take(self, shell, name, widget):
        """Take a screen in every form."""
        if self.only and not any(word in name for word in self.only):
            return
        print(name, flush=True)
        for language, theme, size in self.forms:
            shell.resize(*size)  # first: panels are divided anew with the direction of reading
            settle_now()
            if language != shell.look.texts.language:
                shell.look.speak(language)
            if theme != shell.look.choice:
                shell.look.dress(theme)
                settle(None, DRESSING_S)
            for _round in range(3):  # heights follow widths, and other heights these
                settle_now()
            form = (language, theme, size)
            if form in SINGLE:
                keep(widget.grab(), self.out / called(form) / f"{name}.png")
            else:
                self.sheets[form].append((name, small(widget.grab())))

    def write_sheets(self):
        """Write the contact sheets."""
        for form, pictures in self.sheets.items():
            for first in range(0, len(pictures), COLUMNS * ROWS):
                number = first // (COLUMNS * ROWS) + 1
                path = self.out / "sheets" / f"{called(form)}-{number}.png"
                keep(sheet(pictures[first : first + COLUMNS * ROWS]), path)


def called(form):
    language, theme, (width, height) = form
    scale = "-200" if os.environ.get("QT_SCALE_FACTOR") == SCALED else ""
    return f"{language}-{theme}-{width}x{height}{scale}"


def settle_now():
    from PySide6.QtWidgets import QApplication

    QApplication.processEvents()


def keep(pixmap, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not pixmap.save(str(path), "PNG"):
        raise SystemExit(f"{path}: the picture could not be written")


def small(pixmap):
    """Return a picture that fits its place on a sheet."""
    from PySide6.QtCore import Qt

    pixmap.setDevicePixelRatio(1.0)
    return pixmap.scaled(
        *THUMB, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def sheet(pictures):
    """Return a contact sheet: small pictures, each with its name."""
    from PySide6.QtCore import QRect, Qt
    from PySide6.QtGui import QImage, QPainter

    width, height = THUMB[0] + 8, THUMB[1] + 26
    rows = -(-len(pictures) // COLUMNS)
    image = QImage(COLUMNS * width, rows * height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    for place, (name, picture) in enumerate(pictures):
        left, top = place % COLUMNS * width, place // COLUMNS * height
        painter.drawPixmap(left, top, picture)
        painter.drawText(QRect(left, top + THUMB[1], width, 22), 0, name)
    painter.end()
    return image


def forms(options):
    """Return the forms that are asked for; the large scale is taken in one theme only."""
    if os.environ.get("QT_SCALE_FACTOR") == SCALED:
        return [(language, "light", SIZES[1]) for language in LANGUAGES]
    return list(SINGLE) if options.singles else list(product(LANGUAGES, THEMES, SIZES))


def every_screen(app, options):
    """Walk through the program and take every screen."""
    from benchmarks import screens, screens_deep
    from benchmarks.window_driving import window

    album = Album(options.out, forms(options), options.only)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files = screens.scans_in(folder / "scans")
        for home, walks in (
            ("empty", (screens.first_day,)),
            ("filled", (
                screens.officer, lambda driver: screens.technician(driver, files),
                screens.supervisor,
                lambda driver: screens_deep.technician(driver, folder),
                lambda driver: screens_deep.supervisor(driver, folder),
            )),
            ("states", (screens.states,)),
        ):  # fmt: skip
            if home == "filled":
                screens.fill(folder / home)
            with window(app, folder / home) as driver:
                driver.until(lambda one=driver: one.shell.parts.warm)
                driver.rest()
                for name, widget in (one for walk in walks for one in walk(driver)):
                    album.take(driver.shell, name, widget)
                driver.shell.look.speak("en")
    album.write_sheets()


def at_a_larger_scale(options):
    """Take everything once more at 200 %: a scale is chosen before Qt starts."""
    asked = [sys.executable, str(Path(__file__)), "--out", str(options.out)]
    asked += ["--only", *options.only] if options.only else []
    subprocess.run(asked, check=True, env={**os.environ, "QT_SCALE_FACTOR": SCALED})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "screenshots", help="folder to write")
    parser.add_argument("--readme", action="store_true", help="only the README's pictures")
    parser.add_argument("--singles", action="store_true", help="no contact sheets")
    parser.add_argument("--only", nargs="*", default=[], help="only screens with such a word")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path.insert(0, str(ROOT))
    from spectra_app.ui.start import make_application

    app = make_application()
    if options.readme:
        parcel(app, options.out)
        readme(app, options.out)
        return
    every_screen(app, options)
    if not options.singles and "QT_SCALE_FACTOR" not in os.environ:
        at_a_larger_scale(options)


if __name__ == "__main__":
    main()
