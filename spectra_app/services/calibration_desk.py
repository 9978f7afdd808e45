"""A technician calibrates an analyser step by step: scans are kept, looked at, fitted, decided on.

Nothing counts before `decide`: until then there are scans among the evidence, and a draft that says
which they are, so that a calibration that was begun can be gone on with another day.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from library.formats import load
from matching.calibration.axis import CalibrationError, Correction, Medium
from matching.calibration.response import CERTIFICATES
from matching.calibration.standards import STANDARDS
from matching.spectrum import FloatArray, Spectrum
from spectra_app.records.access import User
from spectra_app.records.calibration import CalibrationRecord
from spectra_app.records.durable import replace_whole
from spectra_app.services.calibration import (
    FRAME_SUFFIX,
    Circumstances,
    StandardScan,
    axis_record,
    certificate_file,
    certificate_of,
    resolution_record,
    response_record,
    scan_of_bytes,
)
from spectra_app.services.calibrations import Calibrations, stated_of
from spectra_app.services.cases.laser_book import LaserBook
from spectra_app.services.office import Office, Session
from spectra_app.services.standard_scans import Looked, look_at

FOLDER, DRAFTS = "calibration", "calibration-drafts"
RESOLVING = ("calcite", "neon", "argon")
"""Whose scans tell the resolution, the first one that there is."""


@dataclass(frozen=True, slots=True)
class Held:
    """A scan of a standard among the evidence: of what, what it was called, and its SHA-256."""

    standard: str
    source: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A calibration that is not decided on.

    Parameters
    ----------
    serial, model : str
        Of the analyser.
    laser_nm : float or None
        Excitation wavelength where the scans do not state it.
    medium : {"air", "vacuum"}
        What the analyser's own wavelengths are in.
    by_file : bool
        Whether the scans come from files, not from the connected analyser.
    standards : tuple of str
        What the axis is to be calibrated with.
    scans : tuple of Held
        What was measured of it, one scan for each standard at most.
    glass, certificate : str
        Name of the glass, and path of the laboratory's own certificate; empty for none.
    glass_scan : Held or None
        Its scan.
    step : str
        Where the person was.
    """

    serial: str = ""
    model: str = ""
    laser_nm: float | None = None
    medium: Medium = "air"
    by_file: bool = False
    standards: tuple[str, ...] = ()
    scans: tuple[Held, ...] = ()
    glass: str = ""
    certificate: str = ""
    glass_scan: Held | None = None
    step: str = ""

    def scan_of(self, standard: str) -> Held | None:
        """Return the scan of a standard, if there is one."""
        return next((one for one in self.scans if one.standard == standard), None)

    def with_scan(self, held: Held) -> Draft:
        """Return the draft with a scan in the place of an earlier one of the same standard."""
        others = tuple(one for one in self.scans if one.standard != held.standard)
        return replace(self, scans=(*others, held))


@dataclass(frozen=True, eq=False, slots=True)
class Taken:
    """A scan that was taken in: what it is called, its points, and what it is worth.

    `looked` is None for a glass, which has no lines.
    """

    held: Held
    spectrum: Spectrum
    serial: str
    model: str
    looked: Looked | None


@dataclass(frozen=True, eq=False, slots=True)
class Proposal:
    """What a calibration would be: its records, none of them kept.

    Parameters
    ----------
    records : tuple of CalibrationRecord
        Axis first, then resolution and response where they were measured.
    axis_cm1, moved_cm1 : ndarray, shape (n,)
        Stated Raman shift of each point, and corrected less stated; empty for a refused axis.
    """

    records: tuple[CalibrationRecord, ...]
    axis_cm1: FloatArray
    moved_cm1: FloatArray

    def of_kind(self, kind: str) -> CalibrationRecord | None:
        """Return the record of a kind."""
        return next((one for one in self.records if one.kind == kind), None)

    @property
    def holds(self) -> bool:
        """Whether the axis may be taken into use."""
        return bool(self.records) and self.records[0].passed


@dataclass(frozen=True, slots=True)
class Decided:
    """What was kept: the records, who decided, and the entries of the laser book."""

    records: tuple[CalibrationRecord, ...]
    by: str
    entries: tuple[str, ...]


def take_file(office: Office, session: Session, path: Path, standard: str, draft: Draft) -> Taken:
    """Take a scan of a standard from a file: its bytes are kept first, then looked at.

    Raises
    ------
    SpectraError
        When it cannot be read, or says nothing of an axis.
    """
    office.require(session, "calibration.add")
    data = load(path)
    put = office.evidence.put
    sha256 = put(data, kind="scan of a standard", name=path.name, clock=office.clock).sha256
    return _taken(office, Held(standard, path.name, sha256), draft)


def take_frame(office: Office, session: Session, sha256: str, standard: str, draft: Draft) -> Taken:
    """Take a scan of a standard from a frame that was measured here; it is kept already."""
    office.require(session, "calibration.add")
    return _taken(office, Held(standard, f"{standard}{FRAME_SUFFIX}", sha256), draft)


