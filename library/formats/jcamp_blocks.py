"""JCAMP-DX as text: labelled records, comments, and blocks inside blocks.

A record is a line ``##LABEL= value`` and the lines that follow it; ``$$`` starts a comment. Labels
are equal whatever their case, blanks, ``-``, ``/`` and ``_``. A block runs from ``##TITLE=`` to
``##END=``; a block of the data type LINK holds others (McDonald and Wilks, Appl. Spectrosc. 42
(1988) 151).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from library.errors import DamagedFileError, FileTooLargeError
from library.formats.records import Source
from library.formats.text import EXPORT_AGAIN

MAX_DEPTH = 16  # blocks inside blocks; two are usual
MAX_BLOCKS = 10_000
MAX_OUTER = 200  # records a block inherits from those around it
HEAD_BYTES = 65_536
DATA_LABELS = frozenset(  # whose value is a table
    {"XYDATA", "XYPOINTS", "PEAKTABLE", "DATATABLE", "RADATA", "PEAKASSIGNMENTS"}
)

_SPELLING = re.compile(r"[\s\-/_]")
_LINE_END = re.compile(r"\r\r\n|\r\n|\r|\n")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Record:
    """One labelled data record.

    Parameters
    ----------
    label : str
        In one spelling: ``FIRSTX`` for ``first X`` and ``First_X``.
    written : str
        As the file writes it.
    lines : tuple of str
        Value, without comments: the rest of the first line, then the lines that follow.
    line : int
        1-based number of the first line.
    """

    label: str
    written: str
    lines: tuple[str, ...]
    line: int

    @property
    def value(self) -> str:
        """The whole value, stripped."""
        return "\n".join(self.lines).strip()


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its own records, some of those around it, and what ended it.

    Parameters
    ----------
    records, outer : tuple of Record
        Its own, and the first ones of the blocks it lies in.
    comments : tuple of str
        What stands behind ``$$``.
    line : int
        1-based number of its first line.
    ended : bool
        By its ``##END=`` or by the title of the next block, not by the end of the file.
    first : dict
        The first value of each label that is not empty.
    """

    records: tuple[Record, ...]
    outer: tuple[Record, ...]
    comments: tuple[str, ...]
    line: int
    ended: bool
    first: dict[str, str]

    def text(self, *labels: str) -> str:
        """Return the first value under one of `labels` (in one spelling) that is not empty."""
        return next((self.first[name] for name in labels if name in self.first), "")


@dataclass(slots=True)
class _Open:
    """A block while it is read."""

    line: int
    outer: tuple[Record, ...]
    records: list[Record] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def closed(self, *, ended: bool) -> Block:
        first: dict[str, str] = {}
        for record in self.records:
            if record.label not in DATA_LABELS and record.value:
                first.setdefault(record.label, record.value)
        comments = tuple(self.comments[:MAX_OUTER])
        return Block(tuple(self.records), self.outer, comments, self.line, ended, first)


def begins_with_title(data: bytes) -> bool:
    """Tell whether the first record of the content is ``##TITLE=``."""
    head = data[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    for line in _LINE_END.split(head):
        plain = line.strip()
        if plain and not plain.startswith("$$"):
            return plain.startswith("##") and _spelled(plain[2:].partition("=")[0]) == "TITLE"
    return False


def _spelled(label: str) -> str:
    return _SPELLING.sub("", label).upper()


def jcamp_lines(source: Source) -> tuple[tuple[str, ...], list[str]]:
    """Return the lines of the file and what decoding assumed; stray control bytes are dropped.

    Raises
    ------
    FileTooLargeError
        As `read_source` found.
    """
    if source.lines:
        return source.lines, []
    if isinstance(source.refusal, FileTooLargeError):
        raise source.refusal
    text, dropped = _CONTROL.subn("", source.data.decode("latin-1"))
    notes = ["The file's text was read as Latin-1."]
    if dropped:
        notes.append(f"{dropped} control characters between the text were left out.")
    return tuple(_LINE_END.split(text)), notes


def read_blocks(lines: tuple[str, ...]) -> tuple[tuple[Block, ...], list[str]]:
    """Return the blocks in the order in which they begin, and what had to be left out.

    Raises
    ------
    DamagedFileError
        Blocks inside blocks inside blocks without an end.
    FileTooLargeError
        More blocks than a file of spectra has.
    """
    stack: list[_Open] = []
    done: list[tuple[int, Block]] = []
    outside = 0
    for at, label, written, value in _records(lines):
        if label == "TITLE":
            _check_counts(len(stack), len(done), at)
            stack.append(_Open(at, _inherited(stack[-1]) if stack else ()))
        if not stack:
            outside += _filled(value)
            continue
        if label == "END":
            block = stack.pop()
            done.append((block.line, block.closed(ended=True)))
            outside += 0 if stack else _filled(value[1:])
            continue
        stack[-1].comments += [text for text in map(_comment, value) if text]
        stack[-1].records.append(Record(label, written, tuple(map(_plain, value)), at))
    while stack:
        block = stack.pop()
        done.append((block.line, block.closed(ended=not _is_last(block, done))))
    notes = [f"{outside} lines outside the blocks were not read."] if outside else []
    return tuple(block for _, block in sorted(done, key=lambda item: item[0])), notes


def _is_last(block: _Open, done: list[tuple[int, Block]]) -> bool:
    """Tell whether no block begins after this one: then the end of the file ended it."""
    return not any(line > block.line for line, _ in done)


def _records(lines: tuple[str, ...]) -> Iterator[tuple[int, str, str, list[str]]]:
    """Yield line number, label in one spelling, label as written, and lines of the value."""
    current: tuple[int, str, str, list[str]] | None = None
    for at, line in enumerate(lines, 1):
        plain = line.lstrip()
        name, equals, value = plain[2:].partition("=") if plain.startswith("##") else ("", "", "")
        label = _spelled(name.partition("$$")[0]) if name else ""
        if label and (equals or label == "END"):
            if current:
                yield current
            current = at, label, name.strip(), [value]
        elif current:
            current[3].append(line)
    if current:
        yield current


def _filled(lines: list[str]) -> int:
    """Count the lines that hold more than what transfers leave behind a file's end."""
    return sum(1 for line in lines if line.strip(" \t\x1a\x00ÿ"))


def _plain(line: str) -> str:
    return line.partition("$$")[0].rstrip()


def _comment(line: str) -> str:
    return line.partition("$$")[2].strip()


def _inherited(block: _Open) -> tuple[Record, ...]:
    return (*block.outer, *block.records)[:MAX_OUTER]


def _check_counts(depth: int, blocks: int, line: int) -> None:
    if depth >= MAX_DEPTH:
        raise DamagedFileError(
            f"more than {MAX_DEPTH} blocks lie inside each other", f"line {line}", EXPORT_AGAIN
        )
    if blocks + depth >= MAX_BLOCKS:
        raise FileTooLargeError(
            f"the file holds more than {MAX_BLOCKS:,} blocks", f"line {line}", "split the file"
        )
