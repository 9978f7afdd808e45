"""Say which system libraries Qt lacks here, before Qt fails in words nobody understands.

The lists hold what the Qt libraries and platform plugins of pyside6-essentials ask of the system
on Linux (their NEEDED entries), with the Debian and Ubuntu package of each. Qt is not imported.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

ALWAYS: Mapping[str, str] = MappingProxyType(
    {
        "libEGL.so.1": "libegl1",
        "libGL.so.1": "libgl1",
        "libX11.so.6": "libx11-6",
        "libdbus-1.so.3": "libdbus-1-3",
        "libfontconfig.so.1": "libfontconfig1",
        "libfreetype.so.6": "libfreetype6",
        "libglib-2.0.so.0": "libglib2.0-0",
        "libgthread-2.0.so.0": "libglib2.0-0",
        "libxkbcommon.so.0": "libxkbcommon0",
        "libz.so.1": "zlib1g",
        "libzstd.so.1": "libzstd1",
    }
)
X11: Mapping[str, str] = MappingProxyType(
    {
        "libX11-xcb.so.1": "libx11-xcb1",
        "libxcb-cursor.so.0": "libxcb-cursor0",
        "libxcb-glx.so.0": "libxcb-glx0",
        "libxcb-icccm.so.4": "libxcb-icccm4",
        "libxcb-image.so.0": "libxcb-image0",
        "libxcb-keysyms.so.1": "libxcb-keysyms1",
        "libxcb-randr.so.0": "libxcb-randr0",
        "libxcb-render-util.so.0": "libxcb-render-util0",
        "libxcb-render.so.0": "libxcb-render0",
        "libxcb-shape.so.0": "libxcb-shape0",
        "libxcb-shm.so.0": "libxcb-shm0",
        "libxcb-sync.so.1": "libxcb-sync1",
        "libxcb-util.so.1": "libxcb-util1",
        "libxcb-xfixes.so.0": "libxcb-xfixes0",
        "libxcb-xkb.so.1": "libxcb-xkb1",
        "libxcb.so.1": "libxcb1",
        "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    }
)
WAYLAND: Mapping[str, str] = MappingProxyType(
    {
        "libwayland-client.so.0": "libwayland-client0",
        "libwayland-cursor.so.0": "libwayland-cursor0",
        "libwayland-egl.so.1": "libwayland-egl1",
    }
)


def needed_libraries(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what Qt needs under this environment.

    Parameters
    ----------
    environment
        Environment variables; DISPLAY, WAYLAND_DISPLAY and QT_QPA_PLATFORM decide which
        platform plugin Qt will load.

    Returns
    -------
    dict
        Package name by library name.
    """
    needed = dict(ALWAYS)
    if environment.get("QT_QPA_PLATFORM", "").startswith(("offscreen", "minimal")):
        return needed
    if environment.get("DISPLAY"):
        needed.update(X11)
    elif environment.get("WAYLAND_DISPLAY"):
        needed.update(WAYLAND)
    return needed


def is_loadable(library: str) -> bool:
    """Tell whether the dynamic linker finds and loads `library` and all that it needs."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_packages(
    environment: Mapping[str, str], loadable: Callable[[str], bool] = is_loadable
) -> tuple[str, ...]:
    """Return the packages to install, sorted, each once; empty when nothing is missing."""
    needed = needed_libraries(environment)
    return tuple(sorted({package for name, package in needed.items() if not loadable(name)}))


def sentence(packages: tuple[str, ...]) -> str:
    """Put missing packages into the one sentence that the user reads."""
    lacking = (
        "a system library that Qt needs is"
        if len(packages) == 1
        else "system libraries that Qt needs are"
    )
    return (
        f"Spectra cannot start because {lacking} missing; install with: "
        f"sudo apt-get install {' '.join(packages)}"
    )


def main() -> int:
    """Check this machine; say nothing and return 0 when all is there, otherwise 1.

    Other systems than Linux ship what Qt needs, or Qt's own wheel does.
    """
    if not sys.platform.startswith("linux"):
        return 0
    packages = missing_packages(os.environ)
    if not packages:
        return 0
    sys.stderr.write(sentence(packages) + "\n")
    return 1
