"""Every text of the window is a key in all languages: no sentence stands in a file of `ui`."""

from __future__ import annotations

import ast
import re

import pytest

from spectra_app.ui.look import LANGUAGES, window_texts

SAYS = {
    "setText", "set_text", "setWindowTitle", "setToolTip", "setPlaceholderText", "setTitle",
    "setAccessibleName", "setAccessibleDescription", "setSuffix", "setPrefix", "setIconText",
    "setSpecialValueText", "setStatusTip", "setWhatsThis", "showMessage", "addItem", "addItems",
    "setItemText", "addTab", "setTabText", "setHeaderLabels", "setInformativeText", "addRow",
    "setHtml", "setPlainText", "setLabel",
    "QLabel", "QPushButton", "QAction", "QCheckBox", "QRadioButton", "QGroupBox", "QMenu",
    "QPlainTextEdit", "QTextEdit", "QToolButton", "QDockWidget", "ElidedLabel", "QListWidgetItem",
    "getOpenFileName", "getOpenFileNames", "getSaveFileName", "getExistingDirectory",
}  # fmt: skip
KEYED = {"say", "word", "partial", "_on_view", "property", "get"}
NAMES = {"Spectra", "left", "bottom", "PDF (*.pdf)", "mm", "nm"}
"""What is the same in every language, and the names that pyqtgraph gives to its axes."""


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _read(node: ast.AST):
    """Yield the string constants that a person would read in an argument."""
    if isinstance(node, ast.Call) and _name(node) in KEYED:
        return
    if isinstance(node, ast.Compare | ast.Subscript):
        return
    if isinstance(node, ast.IfExp):
        children = [node.body, node.orelse]
    else:
        children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in children:
        yield from _read(child)


def _sentences(tree: ast.Module):
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or _name(call) not in SAYS:
            continue
        whole = " ".join(text for part in call.args for text in _read(part))
        plain = re.sub(r"<[^>]*>|&\w+;", " ", whole)
        left = [word for word in (plain, *plain.split("  ")) if word.strip() in NAMES]
        for word in left:
            plain = plain.replace(word, " ")
        if re.search(r"[^\W\d_]{2}", plain):
            yield call.lineno, plain.strip()


def test_the_search_finds_what_a_person_would_read():
    found = _sentences(
        ast.parse(
            'a.setText("Open it")\nb.setToolTip(f"about {n} s")\nc = QLabel("x" if y else "Go")\n'
            'd.setText(say("bar.open"))\ne.setObjectName("panel")\nf.setText(f"<b>{x}</b>&nbsp;")\n'
            'g.setText(say("a.b" if c == "ready" else "a.c"))\nh = QLabel("Spectra")\n'
        )
    )
    assert [line for line, _words in found] == [1, 2, 3]


def test_no_sentence_stands_in_a_file_of_the_window(sources):
    found = [
        f"{source.where}:{line}: {words}"
        for source in sources
        if source.module.startswith("spectra_app.ui")
        for line, words in _sentences(source.tree)
    ]
    assert found == []


def test_every_text_that_is_said_is_there(sources):
    texts = window_texts("en").texts
    missing = []
    for source in sources:
        if not source.module.startswith("spectra_app.ui"):
            continue
        for call in ast.walk(source.tree):
            if not isinstance(call, ast.Call) or _name(call) != "say" or not call.args:
                continue
            key = call.args[0]
            said = [key.body, key.orelse] if isinstance(key, ast.IfExp) else [key]
            missing += [
                f"{source.where}:{call.lineno}: {one.value}"
                for one in said
                if isinstance(one, ast.Constant) and one.value not in texts
            ]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_text_and_says_who_read_it(language):
    texts = window_texts(language)  # refuses another set of keys, or of values to fill in
    assert texts.review.state == ("original" if language == "en" else "unreviewed")
    empty = [key for key, text in texts.texts.items() if not text.strip()]
    assert empty == []


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_sentences_are_translated(language):
    english, texts = window_texts("en").texts, window_texts(language).texts
    same = [key for key, text in english.items() if texts[key] == text and len(text.split()) > 3]
    assert [key for key in same if "{" not in english[key]] == []
