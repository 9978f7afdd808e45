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
for command in {commands!r}:
    try:
        code = main(command)
    except SystemExit as left:
        code = left.code
    assert (code or 0) == {code}, command
loaded = [name for name in {heavy!r} if name in sys.modules]
sys.stderr.write(" ".join(loaded))
"""


@pytest.fixture
def imported(spectra_home):  # noqa: ARG001  the folder is made for the child
    """Return a function that runs commands in one child and gives what they imported."""

    def run(*commands, code=0):
        asked = [list(map(str, command)) for command in commands]
        child = subprocess.run(
            [sys.executable, "-c", CODE.format(heavy=HEAVY, commands=asked, code=code)],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert child.returncode == 0, child.stderr
        return set(child.stderr.split())

    return run


def test_help_imports_nothing_heavy(imported):
    assert imported(["--help"], ["identify", "--help"]) == set()
    assert imported(["nonsense"], code=2) & {"PySide6", "scipy", "h5py"} == set()


def test_identify_never_imports_a_window_nor_slow_parts(
    imported, scan_text, small_library, tmp_path
):
    path = tmp_path / "scan.csv"
    path.write_text(scan_text("urea"), encoding="utf-8")
    loaded = imported(
        ["identify", path, "--library", small_library, "--json"],
        ["batch", tmp_path, "--library", small_library, "--out", tmp_path / "o.csv"],
    )
    assert loaded <= {"numpy", "h5py", "scipy"}


def test_only_the_report_imports_qt_and_no_plotting_widget(
    imported, scan_text, small_library, tmp_path
):
    path = tmp_path / "scan.csv"
    path.write_text(scan_text("urea"), encoding="utf-8")
    report = ("--report", tmp_path / "report.pdf")
    loaded = imported(["identify", path, "--library", small_library, *report, "--json"])
    assert "PySide6" in loaded
    assert "pyqtgraph" not in loaded


def test_looking_at_a_library_needs_no_scipy(imported, small_library):
    actions = ("info", "list", "verify")
    loaded = imported(*(["library", action, small_library] for action in actions))
    assert loaded <= {"numpy", "h5py"}


def test_the_list_of_devices_opens_no_port_library(imported):
    loaded = imported(["devices", "list"])
    assert not loaded & {"PySide6", "pyqtgraph", "h5py", "scipy"}
