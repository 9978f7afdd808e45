"""Whether the calibrations that the ledger holds on to still lie where they were written."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from spectra_app.records.durable import replace_whole
from spectra_app.records.kinds.calibration import KeptCalibration
from spectra_app.records.ledger.record import read_body
from spectra_app.records.ledger.verify import Finding

FOLDER = "calibration"
_KEPT = """
SELECT body FROM revisions WHERE kind = ? AND latest = 1 AND body IS NOT NULL ORDER BY rowid
"""


def kept_calibrations(connection: sqlite3.Connection) -> list[KeptCalibration]:
    """Return what the ledger holds of calibrations, oldest first."""
    rows = connection.execute(_KEPT, (KeptCalibration.KIND,))
    return [read_body(body, KeptCalibration) for (body,) in rows]


def check_calibrations(kept: Iterable[KeptCalibration], folder: Path) -> Iterator[Finding]:
    """Yield each calibration that does not lie in the folder as it was written."""
    files: dict[str, set[str]] = {}
    for one in kept:
        if one.file not in files:
            files[one.file] = _lines(folder / Path(one.file).name)
        if one.sha256 not in files[one.file]:
            where = f"{FOLDER} {one.file}, line {one.line}"
            yield Finding("calibration_missing", where, "it was written and is not there as it was")


def _lines(path: Path) -> set[str]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return set()
    return {hashlib.sha256(line).hexdigest() for line in data.split(b"\n")}


def write_back(lines: Iterable[tuple[KeptCalibration, bytes]], folder: Path) -> None:
    """Write calibration files from what the ledger and the evidence hold of them."""
    files: dict[str, dict[int, bytes]] = {}
    for one, line in lines:
        if json.loads(line)["number"] == one.line:
            files.setdefault(Path(one.file).name, {})[one.line] = line
    for name, found in files.items():
        text = b"".join(found[number] + b"\n" for number in sorted(found))
        replace_whole(folder / name, text)
