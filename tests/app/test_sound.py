"""The sound of a verdict: off unless wanted, one for each alarm level, told apart by its tones."""

from __future__ import annotations

import io
import wave
from itertools import pairwise

import pytest
from PySide6.QtCore import QObject

from spectra_app.ui.look import Look
from spectra_app.ui.sound import RATE_HZ, TONES, Sound, can_play, tones_as_wav
from spectra_app.wording import ALARMS


@pytest.fixture
def sound(tmp_path):
    """Return a sound with a player that copies what it is given, and the file it copies to."""
    heard, player = tmp_path / "heard.wav", tmp_path / "aplay"
    player.write_text(f'#!/bin/sh\ncp "$1" "{heard}.part" && mv "{heard}.part" "{heard}"\n')
    player.chmod(0o700)
    parent, look = QObject(), Look()
    yield Sound(parent, look, lambda name: str(player) if name == "aplay" else None), heard, look
    parent.deleteLater()


def length_s(data):
    with wave.open(io.BytesIO(data)) as file:
        return file.getnframes() / file.getframerate()


def test_every_alarm_level_but_no_listing_found_has_a_sound_of_its_own_kind():
    assert set(TONES) == set(ALARMS) - {"benign"}
    assert tones_as_wav("benign") == b""
    kinds = {name: tones_as_wav(name) for name in ("controlled", "precursor", "hazard", "unknown")}
    assert len(set(kinds.values())) == 4
    assert all(0.2 < length_s(data) < 1.5 for data in kinds.values())


def test_a_tone_neither_clicks_nor_clips():
    with wave.open(io.BytesIO(tones_as_wav("hazard"))) as file:
        frames = memoryview(file.readframes(RATE_HZ)).cast("h")
    assert frames[0] == 0
    assert max(frames) < 32_767 * 0.6
    assert max(abs(b - a) for a, b in pairwise(frames)) < 5_000


def test_it_is_silent_until_it_is_switched_on(sound, qtbot):
    one, heard, look = sound
    one.play("controlled")
    qtbot.wait(50)
    assert not heard.exists()
    look.sound(True)
    one.play("benign")
    one.play("controlled")
    qtbot.waitUntil(heard.exists, timeout=20_000)
    assert heard.read_bytes() == tones_as_wav("controlled")
    one.end()


def test_a_computer_without_a_player_says_so_and_goes_on():
    look, parent = Look(), QObject()
    look.sound(True)
    one = Sound(parent, look, lambda _name: None)
    one.play("controlled")
    assert not can_play(lambda _name: None)
    assert can_play(lambda name: name if name == "aplay" else None)
