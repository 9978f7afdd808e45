"""Finding an action and the help, by real keys: for who is here, in the language shown."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QTextDocument

import resources
from spectra_app.ui.finder import Choice, Finder, fitting, folded
from spectra_app.ui.help_window import all_topics, contents, topic_for
from spectra_app.ui.look import LANGUAGES, window_texts
from spectra_app.wording import ALARMS

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("menu langue", "Langue du menu"), ("SPECIMEN", "spécimen"), ("oeuvre", "Œuvre"),
        ("احمد", "أَحْمَد"), ("مكتبه", "المكتبة"), ("espanol", "Español"),
    ],
)  # fmt: skip
def test_words_are_found_in_any_order_without_accents(typed, name):
    assert fitting([Choice(name, "", "", lambda: None)], typed)


def test_a_name_that_begins_so_comes_before_one_that_holds_it():
    choices = [Choice(name, "", "", lambda: None) for name in ("Unlock", "Lock", "Other")]
    assert [one.words for one in fitting(choices, "lock")] == ["Lock", "Unlock"]
    assert fitting(choices, "lock nothing") == []
    assert folded("  ÀB ") == "  ab "


@pytest.fixture
def enter(staffed, shell, qtbot):
    """Return a function that logs a person in by keys."""

    def run(name):
        form = shell.entrance.log_in
        form.name.setText(name)
        qtbot.keyClicks(form.password, staffed)
        qtbot.keyClick(form.password, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: shell.pages.currentWidget() is not shell.entrance, timeout=60_000)
        qtbot.waitUntil(lambda: shell.records.lane.idle, timeout=60_000)

    return run


@pytest.fixture
def find(shell, qtbot):
    """Return a function that presses Ctrl+K and types; gives the list shown."""

    def run(typed):
        shell.activateWindow()
        qtbot.waitUntil(shell.isActiveWindow)
        qtbot.keyClick(shell, Qt.Key.Key_K, CTRL)
        qtbot.waitUntil(lambda: bool(shell.findChildren(Finder)))
        finder = shell.findChildren(Finder)[-1]
        qtbot.keyClicks(finder.field, typed)
        return finder

    return run


def test_a_supervisor_goes_to_a_page_of_another_area_by_words(shell, qtbot, enter, find):
    enter("supervisor")
    shell.show_area("officer")
    finder = find("users")
    assert finder.names[0] == "Users"
    qtbot.keyClick(finder.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shell.supervisor.current == "people")
    assert shell.pages.currentWidget() is shell.supervisor
    qtbot.waitUntil(lambda: shell.records.lane.idle, timeout=60_000)


def test_an_officer_finds_nothing_of_other_roles_and_what_is_on_the_screen(
    shell, qtbot, enter, find
):
    enter("officer")
    finder = find("")
    names = set(finder.names)
    assert not names & {"Users", "Cases", "Board", "Workbench"}
    assert {"Lock the screen", "Français", "Help", "Connect an analyser…"} <= names
    qtbot.keyClicks(finder.field, "francais")
    qtbot.keyClick(finder.field, Qt.Key.Key_Down)
    qtbot.keyClick(finder.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shell.look.texts.language == "fr")


def test_before_the_log_in_only_what_stands_there_is_found(staffed, qtbot, find):  # noqa: ARG001
    finder = find("")
    assert "Log in" in finder.names
    assert not set(finder.names) & {"Log out", "Lock the screen", "Board"}
    qtbot.keyClicks(finder.field, "zzz")
    assert finder.names == []
    assert finder.none.isVisible()
    qtbot.keyClick(finder, Qt.Key.Key_Escape)


# --- the help ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_topics_parts_and_pictures(language):
    folder = resources.path(f"help/{language}")
    topics = contents()["topics"]
    assert {path.stem for path in folder.glob("*.md")} == set(topics)
    for name in topics:
        own, english = (
            (resources.path(f"help/{one}/{name}.md")).read_text(encoding="utf-8")
            for one in (language, "en")
        )
        for pattern in (r"!\[\]\((.*?)\)", r"\{(.*?)\}", r"\]\(([a-z]+)\)", r"^(#+|-|\d\.) "):
            mine = re.findall(pattern, own, re.MULTILINE)
            assert mine == re.findall(pattern, english, re.MULTILINE), (name, pattern)
        for picture in re.findall(r"!\[\]\((.*?)\)", own):
            drawn = picture.partition(":")[2] in ALARMS
            assert drawn or (folder / f"{picture}.png").is_file(), picture
        for link in re.findall(r"[^!]\[[^\]]+\]\((.*?)\)", own):
            assert link in topics


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_help_calls_things_is_what_the_window_calls_them(language):
    topics = all_topics(language, window_texts(language))
    assert not [topic.name for topic in topics if "{" in topic.text]
    assert window_texts(language).texts["officer.scan"] in topics[1].text
    assert len({topic.title for topic in topics}) == len(topics)


def test_pictures_and_texts_of_the_help_are_small():
    total = sum(p.stat().st_size for p in resources.path("help").rglob("*") if p.is_file())
    assert total < 1_500_000


def test_every_place_has_a_topic_and_pages_unknown_to_it_that_of_their_area():
    topics = contents()["topics"]
    assert {topic_for(place) for place in contents()["places"]} <= set(topics)
    assert topic_for("board.something_new") == "supervisor"
    assert topic_for("nowhere") == topics[0]


@pytest.fixture
def press_f1(shell, qtbot):
    """Return a function that presses F1 in the window and gives the help."""

    def run():
        shell.activateWindow()
        qtbot.waitUntil(shell.isActiveWindow)
        qtbot.keyClick(shell, Qt.Key.Key_F1)
        window = shell.everywhere.help_window
        qtbot.waitUntil(window.isActiveWindow)
        return window

    return run


def test_f1_opens_at_the_place_and_leaves_the_window_usable(shell, qtbot, enter, press_f1):
    window = press_f1()
    assert window.current == "start"
    enter("supervisor")
    assert press_f1().current == "supervisor"
    shell.show_area("officer")
    window = press_f1()
    assert window.current == "parcel"
    assert not window.isModal()
    assert window.isVisible()
    qtbot.keyClicks(shell.officer.item.declared, "sugar")
    assert shell.officer.item.declared.text() == "sugar"
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_search_links_back_and_language(shell, qtbot, press_f1):
    window = press_f1()
    qtbot.keyClicks(window.field, "nitazene heroin")
    qtbot.keyClick(window.field, Qt.Key.Key_Return)
    assert window.current == "unseen"
    window.sheet.anchorClicked.emit(QUrl("verdicts"))
    assert "NO LISTING FOUND" in window.sheet.toPlainText()
    qtbot.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: window.current == "unseen")
    window.field.clear()
    assert window.list.count() == len(contents()["topics"])
    item = window.list.item(1)
    where = window.list.visualItemRect(item).center()
    qtbot.mouseClick(window.list.viewport(), LEFT, pos=QPoint(where.x(), where.y()))
    assert window.current == "parcel"
    shell.look.speak("ar")
    assert window.sheet.toPlainText().startswith(window.list.item(1).text())
    qtbot.keyClicks(window.field, "zzz")
    assert window.list.count() == 1
    window.close()


@pytest.mark.parametrize(
    "name", ["http://example.org/x.png", "file:///etc/passwd", "../../LICENSE", "//host/x", "no"]
)
def test_nothing_but_its_own_pictures_is_loaded(shell, press_f1, name):
    del shell
    sheet = press_f1().sheet
    kind = QTextDocument.ResourceType.ImageResource.value
    assert sheet.loadResource(kind, QUrl(name)) is None
    assert sheet.refused == [name]
    assert not sheet.loadResource(kind, QUrl("shape:controlled")).isNull()
    before = sheet.toPlainText()
    sheet.anchorClicked.emit(QUrl(name))
    assert sheet.toPlainText() == before


def test_pictures_follow_the_width_and_headings_do_not_spread(qtbot, press_f1):
    window = press_f1()
    sheet = window.sheet
    for width in (700, 980, 760):
        window.resize(width, 600)
        window.show_topic("verdicts" if width < 980 else "parcel")
        qtbot.waitUntil(lambda: not sheet._later.isActive())
        assert sheet.document().idealWidth() <= sheet.width()
    second = sheet.document().findBlockByNumber(2)
    assert "PRESUMPTIVE" in second.text()
    assert second.blockFormat().headingLevel() == 0
    assert second.begin().fragment().charFormat().fontPointSize() == 0
    window.close()
