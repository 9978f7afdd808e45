"""What a scan says of the goods as they were declared: agrees, does not, or leaves it open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from library.substances import Substances, fold, substances
from spectra_app.records.identification import Identification

Agreement = Literal["nothing declared", "agrees", "does not agree", "open"]
GRAVE = frozenset({"controlled", "precursor", "hazard"})
NAMED = frozenset({"match", "mixture"})
_APART = re.compile(
    r"[;/&\n]|(?<![\dNOS]),|,(?![\dNOS])|\s\+\s|\sand\s|\swith\s", re.IGNORECASE
)  # not the commas within 3,4-... or N,N-..., nor the sign of (+)-...


@dataclass(frozen=True, slots=True)
class DeclaredCheck:
    """What came of it.

    Parameters
    ----------
    agreement : str
        ``"agrees"`` only when the scan has one clear verdict from measured references, nothing in
        it is grave, everything it names was declared, and everything declared is named;
        ``"does not agree"`` when something grave, or something that was not declared, was named or
        is resembled; ``"open"`` otherwise.
    declared : tuple of str
        What was declared, as it was taken apart.
    beside : tuple of str
        What the scan names and nobody declared.
    """

    agreement: Agreement
    declared: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def check_declared(record: Identification, text: str) -> DeclaredCheck:
    """Compare a scan with the goods as they were declared.

    Packaging is not counted. Nothing here says that goods are what they should be: a scan sees one
    spot, and what it could not have seen stands under every verdict.
    """
    declared = tuple(part.strip() for part in _APART.split(text) if part.strip())
    if not declared:
        return DeclaredCheck("nothing declared")
    known = substances()
    meant = [keys_of(part, known) for part in declared]
    contents = [part for part in record.components if part.role != "container"]
    apart = {name: names for names in record.indistinguishable for name in names}
    seen = {
        part.name: frozenset().union(
            *(keys_of(name, known) for name in apart.get(part.name, (part.name,)))
        )
        for part in contents
    }
    beside = tuple(name for name, keys in seen.items() if not any(keys & one for one in meant))
    shown = all(any(keys & one for keys in seen.values()) for one in meant)
    if record.alarm in GRAVE or (beside and record.outcome in {*NAMED, "lead"}):
        return DeclaredCheck("does not agree", declared, beside)
    measured = bool(contents) and all(part.kind == "measured" for part in contents)
    if record.outcome in NAMED and measured and shown and not beside:
        return DeclaredCheck("agrees", declared)
    return DeclaredCheck("open", declared, beside)


def keys_of(name: str, known: Substances) -> frozenset[str]:
    """Return by what a name can be recognised: as it is written, and what substance it is."""
    keys = (hit.substance.inchikey for hit in known.by_name(name))
    return frozenset({fold(name), *(key for key in keys if key)})
