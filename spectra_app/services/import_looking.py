"""What a file chosen for an import is: format, spectra, metadata; or why it cannot be read yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from library.formats import Column, NamedSpectrum, read_file
from library.formats.guided import Preview, guess, preview
from library.formats.profile import Profile
from library.formats.reading import load
from library.substances import Found, substances
from matching.errors import SpectraError
from matching.spectrum import Spectrum
from spectra_app.services.guided import add_profile, station_profiles, write_profile
from spectra_app.services.intake import SUFFIXES
from spectra_app.settings import data_folder, made

__all__ = ["Column", "Preview", "Profile"]  # what the window names

DESCRIBED = frozenset({"unknown_format", "ambiguous_axis"})
"""Codes of errors of files that an import profile can make readable."""
_ENDING = re.compile(r"([ _.-]+(\d+|\d+ ?nm|run\d*|scan\d*|raman|spectrum))+\Z", re.IGNORECASE)


@dataclass(frozen=True, eq=False, slots=True)
class Looked:
    """A file as it was read, or not.

    Parameters
    ----------
    path : Path
        The file.
    format : str
        Name of the format recognised; empty where none was.
    spectra : tuple of NamedSpectrum
        What is in it.
    assumptions : tuple of str
        What reading assumed.
    error : SpectraError or None
        Why it cannot be read.
    proposal : Preview or None
        How it might be cut, where a person may say so.
    doubts : tuple of str
        What of the proposal has to be looked at.
    """

    path: Path
    format: str = ""
    spectra: tuple[NamedSpectrum, ...] = ()
    assumptions: tuple[str, ...] = ()
    error: SpectraError | None = None
    proposal: Preview | None = None
    doubts: tuple[str, ...] = ()

    @property
    def needs_laser(self) -> bool:
        """Whether the file's axis is a wavelength and the laser line is not stated."""
        return self.error is not None and self.error.code == "laser_missing"

    def facts(self, place: int) -> tuple[tuple[str, str], ...]:
        """Return what is known of one spectrum: codes of facts with their texts."""
        one = self.spectra[place]
        spectrum = one.spectrum
        axis, got = spectrum.raman_shift_cm1, spectrum.acquisition
        laser = f"{spectrum.laser_nm:g} nm" if spectrum.laser_nm is not None else ""
        return (
            ("format", self.format),
            ("laser_nm", laser),
            ("range", f"{axis[0]:.0f}–{axis[-1]:.0f} cm⁻¹"),
            ("points", str(axis.size)),
            ("instrument", got.instrument or ""),
            ("serial", got.serial or ""),
            ("marks", ", ".join(sorted(one.marks))),
            *(("told", text) for text in self.assumptions),
            *(("told", f"{key}: {text}") for key, text in one.metadata[:12]),
        )


def files_in(chosen: Sequence[Path]) -> tuple[Path, ...]:
    """Return files, and the spectrum files in folders, each once and in order."""
    found: list[Path] = []
    for path in chosen:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES)
            found += [one for one in inside if one.is_file()]
        else:
            found.append(path)
    return tuple(dict.fromkeys(path.absolute() for path in found))


def look_at(path: Path, *, column: Column | None = None, laser_nm: float | None = None) -> Looked:
    """Read a file; what is wrong with it is part of the answer, not raised."""
    try:
        _data, result = read_file(path, column=column, laser_nm=laser_nm, profiles=station_profiles)
    except SpectraError as error:
        looked = Looked(path, error=error)
        return _proposed(looked) if error.code in DESCRIBED else looked
    return Looked(path, result.format, result.spectra, result.assumptions)


def _proposed(looked: Looked) -> Looked:
    """Return a file with a proposal of how to cut it, where it is a table of numbers."""
    try:
        data = load(looked.path)
        profile, doubts = guess(data, name=looked.path.stem[:40] or "new")
        return replace(looked, proposal=preview(data, profile), doubts=doubts)
    except SpectraError:
        return looked


def cut_by(path: Path, profile: Profile) -> Preview:
    """Show how a profile cuts a file.

    Raises
    ------
    SpectraError
        When the file cannot be read at all.
    """
    return preview(load(path), profile)


def keep_profile(profile: Profile) -> Profile:
    """Keep a profile at this station, so that files that begin so are read by it from now on.

    Raises
    ------
    ProfileError
        When there is one for such files already, or the profile is not sound.
    """
    part = made(data_folder() / "import-new") / "profile.json"
    part.unlink(missing_ok=True)
    write_profile(profile, part)
    try:
        return add_profile(part)
    finally:
        part.unlink(missing_ok=True)


def who_is(name: str, cas: str = "", inchikey: str = "") -> tuple[Found, ...]:
    """Return the substances that a name or an identifier may mean, one for each."""
    found = substances().find(inchikey=inchikey.strip(), cas=cas.strip(), name=name.strip())
    return tuple({hit.substance.key: hit for hit in found}.values())


def name_from(text: str) -> str:
    """Return the substance's name that a file or spectrum was probably named after.

    A name the tables know wins; otherwise the text as it is.
    """
    spaced = " ".join(text.replace("_", " ").split())
    for name in (text, spaced, _ENDING.sub("", text), _ENDING.sub("", spaced)):
        if name and who_is(name):
            return name
    return text


def preview_of(looked: Looked, place: int) -> Spectrum | None:
    """Return a spectrum of a file to look at; None where there is none."""
    return looked.spectra[place].spectrum if place < len(looked.spectra) else None
