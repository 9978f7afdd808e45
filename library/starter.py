"""The starter library: published band positions turned into spectra that can only give a lead.

The tables in ``resources/starter_library`` hold facts (band positions and strengths) with their
source. A spectrum drawn from them is a reconstruction: its band widths, its baseline and what lies
between weak bands are assumptions, so every entry is of kind ``reconstructed``. One entry is one
record of one source; sources and lasers are never averaged together.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

import resources
from library.errors import LibraryDamagedError
from matching.errors import SpectraError
from matching.spectrum import Acquisition, Spectrum, Step

FloatArray = NDArray[np.float64]

STARTER_VERSION = "1"
FOLDER = "starter_library"
TABLES = ("materials.csv", "bands.csv", "sources.csv")

FWHM_CM1 = 10.0
LORENTZIAN_SHARE = 0.5
MARGIN_CM1 = 40.0
STEP_CM1 = 1.0
FEW_BANDS = 5
CLASS_HEIGHT = {"1": 15.0, "2": 35.0, "3": 60.0, "4": 85.0, "strongest": 100.0}

NOT_IN_IT = "missing.csv"


@dataclass(frozen=True, slots=True)
class Band:
    """One published band.

    Parameters
    ----------
    position_cm1 : float
        Raman shift of the maximum in cm-1.
    height : float
        Height relative to the strongest band of the record, 0-100; from the class where the source
        gives only classes (see `CLASS_HEIGHT`).
    classed : bool
        True when the height stands for a class and not for a number.
    """

    position_cm1: float
    height: float
    classed: bool = False


@dataclass(frozen=True, slots=True)
class StarterSource:
    """Where band positions come from, and the range it states for its spectra (cm-1)."""

    source_id: str
    title: str
    where: str
    version: str
    licence: str
    range_cm1: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class StarterMaterial:
    """One record of one source for one material.

    Parameters
    ----------
    name, group : str
        Name with the salt or hydrate where stated; all forms of one group are one substance.
    inchikey, cas, formula, class_, family, role : str
        Identity; blank where it is not certain. `role` is substance, cutting agent, container,
        standard or mixture.
    form, reliability, locator, note : str
        Form as the source states it; A (standard), B or C (own peak picking, see the README).
    laser_nm : float or None
        Excitation wavelength; None when the source does not say.
    source : StarterSource
        Where the bands come from.
    bands : tuple of Band
        In rising order of Raman shift.
    """

    name: str
    group: str
    inchikey: str
    cas: str
    formula: str
    class_: str
    family: str
    role: str
    form: str
    reliability: str
    locator: str
    note: str
    laser_nm: float | None
    source: StarterSource
    bands: tuple[Band, ...]

    @property
    def range_cm1(self) -> tuple[float, float]:
        """Range that is drawn: the source's stated one, else its bands and a small margin."""
        if self.source.range_cm1 is not None:
            return self.source.range_cm1
        low = self.bands[0].position_cm1 - MARGIN_CM1
        high = self.bands[-1].position_cm1 + MARGIN_CM1
        return max(float(np.ceil(low)), STEP_CM1), float(np.floor(high))


def reconstruct(
    bands: Sequence[Band], axis_cm1: ArrayLike, fwhm_cm1: float = FWHM_CM1
) -> FloatArray:
    """Draw bands as pseudo-Voigt profiles on a flat zero baseline.

    The sum of the profiles is made to pass through the stated height at every stated position
    (least squares without negative profiles), because a published height already contains the
    wings of its neighbours.

    Parameters
    ----------
    bands : sequence of Band
        Positions in cm-1 and heights 0-100.
    axis_cm1 : array_like, shape (n,)
        Raman shift axis in cm-1.
    fwhm_cm1 : float
        Full width at half maximum of every band; 10 cm-1 is typical of solids and liquids on
        portable instruments. The tables hold no widths.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Intensity in arbitrary units, never negative.

    Raises
    ------
    SpectraError
        When there is no band, or the width is not positive.

    Notes
    -----
    Half Lorentzian, half Gaussian of the same width: the linear approximation of the Voigt profile
    (Wertheim et al., Rev. Sci. Instrum. 45 (1974) 1369).
    """
    if not bands or not fwhm_cm1 > 0:
        raise SpectraError("a spectrum cannot be drawn without bands and a width", "", "")
    from scipy.optimize import nnls

    axis = np.asarray(axis_cm1, dtype=np.float64)
    positions = np.array([band.position_cm1 for band in bands])
    heights = np.array([band.height for band in bands])
    weights, _ = nnls(_profiles(positions, positions, fwhm_cm1), heights)
    return _profiles(axis, positions, fwhm_cm1) @ np.asarray(weights, dtype=np.float64)


