"""Read scans whose substance is known, and find that substance in the library."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, TypeVar, cast

from library.entry import identity_keys
from library.formats import Column, read_file, select
from library.manifest import ManifestRow, read_manifest
from library.store import Library
from matching.errors import SpectraError
from spectra_app.services.engine import Engine, axis_in_doubt
from spectra_app.services.evaluate.judging import EvaluationError, Query
from spectra_app.services.guided import station_profiles

T = TypeVar("T")
Steps: TypeAlias = Generator[tuple[float, str], None, T]
"""Work that tells how far it is (0 to 1, words) and lets others work in between."""


def drained(steps: Steps[T], progress: Callable[[float, str], None] = lambda *_: None) -> T:
    """Do all of some work and return what it gives."""
    while True:
        try:
            progress(*next(steps))
        except StopIteration as ended:
            return cast("T", ended.value)


def load_queries(manifest: Path, engine: Engine, column: Column | None) -> list[Query]:
    """Read the queries of a manifest and find their substances in the library."""
    return drained(loading(manifest, engine, column))


def loading(manifest: Path, engine: Engine, column: Column | None) -> Steps[list[Query]]:
    """Read queries one by one; see `load_queries`. What is told on the way is no measure yet."""
    numbers = _substances_by_key(engine.library)
    doubtful: dict[Path, bool] = {}
    queries = []
    for row in read_manifest(manifest):
        yield 0.0, row.get("file")
        label = f"{row.get('file')} {row.get('spectrum')}".strip()
        spectrum, error = None, ""
        try:
            _, result = read_file(
                row.path, column=column, laser_nm=row.laser_nm, profiles=station_profiles
            )
            (item,) = select(result, row.get("spectrum") or None, where=str(row.path))
            spectrum = item.spectrum
            if row.get("technique") == "SERS":
                spectrum = replace(spectrum, technique="SERS")
            if row.path not in doubtful:
                session = tuple(other.spectrum for other in result.spectra)
                doubtful[row.path] = axis_in_doubt(session, engine)
        except SpectraError as refused:
            error = str(refused)
        except ValueError:
            error = f"{label}: several spectra; name one in the column 'spectrum'"
        query = _query(row, label, numbers)
        doubt = doubtful.get(row.path, False)
        queries.append(replace(query, spectrum=spectrum, error=error, axis_doubtful=doubt))
    if queries and all(query.spectrum is None for query in queries):
        raise EvaluationError(
            f"none of the {len(queries)} queries could be read; the first: {queries[0].error}",
            str(manifest),
            "check the paths in the column 'file' and the option --column",
        )
    if not queries:
        raise EvaluationError("the manifest has no row", str(manifest), "add queries")
    return queries


def _substances_by_key(library: Library) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for row, record in enumerate(library.records()):
        if not library.comparable[row]:
            continue  # a mixture or calculated entry can never be the answer
        for key in identity_keys(record.name, record.group, record.inchikey):
            numbers[key] = int(library.matrix.substance[row])
    return numbers


def _query(row: ManifestRow, label: str, numbers: dict[str, int]) -> Query:
    parts = [identity_keys(name, "", "") for name, _ in row.composition]
    if not parts and (own := identity_keys(row.get("name"), row.get("group"), row.get("inchikey"))):
        parts = [own]
    found = [frozenset(numbers[key] for key in keys if key in numbers) for keys in parts]
    composition = " + ".join(name for name, _ in row.composition)
    return Query(
        label=label,
        spectrum=None,
        truth=frozenset().union(*found),
        complete=bool(parts) and all(found),
        components=len(parts),
        substance=row.get("group") or row.get("name") or composition or row.get("truth") or label,
        instrument=row.get("serial") or row.get("instrument") or _not_stated(row.get("file")),
    )


def _not_stated(file: str) -> str:
    """Return the group of a scan whose instrument is not stated: its folder, which is no name."""
    folder = str(Path(file).parent)
    return "not stated" if folder == "." else f"not stated (folder {folder})"


def data_sha256(queries: Sequence[Query]) -> str:
    """Return one SHA-256 (hex) over the scans as they were read, in order, refused ones too."""
    digest = hashlib.sha256()
    for query in queries:
        content = query.spectrum.content_hash if query.spectrum else "refused"
        digest.update(f"{query.label}\n{query.substance}\n{content}\n".encode())
    return digest.hexdigest()


def substance_names(library: Library) -> dict[int, str]:
    """Return the name of every substance of the library: that of its first entry."""
    names: dict[int, str] = {}
    for row, record in enumerate(library.records()):
        names.setdefault(int(library.matrix.substance[row]), record.name)
    return names
