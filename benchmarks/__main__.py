"""Print how fast the program is, as ratios and differences measured in one run.

    python -m benchmarks [--entries 20000] [--runs 9] [--folder DIR] [--json]

The libraries are made up (random bands from a seed), the scan is one of their spectra with noise
and a background. Files are in the computer's memory before anything is timed. `--folder` keeps the
libraries for the next run; otherwise they go into a temporary folder and are removed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.synthetic import write_scan, write_synthetic_library
from benchmarks.timing import process, side_by_side
from library.formats import read_file
from library.store import Library
from matching.axis import COMMON_GRID, onto_grid
from matching.pipeline import DEFAULT_PIPELINE, prepare
from matching.preprocess.baseline import arpls
from matching.search import search
from spectra_app.services.policies import load_policy

SEED = 20261121
SMALL = 80  # entries of the library that the whole process is timed with
SCANNED = 17  # the entry that the scan is of
IMPORTS = "import numpy, h5py, scipy.signal, pybaselines"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what was measured, its value and unit, and the most it may be (or None)."""

    what: str
    value: float
    unit: str
    most: float | None = None

    @property
    def missed(self) -> bool:
        """True when there is a bar and the value is over it."""
        return self.most is not None and self.value > self.most


def whole_process(small: Path, large: Path, scan: Path, *, entries: int, runs: int) -> list[Figure]:
    """Time `spectra identify` as another program would call it."""
    spectra = Path(sys.executable).with_name("spectra.exe" if os.name == "nt" else "spectra")
    environment = {**os.environ, "SPECTRA_HOME": str(scan.parent / "home")}

    def identify(library: Path) -> list[str]:
        return [str(spectra), "identify", str(scan), "--library", str(library), "--json"]

    commands = [[sys.executable, "-c", IMPORTS], identify(small), identify(large)]
    imports, with_small, with_large = side_by_side(
        [process(command, environment) for command in commands], runs
    )
    return [
        Figure(f'python -c "{IMPORTS}"', imports, "s"),
        Figure(f"spectra identify, {SMALL} entries", with_small, "s"),
        Figure("  of the imports' time", with_small / imports, "x", 1.5),
        Figure(f"spectra identify, {entries:,} entries", with_large, "s"),
        Figure("  more than the small library", with_large - with_small, "s", 0.3),
    ]


def searching(large: Path, scan: Path, runs: int) -> list[Figure]:
    """Time the search in memory against one product of the same matrix with the scan."""
    _, result = read_file(scan)
    query = prepare(result.spectra[0].spectrum)
    vector = np.zeros(COMMON_GRID.size, dtype=np.float32)
    vector[query.first : query.end] = query.root
    policy = load_policy()
    with Library(large) as library:
        matrix, rows = library.matrix, np.asarray(library.matrix.rows)
        product, found = side_by_side(
            [
                lambda: rows @ vector,
                lambda: search(query, matrix, policy.search, policy.candidates),
            ],
            runs,
        )
        shifts = policy.search.shifts_cm1.size
        first = int(search(query, matrix, policy.search, 1).row[0])
    if first != SCANNED:  # a fast wrong answer is worth nothing
        raise SystemExit(f"the search found entry {first} first, the scan is of entry {SCANNED}")
    return [
        Figure("matrix @ query", product * 1e3, "ms"),
        Figure(f"search, {shifts} shifts on the exact overlap", found * 1e3, "ms"),
        Figure("  of the product's time", found / product, "x"),
    ]


def preprocessing(scan: Path, runs: int) -> list[Figure]:
    """Time the clean-up against the same baseline method of pybaselines on the same values."""
    from pybaselines import Baseline

    _, result = read_file(scan)
    spectrum = result.spectra[0].spectrum
    values, first, end = onto_grid(spectrum.raman_shift_cm1, spectrum.intensity, COMMON_GRID)
    axis, stiffness = COMMON_GRID.values[first:end], DEFAULT_PIPELINE.baseline_stiffness
    other, own, whole = side_by_side(
        [
            lambda: Baseline(axis).arpls(values, lam=stiffness, tol=0.01, max_iter=25),
            lambda: arpls(values, stiffness),
            lambda: prepare(spectrum),
        ],
        10 * runs,
    )
    return [
        Figure("pybaselines arpls, same settings", other * 1e3, "ms"),
        Figure("own arpls", own * 1e3, "ms"),
        Figure("  of the time of pybaselines", own / other, "x"),
        Figure("whole clean-up (spikes, grid, baseline, noise)", whole * 1e3, "ms"),
        Figure("  of the time of pybaselines", whole / other, "x"),
    ]


def measure(folder: Path, entries: int, runs: int) -> list[Figure]:
    """Make what is missing in `folder` and measure everything."""
    stamp = f"{SEED}-{DEFAULT_PIPELINE.hash[:12]}"
    small, large = (folder / f"synthetic-{n}-{stamp}.h5" for n in (SMALL, entries))
    for path, count in ((small, SMALL), (large, entries)):
        if not path.exists():
            sys.stderr.write(f"making {count:,} made-up entries: {path.name}\n")
            write_synthetic_library(path, count, SEED)
    scan = folder / "scan.csv"
    write_scan(scan, SCANNED, SEED)
    return [
        *whole_process(small, large, scan, entries=entries, runs=runs),
        *searching(large, scan, runs),
        *preprocessing(scan, runs),
    ]


def conditions(entries: int, runs: int) -> str:
    """Say when and on what this was measured."""
    python = f"Python {platform.python_version()}, NumPy {np.__version__}"
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    if hasattr(os, "getloadavg"):  # other work on the computer makes every time longer
        machine += f", load {os.getloadavg()[0]:.1f}"
    return (
        f"{date.today().isoformat()}, {machine}, {python}; median of {runs} runs in turn, "
        f"files in memory; {entries:,} synthetic entries (random bands, seed {SEED})"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--entries", type=int, default=20_000, help="size of the large library")
    parser.add_argument("--runs", type=int, default=9, help="runs of which the median is taken")
    parser.add_argument("--folder", type=Path, help="keep the made-up libraries here")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spectra-benchmark-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        figures = measure(folder, options.entries, options.runs)
    said = conditions(options.entries, options.runs)
    if options.json:
        rows = [{**asdict(figure), "missed": figure.missed} for figure in figures]
        print(json.dumps({"conditions": said, "figures": rows}))
    else:
        print(said)
        for figure in figures:
            bar = "" if figure.most is None else f"   (at most {figure.most:g} {figure.unit})"
            mark = "   MISSED" if figure.missed else ""
            print(f"  {figure.what:58} {figure.value:8.3f} {figure.unit:2}{bar}{mark}")
    return int(any(figure.missed for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
