"""Where the program keeps its own data on this computer, and what a station has set there."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra_app.errors import SettingsError

SETTINGS = ("hazards", "jurisdictions")  # of a station, in the order of `StationSettings`


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


def station_database(folder: Path | None = None) -> Path:
    """Return the station's ledger below a data folder, whether it is there or not."""
    return (folder or data_folder()) / "station" / "station.db"


def made(folder: Path, *, shown: bool = False) -> Path:
    """Return `folder`, made when it is missing, with what is above it: its owner's alone.

    One that is to be `shown` gets what the umask leaves, because a person asked for it.

    Raises
    ------
    SettingsError
        When it cannot be made.
    """
    try:
        if not shown:
            for above in reversed(folder.parents):
                if not above.exists():
                    above.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o777 if shown else 0o700, parents=shown, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"the folder cannot be made ({error.strerror})",
            str(folder),
            "free space or give write permission, or set SPECTRA_HOME to another folder",
        ) from error
    return folder


@dataclass(frozen=True, slots=True)
class StationSettings:
    """What a station has set: hazards it adds, and the jurisdictions whose lists it asks.

    Empty jurisdictions mean that nothing was chosen.
    """

    hazards: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()


def station_settings(folder: Path | None = None) -> StationSettings:
    """Return what stands in ``station.json`` of the data folder; nothing when it is not there.

    ``hazards`` are substances, each a name, an InChIKey or a CAS number; ``jurisdictions`` codes of
    control lists: ``{"hazards": ["carfentanil"], "jurisdictions": ["DE"]}``. Either may be missing.

    Raises
    ------
    SettingsError
        When the file is there and cannot be used: a hazard must not get lost in silence.
    """
    path = (folder or data_folder()) / "station.json"
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text, object_pairs_hook=_settings_once)
        if not isinstance(content, dict) or not content:
            raise ValueError("it holds no settings")
        return StationSettings(*(_names(content, key) for key in SETTINGS))
    except FileNotFoundError:
        return StationSettings()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SettingsError(
            f"the station's settings cannot be read ({error})",
            str(path),
            'write {"hazards": ["name", "name"], "jurisdictions": ["EU"]} into it, or remove it',
        ) from error


def station_hazards(folder: Path | None = None) -> tuple[str, ...]:
    """Return the substances this station adds to the hazards that every verdict speaks of."""
    return station_settings(folder).hazards


def _names(content: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = content.get(key, [])
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        raise ValueError(f"{key!r} is not a list of names")
    return tuple(name.strip() for name in names)


def _settings_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the settings; one given twice, or under another word, would be lost in silence."""
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys) or not set(keys) <= set(SETTINGS):
        raise ValueError(f"it may hold each of {', '.join(SETTINGS)} once and nothing else")
    return dict(pairs)
