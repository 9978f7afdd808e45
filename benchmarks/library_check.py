"""Plant faults into measured libraries, check them, and print what was found.

    python -m benchmarks.library_check ../shared/data [--seeds 20] [--fault NAME] [--entries 20000]

Each fault is planted alone, each time into another entry, chosen by the seed. It counts as found
when an alarm names the wrong entry. An alarm that names neither it nor what it was made from is
false. The untouched libraries are checked first. `--entries` times a made-up library instead.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.library_plants import FAULTS, Plant
from benchmarks.synthetic import write_synthetic_library
from library.entry import Entry
from library.quality import Finding
from library.quality_check import check
from library.quality_context import Collection, collection
from library.store import Library
from library.writing import write_library
from matching.policy import Policy
from spectra_app.services.libraries import build_library, open_library
from spectra_app.services.policies import load_policy

SETS = ("reference-785xs", "queries-785x", "customs-analyser", "fleet-2019")


def entries_of(source: Path, folder: Path) -> tuple[Entry, ...]:
    """Return the entries of a library built of a manifest."""
    target = folder / f"{source.parent.name}.h5"
    build_library(source, target)
    with Library(target) as library:
        return tuple(
            Entry(record, library.spectrum(row)) for row, record in enumerate(library.records())
        )


def alarms(
    entries: Sequence[Entry], target: Path, policy: Policy, second: Sequence[Collection]
) -> list[tuple[Finding, frozenset[str]]]:
    """Return the alarms of a library of some entries, each with the entries it names."""
    write_library(target, entries, name="planted")
    with Library(target) as library:
        found = check(library, policy, second)
        return [
            (finding, frozenset(library.record(row).entry for row in finding.rows))
            for finding in found
            if finding.alarm
        ]


def judged(
    plant: Plant, found: Sequence[tuple[Finding, frozenset[str]]]
) -> tuple[bool, tuple[str, ...], tuple[Finding, ...]]:
    """Return whether the fault was found, by which codes, and the false alarms."""
    wrong = frozenset(plant.wrong)
    near = wrong | frozenset(plant.concerned)
    hits = tuple(finding.code for finding, named in found if named & wrong)
    false = tuple(finding for finding, named in found if not named & near)
    return bool(hits), hits, false


def trials(
    entries: Sequence[Entry], fault: str, seeds: int, second: Sequence[Collection]
) -> Iterator[tuple[Plant, bool, tuple[str, ...], tuple[Finding, ...]]]:
    """Yield what was found of one fault planted with each seed."""
    policy = load_policy()
    with tempfile.TemporaryDirectory(prefix="spectra-plants-") as folder:
        for seed in range(seeds):
            rng = np.random.default_rng([seed, zlib.crc32(fault.encode())])
            plant = FAULTS[fault](entries, rng)
            found = alarms(plant.entries, Path(folder) / "planted.h5", policy, second)
            yield plant, *judged(plant, found)


def timed(count: int) -> None:
    """Print how long a check of a made-up library takes."""
    with tempfile.TemporaryDirectory(prefix="spectra-plants-") as folder:
        target = Path(folder) / "synthetic.h5"
        write_synthetic_library(target, count, 20261122)
        with Library(target) as library, open_library(None) as starter:
            start, last = time.perf_counter(), [0.0, ""]
            second = [collection(starter, "the published bands")]

            def told(_share: float, words: str) -> None:
                now = time.perf_counter() - start
                if words != last[1]:
                    print(f"  {now:6.1f} s  {words}")
                    last[1] = words

            found = check(library, load_policy(), second, told)
            print(f"{count:,} entries: {time.perf_counter() - start:.1f} s, {len(found)} findings")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.library_check", description=__doc__.split("\n")[0]
    )
    parser.add_argument("data", type=Path, nargs="?", help="folder of the shared data")
    parser.add_argument("--set", default=SETS[0], choices=SETS, help="library that is harmed")
    parser.add_argument("--seeds", type=int, default=20, help="times each fault is planted")
    parser.add_argument("--fault", choices=tuple(FAULTS), help="only this one")
    parser.add_argument("--verbose", action="store_true", help="print what was missed")
    parser.add_argument("--entries", type=int, help="time a made-up library of this size")
    options = parser.parse_args()
    if options.entries:
        timed(options.entries)
        return 0
    if options.data is None:
        parser.error("the folder of the shared data is needed")
    with tempfile.TemporaryDirectory(prefix="spectra-plants-") as folder:
        table(options, Path(folder))
    return 0


def table(options: argparse.Namespace, folder: Path) -> None:
    """Print false alarms of the untouched libraries, then what was found of each fault."""
    policy = load_policy()
    with open_library(None) as starter:
        second = [collection(starter, "the published bands")]
        for name in SETS:
            entries = entries_of(options.data / "spectra" / name / "manifest.csv", folder)
            found = alarms(entries, folder / "whole.h5", policy, second)
            named = {entry for _, rows in found for entry in rows}
            print(f"{name}: {len(found)} alarms on {len(named)} of {len(entries)} entries")
        source = options.data / "spectra" / options.set / "manifest.csv"
        base = entries_of(source, folder)
        for fault in [options.fault] if options.fault else FAULTS:
            found_count, false_count, codes = 0, 0, {}
            for plant, hit, hits, false in trials(base, fault, options.seeds, second):
                found_count, false_count = found_count + hit, false_count + len(false)
                for code in hits:
                    codes[code] = codes.get(code, 0) + 1
                if options.verbose and not hit:
                    wrong = [e.record.name for e in plant.entries if e.record.entry in plant.wrong]
                    print(f"    missed: {', '.join(wrong)}")
                if options.verbose and false:
                    print(f"    false: {[finding.what for finding in false]}")
            said = ", ".join(f"{code} {count}" for code, count in sorted(codes.items()))
            print(
                f"{fault:34} found {found_count:3} of {options.seeds}, "
                f"false alarms {false_count}   {said}",
                flush=True,
            )


if __name__ == "__main__":
    sys.exit(main())
