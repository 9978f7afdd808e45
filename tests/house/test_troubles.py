"""Every error is told in the language of the window: of which kind it is, and what to do."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest

import devices
import library
import matching
import spectra_app
from devices.errors import AbortedError, DeviceError, LaserAlarmError
from matching.errors import SpectraError
from spectra_app.errors import LogInError
from spectra_app.services.frames import as_app_error
from spectra_app.ui.look import LANGUAGES, window_texts
from spectra_app.ui.troubles import KIND_OF, KINDS, told

APART = ("library.calculated", "spectra_app.ui")


def _kinds(kind):
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)


@pytest.fixture(scope="module")
def codes():
    """Return the codes of all errors of the program."""
    for package in (matching, library, devices, spectra_app):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(APART):
                import_module(module.name)
    errors = [*_kinds(SpectraError), *_kinds(DeviceError), DeviceError]
    return {error.code for error in errors if error.__module__.split(".")[0] != "tests"}


def test_the_code_of_every_error_has_its_kind(codes):
    assert codes - set(KIND_OF) - {"error"} == set()
    assert set(KIND_OF) - codes == set()


def test_no_code_has_two_kinds():
    listed = [code for codes in KINDS.values() for code in codes]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_its_words(language):
    texts = window_texts(language).texts
    missing = [
        kind for kind in KINDS if not {f"trouble.{kind}", f"trouble.{kind}_do"} <= set(texts)
    ]
    assert missing == []


def test_english_gets_the_exact_words_and_others_the_kind_beside_them():
    error = LogInError("name or password is wrong", "log in", "type both again")
    assert str(told(error, window_texts("en"))) == "Name or password is wrong. Type both again."
    french = told(error, window_texts("fr"))
    assert french.what == "La connexion a échoué."
    assert "name or password is wrong" in french.exact.lower()


def test_a_driver_error_keeps_its_kind_on_its_way_up():
    texts = window_texts("es")
    for error, words in (
        (LaserAlarmError("it does not obey", "analyser", "pull its power"), "LÁSER"),
        (AbortedError("it was stopped", "analyser", "scan again"), "detuvo"),
    ):
        assert words in told(as_app_error(error), texts).what


def test_what_the_window_says_itself_is_not_said_twice():
    said = told(
        SpectraError("Les deux mots de passe diffèrent", "", "tapez-les"), window_texts("fr")
    )
    assert said.exact == ""
    assert said.what == "Les deux mots de passe diffèrent."
