"""Families of a library: which entries belong to which, and which families may answer.

Only measured entries count: a reconstructed or emulated spectrum shows what somebody expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from library.entry import EntryRecord
from library.substances import substances
from matching.coarse import coarse
from matching.confusion import References
from matching.family import (
    FamilyCheck,
    FamilyModel,
    FamilySettings,
    check_family,
    covers,
    exemplars,
)

BoolArray = NDArray[np.bool_]


def family_of(record: EntryRecord) -> str:
    """Return the family of an entry: what its record says, else that of the substance it names.

    Empty when neither says, or when the tables know substances of different families by the name.
    """
    if record.family:
        return record.family
    found = substances().find(inchikey=record.inchikey, cas=record.cas, name=record.name)
    families = {hit.substance.family for hit in found}
    return families.pop() if len(families) == 1 else ""


def find_families(
    refs: References,
    records: Sequence[EntryRecord],
    settings: FamilySettings,
    without: BoolArray | None = None,
) -> tuple[FamilyCheck, ...]:
    """Check every family that entries of a library belong to.

    Parameters
    ----------
    refs : References
        The library's references, n rows.
    records : sequence of EntryRecord, length n
        Their records.
    settings : FamilySettings
        Limits and settings of the policy.
    without : bool array, shape (n,), optional
        Entries to be treated as if they were not in the library.

    Returns
    -------
    tuple of FamilyCheck
        By name, without regard to case; names that differ only in case are one family.
    """
    measured = refs.comparable & ~refs.sers & np.array([r.kind == "measured" for r in records])
    if without is not None:
        measured &= ~without
    substance = refs.matrix.substance
    belongs: dict[str, tuple[str, set[int]]] = {}
    for row, record in enumerate(records):
        name = family_of(record)
        if name:
            members = belongs.setdefault(name.casefold(), (name, set()))[1]
            if measured[row]:
                members.add(int(substance[row]))
    most = max((len(members) for _, members in belongs.values()), default=0)
    if most < settings.least_members:  # nothing to leave out: the spectra are not read
        return tuple(_too_few(name, len(members)) for _, (name, members) in sorted(belongs.items()))
    rows = np.flatnonzero(measured)
    covered = covers(refs.matrix.first[rows], refs.matrix.end[rows], settings)
    cells = coarse(refs.matrix).plain[rows].astype(np.float64)
    known = exemplars(cells, covered, substance[rows], settings)
    return tuple(
        check_family(name, np.array(sorted(members), dtype=np.int64), known, settings)
        for _, (name, members) in sorted(belongs.items())
    )


def _too_few(name: str, members: int) -> FamilyCheck:
    return FamilyCheck(name, members, 0, 0, 0, None, None, "few_members", (), None)


def families_to_json(checks: Sequence[FamilyCheck]) -> list[dict[str, Any]]:
    """Return checks as plain values, for `families_from_json`."""
    return [asdict(item) for item in checks]


def families_from_json(rows: Any) -> tuple[FamilyCheck, ...]:
    """Read checks written by `families_to_json`.

    Raises
    ------
    KeyError, TypeError, ValueError
        When they are not what was written.
    """
    return tuple(_check(dict(row)) for row in rows)


def _check(row: dict[str, Any]) -> FamilyCheck:
    model = row.pop("model")
    if model is not None:
        weights = tuple(float(weight) for weight in model["weights"])
        bands = tuple(int(band) for band in model["bands"])
        if not all(0 <= band < len(weights) for band in bands):
            raise ValueError("a shared band lies outside the range")
        model = FamilyModel(weights, float(model["offset"]), bands)
    bands_cm1 = tuple(float(place) for place in row.pop("bands_cm1"))
    return FamilyCheck(**row, bands_cm1=bands_cm1, model=model)
