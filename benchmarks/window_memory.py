"""Print how much memory the window takes with a large library open and a scan identified.

    python -m benchmarks.window_memory [--entries 20000] [--folder DIR]

The library is made up (`benchmarks.synthetic`), in a process of its own. In another one the window
opens it without a display, somebody logs in, and a noisy scan of one of its entries is identified,
with what it could not have seen; then an emulated analyser is checked. What counts is the resident
set, what is mapped included; the part that belongs to this process alone stands beside it. Linux
only. Exit code 1 above 400 MB (10**6 bytes), now or at the peak.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MOST_MB = 400.0
SCANNED = 17
FIELDS = {"now": "VmRSS", "most so far": "VmHWM", "its own": "RssAnon", "mapped": "RssFile"}


def memory_mb() -> dict[str, float]:
    """Return the memory of this process in MB (10**6 bytes)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    kept = dict(line.split(":", 1) for line in lines)
    return {name: int(kept[key].split()[0]) * 1.024e-3 for name, key in FIELDS.items()}


def told(when: str) -> dict[str, float]:
    """Print the memory of this process, and return it."""
    found = memory_mb()
    print(f"{when:46}" + "   ".join(f"{name} {value:.0f} MB" for name, value in found.items()))
    sys.stdout.flush()
    return found


def measure(home: Path, library: Path, scan: Path) -> int:
    """Open the window and do what is measured."""
    from benchmarks.window_driving import make_people, window
    from spectra_app.ui.start import make_application

    make_people(home)
    app = make_application()
    told("before the window")
    with window(app, home, library) as driver:
        told("log-in page shown")
        driver.log_in("technician")
        driver.until(lambda: driver.shell.parts.warm)
        driver.click(driver.shell.head.areas["workbench"])
        driver.rest()
        told("library open")
        bench = driver.shell.workbench
        bench.open_files([scan])
        driver.until(lambda: bench.pages.currentWidget() is bench.card)
        told("scan identified")
        driver.until(lambda: driver.shell.lane.idle)
        driver.shell.look.speak("ar")
        driver.shell.look.dress("dark")
        driver.rest()
        told("limits worked out, language and theme changed")
        driver.connect_emulated("emulated-785", "Caffeine")
        last = told("analyser connected and checked")
    return int(max(last["now"], last["most so far"]) > MOST_MB)


def main() -> int:
    """Make what is needed in processes of their own, then measure in another."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="keeps the library for the next run")
    options = parser.parse_args()
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        library, scan = folder / f"library-{options.entries}.h5", Path(scratch, "scan.csv")
        make = (
            "import sys; from pathlib import Path; "
            "from benchmarks.library_speed import SEED, build; "
            "from benchmarks.synthetic import write_scan; path = Path(sys.argv[1]); "
            f"path.exists() or build(path, {options.entries}); "
            f"write_scan(Path(sys.argv[2]), {SCANNED}, SEED)"
        )
        subprocess.run([sys.executable, "-c", make, library, scan], check=True)
        print(f"{options.entries:,} entries, {library.stat().st_size / 1e6:.0f} MB on disk")
        sys.stdout.flush()
        run = (
            "import sys; from pathlib import Path; from benchmarks.window_memory import measure; "
            "sys.exit(measure(*map(Path, sys.argv[1:])))"
        )
        command = [sys.executable, "-c", run, str(Path(scratch, "home")), library, scan]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
