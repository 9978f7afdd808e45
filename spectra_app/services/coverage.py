"""The coverage meter: how much of a list a library holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from library.coverage import (
    Coverage,
    WantedList,
    control_list,
    coverage,
    family_list,
    list_names,
    own_list,
    read_names,
)
from library.errors import LibraryError
from library.substances import substances
from spectra_app.services.control import ControlSetup, control_setup
from spectra_app.services.libraries import open_library

__all__ = ["Coverage"]  # what the window names

WATCH_LIST = "watch list"
FAMILY = "family "


def lists_to_cover(setup: ControlSetup | None = None) -> tuple[str, ...]:
    """Return the names of the lists that can be asked for, for a window to choose from."""
    used = setup or control_setup()
    own = (WATCH_LIST,) if used.watched else ()
    return (*list_names(used.lists), *own)


def families_to_cover() -> tuple[str, ...]:
    """Return the structural families that can be asked for, as `wanted_list` takes them."""
    names = {one.family for one in substances() if one.family}
    return tuple(f"{FAMILY}{name}" for name in sorted(names, key=str.casefold))


def wanted_list(name: str, on: date, setup: ControlSetup | None = None) -> WantedList:
    """Return a list by its name: a control list or its part, a family, a watch list, a CSV file.

    Raises
    ------
    LibraryError, ManifestError
        When there is no such list.
    """
    used = setup or control_setup()
    if name.strip().casefold() in {WATCH_LIST, "station watch list"}:
        watched = (one for one in used.watched if one.on(on))
        rows = [{"name": one.name, "cas": one.cas, "inchikey": one.inchikey} for one in watched]
        return own_list("station watch list", rows)
    if name.lower().endswith(".csv"):
        return read_names(Path(name))
    found = family_list(name.removeprefix(FAMILY)) if name.startswith(FAMILY) else None
    try:
        return found or control_list(name, on, used.lists)
    except LibraryError as error:
        whole = family_list(name)
        if whole is None:
            raise LibraryError(
                error.what,
                error.where,
                f"{error.remedy}; '{WATCH_LIST}'; 'family NAME'; or a CSV file of names",
            ) from error
        return whole


def library_coverage(
    path: Path | None, name: str, on: date, setup: ControlSetup | None = None
) -> Coverage:
    """Return how much of a list a library holds on a date.

    Parameters
    ----------
    path : Path or None
        The library; the starter library when None.
    name : str
        See `wanted_list`.
    on : datetime.date
        Date for which a control list is asked.
    setup : ControlSetup, optional
        What the station asks; by default read from its data folder.
    """
    wanted = wanted_list(name, on, setup)
    with open_library(path) as library:
        return coverage(wanted, tuple(record for _, record in library.records_in_force()))


def coverage_json(found: Coverage, on: date) -> dict[str, Any]:
    """Return a coverage as plain values."""
    wanted = found.wanted
    return {
        "list": wanted.title,
        "edition": wanted.edition,
        "read_to": wanted.read_to,
        "caution": wanted.caution,
        "date": on.isoformat(),
        "total": len(wanted.items),
        "held": len(found.held),
        **found.kinds,
        "not_released": len(found.not_released),
        "withdrawn_entries": found.withdrawn,
        "holds": [
            {
                "name": one.item.name,
                "key": one.item.key,
                "kind": one.kind,
                "entries": one.entries,
                "released": one.released,
            }
            for one in found.held
        ],
        "missing": [{"name": one.name, "key": one.key} for one in found.missing],
        "uncertain": [{"name": item.name, "entry_named": name} for item, name in found.uncertain],
        "emulated_only": [one.name for one in found.emulated_only],
        "classes": [
            {"family": name, "known": known, "held": held} for name, known, held in found.families
        ],
    }


def coverage_text(found: Coverage, on: date) -> str:
    """Return a coverage in words for a person."""
    wanted = found.wanted
    if not wanted.items and not wanted.classes:
        return f"nothing to compare with: {wanted.title}, as stored here, names nothing on {on}"
    kinds = ", ".join(f"{kind} {count}" for kind, count in found.kinds.items())
    read = f", read to {wanted.read_to}" if wanted.read_to else ""
    lines = [
        f"you hold {len(found.held)} of {len(wanted.items)} of {wanted.title} on {on} ({kinds})",
        f"list: {wanted.edition}{read}",
    ]
    if wanted.caution:
        lines.append(f"the list itself: {wanted.caution}")
    if found.not_released:
        names = ", ".join(one.item.name for one in found.not_released)
        lines.append(f"held only by entries not released ({len(found.not_released)}): {names}")
    if found.withdrawn:
        lines.append(f"left out: {found.withdrawn} entries withdrawn or replaced by a new version")
    for item, name in found.uncertain:
        lines.append(f"not counted: the entry {name!r} may be {item.name} or an isomer of it")
    if found.emulated_only:
        names = ", ".join(one.name for one in found.emulated_only)
        lines.append(f"only emulated, so missing: {names}")
    for name, known, held in found.families:
        lines.append(f"class by definition: {name}: {held} of {known} known members held")
    names = "; ".join(one.name for one in found.missing)
    lines.append(f"missing ({len(found.missing)}): {names}" if names else "missing: nothing")
    return "\n".join(lines)