def _profiles(axis: FloatArray, positions: FloatArray, fwhm_cm1: float) -> FloatArray:
    """Return unit-height profiles, shape (axis, positions)."""
    x = 2.0 * (axis[:, np.newaxis] - positions[np.newaxis, :]) / fwhm_cm1
    lorentzian = 1.0 / (1.0 + x**2)
    gaussian = np.exp(-np.log(2.0) * x**2)
    mixed: FloatArray = LORENTZIAN_SHARE * lorentzian + (1.0 - LORENTZIAN_SHARE) * gaussian
    return mixed


def spectrum_of(material: StarterMaterial) -> Spectrum:
    """Return the reconstructed spectrum of one record, on a 1 cm-1 grid over `range_cm1`."""
    low, high = material.range_cm1
    axis = np.arange(low, high + STEP_CM1 / 2, STEP_CM1)
    settings = (
        ("fwhm_cm1", f"{FWHM_CM1:g}"),
        ("lorentzian_share", f"{LORENTZIAN_SHARE:g}"),
        ("bands", str(len(material.bands))),
    )
    return Spectrum(
        axis,
        reconstruct(material.bands, axis),
        laser_nm=material.laser_nm,
        acquisition=Acquisition(instrument="reconstructed from published bands"),
        history=(Step("reconstructed from band positions", settings),),
    )


# --- Tables ----------------------------------------------------------------------------------


def _rows(name: str, folder: Path | None) -> list[dict[str, str]]:
    path = (folder or resources.path(FOLDER)) / name
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LibraryDamagedError(
            f"the starter table cannot be read ({error})", name, "install the program again"
        ) from error


@dataclass(frozen=True, slots=True)
class Missing:
    """What a user looks for and the starter library lacks: a drug, packaging or a standard."""

    name: str
    what: str
    reason: str


def starter_missing(folder: Path | None = None) -> tuple[Missing, ...]:
    """Return what the starter library lacks, with the reason: nothing is invented.

    Raises
    ------
    LibraryDamagedError
        When the table is missing or unreadable.
    """
    try:
        rows = _rows(NOT_IN_IT, folder)
        return tuple(Missing(row["name"], row["what"], row["reason"]) for row in rows)
    except KeyError as error:
        raise LibraryDamagedError(
            f"the table of what is missing lacks the column {error}", NOT_IN_IT, "install it again"
        ) from error


def _source(row: dict[str, str]) -> StarterSource:
    stated = row["range_from_cm1"] and row["range_to_cm1"]
    return StarterSource(
        row["source"],
        row["title"],
        row["where"],
        row["version"],
        row["licence"],
        (float(row["range_from_cm1"]), float(row["range_to_cm1"])) if stated else None,
    )


def _band(row: dict[str, str]) -> Band:
    if row["relative"]:
        return Band(float(row["band_cm1"]), float(row["relative"]))
    return Band(float(row["band_cm1"]), CLASS_HEIGHT[row["intensity_class"]], classed=True)


def _record(
    rows: list[dict[str, str]],
    identities: dict[str, dict[str, str]],
    sources: dict[str, StarterSource],
) -> StarterMaterial:
    first = rows[0]
    known = identities[first["material"]]
    notes = [known["note"], *dict.fromkeys(row["note"] for row in rows)]
    return StarterMaterial(
        name=known["name"],
        group=known["group"],
        inchikey=known["inchikey"],
        cas=known["cas"],
        formula=known["formula"],
        class_=known["class"],
        family=known["family"],
        role=known["role"],
        form=first["form"],
        reliability=max(row["reliability"] for row in rows),
        locator=first["locator"],
        note="; ".join(note for note in notes if note),
        laser_nm=float(first["laser_nm"]) if first["laser_nm"] else None,
        source=sources[first["source"]],
        bands=tuple(sorted((_band(row) for row in rows), key=lambda band: band.position_cm1)),
    )


