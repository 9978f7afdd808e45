"""Passwords: hashed at the cost that is stated, and refused when they are among the first tried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra_app.errors import PasswordError
from spectra_app.records.guessing import common_words, is_guessable
from spectra_app.records.passwords import Cost, Passwords, check_password, normal, secret_digest


def test_a_hash_says_argon2id_and_the_cost_of_rfc_9106():
    stored = Passwords().hash("seven green herons wade")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert Passwords().fits(stored, "seven green herons wade")
    assert not Passwords().fits(stored, "seven green herons wadE")
    assert not Passwords().is_outdated(stored)


def test_a_hash_at_another_cost_is_outdated(quick_passwords):
    stored = quick_passwords.hash("x")
    assert Passwords().is_outdated(stored)
    assert not quick_passwords.is_outdated(stored)
    assert quick_passwords.fits(stored, "x")


@pytest.mark.parametrize("stored", ["", "x", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$"])
def test_what_is_no_hash_never_fits(quick_passwords, stored):
    assert not quick_passwords.fits(stored, "")
    assert secret_digest(stored) == secret_digest(stored)


def test_nothing_is_cut_off_and_another_keyboard_types_the_same(quick_passwords):
    long = "ä" * 600 + "1"
    stored = quick_passwords.hash(long)
    assert not quick_passwords.fits(stored, long[:-1])
    assert quick_passwords.fits(stored, "a\u0308" * 600 + "1")
    assert normal("ﬁne") == "fine"


@pytest.mark.parametrize(
    "password",
    [
        "password2026!", "P4ssw0rd!!!!!", "dragonmonkey12", "qwertyuiop12", "123412341234",
        "abcabcabcabc", "aaaaaaaaaaaaa", "12345678901234", "q1w2e3r4t5y6", "Pa$$w0rd2026",
        "theworldinyourhand", "poiuytrewq123", "19840521 19871224", "Spectra Raman 1",
        "sue per 1980 spectra", "Sue.Per-2026-Sue", "Customs-Officer-1", "PASSWORDPASSWORD",
    ],
)  # fmt: skip
def test_what_is_tried_first_is_refused(password):
    with pytest.raises(PasswordError, match="among the first"):
        check_password(password, "sup", "Sue Per")


@pytest.mark.parametrize(
    "password",
    ["seven green herons wade", "correct horse battery staple", "monkey tiger pepper",
     "xkqpwmzrtyvb", "Бегемот пьёт чай утром", "ثعلب أزرق يقرأ كتابا"],
)  # fmt: skip
def test_what_is_long_and_not_common_is_taken(password):
    check_password(password, "sup", "Sue Per")
    assert not is_guessable(password)


def test_length_counts_in_signs():
    with pytest.raises(PasswordError, match="at least 12"):
        check_password("xkqpwmzrtyv")
    with pytest.raises(PasswordError, match="at most 1024"):
        check_password("xkqpwmzrtyv " * 100)


@given(st.text(min_size=1, max_size=60))
def test_any_text_gets_an_answer(text):
    assert is_guessable(normal(text)) in {True, False}


def test_the_list_holds_what_it_says():
    words = common_words()
    assert {"password", "dragon", "spectra", "raman", "fentanyl"} <= words
    assert all(word == word.casefold() and word.isalpha() and len(word) > 2 for word in words)
    assert len(words) > 700


def test_the_usual_cost_is_the_second_recommended_option():
    assert Cost() == Cost(passes=3, memory_kib=2**16, lanes=4)
