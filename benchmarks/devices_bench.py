"""Print what the emulated bench costs: a day of scans, polling it, and a live view.

    python -m benchmarks.devices_bench [--hours 24]

The emulators stand in for instruments in tests that pass whole days, so a day must cost seconds
and no memory; and the live view of the window must not be slowed by the emulator behind it.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
import tracemalloc

from devices.emulators.bench import Bench
from devices.emulators.samples import POLYSTYRENE
from devices.registry import family

SEED = 20261122
FRAMES_PER_S = 20
MOST_SHARE_OF_A_CORE = 0.25
MOST_GROWTH_KB = 100.0
DAY_S = 86_400.0


def scan(bench: Bench, at_s: float, laser: bool = True) -> None:
    """Expose for one second, as a station does once a minute, asked ten times meanwhile."""
    bench.advance_to(at_s)
    bench.laser(on=laser)
    bench.advance_to(at_s + 1.0)
    bench.begin(1.0)
    for tick in range(1, 11):
        bench.advance_to(at_s + 1.0 + 0.1 * tick)
        bench.temperature_c()
        bench.laser_state()
    if bench.taken() is None:
        raise SystemExit("an exposure is missing")
    bench.laser(on=False)


def new_bench(pixels: int) -> Bench:
    """Return a bench of that many pixels."""
    name = "emulated-785" if pixels == 2048 else "emulated-785-handheld"
    return Bench(dataclasses.replace(family(name).bench, pixels=pixels), POLYSTYRENE, SEED)


def day(pixels: int, hours: float) -> tuple[float, float]:
    """Return the processor seconds of `hours` of scans, and by how many kB memory has grown."""
    bench = new_bench(pixels)
    scans = max(20, int(hours * 60))
    begun = time.process_time()
    for number in range(scans):
        scan(bench, 60.0 * number)
    taken = time.process_time() - begun
    tracemalloc.start()
    scan(bench, 60.0 * scans)
    before = tracemalloc.get_traced_memory()[0]
    for number in range(scans + 1, scans + 1 + scans // 10):
        scan(bench, 60.0 * number)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return taken, grown / 1e3


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.devices_bench", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--hours", type=float, default=24.0, help="emulated hours of scans")
    options = parser.parse_args()
    missed = False
    for pixels in (1024, 2048):
        taken, grown = day(pixels, options.hours)
        missed |= grown > MOST_GROWTH_KB
        what = f"{pixels} pixels, a 1 s scan a minute for {options.hours:g} h"
        print(f"{what}: {taken:.2f} s of one core")
        print(f"  memory over a tenth more of that: {grown:+.1f} kB (at most {MOST_GROWTH_KB:g})")
    bench = new_bench(2048)
    begun = time.process_time()
    for number in range(100_000):
        bench.advance_to(DAY_S * number / 100_000)
    poll = (time.process_time() - begun) / 100_000
    print(f"letting time pass when nothing is exposed: {poll * 1e6:.1f} us")
    bench.laser(on=True)
    begun = time.process_time()
    for number in range(1, 20 * FRAMES_PER_S + 1):
        bench.begin(1.0 / FRAMES_PER_S)
        bench.advance_to(DAY_S + number / FRAMES_PER_S)
        bench.taken()
    share = (time.process_time() - begun) / 20.0
    missed |= share > MOST_SHARE_OF_A_CORE
    bar = f"(at most {MOST_SHARE_OF_A_CORE:.0%})"
    print(f"{FRAMES_PER_S} frames a second of 2048 pixels: {share:.1%} of one core {bar}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
