"""Mutated files: every reader gives a named error or a valid spectrum, fast and in little memory.

SPECTRA_FUZZ sets the number of mutations per reader (10,000 in `make fuzz`).
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from library.formats import READERS, ReadResult, read_bytes, read_traces
from matching.errors import SpectraError

MUTATIONS = int(os.environ.get("SPECTRA_FUZZ") or 300)
LONGEST_S = 2.0
MOST_MEMORY_BYTES = 500_000_000
NUMBERS = (b"1e999", b"999999999", b"1000000000", b"NaN", b"-inf", b"1e-320", b"-1", b"0", b"1_0")
BYTES = b'\x00\xff\r\n\t;, .-+eE#"0123456789NAx\x1a\xef'
REAL_FILES = {
    "ENLIGHTEN CSV": ("spectra/reference-785xs/caffeine.csv", "spectra/queries-785x/acetone.csv"),
    "ENLIGHTEN session CSV": ("spectra/fleet-2019/wp-00368-532nm-axis-wrong.csv",),
    "BWSpec text": ("spectra/calibration/bwtek-785/PST02_iRPlus785_Z020_100_1300ms.txt",),
    "JCAMP-DX": ("formats/jcamp/tannic_acid.jdx", "formats/jcamp/o05.jdx"),
    "LabSpec text": ("formats/txt_horiba/acetonitrile.txt", "formats/txt_horiba/lasertest1.txt"),
    "WiRE text": ("formats/txt_renishaw/CC-124_TAP_plate_5x_3_points.txt",),
    "WITec text": ("formats/txt_witec/Witec_TrueMatch.txt",),
    "Ocean Optics text": ("formats/txt_ocean/spectrum-comma.jaz", "formats/txt_ocean/OO_comma.txt"),
    "Avantes text": ("formats/txt_avantes/J_MUR_MARS_17_0001.ttt",),
    "Andor Solis ASCII": ("formats/txt_andor/ASCII-Andor-Solis.asc",),
    "two columns of numbers": ("spectra/customs-analyser/pure/acetone.txt",),
}

Mutator = Callable[[random.Random, bytes, bytes], bytes]


# --- The mutations: (dice, file, another file) -> file -----------------------------------------


def _flip(dice: random.Random, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _n in range(dice.choice((1, 1, 3, 20))):
        changed[dice.randrange(len(changed))] = dice.choice((dice.randrange(256), *BYTES))
    return bytes(changed)


def _span(dice: random.Random, data: bytes) -> tuple[int, int]:
    start = dice.randrange(len(data))
    return start, min(len(data), start + dice.choice((1, 2, 8, 100, len(data) // 3 + 1)))


def _delete(dice: random.Random, data: bytes, _: bytes) -> bytes:
    start, stop = _span(dice, data)
    return data[:start] + data[stop:]


def _duplicate(dice: random.Random, data: bytes, _: bytes) -> bytes:
    start, stop = _span(dice, data)
    return data[:start] + data[start:stop] * dice.choice((2, 2, 5, 50)) + data[stop:]


def _truncate(dice: random.Random, data: bytes, _: bytes) -> bytes:
    return data[: dice.randrange(len(data))]


def _splice(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: dice.randrange(len(data))] + other[dice.randrange(len(other)) :]


def _number(dice: random.Random, data: bytes, _: bytes) -> bytes:
    lines = data.split(b"\n")
    at = dice.randrange(len(lines))
    separator = dice.choice((b",", b";", b"\t", b" "))
    cells = lines[at].split(separator)
    cells[dice.randrange(len(cells))] = dice.choice(NUMBERS)
    lines[at] = separator.join(cells)
    return b"\n".join(lines)


def _shuffle(dice: random.Random, data: bytes, _: bytes) -> bytes:
    lines = data.split(b"\n")
    start = dice.randrange(len(lines))
    block = lines[start : start + dice.choice((2, 3, 10, len(lines)))]
    dice.shuffle(block)
    return b"\n".join([*lines[:start], *block, *lines[start + len(block) :]])


def _separators(dice: random.Random, data: bytes, _: bytes) -> bytes:
    old, new = dice.sample((b",", b";", b"\t", b" ", b".", b"\n"), 2)
    return data.replace(old, new, dice.choice((1, 5, 10**6)))


def _wide(dice: random.Random, data: bytes, _: bytes) -> bytes:
    start = dice.randrange(len(data))
    return (
        data[:start] + dice.choice((b",", b";", b"9", b'"', b"\n", b" ")) * 100_000 + data[start:]
    )


MUTATORS: tuple[Mutator, ...] = (
    *(_flip, _delete, _duplicate, _truncate, _splice, _number, _shuffle, _separators),
    *(_flip, _delete, _duplicate, _truncate, _splice, _number, _shuffle, _wide),
)


# --- What must hold -----------------------------------------------------------------------------


def _check_result(result: ReadResult) -> None:
    assert result.spectra
    assert all(note.strip() for note in result.assumptions)
    for entry in result.spectra:
        axis, intensity = entry.spectrum.raman_shift_cm1, entry.spectrum.intensity
        assert axis.size == intensity.size >= 16
        assert np.isfinite(axis).all()
        assert np.isfinite(intensity).all()
        assert (np.diff(axis) > 0).all()
        assert abs(axis).max() < 10_000
        assert entry.spectrum.history
        assert entry.index >= 1


def _outcome(data: bytes, dice: random.Random) -> str:
    column = dice.choice((None, None, "processed", "raw", "raw-dark"))
    laser = dice.choice((None, None, 785.0))
    try:
        _check_result(read_bytes(data, where="mutant", column=column, laser_nm=laser))  # type: ignore[arg-type]
    except SpectraError as error:
        if not (error.what and error.where.startswith("mutant") and error.remedy):
            pytest.fail(f"{error!r} lacks what, where or remedy")
        return type(error).__name__
    return "read"


def _peak_memory() -> int:
    """Return the largest resident size of this process so far, in bytes."""
    resource = pytest.importorskip("resource", reason="peak memory is measured on POSIX only")
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * (
        1 if sys.platform == "darwin" else 1024
    )


def _real(name: str) -> list[bytes]:
    named = os.environ.get("SPECTRA_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    paths = [folder / path for path in REAL_FILES.get(name, ())]
    return [path.read_bytes() for path in paths if path.is_file()]


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [reader.name for reader in READERS])
def test_mutants(
    name: str, samples: dict[str, list[bytes]], record_property: Callable[[str, object], None]
) -> None:
    dice = random.Random(f"2026 {name}")
    # Small files find more per second; real ones, a twelfth of the draws, find what is their own.
    seeds = samples[name] * max(1, 12 // len(samples[name])) + _real(name)
    others = [data for group in samples.values() for data in group]
    read_traces(seeds[0], where="first")  # a worker starts, and imports are made, unmeasured
    before, slowest, outcomes = _peak_memory(), 0.0, Counter[str]()
    for _ in range(MUTATIONS):
        data = dice.choice(seeds)
        for _n in range(dice.choice((1, 1, 2, 4))):
            data = dice.choice(MUTATORS)(dice, data, dice.choice(others)) or b"\n"
        started = time.process_time()  # a busy machine is no slow reader; the worker has a clock
        outcomes[_outcome(data, dice)] += 1
        slowest = max(slowest, time.process_time() - started)
    grown = _peak_memory() - before
    report = f"{name}: {MUTATIONS} mutants, {dict(outcomes)}, slowest {slowest:.3f} s, {grown} B"
    record_property("fuzz", report)
    print(report)  # noqa: T201
    assert slowest < LONGEST_S
    assert grown < MOST_MEMORY_BYTES
    assert outcomes["read"] < MUTATIONS
    assert outcomes.total() == MUTATIONS