def _record_key(row: dict[str, str]) -> tuple[str, ...]:
    return row["material"], row["source"], row["locator"], row["form"], row["laser_nm"]


def starter_materials(folder: Path | None = None) -> tuple[StarterMaterial, ...]:
    """Return every record of the starter tables.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where the three tables are; by default those shipped with the program.

    Raises
    ------
    LibraryDamagedError
        When a table is missing, or names something that another table lacks.
    """
    return _shipped_materials() if folder is None else _materials(folder)


@cache
def _shipped_materials() -> tuple[StarterMaterial, ...]:
    return _materials(None)


def _materials(folder: Path | None) -> tuple[StarterMaterial, ...]:
    try:
        identities = {row["name"]: row for row in _rows("materials.csv", folder)}
        sources = {row["source"]: _source(row) for row in _rows("sources.csv", folder)}
        rows = _rows("bands.csv", folder)
        return tuple(
            _record(list(group), identities, sources) for _, group in groupby(rows, _record_key)
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise LibraryDamagedError(
            f"the starter tables do not fit together ({error!r})", FOLDER, "install it again"
        ) from error


@cache
def starter_sha256() -> str:
    """Return the SHA-256 (hex) of the three tables: what this starter library holds."""
    digest = hashlib.sha256()
    for name in TABLES:
        digest.update(resources.path(f"{FOLDER}/{name}").read_bytes())
    return digest.hexdigest()


# --- Entries ---------------------------------------------------------------------------------


def _note(material: StarterMaterial) -> str:
    count = len(material.bands)
    parts = [f"reconstructed from {count} published bands", f"form: {material.form}"]
    if count < FEW_BANDS:
        parts.append("few bands: many substances resemble it")
    if any(band.classed for band in material.bands):
        parts.append("heights from intensity classes")
    return "; ".join([*parts, material.note] if material.note else parts)


def manifest_row(material: StarterMaterial) -> dict[str, str]:
    """Return the library columns of one record; an unstated laser is ``unknown``."""
    source = material.source
    return {
        "name": material.name,
        "group": material.group,
        "inchikey": material.inchikey,
        "cas": material.cas,
        "formula": material.formula,
        "class": material.class_,
        "family": material.family,
        "role": material.role,
        "kind": "reconstructed",
        "technique": "Raman",
        "laser_nm": "unknown" if material.laser_nm is None else f"{material.laser_nm:g}",
        "source": f"{source.source_id} {source.title}: {material.locator}",
        "licence": f"band positions taken over as facts; licence of the source: {source.licence}",
        "reliability": material.reliability,
        "note": _note(material),
    }


def starter_entries() -> Iterator[tuple[dict[str, str], Spectrum]]:
    """Yield library columns and reconstructed spectrum of every record, in a fixed order."""
    for material in starter_materials():
        yield manifest_row(material), spectrum_of(material)


def starter_note() -> str:
    """Return the text of the starter library's first page."""
    materials = starter_materials()
    groups = len({material.group for material in materials})
    lacking = starter_missing()
    drugs = ", ".join(one.name for one in lacking if one.what == "drug")
    others = "; ".join(f"{one.name} ({one.reason})" for one in lacking if one.what != "drug")
    return (
        f"Starter library, version {STARTER_VERSION} ({starter_sha256()[:12]}): {len(materials)} "
        f"entries for {groups} materials, all RECONSTRUCTED from published band positions. None of "
        'them was measured. They can only give a lead ("resembles ..."), never a match and never '
        f"evidence. NOT in it: {drugs}; no usable published band table of these "
        "could be read. A scan of them cannot be named with this library. Packaging and standards "
        f"that are NOT in it: {others}. Add your own reference measurements or a licensed library "
        "before relying on any result; the day-one guide says how."
    )
