"""One column of numbers: an axis or intensities alone, as WITec's export in three files gives."""

from __future__ import annotations

import re

from library.errors import SplitFileError
from library.formats.records import Source
from matching.spectrum import MIN_POINTS

_NUMBER = re.compile(r"[ ]?[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?[ ]?")
LONGEST_ROW = 40


def refusal_of_one_column(source: Source) -> SplitFileError | None:
    """Return why the file is no spectrum when its first lines are one number each, or None."""
    rows = source.lines[:MIN_POINTS]
    if len(rows) < MIN_POINTS:
        return None
    if not all(len(row) <= LONGEST_ROW and _NUMBER.fullmatch(row) for row in rows):
        return None
    return SplitFileError(
        "one column of numbers: an axis without intensities, or intensities without an axis",
        "line 1",
        "export both columns to one file",
    )
