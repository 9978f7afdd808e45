"""Serve emulated instruments on pseudo-terminals, so that other programs can be tried on them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices.emulators.bench import Bench
from devices.emulators.wire import SerialModel
from devices.errors import SettingsError
from devices.families import FAMILIES, LaserKind, Wire, family
from devices.registry import emulated_wires
from devices.sample import Sample

LASER = "cobolt"
_LINES = {Wire.SERIAL, Wire.EITHER}


def served_families() -> tuple[str, ...]:
    """Return what `serve_family` can serve."""
    return (*(row.name for row in FAMILIES if row.wire in _LINES), LASER)


def serve_family(
    name: str,
    announce: Callable[[str], None],
    *,
    sample: Sample,
    seed: int = 7,
    link: Path | None = None,
    laser_link: Path | None = None,
    announce_laser: Callable[[str], None] | None = None,
    paced: bool = True,
) -> None:
    """Serve an emulated instrument on a pseudo-terminal until Ctrl-C or a request to terminate.

    Parameters
    ----------
    name : str
        One of `served_families`.
    announce : callable
        Told the path of the port.
    sample : Sample
        What lies in front of it.
    seed : int
        Seed of its noise.
    link : Path or None
        A stable name for the port.
    laser_link : Path or None
        A stable name for the port of the laser.
    announce_laser : callable or None
        Told the path of the port of the laser beside the spectrometer, on the same bench, so that
        both make one analyser; None serves no laser.
    paced : bool
        Whether bytes take the time that they take on a real line.

    Raises
    ------
    UnknownFamilyError, SettingsError
        When there is no such family, or it has no serial line.
    OpenError
        When no port can be made.
    """
    from devices.emulators.pty import PtyWire, serve

    if announce_laser is None:
        serve(_model(name, sample, seed), announce, link=link, paced=paced)
        return
    lock = threading.RLock()
    main, laser = (_Shared(model, lock) for model in _pair(name, sample, seed))
    with PtyWire(laser, paced=paced, link=laser_link) as wire:
        announce_laser(wire.path)
        serve(main, announce, link=link, paced=paced)


class _Shared:
    """One of two instruments on one bench, each served by a thread of its own."""

    def __init__(self, model: SerialModel, lock: threading.RLock) -> None:
        self._model, self._lock = model, lock

    @property
    def baud(self) -> int:
        """See `SerialModel.baud`."""
        return self._model.baud

    def receive(self, data: bytes, at_s: float) -> None:
        """See `SerialModel.receive`."""
        with self._lock:
            self._model.receive(data, at_s)

    def send(self, at_s: float) -> bytes:
        """See `SerialModel.send`."""
        with self._lock:
            return self._model.send(at_s)

    def next_s(self) -> float | None:
        """See `SerialModel.next_s`."""
        with self._lock:
            return self._model.next_s()


def _pair(name: str, sample: Sample, seed: int) -> tuple[SerialModel, SerialModel]:
    row = family(name)
    if row.wire not in _LINES or row.laser is not LaserKind.PAIRED:
        raise SettingsError(
            f"{row.title} has no serial line with a laser beside it",
            name,
            "leave the laser out, or choose a spectrometer with a laser of its own port",
        )
    main, laser = emulated_wires(name, sample=sample, seed=seed, serial=True).models
    return main, laser


def _model(name: str, sample: Sample, seed: int) -> Any:
    if name == LASER:
        from devices.emulators.cobolt import emulator

        bench = family("emulated-785").bench
        return emulator(sample, seed, bench=Bench(bench, sample, seed) if bench else None)
    row = family(name)
    if row.wire not in _LINES:
        raise SettingsError(
            f"{row.title} has no serial line to serve",
            name,
            f"choose one of {', '.join(served_families())}; how a driver over pyusb is tried "
            "against the others is told in docs/devices.md",
        )
    return emulated_wires(name, sample=sample, seed=seed, serial=True).models[0]
