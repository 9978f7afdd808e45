"""Guided import: read a text by a laboratory's profile, show how it is cut, propose a profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from library.errors import (
    AmbiguousProfileError,
    ColumnMissingError,
    DamagedFileError,
    UnknownFormatError,
)
from library.formats.axis import unit_of, with_axis
from library.formats.profile import MAX_TEXT, Profile, Separator, Unit
from library.formats.records import Parsed, Request, Source, Trace
from library.formats.table import MAX_CELLS
from library.formats.text import EXPORT_AGAIN, MAX_TEXT_BYTES, clip, number, numbers, read_source
from matching.errors import SpectraError
from matching.spectrum import MIN_POINTS, FloatArray, Step

SEPARATORS: dict[Separator, str | None] = {
    "tab": "\t",
    "semicolon": ";",
    "comma": ",",
    "blanks": None,
}
GUESS_LINES = 5_000  # where a proposal is looked for
LONGEST_GUESSED = 2_000  # characters of a row
SHOWN_LINES, SHOWN_ROWS, SHOWN_LENGTH = 20, 10, 200

Profiles = Callable[[], Sequence[Profile]]


@dataclass(frozen=True, slots=True)
class Preview:
    """How a profile cuts a file, for a person to look at.

    Parameters
    ----------
    profile : Profile
        The one used.
    head : tuple of str
        The first lines of the file.
    names : tuple of str
        Cells of the line above the rows, where they are as many as the columns.
    rows : tuple of tuple of str
        The first rows as cut.
    count : int
        How many rows there are.
    span : tuple of float, or None
        First and last value of the axis.
    problems : tuple of str
        Sentences on what is wrong; empty when the file is read.
    """

    profile: Profile
    head: tuple[str, ...]
    names: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    count: int = 0
    span: tuple[float, float] | None = None
    problems: tuple[str, ...] = ()


def chosen(source: Source, profiles: Sequence[Profile]) -> Profile | None:
    """Return the profile that recognises the file, or None.

    Raises
    ------
    AmbiguousProfileError
        More than one does.
    """
    found = [profile for profile in profiles if _recognises(profile, source)]
    if len(found) > 1:
        names = ", ".join(repr(profile.name) for profile in found[:5])
        raise AmbiguousProfileError(
            f"{len(found)} import profiles recognise the file: {names}",
            "line 1",
            "make their first lines differ, or remove all but one",
        )
    return found[0] if found else None


def _recognises(profile: Profile, source: Source) -> bool:
    if not profile.first_line:
        return False
    first = next((line for line in _lines(profile, source) if line.strip()), "")
    return first.lstrip().startswith(profile.first_line)


def _lines(profile: Profile, source: Source) -> tuple[str, ...]:
    """Return the lines of the file in the profile's encoding; none if they are not in it."""
    if not profile.encoding:
        return source.lines
    if len(source.data) > MAX_TEXT_BYTES:
        return ()
    try:
        text = source.data.decode(profile.encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return ()
    return read_source(text.encode()).lines


def read_by(profile: Profile, source: Source, request: Request) -> Parsed:
    """Read the one spectrum of the file as `profile` says.

    Raises
    ------
    SpectraError
        The rows are not there, differ in length, or hold something that is no number.
    """
    lines = _lines(profile, source)
    start, stop = _range(profile, lines)
    rows = _cut(profile, lines, start, stop)
    axis = _column(rows, profile.axis, profile, start)
    intensity, step = _intensity(rows, profile, request, start)
    trace = Trace(
        intensity=intensity,
        laser_nm=profile.laser_nm,
        technique=profile.technique,
        first_line=start + 1,
        history=(step,),
        metadata=tuple(
            ("line", line.strip()[:MAX_TEXT]) for line in lines[:start][:50] if line.strip()
        ),
    )
    laser = "not known" if profile.laser_nm is None else f"{profile.laser_nm:g} nm"
    notes = (
        f"Read with this station's import profile {profile.name!r}: axis from column "
        f"{profile.axis} in {profile.unit}, intensity from column {profile.intensity}, "
        f"laser line {laser}.",
        *(("The profile is for SERS.",) if profile.technique == "SERS" else ()),
    )
    return Parsed((with_axis(trace, axis, profile.unit),), notes)


def _range(profile: Profile, lines: Sequence[str]) -> tuple[int, int]:
    """Return the indices of the first row and of the line after the last."""
    start = profile.skip
    if profile.marker:
        at = next((i for i, line in enumerate(lines) if line.startswith(profile.marker)), None)
        if at is None:
            raise DamagedFileError(
                f"no line begins with {clip(profile.marker)!r}", "", "check the profile"
            )
        start = at + 1
    stop = next((i for i in range(start, len(lines)) if _ends(profile, lines[i])), len(lines))
    while stop > start and not lines[stop - 1].strip():
        stop -= 1
    if stop <= start:
        raise DamagedFileError(
            "no row of numbers is where the profile says", f"line {start + 1}", "check the profile"
        )
    return start, stop


def _ends(profile: Profile, line: str) -> bool:
    if profile.ends_at_blank and not line.strip():
        return True
    return bool(profile.end) and line.startswith(profile.end)


def _cut(profile: Profile, lines: Sequence[str], start: int, stop: int) -> list[list[str]]:
    rows: list[list[str]] = []
    total = 0
    for at in range(start, stop):
        cells = _cells(lines[at], profile.separator)
        total += len(cells)
        if total > MAX_CELLS:
            raise DamagedFileError("the file has too many columns and rows", "", "split it")
        if rows and len(cells) != len(rows[0]):
            raise DamagedFileError(
                f"the line has {len(cells)} columns where {len(rows[0])} are expected",
                f"line {at + 1}",
                EXPORT_AGAIN,
            )
        rows.append(cells)
    needed = max(profile.axis, profile.intensity, profile.dark or 0)
    if len(rows[0]) < needed:
        raise DamagedFileError(
            f"the rows have {len(rows[0])} columns, the profile asks for column {needed}",
            f"line {start + 1}",
            "check the profile's separator and columns",
        )
    return rows


def _cells(line: str, separator: Separator) -> list[str]:
    mark = SEPARATORS[separator]
    return line.split() if mark is None else [cell.strip() for cell in line.split(mark)]


def _column(rows: list[list[str]], column: int, profile: Profile, start: int) -> FloatArray:
    return numbers(
        [row[column - 1] for row in rows],
        column=f"column {column}",
        first_line=start + 1,
        decimal=profile.decimal,
    )


def _intensity(
    rows: list[list[str]], profile: Profile, request: Request, start: int
) -> tuple[FloatArray, Step]:
    """Return the intensities, with the dark column subtracted where the profile names one."""
    raw = _column(rows, profile.intensity, profile, start)
    name = f"column {profile.intensity}"
    if request.column == "raw-dark" and profile.dark is None:
        raise ColumnMissingError(
            "the profile names no dark column", "", "name it in the profile, or take what there is"
        )
    if profile.dark is None or request.column == "raw":
        return raw, Step("column read", (("column", name),))
    dark = _column(rows, profile.dark, profile, start)
    return raw - dark, Step("dark subtracted", (("column", name), ("dark", f"{profile.dark}")))


def preview(data: bytes, profile: Profile) -> Preview:
    """Show how `profile` cuts the content of a file; what is wrong is said, not raised."""
    source = read_source(data)
    lines = _lines(profile, source)
    shown = Preview(profile, tuple(line[:SHOWN_LENGTH] for line in lines[:SHOWN_LINES]))
    if not lines:
        return replace(shown, problems=("The file is no text in the encoding of the profile.",))
    problems = []
    if profile.first_line and not _recognises(profile, source):
        problems.append("The first line does not begin as the profile says.")
    try:
        start, stop = _range(profile, lines)
        rows = [
            _cells(line[:SHOWN_LENGTH], profile.separator)
            for line in lines[start:stop][:SHOWN_ROWS]
        ]
        names = _cells(lines[start - 1], profile.separator) if start else []
        shown = replace(
            shown,
            rows=tuple(tuple(row) for row in rows),
            names=tuple(names) if len(names) == len(rows[0]) else (),
            count=stop - start,
        )
        (trace,) = read_by(profile, source, Request()).traces
        axis = trace.shift_cm1 if trace.shift_cm1 is not None else trace.wavelength_nm
        if axis is not None:
            shown = replace(shown, span=(float(axis[0]), float(axis[-1])))
            problems += _doubts(profile, axis)
    except SpectraError as error:
        problems.append(str(error))
    return replace(shown, problems=tuple(problems))


def _doubts(profile: Profile, axis: FloatArray) -> list[str]:
    steps = axis[1:] - axis[:-1]
    problems = []
    if axis.size < MIN_POINTS:
        problems.append(f"There are only {axis.size} rows; a spectrum has at least {MIN_POINTS}.")
    if not ((steps > 0).all() or (steps < 0).all()):
        problems.append("The axis neither rises nor falls throughout: it may be another column.")
    if profile.unit == "nm" and axis.size and not 150.0 <= float(axis.min()) <= 5000.0:
        problems.append("The axis is outside what a wavelength in nm can be.")
    return problems


def guess(data: bytes, name: str = "new profile") -> tuple[Profile, tuple[str, ...]]:
    """Propose a profile for a text, and say what of it a person has to look at.

    Nothing is read by a proposal until somebody has saved it.

    Raises
    ------
    UnknownFormatError
        The file is no text, or holds no rows of two numbers or more.
    """
    source = read_source(data)
    if source.refusal is not None:
        raise source.refusal
    lines = source.lines[:GUESS_LINES]
    runs = {separator: _longest_run(lines, separator) for separator in SEPARATORS}
    separator = max(runs, key=lambda key: runs[key][1] - runs[key][0])
    start, stop = runs[separator]
    if stop - start < MIN_POINTS:
        raise UnknownFormatError(
            "no rows of two numbers or more were found", "", "export the spectrum as text"
        )
    rows = [_cells(line, separator) for line in lines[start:stop]]
    comma = separator != "comma" and any("," in cell for row in rows for cell in row)
    axis, intensity = _two_columns(rows)
    first = next((line.strip() for line in lines if line.strip()), "")
    named = any(character.isalpha() for character in first) and len(first) >= 4 and start > 0
    after = lines[stop] if stop < len(lines) else ""
    unit, notes = _unit(lines[start - 1] if start else "", separator, axis)
    if not named:
        notes.append(
            "No line above the rows tells whose file it is: nothing recognises such files."
        )
    notes.append("The laser line is not known: state it where the instrument has one line only.")
    profile = Profile(
        name=name,
        unit=unit,
        first_line=first[:40].rstrip() if named else "",
        separator=separator,
        decimal="," if comma else ".",
        skip=start,
        end=after[:40] if after.strip() else "",
        ends_at_blank=bool(stop < len(lines) and not after.strip()),
        axis=axis + 1,
        intensity=intensity + 1,
    )
    return profile, tuple(notes)


def _longest_run(lines: Sequence[str], separator: Separator) -> tuple[int, int]:
    """Return the longest run of lines whose cells are numbers, two or more, in the same places."""
    best, begun = (0, 0), 0
    before: tuple[int, ...] = ()
    for at, line in enumerate((*lines, "")):
        places = _numeric(_cells(line, separator)) if len(line) <= LONGEST_GUESSED else ()
        if places != before:
            if before and at - begun > best[1] - best[0]:
                best = (begun, at)
            begun, before = at, places
    return best


def _numeric(cells: list[str]) -> tuple[int, ...]:
    """Return how many cells there are and where the numbers are; empty: fewer than two."""
    places = tuple(k for k, cell in enumerate(cells) if number(cell) is not None)
    return (len(cells), *places) if len(places) > 1 else ()


def _two_columns(rows: list[list[str]]) -> tuple[int, int]:
    """Return the indices of axis and intensity.

    The axis is the first column of numbers that rises or falls throughout and is no counter; the
    intensity is the next column of numbers, or the one before where there is none.
    """
    numeric = list(_numeric(rows[0])[1:])
    moving = []
    for place in numeric:
        values = [number(row[place]) or 0.0 for row in rows]
        steps = [b - a for a, b in pairwise(values)]
        if all(step > 0 for step in steps) or all(step < 0 for step in steps):
            moving.append((all(step == 1 for step in steps), place))
    axis = min(moving, default=(False, numeric[0]))[1]
    after = [place for place in numeric if place > axis]
    return axis, after[0] if after else numeric[-2]


def _unit(names: str, separator: Separator, axis: int) -> tuple[Unit, list[str]]:
    cells = _cells(names, separator)
    stated = unit_of(cells[axis]) if axis < len(cells) else ""
    if stated == "nm":
        return "nm", []
    if stated == "cm-1":
        return "cm-1", []
    return "cm-1", ["The file does not name the unit of its axis: cm-1 is only proposed."]
