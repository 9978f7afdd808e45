"""The index of a ledger (tables ``keys`` and ``words``) compared with the records it is made of.

It is no part of the record, so the chain does not cover it; but what is missing in it is missing in
every list and search: a scan could be hidden that way.
"""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator, Mapping

import spectra_app.records
from spectra_app.records.ledger.record import Record, read_body, text_of
from spectra_app.records.ledger.verify import Finding

_LATEST = """
SELECT r.kind, r.id, r.body, words.text FROM revisions AS r
    LEFT JOIN revisions AS f ON f.kind = r.kind AND f.id = r.id AND f.revision = 1
    LEFT JOIN words ON words.rowid = f.rowid
WHERE r.latest = 1
"""
_KEYS = "SELECT kind, id, field, value FROM keys"


def kinds_of_records() -> dict[str, type[Record]]:
    """Return every kind of record of this program, by its name."""
    for module in pkgutil.walk_packages(spectra_app.records.__path__, "spectra_app.records."):
        importlib.import_module(module.name)
    return dict(_kinds_below(Record))


def _kinds_below(base: type[Record]) -> Iterator[tuple[str, type[Record]]]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith("spectra_app."):
            yield kind.KIND, kind
        yield from _kinds_below(kind)


def check_index(
    connection: sqlite3.Connection, kinds: Mapping[str, type[Record]]
) -> Iterator[Finding]:
    """Yield each record of those kinds that lists and searches do not show as it is."""
    for kind, id_ in differing(connection, kinds):
        text = "lists and searches do not show it as it is"
        yield Finding("index_altered", f"{kind} {id_}", text)


def differing(
    connection: sqlite3.Connection, kinds: Mapping[str, type[Record]]
) -> Iterator[tuple[str, str]]:
    """Yield kind and id of each record whose index is not what its content makes."""
    kept: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for kind, id_, field, value in connection.execute(_KEYS):
        kept.setdefault((kind, id_), set()).add((field, value))
    for kind, id_, body, text in connection.execute(_LATEST):
        there = kept.pop((kind, id_), set())
        if kind in kinds and (there, text) != _index_of(body, kinds[kind]):
            yield kind, id_
    yield from kept


def _index_of(body: str | None, kind: type[Record]) -> tuple[set[tuple[str, str]], str | None]:
    if body is None:
        return set(), None
    record = read_body(body, kind)
    return set(record.keys()), text_of(record)
