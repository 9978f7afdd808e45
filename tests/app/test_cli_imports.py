"""Start-up is what is imported: each command imports only what it uses. No clock here."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "PySide6",
    "pyqtgraph",
    "scipy.signal",
    "scipy.optimize",
    "scipy.stats",
    "scipy.ndimage",
    "scipy.interpolate",
    "scipy.sparse",
    "pybaselines",
    "serial",
    "usb",
    "cryptography",
    "h5py",
    "scipy",
    "numpy",
)
CODE = """
import sys
from spectra_app.app import main
try:
    code = main(sys.argv[1:])
except SystemExit as left:
    code = left.code
loaded = [name for name in {heavy!r} if name in sys.modules]
sys.stderr.write(" ".join(loaded))
sys.exit(code)
"""


@pytest.fixture
def imported(spectra_home):  # noqa: ARG001  the folder is made for the child
    """Return a function that runs a command in a child and gives what it imported."""

    def run(*arguments, code=0):
        child = subprocess.run(
            [sys.executable, "-c", CODE.format(heavy=HEAVY), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert child.returncode == code, child.stderr
        return set(child.stderr.split())

    return run


def test_help_imports_nothing_heavy(imported):
    assert imported("--help") == set()
    assert imported("identify", "--help") == set()
    assert imported("nonsense", code=2) & {"PySide6", "scipy", "h5py"} == set()


def test_identify_never_imports_a_window_nor_slow_parts(
    imported, scan_text, small_library, tmp_path
):
    path = tmp_path / "scan.csv"
    path.write_text(scan_text("urea"), encoding="utf-8")
    loaded = imported("identify", path, "--library", small_library, "--json")
    assert loaded <= {"numpy", "h5py", "scipy"}
    assert imported("batch", tmp_path, "--library", small_library, "--out", tmp_path / "o.csv") <= {
        "numpy",
        "h5py",
        "scipy",
    }


def test_only_the_report_imports_qt_and_no_plotting_widget(
    imported, scan_text, small_library, tmp_path
):
    path = tmp_path / "scan.csv"
    path.write_text(scan_text("urea"), encoding="utf-8")
    report = ("--report", tmp_path / "report.pdf")
    loaded = imported("identify", path, "--library", small_library, *report, "--json")
    assert "PySide6" in loaded
    assert "pyqtgraph" not in loaded


def test_looking_at_a_library_needs_no_scipy(imported, small_library):
    for action in ("info", "list", "verify"):
        assert imported("library", action, small_library) <= {"numpy", "h5py"}


def test_the_list_of_devices_opens_no_port_library(imported):
    assert not imported("devices", "list") & {"PySide6", "pyqtgraph", "h5py", "scipy.signal"}
