"""Measured spectra of known molecules: what factors are fitted to and ranks are judged by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from library.formats import read_file, select
from library.manifest import read_manifest
from library.starter import spectrum_of, starter_materials
from matching.errors import SpectraError
from matching.pipeline import prepare
from matching.suggest import QueryProfile, query_profile


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A spectrum whose molecule is known.

    Parameters
    ----------
    inchikey, name : str
        The molecule.
    source : str
        ``measured``, or ``published bands``: positions and heights only, mostly of salts.
    profile : QueryProfile
        What is compared.
    """

    inchikey: str
    name: str
    source: str
    profile: QueryProfile


def measured(manifest: Path) -> Iterator[Known]:
    """Yield the spectra of a manifest with an InChIKey; what cannot be compared is left out."""
    for row in read_manifest(manifest):
        if row.get("inchikey"):
            _, result = read_file(row.path, laser_nm=row.laser_nm)
            (item,) = select(result, row.get("spectrum") or None, where=str(row.path))
            profile = query_profile(prepare(item.spectrum))
            yield Known(row.get("inchikey"), row.get("name"), "measured", profile)


def published() -> Iterator[Known]:
    """Yield the first record of each substance whose bands the starter library quotes."""
    seen = set()
    for material in starter_materials():
        if material.inchikey and material.inchikey not in seen:
            try:
                profile = query_profile(prepare(spectrum_of(material)))
            except SpectraError:
                continue  # too few bands in the range that is compared
            seen.add(material.inchikey)
            yield Known(material.inchikey, material.name, "published bands", profile)
