"""The ordinates of JCAMP-DX: numbers written out (AFFN, PAC) and squeezed (SQZ, DIF, DUP).

In the forms ``(X++(Y..Y))`` every line begins with an abscissa. Then come ordinates as plain
numbers, or with a letter for sign and first digit: ``@A..Ia..i`` the ordinate itself (SQZ),
``%J..Rj..r`` the difference from the one before (DIF), ``S..Zs`` how often the last item occurs in
all (DUP); ``?`` stands for an ordinate that is not known. All may be mixed in a line. After a line
that ends in a difference the next line begins by repeating the last ordinate, as a check.
An ``E`` after digits is the digit 5 of SQZ, unless a sign follows: then it is an exponent. Where it
follows an ordinate written out (``1.5E2``), which no SQZ writer does, it may be either: refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from library.errors import DamagedFileError, FileTooLargeError, UnsupportedFormError
from library.formats.text import EXPORT_AGAIN, clip
from matching.spectrum import MAX_POINTS, FloatArray

SQZ = {letter: digit for digit, letter in enumerate("@ABCDEFGHI")}
SQZ |= {letter: -digit for digit, letter in enumerate("abcdefghi", 1)}
DIF = {letter: digit for digit, letter in enumerate("%JKLMNOPQR")}
DIF |= {letter: -digit for digit, letter in enumerate("jklmnopqr", 1)}
DUP = {letter: digit for digit, letter in enumerate("STUVWXYZs", 1)}

_TOKEN = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-][0-9]+)?)"
    r"|(?P<sqz>[@A-Ia-i][0-9]*(?:\.[0-9]*)?)"
    r"|(?P<dif>[%J-Rj-r][0-9]*(?:\.[0-9]*)?)"
    r"|(?P<dup>[S-Zs][0-9]*)"
    r"|(?P<missing>\?)"
    r"|(?P<bad>[^ \t,;])"
)
_NOT_SEPARATED = re.compile(r"[^0-9. \n-]|[0-9.-]-")  # digits, points, blanks, signs after blanks
_PLAIN = re.compile(r"[^0-9eE+\-.? \n]")
_SEPARATORS = str.maketrans(",;\t", "   ")
MOST_DIGITS = 300  # of one number; more is no measurement, and Python's own limit is near


@dataclass(slots=True)
class Ordinates:
    """What the lines of one data table hold, while it is read.

    Parameters
    ----------
    values : list of float
        Ordinates before scaling; NaN where the file has ``?``.
    starts : list of (int, str, int)
        For each line the index of its first ordinate, its abscissa as written, its line number.
    failed : list of (int, float)
        Line number and amount of each check that does not agree.
    """

    values: list[float] = field(default_factory=list)
    starts: list[tuple[int, str, int]] = field(default_factory=list)
    failed: list[tuple[int, float]] = field(default_factory=list)


def decode_ordinates(lines: Iterable[tuple[int, str]]) -> Ordinates:
    """Decode the numbered lines of a table of the form ``(X++(Y..Y))``.

    Raises
    ------
    DamagedFileError
        A character, repetition or difference where none can be, with its line.
    FileTooLargeError
        More ordinates than a spectrum has.
    """
    rows = [(number, line) for number, line in lines if line.strip()]
    plain = _plain_ordinates(rows)
    if plain is not None:
        return plain
    decoder = _Decoder()
    for number, line in rows:
        decoder.take(number, line)
    return decoder.found


def _plain_ordinates(rows: list[tuple[int, str]]) -> Ordinates | None:
    """Decode lines of nothing but separated numbers, which is most of them, ten times as fast."""
    if _NOT_SEPARATED.search("\n".join(line for _, line in rows)):
        return None
    found = Ordinates()
    for number, line in rows:
        first, *rest = line.split()
        try:
            float(first)
            values = list(map(float, rest))
        except ValueError:
            return None
        if not values or len(line) > MOST_DIGITS or len(found.values) + len(values) > MAX_POINTS:
            return None  # the slow way knows what to say of it
        found.starts.append((len(found.values), first, number))
        found.values += values
    return found


class _Decoder:
    """The state from one item to the next: the last ordinate, and how it was written."""

    def __init__(self) -> None:
        self.found = Ordinates()
        self._running = math.nan
        self._step: float | None = None  # the last difference; None after an ordinate itself
        self._repeatable = False
        self._check_due = False

    def take(self, number: int, line: str) -> None:
        """Decode one line."""
        self._check_due = self._step is not None
        values, end, items = self.found.values, -1, 0  # end of what a digit may not follow
        written_out = -1  # end of an ordinate without letters
        for match in _TOKEN.finditer(line):
            kind, text = match.lastgroup or "", match.group()
            if len(text) > MOST_DIGITS or (
                kind == "bad" or (kind == "number" and match.start() == end and text[0] not in "+-")
            ):
                raise _damaged(f"{clip(line[match.start() :], 12)!r} is no ordinate", number)
            if match.start() == written_out and text[0] in "Ee":
                raise _either(line[: match.end()].rsplit(maxsplit=1)[-1], number)
            if items == 0:
                self._abscissa(kind, text, number)
            elif kind == "dup":
                self._repeat(text, number)
            else:
                self._ordinate(kind, text, number, first=items == 1)
            if len(values) > MAX_POINTS:
                raise _too_many(number)
            written_out = match.end() if kind == "number" and items else -1
            items, end = items + 1, -1 if kind == "missing" else match.end()
        if items == 1:
            self.found.starts.pop()
            raise _damaged("the line has an abscissa but no ordinate", number)

    def _abscissa(self, kind: str, text: str, number: int) -> None:
        if kind != "number":
            raise _damaged(f"the line begins with {clip(text, 12)!r}, not an abscissa", number)
        at = len(self.found.values) - (1 if self._check_due else 0)
        self.found.starts.append((at, text, number))
        self._repeatable = False

    def _ordinate(self, kind: str, text: str, number: int, *, first: bool) -> None:
        self._repeatable = True
        if kind == "dif":
            if first or math.isnan(self._running):
                raise _damaged(f"the difference {clip(text, 12)!r} follows no ordinate", number)
            self._step = _letters(DIF, text)
            self._running += self._step
            self.found.values.append(self._running)
            return
        value = math.nan if kind == "missing" else _absolute(kind, text)
        self._step = None
        if first and self._check_due:
            apart = abs(value - self._running)
            if apart > 1e-9 * max(abs(value), abs(self._running)):
                self.found.failed.append((number, apart))
            return  # the running value stands; the check is no point of its own
        self._running = value
        self.found.values.append(value)

    def _repeat(self, text: str, number: int) -> None:
        if not self._repeatable:
            raise _damaged(f"the repetition {clip(text, 12)!r} follows no ordinate", number)
        self._repeatable = False
        more = int(_letters(DUP, text)) - 1
        if more + len(self.found.values) > MAX_POINTS:
            raise _too_many(number)
        if self._step is None:
            self.found.values.extend([self._running] * more)
            return
        for _ in range(more):
            self._running += self._step
            self.found.values.append(self._running)


def _letters(table: dict[str, int], text: str) -> float:
    """Return the number whose sign and first digit are a letter of `table`."""
    first = table[text[0]]
    sign = "-" if text[0] in "abcdefghijklmnopqr" else ""
    return float(f"{sign}{abs(first)}{text[1:]}")


def _absolute(kind: str, text: str) -> float:
    return _letters(SQZ, text) if kind == "sqz" else float(text)


def _damaged(what: str, line: int) -> DamagedFileError:
    return DamagedFileError(what, f"line {line}", EXPORT_AGAIN)


def _either(text: str, line: int) -> UnsupportedFormError:
    return UnsupportedFormError(
        f"{clip(text, 24)!r} may be a number with an exponent or two ordinates",
        f"line {line}",
        "export with a sign before exponents (1.5E+2), or without exponents",
    )


def _too_many(line: int) -> FileTooLargeError:
    return FileTooLargeError(
        f"the table holds more than {MAX_POINTS:,} ordinates",
        f"line {line}",
        "check that the file holds one spectrum and not a map",
    )


def decode_pairs(lines: Iterable[tuple[int, str]]) -> FloatArray:
    """Decode the numbered lines of a table of the form ``(XY..XY)``: whole pairs on each line.

    Returns
    -------
    ndarray, shape (n, 2)
        Abscissae and ordinates before scaling; NaN for an ordinate written as ``?``.

    Raises
    ------
    DamagedFileError
        A cell that is no number, or half a pair, with its line.
    FileTooLargeError
        More pairs than a spectrum has.
    """
    rows = [(number, line, line.translate(_SEPARATORS).split()) for number, line in lines]
    for number, line, row in rows:
        if len(row) % 2:
            raise _damaged(f"half a pair stands in {clip(line)!r}", number)
    cells = [cell for _, _, row in rows for cell in row]
    if len(cells) > 2 * MAX_POINTS:
        raise _too_many(rows[-1][0])
    try:
        if _PLAIN.search("\n".join(cells)):
            raise ValueError("what is no number")
        flat = np.array([math.nan if cell == "?" else float(cell) for cell in cells])
        if not np.isfinite(flat[::2]).all() or np.isinf(flat).any():
            raise ValueError("no finite number")
    except ValueError as error:
        for number, line, row in rows:
            _check_row(row, line, number)
        raise _damaged(f"the table holds {error}", rows[0][0]) from error
    return flat.astype(np.float64).reshape(-1, 2)


def _check_row(row: list[str], line: str, number: int) -> None:
    """Raise DamagedFileError for the first cell of a line that is no number."""
    for at, cell in enumerate(row):
        if cell == "?" and at % 2:
            continue
        try:
            finite = not _PLAIN.search(cell) and math.isfinite(float(cell))
        except ValueError:
            finite = False
        if not finite:
            raise _damaged(f"{clip(cell)!r} in {clip(line)!r} is no number", number)
