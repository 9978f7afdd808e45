"""The sound of a verdict: beside colour, shape and word, for who looks at the parcel instead.

The tones are computed here; the computer's own player plays them, so that nothing has to be
installed for it. Off unless a person switches it on; the menu says where there is no player.
"""

from __future__ import annotations

import io
import math
import shutil
import struct
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QProcess, QTemporaryDir

from spectra_app.ui.look import Look

RATE_HZ: Final = 22_050
LOUD: Final = 0.5
RAMP_S: Final = 0.01
"""Rise and fall of a tone: without them it clicks."""
GAP_S: Final = 0.08
LOW_HZ, NEUTRAL_HZ, SHORT_HZ = 330.0, 523.0, 660.0
TONES: dict[str, tuple[tuple[float, float], ...]] = {
    "controlled": ((LOW_HZ, 0.35), (LOW_HZ, 0.35)),
    "precursor": ((LOW_HZ, 0.35),),
    "hazard": ((SHORT_HZ, 0.12),) * 3,
    "unknown": ((NEUTRAL_HZ, 0.25),),
    "container": ((NEUTRAL_HZ, 0.25),),
}
"""Frequency in hertz and length in seconds of each tone of an alarm level; "benign" has none."""
PLAYERS = ("pw-play", "paplay", "aplay", "afplay")


def tones_as_wav(alarm: str) -> bytes:
    """Return the tones of an alarm level as a WAV file (16 bit, mono); empty when it has none."""
    samples: list[int] = []
    for frequency_hz, length_s in TONES.get(alarm, ()):
        count = round(length_s * RATE_HZ)
        for place in range(count):
            ramp = min(1.0, place / (RAMP_S * RATE_HZ), (count - place) / (RAMP_S * RATE_HZ))
            turn = 2.0 * math.pi * frequency_hz * place / RATE_HZ
            samples.append(round(32_767 * LOUD * ramp * math.sin(turn)))
        samples += [0] * round(GAP_S * RATE_HZ)
    if not samples:
        return b""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return out.getvalue()


def player(find: Callable[[str], str | None] = shutil.which) -> str:
    """Return the program that plays sounds here; empty when there is none, or none is needed."""
    return next((path for name in PLAYERS if (path := find(name))), "")


def can_play(find: Callable[[str], str | None] = shutil.which) -> bool:
    """Tell whether this computer has something that plays sounds."""
    return sys.platform == "win32" or bool(player(find))


class Sound(QObject):
    """Plays the tones of a verdict when the window is to be heard.

    Parameters
    ----------
    parent : QObject
        Whose life it shares.
    look : Look
        Says whether the window is to be heard.
    find : callable (str) -> str or None
        Finds a program by its name.
    """

    def __init__(
        self, parent: QObject, look: Look, find: Callable[[str], str | None] = shutil.which
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._player, self._can_play = player(find), can_play(find)
        self._folder: QTemporaryDir | None = None
        self._process = QProcess(self)

    def play(self, alarm: str) -> None:
        """Play the tones of an alarm level; what still plays is cut short."""
        if not self._look.sounding or not self._can_play or alarm not in TONES:
            return
        path = self._file(alarm)
        if sys.platform == "win32":
            import winsound

            winsound.PlaySound(str(path), winsound.SND_FILENAME | winsound.SND_ASYNC)
            return
        self.end()
        self._process.start(self._player, [str(path)])

    def end(self) -> None:
        """End what plays."""
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(50)

    def _file(self, alarm: str) -> Path:
        if self._folder is None:
            self._folder = QTemporaryDir()
        path = Path(self._folder.filePath(f"{alarm}.wav"))
        if not path.exists():
            path.write_bytes(tones_as_wav(alarm))
        return path
