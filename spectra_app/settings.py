"""Where the program keeps its own data on this computer."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from spectra_app.errors import SettingsError


def data_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the folder for libraries and evidence; it is not made here.

    ``SPECTRA_HOME`` wins; otherwise the platform's usual place for a user's application data.
    """
    if chosen := environment.get("SPECTRA_HOME"):
        return Path(chosen)
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "Spectra"
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Spectra"
    return Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "spectra"


def made(folder: Path) -> Path:
    """Return `folder`, made when it is missing.

    Raises
    ------
    SettingsError
        When it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the folder cannot be made ({error.strerror})",
            str(folder),
            "free space or give write permission, or set SPECTRA_HOME to another folder",
        ) from error
    return folder
