"""Print how fast a large library is opened and first searched, and from cold.

    python -m benchmarks.library_speed [--entries 20000] [--cold 100000] [--folder DIR] [--runs 5]

The libraries are made up (`benchmarks.synthetic`), written and extended the way every library is.
"Opened and first search" opens the library anew and searches it once; the plain scan is one float32
product of all its rows with a query and the ten best. "From cold" drops the file from the system's
memory first (`posix_fadvise`; where that is not there, it is skipped) and compares opening with
reading the whole file. Peak memory is that of a process of its own, with what it maps. Exits 1 when
a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.synthetic import AXIS_CM1, SOURCE, band_spectrum, entries
from benchmarks.timing import seconds, side_by_side
from library.store import Library
from library.writing import extend_library, write_library
from matching.pipeline import Prepared, prepare
from matching.search import SearchSettings, search
from matching.spectrum import Spectrum

SEED = 20261122
TOP = 10
SCANS = 5.0  # plain scans that opening and the first search may take together, and besides
BESIDES_S = 0.05
COLD = 0.5  # of the time of reading the whole file
STEP = 10_000  # entries written at a time


def build(target: Path, count: int) -> tuple[float, float]:
    """Write a library in steps; return the seconds of the first step and of all others."""
    made, times = entries(count, SEED), []
    while part := list(islice(made, STEP)):
        begun = time.perf_counter()
        if not times:
            write_library(target, part, name=SOURCE)
        else:
            with Library(target) as library:
                extend_library(library, part)
        times.append(time.perf_counter() - begun)
    return times[0], sum(times[1:])


def scan() -> Prepared:
    """Return a made-up scan, cleaned."""
    noise = np.random.default_rng(SEED).normal(0.0, 0.02, AXIS_CM1.size)
    return prepare(Spectrum(AXIS_CM1, band_spectrum(SEED, 17) + noise, laser_nm=785.0))


def opened_and_searched(path: Path, query: Prepared) -> int:
    """Open a library and search it once; return the row found."""
    with Library(path) as library:
        return int(search(query, library.matrix, SearchSettings(), TOP).row[0])


def warm(path: Path, runs: int) -> bool:
    """Print opening and first search beside a plain scan; tell whether the bar is met."""
    query = scan()
    if opened_and_searched(path, query) != 17:
        raise SystemExit(2)
    with Library(path) as library:
        rows = np.array(library.matrix.rows)
    vector = rows[17].copy()

    def plain() -> object:
        scores = rows @ vector
        return scores.argpartition(scores.size - TOP)[-TOP:]

    one, both, opening = side_by_side(
        [plain, lambda: opened_and_searched(path, query), lambda: Library(path).close()], runs
    )
    limit = SCANS * one + BESIDES_S
    print(
        f"  opened and first search {both * 1e3:.0f} ms (opening {opening * 1e3:.0f} ms), plain "
        f"scan {one * 1e3:.1f} ms, at most {limit * 1e3:.0f} ms{told(both <= limit)}"
    )
    return both <= limit


def told(good: bool) -> str:
    return "" if good else "   MISSED"


def dropped(path: Path) -> None:
    """Make the system forget what it holds of a file in memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_whole(path: Path) -> None:
    block = bytearray(2**22)
    with path.open("rb", buffering=0) as file:
        while file.readinto(block):
            pass


def cold(path: Path, runs: int) -> bool:
    """Print opening from cold beside reading the whole file; tell whether the bar is met."""
    if not hasattr(os, "posix_fadvise"):
        print("  from cold: this system cannot be told to forget a file")
        return True
    query = scan()
    work: list[Callable[[], object]] = [
        lambda: read_whole(path),
        lambda: Library(path).close(),
        lambda: opened_and_searched(path, query),
    ]
    times: list[list[float]] = [[] for _ in work]
    for _ in range(runs):
        for one, found in zip(work, times, strict=True):
            dropped(path)
            found.append(seconds(one))
    whole, opening, both = (median(found) for found in times)
    good = opening < COLD * whole
    print(
        f"  from cold: whole file {whole:.2f} s, opened {opening:.2f} s ({opening / whole:.0%}, "
        f"less than {COLD:.0%}){told(good)}; opened and first search {both:.2f} s"
    )
    return good


def peak_mib() -> float:
    """Return the most memory this process has had, what it maps included."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 2**10


def most_so_far() -> str:
    return f"{peak_mib():.0f} MiB" if Path("/proc/self/status").is_file() else "not known"


def most_memory(path: Path) -> str:
    """Return the most memory a process has that opens a library and searches it once."""
    code = (
        "import sys; from pathlib import Path; "
        "from benchmarks.library_speed import opened_and_searched, peak_mib, scan; "
        "query = scan(); before = peak_mib(); "
        "opened_and_searched(Path(sys.argv[1]), query); print(before, peak_mib())"
    )
    if not Path("/proc/self/status").is_file():
        return "not known"
    run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=True)
    before, after = (float(word) for word in run.stdout.split())
    return f"{after:.0f} MiB ({before:.0f} MiB before opening)"


def libraries(options: argparse.Namespace, folder: Path) -> Iterator[tuple[int, Path]]:
    for count in dict.fromkeys((options.entries, options.cold)):
        if count:
            path = folder / f"library-{count}.h5"
            if not path.is_file():
                first, rest = build(path, count)
                print(
                    f"{count:,} entries: written in steps of {STEP:,}: first {first:.0f} s, "
                    f"others {rest:.0f} s; most memory {most_so_far()}"
                )
            yield count, path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.library_speed", description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000, help="entries, opened and searched")
    parser.add_argument(
        "--cold", type=int, default=100_000, help="entries, from cold; 0: leave out"
    )
    parser.add_argument("--folder", type=Path, help="keep the libraries here, or use those in it")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median is taken")
    options = parser.parse_args()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{os.cpu_count()} cores{load}; NumPy {np.__version__}")
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        for count, path in libraries(options, options.folder or Path(scratch)):
            print(f"{count:,} entries, {path.stat().st_size / 2**30:.2f} GiB")
            if count == options.entries:
                good &= warm(path, options.runs)
            if count == options.cold:
                good &= cold(path, min(options.runs, 3))
            print(f"  most memory to open it and search once: {most_memory(path)}")
            sys.stdout.flush()
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
