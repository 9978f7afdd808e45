"""What the window remembers, by real keys: for each person, on this computer, and never more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from spectra_app.services.remembered import FILE, Remembered, remember, remembered
from spectra_app.settings import data_folder
from spectra_app.ui.memory import Memory


@pytest.fixture
def person(staffed, shell, qtbot):
    """Return a function that logs somebody in by keys, and out who was there."""

    def enter(name):
        if shell.records.standing.user is not None:
            shell.log_out.trigger()
            qtbot.waitUntil(lambda: shell.pages.currentWidget() is shell.entrance, timeout=60_000)
            rest()
        form = shell.entrance.log_in
        form.name.setText(name)
        qtbot.keyClicks(form.password, staffed)
        qtbot.keyClick(form.password, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: shell.pages.currentWidget() is not shell.entrance, timeout=60_000)
        rest()

    def rest():
        qtbot.waitUntil(lambda: shell.records.lane.idle and not shell.lane.busy, timeout=60_000)

    return enter


@pytest.fixture
def memory(shell):
    """Return a memory that listens to the window from its first moment, its parts made before."""
    made = Memory(shell, Remembered())
    for part in ("officer", "workbench", "board"):
        shell.parts.made.emit(part)
    return made


def test_everybody_finds_language_colours_and_page_as_they_left_them(shell, person, memory, qtbot):
    person("supervisor")
    shell.everywhere.go("board", "cases")
    shell.look.speak("fr")
    shell.look.dress("dark")
    person("technician")
    assert shell.look.texts.language == "fr"  # the one used last here
    shell.show_area("workbench")
    shell.look.speak("en")
    shell.look.dress("light")
    person("supervisor")
    qtbot.waitUntil(lambda: shell.supervisor.current == "cases")
    assert (shell.look.texts.language, shell.look.choice) == ("fr", "dark")
    person("technician")
    assert shell.pages.currentWidget() is shell.technician
    assert (shell.look.texts.language, shell.look.choice) == ("en", "light")
    assert memory.now.language == "en"


def test_files_opened_last_are_listed_for_who_opened_them_alone(
    shell, person, memory, qtbot, tmp_path
):
    bench = shell.workbench
    shell.entrance.around.click()
    bench.open_files([tmp_path / "nobody.csv"])
    person("technician")
    shell.show_area("workbench")
    bench.open_files([tmp_path / "match.csv", tmp_path / "lead.csv"])
    qtbot.waitUntil(lambda: not memory.recent.isEmpty())
    names = [action.text() for action in memory.recent.actions() if action.text()]
    assert names == ["lead.csv", "match.csv", "Clear this list"]
    person("supervisor")
    assert memory.recent.isEmpty()
    assert memory.recent.button.menu() is None
    person("technician")
    memory.recent.actions()[0].trigger()
    assert bench.scans.current.title == "lead.csv"
    memory.recent.actions()[-1].trigger()
    qtbot.waitUntil(memory.recent.isEmpty)
    assert "nobody.csv" not in str(memory.now)


def test_it_is_written_beside_and_read_again_with_size_and_panels(shell, person, qtbot):
    memory = Memory(shell, Remembered(), remember)
    for part in ("officer", "workbench", "board"):
        shell.parts.made.emit(part)
    person("technician")
    shell.show_area("workbench")
    qtbot.waitUntil(lambda: "keep.bench.panels" in memory._put_back, timeout=20_000)
    peaks = shell.workbench.arrangement.docks["peaks"]
    peaks.hide()
    shell.look.dress("contrast")
    qtbot.waitUntil((data_folder() / FILE).exists, timeout=20_000)
    memory.save_last()
    known = remembered()
    assert known.theme == "contrast"
    assert known.layout["window"]
    peaks.show()
    Memory(shell, known)._put_back_parts()
    assert peaks.isHidden()
    assert "password" not in json.dumps(Path(data_folder() / FILE).read_text(encoding="utf-8"))


def test_sound_is_remembered_on_this_computer(shell, memory):
    shell.everywhere.actions["sound"].setEnabled(True)  # this computer may have no player
    shell.everywhere.actions["sound"].trigger()
    assert memory.now.sound
    Memory(shell, Remembered())
    assert not shell.everywhere.actions["sound"].isChecked()