def look_again(office: Office, session: Session, draft: Draft) -> tuple[Taken, ...]:
    """Return the scans of a draft, the glass last, as when they were taken in."""
    office.require(session, "calibration.add")
    held = (*draft.scans, *((draft.glass_scan,) if draft.glass_scan else ()))
    return tuple(_taken(office, one, draft) for one in held)


def keep_draft(office: Office, session: Session, draft: Draft | None) -> None:
    """Keep how far a person is with a calibration; None when it is over."""
    me = office.require(session, "calibration.add")
    path = _draft_path(office, me)
    if draft is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    replace_whole(path, json.dumps(asdict(draft), ensure_ascii=False, indent=1).encode())


def draft_of(office: Office, session: Session) -> Draft | None:
    """Return how far this person was; None when nothing was begun, or it cannot be read."""
    me = office.require(session, "calibration.add")
    try:
        content = json.loads(_draft_path(office, me).read_bytes())
        scans = tuple(Held(**one) for one in content.pop("scans"))
        glass = content.pop("glass_scan")
        chosen = tuple(content.pop("standards"))
        return Draft(
            **content, standards=chosen, scans=scans, glass_scan=Held(**glass) if glass else None
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None  # nothing is lost: the scans are among the evidence


def propose(office: Office, session: Session, draft: Draft) -> Proposal:
    """Return what the calibration of a draft would be.

    Raises
    ------
    SpectraError
        When the scans do not go together, or a certificate does not fit.
    """
    me = office.require(session, "calibration.add")
    kept, how = _kept(office), _how(office, draft, me)
    scans = [_scan(office, one, draft) for one in draft.scans]
    axis = axis_record(scans, kept, how)
    records = [axis]
    resolving = (one for name in RESOLVING for one in scans if one.standard == name)
    first = next(resolving, None)
    if first is not None:
        records.append(resolution_record(first, kept, how))
    if draft.glass_scan is not None:
        certificate = (
            certificate_file(Path(draft.certificate))
            if draft.certificate
            else certificate_of(draft.glass)
        )
        glass = _scan(office, draft.glass_scan, draft)
        records.append(response_record(glass, certificate, kept, how))
    return Proposal(tuple(records), *_moved(axis))


def decide(office: Office, session: Session, proposal: Proposal, rejected: str = "") -> Decided:
    """Keep the records of a proposal, and enter them in the ledger; the draft is over.

    Parameters
    ----------
    rejected : str
        Why a person does not want them; they are kept then as such that do not hold, and what is
        in force stays. What does not hold by the limits cannot be made to hold.

    Raises
    ------
    SpectraError
        When they cannot be kept.
    """
    me = office.require(session, "calibration.add")
    kept, book = _kept(office), LaserBook(office, session)
    records, entries = [], []
    for one in proposal.records:
        reasons = (*one.reasons, f"rejected by {me.login}: {rejected}") if rejected else one.reasons
        record = replace(one, passed=one.passed and not rejected, reasons=reasons)
        kept.add(record)
        entries.append(book.calibrated(record, _bytes_of(office, record)).id)
        records.append(record)
    _draft_path(office, me).unlink(missing_ok=True)
    return Decided(tuple(records), me.name, tuple(entries))


def glasses() -> tuple[str, ...]:
    """Return the glasses whose published coefficients came with the program."""
    return tuple(CERTIFICATES)


# --- Pieces ---------------------------------------------------------------------------------------


def _kept(office: Office) -> Calibrations:
    return Calibrations(office.folder / FOLDER)


def _draft_path(office: Office, me: User) -> Path:
    return office.folder / DRAFTS / f"{me.id}.json"


def _how(office: Office, draft: Draft, me: User) -> Circumstances:
    return Circumstances(office.clock(), me.login, draft.serial, draft.laser_nm, draft.medium)


def _scan(office: Office, held: Held, draft: Draft) -> StandardScan:
    data = office.evidence.get(held.sha256)
    return scan_of_bytes(data, held.source, held.standard, laser_nm=draft.laser_nm)


def _taken(office: Office, held: Held, draft: Draft) -> Taken:
    scan = _scan(office, held, draft)
    facts = scan.spectrum.acquisition
    looked = None
    if held.standard in STANDARDS:
        how = Circumstances(office.clock(), "", draft.serial, draft.laser_nm, draft.medium)
        looked = look_at(scan, _kept(office), how)
    elif facts.saturated:
        raise CalibrationError(
            "the scan is saturated: the response cannot be told from it",
            held.source,
            "measure the glass again with a shorter time, or less light",
        )
    return Taken(held, scan.spectrum, facts.serial or "", facts.instrument or "", looked)


def _moved(axis: CalibrationRecord) -> tuple[FloatArray, FloatArray]:
    if not axis.passed:
        return np.empty(0), np.empty(0)
    stated = stated_of(axis)
    values = dict(axis.result["correction"])
    values["dispersion_nm"] = tuple(values["dispersion_nm"])
    corrected = Correction(**values).shifts(stated)
    return stated.raman_shift_cm1, corrected - stated.raman_shift_cm1


def _bytes_of(office: Office, record: CalibrationRecord) -> list[tuple[str, bytes]]:
    """Return name and bytes of the scans that a record rests on, as they are kept."""
    return [(one.source, office.evidence.get(one.sha256)) for one in record.measured]
