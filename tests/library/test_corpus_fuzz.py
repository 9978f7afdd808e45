"""Mutated binary files, read in one reused worker process with limits on time and memory.

Every mutant of a format has a number; `make fuzz FUZZ=20000` runs the first 20,000 of each, the
default suite a few. The worker is killed and started again when a mutant takes too long, and that
mutant is a failure named by format and number. This file run as a program is the worker.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from library.formats import TraceFile, read_bytes, read_traces
from library.formats.records import Column, Request
from matching.errors import SpectraError

LONG = os.environ.get("SPECTRA_FUZZ")
MUTANTS = int(LONG or 150)
FEW = 30  # of formats whose third-party reader is slow, in the short form
SLOW = ("wip",)
LONGEST_S = 2.0
MOST_GROWTH_BYTES = 500_000_000
SETTLE_S = 60.0  # a third-party reader may have to start its own worker first
SMALL_BYTES = 120_000  # most mutants are of small files, which find more in a second
LARGE_BYTES = 4_000_000

# Format -> (folder of the corpus, endings, name of the synthetic samples).
FORMATS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "spc": ("spc", (".spc",), "Galactic SPC"),
    "spe": ("spe", (".spe",), "Princeton SPE"),
    "wdf": ("wdf", (".wdf",), "Renishaw WDF"),
    "spa": ("spa", (".spa",), "Thermo OMNIC SPA"),
    "opus": ("opus", tuple(f".{n}" for n in ("0", "0000", "0001", "0002", "0003")), "Bruker OPUS"),
    "wip": ("wip", (".wip",), "WITec project"),
    "l6s": ("l6s", (".l6s",), "LabSpec 6 file"),
    "sif": ("sif", (".sif",), "Andor SIF"),
}


# --- The mutations: (dice, file, another file) -> file -------------------------------------------

HUGE = {
    "<H": (0, 1, 0x7FFF, 0x8000, 0xFFFF),
    "<I": (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 100_000_000, 1_000_000),
    "<Q": (0, 1, 2**31, 2**32, 2**40, 2**62, 2**63, 2**64 - 1),
    "<f": (float("nan"), float("inf"), -1.0, 0.0, 3e38, 1e9),
    "<d": (float("nan"), float("-inf"), -1.0, 0.0, 1e308, 1e9),
}
Mutator = Callable[[random.Random, bytes, bytes], bytes]


def _place(dice: random.Random, data: bytes) -> int:
    """Return a place, often in the header, where the counts are."""
    if dice.random() < 0.6:
        return dice.randrange(min(len(data), dice.choice((64, 512, 1024, 4200))))
    return dice.randrange(len(data))


def _flip(dice: random.Random, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _n in range(dice.choice((1, 1, 2, 8, 64))):
        changed[_place(dice, data)] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _byte(dice: random.Random, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _n in range(dice.choice((1, 1, 3, 20))):
        changed[_place(dice, data)] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
    return bytes(changed)


def _count(dice: random.Random, data: bytes, _: bytes) -> bytes:
    """Write an extreme number over a field of 16, 32 or 64 bits, or just beside its own value."""
    layout = dice.choice(tuple(HUGE))
    at = _place(dice, data)
    at -= at % dice.choice((1, 2, 4))
    size = struct.calcsize(layout)
    if at + size > len(data):
        return data
    value = dice.choice(HUGE[layout])
    if layout in {"<H", "<I", "<Q"} and dice.random() < 0.4:
        (old,) = struct.unpack_from(layout, data, at)
        value = (old + dice.choice((-1, 1, 16, -16, old))) % (1 << (8 * size))
    changed = bytearray(data)
    struct.pack_into(layout, changed, at, value)
    return bytes(changed)


def _truncate(dice: random.Random, data: bytes, _: bytes) -> bytes:
    return data[: _place(dice, data)]


def _fill(dice: random.Random, data: bytes, _: bytes) -> bytes:
    start = _place(dice, data)
    stop = min(len(data), start + dice.choice((1, 4, 16, 256, 4096, len(data))))
    return data[:start] + dice.choice((b"\0", b"\xff")) * (stop - start) + data[stop:]


def _insert(dice: random.Random, data: bytes, other: bytes) -> bytes:
    start = _place(dice, data)
    size = dice.choice((1, 2, 4, 16, 1000, 40_000))
    at = dice.randrange(len(other))
    what = dice.choice((bytes(size), dice.randbytes(size), other[at : at + size]))
    return data[:start] + what + data[start:]


def _delete(dice: random.Random, data: bytes, _: bytes) -> bytes:
    start = _place(dice, data)
    return data[:start] + data[start + dice.choice((1, 2, 4, 16, 1000)) :]


def _swap(dice: random.Random, data: bytes, _: bytes) -> bytes:
    size = dice.choice((2, 4, 8, 16, 512))
    one, two = sorted((_place(dice, data), _place(dice, data)))
    if one + size > two or two + size > len(data):
        return data
    middle = data[one + size : two]
    return (
        data[:one] + data[two : two + size] + middle + data[one : one + size] + data[two + size :]
    )


def _splice(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: _place(dice, data)] + other[_place(dice, other) :]


def _digits(dice: random.Random, data: bytes, _: bytes) -> bytes:
    """Overwrite digits of a text part (XML footers, logs, SIF headers) with other ones."""
    start = dice.randrange(len(data))
    places = [at for at in range(start, min(len(data), start + 400)) if data[at] in b"0123456789"]
    changed = bytearray(data)
    for at in places[: dice.choice((1, 3, 12))]:
        changed[at] = dice.choice(b"0099.-eEx<&")
    return bytes(changed)


MUTATORS: tuple[Mutator, ...] = (
    *(_flip, _byte, _count, _count, _count, _truncate, _fill),
    *(_insert, _delete, _swap, _splice, _digits),
)


def _mutant(name: str, number: int, seeds: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Return the file a mutant is of, and the mutant with this number."""
    dice = random.Random(f"2026 {name} {number}")
    small = [seed for seed in seeds if len(seed[1]) <= SMALL_BYTES] or seeds
    file, data = dice.choice(small if dice.random() < 0.9 else seeds)
    for _n in range(dice.choice((1, 1, 1, 2, 3))):
        data = dice.choice(MUTATORS)(dice, data, dice.choice(small)[1]) or b"\0"
    return file, data


