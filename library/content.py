"""What goes into a library file: the datasets of entries, and those of two libraries joined."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from library.entry import Entry, EntryRecord
from library.layout import REPLICATE_DATASETS, Array, Parts, parts_of
from library.versions import in_force, numbered
from matching.errors import QueryError
from matching.pipeline import PipelineSettings, Prepared, prepare_many
from matching.search import reference_matrix
from matching.spectrum import Spectrum

Datasets = dict[str, Parts]
SIDEWAYS = ("search/sums", "search/squares")  # entries lie along their second axis
OFFSETS = {name for name in REPLICATE_DATASETS if name.endswith("offsets")}
OFFSETS |= {"entries/record_offsets", "spectra/offsets"}


def datasets_of(entries: Sequence[Entry], pipeline: PipelineSettings) -> Datasets:
    """Return everything of a library that each entry brings along by itself.

    What depends on the other entries, too (`of_records`) is not in it.

    Raises
    ------
    QueryError
        When a spectrum cannot be cleaned.
    """
    spectra = [entry.spectrum for entry in entries]
    prepared = _prepared(spectra, pipeline)
    matrix = reference_matrix(prepared, [0] * len(entries))
    found = {
        **_lines("entries", [entry.record.to_bytes() for entry in entries]),
        "entries/sers": np.array([s.technique == "SERS" for s in spectra], dtype=np.uint8),
        "entries/emulated": np.array([e.record.kind == "emulated" for e in entries], np.uint8),
        **_curves("spectra", spectra),
        "search/rows": matrix.rows,
        "search/first": matrix.first,
        "search/end": matrix.end,
        "search/sums": matrix.sums,
        "search/squares": matrix.squares,
        "search/noise": _noise(prepared),
    }
    return {name: (array,) for name, array in (found | _replicates(entries)).items()}


def _noise(prepared: Sequence[Prepared]) -> Array:
    """Return the noise of each entry, to the precision of the rows.

    What is left out depends on which spectra were cleaned together and on where arrays lie in
    memory: with it, a library that grew would not have the bytes of one built at once.
    """
    power = [max(float(np.sum(one.root * one.root)), 1e-300) for one in prepared]
    noise = [one.noise / whole for one, whole in zip(prepared, power, strict=True)]
    return np.array(noise, dtype=np.float32).astype(np.float64)


def _replicates(entries: Sequence[Entry]) -> dict[str, Array]:
    rows = [(row, one) for row, entry in enumerate(entries) for one in entry.replicates]
    spreads = [entry.spread for entry in entries if entry.spread is not None]
    if not rows:
        return {}
    return {
        **_lines("replicates", [one.record.to_bytes() for _, one in rows]),
        "replicates/entry": np.array([row for row, _ in rows], dtype=np.int64),
        **_curves("replicates", [one.spectrum for _, one in rows]),
        "replicates/spread": np.concatenate(spreads),
    }


def of_records(records: Sequence[EntryRecord]) -> Datasets:
    """Return what only all records together say: substances, and what scans are compared with."""
    force = in_force(records)
    usable = [f and _comparable(r) for f, r in zip(force, records, strict=True)]
    return {
        "entries/substance": (np.array(numbered(records)[0], dtype=np.int64),),
        "entries/comparable": (np.array(usable, dtype=np.uint8),),
    }


def counts_of(records: Sequence[EntryRecord]) -> dict[str, Any]:
    """Return the attributes that count entries; all are counted, substances and kinds in force."""
    force = in_force(records)
    kinds = Counter(r.kind for f, r in zip(force, records, strict=True) if f)
    return {
        "entries": len(records),
        "substances": numbered(records)[1],
        "kinds": json.dumps(dict(sorted(kinds.items()))),
    }


def joined(old: Mapping[str, Array], new: Mapping[str, Parts]) -> Datasets:
    """Return the datasets of a library with those of further entries after them.

    Nothing of the old ones is copied in memory but what lies sideways.
    """
    found: Datasets = {}
    for name, parts in new.items():
        if name not in old:
            found[name] = parts
        elif name in SIDEWAYS:
            found[name] = (np.concatenate((old[name], *parts), axis=1),)
        elif name in OFFSETS:
            found[name] = (old[name], *(part[1:] + old[name][-1] for part in parts))
        else:
            found[name] = (old[name], *parts)
    count = old["search/first"].size
    if "replicates/entry" in new:
        ours = [old["replicates/entry"]] if "replicates/entry" in old else []
        found["replicates/entry"] = (*ours, *(part + count for part in new["replicates/entry"]))
    kept = {name: parts_of(old[name]) for name in REPLICATE_DATASETS if name in old}
    return kept | found


def with_records(datasets: Datasets, records: Sequence[EntryRecord]) -> Datasets:
    """Return datasets with other records in place of theirs."""
    lines = _lines("entries", [record.to_bytes() for record in records])
    return datasets | {name: (array,) for name, array in lines.items()}


def _lines(group: str, lines: Sequence[bytes]) -> dict[str, Array]:
    return {
        f"{group}/records": np.frombuffer(b"".join(lines), dtype=np.uint8),
        f"{group}/record_offsets": _offsets([len(line) for line in lines]),
    }


def _curves(group: str, spectra: Sequence[Spectrum]) -> dict[str, Array]:
    return {
        f"{group}/raman_shift_cm1": np.concatenate([s.raman_shift_cm1 for s in spectra]),
        f"{group}/intensity": np.concatenate([s.intensity for s in spectra]),
        f"{group}/offsets": _offsets([s.intensity.size for s in spectra]),
    }


def _prepared(spectra: Sequence[Spectrum], pipeline: PipelineSettings) -> list[Prepared]:
    made = prepare_many(spectra, pipeline)
    for one in made:
        if isinstance(one, QueryError):
            raise one
    return [one for one in made if isinstance(one, Prepared)]


def _comparable(record: EntryRecord) -> bool:
    """Tell whether scans are compared with an entry: not with mixtures or calculated spectra."""
    return record.role != "mixture" and record.kind != "calculated"


def _offsets(lengths: Sequence[int]) -> Array:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
