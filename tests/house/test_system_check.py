"""Missing system libraries are named in one sentence, by package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spectra_app import system_check


def test_nothing_missing_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert system_check.missing_packages({}, loadable=lambda _: True) == ()
    assert capsys.readouterr() == ("", "")


def test_one_sentence_names_every_missing_package_once() -> None:
    missing = {"libEGL.so.1", "libglib-2.0.so.0", "libgthread-2.0.so.0"}
    packages = system_check.missing_packages({}, loadable=lambda name: name not in missing)
    assert packages == ("libegl1", "libglib2.0-0")
    text = system_check.sentence(packages)
    assert text.endswith("sudo apt-get install libegl1 libglib2.0-0")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("environment", "asked", "not_asked"),
    [
        ({}, "libEGL.so.1", "libxcb-cursor.so.0"),
        ({"DISPLAY": ":0"}, "libxcb-cursor.so.0", "libwayland-client.so.0"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "libwayland-client.so.0", "libxcb-cursor.so.0"),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, "libGL.so.1", "libxcb-cursor.so.0"),
    ],
)
def test_the_display_decides_what_is_needed(
    environment: dict[str, str], asked: str, not_asked: str
) -> None:
    needed = system_check.needed_libraries(environment)
    assert asked in needed
    assert not_asked not in needed


def test_a_library_that_does_not_exist_is_not_loadable() -> None:
    assert not system_check.is_loadable("libspectra-never-existed.so.0")


@pytest.mark.skipif(shutil.which("readelf") is None, reason="needs readelf (package binutils)")
def test_the_lists_name_all_that_the_installed_qt_asks_of_the_system() -> None:
    """Compare with the NEEDED entries of the wheel, so that a new Qt cannot outgrow the lists."""
    import importlib.util

    spec = importlib.util.find_spec("PySide6")
    assert spec is not None
    assert spec.submodule_search_locations
    qt = Path(next(iter(spec.submodule_search_locations))) / "Qt"
    libraries = [
        *(qt / "lib" / f"libQt6{name}.so.6" for name in ("Core", "Gui", "Widgets", "Svg", "DBus")),
        *(qt / "plugins" / "platforms" / f"libq{name}.so" for name in ("offscreen", "xcb")),
        *(qt / "plugins" / "platforms").glob("libqwayland*.so"),
    ]
    known = {**system_check.ALWAYS, **system_check.X11, **system_check.WAYLAND}
    basics = ("libQt6", "libicu", "libc.", "libm.", "libgcc", "libstdc", "ld-linux", "libpthread")
    asked: set[str] = set()
    for library in libraries:
        listing = subprocess.run(
            ["readelf", "-d", str(library)], capture_output=True, text=True, check=True
        ).stdout
        asked |= {
            line.partition("[")[2].rstrip("]")
            for line in listing.splitlines()
            if "(NEEDED)" in line
        }
    others = {name for name in asked if not name.startswith((*basics, "libdl.", "librt."))}
    assert others, "readelf listed nothing"
    assert others <= set(known)


def test_the_check_starts_no_qt_and_answers_here(checkout: Path) -> None:
    code = (
        "import sys; sys.argv = ['main.py', '--check-system']\n"
        "import main\nstatus = main.main()\n"
        "assert not any(name.startswith('PySide6') for name in sys.modules)\nsys.exit(status)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
