"""What a measurement leaves: frames, log and wires, kept as evidence however it ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from traceback import clear_frames

from devices.acquisition.course import Kept
from devices.errors import DeviceError
from devices.frame import DARK, TRIAL, RawFrame
from devices.transports.recorder import MOST_BYTES
from spectra_app.errors import AppError
from spectra_app.records.evidence import ROOM_BYTES
from spectra_app.services.frames import AnalyserError, as_app_error
from spectra_app.services.identify import Identifier

LOG_FORMAT = "spectra.acquisition-log"
WIRES = 2  # the most that one analyser has: spectrometer and laser


class HurriedError(KeyboardInterrupt):
    """Somebody did not wait for the end; `kept` and `lit` as for `AnalyserError`."""

    def __init__(self, kept: tuple[str, ...], identifier: Identifier, *, lit: bool = True) -> None:
        super().__init__()
        self.kept, self.lit = kept, lit
        self.add_note(_words(kept, identifier))


@dataclass(frozen=True, eq=False, slots=True)
class MeasuredStore:
    """Keeps everything that one measurement leaves.

    Parameters
    ----------
    identifier : Identifier
        Its evidence store and clock.
    label : str
        What the files are called after.
    kept : Kept
        Where the measurement puts what it has.
    wires : callable or None
        Gives the record of all bytes on the wires.
    """

    identifier: Identifier
    label: str
    kept: Kept
    wires: Callable[[], bytes] | None = None

    def prove_room(self) -> None:
        """Refuse, before anything is lit, when what the scan will leave could not be kept."""
        wires = 0 if self.wires is None else WIRES * MOST_BYTES
        self.identifier.evidence.prove_room(ROOM_BYTES + wires)

    def keep(self, last: RawFrame | None = None) -> tuple[str, ...]:
        """Keep all frames, `last` among them, then the log and the wires; return the SHA-256.

        Raises
        ------
        EvidenceError
            When they cannot be kept.
        HurriedError
            When it was interrupted; everything is kept then. An interruption comes once, see
            `spectra_app.cli.stopping`.
        """
        try:
            return self._keep(last)
        except KeyboardInterrupt as error:
            clear_frames(error.__traceback__)  # so that it holds no lock any more
            raise HurriedError(self._keep(last), self.identifier, lit=self.kept.lit) from error

    def told(self, error: DeviceError) -> AnalyserError:
        """Keep what there is, then return `error` as one of the program's."""
        refused = as_app_error(error)
        refused.lit = self.kept.lit
        try:
            refused.kept = self.keep()
        except AppError as second:  # the analyser's own trouble, its laser, has to be told first
            refused.remedy += f"; and what was measured could not be kept: {second}"
        return refused

    def broken_off(self, error: BaseException) -> None:
        """Keep what there is after an interruption or a fault of the program, and say so with it.

        Raises
        ------
        HurriedError
            In place of an interruption.
        """
        kept = self.keep()
        if isinstance(error, KeyboardInterrupt):
            raise HurriedError(kept, self.identifier, lit=self.kept.lit) from error
        error.add_note(_words(kept, self.identifier))

    def _keep(self, last: RawFrame | None) -> tuple[str, ...]:
        frames = list(self.kept.frames)
        if last is not None and all(last is not one for one in frames):
            frames.append(last)
        hashes = [
            self._put(frame.to_bytes(), _kind(frame), f"{number}.frame.json")
            for number, frame in enumerate(frames, start=1)
        ]
        lines = [asdict(line) for line in self.kept.log]
        log = {"format": LOG_FORMAT, "version": 1, "lines": lines, "remarks": self.kept.remarks}
        text = json.dumps(log, sort_keys=True, ensure_ascii=False, indent=1) + "\n"
        hashes.append(self._put(text.encode(), "acquisition log", "acquisition.json"))
        if self.wires is not None:
            hashes.append(self._put(self.wires(), "wire record", "wires.jsonl"))
        return tuple(dict.fromkeys(hashes))

    def _put(self, data: bytes, kind: str, name: str) -> str:
        return self.identifier.keep(data, kind=kind, name=f"{self.label}.{name}")


def _words(kept: tuple[str, ...], identifier: Identifier) -> str:
    return f"what was measured is kept: {len(kept)} files in {identifier.evidence.folder}"


def _kind(frame: RawFrame) -> str:
    if DARK in frame.flags:
        return "dark frame"
    return "trial frame" if TRIAL in frame.flags else "raw frame"
