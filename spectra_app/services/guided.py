"""Import profiles of this station: files a laboratory can share, shown before they are used."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from library.errors import ProfileError
from library.files import write_whole
from library.formats import load
from library.formats.guided import Preview, guess, preview
from library.formats.profile import Profile, from_json, to_json
from library.formats.reading import SIGNED, UNSIGNED
from spectra_app.settings import data_folder

FOLDER = "import-profiles"
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def folder() -> Path:
    """Return the folder of the station's import profiles; it is not made here."""
    return data_folder() / FOLDER


def station_profiles() -> tuple[Profile, ...]:
    """Return the station's import profiles, by file name.

    Raises
    ------
    ProfileError
        One of them cannot be read: which files it would recognise is not known then.
    """
    try:
        paths = sorted(path for path in folder().glob("*.json") if path.is_file())
    except OSError as error:
        raise _unreadable(error) from error
    return tuple(read_profile(path) for path in paths)


def format_names() -> list[str]:
    """Return the names of all readers in the order they are asked, the station's profiles too."""
    described = [f"import profile {profile.name}" for profile in station_profiles()]
    return [*(r.name for r in SIGNED), *described, *(r.name for r in UNSIGNED)]


def read_profile(path: Path) -> Profile:
    """Return the import profile in a file; raise ProfileError or FileError otherwise."""
    return from_json(load(path), str(path))


def add_profile(path: Path) -> Profile:
    """Keep the profile in `path` at this station.

    Raises
    ------
    ProfileError
        It is no profile, or the station has one of this name or first line already.
    """
    profile = read_profile(path)
    for known in station_profiles():
        if _file_name(known.name) == _file_name(profile.name):
            raise ProfileError(
                f"the station has a profile {known.name!r} already",
                str(path),
                "remove it first, or give the new one another name",
            )
        if same_start(known, profile):
            raise ProfileError(
                f"the profile {known.name!r} recognises the same files",
                str(path),
                "make their first lines differ, or remove the other one",
            )
    target = folder() / _file_name(profile.name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unreadable(error) from error
    write_profile(profile, target)
    return profile


def same_start(one: Profile, other: Profile) -> bool:
    """Tell whether two profiles may recognise the same file."""
    first, second = one.first_line, other.first_line
    return bool(first and second) and (first.startswith(second) or second.startswith(first))


def write_profile(profile: Profile, target: Path) -> None:
    """Write `profile` to a file of its own, which must not be there yet; all of it or nothing."""
    if target.exists():
        raise ProfileError("the file is there already", str(target), "give another name")
    write_whole(target, lambda part: _write(part, to_json(profile)))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def remove_profile(name: str) -> None:
    """Remove the station's profile called `name`; raise ProfileError when there is none."""
    found = [path for path in sorted(folder().glob("*.json")) if read_profile(path).name == name]
    if not found:
        known = ", ".join(repr(profile.name) for profile in station_profiles()) or "none"
        raise ProfileError(f"no profile is called {name!r}", str(folder()), f"there are: {known}")
    try:
        found[0].unlink()
    except OSError as error:
        raise _unreadable(error) from error


def _file_name(name: str) -> str:
    plain = _NOT_PLAIN.sub("-", name.lower()).strip("-")
    return f"{plain or 'profile-' + name.encode().hex()[:40]}.json"


def _unreadable(error: OSError) -> ProfileError:
    return ProfileError(
        f"the folder of the import profiles cannot be used ({error.strerror or error})",
        str(folder()),
        "check the folder and its rights",
    )


def preview_file(path: Path, profile_path: Path | None = None) -> tuple[Preview, tuple[str, ...]]:
    """Show how a profile, or the one proposed, cuts a file; and what to look at in a proposal."""
    data = load(path)
    if profile_path is not None:
        return preview(data, read_profile(profile_path)), ()
    proposed, notes = guess(data, name=path.stem[:40] or "new profile")
    return preview(data, proposed), notes


def preview_json(shown: Preview, notes: tuple[str, ...]) -> dict[str, object]:
    """Return a preview as an object for ``--json``."""
    return {**asdict(shown), "to_confirm": notes}


def preview_text(shown: Preview, notes: tuple[str, ...]) -> str:
    """Return a preview in lines for a terminal."""
    profile = shown.profile
    laser = "unknown" if profile.laser_nm is None else f"{profile.laser_nm:g} nm"
    lines = ["first lines:", *(f"  {line}" for line in shown.head[:8]), ""]
    lines += [
        f"{shown.count} rows, separator {profile.separator}, decimal mark {profile.decimal!r}",
        f"axis: column {profile.axis} in {profile.unit}; intensity: column {profile.intensity}; "
        f"laser line {laser}",
    ]
    if shown.span is not None:
        lines.append(f"axis from {shown.span[0]:g} to {shown.span[1]:g} {profile.unit}")
    lines += ["  | " + " | ".join(row) for row in (shown.names, *shown.rows) if row]
    lines += [f"wrong: {problem}" for problem in shown.problems]
    lines += [f"to confirm: {note}" for note in notes]
    return "\n".join(lines)
