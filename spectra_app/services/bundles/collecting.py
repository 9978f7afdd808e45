"""What goes into a bundle: the records that this person may see, and the evidence they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath

from spectra_app.records.access import User
from spectra_app.records.bundles.archive import OTHERS
from spectra_app.records.bundles.content import FILES, Listed, Person, evidence_of
from spectra_app.records.bundles.errors import WithheldError
from spectra_app.records.bundles.kinds import texts_of
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import (
    Amendment,
    Case,
    Confirmation,
    Custody,
    Exposure,
    IssuedReport,
    Item,
    Note,
    Photo,
    Scan,
    SecondTechnique,
)
from spectra_app.records.ledger.record import Record, body_of
from spectra_app.records.ledger.store import Ledger
from spectra_app.services.cases.seeing import Sight
from spectra_app.services.office import Office

OF_A_CASE: tuple[type[Record], ...] = (
    Item, Scan, Custody, Photo, Note, SecondTechnique, Confirmation, IssuedReport, Amendment,
)  # fmt: skip
SUGGESTED = "calculated suggestions for the laboratory - not evidence"
"""What is kept with a note: see `spectra_app.services.suggestions`."""
_ENDING = re.compile(r"\.([a-z0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Collected:
    """Records of a case, or of one item of it, and how many were left out.

    Parameters
    ----------
    records : tuple of Record
        As they are now.
    left_out : int
        Records that this person may not see.
    """

    records: tuple[Record, ...]
    left_out: int = 0

    def scans(self) -> list[Scan]:
        """Return the scans among them, by number."""
        return sorted((one for one in self.records if isinstance(one, Scan)), key=lambda s: s.id)


def collected(office: Office, sight: Sight, case: str, *, item: str = "") -> Collected:
    """Return the records of a case; of one item only, and without the case itself, when named.

    What this person may not see is left out, in any of its revisions, and what is about it.

    Raises
    ------
    RecordError
        When there is no such case.
    WithheldError
        When the case, item or custody itself names what must be left out.
    """
    ledger = office.ledger
    ledger.check_whole()
    records: list[Record] = [] if item else [ledger.get(Case, case).record]
    for kind in OF_A_CASE:
        records += [one.record for one in ledger.find(kind, case=case)]
    if item:
        records = [one for one in records if item in {one.id, getattr(one, "item", "")}]
        there = {one.id for one in records}
        records += [
            one.record for one in ledger.find(Amendment, case=case) if one.record.of_id in there
        ]
        records = list({(type(one).KIND, one.id): one for one in records}.values())
    for scan in [one for one in records if isinstance(one, Scan)]:
        records += [one.record for one in ledger.find(Exposure, scan=scan.id)]
    withheld = _withheld(ledger, sight, records)
    if withheld & {item or case}:
        raise WithheldError(
            "the case itself names what this user may not see", item or case,
            "ask somebody who is cleared to export it",
        )  # fmt: skip
    kept = tuple(one for one in records if one.id not in withheld)
    return Collected(kept, len(records) - len(kept))


def _withheld(ledger: Ledger, sight: Sight, records: Sequence[Record]) -> set[str]:
    """Return the ids of records that this person may not see."""
    gone: set[str] = set()
    for record in records:  # earlier revisions go out, too: so they are looked at for everybody
        history = [one.record for one in ledger.history(type(record), record.id) if one]
        if not all(sight.sees(one) and sight.shown(one) == one for one in history):
            gone.add(record.id)
    for record in records:  # what is about something that is left out: amendments, an item's things
        if {getattr(record, name, "") for name in ("of_id", "item", "scan")} & gone:
            gone.add(record.id)
    return gone


def people_in(ledger: Ledger, records: Iterable[Record]) -> tuple[Person, ...]:
    """Return the users whom records name by their identifier."""
    named = {text for one in records for text in texts_of(json.loads(body_of(one).decode()))}
    users = [stored.record for stored in ledger.find(User)]
    return tuple(Person(id=u.id, name=u.name, role=u.role) for u in users if u.id in named)


def evidence_files(
    store: EvidenceStore, records: Iterable[Record]
) -> tuple[tuple[Listed, ...], dict[str, bytes]]:
    """Return the evidence that records name: a list of it, and the files by their name.

    Raises
    ------
    EvidenceError
        When a piece is not there or damaged: nothing is exported in silence without it.
    """
    listed: dict[str, Listed] = {}
    files: dict[str, bytes] = {}
    for record in sorted(records, key=lambda one: (type(one).KIND, one.id)):
        for sha256 in evidence_of(record):
            if sha256 in listed:
                continue
            data = store.get(sha256)
            what, name = _described(record, sha256)
            path = f"{FILES}{sha256}.{_ending(name, data)}"
            listed[sha256] = Listed(path=path, what=what, name=name)
            files[path] = data
    return tuple(sorted(listed.values(), key=lambda one: one.path)), files


def attachment(sha256: str, name: str, data: bytes) -> tuple[Listed, dict[str, bytes]]:
    """Return one more file of evidence: what a laboratory attaches to its answer."""
    path = f"{FILES}{sha256}.{_ending(name, data)}"
    return Listed(path=path, what="attached to the answer", name=name), {path: data}


def _described(record: Record, sha256: str) -> tuple[str, str]:
    """Return what a piece of evidence is to its record, and its name."""
    id_, name = record.id, str(getattr(record, "name", ""))
    if isinstance(record, Scan):
        words = {record.result: ("identification", f"{id_}.json"),
                 record.original: ("the scan as it came", PureWindowsPath(name).name)}  # fmt: skip
        return words.get(sha256, ("kept with the scan", id_))
    if isinstance(record, IssuedReport):
        kinds = [text.partition(":")[0] for text in record.files if text.endswith(sha256)]
        kind = kinds[0] if kinds else "json"
        return "report", f"{id_}.{kind}"
    if isinstance(record, Photo):
        return "photo", PureWindowsPath(name).name
    if isinstance(record, Note):
        return SUGGESTED, f"{id_}.json"
    return f"kept with the {type(record).KIND.replace('_', ' ')}", id_


def _ending(name: str, data: bytes) -> str:
    """Return the ending of a file, so that a double click opens it: its own where it has one."""
    found = _ENDING.fullmatch(PureWindowsPath(name).suffix.casefold())
    if found and OTHERS.fullmatch(f"{FILES}{'0' * 64}.{found[1]}"):
        return found[1]
    return "json" if data.startswith(b"{") else "bin"


def sorted_ids(records: Iterable[Record]) -> Iterator[tuple[str, str]]:
    """Yield kind and id of records."""
    return ((type(one).KIND, one.id) for one in records)
