"""Pages to be measured: the steps of the first run, About, finding, help, and faults."""

from __future__ import annotations

from pathlib import Path

from matching.errors import SpectraError
from spectra_app.records.access import User
from spectra_app.services.about import About
from spectra_app.ui.about import AboutDialog
from spectra_app.ui.crash import CrashDialog
from spectra_app.ui.finder import Finder
from spectra_app.ui.help_window import HelpWindow, contents
from spectra_app.ui.lane import Lane
from spectra_app.ui.records_desk import Standing

FACTS = (("name", "Starter library"), ("sha256", "0123456789abcdef" * 4))
LEFT = [Path("/data/spectra/crashes/c.txt")]
WRONG = SpectraError("the window met something it does not know: 'laser'", "", "go on")


def pages(shell):
    """Yield each page with its name, and close what was opened for it."""
    form = shell.entrance.first
    shell.entrance.show_standing(Standing(opened=True))
    shell.pages.setCurrentWidget(shell.entrance)
    for step in range(4):
        form._show(step)
        yield f"first run {step}", shell
    form.show_trouble(WRONG)
    yield "first run, trouble", shell
    form.show_trouble(None)
    form._show(0)
    given = User(id="u2", login="o", name="The officer", role="officer", must_change=True)
    shell.entrance.show_standing(Standing(opened=True, begun=True, user=given))
    yield "a password that was given", shell
    shell.entrance.renew.show_trouble(WRONG)
    yield "a password that was given, trouble", shell
    shell.entrance.show_standing(Standing(opened=True))
    found = About(FACTS, "0" * 64, FACTS, FACTS, FACTS, FACTS, Path("/data/spectra"))
    lane = Lane(shell)
    for name, made in (
        ("about", lambda: AboutDialog(shell, shell.look, lambda: found, lane)),
        ("find", lambda: Finder(shell, shell.look, shell.everywhere.choices())),
        ("fault", lambda: CrashDialog(shell, shell.look, "problem.fault", WRONG, "x", kept=[])),
        ("left", lambda: CrashDialog(
            shell, shell.look, "crash.left", WRONG, "", kept=LEFT)),
    ):  # fmt: skip
        dialog = made()
        dialog.show()
        yield name, dialog
        dialog.close()
    lane.close(5000)
    helping = HelpWindow(shell, shell.look)
    for topic in contents()["topics"]:
        helping.open_at(topic)
        yield f"help {topic}", helping
    helping.close()
