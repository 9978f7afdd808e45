"""Numbers that parcels, containers and seals carry: read from the keyboard or a scanner, checked.

A scanner types what it reads and ends with Enter; it may put an AIM prefix before it (``]C1``), and
group separators into it. What is read is normalised first (capitals, no blanks, western digits).

Of the check digits only that of GS1 finds every single wrong digit. The others fold eleven or ten
remainders into fewer digits: UPU S10 gives 5 for the remainders 0 and 6, ISO 6346 gives 0 for 0 and
10, and an air waybill's remainder by 7 does not see a 1 that was an 8. A number that passes may
still be mistyped; a number that fails is wrong for certain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from spectra_app.errors import IdentifierError

LONGEST = 200  # characters of a code that is read at all
S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_GS = "\x1d"
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_FREE = re.compile(r"[A-Z0-9]{3,30}")
_LOOKALIKE = str.maketrans("OQILSB", "001158")


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number with the scheme it follows.

    Parameters
    ----------
    scheme : str
        ``s10`` (UPU), ``awb`` (air waybill), ``container`` (ISO 6346), ``sscc`` (GS1 shipping
        unit), or ``seal`` (a seal's or bag's free number).
    value : str
        Normalised: capitals and digits only.
    """

    scheme: str
    value: str

    @property
    def text(self) -> str:
        """Return it as records hold it."""
        return f"{self.scheme}:{self.value}"

    @property
    def shown(self) -> str:
        """Return it as people write it."""
        value = self.value
        if self.scheme == "s10":
            return f"{value[:2]} {value[2:5]} {value[5:8]} {value[8:11]} {value[11:]}"
        if self.scheme == "awb":
            return f"{value[:3]}-{value[3:]}"
        if self.scheme == "container":
            return f"{value[:4]} {value[4:10]} {value[10:]}"
        return value


@dataclass(frozen=True, slots=True)
class _Scheme:
    """A scheme with a check digit: its words, its form, and where and what its digit must be."""

    name: str
    words: str
    form: re.Pattern[str]
    place: int
    digit: Callable[[str], str]


def s10_digit(serial: str) -> str:
    """Return the check digit of eight digits (UPU S10): weights, modulo 11."""
    total = sum(weight * int(digit) for weight, digit in zip(S10_WEIGHTS, serial, strict=True))
    left = 11 - total % 11
    return {10: "0", 11: "5"}.get(left, str(left))


def waybill_digit(serial: str) -> str:
    """Return the check digit of the seven digits of an air waybill's serial: remainder by 7."""
    return str(int(serial) % 7)


def container_digit(number: str) -> str:
    """Return the check digit of a container's four letters and six digits (ISO 6346)."""
    from stdnum import iso6346

    return str(iso6346.calc_check_digit(number))


def gs1_digit(number: str) -> str:
    """Return the check digit of a GS1 number (General Specifications, 7.9): 3 and 1, modulo 10."""
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(number)))
    return str(-total % 10)


_SCHEMES = (
    _Scheme(
        "s10",
        "postal item (UPU S10)",
        re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}"),
        10,
        lambda text: s10_digit(text[2:10]),
    ),
    _Scheme(
        "container",
        "container (ISO 6346)",
        re.compile(r"[A-Z]{3}[UJZ][0-9]{7}"),
        10,
        lambda text: container_digit(text[:10]),
    ),
    _Scheme(
        "awb",
        "air waybill",
        re.compile(r"[0-9]{11}"),
        10,
        lambda text: waybill_digit(text[3:10]),
    ),
    _Scheme(
        "sscc",
        "shipping unit (GS1 SSCC)",
        re.compile(r"[0-9]{18}"),
        17,
        lambda text: gs1_digit(text[:17]),
    ),
)
SCHEMES = (*(scheme.name for scheme in _SCHEMES), "seal")


