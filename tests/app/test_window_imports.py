"""What the window imports in idle moments: nothing that only somebody who calibrates needs."""

from __future__ import annotations

import os
import subprocess
import sys

CODE = """
import sys
from importlib import import_module
from spectra_app.ui import parts
for name, (plain, of_qt) in parts.BEHIND.items():
    for module in plain:
        import_module(module)
    for module in of_qt:
        pages = getattr(import_module(module), "PAGES", {})
        for page, _kind in pages.values():
            import_module(page)
for service in parts._services():
    import_module(service)
large = ("scipy.signal", "scipy.optimize", "scipy.stats", "scipy.interpolate", "matplotlib")
sys.stdout.write(" ".join(name for name in large if name in sys.modules))
"""


def test_no_page_brings_the_large_parts_of_scipy(checkout):
    """They take 70 MB: with a library of 20,000 entries the window must stay under 400 MB."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=checkout, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
