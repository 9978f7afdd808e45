"""What a person reads: never the code of an error, never more than was looked up."""

from __future__ import annotations

from dataclasses import replace

from spectra_app.cli.verdict import verdict_text
from spectra_app.records.identification import MatchRate
from spectra_app.ui.look import window_texts
from spectra_app.ui.phrases import progress_words
from spectra_app.ui.verdict_words import found_lines
from spectra_app.wording import alarm_word, no_listing_text, reason_texts

ISOLATES = dict.fromkeys(range(0x2066, 0x206A))


def test_the_code_of_an_error_is_not_repeated_beside_its_sentence(samples):
    refused = replace(samples.refused().record, reasons=("unknown_format",))
    assert reason_texts(replace(refused, error="a.csv: the content is binary")) == []
    assert reason_texts(replace(refused, error=None)) == ["unknown_format"]


def test_a_name_that_the_lists_do_not_know_is_not_called_unlisted(samples):
    record = replace(samples.benign().record, alarm="unknown")
    assert alarm_word(record) == "CONTROL STATUS NOT KNOWN"
    for text in (verdict_text(record), " ".join(found_lines(record, window_texts("en"))).lower()):
        assert "not known whether controlled" in text
        assert "no listing found" not in text
        assert "NO CLEAR RESULT" not in text


def test_no_listing_found_names_the_lists_that_were_asked(samples):
    assert "UN and EU lists" in no_listing_text(samples.benign().record)


def test_rates_are_counts_and_their_bound_is_never_rounded_up(samples):
    record = samples.benign().record
    rate = MatchRate(579 / 580, 0.9384, 580)
    component = replace(record.components[0], match_rate=rate)
    record = replace(record, components=(component,), control_on="2025-02-20")
    for text in (verdict_text(record), " ".join(found_lines(record, window_texts("en")))):
        assert "579 of 580" in text
        assert "at least 93 %" in text
        assert "100%" not in text
    assert f"Control status of {component.name} on 2025-02-20: " in verdict_text(record)


def test_a_long_time_left_is_told_in_minutes():
    english = window_texts("en")
    said = [progress_words("7 %", left_s, english) for left_s in (119, 1527)]
    plain = [words.translate(ISOLATES) for words in said]
    assert plain == ["7 % done, about 119 s left", "7 % done, about 25 min left"]