@cache
def _real(name: str) -> tuple[tuple[str, bytes], ...]:
    """Return the real files of a format, at most 1 MB each, or none where there is no corpus."""
    named = os.environ.get("SPECTRA_DATA")
    data = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    folder, endings, _ = FORMATS[name]
    paths = sorted((data / "formats" / folder).glob("*"))
    chosen = [p for p in paths if p.suffix.lower() in endings and p.stat().st_size <= 1_000_000]
    return tuple((p.name, p.read_bytes()) for p in chosen)


# --- The worker: a length and a request in, one line out -----------------------------------------


def _check_traces(found: TraceFile, size: int) -> None:
    if not found.traces:
        raise AssertionError("no curves and no error")
    points = 0
    for trace in found.traces:
        points += trace.intensity.size
        for axis in (trace.shift_cm1, trace.wavelength_nm, trace.other_axis):
            if axis is not None and axis.shape != trace.intensity.shape:
                raise AssertionError(f"{axis.shape} values for {trace.intensity.shape} points")
    if points > size:
        raise AssertionError(f"{points} points of {size} bytes")


def _try(data: bytes, request: Request) -> str:
    """Return what becomes of a mutant: ``read``, ``marked`` or the name of the error."""
    try:
        found = read_traces(data, where="mutant")
    except SpectraError as error:
        outcome = _named(error)
    else:
        _check_traces(found, len(data))
        outcome = "marked" if "truncated" in found.traces[0].marks else "curves"
    try:
        result = read_bytes(
            data,
            where="mutant",
            column=request.column,
            laser_nm=request.laser_nm,
            partial=request.partial,
        )
    except SpectraError as error:
        _named(error)
        return outcome
    if not result.spectra or not all(entry.spectrum.history for entry in result.spectra):
        raise AssertionError("spectra without a history")
    return "spectra"


def _named(error: SpectraError) -> str:
    if not (error.what and error.where.startswith("mutant") and error.remedy):
        raise AssertionError(f"{error!r} lacks what, where or remedy")
    if len(str(error)) > 1500:
        raise AssertionError("the message repeats the file")
    return type(error).__name__


def _peak_bytes() -> int:
    """Return the largest resident size of this process; the kernel's other figure, `ru_maxrss`,
    begins at that of the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        text = status.read_text(encoding="ascii", errors="replace")
        return 1024 * int(text.partition("VmHWM:")[2].split()[0])
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(size) * (1 if sys.platform == "darwin" else 1024)


def _serve() -> None:
    """Answer requests until the input ends."""
    pipe, answers = sys.stdin.buffer, sys.stdout
    while len(head := pipe.read(8)) == 8:
        options_size, size = struct.unpack("<II", head)
        options = json.loads(pipe.read(options_size))
        data = pipe.read(size)
        started = time.perf_counter()
        try:
            outcome = _try(data, Request(**options))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the finding
            outcome = f"CRASH {type(error).__name__}: {error}"
        took = time.perf_counter() - started
        answers.write(json.dumps([outcome, took, _peak_bytes()]) + "\n")
        answers.flush()


@dataclass
class Worker:
    """The process that reads; started when needed, killed with its children when it hangs."""

    process: subprocess.Popen[bytes] | None = None
    fresh: bool = True
    base: int = 0
    starts: int = 0
    peak: int = 0
    failures: list[str] = field(default_factory=list)

    def ask(self, data: bytes, options: dict[str, object]) -> tuple[str, float]:
        """Return the outcome and the seconds; ``HANG`` or ``DEAD`` as outcome end the worker."""
        if self.process is None:
            self._start()
        limit = SETTLE_S if self.fresh else LONGEST_S
        process = self.process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        words = json.dumps(options).encode()
        started = time.perf_counter()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(struct.pack("<II", len(words), len(data)) + words + data)
            process.stdin.flush()
        if not select.select([process.stdout], [], [], limit)[0]:
            self.stop()
            return "HANG", time.perf_counter() - started
        line = process.stdout.readline()
        if not line:
            self.stop()
            return "DEAD", time.perf_counter() - started
        outcome, took, peak = json.loads(line)
        if self.fresh:
            self.fresh, self.base = False, peak
        self.peak = max(self.peak, peak - self.base)
        return outcome, took

    def _start(self) -> None:
        guard = os.environ.get("PYTHONPATH", "")  # first: children keep the network guard
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((guard, *filter(None, sys.path)))},
        )
        self.fresh, self.starts = True, self.starts + 1

    def stop(self) -> None:
        """Kill the worker and what it started."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self.process.wait()
        self.process = None