def normalised(text: str) -> str:
    """Return what a person or scanner meant to type: capitals and western digits only.

    Raises
    ------
    IdentifierError
        When something else is in it, or nothing.
    """
    if len(text) > LONGEST:
        raise IdentifierError("the number is too long", text[:40], "scan or type it again")
    plain = unicodedata.normalize("NFKC", text.strip())
    plain = _AIM.sub("", plain, count=1) if _AIM.match(plain) else plain
    plain = "".join(_western(letter) for letter in plain.upper())
    plain = re.sub(rf"[\s{_GS}./()\-\u2010-\u2015]", "", plain)
    if not plain or not re.fullmatch(r"[A-Z0-9]+", plain):
        raise IdentifierError(
            "there is no number in it, or something else than letters and digits",
            ascii(text[:40]),
            "scan or type it again",
        )
    return plain


def parse(text: str, scheme: str = "") -> tuple[Identifier, ...]:
    """Read a number; return what it is, or all that it may be, the likeliest first.

    Parameters
    ----------
    text : str
        As typed or scanned; ``"seal:..."`` says the scheme in it.
    scheme : str, optional
        One of `SCHEMES`, when it is known.

    Raises
    ------
    IdentifierError
        When it is none; with what the check digit would have to be, when only that is wrong.
    """
    named, colon, rest = text.partition(":")
    if colon and not scheme and named.strip().casefold() in SCHEMES:
        scheme, text = named.strip().casefold(), rest
    if scheme and scheme not in SCHEMES:
        raise IdentifierError(
            f"there is no scheme {scheme[:40]!r}", "", f"use one of {', '.join(SCHEMES)}"
        )
    value = _shipping_unit(normalised(text))
    if scheme == "seal":
        return (_free(value),)
    fitting = [one for one in _SCHEMES if one.form.fullmatch(value) and scheme in {"", one.name}]
    if not fitting and scheme:
        _explain_form(value, next(one for one in _SCHEMES if one.name == scheme))
    if not fitting:
        _explain_lookalike(value)
        return (_free(value),)
    (found,) = fitting
    if value[found.place] != found.digit(value):
        _explain_digit(value, found)
    sure = bool(scheme) or found.name in {"s10", "container"} or "-" in text
    exact = Identifier(found.name, value)
    return (exact,) if sure else (exact, _free(value))


def _free(value: str) -> Identifier:
    if not _FREE.fullmatch(value):
        raise IdentifierError(
            "a free number has 3 to 30 letters and digits", value[:40], "scan or type it again"
        )
    return Identifier("seal", value)


def _western(letter: str) -> str:
    """Return a decimal digit of any script as 0 to 9; other characters as they are."""
    value = unicodedata.decimal(letter, None)
    return letter if value is None else str(value)


def _shipping_unit(value: str) -> str:
    """Return an SSCC without its GS1 application identifier 00."""
    whole = re.fullmatch(r"00([0-9]{18})", value)
    return whole[1] if whole else value


def _explain_digit(value: str, scheme: _Scheme) -> None:
    wanted = scheme.digit(value)
    raise IdentifierError(
        f"the check digit of this {scheme.words} does not fit: it is {value[scheme.place]}, and "
        f"for the other characters it would be {wanted}",
        value,
        f"compare every character with the label, and type it again; if it is no {scheme.words}, "
        f"but a seal or bag number, type seal:{value}",
    )


def _explain_form(value: str, scheme: _Scheme) -> None:
    raise IdentifierError(
        f"this is no number of a {scheme.words}",
        value[:40],
        "compare it with the label, or choose another scheme",
    )


def _explain_lookalike(value: str) -> None:
    """Raise when it would be a number with a check digit, but for letters taken for digits."""
    tried = value[:2] + value[2:11].translate(_LOOKALIKE) + value[11:]
    meant = [tried, value[:4] + value[4:].translate(_LOOKALIKE), value.translate(_LOOKALIKE)]
    for text in meant:
        for scheme in _SCHEMES:
            if (
                text != value
                and scheme.form.fullmatch(text)
                and text[scheme.place] == scheme.digit(text)
            ):
                raise IdentifierError(
                    f"a letter stands where a {scheme.words} has a digit",
                    value,
                    f"it may be {text}: compare it with the label; if it is a seal or bag number, "
                    f"type seal:{value}",
                )
