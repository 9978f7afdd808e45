"""A laboratory's description of an instrument's text export: what guided import reads by.

A profile is data that one laboratory can give another. What it says how to recognise is plain text,
no pattern: nothing in it can take long or do anything but describe columns.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from library.errors import ProfileError
from library.formats.text import clip
from matching.spectrum import Technique

Separator = Literal["tab", "semicolon", "comma", "blanks"]
Unit = Literal["cm-1", "nm"]
Encoding = Literal["", "utf-8", "cp1252", "utf-16-le", "utf-16-be", "latin-1"]

VERSION = 1
MAX_PROFILE_BYTES = 20_000
MAX_NAME, MAX_TEXT, MAX_COLUMN, MAX_SKIP = 60, 200, 1_000, 10_000
SHORTEST_MARK = 4  # characters of the first line that tell one instrument's files from others'
LASER_NM = (150.0, 2500.0)


@dataclass(frozen=True, slots=True)
class Profile:
    """How one instrument's text export is cut and what its columns are.

    Parameters
    ----------
    name : str
        What the laboratory calls it.
    unit : {"cm-1", "nm"}
        Of the axis: Raman shift or wavelength. There is no default: a laboratory states it.
    first_line : str
        How the first line that is not blank begins; at least four characters with a letter among
        them. Empty: the profile recognises nothing and has to be given with the file.
    separator : {"tab", "semicolon", "comma", "blanks"}
        Between the columns.
    decimal : {".", ","}
        Decimal mark.
    encoding : str
        Empty: as the file shows (UTF-8, a byte order mark, otherwise Windows-1252).
    skip : int
        Lines before the first row of numbers.
    marker : str
        The rows begin below the first line that begins so; wins over `skip`.
    end : str
        The rows end above the next line that begins so; empty: at the end of the file.
    ends_at_blank : bool
        Whether a blank line ends the rows, whatever comes after it.
    axis, intensity : int
        Columns, counted from 1.
    dark : int or None
        Column to subtract.
    laser_nm : float or None
        Laser line in nm; None: not known.
    technique : {"Raman", "SERS"}
        What the instrument measures.
    """

    name: str
    unit: Unit
    first_line: str = ""
    separator: Separator = "tab"
    decimal: Literal[".", ","] = "."
    encoding: Encoding = ""
    skip: int = 0
    marker: str = ""
    end: str = ""
    ends_at_blank: bool = False
    axis: int = 1
    intensity: int = 2
    dark: int | None = None
    laser_nm: float | None = None
    technique: Technique = "Raman"

    def __post_init__(self) -> None:
        problem = _problem(self)
        if problem:
            raise ProfileError(problem, f"profile {clip(str(self.name))!r}", "correct the profile")


def _problem(profile: Profile) -> str:
    """Return what is wrong with the values of a profile, or nothing."""
    checks = {
        "the name is empty or too long": _text(profile.name, MAX_NAME, empty=False),
        "the unit has to be 'cm-1' or 'nm'": profile.unit in get_args(Unit),
        "the technique has to be 'Raman' or 'SERS'": profile.technique in get_args(Technique),
        "the separator has to be tab, semicolon, comma or blanks": profile.separator
        in get_args(Separator),
        "the decimal mark has to be a point or a comma": profile.decimal in {".", ","},
        "a comma cannot be the separator and the decimal mark": (profile.separator, profile.decimal)
        != ("comma", ","),
        "this encoding is not known": profile.encoding in get_args(Encoding),
        "'skip' is no number of lines": _count(profile.skip, 0, MAX_SKIP),
        "'marker' or 'end' is too long or no text": _text(profile.marker, MAX_TEXT)
        and _text(profile.end, MAX_TEXT),
        "'ends_at_blank' has to be true or false": isinstance(profile.ends_at_blank, bool),
        "a column is no number from 1 on": all(
            _count(column, 1, MAX_COLUMN)
            for column in (profile.axis, profile.intensity, profile.dark or 1)
        ),
        "two of the columns are the same": len({profile.axis, profile.intensity, profile.dark or 0})
        == 3,
        "the laser line is no wavelength from 150 to 2500 nm": profile.laser_nm is None
        or (_number(profile.laser_nm) and LASER_NM[0] <= profile.laser_nm <= LASER_NM[1]),
        "the first line is to be given with at least four characters, one of them a letter": (
            profile.first_line == "" or _mark(profile.first_line)
        ),
    }
    return next((problem for problem, sound in checks.items() if not sound), "")


def _text(value: object, longest: int, *, empty: bool = True) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= longest
        and value.isprintable() | ("\t" in value)
        and (empty or bool(value.strip()))
    )


def _mark(value: object) -> bool:
    return (
        isinstance(value, str)
        and SHORTEST_MARK <= len(value) <= MAX_TEXT
        and any(character.isalpha() for character in value)
    )


def _count(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def to_json(profile: Profile) -> str:
    """Return `profile` as the text of its file; an unknown laser line is the word ``unknown``."""
    content: dict[str, object] = {"spectra_profile": VERSION, **asdict(profile)}
    content["laser_nm"] = "unknown" if profile.laser_nm is None else profile.laser_nm
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def from_json(data: bytes, where: str) -> Profile:
    """Return the profile in `data`.

    Raises
    ------
    ProfileError
        It is no profile, has a key that profiles do not have, or a value that cannot be.
    """
    try:
        if len(data) > MAX_PROFILE_BYTES:
            raise ValueError("it is too large")
        content = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
        if not isinstance(content, dict) or content.pop("spectra_profile", None) != VERSION:
            raise ValueError(f"it does not begin with 'spectra_profile': {VERSION}")
        unknown = set(content) - {field.name for field in fields(Profile)}
        if unknown or "name" not in content or "unit" not in content:
            raise ValueError(f"its keys are not those of a profile: {sorted(unknown) or 'missing'}")
        if content.get("laser_nm") == "unknown":
            content["laser_nm"] = None
        return Profile(**content)
    except ProfileError as error:
        raise error.at(where) from error
    except (ValueError, RecursionError, TypeError) as error:
        raise ProfileError(
            f"the file is no import profile ({clip(str(error), 80)})",
            where,
            "make one with 'spectra formats preview FILE --out PROFILE.json'",
        ) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key is there twice")
    return content
