"""Every option that a document names beside a command is one of that command's."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from spectra_app.cli.parser import parser as whole

_COMMAND = re.compile(r"(?:^\$ |`)(?:python -m )?spectra ((?:[^`\n]|\\\n)+)", re.MULTILINE)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")


@cache
def every_command() -> argparse.ArgumentParser:
    """Return the parser of the whole command line, made once."""
    return whole()


def parsers_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands below a parser by their names."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def named(parser: argparse.ArgumentParser, words: list[str]) -> list[argparse.ArgumentParser]:
    """Return the parsers that the words of a command mean; several for ``show|export``."""
    below = parsers_of(parser)
    if not below or not words:
        return [parser]
    names = words[0].split("|")
    if not all(name in below for name in names):
        return []
    return [found for name in names for found in named(below[name], words[1:])]


def wrong(text: str) -> Iterator[str]:
    """Yield what a text says of commands that is not so."""
    for match in _COMMAND.finditer(text):
        line = match[1].partition("  #")[0]
        words = [one for one in line.split() if not one.startswith(("-", "["))]
        found = named(every_command(), words)
        if not found and words[0].isalpha() and words[0].islower():
            yield f"spectra {line}: no such command"
        known = {option for one in found for option in one._option_string_actions}
        for option in _OPTION.findall(line):
            if found and option not in known:
                yield f"spectra {line}: {option}"


def test_options_that_do_not_exist_are_found() -> None:
    assert list(wrong("so: `spectra case list --nothing`")) == [
        "spectra case list --nothing: --nothing"
    ]
    assert list(wrong("$ spectra case list --state open --user sue\n")) == []


def test_every_option_in_the_documents_exists(checkout: Path) -> None:
    papers = [checkout / "README.md", *sorted((checkout / "docs").rglob("*.md"))]
    said = [f"{path.name}: {one}" for path in papers for one in wrong(path.read_text("utf-8"))]
    assert said == []
    assert len(papers) > 10
