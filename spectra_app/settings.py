"""Where the program keeps its own data on this computer, and what a station has set there."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def station_hazards(folder: Path | None = None) -> tuple[str, ...]:
    """Return the substances this station adds to the hazards that every verdict speaks of.

    They stand under ``hazards`` in ``station.json`` of the data folder, each a name, an InChIKey or
    a CAS number: ``{"hazards": ["carfentanil", "xylazine"]}``. No such file means none.

    Raises
    ------
    SettingsError
        When the file is there and cannot be used: a hazard must not get lost in silence.
    """
    path = (folder or data_folder()) / "station.json"
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text, object_pairs_hook=_only_hazards)
        names = content["hazards"]
        if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
            raise ValueError("'hazards' is not a list of names")
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SettingsError(
            f"the station's settings cannot be read ({error})",
            str(path),
            'write {"hazards": ["name", "name"]} into it, or remove it',
        ) from error
    return tuple(name.strip() for name in names)


def _only_hazards(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the settings; a list given twice, or under another word, would be lost in silence."""
    if [key for key, _ in pairs] != ["hazards"]:
        raise ValueError("it must hold 'hazards' once and nothing else")
    return dict(pairs)
