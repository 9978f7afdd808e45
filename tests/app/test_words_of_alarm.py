"""Why the laser may be on is told in the language of the window."""

from __future__ import annotations

import pytest

from spectra_app.reports.phrases import hazard
from spectra_app.services import instrument
from spectra_app.ui.look import LANGUAGES, window_texts
from spectra_app.ui.phrases import alarm_note, alarm_words

REASONS = (
    instrument.FOUND_ON, instrument.NO_ANSWER, "it does not switch off",
    "the laser does not answer (no answer within 2 s)",
    "it was firing although it had been switched off; it reads off now",
    "the program failed while it gave an order (OSError())",
)  # fmt: skip
NOTES = (
    instrument.SILENT, instrument.OFF_SENT, instrument.STILL_ON,
    "the alarm could not be kept as evidence: the disk is full",
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_program_says_of_the_laser_is_translated(language):
    texts = window_texts(language)
    for say, every in ((alarm_words, REASONS), (alarm_note, NOTES)):
        for words in every:
            assert (say(words, texts) == words) is (language == "en"), words


def test_what_is_not_known_is_told_as_it_was_said():
    assert alarm_words("the cable smells", window_texts("fr")) == "the cable smells"
    assert alarm_note("", window_texts("ar")) == ""


def test_a_family_that_cannot_be_excluded_is_named_in_words():
    assert hazard("any nitazene", window_texts("en")) == "any nitazene"
    assert hazard("any nitazene", window_texts("es")) == "cualquier compuesto de tipo nitaceno"
    assert "النيتازين" in hazard("any nitazene", window_texts("ar"))
