"""Serve emulated instruments on pseudo-terminals, so that other programs can be tried on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices.emulators.bench import Bench
from devices.errors import SettingsError
from devices.families import FAMILIES, Wire, family
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
    paced : bool
        Whether bytes take the time that they take on a real line.

    Raises
    ------
    UnknownFamilyError, SettingsError
        When there is no such family, or it has no serial line.
    OpenError
        When no port can be made.
    """
    from devices.emulators.pty import serve

    serve(_model(name, sample, seed), announce, link=link, paced=paced)


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
