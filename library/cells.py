"""Texts in the tables that the program writes: a spreadsheet shows them and never computes them.

A cell that begins with ``=``, ``+``, ``-`` or ``@`` (or a wide form of these), also behind blanks
and signs that are not seen, is a formula to a spreadsheet; a formula can start programs and send
data away, and names come from foreign files. So an apostrophe is put before such a text, and before
one that has apostrophes before such a beginning; taking away one gives the text back exactly.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

_FORMULA = re.compile(
    "'*[\\s\x00-\x20\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*"
    "[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212]"
)
_SPELLED = {sign: f"\\u{sign:04x}" for sign in (*range(0x20), *range(0x7F, 0xA0)) if sign != 9}
_AFTER_A_COMMA = re.compile(r"""([,;\t"]\s*)(?=[=+\-@])""")


def cell(text: str) -> str:
    """Return a text as it stands in a cell; see the module."""
    return f"'{text}" if _FORMULA.match(text) else text


def csv_line(cells: Iterable[object]) -> str:
    """Return a line of a table, ended by a line feed.

    A cell with a carriage return is quoted like one with a line feed: to a spreadsheet both begin
    a row, and a row begins a formula. Python's writer does that only for its own end of line.
    """
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().removesuffix("\r\n") + "\n"


def text_of(written: str) -> str:
    """Return the text of which `cell` made what was `written`."""
    if written.startswith("'") and _FORMULA.match(written[1:]):
        return written[1:]
    return written


def in_a_comment(text: str) -> str:
    """Return a text for a line that a spreadsheet would split: no part of it begins a formula.

    It is for a person and is not read back;
    control signs, which no text file holds, are spelled out.
    """
    return _AFTER_A_COMMA.sub(r"\1'", text.translate(_SPELLED))
