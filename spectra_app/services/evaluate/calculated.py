"""At which rank calculated lines put the right substance of measured scans.

Measured by rank and not by score: right and wrong candidates have the same scores. Nothing here
names a scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from library.calculated_lines import CalculatedTable, calculated_table
from library.formats import Column, read_file, select
from library.manifest import ManifestRow, read_manifest
from library.substances import substances
from matching.errors import SpectraError
from matching.pipeline import prepare
from matching.ranks import TOPS, rank_figures, ranks_among_fewer, ranks_of
from matching.suggest import query_profile, similarities
from spectra_app.services.evaluate.judging import EvaluationError
from spectra_app.services.guided import station_profiles
from spectra_app.services.statistics import rate

LIMITS = (
    "calculated lines put candidates in order for a laboratory; they are no evidence",
    "scans of pure substances are ranked; mixtures and strong fluorescence are another matter",
    "one neutral molecule in one conformer in vacuum was calculated: no salt, no crystal",
    "a scan whose structure is not among the candidates gets a list that looks just as good",
    "no measured spectrum of a new psychoactive substance took part in choosing the method",
)
SIZES = (50, 100, 200, 500, 1000)
NO_FAMILY = "no family"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    """A scan with its similarities to all candidates; `own` is the right one."""

    query: str
    own: int
    found: Floats


def evaluate_calculated(
    manifest: Path, column: Column | None = None, table: CalculatedTable | None = None
) -> dict[str, Any]:
    """Return at which ranks the scans of a manifest find their own calculated lines.

    Parameters
    ----------
    manifest : Path
        Scans of known substances, recognised by InChIKey or name.
    column : str, optional
        Column of a vendor file.
    table : CalculatedTable, optional
        The candidates; the shipped table when it is not given.

    Raises
    ------
    EvaluationError
        When no scan of the manifest has a candidate of its own.
    """
    against = calculated_table() if table is None else table
    places = {entry.inchikey: at for at, entry in enumerate(against.entries)}
    ranked: list[_Ranked] = []
    refused: list[dict[str, str]] = []
    absent: list[str] = []
    for row in read_manifest(manifest):
        query = row.get("name") or row.get("file")
        own = places.get(_inchikey(row))
        if own is None:
            absent.append(query)
            continue
        try:
            ranked.append(_Ranked(query, own, _similarities(row, column, against)))
        except (SpectraError, ValueError) as error:
            refused.append({"query": query, "error": str(error)})
    if not ranked:
        raise EvaluationError(
            "no scan of the manifest has calculated lines of its own that it can be ranked by",
            str(manifest),
            "give InChIKeys of neutral organic substances in the column 'inchikey'",
        )
    return {**_figures(ranked, against), "without_candidate": absent, "refused": refused}


def _inchikey(row: ManifestRow) -> str:
    if row.get("inchikey"):
        return row.get("inchikey")
    found = substances().find(cas=row.get("cas"), name=row.get("name"))
    keys = {hit.substance.inchikey for hit in found}
    return keys.pop() if len(keys) == 1 else ""


def _similarities(row: ManifestRow, column: Column | None, table: CalculatedTable) -> Floats:
    _, result = read_file(row.path, column=column, laser_nm=row.laser_nm, profiles=station_profiles)
    (item,) = select(result, row.get("spectrum") or None, where=str(row.path))
    return similarities(query_profile(prepare(item.spectrum)), table.profiles)


def _figures(ranked: Sequence[_Ranked], table: CalculatedTable) -> dict[str, Any]:
    found = np.array([one.found for one in ranked])
    own = np.array([one.own for one in ranked])
    ranks = ranks_of(found, own)
    made = rank_figures(found, own)
    families = [table.entries[at].family or NO_FAMILY for at in own]
    sizes = [size for size in SIZES if size < len(table)]
    return {
        "limits": list(LIMITS),
        "n": len(ranked),
        "candidates": len(table),
        "median_rank": float(np.median(ranks)),
        "top": {str(k): rate(int(np.sum(ranks <= k)), len(ranks)).to_json() for k in TOPS},
        "chance_median_rank": made.chance_median if made else None,
        "chance_top": {str(k): share for k, share in made.chance_top.items()} if made else {},
        "by_family": {
            family: _short(ranks[[one == family for one in families]])
            for family in sorted(set(families))
        },
        "by_candidates": [
            {"candidates": size, **_short(ranks_among_fewer(ranks, len(table), size))}
            for size in sizes
        ],
        "ranks": [
            {"query": one.query, "entry": table.entries[one.own].name, "rank": int(place)}
            for one, place in zip(ranked, ranks, strict=True)
        ],
        "table_sha256": table.sha256,
    }


def _short(ranks: NDArray[np.int64]) -> dict[str, Any]:
    shares = {f"top{first}": float(np.mean(ranks <= first)) for first in TOPS}
    return {"n": len(ranks), "median_rank": float(np.median(ranks)), **shares}