# --- What must hold ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    if not hasattr(os, "killpg"):
        pytest.skip("the worker is measured and killed on POSIX only")
    running = Worker()
    yield running
    running.stop()


def _options(name: str, number: int) -> dict[str, object]:
    dice = random.Random(f"options {name} {number}")
    column: Column | None = dice.choice((None, None, None, "raw"))
    return {
        "column": column,
        "laser_nm": dice.choice((None, 785.0)),
        "partial": dice.random() < 0.5,
    }


@pytest.mark.fuzz
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", FORMATS)
def test_binary_mutants(
    name: str,
    samples: dict[str, list[bytes]],
    worker: Worker,
    record_property: Callable[[str, object], None],
) -> None:
    made = samples.get(FORMATS[name][2], [])
    seeds = [(f"sample {at}", data) for at, data in enumerate(made)] + list(_real(name))
    if not seeds:
        pytest.skip("needs the real files of this format")
    # It starts, imports and warms up outside of the measuring.
    worker.ask(seeds[0][1], {})
    worker.peak, failures = 0, []
    slowest, outcomes = (0.0, ""), Counter[str]()
    mutants = MUTANTS if LONG or name not in SLOW else FEW
    for number in range(mutants):
        file, data = _mutant(name, number, seeds)
        label = f"{name} mutant {number} of {file}"
        before = worker.peak
        outcome, took = worker.ask(data, _options(name, number))
        if outcome in {"HANG", "DEAD"} or took > LONGEST_S:  # once more, alone: a busy machine
            worker.stop()
            worker.ask(seeds[0][1], {})
            outcome, took = worker.ask(data, _options(name, number))
        if outcome.startswith(("HANG", "DEAD", "CRASH")) or took > LONGEST_S:
            failures.append(f"{label}: {outcome} after {took:.2f} s")
        if worker.peak > MOST_GROWTH_BYTES >= before:
            failures.append(f"{label}: grown by {worker.peak} bytes")
        outcomes[outcome.split(":")[0]] += 1
        slowest = max(slowest, (took, label))
    report = (
        f"{name}: {mutants} mutants, {dict(outcomes)}, slowest {slowest[0]:.3f} s "
        f"({slowest[1]}), grown {worker.peak / 1e6:.0f} MB, {worker.starts} starts"
    )
    record_property("fuzz", report)
    print(report)  # noqa: T201
    assert not failures, "\n".join(failures[:20])
    assert outcomes["spectra"] + outcomes["curves"] < mutants
    assert outcomes["UnknownFormatError"] < mutants / 2, "the mutants never reach the reader"


@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"\x80A"])
def test_large_files_are_answered_in_time(
    filler: bytes, binary_samples: dict[str, list[bytes]], worker: Worker
) -> None:
    """4 MB of one thing, alone and behind the head of each format: an answer within the limit."""
    late = []
    heads = [(name, group[0]) for name, group in binary_samples.items()]
    worker.ask(heads[0][1], {})
    for name, head in [("nothing", b""), *heads]:
        data = (head[:600] + filler * (LARGE_BYTES // len(filler)))[:LARGE_BYTES]
        outcome, took = worker.ask(data, {})
        if outcome == "HANG" or took > LONGEST_S:  # once more: a busy machine
            worker.ask(heads[0][1], {})
            outcome, took = worker.ask(data, {})
        if outcome.startswith(("HANG", "DEAD", "CRASH")) or took > LONGEST_S:
            late.append(f"{name}: {outcome} after {took:.2f} s")
    assert not late, "\n".join(late)


def test_a_worker_that_hangs_or_dies_is_told_from_one_that_answers(worker: Worker) -> None:
    """The harness itself: a stopped worker is a HANG, a killed one DEAD, and both are replaced."""
    data = b"a letter, not a spectrum\n"
    assert worker.ask(data, {})[0].endswith("Error")
    assert worker.process is not None
    os.kill(worker.process.pid, signal.SIGSTOP)
    assert worker.ask(data, {})[0] == "HANG"
    assert worker.ask(data, {})[0].endswith("Error")
    os.kill(worker.process.pid, signal.SIGKILL)
    assert worker.ask(data, {})[0] == "DEAD"
    assert worker.ask(data, {})[0].endswith("Error")


if __name__ == "__main__":
    _serve()
