"""Which evidence the records of a ledger name, and whether it is there and unchanged."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from spectra_app.errors import EvidenceError
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.ledger.verify import Finding

FIELDS = ("evidence", "original", "result", "made_with", "document", "files")
_HASH = re.compile(r"(?:\w+:)?([0-9a-f]{64})")
_BODIES = "SELECT kind, id, revision, body FROM revisions WHERE body IS NOT NULL ORDER BY rowid"


def hashes_in(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the hashes of evidence that a record names."""
    for name in FIELDS:
        texts = content.get(name, ())
        for text in (texts,) if isinstance(texts, str) else texts:
            if found := _HASH.fullmatch(text):
                yield found[1]


def named_evidence(connection: sqlite3.Connection) -> dict[str, str]:
    """Return each hash that a record names, with the first revision that names it."""
    named: dict[str, str] = {}
    for kind, id_, revision, body in connection.execute(_BODIES):
        for sha256 in hashes_in(json.loads(body)):
            named.setdefault(sha256, f"{kind} {id_}, revision {revision}")
    return named


def check_evidence(store: EvidenceStore, named: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Yield what is missing or altered of the evidence that records name: hash and record."""
    for sha256, record in named:
        if not store.path_of(sha256).is_file():
            yield Finding("evidence_missing", sha256, f"{record} names it")
            continue
        try:
            store.get(sha256)
        except EvidenceError:
            yield Finding("evidence_altered", sha256, f"{record} names it")
