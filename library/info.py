"""What a library file says about itself, and the search matrix in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from library.indexed import index_of
from library.layout import Array
from matching.search import ReferenceMatrix

FORMAT = "spectra-library"
SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class LibraryInfo:
    """What a library says about itself.

    Parameters
    ----------
    name, version, licence : str
        As given when it was built.
    entries, substances : int
        Number of spectra, and of different substances among them.
    kinds : tuple of (str, int)
        How many entries of each kind.
    pipeline : str
        Hash of the clean-up the search matrix was made with.
    sha256 : str
        Hash over all entries: identity, provenance and spectra.
    schema : int
        Version of the file layout.
    """

    name: str
    version: str
    licence: str
    entries: int
    substances: int
    kinds: tuple[tuple[str, int], ...]
    pipeline: str
    sha256: str
    schema: int


def info_of(attributes: Mapping[str, Any]) -> LibraryInfo:
    """Return what the attributes of a library file say."""
    return LibraryInfo(
        name=str(attributes["name"]),
        version=str(attributes["version"]),
        licence=str(attributes["licence"]),
        entries=int(attributes["entries"]),
        substances=int(attributes["substances"]),
        kinds=tuple(sorted(json.loads(attributes["kinds"]).items())),
        pipeline=str(attributes["pipeline"]),
        sha256=str(attributes["sha256"]),
        schema=int(attributes["schema"]),
    )


def records_hash(lines: Iterable[Array]) -> str:
    """Return the SHA-256 over all records; each holds the hash of its own spectrum."""
    digest = hashlib.sha256()
    for part in lines:
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def matrix_of(arrays: Mapping[str, Array]) -> ReferenceMatrix:
    """Return the search matrix, with its index where there is one."""
    return ReferenceMatrix(
        rows=arrays["search/rows"],
        first=arrays["search/first"],
        end=arrays["search/end"],
        sums=arrays["search/sums"],
        squares=arrays["search/squares"],
        substance=arrays["entries/substance"],
        index=index_of(arrays),
    )
