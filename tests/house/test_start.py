"""What shows first waits for nothing heavy: no scientific module is imported for the log-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HEAVY = ("numpy", "scipy", "h5py", "pyqtgraph", "pybaselines", "pypdfium2", "matching", "devices")
ERRORS = {"matching", "matching.errors"}
OF_RECORDS = {"library", "library.errors", "library.names", "library.signing"}
"""The ledger's chain is signed as libraries are; this imports no more of them."""
SCRIPT = """
import json, sys
from spectra_app import app
from spectra_app.ui.shell import Shell

class Seen(Shell):
    def _show_here(self):
        super()._show_here()
        if self.records.standing.opened:
            print(json.dumps(sorted(sys.modules)))
            self.close()

import spectra_app.ui.shell
spectra_app.ui.shell.Shell = Seen
sys.exit(app.main([]))
"""


def test_nothing_heavy_is_imported_before_the_window_can_be_used(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "SPECTRA_HOME": str(tmp_path)},
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    imported = set(json.loads(result.stdout.splitlines()[0]))
    assert "spectra_app.ui.entrance" in imported
    heavy = {one for one in imported if one.split(".")[0] in HEAVY} - ERRORS
    assert heavy == set()
    assert {one for one in imported if one.split(".")[0] == "library"} <= OF_RECORDS
