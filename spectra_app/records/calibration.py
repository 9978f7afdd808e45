"""The record of one calibration or check of an analyser: JSON, canonical, hashed, versioned."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

FORMAT = "spectra.calibration"
VERSION = 1

Kind = Literal["axis", "check", "resolution", "response"]
KINDS = ("axis", "check", "resolution", "response")


@dataclass(frozen=True, slots=True)
class MeasuredWith:
    """One scan a record rests on.

    Parameters
    ----------
    standard : str
        Material, lamp or glass.
    source : str
        Name of the file, or the label of the scan.
    sha256 : str
        Hash of the file or raw frame as it was kept.
    taken_at : str
        Time of measurement as the source states it; empty when it does not.
    """

    standard: str
    source: str
    sha256: str
    taken_at: str = ""


@dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """What was measured, what came of it, and until when it counts.

    Parameters
    ----------
    kind : {"axis", "check", "resolution", "response"}
        What was done.
    serial, model : str
        Of the analyser.
    time, expires : str
        When it was done and until when it counts, ISO 8601 in UTC.
    operator : str
        Who did it.
    program : str
        Version of the program.
    policy, policy_sha256 : str
        Version and hash of the limits it was judged by.
    passed : bool
        Whether it holds; a record that failed is kept as well.
    reasons : tuple of str
        Why it does not hold, in words.
    measured : tuple of MeasuredWith
        Scans it rests on.
    lines : tuple of dict
        One row per expected line: expected, found, residual before and after, use.
    result : dict
        The figures, by kind: correction and residuals, offsets, resolution, or response curve.
    axis : dict
        The stated axis: laser line in nm, medium, first pixel, and every Raman shift in cm-1.
    emulated : bool
        Whether any of the scans came from an emulated analyser.
    """

    kind: Kind
    serial: str
    model: str
    time: str
    expires: str
    operator: str
    program: str
    policy: str
    policy_sha256: str
    passed: bool
    reasons: tuple[str, ...]
    measured: tuple[MeasuredWith, ...]
    lines: tuple[dict[str, Any], ...]
    result: dict[str, Any]
    axis: dict[str, Any]
    emulated: bool = False

    def content(self) -> dict[str, Any]:
        """Return the record as plain values, with its format and version."""
        return {"format": FORMAT, "version": VERSION, **asdict(self)}

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the canonical bytes: the name by which scans cite the record."""
        return hashlib.sha256(canonical(self.content())).hexdigest()


def canonical(content: dict[str, Any]) -> bytes:
    """Return JSON with sorted keys and no white space, UTF-8; the same values, the same bytes."""
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def record_of(content: Any) -> CalibrationRecord:
    """Return the record in `content`, as `CalibrationRecord.content` gave it.

    Raises
    ------
    ValueError
        When it is not one, or of a version that is not known.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError("it is not a calibration record")
    if content.get("version") != VERSION:
        raise ValueError(f"version {content.get('version')!r} of the record is not known")
    values = {key: value for key, value in content.items() if key not in {"format", "version"}}
    if set(values) != {item.name for item in fields(CalibrationRecord)}:
        raise ValueError("its fields are not those of a calibration record")
    if values["kind"] not in KINDS:
        raise ValueError(f"its kind {values['kind']!r} is not known")
    values["reasons"] = tuple(values["reasons"])
    values["lines"] = tuple(values["lines"])
    values["measured"] = tuple(MeasuredWith(**item) for item in values["measured"])
    return CalibrationRecord(**values)
