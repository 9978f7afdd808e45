"""Calibrations are entered in the station's ledger, so that none can be taken away unnoticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spectra_app.errors import JournalError
from spectra_app.records.calibration import CalibrationRecord, record_of
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.journal import Act, Journal
from spectra_app.records.kinds.calibration import KeptCalibration
from spectra_app.records.ledger.kept_calibrations import FOLDER, check_calibrations
from spectra_app.records.ledger.store import PROGRAM
from spectra_app.services.office import Office, is_begun, open_office


@dataclass(frozen=True, eq=False, slots=True)
class Anchor:
    """The ledger of the station to which a folder of calibrations belongs; None without one."""

    office: Office | None

    def check(self, path: Path) -> None:
        """Refuse to go on after lines that were taken away from a file.

        Raises
        ------
        JournalError
            When a calibration that the ledger names is not there as it was.
        """
        if self.office is None:
            return
        kept = (one.record for one in self.office.ledger.find(KeptCalibration, file=path.name))
        for finding in check_calibrations(kept, path.parent):
            raise JournalError(
                f"a calibration is missing ({finding.where}); nothing was added",
                str(path),
                "keep the file as it is, tell the supervisor, and run 'spectra audit verify'",
            )

    def hold(self, path: Path) -> None:
        """Enter the acts of a file that the ledger does not hold yet: one, as a rule."""
        if self.office is None:
            return
        ledger = self.office.ledger
        there = {one.record.line for one in ledger.find(KeptCalibration, file=path.name)}
        lines = {hashlib.sha256(line).hexdigest(): line for line in path.read_bytes().split(b"\n")}
        for act in Journal(path).acts():
            if act.number not in there:
                self._put(self.office, path, act, lines[act.sha256])

    @staticmethod
    def _put(office: Office, path: Path, act: Act, line: bytes) -> None:
        store, record = office.evidence, record_of(act.details["record"])
        store.put(line, kind="calibration", name=path.name, clock=office.clock)
        with office.ledger.writing(PROGRAM) as writing:
            kept = KeptCalibration(
                id=f"{path.name}:{act.number}",
                file=path.name,
                line=act.number,
                sha256=act.sha256,
                of_kind=record.kind,
                record=record.sha256,
                passed=record.passed,
                emulated=record.emulated,
                evidence=(act.sha256, *_rests_on(record, store)),
                at=writing.time,
            )
            writing.put(kept, "calibration recorded", details={"passed": record.passed})


def _rests_on(record: CalibrationRecord, store: EvidenceStore) -> tuple[str, ...]:
    """Return the scans it rests on that are among the evidence."""
    named = dict.fromkeys(one.sha256 for one in record.measured)
    return tuple(one for one in named if store.path_of(one).is_file())


@contextmanager
def anchor_of(folder: Path) -> Iterator[Anchor]:
    """Lend the ledger of the station that calibrations in `folder` belong to, if there is one."""
    if folder.name != FOLDER or not is_begun(folder.parent):
        yield Anchor(None)
        return
    with open_office(folder.parent) as office:
        yield Anchor(office)
