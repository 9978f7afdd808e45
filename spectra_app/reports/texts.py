"""The words of a report in its own language, chosen apart from the screen's.

Texts are data: ``resources/i18n/report/<language>.json`` with source, version and state of review.
What is shared with the screen (outcomes, reasons, advice) is taken from `spectra_app.wording` in
English, so that no sentence is kept twice. Codes and keys are never translated.
"""

from __future__ import annotations

import json
import string
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import resources
from spectra_app.errors import AppError
from spectra_app.records.identification import PRESUMPTIVE
from spectra_app.reports.figures import clean
from spectra_app.reports.page import CLOSES, LEFT_TO_RIGHT, RIGHT_TO_LEFT
from spectra_app.wording import ADVICE, ALARMS, HIDDEN_SHORT, OUTCOMES, REASONS

LANGUAGES = ("en", "fr", "es", "ar")
FOLDER = "i18n/report"
_RIGHT_TO_LEFT = {"R", "AL", "AN"}

Direction = Literal["ltr", "rtl"]


class Said(str):
    """Text that has been made printable, and is not to be made so again."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Review:
    """Who has read the texts of a language; ``state`` is ``"original"`` for the source itself."""

    state: Literal["original", "unreviewed", "reviewed"]
    by: str = ""
    on: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Texts:
    """The texts of one language.

    Parameters
    ----------
    language, name : str
        ISO 639-1 code, and its name in itself.
    direction : {"ltr", "rtl"}
        In which direction it is read.
    source, version : str
        Where the texts come from and which version of them this is.
    review : Review
        Who has read them.
    texts : mapping of str to str
        Templates by key.
    """

    language: str
    name: str
    direction: Direction
    source: str
    version: str
    review: Review
    texts: Mapping[str, str]

    def say(self, key: str, **values: object) -> Said:
        """Return a text with its values filled in, made printable and kept in their direction.

        Raises
        ------
        KeyError
            When there is no such text: a missing one is a fault, never silently English.
        """
        filled = {
            name: self.put(value if isinstance(value, str) else str(value))
            for name, value in values.items()
        }
        return Said(self.texts[key].format(**filled))

    def put(self, value: str) -> Said:
        """Return foreign text (a name, a figure) made printable and fit to stand in a sentence.

        In a language of the other direction it is isolated, so that neighbours do not reorder it.
        """
        if isinstance(value, Said):
            return value
        shown = clean(value)
        arabic = has_right_to_left(shown)
        if not shown or not (arabic or self.direction == "rtl"):
            return Said(shown)
        return Said(f"{RIGHT_TO_LEFT if arabic else LEFT_TO_RIGHT}{shown}{CLOSES}")

    def word(self, family: str, code: str) -> Said:
        """Return the word for a code; one that is not known is shown as it stands."""
        found = self.texts.get(f"{family}.{code}")
        return self.put(code) if found is None else Said(found)

    def many(self, values: Iterable[str]) -> Said:
        """Return a list of foreign texts."""
        return Said(self.texts["list.joint"].join(self.put(value) for value in values))


def has_right_to_left(text: str) -> bool:
    """Tell whether any letter of `text` is read from right to left."""
    return not text.isascii() and any(
        unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text
    )


def without_isolates(text: str) -> str:
    """Return `text` as plain words, for files whose readers do the ordering themselves."""
    return text.translate({ord(char): None for char in (LEFT_TO_RIGHT, RIGHT_TO_LEFT, CLOSES)})


@lru_cache(maxsize=len(LANGUAGES))
def load_texts(language: str) -> Texts:
    """Return the texts of a language.

    Raises
    ------
    AppError
        When there is no such language, or its file is damaged or incomplete.
    """
    if language not in LANGUAGES:
        raise AppError(
            f"there are no report texts in {language!r}", "--lang", f"use {', '.join(LANGUAGES)}"
        )
    if language == "en":
        return load_set(FOLDER, language, shared=shared_with_the_screen())
    return load_set(FOLDER, language, like=load_texts("en").texts)


def load_set(
    folder: str,
    language: str,
    *,
    shared: Mapping[str, str] | None = None,
    like: Mapping[str, str] | None = None,
) -> Texts:
    """Return one file of texts from a folder of the resources.

    Parameters
    ----------
    folder, language : str
        ``<folder>/<language>.json`` below ``resources``.
    shared : mapping, optional
        Texts that are kept elsewhere; those of the file win.
    like : mapping, optional
        The English texts: every one of them must be there, with the same values to fill in.

    Raises
    ------
    AppError
        When the file is damaged, or does not match the English one.
    """
    content = _read(folder, language)
    texts = {**(shared or {}), **content["texts"]}
    if like is not None:
        _complete(language, texts, like)
    return Texts(
        language=language,
        name=content["name"],
        direction=content["direction"],
        source=content["source"],
        version=content["version"],
        review=Review(**content["review"]),
        texts=texts,
    )


def _read(folder: str, language: str) -> Any:
    path = resources.path(f"{folder}/{language}.json")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AppError(
            f"the texts in {language!r} cannot be read",
            f"{folder}/{path.name}",
            "install Spectra again",
        ) from error


def _complete(language: str, texts: Mapping[str, str], english: Mapping[str, str]) -> None:
    """Refuse a translation that lacks a text, has one too many, or fills in other values."""
    wrong = sorted(set(english) ^ set(texts))
    wrong += [key for key in english if key in texts and _names(english[key]) != _names(texts[key])]
    if wrong:
        raise AppError(
            f"the texts in {language!r} do not match the English ones: {wrong[0]}",
            f"{language}.json",
            "install Spectra again",
        )


def _names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def shared_with_the_screen() -> dict[str, str]:
    """Return the English texts that the window and the command line say as well."""
    families = {
        "outcome": OUTCOMES,
        "reason": REASONS,
        "advice": ADVICE,
        "hidden": HIDDEN_SHORT,
        "alarm": {code: style.word for code, style in ALARMS.items()},
    }
    out = {
        f"{family}.{code}": text for family, all_ in families.items() for code, text in all_.items()
    }
    return out | {"presumptive": PRESUMPTIVE}
