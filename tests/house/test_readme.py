"""The documents say what is true: commands exist, links lead somewhere, code in them runs."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from spectra_app.cli.parser import parser

GUIDES = ("docs/user-guide.md", "docs/day-one.md", "docs/control-lists.md")
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(spectra(?: [^`]+)?)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)


@pytest.fixture(scope="module")
def documents(checkout: Path) -> dict[str, str]:
    """Text of the documents for people, by name."""
    paths = [
        checkout / "README.md",
        checkout / "CONTRIBUTING.md",
        *(checkout / "docs").rglob("*.md"),
    ]
    return {p.relative_to(checkout).as_posix(): p.read_text(encoding="utf-8") for p in paths}


def whole_commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every `spectra ...` line in a code block, as a shell would split them."""
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words = line.removeprefix("$ ")
            if words.startswith("spectra ") and "|" not in words:
                yield shlex.split(words, comments=True)[1:]


def mentions(text: str) -> Iterator[list[str]]:
    """Yield the words of every `spectra ...` in running text."""
    for words in INLINE.findall(FENCE.sub("", text)):
        yield words.split()[1:]


def subcommands(one: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in one._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def unknown_words(words: list[str]) -> list[str]:
    """Return the commands and options among `words` that the parser does not have."""
    here = parser()
    for word in words:
        if word.startswith("--"):
            continue
        below = subcommands(here)
        if not below:
            break
        if word not in below:
            return [word]
        here = below[word]
    options = [word for word in words if word.startswith("--")]
    return [option for option in options if option not in here._option_string_actions]


def test_commands_in_code_blocks_are_accepted_as_they_stand(documents, capsys) -> None:
    found = [
        (name, words)
        for name in ("README.md", *GUIDES)
        for words in whole_commands(documents[name])
    ]
    assert len(found) >= 8
    for name, words in found:
        try:
            parser().parse_args(words)
        except SystemExit:
            pytest.fail(f"{name}: spectra {' '.join(words)}: {capsys.readouterr().err}")


def test_commands_mentioned_in_text_exist(documents) -> None:
    found = [(name, words) for name, text in documents.items() for words in mentions(text)]
    assert len(found) >= 5
    assert [(n, words, odd) for n, words in found if (odd := unknown_words(words))] == []


def test_every_option_named_in_text_exists(documents) -> None:
    known = {"--folder", "--check-system"}  # of the benchmarks and of main.py

    def collect(one: argparse.ArgumentParser) -> None:
        known.update(one._option_string_actions)
        for below in subcommands(one).values():
            collect(below)

    collect(parser())
    prose = {name: FENCE.sub("", documents[name]) for name in ("README.md", "docs/user-guide.md")}
    named = [(name, o) for name, text in prose.items() for o in re.findall(r"`(--[a-z-]+)", text)]
    assert named
    assert [(name, option) for name, option in named if option not in known] == []


@pytest.mark.parametrize(
    ("words", "odd"),
    [("library verfy x.h5", ["verfy"]), ("identify x --jsn", ["--jsn"]), ("batch x --out y", [])],
)
def test_a_wrong_word_would_be_found(words: str, odd: list[str]) -> None:
    assert unknown_words(words.split()) == odd


def anchors(text: str) -> set[str]:
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title in HEADING.findall(text))
    return {title.replace(" ", "-") for title in kept}


def test_every_relative_link_leads_somewhere(documents, checkout: Path) -> None:
    broken, followed = [], 0
    for name, text in documents.items():
        for link in LINK.findall(FENCE.sub("", text)):
            if "://" in link or link.startswith("mailto:"):
                continue
            followed += 1
            place, _, anchor = link.partition("#")
            target = (checkout / name).parent / place if place else checkout / name
            if not target.exists():
                broken.append(f"{name}: {link}")
            elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
                broken.append(f"{name}: {link} (no such heading)")
    assert followed >= 5
    assert broken == []


def test_the_pictures_are_pictures(checkout: Path) -> None:
    for name in ("window-light.png", "window-dark.png"):
        assert (checkout / "docs/images" / name).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_the_system_libraries_are_the_ones_that_are_checked(documents) -> None:
    from spectra_app.system_check import ALWAYS, WAYLAND, X11

    (said,) = [block for block in FENCE.findall(documents["README.md"]) if "apt-get" in block]
    packages = set(said.replace("\\\n", " ").split()) - {"sudo", "apt-get", "install"}
    wanted = {*ALWAYS.values(), *X11.values(), *WAYLAND.values(), "python3-venv"}
    assert packages == wanted
